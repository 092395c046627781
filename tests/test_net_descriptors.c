/*
 * Descriptors as messages: passed, refused, lost; none is left over and none is inherited.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "net.h"
#include "sockets.h"

enum { NOBODY = 65534 };

TestSuite(net_descriptors, .timeout = 60);

/* For tests that went on as nobody: the leak checker of the sanitizer build traces this process at its end.
 */
static void take_rights_back(void)
{
    if (getuid() == 0)
        cr_assert(seteuid(0) == 0);
}

Test(net_descriptors, descriptors_travel_with_bytes_and_arrive_closed_on_exec)
{
    int pair[2], pipes[2][2];
    struct iovec piece = {(char[8]){"two"}, 3};
    struct net_message sent = {.pieces = &piece, .count = 1}, got = {.pieces = &piece, .count = 1};

    cr_assert(net_descriptor_pair(pair) == 0);
    for (size_t i = 0; i < 2; i++) {
        cr_assert(pipe2(pipes[i], O_CLOEXEC) == 0);
        sent.descriptors[sent.descriptor_count++] = pipes[i][1];
    }
    cr_assert(net_send_message(pair[0], &sent) == 3);
    close(pipes[0][1]);
    close(pipes[1][1]);
    cr_assert(net_receive_message(pair[1], &got) == 3 && got.descriptor_count == 2 && !got.descriptors_lost);
    for (size_t i = 0; i < 2; i++) {
        char byte = 0;

        cr_assert(fcntl(got.descriptors[i], F_GETFD) & FD_CLOEXEC);
        cr_assert(write(got.descriptors[i], &"ab"[i], 1) == 1 && read(pipes[i][0], &byte, 1) == 1);
        cr_assert(byte == "ab"[i], "in order");
        close(got.descriptors[i]);
        cr_assert(read(pipes[i][0], &byte, 1) == 0, "no other copy is left");
    }
}

Test(net_descriptors, a_message_takes_so_many_descriptors_and_no_more)
{
    int pair[2];
    struct iovec piece = {(char[8]){"x"}, 1};
    struct net_message message = {.pieces = &piece, .count = 1};

    cr_assert(net_descriptor_pair(pair) == 0);
    for (size_t i = 0; i < NET_DESCRIPTORS_MAX; i++)
        message.descriptors[i] = 2;
    message.descriptor_count = NET_DESCRIPTORS_MAX + 1;
    cr_assert(net_send_message(pair[0], &message) == -1 && errno == EINVAL);
    message.descriptor_count = NET_DESCRIPTORS_MAX;
    cr_assert(net_send_message(pair[0], &message) == 1);
    cr_assert(net_receive_message(pair[1], &message) == 1 && message.descriptor_count == NET_DESCRIPTORS_MAX);
    for (size_t i = 0; i < NET_DESCRIPTORS_MAX; i++)
        close(message.descriptors[i]);
}

/* Who may open few descriptors may not have many on their way either, but for root. unix(7) */
Test(net_descriptors, too_many_descriptors_on_their_way_are_refused)
{
    int pair[2], sent = 0;
    struct iovec piece = {(char[8]){"x"}, 1};
    struct net_message message = {.pieces = &piece, .count = 1, .descriptor_count = NET_DESCRIPTORS_MAX};
    struct rlimit limit;

    cr_assert(net_descriptor_pair(pair) == 0 && getrlimit(RLIMIT_NOFILE, &limit) == 0);
    for (size_t i = 0; i < NET_DESCRIPTORS_MAX; i++)
        message.descriptors[i] = 2;
    if (geteuid() == 0)
        cr_assert(seteuid(NOBODY) == 0);
    limit.rlim_cur = 32;
    cr_assert(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    while (sent < 10 && net_send_message(pair[0], &message) == 1)
        sent++;
    cr_assert(sent < 10 && errno == ETOOMANYREFS, "%d messages: %s", sent, strerror(errno));
    take_rights_back();
}

Test(net_descriptors, descriptors_without_room_are_told_as_lost)
{
    int pair[2], highest = dup(2);
    struct iovec piece = {(char[8]){"x"}, 1};
    struct net_message message = {.pieces = &piece, .count = 1, .descriptors = {2, 2}, .descriptor_count = 2};
    struct rlimit limit;

    close(highest);
    cr_assert(net_descriptor_pair(pair) == 0);
    cr_assert(net_send_message(pair[0], &message) == 1 && net_pass_descriptor(pair[0], 2) == 0);
    cr_assert(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    cr_assert(setrlimit(RLIMIT_NOFILE, &(struct rlimit){(rlim_t)pair[1] + 1, limit.rlim_max}) == 0);
    cr_expect(net_receive_message(pair[1], &message) == 1 && message.descriptors_lost &&
              message.descriptor_count < 2);
    cr_expect(net_take_descriptor(pair[1]) == -1 && errno == EBADMSG);
    cr_assert(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

/* Who takes one and gets two has neither, and no descriptor more than before. */
Test(net_descriptors, two_descriptors_are_not_taken_for_one)
{
    struct iovec piece = {(char[8]){"x"}, 1};
    struct net_message message = {.pieces = &piece, .count = 1, .descriptors = {2, 2}, .descriptor_count = 2};
    int pair[2], before;

    cr_assert(net_descriptor_pair(pair) == 0 && net_send_message(pair[0], &message) == 1);
    before = sockets_descriptors();
    cr_assert(net_take_descriptor(pair[1]) == -1 && errno == EBADMSG);
    cr_assert_eq(sockets_descriptors(), before);
    close(pair[0]);
    close(pair[1]);
}

Test(net_descriptors, a_pair_keeps_messages_whole_and_is_not_inherited)
{
    int pair[2];
    char bytes[8];

    cr_assert(net_descriptor_pair(pair) == 0);
    for (int i = 0; i < 2; i++)
        cr_assert(fcntl(pair[i], F_GETFD) & FD_CLOEXEC);
    cr_assert(net_send(pair[0], "one", 3) == 3 && net_send(pair[0], "two", 3) == 3);
    cr_assert(net_receive(pair[1], bytes, sizeof bytes) == 3 &&
              net_receive(pair[1], bytes, sizeof bytes) == 3);
}

Test(net_descriptors, the_end_is_told_from_an_error_on_both_sides)
{
    int pair[2];

    cr_assert(net_descriptor_pair(pair) == 0);
    cr_assert(net_pass_descriptor(pair[0], 1000) == -1 && errno == EBADF);
    close(pair[0]);
    errno = EBADMSG;
    cr_assert(net_take_descriptor(pair[1]) == -1 && errno == 0, "the end of input");
    close(pair[1]);
    cr_assert(net_take_descriptor(pair[1]) == -1 && errno == EBADF);
    cr_assert(net_descriptor_pair(pair) == 0);
    close(pair[1]);
    cr_assert(net_pass_descriptor(pair[0], 2) == -1 && errno == EPIPE);
}
