/*
 * Counters: sums over slots, processes that count together, a file that another process reads while
 * they do, and every file that is not one of ours.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "counters.h"

enum { CHILDREN = 6, THREADS = 8, REQUESTS = 10000 };

TestSuite(counters, .timeout = 30);

/* ---- a directory for each test ---- */

static char directory[] = "/tmp/tenk-counters-XXXXXX";
static char path[64];

static void make_path(void)
{
    cr_assert(mkdtemp(directory) != NULL);
    snprintf(path, sizeof(path), "%s/table", directory);
}

static void remove_path(void)
{
    unlink(path);
    rmdir(path);
    rmdir(directory);
}

/* ---- slots and sums ---- */

Test(counters, a_new_table_counts_nothing)
{
    struct counters_table *table = counters_open(NULL, 3);
    struct counters_sum sum = counters_sum(table), zero;

    memset(&zero, 0, sizeof(zero));
    cr_assert(table->magic == COUNTERS_MAGIC && table->size == 3 && table->used == 0);
    cr_assert(memcmp(&sum, &zero, sizeof(sum)) == 0);
    counters_unmap(table);
}

Test(counters, a_table_of_none_is_refused)
{
    errno = 0;
    cr_assert(counters_open(NULL, 0) == NULL && errno == EINVAL);
    counters_unmap(NULL);
}

Test(counters, no_two_slots_share_a_cache_line)
{
    struct counters_table *table = counters_open(NULL, 2);

    cr_assert((uintptr_t)counters_slot(table, 0) % 64 == 0);
    cr_assert((uintptr_t)counters_slot(table, 1) % 64 == 0);
    cr_assert((char *)counters_slot(table, 1) - (char *)counters_slot(table, 0) >= 64);
    counters_unmap(table);
}

Test(counters, the_sum_goes_over_all_slots_and_fields)
{
    struct counters_table *table = counters_open(NULL, 4);
    struct counters_sum sum;

    for (uint32_t i = 0; i < 4; i++) {
#define X(name, text) counters_add(&counters_slot(table, i)->name, (i + 1) * sizeof(#name));
        COUNTERS_LIST(X)
#undef X
    }
    sum = counters_sum(table);
#define X(name, text) cr_expect(sum.name == 10 * sizeof(#name), #name " is %ju", (uintmax_t)sum.name);
    COUNTERS_LIST(X)
#undef X
    counters_unmap(table);
}

Test(counters, used_is_the_highest_slot_asked_for)
{
    struct counters_table *table = counters_open(NULL, 5);

    counters_slot(table, 2);
    cr_assert(table->used == 3);
    counters_slot(table, 0);
    cr_assert(table->used == 3);
    counters_slot(table, 4);
    cr_assert(table->used == 5);
    counters_unmap(table);
}

Test(counters, a_slot_used_again_keeps_its_sums)
{
    struct counters_table *table = counters_open(NULL, 1);

    counters_add(&counters_slot(table, 0)->requests, 5);
    counters_add(&counters_slot(table, 0)->requests, 7);
    cr_assert(counters_sum(table).requests == 12);
    counters_unmap(table);
}

Test(counters, a_counter_wraps_as_64_bits_do)
{
    struct counters_table *table = counters_open(NULL, 1);
    struct counters *slot = counters_slot(table, 0);

    counters_add(&slot->bytes_in, UINT64_MAX);
    cr_assert(counters_sum(table).bytes_in == UINT64_MAX);
    counters_add(&slot->bytes_in, 3);
    cr_assert(counters_sum(table).bytes_in == 2);
    counters_unmap(table);
}

struct worker {
    struct counters_table *table;
    uint32_t index;
};

static void *work(void *argument)
{
    struct worker *worker = argument;
    struct counters *slot = counters_slot(worker->table, worker->index);

    for (int i = 0; i < REQUESTS; i++)
        counters_add(&slot->requests, 1);
    return NULL;
}

Test(counters, threads_that_claim_slots_at_once_lose_nothing)
{
    struct counters_table *table = counters_open(NULL, THREADS);
    struct worker workers[THREADS];
    pthread_t threads[THREADS];

    for (uint32_t i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){table, i};
        cr_assert(pthread_create(&threads[i], NULL, work, &workers[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    cr_assert(table->used == THREADS);
    cr_assert(counters_sum(table).requests == THREADS * REQUESTS);
    counters_unmap(table);
}

/* ---- processes ---- */

static void fork_workers(struct counters_table *table)
{
    for (uint32_t i = 0; i < CHILDREN; i++) {
        pid_t child = fork();

        if (child == 0) {
            work(&(struct worker){table, i});
            _exit(0);
        }
        cr_assert(child > 0);
    }
    for (int i = 0; i < CHILDREN; i++) {
        int status;

        cr_assert(wait(&status) > 0 && status == 0);
    }
}

Test(counters, children_count_into_their_parents_table)
{
    struct counters_table *table = counters_open(NULL, CHILDREN);

    fork_workers(table);
    cr_assert(counters_sum(table).requests == CHILDREN * REQUESTS, "also after they have gone");
    counters_unmap(table);
}

Test(counters, another_mapping_of_the_file_sees_live_sums, .init = make_path, .fini = remove_path)
{
    struct counters_table *table = counters_open(path, CHILDREN);
    const struct counters_table *seen = counters_map(path);

    cr_assert(table && seen && (const void *)seen != (void *)table);
    cr_assert(seen->size == CHILDREN && counters_sum(seen).requests == 0);
    counters_add(&counters_slot(table, 1)->accepted, 3);
    cr_assert(counters_sum(seen).accepted == 3);
    fork_workers(table);
    cr_assert(counters_sum(seen).requests == CHILDREN * REQUESTS);
    counters_unmap(table);
    cr_assert(counters_sum(seen).accepted == 3, "the writer has gone, the sums have not");
    counters_unmap(seen);
}

Test(counters, a_killed_process_leaves_what_it_counted, .init = make_path, .fini = remove_path)
{
    struct counters_table *table = counters_open(path, 1);
    pid_t child = fork();
    int status;

    if (child == 0) {
        work(&(struct worker){table, 0});
        raise(SIGKILL);
    }
    cr_assert(child > 0 && waitpid(child, &status, 0) == child);
    cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    cr_assert(counters_sum(table).requests == REQUESTS);
    counters_unmap(table);
}

/* ---- files ---- */

Test(counters, an_old_file_is_emptied, .init = make_path, .fini = remove_path)
{
    struct counters_table *old = counters_open(path, 50), *table;

    counters_add(&counters_slot(old, 49)->requests, 5);
    counters_unmap(old);
    table = counters_open(path, 2);
    cr_assert(table && table->size == 2 && table->used == 0 && counters_sum(table).requests == 0);
    counters_unmap(table);
}

Test(counters, the_file_stays_closed_in_other_programs, .init = make_path, .fini = remove_path)
{
    int lowest_free = dup(1);
    struct counters_table *table;
    const struct counters_table *seen;

    close(lowest_free);
    table = counters_open(path, 1);
    seen = counters_map(path);
    cr_assert(table && seen);
    cr_assert(fcntl(lowest_free, F_GETFD) == -1, "a mapping needs no descriptor");
    counters_unmap(table);
    counters_unmap(seen);
}

Test(counters, a_path_that_cannot_be_made_says_why, .init = make_path, .fini = remove_path)
{
    errno = 0;
    cr_assert(counters_open("/no/such/directory/table", 1) == NULL && errno == ENOENT);
    cr_assert(mkdir(path, 0700) == 0);
    errno = 0;
    cr_assert(counters_open(path, 1) == NULL && errno == EISDIR);
}

/* The file is written to its end at once, so that lack of room shows here and not as SIGBUS later. */
Test(counters, room_for_the_file_is_reserved, .init = make_path, .fini = remove_path)
{
    struct counters_table *table = counters_open(path, 100);
    struct rlimit small = {8192, 8192};
    struct stat file;

    cr_assert(table && stat(path, &file) == 0);
    cr_assert(file.st_blocks * 512 >= file.st_size, "%jd blocks", (intmax_t)file.st_blocks);
    counters_unmap(table);
    signal(SIGXFSZ, SIG_IGN);
    cr_assert(setrlimit(RLIMIT_FSIZE, &small) == 0);
    errno = 0;
    cr_assert(counters_open(path, 100) == NULL && errno == EFBIG);
    cr_assert((table = counters_open(path, 10)) != NULL);
    counters_unmap(table);
}

static void write_file(const void *bytes, size_t size)
{
    FILE *file = fopen(path, "we");

    cr_assert(file && fwrite(bytes, 1, size, file) == size && fclose(file) == 0);
}

static void expect_not_ours(const char *why)
{
    errno = 0;
    cr_expect(counters_map(path) == NULL && errno == EINVAL, "%s: errno %d", why, errno);
}

Test(counters, a_file_of_something_else_is_refused, .init = make_path, .fini = remove_path)
{
    enum { BYTES = sizeof(struct counters_table) + sizeof(struct counters) + 1 };
    static _Alignas(struct counters_table) char bytes[BYTES];
    struct counters_table *head = (struct counters_table *)(void *)bytes;
    const size_t right_size = sizeof(bytes) - 1;

    errno = 0;
    cr_expect(counters_map(path) == NULL && errno == ENOENT);
    write_file("", 0);
    expect_not_ours("empty");
    write_file("hello", 5);
    expect_not_ours("shorter than a head");
    head->size = 1;
    write_file(bytes, right_size);
    expect_not_ours("no magic");
    head->magic = COUNTERS_MAGIC;
    write_file(bytes, right_size - 1);
    expect_not_ours("one byte short");
    write_file(bytes, right_size + 1);
    expect_not_ours("one byte long");
    head->size = 0;
    write_file(bytes, sizeof(struct counters_table));
    expect_not_ours("no slots");
    head->size = UINT32_MAX;
    write_file(bytes, right_size);
    expect_not_ours("more slots than bytes");
    head->size = 1;
    write_file(bytes, right_size);
    cr_expect(counters_map(path) != NULL, "and this one is right");
}

Test(counters, what_is_no_file_is_refused_and_hangs_nobody, .init = make_path, .fini = remove_path)
{
    cr_assert(mkfifo(path, 0600) == 0);
    expect_not_ours("a FIFO");
    unlink(path);
    cr_assert(mkdir(path, 0700) == 0);
    expect_not_ours("a directory");
}

/* ---- JSON ---- */

static const char expected_json[] =
    "\"accepted\": 1, \"closed\": 2, \"requests\": 18446744073709551615, \"bytes_in\": 4, "
    "\"bytes_out\": 5, \"receives\": 6, \"sends\": 7, \"bad_requests\": 8, "
    "\"aborted\": 9, \"timeouts\": 10, \"shed\": 11, \"pauses\": 0";

static const struct counters_sum sum_for_json = {
    .accepted = 1,
    .closed = 2,
    .requests = UINT64_MAX,
    .bytes_in = 4,
    .bytes_out = 5,
    .receives = 6,
    .sends = 7,
    .bad_requests = 8,
    .aborted = 9,
    .timeouts = 10,
    .shed = 11,
};

Test(counters, json_in_the_order_of_the_list)
{
    char text[1024];

    cr_assert(counters_json(&sum_for_json, text, sizeof(text)) == (int)strlen(expected_json));
    cr_assert_str_eq(text, expected_json);
}

/* Like snprintf: says how long it would be, writes what fits, always ends with a NUL. */
Test(counters, json_fits_whatever_room_there_is)
{
    const size_t length = strlen(expected_json);

    cr_assert(counters_json(&sum_for_json, NULL, 0) == (int)length);
    for (size_t size = 1; size <= length + 2; size++) {
        char *text = malloc(size); /* of just that size, for the sanitizer to watch its end */
        size_t fits = size - 1 < length ? size - 1 : length;

        cr_assert(counters_json(&sum_for_json, text, size) == (int)length);
        cr_assert(strlen(text) == fits && memcmp(text, expected_json, fits) == 0, "room for %zu", size);
        free(text);
    }
}
