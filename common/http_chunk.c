/* http_chunk - the lines of a chunked body: sizes, extensions, trailer fields. RFC 9112, 7.1; see http.h. */
#include "http.h"
#include "http_syntax.h"

/* The front of `rest` moves over white space, which is bad but allowed around ";" and "=" (BWS). */
static void skip_blanks(struct slice *rest)
{
    while (rest->size > 0 && (*rest->at == ' ' || *rest->at == '\t'))
        rest->at++, rest->size--;
}

static void skip(struct slice *rest, size_t n)
{
    rest->at += n, rest->size -= n;
}

/* A string in quotes, with "\\" before any character (RFC 9110, 5.6.4); false when it has no end. */
static bool skip_quoted(struct slice *rest)
{
    size_t n = 1;

    while (n < rest->size && rest->at[n] != '"')
        n += rest->at[n] == '\\' ? 2 : 1;
    if (n >= rest->size)
        return false;
    skip(rest, n + 1);
    return true;
}

static bool skip_token(struct slice *rest)
{
    size_t n = http_span(*rest, http_is_token);

    skip(rest, n);
    return n > 0;
}

/* *( BWS ";" BWS name [ BWS "=" BWS value ] ), to the end of the line. RFC 9112, 7.1.1 */
static bool are_extensions(struct slice rest)
{
    while (rest.size > 0) {
        skip_blanks(&rest);
        if (rest.size == 0 || *rest.at != ';')
            return false;
        skip(&rest, 1);
        skip_blanks(&rest);
        if (!skip_token(&rest))
            return false;
        struct slice before = rest;
        skip_blanks(&rest);
        if (rest.size == 0 || *rest.at != '=') {
            rest = before;
            continue;
        }
        skip(&rest, 1);
        skip_blanks(&rest);
        if (rest.size > 0 && *rest.at == '"' ? !skip_quoted(&rest) : !skip_token(&rest))
            return false;
    }
    return true;
}

int http_parse_chunk(const char *bytes, size_t size, uint64_t *length)
{
    struct slice line;
    size_t digits = 0;
    uint64_t value = 0;
    int found = http_find_line(bytes, size, &line);

    if (found <= 0)
        return found == 0 && size > HTTP_CHUNK_LINE_MAX ? -400 : found;
    for (; digits < line.size && http_hex_digit(line.at[digits]) >= 0; digits++) {
        if (value >> 60 != 0)
            return -400;
        value = value << 4 | (uint64_t)http_hex_digit(line.at[digits]);
    }
    struct slice extensions = {line.at + digits, line.size - digits};
    if (digits == 0 || line.size + 2 > HTTP_CHUNK_LINE_MAX ||
        http_span(extensions, http_is_value) != extensions.size || !are_extensions(extensions))
        return -400;
    *length = value;
    return (int)line.size + 2;
}

int http_parse_trailer(const char *bytes, size_t size)
{
    struct slice line, name, value;
    int found = http_find_line(bytes, size, &line);

    if (found <= 0)
        return found;
    if (line.size > 0 && http_split_field(line, &name, &value) < 0)
        return -400;
    return (int)line.size + 2;
}
