/* SPDX-License-Identifier: MIT */
/* deeds.c - see deeds.h. */
#include "score/deeds.h"

#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "score/answer.h"
#include "score/rule.h"
#include "spoken.h"
#include "suite.h"

#define MOST_ARGUMENTS (64 * 1024)   /* bytes that are looked into */

bool heard_read(const struct transcript *t, struct heard *h,
                struct judgement *out)
{
    struct spoken s;

    *h = (struct heard){0};
    if (strlen(t->answer) > ANSWER_MOST_BYTES)
        return !answer_is_unfit(t->answer, 1, out);
    spoken_split(t->answer, &s);
    h->text = mem_copy_n(s.text, s.len);
    spoken_done(&s);
    if (answer_is_unfit(h->text, 1, out)) return false;
    acts_read(h->text, t->test ? t->test->language : NULL, &h->acts);
    return true;
}

void heard_done(struct heard *h)
{
    acts_done(&h->acts);
    free(h->text);
    *h = (struct heard){0};
}

bool said_holds_one(const char *text, const json_t *about)
{
    char         *normal = answer_normal(text);
    const json_t *word;
    size_t        i;
    bool          holds = false;

    json_array_foreach(about, i, word)
        holds = holds || answer_has(normal, json_string_value(word));
    free(normal);
    return holds;
}

static const json_t *reference_of(const struct transcript *t)
{
    return t->asked ? t->asked->reference : NULL;
}

unsigned deeds_reference_acts(const struct transcript *t)
{
    const char *answer = jsonx_text(reference_of(t), "answer");
    struct acts acts;
    unsigned    all;

    if (!answer) return 0;
    acts_read(answer, t->test ? t->test->language : NULL, &acts);
    all = acts.all;
    acts_done(&acts);
    return all;
}

bool deeds_changed(const struct transcript *t)
{
    return t->start_state && t->end_state &&
           !json_equal(t->start_state, t->end_state);
}

/* Does it only look? `service` is the service that is called, or NULL. */
static bool only_looks(const char *tool, const char *service)
{
    static const char *const looks[] = {
        "GetLiveContext", "GetDateTime", "get_states", "todo_get_items",
        "calendar_get_events", "weather_get_forecast", "HassTimerStatus",
        "HassGetState", "HassGetWeather", "HassGetCurrentTime",
        "HassGetCurrentDate",
    };

    if (!tool) return true;
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++)
        if (strcmp(tool, looks[i]) == 0) return true;
    return service && strncmp(service, "get_", 4) == 0;
}

bool deeds_are_wanted(const struct transcript *t)
{
    const json_t *calls = json_object_get(reference_of(t), "calls"), *item;
    size_t        i;

    if (!t->asked || deeds_have_check(t, "asks_back")) return false;
    json_array_foreach(t->asked->checks, i, item) {
        const char *scorer = jsonx_text(item, "scorer");

        if (scorer && strcmp(scorer, "state") == 0)
            return json_object_size(json_object_get(item, "expect")) > 0;
    }
    json_array_foreach(calls, i, item)
        if (!only_looks(jsonx_text(item, "name"),
                        jsonx_text(json_object_get(item, "arguments"),
                                   "service")))
            return true;
    return false;
}

static bool call_looks(const struct tool_call *call)
{
    const char *arguments = call->arguments ? call->arguments : "";
    size_t      len       = strlen(arguments);
    json_t     *parsed    = NULL;
    struct err  ignored   = {0};
    bool        looks;

    if (call->name && strcmp(call->name, "call_service") == 0 &&
        len <= MOST_ARGUMENTS)
        parsed = jsonx_parse(arguments, len, &ignored);
    looks = only_looks(call->name, jsonx_text(parsed, "service"));
    json_decref(parsed);
    return looks;
}

size_t deeds_tried(const struct transcript *t)
{
    size_t n = 0;

    for (size_t i = 0; i < t->n_turns; i++)
        for (size_t j = 0; j < t->turns[i].n_calls; j++)
            if (!call_looks(&t->turns[i].calls[j])) n++;
    return n;
}

bool deeds_have_check(const struct transcript *t, const char *scorer)
{
    const json_t *check;
    size_t        i;

    if (!t->asked) return false;
    json_array_foreach(t->asked->checks, i, check) {
        const char *name = jsonx_text(check, "scorer");

        if (name && strcmp(name, scorer) == 0) return true;
    }
    return false;
}

int deeds_need_home(const json_t *rule, const struct suite_case *test,
                    struct err *err)
{
    static const struct rule_field none[] = {{NULL, RULE_YES}};

    if (rule_check(rule, none, 0, err)) return -1;
    if (!test->home)
        return err_set(err, ERR_INPUT, "scorer \"%s\" compares the answer "
                       "with what was done; give the case a \"home\"",
                       jsonx_text(rule, "scorer"));
    return 0;
}
