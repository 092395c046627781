/* http_parse - request heads as pure functions of bytes; see http.h. */
#include "http.h"
#include "http_syntax.h"

#include <string.h>
#include <strings.h>

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

/* absolute-form (RFC 9112, 3.2.2): who is asked comes off the front, and has to be somebody (RFC
 * 9110, 4.2.1). */
static int cut_authority(struct slice *target)
{
    static const char scheme[] = "http://";
    struct slice authority = {target->at + sizeof scheme - 1, 0};
    const char *end = target->at + target->size;

    while (authority.at + authority.size < end && strchr("/?", authority.at[authority.size]) == NULL)
        authority.size++;
    if (authority.size == 0 || *authority.at == ':' || !http_is_host(authority))
        return -400;
    const char *path = authority.at + authority.size;
    *target =
        path < end && *path == '/' ? (struct slice){path, (size_t)(end - path)} : (struct slice){"/", 1};
    return 0;
}

/* A "%" stands before two hexadecimal digits (RFC 3986, 2.1). */
static bool is_encoded(struct slice path)
{
    const char *at, *end = path.at + path.size;

    for (at = path.at; (at = memchr(at, '%', (size_t)(end - at))) != NULL; at += 3)
        if (end - at < 3 || http_hex_digit(at[1]) < 0 || http_hex_digit(at[2]) < 0)
            return false;
    return true;
}

/* The forms that only one method may use (RFC 9112, 3.2.3 and 3.2.4): "*" and "host:port". */
static bool is_form_of(struct slice method, struct slice target, struct http_request *request)
{
    if (method.size == 7 && memcmp(method.at, "OPTIONS", 7) == 0)
        return target.size == 1 && *target.at == '*';
    if (method.size == 7 && memcmp(method.at, "CONNECT", 7) == 0) {
        request->asks_tunnel = true;
        return *target.at != ':' && http_is_host(target) && memchr(target.at, ':', target.size) != NULL;
    }
    return false;
}

/* Reduces all forms (RFC 9112, 3.2) to the path, without the query. */
static int parse_target(struct slice method, struct slice target, struct http_request *request)
{
    static const char scheme[] = "http://";
    bool absolute =
        target.size >= sizeof scheme - 1 && strncasecmp(target.at, scheme, sizeof scheme - 1) == 0;

    if (target.size == 0 || memchr(target.at, '#', target.size) != NULL)
        return -400;
    if (absolute && cut_authority(&target) < 0)
        return -400;
    if (*target.at != '/' && !is_form_of(method, target, request))
        return -400;
    const char *query = memchr(target.at, '?', target.size);
    request->target = target.at;
    request->target_size = query != NULL ? (size_t)(query - target.at) : target.size;
    return is_encoded((struct slice){request->target, request->target_size}) ? 0 : -400;
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
    struct slice method = {line.at, http_span(line, http_is_token)};
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
    return status != 0 ? status : parse_target(method, target, request);
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

/*
 * chunked must be the last coding and stand once, or nobody knows where the body ends (RFC 9112, 6.3: 400);
 * a coding before it is one we do not have (6.1: 501).
 */
static int parse_codings(struct slice value, struct http_request *request)
{
    struct slice element;
    bool unknown = false;

    while (http_next_element(&value, &element)) {
        if (request->chunked)
            return -400;
        if (http_same_text(element, "chunked"))
            request->chunked = true;
        else if (element.size > 0)
            unknown = true;
    }
    if (!request->chunked)
        return -400;
    return unknown ? -501 : 0;
}

static void parse_connection(struct slice value, struct field_facts *facts)
{
    struct slice element;

    while (http_next_element(&value, &element)) {
        facts->close |= http_same_text(element, "close");
        facts->keep_alive |= http_same_text(element, "keep-alive");
    }
}

/* A field that only files look at. Of a repeated one the first counts. */
static bool keep(struct slice name, const char *word, struct slice value, struct slice *kept)
{
    if (!http_same_text(name, word))
        return false;
    if (kept->at == NULL)
        *kept = value;
    return true;
}

/* The fields that matter to us are told apart by length first: most fields cost one comparison. */
static int take_field(struct slice name, struct slice value, struct http_request *request,
                      struct field_facts *facts)
{
    switch (name.size) {
    case 4:
        if (!http_same_text(name, "Host"))
            return 0;
        return ++facts->hosts > 1 || !http_is_host(value) ? -400 : 0;
    case 5:
        keep(name, "Range", value, &request->range);
        return 0;
    case 6:
        if (!http_same_text(name, "Expect"))
            return 0;
        request->expects_continue = http_same_text(value, "100-continue");
        return request->expects_continue ? 0 : -417;
    case 8:
        if (!keep(name, "If-Match", value, &request->if_match))
            keep(name, "If-Range", value, &request->if_range);
        return 0;
    case 10:
        if (http_same_text(name, "Connection"))
            parse_connection(value, facts);
        return 0;
    case 13:
        keep(name, "If-None-Match", value, &request->if_none_match);
        return 0;
    case 14:
        if (!http_same_text(name, "Content-Length"))
            return 0;
        return ++facts->lengths > 1 ? -400 : parse_length(value, request);
    case 17:
        if (keep(name, "If-Modified-Since", value, &request->if_modified_since) ||
            !http_same_text(name, "Transfer-Encoding"))
            return 0;
        return ++facts->codings > 1 ? -400 : parse_codings(value, request);
    case 19:
        keep(name, "If-Unmodified-Since", value, &request->if_unmodified_since);
        return 0;
    default:
        return 0;
    }
}

static int parse_field(struct slice line, struct http_request *request, struct field_facts *facts)
{
    struct slice name, value;

    if (http_split_field(line, &name, &value) < 0)
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
    if (facts->close || request->asks_tunnel)
        request->keep_alive = false;
    return 0;
}

/* ---- lines ---- */

static int parse_fields(const char *fields, size_t size, struct http_request *request)
{
    struct field_facts facts = {0};
    struct slice line;
    size_t used = 0;
    unsigned count = 0;

    for (;;) {
        int found = http_find_line(fields + used, size - used, &line);

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
    int found = http_find_line(bytes + blank, size - blank, &line);
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
