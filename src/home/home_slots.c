/* SPDX-License-Identifier: MIT */
/* home_slots.c - arguments as Home Assistant reads them, and the answers
 * that a model gets. */
#include "home/home_internal.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"

/* ---- answers ----------------------------------------------------------- */

json_t *home_error(const char *kind, const char *reason, const char *fmt, ...)
{
    json_t *error = json_object();
    char    text[1000];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    jsonx_set_text(error, "error", kind);
    if (reason) jsonx_set_text(error, "reason", reason);
    jsonx_set_text(error, "error_text", text);
    return error;
}

json_t *home_invalid_slot(const char *tool)
{
    return home_error("InvalidSlotInfo", NULL, "Received invalid slot info "
                      "for %s", tool);
}

json_t *home_done(json_t *success, json_t *failed)
{
    json_t *answer = json_object(), *lists = json_object();

    json_object_set_new(lists, "targets", json_array());
    json_object_set_new(lists, "success", success ? success : json_array());
    json_object_set_new(lists, "failed", failed ? failed : json_array());
    json_object_set_new(answer, "speech", json_object());
    jsonx_set_text(answer, "response_type", "action_done");
    json_object_set_new(answer, "data", lists);
    return answer;
}

void home_add_target(json_t *list, const char *name, const char *type,
                     const char *id)
{
    json_t *entry = json_object(), *types = json_array();

    jsonx_add_text(types, type);
    jsonx_set_text(entry, "name", name);
    json_object_set_new(entry, "type", types);
    jsonx_set_text(entry, "id", id);
    json_array_append_new(list, entry);
}

json_t *home_result(json_t *result)
{
    json_t *answer = json_object();

    json_object_set_new(answer, "success", json_true());
    json_object_set_new(answer, "result", result);
    return answer;
}

/* ---- arguments --------------------------------------------------------- */

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t\r\n\v\f")] == '\0';
}

/* As Python writes it. Caller frees; NULL: not a text, not a number. */
static char *as_text(const json_t *value)
{
    const char *text = home_plain_text(value);

    if (text) return mem_copy(text);
    if (json_is_integer(value))
        return mem_printf("%lld", (long long)json_integer_value(value));
    if (json_is_real(value))
        return mem_printf(fabs(json_real_value(value)) < 1e15 &&
                          json_real_value(value) ==
                          floor(json_real_value(value)) ? "%.1f" : "%.16g",
                          json_real_value(value));
    if (json_is_boolean(value))
        return mem_copy(json_is_true(value) ? "True" : "False");
    return NULL;
}

bool home_slot_text(const json_t *arguments, const char *slot, char **text)
{
    const json_t *value = json_object_get(arguments, slot);

    *text = NULL;
    if (!value) return true;
    *text = as_text(value);
    if (*text && !is_blank(*text)) return true;
    free(*text);
    *text = NULL;
    return false;
}

/* A number, or a text that is one from end to end. whole: "50.7" is none. */
static bool as_number(const json_t *value, bool whole, double *number)
{
    const char *text = home_plain_text(value);
    char       *end  = NULL;

    if (json_is_boolean(value)) {
        *number = json_is_true(value);
        return true;
    }
    if (json_is_number(value)) {
        *number = json_number_value(value);
        return isfinite(*number);
    }
    if (!text || is_blank(text) ||
        text[strspn(text, "0123456789+-.eE \t\r\n")] != '\0')
        return false;
    if (whole) {
        errno = 0;
        *number = (double)strtoll(text, &end, 10);
        if (errno) return false;
    } else {
        *number = strtod(text, &end);
    }
    return end != text && is_blank(end) && isfinite(*number);
}

bool home_slot_whole(const json_t *arguments, const char *slot, int min,
                     int max, int *value, bool *is_given)
{
    const json_t *given = json_object_get(arguments, slot);
    double        number;

    if (is_given) *is_given = given != NULL;
    if (!given) return true;
    if (!as_number(given, true, &number)) return false;
    number = trunc(number);
    if (!(number >= min && number <= max)) return false;
    *value = (int)number;
    return true;
}

bool home_slot_number(const json_t *arguments, const char *slot,
                      double *value)
{
    const json_t *given = json_object_get(arguments, slot);

    *value = NAN;
    return !given || as_number(given, false, value);
}
