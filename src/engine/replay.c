/* SPDX-License-Identifier: MIT */
/* replay.c - engine: answers from a recording on a scripted clock, so that
 * the whole pipeline runs without a model, a server or waiting.
 *
 * The recording is a JSON file:
 *   {"model":"any name", "build":"replay-1", "load_s":1.5, "context":4096,
 *    "has_template":true, "supports_tools":true, "supports_tool_calls":true,
 *    "supports_system_role":true,
 *    "prompt_tok_s":500, "tok_s":50,
 *    "prefill_knee_tokens":1000,    prompt tokens beyond that many cost ...
 *    "prompt_tok_s_after":200,      ... 1/200 s each
 *    "cache":"prefix",              "none": nothing is ever reused
 *    "cache_step":64,               only whole multiples are reused
 *    "fail_load":"text",            the start fails with this sentence
 *    "dies_at_request":7,           the 7th request and all later ones fail
 *    "template":{
 *      "system":"kept",             merged: into the user's first message;
 *                                   dropped; refused: with an error
 *      "tools":"shown",             dropped
 *      "history":"stable",          rewritten: the mark of each earlier turn
 *                                   tells how many messages follow it
 *      "options":"ignored",         shown: the request's template options
 *                                   stand behind the conversation
 *      "error":"text"},             every use of the template fails with it
 *    "answers":[{"when":"kitchen",  substring of the last message, or absent
 *                "when_kwargs":{"enable_thinking":false},   and of the
 *                                   template's options, or absent
 *                "content":"Done it.", "reasoning":"...",
 *                "calls":[{"name":"HassTurnOn","arguments":{...}}],
 *                "arrivals":[[0.25,"Hm.","reasoning"],[0.31,"Done "],
 *                            [0.4,"{}","call"]]}]}
 *
 * Time: loading takes load_s, from the clock's 0. A request is sent at the
 * clock's now; new prompt tokens cost 1/prompt_tok_s each (a prefix shared
 * with the last prompt is free), each generated token 1/tok_s; "arrivals"
 * give the chunks' times after sending instead, of content, or of the kind
 * that stands third (calls without such an arrival come behind them). A token
 * is a word with the blanks before it (and, of the last word, behind it).
 *
 * A stated context is a limit: a prompt that leaves no room for an answer is
 * refused. A template without tools ("supports_tools":false) drops them.
 */
#include "engine/engine.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "base/stop.h"
#include "base/strbuf.h"
#include "engine/replay_template.h"

#define RECORDING_BYTES (64u << 20)
#define LONGEST_S       1e5          /* any one wait of the script          */

#define LAST_NS         (INT64_MAX / 4)  /* where the scripted clock stops */

struct self {
    json_t *recording;
    int64_t now_ns;          /* the scripted clock                       */
    double  prompt_tok_s, tok_s;
    double  knee_tokens, prompt_tok_s_after;
    size_t  cache_step;      /* 0: nothing is reused                     */
    double  context;         /* NAN: no limit                            */
    const json_t *template;  /* how it renders, or NULL                  */
    bool    shows_tools;     /* unless the template drops them           */
    char   *last_prompt;     /* what the prefix cache holds              */
    int     requests;
};

static double positive(const json_t *object, const char *key, double fallback)
{
    double value = jsonx_number(object, key);

    return value > 0 ? value : fallback;
}

/* With the blanks before it, and those at the end of the text. */
static size_t word_len(const char *text)
{
    static const char blanks[] = " \t\r\n";
    size_t            n = strspn(text, blanks);

    n += strcspn(text + n, blanks);
    return text[n + strspn(text + n, blanks)] ? n : strlen(text);
}

static size_t count_words(const char *text)
{
    size_t n = 0;

    for (; *text; text += word_len(text)) n++;
    return n;
}

/* Words that two prompts have in common from the start. */
static size_t shared_words(const char *a, const char *b)
{
    size_t n = 0;

    for (; a && *a && *b; n++) {
        size_t len = word_len(a);
        if (len != word_len(b) || memcmp(a, b, len) != 0) break;
        a += len;
        b += len;
    }
    return n;
}

static int64_t to_ns(double seconds)
{
    return llround(fmin(fmax(seconds, 0), LONGEST_S) * 1e9);
}

static void advance(struct self *s, double seconds)
{
    int64_t ns = to_ns(seconds);

    s->now_ns = ns < LAST_NS - s->now_ns ? s->now_ns + ns : LAST_NS;
}

static int next_request(struct self *s, struct err *err)
{
    double dies = jsonx_number(s->recording, "dies_at_request");

    if (stop_signal())
        return err_set(err, ERR_STOPPED, "stopped by a signal");
    s->requests++;
    if (s->requests >= dies)                    /* NAN: never */
        return err_set(err, ERR_FAILED, "the recording says that the engine "
                       "died at request %.0f", dies);
    return 0;
}

/* Words of the prompt that need not be evaluated. */
static size_t cached_words(const struct self *s, const char *prompt,
                           size_t all)
{
    size_t again = s->cache_step ? shared_words(s->last_prompt, prompt) : 0;

    if (again == all && all > 0) again--;   /* one token is always evaluated */
    return again - (again ? again % s->cache_step : 0);
}

/* Evaluating all words from `from` on, those beyond the knee at their price. */
static double prefill_s(const struct self *s, size_t from, size_t all)
{
    double cheap = fmin((double)all, fmax((double)from, s->knee_tokens));

    return (cheap - (double)from) / s->prompt_tok_s +
           ((double)all - cheap) / s->prompt_tok_s_after;
}

/* The request is on its way: prefill. Takes ownership of prompt. */
static int prefill(struct self *s, char *prompt, bool use_cache,
                   struct turn *out, struct err *err)
{
    size_t all   = count_words(prompt);
    size_t again = use_cache ? cached_words(s, prompt, all) : 0;
    double cost_s = prefill_s(s, again, all);

    out->sent_ns = out->end_ns = s->now_ns;
    if ((double)all >= s->context) {        /* NAN: never */
        free(prompt);
        out->http_status = 400;
        out->finish = FINISH_CUT;
        return err_set(err, ERR_INPUT, "the request exceeds the available "
                       "context size (%.0f tokens); try a larger `context:`",
                       s->context);
    }
    out->http_status = 200;
    out->server.prompt_n = (double)(all - again);
    out->server.cache_n = (double)again;
    out->server.prompt_ms = cost_s * 1e3;
    advance(s, cost_s);
    free(s->last_prompt);
    s->last_prompt = prompt;
    return 0;
}

static void arrive(struct self *s, struct turn *out, enum chunk_kind kind,
                   size_t end_bytes, int tokens)
{
    out->chunks = mem_grow(out->chunks, out->n_chunks + 1,
                           sizeof *out->chunks);
    out->chunks[out->n_chunks++] = (struct chunk){
        .at_ns = s->now_ns, .kind = kind, .end_bytes = end_bytes,
        .tokens = tokens};
}

/* A text arrives word by word; true when the token limit ended it. */
static bool speak(struct self *s, struct turn *out, enum chunk_kind kind,
                  const char *text, int max_tokens, int *tokens)
{
    size_t end = 0;

    while (text[end]) {
        if (*tokens >= max_tokens) return true;
        if (*tokens > 0) advance(s, 1 / s->tok_s);
        end += word_len(text + end);
        arrive(s, out, kind, end, ++*tokens);
    }
    return false;
}

static void keep_text(char **into, const char *text, const struct turn *t,
                      enum chunk_kind kind)
{
    size_t end = 0;

    for (size_t i = 0; i < t->n_chunks; i++)
        if (t->chunks[i].kind == kind) end = t->chunks[i].end_bytes;
    free(*into);
    *into = mem_copy_n(text, end);
}

static enum chunk_kind kind_of(const json_t *arrival)
{
    const char *name = json_string_value(json_array_get(arrival, 2));

    if (name && strcmp(name, "reasoning") == 0) return CHUNK_REASONING;
    if (name && strcmp(name, "call") == 0) return CHUNK_CALL;
    return CHUNK_CONTENT;
}

/* *has_calls: calls are among what arrives. */
static void say_by_arrivals(struct self *s, struct turn *out,
                            const json_t *arrivals, int *tokens,
                            bool *has_calls)
{
    struct strbuf text[CHUNK_CALL + 1];
    size_t        i;
    json_t       *item;

    for (i = 0; i <= CHUNK_CALL; i++) strbuf_init(&text[i], RECORDING_BYTES);
    strbuf_add(&text[CHUNK_REASONING], out->reasoning);
    json_array_foreach(arrivals, i, item) {
        const char     *piece = json_string_value(json_array_get(item, 1));
        enum chunk_kind kind  = kind_of(item);
        int64_t         at_ns = out->sent_ns + to_ns(
            json_number_value(json_array_get(item, 0)));

        if (at_ns > s->now_ns || out->n_chunks == 0) s->now_ns = at_ns;
        strbuf_add(&text[kind], piece ? piece : "");
        *tokens += (int)count_words(piece ? piece : "");
        arrive(s, out, kind, text[kind].len, *tokens);
        if (kind == CHUNK_CALL) *has_calls = true;
    }
    free(out->content);
    free(out->reasoning);
    out->content = strbuf_take(&text[CHUNK_CONTENT]);
    out->reasoning = strbuf_take(&text[CHUNK_REASONING]);
    for (i = 0; i <= CHUNK_CALL; i++) strbuf_done(&text[i]);
}

/* has_arrived: with chunks of their own already. */
static void call_tools(struct self *s, struct turn *out, const json_t *calls,
                       bool has_arrived, int *tokens)
{
    size_t  i, bytes = 0;
    json_t *item;

    json_array_foreach(calls, i, item) {
        const json_t     *args = json_object_get(item, "arguments");
        const char       *name = jsonx_text(item, "name");
        struct tool_call *call;

        out->calls = mem_grow(out->calls, out->n_calls + 1,
                              sizeof *out->calls);
        call = &out->calls[out->n_calls++];
        call->id = mem_printf("call_%d_%zu", s->requests, i);
        call->name = mem_copy(name ? name : "");
        call->arguments = json_is_string(args)
            ? mem_copy(json_string_value(args))
            : args ? jsonx_dump(args) : mem_copy("{}");
        if (has_arrived) continue;
        if (*tokens > 0) advance(s, 1 / s->tok_s);
        bytes += strlen(call->arguments);
        arrive(s, out, CHUNK_CALL, bytes, ++*tokens);
    }
    if (out->n_calls) out->finish = FINISH_CALLS;
}

static void end_turn(struct self *s, struct turn *out, int tokens)
{
    out->end_ns = s->now_ns;
    out->server.predicted_n = tokens;
    out->server.predicted_ms = out->n_chunks
        ? (double)(s->now_ns - out->chunks[0].at_ns) / 1e6 : 0;
}

/* Are all of these among the template's options? */
static bool has_kwargs(const json_t *wanted, const json_t *given)
{
    const char *key;
    json_t     *value;

    json_object_foreach((json_t *)(uintptr_t)wanted, key, value)
        if (!json_equal(value, json_object_get(given, key))) return false;
    return true;
}

/* The first answer whose "when" occurs in the last message. */
static const json_t *find_answer(const struct self *s,
                                 const struct chat_request *request)
{
    const char *last = request->n_messages
        ? request->messages[request->n_messages - 1].text : "";
    size_t      i;
    json_t     *item;

    json_array_foreach(json_object_get(s->recording, "answers"), i, item) {
        const char *when = jsonx_text(item, "when");
        if ((!when || strstr(last, when)) &&
            has_kwargs(json_object_get(item, "when_kwargs"),
                       request->template_kwargs))
            return item;
    }
    return NULL;
}

static int chat(void *self, const struct chat_request *request,
                struct turn *out, struct err *err)
{
    struct self  *s      = self;
    const json_t *answer = find_answer(s, request);
    const json_t *arrivals = json_object_get(answer, "arrivals");
    const char   *content  = jsonx_text(answer, "content");
    const char   *thought  = jsonx_text(answer, "reasoning");
    int           tokens   = 0;
    bool          cut      = false, has_calls = false;

    if (next_request(s, err) ||
        replay_use_template(s->template, request, err))
        return -1;
    if (!answer)
        return err_set(err, ERR_FAILED, "the recording has no answer for this "
                       "question; add one without \"when\"");
    if (prefill(s, replay_prompt(s->template, s->shows_tools, request),
                !request->is_cold, out, err))
        return -1;
    out->finish = FINISH_STOP;
    if (thought) {
        cut = speak(s, out, CHUNK_REASONING, thought, request->max_tokens,
                    &tokens);
        keep_text(&out->reasoning, thought, out, CHUNK_REASONING);
    }
    if (json_is_array(arrivals)) {
        say_by_arrivals(s, out, arrivals, &tokens, &has_calls);
    } else if (content && !cut) {
        cut = speak(s, out, CHUNK_CONTENT, content, request->max_tokens,
                    &tokens);
        keep_text(&out->content, content, out, CHUNK_CONTENT);
    }
    if (cut) out->finish = FINISH_LENGTH;
    else call_tools(s, out, json_object_get(answer, "calls"), has_calls,
                    &tokens);
    end_turn(s, out, tokens);
    return 0;
}

static int complete(void *self, const struct complete_request *request,
                    struct turn *out, struct err *err)
{
    struct self  *s = self;
    struct strbuf text;
    char         *words;
    int           tokens = 0;

    if (next_request(s, err)) return -1;
    strbuf_init(&text, REPLAY_PROMPT_BYTES);
    if (request->prompt) strbuf_add(&text, request->prompt);
    for (size_t i = 0; !request->prompt && i < request->n_ids; i++)
        strbuf_addf(&text, "%d ", request->ids[i]);
    if (prefill(s, strbuf_take(&text), request->cache_prompt, out, err)) {
        strbuf_done(&text);
        return -1;
    }
    for (int i = 0; i < request->n_predict; i++) strbuf_add(&text, " word");
    words = strbuf_take(&text);
    strbuf_done(&text);
    speak(s, out, CHUNK_CONTENT, words, request->n_predict, &tokens);
    free(out->content);
    out->content = words;
    out->finish = FINISH_LENGTH;
    end_turn(s, out, tokens);
    return 0;
}

/* Equal words have equal ids; FNV-1a, without a sign. */
static int word_id(const char *word, size_t len)
{
    uint32_t hash = 2166136261u;

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)word[i]) * 16777619u;
    return (int)(hash >> 1);
}

static int tokenize(void *self, const char *text, bool as_prompt, int **ids,
                    size_t *n, struct err *err)
{
    (void)self;
    (void)as_prompt;
    (void)err;
    *n = count_words(text);
    *ids = mem_new(*n, sizeof **ids);
    for (size_t i = 0; i < *n; i++) {
        size_t len = word_len(text);

        (*ids)[i] = word_id(text, len);
        text += len;
    }
    return 0;
}

static int render(void *self, const struct chat_request *request, char **text,
                  struct err *err)
{
    const struct self *s = self;

    if (replay_use_template(s->template, request, err)) return -1;
    *text = replay_prompt(s->template, s->shows_tools, request);
    return 0;
}

static bool alive(void *self, struct err *why)
{
    struct self *s    = self;
    double       dies = jsonx_number(s->recording, "dies_at_request");

    if (isnan(dies) || s->requests < dies) return true;
    err_set(why, ERR_FAILED, "the recorded engine died while answering");
    return false;
}

static void stop(void *self)
{
    struct self *s = self;

    json_decref(s->recording);
    free(s->last_prompt);
    free(s);
}

static struct self *new_self(json_t *r)
{
    struct self *s     = mem_new(1, sizeof *s);
    double       step  = positive(r, "cache_step", 1);
    const char  *cache = jsonx_text(r, "cache");

    *s = (struct self){
        .recording = r, .prompt_tok_s = positive(r, "prompt_tok_s", 500),
        .tok_s = positive(r, "tok_s", 50),
        .knee_tokens = positive(r, "prefill_knee_tokens", INFINITY),
        .context = positive(r, "context", NAN),
        .template = json_object_get(r, "template"),
        .cache_step = (size_t)fmin(fmax(step, 1), 1e9)};
    s->prompt_tok_s_after = positive(r, "prompt_tok_s_after", s->prompt_tok_s);
    s->shows_tools = jsonx_truth(r, "supports_tools") != 0;
    if (cache && strcmp(cache, "none") == 0) s->cache_step = 0;
    advance(s, jsonx_number(r, "load_s"));
    return s;
}

static int start(void **self, const struct engine_spec *spec,
                 struct engine_facts *facts, struct err *err)
{
    const char  *path  = spec->candidate->path;
    json_t      *r     = jsonx_read(path, RECORDING_BYTES, err);
    const char  *build = jsonx_text(r, "build"), *model, *fails;
    double       context = positive(r, "context", spec->context);

    if (r && !json_is_object(r)) {
        json_decref(r);
        return err_set(err, ERR_INPUT, "%s: is not a recording: it holds no "
                       "JSON object", path);
    }
    if (!r) return -1;
    fails = jsonx_text(r, "fail_load");
    if (fails) {
        err_set(err, ERR_FAILED, "%s", fails);
        json_decref(r);
        return -1;
    }
    model = jsonx_text(r, "model");
    *facts = (struct engine_facts){
        .engine = mem_copy("replay"),
        .build = mem_copy(build ? build : "replay"),
        .model = mem_copy(model ? model : path), .pid = -1,
        .context = context < 1e9 ? (int)context : spec->context,
        .load_s = jsonx_number(r, "load_s"), .started_ns = 0,
        .memory_bytes = NAN,
        .has_template = jsonx_truth(r, "has_template"),
        .supports_tools = jsonx_truth(r, "supports_tools"),
        .supports_tool_calls = jsonx_truth(r, "supports_tool_calls"),
        .supports_system_role = jsonx_truth(r, "supports_system_role"),
        .has_completion = true, .counts_tokens = true};
    *self = new_self(r);
    return 0;
}

const struct engine_ops engine_replay = {
    .name = "replay",
    .help = "answers from a recording on a scripted clock (for tests)",
    .start = start,
    .chat = chat,
    .complete = complete,
    .tokenize = tokenize,
    .render = render,
    .alive = alive,
    .stop = stop,
};
