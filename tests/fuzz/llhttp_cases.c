/*
 * llhttp_cases - the cases of rfc_cases.h as llhttp reads them: who accepts what the other refuses must be in
 * the list of exceptions below, and each exception must still be one. The last line of output says how many
 * cases agree.
 */
#include "readings.h"

#include "rfc_cases.h"

#include <stdio.h>
#include <string.h>

/* Which cases may differ, and why. */
static const struct {
    const char *name, *why;
} exceptions[] = {
#include "llhttp_exceptions.def"
};
enum { EXCEPTIONS = sizeof(exceptions) / sizeof(exceptions[0]) };

static int used[EXCEPTIONS];

static int find_exception(const char *name)
{
    for (int i = 0; i < EXCEPTIONS; i++)
        if (strcmp(name, exceptions[i].name) == 0)
            return i;
    return -1;
}

int main(void)
{
    static struct reading ours, theirs;
    char bytes[RFC_CASE_MAX];
    int agree = 0, wrong = 0;

    for (size_t i = 0; i < rfc_cases_count; i++) {
        size_t size = rfc_case_build(&rfc_cases[i], bytes);
        int exception = find_exception(rfc_cases[i].name);

        reading_of_ours(bytes, size, &ours);
        reading_of_llhttp(bytes, size, &theirs);
        bool same = (ours.is == READING_COMPLETE) == (theirs.is == READING_COMPLETE);
        if (!same && exception < 0) {
            printf("{\"%s\", \"%s\"}, ours %d theirs %d\n", rfc_cases[i].name, theirs.error, ours.is,
                   theirs.is);
            wrong++;
        }
        if (!same && exception >= 0)
            used[exception]++;
        agree += same;
    }
    for (int i = 0; i < EXCEPTIONS; i++)
        if (!used[i]) {
            printf("no exception any more: %s\n", exceptions[i].name);
            wrong++;
        }
    printf("%d of %zu cases are read alike, %d exceptions\n", agree, rfc_cases_count, EXCEPTIONS);
    return wrong > 0;
}
