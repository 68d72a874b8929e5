/* SPDX-License-Identifier: MIT */
/* import_ifeval.c - IFEval as its authors and lm-eval have it, a prompt a
 * line:
 *   {"key":1000, "prompt":"...",
 *    "instruction_id_list":["length_constraints:number_words", ...],
 *    "kwargs":[{"relation":"at least","num_words":300,"capital":null}, ...]}
 * It becomes the suite "ifeval". The original drops arguments that are null,
 * 0 or empty; where a rule needs one that it dropped, it makes one up anew
 * each time. Such a prompt cannot be judged twice alike and is left out. */
#include "import.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "import_read.h"
#include "score/score.h"
#include "suite.h"

#define SUITE      "ifeval"
#define MAX_TOKENS 1280       /* as lm-eval lets it answer */

/* What Python takes for false. */
static bool is_dropped(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_NULL: case JSON_FALSE: return true;
    case JSON_INTEGER: return json_integer_value(value) == 0;
    case JSON_REAL:    return !(json_real_value(value) < 0) &&
                              !(json_real_value(value) > 0);
    case JSON_STRING:  return json_string_length(value) == 0;
    case JSON_ARRAY:   return json_array_size(value) == 0;
    case JSON_OBJECT:  return json_object_size(value) == 0;
    default:           return false;
    }
}

static json_t *kept_kwargs(const json_t *kwargs)
{
    json_t     *kept = json_object(), *value;
    const char *key;

    json_object_foreach((json_t *)kwargs, key, value)
        if (!is_dropped(value)) json_object_set(kept, key, value);
    return kept;
}

/* [{"id":..., "kwargs":{...}}], or NULL with err. */
static json_t *instructions_of(const struct import_file *f, const json_t *line,
                               struct err *err)
{
    const json_t *ids  = json_object_get(line, "instruction_id_list"), *id;
    const json_t *args = json_object_get(line, "kwargs");
    json_t       *list;
    size_t        i;

    if (json_array_size(ids) == 0 ||
        json_array_size(ids) != json_array_size(args)) {
        import_fail(f, err, "\"instruction_id_list\" and \"kwargs\" must be "
                    "lists of the same length, at least 1");
        return NULL;
    }
    list = json_array();
    json_array_foreach(ids, i, id) {
        const json_t *kwargs = json_array_get(args, i);

        if (!json_is_string(id) || !json_is_object(kwargs)) {
            import_fail(f, err, "instruction %zu must be a text, and its "
                        "\"kwargs\" an object", i + 1);
            json_decref(list);
            return NULL;
        }
        json_array_append_new(list, json_pack("{s:O, s:o}", "id", id, "kwargs",
                                              kept_kwargs(kwargs)));
    }
    return list;
}

/* "punctuation" of the first instruction, for the sample to be spread. */
static char *category_of(const json_t *instructions)
{
    const char *id = jsonx_text(json_array_get(instructions, 0), "id");

    return mem_copy_n(id, strcspn(id, ":"));
}

static json_t *case_of(const char *id, const json_t *line, json_t *check)
{
    json_t *test = json_object(), *checks = json_array();
    char   *category = category_of(json_object_get(check, "instructions"));

    json_array_append(checks, check);
    jsonx_set_text(test, "id", id);
    jsonx_set_text(test, "category", category);
    jsonx_set_text(test, "system", "");
    jsonx_set_integer(test, "max_tokens", MAX_TOKENS);
    json_object_set(test, "say", json_object_get(line, "prompt"));
    json_object_set_new(test, "checks", checks);
    free(category);
    return test;
}

struct taken {
    size_t     cases, left_out;
    struct err first;            /* why the first was left out               */
};

/* Can its instructions be judged? If not, it is left out. */
static bool is_judged(const struct import_sink *sink, const char *id,
                      const json_t *check, struct taken *taken,
                      struct err *err)
{
    const struct suite_case nothing = {0};
    struct err              why = {0};

    if (score_ifeval.check_rule(check, &nothing, &why) == 0) return true;
    if (why.kind != ERR_INPUT) {
        *err = why;
        return false;
    }
    err_ctx(&why, "key %s", id + strlen(SUITE "_"));
    if (taken->left_out++ == 0) taken->first = why;
    sink->leave_out(sink->ctx, 1, why.text);
    return false;
}

static int take_line(const struct import_sink *sink,
                     const struct import_file *f, const json_t *line,
                     struct taken *taken, struct err *err)
{
    const json_t *key = json_object_get(line, "key");
    json_t       *list, *check, *test;
    char         *id;
    int           rc = 0;

    if (!json_object_get(line, "instruction_id_list") ||
        !json_object_get(line, "prompt"))
        return import_wrong_format(f, line, "IFEval", err);
    if (!json_is_integer(key) && !json_is_string(key))
        return import_fail(f, err, "\"key\" must be a number or a text");
    if (!json_is_string(json_object_get(line, "prompt")))
        return import_fail(f, err, "\"prompt\" must be a text");
    list = instructions_of(f, line, err);
    if (!list) return -1;
    check = json_pack("{s:s, s:o}", "scorer", "ifeval", "instructions", list);
    id = json_is_integer(key)
        ? mem_printf(SUITE "_%" JSON_INTEGER_FORMAT, json_integer_value(key))
        : mem_printf(SUITE "_%s", json_string_value(key));
    if (is_judged(sink, id, check, taken, err)) {
        test = case_of(id, line, check);
        rc = sink->add_case(sink->ctx, SUITE, test, err);
        if (rc) err_ctx(err, "%s:%zu", f->path, f->line);
        json_decref(test);
        taken->cases++;
    } else if (err->kind) {
        rc = -1;
    }
    free(id);
    json_decref(check);
    return rc;
}

int import_ifeval(const char *path, const struct import_sink *sink,
                  struct err *err)
{
    struct import_file f;
    struct taken       taken = {.cases = 0};
    json_t            *line;
    struct stat        st;
    int                rc;

    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return err_set(err, ERR_INPUT, "%s is a folder; name the file of "
                       "prompts in it (input_data.jsonl)", path);
    if (import_open(&f, path, err)) return -1;
    while ((rc = import_next(&f, &line, err)) == 1) {
        rc = take_line(sink, &f, line, &taken, err);
        json_decref(line);
        if (rc) break;
    }
    import_close(&f);
    if (rc == 0 && taken.cases == 0)
        rc = taken.left_out
            ? err_set(err, ERR_INPUT, "%s: no prompt can be judged; %s", path,
                      taken.first.text)
            : err_set(err, ERR_INPUT, "%s: holds no prompt", path);
    return rc;
}
