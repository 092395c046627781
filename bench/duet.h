/*
 * duet - two programs, or two revisions, measured in one sitting.
 *
 * Every model both programs have stands in the plan twice, as MODEL@base and MODEL@new; the first one's
 * base is the control and runs twice. comparison.h says what follows from the rows.
 */
#ifndef DUET_H
#define DUET_H

#include "registry.h"

/*
 * The tenk-serve that a side of a duet means: a program, a directory with a tenk-serve in it, or a git
 * revision, which is checked out into a work tree of its own under /tmp, built with the compiler and flags of
 * this program, and kept as revisions/tenk-serve-COMMIT beside it. Writes an absolute path. 0; -1 with a
 * sentence.
 */
int duet_find(const char *side, char path[SCENARIO_TEXT_MAX], struct failure *failure);

/*
 * Replaces the models of the registry by those that both programs of the scenario have, twice, and the
 * names in the scenario likewise ("all": every model that is no yardstick). 0; -1 with a sentence.
 */
int duet_prepare(struct registry *registry, struct scenario *scenario, struct failure *failure);

#endif
