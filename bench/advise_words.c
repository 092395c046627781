/*
 * advise_words - the answer of tenk-advise in three lines: see advise_choice.h.
 */
#include "advise_choice.h"

#include <math.h>
#include <string.h>

#include "units.h"

enum { NAME_MAX_TEXT = SCENARIO_NAME_MAX + 32, WORDS_MAX = 300 };

/* "thread_pool with 2000 workers". */
static const char *name_of(const struct advise_runner *runner, char text[NAME_MAX_TEXT])
{
    int length = (int)strcspn(runner->name, "@+");

    if (runner->workers > 0)
        snprintf(text, NAME_MAX_TEXT, "%.*s with %u worker%s", length, runner->name, runner->workers,
                 runner->workers == 1 ? "" : "s");
    else
        snprintf(text, NAME_MAX_TEXT, "%.*s", length, runner->name);
    return text;
}

/* What it does, and how to run it. */
static void print_runner(FILE *out, const struct advise_field *field, const struct advise_runner *runner,
                         const struct advise_figures *figures)
{
    char name[NAME_MAX_TEXT], rate[UNITS_TEXT_MAX], latency[UNITS_TEXT_MAX], objective[SCENARIO_NAME_MAX];

    fprintf(out, "%s: %s%s requests per second, %s %s, %.1f us of CPU time each; run it: tenk serve %.*s",
            name_of(runner, name), figures->client_bound ? "at least " : "",
            units_format_count(rate, figures->rate_per_s),
            advise_latency_name(field->workload, objective, sizeof(objective)),
            units_format_duration(latency, (int64_t)(figures->latency_us * 1e3)), figures->cpu_us,
            (int)strcspn(runner->name, "@+"), runner->name);
    if (runner->workers > 0)
        fprintf(out, " --workers %u", runner->workers);
    fputs(" --listen :8080\n", out);
}

/* "1.62 [1.55, 1.70]". */
static const char *interval(const struct estimate *estimate, char text[WORDS_MAX])
{
    if (isnan(estimate->ratio))
        snprintf(text, WORDS_MAX, "not known");
    else
        snprintf(text, WORDS_MAX, "%.2f [%.2f, %.2f]", estimate->ratio, estimate->low, estimate->high);
    return text;
}

static void print_ratios(FILE *out, const struct advise_answer *answer)
{
    const struct advise_margin *margin = &answer->margin;
    char rate[WORDS_MAX], cpu[WORDS_MAX];

    if (isnan(margin->rate.ratio) && isnan(margin->cpu.ratio)) {
        fputs("too few rounds for an interval, give it a larger --budget", out);
        return;
    }
    if (margin->client_bound)
        fprintf(out, "%s times the CPU time per request", interval(&margin->cpu, cpu));
    else
        fprintf(out, "%s times the requests per second, %s times the CPU time per request",
                interval(&margin->rate, rate), interval(&margin->cpu, cpu));
    fprintf(out, " (%zu rounds%s)", margin->client_bound ? margin->cpu.pairs : margin->rate.pairs,
            answer->few ? ", too few to show a difference: give it a larger --budget" : "");
}

/* By what the chosen one comes first where no difference is shown: the rule is is_better's, in
 * advise_choice.c. */
static const char *reason_of(const struct advise_answer *answer)
{
    if (!answer->margin.client_bound && answer->margin.rate_times > ADVISE_ALIKE)
        return "the higher rate it had";
    return "the less CPU time it took";
}

static void print_margin(FILE *out, const struct advise_field *field, const struct advise_answer *answer)
{
    const char *objective = field->workload->objective.text;

    fputs("margin: ", out);
    if (!answer->second) {
        fputs("nothing to compare with, no other model can serve this load\n", out);
        return;
    }
    if (!answer->kept)
        fprintf(out, "nothing keeps %s", objective);
    else if (!answer->second_figures.keeps)
        fprintf(out, "%s%s; ",
                answer->shown ? "no other keeps " : "no difference shown, but its median keeps ", objective);
    else if (!answer->shown)
        fprintf(out, "no difference shown, chosen for %s; ", reason_of(answer));
    if (answer->kept && answer->margin.client_bound)
        fputs("the client was the limit of both, so rates are not compared; ", out);
    if (answer->kept)
        print_ratios(out, answer);
    if (field->alike > 0)
        fprintf(out, "; %u more looked alike at one look, --models compares them", field->alike);
    putc('\n', out);
}

void advise_print(FILE *out, const struct advise_field *field, const struct advise_answer *answer)
{
    if (!answer->chosen) {
        fputs("choose: nothing, no model can serve this load\nmargin: none\nrunner-up: none\n", out);
        return;
    }
    fputs(answer->kept ? "choose: " : "choose: nothing keeps the objective; nearest is ", out);
    print_runner(out, field, answer->chosen, &answer->figures);
    print_margin(out, field, answer);
    fputs("runner-up: ", out);
    if (answer->second)
        print_runner(out, field, answer->second, &answer->second_figures);
    else
        fputs("none\n", out);
}
