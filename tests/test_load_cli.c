/*
 * The command lines of tenk-load, tenk-get and tenk-echo: what they say to somebody who is wrong, the
 * files they write, and that stdout holds results and nothing else.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "histogram.h"
#include "liar.h"
#include "program.h"

enum { TIMEOUT_S = 60, USAGE = 2, CANNOT_RUN = 3, COMMAND_MAX = 1024 };

TestSuite(client_cli, .timeout = TIMEOUT_S);

static struct program_end end;
static char errors[PROGRAM_TEXT_MAX];
static struct liar liar;

/* Runs a command of sh(1) in which $LOAD, $GET and $ECHO are our programs. */
static void shell(const char *command)
{
    setenv("LOAD", program_path("tenk-load"), 1);
    setenv("GET", program_path("tenk-get"), 1);
    setenv("ECHO", program_path("tenk-echo"), 1);
    program_run((const char *[]){"/bin/sh", "-c", command, NULL}, &end, errors);
    cr_assert(end.exited, "`%s` did not exit by itself", command);
}

/* The same with %s in the command replaced. */
static void shell_on(const char *format, const char *what)
{
    char command[COMMAND_MAX];
    const char *at = strstr(format, "%s");

    cr_assert_not_null(at);
    snprintf(command, sizeof(command), "%.*s%s%s", (int)(at - format), format, what, at + 2);
    shell(command);
}

static void expect_sentence(int status, const char *names)
{
    cr_assert_eq(end.status, status, "exit status %d instead of %d: %s", end.status, status, errors);
    cr_assert_str_eq(end.out, "", "something was printed on its output: %s", end.out);
    cr_assert(strlen(errors) > 1 && strchr(errors, '\n') == errors + strlen(errors) - 1,
              "not one line but: %s", errors);
    cr_assert(strstr(errors, names), "`%s` is not named in: %s", names, errors);
}

static void start(void)
{
    liar_start(&liar, &(struct liar_plan){.lie = LIAR_HONEST, .wait_ms = 1});
}

/* ---- wrong usage ---- */

Test(client_cli, load_usage)
{
    shell("$LOAD");
    expect_sentence(USAGE, "tenk-load http://");
    shell("$LOAD ftp://127.0.0.1/");
    expect_sentence(USAGE, "ftp://127.0.0.1/");
    shell("$LOAD https://127.0.0.1/");
    expect_sentence(USAGE, "TLS");
    shell("$LOAD http://127.0.0.1:1/ http://127.0.0.1:2/");
    expect_sentence(USAGE, "one target");
    shell("$LOAD 'http://127.0.0.1:1/a b'");
    expect_sentence(USAGE, "blanks");
    shell("$LOAD echo://127.0.0.1");
    expect_sentence(USAGE, "port");
}

Test(client_cli, load_option_values)
{
    shell("$LOAD http://127.0.0.1:1/ -c 0");
    expect_sentence(USAGE, "--connections");
    shell("$LOAD http://127.0.0.1:1/ -c 2 -t 3");
    expect_sentence(USAGE, "--threads");
    shell("$LOAD http://127.0.0.1:1/ -d 0");
    expect_sentence(USAGE, "--duration");
    shell("$LOAD http://127.0.0.1:1/ -d tomorrow");
    expect_sentence(USAGE, "tomorrow");
    shell("$LOAD http://127.0.0.1:1/ --frobnicate");
    expect_sentence(USAGE, "frobnicate");
    shell("$LOAD http://127.0.0.1:1/ --arrivals sometimes");
    expect_sentence(USAGE, "--arrivals");
    shell("$LOAD http://127.0.0.1:1/ -k 2 -p 3");
    expect_sentence(USAGE, "--pipeline");
    shell("$LOAD http://127.0.0.1:1/ --expect /does/not/exist");
    expect_sentence(USAGE, "/does/not/exist");
    shell("$LOAD http://127.0.0.1:1/ --think 1s -r 100");
    expect_sentence(USAGE, "--think");
    shell("$LOAD http://127.0.0.1:1/ --turn 1/2:5ms -r 100");
    expect_sentence(USAGE, "--turn");
    shell("$LOAD http://127.0.0.1:1/ --turn 2/2:5ms");
    expect_sentence(USAGE, "1/3:5ms");
    shell("$LOAD http://127.0.0.1:1/ --turn 1/2:5us");
    expect_sentence(USAGE, "1ms or more");
    shell("$LOAD http://127.0.0.1:1/ --turn 1/65:5ms");
    expect_sentence(USAGE, "64");
    shell("$LOAD http://127.0.0.1:1/ --reset-every 2 -p 2");
    expect_sentence(USAGE, "--reset-every");
    shell("$LOAD http://127.0.0.1:1/ --mix /a");
    expect_sentence(USAGE, "--mix '/a'");
    shell("$LOAD http://127.0.0.1:1/ --mix '1 PUT /a'");
    expect_sentence(USAGE, "GET, HEAD or POST");
    shell("$LOAD http://127.0.0.1:1/ --mix '1 /a' --mix '2 /a b'");
    expect_sentence(USAGE, "'2 /a b'");
    shell("$LOAD http://127.0.0.1:1/ --mix '9000 /a' --mix '9000 /b'");
    expect_sentence(USAGE, "10000");
    shell("$LOAD echo://127.0.0.1:1 --mix '1 /a'");
    expect_sentence(USAGE, "--mix");
    shell("$LOAD http://127.0.0.1:1/ --idle 2M");
    expect_sentence(USAGE, "--idle");
    shell("$LOAD http://127.0.0.1:1/ --json --csv");
    expect_sentence(USAGE, "--csv");
}

Test(client_cli, load_cannot_run)
{
    shell("$LOAD http://no-such-host.invalid/");
    expect_sentence(CANNOT_RUN, "no-such-host.invalid");
}

/* Root may raise the hard limit, so the capability to do that is taken away first. */
Test(client_cli, load_descriptors)
{
    if (!program_installed("setpriv"))
        cr_skip_test("setpriv is not installed");
    shell("if [ $(id -u) = 0 ]; then drop='setpriv --bounding-set=-sys_resource'; fi; ulimit -n 64;"
          "exec $drop $LOAD http://127.0.0.1:1/ -c 100");
    expect_sentence(CANNOT_RUN, "118");
}

Test(client_cli, help)
{
    shell("$LOAD --help && $GET --help && $ECHO --help");
    cr_assert_eq(end.status, 0);
    cr_assert_str_eq(errors, "");
    cr_assert(strstr(end.out, "--requests-per-connection"), "%s", end.out);
    cr_assert(strstr(end.out, "complete answer is the reference"),
              "--help must say how unknown content is checked");
}

/* ---- output ---- */

Test(client_cli, load_text)
{
    start();
    shell_on("$LOAD %s -c 2 -d 0.3s", liar.target);
    liar_stop(&liar);
    cr_assert_eq(end.status, 0, "%s%s", end.out, errors);
    cr_assert(strstr(end.out, "2 of 2 served"), "%s", end.out);
    cr_assert(strstr(end.out, "errors     none"), "%s", end.out);
    cr_assert(strstr(end.out, "percentile"), "%s", end.out);
}

Test(client_cli, load_progress)
{
    start();
    shell_on("$LOAD %s -c 2 -d 3.5s", liar.target);
    cr_assert(strstr(errors, "/s  p50"), "a line per second on stderr when piped: %s", errors);
    cr_assert_null(strchr(errors, '\033'), "no control sequences in a pipe");
    shell_on("$LOAD %s -c 2 -d 1.5s --quiet", liar.target);
    cr_assert_str_eq(errors, "");
    shell_on("$LOAD %s -c 2 -d 1.5s --json", liar.target);
    liar_stop(&liar);
    cr_assert_str_eq(errors, "");
}

static int commas(const char *line)
{
    int count = 0;

    for (; *line != '\0' && *line != '\n'; line++)
        count += *line == ',';
    return count;
}

Test(client_cli, load_csv)
{
    start();
    shell_on("$LOAD %s -c 2 -d 0.2s --csv", liar.target);
    liar_stop(&liar);
    const char *second = strchr(end.out, '\n');
    cr_assert_not_null(second);
    cr_assert(strncmp(end.out, "target,connections,", 19) == 0);
    cr_assert(strncmp(second + 1, "\"http://", 8) == 0);
    cr_assert_eq(commas(end.out), commas(second + 1));
}

/* The requests that were reported are the ones in the histogram that was written. */
Test(client_cli, load_hlog)
{
    char path[] = "/tmp/tenk-test-hlog-XXXXXX", tag[HISTOGRAM_TAG_MAX], command[COMMAND_MAX];
    unsigned line = 0, intervals = 0;
    struct histogram histogram;
    int fd = mkstemp(path);

    cr_assert_geq(fd, 0);
    close(fd);
    start();
    snprintf(command, sizeof(command),
             "$LOAD %s -c 2 -d 0.3s -q --hlog %s --hgrm %s.hgrm && grep -c 1/\\(1-Per %s.hgrm", liar.target,
             path, path, path);
    shell(command);
    liar_stop(&liar);
    cr_assert_eq(end.status, 0, "%s%s", end.out, errors);

    const char *rate = strstr(end.out, "requests/s");
    cr_assert_not_null(rate);
    FILE *in = fopen(path, "re");
    cr_assert_not_null(in);
    histogram_open(&histogram);
    cr_assert_eq(histogram_hlog_read(in, &histogram, tag, &line), 1);
    cr_assert_str_eq(tag, "");
    cr_assert_eq(histogram.total, strtoull(rate + strlen("requests/s"), NULL, 10));
    while (histogram_hlog_read(in, &histogram, tag, &line) == 1)
        intervals++;
    cr_assert_leq(intervals, 1, "only \"connect\" may follow in closed loop");
    histogram_close(&histogram);
    fclose(in);
    unlink(path);
    snprintf(command, sizeof(command), "%s.hgrm", path);
    cr_assert_eq(unlink(command), 0);
}

Test(client_cli, load_unwritable_file)
{
    start();
    shell_on("$LOAD %s -c 1 -d 0.1s -q --hlog /does/not/exist/x >/dev/null", liar.target);
    liar_stop(&liar);
    expect_sentence(CANNOT_RUN, "/does/not/exist/x");
}

/* ---- tenk-get ---- */

Test(client_cli, get)
{
    start();
    shell_on("$GET %s/", liar.target);
    liar_stop(&liar);
    cr_assert_eq(end.status, 0, "%s", errors);
    cr_assert_str_eq(end.out, LIAR_BODY);
    shell("$GET http://127.0.0.1:1/");
    expect_sentence(1, "127.0.0.1:1");
    shell("$GET gopher://x");
    expect_sentence(USAGE, "gopher://x");
    shell("$GET");
    expect_sentence(USAGE, "URL");
}

static void get_from(enum liar_lie lie)
{
    liar_start(&liar, &(struct liar_plan){.lie = lie, .every = 1});
    shell_on("$GET %s/ --timeout 1s", liar.target);
    liar_stop(&liar);
}

Test(client_cli, get_unusual_answers)
{
    static const enum liar_lie unusual[] = {LIAR_PIECES, LIAR_CHUNKED, LIAR_LEAVES, LIAR_UNTIL_CLOSE,
                                            LIAR_CONTINUE};

    for (size_t i = 0; i < sizeof(unusual) / sizeof(unusual[0]); i++) {
        get_from(unusual[i]);
        cr_assert_eq(end.status, 0, "case %zu: %s", i, errors);
        cr_assert_str_eq(end.out, LIAR_BODY, "case %zu", i);
    }
}

Test(client_cli, get_wrong_answers)
{
    static const enum liar_lie wrong[] = {LIAR_SHORT_BODY, LIAR_SHORT_HEAD, LIAR_NO_ANSWER, LIAR_RESET,
                                          LIAR_HANG,       LIAR_STATUS,     LIAR_GARBAGE,   LIAR_BAD_CHUNK};

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        get_from(wrong[i]);
        cr_assert_eq(end.status, 1, "case %zu: exit %d, %s", i, end.status, errors);
        cr_assert(strstr(errors, liar.target), "case %zu: %s", i, errors);
    }
}

/* ---- tenk-echo ---- */

Test(client_cli, echo)
{
    liar_start(&liar, &(struct liar_plan){.lie = LIAR_HONEST, .echo = 1});
    shell_on("printf abc | $ECHO %s", liar.target + strlen("echo://"));
    cr_assert_eq(end.status, 0, "%s", errors);
    cr_assert_str_eq(end.out, "abc");
    shell_on("$ECHO %s </dev/null", liar.target + strlen("echo://"));
    liar_stop(&liar);
    cr_assert_eq(end.status, 0, "%s", errors);
    cr_assert_str_eq(end.out, "");
    shell("$ECHO 127.0.0.1:1 </dev/null");
    expect_sentence(1, "127.0.0.1:1");
    shell("$ECHO");
    expect_sentence(USAGE, "endpoint");
}

/* More than all buffers on the way can hold, through a server that stops reading when it cannot write. */
Test(client_cli, echo_much)
{
    liar_start(&liar, &(struct liar_plan){.lie = LIAR_HONEST, .echo = 8192});
    shell_on("head -c 33554432 /dev/zero | tr '\\0' x | $ECHO %s | cksum; head -c 33554432 /dev/zero | tr "
             "'\\0' x | cksum",
             liar.target + strlen("echo://"));
    liar_stop(&liar);
    const char *second = strchr(end.out, '\n');
    cr_assert_not_null(second);
    size_t length = (size_t)(second - end.out);
    cr_assert(length > 10 && strncmp(end.out, second + 1, length) == 0, "%s%s", end.out, errors);
}

Test(client_cli, echo_server_leaves)
{
    liar_start(&liar, &(struct liar_plan){.lie = LIAR_ECHO_CLOSES, .every = 1, .echo = 4});
    shell_on("printf abcd | $ECHO %s", liar.target + strlen("echo://"));
    liar_stop(&liar);
    cr_assert_eq(end.status, 1);
    cr_assert(strstr(errors, "4 bytes sent, 2 came back"), "%s", errors);
}
