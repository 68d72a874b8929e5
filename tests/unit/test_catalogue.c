/* SPDX-License-Identifier: MIT */
/* test_catalogue.c - what is in share/models/, and what happens when a file
 * there is wrong. Names: test_catalogue_name.c; tensors:
 * test_catalogue_shape.c. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "catalogue_fixture.h"
#include "temp_tree.h"

/* ---- the project's own ------------------------------------------------- */

static void test_every_entry_says_where_it_is_from(void **state)
{
    const struct catalogue *c = *state;

    for (size_t i = 0; i < c->n; i++) {
        const struct catalogue_model *m = &c->models[i];
        assert_true(strlen(m->source) > 10);
        assert_true(strlen(m->license) > 0);
        assert_non_null(strchr(m->id, '/'));
        if (i) assert_true(strcasecmp(c->models[i - 1].id, m->id) < 0);
    }
}

/* A name that a user can download starts with a repository. */
static void test_where_to_get_it_is_a_repository_and_a_type(void **state)
{
    const struct catalogue *c = *state;

    for (size_t i = 0; i < c->n; i++) {
        const char *hf = c->models[i].hf;
        if (!hf) continue;
        assert_null(c->models[i].no_gguf);
        assert_non_null(strchr(hf, '/'));
        assert_true(strchr(hf, ':') > strchr(hf, '/'));
    }
}

static void test_what_cannot_be_run_says_why(void **state)
{
    const struct catalogue_model *btlm = model_named(*state, "btlm-3b-8k-base");
    const struct catalogue_model *falcon = model_named(*state, "Falcon-E-3B");
    const struct catalogue_model *rocket = model_named(*state, "rocket-3B");

    assert_non_null(strstr(btlm->unsupported, "llama.cpp"));
    assert_non_null(btlm->no_gguf);
    assert_false(btlm->is_instruct);
    assert_null(falcon->unsupported);
    assert_non_null(strstr(falcon->no_gguf, "I2_S"));
    assert_null(rocket->no_gguf);
    assert_non_null(rocket->caution);
    assert_true(rocket->is_instruct);
}

/* ---- a folder of one's own --------------------------------------------- */

static const char FAMILY[] =
    "{\"source\": \"a test\", \"defaults\": {\"num_hidden_layers\": \"2\"},"
    " \"keys\": {\"block_count\": \"num_hidden_layers\","
    "  \"embedding_length\": \"width\", \"vocab_size\": \"7\","
    "  \"attention.head_count\": {\"u32s\": \"layer + 1\"},"
    "  \"attention.head_count_kv\": \"1\", \"context_length\": \"9\","
    "  \"attention.key_length\": \"4\", \"attention.value_length\": \"4\","
    "  \"eps\": {\"f32\": \"1 / 4\"}, \"flag\": {\"bool\": \"1\"},"
    "  \"flags\": {\"bools\": \"layer\"}, \"word\": {\"text\": \"none\"},"
    "  \"absent\": {\"u32\": \"1\", \"when\": \"width > 99\"}},"
    " \"tensors\": {\"token_embd.weight\": [\"width\", \"7\"]},"
    " \"layers\": {\"a.weight\": {\"ne\": [\"width\", \"width\"],"
    "   \"when\": \"layer == 1\"}, \"b.bias\": [\"3\", \"2\"],"
    "  \"c_norm.weight\": [\"3\", \"2\"]}}";
static const char MODEL[] =
    "{\"id\": \"me/Mine-1B\", \"aliases\": [\"mine\"], \"license\": \"mit\","
    " \"source\": \"a test\", \"is_instruct\": true, \"parameters\": 100,"
    " \"architecture\": \"fam\", \"config\": {\"width\": 32},"
    " \"keys\": {\"general.author\": \"me\", \"scale\": 0.5, \"count\": 3,"
    "  \"on\": true, \"list\": [1, 2]}}";

/* The catalogue of a folder with these two files. */
static int load(const char *family, const char *model, struct catalogue *c,
                struct err *err)
{
    struct temp_tree t;
    const char      *old = getenv("AUDITION_DATA");
    char            *kept = mem_copy(old);
    int              status;

    if (temp_tree_init(&t)) fail_msg("no folder");
    temp_text(&t, "architectures/fam.json", family);
    temp_text(&t, "models/Mine-1B.json", model);
    temp_text(&t, "models/.hidden.json", "not read");
    temp_text(&t, "models/notes.txt", "not read");
    setenv("AUDITION_DATA", t.root, 1);
    status = catalogue_load(c, err);
    setenv("AUDITION_DATA", kept ? kept : "share", 1);
    free(kept);
    temp_tree_done(&t);
    return status;
}

static void test_a_model_is_added_by_adding_a_file(void **state)
{
    struct catalogue   c;
    struct model_shape s;
    struct err         err = {0};

    (void)state;
    if (load(FAMILY, MODEL, &c, &err)) fail_msg("%s", err.text);
    assert_int_equal(c.n, 1);
    if (catalogue_shape(&c, model_named(&c, "Mine 1b"), "F16", &s, &err))
        fail_msg("%s", err.text);
    assert_int_equal(s.n_tensors, 6);
    assert_string_equal(s.tensors[0].name, "token_embd.weight");
    assert_string_equal(s.tensors[1].name, "blk.0.b.bias");
    assert_int_equal(s.tensors[1].type, 0);         /* not ".weight": F32 */
    assert_int_equal(s.tensors[2].type, 0);         /* a norm: F32 */
    assert_string_equal(s.tensors[3].name, "blk.1.a.weight");
    assert_int_equal(s.tensors[3].type, 1);         /* F16 */
    assert_int_equal(shape_number(&s, "fam.attention.head_count", 1, 0), 2);
    assert_int_equal(shape_number(&s, "fam.flags", 1, 0), 1);
    assert_int_equal(shape_number(&s, "fam.count", 0, 0), 3);
    assert_int_equal(shape_number(&s, "fam.list", 1, 0), 2);
    assert_null(shape_find(&s, "fam.absent"));
    assert_non_null(shape_find(&s, "fam.word"));
    assert_non_null(shape_find(&s, "fam.scale"));
    assert_non_null(shape_find(&s, "general.author"));
    shape_done(&s);
    catalogue_done(&c);
}

/* MODEL or FAMILY with one text replaced by another. */
static char *with(const char *text, const char *old, const char *now)
{
    const char *at = strstr(text, old);

    if (!at) fail_msg("no %s", old);
    return mem_printf("%.*s%s%s", (int)(at - text), text, now,
                      at + strlen(old));
}

static void test_a_wrong_entry_is_named_with_its_file(void **state)
{
    static const struct { const char *old, *now, *says; } cases[] = {
        {"\"id\": \"me/Mine-1B\",", "", "\"id\" must be a text"},
        {"\"mit\"", "7", "\"license\" must be a text"},
        {"\"source\": \"a test\",", "", "\"source\""},
        {"[\"mine\"]", "[1]", "\"aliases\" must be a list of texts"},
        {"true,", "1,", "\"is_instruct\" must be true or false"},
        {"100", "0", "\"parameters\" must be a number above 0"},
        {"\"fam\"", "\"nil\"", "nil"},
        {"\"architecture\": \"fam\",", "", "\"unsupported\""},
        {"\"config\"", "\"confg\"", "confg"},
        {"\"keys\"", "\"kyes\"", "unknown entry \"kyes\""},
        {"{\"id\"", "[\"id\"", "not valid JSON"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct catalogue c;
        struct err       err = {0};
        char            *model = with(MODEL, cases[i].old, cases[i].now);
        assert_int_equal(load(FAMILY, model, &c, &err), -1);
        assert_int_equal(err.kind, ERR_INPUT);
        if (!strstr(err.text, "Mine-1B.json") ||
            !strstr(err.text, cases[i].says))
            fail_msg("%s", err.text);
        free(model);
    }
}

static void test_a_wrong_family_is_named(void **state)
{
    static const struct { const char *old, *now, *says; } cases[] = {
        {"\"source\": \"a test\",", "", "fam: \"source\""},
        {"\"layers\"", "\"layer\"", "fam: unknown entry \"layer\""},
        {"\"source\": \"a test\"", "\"source\": \"t\", \"like\": \"x\"", "x"},
        {"\"source\": \"a test\"", "\"source\": \"t\", \"like\": \"fam\"",
         "circle"},
        {"{\"token_embd.weight\": [\"width\", \"7\"]}", "7", "an object"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct catalogue c;
        struct err       err = {0};
        char            *family = with(FAMILY, cases[i].old, cases[i].now);
        assert_int_equal(load(family, MODEL, &c, &err), -1);
        assert_int_equal(err.kind, ERR_INPUT);
        if (!strstr(err.text, cases[i].says)) fail_msg("%s", err.text);
        free(family);
    }
}

/* What can only be seen when the sizes are computed. */
static void test_a_wrong_size_is_an_error_of_its_tensor(void **state)
{
    static const struct { const char *old, *now, *says; } cases[] = {
        {"[\"width\", \"7\"]", "[\"width\", \"0\"]", "token_embd.weight"},
        {"[\"width\", \"7\"]", "[]", "one to four sizes"},
        {"[\"width\", \"7\"]", "[7]", "in quotes"},
        {"[\"width\", \"7\"]", "[\"width\", \"7 / 2\"]", "no size"},
        {"[\"width\", \"7\"]", "[\"width\", \"-1\"]", "no size"},
        {"[\"width\", \"7\"]", "[\"width\", \"1e300\"]", "no size"},
        {"[\"width\", \"7\"]", "{\"ne\": [\"7\"], \"type\": \"Q9\"}", "Q9"},
        {"\"layer == 1\"", "\"layer == \"", "blk.0.a.weight"},
        {"\"2\"}", "\"1e9\"}", "no size"},
        {"\"2\"}", "\"513\"}", "no size"},
        {"\"9\"", "{\"u33\": \"9\"}", "key context_length"},
        {"\"9\"", "\"4294967296\"", "key context_length"},
        {"\"layer + 1\"", "\"layer - 1\"", "key attention.head_count"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct catalogue   c;
        struct model_shape s;
        struct err         err = {0};
        char *family = with(FAMILY, cases[i].old, cases[i].now);
        if (load(family, MODEL, &c, &err)) fail_msg("%s", err.text);
        assert_int_equal(catalogue_shape(&c, &c.models[0], "F16", &s, &err),
                         -1);
        assert_int_equal(err.kind, ERR_INPUT);
        if (!strstr(err.text, cases[i].says) ||
            !strstr(err.text, "me/Mine-1B"))
            fail_msg("%s", err.text);
        catalogue_done(&c);
        free(family);
    }
}

static void test_a_key_without_a_value_of_gguf_is_an_error(void **state)
{
    static const char *const values[] = {"-1", "[-1]", "4294967296", "null",
                                         "{}", "[4294967296]", "[0.5]"};

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct catalogue   c;
        struct model_shape s;
        struct err         err = {0};
        char              *model = with(MODEL, "[1, 2]", values[i]);
        if (load(FAMILY, model, &c, &err)) fail_msg("%s", err.text);
        assert_int_equal(catalogue_shape(&c, &c.models[0], "F16", &s, &err),
                         -1);
        assert_non_null(strstr(err.text, "\"list\""));
        catalogue_done(&c);
        free(model);
    }
}

static void test_without_data_files_nothing_is_loaded(void **state)
{
    char            *kept = mem_copy(getenv("AUDITION_DATA"));
    struct catalogue c;
    struct err       err = {0};

    (void)state;
    setenv("AUDITION_DATA", "/nonexistent", 1);
    assert_int_equal(catalogue_load(&c, &err), -1);
    assert_int_equal(err.kind, ERR_PREFLIGHT);
    setenv("AUDITION_DATA", kept ? kept : "share", 1);
    free(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_entry_says_where_it_is_from),
        cmocka_unit_test(test_where_to_get_it_is_a_repository_and_a_type),
        cmocka_unit_test(test_what_cannot_be_run_says_why),
        cmocka_unit_test(test_a_model_is_added_by_adding_a_file),
        cmocka_unit_test(test_a_wrong_entry_is_named_with_its_file),
        cmocka_unit_test(test_a_wrong_family_is_named),
        cmocka_unit_test(test_a_wrong_size_is_an_error_of_its_tensor),
        cmocka_unit_test(test_a_key_without_a_value_of_gguf_is_an_error),
        cmocka_unit_test(test_without_data_files_nothing_is_loaded),
    };

    return cmocka_run_group_tests(tests, catalogue_setup, catalogue_teardown);
}
