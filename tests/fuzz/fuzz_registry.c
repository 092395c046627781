/*
 * fuzz_registry - what `tenk-serve --list --json` is said to have printed.
 */
#include "fuzz.h"

#include "registry.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct registry registry;
    static char text[65536];
    struct failure failure = {0};

    if (size >= sizeof(text))
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    registry.count = 0;
    if (registry_parse(&registry, text, &failure) < 0) {
        FUZZ_CHECK(strlen(failure.text) > 0);
        return 0;
    }
    FUZZ_CHECK(registry.count <= REGISTRY_MAX);
    for (unsigned i = 0; i < registry.count; i++)
        FUZZ_CHECK(memchr(registry.models[i].name, '\0', sizeof(registry.models[i].name)) != NULL);
    return 0;
}
