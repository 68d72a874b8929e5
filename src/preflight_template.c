/* SPDX-License-Identifier: MIT */
/* preflight_template.c - what the engine's template makes of conversations.
 * Nothing here knows a family of templates: words that no template holds are
 * put into messages, and renderings are searched for them and compared. */
#include <stdlib.h>
#include <string.h>

#include "base/jsonx.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "preflight_internal.h"

#define SYSTEM   "auditsystemmarker"
#define USER     "audituserone"
#define ANSWER   "auditanswerone"
#define TOOL     "audittoolone"
#define ARGUMENT "auditargumentone"
#define RESULT   "auditresultone"
#define THOUGHT  "auditthought"
/* Letters of one, three and four bytes, joined and modified ones. */
#define FOREIGN  "Grüße, 你好, 👋🏽, naïve"
#define CALL_ID  "auditcal1"      /* some templates insist on 9 characters */

/* ---- conversations ----------------------------------------------------- */

/* A tool with one text argument. */
static json_t *tool_list(void)
{
    return json_pack("[{s:s, s:{s:s, s:s, s:{s:s, s:{s:{s:s, s:s}}, s:[s]}}}]",
                     "type", "function", "function", "name", TOOL,
                     "description", "Switches a device.", "parameters", "type",
                     "object", "properties", "device", "type", "string",
                     "description", "Its name.", "required", "device");
}

static void add_call(struct turn *t, const char *id, const char *argument)
{
    struct tool_call *c;

    t->calls = mem_grow(t->calls, t->n_calls + 1, sizeof *t->calls);
    c = &t->calls[t->n_calls++];
    *c = (struct tool_call){
        .id = mem_copy(id), .name = mem_copy(TOOL),
        .arguments = mem_printf("{\"device\": \"%s\"}", argument)};
}

/* An assistant's turn with one call, and the result when there is one. */
static void add_tool_turn(struct trial *talk, const char *content,
                          const char *result)
{
    struct turn    *turn = trial_add_turn(talk);
    struct message *m;

    free(turn->content);
    turn->content = mem_copy(content);
    add_call(turn, CALL_ID, ARGUMENT);
    trial_add_message(talk, "assistant", content)->turn =
        (int)talk->n_turns - 1;
    m = trial_add_message(talk, "tool", result);
    m->call_id = mem_copy(CALL_ID);
}

/* A system message where the template takes one, then the user's. */
static void open_talk(const struct flight *f, struct trial *talk)
{
    *talk = (struct trial){0};
    if (f->out->system != SYSTEM_REFUSED)
        trial_add_message(talk, "system", SYSTEM);
    trial_add_message(talk, "user", USER);
}

static char *render_all(struct flight *f, const struct trial *talk,
                        json_t *tools, struct err *why)
{
    return flight_render(f, talk, talk->n_messages, tools, f->kwargs, why);
}

/* ---- comparing --------------------------------------------------------- */

static int shows(const char *text, const char *word)
{
    return strstr(text, word) != NULL;
}

static const char *last_of(const char *text, const char *word)
{
    const char *last = NULL;

    for (const char *at = text; (at = strstr(at, word)) != NULL; at++)
        last = at;
    return last;
}

/* Do two texts end in the same way, in more than blanks? Reads backwards. */
static bool share_an_end(const char *a, size_t a_len, const char *b,
                         size_t b_len)
{
    while (a_len && b_len && a[a_len - 1] == b[b_len - 1]) {
        if (!strchr(" \t\r\n", a[a_len - 1])) return true;
        a_len--;
        b_len--;
    }
    return false;
}

static bool is_blank(const char *text, size_t len)
{
    return strspn(text, " \t\r\n") >= len;
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (c >= '0' && c <= '9');
}

/* How often "None" or "null" stands in a text, as a whole word. */
static int count_nothings(const char *text)
{
    int n = 0;

    for (const char *at = text; *at; at++)
        if ((strncmp(at, "None", 4) == 0 || strncmp(at, "null", 4) == 0) &&
            (at == text || !is_word(at[-1])) && !is_word(at[4]))
            n++;
    return n;
}

/* ---- the questions ----------------------------------------------------- */

/* After a rendering that failed: was it the template that said no? */
static bool has_refused(const struct flight *f)
{
    return f->fatal.kind == ERR_NONE && !f->is_hung;
}

/* bare: without a system message; f->plain: with one. Merged means that the
 * system text takes the place where the user's turn begins, and that no new
 * turn begins between the two. */
static enum system_support system_of(const char *bare, const char *plain)
{
    const char *system = strstr(plain, SYSTEM);
    const char *user   = last_of(plain, USER);
    const char *begin  = strstr(bare, USER);
    const char *after;
    size_t      before_user, between;
    bool        in_its_place;

    if (!system) return SYSTEM_DROPPED;
    if (!user || !begin) return SYSTEM_KEPT;
    if (user < system) return SYSTEM_MERGED;
    after = system + strlen(SYSTEM);
    before_user = (size_t)(begin - bare);
    between = (size_t)(user - after);
    in_its_place =
        share_an_end(plain, (size_t)(system - plain), bare, before_user) ||
        (is_blank(plain, (size_t)(system - plain)) &&
         is_blank(bare, before_user) && is_blank(after, between));
    return in_its_place && !share_an_end(after, between, bare, before_user)
        ? SYSTEM_MERGED : SYSTEM_KEPT;
}

/* False when nothing can be rendered at all. */
static bool look_at_system(struct flight *f)
{
    struct trial talk = {0};
    struct err   without = {0}, with = {0};
    char        *bare;

    trial_add_message(&talk, "user", USER);
    bare = render_all(f, &talk, NULL, &without);
    trial_done(&talk);
    open_talk(f, &talk);
    f->plain = render_all(f, &talk, NULL, &with);
    trial_done(&talk);
    if (f->is_hung)
        f->out->template_error = mem_printf("it does not end: %s", without.kind
                                            == ERR_TIMEOUT ? without.text
                                            : with.text);
    else if (!bare && !f->plain && f->fatal.kind == ERR_NONE)
        f->out->template_error = mem_copy(without.text);
    else if (bare && f->plain)
        f->out->system = system_of(bare, f->plain);
    else if (f->plain)
        f->out->system = shows(f->plain, SYSTEM) ? SYSTEM_KEPT
                                                 : SYSTEM_DROPPED;
    else if (bare && f->fatal.kind == ERR_NONE) {
        f->out->system = SYSTEM_REFUSED;
        f->system_refused = with;
        f->plain = bare;
        bare = NULL;
    }
    free(bare);
    return !f->out->template_error && f->fatal.kind == ERR_NONE;
}

static void look_at_tools(struct flight *f, json_t *tools)
{
    struct preflight *out = f->out;
    struct trial      talk;
    struct err        why = {0};
    char             *text;

    open_talk(f, &talk);
    text = render_all(f, &talk, tools, &why);
    if (text && shows(text, TOOL))
        out->tools = f->how->facts->supports_tools == 0 ? TOOLS_GENERIC
                                                        : TOOLS_NATIVE;
    else if (text || has_refused(f))
        out->tools = TOOLS_NONE;
    if (!text) f->tools_refused = why;
    free(text);
    trial_done(&talk);
}

/* A conversation in which a tool was called: with words, or with none. */
static char *render_call(struct flight *f, json_t *tools, const char *words,
                         struct err *why)
{
    struct trial talk;
    char        *text;

    open_talk(f, &talk);
    add_tool_turn(&talk, words, RESULT);
    text = render_all(f, &talk, tools, why);
    trial_done(&talk);
    return text;
}

static void look_at_calls(struct flight *f, json_t *tools)
{
    struct preflight *out = f->out;
    struct err        why = {0}, ignored;
    char             *silent = render_call(f, tools, "", &why), *spoken;

    if (!silent) {
        if (!has_refused(f)) return;
        out->shows_calls = out->shows_results = 0;
        f->results_refused = why;
        return;
    }
    out->shows_calls = shows(silent, ARGUMENT);
    out->shows_results = shows(silent, RESULT);
    spoken = render_call(f, tools, ANSWER, &ignored);
    if (spoken && count_nothings(silent) > count_nothings(spoken))
        out->takes_empty_content = 0;
    free(spoken);
    free(silent);
}

static void look_at_parallel_calls(struct flight *f, json_t *tools)
{
    struct trial    talk;
    struct message *m;
    struct err      why = {0};
    char           *text;

    open_talk(f, &talk);
    add_tool_turn(&talk, "", RESULT);
    add_call(&talk.turns[0], "auditcal2", "auditargumenttwo");
    m = trial_add_message(&talk, "tool", "auditresulttwo");
    m->call_id = mem_copy("auditcal2");
    text = render_all(f, &talk, tools, &why);
    if (text) {
        f->out->shows_parallel_calls =
            shows(text, ARGUMENT) && shows(text, "auditargumenttwo") &&
            shows(text, RESULT) && shows(text, "auditresulttwo");
    } else if (has_refused(f)) {
        f->out->shows_parallel_calls = 0;
        f->parallel_refused = why;
    }
    free(text);
    trial_done(&talk);
}

static char *render_answered(struct flight *f, const char *answer)
{
    struct trial talk;
    struct err   why = {0};
    char        *text;

    open_talk(f, &talk);
    trial_add_message(&talk, "assistant", answer);
    trial_add_message(&talk, "user", "auditusertwo");
    text = render_all(f, &talk, NULL, &why);
    trial_done(&talk);
    return text;
}

static void look_at_empty_content(struct flight *f)
{
    char *filled = render_answered(f, ANSWER);
    char *empty  = filled ? render_answered(f, "") : NULL;

    if (empty && f->out->takes_empty_content < 0)
        f->out->takes_empty_content =
            count_nothings(empty) <= count_nothings(filled);
    else if (filled && !empty && has_refused(f))
        f->out->takes_empty_content = 0;
    free(filled);
    free(empty);
}

static void look_at_unicode(struct flight *f)
{
    struct trial talk;
    struct err   why = {0};
    char       **user, *text;

    open_talk(f, &talk);
    user = &talk.messages[talk.n_messages - 1].text;
    free(*user);
    *user = mem_copy(FOREIGN);
    text = render_all(f, &talk, NULL, &why);
    if (text) f->out->shows_unicode = shows(text, FOREIGN);
    free(text);
    trial_done(&talk);
}

/* ---- the conversation as it grows -------------------------------------- */

#define PROMPTS 5

/* A conversation, and which of its beginnings are sent as prompts. */
struct growing {
    struct trial talk;
    size_t       messages[PROMPTS];   /* of each prompt                      */
    int          turn[PROMPTS];       /* the user's turn that it belongs to  */
    size_t       n;
};

static void mark_prompt(struct growing *g, int turn)
{
    g->messages[g->n] = g->talk.n_messages;
    g->turn[g->n++] = turn;
}

static char *answer_text(const char *thought, int turn)
{
    return thought ? mem_printf("<think>\n%s%d\n</think>\n\n" ANSWER "%d",
                                thought, turn, turn)
                   : mem_printf(ANSWER "%d", turn);
}

static void grow(const struct flight *f, struct growing *g,
                 const char *thought, bool with_tool)
{
    *g = (struct growing){.n = 0};
    open_talk(f, &g->talk);
    mark_prompt(g, 1);
    for (int turn = 2; turn <= 4; turn++) {
        char *answer = answer_text(thought, turn - 1);
        char *user   = mem_printf("audituser%d", turn);

        trial_add_message(&g->talk, "assistant", answer);
        trial_add_message(&g->talk, "user", user);
        mark_prompt(g, turn);
        if (turn == 2 && with_tool) {
            char *words = thought ? mem_printf("<think>\n%s\n</think>\n\n",
                                               THOUGHT "0") : mem_copy("");
            add_tool_turn(&g->talk, words, RESULT);
            mark_prompt(g, turn);
            free(words);
        }
        free(answer);
        free(user);
    }
}

/* Does the next prompt begin with this one, up to the end of what was said
 * last? What follows that (the end of the turn, the opening of the answer)
 * may differ: it costs no more than the answer itself. */
static bool goes_on(const char *prompt, const char *said, const char *next)
{
    const char *last = last_of(prompt, said);
    size_t      len;

    if (!last) return true;
    len = (size_t)(last - prompt) + strlen(said);
    return strncmp(prompt, next, len) == 0;
}

/* STABLE, or REWRITTEN at *turn; UNKNOWN when a prompt cannot be had. */
static enum history_support follow(struct flight *f, const struct growing *g,
                                   json_t *tools, const char *thought,
                                   int *turn)
{
    enum history_support found = HISTORY_STABLE;
    struct err           why = {0};
    char *last = flight_render(f, &g->talk, g->messages[0], tools, f->kwargs,
                               &why);

    for (size_t i = 1; last && found == HISTORY_STABLE && i < g->n; i++) {
        const char *said = g->talk.messages[g->messages[i - 1] - 1].text;
        char *next = flight_render(f, &g->talk, g->messages[i], tools,
                                   f->kwargs, &why);

        if (next && (!goes_on(last, said, next) ||
                     (thought && !shows(next, thought)))) {
            found = HISTORY_REWRITTEN;
            *turn = g->turn[i];
        }
        free(last);
        last = next;
    }
    if (!last) found = HISTORY_UNKNOWN;
    free(last);
    return found;
}

static bool takes_tool_turns(const struct preflight *p)
{
    return p->shows_calls == 1 && p->shows_results == 1;
}

static void look_at_history(struct flight *f, json_t *tools)
{
    struct growing g;

    grow(f, &g, NULL, takes_tool_turns(f->out));
    f->out->history = follow(f, &g, f->out->tools == TOOLS_NONE ? NULL : tools,
                             NULL, &f->out->rewritten_at);
    trial_done(&g.talk);
}

void flight_look_at_thoughts(struct flight *f)
{
    struct growing g;
    int            turn  = -1;
    json_t        *tools = f->out->tools == TOOLS_NONE ? NULL : tool_list();

    if (f->can_render && f->out->history == HISTORY_STABLE) {
        grow(f, &g, THOUGHT, takes_tool_turns(f->out));
        if (follow(f, &g, tools, THOUGHT "1", &turn) == HISTORY_REWRITTEN) {
            f->out->history = HISTORY_REWRITTEN;
            f->out->rewritten_at = turn;
            f->drops_thoughts = true;
        }
        trial_done(&g.talk);
    }
    json_decref(tools);
}

/* ---- the beginning of the text ----------------------------------------- */

/* Two ids in front that any text, also an empty one, begins with. */
static void look_at_bos(struct flight *f)
{
    const struct engine_ops *ops = f->how->ops;
    int       *ids = NULL, *none = NULL;
    size_t     n = 0, n_none = 0;
    struct err why = {0};

    if (!ops->tokenize || !f->plain) return;
    if (ops->tokenize(f->how->engine, "", true, &none, &n_none, &why) == 0 &&
        ops->tokenize(f->how->engine, f->plain, true, &ids, &n, &why) == 0 &&
        n > 1)
        f->out->doubles_bos = n_none > 0 && ids[0] == none[0] &&
                              ids[1] == none[0];
    if (why.kind == ERR_STOPPED) f->fatal = why;
    free(ids);
    free(none);
}

void flight_look_at_template(struct flight *f)
{
    json_t *tools = tool_list();

    if (look_at_system(f)) {
        look_at_tools(f, tools);
        if (f->out->tools != TOOLS_NONE) {
            look_at_calls(f, tools);
            if (takes_tool_turns(f->out)) look_at_parallel_calls(f, tools);
        }
        look_at_empty_content(f);
        look_at_unicode(f);
        look_at_history(f, tools);
        look_at_bos(f);
        if (f->is_hung && !f->out->template_error)
            f->out->template_error = mem_copy("it does not end for some "
                                              "conversations: no prompt came "
                                              "within 10 s");
    }
    json_decref(tools);
}
