/*
 * limit: a child process per connection, bare. The kernel reaps the children. Argument 2: how many requests
 * a connection gets before it is closed (none: any number).
 */
#include "limit.h"

#include <signal.h>

int main(int argc, char **argv)
{
    int listener = limit_listen(argc, argv), requests = argc > 2 ? atoi(argv[2]) : 0;

    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

        if (fd >= 0 && fork() == 0) {
            close(listener);
            if (requests == 0)
                limit_serve(fd);
            for (int i = 0; i < requests; i++)
                limit_answer(fd);
            _exit(0);
        }
        if (fd >= 0)
            close(fd);
    }
}
