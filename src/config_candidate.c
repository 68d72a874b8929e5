/* SPDX-License-Identifier: MIT */
/* config_candidate.c - one candidate: where it comes from, what it is called;
 * see config_candidate.h and config_add_model in config.h. */
#include "config_candidate.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/http_url.h"
#include "base/mem.h"
#include "config.h"

#define MAX_CANDIDATES 1000
#define MAX_NAME_BYTES 255
#define GLOB           "*?["
#define REPO_CHARACTERS                                                       \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-."

/* ---- names -------------------------------------------------------------- */

static bool ends_in(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n > m && strcasecmp(text + n - m, end) == 0;
}

static void cut_end(char *text, const char *end)
{
    if (ends_in(text, end)) text[strlen(text) - strlen(end)] = '\0';
}

/* "-00001-of-00003" */
static void cut_part(char *text)
{
    static const char form[] = "-00000-of-00000";
    size_t n = strlen(text), m = sizeof form - 1;

    if (n <= m) return;
    for (size_t i = 0; i < m; i++) {
        char c = text[n - m + i];
        if (form[i] == '0' ? !isdigit((unsigned char)c) : c != form[i]) return;
    }
    text[n - m] = '\0';
}

/* "models/Qwen-Q4_K_M-00001-of-00002.gguf": "Qwen-Q4_K_M". A glob keeps its
 * whole text: its files are named one by one later. */
static char *name_of_file(const char *path)
{
    const char *slash = strrchr(path, '/');
    char       *name;

    if (strpbrk(path, GLOB) || (slash && !slash[1])) return mem_copy(path);
    name = mem_copy(slash ? slash + 1 : path);
    cut_end(name, ".jsonl");
    cut_end(name, ".json");
    cut_end(name, ".gguf");
    cut_part(name);
    return name;
}

/* "https://host/Qwen-Q4_K_M.gguf?download=true": "Qwen-Q4_K_M". What may be
 * secret in a URL is in no name. NULL: not a URL. */
static char *name_of_url(const char *text)
{
    char *file = http_url_name(text), *name;

    if (!file) return NULL;
    name = *file ? name_of_file(file) : http_url_shown(text);
    free(file);
    return name;
}

/* "bartowski/Qwen-GGUF:Q4_K_M": "Qwen-Q4_K_M", as its file is called. */
static char *name_of_hf(const char *hf)
{
    const char *repo  = strchr(hf, '/') + 1;
    const char *quant = strchr(repo, ':');
    char       *bare  = mem_copy_n(repo, strcspn(repo, ":"));
    char       *name;

    cut_end(bare, "-GGUF");
    name = mem_printf("%s%s%s", bare, quant ? "-" : "",
                      quant ? quant + 1 : "");
    free(bare);
    return name;
}

static bool is_hf(const char *text)
{
    size_t user = strspn(text, REPO_CHARACTERS), repo, quant;

    if (!isalnum((unsigned char)*text) || text[user] != '/') return false;
    text += user + 1;
    repo = strspn(text, REPO_CHARACTERS);
    if (!repo || (text[repo] && text[repo] != ':')) return false;
    if (!text[repo]) return true;
    text += repo + 1;
    quant = strspn(text, REPO_CHARACTERS);
    return quant && !text[quant];
}

static const struct candidate *named(const struct candidate_list *list,
                                     const char *name, size_t before)
{
    for (size_t i = 0; i < before; i++)
        if (strcmp(list->items[i].name, name) == 0) return &list->items[i];
    return NULL;
}

static struct candidate *add(struct candidate_list *list, int line)
{
    list->items = mem_grow(list->items, list->n + 1, sizeof *list->items);
    list->items[list->n] = (struct candidate){
        .context = -1, .measured_tok_s = NAN, .line = line,
        .expect = {NAN, NAN, NAN, NAN, NAN},
        .facts = {.parameters = NAN, .kv_bytes_per_token = NAN, .layers = -1,
                  .context = -1, .vocabulary = -1}};
    return &list->items[list->n++];
}

/* ---- one candidate of a config ------------------------------------------ */

static int bind_server_arg(struct binder *b, const struct place *at, void *out)
{
    const char *text = at->node->text;

    if (bind_expect(b, at, NODE_TEXT)) return -1;
    if (text[0] == '-' && text[1] != ' ' && text[strcspn(text, " =")] == ' ')
        return bind_error(b, at, "`%.*s` holds a space; write the option and "
                          "its value as two items", opt_cut(text), text);
    return bind_texts(b, at, out);
}

int config_bind_server_args(struct binder *b, const struct place *at,
                            void *out)
{
    return bind_list(b, at, bind_server_arg, out);
}

#define EN_DASH "\xe2\x80\x93"

static const char *past_about(const char *text)
{
    text += *text == '~';
    return text + strspn(text, " ");
}

/* "-" or "–"; NULL: the text goes on otherwise. */
static const char *past_dash(const char *text)
{
    text += strspn(text, " ");
    if (*text == '-') return text + 1;
    return strncmp(text, EN_DASH, 3) == 0 ? text + 3 : NULL;
}

/* "35-45", "35–45 tok/s" or one number, "~1.4 s", as plans are written: two
 * doubles, the low and the high end. */
static int bind_span(struct binder *b, const struct place *at, void *out)
{
    double     *span = out;
    const char *text, *second;
    char       *end;

    if (bind_expect(b, at, NODE_TEXT)) return -1;
    text = past_about(at->node->text);
    span[0] = span[1] = strtod(text, &end);
    second = end == text ? NULL : past_dash(end);
    if (second) {
        span[1] = strtod(second, &end);
        if (end == second) span[1] = NAN;
    }
    if (end != text) end += strspn(end, " ");
    if (strcmp(end, "tok/s") == 0 || strcmp(end, "s") == 0)
        end += strlen(end);
    if (end == text || *end || !(span[0] > 0) ||
        !(span[1] >= span[0]) || span[1] > 1e6)
        return bind_error(b, at, "`%.*s` is no range; write it as 35-45, or "
                          "as one number", opt_cut(at->node->text),
                          at->node->text);
    return 0;
}

/* "1.2GB" or "~1.2 GB"; less than a mebibyte is a unit forgotten. */
static int bind_amount(struct binder *b, const struct place *at, void *out)
{
    static const struct opt amount = {
        .name = "memory", .type = OPT_BYTES, .min = 0x1p20, .max = 1e15};

    if (bind_expect(b, at, NODE_TEXT)) return -1;
    return opt_parse_value(&amount, past_about(at->node->text), out, b->err)
           ? bind_ctx(b, at) : 0;
}

static const struct field expect_fields[] = {
    {.opt = {"tok_s", .at = offsetof(struct expectation, tok_s_low)},
     .bind = bind_span},
    {.opt = {"latency50_s",
             .at = offsetof(struct expectation, latency50_s_low)},
     .bind = bind_span},
    {.opt = {"memory", .at = offsetof(struct expectation, memory_bytes)},
     .bind = bind_amount},
    {.opt = {0}}};

#define IN(member) .at = offsetof(struct candidate, member)

/* `model` waits in .model until it is known whether it is a server's. */
static const struct field fields[] = {
    {.opt = {"name", .type = OPT_TEXT, IN(name), .value = "a name"}},
    {.opt = {"model", .type = OPT_TEXT, IN(model), .value = "a file"}},
    {.opt = {"hf", .type = OPT_TEXT, IN(hf), .value = "user/repo:quant"}},
    {.opt = {"base_url", .type = OPT_TEXT, IN(base_url), .value = "a URL"}},
    {.opt = {"replay", .type = OPT_TEXT, IN(path), .value = "a recording"}},
    {.opt = {"context", .type = OPT_INT, IN(context), .min = CONTEXT_MIN,
             .max = CONTEXT_MAX}},
    {.opt = {"sampling", IN(sampling)}, .bind = bind_free_map},
    {.opt = {"template_kwargs", IN(template_kwargs)}, .bind = bind_free_map},
    {.opt = {"server_args", IN(server_args)},
     .bind = config_bind_server_args},
    {.opt = {"measured_tok_s", .type = OPT_REAL, IN(measured_tok_s),
             .min = 0.001, .max = 100000}},
    {.opt = {"expect", IN(expect)}, .fields = expect_fields},
    {.opt = {0}}};

static int check_sources(struct binder *b, const struct place *at,
                         const struct candidate *c)
{
    const char *given[4], *host;
    size_t      n = 0;

    if (c->model && !c->base_url) given[n++] = "model";
    if (c->hf) given[n++] = "hf";
    if (c->base_url) given[n++] = "base_url";
    if (c->path) given[n++] = "replay";
    if (!n)
        return bind_error(b, at, "does not say which model; give `model` (a "
                          "file), `hf`, `base_url` or `replay`");
    if (n > 1)
        return bind_error(b, at, "has both `%s` and `%s`; keep the one that "
                          "says where the model is", given[0], given[1]);
    if (c->hf && !is_hf(c->hf))
        return bind_error(b, at, "hf: `%.*s` is no repository; write "
                          "user/repo or user/repo:quant", opt_cut(c->hf),
                          c->hf);
    if (!c->base_url) return 0;
    host = strncmp(c->base_url, "http://", 7) == 0    ? c->base_url + 7
           : strncmp(c->base_url, "https://", 8) == 0 ? c->base_url + 8 : "";
    if (!*host || strpbrk(c->base_url, " \t\n"))
        return bind_error(b, at, "base_url: `%.*s` is no URL; write it as "
                          "http://127.0.0.1:8080", opt_cut(c->base_url),
                          c->base_url);
    return 0;
}

static void settle_source(struct candidate *c)
{
    char *name = NULL;

    if (c->base_url) {
        c->source = SOURCE_SERVER;
        name = mem_copy(c->model ? c->model : strstr(c->base_url, "://") + 3);
    } else if (c->hf) {
        c->source = SOURCE_HF;
        name = name_of_hf(c->hf);
    } else if (c->path) {
        c->source = SOURCE_REPLAY;
        name = name_of_file(c->path);
    } else {
        c->source = SOURCE_FILE;
        c->path = c->model;
        c->model = NULL;
        name = name_of_url(c->path);
        if (!name) name = name_of_file(c->path);
    }
    if (c->name) free(name);
    else c->name = name;
}

static int bind_candidate(struct binder *b, const struct place *at, void *out)
{
    struct candidate_list  *list = out;
    struct candidate       *c    = add(list, at->node->line);
    const struct candidate *same;

    if (at->node->kind != NODE_TEXT) {
        if (bind_map(b, at, fields, c)) return -1;
    } else if (*at->node->text) {
        c->model = mem_copy(at->node->text);
    }
    if (check_sources(b, at, c)) return -1;
    settle_source(c);
    if (strlen(c->name) > MAX_NAME_BYTES || !c->name[strspn(c->name, " \n\t")])
        return bind_error(b, at, "name: must be 1 to %d bytes long and not "
                          "blank; give a short `name`", MAX_NAME_BYTES);
    same = named(list, c->name, list->n - 1);
    if (same)
        return bind_error(b, at, "name: `%.*s` is also that of the candidate "
                          "in line %d; give one of them another `name`",
                          opt_cut(c->name), c->name, same->line);
    return 0;
}

int config_bind_candidates(struct binder *b, const struct place *at, void *out)
{
    if (at->node->kind == NODE_LIST && at->node->n > MAX_CANDIDATES)
        return bind_error(b, at, "lists %zu models; at most %d can be "
                          "auditioned at once", at->node->n, MAX_CANDIDATES);
    return bind_list(b, at, bind_candidate, out);
}

int config_check_name(struct binder *b, const struct place *at)
{
    const struct config *c    = b->ctx;
    const char          *name = at->node->text, *near;
    const char         **names;

    if (named(&c->candidates, name, c->candidates.n)) return 0;
    names = mem_new(c->candidates.n + 1, sizeof *names);
    for (size_t i = 0; i < c->candidates.n; i++) {
        const struct candidate *one = &c->candidates.items[i];

        if (one->source == SOURCE_FILE && strpbrk(one->path, GLOB)) {
            free(names);
            return 0;
        }
        names[i] = one->name;
    }
    near = opt_nearest(name, names);
    bind_error(b, at, "no candidate is called `%.*s`; %s%s%s", opt_cut(name),
               name, near ? "did you mean `" : "give the `name` of one",
               near ? near : "", near ? "`?" : "");
    free(names);
    return -1;
}

/* ---- one -m of the command line ----------------------------------------- */

/* A file's path, seen from where the user stands: not a name for the caches
 * to look up. Must stay right when the config is in another folder. */
static char *file_path(const struct config *c, const char *value)
{
    char here[4096];

    if (*value == '/' || !c->folder || strcmp(c->folder, ".") == 0 ||
        (access(value, F_OK) != 0 && !ends_in(value, ".gguf") &&
         !strpbrk(value, GLOB)) ||
        !getcwd(here, sizeof here))
        return mem_copy(value);
    return mem_printf("%s/%s", here, value);
}

void config_add_model(struct config *c, const char *value)
{
    struct candidate *one = add(&c->candidates, 0);
    size_t            before = c->candidates.n - 1;
    char             *base;

    if (is_hf(value) && access(value, F_OK) != 0 &&
        (strchr(value, ':') || ends_in(value, "-GGUF"))) {
        one->source = SOURCE_HF;
        one->hf = mem_copy(value);
        base = name_of_hf(value);
    } else {
        one->source = SOURCE_FILE;
        base = name_of_url(value);
        one->path = base ? mem_copy(value) : file_path(c, value);
        if (!base) base = name_of_file(value);
    }
    one->name = mem_copy(base);
    for (int i = 2; named(&c->candidates, one->name, before); i++) {
        free(one->name);
        one->name = mem_printf("%s-%d", base, i);
    }
    free(base);
}
