/*
 * family - which models belong together, and their colours: one hue per family, a dash pattern per member.
 *
 * A model says itself which family it is of (servers/NAME.c, `tenk-serve --list --json`); here are the
 * colours. The hues are those of Okabe and Ito (distinct for the colour-blind), darkened or lightened until
 * they keep a contrast of 3:1 against white and against near-black, so that one file can be read on both.
 */
#ifndef FAMILY_H
#define FAMILY_H

#include "registry.h"

enum { FAMILY_DASHES = 6 };

struct family {
    const char *name;
    const char *colour;       /* on both backgrounds: "#rrggbb" */
    const char *light, *dark; /* where the background is known */
};

extern const struct family families[];
extern const unsigned family_count;

/* Takes the models of a registry, which must live on. Without it every model is one of the others. */
void family_use(const struct registry *registry);

/* The family of a model (the last one, "other", for names it does not know), and its dash within it. */
unsigned family_of(const char *model, unsigned *dash);

#endif
