/* SPDX-License-Identifier: MIT */
/* Memory is accounted for without counting a byte twice, gathered over the
 * blocks and written so that it reads back the same. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/jsonx.h"
#include "ledger.h"

#define MIB 1048576.0

static bool same(double a, double b)
{
    return isnan(b) ? isnan(a) : a == b;
}

/* ---- one moment --------------------------------------------------------- */

static void test_a_cpu_has_no_device_part(void **state)
{
    const struct memory_moment m = {300, 400, NAN};

    (void)state;
    assert_true(ledger_taken_bytes(&m, DEVICE_MEMORY_NONE) == 700);
    assert_true(ledger_system_bytes(&m, DEVICE_MEMORY_NONE) == 700);
}

static void test_shared_device_memory_is_taken_from_the_system(void **state)
{
    const struct memory_moment m = {300, 50, 2000};

    (void)state;
    assert_true(ledger_taken_bytes(&m, DEVICE_MEMORY_SHARED) == 2350);
    assert_true(ledger_system_bytes(&m, DEVICE_MEMORY_SHARED) == 2350);
}

static void test_a_devices_own_memory_is_not_the_systems(void **state)
{
    const struct memory_moment m = {300, 50, 2000};

    (void)state;
    assert_true(ledger_taken_bytes(&m, DEVICE_MEMORY_OWN) == 2350);
    assert_true(ledger_system_bytes(&m, DEVICE_MEMORY_OWN) == 350);
}

static void test_a_missing_part_makes_the_sum_missing(void **state)
{
    const struct memory_moment m = {300, 50, NAN};

    (void)state;
    assert_true(isnan(ledger_taken_bytes(&m, DEVICE_MEMORY_SHARED)));
    assert_true(isnan(ledger_taken_bytes(&m, DEVICE_MEMORY_OWN)));
    assert_true(ledger_system_bytes(&m, DEVICE_MEMORY_OWN) == 350);
}

/* ---- blocks ------------------------------------------------------------- */

static void observe_block(struct ledger_tally *tally, int block, double anon,
                          double peak, double low, double growth)
{
    struct trial t = {.block = block};

    trial_observe(&t, "served_tok_s", 41);
    trial_observe(&t, "ledger_anon_bytes", anon);
    trial_observe(&t, "ledger_peak_bytes", peak);
    trial_observe(&t, "ledger_available_low_bytes", low);
    trial_observe(&t, "ledger_growth_bytes", growth);
    ledger_tally_add(tally, &t);
    trial_done(&t);
}

static void test_sizes_are_medians_and_extremes_are_kept(void **state)
{
    struct ledger_tally tally = {0};
    struct ledger       l;

    (void)state;
    ledger_init(&l);
    observe_block(&tally, 0, 100, 900, 50, -3);
    observe_block(&tally, 1, 300, 700, 40, 8);
    observe_block(&tally, 2, 200, 800, 60, 1);
    ledger_measured(&tally, &l);
    assert_true(l.measured.anon_bytes == 200);
    assert_true(l.measured.peak_bytes == 900);
    assert_true(l.measured.available_low_bytes == 40);
    assert_true(l.measured.growth_bytes == 1);
    assert_true(isnan(l.measured.device_bytes));
    assert_true(isnan(l.engine.total_bytes));
    assert_string_equal(l.device_source, "");
    ledger_tally_done(&tally);
}

static void test_within_a_block_the_last_size_counts(void **state)
{
    struct ledger_tally tally = {0};
    struct ledger       l;

    (void)state;
    ledger_init(&l);
    observe_block(&tally, 4, 100, 900, 50, 0);
    observe_block(&tally, 4, 300, 700, 60, 0);
    ledger_measured(&tally, &l);
    assert_true(l.measured.anon_bytes == 300);
    assert_true(l.measured.peak_bytes == 900);
    assert_true(l.measured.available_low_bytes == 50);
    ledger_tally_done(&tally);
}

static void test_stored_values_are_not_trusted(void **state)
{
    struct ledger_tally tally = {0};
    struct ledger       l;
    struct trial        t = {.block = -7};

    (void)state;
    ledger_init(&l);
    trial_observe(&t, "ledger_anon_bytes", -5);
    trial_observe(&t, "ledger_peak_bytes", INFINITY);
    trial_observe(&t, LEDGER_DEVICE_SOURCE, 1e300);
    trial_observe(&t, LEDGER_LARGEST_PART, 4);
    ledger_tally_add(&tally, &t);
    ledger_measured(&tally, &l);
    assert_true(isnan(l.measured.anon_bytes));
    assert_true(isnan(l.measured.peak_bytes));
    assert_string_equal(l.device_source, "");
    assert_string_equal(l.largest, "");
    trial_done(&t);
    ledger_tally_done(&tally);
}

/* ---- the engine's side -------------------------------------------------- */

static const char cuda[] =
    "load_tensors:   CPU_Mapped model buffer size =   137.00 MiB\n"
    "load_tensors:        CUDA0 model buffer size =   352.00 MiB\n"
    "llama_context: constructing llama_context\n"
    "llama_context:  CUDA_Host  output buffer size =     1.00 MiB\n"
    "llama_kv_cache:      CUDA0 KV buffer size =   480.00 MiB\n"
    "sched_reserve:      CUDA0 compute buffer size =   300.00 MiB\n"
    "sched_reserve:  CUDA_Host compute buffer size =    10.00 MiB\n";

static void gather_log(const char *text, struct ledger *l)
{
    struct ledger_tally tally = {0};
    struct engine_log   log;
    struct trial        t = {.block = 1};

    ledger_init(l);
    engine_log_read(text, strlen(text), &log);
    ledger_observe_log(&log, &t);
    trial_observe(&t, LEDGER_DEVICE_SOURCE, DEVICE_SOURCE_LOG);
    ledger_tally_add(&tally, &t);
    ledger_measured(&tally, l);
    trial_done(&t);
    ledger_tally_done(&tally);
}

static void test_the_engines_log_becomes_its_side(void **state)
{
    struct ledger l;

    (void)state;
    gather_log(cuda, &l);
    assert_true(l.engine.weights_bytes == 489 * MIB);
    assert_true(l.engine.kv_bytes == 480 * MIB);
    assert_true(l.engine.compute_bytes == 311 * MIB);
    assert_true(l.engine.total_bytes == 1280 * MIB);
    assert_true(l.engine.device_bytes == 1132 * MIB);
    assert_true(l.engine.largest_bytes == 480 * MIB);
    assert_string_equal(l.largest, "KV cache");
    assert_string_equal(l.device_source, "engine's log");
}

static void test_a_silent_log_leaves_its_side_missing(void **state)
{
    struct ledger l;

    (void)state;
    gather_log("nothing\n", &l);
    assert_true(isnan(l.engine.weights_bytes));
    assert_true(isnan(l.engine.compute_bytes));
    assert_true(isnan(l.engine.total_bytes));
    assert_true(isnan(l.engine.largest_bytes));
    assert_string_equal(l.largest, "");
}

/* ---- the predicted side, JSON ------------------------------------------- */

static void test_predicted_lines_add_up(void **state)
{
    const struct memory_split m = {.weights = 1000, .host_weights = 100,
                                   .kv = 300, .compute = 60,
                                   .host_compute = 10, .runtime = 200};
    struct memory_split none = m;
    struct ledger       l;

    (void)state;
    ledger_init(&l);
    ledger_predicted(&m, &l);
    assert_true(l.predicted.weights_bytes == 1100);
    assert_true(l.predicted.compute_bytes == 70);
    assert_true(l.predicted.overhead_bytes == 200);
    assert_true(l.predicted.total_bytes == 1670);
    none.compute = NAN;
    ledger_predicted(&none, &l);
    assert_true(isnan(l.predicted.total_bytes));
}

static void expect_same(const struct ledger *a, const struct ledger *b)
{
#define X(field, help)                                                        \
    assert_true(same(a->predicted.field, b->predicted.field));
    LEDGER_PREDICTED(X)
#undef X
#define X(field, help)                                                        \
    assert_true(same(a->engine.field, b->engine.field));
    LEDGER_ENGINE(X)
#undef X
#define X(field, help)                                                        \
    assert_true(same(a->measured.field, b->measured.field));
    LEDGER_MEASURED(X)
#undef X
    assert_true(same(a->left_for_speech_bytes, b->left_for_speech_bytes));
    assert_true(same(a->reserve_bytes, b->reserve_bytes));
    assert_string_equal(a->largest, b->largest);
    assert_string_equal(a->device_source, b->device_source);
}

static void test_what_is_written_reads_back(void **state)
{
    struct ledger a, b;
    json_t       *object;

    (void)state;
    gather_log(cuda, &a);
    a.predicted.kv_bytes = 12;
    a.measured.growth_bytes = -4;
    a.left_for_speech_bytes = -1e9;
    a.reserve_bytes = 2e9;
    object = ledger_json(&a);
    ledger_read(object, &b);
    expect_same(&b, &a);
    json_decref(object);
}

static void test_nothing_is_null_and_not_zero(void **state)
{
    struct ledger a, b;
    json_t       *object;

    (void)state;
    ledger_init(&a);
    object = ledger_json(&a);
    assert_true(json_is_null(json_object_get(object,
                                             "left_for_speech_bytes")));
    assert_true(json_is_null(json_object_get(object, "device_source")));
    assert_true(json_is_null(json_object_get(
        json_object_get(object, "engine"), "total_bytes")));
    assert_int_equal(json_object_size(json_object_get(object, "measured")), 9);
    ledger_read(object, &b);
    expect_same(&b, &a);
    ledger_read(NULL, &b);
    expect_same(&b, &a);
    json_decref(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_cpu_has_no_device_part),
        cmocka_unit_test(test_shared_device_memory_is_taken_from_the_system),
        cmocka_unit_test(test_a_devices_own_memory_is_not_the_systems),
        cmocka_unit_test(test_a_missing_part_makes_the_sum_missing),
        cmocka_unit_test(test_sizes_are_medians_and_extremes_are_kept),
        cmocka_unit_test(test_within_a_block_the_last_size_counts),
        cmocka_unit_test(test_stored_values_are_not_trusted),
        cmocka_unit_test(test_the_engines_log_becomes_its_side),
        cmocka_unit_test(test_a_silent_log_leaves_its_side_missing),
        cmocka_unit_test(test_predicted_lines_add_up),
        cmocka_unit_test(test_what_is_written_reads_back),
        cmocka_unit_test(test_nothing_is_null_and_not_zero),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
