/* SPDX-License-Identifier: MIT */
/* What of an answer a listener should hear, whatever a model wraps its
 * thoughts in, and that ordinary text is left alone. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "sentence.h"
#include "spoken.h"

#define KIMI(name) "\xe2\x97\x81" name "\xe2\x96\xb7"
#define COUNT(table) (sizeof(table) / sizeof *(table))

/* What holds for any content. */
static void check_laws(const char *content, const struct spoken *s)
{
    size_t len = strlen(content), thought = 0, end = 0;

    for (size_t i = 0; i < s->n_thoughts; i++) {
        assert_true(s->thoughts[i].begin < s->thoughts[i].end);
        assert_true(i == 0 || s->thoughts[i].begin > end);
        end = s->thoughts[i].end;
        thought += end - s->thoughts[i].begin;
    }
    assert_true(end <= len);
    assert_int_equal(s->len, len - thought);
    assert_int_equal(strlen(s->text), s->len);
    assert_int_equal(s->spelling != NULL, s->n_thoughts > 0);
    for (size_t n = 1; n <= s->len; n++)
        assert_int_equal(content[spoken_arrival(s, n) - 1], s->text[n - 1]);
}

struct row {
    const char *content, *text, *spelling;
    size_t      words;         /* that were thought */
};

static void check_row(const struct row *row)
{
    struct spoken s;

    spoken_split(row->content, &s);
    if (strcmp(s.text, row->text) != 0 || s.thought_words != row->words ||
        !s.spelling != !row->spelling ||
        (s.spelling && strcmp(s.spelling, row->spelling) != 0))
        fail_msg("%s\ngives '%s', %zu words, %s\n not  '%s', %zu words, %s",
                 row->content, s.text, s.thought_words,
                 s.spelling ? s.spelling : "-", row->text, row->words,
                 row->spelling ? row->spelling : "-");
    check_laws(row->content, &s);
    spoken_done(&s);
}

static void test_every_spelling_of_a_thought_is_found(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"<think>They ask.</think>It is on.", "It is on.", "<think>", 2},
        {"<think>\nThey ask.\n</think>\n\nIt is on.", "\n\nIt is on.",
         "<think>", 2},
        {"<THINK>a</THINK>b", "b", "<think>", 1},
        {"<Think>a</tHINK>b", "b", "<think>", 1},
        {"< think >a</ think >b", "b", "<think>", 1},
        {"<think mode=\"deep\" n=2>a</think>b", "b", "<think>", 1},
        {"<thinking>a b</thinking>c", "c", "<thinking>", 2},
        {"<thought>a</thought>b", "b", "<thought>", 1},
        {"<thoughts>a</thoughts>b", "b", "<thoughts>", 1},
        {"<thought_process>a</thought_process>b", "b", "<thought>", 1},
        {"<chain_of_thought>a</chain_of_thought>b", "b", "<thought>", 1},
        {"<antThinking>a</antThinking>b", "b", "<antThinking>", 1},
        {"<reasoning>a</reasoning>b", "b", "<reasoning>", 1},
        {"<reasoning_content>a</reasoning_content>b", "b", "<reasoning>", 1},
        {"<reflection>a</reflection>b", "b", "<reflection>", 1},
        {"<analysis>a</analysis>b", "b", "<analysis>", 1},
        {"<SCRATCHPAD>a</SCRATCHPAD>b", "b", "<scratchpad>", 1},
        {"<inner_monologue>a</inner_monologue>b", "b", "<inner_monologue>",
         1},
        {"<seed:think>a<seed:cot_budget_reflect>b</seed:cot_budget_reflect>c"
         "</seed:think>d", "d", "<seed:think>", 11},
        {"<mm:think>a</mm:think>b", "b", "<mm:think>", 1},
        {"<longcat_think>a</longcat_think>b", "b", "<longcat_think>", 1},
        {"<think:opensource>a</think:opensource>b", "b", "<think>", 1},
        {"<ifm|think_fast>a</ifm|think_fast>b", "b", "<think>", 1},
        {"<|START_THINKING|>a<|END_THINKING|>b", "b", "<|START_THINKING|>",
         1},
        {"<|begin_of_thought|>a<|end_of_thought|>b", "b",
         "<|begin_of_thought|>", 1},
        {"<|thought_start|>a<|thought_end|>b", "b", "<thought>", 1},
        {"<|think|>a<|/think|>b", "b", "<|think|>", 1},
        {"<\xef\xbd\x9c" "begin\xe2\x96\x81of\xe2\x96\x81thinking\xef\xbd\x9c"
         ">a<\xef\xbd\x9c" "end\xe2\x96\x81of\xe2\x96\x81thinking\xef\xbd\x9c"
         ">b", "b", "<thinking>", 1},
        {"[THINK]a[/THINK]b", "b", "[THINK]", 1},
        {KIMI("think") "a" KIMI("/think") "b", "b", KIMI("think"), 1},
        {"<|channel>thought\na b\n<channel|>c", "c", "<|channel>", 2},
        {"<|channel>thought\n<channel|>c", "c", "<|channel>", 0},
        {"<unused94>thought\na b<unused95>c", "c", "<unused94>", 2},
        {"[unused16]a[unused17]b", "b", "[unused16]", 1},
        {"<|inner_prefix|>a<|inner_suffix|>b", "b", "<|inner_prefix|>", 1},
        {"<|open|>think<|sep|>a<|close|>think<|sep|>b", "b",
         "<|open|>think<|sep|>", 1},
        {"a b\n[BEGIN FINAL RESPONSE]\nc", "\nc", "[BEGIN FINAL RESPONSE]",
         2},
        {"Here is my thought process:\na b\n\nHere is my response:\nc", "\nc",
         "Here is my thought process:", 2},
        {"Here's my thought process: a. Here's my response: c", " c",
         "Here is my thought process:", 1},
        {"Sure. <think>a</think>It <think>b</think>is on.", "Sure. It is on.",
         "<think>", 2},
        {"<think>\n\n</think>\n\nIt is on.", "\n\nIt is on.", "<think>", 0},
        {"<think/>It is on.", "It is on.", "<think>", 0},
        {"<think></think><think>a</think>b", "b", "<think>", 1},
        {"<thinking>a <reflection>b</reflection> c</thinking>d", "d",
         "<thinking>", 5},
        {"\xe4\xbd\xa0<think>\xe5\xa5\xbd</think>\xe5\x90\x97",
         "\xe4\xbd\xa0\xe5\x90\x97", "<think>", 1},
    };

    for (size_t i = 0; i < COUNT(rows); i++) check_row(&rows[i]);
}

static void test_marks_around_the_answer_are_not_spoken(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"<think>a</think>\n<response>b</response>", "b", "<think>", 1},
        {"<think>a</think>\n\n<answer>\nb\n</answer>\n", "\nb\n\n", "<think>",
         1},
        {"<thought>a</thought><output>b</output>", "b", "<thought>", 1},
        {"<|begin_of_thought|>a<|end_of_thought|>\n\n<|begin_of_solution|>b"
         "<|end_of_solution|>", "b", "<|begin_of_thought|>", 1},
        {"<|START_THINKING|>a<|END_THINKING|><|START_RESPONSE|>b"
         "<|END_RESPONSE|>", "b", "<|START_THINKING|>", 1},
        {"<|START_THINKING|>a<|END_THINKING|><|START_TEXT|>b<|END_TEXT|>",
         "b", "<|START_THINKING|>", 1},
        {"a<|close|>think<|sep|><|open|>response<|sep|>b"
         "<|close|>response<|sep|><|close|>message<|sep|>", "b",
         "<|open|>think<|sep|>", 1},
        {"<|think|>a<|end|><|begin|>assistant<|content|>b<|end|>", "b",
         "<|think|>", 1},
        {"a\n[BEGIN FINAL RESPONSE]\nb\n[END FINAL RESPONSE]", "\nb\n",
         "[BEGIN FINAL RESPONSE]", 1},
        {"a</think><final_answer>b</final_answer>", "b", "<think>", 1},
        /* Without a thought, and away from one, they are the text. */
        {"<response>b</response>", "<response>b</response>", NULL, 0},
        {"<think>a</think>b <output>c</output>", "b <output>c</output>",
         "<think>", 1},
    };

    for (size_t i = 0; i < COUNT(rows); i++) check_row(&rows[i]);
}

static void test_only_the_final_channel_of_harmony_is_spoken(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"<|channel|>analysis<|message|>a b<|end|><|start|>assistant"
         "<|channel|>final<|message|>c<|return|>", "c", "Harmony", 2},
        {"<|start|>assistant<|channel|>analysis<|message|>a<|end|>"
         "<|start|>assistant<|channel|>final<|message|>c", "c", "Harmony", 1},
        {"<|channel|>final<|message|>c<|return|>", "c", "Harmony", 0},
        {"<|channel|> analysis<|message|> a<|end|><|start|> assistant"
         "<|channel|> final<|message|> c", " c", "Harmony", 1},
        {"<|channel|>analysis<|message|>a<|end|><|start|>assistant"
         "<|channel|>commentary to=functions.light <|constrain|>json"
         "<|message|>{\"on\": true}<|call|>", "", "Harmony", 1},
        {"<|start|>assistant to=functions.light<|channel|>commentary json"
         "<|message|>{\"on\": true}<|call|>", "", "Harmony", 0},
        {"<|channel|>commentary<|message|>Let me see.<|end|>"
         "<|channel|>final<|message|>c", "c", "Harmony", 3},
        {"<|channel|>commentary to=assistant<|channel|>analysis<|message|>a"
         "<|end|><|channel|>final <|constrain|>json<|message|>c", "c",
         "Harmony", 1},
        {"a b<|end|><|start|>assistant<|channel|>final<|message|>c", "c",
         "Harmony", 2},
        {"a b<|start|>assistant<|channel|>final<|message|>c", "c", "Harmony",
         2},
        {"analysis<|message|>a<|end|><|start|>assistant<|channel|>final"
         "<|message|>c", "c", "Harmony", 1},
        {" to=self<|message|>a<|eom|><|start|>assistant to=user<|message|>c"
         "<|eot|>", "c", "Harmony", 1},
        {"<|channel|>analysis<|message|>a<|end|>assistant<|channel|>final"
         "<|message|>c", "c", "Harmony", 1},
        {"<|channel|>final<|message|>c<|end|>assistant<|channel|>analysis"
         "<|message|>a", "c", "Harmony", 1},
        {"<|start|>assistant<|message|>c<|end|>", "c", "Harmony", 0},
        {"<|channel|>final<|message|>c<|end|><|start|>user<|message|>d<|end|>",
         "c", "Harmony", 0},
        {"<|channel|>analysis<|message|>a <|channel|>final<|message|>c", "c",
         "Harmony", 1},
        {"analysisThey ask.assistantfinalIt is on.", "It is on.", "Harmony",
         2},
        {"They ask.assistantfinalIt is on.", "It is on.", "Harmony", 2},
        {"analysisThey ask for", "", "Harmony", 3},
    };

    for (size_t i = 0; i < COUNT(rows); i++) check_row(&rows[i]);
}

static void test_a_closing_tag_alone_ends_what_the_template_began(
    void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"They ask.\n</think>\n\nIt is on.", "\n\nIt is on.", "<think>", 2},
        {"</think>It is on.", "It is on.", "<think>", 0},
        {"a[/THINK]b", "b", "[THINK]", 1},
        {"a" KIMI("/think") "b", "b", KIMI("think"), 1},
        {"a<|END_THINKING|>b", "b", "<|START_THINKING|>", 1},
        {"a<channel|>b", "b", "<|channel>", 1},
        {"a</seed:think>b", "b", "<seed:think>", 1},
        {"They ask.</think>", "", "<think>", 2},
        /* The template opened it, then the model, and one closed. */
        {"<think>a<think>b</think>c", "c", "<think>", 3},
        {"<think>a<think>b</think>c</think>d", "d", "<think>", 4},
        {"<think>a<think>b</think>c</think>", "", "<think>", 4},
        {"<think>a</think>b</think>c", "c", "<think>", 2},
        {"a</think>b</think>c", "c", "<think>", 2},
        /* Closed once more behind the answer. */
        {"<think>a</think>It is on.</think>", "It is on.", "<think>", 1},
        {"<think>a</think>It is on.\n</think>\n</think>\n",
         "It is on.\n\n", "<think>", 1},
    };

    for (size_t i = 0; i < COUNT(rows); i++) check_row(&rows[i]);
}

static void test_a_thought_without_an_end_hides_what_is_behind_it(
    void **state)
{
    static const struct {
        const char *content, *text;
        bool        is_unclosed;
    } cases[] = {
        {"<think>They ask for the light.", "", true},
        {"Well. <think>They ask", "Well. ", true},
        {"<think>a</think>It is <think>b", "It is ", true},
        {"<think>a</think>It is on.", "It is on.", false},
        {"[THINK]a", "", true},
        {"<|channel|>analysis<|message|>a b", "", true},
        {"<|channel|>analysis", "", true},
        {"<|channel|>final<|message|>It is on.", "It is on.", false},
        {"a<|end|><|start|>assistant<|chan", "", true},
        {"<think>", "", true},
        {"<think>a</thi", "", true},
        {"<think>a <reasoning>b</reasoning> c", "", true},
        {"<thi", "<thi", false},
        {"", "", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct spoken s;

        spoken_split(cases[i].content, &s);
        check_laws(cases[i].content, &s);
        assert_string_equal(s.text, cases[i].text);
        assert_int_equal(s.is_unclosed, cases[i].is_unclosed);
        spoken_done(&s);
    }
}

static void test_ordinary_text_is_left_alone(void **state)
{
    static const char *const texts[] = {
        "I think it is on. My reasoning: you asked.",
        "[think] about it, [thinking], [Thoughts](https://x.org), [REASON].",
        "A <b> tag, an <i>italic</i> one, <thinker>, <rethink>, <no_think>.",
        "5 < think and thought > 3, x<y>z, <-- here, <3",
        "<thought of the day>", "<think tank>", "<think_tank>",
        "<thinking@example.org>", "<tool_response>{}</tool_response>",
        "`<think>` opens a thought and `</think>` ends it.",
        "The tag \"<think>\", or '</think>', or "
        "\xe2\x80\x9c<think>\xe2\x80\x9d.",
        "Write ``a ` <think> b`` so.",
        "Like this:\n```\n<think>a</think>\n```\nThat is it.",
        "Like this:\n~~~xml\n<think>\n",
        "  ````\n```\n<think>\n```\n````\nDone.",
        "analysis of the final assistant", "Here is my response: yes.",
        "Here is my thought process: I asked.",
        "It is on.<|end|>", "It is on.<|im_end|>\n<|im_start|>think",
        "<|im_end|>", "to=user: hi", "<think", "</think", "[/THINK", "<>",
        "</>", "[]", "<|", "<||>", "<think\n>", "\xe2\x97\x81", "\xe2",
        "<\xff\xfe>", "It's 20 `degrees. I'd say \"<b>\".",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct spoken s;

        spoken_split(texts[i], &s);
        assert_string_equal(s.text, texts[i]);
        assert_int_equal(s.n_thoughts, 0);
        assert_null(s.spelling);
        assert_false(s.is_unclosed);
        check_laws(texts[i], &s);
        spoken_done(&s);
    }
}

/* Marks of code in a thought are often left open: they must not hide the
 * answer. */
static void test_code_in_a_thought_does_not_hide_its_end(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"<think>a `</think>` b</think>c", "c", "<think>", 3},
        {"<think>\n```\n</think>\n```\nb</think>c", "c", "<think>", 2},
        {"<think>it`s</think>c", "c", "<think>", 2},
        {"<think>\n```\na\n</think>\nb", "\nb", "<think>", 1},
        {"<think>\n```\na\n</think>\nb\n```\nc\n```\n",
         "\nb\n```\nc\n```\n", "<think>", 1},
        {"<think>\n```\na</think>b<think>c</think>d", "bd", "<think>", 2},
        {"<think>say \"</think>\"", "\"", "<think>", 1},
        /* Closed by another name. */
        {"<think>a</reasoning>b", "b", "<think>", 1},
        {"<think>a</thinking>b", "b", "<think>", 1},
    };

    for (size_t i = 0; i < COUNT(rows); i++) check_row(&rows[i]);
}

/* A long text made of one piece. */
static char *repeat(const char *piece, size_t bytes)
{
    size_t n = strlen(piece), times = bytes / n;
    char  *text = mem_new(n * times + 1, 1);

    for (size_t i = 0; i < times; i++) memcpy(text + i * n, piece, n);
    return text;
}

static void test_thoughts_are_bounded_and_further_ones_the_last(void **state)
{
    char         *text = repeat("<think>a</think>b ", 18 * 1500);
    struct spoken s;

    (void)state;
    spoken_split(text, &s);
    assert_int_equal(s.n_thoughts, 1000);
    assert_int_equal(s.len, 2 * 999 + 2);
    check_laws(text, &s);
    spoken_done(&s);
    free(text);
}

/* A long text of what looks like the start of something; a scan that looks
 * back or ahead without a bound would take minutes. */
static void test_a_long_text_of_anything_is_split_at_once(void **state)
{
    static const char *const pieces[] = {
        "<", "<think", "<think>", "</think>", "<think a=", "`", "` `` ",
        "```\n", "````\n```\n", "~", "<think>\"</think>\"", "[", "[/THINK",
        "<think>`</think>", "<think></reasoning>", "<|channel|>",
        "<|message|>", "<|start|>", "<|end|>", "<|end|><|start|>",
        "<|channel|>final<|message|>", "\xe2\x97\x81", "Here", "a",
        "<think>a</think>b", "a</think>", "assistantfinal",
        "<think></think><answer>"};

    (void)state;
    for (size_t i = 0; i < COUNT(pieces); i++) {
        char         *text = repeat(pieces[i], 200000);
        struct spoken s;

        spoken_split(text, &s);
        assert_true(s.n_thoughts <= 1000);
        assert_true(s.len <= strlen(text));
        spoken_done(&s);
        free(text);
    }
}

/* Processor time of splitting a text, the least of three. */
static double split_s(const char *piece)
{
    char  *text = repeat(piece, 1000000);
    double least_s = 1e9;

    for (int i = 0; i < 3; i++) {
        struct spoken s;
        clock_t       begin = clock();
        double        took_s;

        spoken_split(text, &s);
        took_s = (double)(clock() - begin) / CLOCKS_PER_SEC;
        if (took_s < least_s) least_s = took_s;
        spoken_done(&s);
    }
    free(text);
    return least_s;
}

/* What is no tag by its name is not read to the end of what it could be. */
static void test_brackets_cost_no_more_than_other_text(void **state)
{
    double plain_s = split_s("<a");

    (void)state;
    assert_true(split_s("[a") < 2.5 * plain_s);
    assert_true(split_s("[THINK") < 2.5 * plain_s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_spelling_of_a_thought_is_found),
        cmocka_unit_test(test_marks_around_the_answer_are_not_spoken),
        cmocka_unit_test(test_only_the_final_channel_of_harmony_is_spoken),
        cmocka_unit_test(
            test_a_closing_tag_alone_ends_what_the_template_began),
        cmocka_unit_test(
            test_a_thought_without_an_end_hides_what_is_behind_it),
        cmocka_unit_test(test_ordinary_text_is_left_alone),
        cmocka_unit_test(test_code_in_a_thought_does_not_hide_its_end),
        cmocka_unit_test(test_thoughts_are_bounded_and_further_ones_the_last),
        cmocka_unit_test(test_a_long_text_of_anything_is_split_at_once),
        cmocka_unit_test(test_brackets_cost_no_more_than_other_text),
    };

    return cmocka_run_group_tests_name("spoken", tests, NULL, NULL);
}
