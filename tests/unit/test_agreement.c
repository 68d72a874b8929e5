/* SPDX-License-Identifier: MIT */
/* Two graders' verdicts are counted as they are, in bounded memory; a case
 * that is there twice is noticed. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "original/agreement.h"
#include "original/case_ids.h"

static char *told(void *ctx)
{
    return mem_copy(ctx);
}

static void add(struct agreement *a, const char *group, const char *want,
                const char *got, const char *text)
{
    agreement_add(a, group, strlen(group), want, got, told,
                  (void *)(uintptr_t)text);
}

static void expect_rate(double rate, double want)
{
    assert_true(fabs(rate - want) < 1e-12);
}

static void test_verdicts_and_error_types_are_counted_apart(void **state)
{
    struct agreement a = {0};

    (void)state;
    add(&a, "b", NULL, NULL, "never told");
    add(&a, "b", "type", "type", "never told");
    add(&a, "a", "type", "value", "same verdict, other type");
    add(&a, "b", "type", NULL, "only the original errs");
    add(&a, "a", NULL, "type", "only ours errs");
    agreement_sort(&a);
    assert_int_equal(a.all.cases, 5);
    assert_int_equal(a.all.agree, 3);
    assert_int_equal(a.all.errors, 3);
    assert_int_equal(a.all.errors_agree, 1);
    expect_rate(agreement_rate(&a.all), 0.6);
    expect_rate(agreement_error_rate(&a.all), 1.0 / 3);
    assert_int_equal(a.n_groups, 2);
    assert_string_equal(a.groups[0].name, "a");
    assert_int_equal(a.groups[0].cases, 2);
    assert_int_equal(a.groups[0].agree, 1);
    assert_int_equal(a.groups[1].cases, 3);
    assert_int_equal(a.groups[1].agree, 2);
    assert_int_equal(a.n_differ, 3);
    assert_int_equal(a.differ.n, 3);
    assert_string_equal(a.differ.items[0], "same verdict, other type");
    assert_string_equal(a.differ.items[2], "only ours errs");
    agreement_done(&a);
    agreement_done(&a);
}

static void test_verdicts_without_types_have_no_rate_of_types(void **state)
{
    struct agreement a = {0};

    (void)state;
    assert_true(isnan(agreement_rate(&a.all)));
    agreement_add_verdict(&a, "x", 1, "yes", "yes", told, NULL);
    agreement_add_verdict(&a, "x", 1, "no", "no", told, NULL);
    agreement_add_verdict(&a, "xy", 2, "yes", "no", NULL, NULL);
    assert_int_equal(a.all.agree, 2);
    assert_int_equal(a.n_differ, 1);
    assert_int_equal(a.differ.n, 0);
    assert_int_equal(a.n_groups, 2);
    assert_int_equal(a.n_types, 0);
    assert_string_equal(a.classes[0].name, "verdict: yes, ours: no");
    assert_true(isnan(agreement_error_rate(&a.all)));
    agreement_done(&a);
}

static void test_the_document_is_what_is_promised(void **state)
{
    struct agreement a = {.seconds = 0.5, .wall_seconds = 2};
    json_t          *document = agreement_json(&a), *group;
    char            *text = jsonx_dump(document);

    (void)state;
    assert_string_equal(text, "{\"schema_version\":1,\"cases\":0,\"agree\":0,"
        "\"agreement\":null,\"error_type_agreement\":null,\"by\":{},"
        "\"seconds\":0.5,\"wall_seconds\":2.0,\"differ\":0,"
        "\"classes\":{},\"disagreements\":[]}");
    free(text);
    json_decref(document);
    add(&a, "simple", "type", "value", "one");
    add(&a, "simple", "type", "type", "two");
    document = agreement_json(&a);
    group = json_object_get(json_object_get(document, "by"), "simple");
    expect_rate(jsonx_number(group, "agreement"), 1);
    expect_rate(jsonx_number(group, "error_type_agreement"), 0.5);
    expect_rate(jsonx_number(document, "differ"), 1);
    json_decref(document);
    agreement_done(&a);
}

/* By error type: of the wrong cases that the original gives that type, how
 * many are wrong with us, and for that reason. */
static void test_every_error_type_and_class_is_in_the_document(void **state)
{
    struct agreement a = {.right = "valid"};
    json_t          *document, *by, *one;
    char            *text;

    (void)state;
    add(&a, "simple", "type", "value", "one");
    add(&a, "simple", "type", NULL, "two");
    add(&a, "simple", "type", "type", "three");
    add(&a, "simple", "simple", "simple", "four");
    add(&a, "simple", NULL, "late", "five");
    add(&a, "simple", NULL, NULL, "six");
    agreement_sort(&a);
    document = agreement_json(&a);
    by = json_object_get(document, "by");
    assert_int_equal(json_object_size(by), 3);
    one = json_object_get(by, "simple");
    assert_string_equal(jsonx_text(one, "kind"), "category");
    expect_rate(jsonx_number(one, "cases"), 6);
    one = json_object_get(by, "simple (error type)");
    expect_rate(jsonx_number(one, "cases"), 1);
    one = json_object_get(by, "type");
    assert_string_equal(jsonx_text(one, "kind"), "error_type");
    expect_rate(jsonx_number(one, "cases"), 3);
    expect_rate(jsonx_number(one, "agree"), 2);
    expect_rate(jsonx_number(one, "agreement"), 2.0 / 3);
    expect_rate(jsonx_number(one, "error_type_agreement"), 1.0 / 3);
    text = jsonx_dump(json_object_get(document, "classes"));
    assert_string_equal(text, "{\"error type: type, ours: value\":1,"
        "\"verdict: type, ours: valid\":1,\"verdict: valid, ours: late\":1}");
    free(text);
    text = jsonx_dump(json_array_get(json_object_get(document,
                                                     "disagreements"), 2));
    assert_string_equal(text, "{\"class\":\"verdict: valid, ours: late\","
        "\"case\":\"five\"}");
    free(text);
    json_decref(document);
    agreement_done(&a);
}

static void test_any_bytes_of_a_key_or_a_sentence_give_a_document(void **state)
{
    struct agreement a = {0};
    char             big[9000];
    json_t          *document;

    (void)state;
    memset(big, 'x', sizeof big);
    memcpy(big + 100, "\0\xFF\xED\xA0\x80", 5);
    big[sizeof big - 1] = '\0';
    for (int i = 0; i < 3; i++)
        agreement_add(&a, big, sizeof big, NULL, "e", told, big + 102);
    agreement_add(&a, "x\0y", 3, NULL, "e", told, big + 102);
    agreement_add(&a, "x", 1, NULL, "e", told, big + 102);
    agreement_add(&a, "", 0, NULL, "e", told, big + 102);
    assert_int_equal(a.n_groups, 4);
    assert_true(strlen(a.differ.items[0]) < AGREEMENT_TOLD_BYTES);
    assert_true(utf8_valid(a.differ.items[0], strlen(a.differ.items[0])));
    document = agreement_json(&a);
    assert_int_equal(json_object_size(json_object_get(document, "by")), 4);
    json_decref(document);
    agreement_done(&a);
}

static void test_keys_and_disagreements_are_bounded(void **state)
{
    enum { MANY = 3 * AGREEMENT_GROUPS_MAX };
    struct agreement a = {0};
    size_t           cases = 0;

    (void)state;
    for (int i = 0; i < MANY; i++) {
        char name[20];

        snprintf(name, sizeof name, "g%d", i);
        add(&a, name, name, NULL, "x");
    }
    assert_int_equal(a.n_groups, AGREEMENT_GROUPS_MAX);
    assert_int_equal(a.n_types, AGREEMENT_GROUPS_MAX);
    assert_int_equal(a.n_classes, AGREEMENT_GROUPS_MAX);
    assert_int_equal(a.differ_class.n, AGREEMENT_TOLD_MAX);
    for (size_t i = 0; i < a.n_groups; i++) cases += a.groups[i].cases;
    assert_int_equal(cases, MANY);
    assert_int_equal(a.n_differ, MANY);
    assert_int_equal(a.differ.n, AGREEMENT_TOLD_MAX);
    agreement_done(&a);
}

/* ---- doubles ------------------------------------------------------------- */

static const char *const id_fields[] = {"id", "case", NULL};

/* The line of the first such case; each call is the next line, from 1. */
static size_t seen(struct case_ids *ids, struct py_pool *pool,
                   const char *json)
{
    static size_t    line;
    const struct py *object = py_parse(pool, json, strlen(json));

    assert_non_null(object);
    line = ids->n ? line + 1 : 1;
    return case_ids_first(ids, object, id_fields, line);
}

static void test_a_case_is_known_again_by_all_of_its_fields(void **state)
{
    static const char *const none[] = {NULL};
    static const char *const new[] = {
        "{\"id\":\"a\",\"case\":0}", "{\"id\":\"a\",\"case\":1}",
        "{\"id\":\"b\",\"case\":0}", "{\"id\":\"a\",\"case\":\"0\"}",
        "{\"id\":\"a\",\"case\":null}",
        "{\"id\":\"a\"}", "{\"id\":\"a\"}",           /* have no name */
        "{\"id\":\"0123456789abcdef\",\"case\":0}",
        "{\"id\":\"0123456789abcdeg\",\"case\":0}",
        "{\"id\":\"0123456789abcde\",\"case\":0}"};
    struct case_ids ids = {0};
    struct py_pool *pool = py_pool_new();

    (void)state;
    for (size_t i = 0; i < sizeof new / sizeof *new; i++)
        assert_int_equal(seen(&ids, pool, new[i]), 0);
    assert_int_equal(
        seen(&ids, pool, "{\"case\":0,\"id\":\"\\u0061\",\"x\":1}"), 1);
    assert_int_equal(seen(&ids, pool, "{\"id\":\"b\",\"case\":0}"), 3);
    assert_int_equal(seen(&ids, pool, "{\"id\":\"b\",\"case\":0}"), 3);
    assert_int_equal(case_ids_first(&ids, py_parse(pool, "{}", 2), none, 9),
                     0);
    case_ids_done(&ids);
    case_ids_done(&ids);
    py_pool_free(pool);
}

/* Each case once, then each again, as far as the memory goes. */
static void test_doubles_are_found_among_millions_in_bounded_memory(
    void **state)
{
    enum { SOME = 200000, MANY = 4000000 };
    struct case_ids ids = {0};
    struct py_pair  pairs[] = {
        {.key = {.kind = PY_STR, .as.text = {"id", 2}},
         .value = {.kind = PY_INT}},
        {.key = {.kind = PY_STR, .as.text = {"case", 4}},
         .value = {.kind = PY_INT}}};
    struct py object = {.kind = PY_DICT, .n = 2, .as.pairs = pairs};
    int       doubles = 0;

    (void)state;
    for (int i = 0; i < SOME * 2; i++) {
        pairs[0].value.as.number = i % SOME / 10;
        pairs[1].value.as.number = i % 10;
        size_t first = case_ids_first(&ids, &object, id_fields,
                                      (size_t)i + 1);
        if (first) assert_int_equal(first, i % SOME + 1);
        doubles += first != 0;
    }
    assert_int_equal(doubles, SOME);
    assert_false(ids.is_full);
    for (int i = SOME; i < MANY && !ids.is_full; i++) {
        pairs[0].value.as.number = i;
        assert_int_equal(case_ids_first(&ids, &object, id_fields,
                                        (size_t)i + 1), 0);
    }
    assert_true(ids.is_full);
    assert_true(ids.room * (sizeof *ids.hashes + sizeof *ids.lines) <=
                CASE_IDS_BYTES_MAX);
    assert_int_equal(case_ids_first(&ids, &object, id_fields, 1), 0);
    case_ids_done(&ids);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdicts_and_error_types_are_counted_apart),
        cmocka_unit_test(test_verdicts_without_types_have_no_rate_of_types),
        cmocka_unit_test(test_the_document_is_what_is_promised),
        cmocka_unit_test(test_every_error_type_and_class_is_in_the_document),
        cmocka_unit_test(test_any_bytes_of_a_key_or_a_sentence_give_a_document),
        cmocka_unit_test(test_keys_and_disagreements_are_bounded),
        cmocka_unit_test(test_a_case_is_known_again_by_all_of_its_fields),
        cmocka_unit_test(
            test_doubles_are_found_among_millions_in_bounded_memory),
    };
    return cmocka_run_group_tests_name("agreement", tests, NULL, NULL);
}
