/*
 * fuzz_llhttp - a request that we accept is one that llhttp accepts in its strict mode, and both read it
 * alike: method, target, body, and where it ends. The other direction is weaker by intent (we refuse more)
 * and stands, with every exception by name, in llhttp_cases.c.
 *
 * Exceptions, all in what a request may be called and none in where it ends:
 *   - llhttp knows a list of methods (HPE_INVALID_METHOD) and of versions (HPE_INVALID_VERSION); we take any
 * token, to answer 501, and any HTTP/1.x, to answer as HTTP/1.1 (RFC 9110, 2.5 and 9.1);
 *   - PRI, and SOURCE with a target only ICY has, belong to other protocols there;
 *   - what follows CONNECT or an Upgrade is no HTTP to llhttp; we answer 501 or ignore it, and stay with
 * HTTP;
 *   - an empty element in Transfer-Encoding (RFC 9110, 5.6.1) is refused there or read otherwise;
 *   - framing fields in a trailer, which we ignore (RFC 9110, 6.5.1), are refused there, and so are some
 * extensions of chunks;
 *   - an absolute target is looked at more closely by one or the other (HPE_INVALID_URL).
 */
#include "fuzz.h"
#include "readings.h"

#include <string.h>

static bool is_one_of(const char *error, const char *const names[])
{
    for (; *names; names++)
        if (strcmp(error, *names) == 0)
            return true;
    return false;
}

/* llhttp knows no tab behind a number. RFC 9110, 5.6.3: optional white space is blanks and tabs. */
static bool is_tab_behind_length(const char *bytes, const struct reading *ours, const struct reading *theirs)
{
    return strcmp(theirs->reason, "Invalid character in Content-Length") == 0 &&
           memchr(bytes, '\t', ours->used);
}

static bool is_excused(const char *bytes, const struct reading *ours, const struct reading *theirs)
{
    static const char *const anywhere[] = {"HPE_INVALID_METHOD",    "HPE_INVALID_VERSION",
                                           "HPE_INVALID_URL",       "HPE_INVALID_TRANSFER_ENCODING",
                                           "HPE_INVALID_CONSTANT",  "HPE_PAUSED_UPGRADE",
                                           "HPE_PAUSED_H2_UPGRADE", NULL};
    static const char *const in_chunks[] = {"HPE_INVALID_CONTENT_LENGTH", "HPE_UNEXPECTED_CONTENT_LENGTH",
                                            "HPE_INVALID_CHUNK_SIZE", NULL};

    static const char extensions[] = "Invalid character in chunk extensions"; /* of the name, of the value */

    if (strcmp(ours->method, "CONNECT") == 0)
        return true;
    if (theirs->is == READING_COMPLETE)
        return false;
    return is_one_of(theirs->error, anywhere) || is_tab_behind_length(bytes, ours, theirs) ||
           (ours->chunked && (is_one_of(theirs->error, in_chunks) ||
                              strncmp(theirs->reason, extensions, strlen(extensions)) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct reading ours, theirs;
    const char *bytes = (const char *)data;

    if (size > 16384)
        return 0;
    reading_of_ours(bytes, size, &ours);
    if (ours.is != READING_COMPLETE)
        return 0;
    reading_of_llhttp(bytes, ours.used, &theirs);
    if (is_excused(bytes, &ours, &theirs))
        return 0;
    if (theirs.is != READING_COMPLETE)
        fprintf(stderr, "llhttp says %s: %s\n", theirs.error, theirs.reason);
    FUZZ_CHECK(theirs.is == READING_COMPLETE);
    FUZZ_CHECK(theirs.used == ours.used || strcmp(theirs.error, "HPE_PAUSED_UPGRADE") == 0);
    FUZZ_CHECK(strcmp(ours.method, theirs.method) == 0);
    FUZZ_CHECK(ours.target_size == 1 ||
               (ours.target >= theirs.target &&
                ours.target + ours.target_size <= theirs.target + theirs.target_size));
    FUZZ_CHECK(ours.body_size == theirs.body_size && memcmp(ours.body, theirs.body, ours.body_size) == 0);
    return 0;
}
