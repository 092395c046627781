/*
 * duet_build - see duet_build.h. git-worktree(1), git-rev-parse(1)
 */
#include "duet_build.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "environment.h"

enum { GIT_TIMEOUT_S = 60, MAKE_TIMEOUT_S = 600, COMMIT_MAX = 64, PLACE_MAX = 96 };

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Runs a program with its errors in a file; `text` receives what it prints. 0 or -1. */
static int run(int timeout_s, const char *log, char *text, size_t size, const char *const *words)
{
    struct launch program = launch_empty();
    struct failure ignored;
    int status;

    for (unsigned i = 0; i < LAUNCH_ARGUMENTS_MAX - 1 && words[i]; i++)
        program.argv[i] = words[i];
    program.stderr_fd = log ? open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
    status = launch_output(&program, timeout_s * NS_PER_S, text, size, &ignored);
    if (program.stderr_fd >= 0)
        close(program.stderr_fd);
    text[strcspn(text, "\n")] = '\0';
    return status;
}

/* What make is told, so that both sides are built alike: this program's own compiler and flags. */
static void build_words(char compiler[PLACE_MAX], char flags[PLACE_MAX * 2])
{
    const char *build = environment_build();
    size_t length = strcspn(build, " ");

    snprintf(compiler, PLACE_MAX, "CC=%.*s", (int)length, build);
    snprintf(flags, PLACE_MAX * 2, "CFLAGS=%.180s", build[length] ? build + length + 1 : "");
}

static int copy_program(const char *from, const char *to, struct failure *failure)
{
    char temporary[LAUNCH_PATH_MAX], text[64];

    snprintf(temporary, sizeof(temporary), "%.4000s.new", to);
    if (run(GIT_TIMEOUT_S, NULL, text, sizeof(text), WORDS("cp", from, temporary)) < 0 ||
        rename(temporary, to) < 0)
        return failure_set(failure, EXIT_HERE, "cannot keep %.300s: %s", to, strerror(errno));
    return 0;
}

static int build_in(const char *place, const char *repository, const char *commit, const char *kept,
                    struct failure *failure)
{
    char text[512], compiler[PLACE_MAX], flags[PLACE_MAX * 2], target[PLACE_MAX + 32], log[PLACE_MAX + 8];
    int status;

    snprintf(log, sizeof(log), "%s.log", place);
    snprintf(target, sizeof(target), "%s/build/tenk-serve", place);
    build_words(compiler, flags);
    if (run(GIT_TIMEOUT_S, log, text, sizeof(text),
            WORDS("git", "-C", repository, "worktree", "add", "--detach", "--force", place, commit)) < 0)
        return failure_set(failure, EXIT_HERE, "git cannot check out %.20s into %s; it says why in %s",
                           commit, place, log);
    fprintf(stderr, "tenk-bench: building tenk-serve of %.10s\n", commit);
    status = run(MAKE_TIMEOUT_S, log, text, sizeof(text),
                 WORDS("make", "-C", place, "BUILD=build", compiler, flags, "build/tenk-serve")) < 0
                 ? failure_set(failure, EXIT_HERE, "tenk-serve of %.10s cannot be built; make says why in %s",
                               commit, log)
                 : copy_program(target, kept, failure);
    run(GIT_TIMEOUT_S, NULL, text, sizeof(text),
        WORDS("git", "-C", repository, "worktree", "remove", "--force", place));
    if (status == 0)
        unlink(log);
    return status;
}

int duet_build(const char *revision, char path[LAUNCH_PATH_MAX], struct failure *failure)
{
    char repository[LAUNCH_PATH_MAX], commit[COMMIT_MAX] = "", name[256], place[PLACE_MAX],
                                      kept[LAUNCH_PATH_MAX];

    snprintf(name, sizeof(name), "%.200s^{commit}", revision);
    if (launch_directory(repository) < 0 || revision[0] == '-' ||
        run(GIT_TIMEOUT_S, NULL, commit, sizeof(commit),
            WORDS("git", "-C", repository, "rev-parse", "--verify", "--quiet", name)) < 0)
        return failure_set(
            failure, EXIT_USAGE,
            "%.200s is neither a program, nor a directory with a tenk-serve, nor a git revision", revision);
    snprintf(kept, sizeof(kept), "%.3900s/revisions", repository);
    if (mkdir(kept, 0755) < 0 && errno != EEXIST)
        return failure_set(failure, EXIT_HERE, "cannot make %.300s: %s", kept, strerror(errno));
    snprintf(path, LAUNCH_PATH_MAX, "%.3900s/tenk-serve-%.40s", kept, commit);
    if (access(path, X_OK) == 0)
        return 0;
    snprintf(place, sizeof(place), "/tmp/tenk-bench-%d-%.40s", getpid(), commit);
    return build_in(place, repository, commit, path, failure);
}
