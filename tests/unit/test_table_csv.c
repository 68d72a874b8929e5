/* SPDX-License-Identifier: MIT */
/* test_table_csv.c - what src/predict/table.h promises of reading a file. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "predict/table.h"

#define HEADER "device,model,quant,gen_tok_s\n"

static void load(const char *text, const char *device,
                 struct measured_table *out)
{
    struct err err = {0};

    if (measured_parse(text, strlen(text), device, out, &err))
        fail_msg("%s", err.text);
}

static void assert_fault(const struct measured_row *row, const char *words)
{
    if (!strstr(row->fault.text, words))
        fail_msg("\"%s\" does not say \"%s\"", row->fault.text, words);
}

static void assert_refused(const char *text, const char *words)
{
    struct measured_table t;
    struct err            err = {0};

    assert_int_equal(measured_parse(text, strlen(text), NULL, &t, &err), -1);
    assert_int_equal(err.kind, ERR_INPUT);
    if (!strstr(err.text, words))
        fail_msg("\"%s\" does not say \"%s\"", err.text, words);
}

static void test_columns_are_found_by_name_in_any_order(void **state)
{
    struct measured_table t;

    (void)state;
    load("note,GEN_TOK_S,quant,engine,model,device,context,prompt_tokens\n"
         "n,41.5,Q4_K_M,llama.cpp,Phi-2,RTX 3090,4096,512\n", NULL, &t);
    assert_int_equal(t.n, 1);
    assert_string_equal(t.rows[0].device, "RTX 3090");
    assert_string_equal(t.rows[0].model, "Phi-2");
    assert_string_equal(t.rows[0].quant, "Q4_K_M");
    assert_string_equal(t.rows[0].engine, "llama.cpp");
    assert_string_equal(t.rows[0].note, "n");
    assert_true(t.rows[0].gen_tok_s == 41.5);
    assert_true(t.rows[0].context == 4096);
    assert_true(t.rows[0].prompt_tokens == 512);
    assert_int_equal(t.rows[0].line, 2);
    measured_done(&t);
}

static void test_what_is_empty_or_not_there_is_missing_and_never_0(void **s)
{
    struct measured_table t;

    (void)s;
    load(HEADER "a,b,,\n", NULL, &t);
    assert_int_equal(t.rows[0].fault.kind, ERR_NONE);
    assert_string_equal(t.rows[0].quant, "");
    assert_string_equal(t.rows[0].note, "");
    assert_true(isnan(t.rows[0].gen_tok_s));
    assert_true(isnan(t.rows[0].memory_mib));
    assert_true(isnan(t.rows[0].device_ram_gb));
    measured_done(&t);
}

static void test_a_row_that_cannot_be_read_is_named_and_the_rest_done(void **s)
{
    struct measured_table t;

    (void)s;
    load(HEADER "a,b,c,fast\na,b,c,7\na,b,c,0\na,b,c,-1\na,b,c,1e999\n"
         "a,b,c,0x10\na,b,c,nan\n,b,c,7\na,,c,7\na,b,c,7,x\na,b,c,7,,\n",
         NULL, &t);
    assert_int_equal(t.n, 11);
    assert_fault(&t.rows[0], "line 2, column gen_tok_s: `fast`");
    assert_int_equal(t.rows[1].fault.kind, ERR_NONE);
    assert_true(t.rows[1].gen_tok_s == 7);
    assert_fault(&t.rows[2], "line 4, column gen_tok_s: `0` is not above 0");
    assert_fault(&t.rows[3], "`-1`");
    assert_fault(&t.rows[4], "`1e999`");
    assert_fault(&t.rows[5], "`0x10`");
    assert_fault(&t.rows[6], "`nan`");
    assert_fault(&t.rows[7], "line 9: it names no device");
    assert_fault(&t.rows[8], "names no model");
    assert_fault(&t.rows[9], "line 11: more values");
    assert_int_equal(t.rows[10].fault.kind, ERR_NONE);
    for (size_t i = 0; i < t.n; i++)
        assert_true(i == 1 || i >= 7 || isnan(t.rows[i].gen_tok_s));
    measured_done(&t);
}

static void test_a_bandwidth_may_be_said_in_words(void **state)
{
    struct measured_table t;

    (void)state;
    load("device,model,quant,gen_tok_s,mem_bandwidth_gbs_spec\n"
         "a,b,c,7,68 or 102 (not stated)\na,b,c,7,102\n", NULL, &t);
    assert_int_equal(t.rows[0].fault.kind, ERR_NONE);
    assert_true(isnan(t.rows[0].bandwidth_gbs));
    assert_true(t.rows[1].bandwidth_gbs == 102);
    measured_done(&t);
}

static void test_lines_are_counted_through_quotes_and_blank_lines(void **s)
{
    struct measured_table t;

    (void)s;
    load("\n  \n" HEADER "\r\n\"two\nlines\",b,c,1\r\n \t\r\na,b,c,2\ra,b,c,3",
         NULL, &t);
    assert_int_equal(t.n, 3);
    assert_int_equal(t.rows[0].line, 5);
    assert_string_equal(t.rows[0].device, "two\nlines");
    assert_int_equal(t.rows[1].line, 8);
    assert_int_equal(t.rows[2].line, 9);
    assert_true(t.rows[2].gen_tok_s == 3);
    measured_done(&t);
}

static void test_a_quote_left_open_costs_its_row_only(void **state)
{
    struct measured_table t;

    (void)state;
    load(HEADER "a,b,c,1\n\"a,b,c,2\na,b,c,3\n", NULL, &t);
    assert_int_equal(t.n, 2);
    assert_int_equal(t.rows[0].fault.kind, ERR_NONE);
    assert_fault(&t.rows[1], "line 3: a quote is opened");
    measured_done(&t);
}

static void test_bytes_that_are_no_text_are_replaced(void **state)
{
    static const char text[] = HEADER "a\xff\x1b,b\0c,d,1\n";
    struct measured_table t;
    struct err            err = {0};

    (void)state;
    assert_int_equal(measured_parse(text, sizeof text - 1, NULL, &t, &err), 0);
    assert_string_equal(t.rows[0].device, "a\xEF\xBF\xBD\x1b");
    assert_string_equal(t.rows[0].model, "b\xEF\xBF\xBD" "c");
    measured_done(&t);
}

static void test_columns_that_are_needed_are_named(void **state)
{
    (void)state;
    assert_refused("device,gen_tok_s\n", "lacks model");
    assert_refused("model,quant,prompt_tok_s\n", "lacks device; --device");
    assert_refused("device|model|quant|gen_tok_s\n", "parted by commas");
    assert_refused("model,quant,gen_tok_s\nb,c,1\n", "lacks device");
    assert_refused("", "it is empty");
    assert_refused(" \n\r\n", "it is empty");
    assert_refused("device,model,quant,gen_tok_s,Model\n",
                   "two columns model");
    assert_refused("\xff\xfe", "UTF-16");
}

static void test_values_may_be_parted_as_spreadsheets_do(void **state)
{
    struct measured_table t;

    (void)state;
    load("\nmodel;device;gen_tok_s;note\r\nb;Pi 5;20,5;one, two\r\n"
         "b;Pi 5;1,234,5;\r\nb;Pi 5;3;x;y\r\n", NULL, &t);
    assert_int_equal(t.n, 3);
    assert_string_equal(t.rows[0].device, "Pi 5");
    assert_string_equal(t.rows[0].note, "one, two");
    assert_true(t.rows[0].gen_tok_s == 20.5);
    assert_non_null(strstr(t.rows[1].fault.text, "is not a number"));
    assert_non_null(strstr(t.rows[2].fault.text, "holds a semicolon"));
    measured_done(&t);
    load("device\tmodel\tgen_tok_s\nPi 5\t\t4\nPi 5\tb c\t4,5\n", NULL, &t);
    assert_int_equal(t.n, 2);
    assert_non_null(strstr(t.rows[0].fault.text, "names no model"));
    assert_string_equal(t.rows[1].model, "b c");
    assert_non_null(strstr(t.rows[1].fault.text, "`4,5` is not a number"));
    measured_done(&t);
}

static void test_nothing_measured_is_no_fault(void **state)
{
    struct measured_table t;

    (void)state;
    load("device,model\nPi 5,b-Q8_0\n", NULL, &t);
    assert_int_equal(t.n, 1);
    assert_int_equal(t.rows[0].fault.kind, ERR_NONE);
    assert_string_equal(t.rows[0].quant, "");
    assert_true(isnan(t.rows[0].gen_tok_s));
    measured_done(&t);
}

static void test_a_table_of_one_device_needs_no_column_of_it(void **state)
{
    struct measured_table t;

    (void)state;
    load("model,quant,context,gpu_process_mib_loaded,"
         "gpu_process_mib_after_turns\nPhi-2,Q4_K_M,2048,748,760\n"
         "Phi-2,Q4_K_M,4096,748,\n", "H200", &t);
    assert_string_equal(t.rows[0].device, "H200");
    assert_true(t.rows[0].memory_mib == 760);   /* as memory.h counts */
    assert_true(t.rows[1].memory_mib == 748);
    measured_done(&t);
    load(HEADER ",b,c,1\nRTX 3090,b,c,1\n", "H200", &t);
    assert_string_equal(t.rows[0].device, "H200");
    assert_string_equal(t.rows[1].device, "RTX 3090");
    measured_done(&t);
}

static void add_times(struct strbuf *b, const char *text, size_t times)
{
    for (size_t i = 0; i < times; i++) strbuf_add(b, text);
}

static void test_rows_and_fields_are_bounded(void **state)
{
    struct measured_table t;
    struct strbuf         b;
    struct err            err = {0};

    (void)state;
    strbuf_init(&b, 4u << 20);
    strbuf_add(&b, HEADER);
    add_times(&b, "0123456789abcdef", 5000);     /* 80,000 bytes */
    strbuf_add(&b, ",b,c,1\na,b,c,2\n");
    load(b.text, NULL, &t);
    assert_fault(&t.rows[0], "line 2: the row is longer than 64 KiB");
    assert_int_equal(t.rows[1].fault.kind, ERR_NONE);
    measured_done(&t);

    strbuf_clear(&b);
    strbuf_add(&b, HEADER);
    add_times(&b, "a,b,c,1\n", 100001);
    assert_int_equal(measured_parse(b.text, b.len, NULL, &t, &err), -1);
    assert_non_null(strstr(err.text, "line 100002: more than 100000 rows"));

    strbuf_clear(&b);
    add_times(&b, "x,", 2000);
    err = (struct err){0};
    assert_int_equal(measured_parse(b.text, b.len, NULL, &t, &err), -1);
    assert_non_null(strstr(err.text, "more than 1024 columns"));
    strbuf_done(&b);
}

static void test_a_file_that_is_not_there_is_named(void **state)
{
    struct measured_table t;
    struct err            err = {0};

    (void)state;
    assert_int_equal(measured_load("/nowhere/t.csv", &t, &err), -1);
    assert_int_equal(err.kind, ERR_INPUT);
    assert_non_null(strstr(err.text, "/nowhere/t.csv: no such file"));
    err = (struct err){0};
    assert_int_equal(measured_load("/tmp", &t, &err), -1);
    assert_non_null(strstr(err.text, "/tmp: is a directory"));
}

/* pass-*: every row is fine; row-*: at least one has a fault, and the file is
 * read; fail-*: the file is refused by name. */
static void test_the_corpus_is_read_as_its_names_say(void **state)
{
    const char    *tests = getenv("TEST_DIR");
    char          *dir   = mem_printf("%s/corpus/table",
                                      tests ? tests : "tests");
    DIR           *d     = opendir(dir);
    struct dirent *entry;
    size_t         files = 0;

    (void)state;
    if (!d) skip();
    while ((entry = readdir(d))) {
        struct measured_table t;
        struct err err    = {0};
        char      *path   = mem_printf("%s/%s", dir, entry->d_name);
        size_t     faults = 0;
        int        rc;

        if (entry->d_name[0] != '.') {
            files++;
            rc = measured_load(path, &t, &err);
            assert_int_equal(rc != 0, strncmp(entry->d_name, "fail-", 5) == 0);
            if (rc) assert_non_null(strstr(err.text, entry->d_name));
            for (size_t i = 0; rc == 0 && i < t.n; i++)
                faults += t.rows[i].fault.kind != ERR_NONE;
            assert_int_equal(faults > 0,
                             strncmp(entry->d_name, "row-", 4) == 0);
            measured_done(&t);
        }
        free(path);
    }
    closedir(d);
    free(dir);
    assert_true(files >= 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns_are_found_by_name_in_any_order),
        cmocka_unit_test(
            test_what_is_empty_or_not_there_is_missing_and_never_0),
        cmocka_unit_test(
            test_a_row_that_cannot_be_read_is_named_and_the_rest_done),
        cmocka_unit_test(test_a_bandwidth_may_be_said_in_words),
        cmocka_unit_test(test_lines_are_counted_through_quotes_and_blank_lines),
        cmocka_unit_test(test_a_quote_left_open_costs_its_row_only),
        cmocka_unit_test(test_bytes_that_are_no_text_are_replaced),
        cmocka_unit_test(test_columns_that_are_needed_are_named),
        cmocka_unit_test(test_values_may_be_parted_as_spreadsheets_do),
        cmocka_unit_test(test_nothing_measured_is_no_fault),
        cmocka_unit_test(test_a_table_of_one_device_needs_no_column_of_it),
        cmocka_unit_test(test_rows_and_fields_are_bounded),
        cmocka_unit_test(test_a_file_that_is_not_there_is_named),
        cmocka_unit_test(test_the_corpus_is_read_as_its_names_say),
    };
    return cmocka_run_group_tests_name("table_csv", tests, NULL, NULL);
}
