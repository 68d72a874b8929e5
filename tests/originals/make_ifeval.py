# SPDX-License-Identifier: MIT
"""Fresh IFEval cases: instructions, and responses made to keep to them or
nearly so, with the verdicts of lm-eval's checkers."""
import json
import re

import mutate
import patterns

SENTENCES = """The kettle is on, and the tea is nearly ready.
Dr. Smith met Mrs. O'Neil at 5 p.m. in the U.S. embassy.
It costs $3.50, i.e. less than before... Really?!
CAN'T you see the NASA logo on my T-SHIRT? I CANNOT.
She said "turn the light off." Then she left.
We waited for an hour (or two). No. 5 was late again!
Visit https://example.org/a?b=c or write to someone@example.org.
He moved to Washington D.C. in Jan. 2019 with approx. 300 books.
First, open the window; second, breathe. Third: smile.
Gimme the remote. I wanna watch TV, don't you?
The well-known e-mail service was down - again. Why?
Is it 21.5 degrees? Yes. It is, e.g. in the hall.
My answer is yes. My answer is no. My answer is maybe.
Children play in the garden while their parents cook dinner together.
A good book is better than a bad film, most people say.
P.S. I forgot the keys. P.P.S. They are under the mat.
The price of silver rose by 2.5% on Monday, vs. 1.1% on Friday.
J. R. Smith Jr. and Co. Ltd. sold the house. Nobody knew why.""".split("\n")
FOREIGN = {
    "de": "Das Licht im Wohnzimmer ist noch an, und niemand ist zu Hause.",
    "es": "La ventana de la cocina est\u00e1 abierta y hace mucho fr\u00edo.",
    "fr": "Il fait tr\u00e8s froid ce matin, et la fen\u00eatre est ouverte.",
    "it": "La finestra della cucina \u00e8 aperta e fa molto freddo oggi.",
    "pt": "A janela da cozinha est\u00e1 aberta e hoje faz muito frio.",
    "nl": "Het licht in de woonkamer is nog aan en er is niemand thuis.",
    "sv": "Lampan i vardagsrummet \u00e4r fortfarande t\u00e4nd och ingen "
          "\u00e4r hemma.",
    "pl": "Okno w kuchni jest otwarte i dzisiaj jest bardzo zimno.",
    "tr": "Mutfaktaki pencere a\u00e7\u0131k ve bug\u00fcn hava \u00e7ok "
          "so\u011fuk.",
    "fi": "Keitti\u00f6n ikkuna on auki ja t\u00e4n\u00e4\u00e4n on "
          "eritt\u00e4in kylm\u00e4.",
    "vi": "C\u1eeda s\u1ed5 nh\u00e0 b\u1ebfp \u0111ang m\u1edf v\u00e0 "
          "h\u00f4m nay tr\u1eddi r\u1ea5t l\u1ea1nh.",
    "ru": "\u041e\u043a\u043d\u043e \u043d\u0430 \u043a\u0443\u0445\u043d"
          "\u0435 \u043e\u0442\u043a\u0440\u044b\u0442\u043e, \u0438 "
          "\u0441\u0435\u0433\u043e\u0434\u043d\u044f \u043e\u0447\u0435"
          "\u043d\u044c \u0445\u043e\u043b\u043e\u0434\u043d\u043e.",
    "el": "\u03a4\u03bf \u03c0\u03b1\u03c1\u03ac\u03b8\u03c5\u03c1\u03bf "
          "\u03b5\u03af\u03bd\u03b1\u03b9 \u03b1\u03bd\u03bf\u03b9\u03c7"
          "\u03c4\u03cc \u03ba\u03b1\u03b9 \u03ba\u03ac\u03bd\u03b5\u03b9 "
          "\u03ba\u03c1\u03cd\u03bf.",
    "hi": "\u0930\u0938\u094b\u0908 \u0915\u0940 \u0916\u093f\u0921\u093c"
          "\u0915\u0940 \u0916\u0941\u0932\u0940 \u0939\u0948 \u0914\u0930 "
          "\u0906\u091c \u092c\u0939\u0941\u0924 \u0920\u0902\u0921 "
          "\u0939\u0948\u0964",
    "ja": "\u53f0\u6240\u306e\u7a93\u304c\u958b\u3044\u3066\u3044\u3066"
          "\u3001\u4eca\u65e5\u306f\u3068\u3066\u3082\u5bd2\u3044\u3067"
          "\u3059\u3002",
    "ko": "\ubd80\uc5cc \ucc3d\ubb38\uc774 \uc5f4\ub824 \uc788\uace0 "
          "\uc624\ub298\uc740 \ub9e4\uc6b0 \ucda5\uc2b5\ub2c8\ub2e4.",
    "ar": "\u0646\u0627\u0641\u0630\u0629 \u0627\u0644\u0645\u0637\u0628"
          "\u062e \u0645\u0641\u062a\u0648\u062d\u0629 \u0648\u0627\u0644"
          "\u062c\u0648 \u0628\u0627\u0631\u062f \u062c\u062f\u0627.",
    "en": "The window in the kitchen is open and it is very cold today."}
KEYWORDS = ["garden", "tea", "light", "U.S.", "colou?r", "a.b", "p.m.", "stra"
            "\u00dfe", "\u0130zmir", "kelvin", "it's", "don't", "e-mail",
            "window", "the", "answer", "C", "caf\u00e9", "\u03c3\u03af\u03b3"
            "\u03bc\u03b1", "Mrs.", "in.?the", "[ck]at", "(yes|no)", "5",
            r"\d+", "^the", "left.$", r"\w+ing", "o{2}", r"\bis\b", "[^a-z]a",
            "books?\\.", "k", "s", "i", "\u00df", "(?:no|yes) more", "C\\+"]
NEVER_ASKED_FOR = ("nl", "sv", "tr", "el")   # by IFEval
RELATIONS = ["less than", "at least"]
PIECES = ["*", "**", "***", "****", "******", "- ", "* ", "\n", "\n\n",
          "\n***\n", "\n\n\n", " ", "\t", "\u00a0", "\u2028", "\u200b",
          "\ufeff", "\x0b", "\x0c", "\x1c", "\x85", "\r", "\r\n", "\u3000",
          ",", "\uff0c", "\u060c", "\"", "\u201c", "\u201d", "'", "``", "''",
          "```", "```json", "```JSON\n", ".", "!", "?", "...", "\u2026",
          ".)", ".\"", " e.g. ", " Mr. ", " etc. ", "1. A", "[x]", "[]",
          "[ ]", "[", "]", "<<", ">>", "<<a>>", "<<>>", "<< >>", "P.S. ",
          "P.P.S ", "p. s.", "p.p.s.", "Section 1", "SECTION 2", "S", "s",
          "\u017f", "\u212a", "\u0130", "\u0131", "\u00df", "\u1e9e",
          "\u03a3", "\u03c2", "\u01c5", "\u01c4", "e\u0301", "\u00e9",
          "\U0001f44d", "\U0001f44d\U0001f3fd", "\u4e2d\u6587\u3002", "_",
          "\u0661\u0662", "\u00b2", "\u2167", "\uff11", "'S", "N'T", "I'M",
          "A.B.", "U.K.", "--", "\u2014", "-", "%", "$5", "#1", "@", "&amp;",
          "\x00", "\u0300", "\u0e2a", "{", "}", "null", "NaN", "0",
          "\ud83d", "\ufffd"]
EDGES = ["", " ", "\n", "***", "******", "*", "-", "\"", "\"\"", "{}", "[]",
         "null", "NaN", "1e999", "12345", "\u2026", "a", "A", "FOO@BAR.COM",
         "https://example.org", "\U0001f44d", "```json```{}", "```jsonc\n{}"
         "```", "<<>>", "<<<>>>", "<< < >>", "\ufeff{}", "{\"a\": 1,}",
         "1" * 4300, "1" * 4301, "*\n*", "- \n-\n*", "\u200b", "\x1c",
         "True", "'a'", "\ud800", "a\udc00b.", "\u0130", "\u01c5", "\u2160", "A\u030a"]


def some_text(r, n=None):
    return " ".join(r.choice(SENTENCES) if r.random() < 0.92 else
                    r.choice(list(FOREIGN.values()))
                    for _ in range(n or r.randint(1, 4)))


def parts(r, n):
    return [some_text(r, r.randint(1, 2)) for _ in range(max(n, 0))]


def near(r, n):
    return max(0, n + r.choice((-1, 0, 0, 0, 1)))


# Each gives kwargs, and what makes a response that more or less keeps to it.

def keyword(r, takes=str):
    """A word, or any pattern that Python takes where it stands."""
    return r.choice(KEYWORDS) if r.random() < 0.6 else patterns.valid(r, takes)


def alone(pattern):
    return r"\b" + pattern + r"\b"


def existence(r):
    words = [keyword(r) for _ in range(r.randint(1, 3))]
    return {"keywords": words}, lambda: " ".join(
        [some_text(r)] + [w for w in words if r.random() < 0.85])


def frequency(r):
    word, n = keyword(r, str.strip), r.randint(1, 4)
    return {"keyword": word, "frequency": n, "relation": r.choice(
        RELATIONS)}, lambda: r.choice((" ", ". ", "", "-", ", ")).join(
            [word] * near(r, n)) + some_text(r, 1)


def forbidden(r):
    words = [keyword(r, alone) for _ in range(r.randint(1, 3))]
    return {"forbidden_words": words}, lambda: some_text(r) + (
        r.choice(("", "_", "x", "-", "'", "\u00e9", "\u0301", " ")) +
        r.choice(words) + r.choice(("", "s", " ", "_", "1", "\u00e9"))
        if r.random() < 0.5 else "")


def letter(r):
    c, n = r.choice("abcdeiksxzABEIKS\u212a"), r.randint(1, 30)
    return {"letter": c, "let_frequency": n, "let_relation": r.choice(
        RELATIONS)}, lambda: "".join(r.choice((
            c, c.upper(), c, " ", "\u0130", "\u212a", "\u017f"))
            for _ in range(near(r, n))) + r.choice(("", some_text(r, 1)))


def language(r):
    code = r.choice([c for c in FOREIGN if c not in NEVER_ASKED_FOR])
    return {"language": code}, lambda: " ".join(
        [FOREIGN[code if r.random() < 0.7 else r.choice(list(FOREIGN))]]
        * r.randint(1, 2))


def sentences(r):
    n = r.choice((1, 2, 3, 4, 5, 6, 8, 10, 14))
    return {"num_sentences": n, "relation": r.choice(RELATIONS)}, \
        lambda: some_text(r, max(1, near(r, n) // 2))


def paragraphs(r):
    n = r.randint(1, 5)
    return {"num_paragraphs": n}, lambda: r.choice(
        ("\n***\n", "***", " *** ", "\n\n***\n\n")).join(parts(r, near(r, n)))


def words(r):
    n = r.choice((1, 3, 10, 25))
    return {"num_words": n, "relation": r.choice(RELATIONS)}, \
        lambda: r.choice((" ", "\n", "-", ", ", "_", "'")).join(
            r.choice(("word", "it's", "5", "\u00e9t\u00e9", "e\u0301",
                      "\u4e2d\u6587", "a_b", "x\u00b2", "\u0939\u0948"))
            for _ in range(near(r, n)))


def first_word(r):
    n = r.randint(1, 4)
    nth = r.randint(1, n)
    word = r.choice(("garden", "the", "stra\u00dfe", "it", "caf\u00e9", "The",
                     "\u0130zmir", "\u03bf\u03b4\u03cc\u03c2", "it's", " it",
                     "\u039f\u03b4\u03cc\u03a3", "\u01c5ep", "a\u00a0b"))

    def made():
        p = parts(r, near(r, n))
        if len(p) >= nth:
            p[nth - 1] = r.choice(("", "'", "\"", "''\"", "\u201c", "**")) + \
                r.choice((word, word.title(), word.upper(), word.lower(),
                          word + "s", word[:-1])) + \
                r.choice((" ", ", ", ".", "'s ", "\u2019s ")) + p[nth - 1]
        return r.choice(("\n\n", "\n\n", "\n\n\n", "\n \n", "\n\n\n\n")
                        ).join(p)
    return {"num_paragraphs": n, "nth_paragraph": nth,
            "first_word": word}, made


def placeholders(r):
    n = r.randint(1, 5)
    return {"num_placeholders": n}, lambda: some_text(r, 1).join(
        r.choice(("[name]", "[]", "[a [b]", "[a\nb]", "[[x]]"))
        for _ in range(near(r, n)))


def postscript(r):
    marker = r.choice((
        "P.S.", "P.P.S", "P.S", "Note:", "PS:", " P.S. ", "P.P.S.", "+Note",
        "\u0130:", "\u039f\u03a3", "^PS", "$", "a|", " ", "\\S:"))
    if r.random() < 0.2:
        marker = patterns.valid(r, lambda p: r"\s*" + p.strip().lower() + ".*$")
    return {"postscript_marker": marker}, lambda: some_text(r) + r.choice(
        ("\n", " ", "\n\n", "")) + r.choice((
            marker, marker.lower(), "P. S.", "p.p.s.", "P. P. S", "P.S", "",
            "P.\u00a0S.", "P.\nS.")) + r.choice(("", " And so on."))


def bullets(r):
    n = r.randint(1, 5)
    return {"num_bullets": n}, lambda: r.choice(("", "So:\n")) + "\n".join(
        r.choice(("* ", "- ", "*", "  * ", "\t- ", "** ", "--", "\n* "))
        + r.choice(("tea", "two words", "", "a * b"))
        for _ in range(near(r, n)))


def constrained(r):
    return {}, lambda: r.choice((
        "My answer is yes.", "My answer is no.", "My answer is maybe.",
        "my answer is yes.", "My answer is yes", "My  answer is no.",
        "Well. My answer is maybe. Bye", "**My answer is no.**"))


def highlights(r):
    n = r.randint(1, 5)
    return {"num_highlights": n}, lambda: " ".join(
        r.choice(("*a b*", "**a b**", "***a***", "****a****", "* *", "**",
                  "*a\nb*", "** a*", "*a**b*")) for _ in range(near(r, n)))


def sections(r):
    mark, n = r.choice(("Section", "SECTION", "Day", "Step", "Part", " Day ",
                        "1", "S(ec)tion", "\u00a7", "#", " ", "Part one")), \
        r.randint(1, 5)
    if r.random() < 0.2:
        mark = patterns.valid(
            r, lambda p: r"\s?" + p.strip() + r"\s?\d+\s?")
    return {"section_spliter": mark, "num_sections": n}, lambda: "\n".join(
        r.choice((mark, mark, mark.lower(), mark.upper())) +
        r.choice((" ", "", "\n", "  ", "\u00a0")) +
        r.choice((str(i + 1), "\u0661", "\u00b2", "I", "x")) + " tea"
        for i in range(near(r, n)))


def json_format(r):
    def made():
        text = mutate.raw(r, r.choice((
            {"a": 1, "b": [1.5, None, "x"]}, {"tea": "caf\u00e9"}, {})))
        return r.choice(("", "```json\n", "```", "```JSON\n", "```Json",
                         "\n ", "Here: ")) + text[:9000] + \
            r.choice(("", "\n```", "```", " ", "\n"))
    return {}, made


def title(r):
    return {}, lambda: r.choice((
        "<<A title>>", "<<>>", "<< >>", "<<<a>>>", "<a>", "<<a\nb>>", "<<a>",
        "<<><<>>", "<< < >>")) + r.choice(("", "\n")) + some_text(r)


def two(r):
    def made():
        a, b = parts(r, 2)
        return r.choice(("******", "\n******\n", "\n\n******\n\n", "*****",
                         "*******")).join(r.choice((
                             [a, b], [a, b], [a, a], [a], [a, b, a],
                             ["", a, b], [a, b, ""], [a, " " + a])))
    return {}, made


def repeat(r):
    text = r.choice((some_text(r, 1), "Schreibe \u00fcber \u0130zmir.",
                     " Tell me. ", "\u039f\u03b4\u03cc\u03a3", " ", "k", "i",
                     "\u0130", "S"))
    return {"prompt_to_repeat": text}, lambda: r.choice(("", " ", "\n", "\"")
        ) + r.choice((text, text.upper(), text.lower(), text.strip(),
                      text[:-1], text.title())) + r.choice(
                          ("", "\n", " ")) + some_text(r)


def ending(r):
    text = r.choice(("Bye", "That is all.", "Stra\u00dfe", " Over and out ",
                     "Any \"questions\"?", "\u039f\u03b4\u03cc\u03a3", " ",
                     "\u03c3", "\u0307", "k", "\"so\"", "."))
    return {"end_phrase": text}, lambda: some_text(r) + r.choice(
        (" ", "\n")) + r.choice((text, text.upper(), text.strip(), text)) + \
        r.choice(("", ".", "\"", "\" ", " \"", "\n", "**", "\"\"", "!"))


def capitals(r):
    n = r.randint(1, 8)
    return {"capital_frequency": n, "capital_relation": r.choice(RELATIONS)
            }, lambda: " ".join(r.choice((
                "NASA", "U.S.", "A", "I'M", "CAN'T", "CANNOT", "T-SHIRT",
                "A1", "\u00c9T\u00c9", "\u01c5", "DOGS'", "(OK)", "$US",
                "X,Y", "WANNA", "D'YE", "Q&A", "\"HI\"", "X...", "A.B", "NO.",
                "'TIS", "I'LL", "MORE'N", "\u0130\u015e")) for _ in
                range(near(r, n))) + " " + some_text(r, 1)


def upper(r):
    return {}, lambda: (FOREIGN[r.choice(["en", "en", "de", "es"])] + " " +
                        r.choice(SENTENCES)).upper()


def lower(r):
    return {}, lambda: (FOREIGN[r.choice(["en", "en", "de", "es"])] + " " +
                        r.choice(SENTENCES)).lower()


def comma(r):
    return {}, lambda: some_text(r).replace(",", r.choice(
        ("", ",", "", "\uff0c", "\u060c", ";")))


def quotation(r):
    return {}, lambda: r.choice(("\"", "\"", "\u201c", "'", " \"", "")) + \
        some_text(r) + r.choice(("\"", "\"", "\u201d", "'", "\" ", "\"."))


TYPES = {
    "keywords:existence": existence, "keywords:frequency": frequency,
    "keywords:forbidden_words": forbidden,
    "keywords:letter_frequency": letter,
    "language:response_language": language,
    "length_constraints:number_sentences": sentences,
    "length_constraints:number_paragraphs": paragraphs,
    "length_constraints:number_words": words,
    "length_constraints:nth_paragraph_first_word": first_word,
    "detectable_content:number_placeholders": placeholders,
    "detectable_content:postscript": postscript,
    "detectable_format:number_bullet_lists": bullets,
    "detectable_format:constrained_response": constrained,
    "detectable_format:number_highlighted_sections": highlights,
    "detectable_format:multiple_sections": sections,
    "detectable_format:json_format": json_format,
    "detectable_format:title": title,
    "combination:two_responses": two, "combination:repeat_prompt": repeat,
    "startend:end_checker": ending,
    "change_case:capital_word_frequency": capitals,
    "change_case:english_capital": upper,
    "change_case:english_lowercase": lower,
    "punctuation:no_comma": comma, "startend:quotation": quotation}
DRAWN = ("language:response_language", "change_case:english_capital",
         "change_case:english_lowercase")
# Arguments of other instructions, as the data set spells them out.
OTHERS = {"prompt_to_repeat": None, "keywords": [], "num_bullets": 0,
          "letter": "", "relation": None, "frequency": None, "x": False}
CUT = ("length_constraints:number_sentences", "length_constraints:number_words",
       "change_case:capital_word_frequency")


def character(r):
    """Any that there is, the common ones more often."""
    c = r.choice((r.randint(32, 126), r.randint(0, 0x24f),
                  r.randint(0x250, 0x2fff), r.randint(0x3000, 0xffff),
                  r.randint(0x10000, 0x1ffff)))
    return " " if 0xd800 <= c < 0xe000 else chr(c)


def soup(r):
    """Words, marks and odd characters, with and without spaces."""
    tokens = " ".join(SENTENCES).split(" ")
    out = []
    for _ in range(r.randint(1, 40)):
        out.append(r.choice((
            lambda: r.choice(tokens), lambda: r.choice(tokens).upper(),
            lambda: r.choice(tokens).strip(".,!?"), lambda: r.choice(PIECES),
            lambda: character(r), lambda: str(r.randint(0, 3000)),
            lambda: r.choice("ABCXIabcxi") + ".",
            lambda: r.choice(tokens) + r.choice(".?!,;:)\"'")))())
        out.append(r.choice((" ", " ", " ", "", "\n", ". ", "  ")))
    return "".join(out)


def changed(r, text):
    for _ in range(r.choice((0, 0, 1, 1, 2, 4))):
        i = r.randint(0, len(text))
        j = min(len(text), i + r.choice((1, 1, 2, 10)))
        piece = r.choice(PIECES)
        text = r.choice((
            lambda: text[:i] + piece + text[i:],
            lambda: text[:i] + piece + text[i:],
            lambda: text[:i] + text[j:], lambda: piece + text,
            lambda: text + piece, lambda: text.upper(),
            lambda: text.lower(), lambda: text.replace("\n", piece, 1),
            lambda: text.replace(". ", "." + piece, 1),
            lambda: text.title(), lambda: text[:i],
            lambda: "Sure:\n" + text + "\nAnything else?"))()
    return text


def is_settled(grader, prepared, verdict):
    """Does langdetect say the same whatever lots it draws?"""
    detect_langs = grader.langdetect.detect_langs
    try:
        if detect_langs(prepared[1])[0].prob < 0.9:
            return False
    except grader.langdetect.LangDetectException:
        pass
    for seed in range(1, 10):
        grader.seed(seed)
        again = grader.judge(prepared)
        if again != verdict:
            grader.seed(0)
            return False
    grader.seed(0)
    return True


def unusual(r, kwargs):
    """The same arguments, spelt out or with another kind of number."""
    if r.random() < 0.3:
        kwargs = OTHERS | kwargs
    for key, value in kwargs.items():
        if type(value) is not int or not value or key == "nth_paragraph":
            continue
        if r.random() < 0.1:
            kwargs[key] = r.choice((float(value), value + 0.5, 10 ** 30, 1e300))
        elif key == "capital_frequency" and r.random() < 0.1:
            kwargs[key] = -value
    return kwargs


def make(r, grader, n):
    """n cases; those in which langdetect draws lots are left out."""
    made, left_out, instances = [], 0, {}
    while len(made) < n:
        name = r.choice(list(TYPES))
        if name in DRAWN and r.random() < 0.5:     # slow
            continue
        kwargs, respond = TYPES[name](r)
        kwargs = unusual(r, kwargs)
        instances[name] = instances.get(name, 0) + 1
        prompt = some_text(r, 1) + " " + json.dumps(kwargs)
        for number in range(4):
            response, kind = respond(), "made"
            if r.random() < 0.05:
                response, kind = r.choice(EDGES), "edge"
            elif r.random() < (0.5 if name in CUT else 0.1):
                response, kind = soup(r), "soup"
            if r.random() < 0.7:
                response = changed(r, response)
                kind += ", changed"
            case = {"instance": f"{name}/{instances[name]}", "case": number,
                    "kind": kind, "instruction_id": name, "kwargs": kwargs,
                    "prompt": prompt, "response": response}
            prepared = grader.prepare(case)
            try:
                verdict = grader.judge(prepared)
            except (RecursionError, re.error):
                left_out += 1
                continue
            if name in DRAWN and not is_settled(grader, prepared, verdict):
                left_out += 1
                continue
            made.append(case | {"follows": verdict[0],
                                "follows_loose": verdict[1]})
    return made[:n], left_out
