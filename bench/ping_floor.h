/*
 * ping_floor - how long this machine takes to answer itself when no program has a part in it.
 */
#ifndef PING_FLOOR_H
#define PING_FLOOR_H

#include <stdint.h>

/*
 * The median time of ICMP echo over 127.0.0.1: the floor under every latency of a run. Takes some
 * milliseconds, and a second at most. -1 when it cannot be measured here (no right to ping).
 */
int64_t ping_floor_ns(void);

#endif
