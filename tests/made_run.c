/*
 * made_run - see made_run.h.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "splitmix.h"
#include "made_run.h"
#include "rate_search.h"

struct made_run made_run_default(void)
{
    return (struct made_run){
        .seed = 1,
        .noise = 0.01,
        .drift = 1,
        .epoll_cpu = 1,
        .epoll_syscalls = 2.04,
        .epoll_capacity = 1,
        .epoll_late = 1,
        .kernel = "6.1.0",
        .slice = "1s",
        .models = "ceiling epoll poll",
    };
}

/* The samples of a run on their way out. */
struct writing {
    const struct made_run *made;
    FILE *out;
    struct splitmix random;
    unsigned slice;
};

static FILE *create(const char *path, const char *name)
{
    char file[256];
    FILE *out;

    snprintf(file, sizeof(file), "%s/%s", path, name);
    out = fopen(file, "w");
    cr_assert_not_null(out, "%s", file);
    return out;
}

static void make_directory(const char *path, const char *name)
{
    char directory[256];

    snprintf(directory, sizeof(directory), "%s/%s", path, name);
    cr_assert_eq(mkdir(directory, 0755), 0, "%s", directory);
}

static void write_frame(const char *path, const struct made_run *made, const char *models,
                        const char *control, const char *keys)
{
    FILE *out;

    cr_assert_eq(mkdir(path, 0755), 0, "%s", path);
    make_directory(path, "scenarios");
    out = create(path, "scenarios/made.ini");
    fprintf(out,
            "[scenario]\nname = made\nmodels = %s\ncontrol = %s\nconnections = %d\nrounds = %d\n"
            "rounds_per_start = %d\nslice = %s\n%s",
            models, control, MADE_CONNECTIONS, MADE_ROUNDS, MADE_ROUNDS_PER_START, made->slice, keys);
    fclose(out);
    out = create(path, "run.json");
    fprintf(
        out,
        "{\"format\": 1, \"seed\": 1, \"environment\": {\"host\": \"made\", \"kernel\": {\"release\": "
        "\"%s\"}, \"processor\": {\"model\": \"made\", \"governor\": null, \"mitigations\": {\"meltdown\": "
        "\"none\"}}, \"build\": {\"revision\": \"%ju\", \"command\": \"cc -O2\"}}, \"before\": "
        "{\"time_utc\": \"2026-01-01T00:00:00Z\"}, \"scenarios\": [{\"name\": \"made\", \"file\": "
        "\"scenarios/made.ini\"}]}\n",
        made->kernel, (uintmax_t)made->seed);
    fclose(out);
}

/* About normal, by the sum of four even ones. */
static double noisy(struct writing *writing, double value, double noise)
{
    double sum = 0;

    for (int i = 0; i < 4; i++)
        sum += (double)splitmix_below(&writing->random, 1000001) / 1e6 - 0.5;
    return value * (1 + noise * sum * 1.732) * writing->made->drift;
}

static void write_sample(struct writing *writing, const char *kind, const char *model, int copy,
                         unsigned round, unsigned position, double cpu_us)
{
    const struct made_run *made = writing->made;
    const char *reason = strcmp(model, "epoll") == 0 ? made->epoll_reason : NULL;
    bool cost = strcmp(kind, "cost") == 0;

    fprintf(
        writing->out,
        "{\"kind\": \"%s\", \"scenario\": \"made\", \"model\": \"%s\", \"client\": \"tenk-load\", "
        "\"connections\": %d, \"slice\": %u, \"start\": %u, \"round\": %u, \"position\": %u, \"copy\": %d, "
        "\"attempt\": 0, \"connections_served\": %d, \"verdict\": \"%s\", \"reason\": %s%s%s",
        kind, model, MADE_CONNECTIONS, writing->slice++, round / MADE_ROUNDS_PER_START, round, position, copy,
        MADE_CONNECTIONS, reason ? "INVALID" : "VALID", reason ? "\"" : "", reason ? reason : "null",
        reason ? "\"" : "");
    if (cost)
        fprintf(writing->out, ", \"syscalls_per_request\": %.4f, \"memory_pss_kib\": 5000}\n",
                strncmp(model, "epoll", 5) == 0 ? made->epoll_syscalls : 2.02);
    else
        fprintf(writing->out,
                ", \"server_cpu_us_per_request\": %.6f, \"requests_per_s\": %.3f, \"latency_p50_us\": %.3f, "
                "\"latency_p99_us\": %.3f}\n",
                noisy(writing, cpu_us, made->noise), noisy(writing, 900000 / cpu_us, 2 * made->noise),
                noisy(writing, 60 * cpu_us, 2 * made->noise), noisy(writing, 120 * cpu_us, 10 * made->noise));
}

static void begin(struct writing *writing, const char *path, const struct made_run *made)
{
    *writing =
        (struct writing){.made = made, .out = create(path, "samples.jsonl"), .random = {.state = made->seed}};
}

static void finish(struct writing *writing)
{
    if (writing->made->torn)
        fputs("{\"kind\": \"timing\", \"sli", writing->out);
    cr_assert_eq(fclose(writing->out), 0);
}

void made_run_write(const char *path, const struct made_run *made)
{
    bool poll = strstr(made->models, " poll") != NULL;
    struct writing writing;

    write_frame(path, made, made->models, "ceiling", "");
    begin(&writing, path, made);
    for (unsigned round = 0; round < MADE_ROUNDS; round++) {
        write_sample(&writing, "timing", "ceiling", 0, round, 0, 5);
        write_sample(&writing, "timing", "ceiling", 1, round, 1, 5);
        write_sample(&writing, "timing", "epoll", 0, round, 2, 5.2 * made->epoll_cpu);
        if (poll)
            write_sample(&writing, "timing", "poll", 0, round, 3, 5.3);
    }
    write_sample(&writing, "cost", "ceiling", 0, MADE_ROUNDS, 0, 5);
    write_sample(&writing, "cost", "epoll", 0, MADE_ROUNDS, 1, 5);
    if (poll)
        write_sample(&writing, "cost", "poll", 0, MADE_ROUNDS, 2, 5);
    finish(&writing);
}

void made_duet_write(const char *path, const struct made_run *made)
{
    struct writing writing;

    write_frame(path, made, "epoll@base epoll@new", "epoll@base", "duet_base = /made\nduet_new = /made\n");
    begin(&writing, path, made);
    for (unsigned round = 0; round < MADE_ROUNDS; round++) {
        write_sample(&writing, "timing", "epoll@base", 0, round, 0, 5);
        write_sample(&writing, "timing", "epoll@base", 1, round, 1, 5);
        write_sample(&writing, "timing", "epoll@new", 0, round, 2, 5 * made->epoll_cpu);
        write_sample(&writing, "duet", "epoll@base", 0, round, 3, 6);
        write_sample(&writing, "duet", "epoll@new", 0, round, 3, 6 * made->epoll_cpu);
        write_sample(&writing, "duet", "epoll@base", 0, round, 4, 6);
        write_sample(&writing, "duet", "epoll@base", 1, round, 4, 6);
    }
    finish(&writing);
}

/* ---- capacities ---- */

/* One slice of a search or at a load, up to its figures. */
static void write_place(struct writing *writing, const char *kind, const char *model, int copy,
                        unsigned round, unsigned start)
{
    fprintf(
        writing->out,
        "{\"kind\": \"%s\", \"scenario\": \"made\", \"model\": \"%s\", \"client\": \"tenk-load\", "
        "\"connections\": %d, \"slice\": %u, \"start\": %u, \"round\": %u, \"position\": 0, \"copy\": %d, "
        "\"attempt\": 0, \"connections_served\": %d, \"verdict\": \"VALID\", \"reason\": null",
        kind, model, MADE_CONNECTIONS, writing->slice++, start, round, copy, MADE_CONNECTIONS);
}

static void write_search(struct writing *writing, const char *model, int copy, unsigned number,
                         double capacity_per_s)
{
    double first = capacity_per_s * 1.2;
    struct rate_search search;

    write_place(writing, "search", model, copy, number, number);
    fprintf(writing->out, ", \"search\": %u, \"requests_per_s\": %.3f, \"latency_p99_us\": 20000}\n", number,
            first);
    first *= RATE_SEARCH_FIRST_SHARE;
    rate_search_open(&search, (uint64_t)first, (uint64_t)first / 32 + 1, (uint64_t)first * 16);
    while (rate_search_next(&search) > 0) {
        double rate = (double)rate_search_next(&search);
        bool held = rate < capacity_per_s;

        rate_search_note(&search, (uint64_t)rate, held);
        write_place(writing, "search", model, copy, number, number);
        fprintf(writing->out,
                ", \"search\": %u, \"rate_offered_per_s\": %.0f, \"requests_per_s\": %.0f, "
                "\"latency_p99_us\": %d",
                number, rate, rate, held ? 1000 : 50000);
        if (rate_search_next(&search) == 0)
            fprintf(writing->out, ", \"capacity_per_s\": %ju", (uintmax_t)rate_search_holds(&search));
        fputs("}\n", writing->out);
    }
}

static void write_load(struct writing *writing, const char *model, int copy, unsigned round, double late)
{
    double noise = writing->made->noise;

    write_place(writing, "load", model, copy, round, MADE_SEARCHES + round / MADE_ROUNDS_PER_START);
    fprintf(writing->out,
            ", \"load_fraction\": 0.5, \"capacity_per_s\": 100000, \"rate_offered_per_s\": 50000, "
            "\"requests_per_s\": 50000, \"server_cpu_us_per_request\": %.6f, \"latency_p50_us\": %.3f, "
            "\"latency_p99_us\": %.3f}\n",
            noisy(writing, 5, noise), noisy(writing, 60 * late, 2 * noise),
            noisy(writing, 400 * late, 5 * noise));
}

void made_capacity_write(const char *path, const struct made_run *made)
{
    struct writing writing;

    write_frame(path, made, "ceiling epoll", "ceiling", "capacity = p99<10ms\nsearches = 8\nload = 50%\n");
    begin(&writing, path, made);
    for (unsigned number = 0; number < MADE_SEARCHES; number++) {
        write_search(&writing, "ceiling", 0, number, noisy(&writing, 100000, made->noise));
        write_search(&writing, "ceiling", 1, number, noisy(&writing, 100000, made->noise));
        write_search(&writing, "epoll", 0, number,
                     noisy(&writing, 90000 * made->epoll_capacity, made->noise));
    }
    for (unsigned round = 0; round < MADE_ROUNDS; round++) {
        write_load(&writing, "ceiling", 0, round, 1);
        write_load(&writing, "ceiling", 1, round, 1);
        write_load(&writing, "epoll", 0, round, made->epoll_late);
    }
    finish(&writing);
}
