/* SPDX-License-Identifier: MIT */
/* device.c - a board by its name, in one power mode; see device.h. */
#include "predict/device_internal.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/opt.h"
#include "base/strbuf.h"
#include "predict/device_name.h"

#define NEAREST        3u
#define NAMED_MOST     5u      /* boards that one name may mean              */
#define TEXT_BYTES     600u
#define MODE_BYTES     64u
#define MODE_ENDS      " \t(,;/"

/* A size is said as it is sold or as programs see it, up to 7 % less; the
 * figure beside a name may be of a whole machine and only has to be near. */
#define SAID_SHARE     0.07
#define BESIDE_SHARE   0.20
#define NOT_NEAR       3       /* beyond what device_name_differ() says      */

/* ---- a device from its parts -------------------------------------------- */

void device_set_mode(struct device *d, const struct power_mode *mode)
{
    d->power_mode = mode ? mode->name : NULL;
    d->clock_hz = mode ? mode->clock_hz : NAN;
    d->bandwidth_bytes_s = mode ? mode->bandwidth_bytes_s : NAN;
    d->units = mode ? mode->units : NAN;
    d->fp16_flops = mode ? mode->fp16_flops : NAN;
    d->cpu_clock_hz = mode ? mode->cpu_clock_hz : NAN;
    if (d->backend == BACKEND_CPU) d->cpu_clock_hz = d->clock_hz;
}

void device_set_board(struct device *d, const struct board *b,
                      const struct memory_size *size)
{
    *d = (struct device){
        .name = size->name, .device_class = b->device_class,
        .architecture = b->architecture, .board = b, .backend = b->backend,
        .is_unified = b->is_unified,
        .measured_bandwidth_bytes_s = NAN, .measured_flops = NAN,
        .memory_bytes = size->bytes, .os_bytes = b->os_bytes,
        .speech_bytes = b->speech_bytes, .runtime_bytes = b->runtime_bytes,
        .cpu_cores = b->cpu_cores,
    };
    device_set_mode(d, NULL);
}

const struct memory_size *board_size_near(const struct board *b,
                                          double bytes)
{
    const struct memory_size *best = &b->sizes[0];

    for (size_t i = 1; i < b->n_sizes; i++)
        if (fabs(log(b->sizes[i].bytes / bytes)) <
            fabs(log(best->bytes / bytes)))
            best = &b->sizes[i];
    return best;
}

/* ---- power modes -------------------------------------------------------- */

/* Leaves `kept` characters of an ending that is not the whole text. */
static bool cut_end(char *text, const char *end, size_t kept)
{
    size_t n = strlen(text), m = strlen(end);

    if (n <= m || strcmp(text + n - m, end) != 0) return false;
    text[n - m + kept] = '\0';
    return true;
}

/* "MAXN SUPER" and "maxn_super" are one mode, "MODE_30W", "30W mode" and
 * "30 watts" too. */
static void fold_mode(const char *text, size_t len, char *out)
{
    size_t n = 0;

    for (size_t i = 0; i < len && n + 1 < MODE_BYTES; i++)
        if (isalnum((unsigned char)text[i]))
            out[n++] = (char)tolower((unsigned char)text[i]);
    out[n] = '\0';
    if (n >= 4 && memcmp(out, "mode", 4) == 0)
        memmove(out, out + 4, (n -= 4) + 1);
    if (!cut_end(out, "mode", 0) && !cut_end(out, "watt", 1))
        cut_end(out, "watts", 1);
}

static bool is_mode(const char *folded, const char *name)
{
    char other[MODE_BYTES];

    fold_mode(name, strlen(name), other);
    return *folded && strcmp(folded, other) == 0;
}

static const struct power_mode *mode_called(const struct board *b,
                                            const char *folded)
{
    for (size_t i = 0; i < b->n_modes; i++)
        if (is_mode(folded, b->modes[i].name)) return &b->modes[i];
    for (size_t i = 0; i < b->n_modes; i++)
        for (size_t k = 0; k < b->modes[i].aliases.n; k++)
            if (is_mode(folded, b->modes[i].aliases.items[k]))
                return &b->modes[i];
    return NULL;
}

/* As many of the first words as name a mode: the rest is a remark, as in
 * "MAXN, jetson_clocks"; "MAXN SUPER, 25 W" is not MAXN. */
const struct power_mode *board_mode(const struct board *b, const char *text)
{
    const struct power_mode *found = NULL;
    char                     folded[MODE_BYTES];
    size_t                   len;

    text += strspn(text, " \t");
    len = strnlen(text, MODE_BYTES);
    while (!found && len) {
        fold_mode(text, len, folded);
        found = mode_called(b, folded);
        while (len && !strchr(MODE_ENDS, text[len - 1])) len--;
        while (len && strchr(MODE_ENDS, text[len - 1])) len--;
    }
    if (found) return found;
    fold_mode(text, strlen(text), folded);       /* "25": 25W */
    len = strlen(folded);
    if (!len || folded[strspn(folded, "0123456789")] || len + 2 > MODE_BYTES)
        return NULL;
    memcpy(folded + len, "w", 2);
    return mode_called(b, folded);
}

static int no_mode(const struct board *b, const char *name, const char *mode,
                   struct err *err)
{
    struct strbuf modes;
    int           rc;

    if (b->n_modes == 1 && !*b->modes[0].name)
        return err_set(err, ERR_INPUT, "%s has no power modes, so `%.*s` "
                       "means nothing; leave it out", name, opt_cut(mode),
                       mode);
    strbuf_init(&modes, TEXT_BYTES);
    for (size_t i = 0; i < b->n_modes; i++)
        strbuf_addf(&modes, "%s%s", i ? ", " : "", b->modes[i].name);
    rc = err_set(err, ERR_INPUT, "%s has no power mode `%.*s`; give one of "
                 "%s", name, opt_cut(mode), mode, modes.text);
    strbuf_done(&modes);
    return rc;
}

/* ---- names -------------------------------------------------------------- */

/* What a name may mean: boards that it differs least from. */
struct search {
    const struct board *boards[NAMED_MOST];
    const struct memory_size *sizes[NAMED_MOST];
    size_t n;
    int    difference;
};

static bool is_within(double a, double b, double share)
{
    return fabs(a - b) <= share * fmax(a, b);
}

/* The size that a name says, the one nearest to what is said beside it, else
 * the default. NULL: it is not sold with what the name says. */
static const struct memory_size *choose_size(const struct board *b,
                                             double said_gb, double beside_gb)
{
    for (size_t i = 0; isfinite(said_gb) && i < b->n_sizes; i++)
        if (is_within(b->sizes[i].gb, said_gb, SAID_SHARE))
            return &b->sizes[i];
    if (isfinite(said_gb)) return NULL;
    for (size_t i = 0; isfinite(beside_gb) && i < b->n_sizes; i++)
        if (is_within(b->sizes[i].gb, beside_gb, BESIDE_SHARE))
            return &b->sizes[i];
    return &b->sizes[0];
}

static void take(struct search *s, const struct board *b,
                 const struct memory_size *size, int difference)
{
    if (difference < 0 || !size) return;
    if (s->n && difference > s->difference) return;
    if (s->n && difference < s->difference) s->n = 0;
    if (s->n == NAMED_MOST) return;
    s->difference = difference;
    s->boards[s->n] = b;
    s->sizes[s->n++] = size;
}

static bool has_size_near(const struct board *b, double gb)
{
    for (size_t i = 0; i < b->n_sizes; i++)
        if (is_within(b->sizes[i].gb, gb, BESIDE_SHARE)) return true;
    return false;
}

/* Under its name or one of its aliases, the least difference. To be sold
 * without anything near the size beside the name is worse than all others. */
static void try_board(struct search *s, const struct board *b,
                      const struct device_name *asked, double beside_gb)
{
    int                       least = -1;
    const struct memory_size *size = choose_size(b, asked->memory_gb,
                                                 beside_gb);

    for (size_t i = 0; i <= b->aliases.n; i++) {
        struct device_name known;
        int                difference;
        device_name_read(i ? b->aliases.items[i - 1] : b->name, &known);
        difference = device_name_differ(asked, &known, b->is_unified);
        if (difference < 0) continue;
        /* "GH200 480GB" is a name in which the size is another memory's. */
        if (i && isfinite(known.memory_gb) &&
            known.memory_gb == asked->memory_gb && !size)
            size = &b->sizes[0];
        if (least < 0 || difference < least) least = difference;
    }
    if (least >= 0 && isfinite(beside_gb) && !has_size_near(b, beside_gb))
        least += NOT_NEAR;
    take(s, b, size, least);
}

/* Of several boards under one name the one that is usually meant. */
static void settle(struct search *s)
{
    size_t kept = 0;

    for (size_t i = 0; s->n > 1 && i < s->n; i++)
        if (s->boards[i]->is_usual) {
            s->boards[kept] = s->boards[i];
            s->sizes[kept++] = s->sizes[i];
        }
    if (kept) s->n = kept;
}

/* What stands in brackets may be a remark, but only about a system on a chip:
 * "RTX 4070 (laptop)" is another chip than an RTX 4070. */
static void find_boards(const struct boards *boards, const char *name,
                        double beside_gb, struct search *s)
{
    struct device_name asked;

    *s = (struct search){0};
    device_name_read(name, &asked);
    for (size_t i = 0; i < boards->n; i++)
        try_board(s, &boards->items[i], &asked, beside_gb);
    if (s->n == 0) {
        double said_gb = asked.memory_gb;
        device_name_read_outside(name, &asked);
        if (isnan(asked.memory_gb)) asked.memory_gb = said_gb;
        for (size_t i = 0; i < boards->n; i++)
            if (boards->items[i].is_unified)
                try_board(s, &boards->items[i], &asked, beside_gb);
    }
    settle(s);
}

/* What people leave out: the unit behind the memory ("RTX 3060 12") and the
 * family before a card's number ("3090"). */
static void find_shortened(const struct boards *boards, const char *name,
                           double beside_gb, struct search *s)
{
    static const struct { const char *before, *behind; } left_out[] = {
        {"", " GB"}, {"RTX ", ""}, {"GTX ", ""}, {"RX ", ""},
        {"RTX ", " GB"}, {"GTX ", " GB"}, {"RX ", " GB"},
    };
    int len = (int)strnlen(name, TEXT_BYTES);

    while (len > 0 && name[len - 1] == ' ') len--;
    for (size_t i = 0; s->n == 0 && i < sizeof left_out / sizeof *left_out;
         i++) {
        bool  adds_unit = *left_out[i].behind != '\0';
        char *whole;

        if (adds_unit && !(len && isdigit((unsigned char)name[len - 1])))
            continue;
        if (*left_out[i].before && !isdigit((unsigned char)*name)) continue;
        whole = mem_printf("%s%.*s%s", left_out[i].before, len, name,
                           left_out[i].behind);
        find_boards(boards, whole, beside_gb, s);
        free(whole);
    }
}

const struct board *board_named(const struct boards *boards, const char *name,
                                double memory_gb,
                                const struct memory_size **size)
{
    struct search s;

    find_boards(boards, name, memory_gb, &s);
    if (s.n != 1) return NULL;
    *size = s.sizes[0];
    return s.boards[0];
}

/* ---- what may have been meant ------------------------------------------- */

static double likeness(const struct board *b, const struct device_name *asked)
{
    double best = 0;

    for (size_t i = 0; i <= b->aliases.n; i++) {
        struct device_name known;
        device_name_read(i ? b->aliases.items[i - 1] : b->name, &known);
        if (isfinite(asked->memory_gb) && isnan(known.memory_gb))
            known.memory_gb = board_size_near(
                b, asked->memory_gb * 1073741824.0)->gb;
        best = fmax(best, device_name_likeness(asked, &known));
    }
    return best;
}

static void nearest(const struct boards *boards, const char *name,
                    struct strbuf *out)
{
    struct device_name  asked;
    const struct board *best[NEAREST];
    double              scores[NEAREST];
    size_t              n = 0;

    device_name_read(name, &asked);
    for (size_t i = 0; i < boards->n; i++) {
        const struct board *b = &boards->items[i];
        double              score = likeness(b, &asked);
        size_t              at = n;
        if (score <= 0) continue;
        while (at > 0 && score > scores[at - 1]) at--;
        if (at == NEAREST) continue;
        if (n < NEAREST) n++;
        for (size_t k = n - 1; k > at; k--) {
            best[k] = best[k - 1];
            scores[k] = scores[k - 1];
        }
        best[at] = b;
        scores[at] = score;
    }
    for (size_t i = 0; i < n; i++)
        strbuf_addf(out, "%s%s", i == 0 ? "" : i + 1 < n ? ", " : " or ",
                    best[i]->name);
}

static int not_found(const struct boards *boards, const char *name,
                     const struct search *s, struct err *err)
{
    struct strbuf names;
    int           rc;

    strbuf_init(&names, TEXT_BYTES);
    for (size_t i = 0; i < s->n; i++)
        strbuf_addf(&names, "%s%s", i == 0 ? "" : i + 1 < s->n ? ", " : " or ",
                    s->boards[i]->name);
    if (s->n) {
        rc = err_set(err, ERR_INPUT, "the board `%.*s` may be %s; say which",
                     opt_cut(name), name, names.text);
    } else {
        nearest(boards, name, &names);
        rc = err_set(err, ERR_INPUT, "no board `%.*s` is known; %s%s%s"
                     "`audition devices` lists all", opt_cut(name), name,
                     names.len ? "the nearest are " : "", names.text,
                     names.len ? ", " : "");
    }
    strbuf_done(&names);
    return rc;
}

int device_find(const struct boards *boards, const char *name,
                const char *mode, double memory_gb, struct device *out,
                struct err *err)
{
    struct search            s;
    const struct power_mode *m;

    find_boards(boards, name, memory_gb, &s);
    if (s.n == 0) find_shortened(boards, name, memory_gb, &s);
    if (s.n != 1) return not_found(boards, name, &s, err);
    m = mode ? board_mode(s.boards[0], mode) : &s.boards[0]->modes[0];
    if (!m) return no_mode(s.boards[0], s.sizes[0]->name, mode, err);
    device_set_board(out, s.boards[0], s.sizes[0]);
    device_set_mode(out, m);
    return 0;
}
