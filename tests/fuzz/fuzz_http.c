/*
 * fuzz_http - heads, chunk lines, trailers, and what they lead to: ranges and preconditions.
 *
 * What the parser says about a part must agree with what it says about the whole: once refused, always
 * refused with that status; once complete, as long as before.
 */
#include "fuzz.h"

#include "http.h"
#include "http_range.h"

#include <string.h>

static struct http_request request;

static int parse_head(const char *bytes, size_t size)
{
    return http_parse(bytes, size, &request);
}

static int parse_chunk(const char *bytes, size_t size)
{
    uint64_t length;

    return http_parse_chunk(bytes, size, &length);
}

/* A line that is complete may be too long: then more bytes behind it do not change that either. */
static void check_parts(int parse(const char *, size_t), const char *bytes, size_t size)
{
    int whole = parse(bytes, size);

    FUZZ_CHECK(whole <= (int)size);
    for (size_t part = 0; part < size; part += 1 + size / 16) {
        char *exact = malloc(part + 1);

        memcpy(exact, bytes, part);
        int result = parse(exact, part);
        FUZZ_CHECK(result == 0 || result == whole);
        free(exact);
    }
}

static void check_inside(struct slice value, const char *bytes, size_t size)
{
    FUZZ_CHECK(value.at == NULL || (value.at >= bytes && value.at + value.size <= bytes + size));
}

/* Whatever is asked for: what is selected lies in the file. */
static void check_selection(const struct http_request *parsed, uint64_t file_size)
{
    struct found found = {.size = file_size,
                          .length = file_size,
                          .modified_ns = 784111777000000000,
                          .type = "text/plain",
                          .status = 200};

    http_range_select(parsed, &found);
    FUZZ_CHECK(found.start <= found.size && found.length <= found.size - found.start);
    FUZZ_CHECK(found.status == 206 ? found.length > 0 : found.status == 200 || found.length == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    int used;

    if (size > 32768)
        return 0;
    check_parts(parse_head, bytes, size);
    check_parts(parse_chunk, bytes, size);
    check_parts(http_parse_trailer, bytes, size);
    used = http_parse(bytes, size, &request);
    if (used <= 0)
        return 0;
    FUZZ_CHECK(request.target_size > 0);
    if (request.target_size > 1) /* an absolute target without a path is a "/" of its own */
        check_inside((struct slice){request.target, request.target_size}, bytes, size);
    check_inside(request.range, bytes, size);
    check_inside(request.if_range, bytes, size);
    check_inside(request.if_none_match, bytes, size);
    FUZZ_CHECK(!(request.chunked && request.has_length));
    check_selection(&request, 0);
    check_selection(&request, 5);
    check_selection(&request, UINT64_C(1) << 40);
    return 0;
}
