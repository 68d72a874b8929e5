/* SPDX-License-Identifier: MIT */
/* soak_run.c - see soak_run.h. */
#include "soak_run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "digest.h"
#include "observe.h"

#define SEED        1
#define HASH_DIGITS 13         /* of hex: 52 bits, which a double holds */
#define ANSWER_BYTES (1u << 20)

static const char *const questions[SOAK_QUESTIONS] = {
    "Please count from one to twenty for me, in words.",
    "Which are the twelve months of the year, in their order?",
    "Please name the seven days of the week, beginning with Monday.",
    "Which planets go around our sun, beginning with the nearest?",
    "Please say the letters of the English alphabet, from A to Z.",
};

static json_t *greedy(const json_t *as_set)
{
    json_t *sampling = as_set ? json_deep_copy(as_set) : json_object();

    jsonx_set_number(sampling, "temperature", 0);
    jsonx_set_integer(sampling, "seed", SEED);
    return sampling;
}

static int ask(struct bench *b, int question, json_t *sampling,
               struct turn *turn, struct err *err)
{
    char           *texts[] = {mem_copy(b->m->user_prompt->system),
                               mem_copy(questions[question])};
    struct message  messages[] = {
        {.role = "system", .text = texts[0], .turn = -1},
        {.role = "user", .text = texts[1], .turn = -1}};
    struct chat_request request = {
        .messages = messages, .n_messages = 2,
        .tools = b->m->user_prompt->tools, .sampling = sampling,
        .template_kwargs = b->m->template_kwargs, .max_tokens = SOAK_TOKENS};
    int rc = b->ops->chat(b->engine, &request, turn, err);

    free(texts[0]);
    free(texts[1]);
    return rc;
}

static double seconds_of(const struct turn *turn)
{
    return turn->sent_ns >= 0 && turn->end_ns > turn->sent_ns
        ? (double)(turn->end_ns - turn->sent_ns) / 1e9 : 0;
}

/* The clock of this start of the engine begins with the first stamp. */
static void begin_clock(struct soak_past *past, const struct turn *turn)
{
    if (past->is_running || turn->sent_ns < 0) return;
    past->is_running = true;
    past->base_ns = turn->sent_ns;
    past->base_s = past->elapsed_s;
}

/* Puts the engine into the state that every later pass finds. Whatever else
 * goes wrong the pass meets too: only a stop signal is a failure. */
static int lead_in(struct bench *b, struct soak_past *past, json_t *sampling,
                   struct trial *t, struct err *err)
{
    struct turn turn;
    struct err  why = {0};
    int         rc;

    turn_init(&turn);
    rc = ask(b, SOAK_QUESTIONS - 1, sampling, &turn, &why);
    begin_clock(past, &turn);
    t->duration_s += seconds_of(&turn);
    turn_done(&turn);
    if (!rc || why.kind != ERR_STOPPED) return 0;
    *err = why;
    return -1;
}

/* A whole number that differs when what is said or called differs. */
static double hash_of(const struct turn *turn)
{
    struct strbuf all;
    char          hex[65];

    strbuf_init(&all, ANSWER_BYTES);
    strbuf_addn(&all, turn->content, strlen(turn->content) + 1);
    for (size_t i = 0; i < turn->n_calls; i++) {
        const struct tool_call *call = &turn->calls[i];

        strbuf_addn(&all, call->name, strlen(call->name) + 1);
        strbuf_addn(&all, call->arguments, strlen(call->arguments) + 1);
    }
    digest_text(all.text, all.len, hex);
    strbuf_done(&all);
    hex[HASH_DIGITS] = '\0';
    return (double)strtoll(hex, NULL, 16);
}

/* Which of the distinct answers to its question it is; a new one comes after
 * all others. */
static size_t number_of(const struct soak_past *past, int question,
                        double hash)
{
    size_t i = 0;

    while (i < past->n_answers[question] &&
           (past->answers[question][i] < hash ||
            past->answers[question][i] > hash))
        i++;
    return i;
}

static double speed_of(const struct turn *turn)
{
    double tok_s = observe_timings_tok_s(turn);

    return isnan(tok_s) ? observe_served_tok_s(turn) : tok_s;
}

static double memory_of(const struct telemetry *board)
{
    double anon = board->engine_anon_bytes, device = board->device_bytes;

    if (isnan(anon)) return device;
    return isnan(device) ? anon : anon + device;
}

/* The record of one question. at_s: of the record before. */
static double observe(const struct bench *b, const struct soak_past *past,
                      int question, const struct turn *turn, bool has_failed,
                      double at_s, struct trial *t)
{
    double hash = hash_of(turn);

    if (past->is_running && turn->end_ns > past->base_ns)
        at_s = past->base_s + (double)(turn->end_ns - past->base_ns) / 1e9;
    trial_observe(t, SOAK_AT, at_s);
    trial_observe(t, SOAK_QUESTION, question);
    trial_observe(t, SOAK_MEMORY, memory_of(&turn->board));
    trial_observe(t, SOAK_TEMP, turn->board.temp_c);
    trial_observe(t, SOAK_POWER, turn->board.power_w);
    if (has_failed) {
        trial_observe(t, SOAK_FAILED, 1);
        return at_s;
    }
    trial_observe(t, SOAK_TOK_S, speed_of(turn));
    if (!observe_is_call_as_text(turn, b->m->user_prompt->tools))
        trial_observe(t, SOAK_LATENCY, observe_first_sentence_s(turn));
    trial_observe(t, SOAK_HASH, hash);
    trial_observe(t, SOAK_ANSWER, (double)number_of(past, question, hash));
    return at_s;
}

/* One question; its turn is the trial's last. */
static int one_question(struct bench *b, struct soak_past *past, int question,
                        json_t *sampling, double *at_s, struct trial *t,
                        struct err *err)
{
    struct turn *turn = trial_add_turn(t);
    int          rc   = ask(b, question, sampling, turn, err);

    t->duration_s += seconds_of(turn);
    trial_add_message(t, "user", questions[question]);
    if (rc && err->kind == ERR_STOPPED) return -1;
    begin_clock(past, turn);
    *at_s = observe(b, past, question, turn, rc != 0, *at_s, t);
    if (rc == 0)
        trial_add_message(t, "assistant", turn->content)->turn =
            (int)t->n_turns - 1;
    return rc;
}

int soak_pass(struct bench *b, struct soak_past *past, struct trial *t,
              struct err *err)
{
    json_t *sampling = greedy(b->m->sampling);
    double  at_s     = past->elapsed_s;
    int     answered = 0, rc = 0;
    bool    is_over  = false;

    if (!past->is_running) {
        rc = lead_in(b, past, sampling, t, err);
        trial_observe(t, SOAK_START, 1);
    }
    for (int q = 0; rc == 0 && !is_over && q < SOAK_QUESTIONS; q++) {
        struct err why = {0}, death = {0};

        if (one_question(b, past, q, sampling, &at_s, t, &why) == 0) {
            answered++;
            continue;
        }
        is_over = why.kind == ERR_STOPPED ||
                  !b->ops->alive(b->engine, &death);
        if (is_over || (q == SOAK_QUESTIONS - 1 && answered == 0)) {
            *err = why;
            rc = -1;
        }
    }
    json_decref(sampling);
    return rc;
}
