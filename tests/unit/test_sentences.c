/* SPDX-License-Identifier: MIT */
/* test_sentences.c - English sentences and words as nltk cuts them. What is
 * expected here was asked of nltk 3.10.4. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "original/punkt.h"
#include "original/sentences.h"

#define LIMIT (1u << 26)

struct cut_case {
    const char *text;
    const char *want;            /* the pieces, with '|' between */
};

static void note(void *ctx, struct view piece)
{
    struct strbuf *seen = ctx;

    if (seen->len) strbuf_add(seen, "|");
    strbuf_addn(seen, piece.at, piece.len);
}

static void check_sentences(const struct cut_case *cases, size_t n)
{
    struct strbuf seen;

    strbuf_init(&seen, LIMIT);
    for (size_t i = 0; i < n; i++) {
        size_t pieces = *cases[i].want != '\0';
        for (const char *p = cases[i].want; *p; p++) pieces += *p == '|';
        strbuf_clear(&seen);
        punkt_each(view_of(cases[i].text), note, &seen);
        assert_string_equal(seen.text, cases[i].want);
        assert_int_equal(sentences_count(view_of(cases[i].text)), pieces);
    }
    strbuf_done(&seen);
}

static void check_words(const struct cut_case *cases, size_t n)
{
    struct strbuf seen;

    strbuf_init(&seen, LIMIT);
    for (size_t i = 0; i < n; i++) {
        strbuf_clear(&seen);
        words_each(view_of(cases[i].text), note, &seen);
        assert_string_equal(seen.text, cases[i].want);
    }
    strbuf_done(&seen);
}

#define CHECK(check, cases) check(cases, sizeof cases / sizeof *cases)

static void test_a_mark_before_white_space_ends_a_sentence(void **state)
{
    (void)state;
    static const struct cut_case cases[] = {
        {"One. Two? Three! Four", "One.|Two?|Three!|Four"},
        {"No space.here", "No space.here"},
        {"", ""},
        {"   ", ""},
        {"  Lead. Trail.  ", "  Lead.|Trail."},
        {"Stop!!! It is late.", "Stop!!!|It is late."},
        {"Really?! Yes.", "Really?!|Yes."},
        {"A blank line\n\nis no end", "A blank line\n\nis no end"},
        {"At 5.\nNext line.", "At 5.|Next line."},
    };

    CHECK(check_sentences, cases);
}

static void test_abbreviations_end_one_only_before_a_starter(void **state)
{
    (void)state;
    static const struct cut_case cases[] = {
        {"Dr. Smith met Mr. Jones.", "Dr. Smith met Mr. Jones."},
        {"He lives in the U.S. and works.", "He lives in the U.S. and works."},
        {"He lives in the U.S. However, he works.",
         "He lives in the U.S.|However, he works."},
        {"J. Bach wrote it. I listened.", "J. Bach wrote it.|I listened."},
        {"It was Jan. 5 then.", "It was Jan. 5 then."},
        {"See St. John at co. headquarters.",
         "See St. John at co. headquarters."},
        {"The pre-Dr. era. It ended.", "The pre-Dr. era.|It ended."},
        {"At 5 p.m. it ends.", "At 5 p.m. it ends."},
        {"Made by Acme Inc. The rest is known.",
         "Made by Acme Inc.|The rest is known."},
        {"e.g. this. I.e. that.", "e.g.|this.|I.e.|that."},
    };

    CHECK(check_sentences, cases);
}

static void test_numbers_end_one_by_what_follows(void **state)
{
    (void)state;
    static const struct cut_case cases[] = {
        {"1. A list. 2. B list.", "1.|A list.|2.|B list."},
        {"Version 2. it works.", "Version 2. it works."},
        {"It was 1999. Then 2000.", "It was 1999.|Then 2000."},
        {"Rated 3.5. good", "Rated 3.5. good"},
        {"nev. 5 b. Stewart", "nev. 5 b. Stewart"},
    };

    CHECK(check_sentences, cases);
}

static void test_ellipses_end_one_before_a_starter(void **state)
{
    (void)state;
    static const struct cut_case cases[] = {
        {"Well... I think so.", "Well...|I think so."},
        {"Well... The end.", "Well...|The end."},
        {"Wait . . . what? Yes . . . The end.",
         "Wait .|.|.|what?|Yes .|.|.|The end."},
        {"So... however.", "So... however."},
    };

    CHECK(check_sentences, cases);
}

static void test_closing_marks_go_with_the_sentence(void **state)
{
    (void)state;
    static const struct cut_case cases[] = {
        {"(One.) Two.", "(One.)|Two."},
        {"\"One.\" Two.", "\"One.\"|Two."},
        {"He said “go.” She went.", "He said “go.”|She went."},
        {"«Un.» Deux.", "«Un.»|Deux."},
        {"One.' -- Two.", "One.'|-- Two."},
        {"One.\") Two.", "One.\")|Two."},
        {"One. )Two.", "One.|)Two."},
        {"Go.]--now. Then.", "Go.]--now.|Then."},
    };

    CHECK(check_sentences, cases);
}

static void test_other_scripts_and_spaces_are_seen_as_nltk_does(void **state)
{
    (void)state;
    static const struct cut_case cases[] = {
        {"日本語。中文。", "日本語。中文。"},
        {"One.\xC2\xA0Two. Three.", "One.\xC2\xA0Two.|Three."},
        {"One.\xE2\x80\x8BTwo.", "One.\xE2\x80\x8BTwo."},
        {"One.\xE2\x80\xA8Two.", "One.|Two."},
        {"One.\x1CTwo. Three", "One.\x1CTwo.|Three"},
        {"Ж. П. ok. End", "Ж. П. ok. End"},
        {"Ja. Été. été.", "Ja.|Été.|été."},
    };

    CHECK(check_sentences, cases);
}

static void test_punctuation_stands_alone_as_in_the_treebank(void **state)
{
    (void)state;
    static const struct cut_case cases[] = {
        {"Good muffins cost $3.88 (roughly 3,36 euros)\nin New York.",
         "Good|muffins|cost|$|3.88|(|roughly|3,36|euros|)|in|New|York|."},
        {"a:b 1:2 a, b,", "a|:|b|1:2|a|,|b|,"},
        {"At U.S. Then. End.", "At|U.S.|Then|.|End|."},
        {"x -- y--z", "x|--|y|--|z"},
        {"wait...now", "wait|...|now"},
        {"a;b@c#d&e%f*g", "a|;|b|@|c|#|d|&|e|%|f|*|g"},
        {"[a]{b}<c>", "[|a|]|{|b|}|<|c|>"},
        {"en–dash—em", "en|–|dash|—|em"},
        {"End: ", "End|:"},
        {"A. B.\n", "A|.|B|."},
    };

    CHECK(check_words, cases);
}

static void test_quotes_are_spelt_anew(void **state)
{
    (void)state;
    static const struct cut_case cases[] = {
        {"\"Hi\" she said.", "``|Hi|''|she|said|."},
        {"say \"hi\" now", "say|``|hi|''|now"},
        {"(\"x\")", "(|``|x|''|)"},
        {"`a' ``b''", "`|a|'|``|b|''"},
        {"“hi” «y» ‘z’", "“|hi|”|«|y|»|‘|z|’"},
        {"''tis'' 'quoted'", "''|tis|''|'|quoted|'"},
        {"5'11\" tall", "5'11|''|tall"},
        {"'a' 's 're 'sx", "'|a|'|'s|'re|'|sx"},
    };

    CHECK(check_words, cases);
}

static void test_clitics_and_contractions_are_parted(void **state)
{
    (void)state;
    static const struct cut_case cases[] = {
        {"I can't, DON'T won't", "I|ca|n't|,|DO|N'T|wo|n't"},
        {"cannot CANNOT Cannots", "can|not|CAN|NOT|Cannots"},
        {"gimme gonna gotta lemme wanna. wanna go",
         "gim|me|gon|na|got|ta|lem|me|wan|na|.|wan|na|go"},
        {"d'ye more'n 'tis 'Twas", "d|'ye|more|'n|'|tis|'|Twas"},
        {"John's dogs' it's we'll they've I'm he'd",
         "John|'s|dogs|'|it|'s|we|'ll|they|'ve|I|'m|he|'d"},
        {"CAN'T'VE", "CAN'T|'VE"},
        {"rock'n'roll", "rock'n'roll"},
        {"’tis can’t", "’|tis|can|’|t"},
        {"cannot'tis", "can|not|'t|is"},
        {"gımme 'TİS", "gım|me|'|TİS"},
    };

    CHECK(check_words, cases);
}

/* ---------------------------------------------------------- hostile texts - */

static void test_bytes_that_are_no_text_are_characters_too(void **state)
{
    (void)state;
    static const char text[] = "a\xFF. \xC3 B.\0 c\xE2\x80";
    struct view       v      = {text, sizeof text - 1};
    struct strbuf     seen;

    strbuf_init(&seen, LIMIT);
    punkt_each(v, note, &seen);
    assert_int_equal(seen.len, v.len);
    assert_memory_equal(seen.text, "a\xFF.|\xC3 B.\0 c\xE2\x80", seen.len);
    strbuf_clear(&seen);
    words_each(v, note, &seen);
    assert_int_equal(seen.len, 14);
    assert_memory_equal(seen.text, "a\xFF|.|\xC3|B.\0|c\xE2\x80", seen.len);
    strbuf_done(&seen);
}

static void count_bytes(void *ctx, struct view token)
{
    size_t *bytes = ctx;

    *bytes += token.len;
}

/* Were anything but linear in the text, this would not end. */
static void test_a_long_text_of_one_thing_is_cut_in_linear_time(void **state)
{
    (void)state;
    static const struct {
        const char *unit;
        size_t      sentences, bytes;     /* of 2^20 bytes of the unit */
    } cases[] = {
        {".", 1, 1048576}, {"\"", 1, 2097152}, {"'", 1, 1048576},
        {"a", 1, 1048576}, {"[", 1, 1048576}, {"`", 1, 1048576},
        {"-", 1, 1048576}, {"\x1C", 0, 0}, {". ", 524288, 524288},
        {"a. ", 1, 699051}, {".\n", 524288, 524288}, {"x' ", 1, 699051},
        {"1,", 1, 1048576},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t len = strlen(cases[i].unit), bytes = 0;
        char  *text = mem_new(1 << 20, 1);
        struct view v = {text, 1 << 20};
        for (size_t k = 0; k < v.len; k++) text[k] = cases[i].unit[k % len];
        assert_int_equal(sentences_count(v), cases[i].sentences);
        words_each(v, count_bytes, &bytes);
        assert_int_equal(bytes, cases[i].bytes);
        free(text);
    }
}

/* -------------------------------------------------------------- the table - */

/* What is said of a table like this; the process has none before. */
static void check_refused(const char *table, const char *complaint)
{
    char        folder[] = "/tmp/sentences-XXXXXX";
    char       *kept     = mem_copy(getenv("AUDITION_DATA"));
    char       *originals, *path;
    struct err  err = {0};
    FILE       *file;

    assert_non_null(mkdtemp(folder));
    originals = mem_printf("%s/originals", folder);
    path = mem_printf("%s/punkt-english.tsv", originals);
    assert_int_equal(mkdir(originals, 0700), 0);
    if (table) {
        file = fopen(path, "w");
        assert_non_null(file);
        assert_true(fputs(table, file) >= 0);
        assert_int_equal(fclose(file), 0);
    }
    setenv("AUDITION_DATA", folder, 1);
    assert_int_equal(sentences_ready(&err), -1);
    setenv("AUDITION_DATA", kept ? kept : "share", 1);
    assert_int_equal(err.kind, ERR_PREFLIGHT);
    assert_non_null(strstr(err.text, complaint));
    unlink(path);
    assert_int_equal(rmdir(originals), 0);
    assert_int_equal(rmdir(folder), 0);
    free(kept);
    free(originals);
    free(path);
}

#define EMPTY "[abbreviations 0]\n[starters 0]\n[collocations 0]\n"

static void test_a_table_that_is_wrong_is_named_with_its_line(void **state)
{
    (void)state;
    check_refused(NULL, "punkt-english.tsv is not in");
    check_refused("", "cut short after line 0");
    check_refused("[starters 0]\n", ":1: no section");
    check_refused("[abbreviations x]\n", ":1: no section");
    check_refused("[abbreviations 1]\n", "cut short after line 1");
    check_refused("[abbreviations 1]\na\tb\n", ":2: not a line");
    check_refused("[abbreviations 1]\n\n", ":2: not a line");
    check_refused(EMPTY, "cut short after line 3");
    check_refused(EMPTY "[orthography 1]\nword\n", ":5: not a line");
    check_refused(EMPTY "[orthography 1]\nword\t\n", ":5: not a line");
    check_refused(EMPTY "[orthography 1]\nword\t3\n", ":5: not a line");
    check_refused(EMPTY "[orthography 1]\nword\t128\n", ":5: not a line");
    check_refused(EMPTY "[orthography 1]\nword\t99999999999\n",
                  ":5: not a line");
    check_refused(EMPTY "[orthography 1]\nword\t2\nmore\t2\n",
                  ":6: no section");
    check_refused("[abbreviations 99999999999999999999]\n", ":1: no section");
}

static void *ready(void *rc)
{
    *(int *)rc = sentences_ready(NULL);
    return NULL;
}

static void test_threads_may_ask_for_the_table_at_once(void **state)
{
    (void)state;
    pthread_t thread[4];
    int       rc[4] = {1, 1, 1, 1};

    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, ready, &rc[i]), 0);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(thread[i], NULL), 0);
        assert_int_equal(rc[i], 0);
    }
    assert_int_equal(sentences_count(view_of("At Acme Inc. it is. Yes.")), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        /* first, while there is no table */
        cmocka_unit_test(test_a_table_that_is_wrong_is_named_with_its_line),
        cmocka_unit_test(test_threads_may_ask_for_the_table_at_once),
        cmocka_unit_test(test_a_mark_before_white_space_ends_a_sentence),
        cmocka_unit_test(test_abbreviations_end_one_only_before_a_starter),
        cmocka_unit_test(test_numbers_end_one_by_what_follows),
        cmocka_unit_test(test_ellipses_end_one_before_a_starter),
        cmocka_unit_test(test_closing_marks_go_with_the_sentence),
        cmocka_unit_test(test_other_scripts_and_spaces_are_seen_as_nltk_does),
        cmocka_unit_test(test_punctuation_stands_alone_as_in_the_treebank),
        cmocka_unit_test(test_quotes_are_spelt_anew),
        cmocka_unit_test(test_clitics_and_contractions_are_parted),
        cmocka_unit_test(test_bytes_that_are_no_text_are_characters_too),
        cmocka_unit_test(test_a_long_text_of_one_thing_is_cut_in_linear_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
