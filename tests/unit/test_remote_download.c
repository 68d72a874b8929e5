/* SPDX-License-Identifier: MIT */
/* test_remote_download.c - whole files into the cache: gone on with, checked,
 * and laid out as huggingface_hub does it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/bytes.h"
#include "base/stop.h"
#include "remote_fixture.h"

#define FILE_NAME "Model-Q4_K_M.gguf"
#define STORE     "cache/huggingface/hub/models--user--Model-GGUF"
#define LOCKS     "cache/huggingface/hub/.locks/models--user--Model-GGUF"

struct seen {
    int    calls;
    int    stop_at;              /* call that says stop; 0: none            */
    double part_bytes, total_bytes;
};

static int see(void *ctx, const struct remote_part *part, double part_bytes,
               double total_bytes)
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

static void bulk_paths(struct bulk *b, const char *sha256)
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

static void bulk_begin(struct bulk *b)
{
    *b = (struct bulk){.seen = {0}};
    away_begin(&b->a);
    away_long_model(&b->g, 200000);
    b->file = hub_add(&b->a.hub, REPO "/" FILE_NAME, b->g.bytes, b->g.len);
    bulk_paths(b, b->file->sha256);
}

static void bulk_end(struct bulk *b)
{
    free(b->blob);
    free(b->incomplete);
    free(b->pointer);
    free(b->path);
    away_end(&b->a);          /* before the bytes that its hub serves */
    gguf_free(&b->g);
}

static int bulk_get(struct bulk *b, const char *name)
{
    struct away *a = &b->a;
    int          rc;

    if (away_find(a, name)) fail_msg("%s", a->err.text);
    free(b->path);
    b->seen.calls = 0;
    rc = remote_download(&a->found, see, &b->seen, &b->path, &a->err);
    assert_int_equal(rc, a->err.kind ? -1 : 0);
    assert_null(strstr(a->err.text, SECRET));
    assert_null(strstr(a->err.text, "Signature"));
    if (rc) assert_null(b->path);
    return rc;
}

static double bytes_at(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0 ? (double)st.st_size : NAN;
}

static void assert_text(const char *path, const char *want)
{
    struct bytes file = {0};
    struct err   err = {0};

    if (bytes_read(&file, path, 1000, &err)) fail_msg("%s", err.text);
    assert_int_equal(file.size, strlen(want));
    assert_memory_equal(file.data, want, file.size);
    bytes_done(&file);
}

static void assert_model(const struct bulk *b, const char *path)
{
    struct bytes file = {0};
    struct err   err = {0};

    if (bytes_read(&file, path, 100 << 20, &err)) fail_msg("%s", err.text);
    assert_int_equal(file.size, b->g.len);
    assert_memory_equal(file.data, b->g.bytes, b->g.len);
    bytes_done(&file);
}

/* ---- the usual way ----------------------------------------------------- */

static void test_a_file_is_laid_out_as_the_hubs_own_tools_do(void **state)
{
    (void)state;
    struct bulk b;
    char        link[200] = "", *want, *ref;
    struct stat st;

    bulk_begin(&b);
    setenv("HF_TOKEN", SECRET, 1);
    if (bulk_get(&b, REPO)) fail_msg("%s", b.a.err.text);
    assert_string_equal(b.path, b.pointer);
    assert_true(readlink(b.path, link, sizeof link - 1) > 0);
    want = mem_printf("../../blobs/%s", b.file->sha256);
    assert_string_equal(link, want);
    assert_model(&b, b.path);
    assert_int_equal(lstat(b.blob, &st), 0);
    assert_true(S_ISREG(st.st_mode));
    assert_true(isnan(bytes_at(b.incomplete)));
    ref = temp_path(&b.a.tree, STORE "/refs/main");
    assert_text(ref, HUB_COMMIT);
    assert_true(b.seen.calls >= 1);
    assert_true(b.seen.part_bytes == (double)b.g.len);
    assert_true(b.seen.total_bytes == (double)b.g.len);
    /* Large files are refused by some CDNs when no range is asked for. */
    assert_int_equal(hub_count(&b.a.hub, "cdn GET", "range=bytes=0- "), 1);
    assert_int_equal(hub_count(&b.a.hub, "hub GET", SECRET), 3);
    assert_token_stayed(&b.a);
    free(want);
    free(ref);
    bulk_end(&b);
}

static void test_what_is_there_is_not_fetched_again(void **state)
{
    (void)state;
    struct bulk          b;
    struct download_plan plan;

    bulk_begin(&b);
    if (bulk_get(&b, REPO)) fail_msg("%s", b.a.err.text);
    if (bulk_get(&b, REPO)) fail_msg("%s", b.a.err.text);
    assert_string_equal(b.path, b.pointer);
    assert_int_equal(hub_count(&b.a.hub, "cdn ", NULL), 1);
    if (remote_plan(&b.a.found, &plan, &b.a.err))
        fail_msg("%s", b.a.err.text);
    assert_true(plan.total_bytes == (double)b.g.len);
    assert_true(plan.present_bytes == plan.total_bytes);
    assert_true(plan.free_bytes > 0);
    download_plan_done(&plan);

    /* Without its pointer the blob is still there. */
    unlink(b.pointer);
    if (bulk_get(&b, REPO)) fail_msg("%s", b.a.err.text);
    assert_model(&b, b.pointer);
    assert_int_equal(hub_count(&b.a.hub, "cdn ", NULL), 1);
    bulk_end(&b);
}

static void test_the_cache_is_where_the_variables_say(void **state)
{
    (void)state;
    struct bulk b;
    char       *want;

    bulk_begin(&b);
    away_env(&b.a, "HF_HUB_CACHE", "other/disk");
    if (bulk_get(&b, REPO)) fail_msg("%s", b.a.err.text);
    want = temp_path(&b.a.tree, "other/disk/models--user--Model-GGUF/snapshots"
                     "/" HUB_COMMIT "/" FILE_NAME);
    assert_string_equal(b.path, want);
    assert_model(&b, want);
    free(want);
    bulk_end(&b);
}

static void test_all_parts_of_a_split_model_are_fetched(void **state)
{
    (void)state;
    struct bulk b;
    char        link[200] = "", *first, *second;

    bulk_begin(&b);
    hub_add(&b.a.hub, REPO "/d/e/m-Q8_0-00001-of-00002.gguf", b.g.bytes,
            b.g.len);
    hub_add(&b.a.hub, REPO "/d/e/m-Q8_0-00002-of-00002.gguf",
            b.a.model.bytes, b.a.model.len);
    if (bulk_get(&b, REPO ":Q8_0")) fail_msg("%s", b.a.err.text);
    first = temp_path(&b.a.tree, STORE "/snapshots/" HUB_COMMIT "/d/e/"
                      "m-Q8_0-00001-of-00002.gguf");
    second = temp_path(&b.a.tree, STORE "/snapshots/" HUB_COMMIT "/d/e/"
                       "m-Q8_0-00002-of-00002.gguf");
    assert_string_equal(b.path, first);
    assert_true(readlink(second, link, sizeof link - 1) > 0);
    assert_memory_equal(link, "../../../../blobs/", 18);
    assert_model(&b, first);
    assert_true(b.seen.total_bytes == (double)(b.g.len + b.a.model.len));
    free(first);
    free(second);
    bulk_end(&b);
}

static void test_a_small_file_outside_lfs_is_fetched_too(void **state)
{
    (void)state;
    struct bulk b;

    bulk_begin(&b);
    b.file->is_small = true;
    bulk_paths(&b, HUB_SHA1);
    if (bulk_get(&b, REPO)) fail_msg("%s", b.a.err.text);
    assert_model(&b, b.path);
    assert_true(bytes_at(b.blob) == (double)b.g.len);
    bulk_end(&b);
}

/* ---- stopped and gone on with ------------------------------------------ */

static void test_a_stopped_download_is_gone_on_with(void **state)
{
    (void)state;
    struct bulk b;
    double      kept;
    char       *range;

    bulk_begin(&b);
    b.seen.stop_at = 1;
    assert_int_equal(bulk_get(&b, REPO), -1);
    assert_says(&b.a, ERR_STOPPED, "are kept and gone on with the next time");
    kept = bytes_at(b.incomplete);
    assert_true(kept > 0 && kept < (double)b.g.len);
    assert_true(isnan(bytes_at(b.pointer)));
    b.seen.stop_at = 0;
    if (bulk_get(&b, REPO)) fail_msg("%s", b.a.err.text);
    assert_model(&b, b.path);
    range = mem_printf("range=bytes=%.0f- ", kept);
    assert_int_equal(hub_count(&b.a.hub, "cdn GET", range), 1);
    free(range);
    bulk_end(&b);
}

static int raise_term(void *ctx, const struct remote_part *part, double bytes,
                      double total)
{
    (void)ctx;
    (void)part;
    (void)bytes;
    (void)total;
    raise(SIGTERM);
    return 0;
}

/* In a child, since a stop is for ever. */
static void test_a_signal_leaves_what_came(void **state)
{
    (void)state;
    struct bulk b;
    pid_t       pid;
    int         status;

    bulk_begin(&b);
    if (away_find(&b.a, REPO)) fail_msg("%s", b.a.err.text);
    pid = fork();
    if (pid == 0) {
        struct err err = {0};
        char      *path;
        int        rc;

        stop_install();
        rc = remote_download(&b.a.found, raise_term, NULL, &path, &err);
        _exit(rc == -1 && err.kind == ERR_STOPPED &&
              strstr(err.text, "are kept") ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_true(bytes_at(b.incomplete) > 0);
    if (bulk_get(&b, REPO)) fail_msg("%s", b.a.err.text);
    assert_model(&b, b.path);
    bulk_end(&b);
}

static void test_a_cut_connection_is_gone_on_with(void **state)
{
    (void)state;
    static const size_t bytes[] = {0, 2, 5000, 2000000};

    for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++) {
        struct bulk b;
        char       *range = mem_printf("range=bytes=%zu- if-range=%s",
                                       bytes[i], bytes[i] ? "\"cdn" : "");
        bulk_begin(&b);
        hub_fault(&b.a.hub, (struct hub_fault){.kind = "cut", .cdn = true,
                                               .bytes = bytes[i],
                                               .times = 1});
        if (bulk_get(&b, REPO)) fail_msg("%s", b.a.err.text);
        assert_model(&b, b.path);
        assert_true(hub_count(&b.a.hub, "cdn GET", range) >= 1);
        free(range);
        bulk_end(&b);
    }
}

static void test_a_busy_cdn_is_asked_again(void **state)
{
    (void)state;
    struct bulk b;

    bulk_begin(&b);
    hub_fault(&b.a.hub, (struct hub_fault){.kind = "cut", .cdn = true,
                                           .bytes = 1500000, .times = 1});
    hub_fault(&b.a.hub, (struct hub_fault){.kind = "status", .status = 503,
        .text = "Retry-After: 0\r\n", .cdn = true, .times = 1});
    hub_fault(&b.a.hub, (struct hub_fault){.kind = "status", .status = 429,
        .text = "Retry-After: 0\r\n", .cdn = true, .times = 2});
    if (bulk_get(&b, REPO)) fail_msg("%s", b.a.err.text);
    assert_model(&b, b.path);
    bulk_end(&b);
}

static void test_tries_without_progress_end_and_keep_what_came(void **state)
{
    (void)state;
    struct bulk b;

    bulk_begin(&b);
    hub_fault(&b.a.hub, (struct hub_fault){.kind = "cut", .cdn = true,
                                           .bytes = 1500000, .times = 1});
    hub_fault(&b.a.hub, (struct hub_fault){.kind = "status", .status = 503,
        .text = "Retry-After: 0\r\n", .cdn = true});
    assert_int_equal(bulk_get(&b, REPO), -1);
    assert_says(&b.a, ERR_FAILED, FILE_NAME ": the server answered 503");
    assert_true(bytes_at(b.incomplete) == 1500000);
    assert_true(hub_count(&b.a.hub, "cdn ", NULL) < 10);
    bulk_end(&b);
}

static void test_a_throttled_server_is_waited_for(void **state)
{
    (void)state;
    struct bulk b;

    bulk_begin(&b);
    hub_fault(&b.a.hub, (struct hub_fault){.kind = "throttle", .cdn = true,
                                           .bytes = 50000});
    if (bulk_get(&b, REPO)) fail_msg("%s", b.a.err.text);
    assert_model(&b, b.path);
    bulk_end(&b);
}

static void test_a_server_that_ignores_ranges_begins_anew(void **state)
{
    (void)state;
    static const char *const kinds[] = {"no_range", "no_length"};

    for (size_t i = 0; i < 2; i++) {
        struct bulk b;

        bulk_begin(&b);
        hub_fault(&b.a.hub, (struct hub_fault){.kind = "cut", .cdn = true,
                                               .bytes = 100000, .times = 1});
        hub_fault(&b.a.hub, (struct hub_fault){.kind = kinds[i],
                                               .cdn = true});
        if (bulk_get(&b, REPO)) fail_msg("%s", b.a.err.text);
        assert_model(&b, b.path);
        bulk_end(&b);
    }
}

/* ---- bytes that are wrong ---------------------------------------------- */

static void test_a_wrong_sum_is_removed_and_named(void **state)
{
    (void)state;
    struct bulk b;
    char        wrong[65];

    bulk_begin(&b);
    memset(wrong, 'a', 64);
    wrong[64] = '\0';
    memcpy(b.file->sha256, wrong, sizeof wrong);
    bulk_paths(&b, wrong);
    assert_int_equal(bulk_get(&b, REPO), -1);
    assert_says(&b.a, ERR_FAILED, FILE_NAME ": what came has the SHA-256");
    assert_says(&b.a, ERR_FAILED, "the hub says aaaaaaaaaaaa");
    assert_true(isnan(bytes_at(b.incomplete)));
    assert_true(isnan(bytes_at(b.blob)));
    assert_true(isnan(bytes_at(b.pointer)));
    bulk_end(&b);
}

static void test_a_spoilt_rest_of_an_earlier_try_is_found(void **state)
{
    (void)state;
    struct bulk b;
    char       *below;

    bulk_begin(&b);
    below = mem_printf(STORE "/blobs/%s.incomplete", b.file->sha256);
    temp_text(&b.a.tree, below, "GGUF, but not this one");
    assert_int_equal(bulk_get(&b, REPO), -1);
    assert_says(&b.a, ERR_FAILED, "SHA-256");
    if (bulk_get(&b, REPO)) fail_msg("%s", b.a.err.text);
    assert_model(&b, b.path);
    free(below);
    bulk_end(&b);
}

/* Longer than the file can be: not a beginning of it. */
static void test_a_rest_that_is_too_long_is_begun_anew(void **state)
{
    (void)state;
    struct bulk b;

    bulk_begin(&b);
    if (bulk_get(&b, REPO)) fail_msg("%s", b.a.err.text);
    assert_int_equal(rename(b.blob, b.incomplete), 0);
    unlink(b.pointer);
    assert_int_equal(truncate(b.incomplete, (off_t)b.g.len + 1), 0);
    if (bulk_get(&b, REPO)) fail_msg("%s", b.a.err.text);
    assert_model(&b, b.path);

    /* A blob of another size is no blob. */
    assert_int_equal(truncate(b.blob, 10), 0);
    if (bulk_get(&b, REPO)) fail_msg("%s", b.a.err.text);
    assert_model(&b, b.path);
    bulk_end(&b);
}

/* All there but for its name: nothing is asked for, and it is checked. */
static void test_a_rest_that_is_whole_only_gets_its_name(void **state)
{
    (void)state;
    struct bulk b;
    size_t      before;

    bulk_begin(&b);
    if (bulk_get(&b, REPO)) fail_msg("%s", b.a.err.text);
    before = hub_count(&b.a.hub, "cdn ", NULL);
    assert_int_equal(rename(b.blob, b.incomplete), 0);
    if (bulk_get(&b, REPO)) fail_msg("%s", b.a.err.text);
    assert_model(&b, b.path);
    assert_int_equal(hub_count(&b.a.hub, "cdn ", NULL), before);
    bulk_end(&b);
}

static void test_replies_that_lie_are_named(void **state)
{
    (void)state;
    static const struct {
        struct hub_fault fault;
        const char      *words;
    } cases[] = {
        {{.kind = "endless"}, "more than the"},
        {{.kind = "says", .text = ""}, "does not say which"},
        {{.kind = "says", .text = "bytes 7-100/1000"}, "other bytes"},
        {{.kind = "says", .text = "bytes 0-99/100"}, "announced"},
        {{.kind = "encoded"}, "compressed"},
        {{.kind = "page", .text = "<html>quota</html>"}, "web page"},
        {{.kind = "raw", .text = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n"
          "\r\nGGUF"}, "announced"},
        {{.kind = "raw", .text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: "
          "chunked\r\n\r\n8\r\n{\"a\":\"b\"\r\n"}, "no GGUF"},
        {{.kind = "status", .status = 404}, "404"},
        {{.kind = "status", .status = 416}, "changes while"},
        {{.kind = "redirect", .text = "http://example.org/"},
         "not encrypted"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bulk      b;
        struct hub_fault fault = cases[i].fault;

        bulk_begin(&b);
        fault.cdn = true;
        hub_fault(&b.a.hub, fault);
        assert_int_equal(bulk_get(&b, REPO), -1);
        assert_says(&b.a, b.a.err.kind, cases[i].words);
        assert_says(&b.a, b.a.err.kind, FILE_NAME);
        assert_true(isnan(bytes_at(b.blob)));
        assert_true(isnan(bytes_at(b.pointer)));
        bulk_end(&b);
    }
}

/* ---- the disk ---------------------------------------------------------- */

static void test_no_space_is_told_before_anything_is_fetched(void **state)
{
    (void)state;
    struct bulk b;

    bulk_begin(&b);
    if (away_find(&b.a, REPO)) fail_msg("%s", b.a.err.text);
    b.a.found.parts[0].size_bytes = 1e18;
    assert_int_equal(remote_download(&b.a.found, NULL, NULL, &b.path,
                                     &b.a.err), -1);
    assert_says(&b.a, ERR_PREFLIGHT, "TiB are still to come and ");
    assert_says(&b.a, ERR_PREFLIGHT, "are free at ");
    assert_int_equal(hub_count(&b.a.hub, "cdn ", NULL), 0);
    bulk_end(&b);
}

/* In a child: a limit of files cannot be raised again. */
static void test_a_full_disk_keeps_what_came(void **state)
{
    (void)state;
    struct bulk b;
    pid_t       pid;
    int         status;

    bulk_begin(&b);
    if (away_find(&b.a, REPO)) fail_msg("%s", b.a.err.text);
    pid = fork();
    if (pid == 0) {
        struct rlimit limit = {1000000, 1000000};
        struct err    err = {0};
        char         *path;
        int           rc;

        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &limit);
        rc = remote_download(&b.a.found, NULL, NULL, &path, &err);
        _exit(rc == -1 && err.kind == ERR_FAILED &&
              strstr(err.text, "disk is full or a limit") ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_true(bytes_at(b.incomplete) == 1000000);
    if (bulk_get(&b, REPO)) fail_msg("%s", b.a.err.text);
    assert_model(&b, b.path);
    assert_int_equal(hub_count(&b.a.hub, "cdn GET", "bytes=1000000-"), 1);
    bulk_end(&b);
}

/* ---- others ------------------------------------------------------------ */

struct rival {
    struct bulk *b;
    int          lock, calls;
};

/* Another program has the lock; it finishes the file and lets go. */
static int rival_ends(void *ctx, const struct remote_part *part,
                      double part_bytes, double total_bytes)
{
    struct rival *r = ctx;

    (void)part;
    (void)part_bytes;
    (void)total_bytes;
    if (r->calls++ > 0) return 0;
    temp_folders(r->b->blob);
    temp_write(&r->b->a.tree, r->b->blob + strlen(r->b->a.tree.root) + 1,
               r->b->g.bytes, r->b->g.len);
    close(r->lock);
    return 0;
}

static void test_two_downloads_of_one_file_are_one(void **state)
{
    (void)state;
    struct bulk  b;
    struct rival r = {.b = &b};
    char        *below, *path;

    bulk_begin(&b);
    below = mem_printf(LOCKS "/%s.lock", b.file->sha256);
    temp_text(&b.a.tree, below, "");
    path = temp_path(&b.a.tree, below);
    r.lock = open(path, O_RDWR | O_CLOEXEC);
    assert_int_equal(flock(r.lock, LOCK_EX), 0);
    if (away_find(&b.a, REPO)) fail_msg("%s", b.a.err.text);
    if (remote_download(&b.a.found, rival_ends, &r, &b.path, &b.a.err))
        fail_msg("%s", b.a.err.text);
    assert_true(r.calls >= 1);
    assert_model(&b, b.path);
    assert_int_equal(hub_count(&b.a.hub, "cdn ", NULL), 0);
    free(below);
    free(path);
    bulk_end(&b);
}

static void test_a_waiting_download_can_be_stopped(void **state)
{
    (void)state;
    struct bulk b;
    char       *below, *path;
    int         fd;

    bulk_begin(&b);
    below = mem_printf(LOCKS "/%s.lock", b.file->sha256);
    temp_text(&b.a.tree, below, "");
    path = temp_path(&b.a.tree, below);
    fd = open(path, O_RDWR | O_CLOEXEC);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    b.seen.stop_at = 1;
    assert_int_equal(bulk_get(&b, REPO), -1);
    assert_int_equal(b.a.err.kind, ERR_STOPPED);
    close(fd);
    free(below);
    free(path);
    bulk_end(&b);
}

/* A link in the place of a folder that the server names leads elsewhere. */
static void test_links_in_the_way_are_not_followed(void **state)
{
    (void)state;
    struct bulk b;
    char       *outside;

    bulk_begin(&b);
    hub_add(&b.a.hub, REPO "/sub/m-Q8_0.gguf", b.g.bytes, b.g.len);
    temp_text(&b.a.tree, "outside/keep", "");
    outside = temp_path(&b.a.tree, "outside");
    temp_link(&b.a.tree, STORE "/snapshots/" HUB_COMMIT "/sub", outside);
    assert_int_equal(bulk_get(&b, REPO ":Q8_0"), -1);
    assert_says(&b.a, ERR_FAILED, "sub: cannot be a folder of the cache");
    free(outside);
    outside = temp_path(&b.a.tree, "outside/m-Q8_0.gguf");
    assert_true(isnan(bytes_at(outside)));
    free(outside);

    /* Nor is one in the place of the file that is written. */
    temp_text(&b.a.tree, "victim", "untouched");
    outside = temp_path(&b.a.tree, "victim");
    unlink(b.blob);
    unlink(b.incomplete);
    assert_int_equal(symlink(outside, b.incomplete), 0);
    assert_int_equal(bulk_get(&b, REPO), -1);
    assert_says(&b.a, ERR_FAILED, "cannot be written");
    assert_text(outside, "untouched");
    free(outside);
    bulk_end(&b);
}

static void test_names_that_lead_out_are_refused(void **state)
{
    (void)state;
    static const char *const paths[] = {"../x.gguf", "/tmp/x.gguf", "a/../b",
                                        ""};
    static const char *const etags[] = {"../../x", "", "abc"};
    struct bulk b;
    char       *path;

    bulk_begin(&b);
    if (away_find(&b.a, REPO)) fail_msg("%s", b.a.err.text);
    for (size_t i = 0; i < 7; i++) {
        struct remote_part  bad = b.a.found.parts[0];
        struct remote_model m = b.a.found;
        struct err          err = {0};

        m.parts = &bad;
        if (i < 4) bad.path = (char *)paths[i];
        else bad.etag = (char *)etags[i - 4];
        assert_int_equal(remote_download(&m, NULL, NULL, &path, &err), -1);
        assert_int_equal(err.kind, ERR_FAILED);
    }
    assert_int_equal(hub_count(&b.a.hub, "cdn ", NULL), 0);
    bulk_end(&b);
}

/* ---- URLs -------------------------------------------------------------- */

static void test_a_url_is_fetched_into_our_own_cache(void **state)
{
    (void)state;
    struct bulk b;
    char       *url, *folder, *other;

    bulk_begin(&b);
    setenv("HF_TOKEN", SECRET, 1);
    url = mem_printf("%s/files/" REPO "/" FILE_NAME, b.a.hub.cdn);
    hub_fault(&b.a.hub, (struct hub_fault){.kind = "cut", .method = "GET",
                                           .bytes = 100000, .times = 1});
    if (bulk_get(&b, url)) fail_msg("%s", b.a.err.text);
    folder = temp_path(&b.a.tree, "cache/audition/models/");
    assert_memory_equal(b.path, folder, strlen(folder));
    assert_string_equal(strrchr(b.path, '/') + 1, FILE_NAME);
    assert_model(&b, b.path);
    if (bulk_get(&b, url)) fail_msg("%s", b.a.err.text);
    assert_int_equal(hub_count(&b.a.hub, "GET", NULL), 2);

    /* Another content is another file. */
    other = mem_copy(b.path);
    hub_fault(&b.a.hub, (struct hub_fault){.kind = "tag",
                                           .text = "\"other\""});
    if (bulk_get(&b, url)) fail_msg("%s", b.a.err.text);
    assert_string_not_equal(b.path, other);
    assert_token_stayed(&b.a);
    free(other);
    free(folder);
    free(url);
    bulk_end(&b);
}

static void test_a_url_that_changes_on_the_way_is_begun_anew(void **state)
{
    (void)state;
    struct bulk b;
    char       *url;

    bulk_begin(&b);
    url = mem_printf("%s/files/" REPO "/" FILE_NAME, b.a.hub.cdn);
    hub_fault(&b.a.hub, (struct hub_fault){.kind = "cut", .method = "GET",
                                           .bytes = 100000, .times = 1});
    hub_fault(&b.a.hub, (struct hub_fault){.kind = "tag", .method = "GET",
                                           .text = "\"new\""});
    if (bulk_get(&b, url)) fail_msg("%s", b.a.err.text);
    assert_model(&b, b.path);
    assert_int_equal(hub_count(&b.a.hub, "GET", "range=bytes=0-"), 2);
    free(url);
    bulk_end(&b);
}

static void test_a_file_of_unknown_length_is_not_fetched(void **state)
{
    (void)state;
    struct bulk b;
    char       *url;

    bulk_begin(&b);
    url = mem_printf("%s/files/" REPO "/" FILE_NAME, b.a.hub.cdn);
    hub_fault(&b.a.hub, (struct hub_fault){.kind = "no_length"});
    assert_int_equal(bulk_get(&b, url), -1);
    assert_says(&b.a, ERR_FAILED, "does not say how long");
    free(url);
    bulk_end(&b);
}

static void test_the_command_is_what_a_user_can_type(void **state)
{
    (void)state;
    struct bulk b;
    char       *url, *command;

    bulk_begin(&b);
    hub_add(&b.a.hub, REPO "/a b-Q8_0.gguf", b.g.bytes, b.g.len);
    if (away_find(&b.a, REPO ":Q8_0")) fail_msg("%s", b.a.err.text);
    command = remote_command(&b.a.found);
    assert_string_equal(command, "hf download " REPO " 'a b-Q8_0.gguf'");
    free(command);
    url = mem_printf("%s/files/" REPO "/" FILE_NAME "?a=1&b=2", b.a.hub.cdn);
    if (away_find(&b.a, url)) fail_msg("%s", b.a.err.text);
    command = remote_command(&b.a.found);
    assert_memory_equal(command, "curl -fL --remote-name-all 'http", 32);
    free(command);
    free(url);
    bulk_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_file_is_laid_out_as_the_hubs_own_tools_do),
        cmocka_unit_test(test_what_is_there_is_not_fetched_again),
        cmocka_unit_test(test_the_cache_is_where_the_variables_say),
        cmocka_unit_test(test_all_parts_of_a_split_model_are_fetched),
        cmocka_unit_test(test_a_small_file_outside_lfs_is_fetched_too),
        cmocka_unit_test(test_a_stopped_download_is_gone_on_with),
        cmocka_unit_test(test_a_signal_leaves_what_came),
        cmocka_unit_test(test_a_cut_connection_is_gone_on_with),
        cmocka_unit_test(test_a_busy_cdn_is_asked_again),
        cmocka_unit_test(test_tries_without_progress_end_and_keep_what_came),
        cmocka_unit_test(test_a_throttled_server_is_waited_for),
        cmocka_unit_test(test_a_server_that_ignores_ranges_begins_anew),
        cmocka_unit_test(test_a_wrong_sum_is_removed_and_named),
        cmocka_unit_test(test_a_spoilt_rest_of_an_earlier_try_is_found),
        cmocka_unit_test(test_a_rest_that_is_too_long_is_begun_anew),
        cmocka_unit_test(test_a_rest_that_is_whole_only_gets_its_name),
        cmocka_unit_test(test_replies_that_lie_are_named),
        cmocka_unit_test(test_no_space_is_told_before_anything_is_fetched),
        cmocka_unit_test(test_a_full_disk_keeps_what_came),
        cmocka_unit_test(test_two_downloads_of_one_file_are_one),
        cmocka_unit_test(test_a_waiting_download_can_be_stopped),
        cmocka_unit_test(test_links_in_the_way_are_not_followed),
        cmocka_unit_test(test_names_that_lead_out_are_refused),
        cmocka_unit_test(test_a_url_is_fetched_into_our_own_cache),
        cmocka_unit_test(test_a_url_that_changes_on_the_way_is_begun_anew),
        cmocka_unit_test(test_a_file_of_unknown_length_is_not_fetched),
        cmocka_unit_test(test_the_command_is_what_a_user_can_type),
    };

    alarm(120);      /* whatever hangs, hangs not for ever */
    return cmocka_run_group_tests_name("remote download", tests, NULL, NULL);
}
