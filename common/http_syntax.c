/* http_syntax - see http_syntax.h. */
#include "http_syntax.h"

#include <string.h>
#include <strings.h>

/* ---- character classes ---- */

const bool http_is_token[256] = {
    ['!'] = true,         ['#'] = true,         ['$'] = true,         ['%'] = true, ['&'] = true,
    ['\''] = true,        ['*'] = true,         ['+'] = true,         ['-'] = true, ['.'] = true,
    ['^'] = true,         ['_'] = true,         ['`'] = true,         ['|'] = true, ['~'] = true,
    ['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true,
};

const bool http_is_value[256] = {['\t'] = true, [' ' ... '~'] = true, [0x80 ... 0xff] = true};

size_t http_span(struct slice text, const bool class[256])
{
    size_t n = 0;

    while (n < text.size && class[(unsigned char)text.at[n]])
        n++;
    return n;
}

bool http_same_text(struct slice text, const char *word)
{
    return text.size == strlen(word) && strncasecmp(text.at, word, text.size) == 0;
}

struct slice http_trim(struct slice text)
{
    while (text.size > 0 && (*text.at == ' ' || *text.at == '\t'))
        text.at++, text.size--;
    while (text.size > 0 && (text.at[text.size - 1] == ' ' || text.at[text.size - 1] == '\t'))
        text.size--;
    return text;
}

bool http_next_element(struct slice *list, struct slice *element)
{
    if (list->size == 0)
        return false;
    const char *comma = memchr(list->at, ',', list->size);
    size_t size = comma != NULL ? (size_t)(comma - list->at) : list->size;

    *element = http_trim((struct slice){list->at, size});
    size += comma != NULL;
    list->at += size, list->size -= size;
    return true;
}

int http_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
        return (c | 0x20) - 'a' + 10;
    return -1;
}

size_t http_decode(struct slice path, char *room, size_t max)
{
    size_t size = 0;

    for (size_t i = 0; i < path.size; i++) {
        char byte = path.at[i];

        if (byte == '%' && path.size - i > 2) {
            int high = http_hex_digit(path.at[i + 1]), low = http_hex_digit(path.at[i + 2]);

            if (high >= 0 && low >= 0) {
                byte = (char)(high * 16 + low);
                i += 2;
            }
        }
        if (size < max)
            room[size] = byte;
        size++;
    }
    return size;
}

/* ---- lines and fields ---- */

int http_find_line(const char *at, size_t size, struct slice *line)
{
    const char *end = size > 0 ? memchr(at, '\n', size) : NULL;

    if (end == NULL)
        return 0;
    *line = (struct slice){at, (size_t)(end - at)};
    if (line->size == 0 || end[-1] != '\r')
        return -400;
    line->size--;
    return memchr(at, '\r', line->size) != NULL ? -400 : 1;
}

int http_split_field(struct slice line, struct slice *name, struct slice *value)
{
    *name = (struct slice){line.at, http_span(line, http_is_token)};
    if (name->size == 0 || name->size == line.size || line.at[name->size] != ':')
        return -400;
    *value = http_trim((struct slice){line.at + name->size + 1, line.size - name->size - 1});
    return http_span(*value, http_is_value) == value->size ? 0 : -400;
}

/* ---- hosts ---- */

/* unreserved and sub-delims without the comma (RFC 3986, 2.2 and 2.3). */
static const bool is_name[256] = {
    ['-'] = true,         ['.'] = true,         ['_'] = true,  ['~'] = true, ['!'] = true,
    ['$'] = true,         ['&'] = true,         ['\''] = true, ['('] = true, [')'] = true,
    ['*'] = true,         ['+'] = true,         [';'] = true,  ['='] = true, ['0' ... '9'] = true,
    ['A' ... 'Z'] = true, ['a' ... 'z'] = true,
};

static const bool is_digit[256] = {['0' ... '9'] = true};

/* What may stand in the brackets of an IPv6 address; that it is one is for those to find out who use it. */
static const bool is_address[256] = {
    [':'] = true, ['.'] = true, ['0' ... '9'] = true, ['A' ... 'F'] = true, ['a' ... 'f'] = true,
};

/* The length of "[...]"; 0 when it is none. */
static size_t span_brackets(struct slice value)
{
    size_t inside = http_span((struct slice){value.at + 1, value.size - 1}, is_address);

    return inside > 0 && inside + 2 <= value.size && value.at[inside + 1] == ']' ? inside + 2 : 0;
}

static size_t span_name(struct slice value)
{
    size_t n = 0;

    while (n < value.size) {
        bool encoded = value.at[n] == '%' && value.size - n > 2 && http_hex_digit(value.at[n + 1]) >= 0 &&
                       http_hex_digit(value.at[n + 2]) >= 0;

        if (!encoded && !is_name[(unsigned char)value.at[n]])
            break;
        n += encoded ? 3 : 1;
    }
    return n;
}

bool http_is_host(struct slice value)
{
    bool brackets = value.size > 0 && *value.at == '[';
    size_t host = brackets ? span_brackets(value) : span_name(value);

    if (brackets && host == 0)
        return false;
    if (host == value.size)
        return true;
    struct slice port = {value.at + host + 1, value.size - host - 1};
    return value.at[host] == ':' && http_span(port, is_digit) == port.size;
}
