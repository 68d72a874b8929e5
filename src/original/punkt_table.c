/* SPDX-License-Identifier: MIT */
/* punkt_table.c - see punkt_table.h. A hash table with open addressing over
 * the bytes of the file, which stay in memory. */
#include "original/punkt_table.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "share.h"

#define FILE_NAME  "originals/punkt-english.tsv"
#define FILE_MAX   (8u << 20)
#define VALUE_MAX  126           /* the sum of all six spellings */

struct word {
    const char *text;            /* NULL: a free place */
    uint16_t    len, roles;
};

static struct {
    pthread_mutex_t lock;        /* of the loading                          */
    bool            is_there;
    struct bytes    file;
    struct word    *places;
    size_t          mask;        /* places - 1, a power of two minus one    */
} table = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* FNV-1a. */
static size_t hash(const char *word, size_t len)
{
    uint32_t h = 2166136261u;

    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)word[i]) * 16777619u;
    return h ^ h >> 15;
}

/* The place of the word, or the free one where it belongs. */
static struct word *place_of(const char *word, size_t len)
{
    size_t at = hash(word, len) & table.mask;

    while (table.places[at].text &&
           (table.places[at].len != len ||
            memcmp(table.places[at].text, word, len) != 0))
        at = (at + 1) & table.mask;
    return &table.places[at];
}

unsigned punkt_table_roles(const char *word, size_t len)
{
    if (!table.places || len == 0) return 0;
    return place_of(word, len)->roles;
}

/* ---------------------------------------------------------------- reading - */

/* One line of a section; false when it is not of the section's form. */
static bool add(const char *line, size_t len, unsigned section)
{
    const char  *tab   = memchr(line, '\t', len);
    unsigned     roles = section;
    struct word *place;

    if ((section == 0 || section == PUNKT_COLLOCATION) != (tab != NULL))
        return false;
    if (section == 0) {
        for (const char *p = tab + 1; p < line + len; p++) {
            if (*p < '0' || *p > '9' || roles > VALUE_MAX) return false;
            roles = roles * 10 + (unsigned)(*p - '0');
        }
        if (roles == 0 || roles > VALUE_MAX || roles % 2) return false;
        len = (size_t)(tab - line);
    }
    if (len == 0 || len > PUNKT_WORD_MAX) return false;
    place = place_of(line, len);
    place->text = line;
    place->len = (uint16_t)len;
    place->roles = (uint16_t)(place->roles | roles);
    return true;
}

static const struct { const char *name; unsigned role; } sections[] = {
    {"abbreviations", PUNKT_ABBREVIATION},
    {"starters", PUNKT_STARTER},
    {"collocations", PUNKT_COLLOCATION},
    {"orthography", 0},
};

#define N_SECTIONS (sizeof sections / sizeof *sections)

/* How many lines "[NAME COUNT]" promises, -1 when it is no such line. */
static long header(const char *line, size_t len, const char *name)
{
    size_t n     = strlen(name);
    long   count = 0;

    if (len < n + 4 || line[0] != '[' || memcmp(line + 1, name, n) != 0 ||
        line[n + 1] != ' ' || line[len - 1] != ']')
        return -1;
    for (size_t i = n + 2; i < len - 1; i++) {
        if (line[i] < '0' || line[i] > '9' || count > FILE_MAX) return -1;
        count = count * 10 + (line[i] - '0');
    }
    return count;
}

static int read_lines(const char *path, struct err *err)
{
    const char *at      = (const char *)table.file.data;
    const char *end     = at + table.file.size;
    size_t      section = 0, number = 1;
    long        left    = 0;

    for (; at < end; number++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t      len  = (size_t)((stop ? stop : end) - at);

        if (left > 0) {
            left--;
            if (!add(at, len, sections[section - 1].role))
                return err_set(err, ERR_PREFLIGHT, "%s:%zu: not a line of "
                               "its section; install the file again", path,
                               number);
        } else {
            if (section < N_SECTIONS)
                left = header(at, len, sections[section].name);
            if (section++ >= N_SECTIONS || left < 0)
                return err_set(err, ERR_PREFLIGHT, "%s:%zu: no section "
                               "begins here; install the file again", path,
                               number);
        }
        at += len + 1;
    }
    if (left > 0 || section < N_SECTIONS)
        return err_set(err, ERR_PREFLIGHT, "%s: cut short after line %zu; "
                       "install the file again", path, number - 1);
    return 0;
}

/* Twice as many places as lines, so that a search is short and ends. */
static void make_places(void)
{
    size_t lines = 1, places = 16;

    for (size_t i = 0; i < table.file.size; i++)
        lines += table.file.data[i] == '\n';
    while (places < 2 * lines) places *= 2;
    table.places = mem_new(places, sizeof *table.places);
    table.mask = places - 1;
}

static int load(struct err *err)
{
    char      *path = share_path(FILE_NAME, err);
    struct err why  = {0};
    int        rc;

    if (!path) return -1;
    rc = bytes_read(&table.file, path, FILE_MAX, &why);
    if (rc) {
        err_set(err, ERR_PREFLIGHT, "%s: %s", path, why.text);
    } else {
        make_places();
        rc = read_lines(path, err);
    }
    if (rc) {
        free(table.places);
        table.places = NULL;
        bytes_done(&table.file);
    }
    free(path);
    return rc;
}

int punkt_table_ready(struct err *err)
{
    int rc = 0;

    pthread_mutex_lock(&table.lock);
    if (!table.is_there) rc = load(err);
    if (!rc) table.is_there = true;
    pthread_mutex_unlock(&table.lock);
    return rc;
}
