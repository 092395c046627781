/*
 * terminal - what may be written to a stream beside plain text.
 *
 * Piped output is plain. On a terminal, NO_COLOR (no-color.org) or TERM=dumb turn styles off; the width is
 * that of the window (ioctl_tty(2), TIOCGWINSZ), else $COLUMNS.
 */
#ifndef TERMINAL_H
#define TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

#define TERMINAL_BOLD  "\033[1m"
#define TERMINAL_GREY  "\033[2m"
#define TERMINAL_PLAIN "\033[0m"

struct terminal {
    unsigned width; /* columns; 0: not a terminal, or nobody knows */
    bool colour;
    bool utf8; /* the locale's characters are UTF-8 */
};

struct terminal terminal_of(FILE *out);

#endif
