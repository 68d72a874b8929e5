/* SPDX-License-Identifier: MIT */
/* digest.h - SHA-256 by OpenSSL's libcrypto (which libcurl brings along). */
#ifndef DIGEST_H
#define DIGEST_H

#include <stddef.h>

#include "base/err.h"

/* Lower-case hex and a NUL. */
void digest_text(const char *bytes, size_t len, char out[65]);

/* Of a whole file, in pieces; ends with ERR_STOPPED on a stop signal. */
MUST_USE int digest_file(const char *path, char out[65], struct err *err);

#endif
