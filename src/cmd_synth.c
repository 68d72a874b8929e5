/* SPDX-License-Identifier: MIT */
/* cmd_synth.c - `audition synth`: a model of the right shape and made-up
 * weights, to measure speed and memory before a download. */
#include "commands.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/units.h"
#include "base/utf8.h"
#include "model/catalogue.h"
#include "model/gguf_types.h"
#include "model/gguf_walk.h"
#include "model/quantise.h"
#include "model/synth.h"

#define JSON_VERSION    1
#define VOCABULARY_MAX  (1u << 24)     /* the largest known has 262,144 */
#define NEAREST         3

struct synth_options {
    char *quant;
    bool  dry_run, json;
};

#define AT(field) offsetof(struct synth_options, field)

static const struct opt synth_opts[] = {
    {.name = "quant", .type = OPT_TEXT, .at = AT(quant), .value = "TYPE",
     .help = "quantisation, as llama-quantize mixes it; otherwise the file's "
     "own, and Q4_K_M for a name"},
    {.name = "dry-run", .type = OPT_FLAG, .at = AT(dry_run),
     .help = "say what would be written; OUT may be left out"},
    {.name = "json", .type = OPT_FLAG, .at = AT(json),
     .help = "one JSON document"},
    {.name = NULL},
};

/* ---- the shape --------------------------------------------------------- */

static int not_in_catalogue(const struct catalogue *c, const char *name,
                            struct err *err)
{
    const char *near[NEAREST] = {NULL};
    size_t      n = catalogue_nearest(c, name, near, NEAREST);

    return err_set(err, ERR_INPUT, "%s: no such file and no model of the "
                   "catalogue; %s%s%s%s%s%s%s", name,
                   n ? "did you mean " : "see share/models for its names",
                   n ? near[0] : "", n > 1 ? ", " : "", n > 1 ? near[1] : "",
                   n > 2 ? " or " : "", n > 2 ? near[2] : "", n ? "?" : "");
}

/* What was asked for, else what the name ends with, else what most publish. */
static int shape_of_name(const char *name, const char *quant,
                         struct model_shape *out, struct err *err)
{
    struct catalogue              c = {0};
    const struct catalogue_model *m;
    char                          named[24] = "";
    int                           rc = catalogue_load(&c, err);

    if (rc == 0) {
        m = catalogue_find(&c, name, named, sizeof named);
        if (!quant) quant = named[0] ? named : "Q4_K_M";
        if (!m) rc = not_in_catalogue(&c, name, err);
        else rc = catalogue_shape(&c, m, quant, out, err);
        if (rc == 0 && m->unsupported)
            fprintf(stderr, "audition: %s: llama.cpp will not load it: %s\n",
                    m->id, m->unsupported);
    }
    catalogue_done(&c);
    return rc;
}

static int shape_of_file(const char *path, const char *quant,
                         struct model_shape *out, struct err *err)
{
    if (shape_read(path, out, err)) return -1;
    if (!quant || quantise_shape(out, quant, err) == 0) return 0;
    return err_ctx(err, "%s", path);
}

/* Words as many as the model has rows for. */
static int add_words(struct model_shape *s, struct err *err)
{
    uint64_t n = shape_model_number(s, "vocab_size", 0, 0);

    for (size_t i = 0; i < s->n_tensors && n == 0; i++)
        if (strcmp(s->tensors[i].name, "token_embd.weight") == 0)
            n = s->tensors[i].ne[1];
    if (n > VOCABULARY_MAX)
        return err_set(err, ERR_INPUT, "a vocabulary of %llu words cannot be "
                       "made up; the largest known has 262,144",
                       (unsigned long long)n);
    synth_tokenizer(s, (uint32_t)n);
    return 0;
}

static int shape_of(const char *model, const char *quant,
                    struct model_shape *out, struct err *err)
{
    struct stat st;
    int         rc;

    if (quant && quantise_file_type(quant) < 0)   /* lists those known */
        return quantise_shape(out, quant, err);
    if (stat(model, &st) == 0 && !S_ISDIR(st.st_mode))
        rc = shape_of_file(model, quant, out, err);
    else
        rc = shape_of_name(model, quant, out, err);
    if (rc == 0) rc = add_words(out, err);
    if (rc == 0) shape_set_bool(out, SYNTH_KEY, 1);
    return rc;
}

/* ---- the answer -------------------------------------------------------- */

static double elements_of(const struct model_shape *s)
{
    double sum = 0;

    for (size_t i = 0; i < s->n_tensors; i++) {
        const uint64_t *ne = s->tensors[i].ne;
        sum += (double)ne[0] * (double)ne[1] * (double)ne[2] * (double)ne[3];
    }
    return sum;
}

static const char *quantisation_of(const struct model_shape *s)
{
    return gguf_file_type_name(shape_number(s, "general.file_type", 0,
                                            UINT64_MAX) & ~1024ULL);
}

static json_t *types_json(const struct model_shape *s)
{
    json_t *types = json_object();

    for (size_t i = 0; i < s->n_tensors; i++) {
        const char *name = gguf_type_find(s->tensors[i].type)->name;
        jsonx_set_integer(types, name,
                          json_integer_value(json_object_get(types, name)) +
                          1);
    }
    return types;
}

static void print_json(const struct model_shape *s, const char *path,
                       bool dry_run, const struct synth_report *r)
{
    json_t *o = json_object();
    char   *architecture = shape_text(s, "general.architecture"), *text;

    jsonx_set_integer(o, "schema_version", JSON_VERSION);
    jsonx_set_text(o, "file", dry_run ? NULL : path);
    json_object_set_new(o, "dry_run", json_boolean(dry_run));
    jsonx_set_text(o, "architecture", architecture);
    jsonx_set_text(o, "quantisation", quantisation_of(s));
    jsonx_set_integer(o, "tensors", (long long)s->n_tensors);
    jsonx_set_integer(o, "elements", (long long)elements_of(s));
    json_object_set_new(o, "types", types_json(s));
    jsonx_set_integer(o, "header_bytes", (long long)r->header_bytes);
    jsonx_set_integer(o, "tensor_data_bytes", (long long)r->data_bytes);
    jsonx_set_integer(o, "file_bytes", (long long)r->file_bytes);
    jsonx_set_integer(o, "free_bytes", (long long)r->free_bytes);
    jsonx_set_number(o, "write_s", r->seconds);
    text = jsonx_dump(o);
    puts(text);
    free(text);
    free(architecture);
    json_decref(o);
}

static void print_text(const struct model_shape *s, const char *path,
                       bool dry_run, const struct synth_report *r)
{
    const char *quantisation = quantisation_of(s);
    const char *what = dry_run ? "would be written" : path;
    char       *safe = utf8_printable(what, strlen(what));
    char        data[32], file[32];

    printf("%s%s%s: %zu tensors, %s elements, %s bytes of data, %s bytes in "
           "all\n", safe,
           quantisation ? ", " : "", quantisation ? quantisation : "",
           s->n_tensors, units_count(elements_of(s)).text,
           gguf_grouped(r->data_bytes, data),
           gguf_grouped(r->file_bytes, file));
    if (dry_run)
        printf("%s needed, %s free\n", units_bytes((double)r->file_bytes).text,
               units_bytes((double)r->free_bytes).text);
    else
        printf("written in %s, %s a second; its weights are made up, its "
               "answers mean nothing\n", units_value(r->seconds, "s", 1).text,
               units_bytes((double)r->file_bytes / r->seconds).text);
    free(safe);
}

static int synth(void *options, const enum opt_source *sources,
                 const struct text_list *arguments)
{
    const struct synth_options *o = options;
    const char         *path = arguments->n > 1 ? arguments->items[1] : NULL;
    struct model_shape  shape = {0};
    struct synth_report report;
    struct err          err = {0};
    int                 rc = 0;

    (void)sources;
    if (arguments->n == 0)
        rc = err_set(&err, ERR_INPUT, "name a model, or a GGUF file to copy "
                     "the shape of, and the file to write");
    else if (!o->dry_run && (!path || !*path))
        rc = err_set(&err, ERR_INPUT, "name the file to write, or say "
                     "--dry-run");
    if (rc == 0)
        rc = shape_of(arguments->items[0], o->quant, &shape, &err);
    if (rc == 0) rc = synth_write(&shape, path, o->dry_run, &report, &err);
    if (rc) fprintf(stderr, "audition: %s\n", err.text);
    else if (o->json) print_json(&shape, path, o->dry_run, &report);
    else print_text(&shape, path, o->dry_run, &report);
    shape_done(&shape);
    return rc ? err_exit_code(err.kind) : 0;
}

const struct command command_synth = {
    .name = "synth", .arguments = "MODEL OUT",
    .summary = "a GGUF of a model's exact shape with made-up weights",
    .about = "MODEL is a name of the catalogue (\"Qwen2.5-3B-Instruct\") or a "
    "GGUF file to take the shape from. The file has the model's exact tensors, "
    "types and keys and loads in any llama.cpp, so speed and memory are real; "
    "its words mean nothing.",
    .opts = synth_opts, .options_bytes = sizeof(struct synth_options),
    .max_arguments = 2, .run = synth,
};
