#!/bin/sh
# SPDX-License-Identifier: MIT
# Fresh cases, verdicts by the originals, and `audition selfcheck` must agree:
# wholly on BFCL and on the instructions of IFEval that counting decides, on
# 99 % of those that nltk or langdetect decide. B is the build folder; CASES
# (5000) of each, SEED (today's date: other cases every day).
set -eu

B=${B:-build}
audition=$(realpath "$B")/audition
here=$PWD/tests/originals
cases=${CASES:-5000} seed=${SEED:-$(date +%Y%m%d)}
PYTHONPATH=$(tools/originals.sh)
export PYTHONPATH PYTHONNOUSERSITE=1 PYTHONDONTWRITEBYTECODE=1
export AUDITION_DATA="$PWD/share"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0

# check FORMAT FILE LEAST
check() {
    "$audition" selfcheck "$1" "$2" --min-agreement "$3" || {
        bad=1
        echo "disagreements; the cases: CASES=$cases SEED=$seed" >&2
        if [ -n "${KEEP:-}" ]; then cp "$2" "$KEEP"; fi
    }
}

echo "originals: $cases cases each, seed $seed, $(python3 -V)"
for format in bfcl ifeval; do
    python3 "$here/make_cases.py" $format "$cases" "$seed" > "$work/$format"
done
for part in exact leaning; do
    python3 "$here/ifeval_original.py" --$part < "$work/ifeval" \
        > "$work/ifeval-$part"
done
check bfcl "$work/bfcl" 1
check ifeval "$work/ifeval-exact" 1
check ifeval "$work/ifeval-leaning" 0.99
exit $bad
