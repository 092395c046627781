/*
 * load_options - the command line of tenk-load: defaults, table, what does not go together.
 */
#include "load_options.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "load_ranks.h"

enum { EXIT_USAGE = 2 };

static const char usage[] =
    "usage: tenk-load TARGET [options]\n"
    "       tenk-load merge A.hlog B.hlog ... [-o FILE]\n"
    "       tenk-load --self-test\n"
    "\n"
    "Loads a server, checks every answer and reports what the clients experienced.\n"
    "\n"
    "TARGET  http://127.0.0.1:8080/path          HTTP/1.1 over tcp\n"
    "        http+unix:/path/of/socket:/target   HTTP/1.1 over a Unix socket\n"
    "        http+unixpacket:/path/of/socket:/target   the same over SOCK_SEQPACKET\n"
    "        echo://127.0.0.1:7                  random bytes that must come back (RFC 862)\n"
    "        echo+unix:/path/of/socket\n"
    "\n"
    "Without --rate each connection sends its next request when the answer has come (closed loop).\n"
    "With --rate requests are due at fixed times whatever the server does (open loop), and latency\n"
    "counts from the time a request was due.\n"
    "\n";

static const char notes[] =
    "\n"
    "Content: targets of tenk-serve are known and compared byte by byte. For any other target the first\n"
    "complete answer is the reference and every later one must equal it; --expect states it yourself.\n"
    "\n"
    "Exit status: 0 good; 1 errors happened or nothing was served; 2 wrong usage; 3 cannot run here.\n";

static int refuse(const char *sentence)
{
    fprintf(stderr, "tenk-load: %s\n", sentence);
    return EXIT_USAGE;
}

static int check_ranges(const struct load_options *options)
{
    if (options->connections == 0 || options->connections > LOAD_CONNECTIONS_MAX)
        return refuse("--connections takes 1 to 1000000");
    if (options->threads == 0 || options->threads > LOAD_THREADS_MAX)
        return refuse("--threads takes 1 to 256");
    if (options->duration_ns <= 0)
        return refuse("--duration must be longer than 0");
    if (options->timeout_ns <= 0)
        return refuse("--timeout must be longer than 0");
    if (options->pipeline == 0 || options->pipeline > LOAD_PIPELINE_MAX)
        return refuse("--pipeline takes 1 to 1024");
    if (options->local_addresses > LOAD_ADDRESSES_MAX)
        return refuse("--local-addresses takes up to 10000");
    if (options->idle > LOAD_CONNECTIONS_MAX)
        return refuse("--idle takes up to 1000000");
    if (options->payload == 0 || options->payload > LOAD_BURST_MAX / options->pipeline)
        return refuse("--payload takes 1 byte to 64 MiB, divided by the pipeline depth");
    if (options->status < 200 || options->status > 599)
        return refuse("--status takes the status of a final answer, 200 to 599");
    return -1;
}

/* The connections are shared over processes first, then over threads. */
static int check_ranks(struct load_options *options)
{
    const char *wrong = load_ranks_apply(options, options->rank, options->of);

    if (wrong != NULL)
        return refuse(wrong);
    if (options->of > 1 && options->objective.text != NULL)
        return refuse(
            "--find-capacity cannot be shared by --rank and --of: they would have to agree on each step");
    if (options->start_wall_ns != 0 && options->start_wall_ns < clock_wall_ns())
        return refuse("--start-at lies in the past");
    return -1;
}

bool load_method_is_known(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 || strcmp(method, "POST") == 0;
}

static int check_combinations(const struct load_options *options)
{
    const char *method = options->method;

    if (options->requests_per_connection > 0 && options->pipeline > options->requests_per_connection)
        return refuse("--pipeline must not exceed --requests-per-connection");
    if (options->json + options->csv + options->benchstat > 1)
        return refuse("--json, --csv and --benchstat all want stdout; choose one");
    if (options->hgrm != NULL && (options->rates.count > 1 || options->objective.text != NULL))
        return refuse("--hgrm holds one distribution; several rates go into --hlog");
    if (options->objective.text != NULL && options->rates.count > 1)
        return refuse("--find-capacity takes one --rate, the first to try");
    if (options->think_ns > 0 && (options->rates.count > 0 || options->objective.text != NULL))
        return refuse("--think is for the closed loop: with --rate requests are due at fixed times");
    if (options->turn.of > 0 && (options->rates.count > 0 || options->objective.text != NULL ||
                                 options->think_ns > 0 || options->pipeline > 1))
        return refuse("--turn is for the closed loop, without --think and with --pipeline 1");
    if (options->pipeline > 1 && (options->think_ns > 0 || options->reset_every > 0))
        return refuse("--think and --reset-every need --pipeline 1: one request at a time");
    if (!load_method_is_known(method))
        return refuse("--method takes GET, HEAD or POST");
    if (options->body != NULL && strcmp(method, "POST") != 0 && options->mix.count == 0)
        return refuse("--body needs --method POST, or a POST in --mix");
    return -1;
}

/* The options that are small languages of their own. */
struct texts {
    const char *rates, *objective, *arrivals, *start, *turn;
};

static int parse_texts(struct load_options *options, const struct texts *texts)
{
    const char *wrong = texts->rates != NULL ? load_rates_parse(texts->rates, &options->rates) : NULL;

    if (wrong == NULL && texts->objective != NULL)
        wrong = objective_parse(texts->objective, &options->objective);
    if (wrong == NULL && texts->start != NULL)
        wrong = load_ranks_parse_time(texts->start, &options->start_wall_ns);
    if (wrong == NULL && texts->turn != NULL)
        wrong = load_turn_parse(texts->turn, &options->turn);
    if (wrong != NULL)
        return refuse(wrong);
    options->rate = options->rates.items[0];
    options->poisson = strcmp(texts->arrivals, "poisson") == 0;
    if (!options->poisson && strcmp(texts->arrivals, "uniform") != 0)
        return refuse("--arrivals takes uniform or poisson");
    return -1;
}

const struct objective *load_options_objective(const struct load_options *options)
{
    return options->objective.text != NULL ? &options->objective : NULL;
}

bool load_options_silent(const struct load_options *options)
{
    return options->quiet || options->json || options->csv || options->benchstat;
}

static void defaults(struct load_options *options)
{
    *options = (struct load_options){
        .connections = 64,
        .of = 1,
        .threads = 1,
        .duration_ns = 10 * NS_PER_S,
        .warmup_ns = 200 * NS_PER_MS,
        .timeout_ns = 10 * NS_PER_S,
        .pipeline = 1,
        .payload = 64,
        .seed = 1,
        .status = 200,
        .method = "GET",
    };
}

/* What the command line says: the table points into it. */
static struct load_options given;
static struct texts texts;
static bool help_asked;

static const struct option_spec specs[] = {
    {"connections", 'c', OPTION_COUNT, &given.connections, "N", "connections to hold (64)"},
    {"duration", 'd', OPTION_DURATION, &given.duration_ns, "TIME", "length of the measured window (10s)"},
    {"threads", 't', OPTION_COUNT, &given.threads, "N", "threads the connections are shared over (1)"},
    {"rate", 'r', OPTION_TEXT, &texts.rates, "PER_SECOND[,...]",
     "open loop: requests due per second; several are measured one after the other"},
    {"find-capacity", 0, OPTION_TEXT, &texts.objective, "'p99<10ms'",
     "search for the highest rate that keeps this latency (--rate: the first to try)"},
    {"arrivals", 0, OPTION_TEXT, &texts.arrivals, "KIND", "open loop: uniform or poisson (uniform)"},
    {"requests-per-connection", 'k', OPTION_COUNT, &given.requests_per_connection, "K",
     "close a connection after K requests; 1 = a new one for each (no limit)"},
    {"pipeline", 'p', OPTION_COUNT, &given.pipeline, "N", "requests in flight per connection (1)"},
    {"think", 0, OPTION_DURATION, &given.think_ns, "TIME",
     "closed loop: pause between an answer and the next request (0)"},
    {"turn", 0, OPTION_TEXT, &texts.turn, "I/N:TIME",
     "ask only when it is the turn of client I, counted from 0, of N on this machine"},
    {"idle", 0, OPTION_COUNT, &given.idle, "N", "hold N more connections on which nothing is ever asked (0)"},
    {"slow-read", 0, OPTION_BYTES, &given.slow_read, "BYTES",
     "each connection takes so many bytes per second and no more"},
    {"slow-write", 0, OPTION_BYTES, &given.slow_write, "BYTES",
     "each connection sends so many bytes per second and no more"},
    {"reset-every", 0, OPTION_COUNT, &given.reset_every, "K",
     "reset the connection on which every K-th request was sent, its answer unread"},
    {"warmup", 0, OPTION_DURATION, &given.warmup_ns, "TIME", "discarded before the window (0.2s)"},
    {"ramp", 0, OPTION_DURATION, &given.ramp_ns, "TIME",
     "spread opening the connections over this time (20000 a second)"},
    {"timeout", 0, OPTION_DURATION, &given.timeout_ns, "TIME",
     "a request unanswered for so long is an error (10s)"},
    {"method", 0, OPTION_TEXT, &given.method, "METHOD", "GET, HEAD or POST (GET)"},
    {"mix", 0, OPTION_LIST, &given.mix, "'W [METHOD] /PATH'",
     "this target with weight W instead of the target's own; may be repeated"},
    {"header", 'H', OPTION_LIST, &given.headers, "'NAME: VALUE'", "add a header; may be repeated"},
    {"body", 0, OPTION_TEXT, &given.body, "FILE|text:...", "what POST sends"},
    {"expect", 0, OPTION_TEXT, &given.expect, "FILE|text:...|any", "what the body of each answer must be"},
    {"status", 0, OPTION_COUNT, &given.status, "CODE", "the status each answer must have (200)"},
    {"payload", 0, OPTION_BYTES, &given.payload, "BYTES", "echo: bytes per request (64)"},
    {"seed", 0, OPTION_COUNT, &given.seed, "N", "of the random payload and of Poisson arrivals (1)"},
    {"local-addresses", 0, OPTION_COUNT, &given.local_addresses, "N",
     "rotate over N addresses of 127.0.0.0/8 (as many as the ports need)"},
    {"rank", 0, OPTION_COUNT, &given.rank, "R", "of several processes that load together, the R-th (from 0)"},
    {"of", 0, OPTION_COUNT, &given.of, "N",
     "how many there are; each takes its share of connections and rate"},
    {"start-at", 0, OPTION_TEXT, &texts.start, "TIME",
     "begin at this time: seconds since 1970, or UTC as 2025-11-25T03:00:00Z"},
    {"spin", 0, OPTION_FLAG, &given.spin, NULL, "poll instead of sleeping: uses whole cores"},
    {"json", 'j', OPTION_FLAG, &given.json, NULL, "print one JSON object"},
    {"csv", 0, OPTION_FLAG, &given.csv, NULL, "print a line of column names and a line of values"},
    {"benchstat", 0, OPTION_FLAG, &given.benchstat, NULL, "print in the format of Go benchmarks"},
    {"hlog", 0, OPTION_TEXT, &given.hlog, "FILE", "write the histograms as an HdrHistogram V2 log"},
    {"hgrm", 0, OPTION_TEXT, &given.hgrm, "FILE", "write the percentile distribution"},
    {"self-test", 0, OPTION_FLAG, &given.self_test, NULL,
     "measure what this client can do here, in 6 s; takes no target"},
    {"quiet", 'q', OPTION_FLAG, &given.quiet, NULL, "no progress on stderr"},
    {"help", 'h', OPTION_FLAG, &help_asked, NULL, "this text"},
    {0},
};

static int print_help(void)
{
    fputs(usage, stdout);
    options_help(stdout, specs);
    fputs(notes, stdout);
    return 0;
}

/* The target, of which there is one; for a self-test none. */
static int take_target(int argc, char **argv, int first)
{
    if (given.self_test)
        return argc == first ? -1 : refuse("--self-test takes no target: it starts a server of its own");
    if (argc - first != 1)
        return refuse(argc == first ? "what to load is missing: tenk-load http://127.0.0.1:8080/ (see --help)"
                                    : "takes one target");
    given.target = argv[first];
    return -1;
}

static int check(void)
{
    int status = parse_texts(&given, &texts);

    if (status < 0)
        status = check_ranges(&given);
    if (status < 0)
        status = check_ranks(&given);
    return status < 0 ? check_combinations(&given) : status;
}

int load_options_parse(int argc, char **argv, struct load_options *options)
{
    char error[OPTIONS_ERROR_MAX];
    int first = 0;

    defaults(&given);
    texts = (struct texts){.arrivals = "uniform"};
    if (options_parse(specs, argc, argv, &first, error) < 0)
        return refuse(error);
    if (help_asked)
        return print_help();
    int status = take_target(argc, argv, first);
    if (status < 0 && !given.self_test)
        status = check();
    *options = given;
    return status;
}
