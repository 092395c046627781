/*
 * shipped - files that come with the programs: scenarios, wrk scripts, the templates of the report.
 */
#ifndef SHIPPED_H
#define SHIPPED_H

#include "launch.h"

/*
 * Writes the path of bench/KIND/NAME of the source tree this program was built in (build/ or build/NAME/
 * below it), or of share/tenk/KIND/NAME beside the bin/ it was installed into. 0; -1 when neither is there.
 */
int shipped_find(const char *kind, const char *name, char path[LAUNCH_PATH_MAX]);

#endif
