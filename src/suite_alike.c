/* SPDX-License-Identifier: MIT */
/* suite_alike.c - near-duplicates: two cases of a suite whose words, without
 * those that carry no meaning and whatever their order, are the same or differ
 * in a single one. Each case leaves the hash of its words and, for each word,
 * the hash without it: two that meet in one are compared no further. Linear in
 * the words of the suite. Conversations are told apart by their first turn.
 * What others wrote is left as it is. */
#include "suite_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "score/answer.h"

#define WORDS_MAX 400     /* of an utterance; the rest does not count */

struct trace {
    uint64_t hash;
    size_t   entry;
};

struct traces {
    struct trace *items;
    size_t        n, room;
};

static void leave(struct traces *t, uint64_t hash, size_t entry)
{
    if (t->n == t->room) {
        t->room  = t->room ? t->room * 2 : 256;
        t->items = mem_grow(t->items, t->room, sizeof *t->items);
    }
    t->items[t->n++] = (struct trace){hash, entry};
}

static bool is_empty_word(const char *word)
{
    static const char *const empty[] = {
        "a", "an", "the", "please", "can", "could", "would", "you", "me", "my",
        "i", "to", "of", "in", "at", "and", "is", "it", "for", "that", "this",
        "der", "die", "das", "den", "dem", "ein", "eine", "einen", "bitte",
        "im", "in", "und", "mir", "kannst", "du", "mal",
        "el", "la", "los", "las", "un", "una", "de", "del", "en", "y", "por",
        "favor", "puedes", "me"};

    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++)
        if (strcmp(word, empty[i]) == 0) return true;
    return false;
}

static int by_hash(const void *left, const void *right)
{
    const struct trace *a = left, *b = right;

    if (a->hash != b->hash) return a->hash < b->hash ? -1 : 1;
    return (a->entry > b->entry) - (a->entry < b->entry);
}

/* The words of what is said: their sum does not depend on their order. */
static void leave_traces(struct traces *t, const struct suite_case *c,
                         size_t entry)
{
    char    *text = answer_normal(c->turns[0].say), *rest, *word;
    uint64_t words[WORDS_MAX], sum = suite_mix(1, c->home ? c->home : "");
    size_t   n = 0;

    for (word = strtok_r(text, " .,;:!?\"()-", &rest); word && n < WORDS_MAX;
         word = strtok_r(NULL, " .,;:!?\"()-", &rest))
        if (!is_empty_word(word)) sum += words[n++] = suite_mix(2, word);
    free(text);
    leave(t, sum, entry);
    /* "Why?" and "Really?" are not alike, short as they are. */
    for (size_t i = 0; i < n && n >= 3; i++) leave(t, sum - words[i], entry);
}

static bool is_one_group(const struct suite_case *a,
                         const struct suite_case *b)
{
    return a->group && b->group && strcmp(a->group, b->group) == 0;
}

/* *is_told: they are alike, and a sentence says so. */
static int tell(const struct suite *s, size_t first, size_t second,
                struct text_list *problems, bool *is_told, struct err *err)
{
    struct suite_case a = {0}, b = {0};
    int               rc = -1;

    if (suite_get(s, first, &a, err) || suite_get(s, second, &b, err))
        goto done;
    rc = 0;
    if (!is_one_group(&a, &b)) {
        char *text = mem_printf(
            "%s: case %s is %s but for a word: \"%.200s\", \"%.200s\"; take "
            "one out or put both into a \"group\" of paraphrases", s->name,
            b.id, a.id, a.turns[0].say, b.turns[0].say);

        text_list_add(problems, text);
        free(text);
        *is_told = true;
    }
done:
    suite_case_done(&a);
    suite_case_done(&b);
    return rc;
}

int suite_check_alike(const struct suite *s, struct text_list *problems,
                      struct err *err)
{
    struct traces t = {0};
    bool         *is_told = mem_new(s->n, sizeof *is_told);
    int           rc = 0;

    for (size_t i = 0; i < s->n && rc == 0; i++) {
        struct suite_case c;

        rc = suite_get(s, i, &c, err);
        if (rc == 0 && !suite_case_is_unproven(&c)) leave_traces(&t, &c, i);
        suite_case_done(&c);
    }
    if (t.n) qsort(t.items, t.n, sizeof *t.items, by_hash);
    for (size_t i = 1; i < t.n && rc == 0; i++) {
        const struct trace *a = &t.items[i - 1], *b = &t.items[i];

        /* Two that are alike meet in many words; each is named once. */
        if (a->hash != b->hash || a->entry == b->entry || is_told[b->entry])
            continue;
        rc = tell(s, a->entry, b->entry, problems, &is_told[b->entry], err);
    }
    free(is_told);
    free(t.items);
    return rc;
}
