/* SPDX-License-Identifier: MIT */
/* test_doctor_around.c - what the doctor says of the machine: who holds it,
 * and what may not be read. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <sys/wait.h>

#include "base/jsonx.h"
#include "doctor_around.h"
#include "temp_tree.h"

#define GIB 1073741824.0

static void add(struct temp_tree *t, long pid, const char *name, double gib,
                const char *unit, const char *opens)
{
    char *path = mem_printf("proc/%ld/status", pid);
    char *text = mem_printf("Name:\t%s\nPPid:\t1\nUid:\t0\t0\t0\t0\n"
                            "VmSize:\t1 kB\nRssAnon:\t%.0f kB\n", name,
                            gib * 1048576);

    temp_text(t, path, text);
    free(path);
    free(text);
    path = mem_printf("proc/%ld/cgroup", pid);
    text = mem_printf("0::/system.slice/%s\n", unit);
    temp_text(t, path, text);
    free(path);
    free(text);
    path = mem_printf("proc/%ld/fd/3", pid);
    temp_link(t, path, opens ? opens : "/dev/null");
    free(path);
}

static void look(struct temp_tree *t, struct around how, struct doctor *d)
{
    *d = (struct doctor){.machine = {.memory_bytes = 16 * GIB}};
    doctor_look_around(d, t->root, &how);
}

static void fill(struct temp_tree *t)
{
    if (temp_tree_init(t)) abort();
    temp_text(t, "etc/passwd", "root:x:0:0::/:/bin/sh\n");
    add(t, 10, "ollama", 4, "ollama.service", "/dev/nvidia0");
    add(t, 20, "piper", 1, "piper.service", NULL);
    add(t, 30, "small", 0.5, "small.service", NULL);
    add(t, 40, "lightdm", 0.125, "lightdm.service", "/dev/dri/renderD128");
}

static const struct finding *of(const struct doctor *d, const char *begin)
{
    for (size_t i = 0; i < d->n_findings; i++)
        if (strncmp(d->findings[i].text, begin, strlen(begin)) == 0)
            return &d->findings[i];
    return NULL;
}

static void test_who_holds_gpu_or_much_memory_is_a_finding_with_its_remedy(
    void **state)
{
    struct temp_tree      t;
    struct doctor         d;
    const struct finding *f;

    (void)state;
    fill(&t);
    look(&t, (struct around){.uses_gpu = true}, &d);
    assert_int_equal(d.n_findings, 3);
    f = of(&d, "ollama");
    assert_string_equal(f->kind, "gpu_held");
    assert_int_equal(f->fault, FAULT_HARNESS);
    assert_string_equal(f->text, "ollama (pid 10, user root) has the GPU open "
                        "and holds 4.0 GiB of memory");
    assert_string_equal(f->remedy, "free it for the audition: sudo systemctl "
                        "stop ollama");
    f = of(&d, "piper");
    assert_string_equal(f->kind, "memory_held");
    f = of(&d, "lightdm");
    assert_string_equal(f->kind, "gpu_held");
    assert_non_null(strstr(f->remedy, "over ssh"));
    doctor_done(&d);
    temp_tree_done(&t);
}

static void test_an_engine_without_gpu_is_not_bothered_by_one_in_use(
    void **state)
{
    struct temp_tree t;
    struct doctor    d;

    (void)state;
    fill(&t);
    look(&t, (struct around){.uses_gpu = false}, &d);
    assert_int_equal(d.n_findings, 2);
    assert_string_equal(of(&d, "ollama")->kind, "memory_held");
    assert_null(of(&d, "lightdm"));
    doctor_done(&d);
    temp_tree_done(&t);
}

static void test_where_memory_is_lacking_less_is_worth_a_word(void **state)
{
    struct temp_tree      t;
    struct doctor         d;
    const struct finding *f;

    (void)state;
    fill(&t);
    look(&t, (struct around){.lacking_bytes = 2 * GIB, .uses_gpu = true}, &d);
    assert_int_equal(d.n_findings, 4);
    f = of(&d, "small");
    assert_string_equal(f->text, "small (pid 30, user root) holds 512 MiB of "
                        "memory; a candidate lacks 2.0 GiB");
    doctor_done(&d);
    temp_tree_done(&t);
}

static void test_the_server_that_is_asked_is_not_to_be_stopped(void **state)
{
    struct temp_tree t;
    struct doctor    d;

    (void)state;
    fill(&t);
    look(&t, (struct around){.asks_server = true, .uses_gpu = true}, &d);
    assert_non_null(strstr(of(&d, "ollama")->remedy, "(unless it is the "
                           "server that is examined)"));
    doctor_done(&d);
    temp_tree_done(&t);
}

static void test_many_holders_are_listed_and_few_are_told(void **state)
{
    struct temp_tree t;
    struct doctor    d;
    json_t          *document, *o, *list;
    char             name[16], unit[32];

    (void)state;
    if (temp_tree_init(&t)) abort();
    for (long i = 0; i < 20; i++) {
        snprintf(name, sizeof name, "p%ld", i);
        snprintf(unit, sizeof unit, "p%ld.service", i);
        add(&t, 100 + i, name, 1 + (double)i, unit, NULL);
    }
    look(&t, (struct around){.uses_gpu = true}, &d);
    assert_int_equal(d.n_findings, 5);
    assert_int_equal(d.n_holders, HOLDERS_MAX);
    document = doctor_json(&d);
    list = json_object_get(document, "holders");
    assert_int_equal(json_array_size(list), HOLDERS_MAX);
    o = json_array_get(list, 0);
    assert_string_equal(jsonx_text(o, "name"), "p19");
    assert_true(jsonx_number(o, "pid") == 119);
    assert_true(jsonx_number(o, "memory_bytes") == 20 * GIB);
    assert_true(json_is_null(json_object_get(o, "gpu_bytes")));
    assert_int_equal(jsonx_truth(o, "holds_gpu"), 0);
    assert_string_equal(jsonx_text(o, "free_command"),
                        "sudo systemctl stop p19");
    assert_true(json_object_get(o, "user") && json_object_get(o, "command"));
    doctor_done(&d);
    json_decref(document);
    temp_tree_done(&t);
}

/* ---- rights ------------------------------------------------------------- */

/* As a user who is not root, in a process of its own: how many rights are
 * lacking there. */
static int lacking(const struct temp_tree *t)
{
    int   status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        struct doctor d = {0};
        size_t        n;

        if (getuid() == 0 && setuid(65534) != 0) _exit(100);
        doctor_look_around(&d, t->root, &(struct around){0});
        n = d.n_rights;
        doctor_done(&d);
        _exit((int)n);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void forbid(const struct temp_tree *t, const char *below)
{
    char *path = temp_path(t, below);

    assert_int_equal(chmod(path, 0), 0);
    free(path);
}

static void test_what_only_root_or_a_group_may_read_is_told(void **state)
{
    static const char *const folders[] = {"", "sys", "sys/class",
        "sys/class/powercap", "sys/class/powercap/intel-rapl:0", "dev",
        "sys/devices", "sys/devices/platform", "sys/devices/platform/soc",
        "sys/devices/platform/soc/soc:firmware"};
    struct temp_tree t;

    (void)state;
    if (temp_tree_init(&t)) abort();
    temp_text(&t, "sys/class/powercap/intel-rapl:0/energy_uj", "1\n");
    temp_text(&t, "sys/class/powercap/intel-rapl:0/name", "package-0\n");
    temp_text(&t, "dev/vcio", "");
    temp_text(&t, "sys/devices/platform/soc/soc:firmware/x", "");
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        char *path = temp_path(&t, folders[i]);
        assert_int_equal(chmod(path, 0755), 0);
        free(path);
    }
    forbid(&t, "dev/vcio");
    assert_int_equal(lacking(&t), 1);
    forbid(&t, "sys/class/powercap/intel-rapl:0/energy_uj");
    assert_int_equal(lacking(&t), 2);
    temp_text(&t, "sys/devices/platform/soc/soc:firmware/get_throttled",
              "0\n");             /* the word is there without the device */
    assert_int_equal(lacking(&t), 1);
    temp_tree_done(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_who_holds_gpu_or_much_memory_is_a_finding_with_its_remedy),
        cmocka_unit_test(
            test_an_engine_without_gpu_is_not_bothered_by_one_in_use),
        cmocka_unit_test(test_where_memory_is_lacking_less_is_worth_a_word),
        cmocka_unit_test(test_the_server_that_is_asked_is_not_to_be_stopped),
        cmocka_unit_test(test_many_holders_are_listed_and_few_are_told),
        cmocka_unit_test(test_what_only_root_or_a_group_may_read_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
