/* SPDX-License-Identifier: MIT */
/* read_header.c - for tests/bench.sh: how long a header takes to be read.
 * usage: read_header FILE [TIMES]; the first reading is not counted. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/mem.h"
#include "model/gguf.h"

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
    long          times = argc > 2 ? strtol(argv[2], NULL, 10) : 51;
    double       *ms;
    struct rusage usage;

    if (argc < 2 || times < 1 || times > 100000) return 2;
    ms = mem_new((size_t)times, sizeof *ms);
    for (long i = -1; i < times; i++) {
        int64_t            start = clock_now_ns();
        struct model_facts facts;
        struct err         err = {0};
        if (gguf_read(argv[1], &facts, &err)) {
            fprintf(stderr, "%s\n", err.text);
            return 1;
        }
        if (i >= 0) ms[i] = (double)(clock_now_ns() - start) / 1e6;
        if (i == times - 1)
            printf("%d tokens", facts.vocabulary);
        model_facts_done(&facts);
    }
    qsort(ms, (size_t)times, sizeof *ms, by_value);
    getrusage(RUSAGE_SELF, &usage);
    printf(": %.2f ms median of %ld (best %.2f, worst %.2f; budget 5), %ld KB "
           "resident (budget 16384)\n", ms[times / 2], times, ms[0],
           ms[times - 1], usage.ru_maxrss);
    free(ms);
    return 0;
}
