/* SPDX-License-Identifier: MIT */
/* The reports, against golden files (GOLDEN_UPDATE=1 writes them anew) and
 * against promises that hold for every record. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/bytes.h"
#include "base/jsonx.h"
#include "base/utf8.h"
#include "report/cells.h"
#include "report/report.h"
#include "unit/report_cases.h"

static const struct {
    const char *name;
    void      (*make)(struct facts *f);
} cases[] = {
    {"winner", winner_case}, {"no-winner", no_winner_case},
    {"failed", failed_case}, {"hostile", hostile_case},
};

#define N_CASES (sizeof cases / sizeof *cases)

static char *rendered(size_t i, const struct report_ops *ops, bool colour,
                      int columns)
{
    struct facts  f;
    struct strbuf out;

    cases[i].make(&f);
    strbuf_init(&out, 1 << 20);
    ops->render(&f, colour, columns, &out);
    assert_false(out.over);
    facts_done(&f);
    return out.text;
}

static void golden(const char *name, const char *what, const char *text)
{
    const char  *folder = getenv("TEST_DIR");
    char        *path   = mem_printf("%s/golden/report-%s%s",
                                     folder ? folder : "tests", name, what);
    struct bytes want   = {0};
    struct err   err    = {0};

    if (getenv("GOLDEN_UPDATE")) {
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
        assert_int_equal(fclose(file), 0);
    }
    if (bytes_read(&want, path, 1 << 20, &err))
        fail_msg("%s: %s; GOLDEN_UPDATE=1 writes it", path, err.text);
    if (strcmp((const char *)want.data, text) != 0)
        fail_msg("%s differs; look at it with GOLDEN_UPDATE=1 and git diff",
                 path);
    bytes_done(&want);
    free(path);
}

static void test_reports_are_the_golden_ones(void **state)
{
    static const struct {
        const char *what, *format;
        int         columns;
    } forms[] = {
        {".txt", "table", 0}, {"-80.txt", "table", 80}, {".md", "md", 0},
        {".json", "json", 0},
    };

    (void)state;
    for (size_t i = 0; i < N_CASES; i++)
        for (size_t k = 0; k < sizeof forms / sizeof *forms; k++) {
            char *text = rendered(i, report_find(forms[k].format), false,
                                  forms[k].columns);
            golden(cases[i].name, forms[k].what, text);
            free(text);
        }
}

static void test_no_report_writes_a_control_character(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CASES; i++)
        for (size_t k = 0; report_all[k]; k++) {
            char *text = rendered(i, report_all[k], false, 80);

            assert_true(utf8_valid(text, strlen(text)));
            for (const char *at = text; *at; at++) {
                const unsigned char *u = (const unsigned char *)at;
                if ((u[0] < 0x20 && u[0] != '\n') || u[0] == 0x7f ||
                    (u[0] == 0xc2 && u[1] < 0xa0) ||
                    strncmp(at, "\xe2\x80\xae", 3) == 0)
                    fail_msg("%s as %s: control character at byte %zd",
                             cases[i].name, report_all[k]->name, at - text);
            }
            free(text);
        }
}

/* Everything but "ESC [ ... m". */
static char *without_colour(const char *text)
{
    struct strbuf out;

    strbuf_init(&out, 1 << 20);
    for (; *text; text++) {
        if (*text == '\033') text = strchr(text, 'm');
        else strbuf_addn(&out, text, 1);
    }
    return out.text;
}

static void test_colour_changes_nothing_but_colour(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CASES; i++) {
        char *plain    = rendered(i, &report_text, false, 80);
        char *coloured = rendered(i, &report_text, true, 80);
        char *stripped = without_colour(coloured);

        assert_non_null(strchr(coloured, '\033'));
        assert_string_equal(stripped, plain);
        free(plain);
        free(coloured);
        free(stripped);
    }
}

static void test_no_line_is_wider_than_asked_but_commands(void **state)
{
    static const int widths[] = {60, 72, 80, 100, 132};

    (void)state;
    for (size_t i = 0; i < N_CASES; i++)
        for (size_t k = 0; k < sizeof widths / sizeof *widths; k++) {
            char *text = rendered(i, &report_text, false, widths[k]);
            bool  is_command = false;

            for (char *line = text, *end; (end = strchr(line, '\n'));
                 line = end + 1) {
                *end = '\0';
                if (utf8_width(line) > widths[k] && !is_command)
                    fail_msg("%s at %d: %d columns: %s", cases[i].name,
                             widths[k], utf8_width(line), line);
                if (end > line && end[-1] == ' ')
                    fail_msg("%s: trailing space: '%s'", cases[i].name,
                             line);
                /* a command is the second line after this one */
                if (*line) is_command = strcmp(line, "  Serve it with") == 0;
            }
            free(text);
        }
}

static void test_a_narrow_table_names_what_it_left_out(void **state)
{
    char *wide, *narrow;

    (void)state;
    wide = rendered(0, &report_text, false, 0);
    narrow = rendered(0, &report_text, false, 80);
    assert_null(strstr(wide, "Left out"));
    assert_non_null(strstr(narrow, "Left out at 80 columns: tok/s; prompt "
                                   "tok/s; speech. "));
    assert_non_null(strstr(narrow, "* tok/s: every one of 20"));
    free(wide);
    free(narrow);
}

static void test_the_first_line_is_the_answer(void **state)
{
    char *text;

    (void)state;
    text = rendered(0, &report_text, false, 80);
    assert_ptr_equal(strstr(text, "Ship Qwen2.5-3B-Instruct-Q4_K_M.\n"),
                     text);
    free(text);
    text = rendered(1, &report_text, false, 80);
    assert_ptr_equal(strstr(text, "No candidate passed.\n"), text);
    free(text);
}

static void check_percentiles(const json_t *percentiles)
{
    assert_int_equal(json_object_size(percentiles), CERTIFIED);
    for (size_t i = 0; i < CERTIFIED; i++) {
        const json_t *p = json_object_get(percentiles, certified_name[i]);

        assert_int_equal(json_object_size(p), 2);
        assert_non_null(json_object_get(p, "value"));
        assert_int_equal(json_integer_value(json_object_get(p, "needs")),
                         certified_needs[i]);
    }
}

static void check_metrics(const json_t *candidate)
{
    const json_t *metrics = json_object_get(candidate, "metrics");

    assert_int_equal(json_object_size(metrics), METRIC_COUNT);
    for (int i = 0; i < METRIC_COUNT; i++) {
        const json_t *m = json_object_get(metrics, metric_info[i].name);

        assert_non_null(m);
        if (metric_is_latency((enum metric_id)i) &&
            json_integer_value(json_object_get(m, "n")) > 0)
            check_percentiles(json_object_get(m, "percentiles"));
        else
            assert_null(json_object_get(m, "percentiles"));
        assert_true(json_is_integer(json_object_get(m, "n")));
        assert_string_equal(jsonx_text(m, "unit"), metric_info[i].unit);
        assert_non_null(json_object_get(m, "low"));
        assert_non_null(json_object_get(m, "high"));
        if (!json_is_number(json_object_get(m, "median")))
            assert_true(json_is_null(json_object_get(m, "median")));
        assert_non_null(json_object_get(m, "reason"));
    }
}

static void check_listener(const json_t *c)
{
    static const char *const turn[] = {
        "turn", "first_sentence_s", "reread_tokens", "prompt_tokens",
        "cached_tokens", "unchanged_tokens"};
    static const char *const cliff[] = {
        "points", "knee_tokens", "max_entities", "limit_s", "is_bound",
        "reason"};
    static const char *const point[] = {"prompt_tokens", "ttft_s", "entities",
                                        "reason"};
    static const char *const reasoning[] = {
        "leak_rate", "empty_rate", "can_disable", "answers", "how"};
    static const char *const serving[] = {"name", "tok_s",
                                          "saves_ms_per_token", "is_sure"};
    json_t *o = json_object_get(c, "prefill_cliff"), *item;
    size_t  i;

#define HAS_ALL(object, names)                                                \
    for (size_t n = 0; n < sizeof names / sizeof *names; n++)                 \
        assert_non_null(json_object_get(object, names[n]))
    HAS_ALL(o, cliff);
    json_array_foreach(json_object_get(o, "points"), i, item)
        HAS_ALL(item, point);
    HAS_ALL(json_object_get(c, "reasoning"), reasoning);
    assert_true(json_is_array(json_object_get(c, "turns")));
    json_array_foreach(json_object_get(c, "turns"), i, item)
        HAS_ALL(item, turn);
    assert_true(json_is_array(json_object_get(c, "serving")));
    json_array_foreach(json_object_get(c, "serving"), i, item)
        HAS_ALL(item, serving);
#undef HAS_ALL
}

/* An object with exactly these members, each a number or null. */
static void check_numbers(const json_t *object, const char *const *names,
                          size_t n)
{
    assert_int_equal(json_object_size(object), n);
    for (size_t i = 0; i < n; i++) {
        const json_t *value = json_object_get(object, names[i]);

        if (!json_is_number(value) && !json_is_null(value))
            fail_msg("%s is no number", names[i]);
    }
}

static void check_ledger(const json_t *ledger)
{
#define X(field, help) #field,
    static const char *const predicted[] = {LEDGER_PREDICTED(X)};
    static const char *const engine[] = {LEDGER_ENGINE(X)};
    static const char *const measured[] = {LEDGER_MEASURED(X)};
#undef X
    static const char *const sums[] = {"left_for_speech_bytes",
                                       "reserve_bytes"};
#define LENGTH(list) (sizeof list / sizeof *list)
    check_numbers(json_object_get(ledger, "predicted"), predicted,
                  LENGTH(predicted));
    check_numbers(json_object_get(ledger, "engine"), engine, LENGTH(engine));
    check_numbers(json_object_get(ledger, "measured"), measured,
                  LENGTH(measured));
    for (size_t i = 0; i < LENGTH(sums); i++)
        assert_non_null(json_object_get(ledger, sums[i]));
}

static void check_board(const json_t *c)
{
    static const char *const board[] = {
        "at_start", "verdicts", "turns", "marked", "power_w", "power_peak_w",
        "energy_scope", "temp_peak_c", "gpu_load_pct", "gpu_freq_hz"};
    static const char *const verdict[] = {"kind", "text", "remedy", "turns",
                                          "of"};
    static const char *const soak[] = {
        "is", "reason", "wanted_s", "duration_s", "starts", "turns",
        "failures", "failures_per_1000", "answers", "different_answers",
        "time_to_steady_s", "growth_bytes_per_1000", "tok_s",
        "first_sentence_s", "memory_bytes", "temp_c", "power_w"};
    static const char *const coload[] = {
        "command", "ready_s", "has_ended", "how", "health_median_s",
        "health_worst_s", "health_n", "health_failures", "cpu_cores",
        "memory_bytes"};
    json_t *o = json_object_get(c, "board"), *item;
    size_t  i;

    for (i = 0; i < LENGTH(board); i++)
        assert_non_null(json_object_get(o, board[i]));
    json_array_foreach(json_object_get(o, "verdicts"), i, item)
        for (size_t k = 0; k < LENGTH(verdict); k++)
            assert_non_null(json_object_get(item, verdict[k]));
    check_ledger(json_object_get(c, "ledger"));
    o = json_object_get(c, "soak");
    for (i = 0; i < LENGTH(soak); i++)
        assert_true(json_is_null(o) || json_object_get(o, soak[i]));
    o = json_object_get(c, "co_load");
    for (i = 0; i < LENGTH(coload); i++)
        assert_true(json_is_null(o) || json_object_get(o, coload[i]));
}

static void test_json_keeps_its_contract(void **state)
{
    static const char *const top[] = {"schema_version", "run_id", "machine",
                                      "candidates", "recommendation"};
    static const char *const names[] = {
        "name", "file", "sha256", "status", "failure", "template", "metrics",
        "quality", "understanding", "verdict", "reason"};
    static const char *const quality[] = {
        "pass", "fail", "unparsed", "template_fault", "harness_fault",
        "total", "rate", "rate_if_parsed", "by_prompt", "dialect",
        "first_sentence_s"};

    (void)state;
    for (size_t i = 0; i < N_CASES; i++) {
        char         *text = rendered(i, &report_json, false, 0);
        struct err    err  = {0};
        json_t       *doc  = jsonx_parse(text, strlen(text), &err), *c, *q;
        const char   *suite;
        size_t        k;

        if (!doc) fail_msg("%s: %s", cases[i].name, err.text);
        assert_null(strstr(text, "NaN"));
        assert_null(strstr(text, "nan,"));
        for (size_t n = 0; n < sizeof top / sizeof *top; n++)
            assert_non_null(json_object_get(doc, top[n]));
        json_array_foreach(json_object_get(doc, "candidates"), k, c) {
            for (size_t n = 0; n < sizeof names / sizeof *names; n++)
                assert_non_null(json_object_get(c, names[n]));
            check_metrics(c);
            check_listener(c);
            check_board(c);
            json_object_foreach(json_object_get(c, "quality"), suite, q)
                for (size_t n = 0; n < sizeof quality / sizeof *quality; n++)
                    assert_non_null(json_object_get(q, quality[n]));
        }
        json_decref(doc);
        free(text);
    }
}

static void test_json_says_null_for_what_is_unknown(void **state)
{
    struct facts  f;
    json_t       *doc, *c, *m, *t;

    (void)state;
    failed_case(&f);
    f.candidates[1].supports_system_role = 1;
    doc = report_json_document(&f);
    c = json_array_get(json_object_get(doc, "candidates"), 1);
    t = json_object_get(c, "template");
    assert_true(json_is_null(json_object_get(c, "sha256")));
    assert_true(json_is_null(json_object_get(t, "present")));
    assert_int_equal(jsonx_truth(t, "supports_system_role"), 1);
    m = json_object_get(json_object_get(c, "metrics"), "peak_memory_bytes");
    assert_true(json_is_null(json_object_get(m, "median")));
    assert_string_equal(jsonx_text(m, "reason"),
                        "the server is on another host");
    m = json_object_get(json_object_get(c, "quality"), "home");
    assert_true(json_is_null(json_object_get(m, "rate")));
    c = json_array_get(json_object_get(doc, "candidates"), 2);
    assert_true(json_is_null(json_object_get(c, "template")));
    m = json_object_get(c, "prefill_cliff");
    assert_int_equal(json_array_size(json_object_get(m, "points")), 0);
    assert_true(json_is_null(json_object_get(m, "max_entities")));
    m = json_object_get(c, "reasoning");
    assert_true(json_is_null(json_object_get(m, "leak_rate")));
    assert_true(json_is_null(json_object_get(m, "can_disable")));
    json_decref(doc);
    facts_done(&f);
}

/* Every number below a value, in keys that are no counts, is no number. */
static void must_hold_no_number(const json_t *value)
{
    const char *key;
    json_t     *child;

    json_object_foreach((json_t *)(uintptr_t)value, key, child) {
        if (json_is_number(child) && strcmp(key, "turns") != 0)
            fail_msg("%s is a number", key);
        must_hold_no_number(child);
    }
}

static void test_json_of_a_board_that_was_not_read_has_no_number(void **state)
{
    static const char *const absent[] = {"soak", "co_load"};
    struct facts  f;
    json_t       *doc, *c;

    (void)state;
    failed_case(&f);
    doc = report_json_document(&f);
    c = json_array_get(json_object_get(doc, "candidates"), 2);
    must_hold_no_number(json_object_get(c, "board"));
    must_hold_no_number(json_object_get(c, "ledger"));
    for (size_t i = 0; i < LENGTH(absent); i++)
        assert_true(json_is_null(json_object_get(c, absent[i])));
    assert_true(json_is_null(json_object_get(doc, "modes")));
    json_decref(doc);
    facts_done(&f);
}

static void test_what_is_not_known_of_the_board_prints_nothing(void **state)
{
    static const char *const words[] = {"**Power:", "**[Power]", "**[Board]",
                                        "**[Soak]", "#the-ledger", " 0 B"};
    struct facts  f;
    struct strbuf out;

    (void)state;
    start_facts(&f);
    add_candidate(&f, "unknown", "not auditioned");
    strbuf_init(&out, 1 << 20);
    report_markdown.render(&f, false, 0, &out);
    report_text.render(&f, false, 80, &out);
    for (size_t i = 0; i < LENGTH(words); i++)
        if (strstr(out.text, words[i])) fail_msg("%s", out.text);
    strbuf_done(&out);
    facts_done(&f);
}

static void test_modes_stand_side_by_side_at_every_width(void **state)
{
    char *text;

    (void)state;
    text = rendered(0, &report_text, false, 0);
    assert_non_null(strstr(text, "\n15W   SmolLM2-1.7B-Instruct-Q4_K_M  "
                                 "target met      0.89 s   38.3   0.17"));
    assert_non_null(strstr(text, "MAXN: the board asks for a restart"));
    free(text);
    text = rendered(0, &report_text, false, 60);
    assert_non_null(strstr(text, "Left out at 60 columns: first sentence; W; "
                                 "most °C."));
    free(text);
}

/* Whatever their names are. */
static void test_tools_by_prompt_have_a_column_of_their_own(void **state)
{
    struct facts   f;
    struct summary s;

    (void)state;
    failed_case(&f);
    set_by_prompt(&f.candidates[1], "bare JSON");   /* its "home" */
    cells_summary(&f, &s);
    assert_int_equal(s.n, 7);
    assert_string_equal(s.columns[5].title, "tools\nhome");
    assert_string_equal(s.columns[6].title, "home, tools\nby prompt");
    assert_string_equal(cells_value(&f.candidates[0], &s.columns[5]).text,
                        "73 %");
    for (size_t i = 0; i < 2; i++)
        assert_string_equal(cells_value(&f.candidates[i],
                                        &s.columns[6 - i]).text, "–");
    assert_int_equal(s.columns[5].drop, 0);
    assert_true(s.columns[6].drop > 2000);
    cells_summary_done(&s);
    facts_done(&f);
}

/* Markdown without what stands in fences. */
static char *outside_fences(const char *text)
{
    struct strbuf out;
    size_t        fence = 0;

    strbuf_init(&out, 1 << 20);
    for (const char *line = text, *end; (end = strchr(line, '\n'));
         line = end + 1) {
        size_t ticks = strspn(line, "`"), len = (size_t)(end - line);

        if (fence) {   /* closed by a run as long, alone on its line */
            if (ticks >= fence && ticks == len) fence = 0;
        } else if (ticks >= 3) {
            fence = ticks;
        } else {
            strbuf_addn(&out, line, len + 1);
        }
    }
    assert_int_equal(fence, 0);
    return out.text;
}

/* Cells of a table row: unescaped '|' less one. */
static int cells_of(const char *line, size_t len)
{
    int n = -1;

    for (size_t i = 0; i < len; i++)
        if (line[i] == '|' && (i == 0 || line[i - 1] != '\\')) n++;
    return n;
}

static void test_markdown_tables_keep_their_shape(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CASES; i++) {
        char *text  = rendered(i, &report_markdown, false, 0);
        char *prose = outside_fences(text);
        int   cells = 0;

        for (char *line = prose, *end; (end = strchr(line, '\n'));
             line = end + 1) {
            int n = *line == '|' ? cells_of(line, (size_t)(end - line)) : 0;

            if (n && cells && n != cells)
                fail_msg("%s: not %d cells: %.*s", cases[i].name, cells,
                         (int)(end - line), line);
            cells = n;
        }
        free(prose);
        free(text);
    }
}

static void test_markdown_has_no_markup_of_a_model(void **state)
{
    static const char *const markup[] = {"<img", "[l]", "*b*", "`b`"};
    char *text, *prose;

    (void)state;
    text = rendered(3, &report_markdown, false, 0);
    prose = outside_fences(text);
    assert_non_null(strstr(text, "\n`````\n````\n"));   /* a longer fence */
    for (char *line = prose, *end; (end = strchr(line, '\n'));
         line = end + 1) {
        *end = '\0';
        assert_int_not_equal(strncmp(line, "# h", 3), 0);
        if (strncmp(line, "- **File:** `` ", 15) == 0) continue;
        for (size_t i = 0; i < sizeof markup / sizeof *markup; i++)
            for (char *at = line; (at = strstr(at, markup[i])); at++)
                if (at == line || at[-1] != '\\')
                    fail_msg("not escaped: %s", at);
    }
    free(prose);
    free(text);
}

static void test_long_answers_are_cut_and_say_so(void **state)
{
    struct facts  f;
    struct strbuf out;
    char         *answer = mem_new(9001, 1);

    (void)state;
    memset(answer, 'a', 9000);
    no_winner_case(&f);
    free(f.candidates[0].examples[0].answer);
    f.candidates[0].examples[0].answer = answer;
    strbuf_init(&out, 1 << 20);
    report_markdown.render(&f, false, 0, &out);
    assert_non_null(strstr(out.text, "(7000 more bytes are in the JSON"));
    strbuf_done(&out);
    facts_done(&f);
}

static void test_an_empty_record_renders_in_every_format(void **state)
{
    (void)state;
    for (size_t k = 0; report_all[k]; k++) {
        struct facts  f = {.machine = {.memory_bytes = NAN,
                                       .available_bytes = NAN}};
        struct strbuf out;

        strbuf_init(&out, 1 << 16);
        report_all[k]->render(&f, false, 80, &out);
        assert_true(out.len > 0);
        strbuf_done(&out);
        facts_done(&f);
    }
}

static void test_formats_are_found_by_name(void **state)
{
    (void)state;
    for (size_t k = 0; report_all[k]; k++)
        assert_ptr_equal(report_find(report_all[k]->name), report_all[k]);
    assert_null(report_find("html2"));
    assert_null(report_find(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reports_are_the_golden_ones),
        cmocka_unit_test(test_no_report_writes_a_control_character),
        cmocka_unit_test(test_colour_changes_nothing_but_colour),
        cmocka_unit_test(test_no_line_is_wider_than_asked_but_commands),
        cmocka_unit_test(test_a_narrow_table_names_what_it_left_out),
        cmocka_unit_test(test_the_first_line_is_the_answer),
        cmocka_unit_test(test_json_keeps_its_contract),
        cmocka_unit_test(test_json_says_null_for_what_is_unknown),
        cmocka_unit_test(test_json_of_a_board_that_was_not_read_has_no_number),
        cmocka_unit_test(test_what_is_not_known_of_the_board_prints_nothing),
        cmocka_unit_test(test_modes_stand_side_by_side_at_every_width),
        cmocka_unit_test(test_tools_by_prompt_have_a_column_of_their_own),
        cmocka_unit_test(test_markdown_tables_keep_their_shape),
        cmocka_unit_test(test_markdown_has_no_markup_of_a_model),
        cmocka_unit_test(test_long_answers_are_cut_and_say_so),
        cmocka_unit_test(test_an_empty_record_renders_in_every_format),
        cmocka_unit_test(test_formats_are_found_by_name),
    };
    return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
