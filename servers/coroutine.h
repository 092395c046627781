/*
 * coroutine - a function with a stack of its own, which runs until it waits and is resumed where it
 * left off. Nothing runs by itself: exactly one of them, or the resumer, runs at any moment.
 *
 *     resumer: coroutine_start --> body ... coroutine_wait --> resumer goes on
 *              coroutine_resume ----------> body goes on ... returns --> resumer goes on
 *
 * For one thread only. makecontext(3), setjmp(3)
 */
#ifndef COROUTINE_H
#define COROUTINE_H

struct coroutine;

enum {
    COROUTINE_STACK = 64 * 1024, /* address space; only touched pages take memory */
    COROUTINE_SPARES = 256,      /* stacks kept for the next ones; more are unmapped */
};

/*
 * Runs `body` until it waits for the first time (or returns). NULL with errno when there is no memory
 * or no mapping left for a stack (vm.max_map_count). The coroutine is gone when its body returns, and
 * must not be used any more.
 */
struct coroutine *coroutine_start(void (*body)(void *argument), void *argument);

/* Runs a waiting coroutine until it waits again or its body returns. Not from inside a coroutine. */
void coroutine_resume(struct coroutine *coroutine);

/* From inside a body: back to the resumer. */
void coroutine_wait(void);

/* Frees a waiting coroutine that will not be resumed. What its body holds is the caller's to free. */
void coroutine_abandon(struct coroutine *coroutine);

/* Frees the spare stacks. */
void coroutines_close(void);

#endif
