/* SPDX-License-Identifier: MIT */
/* test_synth.c - a made-up model is a whole, sound file or no file at all. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "base/stop.h"
#include "model/ggml_numbers.h"
#include "model/gguf_types.h"
#include "model/quantise.h"
#include "model/shape.h"
#include "model/synth.h"
#include "model/synth_weights.h"
#include "temp_tree.h"

struct place {
    struct temp_tree   tree;
    struct model_shape shape;
    char              *path;
};

static int begin(void **state)
{
    struct place *p = mem_new(1, sizeof *p);

    if (temp_tree_init(&p->tree)) return -1;
    p->path = temp_path(&p->tree, "m.gguf");
    shape_set_text(&p->shape, "general.architecture", "llama");
    shape_add_tensor(&p->shape, "token_embd.weight", T_Q4_K, 2,
                     (uint64_t[]){256, 5000});
    shape_add_tensor(&p->shape, "output_norm.weight", T_F32, 1,
                     (uint64_t[]){7});
    shape_add_tensor(&p->shape, "blk.0.ffn_up.weight", T_Q6_K, 2,
                     (uint64_t[]){256, 60000});
    *state = p;
    return 0;
}

static int end(void **state)
{
    struct place *p = *state;

    temp_tree_done(&p->tree);
    shape_done(&p->shape);
    free(p->path);
    free(p);
    return 0;
}

/* Entries of the folder. */
static int files_in(const struct place *p)
{
    DIR *dir = opendir(p->tree.root);
    int  n = 0;

    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir)) != NULL;) n += *e->d_name != '.';
    closedir(dir);
    return n;
}

static void refused(struct place *p, enum err_kind kind, const char *why)
{
    struct synth_report r;
    struct err          err = {0};
    int                 before = files_in(p);

    assert_int_equal(synth_write(&p->shape, p->path, false, &r, &err), -1);
    assert_int_equal(err.kind, kind);
    if (!strstr(err.text, why)) fail_msg("%s", err.text);
    assert_int_equal(files_in(p), before);
}

static struct bytes written(struct place *p, const char *path)
{
    struct synth_report r;
    struct err          err = {0};
    struct bytes        b = {0};

    if (synth_write(&p->shape, path, false, &r, &err))
        fail_msg("%s", err.text);
    assert_int_equal(bytes_read(&b, path, (size_t)1 << 30, &err), 0);
    assert_int_equal(b.size, r.file_bytes);
    assert_int_equal(r.file_bytes, r.header_bytes + r.data_bytes);
    assert_int_equal(r.data_bytes, shape_data_bytes(&p->shape));
    assert_true(r.seconds >= 0);
    return b;
}

/* ---- files ------------------------------------------------------------- */

static void test_the_file_has_the_shape_and_nothing_else_is_left(void **state)
{
    struct place      *p = *state;
    struct bytes       b = written(p, p->path);
    struct model_shape again;
    struct err         err = {0};
    struct strbuf      header;

    assert_int_equal(files_in(p), 1);
    assert_int_equal(shape_read(p->path, &again, &err), 0);
    strbuf_init(&header, 1 << 20);
    shape_write_header(&p->shape, &header);
    assert_memory_equal(b.data, header.text, header.len);
    assert_string_equal(again.tensors[2].name, "blk.0.ffn_up.weight");
    strbuf_done(&header);
    shape_done(&again);
    bytes_done(&b);
}

static void test_the_same_shape_gives_the_same_bytes(void **state)
{
    struct place *p = *state;
    char         *other = temp_path(&p->tree, "other.gguf");
    struct bytes  a = written(p, p->path), b = written(p, other);

    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.data, b.data, a.size);
    bytes_done(&a);
    bytes_done(&b);
    free(other);
}

static void test_a_dry_run_says_the_size_and_writes_nothing(void **state)
{
    struct place       *p = *state;
    struct synth_report r;
    struct err          err = {0};

    assert_int_equal(synth_write(&p->shape, p->path, true, &r, &err), 0);
    assert_int_equal(files_in(p), 0);
    assert_int_equal(r.data_bytes, 5000 * 144 + 32 + 60000 * 210);
    assert_true(isnan(r.seconds));
    assert_true(r.free_bytes > 0);
    assert_int_equal(synth_write(&p->shape, NULL, true, &r, &err), 0);
}

static void test_what_is_there_is_never_overwritten(void **state)
{
    struct place *p = *state;
    FILE         *f = fopen(p->path, "w");
    char         *link_path = temp_path(&p->tree, "link.gguf");

    assert_non_null(f);
    fputs("precious", f);
    fclose(f);
    refused(p, ERR_INPUT, "is there already");
    assert_int_equal(symlink("/no/such/file", link_path), 0);
    free(p->path);
    p->path = link_path;
    refused(p, ERR_INPUT, "is there already");
}

static void test_a_folder_that_does_not_exist_is_named(void **state)
{
    struct place *p = *state;

    free(p->path);
    p->path = temp_path(&p->tree, "no/m.gguf");
    refused(p, ERR_INPUT, "no such folder");
}

static void test_space_is_looked_at_first(void **state)
{
    struct place *p = *state;

    shape_add_tensor(&p->shape, "output.weight", T_Q8_0, 2,
                     (uint64_t[]){1ull << 30, 1ull << 30});
    refused(p, ERR_PREFLIGHT, "needs");
}

static void test_a_file_at_its_limit_leaves_nothing(void **state)
{
    struct place *p = *state;
    struct rlimit old, low;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    low = old;
    low.rlim_cur = 1 << 20;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
    refused(p, ERR_PREFLIGHT, "ulimit -f");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    signal(SIGXFSZ, SIG_DFL);
}

static void test_a_signal_leaves_nothing(void **state)
{
    struct place *p = *state;
    int           status;
    pid_t         pid = fork();

    if (pid == 0) {
        struct synth_report r;
        struct err          err = {0};
        stop_install();
        raise(SIGTERM);
        _exit(synth_write(&p->shape, p->path, false, &r, &err) == -1 &&
              err.kind == ERR_STOPPED && err_exit_code(err.kind) == 143 ? 0
                                                                        : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(files_in(p), 0);
}

static void test_what_a_kill_left_behind_is_used_again(void **state)
{
    struct place *p = *state;
    char         *part = temp_path(&p->tree, "m.gguf.synth-part");
    FILE         *f = fopen(part, "w");
    struct bytes  b;

    assert_non_null(f);
    assert_int_equal(ftruncate(fileno(f), 100 << 20), 0);
    fclose(f);
    b = written(p, p->path);
    assert_int_equal(files_in(p), 1);
    bytes_done(&b);
    free(part);
}

/* Where the temporary file would be. */
static void test_what_is_no_file_of_ours_is_left_alone(void **state)
{
    struct place *p = *state;
    char         *download = temp_path(&p->tree, "m.gguf.part");
    char         *part = temp_path(&p->tree, "m.gguf.synth-part");
    char         *finished = temp_path(&p->tree, "finished.gguf");
    struct bytes  b = written(p, finished);
    struct err    err = {0};

    temp_text(&p->tree, "m.gguf.part", "precious");
    assert_int_equal(link(finished, part), 0);
    refused(p, ERR_INPUT, "no file of our own");
    unlink(part);
    assert_int_equal(mkfifo(part, 0600), 0);
    refused(p, ERR_INPUT, "synth-part");
    unlink(part);
    bytes_done(&b);
    b = written(p, p->path);
    bytes_done(&b);
    assert_int_equal(bytes_read(&b, download, 100, &err), 0);
    assert_memory_equal(b.data, "precious", 8);
    bytes_done(&b);
    assert_int_equal(bytes_read(&b, finished, 1 << 26, &err), 0);
    assert_true(b.size > 1 << 20);
    bytes_done(&b);
    free(finished);
    free(part);
    free(download);
}

static void test_two_at_once_do_not_mix(void **state)
{
    struct place *p = *state;
    char         *part = temp_path(&p->tree, "m.gguf.synth-part");
    int           ready[2], go[2], status;
    char          byte = 0;
    pid_t         pid;

    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(go), 0);
    pid = fork();
    if (pid == 0) {
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        int          fd = open(part, O_WRONLY | O_CREAT, 0600);
        int          bad = fcntl(fd, F_SETLK, &lock) != 0;
        bad |= write(ready[1], &byte, 1) != 1 || read(go[0], &byte, 1) != 1;
        free(part);
        _exit(bad);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    refused(p, ERR_INPUT, "another audition");
    assert_int_equal(write(go[1], &byte, 1), 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    for (int i = 0; i < 2; i++) {
        close(ready[i]);
        close(go[i]);
    }
    free(part);
}

static void test_a_type_without_data_is_named(void **state)
{
    struct place *p = *state;

    p->shape.tensors[0].type = 9;
    refused(p, ERR_INPUT, "Q8_1");
    p->shape.tensors[0].type = 4711;
    refused(p, ERR_INPUT, "4711");
    p->shape.tensors[0].type = T_Q4_K;
    p->shape.tensors[0].ne[0] = 100;
    refused(p, ERR_INPUT, "rows of 100");
}

/* ---- weights ----------------------------------------------------------- */

static double number_at(uint32_t type, const unsigned char *at)
{
    uint32_t bits = 0;
    float    value;
    uint16_t half;

    if (type == T_F32) {
        memcpy(&bits, at, 4);
    } else if (type == T_BF16) {
        bits = (uint32_t)at[0] << 16 | (uint32_t)at[1] << 24;
    } else {
        half = (uint16_t)(at[0] | at[1] << 8);
        assert_int_not_equal(half & 0x7c00, 0x7c00);        /* finite */
        return (half & 0x8000 ? -1 : 1) *
               ((half & 0x7c00) ? ldexp(1024 + (half & 0x3ff),
                                        (half >> 10 & 31) - 25)
                                : ldexp(half & 0x3ff, -24));
    }
    memcpy(&value, &bits, 4);
    return (double)value;
}

static unsigned char *made(const char *name, uint32_t type, uint64_t n)
{
    struct synth_weights *w = synth_weights_new();
    struct shape_tensor   t = {.type = type, .n_dims = 1, .ne = {n, 1, 1, 1}};
    size_t                size = (size_t)shape_tensor_bytes(&t);
    unsigned char        *bytes = mem_new(size, 1), *part = mem_new(size, 1);

    snprintf(t.name, sizeof t.name, "%s", name);
    synth_weights_fill(w, &t, 0, bytes, size);
    for (size_t at = 0, step = 1000; at < size; at += step) {
        if (step > size - at) step = size - at;
        synth_weights_fill(w, &t, at, part + at, step);
    }
    assert_memory_equal(bytes, part, size);    /* in parts as at once */
    free(part);
    synth_weights_free(w);
    return bytes;
}

static void check_numbers(const char *name, uint32_t type, double low,
                          double high)
{
    unsigned char *bytes = made(name, type, 20000);
    double         sum = 0;

    for (size_t i = 0; i < 20000; i++) {
        double value = number_at(type, bytes +
                                 i * gguf_type_find(type)->block_bytes);
        if (!(value >= low && value <= high))
            fail_msg("%s, type %u: %g", name, type, value);
        sum += value;
    }
    if (low < 0 && high > 0) assert_true(fabs(sum / 20000) < 0.002);
    free(bytes);
}

static void test_numbers_are_small_and_what_multiplies_is_one(void **state)
{
    static const uint32_t types[] = {T_F32, T_F16, T_BF16};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        check_numbers("blk.0.attn_q.bias", types[i], -0.04, 0.04);
        check_numbers("blk.0.attn_norm.weight", types[i], 1, 1.1);
        check_numbers("rope_freqs.weight", types[i], 1, 1.1);
        check_numbers("blk.0.ssm_a", types[i], -1.1, -1);
    }
}

/* Where blocks hold numbers of 16 bits: a bad one would poison a whole
 * model, and equal ones would make it faster than any real one. */
static void test_scales_of_blocks_are_finite_small_and_unlike(void **state)
{
    static const struct { uint32_t type; int at[2]; } scales[] = {
        {T_Q4_0, {0, -1}}, {T_Q4_1, {0, 2}}, {T_Q5_0, {0, -1}},
        {T_Q5_1, {0, 2}}, {T_Q8_0, {0, -1}}, {T_Q2_K, {80, 82}},
        {T_Q3_K, {108, -1}}, {T_Q4_K, {0, 2}}, {T_Q5_K, {0, 2}},
        {T_Q6_K, {208, -1}}, {T_IQ2_XXS, {0, -1}}, {T_IQ3_S, {0, -1}},
        {T_IQ4_NL, {0, -1}}, {T_IQ4_XS, {0, -1}}, {T_TQ1_0, {52, -1}},
        {T_TQ2_0, {64, -1}}, {T_Q1_0, {0, -1}}, {T_Q2_0, {0, -1}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof scales / sizeof *scales; i++) {
        const struct gguf_type *g = gguf_type_find(scales[i].type);
        unsigned char *bytes = made("blk.0.ffn_up.weight", scales[i].type,
                                    g->block * 100);
        for (int k = 0; k < 2; k++) {
            double last = 0;
            int    unlike = 0;
            for (size_t b = 0; b < 100 && scales[i].at[k] >= 0; b++) {
                double value = number_at(T_F16, bytes + b * g->block_bytes +
                                         scales[i].at[k]);
                if (value == 0 || fabs(value) > 0.15)
                    fail_msg("%s: %g", g->name, value);
                unlike += value != last;
                last = value;
            }
            if (scales[i].at[k] >= 0 && unlike < 90)
                fail_msg("%s: %d of 100", g->name, unlike);
        }
        free(bytes);
    }
}

static void test_every_quantisation_can_be_made_up(void **state)
{
    (void)state;
    for (int i = 0; quantise_names[i]; i++) {
        struct model_shape  s = {0};
        struct synth_report r;
        struct err          err = {0};
        shape_set_text(&s, "general.architecture", "llama");
        shape_add_tensor(&s, "token_embd.weight", T_F16, 2,
                         (uint64_t[]){512, 8});
        shape_add_tensor(&s, "blk.0.ffn_up.weight", T_F16, 2,
                         (uint64_t[]){512, 8});
        shape_add_tensor(&s, "blk.0.ffn_up_exps.weight", T_F16, 3,
                         (uint64_t[]){512, 8, 4});
        assert_int_equal(quantise_shape(&s, quantise_names[i], &err), 0);
        assert_int_equal(synth_write(&s, NULL, true, &r, &err), 0);
        shape_done(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_the_file_has_the_shape_and_nothing_else_is_left, begin, end),
        cmocka_unit_test_setup_teardown(
            test_the_same_shape_gives_the_same_bytes, begin, end),
        cmocka_unit_test_setup_teardown(
            test_a_dry_run_says_the_size_and_writes_nothing, begin, end),
        cmocka_unit_test_setup_teardown(
            test_what_is_there_is_never_overwritten, begin, end),
        cmocka_unit_test_setup_teardown(
            test_a_folder_that_does_not_exist_is_named, begin, end),
        cmocka_unit_test_setup_teardown(test_space_is_looked_at_first, begin,
                                        end),
        cmocka_unit_test_setup_teardown(
            test_a_file_at_its_limit_leaves_nothing, begin, end),
        cmocka_unit_test_setup_teardown(test_a_signal_leaves_nothing, begin,
                                        end),
        cmocka_unit_test_setup_teardown(
            test_what_a_kill_left_behind_is_used_again, begin, end),
        cmocka_unit_test_setup_teardown(
            test_what_is_no_file_of_ours_is_left_alone, begin, end),
        cmocka_unit_test_setup_teardown(test_two_at_once_do_not_mix, begin,
                                        end),
        cmocka_unit_test_setup_teardown(test_a_type_without_data_is_named,
                                        begin, end),
        cmocka_unit_test(test_numbers_are_small_and_what_multiplies_is_one),
        cmocka_unit_test(test_scales_of_blocks_are_finite_small_and_unlike),
        cmocka_unit_test(test_every_quantisation_can_be_made_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
