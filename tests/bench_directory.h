/*
 * bench_directory - a place under /tmp for the runs of a test, and tenk-bench and tenk-compare run in it.
 */
#ifndef BENCH_DIRECTORY_H
#define BENCH_DIRECTORY_H

#include "program.h"

enum { BENCH_PATH_MAX = 96 };

/* The directory, made by bench_directory_enter; a run and a scenario in it, which are not made. */
extern char bench_directory[BENCH_PATH_MAX], bench_run[BENCH_PATH_MAX], bench_scenario[BENCH_PATH_MAX];

/* Of the last program that was run to its end. */
extern struct program_end bench_end;
extern char bench_errors[PROGRAM_TEXT_MAX];

void bench_directory_enter(void); /* for .init */
void bench_directory_leave(void); /* for .fini */
void bench_remove_tree(const char *path);

#define BENCH_WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Runs one of our programs with these words; it must end by itself. */
void bench_run_program(const char *name, const char *const *words);

/*
 * Whether slices of the run say nothing because the machine was away: server or client had no CPU for the
 * length of one. False when somebody is at fault beside that.
 */
bool bench_disturbed(void);

/* Measures into bench_run with tenk-bench and these words, anew while it is disturbed; it must end well. */
void bench_measure(const char *const *words);

/* Starts one of our programs, without waiting for its end. */
void bench_start_program(struct program *program, const char *name, const char *const *words);

/* Asserts the exit status, and that a text stands in what was printed. */
void bench_expect(int status, const char *part);

/* Asserts that a run has come to a good end, disturbed or not, and that a text stands in what was printed. */
void bench_expect_end(const char *part);

/* A refusal: one sentence on one line of stderr, nothing on standard output. */
void bench_expect_sentence(int status, const char *part);

void bench_write_scenario(const char *text);

/* Lines of samples.jsonl in bench_run; 0 without such a file. */
unsigned bench_sample_lines(void);

/* Waits until there are so many. */
void bench_wait_for_samples(unsigned lines);

/* The smallest scenario that is measured; whatever else runs here does not spoil it. */
#define BENCH_TINY                                                                                           \
    "[scenario]\nname = tiny\nmodels = epoll\nconnections = 2\nrounds = 2\nrounds_per_start = 1\nslice = "   \
    "250ms\n"                                                                                                \
    "ramp = 100ms\ncost_slice = 250ms\nforeign_cpu_max = 1000\nsteal_max = 1000\n"

#endif
