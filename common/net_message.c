/*
 * net_message - sendmsg(2) and recvmsg(2) (net.h): pieces, an address and descriptors in one call; and
 * one descriptor as a message between processes.
 *
 * Descriptors travel in the control part (SCM_RIGHTS). The message holds references of its own, so
 * the sender may close its copies at once. unix(7), cmsg(3)
 */
#include "net.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "net_socket.h"

/* Room for one control message with all descriptors, aligned as cmsg(3) asks for. */
union control {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(NET_DESCRIPTORS_MAX * sizeof(int))];
};

static void put_descriptors(struct msghdr *header, union control *control, const int *fds, size_t count)
{
    size_t size = count * sizeof *fds;

    header->msg_control = control->bytes;
    header->msg_controllen = CMSG_SPACE(size);
    control->header =
        (struct cmsghdr){.cmsg_len = CMSG_LEN(size), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(&control->header), fds, size);
}

ssize_t net_send_message(int fd, const struct net_message *message)
{
    union control control = {0};
    struct msghdr header = {.msg_iov = message->pieces, .msg_iovlen = message->count};

    if (message->descriptor_count > NET_DESCRIPTORS_MAX) {
        errno = EINVAL;
        return -1;
    }
    if (message->address != NULL) {
        header.msg_name = &message->address->storage;
        header.msg_namelen = message->address->length;
    }
    if (message->descriptor_count > 0)
        put_descriptors(&header, &control, message->descriptors, message->descriptor_count);
    return sendmsg(fd, &header, MSG_NOSIGNAL);
}

static void take_descriptors(struct msghdr *header, struct net_message *message)
{
    const struct cmsghdr *part = CMSG_FIRSTHDR(header);

    message->descriptor_count = 0;
    if (part == NULL || part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
        return;
    message->descriptor_count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    memcpy(message->descriptors, CMSG_DATA(part), message->descriptor_count * sizeof(int));
}

/* MSG_TRUNC as a flag would make recvmsg discard bytes of a TCP stream; as an answer it is free. */
ssize_t net_receive_message(int fd, struct net_message *message)
{
    union control control;
    struct msghdr header;
    ssize_t received;

    do {
        header = (struct msghdr){.msg_iov = message->pieces,
                                 .msg_iovlen = message->count,
                                 .msg_control = control.bytes,
                                 .msg_controllen = sizeof control.bytes};
        if (message->address != NULL) {
            header.msg_name = &message->address->storage;
            header.msg_namelen = sizeof message->address->storage;
        }
        received = recvmsg(fd, &header, MSG_CMSG_CLOEXEC);
    } while (received < 0 && errno == EINTR);
    if (received < 0)
        return -1;
    if (message->address != NULL)
        message->address->length = header.msg_namelen;
    message->cut_off = (header.msg_flags & MSG_TRUNC) != 0;
    message->descriptors_lost = (header.msg_flags & MSG_CTRUNC) != 0;
    take_descriptors(&header, message);
    return received;
}

/* ---- one descriptor is the message ---- */

int net_descriptor_pair(int pair[2])
{
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);
}

/* With one byte, because a message without data is an end of input on some sockets. */
int net_pass_descriptor(int socket, int fd)
{
    struct iovec byte = {.iov_base = &(char){0}, .iov_len = 1};
    struct net_message message = {.pieces = &byte, .count = 1, .descriptors = {fd}, .descriptor_count = 1};

    return net_send_message(socket, &message) < 0 ? -1 : 0;
}

int net_take_descriptor(int socket)
{
    struct iovec byte = {.iov_base = &(char){0}, .iov_len = 1};
    struct net_message message = {.pieces = &byte, .count = 1};
    ssize_t n = net_receive_message(socket, &message);

    if (n == 0)
        errno = 0;
    if (n <= 0)
        return -1;
    if (message.descriptor_count == 1)
        return message.descriptors[0];
    for (size_t i = 0; i < message.descriptor_count; i++)
        close(message.descriptors[i]);
    errno = EBADMSG; /* with descriptors_lost: this process has none free for it */
    return -1;
}
