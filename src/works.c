/* SPDX-License-Identifier: MIT */
/* works.c - see works.h. The definitions of the quantities are in observe.c. */
#include "works.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "home.h"
#include "observe.h"
#include "session.h"

#define DECODE_PROMPT 64
#define DECODE_TOKENS 128
#define LATENCY_TOKENS 50
#define SPEAK_TOKENS 100   /* room for 35 words and a first sentence */
#define WARM_TOKENS 8

/* Text that every tokenizer knows, for prompts of a stated size. */
static const char filler[] =
    "The house stands at the end of a quiet road, with a garden behind it and "
    "a small workshop beside the gate. In the morning the sun comes in "
    "through the kitchen window, somebody makes coffee, and the radio tells "
    "the news of the day. Later the children come home from school, the "
    "washing machine runs, and the dog sleeps under the table until dinner. ";

/* What a person asks a voice assistant that calls no tool: 15 to 25 tokens
 * each, answered in a few sentences. Which one is asked follows the round. */
static const char *const utterances[] = {
    "Tell me in three or four sentences why leaves change their colour in "
    "autumn, please.",
    "I cannot sleep tonight. Can you tell me a calm little story about the "
    "sea?",
    "Explain to me in a few sentences how a refrigerator keeps the food "
    "inside it cold.",
    "What should I think about before I plant tomatoes on my balcony this "
    "spring?",
    "Could you describe in a few sentences what the weather usually does "
    "during a storm?",
};
#define N_UTTERANCES (sizeof utterances / sizeof *utterances)

static void add_duration(struct trial *t, const struct turn *turn)
{
    if (turn->sent_ns >= 0 && turn->end_ns > turn->sent_ns)
        t->duration_s += (double)(turn->end_ns - turn->sent_ns) / 1e9;
}

static int need_filler(struct bench *b, struct err *err)
{
    struct strbuf text;
    int           rc;

    if (b->filler_ids) return 0;
    strbuf_init(&text, 1u << 20);
    for (int i = 0; i < 48; i++) strbuf_add(&text, filler);
    rc = b->ops->tokenize(b->engine, text.text, false, &b->filler_ids,
                          &b->n_filler, err);
    strbuf_done(&text);
    if (rc == 0 && b->n_filler < 2048)
        rc = err_set(err, ERR_FAILED, "the engine makes only %zu tokens of "
                     "16 KB of English text", b->n_filler);
    return rc;
}

static int forced(struct bench *b, const struct complete_request *request,
                  struct trial *t, struct err *err)
{
    struct turn *turn = trial_add_turn(t);
    int          rc   = b->ops->complete(b->engine, request, turn, err);

    add_duration(t, turn);
    return rc;
}

static int run_decode(struct bench *b, struct trial *t, struct err *err)
{
    struct complete_request r = {.n_ids = DECODE_PROMPT,
                                 .n_predict = DECODE_TOKENS,
                                 .sampling = b->m->sampling};
    double                  served;

    if (need_filler(b, err)) return -1;
    r.ids = b->filler_ids;
    if (forced(b, &r, t, err)) return -1;
    served = observe_served_tok_s(&t->turns[0]);
    trial_observe(t, "served_tok_s", served);
    trial_observe(t, "served_tok_s_by_timings",
                  observe_timings_tok_s(&t->turns[0]));
    trial_observe(t, "latency50_naive_s", LATENCY_TOKENS / served);
    return 0;
}

static int run_prefill(struct bench *b, int tokens, struct trial *t,
                       struct err *err)
{
    struct complete_request r = {.n_ids = (size_t)tokens, .n_predict = 1,
                                 .sampling = b->m->sampling};
    const char             *metric = tokens == 512 ? "prompt_tok_s"
                                   : tokens == 128 ? "prompt_tok_s_128"
                                                   : "prompt_tok_s_2048";
    bool                    is_bound;

    if (need_filler(b, err)) return -1;
    r.ids = b->filler_ids;
    if (forced(b, &r, t, err)) return -1;
    trial_observe(t, metric, observe_prompt_tok_s(&t->turns[0], &is_bound));
    return 0;
}

/* The conversation "system prompt, one utterance" as the user deploys it. */
static void user_conversation(const struct bench *b, int round,
                              struct trial *t, struct chat_request *out,
                              int max_tokens)
{
    trial_add_message(t, "system", b->m->user_prompt->system);
    trial_add_message(t, "user",
                      utterances[(size_t)round % N_UTTERANCES]);
    *out = (struct chat_request){
        .messages = t->messages, .n_messages = t->n_messages,
        .turns = t->turns, .tools = b->m->user_prompt->tools,
        .sampling = b->m->sampling,
        .template_kwargs = b->m->template_kwargs, .max_tokens = max_tokens};
}

/* The same as a raw prompt, for answers of a forced length. */
static int forced_after_prompt(struct bench *b, int round, bool cache,
                               int n_predict, struct trial *t,
                               struct err *err)
{
    struct chat_request     chat;
    struct complete_request r = {.n_predict = n_predict,
                                 .cache_prompt = cache,
                                 .sampling = b->m->sampling};
    char                   *prompt = NULL;
    int                     rc;

    user_conversation(b, round, t, &chat, n_predict);
    if (b->ops->render(b->engine, &chat, &prompt, err)) return -1;
    r.prompt = prompt;
    rc = forced(b, &r, t, err);
    free(prompt);
    return rc;
}

static int run_at_prompt(struct bench *b, int round, struct trial *t,
                         struct err *err)
{
    bool is_bound;

    if (forced_after_prompt(b, round, false, DECODE_TOKENS, t, err)) return -1;
    trial_observe(t, "prompt_tokens", t->turns[0].server.prompt_n);
    trial_observe(t, "prompt_tok_s_at_prompt",
                  observe_prompt_tok_s(&t->turns[0], &is_bound));
    trial_observe(t, "served_tok_s_at_prompt",
                  observe_served_tok_s(&t->turns[0]));
    return 0;
}

/* Another utterance first, so that the prefix is in the cache and the
 * measured utterance is not. Its turn is kept only when it failed. */
static int warm_prefix(struct bench *b, int round, struct trial *t,
                       struct err *err)
{
    struct trial        other = {.n_turns = 0};
    struct chat_request chat;
    struct turn        *turn;
    int                 rc;

    user_conversation(b, round + 1, &other, &chat, WARM_TOKENS);
    turn = trial_add_turn(&other);
    rc = b->ops->chat(b->engine, &chat, turn, err);
    add_duration(t, turn);
    if (rc) {
        struct turn *failed = trial_add_turn(t), empty = *failed;

        *failed = *turn;
        *turn = empty;
    }
    trial_done(&other);
    return rc;
}

static int run_latency50(struct bench *b, int round, struct trial *t,
                         struct err *err)
{
    struct chat_request chat;
    struct turn        *turn;

    if (warm_prefix(b, round, t, err)) return -1;
    if (b->facts->has_completion) {
        if (forced_after_prompt(b, round, true, LATENCY_TOKENS, t, err))
            return -1;
    } else {      /* cannot be forced: an answer that ends early is no sample */
        user_conversation(b, round, t, &chat, LATENCY_TOKENS);
        turn = trial_add_turn(t);
        if (b->ops->chat(b->engine, &chat, turn, err)) return -1;
        add_duration(t, turn);
        if (turn->server.predicted_n == LATENCY_TOKENS && turn->n_chunks)
            turn->chunks[turn->n_chunks - 1].tokens = LATENCY_TOKENS;
    }
    trial_observe(t, "latency50_s",
                  observe_token_s(&t->turns[t->n_turns - 1], LATENCY_TOKENS));
    return 0;
}

static int run_speak(struct bench *b, int round, struct trial *t,
                     struct err *err)
{
    struct chat_request chat;
    struct turn        *turn;

    if (warm_prefix(b, round, t, err)) return -1;
    user_conversation(b, round, t, &chat, SPEAK_TOKENS);
    turn = trial_add_turn(t);
    if (b->ops->chat(b->engine, &chat, turn, err)) return -1;
    add_duration(t, turn);
    trial_add_message(t, "assistant", turn->content)->turn = 0;
    trial_observe(t, "ttft_s", observe_ttft_s(turn));
    trial_observe(t, "first_sentence_s", observe_first_sentence_s(turn));
    trial_observe(t, "words_per_s", observe_words_per_s(turn));
    trial_observe(t, "words35_s", observe_word_s(turn, 35));
    if (b->facts->has_completion) return 0;
    /* A server that only chats: what its free answers say about speed. */
    trial_observe(t, "served_tok_s", observe_served_tok_s(turn));
    if (isnan(turn->server.predicted_n))
        trial_observe(t, "chunks_per_s", observe_chunks_per_s(turn));
    return 0;
}

/* The prompt of a case's home, kept while cases of the same home follow. */
static int need_case_kit(struct bench *b, const struct suite_case *test,
                         struct err *err)
{
    const char  *wanted = test->home ? test->home : "";
    struct home *home   = NULL;
    int          rc;

    if (b->case_home && strcmp(b->case_home, wanted) == 0) return 0;
    prompt_done(&b->case_kit);
    free(b->case_home);
    b->case_home = NULL;
    if (test->home && home_new(&home, test->home, NULL, err)) return -1;
    rc = prompt_case(&b->case_kit, b->m->config, home, err);
    home_free(home);
    if (rc == 0) b->case_home = mem_copy(wanted);
    return rc;
}

static int run_case(struct bench *b, const struct suite_case *test,
                    struct trial *t, struct err *err)
{
    if (need_case_kit(b, test, err)) return -1;
    t->suite = mem_copy(test->suite);
    t->case_id = mem_copy(test->id);
    t->case_hash = mem_copy(test->hash);
    if (session_run(b->ops, b->engine, test, &b->case_kit, b->m->sampling,
                    b->m->template_kwargs, t, err))
        return -1;
    b->m->judge(b->m->ctx, test, t);
    return 0;
}

int works_run(struct bench *b, const struct work *w, struct trial *t,
              struct err *err)
{
    switch (w->kind) {
    case WORK_DECODE: return run_decode(b, t, err);
    case WORK_PREFILL: return run_prefill(b, w->tokens, t, err);
    case WORK_AT_PROMPT: return run_at_prompt(b, w->round, t, err);
    case WORK_LATENCY50: return run_latency50(b, w->round, t, err);
    case WORK_SPEAK: return run_speak(b, w->round, t, err);
    case WORK_CASE: return run_case(b, w->test, t, err);
    case WORK_DONE: break;
    }
    return err_set(err, ERR_BUG, "no such work");
}

void works_done(struct bench *b)
{
    free(b->filler_ids);
    prompt_done(&b->case_kit);
    free(b->case_home);
}

int works_warm_up(struct bench *b, struct trial *t, struct err *err)
{
    struct chat_request chat;

    user_conversation(b, 0, t, &chat, WARM_TOKENS);
    return b->ops->chat(b->engine, &chat, trial_add_turn(t), err);
}
