/* SPDX-License-Identifier: MIT */
/* given.c - does not ask for what the user has just said:
 *   {"scorer":"given"}
 *
 * A question asks for a slot: a place or device, a level, a temperature, a
 * duration, a time, a colour, an item, a message. The slot is given when a
 * value that the reference calls with for it is in what the user said (all
 * its words, numbers in digits or in words), or, for what has a unit, when
 * the unit is. Where the turn has the check asks_back, asking is right.
 * Languages: en, de, es. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "score/acts_match.h"
#include "score/answer.h"
#include "score/honest.h"
#include "score/numbers.h"
#include "suite.h"

enum slot { SLOT_PLACE, SLOT_LEVEL, SLOT_TEMPERATURE, SLOT_DURATION,
            SLOT_TIME, SLOT_COLOR, SLOT_ITEM, SLOT_MESSAGE, N_SLOTS };

static const struct slot_kind {
    const char *arguments;   /* of calls that fill it                      */
    const char *units;       /* words, '|' between, that give it: "" none  */
} kinds[N_SLOTS] = {
    [SLOT_PLACE] = {"name area floor entity_id area_id todo_list calendar",
                    ""},
    [SLOT_LEVEL] = {"brightness brightness_pct position percentage "
                    "volume_level volume_step volume_pct",
                    "percent|per cent|prozent|por ciento"},
    [SLOT_TEMPERATURE] = {"temperature", "degrees|degree|grad|grados"},
    [SLOT_DURATION] = {"hours minutes seconds start_hours start_minutes "
                       "start_seconds duration",
                       "minute|minutes|hour|hours|second|seconds|minuten|"
                       "stunde|stunden|sekunden|minuto|minutos|hora|horas|"
                       "segundos"},
    [SLOT_TIME] = {"time start end", "o'clock|a.m|p.m|pm|uhr|noon|midnight|"
                   "half past|quarter past|quarter to|a las"},
    [SLOT_COLOR] = {"color color_name", ""},
    [SLOT_ITEM] = {"item summary", ""},
    [SLOT_MESSAGE] = {"message", ""},
};

/* How a slot is asked for: patterns of acts_table.h. */
static const struct slot_question {
    const char *language;
    enum slot   slot;
    const char *pattern;
} questions[] = {
    {"en", SLOT_PLACE, "which|what .. room|rooms|area|light|lights|lamp|device|"
     "fan|door|blind|blinds|place|list|one|ones|speaker|thermostat"},
    {"en", SLOT_PLACE, "where"},
    {"en", SLOT_LEVEL, "how bright|loud|high|low|far|dim"},
    {"en", SLOT_LEVEL, "what|which ?exact brightness|level|percentage|volume|"
     "position|percent|speed|intensity"},
    {"en", SLOT_TEMPERATURE, "what|which ?exact|target temperature|degree"},
    {"en", SLOT_TEMPERATURE, "how warm|hot|cool|cold"},
    {"en", SLOT_TEMPERATURE, "how many degrees"},
    {"en", SLOT_DURATION, "how long"},
    {"en", SLOT_DURATION, "how many minutes|hours|seconds"},
    {"en", SLOT_DURATION, "what|which duration|length"},
    {"en", SLOT_TIME, "what|which ?exact time"},
    {"en", SLOT_TIME, "when"},
    {"en", SLOT_COLOR, "what|which color|colour"},
    {"en", SLOT_ITEM, "what|which ?specific item|items|thing"},
    {"en", SLOT_ITEM, "what .. add|put|remove|buy|cross"},
    {"en", SLOT_MESSAGE, "what ?exact message|announcement"},
    {"en", SLOT_MESSAGE, "what .. say|announce|broadcast|tell"},
    {"de", SLOT_PLACE, "welches|welche|welchen|welcher|welchem .. raum|zimmer|"
     "licht|lampe|gerät|räume|lichter|tür|liste|ventilator|rollladen|bereich"},
    {"de", SLOT_PLACE, "wo"},
    {"de", SLOT_LEVEL, "wie hell|laut|hoch|weit|viel"},
    {"de", SLOT_LEVEL, "welche|welchen|welcher helligkeit|lautstärke|wert|"
     "stufe|position"},
    {"de", SLOT_LEVEL, "wie viel prozent"},
    {"de", SLOT_TEMPERATURE, "welche temperatur"},
    {"de", SLOT_TEMPERATURE, "wie warm|kalt"},
    {"de", SLOT_TEMPERATURE, "wie viel|viele grad"},
    {"de", SLOT_DURATION, "wie lange|lang"},
    {"de", SLOT_DURATION, "wie viele minuten|stunden|sekunden"},
    {"de", SLOT_TIME, "wann"},
    {"de", SLOT_TIME, "wie viel uhr"},
    {"de", SLOT_TIME, "welche|welcher uhrzeit|zeit"},
    {"de", SLOT_COLOR, "welche|welcher farbe"},
    {"de", SLOT_ITEM, "was .. hinzufügen|setzen|kaufen|schreiben|streichen"},
    {"de", SLOT_MESSAGE, "was .. sagen|durchsagen|ansagen"},
    {"de", SLOT_MESSAGE, "welche nachricht|durchsage"},
    {"es", SLOT_PLACE, "qué|cuál|cuáles .. habitación|luz|luces|lámpara|"
     "dispositivo|cuarto|puerta|lista|ventilador|persiana|zona"},
    {"es", SLOT_PLACE, "dónde"},
    {"es", SLOT_LEVEL, "qué brillo|nivel|porcentaje|volumen|intensidad|"
     "posición"},
    {"es", SLOT_TEMPERATURE, "qué temperatura"},
    {"es", SLOT_TEMPERATURE, "cuántos grados"},
    {"es", SLOT_DURATION, "cuánto tiempo"},
    {"es", SLOT_DURATION, "cuántos|cuántas minutos|horas|segundos"},
    {"es", SLOT_TIME, "qué hora"},
    {"es", SLOT_TIME, "cuándo"},
    {"es", SLOT_COLOR, "qué color"},
    {"es", SLOT_ITEM, "qué .. añadir|agregar|añada|agregue|quitar|comprar"},
    {"es", SLOT_MESSAGE, "qué mensaje|anuncio"},
    {"es", SLOT_MESSAGE, "qué .. diga|decir|anuncie|anunciar"},
};

/* ---- what is given ----------------------------------------------------- */

static bool is_named(const char *names, const char *name)
{
    size_t len = strlen(name);

    for (const char *at = names; *at;) {
        size_t n = strcspn(at, " |");

        if (n == len && memcmp(at, name, n) == 0) return true;
        at += n;
        at += strspn(at, " |");
    }
    return false;
}

static bool has_unit(const char *said, const char *units)
{
    char *list = mem_copy(units);
    bool  has  = false;

    for (char *at = list; *at && !has;) {
        size_t n = strcspn(at, "|");
        char  *next = at + n + (at[n] == '|');

        at[n] = '\0';
        has   = answer_has(said, at);
        at    = next;
    }
    free(list);
    return has;
}

/* Is each word of the text in what was said, perhaps as a plural? */
static bool has_words(const char *said, const char *text)
{
    char *words = answer_normal(text), plural[80];
    bool  has = *words != '\0';

    /* "light.kitchen_ceiling": the kind of an entity is no name. */
    char *at = strchr(words, '.') && !strchr(words, ' ')
                   ? strchr(words, '.') + 1 : words;
    while (*at && has) {
        size_t n    = strcspn(at, " _");
        char  *next = at + n + (at[n] != '\0');

        at[n] = '\0';
        snprintf(plural, sizeof plural, "%.70ss", at);
        has = n == 0 || answer_has(said, at) || answer_has(said, plural);
        at  = next;
    }
    free(words);
    return has;
}

/* The hour of "19:30", spoken as 19 or as 7; -1: it is no time. */
static int hour_of(const char *text)
{
    if (strlen(text) < 5 || strspn(text, "0123456789") != 2 || text[2] != ':')
        return -1;
    return (text[0] - '0') * 10 + (text[1] - '0');
}

static bool text_is_said(const char *said, const char *text,
                         const char *language)
{
    int hour = hour_of(text);

    return has_words(said, text) ||
           (hour >= 0 && (numbers_has(said, hour, language) ||
                          numbers_has(said, (hour + 11) % 12 + 1, language)));
}

static bool value_is_said(const char *said, const json_t *value,
                          const char *language)
{
    const json_t *item;
    size_t        i;

    if (json_is_number(value))
        return numbers_has(said, json_number_value(value), language);
    if (json_is_string(value))
        return text_is_said(said, json_string_value(value), language);
    json_array_foreach(value, i, item)
        if (value_is_said(said, item, language)) return true;
    return false;
}

/* Looks through the arguments of one call of the reference, and into "data". */
static bool arguments_give(const char *said, const json_t *arguments,
                           enum slot slot, const char *language)
{
    const char   *name;
    const json_t *value;

    json_object_foreach((json_t *)arguments, name, value) {
        if (json_is_object(value) &&
            arguments_give(said, value, slot, language))
            return true;
        if (is_named(kinds[slot].arguments, name) &&
            value_is_said(said, value, language))
            return true;
    }
    return false;
}

static bool is_given(const struct transcript *t, enum slot slot)
{
    const json_t *calls, *call;
    const char   *language = t->test ? t->test->language : NULL;
    char         *said     = answer_normal(t->question ? t->question : "");
    bool          given    = has_unit(said, kinds[slot].units) ||
                 (slot == SLOT_LEVEL && strchr(said, '%'));
    size_t        i;

    calls = json_object_get(t->asked ? t->asked->reference : NULL, "calls");
    json_array_foreach(calls, i, call)
        given = given || arguments_give(said, json_object_get(call,
                                                              "arguments"),
                                        slot, language);
    free(said);
    return given;
}

/* ---- what is asked for ------------------------------------------------- */

static bool asks_for(const struct words *w, const char *language,
                     enum slot slot)
{
    for (size_t i = 0; i < w->n; i++)
        for (size_t q = 0; q < sizeof questions / sizeof *questions; q++) {
            size_t end;

            if (questions[q].slot == slot &&
                strcmp(questions[q].language, language) == 0 &&
                words_match(w, i, questions[q].pattern, &end))
                return true;
        }
    return false;
}

bool given_is_asked(const struct transcript *t, const struct heard *h,
                    struct judgement *out)
{
    const char *language = t->test ? t->test->language : NULL;
    unsigned    given    = 0;
    bool        asked    = false;

    if (!(h->acts.all & ACT_ASKS) || deeds_changed(t) ||
        deeds_have_check(t, "asks_back"))
        return false;
    if (!language || (strncmp(language, "de", 2) != 0 &&
                      strncmp(language, "es", 2) != 0))
        language = "en";
    for (unsigned slot = 0; slot < N_SLOTS; slot++)
        if (is_given(t, (enum slot)slot)) given |= 1u << slot;
    for (size_t i = 0; given && i < h->acts.n && !asked; i++) {
        const struct said *s = &h->acts.sentences[i];
        struct words       w;

        if (!(s->acts & ACT_ASKS) || (s->acts & ACT_CONFIRMS)) continue;
        words_read(s->text, &acts_en, &w);
        for (unsigned slot = 0; slot < N_SLOTS && !asked; slot++)
            asked = (given & 1u << slot) &&
                    asks_for(&w, language, (enum slot)slot);
        words_done(&w);
        if (asked) {
            char *words = answer_excerpt(s->text + strspn(s->text, " \n"));

            answer_fail(out, "asks \"%s\", which the user had said", words);
            free(words);
        }
    }
    return asked;
}

static void judge(const json_t *rule, const struct transcript *t,
                  struct judgement *out)
{
    struct heard h;

    (void)rule;
    if (heard_read(t, &h, out)) given_is_asked(t, &h, out);
    heard_done(&h);
}

const struct score_ops score_given = {
    .name        = "given",
    .help        = "does not ask for what the user has said",
    .needs_tools = true,
    .check_rule  = deeds_need_home,
    .judge       = judge,
};
