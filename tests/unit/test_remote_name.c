/* SPDX-License-Identifier: MIT */
/* test_remote_name.c - names of remote models, the file that is meant, and
 * what the environment says. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "remote/fetch.h"
#include "remote/name.h"
#include "remote/remote.h"
#include "remote/settings.h"
#include "temp_tree.h"

#define COUNT(a) (sizeof (a) / sizeof *(a))

static void test_a_name_is_remote_by_its_form(void **state)
{
    (void)state;
    static const char *const remote[] = {
        "https://example.org/a.gguf", "HTTPS://example.org/a.gguf",
        "http://127.0.0.1:1/a.gguf", "hf:user/repo", "hf:user/repo:Q8_0",
        "hf:nonsense", "Qwen/Qwen2.5-3B-Instruct-GGUF",
        "bartowski/gemma-2-2b-it-GGUF:Q4_K_M", "user/repo:file.gguf",
    };
    static const char *const local[] = {
        "", "model.gguf", "models/model.gguf", "./models/x", "../a/b",
        "/data/model", "a/b/c", "a/", "/a", "qwen2.5:3b", "user/repo:",
        "ftp://example.org/a", "C:\\models\\x.gguf", "models/X.GGUF",
        "a b/c", "user/.repo", "user/repo..x", "-user/repo",
    };

    for (size_t i = 0; i < COUNT(remote); i++)
        if (!remote_is_name(remote[i])) fail_msg("%s", remote[i]);
    for (size_t i = 0; i < COUNT(local); i++)
        if (remote_is_name(local[i])) fail_msg("%s", local[i]);
}

static void test_a_name_is_taken_apart_or_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *user, *repo, *quant;
    } right[] = {
        {"hf:user/repo", "user", "repo", NULL},
        {"HF:user/re.po:Q4_K_M", "user", "re.po", "Q4_K_M"},
        {"user/repo:UD-Q4_K_XL", "user", "repo", "UD-Q4_K_XL"},
    };
    static const struct {
        const char *text, *words;
    } wrong[] = {
        {"hf:user", "write user/repo"}, {"hf:", "write user/repo"},
        {"hf:a/b/c", "write user/repo"}, {"hf:a/b:", "write user/repo"},
        {"hf:../b", "write user/repo"}, {"hf:a/..", "write user/repo"},
        {"hf:a/b%2f..", "write user/repo"},
        {"http://example.org/a.gguf", "not encrypted"},
        {"https://", "not a URL"}, {"https://exa mple.org/", "not a URL"},
    };
    struct remote_name n;

    for (size_t i = 0; i < COUNT(right); i++) {
        struct err err = {0};
        if (remote_name_read(right[i].text, &n, &err))
            fail_msg("%s", err.text);
        assert_null(n.url);
        assert_string_equal(n.user, right[i].user);
        assert_string_equal(n.repo, right[i].repo);
        if (right[i].quant) assert_string_equal(n.quant, right[i].quant);
        else assert_null(n.quant);
        remote_name_done(&n);
    }
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct err err = {0};
        if (!remote_name_read(wrong[i].text, &n, &err) ||
            err.kind != ERR_INPUT || !strstr(err.text, wrong[i].words))
            fail_msg("%s: %s", wrong[i].text, err.text);
        remote_name_done(&n);
    }
}

/* Of the files, given in one text, the one that quant means. */
static const char *chosen(const char *files, const char *quant,
                          struct err *err)
{
    static char       name[100];
    struct wire_files list = {0};
    int               i;

    *err = (struct err){0};
    while (*files) {
        size_t n = strcspn(files, " ");
        list.items = mem_grow(list.items, list.n + 1, sizeof *list.items);
        list.items[list.n++] = (struct wire_file){
            .path = mem_copy_n(files, n), .size = -1};
        files += n + strspn(files + n, " ");
    }
    i = remote_choose(&list, quant, err);
    snprintf(name, sizeof name, "%s", i < 0 ? "" : list.items[i].path);
    wire_files_done(&list);
    return name;
}

static void test_the_quantisation_that_is_meant_is_chosen(void **state)
{
    (void)state;
    static const struct {
        const char *files, *quant, *want;
    } cases[] = {
        {"m-Q8_0.gguf m-Q4_K_M.gguf m-Q2_K.gguf", NULL, "m-Q4_K_M.gguf"},
        {"m-Q2_K.gguf m-q8_0.gguf m-F16.gguf", NULL, "m-q8_0.gguf"},
        {"mmproj-F16.gguf m-IQ2_M.gguf", NULL, "m-IQ2_M.gguf"},
        {"m-Q8_0.gguf m-Q4_K_M.gguf", "q8_0", "m-Q8_0.gguf"},
        {"m.Q4_K_S.gguf m.Q4_K_M.gguf", "Q4_K_S", "m.Q4_K_S.gguf"},
        {"m-IQ4_XS.gguf m-Q4_K.gguf", "Q4_K", "m-Q4_K.gguf"},
        {"m-UD-Q4_K_M.gguf m-Q4_K_M.gguf", NULL, "m-Q4_K_M.gguf"},
        {"m-UD-Q4_K_XL.gguf m-Q4_K_M.gguf", "Q4_K_XL", "m-UD-Q4_K_XL.gguf"},
        {"m-Q4_K_M-imat.gguf m-v2-Q4_K_M.gguf", "Q4_K_M",
         "m-v2-Q4_K_M.gguf"},
        {"mmproj-m-Q8_0.gguf m-mtp-Q8_0.gguf z-Q8_0.gguf", "Q8_0",
         "z-Q8_0.gguf"},
        {"Q4_K_M/m-00001-of-00002.gguf Q4_K_M/m-00002-of-00002.gguf",
         "Q4_K_M", "Q4_K_M/m-00001-of-00002.gguf"},
        {"m-Q8_0-00002-of-00002.gguf m-Q8_0-00001-of-00002.gguf", NULL,
         "m-Q8_0-00001-of-00002.gguf"},
        {"b-Q8_0.gguf a-Q8_0.gguf", NULL, "a-Q8_0.gguf"},
        {"m-Q8_0.gguf m-Q4_0.gguf", "m-Q4_0.gguf", "m-Q4_0.gguf"},
    };
    struct err err;

    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *got = chosen(cases[i].files, cases[i].quant, &err);
        if (strcmp(got, cases[i].want) != 0)
            fail_msg("%s: %s, not %s; %s", cases[i].files, got,
                     cases[i].want, err.text);
    }
}

static void test_what_cannot_be_chosen_names_what_there_is(void **state)
{
    (void)state;
    static const struct {
        const char *files, *quant, *words;
    } cases[] = {
        {"m-Q8_0.gguf m-Q4_K_M.gguf", "Q5_K_M", "no Q5_K_M; there are: "
         "m-Q8_0, m-Q4_K_M"},
        {"m-IQ4_0.gguf", "Q4_0", "there are: m-IQ4_0"},
        {"m-Q4_K_M.gguf", "Q4_K", "there are: m-Q4_K_M"},
        {"m-Q2_K.gguf m-Q3_K.gguf", NULL, "neither Q4_K_M nor Q8_0; choose "
         "one with \":\" and its quantisation: m-Q2_K, m-Q3_K"},
        {"mmproj-Q8_0.gguf", NULL, "no GGUF model"},
        {"", "Q8_0", "no GGUF model"},
        {"m-Q8_0-00002-of-00002.gguf", NULL, "no GGUF model"},
    };
    struct err err;

    for (size_t i = 0; i < COUNT(cases); i++)
        if (*chosen(cases[i].files, cases[i].quant, &err) ||
            err.kind != ERR_INPUT || !strstr(err.text, cases[i].words))
            fail_msg("%s: %s", cases[i].files, err.text);
}

/* ---- the environment --------------------------------------------------- */

static void clear(void)
{
    static const char *const all[] = {
        "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", "HF_HOME",
        "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HUB_OFFLINE",
        "HF_HUB_DISABLE_IMPLICIT_TOKEN", "HF_ENDPOINT", "XDG_CACHE_HOME"};

    for (size_t i = 0; i < COUNT(all); i++) unsetenv(all[i]);
    setenv("HOME", "/home/nobody", 1);
}

static void test_folders_are_those_of_the_hubs_own_tools(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value, *hub;
    } cases[] = {
        {"HOME", "/h", "/h/.cache/huggingface/hub"},
        {"XDG_CACHE_HOME", "/x", "/x/huggingface/hub"},
        {"HF_HOME", "/hf", "/hf/hub"},
        {"HF_HOME", "~/hf", "/home/nobody/hf/hub"},
        {"HF_HUB_CACHE", "/hub", "/hub"},
        {"HUGGINGFACE_HUB_CACHE", "/old", "/old"},
        {"HF_HUB_CACHE", "", "/home/nobody/.cache/huggingface/hub"},
    };
    struct remote_settings s;
    struct err             err = {0};

    for (size_t i = 0; i < COUNT(cases); i++) {
        clear();
        setenv(cases[i].name, cases[i].value, 1);
        if (remote_settings_read(&s, &err)) fail_msg("%s", err.text);
        assert_string_equal(s.hub, cases[i].hub);
        assert_null(s.token);
        assert_string_equal(s.endpoint, "https://huggingface.co");
        remote_settings_done(&s);
    }
    clear();
    unsetenv("HOME");
    assert_int_equal(remote_settings_read(&s, &err), -1);
    assert_non_null(strstr(err.text, "HOME is not set"));
}

static void test_the_endpoint_is_a_url_that_is_encrypted(void **state)
{
    (void)state;
    static const struct {
        const char *value, *endpoint, *words;
    } cases[] = {
        {"https://hf-mirror.com", "https://hf-mirror.com", NULL},
        {"https://host/prefix/hf//", "https://host/prefix/hf", NULL},
        {"http://127.0.0.1:8000/", "http://127.0.0.1:8000", NULL},
        {"hf-mirror.com", NULL, "HF_ENDPOINT is not a URL"},
        {"http://mirror.lan", NULL, "unencrypted"},
        {"ftp://host", NULL, "HF_ENDPOINT is not a URL"},
        {"https://host/?a=b", NULL, "HF_ENDPOINT is not a URL"},
    };
    struct remote_settings s;

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct err err = {0};
        clear();
        setenv("HF_ENDPOINT", cases[i].value, 1);
        if (remote_settings_read(&s, &err) == 0) {
            if (!cases[i].endpoint) fail_msg("%s", cases[i].value);
            assert_string_equal(s.endpoint, cases[i].endpoint);
            remote_settings_done(&s);
        } else if (err.kind != ERR_INPUT || !cases[i].words ||
                   !strstr(err.text, cases[i].words)) {
            fail_msg("%s: %s", cases[i].value, err.text);
        }
    }
}

static void expect_token(const char *want)
{
    struct remote_settings s;
    struct err             err = {0};

    if (remote_settings_read(&s, &err)) fail_msg("%s", err.text);
    if (want) assert_string_equal(s.token, want);
    else assert_null(s.token);
    remote_settings_done(&s);
}

static void test_the_token_is_found_where_hub_tools_keep_it(void **state)
{
    (void)state;
    struct temp_tree       t;
    struct remote_settings s;
    struct err             err = {0};
    char                  *path;

    assert_int_equal(temp_tree_init(&t), 0);
    temp_text(&t, ".cache/huggingface/token", "hf_default\n");
    temp_text(&t, "hf/token", "  hf_home  \n");
    temp_text(&t, "elsewhere", "hf_path");
    temp_text(&t, "empty", "\n");
    temp_text(&t, "broken", "hf_a\nhf_b");
    clear();
    setenv("HOME", t.root, 1);
    expect_token("hf_default");
    path = temp_path(&t, "hf");
    setenv("HF_HOME", path, 1);
    expect_token("hf_home");
    free(path);
    path = temp_path(&t, "elsewhere");
    setenv("HF_TOKEN_PATH", path, 1);
    expect_token("hf_path");
    setenv("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1", 1);
    expect_token(NULL);
    unsetenv("HF_HUB_DISABLE_IMPLICIT_TOKEN");
    setenv("HF_TOKEN", " hf_variable\n", 1);
    expect_token("hf_variable");
    setenv("HF_TOKEN", "", 1);
    free(path);
    path = temp_path(&t, "empty");
    setenv("HF_TOKEN_PATH", path, 1);
    expect_token(NULL);
    free(path);
    path = temp_path(&t, "broken");
    setenv("HF_TOKEN_PATH", path, 1);
    assert_int_equal(remote_settings_read(&s, &err), -1);
    assert_int_equal(err.kind, ERR_INPUT);
    assert_non_null(strstr(err.text, path));
    assert_null(strstr(err.text, "hf_a"));
    free(path);
    temp_tree_done(&t);
}

static void test_waits_grow_and_end(void **state)
{
    (void)state;
    static const struct {
        int    tries;
        double retry_after_s, want;
    } cases[] = {
        {1, NAN, 1}, {2, NAN, 2}, {3, NAN, 4}, {4, NAN, 8}, {5, NAN, -1},
        {1, 7, 7}, {1, 0, 0}, {4, 100, 100}, {5, 0, -1}, {1, 3600, -1},
        {9999, NAN, -1},
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        if (fabs(fetch_delay_s(cases[i].tries, cases[i].retry_after_s) -
                 cases[i].want) > 1e-9)
            fail_msg("case %zu", i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_name_is_remote_by_its_form),
        cmocka_unit_test(test_a_name_is_taken_apart_or_refused),
        cmocka_unit_test(test_the_quantisation_that_is_meant_is_chosen),
        cmocka_unit_test(test_what_cannot_be_chosen_names_what_there_is),
        cmocka_unit_test(test_folders_are_those_of_the_hubs_own_tools),
        cmocka_unit_test(test_the_endpoint_is_a_url_that_is_encrypted),
        cmocka_unit_test(test_the_token_is_found_where_hub_tools_keep_it),
        cmocka_unit_test(test_waits_grow_and_end),
    };

    return cmocka_run_group_tests_name("remote names", tests, NULL, NULL);
}
