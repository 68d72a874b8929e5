/* SPDX-License-Identifier: MIT */
/* ggml_numbers.h - names for the numbers of gguf_types.h where code has to
 * tell one from another: tensor types (ggml.h) and file types (llama.h). */
#ifndef MODEL_GGML_NUMBERS_H
#define MODEL_GGML_NUMBERS_H

enum ggml_number {
    T_F32 = 0,      T_F16 = 1,      T_Q4_0 = 2,     T_Q4_1 = 3,
    T_Q5_0 = 6,     T_Q5_1 = 7,     T_Q8_0 = 8,     T_Q8_1 = 9,
    T_Q2_K = 10,    T_Q3_K = 11,    T_Q4_K = 12,    T_Q5_K = 13,
    T_Q6_K = 14,    T_IQ2_XXS = 16, T_IQ2_XS = 17,  T_IQ3_XXS = 18,
    T_IQ1_S = 19,   T_IQ4_NL = 20,  T_IQ3_S = 21,   T_IQ2_S = 22,
    T_IQ4_XS = 23,  T_I8 = 24,      T_I16 = 25,     T_I32 = 26,
    T_I64 = 27,     T_F64 = 28,     T_IQ1_M = 29,   T_BF16 = 30,
    T_TQ1_0 = 34,   T_TQ2_0 = 35,   T_MXFP4 = 39,   T_NVFP4 = 40,
    T_Q1_0 = 41,    T_Q2_0 = 42
};

enum file_number {
    FT_F32 = 0,     FT_F16 = 1,     FT_Q4_0 = 2,     FT_Q4_1 = 3,
    FT_Q8_0 = 7,    FT_Q5_0 = 8,    FT_Q5_1 = 9,     FT_Q2_K = 10,
    FT_Q3_K_S = 11, FT_Q3_K_M = 12, FT_Q3_K_L = 13,  FT_Q4_K_S = 14,
    FT_Q4_K_M = 15, FT_Q5_K_S = 16, FT_Q5_K_M = 17,  FT_Q6_K = 18,
    FT_IQ2_XXS = 19, FT_IQ2_XS = 20, FT_Q2_K_S = 21, FT_IQ3_XS = 22,
    FT_IQ3_XXS = 23, FT_IQ1_S = 24, FT_IQ4_NL = 25,  FT_IQ3_S = 26,
    FT_IQ3_M = 27,  FT_IQ2_S = 28,  FT_IQ2_M = 29,   FT_IQ4_XS = 30,
    FT_IQ1_M = 31,  FT_BF16 = 32,   FT_TQ1_0 = 36,   FT_TQ2_0 = 37,
    FT_MXFP4_MOE = 38, FT_Q1_0 = 40, FT_Q2_0 = 41
};

#endif
