/* SPDX-License-Identifier: MIT */
/* Does it fit? Sums that a person can check, in MiB. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "predict/predict.h"

#define MIB (1024.0 * 1024.0)

struct question {
    double tensors_mib, file_mib;   /* 0: the file was not read */
    double kv_kib;                  /* a token, NAN unknown     */
    double available_mib, reserve_mib;
    int    context;
};

static void ask(const struct question *q, struct forecast *out)
{
    struct candidate c = {.facts = {
        .tensor_bytes = (uint64_t)(q->tensors_mib * MIB),
        .file_bytes = (uint64_t)(q->file_mib * MIB),
        .kv_bytes_per_token = q->kv_kib * 1024}};
    struct machine m = {.available_bytes = q->available_mib * MIB};

    predict_fit(&c, &m, q->context, q->reserve_mib * MIB, out);
}

static void test_what_fits_is_told_from_what_does_not_and_what_is_unknown(
    void **state)
{
    static const struct {
        const char     *what;
        struct question q;
        int             fits;
        double          needed_mib;
    } cases[] = {
        {"with room", {1000, 1010, 128, 8000, 1000, 4096}, 1, 1512},
        {"exactly", {1000, 1010, 128, 2512, 1000, 4096}, 1, 1512},
        {"a mebibyte short", {1000, 1010, 128, 2511, 1000, 4096}, 0, 1512},
        {"only without the reserve", {1000, 1010, 128, 2000, 1000, 4096}, 0,
         1512},
        {"less memory than the reserve", {100, 110, 8, 500, 1000, 4096}, 0,
         132},
        {"tensors not counted: the file", {0, 1010, 128, 1500, 0, 4096}, 0,
         1522},
        {"cache unknown, weights too large", {1000, 1010, NAN, 900, 0, 4096},
         0, 1000},
        {"cache unknown, weights fit", {1000, 1010, NAN, 1100, 0, 4096}, 1,
         1000},
        {"a file that was not read", {0, 0, 0, 8000, 0, 4096}, -1, NAN},
        {"memory that cannot be read", {1000, 1010, 128, NAN, 0, 4096}, -1,
         1512},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct forecast f;

        ask(&cases[i].q, &f);
        if (f.fits != cases[i].fits)
            fail_msg("%s: %d (%s)", cases[i].what, f.fits, f.reason);
        if (isnan(cases[i].needed_mib)) assert_true(isnan(f.needed_bytes));
        else if (f.needed_bytes != cases[i].needed_mib * MIB)
            fail_msg("%s: %g MiB", cases[i].what, f.needed_bytes / MIB);
        assert_int_equal(f.reason[0] != '\0', f.fits == 0);
    }
}

static void test_what_does_not_fit_says_why_and_what_would(void **state)
{
    static const struct {
        struct question q;
        const char     *reason;
    } cases[] = {
        {{1000, 1010, 128, 2300, 1000, 4096},
         "it needs at least 1512 MiB at a context of 4096, and 1300 MiB are "
         "available beside the 1000 MiB reserved for speech; a context of at "
         "most 2304 may fit"},
        {{1000, 1010, 128, 1064, 0, 4096},
         "it needs at least 1512 MiB at a context of 4096, and 1064 MiB are "
         "available; a context of at most 512 may fit"},
        {{1000, 1010, 128, 1063, 0, 4096},
         "it needs at least 1512 MiB at a context of 4096, and 1063 MiB are "
         "available; no context makes it fit"},
        {{1000, 1010, 128, 900, 1000, 4096},
         "it needs at least 1512 MiB at a context of 4096, and 0 MiB are "
         "available beside the 1000 MiB reserved for speech; no context "
         "makes it fit"},
        {{1000, 1010, NAN, 900, 0, 4096},
         "it needs at least 1000 MiB at a context of 4096, and 900 MiB are "
         "available; no context makes it fit"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct forecast f;

        ask(&cases[i].q, &f);
        assert_string_equal(f.reason, cases[i].reason);
    }
}

static void test_the_context_that_is_offered_does_fit(void **state)
{
    (void)state;
    for (double available = 1000; available < 1520; available += 0.7) {
        struct question q = {1000, 1010, 128, available, 0, 4096};
        struct forecast f;
        const char     *offer;

        ask(&q, &f);
        offer = strstr(f.reason, "at most ");
        if (!offer) continue;
        q.context = (int)strtol(offer + 8, NULL, 10);
        assert_in_range(q.context, 512, 4095);
        ask(&q, &f);
        assert_int_equal(f.fits, 1);
    }
}

static void test_absurd_sizes_stay_within_the_sentence(void **state)
{
    struct candidate c = {.facts = {.tensor_bytes = UINT64_MAX,
                                    .file_bytes = UINT64_MAX,
                                    .kv_bytes_per_token = 1e300}};
    struct machine   m = {.available_bytes = 1};
    struct forecast  f;

    (void)state;
    predict_fit(&c, &m, INT32_MAX, 1e300, &f);
    assert_int_equal(f.fits, 0);
    assert_in_range(strlen(f.reason), 100, sizeof f.reason - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_what_fits_is_told_from_what_does_not_and_what_is_unknown),
        cmocka_unit_test(test_what_does_not_fit_says_why_and_what_would),
        cmocka_unit_test(test_the_context_that_is_offered_does_fit),
        cmocka_unit_test(test_absurd_sizes_stay_within_the_sentence),
    };
    return cmocka_run_group_tests_name("predict", tests, NULL, NULL);
}
