/* SPDX-License-Identifier: MIT */
/* suite_cases.h - `audition suites`, and what a run makes of a suite that is
 * broken: the line is named, nothing is asked, or the rest is. */
#ifndef TESTS_E2E_SUITE_CASES_H
#define TESTS_E2E_SUITE_CASES_H

#include "document.h"

/* Parts of cases about one fact and about one lamp. */
#define PERU_CHECKS "\"checks\":[{\"scorer\":\"mentions\",\"any\":"           \
    "[\"Lima\"]}],\"reference\":{\"answer\":\"It is Lima.\"},"
#define PERU_WRONG "\"wrong\":{\"answer\":\"It is Quito.\"}"
#define PERU_TURN "\"say\":\"What is the capital of Peru?\"," PERU_CHECKS     \
    PERU_WRONG
#define PERU "{\"id\":\"peru\"," PERU_TURN "}\n"
#define LAMP_ON "\"checks\":[{\"scorer\":\"state\",\"expect\":"               \
    "{\"light.studio\":{\"state\":\"on\"}}}],"
#define LAMP_REFERENCE "\"reference\":{\"calls\":[{\"name\":\"HassTurnOn\","  \
    "\"arguments\":{\"name\":\"Studio light\"}}],\"answer\":"                 \
    "\"The studio light is on.\"},"
#define LAMP_WRONG "\"wrong\":{\"answer\":\"The light is on already.\"}"
#define LAMP_TURN "\"say\":\"Switch the studio light on.\"," LAMP_ON          \
    LAMP_REFERENCE LAMP_WRONG
#define LAMP "{\"id\":\"lamp\",\"home\":\"studio\"," LAMP_TURN "}\n"

/* ---- what is there ----------------------------------------------------- */

static inline json_t *suite_in(const json_t *document, const char *name)
{
    json_t *item;
    size_t  i;

    json_array_foreach(json_object_get(document, "suites"), i, item)
        if (strcmp(text_at(item, "suite"), name) == 0) return item;
    fail_msg("no suite %s in the document", name);
    return NULL;
}

static inline json_int_t whole_at(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static void test_the_suites_are_listed_with_what_they_hold(void **state)
{
    static const char *const ours[] = {
        "conversations", "home", "home_de", "home_es", "home_services",
        "instructions", "knowledge", "no_call"};
    struct workplace w;
    struct outcome   o;
    json_t          *document;

    (void)state;
    workplace_begin(&w, NULL);
    program_run(&w, "suites --json", &o);
    expect(&o, 0, NULL, NULL);
    document = document_of(&o);
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        char   *path = mem_printf("%s/suites/%s.jsonl", w.data, ours[i]);
        json_t *suite = suite_in(document, ours[i]);

        assert_int_equal(whole_at(suite, "cases"), count_lines(path));
        if (strcmp(ours[i], "conversations") == 0)
            assert_true(whole_at(suite, "turns") >=
                        10 * whole_at(suite, "cases"));
        else
            assert_int_equal(whole_at(suite, "turns"),
                             whole_at(suite, "cases"));
        assert_true(json_array_size(json_object_get(suite,
                                                    "categories")) > 1);
        free(path);
    }
    json_decref(document);
    outcome_done(&o);
    assert_int_equal(run_differs(&w, "suites", 0, "home_services", NULL), 0);
    assert_int_equal(run_differs(&w, "suites homme", 2, NULL,
                                 "did you mean \"home\""), 0);
    workplace_end(&w);
}

/* ---- is it sound ------------------------------------------------------- */

static const struct unsound_case {
    const char *situation, *line, *err;
} unsound_cases[] = {
    {"a reference that fails", "{\"id\":\"b\",\"say\":\"Which town is it?\","
     "\"checks\":[{\"scorer\":\"mentions\",\"any\":[\"Lima\"]}],\"reference\":"
     "{\"answer\":\"Cusco.\"}," PERU_WRONG "}",
     "case b: the reference does not pass: "},
    {"a wrong answer that passes", "{\"id\":\"b\",\"say\":\"Which town is "
     "it?\"," PERU_CHECKS "\"wrong\":{\"answer\":\"Lima, no, Quito.\"}}",
     "case b: the wrong answer passes"},
    {"silence passes", "{\"id\":\"b\",\"say\":\"Which town is it?\","
     "\"checks\":[{\"scorer\":\"mentions\",\"none\":[\"Quito\"]}],"
     "\"reference\":{\"answer\":\"Lima.\"}," PERU_WRONG "}",
     "case b: "},
    {"an echo passes", "{\"id\":\"b\",\"say\":\"Is Lima the town?\","
     PERU_CHECKS PERU_WRONG "}", "case b: an echo of the question passes"},
    {"\"Done!\" passes", "{\"id\":\"b\",\"say\":\"Wait for my friend.\","
     "\"checks\":[{\"scorer\":\"mentions\",\"any\":[\"done\"]}],\"reference\":"
     "{\"answer\":\"All done.\"},\"wrong\":{\"answer\":\"No.\"}}",
     "case b: the boilerplate \"Done!\" passes"},
    {"no wrong answer", "{\"id\":\"b\",\"say\":\"Which town is it?\","
     PERU_CHECKS "\"why\":\"x\"}", "case b: a sound case has"},
    {"wrongs are missing", "{\"id\":\"b\",\"turns\":[{" PERU_TURN "},{\"say\":"
     "\"Which town?\"," PERU_CHECKS "\"why\":\"x\"},{\"say\":\"Say it again."
     "\"," PERU_CHECKS "\"why\":\"x\"}]}", "case b: only 1 of 3 turns"},
    {"a later turn", "{\"id\":\"b\",\"turns\":[{" PERU_TURN "},{\"say\":"
     "\"Is it Lima?\"," PERU_CHECKS PERU_WRONG "}]}",
     "case b: turn 2: an echo"},
    {"nothing was to be changed", "{\"id\":\"b\",\"home\":\"studio\",\"setup\":"
     "{\"light.studio\":{\"state\":\"on\"}}," LAMP_TURN "}", "case b: "},
    {"another suite's", "{\"id\":\"b\",\"suite\":\"home\"," PERU_TURN "}",
     "case b: it says that it belongs to suite home"},
    {"the same but for a word", "{\"id\":\"b\",\"say\":\"What is the capital "
     "of Peru now?\"," PERU_CHECKS PERU_WRONG "}", "peru"},
};

static void test_an_unsound_case_is_named_with_what_it_lets_pass(void **state)
{
    struct workplace w;
    int              bad = 0;

    (void)state;
    workplace_begin(&w, NULL);
    for (size_t i = 0; i < sizeof unsound_cases / sizeof *unsound_cases; i++) {
        const struct unsound_case *c = &unsound_cases[i];
        char          *text = mem_printf(PERU LAMP "%s\n", c->line);
        struct outcome o;

        workplace_text(&w, "mine.jsonl", text);
        bad += run_differs(&w, "suites mine.jsonl", 0, "mine", NULL);
        program_run(&w, "suites mine.jsonl --check", &o);
        bad += differs(&o, c->situation, 2, "not sound", c->err);
        bad += differs(&o, c->situation, 2, NULL, "unsound: mine: case b");
        outcome_done(&o);
        free(text);
    }
    workplace_text(&w, "mine.jsonl", PERU LAMP);
    bad += run_differs(&w, "suites mine.jsonl --check", 0,
                       "every case is sound", NULL);
    bad += run_differs(&w, "suites knowledge --check", 0,
                       "every case is sound", NULL);
    assert_int_equal(bad, 0);
    workplace_end(&w);
}

/* What each engine that understands nothing passes of two cases of which we
 * know it: LAMP is passed by nobody, the other one by whoever says more than a
 * word, and not ours, and calls nothing. */
static void test_floors_are_what_understanding_nothing_passes(void **state)
{
    static const struct { const char *engine; int least, most; } wanted[] = {
        {"first_tool", 0, 0}, {"never_calls", 1, 1}, {"echo", 0, 0},
        {"done", 0, 0}, {"asks", 1, 1}, {"declines", 1, 1}, {"random", 0, 2},
        {"oracle", 2, 2}};
    struct workplace w;
    struct outcome   o;
    json_t          *document, *floors;

    (void)state;
    workplace_begin(&w, NULL);
    workplace_text(&w, "mine.jsonl", LAMP "{\"id\":\"tea\",\"home\":\"studio\","
                   "\"say\":\"I like tea.\",\"checks\":[{\"scorer\":"
                   "\"no_call\"}],\"reference\":{\"answer\":\"So do I.\"}}\n");
    program_run(&w, "suites mine.jsonl --floors --json", &o);
    expect(&o, 0, NULL, NULL);
    document = document_of(&o);
    floors = json_object_get(suite_in(document, "mine"), "floors");
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        const json_t *one = json_object_get(floors, wanted[i].engine);
        json_int_t    got = whole_at(one, "passed");

        if (!one || got < wanted[i].least || got > wanted[i].most)
            fail_msg("%s passes %lld", wanted[i].engine, (long long)got);
    }
    json_decref(document);
    outcome_done(&o);
    assert_int_equal(run_differs(&w, "suites mine.jsonl --floors", 0,
                                 "oracle", NULL), 0);
    workplace_end(&w);
}

/* ---- lines that are no case -------------------------------------------- */

static const struct broken_case {
    const char *line, *err;
} broken_cases[] = {
    {"{\"id\":\"b\",", "not valid JSON"},
    {"[1]", "a line must hold one case, an object"},
    {"{\"id\":\"b\",\"say\":\"a\xff\"}", "not valid JSON"},
    {"{\"id\":\"b\",\"id\":\"c\"," PERU_TURN "}", "duplicate object key"},
    {"{\"id\":\"b\",\"sya\":\"x\"," PERU_TURN "}", "no field \"sya\""},
    {"{\"id\":\"lamp\"," PERU_TURN "}", "id \"lamp\" is also in line 1"},
    {"{\"id\":\"b\",\"say\":\"x\",\"checks\":[]}", "any answer would pass"},
    {"{\"id\":\"b\",\"say\":\"a\\u0000b\",\"checks\":[{\"scorer\":"
     "\"speakable\"}]}", "none of them NUL"},
    {"{\"id\":\"b\",\"say\":\"x\",\"checks\":[{\"scorer\":\"stat\"}]}",
     "check 1: no scorer is called \"stat\""},
    {"{\"id\":\"b\",\"home\":\"castle\"," PERU_TURN "}",
     "no simulated home castle"},
    {"{\"id\":\"b\",\"home\":\"studio\",\"say\":\"x\",\"checks\":[{\"scorer\":"
     "\"state\",\"expect\":{\"light.attic\":{\"state\":\"on\"}}}]}",
     "the home has no entity light.attic"},
    {"{\"id\":\"b\",\"home\":\"studio\",\"setup\":{\"light.attic\":{\"state\":"
     "\"on\"}}," PERU_TURN "}", "the home has no entity light.attic"},
    {"{\"id\":\"b\",\"home\":\"studio\",\"area\":\"Attic\"," PERU_TURN "}",
     "the home has no area Attic"},
    {"{\"id\":\"b\",\"home\":\"studio\",\"tools\":\"magic\"," PERU_TURN "}",
     "no tools of the kind \"magic\""},
    {"{\"id\":\"b\",\"turns\":[]}", "\"turns\" must be a list of 1 to 100"},
    {"{\"id\":\"b\",\"turns\":[{" PERU_TURN "},{\"say\":\"x\",\"checks\":"
     "[{\"scorer\":\"nope\"}]}]}", "turn 2: check 1: no scorer"},
};

/* Between two sound lines: told by file and line, and left out when asked. */
static inline int broken_differs(const struct workplace *w, const char *line,
                                 size_t bytes, const char *err)
{
    static const char before[] = LAMP, after[] = "\n" PERU;
    size_t  n = sizeof before - 1 + bytes + sizeof after - 1;
    char   *file = mem_new(n + 1, 1);
    char   *told = mem_printf("audition: ./mine.jsonl:2: ");
    char   *left = mem_printf("left out: ./mine.jsonl:2: ");
    struct outcome o;
    int     bad;

    memcpy(file, before, sizeof before - 1);
    memcpy(file + sizeof before - 1, line, bytes);
    memcpy(file + sizeof before - 1 + bytes, after, sizeof after - 1);
    workplace_write(w, "mine.jsonl", file, n);
    program_run(w, "run -q -m good.gguf --suite ./mine.jsonl " SHORT, &o);
    bad = differs(&o, err, 2, NULL, told) + differs(&o, err, 2, NULL, err);
    outcome_done(&o);
    bad += run_differs(w, "suites ./mine.jsonl", 2, NULL, told);
    program_run(w, "suites ./mine.jsonl --keep-going --json", &o);
    bad += differs(&o, err, 0, "\"cases\":2", left);
    bad += differs(&o, err, 0, "\"broken_lines\":1", err);
    outcome_done(&o);
    free(left);
    free(told);
    free(file);
    return bad;
}

static void test_a_line_that_is_no_case_is_told_with_its_number(void **state)
{
    static const size_t deep = 100000;
    struct workplace w;
    char            *brackets = mem_new(deep + 1, 1);
    char            *lengthy  = mem_new((1u << 20) + 2, 1);
    int              bad = 0;

    (void)state;
    workplace_begin(&w, NULL);
    workplace_model(&w, "good");
    for (size_t i = 0; i < sizeof broken_cases / sizeof *broken_cases; i++)
        bad += broken_differs(&w, broken_cases[i].line,
                              strlen(broken_cases[i].line),
                              broken_cases[i].err);
    memset(brackets, '[', deep);
    bad += broken_differs(&w, brackets, deep, "not valid JSON");
    memset(lengthy, 'a', (1u << 20) + 1);
    bad += broken_differs(&w, lengthy, (1u << 20) + 1, "split the case");
    bad += broken_differs(&w, "\0\0\0", 3, "not valid JSON");
    assert_int_equal(bad, 0);
    assert_int_equal(workplace_requests(&w), 0);
    free(lengthy);
    free(brackets);
    workplace_end(&w);
}

/* A suite that is no suite at all. */
static void test_a_suite_without_cases_is_told(void **state)
{
    static const struct { const char *file, *err; } wanted[] = {
        {"empty.jsonl", "empty.jsonl: has no cases"},
        {"blank.jsonl", "blank.jsonl: has no cases"},
        {"folder.jsonl", "folder.jsonl: is a directory, not a file"},
        {"none.jsonl", "none.jsonl: no such file"},
        {"broken.jsonl", "broken.jsonl:1: not valid JSON"},
    };
    struct workplace w;
    int              bad = 0;

    (void)state;
    workplace_begin(&w, NULL);
    workplace_model(&w, "good");
    workplace_text(&w, "empty.jsonl", "");
    workplace_text(&w, "blank.jsonl", "\n  \n\r\n");
    workplace_text(&w, "folder.jsonl/inside", "");
    workplace_text(&w, "broken.jsonl", "{\n");
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        char *listed = mem_printf("suites --keep-going %s", wanted[i].file);
        char *run = mem_printf("run -q -m good.gguf --keep-going --suite %s "
                               SHORT, wanted[i].file);

        bad += run_differs(&w, listed, 2, NULL, wanted[i].err);
        bad += run_differs(&w, run, 2, NULL, wanted[i].err);
        free(run);
        free(listed);
    }
    assert_int_equal(bad, 0);
    assert_int_equal(workplace_requests(&w), 0);
    workplace_end(&w);
}

/* With --keep-going the sound lines are asked, the others told. */
static void test_with_keep_going_the_sound_lines_are_asked(void **state)
{
    struct workplace w;

    (void)state;
    workplace_begin(&w, NULL);
    workplace_model(&w, "good");
    workplace_text(&w, "mine.jsonl", LAMP "{broken\n" PERU "[]\n");
    assert_int_equal(run_differs(&w, "run -m good.gguf --suite ./mine.jsonl "
                                 SHORT "--cases 9", 2, NULL,
                                 "./mine.jsonl:2: "), 0);
    assert_int_equal(workplace_requests(&w), 0);
    assert_int_equal(run_differs(&w, "run -m good.gguf --suite ./mine.jsonl "
                                 "--keep-going " SHORT "--cases 9", 0, NULL,
                                 "left out: ./mine.jsonl:4: "), 0);
    expect_rows(&w, "SELECT case_id FROM trial WHERE key LIKE 'case/%' "
                "ORDER BY case_id", "lamp\nperu\n");
    workplace_end(&w);
}

/* ---- homes --------------------------------------------------------------- */

static const struct home_case {
    const char *situation, *entities, *err;
} home_cases[] = {
    {"a script that runs itself",
     "{\"id\":\"script.a\",\"name\":\"A\",\"does\":[{\"script\":\"script.a\"}],"
     "\"state\":{\"state\":\"off\"}}", "script.a"},
    {"scripts that run each other",
     "{\"id\":\"script.a\",\"name\":\"A\",\"does\":[{\"script\":\"script.b\"}],"
     "\"state\":{\"state\":\"off\"}},"
     "{\"id\":\"script.b\",\"name\":\"B\",\"does\":[{\"script\":\"script.c\"}],"
     "\"state\":{\"state\":\"off\"}},"
     "{\"id\":\"script.c\",\"name\":\"C\",\"does\":[{\"script\":\"script.a\"}],"
     "\"state\":{\"state\":\"off\"}}", "script."},
    {"an id that is there twice",
     "{\"id\":\"light.a\",\"name\":\"A\",\"state\":{\"state\":\"off\"}},"
     "{\"id\":\"light.a\",\"name\":\"B\",\"state\":{\"state\":\"off\"}}",
     "light.a"},
    {"no JSON", "{", "loop.json"},
};

/* Ours, but for a home of its own. */
static inline void data_with_home(struct workplace *w, const char *entities)
{
    static const char *const kept[] = {"suites", "prompts", "models", "boards",
        "architectures", "measurements", "speech", "prediction.json"};
    char *home = mem_printf("{\"now\":\"2026-03-12T18:30:00\",\"areas\":[\"Hall"
                            "\"],\"entities\":[%s]}", entities);
    char *data = temp_path(&w->tree, "data"), *homes;

    temp_text(&w->tree, "data/homes/loop.json", home);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        char *to = mem_printf("%s/%s", w->data, kept[i]);
        char *at = mem_printf("%s/%s", data, kept[i]);

        if (symlink(to, at) && errno != EEXIST) fail_msg("%s: no link", at);
        free(at);
        free(to);
    }
    homes = mem_printf("%s/homes", w->data);
    for (const char *const *f = (const char *const[]){
             "tools.json", "tools_service.json", "distractors.json", NULL};
         *f; f++) {
        char *to = mem_printf("%s/%s", homes, *f);
        char *at = mem_printf("%s/homes/%s", data, *f);

        if (symlink(to, at) && errno != EEXIST) fail_msg("%s: no link", at);
        free(at);
        free(to);
    }
    free(homes);
    free(w->data);
    w->data = data;
    free(home);
}

static void test_a_home_that_cannot_be_is_told(void **state)
{
    int bad = 0;

    (void)state;
    for (size_t i = 0; i < sizeof home_cases / sizeof *home_cases; i++) {
        const struct home_case *c = &home_cases[i];
        struct workplace w;
        struct outcome   o;

        workplace_begin(&w, NULL);
        workplace_model(&w, "good");
        data_with_home(&w, c->entities);
        workplace_text(&w, "mine.jsonl", "{\"id\":\"a\",\"home\":\"loop\","
                       PERU_TURN "}\n");
        program_run(&w, "run -q -m good.gguf --suite ./mine.jsonl " SHORT, &o);
        bad += differs(&o, c->situation, 2, NULL, "./mine.jsonl:1: ");
        bad += differs(&o, c->situation, 2, NULL, c->err);
        outcome_done(&o);
        bad += workplace_requests(&w) != 0;
        workplace_end(&w);
    }
    assert_int_equal(bad, 0);
}

#endif
