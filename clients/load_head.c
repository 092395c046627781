/*
 * load_head - the head of an HTTP/1.1 answer.
 */
#include "load_head.h"

#include <string.h>
#include <strings.h>

struct text {
    const char *at;
    size_t size;
};

static bool is(struct text text, const char *word)
{
    return text.size == strlen(word) && strncasecmp(text.at, word, text.size) == 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct text trimmed(struct text text)
{
    while (text.size > 0 && is_blank(text.at[0]))
        text.at++, text.size--;
    while (text.size > 0 && is_blank(text.at[text.size - 1]))
        text.size--;
    return text;
}

/* RFC 9110 5.6.2: what a field name is made of. */
static bool is_token(struct text text)
{
    static const char others[] = "!#$%&'*+-.^_`|~";

    for (size_t i = 0; i < text.size; i++) {
        char c = text.at[i];
        bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

        if (!alphanumeric && (c == '\0' || strchr(others, c) == NULL))
            return false;
    }
    return text.size > 0;
}

static bool digits(struct text text, uint64_t *number)
{
    uint64_t sum = 0;

    if (text.size == 0 || text.size > 18)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        sum = sum * 10 + (uint64_t)(text.at[i] - '0');
    }
    *number = sum;
    return true;
}

/* Connection: a list of tokens separated by commas. */
static void read_connection(struct load_head *head, struct text list)
{
    while (list.size > 0) {
        const char *comma = memchr(list.at, ',', list.size);
        size_t size = comma != NULL ? (size_t)(comma - list.at) : list.size;
        struct text token = trimmed((struct text){list.at, size});

        if (is(token, "close"))
            head->close = true;
        if (is(token, "keep-alive"))
            head->keep_alive = true;
        size_t step = comma != NULL ? size + 1 : size;
        list.at += step;
        list.size -= step;
    }
}

static bool read_field(struct load_head *head, struct text name, struct text value)
{
    if (is(name, "content-length")) {
        if (head->has_length || !digits(value, &head->length))
            return false; /* twice, or not a number: nobody knows where the body ends */
        head->has_length = true;
    } else if (is(name, "transfer-encoding")) {
        if (head->coded)
            return false;
        head->coded = true;
        head->chunked = is(value, "chunked");
    } else if (is(name, "connection")) {
        read_connection(head, value);
    } else if (is(name, "server")) {
        head->from_tenk = value.size > 5 && memcmp(value.at, "tenk/", 5) == 0;
    }
    return true;
}

/* "HTTP/1.1 200 OK": the reason may be empty, the space before it may not be missing. RFC 9112 4 */
static bool read_status_line(struct load_head *head, struct text line)
{
    uint64_t status;

    if (line.size < 13 || memcmp(line.at, "HTTP/1.", 7) != 0 || line.at[8] != ' ' || line.at[12] != ' ')
        return false;
    if (line.at[7] != '0' && line.at[7] != '1')
        return false;
    if (!digits((struct text){line.at + 9, 3}, &status) || status < 100)
        return false;
    head->minor = line.at[7] - '0';
    head->status = (int)status;
    return true;
}

static bool read_line(struct load_head *head, struct text line)
{
    const char *colon = memchr(line.at, ':', line.size);

    if (colon == NULL)
        return false;
    struct text name = {line.at, (size_t)(colon - line.at)};
    struct text value = trimmed((struct text){colon + 1, line.size - name.size - 1});
    return is_token(name) && read_field(head, name, value);
}

bool load_head_parse(struct load_head *head, const char *bytes, size_t size)
{
    bool first = true;

    *head = (struct load_head){0};
    while (size >= 2) {
        const char *end = memchr(bytes, '\n', size);

        if (end == NULL || end == bytes || end[-1] != '\r')
            return false;
        struct text line = {bytes, (size_t)(end - bytes) - 1};
        if (memchr(line.at, '\r', line.size) != NULL || memchr(line.at, '\0', line.size) != NULL)
            return false;
        size -= line.size + 2;
        bytes += line.size + 2;
        if (line.size == 0)
            return !first && size == 0 && !(head->coded && head->has_length);
        if (!(first ? read_status_line(head, line) : read_line(head, line)))
            return false;
        first = false;
    }
    return false;
}

size_t load_head_size(const char *bytes, size_t size)
{
    const char *end = memmem(bytes, size, "\r\n\r\n", 4);

    return end != NULL ? (size_t)(end - bytes) + 4 : 0;
}
