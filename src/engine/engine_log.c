/* SPDX-License-Identifier: MIT */
/* engine_log.c - see engine_log.h.
 *
 * Wordings  since 2024 each buffer has a line, "NAME KIND buffer size = N MiB";
 *           in 2023 there were totals; since late 2025 a table of whole MiB is
 *           printed at exit. The first of these that is there counts, for each
 *           class by itself.
 * Again     a context that reserves its compute buffers again says so again:
 *           the last size counts. A load that begins after one that failed
 *           begins the account anew.
 */
#include "engine/engine_log.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/log_gpu.h"
#include "engine/log_line.h"
#include "engine/no_memory.h"

enum class { WEIGHTS, KV, COMPUTE, OUTPUT, CLASSES };

/* NAN: nothing was said of the class. */
struct sizes {
    double host[CLASSES], device[CLASSES];
};

#define RESERVED_MAX 64

/* A buffer that may be reserved again under the same name. */
struct reserved {
    int    context;
    char   name[120];      /* who says so, and what: "sched_reserve: CPU
                              compute"                                       */
    bool   is_host;
    double bytes;
};

struct reader {
    struct engine_log *out;
    struct log_gpu     gpu;
    struct sizes       buffers, totals, table;
    struct reserved    reserved[RESERVED_MAX];
    size_t             n_reserved;
    int                context;       /* how many have been made             */
    enum class         stage;         /* what is being allocated now         */
    bool               failed;
    const char        *named;         /* what failed, by the log; or NULL    */
};

static void sizes_init(struct sizes *s)
{
    for (int c = 0; c < CLASSES; c++) s->host[c] = s->device[c] = NAN;
}

static void sizes_add(struct sizes *s, enum class c, bool is_host,
                      double bytes)
{
    if (isnan(bytes)) return;
    if (isnan(s->host[c])) s->host[c] = s->device[c] = 0;
    if (is_host) s->host[c] += bytes;
    else s->device[c] += bytes;
}

static void begin(struct reader *r)
{
    struct engine_log *out = r->out;

    sizes_init(&r->buffers);
    sizes_init(&r->totals);
    sizes_init(&r->table);
    r->n_reserved = 0;
    r->context    = 0;
    r->stage      = WEIGHTS;
    r->failed     = false;
    r->named      = NULL;
    out->layers_on_gpu = out->layers = -1;
    out->largest_bytes = out->failed_bytes = NAN;
    out->largest[0] = out->failed[0] = out->failed_where[0] = '\0';
}

static void see_piece(struct reader *r, const char *what, double bytes)
{
    if (isnan(bytes) || bytes <= r->out->largest_bytes) return;
    r->out->largest_bytes = bytes;
    snprintf(r->out->largest, sizeof r->out->largest, "%s", what);
}

/* ---- failures ----------------------------------------------------------- */

/* The engine found another way. */
static void forget_failure(struct reader *r)
{
    r->failed = false;
    r->named  = NULL;
    r->out->failed_bytes    = NAN;
    r->out->failed_where[0] = '\0';
}

/* One failure is told by several lines, from the allocator outwards: later
 * ones know better how much and what for. */
static void read_failure(struct reader *r, const struct log_line *line)
{
    struct no_memory m;

    if (strstr(line->lower, "retrying without pipeline")) forget_failure(r);
    if (!no_memory_read(line, &m)) return;
    r->failed = true;
    if (m.where[0] && (!isnan(m.bytes) || !r->out->failed_where[0]))
        snprintf(r->out->failed_where, sizeof r->out->failed_where, "%s",
                 m.where);
    if (!isnan(m.bytes)) r->out->failed_bytes = m.bytes;
    if (m.what && (!r->named || strcmp(m.what, WHAT_ANY) != 0))
        r->named = m.what;
}

static void finish_failure(struct reader *r)
{
    static const char *const by_stage[CLASSES] = {
        [WEIGHTS] = WHAT_WEIGHTS, [KV] = WHAT_KV, [COMPUTE] = WHAT_COMPUTE,
        [OUTPUT] = WHAT_COMPUTE};
    const char *what = r->named ? r->named : by_stage[r->stage];

    if (r->failed)
        snprintf(r->out->failed, sizeof r->out->failed, "%s%s", what,
                 strcmp(what, WHAT_COMPUTE) == 0 ? " buffers" : "");
}

/* ---- "NAME KIND buffer size = N MiB" ------------------------------------ */

static bool ends(const char *text, size_t len, const char *with)
{
    size_t n = strlen(with);

    return len >= n && strncmp(text + len - n, with, n) == 0;
}

/* Of the words before "buffer size"; -1: another kind. A name alone stands
 * for weights (early 2024). */
static int class_of(const char *words, size_t len, size_t name_len)
{
    static const struct { const char *ends; int is; } kinds[] = {
        {" model", WEIGHTS}, {" LoRA", WEIGHTS}, {" KV", KV}, {" RS", KV},
        {" state", KV}, {" compute", COMPUTE}, {" input", COMPUTE},
        {" output", OUTPUT}};

    if (name_len == len) return WEIGHTS;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (ends(words, len, kinds[i].ends)) return kinds[i].is;
    return -1;
}

static void reserve(struct reader *r, const char *name, size_t len,
                    bool is_host, double bytes)
{
    struct reserved *it;

    for (size_t i = 0; i < r->n_reserved; i++) {
        it = &r->reserved[i];
        if (it->context == r->context && strlen(it->name) == len &&
            strncmp(it->name, name, len) == 0) {
            it->bytes = bytes;
            return;
        }
    }
    it = &r->reserved[r->n_reserved];
    if (r->n_reserved == RESERVED_MAX || len >= sizeof it->name) return;
    *it = (struct reserved){.context = r->context, .is_host = is_host,
                            .bytes = bytes};
    memcpy(it->name, name, len);
    r->n_reserved++;
}

/* The function that speaks, before ": ", for reserve()'s key. */
static const char *speaker(const char *text, const char *words)
{
    const char *at = words;

    while (at > text && at[-1] == ' ') at--;
    while (at > text && at[-1] != ' ') at--;
    return at;
}

static void read_buffer(struct reader *r, const struct log_line *line)
{
    const char *text = line->text, *words = text;
    const char *size = strstr(text, "buffer size"), *at, *end;
    size_t      len, name_len;
    char        name[40];
    int         kind;
    double      bytes;

    if (!size) return;
    at = size + strlen("buffer size");
    bytes = log_bytes(at);
    if (at[strspn(at, " ")] != '=' || isnan(bytes)) return;
    for (const char *p = text; (p = strstr(p, ": ")) && p < size; p += 2)
        words = p + 2;
    words += strspn(words, " ");
    for (end = size; end > words && end[-1] == ' ';) end--;
    if (end <= words) return;
    len = (size_t)(end - words);
    name_len = strcspn(words, " ");
    kind = class_of(words, len, name_len);
    if (kind < 0 || name_len >= sizeof name) return;
    memcpy(name, words, name_len);
    name[name_len] = '\0';
    forget_failure(r);
    if (kind == COMPUTE) {
        const char *who = speaker(text, words);

        r->stage = COMPUTE;
        reserve(r, who, (size_t)(end - who), log_is_host(name), bytes);
        return;
    }
    sizes_add(&r->buffers, (enum class)kind, log_is_host(name), bytes);
    if (kind == OUTPUT || (log_is_host(name) && log_is_mapped_file(name)))
        return;
    see_piece(r, kind == KV ? WHAT_KV : WHAT_WEIGHTS, bytes);
}

/* ---- totals, 2023 ------------------------------------------------------- */

static void read_total(struct reader *r, const struct log_line *line)
{
    static const struct { const char *phrase; enum class of; bool is_host; }
        totals[] = {
            {"mem required", WEIGHTS, true},
            {"llm_load_tensors: vram used", WEIGHTS, false},
            {"vram kv self", KV, false}, {": kv self size", KV, true},
            {"compute buffer total size", COMPUTE, true},
            {"vram scratch buffer", COMPUTE, false}};

    for (size_t i = 0; i < sizeof totals / sizeof *totals; i++) {
        const char *at = log_line_after(line, totals[i].phrase);
        double      bytes = at ? log_bytes(at) : NAN;

        if (isnan(bytes)) continue;
        /* the size of the cache is told again, of both sides together */
        if (totals[i].of == KV && totals[i].is_host &&
            r->totals.device[KV] > 0)
            bytes = fmax(0, bytes - r->totals.device[KV]);
        sizes_add(&r->totals, totals[i].of, totals[i].is_host, bytes);
        return;
    }
}

/* ---- the table at exit --------------------------------------------------- */

/* "|   - CUDA0 (Orin) | 7620 = 1234 + (5000 = 4000 + 800 + 200) + 1386 |" and
 * "|   - Host         |                 200 =   92 +  90 +  18         |": the
 * last three numbers behind the innermost '=' are model, context, compute. */
static void read_table(struct reader *r, const struct log_line *line)
{
    const char *row = strstr(line->text, "|   - "), *at;
    double      value[3];
    char        name[40];
    size_t      len;

    if (!row || !strstr(line->lower, "memory_breakdown")) return;
    row += strlen("|   - ");
    len = strcspn(row, " |");
    if (len == 0 || len >= sizeof name || !(at = strchr(row, '|'))) return;
    memcpy(name, row, len);
    name[len] = '\0';
    at = strrchr(at, '=');
    for (int i = 0; i < 3; i++) {
        if (!at) return;
        at += 1 + strspn(at + 1, " ");
        if (isnan(value[i] = log_bytes(at) * 1048576)) return;
        at = strchr(at, '+');
    }
    sizes_add(&r->table, WEIGHTS, log_is_host(name), value[0]);
    sizes_add(&r->table, KV, log_is_host(name), value[1]);
    sizes_add(&r->table, COMPUTE, log_is_host(name), value[2]);
}

/* ---- lines --------------------------------------------------------------- */

static void read_layers(struct reader *r, const struct log_line *line)
{
    const char *at = log_line_after(line, "offloaded ");
    int         on_gpu, all;

    if (!at || r->out->layers >= 0) return;
    if ((on_gpu = log_count(&at)) < 0 || *at++ != '/') return;
    if ((all = log_count(&at)) < 0 || strncmp(at, " layers", 7) != 0) return;
    r->out->layers_on_gpu = on_gpu;
    r->out->layers        = all;
}

/* Is it the first line of a context's life? Newer versions say so; older
 * ones begin with its size. */
static bool opens_context(const struct log_line *line)
{
    static const char *const sizes[] = {
        "llama_new_context_with_model: n_ctx ",
        "llama_init_from_model: n_ctx ", NULL};

    if (strstr(line->lower, "constructing llama_context")) return true;
    for (size_t i = 0; sizes[i]; i++) {
        const char *at = log_line_after(line, sizes[i]);

        if (at && at[strspn(at, " ")] == '=') return true;
    }
    return false;
}

static void follow(struct reader *r, const struct log_line *line)
{
    if (strstr(line->lower, "loaded meta data with")) {
        if (r->failed) begin(r);
        r->stage = WEIGHTS;
    } else if (opens_context(line)) {
        r->context++;
        r->stage = KV;
    } else if (strstr(line->lower, ": reserving ") ||
               strstr(line->lower, "kv self size")) {
        r->stage = COMPUTE;
    } else if (strstr(line->lower, "listening on http") ||
               strstr(line->lower, ": model loaded")) {
        r->stage = COMPUTE;
        forget_failure(r);
    }
}

static void read_line(struct reader *r, const struct log_line *line)
{
    /* a model's own texts */
    if (strstr(line->text, "llama_model_loader: - ")) return;
    follow(r, line);
    read_failure(r, line);
    read_buffer(r, line);
    read_total(r, line);
    read_table(r, line);
    read_layers(r, line);
    log_gpu_line(&r->gpu, line, r->out);
}

/* ---- the account --------------------------------------------------------- */

static double plus(double sum, double part)
{
    return isnan(sum) ? part : isnan(part) ? sum : sum + part;
}

static void finish_sizes(struct reader *r)
{
    struct engine_log *out = r->out;
    struct sizes      *s   = &r->buffers;

    for (size_t i = 0; i < r->n_reserved; i++) {
        sizes_add(s, COMPUTE, r->reserved[i].is_host, r->reserved[i].bytes);
        see_piece(r, WHAT_COMPUTE, r->reserved[i].bytes);
    }
    out->total_bytes = out->device_total_bytes = NAN;
    for (int c = 0; c < CLASSES; c++) {
        const struct sizes *from = !isnan(s->host[c]) ? s
                                 : !isnan(r->totals.host[c]) ? &r->totals
                                 : &r->table;

        s->host[c]   = from->host[c];
        s->device[c] = from->device[c];
        out->total_bytes = plus(out->total_bytes, s->host[c] + s->device[c]);
        out->device_total_bytes = plus(out->device_total_bytes, s->device[c]);
    }
    out->weights_host_bytes   = s->host[WEIGHTS];
    out->weights_device_bytes = s->device[WEIGHTS];
    out->kv_host_bytes        = s->host[KV];
    out->kv_device_bytes      = s->device[KV];
    out->compute_host_bytes   = s->host[COMPUTE];
    out->compute_device_bytes = s->device[COMPUTE];
    out->output_bytes         = s->host[OUTPUT] + s->device[OUTPUT];
}

void engine_log_read(const char *text, size_t len, struct engine_log *out)
{
    struct reader   r = {.out = out};
    struct log_line line;
    const char     *at = text, *end = text + len;

    *out = (struct engine_log){.gpu_free_bytes = NAN, .found_gpu = -1};
    log_gpu_init(&r.gpu);
    begin(&r);
    while (log_line_next(&line, &at, end)) read_line(&r, &line);
    finish_sizes(&r);
    finish_failure(&r);
    log_gpu_finish(&r.gpu, out);
}
