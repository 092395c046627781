/* limit: an acceptor, a ring of descriptors under a mutex, N threads (argument 2, default 64), bare. */
#include "limit.h"

#include <pthread.h>

enum { RING = 1024 };

static int ring[RING];
static unsigned head, tail;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER;

static void *serve(void *argument)
{
    (void)argument;
    for (;;) {
        pthread_mutex_lock(&lock);
        while (head == tail)
            pthread_cond_wait(&filled, &lock);
        int fd = ring[head++ % RING];
        pthread_mutex_unlock(&lock);
        limit_serve(fd);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    int listener = limit_listen(argc, argv);
    pthread_t thread;

    for (int i = argc > 2 ? atoi(argv[2]) : 64; i > 0; i--)
        pthread_create(&thread, NULL, serve, NULL);
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

        if (fd < 0)
            continue;
        pthread_mutex_lock(&lock);
        if (tail - head == RING)
            close(fd);
        else
            ring[tail++ % RING] = fd;
        pthread_mutex_unlock(&lock);
        pthread_cond_signal(&filled);
    }
}
