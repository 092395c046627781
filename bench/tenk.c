/*
 * tenk - the front door: `tenk serve epoll` runs tenk-serve, which stands beside this program.
 *
 * The programs stay apart on purpose: what a server carries that it does not need (a JSON library, a
 * plotter) makes its fork(2) slower and would bend the comparison. execv(3), proc(5): /proc/self/exe
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATH_SIZE = 4096, LEVELS_UP_MAX = 4, EXIT_USAGE = 2, EXIT_HERE = 3 };

static const struct {
    const char *name, *summary;
} commands[] = {
    {"serve", "run a server: tenk serve epoll"},
    {"load", "load a server and check every answer: tenk load http://127.0.0.1:8080/"},
    {"get", "fetch one URL"},
    {"echo", "send standard input to an echo server and print what comes back"},
    {"probe", "tell which TCP ports of this machine answer"},
    {"ping", "measure how long a host's kernel takes to answer: the floor under every latency"},
    {"bench", "measure the models and print a table"},
    {"compare", "say what differs between two runs, and whether that is a regression"},
    {"advise", "say which model to choose for a load, and how sure that is"},
    {"report", "turn a run into a page with charts: tenk report results/..."},
};
enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static void help(FILE *out)
{
    fputs("usage: tenk COMMAND [argument ...]\n"
          "       tenk help [COMMAND]\n"
          "\n"
          "Server concurrency models, compared.\n"
          "\n",
          out);
    for (int i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-7s %s\n", commands[i].name, commands[i].summary);
    fputs("\nEach command is a program of its own, tenk-COMMAND, with its own --help and manual page.\n",
          out);
}

static int unknown(const char *name)
{
    fprintf(stderr, "tenk: unknown command \"%s\"; known are", name);
    for (int i = 0; i < COMMANDS; i++)
        fprintf(stderr, "%s %s", i > 0 ? "," : "", commands[i].name);
    fputs(", help\n", stderr);
    return EXIT_USAGE;
}

static int is_command(const char *name)
{
    for (int i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0)
            return 1;
    return 0;
}

/* Becomes tenk-NAME from the directory this program is in. Returns only when that fails. */
static int become(const char *name, char **arguments)
{
    char path[PATH_SIZE + 64];
    ssize_t length = readlink("/proc/self/exe", path, PATH_SIZE);

    if (length < 0 || length == PATH_SIZE) {
        fprintf(stderr, "tenk: cannot find out where this program is: /proc/self/exe: %s\n", strerror(errno));
        return EXIT_HERE;
    }
    path[length] = '\0';
    snprintf(strrchr(path, '/') + 1, 64, "tenk-%.48s", name);
    arguments[0] = path;
    execv(path, arguments);
    fprintf(stderr, "tenk: cannot run %s: %s\n", path, strerror(errno));
    return EXIT_HERE;
}

/*
 * Shows the manual page of a command with man(1): docs/ of the source tree this program was built in, or
 * share/man/man1 of an installation. Returns when there is no page, or no man(1).
 */
static void show_manual(const char *name)
{
    static const char *const places[] = {"docs", "share/man/man1"};
    char path[PATH_SIZE + 128];
    ssize_t length = readlink("/proc/self/exe", path, PATH_SIZE);

    if (length < 0 || length == PATH_SIZE)
        return;
    path[length] = '\0';
    for (int level = 0; level < LEVELS_UP_MAX && strrchr(path, '/'); level++) {
        char *end = strrchr(path, '/');

        for (int i = 0; i < 2; i++) {
            snprintf(end, 128, "/%s/tenk-%.48s.1", places[i], name);
            if (access(path, R_OK) == 0)
                execlp("man", "man", path, (char *)NULL);
        }
        *end = '\0';
    }
}

/* The manual page on a terminal, what --help prints into a pipe. */
static int show_help(const char *name)
{
    char help_option[] = "--help";
    char *help_arguments[] = {NULL, help_option, NULL};

    if (!is_command(name))
        return unknown(name);
    if (isatty(STDOUT_FILENO))
        show_manual(name);
    return become(name, help_arguments);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        if (argc > 2)
            return show_help(argv[2]);
        help(stdout);
        return 0;
    }
    return is_command(argv[1]) ? become(argv[1], argv + 1) : unknown(argv[1]);
}
