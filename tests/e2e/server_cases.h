/* SPDX-License-Identifier: MIT */
/* server_cases.h - --base-url: a server that runs already, ours or anybody's,
 * and what is no such server. */
#ifndef TESTS_E2E_SERVER_CASES_H
#define TESTS_E2E_SERVER_CASES_H

#include "document.h"
#include "listener.h"

#define SECRET "sk-e2e-never-shown"
#define BRIEF "--cases 1 -r 1 --blocks 1 --budget 1 --json -q "

/* A fake server that somebody else started. */
struct foreign {
    pid_t pid;
    int   port;
};

static inline void foreign_start(struct foreign *f, const struct workplace *w,
                                 const char *options)
{
    char       *line = mem_printf("--port 0 %s", options);
    struct argv a = split(w, line), e = environment(w);
    int         ends[2];
    FILE       *out;

    if (pipe(ends)) fail_msg("no pipe");
    free(a.words[0]);
    a.words[0] = mem_copy(w->fake);
    f->pid = fork();
    if (f->pid == 0) {
        close(ends[0]);
        become(w, &a, &e, ends[1], open("/dev/null", O_WRONLY),
               RLIM_INFINITY);
    }
    close(ends[1]);
    out = fdopen(ends[0], "r");
    if (!out || fscanf(out, "listening on %d", &f->port) != 1)
        fail_msg("the fake server does not listen");
    fclose(out);
    argv_done(&a);
    argv_done(&e);
    free(line);
}

static inline void foreign_end(struct foreign *f)
{
    kill(f->pid, SIGKILL);
    waitpid(f->pid, NULL, 0);
}

static inline void run_at(const struct workplace *w, int port,
                          const char *options, struct outcome *o)
{
    char *line = mem_printf("run --base-url http://127.0.0.1:%d " BRIEF "%s",
                            port, options);

    program_run(w, line, o);
    free(line);
}

/* The only candidate is measured as far as such a server can be. */
static inline void expect_measured(const struct outcome *o, const char *name,
                                   const char *metric)
{
    json_t       *document = document_of(o);
    const json_t *c = candidate_of(document, name);

    expect(o, 0, NULL, NULL);
    if (!c || !(median_of(c, metric) > 0) ||
        !(median_of(c, "first_sentence_s") > 0) ||
        json_object_size(json_object_get(c, "quality")) == 0) {
        show(o);
        fail_msg("%s was not measured", name);
    }
    if (!isnan(median_of(c, "peak_memory_bytes")))
        fail_msg("memory of a process that is not ours");
    json_decref(document);
}

static const struct foreign_case {
    const char *server;        /* its options */
    const char *options;       /* the audition's */
    const char *name, *metric;
} foreign_cases[] = {
    {"-a big-model", "--model big-model", "big-model", "served_tok_s"},
    {"-a big-model", "--all-models", "big-model", "served_tok_s"},
    {"--plain-openai -a plain", "--model plain", "plain", "served_tok_s"},
    {"--plain-openai -a plain", "--all-models", "plain", "served_tok_s"},
    {"-a kept --api-key " SECRET, "--model kept --api-key " SECRET, "kept",
     "served_tok_s"},
};

/* A secret that was given is in no file and on no stream. */
static inline void expect_secret_kept(const struct workplace *w,
                                      const struct outcome *o)
{
    char *command = mem_printf("/bin/grep -rl %s %s >/dev/null 2>&1", SECRET,
                               w->folder);

    if (strstr(o->out, SECRET) || strstr(o->err, SECRET))
        fail_msg("the API key is shown");
    if (system(command) == 0) fail_msg("the API key is in a file");
    free(command);
}

static void test_a_running_server_is_auditioned(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof foreign_cases / sizeof *foreign_cases;
         i++) {
        const struct foreign_case *c = &foreign_cases[i];
        struct workplace w;
        struct foreign   f;
        struct outcome   o;
        size_t           asked;

        workplace_begin(&w, NULL);
        foreign_start(&f, &w, c->server);
        run_at(&w, f.port, c->options, &o);
        expect_measured(&o, c->name, c->metric);
        expect_secret_kept(&w, &o);
        outcome_done(&o);
        asked = workplace_requests(&w);
        run_at(&w, f.port, c->options, &o);      /* asks only what it is */
        expect_measured(&o, c->name, c->metric);
        if (workplace_requests(&w) > asked + 12)
            fail_msg("%s: measured again", c->name);
        expect_rows(&w, "SELECT count(*) FROM trial WHERE run_id > 1", "0\n");
        outcome_done(&o);
        assert_int_equal(kill(f.pid, 0), 0);     /* not ours to end */
        foreign_end(&f);
        workplace_end(&w);
    }
}

static void test_a_key_from_the_environment_is_used_and_kept(void **state)
{
    struct workplace w;
    struct foreign   f;
    struct outcome   o;

    (void)state;
    workplace_begin(&w, NULL);
    foreign_start(&f, &w, "-a m --api-key " SECRET);
    run_at(&w, f.port, "", &o);
    expect(&o, 3, "the server wants an API key (HTTP 401)", NULL);
    outcome_done(&o);
    run_at(&w, f.port, "--api-key wrong", &o);
    expect(&o, 3, "the server wants an API key (HTTP 401)", NULL);
    outcome_done(&o);
    workplace_env(&w, "OPENAI_API_KEY=" SECRET);
    run_at(&w, f.port, "--model m", &o);
    expect_measured(&o, "m", "served_tok_s");
    expect_secret_kept(&w, &o);
    outcome_done(&o);
    foreign_end(&f);
    workplace_end(&w);
}

static const struct no_server_case {
    const char *situation, *body, *options;
    int         status, code;
    const char *told;          /* on stdout or stderr */
} no_server_cases[] = {
    {"refuses", NULL, "", -1, 3, "refused"},
    {"a web page", "<html>Hello</html>", "", 200, 3,
     "is not an OpenAI-compatible server"},
    {"not found", "<html>404</html>", "", 404, 3,
     "is not an OpenAI-compatible server"},
    {"broken", "{\"error\":{\"message\":\"worker died\"}}", "", 500, 3,
     "worker died"},
    {"other JSON", "[1, 2, 3]", "", 200, 3,
     "is not an OpenAI-compatible server"},
    {"no model", "{\"data\":[]}", "", 200, 3, "offers no model"},
    {"several models", "{\"data\":[{\"id\":\"one\"},{\"id\":\"two\"}]}", "",
     200, 2, "has 2 models; choose one with --model NAME, or take "
     "--all-models: one, two"},
    {"not that model", "{\"data\":[{\"id\":\"one\"},{\"id\":\"two\"}]}",
     "--model three", 200, 2, "has no model \\\"three\\\"; it has: one, two"},
    {"no model, all", "{\"data\":[]}", "--all-models", 200, 3,
     "offers no model"},
    {"a web page, all", "<html>Hello</html>", "--all-models", 200, 3,
     "is not an OpenAI-compatible server"},
};

static void test_what_is_no_model_server_is_told(void **state)
{
    struct workplace w;
    int              bad = 0;

    (void)state;
    workplace_begin(&w, NULL);
    for (size_t i = 0; i < sizeof no_server_cases / sizeof *no_server_cases;
         i++) {
        const struct no_server_case *c = &no_server_cases[i];
        struct listener l;
        struct outcome  o;

        listener_start(&l, c->body, c->status < 0 ? 0 : c->status);
        if (c->status < 0) listener_end(&l);
        run_at(&w, l.port, c->options, &o);
        if (o.code != c->code || !(strstr(o.out, c->told) ||
                                   strstr(o.err, c->told)))
            bad += differs(&o, c->situation, c->code, c->told, c->told) | 1;
        outcome_done(&o);
        if (c->status >= 0) listener_end(&l);
    }
    bad += run_differs(&w, "run -q --base-url nonsense", 3, "nonsense", NULL);
    bad += run_differs(&w, "run -q --base-url ftp://127.0.0.1:1", 3, "ftp",
                       NULL);
    assert_int_equal(bad, 0);
    workplace_end(&w);
}

static void test_a_server_that_goes_away_keeps_what_was_measured(void **state)
{
    struct workplace w;
    struct foreign   f;
    struct outcome   o;

    (void)state;
    workplace_begin(&w, "{\"fault\":{\"kind\":\"exit0\",\"at_request\":80}}");
    foreign_start(&f, &w, "-a m");
    run_at(&w, f.port, "--model m", &o);
    expect(&o, 3, "\"failed\"", NULL);
    outcome_done(&o);
    waitpid(f.pid, NULL, 0);
    expect_rows(&w, "SELECT count(*) > 5 FROM trial WHERE status = 'ok'",
                "1\n");
    workplace_end(&w);
}

#endif
