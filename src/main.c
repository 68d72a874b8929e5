/* SPDX-License-Identifier: MIT */
/* main.c - argv to one sub-command. */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/stop.h"
#include "commands.h"
#include "types.h"
#include "version.h"

const struct command *const command_all[] = {
    &command_run, &command_plan, &command_predict, &command_inspect,
    &command_synth, &command_devices, &command_probe, &command_doctor,
    &command_init, &command_report, &command_list, &command_score,
    &command_cases, &command_suites, &command_import, &command_selfcheck,
    &command_hold, NULL,
};

static void print_help(FILE *out)
{
    fputs("audition - which language model do I ship in the voice assistant on "
          "this board?\n\nusage: audition COMMAND [OPTION]... \n\n", out);
    for (size_t i = 0; command_all[i]; i++)
        fprintf(out, "  %-9s %s\n", command_all[i]->name,
                command_all[i]->summary);
    fputs("\n  audition COMMAND --help   its options\n"
          "  audition --version        of the program and its definitions\n"
          "  audition --man            the manual page, as roff\n"
          "  audition --completion     for bash\n\n"
          "exit codes: 0 ok, 1 could not complete, 2 usage or bad input, "
          "3 no engine, no\nmodel or nothing fits, 100 a gate failed (run "
          "--gate) or fewer verdicts agree than\nasked for (selfcheck "
          "--min-agreement), 129/130/143 stopped by SIGHUP, SIGINT,\nSIGTERM "
          "with everything so far saved\n", out);
}

static int usage_error(const char *word)
{
    const char *names[24], *near;
    size_t      n = 0;

    for (; command_all[n] && n < 23; n++) names[n] = command_all[n]->name;
    names[n] = NULL;
    near = opt_nearest(word, names);
    fprintf(stderr, "audition: there is no command \"%.60s\"%s%s%s; see "
            "audition --help\n", word, near ? "; did you mean \"" : "",
            near ? near : "", near ? "\"?" : "");
    return 2;
}

static int run_command(const struct command *cmd, int argc, char **argv)
{
    void             *options = mem_new(1, cmd->options_bytes);
    enum opt_source  *sources;
    struct text_list  arguments = {0};
    struct err        err  = {0};
    bool              help = false;
    size_t            n    = 0;
    int               code = 0;

    while (cmd->opts[n].name) n++;
    sources = mem_new(n, sizeof *sources);
    if (opt_parse(cmd, argc, argv, options, sources, &arguments, &help,
                  &err)) {
        fprintf(stderr, "audition %s: %s\n", cmd->name, err.text);
        code = err_exit_code(err.kind);
    } else if (help) {
        opt_print_help(cmd, stdout);
    } else {
        code = cmd->run(options, sources, &arguments);
    }
    /* A report that knows better has said so, and has a code of its own; a
     * reader that has seen enough (`| head`) needs no word. */
    if ((fflush(stdout) != 0 || ferror(stdout)) && code == 0) {
        if (errno != EPIPE)
            fputs("audition: the answer could not be written whole to stdout; "
                  "is its disk full?\n", stderr);
        code = 1;
    }
    text_list_done(&arguments);
    opt_done(cmd, options);
    free(options);
    free(sources);
    return code;
}

int main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "--help";

    stop_install();
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 ||
        strcmp(word, "help") == 0) {
        print_help(argc > 1 ? stdout : stderr);
        return argc > 1 ? 0 : 2;
    }
    if (strcmp(word, "--version") == 0) {
        printf("audition %s (method %d)\n", AUDITION_VERSION, METHOD_VERSION);
        return 0;
    }
    if (strcmp(word, "--man") == 0) {
        opt_print_man(command_all, stdout);
        return 0;
    }
    if (strcmp(word, "--completion") == 0) {
        opt_print_completion(command_all, stdout);
        return 0;
    }
    for (size_t i = 0; command_all[i]; i++)
        if (strcmp(word, command_all[i]->name) == 0)
            return run_command(command_all[i], argc - 2, argv + 2);
    return usage_error(word);
}
