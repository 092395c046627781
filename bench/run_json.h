/*
 * run_json - run.json: what a run is, so that a reader can judge it and --resume can go on with it.
 */
#ifndef RUN_JSON_H
#define RUN_JSON_H

#include <jansson.h>

#include "session.h"

enum { RUN_JSON_FORMAT = 1 };

/* Everything known before the first slice. A new object. */
json_t *run_json_new(const struct session *session, int argc, char **argv, const char *revision);

/* Notes that a run was taken up again, by which revision. */
void run_json_resumed(json_t *root, const char *revision);

/*
 * Notes the moment after the last slice of this sitting, whether it came to its end, and which scenarios
 * were stopped early and why.
 */
void run_json_ended(json_t *root, const struct session *session, bool complete);

/* Writes run.json and, for a new run, scenarios/NAME.ini. 0; -1 with a sentence. */
int run_json_write(const struct session *session, const json_t *root, struct failure *failure);
int run_json_write_scenarios(const struct session *session, struct failure *failure);

/* Whether the plans made now are the ones in run.json. 0; -1 with a sentence. */
int run_json_check_plans(const json_t *root, const struct session *session, struct failure *failure);

#endif
