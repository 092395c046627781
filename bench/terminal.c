/*
 * terminal - see terminal.h.
 */
#include "terminal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const char *variable(const char *name)
{
    const char *value = getenv(name);

    return value ? value : "";
}

/* The first of LC_ALL, LC_CTYPE and LANG that is set decides. locale(7) */
static bool is_utf8(void)
{
    const char *locale = *variable("LC_ALL")     ? variable("LC_ALL")
                         : *variable("LC_CTYPE") ? variable("LC_CTYPE")
                                                 : variable("LANG");

    return strcasestr(locale, "UTF-8") || strcasestr(locale, "utf8");
}

static unsigned window_width(int fd)
{
    struct winsize size;
    long columns;

    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    columns = strtol(variable("COLUMNS"), NULL, 10);
    return columns > 0 && columns < 10000 ? (unsigned)columns : 0;
}

struct terminal terminal_of(FILE *out)
{
    int fd = fileno(out);

    if (fd < 0 || !isatty(fd))
        return (struct terminal){0};
    return (struct terminal){
        .width = window_width(fd),
        .colour = !*variable("NO_COLOR") && *variable("TERM") && strcmp(variable("TERM"), "dumb") != 0,
        .utf8 = is_utf8(),
    };
}
