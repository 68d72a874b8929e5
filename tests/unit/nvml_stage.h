/* SPDX-License-Identifier: MIT */
/* nvml_stage.h - for tests: the fake driver's library, built once a group,
 * and questions that are answered by a process of their own, because the
 * library is opened once a process. Include it after cmocka.h.
 *
 * CC compiles tests/fake_nvml.c, which is found below TEST_DIR. */
#ifndef TESTS_NVML_STAGE_H
#define TESTS_NVML_STAGE_H

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/jsonx.h"
#include "probe/nvml_internal.h"
#include "probe/probe.h"
#include "temp_tree.h"

struct nvml_stage {
    struct temp_tree tree;
    char            *library, *script;
};

/* Shell words: CC may be "ccache gcc". */
static inline int run_cc(const char *source, const char *library)
{
    const char *cc = getenv("CC");
    char       *line = mem_printf("exec %s -std=c17 -w -fPIC -shared "
                                  "-D_POSIX_C_SOURCE=200809L -o '%s' '%s'",
                                  cc && *cc ? cc : "cc", library, source);
    pid_t       pid = fork();
    int         status = -1;

    if (pid == 0) {
        execl("/bin/sh", "sh", "-c", line, (char *)NULL);
        _exit(127);
    }
    free(line);
    return pid > 0 && waitpid(pid, &status, 0) == pid ? status : -1;
}

static inline int stage_setup(void **state)
{
    struct nvml_stage *s = mem_new(1, sizeof *s);
    const char        *tests = getenv("TEST_DIR");
    char              *source = mem_printf("%s/fake_nvml.c",
                                           tests ? tests : "tests");

    if (temp_tree_init(&s->tree)) return -1;
    s->library = temp_path(&s->tree, "libnvidia-ml.so.1");
    s->script = temp_path(&s->tree, "script");
    setenv("FAKE_NVML", s->script, 1);
    setenv("AUDITION_NVML", s->library, 1);
    unsetenv("CUDA_VISIBLE_DEVICES");
    unsetenv("CUDA_DEVICE_ORDER");
    *state = s;
    if (run_cc(source, s->library) != 0)
        fail_msg("cannot compile %s: name a compiler in CC", source);
    free(source);
    return 0;
}

static inline int stage_teardown(void **state)
{
    struct nvml_stage *s = *state;

    temp_tree_done(&s->tree);
    free(s->library);
    free(s->script);
    free(s);
    return 0;
}

/* The library without a function: its name is spoilt in a copy. */
static inline char *library_without(const struct nvml_stage *s,
                                    const char *symbol)
{
    char  *path = temp_path(&s->tree, "spoilt.so"), *bytes, *at;
    FILE  *f = fopen(s->library, "rb");
    size_t n, len = strlen(symbol) + 1;

    assert_non_null(f);
    bytes = mem_new(1 << 20, 1);
    n = fread(bytes, 1, 1 << 20, f);
    fclose(f);
    assert_in_range(n, 1, (1 << 20) - 1);
    for (at = bytes; at + len < bytes + n; at++)
        if (memcmp(at, symbol, len) == 0 && (at == bytes || at[-1] == '\0'))
            *at = 'X';
    temp_write(&s->tree, "spoilt.so", bytes, n);
    free(bytes);
    return path;
}

/* What a question answers in a process of its own, to which the fake says
 * what is in script. A question asserts nothing: that is for the test. The
 * caller decrefs. */
static inline json_t *answer_of(const struct nvml_stage *s,
                                const char *script, json_t *(*question)(void))
{
    struct err err = {0};
    json_t    *answer;
    char       text[65536];
    size_t     n = 0;
    ssize_t    got;
    int        ends[2], status;
    pid_t      pid;

    temp_text(&s->tree, "script", script);
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        json_t *found = question();
        char   *said = jsonx_dump(found);
        size_t  len = strlen(said), at = 0;
        json_decref(found);
        while (at < len && (got = write(ends[1], said + at, len - at)) > 0)
            at += (size_t)got;
        free(said);
        _exit(at == len ? 0 : 1);
    }
    close(ends[1]);
    while ((got = read(ends[0], text + n, sizeof text - n)) > 0)
        n += (size_t)got;
    close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    answer = jsonx_parse(text, n, &err);
    if (!answer) fail_msg("%s", err.text);
    return answer;
}

static const enum reading_key gpu_keys[] = {
    READ_gpu_name, READ_gpu_driver, READ_gpu_load_pct, READ_gpu_freq_hz,
    READ_gpu_max_freq_hz, READ_gpu_hw_max_freq_hz, READ_gpu_power_mw,
    READ_gpu_energy_mj, READ_gpu_temp_c, READ_gpu_mem_total_bytes,
    READ_gpu_mem_used_bytes, READ_gpu_processes_bytes,
    READ_gpu_throttle_reasons,
};
#define N_KEYS (sizeof gpu_keys / sizeof *gpu_keys)

/* ---- questions --------------------------------------------------------- */

static inline json_t *read_below(const char *root)
{
    struct reading r;
    json_t        *json;

    reading_init(&r);
    probe_nvml.read(root, &r);
    json = reading_json(&r);
    reading_done(&r);
    return json;
}

static inline json_t *a_reading(void) { return read_below(""); }

/* {field: value} of everything that is watched. */
static inline json_t *a_watch(void)
{
    struct watch_list list = {0};
    json_t           *json = json_object();

    probe_nvml.watch("", &list);
    for (size_t i = 0; i < list.n; i++)
        jsonx_set_number(json, sample_name[list.items[i].field],
                         list.items[i].call(list.items[i].ctx));
    watch_list_done(&list);
    return json;
}

/* Of this test and its parent, whom the scripts list. */
static inline json_t *our_bytes(void)
{
    const long          pids[] = {(long)getpid(), (long)getppid()};
    struct nvml_process holders[3];
    char                source[NVML_WHY_BYTES] = "?";
    json_t             *json = json_object();

    jsonx_set_number(json, "bytes",
                     nvml_process_bytes(pids, 2, source, sizeof source));
    jsonx_set_text(json, "source", source);
    jsonx_set_number(json, "used", nvml_used_bytes());
    jsonx_set_text(json, "why_not", nvml_why_not());
    jsonx_set_integer(json, "holders", (long long)nvml_processes(holders, 3));
    return json;
}

/* ---- helpers ----------------------------------------------------------- */

static inline const char *why_missing(const json_t *reading,
                                      enum reading_key key)
{
    const char *name = reading_info[key].name;

    assert_true(json_is_null(json_object_get(reading, name)));
    return jsonx_text(json_object_get(reading, "missing"), name);
}

static inline double value_of(const json_t *reading, enum reading_key key)
{
    return jsonx_number(reading, reading_info[key].name);
}

/* Every key null with a reason that holds `words`. */
static inline void assert_all_missing(const json_t *reading,
                                      const char *words)
{
    for (size_t i = 0; i < N_KEYS; i++) {
        const char *why = why_missing(reading, gpu_keys[i]);
        assert_non_null(why);
        if (!strstr(why, words))
            fail_msg("%s: %s", reading_info[gpu_keys[i]].name, why);
    }
}

static inline size_t how_many_missing(const json_t *reading)
{
    size_t n = 0;

    for (size_t i = 0; i < N_KEYS; i++)
        n += json_is_null(json_object_get(reading,
                                          reading_info[gpu_keys[i]].name));
    return n;
}

/* With one variable of the environment. */
static inline json_t *answer_with(const struct nvml_stage *s,
                                  const char *variable, const char *value,
                                  const char *script)
{
    json_t *answer;

    setenv(variable, value, 1);
    answer = answer_of(s, script, a_reading);
    unsetenv(variable);
    setenv("AUDITION_NVML", s->library, 1);
    return answer;
}

#endif
