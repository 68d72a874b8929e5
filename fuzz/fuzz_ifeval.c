/* SPDX-License-Identifier: MIT */
/* fuzz_ifeval.c - any pattern and any text under every rule: a verdict, the
 * same twice, and what is followed strictly is followed loosely. The first
 * byte chooses the rule and a number, the pattern stands before the first
 * NUL; then the response. Needs AUDITION_DATA. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "original/ifeval.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void require(bool holds)
{
    if (!holds) abort();
}

static struct py text_value(const char *at, size_t len)
{
    struct py v = {.kind = PY_STR};

    v.as.text.bytes = at;
    v.as.text.len   = len;
    return v;
}

static struct py named(const char *name)
{
    return text_value(name, strlen(name));
}

/* Every argument that some rule knows: for a rule those that it takes. */
static uint32_t arguments(const char *type, struct py pattern, int64_t number,
                          const struct py *list, struct py_pair *pairs)
{
    static const struct { const char *type, *name; char kind; } all[] = {
        {"existence", "keywords", 'l'}, {":frequency", "keyword", 't'},
        {":frequency", "frequency", 'n'}, {":frequency", "relation", 'r'},
        {"forbidden", "forbidden_words", 'l'},
        {"letter_f", "letter", 'a'}, {"letter_f", "let_frequency", 'n'},
        {"letter_f", "let_relation", 'r'}, {"response_l", "language", 'e'},
        {"number_sen", "num_sentences", 'n'}, {"number_sen", "relation", 'r'},
        {"number_par", "num_paragraphs", 'n'}, {"number_w", "num_words", 'n'},
        {"number_w", "relation", 'r'}, {"nth_par", "num_paragraphs", 'n'},
        {"nth_par", "nth_paragraph", 'n'}, {"nth_par", "first_word", 't'},
        {"number_pl", "num_placeholders", 'n'},
        {"postscript", "postscript_marker", 't'},
        {"number_bul", "num_bullets", 'n'},
        {"number_hi", "num_highlights", 'n'},
        {"multiple_s", "section_spliter", 't'},
        {"multiple_s", "num_sections", 'n'},
        {"repeat_p", "prompt_to_repeat", 't'},
        {"end_checker", "end_phrase", 't'},
        {"capital_word", "capital_frequency", 'n'},
        {"capital_word", "capital_relation", 'r'},
    };
    struct py count = {.kind = PY_INT, .as.number = number};
    struct py items = {.kind = PY_LIST, .n = 1, .as.items = list};
    uint32_t  n = 0;

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (!strstr(type, all[i].type)) continue;
        pairs[n].key   = named(all[i].name);
        pairs[n].value = all[i].kind == 'l' ? items
                       : all[i].kind == 't' ? pattern
                       : all[i].kind == 'n' ? count
                       : all[i].kind == 'a' ? named("i")
                       : all[i].kind == 'e' ? named("en")
                       : named(number & 1 ? "less than" : "at least");
        n++;
    }
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const char    *text = (const char *)bytes + 1, *type, *end;
    struct py_pair pairs[8];
    struct py      pattern, kwargs = {.kind = PY_DICT};
    struct view    response;
    struct ifeval_verdict one, two;
    struct err     err = {0};

    if (size < 2) return 0;
    end = memchr(text, '\0', size - 1);
    if (!end) return 0;
    type    = ifeval_types[bytes[0] % 25];
    pattern = text_value(text, (size_t)(end - text));
    kwargs.n = arguments(type, pattern, 1 + bytes[0] / 25, &pattern, pairs);
    kwargs.as.pairs = pairs;
    if (ifeval_check_rule(view_of(type), &kwargs, &err)) {
        require(err.kind == ERR_INPUT && err.text[0]);
        return 0;
    }
    response = (struct view){end + 1, size - 2 - pattern.as.text.len};
    require(ifeval_judge(view_of(type), &kwargs, view_of(""), response, &one,
                         &err) == 0);
    require(ifeval_judge(view_of(type), &kwargs, view_of(""), response, &two,
                         &err) == 0);
    require(one.strict == two.strict && one.loose == two.loose);
    require(!one.strict || one.loose);
    return 0;
}
