/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "suite.h"

/* ---- a suite from text -------------------------------------------------- */

static char *write_file(const char *text, size_t len)
{
    char *path = mem_copy("/tmp/audition-suite-XXXXXX");
    int   fd   = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, len), (ssize_t)len);
    close(fd);
    return path;
}

static int load_text(struct suite *s, const char *text, size_t len,
                     struct err *err)
{
    char *path = write_file(text, len);
    int   rc   = suite_load(s, path, err);

    unlink(path);
    free(path);
    return rc;
}

#define GOOD                                                                  \
    "{\"id\":\"a\",\"say\":\"Which day is it, please?\",\"checks\":["         \
    "{\"scorer\":\"mentions\",\"any\":[\"monday\"]}],\"reference\":"          \
    "{\"answer\":\"It is Monday.\"},\"wrong\":{\"answer\":\"No idea.\"}}\n"
#define CHECKS ",\"checks\":[{\"scorer\":\"speakable\"}]"

static void test_suite_reads_each_field(void **state)
{
    (void)state;
    static const char text[] =
        "\n" GOOD "  \r\n{\"id\":\"b\",\"suite\":\"s\",\"category\":\"c\","
        "\"say\":\"Hi\",\"why\":\"it greets\"" CHECKS "}";
    struct suite s;
    struct err   err = {0};

    assert_int_equal(load_text(&s, text, strlen(text), &err), 0);
    assert_int_equal(s.n, 2);
    assert_true(strncmp(s.name, "audition-suite-", 15) == 0);
    assert_string_equal(s.cases[0].id, "a");
    assert_string_equal(s.cases[0].suite, s.name);
    assert_string_equal(s.cases[0].category, "general");
    assert_string_equal(s.cases[0].say, "Which day is it, please?");
    assert_null(s.cases[0].home);
    assert_non_null(s.cases[0].reference);
    assert_non_null(s.cases[0].wrong);
    assert_string_equal(s.cases[1].suite, "s");
    assert_string_equal(s.cases[1].category, "c");
    assert_int_equal(json_array_size(s.cases[1].checks), 1);
    assert_int_equal(strlen(s.cases[0].hash), 64);
    assert_string_not_equal(s.cases[0].hash, s.cases[1].hash);
    suite_done(&s);
}

/* The hash says "the same case": field order and spaces do not count. */
static void test_suite_hash_follows_the_meaning(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "{\"id\":\"b\",\"say\":\"Hi\"" CHECKS "}",
        "{\"say\" : \"Hi\", \"id\":\"b\" " CHECKS "}",
        "{\"id\":\"b\",\"say\":\"Ho\"" CHECKS "}",
    };
    char hash[3][65];

    for (size_t i = 0; i < 3; i++) {
        struct suite s;
        assert_int_equal(load_text(&s, lines[i], strlen(lines[i]), NULL), 0);
        memcpy(hash[i], s.cases[0].hash, 65);
        suite_done(&s);
    }
    assert_string_equal(hash[0], hash[1]);
    assert_string_not_equal(hash[0], hash[2]);
}

static void test_suite_names_the_line_that_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *line, *says;
    } cases[] = {
        {"{", "not valid JSON"},
        {"[]", "an object"},
        {"{\"id\":\"a b\",\"say\":\"x\"" CHECKS "}", "\"id\""},
        {"{\"id\":\"\",\"say\":\"x\"" CHECKS "}", "\"id\""},
        {"{\"id\":7,\"say\":\"x\"" CHECKS "}", "\"id\" must be a text"},
        {"{\"id\":\"b\",\"say\":\"\"" CHECKS "}", "\"say\""},
        {"{\"id\":\"b\",\"say\":\"x\\u0000y\"" CHECKS "}", "\"say\""},
        {"{\"say\":\"x\"" CHECKS "}", "needs a field \"id\""},
        {"{\"id\":\"b\",\"say\":\"x\"}", "needs a field \"checks\""},
        {"{\"id\":\"b\",\"say\":\"x\",\"checks\":[]}", "any answer would"},
        {"{\"id\":\"b\",\"say\":\"x\",\"checks\":[1]}", "check 1"},
        {"{\"id\":\"b\",\"say\":\"x\",\"checks\":[{\"scorer\":\"magic\"}]}",
         "no scorer is called \"magic\""},
        {"{\"id\":\"b\",\"say\":\"x\",\"checks\":[{\"scorer\":\"speakable\"},"
         "{\"scorer\":\"instruction\",\"max_wrods\":3}]}",
         "check 2: scorer \"instruction\" has no field \"max_wrods\""},
        {"{\"id\":\"b\",\"sya\":\"x\"" CHECKS "}", "no field \"sya\""},
        {"{\"id\":\"b\",\"say\":\"x\",\"setup\":{}" CHECKS "}", "\"home\""},
        {"{\"id\":\"b\",\"say\":\"x\",\"wrong\":{\"anwser\":\"\"}" CHECKS "}",
         "\"anwser\""},
        {"{\"id\":\"b\",\"say\":\"x\",\"wrong\":{\"answer\":1}" CHECKS "}",
         "\"wrong\""},
        {"{\"id\":\"b\",\"say\":\"x\",\"reference\":{\"calls\":[{\"name\":"
         "\"f\"}]}" CHECKS "}", "call 1 of \"reference\""},
        {"{\"id\":\"a\",\"say\":\"x\"" CHECKS "}", "also in line 1"},
        {"{\"id\":\"b\",\"id\":\"c\",\"say\":\"x\"" CHECKS "}", "JSON"},
        {"{\"id\":\"\xFF\",\"say\":\"x\"" CHECKS "}", "JSON"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char        *text = mem_printf(GOOD "\n%s\n" GOOD, cases[i].line);
        struct suite s;
        struct err   err = {0};

        if (load_text(&s, text, strlen(text), &err) == 0)
            fail_msg("%s: was taken", cases[i].line);
        if (err.kind != ERR_INPUT || !strstr(err.text, ":3: ") ||
            !strstr(err.text, cases[i].says))
            fail_msg("%s: \"%s\"", cases[i].line, err.text);
        assert_null(s.cases);
        free(text);
    }
}

static void test_suite_refuses_what_is_no_suite(void **state)
{
    (void)state;
    size_t       len  = (1 << 20) + 10;
    char        *text = mem_new(len + 1, 1);
    struct suite s;
    struct err   err = {0};

    memset(text, 'x', len);
    assert_int_equal(load_text(&s, text, len, &err), -1);
    assert_non_null(strstr(err.text, ":1: the line has more than"));
    err = (struct err){0};
    assert_int_equal(load_text(&s, "\n \n", 3, &err), -1);
    assert_non_null(strstr(err.text, "has no cases"));
    err = (struct err){0};
    assert_int_equal(suite_load(&s, "/nowhere/x.jsonl", &err), -1);
    assert_int_equal(err.kind, ERR_INPUT);
    assert_non_null(strstr(err.text, "/nowhere/x.jsonl"));
    free(text);
}

/* ---- suite_check -------------------------------------------------------- */

static void test_suite_check_finds_unsound_cases(void **state)
{
    (void)state;
    static const struct {
        const char *rest, *says;   /* NULL: the case is sound */
    } cases[] = {
        {"\"mentions\",\"any\":[\"monday\"]}],\"reference\":{\"answer\":"
         "\"It is Monday.\"},\"wrong\":{\"answer\":\"Sunday\"}", NULL},
        {"\"mentions\",\"any\":[\"monday\"]}]", "needs a reference"},
        {"\"mentions\",\"any\":[\"monday\"]}],\"reference\":{\"answer\":"
         "\"It is Sunday.\"},\"wrong\":{\"answer\":\"No\"}",
         "the reference does not pass: does not mention \"monday\""},
        {"\"mentions\",\"any\":[\"monday\"]}],\"reference\":{\"answer\":"
         "\"It is Monday.\"},\"wrong\":{\"answer\":\"Monday!\"}",
         "the wrong answer passes"},
        {"\"mentions\",\"any\":[\"day\"]}],\"reference\":{\"answer\":"
         "\"A day.\"},\"wrong\":{\"answer\":\"No\"}",
         "an echo of the question passes"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = mem_printf("{\"id\":\"a\",\"say\":\"Which day is it?\","
                                "\"checks\":[{\"scorer\":%s}", cases[i].rest);
        struct suite s;
        struct err   err = {0};
        int          rc;

        assert_int_equal(load_text(&s, text, strlen(text), &err), 0);
        rc = suite_check(&s, &err);
        if (cases[i].says ? rc == 0 || !strstr(err.text, cases[i].says) : rc)
            fail_msg("%s: %d \"%s\"", text, rc, err.text);
        if (rc) assert_non_null(strstr(err.text, "case a"));
        suite_done(&s);
        free(text);
    }
}

/* A check that one of its words would satisfy is not enough. */
static void test_suite_check_names_the_boilerplate_that_passes(void **state)
{
    (void)state;
    static const struct {
        const char *word, *boilerplate;
    } cases[] = {
        {"done", "Done!"},
        {"okay", "Okay."},
        {"sorry", "I am sorry, I cannot help with that."},
        {"forty two", "The answer is forty two. Anything else?"},
        {"sure", "Sure, I can help you with that!"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = mem_printf(
            "{\"id\":\"a\",\"say\":\"How are you?\",\"checks\":[{"
            "\"scorer\":\"mentions\",\"any\":[\"fine\",\"%s\"]}],"
            "\"reference\":{\"answer\":\"Fine, and you?\"},\"wrong\":{"
            "\"answer\":\"No idea.\"}}", cases[i].word);
        char *says = mem_printf("case a: the boilerplate \"%s\" passes",
                                cases[i].boilerplate);
        struct suite s;
        struct err   err = {0};

        assert_int_equal(load_text(&s, text, strlen(text), &err), 0);
        assert_int_equal(suite_check(&s, &err), -1);
        assert_int_equal(err.kind, ERR_INPUT);
        if (!strstr(err.text, says)) fail_msg("%s: \"%s\"", text, err.text);
        suite_done(&s);
        free(text);
        free(says);
    }
}

static bool is_there(const char *share)
{
    char       *path = mem_printf("%s/suites", share);
    struct stat st;
    bool        there = stat(path, &st) == 0;

    free(path);
    return there;
}

/* The data folder: where the environment says, or near where tests run. */
static const char *find_share(void)
{
    static const char *const places[] = {"share", "../share"};
    const char              *share = getenv("AUDITION_DATA");

    for (size_t i = 0; !share && i < sizeof places / sizeof *places; i++)
        if (is_there(places[i])) share = places[i];
    if (share) setenv("AUDITION_DATA", share, 1);
    return share;
}

/* Each case of ours also says why it is there. */
static void check_whys(const char *path)
{
    FILE  *file = fopen(path, "r");
    char  *line = NULL;
    size_t cap  = 0;

    assert_non_null(file);
    while (getline(&line, &cap, file) > 0) {
        json_t *value = jsonx_parse(line, strlen(line), NULL);

        if (!jsonx_text(value, "why")) fail_msg("%s: no why: %s", path, line);
        json_decref(value);
    }
    free(line);
    fclose(file);
}

static void test_every_shipped_suite_is_sound(void **state)
{
    (void)state;
    const char    *share = find_share();
    char          *path;
    DIR           *folder;
    struct dirent *entry;
    size_t         n = 0;

    if (!share) skip();
    path   = mem_printf("%s/suites", share);
    folder = opendir(path);
    assert_non_null(folder);
    while ((entry = readdir(folder))) {
        struct suite s;
        struct err   err = {0};
        char        *file;

        if (!strstr(entry->d_name, ".jsonl")) continue;
        file = mem_printf("%s/%s", path, entry->d_name);
        if (suite_load(&s, file, &err) || suite_check(&s, &err))
            fail_msg("%s", err.text);
        check_whys(file);
        suite_done(&s);
        free(file);
        n++;
    }
    assert_true(n >= 3);
    closedir(folder);
    free(path);
}

static void test_suite_is_found_by_its_name(void **state)
{
    (void)state;
    struct suite s;
    struct err   err = {0};

    if (!find_share()) skip();
    assert_int_equal(suite_load(&s, "speech", &err), 0);
    assert_string_equal(s.name, "speech");
    suite_done(&s);
    assert_int_equal(suite_load(&s, "no-such-suite", &err), -1);
    assert_int_equal(err.kind, ERR_INPUT);
    assert_non_null(strstr(err.text, "no suite \"no-such-suite\""));
}

/* ---- suite_pick --------------------------------------------------------- */

/* A suite "NAME" with n cases, categories c0, c1, ... in turn. */
static void make_suite(struct suite *s, const char *name, size_t n,
                       size_t categories)
{
    struct strbuf text;

    strbuf_init(&text, 1 << 20);
    for (size_t i = 0; i < n; i++)
        strbuf_addf(&text, "{\"id\":\"%zu\",\"suite\":\"%s\",\"category\":"
                    "\"c%zu\",\"say\":\"x\"" CHECKS "}\n", i, name,
                    i % categories);
    assert_int_equal(load_text(s, text.text, text.len, NULL), 0);
    strbuf_done(&text);
}

static size_t count_of(const struct suite_case **picked, size_t n,
                       const char *suite, const char *category)
{
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        count += strcmp(picked[i]->suite, suite) == 0 &&
                 strcmp(picked[i]->category, category) == 0;
    return count;
}

static void test_pick_is_stratified_stable_nested_and_bounded(void **state)
{
    (void)state;
    struct suite s[2];
    const struct suite_case **ten, **again, **twenty, **other, **all;
    size_t same = 0;

    make_suite(&s[0], "big", 90, 3);
    make_suite(&s[1], "small", 4, 2);
    assert_int_equal(suite_pick(s, 2, 10, 1, &ten), 10);
    assert_int_equal(suite_pick(s, 2, 10, 1, &again), 10);
    assert_int_equal(suite_pick(s, 2, 20, 1, &twenty), 20);
    assert_int_equal(suite_pick(s, 2, 10, 2, &other), 10);
    assert_int_equal(suite_pick(s, 2, 1000, 1, &all), 94);

    for (int i = 0; i < 3; i++) {
        char category[] = {'c', (char)('0' + i), '\0'};
        assert_in_range(count_of(ten, 10, "big", category), 2, 3);
        assert_in_range(count_of(twenty, 20, "big", category), 5, 6);
    }
    assert_int_equal(count_of(ten, 10, "small", "c0"), 1);
    assert_in_range(count_of(twenty, 20, "small", "c1"), 1, 2);

    for (size_t i = 0; i < 10; i++) {
        size_t found = 0;
        assert_ptr_equal(ten[i], again[i]);
        for (size_t j = 0; j < 20; j++) found += ten[i] == twenty[j];
        assert_int_equal(found, 1);
        same += ten[i] == other[i];
    }
    assert_true(same < 10);
    for (size_t i = 0; i < 94; i++)
        for (size_t j = i + 1; j < 94; j++)
            assert_ptr_not_equal(all[i], all[j]);
    free(ten);
    free(again);
    free(twenty);
    free(other);
    free(all);
    suite_done(&s[0]);
    suite_done(&s[1]);
}

static void test_pick_depends_on_the_seed_not_on_the_order_of_lines(
    void **state)
{
    (void)state;
    static const char *const orders[] = {"0123456789", "9830127465",
                                         "0123456789"};
    static const uint64_t    seeds[]  = {7, 7, 8};
    const struct suite_case **picked;
    char         ids[3][8] = {"", "", ""};
    struct suite s;

    for (size_t k = 0; k < 3; k++) {
        struct strbuf text;

        strbuf_init(&text, 1 << 16);
        for (const char *c = orders[k]; *c; c++)
            strbuf_addf(&text, "{\"id\":\"%c\",\"suite\":\"s\",\"say\":\"x\""
                        CHECKS "}\n", *c);
        assert_int_equal(load_text(&s, text.text, text.len, NULL), 0);
        assert_int_equal(suite_pick(&s, 1, 5, seeds[k], &picked), 5);
        for (size_t i = 0; i < 5; i++) ids[k][i] = picked[i]->id[0];
        free(picked);
        suite_done(&s);
        strbuf_done(&text);
    }
    assert_string_equal(ids[0], ids[1]);
    assert_string_not_equal(ids[0], ids[2]);
}

static void test_pick_of_nothing_is_empty(void **state)
{
    (void)state;
    const struct suite_case **picked;
    struct suite              s;

    assert_int_equal(suite_pick(NULL, 0, 5, 1, &picked), 0);
    free(picked);
    make_suite(&s, "s", 3, 1);
    assert_int_equal(suite_pick(&s, 1, 0, 1, &picked), 0);
    free(picked);
    suite_done(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_suite_reads_each_field),
        cmocka_unit_test(test_suite_hash_follows_the_meaning),
        cmocka_unit_test(test_suite_names_the_line_that_is_wrong),
        cmocka_unit_test(test_suite_refuses_what_is_no_suite),
        cmocka_unit_test(test_suite_check_finds_unsound_cases),
        cmocka_unit_test(
            test_suite_check_names_the_boilerplate_that_passes),
        cmocka_unit_test(test_every_shipped_suite_is_sound),
        cmocka_unit_test(test_suite_is_found_by_its_name),
        cmocka_unit_test(
            test_pick_is_stratified_stable_nested_and_bounded),
        cmocka_unit_test(
            test_pick_depends_on_the_seed_not_on_the_order_of_lines),
        cmocka_unit_test(test_pick_of_nothing_is_empty),
    };
    return cmocka_run_group_tests_name("suite", tests, NULL, NULL);
}
