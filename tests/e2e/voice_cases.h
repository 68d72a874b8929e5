/* SPDX-License-Identifier: MIT */
/* voice_cases.h - what a listener feels, on a scripted clock: every quantity
 * of the report is the one that the script says. */
#ifndef TESTS_E2E_VOICE_CASES_H
#define TESTS_E2E_VOICE_CASES_H

#include "document.h"

#define EXACT 1e-6

/* Thinks until 0.2 s, first answer token at 0.3, clause at 0.4, sentence at
 * 0.5; then nothing until 6.0. Seven words in the first sentence. */
#define SLOW_SECOND_SENTENCE                                                  \
    "{\"arrivals\":[[0.2,\"Hm.\",\"reasoning\"],[0.3,\"Well, my \"],"         \
    "[0.4,\"friend, the \"],[0.5,\"leaves turn red. Then \"],"                \
    "[6.0,\"they fall down \"],[6.5,\"on the ground.\"]]}"

#define KITCHEN_CALL                                                          \
    "{\"when\":\"Turn on the kitchen light.\",\"arrivals\":[[0.4,\"{}\","     \
    "\"call\"]],\"calls\":[{\"name\":\"HassTurnOn\",\"arguments\":"           \
    "{\"name\":\"Kitchen light\"}}]},"                                        \
    "{\"when\":\"light.kitchen\",\"arrivals\":[[0.5,\"The kitchen light \"]," \
    "[0.6,\"is on now. \"],[0.7,\"Enjoy it.\"]]},"

#define RECORDED(more, answers)                                               \
    "{\"model\":\"m\",\"build\":\"r\",\"load_s\":1.5,\"has_template\":true,"  \
    "\"supports_tools\":true,\"supports_tool_calls\":true,"                   \
    "\"supports_system_role\":true,\"tok_s\":50," more "\"answers\":["        \
    answers "]}"

#define FAST "\"prompt_tok_s\":1e9,"

#define ONE_CASE                                                              \
    "{\"id\":\"k1\",\"suite\":\"kitchen\",\"category\":\"single\","           \
    "\"home\":\"flat\",\"setup\":{\"light.kitchen\":{\"state\":\"off\"}},"    \
    "\"say\":\"Turn on the kitchen light.\",\"checks\":[{\"scorer\":"         \
    "\"state\",\"expect\":{\"light.kitchen\":{\"state\":\"on\"}}}],"          \
    "\"reference\":{\"calls\":[{\"name\":\"HassTurnOn\",\"arguments\":"       \
    "{\"name\":\"Kitchen light\"}}],\"answer\":\"It is on.\"},"               \
    "\"wrong\":{\"calls\":[],\"answer\":\"Done!\"},\"why\":\"plain\"}\n"

/* The only candidate of a run on this recording. The caller decrefs
 * *document. */
static inline const json_t *voice(const struct workplace *w,
                                  const char *recorded, const char *options,
                                  json_t **document)
{
    char          *line = mem_printf("run --json -q --suite ./kitchen.jsonl "
                                     "-r 1 --blocks 1 --budget 1 %s", options);
    struct outcome o;

    workplace_text(w, "m.json", recorded);
    workplace_text(w, "kitchen.jsonl", ONE_CASE);
    workplace_text(w, "audition.yaml", "candidates:\n  - name: m\n"
                                       "    replay: m.json\n");
    program_run(w, line, &o);
    expect(&o, 0, NULL, NULL);
    *document = document_of(&o);
    outcome_done(&o);
    free(line);
    return candidate_of(*document, "m");
}

static inline void expect_metric(const json_t *c, const char *name,
                                 double want)
{
    double got = median_of(c, name);

    if (!(fabs(got - want) < EXACT))
        fail_msg("%s is %.9g, not %.9g", name, got, want);
}

static inline double number_at(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return json_is_number(value) ? json_number_value(value) : NAN;
}

static void test_every_latency_is_what_the_script_says(void **state)
{
    static const struct { const char *name; double s; } wanted[] = {
        {"ttft_s", 0.2}, {"ttfat_s", 0.3}, {"first_clause_s", 0.4},
        {"first_sentence_s", 0.5}, {"first_sentence_cold_s", 0.5},
        {"underrun_s", 3.2},              /* 0.5 + 7 words at 0.4 s .. 6.5 */
        {"tool_turn_s", 1.1},             /* 0.4 for the call, then 0.7    */
        {"cold_start_s", 1.8},            /* 1.5 to load, then 0.3         */
        {"latency50_s", 0.98}, {"served_tok_s", 50}};
    struct workplace w;
    json_t          *document;
    const json_t    *c;

    (void)state;
    workplace_begin(&w, "{}");
    c = voice(&w, RECORDED(FAST, KITCHEN_CALL SLOW_SECOND_SENTENCE), "",
              &document);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        expect_metric(c, wanted[i].name, wanted[i].s);
    json_decref(document);
    workplace_end(&w);
}

static void test_a_slow_speaker_hears_no_silence(void **state)
{
    struct workplace w;
    json_t          *document;

    (void)state;
    workplace_begin(&w, "{}");
    expect_metric(voice(&w, RECORDED(FAST, SLOW_SECOND_SENTENCE),
                        "--speaking-rate 60", &document), "underrun_s", 0);
    json_decref(document);
    workplace_end(&w);
}

static void test_another_speaking_rate_needs_no_new_audition(void **state)
{
    struct workplace w;
    json_t          *document;

    (void)state;
    workplace_begin(&w, "{}");
    expect_metric(voice(&w, RECORDED(FAST, SLOW_SECOND_SENTENCE), "",
                        &document), "underrun_s", 3.2);
    json_decref(document);
    expect_metric(voice(&w, RECORDED(FAST, SLOW_SECOND_SENTENCE),
                        "--speaking-rate 60", &document), "underrun_s", 0);
    json_decref(document);
    expect_rows(&w, "SELECT count(*) FROM trial WHERE run_id > 1", "0\n");
    workplace_end(&w);
}

static void test_reasoning_in_the_speech_is_counted_and_not_waited_for(
    void **state)
{
    struct workplace w;
    json_t          *document;
    const json_t    *c, *r;

    (void)state;
    workplace_begin(&w, "{}");
    c = voice(&w, RECORDED(FAST, "{\"arrivals\":[[0.1,\"<think>The user \"],"
              "[0.2,\"asks.</think>\"],[0.9,\"It is a nice \"],"
              "[1.1,\"day. And\"],[1.2,\" so on.\"]]}"), "", &document);
    expect_metric(c, "ttft_s", 0.1);
    expect_metric(c, "ttfat_s", 0.9);
    expect_metric(c, "first_sentence_s", 1.1);
    r = json_object_get(c, "reasoning");
    assert_true(number_at(r, "leak_rate") == 1);
    assert_true(number_at(r, "empty_rate") == 0);
    assert_true(json_is_false(json_object_get(r, "can_disable")));
    json_decref(document);
    workplace_end(&w);
}

static void test_an_answer_of_nothing_but_reasoning_is_empty(void **state)
{
    struct workplace w;
    json_t          *document;
    const json_t    *c, *r;

    (void)state;
    workplace_begin(&w, "{}");
    c = voice(&w, RECORDED(FAST, "{\"reasoning\":\"I wonder and wonder\"}"),
              "", &document);
    r = json_object_get(c, "reasoning");
    assert_true(number_at(r, "empty_rate") == 1);
    assert_true(number_at(r, "leak_rate") == 0);
    assert_true(isnan(median_of(c, "ttfat_s")));
    assert_true(isnan(median_of(c, "first_sentence_s")));
    json_decref(document);
    workplace_end(&w);
}

static void test_thinking_that_can_be_switched_off_is_off(void **state)
{
    static const char thinker[] = RECORDED(
        FAST "\"template\":{\"options\":\"shown\"},",
        "{\"when_kwargs\":{\"enable_thinking\":false},"
        "\"arrivals\":[[0.3,\"It is a nice day. \"],[0.4,\"Yes.\"]]},"
        "{\"arrivals\":[[0.2,\"Hm.\",\"reasoning\"],"
        "[9.0,\"It is a nice day. Yes.\"]]}");
    struct workplace w;
    json_t          *document;
    const json_t    *c;

    (void)state;
    workplace_begin(&w, "{}");
    c = voice(&w, thinker, "", &document);
    expect_metric(c, "first_sentence_s", 0.4);
    assert_true(json_is_true(json_object_get(json_object_get(c, "reasoning"),
                                             "can_disable")));
    json_decref(document);
    c = voice(&w, thinker, "--thinking keep", &document);
    expect_metric(c, "first_sentence_s", 9.0);
    json_decref(document);
    workplace_end(&w);
}

/* ---- turn 2 to n -------------------------------------------------------- */

static inline bool has_finding(const json_t *c, const char *kind)
{
    const json_t *list = json_object_get(json_object_get(c, "template"),
                                         "findings");
    size_t        i;
    const json_t *item;

    json_array_foreach(list, i, item)
        if (strcmp(text_at(item, "kind"), kind) == 0) return true;
    return false;
}

static void test_ten_turns_read_again_only_what_the_cache_lost(void **state)
{
    struct workplace w;
    json_t          *document;
    const json_t    *c, *turns, *turn;
    size_t           i;

    (void)state;
    workplace_begin(&w, "{}");
    c = voice(&w, RECORDED(FAST, KITCHEN_CALL SLOW_SECOND_SENTENCE), "",
              &document);
    turns = json_object_get(c, "turns");
    assert_int_equal(json_array_size(turns), 10);
    json_array_foreach(turns, i, turn) {
        assert_int_equal((int)number_at(turn, "turn"), (int)i + 1);
        assert_true(fabs(number_at(turn, "first_sentence_s") - 0.5) < EXACT);
        if (i > 0) assert_true(number_at(turn, "reread_tokens") == 0);
    }
    json_decref(document);
    c = voice(&w, RECORDED(FAST "\"cache\":\"none\",",
                           KITCHEN_CALL SLOW_SECOND_SENTENCE), "", &document);
    turns = json_object_get(c, "turns");
    json_array_foreach(turns, i, turn)
        if (i > 0) assert_true(number_at(turn, "reread_tokens") > 50);
    assert_true(has_finding(c, "prompt_cache_off"));
    json_decref(document);
    workplace_end(&w);
}

/* ---- growing prompts ---------------------------------------------------- */

static void test_the_cliff_is_where_the_script_puts_it(void **state)
{
    struct workplace w;
    json_t          *document;
    const json_t    *cliff, *points, *point;
    double           last = 0;
    size_t           i;

    (void)state;
    workplace_begin(&w, "{}");
    cliff = json_object_get(voice(&w, RECORDED("\"prompt_tok_s\":1000,",
        KITCHEN_CALL SLOW_SECOND_SENTENCE), "-c 100000", &document),
        "prefill_cliff");
    points = json_object_get(cliff, "points");
    assert_int_equal(json_array_size(points), 6);
    json_array_foreach(points, i, point) {
        double tokens = number_at(point, "prompt_tokens");

        assert_true(tokens > last);
        assert_true(fabs(number_at(point, "ttft_s") - tokens / 1000) < 1e-3);
        last = tokens;
    }
    assert_true(json_is_null(json_object_get(cliff, "knee_tokens")));
    assert_true(number_at(cliff, "max_entities") > 0);
    json_decref(document);
    workplace_end(&w);
}

static void test_a_prompt_beyond_the_context_is_left_out_and_said(void **state)
{
    struct workplace w;
    json_t          *document;
    const json_t    *points, *last;

    (void)state;
    workplace_begin(&w, "{}");
    points = json_object_get(json_object_get(
        voice(&w, RECORDED(FAST "\"context\":1000,",
              KITCHEN_CALL SLOW_SECOND_SENTENCE), "", &document),
        "prefill_cliff"), "points");
    last = json_array_get(points, json_array_size(points) - 1);
    assert_true(json_is_null(json_object_get(last, "ttft_s")));
    assert_non_null(strstr(text_at(last, "reason"), "context"));
    json_decref(document);
    workplace_end(&w);
}

/* ---- tools by prompt ---------------------------------------------------- */

static void test_tools_that_a_template_drops_are_asked_by_prompt(void **state)
{
    struct workplace w;
    json_t          *document;
    const json_t    *quality, *native, *by_prompt;
    struct outcome   o;

    (void)state;
    workplace_begin(&w, "{}");
    workplace_text(&w, "m.json",
        "{\"has_template\":true,\"supports_tools\":false,\"tok_s\":50,"
        "\"prompt_tok_s\":1e9,\"answers\":["
        "{\"when\":\"Turn on the kitchen light.\",\"content\":\"<tool_call>\\n"
        "{\\\"name\\\": \\\"HassTurnOn\\\", \\\"arguments\\\": {\\\"name\\\": "
        "\\\"Kitchen light\\\"}}\\n</tool_call>\"},"
        "{\"when\":\"light.kitchen\",\"content\":\"The light is on now.\"},"
        "{\"content\":\"It is a nice day today. Yes.\"}]}");
    workplace_text(&w, "kitchen.jsonl", ONE_CASE);
    workplace_text(&w, "audition.yaml", "candidates:\n  - name: m\n"
                                        "    replay: m.json\n");
    program_run(&w, "run --json -q --suite ./kitchen.jsonl -r 1 --blocks 1 "
                "--budget 1", &o);
    expect(&o, 0, NULL, NULL);
    document = document_of(&o);
    quality = json_object_get(candidate_of(document, "m"), "quality");
    native = json_object_get(quality, "kitchen");
    by_prompt = json_object_get(quality, "kitchen_by_prompt");
    assert_int_equal((int)number_at(native, "template_fault"), 1);
    assert_int_equal((int)number_at(native, "pass"), 0);
    assert_int_equal((int)number_at(by_prompt, "pass"), 1);
    assert_true(json_is_true(json_object_get(by_prompt, "by_prompt")));
    assert_true(json_is_false(json_object_get(native, "by_prompt")));
    assert_true(*text_at(by_prompt, "dialect") != '\0');
    assert_true(has_finding(candidate_of(document, "m"), "tools_by_prompt"));
    json_decref(document);
    outcome_done(&o);
    /* Judged again, they stay what they are. */
    program_run(&w, "score --suite ./kitchen.jsonl -r 1 --blocks 1 "
                "--budget 1", &o);
    expect(&o, 0, NULL, "0 came out differently");
    outcome_done(&o);
    workplace_end(&w);
}

#endif
