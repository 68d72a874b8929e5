/* SPDX-License-Identifier: MIT */
/* temp_tree.h - for tests: a folder of their own, filled and removed again. */
#ifndef TESTS_TEMP_TREE_H
#define TESTS_TEMP_TREE_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

struct temp_tree {
    char root[64];
};

/* 0, or -1 when no folder can be made. */
static inline int temp_tree_init(struct temp_tree *t)
{
    snprintf(t->root, sizeof t->root, "%s", "/tmp/audition-test-XXXXXX");
    return mkdtemp(t->root) ? 0 : -1;
}

/* The path below the root. Caller frees. */
static inline char *temp_path(const struct temp_tree *t, const char *below)
{
    return mem_printf("%s/%s", t->root, below);
}

/* Makes every folder in front of the last name. */
static inline void temp_folders(const char *path)
{
    char *copy = mem_copy(path);

    for (char *slash = strchr(copy + 1, '/'); slash;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(copy, 0700);
        *slash = '/';
    }
    free(copy);
}

static inline void temp_write(const struct temp_tree *t, const char *below,
                              const void *bytes, size_t n)
{
    char *path = temp_path(t, below);
    FILE *f;

    temp_folders(path);
    f = fopen(path, "wb");
    if (!f || fwrite(bytes, 1, n, f) != n || fclose(f) != 0) abort();
    free(path);
}

static inline void temp_text(const struct temp_tree *t, const char *below,
                             const char *text)
{
    temp_write(t, below, text, strlen(text));
}

static inline void temp_link(const struct temp_tree *t, const char *below,
                             const char *target)
{
    char *path = temp_path(t, below);

    temp_folders(path);
    if (symlink(target, path) != 0) abort();
    free(path);
}

static inline void temp_remove(const char *path)
{
    struct stat    st;
    DIR           *dir;
    struct dirent *entry;

    if (lstat(path, &st) != 0) return;
    if (!S_ISDIR(st.st_mode)) {
        unlink(path);
        return;
    }
    dir = opendir(path);
    while (dir && (entry = readdir(dir))) {
        char *inner = mem_printf("%s/%s", path, entry->d_name);
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            temp_remove(inner);
        free(inner);
    }
    if (dir) closedir(dir);
    rmdir(path);
}

static inline void temp_tree_done(struct temp_tree *t)
{
    temp_remove(t->root);
}

#endif
