/* SPDX-License-Identifier: MIT */
/* types.h - the plain data that travels between the steps of pipeline.c.
 *
 * Units    in the name: *_ns nanoseconds of CLOCK_MONOTONIC, *_s seconds,
 *          *_bytes, *_tok_s tokens per second; a bare number is a count.
 * Missing  a quantity that was not observed is NAN, a count -1, a text NULL:
 *          never 0 and never "".
 * Owns     a struct owns what its pointers point to, unless the field says
 *          "borrowed"; each has a *_done function, safe on a zeroed struct.
 */
#ifndef TYPES_H
#define TYPES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text_list.h"

/* Stored with each result; results of different versions are never ranked
 * together. Raised whenever METHOD.md changes what a number means. */
#define METHOD_VERSION 4

/* ---- one request and its answer, as it arrived ------------------------- */

struct tool_call {
    char *id;          /* the server's, "" when it gave none              */
    char *name;
    char *arguments;   /* as sent by the server: meant to be JSON, may not be */
};

enum chunk_kind { CHUNK_CONTENT, CHUNK_REASONING, CHUNK_CALL };

/* One arrival. A chunk is not a token: one may carry several. */
struct chunk {
    int64_t         at_ns;
    enum chunk_kind kind;
    size_t          end_bytes;  /* length of this kind's text so far, with it */
    int             tokens;     /* generated so far by the server's count, -1 */
};

enum finish {
    FINISH_NONE,    /* the server did not say                       */
    FINISH_STOP,    /* the model ended by itself                    */
    FINISH_LENGTH,  /* the token limit or the context ended it      */
    FINISH_CALLS,   /* it ended with tool calls                     */
    FINISH_CUT      /* the stream broke or a deadline ended it      */
};

/* The server's own account; NAN where it gives none. */
struct timings {
    double prompt_n;      /* prompt tokens evaluated now               */
    double cache_n;       /* prompt tokens taken from the prefix cache */
    double prompt_ms;
    double predicted_n;
    double predicted_ms;
};

/* What the board did during a turn; METHOD.md "The board". NAN: not read.
 *    field                       what it is                                 */
#define TELEMETRY_FIELDS(X)                                                   \
    X(gpu_load_pct,               "mean busy share of the GPU")               \
    X(gpu_load_peak_pct,          "its highest")                              \
    X(gpu_freq_hz,                "mean GPU clock")                           \
    X(gpu_freq_low_hz,            "its lowest")                               \
    X(gpu_max_freq_low_hz,        "lowest limit of the GPU clock")            \
    X(cpu_freq_hz,                "mean clock of the fastest processor")      \
    X(cpu_max_freq_low_hz,        "lowest limit of the processors' clock")    \
    X(power_w,                    "mean power, of the energy's scope")        \
    X(power_peak_w,               "its highest")                              \
    X(energy_j,                   "energy of the whole turn")                 \
    X(energy_error_j,             "its error, either way")                    \
    X(generation_energy_j,        "energy from the first token to the end")   \
    X(generation_energy_error_j,  "its error, either way")                    \
    X(energy_scope,               "what the energy is of: enum energy_scope") \
    X(temp_c,                     "hottest zone, highest")                    \
    X(throttle_flags,             "all bits that were set: watch_list.h")     \
    X(cooling_state,              "highest sum of cooling states")            \
    X(oc_events,                  "over-current events")                      \
    X(available_low_bytes,        "lowest MemAvailable")                      \
    X(memory_stall_s,             "time in which all waited for memory")      \
    X(swapped_bytes,              "swapped in and out")                       \
    X(engine_fault_bytes,         "pages that the engine read from a disk")   \
    X(engine_cpu_cores,           "CPU time of the engine / time")            \
    X(other_cpu_cores,            "... of others: not engine, co-load, us")   \
    X(stolen_cpu_cores,           "... that the host took away")              \
    X(coload_cpu_cores,           "... of the co-load")                       \
    X(coload_bytes,               "memory of the co-load, most")              \
    X(engine_anon_bytes,          "anonymous memory of the engine, most")     \
    X(device_bytes,               "GPU memory of the engine, most")           \
    X(duration_s,                 "how long it was joined over")              \
    X(samples,                    "samples inside the turn")

struct telemetry {
#define X(field, help) double field;
    TELEMETRY_FIELDS(X)
#undef X
};

/* What the energy is of: the widest scope that was measured wins. */
enum energy_scope { ENERGY_BOARD = 1, ENERGY_PACKAGE_AND_GPU, ENERGY_PACKAGE,
                    ENERGY_GPU };
const char *energy_scope_name(double scope);  /* "board input", ...; "" NAN */

/* A turn that was not measured under normal conditions; bits. */
enum turn_mark {
    MARK_THROTTLED    = 1,   /* heat, power or over-current cut clocks        */
    MARK_SLOW_CLOCK   = 2,   /* below the highest clock of the power mode     */
    MARK_CPU_FALLBACK = 4,   /* on the CPU although a GPU is meant            */
    MARK_INTERFERENCE = 8,   /* other processes, or the host, took CPU time   */
    MARK_SWAPPED      = 16   /* memory was swapped, or weights read again     */
};
#define MARK_BITS 5

struct turn {
    int64_t           sent_ns;   /* the last byte of the request was written */
    int64_t           end_ns;    /* the stream ended                         */
    struct chunk     *chunks;    /* in order of arrival                      */
    size_t            n_chunks;
    char             *content;   /* what would be spoken; UTF-8, "" if none  */
    char             *reasoning; /* reasoning that the server kept apart     */
    struct tool_call *calls;
    size_t            n_calls;
    struct timings    server;
    enum finish       finish;
    int               http_status;  /* of the reply; 0 when none came        */
    double            retry_after_s; /* that a busy server asks for, or NAN;
                                        not stored                           */
    struct telemetry  board;      /* joined to it; NAN: not watched          */
    unsigned          marks;      /* MARK_*                                  */
};
void turn_init(struct turn *t);   /* "nothing observed yet" */
void turn_done(struct turn *t);

/* ---- step 1: candidates ------------------------------------------------ */

/* What a tensor is for. */
enum tensor_class {
    TENSOR_EMBEDDING,      /* token_embd: one row a token is read            */
    TENSOR_OUTPUT,         /* output: a head of its own, not tied            */
    TENSOR_ATTENTION,
    TENSOR_FEED_FORWARD,   /* also shared experts and routers                */
    TENSOR_EXPERTS,        /* of which a token uses a few                    */
    TENSOR_RECURRENT,      /* state-space and linear-attention layers        */
    TENSOR_NORM,
    TENSOR_OTHER,
    TENSOR_CLASSES
};
const char *tensor_class_name(enum tensor_class c);   /* "embedding", ... */

/* The tensors of one ggml type. */
struct type_share {
    uint32_t type;         /* ggml's number: gguf_type_find()                */
    uint64_t tensors, bytes;
    double   elements;
    double   bytes_read;   /* of these for one generated token               */
};
#define TYPE_SHARES_MAX 16 /* a model has a handful; later ones are merged
                              into the last                                  */

/* How layers remember; layers of one kind and size, in no order. */
enum layer_kind {
    LAYER_FULL,            /* the whole context                              */
    LAYER_WINDOW,          /* the last `window` tokens                       */
    LAYER_RECURRENT,       /* a state of fixed size                          */
    LAYER_SHARED           /* reads an earlier layer's cache, has none       */
};
struct layer_group {
    enum layer_kind kind;
    int    layers;
    double key_elements, value_elements;  /* cached for a token and layer;
                                             MLA: the latent, and 0          */
    double state_bytes;    /* RECURRENT: f32, one sequence and layer; else 0 */
    bool   reads_window;   /* SHARED: the cache that it reads is a window    */
};
#define LAYER_GROUPS_MAX 8

/* What a model file is. Only MODEL_TEXT can be auditioned by itself. */
enum model_kind { MODEL_TEXT, MODEL_PROJECTOR, MODEL_DRAFT, MODEL_ADAPTER,
                  MODEL_EMBEDDING, MODEL_VOCABULARY,
                  MODEL_OTHER };      /* speech, images, statistics          */
const char *model_kind_name(enum model_kind k);   /* "text", "mmproj", ... */

/* What the chat template's text shows; 1, 0, -1: there is none. */
struct template_facts {
    int supports_system, supports_tools, supports_tool_results,
        supports_thinking;      /* has a switch or writes <think> itself     */
    int uses_date;              /* a date in the prompt breaks the cache     */
};

/* What a model file says of itself; NAN, -1, NULL where it does not. */
struct model_facts {
    enum model_kind kind;
    char    *architecture;        /* "llama", "qwen2", ...                   */
    char    *model_name;          /* general.name                            */
    char    *quantisation;        /* "Q4_K_M", from general.file_type        */
    char    *chat_template;       /* Jinja text; NULL: the file has none     */
    char    *license;
    char    *tokenizer;           /* tokenizer.ggml.model: "gpt2", "llama"   */
    double   parameters;          /* elements of all tensors but rope tables */
    double   active_parameters;   /* of matrices that one token goes through,
                                     the output head with it and an untied
                                     embedding without: FLOPs a token = 2x   */
    int      layers, context, vocabulary;
    uint64_t file_bytes;          /* all parts of a split file               */
    uint64_t tensor_bytes;        /* of the data, each tensor padded to the
                                     file's alignment                        */
    double   kv_bytes_per_token;  /* f16 cache, all layers, below the window */

    int      embedding, feed_forward;   /* widths; feed_forward of the widest
                                           layer, of one expert in a mixture */
    int      heads, kv_heads;     /* most of any layer                       */
    int      head_size;           /* elements of a key                       */
    int      experts, experts_used;     /* 0: no mixture                     */
    int      window;              /* tokens of a sliding window, -1: none    */
    bool     is_tied;             /* the embedding is the output head too    */
    bool     is_big_endian;
    bool     is_synthetic;        /* `audition synth` made its weights up    */
    int      nodes_per_layer;     /* tensors of a middle layer: a proxy for
                                     the kernels that a token starts there   */
    uint64_t class_bytes[TENSOR_CLASSES];
    uint64_t embedding_bytes;     /* of token_embd alone, 0: not known        */
    double   weight_bytes_read_per_token;  /* bytes without padding; not an
                                     untied embedding, only used experts     */
    struct type_share  types[TYPE_SHARES_MAX];   /* most bytes first         */
    size_t             n_types;
    struct layer_group groups[LAYER_GROUPS_MAX];
    size_t             n_groups;  /* 0: the cache cannot be computed         */
    struct template_facts template;
};
void model_facts_done(struct model_facts *m);

enum source { SOURCE_FILE, SOURCE_HF, SOURCE_SERVER, SOURCE_REPLAY };

/* What the user expects of a candidate: held against the prediction. NAN:
 * nothing. */
struct expectation {
    double tok_s_low, tok_s_high;
    double latency50_s_low, latency50_s_high;
    double memory_bytes;
};

struct catalogue_model;           /* model/catalogue.h                       */

struct candidate {
    char       *name;             /* unique in the list                      */
    enum source source;
    char       *path;             /* FILE: first part; REPLAY: recording     */
    char       *url;              /* FILE elsewhere: the whole URL, which may
                                     hold secrets; path is without them      */
    char       *hf;               /* HF: "user/repo[:quant]"                 */
    char       *base_url;         /* SERVER: "http://127.0.0.1:8080"         */
    char       *model;            /* SERVER: as in its /v1/models, or NULL   */
    int         context;          /* tokens, -1: the audition's default      */
    json_t     *sampling;         /* object or NULL                          */
    json_t     *template_kwargs;  /* object or NULL                          */
    struct text_list server_args; /* appended to the engine's command        */
    double      measured_tok_s;   /* what the user already knows, NAN        */
    struct expectation expect;
    int         line;             /* in the config, 0 when from a flag       */

    const struct catalogue_model *known;  /* borrowed; NULL: not in there    */
    bool        is_absent;        /* facts are the catalogue's: no file here */
    struct model_facts facts;
    char        sha256[65];       /* of the file's bytes; "" when unknown    */
    struct err  failure;          /* why it cannot be auditioned at all      */
};
void candidate_done(struct candidate *c);

struct candidate_list {
    struct candidate *items;
    size_t            n;
};
void candidate_list_done(struct candidate_list *list);

/* ---- step 3: what an engine says once it runs -------------------------- */

struct engine_facts {
    char   *engine;          /* "llama_server", "openai_http", "replay"      */
    char   *build;           /* "b11434-…" as the server reports, or NULL    */
    char   *command;         /* the exact command line, shell-quoted, or NULL*/
    char   *model;           /* as the server names it                       */
    long    pid;             /* of the child, -1 when it is not ours         */
    bool    remote;          /* answers from another host                    */
    int     context;         /* tokens a conversation may take, -1           */
    double  load_s;          /* process start to ready; NAN when not ours    */
    int64_t started_ns;      /* of the process, on the clock of the turns' time
                                stamps; -1 when not ours                     */
    char   *server;          /* what it is: "llama-server", "Ollama", "vLLM",
                                "LM Studio"; NULL: OpenAI-compatible, no more
                                is known                                     */
    double  memory_bytes;    /* as the server reports it (Ollama); NAN       */
    char   *context_note;    /* the server's context is not what was asked for,
                                and what to do; NULL: it is, or unknown      */
    char   *page_cache;      /* was the file dropped from the page cache
                                before the start, or why not; NULL: not ours */
    int     has_template;    /* 1, 0, -1 unknown                             */
    int     supports_tools, supports_tool_calls, supports_system_role;
    bool    has_completion;  /* raw prompts, token ids, forced length        */
    bool    has_raw_text;    /* raw prompts as text only, length not forced  */
    bool    has_backend_sampling; /* a request may ask for sampling where the
                                     model runs                              */
    bool    counts_tokens;   /* reports timings with its answers             */
};
void engine_facts_done(struct engine_facts *f);

/* ---- step 4: trials ---------------------------------------------------- */

/* A trial is the unit that is stored whole or not at all. */
enum trial_status {
    TRIAL_OK,
    TRIAL_FAILED,          /* the candidate failed: a result, kept            */
    TRIAL_HARNESS_FAULT    /* our or the transport's fault: run again later   */
};

struct observation {
    const char *metric;    /* borrowed, a name of METRICS (metrics.h)         */
    double      value;
};

/* One message of a conversation as it was sent or received. */
struct message {
    const char *role;      /* "system", "user", "assistant", "tool": static   */
    char       *text;
    char       *call_id;   /* role "tool": which call this answers; role
                              "user": not NULL when these are results that
                              the user's turn carries (tools by prompt), and
                              MESSAGE_BEFORE, whatever the role, of what the
                              case says was said earlier                      */
    int         turn;      /* role "assistant": index into turns, else -1     */
};
#define MESSAGE_BEFORE "before"

enum outcome {
    OUTCOME_NONE,          /* not a case                                      */
    OUTCOME_PASS,
    OUTCOME_FAIL,          /* the model's                                     */
    OUTCOME_UNPARSED,      /* right call, written as text: the parser's       */
    OUTCOME_TEMPLATE,      /* the model was not shown what the case needs     */
    OUTCOME_HARNESS        /* ours or the transport's                         */
};
const char  *outcome_name(enum outcome o);            /* "pass", ... */
enum outcome outcome_from_name(const char *name);     /* or OUTCOME_NONE */

struct trial {
    char              key[160];   /* unique within its subject: schedule.h    */
    int               block;
    enum trial_status status;
    char              fault[16];  /* "", template|file|engine|model|harness   */
    char             *reason;     /* one sentence, NULL when all is well      */
    double            duration_s; /* what it cost, by the engine's stamps     */

    struct turn      *turns;
    size_t            n_turns;
    struct message   *messages;
    size_t            n_messages;
    struct observation *observations;
    size_t            n_observations;

    unsigned          marks;      /* MARK_* of any of its turns: not ranked   */
    char             *suite, *case_id, *case_hash;   /* of a case, else NULL  */
    json_t           *end_state;  /* of the home after the case, or NULL      */
    enum outcome      outcome;
};
void trial_done(struct trial *t);
void trial_observe(struct trial *t, const char *metric, double value);
struct turn    *trial_add_turn(struct trial *t);      /* initialised */
struct message *trial_add_message(struct trial *t, const char *role,
                                  const char *text);  /* copies text */

/* ---- this machine ------------------------------------------------------ */

struct machine {
    char  *board;            /* device-tree or DMI model, or NULL            */
    char  *cpu;              /* model name, or NULL                          */
    char  *os, *kernel, *arch;
    int    cores;
    double memory_bytes, available_bytes;   /* MemTotal, MemAvailable        */
    bool   reload_degrades;  /* Tegra: loading again and again fragments     */
};
void machine_copy(struct machine *to, const struct machine *from);
void machine_done(struct machine *m);

#endif
