/* limit: a thread per connection, bare. */
#include "limit.h"

#include <pthread.h>
#include <stdint.h>

static void *serve(void *argument)
{
    limit_serve((int)(intptr_t)argument);
    return NULL;
}

int main(int argc, char **argv)
{
    int listener = limit_listen(argc, argv);
    pthread_attr_t attributes;
    pthread_t thread;

    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, 128 * 1024);
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

        if (fd >= 0 && pthread_create(&thread, &attributes, serve, (void *)(intptr_t)fd) != 0)
            close(fd);
    }
}
