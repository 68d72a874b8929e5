/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/strbuf.h"
#include "score/score.h"
#include "suite.h"

/* One rule, one answer; says NULL: it passes, else a part of the reason. */
struct label {
    const char *rule, *answer, *says;
};

static const struct suite_case chat = {
    .suite = "s", .id = "i", .category = "c", .say = "Is it warm outside?"};

static void check(const struct score_ops *scorer, const struct label *labels,
                  size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct err        err  = {0};
        json_t           *rule = jsonx_parse(labels[i].rule,
                                             strlen(labels[i].rule), &err);
        struct transcript t    = {.test = &chat, .question = chat.say,
                                  .answer = labels[i].answer};
        struct judgement  got  = {.pass = true};

        json_object_set_new(rule, "scorer", json_string(scorer->name));
        if (scorer->check_rule(rule, &chat, &err)) fail_msg("%s", err.text);
        scorer->judge(rule, &t, &got);
        if (got.pass != (labels[i].says == NULL) ||
            (got.pass ? got.reason[0] != '\0'
                      : !strstr(got.reason, labels[i].says)))
            fail_msg("%s of \"%s\": %s \"%s\"", labels[i].rule,
                     labels[i].answer, got.pass ? "pass" : "fail",
                     got.reason);
        json_decref(rule);
    }
}

#define CHECK(scorer, labels)                                                 \
    check(scorer, labels, sizeof labels / sizeof *labels)

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

static void test_no_call_wants_an_answer(void **state)
{
    (void)state;
    static const struct label labels[] = {
        {"{}", "It is, rather.", NULL},
        {"{}", "", "no answer"},
        {"{}", " \n", "no answer"},
        {"{}", "Yes!", "only 1 word"},
        {"{}", "Is it warm outside?", "repeats the question"},
        {"{}", "  is it WARM\n outside ", "repeats the question"},
        {"{}", "Well, is it warm outside?", "repeats the question"},
        {"{}", "Is it warm outside? I think so.", NULL},
    };
    CHECK(&score_no_call, labels);
}

static void test_no_call_names_the_tool_that_was_called(void **state)
{
    (void)state;
    struct tool_call  call = {.name = (char[]){"HassTurnOn"}};
    struct turn       turn = {.calls = &call, .n_calls = 1};
    struct transcript t    = {.test = &chat, .question = chat.say,
                              .answer = "It is on now.", .turns = &turn,
                              .n_turns = 1, .n_calls = 1};
    struct judgement  got  = {.pass = true};

    score_no_call.judge(NULL, &t, &got);
    assert_false(got.pass);
    assert_non_null(strstr(got.reason, "HassTurnOn"));
}

static void test_mentions_are_whole_words(void **state)
{
    (void)state;
    static const struct label labels[] = {
        {"{\"any\":[\"warm\",\"hot\"]}", "It is HOT.", NULL},
        {"{\"any\":[\"warm\",\"hot\"]}", "It is cold.",
         "\"warm\" or its like"},
        {"{\"any\":[\"hot\"]}", "A photo shot.", "\"hot\""},
        {"{\"any\":[\"21\"]}", "It is 21.", NULL},
        {"{\"any\":[\"21\"]}", "It is 21, I think.", NULL},
        {"{\"any\":[\"21\"]}", "It is 21.5 now.", "21"},
        {"{\"any\":[\"21\"]}", "It is 1,213 or 3.21 or 211.", "21"},
        {"{\"any\":[\"5\"]}", "It is 21.5 now.", "\"5\""},
        {"{\"any\":[\"new york\"]}", "In New\n  York.", NULL},
        {"{\"any\":[\"don't\"]}", "I don\xE2\x80\x99t know.", NULL},
        {"{\"any\":[\"\xC3\x9C" "ber\"]}", "\xC3\xBC" "ber alles", NULL},
        {"{\"any\":[\"ber\"]}", "\xC3\xBC" "ber alles", "ber"},
        {"{\"all\":[\"red\",\"blue\"]}", "Blue and red.", NULL},
        {"{\"all\":[\"red\",\"blue\"]}", "Red and green.", "\"blue\""},
        {"{\"none\":[\"red\"]}", "It is blue.", NULL},
        {"{\"none\":[\"red\"]}", "It is Red.", "mentions \"red\""},
        {"{\"none\":[\"red\"]}", "", "no answer"},
        {"{\"any\":[\"a\"],\"all\":[\"b\"],\"none\":[\"c\"]}", "a b c",
         "mentions \"c\""},
    };
    CHECK(&score_mentions, labels);
}

/* Case is folded in pieces: no word may get lost at a cut. */
static void test_mentions_are_found_anywhere_in_a_long_answer(void **state)
{
    (void)state;
    static const struct label wanted[] = {
        {"{\"any\":[\"\xC3\x84rger \xC3\xA4\"]}", NULL, NULL},
        {"{\"any\":[\"Caf\xC3\xA9s\"]}", NULL, NULL},
    };
    static const char *const found[] = {"\xC3\xA4RGER \xC3\x84",
                                        "cafe\xCC\x81S"};
    char text[2200];

    for (size_t k = 0; k < 2; k++)
        for (size_t at = 1000; at < 1060; at++) {
            struct label l = wanted[k];

            memset(text, '.', sizeof text);
            memcpy(text + at, found[k], strlen(found[k]));
            text[sizeof text - 1] = '\0';
            l.answer = text;
            check(&score_mentions, &l, 1);
        }
}

/* Letters of two bytes, at odd places: no cut may split one. */
static void test_mentions_are_found_where_nothing_is_ascii(void **state)
{
    (void)state;
    struct strbuf big, small;
    json_t       *rule;

    strbuf_init(&big, 10000);
    strbuf_init(&small, 10000);
    strbuf_add(&big, "\xE2\x82\xAC");
    for (int i = 0; i < 2000; i++) {
        strbuf_add(&big, "\xC3\x84");
        strbuf_add(&small, "\xC3\xA4");
    }
    rule = json_pack("{s:[s]}", "any", small.text);
    struct transcript t   = {.test = &chat, .question = chat.say,
                             .answer = big.text};
    struct judgement  got = {.pass = true};
    score_mentions.judge(rule, &t, &got);
    assert_true(got.pass);
    json_decref(rule);
    strbuf_done(&big);
    strbuf_done(&small);
}

static void test_instructions_are_verified(void **state)
{
    (void)state;
    static const struct label labels[] = {
        {"{\"min_words\":3}", "One two three", NULL},
        {"{\"min_words\":3}", "One two", "at least 3"},
        {"{\"max_words\":3}", "One two three!", NULL},
        {"{\"max_words\":3}", "It isn't 21.5, no", "has 4 words"},
        {"{\"min_sentences\":2}", "One. Two.", NULL},
        {"{\"min_sentences\":2}", "Dr. Two.", "at least 2"},
        {"{\"max_sentences\":1}", "One two.", NULL},
        {"{\"max_sentences\":1}", "One. Two.", "has 2 sentences"},
        {"{\"must_contain\":[\"Sea\"]}", "By the sea.", NULL},
        {"{\"must_contain\":[\"sea\"]}", "In this season.", "\"sea\""},
        {"{\"must_not_contain\":[\"sea\"]}", "In this season.", NULL},
        {"{\"must_not_contain\":[\"sea\"]}", "By the SEA.", "ruled out"},
        {"{\"starts_with\":\"dear Ann\"}", "\"Dear Ann, hello\"", NULL},
        {"{\"starts_with\":\"dear ann\"}", "Dear Anna, hello", "start"},
        {"{\"starts_with\":\"dear ann\"}", "My dear Ann", "start"},
        {"{\"starts_with\":\"dear ann\"}", "dear", "start"},
        {"{\"ends_with\":\"good night.\"}", "And now: good night!", NULL},
        {"{\"ends_with\":\"ight\"}", "good night", "end"},
        {"{\"ends_with\":\"good night\"}", "good night, Ann", "end"},
        {"{\"one_of\":[\"yes\",\"no\"]}", " No!", NULL},
        {"{\"one_of\":[\"yes\",\"no\"]}", "**Yes.**", NULL},
        {"{\"one_of\":[\"yes\",\"no\"]}", "Yes, it is.", "\"Yes, it is.\""},
        {"{\"no_comma\":true}", "a b", NULL},
        {"{\"no_comma\":true}", "a, b", "comma"},
        {"{\"no_digits\":true}", "four", NULL},
        {"{\"no_digits\":true}", "4", "digits"},
        {"{\"all_lowercase\":true}", "a b!", NULL},
        {"{\"all_lowercase\":true}", "a \xC3\x84!", "lower case"},
        {"{\"all_lowercase\":true}", "1 2", "lower case"},
        {"{\"all_uppercase\":true}", "A B 2!", NULL},
        {"{\"all_uppercase\":true}", "A b!", "capitals"},
        {"{\"no_question\":true}", "Yes.", NULL},
        {"{\"no_question\":true}", "Yes?", "question"},
        {"{\"no_comma\":true}", "", "no answer"},
        {"{\"max_words\":9,\"no_comma\":true,\"one_of\":[\"a, b\"]}", "A, b.",
         "comma"},
    };
    CHECK(&score_instruction, labels);
}

static void test_rules_that_are_wrong_name_the_field(void **state)
{
    (void)state;
    static const struct {
        const struct score_ops *scorer;
        const char             *rule, *says;
    } cases[] = {
        {&score_instruction, "{}", "at least 1"},
        {&score_instruction, "{\"max_words\":-1}", "\"max_words\""},
        {&score_instruction, "{\"max_words\":\"3\"}", "\"max_words\""},
        {&score_instruction, "{\"max_words\":1e3}", "\"max_words\""},
        {&score_instruction, "{\"no_comma\":false}", "\"no_comma\""},
        {&score_instruction, "{\"one_of\":[]}", "\"one_of\""},
        {&score_instruction, "{\"one_of\":[\"a\",\" \"]}", "\"one_of\""},
        {&score_instruction, "{\"ends_with\":\"\"}", "\"ends_with\""},
        {&score_instruction, "{\"min_words\":3,\"max_words\":2}",
         "\"min_words\""},
        {&score_instruction, "{\"min_sentences\":3,\"max_sentences\":2}",
         "\"min_sentences\""},
        {&score_mentions, "{}", "at least 1"},
        {&score_mentions, "{\"any\":\"x\"}", "\"any\""},
        {&score_mentions, "{\"al\":[\"x\"]}", "\"al\""},
        {&score_speakable, "{\"max_word\":3}", "\"max_word\""},
        {&score_no_call, "{\"strict\":true}", "\"strict\""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err  = {0};
        json_t    *rule = jsonx_parse(cases[i].rule, strlen(cases[i].rule),
                                      &err);

        json_object_set_new(rule, "scorer",
                            json_string(cases[i].scorer->name));
        if (cases[i].scorer->check_rule(rule, &chat, &err) == 0 ||
            err.kind != ERR_INPUT || !strstr(err.text, cases[i].says))
            fail_msg("%s %s: \"%s\"", cases[i].scorer->name, cases[i].rule,
                     err.text);
        json_decref(rule);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_speakable_names_the_first_offence),
        cmocka_unit_test(test_no_call_wants_an_answer),
        cmocka_unit_test(test_no_call_names_the_tool_that_was_called),
        cmocka_unit_test(test_mentions_are_whole_words),
        cmocka_unit_test(
            test_mentions_are_found_anywhere_in_a_long_answer),
        cmocka_unit_test(test_mentions_are_found_where_nothing_is_ascii),
        cmocka_unit_test(test_instructions_are_verified),
        cmocka_unit_test(test_rules_that_are_wrong_name_the_field),
    };
    return cmocka_run_group_tests_name("score", tests, NULL, NULL);
}
