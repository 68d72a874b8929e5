/* SPDX-License-Identifier: MIT */
/* A stored report shown again is the report as it was; anything else that
 * claims to be one is refused in a sentence or read as "missing". */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/jsonx.h"
#include "base/utf8.h"
#include "facts_read.h"
#include "report/report.h"
#include "unit/report_cases.h"

static const struct {
    const char *name;
    void      (*make)(struct facts *f);
} cases[] = {
    {"winner", winner_case}, {"no-winner", no_winner_case},
    {"failed", failed_case}, {"hostile", hostile_case},
};

#define N_CASES (sizeof cases / sizeof *cases)

static char *rendered(const struct facts *f, const struct report_ops *ops,
                      int columns)
{
    struct strbuf out;

    strbuf_init(&out, 1 << 20);
    ops->render(f, false, columns, &out);
    assert_false(out.over);
    return out.text;
}

static void must_read(struct facts *out, const char *text)
{
    struct err err = {0};

    if (facts_read(out, text, &err)) fail_msg("%s: %s", text, err.text);
}

/* The document of a fixture, for a test to damage. */
static json_t *document_of(void (*make)(struct facts *f))
{
    struct facts f;
    json_t      *document;

    make(&f);
    document = report_json_document(&f);
    facts_done(&f);
    return document;
}

static void read_document(struct facts *out, json_t *document)
{
    char *text = jsonx_dump(document);

    must_read(out, text);
    free(text);
}

static json_t *candidate_of(json_t *document, size_t i)
{
    return json_array_get(json_object_get(document, "candidates"), i);
}

static void test_facts_read_back_render_the_same_reports(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CASES; i++) {
        struct facts direct, again;
        json_t      *document;
        char        *texts[2];

        cases[i].make(&direct);
        document = report_json_document(&direct);
        texts[0] = jsonx_dump(document);               /* as it is stored */
        texts[1] = rendered(&direct, &report_json, 0); /* as it is printed */
        for (size_t t = 0; t < 2; t++) {
            must_read(&again, texts[t]);
            for (size_t k = 0; report_all[k]; k++)
                for (int columns = 0; columns <= 80; columns += 80) {
                    char *want = rendered(&direct, report_all[k], columns);
                    char *got = rendered(&again, report_all[k], columns);

                    if (strcmp(want, got) != 0)
                        fail_msg("%s as %s at %d:\n%s", cases[i].name,
                                 report_all[k]->name, columns, got);
                    free(want);
                    free(got);
                }
            facts_done(&again);
            free(texts[t]);
        }
        json_decref(document);
        facts_done(&direct);
    }
}

static void test_facts_keep_what_no_report_shows(void **state)
{
    struct facts f;
    json_t      *document = document_of(failed_case);

    (void)state;
    read_document(&f, document);
    assert_true(f.machine.reload_degrades);
    assert_int_equal(f.candidates[2].failure_kind, ERR_INPUT);
    assert_int_equal(f.candidates[0].failure_kind, ERR_NONE);
    assert_int_equal(f.candidates[1].status, STATUS_PARTIAL);
    assert_true(f.candidates[1].remote);
    assert_int_equal(f.candidates[1].has_template, -1);
    assert_true(isnan(f.candidates[1].quality[0].rate));
    facts_done(&f);
    json_decref(document);
}

static void test_what_the_preflight_said_is_kept(void **state)
{
    struct facts  f;
    json_t       *document = document_of(no_winner_case), *again;
    const json_t *first;

    (void)state;
    read_document(&f, document);
    first = f.candidates[0].preflight;
    assert_string_equal(jsonx_text(first, "tools"), "text_only");
    assert_string_equal(jsonx_text(first, "text_call"), "fenced JSON");
    assert_int_equal(jsonx_truth(first, "present"), 1);
    assert_true(json_is_null(json_object_get(first, "error")));
    assert_true(json_is_array(json_object_get(first, "more_args")));
    assert_null(f.candidates[2].preflight);      /* a template, no preflight */
    again = report_json_document(&f);
    assert_true(json_equal(document, again));
    json_decref(again);
    json_decref(document);
    facts_done(&f);
}

/* Every number that is stored, not only those that reports for people show. */
static void test_what_a_listener_feels_is_read_back_exactly(void **state)
{
    struct facts f, again;
    json_t      *document;

    (void)state;
    winner_case(&f);
    f.candidates[0].cliff.is_bound = true;
    document = report_json_document(&f);
    read_document(&again, document);
    for (size_t i = 0; i < f.n_candidates; i++) {
        const struct candidate_facts *a = &f.candidates[i];
        const struct candidate_facts *b = &again.candidates[i];

        assert_int_equal(a->n_turns, b->n_turns);
        assert_int_equal(a->cliff.n, b->cliff.n);
        assert_int_equal(a->cliff.is_bound, b->cliff.is_bound);
        assert_int_equal(a->n_serving, b->n_serving);
        assert_int_equal(a->reasoning.can_disable, b->reasoning.can_disable);
        assert_int_equal(a->reasoning.answers, b->reasoning.answers);
        for (size_t k = 0; k < a->n_serving; k++)
            assert_int_equal(a->serving[k].is_sure, b->serving[k].is_sure);
        for (int k = 0; k < METRIC_COUNT; k++)
            for (size_t p = 0; p < CERTIFIED; p++)
                if (isfinite(a->metrics[k].certified[p]))
                    assert_float_equal(a->metrics[k].certified[p],
                                       b->metrics[k].certified[p], 0);
                else
                    assert_true(isnan(b->metrics[k].certified[p]));
    }
    json_decref(document);
    facts_done(&again);
    facts_done(&f);
}

static void expect_share(const struct share *a, const struct share *b)
{
    assert_int_equal(a->n, b->n);
    assert_int_equal(a->of, b->of);
    assert_true(a->rate == b->rate && a->low == b->low && a->high == b->high);
}

static void test_what_was_understood_is_read_back_exactly(void **state)
{
    struct facts f, again;
    json_t      *document;
    const struct understanding *a, *b;

    (void)state;
    winner_case(&f);
    document = report_json_document(&f);
    read_document(&again, document);
    a = &f.candidates[0].understanding;
    b = &again.candidates[0].understanding;
    assert_int_equal(a->conversations, b->conversations);
    expect_share(&a->turns, &b->turns);
    expect_share(&a->groups, &b->groups);
    for (int i = 0; i < MANNER_COUNT; i++)
        expect_share(&a->manners[i], &b->manners[i]);
    assert_int_equal(a->n_noise, b->n_noise);
    for (size_t i = 0; i < a->n_noise; i++) {
        assert_int_equal(a->noise[i].target_percent,
                         b->noise[i].target_percent);
        assert_true(a->noise[i].reached_percent ==
                    b->noise[i].reached_percent);
        expect_share(&a->noise[i].passed, &b->noise[i].passed);
        expect_share(&a->noise[i].unharmed, &b->noise[i].unharmed);
    }
    assert_int_equal(a->repeated, b->repeated);
    assert_int_equal(a->most_repeats, b->most_repeats);
    for (int k = 0; k < a->most_repeats; k++)
        assert_true(a->pass_hat[k] == b->pass_hat[k]);
    assert_true(isnan(b->pass_hat[a->most_repeats]));
    json_decref(document);
    facts_done(&again);
    facts_done(&f);
}

/* The board, the ledger, the soak, the co-load, the modes. */
static void test_what_is_read_makes_the_same_document(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CASES; i++) {
        json_t      *document = document_of(cases[i].make), *again;
        struct facts f;

        read_document(&f, document);
        again = report_json_document(&f);
        if (!json_equal(document, again)) fail_msg("%s", cases[i].name);
        json_decref(again);
        json_decref(document);
        facts_done(&f);
    }
}

static void test_lists_longer_than_ours_are_cut(void **state)
{
    json_t      *document = document_of(winner_case), *c, *list;
    struct facts f;

    (void)state;
    c = candidate_of(document, 0);
    list = json_object_get(c, "turns");
    for (int i = 0; i < 100; i++)
        json_array_append_new(list, json_pack("{s:i}", "turn", 11 + i));
    json_array_insert_new(list, 0, json_pack("{s:s}", "turn", "first"));
    list = json_object_get(json_object_get(c, "prefill_cliff"), "points");
    for (int i = 0; i < 100; i++) json_array_append_new(list, json_null());
    list = json_object_get(c, "serving");
    for (int i = 0; i < 100; i++) json_array_append_new(list, json_null());
    list = json_object_get(json_object_get(c, "board"), "verdicts");
    for (int i = 0; i < 100; i++) json_array_append_new(list, json_null());
    c = json_object_get(c, "understanding");
    list = json_object_get(c, "noise");
    for (int i = 0; i < 100; i++) json_array_append_new(list, json_null());
    list = json_object_get(json_object_get(c, "repeats"), "pass_hat");
    for (int i = 0; i < 100; i++) json_array_append_new(list, json_null());
    list = json_object_get(document, "modes");
    for (int i = 0; i < 100; i++) json_array_append_new(list, json_null());
    read_document(&f, document);
    assert_int_equal(f.candidates[0].n_turns, TURNS_MAX);
    assert_int_equal(f.candidates[0].turns[0].turn, 1);
    assert_int_equal(f.candidates[0].cliff.n, CLIFF_POINTS);
    assert_int_equal(f.candidates[0].n_serving, SERVING_VARIANTS);
    assert_int_equal(f.candidates[0].board.n_verdicts, BOARD_VERDICTS_MAX);
    assert_int_equal(f.candidates[0].understanding.n_noise, NOISE_LEVELS);
    assert_int_equal(f.candidates[0].understanding.most_repeats,
                     CONSISTENCY_MOST);
    assert_int_equal(f.n_modes, 64);
    assert_string_equal(f.modes[0].name, "25W");
    facts_done(&f);
    json_decref(document);
}

static void test_every_name_of_an_enum_is_read_back(void **state)
{
    (void)state;
    for (int v = 0; v <= VERDICT_UNKNOWN; v++)
        assert_int_equal(verdict_from_name(verdict_name((enum verdict)v)), v);
    for (int s = 0; s <= STATUS_FAILED; s++)
        assert_int_equal(status_from_name(
            status_name((enum candidate_status)s)), s);
    for (int x = 0; x <= FAULT_HARNESS; x++)
        assert_int_equal(fault_from_name(fault_name((enum fault)x)), x);
    for (int k = 0; k <= ERR_BUG; k++)
        assert_int_equal(failure_kind_from_name(
            failure_kind_name((enum err_kind)k)), k);
    assert_int_equal(verdict_from_name("splendid"), VERDICT_UNKNOWN);
    assert_int_equal(status_from_name("splendid"), STATUS_PARTIAL);
    assert_int_equal(fault_from_name(NULL), FAULT_HARNESS);
    assert_int_equal(failure_kind_from_name("splendid"), ERR_NONE);
}

static void test_what_is_no_report_is_refused_in_one_sentence(void **state)
{
    static const struct { const char *text, *says; } refused[] = {
        {"", "not valid JSON at line 1"},
        {"{", "not valid JSON at line 1"},
        {"{\"schema_version\": 1} x", "not valid JSON"},
        {"{\"schema_version\": 1, \"schema_version\": 1}", "not valid JSON"},
        {"\xff", "not valid JSON"},
        {"null", "no schema_version"},
        {"[1]", "no schema_version"},
        {"{}", "no schema_version"},
        {"{\"schema_version\": \"1\"}", "no schema_version"},
        {"{\"schema_version\": 1.0}", "no schema_version"},
        {"{\"schema_version\": 0}", "schema_version 0 and this audition"},
        {"{\"schema_version\": 2}", "schema_version 2 and this audition"},
        {"{\"schema_version\": -9223372036854775808}", "schema_version -9223"},
        {"{\"schema_version\": 1}", "no list of candidates"},
        {"{\"schema_version\": 1, \"candidates\": {}}", "no list of"},
        {"{\"schema_version\": 1, \"candidates\": [{\"name\": \"a\"}, 3]}",
         "candidates[1] of the stored report has no name"},
        {"{\"schema_version\": 1, \"candidates\": [{\"name\": null}]}",
         "candidates[0] of the stored report has no name"},
        {"{\"schema_version\": 1, \"candidates\": [],"
         " \"recommendation\": {}}", "names no candidate"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct facts f = {.n_candidates = 77};
        struct err   err = {0};

        if (facts_read(&f, refused[i].text, &err) == 0)
            fail_msg("accepted: %s", refused[i].text);
        assert_int_equal(err.kind, ERR_INPUT);
        if (!strstr(err.text, refused[i].says))
            fail_msg("%s: %s", refused[i].text, err.text);
        assert_int_equal(f.n_candidates, 0);
        assert_null(f.candidates);
        facts_done(&f);
    }
}

static void assert_nothing_is_known(const struct candidate_facts *c)
{
    assert_null(c->file);
    assert_null(c->reason);
    assert_true(isnan(c->parameters));
    assert_int_equal(c->has_template, -1);
    assert_int_equal(c->verdict, VERDICT_UNKNOWN);
    assert_int_equal(c->status, STATUS_PARTIAL);
    assert_int_equal(c->blocks, -1);
    assert_int_equal(c->n_quality + c->n_examples + c->n_findings, 0);
    assert_false(c->passes_gates);
    for (int i = 0; i < METRIC_COUNT; i++) {
        assert_true(isnan(c->metrics[i].median));
        assert_true(isnan(c->metrics[i].low));
        assert_int_equal(c->metrics[i].n, -1);
        assert_true(isnan(c->metrics[i].certified[0]));
        assert_string_equal(c->metrics[i].reason, "");
    }
    assert_int_equal(c->n_turns + c->cliff.n + c->n_serving, 0);
    assert_true(isnan(c->cliff.knee_tokens));
    assert_true(isnan(c->cliff.max_entities));
    assert_true(isnan(c->reasoning.leak_rate));
    assert_int_equal(c->reasoning.can_disable, -1);
    assert_true(isnan(c->board.power_w));
    assert_true(isnan(c->board.gpu_freq_hz));
    assert_int_equal(c->board.n_verdicts, 0);
    assert_null(c->board.at_start);
    assert_true(isnan(c->ledger.predicted.total_bytes));
    assert_true(isnan(c->ledger.measured.peak_bytes));
    assert_true(isnan(c->ledger.left_for_speech_bytes));
    assert_true(isnan(c->understanding.turns.rate));
    assert_true(isnan(c->understanding.manners[0].rate));
    assert_true(isnan(c->understanding.pass_hat[0]));
    assert_int_equal(c->understanding.n_noise, 0);
    assert_null(c->soak);
    assert_null(c->coload);
    assert_null(c->preflight);
    assert_null(c->server);
    assert_null(c->beside);
}

static void test_what_is_missing_in_the_text_is_missing_in_the_facts(
    void **state)
{
    struct facts f;

    (void)state;
    must_read(&f, "{\"schema_version\": 1, \"candidates\":"
                  " [{\"name\": \"a\"}]}");
    assert_int_equal(f.n_candidates, 1);
    assert_nothing_is_known(&f.candidates[0]);
    assert_null(f.run_id);
    assert_null(f.settings);
    assert_null(f.recommendation);
    assert_true(isnan(f.reserve_bytes));
    assert_true(isnan(f.machine.memory_bytes));
    assert_int_equal(f.machine.cores, -1);
    facts_done(&f);
}

/* The values of a whole document, one after the other: counts down to the one
 * to replace, true when it was reached. */
static bool replace(json_t *value, int *countdown, json_t *by)
{
    void       *next;
    const char *key;
    json_t     *child;
    size_t      i;

    json_object_foreach_safe(value, next, key, child) {
        if ((*countdown)-- == 0) {
            json_object_set(value, key, by);
            return true;
        }
        if (replace(child, countdown, by)) return true;
    }
    json_array_foreach(value, i, child) {
        if ((*countdown)-- == 0) {
            json_array_set(value, i, by);
            return true;
        }
        if (replace(child, countdown, by)) return true;
    }
    return false;
}

/* Refused in a sentence, or shown without a "nan". */
static void must_survive(const json_t *document)
{
    char        *text = jsonx_dump(document), *shown;
    struct err   err = {0};
    struct facts f;

    if (facts_read(&f, text, &err)) {
        assert_int_equal(err.kind, ERR_INPUT);
        assert_true(strlen(err.text) > 10);
    } else {
        shown = rendered(&f, &report_markdown, 0);
        assert_null(strstr(shown, "nan"));
        free(shown);
        free(rendered(&f, &report_text, 80));
    }
    facts_done(&f);
    free(text);
}

static void test_a_value_of_any_wrong_type_is_refused_or_missing(void **state)
{
    json_t *odd[] = {json_null(), json_true(), json_integer(-7),
                     json_real(1e300), json_string("odd"), json_array(),
                     json_object(), json_pack("[[n], {s:[]}]", "a")};
    size_t  n_odd = sizeof odd / sizeof *odd;
    json_t *whole = document_of(failed_case);
    bool    is_done = false;

    (void)state;
    for (int at = 0; !is_done; at++) {
        json_t *document  = json_deep_copy(whole);
        int     countdown = at;

        is_done = !replace(document, &countdown, odd[(size_t)at % n_odd]);
        must_survive(document);
        json_decref(document);
    }
    for (size_t k = 0; k < n_odd; k++) json_decref(odd[k]);
    json_decref(whole);
}

static void test_a_report_cut_anywhere_is_refused(void **state)
{
    json_t *document = document_of(winner_case);
    char   *text     = jsonx_dump(document);
    size_t  len      = strlen(text);

    (void)state;
    for (size_t n = 0; n < len; n += 37) {
        char        *part = mem_copy_n(text, n);
        struct facts f;
        struct err   err = {0};

        assert_int_equal(facts_read(&f, part, &err), -1);
        assert_int_equal(err.kind, ERR_INPUT);
        free(part);
    }
    free(text);
    json_decref(document);
}

static void test_a_suite_without_all_its_counts_is_left_out(void **state)
{
    static const char *const counts[] = {"pass", "fail", "unparsed",
        "template_fault", "harness_fault", "total"};

    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        json_t      *document = document_of(winner_case);
        json_t      *quality  = json_object_get(candidate_of(document, 0),
                                                "quality");
        struct facts f;

        json_object_set_new(json_object_get(quality, "home"), counts[i],
                            json_integer(4294967297));
        read_document(&f, document);
        assert_int_equal(f.candidates[0].n_quality, 1);
        assert_string_equal(f.candidates[0].quality[0].suite, "speech");
        assert_int_equal(f.candidates[1].n_quality, 2);
        facts_done(&f);
        json_decref(document);
    }
}

static void test_texts_that_are_too_long_are_cut_between_letters(void **state)
{
    json_t      *document = document_of(no_winner_case), *finding;
    struct facts f;
    struct finding *got;

    (void)state;
    finding = json_array_get(json_object_get(json_object_get(
        candidate_of(document, 0), "template"), "findings"), 0);
    for (int shift = 0; shift < 3; shift++) {
        char *text = mem_new(3001, 1);

        memset(text, 'a', (size_t)shift);
        for (size_t at = (size_t)shift; at + 3 <= 3000; at += 3)
            memcpy(text + at, "\xe5\xae\xb6", 3);
        jsonx_set_text(finding, "text", text);
        jsonx_set_text(finding, "kind", text);
        read_document(&f, document);
        got = &f.candidates[0].findings[0];
        assert_true(utf8_valid(got->text, strlen(got->text)));
        assert_true(utf8_valid(got->kind, strlen(got->kind)));
        assert_in_range(strlen(got->text), sizeof got->text - 3,
                        sizeof got->text - 1);
        facts_done(&f);
        free(text);
    }
    json_decref(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_facts_read_back_render_the_same_reports),
        cmocka_unit_test(test_facts_keep_what_no_report_shows),
        cmocka_unit_test(test_what_the_preflight_said_is_kept),
        cmocka_unit_test(test_what_a_listener_feels_is_read_back_exactly),
        cmocka_unit_test(test_what_was_understood_is_read_back_exactly),
        cmocka_unit_test(test_what_is_read_makes_the_same_document),
        cmocka_unit_test(test_lists_longer_than_ours_are_cut),
        cmocka_unit_test(test_every_name_of_an_enum_is_read_back),
        cmocka_unit_test(test_what_is_no_report_is_refused_in_one_sentence),
        cmocka_unit_test(
            test_what_is_missing_in_the_text_is_missing_in_the_facts),
        cmocka_unit_test(test_a_value_of_any_wrong_type_is_refused_or_missing),
        cmocka_unit_test(test_a_report_cut_anywhere_is_refused),
        cmocka_unit_test(test_a_suite_without_all_its_counts_is_left_out),
        cmocka_unit_test(test_texts_that_are_too_long_are_cut_between_letters),
    };
    return cmocka_run_group_tests_name("facts_read", tests, NULL, NULL);
}
