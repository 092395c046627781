/*
 * net_pass - descriptors as messages between processes (SCM_RIGHTS). One message carries one
 * descriptor and one byte, because a message without data is an end of input on some sockets.
 * unix(7), cmsg(3), sendmsg(2)
 */
#include "net.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>

int net_descriptor_pair(int pair[2])
{
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);
}

/* Room for one control message with one descriptor, aligned as cmsg(3) asks for. */
union passed {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
};

int net_pass_descriptor(int socket, int fd)
{
    union passed control = {0};
    struct iovec data = {.iov_base = &(char){0}, .iov_len = 1};
    struct msghdr message = {
        .msg_iov = &data,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
        .msg_controllen = sizeof control.bytes,
    };

    control.header =
        (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
    return sendmsg(socket, &message, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

int net_take_descriptor(int socket)
{
    union passed control = {0};
    char byte;
    struct iovec data = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {
        .msg_iov = &data,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
        .msg_controllen = sizeof control.bytes,
    };
    ssize_t n;
    int fd;

    do
        n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n == 0)
        errno = 0;
    if (n <= 0)
        return -1;
    const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header == NULL || header->cmsg_type != SCM_RIGHTS) {
        errno = EBADMSG; /* MSG_CTRUNC: this process has no descriptor free for it */
        return -1;
    }
    memcpy(&fd, CMSG_DATA(header), sizeof fd);
    return fd;
}
