/* SPDX-License-Identifier: MIT */
/* gguf.c - what a GGUF header means, and reading it from a file and its parts.
 * Layout: gguf_walk.c; layers and their caches: layers.c; tensors: tensors.c.
 * Key names are those of the GGUF specification and of llama.cpp. */
#include "model/gguf.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "model/gguf_keys.h"
#include "model/gguf_types.h"
#include "model/gguf_walk.h"
#include "model/layers.h"
#include "model/synth.h"
#include "model/template_facts.h"
#include "model/tensors.h"

#define TEMPLATE_MAX_BYTES (1u << 20)   /* the longest known are 20 KB */

/* A model as far as its parts were read: facts of the first one's keys,
 * totals of all tensors. */
struct sum {
    struct model_facts  facts;
    struct tensor_rules rules;
    struct tensor_tally tally;
    bool                guesses_ahead;     /* has blocks for that            */
    uint64_t            split_count;       /* as the header says; 0: nothing */
};

void gguf_unknown(struct model_facts *out)
{
    *out = (struct model_facts){
        .parameters = NAN, .active_parameters = NAN,
        .kv_bytes_per_token = NAN, .weight_bytes_read_per_token = NAN,
        .layers = -1, .context = -1, .vocabulary = -1, .embedding = -1,
        .feed_forward = -1, .heads = -1, .kv_heads = -1, .head_size = -1,
        .experts = -1, .experts_used = -1, .window = -1,
        .nodes_per_layer = -1, .template = template_facts_of(NULL),
    };
}

/* ---- the kind of model ------------------------------------------------- */

static bool is_one_of(const char *text, const char *const *words)
{
    for (; text && *words; words++)
        if (strcmp(text, *words) == 0) return true;
    return false;
}

static enum model_kind kind_by_keys(const struct gguf_walk *w,
                                    const char *architecture)
{
    static const char *const drafts[] = {"eagle3", "dflash",
                                         "gemma4-assistant", NULL};
    static const char *const others[] = {
        "wavtokenizer-dec", "qwen3tts", "pockettts", "imatrix",
        "controlvector", "whisper", "flux", "sd1", "sdxl", "sd3", "aura",
        "hidream", "cosmos", "hyvid", "wan", "ltxv", "qwen_image", "lumina2",
        NULL};
    char           *type = gguf_walk_text(w, "general.type", GGUF_NAME_MAX);
    enum model_kind kind = MODEL_TEXT;

    if (type && strcmp(type, "adapter") == 0)
        kind = MODEL_ADAPTER;
    else if ((type && strcmp(type, "mmproj") == 0) ||
             (architecture && strcmp(architecture, "clip") == 0))
        kind = MODEL_PROJECTOR;
    else if (is_one_of(architecture, drafts))
        kind = MODEL_DRAFT;
    else if ((type && strcmp(type, "model") != 0) ||
             is_one_of(architecture, others))
        kind = MODEL_OTHER;
    else if (layers_is_encoder(architecture) ||
             gguf_walk_model_count(w, architecture, "pooling_type") > 0)
        kind = MODEL_EMBEDDING;
    free(type);
    return kind;
}

/* What only the tensors of all parts can tell. */
static enum model_kind kind_of(const struct sum *s)
{
    if (s->facts.kind != MODEL_TEXT) return s->facts.kind;
    if (s->tally.tensors == 0)
        return s->facts.vocabulary > 0 ? MODEL_VOCABULARY : MODEL_TEXT;
    if (s->guesses_ahead && !s->tally.has_first_block) return MODEL_DRAFT;
    return MODEL_TEXT;
}

/* ---- facts ------------------------------------------------------------- */

static int positive(const struct gguf_walk *w, const char *architecture,
                    const char *suffix)
{
    int n = gguf_walk_model_count(w, architecture, suffix);

    return n > 0 ? n : -1;
}

/* Largest entry of a list or the single value, else -1. */
static int most_of(const struct gguf_walk *w, const struct gguf_pair *p)
{
    uint64_t n, most = 0;

    if (!gguf_walk_number(w, p, 0, &n)) return -1;
    for (uint64_t i = 0; i < p->n; i++)
        if (gguf_walk_number(w, p, i, &n) && n > most) most = n;
    return most <= INT_MAX ? (int)most : -1;
}

/* Mean of the entries that are not 0. */
static double mean_of(const struct gguf_walk *w, const struct gguf_pair *p)
{
    uint64_t n;
    double   sum = 0, count = 0;

    for (uint64_t i = 0; p && p->value && i < p->n; i++)
        if (gguf_walk_number(w, p, i, &n) && n > 0) {
            sum += (double)n;
            count++;
        }
    return count > 0 ? sum / count : 0;
}

static void read_widths(const struct gguf_walk *w, struct model_facts *f)
{
    const char             *arch = f->architecture;
    const struct gguf_pair *forward, *of_expert;
    int                     n;

    f->embedding = positive(w, arch, "embedding_length");
    f->context = gguf_walk_model_count(w, arch, "context_length");
    n = gguf_walk_model_count(w, arch, "expert_count");
    f->experts = n > 0 ? n : 0;
    f->experts_used = 0;
    if (f->experts > 0)
        f->experts_used = most_of(w, gguf_walk_of_model(w, arch,
                                                        "expert_used_count"));
    forward = gguf_walk_of_model(w, arch, "feed_forward_length");
    of_expert = gguf_walk_of_model(w, arch, "expert_feed_forward_length");
    f->feed_forward = most_of(w, f->experts && of_expert ? of_expert
                                                         : forward);
}

static void read_tokenizer(const struct gguf_walk *w, struct model_facts *f)
{
    const struct gguf_pair *tokens = gguf_walk_find(w, "tokenizer.ggml.tokens");
    char                   *with_tools;

    f->tokenizer = gguf_walk_text(w, "tokenizer.ggml.model", GGUF_NAME_MAX);
    if (tokens && tokens->is_array && tokens->type == GGUF_TEXT &&
        tokens->n <= INT_MAX)
        f->vocabulary = (int)tokens->n;
    else
        f->vocabulary = positive(w, f->architecture, "vocab_size");
    f->chat_template = gguf_walk_text(w, "tokenizer.chat_template",
                                      TEMPLATE_MAX_BYTES);
    f->template = template_facts_of(f->chat_template);
    /* Some models have a second template, which the engine takes for
     * requests with tools. */
    with_tools = gguf_walk_text(w, "tokenizer.chat_template.tool_use",
                                TEMPLATE_MAX_BYTES);
    if (with_tools && f->chat_template) {
        struct template_facts second = template_facts_of(with_tools);
        f->template.supports_tools |= second.supports_tools;
        f->template.supports_tool_results |= second.supports_tool_results;
    }
    free(with_tools);
}

static void read_keys(const struct gguf_walk *w, struct sum *s)
{
    struct model_facts *f = &s->facts;
    int                 type = gguf_walk_count(w, "general.file_type");

    f->architecture = gguf_walk_text(w, "general.architecture", GGUF_NAME_MAX);
    f->model_name = gguf_walk_text(w, "general.name", GGUF_NAME_MAX);
    f->license = gguf_walk_text(w, "general.license", GGUF_NAME_MAX);
    if (!f->license)
        f->license = gguf_walk_text(w, "general.license.name", GGUF_NAME_MAX);
    if (type >= 0)                      /* bit 1024: the writer guessed it */
        f->quantisation = mem_copy(gguf_file_type_name((unsigned)type &
                                                       ~1024u));
    f->is_big_endian = w->is_big_endian;
    f->is_synthetic = gguf_walk_count(w, SYNTH_KEY) > 0;
    f->kind = kind_by_keys(w, f->architecture);
    read_widths(w, f);
    layers_read(w, f);
    read_tokenizer(w, f);
    s->guesses_ahead = gguf_walk_model_count(w, f->architecture,
                                             "nextn_predict_layers") > 0;
    s->rules = (struct tensor_rules){
        .layers = f->layers, .experts = f->experts,
        .loops = layers_loops(w, f->architecture),
        .experts_used = mean_of(w, gguf_walk_of_model(w, f->architecture,
                                                      "expert_used_count")),
    };
}

static void begin_sum(const struct gguf_walk *w, uint64_t file_bytes,
                      struct sum *s)
{
    *s = (struct sum){0};
    gguf_unknown(&s->facts);
    read_keys(w, s);
    s->facts.file_bytes = file_bytes;
    tensors_add(&s->tally, &s->rules, w);
    if (!gguf_walk_number(w, gguf_walk_find(w, "split.count"), 0,
                          &s->split_count))
        s->split_count = 0;
}

/* What needs all parts. */
static void publish(struct sum *s, struct model_facts *out)
{
    struct model_facts *f = &s->facts;
    char                name[24];

    f->kind = kind_of(s);
    tensors_publish(&s->tally, f);
    if (f->vocabulary < 0 && s->tally.vocabulary > 0 &&
        s->tally.vocabulary <= INT_MAX)
        f->vocabulary = (int)s->tally.vocabulary;
    /* Forks number file types by themselves, so the word of a file whose
     * bytes are mostly of a type that we do not know counts for nothing. */
    if (f->n_types > 0 &&
        (!f->quantisation || !gguf_type_find(f->types[0].type))) {
        free(f->quantisation);
        f->quantisation = mem_copy(gguf_type_name(f->types[0].type, name));
    }
    *out = *f;
}

int gguf_parse(const void *head, size_t size, uint64_t file_bytes,
               struct model_facts *out, int *more, struct err *err)
{
    struct gguf_walk w;
    struct sum       sum;

    if (gguf_walk(head, size, file_bytes, &w, more, err)) return -1;
    begin_sum(&w, file_bytes, &sum);
    publish(&sum, out);
    gguf_walk_done(&w);
    return 0;
}

/* ---- files ------------------------------------------------------------- */

/* Five digits at `text`, or -1. */
static int five_digits(const char *text)
{
    int n = 0;

    for (int i = 0; i < 5; i++) {
        if (text[i] < '0' || text[i] > '9') return -1;
        n = n * 10 + (text[i] - '0');
    }
    return n;
}

bool gguf_part_name(const char *path, size_t *stem_len, int *part, int *parts)
{
    size_t      len = strlen(path), tail_len = strlen("-00001-of-00002.gguf");
    const char *tail;
    int         i, n;

    if (len <= tail_len) return false;
    tail = path + len - tail_len;
    if (tail[0] != '-' || strncasecmp(tail + 6, "-of-", 4) != 0 ||
        strcasecmp(tail + 15, ".gguf") != 0 || tail[-1] == '/')
        return false;
    i = five_digits(tail + 1);
    n = five_digits(tail + 10);
    if (i < 1 || n < 1 || i > n) return false;
    *stem_len = len - tail_len;
    *part = i;
    *parts = n;
    return true;
}

char *gguf_part_path(const char *stem, size_t stem_len, int part, int parts)
{
    return mem_printf("%.*s-%05d-of-%05d.gguf", (int)stem_len, stem, part,
                      parts);
}

static int walk_path(const char *path, struct gguf_walk *w,
                     uint64_t *file_bytes, struct err *err)
{
    struct err why = {0};
    int        fd  = bytes_open(path, file_bytes, &why), rc = -1;

    if (fd >= 0) {
        rc = gguf_walk_file(fd, *file_bytes, w, &why);
        close(fd);
    }
    return rc ? err_set(err, why.kind, "%s: %s", path, why.text) : 0;
}

/* Parts 2 to `parts` of the model whose first part is in sum. */
static int read_rest(const char *path, size_t stem_len, int parts,
                     struct sum *sum, struct err *err)
{
    for (int i = 2; i <= parts; i++) {
        char            *name = gguf_part_path(path, stem_len, i, parts);
        struct gguf_walk w;
        uint64_t         file_bytes;
        int              rc = walk_path(name, &w, &file_bytes, err);
        free(name);
        if (rc)
            return err_ctx(err, "part %d of %d, which all belong in one "
                           "folder", i, parts);
        sum->facts.file_bytes += file_bytes;
        tensors_add(&sum->tally, &sum->rules, &w);
        gguf_walk_done(&w);
    }
    return 0;
}

static int read_first(const char *path, struct sum *sum, struct err *err)
{
    struct gguf_walk w;
    uint64_t         file_bytes;

    if (walk_path(path, &w, &file_bytes, err)) return -1;
    begin_sum(&w, file_bytes, sum);
    gguf_walk_done(&w);
    return 0;
}

int gguf_read(const char *path, struct model_facts *out, struct err *err)
{
    size_t     stem_len = 0;
    int        part = 1, parts = 1;
    struct sum sum;

    if (strlen(path) > INT_MAX / 2)
        return err_set(err, ERR_INPUT, "a path of %zu bytes names no file",
                       strlen(path));
    if (gguf_part_name(path, &stem_len, &part, &parts) && part != 1)
        return err_set(err, ERR_INPUT, "%s: is part %d of %d of a split "
                       "model; name its first part, "
                       "%.*s-00001-of-%05d.gguf", path, part, parts,
                       (int)stem_len, path, parts);
    if (read_first(path, &sum, err)) return -1;
    if (sum.split_count > 1 && sum.split_count != (uint64_t)parts) {
        model_facts_done(&sum.facts);
        return err_set(err, ERR_INPUT, "%s: is a part of a model split in "
                       "%llu files, which an engine finds only under their "
                       "first names: NAME-00001-of-%05llu.gguf and so on",
                       path, (unsigned long long)sum.split_count,
                       (unsigned long long)sum.split_count);
    }
    if (read_rest(path, stem_len, parts, &sum, err)) {
        model_facts_done(&sum.facts);
        return -1;
    }
    publish(&sum, out);
    return 0;
}
