/* SPDX-License-Identifier: MIT */
/* log_cause.h - which line of a llama.cpp program's output says why it ended?
 * The log is no API: a line that is not found is only one that is not
 * quoted. */
#ifndef ENGINE_LOG_CAUSE_H
#define ENGINE_LOG_CAUSE_H

#include <stdbool.h>

bool log_says_out_of_memory(const char *log);

/* The line with the first of the known causes, by rank; "" when there is
 * none. Caller frees. */
char *log_cause(const char *log);

#endif
