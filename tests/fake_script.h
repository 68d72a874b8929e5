/* SPDX-License-Identifier: MIT */
/* fake_script.h - what a script says: its keys are checked, because a
 * misspelt one would make a test pass for nothing; settings, faults, /props,
 * the ways to fail at the start. Only fake_server.c includes it. */
#ifndef TESTS_FAKE_SCRIPT_H
#define TESTS_FAKE_SCRIPT_H

#include "fake_answer.h"
#include "fake_board.h"

_Noreturn static void usage_error(const char *what, const char *name)
{
    fprintf(stderr, "fake_server: %s: %s\n", what, name);
    exit(2);
}


static void check_keys(const json_t *object, const char *const *known)
{
    const char *key;
    json_t     *value;

    if (!json_is_object(object)) usage_error("not an object", known[0]);
    json_object_foreach((json_t *)object, key, value) {
        size_t i = 0;
        while (known[i] && strcmp(known[i], key)) i++;
        if (!known[i]) usage_error("unknown key in the script", key);
    }
}

static void read_fault(struct server *s, const json_t *fault)
{
    static const char *const keys[] = {"kind", "path", "at_request",
        "at_event", "s", "bytes", "once", NULL};
    static const char *const kinds[] = {"slow_headers", "dribble", "stall",
        "cut", "http500", "http503", "http429", "html", "empty",
        "wrong_content_length", "huge_token", "nul_bytes", "endless",
        "only_comments", "garbage_sse", "odd_shapes", "invalid_utf8",
        "one_chunk", "no_done", "error_event", "die_sigsegv", "die_sigkill",
        "die_sigabrt", "die_sigill", "sigstop", "unlisten", "oom_mid",
        "exit0", NULL};
    const char *kind = text_of(fault, "kind");
    size_t      i = 0;

    check_keys(fault, keys);
    while (kind && kinds[i] && strcmp(kinds[i], kind)) i++;
    if (!kind || !kinds[i]) usage_error("unknown fault", kind ? kind : "-");
    if (s->n_faults == MAX_FAULTS) usage_error("too many faults", kind);
    s->faults[s->n_faults++] = (struct fault){
        .kind = kind, .path = text_of(fault, "path"),
        .once = text_of(fault, "once"),
        .at_request = (long)number(fault, "at_request", 0),
        .at_event = (long)number(fault, "at_event",
                                 strcmp(kind, "only_comments") ? 3 : 1),
        .s = number(fault, "s", strcmp(kind, "dribble") ? 3600 : 0.002),
        .bytes = (size_t)number(fault, "bytes", 64u << 20)};
}

static json_t *load_script(const char *from, const char *model_path)
{
    static const char *const keys[] = {"load_s", "fail_on_load",
        "fail_on_help", "version", "omit_flags", "log", "props", "models",
        "tok_s", "prompt_tok_s", "pace", "tokens_per_chunk", "usage",
        "timings", "chat", "fault", "record", "ignore_sigterm", "life_s",
        "overflow", "train_ctx", "loaded", "capabilities", "template",
        "cached_count", "call_ids", "grandchildren", "log_flood",
        "descriptors", "board", "board_dir", NULL};
    static const char *const rule_keys[] = {"match", "role", "content",
        "reasoning", "tool_calls", "chunk_delay_ms", "first_delay_ms", NULL};
    json_error_t why;
    json_t      *script, *item;
    const char  *key;
    size_t       i;

    if (!from || !*from) return json_object();
    script = from[strspn(from, " \t\r\n")] == '{'
        ? json_loads(from, 0, &why) : json_load_file(from, 0, &why);
    if (!script) usage_error("the script is no JSON", why.text);
    check_keys(script, keys);
    json_object_foreach(json_object_get(script, "models"), key, item) {
        check_keys(item, keys);
        if (model_path && strstr(model_path, key))
            json_object_update(script, item);
    }
    json_array_foreach(json_object_get(script, "chat"), i, item)
        check_keys(item, rule_keys);
    json_array_foreach(json_object_get(script, "board"), i, item)
        check_keys(item, board_keys);
    return script;
}

static void merge(json_t *into, json_t *from)
{
    const char *key;
    json_t     *value;

    json_object_foreach(from, key, value) {
        json_t *old = json_object_get(into, key);
        if (json_is_object(old) && json_is_object(value)) merge(old, value);
        else json_object_set(into, key, value);
    }
}

static char *make_props(const struct server *s)
{
    char   *text;
    json_t *caps  = json_pack(
        "{s:b,s:b,s:b,s:b,s:b,s:b,s:b,s:b,s:b}",
        "supports_object_arguments", 1, "supports_parallel_tool_calls", 1,
        "supports_preserve_reasoning", 0, "supports_reasoning_effort", 0,
        "supports_string_content", 1, "supports_system_role", 1,
        "supports_tool_calls", 1, "supports_tools", 1,
        "supports_typed_content", 0);
    json_t *props = json_pack(
        "{s:{s:{s:f,s:i},s:I},s:i,s:s,s:s,s:s,s:{s:b,s:b},s:b,s:b,s:b,s:s,"
        "s:o,s:s,s:s,s:s,s:b}",
        "default_generation_settings", "params", "temperature", 0.8, "top_k",
        40, "n_ctx", (json_int_t)s->n_ctx, "total_slots", 1, "model_alias",
        s->model, "model_ftype", "Q4_K - Medium", "model_path", s->model_path,
        "modalities", "vision", 0, "audio", 0, "endpoint_slots", 1,
        "endpoint_props", 0, "endpoint_metrics", s->metrics, "chat_template",
        "{% for message in messages %}<|im_start|>{{ message.role }}\n"
        "{{ message.content }}<|im_end|>\n{% endfor %}"
        "{% if tools %}{{ tools }}{% endif %}<|im_start|>assistant\n",
        "chat_template_caps", caps, "bos_token", "<|im_start|>", "eos_token",
        "<|im_end|>", "build_info", "b11434-fake", "is_sleeping", 0);

    merge(props, json_object_get(s->script, "props"));
    text = must(json_dumps(props, JSON_COMPACT));
    json_decref(props);
    return text;
}

static void apply_script(struct server *s)
{
    json_t *fault = json_object_get(s->script, "fault"), *item;
    size_t  i;

    s->tok_s = number(s->script, "tok_s", 200);
    s->prompt_tok_s = number(s->script, "prompt_tok_s", 4000);
    s->pace = number(s->script, "pace", 1);
    s->tokens_per_chunk = (size_t)number(s->script, "tokens_per_chunk", 1);
    if (s->tokens_per_chunk < 1) s->tokens_per_chunk = 1;
    s->timings = !s->plain &&
                 !json_is_false(json_object_get(s->script, "timings"));
    s->usage = !json_is_false(json_object_get(s->script, "usage"));
    s->record = text_of(s->script, "record");
    s->loaded = s->as == LMSTUDIO
        ? !json_is_false(json_object_get(s->script, "loaded"))
        : json_is_true(json_object_get(s->script, "loaded"));
    if (json_is_object(fault)) read_fault(s, fault);
    json_array_foreach(fault, i, item) read_fault(s, item);
    s->props = make_props(s);
}

/* The ways in which a load (or --help) goes wrong. Texts as seen. */
static void fail(const char *how, const char *model_path)
{
    static const struct { const char *name, *log; } kinds[] = {
        {"oom", "ggml_backend_cuda_buffer_type_alloc_buffer: allocating "
         "7024.00 MiB on device 0: cudaMalloc failed: out of memory\n"
         "alloc_tensor_range: failed to allocate CUDA0 buffer of size "
         "7365197824\nllama_model_load: error loading model: unable to "
         "allocate CUDA0 buffer\n"},
        {"badmodel", "gguf_init_from_reader: invalid magic characters: "
         "'hell', expected 'GGUF'\nllama_model_load: error loading model: "
         "llama_model_loader: failed to load model\n"},
        {"exit1", ""}};

    if (!how) return;
    if (signal_named(how)) die_by(signal_named(how));
    if (strcmp(how, "exit0") == 0) exit(0);
    while (strcmp(how, "hang") == 0) pause();
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i].name, how)) continue;
        fputs(kinds[i].log, stderr);
        if (kinds[i].log[0])
            fprintf(stderr, "llama_model_load_from_file_impl: failed to load "
                    "model\ncommon_init_: failed to load model '%s'\nsrv  "
                    "llama_server: exiting due to model loading error\n",
                    model_path);
        exit(1);
    }
    usage_error("unknown fail_on_load", how);
}

static void print_help(const json_t *omit)
{
    static const char *const lines[] = {
        "-h,    --help, --usage                  print usage and exit",
        "--version                               show version and build info",
        "-t,    --threads N                      number of CPU threads",
        "-c,    --ctx-size N                     size of the prompt context",
        "-ngl,  --gpu-layers, --n-gpu-layers N   max. number of layers to "
        "store in VRAM, either an exact number, 'auto', or 'all'",
        "-fit,  --fit [on|off]                   whether to adjust unset "
        "arguments to fit in device memory ('on' or 'off', default: 'on')",
        "-m,    --model FNAME                    model path to load",
        "-lv,   --verbosity, --log-verbosity N   Set the verbosity threshold.",
        "-cram, --cache-ram N                    set the maximum cache size "
        "in MiB (default: 8192, -1 - no limit, 0 - disable)",
        "-np,   --parallel N                     number of server slots",
        "-a,    --alias STRING                   set model name aliases",
        "--host HOST                             address to listen on",
        "--port PORT                             port to listen on",
        "--api-key KEY                           API key to use for "
        "authentication",
        "--chat-template-kwargs STRING           sets additional params for "
        "the json template parser",
        "--metrics                               enable prometheus metrics",
        "--jinja, --no-jinja                     whether to use jinja "
        "template engine for chat (default: enabled)"};
    json_t *word;
    size_t  k;

    puts("----- fake llama-server: see tests/fake_server.c -----\n");
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        bool shown = true;
        json_array_foreach(omit, k, word)
            if (strstr(lines[i], json_string_value(word))) shown = false;
        if (shown) puts(lines[i]);
    }
}

#endif
