/* SPDX-License-Identifier: MIT */
/* folders.c - see folders.h. */
#include "remote/folders.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/mem.h"

int folders_make(const char *path, struct err *err)
{
    char       *copy = mem_copy(path);
    struct stat st;
    int         rc = 0;

    for (char *at = copy + (*copy == '/');; at++) {
        bool last = *at == '\0';

        if (!last && *at != '/') continue;
        *at = '\0';
        if (mkdir(copy, 0777) != 0 && errno != EEXIST)
            rc = err_set(err, ERR_FAILED, "%s: the folder cannot be made: %s",
                         copy, strerror(errno));
        else if (last && (stat(copy, &st) != 0 || !S_ISDIR(st.st_mode)))
            rc = err_set(err, ERR_FAILED, "%s: is in the way of a folder; "
                         "move it away", copy);
        if (last || rc) break;
        *at = '/';
    }
    free(copy);
    return rc;
}

int folders_make_below(int root, const char *path, int *folder,
                       struct err *err)
{
    int at = dup(root);

    for (const char *slash; at >= 0 && (slash = strchr(path, '/')) != NULL;
         path = slash + 1) {
        char *name = mem_copy_n(path, (size_t)(slash - path));
        int   next = -1;

        if (mkdirat(at, name, 0777) == 0 || errno == EEXIST)
            next = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
                          O_CLOEXEC);
        if (next < 0)
            err_set(err, ERR_FAILED, "%s: cannot be a folder of the cache: "
                    "%s; move away what is there", name, strerror(errno));
        free(name);
        close(at);
        at = next;
    }
    if (at < 0)
        return err_set(err, ERR_FAILED, "a folder of the cache cannot be "
                       "opened: %s", strerror(errno));
    *folder = at;
    return 0;
}

double folders_free_bytes(const char *path)
{
    char          *copy = mem_copy(path), *slash;
    struct statvfs fs;
    int            rc = statvfs(copy, &fs);

    while (rc != 0 && (slash = strrchr(copy, '/')) != NULL && slash != copy) {
        *slash = '\0';
        rc = statvfs(copy, &fs);
    }
    if (rc != 0) rc = statvfs(*copy == '/' ? "/" : ".", &fs);
    free(copy);
    return rc == 0 ? (double)fs.f_bavail * (double)fs.f_frsize : NAN;
}

int folders_write(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, bytes, n);

        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return -1;
        bytes += done;
        n -= (size_t)done;
    }
    return 0;
}

int folders_write_file(const char *path, const char *bytes, size_t n,
                       struct err *err)
{
    char *part = mem_printf("%s.%ld.part", path, (long)getpid());
    int   fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW |
                    O_CLOEXEC, 0666);
    int   rc = fd < 0 ? -1 : folders_write(fd, bytes, n);

    if (fd >= 0 && rc == 0) rc = fsync(fd);
    if (rc == 0) rc = rename(part, path);
    if (rc)
        err_set(err, ERR_FAILED, "%s: cannot be written: %s", path,
                strerror(errno));
    if (fd >= 0) close(fd);
    if (rc && fd >= 0) unlink(part);
    free(part);
    return rc;
}
