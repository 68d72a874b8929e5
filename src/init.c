/* SPDX-License-Identifier: MIT */
/* init.c - see init.h. The names of boards and models are foreign: they stand
 * in double quotes with escapes, also in comments. */
#include "init.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/units.h"
#include "base/utf8.h"

#define MAX_LISTED     50
#define MAX_NAME_BYTES 255
#define MAX_BYTES      (4 << 20)

/* Printable as it is: no control, no line break, nothing invisible. */
static bool plain(utf8proc_int32_t c)
{
    switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP: return false;
    default: return c != '"' && c != '\\';
    }
}

/* A double-quoted YAML text in one line. */
static void add_quoted(struct strbuf *out, const char *text)
{
    char  *clean = utf8_clean(text, strlen(text));
    size_t len   = strlen(clean);

    strbuf_add(out, "\"");
    for (size_t i = 0; i < len;) {
        utf8proc_int32_t c;
        size_t           n = (size_t)utf8proc_iterate(
            (const utf8proc_uint8_t *)clean + i, (utf8proc_ssize_t)(len - i),
            &c);

        if (plain(c)) strbuf_addn(out, clean + i, n);
        else if (c == '"' || c == '\\') strbuf_addf(out, "\\%c", (char)c);
        else if (c < 0x100) strbuf_addf(out, "\\x%02X", (unsigned)c);
        else if (c < 0x10000) strbuf_addf(out, "\\u%04X", (unsigned)c);
        else strbuf_addf(out, "\\U%08X", (unsigned)c);
        i += n;
    }
    strbuf_add(out, "\"");
    free(clean);
}

/* ---- the fields above the candidates ------------------------------------ */

static void add_machine(struct strbuf *out, const struct machine *m)
{
    strbuf_add(out, "# Written for ");
    if (m->board) add_quoted(out, m->board);
    else strbuf_add(out, "this machine");
    if (m->cores > 0) strbuf_addf(out, ", %d cores", m->cores);
    if (isfinite(m->memory_bytes))
        strbuf_addf(out, ", %s of memory", units_bytes(m->memory_bytes).text);
    strbuf_add(out, ".\n");
}

/* Speech recognition and synthesis of the size that suits such a board. */
static const char *suggested_reserve(const struct machine *m)
{
    if (m->memory_bytes < 6e9) return "1GiB";
    return m->memory_bytes >= 12e9 ? "3GiB" : "2GiB";
}

static const char after_reserve[] =
    "\n"
    "# The times are from the end of the request to what the listener hears.\n"
    "# thresholds:\n"
    "#   target_s: 1.5            # up to here: target met\n"
    "#   ready_s: 2.0             # up to here: voice-ready\n"
    "#   borderline_s: 2.5        # up to here: borderline; above: too slow\n"
    "#   min_tool_accuracy: 0.7   # least share of right tool calls, 0 to 1\n"
    "#   min_quality: 0.5         # least share over all suites, 0 to 1\n"
    "#   min_tok_s: 0             # least decode speed; 0: no such gate\n"
    "\n"
    "# What the best is best at: quality, latency, speed or memory.\n"
    "# objective: quality\n"
    "\n"
    "# Words a minute of your speech, and a model's thinking: switched off\n"
    "# where that can be done, or kept.\n"
    "# speaking_rate: 150\n"
    "# thinking: off\n"
    "\n"
    "# Engine time for the speed measurements of all candidates together\n"
    "# (90s, 30m, 2h); the cases come on top. Default: 3m for each candidate.\n"
    "# budget: 30m\n"
    "\n"
    "# What the assistant is told: a text, or a .txt or .md file.\n"
    "# {{entities}} and {{now}} are filled in; {{now}} belongs at the end, so\n"
    "# that what is above it is read once. Default: a prompt of ours.\n"
    "# prompt: prompt.txt\n"
    "\n"
    "# The assistant's tools: a JSON file with OpenAI's tool array.\n"
    "# Default: the tools of a simulated home.\n"
    "# tools: tools.json\n"
    "\n"
    "# What is in the home: a list, or a JSON or YAML file of such a list.\n"
    "# Default: a simulated home.\n"
    "# entities:\n"
    "#   - {id: light.desk, name: Desk lamp, area: Study, state: off}\n"
    "\n"
    "# Which test suites; default: our English ones. How many cases of\n"
    "# them for each candidate, 1 to 10000; default: what --quick or --full\n"
    "# asks for. Each case how often; misheard at which word error rates (%).\n"
    "# suites: [home]\n"
    "# cases: 60\n"
    "# homes: [studio, flat]                       # default: of all sizes\n"
    "# repeats: 1\n"
    "# noise: [5, 10, 20]                          # default: none\n"
    "\n"
    "# Your speech programs, kept running beside each model: a command that\n"
    "# stays in the foreground, and a URL that answers when they are well;\n"
    "# or, in their place, memory held and threads kept busy:\n"
    "# {memory: 2GiB, threads: 1}. What they take is no longer available, so\n"
    "# set `reserve: 0`. Default: nothing runs beside.\n"
    "# co_load:\n"
    "#   command: ./speech.sh\n"
    "#   health_url: http://127.0.0.1:8080/health\n"
    "#   ready: 60s               # they may take so long to start\n"
    "\n"
    "# Keep each candidate answering for so long after its measurements, 10s\n"
    "# to 168h: does it slow down, grow or fail? Default: no soak.\n"
    "# soak: 10m\n"
    "\n"
    "# The same audition in several power modes, by number or name, and what\n"
    "# switches; the mode of before is restored. Default: the mode as it is.\n"
    "# power_modes: [0, 2]\n"
    "# mode_cmd: \"sudo -n nvpmodel -m {id}\"\n"
    "\n"
    "# For every candidate that does not say otherwise.\n"
    "# defaults:\n"
    "#   context: 8192                             # tokens, 64 to 1048576\n"
    "#   sampling: {temperature: 0}                # sent with each request\n"
    "#   server_args: [--flash-attn, on]           # default: none\n"
    "#   template_kwargs: {enable_thinking: false} # default: none\n";

static const char about_candidates[] =
    "\n"
    "# The models. Each is a path or a mapping with one of\n"
    "#   model: a GGUF file, a glob such as models/*.gguf, or a bare name\n"
    "#          that is looked for in the caches of llama.cpp, Hugging\n"
    "#          Face, Ollama and LM Studio\n"
    "#   hf: user/repo:quant\n"
    "#   base_url: http://127.0.0.1:8080, with model: as the server calls it\n"
    "#   replay: a recording\n"
    "# and, if wanted, name, context, sampling, server_args, template_kwargs,\n"
    "# measured_tok_s (what you already know of it) and what you expect:\n"
    "# expect: {tok_s: 35-45, latency50_s: 1.1-1.4, memory: 1.2GB}; the plan\n"
    "# says beforehand which of that cannot hold.\n";

static const char example_candidates[] =
    "# No model was found on this machine. Remove the `# ` of one of these:\n"
    "# candidates:\n"
    "#   - hf: bartowski/Llama-3.2-3B-Instruct-GGUF:Q4_K_M\n"
    "#   - hf: bartowski/Qwen2.5-3B-Instruct-GGUF:Q4_K_M\n"
    "#   - name: my-model\n"
    "#     model: models/my-model.gguf\n";

/* ---- candidates --------------------------------------------------------- */

static bool usable(const struct found_model *f)
{
    return f->path && utf8_valid(f->path, strlen(f->path));
}

static bool taken(char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0) return true;
    return false;
}

/* The model's name, made unique, valid and not too long. Caller frees. */
static char *unique_name(const struct found_model *f, char *const *names,
                         size_t n)
{
    const char *given = f->name ? f->name : "";
    char       *clean = utf8_clean(given, strlen(given));
    size_t      len   = strlen(clean);
    char       *name;

    if (len > MAX_NAME_BYTES - 10) {
        for (len = MAX_NAME_BYTES - 10; (clean[len] & 0xc0) == 0x80;) len--;
        clean[len] = '\0';
    }
    if (!clean[strspn(clean, " \t\n")]) {
        free(clean);
        clean = mem_copy("model");
    }
    name = mem_copy(clean);
    for (int i = 2; taken(names, n, name); i++) {
        free(name);
        name = mem_printf("%s-%d", clean, i);
    }
    free(clean);
    return name;
}

static size_t add_found(struct strbuf *out, const struct found_models *found,
                        char *names[MAX_LISTED])
{
    size_t n = 0;

    for (size_t i = 0; i < found->n && n < MAX_LISTED; i++) {
        const struct found_model *f = &found->items[i];

        if (!usable(f)) continue;
        names[n] = unique_name(f, names, n);
        strbuf_add(out, n ? "  - name: " : "candidates:\n  - name: ");
        add_quoted(out, names[n++]);
        if (f->where) {
            strbuf_add(out, "   # from ");
            add_quoted(out, f->where);
        }
        strbuf_add(out, "\n    model: ");
        add_quoted(out, f->path);
        strbuf_add(out, "\n");
    }
    if (n && n < found->n)
        strbuf_addf(out, "# %zu more were found and left out: at most %d are "
                    "listed, and only paths in UTF-8.\n", found->n - n,
                    MAX_LISTED);
    return n;
}

/* The fields that name candidates. */
static void add_phases(struct strbuf *out, const char *first)
{
    strbuf_add(out, "\n# The candidate that is in use today; shown in the "
               "report. Default: none.\n# baseline: ");
    add_quoted(out, first);
    strbuf_add(out, "\n\n# Candidates in named groups. Default: one group of "
               "all.\n# phases:\n"
               "#   - name: first\n#     candidates: [");
    add_quoted(out, first);
    strbuf_add(out, "]\n");
}

/* Which board predictions are for; a mode only where there are several. */
static void add_board(struct strbuf *out, const char *board, const char *mode)
{
    strbuf_add(out, "# The board, by a name that `audition devices` lists. "
               "Default: this machine.\n# board: ");
    add_quoted(out, board ? board : "Jetson Orin NX 16GB");
    if (mode || !board) {
        strbuf_add(out, "\n# power_mode: ");
        add_quoted(out, mode ? mode : "MAXN");
        strbuf_add(out, "   # as you set it: each is measured by itself");
    }
    strbuf_add(out, "\n\n");
}

char *init_text(const struct machine *m, const char *board,
                const char *power_mode, const struct found_models *found)
{
    char         *names[MAX_LISTED];
    struct strbuf out;
    char         *text;
    size_t        n;

    strbuf_init(&out, MAX_BYTES);
    strbuf_add(&out, "# audition.yaml - which of these models do I ship on "
               "this board?\n");
    add_machine(&out, m);
    strbuf_add(&out, "#\n"
               "# `audition run --dry-run` says what would be done, `audition "
               "run` does it. What\n# is commented out shows the default or "
               "an example. Paths are relative to this file.\n\n");
    add_board(&out, board, power_mode);
    strbuf_addf(&out, "# Memory that speech recognition and synthesis need "
                "beside the model. %s is\n# a guess for this board; measure "
                "yours while it listens and speaks. Default: 0.\nreserve: %s\n",
                suggested_reserve(m), suggested_reserve(m));
    strbuf_add(&out, after_reserve);
    strbuf_add(&out, about_candidates);
    n = add_found(&out, found, names);
    if (!n) strbuf_add(&out, example_candidates);
    add_phases(&out, n ? names[0] : "Llama-3.2-3B-Instruct-Q4_K_M");
    while (n) free(names[--n]);
    text = strbuf_take(&out);
    strbuf_done(&out);
    return text;
}
