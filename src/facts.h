/* SPDX-License-Identifier: MIT */
/* facts.h - the one record that every report renders. All numbers are
 * computed here (step 7); no report computes any.
 *
 * Missing  NAN with a reason; NULL texts.
 */
#ifndef FACTS_H
#define FACTS_H

#include <jansson.h>
#include <stdbool.h>

#include "metrics.h"
#include "types.h"
#include "understanding.h"

#define SCHEMA_VERSION 1

/* Percentiles that a sample can certify at 99 % (stats_certified). */
#define CERTIFIED 4
extern const double certified_p[CERTIFIED];      /* 0.5, 0.9, 0.95, 0.99     */
extern const char *const certified_name[CERTIFIED];     /* "p50", ...        */
extern const int certified_needs[CERTIFIED];     /* the fewest observations:
                                                    stats_certified_floor()  */

struct metric {
    double median, low, high;   /* low, high: 95 % for the median            */
    long   n;
    double certified[CERTIFIED];   /* of latencies; NAN: too few turns       */
    bool   is_marked;           /* every observation bears a mark            */
    char   reason[240];         /* why missing, or why marked; "" otherwise  */
};

struct quality {
    char  *suite;
    int    pass, fail, unparsed, template_fault, harness_fault, total;
    double rate, rate_low, rate_high;    /* pass/total, Wilson 95 %; NAN when
                                            harness faults exceed 2 %        */
    double rate_if_parsed;               /* (pass + unparsed)/total          */
    bool   needs_tools;                  /* the cases are about tool calls   */
    bool   by_prompt;                    /* the tools stood in the system
                                            prompt: never mixed with native  */
    char  *dialect;                      /* by_prompt: in which form, words  */
    struct metric first_sentence_s;      /* from the question to the first
                                            sentence, over every model call  */
    struct metric first_sentence_cold_s; /* the first call with nothing cached*/
};

enum fault { FAULT_TEMPLATE, FAULT_FILE, FAULT_ENGINE, FAULT_MODEL,
             FAULT_HARNESS };
const char *fault_name(enum fault f);
enum fault  fault_from_name(const char *name);     /* or FAULT_HARNESS */

struct finding {
    char       kind[32];        /* tools_dropped, no_template, ...           */
    enum fault fault;
    char       text[400];       /* the fact                                  */
    char       remedy[400];     /* what to do                                */
};

enum verdict { VERDICT_TARGET_MET, VERDICT_READY, VERDICT_BORDERLINE,
               VERDICT_TOO_SLOW, VERDICT_DOES_NOT_FIT, VERDICT_UNSUPPORTED,
               VERDICT_NOT_INSTRUCT, VERDICT_FAILED, VERDICT_UNKNOWN };
const char *verdict_name(enum verdict v);      /* "target_met", ...          */
enum verdict verdict_from_name(const char *name);  /* or VERDICT_UNKNOWN     */

enum candidate_status { STATUS_OK, STATUS_PARTIAL, STATUS_SKIPPED,
                        STATUS_FAILED };
const char *status_name(enum candidate_status s);
/* Or STATUS_PARTIAL: what is not known to be finished is not. */
enum candidate_status status_from_name(const char *name);

/* "input", "preflight", ...; NULL for ERR_NONE, and back. */
const char   *failure_kind_name(enum err_kind kind);
enum err_kind failure_kind_from_name(const char *name);

struct worst_case {             /* an example for the report: a failed case  */
    char *suite, *id, *say, *answer, *reason;
    enum outcome outcome;
};

/* One turn of the ten-turn conversation; NAN: not observed. */
struct turn_facts {
    int    turn;                /* from 1                                    */
    double first_sentence_s;
    double prompt_tokens;       /* of the rendered prompt                    */
    double cached_tokens;       /* taken from the prefix cache               */
    double unchanged_tokens;    /* longest common prefix with the prompt of
                                   the turn before; NAN for the first        */
    double reread_tokens;       /* unchanged, and evaluated all the same     */
};
#define TURNS_MAX 32

/* Time to first token against prompt size, cold. */
struct cliff_point {
    double entities, prompt_tokens;
    double ttft_s;              /* NAN: see reason                           */
    char   reason[120];         /* "longer than the context", ...; or ""     */
};
#define CLIFF_POINTS 6          /* 0.25, 0.5, 1, 2, 4, 8 times the user's
                                   entities                                  */
struct cliff_facts {
    struct cliff_point points[CLIFF_POINTS];
    size_t n;
    double knee_tokens;         /* NAN: it grows evenly, or too few points   */
    double max_entities;        /* most within limit_s; NAN: not known       */
    double limit_s;             /* a first token within so long              */
    bool   is_bound;            /* even the most that was measured is within
                                   limit_s: "at least"                       */
    char   reason[240];         /* why no knee or no number; "" otherwise    */
};

struct reasoning_facts {
    long   answers;             /* that were looked at                       */
    double leak_rate;           /* of them: with reasoning in the speech     */
    double empty_rate;          /* of them: nothing but reasoning            */
    int    can_disable;         /* 1, 0; -1: it does not reason, or unknown  */
    char   how[200];            /* what switched it off, or was tried        */
};

/* Cases that need a tool, as the template has it (not those by prompt). */
struct call_facts {
    long   wanted;              /* such cases                                */
    double rate;                /* of them: with a structured call, right or
                                   wrong; NAN without any                    */
    double rate_if_parsed;      /* ... or with one written as text           */
};

/* The same decoding with one thing changed. */
struct serving_variant {
    char   name[40];            /* "as set", "greedy only", "full chain",
                                   "backend sampling"                        */
    double tok_s;               /* median                                    */
    double saves_ms_per_token;  /* against "as set"; NAN for that itself     */
    bool   is_sure;             /* each pair of runs says the same           */
};
#define SERVING_VARIANTS 4

/* What step 2 said beforehand, and how far off it was. */
struct predicted {
    enum metric_id metric;
    double value, low, high;    /* 80 % interval                             */
    double error;               /* value / measured median - 1; NAN          */
};
#define PREDICTED_MAX 8

struct soak_facts;              /* soak.h                                    */
struct coload_facts;            /* coload.h                                  */

/* Memory in bytes, three times: METHOD.md "Memory". NAN: not known.
 *    field                     what it is                                   */
#define LEDGER_PREDICTED(X)                                                   \
    X(weights_bytes,            "weights")                                    \
    X(kv_bytes,                 "cache and recurrent state")                  \
    X(compute_bytes,            "compute and output buffers")                 \
    X(overhead_bytes,           "the process itself")                         \
    X(total_bytes,              "all of it")
#define LEDGER_ENGINE(X)                                                      \
    X(weights_bytes,            "weights")                                    \
    X(kv_bytes,                 "cache and recurrent state")                  \
    X(compute_bytes,            "compute and output buffers")                 \
    X(total_bytes,              "all buffers")                                \
    X(device_bytes,             "of them on a GPU")                           \
    X(largest_bytes,            "largest single allocation")
#define LEDGER_MEASURED(X)                                                    \
    X(available_before_bytes,   "MemAvailable before the load")               \
    X(after_load_bytes,         "taken once it answered")                     \
    X(anon_bytes,               "anonymous memory at the end")                \
    X(weights_mapped_bytes,     "of the weight files mapped")                 \
    X(device_bytes,             "GPU memory, most")                           \
    X(peak_bytes,               "taken at most, no byte twice")               \
    X(available_low_bytes,      "lowest MemAvailable")                        \
    X(largest_bytes,            "largest single mapping that is no file")     \
    X(growth_bytes,             "more at the end than after the load")

struct ledger {
#define X(field, help) double field;
    struct { LEDGER_PREDICTED(X) } predicted;
    struct { LEDGER_ENGINE(X) } engine;
    struct { LEDGER_MEASURED(X) } measured;
#undef X
    double left_for_speech_bytes;     /* after the reserve                   */
    double reserve_bytes;
    char   largest[40];               /* the engine's words for its largest  */
    char   device_source[80];         /* "NVML", "engine's log", ""          */
};

/* Something about the board that a reader of the figures has to know. */
struct board_verdict {
    char kind[24];              /* throttled, slow_clock, cpu_fallback,
                                   interference, swapped, co_load            */
    char text[300];             /* what, how often                           */
    long turns, of;             /* that it touched; -1: not of turns         */
    char remedy[200];           /* "" none                                   */
};
#define BOARD_VERDICTS_MAX 8

struct board_facts {
    json_t *at_start;           /* reading_json() of chosen keys, or NULL    */
    struct board_verdict verdicts[BOARD_VERDICTS_MAX];
    size_t  n_verdicts;
    long    turns, marked;      /* looked at; of them not ranked             */
    double  power_w, power_peak_w, temp_peak_c, gpu_load_pct, gpu_freq_hz;
                                /* over decode turns: medians, peaks         */
    char    energy_scope[40];   /* what energy and power are of, ""          */
};

struct candidate_facts {
    char  *name, *file, *sha256, *base_url;
    char  *quantisation, *architecture;
    double parameters, file_bytes;
    enum candidate_status status;
    char  *failure;             /* one sentence, or NULL                     */
    enum err_kind failure_kind;
    bool   is_synthetic;        /* made-up weights: its answers mean nothing */
    bool   remote;              /* memory and power are not this machine's   */
    int    has_template;        /* 1, 0, -1; the next three likewise         */
    int    supports_tools, supports_tool_calls, supports_system_role;
    struct finding *findings;
    size_t n_findings;
    struct metric   metrics[METRIC_COUNT];
    struct predicted predicted[PREDICTED_MAX];
    size_t n_predicted;
    struct turn_facts turns[TURNS_MAX];
    size_t n_turns;
    struct cliff_facts cliff;
    struct reasoning_facts reasoning;
    struct call_facts calls;
    struct serving_variant serving[SERVING_VARIANTS];
    size_t n_serving;
    json_t *preflight;          /* preflight_json() of it, or NULL           */
    struct board_facts board;
    struct ledger ledger;
    struct soak_facts *soak;    /* NULL: none was asked for                  */
    struct coload_facts *coload;/* NULL: none                                */
    struct quality *quality;
    size_t n_quality;
    struct understanding understanding;
    struct worst_case *examples;
    size_t n_examples;
    enum verdict verdict;
    char  *reason;              /* why this verdict, or why it lost          */
    bool   passes_gates;
    char  *command;             /* what serves it, or NULL                   */
    char  *engine, *build;
    char  *server;              /* "Ollama", "vLLM", ...; or NULL            */
    char  *beside;              /* how to audition the same weights under
                                   another engine, or NULL                   */
    int    blocks;
};

struct recommendation {
    char *name;
    char *sure;                 /* one sentence: how sure, and against whom  */
    char *command;              /* the exact command line that serves it     */
    char *runner_up;            /* or NULL                                   */
};

/* The same audition in another power mode, for the eye: mode_facts.h. */
struct mode_cell {
    char  *name;                /* of the candidate                          */
    double served_tok_s, first_sentence_s, energy_j_per_token, power_w,
           temp_peak_c;
    bool   is_marked;           /* a figure's every observation bears a mark */
    enum verdict verdict;
};
struct mode_facts {
    char  *id, *name;
    char  *failure;             /* why it could not be auditioned; NULL      */
    struct mode_cell *cells;
    size_t n;
};

struct facts {
    char   *run_id, *started_utc, *version;
    char   *config_name;        /* "demo.yaml", or "command line"            */
    char   *objective;
    int     method_version;
    struct machine machine;
    char   *power_mode;         /* as the config states it, or NULL          */
    double  reserve_bytes;
    json_t *settings;           /* thresholds and the like, as an object     */
    struct candidate_facts *candidates;   /* in order of rank                */
    size_t  n_candidates;
    struct mode_facts *modes;      /* of the board; none: only one was asked */
    size_t  n_modes;
    struct recommendation *recommendation;  /* NULL: nobody passed           */
    bool    is_stopped;         /* by a signal: not everything was measured  */
    char   *no_winner;          /* then: why, and who came nearest           */
};
void facts_done(struct facts *f);

#endif
