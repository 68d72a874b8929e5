/* SPDX-License-Identifier: MIT */
/* replay_cases.h - the chain on recordings, on a scripted clock: what is
 * clearly better ranks higher, and who always answers right is recommended. */
#ifndef TESTS_E2E_REPLAY_CASES_H
#define TESTS_E2E_REPLAY_CASES_H

#include "document.h"

/* What a reference answers to what is said; of a case or one of its turns. */
static inline void add_reference(json_t *answers, const json_t *test)
{
    json_t *reference = json_object_get(test, "reference");
    json_t *answer    = json_object();
    json_t *calls     = json_object_get(reference, "calls");

    json_object_set(answer, "when", json_object_get(test, "say"));
    json_object_set(answer, "content", json_object_get(reference, "answer"));
    if (json_array_size(calls)) json_object_set(answer, "calls", calls);
    json_array_append_new(answers, answer);
}

static inline void add_suite(json_t *answers, const struct workplace *w,
                             const char *suite)
{
    char  *path = mem_printf("%s/suites/%s.jsonl", w->data, suite);
    char  *text = read_text(path);
    size_t n    = 0;

    for (char *at = text; *at; n++) {
        size_t  len  = strcspn(at, "\n");
        json_t *test = json_loadb(at, len, 0, NULL);

        if (!test) fail_msg("%s:%zu: no JSON", path, n + 1);
        add_reference(answers, test);
        json_decref(test);
        at += len + (at[len] == '\n');
    }
    if (n < 5) fail_msg("%s: only %zu cases", path, n);
    free(text);
    free(path);
}

/* Longest question first: a short one may be a part of a long one. */
static inline int by_length(const void *a, const void *b)
{
    size_t left  = strlen(text_at(*(json_t *const *)a, "when"));
    size_t right = strlen(text_at(*(json_t *const *)b, "when"));

    return left < right ? 1 : left > right ? -1 : 0;
}

static inline json_t *sorted(json_t *answers)
{
    size_t   n = json_array_size(answers);
    json_t **list = mem_new(n, sizeof *list);
    json_t  *all  = json_array();

    for (size_t i = 0; i < n; i++) list[i] = json_array_get(answers, i);
    qsort(list, n, sizeof *list, by_length);
    for (size_t i = 0; i < n; i++) json_array_append(all, list[i]);
    free(list);
    json_decref(answers);
    return all;
}

/* NAME.json: a model of this speed that answers from `answers`, and
 * otherwise says one thing. Takes answers. */
static inline void recording(const struct workplace *w, const char *name,
                             double tok_s, json_t *answers)
{
    char   *file = mem_printf("%s.json", name), *text;
    json_t *all  = json_pack(
        "{s:s, s:s, s:f, s:i, s:b, s:b, s:b, s:b, s:f, s:f, s:o}", "model",
        name, "build", "replay-1", "load_s", 1.0, "context", 4096,
        "has_template", 1, "supports_tools", 1, "supports_tool_calls", 1,
        "supports_system_role", 1, "prompt_tok_s", 20 * tok_s, "tok_s", tok_s,
        "answers", answers);

    json_array_append_new(answers, json_pack("{s:s}", "content", "Done, I "
        "have taken care of it for you. Is there anything else that I can do "
        "for you this evening, or shall I leave it at that for now?"));
    text = json_dumps(all, JSON_INDENT(1));
    workplace_text(w, file, text);
    free(text);
    free(file);
    json_decref(all);
}

static inline json_t *right_answers(const struct workplace *w)
{
    static const char *const suites[] = {"home", "home_services", "no_call",
                                         "instructions", "knowledge"};
    json_t *answers = json_array();

    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++)
        add_suite(answers, w, suites[i]);
    return sorted(answers);
}

static inline json_t *audition_of(const struct workplace *w, const char *yaml,
                                  int code)
{
    struct outcome o;
    json_t        *document;

    workplace_text(w, "audition.yaml", yaml);
    program_run(w, "run --json -q", &o);
    expect(&o, code, NULL, NULL);
    document = document_of(&o);
    outcome_done(&o);
    return document;
}

static inline const char *recommended(const json_t *document)
{
    return text_at(json_object_get(document, "recommendation"), "name");
}

static void test_who_always_answers_right_is_recommended(void **state)
{
    /* A recording says one thing after every tool result: where the result
     * has to be told, a home's case is lost. */
    static const struct { const char *suite; double least; } suites[] = {
        {"home", 0.8}, {"home_services", 0.8}, {"no_call", 1},
        {"instructions", 1}, {"knowledge", 1}};
    struct workplace w;
    json_t          *document, *quality;

    (void)state;
    workplace_begin(&w, NULL);
    recording(&w, "right", 60, right_answers(&w));
    recording(&w, "silent", 90, json_array());
    document = audition_of(&w, "cases: 10000\ncandidates:\n"
                           "  - {name: silent, replay: silent.json}\n"
                           "  - {name: right, replay: right.json}\n", 0);
    assert_string_equal(recommended(document), "right");
    assert_true(json_is_true(json_object_get(candidate_of(document, "right"),
                                             "passes_gates")));
    assert_true(json_is_false(json_object_get(candidate_of(document,
                                              "silent"), "passes_gates")));
    quality = json_object_get(candidate_of(document, "right"), "quality");
    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++) {
        json_t *q    = json_object_get(quality, suites[i].suite);
        double  rate = json_number_value(json_object_get(q, "rate"));

        if (!(rate >= suites[i].least))
            fail_msg("%s: the references pass only %.0f %%", suites[i].suite,
                     100 * rate);
    }
    json_decref(document);
    workplace_end(&w);
}

/* What is better by its recording, and by which objective. */
static const struct rank_case {
    const char *objective;
    double      tok_s_a, tok_s_b;
    const char *best;
} rank_cases[] = {
    {"speed", 20, 80, "b"},
    {"speed", 80, 20, "a"},
    {"latency", 20, 80, "b"},
    {"latency", 80, 20, "a"},
};

static void test_a_clear_difference_ranks_as_it_should(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rank_cases / sizeof *rank_cases; i++) {
        const struct rank_case *c = &rank_cases[i];
        struct workplace w;
        json_t          *document;
        char            *yaml = mem_printf(      /* no gate is in the way */
            "objective: %s\ncases: 20\nthresholds: {min_tool_accuracy: 0, "
            "min_quality: 0, ready_s: 60, borderline_s: 60}\ncandidates:\n"
            "  - {name: a, replay: a.json}\n  - {name: b, replay: b.json}\n",
            c->objective);

        workplace_begin(&w, NULL);
        recording(&w, "a", c->tok_s_a, right_answers(&w));
        recording(&w, "b", c->tok_s_b, right_answers(&w));
        document = audition_of(&w, yaml, 0);
        assert_string_equal(recommended(document), c->best);
        assert_string_equal(text_at(json_array_get(json_object_get(document,
                            "candidates"), 0), "name"), c->best);
        for (const char *name = "ab"; *name; name++) {
            char   one[2] = {*name, '\0'};
            double got    = median_of(candidate_of(document, one),
                                      "served_tok_s");
            double want   = *name == 'a' ? c->tok_s_a : c->tok_s_b;
            if (!(got > 0.98 * want && got < 1.02 * want))
                fail_msg("%s: %g tok/s were scripted, %g measured", one, want,
                         got);
        }
        json_decref(document);
        free(yaml);
        workplace_end(&w);
    }
}

static void test_a_recording_that_dies_leaves_the_other(void **state)
{
    struct workplace w;
    json_t          *document;

    (void)state;
    workplace_begin(&w, NULL);
    recording(&w, "right", 60, right_answers(&w));
    workplace_text(&w, "dies.json", "{\"model\":\"d\",\"dies_at_request\":9,"
                   "\"answers\":[{\"content\":\"Hello there, friend.\"}]}");
    workplace_text(&w, "never.json", "{\"fail_load\":\"it never loads\"}");
    workplace_text(&w, "broken.json", "{");
    document = audition_of(&w, "cases: 10000\ncandidates:\n"
                           "  - {name: dies, replay: dies.json}\n"
                           "  - {name: never, replay: never.json}\n"
                           "  - {name: broken, replay: broken.json}\n"
                           "  - {name: right, replay: right.json}\n", 0);
    assert_string_equal(recommended(document), "right");
    assert_non_null(strstr(text_at(candidate_of(document, "dies"), "failure"),
                           "died"));
    assert_non_null(strstr(text_at(candidate_of(document, "never"),
                                   "failure"), "it never loads"));
    assert_non_null(strstr(text_at(candidate_of(document, "broken"),
                                   "failure"), "broken.json"));
    json_decref(document);
    workplace_end(&w);
}

#endif
