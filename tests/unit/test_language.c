/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "language.h"

static const struct {
    const char *language, *text;
} answers[] = {
    {"en", "The light in the kitchen is on now."},
    {"en", "I have set a timer for ten minutes."},
    {"en", "It is twenty degrees in the bedroom."},
    {"en", "Which room do you mean?"},
    {"en", "The front door is locked."},
    {"en", "Sorry, there is no oven in this home."},
    {"en", "Your alarm rings at seven tomorrow."},
    {"en", "I added milk to your shopping list."},
    {"en", "Good night, sleep well!"},
    {"de", "Das Licht in der Küche ist jetzt an."},
    {"de", "Ich habe einen Timer auf zehn Minuten gestellt."},
    {"de", "Im Schlafzimmer sind es zwanzig Grad."},
    {"de", "Welches Zimmer meinst du?"},
    {"de", "Die Haustür ist abgeschlossen."},
    {"de", "Leider gibt es hier keinen Ofen."},
    {"de", "Dein Wecker klingelt morgen um sieben."},
    {"de", "Milch steht jetzt auf der Einkaufsliste."},
    {"de", "Gute Nacht, schlaf gut!"},
    {"es", "La luz de la cocina está encendida."},
    {"es", "He puesto un temporizador de diez minutos."},
    {"es", "Hace veinte grados en el dormitorio."},
    {"es", "¿Qué habitación quieres decir?"},
    {"es", "La puerta de entrada está cerrada."},
    {"es", "Lo siento, no hay horno en esta casa."},
    {"es", "La alarma suena mañana a las siete."},
    {"es", "He añadido leche a la lista de la compra."},
    {"es", "¡Buenas noches, que descanses!"},
    {"fr", "La lumière de la cuisine est allumée."},
    {"fr", "J'ai lancé un minuteur de dix minutes."},
    {"fr", "Il fait vingt degrés dans la chambre."},
    {"fr", "De quelle pièce parlez-vous ?"},
    {"fr", "La porte d'entrée est fermée."},
    {"fr", "Désolé, il n'y a pas de four dans cette maison."},
    {"fr", "Le réveil sonne demain à sept heures."},
    {"fr", "J'ai ajouté du lait à la liste de courses."},
    {"fr", "Bonne nuit, dors bien !"},
    {"it", "La luce della cucina è accesa."},
    {"it", "Ho impostato un timer di dieci minuti."},
    {"it", "Ci sono venti gradi nella camera da letto."},
    {"it", "Quale stanza intendi?"},
    {"it", "La porta d'ingresso è chiusa."},
    {"it", "Mi dispiace, non c'è un forno in questa casa."},
    {"it", "La sveglia suona domani alle sette."},
    {"it", "Ho aggiunto il latte alla lista della spesa."},
    {"it", "Buonanotte, dormi bene!"},
    {"nl", "Het licht in de keuken is nu aan."},
    {"nl", "Ik heb een timer van tien minuten gezet."},
    {"nl", "Het is twintig graden in de slaapkamer."},
    {"nl", "Welke kamer bedoel je?"},
    {"nl", "De voordeur is op slot."},
    {"nl", "Sorry, er is geen oven in dit huis."},
    {"nl", "De wekker gaat morgen om zeven uur."},
    {"nl", "Ik heb melk op het boodschappenlijstje gezet."},
    {"nl", "Slaap lekker, tot morgen!"},
    {"pt", "A luz da cozinha está acesa."},
    {"pt", "Coloquei um temporizador de dez minutos."},
    {"pt", "Estão vinte graus no quarto."},
    {"pt", "De que quarto você está falando?"},
    {"pt", "A porta da frente está trancada."},
    {"pt", "Desculpe, não há forno nesta casa."},
    {"pt", "O alarme toca amanhã às sete."},
    {"pt", "Adicionei leite à lista de compras."},
    {"pt", "Boa noite, durma bem!"},
    {"pl", "Światło w kuchni jest teraz włączone."},
    {"pl", "Ustawiłem minutnik na dziesięć minut."},
    {"pl", "W sypialni jest dwadzieścia stopni."},
    {"pl", "O który pokój chodzi?"},
    {"pl", "Drzwi wejściowe są zamknięte."},
    {"pl", "Niestety w tym domu nie ma piekarnika."},
    {"pl", "Budzik zadzwoni jutro o siódmej."},
    {"pl", "Dodałem mleko do listy zakupów."},
    {"pl", "Dobranoc, śpij dobrze!"},
    {"el", "Το φως στην κουζίνα είναι αναμμένο."},
    {"he", "האור במטבח דולק."},
    {"ja", "台所の電気をつけました。"},
    {"ko", "부엌 불을 켰습니다."},
    {"th", "เปิดไฟในครัวแล้ว"},
    {"zh", "厨房的灯已经打开了。"},
};
#define N_ANSWERS (sizeof answers / sizeof *answers)

static void test_short_spoken_answers_are_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ANSWERS; i++) {
        double      confidence;
        const char *text = answers[i].text, *want = answers[i].language;
        const char *got  = language_of(text, &confidence);

        if (!got || strcmp(got, want) != 0)
            fail_msg("\"%s\" is %s", text, got ? got : "not told");
        if (!language_may_be(text, want))
            fail_msg("\"%s\" is not %s", text, want);
        assert_true(confidence >= 0.5 && confidence <= 1);
    }
}

/* What was asked for in one language and said in another fails. */
static void test_no_answer_passes_for_another_language(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ANSWERS; i++)
        for (size_t k = 0; k < N_ANSWERS; k++)
            if (strcmp(answers[i].language, answers[k].language) != 0 &&
                language_may_be(answers[i].text, answers[k].language))
                fail_msg("\"%s\" may be %s", answers[i].text,
                         answers[k].language);
}

static void test_what_tells_nothing_has_no_language(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", " ", "42", "21:30!", "...", "\xFF\xFE", "\xC3", "Xqzw qwrtp",
        "\xF0\x9F\x98\x80", "'", "''''",
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        double confidence = 9;

        if (language_of(texts[i], &confidence))
            fail_msg("\"%s\" is told", texts[i]);
        assert_true(confidence < 0.01);
        assert_false(language_may_be(texts[i], "en"));
    }
}

static void test_a_language_that_is_not_known_is_not_taken_for_another(
    void **state)
{
    (void)state;
    static const char *const texts[] = {
        "Světlo v kuchyni je zapnuté.", "Keittiön valo on päällä.",
        "A konyhai lámpa be van kapcsolva.", "Mutfak ışığı açık.",
        "Свет на кухне включён.", "Світло на кухні увімкнено.",
        "الضوء في المطبخ مضاء.", "Đèn trong bếp đang bật.",
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *got = language_of(texts[i], NULL);

        if (got) fail_msg("\"%s\" is %s", texts[i], got);
    }
}

static void test_a_word_of_two_languages_may_be_either(void **state)
{
    (void)state;
    assert_null(language_of("Ja.", NULL));
    assert_true(language_may_be("Ja.", "de"));
    assert_true(language_may_be("Ja.", "nl"));
    assert_false(language_may_be("Ja.", "fr"));
    assert_false(language_may_be("Ja.", "xx"));
}

static void test_only_codes_are_known(void **state)
{
    (void)state;
    static const char *const good[] = {"en", "pl", "zh"};
    static const char *const bad[]  = {"", "e", "n ", " d", "ende", "en de",
                                       "EN", "sv"};

    for (size_t i = 0; i < 3; i++) assert_true(language_is_known(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(language_is_known(bad[i]));
}

/* Each seed repeated to a megabyte: cut words, split characters. */
static void test_any_bytes_are_survived(void **state)
{
    (void)state;
    static const char *const seeds[] = {
        "a", "\xC3\xA9", "\xC3", "'", "a'", "abcdefg'", "\xF0\x9F", "der ",
        "\xE1\xBA\x9E", "[", "\xCC\x81",
    };
    const size_t len  = 1000000;
    char        *text = mem_new(len + 1, 1);

    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++) {
        const char *got;
        size_t      n = strlen(seeds[i]);

        for (size_t at = 0; at < len; at++) text[at] = seeds[i][at % n];
        got = language_of(text, NULL);
        assert_true(!got || language_is_known(got));
        assert_true(!got || language_may_be(text, got));
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_short_spoken_answers_are_told),
        cmocka_unit_test(test_no_answer_passes_for_another_language),
        cmocka_unit_test(test_what_tells_nothing_has_no_language),
        cmocka_unit_test(
            test_a_language_that_is_not_known_is_not_taken_for_another),
        cmocka_unit_test(test_a_word_of_two_languages_may_be_either),
        cmocka_unit_test(test_only_codes_are_known),
        cmocka_unit_test(test_any_bytes_are_survived),
    };
    return cmocka_run_group_tests_name("language", tests, NULL, NULL);
}
