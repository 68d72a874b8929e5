/* SPDX-License-Identifier: MIT */
/* report.c - every format, in one greppable place. */
#include "report/report.h"

#include <string.h>

const struct report_ops *const report_all[] = {
    &report_text, &report_markdown, &report_json, NULL,
};

const struct report_ops *report_find(const char *name)
{
    for (size_t i = 0; name && report_all[i]; i++)
        if (strcmp(report_all[i]->name, name) == 0) return report_all[i];
    return NULL;
}
