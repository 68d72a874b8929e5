/* SPDX-License-Identifier: MIT */
/* proc_log.h - the log of a child, which may talk for ten hours: its head (how
 * it loaded) and its end (how it died) are kept, and the disk is not filled. */
#ifndef BASE_PROC_LOG_H
#define BASE_PROC_LOG_H

#define PROC_LOG_BYTES (16u << 20)   /* beyond these it is cut */

/* Cut the middle out of a log that has grown beyond PROC_LOG_BYTES, in place,
 * while its writer appends to it. proc_running() does so each time it is
 * asked. path may be NULL. */
void proc_log_bound(const char *path);

/* Empty the log of an earlier child, if there is one. path may be NULL. */
void proc_log_empty(const char *path);

#endif
