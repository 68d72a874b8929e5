/* SPDX-License-Identifier: MIT */
/* fuzz_ha.c - any bytes as a recorded run of Home Assistant (as they are, or
 * as members over a sound one), and as a file of tasks to import. No crash; a
 * failure has words; the same run gives the same verdict. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "import.h"
#include "original/selfcheck.h"
#include "temp_tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const char fixture[] =
    "areas: [{name: Den, id: den, floor: Up}]\n"
    "devices: [{name: Hub, id: hub, area: den}]\n"
    "entities:\n"
    "- {id: light.a, name: A, area: den, attributes: {supported_color_modes:"
    " [brightness]}}\n"
    "- {id: cover.b, name: B, state: open}\n"
    "- {id: todo.c, name: C}\n"
    "- {id: media_player.d, name: D, device: hub, state: playing}\n"
    "- {id: calendar.e, name: E}\n";
static const char sound[] =
    "{\"id\":\"r\",\"dataset\":\"d\",\"category\":\"c\",\"home\":\"h\","
    "\"steps\":[{\"calls\":[{\"name\":\"HassTurnOn\",\"arguments\":{\"name\":"
    "\"A\"}}],\"results\":[{\"data\":{\"success\":[]}}]}],\"response\":"
    "\"Done.\",\"passed\":true,\"runs\":{\"m\":1},\"expect_changes\":{"
    "\"light.a\":{\"state\":\"on\"}}}";

static struct temp_tree tree;

static void remove_tree(void) { temp_tree_done(&tree); }

static void *begin(void)
{
    struct err err   = {0};
    char      *homes = temp_path(&tree, "d");
    void      *state = selfcheck_ha.begin(homes, &err);

    if (!state) abort();
    free(homes);
    return state;
}

static void set_stage(void)
{
    if (tree.root[0]) return;
    if (temp_tree_init(&tree)) abort();
    atexit(remove_tree);
    temp_text(&tree, "d/h/_fixtures.yaml", fixture);
}

static int check(const char *text, size_t len)
{
    struct selfcheck_case c     = {.pool = py_pool_new(), .text = text,
                                   .len = len};
    struct agreement      a     = {0};
    void                 *state = begin();
    struct err            err   = {0};
    struct strbuf         out;
    json_t               *json = json_object();
    int                   verdict = -1;

    strbuf_init(&out, (size_t)1 << 22);
    c.object = py_parse(c.pool, text, len);
    if (c.object && c.object->kind == PY_DICT) {
        if (selfcheck_ha.line(state, &c, &a, &err) == 0)
            verdict = (int)a.all.agree;
        else if (err.text[0] == '\0')
            abort();
        selfcheck_ha.more(state, json, &out);
    }
    json_decref(json);
    strbuf_done(&out);
    agreement_done(&a);
    selfcheck_ha.end(state);
    py_pool_free(c.pool);
    return verdict;
}

static void check_over(const char *text, size_t len)
{
    json_t *row  = jsonx_parse(sound, strlen(sound), NULL);
    json_t *over = jsonx_parse(text, len, NULL);
    char   *all;

    if (json_is_object(over)) json_object_update(row, over);
    all = jsonx_dump(row);
    if (all && check(all, strlen(all)) != check(all, strlen(all))) abort();
    free(all);
    json_decref(over);
    json_decref(row);
}

/* ---- the import ---------------------------------------------------------- */

static int take_case(void *ctx, const char *suite, const json_t *test,
                     struct err *err)
{
    const char *id = jsonx_text(test, "id");

    (void)ctx;
    (void)err;
    if (!*suite || !id || !*id || strlen(id) > 80) abort();
    return 0;
}

static int take_home(void *ctx, const char *name, const json_t *home,
                     struct err *err)
{
    (void)ctx;
    (void)err;
    if (!*name || strlen(name) > 80 || !json_is_object(home)) abort();
    return 0;
}

static void take_left(void *ctx, size_t cases, const char *what)
{
    (void)ctx;
    (void)cases;
    if (!*what) abort();
}

static void import(const uint8_t *bytes, size_t size)
{
    const struct import_sink sink = {NULL, take_case, take_home, take_left};
    struct err err  = {0};
    char      *path = temp_path(&tree, "d/h");

    temp_write(&tree, "d/h/tasks.yaml", bytes, size);
    if (import_ha(path, &sink, &err) && err.text[0] == '\0') abort();
    free(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const char *text = (const char *)bytes + 1;

    if (size == 0) return 0;
    set_stage();
    switch (bytes[0] % 4) {
    case 0:  (void)check(text, size - 1); break;
    case 1:  import(bytes + 1, size - 1); break;
    default: check_over(text, size - 1);
    }
    return 0;
}
