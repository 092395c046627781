/*
 * fuzz_endpoint - endpoints as text: what was understood is written in a way that is understood as the same.
 */
#include "fuzz.h"

#include "net.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct net_endpoint endpoint, again;
    char text[1024], written[NET_TEXT_MAX], rewritten[NET_TEXT_MAX];

    if (size >= sizeof(text))
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (net_endpoint_parse(text, &endpoint) != NULL)
        return 0;
    net_endpoint_format(&endpoint, written);
    FUZZ_CHECK(strlen(written) < NET_TEXT_MAX);
    FUZZ_CHECK(net_endpoint_parse(written, &again) == NULL);
    FUZZ_CHECK(again.transport == endpoint.transport);
    FUZZ_CHECK(strcmp(net_endpoint_format(&again, rewritten), written) == 0);
    return 0;
}
