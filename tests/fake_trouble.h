/* SPDX-License-Identifier: MIT */
/* fake_trouble.h - what the fake server does to its machine, beside what it
 * answers. Only fake_server.c includes it.
 *
 * fail_on_load   also: no_listen (never binds its port), mute (takes
 *                connections and says nothing), port_stolen (another process
 *                binds the port and answers as if it were us, without a key)
 * grandchildren  so many processes that ignore SIGTERM, each of which is
 *                replaced by its own child every 20 ms: who kills them one by
 *                one is always too late
 * log_flood      MB/s for stderr, from the start to the end
 * descriptors    a file: how many our parent has open, a line at each start
 */
#ifndef TESTS_FAKE_TROUBLE_H
#define TESTS_FAKE_TROUBLE_H

#include <dirent.h>

#include "fake_answer.h"

#define TROUBLE_S 120              /* nobody runs longer, whatever happens */

static bool fails(const struct server *s, const char *how)
{
    const char *wanted = text_of(s->script, "fail_on_load");

    return wanted && strcmp(wanted, how) == 0;
}

/* Each leaves one child. Faster would use up the machine's process numbers. */
static _Noreturn void replace_oneself(int64_t end_ns)
{
    signal(SIGTERM, SIG_IGN);
    signal(SIGCHLD, SIG_IGN);
    while (now_ns() < end_ns) {
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
        if (fork() > 0) _exit(0);
    }
    _exit(0);
}

static void have_grandchildren(long n)
{
    int64_t end_ns = now_ns() + TROUBLE_S * NS;

    if (n > 0) signal(SIGCHLD, SIG_IGN);
    for (long i = 0; i < n; i++)
        if (fork() == 0) replace_oneself(end_ns);
}

static void *flood(void *opaque)
{
    const double *bytes_per_ms = opaque;
    char         *line         = must(malloc(1u << 16));
    size_t        n            = sizeof "flood\n" - 1;

    for (size_t i = 0; i + n <= 1u << 16; i += n)
        memcpy(line + i, "flood\n", n);
    for (double due = 0;;) {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        for (due += *bytes_per_ms; due >= 65536; due -= 65536)
            if (write(2, line, (1u << 16) - (1u << 16) % n) < 0) return NULL;
    }
}

static void flood_log(const struct server *s)
{
    static double bytes_per_ms;
    pthread_t     thread;

    bytes_per_ms = 1000 * number(s->script, "log_flood", 0);
    if (bytes_per_ms > 0 && pthread_create(&thread, NULL, flood,
                                           &bytes_per_ms))
        abort();
}

static void count_descriptors(const char *path)
{
    char           at[40];
    FILE          *out;
    DIR           *dir;
    struct dirent *e;
    int            n = 0;

    if (!path) return;
    snprintf(at, sizeof at, "/proc/%ld/fd", (long)getppid());
    dir = opendir(at);
    while (dir && (e = readdir(dir))) n += *e->d_name != '.';
    if (dir) closedir(dir);
    out = fopen(path, "ae");
    if (!out) return;
    fprintf(out, "%d\n", n);
    fclose(out);
}

/* The thief goes on, as a server; its parent is told that it came too late,
 * but only after it had time to be taken for the thief. */
static void lose_port(struct server *s)
{
    if (fork() == 0) {
        s->api_key = NULL;
        alarm(TROUBLE_S);
        return;
    }
    nanosleep(&(struct timespec){.tv_nsec = 500000000}, NULL);
    fprintf(stderr, "0.00.000.900 E srv         start: couldn't bind HTTP "
            "server socket, hostname: 127.0.0.1, port: %ld\n", s->port);
    exit(1);
}

static void make_trouble(struct server *s)
{
    count_descriptors(text_of(s->script, "descriptors"));
    have_grandchildren((long)number(s->script, "grandchildren", 0));
    while (fails(s, "no_listen")) pause();
    if (fails(s, "port_stolen")) lose_port(s);
    flood_log(s);
}

#endif
