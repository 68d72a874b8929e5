#!/bin/sh
# SPDX-License-Identifier: MIT
# For maintainers: makes share/originals/langdetect.txt.gz out of the source
# package of langdetect 1.0.9, checked against its pinned SHA-256. Run it from
# the root of the checkout; it needs pip, jq and gzip. No Python of ours runs.
#
# The table, UTF-8 text, all numbers as in the package:
#   language CODE N1 N2 N3   n-grams counted in its training texts, by length;
#                            in order: the first is 'A' below, the second 'B'
#   same LETTERS             Chinese characters counted as the first of them
#   GRAM<tab>A123B4...       how often each language has it
# Left out: n-grams with a Hangul syllable other than U+AC00, as which all of
# them are counted: none of those can be met (22,284 of the Korean profile).
set -eu

sha256=cbc1fef89f8d062739774bd51eda3da3274006b3661d199c2655f6b3f6d605a0
out=share/originals/langdetect.txt.gz
export LC_ALL=C

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m pip download --quiet --disable-pip-version-check --no-deps \
    --no-binary :all: --dest "$dir" langdetect==1.0.9 >&2
archive=$dir/langdetect-1.0.9.tar.gz
echo "$sha256  $archive" | sha256sum -c --status || {
    echo "langdetect-table: $archive is not the pinned one" >&2
    exit 1
}
tar -xzf "$archive" -C "$dir"
from=$dir/langdetect-1.0.9/langdetect

{
    for code in $(ls "$from/profiles" | sort); do
        jq -r '"language \(.name) \(.n_words | map(tostring) | join(" "))"' \
            "$from/profiles/$code"
    done
    sed -n 's/^NGram\.KANJI_[0-9_]*=\(.*\)$/"\1"/p' \
        "$from/utils/messages.properties" | jq -r '"same \(.)"'
    place=0
    for code in $(ls "$from/profiles" | sort); do
        jq -r --argjson place $place '
            .freq | to_entries[] | select(.key | test("[\uac01-\ud7af]") | not)
            | "\(.key)\t\([65 + $place] | implode)\(.value)"
        ' "$from/profiles/$code"
        place=$((place + 1))
    done | sort -t '	' -k 1,1 -k 2,2 | awk -F '\t' '
        $1 != gram { if (NR > 1) printf "\n"; gram = $1; printf "%s\t", gram }
        { printf "%s", $2 }
        END { printf "\n" }'
} | gzip -9n > "$out.part"
mv "$out.part" "$out"
gzip -dc "$out" | sha256sum
