/* SPDX-License-Identifier: MIT */
/* fake_board.h - what a copied board does while the fake server answers: a
 * file of it is rewritten just before a request is answered, so that a test
 * scripts exactly the turns in which something happens. Only fake_server.c
 * includes it.
 *
 * board_dir  where the files are
 * board      [{"at_request": N, "path": "/completion", "file": "proc/stat",
 *            "text": "..."}, ...]: at the N-th request for an answer; of that
 *            path where there is one; with after_s so much later, by itself.
 *            "when": "start" (before it loads) or "gone" (when this server
 *            has ended, however) in place of at_request. {pid} in file and
 *            text is the server's.
 */
#ifndef TESTS_FAKE_BOARD_H
#define TESTS_FAKE_BOARD_H

#include <math.h>
#include <sys/stat.h>

#include "fake_answer.h"

#define BOARD_PATH_BYTES 4096

static const char *const board_keys[] = {"at_request", "path", "when",
                                         "after_s", "file", "text", NULL};

/* The text with {pid} filled in. Caller frees. */
static char *board_fill(const char *text, pid_t pid)
{
    char  *out = NULL;
    size_t n   = 0;
    FILE  *f   = must(open_memstream(&out, &n));

    while (text && *text) {
        if (strncmp(text, "{pid}", 5) == 0) {
            fprintf(f, "%ld", (long)pid);
            text += 5;
        } else {
            fputc(*text++, f);
        }
    }
    fclose(f);
    return out;
}

static void board_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
}

/* Renamed over, so that nobody reads half of it. */
static void board_write(const char *dir, const json_t *change, pid_t pid)
{
    char *file = board_fill(text_of(change, "file"), pid);
    char *text = board_fill(text_of(change, "text"), pid);
    char  path[BOARD_PATH_BYTES], next[BOARD_PATH_BYTES];
    FILE *out;

    snprintf(path, sizeof path, "%s/%s", dir, file);
    snprintf(next, sizeof next, "%s/.next-%p", dir, (const void *)change);
    board_folders(path);
    out = fopen(next, "we");
    if (!out || fputs(text, out) < 0 || fclose(out) || rename(next, path)) {
        fprintf(stderr, "fake_server: error: %s cannot be written\n", path);
        abort();
    }
    free(file);
    free(text);
}

static void board_when(const struct server *s, const char *when, pid_t pid)
{
    const char *dir = text_of(s->script, "board_dir");
    json_t     *change;
    size_t      i;

    json_array_foreach(json_object_get(s->script, "board"), i, change) {
        const char *wanted = text_of(change, "when");

        if (dir && wanted && strcmp(wanted, when) == 0)
            board_write(dir, change, pid);
    }
}

/* A process of its own session outlives us by what it has to write. */
static void board_outlive(const struct server *s)
{
    pid_t us = getpid();
    int   ends[2];
    char  byte;

    if (pipe(ends)) abort();
    if (fork() == 0) {
        setsid();
        close(ends[1]);
        while (read(ends[0], &byte, 1) < 0 && errno == EINTR) {}
        board_when(s, "gone", us);
        _exit(0);
    }
    close(ends[0]);                /* the other end closes when we are gone */
}

static void board_begin(const struct server *s)
{
    json_t *change;
    size_t  i;

    board_when(s, "start", getpid());
    json_array_foreach(json_object_get(s->script, "board"), i, change) {
        const char *when = text_of(change, "when");

        if (!when || strcmp(when, "gone")) continue;
        board_outlive(s);
        return;
    }
}

struct board_later {
    const char   *dir;
    const json_t *change;
};

static void *board_later(void *opaque)
{
    struct board_later *l = opaque;
    double              s = number(l->change, "after_s", 0);
    struct timespec     t = {.tv_sec = (time_t)s,
                             .tv_nsec = (long)((s - floor(s)) * 1e9)};

    nanosleep(&t, NULL);
    board_write(l->dir, l->change, getpid());
    free(l);
    return NULL;
}

static void board_change(const char *dir, const json_t *change)
{
    struct board_later *l;
    pthread_t           thread;

    if (!json_object_get(change, "after_s")) {
        board_write(dir, change, getpid());
        return;
    }
    l = must(malloc(sizeof *l));
    *l = (struct board_later){dir, change};
    if (pthread_create(&thread, NULL, board_later, l)) abort();
    pthread_detach(thread);
}

/* With the state lock held; seen: requests for an answer, by path. */
static void board_request(struct server *s, const char *path)
{
    const char *dir = text_of(s->script, "board_dir");
    bool        is_chat = strcmp(path, "/v1/chat/completions") == 0;
    long        of_all;
    json_t     *change;
    size_t      i;

    if (!is_chat && strcmp(path, "/completion") != 0) return;
    s->seen[is_chat]++;
    of_all = s->seen[0] + s->seen[1];
    json_array_foreach(json_object_get(s->script, "board"), i, change) {
        const char *wanted = text_of(change, "path");
        long        at = (long)number(change, "at_request", 0);

        if (dir && (wanted ? strcmp(wanted, path) == 0 &&
                             at == s->seen[is_chat]
                           : at == of_all))
            board_change(dir, change);
    }
}

#endif
