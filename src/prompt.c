/* SPDX-License-Identifier: MIT */
/* prompt.c - see prompt.h. */
#include "prompt.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "share.h"

#define PROMPT_BYTES  (4u << 20)    /* of a template                       */
#define FILLED_BYTES  (32u << 20)   /* no context holds that               */
#define STAMPED_BYTES (8u * FILLED_BYTES)   /* a date is 31 bytes for 7    */
#define ENTITIES_MAX  1e6

#define MARK_ENTITIES "{{entities}}"
#define MARK_NOW      "{{now}}"

/* Every mark in the text replaced; cut at max_bytes, then *over. */
static char *replace(const char *text, const char *mark, const char *with,
                     size_t max_bytes, bool *over)
{
    struct strbuf out;
    char         *filled;
    const char   *next;

    strbuf_init(&out, max_bytes);
    for (; (next = strstr(text, mark)); text = next + strlen(mark)) {
        strbuf_addn(&out, text, (size_t)(next - text));
        strbuf_add(&out, with);
    }
    strbuf_add(&out, text);
    *over = out.over;
    filled = strbuf_take(&out);
    strbuf_done(&out);
    return filled;
}

/* ---- the time ----------------------------------------------------------- */

/* PROMPT_NOW on another hour of its day or the next. */
static char *stamp(const char *unstamped, int minutes)
{
    int   at  = 18 * 60 + 30 + minutes;
    char *now = mem_printf("%s March 2026, %02d:%02d",
                           at < 24 * 60 ? "Thursday, 12" : "Friday, 13",
                           at / 60 % 24, at % 60);
    bool  over;
    char *text = replace(unstamped, MARK_NOW, now, STAMPED_BYTES, &over);

    free(now);
    return text;
}

char *prompt_later(const struct prompt_kit *kit, int minutes)
{
    if (!kit->unstamped) return mem_copy(kit->system);
    if (minutes < 0) minutes = 0;
    return stamp(kit->unstamped, minutes < 1000 ? minutes : 1000);
}

/* ---- the entities ------------------------------------------------------- */

/* The user's, or those of a simulated home. */
struct entities {
    const json_t *list;      /* borrowed; NULL: the lines are a home's       */
    char         *lines;
    size_t        n;
};

static struct entities entities_of(const struct config *config,
                                   const struct home *home)
{
    struct entities e = {.list = config->entities};

    if (e.list) {
        e.n = json_array_size(e.list);
        return e;
    }
    e.lines = home_entity_lines(home);
    for (const char *at = e.lines; *at; at++) e.n += *at == '\n';
    return e;
}

/* Copy 1 is the thing itself, "light.kitchen 'Kitchen light'"; copy 2 is
 * "light.kitchen_2 'Kitchen light 2'". */
static void add_entity(struct strbuf *out, const json_t *item, size_t copy)
{
    const char *id    = jsonx_text(item, "id");
    const char *name  = jsonx_text(item, "name");
    const char *area  = jsonx_text(item, "area");
    const char *state = jsonx_text(item, "state");

    strbuf_add(out, id ? id : "");
    if (copy > 1) strbuf_addf(out, "_%zu", copy);
    strbuf_addf(out, " '%s", name ? name : "");
    if (copy > 1) strbuf_addf(out, " %zu", copy);
    strbuf_add(out, "'");
    if (area) strbuf_addf(out, " (%s)", area);
    if (state) strbuf_addf(out, " = %s", state);
    strbuf_add(out, "\n");
}

/* The same for a line of home_entity_lines: names and aliases end with a
 * quote before a comma, an area or the end. */
static void add_line(struct strbuf *out, const char *line, size_t copy)
{
    const char *end = line + strcspn(line, "\n");
    bool        has_id = false;

    for (; copy > 1 && line < end; line++) {
        bool ends_name = *line == '\'' &&
            (line[1] == ',' || line[1] == '\n' ||
             (line[1] == ' ' && line[2] == '('));

        if (*line == ' ' && !has_id) strbuf_addf(out, "_%zu", copy);
        if (ends_name) strbuf_addf(out, " %zu", copy);
        has_id |= *line == ' ';
        strbuf_addn(out, line, 1);
    }
    strbuf_addn(out, line, (size_t)(end - line) + 1);
}

/* `wanted` of them, from the first again after the last. NULL: too long. */
static char *entity_text(const struct entities *e, size_t wanted)
{
    struct strbuf out;
    const char   *line = e->lines;
    char         *text = NULL;

    strbuf_init(&out, FILLED_BYTES);
    for (size_t i = 0; i < wanted && !out.over; i++) {
        size_t copy = i / e->n + 1;

        if (e->list) {
            add_entity(&out, json_array_get(e->list, i % e->n), copy);
            continue;
        }
        if (i % e->n == 0) line = e->lines;
        add_line(&out, line, copy);
        line += strcspn(line, "\n") + 1;
    }
    if (!out.over) text = strbuf_take(&out);
    strbuf_done(&out);
    return text;
}

/* ---- the kit ------------------------------------------------------------ */

/* The user's template, or ours. Caller frees. */
static char *template_text(const struct config *config, struct err *err)
{
    struct bytes file = {0};
    char        *path, *text = NULL;

    if (config->prompt) return mem_copy(config->prompt);
    path = share_path("prompts/home.txt", err);
    if (path && bytes_read(&file, path, PROMPT_BYTES, err) == 0)
        text = mem_copy_n((const char *)file.data, file.size);
    else if (path) err_ctx(err, "%s", path);
    bytes_done(&file);
    free(path);
    return text;
}

/* lines is NULL when they were too long already. */
static int make_kit(struct prompt_kit *out, const struct config *config,
                    const char *lines, json_t *tools, struct err *err)
{
    char *template = template_text(config, err);
    char *filled;
    bool  over = true;

    *out = (struct prompt_kit){0};
    if (!template) return -1;
    filled = replace(template, MARK_ENTITIES, lines ? lines : "",
                     FILLED_BYTES, &over);
    free(template);
    if (!lines || over) {
        free(filled);
        return err_set(err, ERR_INPUT, "the prompt with its entities is "
                       "longer than %u MB; name fewer entities, or put "
                       "{{entities}} into the prompt once",
                       FILLED_BYTES >> 20);
    }
    if (strstr(filled, MARK_NOW)) {
        out->system = stamp(filled, 0);
        out->unstamped = filled;
    } else {
        out->system = filled;
    }
    out->tools = json_incref(tools);
    return 0;
}

int prompt_case(struct prompt_kit *out, const struct config *config,
                const struct home *home, const char *kind, struct err *err)
{
    char   *lines = home ? home_entity_lines(home) : mem_copy("");
    json_t *tools = home ? home_tools(home, kind) : NULL;
    int     rc    = make_kit(out, config, lines, tools, err);

    json_decref(tools);
    free(lines);
    return rc;
}

int prompt_foreign(struct prompt_kit *out, const struct config *config,
                   const struct suite_case *test, const struct home *home,
                   struct err *err)
{
    *out = (struct prompt_kit){0};
    if (test->system)
        out->system = mem_copy(test->system);
    else if (prompt_case(out, config, home, suite_case_tools(test), err))
        return -1;
    if (test->functions) {
        json_decref(out->tools);
        out->tools = json_array_size(test->functions)
            ? json_incref(test->functions) : NULL;
    } else if (!out->tools && home) {
        out->tools = home_tools(home, suite_case_tools(test));
    }
    return 0;
}

/* factor NAN: as many entities as there are. */
static int user_kit(struct prompt_kit *out, const struct config *config,
                    double factor, size_t *n, struct err *err)
{
    struct home    *home = NULL;
    struct entities e;
    char           *lines;
    json_t         *tools;
    int             rc;

    *out = (struct prompt_kit){0};
    if (!config->entities || !config->tools)
        if (home_new(&home, "flat", NULL, err)) return -1;
    e = entities_of(config, home);
    *n = e.n;
    if (!isnan(factor) && e.n > 0)
        *n = (size_t)fmax(1, fmin(round(factor * (double)e.n), ENTITIES_MAX));
    lines = entity_text(&e, *n);
    tools = config->tools ? json_incref(config->tools)
                          : home_tools(home, HOME_TOOLS_INTENT);
    rc = make_kit(out, config, lines, tools, err);
    json_decref(tools);
    free(lines);
    free(e.lines);
    home_free(home);
    return rc;
}

int prompt_user(struct prompt_kit *out, const struct config *config,
                struct err *err)
{
    size_t n;

    return user_kit(out, config, NAN, &n, err);
}

int prompt_scaled(struct prompt_kit *out, const struct config *config,
                  double factor, size_t *entities, struct err *err)
{
    return user_kit(out, config, isnan(factor) ? 1 : factor, entities, err);
}

static void append(char **text, const char *line)
{
    char *longer = mem_printf("%s%s%s", *text, **text ? "\n" : "", line);

    free(*text);
    *text = longer;
}

void prompt_append(struct prompt_kit *kit, const char *line)
{
    append(&kit->system, line);
    if (kit->unstamped) append(&kit->unstamped, line);
}

void prompt_done(struct prompt_kit *kit)
{
    free(kit->system);
    free(kit->unstamped);
    json_decref(kit->tools);
    *kit = (struct prompt_kit){0};
}
