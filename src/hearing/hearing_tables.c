/* SPDX-License-Identifier: MIT */
/* hearing_tables.c - share/speech/LANGUAGE.json, read once, and the search
 * for a word that sounds like another. The form of the file is told by the
 * file itself ("form"). */
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "hearing/hearing_internal.h"
#include "share.h"

#define FILE_MOST_BYTES (1024 * 1024)
#define LONGEST_WORD    24     /* bytes; longer ones sound like no other    */
#define LANGUAGES_MOST  8

/* A set of the words in a text that are separated by spaces. */
static json_t *set_of(const json_t *root, const char *key)
{
    json_t     *set  = json_object();
    const char *text = jsonx_text(root, key);

    while (text && *text) {
        size_t n = strcspn(text, " ");
        char  *word = mem_copy_n(text, n);

        if (n) json_object_set_new(set, word, json_true());
        free(word);
        text += n + (text[n] == ' ');
    }
    return set;
}

bool hearing_in(const json_t *set, const char *word)
{
    return json_object_get(set, word) != NULL;
}

static int by_key(const void *a, const void *b)
{
    const struct sound_word *x = a, *y = b;
    int                      order = strcmp(x->key, y->key);

    return order ? order : strcmp(x->word, y->word);
}

/* Guarded words are no ordinary words: nothing may become one of them. */
static void index_sounds(struct hearing_tables *t)
{
    const char *word;
    json_t     *unused;

    t->near = mem_new(json_object_size(t->known) + 1, sizeof *t->near);
    json_object_foreach(t->known, word, unused) {
        struct sound_word *s = &t->near[t->n_near];

        if (hearing_in(t->guard, word) || hearing_in(t->values, word) ||
            strlen(word) > LONGEST_WORD)
            continue;
        s->word = word;
        hearing_key(t->sounds, word, s->key);
        if (s->key[0]) t->n_near++;
    }
    qsort(t->near, t->n_near, sizeof *t->near, by_key);
}

static void fill(struct hearing_tables *t)
{
    const char *sounds  = jsonx_text(t->root, "sounds");
    const char *decimal = jsonx_text(t->root, "decimal");
    json_t     *name;
    size_t      value;

    t->sounds = sounds && !strcmp(sounds, "german")    ? SOUNDS_GERMAN
                : sounds && !strcmp(sounds, "spanish") ? SOUNDS_SPANISH
                                                       : SOUNDS_ENGLISH;
    t->decimal  = decimal && *decimal ? *decimal : '.';
    t->hundred  = jsonx_text(t->root, "hundred");
    t->thousand = jsonx_text(t->root, "thousand");
    t->and_word = jsonx_text(t->root, "and");
    t->point    = jsonx_text(t->root, "point");
    t->guard    = set_of(t->root, "guard");
    t->drop     = set_of(t->root, "drop");
    t->carrier  = set_of(t->root, "carrier");
    t->tail     = set_of(t->root, "tail");
    t->whole    = set_of(t->root, "whole");
    t->known    = set_of(t->root, "words");
    t->same     = json_object_get(t->root, "same");
    t->alike    = json_object_get(t->root, "alike");
    t->signs    = json_object_get(t->root, "signs");
    t->split    = json_object_get(t->root, "split");
    t->merge    = json_object_get(t->root, "merge");
    t->fillers  = json_object_get(t->root, "fillers");
    t->endings  = json_object_get(t->root, "endings");
    t->numbers  = json_object_get(t->root, "numbers");
    t->values   = json_object();
    json_array_foreach(t->numbers, value, name)
        if (json_is_string(name))
            json_object_set_new(t->values, json_string_value(name),
                                json_integer((json_int_t)value));
    index_sounds(t);
}

/* "en-GB" to "en"; false when it is no code of a language. */
static bool code_of(const char *language, char code[4])
{
    size_t n;

    if (!language || !*language) language = "en";
    n = strcspn(language, "-_");
    if (n < 2 || n > 3) return false;
    for (size_t i = 0; i < n; i++) {
        char c = language[i];

        if (c >= 'A' && c <= 'Z') c = (char)(c - 'A' + 'a');
        if (c < 'a' || c > 'z') return false;
        code[i] = c;
    }
    code[n] = '\0';
    return true;
}

static struct hearing_tables *load(const char *code, struct err *err)
{
    char                  *relative = mem_printf("speech/%s.json", code);
    char                  *path = share_path(relative, err);
    json_t                *root = path ? jsonx_read(path, FILE_MOST_BYTES, err)
                                       : NULL;
    struct hearing_tables *t = NULL;

    if (root) {
        t = mem_new(1, sizeof *t);
        memcpy(t->language, code, sizeof t->language);
        t->root = root;
        fill(t);
    } else {
        err_ctx(err, "cannot mishear the language \"%s\" (leave its cases or "
                "the noise out)", code);
    }
    free(relative);
    free(path);
    return t;
}

const struct hearing_tables *hearing_tables(const char *language,
                                            struct err *err)
{
    static struct hearing_tables *kept[LANGUAGES_MOST];
    char                          code[4] = "";
    struct hearing_tables        *t;

    if (!code_of(language, code)) {
        err_set(err, ERR_INPUT, "\"%.20s\" is no code of a language; write it "
                "like \"en\" or \"de\"", language);
        return NULL;
    }
    for (size_t i = 0; i < LANGUAGES_MOST; i++) {
        if (kept[i] && !strcmp(kept[i]->language, code)) return kept[i];
        if (kept[i]) continue;
        t = load(code, err);
        kept[i] = t;
        return t;
    }
    err_set(err, ERR_INPUT, "the language \"%s\" is one more than the %d that "
            "are misheard in one run; leave its cases out", code,
            LANGUAGES_MOST);
    return NULL;
}

/* ---- what sounds alike --------------------------------------------------- */

/* The least changes of letters; both no longer than LONGEST_WORD. */
static int letters_apart(const char *a, const char *b)
{
    int    row[LONGEST_WORD + 1];
    size_t m = strlen(b);

    for (size_t j = 0; j <= m; j++) row[j] = (int)j;
    for (size_t i = 0; a[i]; i++) {
        int diagonal = row[0];

        row[0] = (int)i + 1;
        for (size_t j = 1; j <= m; j++) {
            int change = diagonal + (a[i] != b[j - 1]);
            int least  = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;

            diagonal = row[j];
            row[j] = change < least ? change : least;
        }
    }
    return row[m];
}

/* A sound weighs as much as three letters. A long word bears more changes
 * before nobody would take it for the other one. */
static int most_apart(size_t len)
{
    return 3 + (int)len / 3;
}

const char *hearing_nearest(const struct hearing_tables *t, const char *word,
                            const json_t *not_these)
{
    char        key[HEARING_KEY_BYTES];
    const char *best = NULL;
    size_t      low = 0, high = t->n_near, len = strlen(word);
    int         least;

    if (len < 3 || len > LONGEST_WORD) return NULL;
    hearing_key(t->sounds, word, key);
    least = most_apart(len) + 1;
    while (low < high) {            /* the first that begins with that sound */
        size_t middle = low + (high - low) / 2;

        if (t->near[middle].key[0] < key[0])
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < t->n_near && key[0] && t->near[low].key[0] == key[0]; low++) {
        const struct sound_word *s = &t->near[low];
        int                      sounds, apart;

        if (!strcmp(s->word, word) || hearing_in(not_these, s->word)) continue;
        sounds = letters_apart(key, s->key);
        if (sounds > 1 || sounds * 3 >= least) continue;
        apart = sounds * 3 + letters_apart(word, s->word);
        if (apart >= least) continue;
        least = apart;
        best = s->word;
    }
    return best;
}
