/* SPDX-License-Identifier: MIT */
/* Which power modes an audition is made in: flags before the config, nothing
 * for plans; and what is said of a mode that the board is not in. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "mode_run.h"
#include "temp_tree.h"

static struct temp_tree tree;

static int setup(void **state)
{
    (void)state;
    if (temp_tree_init(&tree)) return -1;
    temp_text(&tree, "etc/nvpmodel.conf",
              "< POWER_MODEL ID=0 NAME=MAXN >\n< POWER_MODEL ID=1 NAME=10W >\n"
              "< POWER_MODEL ID=2 NAME=15W >\n");
    temp_text(&tree, "var/lib/nvpmodel/status", "pmode:0001\n");
    temp_text(&tree, "board.yaml", "power_modes: [MAXN, 2]\n"
              "mode_cmd: \"switch {id}\"\ncandidates:\n  - model: m.gguf\n");
    temp_text(&tree, "m.gguf", "GGUF");
    return setenv("XDG_STATE_HOME", tree.root, 1);
}

static int teardown(void **state)
{
    (void)state;
    temp_tree_done(&tree);
    return 0;
}

/* As `audition run` with this config (NULL: none) and --modes these. */
static int begin(struct modes *m, const char *config, const char *const *modes,
                 struct run_options *opt, struct err *err)
{
    char *path = config ? temp_path(&tree, config) : NULL;
    int   rc;

    *m = (struct modes){0};
    opt->sysroot = tree.root;
    opt->quiet = true;
    for (; modes && *modes; modes++) text_list_add(&opt->modes, *modes);
    rc = mode_run_begin(opt, path, m, err);
    text_list_done(&opt->modes);
    free(path);
    return rc;
}

static void expect_ids(const struct modes *m, const char *want)
{
    char  ids[100] = "";
    size_t used = 0;

    for (size_t i = 0; i < m->ids.n; i++)
        used += (size_t)snprintf(ids + used, sizeof ids - used, "%s%s",
                                 i ? " " : "", m->ids.items[i]);
    assert_string_equal(ids, want);
}

static void test_modes_come_from_flags_else_from_the_config(void **state)
{
    static const char *const apart[] = {"2", "10W", NULL},
                      *const together[] = {"2,10W,,2", NULL};
    static const struct {
        const char        *config;
        const char *const *flags;
        const char        *ids;
    } cases[] = {
        {NULL, NULL, ""}, {NULL, apart, "2 1"}, {NULL, together, "2 1"},
        {"board.yaml", NULL, "0 2"}, {"board.yaml", apart, "2 1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct run_options opt = {.quiet = true};
        struct modes       m;
        struct err         err = {0};

        if (begin(&m, cases[i].config, cases[i].flags, &opt, &err))
            fail_msg("%s", err.text);
        expect_ids(&m, cases[i].ids);
        modes_done(&m);
    }
}

/* The config is gone by the time it runs. */
static void test_the_command_of_the_config_is_kept(void **state)
{
    struct run_options opt = {.quiet = true};
    struct modes       m;
    struct err         err = {0};
    char              *line;

    (void)state;
    assert_int_equal(begin(&m, "board.yaml", NULL, &opt, &err), 0);
    line = modes_command(&m, 1);
    assert_string_equal(line, "switch 2");
    free(line);
    modes_done(&m);

    opt = (struct run_options){.mode_cmd = (char[]){"other {id}"}};
    assert_int_equal(begin(&m, "board.yaml", NULL, &opt, &err), 0);
    line = modes_command(&m, 0);
    assert_string_equal(line, "other 0");
    free(line);
    modes_done(&m);
}

static void test_a_plan_switches_nothing(void **state)
{
    static const char *const modes[] = {"0", NULL};
    struct run_options opt[] = {{.plan_only = true}, {.dry_run = true}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct modes m;
        struct err   err = {0};

        assert_int_equal(begin(&m, "board.yaml", modes, &opt[i], &err), 0);
        assert_int_equal(m.ids.n, 0);
        modes_done(&m);
    }
}

static void test_a_mode_that_cannot_be_is_refused(void **state)
{
    static const char *const modes[] = {"0,50W", NULL};
    struct run_options opt = {.quiet = true};
    struct modes       m;
    struct err         err = {0};

    (void)state;
    assert_int_equal(begin(&m, NULL, modes, &opt, &err), -1);
    assert_int_equal(err.kind, ERR_INPUT);
    assert_non_null(strstr(err.text, "\"50W\""));
    modes_done(&m);
    err = (struct err){0};
    assert_int_equal(begin(&m, "gone.yaml", NULL, &opt, &err), -1);
    assert_int_equal(err.kind, ERR_INPUT);
    modes_done(&m);
}

static void test_without_a_command_only_the_mode_that_is_can_be_had(
    void **state)
{
    static const char *const modes[] = {"1,2", NULL};
    struct run_options opt = {.quiet = true};
    struct modes       m;
    struct err         err = {0}, why = {0};

    (void)state;
    assert_int_equal(begin(&m, NULL, modes, &opt, &err), 0);
    assert_true(mode_run_reach(&m, 0, &why));
    assert_int_equal(why.kind, ERR_NONE);
    assert_false(mode_run_reach(&m, 1, &why));
    assert_string_equal(why.text, "the board is not in this mode: `sudo "
                        "nvpmodel -m 2`, then the same `audition run` again "
                        "(or give --mode-cmd)");
    modes_done(&m);
}

static void test_a_command_takes_the_board_there(void **state)
{
    static const char *const modes[] = {"2", NULL};
    char *command = mem_printf("echo pmode:{id} >%s/var/lib/nvpmodel/status",
                               tree.root);
    struct run_options opt = {.mode_cmd = command};
    struct modes       m;
    struct err         err = {0};

    (void)state;
    assert_int_equal(begin(&m, NULL, modes, &opt, &err), 0);
    if (!mode_run_reach(&m, 0, &err)) fail_msg("%s", err.text);
    assert_true(m.is_switched);
    if (modes_leave(&m, &err)) fail_msg("%s", err.text);
    assert_false(m.is_switched);
    modes_done(&m);
    free(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_modes_come_from_flags_else_from_the_config),
        cmocka_unit_test(test_the_command_of_the_config_is_kept),
        cmocka_unit_test(test_a_plan_switches_nothing),
        cmocka_unit_test(test_a_mode_that_cannot_be_is_refused),
        cmocka_unit_test(
            test_without_a_command_only_the_mode_that_is_can_be_had),
        cmocka_unit_test(test_a_command_takes_the_board_there),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
