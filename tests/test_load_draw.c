/*
 * The bars under the summary of tenk-load, and what decides whether and how they are drawn.
 */
#include <criterion/criterion.h>

#include "../clients/load_draw.c"
#include "random.h"

enum { TEXT_MAX = 8192 };

static struct histogram histogram;
static char text[TEXT_MAX];

static void setup(void)
{
    cr_assert(histogram_open(&histogram) == 0);
}

static void teardown(void)
{
    histogram_close(&histogram);
}

TestSuite(load_draw, .init = setup, .fini = teardown, .timeout = 60);

static void draw(struct load_draw_style style)
{
    FILE *out = fmemopen(text, sizeof(text), "w");

    memset(text, 0, sizeof(text));
    load_draw(out, &style, &histogram);
    fclose(out);
}

static void record_times(int64_t value_ns, unsigned times)
{
    while (times-- > 0)
        histogram_record(&histogram, value_ns);
}

static int lines(void)
{
    int count = 0;

    for (const char *at = text; *at != '\0'; at++)
        count += *at == '\n';
    return count;
}

Test(load_draw, rows_are_ranges_with_their_share)
{
    record_times(15000, 60);
    record_times(40000, 30);
    record_times(900000, 10);
    draw((struct load_draw_style){.width = 46});
    cr_assert_str_eq(text, "\n"
                           "  <   16.0 us  60.000 % ####################\n"
                           "  <   25.0 us   0.000 % \n"
                           "  <   40.0 us   0.000 % \n"
                           "  <   63.0 us  30.000 % ##########\n"
                           "  <    100 us   0.000 % \n"
                           "  <    160 us   0.000 % \n"
                           "  <    250 us   0.000 % \n"
                           "  <    400 us   0.000 % \n"
                           "  <    630 us   0.000 % \n"
                           "  <   1.00 ms  10.000 % ###\n");
}

Test(load_draw, rare_values_leave_a_mark)
{
    record_times(15000, 100000);
    record_times(45000, 1);
    draw((struct load_draw_style){.width = 46, .blocks = true});
    cr_assert(strstr(text, "0.001 % ▏\n"), "%s", text);
    cr_assert(strstr(text, "████████████████████\n"), "%s", text);
}

Test(load_draw, one_value_is_one_row)
{
    record_times(30000, 5);
    draw((struct load_draw_style){.width = 80});
    cr_assert_eq(lines(), 2, "%s", text);
    cr_assert(strstr(text, "100.000 %"), "%s", text);
}

Test(load_draw, colour_only_when_it_may)
{
    record_times(30000, 5);
    draw((struct load_draw_style){.width = 80});
    cr_assert_null(strchr(text, '\033'));
    draw((struct load_draw_style){.width = 80, .colour = true});
    cr_assert_not_null(strchr(text, '\033'));
}

Test(load_draw, nothing_where_there_is_no_room_or_no_value)
{
    draw((struct load_draw_style){.width = 80});
    cr_assert_str_eq(text, "");
    record_times(30000, 5);
    draw((struct load_draw_style){.width = LOAD_DRAW_WIDTH_MIN - 1});
    cr_assert_str_eq(text, "");
    draw((struct load_draw_style){0});
    cr_assert_str_eq(text, "");
}

/* Whatever is in it: bounded rows and lines, and shares that come to 100. */
Test(load_draw, any_values)
{
    uint64_t seed = random_start();

    for (int round = 0; round < 200; round++) {
        histogram_clear(&histogram);
        unsigned from = (unsigned)(random_u64() % 36);
        for (int i = 0; i < 50; i++)
            histogram_record(&histogram, (int64_t)random_magnitude(from + 1));
        draw((struct load_draw_style){.width = 60});
        cr_assert_leq(lines(), LOAD_DRAW_ROWS_MAX + 1, "seed %lu: %s", seed, text);
        double sum = 0;
        for (char *at = strtok(text, "\n"); at != NULL; at = strtok(NULL, "\n")) {
            cr_assert_leq(strlen(at), 60, "seed %lu: %s", seed, at);
            sum += strtod(at + 14, NULL);
        }
        cr_assert(sum == 0 || (sum > 99.9 && sum < 100.1), "seed %lu: %f", seed, sum);
    }
}

Test(load_draw, style_of_something_that_is_no_terminal)
{
    int ends[2];

    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(load_draw_style_of(ends[1]).width, 0);
}
