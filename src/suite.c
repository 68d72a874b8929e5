/* SPDX-License-Identifier: MIT */
/* suite.c - reading suite files and drawing a sample from them. What a line
 * must look like is checked here, once; whether a case is sound is the
 * business of suite_check.c. */
#include "suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "base/opt.h"
#include "digest.h"
#include "score/score.h"
#include "share.h"

#define FILE_MAX_BYTES ((size_t)256 << 20)
#define LINE_MAX_BYTES ((size_t)1 << 20)
#define SAY_MAX_BYTES  ((size_t)32 << 10)
#define NAME_MAX_BYTES 80   /* of suite, id, category: they go into keys */

/* ---- one line ----------------------------------------------------------- */

enum need { NEEDED, OPTIONAL };

static const struct field {
    const char *name;
    json_type   type;
    enum need   need;
} fields[] = {
    {"id", JSON_STRING, NEEDED},       {"suite", JSON_STRING, OPTIONAL},
    {"category", JSON_STRING, OPTIONAL}, {"home", JSON_STRING, OPTIONAL},
    {"setup", JSON_OBJECT, OPTIONAL},  {"say", JSON_STRING, NEEDED},
    {"checks", JSON_ARRAY, NEEDED},    {"reference", JSON_OBJECT, OPTIONAL},
    {"wrong", JSON_OBJECT, OPTIONAL},  {"why", JSON_STRING, OPTIONAL},
};
#define N_FIELDS (sizeof fields / sizeof *fields)

static const char *type_name(json_type type)
{
    return type == JSON_STRING ? "a text"
           : type == JSON_ARRAY ? "a list" : "an object";
}

static int check_fields(const json_t *line, struct err *err)
{
    const char *key;
    json_t     *value;

    json_object_foreach((json_t *)line, key, value) {
        size_t i = 0;

        while (i < N_FIELDS && strcmp(fields[i].name, key) != 0) i++;
        if (i == N_FIELDS)
            return err_set(err, ERR_INPUT, "a case has no field \"%.100s\"; "
                           "take it out or correct its name", key);
        if (json_typeof(value) != fields[i].type)
            return err_set(err, ERR_INPUT, "field \"%s\" must be %s", key,
                           type_name(fields[i].type));
    }
    for (size_t i = 0; i < N_FIELDS; i++)
        if (fields[i].need == NEEDED && !json_object_get(line, fields[i].name))
            return err_set(err, ERR_INPUT, "the case needs a field \"%s\"",
                           fields[i].name);
    return 0;
}

/* Visible ASCII or letters of other scripts, no white space. */
static int check_name(const json_t *line, const char *key, struct err *err)
{
    const json_t *value = json_object_get(line, key);
    const char   *name  = json_string_value(value);
    size_t        len   = json_string_length(value);

    if (!value) return 0;
    for (const char *c = name; *c; c++)
        if ((unsigned char)*c <= ' ' || *c == 0x7f) len = 0;
    if (len == 0 || len > NAME_MAX_BYTES || strlen(name) != len)
        return err_set(err, ERR_INPUT, "field \"%s\" must have 1 to %d bytes "
                       "and no white space", key, NAME_MAX_BYTES);
    return 0;
}

/* {"calls":[{"name":...,"arguments":{...}}], "answer":...} */
static int check_sample(const json_t *line, const char *key, struct err *err)
{
    const json_t *sample = json_object_get(line, key), *call, *value;
    const json_t *calls  = json_object_get(sample, "calls");
    const char   *name;
    size_t        i;

    json_object_foreach((json_t *)sample, name, value)
        if (strcmp(name, "calls") != 0 && strcmp(name, "answer") != 0)
            return err_set(err, ERR_INPUT, "\"%s\" has no field \"%.100s\"; "
                           "it knows calls and answer", key, name);
    value = json_object_get(sample, "answer");
    if ((calls && !json_is_array(calls)) || (value && !json_is_string(value)))
        return err_set(err, ERR_INPUT, "\"%s\" must have a list \"calls\" and "
                       "a text \"answer\"", key);
    json_array_foreach(calls, i, call)
        if (!jsonx_text(call, "name") || json_object_size(call) != 2 ||
            !json_is_object(json_object_get(call, "arguments")))
            return err_set(err, ERR_INPUT, "call %zu of \"%s\" must be "
                           "{\"name\":text,\"arguments\":object}", i + 1, key);
    return 0;
}

static int check_checks(const struct suite_case *c, struct err *err)
{
    size_t        i;
    const json_t *check;

    if (json_array_size(c->checks) == 0)
        return err_set(err, ERR_INPUT, "\"checks\" is empty; any answer would "
                       "pass");
    json_array_foreach(c->checks, i, check) {
        const char             *name = jsonx_text(check, "scorer");
        const struct score_ops *scorer = score_find(name);

        if (!name)
            return err_set(err, ERR_INPUT, "check %zu must be an object with "
                           "a text \"scorer\"", i + 1);
        if (!scorer)
            return err_set(err, ERR_INPUT, "check %zu: no scorer is called "
                           "\"%.100s\"", i + 1, name);
        if (scorer->check_rule(check, c, err))
            return err_ctx(err, "check %zu", i + 1);
    }
    return 0;
}

static char *copy_text(const json_t *line, const char *key,
                       const char *fallback)
{
    const char *text = jsonx_text(line, key);

    return mem_copy(text ? text : fallback);
}

static void case_done(struct suite_case *c)
{
    free(c->suite);
    free(c->id);
    free(c->category);
    free(c->home);
    free(c->say);
    json_decref(c->setup);
    json_decref(c->checks);
    json_decref(c->reference);
    json_decref(c->wrong);
}

static int read_case(struct suite_case *c, const json_t *line,
                     const char *suite, struct err *err)
{
    char  *canonical;
    size_t said;

    if (!json_is_object(line))
        return err_set(err, ERR_INPUT, "a line must hold one case, an object");
    if (check_fields(line, err) || check_name(line, "id", err) ||
        check_name(line, "suite", err) || check_name(line, "category", err) ||
        check_name(line, "home", err) ||
        check_sample(line, "reference", err) ||
        check_sample(line, "wrong", err))
        return -1;
    said = json_string_length(json_object_get(line, "say"));
    if (said == 0 || said > SAY_MAX_BYTES ||
        strlen(jsonx_text(line, "say")) != said)
        return err_set(err, ERR_INPUT, "\"say\" must have 1 to %zu bytes, "
                       "none of them NUL", SAY_MAX_BYTES);
    if (json_object_get(line, "setup") && !json_object_get(line, "home"))
        return err_set(err, ERR_INPUT, "\"setup\" changes a home, and the "
                       "case has no \"home\"");

    c->suite     = copy_text(line, "suite", suite);
    c->id        = copy_text(line, "id", NULL);
    c->category  = copy_text(line, "category", "general");
    c->home      = copy_text(line, "home", NULL);
    c->say       = copy_text(line, "say", NULL);
    c->setup     = json_incref(json_object_get(line, "setup"));
    c->checks    = json_incref(json_object_get(line, "checks"));
    c->reference = json_incref(json_object_get(line, "reference"));
    c->wrong     = json_incref(json_object_get(line, "wrong"));
    canonical    = jsonx_canonical(line);
    digest_text(canonical, strlen(canonical), c->hash);
    free(canonical);
    return check_checks(c, err);
}

/* ---- the file ----------------------------------------------------------- */

static bool is_blank(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!strchr(" \t\r", text[i])) return false;
    return true;
}

/* Grown by doubling: imported suites have many thousand lines. */
static struct suite_case *add_case(struct suite *s)
{
    if ((s->n & (s->n - 1)) == 0)
        s->cases = mem_grow(s->cases, s->n ? s->n * 2 : 1, sizeof *s->cases);
    s->cases[s->n] = (struct suite_case){0};
    return &s->cases[s->n++];
}

static int read_line(struct suite *s, const char *text, size_t len,
                     size_t number, json_t *lines_of_ids, struct err *err)
{
    struct suite_case *c;
    json_t            *line;
    const json_t      *before;
    int                rc;

    if (is_blank(text, len)) return 0;
    if (len > LINE_MAX_BYTES)
        return err_set(err, ERR_INPUT, "the line has more than %zu bytes; "
                       "split the case", LINE_MAX_BYTES);
    line = jsonx_parse(text, len, err);
    if (!line) return -1;
    c  = add_case(s);
    rc = read_case(c, line, s->name, err);
    json_decref(line);
    if (rc) return -1;
    before = json_object_get(lines_of_ids, c->id);
    if (before)
        return err_set(err, ERR_INPUT, "id \"%s\" is also in line %lld; ids "
                       "must be unique", c->id,
                       (long long)json_integer_value(before));
    json_object_set_new(lines_of_ids, c->id, json_integer((long long)number));
    return 0;
}

static int read_lines(struct suite *s, const struct bytes *file,
                      const char *label, struct err *err)
{
    const char *at     = (const char *)file->data;
    size_t      left   = file->size, number = 0;
    json_t     *ids    = json_object();
    int         rc     = 0;

    while (left > 0 && rc == 0) {
        const char *end = memchr(at, '\n', left);
        size_t      len = end ? (size_t)(end - at) : left;

        rc = read_line(s, at, len, ++number, ids, err);
        if (rc) err_ctx(err, "%s:%zu", label, number);
        at += len + (end ? 1 : 0);
        left -= len + (end ? 1 : 0);
    }
    json_decref(ids);
    if (rc == 0 && s->n == 0)
        return err_set(err, ERR_INPUT, "%s: has no cases", label);
    return rc;
}

static bool is_path(const char *name)
{
    size_t len = strlen(name);

    return strchr(name, '/') ||
           (len > 6 && strcmp(name + len - 6, ".jsonl") == 0);
}

/* "share/suites/home.jsonl" -> "home" */
static char *stem(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *start = slash ? slash + 1 : path;
    const char *dot   = strrchr(start, '.');

    return mem_copy_n(start, dot && dot > start ? (size_t)(dot - start)
                                                : strlen(start));
}

/* A slip in a name, or no data folder at all. */
static void tell_missing(const char *name, const char *why, struct err *err)
{
    static const char *const ours[] = {"home", "small_talk", "instructions",
                                       "speech", NULL};
    const char *near  = opt_nearest(name, ours);
    char       *there = share_path("suites/home.jsonl", NULL);

    if (there)
        err_set(err, ERR_INPUT, "there is no suite \"%s\"%s%s%s; ours are "
                "home, small_talk, instructions and speech, a file of your own "
                "is named with its .jsonl", name, near ? ", did you mean \""
                : "", near ? near : "", near ? "\"" : "");
    else
        err_set(err, ERR_INPUT, "there is no suite \"%s\": %s", name, why);
    free(there);
}

int suite_load(struct suite *out, const char *name, struct err *err)
{
    struct bytes file  = {0};
    struct suite s     = {0};
    char        *label = is_path(name) ? mem_copy(name)
                                       : mem_printf("%s.jsonl", name);
    char        *inside = mem_printf("suites/%s", label);
    struct err   why    = {0};
    char        *path   = is_path(name) ? mem_copy(name)
                                        : share_path(inside, &why);
    int          rc     = -1;

    *out   = s;
    s.name = stem(label);
    if (!path) {
        tell_missing(name, why.text, err);
        goto done;
    }
    if (bytes_read(&file, path, FILE_MAX_BYTES, err)) {
        err_ctx(err, "suite %s", path);
        goto done;
    }
    rc = read_lines(&s, &file, label, err);

done:
    if (rc) suite_done(&s);
    else *out = s;
    bytes_done(&file);
    free(label);
    free(inside);
    free(path);
    return rc;
}

void suite_done(struct suite *s)
{
    for (size_t i = 0; i < s->n; i++) case_done(&s->cases[i]);
    free(s->cases);
    free(s->name);
    *s = (struct suite){0};
}

/* ---- the sample --------------------------------------------------------- */

/* FNV-1a, then the finaliser of SplitMix64: equal texts and seeds give equal
 * numbers everywhere, and near ones far numbers. */
static uint64_t mix(uint64_t seed, const char *text)
{
    uint64_t h = 14695981039346656037u ^ seed;

    for (; *text; text++) h = (h ^ (unsigned char)*text) * 1099511628211u;
    h = (h ^ h >> 30) * 0xbf58476d1ce4e5b9u;
    h = (h ^ h >> 27) * 0x94d049bb133111ebu;
    return h ^ h >> 31;
}

struct draw {
    const struct suite_case *test;
    size_t                   suite;             /* index in the suites      */
    uint64_t                 stratum, ticket;
    size_t                   round;   /* 0 for the first of its stratum     */
    double                   share;   /* place in the whole sample          */
};

static int order(uint64_t a, uint64_t b) { return (a > b) - (a < b); }

static int by_stratum(const void *left, const void *right)
{
    const struct draw *a = left, *b = right;
    int                sign = order(a->suite, b->suite);

    if (!sign) sign = strcmp(a->test->category, b->test->category);
    if (!sign) sign = order(a->ticket, b->ticket);
    return sign ? sign : strcmp(a->test->id, b->test->id);
}

static int by_round(const void *left, const void *right)
{
    const struct draw *a = left, *b = right;
    int                sign = order(a->suite, b->suite);

    if (!sign) sign = order(a->round, b->round);
    if (!sign) sign = order(a->stratum, b->stratum);
    return sign ? sign : by_stratum(a, b);
}

static int by_share(const void *left, const void *right)
{
    const struct draw *a = left, *b = right;
    int                sign = (a->share > b->share) - (a->share < b->share);

    return sign ? sign : order(a->suite, b->suite);
}

/* As they are asked: suite by suite, so that a prompt stays in the cache. */
static int by_suite(const void *left, const void *right)
{
    const struct draw *a = left, *b = right;
    int                sign = order(a->suite, b->suite);

    return sign ? sign : by_share(a, b);
}

static bool same_stratum(const struct draw *a, const struct draw *b)
{
    return a->suite == b->suite &&
           strcmp(a->test->category, b->test->category) == 0;
}

/* Each suite by the square root of its size, so that large ones have more
 * and small ones enough; within it each category gives one
 * case per round, in an order that the seed and the case itself decide: a
 * larger sample holds the smaller one. */
size_t suite_pick(const struct suite *suites, size_t n_suites, size_t most,
                  uint64_t seed, const struct suite_case ***picked)
{
    struct draw *draws;
    size_t       n = 0, first = 0;

    for (size_t i = 0; i < n_suites; i++) n += suites[i].n;
    draws = mem_new(n, sizeof *draws);
    n     = 0;
    for (size_t i = 0; i < n_suites; i++)
        for (size_t j = 0; j < suites[i].n; j++) {
            const struct suite_case *c = &suites[i].cases[j];

            draws[n++] = (struct draw){
                .test = c, .suite = i,
                .stratum = mix(mix(seed, c->suite), c->category),
                .ticket = mix(mix(seed, c->suite), c->id)};
        }
    if (n) qsort(draws, n, sizeof *draws, by_stratum);
    for (size_t i = 1; i < n; i++)
        if (same_stratum(&draws[i - 1], &draws[i]))
            draws[i].round = draws[i - 1].round + 1;
    if (n) qsort(draws, n, sizeof *draws, by_round);
    for (size_t i = 0; i < n; i++) {
        if (draws[i].suite != draws[first].suite) first = i;
        draws[i].share = ((double)(i - first) + 0.5) /
                         sqrt((double)suites[draws[i].suite].n);
    }
    if (n) qsort(draws, n, sizeof *draws, by_share);
    if (n > most) n = most;
    if (n) qsort(draws, n, sizeof *draws, by_suite);
    *picked = mem_new(n, sizeof **picked);
    for (size_t i = 0; i < n; i++) (*picked)[i] = draws[i].test;
    free(draws);
    return n;
}
