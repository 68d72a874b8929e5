/* SPDX-License-Identifier: MIT */
/* mixed.c - many engines in a row, each with a fault of its own, in an order
 * that a seed decides: each is a stored result with the right words, the next
 * one is measured as if nothing had been, and the machine is left as it was
 * found.
 *
 *   FAULTS=200 FAULT_SEED=6 build/tests/faults/mixed
 *
 * AUDITION, FAKE_SERVER and AUDITION_DATA as for tests/e2e. */
#define _GNU_SOURCE      /* realpath */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "e2e/document.h"

#define LIMITS "--silence-timeout 0.4 --first-timeout 0.4 " \
               "--answer-timeout 0.8 --load-timeout 1 "
#define PER_RUN      20     /* candidates of one audition                   */
#define GOOD_EVERY   5      /* one in so many has no fault                  */
#define MAX_GROWN_FDS 6     /* of the program from one engine to another: its
                               connection and store are open or are not     */
#define LOG_BYTES    (96 << 20)   /* 16 MiB, and what a flood writes until it
                                     is looked at again                     */

struct kind {
    const char *script;
    const char *words;         /* in its failure; NULL: it is measured      */
};

#define AT(kind, event) "{\"fault\":{\"kind\":\"" kind "\",\"at_event\":" \
                        event "}}"
#define LATER(kind) "{\"fault\":{\"kind\":\"" kind "\",\"at_request\":4," \
                    "\"at_event\":3,\"path\":\"/v1/chat/completions\"}}"

static const struct kind kinds[] = {
    /* while it loads */
    {"{\"fail_on_load\":\"oom\"}", "out of memory"},
    {"{\"fail_on_load\":\"sigkill\"}", "loading the model, llama-server was "
     "killed by SIGKILL"},
    {"{\"fail_on_load\":\"sigsegv\"}", "loading the model, llama-server was "
     "killed by SIGSEGV"},
    {"{\"fail_on_load\":\"sigabrt\"}", "loading the model, llama-server was "
     "killed by SIGABRT"},
    {"{\"fail_on_load\":\"sigill\"}", "uses instructions this CPU does not"},
    {"{\"fail_on_load\":\"exit0\"}", "exited with status 0"},
    {"{\"fail_on_load\":\"exit1\"}", "exited with status 1"},
    {"{\"fail_on_load\":\"no_listen\"}", "was not loaded after 1 s"},
    {"{\"fail_on_load\":\"mute\"}", "was not loaded after 1 s"},
    {"{\"fail_on_load\":\"hang\"}", "was not loaded after 1 s"},
    {"{\"fail_on_load\":\"hang\",\"ignore_sigterm\":true}",
     "was not loaded after 1 s"},
    {"{\"fail_on_load\":\"port_stolen\"}", "another program answers on port"},
    /* with the first token */
    {AT("die_sigkill", "1"), "while answering, llama-server was killed by "
     "SIGKILL"},
    {AT("die_sigsegv", "1"), "while answering, llama-server was killed by "
     "SIGSEGV"},
    {AT("die_sigabrt", "1"), "while answering, llama-server was killed by "
     "SIGABRT"},
    {AT("die_sigill", "1"), "uses instructions this CPU does not"},
    {AT("exit0", "1"), "while answering, llama-server exited with status 0"},
    {AT("oom_mid", "1"), "out of memory"},
    /* later, in the middle of an answer */
    {LATER("die_sigkill"), "while answering, llama-server was killed by "
     "SIGKILL"},
    {LATER("die_sigsegv"), "while answering, llama-server was killed by "
     "SIGSEGV"},
    {LATER("die_sigabrt"), "while answering, llama-server was killed by "
     "SIGABRT"},
    {LATER("oom_mid"), "out of memory"},
    {AT("sigstop", "3"), "0.4 s"},
    {AT("cut", "4"), "closed the connection before its reply was complete"},
    {AT("stall", "4"), "fell silent before its end for more than 0.4 s"},
    {AT("endless", "2"), "the answer was not complete after 0.8 s"},
    {"{\"fault\":{\"kind\":\"http503\"}}", "answered HTTP 503"},
    {AT("unlisten", "3"), "no longer listens"},
    /* what an engine does to its machine */
    {"{\"grandchildren\":8}", NULL},
    {"{\"grandchildren\":8,\"fail_on_load\":\"sigsegv\"}", "SIGSEGV"},
    {"{\"grandchildren\":8,\"ignore_sigterm\":true,\"fault\":{\"kind\":"
     "\"stall\"}}", "fell silent"},
    {"{\"log_flood\":50}", NULL},
    {"{\"log_flood\":50,\"fail_on_load\":\"hang\"}",
     "was not loaded after 1 s"},
    /* an answer that is only strange, and a fault that does not come again */
    {"{\"fault\":{\"kind\":\"no_done\"}}", NULL},
    {"{\"fault\":{\"kind\":\"cut\",\"once\":\"ONCE\"}}", NULL},
};
#define N_KINDS (sizeof kinds / sizeof *kinds)
static const struct kind good = {"{}", NULL};

/* xorshift: the same order for the same seed, on every machine. */
static uint32_t next_number(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static long setting(const char *name, long otherwise)
{
    const char *text = getenv(name);
    long        n    = text ? strtol(text, NULL, 10) : otherwise;

    return n > 0 ? n : otherwise;
}

/* All kinds in turn, each turn in another order. */
struct deck {
    uint32_t           seed;
    const struct kind *cards[N_KINDS];
    size_t             left;
};

static const struct kind *draw(struct deck *d)
{
    if (d->left > 0) return d->cards[--d->left];
    for (size_t i = 0; i < N_KINDS; i++) {       /* shuffled as it is dealt */
        size_t k = next_number(&d->seed) % (i + 1);

        d->cards[i] = d->cards[k];
        d->cards[k] = &kinds[i];
    }
    d->left = N_KINDS;
    return d->cards[--d->left];
}

/* One audition: its candidates, and where the engines count. */
struct round {
    const struct kind *kinds[PER_RUN];
    size_t             n;
    int                number;
    char              *descriptors;
};

static void name_of(const struct round *r, size_t i, char *out, size_t size)
{
    snprintf(out, size, "r%d-%02zu", r->number, i);
}

static json_t *script_of(const struct workplace *w, const struct round *r,
                         size_t i)
{
    json_t *script = json_loads(r->kinds[i]->script, 0, NULL);
    json_t *fault  = json_object_get(script, "fault");

    if (!script) fail_msg("no JSON: %s", r->kinds[i]->script);
    if (json_object_get(fault, "once")) {
        char *path = mem_printf("%s/once-%d-%zu", w->tree.root, r->number, i);
        json_object_set_new(fault, "once", json_string(path));
        free(path);
    }
    return script;
}

static void prepare(struct workplace *w, const struct round *r)
{
    json_t *models = json_object();
    json_t *script = json_pack("{s:s,s:o}", "descriptors", r->descriptors,
                               "models", models);
    char   *text, name[40], part[48];

    for (size_t i = 0; i < r->n; i++) {
        name_of(r, i, name, sizeof name);
        workplace_model(w, name);
        snprintf(part, sizeof part, "%s.gguf", name);
        json_object_set_new(models, part, script_of(w, r, i));
    }
    text = json_dumps(script, 0);
    workplace_script(w, text);
    free(text);
    json_decref(script);
}

/* ---- what must be true afterwards --------------------------------------- */

static int differs_from(const json_t *document, const struct round *r,
                        size_t i)
{
    const struct kind *k = r->kinds[i];
    const json_t      *got;
    const char        *status, *failure;
    char               name[40];

    name_of(r, i, name, sizeof name);
    got = candidate_of(document, name);
    status = text_at(got, "status");
    failure = text_at(got, "failure");
    /* "partial": it died, and what was measured before is kept. */
    if (k->words ? (strcmp(status, "failed") == 0 ||
                    strcmp(status, "partial") == 0) && strstr(failure, k->words)
                 : is_measured(document, name))
        return 0;
    print_error("*** %s %s: wanted %s, got %s: %s\n", name, k->script,
                k->words ? k->words : "numbers", status, failure);
    return 1;
}

/* How many open descriptors the program had, engine after engine. */
static int grown_descriptors(const struct round *r)
{
    char *text = read_text(r->descriptors), *at = text;
    long  first = 0, last = 0;

    for (size_t n = 0; *at; n++, at += strcspn(at, "\n") + 1) {
        last = strtol(at, NULL, 10);
        if (n == 0) first = last;
    }
    free(text);
    return (int)(last - first);
}

static size_t count_files(const char *folder, const char *with)
{
    DIR           *dir = opendir(folder);
    struct dirent *e;
    size_t         n = 0;

    while (dir && (e = readdir(dir)))
        n += *e->d_name != '.' && (!with || strstr(e->d_name, with));
    if (dir) closedir(dir);
    return n;
}

static int complains(bool is_wrong, const char *what, long n)
{
    if (is_wrong) print_error("*** %s: %ld\n", what, n);
    return is_wrong;
}

static int check_logs(const struct workplace *w, const struct round *r)
{
    char  *path, *log, name[40];
    size_t failed = 0, kept = count_files(w->folder, ".log");
    int    bad = 0;

    for (size_t i = 0; i < r->n; i++) {
        struct stat st;

        failed += r->kinds[i]->words != NULL;
        name_of(r, i, name, sizeof name);
        log = mem_printf("audition-%s.log", name);
        path = workplace_path(w, log);
        if (stat(path, &st) == 0 && st.st_size > LOG_BYTES) {
            print_error("*** %s has %lld bytes\n", log, (long long)st.st_size);
            bad++;
        }
        remove(path);
        free(path);
        free(log);
    }
    return bad + complains(kept > failed, "logs are kept of measured ones",
                           (long)(kept - failed));
}

static int check_machine(const struct workplace *w, const struct round *r)
{
    char  *records = mem_printf("%s/home/state/audition/children",
                                w->tree.root);
    char  *temp    = temp_path(&w->tree, "tmp");
    size_t n_temp  = count_files(temp, NULL);
    size_t n_left  = count_files(records, NULL);
    int    grown   = grown_descriptors(r), bad = 0;

    bad += complains(!all_gone(w), "processes run on", count_living(w));
    bad += complains(n_left > 0, "records of children are left", (long)n_left);
    bad += complains(n_temp > 0, "temporary files are left", (long)n_temp);
    bad += complains(grown > MAX_GROWN_FDS, "descriptors are open more than "
                     "at the first engine", grown);
    free(temp);
    free(records);
    return bad + check_logs(w, r);
}

static int play(struct workplace *w, struct round *r)
{
    char           *line = mem_printf("run -m r%d-*.gguf --json " SHORT LIMITS,
                                      r->number);
    struct running  run;
    struct outcome  o;
    json_t         *document;
    size_t          n;
    int             bad = 0;

    prepare(w, r);
    run = program_start(w, line);
    program_end(&run, &o);
    document = document_of(&o);
    bad += differs(&o, "a round", 0, NULL, NULL);
    bad += complains(strstr(o.err, "Sanitizer"), o.err, 1);
    n = json_array_size(json_object_get(document, "candidates"));
    bad += complains(n != r->n, "candidates in the report", (long)n);
    for (size_t i = 0; i < r->n; i++) bad += differs_from(document, r, i);
    json_decref(document);
    outcome_done(&o);
    free(line);
    return bad + check_machine(w, r);
}

/* A second audition of the last round, which finds all of it in the store. */
static int check_stored(struct workplace *w, const struct round *r)
{
    char          *line = mem_printf("run -m r%d-*.gguf --json " SHORT LIMITS,
                                     r->number);
    struct outcome o;
    json_t        *document;
    int            bad = 0;

    program_run(w, line, &o);
    document = document_of(&o);
    for (size_t i = 0; i < r->n; i++) bad += differs_from(document, r, i);
    json_decref(document);
    outcome_done(&o);
    free(line);
    return bad;
}

static void test_mixed_faults_lose_nothing_and_leave_nothing(void **state)
{
    long             wanted = setting("FAULTS", 200), met = 0;
    struct deck      deck   = {.seed = (uint32_t)setting("FAULT_SEED", 6)};
    struct workplace w;
    struct round     r = {.number = 0};
    char            *temp;
    int              bad = 0;

    (void)state;
    workplace_begin(&w, NULL);
    temp_text(&w.tree, "tmp/.keep", "");
    temp = mem_printf("TMPDIR=%s/tmp", w.tree.root);
    workplace_env(&w, temp);
    free(temp);
    print_message("%ld faults, seed %u\n", wanted, deck.seed);
    while (met < wanted) {
        r.number++;
        r.descriptors = mem_printf("%s/fds-%d", w.tree.root, r.number);
        for (r.n = 0; r.n < PER_RUN && (met < wanted || r.n % GOOD_EVERY);) {
            if (r.n % GOOD_EVERY == GOOD_EVERY - 1) {
                r.kinds[r.n++] = &good;
            } else {
                r.kinds[r.n++] = draw(&deck);
                met++;
            }
        }
        bad += play(&w, &r);
        print_message("round %d: %ld faults so far, %d wrong\n", r.number,
                      met, bad);
        if (met >= wanted) bad += check_stored(&w, &r);
        free(r.descriptors);
    }
    workplace_end(&w);
    assert_int_equal(bad, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mixed_faults_lose_nothing_and_leave_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
