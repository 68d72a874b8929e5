/* SPDX-License-Identifier: MIT */
/* remote_cases.h - models that are elsewhere: a header without the file, a
 * download that other tools find, and what a hub may answer instead. The hub
 * is tests/fake_hub.h, in this process, on loopback. */
#ifndef TESTS_E2E_REMOTE_CASES_H
#define TESTS_E2E_REMOTE_CASES_H

#include "base/bytes.h"
#include "base/strbuf.h"
#include "document.h"
#include "fake_hub.h"

#define TINY "acme/Tiny-GGUF"

struct away {
    struct workplace w;
    struct fake_hub  hub;
    struct gguf_file model;
};

static inline void away_start(struct away *a)
{
    char *endpoint;

    workplace_begin(&a->w, NULL);
    hub_start(&a->hub);
    gguf_small_model(&a->model, "tiny");
    hub_add(&a->hub, TINY "/Tiny-Q4_K_M.gguf", (const char *)a->model.bytes,
            a->model.len);
    endpoint = mem_printf("HF_ENDPOINT=%s", a->hub.endpoint);
    workplace_env(&a->w, endpoint);
    free(endpoint);
}

static inline void away_stop(struct away *a)
{
    hub_stop(&a->hub);
    gguf_free(&a->model);
    workplace_end(&a->w);
}

static void test_a_header_is_read_from_a_hub_and_then_from_the_cache(
    void **state)
{
    struct away a;

    (void)state;
    away_start(&a);
    for (int i = 0; i < 2; i++) {
        struct outcome o;
        json_t        *document;
        const json_t  *model;
        program_run(&a.w, "inspect --json hf:" TINY ":Q4_K_M", &o);
        expect(&o, 0, NULL, NULL);
        document = document_of(&o);
        model = json_array_get(json_object_get(document, "models"), 0);
        assert_string_equal(text_at(model, "architecture"), "llama");
        assert_int_equal(json_integer_value(json_object_get(
            model, "file_bytes")), a.model.len);
        if (i)
            assert_int_equal(json_integer_value(json_object_get(
                model, "read_bytes")), 0);
        json_decref(document);
        outcome_done(&o);
    }
    away_stop(&a);
}

static void test_a_download_ends_where_other_tools_look(void **state)
{
    struct away a;
    char       *snapshot;

    (void)state;
    away_start(&a);
    assert_int_equal(run_differs(&a.w, "run -m " TINY ":Q4_K_M " SHORT, 3,
        NULL, "hf download " TINY " --include"), 0);
    assert_int_equal(run_differs(&a.w, "run --download -m " TINY ":Q4_K_M "
        SHORT, 0, NULL, "are free"), 0);
    snapshot = temp_path(&a.w.tree, "home/cache/huggingface/hub/"
                         "models--acme--Tiny-GGUF/snapshots/" HUB_COMMIT
                         "/Tiny-Q4_K_M.gguf");
    if (access(snapshot, R_OK) != 0) fail_msg("%s is not there", snapshot);
    free(snapshot);
    /* Now it is on this machine. */
    assert_int_equal(run_differs(&a.w, "run -m " TINY ":Q4_K_M " SHORT, 0,
        NULL, NULL), 0);
    away_stop(&a);
}

static inline bool file_holds(const struct workplace *w, const char *name,
                              const char *text)
{
    char        *path = workplace_path(w, name);
    struct bytes b;
    struct err   err = {0};
    size_t       len = strlen(text);
    bool         holds = false;

    if (bytes_read(&b, path, 64 << 20, &err)) fail_msg("%s", err.text);
    for (size_t i = 0; i + len <= b.size && !holds; i++)
        holds = memcmp(b.data + i, text, len) == 0;
    bytes_done(&b);
    free(path);
    return holds;
}

static void test_a_url_is_fetched_and_its_secrets_are_nowhere(void **state)
{
    struct away a;
    char       *arguments;

    (void)state;
    away_start(&a);
    arguments = mem_printf("-m http://me:s3cret@%s/files/" TINY
                           "/Tiny-Q4_K_M.gguf?sign=s3cret " SHORT,
                           strstr(a.hub.cdn, "://") + 3);
    for (int download = 0; download < 2; download++) {
        char          *line = mem_printf("run %s%s", download ? "--download "
                                         : "", arguments);
        struct outcome o;
        program_run(&a.w, line, &o);
        expect(&o, download ? 0 : 3, "Tiny-Q4_K_M", NULL);
        assert_null(strstr(o.out, "s3cret"));
        assert_null(strstr(o.err, "s3cret"));
        assert_false(file_holds(&a.w, "report.json", "s3cret"));
        assert_false(file_holds(&a.w, "audition.db", "s3cret"));
        outcome_done(&o);
        free(line);
    }
    free(arguments);
    away_stop(&a);
}

static void test_what_a_hub_may_answer_instead_is_told(void **state)
{
    static const struct {
        struct hub_fault fault;
        const char      *err;
    } cases[] = {
        {{.kind = "status", .status = 404}, TINY},
        {{.kind = "status", .status = 503}, "503"},
        {{.kind = "page", .text = "<html>log in</html>"}, NULL},
    };
    int bad = 0;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct away a;
        away_start(&a);
        hub_fault(&a.hub, cases[i].fault);
        workplace_model(&a.w, "good");
        bad += run_differs(&a.w, "run --download -m " TINY ":Q4_K_M -m "
                           "good.gguf " SHORT, 0, "good", cases[i].err);
        away_stop(&a);
    }
    {
        struct away a;
        away_start(&a);
        a.hub.gated = TINY;
        a.hub.token = "hf_opens";
        bad += run_differs(&a.w, "inspect hf:" TINY, 2, NULL, "HF_TOKEN");
        workplace_env(&a.w, "HF_TOKEN=hf_opens");
        bad += run_differs(&a.w, "inspect hf:" TINY, 0, "llama", NULL);
        bad += run_differs(&a.w, "inspect hf:acme/Nobody", 2, NULL,
                           "acme/Nobody");
        bad += run_differs(&a.w, "inspect hf:" TINY ":Q9_9", 2, NULL,
                           "Q4_K_M");
        away_stop(&a);
    }
    if (bad) fail();
}

#endif
