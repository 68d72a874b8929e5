# SPDX-License-Identifier: MIT
"""Ways to answer a tool call slightly differently: values, argument objects,
raw JSON text, lists of calls. Each takes a random.Random first; none knows
what the graders do with it."""
import json
import math
import unicodedata

IGNORED = " ,./-_*^"                  # BFCL drops these from strings
NOT_IGNORED = "\t\n\r\f\v;:!?'\"\\()[]{}|+=&%$#@~`<>\u00a0\u2007\u3000" \
    "\u200b\ufeff\u2013\u2014\u2018\u2019\u201c\u201d\u2026\u00b7\u0301\u0308"
LOOK_ALIKES = {"k": "\u212a", "K": "\u212a", "s": "\u017f", "i": "\u0130",
               "I": "\u0131", "a": "\u00e5", "A": "\u212b", "e": "\u00e9",
               "o": "\u00f8", "ss": "\u00df", "SS": "\u1e9e", "fi": "\ufb01",
               "w": "\u03c9", "O": "\u2126", "dz": "\u01c5"}
TAILS = ["\u03a3", "\u03a3.", "A\u03a3", "A\u03a3\u0301", "\u0130", "\u1e9e",
         "\U0001f600", "\U00010400", "\u00df", "\u01c4", "\u1f88", "\ufb03",
         "\u0345\u03a3", "\x00", "\u2028", "\u0085"]


def at_random(r, text, inserted):
    i = r.randint(0, len(text))
    return text[:i] + inserted + text[i:]


def string(r, s):
    def look_alike():
        have = [k for k in LOOK_ALIKES if k in s]
        if not have:
            return s + r.choice(TAILS)
        k = r.choice(have)
        return s.replace(k, LOOK_ALIKES[k], r.choice((1, -1)))

    def without():
        if not s:
            return "x"
        i = r.randrange(len(s))
        return s[:i] + s[i + 1:]

    def swapped():
        words = s.split(" ")
        r.shuffle(words)
        return " ".join(words)

    def number():
        for kind in (int, float):
            try:
                return kind(s)
            except ValueError:
                pass
        return len(s)

    return r.choice((
        s.upper, s.lower, s.title, s.swapcase, s.casefold, s.capitalize,
        lambda: at_random(r, s, r.choice(IGNORED)),
        lambda: at_random(r, at_random(r, s, r.choice(IGNORED)),
                          r.choice(IGNORED)),
        lambda: at_random(r, s, r.choice(NOT_IGNORED)),
        lambda: at_random(r, s, r.choice("abcXYZ019\u00e9\u4e2d")),
        lambda: "".join(c for c in s if c not in IGNORED),
        lambda: s.replace(" ", r.choice(("  ", "_", "-", "\u00a0", "\t"))),
        lambda: s.replace("'", '"'), lambda: s.replace('"', "'"),
        lambda: s.replace("'", "\u2019"),
        lambda: '"' + s + '"', lambda: "'" + s + "'",
        lambda: unicodedata.normalize(
            r.choice(("NFC", "NFD", "NFKC", "NFKD")), s),
        lambda: "".join(chr(ord(c) + 0xfee0) if "!" <= c <= "~" else c
                        for c in s),
        look_alike, look_alike, without, swapped,
        lambda: s + r.choice(TAILS), lambda: r.choice(TAILS) + s,
        lambda: s.split(",")[0], lambda: s.split(" ")[0], lambda: s + s,
        lambda: s * r.choice((1, 2, 500)),
        lambda: "", lambda: " ", lambda: "-", lambda: "".join(
            r.choice(IGNORED) for _ in range(r.randint(1, 9))),
        lambda: r.choice(("None", "null", "true", "N/A", "\ud800")),
        lambda: [s], lambda: list(s[:9]), lambda: {s[:9]: s},
        lambda: {"value": s}, number, number,
        lambda: None, lambda: True, lambda: False, lambda: 0, lambda: []))()


def integer(r, n):
    return r.choice((
        lambda: float(n) if abs(n) < 2 ** 1000 else n, lambda: n + 1,
        lambda: n - 1, lambda: -n, lambda: n * 10, lambda: n + 0.5,
        lambda: str(n), lambda: " %d " % n, lambda: f"{n:,}",
        lambda: bool(n), lambda: None, lambda: [n], lambda: {"value": n},
        lambda: 0, lambda: 1, lambda: True, lambda: False, lambda: "",
        lambda: n + 2 ** 32, lambda: n + 2 ** 53, lambda: n + 2 ** 63,
        lambda: n + 2 ** 64, lambda: -(2 ** 63), lambda: 10 ** 30 + n,
        lambda: r.randint(-100, 100), lambda: -0.0, lambda: math.inf))()


def real(r, x):
    if not math.isfinite(x):
        return r.choice((0.0, 1.5, x, -x, None, "inf", math.nan))
    return r.choice((
        lambda: int(x), lambda: float(int(x)), lambda: round(x, 1),
        lambda: str(x), lambda: math.nextafter(x, math.inf),
        lambda: math.nextafter(x, -math.inf), lambda: x + 1e-9,
        lambda: x * (1 + 2 ** -52), lambda: -x, lambda: x * 10,
        lambda: x / 3 * 3, lambda: float("%.15g" % x), lambda: f"{x * 100}%",
        lambda: bool(x), lambda: None, lambda: [x], lambda: {"value": x},
        lambda: 0, lambda: 0.0, lambda: -0.0, lambda: 1, lambda: True,
        lambda: "", lambda: math.inf, lambda: math.nan,
        lambda: int(x) + 2 ** 53 + 1, lambda: 10 ** 25))()


def boolean(r, b):
    return r.choice((not b, int(b), float(b), str(b), str(b).lower(), None,
                     [b], {"value": b}, "", "yes", 2, not b))


def anything(r):
    return r.choice((None, True, False, 0, 1, 2, 1.0, 2.5, "", "a", "x y", [],
                     [1], ["a"], [[]], {}, {"a": 1}, -1, 10 ** 20, [None]))


def array(r, items):
    def each(how):
        return [how(v) for v in items]

    def turned(v):
        if isinstance(v, bool):
            return int(v)
        if isinstance(v, int) and abs(v) < 2 ** 1000:
            return float(v)
        if isinstance(v, float) and math.isfinite(v):
            return int(v)
        return v

    shuffled = list(items)
    r.shuffle(shuffled)
    return r.choice((
        lambda: items[:-1], lambda: items[1:], lambda: items + items[:1],
        lambda: items + items, lambda: items[::-1], lambda: shuffled,
        lambda: items + [anything(r)], lambda: [anything(r)] + items,
        lambda: [items], lambda: [], lambda: "", lambda: None, lambda: {},
        lambda: json.dumps(items), lambda: ", ".join(map(str, items)),
        lambda: items[0] if items else [[]],
        lambda: {str(i): v for i, v in enumerate(items)},
        lambda: each(turned), lambda: each(str), lambda: each(bool),
        lambda: each(lambda v: [v]), lambda: each(lambda v: v.upper()
            if isinstance(v, str) else v),
        lambda: each(lambda v: value(r, v)), lambda: [True] * len(items),
        lambda: [""] * len(items), lambda: [None] * len(items)))()


def mapping(r, d):
    def renamed(how):
        return {how(k): v for k, v in d.items()}

    def dropped():
        k = r.choice(list(d)) if d else None
        return {key: v for key, v in d.items() if key != k}

    return r.choice((
        dropped, dropped, lambda: {}, lambda: [d], lambda: list(d),
        lambda: list(d.values()), lambda: json.dumps(d), lambda: "",
        lambda: None, lambda: dict(reversed(d.items())),
        lambda: d | {"extra": anything(r)}, lambda: {"extra": 1} | d,
        lambda: d | {"": anything(r)}, lambda: {"value": d},
        lambda: renamed(str.upper), lambda: renamed(lambda k: k + " "),
        lambda: renamed(lambda k: k[:-1]),
        lambda: {k: value(r, v) for k, v in d.items()},
        lambda: d | {r.choice(list(d)): anything(r)} if d else {"a": 1}))()


def value(r, v):
    """One place of a value, often a deep one, is another."""
    if isinstance(v, (list, dict)) and v and r.random() < 0.6:
        v = v.copy()
        k = r.randrange(len(v)) if isinstance(v, list) else r.choice(list(v))
        v[k] = value(r, v[k])
        return v
    for kind, how in ((str, string), (bool, boolean), (int, integer),
                      (float, real), (list, array), (dict, mapping)):
        if isinstance(v, kind):
            return how(r, v)
    return anything(r)


# ---- argument objects ------------------------------------------------------

def arguments(r, args, schema):
    """schema: the JSON Schema of the function's parameters."""
    properties = schema.get("properties", {})
    absent = [k for k in properties if k not in args]
    some = r.choice(list(args)) if args else None

    def added():
        if not absent:
            return args | {"note": anything(r)}
        k = r.choice(absent)
        default = properties[k].get("default")
        return args | {k: r.choice((default, default, "", None, 0, [], {},
                                    False, 1, " ", [""], "a", 0.0))}

    def in_order():
        keys = list(args)
        r.shuffle(keys)
        return {k: args[k] for k in keys}

    def renamed():
        new = r.choice((str.upper, str.title, lambda k: k + " ",
                        lambda k: k.replace("_", ""), lambda k: k + "s",
                        lambda k: " " + k, lambda k: k.replace("_", "-")))
        return {new(k) if k == some else k: v for k, v in args.items()}

    def exchanged():
        keys, values = list(args), list(args.values())
        r.shuffle(values)
        return dict(zip(keys, values))

    def dropped():
        return {k: v for k, v in args.items() if k != some}

    def changed():
        return args | {some: value(r, args[some])} if args else {"a": 1}

    return r.choice((
        added, added, added, in_order, renamed, exchanged, dropped, dropped,
        lambda: {k: value(r, v) for k, v in args.items()},
        lambda: args | {"extra": anything(r)}, lambda: {"extra": None} | args,
        lambda: {"kwargs": args}, lambda: {"arguments": args}, lambda: {},
        lambda: args | {k: "" for k in absent},
        lambda: args | {k: None for k in absent},
        lambda: args | {k: properties[k].get("default") for k in absent},
        ) + 16 * (changed,))()


# ---- raw text --------------------------------------------------------------

NUMBERS = """1e0 1E2 1e+2 1e-2 01 -01 +1 .5 1. 1.e2 0x10 1_000 - -0 -0.0 0.0
5e0 5.0 5.50 NaN nan Infinity -Infinity -NaN inf 1e400 -1e400 1e-400
123456789012345678901234567890 9223372036854775807 9223372036854775808
-9223372036854775808 -9223372036854775809 0.1 0.30000000000000004
2.00000000000000000001 1e22 1e23 4.35 179769313486231580793e289 1e1000
5e-324 2e-324 true True None null nul tru"""
SPACES = ["\f", "\v", "\u00a0", "\u2028", "\ufeff", "\x85", "\0", " ", "\n",
          "\t", "\r", "\r\n", "/**/", "//x\n", "#x\n"]
ESCAPES = [r"\/", r"\b", r"\u0041", r"\u00e9", r"\ud83d\ude00", r"\ud800",
           r"\udc00\ud800", r"\u12", r"\u+123", r"\u 123", r"\x41", r"\'",
           r"\a", "\\\n", r"\U0001f600", r"\u0000", "\t", "\n", "\x01",
           "\x7f", "\u2028", r"\ud800A", r"\uD83D\u0041", r"\u0130", "\x1f"]


def raw(r, args):
    """The text of arguments as an endpoint may give it."""
    text = json.dumps(args)
    try:
        json.dumps(args, ensure_ascii=False).encode()
        readable = json.dumps(args, ensure_ascii=False)
    except UnicodeEncodeError:
        readable = text

    def other_number():
        import re
        found = list(re.finditer(r"(?<=[:\[ ])-?[0-9][0-9.e+-]*", text))
        number = r.choice(NUMBERS.split() + ["1" * 4300, "1" * 4301,
                                             "1" * 5000 + ".0"])
        if not found:
            return '{"a": %s}' % number
        at = r.choice(found)
        return text[:at.start()] + number + text[at.end():]

    def escaped():
        i = text.find('"', r.randint(0, len(text)))
        return text[:i + 1] + r.choice(ESCAPES) + text[i + 1:]

    def spaced():
        i = text.find(r.choice(":,{}[]"), r.randint(0, len(text)))
        i += r.randint(0, 1)
        return text[:i] + r.choice(SPACES) + text[i:]

    def damaged():
        i = r.randrange(len(text))
        return r.choice((
            text[:i] + text[i + 1:], text[:i], text[i:],
            text[:i] + r.choice('{}[]",:\\ \n0ae.-') + text[i:],
            text[:i] + r.choice('{}[]",:\\ \n0ae.-') + text[i + 1:]))

    def doubled():
        if not args:
            return '{"a": 1, "a": 2}'
        k = r.choice(list(args))
        other = "%s: %s" % (json.dumps(k), json.dumps(value(r, args[k])))
        return r.choice(("{" + other + ", " + text[1:],
                         text[:-1] + ", " + other + "}"))

    def deep():      # far from the depth at which this or that Python stops
        n = r.choice((50, 300, 30000))
        return r.choice(('{"a": ' + "[" * n + "]" * n + "}", "[" * n,
                         '{"a":' * n))

    return r.choice((
        lambda: text, lambda: readable, lambda: json.dumps(args, indent=2),
        lambda: json.dumps(args, separators=(",", ":")),
        lambda: json.dumps(args, sort_keys=True), lambda: text[:-1] + ",}",
        other_number, other_number, other_number, escaped, escaped, escaped,
        spaced, spaced, damaged, damaged, damaged, doubled, doubled,
        lambda: json.dumps(text), lambda: repr(args),
        lambda: r.choice(SPACES) + text, lambda: text + r.choice(SPACES),
        lambda: text + text, lambda: text + " }", lambda: "```json\n" + text,
        lambda: "", lambda: " ", lambda: "null", lambda: "{}", lambda: "[]",
        lambda: "[" + text + "]", lambda: "5", lambda: "true", lambda: '"a"',
        lambda: "NaN", lambda: "None", deep))()


# ---- lists of calls --------------------------------------------------------

def name(r, n, others):
    return r.choice((
        lambda: n.upper(), lambda: n.title(), lambda: n.replace("_", "."),
        lambda: n.replace("_", ".", 1), lambda: n.replace("_", "-"),
        lambda: n.split("_")[-1], lambda: "functions." + n, lambda: n + " ",
        lambda: n + "()", lambda: "", lambda: n[:-1], lambda: n + "_2",
        lambda: " " + n, lambda: "unknown", lambda: r.choice(others)))()


def calls(r, given, tools):
    """Another list of {name, arguments}, or None, with the text said."""
    def copy(call):
        return dict(call)

    names = [t["function"]["name"] for t in tools]
    some = r.choice(given) if given else {"name": names[0], "arguments": {}}
    mixed = list(given)
    r.shuffle(mixed)
    said = r.choice((None, "", "Here you are.", json.dumps(given), "[]", " ",
                     "{}", "[f(x=1)]", "\n"))

    def renamed():
        return [c | {"name": name(r, c["name"], names)} if c is some else c
                for c in given]

    def exchanged():
        arguments_ = [c["arguments"] for c in given]
        r.shuffle(arguments_)
        return [c | {"arguments": a} for c, a in zip(given, arguments_)]

    return r.choice((
        lambda: (None, said), lambda: (None, said), lambda: ([], said),
        lambda: (given[1:], None), lambda: (given[:-1], None),
        lambda: (given + [copy(some)], None), lambda: (mixed, None),
        lambda: (mixed, said), lambda: (given[::-1], None),
        lambda: (given + [{"name": r.choice(names), "arguments": {}}], None),
        lambda: ([{"name": "unknown", "arguments": {}}] + given, None),
        lambda: ([copy(some)] * len(given), None),
        lambda: (given + [copy(some) | {"arguments": "{"}], None),
        lambda: (given[:-1] + [some | {"arguments": r.choice(
            ("", "{", "null", "[]", "{}", '"x"'))}], None),
        lambda: (renamed(), None), lambda: (renamed(), None),
        lambda: (exchanged(), None)))()
