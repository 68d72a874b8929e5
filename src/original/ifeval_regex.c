/* SPDX-License-Identifier: MIT */
/* ifeval_regex.c - see ifeval_regex.h. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "original/ifeval_regex.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* PCRE2 counts the ways that it tries anew at every start, so their limit is
 * for all bytes together, and a short text may take more of them at each.
 * 10 million ways take about 0.1 s to 0.3 s. */
#define WAYS_MAX        2000000u
#define WAYS_TIMES_SIZE 300000000u
#define HEAP_MAX_KIB    65536u
#define TRANSLATED_MAX  ((size_t)1 << 20)

static const struct use {
    const char *before, *after;
    uint32_t    options;
} uses[] = {
    [REGEX_KEYWORD]    = {"", "", PCRE2_CASELESS},
    [REGEX_WORD]       = {"\\b", "\\b", PCRE2_CASELESS},
    [REGEX_SECTION]    = {"\\s?", "\\s?\\d+\\s?", 0},
    [REGEX_POSTSCRIPT] = {"\\s*", ".*$", PCRE2_MULTILINE},
};

struct compiled {
    char          *pattern;    /* NULL: the slot is free                     */
    size_t         len;
    enum regex_use use;
    pcre2_code    *code;       /* NULL: not a regular expression             */
    uint32_t       groups;
    bool           repeats;
};
#define SLOTS 512
static struct compiled slots[SLOTS];

static pcre2_compile_context *compiling;
static pcre2_match_context   *matching;
static pcre2_match_data      *places;

static void prepare(void)
{
    if (places) return;
    compiling = pcre2_compile_context_create(NULL);
    matching  = pcre2_match_context_create(NULL);
    places    = pcre2_match_data_create(1, NULL);
    if (!compiling || !matching || !places) abort();
    pcre2_set_newline(compiling, PCRE2_NEWLINE_LF);
    pcre2_set_heap_limit(matching, HEAP_MAX_KIB);
}

/* ---------------------------------------------------------------- compile - */

/* What Python compiles: the pattern with its surroundings. A leading \s* that
 * can match nothing finds nothing more in a search, and costs a great deal. */
static void surround(enum regex_use use, struct view pattern,
                     struct strbuf *out)
{
    const char *before = uses[use].before;

    if (use == REGEX_POSTSCRIPT && pattern.len &&
        !memchr("*+?{(|\\", pattern.at[0], 7))
        before = "";
    strbuf_add(out, before);
    if (use == REGEX_POSTSCRIPT) {
        size_t len;
        char  *lower = py_lower(pattern, &len);
        strbuf_addn(out, lower, len);
        free(lower);
    } else {
        strbuf_addn(out, pattern.at, pattern.len);
    }
    strbuf_add(out, uses[use].after);
}

static pcre2_code *build(const char *text, size_t len, uint32_t options,
                         struct err *err)
{
    int        code;
    PCRE2_SIZE where;

    prepare();
    pcre2_code *built = pcre2_compile(
        (PCRE2_SPTR)text, len,
        PCRE2_UTF | PCRE2_UCP | PCRE2_ALT_CIRCUMFLEX | options, &code, &where,
        compiling);
    if (!built) {
        PCRE2_UCHAR why[200];
        pcre2_get_error_message(code, why, sizeof why);
        err_set(err, ERR_INPUT, "not a regular expression: %s",
                (const char *)why);
    }
    return built;
}

static pcre2_code *compile(enum regex_use use, struct view pattern,
                           bool *repeats, struct err *err)
{
    struct strbuf python, pcre;
    pcre2_code   *code = NULL;
    uint32_t      options = uses[use].options;

    if (pattern.len > REGEX_PATTERN_MAX) {
        err_set(err, ERR_INPUT, "a regular expression of more than %d bytes",
                REGEX_PATTERN_MAX);
        return NULL;
    }
    strbuf_init(&python, TRANSLATED_MAX);
    strbuf_init(&pcre, TRANSLATED_MAX);
    surround(use, pattern, &python);
    if (!regex_translate((struct view){python.text, python.len},
                         options & PCRE2_CASELESS, &pcre, repeats, err))
        code = build(pcre.text, pcre.len, options, err);
    strbuf_done(&python);
    strbuf_done(&pcre);
    return code;
}

static size_t slot_of(enum regex_use use, struct view pattern)
{
    uint32_t hash = 2166136261u + (uint32_t)use;

    for (size_t i = 0; i < pattern.len; i++)
        hash = (hash ^ (unsigned char)pattern.at[i]) * 16777619u;
    return (hash ^ hash >> 15) % SLOTS;
}

/* The compiled pattern, from its slot or into it. */
static const struct compiled *look_up(enum regex_use use, struct view pattern,
                                      struct err *err)
{
    struct compiled *c = &slots[slot_of(use, pattern)];

    if (c->pattern && c->use == use && c->len == pattern.len &&
        memcmp(c->pattern, pattern.at, pattern.len) == 0 && (c->code || !err))
        return c;
    free(c->pattern);
    pcre2_code_free(c->code);
    *c = (struct compiled){.use = use, .len = pattern.len,
                           .pattern = mem_copy_n(pattern.at, pattern.len)};
    c->code = compile(use, pattern, &c->repeats, err);
    if (c->code)
        pcre2_pattern_info(c->code, PCRE2_INFO_CAPTURECOUNT, &c->groups);
    return c;
}

int regex_check(enum regex_use use, struct view pattern, struct err *err)
{
    struct err why = {0};

    if (look_up(use, pattern, &why)->code) return 0;
    return err_set(err, ERR_INPUT, "%s", why.text);
}

/* ------------------------------------------------------------------ match - */

struct subject {
    const char *at;
    size_t      len;
    char       *own;     /* NULL: the text itself                            */
};

static struct subject subject_of(const struct compiled *c, struct view text,
                                 bool is_utf8)
{
    struct subject s = {text.at, text.len, NULL};

    if (c->repeats && s.len > REGEX_TEXT_MAX) {
        s.len = REGEX_TEXT_MAX;
        while (s.len > REGEX_TEXT_MAX - 4 &&
               ((unsigned char)s.at[s.len] & 0xC0) == 0x80)
            s.len--;
    }
    if (!is_utf8) {
        s.own = py_clean((struct view){s.at, s.len}, &s.len);
        s.at  = s.own;
    }
    pcre2_set_match_limit(matching, s.len < WAYS_TIMES_SIZE / WAYS_MAX ?
                          WAYS_MAX : (uint32_t)(WAYS_TIMES_SIZE / s.len));
    return s;
}

/* Where the next match from `start` on ends, and begins; false: none. */
static bool next_match(const struct compiled *c, const struct subject *s,
                       size_t start, uint32_t options, size_t *from,
                       size_t *to)
{
    if (pcre2_match(c->code, (PCRE2_SPTR)s->at, s->len, start,
                    PCRE2_NO_UTF_CHECK | options, places, matching) < 0)
        return false;
    const PCRE2_SIZE *found = pcre2_get_ovector_pointer(places);
    *from = found[0];
    *to   = found[1];
    return true;
}

bool regex_found(enum regex_use use, struct view pattern, struct view text,
                 bool is_utf8)
{
    const struct compiled *c = look_up(use, pattern, NULL);
    size_t from, to;

    if (!c->code) return false;
    struct subject s = subject_of(c, text, is_utf8);
    bool found = next_match(c, &s, 0, 0, &from, &to);
    free(s.own);
    return found;
}

size_t regex_count(enum regex_use use, struct view pattern, struct view text,
                   bool is_utf8)
{
    const struct compiled *c = look_up(use, pattern, NULL);
    size_t   n = 0, at = 0, from, to;
    uint32_t options = 0;

    if (!c->code) return 0;
    struct subject s = subject_of(c, text, is_utf8);
    while (next_match(c, &s, at, options, &from, &to)) {
        n++;
        at = to > at ? to : at;
        /* As in Python: at the end of an empty match only more may follow */
        options = from == to ? PCRE2_NOTEMPTY_ATSTART : 0;
    }
    free(s.own);
    return use == REGEX_SECTION ? n * (1 + c->groups) : n;
}
