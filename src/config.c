/* SPDX-License-Identifier: MIT */
/* config.c - the fields of audition.yaml as tables, and the rules between
 * them; see config.h. Candidates are config_candidate.c's. */
#include "config.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "config_candidate.h"
#include "config_check.h"
#include "yaml_bind.h"

#define MAX_FILE_BYTES (1 << 20)
#define DAY_S          86400.0

/* ---- fields that may be in a file of their own -------------------------- */

static char *beside(const struct config *c, const char *name)
{
    return *name == '/' ? mem_copy(name) : mem_printf("%s/%s", c->folder, name);
}

static bool ends_in(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n > m && strcmp(text + n - m, end) == 0;
}

/* "FILE:LINE: field: PATH: ..." */
static int fail_in_file(struct binder *b, const struct place *at,
                        const char *path)
{
    err_ctx(b->err, "%s", path);
    return bind_ctx(b, at);
}

/* Of the whole, or of the item of a list that is at fault. */
static int fail_in_item(struct binder *b, const struct place *at, size_t item)
{
    if (item < at->node->n) {
        const struct place in = {at, NULL, item, at->node->items[item]};
        return bind_ctx(b, &in);
    }
    return bind_ctx(b, at);
}

/* {{entities}} and {{now}} are filled in; what nearly says so is a slip. */
static int check_placeholders(struct binder *b, const struct place *at,
                              const char *prompt)
{
    static const char *const known[] = {"entities", "now", NULL};
    int rc = 0;

    for (const char *c = prompt; !rc && (c = strstr(c, "{{")) != NULL;) {
        size_t      n    = strcspn(c += 2, "}\n");
        size_t      lead = strspn(c, " ");
        char       *word = mem_copy_n(c, n);
        char       *bare = mem_copy_n(c + lead, strcspn(c + lead, " }\n"));
        const char *near = opt_nearest(bare, known);

        if (near && strcmp(near, word) != 0)
            rc = bind_error(b, at, "`{{%s}}` is unknown; did you mean {{%s}}?",
                            word, near);
        free(bare);
        free(word);
    }
    return rc;
}

static int bind_prompt(struct binder *b, const struct place *at, void *out)
{
    const struct config *c    = b->ctx;
    const char          *text = at->node->text;
    struct bytes         file = {0};
    char                *path;
    bool                 names_file, found;
    int                  rc = -1;

    if (bind_expect(b, at, NODE_TEXT)) return -1;
    names_file = (ends_in(text, ".txt") || ends_in(text, ".md")) &&
                 !strchr(text, '\n');
    path = beside(c, text);
    found = names_file && access(path, F_OK) == 0;
    if (!*text) {
        bind_error(b, at, "is empty; write the prompt or leave it out");
    } else if (!found && names_file && !strchr(text, ' ')) {
        bind_error(b, at, "%s: no such file; give one beside the config, or "
                   "the prompt itself", path);
    } else if (!found) {
        *(char **)out = mem_copy(text);
        rc = 0;
    } else if (bytes_read(&file, path, MAX_FILE_BYTES, b->err)) {
        fail_in_file(b, at, path);
    } else if (!file.size ||
               !utf8_valid((const char *)file.data, file.size) ||
               memchr(file.data, '\0', file.size)) {
        bind_error(b, at, "%s: must hold a prompt in UTF-8", path);
    } else {
        *(char **)out = mem_copy_n((const char *)file.data, file.size);
        rc = 0;
    }
    bytes_done(&file);
    free(path);
    return rc ? rc : check_placeholders(b, at, *(char **)out);
}

static int bind_tools(struct binder *b, const struct place *at, void *out)
{
    const struct config *c    = b->ctx;
    json_t             **list = out;
    char                *path;
    size_t               item = SIZE_MAX;
    int                  rc   = 0;

    if (at->node->kind != NODE_TEXT) {
        if (bind_expect(b, at, NODE_LIST)) return -1;
        if (node_json(at->node, true, list, b->err)) return bind_ctx(b, at);
        return config_check_tools(*list, &item, b->err)
               ? fail_in_item(b, at, item) : 0;
    }
    path = beside(c, at->node->text);
    *list = jsonx_read(path, MAX_FILE_BYTES, b->err);
    if (!*list) {
        rc = bind_ctx(b, at);
    } else if (config_check_tools(*list, &item, b->err)) {
        if (item != SIZE_MAX) err_ctx(b->err, "[%zu]", item);
        rc = fail_in_file(b, at, path);
    }
    free(path);
    return rc;
}

static int bind_entity_list(struct binder *b, const struct place *at,
                            json_t **out)
{
    json_t *raw  = NULL;
    size_t  item = SIZE_MAX;
    int     rc;

    if (bind_expect(b, at, NODE_LIST)) return -1;
    if (node_json(at->node, false, &raw, b->err)) return bind_ctx(b, at);
    rc = config_check_entities(raw, out, &item, b->err);
    json_decref(raw);
    return rc ? fail_in_item(b, at, item) : 0;
}

static int read_entity_json(struct binder *b, const char *path, json_t **out)
{
    json_t *raw  = jsonx_read(path, MAX_FILE_BYTES, b->err);
    size_t  item = SIZE_MAX;
    int     rc;

    if (!raw) return -1;
    rc = config_check_entities(raw, out, &item, b->err);
    json_decref(raw);
    if (rc && item != SIZE_MAX) err_ctx(b->err, "[%zu]", item);
    return rc ? err_ctx(b->err, "%s", path) : 0;
}

static int read_entity_yaml(struct binder *b, const char *path, json_t **out)
{
    struct binder inside = {.file = path, .err = b->err};
    struct bytes  file   = {0};
    struct tree   tree   = {0};
    int           rc     = -1;

    if (bytes_read(&file, path, MAX_FILE_BYTES, b->err)) {
        err_ctx(b->err, "%s", path);
    } else if (tree_parse(&tree, (const char *)file.data, file.size, path,
                          b->err) == 0) {
        const struct place root = {.node = tree.root};
        rc = bind_entity_list(&inside, &root, out);
    }
    tree_done(&tree);
    bytes_done(&file);
    return rc;
}

static int bind_entities(struct binder *b, const struct place *at, void *out)
{
    const struct config *c = b->ctx;
    char                *path;
    int                  rc;

    if (at->node->kind != NODE_TEXT) return bind_entity_list(b, at, out);
    path = beside(c, at->node->text);
    rc = ends_in(path, ".json") ? read_entity_json(b, path, out)
                                : read_entity_yaml(b, path, out);
    free(path);
    return rc ? bind_ctx(b, at) : 0;
}

/* ---- phases ------------------------------------------------------------- */

struct phase {
    char            *name;
    struct text_list candidates;
};

static int bind_phase(struct binder *b, const struct place *at, void *out)
{
    static const struct field fields[] = {
        {.opt = {.name = "name", .type = OPT_TEXT, .value = "a name",
                 .at = offsetof(struct phase, name)}},
        {.opt = {.name = "candidates", .at = offsetof(struct phase,
                                                      candidates)},
         .bind = bind_texts},
        {.opt = {0}}};
    json_t      *phases = *(json_t **)out, *names = json_array(), *one;
    struct phase phase  = {0};
    int          rc     = bind_map(b, at, fields, &phase);

    if (!rc && !phase.name)
        rc = bind_error(b, at, "has no `name`; give it one");
    if (!rc && !phase.candidates.n)
        rc = bind_error(b, at, "has no `candidates`; list their names");
    for (size_t i = 0; !rc && i < json_array_size(phases); i++)
        if (strcmp(jsonx_text(json_array_get(phases, i), "name"),
                   phase.name) == 0)
            rc = bind_error(b, at, "the name `%.*s` is that of phases[%zu] "
                            "too; give it another", opt_cut(phase.name),
                            phase.name, i);
    for (size_t i = 0; i < phase.candidates.n; i++)
        json_array_append_new(names, json_string(phase.candidates.items[i]));
    one = json_pack("{s:s?, s:o}", "name", phase.name, "candidates", names);
    json_array_append_new(phases, one);
    text_list_done(&phase.candidates);
    free(phase.name);
    return rc;
}

static int bind_phases(struct binder *b, const struct place *at, void *out)
{
    *(json_t **)out = json_array();
    return bind_list(b, at, bind_phase, out);
}

/* ---- the tables --------------------------------------------------------- */

#define IN(type, member) .at = offsetof(struct type, member)
#define END {.opt = {0}}

static const struct field threshold_fields[] = {
    {.opt = {"target_s", .type = OPT_SECONDS, IN(thresholds, target_s),
             .min = 0.01, .max = 3600}},
    {.opt = {"ready_s", .type = OPT_SECONDS, IN(thresholds, ready_s),
             .min = 0.01, .max = 3600}},
    {.opt = {"borderline_s", .type = OPT_SECONDS, IN(thresholds, borderline_s),
             .min = 0.01, .max = 3600}},
    {.opt = {"min_tool_accuracy", .type = OPT_REAL,
             IN(thresholds, min_tool_accuracy), .min = 0, .max = 1}},
    {.opt = {"min_quality", .type = OPT_REAL, IN(thresholds, min_quality),
             .min = 0, .max = 1}},
    {.opt = {"min_tok_s", .type = OPT_REAL, IN(thresholds, min_tok_s),
             .min = 0, .max = 100000}},
    END};

static const struct field coload_fields[] = {
    {.opt = {"command", .type = OPT_TEXT, IN(coload_config, command),
             .value = "a command"}},
    {.opt = {"health_url", .type = OPT_TEXT, IN(coload_config, health_url),
             .value = "a URL"}},
    {.opt = {"memory", .type = OPT_BYTES, IN(coload_config, memory_bytes),
             .min = 0, .max = 0x1p40}},
    {.opt = {"threads", .type = OPT_INT, IN(coload_config, threads),
             .min = 0, .max = 1024}},
    {.opt = {"ready", .type = OPT_SECONDS, IN(coload_config, ready_s),
             .min = 1, .max = 3600}},
    END};

static const struct field default_fields[] = {
    {.opt = {"context", .type = OPT_INT, IN(config, context),
             .min = CONTEXT_MIN, .max = CONTEXT_MAX}},
    {.opt = {"sampling", IN(config, sampling)}, .bind = bind_free_map},
    {.opt = {"template_kwargs", IN(config, template_kwargs)},
     .bind = bind_free_map},
    {.opt = {"server_args", IN(config, server_args)},
     .bind = config_bind_server_args},
    END};

static const struct field config_fields[] = {
    {.opt = {"board", .type = OPT_TEXT, IN(config, board),
             .value = "a board's name"}},
    {.opt = {"power_mode", .type = OPT_TEXT, IN(config, power_mode),
             .value = "a power mode"}},
    {.opt = {"reserve", .type = OPT_BYTES, IN(config, reserve_bytes),
             .min = 0, .max = 0x1p40}},
    {.opt = {"thresholds", IN(config, thresholds)},
     .fields = threshold_fields},
    {.opt = {"objective", .type = OPT_CHOICE, IN(config, objective),
             .choices = "quality|latency|speed|memory"}},
    {.opt = {"phases", IN(config, phases)}, .bind = bind_phases},
    {.opt = {"budget", .type = OPT_SECONDS, IN(config, budget_s), .min = 1,
             .max = 30 * DAY_S}},
    {.opt = {"baseline", .type = OPT_TEXT, IN(config, baseline),
             .value = "a candidate's name"}},
    {.opt = {"prompt", IN(config, prompt)}, .bind = bind_prompt},
    {.opt = {"tools", IN(config, tools)}, .bind = bind_tools},
    {.opt = {"entities", IN(config, entities)}, .bind = bind_entities},
    {.opt = {"suites", IN(config, suites)}, .bind = bind_texts},
    {.opt = {"speaking_rate", .type = OPT_REAL,
             IN(config, speaking_rate_words_per_min), .min = 1, .max = 1000}},
    {.opt = {"thinking", .type = OPT_CHOICE, IN(config, thinking),
             .choices = "off|keep"}},
    {.opt = {"cases", .type = OPT_INT, IN(config, cases), .min = 1,
             .max = 10000}},
    {.opt = {"homes", IN(config, homes)}, .bind = bind_texts},
    {.opt = {"repeats", .type = OPT_INT, IN(config, repeats), .min = 1,
             .max = 100}},
    {.opt = {"noise", IN(config, noise)}, .bind = bind_texts},
    {.opt = {"soak", .type = OPT_SECONDS, IN(config, soak_s), .min = 10,
             .max = 7 * DAY_S}},
    {.opt = {"power_modes", IN(config, power_modes)}, .bind = bind_texts},
    {.opt = {"mode_cmd", .type = OPT_TEXT, IN(config, mode_cmd),
             .value = "a command"}},
    {.opt = {"co_load", IN(config, co_load)}, .fields = coload_fields},
    {.opt = {"defaults", .at = 0}, .fields = default_fields},
    {.opt = {"candidates", IN(config, candidates)},
     .bind = config_bind_candidates},
    END};

/* ---- rules between fields ----------------------------------------------- */

static struct place field_place(const struct place *root, const char *key)
{
    return (struct place){root, key, 0, node_get(root->node, key)};
}

static int check_thresholds(struct binder *b, const struct place *root)
{
    const struct config     *c  = b->ctx;
    const struct thresholds *t  = &c->thresholds;
    struct place             at = field_place(root, "thresholds");

    if (!at.node || (t->target_s <= t->ready_s &&
                     t->ready_s <= t->borderline_s))
        return 0;
    return bind_error(b, &at, "target_s (%g) must not be above ready_s (%g), "
                      "nor ready_s above borderline_s (%g); set all three",
                      t->target_s, t->ready_s, t->borderline_s);
}

static int check_phases(struct binder *b, const struct place *root)
{
    struct place at = field_place(root, "phases");

    if (!at.node || at.node->kind != NODE_LIST) return 0;
    for (size_t i = 0; i < at.node->n; i++) {
        const struct place phase = {&at, NULL, i, at.node->items[i]};
        const struct place names = field_place(&phase, "candidates");

        if (names.node->kind == NODE_TEXT) {
            if (config_check_name(b, &names)) return -1;
            continue;
        }
        for (size_t j = 0; j < names.node->n; j++) {
            const struct place name = {&names, NULL, j, names.node->items[j]};
            if (config_check_name(b, &name)) return -1;
        }
    }
    return 0;
}

static int bind_root(struct binder *b, const struct place *root)
{
    struct config *c = b->ctx;
    struct place   baseline, candidates;

    if (node_is_null(root->node))
        return err_set(b->err, ERR_INPUT, "%s: is empty; `audition init` "
                       "writes one to start from", b->file);
    if (root->node->kind == NODE_LIST)
        return bind_error(b, root, "is a list, not a mapping; put "
                          "`candidates:` above it");
    if (bind_map(b, root, config_fields, c) || check_thresholds(b, root))
        return -1;
    candidates = field_place(root, "candidates");
    if (!c->candidates.n && candidates.node)
        return err_set(b->err, ERR_INPUT, "%s: has no candidates; list the "
                       "models to audition under `candidates:`", b->file);
    if (check_phases(b, root)) return -1;
    baseline = field_place(root, "baseline");
    return c->baseline ? config_check_name(b, &baseline) : 0;
}

/* ---- the whole ---------------------------------------------------------- */

void config_init(struct config *out)
{
    *out = (struct config){
        .folder = mem_copy("."), .objective = mem_copy("quality"),
        .thinking = mem_copy("off"),
        .speaking_rate_words_per_min = 150,
        .thresholds = {.target_s = 1.5, .ready_s = 2.0, .borderline_s = 2.5,
                       .min_tool_accuracy = 0.7, .min_quality = 0.5},
        .co_load = {.memory_bytes = NAN, .threads = -1, .ready_s = 60},
        .soak_s = NAN, .budget_s = NAN, .cases = -1, .repeats = -1,
        .context = -1};
}

void config_done(struct config *c)
{
    free(c->path);
    free(c->folder);
    free(c->text);
    free(c->board);
    free(c->power_mode);
    free(c->objective);
    free(c->thinking);
    json_decref(c->phases);
    free(c->baseline);
    free(c->prompt);
    json_decref(c->tools);
    json_decref(c->entities);
    text_list_done(&c->suites);
    text_list_done(&c->noise);
    text_list_done(&c->homes);
    text_list_done(&c->power_modes);
    free(c->mode_cmd);
    free(c->co_load.command);
    free(c->co_load.health_url);
    json_decref(c->sampling);
    json_decref(c->template_kwargs);
    text_list_done(&c->server_args);
    candidate_list_done(&c->candidates);
    *c = (struct config){0};
}

int config_parse(const char *text, size_t len, const char *name,
                 const char *folder, struct config *out, struct err *err)
{
    struct binder b    = {.file = name, .ctx = out, .err = err};
    struct tree   tree = {0};
    int           rc   = -1;

    config_init(out);
    free(out->folder);
    out->folder = mem_copy(folder);
    out->path = mem_copy(name);
    out->text = mem_copy_n(text, len);
    if (tree_parse(&tree, text, len, name, err) == 0) {
        const struct place root = {.node = tree.root};
        rc = bind_root(&b, &root);
    }
    tree_done(&tree);
    if (rc) {
        config_done(out);
        config_init(out);
    }
    return rc;
}

int config_load(struct config *out, const char *path, struct err *err)
{
    const char  *slash = strrchr(path, '/');
    struct bytes file  = {0};
    struct err   why   = {0};
    char        *folder;
    int          rc;

    if (bytes_read(&file, path, MAX_FILE_BYTES, &why)) {
        config_init(out);
        return err_set(err, why.kind, "%s: %s; %s", path, why.text,
                       access(path, F_OK) ? "`audition init` writes one"
                       : "give a YAML file such as audition.yaml");
    }
    folder = !slash ? mem_copy(".") : mem_copy_n(path, slash == path ? 1
                                                 : (size_t)(slash - path));
    rc = config_parse((const char *)file.data, file.size, path, folder, out,
                      err);
    free(folder);
    bytes_done(&file);
    return rc;
}
