/* SPDX-License-Identifier: MIT */
/* test_bfcl.c - tool calls judged as the leaderboard does it, quirks and all,
 * and by the saner rule, which is never stricter. JSON is written with ' for
 * ". The expected verdicts were given by the original. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "original/bfcl.h"
#include "original/selfcheck.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

static const struct py *json(struct py_pool *pool, const char *quoted)
{
    char            *text = mem_copy(quoted);
    const struct py *v;

    for (char *c = text; *c; c++)
        if (*c == '\'') *c = '"';
    v = py_parse(pool, text, strlen(text));
    if (!v) fail_msg("no JSON: %s", text);
    free(text);
    return v;
}

struct row {
    const char *situation, *truth, *calls;
    const char *error;       /* of the original; NULL: valid                 */
    bool        saner;       /* the saner rule accepts it all the same       */
};

/* Every row's calls, by one set of functions and in one category. */
static void check(const char *category, const char *functions,
                  const struct row *rows, size_t n)
{
    struct py_pool *pool = py_pool_new();

    for (size_t i = 0; i < n; i++) {
        const struct row *row = &rows[i];
        struct py_pool   *own = py_pool_new();
        struct bfcl_verdict got, sane;
        char text[64];
        snprintf(text, sizeof text, "'%s'", category);
        struct bfcl_case c = {.category  = json(own, text),
                              .functions = json(own, functions),
                              .truth     = json(own, row->truth),
                              .calls     = json(own, row->calls)};

        bfcl_judge(pool, &c, BFCL_ORIGINAL, &got);
        bfcl_judge(pool, &c, BFCL_SANER, &sane);
        if (!got.error != !row->error ||
            (row->error && strcmp(got.error, row->error) != 0))
            fail_msg("%s: %s (%s), not %s", row->situation,
                     got.error ? got.error : "valid", got.reason,
                     row->error ? row->error : "valid");
        if (sane.valid != (row->saner || !row->error))
            fail_msg("%s, sanely: %s", row->situation, sane.reason);
        assert_true(got.valid == !got.error);
        assert_true(got.valid == !got.reason[0]);
        py_pool_clear(pool);
        py_pool_free(own);
    }
    py_pool_free(pool);
}

#define TOOL(name, properties, required)                                     \
    "{'type':'function','function':{'name':'" name "','parameters':{"        \
    "'type':'object','properties':{" properties "},'required':[" required    \
    "]}}}"
#define CALL(arguments) "[{'name':'lamp_set','arguments':" arguments "}]"
#define WANT(arguments) "[{'lamp.set':{" arguments "}}]"

static const char lamp[] = "[" TOOL("lamp_set",
    "'room':{'type':'string','default':'hall'},"
    "'level':{'type':'integer','default':50},"
    "'warm':{'type':'number'},"
    "'on':{'type':'boolean'},"
    "'steps':{'type':'array','items':{'type':'integer'}},"
    "'names':{'type':'array','items':{'type':'string'}},"
    "'where':{'type':'object'},"
    "'plan':{'type':'array','items':{'type':'object'}}",
    "'room'") "]";

static void test_a_name_needs_its_underscores_unless_sanely(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"as it is", WANT("'room':['hall']"), CALL("{'room':'hall'}"), NULL,
         false},
        {"with its dot", WANT("'room':['hall']"),
         "[{'name':'lamp.set','arguments':{'room':'hall'}}]",
         "simple_function_checker:wrong_func_name", true},
        {"in capitals", WANT("'room':['hall']"),
         "[{'name':'LAMP_SET','arguments':{'room':'hall'}}]",
         "simple_function_checker:wrong_func_name", false},
        {"null", WANT("'room':['hall']"),
         "[{'name':null,'arguments':{'room':'hall'}}]",
         "simple_function_checker:wrong_func_name", false},
    };

    check("simple_python", lamp, rows, COUNT(rows));
}

static void test_arguments_are_decoded_as_python_would(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"text", WANT("'room':['hall']"),
         CALL("'{\\u0022room\\u0022:\\u0022hall\\u0022}'"), NULL, false},
        {"last of two keys", WANT("'room':['hall']"),
         CALL("'{\\u0022room\\u0022:1,\\u0022room\\u0022:\\u0022hall"
              "\\u0022}'"), NULL, false},
        {"cut", WANT("'room':['hall']"), CALL("'{\\u0022room\\u0022'"),
         "ast_decoder:decoder_failed", false},
        {"a list", WANT("'room':['hall']"), CALL("'[]'"),
         "ast_decoder:decoder_wrong_output_format", false},
        {"null", WANT("'room':['hall']"), CALL("null"),
         "ast_decoder:decoder_wrong_output_format", false},
        {"a broken one behind a list", WANT("'room':['hall']"),
         "[{'name':'a','arguments':'[]'},{'name':'a','arguments':'{'}]",
         "ast_decoder:decoder_failed", false},
        {"no call", WANT("'room':['hall']"), "[]",
         "simple_function_checker:wrong_count", false},
        {"no tool_calls", WANT("'room':['hall']"), "null",
         "ast_decoder:decoder_failed", false},
    };

    check("live_simple", lamp, rows, COUNT(rows));
}

static void test_types_are_exact_but_an_integer_is_a_number(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"integer for number", WANT("'room':['a'],'warm':[3.0]"),
         CALL("{'room':'a','warm':3}"), NULL, false},
        {"too large for one", WANT("'room':['a'],'warm':[3.0]"),
         CALL("{'room':'a','warm':1000000000000000000000000000000000000000000"
              "00000000000000000000000000000000000000000000000000000000000000"
              "00000000000000000000000000000000000000000000000000000000000000"
              "00000000000000000000000000000000000000000000000000000000000000"
              "00000000000000000000000000000000000000000000000000000000000000"
              "00000000000000000000000000000000000000000000000000000000000000"
              "}"), "value_error:others", false},
        {"number for integer", WANT("'room':['a'],'level':[3]"),
         CALL("{'room':'a','level':3.0}"), "type_error:simple", true},
        {"half", WANT("'room':['a'],'level':[3]"),
         CALL("{'room':'a','level':3.5}"), "type_error:simple", false},
        {"true for integer", WANT("'room':['a'],'level':[1]"),
         CALL("{'room':'a','level':true}"), "type_error:simple", false},
        {"1 for true", WANT("'room':['a'],'on':[true]"),
         CALL("{'room':'a','on':1}"), "type_error:simple", false},
        {"beyond 64 bits", WANT("'room':['a'],'level':[9223372036854775808]"),
         CALL("{'room':'a','level':9223372036854775808}"), NULL, false},
        {"one less", WANT("'room':['a'],'level':[9223372036854775808]"),
         CALL("{'room':'a','level':9223372036854775807}"),
         "value_error:others", false},
        {"a variable", WANT("'room':['a'],'level':['top']"),
         CALL("{'room':'a','level':'top'}"), NULL, false},
        {"a variable is literal", WANT("'room':['a'],'level':['top']"),
         CALL("{'room':'a','level':'Top'}"), "value_error:others", false},
        {"an item that is a number", WANT("'room':['a'],'steps':[[1,2]]"),
         CALL("{'room':'a','steps':[1.0,2]}"), "type_error:nested", true},
        {"the same where it may be left out",
         WANT("'room':['a'],'steps':['',[1,2]]"),
         CALL("{'room':'a','steps':[1.0,true]}"), "value_error:list/tuple",
         false},
        {"true is 1 there", WANT("'room':['a'],'steps':['',[1,2]]"),
         CALL("{'room':'a','steps':[true,2.0]}"), NULL, false},
    };

    check("simple_python", lamp, rows, COUNT(rows));
}

static void test_texts_are_compared_by_what_counts_in_them(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"case and signs", WANT("'room':['Living-Room, 1']"),
         CALL("{'room':'LIVING ROOM*1'}"), NULL, false},
        {"a tab counts", WANT("'room':['a b']"), CALL("{'room':'a\\tb'}"),
         "value_error:string", false},
        {"quotes are one", WANT("'room':['it\\u0027s']"),
         CALL("{'room':'IT\\u0022S'}"), NULL, false},
        {"dotted capital I", WANT("'room':['i\\u0307x']"),
         CALL("{'room':'\\u0130X'}"), NULL, false},
        {"a final sigma after what is taken out", WANT("'room':['a\\u03c2']"),
         CALL("{'room':'A\\u03a3.'}"), NULL, false},
        {"Kelvin", WANT("'room':['K1']"), CALL("{'room':'\\u212a1'}"), NULL,
         false},
        {"half a pair", WANT("'room':['a']"), CALL("{'room':'\\ud800'}"),
         "value_error:string", false},
        {"blank for one that may be left out", WANT("'room':['a','']"),
         CALL("{'room':' -'}"), NULL, false},
        {"items of a list", WANT("'room':['a'],'names':[['X Y','z']]"),
         CALL("{'room':'a','names':['xy','Z']}"), NULL, false},
        {"their order", WANT("'room':['a'],'names':[['x','y']]"),
         CALL("{'room':'a','names':['y','x']}"), "value_error:list/tuple",
         false},
        {"a text in the place of a list", WANT("'room':['a'],'names':["
         "['q'],'x\\u00e9']"),
         CALL("{'room':'a','names':['x','\\u00c9']}"), NULL, false},
        {"nothing for what may be left out", WANT("'room':['a'],'names':["
         "'',['q']]"), CALL("{'room':'a','names':[]}"), NULL, false},
    };

    check("live_simple", lamp, rows, COUNT(rows));
}

static void test_objects_go_key_by_key(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"another order", WANT("'room':['a'],'where':[{'x':[1],'y':['B']}]"),
         CALL("{'room':'a','where':{'y':'b.','x':1}}"), NULL, false},
        {"2.0 is 2 inside", WANT("'room':['a'],'where':[{'x':[2]}]"),
         CALL("{'room':'a','where':{'x':2.0}}"), NULL, false},
        {"a wrong value", WANT("'room':['a'],'where':[{'x':[1]}]"),
         CALL("{'room':'a','where':{'x':2}}"), "value_error:dict_value",
         false},
        {"a missing key is told first", WANT("'room':['a'],'where':[{'x':[1],"
         "'y':[1]}]"), CALL("{'room':'a','where':{'x':2}}"),
         "value_error:dict_key", false},
        {"an unknown key", WANT("'room':['a'],'where':[{'x':['']}]"),
         CALL("{'room':'a','where':{'z':2}}"), "value_error:dict_key", false},
        {"only left out is acceptable", WANT("'room':['a'],'where':['']"),
         CALL("{'room':'a','where':{}}"), "dict_checker:unclear", false},
        {"a list of them", WANT("'room':['a'],'plan':[[{'x':[1]},{'x':[2]}]]"),
         CALL("{'room':'a','plan':[{'x':1},{'x':2}]}"), NULL, false},
        {"too few", WANT("'room':['a'],'plan':[[{'x':[1]},{'x':[2]}]]"),
         CALL("{'room':'a','plan':[{'x':1}]}"), "value_error:list_dict_count",
         false},
        {"none for what may be left out", WANT("'room':['a'],'plan':['']"),
         CALL("{'room':'a','plan':[]}"), NULL, false},
        {"a number among them, at which the original stops",
         WANT("'room':['a'],'plan':['',[{'x':[1]}]]"),
         CALL("{'room':'a','plan':[7]}"), "type_error:nested", false},
    };

    check("multiple", lamp, rows, COUNT(rows));
}

static void test_what_is_given_is_expected_and_the_rest_optional(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"required and missing", WANT("'room':['a','']"), CALL("{}"),
         "simple_function_checker:missing_required", false},
        {"missing", WANT("'room':['a'],'level':[1]"), CALL("{'room':'a'}"),
         "simple_function_checker:missing_optional", false},
        {"left out", WANT("'room':['a'],'level':[1,'']"),
         CALL("{'room':'a'}"), NULL, false},
        {"not in the schema", WANT("'room':['a']"),
         CALL("{'room':'a','colour':null}"),
         "simple_function_checker:unexpected_param", false},
        {"the default, not in the ground truth", WANT("'room':['a']"),
         CALL("{'room':'a','level':50}"),
         "simple_function_checker:unexpected_param", true},
        {"another value", WANT("'room':['a']"),
         CALL("{'room':'a','level':51}"),
         "simple_function_checker:unexpected_param", false},
        {"the default of what may be left out",
         WANT("'room':['a'],'level':[1,'']"), CALL("{'room':'a','level':50}"),
         "value_error:others", true},
        {"the default of what may not", WANT("'room':['a'],'level':[1]"),
         CALL("{'room':'a','level':50}"), "value_error:others", false},
        {"null", WANT("'room':['a']"), CALL("{'room':'a','on':null}"),
         "simple_function_checker:unexpected_param", true},
        {"null for what is required", WANT("'room':['a','']"),
         CALL("{'room':null}"), "type_error:simple", false},
        {"the first fault in the order given counts",
         WANT("'room':['a'],'level':[1]"), CALL("{'level':'x','room':'b'}"),
         "type_error:simple", false},
    };

    check("simple_python", lamp, rows, COUNT(rows));
}

static void test_parallel_calls_are_matched_greedily_unless_sanely(
    void **state)
{
    (void)state;
    static const char tools[] = "[" TOOL("f", "'x':{'type':'integer'}", "")
                                "," TOOL("g", "'x':{'type':'integer'}", "")
                                "]";
#define F(x) "{'name':'f','arguments':{'x':" x "}}"
    static const struct row rows[] = {
        {"another order", "[{'f':{'x':[1]}},{'f':{'x':[2]}}]",
         "[" F("2") "," F("1") "]", NULL, false},
        {"the first took what only the second could",
         "[{'f':{'x':[1,2]}},{'f':{'x':[1]}}]", "[" F("1") "," F("2") "]",
         "parallel_function_checker_no_order:cannot_find_match", true},
        {"a chain of three", "[{'f':{'x':[1,2]}},{'f':{'x':[1,3]}},"
         "{'f':{'x':[1]}}]", "[" F("1") "," F("3") "," F("2") "]",
         "parallel_function_checker_no_order:cannot_find_match", true},
        {"one call twice", "[{'f':{'x':[1]}},{'f':{'x':[2]}}]",
         "[" F("1") "," F("1") "]",
         "parallel_function_checker_no_order:cannot_find_match", false},
        {"too few", "[{'f':{'x':[1]}},{'g':{'x':[2]}}]", "[" F("1") "]",
         "parallel_function_checker_no_order:wrong_count", false},
        {"none of none", "[]", "[]", NULL, false},
    };

    check("live_parallel_multiple", tools, rows, COUNT(rows));
}

static void test_relevance_asks_only_whether_something_is_called(void **state)
{
    (void)state;
    static const struct row none[] = {
        {"no call", "null", "[]", NULL, false},
        {"no tool_calls", "null", "null", NULL, false},
        {"a broken call", "null", "[{'name':'x','arguments':'{'}]", NULL,
         false},
        {"no object", "null", "[{'name':'x','arguments':'5'}]", NULL, false},
        {"a call", "null", "[{'name':'x','arguments':{}}]",
         "irrelevance_error:decoder_success", false},
    };
    static const struct row some[] = {
        {"no call", "null", "[]", "relevance_error:decoder_failed", false},
        {"a broken call", "null", "[{'name':'x','arguments':'{'}]",
         "relevance_error:decoder_failed", false},
        {"a call", "null", "[{'name':'x','arguments':{}}]", NULL, false},
    };

    check("live_irrelevance", "[]", none, COUNT(none));
    check("live_relevance", "[]", some, COUNT(some));
}

static void test_an_unsound_case_is_told_and_never_a_crash(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"no ground truth", "null", CALL("{'room':'a'}"), "case:unsound",
         false},
        {"an empty one", "[]", CALL("{'room':'a'}"), "case:unsound", false},
        {"a number", "[5]", CALL("{'room':'a'}"), "case:unsound", false},
        {"no arguments", "[{'lamp.set':3}]", CALL("{'room':'a'}"),
         "case:unsound", false},
        {"no list of values", WANT("'room':3"), CALL("{'room':'a'}"),
         "case:unsound", false},
        {"a number for an object", WANT("'room':['a'],'where':[{},3]"),
         CALL("{'room':'a','where':{'x':1}}"), "case:unsound", false},
    };
    static const struct row bare[] = {
        {"a function without parameters", "[{'f':{}}]",
         "[{'name':'f','arguments':{}}]", NULL, false},
        {"which gets an argument", "[{'f':{'x':[1]}}]",
         "[{'name':'f','arguments':{'x':1}}]",
         "simple_function_checker:unexpected_param", false},
    };

    check("simple_python", lamp, rows, COUNT(rows));
    check("simple_python", "[{'name':'f'}]", bare, COUNT(bare));
    check("simple_python", "[5]", bare, 0);
}

static void test_a_reason_names_the_argument_and_its_value(void **state)
{
    (void)state;
    static const struct {
        const char *truth, *calls, *reason;
    } rows[] = {
        {WANT("'room':['a'],'level':[5]"), CALL("{'room':'a','level':5.5}"),
         "argument level: 5.5 is not an integer"},
        {WANT("'room':['a','b']"), CALL("{'room':'c'}"),
         "argument room: \"c\" is not one of [\"a\", \"b\"]"},
        {WANT("'room':['a'],'where':[{'x':[1]}]"),
         CALL("{'room':'a','where':{'x':2}}"),
         "argument where, key x: 2 is not one of [1]"},
        {WANT("'room':['a']"), CALL("{}"),
         "argument room: is required and missing"},
        {WANT("'room':['a']"), "[{'name':'go','arguments':{}}]",
         "function go is called, not lamp_set"},
        {WANT("'room':['a']"), "[]", "0 calls came, not 1"},
    };
    struct py_pool *pool = py_pool_new();

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bfcl_verdict got;
        struct bfcl_case c = {.category  = json(pool, "'simple_python'"),
                              .functions = json(pool, lamp),
                              .truth     = json(pool, rows[i].truth),
                              .calls     = json(pool, rows[i].calls)};
        bfcl_judge(pool, &c, BFCL_ORIGINAL, &got);
        assert_string_equal(got.reason, rows[i].reason);
    }
    py_pool_free(pool);
}

/* ---- values written in Java and JavaScript ------------------------------- */

#define HINT(language, type)                                                 \
    "'description':'It. This is " language " " type                          \
    " type parameter in string representation.'"
#define ITEMS(language, type, item)                                          \
    "'description':'It. This is " language " " type                          \
    " type parameter in string representation. The list elements are of "    \
    "type " item "; they are not in string representation.'"
#define G(arguments) "[{'name':'g','arguments':" arguments "}]"

static void test_java_is_read_from_texts(void **state)
{
    (void)state;
    static const char tools[] = "[" TOOL("g",
        "'i':{'type':'string'," HINT("Java", "integer") "},"
        "'l':{'type':'string'," HINT("Java", "long") "},"
        "'f':{'type':'string'," HINT("Java", "float") "},"
        "'a':{'type':'string'," ITEMS("Java", "ArrayList", "integer") "},"
        "'s':{'type':'string'," ITEMS("Java", "Array", "String") "},"
        "'m':{'type':'string'," HINT("Java", "HashMap") "},"
        "'o':{'type':'string','description':'This parameter can be of any "
        "type of Java object in string representation.'}", "") "]";
    static const struct row rows[] = {
        {"integer", "[{'g':{'i':[7]}}]", G("{'i':'007'}"), NULL, false},
        {"not a text", "[{'g':{'i':[7]}}]", G("{'i':7}"), "type_error:java",
         false},
        {"a long needs its L", "[{'g':{'l':[7]}}]", G("{'l':'7'}"),
         "type_error:simple", false},
        {"long", "[{'g':{'l':[7]}}]", G("{'l':'7L'}"), NULL, false},
        {"float", "[{'g':{'f':[250.0]}}]", G("{'f':'2.5e2F'}"), NULL, false},
        {"a list", "[{'g':{'a':[[1,2]]}}]",
         G("{'a':'new ArrayList<Integer>(Arrays.asList(1, 2))'}"), NULL,
         false},
        {"a list by adding", "[{'g':{'a':[[1,2]]}}]",
         G("{'a':'new ArrayList<>() {{ add(1); add(2); }}'}"), NULL, false},
        {"another order", "[{'g':{'a':[[1,2]]}}]",
         G("{'a':'new ArrayList<>(Arrays.asList(2,1))'}"),
         "value_error:list/tuple", false},
        {"the name of a variable", "[{'g':{'a':['all']}}]", G("{'a':'all'}"),
         NULL, false},
        {"an array keeps its quotes", "[{'g':{'s':[['\\u0022x\\u0022']]}}]",
         G("{'s':'new String[]{\\u0022x\\u0022}'}"), NULL, false},
        {"a map", "[{'g':{'m':[{'k':[1]}]}}]",
         G("{'m':'new HashMap<String, Object>() {{ put(\\u0022k\\u0022, 1);"
           " }}'}"), NULL, false},
        {"a map with another value", "[{'g':{'m':[{'k':[1]}]}}]",
         G("{'m':'new HashMap<>() {{ put(\\u0022k\\u0022, true2); }}'}"),
         "value_error:dict_value", false},
        {"anything", "[{'g':{'o':['new Foo()']}}]", G("{'o':'new foo()'}"),
         NULL, false},
    };

    check("simple_java", tools, rows, COUNT(rows));
}

static void test_javascript_is_read_from_texts(void **state)
{
    (void)state;
    static const char tools[] = "[" TOOL("g",
        "'b':{'type':'string'," HINT("JavaScript", "Bigint") "},"
        "'t':{'type':'string'," HINT("JavaScript", "String") "},"
        "'a':{'type':'string'," ITEMS("JavaScript", "array", "integer") "},"
        "'r':{'type':'string'," ITEMS("JavaScript", "array", "array") "},"
        "'d':{'type':'string'," HINT("JavaScript", "dict") "}", "") "]";
    static const struct row rows[] = {
        {"big integer", "[{'g':{'b':[12345678901234567890]}}]",
         G("{'b':'12345678901234567890n'}"), NULL, false},
        {"not a text", "[{'g':{'b':[1]}}]", G("{'b':1}"), "type_error:js",
         false},
        {"quotes go", "[{'g':{'t':['x']}}]", G("{'t':'\\u0022X\\u0022'}"),
         NULL, false},
        {"a list", "[{'g':{'a':[[1,2]]}}]", G("{'a':'[1, 2]'}"), NULL, false},
        {"made by a constructor", "[{'g':{'a':[[1,2]]}}]",
         G("{'a':'new Array(1,2)'}"), NULL, false},
        {"lists in a list", "[{'g':{'r':[[[1,2],[3]]]}}]",
         G("{'r':'[[1,2],[3]]'}"), NULL, false},
        {"an object", "[{'g':{'d':[{'k':[[1,true]],'l':['v']}]}}]",
         G("{'d':'{k: [1, true], l: \\u0022V\\u0022}'}"), NULL, false},
        {"a simple one", "[{'g':{'d':[{'k':[5],'l':['v']}]}}]",
         G("{'d':'{k: 5, l: \\u0022V\\u0022}'}"), NULL, false},
        {"not one", "[{'g':{'d':[{'k':[5]}]}}]", G("{'d':'k: 5'}"),
         "type_error:simple", false},
    };

    check("simple_javascript", tools, rows, COUNT(rows));
}

/* ---- the recorded format ------------------------------------------------- */

static int check_line(const char *quoted, struct agreement *a,
                      struct err *err)
{
    struct py_pool       *pool = py_pool_new();
    struct selfcheck_case c    = {.object = json(pool, quoted), .pool = pool};
    void                 *own  = selfcheck_bfcl.begin(NULL, err);
    int                   failed = selfcheck_bfcl.line(own, &c, a, err);

    selfcheck_bfcl.end(own);
    py_pool_free(pool);
    return failed;
}

static void test_a_line_is_judged_again_and_differences_are_told(void **state)
{
    (void)state;
    struct agreement a   = {0};
    struct err       err = {0};

#define LINE(verdict)                                                        \
    "{'id':'mine','case':3,'category':'irrelevance','kind':'k','functions':" \
    "[],'possible_answer':null,'calls':[],'content':null," verdict "}"
    assert_int_equal(
        check_line(LINE("'valid':true,'error_type':null"), &a, &err), 0);
    assert_int_equal(a.all.agree, 1);
    assert_int_equal(
        check_line(LINE("'valid':false,'error_type':'x:y'"), &a, &err), 0);
    assert_int_equal(a.all.agree, 1);
    assert_int_equal(a.differ.n, 1);
    assert_non_null(strstr(a.differ.items[0], "x:y"));
    assert_non_null(strstr(a.differ.items[0], "mine"));
    agreement_done(&a);
}

static void test_a_line_without_a_needed_field_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *line, *field;
    } rows[] = {
        {"{}", "category"},
        {"{'category':'simple','functions':5}", "functions"},
        {"{'category':'simple','functions':[]}", "possible_answer"},
        {"{'category':'simple','functions':[],'possible_answer':null}",
         "calls"},
        {"{'category':'simple','functions':[],'possible_answer':null,"
         "'calls':[{'name':'x'}]}", "calls"},
        {"{'category':'simple','functions':[],'possible_answer':null,"
         "'calls':null,'content':5}", "content"},
        {"{'category':'simple','functions':[],'possible_answer':null,"
         "'calls':[],'valid':1}", "valid"},
        {"{'category':'simple','functions':[],'possible_answer':null,"
         "'calls':[],'valid':false}", "error_type"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct agreement a   = {0};
        struct err       err = {0};
        assert_int_equal(check_line(rows[i].line, &a, &err), -1);
        assert_int_equal(err.kind, ERR_INPUT);
        if (!strstr(err.text, rows[i].field))
            fail_msg("'%s' does not name %s", err.text, rows[i].field);
        assert_int_equal(a.all.cases, 0);
        agreement_done(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_name_needs_its_underscores_unless_sanely),
        cmocka_unit_test(test_arguments_are_decoded_as_python_would),
        cmocka_unit_test(test_types_are_exact_but_an_integer_is_a_number),
        cmocka_unit_test(test_texts_are_compared_by_what_counts_in_them),
        cmocka_unit_test(test_objects_go_key_by_key),
        cmocka_unit_test(
            test_what_is_given_is_expected_and_the_rest_optional),
        cmocka_unit_test(
            test_parallel_calls_are_matched_greedily_unless_sanely),
        cmocka_unit_test(test_relevance_asks_only_whether_something_is_called),
        cmocka_unit_test(test_an_unsound_case_is_told_and_never_a_crash),
        cmocka_unit_test(test_java_is_read_from_texts),
        cmocka_unit_test(test_javascript_is_read_from_texts),
        cmocka_unit_test(test_a_reason_names_the_argument_and_its_value),
        cmocka_unit_test(test_a_line_is_judged_again_and_differences_are_told),
        cmocka_unit_test(test_a_line_without_a_needed_field_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
