/* SPDX-License-Identifier: MIT */
/* remote_fixture.h - a hub, a home that is nobody's, and models to serve.
 * Included after cmocka.h. */
#ifndef UNIT_REMOTE_FIXTURE_H
#define UNIT_REMOTE_FIXTURE_H

#include <errno.h>
#include <math.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "fake_hub.h"
#include "gguf_writer.h"
#include "model/gguf.h"
#include "remote/remote.h"
#include "temp_tree.h"

#define SECRET "hf_do_not_show_this_token"
#define REPO   "user/Model-GGUF"

struct away {
    struct temp_tree   tree;
    struct fake_hub    hub;
    struct gguf_file   model;         /* small: a header of a few KB        */
    struct remote_model found;
    struct model_facts facts;
    double             read_bytes;
    struct err         err;
};

static inline void away_env(struct away *a, const char *name,
                            const char *below)
{
    char *path = temp_path(&a->tree, below);

    setenv(name, path, 1);
    free(path);
}

static inline void away_begin(struct away *a)
{
    static const char *const unset[] = {
        "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", "HF_HOME",
        "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HUB_OFFLINE",
        "HF_HUB_DISABLE_IMPLICIT_TOKEN"};

    *a = (struct away){.read_bytes = NAN};
    assert_int_equal(temp_tree_init(&a->tree), 0);
    hub_start(&a->hub);
    gguf_small_model(&a->model, "small");
    for (size_t i = 0; i < sizeof unset / sizeof *unset; i++)
        unsetenv(unset[i]);
    setenv("HF_ENDPOINT", a->hub.endpoint, 1);
    away_env(a, "HOME", "home");
    away_env(a, "XDG_CACHE_HOME", "cache");
}

static inline void away_end(struct away *a)
{
    remote_model_done(&a->found);
    model_facts_done(&a->facts);
    hub_stop(&a->hub);
    gguf_free(&a->model);
    temp_tree_done(&a->tree);
}

/* The small model under a name in the repository. */
static inline struct hub_file *away_serve(struct away *a, const char *name)
{
    char            *path = mem_printf("%s/%s", REPO, name);
    struct hub_file *f = hub_add(&a->hub, path, a->model.bytes, a->model.len);

    free(path);
    return f;
}

/* A model whose header has some 20 bytes for each token. */
static inline void away_long_model(struct gguf_file *g, size_t tokens)
{
    char token[32];

    gguf_begin(g, 3, 1, 6);
    gguf_text(g, "general.architecture", "llama");
    gguf_u32(g, "llama.block_count", 2);
    gguf_u32(g, "llama.embedding_length", 64);
    gguf_u32(g, "llama.attention.head_count", 4);
    gguf_u32(g, "llama.context_length", 4096);
    gguf_array(g, "tokenizer.ggml.tokens", 8, tokens);
    for (size_t i = 0; i < tokens; i++) {
        snprintf(token, sizeof token, "word%08zu", i);
        gguf_put_text(g, token);
    }
    gguf_tensor(g, "token_embd.weight", 0, 2, (uint64_t[]){64, 100}, 0);
    gguf_end(g, 32, (size_t)64 * 100 * 4);
}

/* What is known of the model before. */
static inline void away_forget(struct away *a)
{
    remote_model_done(&a->found);
    model_facts_done(&a->facts);
    a->facts = (struct model_facts){.layers = -1};
    a->err = (struct err){0};
    a->read_bytes = NAN;
}

static inline int away_find(struct away *a, const char *name)
{
    int rc;

    away_forget(a);
    rc = remote_find(name, &a->found, &a->err);
    assert_int_equal(rc, a->err.kind ? -1 : 0);
    assert_null(strstr(a->err.text, SECRET));
    assert_null(strstr(a->err.text, "Signature"));
    return rc;
}

static inline int away_facts(struct away *a, const char *name)
{
    int rc = away_find(a, name);

    if (rc) fail_msg("%s: not found: %s", name, a->err.text);
    rc = remote_facts(&a->found, &a->facts, &a->read_bytes, &a->err);
    assert_int_equal(rc, a->err.kind ? -1 : 0);
    assert_null(strstr(a->err.text, SECRET));
    assert_null(strstr(a->err.text, "Signature"));
    return rc;
}

static inline void assert_says(const struct away *a, enum err_kind kind,
                               const char *words)
{
    if (a->err.kind != kind || !strstr(a->err.text, words))
        fail_msg("kind %d, \"%s\" does not say \"%s\"", (int)a->err.kind,
                 a->err.text, words);
}

/* The token was seen by the hub alone. */
static inline void assert_token_stayed(struct away *a)
{
    if (hub_count(&a->hub, "cdn ", SECRET)) fail_msg("%s", a->hub.log.text);
}

#endif
