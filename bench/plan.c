/*
 * plan - see plan.h.
 */
#include "plan.h"

#include <stdlib.h>
#include <string.h>

#include "splitmix.h"

enum {
    ORDER_MAX = SCENARIO_LIST_MAX + 1, /* every model, and the control's second copy */
};

/* One entry of an order: a model, and which copy of it. */
struct entry {
    unsigned model, copy, idle;
    bool datagrams;
};

struct order {
    struct entry entries[ORDER_MAX];
    unsigned count;
};

/* The orders of one pair of rounds: drawn in the even one, run backwards in the odd one. */
struct orders {
    unsigned connections[SCENARIO_LIST_MAX]; /* indices, shuffled */
    struct order load[SCENARIO_LIST_MAX], wrk[SCENARIO_LIST_MAX];
};

const char *client_name(enum client_kind client)
{
    return client == CLIENT_WRK ? "wrk" : "tenk-load";
}

const char *slice_kind(const struct slice *slice)
{
    if (slice->cost)
        return "cost";
    if (slice->search)
        return "search";
    if (slice->load > 0)
        return "load";
    return slice->beside > 0 && !slice->turns ? "duet" : "timing";
}

/* ---- orders ---- */

static void shuffle(struct order *order, struct splitmix *random)
{
    for (unsigned i = order->count; i > 1; i--) {
        unsigned other = splitmix_below(random, i);
        struct entry swapped = order->entries[i - 1];

        order->entries[i - 1] = order->entries[other];
        order->entries[other] = swapped;
    }
}

static void reverse(struct order *order)
{
    for (unsigned i = 0; i < order->count / 2; i++) {
        struct entry swapped = order->entries[i];

        order->entries[i] = order->entries[order->count - 1 - i];
        order->entries[order->count - 1 - i] = swapped;
    }
}

static bool is_available(const struct scenario *scenario, const struct registry *registry, unsigned number)
{
    const struct model *model = registry_find(registry, scenario->models.items[number]);

    return model && !model->unavailable[0];
}

static struct entry entry_of(const struct scenario *scenario, const struct registry *registry,
                             unsigned number, unsigned copy)
{
    const struct model *model = registry_find(registry, scenario->models.items[number]);

    return (struct entry){.model = number,
                          .copy = copy,
                          .idle = model ? model->idle : 0,
                          .datagrams = model && model_over_datagrams(model)};
}

static struct order all_models(const struct scenario *scenario, const struct registry *registry,
                               bool control_twice)
{
    struct order order = {.count = 0};

    for (unsigned i = 0; i < scenario->models.count; i++) {
        if (!is_available(scenario, registry, i))
            continue;
        order.entries[order.count++] = entry_of(scenario, registry, i, 0);
        if (control_twice && strcmp(scenario->models.items[i], scenario->control) == 0)
            order.entries[order.count++] = entry_of(scenario, registry, i, 1);
    }
    return order;
}

static void draw(struct orders *orders, const struct scenario *scenario, const struct registry *registry,
                 struct splitmix *random)
{
    unsigned count = scenario->connections.count;

    for (unsigned i = 0; i < count; i++) {
        unsigned at = splitmix_below(random, i + 1); /* the shuffle that fills: inside out */

        orders->connections[i] = orders->connections[at];
        orders->connections[at] = i;
        orders->load[i] = all_models(scenario, registry, true);
        orders->wrk[i] = all_models(scenario, registry, false);
        shuffle(&orders->load[i], random);
        shuffle(&orders->wrk[i], random);
    }
}

static void turn_round(struct orders *orders, unsigned count)
{
    for (unsigned i = 0; i < count / 2; i++) {
        unsigned swapped = orders->connections[i];

        orders->connections[i] = orders->connections[count - 1 - i];
        orders->connections[count - 1 - i] = swapped;
    }
    for (unsigned i = 0; i < count; i++) {
        reverse(&orders->load[i]);
        reverse(&orders->wrk[i]);
    }
}

/* ---- slices ---- */

/* `like` with the next index. */
static void add_slice(struct plan *plan, const struct slice *like, const struct entry *entry)
{
    struct slice *slice = &plan->slices[plan->count];

    *slice = *like;
    slice->index = plan->count++;
    slice->model = entry->model;
    slice->copy = entry->copy;
    slice->idle = entry->idle;
    slice->datagrams = entry->datagrams;
}

static void add_order(struct plan *plan, const struct order *order, struct slice slice, unsigned *position)
{
    for (unsigned i = 0; i < order->count; i++) {
        slice.position = (*position)++;
        add_slice(plan, &slice, &order->entries[i]);
    }
}

static bool list_has(const struct count_list *list, unsigned count)
{
    for (unsigned i = 0; i < list->count; i++)
        if (list->items[i] == count)
            return true;
    return false;
}

/* Whether this is one of wrk's rounds: wrk_rounds of them, spread evenly over all. */
static bool is_wrk_round(const struct scenario *scenario, unsigned round)
{
    uint64_t before = round * scenario->wrk_rounds / scenario->rounds;

    return scenario_has_client(scenario, "wrk") &&
           (scenario->wrk_rounds >= scenario->rounds ||
            (round + 1) * scenario->wrk_rounds / scenario->rounds > before);
}

/* Slices in the same time. Which client starts first changes from round to round. */
static void add_together(struct plan *plan, struct slice slice, const struct order *order, unsigned position)
{
    unsigned last = order->count - 1;

    slice.at_once = order->count;
    slice.position = position;
    for (unsigned i = 0; i < order->count; i++) {
        slice.beside = i + 1;
        add_slice(plan, &slice, &order->entries[slice.round % 2 ? last - i : i]);
    }
}

/* The copies of the control, and base and new of a model: those of them that are asked for. */
static struct order sides_of(const struct scenario *scenario, const struct registry *registry, unsigned base,
                             bool copy, bool new)
{
    struct order order = {.entries = {entry_of(scenario, registry, base, 0)}, .count = 1};

    if (copy)
        order.entries[order.count++] = entry_of(scenario, registry, base, 1);
    if (new)
        order.entries[order.count++] = entry_of(scenario, registry, base + 1, 0);
    return order;
}

/* Base and new of every model by turns, the control's second copy among those of the first. */
static void add_turns(struct plan *plan, const struct scenario *scenario, const struct registry *registry,
                      struct slice slice, unsigned *position)
{
    unsigned pairs = scenario->models.count / 2;

    slice.turns = true;
    for (unsigned i = 0; i < pairs; i++) {
        unsigned base = 2 * (slice.round % 2 ? pairs - 1 - i : i);
        struct order order = sides_of(scenario, registry, base, base == 0, true);

        if (is_available(scenario, registry, base))
            add_together(plan, slice, &order, (*position)++);
    }
}

/* The two copies of the control, and base and new of every model; odd rounds backwards as well. */
static void add_duets(struct plan *plan, const struct scenario *scenario, const struct registry *registry,
                      struct slice slice, unsigned *position)
{
    unsigned pairs = scenario->models.count / 2;

    if (!scenario->duet_base[0])
        return;
    for (unsigned i = 0; i <= pairs; i++) {
        unsigned pair = slice.round % 2 ? pairs - i : i, base = pair == 0 ? 0 : (pair - 1) * 2;
        struct order order = sides_of(scenario, registry, base, pair == 0, pair > 0);

        if (is_available(scenario, registry, base))
            add_together(plan, slice, &order, (*position)++);
    }
}

static void add_round(struct plan *plan, const struct scenario *scenario, const struct orders *orders,
                      const struct registry *registry, unsigned round)
{
    struct slice slice = {
        .round = round, .block = round / (unsigned)scenario->rounds_per_start, .at_once = 1};
    bool wrk = is_wrk_round(scenario, round);
    unsigned position = 0;

    for (unsigned i = 0; i < scenario->connections.count; i++) {
        unsigned which = orders->connections[i];

        slice.connections = scenario->connections.items[which];
        slice.client = CLIENT_TENK_LOAD;
        if (scenario_takes_turns(scenario))
            add_turns(plan, scenario, registry, slice, &position);
        else if (scenario_has_client(scenario, "tenk-load"))
            add_order(plan, &orders->load[which], slice, &position);
        add_duets(plan, scenario, registry, slice, &position);
        slice.client = CLIENT_WRK;
        if (wrk && list_has(scenario_wrk_connections(scenario), slice.connections))
            add_order(plan, &orders->wrk[which], slice, &position);
    }
}

/* All steps that the searches of one round may take. */
static void add_search(struct plan *plan, const struct scenario *scenario, const struct orders *orders,
                       unsigned search)
{
    struct slice slice = {
        .search = true, .round = search, .block = search, .client = CLIENT_TENK_LOAD, .at_once = 1};
    unsigned position = 0;

    for (slice.step = 0; slice.step < PLAN_SEARCH_STEPS; slice.step++)
        for (unsigned i = 0; i < scenario->connections.count; i++) {
            slice.connections = scenario->connections.items[orders->connections[i]];
            add_order(plan, &orders->load[orders->connections[i]], slice, &position);
        }
}

/* A round of all loads; odd ones run them backwards as well. */
static void add_loads(struct plan *plan, const struct scenario *scenario, const struct orders *orders,
                      unsigned round)
{
    struct slice slice = {.round = round, .client = CLIENT_TENK_LOAD, .at_once = 1};
    unsigned position = 0, count = scenario->load.count;

    slice.block = (unsigned)(scenario->searches + round / scenario->rounds_per_start);
    for (unsigned i = 0; i < scenario->connections.count; i++)
        for (unsigned k = 0; k < count; k++) {
            slice.load = scenario->load.items[round % 2 ? count - 1 - k : k];
            slice.connections = scenario->connections.items[orders->connections[i]];
            add_order(plan, &orders->load[orders->connections[i]], slice, &position);
        }
}

enum round_kind { ROUND_TIMING, ROUND_SEARCH, ROUND_LOAD };

static void add_rounds(struct plan *plan, const struct scenario *scenario, const struct registry *registry,
                       struct orders *orders, struct splitmix *random, enum round_kind kind)
{
    unsigned count = (unsigned)(kind == ROUND_SEARCH ? scenario->searches : scenario->rounds);

    for (unsigned round = 0; round < count; round++) {
        if (round % 2 == 0)
            draw(orders, scenario, registry, random);
        else
            turn_round(orders, scenario->connections.count);
        if (kind == ROUND_SEARCH)
            add_search(plan, scenario, orders, round);
        else if (kind == ROUND_LOAD)
            add_loads(plan, scenario, orders, round);
        else
            add_round(plan, scenario, orders, registry, round);
    }
}

static void add_cost(struct plan *plan, const struct scenario *scenario, const struct registry *registry)
{
    struct order order = all_models(scenario, registry, false);
    struct slice slice = {
        .cost = true, .client = CLIENT_TENK_LOAD, .round = (unsigned)scenario->rounds, .at_once = 1};

    for (unsigned i = 0; i < order.count; i++, plan->blocks++)
        for (unsigned c = 0; c < scenario->connections.count; c++) {
            slice.block = plan->blocks;
            slice.position = i * scenario->connections.count + c;
            slice.connections = scenario->connections.items[c];
            add_slice(plan, &slice, &order.entries[i]);
        }
}

int plan_make(struct plan *plan, const struct scenario *scenario, const struct registry *registry,
              uint64_t seed, struct failure *failure)
{
    struct splitmix random = {.state = seed};
    struct orders *orders = calloc(1, sizeof(*orders));
    size_t rounds =
        scenario->rounds * (3 + scenario->load.count) + scenario->searches * PLAN_SEARCH_STEPS + 1;
    size_t most = rounds * scenario->connections.count * ORDER_MAX;

    *plan = (struct plan){.slices = calloc(most, sizeof(*plan->slices))};
    if (!orders || !plan->slices) {
        free(orders);
        plan_free(plan);
        return failure_set(failure, EXIT_HERE, "out of memory for the plan of %s", scenario->name);
    }
    add_rounds(plan, scenario, registry, orders, &random,
               scenario->capacity[0] ? ROUND_SEARCH : ROUND_TIMING);
    if (scenario->load.count > 0) {
        memset(orders, 0, sizeof(*orders));
        add_rounds(plan, scenario, registry, orders, &random, ROUND_LOAD);
    }
    plan->blocks = plan->count > 0 ? plan->slices[plan->count - 1].block + 1 : 0;
    if (scenario->cost_slice_ns > 0 && !scenario->capacity[0] && scenario_has_client(scenario, "tenk-load"))
        add_cost(plan, scenario, registry);
    free(orders);
    return 0;
}

void plan_free(struct plan *plan)
{
    free(plan->slices);
    *plan = (struct plan){0};
}
