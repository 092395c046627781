/*
 * Honest and hostile clients, mixed, for a long time: memory, descriptors and threads stay flat.
 *
 * SOAK_SECONDS (`make soak`: 600) is divided among the models; without it each has two. First, in parts
 * of that, what a server keeps for reuse is filled; what it holds at rest then is what it may hold at the
 * end. Where buffers travel between workers that takes seconds: each pool may come to keep BUFFERS_SPARE of
 * them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "expect.h"
#include "matrix.h"
#include "sanitizer.h"

enum {
    MODELS = 0
#define MODEL(model) +1
#define REFERENCE(model)
#include "models.def"
#undef MODEL
#undef REFERENCE
    ,
    WARM_MOST = 30,               /* parts, before what still grows is called a leak if it grows on */
    WARM_KIB = 128,               /* growth in a part that is none */
    WARM_FLAT = 3,                /* so many parts of that in a row end the filling */
    REST = 2,                     /* parts after it */
    PARTS = 1 + WARM_FLAT + REST, /* that the time of a model has, when it is filled at once */
    CROWD = 12,
};

/* Resident memory that is called flat, beside a tenth of what there was; a sanitizer keeps what was freed for
 * a while. */
#ifdef __SANITIZE_ADDRESS__
enum { GROWTH_KIB = 65536 };
#else
enum { GROWTH_KIB = 1024 };
#endif

static struct fixture fixture;
static struct wire wire, crowd[CROWD];

#define GET(target) "GET " target " HTTP/1.1\r\nHost: test\r\n\r\n"

static int64_t time_of_a_model_ns(void)
{
    const char *seconds = getenv("SOAK_SECONDS");

    return seconds ? atoll(seconds) * NS_PER_S / MODELS : 2 * NS_PER_S;
}

/* ---- clients; each leaves nobody connected ---- */

static void honest(unsigned seed)
{
    char *noise = expect_noise(5000, seed);

    fixture_connect(&fixture, &wire);
    for (int i = 0; i < 5; i++) {
        wire_text(&wire, GET("/"));
        expect_hello(&wire);
    }
    wire_text(&wire, "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 5000\r\n\r\n");
    wire_send(&wire, noise, 5000);
    expect_reply(&wire, 200, noise, 5000);
    wire_text(&wire, GET("/wait/500") GET("/model"));
    expect_hello(&wire);
    expect_reply(&wire, 200, fixture.plan.model, strlen(fixture.plan.model));
    wire_close(&wire);
    free(noise);
}

static void garbage(unsigned seed)
{
    char *noise = expect_noise(3000, seed);

    fixture_connect(&fixture, &wire);
    wire_push(&wire, noise, 3000);
    if (seed % 2)
        wire_reset(&wire);
    wire_close(&wire);
    free(noise);
}

/* Leaves in the middle of everything, in one way or the other. */
static void deserter(unsigned seed)
{
    static const char *const beginnings[] = {
        "", "GET / HT", GET("/bytes/3000000"), GET("/wait/2000"),
        "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf"};

    fixture_connect(&fixture, &wire);
    wire_text(&wire, beginnings[seed % 5]);
    if (seed / 5 % 3 == 0)
        wire_half_close(&wire);
    if (seed / 5 % 3 == 1)
        wire_reset(&wire);
    wire_close(&wire);
}

/* Pipelines more than anybody takes in, reads a little, and goes. */
static void flood(unsigned seed)
{
    static const char one[] = GET("/bytes/20000");
    char bytes[4096];

    fixture_connect(&fixture, &wire);
    for (int i = 0; i < 50 && wire_push(&wire, one, sizeof(one) - 1) > 0; i++)
        ;
    for (unsigned i = 0; i < seed % 8; i++)
        wire_receive(&wire, bytes, sizeof(bytes));
    wire_reset(&wire);
}

/* Many at once, each a byte or two. */
static void slow_crowd(unsigned seed)
{
    for (size_t i = 0; i < CROWD; i++) {
        fixture_connect(&fixture, &crowd[i]);
        wire_push(&crowd[i], "GET / HTTP/1.1\r\n", 1 + (seed + i) % 16);
    }
    for (size_t i = 0; i < CROWD; i++)
        wire_close(&crowd[i]);
}

static void mixed_clients(int64_t until_ns, unsigned *seed)
{
    static void (*const clients[])(unsigned) = {honest, garbage, honest, deserter, honest, flood, slow_crowd};

    do {
        for (size_t i = 0; i < sizeof(clients) / sizeof(clients[0]); i++)
            clients[i]((*seed)++);
    } while (clock_now_ns() < until_ns);
    fixture_expect_service(&fixture);
    fixture_expect_at_rest(&fixture);
}

static int64_t resident_after(int64_t part_ns, unsigned *seed)
{
    mixed_clients(clock_now_ns() + part_ns, seed);
    return process_resident_kib(fixture.program.pid);
}

/* Until some parts have added little: what is resident then. */
static int64_t fill(int64_t first_kib, int64_t part_ns, unsigned *seed)
{
    int64_t before_kib, warm_kib = first_kib;
    unsigned flat = 0;

    for (unsigned parts = 1; flat < WARM_FLAT && parts < WARM_MOST; parts++) {
        before_kib = warm_kib;
        warm_kib = resident_after(part_ns, seed);
        flat = warm_kib > before_kib + WARM_KIB ? 0 : flat + 1;
    }
    return warm_kib;
}

static void soak(struct fixture_plan plan)
{
    int64_t part_ns = time_of_a_model_ns() / PARTS, first_kib, warm_kib, end_kib;
    unsigned seed = 1;

    plan.clients = 4;
    fixture_start(&fixture, &plan);
    first_kib = resident_after(part_ns, &seed);
    warm_kib = fill(first_kib, part_ns, &seed);
    end_kib = resident_after(REST * part_ns, &seed);
    /* The tenth is of the first part's: a leak must not make room for itself while the server is filled. */
    cr_assert(end_kib <= warm_kib + first_kib / 10 + GROWTH_KIB,
              "%s: grew from %d to %d KiB while %u clients came and went", plan.model, (int)warm_kib,
              (int)end_kib, seed);
    fixture_expect_unharmed(&fixture);
}

/* A tenth of a day at most. */
TestSuite(faults, .timeout = 8640, .fini = fixture_leave);

#define MODEL(model) FAULTS(model, soak)
#define REFERENCE(model)
#include "models.def"
