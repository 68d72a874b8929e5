/* SPDX-License-Identifier: MIT */
#include "score_fixture.h"

#include <stdlib.h>

#include "base/mem.h"
#include "score/speakable.h"

static void test_speakable_names_the_first_offence(void **state)
{
    (void)state;
    static const struct label labels[] = {
        {"{}", "It is twelve degrees outside.", NULL},
        {"{}", "It's 21.5 degrees, i.e. quite warm - isn't it?", NULL},
        {"{}", "Five * three is fifteen, and 3 < 5.", NULL},
        {"{}", "The year was\n1969. It was warm.", NULL},
        {"{}", "Born in 1. That was all.", NULL},
        {"{}", "1. That was the score of the match.", NULL},
        {"{}", "The sensor is called light_of_hall here.", NULL},
        {"{}", "Caf\xC3\xA9 \xE2\x80\x9Cna\xC3\xAFve\xE2\x80\x9D costs 5 "
               "\xE2\x82\xAC at 20 \xC2\xB0""C.", NULL},
        {"{}", "", "no answer"},
        {"{}", "Yes.", "only 1 word"},
        {"{}", "It is **very** warm.", "emphasis, \"**very** warm.\""},
        {"{}", "It is *very* warm.", "emphasis"},
        {"{}", "It is _very_ warm.", "emphasis"},
        {"{}", "It is ~~not~~ warm.", "emphasis"},
        {"{}", "It is `warm` outside.", "code"},
        {"{}", "# Weather\nIt is warm.", "a heading, \"# Weather\""},
        {"{}", "Rooms:\n- kitchen\n- hall", "a bullet, \"- kitchen\""},
        {"{}", "Rooms:\n  * kitchen", "a bullet"},
        {"{}", "Rooms: \xE2\x80\xA2 kitchen", "a bullet"},
        {"{}", "1. Open it.\n2. Close it.", "a numbered list"},
        {"{}", "Do this:\n1) open it 2) close it", "a numbered list"},
        {"{}", "Well then\n---\nIt is warm.", "a ruled line"},
        {"{}", "> It is warm.", "a quote mark"},
        {"{}", "Like so:\n```c\nx\n```", "a code fence"},
        {"{}", "| a | b |\n|---|---|", "a table"},
        {"{}", "It is warm \xF0\x9F\x98\x80 today", "an emoji"},
        {"{}", "It is warm \xE2\x98\x80 today", "an emoji"},
        {"{}", "Warm \xE2\x86\x92 shorts and shirts", "a symbol"},
        {"{}", "See https://example.org for more.", "an address"},
        {"{}", "See WWW.example.org for more.", "an address"},
        {"{}", "Look [here](there) for more.", "a link"},
        {"{}", "It is {warm} outside.", "a brace"},
        {"{}", "It is [\"warm\"] outside.", "JSON"},
        {"{}", "<think>Hm.</think>It is warm.", "a tag"},
        {"{}", "It is warm.</s>", "a tag"},
        {"{}", "It is warm.<|im_end|>", "\"<|im_end|>\""},
        {"{}", "[TOOL_CALLS] I call it.", "a tag"},
        {"{}", "It is \\(20\\) degrees.", "a backslash"},
        {"{}", "It is warm\xFF today.", "a broken character"},
        {"{}", "It is warm. **Really**, `yes`.", "emphasis, \"**Really**"},
        {"{\"max_words\":4}", "It is warm today.", NULL},
        {"{\"max_words\":4}", "It is quite warm today.", "has 5 words"},
        {"{\"max_first_words\":4}", "It is warm today. All is well now.",
         NULL},
        {"{\"max_first_words\":4}", "It is really warm today. Good.",
         "has 5 words"},
    };
    CHECK(&score_speakable, labels);
}

/* English, German and Spanish, as a good assistant speaks: no false alarms,
 * also where blemishes count. */
static void test_good_spoken_answers_pass_also_a_strict_rule(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "It is twelve degrees outside.",
        "It's 21.5 degrees in the living room right now.",
        "The kitchen light is on.",
        "I've set a timer for ten minutes.",
        "Your alarm rings at 6:45 tomorrow morning.",
        "It is 19:30, so dinner is in half an hour.",
        "The meeting starts at 7pm.",
        "The shop closes at 7 p.m. on Sundays.",
        "Dr. Miller called at nine, and Mrs. Jones at ten.",
        "The population is about 1,234,500 people.",
        "She was born on the 3rd of May, in the 1990s.",
        "Well... it depends on the weather.",
        "The TV in the bedroom is off, and so is the LED strip.",
        "Play an MP3? I can do that on the USA tour playlist.",
        "There are three lights on: the hall, the kitchen and the porch.",
        "I can't open the garage - its door is locked.",
        "The dishwasher - finished an hour ago - is ready to empty.",
        "The temperature is -5 degrees, so mind the ice.",
        "You have two meetings: one at nine, one at noon.",
        "\"To be or not to be\" is from Hamlet.",
        "Do you mean the bedroom or the living room?",
        "Sorry, there is no oven in this home.",
        "Twenty-one times three is sixty-three.",
        "Half of the lights are on; the rest are off.",
        "Add a pinch of salt, stir, and let it rest for five minutes.",
        "He scored two goals, i.e. the most of all.",
        "It rains today, tomorrow and so on, etc.",
        "Sure! Which room should I vacuum first?",
        "Great question! Honey keeps for years.",
        "The year was\n1969. It was warm.",
        "Five * three is fifteen.",
        "Born in 1. That was all.",
        "OK, I turned it off.",
        "The film is called Apollo 13.",
        "The number 42 bus leaves in 8 minutes.",
        "Call 112 anywhere in Europe.",
        "The U.S. team won the match by two points.",
        "It's light outside. The sensor works again.",
        "I locked the front door for you.",
        "Wi-Fi is back, and your e-mail works again.",
        "The X-ray is at nine o'clock.",
        "Rock 'n' roll it is, then.",
        "Im Wohnzimmer sind es 21,5 Grad.",
        "Das Licht in der K\xC3\xBC""che ist jetzt an.",
        "Der Wecker klingelt um 6:45 Uhr.",
        "Am 3. Mai beginnt der Urlaub.",
        "Es sind 1.234.567 Menschen.",
        "Meinst du das Schlafzimmer oder das Wohnzimmer?",
        "Die T\xC3\xBCr ist zu, das Fenster steht offen usw.",
        "\xE2\x80\x9E""Faust\xE2\x80\x9C ist von Goethe, nicht von "
        "Schiller.",
        "Das geht leider nicht: Es gibt hier keinen Ofen.",
        "Der Timer l\xC3\xA4uft noch zwei Minuten.",
        "Gr\xC3\xB6\xC3\x9F""e und Stra\xC3\x9F""e schreibt man mit "
        "scharfem s.",
        "Die H\xC3\xA4lfte der Lampen ist aus \xE2\x80\x93 der Rest ist an.",
        "La luz de la cocina est\xC3\xA1 encendida.",
        "\xC2\xBFQuieres decir el dormitorio o el sal\xC3\xB3n?",
        "\xC2\xA1""Claro! He puesto un temporizador de diez minutos.",
        "Hace 21,5 grados en el sal\xC3\xB3n.",
        "Son las 19:30, as\xC3\xAD que cenamos en media hora.",
        "No hay ning\xC3\xBAn horno en esta casa.",
        "El se\xC3\xB1or Ib\xC3\xA1\xC3\xB1""ez llam\xC3\xB3 a las nueve.",
        "La alarma suena ma\xC3\xB1""ana a las 6:45.",
        "Primero abre la puerta; despu\xC3\xA9s, enciende la luz.",
        "Ma\xC3\xB1""ana llover\xC3\xA1 por la tarde, quiz\xC3\xA1s con "
        "viento.",
        "An old silent pond,\na frog jumps into the pond,\nsplash! Silence "
        "again.",
    };

    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct label labels[] = {{"{}", answers[i], NULL},
                                 {"{\"strict\":true}", answers[i], NULL}};

        /* These have what some voices read badly; only strict rules mind. */
        if (strstr(answers[i], "i.e.")) labels[1].says = "an abbreviation";
        if (strstr(answers[i], " * ")) continue;
        CHECK(&score_speakable, labels);
    }
}

struct flawed {
    const char *answer, *kind;
};

static void test_what_no_voice_reads_fails_with_its_kind(void **state)
{
    (void)state;
    static const struct flawed cases[] = {
        {"Kitchen: on\nHall: off\nPorch: on", "a list"},
        {"You need:\nflour\nmilk\neggs", "a list"},
        {"milk\nbread\nfresh butter", "a list"},
        {"Room  Light\nHall  off\nPorch  on", "a table"},
        {"Room\tLight\nHall\toff", "a table"},
        {"Call print(\"hello\") to say it.", "code"},
        {"It runs get_state() every minute.", "code"},
        {"Check if x == 5 holds.", "code"},
        {"Use a => b for that.", "code"},
        {"It goes like this:\nx = 5;", "code"},
        {"It runs light.turn_on(kitchen) now.", "code"},
        {"Look at example.com/lights for more.", "an address"},
        {"See www.example.com for more.", "an address"},
        {"The light.kitchen is on.", "an identifier"},
        {"I read sensor.living_room_temperature for you.", "an identifier"},
        {"The id is 9f8e7d6c today.", "an identifier"},
        {"The code is 0x1F for red.", "an identifier"},
        {"Its id is 123e4567-e89b-12d3-a456-426614174000.", "an identifier"},
        {"The address is aa:bb:cc:11:22:33 at home.", "an identifier"},
        {"Today is 2026-03-12, a Thursday.", "a date in figures"},
        {"It was at 2026-03-12T18:30:00 in the hall.", "a date in figures"},
        {"Today is 03/12/2026 over there.", "a date in figures"},
        {"Call 4915112345678 for help.", "a long number"},
        {"Call +4915112345678 for help.", "a long number"},
        {"That is 10^3 in all.", "a formula"},
        {"So x^2 is nine.", "a formula"},
        {"The file is in /etc/hosts now.", "a path"},
        {"It is in ~/notes on disk.", "a path"},
        {"Tea w/ milk is ready.", "shorthand"},
        {"Tea w/o milk is ready.", "shorthand"},
        {"What a day! #blessed", "a hashtag"},
        {"It is sunny today :)", "an emoticon"},
        {"It is sunny today! ;-)", "an emoticon"},
        {"I love it <3", "an emoticon"},
        {"Here you go (^_^) enjoy.", "an emoticon"},
        {"Das Licht ist an \xF0\x9F\x98\x80", "an emoji"},
        {"Das Licht ist **an**.", "emphasis"},
        {"Zutaten:\n- Mehl\n- Milch", "a bullet"},
        {"Zutaten:\nMehl\nMilch", "a list"},
        {"La luz est\xC3\xA1 `encendida`.", "code"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct label label = {"{}", cases[i].answer, cases[i].kind};

        check_asked(&score_speakable, QUESTION, &label, 1);
    }
}

static void test_what_some_voices_misread_is_told_and_fails_if_strict(
    void **state)
{
    (void)state;
    static const struct flawed cases[] = {
        {"It is 21\xC2\xB0""C in here.", "a symbol"},
        {"It is 20 \xC2\xB0""C in here.", "a symbol"},
        {"The battery is at 50%.", "a symbol"},
        {"Es kostet 5 \xE2\x82\xAC im Laden.", "a symbol"},
        {"It costs $5.99 today.", "a symbol"},
        {"Salt & pepper are here.", "a symbol"},
        {"It takes 5-10 minutes.", "a range"},
        {"It takes 5\xE2\x80\x93""10 minutes.", "a range"},
        {"Add 3/4 of the milk.", "a fraction"},
        {"It is 2x as large.", "a multiple"},
        {"The wind blows at 30 km/h now.", "a unit"},
        {"You used 5 kWh today.", "a unit"},
        {"Add 5 kg of flour.", "a unit"},
        {"Add 250ml of milk.", "a unit"},
        {"It loads at 50Mbps here.", "a unit"},
        {"Some fruit, e.g. apples, is here.", "an abbreviation"},
        {"It is approx. five.", "an abbreviation"},
        {"Cats vs. dogs is a hard one.", "an abbreviation"},
        {"It is at No. 5 over there.", "an abbreviation"},
        {"Go to St. James now.", "an abbreviation"},
        {"Das kostet z.B. f\xC3\xBCnf Euro.", "an abbreviation"},
        {"Turn on and/or off, please.", "a slash"},
        {"It was World War II then.", "a roman numeral"},
        {"Louis XIV was the king.", "a roman numeral"},
        {"It has an RTX3060 inside.", "an initialism"},
        {"It is VERY COLDER outside.", "capitals"},
        {"The lamp (in the hall) is on.", "parentheses"},
        {"It is on now!!", "repeated marks"},
        {"Really?! It is on.", "repeated marks"},
        {"Hm... well... it is on.", "repeated marks"},
        {"Well..... it is on.", "repeated marks"},
        {"Call 555-123-4567 for help.", "a number in groups"},
        {"The board is at 192.168.1.10 now.", "a number in groups"},
        {"Go to example.com for more.", "a site"},
        {"Write to ann@example.com for more.", "a site"},
        {"I saved it in notes.txt for you.", "a file name"},
        {"The light_of_hall is on.", "a name with underscores"},
        {"Am 12.03.2026 geht es los.", "a date in figures"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct label labels[] = {
            {"{}", cases[i].answer, NULL},
            {"{\"strict\":true}", cases[i].answer, cases[i].kind},
        };
        const char *kind = NULL;
        size_t      at = 0, n;

        CHECK(&score_speakable, labels);
        n = speakable_blemishes(cases[i].answer, &kind, &at);
        if (n == 0 || !kind || strcmp(kind, cases[i].kind) != 0 ||
            at >= strlen(cases[i].answer))
            fail_msg("\"%s\": %zu, first %s", cases[i].answer, n,
                     kind ? kind : "none");
    }
}

static void test_blemishes_are_counted_and_the_first_is_placed(void **state)
{
    (void)state;
    const char *kind = "x";
    size_t      at   = 9;

    assert_int_equal(speakable_blemishes("It is on now.", &kind, &at), 0);
    assert_null(kind);
    assert_int_equal(at, 0);
    assert_int_equal(speakable_blemishes("It is 20\xC2\xB0""C, or 5-10 km/h.",
                                         &kind, &at), 3);
    assert_string_equal(kind, "a symbol");
    assert_int_equal(at, 6);
    assert_int_equal(speakable_blemishes("\xFF\xC2 5%", NULL, NULL), 1);
}

/* n words: "is is is ... is." in sentences of ten. */
static char *words(size_t n)
{
    char  *text = mem_new(n * 4 + 4, 1), *at = text;

    for (size_t i = 0; i < n; i++) {
        memcpy(at, i % 10 == 9 ? "is. " : "is ", 4);
        at += i % 10 == 9 ? 4 : 3;
    }
    return text;
}

static void test_a_yes_or_no_question_wants_a_shorter_answer(void **state)
{
    (void)state;
    static const struct {
        const char *question;
        bool        is_brief;
    } cases[] = {
        {"Is the front door locked?", true},
        {"Turn off the kitchen light.", true},
        {"turn it off", true},
        {"Add milk to the shopping list.", true},
        {"Schalte das Licht aus!", true},
        {"Ist die T\xC3\xBCr zu?", true},
        {"\xC2\xBF""Est\xC3\xA1 abierta la puerta?", true},
        {"\xC2\xBFLa puerta est\xC3\xA1 abierta?", true},
        {"Why is the sky blue?", false},
        {"What is the weather like?", false},
        {"Can you explain how rain forms?", false},
        {"Do you know why cats purr?", false},
        {"Tell me a story.", false},
        {"\xC2\xBF""Por qu\xC3\xA9 es azul el cielo?", false},
        {"Is it true that the moon has an effect on sleep?", false},
        {"", false},
    };
    char              *forty = words(40), *more = words(41), *most = words(61);
    const struct label brief[] = {{"{}", forty, NULL},
                                  {"{}", more, "more than 40"},
                                  {"{\"max_words\":41}", more, NULL}};
    const struct label other[] = {{"{}", more, NULL},
                                  {"{}", most, "more than 60"}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_asked(&score_speakable, cases[i].question,
                    cases[i].is_brief ? brief : other,
                    cases[i].is_brief ? 3 : 2);
    }
    free(forty);
    free(more);
    free(most);
}

static void test_a_length_that_no_answer_can_keep_is_refused(void **state)
{
    (void)state;
    static const char *const rules[] = {"{\"max_words\":1}",
                                        "{\"max_first_words\":0}",
                                        "{\"strict\":false}"};

    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        struct err err  = {0};
        json_t    *rule = rule_of(&score_speakable, rules[i]);

        assert_int_equal(score_speakable.check_rule(rule, &chat, &err), -1);
        assert_int_equal(err.kind, ERR_INPUT);
        json_decref(rule);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_speakable_names_the_first_offence),
        cmocka_unit_test(test_good_spoken_answers_pass_also_a_strict_rule),
        cmocka_unit_test(test_what_no_voice_reads_fails_with_its_kind),
        cmocka_unit_test(
            test_what_some_voices_misread_is_told_and_fails_if_strict),
        cmocka_unit_test(test_blemishes_are_counted_and_the_first_is_placed),
        cmocka_unit_test(test_a_yes_or_no_question_wants_a_shorter_answer),
        cmocka_unit_test(test_a_length_that_no_answer_can_keep_is_refused),
    };
    return cmocka_run_group_tests_name("speakable", tests, NULL, NULL);
}
