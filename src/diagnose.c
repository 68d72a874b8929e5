/* SPDX-License-Identifier: MIT */
/* diagnose.c - see diagnose.h. What llama-server does and which flags change
 * it: as of build 11434, tools/server. */
#include "diagnose.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text_list.h"
#include "stats.h"

#define LITTLE_FRAC   0.05
#define LITTLE_TOKENS 32
#define FRONT_FRAC    0.25   /* what is unchanged grows by less than that of
                                what the prompt grows: the front changes    */

/* ---- what the turns show ------------------------------------------------ */

struct spread {
    double values[TURNS_MAX];
    size_t n;
};

static void add(struct spread *s, double value)
{
    if (!isnan(value)) s->values[s->n++] = value;
}

static double median(struct spread *s)
{
    return stats_median(s->values, s->n);
}

static double range(const struct spread *s)
{
    double low = INFINITY, high = -INFINITY;

    for (size_t i = 0; i < s->n; i++) {
        low = fmin(low, s->values[i]);
        high = fmax(high, s->values[i]);
    }
    return high - low;
}

/* Of the turns from the second on; medians, NAN: not known. */
struct figures {
    int    first, last;        /* turns                                     */
    double prompt, before;     /* tokens of the prompt, of the one before   */
    double lost;               /* of the one before: neither unchanged nor
                                  from the cache                            */
    double unchanged, reread;
    bool   front_changes;      /* always at the same place                  */
    bool   nothing_cached;     /* never a token, as far as it is reported   */
};

static struct figures figures_of(const struct diagnose_context *c)
{
    struct figures f = {.first = 0};
    struct spread  prompt = {.n = 0}, before = {.n = 0}, lost = {.n = 0};
    struct spread  unchanged = {.n = 0}, reread = {.n = 0}, cached = {.n = 0};
    size_t         n = c->n_turns < TURNS_MAX ? c->n_turns : TURNS_MAX;

    for (size_t i = 1; i < n; i++) {
        const struct turn_facts *a = &c->turns[i - 1], *b = &c->turns[i];

        if (b->turn != a->turn + 1) continue;
        if (!f.first) f.first = b->turn;
        f.last = b->turn;
        add(&prompt, b->prompt_tokens);
        add(&before, a->prompt_tokens);
        add(&unchanged, b->unchanged_tokens);
        add(&cached, b->cached_tokens);
        add(&reread, b->reread_tokens);
        if (!isnan(a->prompt_tokens) && !isnan(b->unchanged_tokens))
            add(&lost, fmax(0, a->prompt_tokens - fmax(b->unchanged_tokens,
                                                       b->cached_tokens)));
    }
    f.front_changes = range(&unchanged) <= FRONT_FRAC * range(&prompt);
    f.nothing_cached = cached.n > 0 && cached.values[0] == 0 &&
                       range(&cached) == 0;
    f.prompt = median(&prompt);
    f.before = median(&before);
    f.lost = median(&lost);
    f.unchanged = median(&unchanged);
    f.reread = median(&reread);
    return f;
}

/* NAN costs nothing: it is not known. */
static bool costs(double tokens, double prompt)
{
    return tokens >= LITTLE_TOKENS || (tokens > 0 &&
                                       tokens >= LITTLE_FRAC * prompt);
}

/* ---- what the engine was told ------------------------------------------- */

/* The value of a flag, the last one counts; "" for a flag without, NULL when
 * it is not there. names end with NULL. */
static const char *flag(const struct diagnose_context *c,
                        const char *const *names)
{
    const struct text_list *args  = c->server_args;
    const char             *value = NULL;

    for (size_t i = 0; args && i < args->n; i++)
        for (size_t k = 0; names[k]; k++) {
            size_t len = strlen(names[k]);

            if (strncmp(args->items[i], names[k], len) != 0) continue;
            if (args->items[i][len] == '=') value = args->items[i] + len + 1;
            else if (!args->items[i][len])
                value = i + 1 < args->n ? args->items[i + 1] : "";
        }
    return value;
}

static const char *const swa_full[]    = {"--swa-full", NULL};
static const char *const no_cache[]    = {"--no-cache-prompt", NULL};
static const char *const cache_reuse[] = {"--cache-reuse", NULL};
static const char *const checkpoints[] = {"-ctxcp", "--ctx-checkpoints",
                                          "--swa-checkpoints", NULL};
static const char *const min_step[]    = {"-cms", "--checkpoint-min-step",
                                          NULL};

static bool has_no_checkpoints(const struct diagnose_context *c)
{
    const char *value = flag(c, checkpoints);

    return value && *value && strtol(value, NULL, 10) <= 0;
}

static bool server_is(const struct diagnose_context *c, const char *name)
{
    return c->server && strcmp(c->server, name) == 0;
}

static bool has_layers(const struct diagnose_context *c, enum layer_kind kind)
{
    for (size_t i = 0; c->model && i < c->model->n_groups; i++)
        if (c->model->groups[i].kind == kind) return true;
    return false;
}

/* With --swa-full the layers keep everything, window or not. */
static bool forgets_by_window(const struct diagnose_context *c)
{
    return has_layers(c, LAYER_WINDOW) && !flag(c, swa_full);
}

/* ---- findings ----------------------------------------------------------- */

struct findings {
    struct finding *out;
    size_t          n, most;
    struct finding  spare;      /* written to when there is no room */
};

static struct finding *new_finding(struct findings *f, const char *kind,
                                   enum fault fault)
{
    struct finding *item = f->n < f->most ? &f->out[f->n++] : &f->spare;

    *item = (struct finding){.fault = fault};
    snprintf(item->kind, sizeof item->kind, "%s", kind);
    return item;
}

static void say(char *into, size_t size, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void say(char *into, size_t size, const char *fmt, ...)
{
    size_t  used = strlen(into);
    va_list args;

    va_start(args, fmt);
    vsnprintf(into + used, size - used, fmt, args);
    va_end(args);
}

#define TEXT(f, ...)   say((f)->text, sizeof (f)->text, __VA_ARGS__)
#define REMEDY(f, ...) say((f)->remedy, sizeof (f)->remedy, __VA_ARGS__)

struct count {
    char text[32];
};

/* "1,040" */
static struct count count(double tokens)
{
    struct count out;
    long long    n = llround(fmin(tokens, 1e15));

    if (n < 1000)
        snprintf(out.text, sizeof out.text, "%lld", n);
    else if (n < 1000000)
        snprintf(out.text, sizeof out.text, "%lld,%03lld", n / 1000, n % 1000);
    else
        snprintf(out.text, sizeof out.text, "%lld,%03lld,%03lld", n / 1000000,
                 n / 1000 % 1000, n % 1000);
    return out;
}

/* "in turns 2–10 a median of 812 of 1,040 ", of whatever follows. */
static void say_figures(struct finding *f, const struct figures *g,
                        double part, double whole)
{
    if (g->first == g->last) TEXT(f, "in turn %d ", g->first);
    else TEXT(f, "in turns %d–%d a median of ", g->first, g->last);
    TEXT(f, "%s ", count(part).text);
    if (!isnan(whole)) TEXT(f, "of %s ", count(whole).text);
}

static void find_over_context(const struct diagnose_context *c,
                              struct findings *out)
{
    struct finding *f;

    if (!c->is_over_context) return;
    f = new_finding(out, "prompt_over_context", FAULT_ENGINE);
    if (c->n_turns == 0) {
        TEXT(f, "the first prompt of the conversation did not fit into the "
             "context");
    } else {
        const struct turn_facts *last = &c->turns[c->n_turns - 1];

        TEXT(f, "the conversation ended after turn %d", last->turn);
        if (!isnan(last->prompt_tokens))
            TEXT(f, ", whose prompt had %s tokens",
                 count(last->prompt_tokens).text);
        TEXT(f, ": the next one did not fit into the context");
    }
    if (c->context > 0) TEXT(f, " of %s", count(c->context).text);
    if (server_is(c, "Ollama"))
        REMEDY(f, "raise num_ctx (`context:` here, PARAMETER num_ctx in the "
               "Modelfile; OLLAMA_CONTEXT_LENGTH for all models)");
    else if (server_is(c, "vLLM"))
        REMEDY(f, "start vLLM with a larger --max-model-len");
    else if (server_is(c, "LM Studio"))
        REMEDY(f, "load the model with a longer context in LM Studio");
    else
        REMEDY(f, "give it a larger `context:`, for which the cache needs more "
               "memory");
    REMEDY(f, ", or let the assistant forget the oldest turns before that");
}

static void find_date(const struct diagnose_context *c,
                      const struct figures *g, struct findings *out)
{
    struct finding *f = new_finding(out, "date_in_prompt", FAULT_TEMPLATE);

    TEXT(f, "%s changes the front of the prompt, and all that stands behind it "
         "is read again: ", c->prompt_has_now ? "{{now}} in the system prompt"
         : "the template writes the date itself, which");
    say_figures(f, g, g->lost, g->before);
    TEXT(f, "tokens of the prompt before");
    REMEDY(f, c->prompt_has_now
           ? "put the time behind the conversation, into the user's message, "
             "or let the model ask a tool for it; at the end of the system "
             "prompt it spares the entities, not the conversation"
           : "serve a copy of the template without the date "
             "(--chat-template-file)");
    if (server_is(c, "llama-server"))
        REMEDY(f, "; --cache-reuse does not help, it only bridges text that "
               "was taken out");
}

static void find_rewriting(const struct diagnose_context *c,
                           const struct figures *g, struct findings *out)
{
    struct finding *f = new_finding(out, "history_rewritten", FAULT_TEMPLATE);
    bool can_shift = !has_layers(c, LAYER_RECURRENT) && !forgets_by_window(c);

    TEXT(f, "the template changes earlier turns: ");
    say_figures(f, g, g->lost, g->before);
    TEXT(f, "tokens of the prompt before did not come again as they were");
    if (server_is(c, "Ollama")) {
        REMEDY(f, "give the Modelfile a TEMPLATE that repeats earlier turns "
               "word by word");
        return;
    }
    REMEDY(f, "serve it with a template that repeats earlier turns word by "
           "word%s", server_is(c, "llama-server") ? " (--chat-template-file)"
                                                  : "");
    if (server_is(c, "llama-server") && can_shift && !flag(c, cache_reuse))
        REMEDY(f, "; where it only takes text out, such as reasoning, "
               "`--cache-reuse 32` in `server_args:` reuses what stands "
               "behind it");
}

/* The prompt is not what it was. */
static void find_changes(const struct diagnose_context *c,
                         const struct figures *g, struct findings *out)
{
    bool has_date = c->model && c->model->template.uses_date == 1;

    if (!costs(g->lost, g->prompt)) return;
    if (c->prompt_has_now && g->front_changes)
        find_date(c, g, out);
    else if (!c->prompt_has_now && has_date && g->front_changes &&
             c->history_rewritten == 0)
        find_date(c, g, out);
    else
        find_rewriting(c, g, out);
}

static void say_reread(struct finding *f, const struct figures *g)
{
    say_figures(f, g, g->reread, g->unchanged);
    TEXT(f, "unchanged tokens were read again");
}

static void find_recurrent(const struct diagnose_context *c,
                           const struct figures *g, struct findings *out)
{
    struct finding *f = new_finding(out, "reread_recurrent", FAULT_MODEL);

    say_reread(f, g);
    TEXT(f, ": the model's recurrent state only goes forward, and the engine "
         "had no copy of it from the right place");
    if (!server_is(c, "llama-server"))
        REMEDY(f, "llama-server keeps such copies (--ctx-checkpoints), or take "
               "a model without recurrent layers");
    else if (has_no_checkpoints(c))
        REMEDY(f, "take `%s` out of `server_args:`: these copies are the only "
               "way back", "--ctx-checkpoints 0");
    else if (!flag(c, min_step))
        REMEDY(f, "`--checkpoint-min-step 64` in `server_args:` makes "
               "llama-server keep a copy at more of the user's messages, up "
               "to --ctx-checkpoints (32), each of which costs memory");
    else
        REMEDY(f, "a larger --ctx-checkpoints lets llama-server keep more "
               "copies, each of which costs memory; or take a model without "
               "recurrent layers");
}

static void find_window(const struct diagnose_context *c,
                        const struct figures *g, struct findings *out)
{
    struct finding *f = new_finding(out, "reread_window", FAULT_MODEL);

    say_reread(f, g);
    TEXT(f, ": layers with a sliding window ");
    if (c->model->window > 0)
        TEXT(f, "(%s tokens) ", count(c->model->window).text);
    TEXT(f, "have forgotten what stands further back");
    if (!server_is(c, "llama-server"))
        REMEDY(f, "llama-server can keep the whole window cache (--swa-full)");
    else
        REMEDY(f, "%s`--swa-full` in `server_args:` keeps it, for as much "
               "cache memory as those layers need for the whole context",
               has_no_checkpoints(c)
               ? "take `--ctx-checkpoints 0` out of `server_args:`; or " : "");
}

static void find_cache_off(const struct diagnose_context *c,
                           const struct figures *g, struct findings *out)
{
    struct finding *f = new_finding(out, "prompt_cache_off", FAULT_ENGINE);
    double          whole = isnan(g->unchanged) ? g->before : g->unchanged;

    TEXT(f, "nothing came from the prompt cache: ");
    if (isnan(g->unchanged))
        TEXT(f, "the prompt before had a median of %s tokens, and all were "
             "read again", count(whole).text);
    else
        say_reread(f, g);
    if (flag(c, no_cache))
        REMEDY(f, "take --no-cache-prompt out of `server_args:`");
    else if (server_is(c, "vLLM"))
        REMEDY(f, "start vLLM with --enable-prefix-caching");
    else if (server_is(c, "Ollama"))
        REMEDY(f, "keep the model loaded between the turns (keep_alive, "
               "OLLAMA_KEEP_ALIVE), and see that nobody else uses it");
    else
        REMEDY(f, "turn the server's prompt cache on, and see that nobody else "
               "uses the server between the turns");
}

static void find_other(const struct diagnose_context *c,
                       const struct figures *g, struct findings *out)
{
    struct finding *f = new_finding(out, "reread", FAULT_ENGINE);

    say_reread(f, g);
    TEXT(f, ", and neither prompt nor model shows why");
    if (server_is(c, "Ollama")) {
        REMEDY(f, "keep the model loaded between the turns (keep_alive), and "
               "the conversation below num_ctx");
        return;
    }
    REMEDY(f, "see that nobody else uses the server between the turns");
    if (server_is(c, "llama-server") && c->cache_ram_mib == 0)
        REMEDY(f, "; --cache-ram above 0 lets llama-server bring back a "
               "conversation that another one pushed out");
}

/* The prompt is what it was, and is read again all the same. */
static void find_rereads(const struct diagnose_context *c,
                         const struct figures *g, struct findings *out)
{
    bool is_unknown = isnan(g->reread);

    if (!costs(is_unknown && g->nothing_cached ? g->before : g->reread,
               g->prompt))
        return;
    if (g->nothing_cached && (is_unknown || flag(c, no_cache)))
        find_cache_off(c, g, out);
    else if (has_layers(c, LAYER_RECURRENT))
        find_recurrent(c, g, out);
    else if (forgets_by_window(c))
        find_window(c, g, out);
    else if (g->nothing_cached)
        find_cache_off(c, g, out);
    else
        find_other(c, g, out);
}

size_t diagnose_turns(const struct diagnose_context *c, struct finding *out,
                      size_t most)
{
    struct findings found = {.out = out, .most = most};
    struct figures  g     = figures_of(c);

    find_over_context(c, &found);
    find_changes(c, &g, &found);
    find_rereads(c, &g, &found);
    return found.n;
}
