/* SPDX-License-Identifier: MIT */
/* test_inspect.c - the record of `audition inspect` as JSON and as a card. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>

#include "base/jsonx.h"
#include "gguf_check.h"
#include "inspect.h"

static const int contexts[] = {2048, 8192};

/* The record of a file in memory. Ends g. */
static struct inspection record_of(struct gguf_file *g, const char *source)
{
    struct inspection i = {.name = mem_copy("tiny"), .source = source,
                           .read_bytes = NAN, .facts = accepted(g)};

    if (strcmp(source, "catalogue") != 0) i.file = mem_copy("/m/tiny.gguf");
    inspect_note(&i);
    return i;
}

static char *text_of(const struct inspection *i, bool colour)
{
    struct strbuf out;
    char         *text;

    strbuf_init(&out, 1 << 20);
    inspect_text(i, contexts, 2, colour, &out);
    text = mem_copy(out.text);
    strbuf_done(&out);
    return text;
}

static double number(const json_t *o, const char *key)
{
    return jsonx_number(o, key);
}

static void test_json_has_the_keys_that_are_promised(void **state)
{
    struct gguf_file  g;
    struct inspection i;
    json_t           *o, *types, *template;

    (void)state;
    gguf_small_model(&g, "Tiny");
    i = record_of(&g, "file");
    o = inspect_json(&i, contexts, 2);
    assert_string_equal(jsonx_text(o, "file"), "/m/tiny.gguf");
    assert_string_equal(jsonx_text(o, "source"), "file");
    assert_string_equal(jsonx_text(o, "kind"), "text");
    assert_string_equal(jsonx_text(o, "architecture"), "llama");
    assert_string_equal(jsonx_text(o, "quantisation"), "Q4_0");
    assert_string_equal(jsonx_text(o, "license"), "mit");
    assert_true(number(o, "parameters") == 64 * 100 + 64 * 8);
    assert_true(number(o, "file_bytes") > 5664);
    assert_true(number(o, "tensor_data_bytes") == 5664);
    assert_true(number(o, "weight_bytes_read_per_token") == 3600 + 2048);
    assert_true(number(o, "kv_bytes_per_token_f16") == 256);
    assert_true(number(json_object_get(o, "kv_bytes_at"), "2048") ==
                2048 * 256);
    assert_true(number(json_object_get(o, "kv_bytes_at"), "8192") ==
                8192 * 256);
    assert_true(number(o, "layers") == 2);
    assert_true(number(o, "vocabulary") == 100);
    assert_true(number(o, "context") == 4096);
    assert_true(json_is_integer(json_object_get(o, "layers")));
    assert_true(json_is_integer(json_object_get(o, "parameters")));
    types = json_object_get(o, "types");
    assert_int_equal(json_object_size(types), 2);
    assert_true(number(json_object_get(types, "Q4_0"), "bytes") == 3600);
    assert_true(number(json_object_get(types, "Q4_0"), "tensors") == 1);
    template = json_object_get(o, "template");
    assert_int_equal(jsonx_truth(template, "present"), 1);
    assert_int_equal(jsonx_truth(template, "tools"), 0);
    assert_int_equal(jsonx_truth(template, "uses_date"), 0);
    assert_int_equal(json_array_size(json_object_get(o, "layer_groups")), 1);
    assert_int_equal(json_array_size(json_object_get(o, "notes")), 0);
    json_decref(o);
    inspection_done(&i);
}

static void test_what_is_missing_is_null_and_never_nan(void **state)
{
    static const char *const keys[] = {
        "architecture", "parameters", "active_parameters", "layers",
        "vocabulary", "context", "quantisation", "license", "tokenizer",
        "weight_bytes_read_per_token", "kv_bytes_per_token_f16", "window",
        "read_bytes", "heads",
    };
    struct gguf_file  g;
    struct inspection i;
    json_t           *o;
    char             *text;

    (void)state;
    gguf_begin(&g, 3, 0, 0);
    i = record_of(&g, "file");
    o = inspect_json(&i, contexts, 2);
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
        if (!json_is_null(json_object_get(o, keys[k])))
            fail_msg("%s is not null", keys[k]);
    assert_true(json_is_null(json_object_get(json_object_get(o, "kv_bytes_at"),
                                             "2048")));
    assert_int_equal(jsonx_truth(json_object_get(o, "template"), "present"),
                     0);
    text = jsonx_dump(o);
    assert_null(strstr(text, "nan"));
    free(text);
    json_decref(o);
    text = text_of(&i, false);
    assert_null(strstr(text, "nan"));
    assert_null(strstr(text, "-1"));
    assert_non_null(strstr(text, "cannot be computed"));
    free(text);
    inspection_done(&i);
}

static void test_the_card_of_a_small_model(void **state)
{
    struct gguf_file  g;
    struct inspection i;
    char             *text;

    (void)state;
    gguf_small_model(&g, "Tiny Test");
    i = record_of(&g, "file");
    text = text_of(&i, false);
    assert_string_equal(text,
        "tiny\n"
        "  model      Tiny Test · llama · licence mit\n"
        "  file       /m/tiny.gguf\n"
        "  size       7k parameters, Q4_0, 7 KiB\n"
        "  reads      6 KiB of weights a token; the embedding is the output "
        "too\n"
        "  types      Q4_0 4 KiB, F32 2 KiB\n"
        "  shape      2 layers, width 64, 4 heads of 16, 2 for keys\n"
        "  text       4,096 tokens of context, 100 in the vocabulary\n"
        "  cache f16  256 B a token; 512 KiB at 2,048, 2 MiB at 8,192\n"
        "  template   not: system, tools, tool results, thinking, today's "
        "date\n");
    free(text);
    inspection_done(&i);
}

static void test_foreign_text_cannot_write_to_the_terminal(void **state)
{
    struct gguf_file  g;
    struct inspection i;
    char             *text;

    (void)state;
    gguf_begin(&g, 3, 0, 3);
    gguf_text(&g, "general.name", "\x1b]0;owned\x07\nreads 1 B");
    gguf_text(&g, "general.architecture", "a\x1b[2J");
    gguf_text(&g, "general.license", "\xe2\x80\xae" "tim");
    i = record_of(&g, "file");
    free(i.name);
    i.name = mem_copy("x\x1b[31m");
    text = text_of(&i, false);
    assert_null(strchr(text, '\x1b'));
    assert_null(strchr(text, '\x07'));
    assert_null(strstr(text, "\xe2\x80\xae"));
    assert_null(strstr(text, "\nreads"));
    assert_null(strstr(text, ", \n"));
    free(text);
    inspection_done(&i);
}

static void test_notes_say_what_cannot_be_auditioned(void **state)
{
    struct gguf_file  g;
    struct inspection i;
    char             *text;

    (void)state;
    gguf_begin(&g, 3, 1, 1);
    gguf_text(&g, "general.architecture", "clip");
    gguf_tensor(&g, "v.patch_embd.weight", 0, 1, (uint64_t[]){8}, 0);
    gguf_end(&g, 32, 32);
    i = record_of(&g, "file");
    text = text_of(&i, false);
    assert_non_null(strstr(text, "clip · mmproj"));
    assert_non_null(strstr(text, "note       a projector for pictures"));
    assert_null(strstr(text, "template"));
    free(text);
    inspection_done(&i);

    gguf_small_model_in(&g, "Tiny", 1, 3);
    i = record_of(&g, "file");
    text = text_of(&i, false);
    assert_non_null(strstr(text, "note       big-endian: llama.cpp"));
    free(text);
    inspection_done(&i);

    gguf_begin(&g, 3, 1, 0);
    gguf_tensor(&g, "output.weight", 57, 1, (uint64_t[]){8}, 0);
    gguf_end(&g, 32, 32);
    i = record_of(&g, "file");
    text = text_of(&i, false);
    assert_non_null(strstr(text, "1 tensor is of type 57"));
    assert_non_null(strstr(text, "without a chat template"));
    free(text);
    inspection_done(&i);
}

static void test_the_catalogue_does_not_know_templates(void **state)
{
    struct gguf_file  g;
    struct inspection i;
    char             *text;
    json_t           *o;

    (void)state;
    gguf_begin(&g, 3, 1, 1);
    gguf_text(&g, "general.architecture", "llama");
    gguf_tensor(&g, "output.weight", 0, 1, (uint64_t[]){8}, 0);
    gguf_end(&g, 32, 32);
    i = record_of(&g, "catalogue");
    o = inspect_json(&i, contexts, 2);
    assert_true(json_is_null(json_object_get(o, "file")));
    assert_int_equal(jsonx_truth(json_object_get(o, "template"), "present"),
                     -1);
    json_decref(o);
    text = text_of(&i, false);
    assert_non_null(strstr(text, "the catalogue's facts"));
    assert_null(strstr(text, "template"));
    free(text);
    inspection_done(&i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_has_the_keys_that_are_promised),
        cmocka_unit_test(test_what_is_missing_is_null_and_never_nan),
        cmocka_unit_test(test_the_card_of_a_small_model),
        cmocka_unit_test(test_foreign_text_cannot_write_to_the_terminal),
        cmocka_unit_test(test_notes_say_what_cannot_be_auditioned),
        cmocka_unit_test(test_the_catalogue_does_not_know_templates),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
