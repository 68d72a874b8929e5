/* SPDX-License-Identifier: MIT */
/* fuzz_spoken.c - any answer in any pieces: its thoughts are in order and
 * apart, what is spoken is the rest, and whoever cuts it into arrivals, each
 * quantity is one that can be. The bytes up to the first NUL say how long the
 * arrivals are, what is behind it is the content. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "observe.h"
#include "spoken.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void require(bool holds)
{
    if (!holds) abort();
}

static void check_split(const char *content)
{
    struct spoken s;
    size_t        thought = 0, end = 0, last = 0, len = strlen(content);

    spoken_split(content, &s);
    require(s.n_thoughts <= 1000);
    require((s.n_thoughts > 0) == (s.spelling != NULL));
    for (size_t i = 0; i < s.n_thoughts; i++) {
        require(s.thoughts[i].begin < s.thoughts[i].end);
        require(i == 0 || s.thoughts[i].begin > end);
        end = s.thoughts[i].end;
        thought += end - s.thoughts[i].begin;
    }
    require(end <= len);
    require(!s.is_unclosed || end == len);
    require(s.len == len - thought && strlen(s.text) == s.len);
    require(spoken_arrival(&s, 0) == 0);
    for (size_t n = 1; n <= s.len; n++) {
        size_t at = spoken_arrival(&s, n);

        require(at > last && content[at - 1] == s.text[n - 1]);
        last = at;
    }
    spoken_done(&s);
}

/* The content in arrivals 1 s apart, as long as `lengths` says in turn. */
static void play(struct turn *t, const char *content, const char *lengths)
{
    size_t len = strlen(content), n = strlen(lengths), end = 0;

    turn_init(t);
    free(t->content);
    t->content = mem_copy(content);
    t->sent_ns = 0;
    t->chunks = mem_new(len + 1, sizeof *t->chunks);
    while (end < len) {
        size_t step = n ? (unsigned char)lengths[t->n_chunks % n] : len;

        end = step < len - end ? end + step : len;
        t->chunks[t->n_chunks] = (struct chunk){
            (int64_t)(t->n_chunks + 1) * 1000000000, CHUNK_CONTENT, end, -1};
        t->n_chunks++;
    }
    t->end_ns = (int64_t)(t->n_chunks + 1) * 1000000000;
}

/* In the answer's time, or missing. */
static bool is_time(double s, const struct turn *t)
{
    return isnan(s) || (s >= 1 && s <= (double)t->end_ns / 1e9);
}

static void check_turn(const struct turn *t)
{
    double sentence_s = observe_first_sentence_s(t);
    double clause_s   = observe_first_clause_s(t);
    double ttfat_s    = observe_ttfat_s(t);
    double underrun_s = observe_underrun_s(t, 150);
    double cold_s     = observe_cold_start_s(t, 0);
    bool   is_parallel;

    require(is_time(sentence_s, t) && is_time(clause_s, t));
    require(is_time(ttfat_s, t) && is_time(observe_word_s(t, 1), t));
    require(isnan(sentence_s) == isnan(clause_s));
    require(isnan(sentence_s) || (clause_s <= sentence_s &&
                                  ttfat_s <= clause_s));
    require(isnan(cold_s) ? isnan(ttfat_s) : fabs(cold_s - ttfat_s) < 1e-9);
    require(isnan(underrun_s) == isnan(sentence_s));
    require(isnan(underrun_s) ||
            (underrun_s >= 0 &&
             underrun_s <= (double)t->end_ns / 1e9 - sentence_s + 1e-6));
    require(isnan(observe_words_per_s(t)) || observe_words_per_s(t) > 0);
    require(!observe_reasons(t) || observe_leaks(t));
    require(observe_is_only_reasoning(t) ==
            (observe_reasons(t) && isnan(sentence_s)));
    require(isnan(observe_tool_turn_s(t, 1, &is_parallel)) && !is_parallel);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char       *text    = mem_copy_n((const char *)bytes, size);
    size_t      n       = strlen(text);
    const char *content = n < size ? text + n + 1 : text;
    struct turn whole, pieces;

    check_split(content);
    play(&whole, content, "");
    check_turn(&whole);
    play(&pieces, content, n < size ? text : "\1");
    check_turn(&pieces);
    require(observe_leaks(&whole) == observe_leaks(&pieces));
    turn_done(&whole);
    turn_done(&pieces);
    free(text);
    return 0;
}
