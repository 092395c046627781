/*
 * tenk-load-mpi - tenk-load under mpirun: `mpirun -np 4 --host a,b,c,d tenk-load-mpi URL ...`
 *
 *     barrier -> each rank runs its share -> the results are added -> rank 0 reports
 *
 * A program of its own, made by `make MPI=1`, so that tenk-load does not carry an MPI library. It takes the
 * options of tenk-load but --rank, --of and --start-at, which MPI stands for. Every rank gets the sum of each
 * step, so that a search takes the same decisions everywhere and nobody has to lead. MPI_Allgatherv(3)
 */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load_combine.h"
#include "load_options.h"
#include "load_output.h"
#include "load_plan.h"
#include "load_ranks.h"
#include "load_steps.h"

enum { EXIT_USAGE = 2, EXIT_CANNOT = 3 };

static int rank_of_this(void)
{
    int rank = 0;

    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    return rank;
}

static int rank_count(void)
{
    int count = 1;

    MPI_Comm_size(MPI_COMM_WORLD, &count);
    return count;
}

/*
 * The worst status of all ranks, known to all of them. When it is not 0, every rank has the sentence of the
 * lowest rank that had one, with its number.
 */
static int agree(int status, char error[LOAD_ERROR_TEXT_MAX])
{
    int worst = 0, speaker = status != 0 && *error != '\0' ? rank_of_this() : rank_count(), first = 0;
    char sentence[LOAD_ERROR_TEXT_MAX];

    MPI_Allreduce(&status, &worst, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
    MPI_Allreduce(&speaker, &first, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    if (worst == 0 || first == rank_count())
        return worst;
    memcpy(sentence, error, sizeof(sentence));
    MPI_Bcast(sentence, sizeof(sentence), MPI_CHAR, first, MPI_COMM_WORLD);
    snprintf(error, LOAD_ERROR_TEXT_MAX, "rank %d: %.480s", first, sentence);
    return worst;
}

/* ---- before and after each step ---- */

static void await_all(void)
{
    MPI_Barrier(MPI_COMM_WORLD);
}

/* The packed results of all ranks one after the other, which the caller frees, and their sizes. */
static char *gather_all(const struct load_result *result, int *sizes, int *offsets)
{
    size_t size = 0, total = 0;
    void *own = load_combine_pack(result, &size);
    int own_size = (int)size;

    MPI_Allgather(&own_size, 1, MPI_INT, sizes, 1, MPI_INT, MPI_COMM_WORLD);
    for (int i = 0; i < rank_count(); i++) {
        offsets[i] = (int)total;
        total += (size_t)sizes[i];
    }
    char *all = malloc(total + 1);
    if (own == NULL || all == NULL) /* the others wait for us: no way but this */
        MPI_Abort(MPI_COMM_WORLD, EXIT_CANNOT);
    MPI_Allgatherv(own, own_size, MPI_BYTE, all, sizes, offsets, MPI_BYTE, MPI_COMM_WORLD);
    free(own);
    return all;
}

/* Makes *result the sum of all ranks, in the order of their ranks. 0, or -1 without memory. */
static int add_all(struct load_result *result)
{
    int *sizes = calloc((size_t)rank_count(), sizeof(*sizes)),
        *offsets = calloc((size_t)rank_count(), sizeof(*offsets));
    int status = 0;

    if (sizes == NULL || offsets == NULL)
        MPI_Abort(MPI_COMM_WORLD, EXIT_CANNOT);
    char *all = gather_all(result, sizes, offsets);
    load_result_close(result);
    *result = (struct load_result){0};
    for (int i = 0; i < rank_count() && status == 0; i++) {
        struct load_result one = {0};

        status = load_combine_unpack(i == 0 ? result : &one, all + offsets[i], (size_t)sizes[i]);
        if (i > 0 && status == 0)
            status = load_combine(result, &one);
        load_result_close(&one);
    }
    free(all);
    free(sizes);
    free(offsets);
    return status;
}

static int combine(struct load_result *result, int status, char error[LOAD_ERROR_TEXT_MAX])
{
    status = agree(status, error);
    if (status != 0)
        return status;
    if (add_all(result) < 0) {
        snprintf(error, LOAD_ERROR_TEXT_MAX, "out of memory for the results of the others");
        status = EXIT_CANNOT;
    }
    return agree(status, error);
}

static const struct load_team team = {.await_all = await_all, .combine = combine};

/* ---- the program ---- */

/* Makes them the options of this rank. NULL, or a sentence. */
static const char *take_share(struct load_options *options)
{
    if (options->of > 1 || options->start_wall_ns != 0)
        return "--rank, --of and --start-at are for tenk-load; here MPI says who is who and when";
    if (options->self_test)
        return "--self-test is for tenk-load";
    return load_ranks_apply(options, (uint64_t)rank_of_this(), (uint64_t)rank_count());
}

/* All ranks read the same command line, but one of them alone may find its share too small. */
static int read_options(int argc, char **argv, struct load_options *options)
{
    char error[LOAD_ERROR_TEXT_MAX] = "";
    int status = load_options_parse(argc, argv, options);

    if (status >= 0)
        return status;
    const char *wrong = take_share(options);
    if (wrong != NULL)
        snprintf(error, sizeof(error), "%s", wrong);
    status = agree(wrong != NULL ? EXIT_USAGE : 0, error);
    if (status == 0)
        return -1;
    load_output_complain(error);
    return status;
}

/* Rank 0 reports for all. */
static int report(struct load_plan *plan, struct load_options *options, const struct load_steps *steps)
{
    options->rank = 0;
    options->of = 1;
    return rank_of_this() == 0 ? load_output(plan, steps) : 0;
}

static int run(struct load_options *options)
{
    static struct load_steps steps;
    struct load_plan plan;
    char error[LOAD_ERROR_TEXT_MAX] = "";

    int status = load_plan_open(&plan, options, error);
    if (status == 0)
        *error = '\0';
    status = agree(status, error);
    if (status == 0) {
        steps.team = &team;
        status = load_steps_run(&steps, &plan, options, error);
    }
    if (status != 0)
        load_output_complain(error);
    if (steps.count > 0 || status == 0) {
        int reported = report(&plan, options, &steps);
        status = status != 0 ? status : reported;
    }
    load_steps_close(&steps);
    load_plan_close(&plan);
    return status;
}

int main(int argc, char **argv)
{
    struct load_options options;

    MPI_Init(&argc, &argv);
    if (rank_of_this() > 0 && (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr)))
        MPI_Abort(MPI_COMM_WORLD, EXIT_CANNOT);
    int status = read_options(argc, argv, &options);
    if (status < 0)
        status = run(&options);
    MPI_Finalize();
    return status;
}
