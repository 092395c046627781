/*
 * fuzz_scenario - scenario files: whatever is accepted, written and read again is the same.
 */
#include "fuzz.h"

#include "scenario.h"

#include <stdbool.h>
#include <string.h>

static char *written(const struct scenario *scenario, size_t *size)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, size);

    FUZZ_CHECK(out != NULL);
    scenario_write(out, scenario);
    fclose(out);
    return text;
}

static int parse(struct scenario *scenario, const void *text, size_t size)
{
    static char room[1 << 20];
    struct failure failure;

    if (size == 0 || size > sizeof(room))
        return -1;
    memcpy(room, text, size);
    FILE *in = fmemopen(room, size, "r");
    FUZZ_CHECK(in != NULL);
    scenario_defaults(scenario);
    int result = scenario_parse(scenario, in, "fuzz.ini", &failure);
    fclose(in);
    FUZZ_CHECK(result == 0 || strlen(failure.text) > 0);
    return result;
}

/*
 * What is not written back as it came, and need not be: a word that hardly fits a line of 198 bytes, and more
 * than one blank in a row, of which one is left where a long text is broken into lines.
 */
static int is_odd(const char *text, size_t size)
{
    size_t word = 0;

    for (size_t i = 0; i < size; i++) {
        bool blank = strchr(" \t\v\f\r", text[i]) != NULL;

        if (text[i] != '\n' && blank && i > 0 && word == 0 && text[i - 1] != '\n')
            return 1;
        word = blank || text[i] == '\n' ? 0 : word + 1;
        if (word > 150)
            return 1;
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct scenario scenario, again;
    size_t once_size, twice_size;

    if (size > 65536 || is_odd((const char *)data, size) || parse(&scenario, data, size) < 0)
        return 0;
    char *once = written(&scenario, &once_size);
    FUZZ_CHECK(parse(&again, once, once_size) == 0);
    char *twice = written(&again, &twice_size);
    if (once_size != twice_size || memcmp(once, twice, once_size) != 0)
        fprintf(stderr, "once:\n%stwice:\n%s", once, twice);
    FUZZ_CHECK(once_size == twice_size && memcmp(once, twice, once_size) == 0);
    free(once);
    free(twice);
    return 0;
}
