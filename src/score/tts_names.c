/* SPDX-License-Identifier: MIT */
/* tts_names.c - names that are written, not spoken: identifiers, sites,
 * files, paths; and words in letters that a voice spells. */
#include <string.h>
#include <strings.h>
#include <utf8proc.h>

#include "score/tts_token.h"

#define CAPITALS_LEAST 5

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
static bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* ---- identifiers ------------------------------------------------------- */

/* 0x1f; 9f8e7d6c: figures and letters that change at least twice; the
 * groups of a UUID or a MAC address. */
static bool is_hex_name(const struct token *t)
{
    size_t changes = 0, marks = 0, digits = 0;

    if (t->len > 2 && t->at[0] == '0' && (t->at[1] == 'x' || t->at[1] == 'X'))
        return is_hex(t->at[2]);
    for (size_t i = 0; i < t->len; i++) {
        if (t->at[i] == '-' || t->at[i] == ':')
            marks++;
        else if (!is_hex(t->at[i]))
            return false;
        digits += is_digit(t->at[i]);
        if (i > 0 && is_hex(t->at[i]) && is_hex(t->at[i - 1]) &&
            is_digit(t->at[i]) != is_digit(t->at[i - 1]))
            changes++;
    }
    if (marks >= 4) return digits + marks < t->len && t->len >= 14;
    return marks == 0 && t->len >= 6 && changes >= 2;
}

/* Domains of Home Assistant: what stands before the dot of an entity. */
static const char *const entity_domains[] = {
    "light", "switch", "sensor", "binary_sensor", "climate", "cover", "lock",
    "fan", "media_player", "vacuum", "valve", "scene", "script", "automation",
    "weather", "calendar", "todo", "timer", "person", "zone", "camera",
    "button", "number", "select", "input_boolean", "input_number", "group",
    "alarm", "intercom", "alarm_control_panel", "device_tracker",
    "homeassistant", "humidifier", "water_heater", "siren", "remote", "sun",
    "event", "update",
    NULL,
};

static bool is_entity(const struct token *t)
{
    const char *dot = memchr(t->at, '.', t->len);
    size_t      left;
    bool        has_line = false;

    if (!dot || dot == t->at) return false;
    left = (size_t)(dot - t->at);
    if (left + 2 > t->len) return false;
    for (size_t i = 0; i < t->len; i++) {
        if (i == left) continue;
        if (!is_lower(t->at[i]) && !is_digit(t->at[i]) && t->at[i] != '_')
            return false;
        if (t->at[i] == '_') has_line = true;
    }
    if (!is_lower(t->at[0])) return false;
    return has_line ||
           token_is_any(&(struct token){.at = t->at, .len = left},
                        entity_domains);
}

/* ---- sites, files, paths ----------------------------------------------- */

static const char *const tops[] = {
    "com", "org", "net", "io", "de", "uk", "fr", "eu", "info", "gov", "edu",
    "tv", "app", "dev", "nl", "pl", "ai", "br", "ch", NULL,
};

static const char *const endings[] = {
    "pdf", "txt", "yaml", "yml", "json", "jpg", "jpeg", "png", "gif", "mp3",
    "mp4", "wav", "csv", "doc", "docx", "xls", "xlsx", "html", "py", "zip",
    "exe", "log", "conf", "ini", "gguf", "sh", "xml", "md", NULL,
};

/* Where the host ends, 0 when there is none: letters, figures and hyphens
 * with a dot and a known top at the end. */
static size_t host_at(const char *at, size_t len, const char *const *last)
{
    size_t end = 0, dot = 0;

    while (end < len && (is_lower(at[end]) || is_upper(at[end]) ||
                         is_digit(at[end]) || at[end] == '-' ||
                         at[end] == '_' || at[end] == '.')) {
        if (at[end] == '.') dot = end;
        end++;
    }
    if (dot == 0 || dot + 1 == end) return 0;
    return token_is_any(&(struct token){.at = at + dot + 1,
                                        .len = end - dot - 1}, last)
               ? end : 0;
}

static bool is_path(const struct token *t)
{
    const char *at = t->at;

    if (t->len > 2 && at[1] == ':' && at[2] == '\\') return true;
    if (t->len > 2 && at[0] == '~' && at[1] == '/') return true;
    if (t->len > 2 && at[0] == '/' && (is_lower(at[1]) || is_upper(at[1])))
        return true;
    return t->raw_len > 3 && (memcmp(t->raw, "./", 2) == 0 ||
                              memcmp(t->raw, "../", 3) == 0);
}

static bool is_hashtag(const struct token *t)
{
    return t->len > 1 && t->at[0] == '#' &&
           (is_lower(t->at[1]) || is_upper(t->at[1]) ||
            (unsigned char)t->at[1] >= 0x80);
}

const char *tts_name_offence(const struct token *t)
{
    size_t host;

    if (is_hashtag(t)) return "a hashtag";
    if (is_path(t)) return "a path";
    host = host_at(t->at, t->len, tops);
    if (host > 0 && host + 1 < t->len && t->at[host] == '/')
        return "an address";
    if (host_at(t->at, t->len, endings) == 0 && is_entity(t))
        return "an identifier";
    return is_hex_name(t) ? "an identifier" : NULL;
}

/* ---- letters ----------------------------------------------------------- */

static bool is_roman(const struct token *t)
{
    /* Tens, then ones: up to XXXIX, enough for kings and wars. */
    static const char *const ones[] = {"VIII", "VII", "III", "IV", "IX", "VI",
                                       "II", "V", "I", NULL};
    size_t tens = 0;

    while (tens < t->len && tens < 3 && t->at[tens] == 'X') tens++;
    if (t->len < 2 || t->len > 7) return false;
    if (tens == t->len) return true;
    return token_is_any(&(struct token){.at = t->at + tens,
                                        .len = t->len - tens}, ones);
}

static const char *spelled(const struct token *t)
{
    static const char *const known[] = {"MP3", "MP4", "H2O", "CO2", "PM10",
                                        "PS5", "PS4", "COVID-19", NULL};
    size_t uppers = 0, digits = 0, others = 0;

    for (size_t at = 0; at < t->len;) {
        utf8proc_int32_t c;
        utf8proc_ssize_t n = utf8proc_iterate(
            (const utf8proc_uint8_t *)t->at + at,
            (utf8proc_ssize_t)(t->len - at), &c);

        if (n > 0 && utf8proc_category(c) == UTF8PROC_CATEGORY_LU)
            uppers++;
        else if (n > 0 && is_digit(t->at[at]))
            digits++;
        else if (t->at[at] != '-')
            others++;
        at += n > 0 ? (size_t)n : 1;
    }
    if (uppers >= CAPITALS_LEAST && digits + others == 0) return "capitals";
    if (others > 0 || digits == 0 || uppers < 2 || token_is_any(t, known))
        return NULL;
    /* 7PM is read well. */
    return is_digit(t->at[0]) && uppers == 2 && t->at[t->len - 1] == 'M'
               ? NULL : "an initialism";
}

/* and/or, he/she: letters on both sides. */
static bool has_slash(const struct token *t)
{
    for (size_t i = 1; i + 1 < t->len; i++)
        if (t->at[i] == '/' && !is_digit(t->at[i - 1]) &&
            !is_digit(t->at[i + 1]))
            return true;
    return false;
}

static bool has_line_inside(const struct token *t)
{
    return t->len > 2 && memchr(t->at + 1, '_', t->len - 2) != NULL;
}

const char *tts_name_blemish(const struct token *t)
{
    const char *sign = memchr(t->at, '@', t->len);

    if (host_at(t->at, t->len, tops) == t->len) return "a site";
    if (sign && sign > t->at && sign + 1 < t->at + t->len) return "a site";
    if (host_at(t->at, t->len, endings) == t->len) return "a file name";
    if (has_slash(t)) return "a slash";
    if (has_line_inside(t)) return "a name with underscores";
    if (is_roman(t)) return "a roman numeral";
    return spelled(t);
}
