/* SPDX-License-Identifier: MIT */
/* thought_tag.c - see thought_tag.h. */
#include "thought_tag.h"

#include <string.h>
#include <strings.h>

#define MOST_BYTES   200
#define MOST_FOREIGN 2        /* <chain_of_thought>, <seed:think> */

#define WHITE_TRIANGLE_LEFT  "\xe2\x97\x81"
#define WHITE_TRIANGLE_RIGHT "\xe2\x96\xb7"
#define WIDE_BAR             "\xef\xbd\x9c"
#define LOW_BLOCK            "\xe2\x96\x81"

enum family { THINK, REASON, REFLECT, SCRATCH, ANSWER, FIXED };

/* The words of names. */
static const struct word {
    const char *text;
    enum family family;
    const char *spelling;
} words[] = {
    {"think", THINK, "<think>"},
    {"thinking", THINK, "<thinking>"},
    {"thought", THINK, "<thought>"},
    {"thoughts", THINK, "<thoughts>"},
    {"antthinking", THINK, "<antThinking>"},
    {"reasoning", REASON, "<reasoning>"},
    {"rationale", REASON, "<rationale>"},
    {"analysis", REASON, "<analysis>"},
    {"cot", REASON, "<cot>"},
    {"reflect", REFLECT, "<reflect>"},
    {"reflection", REFLECT, "<reflection>"},
    {"scratchpad", SCRATCH, "<scratchpad>"},
    {"monologue", SCRATCH, "<inner_monologue>"},
    {"answer", ANSWER, NULL},   {"response", ANSWER, NULL},
    {"output", ANSWER, NULL},   {"solution", ANSWER, NULL},
    {"final", ANSWER, NULL},    {"conclusion", ANSWER, NULL},
    {"text", ANSWER, NULL},     {"content", ANSWER, NULL},
};

static const char *const openers[] = {"start", "begin", "open", NULL};
static const char *const closers[] = {"end", "close", "stop", NULL};
static const char *const fillers[] = {
    "of", "process", "block", "section", "fast", "faster", NULL};

/* Reported as they are written; others as the bare word. */
static const struct { const char *open, *close; } known[] = {
    {"<seed:think>", "</seed:think>"},
    {"<mm:think>", "</mm:think>"},
    {"<longcat_think>", "</longcat_think>"},
    {"<|think|>", "<|/think|>"},
    {"<|START_THINKING|>", "<|END_THINKING|>"},
    {"<|begin_of_thought|>", "<|end_of_thought|>"},
    {"[THINK]", "[/THINK]"},
    {WHITE_TRIANGLE_LEFT "think" WHITE_TRIANGLE_RIGHT,
     WHITE_TRIANGLE_LEFT "/think" WHITE_TRIANGLE_RIGHT},
};

/* Fixed marks. A label behind the opening one is part of it. */
static const struct fixed {
    const char *open, *close;
    bool        is_answer, has_label;
} fixed[] = {
    {"<|channel>", "<channel|>", false, true},                /* Gemma 4    */
    {"<unused94>", "<unused95>", false, true},                /* MedGemma   */
    {"[unused16]", "[unused17]", false, false},               /* Pangu      */
    {"<|inner_prefix|>", "<|inner_suffix|>", false, false},   /* Apertus    */
    {"<|open|>think<|sep|>", "<|close|>think<|sep|>", false, false},
    {NULL, "[BEGIN FINAL RESPONSE]", false, false},           /* Apriel     */
    {NULL, "[END FINAL RESPONSE]", true, false},
    {"<|open|>response<|sep|>", "<|close|>response<|sep|>", true, false},
    {NULL, "<|close|>message<|sep|>", true, false},           /* Kimi K3    */
    {"<|begin|>assistant<|content|>", "<|end|>", true, false} /* Solar Open */
};

/* Bytes of `mark` when the text starts with it, else 0. */
static size_t match(const char *at, const char *end, const char *mark)
{
    size_t n = strlen(mark);

    return (size_t)(end - at) >= n && memcmp(at, mark, n) == 0 ? n : 0;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9');
}

static bool read_fixed(const char *at, const char *end,
                       struct thought_tag *out)
{
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
        const struct fixed *f = &fixed[i];
        size_t open  = f->open ? match(at, end, f->open) : 0;
        size_t close = match(at, end, f->close);
        size_t label = open;

        if (!open && !close) continue;
        if (open && f->has_label) {
            while (at + label < end && label < open + 20 &&
                   is_letter(at[label]))
                label++;
            /* Without a line break behind it, it is the thought itself. */
            if (at + label == end || at[label] == '\n') open = label;
        }
        *out = (struct thought_tag){
            .kind = open ? (f->is_answer ? TAG_ANSWER : TAG_THOUGHT)
                         : (f->is_answer ? TAG_ANSWER_END : TAG_THOUGHT_END),
            .family = f->open ? FIXED + (int)i : THOUGHT_TAG_UNPAIRED,
            .len = open ? open : close,
            .spelling = f->open ? f->open : f->close};
        return true;
    }
    return false;
}

/* What the name of a tag says. */
struct name {
    const struct word *thought, *answer;
    size_t             foreign;
    bool               closes, is_token, is_capital;
};

static bool is_among(const char *at, size_t n, const char *const *list)
{
    for (; *list; list++)
        if (strlen(*list) == n && strncasecmp(at, *list, n) == 0) return true;
    return false;
}

/* One part of a name; false: this is no tag of ours. */
static bool add_part(struct name *name, const char *at, size_t n, char before)
{
    for (size_t i = 0; i < n; i++)
        if (at[i] < 'A' || at[i] > 'Z') name->is_capital = false;
    if (is_among(at, n, openers) || is_among(at, n, fillers)) return true;
    if (is_among(at, n, closers)) return name->closes = true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strlen(words[i].text) != n ||
            strncasecmp(at, words[i].text, n) != 0)
            continue;
        if (words[i].family == ANSWER) name->answer = &words[i];
        else name->thought = &words[i];
        return true;
    }
    /* <think_tank> is about something else, <no_think> says the contrary. */
    if ((name->thought && before != ':') ||
        (n == 2 && strncasecmp(at, "no", 2) == 0))
        return false;
    return ++name->foreign <= MOST_FOREIGN;
}

/* Bytes of what may stand between the parts of a name. */
static size_t separator(const char *at, const char *end)
{
    if (at < end && strchr("_:-|", *at)) return *at ? 1 : 0;
    return match(at, end, WIDE_BAR) + match(at, end, LOW_BLOCK);
}

/* Where the name ends, NULL when it is none of ours. */
static const char *read_name(const char *at, const char *end,
                             struct name *name)
{
    char before = 0;

    for (size_t n = 1; n > 0 && at < end; at += n) {
        n = *at == ' ' || *at == '/' || *at == '|' ? 1
                                                   : match(at, end, WIDE_BAR);
        if (*at == '/') name->closes = true;
        else if (n > 0 && *at != ' ') name->is_token = true;
    }
    for (;;) {
        const char *part = at;
        size_t      n;

        while (at < end && is_letter(*at)) at++;
        if (at == part || !add_part(name, part, (size_t)(at - part), before))
            return NULL;
        for (; (n = separator(at, end)) > 0; at += n) before = *at;
        if (at == end || !is_letter(*at)) return at;
    }
}

/* Does the name alone allow a tag? Asked before what is behind it is read: a
 * text of brackets would else be read 200 times. `behind` is NULL when the
 * name is none. */
static bool can_be_tag(const struct name *name, bool is_square,
                       const char *behind, const char *end)
{
    if (!behind) return false;
    if (is_square)
        return name->thought && name->thought->family == THINK &&
               name->is_capital && name->foreign == 0 && behind < end &&
               *behind == ']';
    return name->thought || (name->answer && name->foreign == 0);
}

/* Bytes from behind the name to behind the tag, 0 when it is not closed or
 * holds what no attributes are. */
static size_t read_rest(const char *at, const char *end, const char *close,
                        bool *is_empty)
{
    bool has_text = false, has_equals = false;

    for (const char *c = at; c < end; c++) {
        size_t n = match(c, end, close);

        if (n > 0) {
            *is_empty = c[-1] == '/';
            return has_text && !has_equals ? 0 : (size_t)(c - at) + n;
        }
        if (*c == '<' || *c == '\n') return 0;
        if (*c == '=') has_equals = true;
        else if (*c != ' ' && *c != '\t' && *c != '/') has_text = true;
    }
    return 0;
}

static const char *spell(const char *at, size_t len, const struct word *word)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (match(at, at + len, known[i].open) == len ||
            match(at, at + len, known[i].close) == len)
            return known[i].open;
    return word->spelling;
}

bool thought_tag_read(const char *text, size_t len, size_t at,
                      struct thought_tag *out)
{
    static const struct { const char *open, *close; } styles[] = {
        {"<", ">"}, {"[", "]"}, {WHITE_TRIANGLE_LEFT, WHITE_TRIANGLE_RIGHT}};
    const char *from = text + at, *last = text + len, *end, *c;
    struct name name = {.is_capital = true};
    size_t      style, n = 0, rest;
    bool        is_empty = false;

    if (read_fixed(from, last, out)) return true;
    for (style = 0; style < sizeof styles / sizeof *styles; style++)
        if ((n = match(from, last, styles[style].open)) > 0) break;
    if (n == 0) return false;
    end = len - at > MOST_BYTES ? from + MOST_BYTES : last;
    c = read_name(from + n, end, &name);
    if (!can_be_tag(&name, *from == '[', c, end)) return false;
    rest = read_rest(c, end, styles[style].close, &is_empty);
    if (rest == 0) return false;
    n = (size_t)(c - from) + rest;
    *out = (struct thought_tag){.len = n, .is_token = name.is_token};
    if (name.thought) {
        out->kind = is_empty ? TAG_NO_THOUGHT
                  : name.closes ? TAG_THOUGHT_END : TAG_THOUGHT;
        out->family = (int)name.thought->family;
        out->spelling = spell(from, n, name.thought);
        return true;
    }
    out->kind = name.closes ? TAG_ANSWER_END : TAG_ANSWER;
    out->family = ANSWER;
    return !is_empty;
}
