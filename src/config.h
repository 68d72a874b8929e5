/* SPDX-License-Identifier: MIT */
/* config.h - step 1: audition.yaml, bound by a table to plain data.
 *
 * libyaml events and one table-driven binder (config.c): every error names
 * file, line and field ("audition.yaml:14: candidates[2].contxt: unknown
 * field; did you mean `context`?"). Bounded: 1 MB, depth 16, 10,000 nodes,
 * aliases followed at most 100 times. Paths are relative to the file.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include <jansson.h>

#include "base/err.h"
#include "types.h"

struct thresholds {
    double target_s, ready_s, borderline_s;  /* 1.5, 2.0, 2.5 (DESIGN 7)   */
    double min_tool_accuracy;                /* 0..1, default 0.7          */
    double min_quality;                      /* 0..1 over all suites, 0.5  */
    double min_tok_s;                        /* default 0: no such gate    */
};

/* The user's own speech programs, or what holds their place: coload.h. */
struct coload_config {
    char  *command, *health_url;
    double memory_bytes;       /* NAN: none is held                         */
    int    threads;            /* -1: none is kept busy                     */
    double ready_s;            /* default 60                                */
};

struct config {
    char   *path;              /* NULL: built from flags                    */
    char   *folder;            /* of the file, or "."                       */
    char   *text;              /* the file as it was, for the store         */
    char   *board, *power_mode;
    double  reserve_bytes;     /* memory that STT and TTS need, default 0   */
    struct thresholds thresholds;
    char   *objective;         /* quality (default)|latency|speed|memory    */
    json_t *phases;            /* [{"name","candidates":[...]}], or NULL    */
    double  budget_s;          /* for the whole audition, NAN: none         */
    char   *baseline;          /* a candidate's name, or NULL               */
    char   *prompt;            /* may hold {{entities}} and {{now}}; NULL   */
    json_t *tools;             /* OpenAI tool array, checked; NULL          */
    json_t *entities;          /* [{"id","name","area","state"}], or NULL   */
    struct text_list suites;   /* names or paths; empty: all of ours        */
    struct text_list homes;    /* only cases of these; empty: of all        */
    int     cases;             /* most cases a candidate, -1: the mode's    */
    int     repeats;           /* how often each is asked, -1: once         */
    struct text_list noise;    /* word error rates in percent to mishear
                                  cases at; empty: none                     */
    double  speaking_rate_words_per_min;     /* of the speech, default 150  */
    char   *thinking;          /* off (default): switched off where that can
                                  be done; keep: as the model comes         */
    double  soak_s;            /* after a candidate's blocks, NAN: none     */
    struct text_list power_modes;      /* to audition in; empty: as it is   */
    char   *mode_cmd;          /* what switches: "nvpmodel -m {id}", or NULL*/
    struct coload_config co_load;      /* speech programs kept running      */
    int     context;           /* defaults.context, -1                      */
    json_t *sampling;          /* defaults.sampling, or NULL                */
    json_t *template_kwargs;
    struct text_list server_args;
    struct candidate_list candidates;   /* as written; globs not expanded;
                                           none when it names none          */
};

/* A text field may be a path: `prompt` when it is one line that ends in .txt
 * or .md, `tools` (JSON) and `entities` (JSON or YAML) when they are a text.
 *
 * Fails with ERR_INPUT, "FILE:LINE: field: what is wrong; what to do"; then
 * out is as config_init leaves it. */
MUST_USE int config_load(struct config *out, const char *path,
                         struct err *err);
/* The same from memory: `name` is the file's in messages, and files that the
 * text names are looked for in `folder`. */
MUST_USE int config_parse(const char *text, size_t len, const char *name,
                          const char *folder, struct config *out,
                          struct err *err);
/* Everything at its default, no candidates. */
void config_init(struct config *out);
void config_done(struct config *c);      /* safe on a zeroed struct */

/* One `-m VALUE`: a candidate named after the file (or `hf:` when it looks
 * like user/repo:quant or user/name-GGUF and is no file). Appends; a name
 * that is taken gets -2, -3. A relative path becomes absolute when the config
 * is in another folder. */
void config_add_model(struct config *c, const char *value);

#endif
