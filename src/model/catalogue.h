/* SPDX-License-Identifier: MIT */
/* catalogue.h - models by name: share/models/ holds one JSON file a model
 * (its published configuration, licence, where the figures come from, what
 * llama.cpp makes of it) and share/architectures/ one a family (which tensors
 * a layer has, by symbolic sizes). A bare name is predicted from these with
 * no file and no network. Adding a model is adding a file. */
#ifndef MODEL_CATALOGUE_H
#define MODEL_CATALOGUE_H

#include <jansson.h>
#include <stdbool.h>

#include "model/shape.h"
#include "types.h"

struct catalogue_model {
    char *id;                 /* "Qwen/Qwen2.5-3B-Instruct"                  */
    struct text_list aliases; /* "qwen2.5:3b", "Qwen2.5-3B"                  */
    char *license, *source;   /* source: where the entry's figures are from  */
    char *architecture;       /* llama.cpp's name; ours when `unsupported` is
                                 set; NULL: its tensors are not known        */
    char *unsupported;        /* why llama.cpp cannot run it, or NULL        */
    char *no_gguf;            /* why no usable GGUF is published, or NULL    */
    char *caution;            /* what a user should know, or NULL            */
    bool  is_instruct;        /* false: a base model                         */
    char *hf;                 /* "user/repo:Q4_K_M": where to get it, or NULL*/
    json_t *config;           /* as published: hidden_size, ...              */
    json_t *keys;             /* further GGUF keys, or NULL                  */
    json_t *tools;            /* how its maker documents tools, or NULL      */
    json_t *chat;             /* the template's family, how it takes a system
                                 prompt, or NULL                             */
    double  parameters;       /* as published: a check on the shape          */
};

struct catalogue {
    struct catalogue_model *models;        /* sorted by id                   */
    size_t                  n;
    json_t                 *architectures; /* name -> tensors and keys       */
};

/* Reads share/models and share/architectures. ERR_PREFLIGHT without them;
 * ERR_INPUT names the file and the key that is wrong. */
MUST_USE int catalogue_load(struct catalogue *out, struct err *err);
void catalogue_done(struct catalogue *c);

/* The model that is meant: the name or an alias, case ignored; "user/" and
 * the endings "-GGUF", ".gguf", ":tag" optional; '_' and ' ' as '-'; a
 * quantisation at the end (".Q4_K_M", "-q8_0", ":Q6_K") goes to quant
 * (size bytes, "" when there is none). NULL: none. Never a guess: "Qwen2.5-7B"
 * is not "Qwen2.5-7B-Instruct-1M", but a name without "-Instruct", "-it" or
 * "-Chat" means the instruct model when the catalogue has no base model of
 * that very name. */
const struct catalogue_model *catalogue_find(const struct catalogue *c,
                                             const char *name, char *quant,
                                             size_t size);
/* Up to `most` names that look like it, nearest first; a count. */
size_t catalogue_nearest(const struct catalogue *c, const char *name,
                         const char **out, size_t most);

/* Its shape at a quantisation of quantise.h ("Q4_K_M"), without a tokenizer
 * (vocabulary from NAME.vocab_size). ERR_INPUT: no architecture known, a
 * quantisation unknown. */
MUST_USE int catalogue_shape(const struct catalogue *c,
                             const struct catalogue_model *model,
                             const char *quant, struct model_shape *out,
                             struct err *err);
/* The facts of that shape, as gguf_parse() reads them from its header;
 * file_bytes adds what a tokenizer of that vocabulary takes (estimated from
 * the vocabulary's size). */
MUST_USE int catalogue_facts(const struct catalogue *c,
                             const struct catalogue_model *model,
                             const char *quant, struct model_facts *out,
                             struct err *err);

#endif
