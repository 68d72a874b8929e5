/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "sentence.h"

/* Labelled by hand. In `text` a '|' stands where the first sentence ends and
 * a '^' where the first clause ends, when that is earlier; both are taken
 * out before the text is given. `final`: the text is complete. */
static const struct label {
    const char *text;
    bool        final;
} labels[] = {
    /* a plain end, and what confirms it */
    {"The light is on.| It", false},
    {"The light is on. ", false},
    {"The light is on.", false},
    {"The light is on.|", true},
    {"The light is on.| ", true},
    {"Is it on?| Yes, it is.", false},
    {"What a lovely day!| Enjoy it.", false},
    {"Really, are you sure?!| I am.", false},
    {"it is on now.| all is well", false},
    /* too short to be spoken alone */
    {"Yes. It is on.| Good.", false},
    {"OK! Sure! Done!| Next", false},
    {"Done.|", true},
    {"Done. ", false},
    {"Sure thing|", true},
    {"no end in sight|", true},
    {"no end in sight", false},
    {"", true},
    {" \n ", true},
    {"...", true},
    /* line breaks */
    {"Here are the rooms|\n- kitchen", false},
    {"Here are the rooms^:|\nkitchen", false},
    {"Here are the rooms\n", false},
    {"Here are the rooms|\n", true},
    {"My dear guests|  \n\n  welcome home", false},
    {"Well\nnot so fast.| Next", false},
    {"It is done.|\r\nNext", false},
    /* numbers */
    {"It is 21.5 degrees inside.| Nice", false},
    {"It is now 21.| The heating", false},
    {"It is now 21.", false},
    {"It costs 1,000.50 dollars here.| Hm", false},
    {"The version is 1.2.3.| Next", false},
    {"1. Open the door.| 2. Go", false},
    {"Do two things^: 1. Open the door.| 2. Go", false},
    {"We lost 2 to 1.| Sad", false},
    {"Please see No. 5 on the list.| Next", false},
    {"The answer is no.| It is", false},
    {"It is on Jan. 5 this year.| Next", false},
    /* abbreviations and initials */
    {"Call Dr. Smith in the morning.| He", false},
    {"Then Mr. and Mrs. Jones came in.| They", false},
    {"I met Prof. Klein at noon.| She", false},
    {"Take a fruit^, e.g. an apple, with you.| Then", false},
    {"Use a tool^, i.e. a hammer.| Then", false},
    {"It starts at 5 p.m. in the hall.| Come", false},
    {"It starts at 5 p.m.| Come", false},
    {"It starts at 5 p.m.| ", true},
    {"It starts at 5 p.m. ", false},
    {"Bring fruit, milk^, etc. and come back.| Now", false},
    {"The writer J. R. R. Tolkien liked trees.| He", false},
    {"She lives in the U.S. Capitol area.| Far", false},
    {"Cats vs. dogs is an old fight.| Old", false},
    {"So did I.| Then", true},
    {"And so did I.| Then", false},
    {"The program is finished.| Then", false},
    /* ellipses */
    {"Let me think... it is Paris.| Yes", false},
    {"Let me think...| The answer", false},
    {"Let me think\xE2\x80\xA6 it is Paris.| Yes", false},
    {"Let me think\xE2\x80\xA6| The answer", false},
    /* quotes and brackets close behind the mark */
    {"She said \"go home now.\"| Then", false},
    {"It is on (I think so.)| Then", false},
    {"\xE2\x80\x9CIt is on.\xE2\x80\x9D| Then", false},
    {"\xE2\x80\x9CThe old Dr. Who is on.\xE2\x80\x9D| Then", false},
    /* no white space, no end */
    {"Look at example.com for the rest.| Then", false},
    {"It is on.Then it is off.| Next", false},
    /* clauses */
    {"In the kitchen^, the light is on.| Next", false},
    {"Well, in the kitchen^, it is on.| Next", false},
    {"In the kitchen, ", false},
    {"It is late^; go to bed.| Next", false},
    {"The light is on^ - as you wished.| Next", false},
    {"The light is on^ \xE2\x80\x93 as you wished.| Next", false},
    {"The light is on^\xE2\x80\x94""as you wished.| Next", false},
    {"It takes 10,000 well-known steps^, or so.| Next", false},
    {"Meet at 10:30 sharp^, please.| Next", false},
    /* other scripts */
    {"\xC3\x9C" "ber uns ist Himmel.| Er", false},
    {"\xD0\x9E\xD0\xBD \xD1\x82\xD1\x83\xD1\x82 \xD1\x81\xD0\xB5\xD0\xB9"
     "\xD1\x87\xD0\xB0\xD1\x81.| \xD0\x94\xD0\xB0", false},
    {"The kitchen light.|\xC2\xA0\xC3\x84 is", false},
    {"The kitchen light.| \xC2\xA0\xC3\x84 is", false},
};

/* The text without its labels; wants are -1 where there is no label. */
static char *read_label(const struct label *l, ptrdiff_t *sentence,
                        ptrdiff_t *clause)
{
    char     *text = calloc(strlen(l->text) + 1, 1);
    ptrdiff_t n    = 0;

    *sentence = *clause = -1;
    for (const char *c = l->text; *c; c++) {
        if (*c == '|') *sentence = n;
        else if (*c == '^') *clause = n;
        else text[n++] = *c;
    }
    if (*clause < 0) *clause = *sentence;
    return text;
}

/* A dash belongs to the clause it ends: the label stands before the mark
 * for reading, the end is behind it. */
static ptrdiff_t behind_mark(const char *text, ptrdiff_t clause)
{
    static const char *const marks[] = {",", ";", ":", " - ",
                                        " \xE2\x80\x93 ", "\xE2\x80\x94"};

    for (size_t i = 0; clause >= 0 && i < sizeof marks / sizeof *marks; i++) {
        size_t n = strlen(marks[i]);
        if (strncmp(text + clause, marks[i], n) == 0)
            return clause + (ptrdiff_t)(n - (marks[i][n - 1] == ' ' ? 1 : 0));
    }
    return clause;
}

static void test_sentence_ends_where_the_label_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        ptrdiff_t want, want_clause;
        char     *text = read_label(&labels[i], &want, &want_clause);
        ptrdiff_t got  = sentence_end(text, strlen(text), labels[i].final);

        if (got != want)
            fail_msg("\"%s\": sentence ends at %td, not %td", text, got, want);
        want_clause = behind_mark(text, want_clause);
        got = sentence_clause_end(text, strlen(text), labels[i].final);
        if (got != want_clause)
            fail_msg("\"%s\": clause ends at %td, not %td", text, got,
                     want_clause);
        free(text);
    }
}

/* What a listener hears first must not depend on how the stream is cut. */
static void test_sentence_end_never_moves_when_more_arrives(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        ptrdiff_t want, clause, first = -1, first_clause = -1;
        char     *text = read_label(&labels[i], &want, &clause);

        for (size_t len = 0; len <= strlen(text); len++) {
            ptrdiff_t got  = sentence_end(text, len, false);
            ptrdiff_t part = sentence_clause_end(text, len, false);

            if (first >= 0 && got != first)
                fail_msg("\"%.*s\": %td became %td", (int)len, text, first,
                         got);
            if (first_clause >= 0 && part != first_clause)
                fail_msg("\"%.*s\": clause %td became %td", (int)len, text,
                         first_clause, part);
            if (got > (ptrdiff_t)len || part > (ptrdiff_t)len ||
                (got >= 0 && (part < 0 || part > got)))
                fail_msg("\"%.*s\": %td, clause %td", (int)len, text, got,
                         part);
            first        = got;
            first_clause = part;
        }
        free(text);
    }
}

static void test_sentence_is_confirmed_by_the_next_character(void **state)
{
    (void)state;
    static const char text[] = "It is now 21. Then more. And more.";

    for (size_t len = 0; len < 15; len++)
        assert_int_equal(sentence_end(text, len, false), -1);
    assert_int_equal(sentence_end(text, 15, false), 13);
}

static void test_words_are_counted_as_a_listener_does(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t      words, sentences;
    } cases[] = {
        {"", 0, 0},
        {" .!? ", 0, 0},
        {"It's 21.5 degrees.", 3, 1},
        {"Don\xE2\x80\x99t do it! Please.", 4, 2},
        {"twenty-one", 2, 1},
        {"One. Two. Three.", 3, 3},
        {"One\nTwo\n\nThree", 3, 3},
        {"Dr. Who left at 5 p.m. Then he slept.", 10, 2},
        {"1. Open it.\n2. Close it.", 6, 2},
        {"\xE2\x98\x80\xEF\xB8\x8F", 0, 0},
        {"caf\xC3\xA9 cafe\xCC\x81", 2, 1},
        {"\xFF\xFE words \xC3", 1, 1},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t len = strlen(cases[i].text);
        size_t words = sentence_words(cases[i].text, len);
        size_t sentences = sentence_count(cases[i].text, len);

        if (words != cases[i].words || sentences != cases[i].sentences)
            fail_msg("\"%s\": %zu words, %zu sentences", cases[i].text, words,
                     sentences);
    }
}

/* 100 kB of each: a quadratic scan would not come back. */
static void test_sentence_survives_hostile_text(void **state)
{
    (void)state;
    static const char *const seeds[] = {
        "\n", ". ", "a. ", "1. ", "\"", "!", " ", "a b c p.m. ", "a, ",
        "\xC3", "\xE2\x80", "'", "a'", "1.", "...a ", "- ", "J. ", "1 \n",
    };
    size_t len  = 100000;
    char  *text = malloc(len);

    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++) {
        size_t n = strlen(seeds[i]);

        for (size_t j = 0; j < len; j++) text[j] = seeds[i][j % n];
        /* Once as it is, once behind enough words to be spoken. */
        for (int turn = 0; turn < 4; turn++) {
            if (turn == 2) memcpy(text, "a b c d ", 8);
            assert_true(sentence_end(text, len, turn & 1) <= (ptrdiff_t)len);
            assert_true(sentence_clause_end(text, len, turn & 1) <=
                        (ptrdiff_t)len);
        }
        assert_true(sentence_count(text, len) <= sentence_words(text, len));
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sentence_ends_where_the_label_says),
        cmocka_unit_test(test_sentence_end_never_moves_when_more_arrives),
        cmocka_unit_test(test_sentence_is_confirmed_by_the_next_character),
        cmocka_unit_test(test_words_are_counted_as_a_listener_does),
        cmocka_unit_test(test_sentence_survives_hostile_text),
    };
    return cmocka_run_group_tests_name("sentence", tests, NULL, NULL);
}
