/*
 * The shares of several processes that load together, and their common beginning; without I/O.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "../clients/load_ranks.c"

enum { TIMEOUT_S = 90 };

TestSuite(load_shares, .timeout = TIMEOUT_S);

Test(load_shares, times)
{
    int64_t ns;

    cr_assert_null(load_ranks_parse_time("1764039600", &ns));
    cr_assert_eq(ns, INT64_C(1764039600000000000));
    cr_assert_null(load_ranks_parse_time("1764039600.25", &ns));
    cr_assert_eq(ns, INT64_C(1764039600250000000));
    cr_assert_null(load_ranks_parse_time("2025-11-25T03:00:00Z", &ns));
    cr_assert_eq(ns, INT64_C(1764039600000000000));
}

Test(load_shares, what_is_not_a_time_is_refused)
{
    static const char *const wrong[] = {
        "",
        "0",
        "now",
        "-1",
        "1764039600.",
        "17640396000000",
        "1.1234567890",
        "5s",
        "2025-11-25",
        "03:00:00",
        "2025-11-25T03:00:00",
        "2025-11-25T03:00:00+01:00",
        "2025-13-25T03:00:00Z",
        "1764039600 ",
    };
    int64_t ns;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const char *sentence = load_ranks_parse_time(wrong[i], &ns);

        cr_assert(sentence != NULL && strstr(sentence, "--start-at"), "\"%s\" was taken", wrong[i]);
    }
}

Test(load_shares, shares_add_up_and_are_even)
{
    for (uint64_t total = 1; total < 50; total++)
        for (uint64_t of = 1; of < 20; of++) {
            uint64_t sum = 0;

            for (uint64_t rank = 0; rank < of; rank++) {
                uint64_t share = load_ranks_share(total, rank, of);

                cr_assert(share == total / of || share == total / of + 1);
                sum += share;
            }
            cr_assert_eq(sum, total);
        }
}

static const char *apply(uint64_t connections, uint64_t threads, uint64_t rank, uint64_t of)
{
    struct load_options options = {.connections = connections, .threads = threads};

    return load_ranks_apply(&options, rank, of);
}

Test(load_shares, what_cannot_be_shared_is_refused)
{
    cr_assert_null(apply(7, 2, 2, 3));
    cr_assert(strstr(apply(2, 1, 0, 0), "--of"));
    cr_assert(strstr(apply(2, 1, 0, LOAD_RANKS_MAX + 1), "--of"));
    cr_assert(strstr(apply(2, 1, 2, 2), "--rank"));
    cr_assert(strstr(apply(2, 1, 2, 3), "--connections"));
    cr_assert(strstr(apply(7, 3, 2, 3), "--threads"));
}

/* All of them compute one time: it must not depend on the rank. */
Test(load_shares, beginning_is_the_same_for_all)
{
    struct load_options first = {.connections = 100001, .idle = 4, .threads = 1}, last = first;

    cr_assert_null(load_ranks_apply(&first, 0, 3));
    cr_assert_null(load_ranks_apply(&last, 2, 3));
    cr_assert_neq(first.connections, last.connections);
    cr_assert(first.idle == 2 && last.idle == 1);
    cr_assert_eq(load_ranks_opening_ns(&first), load_ranks_opening_ns(&last));
    cr_assert_gt(load_ranks_opening_ns(&first), 5 * NS_PER_S);
}
