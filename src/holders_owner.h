/* SPDX-License-Identifier: MIT */
/* holders_owner.h - who started a process, told from its cgroup, and the
 * command that ends it for good: what a service manager started it starts
 * again when it is only killed. Pure. */
#ifndef HOLDERS_OWNER_H
#define HOLDERS_OWNER_H

#include <stdbool.h>
#include <stddef.h>

enum owner_kind {
    OWNER_NONE,          /* a shell, or nothing that we know                 */
    OWNER_APP,           /* one application of a desktop (a scope)           */
    OWNER_USER_UNIT,     /* of a user's own systemd                          */
    OWNER_UNIT,          /* of the system's                                  */
    OWNER_DESKTOP,       /* display manager, compositor, X server            */
    OWNER_CONTAINER
};

struct owner {
    enum owner_kind kind;
    long uid;            /* whose systemd it is; -1                          */
    bool is_rootless;    /* a container of a user's                          */
    char name[128];      /* unit as systemctl names it, or a container's id  */
    char tool[12];       /* container: "docker", "podman", "nerdctl",
                            "crictl"                                         */
};

/* From the text of /proc/PID/cgroup, of either version. */
void owner_read(const char *cgroup, struct owner *out);

/* A process of this name belongs to a desktop, whatever its cgroup says. */
bool owner_is_desktop(const char *process);

/* <0, 0, >0: in some order. */
int owner_compare(const struct owner *a, const struct owner *b);

/* Who asks, and what is to be ended. Ids -1: not known. */
struct owner_case {
    long        our_uid;
    long        pid, uid;       /* of the process that heads it              */
    const char *user;           /* whose systemd it is, by name; or NULL     */
};
/* "sudo systemctl stop ollama", "docker stop 0123456789ab", "kill 812". */
void owner_free_command(const struct owner *o, const struct owner_case *c,
                        char *out, size_t size);

#endif
