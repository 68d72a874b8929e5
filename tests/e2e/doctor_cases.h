/* SPDX-License-Identifier: MIT */
/* doctor_cases.h - `audition doctor`: the document for programs, the words
 * for people, the exit codes, and that it leaves nothing behind. */
#ifndef TESTS_E2E_DOCTOR_CASES_H
#define TESTS_E2E_DOCTOR_CASES_H

#include "server_cases.h"

#define DROPS_TOOLS                                                           \
    "{\"props\":{\"chat_template_caps\":{\"supports_tools\":false}}}"

/* The finding of that kind and candidate, or NULL. */
static inline const json_t *doctor_finding(const json_t *document,
                                           const char *candidate,
                                           const char *kind)
{
    json_t *item;
    size_t  i;

    json_array_foreach(json_object_get(document, "findings"), i, item)
        if (strcmp(text_at(item, "candidate"), candidate) == 0 &&
            strcmp(text_at(item, "kind"), kind) == 0)
            return item;
    return NULL;
}

static inline void expect_keys(const json_t *object, const char *what,
                               const char *const *keys)
{
    for (; *keys; keys++)
        if (!json_object_get(object, *keys))
            fail_msg("%s has no \"%s\"", what, *keys);
}

static void test_the_doctors_document_keeps_its_contract(void **state)
{
    static const char *const top[] = {"schema_version", "engine",
        "candidates", "machine", "findings", NULL};
    static const char *const of_engine[] = {"path", "build", "failure",
        "llama_bench", NULL};
    static const char *const of_candidate[] = {"name", "status", "failure",
        "failure_kind", "template", NULL};
    static const char *const of_template[] = {"present", "error", "tools",
        "system", "history", "shows_parallel_calls", "shows_results",
        "takes_empty_content", "shows_unicode", "doubles_bos", "ends_turn",
        "thinks", "can_disable", "findings", NULL};
    struct workplace w;
    struct outcome   o;
    json_t          *document;
    const json_t    *c, *finding;

    (void)state;
    workplace_begin(&w, DROPS_TOOLS);
    workplace_model(&w, "m");
    workplace_text(&w, "text.gguf", "not a model\n");
    program_run(&w, "doctor --json -q --llama-server FAKE -m m.gguf "
                "-m text.gguf", &o);
    expect(&o, 0, NULL, NULL);
    document = document_of(&o);
    expect_keys(document, "the document", top);
    expect_keys(json_object_get(document, "engine"), "engine", of_engine);
    c = candidate_of(document, "m");
    expect_keys(c, "the candidate", of_candidate);
    expect_keys(json_object_get(c, "template"), "its template", of_template);
    assert_string_equal(text_at(c, "status"), "answered");
    assert_true(json_is_null(json_object_get(c, "failure")));
    assert_string_equal(text_at(json_object_get(c, "template"), "tools"),
                        "none");
    finding = doctor_finding(document, "m", "tools_dropped");
    assert_non_null(finding);
    assert_string_equal(text_at(finding, "fault"), "template");
    assert_true(*text_at(finding, "text") && *text_at(finding, "remedy"));
    c = candidate_of(document, "text");      /* told, never guessed about */
    assert_string_equal(text_at(c, "status"), "failed");
    assert_string_equal(text_at(c, "failure_kind"), "input");
    assert_non_null(strstr(text_at(c, "failure"), "is not a GGUF file"));
    assert_true(json_is_null(json_object_get(c, "template")));
    json_decref(document);
    outcome_done(&o);
    workplace_end(&w);
}

static void test_the_doctor_says_it_to_people_and_stores_nothing(void **state)
{
    static const char *const told[] = {"engine: ", "machine: ", "results: ",
        "m: ", "tools none", "tools_dropped (template): the chat template in "
        "the file drops", "remedy: ", NULL};
    struct workplace w;
    struct outcome   o;
    char            *store;

    (void)state;
    workplace_begin(&w, DROPS_TOOLS);
    workplace_model(&w, "m");
    store = workplace_path(&w, "audition.db");
    program_run(&w, "doctor --llama-server FAKE -m m.gguf", &o);
    for (size_t i = 0; told[i]; i++) expect(&o, 0, told[i], "examining m");
    outcome_done(&o);
    assert_int_not_equal(access(store, F_OK), 0);
    assert_true(all_gone(&w));
    free(store);
    workplace_end(&w);
}

static const struct doctor_case {
    const char *options;       /* FAKE as everywhere */
    const char *script;
    int         code;
    const char *out, *err;
} doctor_cases[] = {
    {"--llama-server FAKE", NULL, 0, "No candidate was named", NULL},
    {"--llama-server FAKE -m m.gguf", NULL, 0, "m: ", NULL},
    {"--llama-server FAKE -m text.gguf -m m.gguf", NULL, 0,
     "text: cannot be auditioned", NULL},
    {"--llama-server FAKE -m text.gguf", NULL, 2, "is not a GGUF file", NULL},
    {"--llama-server FAKE -m none.gguf", NULL, 2, "no such file", NULL},
    {"--llama-server FAKE none.yaml", NULL, 2, NULL, "`audition init`"},
    {"--llama-server FAKE --thinking maybe -m m.gguf", NULL, 2, NULL,
     "give off or keep"},
    {"--llama-server FAKE bad.yaml", NULL, 2, NULL, "function.name: "},
    {"", NULL, 3, "engine: no llama-server found", NULL},
    {"-m m.gguf", NULL, 3, "no llama-server found", NULL},
    {"--llama-server none", NULL, 3, "none cannot be run: No such file",
     NULL},
    {"--llama-server FAKE -m m.gguf", "{\"fail_on_load\":\"sigill\"}", 3,
     "SIGILL", NULL},
    {"--llama-server FAKE -m m.gguf --load-timeout 0.5",
     "{\"fail_on_load\":\"hang\"}", 3, "was not loaded after 0.5 s", NULL},
    /* A template that never ends: named as such, and in time. */
    {"--llama-server FAKE -m m.gguf --load-timeout 0.5 --answer-timeout 0.5",
     "{\"fault\":{\"path\":\"/apply-template\",\"kind\":\"slow_headers\"}}",
     3, "template", NULL},
    {"--base-url http://127.0.0.1:1", NULL, 3, "connection was refused",
     NULL},
};

static void test_the_doctor_ends_with_the_code_that_it_promises(void **state)
{
    struct workplace w;
    int              bad = 0;

    (void)state;
    workplace_begin(&w, NULL);
    workplace_model(&w, "m");
    workplace_text(&w, "text.gguf", "not a model\n");
    workplace_text(&w, "bad.yaml", "tools: [{type: function, function: {}}]\n"
                                   "candidates: [{model: m.gguf}]\n");
    for (size_t i = 0; i < sizeof doctor_cases / sizeof *doctor_cases; i++) {
        const struct doctor_case *c = &doctor_cases[i];
        char *line = mem_printf("doctor %s", c->options);

        workplace_script(&w, c->script);
        bad += run_differs(&w, line, c->code, c->out, c->err);
        free(line);
    }
    assert_true(all_gone(&w));
    assert_int_equal(bad, 0);
    workplace_end(&w);
}

#endif
