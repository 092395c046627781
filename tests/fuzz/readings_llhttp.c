/*
 * readings_llhttp - a request as llhttp reads it.
 */
#include "readings.h"

#include <llhttp/llhttp.h>
#include <string.h>

static int on_url(llhttp_t *parser, const char *at, size_t size)
{
    struct reading *reading = parser->data;

    if (reading->target_size == 0)
        reading->target = at;
    reading->target_size += size;
    return 0;
}

static int on_body(llhttp_t *parser, const char *at, size_t size)
{
    reading_add_body(parser->data, at, size);
    return 0;
}

/* One request is enough. */
static int on_complete(llhttp_t *parser)
{
    ((struct reading *)parser->data)->is = READING_COMPLETE;
    return HPE_PAUSED;
}

void reading_of_llhttp(const char *bytes, size_t size, struct reading *reading)
{
    llhttp_settings_t settings;
    llhttp_t parser;

    reading->is = READING_MORE;
    reading->used = reading->body_size = reading->target_size = 0;
    llhttp_settings_init(&settings);
    settings.on_url = on_url;
    settings.on_body = on_body;
    settings.on_message_complete = on_complete;
    llhttp_init(&parser, HTTP_REQUEST, &settings);
    parser.data = reading;
    llhttp_errno_t error = llhttp_execute(&parser, bytes, size);
    if (error != HPE_OK && error != HPE_PAUSED && error != HPE_PAUSED_UPGRADE)
        reading->is = READING_REFUSED;
    reading->error = llhttp_errno_name(error);
    reading->reason = llhttp_get_error_reason(&parser);
    if (!reading->reason)
        reading->reason = ""; /* nothing is wrong, or not yet */
    strcpy(reading->method, llhttp_method_name((llhttp_method_t)parser.method));
    if (reading->is == READING_COMPLETE)
        reading->used = (size_t)(llhttp_get_error_pos(&parser) - bytes);
}
