/* SPDX-License-Identifier: MIT */
/* test_opt.c - the command line and the environment against one table of
 * options. What is printed of the table is test_opt_print.c's. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>

#include "opt_fixture.h"

static size_t row(const char *name)
{
    size_t i = 0;

    while (strcmp(opts[i].name, name) != 0) i++;
    return i;
}

static void test_unset_is_missing_and_defaults_apply(void **state)
{
    struct parsed p;

    (void)state;
    must_parse(&p, "");
    assert_false(p.o.json);
    assert_true(p.o.color);
    assert_int_equal(4096, p.o.context);
    assert_int_equal(-1, p.o.layers);
    assert_true(isnan(p.o.temperature));
    assert_true(isnan(p.o.wait_s));
    assert_true(isnan(p.o.memory_bytes));
    assert_null(p.o.url);
    assert_string_equal("quality", p.o.objective);
    assert_int_equal(0, p.o.models.n);
    assert_int_equal(0, p.arguments.n);
    assert_false(p.help);
    for (size_t i = 0; i + 1 < N_OPTS; i++)
        assert_int_equal(OPT_FROM_DEFAULT, p.sources[i]);
    done(&p);
}

static void test_every_spelling_of_a_value(void **state)
{
    static const char *const lines[] = {
        "--ctx-size 512", "--ctx-size=512", "-c 512", "-c512", "-c=512",
        "-jc512", "-jc 512", "-c 1000 -c 512", "-c 512 --"};

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct parsed p;

        must_parse(&p, lines[i]);
        assert_int_equal(512, p.o.context);
        assert_int_equal(strstr(lines[i], "-j") != NULL, p.o.json);
        assert_int_equal(OPT_FROM_FLAG, p.sources[row("ctx-size")]);
        done(&p);
    }
}

static void test_long_names_with_one_dash_as_in_llama_cpp(void **state)
{
    struct parsed p;

    (void)state;
    must_parse(&p, "-ngl 99 -hf u/r:Q4_0 -temp=0.5");
    assert_int_equal(99, p.o.layers);
    assert_string_equal("u/r:Q4_0", p.o.hf);
    assert_true(p.o.temperature == 0.5);
    done(&p);
    must_parse(&p, "-ngl -1 --temperature 2");
    assert_int_equal(-1, p.o.layers);
    assert_true(p.o.temperature == 2);
    done(&p);
}

static void test_flags_lists_and_arguments(void **state)
{
    struct parsed p;

    (void)state;
    must_parse(&p, "--no-color -j x.yaml -m a -m b,c --model=d");
    assert_false(p.o.color);
    assert_true(p.o.json);
    assert_int_equal(3, p.o.models.n);
    assert_string_equal("b,c", p.o.models.items[1]);
    assert_int_equal(1, p.arguments.n);
    assert_string_equal("x.yaml", p.arguments.items[0]);
    done(&p);
    must_parse(&p, "--no-color --color --json --no-json -- --json");
    assert_true(p.o.color);
    assert_false(p.o.json);
    assert_string_equal("--json", p.arguments.items[0]);
    done(&p);
    must_parse(&p, "-m --x -");     /* no option of ours, so a value */
    assert_string_equal("--x", p.o.models.items[0]);
    assert_string_equal("-", p.arguments.items[0]);
    done(&p);
}

static void test_units_of_time_and_memory(void **state)
{
    static const struct { const char *text; double value; } times[] = {
        {"90", 90}, {"90s", 90}, {"1.5m", 90}, {"2h", 7200}, {"1500ms", 1.5},
        {"3min", 180}, {"1e2", 100}, {".5h", 1800}, {"2H", 7200}},
        sizes[] = {
        {"512", 512}, {"2GiB", 0x1p31}, {"300M", 300 * 0x1p20},
        {"1.5G", 1.5 * 0x1p30}, {"1k", 1024}, {"1KB", 1000}, {"4gb", 4e9},
        {"7B", 7}, {"1T", 0x1p40}, {"0", 0}};

    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        struct options o = {0};
        assert_int_equal(0, opt_parse_value(&opts[row("wait")], times[i].text,
                                            &o, NULL));
        assert_true(fabs(o.wait_s - times[i].value) < 1e-9);
    }
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct options o = {0};
        assert_int_equal(0, opt_parse_value(&opts[row("reserve")],
                                            sizes[i].text, &o, NULL));
        assert_true(o.memory_bytes == sizes[i].value);
    }
}

static const struct { const char *line, *says; } bad[] = {
    {"--jsn", "unknown option `--jsn`; did you mean `--json`? "
     "`audition run --help` lists all"},
    {"--temprature 1", "did you mean `--temperature`?"},
    {"--jsno=5", "did you mean `--json`?"},
    {"--halp", "did you mean `--help`?"},
    {"--xyzzy", "unknown option `--xyzzy`; `audition run --help`"},
    {"--", ""},
    {"--=5", "unknown option `--=5`"},
    {"-z", "unknown option `-z`"},
    {"-jz", "unknown option `-jz`"},
    {"--no-ctx-size", "unknown option `--no-ctx-size`"},
    {"-c", "-c: a value is missing; write `-c N` with 64 to 1048576"},
    {"--base-url", "--base-url: a value is missing; write `--base-url URL`"},
    {"--base-url --json", "--base-url: a value is missing"},
    {"-c -j", "-c: a value is missing"},
    {"-m --", "-m: a value is missing"},
    {"--wait", "write `--wait VALUE` with 1s to 2h"},
    {"--base-url=", "--base-url: the value is empty; give URL or leave it"},
    {"--json=yes", "--json: takes no value, but `yes` was given"},
    {"--no-color=1", "--no-color: takes no value"},
    {"-c x", "-c: `x` is not a whole number; give 64 to 1048576"},
    {"-c 1.5", "`1.5` is not a whole number"},
    {"-c 512k", "`512k` is not a whole number"},
    {"-c 0x200", "`0x200` is not a whole number"},
    {"-c 63", "-c: `63` is out of range; give 64 to 1048576"},
    {"-c 1048577", "`1048577` is out of range"},
    {"-c 99999999999999999999", "is out of range"},
    {"--ctx-size -5", "--ctx-size: `-5` is out of range"},
    {"--temp warm", "--temp: `warm` is not a number; give 0 to 2"},
    {"--temp 0x1", "`0x1` is not a number"},
    {"--temp nan", "`nan` is not a number"},
    {"--temp -inf", "`-inf` is not a number"},
    {"--temp 1e999", "`1e999` is not a number"},
    {"--temp 1,5", "`1,5` is not a number"},
    {"--temp 2.1", "`2.1` is out of range; give 0 to 2"},
    {"--wait 5d", "`5d` is not a time such as 90, 90s, 1.5m or 2h; give 1s "
     "to 2h"},
    {"--wait s", "`s` is not a time"},
    {"--wait 0", "`0` is out of range; give 1s to 2h"},
    {"--wait 3h", "`3h` is out of range"},
    {"--reserve 3Gx", "`3Gx` is not an amount of memory such as 512, 300M or "
     "2GiB; give 0 B to 1.0 TiB"},
    {"--reserve -1", "`-1` is out of range"},
    {"-o sped", "-o: `sped` is unknown; did you mean `speed`? give quality, "
     "latency, speed or memory"},
    {"-o xxxxxxxx", "`xxxxxxxx` is unknown; give quality, latency, speed or "
     "memory"},
    {"-o Quality", "did you mean `quality`?"},
    {"a b", "`b` is one argument too many; `audition run` takes [CONFIG]"},
};

static void test_every_mistake_is_named_with_what_to_do(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct parsed p;
        int           rc = parse(&p, bad[i].line);

        if (!*bad[i].says) {
            assert_int_equal(0, rc);
        } else {
            if (!rc) fail_msg("`%s` was taken", bad[i].line);
            if (!strstr(p.err.text, bad[i].says))
                fail_msg("`%s` says `%s`, not `%s`", bad[i].line, p.err.text,
                         bad[i].says);
            assert_int_equal(ERR_INPUT, p.err.kind);
        }
        done(&p);
    }
}

static void test_no_arguments_where_none_are_taken(void **state)
{
    char            *argv[] = {(char[]){"x"}};
    char             options[1];
    struct text_list arguments;
    bool             help;
    struct err       err = {0};
    enum opt_source  none;

    (void)state;
    assert_int_equal(-1, opt_parse(&probe, 1, argv, options, &none, &arguments,
                                   &help, &err));
    assert_string_equal("`x` is one argument too many; `audition probe` takes "
                        "none, only options", err.text);
    text_list_done(&arguments);
}

static void test_help_wins_over_mistakes(void **state)
{
    static const struct { const char *line; bool help; } rows[] = {
        {"-h", true}, {"--help", true}, {"--nonsense -c x --help", true},
        {"a b c -h", true}, {"-- -h", false}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct parsed p;
        must_parse(&p, rows[i].line);
        assert_int_equal(rows[i].help, p.help);
        done(&p);
    }
}

static void test_flag_beats_environment_beats_default(void **state)
{
    struct parsed p;

    (void)state;
    setenv("LLAMA_ARG_CTX_SIZE", "100", 1);
    must_parse(&p, "");
    assert_int_equal(100, p.o.context);
    assert_int_equal(OPT_FROM_ENV, p.sources[row("ctx-size")]);
    done(&p);
    setenv("AUDITION_CTX_SIZE", "200", 1);      /* ours before theirs */
    must_parse(&p, "");
    assert_int_equal(200, p.o.context);
    done(&p);
    must_parse(&p, "-c 300");
    assert_int_equal(300, p.o.context);
    assert_int_equal(OPT_FROM_FLAG, p.sources[row("ctx-size")]);
    done(&p);
    setenv("AUDITION_CTX_SIZE", "", 1);         /* empty is unset */
    must_parse(&p, "");
    assert_int_equal(100, p.o.context);
    done(&p);
    setenv("LLAMA_ARG_CTX_SIZE", "much", 1);
    assert_int_equal(-1, parse(&p, ""));
    assert_string_equal("LLAMA_ARG_CTX_SIZE: `much` is not a whole number; "
                        "give 64 to 1048576", p.err.text);
    done(&p);
    must_parse(&p, "--help");                   /* help needs no environment */
    done(&p);
}

static void test_a_list_of_flags_replaces_the_environments(void **state)
{
    struct parsed p;

    (void)state;
    setenv("AUDITION_MODEL", "env.gguf", 1);
    must_parse(&p, "");
    assert_int_equal(1, p.o.models.n);
    assert_string_equal("env.gguf", p.o.models.items[0]);
    done(&p);
    must_parse(&p, "-m a -m b");
    assert_int_equal(2, p.o.models.n);
    assert_string_equal("a", p.o.models.items[0]);
    done(&p);
}

static void test_flags_from_the_environment(void **state)
{
    static const struct { const char *name, *value; bool json, color; }
    rows[] = {
        {"AUDITION_JSON", "1", true, true},
        {"AUDITION_JSON", "Yes", true, true},
        {"AUDITION_JSON", "off", false, true},
        {"AUDITION_COLOR", "no", false, false},
        {"NO_COLOR", "1", false, false},
        {"NO_COLOR", "0", false, false},    /* any value: no-color.org */
        {"NO_COLOR", "", false, true},
    };
    struct parsed p;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        setenv(rows[i].name, rows[i].value, 1);
        must_parse(&p, "");
        assert_int_equal(rows[i].json, p.o.json);
        assert_int_equal(rows[i].color, p.o.color);
        done(&p);
        unsetenv(rows[i].name);
    }
    setenv("AUDITION_JSON", "perhaps", 1);
    assert_int_equal(-1, parse(&p, ""));
    assert_non_null(strstr(p.err.text, "AUDITION_JSON: `perhaps` is neither "
                           "yes nor no"));
    done(&p);
}

static void test_a_wrong_default_is_our_bug(void **state)
{
    static const struct opt wrong[] = {
        {.name = "n", .type = OPT_INT, .min = 1, .max = 2, .dflt = "3",
         .help = ""}, {0}};
    const struct command cmd = {.name = "x", .arguments = "", .opts = wrong,
                                .options_bytes = sizeof(int)};
    enum opt_source  source;
    struct text_list arguments;
    bool             help;
    int              n;
    struct err       err = {0};

    (void)state;
    assert_int_equal(-1, opt_parse(&cmd, 0, NULL, &n, &source, &arguments,
                                   &help, &err));
    assert_int_equal(ERR_BUG, err.kind);
    assert_non_null(strstr(err.text, "the default of --n"));
}

static void test_nearest_name(void **state)
{
    static const char *const names[] = {"context", "cases", "candidates",
                                        "board", "budget", NULL};
    static const struct { const char *word, *near; } rows[] = {
        {"contxt", "context"}, {"CONTEXT", "context"}, {"acses", "cases"},
        {"canddiates", "candidates"}, {"bord", "board"}, {"baord", "board"},
        {"case", "cases"}, {"x", NULL}, {"", NULL}, {"bo", NULL},
        {"zzzzzz", NULL}, {"budge", "budget"}, {"badgerst", NULL},
        /* far longer than any name: refused before it costs anything */
        {"contextcontextcontextcontextcontextcontextcontextcontextcontextcont",
         NULL}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *near = opt_nearest(rows[i].word, names);

        if (!near != !rows[i].near || (near && strcmp(near, rows[i].near)))
            fail_msg("%s: %s", rows[i].word, near ? near : "(none)");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CLEAN_ENVIRONMENT(test_unset_is_missing_and_defaults_apply),
        WITH_CLEAN_ENVIRONMENT(test_every_spelling_of_a_value),
        WITH_CLEAN_ENVIRONMENT(test_long_names_with_one_dash_as_in_llama_cpp),
        WITH_CLEAN_ENVIRONMENT(test_flags_lists_and_arguments),
        WITH_CLEAN_ENVIRONMENT(test_units_of_time_and_memory),
        WITH_CLEAN_ENVIRONMENT(test_every_mistake_is_named_with_what_to_do),
        WITH_CLEAN_ENVIRONMENT(test_no_arguments_where_none_are_taken),
        WITH_CLEAN_ENVIRONMENT(test_help_wins_over_mistakes),
        WITH_CLEAN_ENVIRONMENT(test_flag_beats_environment_beats_default),
        WITH_CLEAN_ENVIRONMENT(test_a_list_of_flags_replaces_the_environments),
        WITH_CLEAN_ENVIRONMENT(test_flags_from_the_environment),
        cmocka_unit_test(test_a_wrong_default_is_our_bug),
        cmocka_unit_test(test_nearest_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
