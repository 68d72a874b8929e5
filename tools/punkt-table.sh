#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes share/originals/punkt-english.tsv again: the parameters of nltk's
# English punkt model, out of the Python package that carries them, checked
# against its pinned SHA-256. For maintainers; nothing of this runs elsewhere.
#
# usage: tools/punkt-table.sh > share/originals/punkt-english.tsv
set -eu

package=llama-index-core==0.14.25
wheel=llama_index_core-0.14.25-py3-none-any.whl
sha256=caa7d9c5ac9b13dc33400cf8d5e92e689b6d1e4497eb9bfa50d6f52ca2eb22a1
folder=llama_index/core/_static/nltk_cache/tokenizers/punkt_tab/english

die() { echo "punkt-table: $*" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m pip download --quiet --disable-pip-version-check --no-deps \
    --dest "$work" "$package" >&2 || die "pip could not fetch $package"
echo "$sha256  $work/$wheel" | sha256sum -c --status ||
    die "$wheel does not have the pinned SHA-256; refusing to use it"
for file in abbrev_types.txt collocations.tab sent_starters.txt \
    ortho_context.tab; do
    unzip -p "$work/$wheel" "$folder/$file" > "$work/$file" ||
        die "$wheel has no $file"
    [ -n "$(tail -c 1 "$work/$file")" ] && echo >> "$work/$file"
done

# section NAME FILE: how many lines, then the lines in the order of bytes.
section() {
    echo "[$1 $(wc -l < "$work/$2")]"
    LC_ALL=C sort "$work/$2"
}
section abbreviations abbrev_types.txt
section starters sent_starters.txt
section collocations collocations.tab
section orthography ortho_context.tab
