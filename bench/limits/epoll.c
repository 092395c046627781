/* limit: one epoll loop, level-triggered, bare. */
#include "limit.h"

#include <sys/epoll.h>

enum { EVENTS = 256 };

int main(int argc, char **argv)
{
    int listener = limit_listen(argc, argv);
    int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event events[EVENTS];

    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener,
              &(struct epoll_event){.events = EPOLLIN, .data.fd = listener});
    for (;;) {
        int ready = epoll_wait(epoll_fd, events, EVENTS, -1);

        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd;

            if (fd == listener) {
                fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
                epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd,
                          &(struct epoll_event){.events = EPOLLIN, .data.fd = fd});
            } else if (!limit_answer(fd)) {
                close(fd);
            }
        }
    }
}
