/* SPDX-License-Identifier: MIT */
/* report_cases.h - four facts records, as step 7 would hand them over. */
#ifndef TESTS_REPORT_CASES_H
#define TESTS_REPORT_CASES_H

#include "unit/report_board.h"

static void start_facts(struct facts *f)
{
    *f = (struct facts){
        .run_id = mem_copy("7"),
        .started_utc = mem_copy("2026-03-01T09:30:00Z"),
        .version = mem_copy("0.1.0"),
        .config_name = mem_copy("audition.yaml"),
        .objective = mem_copy("quality"),
        .method_version = METHOD_VERSION,
        .machine = {
            .board = mem_copy("NVIDIA Jetson Orin NX 16GB"),
            .cpu = mem_copy("Cortex-A78AE"), .cores = 8,
            .os = mem_copy("Ubuntu 22.04.5 LTS"),
            .kernel = mem_copy("5.15.148-tegra"),
            .arch = mem_copy("aarch64"), .memory_bytes = 15.3 * GIB,
            .available_bytes = 12.7 * GIB, .reload_degrades = true},
        .power_mode = mem_copy("25W"),
        .reserve_bytes = 1.5 * GIB,
        .settings = json_pack("{s:{s:f, s:f, s:f, s:f}}", "thresholds",
                              "target_s", 1.5, "ready_s", 2.0,
                              "borderline_s", 2.5, "min_tool_accuracy", 0.7),
    };
}

static void winner_case(struct facts *f)
{
    struct candidate_facts *c;

    start_facts(f);
    c = add_candidate(f, "Qwen2.5-3B-Instruct-Q4_K_M", "");
    set_model(c, "models/Qwen2.5-3B-Instruct-Q4_K_M.gguf", "qwen2", 3.09e9,
              1929903264);
    set_speed(c, 31.4, 1.18, 2.6 * GIB);
    set_listener(c, 1.18, 78);
    add_turns(c, 1.18, .03, 0);
    set_cliff(c, 651, 2202, 5);
    c->cliff.max_entities = 11;
    set_serving(c, 33.9, 2.35);
    /* of the turns that throttled, nine also show in the clock */
    set_board(c, 31.4, 9.6, 78.5, 14, (double[MARK_BITS]){12, 9, 0, 0, 2});
    set_ledger(c, 1929903264);
    set_soak(c, 31.4);
    set_coload(c, "piper --server --port 10200", NULL);
    set_template(c, 1, 1, 1, 1);
    set_preflight(c, "native", "kept", NULL);
    add_suite(c, "home", true, 52, 6, 2, 0, .758, .931);
    set_suite_first(c, 1.31);
    add_suite(c, "speech", false, 27, 3, 0, 0, .743, .965);
    set_suite_first(c, 1.12);
    set_understanding(c, 52);
    set_verdict(c, VERDICT_READY, true, "It answers the most cases right of "
                "the two that passed every gate, and its first sentence "
                "comes after 1.18 s.");
    c = add_candidate(f, "SmolLM2-1.7B-Instruct-Q4_K_M", "");
    set_model(c, "models/SmolLM2-1.7B-Instruct-Q4_K_M.gguf", "llama", 1.71e9,
              1055609824);
    set_speed(c, 47.9, .71, 1.5 * GIB);
    set_listener(c, .71, 24);
    set_reason(c, METRIC_engine_tok_s, "llama-bench is not there");
    set_reason(c, METRIC_serving_ms_per_token, "llama-bench is not there");
    set_cliff(c, 1830, NAN, 6);
    c->cliff.max_entities = 46;
    snprintf(c->cliff.reason, sizeof c->cliff.reason, "no knee: the time "
             "grows evenly with the prompt");
    set_template(c, 1, 1, 0, 1);
    set_board(c, 47.9, 8.9, 97.5, 240, (double[MARK_BITS]){240, 0, 0, 1, 0});
    set_ledger(c, 1055609824);
    set_reason(c, METRIC_served_tok_s, "every one of 20 was measured under a "
               "mark: throttled");
    c->metrics[METRIC_served_tok_s].is_marked = true;
    add_suite(c, "home", true, 43, 17, 0, 0, .592, .815);
    add_suite(c, "speech", false, 22, 8, 0, 0, .556, .858);
    set_verdict(c, VERDICT_TARGET_MET, true, "Faster, but it answers 9 of "
                "60 home cases fewer than Qwen2.5-3B-Instruct-Q4_K_M.");
    add_example(c, "home-light-on-1", "Switch on the kitchen light.",
                "Sure! I switched on the **kitchen light**.",
                "light.kitchen is off, expected on: it said it and did not "
                "do it", OUTCOME_FAIL);
    c = add_candidate(f, "Mixtral-8x7B-Instruct-Q4_K_M",
                      "it was not loaded: it does not fit");
    set_model(c, "models/Mixtral-8x7B-Instruct-Q4_K_M.gguf", "llama",
              46.7e9, 26441533376);
    c->status = STATUS_SKIPPED;
    c->blocks = 0;
    set_template(c, 1, 0, 0, 0);
    set_verdict(c, VERDICT_DOES_NOT_FIT, false, "It needs 25.1 GiB and "
                "11.2 GiB are available with 1.5 GiB kept for speech.");
    c->ledger.predicted.weights_bytes = 24.6 * GIB;
    c->ledger.predicted.total_bytes = 25.1 * GIB;
    add_modes(f, "25W", "15W");
    mode_facts_add(f, NULL, "0", "MAXN", "the board asks for a restart; "
                   "restart it in this mode, then run again");
    f->recommendation = mem_new(1, sizeof *f->recommendation);
    *f->recommendation = (struct recommendation){
        .name = mem_copy("Qwen2.5-3B-Instruct-Q4_K_M"),
        .sure = mem_copy("Sure at 95 %: of the 13 home cases that only one "
                         "of the two passed, it won 11 "
                         "(sign test, p = 0.02)."),
        .command = mem_copy(f->candidates[0].command),
        .runner_up = mem_copy("SmolLM2-1.7B-Instruct-Q4_K_M")};
}

static void no_winner_case(struct facts *f)
{
    struct candidate_facts *c;

    start_facts(f);
    c = add_candidate(f, "qwen2.5-coder-0.5b-instruct-q4_k_m", "");
    set_model(c, "models/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf", "qwen2",
              494e6, 491400064);
    set_speed(c, 71.6, .48, .9 * GIB);
    set_listener(c, .48, 140);
    set_certified(c, METRIC_first_sentence_s, 3);
    add_turns(c, .48, .19, 812);
    set_reasoning(c, .12, .02, 1, "enable_thinking=false");
    c->calls = (struct call_facts){50, .88, .92};
    set_board(c, 71.6, 7.1, 58.1, 240, (double[MARK_BITS]){0, 0, 240, 0, 0});
    set_ledger(c, 491400064);
    set_template(c, 1, 1, 1, 1);
    set_preflight(c, "text_only", "kept", "fenced JSON");
    add_suite(c, "home", true, 0, 17, 43, 0, 0, .06);
    add_suite(c, "speech", false, 16, 14, 0, 0, .361, .698);
    add_finding(c, "calls_not_parsed", FAULT_TEMPLATE,
                "43 of 60 cases hold a right call that the model wrote as "
                "plain JSON and the engine returned as text.",
                "Serve it with a template that asks for <tool_call> tags, "
                "or parse JSON answers in your assistant.");
    set_verdict(c, VERDICT_TARGET_MET, false, "It passes 0 % of the tool "
                "cases as served; the gate is 70 %.");
    add_example(c, "home-light-on-1", "Switch on the kitchen light.",
                "```json\n{\"name\": \"HassTurnOn\", \"arguments\": "
                "{\"name\": \"Kitchen light\"}}\n```",
                "the call is right but was returned as text",
                OUTCOME_UNPARSED);
    c = add_candidate(f, "SmolLM2-360M-Instruct-Q8_0", "");
    set_model(c, "models/SmolLM2-360M-Instruct-Q8_0.gguf", "llama", 362e6,
              386404992);
    set_speed(c, 66.2, .52, .7 * GIB);
    set_template(c, 1, 0, 0, 1);
    set_preflight(c, "none", "merged", NULL);
    set_reasoning(c, 0, 0, 0, "enable_thinking=false, /no_think");
    c->cliff.limit_s = 1.5;
    snprintf(c->cliff.reason, sizeof c->cliff.reason, "the engine has no "
             "context left for one entity");
    add_suite(c, "home", true, 4, 0, 0, 56, .026, .159);
    /* one conversation has no interval; nothing was asked again */
    c->understanding = (struct understanding){
        .conversations = 1, .turns = {3, 4, .75, NAN, NAN}};
    c->understanding.manners[MANNER_refused] = some(31, 60);
    add_suite(c, "home_by_prompt", true, 27, 33, 0, 0, .331, .575);
    set_by_prompt(c, "<tool_call> with one JSON object");
    set_suite_first(c, .61);
    add_suite(c, "speech", false, 12, 18, 0, 0, .246, .577);
    add_finding(c, "tools_dropped", FAULT_TEMPLATE,
                "Its chat template has no place for tools, so the engine "
                "drops the tool list and the model never sees it.",
                "Serve it with --chat-template-file and a template that "
                "lists the tools, then run again.");
    set_verdict(c, VERDICT_TARGET_MET, false, "It was never shown a tool: "
                "56 of 60 home cases are lost to its template.");
    c = add_candidate(f, "gemma-3-270m-Q8_0", "");
    set_model(c, "models/gemma-3-270m-Q8_0.gguf", "gemma3", 268e6,
              291546304);
    set_speed(c, 98.1, .44, .5 * GIB);
    set_metric(c, METRIC_first_sentence_s, NAN, NAN, NAN, 0);
    set_reason(c, METRIC_first_sentence_s, "no turn held a sentence");
    set_template(c, 0, 0, 0, 0);
    add_suite(c, "home", true, 0, 0, 0, 60, 0, .06);
    add_suite(c, "speech", false, 1, 29, 0, 0, .006, .167);
    add_finding(c, "no_template", FAULT_FILE,
                "The file has no chat template: the engine serves it as "
                "ChatML, which this model was never taught.",
                "Use the instruction-tuned file (gemma-3-270m-it).");
    set_verdict(c, VERDICT_NOT_INSTRUCT, false, "It is a base model: it "
                "continues text and does not answer.");
    f->no_winner = mem_copy("qwen2.5-coder-0.5b-instruct-q4_k_m came "
                            "nearest: it is fast enough, and would pass 72 % "
                            "of the tool cases if the engine parsed its "
                            "calls; as served it passes none.");
}

static void failed_case(struct facts *f)
{
    struct candidate_facts *c;

    start_facts(f);
    c = add_candidate(f, "llama-3.2-1b", "");
    set_model(c, "models/Llama-3.2-1B-Instruct-Q4_K_M.gguf", "llama",
              1.24e9, 807694464);
    set_speed(c, 58.3, .66, 1.1 * GIB);
    set_listener(c, .66, 700);
    set_certified(c, METRIC_first_sentence_s, 4);
    set_cliff(c, 9000, NAN, 6);
    c->cliff.max_entities = 144;
    c->cliff.is_bound = true;
    set_serving(c, 58.9, .17);
    set_coload(c, "2.0 GiB and 2 threads held", "killed by signal 9");
    set_soak(c, 58.3);
    c->soak->is = STEADY_UNKNOWN;
    c->soak->starts = 2;
    c->soak->different = 3;
    snprintf(c->soak->reason, sizeof c->soak->reason, "memory was observed 7 "
             "times, a verdict takes 10");
    set_template(c, 1, 1, 1, 1);
    add_suite(c, "home", true, 44, 16, 0, 0, .609, .828);
    set_verdict(c, VERDICT_TARGET_MET, true, "The only candidate that "
                "passed every gate.");
    c = add_candidate(f, "office-server",
                      "the server is on another host");
    c->base_url = mem_copy("http://192.0.2.7:8000");
    c->engine = mem_copy("openai_http");
    c->server = mem_copy("Ollama");
    c->build = mem_copy("0.6.2");
    c->beside = mem_copy("audition run -m qwen2.5:3b auditions the same file "
                         "under llama-server");
    c->remote = true;
    c->status = STATUS_PARTIAL;
    set_metric(c, METRIC_first_sentence_s, .91, NAN, NAN, 4);
    set_reason(c, METRIC_first_sentence_s, "");
    add_suite(c, "home", true, 20, 19, 0, 0, .36, .66);
    c->quality[0].harness_fault = 21;
    c->quality[0].total = 60;
    c->quality[0].rate = c->quality[0].rate_if_parsed = NAN;
    add_finding(c, "connection_lost", FAULT_HARNESS,
                "21 of 60 cases ended because the connection was lost.",
                "Run again: only those cases are asked.");
    set_verdict(c, VERDICT_UNKNOWN, false, "Too many of its cases were lost "
                "to the connection.");
    c = add_candidate(f, "broken", "the candidate failed");
    c->file = mem_copy("models/broken.gguf");
    c->status = STATUS_FAILED;
    c->failure = mem_copy("models/broken.gguf: header cut short at 10 "
                          "bytes; download the file again");
    c->failure_kind = ERR_INPUT;
    set_verdict(c, VERDICT_FAILED, false, c->failure);
    c = add_candidate(f, "qwen2.5-14b", "not auditioned");
    set_model(c, "models/Qwen2.5-14B-Instruct-Q4_K_M.gguf", "qwen2", 14.8e9,
              8988110592);
    c->status = STATUS_FAILED;
    c->failure = mem_copy("out of memory allocating KV: 7,024 MiB asked, "
                          "5,110 MiB available; fits with context <= 2,560 "
                          "or q8_0 KV");
    c->failure_kind = ERR_PREFLIGHT;
    c->ledger.predicted.total_bytes = 15.2 * GIB;
    c->ledger.engine.weights_bytes = 8988110592;
    c->ledger.engine.total_bytes = 8988110592;
    c->ledger.measured.available_before_bytes = 13.4 * GIB;
    c->board.at_start = orin_at_start(51, false);
    set_verdict(c, VERDICT_FAILED, false, c->failure);
    f->recommendation = mem_new(1, sizeof *f->recommendation);
    *f->recommendation = (struct recommendation){
        .name = mem_copy("llama-3.2-1b"),
        .sure = mem_copy("Nobody else passed, so there was nothing to "
                         "compare it with."),
        .command = mem_copy(f->candidates[0].command)};
}

/* Everything that a terminal, a Markdown table or JSON could trip over. */
#define HOSTILE "\x1b]0;owned\x07\x1b[2J|a|`b`<img src=x>\xc2\x9b" "31m"      \
                "\xe2\x80\xae" "evil\xff\n| x | y |\n# h *b* _i_ [l](http://h)"

#define BRIEFLY "\x1b[2J|`g`<b>\xc2\x9b" "3m"

static void set_hostile_listener(struct candidate_facts *c)
{
    c->server = mem_copy(HOSTILE);
    c->beside = mem_copy(HOSTILE);
    set_by_prompt(c, HOSTILE);
    set_metric(c, METRIC_first_sentence_s, NAN, NAN, NAN, 0);
    set_reason(c, METRIC_first_sentence_s, HOSTILE);
    c->turns[c->n_turns++] = (struct turn_facts){
        .turn = 1, .first_sentence_s = NAN, .prompt_tokens = 1e300,
        .cached_tokens = NAN, .unchanged_tokens = NAN,
        .reread_tokens = 1e300};
    set_cliff(c, 1e-9, NAN, 1);
    snprintf(c->cliff.points[1].reason, sizeof c->cliff.points[1].reason,
             "%s", HOSTILE);
    snprintf(c->cliff.reason, sizeof c->cliff.reason, "%s", HOSTILE);
    c->cliff.max_entities = 1e18;
    set_reasoning(c, 1, 1, 0, HOSTILE);
    add_serving(c, BRIEFLY, 1e9, 1e-9, true);
    c->preflight = json_object();
    jsonx_set_text(c->preflight, "error", HOSTILE);
    json_object_set_new(c->preflight, BRIEFLY, json_true());
}

/* Texts and numbers of the board: its files, the user's command, the log. */
static void set_hostile_board(struct candidate_facts *c)
{
    struct board_verdict *v = &c->board.verdicts[0];

    set_board(c, 1e-9, 1e300, 1e9, 240, (double[MARK_BITS]){1, 1, 1, 1, 1});
    jsonx_set_text(c->board.at_start, "power_mode_name", HOSTILE);
    jsonx_set_text(c->board.at_start, "l4t_release", HOSTILE);
    jsonx_set_text(c->board.at_start, "gpu_name", HOSTILE);
    jsonx_set_text(c->board.at_start, BRIEFLY, HOSTILE);
    utf8_copy(c->board.energy_scope, sizeof c->board.energy_scope, BRIEFLY);
    utf8_copy(v->kind, sizeof v->kind, BRIEFLY);
    utf8_copy(v->text, sizeof v->text, HOSTILE);
    utf8_copy(v->remedy, sizeof v->remedy, HOSTILE);
    set_ledger(c, 1e300);
    utf8_copy(c->ledger.largest, sizeof c->ledger.largest, BRIEFLY);
    utf8_copy(c->ledger.device_source, sizeof c->ledger.device_source,
              BRIEFLY);
    set_soak(c, 1e300);
    utf8_copy(c->soak->reason, sizeof c->soak->reason, HOSTILE);
    set_coload(c, HOSTILE, HOSTILE);
}

static void hostile_case(struct facts *f)
{
    struct candidate_facts *c;

    start_facts(f);
    free(f->machine.board);
    free(f->config_name);
    f->machine.board = mem_copy(HOSTILE);
    f->config_name = mem_copy(HOSTILE);
    c = add_candidate(f, HOSTILE, HOSTILE);
    set_model(c, "models/" HOSTILE, HOSTILE, 1e9, 1e9);
    add_suite(c, HOSTILE, true, 1, 1, 1, 0, .1, .9);
    add_suite(c, HOSTILE "_by_prompt", true, 2, 1, 0, 0, .1, .99);
    set_understanding(c, 60);
    c->understanding.noise[0].reached_percent = 1e300;
    c->understanding.turns.high = 1e300;
    c->understanding.pass_hat[2] = -1e300;
    set_hostile_listener(c);
    set_hostile_board(c);
    add_finding(c, "kind|`", FAULT_MODEL, HOSTILE, HOSTILE);
    add_example(c, HOSTILE, HOSTILE, "````\n</details>\n" HOSTILE, HOSTILE,
                OUTCOME_FAIL);
    set_verdict(c, VERDICT_READY, true, HOSTILE);
    c = add_candidate(f, "a-name-that-is-much-too-long-for-any-terminal-"
                      "wide-\xe5\xae\xb6\xe5\xba\xad-\xf0\x9f\x8f\xa0-Q4_K_M",
                      "");
    set_speed(c, 1e9, 1e-9, 1e18);
    set_verdict(c, VERDICT_TOO_SLOW, false, "");
    add_modes(f, HOSTILE, "\xe5\xae\xb6\xe5\xba\xad|15W");
    mode_facts_add(f, NULL, HOSTILE, HOSTILE, HOSTILE);
    f->recommendation = mem_new(1, sizeof *f->recommendation);
    *f->recommendation = (struct recommendation){
        .name = mem_copy(HOSTILE), .sure = mem_copy(HOSTILE),
        .command = mem_copy(HOSTILE)};
}

#endif
