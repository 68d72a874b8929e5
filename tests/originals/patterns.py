# SPDX-License-Identifier: MIT
"""Regular expressions at random, and texts that they may match: IFEval takes
keywords and markers as patterns of Python, unescaped."""
import re
import warnings

LITERALS = list("abcksiIKS1_ .-#&~'\"!,:;=<>@%/") + [
    "\u00df", "\u0130", "\u0131", "\u017f", "\u212a", "\u03c3", "\u03c2",
    "\u00e9", "e\u0301", "\u4e2d", "\U0001f44d", "\u01c5", "\ufb05", "\ufb06",
    "\u0390", "\u1fd3", "\t", "\u00a0", "\x1c", "\x00", "is", "the", "tea"]
ESCAPES = [r"\d", r"\D", r"\s", r"\S", r"\w", r"\W", r"\b", r"\B", r"\A",
           r"\Z", r"\.", r"\*", r"\\", r"\n", r"\t", r"\x41", r"\u00e9",
           r"\0", r"\07", r"\101", r"\-", r"\]", r"\ ", r"\#", r"\U0001f44d",
           r"\ud800", r"\_", r"\/", r"\a", r"\f", r"\v", r"\r", r"\012",
           r"\18", r"\z", r"\h", r"\K", r"\R", r"\X", r"\Q", r"\E", r"\G",
           r"\p{L}", r"\N", r"\c", r"\x4", r"\e", r"\400", "\\\u00e9", r"\10",
           r"\377", r"\08", r"\78"]
MEMBERS = ["a-c", "A-Z", "0-9", "^", "]", "-", "[", "&&", "||", "--", "~~",
           "\\d", "\\s", "\\W", "\\b", "\\]", "\\-", "\\x41-\\x5a", "k-s",
           "\u00e0-\u00ff", "\u0131", "\u0130", "i", "[:alpha:]", "[.a.]",
           "$", ".", "|", "(", "*", "#", " ", "\\n", "\\0", "\\101", "h-j",
           "\\ud800", "\ud7ff-\ue000", "a-\\d", "+--", ",-.", "z-a", "^^"]
REPEATS = ["*", "+", "?", "{2}", "{1,2}", "{,2}", "{1,}", "{0}", "{,}", "{}",
           "{", "{a}", "{2,1}", "{ 1}", "{1", "{1,", "}", "{3}{2}", "{0,0}"]
FLAGS = ["i", "-i", "s", "m", "x", "ims", "x-i", "s-m", "-s", "u", "i-i"]


def character_class(r):
    return "[" + r.choice(("", "", "^")) + "".join(
        r.choice((r.choice(MEMBERS), r.choice(LITERALS)))
        for _ in range(r.choice((1, 1, 2, 3)))) + "]"


def group(r, depth):
    start = r.choice((
        "(", "(", "(", "(?:", "(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>",
        "(?P<n>", "(?P<m>", "(?P=n)", "(?#x", "(?(1)", "(?(n)", "(?(2)",
        "(?" + r.choice(FLAGS) + ":", "(?" + r.choice(FLAGS) + ":", "(?|",
        "(?<n>", "(*", "(?R", "(?1", "(?P>n", "(?", "(?P", "(?<", "(?&n"))
    return start + ("" if start == "(?P=n)" else
                    some(r, depth + 1) + r.choice((")", ")", ")", ")", "")))


def item(r, depth):
    return r.choice((
        lambda: r.choice(LITERALS), lambda: r.choice(LITERALS),
        lambda: r.choice(LITERALS), lambda: r.choice(ESCAPES),
        lambda: r.choice((".", "^", "$", "|", "\\1", "\\2")),
        lambda: character_class(r),
        lambda: group(r, depth) if depth < 3 else r.choice(LITERALS)))()


def some(r, depth=0):
    out = []
    for _ in range(r.choice((1, 1, 2, 2, 3, 4))):
        out.append(item(r, depth))
        if r.random() < 0.25:
            out.append(r.choice(REPEATS) + r.choice(("", "", "", "?", "+")))
    if depth == 0 and r.random() < 0.1:
        out.insert(0, "(?" + r.choice(FLAGS) + ")")
    return "".join(out)


def text(r, pattern):
    """Pieces of the pattern itself and of what it may mean, at random."""
    pieces = list(pattern) + LITERALS + ["\n", " ", "aa", "A\n"]
    return "".join(r.choice(pieces) for _ in range(r.randint(1, 30)))


def valid(r, takes):
    """One that Python takes, also as `takes` surrounds it. Repeats behind a
    look ahead or behind are left out: PCRE2 refuses some."""
    while True:
        pattern = some(r)
        if re.search(r"\(\?<?[=!].*[*+?{]", pattern, re.DOTALL):
            continue
        try:
            pattern.encode()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                re.compile(takes(pattern))
            return pattern
        except (re.error, OverflowError, UnicodeEncodeError):
            pass
