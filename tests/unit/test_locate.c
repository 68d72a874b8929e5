/* SPDX-License-Identifier: MIT */
/* Which llama-server we start: what its --help and --version promise, and
 * where we look. The engines of the search are shell scripts. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "engine/locate.h"
#include "temp_tree.h"

/* ---- what the texts promise --------------------------------------------- */

#define BASE                                                                  \
    "-c,    --ctx-size N         size\n"                                      \
    "-m,    --model FNAME        model\n"                                     \
    "-np,   --parallel N         slots\n"                                     \
    "--host HOST                 address\n"                                   \
    "--port PORT                 port\n"                                      \
    "--api-key KEY               key\n"
#define NGL_ALL                                                               \
    "-ngl,  --gpu-layers, --n-gpu-layers N\n"                                 \
    "                            either an exact number,\n"                   \
    "                            'auto', or 'all' (default: auto)\n"
#define NGL_NUMBER "-ngl,  --gpu-layers, --n-gpu-layers N   layers\n"
#define JINJA   "--jinja, --no-jinja         templates\n"
#define NEW     NGL_ALL JINJA                                                 \
    "-fit,  --fit [on|off]       adjust\n"                                    \
    "-cram, --cache-ram N        cache\n"                                     \
    "--chat-template-kwargs STRING  json\n"
#define V11434                                                                \
    "version: 0.6.0-dev (build 11434, commit unknown)\n"                      \
    "built with GNU 12.2.0 for Linux x86_64\n"

static const struct {
    const char *what, *help, *version;
    int         build;
    bool        has_fit, has_cache_ram, has_ngl_all, has_template_kwargs;
    const char *error;      /* a part of it, or NULL: it is good enough */
} texts[] = {
    {"today's build", BASE NEW, V11434, 11434, true, true, true, true, NULL},
    {"a build before --fit, --cache-ram and 'all'", BASE NGL_NUMBER JINJA,
     "version: 5000 (1a2b3c4d)\nbuilt with cc\n", 5000, false, false, false,
     false, NULL},
    {"'all' is a value of another option", BASE NGL_NUMBER JINJA
     "--numa WHAT                 'all' or one\n", "version: b6123 (1a2b)\n",
     6123, false, false, false, false, NULL},
    {"a build that does not know its number", BASE NEW,
     "version: 0 (unknown)\n", -1, true, true, true, true, NULL},
    {"no version at all, but llama in the help", BASE NEW "llama\n", "", -1,
     true, true, true, true, NULL},
    {"a number beyond belief", BASE NEW,
     "version: x (build 99999999999999999999)\n", -1, true, true, true, true,
     NULL},
    {"too old", BASE NGL_NUMBER JINJA, "version: 4999 (1a2b)\n", 0, false,
     false, false, false, "build 4999; build 5000 or newer"},
    {"older still", BASE NGL_NUMBER, "version: 1800 (1a2b)\n", 0, false, false,
     false, false, "build 1800"},
    {"without tool templates", BASE NGL_NUMBER, V11434, 0, false, false, false,
     false, "no --jinja"},
    {"another program", "usage: ls [OPTION]... [FILE]...\n",
     "ls (GNU coreutils) 9.1\n", 0, false, false, false, false,
     "not a llama-server that we can use: its --help lacks --model, "
     "--ctx-size, --parallel, --host, --port, --api-key, --n-gpu-layers"},
    {"another server", "--model M\n--host H\n--port P\n--api-key K\n",
     "0.9.1\n", 0, false, false, false, false,
     "lacks --ctx-size, --parallel, --n-gpu-layers"},
    {"silence", "", "", 0, false, false, false, false, "lacks --model"},
};

static void test_help_and_version_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct llama_binary b   = {.build = -1};
        struct err          err = {0};
        int rc = locate_judge(texts[i].help, texts[i].version, &b, &err);

        if ((rc != 0) != (texts[i].error != NULL) ||
            (texts[i].error && !strstr(err.text, texts[i].error)))
            fail_msg("%s: rc %d, \"%s\"", texts[i].what, rc, err.text);
        if (rc) {
            assert_int_equal(err.kind, ERR_PREFLIGHT);
            continue;
        }
        if (b.build != texts[i].build || !b.has_jinja ||
            b.has_fit != texts[i].has_fit ||
            b.has_cache_ram != texts[i].has_cache_ram ||
            b.has_ngl_all != texts[i].has_ngl_all ||
            b.has_template_kwargs != texts[i].has_template_kwargs)
            fail_msg("%s: build %d, fit %d, cache-ram %d, all %d, kwargs %d",
                     texts[i].what, b.build, b.has_fit, b.has_cache_ram,
                     b.has_ngl_all, b.has_template_kwargs);
    }
}

/* ---- where we look ------------------------------------------------------- */

struct places {
    struct temp_tree tree;
    char            *old_path, *old_home;
};

static char *write_program(const struct places *p, const char *name,
                           const char *text, mode_t mode)
{
    char *path = temp_path(&p->tree, name);

    temp_text(&p->tree, name, text);
    assert_int_equal(chmod(path, mode), 0);
    return path;
}

#define GOOD_SCRIPT                                                           \
    "#!/bin/sh\nif [ \"$1\" = --version ]; then\n"                            \
    "echo 'version: 0.6 (build 11434)' >&2\nelse\ncat <<'END'\n" BASE NEW     \
    "END\nfi\n"
#define ILL_SCRIPT "#!/bin/sh\nkill -ILL $$\n"

static int set_up(void **state)
{
    struct places *p = mem_new(1, sizeof *p);

    if (temp_tree_init(&p->tree)) return -1;
    p->old_path = mem_copy(getenv("PATH"));
    p->old_home = mem_copy(getenv("HOME"));
    setenv("HOME", p->tree.root, 1);   /* no cache, no children's records */
    setenv("XDG_STATE_HOME", p->tree.root, 1);
    unsetenv("XDG_CACHE_HOME");
    unsetenv("LLAMA_SERVER");
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct places *p = *state;

    if (p->old_path) setenv("PATH", p->old_path, 1);
    if (p->old_home) setenv("HOME", p->old_home, 1);
    unsetenv("LLAMA_SERVER");
    temp_tree_done(&p->tree);
    free(p->old_path);
    free(p->old_home);
    free(p);
    return 0;
}

static void expect_error(const char *given, const char *path,
                         const char *error)
{
    struct llama_binary b;
    struct err          err = {0};

    assert_int_equal(locate_server(given, &b, &err), -1);
    assert_int_equal(err.kind, ERR_PREFLIGHT);
    assert_null(b.path);
    if (!strstr(err.text, error)) fail_msg("\"%s\"", err.text);
    if (path) {                          /* named, and only once */
        const char *at = strstr(err.text, path);
        if (!at || strstr(at + 1, path)) fail_msg("\"%s\"", err.text);
    }
    locate_done(&b);
}

static void expect_found(const char *given, const char *path)
{
    struct llama_binary b;
    struct err          err = {0};

    if (locate_server(given, &b, &err)) fail_msg("\"%s\"", err.text);
    assert_string_equal(b.path, path);
    assert_int_equal(b.build, 11434);
    locate_done(&b);
}

static void test_a_choice_that_fails_is_never_replaced(void **state)
{
    struct places *p = *state;
    char *good  = write_program(p, "path/llama-server", GOOD_SCRIPT, 0755);
    char *plain = write_program(p, "plain", GOOD_SCRIPT, 0644);
    char *text  = write_program(p, "text", "hello\n", 0755);
    char *other = write_program(p, "other", "#!/bin/sh\necho hi\n", 0755);
    char *ill   = write_program(p, "ill", ILL_SCRIPT, 0755);
    char *none  = temp_path(&p->tree, "none");
    char *path  = mem_printf("%s/path:/usr/bin:/bin", p->tree.root);

    setenv("PATH", path, 1);
    expect_found(good, good);
    expect_error(plain, plain, "is not executable");
    expect_error(text, text, "is not a program");
    expect_error(other, other, "not a llama-server that we can use");
    expect_error(ill, ill, "killed by SIGILL: this build of the engine uses "
                 "instructions this CPU does not have");
    expect_error(none, none, "No such file");
    expect_error(p->tree.root, p->tree.root, "is a folder");
    setenv("LLAMA_SERVER", plain, 1);
    expect_error(NULL, plain, "LLAMA_SERVER: ");
    expect_found(good, good);            /* the flag comes first */
    setenv("LLAMA_SERVER", good, 1);
    expect_found(NULL, good);
    free(good);
    free(plain);
    free(text);
    free(other);
    free(ill);
    free(none);
    free(path);
}

static void test_path_comes_before_the_cache(void **state)
{
    struct places *p     = *state;
    char          *path  = mem_printf("%s/path:/usr/bin:/bin", p->tree.root);
    char          *cache = temp_path(&p->tree, "cache");
    char          *ours, *theirs;

    setenv("PATH", path, 1);
    setenv("XDG_CACHE_HOME", cache, 1);
    expect_error(NULL, NULL, "build one with `make engine`");

    ours = write_program(p, "cache/audition/engine/11434.0.0-cpu/bin/"
                         "llama-server", GOOD_SCRIPT, 0755);
    expect_found(NULL, ours);
    theirs = write_program(p, "path/llama-server", GOOD_SCRIPT, 0755);
    expect_found(NULL, theirs);
    free(theirs);
    /* One on PATH that is of no use does not hide ours; alone, it is named. */
    theirs = write_program(p, "path/llama-server", ILL_SCRIPT, 0755);
    expect_found(NULL, ours);
    assert_int_equal(unlink(ours), 0);
    expect_error(NULL, theirs, "SIGILL");
    unsetenv("XDG_CACHE_HOME");
    free(theirs);
    free(ours);
    free(cache);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_help_and_version_are_judged),
        cmocka_unit_test_setup_teardown(
            test_a_choice_that_fails_is_never_replaced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_path_comes_before_the_cache,
                                        set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
