/* SPDX-License-Identifier: MIT */
/* fake_hub.c - serves a folder as a Hugging Face hub does (fake_hub.h), for
 * tests of the whole program:
 *
 *   fake_hub FOLDER [--script FILE] [--log FILE]
 *
 * FOLDER/user/repo/... are the repositories. Prints "endpoint URL" and
 * "cdn URL", then serves until it is killed, its parent ends or life_s (900)
 * is over; the log is written after each request.
 *
 * Script   {"prefix": "/mirror", "gated": "user/repo", "token": "hf_x",
 *           "page": 2, "life_s": 60, "faults": [{"kind": "cut", "text": ...,
 *           "method", "where", "cdn": true, "hub", "skip", "times", "bytes",
 *           "status"}]}
 */
#include "fake_hub.h"

#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static long number_of(const json_t *object, const char *key)
{
    return (long)json_integer_value(json_object_get(object, key));
}

/* `path` below the folder is "user/repo/...". */
static void add_folder(struct fake_hub *h, const char *root, const char *path)
{
    char          *folder = mem_printf("%s/%s", root, path);
    DIR           *dir = opendir(folder);
    struct dirent *d;

    while (dir && (d = readdir(dir)) != NULL) {
        char       *below = mem_printf("%s%s%s", path, *path ? "/" : "",
                                       d->d_name);
        char       *full = mem_printf("%s/%s", root, below);
        struct stat st;
        int         fd;

        if (d->d_name[0] != '.' && stat(full, &st) == 0) {
            if (S_ISDIR(st.st_mode)) add_folder(h, root, below);
            fd = S_ISREG(st.st_mode) ? open(full, O_RDONLY) : -1;
            if (fd >= 0 && st.st_size > 0) {
                void *bytes = mmap(NULL, (size_t)st.st_size, PROT_READ,
                                   MAP_PRIVATE, fd, 0);
                if (bytes == MAP_FAILED) abort();
                hub_add(h, below, bytes, (size_t)st.st_size);
            }
            if (fd >= 0) close(fd);
        }
        free(full);
        free(below);
    }
    if (dir) closedir(dir);
    free(folder);
}

static void read_script(struct fake_hub *h, const json_t *script)
{
    const json_t *fault;
    size_t        i;

    h->prefix = text_of(script, "prefix");
    h->gated = text_of(script, "gated");
    h->token = text_of(script, "token");
    h->page = (size_t)number_of(script, "page");
    json_array_foreach(json_object_get(script, "faults"), i, fault)
        hub_fault(h, (struct hub_fault){
            .kind = text_of(fault, "kind"), .text = text_of(fault, "text"),
            .method = text_of(fault, "method"),
            .where = text_of(fault, "where"),
            .cdn = json_is_true(json_object_get(fault, "cdn")),
            .hub = json_is_true(json_object_get(fault, "hub")),
            .skip = number_of(fault, "skip"),
            .times = number_of(fault, "times"),
            .bytes = (size_t)number_of(fault, "bytes"),
            .status = (int)number_of(fault, "status")});
}

int main(int argc, char **argv)
{
    static struct fake_hub h;
    const char *log = NULL, *file = NULL;
    json_t     *script = NULL;
    long        life_s;

    for (int i = 2; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--script") == 0) file = argv[i + 1];
        if (strcmp(argv[i], "--log") == 0) log = argv[i + 1];
    }
    if (argc < 2 || (file && !(script = json_load_file(file, 0, NULL)))) {
        fputs("fake_hub FOLDER [--script FILE] [--log FILE]\n", stderr);
        return 2;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    life_s = number_of(script, "life_s");
    alarm((unsigned)(life_s > 0 ? life_s : 900));
    hub_start(&h);
    h.log_path = log;
    read_script(&h, script);
    add_folder(&h, argv[1], "");
    printf("endpoint %s%s\ncdn %s\n", h.endpoint, h.prefix ? h.prefix : "",
           h.cdn);
    fflush(stdout);
    for (;;) pause();
}
