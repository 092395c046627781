/* protocol - the table of protocols. */
#include "protocol.h"

#include <stdlib.h>
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
    if (exchange->found == NULL)
        return;
    close(exchange->found->fd);
    free(exchange->found);
    exchange->found = NULL;
}
