/* SPDX-License-Identifier: MIT */
/* input_cases.h - what the user gives is wrong: a clear sentence, the exit
 * code of the manual (1 could not complete, 2 input, 3 no engine or model),
 * and no number for it. */
#ifndef TESTS_E2E_INPUT_CASES_H
#define TESTS_E2E_INPUT_CASES_H

#include <sched.h>
#include <sys/mount.h>

#include "base/strbuf.h"
#include "document.h"
#include "listener.h"

/* ---- models ------------------------------------------------------------- */

static const struct model_case {
    const char *file;          /* made by make_bad_models */
    const char *failure;
} model_cases[] = {
    {"missing.gguf", "missing.gguf: no such file"},
    {"empty.gguf", "empty.gguf: is empty; download it again"},
    {"folder.gguf", "folder.gguf: is a directory"},
    {"header.gguf", "header.gguf: is cut short or damaged inside its header"},
    {"data.gguf", "data.gguf: is cut short: the tensors need 7,4"},
    {"random.gguf", "random.gguf: is not a GGUF file: it begins with"},
    {"text.gguf", "text.gguf: is an HTML page, not a GGUF file"},
    {"*.none", "*.none: no model file matches"},
    {"user/none:Q4_K_M", "user/none:Q4_K_M is not on this machine"},
};

static inline void make_bad_models(const struct workplace *w)
{
    unsigned char noise[5000];
    uint32_t      x = 12345;

    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (unsigned char)((x = x * 1664525u + 1013904223u) >> 24);
    workplace_model(w, "good");
    workplace_text(w, "empty.gguf", "");
    workplace_text(w, "folder.gguf/inside", "");
    workplace_cut_model(w, "header.gguf", 300);
    workplace_cut_model(w, "data.gguf", 7000);
    workplace_write(w, "random.gguf", noise, sizeof noise);
    workplace_text(w, "text.gguf", "<!DOCTYPE html><title>404</title>");
}

/* The failure of the only bad candidate of a run. */
static inline int failure_differs(const struct outcome *o, int code,
                                  const char *failure, bool good_is_measured)
{
    json_t     *document = document_of(o), *item;
    const char *got      = "";
    size_t      i;
    int         bad;

    json_array_foreach(json_object_get(document, "candidates"), i, item)
        if (strcmp(text_at(item, "status"), "failed") == 0)
            got = text_at(item, "failure");
    bad = o->code != code || !strstr(got, failure) ||
          good_is_measured != is_measured(document, "good");
    if (bad) {
        print_error("*** audition %s\nwanted exit %d and: %s\ngot %d and: "
                    "%s\n%s", o->line, code, failure, o->code, got, o->err);
    }
    json_decref(document);
    return bad;
}

static void test_a_bad_model_is_told_alone_and_beside_a_good_one(void **state)
{
    struct workplace w;
    int              bad = 0;

    (void)state;
    workplace_begin(&w, NULL);
    make_bad_models(&w);
    for (size_t i = 0; i < sizeof model_cases / sizeof *model_cases; i++) {
        const struct model_case *c = &model_cases[i];
        struct outcome o;
        char *alone = mem_printf("run -q --json -m %s " SHORT, c->file);
        char *both  = mem_printf("%s -m good.gguf", alone);

        program_run(&w, alone, &o);
        bad += failure_differs(&o, strchr(c->file, ':') ? 3 : 2, c->failure,
                               false);
        outcome_done(&o);
        program_run(&w, both, &o);
        bad += failure_differs(&o, 0, c->failure, true);
        outcome_done(&o);
        free(alone);
        free(both);
    }
    bad += run_differs(&w, "run -m empty.gguf -m good.gguf --strict " SHORT,
                       1, "good", NULL);
    bad += run_differs(&w, "run -m empty.gguf -m text.gguf " SHORT, 2, NULL,
                       NULL);
    bad += run_differs(&w, "run -m user/none:Q4_0 -m text.gguf " SHORT, 3,
                       NULL, NULL);
    assert_int_equal(bad, 0);
    workplace_end(&w);
}

static void test_an_unreadable_model_is_told(void **state)
{
    struct workplace w;
    struct outcome   o;
    char            *path;

    (void)state;
    if (geteuid() == 0) skip();               /* root reads everything */
    workplace_begin(&w, NULL);
    workplace_model(&w, "secret");
    path = workplace_path(&w, "secret.gguf");
    assert_int_equal(chmod(path, 0), 0);
    program_run(&w, "run -q --json -m secret.gguf " SHORT, &o);
    assert_int_equal(failure_differs(&o, 2, "Permission denied", false), 0);
    outcome_done(&o);
    free(path);
    workplace_end(&w);
}

/* ---- configs ------------------------------------------------------------ */


static const struct config_case {
    const char *situation, *text, *err;
} config_cases[] = {
    {"unknown field", "candidates:\n  - model: good.gguf\n    contxt: 512\n",
     "c.yaml:3: candidates[0].contxt: unknown field; did you mean `context`?"},
    {"unknown top field", "candidate:\n  - model: good.gguf\n",
     "did you mean `candidates`?"},
    {"wrong type", "cases: many\ncandidates: [{model: good.gguf}]\n",
     "c.yaml:1: cases: "},
    {"a list is wanted", "candidates: good.gguf\n", "c.yaml:1: candidates"},
    {"a mapping is wanted", "thresholds: [1, 2]\n", "c.yaml:1: thresholds"},
    {"indented by a tab", "defaults:\n\tcontext: 512\n", "c.yaml:2: "},
    {"duplicate name", "candidates:\n  - {name: a, model: good.gguf}\n"
     "  - {name: a, model: good.gguf}\n", "c.yaml:3: candidates[1]: name: `a` "
     "is also that of the candidate in line 2"},
    {"duplicate field", "cases: 1\ncases: 2\n", "c.yaml:2: "},
    {"alias bomb", "x0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
     "x1: &a1 [*a0, *a0, *a0, *a0, *a0, *a0, *a0, *a0, *a0]\n"
     "x2: &a2 [*a1, *a1, *a1, *a1, *a1, *a1, *a1, *a1, *a1]\n"
     "x3: &a3 [*a2, *a2, *a2, *a2, *a2, *a2, *a2, *a2, *a2]\n"
     "x4: &a4 [*a3, *a3, *a3, *a3, *a3, *a3, *a3, *a3, *a3]\n"
     "x5: [*a4, *a4, *a4, *a4, *a4, *a4, *a4, *a4, *a4]\n", "alias"},
    {"an alias to itself", "candidates: &x [*x]\n", "c.yaml:1: "},
    {"an alias to what holds it", "defaults: &d\n  sampling: *d\n"
     "candidates: [{model: good.gguf}]\n", "c.yaml:2: "},
    {"an alias to itself below", "suites: &s [home, [*s]]\n", "c.yaml:1: "},
    {"invalid UTF-8", "board: \"a\xff\xfe\"\n", "UTF-8"},
    {"not closed", "candidates: [{model: good.gguf\n", "c.yaml:"},
    {"two documents", "cases: 1\n---\ncases: 2\n", "c.yaml:"},
    {"empty", "", "c.yaml: is empty; `audition init` writes one"},
    {"no candidate", "cases: 3\n", "no candidate"},
    {"a suite that is not there", "suites: [homme]\ncandidates: "
     "[{model: good.gguf}]\n", "homme"},
    {"a rate above 1", "thresholds: {min_quality: 50}\n",
     "c.yaml:1: thresholds.min_quality"},
    {"tools that are no list", "tools: {}\ncandidates: [{model: good.gguf}]\n",
     "c.yaml:1: tools: "},
    {"a tool without a name", "candidates: [{model: good.gguf}]\ntools:\n"
     "  - {type: function, function: {description: x}}\n",
     "function.name: must be 1 to 64 letters"},
    {"parameters that are no JSON Schema", "candidates: [{model: good.gguf}]\n"
     "tools:\n  - {type: function, function: {name: x, parameters: "
     "{type: object, properties: {a: {type: objekt}}}}}\n",
     "properties.a: type: \"objekt\" is no type of JSON Schema"},
    {"silent speech", "speaking_rate: 0\ncandidates: [{model: good.gguf}]\n",
     "c.yaml:1: speaking_rate: `0` is out of range; give 1 to 1000"},
    {"half a switch", "thinking: maybe\ncandidates: [{model: good.gguf}]\n",
     "c.yaml:1: thinking: `maybe` is unknown; give off or keep"},
    {"a server flag of ours", "candidates: [{model: good.gguf, server_args: "
     "[--port, '1']}]\n", NULL},
};

static void test_a_bad_config_is_told_with_its_line(void **state)
{
    struct workplace w;
    char            *big = mem_new(1, (10u << 20) + 1);
    int              bad = 0;

    (void)state;
    workplace_begin(&w, NULL);
    workplace_model(&w, "good");
    for (size_t i = 0; i < sizeof config_cases / sizeof *config_cases; i++) {
        const struct config_case *c = &config_cases[i];
        struct outcome o;

        workplace_text(&w, "c.yaml", c->text);
        program_run(&w, "run -q c.yaml " SHORT, &o);
        bad += differs(&o, c->situation, 2, NULL, c->err);
        outcome_done(&o);
    }
    memset(big, '#', 10u << 20);
    workplace_write(&w, "c.yaml", big, 10u << 20);
    bad += run_differs(&w, "run -q c.yaml", 2, NULL, "at most");
    bad += run_differs(&w, "run -q none.yaml", 2, NULL, "none.yaml: no such");
    bad += run_differs(&w, "run -q .", 2, NULL, "is a directory");
    bad += run_differs(&w, "run -q good.gguf", 2, NULL, "-m good.gguf");
    bad += run_differs(&w, "run -q", 2, NULL, "no candidate: name models");
    assert_int_equal(bad, 0);
    free(big);
    workplace_end(&w);
}

/* The engine's own words on it reach the user, and the other candidate, whose
 * context is large enough, is measured. */
static void test_who_never_ran_has_no_number(void **state)
{
    struct workplace w;
    struct outcome   o;
    json_t          *document, *metrics, *metric;
    const char      *name;

    (void)state;
    workplace_begin(&w, NULL);
    program_run(&w, "run -m nowhere.gguf --json -q", &o);
    expect(&o, 2, NULL, NULL);
    document = document_of(&o);
    metrics = json_object_get(candidate_of(document, "nowhere"), "metrics");
    assert_true(json_object_size(metrics) > 0);
    json_object_foreach(metrics, name, metric)
        if (!json_is_null(json_object_get(metric, "median")))
            fail_msg("%s is not null", name);
    json_decref(document);
    outcome_done(&o);
    workplace_end(&w);
}

static void test_a_prompt_beyond_any_context_is_told(void **state)
{
    struct workplace w;
    struct outcome   o;
    struct strbuf    config;
    json_t          *document;

    (void)state;
    workplace_begin(&w, NULL);
    workplace_model(&w, "good");
    workplace_model(&w, "small");
    strbuf_init(&config, 1u << 20);
    strbuf_add(&config, "candidates:\n  - {model: small.gguf, context: 512}\n"
                        "  - {model: good.gguf, context: 32768}\nprompt: \"");
    for (int i = 0; i < 2000; i++) strbuf_add(&config, "word ");
    strbuf_add(&config, "{{entities}}\"\n");
    workplace_text(&w, "c.yaml", config.text);
    program_run(&w, "run -q --json c.yaml " SHORT, &o);
    document = document_of(&o);
    assert_string_equal(text_at(candidate_of(document, "small"), "status"),
                        "failed");
    assert_non_null(strstr(text_at(candidate_of(document, "small"), "failure"),
                           "exceeds the available context size"));
    assert_true(is_measured(document, "good"));
    json_decref(document);
    outcome_done(&o);
    strbuf_done(&config);
    workplace_end(&w);
}

/* ---- engines and ports -------------------------------------------------- */

static const struct engine_case {
    const char *situation, *script, *options, *failure;
    int         code;
} engine_cases[] = {
    {"none at all", NULL, "", "no llama-server found", 3},
    {"not there", NULL, "--llama-server none", "none cannot be run: No such "
     "file", 3},
    {"a folder", NULL, "--llama-server .", "is a folder, not a program", 3},
    {"not executable", NULL, "--llama-server ./good.gguf",
     "is not executable", 3},
    {"no program", NULL, "--llama-server ./data", "is not a program", 3},
    {"another program", NULL, "--llama-server /bin/echo",
     "is not a llama-server that we can use", 3},
    {"too old", "{\"version\":\"version: 1234 (abc)\"}",
     "--llama-server FAKE", "is llama.cpp build 1234", 3},
    {"without --jinja", "{\"omit_flags\":[\"jinja\"]}",
     "--llama-server FAKE", "has no --jinja", 3},
    {"without -c", "{\"omit_flags\":[\"ctx-size\"]}", "--llama-server FAKE",
     "its --help lacks --ctx-size", 3},
    {"killed by --help", "{\"fail_on_help\":\"sigill\"}",
     "--llama-server FAKE", "SIGILL", 3},
};

static void test_a_bad_engine_is_told(void **state)
{
    struct workplace w;
    char            *data;
    int              bad = 0;

    (void)state;
    workplace_begin(&w, NULL);
    workplace_model(&w, "good");
    workplace_text(&w, "data", "no program\n");
    data = workplace_path(&w, "data");
    assert_int_equal(chmod(data, 0700), 0);
    for (size_t i = 0; i < sizeof engine_cases / sizeof *engine_cases; i++) {
        const struct engine_case *c = &engine_cases[i];
        struct outcome o;
        char *line = mem_printf("run -q --json -m good.gguf %s", c->options);

        workplace_script(&w, c->script);
        program_run(&w, line, &o);
        if (failure_differs(&o, c->code, c->failure, false)) {
            print_error("*** engine: %s\n", c->situation);
            bad++;
        }
        outcome_done(&o);
        free(line);
    }
    assert_int_equal(bad, 0);
    free(data);
    workplace_end(&w);
}

static void test_a_taken_port_is_told(void **state)
{
    struct workplace w;
    struct outcome   o;
    struct listener  l;
    char            *line;

    (void)state;
    workplace_begin(&w, NULL);
    workplace_model(&w, "good");
    listener_start(&l, NULL, 0);
    line = mem_printf("run -q --json -m good.gguf --port %d " SHORT, l.port);
    program_run(&w, line, &o);
    assert_int_equal(failure_differs(&o, 3, "is taken by another program; "
                                     "choose another with --port", false), 0);
    outcome_done(&o);
    listener_end(&l);
    free(line);
    workplace_end(&w);
}

/* ---- disks -------------------------------------------------------------- */

/* A small file system over the program's folder; root may do this in a
 * mount namespace of its own, which ends with this process. */
static inline bool mount_over(const struct workplace *w, const char *options,
                              unsigned long flags)
{
    static int is_private;     /* 0 unknown, 1 yes, -1 impossible */

    if (is_private == 0)
        is_private = unshare(CLONE_NEWNS) == 0 &&
                     mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0
                   ? 1 : -1;
    return is_private == 1 &&
           mount("tmpfs", w->folder, "tmpfs", flags, options) == 0;
}

/* The audition ends with this sentence, what it stored is whole. */
static inline void fill_up(const struct workplace *w, rlim_t file_bytes,
                           const char *err)
{
    struct running r = program_start_with(w, "run -q -m good.gguf --full "
                                          "-r 40 --llama-server FAKE",
                                          file_bytes);
    struct outcome o;

    program_end(&r, &o);
    expect(&o, 1, NULL, err);
    expect_rows(w, "PRAGMA integrity_check", "ok\n");
    expect_rows(w, "SELECT count(*) > 0 FROM trial", "1\n");
    assert_true(all_gone(w));
    outcome_done(&o);
}

static void test_a_full_disk_is_told_and_keeps_what_is_stored(void **state)
{
    struct workplace w;

    (void)state;
    workplace_begin(&w, NULL);
    if (!mount_over(&w, "size=256k", 0)) skip();       /* root only */
    workplace_model(&w, "good");
    fill_up(&w, RLIM_INFINITY, "no space left on the disk");
    assert_int_equal(umount(w.folder), 0);
    workplace_end(&w);
}

static void test_a_limit_of_file_size_is_told_like_a_full_disk(void **state)
{
    struct workplace w;

    (void)state;
    workplace_begin(&w, NULL);
    free(w.record);                  /* the engine has the limit as well */
    w.record = mem_copy("/dev/null");
    workplace_script(&w, NULL);
    workplace_model(&w, "good");
    fill_up(&w, 256u << 10, "audition.db");
    workplace_end(&w);
}

static void test_a_read_only_folder_is_told(void **state)
{
    struct workplace w;
    bool             mounted;

    (void)state;
    workplace_begin(&w, NULL);
    mounted = mount_over(&w, "size=256k", 0);
    workplace_model(&w, "good");
    if (mounted)
        assert_int_equal(mount("tmpfs", w.folder, "tmpfs", MS_REMOUNT |
                               MS_RDONLY, NULL), 0);
    else if (geteuid() == 0)
        skip();
    else
        assert_int_equal(chmod(w.folder, 0500), 0);
    assert_int_equal(run_differs(&w, "run -q -m good.gguf " SHORT, 1, NULL,
                                 "audition.db"), 0);
    assert_int_equal(workplace_requests(&w), 0);
    if (mounted) assert_int_equal(umount(w.folder), 0);
    else chmod(w.folder, 0700);
    workplace_end(&w);
}

/* Every command says so, whatever else it would have said. */
static inline void tell_nobody(const struct workplace *w, const char *line,
                               const char *err)
{
    struct running r = {.out = fopen("/dev/full", "w"), .err = tmpfile(),
                        .line = mem_printf("%s > /dev/full", line)};
    struct argv    a = split(w, line), e = environment(w);
    struct outcome o = {.line = r.line};
    size_t         n;

    r.pid = fork();
    if (r.pid == 0) become(w, &a, &e, fileno(r.out), fileno(r.err),
                           RLIM_INFINITY);
    o.code = end_of(r.pid, r.line);
    fclose(r.out);
    o.out = mem_copy("");
    o.err = all_of(r.err, &n);
    expect(&o, 1, NULL, err);
    argv_done(&a);
    argv_done(&e);
    outcome_done(&o);
}

static void test_a_full_stdout_is_told(void **state)
{
    static const char *const lines[] = {
        "plan -m Llama-3.2-1B", "plan -m Llama-3.2-1B --json", "devices",
        "devices --json", "predict Llama-3.2-1B", "init --stdout"};
    struct workplace w;

    (void)state;
    workplace_begin(&w, NULL);
    workplace_model(&w, "good");
    tell_nobody(&w, "run -q --json -m good.gguf " SHORT,
                "the report could not be written to stdout: No space");
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        tell_nobody(&w, lines[i], "could not be written whole to stdout");
    workplace_end(&w);
}

#endif
