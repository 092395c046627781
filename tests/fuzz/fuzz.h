/*
 * fuzz - what every fuzz target has in common: one function that takes bytes and stops the program (abort)
 * when something is wrong with what was made of them.
 *
 * `make fuzz` links a target with libFuzzer, which looks for bytes that reach new code; `make test` links it
 * with replay.c, a plain main, and replays tests/fuzz/corpus. The file of a crash goes there, under a name
 * that says what it was. https://llvm.org/docs/LibFuzzer.html
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* assert() that is there in every build, too. */
#define FUZZ_CHECK(what)                                                                                     \
    ((what) ? (void)0 : (fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #what), abort()))

#endif
