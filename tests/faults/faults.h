/*
 * faults - the plan by which calls fail, shared between a test and the server it has started.
 *
 * `tenk-serve-faults` is tenk-serve, linked with --wrap=NAME for each line of calls.def: the same objects
 * and archives (libevent, libuv, liburing), whose calls go through wrap.c. The environment variable
 * TENK_FAULTS names a file that holds this struct; test and server (its children too) have it mapped. So
 * a test can start a server in peace, make its calls fail for a while, and see it recover. ld(1)
 */
#ifndef FAULTS_H
#define FAULTS_H

#include <stdatomic.h>
#include <stdint.h>

enum faults_call {
    FAULTS_NONE,
#define CALL(name) FAULTS_##name,
#define CLOCK(name)
#include "calls.def"
#undef CALL
#undef CLOCK
};

struct faults {
    _Atomic uint32_t armed;       /* enum faults_call */
    _Atomic int32_t error;        /* the errno of a call that fails */
    _Atomic uint64_t first, last; /* which calls fail, counted from 1 since it was armed */
    _Atomic uint64_t calls;       /* of that name since it was armed */
    _Atomic uint64_t failed;      /* of them made to fail */
    _Atomic uint64_t all;         /* calls of every name, clocks included, since the start */
    _Atomic int64_t shift_s;      /* so much later than it is CLOCK_REALTIME says it is */
};

#endif
