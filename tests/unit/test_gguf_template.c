/* SPDX-License-Identifier: MIT */
/* test_gguf_template.c - what the text of a chat template shows. The templates
 * are cut to the parts that matter, in the ways that real ones write them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "model/template_facts.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

static void test_what_templates_can_express(void **state)
{
    static const struct {
        const char *text;
        int         system, tools, results, thinking, date;
    } cases[] = {
        {"", 0, 0, 0, 0, 0},
        {"{{ messages }}", 0, 0, 0, 0, 0},
        /* ChatML that writes any role */
        {"{% for m in messages %}{{'<|im_start|>' + m['role'] + m['content']}}"
         "{% endfor %}", 1, 0, 0, 0, 0},
        {"{% for m in messages %}{{'<|im_start|>' + m.role + m.content}}"
         "{% endfor %}", 1, 0, 0, 0, 0},
        /* only two roles by name */
        {"{% for m in messages %}{% if m['role'] == 'user' %}{{ '[INST] ' }}"
         "{% elif m['role'] == \"assistant\" %}{{ m['content'] }}{% endif %}"
         "{% endfor %}", 0, 0, 0, 0, 0},
        {"{% if messages[0]['role'] == 'system' %}{{ messages[0]['content'] }}"
         "{% endif %}{% if m['role'] == 'user' %}", 1, 0, 0, 0, 0},
        {"{% if messages[0]['role'] == 'system' %}"
         "{{ raise_exception('System role not supported') }}{% endif %}"
         "{{ '<start_of_turn>' + role }}", 0, 0, 0, 0, 0},
        /* tools by name; results by role */
        {"{%- if tools %}{{ tools | tojson }}{% endif %}"
         "{% if m.role == 'system' %}{% elif m.role == \"tool\" %}", 1, 1, 1,
         0, 0},
        {"{%- if tools is not none %}{{ m['role'] + m['content'] }}", 1, 1, 1,
         0, 0},
        /* a word in the text is not the variable */
        {"You can use tools today: <think> is none here. strftime_now",
         0, 0, 0, 1, 0},
        {"{{ 'tools: none' }}{# if tools #}{{ my_tools }}{{ tools_x }}",
         0, 0, 0, 0, 0},
        {"{# {{ tools }} {% if enable_thinking %} #}", 0, 0, 0, 0, 0},
        /* reasoning: a switch, or the tag that is written */
        {"{%- if enable_thinking is defined %}", 0, 0, 0, 1, 0},
        {"{{ '<think>\\n' }}", 0, 0, 0, 1, 0},
        {"<|assistant|><think>\n", 0, 0, 0, 1, 0},
        {"{% set content = content.split('</think>')[-1] %}", 0, 0, 0, 0, 0},
        {"Reasoning: {{ reasoning_effort }}", 0, 0, 0, 1, 0},
        /* the date */
        {"{%- set date_string = strftime_now('%d %b %Y') %}", 0, 0, 0, 0, 1},
        {"Today: {{ date_string }}", 0, 0, 0, 0, 1},
        {"{{ 'date_string' }} date_string", 0, 0, 0, 0, 0},
        /* ends in the middle */
        {"{{ tools", 0, 1, 0, 0, 0}, {"{% if 'tool", 0, 0, 1, 0, 0},
        {"{", 0, 0, 0, 0, 0}, {"{{", 0, 0, 0, 0, 0}, {"{#", 0, 0, 0, 0, 0},
        {"{{ 'a\\", 0, 0, 0, 0, 0}, {"{ { tools } }", 0, 0, 0, 0, 0},
        {"{{ \"it's\" }}{{ tools }}", 0, 1, 0, 0, 0},
        {"{{ 'quote\\' }} ' ~ tools }}", 0, 1, 0, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct template_facts f = template_facts_of(cases[i].text);
        if (f.supports_system != cases[i].system ||
            f.supports_tools != cases[i].tools ||
            f.supports_tool_results != cases[i].results ||
            f.supports_thinking != cases[i].thinking ||
            f.uses_date != cases[i].date)
            fail_msg("%s: system %d, tools %d, results %d, thinking %d, date "
                     "%d", cases[i].text, f.supports_system, f.supports_tools,
                     f.supports_tool_results, f.supports_thinking,
                     f.uses_date);
    }
}

static void test_no_template_is_not_one_that_can_do_nothing(void **state)
{
    struct template_facts f = template_facts_of(NULL);

    (void)state;
    assert_int_equal(f.supports_system, -1);
    assert_int_equal(f.supports_tools, -1);
    assert_int_equal(f.supports_tool_results, -1);
    assert_int_equal(f.supports_thinking, -1);
    assert_int_equal(f.uses_date, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_templates_can_express),
        cmocka_unit_test(test_no_template_is_not_one_that_can_do_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
