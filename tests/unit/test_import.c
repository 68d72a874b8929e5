/* SPDX-License-Identifier: MIT */
/* Suites of others become ours: what BFCL and IFEval say becomes cases, what
 * is wrong is named with its file and line, and nothing is left behind by an
 * import that failed. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "import.h"
#include "import_bfcl_tools.h"
#include "import_write.h"
#include "share.h"
#include "suite.h"
#include "temp_tree.h"

/* ---- a sink that keeps what it gets -------------------------------------- */

struct kept {
    json_t     *cases;             /* {suite: [case]}                        */
    size_t      left_out;
    char        told[400];
};

static int keep_case(void *ctx, const char *suite, const json_t *test,
                     struct err *err)
{
    struct kept *k = ctx;
    json_t      *list = json_object_get(k->cases, suite);

    (void)err;
    if (!list) {
        list = json_array();
        json_object_set_new(k->cases, suite, list);
    }
    return json_array_append_new(list, json_deep_copy(test));
}

static int keep_home(void *ctx, const char *name, const json_t *home,
                     struct err *err)
{
    (void)ctx;
    (void)home;
    return err_set(err, ERR_BUG, "a home %s", name);
}

static void keep_left_out(void *ctx, size_t cases, const char *what)
{
    struct kept *k = ctx;

    (void)cases;
    k->left_out++;
    snprintf(k->told, sizeof k->told, "%s", what);
}

static struct import_sink keeper(struct kept *k)
{
    *k = (struct kept){.cases = json_object()};
    return (struct import_sink){.ctx = k, .add_case = keep_case,
                                .add_home = keep_home,
                                .leave_out = keep_left_out};
}

typedef int importer(const char *path, const struct import_sink *sink,
                     struct err *err);

/* A file of this text is imported; the answers too, unless NULL. */
static int from_text(importer *import, const char *name, const char *text,
                     const char *answers, struct kept *k, struct err *err)
{
    struct import_sink sink = keeper(k);
    struct temp_tree   tree;
    char              *inner = mem_printf("possible_answer/%s", name), *path;
    int                rc;

    assert_int_equal(temp_tree_init(&tree), 0);
    temp_text(&tree, name, text);
    if (answers) temp_text(&tree, inner, answers);
    path = temp_path(&tree, name);
    *err = (struct err){0};
    rc = import(path, &sink, err);
    free(path);
    free(inner);
    temp_tree_done(&tree);
    return rc;
}

static const json_t *case_of(const struct kept *k, const char *suite, size_t i)
{
    const json_t *test = json_array_get(json_object_get(k->cases, suite), i);

    if (!test) fail_msg("%s has no case %zu", suite, i);
    return test;
}

static void expect_json(const json_t *got, const char *want)
{
    json_t *wanted = jsonx_parse(want, strlen(want), NULL);
    char   *text   = jsonx_dump(got);

    assert_non_null(wanted);
    if (!json_equal(got, wanted)) fail_msg("%s, not %s", text, want);
    free(text);
    json_decref(wanted);
}

/* ---- BFCL ---------------------------------------------------------------- */

#define FUNCTION(name, properties)                                            \
    "{\"name\":\"" name "\",\"description\":\"D.\",\"parameters\":{\"type\":" \
    "\"dict\",\"properties\":{" properties "},\"required\":[]}}"
#define ENTRY(id, messages, functions)                                        \
    "{\"id\":\"" id "\",\"question\":[[" messages "]],\"function\":["         \
    functions "]}\n"
#define USER(text) "{\"role\":\"user\",\"content\":\"" text "\"}"
#define ANSWER(id)                                                            \
    "{\"id\":\"" id "\",\"ground_truth\":[{\"a.b\":{\"x\":[1]}}]}\n"

static void test_bfcl_becomes_a_suite_of_its_category(void **state)
{
    (void)state;
    struct kept   k;
    struct err    err;
    const json_t *test;

    if (from_text(import_bfcl, "BFCL_v4_multiple.json",
                  ENTRY("multiple_0", USER("How far?"),
                        FUNCTION("a.b", "\"x\":{\"type\":\"integer\"}")),
                  ANSWER("multiple_0"), &k, &err))
        fail_msg("%s", err.text);
    test = case_of(&k, "bfcl_multiple", 0);
    assert_string_equal(jsonx_text(test, "id"), "multiple_0");
    assert_string_equal(jsonx_text(test, "say"), "How far?");
    assert_string_equal(jsonx_text(test, "system"), "");
    assert_null(json_object_get(test, "before"));
    expect_json(json_object_get(test, "checks"),
                "[{\"scorer\":\"bfcl\",\"category\":\"multiple\",\"truth\":"
                "[{\"a.b\":{\"x\":[1]}}]}]");
    expect_json(json_object_get(test, "functions"),
                "[{\"type\":\"function\",\"function\":{\"name\":\"a_b\","
                "\"description\":\"D. Note that the provided function is in "
                "Python 3 syntax.\",\"parameters\":{\"type\":\"object\","
                "\"properties\":{\"x\":{\"type\":\"integer\"}},\"required\":"
                "[]}}}]");
    json_decref(k.cases);
}

static void test_bfcl_keeps_what_was_said_before(void **state)
{
    (void)state;
    struct kept   k;
    struct err    err;
    const json_t *test;

    if (from_text(import_bfcl, "BFCL_v4_live_irrelevance.json",
                  ENTRY("live_irrelevance_1-0-0", "{\"role\":\"system\","
                        "\"content\":\"Be good.\"}," USER("a") ",{\"role\":"
                        "\"assistant\",\"content\":\"b\"}," USER("c"), ""),
                  NULL, &k, &err))
        fail_msg("%s", err.text);
    test = case_of(&k, "bfcl_live_irrelevance", 0);
    assert_string_equal(jsonx_text(test, "system"), "Be good.");
    assert_string_equal(jsonx_text(test, "say"), "c");
    expect_json(json_object_get(test, "before"),
                "[{\"role\":\"user\",\"content\":\"a\"},{\"role\":"
                "\"assistant\",\"content\":\"b\"}]");
    expect_json(json_object_get(test, "functions"), "[]");
    expect_json(json_object_get(test, "checks"),
                "[{\"scorer\":\"bfcl\",\"category\":\"live_irrelevance\"}]");
    json_decref(k.cases);
}

/* In another order than the questions, and more of them. */
static void test_bfcl_answers_are_found_by_their_id(void **state)
{
    (void)state;
    struct kept k;
    struct err  err;

    if (from_text(import_bfcl, "any.json",
                  ENTRY("parallel_0", USER("a"), "")
                  ENTRY("simple_python_1", USER("b"), "") "\n"
                  ENTRY("parallel_2", USER("c"), ""),
                  ANSWER("parallel_2") ANSWER("parallel_9")
                  ANSWER("simple_python_1") ANSWER("parallel_0"), &k, &err))
        fail_msg("%s", err.text);
    case_of(&k, "bfcl_parallel", 1);
    case_of(&k, "bfcl_simple_python", 0);
    json_decref(k.cases);
}

/* Against the results of the original, run on the same descriptions. */
static void test_bfcl_types_become_those_of_json_schema(void **state)
{
    static const struct {
        const char *category, *properties, *want;
    } shapes[] = {
        {"simple_python", "{\"a\":{\"type\":\"float\",\"description\":\"A.\","
         "\"default\":1.0}}",
         "{\"a\":{\"type\":\"number\",\"description\":\"A. This is a float "
         "type value.\",\"default\":1.0,\"format\":\"float\"}}"},
        {"multiple", "{\"a\":{\"type\":\"tuple\",\"items\":{\"type\":"
         "\"float\"}},\"b\":{\"type\":\"any\"},\"c\":{}}",
         "{\"a\":{\"type\":\"array\",\"items\":{\"type\":\"number\"}},\"b\":"
         "{\"type\":\"string\"},\"c\":{\"type\":\"string\"}}"},
        {"parallel", "{\"a\":{\"type\":\"array\",\"items\":{\"type\":"
         "\"array\",\"items\":{\"type\":\"dict\",\"properties\":{\"x\":"
         "{\"type\":\"dict\"}}}}}}",
         "{\"a\":{\"type\":\"array\",\"items\":{\"type\":\"array\",\"items\":"
         "{\"type\":\"object\",\"properties\":{\"x\":{\"type\":\"dict\"}}}}}"
         "}"},
        {"parallel", "{\"a\":{\"type\":\"array\",\"items\":{\"type\":"
         "\"dict\",\"properties\":{\"x\":{\"type\":\"dict\",\"properties\":"
         "{\"y\":{\"type\":\"tuple\"}}}}}}}",
         "{\"a\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
         "\"properties\":{\"x\":{\"type\":\"object\",\"properties\":{\"y\":"
         "{\"type\":\"array\"}}}}}}}"},
        {"simple_java", "{\"a\":{\"type\":\"ArrayList\",\"description\":"
         "\"A.\",\"items\":{\"type\":\"String\"}},\"b\":{\"type\":\"any\","
         "\"description\":\"B.\"}}",
         "{\"a\":{\"type\":\"string\",\"description\":\"A. This is Java "
         "ArrayList type parameter in string representation. The list "
         "elements are of type String; they are not in string "
         "representation.\"},\"b\":{\"type\":\"string\",\"description\":\"B. "
         "This parameter can be of any type of Java object in string "
         "representation.\"}}"},
        {"simple_javascript", "{\"a\":{\"type\":\"dict\",\"description\":"
         "\"A.\",\"properties\":{\"x\":{\"default\":[0.1,100000.0,1e16,"
         "1.5e-7,7,true,null],\"description\":\"\\u00e9\"}}}}",
         "{\"a\":{\"type\":\"string\",\"description\":\"A. This is JavaScript "
         "dict type parameter in string representation. The dictionary "
         "entries have the following schema; they are not in string "
         "representation. {\\\"x\\\": {\\\"default\\\": [0.1, 100000.0, "
         "1e+16, 1.5e-07, 7, true, null], \\\"description\\\": "
         "\\\"\\\\u00e9\\\"}}\"}}"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct err    err = {0};
        json_t       *properties = jsonx_parse(shapes[i].properties,
                                               strlen(shapes[i].properties),
                                               &err);
        json_t       *functions = json_pack(
            "[{s:s, s:s, s:{s:s, s:o}}]", "name", "f", "description", "D.",
            "parameters", "type", "dict", "properties", properties);
        json_t       *tools = import_bfcl_tools(functions, shapes[i].category,
                                                &err);

        if (!tools) fail_msg("%s", err.text);
        expect_json(json_object_get(json_object_get(json_object_get(
            json_array_get(tools, 0), "function"), "parameters"),
            "properties"), shapes[i].want);
        json_decref(tools);
        json_decref(functions);
    }
}

static void test_bfcl_takes_a_function_without_parameters(void **state)
{
    (void)state;
    static const char text[] = "[{\"name\":\"a.b.c\"}]";
    struct err err = {0};
    json_t    *functions = jsonx_parse(text, strlen(text), &err);
    json_t    *tools = import_bfcl_tools(functions, "multiple", &err);

    expect_json(tools, "[{\"type\":\"function\",\"function\":{\"name\":"
                "\"a_b_c\",\"parameters\":{\"type\":\"object\",\"properties\":"
                "{}},\"description\":\" Note that the provided function is in "
                "Python 3 syntax.\"}}]");
    json_decref(tools);
    json_decref(functions);
}

static void test_bfcl_leaves_out_what_is_not_of_one_turn(void **state)
{
    (void)state;
    struct temp_tree   tree;
    struct kept        k;
    struct import_sink sink = keeper(&k);
    struct err         err = {0};
    char              *path;

    assert_int_equal(temp_tree_init(&tree), 0);
    temp_text(&tree, "data/BFCL_v4_multi_turn_base.json", "not even JSON");
    temp_text(&tree, "data/BFCL_v4_irrelevance.json",
              ENTRY("irrelevance_0", USER("a"), ""));
    temp_text(&tree, "data/README.md", "x");
    path = temp_path(&tree, "data");
    if (import_bfcl(path, &sink, &err)) fail_msg("%s", err.text);
    case_of(&k, "bfcl_irrelevance", 0);
    assert_int_equal(k.left_out, 1);
    assert_non_null(strstr(k.told, "multi_turn_base"));
    json_decref(k.cases);
    free(path);
    path = temp_path(&tree, "");       /* the package around the folder */
    sink = keeper(&k);
    if (import_bfcl(path, &sink, &err)) fail_msg("%s", err.text);
    case_of(&k, "bfcl_irrelevance", 0);
    json_decref(k.cases);
    free(path);
    temp_tree_done(&tree);
}

/* ---- IFEval -------------------------------------------------------------- */

static void test_ifeval_becomes_a_suite_and_drops_as_the_original_does(
    void **state)
{
    (void)state;
    struct kept   k;
    struct err    err;
    const json_t *test;

    if (from_text(import_ifeval, "input.jsonl",
                  "{\"key\":1000,\"prompt\":\"Say {{now}}.\","
                  "\"instruction_id_list\":[\"length_constraints:number_words"
                  "\",\"punctuation:no_comma\"],\"kwargs\":[{\"relation\":"
                  "\"at least\",\"num_words\":3,\"capital\":null,\"x\":0,"
                  "\"y\":\"\",\"z\":[]},{}]}\n", NULL, &k, &err))
        fail_msg("%s", err.text);
    test = case_of(&k, "ifeval", 0);
    expect_json(test, "{\"id\":\"ifeval_1000\",\"category\":"
                "\"length_constraints\",\"system\":\"\",\"max_tokens\":1280,"
                "\"say\":\"Say {{now}}.\",\"checks\":[{\"scorer\":\"ifeval\","
                "\"instructions\":[{\"id\":\"length_constraints:number_words\""
                ",\"kwargs\":{\"relation\":\"at least\",\"num_words\":3}},"
                "{\"id\":\"punctuation:no_comma\",\"kwargs\":{}}]}]}");
    json_decref(k.cases);
}

/* Google's keys 1122 and 1129: a letter is made up at each scoring. */
static void test_ifeval_leaves_out_what_is_judged_by_chance(void **state)
{
    (void)state;
    struct kept k;
    struct err  err;

    if (from_text(import_ifeval, "input.jsonl",
                  "{\"key\":1122,\"prompt\":\"a\",\"instruction_id_list\":["
                  "\"keywords:letter_frequency\"],\"kwargs\":[{\"letter\":"
                  "\"#\",\"let_frequency\":4,\"let_relation\":\"at least\"}]}"
                  "\n{\"key\":2,\"prompt\":\"a\",\"instruction_id_list\":["
                  "\"punctuation:no_comma\"],\"kwargs\":[{}]}\n", NULL, &k,
                  &err))
        fail_msg("%s", err.text);
    assert_int_equal(json_array_size(json_object_get(k.cases, "ifeval")), 1);
    assert_int_equal(k.left_out, 1);
    assert_non_null(strstr(k.told, "key 1122"));
    json_decref(k.cases);
}

/* ---- what is wrong is named ---------------------------------------------- */

static void test_what_is_wrong_is_named_with_its_line(void **state)
{
#define IFEVAL_LINE "{\"key\":1,\"prompt\":\"a\",\"instruction_id_list\":["   \
                    "\"punctuation:no_comma\"],\"kwargs\":[{}]}\n"
    static const struct {
        importer   *import;
        const char *name, *text, *answers, *says;
    } wrong[] = {
        {import_bfcl, "BFCL_v4_multiple.json", IFEVAL_LINE, NULL,
         ":1: this is not BFCL but IFEval; `audition import ifeval`"},
        {import_ifeval, "x.jsonl", ENTRY("multiple_0", USER("a"), ""), NULL,
         ":1: this is not IFEval but BFCL; `audition import bfcl`"},
        {import_bfcl, "x.json", ANSWER("multiple_0"), NULL,
         "the answers of BFCL"},
        {import_bfcl, "x.json", "{\"id\":\"a\",\"question\":[],"
         "\"involved_classes\":[]}\n", NULL, "BFCL of several turns"},
        {import_ifeval, "x.json", "{\"id\":\"a\",\"say\":\"x\",\"checks\":[]}",
         NULL, "audition's own"},
        {import_ifeval, "x.json", "{\"a\":1}\n", NULL, "nor any other"},
        {import_ifeval, "x.json", "[1]\n", NULL, ":1: it is no JSON object"},
        {import_ifeval, "x.json", IFEVAL_LINE "\n{\"key\":\n", NULL, ":3: "},
        {import_ifeval, "x.json", "\xFF\xFE\n", NULL, ":1: "},
        {import_ifeval, "x.json", "\n \n", NULL, "holds no prompt"},
        {import_bfcl, "x.json", "", NULL, "holds no single-turn"},
        {import_bfcl, "x.json", ENTRY("multiple_0", USER("a"), ""), NULL,
         "possible_answer/x.json is missing"},
        {import_bfcl, "x.json", ENTRY("multiple_0", USER("a"), ""),
         ANSWER("multiple_1"), "has no answer of \"multiple_0\""},
        {import_bfcl, "x.json", ENTRY("multiple_0", USER("a"), ""),
         ANSWER("multiple_1") ANSWER("multiple_1"),
         "the answer of multiple_1 is there twice"},
        {import_bfcl, "x.json", ENTRY("memory_0", USER("a"), ""), NULL,
         "no single-turn category"},
        {import_bfcl, "x.json", ENTRY("irrelevance_0", USER("a"),
         "{\"name\":\"f\",\"parameters\":7}"), NULL, "are no schema"},
        {import_bfcl, "x.json", ENTRY("irrelevance_0", USER("a"),
         FUNCTION("f", "\"x\":7")), NULL, "argument x of function f"},
        {import_bfcl, "x.json", ENTRY("irrelevance_0", USER("a"), "{}"), NULL,
         "no \"name\""},
        {import_bfcl, "x.json", ENTRY("irrelevance_0", "", ""), NULL,
         "must be a text of the user"},
        {import_bfcl, "x.json", ENTRY("irrelevance_0", "{\"role\":\"tool\","
         "\"content\":\"x\"}", ""), NULL, "must be a text of the user"},
        {import_ifeval, "x.json", "{\"key\":1,\"prompt\":\"a\","
         "\"instruction_id_list\":[\"a:b\"],\"kwargs\":[]}", NULL,
         "same length"},
        {import_ifeval, "x.json", "{\"key\":1,\"prompt\":\"a\","
         "\"instruction_id_list\":[\"a:b\"],\"kwargs\":[{}]}", NULL,
         "no prompt can be judged; key 1"},
        {import_ifeval, "x.json", "{\"key\":[],\"prompt\":\"a\","
         "\"instruction_id_list\":[\"a:b\"],\"kwargs\":[{}]}", NULL,
         "\"key\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct kept k;
        struct err  err;

        if (from_text(wrong[i].import, wrong[i].name, wrong[i].text,
                      wrong[i].answers, &k, &err) == 0)
            fail_msg("taken: %s", wrong[i].text);
        if (err.kind != ERR_INPUT || !strstr(err.text, wrong[i].says))
            fail_msg("%s: \"%s\"", wrong[i].text, err.text);
        json_decref(k.cases);
    }
}

/* ---- the files ----------------------------------------------------------- */

static json_t *a_case(const char *id)
{
    return json_pack("{s:s, s:s, s:s, s:[{s:s}]}", "id", id, "say", "Hello?",
                     "system", "", "checks", "scorer", "speakable");
}

static int add(struct import_writer *w, const char *suite, const char *id,
               struct err *err)
{
    struct import_sink sink = import_writer_sink(w);
    json_t            *test = a_case(id);
    int                rc   = sink.add_case(sink.ctx, suite, test, err);

    json_decref(test);
    return rc;
}

static bool is_there(const struct temp_tree *tree, const char *name)
{
    char *path = temp_path(tree, name);
    bool  yes  = access(path, F_OK) == 0;

    free(path);
    return yes;
}

static void test_suites_are_kept_whole_and_found_by_their_name(void **state)
{
    (void)state;
    struct temp_tree     tree;
    struct import_writer w;
    struct suite         s;
    struct text_list     names = {0};
    struct err           err = {0};
    char                *out;

    assert_int_equal(temp_tree_init(&tree), 0);
    out = temp_path(&tree, "audition");
    setenv("XDG_DATA_HOME", tree.root, 1);
    if (import_writer_open(&w, out, false, &err) || add(&w, "bfcl_a", "1", &err)
        || add(&w, "ha_b", "1", &err) || add(&w, "bfcl_a", "2", &err))
        fail_msg("%s", err.text);
    assert_false(is_there(&tree, "audition/suites/bfcl_a.jsonl"));
    if (import_writer_keep(&w, &err)) fail_msg("%s", err.text);
    import_writer_done(&w);
    if (suite_load(&s, "bfcl_a", false, &err)) fail_msg("%s", err.text);
    assert_int_equal(s.n, 2);
    suite_done(&s);
    suite_imported(&names);
    assert_int_equal(names.n, 2);
    assert_string_equal(names.items[1], "ha_b");
    text_list_done(&names);
    free(out);
    temp_tree_done(&tree);
    unsetenv("XDG_DATA_HOME");
}

static void test_nothing_is_replaced_unless_it_is_forced(void **state)
{
    (void)state;
    struct temp_tree     tree;
    struct import_writer w;
    struct err           err = {0};
    char                *out;

    assert_int_equal(temp_tree_init(&tree), 0);
    temp_text(&tree, "suites/ha_a.jsonl", "mine");
    out = temp_path(&tree, "");
    if (import_writer_open(&w, out, false, &err)) fail_msg("%s", err.text);
    assert_int_equal(add(&w, "ha_a", "1", &err), -1);
    assert_int_equal(err.kind, ERR_INPUT);
    assert_non_null(strstr(err.text, "--force"));
    import_writer_done(&w);
    err = (struct err){0};
    if (import_writer_open(&w, out, true, &err) || add(&w, "ha_a", "1", &err) ||
        import_writer_keep(&w, &err))
        fail_msg("%s", err.text);
    import_writer_done(&w);
    /* Somebody else is quicker with the second of two. */
    if (import_writer_open(&w, out, false, &err) || add(&w, "a", "1", &err) ||
        add(&w, "b", "1", &err))
        fail_msg("%s", err.text);
    temp_text(&tree, "suites/b.jsonl", "mine");
    assert_int_equal(import_writer_keep(&w, &err), -1);
    import_writer_done(&w);
    assert_true(is_there(&tree, "suites/b.jsonl"));
    assert_false(is_there(&tree, "suites/a.jsonl"));
    free(out);
    temp_tree_done(&tree);
}

static void test_a_failed_import_leaves_nothing(void **state)
{
    (void)state;
    struct temp_tree     tree;
    struct import_writer w;
    struct import_sink   sink;
    struct err           err = {0};
    json_t              *broken = json_pack("{s:s}", "id", "x");
    char                *out;

    assert_int_equal(temp_tree_init(&tree), 0);
    out = temp_path(&tree, "out");
    if (import_writer_open(&w, out, false, &err) || add(&w, "ha_a", "1", &err))
        fail_msg("%s", err.text);
    assert_int_equal(add(&w, "ha_a", "1", &err), -1);
    assert_non_null(strstr(err.text, "id \"1\" is there twice"));
    err = (struct err){0};
    sink = import_writer_sink(&w);
    assert_int_equal(sink.add_case(sink.ctx, "ha_a", broken, &err), -1);
    assert_non_null(strstr(err.text, "case x"));
    err = (struct err){0};
    assert_int_equal(add(&w, "../a", "1", &err), -1);
    assert_non_null(strstr(err.text, "no name of a suite"));
    import_writer_done(&w);
    assert_int_equal(access(out, F_OK), -1);
    free(out);
    json_decref(broken);
    temp_tree_done(&tree);
}

static void test_ids_of_a_large_suite_are_told_apart(void **state)
{
    (void)state;
    struct temp_tree     tree;
    struct import_writer w;
    struct err           err = {0};
    char                *out, id[20];

    assert_int_equal(temp_tree_init(&tree), 0);
    out = temp_path(&tree, "out");
    if (import_writer_open(&w, out, false, &err)) fail_msg("%s", err.text);
    for (int i = 0; i < 5000; i++) {
        snprintf(id, sizeof id, "c%d", i);
        if (add(&w, "ha_a", id, &err)) fail_msg("%s", err.text);
    }
    for (int i = 0; i < 5000; i += 499) {
        snprintf(id, sizeof id, "c%d", i);
        assert_int_equal(add(&w, "ha_a", id, &err), -1);
    }
    assert_int_equal(w.suites[0].cases, 5000);
    import_writer_done(&w);
    free(out);
    temp_tree_done(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bfcl_becomes_a_suite_of_its_category),
        cmocka_unit_test(test_bfcl_keeps_what_was_said_before),
        cmocka_unit_test(test_bfcl_answers_are_found_by_their_id),
        cmocka_unit_test(test_bfcl_types_become_those_of_json_schema),
        cmocka_unit_test(test_bfcl_takes_a_function_without_parameters),
        cmocka_unit_test(test_bfcl_leaves_out_what_is_not_of_one_turn),
        cmocka_unit_test(
            test_ifeval_becomes_a_suite_and_drops_as_the_original_does),
        cmocka_unit_test(test_ifeval_leaves_out_what_is_judged_by_chance),
        cmocka_unit_test(test_what_is_wrong_is_named_with_its_line),
        cmocka_unit_test(test_suites_are_kept_whole_and_found_by_their_name),
        cmocka_unit_test(test_nothing_is_replaced_unless_it_is_forced),
        cmocka_unit_test(test_a_failed_import_leaves_nothing),
        cmocka_unit_test(test_ids_of_a_large_suite_are_told_apart),
    };
    return cmocka_run_group_tests_name("import", tests, NULL, NULL);
}
