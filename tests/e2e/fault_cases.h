/* SPDX-License-Identifier: MIT */
/* fault_cases.h - an engine that fails is a result of its candidate and of
 * no other: the message that the user sees, and the others' numbers. */
#ifndef TESTS_E2E_FAULT_CASES_H
#define TESTS_E2E_FAULT_CASES_H

#include "document.h"

#define QUICK_LIMITS "--silence-timeout 0.4 --first-timeout 0.4 " \
                     "--answer-timeout 0.8 --load-timeout 1 "
#define CHAT "\"path\":\"/v1/chat/completions\""

struct fault_case {
    const char *name;          /* of the candidate                     */
    const char *script;        /* what its engine does                 */
    const char *failure;       /* in its failure; NULL: it is measured */
};

static const struct fault_case fault_cases[] = {
    {"good", "{}", NULL},
    /* while it loads */
    {"load-exits", "{\"fail_on_load\":\"exit1\"}",
     "while loading the model, llama-server exited with status 1"},
    {"load-no-gguf", "{\"fail_on_load\":\"badmodel\"}",
     "invalid magic characters"},
    {"load-out-of-memory", "{\"fail_on_load\":\"oom\"}",
     "out of memory allocating weights on CUDA0: 7,024 MiB asked"},
    {"load-sigill", "{\"fail_on_load\":\"sigill\"}",
     "SIGILL: this build of the engine uses instructions this CPU does not"},
    {"load-sigsegv", "{\"fail_on_load\":\"sigsegv\"}", "SIGSEGV"},
    {"load-sigkill", "{\"fail_on_load\":\"sigkill\"}",
     "SIGKILL, as the kernel does when memory runs out"},
    {"load-hangs", "{\"fail_on_load\":\"hang\"}",
     "was not loaded after 1 s; give it more with --load-timeout"},
    /* before an answer */
    {"slow-headers", "{\"fault\":{\"kind\":\"slow_headers\"}}",
     "no answer came within 0.4 s"},
    {"http-500", "{\"fault\":{\"kind\":\"http500\"}}",
     "the server answered HTTP 500 to /v1/chat/completions: scripted"},
    {"http-503", "{\"fault\":{\"kind\":\"http503\"}}",
     "the server answered HTTP 503 to /v1/chat/completions: Loading model"},
    {"http-429", "{\"fault\":{\"kind\":\"http429\"}}",
     "the server is busy (HTTP 429 on /v1/chat/completions)"},
    {"html", "{\"fault\":{\"kind\":\"html\"}}",
     "is this an OpenAI-compatible server?"},
    {"empty", "{\"fault\":{\"kind\":\"empty\"}}", "sent no event at all"},
    {"wrong-length", "{\"fault\":{\"kind\":\"wrong_content_length\"}}",
     "closed the connection before its reply was complete"},
    /* in an answer */
    {"dribble", "{\"fault\":{\"kind\":\"dribble\",\"s\":0.005}}",
     " s; look at the server's log, or give it more with --"},
    {"stall", "{\"fault\":{\"kind\":\"stall\"}}",
     "fell silent before its end for more than 0.4 s"},
    {"cut", "{\"fault\":{\"kind\":\"cut\"}}",
     "closed the connection before its reply was complete"},
    {"endless", "{\"fault\":{\"kind\":\"endless\"}}",
     "the answer was not complete after 0.8 s"},
    {"only-comments", "{\"fault\":{\"kind\":\"only_comments\"}}",
     "no answer came within 0.4 s"},
    {"huge-token", "{\"fault\":{\"kind\":\"huge_token\"}}", "longer than"},
    {"garbage", "{\"fault\":{\"kind\":\"garbage_sse\"}}", "not JSON"},
    {"odd-shapes", "{\"fault\":{\"kind\":\"odd_shapes\"}}", "tool calls"},
    {"error-event", "{\"fault\":{\"kind\":\"error_event\"}}",
     "gave up in the middle of its answer: Compute error."},
    {"dies-sigsegv", "{\"fault\":{\"kind\":\"die_sigsegv\"}}",
     "while answering, llama-server was killed by SIGSEGV"},
    {"dies-sigkill", "{\"fault\":{\"kind\":\"die_sigkill\"}}",
     "while answering, llama-server was killed by SIGKILL"},
    {"dies-of-memory", "{\"fault\":{\"kind\":\"oom_mid\"}}",
     "out of memory allocating"},
    {"ends", "{\"fault\":{\"kind\":\"exit0\"}}",
     "while answering, llama-server exited with status 0"},
    /* strange, but an answer */
    {"nul-bytes", "{\"fault\":{" CHAT ",\"kind\":\"nul_bytes\"}}", NULL},
    {"invalid-utf8", "{\"fault\":{" CHAT ",\"kind\":\"invalid_utf8\"}}", NULL},
    {"one-chunk", "{\"fault\":{" CHAT ",\"kind\":\"one_chunk\"}}", NULL},
    {"no-done", "{\"fault\":{\"kind\":\"no_done\"}}", NULL},
    /* once: tried again, and measured like any other */
    {"cut-once", "{\"fault\":{\"kind\":\"cut\",\"once\":\"ONCE-1\"}}", NULL},
    {"http-503-once", "{\"fault\":{\"kind\":\"http503\",\"once\":\"ONCE-2\"}}",
     NULL},
    {"length-once", "{\"fault\":{\"kind\":\"wrong_content_length\",\"once\":"
     "\"ONCE-3\"}}", NULL},
};

#define N_FAULT_CASES (sizeof fault_cases / sizeof *fault_cases)

/* "ONCE-n" becomes a file of this workplace. */
static inline json_t *behaviour(const struct workplace *w,
                                const struct fault_case *c)
{
    json_t     *script = json_loads(c->script, 0, NULL);
    json_t     *fault  = json_object_get(script, "fault");
    const char *once   = json_string_value(json_object_get(fault, "once"));

    if (!script) fail_msg("%s: no JSON", c->name);
    if (once) {
        char *path = mem_printf("%s/%s", w->tree.root, once);
        json_object_set_new(fault, "once", json_string(path));
        free(path);
    }
    return script;
}

static inline void make_faulty_models(const struct workplace *w)
{
    json_t *script = json_object(), *models = json_object();
    char   *text;

    for (size_t i = 0; i < N_FAULT_CASES; i++) {
        char *part = mem_printf("/%s.gguf", fault_cases[i].name);

        workplace_model(w, fault_cases[i].name);
        json_object_set_new(models, part + 1, behaviour(w, &fault_cases[i]));
        free(part);
    }
    json_object_set_new(script, "models", models);
    text = json_dumps(script, 0);
    workplace_script(w, text);
    free(text);
    json_decref(script);
}

static inline int fault_differs(const json_t *document,
                                const struct fault_case *c)
{
    const json_t *got     = candidate_of(document, c->name);
    const char   *status  = text_at(got, "status");
    const char   *failure = text_at(got, "failure");
    bool          is_as_wanted = c->failure
        ? strcmp(status, "failed") == 0 && strstr(failure, c->failure)
        : is_measured(document, c->name);

    if (is_as_wanted) return 0;
    print_error("*** %s: wanted %s, got %s: %s\n", c->name,
                c->failure ? c->failure : "numbers", status, failure);
    return 1;
}

/* One audition of them all: none may spoil another. */
static void test_every_fault_is_told_and_spoils_no_other(void **state)
{
    struct workplace w;
    struct outcome   o;
    json_t          *document;
    int              bad = 0;

    (void)state;
    workplace_begin(&w, NULL);
    make_faulty_models(&w);
    program_run(&w, "run -m *.gguf --json " SHORT QUICK_LIMITS, &o);
    expect(&o, 0, NULL, NULL);
    document = document_of(&o);
    for (size_t i = 0; i < N_FAULT_CASES; i++)
        bad += fault_differs(document, &fault_cases[i]);
    if (bad) fail_msg("%d candidates are not as they should be", bad);
    assert_true(all_gone(&w));
    json_decref(document);
    outcome_done(&o);
    workplace_end(&w);
}

/* Alone with a good one, each is named to a person on stderr. */
static void test_a_failing_candidate_is_named_on_stderr(void **state)
{
    struct workplace w;

    (void)state;
    workplace_begin(&w, "{\"models\":{\"bad.gguf\":{\"fail_on_load\":"
                        "\"sigsegv\"}}}");
    workplace_model(&w, "good");
    workplace_model(&w, "bad");
    assert_int_equal(run_differs(&w, "run -m good.gguf -m bad.gguf " SHORT, 0,
                                 "good", "audition: bad: while loading the "
                                 "model, llama-server was killed by SIGSEGV"),
                     0);
    workplace_end(&w);
}

#endif
