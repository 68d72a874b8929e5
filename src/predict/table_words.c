/* SPDX-License-Identifier: MIT */
/* table_words.c - see table_words.h. */
#include "predict/table_words.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "model/quantise.h"

/* Does a word of the text begin with this one? Case ignored. */
static bool has_word(const char *text, const char *word)
{
    size_t n = strlen(word);

    for (const char *at = text; *at; at++)
        if ((at == text || !isalnum((unsigned char)at[-1])) &&
            strncasecmp(at, word, n) == 0)
            return true;
    return false;
}

static bool has_any(const char *text, const char *const *words)
{
    for (; *words; words++)
        if (has_word(text, *words)) return true;
    return false;
}

/* ---- engines ------------------------------------------------------------ */

/* "llama.cpp", "llama-cpp-python", "LlamaCpp", "llama-bench"; not
 * "ik_llama.cpp", whose kernels are others. */
static enum engine_family family_of(const char *text)
{
    static const char *const ours[] = {"llamacpp", "llamabench",
                                       "llamaserver", "llamacli", NULL};
    char   word[24];
    size_t n = 0;

    for (; *text && n < sizeof word - 1; text++)
        if (!strchr(" ._-", *text))
            word[n++] = (char)tolower((unsigned char)*text);
    word[n] = '\0';
    if (n == 0) return ENGINE_LLAMA_CPP;
    if (strncmp(word, "ollama", 6) == 0) return ENGINE_OLLAMA;
    for (size_t i = 0; ours[i]; i++)
        if (strncmp(word, ours[i], strlen(ours[i])) == 0)
            return ENGINE_LLAMA_CPP;
    return ENGINE_OTHER;
}

struct engine_words words_engine(const char *text)
{
    static const struct { const char *word; int backend; } words[] = {
        {"cpu", BACKEND_CPU}, {"blas", BACKEND_CPU},
        {"openblas", BACKEND_CPU}, {"cuda", BACKEND_CUDA},
        {"cublas", BACKEND_CUDA}, {"metal", BACKEND_METAL},
        {"vulkan", BACKEND_VULKAN}, {"rocm", BACKEND_ROCM},
        {"hip", BACKEND_ROCM},
    };
    static const char *const others[] = {
        "sycl", "opencl", "cann", "musa", "webgpu", "hexagon", "qnn",
        "kompute", "rpc", "npu", NULL};
    struct engine_words out = {.family = family_of(text), .backend = -1};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!has_word(text, words[i].word)) continue;
        if (out.backend >= 0 && out.backend != words[i].backend)
            out.trouble = "it names more than one backend";
        out.backend = words[i].backend;
    }
    if (has_any(text, others))
        out.trouble = "its backend is not one that is predicted (CPU, CUDA, "
                      "Metal, Vulkan, ROCm)";
    return out;
}

/* ---- quantisations ------------------------------------------------------ */

#define QUANT_SEPARATORS " \t\n()/,;:.|+"

/* *is_exact: the name itself, not one that stands for it. */
static bool known_quant(const char *word, char *out, size_t size,
                        bool *is_exact)
{
    static const struct { const char *end, *instead; bool is_exact; }
    ends[] = {
        {"", "", true}, {"", "_MOE", true},   /* MXFP4: of experts only   */
        {"_L", "_M", false}, {"_XL", "_M", false},   /* a few tensors     */
        {"_L", "", false}, {"_XL", "", false},       /* are larger        */
    };
    bool is_dynamic = strncasecmp(word, "UD-", 3) == 0;

    if (is_dynamic) word += 3;
    if (strncasecmp(word, "FP", 2) == 0) {    /* fp16: F16 */
        char name[16];
        int  n = snprintf(name, sizeof name, "F%s", word + 2);

        return n > 0 && (size_t)n < sizeof name &&
               strncasecmp(name, "FP", 2) != 0 &&
               known_quant(name, out, size, is_exact);
    }
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t n = strlen(word), e = strlen(ends[i].end);
        int    used;

        if (n < e || strcasecmp(word + n - e, ends[i].end) != 0) continue;
        used = snprintf(out, size, "%.*s%s", (int)(n - e), word,
                        ends[i].instead);
        if (used > 0 && (size_t)used < size && quantise_file_type(out) >= 0) {
            *is_exact = ends[i].is_exact && !is_dynamic;
            return true;
        }
    }
    return false;
}

/* llama-bench's own words: "Q4_K - Medium" is Q4_K_M. */
static void join_size_word(char *word, size_t size, const char *rest)
{
    static const char *const sizes[] = {"small", "medium", "large"};
    size_t n = strlen(word);

    rest += strspn(rest, " ");
    if (*rest++ != '-') return;
    rest += strspn(rest, " ");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (strncasecmp(rest, sizes[i], strlen(sizes[i])) == 0)
            snprintf(word + n, size - n, "_%c", toupper(*sizes[i]));
}

bool words_quant(const char *text, enum engine_family family, char *out,
                 size_t size, bool *is_certain)
{
    bool is_found = false;

    *is_certain = true;
    for (const char *at = text; *at;) {
        size_t n = strcspn(at, QUANT_SEPARATORS);
        char   word[32], name[32];
        bool   is_exact = true;

        if (n > 0 && n < sizeof word) {
            memcpy(word, at, n);
            word[n] = '\0';
            join_size_word(word, sizeof word, at + n);
            if (known_quant(word, name, sizeof name, &is_exact)) {
                if (!is_found) snprintf(out, size, "%s", name);
                else if (strcasecmp(out, name) != 0) *is_certain = false;
                if (!is_found && !is_exact) *is_certain = false;
                is_found = true;
            }
        }
        at += n + (at[n] != '\0');
    }
    if (is_found || family != ENGINE_OLLAMA || !has_word(text, "default"))
        return is_found;
    *is_certain = false;              /* what its library mostly serves */
    snprintf(out, size, "Q4_K_M");
    return true;
}

/* ---- notes -------------------------------------------------------------- */

bool words_doubt(const char *note)
{
    static const char *const doubts[] = {
        "dubious", "doubtful", "fallback", "fell back", "chart", "secondary",
        "suspect", "suspicious", "unreliable", "implausible", "inconsistent",
        "throttl", NULL};

    return has_any(note, doubts);
}

bool words_served(const char *engine, const char *note)
{
    static const char *const servers[] = {
        "server", "served", "serving", "request", "llmfit", "http", NULL};

    if (has_word(engine, "llama-bench") || has_word(note, "llama-bench"))
        return false;
    return family_of(engine) == ENGINE_OLLAMA || has_any(engine, servers) ||
           has_any(note, servers);
}

char *words_before_remark(const char *text)
{
    const char *remark = strchr(text, '(');
    size_t      n      = strlen(text);

    if (remark && remark != text && text[n - 1] == ')')
        n = (size_t)(remark - text);
    while (n && isspace((unsigned char)text[n - 1])) n--;
    return mem_copy_n(text, n);
}
