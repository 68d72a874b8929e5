/* SPDX-License-Identifier: MIT */
/* e2e.c - the real program against the fake llama-server: exit code, stdout,
 * stderr, and what it leaves behind. Each header is one promise of the
 * program, most of them a table that is extended by a line.
 *
 *   build/tests/e2e/e2e [PART-OF-A-TEST'S-NAME]
 *
 * AUDITION, FAKE_SERVER and AUDITION_DATA name other builds than build/. */
#define _GNU_SOURCE      /* unshare: mounts of a test are its own */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "e2e/fault_cases.h"

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_fault_is_told_and_spoils_no_other),
        cmocka_unit_test(test_a_failing_candidate_is_named_on_stderr),
    };
    char *only = argc > 1 ? mem_printf("*%s*", argv[1]) : NULL;
    int   bad;

    if (only) cmocka_set_test_filter(only);
    bad = cmocka_run_group_tests_name("e2e", tests, NULL, NULL);
    free(only);
    return bad;
}
