/* SPDX-License-Identifier: MIT */
/* import_cases.h - `audition import`: a suite of others is found by its name,
 * asked as the original asks, judged by its rule and summed up as it does. */
#ifndef TESTS_E2E_IMPORT_CASES_H
#define TESTS_E2E_IMPORT_CASES_H

#include "e2e/original_cases.h"        /* workplace_packed */

#define JAVA_LIKE(id, say)                                                    \
    "{\"id\":\"" id "\",\"question\":[[{\"role\":\"user\",\"content\":\"" say \
    "\"}]],\"function\":[{\"name\":\"math.half\",\"description\":\"Half.\","  \
    "\"parameters\":{\"type\":\"dict\",\"properties\":{\"n\":{\"type\":"      \
    "\"integer\",\"description\":\"N.\"}},\"required\":[\"n\"]}}]}\n"
#define HALF_OF(id, n) "{\"id\":\"" id "\",\"ground_truth\":[{\"math.half\":" \
    "{\"n\":[" n "]}}]}\n"

/* Two calls, of which the recording gets one; nothing to call once; one
 * prompt of IFEval. */
static inline void foreign_suites(const struct workplace *w)
{
    workplace_text(w, "data/BFCL_v4_multiple.json",
                   JAVA_LIKE("multiple_0", "What is half of eight?")
                   JAVA_LIKE("multiple_1", "What is half of six?"));
    workplace_text(w, "data/possible_answer/BFCL_v4_multiple.json",
                   HALF_OF("multiple_0", "8") HALF_OF("multiple_1", "6"));
    workplace_text(w, "data/BFCL_v4_irrelevance.json",
                   JAVA_LIKE("irrelevance_0", "Who wrote Faust?"));
    workplace_text(w, "data/BFCL_v4_memory.json", "{}\n");
    workplace_text(w, "ifeval.jsonl", "{\"key\":7,\"prompt\":\"Say it without "
                   "commas.\",\"instruction_id_list\":[\"punctuation:no_comma"
                   "\"],\"kwargs\":[{}]}\n");
}

static void test_an_imported_suite_runs_like_one_of_ours(void **state)
{
    struct workplace w;
    struct outcome   o;
    json_t          *document, *originals;

    (void)state;
    workplace_begin(&w, NULL);
    foreign_suites(&w);
    assert_int_equal(run_differs(&w, "import bfcl data", 0, "bfcl_multiple",
                                 "left out: memory"), 0);
    assert_int_equal(run_differs(&w, "import ifeval ifeval.jsonl --json", 0,
                                 "\"cases\":1", NULL), 0);
    assert_int_equal(run_differs(&w, "suites", 0, "bfcl_irrelevance", NULL),
                     0);
    workplace_text(&w, "r.json", "{\"tok_s\":50,\"load_s\":1,\"context\":4096,"
        "\"has_template\":1,\"supports_tools\":1,\"supports_tool_calls\":1,"
        "\"supports_system_role\":1,\"prompt_tok_s\":1000,\"answers\":["
        "{\"when\":\"half of\",\"calls\":[{\"name\":\"math_half\","
        "\"arguments\":{\"n\":8}}]},{\"content\":\"That was Goethe.\"}]}");
    workplace_text(&w, "c.yaml", "suites: [bfcl_multiple, bfcl_irrelevance, "
                   "ifeval]\ncandidates:\n  - {name: a, replay: r.json}\n");
    program_run(&w, "run --json -q c.yaml", &o);
    document  = document_of(&o);
    originals = json_object_get(json_object_get(candidate_of(document, "a"),
                                                "understanding"),
                                "originals");
    assert_int_equal(json_array_size(json_object_get(originals, "suites")), 3);
    json_decref(document);
    outcome_done(&o);
    assert_int_equal(run_differs(&w, "report -o md", 0,
        "| BFCL multiple | 50.0 % | 50.0 % saner | 2 cases |\n"
        "| BFCL irrelevance | 100.0 % | 100.0 % saner | 1 case |\n", NULL),
        0);
    assert_int_equal(run_differs(&w, "report -o md", 0,
        "| IFEval prompt | 100.0 % | 100.0 % loose | 1 case |\n", NULL), 0);
    assert_int_equal(run_differs(&w, "report -o md", 0,
        "| **BFCL single turn** | **–** |", NULL), 0);
    workplace_end(&w);
}

static void test_what_cannot_be_imported_is_told(void **state)
{
    static const struct { const char *line, *err; } wanted[] = {
        {"import", "a format and a file or folder"},
        {"import bfcl", "a format and a file or folder"},
        {"import bfcll data", "did you mean \"bfcl\""},
        {"import bfcl nothing-here", "nothing-here: no such file"},
        {"import bfcl ifeval.jsonl", "not BFCL but IFEval"},
        {"import ifeval data/BFCL_v4_multiple.json", "not IFEval but BFCL"},
        {"import bfcl data", "--force replaces it"},
    };
    struct workplace w;
    int              bad = 0;

    (void)state;
    workplace_begin(&w, NULL);
    foreign_suites(&w);
    assert_int_equal(run_differs(&w, "import bfcl data -o mine", 0, "mine",
                                 NULL), 0);
    assert_int_equal(run_differs(&w, "suites mine/suites/bfcl_multiple.jsonl",
                                 0, "bfcl_multiple", NULL), 0);
    assert_int_equal(run_differs(&w, "import bfcl data", 0, NULL, NULL), 0);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        bad += run_differs(&w, wanted[i].line, 2, NULL, wanted[i].err);
    bad += run_differs(&w, "import bfcl data --force", 0, NULL, NULL);
    assert_int_equal(bad, 0);
    workplace_end(&w);
}

/* ---- right and wrong ----------------------------------------------------- */

#define PROMPT(key) "{\"key\":" key ",\"prompt\":\"Say it without commas.\"," \
    "\"instruction_id_list\":[\"punctuation:no_comma\"],\"kwargs\":[{}]}\n"
#define HA_HOME "areas: [{name: Den, id: den}]\nentities:\n- {id: "  \
    "light.den, name: Den light, area: den, state: 'off'}\n"
#define HA_TASK "category: light\ntests:\n- sentences: [Light on!]\n"         \
    "  expect_changes: {light.den: {state: 'on'}}\n"                           \
    "  ignore_changes: {light.den: [color_mode]}\n"
#define HALF_CALL(match, n) "{\"match\":\"" match "\",\"tool_calls\":["       \
    "{\"name\":\"math_half\",\"arguments\":{\"n\":" n "}}]},"

static inline void task_of_a_home(const struct workplace *w, const char *task)
{
    workplace_text(w, "ha/den/_fixtures.yaml", HA_HOME);
    workplace_text(w, "ha/den/lights.yaml", task);
}

/* Without "." and "..". */
static inline int count_entries(const char *folder)
{
    DIR *dir = opendir(folder);
    int  n   = -2;

    while (dir && readdir(dir)) n++;
    if (dir) closedir(dir);
    return n;
}

/* One case of each format goes the same way as the others. */
static void test_imported_cases_pass_when_right_and_fail_when_wrong(
    void **state)
{
    static const struct { const char *script, *outcome; } ways[] = {
        {"{\"chat\":[{\"role\":\"tool\",\"content\":\"The light is on.\"},"
         HALF_CALL("eight", "8") HALF_CALL("six", "6")
         "{\"match\":\"Faust\",\"content\":\"That was Goethe.\"},"
         "{\"match\":\"commas\",\"content\":\"Gladly and at once.\"},"
         "{\"match\":\"Light on!\",\"tool_calls\":[{\"name\":\"HassTurnOn\","
         "\"arguments\":{\"name\":\"Den light\"}}]},"
         "{\"content\":\"I can help.\"}]}", "pass"},
        {"{\"chat\":[{\"role\":\"tool\",\"content\":\"It is done.\"},"
         HALF_CALL("eight", "7") HALF_CALL("six", "\"6\"")
         HALF_CALL("Faust", "1")
         "{\"match\":\"commas\",\"content\":\"Gladly, and at once.\"},"
         "{\"match\":\"Light on!\",\"content\":\"The light is on.\"},"
         "{\"content\":\"I can help.\"}]}", "fail"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        const char      *way  = ways[i].outcome;
        char            *rows = mem_printf(
            "bfcl_irrelevance|irrelevance_0|%s\nbfcl_multiple|multiple_0|%s\n"
            "bfcl_multiple|multiple_1|%s\nha_den|lights-light_on|%s\n"
            "ifeval|ifeval_7|%s\n", way, way, way, way, way);
        struct workplace w;

        workplace_begin(&w, ways[i].script);
        workplace_model(&w, "good");
        foreign_suites(&w);
        task_of_a_home(&w, HA_TASK);
        assert_int_equal(run_differs(&w, "import bfcl data", 0, NULL, NULL),
                         0);
        assert_int_equal(run_differs(&w, "import ifeval ifeval.jsonl", 0,
                                     NULL, NULL), 0);
        assert_int_equal(run_differs(&w, "import ha ha", 0, "ha_den", NULL),
                         0);
        assert_int_equal(run_differs(&w, "run -q --full -m good.gguf "
            "--llama-server FAKE --suite bfcl_multiple --suite "
            "bfcl_irrelevance --suite ifeval --suite ha_den -r 1 --blocks 1 "
            "--budget 1", 0, NULL, NULL), 0);
        expect_rows(&w, "SELECT suite, case_id, outcome FROM trial WHERE key "
                    "LIKE 'case/%' ORDER BY suite, case_id", rows);
        free(rows);
        workplace_end(&w);
    }
}

/* ---- what is broken ------------------------------------------------------ */

#define MULTIPLE "data/BFCL_v4_multiple.json"
#define ANSWERS "data/possible_answer/BFCL_v4_multiple.json"
#define EIGHT(a) a ", " a ", " a ", " a ", " a ", " a ", " a ", " a
#define BOMB "a: &a [" EIGHT("x") "]\nb: &b [" EIGHT("*a") "]\nc: &c " \
    "[" EIGHT("*b") "]\nd: &d [" EIGHT("*c") "]\ntests: [" EIGHT("*d") "]\n"

/* file: laid over what foreign_suites() and task_of_a_home() gave. */
static const struct broken_import {
    const char *situation, *file, *text, *line, *err;
} broken_imports[] = {
    {"two formats in a file", MULTIPLE, JAVA_LIKE("multiple_0", "eight?")
     PROMPT("1"), "bfcl data", "multiple.json:2: this is not BFCL but IFEval"},
    {"two formats in a file", "p.jsonl", PROMPT("1")
     JAVA_LIKE("multiple_0", "eight?"), "ifeval p.jsonl",
     "p.jsonl:2: this is not IFEval but BFCL; `audition import bfcl`"},
    {"a key twice", "p.jsonl", PROMPT("1") PROMPT("2") PROMPT("1"),
     "ifeval p.jsonl", "p.jsonl:3: id \"ifeval_1\" is there twice"},
    {"a question twice", MULTIPLE, JAVA_LIKE("multiple_0", "a")
     JAVA_LIKE("multiple_0", "a"), "bfcl data",
     "multiple.json:2: data/possible_answer/BFCL_v4_multiple.json has no "
     "answer of \"multiple_0\" (or one, and the question is there twice)"},
    {"an answer twice", ANSWERS, HALF_OF("multiple_1", "8")
     HALF_OF("multiple_1", "8"), "bfcl data",
     "multiple.json:2: the answer of multiple_1 is there twice"},
    {"an answer is missing", ANSWERS, HALF_OF("multiple_0", "8"), "bfcl data",
     "has no answer of \"multiple_1\""},
    {"no functions", MULTIPLE, "{\"id\":\"multiple_0\",\"question\":[[{"
     "\"role\":\"user\",\"content\":\"a\"}]]}\n", "bfcl data",
     "multiple.json:1: an entry of BFCL is {"},
    {"no schema", "data/BFCL_v4_irrelevance.json", "{\"id\":\"irrelevance_0\","
     "\"question\":[[{\"role\":\"user\",\"content\":\"a\"}]],\"function\":["
     "{\"name\":\"f\",\"parameters\":\"x\"}]}\n", "bfcl data",
     "irrelevance.json:1: the \"parameters\" of function f are no schema"},
    {"a message that is no text", "data/BFCL_v4_irrelevance.json", "{\"id\":"
     "\"irrelevance_0\",\"question\":[[{\"role\":\"user\",\"content\":[1]}]],"
     "\"function\":[]}\n", "bfcl data",
     "the last message of \"question\" must be a text of the user"},
    {"a NUL in a text", "p.jsonl", "{\"key\":1,\"prompt\":\"a\\u0000b\","
     "\"instruction_id_list\":[\"punctuation:no_comma\"],\"kwargs\":[{}]}\n",
     "ifeval p.jsonl", "p.jsonl:1: "},
    {"no UTF-8", "p.jsonl", PROMPT("1") "{\"key\":2,\"prompt\":\"\xff\"}\n",
     "ifeval p.jsonl", "p.jsonl:2: not valid JSON"},
    {"one JSON array", "p.jsonl", "[\n" PROMPT("1") "]\n", "ifeval p.jsonl",
     "one JSON object is wanted on each line"},
    {"aliases that grow", "ha/den/lights.yaml", BOMB, "ha ha",
     "lights.yaml:5: more than 10000 values"},
    {"an alias of itself", "ha/den/lights.yaml", "tests: &t\n  - *t\n",
     "ha ha", "lights.yaml:2: the alias `*t` stands inside what it names"},
    {"nested too deep", "ha/den/_fixtures.yaml", "entities: "
     "[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]\n", "ha ha",
     "_fixtures.yaml:1: nested more than 16 deep"},
    {"no YAML", "ha/den/lights.yaml", "tests: [\xff\n", "ha ha",
     "lights.yaml:1: this line is not valid UTF-8"},
    {"tasks without a home", "tasks/a.yaml", HA_TASK, "ha tasks",
     "there is no _fixtures.yaml beside it"},
    {"a file of others", "p.jsonl", PROMPT("1"), "ha p.jsonl",
     "there is no _fixtures.yaml beside it; name a file of tasks"},
    {"a folder of others", "p.jsonl", "", "ha data",
     "no task of home-assistant-datasets in it; name datasets/"},
    {"a folder of others", "p.jsonl", "", "bfcl ha",
     "ha holds no single-turn entries of BFCL"},
    {"a folder, not a file", "p.jsonl", "", "ifeval data",
     "data is a folder; name the file of prompts in it"},
    {"the answers", "p.jsonl", "", "bfcl " ANSWERS,
     "the answers of BFCL; name the file of the questions"},
    {"nothing in it", "p.jsonl", "\n", "ifeval p.jsonl", "holds no prompt"},
};

static inline void expect_no_import(const struct workplace *w)
{
    char *path = workplace_path(w, "mine");

    if (access(path, F_OK) == 0) fail_msg("something is in %s", path);
    free(path);
}

static void test_what_is_broken_is_told_and_leaves_nothing(void **state)
{
    struct workplace w;
    int              bad = 0;

    (void)state;
    for (size_t i = 0; i < sizeof broken_imports / sizeof *broken_imports;
         i++) {
        const struct broken_import *b = &broken_imports[i];
        char          *line = mem_printf("import -o mine %s", b->line);
        struct outcome o;

        workplace_begin(&w, NULL);
        foreign_suites(&w);
        task_of_a_home(&w, HA_TASK);
        workplace_text(&w, b->file, b->text);
        program_run(&w, line, &o);
        bad += differs(&o, b->situation, 2, NULL, b->err);
        outcome_done(&o);
        expect_no_import(&w);
        free(line);
        workplace_end(&w);
    }
    assert_int_equal(bad, 0);
}

/* Cut, damaged, with a NUL byte, nested too deep, longer than 16 MB. */
static void test_bytes_that_are_no_lines_are_told_and_leave_nothing(
    void **state)
{
    static const char with_nul[] = PROMPT("1") "{\"key\":2,\0}\n";
    const size_t      long_bytes = ((size_t)16 << 20) + 1;
    char             *text = mem_new(long_bytes + 1, 1);
    struct workplace  w;
    int               bad = 0;

    (void)state;
    workplace_begin(&w, NULL);
    workplace_packed(&w, "cut.gz", PROMPT("1") PROMPT("2"), 9);
    workplace_text(&w, "bad.gz", "\x1f\x8b\x08 and no more of gzip");
    workplace_write(&w, "nul.jsonl", with_nul, sizeof with_nul - 1);
    memset(text, '[', 100000);
    workplace_text(&w, "deep.jsonl", text);
    memset(text, ' ', long_bytes);
    workplace_write(&w, "long.jsonl", text, long_bytes);
    free(text);
    bad += run_differs(&w, "import -o mine ifeval cut.gz", 2, NULL,
                       "cut.gz: the gzip data is cut off");
    bad += run_differs(&w, "import -o mine bfcl bad.gz", 2, NULL,
                       "bad.gz: the gzip data is damaged");
    bad += run_differs(&w, "import -o mine ifeval nul.jsonl", 2, NULL,
                       "nul.jsonl:2: not valid JSON");
    bad += run_differs(&w, "import -o mine ifeval deep.jsonl", 2, NULL,
                       "maximum parsing depth");
    bad += run_differs(&w, "import -o mine ifeval long.jsonl", 2, NULL,
                       "long.jsonl:1: the line has more than 16 MB; one JSON");
    assert_int_equal(bad, 0);
    expect_no_import(&w);
    workplace_end(&w);
}

/* What was imported before stays as it is, whatever the next import meets. */
static void test_an_import_that_fails_leaves_the_one_before(void **state)
{
    struct workplace w;
    struct running   limited;
    struct outcome   o;
    char            *path, *before, *after, *text = mem_new(8001, 1);
    int              bad = 0;

    (void)state;
    workplace_begin(&w, NULL);
    foreign_suites(&w);
    task_of_a_home(&w, HA_TASK);
    workplace_text(&w, "p.jsonl", PROMPT("1") PROMPT("2") "{\n");
    workplace_text(&w, "mine/suites/ha_den.jsonl/inside", "");
    bad += run_differs(&w, "import -o mine ifeval ifeval.jsonl", 0, NULL,
                       NULL);
    path = workplace_path(&w, "mine/suites/ifeval.jsonl");
    before = read_text(path);
    free(path);
    bad += run_differs(&w, "import -o mine ifeval ifeval.jsonl", 2, NULL,
                       "ifeval.jsonl is there already; --force replaces it, "
                       "--out names another folder");
    bad += run_differs(&w, "import -f -o mine ifeval p.jsonl", 2, NULL,
                       "p.jsonl:3: ");
    bad += run_differs(&w, "import -f -o mine ha ha", 2, NULL,
                       "ha_den.jsonl is a folder");
    bad += run_differs(&w, "import -o p.jsonl ha ha", 1, NULL,
                       "p.jsonl: is in the way of a folder");
    memset(text, 'a', 8000);
    path = mem_printf("{\"key\":9,\"prompt\":\"%s\",\"instruction_id_list"
                      "\":[\"punctuation:no_comma\"],\"kwargs\":[{}]}\n",
                      text);
    workplace_text(&w, "large.jsonl", path);
    free(path);
    limited = program_start_with(&w, "import -f -o mine ifeval large.jsonl",
                                 4096);
    program_end(&limited, &o);
    bad += differs(&o, "a full disk", 1, NULL, "cannot be written: ");
    outcome_done(&o);
    path = workplace_path(&w, "mine/suites/ifeval.jsonl");
    after = read_text(path);
    assert_string_equal(after, before);
    free(path);
    path = workplace_path(&w, "mine/homes");
    assert_int_equal(access(path, F_OK), -1);
    free(path);
    path = workplace_path(&w, "mine");
    assert_int_equal(count_entries(path), 1);       /* suites */
    assert_int_equal(bad, 0);
    free(before);
    free(after);
    free(text);
    free(path);
    workplace_end(&w);
}

/* Who cuts the questions short has answers that nobody asks for. */
static void test_answers_of_no_question_are_told(void **state)
{
    struct workplace w;

    (void)state;
    workplace_begin(&w, NULL);
    foreign_suites(&w);
    workplace_text(&w, MULTIPLE, JAVA_LIKE("multiple_1", "Half of six?"));
    workplace_text(&w, ANSWERS, HALF_OF("multiple_0", "8")
                   HALF_OF("multiple_1", "6") HALF_OF("multiple_2", "5"));
    assert_int_equal(run_differs(&w, "import bfcl data", 0, "bfcl_multiple",
        "left out: 2 answers of " ANSWERS ": no question asks for them"), 0);
    workplace_end(&w);
}

#endif
