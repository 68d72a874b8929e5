/* SPDX-License-Identifier: MIT */
/* modes_board.h - a board in a folder of its own: power modes, and a command
 * to set them that behaves as one of the files in its folder says. */
#ifndef TESTS_MODES_BOARD_H
#define TESTS_MODES_BOARD_H

#include <dirent.h>
#include <stdbool.h>
#include <string.h>

#include "base/bytes.h"
#include "modes.h"
#include "temp_tree.h"

static struct temp_tree tree;
static char            *command;          /* of the fake board */

static const char conf[] =
    "< POWER_MODEL ID=0 NAME=MAXN >\nGPU MAX_FREQ -1\n"
    "< POWER_MODEL ID=1 NAME=10W >\nGPU MAX_FREQ 612000000\n"
    "< POWER_MODEL ID=2 NAME=15W >\nGPU MAX_FREQ 612000000\n"
    "< PM_CONFIG DEFAULT=1 >\n";

/* "$1" is the folder, "$2" the id. What it was called with is in `calls`. */
static const char script[] =
    "d=$1; echo \"$2\" >>\"$d/calls\"\n"
    "if [ -e \"$d/locked\" ]; then echo 'not root'; exit 3; fi\n"
    "if [ -e \"$d/asks\" ]; then echo 'REBOOT required, YES to go on?'\n"
    "  read answer || { echo 'no answer'; exit 0; }; fi\n"
    "echo \"pmode:000$2\" >\"$d/var/lib/nvpmodel/status\"\n"
    "if [ -e \"$d/fails_late\" ]; then rm \"$d/fails_late\"\n"
    "  echo 'cannot set fan'; exit 1; fi\n"
    "exit 0\n";

static inline void set_mode(const char *status)
{
    temp_text(&tree, "var/lib/nvpmodel/status", status);
}

static inline char *text_of(const char *below)
{
    char        *path = temp_path(&tree, below), *text;
    struct bytes file = {0};
    struct err   err  = {0};

    text = bytes_read(&file, path, 1u << 20, &err)
         ? mem_copy("") : mem_copy((const char *)file.data);
    bytes_done(&file);
    free(path);
    return text;
}

static inline void expect_mode(const char *status)
{
    char *text = text_of("var/lib/nvpmodel/status");

    assert_string_equal(text, status);
    free(text);
}

static inline void expect_calls(const char *calls)
{
    char *text = text_of("calls");

    assert_string_equal(text, calls);
    free(text);
}

static inline size_t records(void)
{
    char          *path = temp_path(&tree, "state/audition/modes");
    DIR           *list = opendir(path);
    size_t         n    = 0;
    struct dirent *entry;

    while (list && (entry = readdir(list))) n += *entry->d_name != '.';
    if (list) closedir(list);
    free(path);
    return n;
}

static inline int make_board(void **state)
{
    char *path, *state_home;

    (void)state;
    assert_int_equal(temp_tree_init(&tree), 0);
    temp_text(&tree, "etc/nvpmodel.conf", conf);
    temp_text(&tree, "set.sh", script);
    set_mode("pmode:0000 fmode:quiet\n");
    path = temp_path(&tree, "set.sh");
    command = mem_printf("sh %s %s {id}", path, tree.root);
    state_home = temp_path(&tree, "state");
    setenv("XDG_STATE_HOME", state_home, 1);
    free(state_home);
    free(path);
    return 0;
}

static inline int remove_board(void **state)
{
    (void)state;
    free(command);
    temp_tree_done(&tree);
    return 0;
}

static inline int begin(struct modes *m, const char *with,
                        const char *const *wanted, const char *restore_id,
                        struct err *err)
{
    struct text_list list = {0};
    int              rc;

    for (; *wanted; wanted++) text_list_add(&list, *wanted);
    rc = modes_begin(m, tree.root, with, &list, restore_id, err);
    m->settle_s = 0;                     /* this board is done at once */
    text_list_done(&list);
    return rc;
}

static const char *const two[] = {"15W", "1", NULL};

static inline void must_begin(struct modes *m)
{
    struct err err = {0};

    if (begin(m, command, two, NULL, &err)) fail_msg("%s", err.text);
}

static inline void must(int rc, const struct err *err)
{
    if (rc) fail_msg("%s", err->text);
}

#endif
