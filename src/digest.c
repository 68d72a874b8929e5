/* SPDX-License-Identifier: MIT */
/* digest.c - see digest.h. */
#include "digest.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/stop.h"

#define PIECE_BYTES ((size_t)1 << 18)

static void to_hex(const unsigned char *bytes, unsigned n, char out[65])
{
    static const char digits[] = "0123456789abcdef";

    for (unsigned i = 0; i < n && i < 32; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
        out[2 * i + 2] = '\0';
    }
}

void digest_text(const char *bytes, size_t len, char out[65])
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned      n = 0;

    out[0] = '\0';
    if (EVP_Digest(bytes, len, sum, &n, EVP_sha256(), NULL) == 1)
        to_hex(sum, n, out);
}

/* All of fd into sum; no path in the error's text. */
static int digest_open(int fd, EVP_MD_CTX *sum, struct err *err)
{
    unsigned char *piece = mem_new(PIECE_BYTES, 1);
    int            rc = 0;

    while (rc == 0) {
        ssize_t n = read(fd, piece, PIECE_BYTES);
        if (stop_signal())
            rc = err_set(err, ERR_STOPPED, "stopped while it was hashed");
        else if (n < 0 && errno != EINTR)
            rc = err_set(err, ERR_INPUT, "cannot be read: %s",
                         strerror(errno));
        else if (n > 0 && EVP_DigestUpdate(sum, piece, (size_t)n) != 1)
            rc = err_set(err, ERR_FAILED, "libcrypto cannot hash it");
        else if (n == 0)
            break;
    }
    free(piece);
    return rc;
}

int digest_file(const char *path, char out[65], struct err *err)
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned      n = 0;
    EVP_MD_CTX   *sum = EVP_MD_CTX_new();
    struct stat   st;
    int           rc = -1;
    int           fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        err_set(err, ERR_INPUT, "cannot be read: %s", strerror(errno));
    else if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        err_set(err, ERR_INPUT, "is not a regular file");
    else if (!sum || EVP_DigestInit_ex(sum, EVP_sha256(), NULL) != 1)
        err_set(err, ERR_FAILED, "libcrypto has no SHA-256 here");
    else if (digest_open(fd, sum, err) == 0)
        rc = EVP_DigestFinal_ex(sum, bytes, &n) == 1
           ? 0 : err_set(err, ERR_FAILED, "libcrypto cannot hash it");
    if (rc) err_ctx(err, "%s", path);
    else to_hex(bytes, n, out);
    if (fd >= 0) close(fd);
    EVP_MD_CTX_free(sum);
    return rc;
}
