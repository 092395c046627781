/*
 * run_directory - where a run is kept, so that nothing that was measured can be lost.
 *
 *     run.json         environment, seed, command line, the whole expanded matrix
 *     scenarios/       the scenarios as they were run: input of --resume, and of another run
 *     samples.jsonl    one line per slice, written and fsync'ed as it ends
 *     results.csv .json .md   made from the samples at the end, and again by --resume
 *     cells/            the latencies of a cell, all its slices added up
 *     raw/             what the clients printed       servers/   what the servers said
 */
#ifndef RUN_DIRECTORY_H
#define RUN_DIRECTORY_H

#include <jansson.h>

#include "failure.h"
#include "launch.h"
#include "samples.h"

struct run_directory {
    char path[LAUNCH_PATH_MAX];
    int samples_fd; /* -1: not open */
};

/*
 * Makes PARENT/<UTC time>-<host>-<revision>, or exactly `chosen` unless that is NULL. A directory that
 * holds a run already is refused. 0; -1 with a sentence.
 */
int run_directory_create(struct run_directory *run, const char *parent, const char *chosen,
                         const char *revision, struct failure *failure);

/*
 * Opens an earlier run and reads its samples. A last line that was torn by a crash is cut off. 0; -1
 * with a sentence.
 */
int run_directory_open(struct run_directory *run, const char *path, struct samples *samples,
                       struct failure *failure);

/* Reads the samples of a run and changes nothing; a torn last line is left out. 0; -1 with a sentence. */
int run_directory_read(struct run_directory *run, const char *path, struct samples *samples,
                       struct failure *failure);

/* Appends one row and waits until it is on disk. 0; -1 with a sentence (disk full). */
int run_directory_append(struct run_directory *run, const struct row *row, struct failure *failure);

/*
 * Whether there is room for another slice: on a full disk a client could not write its result, and its server
 * would be blamed. 0; -1 with a sentence.
 */
int run_directory_has_room(const struct run_directory *run, struct failure *failure);

/* The path of a file in it, in static storage; valid until the next call. */
const char *run_directory_file(const struct run_directory *run, const char *name);

/* Opens a file of it for writing; run_directory_finish closes it and says whether all was written. */
FILE *run_directory_write(const struct run_directory *run, const char *name, struct failure *failure);
int run_directory_finish(const struct run_directory *run, const char *name, FILE *out,
                         struct failure *failure);

/* Writes or reads a JSON file; a new one replaces the old one whole or not at all. */
int run_directory_write_json(const struct run_directory *run, const char *name, const json_t *root,
                             struct failure *failure);
json_t *run_directory_read_json(const struct run_directory *run, const char *name, struct failure *failure);

void run_directory_close(struct run_directory *run);

#endif
