/* SPDX-License-Identifier: MIT */
/* option_cases.h - the command line: what --help shows is what is taken, a
 * slip is told with the nearest name, and a plan touches nothing. */
#ifndef TESTS_E2E_OPTION_CASES_H
#define TESTS_E2E_OPTION_CASES_H

#include "document.h"

/* ---- help --------------------------------------------------------------- */

/* What program prints on stdout; fails when it does not exit 0. */
static inline char *printed(const struct workplace *w, const char *line)
{
    struct outcome o;
    char          *text;

    program_run(w, line, &o);
    expect(&o, 0, NULL, NULL);
    if (*o.err) fail_msg("`%s` wrote on stderr: %s", line, o.err);
    text = mem_copy(o.out);
    outcome_done(&o);
    return text;
}

/* Calls `each` with every command that `audition --help` lists. */
static inline void each_command(const struct workplace *w, void (*each)(
                                    const struct workplace *, const char *))
{
    char *help = printed(w, "--help");
    int   n    = 0;

    for (char *at = help; (at = strstr(at, "\n  ")) != NULL;) {
        size_t len;

        at += 3;
        len = strcspn(at, " \n");
        if (len == 0 || strncmp(at, "audition", 8) == 0) continue;
        char *name = mem_copy_n(at, len);
        each(w, name);
        free(name);
        n++;
    }
    if (n < 5) fail_msg("only %d commands in: %s", n, help);
    free(help);
}

/* The option that a line of help declares ("--cases, --limit N" gives cases
 * and N), or false. */
struct declared {
    char name[40], value[16];
};

static inline bool reads_option(const char *line, struct declared *d)
{
    const char *at = strstr(line, "--");
    size_t      n;

    *d = (struct declared){.name = ""};
    if (!at || strspn(line, " ") > 6 || line[strspn(line, " ")] != '-')
        return false;
    n = strcspn(at += 2, " ,\n");
    snprintf(d->name, sizeof d->name, "%.*s", (int)n, at);
    for (at += n; strncmp(at, ", --", 4) == 0;) at += 4 +
                                                strcspn(at + 4, " ,\n");
    if (*at == ' ' && at[1] != ' ')
        snprintf(d->value, sizeof d->value, "%.*s",
                 (int)strcspn(at + 1, " \n"), at + 1);
    return true;
}

/* "dry-run" is written \-\-dry\-run. Caller frees. */
static inline char *as_roff(const char *name)
{
    char *text = mem_copy("\\-\\-");

    for (; *name; name++) {
        char *longer = mem_printf("%s%s%c", text, *name == '-' ? "\\" : "",
                                  *name);
        free(text);
        text = longer;
    }
    return text;
}

static inline void check_help(const struct workplace *w, const char *command)
{
    char *line  = mem_printf("%s --help", command);
    char *help  = printed(w, line);
    char *man   = printed(w, "--man");
    char *words = printed(w, "--completion");
    char *title = mem_printf("Usage: audition %s", command);
    int   n     = 0;

    if (strncmp(help, title, strlen(title)) != 0)
        fail_msg("%s does not begin with %s", line, title);
    for (char *at = help; at; at = strchr(at, '\n')) {
        struct declared d;
        char           *roff;

        if (*at == '\n') at++;
        if (!reads_option(at, &d) || strcmp(d.name, "help") == 0) continue;
        n++;
        roff = as_roff(d.name);
        if (!strstr(words, d.name)) fail_msg("--%s: no completion", d.name);
        if (!strstr(man, roff)) fail_msg("%s: not in --man", roff);
        free(roff);
    }
    if (n < 2) fail_msg("%s shows %d options", line, n);
    free(title);
    free(words);
    free(man);
    free(help);
    free(line);
}

static void test_help_of_every_command_works(void **state)
{
    struct workplace w;

    (void)state;
    workplace_begin(&w, NULL);
    each_command(&w, check_help);
    assert_int_equal(run_differs(&w, "", 2, NULL, "usage: audition"), 0);
    assert_int_equal(run_differs(&w, "--version", 0, "audition ", NULL), 0);
    workplace_end(&w);
}

static void test_the_manual_page_is_sound(void **state)
{
    struct workplace w;
    char            *man, *command, *found;
    FILE            *lint;
    char             line[1000];
    int              bad = 0;

    (void)state;
    if (access("/usr/bin/mandoc", X_OK) != 0) skip();
    workplace_begin(&w, NULL);
    man = printed(&w, "--man");
    workplace_text(&w, "audition.1", man);
    command = mem_printf("/usr/bin/mandoc -T lint -W warning %s/audition.1",
                         w.folder);
    lint = popen(command, "r");
    while (lint && fgets(line, sizeof line, lint)) {
        found = strstr(line, "missing date");      /* a build has no date */
        if (!found) print_error("%s", line);
        bad += !found;
    }
    if (lint) pclose(lint);
    assert_int_equal(bad, 0);
    free(command);
    free(man);
    workplace_end(&w);
}

/* ---- numbers ------------------------------------------------------------ */

/* The range that help states for an option, as "LOW to HIGH": its lower end
 * as it can be written on the command line. "" when none is stated. */
static inline void lower_end(const char *entry, char *out, size_t size)
{
    const char *end = strstr(entry, "\n      --"), *next;
    const char *to  = strstr(entry, " to "), *open = NULL;
    size_t      n   = 0;

    next = strstr(entry, "\n  -");
    if (next && (!end || next < end)) end = next;
    for (; to && (!end || to < end); to = strstr(to + 1, " to ")) {
        open = to;
        while (open > entry && *open != '(') open--;
        if (*open == '(' && isdigit((unsigned char)open[1])) break;
        open = NULL;
    }
    for (; open && to && open + 1 + n < to && n + 1 < size; n++)
        out[n] = open[1 + n];
    out[n] = '\0';
    if (strchr(out, ' ')) *strchr(out, ' ') = '\0';        /* "0 B" */
}

/* One wrong value: exit 2 and one line that names option and range. */
static inline int wrong_number_is_taken(const struct workplace *w,
                                        const char *name, const char *value)
{
    char          *line = mem_printf("run --dry-run -m good.gguf --%s=%s",
                                     name, value);
    char          *spelt = mem_printf("--%s", name);
    struct outcome o;
    int            bad;

    program_run(w, line, &o);
    bad = differs(&o, value, 2, NULL, spelt);
    if (!bad && (strchr(o.err, '\n') != o.err + strlen(o.err) - 1 || *o.out))
        bad = differs(&o, "one line only", 2, NULL, "(not one line)");
    outcome_done(&o);
    free(spelt);
    free(line);
    return bad;
}

static void test_every_numeric_option_refuses_nonsense(void **state)
{
    static const char *const wrong[] = {"-1", "1e30", "abc", "1abc", "nan",
        "inf", "99999999999999999999", "", "--", "1,5"};
    static const char *const numeric[] = {"N", "MIB", "T", "SIZE", "TIME",
                                          "RATE", NULL};
    struct workplace w;
    char            *help;
    int              bad = 0, n = 0;

    (void)state;
    workplace_begin(&w, NULL);
    workplace_model(&w, "good");
    help = printed(&w, "run --help");
    for (char *at = help; at; at = strchr(at, '\n')) {
        struct declared d;
        char            low[32], *line;
        size_t          k = 0;

        if (*at == '\n') at++;
        if (!reads_option(at, &d)) continue;
        while (numeric[k] && strcmp(numeric[k], d.value)) k++;
        if (!numeric[k]) continue;
        n++;
        for (k = 0; k < sizeof wrong / sizeof *wrong; k++)
            bad += wrong_number_is_taken(&w, d.name, wrong[k]);
        lower_end(at, low, sizeof low);
        if (!*low) fail_msg("--%s: its help states no range", d.name);
        if (strtod(low, NULL) > 0)
            bad += wrong_number_is_taken(&w, d.name, "0");
        line = mem_printf("run --dry-run -m good.gguf --llama-server FAKE "
                          "--%s=%s", d.name, low);
        bad += run_differs(&w, line, 0, "good", NULL);
        free(line);
    }
    assert_int_equal(bad, 0);
    assert_true(n >= 16);
    free(help);
    workplace_end(&w);
}

/* ---- slips -------------------------------------------------------------- */

static const struct slip_case {
    const char *line, *err;
} slip_cases[] = {
    {"rum", "did you mean \"run\"?"},
    {"reprot", "did you mean \"report\"?"},
    {"xyzzy", "there is no command \"xyzzy\"; see audition --help"},
    {"run --modle x", "did you mean `--model`?"},
    {"run --dry-rum", "did you mean `--dry-run`?"},
    {"run --xyzzy", "unknown option `--xyzzy`"},
    {"run -Z", "unknown option `-Z`"},
    {"run --objective qualty", "did you mean `quality`?"},
    {"run --cases", "a value is missing"},
    {"run --json=perhaps", "--json"},
    {"run a.yaml b.yaml", "one argument too many"},
    {"run --quick --full", "exclude each other"},
    {"run --modes 0 --mode-cmd nvpmodel", "--mode-cmd needs {id}"},
    {"run --soak 1s", "--soak"},
    {"run --all-models", "needs --base-url"},
    {"report --format mdd", "did you mean `md`?"},
    {"report", "audition.db: no such file; run `audition run` first"},
    {"list", "audition.db: no such file; run `audition run` first"},
    {"score", "no candidate"},
};

static void test_a_slip_is_told_with_the_nearest_name(void **state)
{
    struct workplace w;
    int              bad = 0;

    (void)state;
    workplace_begin(&w, NULL);
    for (size_t i = 0; i < sizeof slip_cases / sizeof *slip_cases; i++)
        bad += run_differs(&w, slip_cases[i].line, 2, NULL,
                           slip_cases[i].err);
    assert_int_equal(bad, 0);
    workplace_end(&w);
}

static void test_a_slip_in_a_variable_names_the_variable(void **state)
{
    struct workplace w;

    (void)state;
    workplace_begin(&w, NULL);
    workplace_env(&w, "AUDITION_CASES=many");
    assert_int_equal(run_differs(&w, "run --dry-run -m x.gguf", 2, NULL,
                                 "AUDITION_CASES"), 0);
    assert_int_equal(run_differs(&w, "run --dry-run -m x.gguf --cases 1", 2,
                                 NULL, "AUDITION_CASES"), 0);
    workplace_end(&w);
}

/* ---- a plan ------------------------------------------------------------- */

/* Every file below a folder: its name and bytes, and when it was changed. */
static inline void print_tree(const char *path, FILE *out)
{
    struct stat     st;
    struct dirent **names = NULL;
    int             n;
    char           *text;

    if (lstat(path, &st) != 0) return;
    fprintf(out, "%s\n", path);
    if (S_ISREG(st.st_mode)) {
        fprintf(out, "%lld.%09ld\n", (long long)st.st_mtim.tv_sec,
                st.st_mtim.tv_nsec);
        text = read_text(path);
        fwrite(text, 1, (size_t)st.st_size, out);
        free(text);
    }
    n = S_ISDIR(st.st_mode) ? scandir(path, &names, NULL, alphasort) : 0;
    for (int i = 0; i < n; i++) {
        if (strcmp(names[i]->d_name, ".") && strcmp(names[i]->d_name, "..")) {
            char *inner = mem_printf("%s/%s", path, names[i]->d_name);
            print_tree(inner, out);
            free(inner);
        }
        free(names[i]);
    }
    free(names);
}

static inline char *tree_of(const struct workplace *w, size_t *bytes)
{
    char *text = NULL;
    FILE *out  = open_memstream(&text, bytes);

    print_tree(w->folder, out);
    fclose(out);
    return text;
}

static inline void expect_untouched(const struct workplace *w,
                                    const char *line, const char *out)
{
    size_t before_n, after_n;
    char  *before = tree_of(w, &before_n), *after;

    assert_int_equal(run_differs(w, line, 0, out, NULL), 0);
    after = tree_of(w, &after_n);
    if (before_n != after_n || memcmp(before, after, before_n) != 0)
        fail_msg("`%s` wrote: %zu bytes before, %zu after", line, before_n,
                 after_n);
    free(before);
    free(after);
}

static void test_a_plan_starts_and_writes_nothing(void **state)
{
    struct workplace w;

    (void)state;
    workplace_begin(&w, NULL);
    workplace_model(&w, "good");
    expect_untouched(&w, "run --dry-run -m good.gguf --llama-server FAKE",
                     "good");
    assert_int_equal(workplace_requests(&w), 0);
    assert_int_equal(run_differs(&w, "run -m good.gguf " SHORT, 0, NULL,
                                 NULL), 0);
    workplace_model(&w, "new");
    expect_untouched(&w, "run --dry-run -m good.gguf -m new.gguf "
                     "--llama-server FAKE", "new");
    expect_untouched(&w, "run --dry-run --fresh -m good.gguf "
                     "--llama-server FAKE", "good");
    workplace_end(&w);
}

#endif
