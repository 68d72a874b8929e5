/* SPDX-License-Identifier: MIT */
/* test_config_files.c - configs on disk, the files they name, and -m. Each
 * pass-*.yaml of tests/corpus/config must load, each fail-*.yaml must fail
 * with the words behind "# expect: " in its first line. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "config.h"

#define CORPUS "tests/corpus/config"
#define ONE    "candidates: [a.gguf]\n"

static void put_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(0, fclose(f));
}

struct folder { char path[64]; };

static char *in(const struct folder *f, const char *name)
{
    return mem_printf("%s/%s", f->path, name);
}

static int make_folder(void **state)
{
    struct folder *f = mem_new(1, sizeof *f);

    snprintf(f->path, sizeof f->path, "/tmp/test_config.XXXXXX");
    if (!mkdtemp(f->path)) return -1;
    *state = f;
    return 0;
}

static int remove_folder(void **state)
{
    struct folder *f   = *state;
    DIR           *dir = opendir(f->path);

    for (struct dirent *e; dir && (e = readdir(dir)) != NULL;) {
        char *path = in(f, e->d_name);
        if (e->d_name[0] != '.') remove(path);
        free(path);
    }
    if (dir) closedir(dir);
    rmdir(f->path);
    free(f);
    return 0;
}

static void file_must_fail(const char *path, const char *fragment)
{
    struct config c;
    struct err    err = {0};

    assert_int_equal(-1, config_load(&c, path, &err));
    if (!strstr(err.text, fragment))
        fail_msg("says `%s`, not `%s`", err.text, fragment);
    assert_int_equal(ERR_INPUT, err.kind);
    assert_string_equal(".", c.folder);
    config_done(&c);
}

static void test_what_is_no_config_is_told_apart(void **state)
{
    struct folder *f    = *state;
    char          *path = in(f, "x.yaml");
    char          *big  = mem_new((10 << 20) + 1, 1);

    file_must_fail(path, "/x.yaml: no such file; `audition init` writes one");
    file_must_fail(f->path, ": is a directory, not a file; give a YAML file");
    file_must_fail("/dev/zero", "/dev/zero: is not a regular file");
    memset(big, 'x', 10 << 20);
    put_file(path, big);
    file_must_fail(path, "/x.yaml: is 10485760 bytes long; at most 1048576");
    put_file(path, "");
    file_must_fail(path, "/x.yaml: is empty; `audition init` writes one");
    free(big);
    free(path);
}

static void test_files_are_found_beside_the_config(void **state)
{
    struct folder *f        = *state;
    char          *yaml     = in(f, "c.yaml"), *prompt = in(f, "my prompt.txt");
    char          *tools    = in(f, "tools.json");
    char          *entities = in(f, "home.yaml"), *json = in(f, "home.json");
    struct config  c;
    struct err     err = {0};

    put_file(prompt, "Speak.\n");
    put_file(tools, "[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]");
    put_file(entities, "- {id: a, name: b, state: on}\n");
    put_file(json, "[{\"id\":\"a\",\"name\":\"\\ud83d\\ude00\",\"state\":2}]");
    put_file(yaml, ONE "prompt: my prompt.txt\ntools: tools.json\n"
             "entities: home.yaml\n");
    assert_int_equal(0, config_load(&c, yaml, &err));
    assert_string_equal(f->path, c.folder);
    assert_string_equal(yaml, c.path);
    assert_string_equal("Speak.\n", c.prompt);
    assert_int_equal(1, json_array_size(c.tools));
    assert_string_equal("on", jsonx_text(json_array_get(c.entities, 0),
                                         "state"));
    config_done(&c);

    put_file(yaml, ONE "entities: home.json\n");
    assert_int_equal(0, config_load(&c, yaml, &err));
    assert_string_equal("2", jsonx_text(json_array_get(c.entities, 0),
                                        "state"));
    config_done(&c);

    put_file(entities, "- {id: a, name: b}\n- {id: c}\n");
    put_file(yaml, ONE "entities: home.yaml\n");
    file_must_fail(yaml, "/home.yaml:2: [1]: name: is missing");
    put_file(entities, "a: b\n");
    file_must_fail(yaml, "/home.yaml:1: must be a list, not a mapping");
    put_file(json, "[{\"id\":\"a\",\"name\":\"b\",\"state\":true}]");
    put_file(yaml, ONE "entities: home.json\n");
    file_must_fail(yaml, "/home.json: [0]: state: must be a text or a number");
    put_file(tools, "[{\"name\":\"f\"}]");
    put_file(yaml, ONE "tools: tools.json\n");
    file_must_fail(yaml, "c.yaml:2: tools: ");
    file_must_fail(yaml, "/tools.json: [0]: must be {\"type\": \"function\"");
    put_file(tools, "[{]");
    file_must_fail(yaml, "/tools.json: not valid JSON at line 1");
    put_file(tools, "{}");
    file_must_fail(yaml, "/tools.json: must be a list");
    put_file(prompt, "\xff");
    put_file(yaml, ONE "prompt: my prompt.txt\n");
    file_must_fail(yaml, "/my prompt.txt: must hold a prompt in UTF-8");
    free(yaml);
    free(prompt);
    free(tools);
    free(entities);
    free(json);
}

static void test_the_users_plan_loads(void **state)
{
    struct config c;
    struct err    err = {0};

    (void)state;
    if (config_load(&c, "examples/orin-nx.yaml", &err))
        fail_msg("%s", err.text);
    assert_int_equal(16, c.candidates.n);
    assert_string_equal("examples", c.folder);
    assert_string_equal("Llama-3.2-3B", c.baseline);
    assert_true(c.candidates.items[10].measured_tok_s == 27);
    assert_true(c.candidates.items[11].measured_tok_s == 9.7);
    assert_true(c.reserve_bytes == 3 * 0x1p30);
    for (size_t i = 0; i < c.candidates.n; i++)     /* then bare names */
        assert_int_equal(i < 12 ? SOURCE_HF : SOURCE_FILE,
                         c.candidates.items[i].source);
    config_done(&c);
}

static void check_corpus_file(const char *name)
{
    char         *path = mem_printf(CORPUS "/%s", name);
    struct bytes  file = {0};
    struct config c;
    struct err    err = {0};
    int           rc;

    assert_int_equal(0, bytes_read(&file, path, 1 << 20, NULL));
    rc = config_load(&c, path, &err);
    config_done(&c);
    if (strncmp(name, "pass-", 5) == 0) {
        if (rc) fail_msg("%s", err.text);
    } else {
        const char *text = (const char *)file.data;
        char       *words;

        assert_int_equal(0, strncmp(text, "# expect: ", 10));
        words = mem_copy_n(text + 10, strcspn(text + 10, "\n"));
        if (!rc || !strstr(err.text, words))
            fail_msg("%s: says `%s`, not `%s`", name, err.text, words);
        free(words);
    }
    bytes_done(&file);
    free(path);
}

static void test_corpus(void **state)
{
    DIR *dir  = opendir(CORPUS);
    int  seen = 0;

    (void)state;
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        if (strncmp(e->d_name, "pass-", 5) && strncmp(e->d_name, "fail-", 5))
            continue;
        check_corpus_file(e->d_name);
        seen++;
    }
    closedir(dir);
    assert_true(seen >= 8);
}

/* ---- -m ----------------------------------------------------------------- */

static void test_models_of_the_command_line(void **state)
{
    static const struct { const char *value, *name; enum source source; }
    rows[] = {
        {"m/a.gguf", "a", SOURCE_FILE},
        {"n/a.gguf", "a-2", SOURCE_FILE},
        {"a", "a-3", SOURCE_FILE},
        {"m/b-00001-of-00002.gguf", "b", SOURCE_FILE},
        {"u/R-GGUF:Q4_0", "R-Q4_0", SOURCE_HF},
        {"u/R-GGUF", "R", SOURCE_HF},
        {"u/R:Q4_0", "R-Q4_0-2", SOURCE_HF},
        {"u/R", "R-2", SOURCE_FILE},
        {"../u:x", "u:x", SOURCE_FILE},
        {"llama3.2:3b", "llama3.2:3b", SOURCE_FILE},
        {"dir/", "dir/", SOURCE_FILE},
    };
    struct config c;

    (void)state;
    config_init(&c);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct candidate *one;

        config_add_model(&c, rows[i].value);
        one = &c.candidates.items[i];
        assert_string_equal(rows[i].name, one->name);
        assert_int_equal(rows[i].source, one->source);
        assert_string_equal(rows[i].value,
                            one->source == SOURCE_HF ? one->hf : one->path);
        assert_int_equal(0, one->line);
        assert_int_equal(-1, one->context);
    }
    config_done(&c);
}

static void test_a_file_called_like_a_repository_is_a_file(void **state)
{
    struct folder *f    = *state;
    char          *here = getcwd(NULL, 0);
    struct config  c;

    config_init(&c);
    assert_int_equal(0, chdir(f->path));
    assert_int_equal(0, mkdir("u", 0700));
    put_file("u/R-GGUF:Q4_0", "");
    config_add_model(&c, "u/R-GGUF:Q4_0");
    assert_int_equal(0, remove("u/R-GGUF:Q4_0"));
    config_add_model(&c, "u/R-GGUF:Q4_0");
    assert_int_equal(0, chdir(here));
    assert_int_equal(SOURCE_FILE, c.candidates.items[0].source);
    assert_int_equal(SOURCE_HF, c.candidates.items[1].source);
    free(here);
    config_done(&c);
}

static void test_a_relative_model_is_the_callers_not_the_configs(void **state)
{
    struct config c;
    char         *here = getcwd(NULL, 0), *want;

    (void)state;
    config_init(&c);
    free(c.folder);
    c.folder = mem_copy("/elsewhere");
    config_add_model(&c, "m/a.gguf");
    config_add_model(&c, "/abs/b.gguf");
    config_add_model(&c, "qwen2.5:3b");
    want = mem_printf("%s/m/a.gguf", here);
    assert_string_equal(want, c.candidates.items[0].path);
    assert_string_equal("/abs/b.gguf", c.candidates.items[1].path);
    assert_string_equal("qwen2.5:3b", c.candidates.items[2].path);
    free(want);
    free(here);
    config_done(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_is_no_config_is_told_apart,
                                        make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_files_are_found_beside_the_config,
                                        make_folder, remove_folder),
        cmocka_unit_test(test_the_users_plan_loads),
        cmocka_unit_test(test_corpus),
        cmocka_unit_test(test_models_of_the_command_line),
        cmocka_unit_test_setup_teardown(
            test_a_file_called_like_a_repository_is_a_file, make_folder,
            remove_folder),
        cmocka_unit_test(test_a_relative_model_is_the_callers_not_the_configs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
