/* SPDX-License-Identifier: MIT */
/* schedule.c - see schedule.h. */
#include "schedule.h"

#include <ctype.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "series.h"
#include "stats.h"

#define LOADS_PER_BLOCK 10   /* a block lasts at least so many loads */

/* Where it is among the keys; otherwise where it belongs, and false. */
static bool find_key(const struct progress *p, const char *key, size_t *at)
{
    size_t low = 0, high = p->n_keys;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (strcmp(p->keys[mid], key) < 0) low = mid + 1;
        else high = mid;
    }
    *at = low;
    return low < p->n_keys && strcmp(p->keys[low], key) == 0;
}

bool progress_has(const struct progress *p, const char *key)
{
    size_t at;

    return find_key(p, key, &at);
}

void progress_skip(struct progress *p, const char *key)
{
    size_t at;

    if (find_key(p, key, &at)) return;
    p->keys = mem_grow(p->keys, p->n_keys + 1, sizeof *p->keys);
    memmove(p->keys + at + 1, p->keys + at,
            (p->n_keys++ - at) * sizeof *p->keys);
    p->keys[at] = mem_copy(key);
}

void progress_forget(struct progress *p, const char *key)
{
    size_t at;

    if (!find_key(p, key, &at)) return;
    free(p->keys[at]);
    memmove(p->keys + at, p->keys + at + 1,
            (--p->n_keys - at) * sizeof *p->keys);
}

/* The cliff of --full goes further up than the quick one. One of --full
 * counts for both, and so does a quick one that left no size out for its
 * time: there is nothing above it. */
static void add_cliff(struct progress *p, const struct trial *t)
{
    const char *name     = strchr(t->key, '/');
    bool        is_quick = name && strcmp(name, "/cliff/0") == 0;
    bool        is_full  = name && strcmp(name, "/cliff_full/0") == 0;
    char        other[32];

    if (!is_quick && !is_full) return;
    for (size_t i = 0; is_quick && i < t->n_observations; i++)
        if (strcmp(t->observations[i].metric, SERIES_CLIFF_SKIPPED) == 0 &&
            t->observations[i].value == SKIP_TIME)
            return;
    snprintf(other, sizeof other, "b%d/cliff%s/0", t->block,
             is_full ? "" : "_full");
    progress_skip(p, other);
}

/* Of those that decide a verdict or a rank. */
static void add_marked(struct progress *p, const struct trial *t, int block)
{
    static const char *const kinds[] = {"decode", "latency50", "speak"};
    const char *name = strchr(t->key, '/');

    for (int k = 0; name && k < 3; k++) {
        size_t n = strlen(kinds[k]);

        if (strncmp(name + 1, kinds[k], n) == 0 && name[1 + n] == '/')
            p->marked[block][k]++;
    }
}

void progress_add(struct progress *p, const struct trial *t)
{
    int block = t->block >= 0 && t->block < 8 ? t->block : 0;

    if (p->n_keys == 0)
        for (int i = 0; i < 8; i++) p->load_s[i] = NAN;
    if (t->status == TRIAL_HARNESS_FAULT) return;
    progress_skip(p, t->key);
    add_cliff(p, t);
    if (t->duration_s > 0 && schedule_is_round(t->key))
        p->block_s[block] += t->duration_s;
    soak_past_add(&p->soak, t);
    if (strncmp(t->key, "soak/", 5) == 0) {
        p->soaks++;
        if (t->duration_s > 0) p->soaked_s += t->duration_s;
    }
    if (t->marks) {
        add_marked(p, t, block);
        return;
    }
    for (size_t i = 0; i < t->n_observations && !t->suite; i++) {
        const struct observation *o = &t->observations[i];
        if (strcmp(o->metric, "served_tok_s") == 0)
            mem_push(&p->served, &p->n_served, o->value);
        else if (strcmp(o->metric, "first_sentence_s") == 0)
            mem_push(&p->first, &p->n_first, o->value);
        else if (strcmp(o->metric, "latency50_s") == 0)
            mem_push(&p->latency50, &p->n_latency50, o->value);
        else if (strcmp(o->metric, "load_s") == 0)
            p->load_s[block] = o->value;
    }
}

void progress_done(struct progress *p)
{
    for (size_t i = 0; i < p->n_keys; i++) free(p->keys[i]);
    free(p->keys);
    free(p->served);
    free(p->first);
    free(p->latency50);
    soak_past_done(&p->soak);
    *p = (struct progress){0};
}

enum needs { NEEDS_NOTHING, NEEDS_RAW_TEXT, NEEDS_COMPLETE };
enum mode { ALWAYS, ONLY_QUICK, ONLY_FULL };

struct kind {
    enum work_kind kind;
    int            tokens;
    enum needs     needs;
    enum mode      mode;
    const char    *name;
};

static const struct kind rounds[] = {
    {WORK_DECODE, 0, NEEDS_RAW_TEXT, ALWAYS, "decode"},
    {WORK_PREFILL, 128, NEEDS_RAW_TEXT, ALWAYS, "prefill128"},
    {WORK_PREFILL, 512, NEEDS_RAW_TEXT, ALWAYS, "prefill512"},
    {WORK_PREFILL, 2048, NEEDS_RAW_TEXT, ONLY_FULL, "prefill2048"},
    {WORK_AT_PROMPT, 0, NEEDS_COMPLETE, ALWAYS, "at_prompt"},
    {WORK_LATENCY50, 0, NEEDS_NOTHING, ALWAYS, "latency50"},
    {WORK_SPEAK, 0, NEEDS_NOTHING, ALWAYS, "speak"},
    {WORK_SPEAK_COLD, 0, NEEDS_NOTHING, ALWAYS, "speak_cold"},
};

static const struct kind deep[] = {
    {WORK_CONVERSATION, 0, NEEDS_NOTHING, ALWAYS, "conversation"},
    {WORK_CLIFF, 0, NEEDS_NOTHING, ONLY_QUICK, "cliff"},
    {WORK_CLIFF, 0, NEEDS_NOTHING, ONLY_FULL, "cliff_full"},
    {WORK_SERVING, 0, NEEDS_COMPLETE, ALWAYS, "serving"},
};

bool schedule_is_round(const char *trial_key)
{
    const char *name = *trial_key == 'b' && isdigit((unsigned char)
                       trial_key[1]) ? strchr(trial_key, '/') : NULL;

    for (size_t i = 0; name && i < sizeof rounds / sizeof *rounds; i++) {
        size_t n = strlen(rounds[i].name);

        if (strncmp(name + 1, rounds[i].name, n) == 0 && name[1 + n] == '/')
            return true;
    }
    return false;
}

/* The works of a list that this engine can do, in order; false when there is
 * no such index. */
static bool listed_work(const struct schedule *s, const struct kind *list,
                        size_t n, int index, struct work *out)
{
    for (size_t i = 0; i < n; i++) {
        if (list[i].needs == NEEDS_COMPLETE && !s->can_complete) continue;
        if (list[i].needs == NEEDS_RAW_TEXT && !s->can_complete &&
            !s->has_raw_text)
            continue;
        if (list[i].mode == ONLY_FULL && !s->long_prefill) continue;
        if (list[i].mode == ONLY_QUICK && s->long_prefill) continue;
        if (index-- > 0) continue;
        out->kind = list[i].kind;
        out->tokens = list[i].tokens;
        snprintf(out->key, sizeof out->key, "b%d/%s/%d", out->block,
                 list[i].name, out->round);
        return true;
    }
    return false;
}

static bool round_work(const struct schedule *s, int index, struct work *out)
{
    return listed_work(s, rounds, sizeof rounds / sizeof *rounds, index, out);
}

/* Once a block, in the first ones. */
static bool open_deep(const struct schedule *s, const struct progress *p,
                      struct work *out)
{
    struct work w = *out;

    w.round = 0;
    for (int i = 0; w.block < s->deep_blocks &&
         listed_work(s, deep, sizeof deep / sizeof *deep, i, &w); i++) {
        if (progress_has(p, w.key)) continue;
        *out = w;
        return true;
    }
    return false;
}

/* One pass after another, until they have taken long enough. */
static bool open_soak(const struct schedule *s, const struct progress *p,
                      struct work *out)
{
    if (!(p->soaked_s < s->soak_s) || out->block + 1 < s->blocks) return false;
    out->kind = WORK_SOAK;
    out->round = p->soaks;
    do snprintf(out->key, sizeof out->key, "soak/%d", out->round++);
    while (progress_has(p, out->key));
    out->round--;
    return true;
}

/* The first work of a round that is not stored. */
static bool open_work(const struct schedule *s, const struct progress *p,
                      struct work *out)
{
    for (int i = 0; round_work(s, i, out); i++)
        if (!progress_has(p, out->key)) return true;
    return false;
}

static void case_key(const char *kind, const struct suite_case *c, char *key,
                     size_t size)
{
    snprintf(key, size, "%s/%.40s/%.60s/%.16s", kind, c->suite, c->id,
             c->hash);
}

void schedule_case_key(const struct suite_case *c, bool by_prompt, char *key,
                       size_t size)
{
    case_key(by_prompt ? "prompt" : "case", c, key, size);
}

/* "noise10", "again1-prompt": the number, or 0 when it is another kind. */
static int numbered(const char *key, size_t len, const char *kind,
                    bool *by_prompt)
{
    size_t n = strlen(kind);
    char  *end;
    long   number;

    if (len <= n || strncmp(key, kind, n) != 0) return 0;
    number = strtol(key + n, &end, 10);
    if (number < 1 || number > 1000) return 0;
    *by_prompt = (size_t)(end - key) + 7 == len &&
                 strncmp(end, "-prompt", 7) == 0;
    return *by_prompt || (size_t)(end - key) == len ? (int)number : 0;
}

struct trial_variant schedule_variant(const char *trial_key)
{
    struct trial_variant v = {0};
    size_t len = strcspn(trial_key, "/");

    v.is_cold = len == 4 && strncmp(trial_key, "cold", 4) == 0;
    v.by_prompt = len == 6 && strncmp(trial_key, "prompt", 6) == 0;
    v.is_plain = v.by_prompt ||
                 (len == 4 && strncmp(trial_key, "case", 4) == 0);
    if (!v.is_plain && !v.is_cold) {
        v.noise_percent = numbered(trial_key, len, "noise", &v.by_prompt);
        if (!v.noise_percent)
            v.repeat = numbered(trial_key, len, "again", &v.by_prompt);
    }
    v.is_case = v.is_plain || v.is_cold || v.noise_percent || v.repeat;
    if (v.is_case && trial_key[len]) v.rest = trial_key + len + 1;
    return v;
}

bool schedule_is_by_prompt(const char *trial_key)
{
    return schedule_variant(trial_key).by_prompt;
}

bool schedule_is_cold(const char *trial_key)
{
    return schedule_variant(trial_key).is_cold;
}

/* How many cases of each suite came by; cases of a suite need not stand
 * together. Of a suite beyond the last it cannot tell, and none is cold. */
#define RANKED_SUITES 64

struct ranks {
    const char *suite[RANKED_SUITES];
    int         n[RANKED_SUITES];
    size_t      n_suites;
};

/* Which of its suite's cases this one is, from 0; to be asked once for each
 * case in their order. */
static int next_rank(struct ranks *r, const struct suite_case *c)
{
    size_t i = 0;

    while (i < r->n_suites && strcmp(r->suite[i], c->suite) != 0) i++;
    if (i == RANKED_SUITES) return INT_MAX;
    if (i == r->n_suites) {
        r->suite[i] = c->suite;
        r->n[r->n_suites++] = 0;
    }
    return r->n[i]++;
}

/* The first few of each suite, in turn over the blocks. */
static bool open_cold(const struct schedule *s, const struct progress *p,
                      int block, struct work *out)
{
    struct ranks ranks = {.n_suites = 0};

    for (size_t i = 0; s->cold_cases > 0 && i < s->n_cases; i++) {
        const struct suite_case *c = s->cases[i];
        int                      rank = next_rank(&ranks, c);

        if (rank >= s->cold_cases || rank % s->blocks != block) continue;
        case_key("cold", c, out->key, sizeof out->key);
        if (progress_has(p, out->key)) continue;
        out->kind = WORK_CASE;
        out->test = c;
        out->is_cold = true;
        return true;
    }
    return false;
}

/* The first cases in the first block: those with the same prompt are next to
 * each other and shall meet it in the cache. */
static int block_of(const struct schedule *s, size_t i)
{
    return (int)(i * (size_t)s->blocks / s->n_cases);
}

static bool open_case(const struct schedule *s, const struct progress *p,
                      int block, bool by_prompt, struct work *out)
{
    for (size_t i = 0; i < s->n_cases; i++) {
        const struct suite_case *c = s->cases[i];

        if (block_of(s, i) != block) continue;
        if (by_prompt && !suite_case_offers_tools(c)) continue;
        schedule_case_key(c, by_prompt, out->key, sizeof out->key);
        if (progress_has(p, out->key)) continue;
        out->kind = WORK_CASE;
        out->test = c;
        out->by_prompt = by_prompt;
        return true;
    }
    return false;
}

/* Does case i, the rank-th of n that could be, belong to an even choice of
 * `most` of them? */
static bool is_chosen(size_t rank, size_t n, size_t most)
{
    return n <= most || rank * most / n != (rank + 1) * most / n;
}

static bool can_be_misheard(const struct suite_case *c)
{
    return c->home && c->n_turns == 1;
}

/* Once more, with what `kind` stands for; by prompt where that is how this
 * candidate is given its tools. */
static bool open_again(const struct schedule *s, const struct progress *p,
                       size_t i, const char *kind, struct work *out)
{
    const struct suite_case *c = s->cases[i];
    char                     name[32];

    out->by_prompt = s->tools_by_prompt && suite_case_offers_tools(c);
    snprintf(name, sizeof name, "%s%s", kind, out->by_prompt ? "-prompt" : "");
    case_key(name, c, out->key, sizeof out->key);
    if (progress_has(p, out->key)) return false;
    out->kind = WORK_CASE;
    out->test = c;
    return true;
}

static bool open_noise(const struct schedule *s, const struct progress *p,
                       int block, struct work *out)
{
    size_t n = 0;

    for (size_t i = 0; i < s->n_cases; i++) n += can_be_misheard(s->cases[i]);
    for (int level = 0; level < s->n_noise; level++) {
        char kind[24];

        snprintf(kind, sizeof kind, "noise%d", s->noise_percent[level]);
        for (size_t i = 0, rank = 0; i < s->n_cases; i++) {
            if (!can_be_misheard(s->cases[i])) continue;
            if (!is_chosen(rank++, n, (size_t)s->noise_cases)) continue;
            if (block_of(s, i) != block) continue;
            if (!open_again(s, p, i, kind, out)) continue;
            out->noise_percent = s->noise_percent[level];
            return true;
        }
    }
    out->by_prompt = false;
    return false;
}

static bool open_repeat(const struct schedule *s, const struct progress *p,
                        int block, struct work *out)
{
    for (int repeat = 1; repeat < s->repeats; repeat++) {
        char kind[24];

        snprintf(kind, sizeof kind, "again%d", repeat);
        for (size_t i = 0; i < s->n_cases; i++) {
            if (block_of(s, i) != block) continue;
            if (!open_again(s, p, i, kind, out)) continue;
            out->repeat = repeat;
            return true;
        }
    }
    out->by_prompt = false;
    return false;
}

/* Nothing observed yet counts as wide; a metric that never came (n = 0 after
 * the rounds) cannot get narrower. */
static bool is_narrow(const double *values, size_t n, double frac)
{
    double         *copy;
    double          median;
    struct interval i;

    if (n == 0) return true;
    copy = mem_new(n, sizeof *copy);
    memcpy(copy, values, n * sizeof *copy);
    median = stats_median(copy, n);
    i = stats_median_interval(copy, n, 0.95);
    free(copy);
    return (i.high - i.low) / 2 <= frac * median;   /* NAN: not narrow */
}

/* Marked rounds are made again, as many as there were to be at first. */
static int repeats(const struct schedule *s, const struct progress *p,
                   int block)
{
    int most = 0;

    for (int k = 0; k < 3; k++)
        if (p->marked[block][k] > most) most = p->marked[block][k];
    return most < s->min_rounds ? most : s->min_rounds;
}

static bool is_enough(const struct schedule *s, const struct progress *p,
                      int block, int round)
{
    int again = repeats(s, p, block);

    if (round >= s->max_rounds + again) return true;
    if (p->block_s[block] >= s->block_budget_s) return true;
    if (round < s->min_rounds + again) return false;
    if (p->block_s[block] < LOADS_PER_BLOCK * p->load_s[block]) return false;
    /* Only the last block can know how narrow all of them together are. */
    if (block + 1 < s->blocks) return true;
    return is_narrow(p->served, p->n_served, s->narrow_frac) &&
           is_narrow(p->first, p->n_first, s->narrow_frac) &&
           is_narrow(p->latency50, p->n_latency50, s->narrow_frac);
}

void schedule_next(const struct schedule *s, const struct progress *p,
                   int block, struct work *out)
{
    *out = (struct work){.kind = WORK_DONE, .block = block};
    for (out->round = 0; out->round < s->min_rounds; out->round++)
        if (open_work(s, p, out)) return;
    if (open_case(s, p, block, false, out)) return;
    if (s->tools_by_prompt && open_case(s, p, block, true, out)) return;
    if (open_cold(s, p, block, out)) return;
    if (open_noise(s, p, block, out)) return;
    if (open_repeat(s, p, block, out)) return;
    if (open_deep(s, p, out)) return;
    for (;; out->round++) {
        struct work first = *out;

        /* A round that was begun is finished; a new one needs a reason. */
        if (!round_work(s, 0, &first)) break;
        if (!progress_has(p, first.key) && is_enough(s, p, block, out->round))
            break;
        if (open_work(s, p, out)) return;
    }
    if (open_soak(s, p, out)) return;
    out->kind = WORK_DONE;
    out->key[0] = '\0';
}

void schedule_order(size_t n, int block, uint64_t seed, size_t *order)
{
    for (size_t i = 0; i < n; i++) order[i] = i;
    for (size_t i = n; i > 1; i--) {
        size_t j    = (size_t)(random_next(&seed) % i);
        size_t swap = order[i - 1];
        order[i - 1] = order[j];
        order[j] = swap;
    }
    for (size_t i = 0; block % 2 == 1 && i < n / 2; i++) {
        size_t swap = order[i];
        order[i] = order[n - 1 - i];
        order[n - 1 - i] = swap;
    }
}

size_t schedule_trials(const struct schedule *s)
{
    struct work w = {.kind = WORK_DONE};
    int         n = 0, n_deep = 0;
    size_t      n_again = 0, n_home = 0;
    struct ranks ranks = {.n_suites = 0};
    int         most = s->max_rounds > s->min_rounds ? s->max_rounds
                                                     : s->min_rounds;

    while (round_work(s, n, &w)) n++;
    while (listed_work(s, deep, sizeof deep / sizeof *deep, n_deep, &w))
        n_deep++;
    for (size_t i = 0; i < s->n_cases; i++) {
        if (s->tools_by_prompt && suite_case_offers_tools(s->cases[i]))
            n_again++;
        if (next_rank(&ranks, s->cases[i]) < s->cold_cases) n_again++;
        n_home += can_be_misheard(s->cases[i]);
    }
    if (s->repeats > 1) n_again += s->n_cases * (size_t)(s->repeats - 1);
    if (n_home > (size_t)s->noise_cases) n_home = (size_t)s->noise_cases;
    n_again += n_home * (size_t)s->n_noise;
    return (size_t)(n * most * s->blocks + n_deep * s->deep_blocks) +
           s->n_cases + n_again;
}
