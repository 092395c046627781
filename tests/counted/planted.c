/*
 * planted - the regression that the cost suite must find: one system call more per request, in one
 * model only, here epoll.
 *
 * It is linked into a tenk-serve of its own (`--wrap=conn_progress`, ld(1)); the models know nothing of
 * it. The C library gives constructors the arguments of main, and the first one is the model.
 */
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "conn.h"

enum conn_status __real_conn_progress(struct conn *conn);
enum conn_status __wrap_conn_progress(struct conn *conn);

static bool planted;

__attribute__((constructor)) static void look_at_arguments(int argc, char **argv)
{
    planted = argc > 1 && strcmp(argv[1], "epoll") == 0;
}

enum conn_status __wrap_conn_progress(struct conn *conn)
{
    if (planted)
        getppid();
    return __real_conn_progress(conn);
}
