/* SPDX-License-Identifier: MIT */
/* test_config.c - what a config may say and what is said when it may not. To
 * add a case add a line to a table. Files are test_config_files.c's. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "config.h"

#define ONE "candidates: [a.gguf]\n"
#define SCHEMA(text)                                                          \
    ONE "tools: [{type: function, function: {name: f, parameters: " text "}}]\n"

static void must_load(struct config *c, const char *text)
{
    struct err err = {0};

    if (config_parse(text, strlen(text), "t.yaml", ".", c, &err))
        fail_msg("%s\n---\n%s", err.text, text);
}

static void must_fail(const char *text, size_t len, const char *name,
                      const char *fragment)
{
    struct config c;
    struct err    err = {0};

    if (config_parse(text, len, name, ".", &c, &err) == 0)
        fail_msg("loaded, but should say `%s`:\n%s", fragment, text);
    if (!strstr(err.text, fragment))
        fail_msg("says `%s`, not `%s`", err.text, fragment);
    assert_int_equal(ERR_INPUT, err.kind);
    assert_int_equal(0, c.candidates.n);   /* as config_init leaves it */
    assert_string_equal("quality", c.objective);
    config_done(&c);
}

static const struct { const char *yaml, *says; } bad[] = {
    /* names */
    {"contxt: 5\n" ONE, "t.yaml:1: contxt: unknown field; known here: board, "},
    {"contxt:\n  - 5\n" ONE, "t.yaml:1: contxt: unknown field"},
    {ONE "objectiv: speed\n", "t.yaml:2: objectiv: unknown field; did you "
     "mean `objective`?"},
    {"candidates:\n  - model: a\n    contxt: 5\n",
     "t.yaml:3: candidates[0].contxt: unknown field; did you mean `context`?"},
    {"thresholds: {targets: 1}\n" ONE, "t.yaml:1: thresholds.targets: unknown "
     "field; did you mean `target_s`?"},
    {"defaults: {cntext: 1}\n" ONE, "defaults.cntext: unknown field; did you "
     "mean `context`?"},
    {ONE "board: a\nreserve: 1\nboard: b\n", "t.yaml:4: board: is given "
     "twice, first in line 2; keep one"},
    {ONE "defaults: {sampling: {a: 1, a: 2}}\n", "t.yaml:2: a: is given twice"},
    {"? [a, b]\n: c\n", "t.yaml:1: a field's name must be a text"},

    /* types */
    {"- a.gguf\n", "t.yaml:1: is a list, not a mapping; put `candidates:`"},
    {"hello\n", "t.yaml:1: must be a mapping, not a single value"},
    {"candidates: a.gguf\n", "candidates: must be a list, not a single value"},
    {"candidates: {a: b}\n", "candidates: must be a list, not a mapping"},
    {"candidates: [[a]]\n", "candidates[0]: must be a mapping, not a list"},
    {"candidates: [a, , b]\n", "t.yaml:1: a value is missing here"},
    {"candidates:\n  - a\n  -\n", "candidates[1]: is empty"},
    {ONE "thresholds: 5\n", "thresholds: must be a mapping, not a single"},
    {ONE "board: [a]\n", "board: must be a single value, not a list"},
    {ONE "board: ''\n", "board: the value is empty; give a board's name"},
    {ONE "suites: {a: 1}\n", "suites: must be a list, not a mapping"},
    {ONE "suites: [[a]]\n", "suites[0]: must be a single value, not a list"},
    {ONE "defaults: {sampling: [1]}\n", "defaults.sampling: must be a mapping"},
    {ONE "defaults: {sampling: {temperature: .nan}}\n",
     "t.yaml:2: defaults.sampling: `.nan` cannot be sent as JSON"},
    {ONE "defaults: {server_args: --mlock}\n", "must be a list"},
    {ONE "defaults:\n  server_args:\n    - --threads 4\n",
     "t.yaml:4: defaults.server_args[0]: `--threads 4` holds a space"},
    {ONE "defaults:\n  server_args: [-t 4]\n", "`-t 4` holds a space"},

    /* numbers */
    {ONE "cases: 0\n", "t.yaml:2: cases: `0` is out of range; give 1 to 10000"},
    {ONE "cases: -3\n", "cases: `-3` is out of range; give 1 to 10000"},
    {ONE "cases: 99999999999999999999\n", "is out of range"},
    {ONE "cases: 1.5\n", "cases: `1.5` is not a whole number"},
    {ONE "cases: many\n", "cases: `many` is not a whole number"},
    {ONE "defaults: {context: 63}\n", "`63` is out of range; give 64 to "
     "1048576"},
    {"candidates: [{model: a, context: 4k}]\n",
     "candidates[0].context: `4k` is not a whole number; give 64 to 1048576"},
    {"candidates: [{model: a, measured_tok_s: 0}]\n",
     "candidates[0].measured_tok_s: `0` is out of range"},
    {"candidates: [{model: a, measured_tok_s: .inf}]\n",
     "`.inf` is not a number"},
    {"candidates: [{model: a, measured_tok_s: -1e999}]\n",
     "`-1e999` is not a number"},
    {ONE "reserve: lots\n", "reserve: `lots` is not an amount of memory such "
     "as 512, 300M or 2GiB"},
    {ONE "reserve: -1G\n", "`-1G` is out of range"},
    {ONE "reserve: 9999TiB\n", "`9999TiB` is out of range"},
    {ONE "budget: 0\n", "budget: `0` is out of range; give 1s to 720h"},
    {ONE "budget: 3 days\n", "`3 days` is not a time such as 90, 90s, 1.5m"},
    {ONE "thresholds:\n  target_s: 2.2\n", "t.yaml:3: thresholds: target_s "
     "(2.2) must not be above ready_s (2)"},
    {ONE "thresholds: {borderline_s: 1.9}\n", "nor ready_s above borderline_s"},
    {ONE "thresholds: {target_s: 0}\n", "thresholds.target_s: `0` is out of"},
    {ONE "thresholds: {min_quality: 70}\n", "`70` is out of range; give 0 to "
     "1"},
    {ONE "objective: sped\n", "objective: `sped` is unknown; did you mean "
     "`speed`? give quality, latency, speed or memory"},

    /* candidates */
    {"candidates: []\n", "t.yaml: has no candidates"},
    {"candidates:\n", "t.yaml: has no candidates"},
    {"candidates: [{name: x}]\n", "candidates[0]: does not say which model"},
    {"candidates: ['']\n", "candidates[0]: does not say which model"},
    {"candidates: [{model: a, hf: u/r}]\n", "has both `model` and `hf`"},
    {"candidates: [{hf: u/r, replay: x}]\n", "has both `hf` and `replay`"},
    {"candidates: [{base_url: 'http://h', model: m, replay: x}]\n",
     "has both `base_url` and `replay`"},
    {"candidates: [{hf: Llama}]\n", "hf: `Llama` is no repository; write "
     "user/repo or user/repo:quant"},
    {"candidates: [{hf: 'https://x.y/u/r'}]\n", "is no repository"},
    {"candidates: [{base_url: 'localhost:80'}]\n", "base_url: `localhost:80` "
     "is no URL; write it as http://127.0.0.1:8080"},
    {"candidates: [{base_url: 'http://'}]\n", "is no URL"},
    {"candidates: [{base_url: 'file:///etc/passwd'}]\n", "is no URL"},
    {"candidates:\n  - a.gguf\n  - b.gguf\n  - model: x/a.gguf\n",
     "t.yaml:4: candidates[2]: name: `a` is also that of the candidate in "
     "line 2; give one of them another `name`"},
    {"candidates: [{model: a, name: ' '}]\n", "not blank"},

    /* names of candidates elsewhere */
    {"candidates: [{model: a, name: Qwen-3B}]\nbaseline: Qwen-3b-x\n",
     "t.yaml:2: baseline: no candidate is called `Qwen-3b-x`; did you mean "
     "`Qwen-3B`?"},
    {ONE "baseline: zzz\n", "`zzz`; give the `name` of one"},
    {ONE "phases: [{name: p, candidates: [a, bb]}]\n",
     "phases[0].candidates[1]: no candidate is called `bb`"},
    {ONE "phases: [{name: p, candidates: bb}]\n",
     "phases[0].candidates: no candidate is called `bb`"},
    {ONE "phases: [{candidates: [a]}]\n", "phases[0]: has no `name`"},
    {ONE "phases: [{name: p}]\n", "phases[0]: has no `candidates`"},
    {ONE "phases: [{name: p, candidates: [a]}, {name: p, candidates: [a]}]\n",
     "phases[1]: the name `p` is that of phases[0] too"},
    {ONE "phases: [{nam: p}]\n", "phases[0].nam: unknown field; did you mean "
     "`name`?"},
    {ONE "phases: [p]\n", "phases[0]: must be a mapping"},

    /* prompt, tools, entities */
    {ONE "prompt: no_such_file.txt\n", "prompt: ./no_such_file.txt: no such "
     "file; give one beside the config, or the prompt itself"},
    {ONE "prompt: 'In {{entitys}}.'\n", "`{{entitys}}` is unknown; did you "
     "mean {{entities}}?"},
    {ONE "prompt: 'It is {{ now }}.'\n", "did you mean {{now}}?"},
    {ONE "prompt: ''\n", "prompt: is empty"},
    {ONE "tools: nowhere.json\n", "t.yaml:2: tools: ./nowhere.json: no such "
     "file"},
    {ONE "tools: {a: b}\n", "tools: must be a list, not a mapping"},
    {ONE "tools:\n  - {name: f}\n", "t.yaml:3: tools[0]: must be {\"type\": "
     "\"function\""},
    {ONE "tools: [{type: function, function: {name: 'a b'}}]\n",
     "tools[0]: function.name: must be 1 to 64 letters"},
    {ONE "tools: [{type: function, function: {name: f, description: 5}}]\n",
     "function.description: must be a text"},
    {ONE "tools: [{type: function, function: {name: f, parameters: []}}]\n",
     "function.parameters: must be a JSON Schema object"},
    {ONE "tools: [{type: function, function: {parameters: {}}}]\n",
     "tools[0]: function.name: must be 1 to 64 letters"},
    {SCHEMA("{properties: {}}"), "function.parameters: must be a JSON Schema "
     "object, {\"type\": \"object\""},
    {SCHEMA("{type: string}"), "function.parameters: must be a JSON Schema"},
    {SCHEMA("{type: object, properties: [a]}"),
     "function.parameters: properties: must be {name: schema}"},
    {SCHEMA("{type: object, properties: {a: {type: text}}}"),
     "function.parameters: properties.a: type: \"text\" is no type of JSON"},
    {SCHEMA("{type: object, properties: {a: 5}}"),
     "properties.a: must be a JSON Schema object"},
    {SCHEMA("{type: object, properties: {a: {type: []}}}"),
     "properties.a: type: must be a text"},
    {SCHEMA("{type: object, properties: {a: {type: [string, 5]}}}"),
     "properties.a: type: must be a list of types"},
    {SCHEMA("{type: object, required: [a]}"),
     "required: \"a\" is not among the properties"},
    {SCHEMA("{type: object, required: a}"), "required: must be a list"},
    {SCHEMA("{type: object, properties: {a: {enum: []}}}"),
     "properties.a: enum: must be a list of values"},
    {SCHEMA("{type: object, properties: {a: {type: array, items: "
            "{type: integ}}}}"), "properties.a: items: type: \"integ\""},
    {ONE "speaking_rate: 0\n", "t.yaml:2: speaking_rate: "},
    {ONE "speaking_rate: fast\n", "t.yaml:2: speaking_rate: "},
    {ONE "thinking: on\n", "t.yaml:2: thinking: "},
    {ONE "tools: [{type: function, function: {name: f}},\n"
     "  {type: function, function: {name: f}}]\n",
     "t.yaml:3: tools[1]: function.name: `f` is already that of item 0"},
    {ONE "entities: nowhere.yaml\n", "entities: ./nowhere.yaml: no such file"},
    {ONE "entities: [light]\n", "entities[0]: must be {id: ..."},
    {ONE "entities: [{id: a}]\n", "entities[0]: name: is missing"},
    {ONE "entities: [{id: a, name: b, aera: c}]\n", "entities[0]: aera: "
     "unknown field; did you mean `area`?"},
    {ONE "entities: [{id: a, name: b}, {id: a, name: c}]\n",
     "entities[1]: id: `a` is already that of item 0"},
    {ONE "entities: [{id: a, name: b, state: [on]}]\n", "state: must be a "
     "text or a number"},

    /* YAML itself */
    {"", "t.yaml: is empty; `audition init` writes one"},
    {"# only a comment\n", "t.yaml: is empty"},
    {"---\n", "t.yaml: is empty"},
    {"thresholds:\n\ttarget_s: 1\n", "t.yaml:2: YAML does not allow tabs for "
     "indentation; use spaces"},
    {"candidates:\n\t- a\n", "t.yaml:2: YAML does not allow tabs"},
    {"a:\n  b: 1\n\tc: 2\n", "t.yaml:3: YAML does not allow tabs"},
    {"---\n" ONE "---\n" ONE, "t.yaml:3: a second document begins here"},
    {"board: a: b\n", "t.yaml:1: a `:` stands where none can"},
    {ONE " board: x\n", "t.yaml:2: this line does not fit the ones above"},
    {"candidates:\n  - name: a\n   model: b\n", "t.yaml:3: this line is not an "
     "item of the list above"},
    {"candidates: - a\n", "t.yaml:1: a list cannot begin here"},
    {"board: |x\n  a\n", "t.yaml:1: more than a `|` or `>`"},
    {ONE "...\nboard: x\n", "t.yaml:3: the document has ended above"},
    {"board: \"x\n\n", "t.yaml:1: a quoted text is not closed"},
    {"board: \"\\ud83d\"\n", "t.yaml:1: a \\u escape that is no character"},
    {"board: \"\\q\"\n", "t.yaml:1: an unknown `\\` escape"},
    {"candidates: [a\n\nx: y\n", "t.yaml:1: a `[` list is not closed"},
    {"thresholds: {a: 1\n", "t.yaml:1: a `{` mapping is not closed"},
    {"board: @x\n", "t.yaml:1: a text cannot begin with this character"},
    {"candidates:\n- a\nb\n", "t.yaml:3: a `:` is missing after a field's"},
    {"%YAML 3.0\n---\n" ONE, "t.yaml:1: not valid YAML: found incompatible"},
    {"board: \"a\\0b\"\n", "holds a NUL character"},
    {"board: \xff\xfe\n" ONE, "t.yaml:1: this line is not valid UTF-8"},
    {ONE "x: caf\xc3\n", "t.yaml:2: this line is not valid UTF-8"},
    {ONE "board: \x1b[31m\n", "t.yaml:2: this line holds the control "
     "character 0x1b"},
    {"board: !secret x\n", "the tag `!secret` is not supported"},
    {"board: *x\n", "the alias `*x` has no anchor `&x` above it"},
    {"defaults: &x {sampling: *x}\n", "the alias `*x` stands inside what it"},
    {"<<: 5\n", "`<<` takes a mapping"},
    {"<<: [5]\n", "`<<` takes a mapping"},
    {"a: [[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]\n", "nested more than 16 deep"},
    {"a: &a [x]\nb: &b [[[[[*a]]]]]\nc: [[[[[[[[[[*b]]]]]]]]]]\n",
     "t.yaml:3: nested more than 16 deep"},
    {"a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
     "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
     "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n",
     "t.yaml:5: more than 10000 values, aliases written out"},
};

static void test_every_mistake_is_named_with_line_and_field(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        must_fail(bad[i].yaml, strlen(bad[i].yaml), "t.yaml", bad[i].says);
}

static void test_too_many_aliases_are_refused(void **state)
{
    char *text = mem_copy("a: &a x\nb: ["), *old;

    (void)state;
    for (int i = 0; i < 101; i++) {
        old = text;
        text = mem_printf("%s*a,", old);
        free(old);
    }
    must_fail(text, strlen(text), "t.yaml", "more than 100 aliases");
    free(text);
}

static void test_what_is_no_text_is_told_apart(void **state)
{
    static const char gguf[] = "GGUF\x03\0\0\0";

    (void)state;
    must_fail(gguf, sizeof gguf, "m.gguf", "m.gguf: is a model file, not a "
              "config; give it with `-m m.gguf`");
    must_fail("\x7f" "ELF\0", 5, "prog", "prog: is a binary file");
}

/* One line that must load. */
static const char *const good[] = {
    ONE,
    "candidates: [{model: 'models/*.gguf'}]\nbaseline: any\n",
    "candidates: [{model: m, base_url: 'http://127.0.0.1:8080'}]\n",
    "candidates: [{base_url: 'https://h/v1', name: x}]\n",
    "candidates: [{replay: r.json, context: 64, measured_tok_s: 1e-3}]\n",
    "candidates: [{hf: a/b}, {hf: 'a/b:Q4_K_M'}, {hf: 'a/b:Q8_0'}]\n",
    "{\"candidates\": [\"a\"], \"cases\": 5}\n",
    "%YAML 1.2\n---\n" ONE "...\n",
    "\xef\xbb\xbf" ONE,
    ONE "baseline:\nbudget: ~\nthresholds: null\nprompt:\ntools:\n",
    ONE "board: !!str 5\n",
    ONE "thresholds: {target_s: 2, ready_s: 2, borderline_s: 2}\n",
    ONE "phases: [{name: p, candidates: a}]\n",
    ONE "suites: home\n",
    ONE "tools: []\nentities: []\n",
    ONE "prompt: Answer in the style of README.md\n",
    ONE "prompt: 'Braces like {{this}} are kept.'\n",
    ONE "defaults: {server_args: ['--kwargs={ a }', '- a b', '-x=a b']}\n",
};

static void test_good_configs_load(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct config c;

        must_load(&c, good[i]);
        assert_true(c.candidates.n >= 1);
        config_done(&c);
    }
}

static void test_defaults_are_those_of_the_design(void **state)
{
    struct config c;

    (void)state;
    must_load(&c, ONE);
    assert_string_equal("quality", c.objective);
    assert_true(c.thresholds.target_s == 1.5);
    assert_true(c.thresholds.ready_s == 2.0);
    assert_true(c.thresholds.borderline_s == 2.5);
    assert_true(c.thresholds.min_tool_accuracy == 0.7);
    assert_true(c.thresholds.min_quality == 0.5);
    assert_true(c.thresholds.min_tok_s == 0);
    assert_true(c.reserve_bytes == 0);
    assert_true(isnan(c.budget_s));
    assert_int_equal(-1, c.cases);
    assert_int_equal(-1, c.context);
    assert_null(c.board);
    assert_null(c.prompt);
    assert_null(c.tools);
    assert_null(c.entities);
    assert_null(c.phases);
    assert_string_equal(ONE, c.text);
    assert_string_equal("t.yaml", c.path);
    assert_int_equal(-1, c.candidates.items[0].context);
    assert_true(isnan(c.candidates.items[0].measured_tok_s));
    assert_true(isnan(c.candidates.items[0].facts.parameters));
    config_done(&c);
    config_done(&c);   /* safe on a zeroed struct */
}

static void test_every_field_arrives(void **state)
{
    struct config           c;
    const struct candidate *m;
    char                   *json;

    (void)state;
    must_load(&c,
        "board: Jetson Orin NX 16GB\npower_mode: 25W\nreserve: 3GiB\n"
        "thresholds:\n  target_s: 1\n  ready_s: 1500ms\n  borderline_s: 1m\n"
        "  min_tool_accuracy: 0.9\n  min_quality: 1\n  min_tok_s: 20\n"
        "objective: latency\nbudget: 1.5h\nbaseline: two\n"
        "phases:\n  - name: first\n    candidates: [one, two]\n"
        "prompt: |\n  You are {{entities}}\n  at {{now}}\n"
        "tools:\n  - type: function\n    function:\n      name: f\n"
        "      parameters: {type: object}\n"
        "entities:\n  - {id: l.k, name: L, area: ~, state: off}\n"
        "  - {id: s.t, name: T, area: Hall, state: 21.5}\n"
        "suites: [home, x.jsonl]\ncases: 10000\n"
        "defaults: {context: 4096, sampling: {seed: 1}, server_args: [-fa, on],"
        " template_kwargs: {enable_thinking: off}}\n"
        "candidates:\n"
        "  - name: one\n    model: models/a.gguf\n    context: 1048576\n"
        "    sampling: {i: -3, h: 0x1F, o: 0o17, r: 1.5, e: 1e3, b: true,\n"
        "      y: No, z: null, s: '5', t: text, d: 1.2.3, l: [1, {a: b}]}\n"
        "    server_args: ['1', --x]\n    template_kwargs: {k: \"yes\"}\n"
        "    measured_tok_s: 27.5\n"
        "  - {name: two, base_url: 'http://h:1', model: m}\n");
    assert_string_equal("Jetson Orin NX 16GB", c.board);
    assert_string_equal("25W", c.power_mode);
    assert_true(c.reserve_bytes == 3 * 0x1p30);
    assert_true(c.thresholds.target_s == 1 && c.thresholds.ready_s == 1.5);
    assert_true(c.thresholds.borderline_s == 60);
    assert_true(c.thresholds.min_tool_accuracy == 0.9);
    assert_true(c.thresholds.min_quality == 1 && c.thresholds.min_tok_s == 20);
    assert_string_equal("latency", c.objective);
    assert_true(c.budget_s == 5400);
    assert_string_equal("two", c.baseline);
    json = jsonx_dump(c.phases);
    assert_string_equal(
        "[{\"name\":\"first\",\"candidates\":[\"one\",\"two\"]}]", json);
    free(json);
    assert_string_equal("You are {{entities}}\nat {{now}}\n", c.prompt);
    json = jsonx_dump(c.tools);
    assert_string_equal("[{\"type\":\"function\",\"function\":{\"name\":\"f\","
                        "\"parameters\":{\"type\":\"object\"}}}]", json);
    free(json);
    json = jsonx_dump(c.entities);   /* texts: `off` is a state, not a truth */
    assert_string_equal("[{\"id\":\"l.k\",\"name\":\"L\",\"state\":\"off\"},"
                        "{\"id\":\"s.t\",\"name\":\"T\",\"area\":\"Hall\","
                        "\"state\":\"21.5\"}]", json);
    free(json);
    assert_int_equal(2, c.suites.n);
    assert_int_equal(10000, c.cases);
    assert_int_equal(4096, c.context);
    assert_true(jsonx_number(c.sampling, "seed") == 1);
    assert_int_equal(0, jsonx_truth(c.template_kwargs, "enable_thinking"));
    assert_string_equal("on", c.server_args.items[1]);

    m = &c.candidates.items[0];
    assert_int_equal(SOURCE_FILE, m->source);
    assert_string_equal("models/a.gguf", m->path);
    assert_null(m->model);
    assert_int_equal(1048576, m->context);
    json = jsonx_dump(m->sampling);
    assert_string_equal("{\"i\":-3,\"h\":31,\"o\":15,\"r\":1.5,\"e\":1000.0,"
                        "\"b\":true,\"y\":false,\"z\":null,\"s\":\"5\","
                        "\"t\":\"text\",\"d\":\"1.2.3\",\"l\":[1,{\"a\":\"b\"}"
                        "]}", json);
    free(json);
    assert_string_equal("1", m->server_args.items[0]);
    assert_string_equal("yes", jsonx_text(m->template_kwargs, "k"));
    assert_true(m->measured_tok_s == 27.5);
    assert_int_equal(SOURCE_SERVER, c.candidates.items[1].source);
    assert_string_equal("http://h:1", c.candidates.items[1].base_url);
    assert_string_equal("m", c.candidates.items[1].model);
    config_done(&c);
}

static void test_what_is_said_of_the_board_arrives(void **state)
{
    struct config c;

    (void)state;
    must_load(&c,
        "soak: 10m\npower_modes: [0, 25W]\nmode_cmd: \"nvpmodel -m {id}\"\n"
        "co_load:\n  command: ./speech --fast\n"
        "  health_url: http://127.0.0.1:9/health\n  memory: 2GiB\n"
        "  threads: 3\n  ready: 90s\n"
        "candidates:\n  - model: a.gguf\n");
    assert_true(c.soak_s == 600);
    assert_int_equal(c.power_modes.n, 2);
    assert_string_equal(c.power_modes.items[0], "0");
    assert_string_equal(c.power_modes.items[1], "25W");
    assert_string_equal(c.mode_cmd, "nvpmodel -m {id}");
    assert_string_equal(c.co_load.command, "./speech --fast");
    assert_string_equal(c.co_load.health_url, "http://127.0.0.1:9/health");
    assert_true(c.co_load.memory_bytes == 2 * 0x1p30);
    assert_int_equal(c.co_load.threads, 3);
    assert_true(c.co_load.ready_s == 90);
    config_done(&c);
    must_load(&c, "candidates:\n  - model: a.gguf\n");
    assert_true(isnan(c.soak_s) && isnan(c.co_load.memory_bytes));
    assert_int_equal(c.power_modes.n, 0);
    assert_null(c.mode_cmd);
    assert_null(c.co_load.command);
    assert_int_equal(c.co_load.threads, -1);
    config_done(&c);
}

static void test_a_candidate_without_a_name_gets_one(void **state)
{
    static const struct { const char *yaml, *name; } rows[] = {
        {"candidates: [m/Qwen-Q4_K_M.gguf]\n", "Qwen-Q4_K_M"},
        {"candidates: [m/Big-00001-of-00003.GGUF]\n", "Big"},
        {"candidates: ['llama3.2:3b']\n", "llama3.2:3b"},
        {"candidates: ['m/*.gguf']\n", "m/*.gguf"},
        {"candidates: [.gguf]\n", ".gguf"},
        {"candidates: [{hf: 'u/Qwen-GGUF:Q8_0'}]\n", "Qwen-Q8_0"},
        {"candidates: [{hf: u/Qwen}]\n", "Qwen"},
        {"candidates: ['https://u:p@h/x/Qwen-Q8_0.gguf?download=true']\n",
         "Qwen-Q8_0"},
        {"candidates: ['https://u:p@h/x/?y=z']\n", "https://h/x/"},
        {"candidates: [{base_url: 'http://h:8080', model: qwen}]\n", "qwen"},
        {"candidates: [{base_url: 'http://h:8080'}]\n", "h:8080"},
        {"candidates: [{replay: runs/fast.json}]\n", "fast"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct config c;

        must_load(&c, rows[i].yaml);
        assert_string_equal(rows[i].name, c.candidates.items[0].name);
        config_done(&c);
    }
}

static void test_anchors_and_merges_work(void **state)
{
    struct config c;

    (void)state;
    must_load(&c,
        "candidates:\n"
        "  - &base {name: a, model: a.gguf, context: 100,\n"
        "    sampling: &s {t: 1}}\n"
        "  - {name: b, hf: u/r, sampling: *s}\n"
        "  - {<<: *base, name: c, model: c.gguf}\n"
        "  - {name: d, <<: [{context: 300}, *base]}\n");
    assert_int_equal(4, c.candidates.n);
    assert_true(jsonx_number(c.candidates.items[1].sampling, "t") == 1);
    assert_string_equal("c.gguf", c.candidates.items[2].path);
    assert_int_equal(100, c.candidates.items[2].context);
    assert_int_equal(300, c.candidates.items[3].context);
    assert_string_equal("a.gguf", c.candidates.items[3].path);
    config_done(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_mistake_is_named_with_line_and_field),
        cmocka_unit_test(test_too_many_aliases_are_refused),
        cmocka_unit_test(test_what_is_no_text_is_told_apart),
        cmocka_unit_test(test_good_configs_load),
        cmocka_unit_test(test_defaults_are_those_of_the_design),
        cmocka_unit_test(test_every_field_arrives),
        cmocka_unit_test(test_what_is_said_of_the_board_arrives),
        cmocka_unit_test(test_a_candidate_without_a_name_gets_one),
        cmocka_unit_test(test_anchors_and_merges_work),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
