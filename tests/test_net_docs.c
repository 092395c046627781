/*
 * docs/sockets.md against the code: every function of the module stands in its table, and every test that the
 * table names exists. tests/run starts the tests at the top of the tree.
 */
#include <criterion/criterion.h>

#include "program.h"

TestSuite(net_docs, .timeout = 30);

static struct program_end end;
static char errors[PROGRAM_TEXT_MAX];

/* Runs a script that prints what is missing. */
static void expect_nothing(const char *script)
{
    program_run((const char *[]){"/bin/sh", "-c", script, NULL}, &end, errors);
    cr_assert(end.status == 0 && errors[0] == '\0', "%s", errors);
    cr_assert_str_eq(end.out, "", "docs/sockets.md lacks or misnames: %s", end.out);
}

Test(net_docs, every_function_stands_in_the_table)
{
    expect_nothing(
        "sed 's|/\\*.*||; /^ \\*/d' common/net.h common/net_ping.h | grep -o 'net_[a-z_0-9]*(' | tr -d '(' |"
        "  while read -r name; do grep -q \"\\`$name\\`\" docs/sockets.md || echo $name; done");
}

/* The last column: "suite/test, /another_of_it; suite". */
Test(net_docs, every_test_that_the_table_names_exists)
{
    expect_nothing("grep '^| ' docs/sockets.md | cut -d'|' -f5 |"
                   "  tr -d ' ' | tr ',;' '\\n\\n' | grep '^[a-z_0-9]*/[a-z_0-9]*$' |"
                   "  while IFS=/ read -r suite test; do"
                   "    last=${suite:-$last};"
                   "    cat tests/test_*.c | grep -q \"^Test($last, $test[,)]\" || echo $last/$test; done");
}
