/* SPDX-License-Identifier: MIT */
/* Later turns are slow for a reason: the one that the figures show is named,
 * with the figures and a remedy that the server knows. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text_list.h"
#include "diagnose.h"

#define TURNS 10

/* How a conversation went: each turn adds 40 tokens to a first prompt of
 * 1,000. */
enum shape {
    SOUND,          /* all of the prompt before comes from the cache        */
    FRONT,          /* the same 100 tokens are unchanged, and cached        */
    BEHIND,         /* the last 60 tokens of the prompt before are others   */
    FORGOTTEN,      /* unchanged, and all but 200 read again                */
    COLD,           /* unchanged, and all read again                        */
    SLIGHT,         /* unchanged, and 20 read again                         */
    SHIFTED,        /* changed, but what is behind was reused all the same  */
    UNSEEN,         /* only what came from the cache is known               */
    UNSEEN_COLD,    /* ... and that is nothing                              */
    UNKNOWN         /* nothing but the time                                 */
};

static void make_turns(enum shape shape, struct turn_facts *out)
{
    for (int i = 0; i < TURNS; i++) {
        double prompt = 1000 + 40 * i, before = prompt - 40;
        double unchanged = shape == FRONT || shape == SHIFTED ? 100
                         : shape == BEHIND ? before - 60 : before;
        double cached = shape == FORGOTTEN ? 200
                      : shape == COLD || shape == UNSEEN_COLD ? 0
                      : shape == SLIGHT ? before - 20
                      : shape == SHIFTED ? before - 10 : unchanged;
        bool   unseen = shape == UNSEEN || shape == UNSEEN_COLD;

        out[i] = (struct turn_facts){
            .turn = i + 1, .first_sentence_s = 1,
            .prompt_tokens = prompt, .cached_tokens = i ? cached : 0,
            .unchanged_tokens = i && !unseen ? unchanged : NAN,
            .reread_tokens = i && !unseen ? fmax(unchanged - cached, 0) : NAN};
        if (shape == UNKNOWN)
            out[i].prompt_tokens = out[i].cached_tokens =
                out[i].unchanged_tokens = out[i].reread_tokens = NAN;
    }
}

#define FULL {.kind = LAYER_FULL, .layers = 4}
static const struct model_facts plain  = {.groups = {FULL}, .n_groups = 1};
static const struct model_facts dated  = {.groups = {FULL}, .n_groups = 1,
                                          .template = {.uses_date = 1}};
static const struct model_facts window = {
    .groups = {FULL, {.kind = LAYER_WINDOW, .layers = 20}}, .n_groups = 2,
    .window = 1024};
static const struct model_facts hybrid = {
    .groups = {FULL, {.kind = LAYER_RECURRENT, .layers = 20}}, .n_groups = 2};

/* Words of the flags, apart by blanks; findings, kinds apart by blanks. */
static const struct diagnosis {
    enum shape  shape;
    const struct model_facts *model;
    const char *server, *args;
    bool        has_now;
    int         rewritten;
    const char *kinds;
    const char *text, *remedy;      /* a part of the last finding's */
} cases[] = {
    {SOUND, &plain, "llama-server", "", false, 0, "", NULL, NULL},
    {SOUND, &window, "llama-server", "", true, 1, "", NULL, NULL},
    {SLIGHT, &window, "llama-server", "", false, 0, "", NULL, NULL},
    {UNKNOWN, &hybrid, "Ollama", "", true, 1, "", NULL, NULL},
    {UNSEEN, &plain, "vLLM", "", false, -1, "", NULL, NULL},

    {FRONT, &plain, "llama-server", "", true, 0, "date_in_prompt",
     "{{now}} in the system prompt changes the front of the prompt, and all "
     "that stands behind it is read again: in turns 2–10 a median of 1,060 "
     "of 1,160 tokens of the prompt before",
     "--cache-reuse does not help"},
    {FRONT, &plain, NULL, "", true, 1, "date_in_prompt", "{{now}}",
     "into the user's message"},
    {FRONT, &dated, "llama-server", "", false, 0, "date_in_prompt",
     "the template writes the date itself", "--chat-template-file"},
    {FRONT, &dated, "llama-server", "", false, 1, "history_rewritten",
     "the template changes earlier turns: in turns 2–10 a median of 1,060 of "
     "1,160 tokens of the prompt before did not come again as they were",
     "`--cache-reuse 32` in `server_args:`"},
    {FRONT, &plain, "llama-server", "--cache-reuse 64", false, -1,
     "history_rewritten", "", "(--chat-template-file)"},
    {BEHIND, &plain, "llama-server", "", true, 0, "history_rewritten",
     "a median of 60 of 1,160", "word by word"},
    {BEHIND, &plain, "Ollama", "", false, 1, "history_rewritten", "",
     "TEMPLATE"},
    {SHIFTED, &plain, "llama-server", "--cache-reuse 32", false, 1, "", NULL,
     NULL},

    {FORGOTTEN, &window, "llama-server", "", false, 0, "reread_window",
     "in turns 2–10 a median of 960 of 1,160 unchanged tokens were read "
     "again: layers with a sliding window (1,024 tokens)", "`--swa-full`"},
    {FORGOTTEN, &window, "llama-server", "--ctx-checkpoints 0", false, 0,
     "reread_window", "", "take `--ctx-checkpoints 0` out"},
    {FORGOTTEN, &window, "llama-server", "--swa-full", false, 0, "reread",
     "neither prompt nor model shows why", "--cache-ram above 0"},
    {COLD, &window, "LM Studio", "", false, 0, "reread_window", "",
     "--swa-full"},
    {COLD, &hybrid, "llama-server", "", false, 0, "reread_recurrent",
     "a median of 1,160 of 1,160", "--checkpoint-min-step 64"},
    {COLD, &hybrid, "llama-server", "-ctxcp 0", false, 0, "reread_recurrent",
     "", "`--ctx-checkpoints 0`"},
    {COLD, &hybrid, "llama-server", "--ctx-checkpoints=4 -cms 32", false, 0,
     "reread_recurrent", "", "a larger --ctx-checkpoints"},
    {COLD, &hybrid, "Ollama", "", false, 0, "reread_recurrent", "",
     "llama-server keeps such copies"},
    {COLD, &hybrid, "llama-server", "--no-cache-prompt", false, 0,
     "prompt_cache_off", "nothing came from the prompt cache",
     "take --no-cache-prompt out"},
    {COLD, &plain, "llama-server", "", false, 0, "prompt_cache_off",
     "in turns 2–10 a median of 1,160 of 1,160 unchanged tokens", "cache on"},
    {COLD, &plain, "vLLM", "", false, 0, "prompt_cache_off", "",
     "--enable-prefix-caching"},
    {COLD, NULL, "Ollama", "", false, 0, "prompt_cache_off", "", "keep_alive"},
    {UNSEEN_COLD, &plain, "vLLM", "", false, -1, "prompt_cache_off",
     "a median of 1,160 tokens, and all were read again",
     "--enable-prefix-caching"},
    {FORGOTTEN, NULL, "llama-server", "", false, 0, "reread", "960",
     "nobody else uses the server"},
    {FORGOTTEN, &plain, "Ollama", "", false, 0, "reread", "", "num_ctx"},
};

static void set_flags(struct text_list *list, const char *words)
{
    while (*words) {
        size_t len  = strcspn(words, " ");
        char  *word = mem_copy_n(words, len);

        text_list_add(list, word);
        free(word);
        words += len + (words[len] == ' ');
    }
}

/* Everything in it is whole. */
static void expect_sound(const struct finding *f)
{
    if (strlen(f->text) < 20 || strlen(f->text) >= sizeof f->text - 1 ||
        strlen(f->remedy) < 20 || strlen(f->remedy) >= sizeof f->remedy - 1 ||
        strstr(f->text, "nan"))
        fail_msg("%s: \"%s\" \"%s\"", f->kind, f->text, f->remedy);
}

static void test_the_cause_that_the_figures_show_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct diagnosis *d = &cases[i];
        struct turn_facts       turns[TURNS];
        struct text_list        args = {.n = 0};
        struct finding          out[DIAGNOSES_MAX];
        struct diagnose_context c = {
            .turns = turns, .n_turns = TURNS, .model = d->model,
            .server_args = &args, .server = d->server,
            .prompt_has_now = d->has_now, .history_rewritten = d->rewritten,
            .context = 4096, .cache_ram_mib = 0};
        size_t n;

        make_turns(d->shape, turns);
        set_flags(&args, d->args);
        n = diagnose_turns(&c, out, DIAGNOSES_MAX);
        if (n != (*d->kinds ? 1 : 0) ||
            (n && (strcmp(out[0].kind, d->kinds) != 0 ||
                   !strstr(out[0].text, d->text) ||
                   !strstr(out[0].remedy, d->remedy))))
            fail_msg("case %zu: %zu findings, %s: \"%s\" \"%s\"", i, n,
                     n ? out[0].kind : "", n ? out[0].text : "",
                     n ? out[0].remedy : "");
        if (n) expect_sound(&out[0]);
        text_list_done(&args);
    }
}

static void test_a_prompt_over_the_context_is_named_with_the_remedy(
    void **state)
{
    static const struct { const char *server, *remedy; } servers[] = {
        {"llama-server", "`context:`"}, {NULL, "`context:`"},
        {"Ollama", "num_ctx"}, {"vLLM", "--max-model-len"},
        {"LM Studio", "LM Studio"}};
    struct turn_facts turns[TURNS];
    struct finding    out[DIAGNOSES_MAX];

    (void)state;
    make_turns(SOUND, turns);
    for (size_t i = 0; i < sizeof servers / sizeof *servers; i++) {
        struct diagnose_context c = {
            .turns = turns, .n_turns = 7, .server = servers[i].server,
            .context = 1270, .is_over_context = true};

        assert_int_equal(diagnose_turns(&c, out, DIAGNOSES_MAX), 1);
        assert_string_equal(out[0].kind, "prompt_over_context");
        assert_string_equal(out[0].text, "the conversation ended after turn "
                            "7, whose prompt had 1,240 tokens: the next one "
                            "did not fit into the context of 1,270");
        assert_non_null(strstr(out[0].remedy, servers[i].remedy));
        expect_sound(&out[0]);
        c.n_turns = 0;
        c.context = -1;
        assert_int_equal(diagnose_turns(&c, out, DIAGNOSES_MAX), 1);
        assert_string_equal(out[0].text, "the first prompt of the "
                            "conversation did not fit into the context");
    }
}

static void test_several_causes_are_all_named(void **state)
{
    struct turn_facts       turns[TURNS];
    struct finding          out[DIAGNOSES_MAX] = {{.kind = "untouched"}};
    struct diagnose_context c = {
        .turns = turns, .n_turns = TURNS, .model = &window,
        .server = "llama-server", .prompt_has_now = true,
        .history_rewritten = 0, .context = 2000, .is_over_context = true};

    (void)state;
    make_turns(FRONT, turns);           /* and not even that comes back */
    for (int i = 1; i < TURNS; i++) {
        turns[i].cached_tokens = 0;
        turns[i].reread_tokens = 100;
    }
    assert_int_equal(diagnose_turns(&c, out, DIAGNOSES_MAX), 3);
    assert_string_equal(out[0].kind, "prompt_over_context");
    assert_string_equal(out[1].kind, "date_in_prompt");
    assert_string_equal(out[2].kind, "reread_window");
    assert_int_equal(diagnose_turns(&c, out, 2), 2);   /* no room for more */
    out[0].kind[0] = 'x';
    assert_int_equal(diagnose_turns(&c, out, 0), 0);
    assert_int_equal(out[0].kind[0], 'x');
}

static void test_what_costs_little_is_not_worth_a_word(void **state)
{
    static const struct { double prompt, reread; size_t n; } costs[] = {
        {1000, 31, 0}, {1000, 32, 1}, {100, 4, 0}, {100, 5, 1}, {50, 2, 0},
        {NAN, 31, 0},  {NAN, 32, 1},  {0, 0, 0}};

    (void)state;
    for (size_t i = 0; i < sizeof costs / sizeof *costs; i++) {
        struct turn_facts turns[2] = {
            {.turn = 1, .prompt_tokens = costs[i].prompt,
             .cached_tokens = NAN, .unchanged_tokens = NAN,
             .reread_tokens = NAN},
            {.turn = 2, .prompt_tokens = costs[i].prompt,
             .cached_tokens = 1, .unchanged_tokens = costs[i].prompt,
             .reread_tokens = costs[i].reread}};
        struct diagnose_context c = {.turns = turns, .n_turns = 2,
                                     .history_rewritten = -1, .context = -1};
        struct finding out[DIAGNOSES_MAX];

        if (diagnose_turns(&c, out, DIAGNOSES_MAX) != costs[i].n)
            fail_msg("case %zu", i);
        if (costs[i].n) {
            assert_int_equal(strncmp(out[0].text, "in turn 2 ", 10), 0);
            expect_sound(&out[0]);
        }
    }
}

static void test_turns_that_do_not_follow_are_not_compared(void **state)
{
    struct turn_facts       turns[TURNS];
    struct finding          out[DIAGNOSES_MAX];
    struct diagnose_context c = {.turns = turns, .history_rewritten = -1,
                                 .context = -1};

    (void)state;
    make_turns(COLD, turns);
    turns[1] = turns[4];
    c.n_turns = 2;
    assert_int_equal(diagnose_turns(&c, out, DIAGNOSES_MAX), 0);
    c.n_turns = 1;
    assert_int_equal(diagnose_turns(&c, out, DIAGNOSES_MAX), 0);
    c.n_turns = 0;
    c.turns = NULL;
    assert_int_equal(diagnose_turns(&c, out, DIAGNOSES_MAX), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_cause_that_the_figures_show_is_named),
        cmocka_unit_test(
            test_a_prompt_over_the_context_is_named_with_the_remedy),
        cmocka_unit_test(test_several_causes_are_all_named),
        cmocka_unit_test(test_what_costs_little_is_not_worth_a_word),
        cmocka_unit_test(test_turns_that_do_not_follow_are_not_compared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
