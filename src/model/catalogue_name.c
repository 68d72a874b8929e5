/* SPDX-License-Identifier: MIT */
/* catalogue_name.c - which model is meant by a name as people type it. Both
 * sides are brought to one form and compared; there is no list of spellings:
 * words and numbers, lower case, "Qwen_Qwen3-0.6B.Q8_0.gguf" to
 * "qwen qwen 3 0 6 b" and "Q8_0". */
#include "model/catalogue.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

#define NAME_MAX_BYTES 256          /* longer names are no model's          */
#define FORM_MAX_BYTES (NAME_MAX_BYTES * 2)   /* a space between all letters */

/* ---- endings ----------------------------------------------------------- */

/* Cut `ending` off, case ignored; true when it was there. */
static bool cut(char *name, const char *ending)
{
    size_t n = strlen(name), m = strlen(ending);

    if (n <= m || strcasecmp(name + n - m, ending) != 0) return false;
    name[n - m] = '\0';
    return true;
}

/* "Q4_K_M", "iq4_nl", "TQ2_0", "F16", "mxfp4": how ggml names types. */
static bool is_quantisation(const char *text)
{
    static const char *const plain[] = {"f16", "f32", "bf16", "fp16", "fp32",
                                        "mxfp4", "mxfp4_moe"};

    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (strcasecmp(text, plain[i]) == 0) return true;
    if (strchr("iItT", *text) && *text) text++;
    if ((*text != 'q' && *text != 'Q') || !isdigit((unsigned char)text[1]) ||
        text[2] != '_' || !text[3])
        return false;
    for (text += 3; *text; text++)
        if (!isalnum((unsigned char)*text) && *text != '_') return false;
    return true;
}

static void keep_quantisation(const char *text, const char *maker, char *out,
                              size_t size)
{
    bool is_long = strncasecmp(text, "fp", 2) == 0;   /* "fp16" is F16 */

    if (size == 0 || *out) return;
    snprintf(out, size, "%s%s%s", maker, is_long ? "F" : "",
             is_long ? text + 2 : text);
    for (char *c = out; *c; c++) *c = (char)toupper((unsigned char)*c);
}

/* Cut a quantisation off the end; Unsloth's own mixes ("UD-Q4_K_XL") are named
 * as theirs. */
static bool cut_quantisation(char *name, char *quant, size_t size)
{
    char found[NAME_MAX_BYTES];

    for (char *c = name; *c && c[1]; c++) {
        bool is_theirs;
        if (c == name || !strchr("-._: ", *c) || !is_quantisation(c + 1))
            continue;
        snprintf(found, sizeof found, "%s", c + 1);
        *c = '\0';
        is_theirs = cut(name, "-UD");
        keep_quantisation(found, is_theirs ? "UD-" : "", quant, size);
        return true;
    }
    return false;
}

/* "-00001-of-00003" */
static bool cut_part(char *name)
{
    size_t n = strlen(name);
    char  *at = name + n - 15;

    if (n <= 15 || at[0] != '-' || strncmp(at + 6, "-of-", 4) != 0 ||
        strspn(at + 1, "0123456789") != 5 || strspn(at + 10, "0123456789") != 5)
        return false;
    *at = '\0';
    return true;
}

static bool cut_parenthesis(char *name)
{
    size_t n = strlen(name);
    char  *open = strrchr(name, '(');

    if (n == 0 || name[n - 1] != ')' || !open || open == name) return false;
    *open = '\0';
    return true;
}

/* What says nothing of the model: containers, tags, who quantised it. */
static void cut_endings(char *name, char *quant, size_t size)
{
    static const char *const endings[] = {" ", "-gguf", ".gguf", "_gguf",
                                          ":latest", ".i1", "-i1", "-imat",
                                          "-imatrix"};
    bool is_changed = true;

    while (is_changed) {
        is_changed = cut_part(name) || cut_parenthesis(name);
        for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
            if (cut(name, endings[i])) is_changed = true;
        if (cut_quantisation(name, quant, size)) is_changed = true;
    }
}

/* ---- the one form ------------------------------------------------------ */

static bool is_instruct_word(const char *word, size_t n)
{
    static const char *const words[] = {"instruct", "it", "chat"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == n && memcmp(words[i], word, n) == 0)
            return true;
    return false;
}

/* Letters (bytes that are not ASCII with them) 1, digits 2, others 0. */
static int kind_of(char c)
{
    unsigned char u = (unsigned char)c;

    return isdigit(u) ? 2 : isalpha(u) || u >= 0x80 ? 1 : 0;
}

/* Words and numbers of `name`, one space between; without those that only say
 * that a model follows instructions when those are to be ignored. */
static void to_form(const char *name, bool ignore_instruct,
                    char out[FORM_MAX_BYTES])
{
    size_t n = 0;

    while (*name) {
        char   word[NAME_MAX_BYTES];
        size_t len = 0;
        int    kind = kind_of(*name);
        if (kind == 0) {
            name++;
            continue;
        }
        while (kind_of(*name) == kind && len < sizeof word - 1)
            word[len++] = (char)tolower((unsigned char)*name++);
        if (ignore_instruct && is_instruct_word(word, len)) continue;
        if (n + len + 2 > FORM_MAX_BYTES) break;
        if (n) out[n++] = ' ';
        memcpy(out + n, word, len);
        n += len;
    }
    out[n] = '\0';
}

static const char *after_slash(const char *name)
{
    const char *slash = strrchr(name, '/');

    return slash ? slash + 1 : name;
}

/* The i-th name of a model: its id with and without the maker ("google_gemma"
 * is how some publish files), then its aliases. NULL after the last. */
static const char *name_of(const struct catalogue_model *m, size_t i)
{
    if (i == 0) return after_slash(m->id);
    if (i == 1) return m->id;
    return i - 2 < m->aliases.n ? m->aliases.items[i - 2] : NULL;
}

static const struct catalogue_model *match(const struct catalogue *c,
                                           const char *name,
                                           bool ignore_instruct)
{
    char        wanted[FORM_MAX_BYTES], form[FORM_MAX_BYTES];
    const char *known;

    to_form(name, ignore_instruct, wanted);
    if (!*wanted) return NULL;
    for (size_t i = 0; i < c->n; i++) {
        if (ignore_instruct && !c->models[i].is_instruct) continue;
        for (size_t k = 0; (known = name_of(&c->models[i], k)); k++) {
            to_form(known, ignore_instruct, form);
            if (strcmp(form, wanted) == 0) return &c->models[i];
        }
    }
    return NULL;
}

const struct catalogue_model *catalogue_find(const struct catalogue *c,
                                             const char *name, char *quant,
                                             size_t size)
{
    const struct catalogue_model *found;
    char                          bare[NAME_MAX_BYTES];

    if (size) *quant = '\0';
    if (strlen(name) >= sizeof bare) return NULL;
    snprintf(bare, sizeof bare, "%s", name);
    cut_endings(bare, quant, size);
    snprintf(bare, sizeof bare, "%s", after_slash(name));
    cut_endings(bare, NULL, 0);
    found = match(c, bare, false);
    return found ? found : match(c, bare, true);
}

/* ---- names like it ----------------------------------------------------- */

/* Letters to insert, delete or replace. */
static size_t edits(const char *a, const char *b)
{
    size_t row[FORM_MAX_BYTES + 1], n = strlen(b);

    for (size_t j = 0; j <= n; j++) row[j] = j;
    for (size_t i = 0; a[i]; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < n; j++) {
            size_t replaced = diagonal + (a[i] != b[j]);
            diagonal = row[j + 1];
            row[j + 1] = (row[j] < diagonal ? row[j] : diagonal) + 1;
            if (replaced < row[j + 1]) row[j + 1] = replaced;
        }
    }
    return row[n];
}

struct near {
    const char *name;
    size_t      edits;
};

static int by_edits(const void *a, const void *b)
{
    const struct near *x = a, *y = b;

    if (x->edits != y->edits) return x->edits < y->edits ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* A model's name that is nearest to the wanted form. */
static struct near nearest_of(const struct catalogue_model *m,
                              const char *wanted)
{
    struct near best = {NULL, SIZE_MAX};
    char        form[FORM_MAX_BYTES];
    const char *known;

    for (size_t k = 0; (known = name_of(m, k)); k++) {
        size_t n;
        to_form(known, true, form);
        n = edits(wanted, form);
        if (n < best.edits) best = (struct near){known, n};
    }
    return best;
}

size_t catalogue_nearest(const struct catalogue *c, const char *name,
                         const char **out, size_t most)
{
    struct near *all = mem_new(c->n + 1, sizeof *all);
    char         bare[NAME_MAX_BYTES], wanted[FORM_MAX_BYTES];
    size_t       n = 0, given = 0;

    snprintf(bare, sizeof bare, "%s", after_slash(name));
    cut_endings(bare, NULL, 0);
    to_form(bare, true, wanted);
    for (size_t i = 0; i < c->n; i++) {
        struct near best = nearest_of(&c->models[i], wanted);
        if (best.edits <= strlen(wanted) / 2) all[n++] = best;
    }
    qsort(all, n, sizeof *all, by_edits);
    while (given < n && given < most) {
        out[given] = all[given].name;
        given++;
    }
    free(all);
    return given;
}
