/* http_range - see http_range.h. */
#include "http_range.h"

#include "clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* A date can stand for a file that changed twice within its second, unless that is long ago: 13.1.5, 8.8.2.2.
 */
#define SURE_AFTER_S 60

const char *http_date(const struct found *found, char text[HTTP_DATE_SIZE])
{
    time_t seconds = (time_t)(found->modified_ns / NS_PER_S);
    struct tm utc;

    gmtime_r(&seconds, &utc);
    strftime(text, HTTP_DATE_SIZE, "%a, %d %b %Y %H:%M:%S GMT", &utc);
    return text;
}

const char *http_tag(const struct found *found, char text[HTTP_TAG_SIZE])
{
    snprintf(text, HTTP_TAG_SIZE, "\"%jx-%jx\"", (uintmax_t)found->modified_ns, (uintmax_t)found->size);
    return text;
}

/* ---- dates: the form of today and the two of old (5.6.7) ---- */

static bool parse_date(struct slice value, time_t *seconds)
{
    static const char *const forms[] = {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT",
                                        "%a %b %e %H:%M:%S %Y"};
    char text[HTTP_DATE_SIZE];

    if (value.size >= sizeof text)
        return false;
    memcpy(text, value.at, value.size);
    text[value.size] = '\0';
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct tm utc = {0};
        const char *end = strptime(text, forms[i], &utc);

        if (end == NULL || *end != '\0')
            continue;
        *seconds = timegm(&utc);
        return true;
    }
    return false;
}

static bool is_modified_after(const struct found *found, time_t seconds)
{
    return found->modified_ns / NS_PER_S > seconds;
}

/* ---- entity tags ---- */

static bool is_word(struct slice value, const char *word)
{
    return value.size == strlen(word) && memcmp(value.at, word, value.size) == 0;
}

/* Is our tag in the list? A weak one, W/"...", only counts where that will do (8.8.3.2). Our tags hold no
 * comma. */
static bool has_tag(struct slice list, const struct found *found, bool weak_will_do)
{
    char tag[HTTP_TAG_SIZE];
    struct slice element;

    if (is_word(list, "*"))
        return true;
    http_tag(found, tag);
    while (http_next_element(&list, &element)) {
        if (weak_will_do && element.size > 2 && memcmp(element.at, "W/", 2) == 0)
            element.at += 2, element.size -= 2;
        if (is_word(element, tag))
            return true;
    }
    return false;
}

/* ---- preconditions: 13.2.2 ---- */

static int precondition(const struct http_request *request, const struct found *found)
{
    time_t date;

    if (request->if_match.at != NULL) {
        if (!has_tag(request->if_match, found, false))
            return 412;
    } else if (request->if_unmodified_since.at != NULL && parse_date(request->if_unmodified_since, &date)) {
        if (is_modified_after(found, date))
            return 412;
    }
    if (request->if_none_match.at != NULL)
        return has_tag(request->if_none_match, found, true) ? 304 : 200;
    if (request->if_modified_since.at != NULL && parse_date(request->if_modified_since, &date))
        return is_modified_after(found, date) ? 200 : 304;
    return 200;
}

/* A range of what the client has the other parts of: of exactly this file (13.1.5). */
static bool may_be_partial(const struct http_request *request, const struct found *found)
{
    char text[HTTP_DATE_SIZE];
    struct slice value = request->if_range;

    if (value.at == NULL)
        return true;
    if (value.size > 0 && *value.at == '"')
        return is_word(value, http_tag(found, text));
    return is_word(value, http_date(found, text)) && !is_modified_after(found, time(NULL) - SURE_AFTER_S);
}

/* ---- ranges: 14.1 ---- */

/* Takes decimal digits off the front; false when there are none. What is too large stays large. */
static bool take_number(struct slice *text, uint64_t *number)
{
    size_t digits = 0;

    *number = 0;
    for (; digits < text->size && text->at[digits] >= '0' && text->at[digits] <= '9'; digits++)
        if (*number <= UINT64_MAX / 100)
            *number = *number * 10 + (uint64_t)(text->at[digits] - '0');
    text->at += digits, text->size -= digits;
    return digits > 0;
}

static void select_part(struct found *found, uint64_t start, uint64_t end)
{
    found->status = 206;
    found->start = start;
    found->length = end - start;
}

static void select_nothing(struct found *found, int status)
{
    found->status = (uint16_t)status;
    found->start = found->length = 0;
}

/* "-N": the last N bytes; of an empty file that is all of it, which no Content-Range can say. */
static void select_end(struct found *found, uint64_t count)
{
    if (count == 0)
        select_nothing(found, 416);
    else if (found->size > 0)
        select_part(found, count < found->size ? found->size - count : 0, found->size);
}

/* "bytes=FIRST-LAST", "bytes=FIRST-" or "bytes=-COUNT"; anything else leaves all of it selected. */
static void select_range(struct slice value, struct found *found)
{
    static const char unit[] = "bytes=";
    uint64_t first, last;

    if (value.size < sizeof unit || memcmp(value.at, unit, sizeof unit - 1) != 0)
        return;
    value.at += sizeof unit - 1, value.size -= sizeof unit - 1;
    bool has_first = take_number(&value, &first);
    if (value.size == 0 || *value.at != '-')
        return;
    value.at++, value.size--;
    bool has_last = take_number(&value, &last);
    if (value.size > 0 || (!has_first && !has_last) || (has_first && has_last && last < first))
        return;
    if (!has_first)
        select_end(found, last);
    else if (first >= found->size)
        select_nothing(found, 416);
    else
        select_part(found, first, has_last && last < found->size - 1 ? last + 1 : found->size);
}

void http_range_select(const struct http_request *request, struct found *found)
{
    int status = precondition(request, found);

    if (status != 200)
        select_nothing(found, status);
    else if (request->method == HTTP_GET && request->range.at != NULL && may_be_partial(request, found))
        select_range(request->range, found);
}
