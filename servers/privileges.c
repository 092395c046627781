/* privileges - see privileges.h. */
#include "privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

const char *privileges_find(const char *user, struct privileges *privileges)
{
    const struct passwd *entry = getpwnam(user);

    if (entry != NULL) {
        *privileges = (struct privileges){entry->pw_uid, entry->pw_gid};
    } else if (*user != '\0' && strlen(user) < 10 && strspn(user, "0123456789") == strlen(user)) {
        *privileges = (struct privileges){(uid_t)strtoul(user, NULL, 10), (gid_t)strtoul(user, NULL, 10)};
    } else {
        return "there is no user of that name";
    }
    return privileges->uid == 0 || privileges->gid == 0 ? "that is root, or of root's group" : NULL;
}

static const char *change_ids(const struct privileges *to)
{
    if (setgroups(0, NULL) < 0)
        return "setgroups";
    if (setresgid(to->gid, to->gid, to->gid) < 0)
        return "setresgid";
    if (setresuid(to->uid, to->uid, to->uid) < 0)
        return "setresuid";
    return NULL;
}

/* A call that says it did may not have done it all: some kernels and sandboxes have pretended. */
static const char *find_way_back(void)
{
    if (setuid(0) == 0 || setgid(0) == 0 || geteuid() == 0 || getgroups(0, NULL) != 0) {
        errno = EPERM;
        return "give up root for good";
    }
    return NULL;
}

const char *privileges_drop(const struct privileges *privileges)
{
    int signal = 0;

    if (privileges->uid == 0)
        return NULL;
    prctl(PR_GET_PDEATHSIG, &signal);
    const char *failed = change_ids(privileges);
    if (failed == NULL)
        failed = find_way_back();
    if (failed != NULL)
        return failed;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return "set no_new_privs";
    if (signal != 0 && prctl(PR_SET_PDEATHSIG, signal) < 0)
        return "set the signal at the parent's death";
    return NULL;
}
