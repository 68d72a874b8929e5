/* SPDX-License-Identifier: MIT */
/* ifeval.c - see ifeval.h. The rules are in ifeval_words.c, ifeval_layout.c
 * and ifeval_frame.c; here is what each needs, and the variants. */
#include "original/ifeval.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "original/ifeval_regex.h"
#include "original/ifeval_rules.h"
#include "original/langdetect.h"
#include "original/sentences.h"

enum arg_kind {
    ARG_END,
    ARG_COUNT,        /* a number above 0                                    */
    ARG_NUMBER,       /* any but 0                                           */
    ARG_RELATION,     /* "less than", "at least"                             */
    ARG_TEXT,
    ARG_LETTER,       /* one, a to z in lower()                              */
    ARG_LANGUAGE,     /* a code of `languages`                               */
    ARG_KEYWORD, ARG_SECTION, ARG_POSTSCRIPT,     /* regular expressions     */
    ARG_KEYWORDS, ARG_WORDS                       /* lists of those          */
};
struct arg { const char *name; enum arg_kind kind; };

enum table { TABLE_NONE, TABLE_LANGUAGES, TABLE_SENTENCES };

struct rule {
    const char *group, *name;       /* "group:name"                          */
    bool      (*follows)(const struct ifeval_given *g);
    enum table  table;              /* that it reads in share/               */
    struct arg  args[3];
};

#define RULES(X)                                                             \
    X("change_case", capital_word_frequency, TABLE_SENTENCES,                \
      {"capital_frequency", ARG_NUMBER}, {"capital_relation", ARG_RELATION}) \
    X("change_case", english_capital, TABLE_LANGUAGES, {0})                  \
    X("change_case", english_lowercase, TABLE_LANGUAGES, {0})                \
    X("combination", repeat_prompt, TABLE_NONE,                              \
      {"prompt_to_repeat", ARG_TEXT})                                        \
    X("combination", two_responses, TABLE_NONE, {0})                         \
    X("detectable_content", number_placeholders, TABLE_NONE,                 \
      {"num_placeholders", ARG_COUNT})                                       \
    X("detectable_content", postscript, TABLE_NONE,                          \
      {"postscript_marker", ARG_POSTSCRIPT})                                 \
    X("detectable_format", constrained_response, TABLE_NONE, {0})            \
    X("detectable_format", json_format, TABLE_NONE, {0})                     \
    X("detectable_format", multiple_sections, TABLE_NONE,                    \
      {"section_spliter", ARG_SECTION}, {"num_sections", ARG_COUNT})         \
    X("detectable_format", number_bullet_lists, TABLE_NONE,                  \
      {"num_bullets", ARG_COUNT})                                            \
    X("detectable_format", number_highlighted_sections, TABLE_NONE,          \
      {"num_highlights", ARG_COUNT})                                         \
    X("detectable_format", title, TABLE_NONE, {0})                           \
    X("keywords", existence, TABLE_NONE, {"keywords", ARG_KEYWORDS})         \
    X("keywords", forbidden_words, TABLE_NONE,                               \
      {"forbidden_words", ARG_WORDS})                                        \
    X("keywords", frequency, TABLE_NONE, {"keyword", ARG_KEYWORD},           \
      {"frequency", ARG_COUNT}, {"relation", ARG_RELATION})                  \
    X("keywords", letter_frequency, TABLE_NONE, {"letter", ARG_LETTER},      \
      {"let_frequency", ARG_COUNT}, {"let_relation", ARG_RELATION})          \
    X("language", response_language, TABLE_LANGUAGES,                        \
      {"language", ARG_LANGUAGE})                                            \
    X("length_constraints", nth_paragraph_first_word, TABLE_NONE,            \
      {"num_paragraphs", ARG_COUNT}, {"nth_paragraph", ARG_COUNT},           \
      {"first_word", ARG_TEXT})                                              \
    X("length_constraints", number_paragraphs, TABLE_NONE,                   \
      {"num_paragraphs", ARG_COUNT})                                         \
    X("length_constraints", number_sentences, TABLE_SENTENCES,               \
      {"num_sentences", ARG_COUNT}, {"relation", ARG_RELATION})              \
    X("length_constraints", number_words, TABLE_NONE,                        \
      {"num_words", ARG_COUNT}, {"relation", ARG_RELATION})                  \
    X("punctuation", no_comma, TABLE_NONE, {0})                              \
    X("startend", end_checker, TABLE_NONE, {"end_phrase", ARG_TEXT})         \
    X("startend", quotation, TABLE_NONE, {0})

#define RULE(group, name, table, ...)                                        \
    {group, #name, ifeval_##name, table, {__VA_ARGS__}},
#define TYPE(group, name, table, ...) group ":" #name,

static const struct rule rules[] = {RULES(RULE)};
const char *const ifeval_types[] = {RULES(TYPE) NULL};
#define N_RULES (sizeof rules / sizeof *rules)

static const char *const languages[] = {
    "ar", "bg", "bn", "de", "en", "es", "fa", "fi", "fr", "gu",
    "he", "hi", "it", "ja", "kn", "ko", "ml", "mr", "ne", "pa",
    "pl", "pt", "ru", "sw", "ta", "te", "th", "uk", "ur", "vi",
};

/* The pool and the compiled expressions, which callers share. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct py_pool *pool;

/* -------------------------------------------------------------- arguments - */

static double number_of(const struct py *v)
{
    switch (v->kind) {
    case PY_INT:   return (double)v->as.number;
    case PY_FLOAT: return v->as.real;
    case PY_BIG:   return v->as.text.bytes[0] == '-' ? -HUGE_VAL : HUGE_VAL;
    default:       return NAN;
    }
}

double ifeval_number(const struct ifeval_given *g, const char *key)
{
    const struct py *v = py_get(g->kwargs, key);

    return v ? number_of(v) : NAN;
}

static struct view text_of(const struct py *v)
{
    return (struct view){v->as.text.bytes, v->as.text.len};
}

struct view ifeval_text(const struct ifeval_given *g, const char *key)
{
    const struct py *v = py_get(g->kwargs, key);

    return v && v->kind == PY_STR ? text_of(v) : (struct view){"", 0};
}

bool ifeval_relation(const struct ifeval_given *g, const char *relation,
                     const char *key, size_t n)
{
    if (py_is_text(py_get(g->kwargs, relation), "less than"))
        return (double)n < ifeval_number(g, key);
    return (double)n >= ifeval_number(g, key);
}

/* So many bytes of a foreign text are told. */
static int shown(size_t len)
{
    return len < 100 ? (int)len : 100;
}

/* What the original takes for an argument that was not given. */
static bool is_absent(const struct py *v)
{
    if (!v) return true;
    switch (v->kind) {
    case PY_NONE:  return true;
    case PY_BOOL:  return !v->as.yes;
    case PY_INT:   return v->as.number == 0;
    case PY_FLOAT: return !(v->as.real < 0 || v->as.real > 0);
    case PY_STR:   return v->as.text.len == 0;
    case PY_LIST:
    case PY_DICT:  return v->n == 0;
    default:       return false;
    }
}

static bool is_letter(struct view v)
{
    size_t   i = 0;
    uint32_t c = v.len ? py_next(v, &i) : 0;

    return i == v.len && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          c == 0x212A /* the Kelvin sign: k */);
}

static bool is_language(const struct py *v)
{
    for (size_t i = 0; i < sizeof languages / sizeof *languages; i++)
        if (py_is_text(v, languages[i])) return true;
    return false;
}

static int check_pattern(const struct arg *arg, const struct py *v,
                         struct err *err)
{
    struct view    text = text_of(v);
    enum regex_use use  = REGEX_KEYWORD;

    if (arg->kind == ARG_SECTION) use = REGEX_SECTION;
    if (arg->kind == ARG_POSTSCRIPT) use = REGEX_POSTSCRIPT;
    if (arg->kind == ARG_WORDS) use = REGEX_WORD;
    if (arg->kind != ARG_WORDS && arg->kind != ARG_KEYWORDS)
        text = py_strip(text);
    if (!regex_check(use, text, err)) return 0;
    return err_ctx(err, "%s \"%.*s\"", arg->name,
                   shown(text.len), text.at);
}

static int check_patterns(const struct arg *arg, const struct py *v,
                          struct err *err)
{
    for (size_t i = 0; i < v->n; i++) {
        if (v->as.items[i].kind != PY_STR)
            return err_set(err, ERR_INPUT, "%s must be a list of texts",
                           arg->name);
        if (check_pattern(arg, &v->as.items[i], err)) return -1;
    }
    return 0;
}

static int check_arg(const struct arg *arg, const struct py *v,
                     struct err *err)
{
    const char *wanted = "a text";
    bool        is_text = v->kind == PY_STR, good = is_text;

    switch (arg->kind) {
    case ARG_COUNT:
        wanted = "a number above 0";
        good   = number_of(v) > 0;
        break;
    case ARG_NUMBER:
        wanted = "a number";
        good   = !isnan(number_of(v));
        break;
    case ARG_RELATION:
        wanted = "\"less than\" or \"at least\"";
        good   = py_is_text(v, "less than") || py_is_text(v, "at least");
        break;
    case ARG_LETTER:
        wanted = "one letter of a to z";
        good   = is_text && is_letter(text_of(v));
        break;
    case ARG_LANGUAGE:
        wanted = "the code of a language that IFEval has";
        good   = is_language(v);
        break;
    case ARG_KEYWORDS:
    case ARG_WORDS:
        wanted = "a list of texts";
        good   = v->kind == PY_LIST;
        break;
    default:
        break;
    }
    if (!good) return err_set(err, ERR_INPUT, "%s must be %s", arg->name,
                              wanted);
    if (arg->kind == ARG_KEYWORDS || arg->kind == ARG_WORDS)
        return check_patterns(arg, v, err);
    if (arg->kind == ARG_KEYWORD || arg->kind == ARG_SECTION ||
        arg->kind == ARG_POSTSCRIPT)
        return check_pattern(arg, v, err);
    return 0;
}

static const struct rule *find_rule(struct view instruction)
{
    const char *colon = instruction.len
        ? memchr(instruction.at, ':', instruction.len) : NULL;

    if (!colon) return NULL;
    struct view group = {instruction.at, (size_t)(colon - instruction.at)};
    struct view name  = {colon + 1, instruction.len - group.len - 1};
    for (size_t i = 0; i < N_RULES; i++)
        if (view_same(name, view_of(rules[i].name)) &&
            view_same(group, view_of(rules[i].group)))
            return &rules[i];
    return NULL;
}

static const struct arg *find_arg(const struct rule *rule, const struct py *key)
{
    for (size_t i = 0; i < 3 && rule->args[i].kind; i++)
        if (py_is_text(key, rule->args[i].name)) return &rule->args[i];
    return NULL;
}

static int check(const struct rule *rule, const struct py *kwargs,
                 struct err *err)
{
    for (size_t i = 0; i < 3 && rule->args[i].kind; i++) {
        const struct py *v = py_get(kwargs, rule->args[i].name);
        if (is_absent(v))
            return err_set(err, ERR_INPUT, "%s is missing, empty or 0",
                           rule->args[i].name);
        if (check_arg(&rule->args[i], v, err)) return -1;
    }
    for (size_t i = 0; kwargs && i < kwargs->n; i++) {
        const struct py_pair *pair = &kwargs->as.pairs[i];
        if (!is_absent(&pair->value) && !find_arg(rule, &pair->key))
            return err_set(err, ERR_INPUT, "%.*s is no argument of it",
                           shown(pair->key.as.text.len),
                           pair->key.as.text.bytes);
    }
    /* The original chooses another paragraph at random */
    struct ifeval_given g = {.kwargs = kwargs};
    double nth = ifeval_number(&g, "nth_paragraph");
    if (!isnan(nth) &&
        (nth > ifeval_number(&g, "num_paragraphs") || fmod(nth, 1) != 0))
        return err_set(err, ERR_INPUT, "nth_paragraph must be a whole number "
                       "up to num_paragraphs");
    return 0;
}

int ifeval_check_rule(struct view instruction, const struct py *kwargs,
                      struct err *err)
{
    const struct rule *rule = find_rule(instruction);

    if (!rule)
        return err_set(err, ERR_INPUT, "unknown instruction \"%.*s\"",
                       shown(instruction.len), instruction.at);
    if (kwargs && kwargs->kind == PY_NONE) kwargs = NULL;
    if (kwargs && kwargs->kind != PY_DICT)
        return err_set(err, ERR_INPUT, "%s:%s: the arguments must be an "
                       "object", rule->group, rule->name);
    pthread_mutex_lock(&lock);
    int failed = check(rule, kwargs, err);
    pthread_mutex_unlock(&lock);
    return failed ? err_ctx(err, "%s:%s", rule->group, rule->name) : 0;
}

/* --------------------------------------------------------------- variants - */

static bool is_valid_utf8(struct view v)
{
    size_t i = 0;

    while (i < v.len && !(v.at[i] & 0x80)) i++;
    return i == v.len || utf8_valid(v.at + i, v.len - i);
}

static bool follows(const struct rule *rule, struct ifeval_given *g,
                    struct view variant)
{
    g->text = variant;
    if (py_is_blank(variant)) return false;
    bool good = rule->follows(g);
    py_pool_clear(g->pool);
    return good;
}

static bool follows_without_stars(const struct rule *rule,
                                  struct ifeval_given *g, struct view variant)
{
    char  *plain = mem_new(variant.len + 1, 1);
    size_t n     = 0;

    for (size_t i = 0; i < variant.len; i++)
        if (variant.at[i] != '*') plain[n++] = variant.at[i];
    bool good = follows(rule, g, (struct view){plain, n});
    free(plain);
    return good;
}

/* The seven other variants, those that equal an earlier one left out. */
static bool follows_loosely(const struct rule *rule, struct ifeval_given *g,
                            struct view all)
{
    struct view list[4] = {all};
    const char *first = memchr(all.at, '\n', all.len), *last = first;
    size_t      n = 1;

    if (first) {
        for (last = all.at + all.len - 1; *last != '\n';) last--;
        struct view tail = {first + 1,
                            (size_t)(all.at + all.len - first - 1)};
        struct view head = {all.at, (size_t)(last - all.at)};
        struct view body = {first + 1,
                            last > first ? (size_t)(last - first - 1) : 0};
        list[n++] = py_strip(tail);
        list[n++] = py_strip(head);
        list[n++] = py_strip(body);
    }
    for (size_t i = 0; i < n; i++) {
        bool is_new = list[i].len > 0;
        for (size_t k = 0; k < i; k++)
            if (list[k].at == list[i].at && list[k].len == list[i].len)
                is_new = false;
        if (!is_new) continue;
        if (i && follows(rule, g, list[i])) return true;
        if (memchr(list[i].at, '*', list[i].len) &&
            follows_without_stars(rule, g, list[i]))
            return true;
    }
    return false;
}

int ifeval_judge(struct view instruction, const struct py *kwargs,
                 struct view prompt, struct view response,
                 struct ifeval_verdict *out, struct err *err)
{
    const struct rule  *rule = find_rule(instruction);
    struct ifeval_given g    = {.kwargs = kwargs};

    (void)prompt;   /* no registered instruction looks at it */
    *out = (struct ifeval_verdict){false, false};
    if (!rule) return err_set(err, ERR_BUG, "ifeval_judge without a check");
    if (rule->table == TABLE_LANGUAGES && langdetect_ready(err)) return -1;
    if (rule->table == TABLE_SENTENCES && sentences_ready(err)) return -1;
    if (py_is_blank(response)) return 0;

    g.is_utf8 = is_valid_utf8(response);
    pthread_mutex_lock(&lock);
    if (!pool) pool = py_pool_new();
    g.pool      = pool;
    out->strict = follows(rule, &g, response);
    out->loose  = out->strict || follows_loosely(rule, &g, response);
    pthread_mutex_unlock(&lock);
    return 0;
}
