/* SPDX-License-Identifier: MIT */
/* candidates.c - see candidates.h.
 *
 * Each entry of the config becomes one candidate, or several when it is a
 * glob. Only names are resolved and headers read here; whether a model fits
 * or an engine can run it is asked later. */
#include "candidates.h"

#include <ctype.h>
#include <glob.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/http_url.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "discover.h"
#include "model/catalogue.h"
#include "model/gguf.h"
#include "remote/remote.h"

#define USUAL_QUANT "Q4_K_M"    /* what a hub serves when none is asked for  */

struct resolver {
    const struct config   *config;
    const struct catalogue *catalogue; /* or NULL                            */
    struct candidate_list *out;
    struct found_models    found;      /* looked for once, when first needed */
    bool                   looked;
};

static const struct found_models *caches(struct resolver *r)
{
    if (!r->looked) discover_models(&r->found);
    r->looked = true;
    return &r->found;
}

/* ---- the list ---------------------------------------------------------- */

static void copy_candidate(struct candidate *to, const struct candidate *from)
{
    *to = *from;
    to->name = mem_copy(from->name);
    to->path = mem_copy(from->path);
    to->url = mem_copy(from->url);
    to->hf = mem_copy(from->hf);
    to->base_url = mem_copy(from->base_url);
    to->model = mem_copy(from->model);
    json_incref(to->sampling);
    json_incref(to->template_kwargs);
    to->server_args = (struct text_list){0};
    for (size_t i = 0; i < from->server_args.n; i++)
        text_list_add(&to->server_args, from->server_args.items[i]);
    gguf_unknown(&to->facts);
}

/* A copy of `from` at the end of the list, its path replaced when there is
 * one. */
static struct candidate *append(struct resolver *r,
                                const struct candidate *from, const char *path)
{
    struct candidate_list *list = r->out;
    struct candidate      *c;

    list->items = mem_grow(list->items, list->n + 1, sizeof *list->items);
    c = &list->items[list->n++];
    copy_candidate(c, from);
    if (!path) return c;
    free(c->path);
    c->path = mem_copy(path);
    return c;
}


/* ---- known by name ----------------------------------------------------- */

static const struct catalogue_model *look_up(const struct resolver *r,
                                             const char *name, char quant[32])
{
    return r->catalogue && name ? catalogue_find(r->catalogue, name, quant, 32)
                                : NULL;
}

/* Of a model that is here: what its file does not say of itself. */
static void recognise(const struct resolver *r, struct candidate *c)
{
    char quant[32];

    c->known = look_up(r, c->hf ? c->hf : c->name, quant);
    if (!c->known) c->known = look_up(r, c->facts.model_name, quant);
}

static void read_header(const struct resolver *r, struct candidate *c)
{
    if (gguf_read(c->path, &c->facts, &c->failure)) return;
    recognise(r, c);
    if (c->facts.is_big_endian)
        err_set(&c->failure, ERR_INPUT, "%s: is a big-endian file, which an "
                "engine on this machine cannot load; get the usual one",
                c->path);
    else if (c->facts.kind != MODEL_TEXT)
        err_set(&c->failure, ERR_INPUT, "%s: is no language model but %s; "
                "name the model it belongs to", c->path,
                model_kind_name(c->facts.kind));
}

/* How to get it, with us or without. siblings: what there is of it. */
static void say_absent(struct candidate *c, const char *what,
                       const char *siblings, const char *where)
{
    char *command = remote_command(where);

    c->is_absent = true;
    err_set(&c->failure, ERR_PREFLIGHT, "%s is not on this machine%s%s; "
            "`audition run --download` fetches it, or `%s`", what,
            *siblings ? ", only " : "", siblings,
            command ? command : "hf download");
    free(command);
}

/* A model that is not here: its facts are the catalogue's, enough to predict
 * it. False when no such model is known. */
static bool add_known(const struct resolver *r, struct candidate *c,
                      const char *name)
{
    char        quant[32] = "";
    const char *where;

    c->known = look_up(r, name, quant);
    if (!c->known) return false;
    c->is_absent = true;
    if (c->known->unsupported || c->known->no_gguf) {
        err_set(&c->failure, ERR_PREFLIGHT, "%s cannot be served: %s",
                c->known->id, c->known->unsupported ? c->known->unsupported
                                                    : c->known->no_gguf);
        return true;
    }
    if (catalogue_facts(r->catalogue, c->known, *quant ? quant : USUAL_QUANT,
                        &c->facts, &c->failure))
        return true;
    where = c->hf ? c->hf : c->known->hf;
    if (where)
        say_absent(c, name, "", where);
    else
        err_set(&c->failure, ERR_PREFLIGHT, "%s is not on this machine, and "
                "where a GGUF of it is published is not known; name its file "
                "once you have it", name);
    return true;
}

/* ---- paths ------------------------------------------------------------- */

/* As the config means it: seen from its folder; "~/" is the user's home. */
static char *full_path(const struct config *config, const char *path)
{
    const char *home = getenv("HOME");

    if (strncmp(path, "~/", 2) == 0 && home && *home)
        return mem_printf("%s/%s", home, path + 2);
    if (*path == '/' || !config->folder || strcmp(config->folder, ".") == 0)
        return mem_copy(path);
    return mem_printf("%s/%s", config->folder, path);
}

static bool ends_in_gguf(const char *text)
{
    size_t len = strlen(text);

    return len > 5 && strcasecmp(text + len - 5, ".gguf") == 0;
}

/* Could this text be a name of the caches, "name" or "user/name"? A path into
 * a folder that ends in ".gguf" means that file and no other. */
static bool may_be_a_name(const char *text)
{
    const char *slash = strchr(text, '/');

    if (!*text || strchr("/.~", *text)) return false;
    return !slash || (!strchr(slash + 1, '/') && !ends_in_gguf(text));
}

/* "models/Qwen-Q4_K_M-00001-of-00002.gguf" is called "Qwen-Q4_K_M". */
static char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *file = slash ? slash + 1 : path;
    size_t      len = strlen(file);
    int         part, parts;

    if (ends_in_gguf(file)) len -= strlen(".gguf");
    gguf_part_name(file, &len, &part, &parts);
    return mem_copy_n(file, len);
}

/* ---- globs ------------------------------------------------------------- */

static bool is_glob(const char *path) { return strpbrk(path, "*?[") != NULL; }

/* Later parts of a split model and projectors are matched by "*.gguf" and
 * never meant by it. */
static bool is_meant(const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t      stem_len;
    int         part = 1, parts;
    struct stat st;

    gguf_part_name(path, &stem_len, &part, &parts);
    return part == 1 && !strstr(slash ? slash : path, "mmproj") &&
           stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
}

/* The same file given twice on the command line is one candidate. */
static bool is_listed(const struct resolver *r, const char *path)
{
    struct stat st, other;

    if (stat(path, &st) != 0) return false;
    for (size_t i = 0; i < r->out->n; i++) {
        const struct candidate *c = &r->out->items[i];
        if (c->line == 0 && c->source == SOURCE_FILE && c->path &&
            stat(c->path, &other) == 0 && other.st_dev == st.st_dev &&
            other.st_ino == st.st_ino)
            return true;
    }
    return false;
}

/* A candidate for each match, named after its file; a name that the user gave
 * stays when there is one match. */
static void add_matches(struct resolver *r, const struct candidate *from,
                        const char *pattern)
{
    glob_t matches = {0};
    size_t meant = 0;
    int    rc = glob(pattern, 0, NULL, &matches);

    for (size_t i = 0; rc == 0 && i < matches.gl_pathc; i++)
        meant += is_meant(matches.gl_pathv[i]);
    for (size_t i = 0; rc == 0 && i < matches.gl_pathc; i++) {
        const char       *path = matches.gl_pathv[i];
        struct candidate *c;
        if (!is_meant(path) || (from->line == 0 && is_listed(r, path)))
            continue;
        c = append(r, from, path);
        if (meant > 1 || is_glob(c->name)) {
            free(c->name);
            c->name = name_of(path);
        }
        read_header(r, c);
    }
    if (meant == 0)
        err_set(&append(r, from, NULL)->failure, ERR_INPUT, "%s: no model "
                "file matches; check the folder and the ending", pattern);
    globfree(&matches);
}

/* ---- one file ---------------------------------------------------------- */

static bool is_url(const char *path)
{
    return strncasecmp(path, "https://", 8) == 0 ||
           strncasecmp(path, "http://", 7) == 0;
}

/* Whether it was fetched before is known once its server was asked. What is
 * said here is stored and reported: a password or a signature must not be. */
static void add_url(struct resolver *r, const struct candidate *from)
{
    char             *shown = http_url_shown(from->path);
    struct candidate *c = append(r, from, shown);

    c->url = mem_copy(from->path);
    c->is_absent = true;
    if (strcmp(shown, c->url) == 0)
        say_absent(c, shown, "", shown);
    else
        err_set(&c->failure, ERR_PREFLIGHT, "%s is not on this machine; "
                "`audition run --download` fetches it, or `curl -fLO` with "
                "the whole URL in quotes", shown);
    free(shown);
}

/* ", which has A, B": what the name may have meant; "" when nothing. */
static char *nearest(const struct resolver *r, const char *name)
{
    const char *names[3];
    size_t      n = r->catalogue ? catalogue_nearest(r->catalogue, name,
                                                     names, 3) : 0;

    return mem_printf("%s%s%s%s%s%s", n ? ", which has " : "",
                      n ? names[0] : "", n > 1 ? ", " : "",
                      n > 1 ? names[1] : "", n > 2 ? ", " : "",
                      n > 2 ? names[2] : "");
}

/* There is nothing at `path`, which the user wrote as `text`. */
static void add_missing(struct resolver *r, const struct candidate *from,
                        const char *path)
{
    const char       *text = from->path;
    struct candidate *c = append(r, from, path);

    if (!may_be_a_name(text)) {
        read_header(r, c);         /* says what is wrong with the path */
    } else if (!add_known(r, c, text)) {
        char *near = nearest(r, text);
        err_set(&c->failure, ERR_INPUT, "%s: no such file, and no model of "
                "that name in the caches of llama.cpp, Hugging Face, Ollama "
                "or LM Studio, nor in the catalogue%s; `audition init` lists "
                "those that are there", path, near);
        free(near);
    }
}

static void add_file(struct resolver *r, const struct candidate *from)
{
    char             *path = full_path(r->config, from->path);
    struct candidate *c;
    struct stat       st;
    int               found = -1;

    if (stat(path, &st) != 0 && is_glob(path)) {
        add_matches(r, from, path);
        free(path);
        return;
    }
    if (stat(path, &st) != 0 && may_be_a_name(from->path))
        found = discover_find(caches(r), from->path);
    if (found >= 0) {
        free(path);
        path = mem_copy(r->found.items[found].path);
    }
    if (stat(path, &st) != 0) {
        add_missing(r, from, path);
    } else if (from->line != 0 || !is_listed(r, path)) {
        c = append(r, from, path);
        if (S_ISDIR(st.st_mode))
            err_set(&c->failure, ERR_INPUT, "%s: is a directory; name a file "
                    "in it, or all of them with '%s%s*.gguf'", path, path,
                    path[strlen(path) - 1] == '/' ? "" : "/");
        else
            read_header(r, c);
    }
    free(path);
}

/* ---- Hugging Face ------------------------------------------------------ */

/* Where `part` occurs in text, case ignored, between characters that belong
 * to no word; '_' may stand in front and not behind. */
static bool has_word(const char *text, const char *part)
{
    size_t len = strlen(part);

    for (const char *at = text; *at; at++) {
        unsigned char before = at > text ? (unsigned char)at[-1] : '-';
        if (strncasecmp(at, part, len) != 0 || isalnum(before)) continue;
        if (!isalnum((unsigned char)at[len]) && at[len] != '_') return true;
    }
    return false;
}

static bool contains(const char *text, const char *part)
{
    for (; *text; text++)
        if (strncasecmp(text, part, strlen(part)) == 0) return true;
    return false;
}

/* Does this model come from user/repo? Each cache writes that down in its own
 * way. */
static bool is_of_repo(const struct found_model *m, const char *user,
                       const char *repo)
{
    char *const forms[] = {
        mem_printf("/models--%s--%s/", user, repo),   /* Hugging Face      */
        mem_printf("/%s_%s_", user, repo),            /* llama.cpp, before */
        mem_printf("/%s/%s/", user, repo),            /* LM Studio         */
    };
    char *name = mem_printf("hf.co/%s/%s:", user, repo);   /* Ollama */
    bool  is = strncasecmp(m->name, name, strlen(name)) == 0;

    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        is = is || contains(m->path, forms[i]);
        free(forms[i]);
    }
    free(name);
    return is;
}

/* The model of user/repo of that quantisation; without one llama.cpp's own
 * choice: Q4_K_M, else Q8_0, else the first. -1 when there is none; then the
 * names of what there is of this repository are in `others`. */
static int find_hf(const struct found_models *found, const char *user,
                   const char *repo, const char *quant, struct strbuf *others)
{
    const char *const wanted[] = {quant ? quant : "Q4_K_M",
                                  quant ? quant : "Q8_0"};
    int               first = -1;

    for (size_t w = 0; w < 2; w++)
        for (size_t i = 0; i < found->n; i++)
            if (is_of_repo(&found->items[i], user, repo) &&
                has_word(found->items[i].name, wanted[w]))
                return (int)i;
    for (size_t i = 0; i < found->n; i++) {
        if (!is_of_repo(&found->items[i], user, repo)) continue;
        if (first < 0) first = (int)i;
        strbuf_add(others, others->len ? ", " : "");
        strbuf_add(others, found->items[i].name);
    }
    return quant ? -1 : first;
}

static void add_hf(struct resolver *r, const struct candidate *from)
{
    struct candidate *c = append(r, from, NULL);
    char             *user = mem_copy(from->hf);
    char             *repo = user ? strchr(user, '/') : NULL;
    char             *quant = repo ? strchr(repo, ':') : NULL;
    struct strbuf     others;
    int               found;

    if (repo) *repo++ = '\0';
    if (quant) *quant++ = '\0';
    if (!repo || !*user || !*repo || strchr(repo, '/') || (quant && !*quant)) {
        err_set(&c->failure, ERR_INPUT, "hf: \"%s\" is no repository; write "
                "user/repo or user/repo:quant", from->hf ? from->hf : "");
        free(user);
        return;
    }
    strbuf_init(&others, 300);
    found = find_hf(caches(r), user, repo, quant, &others);
    if (found >= 0) {
        free(c->path);
        c->path = mem_copy(r->found.items[found].path);
        read_header(r, c);
    } else if (!add_known(r, c, from->hf)) {
        char *what = mem_printf("hf: %s", from->hf);
        say_absent(c, what, others.text, from->hf);
        free(what);
    }
    strbuf_done(&others);
    free(user);
}

/* ---- all --------------------------------------------------------------- */

static void add_entry(struct resolver *r, const struct candidate *from)
{
    char *path;

    if (from->failure.kind != ERR_NONE) {
        append(r, from, NULL);
    } else if (from->source == SOURCE_FILE && from->path &&
               is_url(from->path)) {
        add_url(r, from);
    } else if (from->source == SOURCE_FILE && from->path) {
        add_file(r, from);
    } else if (from->source == SOURCE_HF) {
        add_hf(r, from);
    } else {
        path = from->path ? full_path(r->config, from->path) : NULL;
        append(r, from, path);
        free(path);
    }
}

/* The candidate before item i that has this name, or NULL. */
static const struct candidate *namesake(const struct candidate_list *list,
                                        size_t i, const char *name)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(list->items[k].name, name) == 0) return &list->items[k];
    return NULL;
}

/* Names given in the config must differ; those of files on the command line
 * get a number, as in config_add_model. */
static int check_names(const struct config *config, struct candidate_list *list,
                       struct err *err)
{
    for (size_t i = 1; i < list->n; i++) {
        struct candidate       *c = &list->items[i];
        const struct candidate *same = namesake(list, i, c->name);
        char                   *base;
        if (!same) continue;
        if (c->line > 0)
            return err_set(err, ERR_INPUT, "%s:%d: the candidate of line %d "
                           "is also called \"%s\"; give one of them another "
                           "`name`", config->path ? config->path : "config",
                           c->line, same->line, c->name);
        base = c->name;
        c->name = NULL;
        for (int n = 2; !c->name || namesake(list, i, c->name); n++) {
            free(c->name);
            c->name = mem_printf("%s-%d", base, n);
        }
        free(base);
    }
    return 0;
}

int candidates_resolve(const struct config *config,
                       const struct catalogue *catalogue,
                       struct candidate_list *out, struct err *err)
{
    struct resolver r = {.config = config, .catalogue = catalogue,
                         .out = out};
    int             rc;

    *out = (struct candidate_list){0};
    if (config->candidates.n == 0)
        return err_set(err, ERR_INPUT, "no candidate is given; name a model "
                       "with -m FILE, or list some under `candidates:` in "
                       "audition.yaml");
    for (size_t i = 0; i < config->candidates.n; i++)
        add_entry(&r, &config->candidates.items[i]);
    found_models_done(&r.found);
    rc = check_names(config, out, err);
    if (rc) candidate_list_done(out);
    return rc;
}

void candidate_found(struct candidate *c, const struct catalogue *catalogue,
                     const char *path)
{
    struct resolver r = {.catalogue = catalogue};

    free(c->path);
    c->path = mem_copy(path);
    c->is_absent = false;
    c->failure = (struct err){0};
    model_facts_done(&c->facts);
    gguf_unknown(&c->facts);
    read_header(&r, c);
}
