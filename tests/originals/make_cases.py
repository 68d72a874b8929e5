#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make_cases.py bfcl|ifeval N SEED > FILE.jsonl - N fresh cases with the
verdicts of the original grader (docs/originals.md has the format)."""
import json
import random
import sys


def written(r, case):
    """A line; characters as they are, or escaped, as other programs do."""
    line = json.dumps(case, ensure_ascii=False)
    try:
        line.encode()
    except UnicodeEncodeError:
        return json.dumps(case)
    return line if r.random() < 0.8 else json.dumps(case)


def main():
    what, n, seed = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    r = random.Random(f"{what} {seed}")
    if what == "bfcl":
        import bfcl_original
        import make_bfcl
        made, left_out = make_bfcl.make(r, bfcl_original.Bfcl(), n)
    else:
        import ifeval_original
        import make_ifeval
        made, left_out = make_ifeval.make(r, ifeval_original.Ifeval(), n)
    for case in made:
        sys.stdout.buffer.write(written(r, case).encode() + b"\n")
    right = sum(c["valid"] if what == "bfcl" else c["follows"] for c in made)
    print(f"{len(made)} cases, {right} right; {left_out} left out, at which "
          "the original crashes or draws lots", file=sys.stderr)


if __name__ == "__main__":
    main()
