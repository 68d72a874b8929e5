/* SPDX-License-Identifier: MIT */
/* wire.c - see wire.h. */
#include "remote/wire.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/jsonx.h"
#include "base/mem.h"

#define FILES_MAX      10000
#define PATH_MAX_BYTES 1000
#define NAME_MAX_BYTES 255

/* ---- numbers and ranges ------------------------------------------------ */

/* Digits at *at, which is moved behind them; -1 when there are none or too
 * many of them. */
static int64_t digits(const char **at)
{
    int64_t n = 0;

    if (!isdigit((unsigned char)**at)) return -1;
    for (; isdigit((unsigned char)**at); (*at)++) {
        n = n * 10 + (**at - '0');
        if (n >= WIRE_SIZE_MAX) return -1;
    }
    return n;
}

int64_t wire_size(const char *text)
{
    int64_t n = text ? digits(&text) : -1;

    return n >= 0 && *text == '\0' ? n : -1;
}

bool wire_content_range(const char *text, struct wire_range *out)
{
    struct wire_range r = {-1, -1, -1};

    if (!text || strncasecmp(text, "bytes", 5) != 0) return false;
    text += 5;
    if (*text != ' ') return false;
    text += strspn(text, " ");
    if (*text == '*') {
        text++;
    } else {
        r.first = digits(&text);
        if (r.first < 0 || *text++ != '-') return false;
        r.last = digits(&text);
        if (r.last < r.first) return false;
    }
    if (*text++ != '/') return false;
    if (*text == '*') {
        text++;
        if (r.first < 0) return false;
    } else {
        r.total = digits(&text);
        if (r.total < 0 || (r.first >= 0 && r.last >= r.total)) return false;
    }
    if (*text) return false;
    *out = r;
    return true;
}

/* ---- entity tags and links --------------------------------------------- */

void wire_etag(const char *text, char out[WIRE_ETAG_BYTES])
{
    size_t len;

    *out = '\0';
    if (!text) return;
    if (strncmp(text, "W/", 2) == 0) text += 2;
    len = strlen(text);
    if (len >= 2 && *text == '"' && text[len - 1] == '"') text++, len -= 2;
    if (len >= WIRE_ETAG_BYTES) return;
    for (size_t i = 0; i < len; i++)
        if (!isgraph((unsigned char)text[i]) || text[i] == '"') return;
    memcpy(out, text, len);
    out[len] = '\0';
}

bool wire_etag_is_strong(const char *text)
{
    size_t len = text ? strlen(text) : 0;

    if (len < 3 || len > WIRE_ETAG_BYTES || *text != '"' ||
        text[len - 1] != '"')
        return false;
    for (size_t i = 1; i + 1 < len; i++)
        if (!isgraph((unsigned char)text[i]) || text[i] == '"') return false;
    return true;
}

/* Is one of the relation types in a parameter's value "next"? */
static bool says_next(const char *value, size_t len)
{
    while (len) {
        size_t word;

        while (len && strchr(" \t\"", *value)) value++, len--;
        for (word = 0; word < len && !strchr(" \t\"", value[word]);) word++;
        if (word == 4 && strncasecmp(value, "next", 4) == 0) return true;
        value += word;
        len -= word;
    }
    return false;
}

/* Bytes of a link's parameters, to the ',' that is in no quotes. */
static size_t parameters_len(const char *text)
{
    bool   quoted = false;
    size_t n = 0;

    for (; text[n] && (quoted || text[n] != ','); n++)
        if (text[n] == '"') quoted = !quoted;
    return n;
}

static bool is_next(const char *parameters, size_t len)
{
    const char *end = parameters + len;

    while (parameters < end) {
        size_t n = 0;
        bool   quoted = false;

        for (; parameters + n < end && (quoted || parameters[n] != ';'); n++)
            if (parameters[n] == '"') quoted = !quoted;
        while (n && isspace((unsigned char)*parameters)) parameters++, n--;
        if (n > 4 && strncasecmp(parameters, "rel=", 4) == 0 &&
            says_next(parameters + 4, n - 4))
            return true;
        parameters += n;
        if (parameters < end) parameters++;
    }
    return false;
}

char *wire_link_next(const char *text)
{
    while (text && (text = strchr(text, '<')) != NULL) {
        const char *target = text + 1, *close = strchr(target, '>');
        size_t      len;

        if (!close) return NULL;
        len = parameters_len(close + 1);
        if (close > target && is_next(close + 1, len))
            return mem_copy_n(target, (size_t)(close - target));
        text = close + 1 + len;
    }
    return NULL;
}

/* ---- names ------------------------------------------------------------- */

bool wire_is_hex(const char *text, size_t n)
{
    return text && strlen(text) == n &&
           strspn(text, "0123456789abcdefABCDEF") == n;
}

bool wire_path_is_safe(const char *path)
{
    size_t len;

    if (!*path || strlen(path) > PATH_MAX_BYTES) return false;
    for (const char *c = path; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f || *c == '\\') return false;
    for (;; path += len + 1) {
        len = strcspn(path, "/");
        if (len == 0 || len > NAME_MAX_BYTES ||
            (len == 1 && path[0] == '.') ||
            (len == 2 && path[0] == '.' && path[1] == '.'))
            return false;
        if (!path[len]) return true;
    }
}

char *wire_path_escape(const char *path)
{
    static const char hex[] = "0123456789ABCDEF";
    char             *out = mem_new(3 * strlen(path) + 1, 1), *to = out;

    for (; *path; path++) {
        unsigned char c = (unsigned char)*path;
        if (isalnum(c) || strchr("-._~/", c)) {
            *to++ = *path;
        } else {
            *to++ = '%';
            *to++ = hex[c >> 4];
            *to++ = hex[c & 15];
        }
    }
    return out;
}

/* ---- listings ---------------------------------------------------------- */

void wire_files_done(struct wire_files *f)
{
    for (size_t i = 0; i < f->n; i++) free(f->items[i].path);
    free(f->items);
    *f = (struct wire_files){0};
}

/* The text of a key, and no NUL inside it; or NULL. */
static const char *plain_text(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    const char   *text = json_string_value(value);

    return text && strlen(text) == json_string_length(value) ? text : NULL;
}

static int64_t size_of(const json_t *object)
{
    const json_t *value = json_object_get(object, "size");
    json_int_t    n = json_is_integer(value) ? json_integer_value(value) : -1;

    return n >= 0 && n < WIRE_SIZE_MAX ? (int64_t)n : -1;
}

static void copy_oid(char out[65], const char *oid)
{
    size_t n = 0;

    if (wire_is_hex(oid, 64) || wire_is_hex(oid, 40))
        for (; oid[n]; n++) out[n] = (char)tolower((unsigned char)oid[n]);
    out[n] = '\0';
}

/* An entry of the tree, when it is a .gguf file. */
static int add_entry(struct wire_files *f, const json_t *entry,
                     struct err *err)
{
    const json_t    *name = json_object_get(entry, "path");
    const char      *type = plain_text(entry, "type");
    const char      *path = json_string_value(name);
    const json_t    *lfs = json_object_get(entry, "lfs");
    size_t           len = json_string_length(name);
    struct wire_file file = {.size = -1};

    if (!path || (type && strcmp(type, "file") != 0) || len < 5 ||
        strcasecmp(path + len - 5, ".gguf") != 0)
        return 0;
    if (strlen(path) != len || !wire_path_is_safe(path))
        return err_set(err, ERR_FAILED, "lists a file \"%.80s\", whose name "
                       "leads out of its folder; use another repository",
                       path);
    if (f->n == FILES_MAX)
        return err_set(err, ERR_FAILED, "lists more than %d models; name one "
                       "file by its URL", FILES_MAX);
    file.path = mem_copy(path);
    file.size = size_of(json_is_object(lfs) ? lfs : entry);
    copy_oid(file.oid, plain_text(json_is_object(lfs) ? lfs : entry, "oid"));
    f->items = mem_grow(f->items, f->n + 1, sizeof *f->items);
    f->items[f->n++] = file;
    return 0;
}

int wire_files_add(struct wire_files *f, const char *json, size_t len,
                   struct err *err)
{
    struct err    why = {0};
    json_t       *list = jsonx_parse(json, len, &why);
    const json_t *entry;
    size_t        i;
    int           rc = 0;

    if (!json_is_array(list))
        rc = err_set(err, ERR_FAILED, "the list of its files is no list%s%s; "
                     "is HF_ENDPOINT the address of a Hugging Face hub?",
                     *why.text ? ": " : "", why.text);
    json_array_foreach(list, i, entry)
        if (rc == 0) rc = add_entry(f, entry, err);
    json_decref(list);
    return rc;
}

int wire_revision(const char *json, size_t len, struct wire_revision *out,
                  struct err *err)
{
    struct err    ignored = {0};
    json_t       *root = jsonx_parse(json, len, &ignored);
    const char   *sha = plain_text(root, "sha");
    const json_t *gated = json_object_get(root, "gated");
    int           rc = 0;

    *out = (struct wire_revision){.gated = gated && !json_is_false(gated) &&
                                           !json_is_null(gated)};
    if (!wire_is_hex(sha, 40))
        rc = err_set(err, ERR_FAILED, "its revision has no commit; is "
                     "HF_ENDPOINT the address of a Hugging Face hub?");
    else
        for (size_t i = 0; i < 40; i++)
            out->commit[i] = (char)tolower((unsigned char)sha[i]);
    json_decref(root);
    return rc;
}
