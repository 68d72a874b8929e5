/* SPDX-License-Identifier: MIT */
/* tree.c - see tree.h. On the live machine the kernel follows the links; in a
 * copied tree we do, name by name, so that none leads out of it. */
#include "probe/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

#define PATH_BYTES   4096
#define LINKS_MAX    40
#define ENTRIES_MAX  4096
#define NUMBER_BYTES 256

static bool fail(int error)
{
    errno = error;
    return false;
}

/* ---- paths ------------------------------------------------------------- */

/* As tree_resolve(), with so many links already behind. */
static bool resolve(const char *root, const char *path, int links, char *out,
                    size_t size);

/* A walk from the root: `at` has no links in it, `rest` is still to go. */
struct walk {
    const char *root;
    char        at[PATH_BYTES], rest[PATH_BYTES];
    int         links;
};

/* The link at the end of w->at is replaced by what it says. */
static bool follow(struct walk *w, const char *target)
{
    char rest[PATH_BYTES];
    int  len = snprintf(rest, sizeof rest, "%s/%s", target, w->rest);

    if (++w->links > LINKS_MAX) return fail(ELOOP);
    if (len < 0 || (size_t)len >= sizeof rest) return fail(ENAMETOOLONG);
    memcpy(w->rest, rest, (size_t)len + 1);
    if (*target == '/') w->at[0] = '\0';
    else *strrchr(w->at, '/') = '\0';
    return true;
}

/* What a file that stands for a link says: git and some archives write a
 * link as a file with its target as text, where links cannot be. */
static bool written_link(const char *full, char *target, size_t size)
{
    int     fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    ssize_t got = fd < 0 ? -1 : read(fd, target, size);

    if (fd >= 0) close(fd);
    if (got <= 0 || (size_t)got >= size) return false;
    target[got] = '\0';
    return strcspn(target, " \t\r\n") == (size_t)got;
}

/* At the end of the path a file is what it is, unless its text is the path
 * of something that is there: then that. */
static void follow_written(struct walk *w, const char *target)
{
    char   path[PATH_BYTES], found[PATH_BYTES];
    size_t folder = (size_t)(strrchr(w->at, '/') - w->at);
    int    len;

    if (!strchr(target, '/')) return;
    len = *target == '/' ? snprintf(path, sizeof path, "%s", target)
                         : snprintf(path, sizeof path, "%.*s/%s", (int)folder,
                                    w->at, target);
    if (len >= 0 && (size_t)len < sizeof path &&
        resolve(w->root, path, w->links + 5, found, sizeof found))
        memcpy(w->at, found, strlen(found) + 1);
}

/* One name further. */
static bool step(struct walk *w, const char *name, size_t n)
{
    char        full[2 * PATH_BYTES], target[PATH_BYTES];
    size_t      len = strlen(w->at);
    struct stat st;
    ssize_t     got;

    if (n == 2 && memcmp(name, "..", 2) == 0) {
        char *slash = strrchr(w->at, '/');
        if (slash) *slash = '\0';
        return true;
    }
    if (len + 1 + n >= sizeof w->at) return fail(ENAMETOOLONG);
    w->at[len] = '/';
    memcpy(w->at + len + 1, name, n);
    w->at[len + 1 + n] = '\0';
    if (snprintf(full, sizeof full, "%s%s", w->root, w->at) >=
        (int)sizeof full)
        return fail(ENAMETOOLONG);
    if (lstat(full, &st) != 0) return false;
    if (S_ISLNK(st.st_mode)) {
        got = readlink(full, target, sizeof target);
        if (got < 0) return false;
        if ((size_t)got >= sizeof target) return fail(ENAMETOOLONG);
        target[got] = '\0';
        return follow(w, target);
    }
    if (!*w->root || !S_ISREG(st.st_mode) ||
        !written_link(full, target, sizeof target))
        return true;
    if (w->rest[strspn(w->rest, "/")]) return follow(w, target);
    follow_written(w, target);
    return true;
}

static bool resolve(const char *root, const char *path, int links, char *out,
                    size_t size)
{
    struct walk w = {.root = root, .links = links};

    if (links > LINKS_MAX) return fail(ELOOP);
    if (strlen(path) >= sizeof w.rest) return fail(ENAMETOOLONG);
    memcpy(w.rest, path, strlen(path) + 1);
    for (;;) {
        char   name[NAME_MAX + 1], *at = w.rest + strspn(w.rest, "/");
        size_t n = strcspn(at, "/");
        if (n == 0) break;
        if (n > NAME_MAX) return fail(ENAMETOOLONG);
        memcpy(name, at, n);
        memmove(w.rest, at + n, strlen(at + n) + 1);
        if (n == 1 && *name == '.') continue;
        if (!step(&w, name, n)) return false;
    }
    if (!*w.at) memcpy(w.at, "/", 2);
    if (strlen(w.at) >= size) return fail(ENAMETOOLONG);
    memcpy(out, w.at, strlen(w.at) + 1);
    return true;
}

bool tree_resolve(const char *root, const char *path, char *out, size_t size)
{
    return resolve(root, path, 0, out, size);
}

/* The path to hand to the kernel. */
static bool full_path(const char *root, const char *path, char *out,
                      size_t size)
{
    char        inside[PATH_BYTES];
    const char *below = path;

    if (*root) {
        if (!tree_resolve(root, path, inside, sizeof inside)) return false;
        below = inside;
    }
    return (size_t)snprintf(out, size, "%s%s", root, below) < size
         || fail(ENAMETOOLONG);
}

bool tree_exists(const char *root, const char *path)
{
    char        full[2 * PATH_BYTES];
    struct stat st;

    return full_path(root, path, full, sizeof full) && stat(full, &st) == 0;
}

/* ---- files ------------------------------------------------------------- */

/* 0, or why this is no file to read. */
static int unfit(int fd)
{
    struct stat st;

    if (fstat(fd, &st) != 0) return errno;
    return S_ISREG(st.st_mode) ? 0 : S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
}

long tree_read(const char *root, const char *path, char *out, size_t size)
{
    char    full[2 * PATH_BYTES];
    size_t  got = 0;
    ssize_t n = 1;
    int     fd, error;

    out[0] = '\0';
    if (!full_path(root, path, full, sizeof full)) return -1;
    fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) return -1;
    error = unfit(fd);
    /* Files of /proc and /sys lie about their size: read until they end. */
    while (!error && n > 0 && got < size - 1) {
        n = read(fd, out + got, size - 1 - got);
        if (n > 0) got += (size_t)n;
        else if (n < 0 && errno == EINTR) n = 1;
        else if (n < 0) error = errno;
    }
    close(fd);
    out[error ? 0 : got] = '\0';
    errno = error;
    return error ? -1 : (long)got;
}

bool tree_line(const char *root, const char *path, char *out, size_t size)
{
    size_t len;

    if (tree_read(root, path, out, size) < 0) return false;
    len = strcspn(out, "\n");
    while (len && strchr(" \t\r", out[len - 1])) len--;
    out[len] = '\0';
    return len > 0 || fail(ENODATA);
}

static bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

double tree_number(const char *root, const char *path)
{
    char               text[NUMBER_BYTES], *at = text, *end;
    long               len = tree_read(root, path, text, sizeof text);
    unsigned long long value;
    bool               negative;

    if (len < 0) return NAN;
    while (is_blank(*at)) at++;
    errno = at == text + len ? ENODATA : EINVAL;
    negative = *at == '-';
    if (negative) at++;
    if (*at < '0' || *at > '9') return NAN;
    errno = 0;
    value = strtoull(at, &end, 10);
    if (errno || value > 1ULL << 53) {
        errno = ERANGE;
        return NAN;
    }
    if (*end == ' ' || *end == '\t') {
        end += strspn(end, " \t");
        while (is_letter(*end)) end++;
    }
    while (is_blank(*end)) end++;
    if (end != text + len) {
        errno = EINVAL;
        return NAN;
    }
    return negative ? -(double)value : (double)value;
}

/* ---- folders ----------------------------------------------------------- */

/* Digits count as one number, so that hwmon2 is before hwmon10. */
static int by_name(const void *left, const void *right)
{
    const char *a = *(char *const *)left, *b = *(char *const *)right;

    while (*a && *b) {
        size_t n = strspn(a, "0123456789"), m = strspn(b, "0123456789");
        int    order = 0;
        if (n && m) {
            for (; n > 1 && *a == '0'; n--) a++;
            for (; m > 1 && *b == '0'; m--) b++;
            order = n != m ? (n < m ? -1 : 1) : memcmp(a, b, n);
        } else {
            n = m = 1;
            order = (unsigned char)*a - (unsigned char)*b;
        }
        if (order) return order;
        a += n;
        b += m;
    }
    return (unsigned char)*a - (unsigned char)*b;
}

void tree_list(const char *root, const char *path, struct text_list *out)
{
    char           full[2 * PATH_BYTES];
    struct dirent *entry;
    DIR           *dir;

    *out = (struct text_list){0};
    if (!full_path(root, path, full, sizeof full)) return;
    dir = opendir(full);
    if (!dir) return;
    while (out->n < ENTRIES_MAX && (entry = readdir(dir)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            text_list_add(out, entry->d_name);
    closedir(dir);
    if (out->n) qsort(out->items, out->n, sizeof *out->items, by_name);
}

const char *tree_why(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:      return "not there";
    case EACCES:
    case EPERM:        return "needs root";
    case EAGAIN:       return "busy (EAGAIN)";
    case EBUSY:        return "busy";
    case EISDIR:       return "a folder, not a file";
    case EINVAL:       return "not a number";
    case ERANGE:       return "out of range";
    case ENODATA:      return "no value in it";
    case EIO:          return "cannot be read (EIO)";
    case ENODEV:
    case ENXIO:        return "device is off";
    case ETIMEDOUT:    return "device does not answer";
    case ELOOP:        return "links in a circle";
    case ENAMETOOLONG: return "path too long";
    case EMFILE:
    case ENFILE:       return "too many open files";
    default:           return "cannot be read";
    }
}
