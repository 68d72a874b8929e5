/* SPDX-License-Identifier: MIT */
/* http_url.h - what a URL says, by the same reader that connects to it
 * (libcurl's): a host that is compared is the host that is asked. Only http
 * and https are URLs here. */
#ifndef BASE_HTTP_URL_H
#define BASE_HTTP_URL_H

#include <stdbool.h>

#include "base/err.h"

/* Is this URL's host this machine (localhost, 127.0.0.0/8, ::1)? */
bool http_is_loopback(const char *url);

/* "https://host:port", the port always there, without user and password.
 * NULL: not a URL that we can talk to. Caller frees. */
char *http_url_origin(const char *url);

/* Of both, and equal. */
bool http_same_origin(const char *a, const char *b);

/* A reference ("/x", "//host/x", "https://host/x") as seen from base; NULL
 * when either is no URL. Caller frees. */
char *http_url_join(const char *base, const char *reference);

/* To be shown: no user, password, query or fragment, which may be secret;
 * "(no URL)" when it is none. Caller frees. */
char *http_url_shown(const char *url);

/* Its path, percent-encoded as it stands there; and the URL with another one
 * in its place. NULL: not a URL. Caller frees. */
char *http_url_path(const char *url);
char *http_url_with_path(const char *url, const char *path);

/* The name behind the last '/' of its path, decoded, "" when there is none
 * or when decoding gives a byte that no file's name has ('/', NUL). NULL: not
 * a URL. Caller frees. */
char *http_url_name(const char *url);

#endif
