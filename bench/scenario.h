/*
 * scenario - what is to be measured, read from an INI file.
 *
 *     [scenario]
 *     name = quick
 *     connections = 1 64 512
 *     models = all
 *     clients = tenk-load wrk
 *     rounds = 6
 *
 *     [server nginx]
 *     command = nginx -p /tmp/x -g 'daemon off; ...' {port}
 *
 * Every key is in the table at the head of scenario_keys.c; bench/README.md explains them. A line that
 * begins with white space continues the value above it. Nothing outside these keys changes what is
 * measured: a scenario written back by scenario_write() and read again is the same scenario, and
 * that is how a run is resumed.
 */
#ifndef SCENARIO_H
#define SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "failure.h"

enum {
    SCENARIO_LIST_MAX = 64, /* models, connection counts */
    SCENARIO_TEXT_MAX = 256,
    SCENARIO_NAME_MAX = 40,
    SCENARIO_SERVERS_MAX = 8,
    SCENARIO_COMMAND_MAX = 2048,
    SCENARIO_ROUNDS_MAX = 1000,
    SCENARIO_SEARCHES_MAX = 100,
    SCENARIO_CONNECTIONS_MAX = 100000,
    SCENARIO_KEYS_MAX = 64,
};

/* A list of names: models. */
struct name_list {
    char items[SCENARIO_LIST_MAX][SCENARIO_NAME_MAX];
    unsigned count;
};

struct count_list {
    unsigned items[SCENARIO_LIST_MAX];
    unsigned count;
};

/* Parts of something, as fractions. */
struct share_list {
    double items[SCENARIO_LIST_MAX];
    unsigned count;
};

/* A server that is not ours: {port} in the command becomes a free port of 127.0.0.1. */
struct external_server {
    char name[SCENARIO_NAME_MAX];
    char command[SCENARIO_COMMAND_MAX];
};

struct scenario {
    char name[SCENARIO_NAME_MAX];
    char description[SCENARIO_TEXT_MAX];
    char protocol[SCENARIO_NAME_MAX];  /* "http", "echo" */
    char transport[SCENARIO_NAME_MAX]; /* a name of transport.h, for models without one of their own */
    char target[SCENARIO_TEXT_MAX];
    struct name_list models;         /* "all" until scenario_choose_models() */
    char control[SCENARIO_NAME_MAX]; /* the model that runs twice per round; "none": no control */
    struct name_list pairs;          /* "A/B": ratios of A to B with their interval, below the table */
    struct count_list connections;
    struct name_list clients;          /* "tenk-load", "wrk" */
    struct count_list wrk_connections; /* empty: the same as connections */
    uint64_t rounds, rounds_per_start, wrk_rounds;
    uint64_t workers, requests_per_connection, pipeline;
    uint64_t retries;                 /* how often a slice gated for noise is run again */
    double rate;                      /* open loop, requests per second; 0: closed loop */
    char capacity[SCENARIO_NAME_MAX]; /* the objective, "p99<10ms": each model's capacity is searched; "": not
                                       */
    struct share_list load; /* then rounds in open loop at these fractions of each model's own capacity */
    uint64_t searches;      /* how often, each time with servers started anew */
    int64_t slice_ns, ramp_ns, wrk_slice_ns, cost_slice_ns; /* cost_slice 0: no cost slices */
    int64_t turn_ns;                   /* duets: how long a program is loaded at a time; 0: for a slice */
    double foreign_cpu_max, steal_max; /* gates, in CPUs */
    char duet_base[SCENARIO_TEXT_MAX], duet_new[SCENARIO_TEXT_MAX]; /* two tenk-serve compared; "": no duet */
    struct external_server servers[SCENARIO_SERVERS_MAX];
    unsigned server_count;
};

/*
 * The two sides of a pair "A/B". False when it is none, or a name is longer than SCENARIO_NAME_MAX - 1.
 */
bool scenario_pair(const char *pair, char a[SCENARIO_NAME_MAX], char b[SCENARIO_NAME_MAX]);

/* What is searched where `load` is given and `capacity` is not. */
#define SCENARIO_OBJECTIVE "p99<10ms"

/* The values every key has before a file is read. */
void scenario_defaults(struct scenario *scenario);

/* Reads a file. 0; -1 with "FILE:LINE: what is wrong" (EXIT_USAGE). */
int scenario_read(struct scenario *scenario, const char *path, struct failure *failure);

/* The same from an open stream; `path` is used in messages. */
int scenario_parse(struct scenario *scenario, FILE *in, const char *path, struct failure *failure);

/* Sets one key of [scenario] as a file would: for command-line overrides. -1 with a sentence. */
int scenario_set(struct scenario *scenario, const char *key, const char *value, struct failure *failure);

/* The number of a key of [scenario] (below SCENARIO_KEYS_MAX), or -1. */
int scenario_key(const char *name);

/* Relations between keys that no single line can violate. -1 with a sentence that begins with `where`. */
int scenario_check(const struct scenario *scenario, const char *where, struct failure *failure);

/* Writes the scenario as an INI file that reads back as the same. */
void scenario_write(FILE *out, const struct scenario *scenario);

/*
 * Whether slices of the two measure the same thing: every key is the same but those that say which
 * cells there are and how often they are measured. False: `text` names the first that is not.
 */
bool scenario_same_slices(const struct scenario *a, const struct scenario *b, char *text, size_t size);

/* Whether the programs of a duet are loaded by turns within a slice (load_turns.h says what can be). */
bool scenario_takes_turns(const struct scenario *scenario);

/* " by turns of 5.00 ms" where they are, else "". Returns text. */
const char *scenario_turns_words(const struct scenario *scenario, char *text, size_t size);

bool scenario_has_client(const struct scenario *scenario, const char *client);
void scenario_drop_client(struct scenario *scenario, const char *client);

/* The connection counts wrk runs at: wrk_connections, or else connections. */
const struct count_list *scenario_wrk_connections(const struct scenario *scenario);

bool name_list_has(const struct name_list *list, const char *name);
bool share_list_has(const struct share_list *list, double share);
unsigned count_list_max(const struct count_list *list);

/* Of connection counts the one that a reader looks at first: 64, else the middle one. `count` > 0. */
unsigned connections_first(const unsigned *connections, unsigned count);

#endif
