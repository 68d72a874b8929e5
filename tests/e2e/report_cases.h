/* SPDX-License-Identifier: MIT */
/* report_cases.h - the JSON document that other programs build on, and a
 * finished audition, which is shown again and not measured again. */
#ifndef TESTS_E2E_REPORT_CASES_H
#define TESTS_E2E_REPORT_CASES_H

#include <termios.h>

#include "document.h"

#define TWO "-m alpha.gguf -m beta.gguf "

static inline void two_models(struct workplace *w)
{
    workplace_begin(w, NULL);
    workplace_model(w, "alpha");
    workplace_model(w, "beta");
}

/* ---- the document ------------------------------------------------------- */

/* Where a key must be: '.' descends, '*' is every member. */
static const char *const contract[] = {
    "schema_version", "run_id", "started_utc", "version", "method_version",
    "machine.board", "machine.cpu", "machine.memory_bytes", "settings",
    "recommendation", "candidates.*.name", "candidates.*.file",
    "candidates.*.sha256", "candidates.*.status", "candidates.*.failure",
    "candidates.*.template", "candidates.*.verdict", "candidates.*.reason",
    "candidates.*.metrics.*.median", "candidates.*.metrics.*.low",
    "candidates.*.metrics.*.high", "candidates.*.metrics.*.n",
    "candidates.*.metrics.*.unit", "candidates.*.metrics.*.reason",
    "candidates.*.quality.*.pass", "candidates.*.quality.*.fail",
    "candidates.*.quality.*.unparsed",
    "candidates.*.quality.*.template_fault",
    "candidates.*.quality.*.harness_fault", "candidates.*.quality.*.total",
    "candidates.*.quality.*.rate", "candidates.*.quality.*.rate_if_parsed",
};

static inline bool has_path(const json_t *at, const char *path)
{
    size_t      n   = strcspn(path, ".");
    char       *key = mem_copy_n(path, n);
    const char *rest = path[n] ? path + n + 1 : NULL;
    bool        has  = true;
    json_t     *item;
    const char *name;
    size_t      i;

    if (strcmp(key, "*") != 0) {
        item = json_object_get(at, key);
        has = item && (!rest || has_path(item, rest));
    } else if (json_is_array(at)) {
        json_array_foreach(at, i, item) has = has && has_path(item, rest);
    } else {
        json_object_foreach((json_t *)(uintptr_t)at, name, item)
            has = has && has_path(item, rest);
    }
    free(key);
    return has;
}

/* A missing value says why, the numbers of a suite add up. */
static inline void check_candidate(const json_t *c)
{
    static const char *const counts[] = {"pass", "fail", "unparsed",
        "template_fault", "harness_fault", NULL};
    const char *name;
    json_t     *item;

    json_object_foreach(json_object_get(c, "metrics"), name, item) {
        if (json_is_null(json_object_get(item, "median")) &&
            !json_is_string(json_object_get(item, "reason")))
            fail_msg("%s: %s has no value and no reason", text_at(c, "name"),
                     name);
    }
    json_object_foreach(json_object_get(c, "quality"), name, item) {
        json_int_t sum = 0;

        for (size_t i = 0; counts[i]; i++)
            sum += json_integer_value(json_object_get(item, counts[i]));
        if (sum != json_integer_value(json_object_get(item, "total")))
            fail_msg("%s: the outcomes do not add up to total", name);
    }
}

static inline void check_document(const struct outcome *o)
{
    json_t *document = document_of(o), *item;
    size_t  i;

    for (i = 0; i < sizeof contract / sizeof *contract; i++)
        if (!has_path(document, contract[i]))
            fail_msg("the document lacks %s", contract[i]);
    if (strstr(o->out, "NaN") || strstr(o->out, "Infinity") ||
        memchr(o->out, '\033', o->out_bytes))
        fail_msg("NaN, Infinity or an escape byte in the document");
    json_array_foreach(json_object_get(document, "candidates"), i, item)
        check_candidate(item);
    json_decref(document);
}

static void test_json_is_one_document_that_keeps_its_contract(void **state)
{
    struct workplace w;
    struct outcome   o;

    (void)state;
    two_models(&w);
    workplace_script(&w, "{\"models\":{\"beta\":{\"chat\":[{\"content\":"
                     "\"\\u001b[31mred\\u0007 \\u202e NaN\"}],"
                     "\"usage\":false,\"timings\":false}}}");
    workplace_text(&w, "broken.gguf", "GGUF");
    program_run(&w, "run --json -m broken.gguf " TWO "--llama-server FAKE "
                "--cases 12 -r 1 --blocks 1 --budget 1", &o);
    expect(&o, 0, NULL, NULL);
    json_decref(document_of(&o));
    assert_null(memchr(o.out, '\033', o.out_bytes));
    assert_null(strstr(o.out, "\u202e"));
    outcome_done(&o);
    workplace_script(&w, NULL);
    program_run(&w, "run --json -m broken.gguf " TWO "--llama-server FAKE "
                "--fresh --cases 12 -r 1 --blocks 1 --budget 1", &o);
    expect(&o, 0, NULL, NULL);
    check_document(&o);
    outcome_done(&o);
    program_run(&w, "run --json -m broken.gguf", &o);
    check_document(&o);
    outcome_done(&o);
    program_run(&w, "list --json", &o);
    json_decref(document_of(&o));
    expect(&o, 0, "\"schema_version\"", NULL);
    outcome_done(&o);
    workplace_end(&w);
}

/* What a file may be called, and a shell or a terminal may stumble over. */
static const char *const awkward_names[] = {
    "two words", "-dash", "$(touch hacked); `touch hacked`", "quote'\"s",
    "100%s%n", "\xc3\xbc\xe6\xa8\xa1\xe5\x9e\x8b", "tab\tand\033[31mred",
};

static void test_awkward_file_names_are_names_like_any(void **state)
{
    struct workplace w;
    struct outcome   o;
    json_t          *document, *item;
    size_t           i, n = sizeof awkward_names / sizeof *awkward_names;
    char            *hacked;

    (void)state;
    workplace_begin(&w, NULL);
    for (i = 0; i < n; i++) workplace_model(&w, awkward_names[i]);
    program_run(&w, "run --json -m ./*.gguf " SHORT, &o);
    expect(&o, 0, NULL, NULL);
    document = document_of(&o);
    assert_int_equal(json_array_size(json_object_get(document, "candidates")),
                     n);
    json_array_foreach(json_object_get(document, "candidates"), i, item)
        if (!is_measured(document, text_at(item, "name")))
            fail_msg("%s: %s", text_at(item, "name"),
                     text_at(item, "failure"));
    assert_null(strchr(o.out, '\033'));
    assert_null(strchr(o.err, '\033'));
    hacked = workplace_path(&w, "hacked");
    assert_int_equal(access(hacked, F_OK), -1);
    free(hacked);
    outcome_done(&o);
    program_run(&w, "run -m ./*.gguf " SHORT, &o);
    expect(&o, 0, "two words", NULL);
    assert_null(strchr(o.out, '\033'));
    outcome_done(&o);
    json_decref(document);
    workplace_end(&w);
}

/* ---- a terminal --------------------------------------------------------- */

/* The program on a pseudo-terminal: everything that it wrote. Caller frees. */
static inline char *on_terminal(const struct workplace *w, const char *line)
{
    struct argv a = split(w, line), e = environment(w);
    int         master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave;
    char       *all = mem_new(1, 1), bytes[4096];
    size_t      n = 0;
    ssize_t     got;
    pid_t       pid;

    if (master < 0 || grantpt(master) || unlockpt(master))
        fail_msg("no pseudo-terminal");
    slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    argv_add(&e, mem_copy("TERM=xterm-256color"));
    pid = fork();
    if (pid == 0) become(w, &a, &e, slave, slave, RLIM_INFINITY);
    close(slave);
    while ((got = read(master, bytes, sizeof bytes)) > 0) {
        all = mem_grow(all, n + (size_t)got + 1, 1);
        memcpy(all + n, bytes, (size_t)got);
        all[n += (size_t)got] = '\0';
    }
    close(master);
    assert_int_equal(end_of(pid, line), 0);
    argv_done(&a);
    argv_done(&e);
    return all;
}

/* Colour sequences end in 'm'; a line that is redrawn has others. */
static inline bool has_colour(const char *text)
{
    for (const char *at = text; (at = strstr(at, "\033[")) != NULL; at += 2)
        if (at[2 + strspn(at + 2, "0123456789;")] == 'm') return true;
    return false;
}

static void test_colour_is_for_terminals_that_want_it(void **state)
{
    static const struct {
        const char *options, *variable;
        bool        colour;
    } cases[] = {
        {"", NULL, true},
        {"--no-color", NULL, false},
        {"", "NO_COLOR=1", false},
    };
    struct workplace w;
    struct outcome   o;

    (void)state;
    two_models(&w);
    program_run(&w, "run " TWO SHORT, &o);
    expect(&o, 0, "alpha", NULL);
    assert_null(strchr(o.out, '\033'));
    assert_null(strchr(o.err, '\033'));
    outcome_done(&o);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *line = mem_printf("run %s " TWO SHORT, cases[i].options), *text;

        if (cases[i].variable) workplace_env(&w, cases[i].variable);
        text = on_terminal(&w, line);
        if (has_colour(text) != cases[i].colour)
            fail_msg("case %zu: colour where none is wanted, or none:\n%s", i,
                     text);
        if (!strstr(text, "alpha")) fail_msg("case %zu: no report", i);
        free(text);
        free(line);
    }
    workplace_end(&w);
}

/* ---- once more ---------------------------------------------------------- */

/* Of two documents, all but what names the run must be equal. */
static inline void expect_same(json_t *a, json_t *b)
{
    static const char *const differs_between_runs[] = {"run_id",
                                                       "started_utc", NULL};
    char *left, *right;

    for (size_t i = 0; differs_between_runs[i]; i++) {
        json_object_del(a, differs_between_runs[i]);
        json_object_del(b, differs_between_runs[i]);
    }
    /* Free memory is a reading of the moment. */
    json_object_del(json_object_get(a, "machine"), "available_bytes");
    json_object_del(json_object_get(b, "machine"), "available_bytes");
    left = json_dumps(a, JSON_INDENT(1) | JSON_SORT_KEYS);
    right = json_dumps(b, JSON_INDENT(1) | JSON_SORT_KEYS);
    for (size_t i = 0; left[i] || right[i]; i++)
        if (left[i] != right[i])
            fail_msg("first %.200s\nnow %.200s", left + (i > 80 ? i - 80 : 0),
                     right + (i > 80 ? i - 80 : 0));
    free(left);
    free(right);
}

static void test_a_second_run_shows_the_first_and_starts_nothing(void **state)
{
    struct workplace w;
    struct outcome   o;
    json_t          *first, *second;
    size_t           asked;

    (void)state;
    two_models(&w);
    program_run(&w, "run --json " TWO SHORT, &o);
    expect(&o, 0, NULL, "block 1 of 1");
    first = document_of(&o);
    outcome_done(&o);
    asked = workplace_requests(&w);
    program_run(&w, "run --json " TWO SHORT, &o);
    expect(&o, 0, NULL, NULL);
    assert_null(strstr(o.err, "block"));
    assert_int_equal(workplace_requests(&w), asked);
    second = document_of(&o);
    outcome_done(&o);
    expect_same(first, second);
    json_decref(first);
    json_decref(second);
    program_run(&w, "run --json --fresh " TWO SHORT, &o);
    expect(&o, 0, NULL, "block 1 of 1");
    assert_true(workplace_requests(&w) > asked + 10);
    outcome_done(&o);
    expect_rows(&w, "SELECT count(DISTINCT generation), max(generation) "
                "FROM trial", "2|2\n");
    workplace_end(&w);
}

/* More is wanted than last time: only the difference is measured. */
static void test_more_cases_measure_only_what_is_missing(void **state)
{
    struct workplace w;
    size_t           asked;

    (void)state;
    two_models(&w);
    assert_int_equal(run_differs(&w, "run -m alpha.gguf " SHORT "--cases 3",
                                 0, NULL, NULL), 0);
    asked = workplace_requests(&w);
    assert_int_equal(run_differs(&w, "run " TWO SHORT "--cases 3", 0, NULL,
                                 "beta: block"), 0);
    assert_true(workplace_requests(&w) > asked);
    expect_rows(&w, "SELECT count(*) FROM trial AS t JOIN candidate AS c "
                "USING (subject_id) WHERE c.run_id = 2 AND c.name = 'alpha' "
                "AND t.run_id = 2", "0\n");
    workplace_end(&w);
}

static void test_stored_runs_are_shown_and_judged_again(void **state)
{
    struct workplace w;
    struct outcome   o;
    char            *path, *file;
    size_t           asked;
    json_t          *run, *shown;

    (void)state;
    two_models(&w);
    program_run(&w, "run --json " TWO SHORT "--cases 6", &o);
    run = document_of(&o);
    outcome_done(&o);
    asked = workplace_requests(&w);
    program_run(&w, "report --json", &o);
    expect(&o, 0, NULL, NULL);
    shown = document_of(&o);
    assert_true(json_equal(run, shown));
    outcome_done(&o);
    path = workplace_path(&w, "report.md");
    file = read_text(path);
    program_run(&w, "report --format md", &o);
    expect(&o, 0, NULL, NULL);
    assert_string_equal(o.out, file);
    outcome_done(&o);
    free(file);
    free(path);
    assert_int_equal(run_differs(&w, "list", 0, "finished", NULL), 0);
    assert_int_equal(run_differs(&w, "report --run 1", 0, "alpha", NULL), 0);
    assert_int_equal(run_differs(&w, "report --run 9", 2, NULL, "9"), 0);
    program_run(&w, "score --json " TWO SHORT "--cases 6", &o);
    expect(&o, 0, NULL, NULL);
    json_decref(shown);
    shown = document_of(&o);
    expect_same(run, shown);
    outcome_done(&o);
    assert_int_equal(workplace_requests(&w), asked);
    json_decref(shown);
    json_decref(run);
    workplace_end(&w);
}

#endif
