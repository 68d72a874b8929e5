/* SPDX-License-Identifier: MIT */
/* How a report shows imported suites: the originals' scores, as served and if
 * the calls in the text were parsed; suites whose names begin alike; what a
 * run with such suites alone counts as tool cases. */
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
#include "decide.h"
#include "decide_internal.h"
#include "evidence.h"
#include "original/weights.h"
#include "report/cells.h"
#include "report/originals_table.h"
#include "suite.h"
#include "suite_internal.h"

#define TEXT_BYTES (1u << 16)

/* 200 cases: 20 right as served, 150 if parsed, by the saner rule 30, 160. */
static void put_text_calls(struct weights *w, const char *suite)
{
    struct weights_suite *s = weights_of(w, suite);

    assert_non_null(s);
    s->cases = s->asked = 200;
    s->passed = 20;
    s->parsed = 150;
    s->saner = 30;
    s->saner_parsed = 160;
}

static char *text_of(const struct weights *w, int columns)
{
    struct strbuf out;

    strbuf_init(&out, TEXT_BYTES);
    originals_text(&out, w, 5, false, columns);
    return out.text;
}

static char *markdown_of(const struct weights *w)
{
    struct strbuf out;

    strbuf_init(&out, TEXT_BYTES);
    originals_markdown(&out, w);
    return out.text;
}

static void has(const char *text, const char *wanted)
{
    if (!strstr(text, wanted)) fail_msg("no \"%s\" in\n%s", wanted, text);
}

static void has_not(const char *text, const char *unwanted)
{
    if (strstr(text, unwanted)) fail_msg("\"%s\" in\n%s", unwanted, text);
}

static void test_calls_in_the_text_have_rates_of_their_own(void **state)
{
    struct weights w = {.n = 0};
    char          *text, *markdown;

    (void)state;
    put_text_calls(&w, "bfcl_multiple");
    text = text_of(&w, 0);
    markdown = markdown_of(&w);
    has(text, "By the originals' rules");
    has(text, "if parsed");
    has(text, "10.0 %");
    has(text, "15.0 % saner");
    has(text, "75.0 %");
    has(text, "80.0 % saner");
    has(markdown, "| | rate | other rule | if parsed | other rule, if parsed "
                  "| of |\n|---|--:|--:|--:|--:|---|\n");
    has(markdown, "| BFCL multiple | 10.0 % | 15.0 % saner | 75.0 % | 80.0 % "
                  "saner | 200 cases |\n");
    free(text);
    free(markdown);
}

static void test_without_calls_in_the_text_there_is_one_rate(void **state)
{
    struct weights        w = {.n = 0};
    struct weights_suite *s;
    char                 *text, *markdown;

    (void)state;
    put_text_calls(&w, "bfcl_multiple");
    s = weights_of(&w, "bfcl_multiple");
    s->parsed = s->passed;
    s->saner_parsed = s->saner;
    text = text_of(&w, 0);
    markdown = markdown_of(&w);
    has_not(text, "parsed");
    has_not(markdown, "parsed");
    has(markdown, "| BFCL multiple | 10.0 % | 15.0 % saner | 200 cases |\n");
    free(text);
    free(markdown);
}

static void test_a_total_is_the_mean_of_what_was_parsed_too(void **state)
{
    static const char *const names[] = {"bfcl_irrelevance",
                                        "bfcl_live_irrelevance"};
    struct weights     w = {.n = 0};
    struct weights_row rows[WEIGHTS_ROWS];
    size_t             n, i = 0;

    (void)state;
    put_text_calls(&w, names[0]);
    put_text_calls(&w, names[1]);
    weights_of(&w, names[1])->parsed = 50;
    weights_of(&w, names[1])->saner_parsed = 60;
    n = weights_rows(&w, rows);
    while (i < n && strcmp(rows[i].name, "irrelevance_all") != 0) i++;
    assert_true(i < n);
    assert_true(fabs(rows[i].rate - 0.1) < 1e-12);
    assert_true(fabs(rows[i].rate_parsed - 0.5) < 1e-12);
    assert_true(fabs(rows[i].other_parsed - 0.55) < 1e-12);
}

static void test_no_table_is_printed_without_an_imported_suite(void **state)
{
    struct weights w = {.n = 0};
    char          *text = text_of(&w, 80);

    (void)state;
    assert_string_equal(text, "");
    free(text);
}

static void test_the_table_keeps_to_the_terminal(void **state)
{
    struct weights w = {.n = 0};

    (void)state;
    put_text_calls(&w, "bfcl_live_parallel_multiple");
    put_text_calls(&w, "bfcl_simple_javascript");
    for (int columns = 60; columns <= 160; columns += 20) {
        char *text = text_of(&w, columns), *rest;

        for (char *line = strtok_r(text, "\n", &rest); line;
             line = strtok_r(NULL, "\n", &rest))
            if (utf8_width(line) > columns)
                fail_msg("at %d: \"%s\"", columns, line);
        free(text);
    }
}

/* A document that does not tell is from before they were counted. */
static void test_an_older_document_has_the_rates_as_served(void **state)
{
    struct weights w;
    json_t *old = json_pack("{s:[{s:s,s:i,s:i,s:i,s:i}]}", "suites", "suite",
                            "bfcl_multiple", "cases", 4, "asked", 4, "passed",
                            2, "saner", 3);

    (void)state;
    originals_read(old, &w);
    assert_int_equal(w.suites[0].parsed, 2);
    assert_int_equal(w.suites[0].saner_parsed, 3);
    json_decref(old);
}

/* ---- columns ------------------------------------------------------------- */

static void test_suites_that_begin_alike_stay_apart(void **state)
{
    static const struct {
        const char *name, *title;
        bool        tools, by_prompt;
    } wanted[] = {
        {"bfcl_simple_python", "tools bfcl_\nsimple_python", true, false},
        {"bfcl_simple_java", "tools bfcl_\nsimple_java", true, false},
        {"bfcl_live_parallel_multiple",
         "tools bfcl_live_\nparallel_multiple", true, false},
        {"bfcl_live_irrelevance", "bfcl_live_\nirrelevance", false, false},
        {"ifeval", "ifeval", false, false},
        {"home", "tools\nhome", true, false},
        {"bfcl_multiple_by_prompt", "bfcl_multiple, tools\nby prompt", true,
         true},
        {"awordofmanyletterswithoutanybreakatall", "tools\nawordofmanylet…",
         true, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        struct quality q = {.suite = mem_copy(wanted[i].name), .total = 1,
                            .needs_tools = wanted[i].tools,
                            .by_prompt = wanted[i].by_prompt};
        struct candidate_facts c = {.quality = &q, .n_quality = 1};
        struct facts           f = {.candidates = &c, .n_candidates = 1};
        struct summary         s;

        cells_summary(&f, &s);
        assert_string_equal(s.columns[s.n - 1].title, wanted[i].title);
        cells_summary_done(&s);
        free(q.suite);
    }
}

/* ---- tool cases ---------------------------------------------------------- */

#define FUNCTION "\"functions\":[{\"type\":\"function\",\"function\":{"       \
    "\"name\":\"f\",\"description\":\"\",\"parameters\":{\"type\":"           \
    "\"object\",\"properties\":{}}}}],"
#define BFCL(check) "{\"id\":\"a\",\"say\":\"Do it.\"," FUNCTION              \
    "\"checks\":[{\"scorer\":\"bfcl\"," check "}]}"
#define STUDIO(check) "{\"id\":\"a\",\"say\":\"Do it.\",\"home\":\"studio\"," \
    "\"checks\":[{\"scorer\":\"home_assistant\"," check "}]}"

static void test_a_rule_of_others_says_whether_a_call_is_needed(void **state)
{
    static const struct {
        const char *text;
        bool        wants;
    } cases[] = {
        {BFCL("\"category\":\"simple_python\",\"truth\":[{\"f\":{}}]"), true},
        {BFCL("\"category\":\"live_relevance\""), true},
        {BFCL("\"category\":\"irrelevance\""), false},
        {BFCL("\"category\":\"live_irrelevance\""), false},
        {STUDIO("\"expect_changes\":{\"light.studio\":{\"state\":\"on\"}}"),
         true},
        {STUDIO("\"expect_response\":[\"20\"]"), true},
        {"{\"id\":\"a\",\"say\":\"Say it.\",\"checks\":[{\"scorer\":"
         "\"ifeval\",\"instructions\":[{\"id\":\"punctuation:no_comma\","
         "\"kwargs\":{}}]}]}", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct suite_case c;
        struct err        err = {0};

        if (suite_read_case(&c, cases[i].text, strlen(cases[i].text), "s",
                            &err))
            fail_msg("%s: %s", cases[i].text, err.text);
        if (suite_case_wants_calls(&c) != cases[i].wants)
            fail_msg("%s: %d", cases[i].text, !cases[i].wants);
        assert_true(suite_case_is_unproven(&c));
        suite_case_done(&c);
    }
}

static void test_a_rate_of_no_case_is_never_written(void **state)
{
    struct config          config;
    struct quality         q = {.suite = (char[]){"bfcl_irrelevance"},
                                .pass = 3, .total = 3, .rate = 1,
                                .rate_if_parsed = 1};
    struct candidate_facts c = {.quality = &q, .n_quality = 1,
                                .supports_tools = 1, .has_template = 1};
    struct evidence        e = {.text_calls = 2};

    (void)state;
    config_init(&config);
    assert_true(isnan(decide_pool(&c, true).rate));
    decide_candidate(&c, &config, &e);
    assert_int_equal(c.n_findings, 1);
    assert_string_equal(c.findings[0].kind, "calls_not_parsed");
    has(c.findings[0].text, "2 answers hold a tool call written as text");
    has_not(c.findings[0].text, "nan");
    has_not(c.findings[0].text, "%");
    q.needs_tools = true;      /* they are tool cases: then it is told */
    free(c.findings);
    free(c.reason);
    c.findings = NULL;
    c.reason   = NULL;
    c.n_findings = 0;
    decide_candidate(&c, &config, &e);
    has(c.findings[0].text, "100 % of 3 tool cases pass as served");
    free(c.findings);
    free(c.reason);
    config_done(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls_in_the_text_have_rates_of_their_own),
        cmocka_unit_test(test_without_calls_in_the_text_there_is_one_rate),
        cmocka_unit_test(test_a_total_is_the_mean_of_what_was_parsed_too),
        cmocka_unit_test(test_no_table_is_printed_without_an_imported_suite),
        cmocka_unit_test(test_the_table_keeps_to_the_terminal),
        cmocka_unit_test(test_an_older_document_has_the_rates_as_served),
        cmocka_unit_test(test_suites_that_begin_alike_stay_apart),
        cmocka_unit_test(test_a_rule_of_others_says_whether_a_call_is_needed),
        cmocka_unit_test(test_a_rate_of_no_case_is_never_written),
    };
    return cmocka_run_group_tests_name("originals_report", tests, NULL, NULL);
}
