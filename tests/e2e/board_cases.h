/* SPDX-License-Identifier: MIT */
/* board_cases.h - what the board does while a model answers, scripted: which
 * turns it marks, what becomes of them, energy, and memory that runs out. */
#ifndef TESTS_E2E_BOARD_CASES_H
#define TESTS_E2E_BOARD_CASES_H

#include "board_stage.h"
#include "server_cases.h"

#define ALPHA "-m alpha.gguf " SHORT

/* ---- marks -------------------------------------------------------------- */

/* Somebody computes during three requests of the second round, on all cores
 * and for far longer than those requests take. */
static inline json_t *burner(const struct workplace *w)
{
    json_t *script = board_script(w);

    json_object_set_new(script, "load_s", json_real(SEEN_LOAD_S));
    board_when(script, "start", "proc/{pid}/stat", ENGINE_STAT);
    for (int i = 0; i < 3; i++) {
        char *stat = mem_printf("cpu  %d 0 1000 900000 0 0 0 0 0 0\n",
                                1000 + 100000 * (i + 1));

        board_at(script, COMPLETION, 6 + i, "proc/stat", stat);
        free(stat);
    }
    return script;
}

static void test_a_burner_marks_the_turns_it_touched_and_no_other(void **state)
{
    struct workplace w;
    json_t          *document;
    const json_t    *c, *v, *speed;

    (void)state;
    board_begin(&w);
    board_play(&w, burner(&w));
    document = board_run(&w, 0, "-m alpha.gguf --llama-server FAKE --cases 1 "
                         "-r 10 --blocks 1");
    c = candidate_of(document, "alpha");
    expect_rows(&w, "SELECT t.key, n.position, n.marks FROM turn AS n JOIN "
                "trial AS t ON t.id = n.trial_id WHERE n.marks IS NOT NULL "
                "ORDER BY t.id", "b0/decode/1|0|[\"interference\"]\n"
                "b0/prefill128/1|0|[\"interference\"]\n"
                "b0/prefill512/1|0|[\"interference\"]\n");
    v = verdict_of(c, "interference");
    assert_int_equal(n_verdicts(c), 1);
    assert_true(value_at(v, "turns") == 3);
    assert_true(value_at(v, "of") ==
                stored_number(&w, "SELECT count(*) FROM turn"));
    assert_true(value_at(json_object_get(c, "board"), "marked") == 3);
    /* Ten rounds were wanted, and one was made again. */
    expect_rows(&w, "SELECT count(*) FROM trial WHERE key LIKE 'b0/decode/%'",
                "11\n");
    speed = json_object_get(json_object_get(c, "metrics"), "served_tok_s");
    assert_true(value_at(speed, "n") == 10);
    assert_true(value_at(speed, "median") == stored_number(
        &w, "SELECT avg(value) FROM (SELECT o.value FROM observation AS o "
        "JOIN trial AS t ON t.id = o.trial_id WHERE o.metric = 'served_tok_s' "
        "AND t.marks IS NULL ORDER BY o.value LIMIT 2 OFFSET 4)"));
    assert_false(json_is_true(json_object_get(speed, "marked")));
    json_decref(document);
    workplace_end(&w);
}

/* Real time goes by: what is read twice a second is seen. */
static inline void paced(json_t *script)
{
    json_object_set_new(script, "pace", json_integer(1));
    json_object_set_new(script, "tok_s", json_integer(3000));
    json_object_set_new(script, "prompt_tok_s", json_integer(1000000));
}

static const struct mark_case {
    const char *file, *form;   /* of text, with a %d that grows by `step` ... */
    int         from, step;    /* ... at each of fifty requests               */
    double      over_s;        /* then it is over; 0: at once, or it stays    */
    const char *kind, *words;
} mark_cases[] = {
    {"sys/class/hwmon/hwmon2/oc1_event_cnt", "%d\n", 8, 3, 0, "throttled",
     "over-current events"},
    {"sys/class/thermal/cooling_device0/cur_state", "%d\n", 2, 0, 1.5,
     "throttled", "clocks"},
    {"proc/vmstat", "pswpin %d\npswpout 0\n", 100000, 100000, 0, "swapped",
     "swapped"},
    {"sys/devices/system/cpu/cpufreq/policy0/scaling_max_freq", "%d\n",
     1100000, 0, 0, "slow_clock", "clock"},
};

static inline json_t *trouble(const struct workplace *w,
                              const struct mark_case *c)
{
    json_t *script = board_script(w);

    paced(script);
    for (int i = 0; i < 50; i++) {
        char *text = mem_printf(c->form, c->from + i * c->step);

        board_at(script, NULL, 20 + i, c->file, text);
        free(text);
        if (c->over_s > 0) {
            text = mem_printf(c->form, 0);
            board_after(script, NULL, 20, c->over_s, c->file, text);
            free(text);
            break;
        }
    }
    return script;
}

static void test_each_trouble_of_the_board_has_its_own_mark(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mark_cases / sizeof *mark_cases; i++) {
        const struct mark_case *m = &mark_cases[i];
        struct workplace w;
        json_t          *document;
        const json_t    *c, *v;

        board_begin(&w);
        board_play(&w, trouble(&w, m));
        document = board_run(&w, 0, ALPHA);
        c = candidate_of(document, "alpha");
        v = verdict_of(c, m->kind);
        if (!v || n_verdicts(c) != 1 || !strstr(text_at(v, "text"), m->words))
            fail_msg("%s: %s", m->file, v ? text_at(v, "text") : "no mark");
        assert_true(value_at(v, "turns") >= 1);
        assert_true(value_at(v, "turns") <= value_at(v, "of"));
        assert_true(*text_at(v, "remedy"));
        json_decref(document);
        workplace_end(&w);
    }
}

/* A limit that falls before the first question and stays. */
static void test_what_was_only_measured_under_a_mark_says_so(void **state)
{
    struct workplace w;
    json_t          *document, *script;
    const json_t    *c, *m, *r;

    (void)state;
    board_begin(&w);
    script = board_script(&w);
    json_object_set_new(script, "load_s", json_real(1.5));
    board_when(script, "start", "sys/devices/system/cpu/cpufreq/policy0/"
               "scaling_max_freq", "1000000\n");
    board_play(&w, script);
    workplace_text(&w, "audition.yaml", "thresholds:\n  min_quality: 0\n"
                   "  min_tool_accuracy: 0\n"
                   "candidates:\n  - model: alpha.gguf\n");
    document = board_run(&w, 0, SHORT);
    c = candidate_of(document, "alpha");
    expect_rows(&w, "SELECT count(*) FROM turn WHERE marks IS NULL", "0\n");
    m = json_object_get(json_object_get(c, "metrics"), "served_tok_s");
    assert_true(json_is_true(json_object_get(m, "marked")));
    assert_true(value_at(m, "median") > 0);
    assert_non_null(strstr(text_at(m, "reason"), "slow_clock"));
    r = json_object_get(document, "recommendation");
    if (!strstr(text_at(r, "sure"), "under a mark"))
        fail_msg("silent: %s", text_at(r, "sure"));
    json_decref(document);
    workplace_end(&w);
}

/* ---- energy ------------------------------------------------------------- */

static void test_energy_is_the_power_at_the_input_times_the_time(void **state)
{
    struct workplace w;
    struct temp_tree t;
    json_t          *document, *script;
    const json_t    *c;
    double           j, tok_s;

    (void)state;
    board_begin(&w);
    t = board_of(&w);
    board_files(&t, "sys/class/hwmon/hwmon4", "name=ina3221 in1_label=VDD_IN "
                "in1_input=5000 curr1_input=2000 in1_enable=1");
    script = board_script(&w);
    paced(script);
    json_object_set_new(script, "tok_s", json_integer(1000));
    board_play(&w, script);
    document = board_run(&w, 0, ALPHA);
    c = candidate_of(document, "alpha");
    j = median_of(c, "energy_j_per_token");
    tok_s = median_of(c, "served_tok_s");
    if (!(fabs(j * tok_s - 10) < 0.5))
        fail_msg("%g J at %g tok/s is no 10 W", j, tok_s);
    c = json_object_get(c, "board");
    assert_true(fabs(value_at(c, "power_w") - 10) < 1e-6);
    assert_string_equal(text_at(c, "energy_scope"), "board input");
    expect_rows(&w, "SELECT count(*) > 10, total(abs(board ->> 'energy_j' - "
                "10e-9 * (end_ns - sent_ns)) > (board ->> 'energy_error_j')) "
                "FROM turn WHERE board ->> 'energy_j' > 0", "1|0.0\n");
    json_decref(document);
    workplace_end(&w);
}

/* 2 J a step, over the end of the counter's range. */
static void test_an_energy_counter_that_wraps_is_followed(void **state)
{
    static const char file[] = "sys/class/powercap/intel-rapl:0/energy_uj";
    struct workplace w;
    struct temp_tree t;
    json_t          *document, *script;
    double           j;

    (void)state;
    board_begin(&w);
    t = board_of(&w);
    board_files(&t, "sys/class/powercap/intel-rapl:0", "name=package-0 "
                "energy_uj=990000000 max_energy_range_uj=1000000000");
    script = board_script(&w);
    paced(script);
    json_object_set_new(script, "tok_s", json_integer(400));
    for (int i = 0; i < 16; i++) {
        char *text = mem_printf("%d\n", (990 + 2 * i) % 1000 * 1000000);

        board_after(script, COMPLETION, 1, 0.02 * i, file, text);
        free(text);
    }
    board_play(&w, script);
    document = board_run(&w, 0, ALPHA);
    j = median_of(candidate_of(document, "alpha"), "energy_j_per_token");
    if (!(j > 0 && j < 32.0 / 64)) fail_msg("%g J a token", j);
    assert_string_equal(text_at(json_object_get(candidate_of(
        document, "alpha"), "board"), "energy_scope"), "processor package");
    expect_rows(&w, "SELECT count(*) FROM turn WHERE board ->> 'energy_j' < 0",
                "0\n");
    json_decref(document);
    workplace_end(&w);
}

/* ---- memory that runs out ----------------------------------------------- */

/* A model whose load leaves 60 MiB, until it is gone; "beta" is harmless. */
static inline void greedy_alpha(const struct workplace *w, double load_s)
{
    struct temp_tree t = board_of(w);
    char            *low = meminfo(60), *high = meminfo(12000);

    board_play(w, json_pack(
        "{s:s,s:{s:{s:f,s:[{s:s,s:s,s:s},{s:s,s:s,s:s}]}}}", "board_dir",
        t.root, "models", "alpha.gguf", "load_s", load_s, "board", "when",
        "start", "file", "proc/meminfo", "text", low, "when", "gone", "file",
        "proc/meminfo", "text", high));
    free(low);
    free(high);
}

static void test_a_load_that_leaves_no_memory_is_ended_and_told(void **state)
{
    struct workplace w;
    json_t          *document;
    const json_t    *c;

    (void)state;
    board_begin(&w);
    workplace_model(&w, "beta");
    greedy_alpha(&w, 50);
    document = board_run(&w, 0, "-m alpha.gguf -m beta.gguf " SHORT);
    c = candidate_of(document, "alpha");
    assert_string_equal(text_at(c, "status"), "failed");
    if (!strstr(text_at(c, "failure"), "out of memory") ||
        !strstr(text_at(c, "failure"), "60 MiB"))
        fail_msg("%s", text_at(c, "failure"));
    assert_true(is_measured(document, "beta"));
    expect_rows(&w, "SELECT count(*) FROM trial WHERE key = 'died' AND reason "
                "LIKE '%out of memory%'", "1\n");
    json_decref(document);
    /* It is a result: not tried again. */
    document = board_run(&w, 0, "-m alpha.gguf -m beta.gguf " SHORT);
    assert_non_null(strstr(text_at(candidate_of(document, "alpha"), "failure"),
                           "out of memory"));
    json_decref(document);
    workplace_end(&w);
}

static void test_with_a_floor_of_0_nothing_is_ended(void **state)
{
    struct workplace w;
    json_t          *document;

    (void)state;
    board_begin(&w);
    greedy_alpha(&w, 0.5);
    document = board_run(&w, 0, "--memory-floor 0 " ALPHA);
    assert_true(is_measured(document, "alpha"));
    json_decref(document);
    workplace_end(&w);
}

/* Whoever runs a server ends it, not we. */
static void test_a_server_that_is_not_ours_is_never_ended(void **state)
{
    struct workplace w;
    struct foreign   f;
    struct temp_tree t;
    struct outcome   o;
    char            *low = meminfo(60), *line;

    (void)state;
    board_begin(&w);
    t = board_of(&w);
    temp_text(&t, "proc/meminfo", low);
    workplace_script(&w, "{\"pace\":1,\"tok_s\":3000}");
    foreign_start(&f, &w, "-a big-model");
    line = mem_printf("--model big-model --sysroot %s", t.root);
    run_at(&w, f.port, line, &o);
    expect_measured(&o, "big-model", "served_tok_s");
    assert_int_equal(waitpid(f.pid, NULL, WNOHANG), 0);
    outcome_done(&o);
    foreign_end(&f);
    free(line);
    free(low);
    workplace_end(&w);
}

/* ---- not watched -------------------------------------------------------- */

static void test_without_sampling_there_are_reasons_and_no_figures(
    void **state)
{
    struct workplace w;
    json_t          *document;
    const json_t    *c, *m;

    (void)state;
    board_begin(&w);
    document = board_run(&w, 0, "--no-sampling " ALPHA);
    assert_true(is_measured(document, "alpha"));
    c = candidate_of(document, "alpha");
    m = json_object_get(json_object_get(c, "metrics"), "energy_j_per_token");
    assert_true(json_is_null(json_object_get(m, "median")));
    assert_true(*text_at(m, "reason"));
    c = json_object_get(c, "board");
    assert_true(json_is_null(json_object_get(c, "power_w")));
    assert_true(json_is_null(json_object_get(c, "temp_peak_c")));
    assert_int_equal(json_array_size(json_object_get(c, "verdicts")), 0);
    assert_true(value_at(c, "turns") == 0);
    assert_true(json_is_object(json_object_get(c, "at_start")));
    expect_rows(&w, "SELECT count(*) FROM turn WHERE board IS NOT NULL OR "
                "marks IS NOT NULL", "0\n");
    json_decref(document);

    /* What nobody watched does not pass for what was undisturbed. */
    document = board_run(&w, 0, ALPHA);
    c = json_object_get(candidate_of(document, "alpha"), "board");
    assert_true(value_at(c, "turns") > 0);
    json_decref(document);
    workplace_end(&w);
}

static void test_a_sysroot_that_is_not_there_is_told(void **state)
{
    struct workplace w;

    (void)state;
    board_begin(&w);
    assert_int_equal(run_differs(&w, "run --sysroot gone " ALPHA, 2, NULL,
                                 "--sysroot gone: no such folder"), 0);
    assert_int_equal(run_differs(&w, "run --sysroot alpha.gguf --modes 0 "
                                 "--mode-cmd nvpmodel_{id} " ALPHA, 2, NULL,
                                 "--sysroot alpha.gguf: is no folder"), 0);
    workplace_end(&w);
}

#endif
