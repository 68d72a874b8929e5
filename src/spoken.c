/* SPDX-License-Identifier: MIT */
/* spoken.c - see spoken.h. One pass over the content. At each place where a
 * thought could begin, one of the take_* functions says where it goes on. */
#include "spoken.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sentence.h"
#include "thought_tag.h"

#define MOST_THOUGHTS    1000
#define MOST_CODE_BYTES  1000    /* of a span in back quotes */
#define MOST_HEADER      200     /* of a Harmony message     */

struct scan {
    const char    *text;
    size_t         len;
    struct spoken *out;
    size_t         nested;       /* openings in thoughts, not yet closed     */
    int            answer;       /* family of the answer's mark, or -1       */
    bool           in_message;   /* in a Harmony message that is spoken      */
    bool           is_lenient;   /* a thought did not end as it should have:
                                    from there on each closing tag ends one,
                                    in code too. It happens once, so the
                                    text is read twice at most               */

    /* The last closing tag that ended nothing, and what it changed. */
    struct thought stray;        /* end 0: there is none                     */
    size_t         stray_end, stray_words;
};

static struct thought *last_thought(struct spoken *out)
{
    return out->n_thoughts ? &out->thoughts[out->n_thoughts - 1] : NULL;
}

static size_t last_end(struct spoken *out)
{
    return out->n_thoughts ? last_thought(out)->end : 0;
}

static size_t count_words(const struct scan *s, size_t begin, size_t end)
{
    return sentence_words(s->text + begin, end - begin);
}

static void add(struct scan *s, size_t begin, size_t end, size_t words,
                const char *spelling)
{
    struct spoken *out = s->out;

    if (!out->spelling) out->spelling = spelling;
    out->thought_words += words;
    if (out->n_thoughts > 0 && (last_end(out) >= begin ||
                                out->n_thoughts == MOST_THOUGHTS)) {
        last_thought(out)->end = end;
        return;
    }
    /* Full at each power of two. */
    if ((out->n_thoughts & (out->n_thoughts - 1)) == 0)
        out->thoughts = mem_grow(out->thoughts,
                                 out->n_thoughts ? 2 * out->n_thoughts : 1,
                                 sizeof *out->thoughts);
    out->thoughts[out->n_thoughts++] = (struct thought){begin, end};
}

/* Bytes of the mark when it stands at `at`, else 0. */
static size_t at_mark(const struct scan *s, size_t at, const char *mark)
{
    size_t n = strlen(mark);

    return s->len - at >= n && memcmp(s->text + at, mark, n) == 0 ? n : 0;
}

static size_t skip_spaces(const struct scan *s, size_t at)
{
    return at + strspn(s->text + at, " \t\r\n");
}

/* Where the next mark could be, or len. */
static size_t next_place(const struct scan *s, size_t at)
{
    return at + strcspn(s->text + at, "<[`~\xe2");
}

/* ---- text that is no tag ------------------------------------------------ */

static bool starts_line(const struct scan *s, size_t at)
{
    while (at > 0 && (s->text[at - 1] == ' ' || s->text[at - 1] == '\t')) at--;
    return at == 0 || s->text[at - 1] == '\n';
}

/* Where the code ends that starts at `at` with ` or ~; the end of the marks
 * when none does. */
static size_t code_end(const struct scan *s, size_t at)
{
    char   mark = s->text[at], marks[] = {mark, '\0'};
    size_t n = strspn(s->text + at, marks), from = at + n, end;

    if (n >= 3 && starts_line(s, at)) {
        while (from < s->len) {
            size_t run;

            from += strcspn(s->text + from, "\n");
            from = skip_spaces(s, from);
            run = strspn(s->text + from, marks);
            if (run >= n) return from + run;
        }
        return s->len;
    }
    if (mark == '~') return from;
    end = from + MOST_CODE_BYTES < s->len ? from + MOST_CODE_BYTES : s->len;
    for (size_t i = from; i < end && s->text[i] != '\n'; i++) {
        size_t run = strspn(s->text + i, marks);

        if (run == n) return i + run;
        if (run > 0) i += run - 1;
    }
    return from;
}

/* "<think>" is spoken of, not thought. */
static bool is_quoted(const struct scan *s, size_t at, size_t len)
{
    const char *text = s->text, *behind = text + at + len;

    if (at == 0) return false;
    if (strchr("\"'`", text[at - 1])) return *behind == text[at - 1];
    return at >= 3 && memcmp(text + at - 3, "\xe2\x80\x9c", 3) == 0 &&
           at_mark(s, at + len, "\xe2\x80\x9d");
}

/* ---- tags --------------------------------------------------------------- */

/* Where a thought ends. */
struct ending {
    size_t begin, end;      /* of what ends it; end 0: nothing yet           */
};

/* Looks for what ends the thought that `tag` opened in front of `from`. When
 * nothing does as it should, *spare has what would do: a closing tag in code
 * or of another name. */
static struct ending find_ending(const struct scan *s, size_t from,
                                 const struct thought_tag *tag,
                                 struct ending *spare, size_t *nested)
{
    size_t code = from, others = 0;

    *spare  = (struct ending){0};
    *nested = 0;
    for (size_t i = next_place(s, from); i < s->len; i = next_place(s, i)) {
        struct thought_tag t;
        struct ending      here;
        bool               hidden, same;
        size_t             n;

        if (s->text[i] == '`' || s->text[i] == '~') {
            const char marks[] = {s->text[i], '\0'};

            if (i >= code && !s->is_lenient) code = code_end(s, i);
            i += strspn(s->text + i, marks);
            continue;
        }
        if (tag->is_token && (n = at_mark(s, i, "<|end|>")) > 0)
            return (struct ending){i, i + n};
        if (!thought_tag_read(s->text, s->len, i, &t)) {
            i++;
            continue;
        }
        here   = (struct ending){i, i + t.len};
        hidden = !s->is_lenient && (i < code || is_quoted(s, i, t.len));
        same   = t.family == tag->family;
        i += t.len;
        if (t.kind == TAG_THOUGHT && !hidden) {
            if (same) (*nested)++;
            else others++;
        }
        if (t.kind != TAG_THOUGHT_END) continue;
        if ((same || s->is_lenient) && !hidden) return here;
        if (!same && !hidden && others > 0) others--;
        else if (spare->end == 0) *spare = here;
    }
    return (struct ending){0};
}

static size_t take_thought(struct scan *s, size_t at,
                           const struct thought_tag *tag)
{
    size_t        body = at + tag->len, nested;
    struct ending spare, ending = find_ending(s, body, tag, &spare, &nested);

    if (ending.end == 0 && spare.end > 0) {
        s->is_lenient = true;
        ending = spare;
        nested = 0;
    }
    if (ending.end == 0) {
        s->out->is_unclosed = true;
        ending = (struct ending){s->len, s->len};
    }
    s->nested += nested;
    add(s, at, ending.end, count_words(s, body, ending.begin), tag->spelling);
    return ending.end;
}

/* A closing tag that no opening one belongs to: what is before it was
 * thought, as far back as the last thought. */
static size_t take_stray(struct scan *s, size_t at,
                         const struct thought_tag *tag)
{
    struct spoken *out   = s->out;
    size_t         end   = at + tag->len, from = last_end(out);
    size_t         words = count_words(s, from, at);

    if (out->n_thoughts > 0 && s->nested > 0) {
        s->nested--;
    } else if (words == 0 && s->stray.end > 0 && s->stray.end == from) {
        s->stray.end = end;
    } else if (out->n_thoughts > 0) {
        s->stray       = (struct thought){at, end};
        s->stray_end   = from;
        s->stray_words = words;
    }
    add(s, from, end, words, tag->spelling);
    return end;
}

/* A model that closes a second time at its very end did not take its answer
 * back. */
static void restore_answer(struct scan *s)
{
    struct spoken *out = s->out;

    if (s->stray.end == 0 || s->stray.end != last_end(out) ||
        out->n_thoughts == MOST_THOUGHTS ||
        count_words(s, s->stray.end, s->len) > 0)
        return;
    last_thought(out)->end = s->stray_end;
    out->thought_words -= s->stray_words;
    add(s, s->stray.begin, s->stray.end, 0, NULL);
}

/* The marks of an answer count only where a thought went before. */
static size_t take_answer(struct scan *s, size_t at,
                          const struct thought_tag *tag)
{
    size_t end = at + tag->len, from = last_end(s->out);

    if (s->out->n_thoughts == 0) return end;
    if (tag->kind == TAG_ANSWER && skip_spaces(s, from) == at) {
        add(s, from, end, 0, NULL);
        s->answer = tag->family;
    } else if (tag->kind == TAG_ANSWER_END &&
               (tag->family == THOUGHT_TAG_UNPAIRED ||
                tag->family == s->answer)) {
        add(s, at, end, 0, NULL);
    }
    return end;
}

static size_t take_tag(struct scan *s, size_t at)
{
    struct thought_tag tag;

    if (!thought_tag_read(s->text, s->len, at, &tag)) return at + 1;
    if (is_quoted(s, at, tag.len)) return at + tag.len;
    switch (tag.kind) {
    case TAG_THOUGHT:
        return take_thought(s, at, &tag);
    case TAG_THOUGHT_END:
        return take_stray(s, at, &tag);
    case TAG_NO_THOUGHT:
        add(s, at, at + tag.len, 0, tag.spelling);
        return at + tag.len;
    case TAG_ANSWER:
    case TAG_ANSWER_END:
        break;
    }
    return take_answer(s, at, &tag);
}

/* ---- Harmony ------------------------------------------------------------ */

#define START   "<|start|>"
#define CHANNEL "<|channel|>"
#define MESSAGE "<|message|>"
#define HARMONY "Harmony"

static size_t at_end_mark(const struct scan *s, size_t at)
{
    static const char *const marks[] = {"<|end|>", "<|return|>", "<|call|>",
                                        "<|eom|>", "<|eot|>"};

    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (at_mark(s, at, marks[i])) return strlen(marks[i]);
    return 0;
}

/* Does the text at `at` say this word, and no longer one? */
static bool has_word(const char *at, const char *end, const char *word)
{
    size_t n = strlen(word);

    while (at < end && *at == ' ') at++;
    return (size_t)(end - at) >= n && memcmp(at, word, n) == 0 &&
           (at + n == end || strchr(" <\n", at[n]));
}

enum addressee { LISTENER, SELF, TOOL };

/* To whom the message goes that has this header: START role to=recipient
 * CHANNEL name to=recipient MESSAGE, each part but the last optional. */
static enum addressee read_header(const char *at, const char *end)
{
    const char *channel = NULL, *recipient = NULL;

    end -= strlen(MESSAGE);
    if (strncmp(at, START, strlen(START)) == 0) {
        if (!has_word(at + strlen(START), end, "assistant")) return TOOL;
    } else if (at < end && *at != '<' && *at != ' ') {
        channel = at;     /* the prompt ended inside of the header */
    }
    for (const char *c = at; c < end; c++) {
        if (strncmp(c, CHANNEL, strlen(CHANNEL)) == 0)
            channel = c + strlen(CHANNEL);
        else if (strncmp(c, "to=", 3) == 0 && (c == at || c[-1] == ' '))
            recipient = c + 3;
    }
    if (recipient && has_word(recipient, end, "self")) return SELF;
    if (recipient && !has_word(recipient, end, "user") &&
        !has_word(recipient, end, "assistant"))
        return TOOL;
    return !channel || has_word(channel, end, "final") ? LISTENER : SELF;
}

/* Behind a lone "assistant" in front of a channel: a server dropped its
 * START. */
static size_t skip_role(const struct scan *s, size_t at)
{
    size_t role = skip_spaces(s, at), n = at_mark(s, role, "assistant");

    return n > 0 && at_mark(s, role + n, CHANNEL) ? role + n : at;
}

/* The message whose header begins at `begin` and ends behind MESSAGE at
 * `body`. */
static size_t take_message(struct scan *s, size_t begin, size_t body)
{
    enum addressee to  = read_header(s->text + begin, s->text + body);
    size_t         end = body, n = 0;

    s->in_message = to == LISTENER;
    if (s->in_message) {
        size_t words = 0;

        /* What stands before the first header was a message whose own header
         * is in the prompt. */
        if (s->out->n_thoughts == 0) {
            words = count_words(s, 0, begin);
            begin = 0;
        }
        add(s, begin, body, words, HARMONY);
        return body;
    }
    while (end < s->len) {
        end += strcspn(s->text + end, "<");
        n = at_end_mark(s, end);
        if (n || at_mark(s, end, START) || at_mark(s, end, CHANNEL)) break;
        if (end < s->len) end++;
    }
    s->out->is_unclosed = end == s->len;
    add(s, begin, skip_role(s, end + n),
        to == SELF ? count_words(s, body, end) : 0, HARMONY);
    return last_end(s->out);
}

/* Where the header that has a mark at `at` ends behind MESSAGE; 0: it does
 * not, and SIZE_MAX: the text ends before. */
static size_t header_end(const struct scan *s, size_t at)
{
    for (size_t i = at; i < s->len && i - at < MOST_HEADER; i++)
        if (at_mark(s, i, MESSAGE)) return i + strlen(MESSAGE);
    return s->len - at < MOST_HEADER ? SIZE_MAX : 0;
}

/* Where the header begins that MESSAGE at `at` ends, when the prompt had
 * opened it: at the start of the content. */
static size_t header_begin(const struct scan *s, size_t at)
{
    static const char *const words[] = {"analysis", "commentary", "final",
                                        "to="};
    size_t begin = skip_spaces(s, 0);

    if (s->out->n_thoughts > 0 || begin > at || at - begin > MOST_HEADER)
        return at;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (at_mark(s, begin, words[i])) return 0;
    return at;
}

/* What a mark of Harmony at `at` begins or ends; 0: there is none. */
static size_t take_harmony(struct scan *s, size_t at)
{
    size_t n = at_end_mark(s, at), behind = at + n, body;

    if (n > 0) {
        bool goes_on = at_mark(s, skip_spaces(s, behind), START);

        /* Other models end with such marks too. */
        if (!s->in_message && !(s->out->n_thoughts == 0 && goes_on)) return 0;
        behind = skip_role(s, behind);
        if (s->in_message) add(s, at, behind, 0, HARMONY);
        else add(s, 0, behind, count_words(s, 0, at), HARMONY);
        s->in_message = false;
        return last_end(s->out);
    }
    if (at_mark(s, at, MESSAGE))
        return take_message(s, header_begin(s, at), at + strlen(MESSAGE));
    n = at_mark(s, at, START) + at_mark(s, at, CHANNEL);
    if (n == 0) return 0;
    body = header_end(s, at);
    if (body == SIZE_MAX) {
        s->out->is_unclosed = true;
        add(s, at, s->len, 0, HARMONY);
        return s->len;
    }
    if (body > 0) return take_message(s, at, body);
    add(s, at, at + n, 0, HARMONY);
    return at + n;
}

/* ---- headings ----------------------------------------------------------- */

/* Harmony whose marks a server dropped: "analysisThey want the light.
 * assistantfinalIt is on." No word of English begins or goes on like this. */
static bool take_bare_harmony(struct scan *s)
{
    static const char open[] = "analysis", close[] = "assistantfinal";
    size_t      at = skip_spaces(s, 0), n = at_mark(s, at, open);
    const char *c  = strstr(s->text, close);
    size_t      end = c ? (size_t)(c - s->text) : s->len;

    at += n;
    if (!c && (n == 0 || s->text[at] < 'A' || s->text[at] > 'Z')) return false;
    s->out->is_unclosed = !c;
    add(s, 0, c ? end + strlen(close) : end,
        count_words(s, n ? at : 0, end), HARMONY);
    return true;
}

/* Bytes of "Here is REST" or "Here's REST" at `at`, else 0. */
static size_t here_is(const struct scan *s, size_t at, const char *rest)
{
    size_t n = at_mark(s, at, "Here is my ");

    if (n == 0) n = at_mark(s, at, "Here's my ");
    if (n == 0 || !at_mark(s, at + n, rest)) return 0;
    return n + strlen(rest);
}

/* Granite 3.2. Prose like this is no mark without its second half. */
static bool take_granite(struct scan *s)
{
    size_t      at   = skip_spaces(s, 0);
    size_t      body = at + here_is(s, at, "thought process:");
    const char *c    = s->text + body;

    if (body == at) return false;
    while ((c = strstr(c, "Here"))) {
        size_t end = (size_t)(c - s->text), n = here_is(s, end, "response:");

        if (n > 0) {
            add(s, 0, end + n, count_words(s, body, end),
                "Here is my thought process:");
            return true;
        }
        c++;
    }
    return false;
}

void spoken_split(const char *content, struct spoken *out)
{
    struct scan s = {.text = content, .len = strlen(content), .out = out,
                     .answer = -1};
    size_t      from = 0;

    *out = (struct spoken){0};
    if (!take_bare_harmony(&s)) take_granite(&s);
    for (size_t at = next_place(&s, last_end(out)); at < s.len;
         at = next_place(&s, at)) {
        size_t next = 0;

        if (content[at] == '`' || content[at] == '~') next = code_end(&s, at);
        else if (content[at] == '<') next = take_harmony(&s, at);
        at = next ? next : take_tag(&s, at);
    }
    restore_answer(&s);

    out->text = mem_new(s.len + 1, 1);
    for (size_t i = 0; i <= out->n_thoughts; i++) {
        size_t to = i < out->n_thoughts ? out->thoughts[i].begin : s.len;

        memcpy(out->text + out->len, content + from, to - from);
        out->len += to - from;
        if (i < out->n_thoughts) from = out->thoughts[i].end;
    }
}

void spoken_done(struct spoken *s)
{
    free(s->text);
    free(s->thoughts);
    *s = (struct spoken){0};
}

size_t spoken_arrival(const struct spoken *s, size_t n)
{
    for (size_t i = 0; i < s->n_thoughts && s->thoughts[i].begin < n; i++)
        n += s->thoughts[i].end - s->thoughts[i].begin;
    return n;
}
