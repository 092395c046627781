/*
 * load_merge - `tenk-load merge A.hlog B.hlog ...`: the histograms of several runs as one.
 *
 * Cells are added; percentiles are never averaged, because the p99 of two halves is not the mean of theirs.
 */
#ifndef LOAD_MERGE_H
#define LOAD_MERGE_H

/* The program, argv[0] being "merge". Returns its exit status: 0; 2 wrong usage or a wrong file; 3 cannot. */
int load_merge_main(int argc, char **argv);

#endif
