/* SPDX-License-Identifier: MIT */
/* langdetect.c - see langdetect.h. A text goes through four steps: its
 * characters without addresses, cut to the first 10,000; Latin letters
 * dropped when they are few; the n-grams that some language knows; the
 * language for which those speak most.
 *
 * The last step stands for seven trials of the original. A trial draws
 * n-grams, adding the logarithms of what each language has of them, until one
 * is all but certain; that is a random walk, and the mean of its steps, which
 * is taken here, says where it tends. A walk that tends to one language and
 * mostly ends with another needs n-grams so rare that they are seldom met and
 * so loud that they turn the mean; none is that loud (9 of the 11.5 nats that
 * make certain), so the original's answer then changes with its seed. Trials
 * with a fixed seed agree as well where the original is steady, and worse
 * where it is not. Smoothing is 0.5, the mean of what the original draws. */
#include "original/langdetect.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <uchar.h>

#include "base/mem.h"
#include "original/langdetect_table.h"
#include "share.h"

#define CHARACTERS_MOST 10000
#define URL_MOST        2076     /* characters behind the "//"               */
#define MAILBOX_MOST    64
#define DOMAIN_MOST     255      /* and once more behind its first dot       */

static struct langdetect_table table;

/* ---- characters without addresses --------------------------------------- */

struct text {
    uint32_t *at;
    size_t    n, room;
    size_t    mailbox;   /* letters at the end that may name a mailbox       */
};

static bool is_ascii_alnum(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9');
}

static bool is_of_url(unsigned char c)
{
    return is_ascii_alnum(c) || (c && strchr("-_.?&~;+=/#", c));
}

static bool is_of_host(unsigned char c)
{
    return is_ascii_alnum(c) || c == '-' || c == '_';
}

static bool is_of_mailbox(unsigned char c)
{
    return is_of_host(c) || c == '.';
}

/* Bytes of the web address that begins at i; 0: none. */
static size_t url_at(struct view v, size_t i)
{
    size_t n = 4, path;

    if (v.len - i < 8 || memcmp(v.at + i, "http", 4) != 0) return 0;
    if (v.at[i + n] == 's') n++;
    if (v.len - i < n + 3 || memcmp(v.at + i + n, "://", 3) != 0) return 0;
    for (path = n + 3; i + path < v.len && path < n + 3 + URL_MOST; path++)
        if (!is_of_url((unsigned char)v.at[i + path])) break;
    return path > n + 3 ? path : 0;
}

/* Characters from i on that are of this kind, at most DOMAIN_MOST; web
 * addresses are taken out first. */
static size_t run_at(struct view v, size_t i, bool (*is_of)(unsigned char))
{
    size_t n = 0;

    while (n < DOMAIN_MOST && i + n < v.len &&
           is_of((unsigned char)v.at[i + n]) && !url_at(v, i + n))
        n++;
    return n;
}

/* Bytes of what may stand behind the '@' of a mail address: a name, then
 * more, where a dot may be. 0: it is none. */
static size_t domain_at(struct view v, size_t i)
{
    size_t name = run_at(v, i, is_of_host);
    size_t more = name ? run_at(v, i + name, is_of_mailbox) : 0;

    return more || name > 1 ? name + more : 0;
}

/* A vowel and a tone mark of Vietnamese are one character; 0: they are not
 * these. */
static uint32_t with_tone(uint32_t vowel, uint32_t mark)
{
    static const char32_t marks[]  = U"\u0300\u0301\u0303\u0309\u0323";
    static const char32_t vowels[] = U"AEIOUYaeiouyÂÊÔâêôĂăƠơƯư";
    static const char32_t *const both[] = {
        U"ÀÈÌÒÙỲàèìòùỳẦỀỒầềồẰằỜờỪừ", U"ÁÉÍÓÚÝáéíóúýẤẾỐấếốẮắỚớỨứ",
        U"ÃẼĨÕŨỸãẽĩõũỹẪỄỖẫễỗẴẵỠỡỮữ", U"ẢẺỈỎỦỶảẻỉỏủỷẨỂỔẩểổẲẳỞởỬử",
        U"ẠẸỊỌỤỴạẹịọụỵẬỆỘậệộẶặỢợỰự"};

    if (mark < marks[0] || mark > 0x0323) return 0;
    for (size_t m = 0; marks[m]; m++)
        for (size_t v = 0; marks[m] == mark && vowels[v]; v++)
            if (vowels[v] == vowel) return both[m][v];
    return 0;
}

static void add(struct text *t, uint32_t c)
{
    uint32_t one = t->n ? with_tone(t->at[t->n - 1], c) : 0;

    if (one) t->at[t->n - 1] = one;
    else t->at[t->n++] = c;
    t->mailbox = c < 0x80 && is_of_mailbox((unsigned char)c)
                     ? t->mailbox + 1 : 0;
}

/* The characters of v, an address as one space. What is behind a full room
 * cannot change the first CHARACTERS_MOST: a mail address that is recognised
 * late takes back MAILBOX_MOST. */
static void gather(struct text *t, struct view v)
{
    for (size_t i = 0; i < v.len && t->n < t->room;) {
        size_t address = 0;

        if (v.at[i] == 'h') address = url_at(v, i);
        if (v.at[i] == '@' && t->mailbox) {
            address = domain_at(v, i + 1);
            if (address) {
                address++;
                t->n -= t->mailbox < MAILBOX_MOST ? t->mailbox : MAILBOX_MOST;
            }
        }
        i += address;
        add(t, address ? ' ' : py_next(v, &i));
    }
}

/* The first CHARACTERS_MOST, of spaces in a row one. */
static void squeeze(struct text *t)
{
    size_t   n = 0, most = t->n < CHARACTERS_MOST ? t->n : CHARACTERS_MOST;
    uint32_t last = 0;

    for (size_t i = 0; i < most; i++) {
        uint32_t c = t->at[i];
        if (c != ' ' || last != ' ') t->at[n++] = c;
        last = c;
    }
    t->n = n;
}

/* Text in another script is told without the Latin letters in it, and without
 * [ \ ] ^ _ `, which the original's range takes for such. Vietnamese letters
 * beyond U+0300 count as another script: a slip of the original. */
static void drop_latin(struct text *t)
{
    size_t latin = 0, other = 0, n = 0;

    for (size_t i = 0; i < t->n; i++) {
        latin += t->at[i] >= 'A' && t->at[i] <= 'z';
        other += t->at[i] >= 0x0300;
    }
    if (latin * 2 >= other) return;
    for (size_t i = 0; i < t->n; i++)
        if (t->at[i] < 'A' || t->at[i] > 'z') t->at[n++] = t->at[i];
    t->n = n;
}

/* ---- n-grams ------------------------------------------------------------ */

/* As which character is this one counted? A space is none. */
static uint32_t counted_as(uint32_t c)
{
    if (c < 0x80)
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ? c : ' ';
    if (c < 0x0219)
        return c == 0xA0 || c == 0xAB || c == 0xB0 || c == 0xBB ? ' ' : c;
    if (c == 0x0219) return 0x015F;              /* comma below: cedilla     */
    if (c == 0x021B) return 0x0163;
    if (c == 0x06CC) return 0x064A;              /* Farsi yeh: Arabic yeh    */
    if (c < 0x1EA0) return c;
    if (c <= 0x1EFF) return 0x1EC3;              /* Vietnamese               */
    if (c >= 0x2000 && c <= 0x206F) return ' ';
    if (c < 0x3040) return c;
    if (c <= 0x309F) return 0x3042;              /* Hiragana                 */
    if (c <= 0x30FF) return 0x30A2;              /* Katakana                 */
    if (c <= 0x312F || (c >= 0x31A0 && c <= 0x31BF)) return 0x3105;
    if (c >= LANGDETECT_HAN_FIRST && c <= LANGDETECT_HAN_LAST) {
        uint32_t same = table.han[c - LANGDETECT_HAN_FIRST];
        return same ? same : c;
    }
    if (c >= 0xAC00 && c <= 0xD7AF) return 0xAC00;              /* Hangul    */
    return c;
}

/* Those of the text that some language has, up to three a character; words
 * are apart, and letters in capitals count only as the first or the last. */
static size_t find_grams(const struct text *t,
                         const struct langdetect_gram **out)
{
    uint32_t a = 0, b = ' ', c;           /* the two before c; 0: none       */
    bool     was_upper = false, in_capitals = false;
    size_t   n = 0;

    for (size_t i = 0; i < t->n; i++, a = b, b = c) {
        c = counted_as(t->at[i]);
        if (b == ' ') {
            a = 0;
            in_capitals = was_upper = false;
            if (c == ' ') continue;
        }
        bool is_upper = c != ' ' && py_is_upper(c);
        in_capitals = is_upper && (in_capitals || was_upper);
        was_upper = is_upper;
        if (in_capitals) continue;
        uint64_t keys[] = {c == ' ' ? 0 : langdetect_key(0, 0, c),
                           langdetect_key(0, b, c),
                           a ? langdetect_key(a, b, c) : 0};
        for (size_t k = 0; k < 3; k++)
            if (keys[k] && (out[n] = langdetect_find(&table, keys[k]))) n++;
    }
    return n;
}

/* ---- which language? ---------------------------------------------------- */

/* The original stops a trial when one language is 0.99999 likely. */
#define CERTAIN_NATS 11.513

struct verdict { size_t best, second; };

/* The two languages that most speaks for. */
static struct verdict tell(const struct langdetect_gram *const *grams, size_t n)
{
    double         sum[LANGDETECT_LANGUAGES] = {0};
    struct verdict v;

    for (size_t i = 0; i < n; i++) {
        const struct langdetect_share *s = table.shares + grams[i]->first;

        for (const struct langdetect_share *end = s + grams[i]->n; s < end; s++)
            sum[s->language] += s->nats;
    }
    v = sum[1] > sum[0] ? (struct verdict){1, 0} : (struct verdict){0, 1};
    for (size_t i = 2; i < LANGDETECT_LANGUAGES; i++)
        if (sum[i] > sum[v.best]) v = (struct verdict){i, v.best};
        else if (sum[i] > sum[v.second]) v.second = i;
    return v;
}

/* How likely does a trial of the original end with the best, not the second?
 * That of a random walk with the mean and the variance of one draw. */
static double chance(const struct langdetect_gram *const *grams, size_t n,
                     struct verdict v)
{
    double sum = 0, squares = 0;

    for (size_t i = 0; i < n; i++) {
        const struct langdetect_share *s = table.shares + grams[i]->first;
        double step = 0;

        for (const struct langdetect_share *end = s + grams[i]->n; s < end; s++)
            if (s->language == v.best) step += s->nats;
            else if (s->language == v.second) step -= s->nats;
        sum += step;
        squares += step * step;
    }
    double mean = sum / (double)n, variance = squares / (double)n - mean * mean;

    if (mean <= 0) return 0.5;
    if (variance <= 0) return 1;
    return 1 / (1 + exp(-2 * CERTAIN_NATS * mean / variance));
}

const char *langdetect(struct view text, double *probability)
{
    size_t      room = CHARACTERS_MOST + MAILBOX_MOST + 1;
    struct text t = {.room = text.len < room ? text.len : room};
    const struct langdetect_gram **grams;
    const char *code = NULL;
    double      likely = 0;

    if (text.len > 0) {
        t.at = mem_grow(NULL, t.room, sizeof *t.at);
        gather(&t, text);
        squeeze(&t);
        drop_latin(&t);
        grams = mem_grow(NULL, 3 * t.n + 1, sizeof *grams);
        size_t n = find_grams(&t, grams);
        if (n > 0) {
            struct verdict v = tell(grams, n);
            code = table.codes[v.best];
            if (probability) likely = chance(grams, n, v);
        }
        free(grams);
        free(t.at);
    }
    if (probability) *probability = likely;
    return code;
}

/* ---- the table ---------------------------------------------------------- */

static struct err    failed;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void read_once(void)
{
    char *path = share_path("originals/langdetect.txt.gz", &failed);

    if (path && langdetect_table_read(&table, path, &failed) == 0)
        failed.kind = ERR_NONE;
    free(path);
}

int langdetect_ready(struct err *err)
{
    pthread_once(&once, read_once);
    if (failed.kind == ERR_NONE) return 0;
    return err_set(err, failed.kind, "%s", failed.text);
}
