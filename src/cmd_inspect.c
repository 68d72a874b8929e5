/* SPDX-License-Identifier: MIT */
/* cmd_inspect.c - `audition inspect`: what a model file is, from its header
 * alone; wherever it is. */
#include "commands.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/http_url.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "base/term.h"
#include "discover.h"
#include "facts.h"
#include "inspect.h"
#include "model/catalogue.h"
#include "model/gguf.h"
#include "remote/remote.h"

#define CONTEXTS_MAX  16
#define CONTEXT_MOST  100000000
#define QUANT_DEFAULT "Q4_K_M"

struct inspect_options {
    char *contexts;
    bool  json, no_color;
};

#define AT(field) offsetof(struct inspect_options, field)

static const struct opt inspect_opts[] = {
    {.name = "context", .letter = 'c', .type = OPT_TEXT, .at = AT(contexts),
     .value = "N,...", .dflt = "2048,4096,8192", .alias = "ctx-size",
     .help = "compute the cache for so many tokens"},
    {.name = "json", .type = OPT_FLAG, .at = AT(json),
     .help = "one JSON document"},
    {.name = "no-color", .type = OPT_FLAG, .at = AT(no_color),
     .help = "no colour"},
    {.name = NULL},
};

/* What names are looked up in, read when the first name needs it. */
struct places {
    bool                has_found, has_catalogue;
    struct found_models found;
    struct catalogue    catalogue;
};

static int read_contexts(const char *text, int *contexts, size_t *n,
                         struct err *err)
{
    const char *at = text;

    for (*n = 0; *n < CONTEXTS_MAX; at++) {
        char *end;
        long  value;
        errno = 0;
        value = strtol(at, &end, 10);
        if (end == at || errno || value < 1 || value > CONTEXT_MOST) break;
        contexts[(*n)++] = (int)value;
        if (!*end) return 0;
        if (*end != ',') break;
        at = end;
    }
    return err_set(err, ERR_INPUT, "--context: \"%.60s\" is no list of up to "
                   "%d token counts, such as 2048,8192", text, CONTEXTS_MAX);
}

/* ---- where a name leads ------------------------------------------------ */

static int of_file(const char *path, const char *source,
                   struct inspection *out, struct err *err)
{
    if (gguf_read(path, &out->facts, err)) return -1;
    out->file = mem_copy(path);
    out->source = source;
    return 0;
}

static int of_remote(const char *name, struct inspection *out,
                     struct err *err)
{
    struct remote_model m = {0};
    int                 rc = remote_find(name, &m, err);

    if (rc == 0) rc = remote_facts(&m, &out->facts, &out->read_bytes, err);
    if (rc == 0) {
        out->file = http_url_shown(m.parts[0].url);
        out->source = "url";
    }
    remote_model_done(&m);
    return rc;
}

static int of_catalogue(const struct catalogue *c,
                        const struct catalogue_model *m, const char *quant,
                        struct inspection *out, struct err *err)
{
    if (catalogue_facts(c, m, *quant ? quant : QUANT_DEFAULT, &out->facts,
                        err))
        return -1;
    out->source = "catalogue";
    if (!out->facts.model_name) out->facts.model_name = mem_copy(m->id);
    if (m->unsupported) text_list_add(&out->notes, m->unsupported);
    if (m->no_gguf) text_list_add(&out->notes, m->no_gguf);
    if (m->caution) text_list_add(&out->notes, m->caution);
    return 0;
}

static bool is_regular_file(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* A name that is nowhere. */
static int not_found(const char *name, const struct catalogue *c,
                     struct err *err)
{
    const char *near[3];
    size_t      n = catalogue_nearest(c, name, near, 3);
    struct stat st;

    if (stat(name, &st) == 0)
        return err_set(err, ERR_INPUT, "%s: is %s; name a model file%s", name,
                       S_ISDIR(st.st_mode) ? "a directory" : "no regular file",
                       S_ISDIR(st.st_mode) ? " in it" : "");

    return err_set(err, ERR_INPUT, "%s: neither a file, nor a model found on "
                   "this machine, nor one of the catalogue%s%s%s%s%s%s", name,
                   n > 0 ? "; the nearest there: " : "; name a file or a URL",
                   n > 0 ? near[0] : "", n > 1 ? ", " : "",
                   n > 1 ? near[1] : "", n > 2 ? ", " : "",
                   n > 2 ? near[2] : "");
}

/* Of a bare name: what is here before what is only known of, and a hub is
 * asked last. */
static int of_name(const char *name, struct places *p,
                   struct inspection *out, struct err *err)
{
    const struct catalogue_model *m;
    char quant[32] = "";
    int  at;

    if (!p->has_found) discover_models(&p->found);
    p->has_found = true;
    at = discover_find(&p->found, name);
    if (at >= 0) return of_file(p->found.items[at].path, "cache", out, err);
    if (!p->has_catalogue && catalogue_load(&p->catalogue, err))
        return err_ctx(err, "%s", name);
    p->has_catalogue = true;
    m = catalogue_find(&p->catalogue, name, quant, sizeof quant);
    if (m) return of_catalogue(&p->catalogue, m, quant, out, err);
    if (remote_is_name(name)) return of_remote(name, out, err);
    if (strchr(name, '/')) return of_file(name, "file", out, err);
    return not_found(name, &p->catalogue, err);
}

/* A name to be printed: of a URL without what may be secret in it. */
static char *shown_name(const char *name)
{
    char *origin = http_url_origin(name);
    char *shown = origin ? http_url_shown(name) : mem_copy(name);

    free(origin);
    return shown;
}

static int inspect_one(const char *name, struct places *p,
                       struct inspection *out, struct err *err)
{
    int rc;

    *out = (struct inspection){.name = shown_name(name), .read_bytes = NAN};
    if (is_regular_file(name)) rc = of_file(name, "file", out, err);
    else if (strstr(name, "://") || strncmp(name, "hf:", 3) == 0)
        rc = of_remote(name, out, err);
    else rc = of_name(name, p, out, err);
    if (rc == 0) inspect_note(out);
    return rc;
}

/* ---- the command ------------------------------------------------------- */

struct answer {
    bool    json, colour;
    int     contexts[CONTEXTS_MAX];
    size_t  n_contexts;
    json_t *models, *errors;
};

static void add_model(struct answer *a, const struct inspection *i)
{
    struct strbuf card;

    json_array_append_new(a->models, inspect_json(i, a->contexts,
                                                  a->n_contexts));
    if (a->json) return;
    strbuf_init(&card, 1u << 20);
    if (json_array_size(a->models) > 1) strbuf_add(&card, "\n");
    inspect_text(i, a->contexts, a->n_contexts, a->colour, &card);
    fputs(card.text, stdout);
    strbuf_done(&card);
}

static void print_json(const struct answer *a)
{
    json_t *document = json_pack("{s:i, s:O, s:O}", "schema_version",
                                 SCHEMA_VERSION, "models", a->models,
                                 "errors", a->errors);
    char   *text = jsonx_dump(document);

    puts(text);
    free(text);
    json_decref(document);
}

/* name: as shown. */
static void add_error(struct answer *a, const char *name,
                      const struct err *err)
{
    json_t *o = json_object();

    fprintf(stderr, "audition: %s\n", err->text);
    jsonx_set_text(o, "name", name);
    jsonx_set_text(o, "error", err->text);
    json_array_append_new(a->errors, o);
}

/* The exit code: that of the first failure. */
static int inspect_all(const struct text_list *names, struct answer *a)
{
    struct places places = {0};
    int           code   = 0;

    for (size_t i = 0; i < names->n; i++) {
        struct inspection one;
        struct err        err = {0};
        if (inspect_one(names->items[i], &places, &one, &err)) {
            add_error(a, one.name, &err);
            if (code == 0) code = err_exit_code(err.kind);
        } else {
            add_model(a, &one);
        }
        inspection_done(&one);
        if (err.kind == ERR_STOPPED) break;
    }
    found_models_done(&places.found);
    if (places.has_catalogue) catalogue_done(&places.catalogue);
    return code;
}

static int inspect(void *options, const enum opt_source *sources,
                   const struct text_list *arguments)
{
    const struct inspect_options *o = options;
    struct answer a   = {.json = o->json,
                         .colour = term_of(1).colour && !o->no_color};
    struct err    err = {0};
    int           code;

    (void)sources;
    if (arguments->n == 0)
        err_set(&err, ERR_INPUT, "inspect needs a model: a file, a URL, "
                "hf:user/repo or a name; see audition inspect --help");
    if (err.kind || read_contexts(o->contexts, a.contexts, &a.n_contexts,
                                  &err)) {
        fprintf(stderr, "audition: %s\n", err.text);
        return err_exit_code(err.kind);
    }
    a.models = json_array();
    a.errors = json_array();
    code = inspect_all(arguments, &a);
    if (a.json) print_json(&a);
    json_decref(a.models);
    json_decref(a.errors);
    return code;
}

const struct command command_inspect = {
    .name = "inspect", .arguments = "MODEL...",
    .summary = "what a model file is, from its header alone",
    .about = "MODEL is a GGUF file (the first part of a split one), an https "
    "URL or hf:user/repo[:quant], of which only the header is read, or a name: "
    "of a model found on this machine, else of the catalogue.",
    .opts = inspect_opts, .options_bytes = sizeof(struct inspect_options),
    .max_arguments = 100, .run = inspect,
};
