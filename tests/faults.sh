#!/bin/sh
# SPDX-License-Identifier: MIT
# Engines that really fail: the real llama-server with too little memory,
# killed, stopped or unable to run, between two that are well; then 200
# scripted faults in a row (tests/faults/mixed.c). Each is a stored result
# with the right words, and the machine stays as it was. Ends with
# "N passed, N failed". B is the build folder; FAULTS=0 leaves the 200 out.
set -u

B=${B:-build}
root=$PWD
audition=$root/$B/audition
export AUDITION_DATA=$root/share
model=${XDG_CACHE_HOME:-$HOME/.cache}/audition/models/SmolLM2-135M-Instruct.Q4_1.gguf
REAL_SERVER=$(tools/engine.sh 2>/dev/null) || exit 3
export REAL_SERVER
work=$(mktemp -d)
group=/sys/fs/cgroup/memory/audition-faults-$$
trap 'rm -rf "$work"; rmdir "$group" 2>/dev/null' EXIT
trap 'exit 130' INT TERM
export XDG_STATE_HOME="$work/state" TMPDIR="$work/tmp"
mkdir "$work/tmp" "$work/models"

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
        head -c 900 "$work/why"
    fi
}
skip() { echo "skipped - $1: $2"; }

# Each file is another model to audition: its last byte makes its hash.
add() {
    cp "$model" "$work/models/$1.gguf" && echo "$1" >>"$work/models/$1.gguf"
    set -- "$work/models/$1.gguf"
    candidates="$candidates -m $1"
}
candidates=
add a-good
for name in as-150 as-340 as-400 kill-load segv-load abort-load \
    kill-stream segv-stream stop-stream illegal; do
    add $name
done

# A memory cgroup, version 1 or 2, where we may make one: 90 MiB hold the
# program and its files, and not the cache that it writes.
FAULT_CGROUP=
if mkdir "$group" 2>/dev/null &&
    echo $((90 << 20)) 2>/dev/null >"$group/memory.limit_in_bytes"; then
    FAULT_CGROUP=$group
else
    rmdir "$group" 2>/dev/null
    group=/sys/fs/cgroup/audition-faults-$$
    if mkdir "$group" 2>/dev/null &&
        echo $((90 << 20)) 2>/dev/null >"$group/memory.max"; then
        FAULT_CGROUP=$group
    fi
fi
export FAULT_CGROUP
[ -z "$FAULT_CGROUP" ] || add cgroup
add z-good

# An executable whose only instruction is none.
ILLEGAL=$work/illegal
export ILLEGAL
${CC:-cc} -nostdlib -static -o "$ILLEGAL" "$root/tests/faults/illegal.S" ||
    exit 3

cd "$work" || exit 1
sed "s|\.\./examples|$root/examples|" "$root/tests/small.yaml" >small.yaml
"$audition" run small.yaml --json --llama-server "$root/tests/faults/engine.sh" -t 2 \
    -c 4096 -r 1 --cases 1 --blocks 1 --budget 1 --temp 0 --keep-page-cache \
    --first-timeout 30 --silence-timeout 10 --load-timeout 60 \
    $candidates >run.json 2>run.err
check "the sweep goes on to its end, exit 0" test $? = 0
# says NAME WORDS: how the candidate failed.
says() {
    jq -e --arg name "$1" --arg words "$2" '.candidates[] |
        select(.name == $name) | .status != "ok" and
        (.failure | test($words))' run.json ||
        { jq -c --arg name "$1" '.candidates[] | select(.name == $name) |
          [.status, .failure]' run.json; return 1; }
}
well() {
    jq -e --arg name "$1" '.candidates[] | select(.name == $name) |
        .status == "ok" and .metrics.served_tok_s.median > 0 and
        .metrics.first_sentence_s.n > 0' run.json ||
        { jq -c '.candidates[] | [.name, .status, .failure]' run.json
          return 1; }
}
check "the first of all is measured" well a-good
check "RLIMIT_AS of 150 MiB" says as-150 "out of memory"
check "RLIMIT_AS of 340 MiB" says as-340 "out of memory"
check "RLIMIT_AS of 400 MiB" says as-400 "out of memory"
check "SIGKILL while loading" says kill-load "loading.*SIGKILL"
check "SIGSEGV while loading" says segv-load "loading.*SIGSEGV"
check "SIGABRT while loading" says abort-load "loading.*SIGABRT"
check "SIGKILL in an answer" says kill-stream "answering.*SIGKILL"
check "SIGSEGV in an answer" says segv-stream "answering.*SIGSEGV"
check "SIGSTOP in an answer" says stop-stream "fell silent|within 30 s"
check "SIGILL" says illegal "SIGILL.*instructions this CPU does not"
if [ -n "$FAULT_CGROUP" ]; then
    check "the kernel's OOM killer in a memory cgroup" \
        says cgroup "out of memory|memory ran out|memory runs out"
else
    skip "the kernel's OOM killer" "no memory cgroup can be made here"
fi
check "who comes after them all is measured" well z-good
jq -r '.candidates[] | select(.name | endswith("good")) |
    "\(.name): \(.metrics.served_tok_s.median) tok/s"' run.json
"$audition" report --json >report.json 2>/dev/null
check "the stored report says the same" jq -e --slurpfile run run.json \
    '[.candidates[] | [.name, .status, .failure]] ==
     [$run[0].candidates[] | [.name, .status, .failure]]' report.json
nothing_in() { [ -z "$(ls -A "$1" 2>/dev/null)" ]; }
nobody() {
    for dir in /proc/[0-9]*; do
        tr '\0' '\n' <"$dir/environ" 2>/dev/null |
            grep -q "^ILLEGAL=$ILLEGAL\$" || continue
        read -r _ _ state _ <"$dir/stat" && [ "$state" = Z ] && continue
        tr '\0' ' ' <"$dir/cmdline" | grep "llama-server\|engine.sh" && return 1
    done
    return 0
}
check "no engine is left" nobody
check "no record of a child is left" nothing_in "$work/state/audition/children"
check "no temporary file is left" nothing_in "$work/tmp"

if [ "${FAULTS:-200}" != 0 ]; then
    cd "$root" || exit 1
    if [ -x "$root/$B/tests/fake_server" ]; then
        export AUDITION="$audition" FAKE_SERVER="$root/$B/tests/fake_server"
    fi
    "$B/tests/faults/mixed" >"$work/mixed" 2>&1
    result=$?
    grep 'faults' "$work/mixed"
    check "${FAULTS:-200} mixed faults lose and leave nothing" \
        sh -c "cat '$work/mixed'; exit $result"
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
