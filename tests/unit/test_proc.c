/* SPDX-License-Identifier: MIT */
/* test_proc.c - how a child starts, ends and is described. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>

#include "base/bytes.h"
#include "base/stop.h"
#include "base/utf8.h"
#include "scripted_child.h"

/* An ELF header of this machine's class for a CPU that it is not. */
static void write_foreign_program(const char *path)
{
    struct bytes head = {0};
    struct err   err  = {0};
    uint64_t     size;
    char         elf[64] = "";

    if (bytes_read_head(&head, "/bin/sh", sizeof elf, &size, &err))
        fail_msg("%s", err.text);
    memcpy(elf, head.data, sizeof elf);
    elf[18] = (char)(head.data[18] == 183 ? 62 : 183);
    bytes_done(&head);
    write_file(path, elf, sizeof elf, 0755);
}

/* Valgrind gives up on a script whose interpreter is missing. */
static bool under_valgrind(void)
{
    const char *preload = getenv("LD_PRELOAD");

    return preload && strstr(preload, "vgpreload");
}

static void test_proc_start_says_why_not(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
        int         mode;
        const char *want;
    } cases[] = {
        {"missing", NULL, 0, "No such file"},
        {"plain", "#!/bin/sh\n", 0644, "is not executable"},
        {"plain/below-a-file", NULL, 0, "Not a directory"},
        {"text", "llama-server --port 1\n", 0755, "is not a program"},
        {"empty", "", 0755, "is not a program"},
        {"short", "\x7f" "ELF", 0755, "is not a program"},
        {"orphan", "#!/no/such/interpreter\n", 0755, "interpreter or loader"},
        {"", NULL, 0, "is a folder"},
        {"foreign", NULL, 0, "is a program for"},
    };
    char *foreign = in_dir("foreign");

    write_foreign_program(foreign);
    free(foreign);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char       *path   = in_dir(cases[i].name);
        char       *argv[] = {path, NULL};
        char       *output;
        struct proc p;
        struct err  err = {0}, again = {0};
        int         status;

        if (strcmp(cases[i].name, "orphan") == 0 && under_valgrind()) {
            free(path);
            continue;
        }
        if (cases[i].text)
            write_file(path, cases[i].text, strlen(cases[i].text),
                       cases[i].mode);
        if (proc_start(&p, argv, NULL, &err) != -1 ||
            err.kind != ERR_PREFLIGHT || !strstr(err.text, cases[i].want) ||
            !strstr(err.text, path))
            fail_msg("%s: %s", cases[i].name, err.text);
        assert_int_equal(p.pid, 0);
        assert_false(proc_running(&p));
        proc_stop(&p, 1);
        assert_int_equal(proc_capture(argv, 5, 10, &output, &status, &again),
                         -1);
        assert_string_equal(again.text, err.text);
        assert_null(output);
        free(path);
    }
    assert_int_equal(count_records(), 0);
}

static void test_proc_start_names_a_log_it_cannot_write(void **state)
{
    (void)state;
    char       *argv[] = {"/bin/true", NULL};
    char       *log    = in_dir("no-such-folder/log");
    struct proc p;
    struct err  err = {0};

    assert_int_equal(proc_start(&p, argv, log, &err), -1);
    assert_int_equal(err.kind, ERR_PREFLIGHT);
    assert_non_null(strstr(err.text, log));
    free(log);
}

static void test_proc_describes_how_it_ended(void **state)
{
    (void)state;
    static const struct {
        const char *script, *want;
    } cases[] = {
        {"exit 0", "exited with status 0"},
        {"exit 7", "exited with status 7"},
        {"kill -ILL $$", "was killed by SIGILL: this build of the engine "
                         "uses instructions this CPU does not have; build "
                         "it here with `make engine`"},
        {"kill -SEGV $$", "was killed by SIGSEGV"},
        {"kill -ABRT $$", "was killed by SIGABRT"},
        {"kill -BUS $$", "was killed by SIGBUS"},
        {"kill -KILL $$", "was killed by SIGKILL, as the kernel does when "
                          "memory runs out"},
        {"kill -TERM $$", "was killed by SIGTERM"},
        {"kill -USR1 $$", "was killed by signal 10"},
        {"sh -c 'kill -ILL $$'; exit $?", "exited with status 132, a shell's "
         "way to say that its program was killed by SIGILL"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct proc p;
        char        text[400], small[5];

        start_script(&p, cases[i].script, NULL);
        await_end(&p);
        assert_true(p.ended);
        assert_false(p.stopped_by_us);
        assert_int_equal(p.pid, 0);
        proc_describe_end(&p, text, sizeof text);
        if (strncmp(text, cases[i].want, strlen(cases[i].want)) != 0)
            fail_msg("%s: %s", cases[i].script, text);
        proc_describe_end(&p, small, sizeof small);
        assert_int_equal(strlen(small), 4);
        assert_int_equal(count_records(), 0);
        proc_stop(&p, 1);
    }
}

static void test_proc_knows_the_kernels_own_kill(void **state)
{
    (void)state;
    struct proc p = {.ended = true, .status = SIGKILL,
                     .killed_for_memory = true};
    char        text[300];

    proc_describe_end(&p, text, sizeof text);
    assert_non_null(strstr(text, "by the kernel (SIGKILL), because memory"));
    start_script(&p, "kill -KILL $$", NULL);
    await_end(&p);
    assert_false(p.killed_for_memory);      /* unless the machine is so full */
    proc_stop(&p, 1);
}

static void test_proc_describes_what_has_not_ended(void **state)
{
    (void)state;
    struct proc p = {0};
    char        text[100];

    proc_describe_end(&p, text, sizeof text);
    assert_string_equal(text, "was not started");
    start_script(&p, "while :; do sleep 1000; done", NULL);
    proc_describe_end(&p, text, sizeof text);
    assert_string_equal(text, "is still running");
    assert_int_equal(count_records(), 1);
    proc_stop(&p, 30);
    proc_describe_end(&p, text, sizeof text);
    assert_string_equal(text, "was stopped by audition");
    assert_int_equal(count_records(), 0);
    assert_null(p.record);
    proc_stop(&p, 30);          /* safe again */
}

/* What a child must not inherit, although we do our worst. */
static void test_proc_gives_the_child_a_clean_start(void **state)
{
    (void)state;
    static const char script[] =
        "read -r x && echo got $x; echo out; echo err >&2;"
        "ls -l /proc/$$/fd | grep -c leaked;"
        /* signals 1 to 28: what glibc keeps to itself may be ignored above */
        "sed -nE 's/^(Sig(Blk|Ign).).*(.{7})$/\\1 \\3/p' /proc/self/status;"
        "cat /proc/$$/oom_score_adj; cut -d' ' -f5 /proc/$$/stat";
    char            *log    = in_dir("log");
    char            *leaked = in_dir("leaked");
    int              fd     = open(leaked, O_WRONLY | O_CREAT, 0600);
    sigset_t         some, old;
    struct sigaction ignore = {.sa_handler = SIG_IGN}, was;
    struct stat      st;
    struct proc      p;
    char            *text, *want;
    pid_t            pid;

    write_file(log, "from before\n", 12, 0644);
    sigemptyset(&some);
    sigaddset(&some, SIGTERM);
    sigaddset(&some, SIGUSR1);
    sigprocmask(SIG_BLOCK, &some, &old);
    sigaction(SIGPIPE, &ignore, &was);
    start_script(&p, script, log);
    sigaction(SIGPIPE, &was, NULL);
    sigprocmask(SIG_SETMASK, &old, NULL);
    pid = p.pid;
    await_end(&p);
    text = proc_log_tail(&p, 4000);
    want = mem_printf("out\nerr\n0\nSigBlk: 0000000\n"
                      "SigIgn: 0000000\n800\n%ld", (long)pid);
    assert_string_equal(text, want);
    assert_int_equal(stat(log, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    proc_stop(&p, 1);
    close(fd);
    unlink(leaked);
    free(text);
    free(want);
    free(leaked);
    free(log);
}

static void test_proc_stop_ends_a_child_that_ignores_sigterm(void **state)
{
    (void)state;
    struct proc p;
    long        pid;

    start_script(&p, "trap '' TERM; echo $$ >\"$1\";"
                     "while :; do sleep 1000; done", NULL);
    pid = read_fifo();
    assert_int_equal(pid, p.pid);
    assert_true(proc_running(&p));
    proc_stop(&p, 0.1);
    assert_false(lives(pid));
    assert_true(p.stopped_by_us);
    assert_true(WIFSIGNALED(p.status));
    assert_int_equal(WTERMSIG(p.status), SIGKILL);
}

static void test_proc_stop_lets_a_child_end_in_its_own_way(void **state)
{
    (void)state;
    static const char *const scripts[] = {
        "trap 'exit 5' TERM; echo 1 >\"$1\"; while :; do sleep 0.01; done",
        "trap 'exit 5' TERM; echo 1 >\"$1\"; kill -STOP $$; exit 6",
    };

    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        struct proc p;

        start_script(&p, scripts[i], NULL);
        read_fifo();
        while (i == 1 && state_of(p.pid) != 'T') clock_nap(0.002);
        proc_stop(&p, 60);
        assert_true(WIFEXITED(p.status));
        assert_int_equal(WEXITSTATUS(p.status), 5);
    }
}

static void test_proc_ends_the_children_of_a_wrapper(void **state)
{
    (void)state;
    static const struct {
        const char *situation, *script;
        bool        ends_itself;
    } cases[] = {
        {"a wrapper that waits",
         "sleep 1000 & echo $! >\"$1\"; wait", false},
        {"a stopped wrapper, deaf children",
         "(trap '' TERM; exec sleep 1000) & echo $! >\"$1\"; kill -STOP $$",
         false},
        {"a wrapper that leaves its server behind",
         "sleep 1000 & echo $! >\"$1\"; exit 3", true},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct proc p;
        long        pid;

        start_script(&p, cases[i].script, NULL);
        pid = read_fifo();
        if (cases[i].ends_itself) {
            await_end(&p);
            while (lives(pid)) clock_nap(0.002);    /* SIGKILL is under way */
        }
        proc_stop(&p, 0.1);
        if (lives(pid)) fail_msg("%s", cases[i].situation);
        if (cases[i].ends_itself) {
            assert_true(WIFEXITED(p.status));
            assert_int_equal(WEXITSTATUS(p.status), 3);
        }
    }
}

/* Each member lives 20 ms and leaves one behind: whoever kills them one by
 * one is always too late. */
static void test_proc_ends_a_group_that_forks_for_ever(void **state)
{
    (void)state;
    static const char script[] =
        "trap '' TERM\n(sleep 0.02; exec sh \"$0\") &\n";
    char       *log = in_dir("forks");
    struct proc p;
    pid_t       group;

    write_file(log, script, strlen(script), 0600);
    start_script(&p, "for i in 1 2 3 4 5; do sh \"${1%fifo}forks\" & done; "
                 "echo 1 >\"$1\"; sleep 1000", NULL);
    group = p.pid;
    read_fifo();
    proc_stop(&p, 0.1);
    assert_int_equal(p.pid, 0);
    for (int i = 0; kill(-group, 0) == 0; i++) {
        assert_true(i < 1000);          /* zombies, until init is there */
        clock_nap(0.01);
    }
    assert_int_equal(errno, ESRCH);
    free(log);
}

static void test_proc_log_tail_is_printable_and_bounded(void **state)
{
    (void)state;
    static const struct {
        const char *situation, *log;
        size_t      max_bytes;
        const char *want;
    } cases[] = {
        {"all of it", "one\ntwo\n", 100, "one\ntwo"},
        {"whole lines from the end", "first\nsecond\nthird\n", 15,
         "second\nthird"},
        {"a line longer than the limit", "0123456789\n", 6, "56789"},
        {"no line end", "one\ntwo", 5, "two"},
        {"control characters", "a\x1b[2Jb\x07\xc2\x9b" "c\rd\te\n", 100,
         "a?[2Jb??c d e"},
        {"invalid UTF-8 grows, and is cut again", "ab\xff\xff\xff\xff", 6,
         "\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"a letter is not cut", "xx\xC3\xBC\xC3\xBC", 4, "\xC3\xBC\xC3\xBC"},
        {"nothing fits", "abc", 0, ""},
        {"empty", "", 10, ""},
        {"line ends only", "\n\n\n", 10, ""},
    };
    char       *log = in_dir("tail");
    struct proc p   = {.log_path = log};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text;

        write_file(log, cases[i].log, strlen(cases[i].log), 0600);
        text = proc_log_tail(&p, cases[i].max_bytes);
        if (strcmp(text, cases[i].want) != 0 ||
            strlen(text) > cases[i].max_bytes ||
            !utf8_valid(text, strlen(text)))
            fail_msg("%s: %s", cases[i].situation, text);
        free(text);
    }
    p.log_path = dir;
    free(log);
    char *of_a_folder = proc_log_tail(&p, 10);
    p.log_path = NULL;
    char *of_nothing = proc_log_tail(&p, 10);
    assert_string_equal(of_a_folder, "");
    assert_string_equal(of_nothing, "");
    free(of_a_folder);
    free(of_nothing);
}

static void test_proc_capture_collects_both_streams(void **state)
{
    (void)state;
    static const struct {
        const char *script;
        size_t      max_bytes;
        const char *want;
        int         exit_status;
    } cases[] = {
        {"echo out; echo err >&2; exit 3", 100, "out\nerr\n", 3},
        {"echo 1234567", 4, "1234", 0},
        {"i=0; while [ $i -lt 3000 ]; do echo 0123456789012345678901234567890;"
         " i=$((i+1)); done; exit 6", 5, "01234", 6},
        {"exec >&- 2>&-; exit 2", 100, "", 2},
        {"echo a; sleep 1000 & exit 0", 100, "a\n", 0},
        {"cat", 100, "", 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char      *argv[] = {"/bin/sh", "-c", mem_copy(cases[i].script),
                             NULL};
        char      *output = NULL;
        int        status = -1;
        struct err err    = {0};

        if (proc_capture(argv, 60, cases[i].max_bytes, &output, &status,
                         &err))
            fail_msg("%s: %s", cases[i].script, err.text);
        if (strcmp(output, cases[i].want) != 0 || !WIFEXITED(status) ||
            WEXITSTATUS(status) != cases[i].exit_status)
            fail_msg("%s: %d '%s'", cases[i].script, status, output);
        free(output);
        free(argv[2]);
        assert_int_equal(count_records(), 0);
    }
}

static void test_proc_capture_ends_what_takes_too_long(void **state)
{
    (void)state;
    static const char *const scripts[] = {
        "trap '' TERM; while :; do sleep 1000; done",
        "while :; do echo flood; done",
        "exec >&- 2>&-; while :; do sleep 1000; done",
    };

    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        char      *argv[] = {"/bin/sh", "-c", mem_copy(scripts[i]), NULL};
        char      *output = argv[0];
        int        status;
        struct err err = {0};

        assert_int_equal(proc_capture(argv, 0.2, 1000, &output, &status,
                                      &err), -1);
        assert_int_equal(err.kind, ERR_TIMEOUT);
        assert_null(output);
        free(argv[2]);
    }
}

struct heard {
    long groups[4];
    int  n;
};

static void hear(void *ctx, long group)
{
    struct heard *h = ctx;

    assert_true(h->n < 4);
    h->groups[h->n++] = group;
}

static void test_proc_capture_tells_of_its_child(void **state)
{
    (void)state;
    char        *argv[] = {"/bin/sh", "-c", "echo $$", NULL};
    char        *none[] = {"/no/such/program", NULL};
    char        *output = NULL;
    int          status;
    struct heard h   = {.n = 0};
    struct err   err = {0};

    assert_int_equal(proc_capture_told(argv, 60, 100, hear, &h, &output,
                                       &status, &err), 0);
    assert_int_equal(h.n, 2);
    assert_int_equal(h.groups[0], strtol(output, NULL, 10));
    assert_int_equal(h.groups[1], 0);
    free(output);
    assert_int_equal(proc_capture_told(none, 60, 100, hear, &h, &output,
                                       &status, &err), -1);
    assert_int_equal(h.n, 2);
}

/* In a child, since a stop is for ever. */
static void test_proc_capture_notices_a_stop_signal(void **state)
{
    (void)state;
    pid_t pid = fork();
    int   status;

    if (pid == 0) {
        char      *argv[] = {"/bin/sh", "-c", "kill $PPID; sleep 1000", NULL};
        char      *output;
        struct err err = {0};

        stop_install();
        if (proc_capture(argv, 60, 10, &output, &status, &err) == 0) _exit(1);
        _exit(err.kind == ERR_STOPPED ? 0 : 2);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_proc_quote_is_read_back_by_a_shell(void **state)
{
    (void)state;
    static const char *const args[] = {
        "plain", "/usr/bin/llama-server", "--key=value", "", " ", "two words",
        "it's", "'", "''", "\"", "$HOME", "`id`", "$(id)", "a;b", "a&b", "*",
        "~", "#x", "\\", "a\\b", "new\nline", "tab\t", "!x", "{a,b}", "a=b",
        "gr\xC3\xBC\xC3\x9F", "\xff\xfe", "-n", "%s", "a|b>c<d", "(x)",
    };

    for (size_t i = 0; i < sizeof args / sizeof *args; i++) {
        char      *arg      = mem_copy(args[i]);
        char      *words[]  = {"printf", "%s", arg, NULL};
        char      *line     = proc_quote(words);
        char      *shell[]  = {"/bin/sh", "-c", line, NULL};
        char      *output   = NULL;
        struct err err      = {0};
        int        status;

        if (proc_capture(shell, 60, 1000, &output, &status, &err))
            fail_msg("%s", err.text);
        if (strcmp(output, args[i]) != 0 || status != 0)
            fail_msg("%s became %s", line, output);
        free(output);
        free(line);
        free(arg);
    }
}

static void test_proc_quote_stays_readable(void **state)
{
    (void)state;
    char *argv[]  = {"/opt/llama server", "-m", "a.gguf", "--x=1", NULL};
    char *named[] = {"A=b", NULL};
    char *none[]  = {NULL};
    char *line = proc_quote(argv), *odd = proc_quote(named);
    char *empty = proc_quote(none);

    assert_string_equal(line, "'/opt/llama server' -m a.gguf --x=1");
    assert_string_equal(odd, "'A=b'");   /* would be an assignment */
    assert_string_equal(empty, "");
    free(line);
    free(odd);
    free(empty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_proc_start_says_why_not),
        cmocka_unit_test(test_proc_start_names_a_log_it_cannot_write),
        cmocka_unit_test(test_proc_describes_how_it_ended),
        cmocka_unit_test(test_proc_knows_the_kernels_own_kill),
        cmocka_unit_test(test_proc_describes_what_has_not_ended),
        cmocka_unit_test(test_proc_gives_the_child_a_clean_start),
        cmocka_unit_test(test_proc_stop_ends_a_child_that_ignores_sigterm),
        cmocka_unit_test(test_proc_stop_lets_a_child_end_in_its_own_way),
        cmocka_unit_test(test_proc_ends_the_children_of_a_wrapper),
        cmocka_unit_test(test_proc_ends_a_group_that_forks_for_ever),
        cmocka_unit_test(test_proc_log_tail_is_printable_and_bounded),
        cmocka_unit_test(test_proc_capture_collects_both_streams),
        cmocka_unit_test(test_proc_capture_ends_what_takes_too_long),
        cmocka_unit_test(test_proc_capture_tells_of_its_child),
        cmocka_unit_test(test_proc_capture_notices_a_stop_signal),
        cmocka_unit_test(test_proc_quote_is_read_back_by_a_shell),
        cmocka_unit_test(test_proc_quote_stays_readable),
    };

    alarm(120);      /* whatever hangs, hangs not for ever */
    return cmocka_run_group_tests_name("proc", tests, make_dir, remove_dir);
}
