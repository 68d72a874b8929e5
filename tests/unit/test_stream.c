/* SPDX-License-Identifier: MIT */
/* A streamed answer becomes the same turn however its bytes are cut, and no
 * server can make us hold or hang on more than our limits. Shapes as seen on
 * llama-server 11434, and as OpenAI and Ollama document them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "engine/stream.h"

#define D(json)         "data: " json "\n\n"
#define DELTA(inner)    D("{\"choices\":[{\"index\":0,\"delta\":{" inner      \
                          "},\"finish_reason\":null}]}")
#define SAY(text)       DELTA("\"content\":\"" text "\"")
#define FINISH(reason)  D("{\"choices\":[{\"index\":0,\"delta\":{},"          \
                          "\"finish_reason\":\"" reason "\"}]}")
#define DONE            "data: [DONE]\n\n"
#define CALL(inner)     DELTA("\"tool_calls\":[{" inner "}]")
#define FFFD            "\xef\xbf\xbd"
#define UNKNOWN         NAN
/* Lines of Ollama's. */
#define L(inner)        "{\"model\":\"m\",\"created_at\":\"2026\"," inner "}\n"
#define LMESSAGE(inner) "\"message\":{\"role\":\"assistant\"," inner "}"
#define LSAY(text)                                                            \
    L(LMESSAGE("\"content\":\"" text "\"") ",\"done\":false")
#define LCALL(inner)                                                          \
    L(LMESSAGE("\"content\":\"\",\"tool_calls\":[" inner "]") ",\"done\":false")
#define LEND(inner)     L(LMESSAGE("\"content\":\"\"") ",\"done\":true" inner)

struct played {
    struct turn turn;
    struct err  err;
    int         rc;         /* 0: a whole answer */
    int         fed;        /* what the last stream_feed said */
};

/* In pieces of `step` bytes, one a millisecond. */
static void play_form(struct played *p, enum stream_form form,
                      const char *bytes, size_t len, size_t step)
{
    struct stream s;
    struct err    late = {0};
    int64_t       at_ns = 0;

    *p = (struct played){.rc = 0};
    turn_init(&p->turn);
    stream_init(&s, form, &p->turn);
    for (size_t at = 0; at < len && !p->fed; at += step) {
        size_t n    = step < len - at ? step : len - at;
        char  *copy = mem_copy_n(bytes + at, n);   /* reading past it shows */

        p->fed = stream_feed(&s, copy, n, at_ns += 1000000, &p->err);
        free(copy);
    }
    p->rc = stream_finish(&s, at_ns, &late);
    if (p->fed < 0) p->rc = -1;
    if (p->err.kind == ERR_NONE) p->err = late;
    stream_done(&s);
}

static void play(struct played *p, const char *bytes, size_t len, size_t step)
{
    play_form(p, STREAM_EVENTS, bytes, len, step);
}

struct shape {
    const char *what, *bytes, *content, *reasoning;
    enum finish finish;
    size_t      n_chunks, n_calls;
    const char *id, *name, *arguments;              /* of the last call */
    double      prompt_n, cache_n, predicted_n;
    const char *error;                              /* part of it, or NULL */
};

static const struct shape shapes[] = {
    {"llama-server, usage in the last event",
     "data: {\"choices\":[{\"finish_reason\":null,\"index\":0,\"delta\":"
     "{\"role\":\"assistant\",\"content\":null}}],\"object\":"
     "\"chat.completion.chunk\"}\n\n" SAY("Hello") SAY(" you.")
     FINISH("stop")
     D("{\"choices\":[],\"usage\":{\"completion_tokens\":5,\"prompt_tokens\":"
       "33,\"prompt_tokens_details\":{\"cached_tokens\":32}},\"timings\":"
       "{\"cache_n\":32,\"prompt_n\":1,\"prompt_ms\":133.5,\"predicted_n\":5,"
       "\"predicted_ms\":71.25}}") DONE,
     "Hello you.", "", FINISH_STOP, 2, 0, NULL, NULL, NULL, 1, 32, 5, NULL},
    {"a server that gives only usage",
     SAY("Hi") FINISH("length")
     D("{\"choices\":[],\"usage\":{\"prompt_tokens\":40,"
       "\"completion_tokens\":7,\"prompt_tokens_details\":"
       "{\"cached_tokens\":30}}}") DONE,
     "Hi", "", FINISH_LENGTH, 1, 0, NULL, NULL, NULL, 10, 30, 7, NULL},
    {"usage with nothing cached",
     SAY("Hi") FINISH("stop")
     D("{\"choices\":[],\"usage\":{\"prompt_tokens\":40,"
       "\"completion_tokens\":7,\"prompt_tokens_details\":"
       "{\"cached_tokens\":0}}}") DONE,
     "Hi", "", FINISH_STOP, 1, 0, NULL, NULL, NULL, 40, 0, 7, NULL},
    {"a server that counts nothing, usage and error null",
     D("{\"choices\":[{\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"\"}]"
       ",\"usage\":null,\"error\":null}") FINISH("stop") DONE,
     "Hi", "", FINISH_STOP, 1, 0, NULL, NULL, NULL, UNKNOWN, UNKNOWN, UNKNOWN,
     NULL},
    {"reasoning kept apart",
     DELTA("\"reasoning_content\":\"Hm.\"")
     DELTA("\"reasoning\":\" So.\"") SAY("Yes.") FINISH("stop") DONE,
     "Yes.", "Hm. So.", FINISH_STOP, 3, 0, NULL, NULL, NULL, UNKNOWN, UNKNOWN,
     UNKNOWN, NULL},
    {"a call in pieces",
     CALL("\"index\":0,\"id\":\"a1\",\"type\":\"function\",\"function\":"
          "{\"name\":\"set_light\",\"arguments\":\"{\\\"room\\\":\"}")
     CALL("\"index\":0,\"function\":{\"arguments\":\" \\\"\"}")
     CALL("\"index\":0,\"function\":{\"arguments\":\"hall\\\"}\"}")
     FINISH("tool_calls") DONE,
     "", "", FINISH_CALLS, 3, 1, "a1", "set_light", "{\"room\": \"hall\"}",
     UNKNOWN, UNKNOWN, UNKNOWN, NULL},
    {"id and name repeated with each piece",
     CALL("\"index\":0,\"id\":\"a1\",\"function\":{\"name\":\"go\","
          "\"arguments\":\"{\"}")
     CALL("\"index\":0,\"id\":\"a1\",\"function\":{\"name\":\"go\","
          "\"arguments\":\"}\"}") FINISH("tool_calls") DONE,
     "", "", FINISH_CALLS, 2, 1, "a1", "go", "{}", UNKNOWN, UNKNOWN, UNKNOWN,
     NULL},
    {"whole calls, all with index 0",
     CALL("\"index\":0,\"id\":\"a1\",\"function\":{\"name\":\"go\","
          "\"arguments\":\"{\\\"n\\\":1}\"}")
     CALL("\"index\":0,\"id\":\"a2\",\"function\":{\"name\":\"come\","
          "\"arguments\":\"{\\\"n\\\":2}\"}") FINISH("tool_calls") DONE,
     "", "", FINISH_CALLS, 2, 2, "a2", "come", "{\"n\":2}", UNKNOWN, UNKNOWN,
     UNKNOWN, NULL},
    {"arguments as an object, no index, no id",
     DELTA("\"tool_calls\":[{\"function\":{\"name\":\"go\",\"arguments\":"
           "{\"n\":1}}},{\"function\":{\"name\":\"come\",\"arguments\":"
           "{\"n\":2}}}]") FINISH("tool_calls") DONE,
     "", "", FINISH_CALLS, 1, 2, "", "come", "{\"n\":2}", UNKNOWN, UNKNOWN,
     UNKNOWN, NULL},
    {"text and a call",
     SAY("One moment.") CALL("\"index\":0,\"id\":\"x\",\"function\":{\"name\":"
     "\"go\",\"arguments\":\"{}\"}") FINISH("tool_calls") DONE,
     "One moment.", "", FINISH_CALLS, 2, 1, "x", "go", "{}", UNKNOWN, UNKNOWN,
     UNKNOWN, NULL},
    {"llama-server's /completion, which sends no [DONE]",
     D("{\"index\":0,\"content\":\" white\",\"tokens\":[2537],\"stop\":false,"
       "\"timings\":{\"predicted_n\":1}}")
     D("{\"index\":0,\"content\":\"\",\"tokens\":[9],\"stop\":false,"
       "\"timings\":{\"predicted_n\":2}}")
     D("{\"index\":0,\"content\":\"\",\"stop\":true,\"stop_type\":\"limit\","
       "\"prompt\":\"Snow is\",\"timings\":{\"cache_n\":0,\"prompt_n\":5,"
       "\"predicted_n\":2,\"predicted_ms\":9.5}}"),
     " white", "", FINISH_LENGTH, 2, 0, NULL, NULL, NULL, 5, 0, 2, NULL},
    {"a /completion that ended by itself",
     D("{\"content\":\"a\",\"stop\":false}")
     D("{\"content\":\"\",\"stop\":true,\"stop_type\":\"eos\"}"),
     "a", "", FINISH_STOP, 1, 0, NULL, NULL, NULL, UNKNOWN, UNKNOWN, UNKNOWN,
     NULL},
    {"a whole JSON answer after blanks",
     "\r\n {\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":"
     "\"Hi.\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":9,"
     "\"completion_tokens\":3}}",
     "Hi.", "", FINISH_STOP, 1, 0, NULL, NULL, NULL, 9, UNKNOWN, 3, NULL},
    {"a whole JSON answer with a call",
     "{\"choices\":[{\"message\":{\"content\":null,\"tool_calls\":[{\"id\":"
     "\"k\",\"type\":\"function\",\"function\":{\"name\":\"go\","
     "\"arguments\":\"{}\"}}]},\"finish_reason\":\"tool_calls\"}]}",
     "", "", FINISH_CALLS, 1, 1, "k", "go", "{}", UNKNOWN, UNKNOWN, UNKNOWN,
     NULL},
    {"no [DONE], but a finish", SAY("Hi") FINISH("stop"), "Hi", "",
     FINISH_STOP, 1, 0, NULL, NULL, NULL, UNKNOWN, UNKNOWN, UNKNOWN, NULL},
    {"no finish, but a [DONE]", SAY("Hi") DONE, "Hi", "", FINISH_NONE, 1, 0,
     NULL, NULL, NULL, UNKNOWN, UNKNOWN, UNKNOWN, NULL},
    {"pings between events, CR LF, what follows [DONE]",
     ":\r\n\r\n: ping\r\n\r\ndata: {\"choices\":[{\"delta\":{\"content\":"
     "\"Hi\"}}]}\r\n\r\n:\r\n\r\n" FINISH("stop") DONE SAY("more"),
     "Hi", "", FINISH_STOP, 1, 0, NULL, NULL, NULL, UNKNOWN, UNKNOWN, UNKNOWN,
     NULL},
    {"letters beyond ASCII", SAY("Gr\xc3\xbc\xc3\x9f \xf0\x9f\x90\xb6")
     FINISH("stop") DONE, "Gr\xc3\xbc\xc3\x9f \xf0\x9f\x90\xb6", "",
     FINISH_STOP, 1, 0, NULL, NULL, NULL, UNKNOWN, UNKNOWN, UNKNOWN, NULL},
    {"invalid UTF-8", SAY("bad \xff\xc3( here") FINISH("stop") DONE,
     "bad " FFFD FFFD "( here", "", FINISH_STOP, 1, 0, NULL, NULL, NULL,
     UNKNOWN, UNKNOWN, UNKNOWN, NULL},
    {"a written NUL", SAY("a\\u0000b") CALL("\"index\":0,\"function\":"
     "{\"name\":\"n\\u0000m\",\"arguments\":\"[\\u0000]\"}")
     FINISH("stop") DONE, "a" FFFD "b", "", FINISH_STOP, 2, 1, "",
     "n" FFFD "m", "[" FFFD "]", UNKNOWN, UNKNOWN, UNKNOWN, NULL},
    {"numbers that no server can mean",
     D("{\"choices\":[{\"delta\":{\"content\":\"Hi\"}}],\"timings\":"
       "{\"predicted_n\":1e300,\"prompt_n\":-1,\"cache_n\":\"x\","
       "\"prompt_ms\":-1e308}}") FINISH("stop") DONE,
     "Hi", "", FINISH_STOP, 1, 0, NULL, NULL, NULL, UNKNOWN, UNKNOWN, UNKNOWN,
     NULL},
    {"reasoning under its newer name, the older one null",
     DELTA("\"reasoning_content\":null,\"reasoning\":\"Hm.\"") SAY("Yes.")
     FINISH("stop") DONE, "Yes.", "Hm.", FINISH_STOP, 2, 0, NULL, NULL, NULL,
     UNKNOWN, UNKNOWN, UNKNOWN, NULL},
    {"an answer in a single event",
     D("{\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"It is "
       "warm. Very.\"},\"finish_reason\":\"stop\"}]}") DONE,
     "It is warm. Very.", "", FINISH_STOP, 1, 0, NULL, NULL, NULL, UNKNOWN,
     UNKNOWN, UNKNOWN, NULL},
    {"odd shapes",
     D("{}") D("{\"choices\":{\"delta\":1}}")
     D("{\"choices\":[null,[],{\"delta\":[]}]}")
     D("{\"choices\":[{\"delta\":{\"content\":5,\"tool_calls\":[null,"
       "{\"function\":null}]},\"finish_reason\":{}}],\"usage\":\"many\","
       "\"timings\":[]}") SAY("Hi") FINISH("stop") DONE,
     "Hi", "", FINISH_STOP, 2, 2, "", "", "", UNKNOWN, UNKNOWN, UNKNOWN,
     NULL},

    {"a cut before the finish", SAY("Half a") SAY(" sen"), "Half a sen", "",
     FINISH_CUT, 2, 0, NULL, NULL, NULL, UNKNOWN, UNKNOWN, UNKNOWN,
     "cut in the middle"},
    {"an empty finish reason is none",
     D("{\"choices\":[{\"delta\":{\"content\":\"Half\"},\"finish_reason\":"
       "\"\"}]}"), "Half", "", FINISH_CUT, 1, 0, NULL, NULL, NULL, UNKNOWN,
     UNKNOWN, UNKNOWN, "cut in the middle"},
    {"an event cut in two", SAY("Half") "data: {\"choices\":[{\"del", "Half",
     "", FINISH_CUT, 1, 0, NULL, NULL, NULL, UNKNOWN, UNKNOWN, UNKNOWN,
     "cut in the middle"},
    {"a whole JSON answer cut short", "{\"choices\":[{\"message\":", "", "",
     FINISH_CUT, 0, 0, NULL, NULL, NULL, UNKNOWN, UNKNOWN, UNKNOWN,
     "not JSON"},
    {"an error event", SAY("Half") D("{\"error\":{\"code\":500,\"message\":"
     "\"Compute error.\"}}"), "Half", "", FINISH_CUT, 1, 0, NULL, NULL, NULL,
     UNKNOWN, UNKNOWN, UNKNOWN, "Compute error."},
    {"an error that is a text", D("{\"error\":\"out of luck\"}"), "", "",
     FINISH_CUT, 0, 0, NULL, NULL, NULL, UNKNOWN, UNKNOWN, UNKNOWN,
     "out of luck"},
    {"garbage", SAY("Half") D("{not json"), "Half", "", FINISH_CUT, 1, 0,
     NULL, NULL, NULL, UNKNOWN, UNKNOWN, UNKNOWN, "{not json"},
    {"JSON that is no object", D("[1,2]"), "", "", FINISH_CUT, 0, 0, NULL,
     NULL, NULL, UNKNOWN, UNKNOWN, UNKNOWN, "no object"},
    {"a page for people", "<html><body>Please log in.</body></html>\n", "",
     "", FINISH_CUT, 0, 0, NULL, NULL, NULL, UNKNOWN, UNKNOWN, UNKNOWN,
     "a web page in place of an answer; is this"},
    {"nothing", "", "", "", FINISH_CUT, 0, 0, NULL, NULL, NULL, UNKNOWN,
     UNKNOWN, UNKNOWN, "no event at all"},
    {"nothing but pings", ":\n\n:\n\n", "", "", FINISH_CUT, 0, 0, NULL, NULL,
     NULL, UNKNOWN, UNKNOWN, UNKNOWN, "only comments"},
    {"nothing but an end", DONE, "", "", FINISH_CUT, 0, 0, NULL, NULL, NULL,
     UNKNOWN, UNKNOWN, UNKNOWN, "no event at all"},
};
#define N_SHAPES (sizeof shapes / sizeof *shapes)

static const struct shape lines[] = {
    {"a chat of a version that counts what was cached",
     LSAY("Hello") LSAY(" you.") LEND(",\"done_reason\":\"stop\","
     "\"total_duration\":30258609300,\"load_duration\":19906358300,"
     "\"prompt_eval_count\":29,\"prompt_eval_cached_count\":12,"
     "\"prompt_eval_duration\":10175903000,\"eval_count\":3,"
     "\"eval_duration\":173639000"),
     "Hello you.", "", FINISH_STOP, 2, 0, NULL, NULL, NULL, 17, 12, 3, NULL},
    {"one that does not",
     LSAY("Hi") LEND(",\"done_reason\":\"length\",\"prompt_eval_count\":29,"
     "\"eval_count\":1"), "Hi", "", FINISH_LENGTH, 1, 0, NULL, NULL, NULL, 29,
     UNKNOWN, 1, NULL},
    {"counts of 0 left out, no reason", LSAY("Hi") LEND(""), "Hi", "",
     FINISH_NONE, 1, 0, NULL, NULL, NULL, UNKNOWN, UNKNOWN, UNKNOWN, NULL},
    {"a raw prompt",
     L("\"response\":\" white\",\"done\":false")
     L("\"response\":\"\",\"done\":true,\"done_reason\":\"stop\","
       "\"context\":[1,2,3],\"eval_count\":2"),
     " white", "", FINISH_STOP, 1, 0, NULL, NULL, NULL, UNKNOWN, UNKNOWN, 2,
     NULL},
    {"thinking",
     L("\"message\":{\"content\":\"\",\"thinking\":\"Hm.\"},\"done\":false")
     LSAY("Yes.") LEND(",\"done_reason\":\"stop\""), "Yes.", "Hm.",
     FINISH_STOP, 2, 0, NULL, NULL, NULL, UNKNOWN, UNKNOWN, UNKNOWN, NULL},
    {"two calls in two lines, without ids",
     LCALL("{\"function\":{\"name\":\"go\",\"arguments\":{\"n\":1}}}")
     LCALL("{\"function\":{\"name\":\"go\",\"arguments\":{\"n\":2}}}")
     LEND(",\"done_reason\":\"stop\""), "", "", FINISH_CALLS, 2, 2, "", "go",
     "{\"n\":2}", UNKNOWN, UNKNOWN, UNKNOWN, NULL},
    {"two calls in one line, with ids and places",
     LCALL("{\"id\":\"a\",\"function\":{\"index\":0,\"name\":\"go\","
           "\"arguments\":{}}},{\"id\":\"b\",\"function\":{\"index\":1,"
           "\"name\":\"come\",\"arguments\":{\"n\":2}}}")
     LEND(",\"done_reason\":\"stop\""), "", "", FINISH_CALLS, 1, 2, "b", "come",
     "{\"n\":2}", UNKNOWN, UNKNOWN, UNKNOWN, NULL},
    {"a whole answer in one line without an end",
     "{\"message\":{\"content\":\"Hi.\"},\"done\":true,\"done_reason\":"
     "\"stop\"}", "Hi.", "", FINISH_STOP, 1, 0, NULL, NULL, NULL, UNKNOWN,
     UNKNOWN, UNKNOWN, NULL},
    {"empty lines, CR LF, what follows the end",
     "\r\n\n{\"message\":{\"content\":\"Hi\"},\"done\":false}\r\n\n \n"
     LEND(",\"done_reason\":\"stop\"") LSAY("more"), "Hi", "", FINISH_STOP, 1,
     0, NULL, NULL, NULL, UNKNOWN, UNKNOWN, UNKNOWN, NULL},
    {"more cached than read, durations of no sense",
     LSAY("Hi") LEND(",\"done_reason\":\"stop\",\"prompt_eval_count\":5,"
     "\"prompt_eval_cached_count\":9,\"eval_count\":-1,\"eval_duration\":"
     "\"x\""), "Hi", "", FINISH_STOP, 1, 0, NULL, NULL, NULL, 5, UNKNOWN,
     UNKNOWN, NULL},
    {"odd shapes", "{}\n{\"message\":7}\n{\"message\":null,\"done\":null}\n"
     LCALL("null,{\"function\":[]}") LSAY("Hi") LEND(""), "Hi", "",
     FINISH_NONE, 2, 2, "", "", "", UNKNOWN, UNKNOWN, UNKNOWN, NULL},

    {"a cut between lines", LSAY("Half a") LSAY(" sen"), "Half a sen", "",
     FINISH_CUT, 2, 0, NULL, NULL, NULL, UNKNOWN, UNKNOWN, UNKNOWN,
     "cut in the middle"},
    {"a cut in a line", LSAY("Half a") "{\"message\":{\"con", "Half a", "",
     FINISH_CUT, 1, 0, NULL, NULL, NULL, UNKNOWN, UNKNOWN, UNKNOWN,
     "cut in the middle"},
    {"an error after content", LSAY("Half") "{\"error\":\"out of luck\"}\n",
     "Half", "", FINISH_CUT, 1, 0, NULL, NULL, NULL, UNKNOWN, UNKNOWN,
     UNKNOWN, "out of luck"},
    {"server-sent events", SAY("Half"), "", "", FINISH_CUT, 0, 0, NULL, NULL,
     NULL, UNKNOWN, UNKNOWN, UNKNOWN, "not JSON"},
    {"a page for people", "<html></html>\n", "", "", FINISH_CUT, 0, 0, NULL,
     NULL, NULL, UNKNOWN, UNKNOWN, UNKNOWN, "a web page"},
    {"nothing but empty lines", "\n\n\r\n", "", "", FINISH_CUT, 0, 0, NULL,
     NULL, NULL, UNKNOWN, UNKNOWN, UNKNOWN, "no event at all"},
};
#define N_LINES (sizeof lines / sizeof *lines)

static bool same(double a, double b)
{
    return isnan(a) ? isnan(b) : a == b;
}

static void check(const struct shape *want, const struct played *p)
{
    const struct turn      *t    = &p->turn;
    const struct tool_call *last = t->n_calls ? &t->calls[t->n_calls - 1]
                                              : NULL;

    if ((p->rc != 0) != (want->error != NULL))
        fail_msg("%s: rc %d, %s", want->what, p->rc, p->err.text);
    if (want->error && !strstr(p->err.text, want->error))
        fail_msg("%s: the error is \"%s\"", want->what, p->err.text);
    if (want->error) assert_int_equal(p->err.kind, ERR_FAILED);
    if (strcmp(t->content, want->content) ||
        strcmp(t->reasoning, want->reasoning))
        fail_msg("%s: \"%s\", reasoning \"%s\"", want->what, t->content,
                 t->reasoning);
    if (t->finish != want->finish || t->n_chunks != want->n_chunks ||
        t->n_calls != want->n_calls)
        fail_msg("%s: finish %d, %zu chunks, %zu calls", want->what,
                 (int)t->finish, t->n_chunks, t->n_calls);
    if (last && (strcmp(last->id, want->id) || strcmp(last->name, want->name) ||
                 strcmp(last->arguments, want->arguments)))
        fail_msg("%s: call %s %s(%s)", want->what, last->id, last->name,
                 last->arguments);
    for (size_t i = 0; i < t->n_chunks; i++)
        assert_in_range(t->chunks[i].tokens + 1, 0, 3);    /* -1: unknown */
    if (!same(t->server.prompt_n, want->prompt_n) ||
        !same(t->server.cache_n, want->cache_n) ||
        !same(t->server.predicted_n, want->predicted_n))
        fail_msg("%s: prompt_n %g, cache_n %g, predicted_n %g", want->what,
                 t->server.prompt_n, t->server.cache_n,
                 t->server.predicted_n);
}

static void test_each_shape_becomes_its_turn(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_SHAPES; i++) {
        struct played p;

        play(&p, shapes[i].bytes, strlen(shapes[i].bytes), SIZE_MAX / 2);
        check(&shapes[i], &p);
        turn_done(&p.turn);
    }
}

static void check_splits(const struct shape *shape, enum stream_form form)
{
    size_t        len = strlen(shape->bytes);
    struct played whole;

    play_form(&whole, form, shape->bytes, len, SIZE_MAX / 2);
    check(shape, &whole);
    for (size_t step = 1; step < len; step += 1 + step / 7) {
        struct played p;

        play_form(&p, form, shape->bytes, len, step);
        check(shape, &p);
        for (size_t k = 0; k < p.turn.n_chunks; k++) {
            assert_int_equal(p.turn.chunks[k].kind, whole.turn.chunks[k].kind);
            assert_int_equal(p.turn.chunks[k].end_bytes,
                             whole.turn.chunks[k].end_bytes);
            assert_int_equal(p.turn.chunks[k].tokens,
                             whole.turn.chunks[k].tokens);
        }
        turn_done(&p.turn);
    }
    turn_done(&whole.turn);
}

static void test_any_split_gives_the_same_turn(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_SHAPES; i++)
        check_splits(&shapes[i], STREAM_EVENTS);
    for (size_t i = 0; i < N_LINES; i++)
        check_splits(&lines[i], STREAM_LINES);
}

static void test_durations_of_a_line_become_milliseconds(void **state)
{
    static const char bytes[] =
        LEND(",\"done_reason\":\"stop\",\"prompt_eval_duration\":10175903000,"
             "\"eval_duration\":173639000");
    struct played p;

    (void)state;
    play_form(&p, STREAM_LINES, bytes, sizeof bytes - 1, 7);
    assert_int_equal(p.rc, 0);
    assert_true(p.turn.server.prompt_ms == 10175.903);
    assert_true(p.turn.server.predicted_ms == 173.639);
    turn_done(&p.turn);
}

static void test_a_line_of_a_megabyte_is_an_answer(void **state)
{
    size_t        n     = 1u << 20;
    char         *bytes = mem_printf("{\"message\":{\"content\":\"%0*d\"},"
                                     "\"done\":true}\n", (int)n, 0);
    struct played p;

    (void)state;
    play_form(&p, STREAM_LINES, bytes, strlen(bytes), 16384);
    if (p.rc) fail_msg("%s", p.err.text);
    assert_int_equal(strlen(p.turn.content), n);
    assert_int_equal(p.turn.n_chunks, 1);
    turn_done(&p.turn);
    free(bytes);
}

static void test_raw_nul_bytes_become_visible(void **state)
{
    static const char bytes[] = SAY("a\0b") FINISH("stop") DONE;
    struct played     p;

    (void)state;
    play(&p, bytes, sizeof bytes - 1, 3);
    assert_int_equal(p.rc, 0);
    assert_string_equal(p.turn.content, "a" FFFD "b");
    turn_done(&p.turn);
}

static void test_a_chunk_has_the_time_of_the_bytes_that_completed_it(
    void **state)
{
    static const char a[] = SAY("one"), b[] = SAY(" two");
    struct stream     s;
    struct turn       t;
    struct err        err = {0};

    (void)state;
    turn_init(&t);
    stream_init(&s, STREAM_EVENTS, &t);
    assert_int_equal(stream_feed(&s, a, sizeof a - 2, 10, &err), 0);
    assert_int_equal(stream_feed(&s, a + sizeof a - 2, 1, 20, &err), 0);
    assert_int_equal(stream_feed(&s, b, sizeof b - 1, 30, &err), 0);
    assert_int_equal(stream_feed(&s, DONE, strlen(DONE), 40, &err), 1);
    assert_int_equal(stream_finish(&s, 50, &err), 0);
    assert_int_equal(t.n_chunks, 2);
    assert_int_equal(t.chunks[0].at_ns, 20);
    assert_int_equal(t.chunks[1].at_ns, 30);
    assert_int_equal(t.chunks[0].end_bytes, 3);
    assert_int_equal(t.chunks[1].end_bytes, 7);
    assert_int_equal(t.end_ns, 50);
    stream_done(&s);
    turn_done(&t);
}

/* ---- bounds ------------------------------------------------------------- */

/* prefix, `times` times unit, suffix: must be refused, and held in bounds. */
static void refuse(const char *prefix, const char *unit, size_t times,
                   const char *suffix, const char *error)
{
    size_t        n   = strlen(unit), head = strlen(prefix);
    size_t        len = head + n * times + strlen(suffix), held = 0;
    char         *bytes = mem_new(len + 1, 1);
    struct played p;

    memcpy(bytes, prefix, head);
    for (size_t i = 0; i < times; i++) memcpy(bytes + head + n * i, unit, n);
    memcpy(bytes + head + n * times, suffix, strlen(suffix));
    play(&p, bytes, len, 65536);
    if (p.rc == 0 || !strstr(p.err.text, error))
        fail_msg("rc %d, \"%s\"", p.rc, p.err.text);
    assert_int_equal(p.turn.finish, FINISH_CUT);
    for (size_t i = 0; i < p.turn.n_calls; i++)
        held += strlen(p.turn.calls[i].id) + strlen(p.turn.calls[i].name) +
                strlen(p.turn.calls[i].arguments);
    assert_true(strlen(p.turn.content) <= STREAM_MAX_BYTES);
    assert_true(strlen(p.turn.reasoning) <= STREAM_MAX_BYTES);
    assert_true(held <= 64u << 10);
    assert_true(p.turn.n_calls <= 64);
    assert_true(p.turn.n_chunks <= 128u << 10);
    turn_done(&p.turn);
    free(bytes);
}

static void test_a_line_without_end_is_bounded(void **state)
{
    size_t        n     = STREAM_MAX_BYTES + 100;
    char         *bytes = mem_printf("{\"message\":{\"content\":\"%0*d", (int)n,
                                     0);
    struct played p;

    (void)state;
    play_form(&p, STREAM_LINES, bytes, strlen(bytes), 65536);
    assert_int_not_equal(p.rc, 0);
    assert_non_null(strstr(p.err.text, "longer than"));
    assert_int_equal(p.turn.finish, FINISH_CUT);
    turn_done(&p.turn);
    free(bytes);
}

static void refuse_long(const char *key)
{
    char *event = mem_printf("data: {\"choices\":[{\"delta\":{\"%s\":"
                             "\"%05000d\"}}]}\n\n", key, 0);

    refuse("", event, 900, "", "passed");
    free(event);
}

static void test_an_answer_without_end_is_bounded(void **state)
{
    char *five_kb = mem_printf("%05000d", 0);

    (void)state;
    refuse("data: {\"choices\":[{\"delta\":{\"content\":\"", five_kb, 1000,
           "\"}}]}\n\n", "longer than");
    refuse("{\"choices\":[{\"message\":{\"content\":\"", five_kb, 1000,
           "\"}}]}", "passed");
    refuse_long("content");
    refuse_long("reasoning_content");
    refuse("", D("{\"content\":\"\",\"stop\":false}"), 140000, "", "pieces");
    free(five_kb);
}

static void test_tool_calls_are_bounded(void **state)
{
    (void)state;
    refuse("data: {\"choices\":[{\"delta\":{\"tool_calls\":[", "{},", 64,
           "{}]}}]}\n\n", "more than 64");
    refuse("", CALL("\"index\":64"), 1, "", "more than 64");
    refuse("", CALL("\"index\":1000000000"), 1, "", "more than 64");
    refuse("", CALL("\"index\":-1"), 1, "", "more than 64");
    refuse("", CALL("\"index\":0,\"function\":{\"arguments\":\"0123456789\"}"),
           7000, "", "passed 65536 bytes");
    refuse("", CALL("\"index\":0,\"function\":{\"name\":\"a\"}")
           CALL("\"index\":0,\"function\":{\"name\":\"0123456789\"}"),
           9000, "", "passed 65536 bytes");
    refuse("data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"id\":\"",
           "0123456789", 7000, "\"}]}}]}\n\n", "passed 65536 bytes");
}

static void test_64_calls_are_still_an_answer(void **state)
{
    struct strbuf bytes;
    struct played p;

    (void)state;
    strbuf_init(&bytes, 10000);
    strbuf_add(&bytes, "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{}");
    for (int i = 1; i < 64; i++) strbuf_add(&bytes, ",{}");
    strbuf_add(&bytes, "]},\"finish_reason\":\"tool_calls\"}]}\n\n");
    play(&p, bytes.text, bytes.len, 64);
    assert_int_equal(p.rc, 0);
    assert_int_equal(p.turn.n_calls, 64);
    turn_done(&p.turn);
    strbuf_done(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_shape_becomes_its_turn),
        cmocka_unit_test(test_any_split_gives_the_same_turn),
        cmocka_unit_test(test_durations_of_a_line_become_milliseconds),
        cmocka_unit_test(test_a_line_of_a_megabyte_is_an_answer),
        cmocka_unit_test(test_raw_nul_bytes_become_visible),
        cmocka_unit_test(
            test_a_chunk_has_the_time_of_the_bytes_that_completed_it),
        cmocka_unit_test(test_an_answer_without_end_is_bounded),
        cmocka_unit_test(test_a_line_without_end_is_bounded),
        cmocka_unit_test(test_tool_calls_are_bounded),
        cmocka_unit_test(test_64_calls_are_still_an_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
