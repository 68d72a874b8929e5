/* SPDX-License-Identifier: MIT */
/* other_cases.h - Ollama, vLLM and LM Studio as candidates: named as what
 * they are, measured as far as their replies go, the rest null with the
 * reason; and a prompt that one of them cuts. */
#ifndef TESTS_E2E_OTHER_CASES_H
#define TESTS_E2E_OTHER_CASES_H

#include "server_cases.h"
#include "voice_cases.h"

static const struct other_server {
    const char *as;            /* of the fake server */
    const char *server;        /* in the report      */
    const char *command;       /* in it; NULL: none is known */
    const char *beside;        /* in it; NULL: nothing       */
    const char *metric;        /* that only its own API tells; or NULL */
    const char *memory;        /* the reason beside its memory */
    bool        tells_memory;
} other_servers[] = {
    {"--as ollama -a m", "Ollama", "PARAMETER num_ctx 8192", "-m m ",
     "prompt_tok_s", "as Ollama reports it", true},
    {"--as vllm -a m", "vLLM", NULL, NULL, NULL, "not ours to measure", false},
    {"--as lmstudio -a m", "LM Studio", NULL, NULL, NULL,
     "not ours to measure", false},
    {"--plain-openai -a m", NULL, NULL, NULL, NULL, "not ours to measure",
     false},
};

/* No null is left without a reason, no figure is a 0 that nobody saw. */
static inline int unexplained(const json_t *candidate)
{
    const json_t *cliff = json_object_get(candidate, "prefill_cliff");
    const char   *name;
    const json_t *m;
    size_t        i;
    int           bad = 0;

    json_object_foreach(json_object_get(candidate, "metrics"), name, m) {
        bool is_null = json_is_null(json_object_get(m, "median"));

        if (!is_null ? number_at(m, "n") > 0 : *text_at(m, "reason")) continue;
        print_error("*** %s: %s\n", name, is_null ? "null without a reason"
                                                  : "a value of nothing");
        bad++;
    }
    json_array_foreach(json_object_get(cliff, "points"), i, m)
        if (json_is_null(json_object_get(m, "ttft_s")) &&
            !*text_at(m, "reason"))
            bad++;
    if (json_is_null(json_object_get(cliff, "knee_tokens")) &&
        !*text_at(cliff, "reason"))
        bad++;
    return bad;
}

/* A text of the candidate holds the part, or is null when that is NULL. */
static inline int text_differs(const json_t *c, const char *key,
                               const char *part)
{
    const json_t *value = json_object_get(c, key);

    if (part ? strstr(text_at(c, key), part) != NULL : json_is_null(value))
        return 0;
    print_error("*** \"%s\" is \"%s\", wanted %s\n", key, text_at(c, key),
                part ? part : "null");
    return 1;
}

static inline int other_differs(const struct other_server *s, const json_t *c)
{
    const json_t *memory = json_object_get(json_object_get(c, "metrics"),
                                           "peak_memory_bytes");
    int bad = unexplained(c);

    bad += text_differs(c, "server", s->server);
    bad += text_differs(c, "command", s->command);
    bad += text_differs(c, "beside", s->beside);
    bad += text_differs(memory, "reason", s->memory);
    bad += (median_of(c, "peak_memory_bytes") > 0) != s->tells_memory;
    bad += !(median_of(c, "first_sentence_s") > 0);
    bad += !(median_of(c, "served_tok_s") > 0);
    bad += s->metric && !(median_of(c, s->metric) > 0);
    bad += json_array_size(json_object_get(c, "turns")) != 10;
    if (bad) print_error("*** %s: %d differences\n", s->as, bad);
    return bad;
}

static void test_other_servers_are_named_and_what_they_hide_is_said(
    void **state)
{
    int bad = 0;

    (void)state;
    for (size_t i = 0; i < sizeof other_servers / sizeof *other_servers; i++) {
        struct workplace w;
        struct foreign   f;
        struct outcome   o;
        json_t          *document;

        workplace_begin(&w, NULL);
        foreign_start(&f, &w, other_servers[i].as);
        run_at(&w, f.port, "--model m", &o);
        expect(&o, 0, NULL, NULL);
        document = document_of(&o);
        bad += other_differs(&other_servers[i], candidate_of(document, "m"));
        json_decref(document);
        outcome_done(&o);
        foreign_end(&f);
        workplace_end(&w);
    }
    assert_int_equal(bad, 0);
}

static void test_a_prompt_that_ollama_cuts_silently_is_told(void **state)
{
    struct workplace w;
    struct foreign   f;
    struct outcome   o;
    json_t          *document;
    const json_t    *c;

    (void)state;
    workplace_begin(&w, "{\"overflow\":\"drop\",\"train_ctx\":400}");
    foreign_start(&f, &w, "--as ollama -a m");
    run_at(&w, f.port, "--model m -c 8192", &o);
    document = document_of(&o);
    c = candidate_of(document, "m");
    assert_string_equal(text_at(c, "status"), "failed");
    assert_non_null(strstr(text_at(c, "failure"),
                           "Ollama cut the prompt silently"));
    assert_non_null(strstr(text_at(c, "failure"), "(num_ctx) is 400"));
    assert_true(has_finding(c, "context_smaller"));
    json_decref(document);
    outcome_done(&o);
    foreign_end(&f);
    workplace_end(&w);
}

static void test_the_doctor_says_which_server_it_examined(void **state)
{
    int bad = 0;

    (void)state;
    for (size_t i = 0; i < sizeof other_servers / sizeof *other_servers; i++) {
        const struct other_server *s = &other_servers[i];
        struct workplace w;
        struct foreign   f;
        struct outcome   o;
        json_t          *document;
        const json_t    *c;
        char            *line;

        workplace_begin(&w, NULL);
        foreign_start(&f, &w, s->as);
        line = mem_printf("doctor --json -q --llama-server FAKE --model m "
                          "--base-url http://127.0.0.1:%d", f.port);
        program_run(&w, line, &o);
        bad += differs(&o, s->as, 0, NULL, NULL);
        document = document_of(&o);
        c = candidate_of(document, "m");
        bad += text_differs(c, "server", s->server);
        /* It renders no prompt for us: nothing of its template is made up. */
        c = json_object_get(c, "template");
        bad += text_differs(c, "history", NULL);
        bad += text_differs(c, "system", NULL);
        bad += !json_is_true(json_object_get(c, "ends_turn"));
        json_decref(document);
        outcome_done(&o);
        foreign_end(&f);
        free(line);
        workplace_end(&w);
    }
    assert_int_equal(bad, 0);
}

#endif
