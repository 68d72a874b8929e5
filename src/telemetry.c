/* SPDX-License-Identifier: MIT */
/* telemetry.c - the ring of samples, and what of it belongs to one turn; see
 * telemetry.h. Verdicts on it and its JSON: telemetry_marks.c. */
#include "telemetry.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"

#define NEAR_S    1.0             /* a sample outside the turn may be so far */
#define GAP_S     2.5             /* between readings: wider is not known    */
#define PEAK_S    0.25            /* of a counter: highest mean over so long */
#define PEAKS_MAX 4096            /* steps of such a search                  */
#define QUANTUM   0.01            /* of a power rail's reading               */

/* ---- the ring ---------------------------------------------------------- */

void timeline_init(struct timeline *t, size_t capacity)
{
    *t = (struct timeline){.capacity = capacity ? capacity : 1};
    t->ring = mem_new(t->capacity, sizeof *t->ring);
}

void timeline_done(struct timeline *t)
{
    free(t->ring);
    *t = (struct timeline){0};
}

void timeline_add(struct timeline *t, const struct sample *s)
{
    t->ring[t->next] = *s;
    t->next = (t->next + 1) % t->capacity;
    if (t->n < t->capacity) t->n++;
}

const struct sample *timeline_at(const struct timeline *t, size_t i)
{
    return &t->ring[(t->next + t->capacity - t->n + i) % t->capacity];
}

/* ---- readings of one field --------------------------------------------- */

static double s_between(int64_t from_ns, int64_t to_ns)
{
    return ((double)to_ns - (double)from_ns) / (double)NS_PER_S;
}

/* Index of the first sample later than at_ns. */
static size_t first_after(const struct timeline *t, int64_t at_ns)
{
    size_t low = 0, high = t->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (timeline_at(t, middle)->at_ns > at_ns) high = middle;
        else low = middle + 1;
    }
    return low;
}

/* The last reading of a field at or before index - 1, no older than limit_s
 * before at_ns. */
static const struct sample *reading_before(const struct timeline *t,
                                           size_t index, int64_t at_ns,
                                           enum sample_field field,
                                           double limit_s)
{
    while (index-- > 0) {
        const struct sample *s = timeline_at(t, index);
        if (!(s_between(s->at_ns, at_ns) <= limit_s)) break;
        if (isfinite(s->v[field])) return s;
    }
    return NULL;
}

static const struct sample *reading_after(const struct timeline *t,
                                          size_t index, int64_t at_ns,
                                          enum sample_field field,
                                          double limit_s)
{
    for (; index < t->n; index++) {
        const struct sample *s = timeline_at(t, index);
        if (!(s_between(at_ns, s->at_ns) <= limit_s)) break;
        if (isfinite(s->v[field])) return s;
    }
    return NULL;
}

/* The readings of a field around one moment; NULL: none near. */
struct around {
    const struct sample *before, *after;
};

static struct around readings_around(const struct timeline *t, int64_t at_ns,
                                     enum sample_field field)
{
    size_t after = first_after(t, at_ns);

    return (struct around){reading_before(t, after, at_ns, field, NEAR_S),
                           reading_after(t, after, at_ns, field, NEAR_S)};
}

/* On the line through two readings. */
static double value_at(const struct sample *a, const struct sample *b,
                       enum sample_field field, int64_t at_ns)
{
    double width_s = s_between(a->at_ns, b->at_ns);
    double share   = width_s > 0 ? s_between(a->at_ns, at_ns) / width_s : 0;

    return a->v[field] + (b->v[field] - a->v[field]) * share;
}

/* ---- counters ---------------------------------------------------------- */

/* What one end of a stretch says of a counter. error: what may have been
 * counted on the other side of that moment. */
static double counter_at(const struct around *r, enum sample_field field,
                         int64_t at_ns, double *error)
{
    double whole, share;

    *error = 0;
    if (!r->before && !r->after) return NAN;
    if (!r->before || !r->after)
        return (r->before ? r->before : r->after)->v[field];
    whole = r->after->v[field] - r->before->v[field];
    share = s_between(r->before->at_ns, at_ns) /
            s_between(r->before->at_ns, r->after->at_ns);
    *error = fabs(whole) * fmin(share, 1 - share);
    return value_at(r->before, r->after, field, at_ns);
}

/* What a counter grew by; NAN: not known. error may be NULL. */
static double counted(const struct timeline *t, int64_t from_ns, int64_t to_ns,
                      enum sample_field field, double *error)
{
    struct around begin = readings_around(t, from_ns, field);
    struct around end   = readings_around(t, to_ns, field);
    double        begin_error, end_error, grown;

    /* One reading alone has no difference. */
    if (!begin.before && !end.after && begin.after == end.before) return NAN;
    if (begin.before == end.before && !end.after) return NAN;
    if (begin.after == end.after && !begin.before) return NAN;
    grown = counter_at(&end, field, to_ns, &end_error) -
            counter_at(&begin, field, from_ns, &begin_error);
    if (error) *error = begin_error + end_error;
    return grown < 0 ? 0 : grown;
}

/* ---- levels ------------------------------------------------------------ */

struct level {
    double area, covered_s;       /* value x time, by trapezoids             */
    double least, most;           /* NAN: never read                         */
};

/* A straight line from one reading to the next, as far as it is inside. */
static void add_stretch(struct level *l, const struct sample *a,
                        const struct sample *b, enum sample_field field,
                        int64_t from_ns, int64_t to_ns)
{
    int64_t begin = a->at_ns > from_ns ? a->at_ns : from_ns;
    int64_t end   = b->at_ns < to_ns ? b->at_ns : to_ns;
    double  s     = s_between(begin, end);

    if (!(s > 0) || s_between(a->at_ns, b->at_ns) > GAP_S) return;
    l->area += s * (value_at(a, b, field, begin) + value_at(a, b, field, end)) /
               2;
    l->covered_s += s;
}

/* Before the first reading and after the last its value holds, for 1 s. */
static void add_edge(struct level *l, double value, double s)
{
    s = fmin(s, NEAR_S);
    if (!(s > 0)) return;
    l->area += s * value;
    l->covered_s += s;
}

static struct level level_of(const struct timeline *t, int64_t from_ns,
                             int64_t to_ns, enum sample_field field)
{
    struct level         l = {.least = NAN, .most = NAN};
    size_t               begin = first_after(t, from_ns);
    size_t               end = first_after(t, to_ns);
    const struct sample *last = reading_before(t, begin, from_ns, field,
                                               NEAR_S);
    const struct sample *beyond = reading_after(t, end, to_ns, field, NEAR_S);

    if (last) l.least = l.most = last->v[field];
    for (size_t i = begin; i <= end; i++) {
        const struct sample *s = i < end ? timeline_at(t, i) : beyond;
        if (!s || !isfinite(s->v[field])) continue;
        if (last) add_stretch(&l, last, s, field, from_ns, to_ns);
        else add_edge(&l, s->v[field],
                      s_between(from_ns, s->at_ns < to_ns ? s->at_ns : to_ns));
        l.least = fmin(l.least, s->v[field]);
        l.most = fmax(l.most, s->v[field]);
        last = s;
    }
    if (last && !beyond)
        add_edge(&l, last->v[field],
                 s_between(last->at_ns > from_ns ? last->at_ns : from_ns,
                           to_ns));
    return l;
}

static double mean_of(const struct level *l)
{
    if (!(l->covered_s > 0)) return NAN;
    return fmin(fmax(l->area / l->covered_s, l->least), l->most);
}

/* ---- energy ------------------------------------------------------------ */

struct energy {
    double j, error_j;            /* NAN: not measured                       */
};

/* The largest change of a level from one reading to the next around one
 * moment, times half the time between those that it lies between. */
static double end_error(const struct timeline *t, int64_t at_ns,
                        enum sample_field field)
{
    struct around        r = readings_around(t, at_ns, field);
    const struct sample *all[4] = {0};
    double               change = 0, width_s = NEAR_S;

    all[1] = r.before;
    all[2] = r.after;
    if (r.before)
        all[0] = reading_before(t, first_after(t, r.before->at_ns - 1),
                                r.before->at_ns, field, NEAR_S);
    if (r.after)
        all[3] = reading_after(t, first_after(t, r.after->at_ns),
                               r.after->at_ns, field, NEAR_S);
    for (size_t i = 0; i + 1 < sizeof all / sizeof *all; i++)
        if (all[i] && all[i + 1])
            change = fmax(change, fabs(all[i + 1]->v[field] -
                                       all[i]->v[field]));
    if (r.before && r.after)
        width_s = s_between(r.before->at_ns, r.after->at_ns);
    else if (r.before || r.after)
        width_s = 2 * fabs(s_between((r.before ? r.before : r.after)->at_ns,
                                     at_ns));
    return width_s / 2 * change;
}

static struct energy by_power(const struct timeline *t, int64_t from_ns,
                              int64_t to_ns, enum sample_field field)
{
    struct level l = level_of(t, from_ns, to_ns, field);
    double       s = s_between(from_ns, to_ns);

    /* What was not watched throughout has an unknown part. */
    if (!(l.covered_s > 0 && l.covered_s >= 0.999 * s))
        return (struct energy){NAN, NAN};
    return (struct energy){l.area, QUANTUM * fabs(l.area) +
                           end_error(t, from_ns, field) +
                           end_error(t, to_ns, field)};
}

static struct energy by_counter(const struct timeline *t, int64_t from_ns,
                                int64_t to_ns, enum sample_field field)
{
    struct energy e = {NAN, NAN};

    e.j = counted(t, from_ns, to_ns, field, &e.error_j);
    if (isnan(e.j)) e.error_j = NAN;
    return e;
}

static struct energy sum(struct energy a, struct energy b)
{
    return (struct energy){a.j + b.j, a.error_j + b.error_j};
}

static struct energy of_gpu(const struct timeline *t, int64_t from_ns,
                            int64_t to_ns)
{
    struct energy e = by_counter(t, from_ns, to_ns, SAMPLE_gpu_energy_j);

    return isnan(e.j) ? by_power(t, from_ns, to_ns, SAMPLE_gpu_power_w) : e;
}

static struct energy of_scope(const struct timeline *t, int64_t from_ns,
                              int64_t to_ns, enum energy_scope scope)
{
    struct energy none = {NAN, NAN};
    struct energy package;

    if (scope == ENERGY_BOARD)
        return by_power(t, from_ns, to_ns, SAMPLE_input_power_w);
    if (scope == ENERGY_GPU) return of_gpu(t, from_ns, to_ns);
    package = by_counter(t, from_ns, to_ns, SAMPLE_package_energy_j);
    if (isnan(package.j)) return none;
    return scope == ENERGY_PACKAGE ? package
                                   : sum(package, of_gpu(t, from_ns, to_ns));
}

/* Of a level the highest reading; of counters the highest mean. */
static double peak_power(const struct timeline *t, int64_t from_ns,
                         int64_t to_ns, enum energy_scope scope)
{
    double whole_s = s_between(from_ns, to_ns), most = NAN;
    double step_s  = fmin(whole_s, fmax(PEAK_S, whole_s / PEAKS_MAX));

    if (scope == ENERGY_BOARD)
        return level_of(t, from_ns, to_ns, SAMPLE_input_power_w).most;
    if (scope == ENERGY_GPU)
        most = level_of(t, from_ns, to_ns, SAMPLE_gpu_power_w).most;
    if (!isnan(most)) return most;
    for (int i = 0; (i + 1) * step_s <= whole_s * 1.000001; i++) {
        int64_t begin = from_ns + (int64_t)(i * step_s * (double)NS_PER_S);
        int64_t end   = begin + (int64_t)(step_s * (double)NS_PER_S);
        most = fmax(most, of_scope(t, begin, end, scope).j /
                          s_between(begin, end));
    }
    return most;
}

static void join_energy(const struct timeline *t, int64_t from_ns,
                        int64_t first_ns, int64_t to_ns,
                        struct telemetry *out)
{
    struct energy whole = {NAN, NAN}, late;
    int           scope;

    for (scope = ENERGY_BOARD; scope <= ENERGY_GPU; scope++) {
        whole = of_scope(t, from_ns, to_ns, (enum energy_scope)scope);
        if (!isnan(whole.j)) break;
    }
    if (isnan(whole.j)) return;
    out->energy_scope = scope;
    out->energy_j = whole.j;
    out->energy_error_j = whole.error_j;
    out->power_w = whole.j / out->duration_s;
    out->power_peak_w = peak_power(t, from_ns, to_ns,
                                   (enum energy_scope)scope);
    if (first_ns < from_ns || first_ns >= to_ns) return;
    late = of_scope(t, first_ns, to_ns, (enum energy_scope)scope);
    out->generation_energy_j = late.j;
    out->generation_energy_error_j = late.error_j;
}

const char *energy_scope_name(double scope)
{
    if (scope == ENERGY_BOARD) return "board input";
    if (scope == ENERGY_PACKAGE_AND_GPU) return "processor package and GPU";
    if (scope == ENERGY_PACKAGE) return "processor package";
    if (scope == ENERGY_GPU) return "GPU";
    return "";
}

/* ---- one turn ---------------------------------------------------------- */

void telemetry_init(struct telemetry *t)
{
    *t = (struct telemetry){
#define X(field, help) .field = NAN,
        TELEMETRY_FIELDS(X)
#undef X
    };
}

static void join_levels(const struct timeline *t, int64_t from_ns,
                        int64_t to_ns, struct telemetry *out)
{
    struct level load = level_of(t, from_ns, to_ns, SAMPLE_gpu_load_pct);
    struct level gpu  = level_of(t, from_ns, to_ns, SAMPLE_gpu_freq_hz);
    struct level cpu  = level_of(t, from_ns, to_ns, SAMPLE_cpu_freq_hz);

    out->gpu_load_pct = mean_of(&load);
    out->gpu_load_peak_pct = load.most;
    out->gpu_freq_hz = mean_of(&gpu);
    out->gpu_freq_low_hz = gpu.least;
    out->cpu_freq_hz = mean_of(&cpu);
#define LEAST(field) level_of(t, from_ns, to_ns, SAMPLE_##field).least
#define MOST(field)  level_of(t, from_ns, to_ns, SAMPLE_##field).most
    out->gpu_max_freq_low_hz = LEAST(gpu_max_freq_hz);
    out->cpu_max_freq_low_hz = LEAST(cpu_max_freq_hz);
    out->available_low_bytes = LEAST(available_bytes);
    out->temp_c = MOST(temp_c);
    out->cooling_state = MOST(cooling_state);
    out->coload_bytes = MOST(coload_bytes);
    out->engine_anon_bytes = MOST(engine_anon_bytes);
    out->device_bytes = MOST(device_bytes);
#undef LEAST
#undef MOST
}

/* All bits that were set at any time, of the readings that levels look at. */
static double flags_of(const struct timeline *t, int64_t from_ns,
                       int64_t to_ns)
{
    size_t   begin = first_after(t, from_ns), end = first_after(t, to_ns);
    unsigned bits = 0;
    bool     is_known = false;
    const struct sample *edges[2] = {
        reading_before(t, begin, from_ns, SAMPLE_throttle_flags, NEAR_S),
        reading_after(t, end, to_ns, SAMPLE_throttle_flags, NEAR_S)};

    for (size_t i = begin; i < end + 2; i++) {
        const struct sample *s = i < end ? timeline_at(t, i) : edges[i - end];
        double value = s ? s->v[SAMPLE_throttle_flags] : NAN;
        if (!(value >= 0 && value <= 0xffff)) continue;
        bits |= (unsigned)value;
        is_known = true;
    }
    return is_known ? (double)bits : NAN;
}

static double or_none(double value) { return isnan(value) ? 0 : value; }

static void join_counters(const struct timeline *t, int64_t from_ns,
                          int64_t to_ns, struct telemetry *out)
{
#define COUNTED(field) counted(t, from_ns, to_ns, SAMPLE_##field, NULL)
    double engine_s = COUNTED(engine_cpu_s), coload_s = COUNTED(coload_cpu_s);
    double other_s  = COUNTED(cpu_busy_s) - engine_s - or_none(coload_s) -
                      or_none(COUNTED(own_cpu_s));

    out->oc_events = COUNTED(oc_events);
    out->memory_stall_s = COUNTED(memory_stall_s);
    out->swapped_bytes = COUNTED(swapped_bytes);
    out->engine_fault_bytes = COUNTED(engine_fault_bytes);
    out->engine_cpu_cores = engine_s / out->duration_s;
    out->coload_cpu_cores = coload_s / out->duration_s;
    out->stolen_cpu_cores = COUNTED(cpu_stolen_s) / out->duration_s;
    out->other_cpu_cores = (other_s < 0 ? 0 : other_s) / out->duration_s;
#undef COUNTED
}

void telemetry_join(const struct timeline *t, int64_t from_ns,
                    int64_t first_ns, int64_t to_ns, struct telemetry *out)
{
    size_t before;

    telemetry_init(out);
    if (from_ns < 0 || to_ns <= from_ns || to_ns > INT64_MAX / 2) return;
    out->duration_s = s_between(from_ns, to_ns);
    before = first_after(t, from_ns);
    while (before > 0 && timeline_at(t, before - 1)->at_ns == from_ns) before--;
    out->samples = (double)(first_after(t, to_ns) - before);
    join_levels(t, from_ns, to_ns, out);
    out->throttle_flags = flags_of(t, from_ns, to_ns);
    join_counters(t, from_ns, to_ns, out);
    join_energy(t, from_ns, first_ns, to_ns, out);
}
