/* SPDX-License-Identifier: MIT */
/* A pass of a soak, asked of an engine on a scripted clock. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "soak_run.h"

#define NS 1000000000LL

struct script {
    int64_t       now_ns;
    int           asked;
    int           fails_at, fails_for;   /* requests, from 0; -1: never     */
    enum err_kind kind;
    bool          is_dead;               /* once it has failed              */
    int           changes_at;            /* from this request on another
                                            answer; -1                      */
    char         *first, *last;          /* questions of this pass          */
};

static struct script fresh(void)
{
    return (struct script){.now_ns = 5 * NS, .fails_at = -1, .changes_at = -1};
}

/* Three sentences, 20 tokens at 10 a second, after half a second. */
static int chat(void *self, const struct chat_request *r, struct turn *out,
                struct err *err)
{
    struct script *s = self;
    int            n = s->asked++;
    static const char answer[] = "One two three. Four five six. Seven.";

    assert_int_equal(r->n_messages, 2);
    assert_string_equal(r->messages[0].role, "system");
    assert_string_equal(r->messages[0].text, "You help.");
    assert_true(jsonx_number(r->sampling, "temperature") == 0);
    assert_true(jsonx_number(r->sampling, "seed") == 1);
    assert_true(jsonx_number(r->sampling, "top_p") == 0.5);
    assert_int_equal(r->max_tokens, SOAK_TOKENS);
    assert_false(r->is_cold);
    free(s->last);
    s->last = mem_copy(r->messages[1].text);
    if (!s->first) s->first = mem_copy(s->last);
    if (s->fails_at >= 0 && n >= s->fails_at && n < s->fails_at + s->fails_for)
        return err_set(err, s->kind, "no answer");
    out->sent_ns = s->now_ns;
    s->now_ns += 5 * NS / 2;
    out->end_ns = s->now_ns;
    free(out->content);
    out->content = mem_copy(n == s->changes_at ? "Other." : answer);
    out->chunks = mem_new(1, sizeof *out->chunks);
    out->n_chunks = 1;
    out->chunks[0] = (struct chunk){.at_ns = out->sent_ns + NS / 2,
                                    .kind = CHUNK_CONTENT, .tokens = 20,
                                    .end_bytes = strlen(out->content)};
    out->server.predicted_n = 21;
    out->server.predicted_ms = 2000;
    out->board.engine_anon_bytes = 1000 + n;
    out->board.device_bytes = 500;
    out->board.temp_c = 50;
    return 0;
}

static bool alive(void *self, struct err *why)
{
    struct script *s = self;

    if (!s->is_dead) return true;
    err_set(why, ERR_FAILED, "it died");
    return false;
}

static int pass(struct script *s, struct soak_past *past, struct trial *t,
                struct err *err)
{
    static char system[] = "You help.";
    const struct engine_ops ops  = {.chat = chat, .alive = alive};
    const struct prompt_kit kit  = {.system = system};
    json_t *sampling = json_pack("{s:f,s:f}", "temperature", 0.7, "top_p",
                                 0.5);
    const struct measure m = {.user_prompt = &kit, .sampling = sampling};
    struct bench         b = {.m = &m, .ops = &ops, .engine = s};
    int                  rc;

    *t = (struct trial){.n_turns = 0};
    free(s->first);
    s->first = NULL;
    rc = soak_pass(&b, past, t, err);
    json_decref(sampling);
    return rc;
}

static void must_pass(struct script *s, struct soak_past *past,
                      struct trial *t)
{
    struct err err = {0};

    if (pass(s, past, t, &err)) fail_msg("%s", err.text);
    soak_past_add(past, t);
}

static void end(struct script *s, struct soak_past *past)
{
    free(s->first);
    free(s->last);
    soak_past_done(past);
}

/* The value of a metric the k-th time it was observed; NAN. */
static double nth(const struct trial *t, const char *metric, int k)
{
    for (size_t i = 0; i < t->n_observations; i++)
        if (strcmp(t->observations[i].metric, metric) == 0 && k-- == 0)
            return t->observations[i].value;
    return NAN;
}

static bool near(double a, double b) { return fabs(a - b) < 1e-9; }

static void test_a_pass_is_five_records(void **state)
{
    struct script    s    = fresh();
    struct soak_past past = {0};
    struct trial     t;

    (void)state;
    must_pass(&s, &past, &t);
    assert_int_equal(t.n_turns, SOAK_QUESTIONS);
    assert_int_equal(t.n_messages, 2 * SOAK_QUESTIONS);
    assert_int_equal(t.messages[1].turn, 0);
    assert_string_equal(t.observations[0].metric, SOAK_START);
    assert_string_equal(t.observations[1].metric, SOAK_AT);
    for (int q = 0; q < SOAK_QUESTIONS; q++) {
        assert_true(near(nth(&t, SOAK_QUESTION, q), q));
        assert_true(near(nth(&t, SOAK_AT, q), 2.5 * (q + 2)));
        assert_true(near(nth(&t, SOAK_TOK_S, q), 10));
        assert_true(near(nth(&t, SOAK_LATENCY, q), 0.5));
        assert_true(near(nth(&t, SOAK_MEMORY, q), 1501 + q));
        assert_true(near(nth(&t, SOAK_TEMP, q), 50));
        assert_true(isnan(nth(&t, SOAK_POWER, q)));
        assert_true(near(nth(&t, SOAK_ANSWER, q), 0));
    }
    assert_true(isnan(nth(&t, SOAK_AT, SOAK_QUESTIONS)));
    assert_true(isnan(nth(&t, SOAK_FAILED, 0)));
    assert_true(near(t.duration_s, 2.5 * (SOAK_QUESTIONS + 1)));
    trial_done(&t);
    end(&s, &past);
}

/* So that the cache is for the first pass what it is for all others. */
static void test_the_last_question_leads_in_after_a_start_only(void **state)
{
    struct script    s    = fresh();
    struct soak_past past = {0};
    struct trial     t;

    (void)state;
    must_pass(&s, &past, &t);
    assert_int_equal(s.asked, SOAK_QUESTIONS + 1);
    assert_string_equal(s.first, s.last);
    assert_string_equal(t.messages[8].text, s.last);
    trial_done(&t);
    must_pass(&s, &past, &t);
    assert_int_equal(s.asked, 2 * SOAK_QUESTIONS + 1);
    assert_string_not_equal(s.first, s.last);
    assert_true(isnan(nth(&t, SOAK_START, 0)));
    trial_done(&t);
    soak_past_restart(&past);
    must_pass(&s, &past, &t);
    assert_string_equal(s.first, s.last);
    assert_true(near(nth(&t, SOAK_START, 0), 1));
    trial_done(&t);
    end(&s, &past);
}

static void test_time_goes_on_between_passes_but_not_between_starts(
    void **state)
{
    struct script    s    = fresh();
    struct soak_past past = {0};
    struct trial     t;

    (void)state;
    must_pass(&s, &past, &t);
    trial_done(&t);
    assert_true(near(past.elapsed_s, 15));
    s.now_ns += 10 * NS;
    must_pass(&s, &past, &t);
    trial_done(&t);
    assert_true(near(past.elapsed_s, 15 + 10 + 12.5));
    soak_past_restart(&past);
    s.now_ns = 3 * NS;                       /* another clock */
    must_pass(&s, &past, &t);
    trial_done(&t);
    assert_true(near(past.elapsed_s, 37.5 + 15));
    end(&s, &past);
}

static void test_other_answers_are_numbered(void **state)
{
    struct script    s    = fresh();
    struct soak_past past = {0};
    struct trial     t;

    (void)state;
    must_pass(&s, &past, &t);
    trial_done(&t);
    s.changes_at = s.asked + 2;
    must_pass(&s, &past, &t);
    for (int q = 0; q < SOAK_QUESTIONS; q++)
        assert_true(near(nth(&t, SOAK_ANSWER, q), q == 2));
    trial_done(&t);
    must_pass(&s, &past, &t);
    assert_true(near(nth(&t, SOAK_ANSWER, 2), 0));
    trial_done(&t);
    s.changes_at = s.asked + 2;
    must_pass(&s, &past, &t);
    assert_true(near(nth(&t, SOAK_ANSWER, 2), 1));
    trial_done(&t);
    end(&s, &past);
}

static void test_a_failed_question_is_a_record_and_the_pass_goes_on(
    void **state)
{
    struct script    s    = fresh();
    struct soak_past past = {0};
    struct trial     t;

    (void)state;
    s.fails_at = 2;
    s.fails_for = 1;
    s.kind = ERR_TIMEOUT;
    must_pass(&s, &past, &t);
    assert_int_equal(t.n_turns, SOAK_QUESTIONS);
    assert_true(near(nth(&t, SOAK_FAILED, 0), 1));
    assert_true(isnan(nth(&t, SOAK_FAILED, 1)));
    assert_true(near(nth(&t, SOAK_AT, 1), nth(&t, SOAK_AT, 0)));
    assert_true(near(nth(&t, SOAK_QUESTION, 4), 4));
    assert_true(isnan(nth(&t, SOAK_ANSWER, 4)));
    trial_done(&t);
    end(&s, &past);
}

static void test_a_pass_without_an_answer_fails(void **state)
{
    struct script    s    = fresh();
    struct soak_past past = {0};
    struct trial     t;
    struct err       err = {0};

    (void)state;
    s.fails_at = 0;
    s.fails_for = 100;
    s.kind = ERR_FAILED;
    assert_int_equal(pass(&s, &past, &t, &err), -1);
    assert_string_equal(err.text, "no answer");
    assert_true(near(nth(&t, SOAK_FAILED, 4), 1));
    trial_done(&t);
    end(&s, &past);
}

static void test_a_dead_engine_or_a_signal_ends_the_pass(void **state)
{
    static const enum err_kind kinds[] = {ERR_FAILED, ERR_STOPPED};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct script    s    = fresh();
        struct soak_past past = {0};
        struct trial     t;
        struct err       err = {0};

        s.fails_at = 3;
        s.fails_for = 1;
        s.kind = kinds[i];
        s.is_dead = i == 0;
        assert_int_equal(pass(&s, &past, &t, &err), -1);
        assert_int_equal(err.kind, kinds[i]);
        assert_int_equal(s.asked, 4);
        assert_int_equal(t.n_turns, 3);
        trial_done(&t);
        end(&s, &past);
    }
}

static void test_a_signal_during_the_lead_in_ends_the_pass(void **state)
{
    struct script    s    = fresh();
    struct soak_past past = {0};
    struct trial     t;
    struct err       err = {0};

    (void)state;
    s.fails_at = 0;
    s.fails_for = 1;
    s.kind = ERR_STOPPED;
    assert_int_equal(pass(&s, &past, &t, &err), -1);
    assert_int_equal(err.kind, ERR_STOPPED);
    assert_int_equal(s.asked, 1);
    trial_done(&t);
    end(&s, &past);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_pass_is_five_records),
        cmocka_unit_test(test_the_last_question_leads_in_after_a_start_only),
        cmocka_unit_test(
            test_time_goes_on_between_passes_but_not_between_starts),
        cmocka_unit_test(test_other_answers_are_numbered),
        cmocka_unit_test(
            test_a_failed_question_is_a_record_and_the_pass_goes_on),
        cmocka_unit_test(test_a_pass_without_an_answer_fails),
        cmocka_unit_test(test_a_dead_engine_or_a_signal_ends_the_pass),
        cmocka_unit_test(test_a_signal_during_the_lead_in_ends_the_pass),
    };

    return cmocka_run_group_tests_name("soak_run", tests, NULL, NULL);
}
