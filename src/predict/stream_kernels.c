/* SPDX-License-Identifier: MIT */
/* stream_kernels.c - see stream_kernels.h. Which registers a processor has is
 * asked when it runs: one binary serves all of an architecture. ISO C forbids
 * a compiler to fuse a multiplication with an addition by itself, hence the
 * intrinsics. */
#include "predict/stream_kernels.h"

#if defined __x86_64__
#include <immintrin.h>
#elif defined __aarch64__
#include <arm_neon.h>
#endif

/* Two multiply-adds a clock that take four or five clocks each need ten
 * chains to keep the units busy. Each is a variable of its own, so that no
 * compiler keeps them in memory. */
#define CHAINS 12
#define OTHERS(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11)
#define START(k)  vector x##k = SET((float)(k));
#define STEP(k)   x##k = FUSE(x##k, a, b);
#define GATHER(k) x0 = ADD(x0, x##k);

/* The body of a function for one kind of register: SET fills one with a
 * number, FUSE is x a + b, ADD a sum. x = x a + b has a fixed point, so that
 * no chain overflows or becomes denormal. */
#define RUN_CHAINS                                                            \
    vector a = SET(0.999f), b = SET(0.001f);                                  \
    START(0) OTHERS(START)                                                    \
    for (long i = 0; i < rounds; i++) { STEP(0) OTHERS(STEP) }                \
    OTHERS(GATHER)                                                            \
    *sink = FIRST(x0);                                                        \
    return (double)rounds * CHAINS * (sizeof(vector) / sizeof(float)) * 2;

uint64_t kernel_sum(const uint64_t *words, size_t n)
{
    typedef uint64_t pair __attribute__((vector_size(16)));
    const pair *at = (const pair *)(const void *)words;
    pair        sums[8] = {{0, 0}};
    uint64_t    sum = 0;

    for (size_t i = 0; i + 8 <= n / 2; i += 8)
        for (size_t k = 0; k < 8; k++) sums[k] += at[i + k];
    for (size_t k = 0; k < 8; k++) sum += sums[k][0] + sums[k][1];
    return sum;
}

#if defined __x86_64__

__attribute__((target("avx512f")))
static double multiply_add_512(long rounds, float *sink)
{
    typedef __m512 vector;
#define SET   _mm512_set1_ps
#define FUSE  _mm512_fmadd_ps
#define ADD   _mm512_add_ps
#define FIRST _mm512_cvtss_f32
    RUN_CHAINS
#undef SET
#undef FUSE
#undef ADD
#undef FIRST
}

__attribute__((target("avx2,fma")))
static double multiply_add_256(long rounds, float *sink)
{
    typedef __m256 vector;
#define SET   _mm256_set1_ps
#define FUSE  _mm256_fmadd_ps
#define ADD   _mm256_add_ps
#define FIRST _mm256_cvtss_f32
    RUN_CHAINS
#undef SET
#undef FUSE
#undef ADD
#undef FIRST
}

static double multiply_add_128(long rounds, float *sink)
{
    typedef __m128 vector;
#define SET           _mm_set1_ps
#define FUSE(x, a, b) _mm_add_ps(_mm_mul_ps(x, a), b)
#define ADD           _mm_add_ps
#define FIRST         _mm_cvtss_f32
    RUN_CHAINS
}

double kernel_multiply_add(long rounds, float *sink)
{
    if (__builtin_cpu_supports("avx512f"))
        return multiply_add_512(rounds, sink);
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return multiply_add_256(rounds, sink);
    return multiply_add_128(rounds, sink);
}

#else

double kernel_multiply_add(long rounds, float *sink)
{
#if defined __aarch64__
    typedef float32x4_t vector;
#define SET           vdupq_n_f32
#define FUSE(x, a, b) vfmaq_f32(b, x, a)
#define ADD           vaddq_f32
#define FIRST(x)      vgetq_lane_f32(x, 0)
#else
    typedef float vector;
#define SET(x)        (x)
#define FUSE(x, a, b) ((x) * (a) + (b))
#define ADD(x, y)     ((x) + (y))
#define FIRST(x)      (x)
#endif
    RUN_CHAINS
}

#endif
