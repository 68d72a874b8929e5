/* SPDX-License-Identifier: MIT */
/* download_fixture.h - a model of some MB at a hub (remote_fixture.h), fetched
 * without waiting. Included after cmocka.h. */
#ifndef UNIT_DOWNLOAD_FIXTURE_H
#define UNIT_DOWNLOAD_FIXTURE_H

#include "base/bytes.h"
#include "remote/download.h"
#include "remote_fixture.h"

#define FILE_NAME "Model-Q4_K_M.gguf"
#define STORE     "cache/huggingface/hub/models--user--Model-GGUF"
#define LOCKS     "cache/huggingface/hub/.locks/models--user--Model-GGUF"

struct seen {
    int    calls;
    int    stop_at;              /* call that says stop; 0: none            */
    double part_bytes, total_bytes;
};

static inline int see(void *ctx, const struct remote_part *part,
                      double part_bytes, double total_bytes)
{
    struct seen *s = ctx;

    assert_non_null(part->path);
    assert_true(part_bytes <= part->size_bytes);
    assert_true(part_bytes <= total_bytes);
    s->part_bytes = part_bytes;
    s->total_bytes = total_bytes;
    return ++s->calls == s->stop_at;
}

/* A model of some MB, so that it does not come in one piece. */
struct bulk {
    struct away      a;
    struct gguf_file g;
    struct hub_file *file;
    char            *blob, *incomplete, *pointer, *path;
    struct seen      seen;
};

static inline void bulk_paths(struct bulk *b, const char *sha256)
{
    char *blob = mem_printf(STORE "/blobs/%s", sha256);

    free(b->blob);
    free(b->incomplete);
    free(b->pointer);
    b->blob = temp_path(&b->a.tree, blob);
    b->incomplete = mem_printf("%s.incomplete", b->blob);
    b->pointer = temp_path(&b->a.tree, STORE "/snapshots/" HUB_COMMIT "/"
                           FILE_NAME);
    free(blob);
}

static inline void bulk_begin(struct bulk *b)
{
    *b = (struct bulk){.seen = {0}};
    away_begin(&b->a);
    away_long_model(&b->g, 200000);
    b->file = hub_add(&b->a.hub, REPO "/" FILE_NAME, b->g.bytes, b->g.len);
    bulk_paths(b, b->file->sha256);
}

static inline void bulk_end(struct bulk *b)
{
    free(b->blob);
    free(b->incomplete);
    free(b->pointer);
    free(b->path);
    away_end(&b->a);          /* before the bytes that its hub serves */
    gguf_free(&b->g);
}

/* A connection that broke is waited for; a test does not wait. */
static inline void count_wait(double seconds)
{
    assert_true(seconds >= 0 && seconds <= 120);
}

static inline int bulk_get(struct bulk *b, const char *name)
{
    struct away           *a = &b->a;
    struct remote_settings settings;
    int                    rc;

    if (away_find(a, name)) fail_msg("%s", a->err.text);
    if (remote_settings_read(&settings, &a->err)) fail_msg("%s", a->err.text);
    settings.wait = count_wait;
    free(b->path);
    b->seen.calls = 0;
    rc = download_model(&settings, &a->found, see, &b->seen, &b->path,
                        &a->err);
    remote_settings_done(&settings);
    assert_int_equal(rc, a->err.kind ? -1 : 0);
    assert_null(strstr(a->err.text, SECRET));
    assert_null(strstr(a->err.text, "Signature"));
    if (rc) assert_null(b->path);
    return rc;
}

static inline double bytes_at(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0 ? (double)st.st_size : NAN;
}

static inline void assert_text(const char *path, const char *want)
{
    struct bytes file = {0};
    struct err   err = {0};

    if (bytes_read(&file, path, 1000, &err)) fail_msg("%s", err.text);
    assert_int_equal(file.size, strlen(want));
    assert_memory_equal(file.data, want, file.size);
    bytes_done(&file);
}

static inline void assert_model(const struct bulk *b, const char *path)
{
    struct bytes file = {0};
    struct err   err = {0};

    if (bytes_read(&file, path, 100 << 20, &err)) fail_msg("%s", err.text);
    assert_int_equal(file.size, b->g.len);
    assert_memory_equal(file.data, b->g.bytes, b->g.len);
    bytes_done(&file);
}

#endif
