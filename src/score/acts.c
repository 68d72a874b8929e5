/* SPDX-License-Identifier: MIT */
/* acts.c - see acts.h. Every pattern of the language is tried at every word;
 * what it finds is then weighed: a claim counts only outside questions,
 * negations and conditions. */
#include "score/acts.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "score/acts_match.h"
#include "score/acts_table.h"
#include "score/answer.h"

struct reading {
    struct words words;
    uint32_t     negation, guard, condition, before, question;
};

/* What was found in one sentence. */
struct found {
    unsigned acts;          /* but claims                                  */
    bool     confirms, offers, is_rhetoric;
    size_t   denied;        /* the last clause that denies, + 1            */
};

static const struct acts_table *table_of(const char *language)
{
    static const struct acts_table *const all[] = {&acts_en, &acts_de,
                                                   &acts_es};

    for (size_t i = 0; language && i < sizeof all / sizeof *all; i++)
        if (strncmp(all[i]->language, language, 2) == 0) return all[i];
    return &acts_en;
}

/* Is a word of these classes among [from, to)? */
static bool has_class(const struct reading *r, size_t from, size_t to,
                      uint32_t classes)
{
    for (size_t i = from; i < to; i++)
        if (r->words.at[i].classes & classes) return true;
    return false;
}

static size_t clause_start(const struct reading *r, size_t i)
{
    while (i > 0 && r->words.at[i - 1].clause == r->words.at[i].clause) i--;
    return i;
}

/* Are words [i, end) a claim, as far as the words around them say? */
static bool is_claim(const struct reading *r, const struct sentence_span *s,
                     enum sign sign, size_t i, size_t end)
{
    const struct word *words = r->words.at;
    size_t             start = clause_start(r, i);

    if (end > s->last) end = s->last;
    if (has_class(r, start, end, r->negation | r->guard)) return false;
    if (sign == SIGN_STATE && has_class(r, start, end, r->before))
        return false;
    if (sign == SIGN_WILL && has_class(r, s->first, s->last, r->condition))
        return false;
    /* The last clause of a question is the question; all of it is, when it
     * starts as one. */
    return !s->is_question ||
           (words[i].clause != words[s->last - 1].clause &&
            !has_class(r, s->first, s->first + 1, r->question));
}

static unsigned claim_bits(enum sign sign)
{
    switch (sign) {
    case SIGN_DID:
    case SIGN_WILL: return ACT_CLAIMS | ACT_DID;
    case SIGN_CLAIM: return ACT_CLAIMS;
    case SIGN_STATE: return ACT_STATES;
    default: return 0;
    }
}

/* One pattern found at word i of the sentence. */
static void note(const struct reading *r, const struct sentence_span *s,
                 enum sign sign, size_t i, struct found *f)
{
    switch (sign) {
    case SIGN_DENY:
        f->denied = r->words.at[i].clause + 1u;
        f->acts |= ACT_DENIES;
        break;
    case SIGN_LACK: f->acts |= ACT_LACKS; break;
    case SIGN_REFUSE: f->acts |= ACT_REFUSES; break;
    case SIGN_ASK:
        if (!has_class(r, clause_start(r, i), i, r->condition))
            f->acts |= ACT_ASKS;
        break;
    case SIGN_CONFIRM:
        if (s->is_question &&
            !has_class(r, clause_start(r, i), i, r->question))
            f->confirms = true;
        break;
    case SIGN_INSIST:
        if (!has_class(r, clause_start(r, i), i, r->question | r->condition))
            f->confirms = true;
        break;
    case SIGN_OFFER: f->offers = true; break;
    case SIGN_POLITE: f->acts |= ACT_OFFERS; break;
    case SIGN_RHETORIC: f->is_rhetoric = true; break;
    case SIGN_DID:
    case SIGN_WILL:
    case SIGN_CLAIM:
    case SIGN_STATE: break;
    }
}

/* Claims come last: a clause that denies claims nothing. */
static unsigned find_claims(const struct reading *r,
                            const struct sentence_span *s, size_t denied)
{
    unsigned acts = 0;

    for (size_t i = s->first; i < s->last; i++)
        for (const struct acts_pattern *p = r->words.table->patterns; p->text;
             p++) {
            unsigned bits = claim_bits(p->sign);
            size_t   end;

            if ((bits & ~acts) && r->words.at[i].clause + 1u != denied &&
                words_match(&r->words, i, p->text, &end) &&
                is_claim(r, s, p->sign, i, end))
                acts |= bits;
        }
    return acts;
}

static unsigned acts_of(const struct reading *r,
                        const struct sentence_span *s)
{
    struct found f = {0};
    bool         asks;

    for (size_t i = s->first; i < s->last; i++)
        for (const struct acts_pattern *p = r->words.table->patterns; p->text;
             p++) {
            size_t end;

            if (!claim_bits(p->sign) &&
                words_match(&r->words, i, p->text, &end))
                note(r, s, p->sign, i, &f);
        }
    /* "Do you want the light that cannot be dimmed?" denies nothing. */
    if (s->is_question) f.acts &= ~(unsigned)ACT_LACKS;
    asks = (s->is_question || f.confirms || (f.acts & ACT_ASKS)) &&
           !f.offers && !f.is_rhetoric;
    f.acts &= ~(unsigned)ACT_ASKS;
    if (asks) f.acts |= ACT_ASKS;
    if (asks && f.confirms) f.acts |= ACT_CONFIRMS;
    if (f.offers && s->is_question) f.acts |= ACT_OFFERS;
    if ((f.acts & (ACT_DENIES | ACT_REFUSES)) == 0 && (f.acts & ACT_LACKS))
        f.acts |= ACT_DENIES;
    else
        f.acts &= ~(unsigned)ACT_LACKS;
    return f.acts | find_claims(r, s, f.denied);
}

void acts_read(const char *answer, const char *language, struct acts *out)
{
    const struct acts_table *t = table_of(language);
    struct reading           r = {
        .negation  = words_class(t, CLASS_NEGATION),
        .guard     = words_class(t, CLASS_GUARD),
        .condition = words_class(t, CLASS_CONDITION),
        .before    = words_class(t, CLASS_BEFORE),
        .question  = words_class(t, CLASS_QUESTION),
    };
    bool lacks_only = true;

    words_read(answer, t, &r.words);
    *out = (struct acts){.n = r.words.n_sentences};
    out->sentences = mem_new(out->n + 1, sizeof *out->sentences);
    for (size_t i = 0; i < out->n; i++) {
        const struct sentence_span *s    = &r.words.sentences[i];
        struct said                *said = &out->sentences[i];

        said->text = mem_copy_n(r.words.clean + s->begin, s->end - s->begin);
        said->acts = acts_of(&r, s);
        out->all |= said->acts;
        if ((said->acts & ACT_DENIES) && !(said->acts & ACT_LACKS))
            lacks_only = false;
    }
    if (!lacks_only || (out->all & ACT_REFUSES))
        out->all &= ~(unsigned)ACT_LACKS;
    if ((out->all & ACT_STATES) &&
        !(out->all & (ACT_ASKS | ACT_DENIES | ACT_REFUSES)))
        out->all |= ACT_CLAIMS;
    words_done(&r.words);
}

void acts_done(struct acts *a)
{
    for (size_t i = 0; i < a->n; i++) free(a->sentences[i].text);
    free(a->sentences);
    *a = (struct acts){0};
}

char *acts_excerpt(const struct acts *a, unsigned which)
{
    for (size_t i = 0; i < a->n; i++)
        if (a->sentences[i].acts & which) {
            const char *text = a->sentences[i].text;

            return answer_excerpt(text + strspn(text, " \t\r\n"));
        }
    return mem_copy("");
}
