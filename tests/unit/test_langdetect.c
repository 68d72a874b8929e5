/* SPDX-License-Identifier: MIT */
/* What langdetect 1.0.9 steadily says of a text, ours says too; what it does
 * not read is not read. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "original/langdetect.h"
#include "original/langdetect_table.h"

static int ready(void **state)
{
    struct err err = {0};

    (void)state;
    if (langdetect_ready(&err) == 0) return 0;
    fprintf(stderr, "%s\n", err.text);
    return -1;
}

static const char *told(const char *text)
{
    return langdetect(view_of(text), NULL);
}

static double sureness(const char *text)
{
    double probability = -1;

    langdetect(view_of(text), &probability);
    return probability;
}

/* The n-grams that count are the same: so is what follows from them. */
static void assert_read_alike(const char *a, const char *b)
{
    assert_non_null(told(a));
    assert_string_equal(told(a), told(b));
    if (fabs(sureness(a) - sureness(b)) > 1e-12)
        fail_msg("\"%.60s\" and \"%.60s\" differ", a, b);
}

static void assert_not_read(const char *text)
{
    if (told(text)) fail_msg("\"%.60s\" is read", text);
    assert_true(sureness(text) == 0);
}

/* ---- languages ---------------------------------------------------------- */

static const struct { const char *code, *text; } sentences[] = {
    {"af", "Die kinders speel elke middag in die tuin agter ons huis."},
    {"ar", "يلعب الأطفال كل يوم بعد الظهر في الحديقة خلف منزلنا."},
    {"bg", "Децата играят всеки следобед в градината зад нашата къща."},
    {"bn", "বাচ্চারা প্রতিদিন বিকেলে আমাদের বাড়ির পেছনের বাগানে খেলে।"},
    {"ca", "Els nens juguen cada tarda al jardí que hi ha darrere de casa."},
    {"cs", "Děti si každé odpoledne hrají na zahradě za naším domem."},
    {"cy", "Mae'r plant yn chwarae bob prynhawn yn yr ardd y tu ôl i'n tŷ."},
    {"da", "Børnene leger hver eftermiddag i haven bag vores hus."},
    {"de", "Die Kinder spielen jeden Nachmittag im Garten hinter dem Haus."},
    {"el", "Τα παιδιά παίζουν κάθε απόγευμα στον κήπο πίσω από το σπίτι."},
    {"en", "The children play in the garden behind our house every day."},
    {"es", "Los niños juegan todas las tardes en el jardín de la casa."},
    {"et", "Lapsed mängivad igal pärastlõunal aias meie maja taga."},
    {"fa", "بچه‌ها هر روز بعدازظهر در باغچه‌ی پشت خانه‌ی ما بازی می‌کنند."},
    {"fi", "Lapset leikkivät joka iltapäivä puutarhassa talomme takana."},
    {"fr", "Les enfants jouent chaque après-midi dans le jardin de la maison."},
    {"gu", "બાળકો દરરોજ બપોરે અમારા ઘરની પાછળના બગીચામાં રમે છે."},
    {"he", "הילדים משחקים כל אחר צהריים בגינה שמאחורי הבית שלנו."},
    {"hi", "यह घर बहुत बड़ा है और इसमें एक बगीचा भी है।"},
    {"hu", "A gyerekek minden délután a házunk mögötti kertben játszanak."},
    {"it", "I bambini giocano ogni pomeriggio nel giardino dietro la casa."},
    {"ja", "子供たちは毎日午後、家の裏の庭で遊んでいます。"},
    {"kn", "ಮಕ್ಕಳು ಪ್ರತಿದಿನ ಮಧ್ಯಾಹ್ನ ನಮ್ಮ ಮನೆಯ ಹಿಂದಿನ ತೋಟದಲ್ಲಿ ಆಡುತ್ತಾರೆ."},
    {"ko", "아이들은 매일 오후 우리 집 뒤 정원에서 놉니다."},
    {"lt", "Vaikai kiekvieną popietę žaidžia sode už mūsų namo."},
    {"lv", "Bērni katru pēcpusdienu spēlējas dārzā aiz mūsu mājas."},
    {"mk", "Децата секое попладне играат во градината зад нашата куќа."},
    {"ml", "കുട്ടികൾ എല്ലാ ദിവസവും ഉച്ചകഴിഞ്ഞ് തോട്ടത്തിൽ കളിക്കുന്നു."},
    {"nl", "De kinderen spelen elke middag in de tuin achter ons huis."},
    {"pa", "ਬੱਚੇ ਹਰ ਦੁਪਹਿਰ ਸਾਡੇ ਘਰ ਦੇ ਪਿੱਛੇ ਬਾਗ਼ ਵਿੱਚ ਖੇਡਦੇ ਹਨ।"},
    {"pl", "Dzieci bawią się każdego popołudnia w ogrodzie za naszym domem."},
    {"pt", "As crianças brincam todas as tardes no jardim atrás da casa."},
    {"ro", "Copiii se joacă în fiecare după-amiază în grădina din spate."},
    {"ru", "Дети каждый день после обеда играют в саду за нашим домом."},
    {"sv", "Barnen är ute och leker varje dag när det inte regnar."},
    {"sw", "Watoto hucheza kila alasiri katika bustani nyuma ya nyumba yetu."},
    {"ta", "குழந்தைகள் தினமும் மதியம் எங்கள் தோட்டத்தில் விளையாடுகிறார்கள்."},
    {"te", "పిల్లలు ప్రతి మధ్యాహ్నం మా ఇంటి వెనుక తోటలో ఆడుకుంటారు."},
    {"th", "เด็กๆ เล่นอยู่ในสวนหลังบ้านของเราทุกบ่าย"},
    {"tr", "Çocuklar her öğleden sonra evimizin arkasındaki bahçede oynuyor."},
    {"uk", "Діти щодня після обіду граються в саду за нашим будинком."},
    {"ur", "بچے ہر دوپہر ہمارے گھر کے پیچھے والے باغ میں کھیلتے ہیں۔"},
    {"vi", "Bọn trẻ chơi mỗi buổi chiều trong khu vườn phía sau nhà."},
    {"zh-cn", "孩子们每天下午都在我们家后面的花园里玩耍。"},
    {"zh-tw", "這個是他的,那個是我的。"},
    {"ko", "請問您什麼時候會過來?我們為您準備了晚餐。"},   /* it does         */
};

static void test_a_steady_sentence_is_told_as_the_original_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++) {
        double      sure;
        const char *code = langdetect(view_of(sentences[i].text), &sure);

        if (!code || strcmp(code, sentences[i].code) != 0)
            fail_msg("%s told as %s", sentences[i].text, code ? code : "-");
        if (sure < 0.9) fail_msg("%s: only %.3f", sentences[i].text, sure);
    }
}

static void test_a_text_that_the_original_tells_in_two_ways_is_unsure(
    void **state)
{
    (void)state;
    assert_true(sureness("sport") < 0.9);
    assert_true(sureness("這是位於台北市的一間國小,校園裡有一座圖書館。") < 0.9);
    assert_true(sureness("sport") >= 0.5);
}

/* ---- what is not read --------------------------------------------------- */

static void test_without_letters_there_is_no_language(void **state)
{
    (void)state;
    assert_not_read("");
    assert_not_read("3.14 * 2 = 6.28");
    assert_not_read(" \t\r\n");
    assert_not_read("😀🎉 — … «°»");
    assert_null(langdetect((struct view){"\0\0", 2}, NULL));
}

static void test_addresses_are_not_read(void **state)
{
    (void)state;
    assert_not_read("FOO@BAR.COM");
    assert_not_read("https://example.com/the-end?of=it#all 12");
    assert_not_read("http://a");
    assert_not_read("a@bc, d_e.f-1@g.h");
    assert_non_null(told("http://"));
    assert_non_null(told("httpx://a"));
    assert_non_null(told("HTTP://1"));
    assert_non_null(told("a@b"));
    assert_non_null(told("a@"));
    assert_non_null(told("a@.bc"));
}

static void test_a_web_address_ends_a_mail_address(void **state)
{
    (void)state;
    assert_not_read("a@bchttp://d");
    assert_read_alike("a@bhttp://d", "a@b ");
    assert_read_alike("a@http://d.ef", "a@ ");
    assert_read_alike("http://a@b.c", " b c");
}

static char *row_of(const char *before, char c, size_t n, const char *behind)
{
    char *row = mem_new(n + 1, 1), *text;

    memset(row, c, n);
    text = mem_printf("%s%s%s", before, row, behind);
    free(row);
    return text;
}

static void assert_read_row(bool is_read, const char *before, size_t n,
                            const char *behind)
{
    char *text = row_of(before, 'x', n, behind);

    if (!is_read) assert_not_read(text);
    else assert_read_alike(text, behind[0] == '@' ? "x " : " x");
    free(text);
}

static void test_addresses_have_a_longest_length(void **state)
{
    (void)state;
    assert_read_row(false, "", 64, "@12");
    assert_read_row(true, "", 65, "@12");
    assert_read_row(false, "http://", 2076, "");
    assert_read_row(true, "http://", 2077, "");
    assert_read_row(false, "1@", 510, "");
    assert_read_row(true, "1@", 511, "");
}

static void test_ten_thousand_characters_are_read(void **state)
{
    struct strbuf text, more;

    (void)state;
    strbuf_init(&text, 1 << 20);
    strbuf_init(&more, 1 << 20);
    while (text.len < 9970) strbuf_add(&text, "the house ");
    strbuf_add(&more, text.text);
    /* Begins in front of the limit and ends behind it. */
    strbuf_add(&more, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@ex.org");
    assert_read_alike(text.text, more.text);
    strbuf_add(&more, "                             ");
    for (int i = 0; i < 500; i++) strbuf_add(&more, "живот на село ");
    assert_read_alike(text.text, more.text);
    strbuf_done(&text);
    strbuf_done(&more);
}

/* ---- how letters are read ----------------------------------------------- */

static void test_capitals_count_only_as_first_or_last(void **state)
{
    (void)state;
    assert_read_alike("DOWNTOWN", "DXQ");
    assert_read_alike("DOWNTOWN.", "DQWN ");
    assert_read_alike("NATO ist nah", "NQTO ist nah");
}

static void test_few_latin_letters_are_left_out(void **state)
{
    (void)state;
    assert_read_alike("Он сказал ok нам", "Он сказал  нам");
    assert_read_alike("Он сказал_нам", "Он сказалнам");
    assert_string_equal("en", told("He said привет to all of us there"));
}

static void test_letters_and_tone_marks_are_joined(void **state)
{
    (void)state;
    assert_read_alike("ca\u0301 nho\u0309", "cá nhỏ");
    assert_read_alike("ti\u00ea\u0301ng", "tiếng");
    assert_read_alike("A\u0323 U\u0303 \u01af\u0300", "Ạ Ũ Ừ");
    assert_read_alike("a\u0301\u0301", "á\u0301");
}

static void test_letters_of_a_kind_are_read_as_one(void **state)
{
    (void)state;
    assert_read_alike("ひらがな", "ああああ");
    assert_read_alike("カタカナ", "アアアア");
    assert_read_alike("한국어", "가가가");
    assert_read_alike("ștț", "ştţ");
    assert_read_alike("ạ ệ", "ể ể");
    assert_read_alike("亜", "乾");
    assert_read_alike("one\u2014two\u00a0three", "one two three");
}

/* ---- hostile ------------------------------------------------------------ */

static void test_any_bytes_are_read(void **state)
{
    static const char pieces[] = "h@:/.t sp\xed\xa0";
    char     bytes[3000];
    uint32_t n = 1;
    double   sure;

    (void)state;
    for (int k = 0; k < 200; k++) {
        for (size_t i = 0; i < sizeof bytes; i++) {
            n = n * 1664525u + 1013904223u;
            bytes[i] = k % 2 ? (char)(n >> 24)
                             : pieces[(n >> 24) % sizeof pieces];
        }
        const char *code = langdetect((struct view){bytes, sizeof bytes},
                                      &sure);
        assert_true(code ? sure >= 0.5 && sure <= 1 : sure == 0);
    }
}

static void test_a_missing_table_is_told(void **state)
{
    pid_t child;
    int   status = 0;

    (void)state;
    fflush(NULL);
    child = fork();
    if (child == 0) {
        struct err err = {0};

        setenv("AUDITION_DATA", "/nowhere", 1);
        _exit(langdetect_ready(&err) == -1 && err.kind == ERR_PREFLIGHT &&
              strstr(err.text, "originals/langdetect.txt.gz") ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static void assert_damaged(const char *path, const char *text,
                           const char *told_line)
{
    struct langdetect_table t;
    struct err err = {0};

    write_file(path, text);
    if (langdetect_table_read(&t, path, &err) == 0)
        fail_msg("\"%s\" is read", text);
    assert_int_equal(err.kind, ERR_PREFLIGHT);
    if (!strstr(err.text, told_line))
        fail_msg("\"%s\" does not say \"%s\"", err.text, told_line);
    assert_null(t.grams);
    assert_null(t.shares);
}

static void test_a_damaged_table_is_refused(void **state)
{
    char path[] = "/tmp/langdetect-XXXXXX";
    int  fd = mkstemp(path);
    struct strbuf text;

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    assert_damaged(path, "", "not complete");
    assert_damaged(path, "language en 1 2 3\na\tA1\n", "not complete");
    assert_damaged(path, "language en 1 2\n", "line 1");
    assert_damaged(path, "language en 1 2 0\n", "line 1");
    assert_damaged(path, "language en 1 2 3 4\n", "line 1");
    assert_damaged(path, "language english-gb 1 2 3\n", "line 1");
    assert_damaged(path, "same ab\n", "line 1");
    assert_damaged(path, "a\tA1\n", "line 1");          /* no language yet   */
    assert_damaged(path, "language en 1 2 3\nabcd\tA1\n", "line 2");
    assert_damaged(path, "language en 1 2 3\na\tA\n", "line 2");
    assert_damaged(path, "language en 1 2 3\na\tA0\n", "line 2");
    assert_damaged(path, "language en 1 2 3\na\tB1\n", "line 2");
    assert_damaged(path, "language en 1 2 3\na\t1\n", "line 2");
    assert_damaged(path, "language en 1 2 3\na\t\n", "line 2");
    assert_damaged(path, "language en 1 2 3\n\tA1\n", "line 2");
    assert_damaged(path, "language en 1 2 3\na\n", "line 2");
    assert_damaged(path, "language en 1 2 3\na\tA1\na\tA1\n", "line 3");
    strbuf_init(&text, 1 << 20);
    for (int i = 0; i < LANGDETECT_LANGUAGES; i++)
        strbuf_add(&text, "language en 1 2 3\n");
    assert_damaged(path, text.text, "not complete");
    strbuf_add(&text, "language en 1 2 3\n");
    assert_damaged(path, text.text, "line 56");
    strbuf_clear(&text);
    for (int i = 0; i < 5000; i++) strbuf_add(&text, "a");
    assert_damaged(path, text.text, "line 1");
    strbuf_done(&text);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_missing_table_is_told),
        cmocka_unit_test_setup(
            test_a_steady_sentence_is_told_as_the_original_does, ready),
        cmocka_unit_test(
            test_a_text_that_the_original_tells_in_two_ways_is_unsure),
        cmocka_unit_test(test_without_letters_there_is_no_language),
        cmocka_unit_test(test_addresses_are_not_read),
        cmocka_unit_test(test_a_web_address_ends_a_mail_address),
        cmocka_unit_test(test_addresses_have_a_longest_length),
        cmocka_unit_test(test_ten_thousand_characters_are_read),
        cmocka_unit_test(test_capitals_count_only_as_first_or_last),
        cmocka_unit_test(test_few_latin_letters_are_left_out),
        cmocka_unit_test(test_letters_and_tone_marks_are_joined),
        cmocka_unit_test(test_letters_of_a_kind_are_read_as_one),
        cmocka_unit_test(test_any_bytes_are_read),
        cmocka_unit_test(test_a_damaged_table_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
