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

/* A suite reads its cases from the file when they are wanted: close_text()
 * takes it away. */
static int load_text_as(struct suite *s, const char *text, size_t len,
                        bool keep_going, struct err *err)
{
    char *path = write_file(text, len);
    int   rc   = suite_load(s, path, keep_going, err);

    if (rc) unlink(path);
    free(path);
    return rc;
}

static int load_text(struct suite *s, const char *text, size_t len,
                     struct err *err)
{
    return load_text_as(s, text, len, false, err);
}

static void close_text(struct suite *s)
{
    unlink(s->path);
    suite_done(s);
}

static struct suite_case get(const struct suite *s, size_t i)
{
    struct suite_case c;
    struct err        err = {0};

    if (suite_get(s, i, &c, &err)) fail_msg("%s", err.text);
    return c;
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

    struct suite_case a, b;

    assert_int_equal(load_text(&s, text, strlen(text), &err), 0);
    assert_int_equal(s.n, 2);
    assert_true(strncmp(s.name, "audition-suite-", 15) == 0);
    a = get(&s, 0);
    b = get(&s, 1);
    assert_string_equal(a.id, "a");
    assert_string_equal(a.suite, s.name);
    assert_string_equal(a.category, "general");
    assert_string_equal(a.language, "en");
    assert_int_equal(a.n_turns, 1);
    assert_string_equal(a.turns[0].say, "Which day is it, please?");
    assert_int_equal(a.turns[0].cuts_words, -1);
    assert_null(a.home);
    assert_null(a.group);
    assert_non_null(a.turns[0].reference);
    assert_non_null(a.turns[0].wrong);
    assert_string_equal(b.suite, "s");
    assert_string_equal(b.category, "c");
    assert_int_equal(json_array_size(b.turns[0].checks), 1);
    assert_int_equal(strlen(a.hash), 64);
    assert_string_not_equal(a.hash, b.hash);
    suite_case_done(&a);
    suite_case_done(&b);
    close_text(&s);
}

static void test_suite_reads_a_conversation(void **state)
{
    (void)state;
    static const char text[] =
        "{\"id\":\"a\",\"difficulty\":\"hard\",\"language\":\"de\","
        "\"group\":\"g\",\"turns\":[{\"say\":\"Hi\"" CHECKS "},"
        "{\"say\":\"Ho\",\"cuts_words\":3" CHECKS "}]}";
    struct suite      s;
    struct suite_case c;
    struct err        err = {0};

    if (load_text(&s, text, strlen(text), &err)) fail_msg("%s", err.text);
    assert_int_equal(s.entries[0].n_turns, 2);
    c = get(&s, 0);
    assert_int_equal(c.n_turns, 2);
    assert_string_equal(c.language, "de");
    assert_string_equal(c.difficulty, "hard");
    assert_string_equal(c.group, "g");
    assert_string_equal(c.turns[1].say, "Ho");
    assert_int_equal(c.turns[1].cuts_words, 3);
    suite_case_done(&c);
    close_text(&s);
}

static void test_suite_finds_a_case_by_its_id(void **state)
{
    (void)state;
    static const char text[] =
        GOOD "{\"id\":\"b\",\"say\":\"Hi\"" CHECKS "}\n";
    struct suite      s;
    struct suite_case c;
    struct err        err = {0};

    assert_int_equal(load_text(&s, text, strlen(text), &err), 0);
    assert_int_equal(suite_find(&s, "b", &c, &err), 1);
    assert_string_equal(c.turns[0].say, "Hi");
    suite_case_done(&c);
    assert_int_equal(suite_find(&s, "c", &c, &err), 0);
    close_text(&s);
}

static void test_suite_that_changed_meanwhile_is_noticed(void **state)
{
    (void)state;
    struct suite      s;
    struct suite_case c;
    struct err        err = {0};
    FILE             *file;

    assert_int_equal(load_text(&s, GOOD, strlen(GOOD), &err), 0);
    file = fopen(s.path, "w");
    assert_non_null(file);
    fputs("{}\n", file);
    fclose(file);
    assert_int_equal(suite_get(&s, 0, &c, &err), -1);
    assert_int_equal(err.kind, ERR_INPUT);
    assert_non_null(strstr(err.text, "has changed"));
    close_text(&s);
}

/* Broken lines are named with their numbers, the others are there. */
static void test_suite_keeps_going_without_its_broken_lines(void **state)
{
    (void)state;
    static const char text[] = GOOD "{\n" GOOD
        "{\"id\":\"b\",\"say\":\"Hi\"" CHECKS "}\n[]\n";
    static const char *const says[] = {":2: ", ":5: ", ":3: "};
    struct suite s;
    struct err   err = {0};

    if (load_text_as(&s, text, strlen(text), true, &err))
        fail_msg("%s", err.text);
    assert_int_equal(s.n, 2);
    assert_int_equal(s.n_broken, 3);
    assert_int_equal(s.broken.n, 3);
    for (size_t i = 0; i < 3; i++)
        assert_non_null(strstr(s.broken.items[i], says[i]));
    close_text(&s);
    assert_int_equal(load_text_as(&s, "{\n{\n", 4, true, &err), -1);
    assert_int_equal(err.kind, ERR_INPUT);
    assert_non_null(strstr(err.text, "no cases that are sound"));
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
        struct suite      s;
        struct suite_case c;

        assert_int_equal(load_text(&s, lines[i], strlen(lines[i]), NULL), 0);
        c = get(&s, 0);
        memcpy(hash[i], c.hash, 65);
        suite_case_done(&c);
        close_text(&s);
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
        {"{\"id\":\"b\",\"say\":\"x\",\"area\":\"Hall\"" CHECKS "}",
         "\"home\""},
        {"{\"id\":\"b\",\"say\":\"x\",\"difficulty\":\"odd\"" CHECKS "}",
         "easy, medium or hard"},
        {"{\"id\":\"b\",\"turns\":[]}", "\"turns\" must be a list"},
        {"{\"id\":\"b\",\"turns\":[7]}", "turn 1"},
        {"{\"id\":\"b\",\"turns\":[{\"say\":\"x\"" CHECKS "}],\"say\":"
         "\"x\"}", "no field \"say\""},
        {"{\"id\":\"b\",\"turns\":[{\"say\":\"x\",\"cuts_words\":2" CHECKS
         "}]}", "turn 1: \"cuts_words\""},
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
        assert_null(s.entries);
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
    assert_int_equal(suite_load(&s, "/nowhere/x.jsonl", false, &err), -1);
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
        {"\"mentions\",\"any\":[\"monday\"]}]", "has a \"reference\""},
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
        struct suite     s;
        struct text_list found = {0};
        struct err       err = {0};

        assert_int_equal(load_text(&s, text, strlen(text), &err), 0);
        assert_int_equal(suite_check(&s, &found, &err), 0);
        assert_int_equal(found.n, cases[i].says ? 1 : 0);
        if (found.n) {
            assert_non_null(strstr(found.items[0], cases[i].says));
            assert_non_null(strstr(found.items[0], "case a"));
        }
        text_list_done(&found);
        close_text(&s);
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
        struct suite     s;
        struct text_list found = {0};
        struct err       err = {0};

        assert_int_equal(load_text(&s, text, strlen(text), &err), 0);
        assert_int_equal(suite_check(&s, &found, &err), 0);
        assert_int_equal(found.n, 1);
        if (!strstr(found.items[0], says))
            fail_msg("%s: \"%s\"", text, found.items[0]);
        text_list_done(&found);
        close_text(&s);
        free(text);
        free(says);
    }
}

/* One word apart, whatever the order and the small words; not so when they
 * are paraphrases of one group. */
static void test_suite_check_finds_near_duplicates(void **state)
{
    (void)state;
#define SAYS(id, group, say)                                                  \
    "{\"id\":\"" id "\"," group "\"say\":\"" say "\",\"checks\":[{"           \
    "\"scorer\":\"mentions\",\"any\":[\"monday\"]}],\"reference\":{"          \
    "\"answer\":\"It is Monday.\"},\"wrong\":{\"answer\":\"No idea.\"}}\n"
    static const char text[] =
        SAYS("a", "", "Tell me which weekday comes after Sunday")
        SAYS("b", "", "Which weekday comes after Sunday, tell me now please")
        SAYS("c", "", "What follows the day of rest?")
        SAYS("d", "\"group\":\"g\",", "Name the first day of work")
        SAYS("e", "\"group\":\"g\",", "Name the very first day of work");
    struct suite     s;
    struct text_list found = {0};
    struct err       err = {0};

    assert_int_equal(load_text(&s, text, strlen(text), &err), 0);
    if (suite_check(&s, &found, &err)) fail_msg("%s", err.text);
    assert_int_equal(found.n, 1);
    assert_non_null(strstr(found.items[0], "case b is a but for a word"));
    text_list_done(&found);
    close_text(&s);
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
        struct suite     s;
        struct text_list found = {0};
        struct err       err = {0};
        char            *file;

        if (!strstr(entry->d_name, ".jsonl")) continue;
        file = mem_printf("%s/%s", path, entry->d_name);
        if (suite_load(&s, file, false, &err) || suite_check(&s, &found, &err))
            fail_msg("%s", err.text);
        for (size_t i = 0; i < found.n; i++)
            print_error("%s\n", found.items[i]);
        assert_int_equal(found.n, 0);
        text_list_done(&found);
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
    assert_int_equal(suite_load(&s, "knowledge", false, &err), 0);
    assert_string_equal(s.name, "knowledge");
    suite_done(&s);
    assert_int_equal(suite_load(&s, "no-such-suite", false, &err), -1);
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

struct sample {
    struct suite_case **cases;
    size_t              n;
};

static struct sample pick(const struct suite *s, size_t n, size_t most,
                          size_t most_turns, uint64_t seed)
{
    struct sample all;
    struct err    err = {0};

    if (suite_pick(s, n, NULL, most, most_turns, seed, &all.cases, &all.n,
                   &err))
        fail_msg("%s", err.text);
    return all;
}

static void drop(struct sample *s)
{
    suite_picked_free(s->cases, s->n);
}

static size_t count_of(const struct sample *s, const char *suite,
                       const char *category)
{
    size_t count = 0;

    for (size_t i = 0; i < s->n; i++)
        count += strcmp(s->cases[i]->suite, suite) == 0 &&
                 strcmp(s->cases[i]->category, category) == 0;
    return count;
}

static bool same_case(const struct suite_case *a, const struct suite_case *b)
{
    return strcmp(a->suite, b->suite) == 0 && strcmp(a->id, b->id) == 0;
}

/* How often the case is in the sample. */
static size_t holds(const struct sample *s, const struct suite_case *c)
{
    size_t n = 0;

    for (size_t i = 0; i < s->n; i++) n += same_case(s->cases[i], c);
    return n;
}

static void test_pick_is_stratified_stable_nested_and_bounded(void **state)
{
    (void)state;
    struct suite  s[2];
    struct sample ten, again, twenty, other, all;
    size_t        same = 0;

    make_suite(&s[0], "big", 90, 3);
    make_suite(&s[1], "small", 4, 2);
    ten    = pick(s, 2, 10, 0, 1);
    again  = pick(s, 2, 10, 0, 1);
    twenty = pick(s, 2, 20, 0, 1);
    other  = pick(s, 2, 10, 0, 2);
    all    = pick(s, 2, 1000, 0, 1);
    assert_int_equal(ten.n, 10);
    assert_int_equal(twenty.n, 20);
    assert_int_equal(all.n, 94);

    for (int i = 0; i < 3; i++) {
        char category[] = {'c', (char)('0' + i), '\0'};
        assert_in_range(count_of(&ten, "big", category), 2, 3);
        assert_in_range(count_of(&twenty, "big", category), 5, 6);
    }
    assert_int_equal(count_of(&ten, "small", "c0") +
                     count_of(&ten, "small", "c1"), 2);
    assert_in_range(count_of(&twenty, "small", "c1"), 1, 2);

    for (size_t i = 0; i < 10; i++) {
        assert_true(same_case(ten.cases[i], again.cases[i]));
        assert_int_equal(holds(&twenty, ten.cases[i]), 1);
        same += holds(&other, ten.cases[i]);
    }
    assert_true(same < 10);
    for (size_t i = 0; i < 94; i++)
        assert_int_equal(holds(&all, all.cases[i]), 1);
    drop(&ten);
    drop(&again);
    drop(&twenty);
    drop(&other);
    drop(&all);
    close_text(&s[0]);
    close_text(&s[1]);
}

/* A conversation costs its turns: fewer of them, and never more turns than
 * allowed. */
static void test_pick_spends_turns_not_cases(void **state)
{
    (void)state;
    struct strbuf text;
    struct suite  s[2];
    struct sample some;
    size_t        turns = 0, talks = 0;

    strbuf_init(&text, 1 << 20);
    for (int i = 0; i < 40; i++) {
        strbuf_addf(&text, "{\"id\":\"%d\",\"suite\":\"talk\",\"turns\":[", i);
        for (int k = 0; k < 9; k++)
            strbuf_addf(&text, "%s{\"say\":\"x\"" CHECKS "}", k ? "," : "");
        strbuf_add(&text, "]}\n");
    }
    assert_int_equal(load_text(&s[0], text.text, text.len, NULL), 0);
    strbuf_done(&text);
    make_suite(&s[1], "ask", 40, 1);
    some = pick(s, 2, 1000, 60, 1);
    for (size_t i = 0; i < some.n; i++) {
        turns += some.cases[i]->n_turns;
        talks += some.cases[i]->n_turns == 9;
    }
    assert_in_range(turns, 50, 60);
    assert_in_range(talks, 4, 6);          /* a third as many as of the other */
    assert_in_range(some.n - talks, 10, 16);
    drop(&some);
    close_text(&s[0]);
    close_text(&s[1]);
}

static void test_pick_depends_on_the_seed_not_on_the_order_of_lines(
    void **state)
{
    (void)state;
    static const char *const orders[] = {"0123456789", "9830127465",
                                         "0123456789"};
    static const uint64_t    seeds[]  = {7, 7, 8};
    char path[] = "/tmp/audition-pick-XXXXXX", name[64];
    char ids[3][8] = {"", "", ""};

    assert_non_null(mkdtemp(path));
    snprintf(name, sizeof name, "%s/s.jsonl", path);
    for (size_t k = 0; k < 3; k++) {
        struct suite  s;
        struct sample five;
        FILE         *file = fopen(name, "w");

        assert_non_null(file);
        for (const char *c = orders[k]; *c; c++)
            fprintf(file, "{\"id\":\"%c\",\"say\":\"x\"" CHECKS "}\n", *c);
        fclose(file);
        assert_int_equal(suite_load(&s, name, false, NULL), 0);
        five = pick(&s, 1, 5, 0, seeds[k]);
        assert_int_equal(five.n, 5);
        for (size_t i = 0; i < 5; i++) ids[k][i] = five.cases[i]->id[0];
        drop(&five);
        suite_done(&s);
    }
    unlink(name);
    rmdir(path);
    assert_string_equal(ids[0], ids[1]);
    assert_string_not_equal(ids[0], ids[2]);
}

/* A small board is asked in small homes; what needs no home stays. */
static void test_pick_keeps_to_the_homes_that_are_named(void **state)
{
    (void)state;
#define AT_HOME(id, home)                                                     \
    "{\"id\":\"" id "\"," home "\"say\":\"x\"" CHECKS "}\n"
    static const char text[] =
        AT_HOME("a", "\"home\":\"studio\",") AT_HOME("b", "\"home\":\"flat\",")
        AT_HOME("c", "") AT_HOME("d", "\"home\":\"house\",");
    char            *names[] = {(char[]){"studio"}, (char[]){"house"}};
    struct text_list homes = {names, 2};
    struct suite     s;
    struct sample    some;
    struct err       err = {0};

    if (!find_share()) skip();
    if (load_text(&s, text, strlen(text), &err)) fail_msg("%s", err.text);
    if (suite_pick(&s, 1, &homes, 10, 0, 1, &some.cases, &some.n, &err))
        fail_msg("%s", err.text);
    assert_int_equal(some.n, 3);
    for (size_t i = 0; i < some.n; i++)
        assert_string_not_equal(some.cases[i]->id, "b");
    drop(&some);
    close_text(&s);
}

static void test_pick_of_nothing_is_empty(void **state)
{
    (void)state;
    struct suite  s;
    struct sample none = pick(NULL, 0, 5, 0, 1);

    assert_int_equal(none.n, 0);
    drop(&none);
    make_suite(&s, "s", 3, 1);
    none = pick(&s, 1, 0, 0, 1);
    assert_int_equal(none.n, 0);
    drop(&none);
    close_text(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_suite_reads_each_field),
        cmocka_unit_test(test_suite_reads_a_conversation),
        cmocka_unit_test(test_suite_finds_a_case_by_its_id),
        cmocka_unit_test(test_suite_that_changed_meanwhile_is_noticed),
        cmocka_unit_test(test_suite_keeps_going_without_its_broken_lines),
        cmocka_unit_test(test_suite_check_finds_near_duplicates),
        cmocka_unit_test(test_pick_spends_turns_not_cases),
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
        cmocka_unit_test(test_pick_keeps_to_the_homes_that_are_named),
        cmocka_unit_test(test_pick_of_nothing_is_empty),
    };
    return cmocka_run_group_tests_name("suite", tests, NULL, NULL);
}
