/* SPDX-License-Identifier: MIT */
#include "score_fixture.h"

#include "base/strbuf.h"

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
    struct transcript t    = {.test = &chat, .question = QUESTION,
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
            check_asked(&score_mentions, QUESTION, &l, 1);
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
    struct transcript t   = {.test = &chat, .question = QUESTION,
                             .answer = big.text};
    struct judgement  got = {.pass = true};
    score_mentions.judge(rule, &t, &got);
    assert_true(got.pass);
    json_decref(rule);
    strbuf_done(&big);
    strbuf_done(&small);
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
        cmocka_unit_test(test_no_call_wants_an_answer),
        cmocka_unit_test(test_no_call_names_the_tool_that_was_called),
        cmocka_unit_test(test_mentions_are_whole_words),
        cmocka_unit_test(
            test_mentions_are_found_anywhere_in_a_long_answer),
        cmocka_unit_test(test_mentions_are_found_where_nothing_is_ascii),
        cmocka_unit_test(test_rules_that_are_wrong_name_the_field),
    };
    return cmocka_run_group_tests_name("score", tests, NULL, NULL);
}
