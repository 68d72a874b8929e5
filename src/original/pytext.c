/* SPDX-License-Identifier: MIT */
/* pytext.c - see pytext.h. */
#include "original/pytext.h"

#include <string.h>
#include <unicase.h>
#include <unictype.h>

#include "base/mem.h"

#define REPLACEMENT 0xFFFDu
#define SIGMA       0x03A3u
#define FINAL_SIGMA 0x03C2u
#define SMALL_SIGMA 0x03C3u
#define DOTTED_I    0x0130u

struct view view_of(const char *text)
{
    return (struct view){text, strlen(text)};
}

bool view_same(struct view a, struct view b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/* The character that starts at p, at most `left` bytes; *n its bytes. Half a
 * surrogate pair in three bytes is one: pyjson.h gives such texts. */
static uint32_t decode(const unsigned char *p, size_t left, size_t *n)
{
    unsigned first = p[0];
    size_t   want  = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    uint32_t least = first >= 0xF0 ? 0x10000 : first >= 0xE0 ? 0x800 : 0x80;
    uint32_t c     = first & (0x7Fu >> want);

    *n = 1;
    if (first < 0x80) return first;
    if (first < 0xC2 || first > 0xF4 || left < want) return REPLACEMENT;
    for (size_t i = 1; i < want; i++) {
        if ((p[i] & 0xC0) != 0x80) return REPLACEMENT;
        c = c << 6 | (p[i] & 0x3Fu);
    }
    if (c < least || c > 0x10FFFF) return REPLACEMENT;
    *n = want;
    return c;
}

uint32_t py_next(struct view v, size_t *i)
{
    size_t   n;
    uint32_t c = decode((const unsigned char *)v.at + *i, v.len - *i, &n);

    *i += n;
    return c;
}

/* The character that ends at byte `end` (> 0); *start is where it begins. */
static uint32_t before(struct view v, size_t end, size_t *start)
{
    const unsigned char *p = (const unsigned char *)v.at;
    size_t n;

    for (size_t back = 2; back <= 4 && back <= end; back++) {
        if ((p[end - back + 1] & 0xC0) != 0x80) break;
        if (p[end - back] < 0xC2) continue;
        uint32_t c = decode(p + end - back, back, &n);
        if (n != back) break;
        *start = end - back;
        return c;
    }
    *start = end - 1;
    return p[end - 1] < 0x80 ? p[end - 1] : REPLACEMENT;
}

/* ------------------------------------------------------------ properties - */

bool py_is_space(uint32_t c)
{
    if (c < 0x80) return c == ' ' || (c >= 9 && c <= 13) ||
                         (c >= 0x1C && c <= 0x1F);
    return c == 0x85 || c == 0xA0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
           c == 0x202F || c == 0x205F || c == 0x3000;
}

static bool has_numeric_value(uint32_t c)
{
    return uc_numeric_value(c).denominator != 0;
}

bool py_is_alnum(uint32_t c)
{
    if (c < 0x80)
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
               (c >= 'A' && c <= 'Z');
    return uc_is_general_category_withtable(
               c, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_Nd) ||
           has_numeric_value(c);
}

bool py_is_decimal(uint32_t c)
{
    if (c < 0x80) return c >= '0' && c <= '9';
    return uc_is_general_category_withtable(c, UC_CATEGORY_MASK_Nd);
}

bool py_is_lower(uint32_t c)
{
    if (c < 0x80) return c >= 'a' && c <= 'z';
    return uc_is_property_lowercase(c);
}

bool py_is_upper(uint32_t c)
{
    if (c < 0x80) return c >= 'A' && c <= 'Z';
    return uc_is_property_uppercase(c);
}

bool py_is_title(uint32_t c)
{
    return c >= 0x80 &&
           uc_is_general_category_withtable(c, UC_CATEGORY_MASK_Lt);
}

/* A cased character of this kind and none of the other, none in title case. */
static bool all_cased(struct view v, bool (*wanted)(uint32_t),
                      bool (*refused)(uint32_t))
{
    bool any = false;

    for (size_t i = 0; i < v.len;) {
        uint32_t c = py_next(v, &i);
        if (refused(c)) return false;
        if (wanted(c)) any = true;
        else if (py_is_title(c)) return false;
    }
    return any;
}

bool py_islower(struct view v)
{
    return all_cased(v, py_is_lower, py_is_upper);
}

bool py_isupper(struct view v)
{
    return all_cased(v, py_is_upper, py_is_lower);
}

/* -------------------------------------------------------------- stripping - */

struct view py_strip(struct view v)
{
    size_t start = 0, end = v.len, at;

    for (size_t i = 0; i < end && py_is_space(py_next(v, &i));) start = i;
    while (end > start && py_is_space(before(v, end, &at))) end = at;
    return (struct view){v.at + start, end - start};
}

struct view py_strip_of(struct view v, const char *ascii)
{
    while (v.len && v.at[0] && strchr(ascii, v.at[0])) {
        v.at++;
        v.len--;
    }
    while (v.len && v.at[v.len - 1] && strchr(ascii, v.at[v.len - 1]))
        v.len--;
    return v;
}

bool py_is_blank(struct view v)
{
    for (size_t i = 0; i < v.len;)
        if (!py_is_space(py_next(v, &i))) return false;
    return true;
}

/* ------------------------------------------------------------- lower case - */

static size_t encode(char *out, uint32_t c)
{
    unsigned char *p = (unsigned char *)out;

    if (c < 0x80) {
        p[0] = (unsigned char)c;
        return 1;
    }
    if (c < 0x800) {
        p[0] = (unsigned char)(0xC0 | c >> 6);
        p[1] = (unsigned char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        p[0] = (unsigned char)(0xE0 | c >> 12);
        p[1] = (unsigned char)(0x80 | (c >> 6 & 0x3F));
        p[2] = (unsigned char)(0x80 | (c & 0x3F));
        return 3;
    }
    p[0] = (unsigned char)(0xF0 | c >> 18);
    p[1] = (unsigned char)(0x80 | (c >> 12 & 0x3F));
    p[2] = (unsigned char)(0x80 | (c >> 6 & 0x3F));
    p[3] = (unsigned char)(0x80 | (c & 0x3F));
    return 4;
}

/* Is the sigma between these bytes the last letter of a word: a cased letter
 * before it, none behind it, ignorable characters not counted? A run of those
 * is looked at from two sigmas at most, so this stays linear. */
static bool ends_word(struct view v, size_t start, size_t end)
{
    bool cased = false;

    while (start > 0) {
        uint32_t c = before(v, start, &start);
        if (uc_is_property_case_ignorable(c)) continue;
        cased = uc_is_property_cased(c);
        break;
    }
    if (!cased) return false;
    while (end < v.len) {
        uint32_t c = py_next(v, &end);
        if (uc_is_property_case_ignorable(c)) continue;
        return !uc_is_property_cased(c);
    }
    return true;
}

size_t py_lower_room(struct view v)
{
    return v.len * 3;   /* a byte that is no UTF-8 becomes U+FFFD */
}

size_t py_lower_into(struct view v, char *out)
{
    size_t used = 0;

    for (size_t i = 0; i < v.len;) {
        unsigned char byte = (unsigned char)v.at[i];
        if (byte < 0x80) {
            out[used++] = (char)(byte >= 'A' && byte <= 'Z' ? byte + 32
                                                            : byte);
            i++;
            continue;
        }

        size_t   start = i;
        uint32_t c     = py_next(v, &i);
        if (c == DOTTED_I) {
            memcpy(out + used, "i\xCC\x87", 3);
            used += 3;
        } else if (c == SIGMA) {
            used += encode(out + used, ends_word(v, start, i) ? FINAL_SIGMA
                                                              : SMALL_SIGMA);
        } else {
            used += encode(out + used, uc_tolower(c));
        }
    }
    return used;
}

char *py_clean(struct view v, size_t *len)
{
    char  *out  = mem_new(v.len * 3 + 1, 1);
    size_t used = 0;

    for (size_t i = 0; i < v.len;) {
        uint32_t c = py_next(v, &i);
        used += encode(out + used, c >= 0xD800 && c <= 0xDFFF ? REPLACEMENT
                                                              : c);
    }
    *len = used;
    return out;
}

char *py_lower(struct view v, size_t *len)
{
    char *out = mem_new(py_lower_room(v) + 1, 1);

    *len = py_lower_into(v, out);
    return out;
}
