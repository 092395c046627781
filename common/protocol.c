/* protocol - the table of protocols. */
#include "protocol.h"

#include <string.h>
#include <unistd.h>

static const struct protocol *const protocols[] = {
    &protocol_http,
    &protocol_echo,
    NULL,
};

const struct protocol *protocol_at(size_t index)
{
    return protocols[index];
}

const struct protocol *protocol_find(const char *name)
{
    for (size_t i = 0; protocols[i] != NULL; i++)
        if (strcmp(protocols[i]->name, name) == 0)
            return protocols[i];
    return NULL;
}

void exchange_close_file(struct exchange *exchange)
{
    if (exchange->found.fd > 0)
        close(exchange->found.fd);
    exchange->found.fd = 0;
}
