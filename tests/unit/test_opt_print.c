/* SPDX-License-Identifier: MIT */
/* test_opt_print.c - one table of options is what is explained, completed
 * and stored. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <sys/wait.h>
#include <unistd.h>

#include "base/jsonx.h"
#include "opt_fixture.h"

static char *printed_help(const struct command *cmd)
{
    char  *text = NULL;
    size_t size = 0;
    FILE  *f    = open_memstream(&text, &size);

    opt_print_help(cmd, f);
    fclose(f);
    return text;
}

static void test_help_names_every_option_default_and_range(void **state)
{
    static const char *const parts[] = {
        "Usage: audition run [OPTION]... [CONFIG]\n\naudition the candidates",
        "\n\nFirst paragraph, of two lines.\n\n.Second - paragraph.\n",
        "\n  -j, --json                  print one JSON document\n",
        "\n      --[no-]color            colour on a terminal (default: yes; "
        "also\n                              $NO_COLOR)\n",
        "\n  -c, --ctx-size N            context in tokens (64 to 1048576; "
        "default: 4096;\n                              also $LLAMA_ARG_CTX_",
        "\n      --n-gpu-layers, --ngl N\n                              layers "
        "on the GPU (-1 to 999)\n",
        "(0 to 2)", "(1s to 2h)", "(0 B to 1.0 TiB)",
        "(quality, latency, speed\n                              or memory; "
        "default: quality)\n",
        "\n      --hf-repo, --hf REPO    of Hugging Face\n",
        "\n  -m, --model MODEL           a model file; ",
        "\n  -h, --help                  print this and exit\n",
        "--json from\nAUDITION_JSON.",
    };
    char *text = printed_help(&run);

    (void)state;
    for (const struct opt *o = opts; o->name; o++)
        if (!strstr(text, o->name)) fail_msg("--%s is missing", o->name);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!strstr(text, parts[i]))
            fail_msg("`%s` is missing in:\n%s", parts[i], text);
    for (const char *c = text; *c;) {
        assert_true(strcspn(c, "\n") < 80);
        c += strcspn(c, "\n") + 1;
    }
    free(text);
    text = printed_help(&probe);
    assert_non_null(strstr(text, "Usage: audition probe [OPTION]...\n"));
    free(text);
}

static void test_settings_say_value_and_source_and_hide_secrets(void **state)
{
    struct parsed p;
    json_t       *all;
    char         *text;

    (void)state;
    setenv("OPENAI_API_KEY", "sk-very-secret", 1);
    must_parse(&p, "-m a.gguf --base-url https://me:pass@word@host:1/v1?a=@ "
               "--wait 2m -j");
    all = opt_settings(&run, &p.o, p.sources);
    text = jsonx_dump(all);
    assert_string_equal(
        "{\"json\":{\"value\":true,\"source\":\"flag\"},"
        "\"color\":{\"value\":true,\"source\":\"default\"},"
        "\"ctx-size\":{\"value\":4096,\"source\":\"default\"},"
        "\"n-gpu-layers\":{\"value\":null,\"source\":\"default\"},"
        "\"temp\":{\"value\":null,\"source\":\"default\"},"
        "\"wait\":{\"value\":120.0,\"source\":\"flag\"},"
        "\"reserve\":{\"value\":null,\"source\":\"default\"},"
        "\"base-url\":{\"value\":\"https://***@host:1/v1?***\","
        "\"source\":\"flag\"},"
        "\"api-key\":{\"value\":\"***\",\"source\":\"environment\"},"
        "\"objective\":{\"value\":\"quality\",\"source\":\"default\"},"
        "\"hf-repo\":{\"value\":null,\"source\":\"default\"},"
        "\"model\":{\"value\":[\"a.gguf\"],\"source\":\"flag\"}}", text);
    free(text);
    json_decref(all);
    done(&p);
    unsetenv("OPENAI_API_KEY");
    must_parse(&p, "-ngl -1 -m \xff.gguf");
    all = opt_settings(&run, &p.o, p.sources);
    assert_true(jsonx_number(json_object_get(all, "n-gpu-layers"), "value")
                == -1);    /* given, not missing */
    assert_string_equal("\xef\xbf\xbd.gguf", json_string_value(json_array_get(
        json_object_get(json_object_get(all, "model"), "value"), 0)));
    assert_null(jsonx_text(json_object_get(all, "api-key"), "value"));
    json_decref(all);
    done(&p);
}

static const struct command *const commands[] = {&run, &probe, NULL};

/* A file that `print` wrote, for a program to read. Caller removes it. */
static void print_to_file(char *path,
                          void (*print)(const struct command *const *, FILE *))
{
    int   fd = mkstemp(path);
    FILE *f  = fd >= 0 ? fdopen(fd, "w") : NULL;

    assert_non_null(f);
    print(commands, f);
    fclose(f);
}

/* Exit status of a program, its first bytes of output in `out`; 127: there
 * is no such program. */
static int output_of(char *const argv[], char *out, size_t size)
{
    int    pipes[2], status;
    size_t used = 0;
    pid_t  pid;

    assert_int_equal(0, pipe(pipes));
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        dup2(pipes[1], 1);
        dup2(pipes[1], 2);
        close(pipes[0]);
        execvp(argv[0], argv);
        _exit(127);
    }
    close(pipes[1]);
    for (ssize_t n; used < size - 1 &&
         (n = read(pipes[0], out + used, size - 1 - used)) > 0;)
        used += (size_t)n;
    out[used] = '\0';
    close(pipes[0]);
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_the_man_page_is_flawless_roff(void **state)
{
    char  path[] = "/tmp/test_opt_XXXXXX", out[8192];
    char *argv[] = {(char[]){"mandoc"}, (char[]){"-Tlint"}, (char[]){"-W"},
                    (char[]){"warning"}, path, NULL};
    int   status;

    (void)state;
    print_to_file(path, opt_print_man);
    status = output_of(argv, out, sizeof out);
    remove(path);
    if (status == 127) skip();
    assert_string_equal("", out);
    assert_int_equal(0, status);
}

static void test_the_man_page_says_it_all(void **state)
{
    char  *text = NULL;
    size_t size = 0;
    FILE  *f    = open_memstream(&text, &size);

    (void)state;
    opt_print_man(commands, f);
    fclose(f);
    assert_non_null(strstr(text, ".SS run [CONFIG]\naudition the candidates"));
    assert_non_null(strstr(text, ".SS probe\n"));
    assert_non_null(strstr(text, "\\fB\\-c\\fR, \\fB\\-\\-ctx\\-size\\fR N\n"
                           "context in tokens (64 to 1048576; default: 4096"));
    assert_non_null(strstr(text, "Don't\\eb quote"));
    assert_non_null(strstr(text, "\n\\&.its key"));
    assert_non_null(strstr(text, ".PP\n\\&.Second \\- paragraph.\n"));
    for (const char *code = "0\0" "1\0" "2\0" "3\0" "100\0" "129, 130, 143\0";
         *code; code += strlen(code) + 1) {
        char *want = mem_printf(".TP\n%s\n", code);
        assert_non_null(strstr(text, want));
        free(want);
    }
    free(text);
}

static void test_completion_offers_what_the_tables_hold(void **state)
{
    static const struct { const char *words, *offers; } rows[] = {
        {"audition ''", "run probe --help --version "},
        {"audition r", "run "},
        {"audition run --no", "--no-color "},
        {"audition run --h", "--hf-repo --hf --help "},
        {"audition run -o ''", "quality latency speed memory "},
        {"audition run --objective s", "speed "},
        {"audition run --base-url ''", ""},
        {"audition run ''", ""},
        {"audition probe --", "--help "},
    };
    char path[] = "/tmp/test_opt_XXXXXX", out[4096];

    (void)state;
    print_to_file(path, opt_print_completion);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *script = mem_printf(
            "set -u; . %s; COMP_WORDS=(%s); "
            "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _audition; "
            "for w in \"${COMPREPLY[@]}\"; do printf '%%s ' \"$w\"; done",
            path, rows[i].words);
        char *argv[] = {(char[]){"bash"}, (char[]){"-c"}, script, NULL};
        int   status = output_of(argv, out, sizeof out);

        free(script);
        if (status == 127) break;
        assert_string_equal(rows[i].offers, out);
    }
    remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_help_names_every_option_default_and_range),
        WITH_CLEAN_ENVIRONMENT(
            test_settings_say_value_and_source_and_hide_secrets),
        cmocka_unit_test(test_the_man_page_is_flawless_roff),
        cmocka_unit_test(test_the_man_page_says_it_all),
        cmocka_unit_test(test_completion_offers_what_the_tables_hold),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
