/* SPDX-License-Identifier: MIT */
/* import_cases.h - `audition import`: a suite of others is found by its name,
 * asked as the original asks, judged by its rule and summed up as it does. */
#ifndef TESTS_E2E_IMPORT_CASES_H
#define TESTS_E2E_IMPORT_CASES_H

#include "e2e/document.h"

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

#endif
