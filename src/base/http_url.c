/* SPDX-License-Identifier: MIT */
/* http_url.c - see http_url.h. */
#include "base/http_url.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

static bool is_loopback_name(const char *host)
{
    char            bare[64];
    struct in_addr  v4;
    struct in6_addr v6;

    if (strcasecmp(host, "localhost") == 0) return true;
    if (inet_pton(AF_INET, host, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    snprintf(bare, sizeof bare, "%.*s", (int)strcspn(host + 1, "]"), host + 1);
    if (*host != '[' || inet_pton(AF_INET6, bare, &v6) != 1) return false;
    return IN6_IS_ADDR_LOOPBACK(&v6) ||
           (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
}

/* One part of a URL, owned by the caller; NULL when it has none. */
static char *part_of(CURLU *url, CURLUPart part, unsigned flags)
{
    char *text = NULL, *ours = NULL;

    if (curl_url_get(url, part, &text, flags) == CURLUE_OK)
        ours = mem_copy(text);
    curl_free(text);
    return ours;
}

/* NULL when it is no URL of HTTP. */
static CURLU *parse(const char *url)
{
    CURLU *parsed = curl_url();
    char  *scheme = NULL;

    if (curl_url_set(parsed, CURLUPART_URL, url, CURLU_URLENCODE) ==
        CURLUE_OK)
        scheme = part_of(parsed, CURLUPART_SCHEME, 0);
    if (!scheme ||
        (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)) {
        curl_url_cleanup(parsed);
        parsed = NULL;
    }
    free(scheme);
    return parsed;
}

bool http_is_loopback(const char *url)
{
    CURLU *parsed = parse(url);
    char  *host = parsed ? part_of(parsed, CURLUPART_HOST, 0) : NULL;
    bool   loopback = host && *host && is_loopback_name(host);

    free(host);
    curl_url_cleanup(parsed);
    return loopback;
}

char *http_url_origin(const char *url)
{
    CURLU *parsed = parse(url);
    char  *scheme, *host, *port, *origin = NULL;

    if (!parsed) return NULL;
    scheme = part_of(parsed, CURLUPART_SCHEME, 0);
    host = part_of(parsed, CURLUPART_HOST, 0);
    port = part_of(parsed, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    if (scheme && host && port)
        origin = mem_printf("%s://%s:%s", scheme, host, port);
    free(scheme);
    free(host);
    free(port);
    curl_url_cleanup(parsed);
    return origin;
}

bool http_same_origin(const char *a, const char *b)
{
    char *of_a = http_url_origin(a), *of_b = http_url_origin(b);
    bool  same = of_a && of_b && strcasecmp(of_a, of_b) == 0;

    free(of_a);
    free(of_b);
    return same;
}

char *http_url_join(const char *base, const char *reference)
{
    CURLU *parsed = parse(base);
    char  *joined = NULL, *origin;

    if (!parsed) return NULL;
    if (curl_url_set(parsed, CURLUPART_URL, reference, CURLU_URLENCODE) ==
        CURLUE_OK)
        joined = part_of(parsed, CURLUPART_URL, 0);
    curl_url_cleanup(parsed);
    origin = joined ? http_url_origin(joined) : NULL;
    if (!origin) {
        free(joined);
        return NULL;
    }
    free(origin);
    return joined;
}

/* The URL with one part replaced or, by NULL, removed. */
static char *with_part(const char *url, const CURLUPart *parts, size_t n,
                       const char *value)
{
    CURLU *parsed = parse(url);
    char  *text = NULL;
    bool   ok = parsed;

    for (size_t i = 0; i < n && ok; i++)
        ok = curl_url_set(parsed, parts[i], value, 0) == CURLUE_OK;
    if (ok) text = part_of(parsed, CURLUPART_URL, 0);
    curl_url_cleanup(parsed);
    return text;
}

char *http_url_shown(const char *url)
{
    static const CURLUPart secret[] = {CURLUPART_USER, CURLUPART_PASSWORD,
                                       CURLUPART_OPTIONS, CURLUPART_QUERY,
                                       CURLUPART_FRAGMENT};
    char *text = with_part(url, secret, sizeof secret / sizeof *secret, NULL);

    return text ? text : mem_copy("(no URL)");
}

char *http_url_path(const char *url)
{
    CURLU *parsed = parse(url);
    char  *path = parsed ? part_of(parsed, CURLUPART_PATH, 0) : NULL;

    curl_url_cleanup(parsed);
    return path;
}

char *http_url_with_path(const char *url, const char *path)
{
    static const CURLUPart one[] = {CURLUPART_PATH};

    return with_part(url, one, 1, path);
}

char *http_url_name(const char *url)
{
    char *path = http_url_path(url), *name, *ours;
    int   len = 0;

    if (!path) return NULL;
    name = curl_easy_unescape(NULL, strrchr(path, '/') + 1, 0, &len);
    ours = mem_copy(name && strlen(name) == (size_t)len && !strchr(name, '/')
                    ? name : "");
    curl_free(name);
    free(path);
    return ours;
}
