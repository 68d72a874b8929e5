/* SPDX-License-Identifier: MIT */
/* test_device_recognise.c - what device_of_machine makes of a machine, on
 * made-up trees. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "predict/device.h"
#include "predict/device_show.h"
#include "probe/probe.h"
#include "temp_tree.h"

#define COMPATIBLE "sys/firmware/devicetree/base/compatible"
#define MODEL      "sys/firmware/devicetree/base/model"
#define STATUS     "var/lib/nvpmodel/status"

struct fixture {
    struct temp_tree tree;
    struct boards    boards;
    struct machine   machine;
};

static int set_up(void **state)
{
    struct fixture *f = mem_new(1, sizeof *f);
    struct err      err = {0};

    *state = f;
    if (boards_load(&f->boards, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return -1;
    }
    return temp_tree_init(&f->tree);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    machine_done(&f->machine);
    boards_done(&f->boards);
    temp_tree_done(&f->tree);
    free(f);
    return 0;
}

static struct device recognise(struct fixture *f, const char *mode)
{
    struct device d;

    machine_done(&f->machine);
    machine_read(f->tree.root, &f->machine);
    device_of_machine(&f->boards, &f->machine, f->tree.root, mode, &d);
    assert_true(d.is_this_machine);
    return d;
}

static void memory(struct fixture *f, const char *kib)
{
    char *text = mem_printf("MemTotal: %s kB\nMemAvailable: 1000000 kB\n",
                            kib);

    temp_text(&f->tree, "proc/meminfo", text);
    free(text);
}

static void jetson(struct fixture *f, const char *module, const char *model)
{
    char *compatible = mem_printf("nvidia,p3768-0000+%s%cnvidia,%.10s%c"
                                  "nvidia,tegra234", module, '\1', module,
                                  '\1');
    size_t len = strlen(compatible) + 1;

    for (char *at = compatible; (at = strchr(at, '\1')); ) *at = '\0';
    temp_write(&f->tree, COMPATIBLE, compatible, len);
    temp_write(&f->tree, MODEL, model, strlen(model) + 1);
    free(compatible);
}

static void cpuinfo(struct fixture *f, const char *name, int cores)
{
    struct strbuf text;

    strbuf_init(&text, 65536);
    for (int i = 0; i < cores; i++)
        strbuf_addf(&text, "processor\t: %d\nmodel name\t: %s\n\n", i, name);
    temp_text(&f->tree, "proc/cpuinfo", text.text);
    temp_text(&f->tree, "proc/sys/kernel/arch", "x86_64\n");
    strbuf_done(&text);
}

/* ---- boards ------------------------------------------------------------- */

static void test_a_jetson_is_its_module_and_not_its_carrier(void **state)
{
    struct fixture *f = *state;
    struct device   d;

    jetson(f, "p3767-0000-super", "Some Carrier of Somebody");
    memory(f, "16031336");
    d = recognise(f, NULL);
    assert_string_equal(d.name, "Jetson Orin NX 16GB");
    assert_string_equal(d.recognised_by, "device tree");
    assert_true(d.memory_bytes == 16031336.0 * 1024);
    assert_int_equal(d.backend, BACKEND_CUDA);
    jetson(f, "p3767-0001", "NVIDIA Jetson Orin NX Developer Kit");
    assert_string_equal(recognise(f, NULL).name, "Jetson Orin NX 8GB");
    jetson(f, "p3767-0004", "NVIDIA Jetson Orin Nano Developer Kit");
    assert_string_equal(recognise(f, NULL).name, "Jetson Orin Nano 4GB");
}

static void test_super_firmware_is_told_from_the_one_before(void **state)
{
    struct fixture *f = *state;

    jetson(f, "p3767-0005-super", "NVIDIA Jetson Orin Nano Developer Kit");
    assert_string_equal(recognise(f, NULL).name,
                        "Jetson Orin Nano Super 8GB");
    jetson(f, "p3767-0005", "NVIDIA Jetson Orin Nano Developer Kit");
    assert_string_equal(recognise(f, NULL).name, "Jetson Orin Nano 8GB");
}

static void test_a_pi_is_its_model_and_its_memory(void **state)
{
    struct fixture *f = *state;
    struct device   d;
    static const char compatible[] = "raspberrypi,4-model-b\0brcm,bcm2711";
    static const char model[] = "Raspberry Pi 4 Model B Rev 1.4";

    temp_write(&f->tree, MODEL, model, sizeof model);
    temp_write(&f->tree, COMPATIBLE, compatible, sizeof compatible);
    memory(f, "1917208");
    d = recognise(f, NULL);
    assert_string_equal(d.name, "Raspberry Pi 4 2GB");
    assert_int_equal(d.backend, BACKEND_CPU);
    assert_true(d.cpu_clock_hz == d.clock_hz);
}

static void test_a_chip_on_many_boards_is_known_by_its_compatible(void **state)
{
    static const char compatible[] = "maker,unheard-of\0rockchip,rk3588s";
    struct fixture *f = *state;

    temp_write(&f->tree, COMPATIBLE, compatible, sizeof compatible);
    assert_string_equal(recognise(f, NULL).board->name, "Rockchip RK3588");
}

/* ---- machines with cards and processors --------------------------------- */

static void test_a_graphics_card_goes_before_the_processor(void **state)
{
    struct fixture *f = *state;
    struct device   d;

    cpuinfo(f, "13th Gen Intel(R) Core(TM) i9-13900HX", 4);
    memory(f, "32614000");
    temp_text(&f->tree, "proc/driver/nvidia/gpus/0000:01:00.0/information",
              "Model: \t\t NVIDIA GeForce RTX 4060 Ti\nIRQ:   \t\t 101\n");
    d = recognise(f, NULL);
    assert_string_equal(d.name, "RTX 4060 Ti 8GB");
    assert_string_equal(d.recognised_by, "GPU driver");
    assert_true(d.memory_bytes == 8.0 * 1073741824);
}

static void test_a_card_in_no_list_leaves_the_processor(void **state)
{
    struct fixture *f = *state;
    struct device   d;

    cpuinfo(f, "AMD Ryzen 7 7840HS w/ Radeon 780M Graphics", 16);
    memory(f, "15663000");
    temp_text(&f->tree, "proc/driver/nvidia/gpus/0000:01:00.0/information",
              "Model: \t\t NVIDIA Something 9000");
    d = recognise(f, NULL);
    assert_string_equal(d.name, "AMD Ryzen 7 7840HS 16GB");
    assert_string_equal(d.recognised_by, "processor");
    assert_int_equal(d.backend, BACKEND_CPU);
}

static void test_a_virtual_machine_has_the_cores_it_has(void **state)
{
    struct fixture *f = *state;
    struct device   d;

    cpuinfo(f, "AMD Ryzen 9 7950X 16-Core Processor", 4);
    d = recognise(f, NULL);
    assert_true(d.cpu_cores == 4 && d.units == 4);
    assert_true(d.fp16_flops == d.board->modes[0].fp16_flops / 4);
    assert_true(d.bandwidth_bytes_s == d.board->modes[0].bandwidth_bytes_s);
}

static void test_a_machine_in_no_list_is_a_processor_of_its_name(void **state)
{
    struct fixture *f = *state;
    struct device   d;
    struct strbuf   out;
    struct term     term = {.columns = 80};

    cpuinfo(f, "Zhaoxin KaiXian KX-7000/8", 8);
    memory(f, "8000000");
    d = recognise(f, NULL);
    assert_string_equal(d.name, "Zhaoxin KaiXian KX-7000/8");
    assert_null(d.board);
    assert_null(d.recognised_by);
    assert_string_equal(d.device_class, "x86");
    assert_true(d.cpu_cores == 8 && d.memory_bytes == 8000000.0 * 1024);
    assert_true(isnan(d.bandwidth_bytes_s) && isnan(d.fp16_flops));
    strbuf_init(&out, 10000);
    machine_show(&d, &term, &out);
    assert_non_null(strstr(out.text, "in no list"));
    strbuf_done(&out);
}

static void test_an_empty_tree_is_still_a_machine(void **state)
{
    struct device d = recognise(*state, NULL);

    assert_string_equal(d.name, "this machine");
    assert_true(isnan(d.memory_bytes) && isnan(d.cpu_cores));
}

/* ---- power modes -------------------------------------------------------- */

static void test_the_mode_is_what_nvpmodel_keeps_by_its_name(void **state)
{
    struct fixture *f = *state;

    jetson(f, "p3767-0000", "NVIDIA Jetson Orin NX");
    temp_text(&f->tree, STATUS, "pmode:0002 fmode:fan_mode_quiet\n");
    assert_string_equal(recognise(f, NULL).power_mode, "15W");
    /* The firmware before Super gives number 0 another name. */
    temp_text(&f->tree, "etc/nvpmodel.conf",
              "# modes\n< POWER_MODEL ID=0 NAME=MAXN >\nGPU MAX_FREQ -1\n"
              "< POWER_MODEL ID=3 NAME=25W >\n< PM_CONFIG DEFAULT=2 >\n");
    temp_text(&f->tree, STATUS, "pmode:0000\n");
    assert_string_equal(recognise(f, NULL).power_mode, "MAXN");
    assert_string_equal(recognise(f, "25W").power_mode, "25W");
}

static void test_a_mode_of_the_users_own_has_no_figures(void **state)
{
    struct fixture *f = *state;
    struct device   d;

    jetson(f, "p3701-0005", "NVIDIA Jetson AGX Orin");
    temp_text(&f->tree, STATUS, "pmode:0009\n");
    temp_text(&f->tree, "etc/nvpmodel.conf",
              "< POWER_MODEL ID=9 NAME=MINE >\n");
    d = recognise(f, NULL);
    assert_string_equal(d.name, "Jetson AGX Orin 64GB");
    assert_null(d.power_mode);
    assert_true(isnan(d.clock_hz) && isnan(d.bandwidth_bytes_s));
    assert_string_equal(recognise(f, "30W").power_mode, "30W");
    assert_null(recognise(f, "31W").power_mode);
}

static void test_garbage_in_place_of_a_mode_is_no_mode(void **state)
{
    static const char *const texts[] = {"", "pmode:", "pmode:x", "pmode:-1",
                                        "fmode:quiet", "\xff\xff",
                                        "pmode:99999999999999999999\n"};
    struct fixture *f = *state;

    jetson(f, "p3767-0000", "NVIDIA Jetson Orin NX");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        temp_text(&f->tree, STATUS, texts[i]);
        assert_string_equal(recognise(f, NULL).power_mode, "MAXN_SUPER");
    }
    temp_text(&f->tree, STATUS, "pmode:0003\n");
    temp_text(&f->tree, "etc/nvpmodel.conf", "POWER_MODEL ID=3 NAME=\n"
              "POWER_MODEL ID=3\nPOWER_MODEL ID=");
    assert_string_equal(recognise(f, NULL).power_mode, "25W");
}

static void test_hostile_trees_name_no_board(void **state)
{
    struct fixture *f = *state;
    char            bytes[8192];

    memset(bytes, 'p', sizeof bytes);
    temp_write(&f->tree, COMPATIBLE, bytes, sizeof bytes);
    temp_write(&f->tree, MODEL, bytes, sizeof bytes);
    temp_write(&f->tree, "proc/driver/nvidia/gpus/0/information", bytes,
               sizeof bytes);
    temp_text(&f->tree, "proc/driver/nvidia/gpus/1/information", "Model:");
    temp_text(&f->tree, "proc/driver/nvidia/gpus/2", "a file");
    assert_null(recognise(f, NULL).board);
    memset(bytes, 0, sizeof bytes);
    temp_write(&f->tree, COMPATIBLE, bytes, sizeof bytes);
    assert_null(recognise(f, NULL).board);
}

#define TREE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TREE_TEST(test_a_jetson_is_its_module_and_not_its_carrier),
        TREE_TEST(test_super_firmware_is_told_from_the_one_before),
        TREE_TEST(test_a_pi_is_its_model_and_its_memory),
        TREE_TEST(test_a_chip_on_many_boards_is_known_by_its_compatible),
        TREE_TEST(test_a_graphics_card_goes_before_the_processor),
        TREE_TEST(test_a_card_in_no_list_leaves_the_processor),
        TREE_TEST(test_a_virtual_machine_has_the_cores_it_has),
        TREE_TEST(test_a_machine_in_no_list_is_a_processor_of_its_name),
        TREE_TEST(test_an_empty_tree_is_still_a_machine),
        TREE_TEST(test_the_mode_is_what_nvpmodel_keeps_by_its_name),
        TREE_TEST(test_a_mode_of_the_users_own_has_no_figures),
        TREE_TEST(test_garbage_in_place_of_a_mode_is_no_mode),
        TREE_TEST(test_hostile_trees_name_no_board),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
