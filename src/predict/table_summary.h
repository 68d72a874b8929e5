/* SPDX-License-Identifier: MIT */
/* table_summary.h - the errors of a table's predictions by group of rows, as
 * numbers: what table.h prints as JSON and as text. Pure. */
#ifndef PREDICT_TABLE_SUMMARY_H
#define PREDICT_TABLE_SUMMARY_H

#include "predict/table.h"

/* Flagged rows are in their own group and in no other. */
enum table_group {
    GROUP_ALL,
    GROUP_LLAMA_CPP_GPU,     /* measured with llama.cpp by that name         */
    GROUP_LLAMA_CPP_JETSON,  /* those on a Jetson's GPU                      */
    GROUP_CLASS,             /* of one device class; "cpu": a CPU computed   */
    GROUP_FLAGGED
};

/* Of |predicted / measured - 1|; NAN where nothing was compared. */
struct table_errors {
    size_t compared;         /* rows with both values                        */
    double median, p90;      /* p90: the nearest rank                        */
    double near;             /* share within 20 %                            */
    double inside;           /* share of measurements inside the interval    */
};

struct table_group_errors {
    enum table_group    group;
    const char         *name;          /* borrowed from the rows' boards     */
    size_t              rows, predicted;
    struct table_errors speed, prompt, memory;
};

struct table_groups {
    struct table_group_errors *items;
    size_t                     n;
};
void table_groups(const struct measured_table *t,
                  const struct judged_row *rows, struct table_groups *out);
void table_groups_done(struct table_groups *g);

#endif
