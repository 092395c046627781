/*
 * report_selfcheck - put into a copy of report.html by test_report_page.c: uses the page as a reader would, and leaves
 * "selfcheck: ok, N checks" or what went wrong as the only content of the document.
 */
(() => {
  const failures = window.selfcheckErrors;
  let checks = 0;
  const check = (fine, text) => { checks++; if (!fine) failures.push(text); };
  const visible = (node) => node.getClientRects().length > 0;
  const $ = (selector, from) => [...(from || document).querySelectorAll(selector)];

  try {
    for (const figure of $("figure.chart")) {
      check($("svg [data-series] *", figure).length > 0, `${figure.id}: nothing is drawn`);
      check($("svg", figure).every((svg) => svg.getBoundingClientRect().right <= figure.getBoundingClientRect().right + 1), `${figure.id}: wider than its card`);
      const past = $("svg text", figure).find((text) => text.getBoundingClientRect().right > figure.getBoundingClientRect().right + 1);
      check(!past, `${figure.id}: "${past?.textContent}" goes past its card`);
      for (const svg of $("svg", figure)) {
        const texts = $("text", svg).map((text) => [text.textContent, text.getBoundingClientRect()]).filter(([, box]) => box.width > 0);
        const touch = ([, a], [, b]) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4;
        const over = texts.length < 80 && texts.flatMap((text, i) => texts.slice(i + 1).filter((other) => touch(text, other)).map((other) => `${text[0]} / ${other[0]}`))[0];
        check(!over, `${figure.id}: texts over each other: ${over}`);
      }
      check($("table.values tbody tr", figure).length > 0, `${figure.id}: no table of its values`);
      check(!/NaN|undefined|Infinity/.test(figure.querySelector(".plot").innerHTML), `${figure.id}: NaN in the drawing`);
    }

    for (const bar of $(".models")) check(bar.scrollHeight <= bar.clientHeight + 1, "the bar of models cuts some of them off");
    const switched = document.querySelector("[data-all]"), extras = () => $(".cells .extra").filter(visible).length;
    check(extras() === 0 && $(".cells .extra").length > 0, "the extra columns are shown unasked");
    switched.click();
    check(extras() > 0, "all columns were asked for, and are not shown");
    switched.click();

    const button = document.querySelector(".models button"), name = button.textContent, run = button.parentNode.dataset.run;
    const drawn = () => $(`figure[data-run="${run}"] g[data-series]`).filter((g) => g.dataset.series === name).length;
    const before = drawn();
    button.click();
    check(before > 0 && drawn() === 0 && button.getAttribute("aria-pressed") === "false", "switching a model off leaves it drawn");
    button.click();
    check(drawn() === before && button.getAttribute("aria-pressed") === "true", "switching it on again does not draw it");

    for (const word of $("tr.partly td.more, tr.partly td.less")) check(getComputedStyle(word).color !== getComputedStyle(word.parentNode.cells[1]).color, `"${word.textContent}" has no colour beside a model that served some`);

    const table = document.querySelector("table.cells"), heads = [...table.tHead.rows[0].cells];
    const column = heads.findIndex((head) => head.dataset.column === "requests_per_s");
    const values = () => [...table.tBodies[0].rows].map((row) => row.cells[column].dataset.v).map((v) => v === "" ? null : +v);
    const sorted = (list, sign) => list.every((v, i) => i === 0 || (list[i - 1] === null ? v === null : v === null || sign * (v - list[i - 1]) >= 0));
    const all = values().length;
    heads[column].querySelector("button").click();
    check(sorted(values(), 1) && heads[column].getAttribute("aria-sort") === "ascending", "not sorted upwards");
    heads[column].querySelector("button").click();
    check(sorted(values(), -1) && heads[column].getAttribute("aria-sort") === "descending", "not sorted downwards");
    check(values().length === all, "sorting lost rows");

    const input = document.querySelector("[data-filter]"), word = table.tBodies[0].rows[0].querySelector("th").textContent.split(/\s+/)[0];
    const matching = [...table.tBodies[0].rows].filter((row) => row.textContent.toLowerCase().includes(word.toLowerCase())).length;
    const filter = (text) => { input.value = text; input.dispatchEvent(new Event("input")); return [...table.tBodies[0].rows].filter(visible).length; };
    check(filter(word) === matching, `the filter "${word}" shows other rows than those with the word`);
    check(filter("no such words anywhere") === 0, "a filter that fits nothing shows rows");
    check(filter("") === all, "an empty filter hides rows");

    const svg = document.querySelector("figure.chart svg"), tip = document.getElementById("tip"), mark = svg.querySelector("g[data-series] circle, g[data-series] rect");
    const place = mark.getBoundingClientRect();
    svg.dispatchEvent(new PointerEvent("pointermove", { clientX: place.right, clientY: place.top + place.height / 2 }));
    check(!tip.hidden && /\d/.test(tip.textContent), "no value under the pointer");
    svg.dispatchEvent(new PointerEvent("pointerleave"));
    check(tip.hidden, "the value stays when the pointer has gone");
    svg.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));
    check(!tip.hidden && /\d/.test(tip.textContent), "no value by keyboard");
    check(!/\b1 connections/.test(tip.textContent) && !/logarithmic/.test(tip.textContent), `a value reads badly: ${tip.textContent}`);
    for (const figure of $("figure.chart").filter((figure) => figure.dataset.chart === "cpu")) {
      figure.querySelector("svg").dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));
      check(!/\b1 connections/.test(tip.textContent), `a value reads badly: ${tip.textContent}`);
    }
    check(document.documentElement.scrollWidth <= innerWidth, `the page is ${document.documentElement.scrollWidth} wide in a window of ${innerWidth}`);
  } catch (error) {
    failures.push(`${error}`);
  }
  check(performance.getEntriesByType("resource").length === 0, "the page asked for something: " + performance.getEntriesByType("resource").map((e) => e.name));
  document.documentElement.innerHTML = "<head></head><body></body>";
  document.body.textContent = failures.length ? `selfcheck: ${failures.join("; ")}` : `selfcheck: ok, ${checks} checks`;
})();
