/* SPDX-License-Identifier: MIT */
/* modes_command.c - see modes_command.h. */
#include "modes_command.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/stop.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "probe/probe.h"

#define LIMIT_S      60.0
#define LOOK_S       0.1
#define OUTPUT_BYTES (64u << 10)
#define WORDS_BYTES  300         /* of the output that an error repeats */
#define LINE_BYTES   (64u << 10)

/* ---- filling in ---------------------------------------------------------- */

/* How much of the text is a place for the id or the name; 0: none. */
static size_t place(const char *text)
{
    if (strncmp(text, "{id}", 4) == 0) return 4;
    if (strncmp(text, "{name}", 6) == 0) return 6;
    return 0;
}

/* The quote that a shell is in behind this character, 0 for none. */
static char quote_after(char quote, char c)
{
    if (quote) return c == quote ? '\0' : quote;
    return c == '\'' || c == '"' || c == '`' ? c : '\0';
}

int modes_command_check(const char *command, struct err *err)
{
    char quote = '\0';

    if (!strstr(command, "{id}"))
        return err_set(err, ERR_INPUT, "the power mode command \"%s\" has no "
                       "{id}; write it as in \"nvpmodel -m {id}\"", command);
    if (strpbrk(command, "\r\n"))
        return err_set(err, ERR_INPUT, "the power mode command \"%s\" is more "
                       "than one line; put the lines into a script", command);
    for (const char *c = command; *c; c++) {
        bool is_changed = quote || (c > command && strchr("\\$", c[-1]));

        /* Quoted again, a hostile id would come out of its quotes. */
        if (place(c) && is_changed)
            return err_set(err, ERR_INPUT, "the power mode command \"%s\" has "
                           "%.*s in quotes or behind \\ or $; write it "
                           "without: it is quoted when it is filled in",
                           command, (int)place(c), c);
        if (*c == '\\' && quote != '\'' && c[1] && !place(c + 1)) c++;
        else quote = quote_after(quote, *c);
    }
    return 0;
}

static char *quoted(const char *word)
{
    char *copy = mem_copy(word);
    char *text = proc_quote((char *[]){copy, NULL});

    free(copy);
    return text;
}

char *modes_command_fill(const char *command, const char *id,
                         const char *name)
{
    char         *quoted_id = quoted(id), *quoted_name = quoted(name);
    struct strbuf line;
    char         *text;

    strbuf_init(&line, LINE_BYTES);
    for (const char *c = command; *c; c += place(c) ? place(c) : 1) {
        if (place(c) == 4) strbuf_add(&line, quoted_id);
        else if (place(c) == 6) strbuf_add(&line, quoted_name);
        else strbuf_addn(&line, c, 1);
    }
    text = strbuf_take(&line);
    strbuf_done(&line);
    free(quoted_id);
    free(quoted_name);
    return text;
}

/* ---- running ------------------------------------------------------------- */

double modes_current(const char *root)
{
    struct reading board;
    double         id;

    reading_init(&board);
    probe_board.read(root, &board);
    id = reading_get(&board, READ_power_mode_id);
    reading_done(&board);
    return id;
}

/* The end of what a command printed, in one line. Caller frees. */
static char *last_words(const char *output)
{
    size_t len = strlen(output);
    char  *words;

    while (len > 0 && strchr(" \t\r\n", output[len - 1])) len--;
    if (len > WORDS_BYTES) {
        output += len - WORDS_BYTES;
        len = WORDS_BYTES;
    }
    for (; len > 0 && ((unsigned char)*output & 0xc0) == 0x80; len--) output++;
    words = utf8_printable(output, len);
    return words;
}

static int explain_failure(const char *line, int status, const char *words,
                           struct err *err)
{
    const char *said = *words ? "; it said: " : "";

    if (WIFEXITED(status))
        return err_set(err, ERR_FAILED, "the power mode command `%s` exited "
                       "with status %d%s%s", line, WEXITSTATUS(status), said,
                       words);
    return err_set(err, ERR_FAILED, "the power mode command `%s` was killed by "
                   "signal %d%s%s", line, WTERMSIG(status), said, words);
}

/* Until the board says the mode, or for settle_s. */
static int await_mode(const char *root, double wanted, double settle_s,
                      bool heeds_stop, double *said, struct err *err)
{
    int64_t begin = clock_now_ns();

    for (;;) {
        *said = modes_current(root);
        if (*said >= wanted && *said <= wanted) return 0;
        if (heeds_stop && stop_signal())
            return err_set(err, ERR_STOPPED, "stopped by a signal");
        if ((double)(clock_now_ns() - begin) > settle_s * (double)NS_PER_S)
            return 0;
        clock_nap(LOOK_S);
    }
}

/* Does the board agree? Only asked where it said its mode before. */
static int check_mode(const char *line, const char *root, double wanted,
                      double settle_s, bool heeds_stop, const char *words,
                      struct err *err)
{
    double said;

    if (await_mode(root, wanted, settle_s, heeds_stop, &said, err)) return -1;
    if (said >= wanted && said <= wanted) return 0;
    if (isnan(said))
        return err_set(err, ERR_FAILED, "the power mode command `%s` "
                       "succeeded, but the board does not say its mode any "
                       "more; check it with `nvpmodel -q`", line);
    return err_set(err, ERR_FAILED, "the power mode command `%s` succeeded, "
                   "but the board is still in mode %g%s%s; a mode that wants a "
                   "restart has to be set by hand", line, said,
                   *words ? "; it said: " : "", words);
}

int modes_command_run(const char *line, const char *root, const char *id,
                      double settle_s, bool heeds_stop, struct err *err)
{
    char  *argv[] = {mem_copy("/bin/sh"), mem_copy("-c"), mem_copy(line),
                     NULL};
    double before = modes_current(root), wanted;
    char  *output = NULL, *words = NULL, *end;
    int    status, rc;

    rc = (heeds_stop ? proc_capture : proc_capture_to_end)(
        argv, LIMIT_S, OUTPUT_BYTES, &output, &status, err);
    for (size_t i = 0; argv[i]; i++) free(argv[i]);
    if (rc) return err_ctx(err, "the power mode command `%s`", line);
    words = last_words(output);
    wanted = strtod(id, &end);
    if (status != 0)
        rc = explain_failure(line, status, words, err);
    else if (!isnan(before) && *id && !*end)
        rc = check_mode(line, root, wanted, settle_s, heeds_stop, words, err);
    free(words);
    free(output);
    return rc;
}
