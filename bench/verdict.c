/*
 * verdict - see verdict.h. One small function per rule, tried in the order of gravity: what is said of
 * a slice is the gravest thing that is wrong with it.
 */
#include "verdict.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const double verdict_littles_law_max = 0.02, verdict_client_busy = 0.90, verdict_server_busy = 0.95,
             verdict_achieved_min = 0.99, verdict_send_lag_max_us = 1000;

enum { DETAIL_MAX = 300, TICKS_OF_DOUBT = 2 };
static const double tick_s = 0.01; /* of /proc/stat: a difference of one tick may be nothing at all */

static const char *const names[VERDICT_REASONS] = {
    [VERDICT_VALID] = "",
    [VERDICT_SERVER_DIED] = "server-died",
    [VERDICT_SERVER_EXIT] = "server-exit",
    [VERDICT_WRONG_ANSWER] = "wrong-answer",
    [VERDICT_ERRORS] = "errors",
    [VERDICT_NO_REPLY] = "no-reply",
    [VERDICT_LEAKED_DESCRIPTORS] = "leaked-descriptors",
    [VERDICT_LEAKED_TASKS] = "leaked-tasks",
    [VERDICT_ZOMBIES] = "zombies",
    [VERDICT_STARVED] = "starved",
    [VERDICT_COUNT_MISMATCH] = "count-mismatch",
    [VERDICT_CLIENT_FAILED] = "client-failed",
    [VERDICT_LISTEN_OVERFLOW] = "listen-overflow",
    [VERDICT_UNSTEADY] = "unsteady",
    [VERDICT_LITTLES_LAW] = "littles-law",
    [VERDICT_NOISY] = "noisy",
    [VERDICT_INTERRUPTED] = "interrupted",
    [VERDICT_CLIENT_BOUND] = "client-bound",
    [VERDICT_OVERLOADED] = "overloaded",
};

const char *verdict_name(enum verdict_reason reason)
{
    return names[reason];
}

enum verdict_reason verdict_from_name(const char *name)
{
    for (int reason = 0; reason < VERDICT_REASONS; reason++)
        if (strcmp(names[reason], name) == 0)
            return (enum verdict_reason)reason;
    return VERDICT_VALID;
}

bool verdict_is_fault(enum verdict_reason reason)
{
    return reason >= VERDICT_SERVER_DIED && reason <= VERDICT_CLIENT_FAILED;
}

bool verdict_is_finding(enum verdict_reason reason)
{
    return reason == VERDICT_STARVED;
}

bool verdict_is_circumstance(enum verdict_reason reason)
{
    return reason >= VERDICT_LISTEN_OVERFLOW && reason <= VERDICT_INTERRUPTED;
}

bool verdict_is_rate_only(enum verdict_reason reason)
{
    return reason == VERDICT_CLIENT_BOUND || reason == VERDICT_OVERLOADED;
}

bool verdict_wants_ramp(enum verdict_reason reason)
{
    return reason == VERDICT_STARVED || reason == VERDICT_UNSTEADY;
}

/* ---- the rules ---- */

/* A null counts as 0: what was not measured breaks no rule. */
static double value(const struct row *row, unsigned column)
{
    double number = row_number(row, column);

    return isnan(number) ? 0 : number;
}

typedef bool rule_function(const struct row *row, const struct verdict_facts *facts, char detail[DETAIL_MAX]);

static bool server_died(const struct row *row, const struct verdict_facts *facts, char *detail)
{
    (void)row;
    snprintf(detail, DETAIL_MAX, "the server %.200s", facts->text ? facts->text : "died");
    return facts->server_died;
}

static bool client_failed(const struct row *row, const struct verdict_facts *facts, char *detail)
{
    (void)row;
    snprintf(detail, DETAIL_MAX, "the client %.200s", facts->text ? facts->text : "failed");
    return facts->client_failed;
}

static bool wrong_answer(const struct row *row, const struct verdict_facts *facts, char *detail)
{
    double bad_status = value(row, SAMPLE_errors_status), bad_content = value(row, SAMPLE_errors_content);
    double bad_framing = value(row, SAMPLE_errors_framing), cut_short = value(row, SAMPLE_errors_short);

    (void)facts;
    snprintf(
        detail, DETAIL_MAX,
        "wrong replies: %.0f of another status, %.0f of another content, %.0f not framed, %.0f cut short",
        bad_status, bad_content, bad_framing, cut_short);
    return bad_status + bad_content + bad_framing + cut_short > 0;
}

/* A datagram may be lost: that is told beside the table, and held against nobody. */
static bool errors(const struct row *row, const struct verdict_facts *facts, char *detail)
{
    double wrong = value(row, SAMPLE_errors_total) - value(row, SAMPLE_errors_lost);

    (void)facts;
    snprintf(detail, DETAIL_MAX, "%.0f errors: %.0f failed connects, %.0f resets, %.0f time-outs", wrong,
             value(row, SAMPLE_errors_connect), value(row, SAMPLE_errors_reset),
             value(row, SAMPLE_errors_timeout));
    return wrong > 0;
}

/* In the ramp neither: there is no excuse for that. */
static bool no_reply_ever(const struct row *row, const struct verdict_facts *facts, char *detail)
{
    (void)facts;
    snprintf(detail, DETAIL_MAX, "not one good reply came, neither in the ramp nor after it");
    return row_has(row, SAMPLE_requests_total) && value(row, SAMPLE_requests_total) == 0;
}

static bool no_reply(const struct row *row, const struct verdict_facts *facts, char *detail)
{
    (void)facts;
    snprintf(detail, DETAIL_MAX, "not one good reply came in the measured time");
    return row_has(row, SAMPLE_requests) && value(row, SAMPLE_requests) == 0;
}

static bool leaked_descriptors(const struct row *row, const struct verdict_facts *facts, char *detail)
{
    (void)facts;
    snprintf(detail, DETAIL_MAX, "%.0f descriptors open after its clients left, %.0f before they came",
             value(row, SAMPLE_descriptors_after), value(row, SAMPLE_descriptors_before));
    return value(row, SAMPLE_descriptors_after) > value(row, SAMPLE_descriptors_before);
}

static bool leaked_tasks(const struct row *row, const struct verdict_facts *facts, char *detail)
{
    (void)facts;
    snprintf(detail, DETAIL_MAX, "%.0f threads after its clients left, %.0f before they came",
             value(row, SAMPLE_tasks_after), value(row, SAMPLE_tasks_before));
    return value(row, SAMPLE_tasks_after) > value(row, SAMPLE_tasks_before);
}

static bool zombies(const struct row *row, const struct verdict_facts *facts, char *detail)
{
    (void)facts;
    snprintf(detail, DETAIL_MAX, "%.0f children ended and were not waited for", value(row, SAMPLE_zombies));
    return value(row, SAMPLE_zombies) > 0;
}

/* Fewer than asked is a property of some models; fewer than their nature allows is starvation. */
static bool starved(const struct row *row, const struct verdict_facts *facts, char *detail)
{
    double asked = value(row, SAMPLE_connections), due = asked;

    if (facts->clients_at_once > 0 && facts->clients_at_once < due)
        due = facts->clients_at_once;
    snprintf(detail, DETAIL_MAX, "%.0f of %.0f connections were served, due were %.0f",
             value(row, SAMPLE_connections_served), asked, due);
    return row_has(row, SAMPLE_connections_served) && value(row, SAMPLE_connections_served) < due;
}

/*
 * Both count the whole slice, so the two must be equal. What the client sent and did not wait for may
 * have been answered or not: tenk-load says how much that was (nothing, unless a model leaves
 * connections waiting), wrk leaves with a request under way on each connection.
 */
static bool count_mismatch(const struct row *row, const struct verdict_facts *facts, char *detail)
{
    double server = value(row, SAMPLE_server_requests_total), client = value(row, SAMPLE_requests_total);
    double surplus = row_is(row, SAMPLE_client, "wrk")
                         ? value(row, SAMPLE_connections) * fmax(1, value(row, SAMPLE_pipeline))
                         : value(row, SAMPLE_requests_unanswered) + value(row, SAMPLE_errors_with_ramp);

    (void)facts;
    snprintf(detail, DETAIL_MAX, "the server answered %.0f requests, the client got %.0f replies", server,
             client);
    return row_has(row, SAMPLE_server_requests_total) && (server < client || server > client + surplus);
}

static bool listen_overflow(const struct row *row, const struct verdict_facts *facts, char *detail)
{
    (void)facts;
    snprintf(detail, DETAIL_MAX, "the kernel dropped connections: %.0f for a full accept queue, %.0f in all",
             value(row, SAMPLE_listen_overflows), value(row, SAMPLE_listen_drops));
    return value(row, SAMPLE_listen_overflows) + value(row, SAMPLE_listen_drops) > 0;
}

/* Kept connections are all accepted during the ramp; else the slice measured setting up. wrk has no ramp. */
static bool unsteady(const struct row *row, const struct verdict_facts *facts, char *detail)
{
    (void)facts;
    snprintf(detail, DETAIL_MAX, "%.0f connections were accepted after the ramp only",
             value(row, SAMPLE_server_accepted_steady));
    return value(row, SAMPLE_connection_requests_max) == 0 && !row_is(row, SAMPLE_client, "wrk") &&
           value(row, SAMPLE_server_accepted_steady) > 0;
}

static bool littles_law(const struct row *row, const struct verdict_facts *facts, char *detail)
{
    double deviation = value(row, SAMPLE_littles_law_deviation);

    (void)facts;
    snprintf(detail, DETAIL_MAX, "connections are not rate x mean latency: %+.1f %%", deviation * 100);
    return fabs(deviation) > verdict_littles_law_max;
}

static bool noisy(const struct row *row, const struct verdict_facts *facts, char *detail)
{
    double doubt = facts->wall_s > 0 ? TICKS_OF_DOUBT * tick_s / facts->wall_s : 0;
    double foreign = value(row, SAMPLE_foreign_cpu_share), steal = value(row, SAMPLE_steal_share);
    double foreign_max = facts->foreign_cpu_max;

    if (!row_is(row, SAMPLE_foreign_source, "cpuacct"))
        foreign_max += doubt;
    snprintf(detail, DETAIL_MAX, "other programs used %.1f %% of a CPU, the hypervisor took %.1f %%",
             foreign * 100, steal * 100);
    return foreign > foreign_max || steal > facts->steal_max + doubt;
}

static bool client_is_limit(const struct row *row)
{
    return value(row, SAMPLE_client_cpu_share) > verdict_client_busy &&
           value(row, SAMPLE_server_cpu_share) < verdict_server_busy;
}

bool verdict_client_late(const struct row *row)
{
    return client_is_limit(row) && value(row, SAMPLE_send_lag_p99_us) > verdict_send_lag_max_us;
}

/* In open loop a client is busy because it looks at the clock: only one that sends late is a limit. */
static bool client_bound(const struct row *row, const struct verdict_facts *facts, char *detail)
{
    (void)facts;
    snprintf(detail, DETAIL_MAX, "the client was busy %.0f %% of the time, the server %.0f %%",
             value(row, SAMPLE_client_cpu_share) * 100, value(row, SAMPLE_server_cpu_share) * 100);
    return row_has(row, SAMPLE_rate_offered_per_s) ? verdict_client_late(row) : client_is_limit(row);
}

static bool overloaded(const struct row *row, const struct verdict_facts *facts, char *detail)
{
    double offered = value(row, SAMPLE_rate_offered_per_s), achieved = value(row, SAMPLE_requests_per_s);

    (void)facts;
    snprintf(detail, DETAIL_MAX, "%.0f requests per second were offered, %.0f answered", offered, achieved);
    return offered > 0 && achieved < verdict_achieved_min * offered;
}

static const struct {
    enum verdict_reason reason;
    rule_function *broken;
} rules[] = {
    {VERDICT_SERVER_DIED, server_died},
    {VERDICT_CLIENT_FAILED, client_failed},
    {VERDICT_WRONG_ANSWER, wrong_answer},
    {VERDICT_LISTEN_OVERFLOW, listen_overflow}, /* before errors and starved: it is their cause */
    {VERDICT_ERRORS, errors},
    {VERDICT_NO_REPLY, no_reply_ever},
    {VERDICT_ZOMBIES, zombies},
    {VERDICT_LEAKED_TASKS, leaked_tasks},
    {VERDICT_LEAKED_DESCRIPTORS, leaked_descriptors},
    {VERDICT_COUNT_MISMATCH, count_mismatch},
    {VERDICT_NOISY, noisy}, /* before what a server without a CPU cannot do in half a second */
    {VERDICT_NO_REPLY, no_reply},
    {VERDICT_STARVED, starved},
    {VERDICT_UNSTEADY, unsteady},
    {VERDICT_LITTLES_LAW, littles_law},
    {VERDICT_OVERLOADED, overloaded},
    {VERDICT_CLIENT_BOUND, client_bound},
};

/* What was busy: the words for the table's column `bound`. */
static const char *bound(const struct row *row)
{
    if (value(row, SAMPLE_server_cpu_share) >= verdict_server_busy)
        return "server";
    return value(row, SAMPLE_client_cpu_share) > verdict_client_busy ? "client" : "neither";
}

enum verdict_reason verdict_decide(struct row *row, const struct verdict_facts *facts)
{
    char detail[DETAIL_MAX];

    row_set_text(row, SAMPLE_bound, bound(row));
    row_set_text(row, SAMPLE_verdict, "VALID");
    row_set_text(row, SAMPLE_reason, NULL);
    row_set_text(row, SAMPLE_detail, NULL);
    for (unsigned i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        if (!rules[i].broken(row, facts, detail))
            continue;
        row_set_text(row, SAMPLE_verdict, "INVALID");
        row_set_text(row, SAMPLE_reason, verdict_name(rules[i].reason));
        row_set_text(row, SAMPLE_detail, detail);
        return rules[i].reason;
    }
    return VERDICT_VALID;
}
