/* limit: recvfrom and sendto on one blocking socket, bare: what came goes back. */
#include "limit.h"

enum { DATAGRAM_MAX = 65536 };

int main(int argc, char **argv)
{
    static char bytes[DATAGRAM_MAX];
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)(argc > 1 ? atoi(argv[1]) : 0)),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    signal(SIGTERM, limit_end);
    if (bind(fd, (struct sockaddr *)&address, size) < 0)
        exit(3);
    getsockname(fd, (struct sockaddr *)&address, &size);
    printf("ready udp://127.0.0.1:%u\n", ntohs(address.sin_port));
    fflush(stdout);
    for (;;) {
        struct sockaddr_in from;
        socklen_t from_size = sizeof from;
        ssize_t n = recvfrom(fd, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &from_size);

        if (n >= 0)
            sendto(fd, bytes, (size_t)n, 0, (struct sockaddr *)&from, from_size);
    }
}
