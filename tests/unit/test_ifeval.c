/* SPDX-License-Identifier: MIT */
/* test_ifeval.c - what IFEval's rules may be asked and what they survive; the
 * verdicts are in test_ifeval_rules.c. */
#include "ifeval_fixture.h"

static int check(const char *instruction, const char *kwargs, struct err *err)
{
    const struct py *parsed = py_parse(pool, kwargs, strlen(kwargs));

    assert_non_null(parsed);
    return ifeval_check_rule(view_of(instruction), parsed, err);
}

static void test_ifeval_blank_response_follows_nothing(void **state)
{
    (void)state;
    static const char *const blanks[] = {"", " \n", "\xE2\x80\xA8"};

    for (size_t i = 0; i < 3; i++) {
        struct ifeval_verdict got = judge("punctuation:no_comma", "{}",
                                          view_of(blanks[i]));
        assert_false(got.strict);
        assert_false(got.loose);
    }
}

static void test_ifeval_refuses_rules_that_the_original_cannot_take(void **s)
{
    (void)s;
    static const struct {
        const char *instruction, *kwargs, *told;
    } cases[] = {
        {"keywords:nonsense", "{}", "unknown instruction"},
        {"", "{}", "unknown instruction"},
        {"title", "{}", "unknown instruction"},
        {"keywords:existence", "{}", "keywords is missing"},
        {"keywords:existence", "{\"keywords\":[]}", "keywords is missing"},
        {"keywords:existence", "{\"keywords\":\"a\"}", "a list of texts"},
        {"keywords:existence", "{\"keywords\":[1]}", "a list of texts"},
        {"keywords:existence", "{\"keywords\":[\"(\"]}", "missing )"},
        {"keywords:forbidden_words", "{\"forbidden_words\":[\"(?i)a\"]}",
         "not at the start"},
        {"detectable_format:number_bullet_lists", "{\"num_bullets\":0}",
         "num_bullets is missing"},
        {"detectable_format:number_bullet_lists", "{\"num_bullets\":-1}",
         "above 0"},
        {"detectable_format:number_bullet_lists", "{\"num_bullets\":true}",
         "above 0"},
        {"detectable_format:title", "{\"num_bullets\":1}",
         "num_bullets is no argument"},
        {"detectable_format:title", "[]", "must be an object"},
        {"keywords:letter_frequency",
         "{\"letter\":\"\xC3\xBC\",\"let_frequency\":1,"
         "\"let_relation\":\"at least\"}", "one letter"},
        {"length_constraints:number_words",
         "{\"num_words\":1,\"relation\":\"at most\"}", "less than"},
        {"language:response_language", "{\"language\":\"xx\"}", "code"},
        {"length_constraints:nth_paragraph_first_word",
         "{\"num_paragraphs\":1,\"nth_paragraph\":2,\"first_word\":\"a\"}",
         "up to num_paragraphs"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = {0};
        assert_int_equal(check(cases[i].instruction, cases[i].kwargs, &err),
                         -1);
        assert_int_equal(err.kind, ERR_INPUT);
        if (!strstr(err.text, cases[i].told))
            fail_msg("%s: %s", cases[i].kwargs, err.text);
    }
}

static void test_ifeval_null_arguments_are_absent(void **state)
{
    (void)state;
    struct err err = {0};

    assert_int_equal(check("detectable_format:title",
                           "{\"num_bullets\":null,\"keywords\":[],\"x\":0}",
                           &err), 0);
    assert_int_equal(check("detectable_format:title", "null", &err), 0);
    assert_int_equal(check("detectable_format:number_bullet_lists",
                           "{\"num_bullets\":3.0}", &err), 0);
}

static void test_ifeval_takes_any_bytes(void **state)
{
    (void)state;
    struct view bad = {"a\0b\xFF \xED\xA0\x80 the\xC3", 14};

    assert_true(judge("keywords:existence", "{\"keywords\":[\"THE\"]}",
                      bad).strict);
    assert_true(judge("keywords:existence", "{\"keywords\":[\"a.b\"]}",
                      bad).strict);
    assert_true(judge("length_constraints:number_words",
                      "{\"num_words\":3,\"relation\":\"at least\"}",
                      bad).strict);
}

static void test_ifeval_regex_bombs_end(void **state)
{
    (void)state;
    static const char *const bombs[] = {
        "{\"keywords\":[\"(a+)+$\"]}", "{\"keywords\":[\"(a|aa)+=\"]}",
        "{\"keywords\":[\"\\\\s*a*\\\\s*a*=\"]}",
        "{\"keywords\":[\"((a{1,99}){1,99}){1,9}=\"]}"};
    const size_t n    = 200000;
    char        *text = mem_new(n, 1);

    memset(text, 'a', n);
    text[n - 1] = '!';
    for (size_t i = 0; i < sizeof bombs / sizeof *bombs; i++) {
        struct err       err = {0};
        const struct py *kwargs = py_parse(pool, bombs[i], strlen(bombs[i]));
        if (ifeval_check_rule(view_of("keywords:existence"), kwargs, &err))
            continue;   /* too large for PCRE2: refused, which ends it too  */
        judge("keywords:existence", bombs[i], (struct view){text, n});
    }
    free(text);
}

static void test_ifeval_cache_forgets_and_compiles_again(void **state)
{
    (void)state;
    struct view text = view_of("word7 and word1999");

    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 2000; i++) {
            char *kwargs = mem_printf("{\"keywords\":[\"word%d\\\\b\"]}", i);
            bool  found  = judge("keywords:existence", kwargs, text).strict;
            assert_int_equal(found, i == 7 || i == 1999);
            free(kwargs);
            py_pool_clear(pool);
        }
}

static void test_ifeval_lists_25_types(void **state)
{
    (void)state;
    size_t n = 0;

    while (ifeval_types[n]) n++;
    assert_int_equal(n, 25);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ifeval_blank_response_follows_nothing),
        cmocka_unit_test(
            test_ifeval_refuses_rules_that_the_original_cannot_take),
        cmocka_unit_test(test_ifeval_null_arguments_are_absent),
        cmocka_unit_test(test_ifeval_takes_any_bytes),
        cmocka_unit_test(test_ifeval_regex_bombs_end),
        cmocka_unit_test(test_ifeval_cache_forgets_and_compiles_again),
        cmocka_unit_test(test_ifeval_lists_25_types),
    };
    return cmocka_run_group_tests_name("ifeval", tests, set_up, tear_down);
}
