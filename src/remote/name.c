/* SPDX-License-Identifier: MIT */
/* name.c - see name.h. */
#include "remote/name.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/http_url.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/strbuf.h"
#include "discover.h"
#include "model/gguf.h"
#include "remote/remote.h"

#define NAMED_MAX 400        /* bytes of a list of what there is */
#define USUAL_QUANT "Q4_K_M" /* of a repository when none is asked for */

void remote_name_done(struct remote_name *n)
{
    free(n->url);
    free(n->user);
    free(n->repo);
    free(n->quant);
    *n = (struct remote_name){0};
}

/* ---- names ------------------------------------------------------------- */

static bool begins(const char *text, const char *with)
{
    return strncasecmp(text, with, strlen(with)) == 0;
}

static bool ends(const char *text, size_t len, const char *with)
{
    size_t n = strlen(with);

    return len >= n && strncasecmp(text + len - n, with, n) == 0;
}

/* As the hub allows them: letters, digits, '-', '_' and '.', neither '-' nor
 * '.' at an end, and neither "--" nor ".." inside. */
static bool is_hub_word(const char *text, size_t len)
{
    if (len == 0 || len > 96 || strchr("-.", text[0]) ||
        strchr("-.", text[len - 1]))
        return false;
    for (size_t i = 0; i < len; i++) {
        if (!isalnum((unsigned char)text[i]) && !strchr("-_.", text[i]))
            return false;
        if (i && text[i] != '_' && text[i] == text[i - 1] &&
            strchr("-.", text[i]))
            return false;
    }
    return true;
}

/* "user/repo" or "user/repo:quant"; the lengths of its parts. */
static bool is_repo(const char *text, size_t *user, size_t *repo)
{
    const char *slash = strchr(text, '/'), *colon;

    if (!slash) return false;
    colon = strchr(slash, ':');
    *user = (size_t)(slash - text);
    *repo = colon ? (size_t)(colon - slash) - 1 : strlen(slash + 1);
    return is_hub_word(text, *user) && is_hub_word(slash + 1, *repo) &&
           (!colon || colon[1]);
}

bool remote_is_name(const char *name)
{
    size_t user, repo;

    if (begins(name, "https://") || begins(name, "http://") ||
        begins(name, "hf:"))
        return true;
    /* "models/x.gguf" is a file's path; "user/repo:x.gguf" is none. */
    return is_repo(name, &user, &repo) &&
           !ends(name, user + 1 + repo, ".gguf");
}

static int read_url(const char *text, struct remote_name *out,
                    struct err *err)
{
    char *origin = http_url_origin(text), *shown = http_url_shown(text);
    int   rc = 0;

    if (!origin)
        rc = err_set(err, ERR_INPUT, "%.200s: is not a URL that can be asked; "
                     "check how it is written", text);
    else if (begins(text, "http:") && !http_is_loopback(text))
        rc = err_set(err, ERR_INPUT, "%s: is not encrypted; use its https:// "
                     "address", shown);
    else
        out->url = mem_copy(text);
    free(origin);
    free(shown);
    return rc;
}

int remote_name_read(const char *text, struct remote_name *out,
                     struct err *err)
{
    size_t user, repo;

    *out = (struct remote_name){0};
    if (begins(text, "https://") || begins(text, "http://"))
        return read_url(text, out, err);
    if (begins(text, "hf:")) text += strlen("hf:");
    if (!is_repo(text, &user, &repo))
        return err_set(err, ERR_INPUT, "\"%.200s\" is no repository; write "
                       "user/repo or user/repo:quant, such as "
                       "hf:Qwen/Qwen2.5-3B-Instruct-GGUF:Q4_K_M", text);
    out->user = mem_copy_n(text, user);
    out->repo = mem_copy_n(text + user + 1, repo);
    if (text[user + 1 + repo] == ':')
        out->quant = mem_copy(text + user + 1 + repo + 1);
    return 0;
}

/* ---- choosing ---------------------------------------------------------- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* Bytes of the file's name without its part and ".gguf". */
static size_t stem_len(const char *file)
{
    size_t len = strlen(file) - strlen(".gguf");
    int    part, parts;

    gguf_part_name(file, &len, &part, &parts);
    return len;
}

/* Does word stand in text between characters that belong to no word? A '_'
 * may be in front and not behind: Q4_K is not in Q4_K_M. The last place where
 * it does, or NULL. */
static const char *last_word(const char *text, size_t len, const char *word)
{
    size_t      n = strlen(word);
    const char *found = NULL;

    for (size_t i = 0; i + n <= len; i++) {
        char behind = i + n < len ? text[i + n] : '-';
        if (strncasecmp(text + i, word, n) != 0) continue;
        if (i && isalnum((unsigned char)text[i - 1])) continue;
        if (!isalnum((unsigned char)behind) && behind != '_') found = text + i;
    }
    return found;
}

/* How surely this file is meant by quant; 0: it is not. */
static int likeness(const char *path, const char *quant)
{
    const char *file = base_name(path);
    size_t      len = stem_len(file);
    const char *word;

    if (strcmp(path, quant) == 0) return 5;
    if (strcasecmp(file, quant) == 0) return 4;
    word = last_word(file, len, quant);
    if (word)   /* "Q4_K_M" also stands in "UD-Q4_K_M", which is another one */
        return word + strlen(quant) == file + len &&
               !(word - file >= 3 && strncasecmp(word - 3, "UD-", 3) == 0)
             ? 3 : 2;
    return last_word(path, (size_t)(file - path), quant) ? 1 : 0;
}

/* The best of equals is the shortest path, then the first in the alphabet:
 * the choice must not depend on the order of a listing. */
static bool is_before(const char *a, const char *b)
{
    size_t a_len = strlen(a), b_len = strlen(b);

    return a_len != b_len ? a_len < b_len : strcmp(a, b) < 0;
}

static int best_of(const struct wire_files *files, const char *quant)
{
    int best = -1, best_likeness = 0;

    for (size_t i = 0; i < files->n; i++) {
        const char *path = files->items[i].path;
        int         how;

        if (!discover_is_model(base_name(path))) continue;
        how = likeness(path, quant);
        if (how < best_likeness || how == 0) continue;
        if (how == best_likeness &&
            !is_before(path, files->items[best].path))
            continue;
        best = (int)i;
        best_likeness = how;
    }
    return best;
}

/* The models there, as a list to choose from. */
static size_t name_models(const struct wire_files *files, struct strbuf *names,
                          int *last)
{
    size_t n = 0, left_out = 0;

    for (size_t i = 0; i < files->n; i++) {
        const char *file = base_name(files->items[i].path);

        if (!discover_is_model(file)) continue;
        n++;
        *last = (int)i;
        if (names->len + stem_len(file) > NAMED_MAX) left_out++;
        else strbuf_addf(names, "%s%.*s", names->len ? ", " : "",
                         (int)stem_len(file), file);
    }
    if (left_out) strbuf_addf(names, " and %zu more", left_out);
    return n;
}

int remote_choose(const struct wire_files *files, const char *quant,
                  struct err *err)
{
    static const char *const usual[] = {"Q4_K_M", "Q8_0"};
    struct strbuf names;
    int           chosen = quant ? best_of(files, quant) : -1, last = -1;
    size_t        n;

    for (size_t i = 0; i < 2 && !quant && chosen < 0; i++)
        chosen = best_of(files, usual[i]);
    if (chosen >= 0) return chosen;
    strbuf_init(&names, 2 * NAMED_MAX);
    n = name_models(files, &names, &last);
    if (n == 1 && !quant)
        chosen = last;
    else if (n == 0)
        err_set(err, ERR_INPUT, "has no GGUF model; look for a repository "
                "whose name ends in -GGUF");
    else if (quant)
        err_set(err, ERR_INPUT, "has no %.60s; there are: %s", quant,
                names.text);
    else
        err_set(err, ERR_INPUT, "has neither Q4_K_M nor Q8_0; choose one with "
                "\":\" and its quantisation: %s", names.text);
    strbuf_done(&names);
    return chosen;
}

/* ---- by hand ----------------------------------------------------------- */

char *remote_command(const char *name)
{
    struct remote_name n;
    struct err         ignored = {0};
    char              *repo, *files, *text;

    if (remote_name_read(name, &n, &ignored)) return NULL;
    if (n.url) {
        text = proc_quote((char *[]){"curl", "-fLO", n.url, NULL});
    } else {
        repo = mem_printf("%s/%s", n.user, n.repo);
        files = mem_printf("*%s*.gguf", n.quant ? n.quant : USUAL_QUANT);
        text = proc_quote((char *[]){"hf", "download", repo, "--include",
                                     files, NULL});
        free(files);
        free(repo);
    }
    remote_name_done(&n);
    return text;
}
