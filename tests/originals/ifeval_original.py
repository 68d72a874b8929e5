#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""ifeval_original.py FILE [--json] - runs lm-eval's own IFEval checkers over
recorded cases (docs/originals.md has the format), strict and loose, and says
how often they give the verdicts that are recorded, and how fast they are:
all, and the instructions that nltk or langdetect decide apart.

    seconds       checking, everything in memory
    wall_seconds  the same, reading and parsing the file too
Neither starting Python, nor importing, nor loading models counts.

With --exact or --leaning it only copies the lines of that part of standard
input."""
import json
import logging
import sys

import originals
from bfcl_original import measure

# What nltk (sentences, words) and langdetect (languages) decide.
LEANING = ("language:response_language", "change_case:english_capital",
           "change_case:english_lowercase",
           "change_case:capital_word_frequency",
           "length_constraints:number_sentences")


class Ifeval:
    def __init__(self):
        self.utils = originals.ifeval()
        import langdetect
        self.langdetect = langdetect
        logging.disable()       # "Unable to detect language", thousands
        self.seed(0)

    def seed(self, seed):
        """langdetect draws at random; the same seed, the same verdicts."""
        self.langdetect.DetectorFactory.seed = seed

    def prepare(self, case):
        return (self.utils.InputExample(
            key=0, instruction_id_list=[case["instruction_id"]],
            prompt=case["prompt"], kwargs=[case["kwargs"]]),
            case["response"])

    def judge(self, prepared):
        strict = self.utils.test_instruction_following_strict(*prepared)
        loose = self.utils.test_instruction_following_loose(*prepared)
        return (strict.follow_all_instructions, loose.follow_all_instructions)


def sift(leaning):
    """The lines of one part, from standard input."""
    for line in sys.stdin.buffer:
        if (json.loads(line)["instruction_id"] in LEANING) == leaning:
            sys.stdout.buffer.write(line)


def main():
    for part in ("--leaning", "--exact"):
        if part in sys.argv:
            return sift(part == "--leaning")
    path = next(a for a in sys.argv[1:] if not a.startswith("--"))
    grader = Ifeval()
    cases = originals.read_lines(path)
    prepared = [grader.prepare(c) for c in cases]
    for name in LEANING:    # models are loaded at the first use
        for i, c in enumerate(cases):
            if c["instruction_id"] == name and c["response"].strip():
                grader.judge(prepared[i])
                break
    result = {"cases": len(cases)}
    given, result["seconds"], result["wall_seconds"] = measure(
        grader.judge, prepared, path)
    agree = [(c["follows"], c["follows_loose"]) == g
             for c, g in zip(cases, given)]
    result["agree"] = sum(agree)
    for part, wanted in (("exact", False), ("leaning", True)):
        own = [i for i, c in enumerate(cases)
               if (c["instruction_id"] in LEANING) == wanted]
        _, seconds, _ = measure(grader.judge, [prepared[i] for i in own],
                                "/dev/null")
        result[part] = {"cases": len(own), "seconds": seconds,
                        "agree": sum(agree[i] for i in own)}
    if "--json" in sys.argv:
        print(json.dumps(result))
        return
    for case, got, same in zip(cases, given, agree):
        if not same:
            print(f"{case['instance']} {case['case']} ({case['kind']}): "
                  f"recorded {case['follows']}, {case['follows_loose']}; "
                  f"given {got[0]}, {got[1]}")
    print(f"lm-eval ifeval: {result['agree']} of {len(cases)} verdicts as "
          "recorded")
    for name in ("all", "exact", "leaning"):
        part = result if name == "all" else result[name]
        print(f"  {name}: {part['cases']} outputs, "
              f"{part['cases'] / max(part['seconds'], 1e-9):.0f} a second")


if __name__ == "__main__":
    main()
