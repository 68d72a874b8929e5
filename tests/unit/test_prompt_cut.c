/* SPDX-License-Identifier: MIT */
/* A prompt that the server cut is found out, and none that was read whole is
 * ever accused: over prompts of all lengths and densities, for each way in
 * which versions of Ollama cut. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/prompt_cut.h"

#define OVERHEAD 60        /* tokens of a template, without a byte of ours */

/* A raw prompt of so many bytes, of which the server counted these tokens. */
static bool seen(struct prompt_cut *w, double bytes, double tokens,
                 int context)
{
    return prompt_cut_seen(w, &(struct prompt_seen){
        .bytes = (size_t)bytes, .tokens = tokens, .answer = NAN,
        .context = context});
}

/* What a cut leaves of so many tokens. */
static double halved(double tokens, int context)
{
    return tokens < context ? tokens : 4 + (context - 4) / 2;
}

/* Bytes a token: of rare scripts, tables, JSON, German, English, and text of
 * few and long words. */
static const double texts[] = {1.2, 2.0, 2.6, 3.3, 4.0, 4.5, 5.5};
#define N_TEXTS (sizeof texts / sizeof *texts)

static void test_a_whole_prompt_is_never_accused(void **state)
{
    (void)state;
    /* Learned from one text, asked of another, at each length that fits. */
    for (int context = 512; context <= 32768; context *= 4)
        for (size_t a = 0; a < N_TEXTS; a++)
            for (size_t b = 0; b < N_TEXTS; b++) {
                struct prompt_cut w = {0};

                for (double bytes = 50; bytes < 1.9 * context; bytes *= 1.5) {
                    double tokens = OVERHEAD + bytes / texts[a];

                    if (tokens < context && seen(&w, bytes, tokens, context))
                        fail_msg("%g bytes, %g tokens of %d", bytes, tokens,
                                 context);
                }
                for (double n = OVERHEAD + 1; n < context; n += 7) {
                    struct prompt_cut fresh = w;

                    if (seen(&fresh, (n - OVERHEAD) * texts[b], n, context))
                        fail_msg("text %g after %g: %g tokens of %d", texts[b],
                                 texts[a], n, context);
                }
                prompt_cut_done(&w);
            }
}

static void test_a_prompt_cut_in_half_is_found(void **state)
{
    (void)state;
    for (int context = 2048; context <= 32768; context *= 2)
        for (size_t t = 3; t < N_TEXTS; t++)
            for (double times = 1.02; times < 20; times *= 1.3) {
                double            tokens = times * context;
                double            bytes  = (tokens - OVERHEAD) * texts[t];
                struct prompt_cut w      = {0};

                /* As an audition begins: with a prompt of a usual length. */
                assert_false(seen(&w, 1500, OVERHEAD + 1500 / texts[t],
                                  context));
                if (!seen(&w, bytes, halved(tokens, context), context))
                    fail_msg("%g bytes, %g tokens to %d", bytes, tokens,
                             context);
                prompt_cut_done(&w);
            }
}

/* Dense texts may pass once: their lowest estimate is kept low. */
static void test_the_second_of_two_equal_halves_is_found(void **state)
{
    struct prompt_cut w = {0};

    (void)state;
    assert_false(seen(&w, 1500, 700, 4096));
    assert_false(seen(&w, 9000, 2050, 4096));
    assert_false(seen(&w, 9020, 2050, 4096));     /* the same text, it seems */
    assert_false(seen(&w, 9100, 2055, 4096));
    assert_true(seen(&w, 9400, 2055, 4096));
    prompt_cut_done(&w);
}

/* Nothing is known yet of this model's tokens. */
static void test_a_first_prompt_far_too_long_is_found(void **state)
{
    struct prompt_cut w = {0};

    (void)state;
    assert_true(seen(&w, 40000, 2050, 4096));      /* 4 to 5 bytes a token */
    assert_true(seen(&w, 159062, 16386, 32768));   /* as users report it   */
    assert_true(seen(&w, 500000, 3000, 4096));
    prompt_cut_done(&w);
}

static void test_a_full_context_is_a_cut(void **state)
{
    struct prompt_cut w = {0};

    (void)state;
    assert_true(seen(&w, 9000, 2048, 2048));
    assert_true(seen(&w, 9000, 2049, 2048));
    assert_false(seen(&w, 9000, 2047, 2048));
    prompt_cut_done(&w);
}

static void test_an_answer_beyond_the_context_is_a_cut(void **state)
{
    struct prompt_cut  w = {0};
    struct prompt_seen p = {.bytes = 9000, .tokens = 2000, .answer = 48,
                            .context = 2048};

    (void)state;
    assert_false(prompt_cut_seen(&w, &p));
    p.answer = 200;
    assert_true(prompt_cut_seen(&w, &p));
    prompt_cut_done(&w);
}

/* The oldest messages went: a conversation grew, and its count did not. */
static void test_a_conversation_that_did_not_grow_is_found(void **state)
{
    struct prompt_cut  w     = {0};
    struct prompt_seen first = {.messages = "[{\"a\":1},{\"b\":2}]",
                                .told = 7000, .bytes = 9000, .tokens = 2000,
                                .answer = NAN, .context = 2048};
    struct prompt_seen next  = first;

    (void)state;
    assert_false(prompt_cut_seen(&w, &first));
    next.messages = "[{\"a\":1},{\"b\":2},{\"c\":3}]";
    next.told = 7300;
    next.bytes = 9300;
    next.tokens = 1700;
    assert_true(prompt_cut_seen(&w, &next));
    next.tokens = 1970;
    assert_true(prompt_cut_seen(&w, &next));
    next.tokens = 2047;
    assert_false(prompt_cut_seen(&w, &next));
    /* Another conversation may well be shorter. */
    next.messages = "[{\"a\":1},{\"x\":2},{\"c\":3}]";
    next.tokens = 1300;
    assert_false(prompt_cut_seen(&w, &next));
    prompt_cut_done(&w);
}

/* Only what others said counts: a thought is dropped by many templates. */
static void test_a_dropped_thought_is_not_a_cut(void **state)
{
    struct prompt_cut  w = {0};
    struct prompt_seen p = {.messages = "[{\"a\":1}]", .told = 6000,
                            .bytes = 6000, .tokens = 1500, .answer = NAN,
                            .context = 2048};

    (void)state;
    assert_false(prompt_cut_seen(&w, &p));
    p.messages = "[{\"a\":1},{\"thought\":2},{\"b\":3}]";
    p.told = 6080;
    p.bytes = 9080;
    p.tokens = 1525;
    assert_false(prompt_cut_seen(&w, &p));
    prompt_cut_done(&w);
}

/* Versions before 0.4 counted only what the cache did not have. */
static void test_a_cached_prompt_is_not_a_cut(void **state)
{
    struct prompt_cut  w = {0};
    struct prompt_seen p = {.messages = "[{\"a\":1}]", .told = 6000,
                            .bytes = 6000, .tokens = 1500, .answer = NAN,
                            .context = 2048};

    (void)state;
    assert_false(prompt_cut_seen(&w, &p));
    p.messages = "[{\"a\":1},{\"b\":2}]";
    p.told = p.bytes = 8000;
    p.tokens = 40;
    assert_false(prompt_cut_seen(&w, &p));
    prompt_cut_done(&w);
}

static void test_what_is_not_counted_is_no_cut(void **state)
{
    struct prompt_cut w = {0};

    (void)state;
    assert_false(seen(&w, 1e9, NAN, 4096));
    assert_false(seen(&w, 1e9, 0, 4096));
    assert_false(seen(&w, 1e9, 100, -1));
    assert_false(seen(&w, 0, 100, 4096));
    prompt_cut_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_whole_prompt_is_never_accused),
        cmocka_unit_test(test_a_prompt_cut_in_half_is_found),
        cmocka_unit_test(test_the_second_of_two_equal_halves_is_found),
        cmocka_unit_test(test_a_first_prompt_far_too_long_is_found),
        cmocka_unit_test(test_a_full_context_is_a_cut),
        cmocka_unit_test(test_an_answer_beyond_the_context_is_a_cut),
        cmocka_unit_test(test_a_conversation_that_did_not_grow_is_found),
        cmocka_unit_test(test_a_dropped_thought_is_not_a_cut),
        cmocka_unit_test(test_a_cached_prompt_is_not_a_cut),
        cmocka_unit_test(test_what_is_not_counted_is_no_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
