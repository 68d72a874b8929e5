/* SPDX-License-Identifier: MIT */
/* mode_run.c - see mode_run.h. */
#include "mode_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config.h"

/* "0,2" and "0", "2" are the same. */
static void add_each(struct text_list *list, const char *text)
{
    while (*(text += strspn(text, " ,"))) {
        size_t n = strcspn(text, " ,");
        char  *one = mem_copy_n(text, n);

        text_list_add(list, one);
        free(one);
        text += n;
    }
}

static void tell_restored(const char *text)
{
    fprintf(stderr, "audition: %s\n", text);
}

int mode_run_begin(const struct run_options *opt, const char *config_path,
                   struct modes *m, struct err *err)
{
    struct config    config;
    struct text_list wanted = {0};
    const char      *command = opt->mode_cmd;
    int              rc = 0;

    if (opt->plan_only || opt->dry_run) return 0;
    modes_restore_leftovers(opt->quiet ? NULL : tell_restored);
    if (!config_path) config_init(&config);
    else if (config_load(&config, config_path, err)) rc = -1;
    for (size_t i = 0; i < opt->modes.n; i++)
        add_each(&wanted, opt->modes.items[i]);
    for (size_t i = 0; opt->modes.n == 0 && i < config.power_modes.n; i++)
        text_list_add(&wanted, config.power_modes.items[i]);
    if (!command) command = config.mode_cmd;
    if (rc == 0 && wanted.n)
        rc = modes_begin(m, opt->sysroot ? opt->sysroot : "", command, &wanted,
                         opt->restore_mode, err);
    text_list_done(&wanted);
    config_done(&config);
    return rc;
}

bool mode_run_reach(struct modes *m, size_t i, struct err *why)
{
    char *by_hand;

    if (m->command) return modes_enter(m, i, why) == 0;
    if (m->before_id && strcmp(m->before_id, m->ids.items[i]) == 0)
        return true;
    by_hand = modes_command(m, i);
    err_set(why, ERR_PREFLIGHT, "the board is not in this mode: `%s`, then "
            "the same `audition run` again (or give --mode-cmd)", by_hand);
    free(by_hand);
    return false;
}
