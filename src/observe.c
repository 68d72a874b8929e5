/* SPDX-License-Identifier: MIT */
/* observe.c - see observe.h. */
#include "observe.h"

#include <math.h>
#include <string.h>
#include <utf8proc.h>

#include "dialect.h"
#include "sentence.h"
#include "spoken.h"

#define MIN_WORDS_FOR_RATE 8
#define MAX_ENERGY_ERROR 0.5
#define MOST_CACHED_COLD 0.1

static double since_sent_s(const struct turn *t, int64_t at_ns)
{
    if (t->sent_ns < 0 || at_ns < t->sent_ns) return NAN;
    return (double)(at_ns - t->sent_ns) / 1e9;
}

double observe_ttft_s(const struct turn *t)
{
    return t->n_chunks ? since_sent_s(t, t->chunks[0].at_ns) : NAN;
}

double observe_prompt_tok_s(const struct turn *t, bool *is_bound)
{
    double ttft_s = observe_ttft_s(t);

    *is_bound = false;
    if (t->server.prompt_n >= 1 && t->server.prompt_ms > 0)
        return t->server.prompt_n / t->server.prompt_ms * 1e3;
    *is_bound = true;
    if (t->server.prompt_n >= 1 && ttft_s > 0)
        return t->server.prompt_n / ttft_s;
    return NAN;
}

double observe_served_tok_s(const struct turn *t)
{
    const struct chunk *first, *last;
    double              tokens, span_s;

    if (t->n_chunks < 2) return NAN;
    first = &t->chunks[0];
    last = &t->chunks[t->n_chunks - 1];
    span_s = (double)(last->at_ns - first->at_ns) / 1e9;
    tokens = first->tokens > 0 && last->tokens > first->tokens
        ? last->tokens - first->tokens
        : t->server.predicted_n - 1;      /* NAN stays NAN */
    return span_s > 0 && tokens >= 1 ? tokens / span_s : NAN;
}

double observe_timings_tok_s(const struct turn *t)
{
    if (!(t->server.predicted_n >= 2) || !(t->server.predicted_ms > 0))
        return NAN;
    return (t->server.predicted_n - 1) / t->server.predicted_ms * 1e3;
}

double observe_energy_j_per_token(const struct turn *t)
{
    double energy_j = t->board.generation_energy_j;
    double tokens   = t->server.predicted_n - 1;

    if (!(energy_j > 0) || !(tokens > 0) ||
        t->board.generation_energy_error_j > MAX_ENERGY_ERROR * energy_j)
        return NAN;
    return energy_j / tokens;
}

double observe_chunks_per_s(const struct turn *t)
{
    double span_s;

    if (t->n_chunks < 2) return NAN;
    span_s = (double)(t->chunks[t->n_chunks - 1].at_ns - t->chunks[0].at_ns) /
             1e9;
    return span_s > 0 ? (double)(t->n_chunks - 1) / span_s : NAN;
}

double observe_token_s(const struct turn *t, int n)
{
    for (size_t i = 0; i < t->n_chunks; i++)
        if (t->chunks[i].tokens >= n)
            return since_sent_s(t, t->chunks[i].at_ns);
    return NAN;
}

/* The arrival that brought the first n bytes of the content. */
static const struct chunk *arrival_of(const struct turn *t, size_t n)
{
    for (size_t i = 0; i < t->n_chunks; i++)
        if (t->chunks[i].kind == CHUNK_CONTENT && t->chunks[i].end_bytes >= n)
            return &t->chunks[i];
    return NULL;
}

/* To the arrival that brought the first n bytes of the spoken text. */
static double spoken_s(const struct turn *t, const struct spoken *s, size_t n)
{
    const struct chunk *c = arrival_of(t, spoken_arrival(s, n));

    return c ? since_sent_s(t, c->at_ns) : NAN;
}

/* Bytes of the spoken text in the first n bytes of the content. */
static size_t spoken_within(const struct spoken *s, size_t n)
{
    size_t thought = 0;

    for (size_t i = 0; i < s->n_thoughts && s->thoughts[i].begin < n; i++)
        thought += (s->thoughts[i].end < n ? s->thoughts[i].end : n) -
                   s->thoughts[i].begin;
    return n - thought < s->len ? n - thought : s->len;
}

/* Bytes of white space that the text begins with. */
static size_t leading_space(const char *text, size_t len)
{
    size_t i = 0;

    while (i < len) {
        utf8proc_int32_t    c;
        utf8proc_category_t category;
        utf8proc_ssize_t    n =
            utf8proc_iterate((const utf8proc_uint8_t *)text + i,
                             (utf8proc_ssize_t)(len - i), &c);

        if (n <= 0) break;
        category = utf8proc_category(c);
        if (!(c >= '\t' && c <= '\r') &&
            (category < UTF8PROC_CATEGORY_ZS ||
             category > UTF8PROC_CATEGORY_ZP))
            break;
        i += (size_t)n;
    }
    return i;
}

/* When the answer itself began, or -1. */
static int64_t answer_ns(const struct turn *t)
{
    const struct chunk *said = NULL;
    struct spoken       s;
    size_t              space;

    spoken_split(t->content, &s);
    space = leading_space(s.text, s.len);
    if (space < s.len) said = arrival_of(t, spoken_arrival(&s, space + 1));
    spoken_done(&s);
    for (size_t i = 0; i < t->n_chunks && &t->chunks[i] != said; i++)
        if (t->chunks[i].kind == CHUNK_CALL) return t->chunks[i].at_ns;
    return said ? said->at_ns : -1;
}

double observe_ttfat_s(const struct turn *t)
{
    return since_sent_s(t, answer_ns(t));
}

double observe_cold_start_s(const struct turn *t, int64_t started_ns)
{
    int64_t at_ns = answer_ns(t);

    if (started_ns < 0 || at_ns < started_ns) return NAN;
    return (double)(at_ns - started_ns) / 1e9;
}

typedef ptrdiff_t (*find_end)(const char *text, size_t len, bool is_final);

/* Bytes of the shortest text that confirms the first piece of this one, whose
 * end *end is then set to; 0: nothing does. More text never takes an end
 * back, so it is found by doubling and halving: an answer may be a megabyte
 * long, and have thousands of pieces. */
static size_t confirmed(const char *text, size_t len, find_end find,
                        size_t *end)
{
    ptrdiff_t found = find(text, len, false);
    size_t    low, high;

    if (found < 0) return 0;
    *end = (size_t)found;
    low = high = *end;
    for (size_t step = 1; high < len && find(text, high, false) < 0;
         step *= 2) {
        low  = high + 1;
        high = step < len - high ? high + step : len;
    }
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (find(text, mid, false) >= 0) high = mid;
        else low = mid + 1;
    }
    return low;
}

static double first_piece_s(const struct turn *t, find_end find)
{
    struct spoken s;
    double        first_s = NAN;
    size_t        end, n;

    spoken_split(t->content, &s);
    if (sentence_words(s.text, s.len) > 0) {
        n = confirmed(s.text, s.len, find, &end);
        first_s = n ? spoken_s(t, &s, n) : since_sent_s(t, t->end_ns);
    }
    spoken_done(&s);
    return first_s;
}

double observe_first_sentence_s(const struct turn *t)
{
    return first_piece_s(t, sentence_end);
}

double observe_first_clause_s(const struct turn *t)
{
    return first_piece_s(t, sentence_clause_end);
}

bool observe_is_call_as_text(const struct turn *t, const json_t *tools)
{
    struct tool_call *calls;
    size_t            n;
    const char       *dialect;

    if (!dialect_find(t->content, tools, &calls, &n, &dialect)) return false;
    dialect_free(calls, n);
    return true;
}

double observe_underrun_s(const struct turn *t, double words_per_min)
{
    struct spoken s;
    size_t        at = 0, chunk = 0;
    int64_t       first_ns = -1;
    double        spoken_to_s = 0, silence_s = NAN;   /* since first_ns */

    if (!(words_per_min > 0)) return NAN;
    spoken_split(t->content, &s);
    while (at < s.len) {
        size_t  end = s.len - at;
        size_t  n = confirmed(s.text + at, s.len - at, sentence_end, &end);
        size_t  bytes = spoken_arrival(&s, at + n);
        size_t  words = sentence_words(s.text + at, end);
        int64_t ready_ns = t->end_ns;
        double  ready_s;

        if (words == 0) break;
        if (n > 0) {
            /* Later sentences never arrive before earlier ones. */
            while (chunk < t->n_chunks &&
                   (t->chunks[chunk].kind != CHUNK_CONTENT ||
                    t->chunks[chunk].end_bytes < bytes))
                chunk++;
            ready_ns = chunk < t->n_chunks ? t->chunks[chunk].at_ns : -1;
        }
        if (ready_ns < 0) {
            silence_s = NAN;
            break;
        }
        if (first_ns < 0) {
            first_ns  = ready_ns;
            silence_s = 0;
        }
        ready_s = (double)(ready_ns - first_ns) / 1e9;
        if (ready_s > spoken_to_s) {
            silence_s += ready_s - spoken_to_s;
            spoken_to_s = ready_s;
        }
        spoken_to_s += (double)words * 60 / words_per_min;
        at += end;
    }
    spoken_done(&s);
    return silence_s;
}

double observe_tool_turn_s(const struct turn *turns, size_t n,
                           bool *is_parallel)
{
    double whole_s;

    *is_parallel = false;
    if (n != 2 || turns[0].n_calls == 0 || turns[1].n_calls > 0) return NAN;
    whole_s = since_sent_s(&turns[0], turns[0].end_ns) +
              observe_first_sentence_s(&turns[1]);
    *is_parallel = !isnan(whole_s) && turns[0].n_calls > 1;
    return whole_s;
}

bool observe_is_cold(const struct turn *t)
{
    return !(t->server.cache_n >
             MOST_CACHED_COLD * (t->server.cache_n + t->server.prompt_n));
}

bool observe_leaks(const struct turn *t)
{
    struct spoken s;
    bool          leaks;

    spoken_split(t->content, &s);
    leaks = s.n_thoughts > 0;
    spoken_done(&s);
    return leaks;
}

/* Words that were thought, and words that would be spoken. */
static size_t count_words(const struct turn *t, size_t *spoken)
{
    struct spoken s;
    size_t        thought;

    spoken_split(t->content, &s);
    *spoken = sentence_words(s.text, s.len);
    thought = s.thought_words +
              sentence_words(t->reasoning, strlen(t->reasoning));
    spoken_done(&s);
    return thought;
}

bool observe_reasons(const struct turn *t)
{
    size_t spoken;

    return count_words(t, &spoken) > 0;
}

bool observe_is_only_reasoning(const struct turn *t)
{
    size_t spoken;

    return count_words(t, &spoken) > 0 && spoken == 0 && t->n_calls == 0;
}

double observe_words_per_s(const struct turn *t)
{
    struct spoken       s;
    const struct chunk *first, *last;
    double              span_s, rate = NAN;
    size_t              words;

    spoken_split(t->content, &s);
    first = arrival_of(t, spoken_arrival(&s, 1));
    last  = arrival_of(t, spoken_arrival(&s, s.len));
    words = sentence_words(s.text, s.len);
    if (first && last && words >= MIN_WORDS_FOR_RATE) {
        /* The words of the first arrival took no time that we saw. */
        words -= sentence_words(s.text, spoken_within(&s, first->end_bytes));
        span_s = (double)(last->at_ns - first->at_ns) / 1e9;
        if (span_s > 0 && words > 0) rate = (double)words / span_s;
    }
    spoken_done(&s);
    return rate;
}

double observe_word_s(const struct turn *t, size_t n)
{
    struct spoken s;
    size_t        low = 0, high, all;
    double        word_s = NAN;

    spoken_split(t->content, &s);
    high = s.len;
    all  = sentence_words(s.text, s.len);
    /* Words that end before a cut are all but those after it: "rain|y" and
     * "21|.5" are still on their way. */
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (sentence_words(s.text + mid, s.len - mid) + n <= all) high = mid;
        else low = mid + 1;
    }
    if (all >= n) word_s = spoken_s(t, &s, low);
    spoken_done(&s);
    return word_s;
}
