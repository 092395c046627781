/* limit: a child process per connection, bare. The kernel reaps the children. */
#include "limit.h"

#include <signal.h>

int main(int argc, char **argv)
{
    int listener = limit_listen(argc, argv);

    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

        if (fd >= 0 && fork() == 0) {
            close(listener);
            limit_serve(fd);
            _exit(0);
        }
        if (fd >= 0)
            close(fd);
    }
}
