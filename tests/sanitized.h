/*
 * sanitized - whether the servers under test have a sanitizer in them: the one of this build, or the thread
 * sanitizer while the tests have none (`make tsan`: Criterion does not run under it).
 */
#ifndef SANITIZED_H
#define SANITIZED_H

#include <stdbool.h>

#include "sanitizer.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(SERVERS_UNDER_TSAN)
static const bool sanitized = true;
#else
static const bool sanitized = false;
#endif

#endif
