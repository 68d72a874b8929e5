/* SPDX-License-Identifier: MIT */
/* suite_case.c - from one line of a suite file to a case. What a line must
 * look like is checked here, once; whether a case is sound is the business of
 * suite_check.c. */
#include "suite_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "digest.h"
#include "home/home.h"
#include "score/score.h"

#define SAY_MAX_BYTES  ((size_t)32 << 10)
#define NAME_MAX_BYTES 80   /* of suite, id, category: they go into keys */
#define TURNS_MAX      100  /* of a conversation */
#define BEFORE_MAX     200  /* messages */
#define FUNCTIONS_MAX  512
#define TOKENS_MAX     4096

/* ---- fields ------------------------------------------------------------- */

struct field {
    const char *name;
    json_type   type;
    bool        is_needed;
};

/* What a turn has; a case with one turn has it itself. */
#define TURN_FIELDS                                                           \
    {"say", JSON_STRING, true},        {"checks", JSON_ARRAY, true},          \
    {"reference", JSON_OBJECT, false}, {"wrong", JSON_OBJECT, false}
#define CASE_FIELDS                                                           \
    {"id", JSON_STRING, true},         {"suite", JSON_STRING, false},         \
    {"category", JSON_STRING, false},  {"difficulty", JSON_STRING, false},    \
    {"language", JSON_STRING, false},  {"home", JSON_STRING, false},          \
    {"tools", JSON_STRING, false},     {"area", JSON_STRING, false},          \
    {"setup", JSON_OBJECT, false},     {"group", JSON_STRING, false},         \
    {"functions", JSON_ARRAY, false},  {"system", JSON_STRING, false},        \
    {"before", JSON_ARRAY, false},     {"max_tokens", JSON_INTEGER, false},   \
    {"why", JSON_STRING, false}

static const struct field single_fields[] = {
    CASE_FIELDS, TURN_FIELDS, {NULL, JSON_NULL, false}};
static const struct field conversation_fields[] = {
    CASE_FIELDS, {"turns", JSON_ARRAY, true}, {NULL, JSON_NULL, false}};
static const struct field turn_fields[] = {
    TURN_FIELDS, {"cuts_words", JSON_INTEGER, false},
    {"why", JSON_STRING, false}, {NULL, JSON_NULL, false}};

static const char *type_name(json_type type)
{
    return type == JSON_STRING  ? "a text"
         : type == JSON_ARRAY   ? "a list"
         : type == JSON_INTEGER ? "a whole number" : "an object";
}

/* `what`: "a case", "a turn". */
static int check_fields(const json_t *object, const struct field *fields,
                        const char *what, struct err *err)
{
    const char *key;
    json_t     *value;

    json_object_foreach((json_t *)object, key, value) {
        const struct field *f = fields;

        while (f->name && strcmp(f->name, key) != 0) f++;
        if (!f->name)
            return err_set(err, ERR_INPUT, "%s has no field \"%.100s\"; take "
                           "it out or correct its name", what, key);
        if (json_typeof(value) != f->type)
            return err_set(err, ERR_INPUT, "field \"%s\" must be %s", key,
                           type_name(f->type));
    }
    for (const struct field *f = fields; f->name; f++)
        if (f->is_needed && !json_object_get(object, f->name))
            return err_set(err, ERR_INPUT, "%s needs a field \"%s\"", what,
                           f->name);
    return 0;
}

/* Visible ASCII or letters of other scripts, no white space. */
static int check_name(const json_t *line, const char *key, struct err *err)
{
    const json_t *value = json_object_get(line, key);
    const char   *name  = json_string_value(value);
    size_t        len   = json_string_length(value);

    if (!value) return 0;
    for (const char *c = name; *c; c++)
        if ((unsigned char)*c <= ' ' || *c == 0x7f) len = 0;
    if (len == 0 || len > NAME_MAX_BYTES || strlen(name) != len)
        return err_set(err, ERR_INPUT, "field \"%s\" must have 1 to %d bytes "
                       "and no white space", key, NAME_MAX_BYTES);
    return 0;
}

/* {"calls":[{"name":...,"arguments":{...}}], "answer":...} */
static int check_sample(const json_t *line, const char *key, struct err *err)
{
    const json_t *sample = json_object_get(line, key), *call, *value;
    const json_t *calls  = json_object_get(sample, "calls");
    const char   *name;
    size_t        i;

    json_object_foreach((json_t *)sample, name, value)
        if (strcmp(name, "calls") != 0 && strcmp(name, "answer") != 0)
            return err_set(err, ERR_INPUT, "\"%s\" has no field \"%.100s\"; "
                           "it knows calls and answer", key, name);
    value = json_object_get(sample, "answer");
    if ((calls && !json_is_array(calls)) || (value && !json_is_string(value)))
        return err_set(err, ERR_INPUT, "\"%s\" must have a list \"calls\" and "
                       "a text \"answer\"", key);
    json_array_foreach(calls, i, call)
        if (!jsonx_text(call, "name") || json_object_size(call) != 2 ||
            !json_is_object(json_object_get(call, "arguments")))
            return err_set(err, ERR_INPUT, "call %zu of \"%s\" must be "
                           "{\"name\":text,\"arguments\":object}", i + 1, key);
    return 0;
}

static int check_checks(const struct suite_case *c,
                        const struct suite_turn *turn, struct err *err)
{
    size_t        i;
    const json_t *check;

    if (json_array_size(turn->checks) == 0)
        return err_set(err, ERR_INPUT, "\"checks\" is empty; any answer would "
                       "pass");
    json_array_foreach(turn->checks, i, check) {
        const char             *name = jsonx_text(check, "scorer");
        const struct score_ops *scorer = score_find(name);

        if (!name)
            return err_set(err, ERR_INPUT, "check %zu must be an object with "
                           "a text \"scorer\"", i + 1);
        if (!scorer)
            return err_set(err, ERR_INPUT, "check %zu: no scorer is called "
                           "\"%.100s\"", i + 1, name);
        if (scorer->check_rule(check, c, err))
            return err_ctx(err, "check %zu", i + 1);
    }
    return 0;
}

static char *copy_text(const json_t *line, const char *key,
                       const char *fallback)
{
    const char *text = jsonx_text(line, key);

    return mem_copy(text ? text : fallback);
}

static int read_turn(struct suite_case *c, const json_t *from, struct err *err)
{
    struct suite_turn *turn = &c->turns[c->n_turns++];
    const json_t      *cuts = json_object_get(from, "cuts_words");
    size_t             said;

    said = json_string_length(json_object_get(from, "say"));
    if (said == 0 || said > SAY_MAX_BYTES ||
        strlen(jsonx_text(from, "say")) != said)
        return err_set(err, ERR_INPUT, "\"say\" must have 1 to %zu bytes, "
                       "none of them NUL", SAY_MAX_BYTES);
    if (check_sample(from, "reference", err) ||
        check_sample(from, "wrong", err))
        return -1;
    if (cuts && (c->n_turns == 1 || json_integer_value(cuts) < 0 ||
                 json_integer_value(cuts) > 1000))
        return err_set(err, ERR_INPUT, "\"cuts_words\" is how much of the "
                       "answer before was heard: 0 to 1000 words, and not in "
                       "the first turn");
    turn->say = copy_text(from, "say", NULL);
    turn->cuts_words = cuts ? (int)json_integer_value(cuts) : -1;
    turn->checks = json_incref(json_object_get(from, "checks"));
    turn->reference = json_incref(json_object_get(from, "reference"));
    turn->wrong = json_incref(json_object_get(from, "wrong"));
    return check_checks(c, turn, err);
}

static int read_turns(struct suite_case *c, const json_t *list,
                      struct err *err)
{
    size_t        i, n = json_array_size(list);
    const json_t *turn;

    if (n == 0 || n > TURNS_MAX)
        return err_set(err, ERR_INPUT, "\"turns\" must be a list of 1 to %d",
                       TURNS_MAX);
    c->turns = mem_new(n, sizeof *c->turns);
    json_array_foreach(list, i, turn) {
        if (!json_is_object(turn))
            err_set(err, ERR_INPUT, "it must be an object");
        if (!json_is_object(turn) ||
            check_fields(turn, turn_fields, "a turn", err) ||
            read_turn(c, turn, err))
            return err_ctx(err, "turn %zu", i + 1);
    }
    return 0;
}

/* ---- the setting of a suite of others ------------------------------------ */

/* {"type":"function","function":{"name":...,"parameters":{...}}} */
static int check_function(const json_t *tool, struct err *err)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
    const json_t *function   = json_object_get(tool, "function");
    const json_t *parameters = json_object_get(function, "parameters");
    const char   *type = jsonx_text(tool, "type");
    const char   *name = jsonx_text(function, "name");
    const json_t *about = json_object_get(function, "description");

    if (!type || strcmp(type, "function") != 0 || !json_is_object(function))
        return err_set(err, ERR_INPUT, "it must be {\"type\":\"function\","
                       "\"function\":{...}}");
    if (!name || !*name || strspn(name, letters) !=
        json_string_length(json_object_get(function, "name")))
        return err_set(err, ERR_INPUT, "its \"name\" must be letters, digits "
                       "and _ - .");
    if (about && !json_is_string(about))
        return err_set(err, ERR_INPUT, "the \"description\" of %.100s must be "
                       "a text", name);
    if (!json_is_object(parameters))
        return err_set(err, ERR_INPUT, "%.100s needs \"parameters\", a JSON "
                       "Schema", name);
    type = jsonx_text(parameters, "type");
    if (!type || strcmp(type, "object") != 0 ||
        !json_is_object(json_object_get(parameters, "properties")))
        return err_set(err, ERR_INPUT, "the \"parameters\" of %.100s are no "
                       "JSON Schema of arguments: {\"type\":\"object\","
                       "\"properties\":{...}}", name);
    return 0;
}

static int check_functions(const json_t *list, struct err *err)
{
    size_t        i;
    const json_t *tool;

    if (json_array_size(list) > FUNCTIONS_MAX)
        return err_set(err, ERR_INPUT, "\"functions\" has more than %d",
                       FUNCTIONS_MAX);
    json_array_foreach(list, i, tool)
        if (check_function(tool, err))
            return err_ctx(err, "function %zu", i + 1);
    return 0;
}

static int check_before(const json_t *list, struct err *err)
{
    size_t        i;
    const json_t *message;

    if (json_array_size(list) > BEFORE_MAX)
        return err_set(err, ERR_INPUT, "\"before\" has more than %d messages",
                       BEFORE_MAX);
    json_array_foreach(list, i, message) {
        const char   *role = jsonx_text(message, "role");
        const json_t *content = json_object_get(message, "content");

        if (!role || (strcmp(role, "user") != 0 &&
                      strcmp(role, "assistant") != 0 &&
                      strcmp(role, "system") != 0) ||
            !json_is_string(content) || json_object_size(message) != 2 ||
            strlen(json_string_value(content)) != json_string_length(content))
            return err_set(err, ERR_INPUT, "message %zu of \"before\" must be "
                           "{\"role\":\"user\", \"assistant\" or "
                           "\"system\",\"content\":text}", i + 1);
    }
    return 0;
}

static int check_setting(const struct suite_case *c, const json_t *line,
                         struct err *err)
{
    const json_t *tokens = json_object_get(line, "max_tokens");
    const json_t *system = json_object_get(line, "system");

    if (tokens && (json_integer_value(tokens) < 1 ||
                   json_integer_value(tokens) > TOKENS_MAX))
        return err_set(err, ERR_INPUT, "\"max_tokens\" must be 1 to %d",
                       TOKENS_MAX);
    if (system && strlen(c->system) != json_string_length(system))
        return err_set(err, ERR_INPUT, "\"system\" must not hold NUL");
    if (c->functions && (c->home || json_object_get(line, "turns")))
        return err_set(err, ERR_INPUT, "\"functions\" cannot be executed: a "
                       "case with them has no \"%s\"",
                       c->home ? "home" : "turns");
    if (check_functions(c->functions, err)) return -1;
    return check_before(c->before, err);
}

/* ---- the case ------------------------------------------------------------ */

/* Does the home know what the case says of it? */
static int check_home(const struct suite_case *c, struct err *err)
{
    struct home *home = NULL;
    json_t      *tools = NULL;
    int          rc   = -1;

    if (!c->home && (c->setup || c->tools || c->area))
        return err_set(err, ERR_INPUT, "\"%s\" is about a home, and the case "
                       "has no \"home\"", c->setup ? "setup"
                       : c->tools ? "tools" : "area");
    if (!c->home) return 0;
    if (home_new(&home, c->home, c->setup, err)) return -1;
    if (c->area && home_speak_in(home, c->area, err)) goto done;
    tools = home_tools(home, suite_case_tools(c));
    if (!tools)
        err_set(err, ERR_INPUT, "homes have no tools of the kind \"%.60s\"; "
                "there are %s, %s and %s", c->tools, HOME_TOOLS_INTENT,
                HOME_TOOLS_SERVICE, HOME_TOOLS_DISTRACTED);
    else
        rc = 0;
    json_decref(tools);
done:
    home_free(home);
    return rc;
}

const char *suite_case_tools(const struct suite_case *c)
{
    return c->tools ? c->tools : HOME_TOOLS_INTENT;
}

bool suite_case_offers_tools(const struct suite_case *c)
{
    return c->home || json_array_size(c->functions) > 0;
}

bool suite_case_wants_calls(const struct suite_case *c)
{
    const struct suite_turn *turn = &c->turns[0];
    size_t                   i;
    const json_t            *check;

    if (c->n_turns != 1) return false;
    if (json_array_size(json_object_get(turn->reference, "calls")))
        return true;
    json_array_foreach(turn->checks, i, check) {
        const struct score_ops *scorer =
            score_find(jsonx_text(check, "scorer"));

        if (scorer && scorer->wants_call && scorer->wants_call(check))
            return true;
    }
    return false;
}

char *suite_case_prompt(const struct suite_case *c)
{
    if (suite_case_has_own_prompt(c)) return mem_printf("case %s", c->hash);
    return c->home ? mem_printf("%s %s", c->home, suite_case_tools(c))
                   : mem_copy("");
}

bool suite_case_has_own_prompt(const struct suite_case *c)
{
    return c->system || c->functions;
}

bool suite_case_is_unproven(const struct suite_case *c)
{
    size_t        i;
    const json_t *check;

    for (size_t k = 0; k < c->n_turns; k++) {
        if (c->turns[k].reference || c->turns[k].wrong) return false;
        json_array_foreach(c->turns[k].checks, i, check) {
            const struct score_ops *scorer =
                score_find(jsonx_text(check, "scorer"));

            if (!scorer || !scorer->is_original) return false;
        }
    }
    return true;
}

void suite_case_done(struct suite_case *c)
{
    for (size_t i = 0; i < c->n_turns; i++) {
        free(c->turns[i].say);
        json_decref(c->turns[i].checks);
        json_decref(c->turns[i].reference);
        json_decref(c->turns[i].wrong);
    }
    free(c->turns);
    free(c->suite);
    free(c->id);
    free(c->category);
    free(c->difficulty);
    free(c->language);
    free(c->home);
    free(c->tools);
    free(c->area);
    free(c->group);
    free(c->system);
    json_decref(c->setup);
    json_decref(c->functions);
    json_decref(c->before);
    *c = (struct suite_case){0};
}

static int check_names(const json_t *line, struct err *err)
{
    static const char *const names[] = {"id", "suite", "category", "home",
                                        "language", "group"};
    static const char *const levels[] = {"easy", "medium", "hard"};
    const char *level = jsonx_text(line, "difficulty");
    bool        known = level == NULL;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (check_name(line, names[i], err)) return -1;
    for (size_t i = 0; level && i < sizeof levels / sizeof *levels; i++)
        known = known || strcmp(level, levels[i]) == 0;
    if (!known)
        return err_set(err, ERR_INPUT, "\"difficulty\" must be easy, medium "
                       "or hard");
    return 0;
}

static int read_fields(struct suite_case *c, const json_t *line,
                       const char *suite, struct err *err)
{
    const json_t *turns = json_object_get(line, "turns");
    char         *canonical;

    if (check_fields(line, turns ? conversation_fields : single_fields,
                     "a case", err) || check_names(line, err))
        return -1;
    c->suite      = copy_text(line, "suite", suite);
    c->id         = copy_text(line, "id", NULL);
    c->category   = copy_text(line, "category", "general");
    c->difficulty = copy_text(line, "difficulty", NULL);
    c->language   = copy_text(line, "language", "en");
    c->home       = copy_text(line, "home", NULL);
    c->tools      = copy_text(line, "tools", NULL);
    c->area       = copy_text(line, "area", NULL);
    c->group      = copy_text(line, "group", NULL);
    c->setup      = json_incref(json_object_get(line, "setup"));
    c->functions  = json_incref(json_object_get(line, "functions"));
    c->system     = copy_text(line, "system", NULL);
    c->before     = json_incref(json_object_get(line, "before"));
    c->max_tokens = (int)json_integer_value(json_object_get(line,
                                                            "max_tokens"));
    canonical     = jsonx_canonical(line);
    digest_text(canonical, strlen(canonical), c->hash);
    free(canonical);
    if (check_setting(c, line, err) || check_home(c, err)) return -1;
    if (turns) return read_turns(c, turns, err);
    c->turns = mem_new(1, sizeof *c->turns);
    return read_turn(c, line, err);
}

int suite_read_case(struct suite_case *c, const char *text, size_t len,
                    const char *suite, struct err *err)
{
    json_t *line = jsonx_parse(text, len, err);
    int     rc   = -1;

    *c = (struct suite_case){0};
    if (!line) return -1;
    if (!json_is_object(line))
        err_set(err, ERR_INPUT, "a line must hold one case, an object");
    else
        rc = read_fields(c, line, suite, err);
    json_decref(line);
    if (rc) suite_case_done(c);
    return rc;
}
