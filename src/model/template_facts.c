/* SPDX-License-Identifier: MIT */
/* template_facts.c - see template_facts.h. Only what stands inside of
 * {{ ... }} and {% ... %} is program; {# ... #} is a comment, and everything
 * else is text that is written as it is. */
#include "model/template_facts.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

/* A piece of the template; not terminated. */
struct piece {
    const char *at;
    size_t      len;
};

static bool is_one_of(struct piece p, const char *const *words)
{
    for (; *words; words++)
        if (strlen(*words) == p.len && strncasecmp(p.at, *words, p.len) == 0)
            return true;
    return false;
}

static bool holds(struct piece p, const char *what)
{
    size_t len = strlen(what);

    for (size_t i = 0; i + len <= p.len; i++)
        if (strncasecmp(p.at + i, what, len) == 0) return true;
    return false;
}

/* What was seen so far. */
struct sight {
    bool tools, results, thinking, date;
    bool system, refuses_system;
    bool writes_role;        /* a message's role as it is, whatever it is    */
    bool user;               /* the user's role, by name                     */
};

static const char *const role[] = {"role", NULL};

static void see_name(struct sight *s, struct piece p)
{
    static const char *const tools[] = {"tools", NULL};
    static const char *const results[] = {"tool_call_id", "tool_responses",
                                          NULL};
    static const char *const thinking[] = {
        "enable_thinking", "thinking", "enable_reasoning", "reasoning_effort",
        "thinking_budget", "reasoning_budget", "thinking_mode", NULL};
    static const char *const date[] = {
        "strftime_now", "date_string", "datetime", "current_date",
        "current_datetime", "today", NULL};

    if (is_one_of(p, tools)) s->tools = true;
    if (is_one_of(p, results)) s->results = true;
    if (is_one_of(p, thinking)) s->thinking = true;
    if (is_one_of(p, date)) s->date = true;
}

static void see_literal(struct sight *s, struct piece p)
{
    static const char *const results[] = {"tool", "ipython", "tool_response",
                                          "tool_result", "observation", NULL};
    static const char *const user[] = {"user", NULL};
    static const char *const system[] = {"system", NULL};

    if (is_one_of(p, user)) s->user = true;
    if (is_one_of(p, system)) s->system = true;
    if (is_one_of(p, results)) s->results = true;
    if (holds(p, "system") && (holds(p, "not support") ||
                               holds(p, "unsupported")))
        s->refuses_system = true;
}

/* Text that is written, as it is or from a literal. */
static void see_text(struct sight *s, struct piece p)
{
    if (holds(p, "<think>") || holds(p, "[THINK]")) s->thinking = true;
}

/* Reads one {{ ... }} or {% ... %}; `at` is behind its beginning. Returns
 * where it ends. */
static const char *see_program(struct sight *s, const char *at, char close)
{
    while (*at) {
        const char  *begin = at;
        struct piece p;
        if (at[0] == close && at[1] == '}') return at + 2;
        if (*at == '\'' || *at == '"') {
            char quote = *at++;
            while (*at && *at != quote) at += *at == '\\' && at[1] ? 2 : 1;
            p = (struct piece){begin + 1, (size_t)(at - begin - 1)};
            see_literal(s, p);
            see_text(s, p);
            if (close == '}' && is_one_of(p, role)) s->writes_role = true;
            if (*at) at++;
        } else if (isalpha((unsigned char)*at) || *at == '_') {
            while (isalnum((unsigned char)*at) || *at == '_') at++;
            p = (struct piece){begin, (size_t)(at - begin)};
            see_name(s, p);
            if (close == '}' && is_one_of(p, role)) s->writes_role = true;
        } else {
            at++;
        }
    }
    return at;
}

/* The next "{{", "{%" or "{#", or the end. */
static const char *next_tag(const char *at)
{
    while (*at && !(at[0] == '{' && (at[1] == '{' || at[1] == '%' ||
                                     at[1] == '#')))
        at++;
    return at;
}

static void see(struct sight *s, const char *at)
{
    while (*at) {
        const char *tag = next_tag(at), *end;
        see_text(s, (struct piece){at, (size_t)(tag - at)});
        if (!*tag) return;
        if (tag[1] == '#') {
            end = strstr(tag + 2, "#}");
            at = end ? end + 2 : tag + strlen(tag);
        } else {
            at = see_program(s, tag + 2, tag[1] == '{' ? '}' : '%');
        }
    }
}

struct template_facts template_facts_of(const char *text)
{
    struct sight s = {0};

    if (!text) return (struct template_facts){-1, -1, -1, -1, -1};
    see(&s, text);
    return (struct template_facts){
        /* One that writes any role as it is need not know each of them. */
        .supports_system = s.system ? !s.refuses_system
                                    : s.writes_role && !s.user,
        .supports_tools = s.tools,
        .supports_tool_results = s.results || (s.tools && s.writes_role),
        .supports_thinking = s.thinking,
        .uses_date = s.date,
    };
}
