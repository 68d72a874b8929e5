/* SPDX-License-Identifier: MIT */
/* test_discover.c - what src/discover.h promises, on made-up caches. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <strings.h>

#include "discover.h"
#include "temp_tree.h"

#define HEX16 "0123456789abcdef"
#define HEX64 HEX16 HEX16 HEX16 HEX16
#define DOTS64 "................................................" HEX16
#define HUB   ".cache/huggingface/hub/"

struct caches {
    struct temp_tree    tree;
    struct found_models found;
};

/* A home without any model, and no other folders by the environment. */
static int empty_home(void **state)
{
    static const char *const names[] = {"LLAMA_CACHE", "HF_HUB_CACHE",
                                        "HF_HOME", "XDG_CACHE_HOME",
                                        "OLLAMA_MODELS"};
    struct caches *c = mem_new(1, sizeof *c);

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]);
    if (temp_tree_init(&c->tree) || setenv("HOME", c->tree.root, 1)) return -1;
    *state = c;
    return 0;
}

static int remove_home(void **state)
{
    struct caches *c = *state;

    found_models_done(&c->found);
    temp_tree_done(&c->tree);
    free(c);
    return 0;
}

/* What was found below our own folder: this machine may have models too. */
static void look(struct caches *c)
{
    size_t kept = 0;

    found_models_done(&c->found);
    discover_models(&c->found);
    for (size_t i = 0; i < c->found.n; i++) {
        struct found_model m = c->found.items[i];
        if (strncmp(m.path, c->tree.root, strlen(c->tree.root)) == 0) {
            c->found.items[kept++] = m;
            continue;
        }
        free(m.name);
        free(m.path);
        free(m.where);
        text_list_done(&m.also);
    }
    c->found.n = kept;
}

static void assert_model(const struct caches *c, size_t i, const char *name,
                         const char *where, const char *below)
{
    char *path = temp_path(&c->tree, below);

    assert_true(i < c->found.n);
    assert_string_equal(c->found.items[i].name, name);
    assert_string_equal(c->found.items[i].where, where);
    assert_string_equal(c->found.items[i].path, path);
    free(path);
}

static void test_nothing_there_is_no_failure(void **state)
{
    struct caches *c = *state;

    look(c);
    assert_int_equal(c->found.n, 0);
    assert_int_equal(discover_find(&c->found, "anything"), -1);
}

static void test_llama_cpp_cache_of_before_and_of_today(void **state)
{
    struct caches *c = *state;

    temp_text(&c->tree, ".cache/llama.cpp/"
              "user_Small-1B-GGUF_Small-1B-Q4_K_M.gguf", "x");
    temp_text(&c->tree, ".cache/llama.cpp/"
              "user_Small-1B-GGUF_Small-1B-Q4_K_M.gguf.json", "{}");
    temp_text(&c->tree, ".cache/llama.cpp/user_plain_plain-q8_0.gguf", "y");
    temp_text(&c->tree, ".cache/llama.cpp/models--u--r/snapshots/abc/"
              "New-Q8_0.gguf", "z");
    look(c);
    assert_int_equal(c->found.n, 3);
    assert_model(c, 0, "New-Q8_0", "llama.cpp", ".cache/llama.cpp/"
                 "models--u--r/snapshots/abc/New-Q8_0.gguf");
    assert_model(c, 1, "Small-1B-Q4_K_M", "llama.cpp", ".cache/llama.cpp/"
                 "user_Small-1B-GGUF_Small-1B-Q4_K_M.gguf");
    assert_model(c, 2, "user_plain_plain-q8_0", "llama.cpp",
                 ".cache/llama.cpp/user_plain_plain-q8_0.gguf");
}

static void test_hugging_face_links_into_blobs(void **state)
{
    struct caches *c = *state;

    temp_text(&c->tree, HUB "models--u--M-GGUF/blobs/" HEX64, "weights");
    temp_link(&c->tree, HUB "models--u--M-GGUF/snapshots/r1/M-Q4_K_M.gguf",
              "../../blobs/" HEX64);
    temp_link(&c->tree, HUB "models--u--M-GGUF/snapshots/r2/M-Q4_K_M.gguf",
              "../../blobs/" HEX64);
    temp_link(&c->tree, HUB "models--u--M-GGUF/snapshots/r2/gone-Q8_0.gguf",
              "../../blobs/missing");
    temp_text(&c->tree, HUB "datasets--u--d/snapshots/r/not-a-model.gguf", "");
    look(c);
    assert_int_equal(c->found.n, 1);
    assert_model(c, 0, "M-Q4_K_M", "Hugging Face",
                 HUB "models--u--M-GGUF/snapshots/r1/M-Q4_K_M.gguf");
}

static void test_the_main_revision_hides_older_files(void **state)
{
    struct caches *c = *state;

    temp_text(&c->tree, HUB "models--u--M/refs/main", "r2");
    temp_text(&c->tree, HUB "models--u--M/snapshots/r1/M-Q4_0.gguf", "old");
    temp_text(&c->tree, HUB "models--u--M/snapshots/r1/M-Q8_0.gguf", "only");
    temp_text(&c->tree, HUB "models--u--M/snapshots/r2/M-Q4_0.gguf", "new");
    look(c);
    assert_int_equal(c->found.n, 2);
    assert_model(c, 0, "M-Q4_0", "Hugging Face",
                 HUB "models--u--M/snapshots/r2/M-Q4_0.gguf");
    assert_model(c, 1, "M-Q8_0", "Hugging Face",
                 HUB "models--u--M/snapshots/r1/M-Q8_0.gguf");
}

static void write_manifest(struct caches *c, const char *below,
                           const char *digest)
{
    char *text = mem_printf(
        "{\"layers\":[{\"mediaType\":\"application/vnd.ollama.image.license\","
        "\"digest\":\"sha256:00\"},{\"mediaType\":"
        "\"application/vnd.ollama.image.model\",\"digest\":\"%s\"}]}", digest);
    char *path = mem_printf(".ollama/models/manifests/%s", below);

    temp_text(&c->tree, path, text);
    free(path);
    free(text);
}

static void test_ollama_manifests_name_blobs(void **state)
{
    struct caches *c = *state;

    temp_text(&c->tree, ".ollama/models/blobs/sha256-" HEX64, "weights");
    write_manifest(c, "registry.ollama.ai/library/llama3.2/3b",
                   "sha256:" HEX64);
    write_manifest(c, "registry.ollama.ai/library/llama3.2/latest",
                   "sha256:" HEX64);
    look(c);
    assert_int_equal(c->found.n, 1);
    assert_model(c, 0, "llama3.2:3b", "Ollama",
                 ".ollama/models/blobs/sha256-" HEX64);
    assert_int_equal(c->found.items[0].also.n, 1);
    assert_int_equal(discover_find(&c->found, "llama3.2:3b"), 0);
    assert_int_equal(discover_find(&c->found, "LLAMA3.2:latest"), 0);
    assert_int_equal(discover_find(&c->found, "llama3.2"), 0);
    assert_int_equal(discover_find(&c->found, "llama3.2:1b"), -1);
    assert_int_equal(discover_find(&c->found, "llama3"), -1);
}

static void test_ollama_names_of_owners_and_other_registries(void **state)
{
    struct caches *c = *state;

    temp_text(&c->tree, ".ollama/models/blobs/sha256-" HEX64, "a");
    write_manifest(c, "registry.ollama.ai/someone/tuned/v1", "sha256:" HEX64);
    look(c);
    assert_int_equal(c->found.n, 1);
    assert_string_equal(c->found.items[0].name, "someone/tuned:v1");
    assert_int_equal(discover_find(&c->found, "tuned:v1"), 0);

    write_manifest(c, "hf.co/u/M-GGUF/Q4_K_M", "sha256:" HEX64);
    look(c);
    assert_string_equal(c->found.items[0].name, "hf.co/u/M-GGUF:Q4_K_M");
    assert_int_equal(discover_find(&c->found, "u/M-GGUF:Q4_K_M"), 0);
}

static void test_ollama_manifests_lead_nowhere_else(void **state)
{
    static const char *const digests[] = {
        "sha256:../../../../etc/passwd", "sha256:", "md5:" HEX64, HEX64,
        "sha256:" HEX64 "00", "sha256:/" HEX64, "sha256:" DOTS64,
    };
    struct caches *c = *state;

    temp_text(&c->tree, ".ollama/models/blobs/sha256-" HEX64, "a");
    temp_text(&c->tree, ".ollama/models/blobs/sha256-" DOTS64, "b");
    for (size_t i = 0; i < sizeof digests / sizeof *digests; i++) {
        write_manifest(c, "registry.ollama.ai/library/m/t", digests[i]);
        look(c);
        assert_int_equal(c->found.n, 0);
    }
    temp_text(&c->tree,
              ".ollama/models/manifests/registry.ollama.ai/library/m/t",
              "{\"layers\": [1, [], {\"mediaType\": 3}, null]");
    look(c);
    assert_int_equal(c->found.n, 0);
}

static void test_lm_studio_in_both_of_its_folders(void **state)
{
    struct caches *c = *state;

    temp_text(&c->tree, ".lmstudio/models/pub/repo/A-Q4_0.gguf", "a");
    temp_text(&c->tree, ".cache/lm-studio/models/pub/repo/B-Q4_0.GGUF", "b");
    look(c);
    assert_int_equal(c->found.n, 2);
    assert_model(c, 0, "A-Q4_0", "LM Studio",
                 ".lmstudio/models/pub/repo/A-Q4_0.gguf");
    assert_model(c, 1, "B-Q4_0", "LM Studio",
                 ".cache/lm-studio/models/pub/repo/B-Q4_0.GGUF");
}

static void test_companions_and_later_parts_are_left_out(void **state)
{
    static const char *const left_out[] = {
        "mmproj-M-f16.gguf", "M-mmproj.gguf", "mtp-M.gguf", "M-draft.gguf",
        "M.imatrix.gguf", "M-00002-of-00003.gguf", "M-00003-of-00003.gguf",
        "M.gguf.part", "M.safetensors", ".hidden.gguf", "gguf",
    };
    struct caches *c = *state;

    for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++) {
        char *below = mem_printf(".lmstudio/models/p/r/%s", left_out[i]);
        temp_text(&c->tree, below, left_out[i]);
        free(below);
    }
    temp_text(&c->tree, ".lmstudio/models/p/r/M-00001-of-00003.gguf", "1");
    look(c);
    assert_int_equal(c->found.n, 1);
    assert_model(c, 0, "M", "LM Studio",
                 ".lmstudio/models/p/r/M-00001-of-00003.gguf");
}

static void test_loops_of_links_end(void **state)
{
    struct caches *c = *state;

    temp_text(&c->tree, ".lmstudio/models/p/r/M.gguf", "m");
    temp_link(&c->tree, ".lmstudio/models/p/up", "..");
    temp_link(&c->tree, ".lmstudio/models/p/r/self", ".");
    temp_link(&c->tree, ".lmstudio/models/p/r/loop.gguf", "loop.gguf");
    temp_link(&c->tree, ".lmstudio/models/p/r/again.gguf", "M.gguf");
    temp_link(&c->tree, ".cache/llama.cpp", "../.lmstudio/models");
    look(c);
    assert_int_equal(c->found.n, 1);
}

static void test_too_deep_is_not_followed(void **state)
{
    struct caches *c = *state;

    temp_text(&c->tree,
              ".lmstudio/models/1/2/3/4/5/6/7/8/9/10/11/deep.gguf", "m");
    look(c);
    assert_int_equal(c->found.n, 0);
}

/* 10,000 entries of the first folder leave none to read in the next. */
static void test_no_more_entries_are_read_than_promised(void **state)
{
    struct caches *c = *state;
    char           path[200], below[100];

    temp_text(&c->tree, HUB "M.gguf", "m");
    temp_text(&c->tree, ".cache/llama.cpp/x", "");
    for (int i = 1; i < 10000; i++) {
        snprintf(below, sizeof below, ".cache/llama.cpp/%05d.gguf", i);
        snprintf(path, sizeof path, "%s/%s", c->tree.root, below);
        assert_int_equal(symlink("nowhere", path), 0);
    }
    look(c);
    assert_int_equal(c->found.n, 0);
    assert_int_equal(unlink(path), 0);
    look(c);
    assert_int_equal(c->found.n, 1);
}

static void test_folders_named_by_the_environment_are_looked_into(void **s)
{
    static const struct { const char *name, *root, *below, *where; } cases[] = {
        {"LLAMA_CACHE", "a", "a/m1.gguf", "llama.cpp"},
        {"HF_HUB_CACHE", "b", "b/models--u--r/snapshots/x/m2.gguf",
         "Hugging Face"},
        {"HF_HOME", "c", "c/hub/models--u--r/snapshots/x/m3.gguf",
         "Hugging Face"},
        {"XDG_CACHE_HOME", "d", "d/llama.cpp/m4.gguf", "llama.cpp"},
        {"XDG_CACHE_HOME", "d",
         "d/huggingface/hub/models--u--r/snapshots/x/m5.gguf", "Hugging Face"},
    };
    struct caches *c = *s;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *root = temp_path(&c->tree, cases[i].root);
        temp_text(&c->tree, cases[i].below, "m");
        setenv(cases[i].name, root, 1);
        free(root);
    }
    look(c);
    assert_int_equal(c->found.n, 5);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(c->found.items[i].where, cases[i].where);
}

static void test_the_model_that_a_name_means(void **state)
{
    static const struct { const char *name; int expected; } cases[] = {
        {"Alpha-Q4_K_M", 0}, {"alpha-q4_k_m", 0}, {"Alpha-Q4_K_M.gguf", 0},
        {"bartowski/Alpha-Q4_K_M", 1}, {"unsloth/alpha-q4_k_m.gguf", 0},
        {"nobody/Alpha-Q4_K_M", 0}, {"gamma-q8_0", 2},
        {"amma-q8_0", -1}, {"Alpha", -1}, {"", -1}, {".gguf", -1}, {"/", -1},
        {"user/", -1},
    };
    struct found_model items[] = {
        {.name = (char[]){"Alpha-Q4_K_M"},
         .path = (char[]){"/lm/unsloth/r/Alpha-Q4_K_M.gguf"}},
        {.name = (char[]){"Alpha-Q4_K_M"},
         .path = (char[]){"/lm/bartowski/r/Alpha-Q4_K_M.gguf"}},
        {.name = (char[]){"user_gamma_gamma-q8_0"},
         .path = (char[]){"/c/user_gamma_gamma-q8_0.gguf"}},
    };
    struct found_models found = {items, 3};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(discover_find(&found, cases[i].name),
                         cases[i].expected);
}

#define WITH_HOME(test) \
    cmocka_unit_test_setup_teardown(test, empty_home, remove_home)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_HOME(test_nothing_there_is_no_failure),
        WITH_HOME(test_llama_cpp_cache_of_before_and_of_today),
        WITH_HOME(test_hugging_face_links_into_blobs),
        WITH_HOME(test_the_main_revision_hides_older_files),
        WITH_HOME(test_ollama_manifests_name_blobs),
        WITH_HOME(test_ollama_names_of_owners_and_other_registries),
        WITH_HOME(test_ollama_manifests_lead_nowhere_else),
        WITH_HOME(test_lm_studio_in_both_of_its_folders),
        WITH_HOME(test_companions_and_later_parts_are_left_out),
        WITH_HOME(test_loops_of_links_end),
        WITH_HOME(test_too_deep_is_not_followed),
        WITH_HOME(test_no_more_entries_are_read_than_promised),
        WITH_HOME(test_folders_named_by_the_environment_are_looked_into),
        cmocka_unit_test(test_the_model_that_a_name_means),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
