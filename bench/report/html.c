/*
 * html - see html.h.
 */
#include "html.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "launch.h"

void html_text(FILE *out, const char *text)
{
    for (; *text; text++) {
        const char *entity = *text == '&'    ? "&amp;"
                             : *text == '<'  ? "&lt;"
                             : *text == '>'  ? "&gt;"
                             : *text == '"'  ? "&quot;"
                             : *text == '\'' ? "&#39;"
                                             : NULL;

        if (entity)
            fputs(entity, out);
        else
            putc(*text, out);
    }
}

void html_path(FILE *out, const char *path)
{
    for (; *path; path++)
        if (isalnum((unsigned char)*path) || strchr("-._~/", *path))
            putc(*path, out);
        else
            fprintf(out, "%%%02X", (unsigned char)*path);
}

void html_format(FILE *out, const char *format, ...)
{
    char text[HTML_FORMAT_MAX];
    va_list values;

    va_start(values, format);
    vsnprintf(text, sizeof(text), format, values);
    va_end(values);
    html_text(out, text);
}

/* Thousands kept together by a narrow no-break space: people compare digits. */
static void write_grouped(FILE *out, double value)
{
    char digits[64];
    size_t length = (size_t)snprintf(digits, sizeof(digits), "%.0f", value);

    for (size_t i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0 && digits[i - 1] != '-')
            fputs("\u202f", out);
        putc(digits[i], out);
    }
}

void html_number(FILE *out, double value)
{
    double size = fabs(value);

    if (isnan(value) || isinf(value))
        fputs("–", out);
    else if (size >= 1e15)
        fprintf(out, "%.3g", value);
    else if (size >= 1000)
        write_grouped(out, value);
    else if (size >= 100 || value == floor(value))
        fprintf(out, "%.0f", value);
    else if (size >= 10)
        fprintf(out, "%.1f", value);
    else if (size >= 0.095)
        fprintf(out, "%.2f", value);
    else
        fprintf(out, "%.2g", value);
}

void html_unit(FILE *out, const char *unit)
{
    bool micro = strncmp(unit, "us", 2) == 0;

    fputs(micro ? "µs" : "", out);
    html_text(out, unit + (micro ? 2 : 0));
}

void html_number_cell(FILE *out, double value, const char *class)
{
    fputs("<td", out);
    if (class[0])
        fprintf(out, " class=\"%s\"", class);
    if (isnan(value) || isinf(value))
        fputs(" data-v=\"\">", out);
    else
        fprintf(out, " data-v=\"%.17g\">", value);
    html_number(out, value);
    fputs("</td>", out);
}

void html_json(FILE *out, const json_t *root)
{
    char *text = json_dumps(root, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(9));

    for (const char *at = text ? text : "{}"; *at; at++)
        if (*at == '<')
            fputs("\\u003c", out);
        else
            putc(*at, out);
    free(text);
}

const char *html_relative(const char *from, const char *path)
{
    static char relative[LAUNCH_PATH_MAX];
    char base[LAUNCH_PATH_MAX], target[LAUNCH_PATH_MAX];
    size_t common = 0, used = 0;

    if (!realpath(from, base) || !realpath(path, target))
        return path;
    strncat(base, "/", sizeof(base) - strlen(base) - 1);
    strncat(target, "/", sizeof(target) - strlen(target) - 1);
    for (size_t i = 0; base[i] && base[i] == target[i]; i++)
        if (base[i] == '/')
            common = i + 1;
    relative[0] = '\0';
    for (const char *at = base + common; (at = strchr(at, '/')); at++)
        used += (size_t)snprintf(relative + used, sizeof(relative) - used > 0 ? sizeof(relative) - used : 0,
                                 "../");
    if (used + strlen(target + common) + 1 > sizeof(relative))
        return path;
    strcpy(relative + used, target + common);
    if (relative[0])
        relative[strlen(relative) - 1] = '\0';
    return relative[0] ? relative : ".";
}
