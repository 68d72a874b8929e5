/* SPDX-License-Identifier: MIT */
/* opt.h - options as data. The parser, --help, the man page, completion, the
 * "did you mean" hint and the settings row saved with every run are all
 * printed from these tables; nothing is typed twice.
 */
#ifndef BASE_OPT_H
#define BASE_OPT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/err.h"
#include "base/text_list.h"

/* Type of the field at `at`, in brackets. */
enum opt_type {
    OPT_FLAG,      /* (bool)  present or not; --no-X when it defaults to yes  */
    OPT_INT,       /* (int)   min..max                                        */
    OPT_REAL,      /* (double) min..max                                       */
    OPT_SECONDS,   /* (double) "90", "90s", "1.5m", "2h"; min..max seconds    */
    OPT_BYTES,     /* (double) "512", "2GiB", "300M", "1.5G"; min..max bytes  */
    OPT_TEXT,      /* (char *) owned                                          */
    OPT_CHOICE,    /* (char *) one of choices                                 */
    OPT_LIST       /* (struct text_list) repeatable; commas are not split     */
};

struct opt {
    const char   *name;     /* long form, no dashes; end of table: NULL      */
    char          letter;   /* 0 = no short form                             */
    enum opt_type type;
    size_t        at;       /* offsetof() into the options struct            */
    double        min, max; /* inclusive, numbers only                       */
    const char   *choices;  /* "a|b|c" for OPT_CHOICE                        */
    const char   *value;    /* placeholder in help: "FILE", "N"              */
    const char   *dflt;     /* text, parsed by the same code; NULL = unset:
                               NAN, -1, NULL, empty list, false              */
    const char   *help;     /* one line; range and default are appended      */
    const char   *env;      /* an ecosystem variable besides AUDITION_NAME   */
    const char   *alias;    /* another long spelling, e.g. "model"           */
};

enum opt_source { OPT_FROM_DEFAULT, OPT_FROM_FILE, OPT_FROM_ENV,
                  OPT_FROM_FLAG };

struct command {
    const char       *name;       /* "run"                                   */
    const char       *arguments;  /* "[CONFIG]" or ""                        */
    const char       *summary;    /* one line                                */
    const char       *about;      /* a paragraph or two, "" for none         */
    const struct opt *opts;       /* ends with a NULL name                   */
    size_t            options_bytes;
    size_t            max_arguments;
    /* options: zeroed, defaults applied. Returns the process's exit code.
     * `sources` has one opt_source for each row of opts. */
    int (*run)(void *options, const enum opt_source *sources,
               const struct text_list *arguments);
};

/* Fill options (options_bytes, caller's) from defaults, environment, argv in
 * rising precedence. argv[0] is the first argument after the sub-command.
 * "--" ends options; "--x=y", "--x y", "-x y", "-xy" are all read, and so is
 * "-xyz" for a long name `xyz`, as llama.cpp's users write "-ngl 99".
 * *wants_help is set by -h or --help, nothing else is checked then.
 *
 * Environment: AUDITION_NAME, then `env`; empty is unset. For a flag `env`
 * is on unless it says 0, no, false or off; one that begins with NO_ counts
 * whatever it says and turns off a flag that defaults to yes (no-color.org).
 * A list of a higher source replaces a lower one's.
 * options and arguments are to be freed by the caller, also on failure.
 * ERR_INPUT: unknown option with the nearest name, missing or surplus value,
 * not a number, out of range with the range, too many arguments. */
MUST_USE int opt_parse(const struct command *cmd, int argc, char **argv,
                       void *options, enum opt_source *sources,
                       struct text_list *arguments, bool *wants_help,
                       struct err *err);
void opt_done(const struct command *cmd, void *options);

/* The parsers of single values, also used by the YAML binder. A text is
 * replaced, a list grows. The error's text does not name the option. min and
 * max both 0: no range; max INFINITY: only a least value. */
MUST_USE int opt_parse_value(const struct opt *o, const char *text,
                             void *options, struct err *err);
/* No value: NAN, -1, NULL, empty list, false. Frees what was there. */
void opt_unset(const struct opt *o, void *options);
/* What may be given, for messages and help: "1 to 100", "at least 1s",
 * "quality, latency or speed"; "" when anything may. */
void opt_range(const struct opt *o, char *text, size_t size);
/* Bytes of a text to show in a message: at most 60, whole characters. */
int opt_cut(const char *text);
/* "AUDITION_CTX_SIZE" for ctx-size. */
void opt_env_name(const struct opt *o, char *text, size_t size);
/* Is it "yes" unless told otherwise? Then --no-NAME is what users need. */
bool opt_defaults_to_yes(const struct opt *o);

void opt_print_help(const struct command *cmd, FILE *out);
void opt_print_man(const struct command *const *commands, FILE *out);
void opt_print_completion(const struct command *const *commands, FILE *out);

/* {"name": {"value":..., "source":"flag"}, ...}; null where unset. Secrets (a
 * text or list whose name holds "key" or "token", the user:password of a
 * URL) are shown as "***". */
json_t *opt_settings(const struct command *cmd, const void *options,
                     const enum opt_source *sources);

/* The entry of names (ends with NULL) nearest to word, or NULL when none is
 * near (Damerau-Levenshtein distance above a third of its length). */
const char *opt_nearest(const char *word, const char *const *names);

#endif
