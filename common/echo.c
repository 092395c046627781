/*
 * echo - RFC 862: every byte comes back. There are no messages, so a step is a stretch of bytes, and
 * a connection that is being drained ends as soon as nothing is left to send.
 */
#include "protocol.h"

#include <string.h>

static enum protocol_result echo_step(struct exchange *exchange, const struct service *service,
                                      struct reply_cache *cache, struct protocol_input *input,
                                      struct protocol_output *output)
{
    size_t size = input->size < output->size ? input->size : output->size;

    (void)exchange, (void)service, (void)cache;
    if (input->size == 0)
        return PROTOCOL_NEED_INPUT;
    if (output->size == 0)
        return PROTOCOL_NEED_ROOM;
    memcpy(output->at, input->at, size);
    input->at += size, input->size -= size;
    output->at += size, output->size -= size;
    return PROTOCOL_ANSWERED;
}

static bool echo_at_rest(const struct exchange *exchange)
{
    (void)exchange;
    return true;
}

const struct protocol protocol_echo = {
    .name = "echo",
    .step = echo_step,
    .at_rest = echo_at_rest,
    .datagrams = true,
};
