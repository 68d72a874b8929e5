/* SPDX-License-Identifier: MIT */
/* cold.h - a model's files out of the page cache, so that the start of its
 * engine is a cold one. */
#ifndef ENGINE_COLD_H
#define ENGINE_COLD_H

/* Drops the file, of a split model every part, and says in words what came
 * of it: engine_facts.page_cache. Never fails: what stays makes the start
 * only warmer, and is said. Caller frees. */
char *cold_drop(const char *model_path);

#endif
