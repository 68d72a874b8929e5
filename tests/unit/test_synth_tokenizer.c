/* SPDX-License-Identifier: MIT */
/* test_synth_tokenizer.c - words for a model that has none: as many as it
 * wants, each once, every byte among them, special ones where its keys say. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "model/gguf_walk.h"
#include "model/synth.h"

#define TOKENS "tokenizer.ggml.tokens"
#define MERGES "tokenizer.ggml.merges"
#define KINDS  "tokenizer.ggml.token_type"

/* The texts of a list; caller frees each and the list. */
static char **texts_of(const struct model_shape *s, const char *key,
                       size_t *n)
{
    const struct shape_pair *p = shape_find(s, key);
    struct cursor            c;
    char                   **texts;

    assert_non_null(p);
    assert_int_equal(p->type, GGUF_ARRAY);
    c = cursor_of(p->value, p->value_len);
    assert_int_equal(cursor_u32(&c), GGUF_TEXT);
    *n = (size_t)cursor_u64(&c);
    texts = mem_new(*n + 1, sizeof *texts);
    for (size_t i = 0; i < *n; i++) {
        uint64_t             len = cursor_u64(&c);
        const unsigned char *text = cursor_take(&c, len);
        assert_non_null(text);
        texts[i] = mem_copy_n((const char *)text, (size_t)len);
    }
    assert_true(c.at == c.end);
    return texts;
}

static void free_texts(char **texts, size_t n)
{
    for (size_t i = 0; i < n; i++) free(texts[i]);
    free(texts);
}

static int by_text(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

/* Sorts them. */
static void each_once(char **texts, size_t n)
{
    qsort(texts, n, sizeof *texts, by_text);
    for (size_t i = 0; i < n; i++) {
        if (!texts[i][0]) fail_msg("a token is empty");
        if (i && strcmp(texts[i - 1], texts[i]) == 0)
            fail_msg("\"%s\" is there twice", texts[i]);
    }
}

static bool has(char **sorted, size_t n, const char *text)
{
    return bsearch(&text, sorted, n, sizeof *sorted, by_text) != NULL;
}

static struct model_shape made(const char *kind, uint32_t n, uint32_t bos,
                               uint32_t eos)
{
    struct model_shape s = {0};

    if (kind) shape_set_text(&s, "tokenizer.ggml.model", kind);
    if (bos) shape_set_u32(&s, "tokenizer.ggml.bos_token_id", bos);
    if (eos) shape_set_u32(&s, "tokenizer.ggml.eos_token_id", eos);
    synth_tokenizer(&s, n);
    return s;
}

static void check_text(const struct model_shape *s, const char *key,
                       const char *wanted)
{
    char *text = shape_text(s, key);

    assert_non_null(text);
    assert_string_equal(text, wanted);
    free(text);
}

/* What one kind of tokenizer must hold at one size. */
static void check_words(const char *kind, uint32_t size)
{
    struct model_shape s = made(kind, size, 1, size - 10);
    size_t             n;
    char             **texts = texts_of(&s, TOKENS, &n);
    char               byte[8];

    assert_int_equal(n, size);
    assert_string_equal(texts[1], *kind == 'g' ? "<|begin_of_text|>" : "<s>");
    assert_string_equal(texts[size - 10], *kind == 'g' ? "<|im_end|>"
                                                       : "</s>");
    assert_int_equal(shape_number(&s, KINDS, 1, 0), 3);
    assert_int_equal(shape_number(&s, KINDS, size - 10, 0), 3);
    assert_int_equal(shape_number(&s, KINDS, size - 1, 0), 3);
    assert_int_equal(shape_number(&s, KINDS, size, 99), 99);
    each_once(texts, n);
    assert_true(has(texts, n, "<|im_start|>"));
    assert_true(has(texts, n, "<|im_end|>"));
    assert_true(has(texts, n, "</s>") && has(texts, n, "<s>") &&
                has(texts, n, "<unk>") && has(texts, n, "<|endoftext|>"));
    for (unsigned i = 0; i < 256 && *kind == 'l'; i++) {
        snprintf(byte, sizeof byte, "<0x%02X>", i);
        assert_true(has(texts, n, byte));
    }
    free_texts(texts, n);
    shape_done(&s);
}

static void test_as_many_words_as_wanted_each_once(void **state)
{
    (void)state;
    check_words("gpt2", 1000);
    check_words("gpt2", 151936);
    check_words("llama", 1000);
    check_words("llama", 32000);
    check_words("llama", 262144);
}

static void test_all_bytes_are_tokens_of_their_own(void **state)
{
    struct model_shape s = made("gpt2", 270, 0, 0);
    size_t             n, single = 0;
    char             **texts = texts_of(&s, TOKENS, &n);

    (void)state;
    for (size_t i = 0; i < n; i++) {
        assert_true(utf8_valid(texts[i], strlen(texts[i])));
        single += strlen(texts[i]) == 1 ||
                  (strlen(texts[i]) == 2 && texts[i][0] & 0x80);
    }
    assert_int_equal(single, 256);
    each_once(texts, n);
    assert_true(has(texts, n, "\xc4\x8a"));     /* a line's end, as U+010A */
    assert_true(has(texts, n, "\xc4\xa0"));     /* a space, as U+0120 */
    assert_true(has(texts, n, "\xc5\x83"));     /* 0xAD, as U+0143 */
    free_texts(texts, n);
    shape_done(&s);
}

static void test_what_is_joined_and_its_parts_are_tokens(void **state)
{
    struct model_shape s = made("gpt2", 32000, 0, 0);
    size_t             n, n_merges;
    char             **texts = texts_of(&s, TOKENS, &n);
    char             **merges = texts_of(&s, MERGES, &n_merges);

    (void)state;
    each_once(texts, n);
    assert_true(n_merges > 1000);
    for (size_t i = 0; i < n_merges; i++) {
        char *space = strchr(merges[i], ' ');
        char *joined;
        assert_non_null(space);
        assert_null(strchr(space + 1, ' '));
        *space = '\0';
        joined = mem_printf("%s%s", merges[i], space + 1);
        assert_true(has(texts, n, merges[i]));
        assert_true(has(texts, n, space + 1));
        assert_true(has(texts, n, joined));
        free(joined);
    }
    free_texts(texts, n);
    free_texts(merges, n_merges);
    shape_done(&s);
}

static void test_a_tokenizer_that_is_there_is_kept(void **state)
{
    struct model_shape s = {0};

    (void)state;
    shape_set_texts(&s, TOKENS, (const char *const[]){"a", "b"}, 2);
    synth_tokenizer(&s, 1000);
    assert_int_equal(s.n_pairs, 1);
    shape_done(&s);
}

static void test_a_template_that_is_there_is_kept_and_its_words_added(
    void **state)
{
    struct model_shape s = {0};
    size_t             n;
    char             **texts;

    (void)state;
    shape_set_text(&s, "tokenizer.chat_template",
                   "<|user|>{{ x }}<|end|><|assistant|><| |><|<|user|>");
    synth_tokenizer(&s, 1000);
    check_text(&s, "tokenizer.chat_template",
               "<|user|>{{ x }}<|end|><|assistant|><| |><|<|user|>");
    texts = texts_of(&s, TOKENS, &n);
    each_once(texts, n);
    assert_true(has(texts, n, "<|user|>"));
    assert_true(has(texts, n, "<|end|>"));
    assert_true(has(texts, n, "<|assistant|>"));
    assert_false(has(texts, n, "<|im_start|>"));
    free_texts(texts, n);
    shape_done(&s);
}

static void test_what_keys_leave_out_is_added(void **state)
{
    struct model_shape s = made("unigram", 1000, 0, 0);
    uint64_t           eos;

    (void)state;
    check_text(&s, "tokenizer.ggml.model", "gpt2");
    check_text(&s, "tokenizer.ggml.pre", "gpt-2");
    eos = shape_number(&s, "tokenizer.ggml.eos_token_id", 0, 5000);
    assert_true(eos < 1000);
    assert_int_equal(shape_number(&s, KINDS, eos, 0), 3);
    shape_done(&s);
    s = made("llama", 1000, 0, 0);
    assert_int_equal(shape_number(&s, "tokenizer.ggml.eos_token_id", 0, 0), 2);
    assert_int_equal(shape_number(&s, KINDS, 0, 0), 2);    /* unknown */
    assert_int_equal(shape_number(&s, KINDS, 3, 0), 6);    /* a byte */
    shape_done(&s);
}

static void test_one_id_for_two_keys_is_one_token(void **state)
{
    struct model_shape s = made("gpt2", 1000, 7, 7);
    size_t             n;
    char             **texts = texts_of(&s, TOKENS, &n);

    (void)state;
    assert_string_equal(texts[7], "<|im_end|>");
    each_once(texts, n);
    assert_false(has(texts, n, "<|begin_of_text|>"));
    free_texts(texts, n);
    shape_done(&s);
}

static void test_any_size_and_any_ids_are_survived(void **state)
{
    (void)state;
    for (uint32_t size = 0; size < 700; size += size < 20 ? 1 : 37) {
        struct model_shape s = made(size % 2 ? "gpt2" : "llama", size,
                                    4000000000u, 3);
        if (size) {
            size_t n;
            char **texts = texts_of(&s, TOKENS, &n);
            assert_int_equal(n, size);
            each_once(texts, n);
            free_texts(texts, n);
        }
        shape_done(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_many_words_as_wanted_each_once),
        cmocka_unit_test(test_all_bytes_are_tokens_of_their_own),
        cmocka_unit_test(test_what_is_joined_and_its_parts_are_tokens),
        cmocka_unit_test(test_a_tokenizer_that_is_there_is_kept),
        cmocka_unit_test(
            test_a_template_that_is_there_is_kept_and_its_words_added),
        cmocka_unit_test(test_what_keys_leave_out_is_added),
        cmocka_unit_test(test_one_id_for_two_keys_is_one_token),
        cmocka_unit_test(test_any_size_and_any_ids_are_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
