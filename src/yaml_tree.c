/* SPDX-License-Identifier: MIT */
/* yaml_tree.c - libyaml's events to a tree; see yaml_tree.h. */
#include "yaml_tree.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/mem.h"
#include "base/opt.h"
#include "base/utf8.h"

#define MAX_DEPTH   16
#define MAX_NODES   10000
#define MAX_ALIASES 100

struct anchor {
    char        *name;
    struct node *node;
};

struct builder {
    yaml_parser_t  parser;
    struct tree   *tree;
    const char    *text, *name;
    size_t         len;
    struct anchor *anchors;
    size_t         n_anchors, n_nodes, n_aliases;
    struct err    *err;
};

static int fail(struct builder *b, int line, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

static int fail(struct builder *b, int line, const char *fmt, ...)
{
    char    what[600];
    va_list args;

    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    return err_set(b->err, ERR_INPUT, "%s:%d: %s", b->name, line, what);
}

/* ---- bytes that are no YAML text at all --------------------------------- */

static int line_of(const char *text, size_t offset)
{
    int line = 1;

    for (size_t i = 0; i < offset; i++) line += text[i] == '\n';
    return line;
}

/* Where the longest valid beginning ends. */
static size_t valid_until(const char *text, size_t len)
{
    size_t from = 0, to = len;

    while (from < to) {
        size_t middle = from + (to - from + 1) / 2, whole = middle;

        while (whole > 0 && whole < len && (text[whole] & 0xc0) == 0x80)
            whole--;
        if (utf8_valid(text, whole)) from = middle;
        else to = middle - 1;
    }
    return from;
}

static int check_bytes(struct builder *b)
{
    if (b->len >= 4 && memcmp(b->text, "GGUF", 4) == 0)
        return err_set(b->err, ERR_INPUT, "%s: is a model file, not a config; "
                       "give it with `-m %s`", b->name, b->name);
    if (memchr(b->text, '\0', b->len))
        return err_set(b->err, ERR_INPUT, "%s: is a binary file, not a config; "
                       "give a YAML file in UTF-8", b->name);
    if (!utf8_valid(b->text, b->len))
        return fail(b, line_of(b->text, valid_until(b->text, b->len)),
                    "this line is not valid UTF-8; save the file as UTF-8");
    for (size_t i = 0; i < b->len; i++) {
        unsigned char c = (unsigned char)b->text[i];

        if ((c < 0x20 && !strchr("\t\n\r", c)) || c == 0x7f)
            return fail(b, line_of(b->text, i), "this line holds the control "
                        "character 0x%02x; remove it", c);
    }
    return 0;
}

/* ---- libyaml's complaints in words for the user ------------------------- */

static const struct {
    const char *theirs, *ours;
    bool        at_start;    /* what is at fault began in an earlier line */
} complaints[] = {
    {"mapping values are not allowed",
     "a `:` stands where none can; put quotes around a text that holds `: `, "
     "and check the indentation", false},
    {"did not find expected key",
     "this line does not fit the ones above; check its indentation, quotes "
     "and brackets", false},
    {"did not find expected '-' indicator",
     "this line is not an item of the list above; begin it with `- ` or "
     "indent it less", false},
    {"could not find expected ':'",
     "a `:` is missing after a field's name; write `field: value`", true},
    {"did not find expected ',' or ']'",
     "a `[` list is not closed; end it with `]` and separate items by `,`",
     true},
    {"did not find expected ',' or '}'",
     "a `{` mapping is not closed; end it with `}` and separate fields by `,`",
     true},
    {"found unexpected end of stream",
     "a quoted text is not closed; end it with the quote it began with", true},
    {"did not find expected node content",
     "a value is missing here; write one or remove the comma", false},
    {"found unknown escape character",
     "an unknown `\\` escape; in a quoted text write `\\\\` or use single "
     "quotes", false},
    {"invalid Unicode character escape",
     "a \\u escape that is no character; write the character itself", false},
    {"found character that cannot start",
     "a text cannot begin with this character; put quotes around it", false},
    {"block sequence entries are not allowed",
     "a list cannot begin here; put its first `- ` on a line of its own",
     false},
    {"did not find expected <document start>",
     "the document has ended above; indent this line or remove the `...` or "
     "closing bracket before it", false},
    {"did not find expected comment or line break",
     "more than a `|` or `>`; begin the text in the next line", false},
    {"control characters are not allowed",
     "a character that YAML forbids; remove it or write it as a \\u escape "
     "in double quotes", false},
};

/* Does the indentation of a line (from 1) hold a tab? */
static bool indented_by_tab(const struct builder *b, int line)
{
    const char *at = b->text, *end = b->text + b->len;

    for (; at < end && line > 1; at++) line -= *at == '\n';
    while (at < end && *at == ' ') at++;
    return at < end && *at == '\t';
}

static int explain(struct builder *b)
{
    const yaml_parser_t *p    = &b->parser;
    const char          *text = p->problem ? p->problem : "unreadable";
    int                  line = (int)p->problem_mark.line + 1;

    if (p->error == YAML_READER_ERROR)
        line = line_of(b->text, p->problem_offset < b->len ? p->problem_offset
                                                           : b->len);
    if (indented_by_tab(b, line) || strstr(text, "tab character"))
        return fail(b, line, "YAML does not allow tabs for indentation; use "
                    "spaces");
    for (size_t i = 0; i < sizeof complaints / sizeof *complaints; i++) {
        if (!strstr(text, complaints[i].theirs)) continue;
        if (complaints[i].at_start && p->context)
            line = (int)p->context_mark.line + 1;
        return fail(b, line, "%s", complaints[i].ours);
    }
    return fail(b, line, "not valid YAML: %s; check this line and the one "
                "above", text);
}

/* ---- the tree ----------------------------------------------------------- */

static int next_event(struct builder *b, yaml_event_t *event)
{
    return yaml_parser_parse(&b->parser, event) ? 0 : explain(b);
}

static struct node *add_node(struct builder *b, const yaml_event_t *event,
                             enum node_kind kind)
{
    struct tree *t = b->tree;
    struct node *n = mem_new(1, sizeof *n);

    n->kind = kind;
    n->line = (int)event->start_mark.line + 1;
    n->column = (int)event->start_mark.column + 1;
    n->height = 1;
    t->all = mem_grow(t->all, t->n_all + 1, sizeof *t->all);
    t->all[t->n_all++] = n;
    return n;
}

static int count_nodes(struct builder *b, int line, size_t more)
{
    b->n_nodes += more;
    if (b->n_nodes <= MAX_NODES) return 0;
    return fail(b, line, "more than %d values, aliases written out; make the "
                "file smaller", MAX_NODES);
}

static int check_depth(struct builder *b, int line, int depth)
{
    if (depth <= MAX_DEPTH) return 0;
    return fail(b, line, "nested more than %d deep; make it flatter",
                MAX_DEPTH);
}

static void append(struct node *to, struct node *key, struct node *item)
{
    if (key) {
        to->keys = mem_grow(to->keys, to->n + 1, sizeof *to->keys);
        to->keys[to->n] = key;
    }
    to->items = mem_grow(to->items, to->n + 1, sizeof *to->items);
    to->items[to->n++] = item;
    if (item->height >= to->height) to->height = item->height + 1;
}

static void add_anchor(struct builder *b, const yaml_char_t *name,
                       struct node *node)
{
    if (!name) return;
    b->anchors = mem_grow(b->anchors, b->n_anchors + 1, sizeof *b->anchors);
    b->anchors[b->n_anchors++] =
        (struct anchor){mem_copy((const char *)name), node};
}

/* Only a finished node has a size. */
static struct node *follow(struct builder *b, const yaml_event_t *event,
                           int depth)
{
    const char  *name = (const char *)event->data.alias.anchor;
    int          line = (int)event->start_mark.line + 1;
    struct node *node = NULL;

    for (size_t i = b->n_anchors; !node && i-- > 0;)
        if (strcmp(b->anchors[i].name, name) == 0) node = b->anchors[i].node;
    if (!node)
        fail(b, line, "the alias `*%.*s` has no anchor `&%.*s` above it; put "
             "quotes around a text that begins with `*`", opt_cut(name), name,
             opt_cut(name), name);
    else if (!node->size)
        fail(b, line, "the alias `*%.*s` stands inside what it names; write "
             "the value itself", opt_cut(name), name);
    else if (++b->n_aliases > MAX_ALIASES)
        fail(b, line, "more than %d aliases; write the values themselves",
             MAX_ALIASES);
    else if (check_depth(b, line, depth + node->height - 1) == 0 &&
             count_nodes(b, line, node->size) == 0)
        return node;
    return NULL;
}

/* Tags of YAML's own schema say what we know; others ask for a program. */
static int check_tag(struct builder *b, int line, const yaml_char_t *tag)
{
    const char *text = (const char *)tag;

    if (!tag || strcmp(text, "!") == 0 ||
        strncmp(text, "tag:yaml.org,2002:", 18) == 0)
        return 0;
    return fail(b, line, "the tag `%.*s` is not supported; write the value "
                "itself", opt_cut(text), text);
}

static struct node *build(struct builder *b, const yaml_event_t *event,
                          int depth);

/* The next node, or *end when the event of that type comes instead. */
static struct node *build_next(struct builder *b, int depth,
                               yaml_event_type_t end, bool *ended)
{
    yaml_event_t event;
    struct node *node = NULL;

    *ended = false;
    if (next_event(b, &event)) return NULL;
    if (event.type == end) *ended = true;
    else node = build(b, &event, depth);
    yaml_event_delete(&event);
    return node;
}

static struct node *build_text(struct builder *b, const yaml_event_t *event)
{
    struct node *node = add_node(b, event, NODE_TEXT);
    const char  *text = (const char *)event->data.scalar.value;
    const char  *tag  = (const char *)event->data.scalar.tag;
    size_t       len  = event->data.scalar.length;

    node->text = mem_copy_n(text, len);
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
                  !(tag && (strcmp(tag, YAML_STR_TAG) == 0 ||
                            strcmp(tag, "!") == 0));
    add_anchor(b, event->data.scalar.anchor, node);
    if (check_tag(b, node->line, event->data.scalar.tag)) return NULL;
    if (memchr(text, '\0', len)) {
        fail(b, node->line, "the text holds a NUL character; remove the `\\0`");
        return NULL;
    }
    return node;
}

static int build_list(struct builder *b, struct node *list, int depth)
{
    bool ended;

    for (;;) {
        struct node *item = build_next(b, depth + 1, YAML_SEQUENCE_END_EVENT,
                                       &ended);
        if (ended) return 0;
        if (!item) return -1;
        append(list, NULL, item);
    }
}

static const struct node *find(const struct node *map, const char *key,
                               const struct node **key_node)
{
    for (size_t i = 0; map->kind == NODE_MAP && i < map->n; i++)
        if (strcmp(map->keys[i]->text, key) == 0) {
            if (key_node) *key_node = map->keys[i];
            return map->items[i];
        }
    return NULL;
}

static bool is_merge(const struct node *key)
{
    return key->plain && strcmp(key->text, "<<") == 0;
}

static int merge(struct builder *b, struct node *into, const struct node *from,
                 int line)
{
    if (from->kind == NODE_LIST) {
        for (size_t i = 0; i < from->n; i++)
            if (from->items[i]->kind != NODE_MAP ||
                merge(b, into, from->items[i], line))
                return fail(b, line, "`<<` takes a mapping or a list of "
                            "mappings");
        return 0;
    }
    if (from->kind != NODE_MAP)
        return fail(b, line, "`<<` takes a mapping, as in `<<: *base`");
    for (size_t i = 0; i < from->n; i++)
        if (!find(into, from->keys[i]->text, NULL))
            append(into, from->keys[i], from->items[i]);
    return 0;
}

static int check_key(struct builder *b, const struct node *map,
                     const struct node *key)
{
    const struct node *first = NULL;

    if (key->kind != NODE_TEXT)
        return fail(b, key->line, "a field's name must be a text; put quotes "
                    "around a value that begins with `{` or `[`");
    if (is_merge(key) || !find(map, key->text, &first)) return 0;
    return fail(b, key->line, "%.*s: is given twice, first in line %d; keep "
                "one", opt_cut(key->text), key->text, first->line);
}

static int build_map(struct builder *b, struct node *map, int depth)
{
    struct node merges = {0};   /* the values of `<<`, in order */
    bool        ended, unused;
    int         rc = -1;

    for (;;) {
        struct node *key = build_next(b, depth + 1, YAML_MAPPING_END_EVENT,
                                      &ended), *item;
        if (ended) break;
        if (!key || check_key(b, map, key)) goto done;
        item = build_next(b, depth + 1, YAML_NO_EVENT, &unused);
        if (!item) goto done;
        append(is_merge(key) ? &merges : map, key, item);
    }
    for (size_t i = 0; i < merges.n; i++)
        if (merge(b, map, merges.items[i], merges.keys[i]->line)) goto done;
    rc = 0;
done:
    free(merges.keys);
    free(merges.items);
    return rc;
}

/* The node that begins with this event; NULL with the error set. */
static struct node *build(struct builder *b, const yaml_event_t *event,
                          int depth)
{
    struct node       *node = NULL;
    const yaml_char_t *tag  = NULL, *anchor = NULL;
    size_t             before = b->n_nodes;
    int                line   = (int)event->start_mark.line + 1;
    int                rc;

    if (event->type == YAML_ALIAS_EVENT) return follow(b, event, depth);
    if (check_depth(b, line, depth) || count_nodes(b, line, 1)) return NULL;
    if (event->type == YAML_SCALAR_EVENT) {
        node = build_text(b, event);
        if (node) node->size = 1;
        return node;
    }
    if (event->type == YAML_SEQUENCE_START_EVENT) {
        node = add_node(b, event, NODE_LIST);
        tag = event->data.sequence_start.tag;
        anchor = event->data.sequence_start.anchor;
    } else {
        node = add_node(b, event, NODE_MAP);
        tag = event->data.mapping_start.tag;
        anchor = event->data.mapping_start.anchor;
    }
    if (check_tag(b, line, tag)) return NULL;
    add_anchor(b, anchor, node);
    rc = node->kind == NODE_LIST ? build_list(b, node, depth)
                                 : build_map(b, node, depth);
    if (rc) return NULL;
    node->size = b->n_nodes - before;
    return node;
}

static int build_document(struct builder *b)
{
    yaml_event_t event = {0};
    bool         ended = false, unused;
    int          rc    = -1;

    yaml_parser_set_input_string(&b->parser, (const yaml_char_t *)b->text,
                                 b->len);
    yaml_parser_set_encoding(&b->parser, YAML_UTF8_ENCODING);
    if (next_event(b, &event)) return -1;    /* the stream's start */
    yaml_event_delete(&event);
    if (next_event(b, &event)) return -1;
    if (event.type == YAML_DOCUMENT_START_EVENT) {
        b->tree->root = build_next(b, 1, YAML_NO_EVENT, &unused);
        if (!b->tree->root) goto done;
        yaml_event_delete(&event);
        if (next_event(b, &event)) return -1;        /* the document's end */
        yaml_event_delete(&event);
        if (next_event(b, &event)) return -1;
    } else {
        b->tree->root = add_node(b, &event, NODE_TEXT);
        b->tree->root->text = mem_copy("");
        b->tree->root->plain = true;
    }
    ended = event.type == YAML_STREAM_END_EVENT;
    if (!ended)
        fail(b, (int)event.start_mark.line + 1, "a second document begins "
             "here; keep one and remove the `---`");
    rc = ended ? 0 : -1;
done:
    yaml_event_delete(&event);
    return rc;
}

int tree_parse(struct tree *out, const char *text, size_t len,
               const char *name, struct err *err)
{
    struct builder b = {.tree = out, .text = text, .len = len, .name = name,
                        .err = err};
    int            rc;

    *out = (struct tree){0};
    if (check_bytes(&b)) return -1;
    if (!yaml_parser_initialize(&b.parser))
        return err_set(err, ERR_FAILED, "%s: no memory for the YAML parser",
                       name);
    rc = build_document(&b);
    yaml_parser_delete(&b.parser);
    for (size_t i = 0; i < b.n_anchors; i++) free(b.anchors[i].name);
    free(b.anchors);
    return rc;
}

void tree_done(struct tree *t)
{
    for (size_t i = 0; i < t->n_all; i++) {
        free(t->all[i]->text);
        free(t->all[i]->keys);
        free(t->all[i]->items);
        free(t->all[i]);
    }
    free(t->all);
    *t = (struct tree){0};
}

const struct node *node_get(const struct node *map, const char *key)
{
    return map ? find(map, key, NULL) : NULL;
}

/* ---- meaning ------------------------------------------------------------ */

static bool one_of(const char *text, const char *const *names)
{
    for (; *names; names++)
        if (strcmp(text, *names) == 0) return true;
    return false;
}

bool node_is_null(const struct node *n)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};

    return n->kind == NODE_TEXT && n->plain && one_of(n->text, nulls);
}

/* A number of the core schema; NULL when the text is none. */
static json_t *number(const char *text)
{
    const char *digits = text + (*text == '-' || *text == '+');
    size_t      len    = strlen(text);
    int         base   = 10;
    char       *end;
    long long   value;
    double      real;

    if (strncmp(text, "0x", 2) == 0) base = 16;
    if (strncmp(text, "0o", 2) == 0) base = 8;
    if (base != 10) digits = text + 2;
    if (!*digits || strspn(digits, base == 16 ? "0123456789abcdefABCDEF"
                                              : "0123456789.eE+-") !=
                        strlen(digits))
        return NULL;
    errno = 0;
    value = strtoll(base == 10 ? text : digits, &end, base);
    if (end == text + len && end != digits && !errno)
        return json_integer(value);
    if (base != 10 || *digits == '+' || *digits == '-') return NULL;
    real = strtod(text, &end);
    return end == text + len && isfinite(real) ? json_real(real) : NULL;
}

static int text_json(const struct node *n, bool typed, json_t **out,
                     struct err *err)
{
    static const char *const yes[] = {"true", "True", "TRUE", "yes", "Yes",
                                      "YES", "on", "On", "ON", NULL};
    static const char *const no[]  = {"false", "False", "FALSE", "no", "No",
                                      "NO", "off", "Off", "OFF", NULL};
    static const char *const none[] = {
        ".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "-.inf", "-.Inf",
        "-.INF", "+.inf", "+.Inf", "+.INF", NULL};

    *out = NULL;
    if (n->plain && typed && one_of(n->text, none))
        return err_set(err, ERR_INPUT, "`%s` cannot be sent as JSON; leave it "
                       "out", n->text);
    if (node_is_null(n)) *out = json_null();
    else if (n->plain && typed && one_of(n->text, yes)) *out = json_true();
    else if (n->plain && typed && one_of(n->text, no)) *out = json_false();
    else if (n->plain && typed) *out = number(n->text);
    if (!*out) *out = json_string(n->text);
    return *out ? 0 : err_set(err, ERR_INPUT, "`%.*s` is not valid UTF-8",
                              opt_cut(n->text), n->text);
}

int node_json(const struct node *n, bool typed, json_t **out, struct err *err)
{
    if (n->kind == NODE_TEXT) return text_json(n, typed, out, err);
    *out = n->kind == NODE_LIST ? json_array() : json_object();
    for (size_t i = 0; i < n->n; i++) {
        json_t *item = NULL;

        if (node_json(n->items[i], typed, &item, err)) {
            json_decref(*out);
            *out = NULL;
            return -1;
        }
        if (n->kind == NODE_LIST) json_array_append_new(*out, item);
        else json_object_set_new(*out, n->keys[i]->text, item);
    }
    return 0;
}
