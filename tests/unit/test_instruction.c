/* SPDX-License-Identifier: MIT */
#include "score_fixture.h"

static void test_instructions_on_words_and_marks_are_verified(void **state)
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
    };
    CHECK(&score_instruction, labels);
}

static void test_counts_that_are_exact_or_of_characters(void **state)
{
    (void)state;
    static const struct label labels[] = {
        {"{\"words\":3}", "One, two - three!", NULL},
        {"{\"words\":3}", "One two", "has 2 words, asked for exactly 3"},
        {"{\"words\":3}", "One two three four", "exactly 3"},
        {"{\"words\":1,\"one_of\":[\"blue\"]}", "Blue.", NULL},
        {"{\"sentences\":2}", "One is here. Two is not.", NULL},
        {"{\"sentences\":2}", "Dr. Two is here.", "exactly 2"},
        {"{\"sentences\":2}", "A b. C d. E f.", "has 3 sentences"},
        {"{\"max_chars\":5}", "\xC3\xA4\xC3\xB6\xC3\xBC\xC3\x9F!", NULL},
        {"{\"max_chars\":5}", "abcdef", "has 6 characters"},
    };
    CHECK(&score_instruction, labels);
}

static void test_phrases_come_as_often_and_in_the_order_asked(void **state)
{
    (void)state;
    static const struct label labels[] = {
        {"{\"order\":[\"one\",\"two\"]}", "One and two.", NULL},
        {"{\"order\":[\"one\",\"two\"]}", "Two and one.",
         "\"two\" behind \"one\""},
        {"{\"order\":[\"one\",\"two\"]}", "Two and three.",
         "does not contain \"one\""},
        {"{\"order\":[\"one\",\"two\"]}", "One, twofold.", "\"two\""},
        {"{\"order\":[\"a\",\"b\",\"a\"]}", "a b a", NULL},
        {"{\"order\":[\"a\",\"b\",\"a\"]}", "a b", "\"a\" behind \"b\""},
        {"{\"order\":[\"a a\",\"a\"]}", "a a", "behind"},
        {"{\"repeats\":{\"phrase\":\"hip hip\",\"times\":2}}",
         "Hip hip! Hip, hip! Hip hip!", NULL},
        {"{\"repeats\":{\"phrase\":\"hello\",\"times\":3}}",
         "Hello, hello... HELLO!", NULL},
        {"{\"repeats\":{\"phrase\":\"hello\",\"times\":3}}",
         "Hello, hello, hello, hello.", "4 times, asked for 3"},
        {"{\"repeats\":{\"phrase\":\"hello\",\"times\":1}}",
         "Othello.", "0 times"},
    };
    CHECK(&score_instruction, labels);
}

static void test_beginnings_are_verified(void **state)
{
    (void)state;
    static const struct label labels[] = {
        {"{\"first_letter\":\"B\"}", "\"Bananas\" it is.", NULL},
        {"{\"first_letter\":\"b\"}", "Bananas.", NULL},
        {"{\"first_letter\":\"B\"}", "A banana.", "letter \"B\""},
        {"{\"first_letter\":\"\xC3\x84\"}", "\xC3\xA4hnlich", NULL},
        {"{\"each_sentence_starts\":\"I\"}", "I am here. I see Dr. No. I go.",
         NULL},
        {"{\"each_sentence_starts\":\"I\"}", "I am. It is.", "\"It is.\""},
        {"{\"each_sentence_starts\":\"I\"}", "I am here! Yes. I go.",
         "\"Yes.\""},
        {"{\"each_sentence_starts\":\"I\"}", "I am here\nand you", "\"and"},
        {"{\"each_sentence_starts\":\"I\"}", "I have 2.5 of e.g. those.",
         NULL},
        {"{\"each_sentence_starts\":\"the cat\"}",
         "The cat sat. \"The cat ran.\" The cat, too!", NULL},
        {"{\"each_sentence_starts\":\"the cat\"}",
         "The cat sat. The cats ran.", "\"The cats ran.\""},
        {"{\"repeat_question\":true}", "Is it warm outside? Yes, it is.",
         NULL},
        {"{\"repeat_question\":true}", "\"is it warm, outside\": yes", NULL},
        {"{\"repeat_question\":true}", "Is it warm outside?", "only repeats"},
        {"{\"repeat_question\":true}", "Well, is it warm outside? Yes.",
         "words first"},
        {"{\"repeat_question\":true}", "Is it warm outsides? Yes.",
         "words first"},
    };
    CHECK(&score_instruction, labels);
}

static void test_questions_markdown_and_language_are_verified(void **state)
{
    (void)state;
    static const struct label labels[] = {
        {"{\"one_question\":true}", "Good. Is it?", NULL},
        {"{\"one_question\":true}", "Really?!? Fine.", NULL},
        {"{\"one_question\":true}", "Is it? Or not?", "asks 2 questions"},
        {"{\"one_question\":true}", "It is.", "asks 0 questions"},
        {"{\"ends_with_question\":true}", "Fine. \"Is it?\" ", NULL},
        {"{\"ends_with_question\":true}", "Is it? Fine.", "end with"},
        {"{\"no_markdown\":true}", "It costs <5 and {x} or http://a.b", NULL},
        {"{\"no_markdown\":true}", "It is **bold**.", "markdown: emphasis"},
        {"{\"no_markdown\":true}", "{ - } and \xF0\x9F\x98\x80 `x`", "code"},
        {"{\"no_markdown\":true}", "So:\n- a\n- b", "a bullet"},
        {"{\"no_markdown\":true}", "1. a\n2. b", "a numbered list"},
        {"{\"language\":\"de\"}", "Es sind zwanzig Grad in der K\xC3\xBC"
         "che.", NULL},
        {"{\"language\":\"de\"}", "Ja.", NULL},
        {"{\"language\":\"de\"}", "It is twenty degrees in the kitchen.",
         "\"en\", asked for \"de\""},
        {"{\"language\":\"de\"}", "42", "look like"},
        {"{\"language\":\"es\"}", "La luz est\xC3\xA1 encendida.", NULL},
        {"{\"language\":\"ja\"}", "The light is on.", "\"en\""},
    };
    CHECK(&score_instruction, labels);
}

static void test_a_rule_that_no_answer_can_keep_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *rule, *says;
    } cases[] = {
        {"{\"words\":3,\"max_words\":2}", "\"words\""},
        {"{\"words\":1,\"min_words\":2}", "\"words\""},
        {"{\"max_words\":0}", "\"max_words\" is 0"},
        {"{\"sentences\":0}", "\"sentences\" is 0"},
        {"{\"sentences\":3,\"max_words\":2}", "more sentences"},
        {"{\"max_chars\":8,\"min_words\":5}", "\"max_chars\""},
        {"{\"no_question\":true,\"one_question\":true}", "exclude"},
        {"{\"no_question\":true,\"ends_with_question\":true}", "exclude"},
        {"{\"all_lowercase\":true,\"all_uppercase\":true}", "exclude"},
        {"{\"must_contain\":[\"a b c\"],\"max_words\":2}", "must_contain"},
        {"{\"must_contain\":[\"sea\"],\"must_not_contain\":[\"Sea\"]}",
         "must_contain"},
        {"{\"must_contain\":[\"4\"],\"no_digits\":true}", "must_contain"},
        {"{\"starts_with\":\"dear\",\"must_not_contain\":[\"dear\"]}",
         "starts_with"},
        {"{\"repeats\":{\"phrase\":\"a b\",\"times\":3},\"max_words\":5}",
         "repeats"},
        {"{\"one_of\":[\"yes\",\"no\"],\"min_words\":2}", "one_of"},
        {"{\"one_of\":[\"yes\"],\"must_contain\":[\"no\"]}", "one_of"},
        {"{\"no_comma\":true,\"one_of\":[\"a, b\"]}", "one_of"},
        {"{\"first_letter\":\"ab\"}", "one letter"},
        {"{\"first_letter\":\"!\"}", "one letter"},
        {"{\"language\":\"xx\"}", "en de es"},
        {"{\"language\":\"e\"}", "\"language\""},
        {"{\"language\":\"n d\"}", "\"language\""},
        {"{\"repeats\":{\"phrase\":\"a\"}}", "\"times\""},
        {"{\"repeats\":{\"phrase\":\"a\",\"times\":0}}", "\"times\""},
        {"{\"repeats\":{\"phrase\":\"a\",\"times\":1,\"x\":1}}", "\"times\""},
        {"{\"repeats\":[]}", "\"times\""},
        {"{\"order\":\"a\"}", "\"order\""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err  = {0};
        json_t    *rule = rule_of(&score_instruction, cases[i].rule);

        if (score_instruction.check_rule(rule, &chat, &err) == 0 ||
            err.kind != ERR_INPUT || !strstr(err.text, cases[i].says))
            fail_msg("%s: \"%s\"", cases[i].rule, err.text);
        json_decref(rule);
    }
}

/* What could be taken for one that no answer can keep, and is fair. */
static void test_a_rule_that_an_answer_can_keep_is_taken(void **state)
{
    (void)state;
    static const char *const rules[] = {
        "{\"words\":3,\"min_words\":3,\"max_words\":3}",
        "{\"one_of\":[\"yes\",\"no way\"],\"min_words\":2}",
        "{\"one_of\":[\"Yes\"],\"all_uppercase\":true,\"language\":\"en\"}",
        "{\"must_contain\":[\"sea\"],\"must_not_contain\":[\"season\"]}",
        "{\"must_contain\":[\"sea\"],\"min_words\":5,\"sentences\":2}",
        "{\"repeats\":{\"phrase\":\"a b\",\"times\":3},\"words\":6}",
        "{\"starts_with\":\"Is it\",\"no_question\":true}",
    };

    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        struct err err  = {0};
        json_t    *rule = rule_of(&score_instruction, rules[i]);

        if (score_instruction.check_rule(rule, &chat, &err))
            fail_msg("%s: \"%s\"", rules[i], err.text);
        json_decref(rule);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_instructions_on_words_and_marks_are_verified),
        cmocka_unit_test(test_counts_that_are_exact_or_of_characters),
        cmocka_unit_test(test_phrases_come_as_often_and_in_the_order_asked),
        cmocka_unit_test(test_beginnings_are_verified),
        cmocka_unit_test(test_questions_markdown_and_language_are_verified),
        cmocka_unit_test(test_a_rule_that_no_answer_can_keep_is_refused),
        cmocka_unit_test(test_a_rule_that_an_answer_can_keep_is_taken),
    };
    return cmocka_run_group_tests_name("instruction", tests, NULL, NULL);
}
