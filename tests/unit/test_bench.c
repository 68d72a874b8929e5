/* SPDX-License-Identifier: MIT */
/* llama-bench as a child: what it is asked for, what is read from its output
 * and how its end is told. It is a shell script here. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/proc.h"
#include "base/stop.h"
#include "engine/bench.h"
#include "temp_tree.h"

/* ---- the arguments ------------------------------------------------------- */

static void add_words(struct text_list *list, const char *words)
{
    while (*words) {
        size_t n    = strcspn(words, " ");
        char  *word = mem_copy_n(words, n);

        text_list_add(list, word);
        free(word);
        words += n + (words[n] == ' ');
    }
}

/* What is between the model and the output format, as one line. */
static char *carried(const char *server_args, const char *more, int threads)
{
    struct candidate   c    = {.path = "/m.gguf"};
    struct text_list   list = {0};
    struct engine_spec spec = {.candidate = &c, .threads = threads,
                               .more_args = more ? &list : NULL};
    char             **argv, *line, *cut;

    add_words(&c.server_args, server_args);
    if (more) add_words(&list, more);
    argv = bench_args("/b/llama-bench", &spec, 5);
    line = proc_quote(argv);
    for (char **at = argv; *at; at++) free(*at);
    free(argv);
    text_list_done(&c.server_args);
    text_list_done(&list);
    assert_int_equal(
        strncmp(line, "/b/llama-bench -m /m.gguf -p 512 -n 128 -r 5 ", 45), 0);
    cut = strstr(line, " -o json");
    assert_non_null(cut);
    assert_string_equal(cut, " -o json");
    *cut = '\0';
    memmove(line, line + 45, strlen(line + 45) + 1);
    return line;
}

static const struct {
    const char *what, *server, *bench;
} spellings[] = {
    {"nothing said", "", "-ngl 999"},
    {"layers as words", "-ngl all", "-ngl 999"},
    {"layers left to a server that may not fit", "-ngl auto", "-ngl 999"},
    {"layers as a number", "--gpu-layers 20", "-ngl 20"},
    {"with an equals sign", "--n-gpu-layers=20", "-ngl 20"},
    {"short with an equals sign", "-ngl=20", "-ngl 20"},
    {"underscores", "--n_gpu_layers 20", "-ngl 20"},
    {"said twice: a repeated flag is another test there",
     "-b 512 --batch-size 1024", "-ngl 999 -b 1024"},
    {"cache types", "-ctk q8_0 --cache-type-v q4_0",
     "-ngl 999 -ctk q8_0 -ctv q4_0"},
    {"flash attention on", "-fa on", "-ngl 999 -fa 1"},
    {"flash attention off", "--flash-attn=off", "-ngl 999 -fa 0"},
    {"flash attention auto", "-fa on -fa auto", "-ngl 999"},
    {"flash attention before it had a value", "-fa -b 64",
     "-ngl 999 -fa 1 -b 64"},
    {"flash attention at the end", "-fa", "-ngl 999 -fa 1"},
    {"commas are lists of tests there", "-ts 3,1 -dev CUDA0,CUDA1",
     "-ngl 999 -ts 3/1 -dev CUDA0/CUDA1"},
    {"overrides", "-ot exps=CPU,attn=CUDA0",
     "-ngl 999 -ot 'exps=CPU;attn=CUDA0'"},
    {"experts", "-cmoe", "-ngl 999 -ncmoe 999"},
    {"some experts", "--n-cpu-moe 12", "-ngl 999 -ncmoe 12"},
    {"switches without a value", "-nkvo --no-op-offload --no-host -nr",
     "-ngl 999 -nkvo 1 -nopo 1 --no-host 1 --repack 0"},
    {"switched back", "--no-kv-offload --kv-offload", "-ngl 999 -nkvo 0"},
    {"mapping, today", "-lm none -lzm off", "-ngl 999 -lm none -lzm off"},
    {"mapping, before", "--no-mmap", "-ngl 999 -mmp 0"},
    {"split", "-sm row --main-gpu 1", "-ngl 999 -sm row -mg 1"},
    {"cores", "-C ff --cpu-strict 1 --poll 0 --prio 2 --numa isolate",
     "-ngl 999 -C ff --cpu-strict 1 --poll 0 --prio 2 --numa isolate"},
    {"what it does not know is left out, its value too",
     "--lora a.gguf --reasoning off -tb 4 --swa-full -ub 256",
     "-ngl 999 -ub 256"},
    {"names that only begin alike", "-ctkd q8_0 --batch-size-x 3 -fat",
     "-ngl 999"},
    {"a flag whose value was forgotten", "-ub 64 -b", "-ngl 999 -ub 64"},
};

static void test_flags_of_the_server_are_respelt(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        char *line = carried(spellings[i].server, NULL, -1);

        if (strcmp(line, spellings[i].bench) != 0)
            fail_msg("%s: %s", spellings[i].what, line);
        free(line);
    }
}

static void test_threads_and_later_flags_are_carried(void **state)
{
    char *line = carried("-b 64 -fa on", "-b 128", 3);

    (void)state;
    assert_string_equal(line, "-t 3 -ngl 999 -b 128 -fa 1");
    free(line);
}

/* ---- the output ---------------------------------------------------------- */

#define PROMPT_TEST                                                           \
    "  {\n    \"build_number\": 11434,\n    \"n_prompt\": 512,\n"             \
    "    \"n_gen\": 0,\n    \"samples_ts\": [ 261.07, 267.819 ]\n  }"
#define TOKEN_TEST                                                            \
    "  {\n    \"n_prompt\": 0,\n    \"n_gen\": 128,\n"                        \
    "    \"samples_ts\": [ 106.825, 102.335, 104.5 ]\n  }"
#define GOOD "[\n" PROMPT_TEST ",\n" TOKEN_TEST "\n]\n"
#define NOISY                                                                 \
    "ggml_cuda_init: found 1 CUDA devices:\n  Device 0: {Orin}, {sm 8.7}\n"   \
    "{\"not\": ours}\n[\n" PROMPT_TEST "warning: {\n,\n" TOKEN_TEST           \
    "~ggml: bye [\n\n]\n"

static void assert_speeds(const struct bench_speeds *s)
{
    assert_int_equal(s->n_prompt_tok_s, 2);
    assert_true(s->prompt_tok_s[0] == 261.07 && s->prompt_tok_s[1] == 267.819);
    assert_int_equal(s->n_tok_s, 3);
    assert_true(s->tok_s[0] == 106.825 && s->tok_s[2] == 104.5);
}

static void test_repetitions_are_read_also_between_noise(void **state)
{
    static const char *const texts[] = {GOOD, NOISY,
        "[" TOKEN_TEST "\n{}\n" PROMPT_TEST};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct bench_speeds s   = {0};
        struct err          err = {0};

        if (i == 2) {          /* the first one does not begin its line */
            assert_int_equal(bench_parse(texts[i], &s, &err), -1);
            assert_non_null(strstr(err.text, "generating tokens"));
        } else {
            if (bench_parse(texts[i], &s, &err)) fail_msg("%s", err.text);
            assert_speeds(&s);
        }
        bench_speeds_done(&s);
    }
}

static void test_what_is_no_result_is_an_error(void **state)
{
    static const struct { const char *text, *error; } bad[] = {
        {"", "no result for generating tokens"},
        {"[\n", "no result for generating tokens"},
        {"[\n" TOKEN_TEST "\n]\n", "no result for reading a prompt"},
        {"[\n" PROMPT_TEST ",\n  {\n \"n_prompt\": 0, \"n_gen\": 128, \"samp",
         "no result for generating tokens"},
        {"{\"n_prompt\":0,\"n_gen\":128,\"samples_ts\":[]}", "0 samples"},
        {"{\"n_prompt\":0,\"n_gen\":128}", "0 samples"},
        {"{\"n_prompt\":0,\"n_gen\":128,\"samples_ts\":[1,0]}", "no positive"},
        {"{\"n_prompt\":0,\"n_gen\":128,\"samples_ts\":[\"fast\"]}",
         "no positive"},
        {"{\"n_prompt\":0,\"n_gen\":64,\"samples_ts\":[1]}", "no result"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct bench_speeds s   = {0};
        struct err          err = {0};

        if (bench_parse(bad[i].text, &s, &err) == 0 ||
            !strstr(err.text, bad[i].error))
            fail_msg("%zu: \"%s\"", i, err.text);
        bench_speeds_done(&s);
    }
}

static void test_megabytes_of_braces_take_no_time(void **state)
{
    size_t              n    = 1u << 20;
    char               *text = mem_new(n + 1, 1);
    struct bench_speeds s    = {0};
    struct err          err  = {0};

    (void)state;
    for (size_t i = 0; i + 5 < n; i += 6) memcpy(text + i, "{\"a\":\n", 6);
    assert_int_equal(bench_parse(text, &s, &err), -1);
    bench_speeds_done(&s);
    free(text);
}

/* ---- the child ----------------------------------------------------------- */

struct place {
    struct temp_tree tree;
    char            *server;
    struct candidate candidate;
};

static void lay_out(struct place *p, const char *script)
{
    char *bench;

    *p = (struct place){.candidate = {.path = "/m.gguf"}};
    assert_int_equal(temp_tree_init(&p->tree), 0);
    setenv("XDG_STATE_HOME", p->tree.root, 1);
    p->server = temp_path(&p->tree, "bin/llama-server");
    bench = temp_path(&p->tree, "bin/llama-bench");
    temp_text(&p->tree, "bin/llama-server", "#!/bin/sh\n");
    if (script) {
        temp_text(&p->tree, "bin/llama-bench", script);
        assert_int_equal(chmod(bench, 0700), 0);
    }
    free(bench);
}

static void clear_away(struct place *p)
{
    free(p->server);
    temp_tree_done(&p->tree);
}

static int run_in(struct place *p, const char *server, double limit_s,
                  struct bench_speeds *s, struct err *err)
{
    struct engine_spec spec = {.candidate = &p->candidate, .threads = 2};

    *err = (struct err){0};
    return bench_run(server, &spec, 3, limit_s, s, err);
}

#define PRINTS(text) "#!/bin/sh\necho noise >&2\ncat <<'END'\n" text "END\n"

static void test_a_run_gives_speeds_and_its_own_command(void **state)
{
    struct place        p;
    struct bench_speeds s;
    struct err          err;
    char               *command;

    (void)state;
    lay_out(&p, PRINTS(GOOD));
    if (run_in(&p, p.server, 60, &s, &err)) fail_msg("%s", err.text);
    assert_speeds(&s);
    command = mem_printf("%s/bin/llama-bench -m /m.gguf -p 512 -n 128 -r 3 "
                         "-t 2 -ngl 999 -o json", p.tree.root);
    assert_string_equal(s.command, command);
    free(command);
    bench_speeds_done(&s);
    bench_speeds_done(&s);
    clear_away(&p);
}

static void test_it_is_found_beside_a_link_too(void **state)
{
    struct place        p;
    struct bench_speeds s;
    struct err          err;
    char               *link;

    (void)state;
    lay_out(&p, PRINTS(GOOD));
    link = temp_path(&p.tree, "llama-server");
    assert_int_equal(symlink(p.server, link), 0);
    assert_int_equal(run_in(&p, link, 60, &s, &err), 0);
    bench_speeds_done(&s);
    free(link);
    clear_away(&p);
}

static void test_none_is_a_preflight_failure(void **state)
{
    struct place        p;
    struct bench_speeds s;
    struct err          err;

    (void)state;
    lay_out(&p, NULL);
    assert_null(bench_path(p.server));
    assert_null(bench_path(NULL));
    assert_null(bench_path("llama-server"));
    assert_int_equal(run_in(&p, p.server, 60, &s, &err), -1);
    assert_int_equal(err.kind, ERR_PREFLIGHT);
    assert_non_null(strstr(err.text, "no llama-bench beside"));
    assert_non_null(strstr(err.text, p.server));
    bench_speeds_done(&s);
    clear_away(&p);
}

static const struct {
    const char *what, *script, *error;
    enum err_kind kind;
} ends[] = {
    {"its own error", "#!/bin/sh\necho 'error: invalid parameter for "
     "argument: -ctk' >&2\necho 'usage: llama-bench'\nexit 1\n",
     "llama-bench exited with status 1; it says \"error: invalid parameter "
     "for argument: -ctk\"", ERR_FAILED},
    {"memory", "#!/bin/sh\necho 'cudaMalloc failed: out of memory'\n"
     "echo 'error: failed to load model'\nexit 1\n",
     "cudaMalloc failed: out of memory", ERR_FAILED},
    {"no words at all", "#!/bin/sh\nexit 7\n",
     "llama-bench exited with status 7", ERR_FAILED},
    {"a crash", "#!/bin/sh\nkill -ILL $$\n", "SIGILL", ERR_FAILED},
    {"words that would move a cursor",
     "#!/bin/sh\nprintf 'error: \\033[2J\\n'\nexit 1\n", "error: ?[2J",
     ERR_FAILED},
    {"a good end without a result", "#!/bin/sh\necho '['\n", "no result",
     ERR_FAILED},
    {"no end", "#!/bin/sh\nexec sleep 600\n", "did not end within 0.2 s",
     ERR_TIMEOUT},
    {"no program", "no script\n", "is not a program", ERR_PREFLIGHT},
};

static void test_every_end_is_told_in_its_own_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct place        p;
        struct bench_speeds s;
        struct err          err;
        double limit_s = ends[i].kind == ERR_TIMEOUT ? 0.2 : 60;

        lay_out(&p, ends[i].script);
        assert_int_equal(run_in(&p, p.server, limit_s, &s, &err), -1);
        if (err.kind != ends[i].kind || !strstr(err.text, ends[i].error))
            fail_msg("%s: %d, \"%s\"", ends[i].what, err.kind, err.text);
        bench_speeds_done(&s);
        clear_away(&p);
    }
}

static void test_a_comma_in_the_path_is_named(void **state)
{
    struct place        p;
    struct bench_speeds s;
    struct err          err;

    (void)state;
    lay_out(&p, PRINTS(GOOD));
    p.candidate.path = "/a,b.gguf";
    assert_int_equal(run_in(&p, p.server, 60, &s, &err), -1);
    assert_non_null(strstr(err.text, "/a,b.gguf"));
    bench_speeds_done(&s);
    clear_away(&p);
}

/* The last one: the flag stays up. */
static void test_a_signal_ends_it(void **state)
{
    struct place        p;
    struct bench_speeds s;
    struct err          err;

    (void)state;
    lay_out(&p, "#!/bin/sh\nexec sleep 600\n");
    stop_install();
    raise(SIGTERM);
    assert_int_equal(run_in(&p, p.server, 600, &s, &err), -1);
    assert_int_equal(err.kind, ERR_STOPPED);
    bench_speeds_done(&s);
    clear_away(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flags_of_the_server_are_respelt),
        cmocka_unit_test(test_threads_and_later_flags_are_carried),
        cmocka_unit_test(test_repetitions_are_read_also_between_noise),
        cmocka_unit_test(test_what_is_no_result_is_an_error),
        cmocka_unit_test(test_megabytes_of_braces_take_no_time),
        cmocka_unit_test(test_a_run_gives_speeds_and_its_own_command),
        cmocka_unit_test(test_it_is_found_beside_a_link_too),
        cmocka_unit_test(test_none_is_a_preflight_failure),
        cmocka_unit_test(test_every_end_is_told_in_its_own_words),
        cmocka_unit_test(test_a_comma_in_the_path_is_named),
        cmocka_unit_test(test_a_signal_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
