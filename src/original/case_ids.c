/* SPDX-License-Identifier: MIT */
/* case_ids.c - see case_ids.h. */
#include "original/case_ids.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define PROBES_MAX 200       /* hashes that were chosen to collide */

/* splitmix64's last step: every bit depends on every bit. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

static uint64_t hash_bytes(uint64_t seed, const char *bytes, size_t len)
{
    uint64_t hash = mix(seed + len + 1), word;

    for (; len >= sizeof word; bytes += sizeof word, len -= sizeof word) {
        memcpy(&word, bytes, sizeof word);
        hash = mix(hash ^ word) + 0x9E3779B97F4A7C15u;
    }
    word = 0;
    if (len) memcpy(&word, bytes, len);
    return mix(hash ^ word);
}

static uint64_t hash_value(uint64_t seed, const struct py *v)
{
    char shown[300];

    if (v->kind == PY_STR)
        return hash_bytes(seed + 1, v->as.text.bytes, v->as.text.len);
    py_show(v, shown, sizeof shown);
    return hash_bytes(seed, shown, strlen(shown));
}

/* Where a hash is, or would be; room when it is in neither place. */
static size_t place_of(const struct case_ids *ids, uint64_t hash)
{
    size_t at = (size_t)hash & (ids->room - 1);

    for (int probe = 0; probe < PROBES_MAX; probe++) {
        if (ids->hashes[at] == 0 || ids->hashes[at] == hash) return at;
        at = (at + 1) & (ids->room - 1);
    }
    return ids->room;
}

static void grow(struct case_ids *ids)
{
    struct case_ids more = {.room = ids->room ? ids->room * 2 : 1024};

    if (more.room * (sizeof *more.hashes + sizeof *more.lines) >
        CASE_IDS_BYTES_MAX) {
        ids->is_full = true;
        return;
    }
    more.hashes = mem_new(more.room, sizeof *more.hashes);
    more.lines  = mem_new(more.room, sizeof *more.lines);
    for (size_t i = 0; i < ids->room; i++) {
        size_t at = ids->hashes[i] ? place_of(&more, ids->hashes[i])
                                   : more.room;

        if (at == more.room) continue;
        more.hashes[at] = ids->hashes[i];
        more.lines[at] = ids->lines[i];
        more.n++;
    }
    free(ids->hashes);
    free(ids->lines);
    *ids = more;
}

size_t case_ids_first(struct case_ids *ids, const struct py *object,
                      const char *const *fields, size_t line)
{
    uint64_t hash = 0;
    size_t   at;

    if (ids->is_full || !fields[0]) return 0;
    for (size_t i = 0; fields[i]; i++) {
        const struct py *value = py_get(object, fields[i]);

        if (!value) return 0;
        hash = hash_value(hash, value);
    }
    if (hash == 0) hash = 1;
    if ((ids->n + 1) * 4 > ids->room * 3) grow(ids);
    if (ids->is_full) return 0;
    at = place_of(ids, hash);
    if (at == ids->room) return 0;
    if (ids->hashes[at] == hash) return ids->lines[at];
    ids->hashes[at] = hash;
    ids->lines[at] = line < UINT32_MAX ? (uint32_t)line : UINT32_MAX;
    ids->n++;
    return 0;
}

void case_ids_done(struct case_ids *ids)
{
    free(ids->hashes);
    free(ids->lines);
    *ids = (struct case_ids){0};
}
