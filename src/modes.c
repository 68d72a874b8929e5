/* SPDX-License-Identifier: MIT */
/* modes.c - see modes.h. What is run is modes_command.c, what a crash leaves
 * behind modes_record.c. */
#include "modes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "modes_command.h"
#include "modes_record.h"
#include "probe/probe.h"

#define BY_HAND  "sudo nvpmodel -m {id}"
#define ID_BYTES 64

/* ---- which modes --------------------------------------------------------- */

typedef const struct reading_value modes_known;

/* The board's mode by its id, else by its name, else by its name in any case;
 * NULL. */
static const struct reading_item *find_mode(modes_known *known,
                                            const char *wanted)
{
    for (size_t i = 0; i < known->n; i++)
        if (strcmp(known->items[i].name, wanted) == 0) return &known->items[i];
    for (size_t i = 0; i < known->n; i++)
        if (strcmp(known->items[i].text, wanted) == 0) return &known->items[i];
    for (size_t i = 0; i < known->n; i++)
        if (strcasecmp(known->items[i].text, wanted) == 0)
            return &known->items[i];
    return NULL;
}

static int no_such_mode(modes_known *known, const char *wanted,
                        struct err *err)
{
    struct strbuf list;

    strbuf_init(&list, 400);
    for (size_t i = 0; i < known->n; i++)
        strbuf_addf(&list, "%s%s (%s)", i ? ", " : "", known->items[i].name,
                    known->items[i].text);
    err_set(err, ERR_INPUT, "this board has no power mode \"%s\"; it has %s",
            wanted, list.text);
    strbuf_done(&list);
    return -1;
}

/* The id and the name of what was asked for, borrowed. */
static int resolve(modes_known *known, const char *wanted, const char **id,
                   const char **name, struct err *err)
{
    const struct reading_item *mode = find_mode(known, wanted);

    *id = mode ? mode->name : wanted;
    *name = mode ? mode->text : "";
    if (mode) return 0;
    if (known->is_set && known->n > 0) return no_such_mode(known, wanted, err);
    /* Quoted as it will be, it could still be taken for an option. */
    if (*wanted && *wanted != '-' && strlen(wanted) <= ID_BYTES) return 0;
    return err_set(err, ERR_INPUT, "\"%.80s\" cannot be a power mode; give an "
                   "id as the board's own command takes it", wanted);
}

static int need_name(const char *command, const char *id, const char *name,
                     struct err *err)
{
    if (!command || *name || !strstr(command, "{name}")) return 0;
    return err_set(err, ERR_INPUT, "the power mode command \"%s\" asks for "
                   "{name}, and the name of mode %s is not known here; use "
                   "{id} alone", command, id);
}

static int add_wanted(struct modes *m, modes_known *known, const char *wanted,
                      struct err *err)
{
    const char *id, *name;

    if (resolve(known, wanted, &id, &name, err)) return -1;
    if (need_name(m->command, id, name, err)) return -1;
    for (size_t i = 0; i < m->ids.n; i++)
        if (strcmp(m->ids.items[i], id) == 0) return 0;
    text_list_add(&m->ids, id);
    text_list_add(&m->names, name);
    return 0;
}

/* What is to be restored, and the command that does it. */
static int find_before(struct modes *m, const struct reading *board,
                       const char *restore_id, struct err *err)
{
    double      now  = reading_get(board, READ_power_mode_id);
    char       *said = isnan(now) ? NULL : mem_printf("%.0f", now);
    const char *id = restore_id ? restore_id : said, *name = "";
    modes_known *known = &board->values[READ_power_mode_names];
    int         rc = 0;

    if (restore_id) {
        rc = resolve(known, restore_id, &id, &name, err);
    } else if (said) {
        const struct reading_item *mode = find_mode(known, said);

        if (mode) name = mode->text;
    }
    if (!rc && m->command && !id)
        rc = err_set(err, ERR_PREFLIGHT, "this board does not say which power "
                     "mode it is in, so it could not be restored; name the "
                     "mode to go back to with --restore-mode");
    if (!rc && id) rc = need_name(m->command, id, name, err);
    if (!rc && id) {
        m->before_id = mem_copy(id);
        if (m->command) m->restore = modes_command_fill(m->command, id, name);
    }
    free(said);
    return rc;
}

static int refuse_second(struct err *err)
{
    long long other = modes_record_other();

    if (other == 0) return 0;
    return err_set(err, ERR_PREFLIGHT, "another audition (process %lld) has "
                   "switched the power mode of this board; wait until it has "
                   "ended", other);
}

int modes_begin(struct modes *m, const char *root, const char *command,
                const struct text_list *wanted, const char *restore_id,
                struct err *err)
{
    struct reading board;
    int            rc;

    *m = (struct modes){.root = root, .settle_s = MODES_SETTLE_S};
    if (command && modes_command_check(command, err)) return -1;
    if (command && refuse_second(err)) return -1;
    m->command = mem_copy(command);
    reading_init(&board);
    probe_board.read(root, &board);
    rc = find_before(m, &board, restore_id, err);
    for (size_t i = 0; rc == 0 && i < wanted->n; i++)
        rc = add_wanted(m, &board.values[READ_power_mode_names],
                        wanted->items[i], err);
    reading_done(&board);
    if (rc) modes_done(m);
    return rc;
}

char *modes_command(const struct modes *m, size_t i)
{
    return modes_command_fill(m->command ? m->command : BY_HAND,
                              m->ids.items[i], m->names.items[i]);
}

/* ---- switching ----------------------------------------------------------- */

static void forget(struct modes *m)
{
    if (m->record) unlink(m->record);
    free(m->record);
    m->record = NULL;
    m->is_switched = false;
}

/* Is the board where it was, for all that it says? */
static bool is_as_before(const struct modes *m)
{
    double now = modes_current(m->root);
    char  *end;
    double before = strtod(m->before_id, &end);

    return *m->before_id && !*end && now >= before && now <= before;
}

int modes_enter(struct modes *m, size_t i, struct err *err)
{
    char      *line         = modes_command(m, i);
    bool       was_switched = m->is_switched;
    struct err why          = {0};

    if (!m->command) {
        err_set(err, ERR_PREFLIGHT, "no command that switches the power mode "
                "is given; run `%s` by hand", line);
        free(line);
        return -1;
    }
    if (!m->record)
        m->record = modes_record_write(m->restore, m->before_id, m->root, err);
    if (!m->record) {
        free(line);
        return -1;
    }
    m->is_switched = true;
    if (modes_command_run(line, m->root, m->ids.items[i], m->settle_s, true,
                          &why)) {
        /* A command that may not switch could not restore either. */
        if (why.kind == ERR_FAILED && !was_switched && is_as_before(m))
            forget(m);
        err_set(err, why.kind, "%s", why.text);
    }
    free(line);
    return why.kind == ERR_NONE ? 0 : -1;
}

int modes_leave(struct modes *m, struct err *err)
{
    if (!m->is_switched) return 0;
    if (modes_command_run(m->restore, m->root, m->before_id, m->settle_s,
                          false, err))
        return err_ctx(err, "power mode %s could not be restored",
                       m->before_id);
    forget(m);
    return 0;
}

void modes_done(struct modes *m)
{
    text_list_done(&m->ids);
    text_list_done(&m->names);
    free(m->command);
    free(m->before_id);
    free(m->restore);
    free(m->record);
    *m = (struct modes){0};
}
