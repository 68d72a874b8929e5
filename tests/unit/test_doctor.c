/* SPDX-License-Identifier: MIT */
/* The doctor on recordings: what is found, how it is said, how it ends. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "doctor.h"
#include "temp_tree.h"

static const char good[] =
    "{\"model\":\"good\",\"has_template\":true,\"supports_tools\":true,"
    "\"answers\":[{\"when\":\"light\",\"calls\":[{\"name\":\"HassTurnOn\","
    "\"arguments\":{}}]},{\"content\":\"Paris it is.\"}]}";
static const char deaf[] =
    "{\"model\":\"deaf\",\"has_template\":true,\"supports_tools\":false,"
    "\"answers\":[{\"content\":\"Paris it is.\"}]}";
static const char broken[] =
    "{\"model\":\"broken\",\"has_template\":true,"
    "\"template\":{\"error\":\"no filter named 'strftime'\"},"
    "\"answers\":[{\"content\":\"Paris it is.\"}]}";
static const char unloadable[] =
    "{\"fail_load\":\"the log says: bad chat template\","
    "\"answers\":[{\"content\":\"x\"}]}";

static int  n_started;
static void count_start(const char *name)
{
    (void)name;
    n_started++;
}

static struct run_options options(void)
{
    return (struct run_options){
        .context = -1, .threads = -1, .port = -1, .temperature = NAN,
        .reserve_bytes = NAN, .cases = -1, .blocks = -1, .rounds = -1,
        .budget_s = NAN, .min_tool_accuracy = NAN, .min_quality = NAN,
        .speaking_rate_words_per_min = NAN, .seed = 1, .load_timeout_s = 10,
        .first_timeout_s = 10, .silence_timeout_s = 10,
        .answer_timeout_s = 10, .quiet = true};
}

/* The doctor's view of these candidates, each one a line of YAML. */
static void examine(struct temp_tree *t, const char *candidates,
                    struct doctor *d)
{
    struct run_options opt = options();
    struct err         err = {0};
    char              *yaml, *path;

    if (!getenv("AUDITION_DATA")) setenv("AUDITION_DATA", "share", 1);
    setenv("LLAMA_SERVER", "/nonexistent/llama-server", 1);
    if (temp_tree_init(t)) abort();
    temp_text(t, "good.json", good);
    temp_text(t, "deaf.json", deaf);
    temp_text(t, "broken.json", broken);
    temp_text(t, "unloadable.json", unloadable);
    yaml = mem_printf("candidates:\n%s", candidates);
    temp_text(t, "audition.yaml", yaml);
    path = temp_path(t, "audition.yaml");
    n_started = 0;
    if (doctor_examine(&opt, path, count_start, d, &err))
        fail_msg("%s", err.text);
    free(path);
    free(yaml);
}

static const struct finding *found(const struct doctor_candidate *c,
                                   const char *kind)
{
    for (size_t i = 0; i < c->preflight.n_findings; i++)
        if (strcmp(c->preflight.findings[i].kind, kind) == 0)
            return &c->preflight.findings[i];
    return NULL;
}

/* What this machine is told of, besides the candidates, depends on who else
 * works on it. */
static bool has_finding(const struct doctor *d, const char *kind)
{
    for (size_t i = 0; i < d->n_findings; i++)
        if (strcmp(d->findings[i].kind, kind) == 0) return true;
    return false;
}

static const json_t *finding_of(const json_t *document, const char *candidate)
{
    const json_t *list = json_object_get(document, "findings"), *one;
    size_t        i;

    json_array_foreach((json_t *)(uintptr_t)list, i, one) {
        const char *of = jsonx_text(one, "candidate");
        if (of && strcmp(of, candidate) == 0) return one;
    }
    return NULL;
}

static void close_down(struct temp_tree *t, struct doctor *d)
{
    doctor_done(d);
    temp_tree_done(t);
    unsetenv("LLAMA_SERVER");
}

static void test_each_candidate_is_examined_and_one_answer_is_enough(
    void **state)
{
    struct temp_tree t;
    struct doctor    d;

    (void)state;
    examine(&t, "  - {name: a, replay: good.json}\n"
                "  - {name: b, replay: deaf.json}\n"
                "  - {name: c, replay: broken.json}\n"
                "  - {name: d, replay: nowhere.json}\n", &d);
    assert_int_equal(d.n, 4);
    assert_true(d.candidates[0].answered);
    assert_int_equal(d.candidates[0].preflight.called, 1);
    assert_int_equal(d.candidates[0].preflight.n_findings, 0);
    assert_true(d.candidates[1].answered);
    assert_non_null(found(&d.candidates[1], "tools_dropped"));
    assert_false(d.candidates[2].answered);
    assert_non_null(found(&d.candidates[2], "template_error"));
    assert_non_null(strstr(d.candidates[2].failure.text, "strftime"));
    assert_false(d.candidates[3].answered);
    assert_false(d.candidates[3].was_examined);
    assert_int_equal(doctor_exit_code(&d), 0);
    close_down(&t, &d);
}

static void test_an_engine_that_chokes_on_the_template_says_so(void **state)
{
    struct temp_tree t;
    struct doctor    d;

    (void)state;
    examine(&t, "  - {name: a, replay: unloadable.json}\n", &d);
    assert_false(d.candidates[0].was_examined);
    assert_non_null(found(&d.candidates[0], "template_error"));
    assert_int_equal(doctor_exit_code(&d), 3);
    close_down(&t, &d);
}

static void test_only_bad_input_is_exit_two(void **state)
{
    struct temp_tree t;
    struct doctor    d;

    (void)state;
    examine(&t, "  - {name: a, model: /nonexistent/a.gguf}\n"
                "  - {name: b, model: /nonexistent/b.gguf}\n", &d);
    assert_int_equal(n_started, 0);
    assert_int_equal(d.candidates[1].failure.kind, ERR_INPUT);
    assert_int_equal(doctor_exit_code(&d), 2);
    close_down(&t, &d);
}

static void test_without_candidates_the_engine_decides(void **state)
{
    struct run_options opt = options();
    struct doctor      d;
    struct err         err = {0};

    (void)state;
    unsetenv("OPENAI_BASE_URL");
    opt.llama_server = (char *)(uintptr_t)"/nonexistent/llama-server";
    assert_int_equal(doctor_examine(&opt, NULL, count_start, &d, &err), 0);
    assert_int_equal(d.n, 0);
    assert_null(d.engine.path);
    assert_true(*d.engine_failure.text);
    assert_int_equal(doctor_exit_code(&d), 3);
    d.engine.path = mem_copy("/usr/bin/llama-server");
    assert_int_equal(doctor_exit_code(&d), 0);
    doctor_done(&d);
}

static void test_a_broken_config_is_the_callers_error(void **state)
{
    struct run_options opt = options();
    struct doctor      d;
    struct err         err = {0};

    (void)state;
    assert_int_equal(doctor_examine(&opt, "/nonexistent.yaml", count_start, &d,
                                    &err), -1);
    assert_int_equal(err.kind, ERR_INPUT);
    doctor_done(&d);
}

static void test_the_document_has_what_is_promised(void **state)
{
    static const char *const keys[] = {"schema_version", "engine",
                                       "candidates", "machine", "findings",
                                       "holders", "permissions"};
    struct temp_tree t;
    struct doctor    d;
    json_t          *o, *c;
    const json_t    *first;
    char            *text;

    (void)state;
    examine(&t, "  - {name: deaf, replay: deaf.json}\n"
                "  - {name: gone, replay: nowhere.json}\n", &d);
    o = doctor_json(&d);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        assert_non_null(json_object_get(o, keys[i]));
    c = json_array_get(json_object_get(o, "candidates"), 0);
    assert_string_equal(jsonx_text(c, "name"), "deaf");
    assert_string_equal(jsonx_text(c, "status"), "answered");
    assert_true(json_is_null(json_object_get(c, "failure")));
    assert_string_equal(jsonx_text(json_object_get(c, "template"), "tools"),
                        "none");
    first = finding_of(o, "deaf");
    assert_string_equal(jsonx_text(first, "kind"), "tools_dropped");
    assert_string_equal(jsonx_text(first, "fault"), "template");
    assert_non_null(jsonx_text(first, "remedy"));
    c = json_array_get(json_object_get(o, "candidates"), 1);
    assert_string_equal(jsonx_text(c, "status"), "failed");
    assert_non_null(jsonx_text(c, "failure"));
    assert_true(json_is_null(json_object_get(c, "template")));
    text = jsonx_dump(o);
    assert_null(strstr(text, "NaN"));
    free(text);
    json_decref(o);
    close_down(&t, &d);
}

/* One that was removed while we stood in it: nobody can write there. */
static void test_a_folder_that_cannot_be_written_is_told(void **state)
{
    struct run_options opt = options();
    struct temp_tree   t;
    struct doctor      d;
    struct err         err = {0};
    char               was[4096];

    (void)state;
    assert_non_null(getcwd(was, sizeof was));
    assert_int_equal(temp_tree_init(&t), 0);
    assert_int_equal(chdir(t.root), 0);
    temp_tree_done(&t);
    unsetenv("OPENAI_BASE_URL");
    opt.llama_server = (char *)(uintptr_t)"/nonexistent/llama-server";
    assert_int_equal(doctor_examine(&opt, NULL, count_start, &d, &err), 0);
    assert_int_equal(chdir(was), 0);
    assert_false(d.can_write);
    assert_true(has_finding(&d, "store_not_writable"));
    doctor_done(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_each_candidate_is_examined_and_one_answer_is_enough),
        cmocka_unit_test(test_an_engine_that_chokes_on_the_template_says_so),
        cmocka_unit_test(test_only_bad_input_is_exit_two),
        cmocka_unit_test(test_without_candidates_the_engine_decides),
        cmocka_unit_test(test_a_broken_config_is_the_callers_error),
        cmocka_unit_test(test_the_document_has_what_is_promised),
        cmocka_unit_test(test_a_folder_that_cannot_be_written_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
