/* SPDX-License-Identifier: MIT */
/* stop.c - the flag behind stop.h, and the only signal handler. */
#include "base/stop.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

static volatile sig_atomic_t asked;

static void note(int signo)
{
    if (asked && signo == SIGINT) _exit(128 + SIGINT);
    if (!asked) asked = signo;
}

void stop_install(void)
{
    static const int signals[] = {SIGINT, SIGHUP, SIGTERM};
    struct sigaction act = {.sa_handler = note};

    sigemptyset(&act.sa_mask);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &act, NULL);
    act.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &act, NULL);
    sigaction(SIGXFSZ, &act, NULL);
}

int stop_signal(void) { return asked; }
