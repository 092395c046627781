"use strict";
/*
 * report.js - draws the charts of the page from the JSON in it, and makes tables sortable and filterable.
 *
 * Nothing is fetched. A chart is panels, a panel is series, a point is
 * [x, y, low, high, part, hollow, note]; see chart.h.
 */
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const tip = document.getElementById("tip");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const printing = matchMedia("print");
  const dashes = ["", "10 4", "3 3", "10 3 3 3", "16 4", "6 6"];
  const hidden = data.runs.map(() => new Set());
  const X = 0, Y = 1, LOW = 2, HIGH = 3, PART = 4, HOLLOW = 5, NOTE = 6;

  /* ---- small things ---- */

  const make = (name, attributes, parent, text) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const key in attributes) node.setAttribute(key, attributes[key]);
    if (text !== undefined) node.textContent = text;
    if (parent) parent.append(node);
    return node;
  };
  const colour = (series) => data.families[series.family][dark.matches && !printing.matches ? "dark" : "light"];
  const known = (value) => value !== null && value !== undefined;
  /* What tells variants of a model apart, "@64" or "+10000", stands at the end and stays. */
  function cut(text, length) {
    if (text.length <= length) return text;
    const tail = /[@+][^@+]*$/.exec(text)?.[0] || "";
    return tail.length < length - 4 ? text.slice(0, length - 1 - tail.length) + "…" + tail : text.slice(0, length - 1) + "…";
  }

  function number(value) {
    if (!known(value)) return "–";
    const size = Math.abs(value);
    if (size >= 1000) return Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, "\u202f");
    if (size >= 100 || Number.isInteger(value)) return value.toFixed(0);
    return size >= 10 ? value.toFixed(1) : size >= 0.095 ? value.toFixed(2) : value.toPrecision(2);
  }
  const short = (value) => value >= 1e6 ? +(value / 1e6).toPrecision(3) + "M" : value >= 1e4 ? +(value / 1e3).toPrecision(3) + "k" : String(+value.toPrecision(4));

  /* ---- scales ---- */

  function range(panels, wanted, log) {
    let low = Infinity, high = -Infinity;
    for (const panel of panels) for (const series of panel.series) for (const point of series.points) for (const i of wanted) {
      const value = point[i];
      if (known(value) && (!log || value > 0)) { low = Math.min(low, value); high = Math.max(high, value); }
    }
    return low > high ? [log ? 1 : 0, log ? 10 : 1] : [low, high];
  }

  function scale([low, high], from, to, log) {
    const a = log ? Math.log(low) : low, b = log ? Math.log(high) : high;
    return (value) => from + (to - from) * ((log ? Math.log(Math.max(value, low / 2)) : value) - a) / (b - a || 1);
  }

  function roundTicks([low, high], count) {
    const raw = (high - low) / count, power = 10 ** Math.floor(Math.log10(raw)), step = [1, 2, 2.5, 5, 10].find((n) => n * power >= raw) * power;
    const ticks = [];
    for (let tick = Math.ceil(low / step) * step; tick <= high * 1.0001; tick += step) ticks.push(+tick.toPrecision(12));
    return ticks;
  }

  function logTicks([low, high]) {
    const decades = Math.log10(high / low), factors = decades < .5 ? [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8] : decades < 1.2 ? [1, 1.5, 2, 3, 5, 7] : decades < 2.2 ? [1, 2, 5] : decades < 4 ? [1, 3] : [1];
    const ticks = [];
    for (let power = 10 ** Math.floor(Math.log10(low)); power <= high; power *= 10)
      for (const factor of factors) if (power * factor >= low && power * factor <= high) ticks.push(+(power * factor).toPrecision(6));
    return ticks;
  }

  /* ---- lines ---- */

  function pushApart(ends, gap, top, bottom) {
    ends.sort((a, b) => a.y - b.y);
    ends.forEach((end, i) => { end.at = Math.max(end.y, i > 0 ? ends[i - 1].at + gap : top); });
    for (let i = ends.length - 1; i >= 0; i--) ends[i].at = Math.min(ends[i].at, i < ends.length - 1 ? ends[i + 1].at - gap : bottom);
  }

  /* Room for the names of a chart: the same in all its panels, whose axes would differ otherwise. */
  const lettersOf = (chart, width, narrow, least) => Math.min(width < 330 ? narrow : 20, Math.max(least, ...chart.panels.flatMap((panel) => panel.series).filter((s) => !s.context).map((s) => s.name.length)));

  /* Those first at which most points stand, then from the left; what would touch another is left out. */
  function placeTicks(ticks, x) {
    const taken = [];
    return ticks.filter((tick) => {
      const at = x(tick), half = 6 + 3.25 * short(tick).length;
      if (taken.some((other) => Math.abs(other.at - at) < other.half + half)) return false;
      return taken.push({ at, half });
    });
  }

  function drawLines(chart, panel, svg, width, height, ranges, first) {
    const shown = panel.series.filter((series) => !isHidden(chart, series));
    const letters = lettersOf(chart, width, 13, 0);
    const box = { left: 46, right: width - 16 - letters * 6.9, top: 24, bottom: height - 36 };
    const onAxis = scale(ranges.x, box.left + 6, box.right - 4, chart.xlog), x = (value) => onAxis(chart.xlog && value <= 0 ? chart.zero : value), y = scale(ranges.y, box.bottom, box.top, chart.ylog);
    for (const tick of chart.ylog ? logTicks(ranges.y) : roundTicks(ranges.y, 5)) {
      make("line", { class: "grid", x1: box.left, x2: box.right, y1: y(tick), y2: y(tick) }, svg);
      make("text", { x: box.left - 6, y: y(tick) + 4, "text-anchor": "end" }, svg, short(tick));
    }
    make("line", { class: "axis", x1: box.left, x2: box.right, y1: box.bottom, y2: box.bottom }, svg);
    for (const tick of placeTicks(chart.xlog ? ranges.ticks : roundTicks(ranges.x, width < 400 ? 3 : 6), x)) make("text", { x: x(tick), y: box.bottom + 15, "text-anchor": "middle" }, svg, short(tick));
    if (panel.band.length) make("path", { class: "floor", d: `M${panel.band.map(([at, , high]) => `${x(at)} ${y(high)}`).join("L")}L${[...panel.band].reverse().map(([at, low]) => `${x(at)} ${y(low)}`).join("L")}Z` }, svg);
    make("text", { x: (box.left + box.right) / 2, y: height - 6, "text-anchor": "middle" }, svg, chart.x);
    make("text", { x: 4, y: 12 }, svg, [...new Set([panel.title, first || chart.apart ? panel.unit || chart.y : ""])].filter(Boolean).join(" · "));
    const ends = [], marks = [];
    for (const series of shown) {
      const place = series.points.filter((p) => known(p[Y]));
      const path = place.map((p, i) => (i ? "L" : "M") + x(p[X]).toFixed(1) + " " + y(p[Y]).toFixed(1)).join("");
      if (series.context) { make("path", { class: "context", d: path }, svg); continue; }
      const group = make("g", { "data-series": series.name, stroke: colour(series), fill: "none" }, svg);
      make("path", { d: path, "stroke-width": 2, "stroke-dasharray": dashes[series.dash] }, group);
      for (const point of place) {
        const px = x(point[X]), py = y(point[Y]);
        if (known(point[LOW]) && point[HIGH] > point[LOW]) make("path", { d: `M${px} ${y(point[LOW])}V${y(point[HIGH])}M${px - 3} ${y(point[LOW])}h6M${px - 3} ${y(point[HIGH])}h6`, opacity: .75 }, group);
        if (place.length < 16) make("circle", { cx: px, cy: py, r: 3, fill: point[HOLLOW] ? "var(--card)" : colour(series) }, group);
        marks.push({ x: px, y: py, series, point });
      }
      const end = place[place.length - 1];
      if (end) ends.push({ series, x: x(end[X]), y: y(end[Y]) });
    }
    pushApart(ends, 13, box.top, box.bottom);
    for (const end of ends) {
      make("path", { d: `M${end.x + 4} ${end.y}L${box.right + 5} ${end.at}`, stroke: colour(end.series), "stroke-width": .7, "stroke-dasharray": "1 2", fill: "none" }, svg);
      make("text", { class: "name", x: box.right + 8, y: end.at + 4, style: `fill:${colour(end.series)}` }, svg, cut(end.series.name, letters));
    }
    return marks;
  }

  /* ---- bars and dots ---- */

  function drawRows(chart, panel, svg, width, height, ranges) {
    const shown = panel.series.filter((series) => !isHidden(chart, series));
    const letters = lettersOf(chart, width, 14, 3), dots = chart.kind === "dots", wide = dots && width > 420;
    const box = { left: 10 + letters * 6.9, right: width - (wide ? 130 : 46), top: 24, bottom: height - 36 };
    const log = chart.ylog, low = log ? ranges.y[0] : 0, x = scale([low, ranges.y[1]], box.left, box.right, log);
    for (const tick of placeTicks(log ? [1, ...logTicks(ranges.y)] : roundTicks([0, ranges.y[1]], width < 400 ? 4 : 6), x)) {
      make("line", { class: "grid", x1: x(tick), x2: x(tick), y1: box.top, y2: box.bottom }, svg);
      make("text", { x: x(tick), y: box.bottom + 15, "text-anchor": "middle" }, svg, short(tick));
    }
    make("text", { x: (box.left + box.right) / 2, y: height - 6, "text-anchor": "middle" }, svg, panel.unit || chart.y);
    make("text", { x: 4, y: 12 }, svg, panel.title);
    if (dots) {
      const floor = panel.floor || 0, from = x(Math.max(low, 1 - floor));
      make("rect", { class: "floor", x: from, width: Math.max(0, x(Math.min(ranges.y[1], 1 + floor)) - from), y: box.top, height: box.bottom - box.top }, svg);
      make("line", { class: "one", x1: x(1), x2: x(1), y1: box.top, y2: box.bottom }, svg);
    }
    return shown.map((series, i) => {
      const point = series.points[0], py = box.top + 21 * i + 11, group = make("g", { "data-series": series.name, fill: colour(series) }, svg);
      const end = x(point[Y]), spread = known(point[LOW]) && point[HIGH] > point[LOW];
      make("text", { x: box.left - 6, y: py + 4, "text-anchor": "end" }, svg, cut(series.name, letters));
      if (dots) {
        if (spread) make("line", { x1: x(point[LOW]), x2: x(point[HIGH]), y1: py, y2: py, stroke: colour(series), "stroke-width": 3, opacity: .65 }, group);
        make("circle", { cx: x(point[Y]), cy: py, r: 4.5, fill: point[HOLLOW] ? "var(--card)" : colour(series), stroke: colour(series), "stroke-width": 1.5 }, group);
      } else {
        make("rect", { x: box.left, y: py - 7, width: Math.max(0, end - box.left), height: 14, opacity: point[HOLLOW] ? .3 : known(point[PART]) ? .5 : .85 }, group);
        if (known(point[PART])) make("rect", { x: box.left, y: py - 7, width: Math.max(0, x(point[PART]) - box.left), height: 14, opacity: point[HOLLOW] ? .6 : 1 }, group);
      }
      if (spread && !dots) make("path", { class: "whisker", d: `M${x(point[LOW])} ${py}H${x(point[HIGH])}M${x(point[LOW])} ${py - 3}v6M${x(point[HIGH])} ${py - 3}v6` }, group);
      make("text", { x: dots ? box.right + 8 : 7 + (spread ? Math.max(end, x(point[HIGH])) : end), y: py + 4 }, svg, wide && known(point[LOW]) ? `${number(point[Y])} [${number(point[LOW])}, ${number(point[HIGH])}]` : number(point[Y]));
      return { x: x(point[Y]), y: py, series, point };
    });
  }

  /* ---- a chart ---- */

  const isHidden = (chart, series) => hidden[chart.run].has(series.name);

  function xTicks(chart) {
    const ticks = new Map();
    for (const panel of chart.panels) for (const series of panel.series) for (const point of series.points) ticks.set(point[X], (ticks.get(point[X]) || 0) + 1);
    return [...ticks].sort(([a, m], [b, n]) => n - m || a - b).map(([tick]) => tick);
  }

  function rangesOf(chart, panel) {
    const panels = chart.apart ? [panel] : chart.panels.filter((p) => p.scale === panel.scale), y = range(panels, [Y, LOW, HIGH], chart.ylog);
    for (const [, low, high] of panels.flatMap((p) => p.band)) { y[0] = Math.min(y[0], low || y[0]); y[1] = Math.max(y[1], high); }
    if (chart.kind === "dots") { y[0] = Math.min(y[0], 1); y[1] = Math.max(y[1], 1); }
    const x = range(chart.panels, [X], chart.xlog);
    if (known(chart.zero)) x[0] = chart.zero;
    const all = xTicks(chart);
    return {
      x: chart.xlog ? [x[0] / 1.05, x[1] * 1.05] : x[1] > x[0] ? x : [x[0] - 1, x[1] + 1],
      y: chart.ylog ? [y[0] / 1.25, y[1] * 1.25] : [0, y[1] > 0 ? y[1] * 1.05 : 1],
      ticks: chart.id === "percentiles" ? all.filter((t) => /^[125]0*$/.test(String(t))) : all,
    };
  }

  function draw(figure) {
    const chart = figure.chart, plot = figure.querySelector(".plot"), total = plot.clientWidth || 640, count = chart.panels.length;
    const columns = Math.max(1, Math.min(count, count === 2 || count === 4 ? 2 : 3, Math.floor(total / 300)));
    const width = Math.floor(total / columns);
    plot.textContent = "";
    chart.panels.forEach((panel, i) => {
      const beside = chart.panels.slice(i - i % columns, i - i % columns + columns);
      const rows = Math.max(...beside.map((p) => p.series.filter((s) => !isHidden(chart, s)).length), 1);
      const height = chart.kind === "lines" ? (columns === 1 ? Math.min(330, Math.max(240, total * .55)) : 230) : rows * 21 + 62;
      const svg = make("svg", { width, height, viewBox: `0 0 ${width} ${height}`, tabindex: 0, role: "img", "aria-label": `${figure.querySelector("h3").textContent}: ${panel.title}. The values stand in the table below; arrow keys go through them.` }, plot);
      const marks = (chart.kind === "lines" ? drawLines : drawRows)(chart, panel, svg, width, height, rangesOf(chart, panel), i % columns === 0);
      listen(svg, chart, panel, marks);
    });
  }

  /* ---- values under the pointer, or by keyboard ---- */

  function describe(chart, panel, mark) {
    const point = mark.point, lines = [mark.series.name];
    if (chart.kind === "lines") lines.push(chart.id === "percentiles" ? point[NOTE] : `${number(point[X])} ${point[X] === 1 ? chart.x.replace(/s$/, "") : chart.x}`);
    lines.push(`${number(point[Y])} ${panel.unit || chart.y}`);
    if (known(point[LOW]) && known(point[HIGH])) lines.push(`${chart.kind === "dots" ? "95 % interval" : "middle half"} ${number(point[LOW])} to ${number(point[HIGH])}`);
    if (known(point[PART])) lines.push(`${number(point[PART])} in user space, ${number(point[Y] - point[PART])} in the kernel`);
    if (point[NOTE] && chart.id !== "percentiles") lines.push(point[NOTE]);
    return lines.join("\n");
  }

  function listen(svg, chart, panel, marks) {
    const ring = make("circle", { class: "hit", r: 6.5, visibility: "hidden" }, svg);
    let current = -1;
    const leave = () => { tip.hidden = true; ring.setAttribute("visibility", "hidden"); };
    const show = (i) => {
      current = i;
      const mark = marks[i], box = svg.getBoundingClientRect();
      ring.setAttribute("cx", mark.x);
      ring.setAttribute("cy", mark.y);
      ring.setAttribute("visibility", "visible");
      tip.textContent = describe(chart, panel, mark);
      tip.hidden = false;
      const left = box.left + mark.x + 14 + tip.offsetWidth > innerWidth ? box.left + mark.x - 14 - tip.offsetWidth : box.left + mark.x + 14;
      tip.style.left = Math.max(4, left) + scrollX + "px";
      tip.style.top = box.top + mark.y + scrollY - 10 + "px";
    };
    svg.addEventListener("pointermove", (event) => {
      const box = svg.getBoundingClientRect(), rows = chart.kind !== "lines";
      let best = -1, least = rows ? 20 : 60;
      marks.forEach((mark, i) => {
        const far = rows ? Math.abs(mark.y - event.clientY + box.top) : Math.hypot(mark.x - event.clientX + box.left, mark.y - event.clientY + box.top);
        if (far < least) { least = far; best = i; }
      });
      if (best >= 0) show(best); else leave();
    });
    svg.addEventListener("pointerleave", leave);
    svg.addEventListener("blur", leave);
    svg.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (event.key === "Escape") leave();
      if (!step || marks.length === 0) return;
      event.preventDefault();
      show((current + step + marks.length) % marks.length);
    });
  }

  /* ---- models switched on and off ---- */

  const figures = [...document.querySelectorAll("figure.chart")];
  for (const figure of figures) {
    const run = +figure.dataset.run;
    figure.chart = data.runs[run].find((chart) => chart.id === figure.dataset.chart);
    figure.chart.run = run;
  }
  const drawAll = (run) => { for (const figure of figures) if (run === undefined || figure.chart.run === run) draw(figure); };

  function fillModels(bar) {
    const run = +bar.dataset.run, models = new Map();
    for (const chart of data.runs[run]) for (const panel of chart.panels) for (const series of panel.series) models.set(series.name, series);
    const buttons = [...models.values()].sort((a, b) => a.family - b.family || a.dash - b.dash || a.name.localeCompare(b.name, "en", { numeric: true })).map((series) => {
      const button = document.createElement("button"), swatch = make("svg", { width: 22, height: 10, "aria-hidden": true });
      make("line", { x1: 0, x2: 22, y1: 5, y2: 5, stroke: colour(series), "stroke-width": 2.5, "stroke-dasharray": dashes[series.dash] }, swatch);
      button.append(swatch, series.name);
      button.title = `${series.name} (${data.families[series.family].name})`;
      button.setAttribute("aria-pressed", !hidden[run].has(series.name));
      button.addEventListener("click", () => {
        if (!hidden[run].delete(series.name)) hidden[run].add(series.name);
        button.setAttribute("aria-pressed", !hidden[run].has(series.name));
        drawAll(run);
      });
      return button;
    });
    const all = document.createElement("button");
    all.textContent = "all / none";
    all.addEventListener("click", () => {
      const off = hidden[run].size === 0;
      hidden[run] = new Set(off ? models.keys() : []);
      for (const button of buttons) button.setAttribute("aria-pressed", !off);
      drawAll(run);
    });
    bar.replaceChildren(...(buttons.length > 1 ? [...buttons, all] : buttons));
    bar.classList.toggle("many", buttons.length > 24); /* what would hide much of the page does not stay in view */
  }

  /* ---- tables ---- */

  const valueOf = (row, column) => {
    const cell = row.cells[column];
    return "v" in cell.dataset ? (cell.dataset.v === "" ? null : +cell.dataset.v) : cell.textContent;
  };

  function sort(table, column) {
    const head = table.tHead.rows[0].cells[column], up = head.getAttribute("aria-sort") !== "ascending", body = table.tBodies[0];
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const rows = [...body.rows].map((row) => [valueOf(row, column), row]);
    rows.sort(([a], [b]) => {
      if (a === null || b === null) return (a === null) - (b === null);
      return (typeof a === "number" ? a - b : a.localeCompare(b)) * (up ? 1 : -1);
    });
    body.append(...rows.map(([, row]) => row));
  }

  function filter(id) {
    const table = document.getElementById(id), ranked = document.querySelector(`[data-ranked="${id}"]`).checked;
    const words = document.querySelector(`[data-filter="${id}"]`).value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of table.tBodies[0].rows) {
      const text = row.textContent.toLowerCase(), cells = words.length ? [...row.cells].map((cell) => cell.textContent.toLowerCase()) : [];
      const fits = words.every((word) => /^\d+$/.test(word) ? cells.includes(word) : text.includes(word));
      const off = !fits || (ranked && row.className !== "ranked");
      row.classList.toggle("off", off);
      shown += !off;
    }
    document.querySelector(`[data-count="${id}"]`).textContent = `${shown} of ${table.tBodies[0].rows.length} cells`;
  }

  for (const input of document.querySelectorAll("[data-all]"))
    input.addEventListener("input", () => document.getElementById(input.dataset.all).classList.toggle("all", input.checked));
  for (const table of document.querySelectorAll("table.cells, table.compared, table.capacities"))
    [...table.tHead.rows[0].cells].forEach((head, column) => head.querySelector("button")?.addEventListener("click", () => sort(table, column)));
  for (const input of document.querySelectorAll("[data-filter], [data-ranked]"))
    input.addEventListener("input", () => filter(input.dataset.filter || input.dataset.ranked));

  /* ---- begin; again when the room or the colours change ---- */

  const redraw = () => { for (const bar of document.querySelectorAll(".models")) fillModels(bar); drawAll(); };
  let waiting = 0, width = innerWidth;
  addEventListener("resize", () => { if (innerWidth === width) return; width = innerWidth; clearTimeout(waiting); waiting = setTimeout(drawAll, 120); });
  dark.addEventListener("change", redraw);
  addEventListener("beforeprint", () => { for (const details of document.querySelectorAll("figure details, details.environment")) details.open = true; redraw(); });
  addEventListener("afterprint", redraw);
  redraw();
})();
