/*
 * load_mix - see load_mix.h.
 */
#include "load_mix.h"

#include <stdlib.h>
#include <string.h>

#include "load_plan.h"
#include "splitmix.h"

static const char out_of_memory[] = "there is no memory for it";

/* "WEIGHT [METHOD] /TARGET" */
static const char *parse(struct load_kind *kind, const char *text)
{
    char *rest;

    kind->weight = strtoul(text, &rest, 10);
    if (text[0] < '0' || text[0] > '9' || kind->weight == 0 || kind->weight > LOAD_MIX_WEIGHT_MAX ||
        *rest != ' ')
        return "it begins with a weight, 1 to 10000, and a blank: '70 /path'";
    kind->path = rest + strspn(rest, " ");
    if (*kind->path != '/') {
        size_t length = strcspn(kind->path, " ");

        kind->method = kind->method_text = strndup(kind->path, length);
        if (kind->method == NULL)
            return out_of_memory;
        if (!load_method_is_known(kind->method))
            return "its method must be GET, HEAD or POST, its target begin with /";
        kind->path += length + strspn(kind->path + length, " ");
    }
    if (*kind->path != '/' || strpbrk(kind->path, " \t\r\n") != NULL)
        return "its target must begin with / and hold no blanks: write %20";
    return NULL;
}

static void shuffle(uint16_t *wheel, size_t size, uint64_t seed)
{
    struct splitmix random = {.state = seed};

    for (size_t i = size; i > 1; i--) {
        size_t j = splitmix_next(&random) % i;
        uint16_t keep = wheel[i - 1];

        wheel[i - 1] = wheel[j];
        wheel[j] = keep;
    }
}

static const char *make_wheel(struct load_plan *plan)
{
    size_t size = 0;

    for (size_t i = 0; i < plan->kind_count; i++)
        size += plan->kinds[i].weight;
    if (size > LOAD_MIX_WEIGHT_MAX)
        return "the weights of all add up to more than 10000";
    plan->wheel = calloc(size, sizeof(*plan->wheel));
    if (plan->wheel == NULL)
        return out_of_memory;
    for (size_t i = 0; i < plan->kind_count; i++)
        for (uint64_t n = 0; n < plan->kinds[i].weight; n++)
            plan->wheel[plan->wheel_size++] = (uint16_t)i;
    shuffle(plan->wheel, size, plan->options->seed);
    return NULL;
}

const char *load_mix_open(struct load_plan *plan)
{
    const struct load_options *options = plan->options;
    size_t count = options->mix.count > 0 ? options->mix.count : 1;
    const char *wrong = NULL;

    plan->kinds = calloc(count, sizeof(*plan->kinds));
    if (plan->kinds == NULL)
        return out_of_memory;
    for (size_t i = 0; i < count && wrong == NULL; i++) {
        struct load_kind *kind = &plan->kinds[plan->kind_count++];

        *kind = (struct load_kind){.method = options->method, .path = plan->path, .weight = 1};
        if (options->mix.count > 0)
            wrong = parse(kind, options->mix.items[i]);
    }
    return wrong != NULL ? wrong : make_wheel(plan);
}

void load_mix_close(struct load_plan *plan)
{
    for (size_t i = 0; i < plan->kind_count; i++) {
        free(plan->kinds[i].method_text);
        free(plan->kinds[i].burst);
        load_expect_close(&plan->kinds[i].expect);
    }
    free(plan->kinds);
    free(plan->wheel);
}
