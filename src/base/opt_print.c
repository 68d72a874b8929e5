/* SPDX-License-Identifier: MIT */
/* opt_print.c - what is printed of the option tables: --help, the man page
 * and shell completion. All from the same rows; see opt.h. */
#include "base/opt.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/wrap.h"

#define COLUMNS      79
#define HELP_COLUMN  30
/* When the page last changed in what it promises: the same program prints the
 * same page every day. */
#define PAGE_DATE "2026-11-24"
#define PAGE_BYTES   (1 << 20)

static char *taken(struct strbuf *b)
{
    char *text = strbuf_take(b);

    strbuf_done(b);
    return text;
}

/* "help text (1 to 100; default: 5; also $HF_TOKEN)". Caller frees. */
static char *described(const struct opt *o)
{
    struct strbuf out;
    char          range[300];
    const char   *join = " (";

    strbuf_init(&out, PAGE_BYTES);
    strbuf_add(&out, o->help);
    opt_range(o, range, sizeof range);
    if (*range) {
        strbuf_addf(&out, "%s%s", join, range);
        join = "; ";
    }
    if (o->dflt) {
        strbuf_addf(&out, "%sdefault: %s", join, o->dflt);
        join = "; ";
    }
    if (o->env) {
        strbuf_addf(&out, "%salso $%s", join, o->env);
        join = "; ";
    }
    if (*join == ';') strbuf_add(&out, ")");
    return taken(&out);
}

/* "-c, --ctx-size, --context N"; `bold` and `plain` surround each spelling. */
static char *spelled(const struct opt *o, const char *bold, const char *plain)
{
    const char   *no = opt_defaults_to_yes(o) ? "[no-]" : "";
    struct strbuf out;

    strbuf_init(&out, PAGE_BYTES);
    if (o->letter) strbuf_addf(&out, "%s-%c%s, ", bold, o->letter, plain);
    strbuf_addf(&out, "%s--%s%s%s", bold, no, o->name, plain);
    if (o->alias) strbuf_addf(&out, ", %s--%s%s%s", bold, no, o->alias, plain);
    if (o->type != OPT_FLAG)
        strbuf_addf(&out, " %s", o->value ? o->value : "VALUE");
    return taken(&out);
}

/* The paragraph at *text in one line, and *text is behind it; NULL at the
 * end. Caller frees. */
static char *next_paragraph(const char **text)
{
    const char *end = strstr(*text, "\n\n");
    size_t      len = end ? (size_t)(end - *text) : strlen(*text);
    char       *one;

    if (!**text) return NULL;
    one = mem_copy_n(*text, len);
    for (char *c = one; *c; c++)
        if (*c == '\n') *c = ' ';
    *text += len;
    *text += strspn(*text, "\n");
    return one;
}

static void add_paragraphs(struct strbuf *out, const char *text)
{
    for (char *one; (one = next_paragraph(&text)) != NULL; free(one)) {
        wrap_add(out, one, 0, 0, COLUMNS);
        strbuf_add(out, *text ? "\n\n" : "\n");
    }
}

static void add_help_row(struct strbuf *out, const char *left,
                         const char *right)
{
    int at = (int)strlen(left);

    strbuf_add(out, left);
    if (at > HELP_COLUMN - 2) {
        strbuf_add(out, "\n");
        at = 0;
    }
    strbuf_addf(out, "%*s", HELP_COLUMN - at, "");
    wrap_add(out, right, HELP_COLUMN, HELP_COLUMN, COLUMNS);
    strbuf_add(out, "\n");
}

void opt_print_help(const struct command *cmd, FILE *out)
{
    struct strbuf page;

    strbuf_init(&page, PAGE_BYTES);
    strbuf_addf(&page, "Usage: audition %s [OPTION]...%s%s\n\n", cmd->name,
                *cmd->arguments ? " " : "", cmd->arguments);
    add_paragraphs(&page, cmd->summary);
    if (*cmd->about) strbuf_add(&page, "\n");
    add_paragraphs(&page, cmd->about);
    strbuf_add(&page, "\nOptions:\n");
    for (const struct opt *o = cmd->opts; o->name; o++) {
        char *names = spelled(o, "", "");
        char *left  = mem_printf("  %s%s", o->letter ? "" : "    ", names);
        char *right = described(o);

        add_help_row(&page, left, right);
        free(names);
        free(left);
        free(right);
    }
    add_help_row(&page, "  -h, --help", "print this and exit");
    if (cmd->opts->name) {
        char env[128];

        opt_env_name(cmd->opts, env, sizeof env);
        strbuf_addf(&page, "\nEach option is also read from the environment: "
                    "--%s from\n%s. The command line wins.\n",
                    cmd->opts->name, env);
    }
    fputs(page.text, out);
    strbuf_done(&page);
}

/* ---- man page ----------------------------------------------------------- */

/* roff has a meaning for a backslash, a dash, and a line's first dot or
 * quote. */
static void add_roff(struct strbuf *out, const char *text)
{
    if (*text == '.' || *text == '\'') strbuf_add(out, "\\&");
    for (; *text; text++) {
        if (*text == '\\') strbuf_add(out, "\\e");
        else if (*text == '-') strbuf_add(out, "\\-");
        else strbuf_addn(out, text, 1);
    }
}

static void add_roff_paragraphs(struct strbuf *out, const char *text)
{
    for (char *one; (one = next_paragraph(&text)) != NULL; free(one)) {
        strbuf_add(out, ".PP\n");
        add_roff(out, one);
        strbuf_add(out, "\n");
    }
}

static void add_roff_option(struct strbuf *out, const struct opt *o)
{
    char *names = spelled(o, "\\fB", "\\fR");
    char *help  = described(o);

    strbuf_add(out, ".TP\n");
    for (const char *c = names; *c; c++) {
        if (*c == '-') strbuf_add(out, "\\");
        strbuf_addn(out, c, 1);
    }
    strbuf_add(out, "\n");
    add_roff(out, help);
    strbuf_add(out, "\n");
    free(names);
    free(help);
}

static void add_roff_command(struct strbuf *out, const struct command *cmd)
{
    strbuf_add(out, ".SS ");
    add_roff(out, cmd->name);
    strbuf_addf(out, "%s", *cmd->arguments ? " " : "");
    add_roff(out, cmd->arguments);
    strbuf_add(out, "\n");
    add_roff(out, cmd->summary);
    strbuf_add(out, "\n");
    add_roff_paragraphs(out, cmd->about);
    for (const struct opt *o = cmd->opts; o->name; o++)
        add_roff_option(out, o);
}

static const char man_top[] =
    ".SH NAME\n"
    "audition \\- which language model to ship in the voice assistant on this "
    "board\n"
    ".SH SYNOPSIS\n"
    ".B audition\n"
    ".I COMMAND\n"
    "[\\fIOPTION\\fR]... [\\fIARGUMENT\\fR]...\n"
    ".SH DESCRIPTION\n"
    "Predicts, measures and judges language models for a voice assistant on "
    "the machine\nit runs on, and says which one to ship.\n"
    "The answer goes to standard output, the story to standard error.\n"
    ".SH COMMANDS\n";

static const char man_bottom[] =
    ".SH ENVIRONMENT\n"
    "Each option is also read from the environment: its name in capitals "
    "behind\n\\fBAUDITION_\\fR, with underscores for dashes.\n"
    "The command line wins over the environment, the environment over the "
    "file,\nthe file over the default.\n"
    ".SH EXIT STATUS\n"
    ".TP\n0\nIt was completed, also when no model won.\n"
    ".TP\n1\nIt could not be completed.\n"
    ".TP\n2\nThe command line, a config or a file is wrong.\n"
    ".TP\n3\nThere is no engine or no model, or nothing fits.\n"
    ".TP\n100\nA gate failed (\\fBrun \\-\\-gate\\fR), or fewer verdicts "
    "agree than asked for\n(\\fBselfcheck \\-\\-min\\-agreement\\fR).\n"
    ".TP\n129, 130, 143\n"
    "Stopped by SIGHUP, SIGINT or SIGTERM; everything so far is saved.\n";

void opt_print_man(const struct command *const *commands, FILE *out)
{
    struct strbuf page;

    strbuf_init(&page, PAGE_BYTES);
    strbuf_addf(&page, ".TH AUDITION 1 %s audition\n%s", PAGE_DATE, man_top);
    for (; *commands; commands++) add_roff_command(&page, *commands);
    strbuf_add(&page, man_bottom);
    fputs(page.text, out);
    strbuf_done(&page);
}

/* ---- completion --------------------------------------------------------- */

static void add_words_of_options(struct strbuf *out, const struct command *cmd)
{
    for (const struct opt *o = cmd->opts; o->name; o++) {
        strbuf_addf(out, "--%s ", o->name);
        if (o->alias) strbuf_addf(out, "--%s ", o->alias);
        if (opt_defaults_to_yes(o)) strbuf_addf(out, "--no-%s ", o->name);
    }
    strbuf_add(out, "--help");
}

/* One case of bash per option that takes a value. */
static void add_values(struct strbuf *out, const struct command *cmd)
{
    for (const struct opt *o = cmd->opts; o->name; o++) {
        if (o->type == OPT_FLAG) continue;
        strbuf_addf(out, "        %s:--%s", cmd->name, o->name);
        if (o->alias) strbuf_addf(out, "|%s:--%s", cmd->name, o->alias);
        if (o->letter) strbuf_addf(out, "|%s:-%c", cmd->name, o->letter);
        strbuf_add(out, ") ");
        if (o->type == OPT_CHOICE) {
            strbuf_add(out, "words=\"");
            for (const char *c = o->choices; *c; c++)
                strbuf_addn(out, *c == '|' ? " " : c, 1);
            strbuf_add(out, "\" ;;\n");
        } else {
            strbuf_add(out, "return ;;\n");
        }
    }
}

void opt_print_completion(const struct command *const *commands, FILE *out)
{
    struct strbuf page;

    strbuf_init(&page, PAGE_BYTES);
    strbuf_add(&page,
        "# Completion of audition for bash; zsh reads it after bashcompinit.\n"
        "_audition() {\n"
        "    local cur=${COMP_WORDS[COMP_CWORD]}\n"
        "    local prev=${COMP_WORDS[COMP_CWORD-1]}\n"
        "    local command= words= i\n"
        "    COMPREPLY=()\n"
        "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
        "        case ${COMP_WORDS[i]} in\n"
        "        -*) ;;\n"
        "        *) command=${COMP_WORDS[i]}; break ;;\n"
        "        esac\n"
        "    done\n"
        "    case $command in\n"
        "    '') words=\"");
    for (const struct command *const *c = commands; *c; c++)
        strbuf_addf(&page, "%s ", (*c)->name);
    strbuf_add(&page, "--help --version\" ;;\n");
    for (const struct command *const *c = commands; *c; c++) {
        strbuf_addf(&page, "    %s) [[ $cur == -* ]] && words=\"", (*c)->name);
        add_words_of_options(&page, *c);
        strbuf_add(&page, "\" ;;\n");
    }
    strbuf_add(&page, "    esac\n    case $command:$prev in\n");
    for (const struct command *const *c = commands; *c; c++)
        add_values(&page, *c);
    strbuf_add(&page,
        "    esac\n"
        "    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
        "}\n"
        "complete -o default -F _audition audition\n");
    fputs(page.text, out);
    strbuf_done(&page);
}
