#!/bin/sh
# SPDX-License-Identifier: MIT
# What the real llama-quantize gives the models of tests/corpus/quantise/:
# rewrites their "types" lines, then the test holds our rules against them.
# Needs a llama-quantize of the pinned build:
#   cmake -S LLAMA_CPP -B /tmp/q && cmake --build /tmp/q --target llama-quantize
#   tests/quantise.sh /tmp/q/bin/llama-quantize
set -eu

quantize=${1:?usage: tests/quantise.sh LLAMA_QUANTIZE}
program=${2:-${B:-build}/tests/unit/test_quantise}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Without numbers and aliases: llama-quantize knows exactly these names.
names=$("$quantize" --help 2>/dev/null |
    sed -n 's/^ *[0-9]*  or  \([A-Z0-9_]*\).*/\1/p' | grep -v '^COPY$')
TEST_DIR=${TEST_DIR:-tests} QUANTISE_WRITE=$work "$program"
for model in tests/corpus/quantise/*.txt; do
    name=$(basename "$model" .txt)
    grep -v '^types ' "$model" >"$work/new"
    for type in $names; do
        "$quantize" --dry-run "$work/$name.gguf" "$type" >"$work/log" 2>&1 ||
            grep -q 'no tensor type fallback' "$work/log" ||
            { tail -n 3 "$work/log" >&2; exit 1; }
        if grep -q 'no tensor type fallback' "$work/log"; then
            echo "types $type refused" >>"$work/new"
            continue
        fi
        # "[ 1/ 9] NAME - [...], type =    f16, size = A -> B MiB (q4_K)" to
        # "NAME-WITHOUT-LAYER LAYER TYPE", sorted, then runs of one type
        awk '/^\[ *[0-9]+\/ *[0-9]+\]/ {
                sub(/^[^]]*\] */, ""); name = $1; layer = 0; type = $0
                if (!sub(/.*MiB \(/, "", type)) sub(/.*type = */, "", type)
                sub(/[,)].*/, "", type)
                if (match(name, /^blk\.[0-9]+\./)) {
                    layer = substr(name, 5, RLENGTH - 5)
                    name = substr(name, RLENGTH + 1)
                }
                print name, layer, type
            }' "$work/log" | LC_ALL=C sort -k1,1 -k2,2n |
        awk -v out="types $type" '
            $3 == last { n++; next }
            { flush(); n = 1; last = $3 }
            function flush() {
                if (n) out = out " " (n > 1 ? n "*" : "") last
            }
            END { flush(); print out }' >>"$work/new"
    done
    cp "$work/new" "$model"
    echo "$name: $(grep -c '^types ' "$model") quantisations" >&2
done
"$program"
