/*
 * command - the command line of tenk-serve, and what it prints about the registry.
 */
#ifndef COMMAND_H
#define COMMAND_H

#include "model.h"
#include "net.h"
#include "privileges.h"

#include <stdint.h>

enum { CONNECTIONS_LIMIT = 65536, WORKERS_LIMIT = 4096 };

struct command {
    const struct server_model *model;
    const struct protocol *protocol;
    struct net_endpoint endpoint;
    const char *listen;                         /* the endpoint as it was written */
    const char *counters;                       /* file for the counters table, or NULL */
    uint64_t workers, backlog, max_connections; /* 0: default */
    bool datagrams;                             /* the endpoint is one for datagrams */
    bool accept_shared;                         /* --accept shared */
    const char *root;                           /* directory of files to serve, or NULL */
    bool listing;                               /* ... whose directories are listed */
    const char *user;                           /* whom to become, or NULL */
    struct privileges privileges;               /* ... who that is */
    bool verbose;
    int64_t idle_timeout_ns, request_timeout_ns, drain_timeout_ns;
};

/* -1: serve. Else the exit status: something was printed, or the command line was wrong. */
int command_parse(struct command *command, int argc, char **argv);

#endif
