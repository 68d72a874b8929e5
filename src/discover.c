/* SPDX-License-Identifier: MIT */
/* discover.c - see discover.h.
 *
 * Every cache is a folder tree that is walked in the same way; Ollama's alone
 * has an index of its own (manifests). Where programs let an environment
 * variable replace their folder, both are looked into: models that were put
 * there before it was set are still there. */
#include "discover.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "model/gguf.h"

#define ENTRIES_MAX  10000
#define DEPTH_MAX    8
#define MANIFEST_MAX ((size_t)1 << 20)

/* A folder that was entered, or a file that was listed as an item. */
struct place {
    dev_t  dev;
    ino_t  ino;
    size_t item;
};

struct search {
    struct found_models *out;
    struct place        *places;
    size_t               n_places;
    size_t               entries;    /* read so far, of all folders */
};

/* ---- names ------------------------------------------------------------- */

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);

    return len >= end_len && strcasecmp(text + len - end_len, end) == 0;
}

/* The first place where part occurs in text, case ignored, or NULL. */
static const char *find(const char *text, const char *part)
{
    for (; *text; text++)
        if (strncasecmp(text, part, strlen(part)) == 0) return text;
    return NULL;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* Projectors, drafts and statistics lie beside models but answer nobody. */
static bool is_companion(const char *file)
{
    static const char *const marks[] = {"mmproj", "imatrix", "mtp-", "draft-",
                                        "-draft", "eagle3-", "dflash-",
                                        "dspark-"};

    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (find(file, marks[i])) return true;
    return false;
}

bool discover_is_model(const char *file)
{
    size_t stem_len;
    int    part = 1, parts;

    if (!ends_with(file, ".gguf") || is_companion(file)) return false;
    gguf_part_name(file, &stem_len, &part, &parts);
    return part == 1;
}

/* The file's name without ".gguf" and part; llama.cpp's older cache puts
 * "user_repo_" in front, and most repositories end in "-GGUF". */
static char *model_name(const char *path, const char *where)
{
    const char *file = base_name(path);
    size_t      len = strlen(file) - strlen(".gguf");
    int         part, parts;
    const char *repo;

    gguf_part_name(file, &len, &part, &parts);
    repo = strcmp(where, "llama.cpp") == 0 ? find(file, "-GGUF_") : NULL;
    if (repo) {
        repo += strlen("-GGUF_");
        if (repo < file + len)
            return mem_copy_n(repo, len - (size_t)(repo - file));
    }
    return mem_copy_n(file, len);
}

/* ---- walking ----------------------------------------------------------- */

/* Where we were before, or NULL; then it is noted, as the next item. */
static const struct place *seen(struct search *s, const struct stat *st)
{
    for (size_t i = 0; i < s->n_places; i++)
        if (s->places[i].dev == st->st_dev && s->places[i].ino == st->st_ino)
            return &s->places[i];
    s->places = mem_grow(s->places, s->n_places + 1, sizeof *s->places);
    s->places[s->n_places++] = (struct place){st->st_dev, st->st_ino,
                                              s->out->n};
    return NULL;
}

static void add(struct search *s, char *name, const char *path,
                const char *where)
{
    struct found_models *f = s->out;

    f->items = mem_grow(f->items, f->n + 1, sizeof *f->items);
    f->items[f->n++] = (struct found_model){
        .name = name, .path = mem_copy(path), .where = mem_copy(where)};
}

static void free_model(struct found_model *m)
{
    free(m->name);
    free(m->path);
    free(m->where);
    text_list_done(&m->also);
    *m = (struct found_model){0};
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names in a folder, sorted, hidden ones left out: what is found must not
 * depend on the order in which a file system lists. */
static struct text_list names_in(struct search *s, const char *path)
{
    struct text_list names = {0};
    DIR             *dir = opendir(path);
    struct dirent   *entry;

    if (!dir) return names;
    while (s->entries < ENTRIES_MAX && (entry = readdir(dir))) {
        if (entry->d_name[0] == '.') continue;
        s->entries++;
        text_list_add(&names, entry->d_name);
    }
    closedir(dir);
    if (names.n) qsort(names.items, names.n, sizeof *names.items, by_text);
    return names;
}

/* "snapshots" of a Hugging Face repository holds a folder for each revision.
 * Puts the one that refs/main names in front. */
static void main_revision_first(const char *snapshots, struct text_list *names)
{
    char         *path = mem_printf("%s/../refs/main", snapshots);
    struct bytes  ref = {0};
    struct err    ignored = {0};

    if (bytes_read(&ref, path, 100, &ignored) == 0)
        for (size_t i = 1; i < names->n; i++) {
            char  *name = names->items[i];
            size_t len = strlen(name);
            if (len > ref.size || memcmp(name, ref.data, len) != 0) continue;
            memmove(names->items + 1, names->items, i * sizeof name);
            names->items[0] = name;
        }
    bytes_done(&ref);
    free(path);
}

/* Empties the models from `from` on that have the name of one between first
 * and from: older revisions of the same file. They keep their places until
 * all is found. */
static void drop_repeated(struct found_models *f, size_t first, size_t from)
{
    for (size_t i = from; i < f->n; i++)
        for (size_t k = first; k < from && f->items[i].name; k++)
            if (f->items[k].name &&
                strcmp(f->items[k].name, f->items[i].name) == 0)
                free_model(&f->items[i]);
}

static void close_gaps(struct found_models *f)
{
    size_t kept = 0;

    for (size_t i = 0; i < f->n; i++) {
        if (f->items[i].name) f->items[kept++] = f->items[i];
        else text_list_done(&f->items[i].also);
    }
    f->n = kept;
}

/* Large folders of Hugging Face's cache that would use up the entries. */
static bool holds_no_models(const char *folder)
{
    return strcmp(folder, "blobs") == 0 ||
           strncmp(folder, "datasets--", 10) == 0 ||
           strncmp(folder, "spaces--", 8) == 0;
}

static void walk(struct search *s, const char *path, const char *where,
                 int depth)
{
    bool             revisions = strcmp(base_name(path), "snapshots") == 0;
    struct text_list names;
    struct stat      st;
    size_t           first = s->out->n;

    if (depth > DEPTH_MAX || stat(path, &st) != 0 || !S_ISDIR(st.st_mode) ||
        seen(s, &st))
        return;
    names = names_in(s, path);
    if (revisions) main_revision_first(path, &names);
    for (size_t i = 0; i < names.n; i++) {
        size_t before = s->out->n;
        char  *inner = mem_printf("%s/%s", path, names.items[i]);
        if (stat(inner, &st) != 0) {
            free(inner);
            continue;
        }
        if (S_ISDIR(st.st_mode) && !holds_no_models(names.items[i]))
            walk(s, inner, where, depth + 1);
        else if (S_ISREG(st.st_mode) && discover_is_model(names.items[i]) &&
                 !seen(s, &st))
            add(s, model_name(inner, where), inner, where);
        if (revisions) drop_repeated(s->out, first, before);
        free(inner);
    }
    text_list_done(&names);
}

/* base/below, when there is a base. */
static void walk_below(struct search *s, const char *base, const char *below,
                       const char *where)
{
    char *path;

    if (!base || !*base) return;
    path = mem_printf("%s%s%s", base, *below ? "/" : "", below);
    walk(s, path, where, 0);
    free(path);
}

/* ---- Ollama ------------------------------------------------------------ */

/* "sha256:" and 64 hex digits become the blob's path; NULL for anything
 * else, which may be a way out of the folder. */
static char *blob_path(const char *models, const char *digest)
{
    if (!digest || strncmp(digest, "sha256:", 7) != 0 ||
        strlen(digest) != 7 + 64 ||
        strspn(digest + 7, "0123456789abcdefABCDEF") != 64)
        return NULL;
    return mem_printf("%s/blobs/sha256-%s", models, digest + 7);
}

/* The weights that a manifest names, or NULL. */
static char *weights_of(const char *models, const char *manifest)
{
    struct err   ignored = {0};
    json_t      *root = jsonx_read(manifest, MANIFEST_MAX, &ignored);
    const json_t *layers = json_object_get(root, "layers");
    const json_t *layer;
    size_t        i;
    char         *path = NULL;

    json_array_foreach(layers, i, layer) {
        const char *type = jsonx_text(layer, "mediaType");
        if (!path && type &&
            strcmp(type, "application/vnd.ollama.image.model") == 0)
            path = blob_path(models, jsonx_text(layer, "digest"));
    }
    json_decref(root);
    return path;
}

/* "registry.ollama.ai/library/llama3.2/3b" is known as "llama3.2:3b". */
static char *ollama_name(const char *below)
{
    static const char *const implied[] = {"registry.ollama.ai/", "library/"};
    char                    *name, *tag;

    for (size_t i = 0; i < sizeof implied / sizeof *implied; i++)
        if (strncmp(below, implied[i], strlen(implied[i])) == 0)
            below += strlen(implied[i]);
    name = mem_copy(below);
    tag = strrchr(name, '/');
    if (tag) *tag = ':';
    return name;
}

/* Manifests lie four names deep: registry, owner, model, tag. */
static void walk_manifests(struct search *s, const char *models,
                           const char *below, int depth)
{
    char            *folder = mem_printf("%s/manifests%s%s", models,
                                         *below ? "/" : "", below);
    struct text_list names = names_in(s, folder);

    for (size_t i = 0; i < names.n; i++) {
        char       *inner = mem_printf("%s%s%s", below, *below ? "/" : "",
                                       names.items[i]);
        char       *manifest, *weights;
        struct stat st;
        if (depth < 4) {
            walk_manifests(s, models, inner, depth + 1);
            free(inner);
            continue;
        }
        manifest = mem_printf("%s/manifests/%s", models, inner);
        weights = weights_of(models, manifest);
        if (weights && stat(weights, &st) == 0 && S_ISREG(st.st_mode)) {
            char               *name = ollama_name(inner);
            const struct place *before = seen(s, &st);
            if (before) text_list_add(&s->out->items[before->item].also, name);
            else add(s, mem_copy(name), weights, "Ollama");
            free(name);
        }
        free(weights);
        free(manifest);
        free(inner);
    }
    text_list_done(&names);
    free(folder);
}

static void walk_ollama(struct search *s, const char *base, const char *below)
{
    char       *models;
    struct stat st;

    if (!base || !*base) return;
    models = mem_printf("%s%s", base, below);
    if (stat(models, &st) == 0 && !seen(s, &st))
        walk_manifests(s, models, "", 1);
    free(models);
}

/* ---- everything -------------------------------------------------------- */

static int by_name(const void *left, const void *right)
{
    const struct found_model *a = left, *b = right;
    int                       order = strcasecmp(a->name, b->name);

    return order ? order : strcmp(a->path, b->path);
}

void discover_models(struct found_models *out)
{
    struct search s = {.out = out};
    const char   *home = getenv("HOME"), *cache = getenv("XDG_CACHE_HOME");

    *out = (struct found_models){0};
    walk_below(&s, getenv("LLAMA_CACHE"), "", "llama.cpp");
    walk_below(&s, cache, "llama.cpp", "llama.cpp");
    walk_below(&s, home, ".cache/llama.cpp", "llama.cpp");
    walk_below(&s, getenv("HF_HUB_CACHE"), "", "Hugging Face");
    walk_below(&s, getenv("HF_HOME"), "hub", "Hugging Face");
    walk_below(&s, cache, "huggingface/hub", "Hugging Face");
    walk_below(&s, home, ".cache/huggingface/hub", "Hugging Face");
    walk_ollama(&s, getenv("OLLAMA_MODELS"), "");
    walk_ollama(&s, home, "/.ollama/models");
    walk_ollama(&s, "/usr/share/ollama", "/.ollama/models");
    walk_below(&s, home, ".lmstudio/models", "LM Studio");
    walk_below(&s, home, ".cache/lm-studio/models", "LM Studio");
    walk_below(&s, "/data/models", "", "jetson-containers");
    walk_below(&s, cache, "audition/models", "audition");
    walk_below(&s, home, ".cache/audition/models", "audition");
    close_gaps(out);
    if (out->n) qsort(out->items, out->n, sizeof *out->items, by_name);
    free(s.places);
}

void found_models_done(struct found_models *f)
{
    for (size_t i = 0; i < f->n; i++) free_model(&f->items[i]);
    free(f->items);
    *f = (struct found_models){0};
}

/* Equal but for case and for ":latest" at the end of either. */
static bool same_name(const char *a, const char *b)
{
    size_t a_len = strlen(a), b_len = strlen(b);

    if (ends_with(a, ":latest")) a_len -= strlen(":latest");
    if (ends_with(b, ":latest")) b_len -= strlen(":latest");
    return a_len == b_len && strncasecmp(a, b, a_len) == 0;
}

/* How surely `name` means the model at path that is known as `known`; 0: it
 * does not. */
static int likeness(const char *known, const char *path, const char *name)
{
    const char *slash = strrchr(name, '/');
    const char *bare = slash ? slash + 1 : name;
    char       *user;
    bool        mentioned;
    size_t      len = strlen(bare);

    if (same_name(known, name)) return 4;
    if (!*bare) return 0;
    if (same_name(base_name(known), bare)) {
        if (!slash) return 2;
        user = mem_copy_n(name, (size_t)(slash - name));
        mentioned = find(path, user) || find(known, user);
        free(user);
        return mentioned ? 3 : 2;
    }
    /* llama.cpp's older cache, a repository that does not end in "-GGUF" */
    return ends_with(known, bare) && strlen(known) > len &&
           known[strlen(known) - len - 1] == '_';
}

int discover_find(const struct found_models *found, const char *name)
{
    char *wanted = mem_copy(name);
    int   best = -1, best_likeness = 0;

    if (ends_with(wanted, ".gguf"))
        wanted[strlen(wanted) - strlen(".gguf")] = '\0';
    for (size_t i = 0; i < found->n && *wanted; i++) {
        const struct found_model *m = &found->items[i];
        int                       how = likeness(m->name, m->path, wanted);
        for (size_t k = 0; k < m->also.n; k++) {
            int also = likeness(m->also.items[k], m->path, wanted);
            if (also > how) how = also;
        }
        if (how <= best_likeness) continue;
        best = (int)i;
        best_likeness = how;
    }
    free(wanted);
    return best;
}
