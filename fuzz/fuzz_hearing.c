/* SPDX-License-Identifier: MIT */
/* fuzz_hearing.c - any text, misheard: valid, the same twice, and its errors
 * are those that a plain count of its words allows; a distance is one. The
 * first two bytes are the rate and the language; a name of the home stands
 * behind the first NUL. Needs AUDITION_DATA. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "hearing/hearing.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void require(bool holds)
{
    if (!holds) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const languages[] = {"en", "de", "es"};
    const char         *language;
    double              rate;
    char               *text, *heard, *again;
    struct text_list    names = {0};
    struct err          err = {0};
    struct hearing_rate there, back;
    size_t              n;

    if (size < 2) return 0;
    rate = bytes[0] / 255.0;
    language = languages[bytes[1] % 3];
    text = mem_copy_n((const char *)bytes + 2, size - 2);
    n = strlen(text);
    if (n < size - 2) text_list_add(&names, text + n + 1);
    heard = hearing_noise(text, language, rate, 1, &names, &err);
    again = hearing_noise(text, language, rate, 1, &names, &err);
    require(heard && again && !strcmp(heard, again));
    require(utf8_valid(heard, strlen(heard)));
    there = hearing_rate(text, heard, language);
    back = hearing_rate(heard, text, language);
    require(there.errors == back.errors);
    require(there.errors <= (there.words > back.words ? there.words
                                                      : back.words));
    require(there.errors >= abs(there.words - back.words));
    require(hearing_rate(heard, heard, language).errors == 0);
    text_list_done(&names);
    free(text);
    free(heard);
    free(again);
    return 0;
}
