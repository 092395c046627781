/*
 * number_json - a number for the result files: null where it is not known, because JSON has no NaN.
 */
#ifndef NUMBER_JSON_H
#define NUMBER_JSON_H

#include <jansson.h>
#include <math.h>

/* A new reference; null for NaN and the infinities. RFC 8259, section 6 */
static inline json_t *number_json(double number)
{
    return isnan(number) || isinf(number) ? json_null() : json_real(number);
}

#endif
