/* SPDX-License-Identifier: MIT */
/* term.c - see term.h. */
#include "base/term.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static bool is_on(const char *name)
{
    const char *value = getenv(name);

    return value && *value && strcmp(value, "0") != 0;
}

static int width_of(int fd, bool is_terminal)
{
    const char    *wish = getenv("COLUMNS");
    struct winsize size = {0};
    long           n = wish ? strtol(wish, NULL, 10) : 0;

    if (n <= 0 && is_terminal && ioctl(fd, TIOCGWINSZ, &size) == 0)
        n = size.ws_col;
    if (n <= 0) return 0;
    return n < 20 ? 20 : n > 1000 ? 1000 : (int)n;
}

struct term term_of(int fd)
{
    const char *kind = getenv("TERM");
    const char *none = getenv("NO_COLOR");
    struct term t = {.is_terminal = isatty(fd) == 1};

    t.can_redraw = t.is_terminal && kind && *kind &&
                   strcmp(kind, "dumb") != 0;
    t.columns = width_of(fd, t.is_terminal);
    if (none && *none)
        t.colour = false;
    else
        t.colour = is_on("CLICOLOR_FORCE") || is_on("FORCE_COLOR") ||
                   t.can_redraw;
    return t;
}

void term_add(struct strbuf *out, bool colour, enum style style,
              const char *text)
{
    static const char *const codes[] = {
        [STYLE_PLAIN] = "",   [STYLE_STRONG] = "1", [STYLE_FAINT] = "2",
        [STYLE_GOOD] = "32",  [STYLE_WARN] = "33",  [STYLE_BAD] = "31",
    };

    if (!colour || style == STYLE_PLAIN || !*text) {
        strbuf_add(out, text);
        return;
    }
    strbuf_addf(out, "\033[%sm%s\033[0m", codes[style], text);
}
