/* SPDX-License-Identifier: MIT */
/* synth.c - see synth.h: the header, then each tensor's made-up data, in
 * large writes to a temporary file that gets its name when it is whole. */
#include "model/synth.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/stop.h"
#include "base/strbuf.h"
#include "base/units.h"
#include "model/gguf_types.h"
#include "model/synth_weights.h"

#define WRITE_BYTES      ((size_t)8 << 20)
#define HEADER_BYTES_MAX ((size_t)1 << 30)

struct writer {
    int            fd;
    const char    *path;       /* as the user named it, for messages */
    unsigned char *buffer;     /* WRITE_BYTES */
    size_t         used;
    struct err    *err;
};

/* ---- where it goes ----------------------------------------------------- */

/* The folder that path lies in. Caller frees. */
static char *folder_of(const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;

    if (!slash) return mem_copy(".");
    return mem_copy_n(path, slash == path ? 1 : (size_t)(slash - path));
}

static int look_at_folder(const char *folder, struct synth_report *out,
                          struct err *err)
{
    struct statvfs fs;

    if (statvfs(folder, &fs) != 0)
        return err_set(err, ERR_INPUT, "%s: %s; name a file in a folder that "
                       "exists", folder, errno == ENOENT
                       ? "no such folder" : strerror(errno));
    out->free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
    return 0;
}

static int refuse_existing(const char *path, struct err *err)
{
    struct stat st;

    if (lstat(path, &st) != 0) return 0;
    return err_set(err, ERR_INPUT, "%s: is there already and is not "
                   "overwritten; remove it, or name another file", path);
}

static int check_space(const struct synth_report *r, const char *path,
                       struct err *err)
{
    if (r->file_bytes <= r->free_bytes) return 0;
    return err_set(err, ERR_PREFLIGHT, "%s: needs %s, the file system has %s "
                   "free; make room, or name a file elsewhere", path,
                   units_bytes((double)r->file_bytes).text,
                   units_bytes((double)r->free_bytes).text);
}

/* ---- what it is -------------------------------------------------------- */

static int check_tensors(const struct model_shape *s, struct err *err)
{
    for (size_t i = 0; i < s->n_tensors; i++) {
        const struct shape_tensor *t = &s->tensors[i];
        const struct gguf_type    *type = gguf_type_find(t->type);
        if (!synth_weights_known(t->type))
            return err_set(err, ERR_INPUT, "tensor \"%s\" is of type %u (%s), "
                           "whose data cannot be made up; choose another type "
                           "with --quant", t->name, t->type,
                           type ? type->name : "unknown");
        if (shape_tensor_bytes(t) == 0)
            return err_set(err, ERR_INPUT, "tensor \"%s\" has rows of %llu, "
                           "which %s cannot hold; choose another --quant",
                           t->name, (unsigned long long)t->ne[0], type->name);
    }
    return 0;
}

static int measure(const struct model_shape *s, struct strbuf *header,
                   struct synth_report *out, struct err *err)
{
    shape_write_header(s, header);
    if (header->over)
        return err_set(err, ERR_INPUT, "the header would be larger than %s; "
                       "no engine reads such a file",
                       units_bytes(HEADER_BYTES_MAX).text);
    out->header_bytes = header->len;
    out->data_bytes = shape_data_bytes(s);
    out->file_bytes = out->header_bytes + out->data_bytes;
    return 0;
}

/* ---- writing ----------------------------------------------------------- */

/* Always fails, with the reason in errno. */
static int cannot_write(const struct writer *w)
{
    switch (errno) {
    case ENOSPC:
    case EDQUOT:
        return err_set(w->err, ERR_PREFLIGHT, "%s: the disk became full; make "
                       "room, or name a file elsewhere", w->path);
    case EFBIG:
        return err_set(w->err, ERR_PREFLIGHT, "%s: is larger than this file "
                       "system or limit (ulimit -f) lets a file be; name a "
                       "file elsewhere", w->path);
    default:
        return err_set(w->err, ERR_FAILED, "%s: cannot be written: %s",
                       w->path, strerror(errno));
    }
}

static int flush(struct writer *w)
{
    size_t done = 0;

    while (done < w->used) {
        ssize_t n;
        if (stop_signal())
            return err_set(w->err, ERR_STOPPED, "%s: stopped; nothing is left "
                           "of it", w->path);
        n = write(w->fd, w->buffer + done, w->used - done);
        if (n < 0 && errno != EINTR) return cannot_write(w);
        if (n > 0) done += (size_t)n;
    }
    w->used = 0;
    return 0;
}

/* Room for up to `wanted` bytes more in the buffer: how many, or 0 when it
 * could not be emptied. */
static size_t room(struct writer *w, uint64_t wanted)
{
    if (w->used == WRITE_BYTES && flush(w)) return 0;
    if (wanted < WRITE_BYTES - w->used) return (size_t)wanted;
    return WRITE_BYTES - w->used;
}

static int put_header(struct writer *w, const struct strbuf *header)
{
    for (size_t done = 0, n; done < header->len; done += n) {
        n = room(w, header->len - done);
        if (n == 0) return -1;
        memcpy(w->buffer + w->used, header->text + done, n);
        w->used += n;
    }
    return 0;
}

static int put_tensor(struct writer *w, struct synth_weights *weights,
                      const struct shape_tensor *t, uint64_t padded)
{
    uint64_t bytes = shape_tensor_bytes(t);

    for (uint64_t done = 0, n; done < padded; done += n) {
        n = room(w, done < bytes ? bytes - done : padded - done);
        if (n == 0) return -1;
        if (done < bytes)
            synth_weights_fill(weights, t, done, w->buffer + w->used,
                               (size_t)n);
        else
            memset(w->buffer + w->used, 0, (size_t)n);
        w->used += (size_t)n;
    }
    return 0;
}

static int put_all(struct writer *w, const struct model_shape *s,
                   const struct strbuf *header)
{
    struct synth_weights *weights = synth_weights_new();
    int                   rc = put_header(w, header);

    for (size_t i = 0; i < s->n_tensors && rc == 0; i++)
        rc = put_tensor(w, weights, &s->tensors[i],
                        shape_padded(s, shape_tensor_bytes(&s->tensors[i])));
    synth_weights_free(weights);
    if (rc == 0) rc = flush(w);
    if (rc == 0 && fsync(w->fd) != 0) rc = cannot_write(w);
    return rc;
}

/* The finished file gets its name, unless somebody else took it meanwhile;
 * rename() would overwrite, so link() is asked first. */
static int publish(const char *temporary, const char *path, struct err *err)
{
    if (link(temporary, path) == 0) {
        unlink(temporary);
        return 0;
    }
    if (refuse_existing(path, err)) return -1;
    if (rename(temporary, path) == 0) return 0;
    return err_set(err, ERR_FAILED, "%s: cannot be named so: %s", path,
                   strerror(errno));
}

/* A plain file that has this name and no other: not one that another audition
 * gave its final name between our open() and our lock. */
static bool is_ours(int fd, const char *temporary)
{
    struct stat opened, named;

    return fstat(fd, &opened) == 0 && lstat(temporary, &named) == 0 &&
           S_ISREG(opened.st_mode) && opened.st_nlink == 1 &&
           opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

/* The file to write to, ours alone. One that a kill -9 or a power cut left
 * behind is used again. Without waiting, as a pipe may be in its place. */
static int open_temporary(const char *temporary, const char *path,
                          struct err *err)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = open(temporary, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK |
                  O_CLOEXEC, 0666);

    if (fd < 0)
        return err_set(err, ERR_INPUT, "%s: cannot be written: %s; move away "
                       "what is there, or name a file elsewhere", temporary,
                       strerror(errno));
    if (fcntl(fd, F_SETLK, &lock) != 0 && errno != ENOLCK)
        err_set(err, ERR_INPUT, "%s: another audition is writing it; wait for "
                "that one, or name another file", path);
    else if (!is_ours(fd, temporary))
        err_set(err, ERR_INPUT, "%s: is no file of our own; move it away, or "
                "name another file", temporary);
    else if (ftruncate(fd, 0) != 0)
        err_set(err, ERR_INPUT, "%s: cannot be written: %s", temporary,
                strerror(errno));
    else
        return fd;
    close(fd);
    return -1;
}

static int write_file(const struct model_shape *s, const char *path,
                      const struct strbuf *header, struct err *err)
{
    /* Browsers call an unfinished download NAME.part. */
    char         *temporary = mem_printf("%s.synth-part", path);
    struct writer w = {.path = path, .err = err};
    int           rc = -1;

    w.fd = open_temporary(temporary, path, err);
    if (w.fd >= 0) {
        w.buffer = mem_new(WRITE_BYTES, 1);
        rc = put_all(&w, s, header);
        if (rc == 0) rc = publish(temporary, path, err);
        if (rc) unlink(temporary);
        close(w.fd);
        free(w.buffer);
    }
    free(temporary);
    return rc;
}

int synth_write(const struct model_shape *s, const char *path, bool dry_run,
                struct synth_report *out, struct err *err)
{
    struct strbuf header;
    int64_t       begin = clock_now_ns();
    char         *folder = folder_of(path);
    int           rc;

    *out = (struct synth_report){.seconds = NAN};
    strbuf_init(&header, HEADER_BYTES_MAX);
    rc = check_tensors(s, err);
    if (rc == 0) rc = measure(s, &header, out, err);
    if (rc == 0) rc = look_at_folder(folder, out, err);
    if (rc == 0 && !dry_run) {
        rc = refuse_existing(path, err);
        if (rc == 0) rc = check_space(out, path, err);
        if (rc == 0) rc = write_file(s, path, &header, err);
        out->seconds = (double)(clock_now_ns() - begin) / 1e9;
    }
    strbuf_done(&header);
    free(folder);
    return rc;
}
