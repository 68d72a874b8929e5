/* SPDX-License-Identifier: MIT */
/* import_read.c - see import_read.h. */
#include "import_read.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/stop.h"
#include "import.h"

int import_open(struct import_file *f, const char *path, struct err *err)
{
    *f = (struct import_file){.path = path};
    f->lines.fd = -1;
    if (lines_open(&f->lines, path, IMPORT_MAX_BYTES, err))
        return err_ctx(err, "%s", path);
    return 0;
}

void import_close(struct import_file *f)
{
    lines_close(&f->lines);
}

int import_fail(const struct import_file *f, struct err *err,
                const char *fmt, ...)
{
    char    text[600];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return err_set(err, ERR_INPUT, "%s:%zu: %s", f->path, f->line, text);
}

static bool is_blank(const struct line *line)
{
    for (size_t i = 0; i < line->len; i++)
        if (!memchr(" \t\r", line->text[i], 3)) return false;
    return true;
}

static int parse(const struct import_file *f, const struct line *line,
                 json_t **object, struct err *err)
{
    struct err why = {0};
    size_t     skip = 0;

    if (line->is_too_long)
        return import_fail(f, err, "the line has more than %zu MB; one JSON "
                           "object is wanted on each line",
                           IMPORT_MAX_BYTES >> 20);
    if (line->number == 1 && line->len >= 3 &&
        memcmp(line->text, "\xef\xbb\xbf", 3) == 0)
        skip = 3;                       /* a byte order mark */
    *object = jsonx_parse(line->text + skip, line->len - skip, &why);
    if (json_is_object(*object)) return 0;
    if (*object)
        import_fail(f, err, "it is no JSON object; one is wanted on each line");
    else
        import_fail(f, err, "%s; one JSON object is wanted on each line",
                    why.text);
    json_decref(*object);
    *object = NULL;
    return -1;
}

int import_next(struct import_file *f, json_t **object, struct err *err)
{
    struct line line;
    int         rc;

    *object = NULL;
    for (;;) {
        if (stop_signal())
            return err_set(err, ERR_STOPPED, "stopped while reading %s",
                           f->path);
        rc = lines_next(&f->lines, &line, err);
        if (rc == 0) return 0;
        if (rc < 0) return err_ctx(err, "%s", f->path);
        f->line = line.number;
        if (!line.is_too_long && is_blank(&line)) continue;
        return parse(f, &line, object, err) ? -1 : 1;
    }
}

/* ---- which format is it? ------------------------------------------------- */

static const struct {
    const char *fields[2];      /* that give it away                         */
    const char *name, *remedy;
} formats[] = {
    {{"instruction_id_list", "prompt"}, "IFEval",
     "`audition import ifeval` reads it"},
    {{"involved_classes", "question"}, "BFCL of several turns",
     "only its single-turn categories can be imported"},
    {{"question", "function"}, "BFCL", "`audition import bfcl` reads it"},
    {{"id", "ground_truth"}, "the answers of BFCL",
     "name the file of the questions, or the folder that holds both"},
    {{"id", "checks"}, "audition's own",
     "it needs no import: `audition run --suite FILE.jsonl`"},
    {{"id", "turns"}, "audition's own",
     "it needs no import: `audition run --suite FILE.jsonl`"},
    {{"dataset", "expect_changes"}, "recorded runs of Home Assistant",
     "`audition selfcheck ha` reads them"},
    {{"calls", "possible_answer"}, "recorded verdicts of BFCL",
     "`audition selfcheck bfcl` reads them"},
    {{"instruction_id", "response"}, "recorded verdicts of IFEval",
     "`audition selfcheck ifeval` reads them"},
};

int import_wrong_format(const struct import_file *f, const json_t *line,
                        const char *wanted, struct err *err)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(formats[i].name, wanted) != 0 &&
            json_object_get(line, formats[i].fields[0]) &&
            json_object_get(line, formats[i].fields[1]))
            return import_fail(f, err, "this is not %s but %s; %s", wanted,
                               formats[i].name, formats[i].remedy);
    return import_fail(f, err, "this is not %s, nor any other format that "
                       "audition knows", wanted);
}
