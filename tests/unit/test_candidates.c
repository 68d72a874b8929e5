/* SPDX-License-Identifier: MIT */
/* test_candidates.c - what src/candidates.h promises. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "candidates.h"
#include "gguf_writer.h"
#include "temp_tree.h"

#define HUB ".cache/huggingface/hub/"
#define REPO HUB "models--Org--Small-GGUF/snapshots/r/"

/* A config and its list, over a folder that is HOME and the config's. */
struct bench {
    struct temp_tree      tree;
    struct config         config;
    struct candidate_list list;
    struct err            err;
};

static char yaml[] = "test.yaml";

static int empty_bench(void **state)
{
    static const char *const names[] = {"LLAMA_CACHE", "HF_HUB_CACHE",
                                        "HF_HOME", "XDG_CACHE_HOME",
                                        "OLLAMA_MODELS"};
    struct bench *b = mem_new(1, sizeof *b);

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]);
    if (temp_tree_init(&b->tree) || setenv("HOME", b->tree.root, 1)) return -1;
    b->config.folder = b->tree.root;
    b->config.path = yaml;
    *state = b;
    return 0;
}

static int remove_bench(void **state)
{
    struct bench *b = *state;

    candidate_list_done(&b->config.candidates);
    candidate_list_done(&b->list);
    temp_tree_done(&b->tree);
    free(b);
    return 0;
}

/* One more entry of the config; what it is, is in the field that is given. */
static struct candidate *entry(struct bench *b, int line, const char *name,
                               const char *path, const char *hf)
{
    struct candidate_list *list = &b->config.candidates;
    struct candidate      *c;

    list->items = mem_grow(list->items, list->n + 1, sizeof *list->items);
    c = &list->items[list->n++];
    *c = (struct candidate){
        .name = mem_copy(name), .path = mem_copy(path), .hf = mem_copy(hf),
        .source = hf ? SOURCE_HF : SOURCE_FILE, .context = -1, .line = line,
        .measured_tok_s = NAN};
    return c;
}

static void write_model(struct bench *b, const char *below)
{
    struct gguf_file g;

    gguf_small_model(&g, below);
    temp_write(&b->tree, below, g.bytes, g.len);
    gguf_free(&g);
}

static void resolve(struct bench *b)
{
    if (candidates_resolve(&b->config, NULL, &b->list, &b->err))
        fail_msg("%s", b->err.text);
}

static void assert_path(const struct bench *b, size_t i, const char *below)
{
    char *path = temp_path(&b->tree, below);

    assert_true(i < b->list.n);
    assert_string_equal(b->list.items[i].path, path);
    free(path);
}

/* Item i could be auditioned and its header was read. */
static void assert_read(const struct bench *b, size_t i, const char *name,
                        const char *below)
{
    assert_path(b, i, below);
    assert_string_equal(b->list.items[i].name, name);
    if (b->list.items[i].failure.kind)
        fail_msg("%s", b->list.items[i].failure.text);
    assert_string_equal(b->list.items[i].facts.architecture, "llama");
    assert_string_equal(b->list.items[i].facts.model_name, below);
}

static void assert_said(const struct bench *b, size_t i, enum err_kind kind,
                        const char *words)
{
    const struct err *why = &b->list.items[i].failure;

    assert_int_equal(why->kind, kind);
    if (!strstr(why->text, words))
        fail_msg("\"%s\" does not say \"%s\"", why->text, words);
}

/* It failed, and nothing is known of it. */
static void assert_failure(const struct bench *b, size_t i, enum err_kind kind,
                           const char *words)
{
    assert_said(b, i, kind, words);
    assert_int_equal(b->list.items[i].facts.layers, -1);
    assert_true(isnan(b->list.items[i].facts.parameters));
}

/* ---- files ------------------------------------------------------------- */

static void test_a_file_of_the_configs_folder_is_read(void **state)
{
    struct bench *b = *state;

    write_model(b, "models/Small.gguf");
    entry(b, 3, "mine", "models/Small.gguf", NULL);
    resolve(b);
    assert_int_equal(b->list.n, 1);
    assert_read(b, 0, "mine", "models/Small.gguf");
    assert_string_equal(b->list.items[0].sha256, "");
}

static void test_home_and_absolute_paths_are_read(void **state)
{
    struct bench *b = *state;
    char         *absolute = temp_path(&b->tree, "b.gguf");

    write_model(b, "a.gguf");
    write_model(b, "b.gguf");
    entry(b, 1, "home", "~/a.gguf", NULL);
    entry(b, 2, "absolute", absolute, NULL);
    b->config.folder = (char[]){"elsewhere"};
    resolve(b);
    assert_read(b, 0, "home", "a.gguf");
    assert_read(b, 1, "absolute", "b.gguf");
    free(absolute);
}

static void test_all_settings_of_the_entry_are_kept(void **state)
{
    struct bench     *b = *state;
    struct candidate *c;

    write_model(b, "m.gguf");
    c = entry(b, 7, "m", "m.gguf", NULL);
    c->context = 1 << 20;                    /* more than the model's 4096 */
    c->measured_tok_s = 12.5;
    c->sampling = json_pack("{s:f}", "temperature", 0.5);
    c->template_kwargs = json_pack("{s:b}", "enable_thinking", 0);
    text_list_add(&c->server_args, "-fa");
    resolve(b);
    c = &b->list.items[0];
    assert_int_equal(c->failure.kind, ERR_NONE);
    assert_int_equal(c->context, 1 << 20);
    assert_int_equal(c->line, 7);
    assert_true(c->measured_tok_s == 12.5);
    assert_true(json_equal(c->sampling,
                           b->config.candidates.items[0].sampling));
    assert_false(json_is_true(json_object_get(c->template_kwargs,
                                              "enable_thinking")));
    assert_int_equal(c->server_args.n, 1);
    assert_string_equal(c->server_args.items[0], "-fa");
}

static void test_what_cannot_be_auditioned_stays_with_its_reason(void **state)
{
    struct bench    *b = *state;
    struct gguf_file g;

    temp_text(&b->tree, "empty.gguf", "");
    temp_text(&b->tree, "random.gguf", "\x13\x37 this is nothing");
    temp_text(&b->tree, "models/x", "");
    gguf_small_model(&g, "cut");
    temp_write(&b->tree, "cut.gguf", g.bytes, g.len - 1);
    gguf_free(&g);
    gguf_begin(&g, 3, 0, 1);
    gguf_text(&g, "general.architecture", "clip");
    temp_write(&b->tree, "eyes.gguf", g.bytes, g.len);
    gguf_free(&g);
    entry(b, 1, "missing", "/nowhere/m.gguf", NULL);
    entry(b, 2, "folder", "models", NULL);
    entry(b, 3, "empty", "empty.gguf", NULL);
    entry(b, 4, "random", "random.gguf", NULL);
    entry(b, 5, "cut", "cut.gguf", NULL);
    entry(b, 6, "no name", "nobody-knows-this-model", NULL);
    entry(b, 7, "blank", "", NULL);
    entry(b, 8, "eyes", "eyes.gguf", NULL);
    resolve(b);
    assert_int_equal(b->list.n, 8);
    assert_failure(b, 0, ERR_INPUT, "/nowhere/m.gguf: no such file");
    assert_failure(b, 1, ERR_INPUT, "models: is a directory; name a file");
    assert_failure(b, 2, ERR_INPUT, "empty.gguf: is empty");
    assert_failure(b, 3, ERR_INPUT, "random.gguf: is not a GGUF file");
    assert_failure(b, 4, ERR_INPUT, "cut.gguf: is cut short");
    assert_failure(b, 5, ERR_INPUT, "no model of that name in the caches");
    assert_failure(b, 6, ERR_INPUT, "is a directory");
    assert_failure(b, 7, ERR_INPUT, "eyes.gguf: is no language model");
}

static void test_a_failure_of_the_config_is_kept(void **state)
{
    struct bench *b = *state;

    err_set(&entry(b, 1, "x", "x.gguf", NULL)->failure, ERR_FAILED, "known");
    resolve(b);
    assert_failure(b, 0, ERR_FAILED, "known");
}

static void test_a_split_model_is_one_candidate(void **state)
{
    struct bench    *b = *state;
    struct gguf_file g;

    write_model(b, "m/S-Q4_0-00001-of-00002.gguf");
    gguf_begin(&g, 3, 1, 0);
    gguf_tensor(&g, "more", 0, 1, (uint64_t[]){100}, 0);
    gguf_end(&g, 32, 400);
    temp_write(&b->tree, "m/S-Q4_0-00002-of-00002.gguf", g.bytes, g.len);
    gguf_free(&g);
    entry(b, 0, "m/*.gguf", "m/*.gguf", NULL);
    entry(b, 4, "later", "m/S-Q4_0-00002-of-00002.gguf", NULL);
    resolve(b);
    assert_int_equal(b->list.n, 2);
    assert_read(b, 0, "S-Q4_0", "m/S-Q4_0-00001-of-00002.gguf");
    assert_true(b->list.items[0].facts.parameters == 6400 + 512 + 100);
    assert_failure(b, 1, ERR_INPUT, "is part 2 of 2 of a split model");
}

/* ---- globs ------------------------------------------------------------- */

static void test_a_glob_gives_a_candidate_for_each_model(void **state)
{
    struct bench *b = *state;

    write_model(b, "m/B.gguf");
    write_model(b, "m/A.gguf");
    temp_text(&b->tree, "m/mmproj-A.gguf", "");
    temp_text(&b->tree, "m/C-00002-of-00002.gguf", "");
    temp_text(&b->tree, "m/folder.gguf/x", "");
    temp_text(&b->tree, "m/D.gguf", "");
    entry(b, 5, "all of them", "m/*.gguf", NULL)->context = 2048;
    resolve(b);
    assert_int_equal(b->list.n, 3);
    assert_read(b, 0, "A", "m/A.gguf");
    assert_read(b, 1, "B", "m/B.gguf");
    assert_int_equal(b->list.items[1].context, 2048);
    assert_string_equal(b->list.items[2].name, "D");
    assert_failure(b, 2, ERR_INPUT, "is empty");
}

static void test_a_glob_with_one_match_keeps_the_users_name(void **state)
{
    struct bench *b = *state;

    write_model(b, "A-v2-Q4.gguf");
    entry(b, 5, "mine", "A-*.gguf", NULL);
    entry(b, 6, "none", "B-*.gguf", NULL);
    resolve(b);
    assert_int_equal(b->list.n, 2);
    assert_read(b, 0, "mine", "A-v2-Q4.gguf");
    assert_failure(b, 1, ERR_INPUT, "B-*.gguf: no model file matches");
}

/* A file whose own name looks like a pattern is that file. */
static void test_a_file_with_brackets_in_its_name_is_read(void **state)
{
    struct bench *b = *state;

    write_model(b, "a[1].gguf");
    entry(b, 5, "brackets", "a[1].gguf", NULL);
    resolve(b);
    assert_read(b, 0, "brackets", "a[1].gguf");
}

/* ---- names ------------------------------------------------------------- */

static void test_equal_names_in_a_config_name_both_lines(void **state)
{
    struct bench *b = *state;

    write_model(b, "x/A.gguf");
    write_model(b, "x/B.gguf");
    write_model(b, "y/A.gguf");
    write_model(b, "y/B.gguf");
    entry(b, 4, "x", "x/*.gguf", NULL);
    entry(b, 9, "y", "y/*.gguf", NULL);
    assert_int_equal(candidates_resolve(&b->config, NULL, &b->list, &b->err),
                     -1);
    assert_int_equal(b->err.kind, ERR_INPUT);
    assert_non_null(strstr(b->err.text, "test.yaml:9: the candidate of line 4 "
                                        "is also called \"A\""));
    assert_int_equal(b->list.n, 0);
}

static void test_the_command_line_numbers_equal_names(void **state)
{
    struct bench *b = *state;

    write_model(b, "x/A.gguf");
    write_model(b, "y/A.gguf");
    entry(b, 0, "x/*.gguf", "x/*.gguf", NULL);
    entry(b, 0, "y/*.gguf", "y/*.gguf", NULL);
    entry(b, 0, "A", "y/A.gguf", NULL);          /* the same file again */
    entry(b, 0, "[xy]", "[xy]/*.gguf", NULL);    /* and both of them */
    resolve(b);
    assert_int_equal(b->list.n, 2);
    assert_read(b, 0, "A", "x/A.gguf");
    assert_read(b, 1, "A-2", "y/A.gguf");
}

static void test_no_candidate_at_all_is_a_failure(void **state)
{
    struct bench *b = *state;

    assert_int_equal(candidates_resolve(&b->config, NULL, &b->list, &b->err),
                     -1);
    assert_int_equal(b->err.kind, ERR_INPUT);
    assert_non_null(strstr(b->err.text, "-m FILE"));
}

/* ---- caches ------------------------------------------------------------ */

static void test_a_bare_name_is_looked_up_in_the_caches(void **state)
{
    struct bench *b = *state;

    write_model(b, REPO "Small-Q4_K_M.gguf");
    write_model(b, ".lmstudio/models/Org/Other-GGUF/Other-Q8_0.gguf");
    entry(b, 1, "a", "small-q4_k_m", NULL);
    entry(b, 2, "b", "Org/Other-Q8_0", NULL);
    entry(b, 3, "c", "Small-Q4_K_M.gguf", NULL);
    entry(b, 4, "d", "models/Small-Q4_K_M.gguf", NULL);
    resolve(b);
    assert_read(b, 0, "a", REPO "Small-Q4_K_M.gguf");
    assert_read(b, 1, "b", ".lmstudio/models/Org/Other-GGUF/Other-Q8_0.gguf");
    assert_read(b, 2, "c", REPO "Small-Q4_K_M.gguf");
    assert_failure(b, 3, ERR_INPUT, "models/Small-Q4_K_M.gguf: no such file");
}

static void test_a_repository_is_found_in_every_cache(void **state)
{
    static const char *const places[] = {
        REPO "Small-Q4_0.gguf",
        ".cache/llama.cpp/Org_Small-GGUF_Small-Q4_0.gguf",
        ".lmstudio/models/Org/Small-GGUF/Small-Q4_0.gguf",
    };
    struct bench *b = *state;

    entry(b, 1, "small", NULL, "org/small-gguf:q4_0");
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char *path = temp_path(&b->tree, places[i]);
        write_model(b, places[i]);
        resolve(b);
        assert_read(b, 0, "small", places[i]);
        assert_int_equal(b->list.items[0].source, SOURCE_HF);
        candidate_list_done(&b->list);
        unlink(path);
        free(path);
    }
}

static void test_the_quantisation_is_the_one_that_was_asked_for(void **state)
{
    static const struct { const char *hf, *file; } cases[] = {
        {"Org/Small-GGUF:Q4_K_S", REPO "Small-Q4_K_S.gguf"},
        {"Org/Small-GGUF:Q4_K_M", REPO "Small-Q4_K_M.gguf"},
        {"Org/Small-GGUF", REPO "Small-Q4_K_M.gguf"},
        {"Org/Small-GGUF:IQ4_XS", REPO "Small-IQ4_XS.gguf"},
        {"Org/Small-GGUF:UD-Q2_K", REPO "Small-UD-Q2_K.gguf"},
    };
    struct bench *b = *state;

    write_model(b, REPO "Small-IQ4_XS.gguf");
    write_model(b, REPO "Small-Q4_K_M.gguf");
    write_model(b, REPO "Small-Q4_K_S.gguf");
    write_model(b, REPO "Small-UD-Q2_K.gguf");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char name[8];
        snprintf(name, sizeof name, "%zu", i);
        entry(b, (int)i + 1, name, NULL, cases[i].hf);
    }
    resolve(b);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_path(b, i, cases[i].file);
}

static void test_what_is_not_downloaded_says_how(void **state)
{
    struct bench *b = *state;

    write_model(b, REPO "Small-Q4_K_M.gguf");
    entry(b, 1, "a", NULL, "Org/Small-GGUF:Q4_K");
    entry(b, 2, "b", NULL, "Org/Absent-GGUF:Q4_0");
    entry(b, 3, "c", NULL, "nonsense");
    entry(b, 4, "d", NULL, "a/b/c");
    entry(b, 5, "e", NULL, "a/b:");
    entry(b, 6, "f", NULL, "Org/Small-GGUF:4_K_M");
    resolve(b);
    assert_failure(b, 0, ERR_PREFLIGHT, "hf: Org/Small-GGUF:Q4_K is not on "
                   "this machine, only Small-Q4_K_M; `audition run");
    assert_failure(b, 1, ERR_PREFLIGHT, "hf: Org/Absent-GGUF:Q4_0 is not on "
                   "this machine; `audition run --download` fetches it, "
                   "or `hf download Org/Absent-GGUF --include "
                   "'*Q4_0*.gguf'`");
    for (size_t i = 2; i < 5; i++)
        assert_failure(b, i, ERR_INPUT, "is no repository");
    assert_failure(b, 5, ERR_PREFLIGHT, "is not on this machine");
}

/* ---- known by name ----------------------------------------------------- */

static void test_a_known_name_has_facts_without_a_file(void **state)
{
    struct bench    *b = *state;
    struct catalogue all;

    if (catalogue_load(&all, &b->err)) fail_msg("%s", b->err.text);
    entry(b, 1, "bare", "Llama-3.2-1B-Instruct", NULL);
    entry(b, 2, "hub", NULL, "bartowski/Llama-3.2-1B-Instruct-GGUF:Q8_0");
    entry(b, 3, "never", "btlm-3b-8k-base", NULL);
    entry(b, 4, "url", "https://host.example/a.gguf", NULL);
    entry(b, 5, "nobody", "no-such-model-1B", NULL);
    if (candidates_resolve(&b->config, &all, &b->list, &b->err))
        fail_msg("%s", b->err.text);
    assert_said(b, 0, ERR_PREFLIGHT, "--download");
    assert_said(b, 1, ERR_PREFLIGHT, "--download");
    assert_failure(b, 2, ERR_PREFLIGHT, "cannot be served");
    assert_failure(b, 3, ERR_PREFLIGHT, "--download");
    assert_failure(b, 4, ERR_INPUT, "nor in the catalogue");
    for (size_t i = 0; i < 4; i++) assert_true(b->list.items[i].is_absent);
    assert_int_equal(b->list.items[0].facts.layers, 16);
    assert_string_equal(b->list.items[0].facts.quantisation, "Q4_K_M");
    assert_string_equal(b->list.items[1].facts.quantisation, "Q8_0");
    assert_true(b->list.items[0].facts.tensor_bytes <
                b->list.items[1].facts.tensor_bytes);
    catalogue_done(&all);
}

static void test_what_is_secret_in_a_url_is_not_said(void **state)
{
    struct bench *b = *state;

    entry(b, 1, "signed", "https://me:secret@h.example/a.gguf?sig=secret",
          NULL);
    entry(b, 2, "plain", "https://h.example/b.gguf", NULL);
    resolve(b);
    for (size_t i = 0; i < 2; i++) assert_true(b->list.items[i].is_absent);
    assert_failure(b, 0, ERR_PREFLIGHT, "https://h.example/a.gguf is not on");
    assert_null(strstr(b->list.items[0].failure.text, "secret"));
    assert_non_null(strstr(b->list.items[0].url, "sig=secret"));
    assert_string_equal(b->list.items[0].path, "https://h.example/a.gguf");
    assert_failure(b, 1, ERR_PREFLIGHT,
                   "`curl -fLO https://h.example/b.gguf`");
}

static void test_a_file_that_arrived_is_read_and_its_failure_over(
    void **state)
{
    struct bench *b = *state;
    char         *path = temp_path(&b->tree, "came.gguf");

    entry(b, 1, "late", NULL, "Org/Late-GGUF:Q4_0");
    resolve(b);
    assert_failure(b, 0, ERR_PREFLIGHT, "not on this machine");
    write_model(b, "came.gguf");
    candidate_found(&b->list.items[0], NULL, path);
    assert_false(b->list.items[0].is_absent);
    assert_int_equal(b->list.items[0].failure.kind, ERR_NONE);
    assert_true(b->list.items[0].facts.layers > 0);
    free(path);
}

/* ---- what has no file -------------------------------------------------- */

static void test_servers_and_recordings_pass_through(void **state)
{
    struct bench     *b = *state;
    struct candidate *c = entry(b, 1, "server", NULL, NULL);

    c->source = SOURCE_SERVER;
    c->base_url = mem_copy("http://127.0.0.1:8080");
    c->model = mem_copy("m");
    c = entry(b, 2, "recorded", "tape.json", NULL);
    c->source = SOURCE_REPLAY;
    resolve(b);
    assert_int_equal(b->list.n, 2);
    assert_int_equal(b->list.items[0].failure.kind, ERR_NONE);
    assert_string_equal(b->list.items[0].base_url, "http://127.0.0.1:8080");
    assert_string_equal(b->list.items[0].model, "m");
    assert_null(b->list.items[0].path);
    assert_int_equal(b->list.items[0].facts.vocabulary, -1);
    assert_path(b, 1, "tape.json");
    assert_int_equal(b->list.items[1].failure.kind, ERR_NONE);
}

#define WITH_BENCH(test) \
    cmocka_unit_test_setup_teardown(test, empty_bench, remove_bench)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_BENCH(test_a_file_of_the_configs_folder_is_read),
        WITH_BENCH(test_home_and_absolute_paths_are_read),
        WITH_BENCH(test_all_settings_of_the_entry_are_kept),
        WITH_BENCH(test_what_cannot_be_auditioned_stays_with_its_reason),
        WITH_BENCH(test_a_failure_of_the_config_is_kept),
        WITH_BENCH(test_a_split_model_is_one_candidate),
        WITH_BENCH(test_a_glob_gives_a_candidate_for_each_model),
        WITH_BENCH(test_a_glob_with_one_match_keeps_the_users_name),
        WITH_BENCH(test_a_file_with_brackets_in_its_name_is_read),
        WITH_BENCH(test_a_known_name_has_facts_without_a_file),
        WITH_BENCH(test_what_is_secret_in_a_url_is_not_said),
        WITH_BENCH(test_a_file_that_arrived_is_read_and_its_failure_over),
        WITH_BENCH(test_equal_names_in_a_config_name_both_lines),
        WITH_BENCH(test_the_command_line_numbers_equal_names),
        WITH_BENCH(test_no_candidate_at_all_is_a_failure),
        WITH_BENCH(test_a_bare_name_is_looked_up_in_the_caches),
        WITH_BENCH(test_a_repository_is_found_in_every_cache),
        WITH_BENCH(test_the_quantisation_is_the_one_that_was_asked_for),
        WITH_BENCH(test_what_is_not_downloaded_says_how),
        WITH_BENCH(test_servers_and_recordings_pass_through),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
