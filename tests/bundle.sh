#!/bin/sh
# SPDX-License-Identifier: MIT
# The tarball of `make bundle` where nothing else is: unpacked into an empty
# folder and run with that folder as its whole world. Ends with "N passed, N
# failed". The argument is the tarball; root or user namespaces are needed.
set -u

tarball=${1:?usage: tests/bundle.sh TARBALL}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
# check WORDS COMMAND...: the promise holds when the command succeeds.
check() {
    words=$1
    shift
    if "$@" >"$work/why" 2>&1; then
        passed=$((passed + 1))
        echo "ok $passed - $words"
    else
        failed=$((failed + 1))
        echo "not ok - $words"
        head -c 600 "$work/why"
    fi
}

mkdir -p "$work/world" "$work/a folder/deeper"
tar -C "$work/world" -xzf "$tarball" || exit 3
name=$(ls "$work/world")
here=$work/world/$name

# What the loader would load, outside a chroot where it could find others.
# Itself it lists by the name that the program has for it.
listed() {
    "$here"/lib/ld-linux-*.so.* --list "$here/lib/audition" |
        awk '/=> \// {print $3} /not found/ {print}'
}
from_outside() { listed | grep -v "^$here/lib/" | grep .; }
none_from_outside() { listed | grep -q . && ! from_outside; }
check "every library is found and none is the system's" none_from_outside
check "also when LD_LIBRARY_PATH names others" \
    env LD_LIBRARY_PATH=/lib/x86_64-linux-gnu:/usr/lib \
    "$here/bin/audition" --version
check "the tarball has one folder, named by version and processor" \
    test "$(tar -tzf "$tarball" | cut -d/ -f1 | sort -u)" = "$name"
version=$("$here/bin/audition" --version | awk '{print $2; exit}')
check "it says the version that its name has" \
    test "$name" = "audition-$version-$(uname -m)"
licensed() {
    for library in "$here"/lib/*.so*; do
        package=$(awk -v l="$(basename "$library")" '$1 == l {print $2}' \
            "$here/share/licenses/libraries.txt")
        [ -s "$here/share/licenses/${package:-none}" ] ||
            { echo "$library"; return 1; }
    done
}
check "every library comes with its licence" licensed
credited() {
    at=$here/share/audition/originals
    for file in "$at"/*; do
        case $file in
        */NOTICE | */LICENSE-*) ;;
        *) grep -qx "$(basename "$file")" "$at/NOTICE" ||
            { echo "$file"; return 1; } ;;
        esac
    done
    grep -q 'Apache License' "$at/LICENSE-Apache-2.0"
}
check "the tables of others come with their NOTICE and licence" credited

# Elsewhere, by a link, from another folder.
cp -R "$here" "$work/a folder/deeper/audition"
ln -s "deeper/audition/bin/audition" "$work/a folder/link"
check "it runs from a folder with a space, moved and by a link" sh -c "
    cd / && '$work/a folder/link' devices >/dev/null &&
    cd '$work/a folder' && ./link devices >/dev/null"
rm -rf "$work/a folder/deeper/audition/lib"
broken() {
    "$work/a folder/link" --version 2>"$work/err" && return 1
    grep -q 'unpack the whole bundle' "$work/err"
}
check "without lib/ it says what to do" broken
rm -rf "$work/a folder"

# The empty world: no /proc, no /dev, no /etc, no shell.
enter="env -i $(command -v chroot)"
[ "$(id -u)" = 0 ] ||
    enter="env -i $(command -v unshare) -r $(command -v chroot)"
if ! $enter "$work/world" "/$name/bin/audition" --version >/dev/null 2>&1 &&
    ! $enter / /bin/true; then
    echo "skip - the empty chroot: neither root nor user namespaces"
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ]
    exit
fi
inside() { $enter "$work/world" "/$name/bin/audition" "$@"; }
check "in an empty chroot: --version" inside --version
check "in an empty chroot: --help" inside --help
check "in an empty chroot: devices" inside devices
planned() {
    inside plan --json -m Qwen2.5-3B-Instruct \
        --device "Jetson Orin NX 16GB" >"$work/plan.json"
    jq -e '.candidates[0].metrics.gen_tok_s.median > 0 and
        .candidates[0].memory_bytes.total > 1e9' "$work/plan.json"
}
check "in an empty chroot: plan of a bare name, with no file" planned
inspected() {
    inside inspect --json Qwen2.5-3B-Instruct >"$work/inspect.json" ||
        return 1
    jq -e '.models[0].layers == 36' "$work/inspect.json"
}
check "in an empty chroot: inspect of a bare name" inspected
check "in an empty chroot: synth writes a model" \
    inside synth SmolLM2-135M-Instruct /model.gguf
check "and inspect reads it" inside inspect /model.gguf
# A rule by each of its libraries and tables: the regular expressions, the
# sentences, the language; packed, as recordings come.
cat >"$work/rules.jsonl" <<'EOF'
{"instance":"a","case":0,"instruction_id":"keywords:existence","kwargs":{"keywords":["colou?r"]},"prompt":"Say it.","response":"What a color.","follows":true,"follows_loose":true}
{"instance":"a","case":1,"instruction_id":"length_constraints:number_sentences","kwargs":{"num_sentences":2,"relation":"less than"},"prompt":"Say it.","response":"Dr. Smith is here.","follows":true,"follows_loose":true}
{"instance":"a","case":2,"instruction_id":"language:response_language","kwargs":{"language":"de"},"prompt":"Say it.","response":"Das Licht in der Küche ist jetzt an, und die Heizung bleibt aus.","follows":true,"follows_loose":true}
EOF
gzip -n <"$work/rules.jsonl" >"$work/world/rules.jsonl.gz"
check "in an empty chroot: selfcheck has its tables and libraries" \
    inside selfcheck ifeval /rules.jsonl.gz --min-agreement 1
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
