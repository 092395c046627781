/*
 * environment - on what, and built how, a number was measured. A number without that is a rumour.
 */
#ifndef ENVIRONMENT_H
#define ENVIRONMENT_H

#include <jansson.h>
#include <sched.h>

enum { REVISION_MAX = 64 };

/*
 * The git revision of the tree this program was built in, "-dirty" appended when files in it differ;
 * "unversioned" when git does not know it.
 */
void environment_revision(char revision[REVISION_MAX]);

/*
 * Everything that stays: kernel, CPU, mitigations, governor, sysctls, limits, compiler and flags,
 * revision, programs. A new object.
 */
json_t *environment_read(const char *revision, const cpu_set_t *server_cpus, const cpu_set_t *client_cpus,
                         const char *wrk);

/* The compiler and the flags this program was built with: "gcc -O2 -g". */
const char *environment_build(void);

/* What changes: time, load, memory, steal, sockets. Taken before and after. A new object. */
json_t *environment_moment(void);

#endif
