/* SPDX-License-Identifier: MIT */
/* fuzz_langdetect.c - any bytes as a text: the answer is one of the codes and
 * always the same, or there is none; letters make one, and the text in front
 * of the limit alone makes the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "original/langdetect.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void require(bool holds)
{
    if (!holds) abort();
}

static void require_same(struct view a, struct view b)
{
    double      sure_a, sure_b;
    const char *code_a = langdetect(a, &sure_a);
    const char *code_b = langdetect(b, &sure_b);

    require(code_a == code_b && sure_a == sure_b);
    if (!code_a) require(sure_a == 0);
    else require(strlen(code_a) >= 2 && sure_a >= 0.5 && sure_a <= 1);
}

/* What stands behind 10,000 characters, and 64 more, is not read. Slow, so
 * only where the input asks for it. */
static void require_limit(struct view text)
{
    size_t room = 10100;
    char  *full = mem_new(room + text.len, 1);

    for (size_t i = 0; i < room; i++) full[i] = "the rest "[i % 9];
    memcpy(full + room, text.at, text.len);
    require_same((struct view){full, room},
                 (struct view){full, room + text.len});
    free(full);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct err  err  = {0};
    struct view text = {(const char *)bytes, size};

    require(langdetect_ready(&err) == 0);
    require_same(text, text);

    /* A word of letters of its own is always read. */
    char *more = mem_new(size + 6, 1);
    if (size) memcpy(more, bytes, size);
    memcpy(more + size, " ab ba", 6);
    if (size < 9000) require(langdetect((struct view){more, size + 6}, NULL));
    free(more);

    if (size && bytes[0] == 'L') require_limit(text);
    return 0;
}
