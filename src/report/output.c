/* SPDX-License-Identifier: MIT */
/* output.c - see output.h. */
#include "report/output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/term.h"
#include "report/report.h"

#define REPORT_BYTES (64u << 20)

int output_stdout(const struct facts *facts, const char *format,
                  bool no_color, struct err *err)
{
    const struct report_ops *ops  = report_find(format);
    struct term              term = term_of(STDOUT_FILENO);
    struct strbuf            text;

    strbuf_init(&text, REPORT_BYTES);
    ops->render(facts, term.colour && !no_color, term.columns, &text);
    errno = 0;
    fwrite(text.text, 1, text.len, stdout);
    strbuf_done(&text);
    if (fflush(stdout) != 0 || ferror(stdout))
        return err_set(err, ERR_FAILED, "the report could not be written to "
                       "stdout: %s; it is stored, see `audition report`",
                       strerror(errno));
    return 0;
}

/* A rename is whole or absent: nobody reads half a report. */
static int write_file(const char *folder, const char *name,
                      const struct strbuf *text, struct err *err)
{
    char *path = mem_printf("%s/%s", folder, name);
    char *temp = mem_printf("%s.%ld.tmp", path, (long)getpid());
    FILE *f    = fopen(temp, "w");
    int   rc   = 0;

    if (!f || fwrite(text->text, 1, text->len, f) != text->len ||
        fflush(f) != 0 || rename(temp, path) != 0)
        rc = err_set(err, ERR_FAILED, "%s cannot be written: %s; the results "
                     "are stored, choose another folder with "
                     "--report-folder", path, strerror(errno));
    if (f) fclose(f);
    if (rc) remove(temp);
    free(temp);
    free(path);
    return rc;
}

static int write_files(const struct audition *a, const struct facts *facts,
                       struct err *err)
{
    static const struct { const char *format, *name; } files[] = {
        {"md", "report.md"}, {"json", "report.json"}};
    const char *folder = a->opt->report_folder ? a->opt->report_folder
                                               : a->config.folder;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < sizeof files / sizeof *files; i++) {
        struct strbuf text;

        strbuf_init(&text, REPORT_BYTES);
        report_find(files[i].format)->render(facts, false, 0, &text);
        rc = write_file(folder, files[i].name, &text, err);
        strbuf_done(&text);
    }
    return rc;
}

int output_keep(struct audition *a, const struct facts *facts,
                struct err *err)
{
    json_t *document = report_json_document(facts);
    char   *text     = jsonx_dump(document);
    int     rc;

    rc = store_finish_run(a->store, a->run.id, text, err);
    free(text);
    json_decref(document);
    return rc;
}

void output_json(json_t *document)
{
    /* 15 digits: 1.1 stays 1.1 */
    char *text = json_dumps(document, JSON_REAL_PRECISION(15) | JSON_COMPACT);

    puts(text ? text : "null");
    free(text);
    json_decref(document);
}

void output_error(const struct err *err)
{
    json_t *document = json_object(), *error = json_object();

    jsonx_set_text(error, "text", err->text);
    jsonx_set_integer(error, "exit_code", err_exit_code(err->kind));
    jsonx_set_integer(document, "schema_version", SCHEMA_VERSION);
    json_object_set_new(document, "error", error);
    output_json(document);
}

int output_report(struct audition *a, const struct facts *facts,
                  struct err *err)
{
    story_clear(a);
    /* A run that was stopped is not finished, whatever it can show. */
    if (!a->is_stopped && output_keep(a, facts, err)) return -1;
    if (write_files(a, facts, err)) return -1;
    return output_stdout(facts, a->opt->json ? "json" : "table",
                         a->opt->no_color, err);
}
