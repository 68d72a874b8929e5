/* SPDX-License-Identifier: MIT */
/* fixtures.c - `fixtures AUDITION DIR`: runs `AUDITION probe` on every board
 * folder below DIR and compares with what a correct reader must report.
 *
 * A folder with EXPECT.json is a board: "expect" holds {"value": ...} by key.
 * A folder with manifest.json is a board in frames: each is the tree "base"
 * with the files of frames/NAME over it; all are read in one go with --then.
 * null must be null; a map or list must be equal, but of energy counters only
 * the zones that are named. Boards are read from a copy, in which links that
 * a checkout without links wrote as text are links again.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "base/proc.h"
#include "temp_tree.h"

#define FILE_BYTES  (1u << 20)
#define FRAMES_MAX  64
#define LINK_BYTES  300

struct tally {
    int passed, failed;
};

static void die(const char *what, const char *name)
{
    fprintf(stderr, "fixtures: %s: %s\n", name, what);
    exit(2);
}

/* ---- copying ----------------------------------------------------------- */

/* Up to size - 1 bytes and a NUL; their number. */
static size_t read_start(const char *path, char *out, size_t size)
{
    FILE  *f = fopen(path, "rb");
    size_t n = f ? fread(out, 1, size - 1, f) : 0;

    if (f) fclose(f);
    out[n] = '\0';
    return n;
}

static void copy_file(const char *from, const char *to)
{
    FILE  *in = fopen(from, "rb"), *out;
    char  *bytes = mem_new(FILE_BYTES, 1);
    size_t n;

    if (!in) die(strerror(errno), from);
    unlink(to);
    out = fopen(to, "wb");
    if (!out) die(strerror(errno), to);
    while ((n = fread(bytes, 1, FILE_BYTES, in)) > 0)
        if (fwrite(bytes, 1, n, out) != n) die("disk full?", to);
    fclose(in);
    if (fclose(out) != 0) die(strerror(errno), to);
    free(bytes);
}

/* The tree `from` over the tree `to`, links as links. */
static void copy_tree(const char *from, const char *to)
{
    DIR           *dir = opendir(from);
    struct dirent *entry;

    if (!dir) die(strerror(errno), from);
    mkdir(to, 0700);
    while ((entry = readdir(dir))) {
        const char *name = entry->d_name;
        char       *source, *target, link[LINK_BYTES];
        struct stat st;
        ssize_t     n;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) continue;
        source = mem_printf("%s/%s", from, name);
        target = mem_printf("%s/%s", to, name);
        if (lstat(source, &st) != 0) die(strerror(errno), source);
        n = S_ISLNK(st.st_mode) ? readlink(source, link, sizeof link - 1) : 0;
        if (n > 0) {
            link[n] = '\0';
            if (symlink(link, target) != 0) die(strerror(errno), target);
        } else if (S_ISDIR(st.st_mode)) {
            copy_tree(source, target);
        } else {
            copy_file(source, target);
        }
        free(source);
        free(target);
    }
    closedir(dir);
}

/* A small file that is nothing but a relative path to something is a link
 * that was written as text. */
static void restore_link(const char *folder, const char *path)
{
    char        text[LINK_BYTES], *target;
    size_t      n = read_start(path, text, sizeof text);
    struct stat st;

    if (n == 0 || n == sizeof text - 1 || strlen(text) != n ||
        !strchr(text, '/') || strpbrk(text, " \t\n"))
        return;
    target = mem_printf("%s/%s", folder, text);
    /* lstat: what it leads to may itself wait to become a link. */
    if (text[0] != '/' && lstat(target, &st) == 0) {
        unlink(path);
        if (symlink(text, path) != 0) die(strerror(errno), path);
    }
    free(target);
}

static void restore_links(const char *folder)
{
    DIR           *dir = opendir(folder);
    struct dirent *entry;

    if (!dir) die(strerror(errno), folder);
    while ((entry = readdir(dir))) {
        char       *path;
        struct stat st;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        path = mem_printf("%s/%s", folder, entry->d_name);
        if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode)) restore_links(path);
        else if (S_ISREG(st.st_mode) && st.st_size < LINK_BYTES)
            restore_link(folder, path);
        free(path);
    }
    closedir(dir);
}

/* A path through a link that is still text leads nowhere yet: three rounds. */
static void copy_board(const char *from, const char *to)
{
    copy_tree(from, to);
    for (int i = 0; i < 3; i++) restore_links(to);
}

/* ---- comparing --------------------------------------------------------- */

static bool ends(const char *text, const char *with)
{
    size_t n = strlen(text), m = strlen(with);

    return n >= m && strcmp(text + n - m, with) == 0;
}

/* By the unit at the key's end; the last digit of a decimal fraction counts. */
static double tolerance_of(const char *key, const json_t *tolerance)
{
    static const struct { const char *end, *name; } units[] = {
        {"_mw", "mw"}, {"_pct", "pct"}, {"_c", "c"}, {"_hz", "hz"},
        {"_bytes", "bytes"},
    };

    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        double t = jsonx_number(tolerance, units[i].name);
        if (ends(key, units[i].end) && t >= 0) return t + 1e-9;
    }
    return 1e-9;
}

static bool equal(const char *key, const json_t *want, const json_t *got,
                  double tolerance);

static bool equal_maps(const char *key, const json_t *want, const json_t *got,
                       double tolerance)
{
    const char *name;
    json_t     *value;

    json_object_foreach((json_t *)want, name, value)
        if (!json_object_get(got, name) ||
            !equal(key, value, json_object_get(got, name), tolerance))
            return false;
    return strncmp(key, "rapl_", 5) == 0 ||
           json_object_size(want) == json_object_size(got);
}

/* In any order. */
static bool equal_lists(const json_t *want, const json_t *got)
{
    for (size_t i = 0; i < json_array_size(want); i++) {
        bool found = false;
        for (size_t k = 0; k < json_array_size(got); k++)
            found = found || json_equal(json_array_get(want, i),
                                        json_array_get(got, k));
        if (!found) return false;
    }
    return json_array_size(want) == json_array_size(got);
}

static bool equal(const char *key, const json_t *want, const json_t *got,
                  double tolerance)
{
    if (json_is_number(want))
        return json_is_number(got) &&
               fabs(json_number_value(want) - json_number_value(got)) <=
                   tolerance;
    if (json_is_object(want))
        return json_is_object(got) && equal_maps(key, want, got, tolerance);
    if (json_is_array(want))
        return json_is_array(got) && equal_lists(want, got);
    return json_equal(want, got);
}

static void compare(const char *board, const char *key, const json_t *want,
                    const json_t *reading, const json_t *tolerance,
                    struct tally *t)
{
    const json_t *got = json_object_get(reading, key);
    char         *want_text, *got_text;

    /* What a command would print is not part of a reading. */
    if (ends(key, "_if_command_allowed")) return;
    if (got && equal(key, want, got, tolerance_of(key, tolerance))) {
        t->passed++;
        return;
    }
    t->failed++;
    want_text = json_dumps(want, JSON_ENCODE_ANY | JSON_COMPACT);
    got_text = got ? json_dumps(got, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    printf("%s: %s: expected %s, got %s\n", board, key, want_text,
           got_text ? got_text : "no such key");
    free(want_text);
    free(got_text);
}

/* ---- running ----------------------------------------------------------- */

static json_t *read_json(const char *folder, const char *name)
{
    char      *path = mem_printf("%s/%s", folder, name);
    struct err err = {0};
    json_t    *document = jsonx_read(path, FILE_BYTES, &err);

    if (!document) die(err.text, path);
    free(path);
    return document;
}

/* What the program prints about these roots; caller frees. */
static char *probe(const char *audition, char *const *roots, size_t n)
{
    char     **argv = mem_new(5 + 2 * n, sizeof *argv), *output = NULL;
    int        status = 0;
    struct err err = {0};

    argv[0] = (char *)audition;
    argv[1] = (char *)"probe";
    argv[2] = (char *)"--json";
    for (size_t i = 0; i < n; i++) {
        argv[3 + 2 * i] = (char *)(i ? "--then" : "--sysroot");
        argv[4 + 2 * i] = roots[i];
    }
    if (proc_capture(argv, 60, 16 * FILE_BYTES, &output, &status, &err))
        die(err.text, audition);
    if (status != 0) die(output, audition);
    free(argv);
    return output;
}

static json_t *parse(const char *text, size_t len, const char *name)
{
    struct err err = {0};
    json_t    *document = jsonx_parse(text, len, &err);

    if (!document) die(err.text, name);
    return document;
}

static void check_board(const char *audition, const char *folder,
                        const char *name, const char *temp, struct tally *t)
{
    json_t     *expect = read_json(folder, "EXPECT.json"), *reading, *value;
    char       *root = mem_printf("%s/%s", temp, name), *text;
    const char *key;

    copy_board(folder, root);
    text = probe(audition, &root, 1);
    reading = parse(text, strlen(text), name);
    json_object_foreach(json_object_get(expect, "expect"), key, value)
        compare(name, key, json_object_get(value, "value"), reading,
                json_object_get(expect, "tolerance"), t);
    json_decref(reading);
    json_decref(expect);
    free(text);
    free(root);
}

static void compare_frames(const json_t *manifest, const char *name,
                           const char *text, struct tally *t)
{
    const json_t *frames = json_object_get(manifest, "frames");

    for (size_t i = 0; i < json_array_size(frames); i++) {
        const json_t *frame = json_array_get(frames, i);
        size_t        len = strcspn(text, "\n");
        json_t       *reading = parse(text, len, name), *value;
        char         *label = mem_printf("%s/%s", name,
                                         jsonx_text(frame, "frame"));
        const char   *key;
        json_object_foreach(json_object_get(frame, "expect"), key, value)
            compare(label, key, value, reading,
                    json_object_get(manifest, "tolerance"), t);
        json_decref(reading);
        free(label);
        text += len + (text[len] == '\n');
    }
}

static void check_frames(const char *audition, const char *folder,
                         const char *name, const char *temp, struct tally *t)
{
    json_t     *manifest = read_json(folder, "manifest.json");
    json_t     *frames = json_object_get(manifest, "frames");
    const char *base = jsonx_text(manifest, "base");
    char       *roots[FRAMES_MAX], *text;
    size_t      n = json_array_size(frames);

    if (!base || n == 0 || n > FRAMES_MAX) die("no base or frames", folder);
    for (size_t i = 0; i < n; i++) {
        const char *frame = jsonx_text(json_array_get(frames, i), "frame");
        char *from = mem_printf("%s/%s", folder, base);
        char *over = mem_printf("%s/frames/%s", folder, frame ? frame : "");
        roots[i] = mem_printf("%s/%s-%zu", temp, name, i);
        copy_board(from, roots[i]);
        copy_tree(over, roots[i]);
        free(from);
        free(over);
    }
    text = probe(audition, roots, n);
    compare_frames(manifest, name, text, t);
    for (size_t i = 0; i < n; i++) free(roots[i]);
    free(text);
    json_decref(manifest);
}

static bool has_file(const char *folder, const char *name)
{
    char       *path = mem_printf("%s/%s", folder, name);
    struct stat st;
    bool        there = stat(path, &st) == 0;

    free(path);
    return there;
}

int main(int argc, char **argv)
{
    struct temp_tree temp;
    struct tally     t = {0, 0};
    struct dirent  **entries = NULL;
    int              n;

    if (argc != 3) die("usage: fixtures AUDITION DIR", argv[0]);
    n = scandir(argv[2], &entries, NULL, alphasort);
    if (n < 0 || temp_tree_init(&temp)) die(strerror(errno), argv[2]);
    for (int i = 0; i < n; i++) {
        const char *name = entries[i]->d_name;
        char       *folder = mem_printf("%s/%s", argv[2], name);
        if (has_file(folder, "EXPECT.json"))
            check_board(argv[1], folder, name, temp.root, &t);
        if (has_file(folder, "manifest.json"))
            check_frames(argv[1], folder, name, temp.root, &t);
        free(folder);
        free(entries[i]);
    }
    free(entries);
    temp_tree_done(&temp);
    printf("%d passed, %d failed\n", t.passed, t.failed);
    return t.failed || t.passed == 0;
}
