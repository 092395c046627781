/*
 * null - not a server but a yardstick: accept and close.
 *
 *     accept --> close --> accept ...
 *
 * Nobody owns a connection. It measures what the harness and the kernel need for a connection that is
 * never served.
 *
 * accept(2), close(2)
 */
#include "blocking.h"
#include "model.h"

#include <unistd.h>

static void run(const struct server *server)
{
    struct counters *counters = counters_slot(server->counters, 0);
    int fd;

    server_ready(server);
    while (blocking_accept(server, counters, &fd)) {
        close(fd);
        counters_add(&counters->closed, 1);
    }
}

const struct server_model model_null = {
    .name = "null",
    .summary = "yardstick: accept and close",
    .family = "yardsticks",
    .properties = MODEL_REFERENCE,
    .run = run,
};
