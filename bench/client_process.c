/*
 * client_process - see client_process.h.
 */
#include "client_process.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "textfile.h"

enum { OUTPUT_MAX = 256 * 1024, WORD_MAX = 40, WORDS_MAX = 12 };

unsigned client_threads(const struct client_setting *setting, unsigned connections)
{
    unsigned cpus = (unsigned)CPU_COUNT(setting->cpus);

    return cpus < connections ? cpus : connections;
}

/* ---- command lines ---- */

/* A command line that grows, with room for the words that are made of numbers. */
struct command {
    struct launch program;
    unsigned count;
    char words[WORDS_MAX][WORD_MAX];
    unsigned words_used;
};

static void add(struct command *command, const char *word)
{
    if (command->count + 1 < LAUNCH_ARGUMENTS_MAX)
        command->program.argv[command->count++] = word;
}

/* An option and its value, written like printf. */
__attribute__((format(printf, 3, 4))) static void add_value(struct command *command, const char *option,
                                                            const char *format, ...)
{
    char *word = command->words[command->words_used];
    va_list arguments;

    if (command->words_used == WORDS_MAX - 1)
        return;
    command->words_used++;
    va_start(arguments, format);
    vsnprintf(word, WORD_MAX, format, arguments);
    va_end(arguments);
    add(command, option);
    add(command, word);
}

static void add_number(struct command *command, const char *option, double number, const char *unit)
{
    add_value(command, option, "%.*f%s", number == floor(number) ? 0 : 3, number, unit);
}

static void load_command(struct command *command, const struct client_setting *setting,
                         const struct scenario *scenario, const struct slice *slice, const char *target,
                         const struct client_pace *pace, const struct client_files *files)
{
    add(command, setting->load);
    add(command, target);
    add(command, "--json");
    add(command, "--quiet");
    add_number(command, "--connections", slice->connections, "");
    add_number(command, "--threads", client_threads(setting, slice->connections), "");
    add_number(command, "--warmup", (double)pace->ramp_ns, "ns");
    add_number(command, "--duration", (double)slice_window_ns(slice, scenario), "ns");
    if (slice->turns)
        add_value(command, "--turn", "%u/%u:%lldns", slice->beside - 1, slice->at_once,
                  (long long)scenario->turn_ns);
    if (slice->idle > 0)
        add_number(command, "--idle", slice->idle, "");
    if (slice->datagrams)
        add_number(command, "--timeout", TRANSPORT_LOST_MS, "ms");
    if (scenario->pipeline > 1)
        add_number(command, "--pipeline", (double)scenario->pipeline, "");
    if (scenario->requests_per_connection > 0)
        add_number(command, "--requests-per-connection", (double)scenario->requests_per_connection, "");
    if (pace->rate_per_s > 0)
        add_number(command, "--rate", pace->rate_per_s, "");
    if (!slice->cost) {
        add(command, "--hlog");
        add(command, files->histogram);
    }
}

static void wrk_command(struct command *command, const struct client_setting *setting,
                        const struct scenario *scenario, const struct slice *slice, const char *target)
{
    add(command, setting->wrk);
    add_number(command, "-t", client_threads(setting, slice->connections), "");
    add_number(command, "-c", slice->connections, "");
    add_number(command, "-d", ceil((double)scenario->wrk_slice_ns / 1e9), "s");
    add(command, "-s");
    add(command, setting->report);
    add(command, target);
}

pid_t client_start(const struct client_setting *setting, const struct scenario *scenario,
                   const struct slice *slice, const char *target, const struct client_pace *pace,
                   const struct client_files *files, struct failure *failure)
{
    struct command command = {.program = launch_empty()};
    pid_t pid = -1;

    if (slice->client == CLIENT_WRK)
        wrk_command(&command, setting, scenario, slice, target);
    else
        load_command(&command, setting, scenario, slice, target, pace, files);
    command.program.cpus = setting->cpus;
    command.program.stdout_fd = open(files->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    command.program.stderr_fd = open(files->log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (command.program.stdout_fd < 0 || command.program.stderr_fd < 0)
        failure_set(failure, EXIT_HERE, "cannot write %.400s: %s", files->output, strerror(errno));
    else
        pid = launch_start(&command.program, failure);
    if (command.program.stdout_fd >= 0)
        close(command.program.stdout_fd);
    if (command.program.stderr_fd >= 0)
        close(command.program.stderr_fd);
    return pid;
}

/* ---- results ---- */

/* Where a column's value stands in the client's JSON: a member, or a member of a member. */
struct place {
    unsigned column;
    const char *object, *member; /* object NULL: at the top */
};

static const struct place load_places[] = {
    {SAMPLE_duration_s, NULL, "duration_s"},
    {SAMPLE_rate_offered_per_s, NULL, "offered_per_s"},
    {SAMPLE_requests_per_s, NULL, "rate_per_s"},
    {SAMPLE_requests, NULL, "requests"},
    {SAMPLE_requests_total, "total", "requests"},
    {SAMPLE_requests_unanswered, "total", "unanswered"},
    {SAMPLE_bytes_in, NULL, "bytes_in"},
    {SAMPLE_bytes_out, NULL, "bytes_out"},
    {SAMPLE_latency_mean_us, "latency_us", "mean"},
    {SAMPLE_latency_min_us, "latency_us", "min"},
    {SAMPLE_latency_p50_us, "latency_us", "p50"},
    {SAMPLE_latency_p90_us, "latency_us", "p90"},
    {SAMPLE_latency_p99_us, "latency_us", "p99"},
    {SAMPLE_latency_p999_us, "latency_us", "p999"},
    {SAMPLE_latency_max_us, "latency_us", "max"},
    {SAMPLE_connections_served, "connections", "served"},
    {SAMPLE_connections_starved, "connections", "starved"},
    {SAMPLE_connections_refused, "connections", "refused"},
    {SAMPLE_connections_opened, "connections", "opened"},
    {SAMPLE_fairness_jain, "fairness", "jain"},
    {SAMPLE_connection_requests_low, "fairness", "min"},
    {SAMPLE_connection_requests_median, "fairness", "median"},
    {SAMPLE_connection_requests_high, "fairness", "max"},
    {SAMPLE_errors_connect, "errors", "connect"},
    {SAMPLE_errors_reset, "errors", "reset"},
    {SAMPLE_errors_timeout, "errors", "timeout"},
    {SAMPLE_errors_lost, "errors", "lost"},
    {SAMPLE_errors_short, "errors", "short"},
    {SAMPLE_errors_status, "errors", "status"},
    {SAMPLE_errors_content, "errors", "content"},
    {SAMPLE_errors_framing, "errors", "framing"},
    {SAMPLE_errors_total, "errors", "total"},
    {SAMPLE_errors_with_ramp, "total", "errors"},
    {SAMPLE_littles_law_deviation, "littles_law", "deviation"},
    {SAMPLE_client_cpu_share, "client", "cpu_share"},
    {SAMPLE_client_threads, "client", "threads"},
    {SAMPLE_COLUMNS, NULL, NULL},
};

static const struct place wrk_places[] = {
    {SAMPLE_duration_s, NULL, "duration_s"},
    {SAMPLE_requests_per_s, NULL, "rate_per_s"},
    {SAMPLE_requests, NULL, "requests"},
    {SAMPLE_requests_total, NULL, "requests"},
    {SAMPLE_bytes_in, NULL, "bytes_in"},
    {SAMPLE_latency_mean_us, "latency_us", "mean"},
    {SAMPLE_latency_min_us, "latency_us", "min"},
    {SAMPLE_latency_p50_us, "latency_us", "p50"},
    {SAMPLE_latency_p90_us, "latency_us", "p90"},
    {SAMPLE_latency_p99_us, "latency_us", "p99"},
    {SAMPLE_latency_p999_us, "latency_us", "p999"},
    {SAMPLE_latency_max_us, "latency_us", "max"},
    {SAMPLE_connections_refused, "errors", "connect"},
    {SAMPLE_errors_connect, "errors", "connect"},
    {SAMPLE_errors_timeout, "errors", "timeout"},
    {SAMPLE_errors_status, "errors", "status"},
    {SAMPLE_errors_total, "errors", "total"},
    {SAMPLE_COLUMNS, NULL, NULL},
};

static double number_at(const json_t *root, const char *object, const char *member)
{
    const json_t *from = object ? json_object_get(root, object) : root;
    const json_t *value = json_object_get(from, member);

    return json_is_number(value) ? json_number_value(value) : NAN;
}

static void fill(struct row *row, const struct place *places, const json_t *root)
{
    for (; places->member; places++)
        row_set(row, places->column, number_at(root, places->object, places->member));
}

static void fill_from_load(struct row *row, const json_t *root)
{
    fill(row, load_places, root);
    if (!row_has(row, SAMPLE_rate_offered_per_s))
        return;
    row_set(row, SAMPLE_rate_sent_per_s, number_at(root, NULL, "sent") / row_number(row, SAMPLE_duration_s));
    row_set(row, SAMPLE_send_lag_p99_us, number_at(root, "send_lag_us", "p99"));
}

/* The last line that begins with a brace: wrk prints its own summary before it. */
static const char *last_object(const char *text)
{
    const char *found = *text == '{' ? text : NULL;

    while ((text = strchr(text, '\n')))
        if (*++text == '{')
            found = text;
    return found;
}

int client_parse(enum client_kind client, const char *text, struct row *row)
{
    const char *object = last_object(text);
    json_t *root = object ? json_loads(object, JSON_DISABLE_EOF_CHECK, NULL) : NULL;

    if (!root || isnan(number_at(root, NULL, "requests"))) {
        json_decref(root);
        return -1;
    }
    if (client == CLIENT_WRK) {
        fill(row, wrk_places, root);
        row_set(row, SAMPLE_errors_reset,
                number_at(root, "errors", "read") + number_at(root, "errors", "write"));
    } else {
        fill_from_load(row, root);
    }
    json_decref(root);
    return 0;
}

int client_result(enum client_kind client, const struct client_files *files, struct row *row, char *wrong,
                  size_t size)
{
    char *text = malloc(OUTPUT_MAX);
    int status = -1;

    snprintf(wrong, size, "printed no result");
    if (text && textfile_read(files->output, text, OUTPUT_MAX) >= 0)
        status = client_parse(client, text, row);
    if (text && status < 0 && textfile_read(files->log, text, OUTPUT_MAX) > 0) {
        text[strcspn(text, "\n")] = '\0';
        snprintf(wrong, size, "said: %.200s", text);
    }
    if (status == 0 && textfile_read(files->log, wrong, size) == 0)
        unlink(files->log); /* it had nothing to say */
    free(text);
    return status;
}
