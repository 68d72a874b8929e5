/* SPDX-License-Identifier: MIT */
/* cmd_init.c - `audition init`: a commented audition.yaml for this board and
 * the models found on it. */
#include "commands.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "discover.h"
#include "init.h"
#include "predict/device.h"
#include "probe/probe.h"

struct init_options {
    bool force, to_stdout;
};

#define AT(field) offsetof(struct init_options, field)

static const struct opt init_opts[] = {
    {.name = "force", .letter = 'f', .type = OPT_FLAG, .at = AT(force),
     .help = "write over a file that is there"},
    {.name = "stdout", .type = OPT_FLAG, .at = AT(to_stdout),
     .help = "print it instead of writing a file"},
    {.name = NULL},
};

static int write_new(const char *path, const char *text, bool force)
{
    int   flags = O_WRONLY | O_CREAT | O_CLOEXEC | (force ? O_TRUNC : O_EXCL);
    int   fd    = open(path, flags, 0666);
    FILE *f     = fd >= 0 ? fdopen(fd, "w") : NULL;

    if (!f && errno == EEXIST) {
        fprintf(stderr, "audition: %s is already there; --force writes over "
                "it\n", path);
        return 2;
    }
    if (!f || fputs(text, f) < 0 || fclose(f) != 0) {
        fprintf(stderr, "audition: %s cannot be written: %s\n", path,
                strerror(errno));
        return 1;
    }
    return 0;
}

static int init(void *options, const enum opt_source *sources,
                const struct text_list *arguments)
{
    const struct init_options *o = options;
    const char *path = arguments->n ? arguments->items[0] : "audition.yaml";
    struct found_models found   = {0};
    struct machine      machine = {0};
    struct boards       boards;
    struct device       device  = {.name = NULL};
    struct err          ignored = {0};    /* without a list no board is known */
    char *text;
    int   code = 0;

    (void)sources;
    machine_read("", &machine);
    discover_models(&found);
    if (boards_load(&boards, &ignored) == 0)
        device_of_machine(&boards, &machine, "", NULL, &device);
    text = init_text(&machine, device.board ? device.name : NULL,
                     device.power_mode && *device.power_mode
                     ? device.power_mode : NULL, &found);
    boards_done(&boards);
    if (o->to_stdout) {
        fputs(text, stdout);
    } else {
        code = write_new(path, text, o->force);
        if (code == 0)
            fprintf(stderr, "audition: wrote %s with %zu model%s found on "
                    "this machine; look it over, then: audition run %s\n",
                    path, found.n, found.n == 1 ? "" : "s",
                    arguments->n ? path : "");
    }
    free(text);
    found_models_done(&found);
    machine_done(&machine);
    return code;
}

const struct command command_init = {
    .name = "init", .arguments = "[FILE]",
    .summary = "write a commented audition.yaml for this board",
    .about = "FILE is audition.yaml unless named.",
    .opts = init_opts, .options_bytes = sizeof(struct init_options),
    .max_arguments = 1, .run = init,
};
