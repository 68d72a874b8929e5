/* SPDX-License-Identifier: MIT */
/* synth_tokenizer.c - words for a model without any: every text can be
 * encoded (all bytes are tokens), English takes about two letters a token,
 * and what a model with made-up weights babbles is words and sentences, so
 * that a listener's latencies can be measured.
 *
 * Order: special tokens at the ids that the keys give, the others at the end;
 * then bytes, pieces of English, and made-up words up to the size wanted. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "model/synth.h"

/* llama.cpp's numbers for tokenizer.ggml.token_type. */
enum { NORMAL = 1, UNKNOWN = 2, CONTROL = 3, BYTE = 6 };

#define TEXT_BYTES 48        /* of the longest token, with its NUL           */
#define PAIRS_MAX  128       /* pairs of letters below                       */
#define MERGES_MAX (2 * PAIRS_MAX + 26 + 2 * PAIRS_MAX * (PAIRS_MAX + 26))

struct words {
    char   (*text)[TEXT_BYTES];
    int32_t *type;
    float   *score;
    char   (*merge)[TEXT_BYTES];   /* "th e": what BPE joins, best first     */
    size_t   n, next, n_merges;    /* next: no id below it is free           */
    const char *space;             /* how this kind writes a leading space   */
    bool     is_spm;
};

static const char chatml[] =
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\\n' "
    "+ (message['content'] or '') + '<|im_end|>\\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}"
    "{% endif %}";

/* The most frequent pairs of letters of English. */
static const char pairs[] =
    "th he in er an re on at en nd ti es or te of ed is it al ar st to nt "
    "ng se ha as ou io le ve co me de hi ri ro ic ne ea ra ce li ch ll be "
    "ma si om ur ca el ta la ns di fo ho pe ec pr no ct us ac ot il tr ly "
    "nc et ut ss so rs un lo wa ge ie wh ee wi em ad ol rt po we na ul ni "
    "ts mo ow pa im mi ai sh ir su id os iv ia am fi ci vi pl ig tu ev ld "
    "ry mp fe bl ab gh ty op wo sa ay ex ke ";

/* ---- ids --------------------------------------------------------------- */

static bool is_free(const struct words *w, size_t id)
{
    return id < w->n && w->text[id][0] == '\0';
}

/* False when no id is free any more. */
static bool add(struct words *w, int32_t type, const char *text)
{
    while (w->next < w->n && !is_free(w, w->next)) w->next++;
    if (w->next == w->n) return false;
    snprintf(w->text[w->next], TEXT_BYTES, "%s", text);
    w->type[w->next] = type;
    /* the sooner a piece, the better; what has no rank is never preferred */
    w->score[w->next] = type == NORMAL ? -(float)w->next : 0;
    return true;
}

/* ---- special tokens ---------------------------------------------------- */

static size_t find_special(const struct words *w, const char *text)
{
    for (size_t i = 0; i < w->n; i++)
        if (strcmp(w->text[i], text) == 0) return i;
    return w->n;
}

/* At its id when that is free, else at the last that is. */
static size_t put_special(struct words *w, size_t id, int32_t type,
                          const char *text)
{
    size_t known = find_special(w, text);

    if (known < w->n) return known;
    if (!is_free(w, id))
        for (id = w->n - 1; id > 0 && !is_free(w, id); id--) {}
    if (!is_free(w, id)) return id;
    snprintf(w->text[id], TEXT_BYTES, "%s", text);
    w->type[id] = type;
    return id;
}

/* Every "<|name|>" that the template writes. */
static void put_specials_of(struct words *w, const char *template)
{
    for (const char *at = template; (at = strstr(at, "<|")) != NULL; at += 2) {
        size_t len = 2 + strspn(at + 2, "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
        char   text[TEXT_BYTES];
        if (len == 2 || len + 3 > sizeof text || strncmp(at + len, "|>", 2))
            continue;
        snprintf(text, sizeof text, "%.*s", (int)len + 2, at);
        put_special(w, w->n, CONTROL, text);
    }
}

struct special {
    const char *key, *bpe, *spm;   /* texts by kind of tokenizer             */
    int32_t     type;
    uint32_t    spm_id;            /* by custom, when no key says            */
    bool        is_needed;         /* engines have a bad default             */
};

/* The first of several keys with one id names it. */
static const struct special specials[] = {
    {"tokenizer.ggml.eos_token_id", "<|im_end|>", "</s>", CONTROL, 2, true},
    {"tokenizer.ggml.bos_token_id", "<|begin_of_text|>", "<s>", CONTROL, 1,
     true},
    {"tokenizer.ggml.unknown_token_id", "<unk>", "<unk>", UNKNOWN, 0, false},
    {"tokenizer.ggml.eot_token_id", "<|eot_id|>", "<end_of_turn>", CONTROL, 0,
     false},
    {"tokenizer.ggml.eom_token_id", "<|eom_id|>", "<|eom_id|>", CONTROL, 0,
     false},
    {"tokenizer.ggml.padding_token_id", "<|pad|>", "<pad>", CONTROL, 0, false},
    {"tokenizer.ggml.seperator_token_id", "<|sep|>", "<sep>", CONTROL, 0,
     false},
    {"tokenizer.ggml.mask_token_id", "<|mask|>", "<mask>", CONTROL, 0, false},
};

/* llama.cpp looks for these by name in what it takes for a Phi-3, and does
 * not load the model without; in all others they do no harm. */
static const char *const customary[] = {"</s>", "<s>", "<|endoftext|>",
                                        "<unk>"};

static void put_specials(struct words *w, struct model_shape *s)
{
    char *template = shape_text(s, "tokenizer.chat_template");

    for (size_t i = 0; i < sizeof specials / sizeof *specials; i++) {
        const struct special *p = &specials[i];
        const char *text = w->is_spm ? p->spm : p->bpe;
        uint64_t    id = shape_number(s, p->key, 0, UINT64_MAX);
        bool        is_said = id < w->n;
        if (!is_said && !p->is_needed && !(w->is_spm && p->type == UNKNOWN))
            continue;
        if (!is_said) id = w->is_spm ? p->spm_id : w->n;
        if (is_said && !is_free(w, (size_t)id)) continue;
        id = put_special(w, (size_t)id, p->type, text);
        if (!is_said) shape_set_u32(s, p->key, (uint32_t)id);
    }
    for (size_t i = 0; i < sizeof customary / sizeof *customary; i++)
        put_special(w, w->n, CONTROL, customary[i]);
    put_specials_of(w, template ? template : chatml);
    if (!template) shape_set_text(s, "tokenizer.chat_template", chatml);
    free(template);
}

/* ---- bytes ------------------------------------------------------------- */

/* GPT-2 writes a byte as a visible character: itself where it is one of
 * Latin 1, else one from U+0100 on, counted up. UTF-8 of it. */
static void visible_byte(int byte, char out[4])
{
    unsigned code = (unsigned)byte;

    if (byte <= 32) code = 256u + (unsigned)byte;
    else if (byte >= 127 && byte <= 160) code = 256u + 33 + (unsigned)byte -
                                                127;
    else if (byte == 173) code = 256u + 33 + 34;
    if (code < 128) {
        snprintf(out, 4, "%c", (char)code);
        return;
    }
    out[0] = (char)(0xc0 | code >> 6);
    out[1] = (char)(0x80 | (code & 0x3f));
    out[2] = '\0';
}

static void add_bytes(struct words *w)
{
    char text[TEXT_BYTES];

    for (int byte = 0; byte < 256; byte++) {
        if (w->is_spm) snprintf(text, sizeof text, "<0x%02X>", (unsigned)byte);
        else visible_byte(byte, text);
        add(w, w->is_spm ? BYTE : NORMAL, text);
    }
    if (!w->is_spm) return;
    add(w, NORMAL, w->space);
    for (char c = 33; c < 127; c++) {
        snprintf(text, sizeof text, "%c", c);
        add(w, NORMAL, text);
    }
}

/* ---- pieces ------------------------------------------------------------ */

static void add_piece(struct words *w, const char *left, const char *right)
{
    char text[TEXT_BYTES];

    snprintf(text, sizeof text, "%s%s", left, right);
    if (!add(w, NORMAL, text)) return;
    snprintf(w->merge[w->n_merges++], TEXT_BYTES, "%s %s", left, right);
}

/* Pairs of letters, then pairs of those and single letters behind them, with
 * and without a space in front: at most three quarters of the words. */
static void add_pieces(struct words *w)
{
    size_t n = (sizeof pairs - 1) / 3, room = w->n / 4 * 3, used = n;
    char   pair[PAIRS_MAX][3], spaced[PAIRS_MAX][8], letter[26][2];

    for (size_t i = 0; i < 26; i++)
        snprintf(letter[i], 2, "%c", (char)('a' + i));
    for (size_t i = 0; i < n; i++) {
        snprintf(pair[i], sizeof pair[i], "%.2s", pairs + 3 * i);
        snprintf(spaced[i], sizeof spaced[i], "%s%.2s", w->space,
                 pairs + 3 * i);
        add_piece(w, (char[]){pair[i][0], '\0'}, pair[i] + 1);
    }
    for (size_t i = 0; i < 26; i++) add_piece(w, w->space, letter[i]);
    for (size_t i = 0; i < n; i++) add_piece(w, w->space, pair[i]);
    while (used > 0 && 2 * used * (used + 26) + 2 * n + 26 > room) used--;
    for (size_t i = 0; i < used * used; i++) {
        add_piece(w, spaced[i / used], pair[i % used]);
        add_piece(w, pair[i / used], pair[i % used]);
    }
    for (size_t i = 0; i < used * 26; i++) {
        add_piece(w, spaced[i / 26], letter[i % 26]);
        add_piece(w, pair[i / 26], letter[i % 26]);
    }
}

/* " bakedu", " tifona", ... each once; one in twelve ends a sentence. */
static void add_made_up_words(struct words *w)
{
    static const char consonants[] = "bcdfghjklmnpqrstvwxz";
    static const char vowels[] = "aeiou";
    char              text[TEXT_BYTES];
    bool              more = true;

    for (size_t i = 0; more; i++) {
        /* 100 syllables. The factor has no divisor in common with 100, so
         * that each of a million words of three comes once, and neighbours
         * are unlike. */
        uint64_t word = (uint64_t)i * 618033 % 1000000;
        size_t   len = (size_t)snprintf(text, sizeof text, "%s", w->space);
        for (int k = 0; k < 3; k++, word /= 100) {
            text[len++] = consonants[word % 100 / 5];
            text[len++] = vowels[word % 5];
        }
        /* beyond a million, which no model has: told apart by a number */
        snprintf(text + len, sizeof text - len, i < 1000000 ? "%s" : "%s%zu",
                 i % 12 == 11 ? "." : "", i);
        more = add(w, NORMAL, text);
    }
}

/* ---- all of it --------------------------------------------------------- */

static void publish(const struct words *w, struct model_shape *s)
{
    const char **texts = mem_new(w->n > w->n_merges ? w->n : w->n_merges,
                                 sizeof *texts);

    for (size_t i = 0; i < w->n; i++) texts[i] = w->text[i];
    shape_set_texts(s, "tokenizer.ggml.tokens", texts, w->n);
    shape_set_i32s(s, "tokenizer.ggml.token_type", w->type, w->n);
    if (w->is_spm) shape_set_f32s(s, "tokenizer.ggml.scores", w->score, w->n);
    for (size_t i = 0; i < w->n_merges; i++) texts[i] = w->merge[i];
    if (!w->is_spm)
        shape_set_texts(s, "tokenizer.ggml.merges", texts, w->n_merges);
    free(texts);
}

void synth_tokenizer(struct model_shape *s, uint32_t vocabulary)
{
    char        *model = shape_text(s, "tokenizer.ggml.model");
    bool         is_known = model && (strcmp(model, "gpt2") == 0 ||
                                      strcmp(model, "llama") == 0);
    struct words w = {.n = vocabulary};

    if (vocabulary && !shape_find(s, "tokenizer.ggml.tokens")) {
        w.is_spm = model && strcmp(model, "llama") == 0;
        w.space = w.is_spm ? "\xe2\x96\x81" : "\xc4\xa0";
        w.text = mem_new(w.n, sizeof *w.text);
        w.type = mem_new(w.n, sizeof *w.type);
        w.score = mem_new(w.n, sizeof *w.score);
        w.merge = mem_new(MERGES_MAX, sizeof *w.merge);
        if (!is_known) shape_set_text(s, "tokenizer.ggml.model", "gpt2");
        if (!w.is_spm && (!is_known || !shape_find(s, "tokenizer.ggml.pre")))
            shape_set_text(s, "tokenizer.ggml.pre", "gpt-2");
        put_specials(&w, s);
        add_bytes(&w);
        add_pieces(&w);
        add_made_up_words(&w);
        publish(&w, s);
        free(w.text);
        free(w.type);
        free(w.score);
        free(w.merge);
    }
    free(model);
}
