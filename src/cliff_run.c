/* SPDX-License-Identifier: MIT */
/* cliff_run.c - the asking half of cliff.h: one cold request a size. */
#include "cliff.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "conversation.h"
#include "observe.h"
#include "prompt.h"
#include "series.h"

/* A prompt that the server cut has far fewer tokens for its bytes than the
 * smallest had, and what was added brought far fewer than additions did
 * before. The second tells it from a prompt whose words are costly (of a
 * language that the tokenizer hardly knows) and whose entities are not. */
#define CUT_FRAC 0.7

#define SHORTEST_ANSWER 8   /* tokens, for a server that refuses to send 1 */

static const double factors[CLIFF_POINTS] = {0.25, 0.5, 1, 2, 4, 8};

static const char utterance[] =
    "Is there anything in the house that I should switch off before I go to "
    "bed tonight?";

/* What the sizes so far have taught. */
struct climb {
    const struct cliff_how *how;
    int       max_tokens;           /* of a chat's answer                   */
    enum series_skip skip;          /* all that is longer goes the same way */
    double    bytes[2], ttft_s[2];  /* of the last two that were measured;
                                       NAN: none yet                        */
    double    tokens;               /* of the last                          */
    double    first_density;        /* tokens per byte of the first; NAN    */
    double    least_density;        /* ... of what a size added, so far     */
};

/* How long a prompt of so many bytes will take by the last two measured:
 * along the line through both, and at least in proportion to the last. */
static double forecast_s(const struct climb *c, double bytes)
{
    double even = c->ttft_s[1] * bytes / c->bytes[1];
    double line = c->ttft_s[1] + (c->ttft_s[1] - c->ttft_s[0]) /
                  (c->bytes[1] - c->bytes[0]) * (bytes - c->bytes[1]);

    return fmax(even, line);        /* one of them may be NAN, or both      */
}

/* Tokens per byte of what this size added to the last. */
static double added_density(const struct climb *c, double bytes, double tokens)
{
    return (tokens - c->tokens) / (bytes - c->bytes[1]);
}

/* Fewer tokens than it must have? Not known while one of them is NAN. */
static bool was_cut(const struct climb *c, double bytes, double tokens)
{
    return tokens / bytes < CUT_FRAC * c->first_density &&
           added_density(c, bytes, tokens) < CUT_FRAC * c->least_density;
}

static void remember(struct climb *c, double bytes, double tokens,
                     double ttft_s)
{
    if (isnan(ttft_s)) return;
    if (isnan(c->first_density))
        c->first_density = c->least_density = tokens / bytes;
    else
        c->least_density = fmin(c->least_density,
                                added_density(c, bytes, tokens));
    c->tokens = tokens;
    c->bytes[0] = c->bytes[1];
    c->ttft_s[0] = c->ttft_s[1];
    c->bytes[1] = bytes;
    c->ttft_s[1] = ttft_s;
}

/* The conversation that is asked at one size. */
struct size {
    struct prompt_kit   kit;
    struct message      messages[2];
    struct chat_request chat;
    char               *rendered;   /* NULL: the engine takes only chats    */
    double              bytes;      /* of what is sent                      */
    bool              is_cached;    /* not all of it was read anew */
};

static int make_size(const struct cliff_how *how, struct size *s,
                     struct err *err)
{
    char *tools;

    s->messages[0] = (struct message){.role = "system", .turn = -1,
                                      .text = s->kit.system};
    s->messages[1] = (struct message){.role = "user", .turn = -1};
    s->messages[1].text = mem_copy(utterance);
    s->chat = (struct chat_request){
        .messages = s->messages, .n_messages = 2, .tools = s->kit.tools,
        .sampling = how->sampling, .template_kwargs = how->template_kwargs,
        .is_cold = true};
    if (how->facts->has_completion && how->ops->complete && how->ops->render) {
        if (how->ops->render(how->engine, &s->chat, &s->rendered, err))
            return -1;
        s->bytes = (double)strlen(s->rendered);
        return 0;
    }
    tools = s->kit.tools ? jsonx_dump(s->kit.tools) : mem_copy("");
    s->bytes = (double)(strlen(s->kit.system) + strlen(utterance) +
                        strlen(tools));
    free(tools);
    return 0;
}

static void size_done(struct size *s)
{
    prompt_done(&s->kit);
    free(s->messages[1].text);
    free(s->rendered);
}

/* One request; its turn is the trial's last. */
static int send(const struct climb *c, struct size *s, struct trial *t,
                struct err *err)
{
    const struct cliff_how *how = c->how;
    struct complete_request raw = {.prompt = s->rendered, .n_predict = 1,
                                   .sampling = how->sampling};
    struct turn            *turn = trial_add_turn(t);
    int                     rc;

    s->chat.max_tokens = c->max_tokens;
    rc = s->rendered ? how->ops->complete(how->engine, &raw, turn, err)
                     : how->ops->chat(how->engine, &s->chat, turn, err);
    if (turn->sent_ns >= 0 && turn->end_ns > turn->sent_ns)
        t->duration_s += (double)(turn->end_ns - turn->sent_ns) / 1e9;
    return rc;
}

static void drop_turn(struct trial *t)
{
    turn_done(&t->turns[--t->n_turns]);
}

/* The same, once more with a few tokens when one alone is refused or brings
 * nothing to look at. */
static int ask(struct climb *c, struct size *s, struct trial *t,
               struct err *err)
{
    struct err why = {0};
    int        rc  = send(c, s, t, &why);
    bool again = !s->rendered && c->max_tokens == 1 &&
                 (rc ? why.kind == ERR_INPUT && !conversation_outgrew(&why)
                     : t->turns[t->n_turns - 1].n_chunks == 0);

    if (again) {
        drop_turn(t);
        c->max_tokens = SHORTEST_ANSWER;
        why = (struct err){0};
        rc = send(c, s, t, &why);
    }
    if (rc) *err = why;
    return rc;
}

/* Asks, and says in c->skip when this size and all longer ones are out. */
static int measure(struct climb *c, struct size *s, double *tokens,
                   double *ttft_s, struct trial *t, struct err *err)
{
    struct err         why = {0};
    const struct turn *turn;

    if (ask(c, s, t, &why)) {
        if (!conversation_outgrew(&why)) {
            *err = why;
            return -1;
        }
        drop_turn(t);
        c->skip = SKIP_CONTEXT;
        return 0;
    }
    turn = &t->turns[t->n_turns - 1];
    *tokens = turn->server.prompt_n + fmax(turn->server.cache_n, 0);
    *ttft_s = observe_ttft_s(turn);
    if (was_cut(c, s->bytes, *tokens)) {
        *tokens = *ttft_s = NAN;
        c->skip = SKIP_CUT;
        return 0;
    }
    remember(c, s->bytes, *tokens, *ttft_s);
    s->is_cached = !observe_is_cold(turn);
    if (s->is_cached) *ttft_s = NAN;
    return 0;
}

/* One size, or why it is left out. */
static int climb_to(struct climb *c, struct size *s, double entities,
                    struct trial *t, struct err *err)
{
    double tokens = NAN, ttft_s = NAN;

    if (!c->skip && make_size(c->how, s, err)) return -1;
    if (!c->skip && forecast_s(c, s->bytes) > c->how->longest_s)
        c->skip = SKIP_TIME;
    if (!c->skip && measure(c, s, &tokens, &ttft_s, t, err)) return -1;
    trial_observe(t, SERIES_CLIFF_ENTITIES, entities);
    trial_observe(t, SERIES_CLIFF_TOKENS, tokens);
    trial_observe(t, SERIES_CLIFF_TTFT, ttft_s);
    trial_observe(t, SERIES_CLIFF_SKIPPED, c->skip        ? (double)c->skip
                                           : s->is_cached ? SKIP_CACHED
                                                          : NAN);
    return 0;
}

/* Does the prompt depend on the entities at all? */
static int grows(const struct config *config, bool *yes, struct err *err)
{
    struct prompt_kit small, large = {0};
    size_t            n;
    int               rc;

    rc = prompt_scaled(&small, config, factors[0], &n, err);
    if (!rc)
        rc = prompt_scaled(&large, config, factors[CLIFF_POINTS - 1], &n, err);
    *yes = !rc && strcmp(small.system, large.system) != 0;
    prompt_done(&small);
    prompt_done(&large);
    return rc;
}

int cliff_run(const struct cliff_how *how, struct trial *t, struct err *err)
{
    struct climb c = {.how = how, .max_tokens = 1, .bytes = {NAN, NAN},
                      .ttft_s = {NAN, NAN}, .tokens = NAN,
                      .first_density = NAN, .least_density = NAN};
    size_t       before = 0;
    bool         is_growing;
    int          rc = grows(how->config, &is_growing, err);

    if (!rc && !is_growing) {
        trial_observe(t, SERIES_CLIFF_ENTITIES, 0);
        trial_observe(t, SERIES_CLIFF_SKIPPED, SKIP_SAME);
        return 0;
    }
    for (size_t i = 0; i < CLIFF_POINTS && !rc; i++) {
        struct size s = {.bytes = NAN};
        size_t      entities;

        rc = prompt_scaled(&s.kit, how->config, factors[i], &entities, err);
        if (!rc && how->system_suffix)
            prompt_append(&s.kit, how->system_suffix);
        if (!rc && entities > before)      /* a quarter of two is one, again */
            rc = climb_to(&c, &s, (double)entities, t, err);
        before = entities;
        size_done(&s);
    }
    return rc;
}
