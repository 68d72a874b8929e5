/* SPDX-License-Identifier: MIT */
/* bytes.c - see bytes.h. */
#include "base/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

int bytes_open(const char *path, uint64_t *size, struct err *err)
{
    struct stat st;
    int         fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0) {
        if (errno == ENOENT) return err_set(err, ERR_INPUT, "no such file");
        return err_set(err, ERR_INPUT, "cannot be read: %s", strerror(errno));
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        err_set(err, ERR_INPUT, S_ISDIR(st.st_mode)
                ? "is a directory, not a file" : "is not a regular file");
        close(fd);
        return -1;
    }
    *size = (uint64_t)st.st_size;
    return fd;
}

int bytes_read_head(struct bytes *b, const char *path, size_t max_bytes,
                    uint64_t *file_bytes, struct err *err)
{
    int            fd = bytes_open(path, file_bytes, err);
    size_t         want, got = 0;
    unsigned char *data;

    *b = (struct bytes){0};
    if (fd < 0) return -1;
    want = *file_bytes < max_bytes ? (size_t)*file_bytes : max_bytes;
    data = mem_new(want + 1, 1);
    while (got < want) {
        ssize_t n = read(fd, data + got, want - got);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            err_set(err, ERR_INPUT, "cannot be read: %s", strerror(errno));
            free(data);
            close(fd);
            return -1;
        }
        if (n == 0) break;             /* it shrank while we read */
        got += (size_t)n;
    }
    close(fd);
    b->data = data;
    b->size = got;
    return 0;
}

int bytes_read(struct bytes *b, const char *path, size_t max_bytes,
               struct err *err)
{
    uint64_t file_bytes = 0;

    if (bytes_read_head(b, path, max_bytes, &file_bytes, err)) return -1;
    if (file_bytes <= max_bytes) return 0;
    bytes_done(b);
    return err_set(err, ERR_INPUT, "is %llu bytes long; at most %zu are read",
                   (unsigned long long)file_bytes, max_bytes);
}

void bytes_done(struct bytes *b)
{
    free((void *)(uintptr_t)b->data);
    *b = (struct bytes){0};
}
