/* SPDX-License-Identifier: MIT */
/* opt.c - a command line against its table; see opt.h. The value of one
 * option is opt_value.c's, what is printed of a table opt_print.c's. */
#include "base/opt.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/utf8.h"

#define WORD_MAX 64

struct reader {
    const struct command *cmd;
    int                   argc, i;
    char                **argv;
    void                 *options;
    enum opt_source      *sources;
    struct text_list     *arguments;
    struct err           *err;
};

/* ---- names -------------------------------------------------------------- */

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* Edits (insert, delete, replace, swap neighbours) from a to b, case aside;
 * neither is longer than WORD_MAX. */
static size_t distance(const char *a, const char *b)
{
    size_t rows[3][WORD_MAX + 1];
    size_t n = strlen(b);

    for (size_t j = 0; j <= n; j++) rows[0][j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t       *row  = rows[i % 3];
        const size_t *last = rows[(i + 2) % 3];
        const size_t *old  = rows[(i + 1) % 3];

        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            int x = tolower((unsigned char)a[i - 1]);
            int y = tolower((unsigned char)b[j - 1]);

            row[j] = least(least(last[j], row[j - 1]) + 1,
                           last[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) &&
                y == tolower((unsigned char)a[i - 2]))
                row[j] = least(row[j], old[j - 2] + 1);
        }
    }
    return rows[strlen(a) % 3][n];
}

const char *opt_nearest(const char *word, const char *const *names)
{
    size_t      len  = strlen(word);
    size_t      best = len / 3;
    const char *near = NULL;

    for (; len <= WORD_MAX && *names; names++) {
        size_t edits;

        if (strlen(*names) > WORD_MAX) continue;
        edits = distance(word, *names);
        if (edits > best || (near && edits == best)) continue;
        best = edits;
        near = *names;
    }
    return near;
}

void opt_env_name(const struct opt *o, char *text, size_t size)
{
    snprintf(text, size, "AUDITION_%s", o->name);
    for (char *c = text; *c; c++)
        *c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
}

bool opt_defaults_to_yes(const struct opt *o)
{
    return o->type == OPT_FLAG && o->dflt && strcmp(o->dflt, "yes") == 0;
}

static const struct opt *find_long(const struct command *cmd, const char *name,
                                   size_t len)
{
    for (const struct opt *o = cmd->opts; o->name; o++)
        if ((strlen(o->name) == len && memcmp(o->name, name, len) == 0) ||
            (o->alias && strlen(o->alias) == len &&
             memcmp(o->alias, name, len) == 0))
            return o;
    return NULL;
}

static const struct opt *find_letter(const struct command *cmd, char letter)
{
    for (const struct opt *o = cmd->opts; letter && o->name; o++)
        if (o->letter == letter) return o;
    return NULL;
}

static bool spells_option(const struct command *cmd, const char *text)
{
    if (text[0] != '-' || !text[1]) return false;
    if (text[1] == '-')
        return !text[2] || find_long(cmd, text + 2, strcspn(text + 2, "="));
    return !text[2] && find_letter(cmd, text[1]);
}

/* ---- values and where they come from ------------------------------------ */

static int set(struct reader *r, const struct opt *o, const char *value,
               enum opt_source source, const char *spelling)
{
    enum opt_source *from = &r->sources[o - r->cmd->opts];

    if (o->type == OPT_LIST && *from != source) opt_unset(o, r->options);
    *from = source;
    if (opt_parse_value(o, value, r->options, r->err))
        return err_ctx(r->err, "%s", spelling);
    return 0;
}

static int read_defaults(struct reader *r)
{
    for (const struct opt *o = r->cmd->opts; o->name; o++) {
        struct err why = {0};

        opt_unset(o, r->options);
        r->sources[o - r->cmd->opts] = OPT_FROM_DEFAULT;
        if (o->dflt && opt_parse_value(o, o->dflt, r->options, &why))
            return err_set(r->err, ERR_BUG, "the default of --%s: %s", o->name,
                           why.text);
    }
    return 0;
}

/* What an ecosystem's variable says about one of our flags. */
static const char *flag_words(const struct opt *o, const char *name,
                              const char *value)
{
    static const char *const no[] = {"0", "no", "false", "off"};

    if (strncmp(name, "NO_", 3) == 0)
        return opt_defaults_to_yes(o) ? "no" : "yes";
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        if (strcasecmp(value, no[i]) == 0) return "no";
    return "yes";
}

static int read_environment(struct reader *r)
{
    for (const struct opt *o = r->cmd->opts; o->name; o++) {
        char        ours[WORD_MAX * 2];
        const char *name = ours, *value;

        opt_env_name(o, ours, sizeof ours);
        value = getenv(ours);
        if ((!value || !*value) && o->env) {
            name = o->env;
            value = getenv(name);
            if (value && *value && o->type == OPT_FLAG)
                value = flag_words(o, name, value);
        }
        if (value && *value && set(r, o, value, OPT_FROM_ENV, name)) return -1;
    }
    return 0;
}

/* ---- the command line --------------------------------------------------- */

static int unknown(struct reader *r, const char *arg)
{
    const char  *word = arg + strspn(arg, "-"), *near;
    char        *bare = mem_copy_n(word, strcspn(word, "="));
    const char **names;
    size_t       n = 0;

    for (const struct opt *o = r->cmd->opts; o->name; o++) n++;
    names = mem_new(2 * n + 2, sizeof *names);
    n = 0;
    for (const struct opt *o = r->cmd->opts; o->name; o++) {
        names[n++] = o->name;
        if (o->alias) names[n++] = o->alias;
    }
    names[n] = "help";
    near = opt_nearest(bare, names);
    err_set(r->err, ERR_INPUT, "unknown option `%.*s`; %s%s%s`audition %s "
            "--help` lists all", opt_cut(arg), arg,
            near ? "did you mean `--" : "", near ? near : "",
            near ? "`? " : "", r->cmd->name);
    free(names);
    free(bare);
    return -1;
}

/* The value is what is attached, else the next argument. */
static int take_value(struct reader *r, const struct opt *o,
                      const char *attached, const char *spelling)
{
    char range[300];

    if (!attached && r->i < r->argc && !spells_option(r->cmd, r->argv[r->i]))
        attached = r->argv[r->i++];
    if (attached) return set(r, o, attached, OPT_FROM_FLAG, spelling);
    opt_range(o, range, sizeof range);
    return err_set(r->err, ERR_INPUT, "%s: a value is missing; write `%s %s`%s"
                   "%s", spelling, spelling, o->value ? o->value : "VALUE",
                   *range ? " with " : "", range);
}

/* name is behind the dashes; *spelling* of the whole argument. */
static int read_long(struct reader *r, const char *name)
{
    size_t            len      = strcspn(name, "=");
    const char       *attached = name[len] ? name + len + 1 : NULL;
    const struct opt *o        = find_long(r->cmd, name, len);
    const char       *truth    = "yes";
    char              spelling[WORD_MAX * 2];

    if (!o && strncmp(name, "no-", 3) == 0) {
        o = find_long(r->cmd, name + 3, len - 3);
        if (o && o->type != OPT_FLAG) o = NULL;
        truth = "no";
    }
    if (!o) return unknown(r, r->argv[r->i - 1]);
    snprintf(spelling, sizeof spelling, "--%.*s", (int)len, name);
    if (o->type != OPT_FLAG) return take_value(r, o, attached, spelling);
    if (attached)
        return err_set(r->err, ERR_INPUT, "%s: takes no value, but `%.*s` was "
                       "given; leave it out", spelling, opt_cut(attached),
                       attached);
    return set(r, o, truth, OPT_FROM_FLAG, spelling);
}

/* One dash: letters, the last of which may have a value. */
static int read_letters(struct reader *r, const char *letters)
{
    if (letters[1] && find_long(r->cmd, letters, strcspn(letters, "=")))
        return read_long(r, letters);
    for (; *letters; letters++) {
        const struct opt *o = find_letter(r->cmd, *letters);
        const char        spelling[] = {'-', *letters, '\0'};
        const char       *rest = letters + 1;

        if (!o) return unknown(r, r->argv[r->i - 1]);
        if (o->type != OPT_FLAG)
            return take_value(r, o, *rest ? rest + (*rest == '=') : NULL,
                              spelling);
        if (set(r, o, "yes", OPT_FROM_FLAG, spelling)) return -1;
    }
    return 0;
}

static int read_argument(struct reader *r, const char *arg)
{
    size_t most = r->cmd->max_arguments;

    if (r->arguments->n == most)
        return err_set(r->err, ERR_INPUT, "`%.*s` is one argument too many; "
                       "`audition %s` takes %s%s", opt_cut(arg), arg,
                       r->cmd->name, most ? r->cmd->arguments : "none",
                       most ? "" : ", only options");
    text_list_add(r->arguments, arg);
    return 0;
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0)
            return true;
    return false;
}

int opt_parse(const struct command *cmd, int argc, char **argv, void *options,
              enum opt_source *sources, struct text_list *arguments,
              bool *wants_help, struct err *err)
{
    struct reader r = {cmd, argc, 0, argv, options, sources, arguments, err};
    bool          only_arguments = false;

    memset(options, 0, cmd->options_bytes);
    *arguments = (struct text_list){0};
    *wants_help = asks_for_help(argc, argv);
    if (read_defaults(&r)) return -1;
    if (*wants_help) return 0;
    if (read_environment(&r)) return -1;
    while (r.i < argc) {
        const char *arg = argv[r.i++];
        int         rc  = 0;

        if (only_arguments || arg[0] != '-' || !arg[1])
            rc = read_argument(&r, arg);
        else if (strcmp(arg, "--") == 0)
            only_arguments = true;
        else if (arg[1] == '-')
            rc = read_long(&r, arg + 2);
        else
            rc = read_letters(&r, arg + 1);
        if (rc) return -1;
    }
    return 0;
}

void opt_done(const struct command *cmd, void *options)
{
    for (const struct opt *o = cmd->opts; o->name; o++) opt_unset(o, options);
}

/* ---- the settings of a run ---------------------------------------------- */

/* "https://user:password@host/path?signature" keeps its host and path. */
static json_t *text_without_secrets(const char *text)
{
    const char   *host = strstr(text, "://"), *at = NULL;
    struct strbuf out;
    json_t       *value;
    char         *clean;

    strbuf_init(&out, strlen(text) + 8);
    if (host) {
        host += 3;
        for (const char *c = host; *c && !strchr("/?#", *c); c++)
            if (*c == '@') at = c;
    }
    if (at) {
        strbuf_addn(&out, text, (size_t)(host - text));
        strbuf_add(&out, "***");
    }
    if (at) text = at;
    strbuf_addn(&out, text, host ? strcspn(text, "?") : strlen(text));
    if (host && strchr(text, '?')) strbuf_add(&out, "?***");
    clean = utf8_clean(out.text, out.len);
    value = json_string(clean);
    free(clean);
    strbuf_done(&out);
    return value;
}

static json_t *setting_text(const struct opt *o, const char *text)
{
    if (!text) return json_null();
    if (strstr(o->name, "key") || strstr(o->name, "token"))
        return json_string("***");
    return text_without_secrets(text);
}

static json_t *setting_value(const struct opt *o, const void *options)
{
    const void *at = (const char *)options + o->at;
    json_t     *list;

    switch (o->type) {
    case OPT_FLAG: return json_boolean(*(const bool *)at);
    case OPT_INT: return json_integer(*(const int *)at);
    case OPT_REAL:
    case OPT_SECONDS:
    case OPT_BYTES: return json_real(*(const double *)at);   /* NULL for NAN */
    case OPT_TEXT:
    case OPT_CHOICE: return setting_text(o, *(char *const *)at);
    case OPT_LIST: break;
    }
    list = json_array();
    for (size_t i = 0; i < ((const struct text_list *)at)->n; i++)
        json_array_append_new(
            list, setting_text(o, ((const struct text_list *)at)->items[i]));
    return list;
}

json_t *opt_settings(const struct command *cmd, const void *options,
                     const enum opt_source *sources)
{
    static const char *const names[] = {
        [OPT_FROM_DEFAULT] = "default", [OPT_FROM_FILE] = "file",
        [OPT_FROM_ENV] = "environment", [OPT_FROM_FLAG] = "flag"};
    json_t *all = json_object();

    for (const struct opt *o = cmd->opts; o->name; o++) {
        enum opt_source from  = sources[o - cmd->opts];
        bool            unset = from == OPT_FROM_DEFAULT && !o->dflt &&
                                o->type == OPT_INT;
        json_t *value = unset ? NULL : setting_value(o, options);
        json_t *one   = json_object();

        json_object_set_new(one, "value", value ? value : json_null());
        json_object_set_new(one, "source", json_string(names[from]));
        json_object_set_new(all, o->name, one);
    }
    return all;
}
