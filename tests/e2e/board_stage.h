/* SPDX-License-Identifier: MIT */
/* board_stage.h - a board whose every file a test has written: a copied tree
 * in the workplace, and what the fake server does to it while it answers
 * (fake_board.h). */
#ifndef TESTS_E2E_BOARD_STAGE_H
#define TESTS_E2E_BOARD_STAGE_H

#include "document.h"

#define COMPLETION "/completion"
/* The kernel's ticks are a hundredth of a second everywhere we run. */
#define IDLE_STAT "cpu  1000 0 1000 900000 0 0 0 0 0 0\n"
#define ENGINE_STAT "{pid} (llama-server) S 1 {pid} {pid} 0 -1 0 0 0 0 0 " \
                    "50 50 0 0 20 0 1 0 100 0 0\n"
/* So long a load that the sampler has seen whose process it is. */
#define SEEN_LOAD_S 2.4

static inline struct temp_tree board_of(const struct workplace *w)
{
    struct temp_tree board;

    if ((size_t)snprintf(board.root, sizeof board.root, "%s/board",
                         w->tree.root) >= sizeof board.root)
        fail_msg("too long: %s", w->tree.root);
    return board;
}

/* FOLDER/NAME = text, for "name=text name=text"; '~' in a text is a blank. */
static inline void board_files(const struct temp_tree *t, const char *folder,
                               const char *files)
{
    char *copy = mem_copy(files);

    for (char *at = copy; *at;) {
        size_t n = strcspn(at, " ");
        char  *next = at + n + (at[n] == ' '), *text, *path;

        at[n] = '\0';
        text = strchr(at, '=');
        *text++ = '\0';
        for (char *c = text; *c; c++)
            if (*c == '~') *c = ' ';
        path = mem_printf("%s/%s", folder, at);
        temp_text(t, path, text);
        free(path);
        at = next;
    }
    free(copy);
}

static inline char *meminfo(long available_mib)
{
    return mem_printf("MemTotal: %ld kB\nMemFree: 200000 kB\n"
                      "MemAvailable: %ld kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n",
                      16000L * 1024, available_mib * 1024);
}

/* Four cores, 16,000 MiB of which 12,000 are available, cool, nothing runs. */
static inline void board_make(const struct workplace *w)
{
    struct temp_tree t = board_of(w);
    char            *memory = meminfo(12000);

    temp_text(&t, "proc/meminfo", memory);
    temp_text(&t, "proc/stat", IDLE_STAT);
    temp_text(&t, "proc/vmstat", "pswpin 0\npswpout 0\n");
    board_files(&t, "sys/devices/system/cpu", "online=0-3 present=0-3");
    board_files(&t, "sys/devices/system/cpu/cpufreq/policy0",
                "scaling_cur_freq=1900000 scaling_max_freq=2000000 "
                "scaling_min_freq=700000 cpuinfo_max_freq=2000000 "
                "related_cpus=0~1~2~3");
    board_files(&t, "sys/class/thermal/thermal_zone0",
                "type=cpu-thermal temp=45000");
    board_files(&t, "sys/class/thermal/cooling_device0",
                "type=thermal-cpufreq-0 cur_state=0");
    board_files(&t, "sys/class/hwmon/hwmon2",
                "name=soctherm_oc oc1_event_cnt=7");
    free(memory);
}

/* A script that changes this board; changes are added to it. */
static inline json_t *board_script(const struct workplace *w)
{
    struct temp_tree t = board_of(w);

    return json_pack("{s:s,s:[]}", "board_dir", t.root, "board");
}

/* Just before the n-th request for an answer; path may be NULL. */
static inline void board_at(json_t *script, const char *path, int n,
                            const char *file, const char *text)
{
    json_t *change = json_pack("{s:i,s:s,s:s}", "at_request", n, "file", file,
                               "text", text);

    if (path) json_object_set_new(change, "path", json_string(path));
    json_array_append_new(json_object_get(script, "board"), change);
}

/* The same, but s seconds later. */
static inline void board_after(json_t *script, const char *path, int n,
                               double s, const char *file, const char *text)
{
    json_t *list = json_object_get(script, "board");

    board_at(script, path, n, file, text);
    json_object_set_new(json_array_get(list, json_array_size(list) - 1),
                        "after_s", json_real(s));
}

/* "start": before it loads, "gone": when this server has ended. */
static inline void board_when(json_t *script, const char *when,
                              const char *file, const char *text)
{
    json_array_append_new(json_object_get(script, "board"), json_pack(
        "{s:s,s:s,s:s}", "when", when, "file", file, "text", text));
}

/* Takes the script. */
static inline void board_play(const struct workplace *w, json_t *script)
{
    char *text = json_dumps(script, JSON_COMPACT);

    workplace_script(w, text);
    free(text);
    json_decref(script);
}

/* A workplace with this board and one model. */
static inline void board_begin(struct workplace *w)
{
    workplace_begin(w, NULL);
    board_make(w);
    workplace_model(w, "alpha");
}

/* `audition run` on this board; the document, which the caller decrefs. */
static inline json_t *board_run(const struct workplace *w, int code,
                                const char *options)
{
    struct temp_tree t = board_of(w);
    char            *line = mem_printf("run --json -q --sysroot %s %s",
                                       t.root, options);
    struct outcome   o;
    json_t          *document;

    program_run(w, line, &o);
    expect(&o, code, NULL, NULL);
    document = document_of(&o);
    assert_true(all_gone(w));
    outcome_done(&o);
    free(line);
    return document;
}

static inline double value_at(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return json_is_number(value) ? json_number_value(value) : NAN;
}

/* The verdict of that kind, borrowed; NULL: there is none. */
static inline const json_t *verdict_of(const json_t *candidate,
                                       const char *kind)
{
    const json_t *list = json_object_get(json_object_get(candidate, "board"),
                                         "verdicts");
    const json_t *one;
    size_t        i;

    json_array_foreach(list, i, one)
        if (strcmp(text_at(one, "kind"), kind) == 0) return one;
    return NULL;
}

static inline size_t n_verdicts(const json_t *candidate)
{
    return json_array_size(json_object_get(json_object_get(
        candidate, "board"), "verdicts"));
}

/* One number out of the store. */
static inline double stored_number(const struct workplace *w, const char *sql)
{
    char  *rows = query_store(w, sql);
    double value = *rows && *rows != '\n' ? strtod(rows, NULL) : NAN;

    free(rows);
    return value;
}

#endif
