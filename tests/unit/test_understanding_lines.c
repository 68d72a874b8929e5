/* SPDX-License-Identifier: MIT */
/* What the reports say of the cases beyond their rates: only what is known,
 * and what it is of. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>

#include "report/understanding_lines.h"
#include "unit/report_parts.h"

static struct candidate_facts *fresh(struct facts *f)
{
    facts_done(f);
    return add_candidate(f, "a", "");
}

/* NULL: it has no such line. Static until the next call. */
static const char *line_of(const struct candidate_facts *c, const char *label)
{
    static char          text[1000];
    struct listener_line lines[UNDERSTANDING_LINES];
    size_t               n = understanding_lines(c, lines);
    const char          *found = NULL;

    assert_true(n <= UNDERSTANDING_LINES);
    for (size_t i = 0; i < n; i++)
        if (strcmp(lines[i].label, label) == 0) {
            snprintf(text, sizeof text, "%s", lines[i].text);
            found = text;
        }
    listener_done(lines, n);
    return found;
}

static void says(const struct candidate_facts *c, const char *label,
                 const char *text)
{
    const char *got = line_of(c, label);

    if (!got || strcmp(got, text) != 0)
        fail_msg("%s: \"%s\", not \"%s\"", label, got ? got : "no line",
                 text);
}

static size_t count(const struct candidate_facts *c)
{
    struct listener_line lines[UNDERSTANDING_LINES];
    size_t               n = understanding_lines(c, lines);

    listener_done(lines, n);
    return n;
}

static void test_what_was_not_asked_has_no_line(void **state)
{
    struct facts            f = {0};
    struct candidate_facts *c = fresh(&f);

    (void)state;
    assert_int_equal(count(c), 0);
    understanding_read(NULL, &c->understanding);   /* of an older report */
    assert_int_equal(count(c), 0);
    c->understanding.most_repeats = 1;             /* once is no repetition */
    c->understanding.conversations = 3;            /* of which none counts */
    c->understanding.n_noise = 1;
    assert_int_equal(count(c), 0);
    facts_done(&f);
}

static void test_talks_name_their_turns_and_their_interval(void **state)
{
    struct facts            f = {0};
    struct candidate_facts *c = fresh(&f);

    (void)state;
    c->understanding.conversations = 40;
    c->understanding.turns = (struct share){135, 180, .75, .68, .82};
    says(c, "talks", "75 [68–82] % of 180 turns in 40 conversations went "
                     "right");
    c->understanding.conversations = 1;
    c->understanding.turns = (struct share){3, 4, .75, NAN, NAN};
    says(c, "talks", "75 % of 4 turns in 1 conversation went right");
    assert_int_equal(count(c), 1);
    facts_done(&f);
}

static void test_only_manners_that_could_be_are_named(void **state)
{
    struct facts            f = {0};
    struct candidate_facts *c = fresh(&f);

    (void)state;
    c->understanding.manners[MANNER_said_not_done] = some(3, 100);
    c->understanding.manners[MANNER_refused] = some(0, 50);
    says(c, "manners", "says done, is not 3 % of 100; refuses needlessly 0 % "
                       "of 50 turns where it could be");
    assert_int_equal(count(c), 1);
    for (int i = 0; i < MANNER_COUNT; i++)
        c->understanding.manners[i] = some(1, 2);
    for (int i = 0; i < MANNER_COUNT; i++)
        assert_non_null(strstr(line_of(c, "manners"), manner_label[i]));
    facts_done(&f);
}

static void test_misheard_stands_beside_the_same_cases_as_spoken(
    void **state)
{
    struct facts            f = {0};
    struct candidate_facts *c = fresh(&f);

    (void)state;
    c->understanding.n_noise = 2;
    c->understanding.noise[0] = (struct noise_level){
        5, 4.8, {45, 60, .75, .63, .84}, {54, 60, .9, .8, .95}};
    c->understanding.noise[1] = (struct noise_level){
        20, 19.4, {30, 60, .5, .38, .62}, {54, 60, .9, .8, .95}};
    says(c, "misheard", "of the same cases 90 % pass as spoken; with 5 % of "
         "words wrong 75 [63–84] % of 60 cases; with 19 % of words wrong "
         "50 [38–62] % of 60 cases");
    c->understanding.noise[0].unharmed = some(0, 0);     /* lost to us */
    c->understanding.n_noise = 1;
    says(c, "misheard", "with 5 % of words wrong 75 [63–84] % of 60 cases");
    facts_done(&f);
}

static void test_steady_is_again_and_in_other_words(void **state)
{
    struct facts            f = {0};
    struct candidate_facts *c = fresh(&f);

    (void)state;
    c->understanding.repeated = 90;
    c->understanding.most_repeats = 3;
    c->understanding.pass_hat[0] = .87;
    c->understanding.pass_hat[1] = .81;
    c->understanding.pass_hat[2] = .77;
    says(c, "steady", "of 90 cases asked again 87 % pass once, 77 % 3 times "
                      "in a row");
    c->understanding.groups = some(11, 15);
    says(c, "steady", "of 90 cases asked again 87 % pass once, 77 % 3 times "
         "in a row; of 15 wishes put in several ways 11 were understood in "
         "each");
    c->understanding.most_repeats = 0;
    says(c, "steady", "of 15 wishes put in several ways 11 were understood "
                      "in each");
    facts_done(&f);
}

static void test_each_line_leads_to_its_section_of_the_method(void **state)
{
    struct listener_line    lines[UNDERSTANDING_LINES];
    struct facts            f = {0};
    struct candidate_facts *c = fresh(&f);
    size_t                  n;

    (void)state;
    set_understanding(c, 52);
    n = understanding_lines(c, lines);
    assert_int_equal(n, UNDERSTANDING_LINES);
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(lines[i].section, "understanding");
        assert_null(strstr(lines[i].text, "nan"));
    }
    listener_done(lines, n);
    facts_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_not_asked_has_no_line),
        cmocka_unit_test(test_talks_name_their_turns_and_their_interval),
        cmocka_unit_test(test_only_manners_that_could_be_are_named),
        cmocka_unit_test(
            test_misheard_stands_beside_the_same_cases_as_spoken),
        cmocka_unit_test(test_steady_is_again_and_in_other_words),
        cmocka_unit_test(test_each_line_leads_to_its_section_of_the_method),
    };
    return cmocka_run_group_tests_name("understanding_lines", tests, NULL,
                                       NULL);
}
