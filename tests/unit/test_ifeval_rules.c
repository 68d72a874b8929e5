/* SPDX-License-Identifier: MIT */
/* test_ifeval_rules.c - the rules of IFEval; every verdict here was given by
 * the original (lm-eval 0.4.13) for the same arguments and response. */
#include "ifeval_fixture.h"

struct situation {
    const char *kwargs, *response;
    bool        strict, loose;
};

static void go_through(const char *instruction, const struct situation *s,
                       size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct ifeval_verdict got =
            judge(instruction, s[i].kwargs, view_of(s[i].response));
        if (got.strict != s[i].strict || got.loose != s[i].loose)
            fail_msg("%s %s \"%s\": %d %d", instruction, s[i].kwargs,
                     s[i].response, got.strict, got.loose);
    }
}
#define GO(instruction, list)                                                \
    go_through(instruction, list, sizeof(list) / sizeof *(list))

static void test_ifeval_keywords_are_python_regular_expressions(void **state)
{
    (void)state;
    static const struct situation list[] = {
        {"{\"keywords\":[\"U.S.\"]}", "look upssy", 1, 1},
        {"{\"keywords\":[\"colou?r\"]}", "COLOR", 1, 1},
        {"{\"keywords\":[\"insect\"]}", "\xC4\xB0NSECT", 1, 1},
        {"{\"keywords\":[\"\\u0131\"]}", "I", 1, 1},
        {"{\"keywords\":[\"[h-j]x\"]}", "\xC4\xB0X", 1, 1},
        {"{\"keywords\":[\"(?-i:i)\"]}", "I", 0, 0},
        {"{\"keywords\":[\"stra\\u00dfe\"]}", "STRASSE", 0, 0},
        {"{\"keywords\":[\"\\u00df\"]}", "\xE1\xBA\x9E", 1, 1},
        {"{\"keywords\":[\"ok\"]}", "O\xE2\x84\xAA", 1, 1},
        {"{\"keywords\":[\"\\u03c3\"]}", "\xCF\x82", 1, 1},
        {"{\"keywords\":[\"\\ufb05\"]}", "\xEF\xAC\x86", 1, 1},
        {"{\"keywords\":[\"a\\\\sb\"]}", "a\x1C" "b", 1, 1},
        {"{\"keywords\":[\"a\\\\sb\"]}", "a\xE1\xA0\x8E" "b", 0, 0},
        {"{\"keywords\":[\"^b$\"]}", "a\nb\n", 0, 1},
        {"{\"keywords\":[\"(?m)^b$\"]}", "a\nb\r", 0, 1},
        {"{\"keywords\":[\"a.b\"]}", "a\rb", 1, 1},
        {"{\"keywords\":[\"a.b\"]}", "a\nb", 0, 0},
        {"{\"keywords\":[\"[[:alpha:]]\"]}", "b", 0, 0},
        {"{\"keywords\":[\"[[:alpha:]]\"]}", "p]", 1, 1},
        {"{\"keywords\":[\"a{,2}b\"]}", "b", 1, 1},
        {"{\"keywords\":[\"a{,2\"]}", "a{,2", 1, 1},
        {"{\"keywords\":[\"\\\\u0041\\\\x42\\\\103\"]}", "abc", 1, 1},
        {"{\"keywords\":[\"(?P<n>a)(?P=n)\"]}", "xaay", 1, 1},
        {"{\"keywords\":[\"(a)?(?(1)b|c)d\"]}", "cd", 1, 1},
        {"{\"keywords\":[\"(?x) a b # c\"]}", "ab", 1, 1},
        {"{\"keywords\":[\"x\\\\Z\"]}", "x\n", 0, 1},
        {"{\"keywords\":[\"\\\\bword\\\\b\"]}", "re\xCC\x81word", 1, 1},
        {"{\"keywords\":[\"one\",\"two\"]}", "two\nONE", 1, 1},
        {"{\"keywords\":[\"one\",\"two\"]}", "one", 0, 0},
        {"{\"keywords\":[\"so\"]}", "s*o", 0, 1},
        {"{\"keywords\":[\"(?<!a)b\"]}", "ab", 0, 0},
        {"{\"keywords\":[\"[^\\\\W\\\\d_]\"]}", "1_\xCC\x81", 0, 0},
    };

    GO("keywords:existence", list);
}

static void test_ifeval_matches_are_counted_as_findall_does(void **state)
{
    (void)state;
    static const struct situation list[] = {
        {"{\"keyword\":\"aa\",\"frequency\":2,\"relation\":\"at least\"}",
         "aaaa", 1, 1},
        {"{\"keyword\":\"aa\",\"frequency\":2,\"relation\":\"at least\"}",
         "aaa", 0, 0},
        {"{\"keyword\":\"x*\",\"frequency\":4,\"relation\":\"at least\"}",
         "axb", 1, 1},
        {"{\"keyword\":\"x*\",\"frequency\":5,\"relation\":\"at least\"}",
         "axb", 0, 0},
        {"{\"keyword\":\" timer \",\"frequency\":1,\"relation\":\"less than\"}",
         "Timer", 0, 0},
        {"{\"keyword\":\"a|\",\"frequency\":4,\"relation\":\"at least\"}",
         "ab", 0, 0},
        {"{\"keyword\":\"(?=a)\",\"frequency\":2,\"relation\":\"at least\"}",
         "aab", 1, 1},
        {"{\"keyword\":\"\\\\b\",\"frequency\":4,\"relation\":\"at least\"}",
         "ab cd", 1, 1},
    };

    GO("keywords:frequency", list);
}

static void test_ifeval_forbidden_words_stand_alone(void **state)
{
    (void)state;
    static const struct situation list[] = {
        {"{\"forbidden_words\":[\"the\"]}", "other", 1, 1},
        {"{\"forbidden_words\":[\"the\"]}", "The", 0, 0},
        {"{\"forbidden_words\":[\"the\"]}", "the\xCC\x81", 0, 0},
        {"{\"forbidden_words\":[\"the\"]}", "_the", 1, 1},
        {"{\"forbidden_words\":[\"U.S.\"]}", "the U.S. way", 1, 1},
        {"{\"forbidden_words\":[\"U.S.\"]}", "the U.S.A", 0, 0},
        {"{\"forbidden_words\":[\"the\"]}", "the\nend", 0, 1},
        {"{\"forbidden_words\":[\"\\u4e2d\"]}",
         "\xE4\xB8\xAD\xE6\x96\x87", 1, 1},
    };

    GO("keywords:forbidden_words", list);
}

static void test_ifeval_letters_are_counted_in_small(void **state)
{
    (void)state;
    static const struct situation list[] = {
        {"{\"letter\":\"i\",\"let_frequency\":3,\"let_relation\":\"at least\"}",
         "iI\xC4\xB0\xC4\xB1", 1, 1},
        {"{\"letter\":\"i\",\"let_frequency\":4,\"let_relation\":\"at least\"}",
         "iI\xC4\xB0\xC4\xB1", 0, 0},
        {"{\"letter\":\"K\",\"let_frequency\":1,"
         "\"let_relation\":\"less than\"}",
         "\xE2\x84\xAA", 0, 0},
        {"{\"letter\":\"\\u212a\",\"let_frequency\":2,"
         "\"let_relation\":\"at least\"}",
         "kK", 1, 1},
        {"{\"letter\":\"s\",\"let_frequency\":1,\"let_relation\":\"at least\"}",
         "\xC5\xBF", 0, 0},
    };

    GO("keywords:letter_frequency", list);
}

static void test_ifeval_words_are_what_nltk_takes_for_words(void **state)
{
    (void)state;
    static const struct situation list[] = {
        {"{\"num_words\":2,\"relation\":\"at least\"}", "one_two", 0, 0},
        {"{\"num_words\":2,\"relation\":\"at least\"}", "don't", 1, 1},
        {"{\"num_words\":2,\"relation\":\"less than\"}", "cafe\xCC\x81s", 1, 1},
        {"{\"num_words\":1,\"relation\":\"less than\"}",
         "\xC2\xB2 \xC2\xBD", 1, 1},
        {"{\"num_words\":1,\"relation\":\"at least\"}", "\xE2\x85\xA7", 1, 1},
    };

    GO("length_constraints:number_words", list);
}

static void test_ifeval_paragraphs_are_parted_by_three_stars(void **state)
{
    (void)state;
    static const struct situation list[] = {
        {"{\"num_paragraphs\":2}", "a\n***\nb", 1, 1},
        {"{\"num_paragraphs\":2}", "a****b", 1, 1},
        {"{\"num_paragraphs\":2}", "a***b***", 1, 1},
        {"{\"num_paragraphs\":2}", "a******b", 0, 0},
        {"{\"num_paragraphs\":2}", "***\xE2\x80\x83***", 0, 0},
        {"{\"num_paragraphs\":1}", "a\n\nb", 1, 1},
        {"{\"num_paragraphs\":1}", "x\n***\ny", 0, 1},
    };

    GO("length_constraints:number_paragraphs", list);
}

static void test_ifeval_nth_paragraph_starts_with_the_word(void **state)
{
    (void)state;
    static const struct situation list[] = {
        {"{\"num_paragraphs\":2,\"nth_paragraph\":2,\"first_word\":\"Word\"}",
         "a\n\nWORD, b", 1, 1},
        {"{\"num_paragraphs\":2,\"nth_paragraph\":2,\"first_word\":\"word\"}",
         "a\n\n\n\nword", 0, 0},
        {"{\"num_paragraphs\":2,\"nth_paragraph\":2,\"first_word\":\"word\"}",
         "a\n\n\nword", 1, 1},
        {"{\"num_paragraphs\":1,\"nth_paragraph\":1,\"first_word\":\"word\"}",
         "'\"word\"", 1, 1},
        {"{\"num_paragraphs\":1,\"nth_paragraph\":1,\"first_word\":\"word\"}",
         "\"'word", 0, 0},
        {"{\"num_paragraphs\":1,\"nth_paragraph\":1,"
         "\"first_word\":\"\\u03bf\\u03c3\"}",
         "\xCE\x9F\xCE\xA3", 1, 1},
        {"{\"num_paragraphs\":1,\"nth_paragraph\":1,"
         "\"first_word\":\"\\u039f\\u03a3\"}",
         "\xCE\x9F\xCE\xA3", 0, 0},
        {"{\"num_paragraphs\":1,\"nth_paragraph\":1,\"first_word\":\"word\"}",
         "words", 0, 0},
        {"{\"num_paragraphs\":1,\"nth_paragraph\":1,\"first_word\":\"words\"}",
         "word", 0, 0},
        {"{\"num_paragraphs\":1,\"nth_paragraph\":1,\"first_word\":\"don\"}",
         "don't", 1, 1},
        {"{\"num_paragraphs\":1,\"nth_paragraph\":1,\"first_word\":\"a\"}",
         "a\xE2\x80\x83" "b", 1, 1},
    };

    GO("length_constraints:nth_paragraph_first_word", list);
}

static void test_ifeval_placeholders_stay_on_a_line(void **state)
{
    (void)state;
    static const struct situation list[] = {
        {"{\"num_placeholders\":2}", "[a][b]", 1, 1},
        {"{\"num_placeholders\":2}", "[[a]]", 0, 0},
        {"{\"num_placeholders\":1}", "[a\nb]", 0, 0},
        {"{\"num_placeholders\":1}", "[]", 1, 1},
        {"{\"num_placeholders\":1}", "[a\r]", 1, 1},
        {"{\"num_placeholders\":1}", "][", 0, 0},
    };

    GO("detectable_content:number_placeholders", list);
}

static void test_ifeval_postscript_markers_are_found_in_small(void **state)
{
    (void)state;
    static const struct situation list[] = {
        {"{\"postscript_marker\":\"P.S.\"}", "p. s. x", 1, 1},
        {"{\"postscript_marker\":\"P.S.\"}", "P.\n s.", 0, 0},
        {"{\"postscript_marker\":\"P.S.\"}", "P.S", 0, 0},
        {"{\"postscript_marker\":\"P.P.S\"}", "a p.\xC2\xA0p. S", 1, 1},
        {"{\"postscript_marker\":\"P.P.S\"}", "P.S.", 0, 0},
        {"{\"postscript_marker\":\"P.P.S.\"}", "ppps", 0, 0},
        {"{\"postscript_marker\":\"P.P.S.\"}", "pxpxsx", 1, 1},
        {"{\"postscript_marker\":\"Note:\"}", "x NOTE: y", 1, 1},
        {"{\"postscript_marker\":\"\\u039f\\u03a3\"}",
         "\xCE\xBF\xCF\x82", 1, 1},
        {"{\"postscript_marker\":\"a|b\"}", "zb", 1, 1},
        {"{\"postscript_marker\":\" PS \"}", "xps", 1, 1},
        {"{\"postscript_marker\":\"P.S.\"}", "p.*s.", 0, 1},
    };

    GO("detectable_content:postscript", list);
}

static void test_ifeval_bullets_are_exact(void **state)
{
    (void)state;
    static const struct situation list[] = {
        {"{\"num_bullets\":2}", "* a\n* b", 1, 1},
        {"{\"num_bullets\":2}", "- a\n\t* b", 1, 1},
        {"{\"num_bullets\":1}", "---", 1, 1},
        {"{\"num_bullets\":1}", "** a", 0, 0},
        {"{\"num_bullets\":1}", "*\n*", 1, 1},
        {"{\"num_bullets\":1}", "*\n\n*x", 0, 1},
        {"{\"num_bullets\":2}", "*\n\n*x", 1, 1},
        {"{\"num_bullets\":1}", "*", 0, 0},
        {"{\"num_bullets\":1}", "\n \xE2\x80\x83\n* a", 1, 1},
        {"{\"num_bullets\":1}", "a\r* b", 0, 0},
        {"{\"num_bullets\":1}", "a\n-5 degrees\nb - c", 1, 1},
        {"{\"num_bullets\":1}", "* a\n* b", 0, 1},
        {"{\"num_bullets\":2}", "-\n-", 1, 1},
    };

    GO("detectable_format:number_bullet_lists", list);
}

static void test_ifeval_responses_are_one_of_three(void **state)
{
    (void)state;
    static const struct situation list[] = {
        {"{}", "My answer is yes.", 1, 1},
        {"{}", "Well: My answer is maybe. Or so", 1, 1},
        {"{}", "my answer is no.", 0, 0},
        {"{}", "My answer is *no*.", 0, 1},
        {"{}", "MMy answer is My answer is no.", 1, 1},
        {"{}", "My answer is ye", 0, 0},
    };

    GO("detectable_format:constrained_response", list);
}

static void test_ifeval_highlights_are_counted_twice_over(void **state)
{
    (void)state;
    static const struct situation list[] = {
        {"{\"num_highlights\":1}", "*a*", 1, 1},
        {"{\"num_highlights\":2}", "**a**", 0, 0},
        {"{\"num_highlights\":1}", "**a**", 1, 1},
        {"{\"num_highlights\":2}", "***a***", 1, 1},
        {"{\"num_highlights\":1}", "****a****", 0, 0},
        {"{\"num_highlights\":1}", "* *", 0, 0},
        {"{\"num_highlights\":1}", "*a\nb*", 0, 0},
        {"{\"num_highlights\":2}", "*a*b*c*", 1, 1},
        {"{\"num_highlights\":3}", "*a*b*c*", 0, 0},
        {"{\"num_highlights\":1}", "** **", 0, 0},
        {"{\"num_highlights\":1}", "**a*", 0, 0},
    };

    GO("detectable_format:number_highlighted_sections", list);
}

static void test_ifeval_sections_have_numbers(void **state)
{
    (void)state;
    static const struct situation list[] = {
        {"{\"section_spliter\":\"Section\",\"num_sections\":2}",
         "Section 1 a Section\t2", 1, 1},
        {"{\"section_spliter\":\"Section\",\"num_sections\":1}",
         "Section  1", 0, 0},
        {"{\"section_spliter\":\"Section\",\"num_sections\":1}",
         "section 1", 0, 0},
        {"{\"section_spliter\":\"Section\",\"num_sections\":1}",
         "Section \xD9\xA3", 1, 1},
        {"{\"section_spliter\":\"Section\",\"num_sections\":1}",
         "Section \xC2\xBD", 0, 0},
        {"{\"section_spliter\":\" Day \",\"num_sections\":2}",
         "xDay1Day2", 1, 1},
        {"{\"section_spliter\":\"S(ec)tion\",\"num_sections\":4}",
         "Section 1 Section 2", 1, 1},
        {"{\"section_spliter\":\"a|b\",\"num_sections\":2}", "a b1", 1, 1},
        {"{\"section_spliter\":\"1\",\"num_sections\":2}", "111 11", 1, 1},
        {"{\"section_spliter\":\"1\",\"num_sections\":2}", "11", 0, 0},
    };

    GO("detectable_format:multiple_sections", list);
}

static void test_ifeval_json_is_python_s(void **state)
{
    (void)state;
    static const struct situation list[] = {
        {"{}", "{\"a\":[1,NaN]}", 1, 1},
        {"{}", "```json\n{}\n```", 1, 1},
        {"{}", "```json```{}", 1, 1},
        {"{}", "```jsonc\n{}```", 0, 1},
        {"{}", "```Json 5 ```", 1, 1},
        {"{}", "{} x", 0, 0},
        {"{}", "\xE2\x80\x83\"a\"\x1C", 1, 1},
        {"{}", "\xEF\xBB\xBF{}", 0, 0},
        {"{}", "[1,]", 0, 0},
        {"{}", "7", 1, 1},
        {"{}", "\"\t\"", 0, 0},
        {"{}", "{'a':1}", 0, 0},
        {"{}", "Sure:\n{}", 0, 1},
        {"{}", "Sure:\n{}\nBye", 0, 1},
        {"{}", "*{}*", 0, 1},
    };

    GO("detectable_format:json_format", list);
}

static void test_ifeval_titles_are_in_double_brackets(void **state)
{
    (void)state;
    static const struct situation list[] = {
        {"{}", "<<a>>", 1, 1},
        {"{}", "<<>>", 0, 0},
        {"{}", "<<<>>>", 0, 0},
        {"{}", "<< < >>", 1, 1},
        {"{}", "<<><<>>", 1, 1},
        {"{}", "<<a\n>>", 0, 0},
        {"{}", "<< \xC2\xA0>>", 0, 0},
        {"{}", "a<<b>>c>>", 1, 1},
        {"{}", "<<a>", 0, 0},
        {"{}", "<<>>\n<<x>>", 1, 1},
        {"{}", "<<*>>", 1, 1},
    };

    GO("detectable_format:title", list);
}

static void test_ifeval_two_responses_differ(void **state)
{
    (void)state;
    static const struct situation list[] = {
        {"{}", "a******b", 1, 1},
        {"{}", "a******a ", 0, 0},
        {"{}", "******a******b", 1, 1},
        {"{}", "a******\n******b", 0, 0},
        {"{}", "a******b******c", 0, 0},
        {"{}", "a", 0, 0},
        {"{}", "a*******b", 1, 1},
        {"{}", "a************b", 0, 0},
    };

    GO("combination:two_responses", list);
}

static void test_ifeval_prompt_is_repeated_in_any_case(void **state)
{
    (void)state;
    static const struct situation list[] = {
        {"{\"prompt_to_repeat\":\" Say Hi \"}", "\nsAY hI there", 1, 1},
        {"{\"prompt_to_repeat\":\"Say hi\"}", "Say", 0, 0},
        {"{\"prompt_to_repeat\":\"i\\u0307\"}", "\xC4\xB0x", 1, 1},
        {"{\"prompt_to_repeat\":\"\\u039f\\u03a3\"}",
         "\xCE\x9F\xCE\xA3\xCE\x91", 0, 0},
        {"{\"prompt_to_repeat\":\"\\u039f\\u03a3\"}",
         "\xCE\x9F\xCE\xA3 a", 1, 1},
        {"{\"prompt_to_repeat\":\"ok\"}", "O\xE2\x84\xAA.", 1, 1},
        {"{\"prompt_to_repeat\":\"a b\"}", "a*b*", 0, 0},
        {"{\"prompt_to_repeat\":\"ab\"}", "a*b*", 0, 1},
    };

    GO("combination:repeat_prompt", list);
}

static void test_ifeval_end_phrase_may_be_quoted(void **state)
{
    (void)state;
    static const struct situation list[] = {
        {"{\"end_phrase\":\"Bye\"}", "so BYE", 1, 1},
        {"{\"end_phrase\":\"Bye\"}", "bye\"", 1, 1},
        {"{\"end_phrase\":\"Bye\"}", "bye \"", 0, 0},
        {"{\"end_phrase\":\"Bye\"}", "bye.\"", 0, 0},
        {"{\"end_phrase\":\"Bye\"}", "bye\xE2\x80\xA8", 1, 1},
        {"{\"end_phrase\":\"\\u03a3\"}", "\xCE\x91\xCE\xA3", 0, 0},
        {"{\"end_phrase\":\"\\u0391\\u03a3\"}",
         "\xCE\x92\xCE\x91\xCE\xA3", 1, 1},
        {"{\"end_phrase\":\"bye\"}", "ye", 0, 0},
        {"{\"end_phrase\":\"Bye\"}", "bye\nPS", 0, 1},
        {"{\"end_phrase\":\"Bye\"}", "**bye**", 0, 1},
    };

    GO("startend:end_checker", list);
}

static void test_ifeval_quotation_marks_are_straight(void **state)
{
    (void)state;
    static const struct situation list[] = {
        {"{}", "\"a\"", 1, 1},
        {"{}", "\"\"", 1, 1},
        {"{}", "\"", 0, 0},
        {"{}", " \"a\"\xE2\x80\x83", 1, 1},
        {"{}", "\xE2\x80\x9C" "a\xE2\x80\x9D", 0, 0},
        {"{}", "x\n\"a\"", 0, 1},
        {"{}", "*\"a\"*", 0, 1},
        {"{}", "\"a", 0, 0},
        {"{}", "\"\xC3\xA4\"", 1, 1},
    };

    GO("startend:quotation", list);
}

static void test_ifeval_commas_are_ascii(void **state)
{
    (void)state;
    static const struct situation list[] = {
        {"{}", "a", 1, 1},
        {"{}", "a, b", 0, 0},
        {"{}", "a\xEF\xBC\x8C" "b\xD8\x8C", 1, 1},
        {"{}", "Sure,\nb", 0, 1},
        {"{}", "a\nb,\nc", 0, 0},
    };

    GO("punctuation:no_comma", list);
}

static void test_ifeval_sentences_are_punkt_s(void **state)
{
    (void)state;
    static const struct situation list[] = {
        {"{\"num_sentences\":2,\"relation\":\"at least\"}", "One. Two.", 1, 1},
        {"{\"num_sentences\":2,\"relation\":\"at least\"}",
         "Mr. Smith came.", 0, 0},
        {"{\"num_sentences\":2,\"relation\":\"less than\"}", "a\n\nb", 1, 1},
        {"{\"num_sentences\":2,\"relation\":\"at least\"}",
         "\xE4\xB8\x80\xE3\x80\x82\xE4\xBA\x8C\xE3\x80\x82", 0, 0},
    };

    GO("length_constraints:number_sentences", list);
}

static void test_ifeval_capital_words_are_treebank_s(void **state)
{
    (void)state;
    static const struct situation list[] = {
        {"{\"capital_frequency\":2,\"capital_relation\":\"at least\"}",
         "CANNOT", 1, 1},
        {"{\"capital_frequency\":3,\"capital_relation\":\"at least\"}",
         "CAN'T", 0, 0},
        {"{\"capital_frequency\":1,\"capital_relation\":\"less than\"}",
         "Title I", 0, 0},
        {"{\"capital_frequency\":-1,\"capital_relation\":\"at least\"}",
         "x", 1, 1},
    };

    GO("change_case:capital_word_frequency", list);
}

static void test_ifeval_case_comes_before_language(void **state)
{
    (void)state;
    static const struct situation list[] = {
        {"{}", "12345", 0, 0},
        {"{}", "FOO@BAR.COM", 1, 1},
        {"{}", "THE QUICK FOX JUMPS OVER THE LAZY DOG", 1, 1},
        {"{}", "The quick brown fox", 0, 0},
    };

    GO("change_case:english_capital", list);
}

static void test_ifeval_small_letters_and_language(void **state)
{
    (void)state;
    static const struct situation list[] = {
        {"{}", "12345", 0, 0},
        {"{}", "foo@bar.com", 1, 1},
        {"{}", "the quick fox jumps over the lazy dog", 1, 1},
        {"{}", "The quick brown fox", 0, 0},
    };

    GO("change_case:english_lowercase", list);
}

static void test_ifeval_language_without_letters_follows(void **state)
{
    (void)state;
    static const struct situation list[] = {
        {"{\"language\":\"de\"}", "12345", 1, 1},
        {"{\"language\":\"de\"}",
         "the quick fox jumps over the lazy dog", 0, 0},
        {"{\"language\":\"de\"}",
         "Der schnelle Fuchs springt \xC3\xBC" "ber den faulen Hund", 1, 1},
    };

    GO("language:response_language", list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ifeval_keywords_are_python_regular_expressions),
        cmocka_unit_test(test_ifeval_matches_are_counted_as_findall_does),
        cmocka_unit_test(test_ifeval_forbidden_words_stand_alone),
        cmocka_unit_test(test_ifeval_letters_are_counted_in_small),
        cmocka_unit_test(test_ifeval_words_are_what_nltk_takes_for_words),
        cmocka_unit_test(test_ifeval_paragraphs_are_parted_by_three_stars),
        cmocka_unit_test(test_ifeval_nth_paragraph_starts_with_the_word),
        cmocka_unit_test(test_ifeval_placeholders_stay_on_a_line),
        cmocka_unit_test(test_ifeval_postscript_markers_are_found_in_small),
        cmocka_unit_test(test_ifeval_bullets_are_exact),
        cmocka_unit_test(test_ifeval_responses_are_one_of_three),
        cmocka_unit_test(test_ifeval_highlights_are_counted_twice_over),
        cmocka_unit_test(test_ifeval_sections_have_numbers),
        cmocka_unit_test(test_ifeval_json_is_python_s),
        cmocka_unit_test(test_ifeval_titles_are_in_double_brackets),
        cmocka_unit_test(test_ifeval_two_responses_differ),
        cmocka_unit_test(test_ifeval_prompt_is_repeated_in_any_case),
        cmocka_unit_test(test_ifeval_end_phrase_may_be_quoted),
        cmocka_unit_test(test_ifeval_quotation_marks_are_straight),
        cmocka_unit_test(test_ifeval_commas_are_ascii),
        cmocka_unit_test(test_ifeval_sentences_are_punkt_s),
        cmocka_unit_test(test_ifeval_capital_words_are_treebank_s),
        cmocka_unit_test(test_ifeval_case_comes_before_language),
        cmocka_unit_test(test_ifeval_small_letters_and_language),
        cmocka_unit_test(test_ifeval_language_without_letters_follows),
    };
    return cmocka_run_group_tests_name("ifeval_rules", tests, set_up,
                                       tear_down);
}
