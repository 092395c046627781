/*
 * html - text and numbers on their way into the page.
 */
#ifndef HTML_H
#define HTML_H

#include <jansson.h>
#include <stdio.h>

/* Writes text with & < > " ' escaped: safe between tags and in quoted attributes. */
void html_text(FILE *out, const char *text);

/* A path as the target of a link: every byte that means something in a URL is percent-encoded. RFC 3986 */
void html_path(FILE *out, const char *path);

/* Formatted, then escaped; at most HTML_FORMAT_MAX bytes. */
enum { HTML_FORMAT_MAX = 1024 };
void html_format(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A unit of the metrics, "us/request", as people write it: "µs/request". */
void html_unit(FILE *out, const char *unit);

/* A number as people read it: "4.95", "128", "112 840" (thin spaces); "–" for NaN. */
void html_number(FILE *out, double value);

/* <td data-v="exact">as read</td>, with that class unless it is ""; an empty exact value for NaN. */
void html_number_cell(FILE *out, double value, const char *class);

/* JSON that can stand in a <script>: no "<" in it. */
void html_json(FILE *out, const json_t *root);

/*
 * The path of `path` as seen from the directory `from`: "../run/raw". Both must exist. Static storage; `path`
 * itself when it cannot be told.
 */
const char *html_relative(const char *from, const char *path);

#endif
