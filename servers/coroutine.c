/*
 * coroutine - see coroutine.h.
 *
 * A new stack is entered with makecontext(3). After that, switching is setjmp on one stack and longjmp
 * to the other: a few dozen instructions in user mode, where swapcontext(3) makes a system call each
 * time to save a signal mask that is always the same. QEMU and GNU Pth switch the same way.
 */

/* The checking longjmp of _FORTIFY_SOURCE takes every switch between stacks for an error. */
#undef _FORTIFY_SOURCE

#include "coroutine.h"

#include "coroutine_sanitizer.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

/* It lies at the top of its own stack:  [ guard page | ... stack grows down ... | struct coroutine ] */
struct coroutine {
    jmp_buf context; /* where it waits */
    void (*body)(void *argument);
    void *argument;
    bool ended;
    struct coroutine *next; /* in the list of spares */
    char *mapping;
    size_t mapping_size;
    struct track track;
};

static struct coroutine *running;
static jmp_buf resumer;
static struct track resumer_track;
static struct coroutine *spares;
static unsigned spare_count;

static void back_to_resumer(struct coroutine *self)
{
    if (_setjmp(self->context) == 0) {
        switch_leave(&self->track, &resumer_track);
        _longjmp(resumer, 1);
    }
    switch_arrive(&resumer_track, &self->track);
}

void coroutine_wait(void)
{
    back_to_resumer(running);
}

/* The first function of every stack. When a body has returned the stack waits for another one. */
static void trunk(void)
{
    struct coroutine *self = running;

    switch_arrive(&resumer_track, &self->track);
    for (;;) {
        self->body(self->argument);
        self->ended = true;
        back_to_resumer(self);
    }
}

static void destroy(struct coroutine *coroutine)
{
    track_close(&coroutine->track);
    munmap(coroutine->mapping, coroutine->mapping_size);
}

static void put_aside(struct coroutine *coroutine)
{
    if (spare_count == COROUTINE_SPARES) {
        destroy(coroutine);
        return;
    }
    coroutine->next = spares;
    spares = coroutine;
    spare_count++;
}

/* Back in the resumer. */
static void arrived(void)
{
    switch_arrive(&running->track, &resumer_track);
    if (running->ended)
        put_aside(running);
}

/* Enters a stack that has never run. */
static void enter(struct coroutine *coroutine)
{
    ucontext_t context;
    char *bottom = coroutine->mapping + getpagesize();

    getcontext(&context);
    context.uc_stack.ss_sp = bottom;
    context.uc_stack.ss_size = (size_t)((char *)coroutine - bottom);
    context.uc_link = NULL;
    makecontext(&context, trunk, 0);
    running = coroutine;
    if (_setjmp(resumer) == 0) {
        switch_leave(&resumer_track, &coroutine->track);
        setcontext(&context);
    }
    arrived();
}

/* A guard page below: who overruns the stack faults instead of writing into another one's. */
static struct coroutine *create(void)
{
    size_t guard = (size_t)getpagesize();
    size_t size = guard + COROUTINE_STACK;
    char *mapping = mmap(NULL, size, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);

    if (mapping == MAP_FAILED)
        return NULL;
    if (mprotect(mapping, guard, PROT_NONE) < 0) {
        munmap(mapping, size);
        return NULL;
    }
    struct coroutine *coroutine = (struct coroutine *)(mapping + size - (sizeof *coroutine + 63) / 64 * 64);
    coroutine->mapping = mapping;
    coroutine->mapping_size = size;
    track_open(&coroutine->track, mapping + guard, COROUTINE_STACK);
    return coroutine;
}

struct coroutine *coroutine_start(void (*body)(void *argument), void *argument)
{
    struct coroutine *coroutine = spares;
    bool new = coroutine == NULL;

    if (new)
        coroutine = create();
    if (coroutine == NULL)
        return NULL;
    coroutine->body = body;
    coroutine->argument = argument;
    coroutine->ended = false;
    if (new) {
        enter(coroutine);
    } else {
        spares = coroutine->next;
        spare_count--;
        coroutine_resume(coroutine);
    }
    return coroutine;
}

void coroutine_resume(struct coroutine *coroutine)
{
    running = coroutine;
    if (_setjmp(resumer) == 0) {
        switch_leave(&resumer_track, &coroutine->track);
        _longjmp(coroutine->context, 1);
    }
    arrived();
}

void coroutine_abandon(struct coroutine *coroutine)
{
    destroy(coroutine);
}

void coroutines_close(void)
{
    while (spares != NULL) {
        struct coroutine *coroutine = spares;

        spares = coroutine->next;
        destroy(coroutine);
    }
    spare_count = 0;
}
