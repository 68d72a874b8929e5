/* SPDX-License-Identifier: MIT */
/* works.c - see works.h. The definitions of the quantities are in observe.c. */
#include "works.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "cliff.h"
#include "conversation.h"
#include "hearing/hearing.h"
#include "home/home.h"
#include "observe.h"
#include "serving.h"
#include "session.h"
#include "soak_run.h"
#include "suite.h"

#define DECODE_PROMPT 64
#define DECODE_TOKENS 128
#define LATENCY_TOKENS 50
#define SPEAK_TOKENS 100   /* room for 35 words and a first sentence */
#define WARM_TOKENS 8
#define FILLER_BYTES_PER_TOKEN 5   /* of English, roughly */
#define SERVING_PAIRS 3
#define SERVING_TOKENS 64
#define SERVING_PAIRS_FULL 4
#define CLIFF_LONGEST_S 20.0       /* a prompt that would take longer is
                                      left out */
#define CLIFF_LONGEST_FULL_S 120.0

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

int works_filler(struct bench *b, struct err *err)
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

/* About so many tokens of plain text, for a server that takes no ids: it
 * counts what it really was. A front of its own keeps it out of any cache. */
static char *raw_text(const char *key, int tokens)
{
    size_t        most = (size_t)tokens * FILLER_BYTES_PER_TOKEN;
    struct strbuf text;
    char         *all;

    strbuf_init(&text, 1u << 20);
    strbuf_addf(&text, "(%s) ", key);
    while (text.len < most) strbuf_add(&text, filler);
    all = strbuf_take(&text);
    strbuf_done(&text);
    while (most > 0 && all[most] != ' ') most--;
    all[most] = '\0';
    return all;
}

/* `tokens` of prompt, cold, and n_predict generated: forced where the engine
 * can be told to. */
static int after_filler(struct bench *b, int tokens, int n_predict,
                        struct trial *t, struct err *err)
{
    struct complete_request r = {.n_predict = n_predict,
                                 .sampling = b->m->sampling};
    char                   *text = NULL;
    int                     rc;

    if (b->facts->has_completion) {
        if (works_filler(b, err)) return -1;
        r.ids = b->filler_ids;
        r.n_ids = (size_t)tokens;
    } else {
        r.prompt = text = raw_text(t->key, tokens);
    }
    rc = forced(b, &r, t, err);
    free(text);
    return rc;
}

static int run_decode(struct bench *b, struct trial *t, struct err *err)
{
    double served;

    if (after_filler(b, DECODE_PROMPT, DECODE_TOKENS, t, err)) return -1;
    /* Not forced, and over too soon: no sample. */
    if (!b->facts->has_completion &&
        !(t->turns[0].server.predicted_n >= DECODE_TOKENS / 2))
        return 0;
    served = observe_served_tok_s(&t->turns[0]);
    trial_observe(t, "served_tok_s", served);
    trial_observe(t, "served_tok_s_by_timings",
                  observe_timings_tok_s(&t->turns[0]));
    trial_observe(t, "latency50_naive_s", LATENCY_TOKENS / served);
    trial_observe(t, "energy_j_per_token",
                  observe_energy_j_per_token(&t->turns[0]));
    return 0;
}

static int run_prefill(struct bench *b, int tokens, struct trial *t,
                       struct err *err)
{
    const char             *metric = tokens == 512 ? "prompt_tok_s"
                                   : tokens == 128 ? "prompt_tok_s_128"
                                                   : "prompt_tok_s_2048";
    bool                    is_bound;

    if (after_filler(b, tokens, 1, t, err)) return -1;
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

/* How often reasoning gets in the listener's way: of each free answer. */
static void observe_reasoning(struct trial *t, const struct turn *turn)
{
    trial_observe(t, WORKS_ANSWER, 1);
    if (observe_leaks(turn)) trial_observe(t, WORKS_LEAK, 1);
    if (observe_is_only_reasoning(turn)) trial_observe(t, WORKS_ONLY_THOUGHT,
                                                       1);
}

/* How many turns are answers: the last one of what failed is none. */
static size_t answers_of(const struct trial *t, bool has_failed)
{
    return has_failed && t->n_turns > 0 ? t->n_turns - 1 : t->n_turns;
}

/* A free answer to one utterance, in the last turn of the trial. */
static int speak(struct bench *b, int round, bool is_cold, struct trial *t,
                 struct err *err)
{
    struct chat_request chat;
    struct turn        *turn;

    user_conversation(b, round, t, &chat, SPEAK_TOKENS);
    chat.is_cold = is_cold;
    turn = trial_add_turn(t);
    if (b->ops->chat(b->engine, &chat, turn, err)) return -1;
    add_duration(t, turn);
    trial_add_message(t, "assistant", turn->content)->turn =
        (int)t->n_turns - 1;
    observe_reasoning(t, turn);
    return 0;
}

static int run_speak_cold(struct bench *b, int round, struct trial *t,
                          struct err *err)
{
    const struct turn *turn;

    if (speak(b, round, true, t, err)) return -1;
    turn = &t->turns[t->n_turns - 1];
    if (!observe_is_cold(turn)) return 0;
    if (observe_is_call_as_text(turn, b->m->user_prompt->tools)) return 0;
    trial_observe(t, "first_sentence_cold_s", observe_first_sentence_s(turn));
    return 0;
}

/* What is heard of an answer. */
static void observe_speech(const struct bench *b, struct trial *t,
                           const struct turn *turn)
{
    trial_observe(t, "first_clause_s", observe_first_clause_s(turn));
    trial_observe(t, "first_sentence_s", observe_first_sentence_s(turn));
    trial_observe(t, WORKS_SPEAKING_RATE,
                  b->m->config->speaking_rate_words_per_min);
    trial_observe(t, "underrun_s", observe_underrun_s(
        turn, b->m->config->speaking_rate_words_per_min));
    trial_observe(t, "words_per_s", observe_words_per_s(turn));
    trial_observe(t, "words35_s", observe_word_s(turn, 35));
}

static int run_speak(struct bench *b, int round, struct trial *t,
                     struct err *err)
{
    const struct turn *turn;

    if (warm_prefix(b, round, t, err)) return -1;
    if (speak(b, round, false, t, err)) return -1;
    turn = &t->turns[t->n_turns - 1];
    trial_observe(t, "ttft_s", observe_ttft_s(turn));
    trial_observe(t, "ttfat_s", observe_ttfat_s(turn));
    if (!observe_is_call_as_text(turn, b->m->user_prompt->tools))
        observe_speech(b, t, turn);
    if (b->facts->has_completion || b->facts->has_raw_text) return 0;
    /* A server that only chats: what its free answers say about speed. */
    trial_observe(t, "served_tok_s", observe_served_tok_s(turn));
    if (isnan(turn->server.predicted_n))
        trial_observe(t, "chunks_per_s", observe_chunks_per_s(turn));
    return 0;
}

static int make_case_kit(struct bench *b, const struct suite_case *test,
                         const struct home *home, struct err *err)
{
    if (suite_case_has_own_prompt(test))
        return prompt_foreign(&b->case_kit, b->m->config, test, home, err);
    return prompt_case(&b->case_kit, b->m->config, home,
                       suite_case_tools(test), err);
}

/* The prompt of a case's home with its tools, kept while cases of the same
 * follow. */
static int need_case_kit(struct bench *b, const struct suite_case *test,
                         struct err *err)
{
    char        *wanted = suite_case_prompt(test);
    struct home *home   = NULL;
    int          rc;

    if (b->case_home && strcmp(b->case_home, wanted) == 0) {
        free(wanted);
        return 0;
    }
    prompt_done(&b->case_kit);
    free(b->case_home);
    b->case_home = NULL;
    text_list_done(&b->case_names);
    rc = test->home ? home_new(&home, test->home, NULL, err) : 0;
    if (rc == 0) rc = make_case_kit(b, test, home, err);
    if (rc == 0 && b->m->system_suffix)
        prompt_append(&b->case_kit, b->m->system_suffix);
    if (rc == 0 && home) home_names(home, &b->case_names);
    home_free(home);
    if (rc == 0) b->case_home = wanted;
    else free(wanted);
    return rc;
}

/* Over every model call of a case, to the first sentence of its last one. */
static double case_first_sentence_s(const struct trial *t)
{
    double s = observe_first_sentence_s(&t->turns[t->n_turns - 1]);

    for (size_t i = 0; i + 1 < t->n_turns; i++)
        s += t->turns[i].sent_ns >= 0
            ? (double)(t->turns[i].end_ns - t->turns[i].sent_ns) / 1e9 : NAN;
    return s;
}

/* What the answers of a case say about time; its last turn is what is
 * heard. */
static void observe_case(const struct bench *b, const struct suite_case *test,
                         struct trial *t)
{
    const struct turn *last = t->n_turns ? &t->turns[t->n_turns - 1] : NULL;
    bool               is_parallel = false;
    size_t             called = 0;
    double             tool_turn_s;

    for (size_t i = 0; i < answers_of(t, t->status != TRIAL_OK); i++) {
        observe_reasoning(t, &t->turns[i]);
        called += t->turns[i].n_calls;
    }
    if (suite_case_wants_calls(test))
        trial_observe(t, WORKS_CALL_WANTED, 1);
    if (called) trial_observe(t, WORKS_CALL_MADE, 1);
    if (!last || t->status != TRIAL_OK ||
        observe_is_call_as_text(last, b->case_kit.tools))
        return;
    if (test->n_turns > 1) return;     /* many turns are no time of one */
    tool_turn_s = observe_tool_turn_s(t->turns, t->n_turns, &is_parallel);
    trial_observe(t, "tool_turn_s", tool_turn_s);
    if (is_parallel) trial_observe(t, "tool_turn_parallel_s", tool_turn_s);
    trial_observe(t, "first_sentence_s", case_first_sentence_s(t));
}

/* For its time alone: not judged, no case of its suite. */
static void observe_cold_case(const struct bench *b, struct trial *t)
{
    const struct turn *first = t->n_turns ? &t->turns[0] : NULL;

    if (!first || t->status != TRIAL_OK || !observe_is_cold(first) ||
        observe_is_call_as_text(&t->turns[t->n_turns - 1], b->case_kit.tools))
        return;
    trial_observe(t, WORKS_COLD_CASE, case_first_sentence_s(t));
}

/* What a speech recogniser would have written, and how many of its words are
 * wrong. Caller frees; NULL with err when its tables are not there. */
static char *mishear(const struct bench *b, const struct work *w,
                     struct trial *t, struct err *err)
{
    const char         *said = w->test->turns[0].say;
    struct hearing_rate rate;
    char               *heard = hearing_noise(
        said, w->test->language, w->noise_percent / 100.0,
        suite_mix(1, w->test->id), &b->case_names, err);

    if (!heard) return NULL;
    rate = hearing_rate(said, heard, w->test->language);
    trial_observe(t, WORKS_HEARD_WORDS, rate.words);
    trial_observe(t, WORKS_HEARD_WRONG, rate.errors);
    return heard;
}

/* A repetition has a seed of its own, where seeds matter at all. */
static json_t *sampling_of(const struct bench *b, const struct work *w)
{
    json_t       *sampling = b->m->sampling ? json_deep_copy(b->m->sampling)
                                            : NULL;
    const json_t *seed = json_object_get(sampling, "seed");

    if (w->repeat && json_is_integer(seed))
        json_object_set_new(sampling, "seed", json_integer(
            json_integer_value(seed) + w->repeat));
    return sampling;
}

static int run_case(struct bench *b, const struct work *w, struct trial *t,
                    struct err *err)
{
    const struct suite_case *test = w->test;
    json_t                  *sampling;
    struct session           how  = {
        .ops = b->ops, .engine = b->engine, .kit = &b->case_kit,
        .template_kwargs = b->m->template_kwargs,
        .by_prompt = w->by_prompt ? &b->by_prompt : NULL,
        .is_cold = w->is_cold};
    char                    *heard = NULL;
    int                      rc;

    if (need_case_kit(b, test, err)) return -1;
    if (w->by_prompt && !b->by_prompt.name)
        tools_prompt_make(b->m->candidate->known, &b->by_prompt);
    if (w->noise_percent && !(heard = mishear(b, w, t, err))) return -1;
    how.heard    = heard;
    how.sampling = sampling = sampling_of(b, w);
    if (!w->is_cold) {
        t->suite = mem_copy(test->suite);
        t->case_id = mem_copy(test->id);
        t->case_hash = mem_copy(test->hash);
    }
    rc = session_run(&how, test, t, err);
    free(heard);
    json_decref(sampling);
    if (rc) return -1;
    if (w->is_cold) {
        observe_cold_case(b, t);
        return 0;
    }
    observe_case(b, test, t);
    b->m->judge(b->m->ctx, test, t);
    return 0;
}

/* The first turn, too, has a warm prefix: else it would depend on what was
 * asked before, and on whether the audition was interrupted in between. */
static int run_conversation(struct bench *b, struct trial *t, struct err *err)
{
    struct trial before = {.n_turns = 0};
    struct err   why    = {0};
    const struct conversation_how how = {
        .ops = b->ops, .engine = b->engine, .kit = b->m->user_prompt,
        .sampling = b->m->sampling, .template_kwargs = b->m->template_kwargs};
    int rc = warm_prefix(b, 0, &before, &why);

    t->duration_s += before.duration_s;
    trial_done(&before);
    if (rc && why.kind == ERR_STOPPED) {
        *err = why;
        return -1;
    }
    /* Whatever else it was, the conversation meets it too. */
    rc = conversation_run(&how, t, err);
    for (size_t i = 0; i < answers_of(t, rc != 0); i++)
        observe_reasoning(t, &t->turns[i]);
    return rc;
}

static int run_cliff(struct bench *b, struct trial *t, struct err *err)
{
    const struct cliff_how how = {
        .ops = b->ops, .engine = b->engine, .facts = b->facts,
        .config = b->m->config, .sampling = b->m->sampling,
        .template_kwargs = b->m->template_kwargs,
        .system_suffix = b->m->system_suffix,
        .longest_s = b->m->schedule->long_prefill ? CLIFF_LONGEST_FULL_S
                                                  : CLIFF_LONGEST_S};

    return cliff_run(&how, t, err);
}

static int run_serving(struct bench *b, struct trial *t, struct err *err)
{
    return b->m->schedule->long_prefill
        ? serving_run(b, SERVING_PAIRS_FULL, DECODE_TOKENS, t, err)
        : serving_run(b, SERVING_PAIRS, SERVING_TOKENS, t, err);
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
    case WORK_SPEAK_COLD: return run_speak_cold(b, w->round, t, err);
    case WORK_CASE: return run_case(b, w, t, err);
    case WORK_CONVERSATION: return run_conversation(b, t, err);
    case WORK_CLIFF: return run_cliff(b, t, err);
    case WORK_SERVING: return run_serving(b, t, err);
    case WORK_SOAK: return soak_pass(b, &b->m->progress->soak, t, err);
    case WORK_DONE: break;
    }
    return err_set(err, ERR_BUG, "no such work");
}

void works_done(struct bench *b)
{
    free(b->filler_ids);
    prompt_done(&b->case_kit);
    free(b->case_home);
    text_list_done(&b->case_names);
    tools_prompt_done(&b->by_prompt);
}

int works_warm_up(struct bench *b, struct trial *t, struct err *err)
{
    struct chat_request chat;

    user_conversation(b, 0, t, &chat, WARM_TOKENS);
    return b->ops->chat(b->engine, &chat, trial_add_turn(t), err);
}
