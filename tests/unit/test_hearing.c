/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "hearing/hearing.h"
#include "hearing/hearing_internal.h"

#define SEEDS      50
#define LEAST_SAID 400     /* sentences that a rate is measured over        */

/* ---- what is said: every user's sentence of our suites ------------------- */

static struct text_list said;        /* English                              */
static struct text_list names;       /* of a home                            */

static void take(const json_t *from)
{
    const char *say = jsonx_text(from, "say");

    if (say) text_list_add(&said, say);
}

static void read_suite(const char *path)
{
    FILE  *file = fopen(path, "r");
    char  *line = NULL;
    size_t room = 0;

    assert_non_null(file);
    while (getline(&line, &room, file) > 0) {
        json_t     *test = json_loads(line, 0, NULL), *turn;
        const char *language = jsonx_text(test, "language");
        size_t      i;

        if (test && (!language || !strcmp(language, "en"))) {
            take(test);
            json_array_foreach(json_object_get(test, "turns"), i, turn)
                take(turn);
        }
        json_decref(test);
    }
    free(line);
    fclose(file);
}

static int read_suites(void **state)
{
    const char *share = getenv("AUDITION_DATA");
    char       *pattern = mem_printf("%s/suites/*.jsonl",
                                     share ? share : "share");
    glob_t      found;

    (void)state;
    if (!share) setenv("AUDITION_DATA", "share", 1);
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) read_suite(found.gl_pathv[i]);
    globfree(&found);
    free(pattern);
    text_list_add(&names, "Kitchen light");
    text_list_add(&names, "Emma's blind");
    text_list_add(&names, "Rosie");
    text_list_add(&names, "Hall fan");
    return said.n < 100;
}

static int forget_suites(void **state)
{
    (void)state;
    text_list_done(&said);
    text_list_done(&names);
    return 0;
}

static char *noise(const char *text, double rate, uint64_t seed)
{
    struct err err = {0};
    char      *heard = hearing_noise(text, "en", rate, seed, &names, &err);

    if (!heard) fail_msg("%s", err.text);
    return heard;
}

/* ---- the rate ------------------------------------------------------------ */

static void test_the_rate_is_what_one_counts_by_hand(void **state)
{
    static const struct {
        const char *said, *heard, *language;
        int         words, errors;
    } rows[] = {
        {"Turn on the light.", "turn on the light", "en", 4, 0},
        {"Turn on the light.", "turn on the lights", "en", 4, 1},
        {"Turn on the light.", "turn on light", "en", 4, 1},
        {"Turn on the light.", "turn on uh the light", "en", 4, 1},
        {"Turn on the light.", "turnon the light", "en", 4, 2},
        {"Turn on the bedroom light.", "turn on the bed room light", "en",
         5, 2},
        {"Turn on the light.", "turn of turn on the light", "en", 4, 2},
        {"a b c d e f", "b c x d f g", "en", 6, 4},
        {"kitten sat down", "sat down kitten", "en", 3, 2},
        {"Turn on the light.", "", "en", 4, 4},
        {"", "turn it on", "en", 0, 3},
        {"", "", "en", 0, 0},
        {"?!", "...", "en", 0, 0},
        /* what is no error */
        {"Dim to twenty-five percent!", "dim to 25%", "en", 4, 0},
        {"Set it to 21.5 degrees", "set it to twenty one point five degrees",
         "en", 5, 0},
        {"Wake me at 6:45.", "wake me at six forty five", "en", 5, 0},
        {"one hundred and fifty", "150", "en", 1, 0},
        {"1,200 grams", "one thousand two hundred grams", "en", 2, 0},
        {"Emma\xe2\x80\x99s grey lamp", "emmas gray lamp", "en", 3, 0},
        {"at 7 a.m. on the 15th", "at seven am on the fifteenth", "en", 6, 0},
        {"at 7pm", "at seven p.m.", "en", 3, 0},
        {"Auf einundzwanzig Grad", "auf 21\xc2\xb0", "de", 3, 0},
        {"21,5 Grad", "einundzwanzig komma f\xc3\xbcnf grad", "de", 2, 0},
        {"treinta y cinco grados", "35 grados", "es", 2, 0},
        /* what looks like none and is one */
        {"fifteen minutes", "fifty minutes", "en", 2, 1},
        {"twenty, five", "25", "en", 2, 2},
        {"six forty five", "645", "en", 2, 2},
        {"the \xc3\xa9tude", "the etude", "en", 2, 1},
        /* without tables numbers are compared as written */
        {"vingt et un", "21", "fr", 3, 3},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct hearing_rate rate =
            hearing_rate(rows[i].said, rows[i].heard, rows[i].language);

        if (rate.words != rows[i].words || rate.errors != rows[i].errors)
            fail_msg("\"%s\" heard as \"%s\": %d of %d, not %d of %d",
                     rows[i].said, rows[i].heard, rate.errors, rate.words,
                     rows[i].errors, rows[i].words);
    }
}

/* The textbook's matrix, for comparison. */
static int plain_distance(const int *a, size_t n, const int *b, size_t m)
{
    int *row = mem_new(m + 1, sizeof *row), apart;

    for (size_t j = 0; j <= m; j++) row[j] = (int)j;
    for (size_t i = 0; i < n; i++) {
        int diagonal = row[0];

        row[0] = (int)i + 1;
        for (size_t j = 1; j <= m; j++) {
            int change = diagonal + (a[i] != b[j - 1]);
            int least  = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;

            diagonal = row[j];
            row[j] = change < least ? change : least;
        }
    }
    apart = row[m];
    free(row);
    return apart;
}

static void test_the_distance_is_the_textbooks_at_every_length(void **state)
{
    enum { MOST = 400 };
    static const char *const words[] = {"aa", "bb", "cc", "dd", "ee", "ff",
                                        "gg", "hh"};
    uint64_t random = 7;

    (void)state;
    for (int round = 0; round < 300; round++) {
        struct heard_word a[MOST] = {{0}}, b[MOST] = {{0}};
        int               x[MOST], y[MOST];
        size_t            n, m, kinds;

        random = random * 6364136223846793005u + 1442695040888963407u;
        n = (random >> 33) % MOST;
        m = (random >> 43) % MOST;
        kinds = 1 + (random >> 53) % 8;
        for (size_t i = 0; i < MOST; i++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            x[i] = (int)((random >> 33) % kinds);
            y[i] = (random >> 50) % 3 ? x[i] : (int)((random >> 40) % kinds);
            a[i].normal = (char *)(uintptr_t)words[x[i]];
            b[i].normal = (char *)(uintptr_t)words[y[i]];
        }
        assert_int_equal(heard_words_distance(a, n, b, m),
                         plain_distance(x, n, y, m));
    }
}

static void test_words_that_sound_alike_have_one_key(void **state)
{
    static const struct {
        enum hearing_sounds sounds;
        const char         *a, *b;
        bool                alike;
    } rows[] = {
        {SOUNDS_ENGLISH, "night", "knight", true},
        {SOUNDS_ENGLISH, "write", "right", true},
        {SOUNDS_ENGLISH, "phone", "fone", true},
        {SOUNDS_ENGLISH, "rosie", "rosy", true},
        {SOUNDS_ENGLISH, "kettle", "cattle", true},
        {SOUNDS_ENGLISH, "lamp", "light", false},
        {SOUNDS_ENGLISH, "fan", "pan", false},
        {SOUNDS_GERMAN, "meier", "mayr", true},
        {SOUNDS_GERMAN, "rad", "rat", true},
        {SOUNDS_GERMAN, "licht", "lampe", false},
        {SOUNDS_SPANISH, "vela", "bela", true},
        {SOUNDS_SPANISH, "casa", "caza", true},
        {SOUNDS_SPANISH, "hola", "ola", true},
        {SOUNDS_SPANISH, "luz", "sol", false},
    };
    char a[HEARING_KEY_BYTES], b[HEARING_KEY_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        hearing_key(rows[i].sounds, rows[i].a, a);
        hearing_key(rows[i].sounds, rows[i].b, b);
        if (!strcmp(a, b) != rows[i].alike)
            fail_msg("%s is %s, %s is %s", rows[i].a, a, rows[i].b, b);
    }
    /* An example that Postel's procedure is taught with. */
    hearing_key(SOUNDS_GERMAN, "m\xc3\xbcller", a);
    assert_string_equal(a, "657");
}

/* ---- the noise ----------------------------------------------------------- */

/* The same on every machine: these bytes were written down once. */
static void test_equal_arguments_give_equal_bytes_everywhere(void **state)
{
    static const char text[] =
        "Turn on the kitchen light, and open Emma's blind to twenty percent.";
    char *one = noise(text, 0.2, 3), *two = noise(text, 0.2, 3);
    bool  differs = false;

    (void)state;
    assert_string_equal(one, two);
    for (uint64_t seed = 4; seed < 9; seed++) {
        char *other = noise(text, 0.2, seed);

        differs = differs || strcmp(one, other) != 0;
        free(other);
    }
    assert_true(differs);
    assert_string_equal(
        one, "term on kitchen light and open anna's blind to twenty percent");
    free(one);
    free(two);
}

static void test_the_rates_are_reached_over_a_suite(void **state)
{
    static const double rates[] = {0.05, 0.10, 0.20};

    (void)state;
    for (size_t k = 0; k < 3; k++) {
        long words = 0, errors = 0;

        for (size_t i = 0; i < LEAST_SAID || i < said.n; i++) {
            const char         *text = said.items[i % said.n];
            char               *heard = noise(text, rates[k], 1000 + i);
            struct hearing_rate rate = hearing_rate(text, heard, "en");

            words += rate.words;
            errors += rate.errors;
            free(heard);
        }
        if (fabs((double)errors / (double)words - rates[k]) > 0.01)
            fail_msg("%ld errors in %ld words are not %.0f %%", errors, words,
                     rates[k] * 100);
    }
}

/* One error counts 1 or 2 (a word in two, two in one, a false start). */
static void test_no_text_is_further_off_than_one_error(void **state)
{
    (void)state;
    for (size_t i = 0; i < said.n; i++) {
        char               *heard = noise(said.items[i], 0.1, i);
        struct hearing_rate rate = hearing_rate(said.items[i], heard, "en");

        if (fabs(rate.errors - 0.1 * rate.words) > 2)
            fail_msg("%d errors in %d words: %s", rate.errors, rate.words,
                     heard);
        free(heard);
    }
}

/* What a higher rate adds is added to the errors of the lower one: then the
 * two texts are as far apart as their counts of errors. Counts are least
 * distances, so a few texts may come out a little lower. */
static void test_a_higher_rate_keeps_the_errors_of_a_lower_one(void **state)
{
    static const double rates[] = {0.05, 0.10, 0.20, 0.30};
    int                 compared = 0, kept = 0;

    (void)state;
    for (size_t i = 0; i < said.n; i++) {
        char *low = noise(said.items[i], rates[0], i);

        for (size_t k = 1; k < 4; k++) {
            char *high = noise(said.items[i], rates[k], i);
            int   below = hearing_rate(said.items[i], low, "en").errors;
            int   above = hearing_rate(said.items[i], high, "en").errors;

            compared++;
            kept += hearing_rate(low, high, "en").errors == above - below;
            free(low);
            low = high;
        }
        free(low);
    }
    assert_true(kept >= compared * 99 / 100);
}

static bool is_one(const char *word, const char *const *set)
{
    for (; *set; set++)
        if (!strcmp(word, *set)) return true;
    return false;
}

/* Each word of the set that is heard was said, in that order; "on on" is one.
 * So "off" never comes out as "on". */
static void assert_none_appears(const char *text, const char *heard,
                                const char *const *set)
{
    const struct hearing_tables *t = hearing_tables("en", NULL);
    struct heard_words           a, b;
    size_t                       at = 0;
    const char                  *last = "";

    heard_words_of(t, text, &a);
    heard_words_of(t, heard, &b);
    for (size_t i = 0; i < b.n; i++) {
        const char *word = b.items[i].normal;

        if (!is_one(word, set)) continue;
        while (at < a.n && strcmp(a.items[at].normal, word) != 0) at++;
        if (at == a.n && strcmp(last, word) != 0)
            fail_msg("\"%s\" appears in \"%s\", which was \"%s\"", word, heard,
                     text);
        last = word;
        at += at < a.n;
    }
    heard_words_done(&a);
    heard_words_done(&b);
}

static bool has_one(const char *text, const char *const *set)
{
    struct heard_words w;
    bool               has = false;

    heard_words_of(hearing_tables("en", NULL), text, &w);
    for (size_t i = 0; i < w.n && !has; i++)
        has = is_one(w.items[i].normal, set);
    heard_words_done(&w);
    return has;
}

static void test_no_command_becomes_its_opposite(void **state)
{
    static const char *const telling[] = {
        "on", "off", "open", "close", "closed", "lock", "unlock", "locked",
        "unlocked", "up", "down", "not", "dont", "never", "except", "without",
        "red", "blue", "green", "white", NULL};
    static const char *const tempting[] = {
        /* words with another one inside, at either end */
        "Switch off the office coffee machine.", "Unlock the front door.",
        "Turn on everything upstairs, but not the oven.",
        "Off with the lights!", "Never turn the siren on.", "Lights off.",
        "Put the onions on the list.", "Offer me a coffee downstairs.",
        "Opening the blinds, not closing, bread to the upland.", NULL};

    (void)state;
    for (const char *const *text = tempting; *text; text++)
        for (uint64_t seed = 0; seed < 20 * SEEDS; seed++) {
            char *heard = noise(*text, 0.4, seed);

            assert_none_appears(*text, heard, telling);
            free(heard);
        }
    for (size_t i = 0; i < said.n; i++) {
        if (!has_one(said.items[i], telling)) continue;
        for (uint64_t seed = 0; seed < SEEDS; seed++) {
            char *heard = noise(said.items[i], 0.2, seed);

            assert_none_appears(said.items[i], heard, telling);
            free(heard);
        }
    }
}

/* A word that carries the meaning leaves a word in its place. */
static void test_nothing_that_carries_the_meaning_vanishes(void **state)
{
    static const char text[] = "off not red up";

    (void)state;
    for (uint64_t seed = 0; seed < 500; seed++) {
        char              *heard = noise(text, 0.5, seed);
        struct heard_words w;

        heard_words_of(NULL, heard, &w);
        assert_true(w.n >= 4);
        heard_words_done(&w);
        free(heard);
    }
}

static void test_a_number_never_becomes_another_number(void **state)
{
    static const char *const texts[] = {
        "Set the heating to 21.5 degrees and the lamp to fifteen percent.",
        "Wake me at 6:45 and again in 20, 5 and 10 minutes.",
        "Add one hundred and fifty grams to two times three eggs.", NULL};
    bool changed = false;

    (void)state;
    for (const char *const *text = texts; *text; text++)
        for (uint64_t seed = 0; seed < 10 * SEEDS; seed++) {
            const struct hearing_tables *t = hearing_tables("en", NULL);
            char              *heard = noise(*text, 0.3, seed);
            struct heard_words a, b;
            size_t             at = 0;

            heard_words_of(t, *text, &a);
            heard_words_of(t, heard, &b);
            for (size_t i = 0; i < b.n; i++) {
                if (!b.items[i].is_number) continue;
                /* "to" and "for" may be heard as "two" and "four". */
                if (!strcmp(b.items[i].normal, "2") ||
                    !strcmp(b.items[i].normal, "4"))
                    continue;
                while (at < a.n && strcmp(a.items[at].normal,
                                          b.items[i].normal) != 0)
                    at++;
                if (at == a.n) fail_msg("%s was %s", heard, *text);
                at++;
            }
            changed = changed || hearing_rate(*text, heard, "en").errors > 0;
            heard_words_done(&a);
            heard_words_done(&b);
            free(heard);
        }
    assert_true(changed);
}

static void test_no_mark_and_no_capital_is_left(void **state)
{
    (void)state;
    for (size_t i = 0; i < said.n; i++) {
        char *heard = noise(said.items[i], 0.0001, i);

        if (strpbrk(heard, ".,;!?\"()ABCDEFGHIJKLMNOPQRSTUVWXYZ") &&
            !strpbrk(said.items[i], "0123456789"))
            fail_msg("%s", heard);
        free(heard);
    }
}

static void test_without_a_rate_the_text_stays(void **state)
{
    char *zero = noise("Turn it ON, please!", 0, 1);
    char *none = noise("Turn it ON, please!", NAN, 1);

    (void)state;
    assert_string_equal(zero, "Turn it ON, please!");
    assert_string_equal(none, zero);
    free(zero);
    free(none);
}

static void test_a_name_that_no_one_knows_is_misheard_most(void **state)
{
    int rosie = 0, floor = 0;

    (void)state;
    for (uint64_t seed = 0; seed < 600; seed++) {
        char *heard = noise("Send Rosie into the garage and mop that floor.",
                            0.1, seed);

        rosie += strstr(heard, "rosie") == NULL;
        floor += strstr(heard, "floor") == NULL;
        free(heard);
    }
    assert_true(rosie > 30);
    assert_true(rosie > floor);
}

static void test_other_languages_have_tables_of_their_own(void **state)
{
    static const char *const texts[][2] = {
        {"de", "Schalte bitte das Licht in der K\xc3\xbc" "che aus und stell "
               "die Heizung auf einundzwanzig Grad."},
        {"es-ES", "Apaga la luz de la cocina y pon la calefacci\xc3\xb3n a "
                  "veinti\xc3\xban grados, por favor."}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        long words = 0, errors = 0;

        for (uint64_t seed = 0; seed < 300; seed++) {
            struct err          err = {0};
            struct hearing_rate rate;
            char *heard = hearing_noise(texts[i][1], texts[i][0], 0.1, seed,
                                        NULL, &err);

            assert_non_null(heard);
            assert_true(utf8_valid(heard, strlen(heard)));
            rate = hearing_rate(texts[i][1], heard, texts[i][0]);
            words += rate.words;
            errors += rate.errors;
            free(heard);
        }
        assert_true(fabs((double)errors / (double)words - 0.1) < 0.01);
    }
}

static void test_a_language_without_tables_is_an_error_that_says_so(
    void **state)
{
    struct err  err = {0};
    const char *codes[] = {"../../etc/passwd", "e", "english", "e.", "12"};

    (void)state;
    assert_null(hearing_noise("Bonjour", "fr", 0.1, 1, NULL, &err));
    assert_non_null(strstr(err.text, "speech/fr.json"));
    assert_non_null(strstr(err.text, "\"fr\""));
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        err = (struct err){0};
        assert_null(hearing_noise("Hello", codes[i], 0.1, 1, NULL, &err));
        assert_non_null(strstr(err.text, "no code of a language"));
    }
}

/* ---- what nobody says ---------------------------------------------------- */

static void test_any_bytes_are_heard_in_bounds(void **state)
{
    enum { LONG = 1024 * 1024 };
    static const char *const patterns[] = {
        "[", "a ", "the ", "\xff", "\xcc\x81", "9", "9.", "1:", "a.", "'",
        "one ", "hundred ", "turn on off ", "\xf0\x9f\x98\x80", "abcdefgh",
        "kitchen "};
    static const char *const small[] = {
        "", " ", "'", "a", "9", "9:9", "\xc3", "on", "\xe2\x80\x99s", "%",
        "-5", "99999999999999999999999999", "one point five point five",
        "1.2.3.4", "\xc3\x9f\xc3\x9f\xc3\x9f\xc3\x9f\xc3\x9f\xc3\x9f go on"};

    (void)state;
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        size_t n = strlen(patterns[i]);
        char  *text = mem_new(LONG + 1, 1), *heard;

        for (size_t k = 0; k + n <= LONG; k += n)
            memcpy(text + k, patterns[i], n);
        heard = noise(text, 0.2, i);
        assert_true(utf8_valid(heard, strlen(heard)));
        assert_true(strlen(heard) <= (size_t)16 * HEARING_MOST_BYTES);
        assert_true(hearing_rate(text, heard, "en").words <=
                    HEARING_MOST_BYTES);
        free(heard);
        free(text);
    }
    for (size_t i = 0; i < sizeof small / sizeof *small; i++)
        for (uint64_t seed = 0; seed < 20; seed++) {
            char *heard = noise(small[i], 1e9, seed);

            assert_true(utf8_valid(heard, strlen(heard)));
            free(heard);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_rate_is_what_one_counts_by_hand),
        cmocka_unit_test(test_the_distance_is_the_textbooks_at_every_length),
        cmocka_unit_test(test_words_that_sound_alike_have_one_key),
        cmocka_unit_test(test_equal_arguments_give_equal_bytes_everywhere),
        cmocka_unit_test(test_the_rates_are_reached_over_a_suite),
        cmocka_unit_test(test_no_text_is_further_off_than_one_error),
        cmocka_unit_test(test_a_higher_rate_keeps_the_errors_of_a_lower_one),
        cmocka_unit_test(test_no_command_becomes_its_opposite),
        cmocka_unit_test(test_nothing_that_carries_the_meaning_vanishes),
        cmocka_unit_test(test_a_number_never_becomes_another_number),
        cmocka_unit_test(test_no_mark_and_no_capital_is_left),
        cmocka_unit_test(test_without_a_rate_the_text_stays),
        cmocka_unit_test(test_a_name_that_no_one_knows_is_misheard_most),
        cmocka_unit_test(test_other_languages_have_tables_of_their_own),
        cmocka_unit_test(
            test_a_language_without_tables_is_an_error_that_says_so),
        cmocka_unit_test(test_any_bytes_are_heard_in_bounds),
    };

    return cmocka_run_group_tests(tests, read_suites, forget_suites);
}
