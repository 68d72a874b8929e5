/* SPDX-License-Identifier: MIT */
/* test_remote_download.c - whole files into the cache: gone on with, and laid
 * out as huggingface_hub does it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/stop.h"
#include "download_fixture.h"

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

/* What comes a second time is no progress, however much it is. */
static void test_a_server_that_always_begins_anew_is_given_up(void **state)
{
    (void)state;
    struct bulk b;

    bulk_begin(&b);
    hub_fault(&b.a.hub, (struct hub_fault){.kind = "no_range", .cdn = true,
                                           .bytes = 3000000});
    assert_int_equal(bulk_get(&b, REPO), -1);
    assert_says(&b.a, ERR_FAILED, "closed the connection");
    assert_true(hub_count(&b.a.hub, "cdn GET", NULL) <= 7);
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
    static const struct { const char *name, *command; } cases[] = {
        {"user/repo-GGUF:Q8_0",
         "hf download user/repo-GGUF --include '*Q8_0*.gguf'"},
        {"hf:user/repo", "hf download user/repo --include '*Q4_K_M*.gguf'"},
        {"https://host.example/a.gguf?x=1&y=2",
         "curl -fLO 'https://host.example/a.gguf?x=1&y=2'"},
        {"a file.gguf", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *command = remote_command(cases[i].name);
        if (cases[i].command)
            assert_string_equal(command, cases[i].command);
        else
            assert_null(command);
        free(command);
    }
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
        cmocka_unit_test(test_a_server_that_always_begins_anew_is_given_up),
        cmocka_unit_test(test_a_url_is_fetched_into_our_own_cache),
        cmocka_unit_test(test_a_url_that_changes_on_the_way_is_begun_anew),
        cmocka_unit_test(test_a_file_of_unknown_length_is_not_fetched),
        cmocka_unit_test(test_the_command_is_what_a_user_can_type),
    };

    alarm(120);      /* whatever hangs, hangs not for ever */
    return cmocka_run_group_tests_name("remote download", tests, NULL, NULL);
}
