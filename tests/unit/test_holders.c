/* SPDX-License-Identifier: MIT */
/* test_holders.c - who holds the GPU and the memory, in trees made here and
 * on this machine. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/utf8.h"
#include "holders.h"
#include "holders_owner.h"
#include "temp_tree.h"

#define MIB 1048576.0
#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* One process of a copied /proc. */
struct entry {
    long        pid, parent, uid, anon_mib;
    const char *name, *cgroup, *opens;
    const char *cmdline;      /* words parted by '|'; NULL: the name */
};

static void add(struct temp_tree *t, const struct entry *e)
{
    char *path = mem_printf("proc/%ld/status", e->pid), *text, *words;

    text = mem_printf("Name:\t%s\nState:\tS (sleeping)\nPid:\t%ld\n"
                      "PPid:\t%ld\nUid:\t%ld\t%ld\t%ld\t%ld\nVmSize:\t%ld kB\n"
                      "RssAnon:\t%ld kB\nVmSwap:\t0 kB\n", e->name, e->pid,
                      e->parent, e->uid, e->uid, e->uid, e->uid,
                      2 * 1024 * e->anon_mib, 1024 * e->anon_mib);
    temp_text(t, path, text);
    free(path);
    free(text);
    path = mem_printf("proc/%ld/cgroup", e->pid);
    text = mem_printf("%s\n", e->cgroup ? e->cgroup : "0::/");
    temp_text(t, path, text);
    free(path);
    free(text);
    path = mem_printf("proc/%ld/cmdline", e->pid);
    words = mem_copy(e->cmdline ? e->cmdline : e->name);
    text = mem_copy(words);
    for (char *c = text; *c; c++)
        if (*c == '|') *c = '\0';
    temp_write(t, path, text, strlen(words) + 1);
    free(words);
    free(path);
    free(text);
    path = mem_printf("proc/%ld/fd/0", e->pid);
    temp_link(t, path, "/dev/null");
    free(path);
    path = mem_printf("proc/%ld/fd/7", e->pid);
    if (e->opens) temp_link(t, path, e->opens);
    free(path);
}

/* A board that is in use, and us (900) below a shell below sshd. */
static void fill(struct temp_tree *t)
{
    static const struct entry all[] = {
        {1, 0, 0, 900, "systemd", "0::/init.scope", NULL, NULL},
        {400, 1, 0, 800, "dockerd", "0::/system.slice/docker.service", NULL,
         NULL},
        {500, 1, 997, 30, "ollama", "0::/system.slice/ollama.service", NULL,
         "/usr/local/bin/ollama|serve"},
        {501, 500, 997, 2000, "ollama", "0::/system.slice/ollama.service",
         "/dev/nvidia0", "/usr/local/bin/ollama|runner|--model|/blobs/sha"},
        {600, 400, 0, 1, "tini", "0::/system.slice/docker-" ID ".scope", NULL,
         NULL},
        {601, 600, 0, 1500, "whisper", "0::/system.slice/docker-" ID ".scope",
         NULL, "whisper|--port|9000"},
        {700, 1, 0, 5, "gdm3", "0::/system.slice/gdm.service", NULL, NULL},
        {701, 700, 1000, 60, "Xorg",
         "0::/user.slice/user-1000.slice/session-2.scope", "/dev/dri/card0",
         NULL},
        {702, 1, 1000, 250, "gnome-shell", "0::/user.slice/user-1000.slice/"
         "user@1000.service/session.slice/org.gnome.Shell@x11.service",
         "/dev/dri/renderD128", NULL},
        {800, 1, 1001, 90, "python3",
         "0::/user.slice/user-1001.slice/session-4.scope", "/dev/nvidia0",
         "python3|train.py"},
        {801, 800, 1001, 700, "python3",
         "0::/user.slice/user-1001.slice/session-4.scope", NULL,
         "python3|train.py|worker"},
        {880, 1, 0, 400, "sshd", "0::/system.slice/ssh.service", NULL, NULL},
        {890, 880, 1000, 600, "bash",
         "0::/user.slice/user-1000.slice/session-3.scope", NULL, NULL},
        {900, 890, 1000, 3000, "audition",
         "0::/user.slice/user-1000.slice/session-3.scope", "/dev/nvidia0",
         NULL},
        {901, 900, 1000, 4000, "llama-server",
         "0::/user.slice/user-1000.slice/session-3.scope", "/dev/nvidia0",
         NULL},
    };

    if (temp_tree_init(t)) abort();
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) add(t, &all[i]);
    temp_link(t, "proc/self", "900");
    temp_text(t, "etc/passwd", "root:x:0:0:root:/root:/bin/sh\n"
              "broken line\nollama:x:997:997::/:/bin/false\n"
              "ann:x:1000:1000::/home/ann:/bin/bash\n"
              "bob:x:1001:1001::/home/bob:/bin/bash\n");
}

static const struct holder *named(const struct holder *all, size_t n,
                                  const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(all[i].name, name) == 0) return &all[i];
    return NULL;
}

static void test_a_board_in_use_names_who_holds_it_and_how_to_free_it(
    void **state)
{
    struct temp_tree     t;
    struct holder        all[HOLDERS_MAX];
    struct text_list     notes = {0};
    const struct holder *h;
    size_t               n;

    (void)state;
    fill(&t);
    n = holders_find(t.root, 100 * MIB, all, HOLDERS_MAX, &notes);
    assert_int_equal(n, 4);
    assert_int_equal(notes.n, 0);

    h = &all[0];                    /* a service and its runner: one holder */
    assert_string_equal(h->name, "ollama");
    assert_int_equal(h->pid, 501);
    assert_true(h->memory_bytes == 2030 * MIB);
    assert_true(isnan(h->gpu_bytes));
    assert_true(h->holds_gpu);
    assert_string_equal(h->user, "ollama");
    assert_string_equal(h->command,
                        "/usr/local/bin/ollama runner --model /blobs/sha");
    assert_string_equal(h->free_command, "sudo systemctl stop ollama");

    h = &all[1];                    /* a container */
    assert_string_equal(h->name, "whisper");
    assert_true(h->memory_bytes == 1501 * MIB);
    assert_false(h->holds_gpu);
    assert_string_equal(h->free_command, "docker stop 0123456789ab");

    h = &all[2];                    /* workers go with their parent */
    assert_string_equal(h->name, "python3");
    assert_true(h->memory_bytes == 790 * MIB);
    assert_true(h->holds_gpu);
    assert_string_equal(h->user, "bob");
    assert_string_equal(h->free_command, "sudo kill 800");

    h = &all[3];                    /* a desktop is one thing */
    assert_string_equal(h->name, "gnome-shell");
    assert_true(h->memory_bytes == 315 * MIB);
    assert_string_equal(h->free_command,
                        "sudo systemctl isolate multi-user.target");
    text_list_done(&notes);
    temp_tree_done(&t);
}

static void test_we_and_what_the_system_needs_are_never_told(void **state)
{
    static const char *const never[] = {"audition", "llama-server", "bash",
                                        "sshd", "systemd", "dockerd"};
    struct temp_tree t;
    struct holder    all[HOLDERS_MAX];
    struct text_list notes = {0};
    size_t           n;

    (void)state;
    fill(&t);
    n = holders_find(t.root, 0, all, HOLDERS_MAX, &notes);
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        if (named(all, n, never[i])) fail_msg("%s is told", never[i]);
    text_list_done(&notes);
    temp_tree_done(&t);
}

static void test_only_as_many_as_asked_for_the_largest_first(void **state)
{
    struct temp_tree t;
    struct holder    all[2];
    struct text_list notes = {0};

    (void)state;
    fill(&t);
    assert_int_equal(holders_find(t.root, 1, all, 2, &notes), 2);
    assert_string_equal(all[0].name, "ollama");
    assert_string_equal(all[1].name, "whisper");
    assert_int_equal(holders_find(t.root, 1, all, 0, &notes), 0);
    /* Little memory, but the GPU. */
    assert_int_equal(holders_find(t.root, INFINITY, all, 2, &notes), 2);
    assert_string_equal(all[1].name, "python3");
    text_list_done(&notes);
    temp_tree_done(&t);
}

static void test_a_jetsons_list_gives_gpu_memory_by_process(void **state)
{
    struct temp_tree     t;
    struct holder        all[HOLDERS_MAX];
    struct text_list     notes = {0};
    const struct holder *h;
    size_t               n;

    (void)state;
    fill(&t);
    temp_text(&t, "etc/nv_tegra_release", "# R36\n");
    n = holders_find(t.root, 100 * MIB, all, HOLDERS_MAX, &notes);
    assert_int_equal(notes.n, 1);
    assert_non_null(strstr(notes.items[0], "sudo"));
    text_list_done(&notes);
    temp_text(&t, "sys/kernel/debug/nvmap/iovmm/clients",
              "CLIENT                        PROCESS      PID        SIZE\n"
              "user                           ollama      501   4194304K\n"
              "user                       gnome shell     702     10240K\n"
              "user                           ollama      501  12K  1024K\n"
              "user                              bad     -702     10240K\n"
              "user   702\nuser  x  601  -5K\n  \n"
              "total                                            4204544K\n");
    n = holders_find(t.root, 100 * MIB, all, HOLDERS_MAX, &notes);
    assert_int_equal(notes.n, 0);
    h = named(all, n, "ollama");
    assert_true(h->gpu_bytes == 4097 * MIB);
    h = named(all, n, "gnome-shell");
    assert_true(h->gpu_bytes == 10 * MIB);
    assert_true(isnan(named(all, n, "whisper")->gpu_bytes));
    temp_tree_done(&t);
}

/* ---- hostile ------------------------------------------------------------ */

static void test_hostile_names_come_out_printable_and_short(void **state)
{
    struct temp_tree t;
    struct holder    all[HOLDERS_MAX];
    struct text_list notes = {0};
    char             huge[5000];
    size_t           n;

    (void)state;
    memset(huge, 'x', sizeof huge - 1);
    huge[sizeof huge - 1] = '\0';
    memcpy(huge, "a\x1b[31mb\nc\xff ", 10);
    if (temp_tree_init(&t)) abort();
    add(&t, &(struct entry){10, 1, 5, 500, "evil\x1b[2J\xe2\x80\xae",
            "0::/system.slice/a;reboot $(x).service", "/dev/nvidia0", huge});
    n = holders_find(t.root, 1, all, HOLDERS_MAX, &notes);
    assert_int_equal(n, 1);
    for (const char *c = all[0].name; *c; c++)
        assert_true((unsigned char)*c >= ' ');
    for (const char *c = all[0].command; *c; c++)
        assert_true((unsigned char)*c >= ' ');
    assert_true(utf8_valid(all[0].command, strlen(all[0].command)));
    assert_true(utf8_valid(all[0].name, strlen(all[0].name)));
    assert_null(strstr(all[0].name, "\xe2\x80\xae"));
    assert_string_equal(all[0].command + strlen(all[0].command) - 3,
                        "\xe2\x80\xa6");
    /* A unit of no such name: what is run is never made of it. */
    assert_string_equal(all[0].free_command, "kill 10");
    assert_string_equal(all[0].user, "5");
    text_list_done(&notes);
    temp_tree_done(&t);
}

static void test_secrets_of_a_command_line_are_not_repeated(void **state)
{
    struct temp_tree t;
    struct holder    all[HOLDERS_MAX];
    struct text_list notes = {0};

    (void)state;
    if (temp_tree_init(&t)) abort();
    add(&t, &(struct entry){10, 1, 0, 500, "server", NULL, NULL,
            "env|HF_TOKEN=abc|server|--api-key|sk-1|--Password=x|--port|80|"
            "http://u:p@host/x@y|mail@host"});
    assert_int_equal(holders_find(t.root, 1, all, HOLDERS_MAX, &notes), 1);
    assert_string_equal(all[0].command, "env HF_TOKEN=*** server --api-key "
                        "*** --Password=*** --port 80 http://***@host/x@y "
                        "mail@host");
    text_list_done(&notes);
    temp_tree_done(&t);
}

static void test_trees_that_make_no_sense_break_nothing(void **state)
{
    struct temp_tree t;
    struct holder    all[HOLDERS_MAX];
    struct text_list notes = {0};

    (void)state;
    if (temp_tree_init(&t)) abort();
    assert_int_equal(holders_find(t.root, 0, all, HOLDERS_MAX, &notes), 0);
    temp_link(&t, "proc/self", "not a number");
    temp_text(&t, "proc/17/status", "");
    temp_text(&t, "proc/18/status", "RssAnon:\t99999999999999999999 kB\n"
              "PPid:\t-1\nUid:\tx\n");
    temp_text(&t, "proc/19/status", "Name:\tloop\nPPid:\t20\nRssAnon:\t900 kB\n"
              "VmSwap:\t100 kB\n");
    temp_text(&t, "proc/20/status", "Name:\tloop\nPPid:\t19\nRssAnon:\t900 kB");
    temp_text(&t, "proc/21/cmdline", "no status");
    temp_text(&t, "proc/-5/status", "Name:\tx\nRssAnon:\t900 kB\n");
    temp_text(&t, "proc/99999999999999999999/status", "RssAnon:\t900 kB\n");
    temp_text(&t, "proc/2/status", "Name:\tkthreadd\nPPid:\t0\n");
    temp_text(&t, "proc/3/status", "Name:\tkworker\nPPid:\t2\n");
    temp_text(&t, "proc/4/status", "Name:\tdead\nState:\tZ (zombie)\n");
    assert_int_equal(holders_find(t.root, 1, all, HOLDERS_MAX, &notes), 2);
    assert_string_equal(all[0].name, "loop");
    assert_true(all[0].memory_bytes == 1000 * 1024);
    assert_string_equal(all[0].user, "");
    assert_int_equal(notes.n, 1);         /* nobody's fd is there */
    assert_non_null(strstr(notes.items[0], "run with sudo"));
    text_list_done(&notes);
    temp_tree_done(&t);
}

/* ---- who started it ----------------------------------------------------- */

static void test_each_way_to_be_started_has_its_way_to_be_ended(void **state)
{
    static const struct { const char *cgroup, *command; } cases[] = {
        {"0::/system.slice/wyoming-whisper.service",
         "sudo systemctl stop wyoming-whisper"},
        {"0::/system.slice/foo.service/worker", "sudo systemctl stop foo"},
        {"0::/system.slice/system-tts.slice/tts@1.service",
         "sudo systemctl stop tts@1"},
        {"0::/system.slice/a\\x2db.service",
         "sudo systemctl stop 'a\\x2db'"},
        {"0::/system.slice/snap.ollama.listener.service",
         "sudo snap stop ollama"},
        {"0::/user.slice/user-1000.slice/user@1000.service/app.slice/"
         "piper.service", "systemctl --user stop piper"},
        {"0::/user.slice/user-1001.slice/user@1001.service/piper.service",
         "sudo -u bob XDG_RUNTIME_DIR=/run/user/1001 systemctl --user stop "
         "piper"},
        {"0::/user.slice/user-1000.slice/user@1000.service/app.slice/"
         "app-gnome-firefox-12.scope", "sudo kill 42"},
        {"0::/user.slice/user-1000.slice/session-3.scope", "sudo kill 42"},
        {"0::/user.slice/user-1000.slice/user@1000.service/init.scope",
         "sudo kill 42"},
        {"0::/", "sudo kill 42"},
        {"", "sudo kill 42"},
        {"0::/system.slice/lightdm.service",
         "sudo systemctl isolate multi-user.target"},
        {"0::/system.slice/docker-" ID ".scope", "docker stop 0123456789ab"},
        {"0::/docker/" ID, "docker stop 0123456789ab"},
        /* version 1, as JetPack 5 mounts it */
        {"12:cpu,cpuacct:/docker/" ID "\n4:memory:/docker/" ID
         "\n1:name=systemd:/docker/" ID "\n0::/system.slice/x.service",
         "docker stop 0123456789ab"},
        {"4:memory:/system.slice/ollama.service\n"
         "1:name=systemd:/system.slice/ollama.service\n0::/",
         "sudo systemctl stop ollama"},
        {"5:pids:/user.slice/user-1000.slice\n"
         "1:name=systemd:/user.slice/user-1000.slice/session-c1.scope",
         "sudo kill 42"},
        {"0::/machine.slice/libpod-" ID ".scope/container",
         "sudo podman stop 0123456789ab"},
        {"0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-"
         ID ".scope/container", "podman stop 0123456789ab"},
        {"0::/machine.slice/libpod-conmon-" ID ".scope", "sudo kill 42"},
        {"0::/default/" ID, "sudo nerdctl stop 0123456789ab"},
        {"0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1"
         ".slice/cri-containerd-" ID ".scope", "sudo crictl stop 0123456789ab"},
        {"4:memory:/kubepods/burstable/pod12-34/" ID,
         "sudo crictl stop 0123456789ab"},
        {"0::/system.slice/-rf.service", "sudo kill 42"},
        {"0::/system.slice/.service", "sudo kill 42"},
        {"0::/../../" ID "0", "sudo kill 42"},
    };
    const struct owner_case c = {.our_uid = 1000, .pid = 42, .uid = 7,
                                 .user = "bob"};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct owner o;
        char         command[200];

        owner_read(cases[i].cgroup, &o);
        owner_free_command(&o, &c, command, sizeof command);
        if (strcmp(command, cases[i].command) != 0)
            fail_msg("%s: %s", cases[i].cgroup, command);
    }
}

/* In a container, or a service, everything beside us has our own cgroup. */
static void test_what_we_run_in_ourselves_is_not_ended(void **state)
{
    struct temp_tree t;
    struct holder    all[HOLDERS_MAX];
    struct text_list notes = {0};
    size_t           n;

    (void)state;
    if (temp_tree_init(&t)) abort();
    add(&t, &(struct entry){10, 1, 0, 500, "whisper", "0::/docker/" ID, NULL,
                            NULL});
    add(&t, &(struct entry){11, 1, 0, 5, "audition", "0::/docker/" ID, NULL,
                            NULL});
    temp_link(&t, "proc/self", "11");
    n = holders_find(t.root, 1, all, HOLDERS_MAX, &notes);
    assert_int_equal(n, 1);
    assert_string_equal(all[0].free_command, "kill 10");
    text_list_done(&notes);
    temp_tree_done(&t);
}

/* ---- this machine ------------------------------------------------------- */

/* A stranger: its parent ended, so that it is neither ours nor above us. It
 * holds until `hold` is closed, and says its pid into `told`. */
static _Noreturn void be_stranger(int told, int hold)
{
    size_t         n = 64 << 20;
    volatile char *memory;       /* or the compiler would do without it */
    char           byte;
    long           pid;

    if (fork() != 0) _exit(0);
    memory = malloc(n);
    if (!memory) _exit(1);
    for (size_t i = 0; i < n; i += 1024) memory[i] = 7;
    pid = getpid();
    if (write(told, &pid, sizeof pid) != sizeof pid) _exit(1);
    while (read(hold, &byte, 1) < 0)
        ;
    _exit(0);
}

static void test_a_process_of_this_machine_is_found(void **state)
{
    struct holder    all[200];
    struct text_list notes = {0};
    int              told[2], hold[2];
    bool             found = false;
    char             want[32];
    pid_t            middle;
    long             pid = 0;
    size_t           n;

    (void)state;
    assert_int_equal(pipe(told), 0);
    assert_int_equal(pipe(hold), 0);
    middle = fork();
    if (middle == 0) {
        close(hold[1]);
        be_stranger(told[1], hold[0]);
    }
    waitpid(middle, NULL, 0);
    assert_int_equal(read(told[0], &pid, sizeof pid), sizeof pid);
    n = holders_find("", 60 * MIB, all, 200, &notes);
    snprintf(want, sizeof want, "kill %ld", pid);
    for (size_t i = 0; i < n; i++) {
        assert_int_not_equal(all[i].pid, getpid());
        assert_int_not_equal(all[i].pid, getppid());
        if (all[i].pid != pid) continue;
        found = true;
        assert_true(all[i].memory_bytes >= 64 * MIB);
        assert_non_null(strstr(all[i].free_command, want));
        assert_true(*all[i].user);
    }
    close(hold[1]);
    assert_true(found);
    text_list_done(&notes);
    close(hold[0]);
    close(told[0]);
    close(told[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_a_board_in_use_names_who_holds_it_and_how_to_free_it),
        cmocka_unit_test(test_we_and_what_the_system_needs_are_never_told),
        cmocka_unit_test(test_only_as_many_as_asked_for_the_largest_first),
        cmocka_unit_test(test_a_jetsons_list_gives_gpu_memory_by_process),
        cmocka_unit_test(test_hostile_names_come_out_printable_and_short),
        cmocka_unit_test(test_secrets_of_a_command_line_are_not_repeated),
        cmocka_unit_test(test_trees_that_make_no_sense_break_nothing),
        cmocka_unit_test(test_each_way_to_be_started_has_its_way_to_be_ended),
        cmocka_unit_test(test_what_we_run_in_ourselves_is_not_ended),
        cmocka_unit_test(test_a_process_of_this_machine_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
