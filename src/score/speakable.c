/* SPDX-License-Identifier: MIT */
/* speakable.c - is the answer fit to be read aloud?
 *   {"scorer":"speakable", "max_words":60, "max_first_words":25,
 *    "strict":true}
 * Nothing that was written for the eye (markup.h), nothing that a voice reads
 * as nonsense (tts.h); not too long; and a first sentence short enough for
 * the voice to start soon. Without max_words the limit is 60 words, and 40
 * where a yes or an "It is done." would do. The reason names the first
 * offence with its text. */
#include "score/speakable.h"

#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "score/answer.h"
#include "score/markup.h"
#include "score/rule.h"
#include "score/score.h"
#include "score/tts.h"
#include "sentence.h"

#define MAX_WORDS        60
#define MAX_BRIEF_WORDS  40
#define MAX_FIRST_WORDS  25
#define BRIEF_WORDS      8    /* of a question that wants a brief answer    */

static int check_rule(const json_t *rule, const struct suite_case *test,
                      struct err *err)
{
    static const struct rule_field fields[] = {
        {"max_words", RULE_COUNT},
        {"max_first_words", RULE_COUNT},
        {"strict", RULE_YES},
        {NULL, RULE_COUNT},
    };

    (void)test;
    if (rule_check(rule, fields, 0, err)) return -1;
    if (rule_count(rule, "max_words", MAX_WORDS) < 2 ||
        rule_count(rule, "max_first_words", MAX_WORDS) < 1)
        return err_set(err, ERR_INPUT, "scorer \"speakable\": \"max_words\" "
                       "must be at least 2 and \"max_first_words\" at least "
                       "1; no answer can pass");
    return 0;
}

/* ---- length against the question --------------------------------------- */

/* What opens a question for yes or no, or a command to a home: English,
 * German, Spanish. Each with a space on both sides. */
static const char openers[] =
    " is are was were am do does did can could will would shall should has "
    "have had may might must isn't aren't wasn't don't doesn't didn't can't "
    "won't turn switch set open close shut lock unlock start stop pause resume "
    "play dim brighten increase decrease raise lower add remove cancel delete "
    "mute unmute skip put make check remind wake "
    "ist sind war hat habe hast haben kann kannst können darf soll muss wird "
    "schalte schalt mach mache stelle stell öffne schließe starte stoppe "
    "pausiere spiel spiele dimme setze füge lösche "
    "está están es son hay tiene puede puedes debo tengo enciende apaga pon "
    "abre cierra sube baja para pausa quita añade ";

/* What asks for more than that, wherever it stands. */
static const char askers[] =
    " what why how who whom whose which when where tell explain describe "
    "give recommend suggest summarize summarise compare write read sing "
    "story joke poem recipe "
    "was wie warum wer welche welcher welches wann wo weshalb erkläre erklär "
    "erzähl erzähle nenne beschreibe "
    "qué cómo cuál cuáles quién dónde cuándo explica cuenta dime describe ";

static bool is_in(const char *list, const char *word, size_t len)
{
    char key[32];

    if (len + 3 > sizeof key) return false;
    key[0] = ' ';
    memcpy(key + 1, word, len);
    memcpy(key + 1 + len, " ", 2);
    return strstr(list, key) != NULL;
}

/* Would a yes, or "It is done.", be an answer? */
static bool wants_brief(const char *question)
{
    static const char gaps[] = " .,;:!?\"()";
    char *normal, *word;
    bool  brief = true, is_question;

    if (!question || sentence_words(question, strlen(question)) > BRIEF_WORDS)
        return false;
    normal = answer_normal(question);
    word   = normal + strspn(normal, gaps);
    /* Spanish marks a question where it begins, whatever its first word. */
    is_question = strncmp(word, "\xC2\xBF", 2) == 0;
    if (is_question) word += 2;
    for (bool is_first = true; *word && brief; is_first = false) {
        size_t n = strcspn(word, gaps);

        /* "Was it ...?" wants a yes; the German "was" inside one does not. */
        brief = is_first && !is_question ? is_in(openers, word, n)
                                         : !is_in(askers, word, n);
        word += n;
        word += strspn(word, gaps);
    }
    brief = brief && *normal;
    free(normal);
    return brief;
}

/* ---- the verdict ------------------------------------------------------- */

/* The first thing that fails the answer, or NULL. */
static const char *find_offence(const char *text, bool is_strict,
                                const char **where)
{
    const char     *what = markup_find(text, false, where);
    size_t          from = 0;
    struct tts_flaw flaw;

    while (tts_next(text, &from, &flaw)) {
        if (what && (size_t)(*where - text) <= flaw.at) return what;
        if (!flaw.is_offence && !is_strict) continue;
        *where = text + flaw.at;
        return flaw.kind;
    }
    return what;
}

static void judge_length(const json_t *rule, const struct transcript *t,
                         const char *clean, struct judgement *out)
{
    size_t    len       = strlen(clean);
    bool      is_brief  = wants_brief(t->question);
    long long max_words = rule_count(rule, "max_words",
                                     is_brief ? MAX_BRIEF_WORDS : MAX_WORDS);
    long long max_first =
        rule_count(rule, "max_first_words", MAX_FIRST_WORDS);
    long long words     = (long long)sentence_words(clean, len), first = 0;
    ptrdiff_t end       = sentence_end(clean, len, true);

    if (end > 0) first = (long long)sentence_words(clean, (size_t)end);
    if (words > max_words) {
        answer_fail(out, "has %lld words; more than %lld are too many to "
                    "listen to", words, max_words);
    } else if (first > max_first) {
        char *excerpt = answer_excerpt(clean);

        answer_fail(out, "the first sentence, \"%s\", has %lld words; the "
                    "voice should start after at most %lld", excerpt, first,
                    max_first);
        free(excerpt);
    }
}

static void judge(const json_t *rule, const struct transcript *t,
                  struct judgement *out)
{
    char       *clean;
    const char *what, *where = NULL;

    if (answer_is_unfit(t->answer, 2, out)) return;
    clean = utf8_clean(t->answer, strlen(t->answer));
    what  = find_offence(clean, jsonx_truth(rule, "strict") == 1, &where);
    if (what) {
        char *excerpt = answer_excerpt(where);

        answer_fail(out, "cannot be read aloud: %s, \"%s\"", what, excerpt);
        free(excerpt);
    } else {
        judge_length(rule, t, clean, out);
    }
    free(clean);
}

size_t speakable_blemishes(const char *text, const char **first_kind,
                           size_t *at)
{
    char           *bounded =
        mem_copy_n(text, strnlen(text, ANSWER_MOST_BYTES));
    size_t          n = 0, from = 0;
    struct tts_flaw flaw;

    if (first_kind) *first_kind = NULL;
    if (at) *at = 0;
    /* Places are told in the caller's bytes: nothing is replaced here, and
     * tts_next takes an invalid byte for a letter. */
    while (tts_next(bounded, &from, &flaw)) {
        if (flaw.is_offence) continue;
        if (n++ > 0) continue;
        if (first_kind) *first_kind = flaw.kind;
        if (at) *at = flaw.at;
    }
    free(bounded);
    return n;
}

const struct score_ops score_speakable = {
    .name       = "speakable",
    .help       = "the answer is fit to be read aloud",
    .check_rule = check_rule,
    .judge      = judge,
};
