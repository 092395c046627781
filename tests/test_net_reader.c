/*
 * The buffered reader: lines and exact counts, however the bytes are cut on their way.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "net.h"

TestSuite(net_reader, .timeout = 30);

/* ---- a reader at one end, the test at the other ---- */

static struct net_reader reader;
static int ends[2];

static void open_ends(void)
{
    cr_assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    net_reader_open(&reader, ends[0]);
}

static void close_ends(void)
{
    close(ends[0]);
    close(ends[1]);
}

static void put(const void *bytes, size_t size)
{
    cr_expect(net_send_all(ends[1], bytes, size) == 0);
}

static void put_text(const char *text)
{
    put(text, strlen(text));
}

static void put_end(void)
{
    shutdown(ends[1], SHUT_WR);
}

static void expect_line(const char *expected)
{
    char *line = NULL;
    ssize_t length = net_read_line(&reader, &line);

    cr_assert(length == (ssize_t)strlen(expected), "length %zd of \"%s\"", length, expected);
    cr_assert_str_eq(line, expected);
}

static void expect_no_line(int error)
{
    char *line;

    errno = 77;
    cr_assert(net_read_line(&reader, &line) == -1 && errno == error, "errno %d", errno);
}

/* ---- lines ---- */

Test(net_reader, many_lines_in_one_segment, .init = open_ends, .fini = close_ends)
{
    put_text("one\r\ntwo\n\r\n\nfive with spaces \r\r\n");
    put_end();
    expect_line("one");
    expect_line("two");
    expect_line("");
    expect_line("");
    expect_line("five with spaces \r");
    expect_no_line(0);
    expect_no_line(0);
}

/* The bytes of a line and of the body behind it, cut in two at every place. */
Test(net_reader, cut_at_every_byte)
{
    static const char text[] = "GET / HTTP/1.1\r\nHost: x\n\r\n12345";
    const size_t length = sizeof(text) - 1;

    for (size_t cut = 0; cut <= length; cut++) {
        char body[5];

        open_ends();
        /* The part before the cut is read as far as it goes before the rest is sent. */
        put(text, cut);
        if (cut >= 16)
            expect_line("GET / HTTP/1.1");
        put(text + cut, length - cut);
        if (cut < 16)
            expect_line("GET / HTTP/1.1");
        expect_line("Host: x");
        expect_line("");
        cr_assert(net_read_exactly(&reader, body, 5) == 0 && memcmp(body, "12345", 5) == 0, "cut at %zu",
                  cut);
        close_ends();
    }
}

static void *drip(void *text)
{
    for (const char *c = text; *c; c++) {
        put(c, 1);
        clock_sleep_ns(NS_PER_MS / 2);
    }
    return NULL;
}

Test(net_reader, a_byte_at_a_time, .init = open_ends, .fini = close_ends)
{
    char text[] = "first line\r\nsecond\nrest";
    char rest[4];
    pthread_t thread;

    cr_assert(pthread_create(&thread, NULL, drip, text) == 0);
    expect_line("first line");
    expect_line("second");
    cr_assert(net_read_exactly(&reader, rest, 4) == 0 && memcmp(rest, "rest", 4) == 0);
    pthread_join(thread, NULL);
}

Test(net_reader, a_line_may_hold_zero_bytes, .init = open_ends, .fini = close_ends)
{
    char *line;

    put("a\0b\n", 4);
    cr_assert(net_read_line(&reader, &line) == 3);
    cr_assert(memcmp(line, "a\0b", 4) == 0);
}

Test(net_reader, the_longest_line_fills_the_buffer, .init = open_ends, .fini = close_ends)
{
    static char line[NET_READER_SIZE];
    char *got;

    memset(line, 'x', sizeof(line));
    line[sizeof(line) - 1] = '\n';
    put_text("short\n");
    put(line, sizeof(line));
    put_text("after\n");
    expect_line("short");
    cr_assert(net_read_line(&reader, &got) == NET_READER_SIZE - 1);
    cr_assert(memcmp(got, line, sizeof(line) - 1) == 0 && got[sizeof(line) - 1] == '\0');
    expect_line("after");
}

Test(net_reader, a_longer_line_is_refused_and_its_bytes_stay, .init = open_ends, .fini = close_ends)
{
    static char line[NET_READER_SIZE + 1], got[NET_READER_SIZE + 1];

    memset(line, 'x', NET_READER_SIZE);
    line[NET_READER_SIZE] = '\n';
    put(line, sizeof(line));
    expect_no_line(EMSGSIZE);
    expect_no_line(EMSGSIZE);
    cr_assert(net_read_exactly(&reader, got, sizeof(got)) == 0 && memcmp(got, line, sizeof(got)) == 0);
}

Test(net_reader, half_a_line_at_the_end_is_no_line_but_can_be_read, .init = open_ends, .fini = close_ends)
{
    char rest[16];

    put_text("whole\nhalf");
    put_end();
    expect_line("whole");
    expect_no_line(0);
    cr_assert(net_read(&reader, rest, sizeof(rest)) == 4 && memcmp(rest, "half", 4) == 0);
    cr_assert(net_read(&reader, rest, sizeof(rest)) == 0);
}

Test(net_reader, a_time_out_loses_nothing, .init = open_ends, .fini = close_ends)
{
    cr_assert(net_set_timeouts_ns(ends[0], 20 * NS_PER_MS) == 0);
    put_text("slow");
    expect_no_line(EAGAIN);
    put_text("ly\n");
    expect_line("slowly");
}

/* The '\r' was read as part of something else: it must not be taken off the empty line behind it. */
Test(net_reader, an_empty_line_takes_no_byte_that_was_given_out, .init = open_ends, .fini = close_ends)
{
    char byte;

    put_text("\r\n");
    cr_assert(net_read_exactly(&reader, &byte, 1) == 0 && byte == '\r');
    expect_line("");
}

/* ---- counts ---- */

Test(net_reader, read_gives_what_is_buffered_first, .init = open_ends, .fini = close_ends)
{
    static char big[2 * NET_READER_SIZE];

    put_text("line\nabcdef");
    expect_line("line");
    cr_assert(net_read(&reader, big, 3) == 3 && memcmp(big, "abc", 3) == 0);
    put_text("ghi");
    cr_assert(net_read(&reader, big, sizeof(big)) == 3 && memcmp(big, "def", 3) == 0);
    cr_assert(net_read(&reader, big, sizeof(big)) == 3 && memcmp(big, "ghi", 3) == 0);
    cr_assert(net_read(&reader, big, 0) == 0);
    put_end();
    cr_assert(net_read(&reader, big, 1) == 0);
    cr_assert(net_read(&reader, big, sizeof(big)) == 0);
}

enum { LARGE = 300000 };

static char large[LARGE];

static void *put_large(void *unused)
{
    (void)unused;
    put_text("head\n");
    put(large, sizeof(large));
    put_text("tail\n");
    return NULL;
}

Test(net_reader, exactly_means_exactly_beyond_the_buffer, .init = open_ends, .fini = close_ends)
{
    char *got = malloc(LARGE);
    pthread_t thread;

    for (int i = 0; i < LARGE; i++)
        large[i] = (char)(i * 31 + i / 256);
    cr_assert(pthread_create(&thread, NULL, put_large, NULL) == 0);
    expect_line("head");
    cr_assert(net_read_exactly(&reader, got, LARGE) == 0);
    cr_assert(memcmp(got, large, LARGE) == 0);
    expect_line("tail");
    pthread_join(thread, NULL);
    free(got);
}

Test(net_reader, an_early_end_is_told_from_an_error, .init = open_ends, .fini = close_ends)
{
    char bytes[8];

    put_text("1234567");
    put_end();
    errno = 77;
    cr_assert(net_read_exactly(&reader, bytes, 8) == -1 && errno == 0);
    cr_assert(net_read_exactly(&reader, bytes, 0) == 0);
    net_reader_open(&reader, 1000);
    cr_assert(net_read_exactly(&reader, bytes, 1) == -1 && errno == EBADF);
    expect_no_line(EBADF);
}

/* ---- records ---- */

static void expect_record(const char *expected, size_t size)
{
    char bytes[64];

    cr_assert(net_read_record(&reader, bytes, sizeof bytes) == (ssize_t)size);
    cr_assert(memcmp(bytes, expected, size) == 0);
}

static void expect_no_record(size_t room, int error)
{
    char bytes[64];

    errno = 77;
    cr_assert(net_read_record(&reader, bytes, room) == -1 && errno == error, "errno %d", errno);
}

Test(net_reader, records_come_as_they_were_written, .init = open_ends, .fini = close_ends)
{
    static struct net_writer writer;

    net_writer_open(&writer, ends[1]);
    cr_assert(net_write_record(&writer, "one", 3) == 0 && net_write_record(&writer, "", 0) == 0);
    cr_assert(net_write_record(&writer, "\0\n\r", 3) == 0 && net_flush(&writer) == 0);
    put_end();
    expect_record("one", 3);
    expect_record("", 0);
    expect_record("\0\n\r", 3);
    expect_no_record(64, 0);
}

Test(net_reader, a_record_is_its_length_in_network_order_and_its_bytes, .init = open_ends, .fini = close_ends)
{
    put("\0\0\0\2hi\0\0\0", 9);
    expect_record("hi", 2);
    put_end();
    expect_no_record(64, EBADMSG);
}

Test(net_reader, a_record_that_ends_early_or_is_too_long_is_told, .init = open_ends, .fini = close_ends)
{
    put("\0\0\0\5hello\0\0\0\5hell", 17);
    put_end();
    expect_no_record(4, EMSGSIZE);
    net_read_exactly(&reader, (char[5]){0}, 5);
    expect_no_record(64, EBADMSG);
}

/* ---- the writer ---- */

/* Nothing leaves before the buffer is full or flushed; then everything, in order. */
Test(net_reader, the_writer_collects_until_it_is_flushed, .init = open_ends, .fini = close_ends)
{
    static struct net_writer writer;
    char byte;

    net_writer_open(&writer, ends[1]);
    cr_assert(net_set_nonblocking(ends[0], true) == 0);
    cr_assert(net_write(&writer, "GET", 3) == 0 && net_write_line(&writer, " / HTTP/1.1") == 0);
    cr_assert(net_receive(ends[0], &byte, 1) == -1 && errno == EAGAIN, "it is still collected");
    cr_assert(net_flush(&writer) == 0 && net_flush(&writer) == 0);
    put_text("behind\n");
    expect_line("GET / HTTP/1.1");
    expect_line("behind");
}

/* RFC 9112, section 2.2: a line ends with CRLF. */
Test(net_reader, a_written_line_ends_with_carriage_return_and_newline, .init = open_ends, .fini = close_ends)
{
    static struct net_writer writer;
    char bytes[8];

    net_writer_open(&writer, ends[1]);
    cr_assert(net_write_line(&writer, "GET") == 0 && net_flush(&writer) == 0);
    cr_assert(net_receive(ends[0], bytes, sizeof bytes) == 5 && memcmp(bytes, "GET\r\n", 5) == 0);
}

static void *write_large(void *unused)
{
    static struct net_writer writer;

    (void)unused;
    net_writer_open(&writer, ends[1]);
    for (size_t at = 0, n = 1; at < LARGE; at += n, n = n * 3 % 20011 + 1) {
        n = n < LARGE - at ? n : LARGE - at;
        cr_expect(net_write(&writer, large + at, n) == 0);
    }
    cr_expect(net_flush(&writer) == 0);
    return NULL;
}

Test(net_reader, the_writer_takes_more_than_it_holds, .init = open_ends, .fini = close_ends)
{
    char *got = malloc(LARGE);
    pthread_t thread;

    for (int i = 0; i < LARGE; i++)
        large[i] = (char)(i * 37 + i / 256);
    cr_assert(pthread_create(&thread, NULL, write_large, NULL) == 0);
    cr_assert(net_read_exactly(&reader, got, LARGE) == 0 && memcmp(got, large, LARGE) == 0);
    pthread_join(thread, NULL);
    free(got);
}

Test(net_reader, the_writer_tells_that_the_reader_left, .init = open_ends)
{
    static struct net_writer writer;

    close(ends[0]);
    net_writer_open(&writer, ends[1]);
    cr_assert(net_write(&writer, "x", 1) == 0 && net_flush(&writer) == -1 && errno == EPIPE);
    cr_assert(net_write(&writer, large, LARGE) == -1 && errno == EPIPE);
    close(ends[1]);
}
