/*
 * privileges - from root to somebody else, for good, once the port is bound. credentials(7)
 */
#ifndef PRIVILEGES_H
#define PRIVILEGES_H

#include <sys/types.h>

struct privileges {
    uid_t uid; /* 0: nobody was named, all stays as it is */
    gid_t gid;
};

/*
 * Who `user` is, by name or number; a number needs no entry in passwd(5) and is its own group. NULL, or the
 * sentence that says what is wrong: nobody of that name, or root itself.
 */
const char *privileges_find(const char *user, struct privileges *privileges);

/*
 * Becomes that user: no supplementary groups, all three group and user ids, no way back (tried out), and no
 * setuid program can give anything back (PR_SET_NO_NEW_PRIVS). The signal at the parent's death, which the
 * kernel forgets meanwhile, is set anew. NULL, or the name of the operation that failed, with errno.
 */
const char *privileges_drop(const struct privileges *privileges);

#endif
