/* SPDX-License-Identifier: MIT */
/* err.h - one failure, told once, in words the user can act on.
 *
 * The deepest function says what is wrong; each layer above adds where
 * ("examples/demo.yaml:14: model.gguf: header cut short at 10 bytes").
 * A good text is one sentence that names the thing, what is wrong with it
 * and what to do next.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#define MUST_USE          __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

enum err_kind {
    ERR_NONE,       /* zero value: `struct err e = {0}` means "no error"     */
    ERR_INPUT,      /* the command line, a config or a file is wrong: exit 2 */
    ERR_PREFLIGHT,  /* no engine, no model, nothing fits: exit 3             */
    ERR_FAILED,     /* something could not be completed: exit 1              */
    ERR_TIMEOUT,    /* it may well work on a second try: exit 1              */
    ERR_STOPPED,    /* a signal asked us to end: exit 128 + signal           */
    ERR_BUG         /* our own invariant broke: exit 1                       */
};

struct err {
    enum err_kind kind;
    char          text[1000]; /* one line, no newline, always terminated */
};

/* Record a failure. The first one wins; later calls change nothing.
 * Control characters and bytes that are not UTF-8 become '?', line breaks a
 * space. err may be NULL.
 * Always returns -1, so `return err_set(...)` reads well. */
int err_set(struct err *err, enum err_kind kind, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* Put "context: " in front of a recorded failure. Always returns -1. */
int err_ctx(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The process exit code of a failure of this kind: DESIGN.md, exit codes.
 * ERR_STOPPED gives 128 + stop_signal(). */
int err_exit_code(enum err_kind kind);

#endif
