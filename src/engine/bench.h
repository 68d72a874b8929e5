/* SPDX-License-Identifier: MIT */
/* bench.h - llama-bench as a child: what the engine alone does, without
 * server, sampling and HTTP. Found beside the llama-server in use; asked for
 * the same model with the same layers on the GPU, threads, cache types, batch
 * sizes and flash attention as the server's command has. */
#ifndef ENGINE_BENCH_H
#define ENGINE_BENCH_H

#include "engine/engine.h"

#define BENCH_PROMPT 512
#define BENCH_TOKENS 128

struct bench_speeds {
    double *tok_s, *prompt_tok_s;     /* one a repetition; freed by _done    */
    size_t  n_tok_s, n_prompt_tok_s;
    char   *command;                  /* as it was run, shell-quoted         */
};
void bench_speeds_done(struct bench_speeds *s);   /* safe on a zeroed struct */

/* The llama-bench beside a llama-server. NULL: there is none. Caller frees. */
char *bench_path(const char *server_path);

/* Runs it once, at most limit_s. ERR_PREFLIGHT when there is none; else how
 * it ended, in its own words. The server must not run meanwhile. */
MUST_USE int bench_run(const char *server_path, const struct engine_spec *spec,
                       int repetitions, double limit_s,
                       struct bench_speeds *out, struct err *err);

/* Pure, for tests: the arguments, ending with NULL, to be freed one by one;
 * flags of server_args that llama-bench knows too are carried over, in its
 * own spelling. */
char **bench_args(const char *bench, const struct engine_spec *spec,
                  int repetitions);
/* Pure: what `-o json` printed. */
MUST_USE int bench_parse(const char *text, struct bench_speeds *out,
                         struct err *err);

#endif
