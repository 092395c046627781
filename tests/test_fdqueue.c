/*
 * The queue of descriptors: order, bound, what close does to whom, and, with threads, that nothing is
 * lost and nothing comes twice. The queue never looks at a descriptor, so most tests push plain numbers.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "fdqueue.h"

enum {
    CONSUMERS = 8,
    ITEMS = 100000,
    ROUNDS = 20000,
    DELAY_STEPS = 200, /* empty loops between the start of a race and its close */
    FILLER = 1000000,
    SETTLE_MS = 50, /* long enough for a thread to do what it must not */
    DEADLINE_S = 20,
};

TestSuite(fdqueue, .timeout = 60);

static void settle(void)
{
    clock_sleep_ns(SETTLE_MS * NS_PER_MS);
}

/* Until that many are in. That no more follow, settle() gives the time to see. */
static int wait_until_pushed(const _Atomic int *count, int wanted)
{
    int64_t deadline_ns = clock_now_ns() + DEADLINE_S * NS_PER_S;

    while (*count < wanted && clock_now_ns() < deadline_ns)
        clock_sleep_ns(NS_PER_MS);
    settle();
    return *count;
}

static pthread_t start(void *(*run)(void *), void *argument)
{
    pthread_t thread;

    cr_assert(pthread_create(&thread, NULL, run, argument) == 0);
    return thread;
}

/* ---- alone ---- */

Test(fdqueue, its_size_has_limits)
{
    struct fdqueue *smallest = fdqueue_open(1), *largest = fdqueue_open(FDQUEUE_SIZE_MAX);

    cr_assert(smallest != NULL);
    cr_assert(largest != NULL);
    errno = 0;
    cr_assert(fdqueue_open(0) == NULL && errno == EINVAL);
    errno = 0;
    cr_assert(fdqueue_open((size_t)FDQUEUE_SIZE_MAX + 1) == NULL && errno == EINVAL);
    errno = 0;
    cr_assert(fdqueue_open((size_t)-1) == NULL && errno == EINVAL);
    fdqueue_free(smallest);
    fdqueue_free(largest);
    fdqueue_free(NULL);
}

Test(fdqueue, first_in_first_out_around_the_ring)
{
    struct fdqueue *queue = fdqueue_open(5);
    int next_in = 0, next_out = 0;

    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < 3; i++)
            cr_assert(fdqueue_push(queue, next_in++));
        for (int i = 0; i < 3; i++)
            cr_assert(fdqueue_pop(queue) == next_out++);
    }
    fdqueue_free(queue);
}

Test(fdqueue, after_close_nothing_goes_in_but_what_was_in_comes_out)
{
    struct fdqueue *queue = fdqueue_open(3);

    cr_assert(fdqueue_push(queue, 10) && fdqueue_push(queue, 11) && fdqueue_push(queue, 12));
    fdqueue_close(queue);
    fdqueue_close(queue);
    cr_assert(!fdqueue_push(queue, 13), "a full queue that is closed does not block");
    cr_assert(fdqueue_pop(queue) == 10);
    cr_assert(!fdqueue_push(queue, 13), "a closed queue with room takes nothing");
    cr_assert(fdqueue_pop(queue) == 11 && fdqueue_pop(queue) == 12);
    cr_assert(fdqueue_pop(queue) == -1 && fdqueue_pop(queue) == -1);
    fdqueue_free(queue);
}

Test(fdqueue, free_closes_what_nobody_took)
{
    struct fdqueue *queue = fdqueue_open(4);
    int taken = dup(1), left = dup(1), last = dup(1);

    cr_assert(fdqueue_push(queue, taken) && fdqueue_push(queue, left) && fdqueue_push(queue, last));
    cr_assert(fdqueue_pop(queue) == taken);
    fdqueue_free(queue);
    cr_assert(fcntl(taken, F_GETFD) >= 0, "the one that was popped belongs to its new owner");
    cr_assert(fcntl(left, F_GETFD) == -1 && errno == EBADF);
    cr_assert(fcntl(last, F_GETFD) == -1 && errno == EBADF);
    close(taken);
}

/* ---- who waits, and for how long ---- */

struct pushing {
    struct fdqueue *queue;
    _Atomic int *total; /* of several that push, or NULL */
    _Atomic int pushed;
    _Atomic bool refused;
};

static void *push_until_refused(void *argument)
{
    struct pushing *pushing = argument;

    while (fdqueue_push(pushing->queue, pushing->pushed)) {
        pushing->pushed++;
        if (pushing->total != NULL)
            ++*pushing->total;
    }
    pushing->refused = true;
    return NULL;
}

Test(fdqueue, is_bounded_a_full_one_makes_push_wait)
{
    struct pushing pushing = {.queue = fdqueue_open(7)};
    pthread_t producer = start(push_until_refused, &pushing);

    cr_assert(wait_until_pushed(&pushing.pushed, 7) == 7, "%d went into a queue of 7", pushing.pushed);
    cr_assert(fdqueue_pop(pushing.queue) == 0);
    cr_assert(wait_until_pushed(&pushing.pushed, 8) == 8, "one out, one in: %d", pushing.pushed);
    cr_assert(!pushing.refused);
    fdqueue_close(pushing.queue);
    pthread_join(producer, NULL);
    cr_assert(pushing.refused && pushing.pushed == 8, "the push that waited was refused, not lost");
    for (int i = 1; i < 8; i++)
        cr_assert(fdqueue_pop(pushing.queue) == i);
    cr_assert(fdqueue_pop(pushing.queue) == -1);
    fdqueue_free(pushing.queue);
}

struct popping {
    struct fdqueue *queue;
    int got;
    int64_t cpu_ns;
    _Atomic bool done;
};

static void *pop_once(void *argument)
{
    struct popping *popping = argument;
    int64_t start_ns = clock_thread_cpu_ns();

    popping->got = fdqueue_pop(popping->queue);
    popping->cpu_ns = clock_thread_cpu_ns() - start_ns;
    popping->done = true;
    return NULL;
}

Test(fdqueue, pop_waits_for_a_push_without_spinning)
{
    struct popping popping = {.queue = fdqueue_open(1)};
    pthread_t consumer = start(pop_once, &popping);

    clock_sleep_ns(200 * NS_PER_MS);
    cr_assert(!popping.done);
    cr_assert(fdqueue_push(popping.queue, 42));
    pthread_join(consumer, NULL);
    cr_assert(popping.got == 42);
    cr_assert(popping.cpu_ns < 50 * NS_PER_MS, "it slept: %jd ns of CPU in 200 ms", (intmax_t)popping.cpu_ns);
    fdqueue_free(popping.queue);
}

Test(fdqueue, close_wakes_every_pop_that_waits)
{
    struct fdqueue *queue = fdqueue_open(1);
    struct popping popping[CONSUMERS];
    pthread_t consumers[CONSUMERS];

    for (int i = 0; i < CONSUMERS; i++) {
        popping[i] = (struct popping){.queue = queue};
        consumers[i] = start(pop_once, &popping[i]);
    }
    settle();
    fdqueue_close(queue);
    for (int i = 0; i < CONSUMERS; i++) {
        pthread_join(consumers[i], NULL);
        cr_assert(popping[i].got == -1);
    }
    fdqueue_free(queue);
}

Test(fdqueue, close_wakes_every_push_that_waits)
{
    struct pushing pushing[CONSUMERS];
    struct fdqueue *queue = fdqueue_open(1);
    pthread_t producers[CONSUMERS];
    _Atomic int pushed = 0;

    for (int i = 0; i < CONSUMERS; i++) {
        pushing[i] = (struct pushing){.queue = queue, .total = &pushed};
        producers[i] = start(push_until_refused, &pushing[i]);
    }
    wait_until_pushed(&pushed, 1);
    fdqueue_close(queue);
    for (int i = 0; i < CONSUMERS; i++)
        pthread_join(producers[i], NULL);
    cr_assert(pushed == 1, "a queue of one took %d", pushed);
    fdqueue_free(queue);
}

/*
 * The lost wake-up: close comes just between a thread's look at the queue and its going to sleep. With
 * the flag set outside the mutex that thread sleeps for ever. The moment is a few nanoseconds wide, so
 * both sides start together, many times, with the close a little later each time.
 */
struct racing {
    struct fdqueue *queues[ROUNDS];
    bool push; /* who races with close: a push into a full queue, or a pop from an empty one */
    _Atomic int round;
    _Atomic int done;
};

static void *race_with_close(void *argument)
{
    struct racing *racing = argument;

    for (int i = 0; i < ROUNDS; i++) {
        while (racing->round <= i)
            sched_yield();
        if (racing->push)
            cr_expect(!fdqueue_push(racing->queues[i], 1));
        else
            cr_expect(fdqueue_pop(racing->queues[i]) == -1);
        racing->done = i + 1;
    }
    return NULL;
}

static void wait_until_done(struct racing *racing, int count)
{
    int64_t deadline_ns = clock_now_ns() + 10 * NS_PER_S;

    while (racing->done < count) {
        cr_assert(clock_now_ns() < deadline_ns, "round %d: close was missed, the thread sleeps for ever",
                  count);
        sched_yield();
    }
}

static void check_race_with_close(bool push)
{
    struct racing *racing = calloc(1, sizeof(*racing));
    pthread_t thread;

    racing->push = push;
    for (int i = 0; i < ROUNDS; i++) {
        racing->queues[i] = fdqueue_open(1);
        if (push)
            cr_assert(fdqueue_push(racing->queues[i], FILLER));
    }
    thread = start(race_with_close, racing);
    for (int i = 0; i < ROUNDS; i++) {
        racing->round = i + 1;
        for (int spin = 0; spin < i % DELAY_STEPS; spin++)
            atomic_signal_fence(memory_order_seq_cst);
        fdqueue_close(racing->queues[i]);
        wait_until_done(racing, i + 1);
    }
    pthread_join(thread, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        cr_assert(!push || fdqueue_pop(racing->queues[i]) == FILLER);
        fdqueue_free(racing->queues[i]);
    }
    free(racing);
}

Test(fdqueue, close_is_never_missed_by_a_pop_about_to_wait)
{
    check_race_with_close(false);
}

Test(fdqueue, close_is_never_missed_by_a_push_about_to_wait)
{
    check_race_with_close(true);
}

/* ---- many threads ---- */

struct crowd {
    struct fdqueue *queue;
    _Atomic unsigned char seen[ITEMS];
    _Atomic int out_of_order;
};

/* What one consumer gets comes in the order it went in, whoever gets the rest. */
static void *consume(void *argument)
{
    struct crowd *crowd = argument;
    int last = -1;

    for (int fd; (fd = fdqueue_pop(crowd->queue)) >= 0; last = fd) {
        crowd->seen[fd]++;
        crowd->out_of_order += fd <= last;
    }
    return NULL;
}

static void check_crowd(size_t size)
{
    struct crowd *crowd = calloc(1, sizeof(*crowd));
    pthread_t consumers[CONSUMERS];
    int lost = 0, twice = 0;

    crowd->queue = fdqueue_open(size);
    for (int i = 0; i < CONSUMERS; i++)
        consumers[i] = start(consume, crowd);
    for (int fd = 0; fd < ITEMS; fd++)
        cr_assert(fdqueue_push(crowd->queue, fd));
    fdqueue_close(crowd->queue);
    for (int i = 0; i < CONSUMERS; i++)
        pthread_join(consumers[i], NULL);
    for (int fd = 0; fd < ITEMS; fd++) {
        lost += crowd->seen[fd] == 0;
        twice += crowd->seen[fd] > 1;
    }
    cr_assert(lost == 0 && twice == 0, "%d lost, %d came twice", lost, twice);
    cr_assert(crowd->out_of_order == 0);
    fdqueue_free(crowd->queue);
    free(crowd);
}

Test(fdqueue, loses_nothing_and_repeats_nothing_with_room_for_one)
{
    check_crowd(1);
}

Test(fdqueue, loses_nothing_and_repeats_nothing_with_room_for_some)
{
    check_crowd(64);
}

Test(fdqueue, loses_nothing_and_repeats_nothing_with_room_for_all)
{
    check_crowd(ITEMS);
}

/* ---- cost ---- */

/* From here on a futex call ends the process with SIGSYS. seccomp(2) */
static bool forbid_futex(void)
{
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_futex, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof(steps) / sizeof(*steps), steps};

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

enum { CHILD_GOOD, CHILD_WRONG, CHILD_NO_SECCOMP };

static int push_and_pop_without_futex(struct fdqueue *queue)
{
    if (!forbid_futex())
        return CHILD_NO_SECCOMP;
    for (int i = 0; i < 1000; i++)
        if (!fdqueue_push(queue, i) || fdqueue_pop(queue) != i)
            return CHILD_WRONG;
    return CHILD_GOOD;
}

Test(fdqueue, push_and_pop_make_no_futex_call_when_nobody_waits)
{
    struct fdqueue *queue = fdqueue_open(4);
    pid_t child = fork();
    int status = 0;

    if (child == 0)
        _exit(push_and_pop_without_futex(queue));
    cr_assert(child > 0 && waitpid(child, &status, 0) == child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == CHILD_NO_SECCOMP)
        cr_skip_test("this kernel has no seccomp filters");
    cr_assert(!WIFSIGNALED(status), "killed by signal %d: a futex call", WTERMSIG(status));
    cr_assert(WEXITSTATUS(status) == CHILD_GOOD);
    fdqueue_free(queue);
}
