/* SPDX-License-Identifier: MIT */
/* stop.h - the user, the terminal or the system asks us to end.
 *
 * SIGINT, SIGHUP and SIGTERM only set a flag; whoever waits looks at it and
 * ends what it does cleanly: what was measured is stored. A second SIGINT
 * ends the process at once. SIGPIPE and SIGXFSZ are ignored: a closed stdout
 * and a file at its limit (`ulimit -f`) are errors of the write.
 */
#ifndef BASE_STOP_H
#define BASE_STOP_H

/* Install the handlers. Call once, from main. */
void stop_install(void);

/* The first signal that asked us to stop, or 0. Safe from any thread. */
int stop_signal(void);

#endif
