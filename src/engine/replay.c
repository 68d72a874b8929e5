/* SPDX-License-Identifier: MIT */
/* replay.c - engine: answers from a recording on a scripted clock, so that
 * the whole pipeline runs without a model, a server or waiting.
 *
 * The recording is a JSON file:
 *   {"model":"any name", "build":"replay-1", "load_s":1.5, "context":4096,
 *    "has_template":true, "supports_tools":true, "supports_tool_calls":true,
 *    "supports_system_role":true,
 *    "prompt_tok_s":500, "tok_s":50,
 *    "fail_load":"text",            the start fails with this sentence
 *    "dies_at_request":7,           the 7th request and all later ones fail
 *    "answers":[{"when":"kitchen",  substring of the last message, or absent
 *                "content":"Done it.", "reasoning":"...",
 *                "calls":[{"name":"HassTurnOn","arguments":{...}}],
 *                "arrivals":[[0.25,"Done "],[0.31,"it."]]}]}
 *
 * Time: a request is sent at the clock's now; new prompt tokens cost
 * 1/prompt_tok_s each (a prefix shared with the last prompt is free), each
 * generated token 1/tok_s; "arrivals" give the chunks' times after sending
 * instead. A token is a word with the blanks before it (and, of the last
 * word, behind it).
 */
#include "engine/engine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/jsonx.h"
#include "base/mem.h"
#include "base/stop.h"
#include "base/strbuf.h"

#define RECORDING_BYTES (64u << 20)
#define PROMPT_BYTES    (16u << 20)
#define LONGEST_S       1e5          /* any one wait of the script          */

struct self {
    json_t *recording;
    int64_t now_ns;          /* the scripted clock                       */
    double  prompt_tok_s, tok_s;
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
    s->now_ns += to_ns(seconds);
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

/* The request is on its way: prefill. Takes ownership of prompt. */
static void prefill(struct self *s, char *prompt, bool use_cache,
                    struct turn *out)
{
    size_t all   = count_words(prompt);
    size_t again = use_cache ? shared_words(s->last_prompt, prompt) : 0;

    if (again == all && all > 0) again--;   /* one token is always evaluated */
    out->sent_ns = s->now_ns;
    out->http_status = 200;
    out->server.prompt_n = (double)(all - again);
    out->server.cache_n = (double)again;
    out->server.prompt_ms = (double)(all - again) / s->prompt_tok_s * 1e3;
    advance(s, (double)(all - again) / s->prompt_tok_s);
    free(s->last_prompt);
    s->last_prompt = prompt;
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

static void say_by_arrivals(struct self *s, struct turn *out,
                            const json_t *arrivals, int *tokens)
{
    struct strbuf text;
    size_t        i;
    json_t       *item;

    strbuf_init(&text, RECORDING_BYTES);
    json_array_foreach(arrivals, i, item) {
        const char *piece = json_string_value(json_array_get(item, 1));
        int64_t     at_ns = out->sent_ns + to_ns(
            json_number_value(json_array_get(item, 0)));

        if (at_ns > s->now_ns || out->n_chunks == 0) s->now_ns = at_ns;
        strbuf_add(&text, piece ? piece : "");
        *tokens += (int)count_words(piece ? piece : "");
        arrive(s, out, CHUNK_CONTENT, text.len, *tokens);
    }
    free(out->content);
    out->content = strbuf_take(&text);
    strbuf_done(&text);
}

static void call_tools(struct self *s, struct turn *out, const json_t *calls,
                       int *tokens)
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
        if (!when || strstr(last, when)) return item;
    }
    return NULL;
}

static char *prompt_text(const struct chat_request *request)
{
    struct strbuf b;
    char         *tools = request->tools ? jsonx_dump(request->tools) : NULL;
    char         *text;

    strbuf_init(&b, PROMPT_BYTES);
    if (tools) strbuf_addf(&b, "%s\n", tools);
    for (size_t i = 0; i < request->n_messages; i++) {
        const struct message *m = &request->messages[i];
        strbuf_addf(&b, "<%s> %s\n", m->role, m->turn >= 0
                    ? request->turns[m->turn].content : m->text);
    }
    strbuf_add(&b, "<assistant>");
    free(tools);
    text = strbuf_take(&b);
    strbuf_done(&b);
    return text;
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
    bool          cut      = false;

    if (next_request(s, err)) return -1;
    if (!answer)
        return err_set(err, ERR_FAILED, "the recording has no answer for this "
                       "question; add one without \"when\"");
    prefill(s, prompt_text(request), !request->is_cold, out);
    out->finish = FINISH_STOP;
    if (thought) {
        cut = speak(s, out, CHUNK_REASONING, thought, request->max_tokens,
                    &tokens);
        keep_text(&out->reasoning, thought, out, CHUNK_REASONING);
    }
    if (json_is_array(arrivals)) {
        say_by_arrivals(s, out, arrivals, &tokens);
    } else if (content && !cut) {
        cut = speak(s, out, CHUNK_CONTENT, content, request->max_tokens,
                    &tokens);
        keep_text(&out->content, content, out, CHUNK_CONTENT);
    }
    if (cut) out->finish = FINISH_LENGTH;
    else call_tools(s, out, json_object_get(answer, "calls"), &tokens);
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
    strbuf_init(&text, PROMPT_BYTES);
    if (request->prompt) strbuf_add(&text, request->prompt);
    for (size_t i = 0; !request->prompt && i < request->n_ids; i++)
        strbuf_addf(&text, "%d ", request->ids[i]);
    prefill(s, strbuf_take(&text), request->cache_prompt, out);
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

static int tokenize(void *self, const char *text, bool as_prompt, int **ids,
                    size_t *n, struct err *err)
{
    (void)self;
    (void)as_prompt;
    (void)err;
    *n = count_words(text);
    *ids = mem_new(*n, sizeof **ids);
    for (size_t i = 0; i < *n; i++) (*ids)[i] = (int)i + 1;
    return 0;
}

static int render(void *self, const struct chat_request *request, char **text,
                  struct err *err)
{
    (void)self;
    (void)err;
    *text = prompt_text(request);
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

static int start(void **self, const struct engine_spec *spec,
                 struct engine_facts *facts, struct err *err)
{
    const char  *path  = spec->candidate->path;
    json_t      *r     = jsonx_read(path, RECORDING_BYTES, err);
    const char  *build = jsonx_text(r, "build"), *model, *fails;
    struct self *s;
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
    s = mem_new(1, sizeof *s);
    *s = (struct self){.recording = r,
                       .prompt_tok_s = positive(r, "prompt_tok_s", 500),
                       .tok_s = positive(r, "tok_s", 50)};
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
    *self = s;
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
