/*
 * docroot - a directory to serve files from, with everything in it that a server must not fall for.
 *
 *   index.html  small.txt  empty  large.bin (DOCROOT_LARGE bytes)  odd name&<>.txt  colon:name/
 *   sub/index.html  sub/deep.txt  list/a.txt  list/b/  list/ with odd names, too  .hidden
 *   link-in -> small.txt   sub/up -> ../small.txt
 *   link-out -> a file beside the root   link-absolute -> the same by its full path   link-loop -> itself
 *   dir-out -> the directory around the root   fifo   device (when root makes it)
 *
 * Every file that may be read was changed on Sun, 06 Nov 1994 08:49:37 GMT.
 */
#ifndef DOCROOT_H
#define DOCROOT_H

#define DOCROOT_DATE   "Sun, 06 Nov 1994 08:49:37 GMT"
#define DOCROOT_SECRET "nobody may read this"

enum { DOCROOT_LARGE = 1 << 20, DOCROOT_LARGE_SEED = 7 };

/* Makes it; asserts (Criterion) that it could. Returns its path, static storage: one per test. */
const char *docroot_make(void);

/* Removes it, if it is there. For .fini, too. */
void docroot_remove(void);

#endif
