/* SPDX-License-Identifier: MIT */
/* The acts of speech of answers, on labelled ones: tests/corpus/acts/LANG.tsv
 * has a line an answer, its acts as letters (C claims, D denies, A asks, F
 * confirms, O offers, R refuses, - none), a tab and the answer. The tables
 * were written looking at the odd lines only; the bound is on the even ones. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "score/acts.h"
#include "score/acts_match.h"

#define LETTERS   "CDAFOR"   /* bit i of enum act */
#define MOST_FILE (1u << 20)

struct count { size_t right, too_many, missed; };

static unsigned acts_in(const char *answer, const char *language)
{
    struct acts acts;
    unsigned    all;

    acts_read(answer, language, &acts);
    all = acts.all;
    acts_done(&acts);
    return all;
}

static void count_line(const char *line, const char *language,
                       struct count *c)
{
    const char *tab = strchr(line, '\t');
    unsigned    got;

    assert_non_null(tab);
    got = acts_in(tab + 1, language);
    for (size_t i = 0; LETTERS[i]; i++) {
        bool is     = (got & 1u << i) != 0;
        bool wanted = memchr(line, LETTERS[i], (size_t)(tab - line)) != NULL;

        c->right += is && wanted;
        c->too_many += is && !wanted;
        c->missed += !is && wanted;
        if (is != wanted)
            print_message("%s: %c is %s: %s\n", language, LETTERS[i],
                          is ? "too many" : "missed", tab + 1);
    }
}

/* half 0: the lines that were looked at; 1: those that were not. Returns how
 * many lines there are in all. */
static size_t count_file(const char *language, size_t half, struct count *c)
{
    const char  *tests = getenv("TEST_DIR");
    char        *path  = mem_printf("%s/corpus/acts/%s.tsv",
                                    tests ? tests : "tests", language);
    struct bytes file;
    struct err   err = {0};
    size_t       n   = 0;
    char        *text;

    if (bytes_read(&file, path, MOST_FILE, &err)) fail_msg("%s", err.text);
    text = mem_copy_n((const char *)file.data, (size_t)file.size);
    for (char *line = text; *line; n++) {
        char *end = strchr(line, '\n');

        assert_non_null(end);
        *end = '\0';
        if (n % 2 == half) count_line(line, language, c);
        line = end + 1;
    }
    free(text);
    bytes_done(&file);
    free(path);
    return n;
}

static void test_acts_of_answers_nobody_tuned_on_are_told(void **state)
{
    (void)state;
    static const struct { const char *language; size_t least; } files[] = {
        {"en", 90}, {"de", 30}, {"es", 30},
    };

    for (size_t half = 0; half < 2; half++)
        for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
            struct count c = {0};
            double       precision, recall;

            assert_true(count_file(files[i].language, half, &c) >=
                        files[i].least);
            precision = (double)c.right / (double)(c.right + c.too_many);
            recall    = (double)c.right / (double)(c.right + c.missed);
            print_message("%s, %s half: %zu acts, precision %.3f, recall "
                          "%.3f\n", files[i].language,
                          half ? "held-out" : "tuned", c.right + c.missed,
                          precision, recall);
            if (!(precision >= 0.95 && recall >= 0.95))
                fail_msg("%s: precision %.3f, recall %.3f",
                         files[i].language, precision, recall);
        }
}

static const struct situation {
    const char *answer, *language;
    unsigned    has, lacks;
} situations[] = {
    /* Conditions and negations are no claims. */
    {"I haven't turned it on.", "en", ACT_DENIES, ACT_CLAIMS},
    {"If you want I can turn it on.", "en", 0, ACT_CLAIMS | ACT_ASKS},
    {"I'll turn it on once you say so.", "en", 0, ACT_CLAIMS},
    {"It is already on.", "en", 0, ACT_CLAIMS | ACT_DENIES},
    {"I can have it turned on.", "en", 0, ACT_CLAIMS},
    {"None of the lights have been turned off.", "en", 0, ACT_CLAIMS},
    {"Nothing has been changed.", "en", 0, ACT_CLAIMS},
    {"Please make sure that the light is on.", "en", 0, ACT_CLAIMS},
    {"If the light is on, tell me.", "en", 0, ACT_CLAIMS},
    {"Es wurde kein Timer gestartet.", "de", ACT_DENIES, ACT_CLAIMS},
    {"Is the light on?", "en", ACT_ASKS, ACT_CLAIMS},
    {"Turning on the lamp failed.", "en", ACT_DENIES, ACT_CLAIMS},
    {"An error occurred while turning on the fan.", "en", ACT_DENIES,
     ACT_CLAIMS},
    {"Das Licht ist schon an.", "de", 0, ACT_CLAIMS},
    {"Ich habe die Lampe nicht eingeschaltet.", "de", ACT_DENIES, ACT_CLAIMS},
    {"La luz ya está encendida.", "es", 0, ACT_CLAIMS},
    {"No he encendido la luz.", "es", ACT_DENIES, ACT_CLAIMS},
    /* A deed and its opposite in one answer are both there. */
    {"I've turned off the lamp, but I couldn't find a fan.", "en",
     ACT_CLAIMS | ACT_DID | ACT_DENIES, 0},
    /* What is so is a claim alone, and the state before beside a question. */
    {"The lamp is off.", "en", ACT_CLAIMS | ACT_STATES, ACT_DID},
    {"The lamp is off. Shall I turn it on?", "en", ACT_CONFIRMS | ACT_STATES,
     ACT_CLAIMS},
    /* Politeness is no question. */
    {"Anything else?", "en", ACT_OFFERS, ACT_ASKS | ACT_CONFIRMS},
    {"Would you like me to do anything else?", "en", ACT_OFFERS,
     ACT_ASKS | ACT_CONFIRMS},
    {"Which lamp? Let me know if you need help.", "en",
     ACT_ASKS | ACT_OFFERS, ACT_CONFIRMS},
    {"Did you know that owls cannot move their eyes?", "en", 0, ACT_ASKS},
    /* A question for what is missing wants no confirmation. */
    {"Which light should I turn on?", "en", ACT_ASKS, ACT_CONFIRMS},
    {"Welches Licht soll ich einschalten?", "de", ACT_ASKS, ACT_CONFIRMS},
    {"¿Qué luz quieres encender?", "es", ACT_ASKS, ACT_CONFIRMS},
    {"Hecho, ¿quieres algo más?", "es", ACT_CLAIMS | ACT_OFFERS, ACT_ASKS},
    /* Any spelling. */
    {"I\xE2\x80\x99VE TURNED IT ON!!", "en", ACT_CLAIMS, 0},
    {"Really!? Which one!?", "en", ACT_ASKS, ACT_CLAIMS},
    {"Sorry\nI can't do that\nWhich light do you mean?", "en",
     ACT_DENIES | ACT_ASKS, ACT_CLAIMS},
    {"There are no timers running.", "en", ACT_DENIES | ACT_LACKS,
     ACT_CLAIMS},
    /* A language without a table: what is a question in any. */
    {"Quale luce?", "it", ACT_ASKS, ACT_CLAIMS},
};

static void test_acts_are_told_from_what_looks_like_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof situations / sizeof *situations; i++) {
        const struct situation *s   = &situations[i];
        unsigned                got = acts_in(s->answer, s->language);

        if ((got & s->has) != s->has || (got & s->lacks))
            fail_msg("\"%s\": %#x, wanted %#x without %#x", s->answer, got,
                     s->has, s->lacks);
    }
}

static void test_sentences_are_the_answer_again(void **state)
{
    (void)state;
    static const char answer[] = "Okay, it's 21.5 degrees at 7 p.m. now. "
                                 "\xC2\xBFQu\xC3\xA9 luz? \xFF Done";
    struct acts a;
    char       *clean = utf8_clean(answer, strlen(answer)), *at = clean;

    acts_read(answer, "en", &a);
    assert_int_equal(a.n, 3);
    for (size_t i = 0; i < a.n; i++) {
        assert_true(utf8_valid(a.sentences[i].text,
                               strlen(a.sentences[i].text)));
        at = strstr(at, a.sentences[i].text);
        assert_non_null(at);
        at += strlen(a.sentences[i].text);
    }
    assert_string_equal(at, "");
    acts_done(&a);
    acts_done(&a);
    free(clean);
}

static bool matches(const char *text, const char *pattern)
{
    struct words w;
    size_t       end;
    bool         found = false;

    words_read(text, &acts_en, &w);
    for (size_t i = 0; i < w.n; i++)
        found = found || words_match(&w, i, pattern, &end);
    words_done(&w);
    return found;
}

static void test_patterns_mean_what_their_header_says(void **state)
{
    (void)state;
    assert_true(matches("a b", "a b"));
    assert_false(matches("a, b", "a b"));
    assert_false(matches("ab. b", "ab ... b"));
    assert_true(matches("a, x b", "a ... b"));
    assert_false(matches("a, x b", "a .. b"));
    assert_true(matches("a x x x x x b", "a .. b"));
    assert_false(matches("a x x x x x x b", "a .. b"));
    assert_true(matches("a b", "a ?x b"));
    assert_true(matches("a x x x b", "a *x b"));
    assert_true(matches("a c", "a ~b"));
    assert_true(matches("a c d", "a ?~b d"));
    assert_true(matches("a d", "a ?~b d"));
    assert_false(matches("a b d", "a ?~b d"));
    assert_false(matches("a b", "a ~b"));
    assert_false(matches("a", "a ~b"));
    assert_true(matches("a", "a !b"));
    assert_false(matches("a b", "a !b"));
    assert_true(matches("x, a", "^ a"));
    assert_false(matches("x a", "^ a"));
    assert_false(matches("x and a", "^ a"));
    assert_false(matches("x, a", "< a"));
    assert_true(matches("xy. a", "< a"));
    assert_true(matches("a, b", "a $"));
    assert_false(matches("a b", "a $"));
    assert_true(matches("IT'S Off", "it's ON"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_acts_of_answers_nobody_tuned_on_are_told),
        cmocka_unit_test(test_acts_are_told_from_what_looks_like_them),
        cmocka_unit_test(test_sentences_are_the_answer_again),
        cmocka_unit_test(test_patterns_mean_what_their_header_says),
    };
    return cmocka_run_group_tests_name("acts", tests, NULL, NULL);
}
