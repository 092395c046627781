/*
 * tenk-load-mpi with two ranks on this machine. Skipped unless it was built (make MPI=1) and mpirun is there.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "liar.h"
#include "load_outcome.h"
#include "program.h"

enum { TIMEOUT_S = 90, USAGE = 2 };

TestSuite(load_mpi, .timeout = TIMEOUT_S);

static struct liar liar;
static struct load_outcome outcome;

static void skip_without_mpi(void)
{
    if (!program_installed("mpirun"))
        cr_skip_test("mpirun is not installed");
    if (access(program_path("tenk-load-mpi"), X_OK) != 0)
        cr_skip_test("tenk-load-mpi was not built (make MPI=1)");
}

/* Runs a command of sh(1) in which $MPI starts two ranks of tenk-load-mpi. */
static void shell(const char *command)
{
    static const char prefix[] = "mpirun --allow-run-as-root --oversubscribe -np 2 ";
    char start[512];

    snprintf(start, sizeof(start), "%s%s", prefix, program_path("tenk-load-mpi"));
    setenv("MPI", start, 1);
    setenv("URL", liar.target, 1);
    program_run((const char *[]){"/bin/sh", "-c", command, NULL}, &outcome.end, outcome.errors);
    cr_assert(outcome.end.exited, "`%s` did not exit by itself: %s", command, outcome.errors);
}

/* What the server saw is what the two counted together, and one of them reported. */
Test(load_mpi, two_ranks_are_one_measurement)
{
    skip_without_mpi();
    liar_start(&liar, &(struct liar_plan){.lie = LIAR_HONEST, .wait_ms = 1});
    shell("$MPI $URL -c 5 -d 0.5s --rate 300 --json");
    liar_stop(&liar);
    outcome.json = json_loads(outcome.end.out, 0, NULL);
    cr_assert(json_is_object(outcome.json), "not one object: %s %s", outcome.end.out, outcome.errors);
    cr_assert_eq(load_outcome_count(&outcome, "setup.connections"), 5);
    cr_assert_eq(load_outcome_count(&outcome, "setup.threads"), 2);
    cr_assert_eq(load_outcome_count(&outcome, "connections.opened"), liar.accepted);
    cr_assert_eq(load_outcome_count(&outcome, "total.sent"), liar.requests);
    cr_assert_eq(load_outcome_count(&outcome, "total.requests"), liar.requests);
    cr_assert_eq(load_outcome_count(&outcome, "latency_us.count"), load_outcome_count(&outcome, "requests"));
    cr_assert_float_eq(load_outcome_number(&outcome, "offered_per_s"), 300, 6);
    load_outcome_close(&outcome);
}

/* One rank that cannot must not leave the other one waiting. */
Test(load_mpi, rank_without_a_share)
{
    skip_without_mpi();
    shell("$MPI http://127.0.0.1:1/ -c 1");
    cr_assert_eq(outcome.end.status, USAGE);
    cr_assert(strstr(outcome.errors, "rank 1: --of must not exceed --connections"), "%s", outcome.errors);
    shell("$MPI http://127.0.0.1:1/ --rank 1 --of 3");
    cr_assert(strstr(outcome.errors, "MPI says who is who"), "%s", outcome.errors);
}
