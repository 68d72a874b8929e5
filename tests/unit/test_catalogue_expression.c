/* SPDX-License-Identifier: MIT */
/* test_catalogue_expression.c - the formulas of share/architectures/. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "model/expression.h"

static const char CONFIG[] =
    "{\"heads\": 32, \"head_dim\": 64, \"tied\": true, \"none\": null,"
    " \"rope\": \"llama3\", \"kinds\": [\"conv\", \"full\", \"conv\"],"
    " \"sizes\": [7, 8, 9], \"pattern\": \"M-*\", \"deep\": {\"x\": 1}}";
static const char DEFAULTS[] =
    "{\"kv_heads\": \"heads / 4\", \"tied\": \"0\", \"none\": \"5\","
    " \"is_full\": \"kinds[layer] == 'full'\", \"loop\": \"pool\","
    " \"pool\": \"loop + 1\", \"bad\": \"heads +\"}";

/* 0 and the value, or -1 and the error. */
static int compute(const char *text, int layer, double *out, struct err *err)
{
    json_t *config   = jsonx_parse(CONFIG, strlen(CONFIG), err);
    json_t *defaults = jsonx_parse(DEFAULTS, strlen(DEFAULTS), err);
    struct expression_scope scope = {config, defaults, layer};
    int                     status = expression_number(text, &scope, out, err);

    json_decref(config);
    json_decref(defaults);
    return status;
}

static void test_arithmetic_binds_as_in_c(void **state)
{
    static const struct { const char *text; double value; } cases[] = {
        {"1", 1}, {" 2 + 3 * 4 ", 14}, {"(2 + 3) * 4", 20}, {"7 % 4", 3},
        {"10 - 2 - 3", 5}, {"12 / 4 / 3", 1}, {"2 * 7 % 4", 2}, {"-3 + 5", 2},
        {"!0 + !7", 1}, {"--4", 4}, {"(1 < 2) == 1", 1}, {"3 >= 3", 1},
        {"2 != 2", 0}, {"1 <= 0", 0}, {"2 > 1 && 1 > 2", 0}, {"1.5e3", 1500},
        {"0 || 2 && 3", 1}, {"0 ? 1 : 2", 2}, {"1 ? 0 ? 3 : 4 : 5", 4},
        {"heads * head_dim", 2048}, {"kv_heads", 8}, {"layer + 1", 2},
        {"tied", 1}, {"none", 5}, {"rope == 'llama3'", 1}, {"sizes[2]", 9},
        {"rope != 'yarn'", 1}, {"kinds[layer] == 'full'", 1}, {"is_full", 1},
        {"pattern[0] == 'M'", 1}, {"pattern[2] == '*'", 1},
        {"sizes[layer % 3] + sizes[0]", 15}, {"'a' == 'ab'", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = {0};
        double     value = -1;
        if (compute(cases[i].text, 1, &value, &err))
            fail_msg("%s", err.text);
        if (value != cases[i].value)
            fail_msg("%s is %g", cases[i].text, value);
    }
}

static void test_a_branch_not_taken_may_not_be_possible(void **state)
{
    static const char *const texts[] = {
        "1 ? 4 : nothing", "0 ? 1 / 0 : 4", "0 && sizes[99] || 4 == 4 ? 4 : 0",
        "1 || sizes[99] ? 4 : 0", "heads == 32 ? 4 : kinds[9]",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct err err = {0};
        double     value = -1;
        if (compute(texts[i], -1, &value, &err)) fail_msg("%s", err.text);
        assert_true(value == 4);
    }
}

static void test_what_is_wrong_is_said(void **state)
{
    static const struct { const char *text, *says; } cases[] = {
        {"", "wanted"}, {"1 +", "wanted"}, {"(1", "`)` is missing"},
        {"sizes[0", "`]` is missing"}, {"1 ? 2", "`:` is missing"},
        {"1 2", "surplus text"}, {"'a", "does not end"}, {"'a'", "a number"},
        {"width", "no \"width\""}, {"heads / 0", "division by 0"},
        {"heads % 0", "division by 0"}, {"sizes[3]", "no such item"},
        {"sizes[-1]", "no such item"}, {"sizes[0.5]", "no such item"},
        {"pattern[3]", "no such item"}, {"heads[0]", "only a list"},
        {"sizes", "a number"}, {"sizes + 1", "a number"}, {"rope", "a number"},
        {"deep", "object"}, {"layer", "no \"layer\""}, {"loop", "too deep"},
        {"bad", "wanted"}, {"1e999", "no number"}, {"1e308 * 10", "no number"},
        {"rope == 1", "a number"}, {"2 $ 3", "surplus text"}, {"&& 1", "want"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = {0};
        double     value = -1;
        if (compute(cases[i].text, -1, &value, &err) == 0)
            fail_msg("%s is %g", cases[i].text, value);
        assert_int_equal(err.kind, ERR_INPUT);
        if (!strstr(err.text, cases[i].says)) fail_msg("%s", err.text);
        assert_true(value == -1);
    }
}

static void test_depth_is_bounded(void **state)
{
    static const char parts[] = "(!-[?";

    (void)state;
    for (size_t i = 0; i + 1 < sizeof parts; i++) {
        char      *text = mem_new(100001, 1);
        struct err err = {0};
        double     value;
        memset(text, parts[i], 100000);
        assert_int_equal(compute(text, -1, &value, &err), -1);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arithmetic_binds_as_in_c),
        cmocka_unit_test(test_a_branch_not_taken_may_not_be_possible),
        cmocka_unit_test(test_what_is_wrong_is_said),
        cmocka_unit_test(test_depth_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
