/*
 * block - see block.h.
 */
#include "block.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "interrupt.h"
#include "slice.h"
#include "syscalls.h"
#include "verdict.h"

/* ---- rows ---- */

int block_store(struct session *session, unsigned rows, struct failure *failure)
{
    const struct samples *samples = &session->samples;
    int status = 0;

    for (unsigned i = samples->count - rows; i < samples->count && status == 0; i++)
        status = run_directory_append(&session->run, &samples->rows[i], failure);
    return status;
}

/* A slice whose server could not be started has a row too: nothing that was asked for is left out. */
int block_store_broken(struct block *block, const struct slice *slice, unsigned place,
                       struct failure *failure)
{
    struct session *session = block->session;
    struct row *row = samples_add(&session->samples);

    if (!row)
        return failure_set(failure, EXIT_HERE, "out of memory");
    slice_identify(row, &block->part->scenario, slice, block->servers[place].model, 0, block->start);
    row_set_text(row, SAMPLE_verdict, "INVALID");
    row_set_text(row, SAMPLE_reason, verdict_name(VERDICT_SERVER_DIED));
    row_set_text(row, SAMPLE_detail, block->broken[place]);
    return block_store(session, 1, failure);
}

static int store_end(struct block *block, unsigned place, const struct server_end *end,
                     struct failure *failure)
{
    struct session *session = block->session;
    struct row *row = samples_add(&session->samples);
    time_t now = time(NULL);
    char text[32];

    if (!row)
        return failure_set(failure, EXIT_HERE, "out of memory");
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
    row_set_text(row, SAMPLE_kind, "stop");
    row_set_text(row, SAMPLE_scenario, block->part->scenario.name);
    row_set_text(row, SAMPLE_model, block->servers[place].model->name);
    row_set_text(row, SAMPLE_protocol, block->part->scenario.protocol);
    row_set_text(row, SAMPLE_transport, block->servers[place].model->transport->name);
    row_set(row, SAMPLE_start, block->start);
    row_set(row, SAMPLE_copy, place == block->part->scenario.models.count ? 1 : 0);
    row_set_text(row, SAMPLE_time_utc, text);
    row_set_text(row, SAMPLE_verdict, end->good ? "VALID" : "INVALID");
    row_set_text(row, SAMPLE_reason, end->good ? NULL : verdict_name(VERDICT_SERVER_EXIT));
    row_set_text(row, SAMPLE_detail, end->good ? NULL : end->text);
    return block_store(session, 1, failure);
}

/* ---- servers ---- */

unsigned block_place(const struct block *block, const struct slice *slice)
{
    return slice->copy > 0 ? block->part->scenario.models.count : slice->model;
}

static void attach_counter(pid_t pid, void *context)
{
    int *fd = context;

    if (*fd >= 0)
        close(*fd); /* of a server that died */
    *fd = syscalls_open(pid);
}

/* A server that died is put on record, between slices as well: its cells are not to be believed. */
static int bury(struct block *block, unsigned place, struct failure *failure)
{
    struct server_process *server = &block->servers[place];
    struct server_end end;
    char death[128];

    server_process_death(server, death, sizeof(death));
    server_process_stop_all(server, 1, &end);
    end.good = false;
    snprintf(end.text, sizeof(end.text), "it %s while it was to serve", death);
    progress_note(&block->session->progress, "%s: %s; it is started anew", server->model->name, end.text);
    return store_end(block, place, &end, failure);
}

/* Starts the server of a slice unless it runs already. A server that died is started once more. */
int block_ensure_server(struct block *block, const struct slice *slice, struct failure *failure)
{
    unsigned place = block_place(block, slice);
    struct server_process *server = &block->servers[place];
    const struct scenario *scenario = &block->part->scenario;
    struct failure broken;

    if (block->broken[place][0] || server_process_alive(server))
        return 0;
    if (server->pid > 0 && bury(block, place, failure) < 0)
        return -1;
    if (server_process_start(server, &block->setting,
                             registry_find(&block->part->registry, scenario->models.items[slice->model]),
                             slice->copy, slice->cost ? attach_counter : NULL, &block->syscalls_fd,
                             &broken) < 0 &&
        !interrupted()) {
        strcpy(block->broken[place], broken.text);
        progress_note(&block->session->progress, "%s", broken.text);
    }
    return 0;
}

int block_start_servers(struct block *block, unsigned number, struct failure *failure)
{
    const struct plan *plan = &block->part->plan;
    int status = 0;

    for (unsigned i = 0; i < plan->count && status == 0 && !interrupted(); i++)
        if (plan->slices[i].block == number && !block->done[i])
            status = block_ensure_server(block, &plan->slices[i], failure);
    return status;
}

int block_stop_servers(struct block *block, struct failure *failure)
{
    struct server_end ends[BLOCK_SERVERS_MAX];
    bool running[BLOCK_SERVERS_MAX];
    int status = 0;

    for (unsigned i = 0; i < BLOCK_SERVERS_MAX; i++)
        running[i] = block->servers[i].pid > 0;
    server_process_stop_all(block->servers, BLOCK_SERVERS_MAX, ends);
    for (unsigned i = 0; i < BLOCK_SERVERS_MAX && status == 0; i++) {
        if (!running[i])
            continue;
        if (!ends[i].good)
            progress_note(&block->session->progress, "%s: %s", block->servers[i].model->name, ends[i].text);
        status = store_end(block, i, &ends[i], failure);
    }
    if (block->syscalls_fd >= 0)
        close(block->syscalls_fd);
    return status;
}
