/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "facts.h"
#include "metrics.h"
#include "stats.h"

static void test_each_name_stands_once_and_is_found(void **state)
{
    (void)state;
    for (int i = 0; i < METRIC_COUNT; i++) {
        assert_int_equal(metric_find(metric_info[i].name), i);
        for (int k = 0; k < i; k++)
            assert_string_not_equal(metric_info[i].label,
                                    metric_info[k].label);
    }
    assert_int_equal(metric_find("tok_s"), -1);
    assert_int_equal(metric_find(""), -1);
    assert_int_equal(metric_find(NULL), -1);
}

static void test_each_entry_is_complete(void **state)
{
    (void)state;
    for (int i = 0; i < METRIC_COUNT; i++) {
        const struct metric_info *m = &metric_info[i];

        assert_true(*m->name && *m->unit && *m->label);
        assert_in_range(m->better + 1, 0, 2);
        assert_in_range(m->decimals, 0, 4);
        assert_true(strlen(m->unit) < 16);   /* units.h */
    }
}

/* A line of one or more '#' and then the name alone, perhaps as code. */
static bool has_heading(const char *text, const char *name)
{
    size_t len = strlen(name);

    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += strspn(line, "\n");
        if (*line != '#') continue;
        line += strspn(line, "# `");
        if (strncmp(line, name, len) == 0 &&
            strchr("` \r\n", line[len]))      /* also the end of the text */
            return true;
    }
    return false;
}

static void test_method_has_a_section_for_each(void **state)
{
    const char  *folder = getenv("TEST_DIR");
    char        *path   = mem_printf("%s/../METHOD.md",
                                     folder ? folder : "tests");
    struct bytes method = {0};
    struct err   err    = {0};
    int          rc     = bytes_read(&method, path, 1 << 22, &err);

    (void)state;
    free(path);
    if (rc) skip();
    for (int i = 0; i < METRIC_COUNT; i++)
        if (!has_heading((const char *)method.data, metric_info[i].name))
            fail_msg("METHOD.md has no section for %s", metric_info[i].name);
    bytes_done(&method);
}

static void test_a_heading_is_recognised(void **state)
{
    (void)state;
    assert_true(has_heading("# x\n### `load_s`\ntext", "load_s"));
    assert_true(has_heading("## load_s", "load_s"));
    assert_false(has_heading("load_s\n### `load_s2`\n", "load_s"));
    assert_false(has_heading("", "load_s"));
}

static void test_facts_have_the_names_of_the_contract(void **state)
{
    static const char *const verdicts[] = {
        "target_met", "ready", "borderline", "too_slow", "does_not_fit",
        "unsupported", "not_instruct", "failed", "unknown"};
    static const char *const statuses[] = {"ok", "partial", "skipped",
                                           "failed"};
    static const char *const faults[] = {"template", "file", "engine",
                                         "model", "harness"};

    (void)state;
    for (int i = VERDICT_TARGET_MET; i <= VERDICT_UNKNOWN; i++)
        assert_string_equal(verdict_name((enum verdict)i), verdicts[i]);
    for (int i = STATUS_OK; i <= STATUS_FAILED; i++)
        assert_string_equal(status_name((enum candidate_status)i),
                            statuses[i]);
    for (int i = FAULT_TEMPLATE; i <= FAULT_HARNESS; i++)
        assert_string_equal(fault_name((enum fault)i), faults[i]);
}

static void test_percentiles_need_what_the_statistic_needs(void **state)
{
    (void)state;
    for (size_t i = 0; i < CERTIFIED; i++) {
        char *name = mem_printf("p%.0f", certified_p[i] * 100);

        assert_string_equal(certified_name[i], name);
        assert_int_equal(certified_needs[i],
                         stats_certified_floor(certified_p[i], 0.99));
        free(name);
    }
}

static void test_latencies_are_seconds_that_should_be_few(void **state)
{
    (void)state;
    assert_true(metric_is_latency(METRIC_first_sentence_s));
    assert_true(metric_is_latency(METRIC_cold_start_s));
    assert_false(metric_is_latency(METRIC_served_tok_s));
    assert_false(metric_is_latency(METRIC_serving_ms_per_token));
    assert_false(metric_is_latency(METRIC_anon_bytes));
}

static void test_facts_done_is_safe_twice(void **state)
{
    struct facts f = {0};

    (void)state;
    facts_done(&f);
    facts_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_name_stands_once_and_is_found),
        cmocka_unit_test(test_each_entry_is_complete),
        cmocka_unit_test(test_method_has_a_section_for_each),
        cmocka_unit_test(test_a_heading_is_recognised),
        cmocka_unit_test(test_facts_have_the_names_of_the_contract),
        cmocka_unit_test(test_percentiles_need_what_the_statistic_needs),
        cmocka_unit_test(test_latencies_are_seconds_that_should_be_few),
        cmocka_unit_test(test_facts_done_is_safe_twice),
    };
    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
