/* SPDX-License-Identifier: MIT */
/* catalogue.c - the files of share/models/ and share/architectures/, and from
 * an entry to the shape of its GGUF. Names: catalogue_name.c. */
#include "model/catalogue.h"

#include <dirent.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "model/architecture.h"
#include "model/gguf.h"
#include "model/gguf_types.h"
#include "model/quantise.h"
#include "share.h"

#define FILE_MAX_BYTES   ((size_t)1 << 18)
#define FILES_MAX        10000
#define HEADER_MAX_BYTES ((size_t)64 << 20)

/* What an entry of a tokenizer takes in a file, its merges included: the mean
 * of published files (SentencePiece 23 to 25, byte-pair 36 to 61). */
#define SENTENCEPIECE_BYTES 24.0
#define BYTE_PAIR_BYTES     45.0

/* ---- one entry --------------------------------------------------------- */

enum wanted { TEXT, OBJECT, TEXTS, TRUTH, NUMBER };

static const struct entry {
    const char *key;
    enum wanted wanted;
    bool        is_required;
} ENTRIES[] = {
    {"id", TEXT, true},           {"aliases", TEXTS, false},
    {"license", TEXT, true},      {"source", TEXT, true},
    {"architecture", TEXT, false}, {"unsupported", TEXT, false},
    {"no_gguf", TEXT, false},     {"caution", TEXT, false},
    {"is_instruct", TRUTH, true}, {"hf", TEXT, false},
    {"parameters", NUMBER, true}, {"config", OBJECT, false},
    {"keys", OBJECT, false},      {"tools", OBJECT, false},
    {"chat", OBJECT, false},
};
#define N_ENTRIES (sizeof ENTRIES / sizeof *ENTRIES)

static bool is_of(const json_t *v, enum wanted wanted)
{
    switch (wanted) {
    case TEXT:   return json_is_string(v);
    case OBJECT: return json_is_object(v);
    case TRUTH:  return json_is_boolean(v);
    case NUMBER: return json_is_number(v) && json_number_value(v) > 0;
    case TEXTS:  break;
    }
    for (size_t i = 0; i < json_array_size(v); i++)
        if (!json_is_string(json_array_get(v, i))) return false;
    return json_is_array(v);
}

static int check_entry(const json_t *file, struct err *err)
{
    static const char *const wanted[] = {"a text", "an object",
                                         "a list of texts", "true or false",
                                         "a number above 0"};
    const char *key;
    json_t     *value;

    if (!json_is_object(file))
        return err_set(err, ERR_INPUT, "an object is wanted");
    for (size_t i = 0; i < N_ENTRIES; i++) {
        const struct entry *e = &ENTRIES[i];
        const json_t       *v = json_object_get(file, e->key);
        if (!v && !e->is_required) continue;
        if (!v || !is_of(v, e->wanted))
            return err_set(err, ERR_INPUT, "\"%s\" must be %s", e->key,
                           wanted[e->wanted]);
    }
    json_object_foreach((json_t *)(uintptr_t)file, key, value) {
        size_t i = 0;
        while (i < N_ENTRIES && strcmp(ENTRIES[i].key, key) != 0) i++;
        if (i == N_ENTRIES)
            return err_set(err, ERR_INPUT, "unknown entry \"%s\"", key);
    }
    return 0;
}

static json_t *kept(const json_t *file, const char *key)
{
    return json_incref(json_object_get(file, key));
}

static int read_entry(const json_t *file, const json_t *architectures,
                      struct catalogue_model *out, struct err *err)
{
    const json_t *aliases = json_object_get(file, "aliases");
    const char   *family = jsonx_text(file, "architecture");

    if (check_entry(file, err) != 0) return -1;
    if (family && (!json_object_get(architectures, family) ||
                   !json_object_get(file, "config")))
        return err_set(err, ERR_INPUT, "\"architecture\" %s needs a "
                       "\"config\" here and a file in architectures", family);
    if (!family && !jsonx_text(file, "unsupported"))
        return err_set(err, ERR_INPUT, "without an \"architecture\" it needs "
                       "\"unsupported\" with the reason");
    *out = (struct catalogue_model){
        .id = mem_copy(jsonx_text(file, "id")),
        .license = mem_copy(jsonx_text(file, "license")),
        .source = mem_copy(jsonx_text(file, "source")),
        .architecture = mem_copy(family),
        .unsupported = mem_copy(jsonx_text(file, "unsupported")),
        .no_gguf = mem_copy(jsonx_text(file, "no_gguf")),
        .caution = mem_copy(jsonx_text(file, "caution")),
        .is_instruct = jsonx_truth(file, "is_instruct") == 1,
        .hf = mem_copy(jsonx_text(file, "hf")),
        .parameters = jsonx_number(file, "parameters"),
        .config = kept(file, "config"), .keys = kept(file, "keys"),
        .tools = kept(file, "tools"),   .chat = kept(file, "chat"),
    };
    for (size_t i = 0; i < json_array_size(aliases); i++)
        text_list_add(&out->aliases,
                      json_string_value(json_array_get(aliases, i)));
    return 0;
}

/* ---- folders ----------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;

    return strcmp(*x, *y);
}

/* The paths of the *.json in share/NAME, sorted; *folder is freed by the
 * caller. */
static int list_folder(const char *name, struct text_list *out,
                       struct err *err)
{
    char          *folder = share_path(name, err), *path;
    DIR           *dir = folder ? opendir(folder) : NULL;
    struct dirent *entry;

    if (folder && !dir)
        err_set(err, ERR_PREFLIGHT, "%s cannot be read as a folder; set "
                "AUDITION_DATA to audition's share folder", folder);
    while (dir && out->n < FILES_MAX && (entry = readdir(dir))) {
        const char *dot = strrchr(entry->d_name, '.');
        if (entry->d_name[0] == '.' || !dot || strcmp(dot, ".json") != 0)
            continue;
        path = mem_printf("%s/%s", folder, entry->d_name);
        text_list_add(out, path);
        free(path);
    }
    if (dir) closedir(dir);
    free(folder);
    if (out->n) qsort(out->items, out->n, sizeof *out->items, by_text);
    return dir ? 0 : -1;
}

/* "…/qwen2.json" is the family "qwen2". */
static int load_family(const char *path, json_t *all, struct err *err)
{
    const char *slash = strrchr(path, '/');
    json_t     *file = jsonx_read(path, FILE_MAX_BYTES, err);
    char       *name;

    if (!file) return -1;
    name = mem_copy_n(slash + 1, strlen(slash + 1) - strlen(".json"));
    json_object_set_new(all, name, file);
    free(name);
    return 0;
}

static int load_model(const char *path, struct catalogue *c, struct err *err)
{
    json_t *file = jsonx_read(path, FILE_MAX_BYTES, err);
    int     status;

    if (!file) return -1;
    c->models = mem_grow(c->models, c->n + 1, sizeof *c->models);
    status = read_entry(file, c->architectures, &c->models[c->n], err);
    if (status == 0) c->n++;
    else err_ctx(err, "%s", path);
    json_decref(file);
    return status;
}

static int by_id(const void *a, const void *b)
{
    const struct catalogue_model *x = a, *y = b;

    return strcasecmp(x->id, y->id);
}

int catalogue_load(struct catalogue *out, struct err *err)
{
    struct catalogue c = {.architectures = json_object()};
    struct text_list families = {0}, models = {0};
    int              status;

    status = list_folder("architectures", &families, err);
    for (size_t i = 0; status == 0 && i < families.n; i++)
        status = load_family(families.items[i], c.architectures, err);
    if (status == 0 && architecture_inherit(c.architectures, err) != 0)
        status = err_ctx(err, "share/architectures");
    if (status == 0) status = list_folder("models", &models, err);
    for (size_t i = 0; status == 0 && i < models.n; i++)
        status = load_model(models.items[i], &c, err);
    text_list_done(&families);
    text_list_done(&models);
    if (status != 0) {
        catalogue_done(&c);
        return -1;
    }
    if (c.n) qsort(c.models, c.n, sizeof *c.models, by_id);
    *out = c;
    return 0;
}

void catalogue_done(struct catalogue *c)
{
    for (size_t i = 0; i < c->n; i++) {
        struct catalogue_model *m = &c->models[i];
        char *texts[] = {m->id, m->license, m->source, m->architecture,
                         m->unsupported, m->no_gguf, m->caution, m->hf};
        for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
            free(texts[k]);
        text_list_done(&m->aliases);
        json_decref(m->config);
        json_decref(m->keys);
        json_decref(m->tools);
        json_decref(m->chat);
    }
    free(c->models);
    json_decref(c->architectures);
    *c = (struct catalogue){0};
}

/* ---- shapes ------------------------------------------------------------ */

static int set_list(struct model_shape *s, const char *key, const json_t *list)
{
    size_t    n = json_array_size(list);
    uint32_t *values = mem_new(n ? n : 1, sizeof *values);
    bool      is_fine = true;

    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_array_get(list, i);
        json_int_t    v = json_integer_value(item);
        if (!json_is_integer(item) || v < 0 || v > UINT32_MAX) is_fine = false;
        values[i] = (uint32_t)v;
    }
    if (is_fine) shape_set_u32s(s, key, values, n);
    free(values);
    return is_fine ? 0 : -1;
}

/* JSON's type is the value's; a number with a point is an f32. */
static int set_value(struct model_shape *s, const char *key, const json_t *v)
{
    json_int_t n = json_integer_value(v);

    switch (json_typeof(v)) {
    case JSON_STRING:
        shape_set_text(s, key, json_string_value(v));
        return 0;
    case JSON_TRUE:
    case JSON_FALSE: shape_set_bool(s, key, json_is_true(v)); return 0;
    case JSON_REAL:  shape_set_f32(s, key, json_real_value(v)); return 0;
    case JSON_ARRAY: return set_list(s, key, v);
    case JSON_INTEGER:
        if (n < 0 || n > UINT32_MAX) return -1;
        shape_set_u32(s, key, (uint32_t)n);
        return 0;
    default: return -1;
    }
}

/* A key of the entry's own: general and tokenizer keys stand as they are,
 * others are the architecture's. */
static int set_own_key(struct model_shape *s, const char *prefix,
                       const char *name, const json_t *value, struct err *err)
{
    bool  is_whole = strncmp(name, "general.", 8) == 0 ||
                     strncmp(name, "tokenizer.", 10) == 0;
    char *key = is_whole ? mem_copy(name) : mem_printf("%s.%s", prefix, name);
    int   status = set_value(s, key, value);

    free(key);
    return status == 0 ? 0
                       : err_set(err, ERR_INPUT, "key \"%s\" has no value "
                                 "that a GGUF can hold", name);
}

static int fill_shape(const struct catalogue *c,
                      const struct catalogue_model *m, struct model_shape *s,
                      struct err *err)
{
    const char *slash = strrchr(m->id, '/'), *name;
    json_t     *value;

    shape_set_text(s, "general.architecture", m->architecture);
    shape_set_text(s, "general.type", "model");
    shape_set_text(s, "general.name", slash ? slash + 1 : m->id);
    shape_set_text(s, "general.license", m->license);
    if (architecture_shape(json_object_get(c->architectures, m->architecture),
                           m->architecture, m->config, s, err) != 0)
        return -1;
    json_object_foreach(m->keys, name, value)
        if (set_own_key(s, m->architecture, name, value, err) != 0) return -1;
    return 0;
}

/* Tensors that are published quantised (gpt-oss: MXFP4) stay as they are in
 * every file, as their makers and llama-quantize have it. */
static int quantise(struct model_shape *s, const char *quant, struct err *err)
{
    struct model_shape given = {0};
    int                status;

    for (size_t i = 0; i < s->n_tensors; i++) {
        const struct shape_tensor *t = &s->tensors[i];
        const struct gguf_type    *type = gguf_type_find(t->type);
        if (type && type->block > 1)
            shape_add_tensor(&given, t->name, t->type, t->n_dims, t->ne);
    }
    status = quantise_shape(s, quant, err);
    for (size_t i = 0; i < s->n_tensors && given.n_tensors; i++)
        for (size_t k = 0; k < given.n_tensors; k++)
            if (strcmp(s->tensors[i].name, given.tensors[k].name) == 0)
                s->tensors[i].type = given.tensors[k].type;
    shape_done(&given);
    return status;
}

int catalogue_shape(const struct catalogue *c,
                    const struct catalogue_model *model, const char *quant,
                    struct model_shape *out, struct err *err)
{
    struct model_shape s = {.alignment = 32};

    if (!model->architecture)
        return err_set(err, ERR_INPUT, "%s: its tensors are not known: %s",
                       model->id, model->unsupported);
    if (fill_shape(c, model, &s, err) != 0 ||
        quantise(&s, quant, err) != 0) {
        shape_done(&s);
        return err_ctx(err, "%s", model->id);
    }
    *out = s;
    return 0;
}

/* ---- facts ------------------------------------------------------------- */

/* Of a template that we have not seen: what its maker documents. */
static void add_template_facts(const struct catalogue_model *m,
                               struct template_facts *out)
{
    const char *system = jsonx_text(m->chat, "system");

    *out = (struct template_facts){
        .supports_system = system ? strcmp(system, "none") != 0 : -1,
        .supports_tools = jsonx_truth(m->tools, "in_template"),
        .supports_tool_results = jsonx_truth(m->tools, "results_in_template"),
        .supports_thinking = jsonx_truth(m->chat, "thinks"),
        .uses_date = jsonx_truth(m->chat, "uses_date"),
    };
}

static double tokenizer_bytes(const struct model_facts *f)
{
    bool is_pieces = f->tokenizer && strcmp(f->tokenizer, "llama") == 0;

    return f->vocabulary *
           (is_pieces ? SENTENCEPIECE_BYTES : BYTE_PAIR_BYTES);
}

int catalogue_facts(const struct catalogue *c,
                    const struct catalogue_model *model, const char *quant,
                    struct model_facts *out, struct err *err)
{
    struct model_shape s;
    struct strbuf      header;
    int                more = 0, status;

    if (catalogue_shape(c, model, quant, &s, err) != 0) return -1;
    strbuf_init(&header, HEADER_MAX_BYTES);
    shape_write_header(&s, &header);
    status = gguf_parse(header.text, header.len,
                        header.len + shape_data_bytes(&s), out, &more, err);
    strbuf_done(&header);
    shape_done(&s);
    if (status != 0) return err_ctx(err, "%s", model->id);
    if (out->vocabulary > 0)
        out->file_bytes += (uint64_t)tokenizer_bytes(out);
    add_template_facts(model, &out->template);
    return 0;
}
