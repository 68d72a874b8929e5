/* SPDX-License-Identifier: MIT */
/* test_quantise.c - the types that llama-quantize (build 11434, --dry-run)
 * gave the models of tests/corpus/quantise/, each at every quantisation, are
 * the types that quantise_shape() gives them.
 *
 * One file a model: its keys, its tensors (first and last layer, name, sizes;
 * "tensor" is F16 when it has rows, "f32" never is), and a line for each
 * quantisation, which tests/quantise.sh writes: "types Q4_K_M 32*f32 3*q6_K
 * q4_K ...", by name without the layer, then by layer, or "refused". With
 * QUANTISE_WRITE=FOLDER the models are written there as F16 files without
 * data instead, for that script. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "model/gguf_types.h"
#include "model/quantise.h"
#include "model/shape.h"

/* The next word of a line, or "" at its end. */
static char *word(char **at)
{
    char *begin = *at + strspn(*at, " ");

    *at = begin + strcspn(begin, " ");
    if (**at) *(*at)++ = '\0';
    return begin;
}

static void add_tensors(struct model_shape *s, char *line, int is_f32)
{
    char    *first = word(&line), *last = word(&line), *name = word(&line);
    uint64_t ne[4];
    int      dims = 0;

    while (dims < 4 && *line) ne[dims++] = strtoull(word(&line), NULL, 10);
    if (*first == '-') {
        shape_add_tensor(s, name, dims > 1 && !is_f32, dims, ne);
        return;
    }
    for (long i = strtol(first, NULL, 10); i <= strtol(last, NULL, 10); i++) {
        char *full = mem_printf("blk.%ld.%s", i, name);
        shape_add_tensor(s, full, dims > 1 && !is_f32, dims, ne);
        free(full);
    }
}

/* One line of a model's file; `arch` is set by the first. */
static void read_line(struct model_shape *s, char **arch, char *line)
{
    char *what = word(&line), *key;

    if (strcmp(what, "arch") == 0) {
        *arch = mem_copy(line);
        shape_set_text(s, "general.architecture", line);
    } else if (strcmp(what, "count") == 0 || strcmp(what, "real") == 0) {
        key = mem_printf("%s.%s", *arch, word(&line));
        if (*what == 'c') shape_set_u32(s, key, (uint32_t)strtoul(line, NULL,
                                                                  10));
        else shape_set_f32(s, key, strtod(line, NULL));
        free(key);
    } else if (strcmp(what, "tensor") == 0 || strcmp(what, "f32") == 0) {
        add_tensors(s, line, *what == 'f');
    }
}

static struct model_shape model_of(const char *text)
{
    struct model_shape s = {0};
    char              *arch = NULL;

    while (*text) {
        size_t len = strcspn(text, "\n");
        char  *line = mem_copy_n(text, len);
        read_line(&s, &arch, line);
        free(line);
        text += len + (text[len] == '\n');
    }
    free(arch);
    return s;
}

/* "attn_v.weight" of "blk.3.attn_v.weight". */
static const char *without_layer(const char *name)
{
    if (strncmp(name, "blk.", 4) != 0) return name;
    return name + 4 + strspn(name + 4, "0123456789") + 1;
}

static int by_name_then_layer(const void *left, const void *right)
{
    const struct shape_tensor *a = left, *b = right;
    int order = strcmp(without_layer(a->name), without_layer(b->name));
    long a_layer = strtol(a->name + 4, NULL, 10);
    long b_layer = strtol(b->name + 4, NULL, 10);

    return order ? order : a_layer < b_layer ? -1 : a_layer > b_layer;
}

/* "32*f32 3*q6_K q4_K"; sorts the tensors. */
static char *types_of(struct model_shape *s)
{
    struct strbuf out;
    char          name[16], *text;

    qsort(s->tensors, s->n_tensors, sizeof *s->tensors, by_name_then_layer);
    strbuf_init(&out, 1 << 20);
    for (size_t i = 0, n; i < s->n_tensors; i += n) {
        const struct gguf_type *type = gguf_type_find(s->tensors[i].type);
        for (n = 1; i + n < s->n_tensors &&
             s->tensors[i + n].type == s->tensors[i].type; n++) {}
        snprintf(name, sizeof name, "%s", type->name);
        /* ggml writes "q4_K", "iq2_xxs": only the K stays large. */
        for (char *c = name; *c; c++)
            if (*c != 'K') *c = (char)tolower((unsigned char)*c);
        if (n > 1) strbuf_addf(&out, "%s%zu*%s", i ? " " : "", n, name);
        else strbuf_addf(&out, "%s%s", i ? " " : "", name);
    }
    text = mem_copy(out.text);
    strbuf_done(&out);
    return text;
}

/* Checks one "types" line. */
static void check_types(const char *file, const char *text, char *line)
{
    char              *quantisation = word(&line), *found;
    struct model_shape s = model_of(text);
    struct err         err = {0};

    if (quantise_shape(&s, quantisation, &err)) found = mem_copy("refused");
    else found = types_of(&s);
    if (strcmp(found, line) != 0)
        fail_msg("%s, %s:\n  llama-quantize: %s\n  quantise_shape: %s", file,
                 quantisation, line, found);
    free(found);
    shape_done(&s);
}

static void each_model(void (*visit)(const char *file, const char *text))
{
    const char *tests = getenv("TEST_DIR");
    char       *folder = mem_printf("%s/corpus/quantise",
                                    tests ? tests : "tests");
    DIR        *dir = opendir(folder);

    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        char        *path = mem_printf("%s/%s", folder, e->d_name);
        struct bytes b = {0};
        struct err   err = {0};
        if (e->d_name[0] != '.') {
            assert_int_equal(bytes_read(&b, path, 1 << 20, &err), 0);
            visit(e->d_name, (const char *)b.data);
            bytes_done(&b);
        }
        free(path);
    }
    closedir(dir);
    free(folder);
}

static void check_model(const char *file, const char *text)
{
    size_t quantisations = 0;

    for (const char *at = text; (at = strstr(at, "\ntypes ")) != NULL; at++) {
        const char *begin = at + strlen("\ntypes ");
        char       *line = mem_copy_n(begin, strcspn(begin, "\n"));
        check_types(file, text, line);
        quantisations++;
        free(line);
    }
    if (quantisations < 38) fail_msg("%s has %zu quantisations", file,
                                     quantisations);
}

static void test_each_tensor_gets_the_type_of_llama_quantize(void **state)
{
    (void)state;
    each_model(check_model);
}

static void test_keys_say_what_was_done(void **state)
{
    struct model_shape s = {0};
    struct err         err = {0};

    (void)state;
    shape_set_text(&s, "general.architecture", "llama");
    shape_add_tensor(&s, "blk.10.ffn_up.weight", 1, 2, (uint64_t[]){256, 4});
    shape_add_tensor(&s, "blk.9.ffn_up.weight", 1, 2, (uint64_t[]){256, 4});
    shape_add_tensor(&s, "token_embd.weight", 1, 2, (uint64_t[]){256, 4});
    assert_int_equal(quantise_shape(&s, "q5_k_m", &err), 0);
    assert_int_equal(shape_number(&s, "general.file_type", 0, 99), 17);
    assert_int_equal(shape_number(&s, "general.quantization_version", 0, 99),
                     2);
    assert_string_equal(s.tensors[0].name, "token_embd.weight");
    assert_string_equal(s.tensors[1].name, "blk.9.ffn_up.weight");
    assert_string_equal(s.tensors[2].name, "blk.10.ffn_up.weight");
    shape_done(&s);
}

static void test_an_unknown_name_lists_those_that_are_known(void **state)
{
    struct model_shape s = {0};
    struct err         err = {0};

    (void)state;
    assert_int_equal(quantise_shape(&s, "Q4_K_XL", &err), -1);
    assert_int_equal(err.kind, ERR_INPUT);
    assert_non_null(strstr(err.text, "\"Q4_K_XL\""));
    for (int i = 0; quantise_names[i]; i++) {
        assert_non_null(strstr(err.text, quantise_names[i]));
        assert_true(quantise_file_type(quantise_names[i]) >= 0);
    }
    assert_int_equal(quantise_file_type("MOSTLY_Q4_0"), -1);
    assert_int_equal(quantise_file_type(""), -1);
    assert_int_equal(quantise_file_type("iq3_xxs"), 23);
}

static void test_a_model_that_says_nothing_is_quantised_too(void **state)
{
    struct model_shape s = {0};
    struct err         err = {0};

    (void)state;
    shape_add_tensor(&s, "blk.99999999999999999999.attn_v.weight", 1, 2,
                     (uint64_t[]){256, 4});
    shape_add_tensor(&s, "x", 1, 2, (uint64_t[]){256, 4});
    shape_add_tensor(&s, "weight", 1, 2, (uint64_t[]){256, 4});
    for (int i = 0; quantise_names[i]; i++)
        assert_int_equal(quantise_shape(&s, quantise_names[i], &err), 0);
    shape_done(&s);
}

/* ---- for tests/quantise.sh --------------------------------------------- */

static void write_model(const char *file, const char *text)
{
    struct model_shape s = model_of(text);
    struct strbuf      header;
    char              *path = mem_printf("%s/%.*s.gguf",
                                         getenv("QUANTISE_WRITE"),
                                         (int)strcspn(file, "."), file);
    int                fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    strbuf_init(&header, 1 << 24);
    shape_write_header(&s, &header);
    if (fd < 0 ||
        write(fd, header.text, header.len) != (ssize_t)header.len ||
        ftruncate(fd, (off_t)(header.len + shape_data_bytes(&s))) != 0) {
        perror(path);
        exit(1);
    }
    close(fd);
    strbuf_done(&header);
    shape_done(&s);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_tensor_gets_the_type_of_llama_quantize),
        cmocka_unit_test(test_keys_say_what_was_done),
        cmocka_unit_test(test_an_unknown_name_lists_those_that_are_known),
        cmocka_unit_test(test_a_model_that_says_nothing_is_quantised_too),
    };

    if (getenv("QUANTISE_WRITE")) {
        each_model(write_model);
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
