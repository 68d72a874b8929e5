/* SPDX-License-Identifier: MIT */
/* acts_table.h - how the acts of speech look in one language: word classes
 * and patterns over them.
 *
 * A pattern is elements with a space between. An element is words or classes
 * (in capitals) with '|' between: "i've|we've". Before it may stand
 *   ?  it may be missing        *  any number of it
 *   ~  any word but these       !  these must not come next
 *   ?~ any word but these, or none
 * and alone
 *   <  the sentence starts here      ^  the clause does
 *   $  the clause ends here          ..  up to 5 words of the clause
 *   ...  up to 14 words of the sentence
 * Words are case folded (German sharp s is "ss"); "it's" is one word.
 */
#ifndef SCORE_ACTS_TABLE_H
#define SCORE_ACTS_TABLE_H

enum sign {
    SIGN_DID,       /* claims a deed                                       */
    SIGN_WILL,      /* promises one; not where the sentence has a condition */
    SIGN_CLAIM,     /* says that it is so now                              */
    SIGN_STATE,     /* says that it is so                                  */
    SIGN_DENY,
    SIGN_LACK,      /* there is no such thing                              */
    SIGN_REFUSE,
    SIGN_ASK,       /* asks without a question mark                        */
    SIGN_CONFIRM,   /* counts in a question without question word          */
    SIGN_INSIST,    /* asks for a confirmation without a question mark     */
    SIGN_OFFER,     /* makes the question it stands in no question         */
    SIGN_POLITE,    /* an offer that leaves a question beside it alone     */
    SIGN_RHETORIC   /* the question is not for the user                    */
};

/* Classes with a meaning of their own, besides those of the patterns. */
#define CLASS_NEGATION  "NEG"     /* makes a claim none, when before its end */
#define CLASS_GUARD     "GUARD"   /* likewise: conditions, modals, wishes   */
#define CLASS_CONDITION "COND"    /* makes a promise none, anywhere         */
#define CLASS_BEFORE    "ALREADY" /* makes a state none: it was so before   */
#define CLASS_QUESTION  "WH"      /* question words                         */
#define CLASS_BUT       "BUT"     /* starts a clause                        */
#define CLASS_AND       "AND"     /* starts a clause that goes on           */

struct acts_class   { const char *name, *words; };      /* at most 32 */
struct acts_pattern { enum sign sign; const char *text; };

struct acts_table {
    const char                *language;
    const struct acts_class   *classes;     /* end with a NULL name */
    const struct acts_pattern *patterns;    /* end with a NULL text */
};

extern const struct acts_table acts_en, acts_de, acts_es;

#endif
