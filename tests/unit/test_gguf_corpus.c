/* SPDX-License-Identifier: MIT */
/* test_gguf_corpus.c - every file of tests/corpus/gguf is treated as its name
 * says, in memory and on disk alike. CORPUS_UPDATE=1 writes the files anew
 * from gguf_corpus.h. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdbool.h>

#include "base/bytes.h"
#include "gguf_corpus.h"
#include "model/gguf.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define SMALL        4096  /* bytes that a file of the corpus may have */

static char *corpus_path(const char *name)
{
    const char *tests = getenv("TEST_DIR");

    return mem_printf("%s/corpus/gguf/%s.gguf", tests ? tests : "tests", name);
}

/* What a refusal of each kind says. */
static const char *words_of(const char *name)
{
    static const struct { const char *kind, *words; } kinds[] = {
        {"fail-count-", "claims to hold"},
        {"fail-length-", "cut short or damaged inside its header"},
        {"fail-type-", "which GGUF does not have"},
        {"fail-deep-", "nested deeper than"},
        {"fail-twice-", "twice"},
        {"fail-name-", "without a name"},
        {"fail-dimension-", "dimension"},
        {"fail-overflow-", "than can be counted"},
        {"fail-past-", "ends past any possible file"},
        {"fail-overlap-", "overlaps the one before it"},
        {"fail-align-", "align"},
        {"fail-block-", "no whole number of blocks"},
        {"fail-cut-", "cut short"},
        {"fail-version-", "is GGUF version"},
        {"fail-page-", "is an HTML page"},
        {"fail-json-", "is a JSON text"},
        {"fail-pointer-", "is a Git LFS pointer"},
        {"fail-safetensors-", "is a safetensors file"},
        {"fail-zeros-", "nothing but zeros"},
        {"fail-noise-", "is not a GGUF file: it begins with"},
        {"fail-empty-", "is empty"},
    };

    for (size_t i = 0; i < COUNT(kinds); i++)
        if (strncmp(name, kinds[i].kind, strlen(kinds[i].kind)) == 0)
            return kinds[i].words;
    fail_msg("%s is of no kind that is known here", name);
    return NULL;
}

static void check_refusal(const char *name, const struct err *err,
                          const struct model_facts *facts)
{
    assert_int_equal(err->kind, ERR_INPUT);
    if (!strstr(err->text, words_of(name)))
        fail_msg("%s: \"%s\" does not say \"%s\"", name, err->text,
                 words_of(name));
    assert_int_equal(facts->layers, 77);      /* nothing was touched */
}

static void check_file(const char *name)
{
    char              *path = corpus_path(name);
    bool               pass = strncmp(name, "pass-", 5) == 0;
    struct bytes       head;
    uint64_t           file_bytes;
    struct model_facts a = {.layers = 77}, b = {.layers = 77};
    struct err         err = {0}, file_err = {0};
    int                more = 5, in_memory, on_disk;

    assert_int_equal(bytes_read_head(&head, path, SMALL, &file_bytes,
                                     &err), 0);
    assert_true(file_bytes < SMALL);
    in_memory = gguf_parse(head.data, head.size, head.size, &a, &more, &err);
    on_disk = gguf_read(path, &b, &file_err);
    if (in_memory != (pass ? 0 : -1))
        fail_msg("%s: %s", name, in_memory ? err.text : "was read");
    assert_int_equal(on_disk, in_memory);
    assert_int_equal(more, 0);
    if (pass) {
        assert_true(a.tensor_bytes == b.tensor_bytes);
        assert_int_equal(a.layers, b.layers);
        assert_int_equal(a.vocabulary, b.vocabulary);
        model_facts_done(&a);
        model_facts_done(&b);
    } else {
        check_refusal(name, &err, &a);
        check_refusal(name, &file_err, &b);
        assert_non_null(strstr(file_err.text, path));
    }
    bytes_done(&head);
    free(path);
}

static void test_every_file_is_treated_as_its_name_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(corpus_files); i++)
        check_file(corpus_files[i].name);
}

/* What is checked in is what gguf_corpus.h makes, and nothing else. */
static void test_the_files_are_those_that_are_made(void **state)
{
    bool           update = getenv("CORPUS_UPDATE") != NULL;
    char          *folder = corpus_path(""), *slash = strrchr(folder, '/');
    DIR           *d;
    struct dirent *e;
    size_t         files = 0;

    (void)state;
    *slash = '\0';
    for (size_t i = 0; i < COUNT(corpus_files); i++) {
        char            *path = corpus_path(corpus_files[i].name);
        struct gguf_file g;
        struct bytes     is = {0};
        struct err       err = {0};
        corpus_files[i].make(&g);
        if (update) {
            FILE *f = fopen(path, "wb");
            assert_non_null(f);
            assert_int_equal(fwrite(g.bytes ? g.bytes : (unsigned char *)"",
                                    1, g.len, f), g.len);
            assert_int_equal(fclose(f), 0);
        }
        if (bytes_read(&is, path, SMALL, &err))
            fail_msg("%s: %s", path, err.text);
        assert_int_equal(is.size, g.len);
        if (g.len) assert_memory_equal(is.data, g.bytes, g.len);
        bytes_done(&is);
        gguf_free(&g);
        free(path);
    }
    d = opendir(folder);
    assert_non_null(d);
    while ((e = readdir(d))) files += e->d_name[0] != '.';
    closedir(d);
    assert_int_equal(files, COUNT(corpus_files));
    free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_files_are_those_that_are_made),
        cmocka_unit_test(test_every_file_is_treated_as_its_name_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
