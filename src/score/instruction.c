/* SPDX-License-Identifier: MIT */
/* instruction.c - instructions that can be verified without a judge:
 *   {"scorer":"instruction", "max_words":20, "no_comma":true}
 * All fields are optional, at least one is given. Texts are compared as
 * whole words in any case; one_of, starts_with and ends_with look past
 * quotes and marks at the ends. */
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "score/answer.h"
#include "score/rule.h"
#include "score/score.h"
#include "sentence.h"

static const struct rule_field fields[] = {
    {"min_words", RULE_COUNT},     {"max_words", RULE_COUNT},
    {"min_sentences", RULE_COUNT}, {"max_sentences", RULE_COUNT},
    {"must_contain", RULE_TEXTS},  {"must_not_contain", RULE_TEXTS},
    {"starts_with", RULE_TEXT},    {"ends_with", RULE_TEXT},
    {"one_of", RULE_TEXTS},        {"no_comma", RULE_YES},
    {"no_digits", RULE_YES},       {"all_lowercase", RULE_YES},
    {"all_uppercase", RULE_YES},   {"no_question", RULE_YES},
    {NULL, RULE_YES},
};

#define NO_LIMIT 1000001   /* above any count that a rule can hold */

static int check_rule(const json_t *rule, const struct suite_case *test,
                      struct err *err)
{
    (void)test;
    if (rule_check(rule, fields, 1, err)) return -1;
    if (rule_count(rule, "min_words", 0) >
        rule_count(rule, "max_words", NO_LIMIT))
        return err_set(err, ERR_INPUT,
                       "\"min_words\" is above \"max_words\"; no answer can "
                       "pass");
    if (rule_count(rule, "min_sentences", 0) >
        rule_count(rule, "max_sentences", NO_LIMIT))
        return err_set(err, ERR_INPUT,
                       "\"min_sentences\" is above \"max_sentences\"; no "
                       "answer can pass");
    return 0;
}

static void judge_counts(const json_t *rule, const char *answer,
                         struct judgement *out)
{
    static const struct {
        const char *unit, *least, *most;
        size_t (*count)(const char *text, size_t len);
    } limits[] = {
        {"word", "min_words", "max_words", sentence_words},
        {"sentence", "min_sentences", "max_sentences", sentence_count},
    };

    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        long long n     = (long long)limits[i].count(answer, strlen(answer));
        long long least = rule_count(rule, limits[i].least, 0);
        long long most  = rule_count(rule, limits[i].most, NO_LIMIT);

        if (n < least || n > most) {
            answer_fail(out, "has %lld %s%s, asked for at %s %lld", n,
                        limits[i].unit, n == 1 ? "" : "s",
                        n < least ? "least" : "most", n < least ? least : most);
            return;
        }
    }
}

static void judge_phrases(const json_t *rule, const char *normal,
                          struct judgement *out)
{
    const json_t *phrase;
    size_t        i;

    json_array_foreach(json_object_get(rule, "must_contain"), i, phrase)
        if (out->pass && !answer_has(normal, json_string_value(phrase)))
            answer_fail(out, "does not contain \"%s\"",
                        json_string_value(phrase));
    json_array_foreach(json_object_get(rule, "must_not_contain"), i, phrase)
        if (out->pass && answer_has(normal, json_string_value(phrase)))
            answer_fail(out, "contains \"%s\", which was ruled out",
                        json_string_value(phrase));
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

/* What kinds of characters a valid text has. */
static void judge_characters(const json_t *rule, const char *clean,
                             struct judgement *out)
{
    size_t           lower = 0, upper = 0, digits = 0, commas = 0, asks = 0;
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
        if (c == '?' || c == 0xff1f) asks++;
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
    free(clean);
    free(normal);
}

const struct score_ops score_instruction = {
    .name       = "instruction",
    .help       = "the answer keeps to instructions that can be verified",
    .check_rule = check_rule,
    .judge      = judge,
};
