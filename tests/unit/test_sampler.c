/* SPDX-License-Identifier: MIT */
/* test_sampler.c - the thread, process groups and the memory watch over a
 * scripted /proc that changes between turns, and over real children. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "process_group.h"
#include "sampler.h"
#include "temp_tree.h"

#define ENGINE 4242
#define COLOAD 4300
#define TRIES  6000               /* of 5 ms: half a minute */

struct stage {
    struct temp_tree tree;
    struct sampler  *sampler;
    long             engine_ticks, coload_ticks, busy_ticks, swapped_pages;
};

static void write_process(struct stage *stage, long pid, long group,
                          long ticks, long faults)
{
    char path[64], text[256];

    snprintf(path, sizeof path, "proc/%ld/stat", pid);
    snprintf(text, sizeof text, "%ld (llama) srv) R 1 %ld 1 0 -1 0 0 0 %ld 0 "
             "%ld 0 0 0 20 0 9 0 100 0 0\n", pid, group, faults, ticks);
    temp_text(&stage->tree, path, text);
}

static void write_memory(struct stage *stage, const char *available_kb)
{
    char text[256];

    snprintf(text, sizeof text, "MemTotal: 16000000 kB\nMemFree: 1000 kB\n"
             "MemAvailable: %s kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n",
             available_kb);
    temp_text(&stage->tree, "proc/meminfo", text);
}

static void write_time(struct stage *stage)
{
    char text[256];

    write_process(stage, ENGINE, ENGINE, stage->engine_ticks, 0);
    write_process(stage, COLOAD, COLOAD, stage->coload_ticks, 0);
    snprintf(text, sizeof text, "pswpin %ld\npswpout 0\n",
             stage->swapped_pages);
    temp_text(&stage->tree, "proc/vmstat", text);
    snprintf(text, sizeof text, "cpu  %ld 0 0 90000 0 0 0 0 0 0\ncpu0 1 0 0\n",
             stage->busy_ticks);
    temp_text(&stage->tree, "proc/stat", text);
}

static int set_up(void **state)
{
    struct stage *stage = mem_new(1, sizeof *stage);

    *state = stage;
    if (temp_tree_init(&stage->tree)) return -1;
    stage->engine_ticks = 1000;
    stage->coload_ticks = 500;
    stage->busy_ticks = 5000;
    write_time(stage);
    write_memory(stage, "8000000");
    return 0;
}

static int tear_down(void **state)
{
    struct stage *stage = *state;

    sampler_stop(stage->sampler);
    temp_tree_done(&stage->tree);
    free(stage);
    return 0;
}

static void start(struct stage *stage, const char *root, double floor_bytes)
{
    struct sampler_spec spec = {root ? root : stage->tree.root, floor_bytes,
                                60};
    struct err          err  = {0};

    if (sampler_start(&stage->sampler, &spec, &err)) fail_msg("%s", err.text);
}

/* One turn in which these took so many ticks: exactly between the two samples,
 * whenever the thread looks. */
static struct telemetry turn(struct stage *stage, long engine, long coload,
                             long others)
{
    struct telemetry out;
    int64_t          from_ns, to_ns;

    from_ns = clock_now_ns();
    sampler_now(stage->sampler);
    stage->engine_ticks += engine;
    stage->coload_ticks += coload;
    stage->busy_ticks += engine + coload + others;
    write_time(stage);
    sampler_now(stage->sampler);
    to_ns = clock_now_ns();
    sampler_join(stage->sampler, from_ns, -1, to_ns, &out);
    return out;
}

static bool is_disturbed(const struct telemetry *t)
{
    struct mark_limits limits = {NAN, NAN, 0.25, false, false};

    return telemetry_marks(t, &limits, NULL, 0) & MARK_INTERFERENCE;
}

/* ---- turns ------------------------------------------------------------- */

static void test_a_burner_marks_exactly_the_turns_it_touched(void **state)
{
    struct stage *stage = *state;

    start(stage, NULL, NAN);
    sampler_engine(stage->sampler, ENGINE);
    sampler_coload(stage->sampler, COLOAD);
    for (int i = 0; i < 30; i++) {
        bool             burns = i >= 10 && i < 17;
        struct telemetry t = turn(stage, 400, 100, burns ? 5000 : 0);

        if (isnan(t.other_cpu_cores)) fail_msg("turn %d: not known", i);
        if (is_disturbed(&t) != burns) fail_msg("turn %d", i);
        assert_true(t.engine_cpu_cores > 0 && t.coload_cpu_cores > 0);
    }
}

static void test_without_an_engine_nobody_is_blamed(void **state)
{
    struct stage    *stage = *state;
    struct telemetry t;

    start(stage, NULL, NAN);
    t = turn(stage, 0, 0, 5000);
    assert_true(isnan(t.other_cpu_cores) && isnan(t.engine_cpu_cores));
    assert_false(is_disturbed(&t));
}

static void test_a_file_that_vanishes_is_unknown_not_zero(void **state)
{
    struct stage    *stage = *state;
    struct telemetry t;
    char            *path = temp_path(&stage->tree, "proc/stat");

    start(stage, NULL, NAN);
    sampler_engine(stage->sampler, ENGINE);
    sampler_now(stage->sampler);
    assert_true(sampler_latest(stage->sampler, SAMPLE_cpu_busy_s) >= 0);
    unlink(path);
    temp_folders(path);
    for (int i = 0; i < 100; i++) sampler_now(stage->sampler);
    int64_t from_ns = clock_now_ns() + 3 * NS_PER_S;
    sampler_join(stage->sampler, from_ns, -1, from_ns + NS_PER_S, &t);
    assert_true(isnan(t.other_cpu_cores));
    free(path);
}

static void wait_for(struct stage *stage, enum sample_field field,
                     double at_least)
{
    for (int i = 0; i < TRIES; i++) {
        sampler_now(stage->sampler);
        if (sampler_latest(stage->sampler, field) >= at_least) return;
        clock_nap(0.005);
    }
    fail_msg("%s never reached %g", sample_name[field], at_least);
}

static void test_swapping_is_seen_by_the_thread(void **state)
{
    struct stage *stage = *state;

    start(stage, NULL, NAN);
    wait_for(stage, SAMPLE_swapped_bytes, 0);
    stage->swapped_pages = 1000;
    write_time(stage);
    wait_for(stage, SAMPLE_swapped_bytes,
             1000.0 * (double)sysconf(_SC_PAGESIZE));
}

static void test_extremes_are_since_they_were_reset(void **state)
{
    struct stage *stage = *state;

    start(stage, NULL, NAN);
    assert_true(sampler_least(stage->sampler, SAMPLE_available_bytes) ==
                8000000.0 * 1024);
    write_memory(stage, "9000000");
    wait_for(stage, SAMPLE_available_bytes, 9000000.0 * 1024);
    sampler_reset_extremes(stage->sampler);
    assert_true(isnan(sampler_most(stage->sampler, SAMPLE_temp_c)));
    write_memory(stage, "9500000");
    wait_for(stage, SAMPLE_available_bytes, 9500000.0 * 1024);
    assert_true(sampler_least(stage->sampler, SAMPLE_available_bytes) >=
                9000000.0 * 1024);
    assert_true(sampler_most(stage->sampler, SAMPLE_available_bytes) ==
                9500000.0 * 1024);
}

/* ---- process groups ---------------------------------------------------- */

static void count(struct process_group *g, double at_s, double *cpu_s)
{
    double faults;

    process_group_count(g, (int64_t)(at_s * 1e9), cpu_s, &faults);
}

static void test_a_group_counts_all_its_processes(void **state)
{
    struct stage        *stage = *state;
    struct process_group g;
    double               cpu_s, fault_bytes, tick = 1.0 /
                                             (double)sysconf(_SC_CLK_TCK);

    process_group_init(&g, stage->tree.root, false);
    count(&g, 0, &cpu_s);
    assert_true(isnan(cpu_s));
    write_process(stage, 4243, ENGINE, 70, 0);
    process_group_name(&g, ENGINE, 0);
    count(&g, 0, &cpu_s);
    assert_true(cpu_s == 0);
    write_process(stage, ENGINE, ENGINE, 1010, 8);
    write_process(stage, 4243, ENGINE, 75, 0);
    write_process(stage, 4244, ENGINE, 3, 0);      /* born since */
    process_group_count(&g, (int64_t)1e9, &cpu_s, &fault_bytes);
    assert_true(fabs(cpu_s - 15 * tick) < 1e-9);
    assert_true(fault_bytes == 8 * (double)sysconf(_SC_PAGESIZE));
    process_group_look(&g, (int64_t)3e9);
    count(&g, 3, &cpu_s);
    assert_true(fabs(cpu_s - 18 * tick) < 1e-9);
    write_process(stage, 4244, COLOAD, 900, 0);    /* left it */
    count(&g, 3.1, &cpu_s);
    assert_true(fabs(cpu_s - 18 * tick) < 1e-9);
    process_group_done(&g);
}

static void test_a_process_that_ends_takes_no_time_back(void **state)
{
    struct stage        *stage = *state;
    struct process_group g;
    double               cpu_s, tick = 1.0 / (double)sysconf(_SC_CLK_TCK);
    char                *child = temp_path(&stage->tree, "proc/4243/stat");

    write_process(stage, 4243, ENGINE, 70, 0);
    process_group_init(&g, stage->tree.root, false);
    process_group_name(&g, ENGINE, 0);
    count(&g, 0, &cpu_s);
    unlink(child);
    count(&g, 0.1, &cpu_s);
    assert_true(cpu_s == 0);
    /* Its parent has waited for it: its time is there again, once. */
    write_process(stage, ENGINE, ENGINE, 1000 + 70 + 5, 0);
    count(&g, 0.2, &cpu_s);
    assert_true(fabs(cpu_s - 5 * tick) < 1e-9);
    /* Nobody waits: after two looks others count from where they are. */
    write_process(stage, ENGINE, ENGINE, 900, 0);
    count(&g, 0.3, &cpu_s);
    count(&g, 0.4, &cpu_s);
    write_process(stage, ENGINE, ENGINE, 910, 0);
    count(&g, 0.5, &cpu_s);
    assert_true(fabs(cpu_s - 15 * tick) < 1e-9);
    temp_text(&stage->tree, "proc/4242/stat", "4242 (x) R 1 garbage");
    count(&g, 0.6, &cpu_s);
    assert_true(fabs(cpu_s - 15 * tick) < 1e-9);
    process_group_done(&g);
    free(child);
}

static void test_memory_of_a_group_is_pss_where_there_is_one(void **state)
{
    struct stage        *stage = *state;
    struct process_group g;

    temp_text(&stage->tree, "proc/4300/status",
              "Name:\tstt\nVmRSS:\t  3000 kB\nRssAnon:\t  1000 kB\n"
              "VmSwap:\t  24 kB\n");
    process_group_init(&g, stage->tree.root, true);
    process_group_name(&g, COLOAD, 0);
    assert_true(process_group_look(&g, 0));
    assert_true(g.anon_bytes == 1024 * 1024.0);
    assert_true(g.bytes == 3000 * 1024.0);
    assert_false(process_group_look(&g, NS_PER_S / 10));
    temp_text(&stage->tree, "proc/4300/smaps_rollup",
              "0-1 ---p 0 0:0 0 [rollup]\nRss: 3000 kB\nPss: 2000 kB\n");
    assert_true(process_group_look(&g, 61 * NS_PER_S));
    assert_true(g.bytes == 2000 * 1024.0);
    process_group_done(&g);
}

/* ---- the memory watch -------------------------------------------------- */

/* A child in a group of its own that does nothing, and ends by itself should
 * nobody end it. */
static pid_t start_child(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        alarm(60);
        for (;;) pause();
    }
    assert_true(pid > 0);
    setpgid(pid, pid);
    return pid;
}

static void end_child(pid_t pid)
{
    int status;

    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
}

static void test_short_memory_ends_the_engine_once(void **state)
{
    struct stage      *stage = *state;
    struct memory_stop stop = {0};
    pid_t              child = start_child();
    size_t             before, after;
    double             cpu_s;
    int                status;

    start(stage, NULL, 1000.0 * 1024);
    sampler_engine(stage->sampler, child);
    assert_false(sampler_stopped_engine(stage->sampler, &stop));
    sampler_cost(stage->sampler, &cpu_s, &before);
    write_memory(stage, "900");
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    sampler_cost(stage->sampler, &cpu_s, &after);
    assert_true(after >= before + 2);
    assert_true(sampler_stopped_engine(stage->sampler, &stop));
    assert_true(stop.available_bytes == 900 * 1024.0);
    assert_true(stop.floor_bytes == 1000 * 1024.0);
    sampler_engine(stage->sampler, 0);
    assert_true(sampler_stopped_engine(stage->sampler, NULL));
    write_memory(stage, "8000000");
    wait_for(stage, SAMPLE_available_bytes, 8000000.0 * 1024);
    child = start_child();
    sampler_engine(stage->sampler, child);
    assert_false(sampler_stopped_engine(stage->sampler, NULL));
    end_child(child);
}

static void test_what_is_no_memory_ends_nobody(void **state)
{
    struct stage *stage = *state;
    pid_t         child = start_child();
    size_t        before, now;
    double        cpu_s;

    start(stage, NULL, 1000.0 * 1024);
    sampler_engine(stage->sampler, child);
    write_memory(stage, "9223372036854775808");
    sampler_cost(stage->sampler, &cpu_s, &before);
    for (now = before; now < before + 30;
         sampler_cost(stage->sampler, &cpu_s, &now))
        sampler_now(stage->sampler);
    assert_int_equal(waitpid(child, NULL, WNOHANG), 0);
    assert_false(sampler_stopped_engine(stage->sampler, NULL));
    end_child(child);
}

static void test_nobody_is_ended_before_an_engine_is_named(void **state)
{
    struct stage *stage = *state;

    write_memory(stage, "1");
    start(stage, NULL, 1000.0 * 1024);
    for (int i = 0; i < 50; i++) sampler_now(stage->sampler);
    assert_false(sampler_stopped_engine(stage->sampler, NULL));
}

/* ---- this machine ------------------------------------------------------ */

static void test_a_real_child_is_seen_to_work(void **state)
{
    struct stage *stage = *state;
    size_t        samples = 0;
    double        cpu_s = 0;
    pid_t         child = fork();

    if (child == 0) {
        alarm(60);
        for (volatile unsigned i = 0;; i++)
            ;
    }
    setpgid(child, child);
    start(stage, "", NAN);
    sampler_engine(stage->sampler, child);
    wait_for(stage, SAMPLE_engine_cpu_s, 0.02);
    wait_for(stage, SAMPLE_engine_anon_bytes, 1);
    wait_for(stage, SAMPLE_own_cpu_s, 0);
    sampler_cost(stage->sampler, &cpu_s, &samples);
    assert_true(cpu_s > 0 && samples > 1);
    end_child(child);
    sampler_now(stage->sampler);
    sampler_engine(stage->sampler, 0);
}

static void test_stopping_does_not_wait_for_the_next_sample(void **state)
{
    struct stage *stage = *state;

    for (int i = 0; i < 20; i++) {
        start(stage, NULL, NAN);
        sampler_stop(stage->sampler);
        stage->sampler = NULL;
    }
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGED(test_a_burner_marks_exactly_the_turns_it_touched),
        STAGED(test_without_an_engine_nobody_is_blamed),
        STAGED(test_a_file_that_vanishes_is_unknown_not_zero),
        STAGED(test_swapping_is_seen_by_the_thread),
        STAGED(test_extremes_are_since_they_were_reset),
        STAGED(test_a_group_counts_all_its_processes),
        STAGED(test_a_process_that_ends_takes_no_time_back),
        STAGED(test_memory_of_a_group_is_pss_where_there_is_one),
        STAGED(test_short_memory_ends_the_engine_once),
        STAGED(test_what_is_no_memory_ends_nobody),
        STAGED(test_nobody_is_ended_before_an_engine_is_named),
        STAGED(test_a_real_child_is_seen_to_work),
        STAGED(test_stopping_does_not_wait_for_the_next_sample),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
