/* SPDX-License-Identifier: MIT */
/* layers.c - see layers.h. */
#include "model/layers.h"

#include <math.h>
#include <string.h>

#include "model/gguf_keys.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define LAYERS_MAX   4096      /* the engine's own limit is 512              */
#define ALL          (-1)      /* a period: every layer has a window         */

/* ---- what the engine knows of architectures ---------------------------- */

enum memory {
    BY_KEYS,         /* attention, but where keys make a layer recurrent      */
    NO_MEMORY,       /* reads a text at once, no cache                        */
    ALL_RECURRENT,
    BOTH,            /* each layer attends and has a state                    */
    BY_FEED_FORWARD, /* layers with a feed-forward part have neither          */
    EVERY_NTH,       /* every n-th attends, unless keys say which             */
    UNMODELLED       /* keeps more than keys and values: not computed here    */
};

/* Windows. `period` n: every n-th layer sees all, the last of each n or, with
 * full_first, the first; 0: all do, whatever the file says. `absent` is the
 * window of a file that names none, `fixed` replaces any that it names. */
struct trait {
    const char *architecture;
    enum memory memory;
    int         nth;
    int         period, absent, fixed;
    bool        full_first;
    int         only_layers;   /* windows only in a model of this depth, 0    */
    int         own_cache;     /* layers with a cache; later ones share, 0    */
};

static const struct trait traits[] = {
    {.architecture = "afmoe", .period = 4},
    {.architecture = "cohere2", .period = 4},
    {.architecture = "cohere2moe", .period = 4, .full_first = true},
    {.architecture = "exaone-moe", .period = 4, .absent = 128},
    {.architecture = "exaone4", .period = 4, .absent = 4096,
     .only_layers = 64},
    {.architecture = "gemma2", .period = 2, .absent = 4096},
    {.architecture = "gemma3", .period = 6},
    {.architecture = "gemma3n", .period = 5, .own_cache = 20},
    {.architecture = "gpt-oss", .period = 2},
    {.architecture = "laguna", .period = 4, .full_first = true},
    {.architecture = "lfm2", .period = ALL},
    {.architecture = "lfm2moe"},
    {.architecture = "llama4", .period = 4, .absent = 8192, .fixed = 8192},
    {.architecture = "mellum", .period = 4},
    {.architecture = "muse-glimmer", .period = 4},
    {.architecture = "olmo2", .period = 4},
    {.architecture = "phi3"},
    {.architecture = "plamo3", .period = 8},
    {.architecture = "smallthinker", .period = 4, .fixed = 4096,
     .full_first = true},

    {.architecture = "mamba", .memory = ALL_RECURRENT},
    {.architecture = "mamba2", .memory = ALL_RECURRENT},
    {.architecture = "rwkv6", .memory = ALL_RECURRENT},
    {.architecture = "rwkv6qwen2", .memory = ALL_RECURRENT},
    {.architecture = "rwkv7", .memory = ALL_RECURRENT},
    {.architecture = "arwkv7", .memory = ALL_RECURRENT},
    {.architecture = "falcon-h1", .memory = BOTH},
    {.architecture = "nemotron_h", .memory = BY_FEED_FORWARD},
    {.architecture = "nemotron_h_moe", .memory = BY_FEED_FORWARD},
    {.architecture = "qwen3next", .memory = EVERY_NTH, .nth = 4},
    {.architecture = "qwen35", .memory = EVERY_NTH, .nth = 4},
    {.architecture = "qwen35moe", .memory = EVERY_NTH, .nth = 4},
    {.architecture = "minimax-01", .memory = EVERY_NTH, .nth = 8},

    {.architecture = "bert", .memory = NO_MEMORY},
    {.architecture = "modern-bert", .memory = NO_MEMORY},
    {.architecture = "nomic-bert", .memory = NO_MEMORY},
    {.architecture = "nomic-bert-moe", .memory = NO_MEMORY},
    {.architecture = "neo-bert", .memory = NO_MEMORY},
    {.architecture = "jina-bert-v2", .memory = NO_MEMORY},
    {.architecture = "jina-bert-v3", .memory = NO_MEMORY},
    {.architecture = "eurobert", .memory = NO_MEMORY},
    {.architecture = "gemma-embedding", .memory = NO_MEMORY},
    {.architecture = "t5encoder", .memory = NO_MEMORY},

    {.architecture = "dream", .memory = UNMODELLED},
    {.architecture = "llada", .memory = UNMODELLED},
    {.architecture = "llada-moe", .memory = UNMODELLED},
    {.architecture = "rnd1", .memory = UNMODELLED},
    {.architecture = "deepseek32", .memory = UNMODELLED},
    {.architecture = "deepseek4", .memory = UNMODELLED},
    {.architecture = "dots3note", .memory = UNMODELLED},
    {.architecture = "glm-dsa", .memory = UNMODELLED},
    {.architecture = "glm5-next", .memory = UNMODELLED},
    {.architecture = "hy_v4", .memory = UNMODELLED},
    {.architecture = "minimax-m3", .memory = UNMODELLED},
    {.architecture = "qwen4exp", .memory = UNMODELLED},
};

/* Of these a file itself says which layers have windows, or none has. */
static const struct trait unlisted = {0};

static const struct trait *trait_of(const char *architecture)
{
    for (size_t i = 0; architecture && i < COUNT(traits); i++)
        if (strcmp(traits[i].architecture, architecture) == 0)
            return &traits[i];
    return &unlisted;
}

bool layers_is_encoder(const char *architecture)
{
    return trait_of(architecture)->memory == NO_MEMORY;
}

int layers_loops(const struct gguf_walk *w, const char *architecture)
{
    int loops = gguf_walk_model_count(w, architecture, "num_loops");

    return loops > 1 && loops < LAYERS_MAX ? loops : 1;
}

/* ---- one model's keys -------------------------------------------------- */

struct plan {
    const struct gguf_walk *w;
    const char             *arch;
    const struct trait     *trait;
    const struct gguf_pair *heads, *kv_heads, *feed_forward;
    const struct gguf_pair *recurrent, *pattern;
    int    layers;
    int    key, value, key_windowed, value_windowed;  /* of one head         */
    int    nth;              /* only every n-th layer attends, 0             */
    int    period;           /* of windows, as in a trait                    */
    int    window;           /* -1: none                                     */
    int    own_cache;        /* layers that have one                         */
    bool   is_latent;        /* MLA: keys hold the values too                */
    double state_bytes;      /* of a recurrent layer, 0: there are none      */
};

static int count_of(const struct plan *p, const char *suffix)
{
    return gguf_walk_model_count(p->w, p->arch, suffix);
}

/* What is absent counts as 0, as in the engine's arithmetic. */
static double size_of(const struct plan *p, const char *suffix)
{
    int n = count_of(p, suffix);

    return n > 0 ? n : 0;
}

static uint64_t first_heads(const struct plan *p)
{
    uint64_t heads = 0;

    for (int i = 0; i < p->layers && heads == 0; i++)
        if (!gguf_walk_number(p->w, p->heads, (uint64_t)i, &heads)) return 0;
    return heads;
}

/* The engine keeps two tensors a layer, the last inputs of a convolution (or
 * of a token shift) and the state proper, both in f32. */
static double state_bytes(const struct plan *p)
{
    double width = size_of(p, "embedding_length");
    double heads = (double)first_heads(p);
    double conv  = size_of(p, "ssm.conv_kernel");
    double inner = size_of(p, "ssm.inner_size");
    double state = size_of(p, "ssm.state_size");
    double wkv = size_of(p, "wkv.head_size"), kda = size_of(p, "kda.head_dim");
    double taps = size_of(p, "shortconv.l_cache");
    int    shifts = count_of(p, "token_shift_count");
    double before = (conv > 0 ? conv - 1 : 0) *
                    (inner + 2 * size_of(p, "ssm.group_count") * state);

    if (wkv > 0) return 4 * width * ((shifts > 0 ? shifts : 2) + wkv);
    if (taps > 0) return 4 * width * (taps - 1);
    if (kda > 0)
        return 4 * heads * kda * (3 * (conv > 0 ? conv - 1 : 3) + kda);
    if (strcmp(p->arch, "minimax-01") == 0 && p->key > 0)
        return 4 * (before + heads * p->key * p->key);
    return 4 * (before + state * inner);
}

static void read_heads(struct plan *p)
{
    uint64_t heads = first_heads(p);
    int      width = count_of(p, "embedding_length");

    p->key = count_of(p, "attention.key_length");
    p->value = count_of(p, "attention.value_length");
    if (heads && width > 0) {
        if (p->key < 0) p->key = (int)((uint64_t)width / heads);
        if (p->value < 0) p->value = (int)((uint64_t)width / heads);
    }
    p->key_windowed = count_of(p, "attention.key_length_swa");
    p->value_windowed = count_of(p, "attention.value_length_swa");
    if (p->key_windowed < 0) p->key_windowed = p->key;
    if (p->value_windowed < 0) p->value_windowed = p->value;
    p->is_latent = size_of(p, "attention.key_length_mla") > 0 &&
                   size_of(p, "attention.value_length_mla") > 0;
}

static void read_window(struct plan *p)
{
    const struct trait     *t = p->trait;
    const struct gguf_pair *pattern =
        gguf_walk_of_model(p->w, p->arch, "attention.sliding_window_pattern");
    int                     period =
        count_of(p, "attention.sliding_window_pattern");

    p->window = -1;
    p->period = t->period;
    if (t->period || t == &unlisted) {
        if (period >= 0) p->period = period ? period : ALL;
        if (pattern && pattern->is_array) p->pattern = pattern;
    }
    if (!p->period && !p->pattern) return;
    if (t->only_layers && t->only_layers != p->layers) return;
    p->window = count_of(p, "attention.sliding_window");
    if (p->window < 0) p->window = t->absent;
    else if (p->window > 0 && t->fixed) p->window = t->fixed;
    if (p->window == 0) p->window = -1;
}

static void read_plan(const struct gguf_walk *w, const char *arch, int layers,
                      struct plan *p)
{
    int shared;

    *p = (struct plan){.w = w, .arch = arch, .trait = trait_of(arch),
                       .layers = layers};
    p->heads = gguf_walk_of_model(w, arch, "attention.head_count");
    p->kv_heads = gguf_walk_of_model(w, arch, "attention.head_count_kv");
    if (!p->kv_heads) p->kv_heads = p->heads;
    p->feed_forward = gguf_walk_of_model(w, arch, "feed_forward_length");
    p->recurrent = gguf_walk_of_model(w, arch, "attention.recurrent_layers");
    read_heads(p);
    read_window(p);
    p->nth = count_of(p, "full_attention_interval");
    if (p->nth <= 0) p->nth = p->trait->nth;
    shared = count_of(p, "attention.shared_kv_layers");
    p->own_cache = shared > 0 && shared < layers ? layers - shared : layers;
    if (p->trait->own_cache && p->trait->own_cache < layers)
        p->own_cache = p->trait->own_cache;
    p->state_bytes = state_bytes(p);
}

/* ---- one layer --------------------------------------------------------- */

static uint64_t number_at(const struct plan *p, const struct gguf_pair *list,
                          int layer)
{
    uint64_t n = 0;

    return gguf_walk_number(p->w, list, (uint64_t)layer, &n) ? n : 0;
}

static bool is_windowed(const struct plan *p, int layer)
{
    if (p->window < 0) return false;
    if (p->pattern) return number_at(p, p->pattern, layer) != 0;
    if (p->period == ALL) return true;
    return p->trait->full_first ? layer % p->period != 0
                                : layer % p->period < p->period - 1;
}

static bool is_recurrent(const struct plan *p, int layer)
{
    switch (p->trait->memory) {
    case ALL_RECURRENT:
    case BOTH: return true;
    case BY_FEED_FORWARD:
        return number_at(p, p->kv_heads, layer) == 0 &&
               number_at(p, p->feed_forward, layer) == 0;
    default: break;
    }
    if (p->recurrent) return number_at(p, p->recurrent, layer) != 0;
    if (p->nth > 0) return (layer + 1) % p->nth != 0;
    return p->state_bytes > 0 && number_at(p, p->kv_heads, layer) == 0;
}

static bool attends(const struct plan *p, int layer)
{
    switch (p->trait->memory) {
    case BOTH: return true;
    case ALL_RECURRENT: return false;
    case BY_FEED_FORWARD:
        return !is_recurrent(p, layer) &&
               number_at(p, p->feed_forward, layer) == 0;
    default: return !is_recurrent(p, layer);
    }
}

/* Layers that differ from all others join those of their kind once there are
 * too many groups; what they hold together stays exact. */
static void join(struct layer_group *to, const struct layer_group *g)
{
    double all = to->layers + g->layers, a = to->layers / all,
           b = g->layers / all;

    to->key_elements = a * to->key_elements + b * g->key_elements;
    to->value_elements = a * to->value_elements + b * g->value_elements;
    to->state_bytes = a * to->state_bytes + b * g->state_bytes;
    to->layers += g->layers;
}

static bool is_like(const struct layer_group *a, const struct layer_group *b,
                    bool exactly)
{
    if (a->kind != b->kind || a->reads_window != b->reads_window) return false;
    return !exactly || (a->key_elements == b->key_elements &&
                        a->value_elements == b->value_elements &&
                        a->state_bytes == b->state_bytes);
}

static void add_layer(struct model_facts *f, struct layer_group g)
{
    /* The last places are for kinds that are still to come: four more than
     * the first, as shared layers are of two sorts. */
    bool exactly = f->n_groups < LAYER_GROUPS_MAX - 4;

    for (size_t i = 0; i < f->n_groups; i++)
        if (is_like(&f->groups[i], &g, true)) {
            f->groups[i].layers += g.layers;
            return;
        }
    for (size_t i = 0; !exactly && i < f->n_groups; i++)
        if (is_like(&f->groups[i], &g, false)) {
            join(&f->groups[i], &g);
            return;
        }
    f->groups[f->n_groups++] = g;
}

/* False when the file does not say how wide its heads are. */
static bool add_attention(const struct plan *p, int layer, int loops,
                          struct model_facts *f)
{
    bool               windowed = is_windowed(p, layer);
    int                key   = windowed ? p->key_windowed : p->key;
    int                value = windowed ? p->value_windowed : p->value;
    struct layer_group g = {.layers = loops};
    uint64_t           heads;

    if (!gguf_walk_number(p->w, p->kv_heads, (uint64_t)layer, &heads))
        return false;
    if (heads == 0) return true;
    if (key < 0 || value < 0) return false;
    g.kind = layer >= p->own_cache ? LAYER_SHARED
           : windowed ? LAYER_WINDOW : LAYER_FULL;
    g.reads_window = g.kind == LAYER_SHARED && windowed;
    g.key_elements = (double)heads * key;
    g.value_elements = p->is_latent ? 0 : (double)heads * value;
    add_layer(f, g);
    return true;
}

/* Most of any layer, -1 when the file does not say. */
static int most_of(const struct plan *p, const struct gguf_pair *list)
{
    uint64_t n = 0, most = 0;

    if (!gguf_walk_number(p->w, list, 0, &n)) return -1;
    for (int i = 0; i < p->layers; i++)
        if (gguf_walk_number(p->w, list, (uint64_t)i, &n) && n > most) most = n;
    return most <= INT32_MAX ? (int)most : -1;
}

static bool group_layers(const struct plan *p, struct model_facts *f)
{
    int loops = layers_loops(p->w, p->arch);

    if (p->trait->memory == NO_MEMORY || p->trait->memory == UNMODELLED)
        return false;
    for (int i = 0; i < p->layers; i++) {
        if (is_recurrent(p, i) && p->state_bytes > 0)
            add_layer(f, (struct layer_group){
                .kind = LAYER_RECURRENT, .layers = loops,
                .state_bytes = p->state_bytes});
        else if (is_recurrent(p, i) && p->trait->memory == ALL_RECURRENT)
            return false;                  /* it must have some state */
        if (attends(p, i) && !add_attention(p, i, loops, f)) return false;
    }
    return f->n_groups > 0;
}

void layers_read(const struct gguf_walk *w, struct model_facts *f)
{
    int         predicting;
    struct plan p;

    f->layers = gguf_walk_model_count(w, f->architecture, "block_count");
    /* Blocks that guess tokens ahead are no part of the model's own depth. */
    predicting = gguf_walk_model_count(w, f->architecture,
                                       "nextn_predict_layers");
    if (predicting > 0 && predicting < f->layers) f->layers -= predicting;
    if (f->layers < 0 || f->layers > LAYERS_MAX) return;
    read_plan(w, f->architecture, f->layers, &p);
    f->heads = most_of(&p, p.heads);
    f->kv_heads = most_of(&p, p.kv_heads);
    f->head_size = p.key;
    f->window = p.window;
    if (!group_layers(&p, f)) {
        f->n_groups = 0;
        return;
    }
    f->kv_bytes_per_token = 0;
    for (size_t i = 0; i < f->n_groups; i++)
        if (f->groups[i].kind == LAYER_FULL ||
            f->groups[i].kind == LAYER_WINDOW)
            f->kv_bytes_per_token += 2 * f->groups[i].layers *
                                     (f->groups[i].key_elements +
                                      f->groups[i].value_elements);
}
