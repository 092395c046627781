/* http_parse - request heads and chunk sizes as pure functions of bytes; see http.h. */
#include "http.h"

#include <string.h>
#include <strings.h>

/* ---- character classes ---- */

/* tchar of RFC 9110, 5.6.2: what names of methods and fields are made of. */
static const bool is_token[256] = {
    ['!'] = true,         ['#'] = true,         ['$'] = true,         ['%'] = true, ['&'] = true,
    ['\''] = true,        ['*'] = true,         ['+'] = true,         ['-'] = true, ['.'] = true,
    ['^'] = true,         ['_'] = true,         ['`'] = true,         ['|'] = true, ['~'] = true,
    ['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true,
};

/* VCHAR, SP, HTAB and obs-text: what a field value may hold (RFC 9110, 5.5). */
static const bool is_value[256] = {['\t'] = true, [' ' ... '~'] = true, [0x80 ... 0xff] = true};

struct slice {
    const char *at;
    size_t size;
};

static size_t span(struct slice text, const bool class[256])
{
    size_t n = 0;

    while (n < text.size && class[(unsigned char)text.at[n]])
        n++;
    return n;
}

static bool same_text(struct slice text, const char *word)
{
    return text.size == strlen(word) && strncasecmp(text.at, word, text.size) == 0;
}

static struct slice trim(struct slice text)
{
    while (text.size > 0 && (*text.at == ' ' || *text.at == '\t'))
        text.at++, text.size--;
    while (text.size > 0 && (text.at[text.size - 1] == ' ' || text.at[text.size - 1] == '\t'))
        text.size--;
    return text;
}

/* Takes the next element of a comma-separated list; false at its end. */
static bool next_element(struct slice *list, struct slice *element)
{
    if (list->size == 0)
        return false;
    const char *comma = memchr(list->at, ',', list->size);
    size_t size = comma != NULL ? (size_t)(comma - list->at) : list->size;

    *element = trim((struct slice){list->at, size});
    size += comma != NULL;
    list->at += size, list->size -= size;
    return true;
}

/* ---- request line: method SP target SP HTTP/1.x ---- */

static enum http_method method_of(struct slice name)
{
    if (name.size == 3 && memcmp(name.at, "GET", 3) == 0)
        return HTTP_GET;
    if (name.size == 4 && memcmp(name.at, "HEAD", 4) == 0)
        return HTTP_HEAD;
    if (name.size == 4 && memcmp(name.at, "POST", 4) == 0)
        return HTTP_POST;
    return HTTP_OTHER;
}

/* Reduces origin-form and absolute-form (RFC 9112, 3.2) to the path. */
static int parse_target(struct slice target, struct http_request *request)
{
    if (target.size > 7 && strncasecmp(target.at, "http://", 7) == 0) {
        const char *path = memchr(target.at + 7, '/', target.size - 7);

        if (path == NULL)
            target = (struct slice){"/", 1};
        else
            target = (struct slice){path, target.size - (size_t)(path - target.at)};
    }
    bool asterisk = target.size == 1 && *target.at == '*';
    if (target.size == 0 || (*target.at != '/' && !asterisk && request->method != HTTP_OTHER))
        return -400;
    const char *query = memchr(target.at, '?', target.size);
    request->target = target.at;
    request->target_size = query != NULL ? (size_t)(query - target.at) : target.size;
    return 0;
}

/* "HTTP/1.1": the name is case-sensitive, the version two digits (RFC 9112, 2.3). */
static int parse_version(struct slice version, struct http_request *request)
{
    const char *at = version.at;

    if (version.size != 8 || memcmp(at, "HTTP/", 5) != 0 || at[5] < '0' || at[5] > '9' || at[6] != '.' ||
        at[7] < '0' || at[7] > '9')
        return -400;
    if (at[5] != '1')
        return -505;
    request->http_1_0 = at[7] == '0';
    request->keep_alive = !request->http_1_0;
    return 0;
}

static int parse_request_line(struct slice line, struct http_request *request)
{
    struct slice method = {line.at, span(line, is_token)};
    const char *end = line.at + line.size;
    const char *at = line.at + method.size;

    if (method.size == 0 || at == end || *at != ' ')
        return -400;
    struct slice target = {++at, 0};
    while (at<end && * at> ' ' && *at < 0x7f)
        at++;
    target.size = (size_t)(at - target.at);
    if (at == end || *at != ' ')
        return -400;
    request->method = method_of(method);
    int status = parse_version((struct slice){at + 1, (size_t)(end - at - 1)}, request);
    return status != 0 ? status : parse_target(target, request);
}

/* ---- fields ---- */

/* What has to be known about all fields together. */
struct field_facts {
    unsigned hosts, lengths, codings;
    bool close, keep_alive;
};

static int parse_length(struct slice value, struct http_request *request)
{
    uint64_t length = 0;

    if (value.size == 0)
        return -400;
    for (size_t i = 0; i < value.size; i++) {
        if (value.at[i] < '0' || value.at[i] > '9')
            return -400;
        if (length <= HTTP_BODY_MAX)
            length = length * 10 + (uint64_t)(value.at[i] - '0');
    }
    request->has_length = true;
    request->length = length;
    return 0;
}

/* chunked must be the last coding and stand once; any other coding is one we do not have (RFC 9112, 6.1). */
static int parse_codings(struct slice value, struct http_request *request)
{
    struct slice element;
    bool unknown = false;

    while (next_element(&value, &element)) {
        if (request->chunked)
            return -400;
        if (same_text(element, "chunked"))
            request->chunked = true;
        else if (element.size > 0)
            unknown = true;
    }
    if (unknown)
        return -501;
    return request->chunked ? 0 : -400;
}

static void parse_connection(struct slice value, struct field_facts *facts)
{
    struct slice element;

    while (next_element(&value, &element)) {
        facts->close |= same_text(element, "close");
        facts->keep_alive |= same_text(element, "keep-alive");
    }
}

/* A host is a name, an address or nothing, and a port: never white space, a comma or a slash. */
static bool is_host(struct slice value)
{
    for (size_t i = 0; i < value.size; i++)
        if (strchr(" \t,/?#@\\\"<>", value.at[i]) != NULL)
            return false;
    return true;
}

/* The fields that matter to us are told apart by length first: most fields cost one comparison. */
static int take_field(struct slice name, struct slice value, struct http_request *request,
                      struct field_facts *facts)
{
    switch (name.size) {
    case 4:
        if (!same_text(name, "Host"))
            return 0;
        return ++facts->hosts > 1 || !is_host(value) ? -400 : 0;
    case 6:
        if (!same_text(name, "Expect"))
            return 0;
        request->expects_continue = same_text(value, "100-continue");
        return request->expects_continue ? 0 : -417;
    case 10:
        if (same_text(name, "Connection"))
            parse_connection(value, facts);
        return 0;
    case 14:
        if (!same_text(name, "Content-Length"))
            return 0;
        return ++facts->lengths > 1 ? -400 : parse_length(value, request);
    case 17:
        if (!same_text(name, "Transfer-Encoding"))
            return 0;
        return ++facts->codings > 1 ? -400 : parse_codings(value, request);
    default:
        return 0;
    }
}

static int parse_field(struct slice line, struct http_request *request, struct field_facts *facts)
{
    struct slice name = {line.at, span(line, is_token)};

    if (name.size == 0 || name.size == line.size || line.at[name.size] != ':')
        return -400;
    struct slice value = trim((struct slice){line.at + name.size + 1, line.size - name.size - 1});
    if (span(value, is_value) != value.size)
        return -400;
    return take_field(name, value, request, facts);
}

/* What only the whole head can tell: which framing holds, whether a host was named, who closes. */
static int check_head(struct http_request *request, const struct field_facts *facts)
{
    if (facts->hosts == 0 && !request->http_1_0)
        return -400;
    if (request->chunked && (request->has_length || request->http_1_0))
        return -400;
    if (request->has_length && request->length > HTTP_BODY_MAX)
        return -413;
    if (request->http_1_0) {
        request->keep_alive = facts->keep_alive;
        request->expects_continue = false;
    }
    if (facts->close)
        request->keep_alive = false;
    return 0;
}

/* ---- lines ---- */

/* Finds the line at `at`. 1 found; 0 incomplete; -400 when it ends in a bare LF or holds a bare CR. */
static int find_line(const char *at, size_t size, struct slice *line)
{
    const char *end = memchr(at, '\n', size);

    if (end == NULL)
        return 0;
    *line = (struct slice){at, (size_t)(end - at)};
    if (line->size == 0 || end[-1] != '\r')
        return -400;
    line->size--;
    return memchr(at, '\r', line->size) != NULL ? -400 : 1;
}

static int parse_fields(const char *fields, size_t size, struct http_request *request)
{
    struct field_facts facts = {0};
    struct slice line;
    size_t used = 0;
    unsigned count = 0;

    for (;;) {
        int found = find_line(fields + used, size - used, &line);

        if (found <= 0)
            return found == 0 && size > HTTP_HEADERS_MAX ? -431 : found;
        used += line.size + 2;
        if (used > HTTP_HEADERS_MAX + 2 || count++ > HTTP_FIELDS_MAX)
            return -431;
        if (line.size == 0)
            break;
        int status = parse_field(line, request, &facts);
        if (status != 0)
            return status;
    }
    int status = check_head(request, &facts);
    return status != 0 ? status : (int)used;
}

int http_parse(const char *bytes, size_t size, struct http_request *request)
{
    struct slice line;
    size_t blank = 0;

    *request = (struct http_request){0};
    /* One empty line before a request is what some clients send after a body (RFC 9112, 2.2). */
    if (size >= 2 && bytes[0] == '\r' && bytes[1] == '\n')
        blank = 2;
    else if (size == 1 && bytes[0] == '\r')
        return 0;
    int found = find_line(bytes + blank, size - blank, &line);
    if (found < 0)
        return found;
    if (found == 0)
        return size - blank > HTTP_LINE_MAX + 1 ? -414 : 0;
    if (line.size > HTTP_LINE_MAX)
        return -414;
    int status = parse_request_line(line, request);
    if (status != 0)
        return status;
    size_t head = blank + line.size + 2;
    int fields = parse_fields(bytes + head, size - head, request);
    return fields > 0 ? (int)head + fields : fields;
}

/* ---- chunks ---- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
        return (c | 0x20) - 'a' + 10;
    return -1;
}

int http_parse_chunk(const char *bytes, size_t size, uint64_t *length)
{
    struct slice line;
    size_t digits = 0;
    uint64_t value = 0;
    int found = find_line(bytes, size, &line);

    if (found <= 0)
        return found == 0 && size > HTTP_CHUNK_LINE_MAX ? -400 : found;
    for (; digits < line.size && hex_digit(line.at[digits]) >= 0; digits++) {
        if (value >> 60 != 0)
            return -400;
        value = value << 4 | (uint64_t)hex_digit(line.at[digits]);
    }
    struct slice extension = {line.at + digits, line.size - digits};
    if (digits == 0 || line.size + 2 > HTTP_CHUNK_LINE_MAX || span(extension, is_value) != extension.size)
        return -400;
    extension = trim(extension);
    if (extension.size > 0 && *extension.at != ';')
        return -400;
    *length = value;
    return (int)line.size + 2;
}
