/* SPDX-License-Identifier: MIT */
/* original_cases.h - `audition selfcheck` on files that are not what they
 * should be: told by line and field, never counted as agreement. */
#ifndef TESTS_E2E_ORIGINAL_CASES_H
#define TESTS_E2E_ORIGINAL_CASES_H

#include <zlib.h>

#include "suite_cases.h"     /* whole_at */

/* A BFCL case about a lamp; its verdict follows. */
#define TOOL_CASE(number) "{\"id\":\"lamp\",\"case\":" number ","             \
    "\"category\":\"simple_python\",\"functions\":[{\"type\":\"function\","   \
    "\"function\":{\"name\":\"lamp\",\"parameters\":{\"type\":\"object\","    \
    "\"properties\":{\"on\":{\"type\":\"boolean\"}},\"required\":[\"on\"]}}}" \
    "],\"possible_answer\":[{\"lamp\":{\"on\":[true]}}],\"calls\":["         \
    "{\"name\":\"lamp\",\"arguments\":{\"on\":true}}],\"content\":null,"
#define TOOL_RIGHT(number) TOOL_CASE(number)                                  \
    "\"valid\":true,\"error_type\":null}\n"
#define TOOL_WRONG(number) TOOL_CASE(number)                                  \
    "\"valid\":false,\"error_type\":\"\\u001b[31mred\"}\n"
#define RULE_CASE "{\"instance\":\"comma\",\"case\":0,\"instruction_id\":"    \
    "\"punctuation:no_comma\",\"kwargs\":{},\"prompt\":\"No commas.\","       \
    "\"response\":\"None here.\",\"follows\":true,\"follows_loose\":true}\n"
#define HOME_CASE "{\"id\":\"run\",\"dataset\":\"assist\",\"category\":"       \
    "\"light\",\"home\":\"none\",\"steps\":[],\"response\":\"Done.\","         \
    "\"runs\":{\"m\":1},\"passed\":true}\n"

/* The text as gzip, without its last `cut` bytes. */
static inline void workplace_packed(const struct workplace *w,
                                    const char *name, const char *text,
                                    size_t cut)
{
    z_stream       z = {0};
    size_t         len = strlen(text), room = len + 1000;
    unsigned char *packed = mem_new(room, 1);

    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8,
                                  Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (unsigned char *)(uintptr_t)text;
    z.avail_in = (unsigned)len;
    z.next_out = packed;
    z.avail_out = (unsigned)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    workplace_write(w, name, (const char *)packed, z.total_out - cut);
    deflateEnd(&z);
    free(packed);
}

static inline void workplace_append(const struct workplace *w,
                                    const char *name, const char *text)
{
    char *path = workplace_path(w, name);
    FILE *f = fopen(path, "ab");

    if (!f || fputs(text, f) < 0 || fclose(f)) fail_msg("%s", path);
    free(path);
}

static void test_recorded_verdicts_are_given_again(void **state)
{
    struct workplace w;
    struct outcome   o;
    json_t          *document, *by;

    (void)state;
    workplace_begin(&w, NULL);
    workplace_text(&w, "tools.jsonl",
                   TOOL_RIGHT("0") "\n" TOOL_RIGHT("1") TOOL_WRONG("2"));
    workplace_packed(&w, "tools.gz", TOOL_RIGHT("0") TOOL_RIGHT("1"), 0);
    workplace_text(&w, "rules.jsonl", RULE_CASE);
    program_run(&w, "selfcheck bfcl tools.jsonl --json", &o);
    expect(&o, 0, NULL, NULL);
    document = document_of(&o);
    assert_int_equal(whole_at(document, "cases"), 3);
    assert_int_equal(whole_at(document, "agree"), 2);
    assert_int_equal(whole_at(document, "differ"), 1);
    assert_int_equal(whole_at(document, "duplicates"), 0);
    assert_string_equal(text_at(document, "format"), "bfcl");
    by = json_object_get(document, "by");
    assert_int_equal(json_object_size(by), 2);
    assert_int_equal(whole_at(json_object_get(by, "simple_python"), "cases"),
                     3);
    assert_int_equal(whole_at(json_object_get(by, "\x1b[31mred"), "cases"), 1);
    assert_int_equal(whole_at(json_object_get(by, "\x1b[31mred"), "agree"), 0);
    assert_int_equal(json_array_size(json_object_get(document,
                                                     "disagreements")), 1);
    json_decref(document);
    outcome_done(&o);
    assert_int_equal(run_differs(&w, "selfcheck bfcl tools.jsonl", 0,
                                 "66.66 %", NULL), 0);
    assert_int_equal(run_differs(&w, "selfcheck bfcl tools.jsonl", 0,
                                 "?[31mred", NULL), 0);
    assert_int_equal(run_differs(&w, "selfcheck bfcl tools.jsonl", 0,
                                 "1  verdict: ?[31mred, ours: valid\n"
                                 "        \"lamp\" case 2", NULL), 0);
    assert_int_equal(run_differs(&w, "selfcheck bfcl tools.gz", 0, "100 %",
                                 NULL), 0);
    assert_int_equal(run_differs(&w, "selfcheck ifeval rules.jsonl", 0,
                                 "punctuation:no_comma", NULL), 0);
    workplace_end(&w);
}

static void test_less_agreement_than_asked_for_is_a_failed_gate(void **state)
{
    static const struct { const char *least; int code; } wanted[] = {
        {"0", 0}, {"0.5", 0}, {"50%", 0}, {"0.51", 100}, {"50.1%", 100},
        {"1", 100}, {"100%", 100}, {"1%", 0}};
    static const char *const refused[] = {
        "1.5", "-1", "101%", "half", "", "%", "nan", "inf", "1e400", "0x1",
        "50%%"};
    struct workplace w;
    int              bad = 0;

    (void)state;
    workplace_begin(&w, NULL);
    bad += run_differs(&w, "--help", 0, "(selfcheck --min-agreement)", NULL);
    bad += run_differs(&w, "selfcheck --help", 0, "status 100", NULL);
    workplace_text(&w, "tools.jsonl", TOOL_RIGHT("0") TOOL_WRONG("1"));
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        char *line = mem_printf("selfcheck bfcl tools.jsonl --json "
                                "--min-agreement=%s", wanted[i].least);

        bad += run_differs(&w, line, wanted[i].code, "\"agree\":1",
                           wanted[i].code ? "1 of 2 verdicts agree" : NULL);
        free(line);
    }
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        char *line = mem_printf("selfcheck bfcl tools.jsonl "
                                "--min-agreement=%s", refused[i]);

        bad += run_differs(&w, line, 2, NULL, "--min-agreement");
        free(line);
    }
    assert_int_equal(bad, 0);
    workplace_end(&w);
}

/* Behind a sound line, so that a check that gives up looking would pass. */
static const struct stray_line {
    const char *line, *err;
} stray_lines[] = {
    {"{\"id\":\n", "bad.jsonl:2: is not JSON"},
    {"{\"id\":\"\xff\"}\n", "bad.jsonl:2: is not JSON: it is not UTF-8"},
    {"\xef\xbb\xbf{}\n", "bad.jsonl:2: is not JSON"},
    {"{} {}\n", "bad.jsonl:2: is not JSON"},
    {"two\n", "bad.jsonl:2: is not JSON; there must be one case"},
    {"null\n", "bad.jsonl:2: is JSON, but no object"},
    {"\"{}\"\n", "bad.jsonl:2: is JSON, but no object"},
    {TOOL_CASE("1"), "bad.jsonl:2: is not JSON"},
    {"[1]\n", "bad.jsonl:2: is JSON, but no object"},
    {"{\"id\":\"lamp\"}\n", "bad.jsonl:2: has no field \"possible_answer\""},
    {"{\"possible_answer\":[],\"functions\":[]}\n",
     "bad.jsonl:2: has no field \"calls\""},
    {RULE_CASE, "bad.jsonl:2: looks like an IFEval case"},
    {RULE_CASE, "use `audition selfcheck ifeval`"},
    {HOME_CASE, "use `audition selfcheck ha`"},
    {TOOL_CASE("1") "\"valid\":1,\"error_type\":null}\n",
     "bad.jsonl:2: valid is not"},
    {TOOL_CASE("1") "\"error_type\":null}\n", "bad.jsonl:2: valid is not"},
};

/* What no text in C can hold, or would be too long for. */
static inline int unreadable_lines_differ(const struct workplace *w)
{
    enum { DEEP = 100000, LONG = (16 << 20) + 1 };
    char *deep = mem_new(DEEP + 2, 1), *huge = mem_new(LONG + 2, 1);
    int   bad = 0;

    memset(deep, '[', DEEP);
    workplace_text(w, "bad.jsonl", deep);
    bad += run_differs(w, "selfcheck ifeval bad.jsonl", 2, NULL,
                       "bad.jsonl:1: is not JSON that can be read: it is "
                       "nested deeper than 990");
    memset(deep + DEEP / 2, ']', DEEP / 2);
    workplace_text(w, "bad.jsonl", deep);
    bad += run_differs(w, "selfcheck bfcl bad.jsonl", 2, NULL, "deeper");
    memset(huge, ' ', LONG);
    workplace_text(w, "bad.jsonl", huge);
    bad += run_differs(w, "selfcheck ifeval bad.jsonl", 2, NULL,
                       "bad.jsonl:1: is longer than 16 MiB");
    workplace_write(w, "bad.jsonl", "{\"id\":\"a\0b\"}\n", 13);
    bad += run_differs(w, "selfcheck ha bad.jsonl --homes .", 2, NULL,
                       "bad.jsonl:1: is not JSON: it holds a NUL byte");
    free(huge);
    free(deep);
    return bad;
}

/* A case with more calls than can be compared with one another. */
static inline int many_calls_differ(const struct workplace *w)
{
    json_t *row = json_loads(TOOL_RIGHT("0"), 0, NULL);
    json_t *calls = json_object_get(row, "calls");
    char   *text;
    int     bad;

    while (json_array_size(calls) <= 4096)
        json_array_append(calls, json_array_get(calls, 0));
    text = json_dumps(row, JSON_COMPACT);
    workplace_text(w, "bad.jsonl", text);
    bad = run_differs(w, "selfcheck bfcl bad.jsonl", 2, NULL,
                      "bad.jsonl:1: calls has 4097 entries");
    free(text);
    json_decref(row);
    return bad;
}

static void test_a_line_of_no_recorded_case_is_told(void **state)
{
    struct workplace w;
    int              bad = 0;

    (void)state;
    workplace_begin(&w, NULL);
    for (size_t i = 0; i < sizeof stray_lines / sizeof *stray_lines; i++) {
        char *text = mem_printf("%s%s", TOOL_RIGHT("0"), stray_lines[i].line);

        workplace_text(&w, "bad.jsonl", text);
        bad += run_differs(&w, "selfcheck bfcl bad.jsonl", 2, NULL,
                           stray_lines[i].err);
        bad += run_differs(&w, "selfcheck bfcl bad.jsonl --json", 2,
                           "\"exit_code\":2", stray_lines[i].err);
        free(text);
    }
    bad += unreadable_lines_differ(&w);
    bad += many_calls_differ(&w);
    workplace_text(&w, "bad.jsonl", TOOL_RIGHT("0"));
    bad += run_differs(&w, "selfcheck ifeval bad.jsonl", 2, NULL,
                       "looks like a BFCL case, not an IFEval case");
    bad += run_differs(&w, "selfcheck ha bad.jsonl --homes .", 2, NULL,
                       "looks like a BFCL case, not a recorded run");
    assert_int_equal(bad, 0);
    workplace_end(&w);
}

/* Of each needed field the kinds that it may have: n null, b true or false,
 * i integer, s text, l list, o object; ? in front of one that has another
 * message, about what is in it. */
static const struct needed_field {
    const char *format, *field, *kinds;
} needed_fields[] = {
    {"bfcl", "category", "s"}, {"bfcl", "functions", "l"},
    {"bfcl", "possible_answer", "nl"}, {"bfcl", "calls", "n"},
    {"bfcl", "valid", "b"},
    {"ifeval", "instruction_id", "?s"}, {"ifeval", "kwargs", "?o"},
    {"ifeval", "prompt", "s"}, {"ifeval", "response", "s"},
    {"ifeval", "follows", "b"}, {"ifeval", "follows_loose", "b"},
    {"ha", "id", "s"}, {"ha", "dataset", "s"}, {"ha", "category", "s"},
    {"ha", "home", "?s"}, {"ha", "steps", "?l"}, {"ha", "response", "s"},
    {"ha", "passed", "b"}, {"ha", "runs", "o"},
};

/* Told as bad input, with the words, or taken. */
static inline int field_differs(const struct workplace *w,
                                const struct needed_field *f, json_t *row,
                                bool is_taken, const char *words)
{
    char *text = json_dumps(row, JSON_COMPACT);
    char *line = mem_printf("selfcheck %s bad.jsonl %s", f->format,
                            strcmp(f->format, "ha") == 0 ? "--homes ." : "");
    int   bad;

    workplace_text(w, "bad.jsonl", text);
    bad = run_differs(w, line, is_taken ? 0 : 2, NULL,
                      is_taken ? NULL : words);
    if (bad) print_error("with %s\n", text);
    free(text);
    free(line);
    return bad;
}

static void test_a_field_of_a_wrong_kind_is_told_by_its_name(void **state)
{
    static const char kinds[] = "nbislo";
    json_t *values = json_loads("[null,true,5,\"x\",[5],{\"a\":5}]", 0, NULL);
    struct workplace w;
    int              bad = 0;

    (void)state;
    workplace_begin(&w, NULL);
    workplace_text(&w, "none/_fixtures.yaml",
                   "entities: [{id: light.den, name: Den, state: 'off'}]\n");
    for (size_t i = 0; i < sizeof needed_fields / sizeof *needed_fields; i++) {
        const struct needed_field *f = &needed_fields[i];
        const char *sound = strcmp(f->format, "bfcl") == 0 ? TOOL_RIGHT("0")
                          : strcmp(f->format, "ha") == 0 ? HOME_CASE
                                                         : RULE_CASE;
        json_t *row = json_loads(sound, 0, NULL);

        json_object_del(row, f->field);
        bad += field_differs(&w, f, row, false, f->field);
        for (size_t k = 0; kinds[k]; k++) {
            bool is_taken = strchr(f->kinds, kinds[k]);

            if (is_taken && *f->kinds == '?') continue;
            json_object_set(row, f->field, json_array_get(values, k));
            bad += field_differs(&w, f, row, is_taken, f->field);
        }
        json_decref(row);
    }
    json_decref(values);
    assert_int_equal(bad, 0);
    workplace_end(&w);
}

/* Functions that are none, schemas that are none, numbers without end: the
 * verdict may be anything, but there is one. */
static void test_any_functions_and_arguments_are_judged(void **state)
{
    static const char *const entries[] = {
        "", "5", "null", "\"lamp\"", "[]", "{}", "{\"function\":5}",
        "{\"function\":{\"name\":5}}", "{\"function\":{\"name\":\"lamp\"}}",
    };
    static const char *const schemas[] = {
        "\"x\"", "5", "null", "[]", "{}", "{\"properties\":[]}",
        "{\"properties\":null}", "{\"properties\":{\"on\":5}}",
        "{\"properties\":{\"on\":{}}}",
        "{\"properties\":{\"on\":{\"type\":[\"boolean\",\"null\"]}}}",
        "{\"properties\":{\"on\":{\"type\":5}}}",
        "{\"properties\":{\"on\":{\"type\":\"array\",\"items\":5}}}",
        "{\"properties\":{\"on\":{\"type\":\"boolean\"}},\"required\":5}",
        "{\"properties\":{\"on\":{\"type\":\"boolean\"}},\"required\":[5]}",
    };
    static const char *const values[] = {
        "NaN", "Infinity", "-Infinity", "1e400", "-0", "1e-400",
        "123456789012345678901234567890", "\"\\ud800\"", "\"\\u0000\"",
    };
    enum { ENTRIES = sizeof entries / sizeof *entries,
           SCHEMAS = sizeof schemas / sizeof *schemas,
           VALUES = sizeof values / sizeof *values };
    char            *text = mem_copy("");
    struct workplace w;
    struct outcome   o;
    json_t          *document;

    (void)state;
    for (int i = 0; i < ENTRIES + SCHEMAS + VALUES; i++) {
        const char *value = i < ENTRIES + SCHEMAS
            ? "true" : values[i - ENTRIES - SCHEMAS];
        char *entry = i < ENTRIES ? mem_copy(entries[i])
            : mem_printf("{\"function\":{\"name\":\"lamp\","
                         "\"parameters\":%s}}", i < ENTRIES + SCHEMAS
                         ? schemas[i - ENTRIES] : "{\"properties\":{\"on\":"
                         "{\"type\":\"float\"}}}");
        char *more = mem_printf(
            "%s{\"id\":\"lamp\",\"case\":%d,\"category\":"
            "\"simple_python\",\"functions\":[%s],\"possible_answer\":"
            "[{\"lamp\":{\"on\":[%s]}}],\"calls\":[{\"name\":\"lamp\","
            "\"arguments\":{\"on\":%s}}],\"content\":null,\"valid\":true,"
            "\"error_type\":null}\n", text, i, entry, value, value);

        free(entry);
        free(text);
        text = more;
    }
    workplace_begin(&w, NULL);
    workplace_text(&w, "odd.jsonl", text);
    program_run(&w, "selfcheck bfcl odd.jsonl --json", &o);
    expect(&o, 0, NULL, NULL);
    document = document_of(&o);
    assert_int_equal(whole_at(document, "cases"), ENTRIES + SCHEMAS + VALUES);
    assert_int_equal(whole_at(document, "duplicates"), 0);
    json_decref(document);
    outcome_done(&o);
    free(text);
    workplace_end(&w);
}

static void test_a_file_without_recorded_cases_is_told(void **state)
{
    static const struct { const char *line, *err; } wanted[] = {
        {"selfcheck", "one of bfcl, ifeval and ha"},
        {"selfcheck tools fine.jsonl", "\"tools\" is no format"},
        {"selfcheck bfcl", "name the file"},
        {"selfcheck bfcl fine.jsonl --homes .", "--homes belongs to"},
        {"selfcheck bfcl none.jsonl", "none.jsonl: no such file"},
        {"selfcheck bfcl folder", "folder: is a directory"},
        {"selfcheck bfcl empty.jsonl", "empty.jsonl holds no case"},
        {"selfcheck bfcl blank.jsonl", "blank.jsonl holds no case"},
        {"selfcheck bfcl empty.gz", "empty.gz holds no case"},
        {"selfcheck bfcl cut.gz", "cut.gz: the gzip data is cut off"},
        {"selfcheck bfcl broken.gz", "broken.gz: the gzip data is damaged"},
        {"selfcheck bfcl more.gz", "more.gz: the gzip data is damaged: "
         "something else follows it"},
        {"selfcheck bfcl -", "-: no such file"},
        {"selfcheck bfcl /dev/stdin", "/dev/stdin: is not a regular file"},
        {"selfcheck ha home.jsonl", "say where they are with --homes DIR"},
        {"selfcheck ha home.jsonl --homes fine.jsonl", "is no folder"},
        {"selfcheck ha home.jsonl --homes .",
         "home.jsonl:1: ./none/_fixtures.yaml: no such file"},
        {"selfcheck bfcl empty.jsonl --json --min-agreement 0",
         "empty.jsonl holds no case"},
        {"selfcheck ha home.jsonl --homes ./nowhere", "nowhere"},
    };
    struct workplace w;
    int              bad = 0;

    (void)state;
    workplace_begin(&w, NULL);
    workplace_text(&w, "fine.jsonl", TOOL_RIGHT("0"));
    workplace_text(&w, "empty.jsonl", "");
    workplace_text(&w, "blank.jsonl", "\n  \r\n\n");
    workplace_text(&w, "folder/inside", "");
    workplace_text(&w, "home.jsonl", HOME_CASE);
    workplace_text(&w, "broken.gz", "\x1f\x8b\x08 and no more of gzip");
    workplace_packed(&w, "empty.gz", "", 0);
    workplace_packed(&w, "cut.gz", TOOL_RIGHT("0") TOOL_RIGHT("1"), 4);
    workplace_packed(&w, "more.gz", TOOL_RIGHT("0"), 0);
    workplace_append(&w, "more.gz", "and more");
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        bad += run_differs(&w, wanted[i].line, 2, NULL, wanted[i].err);
    assert_int_equal(bad, 0);
    workplace_end(&w);
}

static void test_a_recorded_case_that_is_there_twice_is_told(void **state)
{
    struct workplace w;

    (void)state;
    workplace_begin(&w, NULL);
    workplace_text(&w, "tools.jsonl", TOOL_RIGHT("0") TOOL_RIGHT("1")
                   TOOL_WRONG("0") TOOL_RIGHT("1"));
    assert_int_equal(run_differs(&w, "selfcheck bfcl tools.jsonl --json", 0,
                                 "\"duplicates\":2", "2 cases"), 0);
    assert_int_equal(run_differs(&w, "selfcheck bfcl tools.jsonl", 0, NULL,
                                 "tools.jsonl:3 (id \"lamp\", case 0), which "
                                 "is on line 1 already"), 0);
    workplace_end(&w);
}

#endif
