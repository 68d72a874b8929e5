/* SPDX-License-Identifier: MIT */
/* speed.c - the times of speed.h, one formula a function. METHOD.md has the
 * reasoning and how far it is from what was measured. */
#include "predict/speed.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/ggml_numbers.h"
#include "model/gguf_types.h"
#include "model/kv.h"
#include "predict/speed_constants.h"

#define F16_BYTES      2.0
#define BATCH_TOKENS   512.0    /* the engine's physical batch               */
/* A thread block of the mat-vec kernel takes 2048 weights at a sweep; a
 * shorter row leaves some of its warps idle, which costs nothing more. */
#define SWEEP_WEIGHTS  2048.0
/* Nodes of a layer beside one for each of its tensors: attention itself and
 * the two additions to the residual stream. */
#define UNNAMED_NODES  3.0
#define MUCH           0.05     /* of the weights, that decides the speed    */
#define HOST_CLOCK_HZ  4.0e9    /* of a desktop, where the board has no CPU  */
#define SUPER_BLOCK    256u     /* weights that share packed scales          */
/* Scores and their sum with values run at half the rate of weights. */
#define ATTENTION_COST 2.0

/* Loading: see speed_load_s(). */
#define START_CYCLES      1.3e9
#define TOKEN_CYCLES      6500.0
#define UPLOAD_BYTES_S    5.0e9
#define BOARD_DISK_BYTES_S   0.09e9
#define JETSON_DISK_BYTES_S  1.0e9
#define DESKTOP_DISK_BYTES_S 2.0e9

/* Outside of what was measured, intervals get wider by these. */
#define STRANGE_BOARD 1.3
#define STRANGE_SIZE  1.2
#define STRANGE_MODEL 1.4

#define OLD_BUILD 6080          /* llama.cpp's number of August 2025         */
#define OLD_MONTH 202508

/* ---- the age of an engine ----------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "b4675" and "2024-05" anywhere in the text; a year alone is its start. */
enum engine_age speed_engine_age(const char *version)
{
    for (const char *p = version; p && *p; p++) {
        bool  starts = p == version || (!is_digit(p[-1]) && p[-1] != '.');
        char *end;
        long  n;

        if (*p == 'b' && is_digit(p[1])) {
            n = strtol(p + 1, &end, 10);
            if (end - p >= 5 && end - p <= 7 && n >= 1000)
                return n < OLD_BUILD ? ENGINE_OLD : ENGINE_CURRENT;
        } else if (starts && strncmp(p, "202", 3) == 0 && is_digit(p[3]) &&
                   !is_digit(p[4])) {
            long month = p[4] == '-' ? strtol(p + 5, NULL, 10) : 1;

            n = strtol(p, NULL, 10) * 100 + month;
            return n < OLD_MONTH ? ENGINE_OLD : ENGINE_CURRENT;
        }
    }
    return ENGINE_CURRENT;
}

/* ---- weights ------------------------------------------------------------ */

static const struct { const char *type; enum constant cost; } type_costs[] = {
    {"Q6_K", COST_Q6_K}, {"Q5_K", COST_Q5_K}, {"Q3_K", COST_Q3_K},
    {"Q2_K", COST_Q2_K}, {"Q8_0", COST_Q8_0}, {"Q5_0", COST_Q5_0},
    {"Q5_1", COST_Q5_0}, {"Q4_0", COST_Q4_0}, {"Q4_1", COST_Q4_0},
    {"F16", COST_F16},   {"BF16", COST_F16},
};

/* Of one weight, in Q4_K weights. */
static double type_cost(const struct speed_constants *c, const char *type,
                        bool is_pascal)
{
    bool   is_slow_q5 = is_pascal && strncmp(type, "Q5_", 3) == 0 &&
                        type[3] != 'K';

    if (strcmp(type, "Q4_K") == 0) return 1;
    if (strcmp(type, "F32") == 0) return 2 * c->value[COST_F16];
    for (size_t i = 0; i < sizeof type_costs / sizeof *type_costs; i++)
        if (strcmp(type, type_costs[i].type) == 0)
            return c->value[type_costs[i].cost] *
                   (is_slow_q5 ? c->value[COST_PASCAL_Q5] : 1);
    return c->value[COST_OTHER];
}

static bool is_one_of(const char *name, const char *const *names)
{
    while (name && *names && strcmp(name, *names) != 0) names++;
    return name && *names;
}

static const char *const pascal[] = {"maxwell", "pascal", NULL};
static const char *const turing[] = {"volta", "turing", NULL};
/* Arm cores without SDOT. */
static const char *const no_dot[] = {"cortex-a53", "cortex-a57", "cortex-a72",
                                     "cortex-a73", "denver", NULL};

/* Weights that one token goes through, each counted as so many Q4_K ones. */
static double weight_work(const struct speed_constants *c,
                          const struct model_facts *m, const struct device *d)
{
    bool   is_pascal = is_one_of(d->architecture, pascal);
    double work = 0;

    for (size_t i = 0; i < m->n_types; i++) {
        const struct type_share *t = &m->types[i];
        char name[24];

        if (t->bytes > 0)
            work += t->bytes_read * t->elements / (double)t->bytes *
                    type_cost(c, gguf_type_name(t->type, name), is_pascal);
    }
    return m->n_types > 0 ? work : NAN;
}

/* The roofline with a rounded edge: near it each part still costs something. */
static double roof(const struct speed_constants *c, double a, double b)
{
    double p = c->value[ROOF];

    if (isnan(b)) return a;
    return pow(pow(a, p) + pow(b, p), 1 / p);
}

static double memory_s(const struct speed_constants *c, double bytes,
                       const struct device *d)
{
    static const enum constant shares[SPEED_CLASSES] = {
        [CLASS_NVIDIA] = SHARE_NVIDIA, [CLASS_JETSON] = SHARE_JETSON,
        [CLASS_APPLE] = SHARE_APPLE,   [CLASS_AMD] = SHARE_AMD,
        [CLASS_INTEL] = SHARE_INTEL,   [CLASS_ARM] = SHARE_ARM,
        [CLASS_X86] = SHARE_X86,
    };
    enum speed_class class = speed_class_of(d);

    if (d->backend == BACKEND_CPU && d->measured_bandwidth_bytes_s > 0)
        return bytes / (c->value[SHARE_MEASURED] *
                        d->measured_bandwidth_bytes_s);
    if (class == SPEED_CLASSES) return NAN;
    return bytes / (c->value[shares[class]] * d->bandwidth_bytes_s);
}

/* f32 operations a second of all cores. */
static double cpu_flops(const struct device *d)
{
    return d->measured_flops > 0 ? d->measured_flops : d->fp16_flops;
}

/* NAN where memory alone is known to decide. */
static double arithmetic_s(const struct speed_constants *c,
                           const struct model_facts *m,
                           const struct device *d)
{
    double work = weight_work(c, m, d), rate = d->units * d->clock_hz;
    double rows = 1 + c->value[ROW_WEIGHTS] /
                      fmax(m->embedding, SWEEP_WEIGHTS);

    switch (speed_class_of(d)) {
    case CLASS_NVIDIA:
    case CLASS_JETSON:
        work *= is_one_of(d->architecture, pascal) ? c->value[COST_PASCAL]
                : is_one_of(d->architecture, turing) ? c->value[COST_TURING]
                : 1;
        return work * rows * c->value[WEIGHT_CYCLES_CUDA] / rate;
    case CLASS_APPLE:
        return work * rows * c->value[WEIGHT_CYCLES_METAL] / rate;
    case CLASS_AMD:
        return work * rows * c->value[WEIGHT_CYCLES_AMD] / rate;
    case CLASS_ARM:
    case CLASS_X86:
        work *= is_one_of(d->architecture, no_dot) ? c->value[COST_NO_DOT] : 1;
        return work * c->value[WEIGHT_FLOPS_CPU] / cpu_flops(d);
    default:
        return NAN;
    }
}

/* ---- nodes of the graph ------------------------------------------------- */

/* Biases of a layer's matrices: most kernels add them on the way. */
static double biases(const struct model_facts *m)
{
    static const struct { const char *architecture; int biases; } known[] = {
        {"qwen", 1},    {"qwen2", 3},  {"qwen2moe", 3}, {"qwen2vl", 3},
        {"gpt-oss", 7}, {"phi2", 4},   {"gpt2", 4},     {"gptneox", 4},
        {"starcoder2", 6},
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (m->architecture &&
            strcmp(m->architecture, known[i].architecture) == 0)
            return known[i].biases;
    return 0;
}

static double nodes(const struct speed_constants *c,
                    const struct model_facts *m)
{
    if (m->layers < 1 || m->nodes_per_layer < 1 || m->embedding < 1)
        return NAN;
    return m->layers * (m->nodes_per_layer + UNNAMED_NODES -
                        (1 - c->value[NODE_BIAS]) * biases(m));
}

static double node_s(const struct speed_constants *c, const struct device *d)
{
    double cycles_s = c->value[NODE_CYCLES_CUDA] / d->clock_hz;

    switch (speed_class_of(d)) {
    case CLASS_NVIDIA: return cycles_s + c->value[NODE_NVIDIA];
    case CLASS_JETSON: return cycles_s + c->value[NODE_JETSON];
    case CLASS_APPLE:  return c->value[NODE_METAL];
    case CLASS_AMD:    return c->value[NODE_AMD];
    case CLASS_INTEL:  return c->value[NODE_INTEL];
    case CLASS_ARM:
    case CLASS_X86:    return c->value[NODE_CPU];
    default:           return NAN;
    }
}

/* ---- one token ---------------------------------------------------------- */

/* For one token ggml-cuda has a quick kernel for these sizes of a head; others
 * go through the one for many tokens, which is then mostly empty. */
static bool has_quick_attention(const struct model_facts *m,
                                const struct layer_group *g)
{
    double size = m->kv_heads > 0 ? g->key_elements / m->kv_heads : NAN;

    if (!(size > 0)) return true;    /* no attention, or another's cache */
    return size == 64 || size == 128 || size == 256;
}

static double slow_attention_s(const struct speed_constants *c,
                               const struct model_facts *m,
                               const struct device *d)
{
    double layers = 0;

    if (d->backend != BACKEND_CUDA) return 0;
    for (size_t i = 0; i < m->n_groups; i++)
        if (!has_quick_attention(m, &m->groups[i]))
            layers += m->groups[i].layers;
    return layers * c->value[ATTENTION_CYCLES] / d->clock_hz;
}

static double decode_s(const struct speed_constants *c,
                       const struct model_facts *m, const struct device *d,
                       double depth, enum engine_age age)
{
    bool   is_cpu = d->backend == BACKEND_CPU, is_old = age == ENGINE_OLD;
    double old_weights = !is_old ? 1 : c->value[is_cpu ? OLD_CPU : OLD_WEIGHTS];
    double old_nodes = !is_old || is_cpu ? 1 : c->value[OLD_NODES];
    double weights = roof(c, memory_s(c, m->weight_bytes_read_per_token, d),
                          old_weights * arithmetic_s(c, m, d));
    double bandwidth = is_cpu && d->measured_bandwidth_bytes_s > 0
                       ? d->measured_bandwidth_bytes_s : d->bandwidth_bytes_s;
    /* NAN: a model whose cache is not understood */
    double cache = kv_bytes_read(m, depth, F16_BYTES) /
                   (c->value[CACHE_SHARE] * bandwidth);

    return weights + old_nodes * nodes(c, m) * node_s(c, d) +
           (isnan(cache) ? 0 : cache) + slow_attention_s(c, m, d) +
           (is_cpu ? 0 : c->value[TOKEN_FIXED]);
}

/* ---- a prompt ----------------------------------------------------------- */

/* FLOP a second that matrix products reach. */
static double prefill_rate(const struct speed_constants *c,
                           const struct device *d)
{
    double peak = d->fp16_flops;

    switch (speed_class_of(d)) {
    case CLASS_NVIDIA:
    case CLASS_JETSON:
        return 1 / roof(c, 1 / (c->value[PREFILL_PEAK_CUDA] * peak),
                        1 / (c->value[PREFILL_UNIT_CUDA] * d->units *
                             d->clock_hz));
    case CLASS_APPLE: return c->value[PREFILL_PEAK_METAL] * peak;
    case CLASS_AMD:   return c->value[PREFILL_PEAK_AMD] * peak;
    case CLASS_INTEL: return c->value[PREFILL_PEAK_INTEL] * peak;
    case CLASS_ARM:
    case CLASS_X86:   return c->value[PREFILL_PEAK_CPU] * cpu_flops(d);
    default:          return NAN;
    }
}

/* Only the last token of a prompt goes through the output head. */
static double body_flops(const struct model_facts *m)
{
    return 2 * (m->active_parameters -
                (double)m->vocabulary * m->embedding);
}

/* Types whose scales are packed take longer to unpack. */
static double unpacking(const struct speed_constants *c,
                        const struct model_facts *m, const struct device *d)
{
    double packed = 0, all = 0;

    for (size_t i = 0; i < m->n_types; i++) {
        const struct gguf_type *t = gguf_type_find(m->types[i].type);

        all += m->types[i].elements;
        if (t && t->block == SUPER_BLOCK) packed += m->types[i].elements;
    }
    if (d->backend == BACKEND_CPU || !(all > 0)) return 1;
    return 1 + (c->value[PREFILL_UNPACK] - 1) * packed / all;
}

/* Scores and values of all tokens against those before them. */
static double attention_flops(const struct model_facts *m, double tokens,
                              double depth)
{
    double flops = 0;

    for (size_t i = 0; i < m->n_groups; i++) {
        const struct layer_group *g = &m->groups[i];
        double seen = depth + tokens / 2;

        if (g->kind == LAYER_RECURRENT) continue;
        if (g->kind == LAYER_WINDOW && m->window > 0)
            seen = fmin(seen, m->window);
        flops += 4.0 * g->layers * m->heads * m->head_size * tokens * seen;
    }
    return flops;
}

/* What every batch costs beside its arithmetic. */
static double batch_s(const struct speed_constants *c,
                      const struct model_facts *m, const struct device *d,
                      double tokens)
{
    double start_s = d->backend == BACKEND_CPU ? c->value[NODE_CPU]
        : c->value[PREFILL_NODE] +
          c->value[PREFILL_NODE_CYCLES] / d->clock_hz;
    double bytes = tokens * m->embedding * c->value[PREFILL_ACTIVATION];

    return nodes(c, m) * (start_s + memory_s(c, bytes, d));
}

static double prefill_s(const struct speed_constants *c,
                        const struct model_facts *m, const struct device *d,
                        double tokens, double depth)
{
    double batches = ceil(tokens / BATCH_TOKENS);
    double flops = unpacking(c, m, d) * body_flops(m) * tokens +
                   ATTENTION_COST * attention_flops(m, tokens, depth);
    /* The tokens of a batch use nearly all experts of a mixture. */
    double weights = m->experts > 0 ? (double)m->tensor_bytes
                                    : m->weight_bytes_read_per_token;

    return roof(c, flops / prefill_rate(c, d),
                batches * memory_s(c, weights, d)) +
           batches * batch_s(c, m, d, tokens / batches);
}

/* ---- intervals ---------------------------------------------------------- */

static bool was_measured(const struct speed_constants *c, const char *name)
{
    for (size_t i = 0; i < c->n_architectures; i++)
        if (name && strcmp(c->architectures[i], name) == 0) return true;
    return false;
}

static bool is_strange_model(const struct model_facts *m)
{
    bool is_recurrent = false;

    for (size_t i = 0; i < m->n_groups; i++)
        is_recurrent |= m->groups[i].kind == LAYER_RECURRENT;
    return is_recurrent || m->experts > 0;
}

static double width(const struct speed_constants *c,
                    const struct model_facts *m, const struct device *d)
{
    const struct class_spread *s = &c->spread[speed_class_of(d)];
    double bytes = m->weight_bytes_read_per_token, wider = 1;

    if (!was_measured(c, d->architecture)) wider *= STRANGE_BOARD;
    if (!(bytes >= s->least_bytes && bytes <= s->most_bytes))
        wider *= STRANGE_SIZE;
    if (is_strange_model(m)) wider *= STRANGE_MODEL;
    return wider;
}

static struct range around(double value, double spread)
{
    if (!isfinite(value) || value <= 0) return RANGE_MISSING;
    return (struct range){value, value * exp(-spread), value * exp(spread)};
}

/* Ternary types: ggml-cuda (which ROCm shares) and ggml-metal of build 11434
 * multiply by none of them. */
const char *speed_lacks_kernel(const struct model_facts *m,
                               const struct device *d)
{
    if (d->backend == BACKEND_CPU || d->backend == BACKEND_VULKAN) return NULL;
    for (size_t i = 0; i < m->n_types; i++)
        if ((m->types[i].type == T_TQ1_0 || m->types[i].type == T_TQ2_0) &&
            m->types[i].bytes_read > MUCH * m->weight_bytes_read_per_token)
            return gguf_type_find(m->types[i].type)->name;
    return NULL;
}

struct range speed_decode_aged_s(const struct speed_constants *c,
                                 const struct model_facts *m,
                                 const struct device *d, double depth,
                                 enum engine_age age)
{
    enum speed_class class = speed_class_of(d);

    if (class == SPEED_CLASSES || speed_lacks_kernel(m, d))
        return RANGE_MISSING;
    return around(decode_s(c, m, d, depth, age),
                  width(c, m, d) * c->spread[class].decode);
}

struct range speed_prefill_s(const struct speed_constants *c,
                             const struct model_facts *m,
                             const struct device *d, double tokens,
                             double depth)
{
    enum speed_class class = speed_class_of(d);

    if (tokens <= 0) return (struct range){0, 0, 0};
    if (class == SPEED_CLASSES || speed_lacks_kernel(m, d))
        return RANGE_MISSING;
    return around(prefill_s(c, m, d, tokens, depth),
                  width(c, m, d) * c->spread[class].prefill);
}

struct range speed_decode_s(const struct speed_constants *c,
                            const struct model_facts *m,
                            const struct device *d, double depth)
{
    return speed_decode_aged_s(c, m, d, depth, ENGINE_CURRENT);
}

/* ---- serving and loading ------------------------------------------------ */

static double host_clock_hz(const struct device *d)
{
    return d->cpu_clock_hz > 0 ? d->cpu_clock_hz
           : d->backend == BACKEND_CPU && d->clock_hz > 0 ? d->clock_hz
           : HOST_CLOCK_HZ;
}

/* The server samples on one core over the whole vocabulary. */
double speed_serving_s(const struct speed_constants *c,
                       const struct model_facts *m, const struct device *d)
{
    return (c->value[SAMPLE_CYCLES] * fmax(m->vocabulary, 0) +
            c->value[SERVE_CYCLES]) / host_clock_hz(d);
}

/* A small board starts from an SD card, a Jetson from NVMe behind few lanes,
 * others from a fast NVMe: sustained reading, not the data sheet's. */
static double disk_bytes_s(const struct device *d)
{
    switch (speed_class_of(d)) {
    case CLASS_ARM:    return BOARD_DISK_BYTES_S;
    case CLASS_JETSON: return JETSON_DISK_BYTES_S;
    default:           return DESKTOP_DISK_BYTES_S;
    }
}

/* Start of the process, each token of the vocabulary (its text, its merges),
 * weights to the GPU: measured as cycles with three models of 49,000 to
 * 262,000 tokens on a 3 GHz server core. A GPU takes weights while the disk
 * reads them. */
double speed_load_s(const struct speed_constants *c,
                    const struct model_facts *m, const struct device *d,
                    bool is_cached)
{
    double bytes = (double)m->file_bytes;
    double upload_s = d->backend == BACKEND_CPU ? 0 : bytes / UPLOAD_BYTES_S;
    double disk_s = is_cached ? 0 : bytes / disk_bytes_s(d);

    (void)c;    /* nothing published tells loading from disks apart */
    return (START_CYCLES + TOKEN_CYCLES * fmax(m->vocabulary, 0)) /
               host_clock_hz(d) + fmax(upload_s, disk_s);
}
