/* SPDX-License-Identifier: MIT */
/* gguf_types.c - the two tables of gguf_types.h. */
#include "model/gguf_types.h"

#include <stddef.h>
#include <stdio.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* 31 to 33 are refused by engines since the end of 2024; their sizes are those
 * of Q4_0. Gaps: see `layouts_unknown`. */
static const struct gguf_type types[] = {
    [0] = {"F32", 1, 4},          [1] = {"F16", 1, 2},
    [2] = {"Q4_0", 32, 18},       [3] = {"Q4_1", 32, 20},
    [6] = {"Q5_0", 32, 22},       [7] = {"Q5_1", 32, 24},
    [8] = {"Q8_0", 32, 34},       [9] = {"Q8_1", 32, 36},
    [10] = {"Q2_K", 256, 84},     [11] = {"Q3_K", 256, 110},
    [12] = {"Q4_K", 256, 144},    [13] = {"Q5_K", 256, 176},
    [14] = {"Q6_K", 256, 210},    [15] = {"Q8_K", 256, 292},
    [16] = {"IQ2_XXS", 256, 66},  [17] = {"IQ2_XS", 256, 74},
    [18] = {"IQ3_XXS", 256, 98},  [19] = {"IQ1_S", 256, 50},
    [20] = {"IQ4_NL", 32, 18},    [21] = {"IQ3_S", 256, 110},
    [22] = {"IQ2_S", 256, 82},    [23] = {"IQ4_XS", 256, 136},
    [24] = {"I8", 1, 1},          [25] = {"I16", 1, 2},
    [26] = {"I32", 1, 4},         [27] = {"I64", 1, 8},
    [28] = {"F64", 1, 8},         [29] = {"IQ1_M", 256, 56},
    [30] = {"BF16", 1, 2},        [31] = {"Q4_0_4_4", 32, 18},
    [32] = {"Q4_0_4_8", 32, 18},  [33] = {"Q4_0_8_8", 32, 18},
    [34] = {"TQ1_0", 256, 54},    [35] = {"TQ2_0", 256, 66},
    [39] = {"MXFP4", 32, 17},     [40] = {"NVFP4", 64, 36},
    [41] = {"Q1_0", 128, 18},     [42] = {"Q2_0", 64, 18},
};

/* 4 and 5 left before GGUF came. 36 to 38 are what BitNet's fork of llama.cpp
 * calls them: what engines once meant by these numbers was never written to a
 * file. A tensor of them reaches to the next one. */
static const char *const layouts_unknown[] = {
    [4] = "Q4_2",  [5] = "Q4_3", [36] = "I2_S", [37] = "I8_S", [38] = "TL1",
};

static const char *const file_types[] = {
    [0] = "F32",      [1] = "F16",      [2] = "Q4_0",      [3] = "Q4_1",
    [7] = "Q8_0",     [8] = "Q5_0",     [9] = "Q5_1",      [10] = "Q2_K",
    [11] = "Q3_K_S",  [12] = "Q3_K_M",  [13] = "Q3_K_L",   [14] = "Q4_K_S",
    [15] = "Q4_K_M",  [16] = "Q5_K_S",  [17] = "Q5_K_M",   [18] = "Q6_K",
    [19] = "IQ2_XXS", [20] = "IQ2_XS",  [21] = "Q2_K_S",   [22] = "IQ3_XS",
    [23] = "IQ3_XXS", [24] = "IQ1_S",   [25] = "IQ4_NL",   [26] = "IQ3_S",
    [27] = "IQ3_M",   [28] = "IQ2_S",   [29] = "IQ2_M",    [30] = "IQ4_XS",
    [31] = "IQ1_M",   [32] = "BF16",    [33] = "Q4_0_4_4", [34] = "Q4_0_4_8",
    [35] = "Q4_0_8_8", [36] = "TQ1_0",  [37] = "TQ2_0",    [38] = "MXFP4_MOE",
    [39] = "NVFP4",   [40] = "Q1_0",    [41] = "Q2_0",
};

const struct gguf_type *gguf_type_find(uint32_t type)
{
    return type < COUNT(types) && types[type].name ? &types[type] : NULL;
}

const char *gguf_type_name(uint32_t type, char out[24])
{
    const struct gguf_type *known = gguf_type_find(type);

    if (known)
        snprintf(out, 24, "%s", known->name);
    else if (type < COUNT(layouts_unknown) && layouts_unknown[type])
        snprintf(out, 24, "%s", layouts_unknown[type]);
    else
        snprintf(out, 24, "type %lu", (unsigned long)type);
    return out;
}

const char *gguf_file_type_name(uint64_t file_type)
{
    return file_type < COUNT(file_types) ? file_types[file_type] : NULL;
}
