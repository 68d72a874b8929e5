#!/bin/sh
# SPDX-License-Identifier: MIT
# How fast are the graders, beside the originals? The same cases from the same
# file, in turn, on this machine; the ratio is what counts. B is the build
# folder; ORACLES=DIR holds bfcl.jsonl.gz and ifeval.jsonl.gz, else CASES
# (4000) fresh ones of each are made; ROUNDS (5).
#
#   in memory  decoding and judging; ours parses the whole line there too
#   whole      with reading the file; ours is the whole process, theirs without
#              starting Python, importing and loading models
set -eu

B=${B:-build}
audition=$(realpath "$B")/audition
here=$PWD/tests/originals
PYTHONPATH=$(tools/originals.sh)
export PYTHONPATH PYTHONNOUSERSITE=1 PYTHONDONTWRITEBYTECODE=1
export AUDITION_DATA="$PWD/share"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
median() { sort -n | awk '{v[NR] = $1} END {print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'; }

# compare NAME CASES: of the files of seconds
compare() {
    ours=$(median < "$work/ours.$1") theirs=$(median < "$work/theirs.$1")
    echo "$1 $2 $ours $theirs" | awk '{
        printf "  %-9s %8.0f outputs/s, the original %8.0f, ratio %.1f\n",
            $1, $2 / $3, $2 / $4, $4 / $3}'
}

# in_turn FORMAT FILE: ABBA; leaves the seconds in work/{ours,theirs}.*
in_turn() {
    rm -f "$work"/ours.* "$work"/theirs.*
    ours() {
        /usr/bin/time -o "$work/usage" -f %e "$audition" selfcheck "$1" "$2" \
            --json > "$work/out.json"
        jq .seconds "$work/out.json" >> "$work/ours.memory"
        cat "$work/usage" >> "$work/ours.whole"
    }
    theirs() {
        python3 "$here/$1_original.py" "$2" --json > "$work/out.json"
        jq .seconds "$work/out.json" >> "$work/theirs.memory"
        jq .wall_seconds "$work/out.json" >> "$work/theirs.whole"
    }
    i=0
    while [ $i -lt "${ROUNDS:-5}" ]; do
        ours "$1" "$2"; theirs "$1" "$2"; theirs "$1" "$2"; ours "$1" "$2"
        i=$((i + 1))
    done
}

for format in bfcl ifeval; do
    if [ -n "${ORACLES:-}" ]; then
        gzip -dc "$ORACLES/$format.jsonl.gz" > "$work/$format"
    else
        python3 "$here/make_cases.py" $format "${CASES:-4000}" bench \
            > "$work/$format" 2>/dev/null
    fi
done
# What nltk and langdetect decide is slow there: apart.
python3 "$here/ifeval_original.py" --leaning < "$work/ifeval" > "$work/leaning"
python3 "$here/ifeval_original.py" --exact < "$work/ifeval" > "$work/exact"

for part in bfcl exact leaning; do
    case $part in bfcl) format=bfcl ;; *) format=ifeval ;; esac
    n=$(wc -l < "$work/$part")
    case $part in
    bfcl) echo "== BFCL: $n outputs" ;;
    exact) echo "== IFEval, instructions decided by counting: $n outputs" ;;
    leaning) echo "== IFEval, instructions decided by nltk or langdetect:" \
        "$n outputs" ;;
    esac
    in_turn $format "$work/$part"
    compare memory "$n"
    compare whole "$n"
done
