/* SPDX-License-Identifier: MIT */
/* test_coload.c - speech kept running beside: how it becomes ready, how it is
 * watched, and that nothing of it is left. The stand-in is this program
 * itself, which is why main() knows `hold`. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <signal.h>

#include "base/children.h"
#include "base/jsonx.h"
#include "base/stop.h"
#include "base/utf8.h"
#include "coload.h"
#include "commands.h"
#include "scripted_child.h"
#include "scripted_server.h"

extern const struct command command_hold;

static struct coload_spec spec_of(const char *command)
{
    return (struct coload_spec){.command = command, .hold_bytes = NAN,
                                .hold_threads = -1, .ready_s = 60};
}

/* A command with the FIFO's path in it. Caller frees. */
static char *with_fifo(const char *before, const char *after)
{
    char *fifo = in_dir("fifo");
    char *text = mem_printf("%s%s%s", before, fifo, after);

    free(fifo);
    return text;
}

static void await_death(long pid)
{
    while (lives(pid)) clock_nap(0.002);
}

static void start(struct coload **c, const struct coload_spec *spec)
{
    struct err err = {0};

    if (coload_start(c, spec, &err)) fail_msg("%s", err.text);
}

static void refuse(const struct coload_spec *spec, enum err_kind kind,
                   const char *want)
{
    struct coload *c = NULL;
    struct err     err = {0};

    assert_int_equal(coload_start(&c, spec, &err), -1);
    assert_null(c);
    if (err.kind != kind || !strstr(err.text, want))
        fail_msg("%d: %s", (int)err.kind, err.text);
    assert_int_equal(count_records(), 0);
}

/* Files of ours in the folder for temporary ones, which is dir. */
static size_t count_logs(void)
{
    DIR           *list = opendir(dir);
    size_t         count = 0;
    struct dirent *entry;

    while (list && (entry = readdir(list)))
        count += strncmp(entry->d_name, "audition-coload", 15) == 0;
    if (list) closedir(list);
    return count;
}

static void test_nothing_asked_for_is_no_coload(void **state)
{
    struct coload_spec  spec = spec_of(NULL);
    struct coload_facts none = {0}, back;
    json_t             *o = coload_json(&none);

    (void)state;
    assert_false(coload_is_wanted(&spec));
    spec.hold_threads = 0;
    spec.command = "";
    assert_false(coload_is_wanted(&spec));
    spec.hold_threads = 1;
    assert_true(coload_is_wanted(&spec));
    assert_true(json_is_null(o));
    coload_read(o, &back);
    assert_false(back.is_wanted);
    assert_true(isnan(back.ready_s));
    assert_int_equal(back.health_n, -1);
    json_decref(o);
    coload_read(NULL, &back);
    assert_false(back.is_wanted);
    coload_stop(NULL);
}

static void test_a_command_that_ends_at_once_says_how(void **state)
{
    struct coload_spec spec =
        spec_of("echo no microphone >&2; exit 3");

    (void)state;
    refuse(&spec, ERR_PREFLIGHT, "exited with status 3: no microphone");
    spec.command = "kill -KILL $$";
    refuse(&spec, ERR_PREFLIGHT, "was killed by SIGKILL");
    spec.command = "/no/such/whisper";
    refuse(&spec, ERR_PREFLIGHT, "/no/such/whisper");
    assert_int_equal(count_logs(), 0);
}

static void test_one_that_leaves_a_process_behind_is_told_to_stay(
    void **state)
{
    char              *command = with_fifo("sleep 1000 & echo $! > ", "");
    struct coload_spec spec = spec_of(command);
    struct coload     *c = NULL;
    struct err         err = {0};
    char              *fifo = in_dir("fifo");
    int                fd = open(fifo, O_RDWR);
    char               text[32] = "";

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(coload_start(&c, &spec, &err), -1);
    assert_non_null(strstr(err.text, "keep it in the foreground"));
    assert_true(read(fd, text, sizeof text - 1) > 0);
    await_death(strtol(text, NULL, 10));
    close(fd);
    free(fifo);
    free(command);
}

static void test_without_a_url_it_is_ready_when_it_lives(void **state)
{
    struct coload_spec  spec = spec_of("exec sleep 1000");
    struct coload_facts f;
    struct coload      *c;
    long                pid;

    (void)state;
    start(&c, &spec);
    pid = coload_group(c);
    assert_true(pid > 1);
    assert_true(lives(pid));
    coload_report(c, &f);
    assert_true(f.is_wanted);
    assert_false(f.has_ended);
    assert_true(f.ready_s >= 1);
    assert_int_equal(f.health_n, -1);
    assert_true(isnan(f.health_median_s));
    assert_true(isnan(f.cpu_cores) && isnan(f.memory_bytes));
    assert_string_equal(f.command, "exec sleep 1000");
    coload_stop(c);
    await_death(pid);
    assert_int_equal(count_records(), 0);
    assert_int_equal(count_logs(), 0);
}

/* The grandchild ignores SIGTERM as well, and nobody reads its pid before it
 * is there. */
static void test_nothing_is_left_of_one_that_ignores_sigterm(void **state)
{
    char *command = with_fifo("trap '' TERM; (trap '' TERM; while :; do sleep "
                              "1; done) & echo $! > ",
                              "; while :; do sleep 1; done");
    struct coload_spec spec = spec_of(command);
    struct coload     *c;
    char              *fifo = in_dir("fifo");
    int                fd = open(fifo, O_RDWR);
    char               text[32] = "";
    long               group;

    (void)state;
    start(&c, &spec);
    group = coload_group(c);
    assert_true(read(fd, text, sizeof text - 1) > 0);
    assert_true(lives(strtol(text, NULL, 10)));
    coload_stop(c);
    assert_false(lives(strtol(text, NULL, 10)));
    assert_false(children_group_runs((pid_t)group));
    assert_int_equal(count_records(), 0);
    close(fd);
    free(fifo);
    free(command);
}

static void test_its_output_goes_to_the_log_that_was_named(void **state)
{
    struct coload_spec spec = spec_of("echo hello; exec sleep 1000");
    struct coload     *c;
    char              *log = in_dir("speech.log"), text[16] = "";
    int                fd;

    (void)state;
    spec.log_path = log;
    start(&c, &spec);
    coload_stop(c);
    fd = open(log, O_RDONLY);
    assert_true(read(fd, text, sizeof text - 1) > 0);
    assert_string_equal(text, "hello\n");
    close(fd);
    unlink(log);
    free(log);
}

static void test_a_talkative_one_does_not_fill_the_disk(void **state)
{
    char *command = with_fifo("head -c 20000000 /dev/zero; echo 1 > ",
                              "; exec sleep 1000");
    struct coload_spec spec = spec_of(command);
    struct coload     *c;
    char              *log = in_dir("speech.log");
    struct stat        st;
    char              *fifo = in_dir("fifo");
    int                fd = open(fifo, O_RDWR);

    (void)state;
    spec.log_path = log;
    start(&c, &spec);
    read_fifo();
    do assert_int_equal(stat(log, &st), 0);
    while (st.st_size > 16 << 20);
    coload_stop(c);
    close(fd);
    unlink(log);
    free(fifo);
    free(log);
    free(command);
}

static void test_one_that_ends_later_is_a_fact(void **state)
{
    char               *command = with_fifo("read line < ",
                                            "; echo out of tape; exit 5");
    struct coload_spec  spec = spec_of(command);
    struct coload_facts f, back;
    struct coload      *c;
    char               *fifo = in_dir("fifo");
    int                 fd;
    json_t             *o;

    (void)state;
    start(&c, &spec);
    fd = open(fifo, O_WRONLY);
    assert_int_equal(write(fd, "x\n", 2), 2);
    close(fd);
    await_death(coload_group(c));
    coload_report(c, &f);
    assert_true(f.has_ended);
    assert_string_equal(f.how, "exited with status 5: out of tape");
    assert_int_equal(coload_group(c), -1);
    f.cpu_cores = 1.5;
    o = coload_json(&f);
    assert_true(json_is_null(json_object_get(o, "health_n")));
    assert_true(json_is_null(json_object_get(o, "memory_bytes")));
    coload_read(o, &back);
    assert_true(back.is_wanted && back.has_ended);
    assert_string_equal(back.how, f.how);
    assert_string_equal(back.command, f.command);
    assert_true(back.ready_s == f.ready_s && back.cpu_cores == 1.5);
    assert_int_equal(back.health_n, -1);
    json_decref(o);
    coload_stop(c);
    free(fifo);
    free(command);
}

/* ---- health ------------------------------------------------------------ */

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

static void test_with_a_url_it_is_ready_when_that_answers(void **state)
{
    static const char *const steps[] = {OK, REQUEST, OK, REQUEST,
        "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", REQUEST, OK, HOLD,
        NULL};
    struct coload_spec  spec = spec_of("exec sleep 1000");
    struct coload_facts f;
    struct coload      *c;
    struct server       s;

    (void)state;
    server_start(&s, steps);
    spec.health_url = s.url;
    start(&c, &spec);
    do coload_report(c, &f);
    while (f.health_n < 3);
    assert_int_equal(f.health_failures, 1);
    assert_true(f.health_median_s > 0);
    assert_true(f.health_worst_s >= f.health_median_s);
    assert_false(f.has_ended);
    coload_stop(c);
    server_done(&s);
}

/* Nobody listens at the port until the command has been started. */
static void *serve_later(void *ctx)
{
    struct server *s = ctx;

    read_fifo();
    listen(s->listener, 8);
    return serve(s);
}

static void test_it_waits_for_a_server_that_comes_later(void **state)
{
    static const char *const steps[] = {
        "HTTP/1.1 503 Loading\r\nContent-Length: 0\r\n\r\n", REQUEST, OK,
        HOLD, NULL};
    char               *command = with_fifo("echo 1 > ", "; exec sleep 1000");
    struct coload_spec  spec = spec_of(command);
    struct coload_facts f;
    struct coload      *c;
    struct server       s = {.steps = steps};
    int                 port;

    (void)state;
    s.listener = listen_here(&port);
    assert_int_equal(pipe(s.go), 0);
    assert_int_equal(pipe(s.told), 0);
    strbuf_init(&s.heads, 100000);
    snprintf(s.url, sizeof s.url, "http://127.0.0.1:%d/health", port);
    assert_int_equal(pthread_create(&s.thread, NULL, serve_later, &s), 0);
    spec.health_url = s.url;
    start(&c, &spec);
    coload_report(c, &f);
    assert_true(f.ready_s > 0);
    coload_stop(c);
    server_done(&s);
    free(command);
}

static void test_one_that_never_answers_says_what_was_tried(void **state)
{
    static const char *const steps[] = {
        "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", NULL};
    struct coload_spec spec = spec_of("exec sleep 1000");
    struct server      s;

    (void)state;
    server_start(&s, steps);
    spec.health_url = s.url;
    spec.ready_s = 0.01;
    refuse(&spec, ERR_PREFLIGHT, "gave no 2xx");
    server_done(&s);
}

static void test_a_url_alone_watches_what_runs_already(void **state)
{
    static const char *const steps[] = {OK, REQUEST, OK, HOLD, NULL};
    struct coload_spec  spec = spec_of(NULL);
    struct coload_facts f;
    struct coload      *c;
    struct server       s;

    (void)state;
    server_start(&s, steps);
    spec.health_url = s.url;
    assert_true(coload_is_wanted(&spec));
    start(&c, &spec);
    assert_int_equal(coload_group(c), -1);
    do coload_report(c, &f);
    while (f.health_n < 1);
    assert_false(f.has_ended);
    assert_string_equal(f.command, "already running");
    coload_stop(c);
    server_done(&s);
}

static void test_what_cannot_be_meant_is_bad_input(void **state)
{
    struct coload_spec spec = spec_of("exec sleep 1000");

    (void)state;
    spec.health_url = "localhost/health";
    refuse(&spec, ERR_INPUT, "is no URL");
    spec.health_url = "file:///etc/passwd";
    refuse(&spec, ERR_INPUT, "is no URL");
    spec.health_url = NULL;
    spec.hold_bytes = 1e6;
    refuse(&spec, ERR_INPUT, "leave out one");
}

/* ---- the stand-in ------------------------------------------------------ */

static double anon_bytes(long pid)
{
    char  path[64], line[200];
    FILE *f;
    long  kib = -1;

    snprintf(path, sizeof path, "/proc/%ld/status", pid);
    f = fopen(path, "r");
    assert_non_null(f);
    while (fgets(line, sizeof line, f))
        if (strncmp(line, "RssAnon:", 8) == 0)
            kib = strtol(line + 8, NULL, 10);
    fclose(f);
    return (double)kib * 1024;
}

static void test_a_stand_in_holds_what_it_was_told(void **state)
{
    struct coload_spec  spec = spec_of(NULL);
    struct coload_facts f;
    struct coload      *c;
    long                pid;

    (void)state;
    spec.hold_bytes = 48 << 20;
    spec.hold_threads = 2;
    start(&c, &spec);
    pid = coload_group(c);
    assert_true(anon_bytes(pid) >= 48 << 20);
    coload_report(c, &f);
    assert_string_equal(f.command, "48 MiB and 2 threads held");
    assert_false(f.has_ended);
    coload_stop(c);
    assert_false(lives(pid));
    assert_int_equal(count_logs(), 0);
}

static void test_more_than_there_is_cannot_be_held(void **state)
{
    struct coload_spec spec = spec_of(NULL);

    (void)state;
    spec.hold_bytes = 0x1p45;
    refuse(&spec, ERR_PREFLIGHT, "32.0 TiB cannot be held");
}

/* ---- when we are ended -------------------------------------------------- */

/* In a process of its own, which then waits to be killed. Its pid. */
static pid_t start_elsewhere(const struct coload_spec *spec)
{
    pid_t pid = fork();

    if (pid == 0) {
        struct coload *c = NULL;
        struct err     err = {0};

        if (coload_start(&c, spec, &err) != 0) _exit(1);
        for (;;) pause();
    }
    assert_true(pid > 0);
    return pid;
}

static void test_after_a_kill_of_ours_the_next_start_ends_the_rest(
    void **state)
{
    char *command = with_fifo("sleep 1000 & echo $! > ", "; wait");
    struct coload_spec spec = spec_of(command);
    char  *fifo = in_dir("fifo"), text[32] = "";
    int    fd = open(fifo, O_RDWR);
    pid_t  owner;
    long   sleeper;

    (void)state;
    owner = start_elsewhere(&spec);
    assert_true(read(fd, text, sizeof text - 1) > 0);
    sleeper = strtol(text, NULL, 10);
    kill(owner, SIGKILL);
    waitpid(owner, NULL, 0);
    assert_int_equal(count_records(), 1);
    proc_reap_leftovers();
    await_death(sleeper);
    assert_int_equal(count_records(), 0);
    close(fd);
    free(fifo);
    free(command);
}

static void test_a_stop_signal_ends_the_wait(void **state)
{
    struct coload_spec spec = spec_of("exec sleep 1000");
    int                status = 0;
    pid_t              pid;

    (void)state;
    spec.health_url = "http://127.0.0.1:9/";
    spec.ready_s = 1e6;
    pid = fork();
    if (pid == 0) {
        struct coload *c = NULL;
        struct err     err = {0};

        stop_install();
        kill(getpid(), SIGTERM);
        if (coload_start(&c, &spec, &err) == 0) _exit(1);
        _exit(err.kind == ERR_STOPPED && count_records() == 0 ? 7 : 2);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 7);
}

/* What coload.c starts: this program again, as `hold`. */
static int be_held(int argc, char **argv)
{
    char             options[256] = {0};
    enum opt_source  sources[16];
    struct text_list arguments = {0};
    bool             help = false;
    struct err       err = {0};
    int              code = 2;

    assert_true(command_hold.options_bytes <= sizeof options);
    stop_install();
    if (opt_parse(&command_hold, argc - 2, argv + 2, options, sources,
                  &arguments, &help, &err) == 0)
        code = command_hold.run(options, sources, &arguments);
    opt_done(&command_hold, options);
    text_list_done(&arguments);
    return code;
}

static int prepare(void **state)
{
    int rc = make_dir(state);

    return rc ? rc : setenv("TMPDIR", dir, 1);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_asked_for_is_no_coload),
        cmocka_unit_test(test_a_command_that_ends_at_once_says_how),
        cmocka_unit_test(
            test_one_that_leaves_a_process_behind_is_told_to_stay),
        cmocka_unit_test(test_without_a_url_it_is_ready_when_it_lives),
        cmocka_unit_test(test_nothing_is_left_of_one_that_ignores_sigterm),
        cmocka_unit_test(test_its_output_goes_to_the_log_that_was_named),
        cmocka_unit_test(test_a_talkative_one_does_not_fill_the_disk),
        cmocka_unit_test(test_one_that_ends_later_is_a_fact),
        cmocka_unit_test(test_with_a_url_it_is_ready_when_that_answers),
        cmocka_unit_test(test_it_waits_for_a_server_that_comes_later),
        cmocka_unit_test(test_one_that_never_answers_says_what_was_tried),
        cmocka_unit_test(test_a_url_alone_watches_what_runs_already),
        cmocka_unit_test(test_what_cannot_be_meant_is_bad_input),
        cmocka_unit_test(test_a_stand_in_holds_what_it_was_told),
        cmocka_unit_test(test_more_than_there_is_cannot_be_held),
        cmocka_unit_test(
            test_after_a_kill_of_ours_the_next_start_ends_the_rest),
        cmocka_unit_test(test_a_stop_signal_ends_the_wait),
    };

    if (argc > 1 && strcmp(argv[1], "hold") == 0) return be_held(argc, argv);
    return cmocka_run_group_tests(tests, prepare, remove_dir);
}
