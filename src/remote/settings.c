/* SPDX-License-Identifier: MIT */
/* settings.c - see settings.h. */
#include "remote/settings.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/http_url.h"
#include "base/mem.h"
#include "base/stop.h"

#define TOKEN_MAX_BYTES 4096
#define WAIT_STEP_S     0.02

static void wait_in_steps(double seconds)
{
    int64_t until = clock_now_ns() + (int64_t)(seconds * (double)NS_PER_S);

    while (!stop_signal() && clock_now_ns() < until) clock_nap(WAIT_STEP_S);
}

/* Empty is as good as unset, as for the hub's own tools. */
static const char *set(const char *variable)
{
    const char *value = getenv(variable);

    return value && *value ? value : NULL;
}

static bool is_true(const char *variable)
{
    static const char *const words[] = {"1", "on", "yes", "true"};
    const char              *value = set(variable);

    for (size_t i = 0; value && i < sizeof words / sizeof *words; i++)
        if (strcasecmp(value, words[i]) == 0) return true;
    return false;
}

/* base/below; "~/" in front of base is the home folder, as in files that no
 * shell has read. Takes a NULL base. Caller frees. */
static char *below(const char *base, const char *name)
{
    const char *home = set("HOME");

    if (!base) return NULL;
    if (strncmp(base, "~/", 2) == 0 && home)
        return mem_printf("%s/%s%s", home, base + 2, name);
    return mem_printf("%s%s", base, name);
}

/* The first of two, the other one is freed. */
static char *first_of(char *a, char *b)
{
    if (!a) return b;
    free(b);
    return a;
}

/* ---- the token --------------------------------------------------------- */

/* Without spaces around it; NULL when nothing is left. */
static char *trimmed(const char *text, size_t len)
{
    while (len && isspace((unsigned char)*text)) text++, len--;
    while (len && isspace((unsigned char)text[len - 1])) len--;
    return len ? mem_copy_n(text, len) : NULL;
}

static int check_token(const char *token, const char *from, struct err *err)
{
    for (const char *c = token; *c; c++)
        if (!isgraph((unsigned char)*c))
            return err_set(err, ERR_INPUT, "the token in %s holds a space, a "
                           "control character or a letter beyond ASCII; copy "
                           "it there anew", from);
    return 0;
}

static int read_token(const char *hf_home, char **out, struct err *err)
{
    static const char *const variables[] = {"HF_TOKEN",
                                            "HUGGING_FACE_HUB_TOKEN"};
    struct bytes file = {0};
    struct err   unread = {0};
    char        *path;
    int          rc = 0;

    *out = NULL;
    for (size_t i = 0; i < 2; i++) {
        const char *value = set(variables[i]);
        *out = value ? trimmed(value, strlen(value)) : NULL;
        if (*out) return check_token(*out, variables[i], err);
    }
    if (is_true("HF_HUB_DISABLE_IMPLICIT_TOKEN")) return 0;
    path = first_of(below(set("HF_TOKEN_PATH"), ""), below(hf_home, "/token"));
    /* No such file is the usual case; one that cannot be read is worth no
     * stop either: most models need no token. */
    if (path && bytes_read(&file, path, TOKEN_MAX_BYTES, &unread) == 0 &&
        file.size)
        *out = trimmed((const char *)file.data, file.size);
    if (*out) rc = check_token(*out, path, err);
    bytes_done(&file);
    free(path);
    return rc;
}

/* ---- the rest ---------------------------------------------------------- */

static int read_endpoint(char **out, struct err *err)
{
    const char *given = set("HF_ENDPOINT");
    char       *url = mem_copy(given ? given : "https://huggingface.co");
    char       *origin = http_url_origin(url), *shown;
    int         rc = 0;

    for (size_t n = strlen(url); n && url[n - 1] == '/'; n--) url[n - 1] = '\0';
    shown = http_url_shown(url);
    if (!origin || strpbrk(url, "?#"))
        rc = err_set(err, ERR_INPUT, "HF_ENDPOINT is not a URL such as "
                     "https://huggingface.co; correct or unset it");
    else if (strncmp(origin, "http:", 5) == 0 && !http_is_loopback(url))
        rc = err_set(err, ERR_INPUT, "HF_ENDPOINT: %s would send the token and "
                     "fetch models unencrypted; use its https:// address",
                     shown);
    free(shown);
    free(origin);
    *out = url;
    return rc;
}

static char *hub_folder(const char *hf_home)
{
    char *folder = first_of(below(set("HF_HUB_CACHE"), ""),
                            below(set("HUGGINGFACE_HUB_CACHE"), ""));

    return first_of(folder, below(hf_home, "/hub"));
}

int remote_settings_read(struct remote_settings *out, struct err *err)
{
    char *cache = first_of(below(set("XDG_CACHE_HOME"), ""),
                           below(set("HOME"), "/.cache"));
    char *hf_home = first_of(below(set("HF_HOME"), ""),
                             below(cache, "/huggingface"));
    int   rc;

    *out = (struct remote_settings){
        .hub = hub_folder(hf_home),
        .headers = below(cache, "/audition/headers"),
        .models = below(cache, "/audition/models"),
        .offline = is_true("HF_HUB_OFFLINE"),
        .wait = wait_in_steps,
    };
    rc = read_endpoint(&out->endpoint, err);
    if (rc == 0) rc = read_token(hf_home, &out->token, err);
    if (rc == 0 && (!out->hub || !out->models))
        rc = err_set(err, ERR_INPUT, "HOME is not set, so there is no folder "
                     "for models; set HOME or XDG_CACHE_HOME");
    if (rc) remote_settings_done(out);
    free(hf_home);
    free(cache);
    return rc;
}

void remote_settings_done(struct remote_settings *s)
{
    free(s->endpoint);
    free(s->token);
    free(s->hub);
    free(s->headers);
    free(s->models);
    *s = (struct remote_settings){0};
}
