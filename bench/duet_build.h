/*
 * duet_build - the tenk-serve of another revision.
 */
#ifndef DUET_BUILD_H
#define DUET_BUILD_H

#include "launch.h"

/* Builds it unless it was built before; writes where it is. 0; -1 with a sentence. */
int duet_build(const char *revision, char path[LAUNCH_PATH_MAX], struct failure *failure);

#endif
