/* SPDX-License-Identifier: MIT */
/* instruction.c - instructions that can be verified without a judge:
 *   {"scorer":"instruction", "max_words":20, "no_comma":true}
 * All fields are optional, at least one is given. Texts are compared as
 * whole words in any case; one_of, starts_with and ends_with look past
 * quotes and marks at the ends.
 *   words, sentences        exactly so many; min_ and max_ of each; max_chars
 *   must_contain, must_not_contain, order   texts; each behind the one before
 *   repeats                 {"phrase","times"}: exactly so often
 *   starts_with, ends_with, one_of, first_letter, each_sentence_starts
 *   repeat_question         the user's words first, then something more
 *   no_comma, no_digits, no_markdown, all_lowercase, all_uppercase
 *   no_question, one_question (a run of marks is one), ends_with_question
 *   language                a code that language.h knows
 * A rule that no answer can keep is refused where that is plain to see. */
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "language.h"
#include "score/answer.h"
#include "score/markup.h"
#include "score/rule.h"
#include "score/score.h"
#include "sentence.h"

static const struct rule_field fields[] = {
    {"min_words", RULE_COUNT},     {"max_words", RULE_COUNT},
    {"words", RULE_COUNT},         {"max_chars", RULE_COUNT},
    {"min_sentences", RULE_COUNT}, {"max_sentences", RULE_COUNT},
    {"sentences", RULE_COUNT},
    {"must_contain", RULE_TEXTS},  {"must_not_contain", RULE_TEXTS},
    {"order", RULE_TEXTS},         {"repeats", RULE_REPEATS},
    {"starts_with", RULE_TEXT},    {"ends_with", RULE_TEXT},
    {"one_of", RULE_TEXTS},        {"first_letter", RULE_LETTER},
    {"each_sentence_starts", RULE_TEXT}, {"repeat_question", RULE_YES},
    {"no_comma", RULE_YES},        {"no_digits", RULE_YES},
    {"all_lowercase", RULE_YES},   {"all_uppercase", RULE_YES},
    {"no_question", RULE_YES},     {"one_question", RULE_YES},
    {"ends_with_question", RULE_YES}, {"no_markdown", RULE_YES},
    {"language", RULE_LANGUAGE},
    {NULL, RULE_YES},
};

#define NO_LIMIT 1000001   /* above any count that a rule can hold */

/* What is counted, and the fields that limit it. */
static const struct limit {
    const char *unit, *least, *most, *exact;
    size_t (*count)(const char *text, size_t len);
} limits[] = {
    {"word", "min_words", "max_words", "words", sentence_words},
    {"sentence", "min_sentences", "max_sentences", "sentences",
     sentence_count},
};
#define N_LIMITS (sizeof limits / sizeof *limits)

static long long least_of(const json_t *rule, const struct limit *l)
{
    return rule_count(rule, l->exact, rule_count(rule, l->least, 0));
}

static long long most_of(const json_t *rule, const struct limit *l)
{
    return rule_count(rule, l->exact, rule_count(rule, l->most, NO_LIMIT));
}

static void judge_counts(const json_t *rule, const char *answer,
                         struct judgement *out)
{
    size_t    chars;
    long long max_chars = rule_count(rule, "max_chars", NO_LIMIT);

    for (size_t i = 0; i < N_LIMITS; i++) {
        const struct limit *l = &limits[i];
        long long n     = (long long)l->count(answer, strlen(answer));
        long long least = least_of(rule, l), most = most_of(rule, l);

        if (n < least || n > most) {
            answer_fail(out, "has %lld %s%s, asked for %s%lld", n, l->unit,
                        n == 1 ? "" : "s",
                        least == most ? "exactly "
                        : n < least   ? "at least " : "at most ",
                        n < least ? least : most);
            return;
        }
    }
    chars = utf8_length(answer);
    if ((long long)chars > max_chars)
        answer_fail(out, "has %zu characters, asked for at most %lld", chars,
                    max_chars);
}

/* Each behind the one before it. */
static void judge_order(const json_t *rule, const char *normal,
                        struct judgement *out)
{
    const char   *at = normal, *before = NULL;
    const json_t *phrase;
    size_t        i;

    json_array_foreach(json_object_get(rule, "order"), i, phrase) {
        const char *text = json_string_value(phrase);

        if (!answer_find(normal, at, text, &at)) {
            if (before)
                answer_fail(out, "does not say \"%s\" behind \"%s\"", text,
                            before);
            else
                answer_fail(out, "does not contain \"%s\"", text);
            return;
        }
        before = text;
    }
}

static void judge_phrases(const json_t *rule, const char *normal,
                          struct judgement *out)
{
    const json_t *phrase, *repeats = json_object_get(rule, "repeats");
    size_t        i;

    json_array_foreach(json_object_get(rule, "must_contain"), i, phrase)
        if (out->pass && !answer_has(normal, json_string_value(phrase)))
            answer_fail(out, "does not contain \"%s\"",
                        json_string_value(phrase));
    json_array_foreach(json_object_get(rule, "must_not_contain"), i, phrase)
        if (out->pass && answer_has(normal, json_string_value(phrase)))
            answer_fail(out, "contains \"%s\", which was ruled out",
                        json_string_value(phrase));
    if (out->pass && repeats) {
        const char *text  = jsonx_text(repeats, "phrase");
        long long   times = rule_count(repeats, "times", 0);
        long long   said  = (long long)answer_times(normal, text);

        if (said != times)
            answer_fail(out, "says \"%s\" %lld time%s, asked for %lld", text,
                        said, said == 1 ? "" : "s", times);
    }
    if (out->pass) judge_order(rule, normal, out);
}

enum place { AT_START, AT_END, WHOLE };

/* Is the phrase there in `said`, a bare text? */
static bool stands(const char *said, const char *phrase, enum place place)
{
    char  *text   = answer_normal(phrase);
    char  *wanted = answer_bare(text);
    size_t n = strlen(wanted), len = strlen(said);
    bool   there;

    if (place == WHOLE || n > len)
        there = strcmp(said, wanted) == 0;
    else if (place == AT_START)
        there = strncmp(said, wanted, n) == 0 &&
                sentence_words(said, n) + sentence_words(said + n, len - n) ==
                    sentence_words(said, len);
    else
        there = strcmp(said + len - n, wanted) == 0 &&
                sentence_words(said, len - n) +
                        sentence_words(said + len - n, n) ==
                    sentence_words(said, len);
    free(text);
    return there;
}

static void judge_places(const json_t *rule, const char *clean,
                         const char *normal, struct judgement *out)
{
    char         *text   = mem_copy(normal);
    const char   *said   = answer_bare(text);
    const char   *start  = jsonx_text(rule, "starts_with");
    const char   *end    = jsonx_text(rule, "ends_with");
    const json_t *one_of = json_object_get(rule, "one_of"), *choice;
    bool          chosen = one_of == NULL;
    size_t        i;

    if (start && !stands(said, start, AT_START))
        answer_fail(out, "does not start with \"%s\"", start);
    else if (end && !stands(said, end, AT_END))
        answer_fail(out, "does not end with \"%s\"", end);
    json_array_foreach(one_of, i, choice)
        chosen = chosen || stands(said, json_string_value(choice), WHOLE);
    if (out->pass && !chosen) {
        char *excerpt = answer_excerpt(clean);

        answer_fail(out, "\"%s\" is none of the answers that were asked for",
                    excerpt);
        free(excerpt);
    }
    free(text);
}

/* What may stand behind the mark at the very end. */
static bool is_closing(utf8proc_int32_t c)
{
    utf8proc_category_t category = utf8proc_category(c);

    return c <= ' ' || (c < 0x80 && strchr("\"')]*_", (int)c)) ||
           category == UTF8PROC_CATEGORY_PE ||
           category == UTF8PROC_CATEGORY_PF ||
           category == UTF8PROC_CATEGORY_ZS ||
           (c >= 0x1f000 && c <= 0x1faff) || c == 0xfe0f;
}

/* What kinds of characters a valid text has. */
static void judge_characters(const json_t *rule, const char *clean,
                             struct judgement *out)
{
    size_t           lower = 0, upper = 0, digits = 0, commas = 0, asks = 0;
    bool             was_asking = false, is_asking, ends_asking = false;
    utf8proc_int32_t c;

    for (const char *at = clean; *at;) {
        utf8proc_ssize_t n =
            utf8proc_iterate((const utf8proc_uint8_t *)at, -1, &c);
        utf8proc_category_t category = utf8proc_category(c);

        if (category == UTF8PROC_CATEGORY_LL) lower++;
        if (category == UTF8PROC_CATEGORY_LU ||
            category == UTF8PROC_CATEGORY_LT)
            upper++;
        if (category == UTF8PROC_CATEGORY_ND) digits++;
        if (c == ',' || c == 0xff0c || c == 0x3001) commas++;
        is_asking = c == '?' || c == 0xff1f;
        if (is_asking && !was_asking) asks++;
        /* "?!?" is one question. */
        was_asking = is_asking || (was_asking && c == '!');
        if (!is_closing(c)) ends_asking = is_asking;
        at += n > 0 ? n : 1;
    }
    if (commas && jsonx_truth(rule, "no_comma") == 1)
        answer_fail(out, "has a comma");
    else if (digits && jsonx_truth(rule, "no_digits") == 1)
        answer_fail(out, "has digits");
    else if ((upper || !lower) && jsonx_truth(rule, "all_lowercase") == 1)
        answer_fail(out, "is not all in lower case");
    else if ((lower || !upper) && jsonx_truth(rule, "all_uppercase") == 1)
        answer_fail(out, "is not all in capitals");
    else if (asks && jsonx_truth(rule, "no_question") == 1)
        answer_fail(out, "asks a question");
    else if (asks != 1 && jsonx_truth(rule, "one_question") == 1)
        answer_fail(out, "asks %zu questions, asked for one", asks);
    else if (!ends_asking && jsonx_truth(rule, "ends_with_question") == 1)
        answer_fail(out, "does not end with a question");
}

/* ---- sentences --------------------------------------------------------- */

/* Where the first sentence of a line ends, in bytes. At each blank behind a
 * mark: it ends there if the next word would begin another sentence. Only so
 * many bytes around it matter, which keeps this linear. */
static size_t sentence_length(const char *line, size_t len)
{
    enum { LOOK_BACK = 48, LOOK_AHEAD = 24, MARK_BYTES = 8 };

    for (size_t blank = 1; blank < len; blank++) {
        size_t from = blank > LOOK_BACK ? blank - LOOK_BACK : 0;
        size_t mark = blank > MARK_BYTES ? blank - MARK_BYTES : 0, end;

        if (line[blank] != ' ' || line[blank - 1] == ' ') continue;
        while (mark < blank && !strchr(".!?\xE2", line[mark])) mark++;
        if (mark == blank) continue;
        for (end = blank + 1; end < len && line[end] == ' ';) end++;
        for (size_t n = 0; n < LOOK_AHEAD && end < len && line[end] != ' '; n++)
            end++;
        if (sentence_count(line + from, end - from) > 1) return blank;
    }
    return len;
}

static void judge_each_sentence(const char *start, const char *clean,
                                struct judgement *out)
{
    while (*clean && out->pass) {
        size_t len = strcspn(clean, "\r\n"), n = 0;

        for (size_t at = 0; at < len && out->pass; at += n) {
            char *piece, *normal;

            n = sentence_length(clean + at, len - at);
            if (sentence_words(clean + at, n) == 0) continue;
            piece  = mem_copy_n(clean + at, n);
            normal = answer_normal(piece);
            if (!stands(answer_bare(normal), start, AT_START)) {
                char *excerpt = answer_excerpt(piece + strspn(piece, " "));

                answer_fail(out, "the sentence \"%s\" does not start with "
                            "\"%s\"", excerpt, start);
                free(excerpt);
            }
            free(normal);
            free(piece);
        }
        clean += len + (clean[len] != '\0');
    }
}

/* ---- the rest ---------------------------------------------------------- */

static void judge_first_letter(const char *letter, const char *normal,
                               struct judgement *out)
{
    char *wanted = answer_normal(letter), *said = answer_words(normal);

    if (strncmp(said, wanted, strlen(wanted)) != 0)
        answer_fail(out, "does not start with the letter \"%s\"", letter);
    free(wanted);
    free(said);
}

/* The user's words, then something more: an echo is no answer. */
static void judge_repeat(const char *question, const char *normal,
                         struct judgement *out)
{
    char  *asked = answer_words(question ? question : "");
    char  *said  = answer_words(normal);
    size_t n     = strlen(asked);

    if (n == 0 || strncmp(said, asked, n) != 0 ||
        (said[n] != ' ' && said[n] != '\0'))
        answer_fail(out, "does not say the user's words first");
    else if (said[n] == '\0')
        answer_fail(out, "only repeats the question");
    free(asked);
    free(said);
}

static void judge_language(const char *code, const char *clean,
                           struct judgement *out)
{
    const char *told;

    if (language_may_be(clean, code)) return;
    told = language_of(clean, NULL);
    if (told)
        answer_fail(out, "is in the language \"%s\", asked for \"%s\"", told,
                    code);
    else
        answer_fail(out, "does not look like the language \"%s\"", code);
}

static void judge_form(const json_t *rule, const struct transcript *t,
                       const char *clean, const char *normal,
                       struct judgement *out)
{
    const char *letter   = jsonx_text(rule, "first_letter");
    const char *start    = jsonx_text(rule, "each_sentence_starts");
    const char *language = jsonx_text(rule, "language");
    const char *where, *markup;

    if (letter) judge_first_letter(letter, normal, out);
    if (out->pass && start) judge_each_sentence(start, clean, out);
    if (out->pass && jsonx_truth(rule, "repeat_question") == 1)
        judge_repeat(t->question, normal, out);
    if (out->pass && language) judge_language(language, clean, out);
    if (!out->pass || jsonx_truth(rule, "no_markdown") != 1) return;
    markup = markup_find(clean, true, &where);
    if (markup) {
        char *excerpt = answer_excerpt(where);

        answer_fail(out, "has markdown: %s, \"%s\"", markup, excerpt);
        free(excerpt);
    }
}

static void judge(const json_t *rule, const struct transcript *t,
                  struct judgement *out)
{
    char *clean, *normal;

    if (answer_is_unfit(t->answer, 1, out)) return;
    clean  = utf8_clean(t->answer, strlen(t->answer));
    normal = answer_normal(clean);
    judge_counts(rule, clean, out);
    if (out->pass) judge_phrases(rule, normal, out);
    if (out->pass) judge_places(rule, clean, normal, out);
    if (out->pass) judge_characters(rule, clean, out);
    if (out->pass) judge_form(rule, t, clean, normal, out);
    free(clean);
    free(normal);
}

/* ---- can any answer pass? ---------------------------------------------- */

/* Fields of which no answer can keep both. */
static int check_opposites(const json_t *rule, struct err *err)
{
    static const char *const pairs[][2] = {
        {"all_lowercase", "all_uppercase"},
        {"no_question", "one_question"},
        {"no_question", "ends_with_question"},
    };

    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (json_object_get(rule, pairs[i][0]) &&
            json_object_get(rule, pairs[i][1]))
            return err_set(err, ERR_INPUT, "\"%s\" and \"%s\" exclude each "
                           "other; no answer can pass", pairs[i][0],
                           pairs[i][1]);
    return 0;
}

static int check_counts(const json_t *rule, struct err *err)
{
    long long max_chars = rule_count(rule, "max_chars", NO_LIMIT);

    for (size_t i = 0; i < N_LIMITS; i++) {
        const struct limit *l = &limits[i];
        long long low  = rule_count(rule, l->least, 0);
        long long high = rule_count(rule, l->most, NO_LIMIT);

        if (low > high)
            return err_set(err, ERR_INPUT, "\"%s\" is above \"%s\"; no answer "
                           "can pass", l->least, l->most);
        if (least_of(rule, l) < low || most_of(rule, l) > high)
            return err_set(err, ERR_INPUT, "\"%s\" is not between \"%s\" and "
                           "\"%s\"; no answer can pass", l->exact, l->least,
                           l->most);
        if (most_of(rule, l) == 0)
            return err_set(err, ERR_INPUT, "\"%s\" is 0; no answer can pass",
                           json_object_get(rule, l->exact) ? l->exact
                                                           : l->most);
    }
    if (least_of(rule, &limits[1]) > most_of(rule, &limits[0]))
        return err_set(err, ERR_INPUT, "more sentences than words are asked "
                       "for; no answer can pass");
    if (max_chars < 2 * least_of(rule, &limits[0]) - 1 || max_chars == 0)
        return err_set(err, ERR_INPUT, "\"max_chars\" is less than the words "
                       "need; no answer can pass");
    return 0;
}

/* A text that must be there and breaks another field. */
static int check_wanted(const json_t *rule, const char *field,
                        const char *text, struct err *err)
{
    static const char *const fields_of_parts[] = {
        "max_words", "words", "max_chars", "max_sentences", "sentences",
        "must_not_contain", "no_digits",
    };
    struct judgement got  = {.pass = true};
    json_t          *part = json_object(), *value;
    char            *normal = answer_normal(text);

    for (size_t i = 0; i < sizeof fields_of_parts / sizeof *fields_of_parts;
         i++) {
        value = json_object_get(rule, fields_of_parts[i]);
        if (value) json_object_set(part, fields_of_parts[i], value);
    }
    /* As a part it may be shorter than the whole. */
    if ((value = json_object_get(part, "words")) != NULL) {
        json_object_set(part, "max_words", value);
        json_object_del(part, "words");
    }
    if ((value = json_object_get(part, "sentences")) != NULL) {
        json_object_set(part, "max_sentences", value);
        json_object_del(part, "sentences");
    }
    judge_counts(part, text, &got);
    if (got.pass) judge_phrases(part, normal, &got);
    if (got.pass) judge_characters(part, text, &got);
    json_decref(part);
    free(normal);
    if (got.pass) return 0;
    return err_set(err, ERR_INPUT, "\"%s\": \"%.60s\" itself %s; no answer "
                   "can pass", field, text, got.reason);
}

static int check_texts(const json_t *rule, struct err *err)
{
    static const char *const lists[] = {"must_contain", "order"};
    static const char *const texts[] = {"starts_with", "ends_with",
                                        "each_sentence_starts",
                                        "first_letter"};
    const json_t *repeats = json_object_get(rule, "repeats"), *text;
    long long     words;
    size_t        k;

    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        json_array_foreach(json_object_get(rule, lists[i]), k, text)
            if (check_wanted(rule, lists[i], json_string_value(text), err))
                return -1;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (json_object_get(rule, texts[i]) &&
            check_wanted(rule, texts[i], jsonx_text(rule, texts[i]), err))
            return -1;
    if (!repeats) return 0;
    if (check_wanted(rule, "repeats", jsonx_text(repeats, "phrase"), err))
        return -1;
    words = (long long)sentence_words(
        jsonx_text(repeats, "phrase"),
        strlen(jsonx_text(repeats, "phrase")));
    if (words * rule_count(repeats, "times", 1) > most_of(rule, &limits[0]))
        return err_set(err, ERR_INPUT, "\"repeats\" asks for more words than "
                       "the answer may have; no answer can pass");
    return 0;
}

/* At least one of the choices keeps to the other fields. */
static int check_choices(const json_t *rule, const struct suite_case *test,
                         struct err *err)
{
    const json_t *choices = json_object_get(rule, "one_of"), *choice;
    json_t       *others;
    bool          can_pass = choices == NULL;
    size_t        i;

    if (!choices) return 0;
    others = json_deep_copy(rule);
    /* A word is too little to tell a language by; the question is not known
     * here. */
    json_object_del(others, "language");
    json_object_del(others, "repeat_question");
    json_array_foreach(choices, i, choice) {
        struct transcript t = {.test = test, .question = "",
                               .answer = json_string_value(choice)};
        struct judgement  got;

        judge(others, &t, &got);
        if (!got.pass && strncmp(got.reason, "is not all in ", 14) == 0)
            got.pass = true;   /* the case of a choice does not matter */
        can_pass = can_pass || got.pass;
    }
    json_decref(others);
    if (can_pass) return 0;
    return err_set(err, ERR_INPUT, "\"one_of\": none of the choices keeps to "
                   "the other fields; no answer can pass");
}

static int check_rule(const json_t *rule, const struct suite_case *test,
                      struct err *err)
{
    if (rule_check(rule, fields, 1, err)) return -1;
    if (check_opposites(rule, err)) return -1;
    if (check_counts(rule, err)) return -1;
    if (check_texts(rule, err)) return -1;
    return check_choices(rule, test, err);
}

const struct score_ops score_instruction = {
    .name       = "instruction",
    .help       = "the answer keeps to instructions that can be verified",
    .check_rule = check_rule,
    .judge      = judge,
};
