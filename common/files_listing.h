/*
 * files_listing - a directory as a page of HTML. For files.c.
 */
#ifndef FILES_LISTING_H
#define FILES_LISTING_H

#include <stdint.h>

/*
 * Lists the directory behind `directory` (not closed): files and directories in the order of their names,
 * hidden ones left out, at most FILES_LISTING_MAX. The page stands in a file in memory, of which this returns
 * the descriptor and sets the size; -1 with errno. memfd_create(2)
 */
int files_list(int directory, uint64_t *size);

#endif
