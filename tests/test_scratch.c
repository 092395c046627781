/*
 * The directory of a program's own: it is there, it goes, and one whose owner was killed goes with the next.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../bench/failure.c"
#include "../bench/scratch.c"

static char parent[] = "/tmp/tenk-scratch-test-XXXXXX";
static struct failure failure;

static void setup(void)
{
    cr_assert_not_null(mkdtemp(parent));
    setenv("TMPDIR", parent, 1);
}

static void teardown(void)
{
    nftw(parent, remove_entry, DEPTH, FTW_DEPTH | FTW_PHYS);
}

TestSuite(scratch, .init = setup, .fini = teardown, .timeout = 30);

static void put_file(const char *directory)
{
    char path[LAUNCH_PATH_MAX + 8];
    FILE *file;

    snprintf(path, sizeof(path), "%s/file", directory);
    file = fopen(path, "we");
    cr_assert_not_null(file);
    fclose(file);
}

Test(scratch, is_removed_with_what_is_in_it)
{
    struct scratch scratch;

    cr_assert_eq(scratch_open(&scratch, "program", &failure), 0, "%s", failure.text);
    put_file(scratch.path);
    scratch_close(&scratch);
    cr_assert_neq(access(scratch.path, F_OK), 0);
}

/* A child makes one, tells its name, and is killed; a second one lives on. */
Test(scratch, what_a_killed_owner_left_goes_with_the_next)
{
    struct scratch kept, next;
    char left[LAUNCH_PATH_MAX] = "";
    int ends[2];

    cr_assert_eq(scratch_open(&kept, "program", &failure), 0, "%s", failure.text);
    cr_assert_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        struct scratch own;

        if (scratch_open(&own, "program", &failure) == 0) {
            put_file(own.path);
            (void)!write(ends[1], own.path, strlen(own.path));
        }
        raise(SIGKILL);
    }
    cr_assert_gt(read(ends[0], left, sizeof(left) - 1), 0);
    cr_assert_eq(waitpid(child, NULL, 0), child);
    cr_assert_eq(access(left, F_OK), 0);
    cr_assert_eq(scratch_open(&next, "program", &failure), 0, "%s", failure.text);
    cr_assert_neq(access(left, F_OK), 0, "its owner is dead");
    cr_assert_eq(access(kept.path, F_OK), 0, "its owner lives");
    scratch_close(&next);
    scratch_close(&kept);
}

Test(scratch, what_only_looks_like_one_stays)
{
    struct scratch scratch;
    char other[LAUNCH_PATH_MAX];

    snprintf(other, sizeof(other), "%s/program-of-mine", parent);
    cr_assert_eq(mkdir(other, 0700), 0);
    cr_assert_eq(scratch_open(&scratch, "program", &failure), 0, "%s", failure.text);
    cr_assert_eq(access(other, F_OK), 0);
    scratch_close(&scratch);
}

Test(scratch, no_place_for_it_is_said)
{
    struct scratch scratch;

    setenv("TMPDIR", "/nonesuch", 1);
    cr_assert_eq(scratch_open(&scratch, "program", &failure), -1);
    cr_assert_not_null(strstr(failure.text, "set TMPDIR to another"), "%s", failure.text);
}
