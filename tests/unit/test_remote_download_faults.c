/* SPDX-License-Identifier: MIT */
/* test_remote_download_faults.c - bytes that are wrong, disks that are full,
 * others who download the same, and names that lead elsewhere. */
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

#include "download_fixture.h"

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

static void test_a_lock_that_nobody_works_under_is_named(void **state)
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
    assert_int_equal(bulk_get(&b, REPO), -1);
    assert_says(&b.a, ERR_FAILED, "another program holds ");
    assert_says(&b.a, ERR_FAILED, path);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_wrong_sum_is_removed_and_named),
        cmocka_unit_test(test_a_spoilt_rest_of_an_earlier_try_is_found),
        cmocka_unit_test(test_a_rest_that_is_too_long_is_begun_anew),
        cmocka_unit_test(test_a_rest_that_is_whole_only_gets_its_name),
        cmocka_unit_test(test_replies_that_lie_are_named),
        cmocka_unit_test(test_no_space_is_told_before_anything_is_fetched),
        cmocka_unit_test(test_a_full_disk_keeps_what_came),
        cmocka_unit_test(test_two_downloads_of_one_file_are_one),
        cmocka_unit_test(test_a_waiting_download_can_be_stopped),
        cmocka_unit_test(test_a_lock_that_nobody_works_under_is_named),
        cmocka_unit_test(test_links_in_the_way_are_not_followed),
        cmocka_unit_test(test_names_that_lead_out_are_refused),
    };

    alarm(120);      /* whatever hangs, hangs not for ever */
    return cmocka_run_group_tests_name("remote download faults", tests,
                                       NULL, NULL);
}
