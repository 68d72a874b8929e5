/* SPDX-License-Identifier: MIT */
/* observe.c - see observe.h. */
#include "observe.h"

#include <math.h>
#include <string.h>

#include "sentence.h"

#define MIN_WORDS_FOR_RATE 8

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

/* To the arrival that brought the first n bytes of the content. */
static double bytes_s(const struct turn *t, size_t n)
{
    for (size_t i = 0; i < t->n_chunks; i++)
        if (t->chunks[i].kind == CHUNK_CONTENT && t->chunks[i].end_bytes >= n)
            return since_sent_s(t, t->chunks[i].at_ns);
    return NAN;
}

double observe_first_sentence_s(const struct turn *t)
{
    size_t len = strlen(t->content), low = 0, high = len;

    if (sentence_words(t->content, len) == 0) return NAN;
    if (sentence_end(t->content, len, false) < 0)
        return since_sent_s(t, t->end_ns);
    /* More text never takes a sentence back, so the shortest text that
     * confirms one is found by halving: an answer may be a megabyte long. */
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (sentence_end(t->content, mid, false) >= 0) high = mid;
        else low = mid + 1;
    }
    return bytes_s(t, low);
}

double observe_words_per_s(const struct turn *t)
{
    const struct chunk *first = NULL, *last = NULL;
    size_t              words, len = strlen(t->content);
    double              span_s;

    for (size_t i = 0; i < t->n_chunks; i++) {
        if (t->chunks[i].kind != CHUNK_CONTENT) continue;
        if (!first) first = &t->chunks[i];
        last = &t->chunks[i];
    }
    words = sentence_words(t->content, len);
    if (!first || words < MIN_WORDS_FOR_RATE) return NAN;
    /* The words of the first arrival took no time that we saw. */
    words -= sentence_words(t->content, first->end_bytes < len
                                        ? first->end_bytes : len);
    span_s = (double)(last->at_ns - first->at_ns) / 1e9;
    return span_s > 0 && words > 0 ? (double)words / span_s : NAN;
}

double observe_word_s(const struct turn *t, size_t n)
{
    size_t len = strlen(t->content), low = 0, high = len;
    size_t all = sentence_words(t->content, len);

    if (all < n) return NAN;
    /* Words that end before a cut are all but those after it: "rain|y" and
     * "21|.5" are still on their way. */
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (sentence_words(t->content + mid, len - mid) + n <= all) high = mid;
        else low = mid + 1;
    }
    return bytes_s(t, low);
}
