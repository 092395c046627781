/*
 * fuzz_hlog - interval logs of histograms that somebody else wrote: a bad line leaves the histogram as it
 * was.
 */
#include "fuzz.h"

#include "histogram.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct histogram histogram;
    char tag[HISTOGRAM_TAG_MAX];
    unsigned line = 0;
    int result;

    if (size == 0 || size > 65536 || histogram_open(&histogram) < 0)
        return 0;
    char *text = malloc(size);
    FUZZ_CHECK(text != NULL);
    for (size_t i = 0; i < size; i++)
        text[i] = (char)data[i];
    FILE *in = fmemopen(text, size, "r");
    FUZZ_CHECK(in != NULL);
    do {
        uint64_t before = histogram.total;

        result = histogram_hlog_read(in, &histogram, tag, &line);
        FUZZ_CHECK(histogram.total >= before && (result == 1 || histogram.total == before));
    } while (result == 1 && line < 1000);
    if (histogram.total > 0)
        FUZZ_CHECK(histogram_percentile_ns(&histogram, 50) <= histogram_percentile_ns(&histogram, 100));
    fclose(in);
    free(text);
    histogram_close(&histogram);
    return 0;
}
