#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs cmocka programs, shows what failed, and ends with one line: "N passed,
# N failed". The end-to-end tests, most of whose time is waiting, run in two
# halves beside the others. WRAP goes in front of each (valgrind).
set -u

B=$(cd "${B:-build}" && pwd)
export AUDITION_DATA="$PWD/share" TEST_DIR="$PWD/tests"
export FAKE_SERVER="$B/tests/fake_server" AUDITION="$B/audition"
export CMOCKA_MESSAGE_OUTPUT=TAP
# Nothing of this machine's user may change what a test sees.
home=$(mktemp -d)
trap 'kill $beside 2>/dev/null; rm -rf "$home"' EXIT
trap 'exit 130' INT TERM
export HOME="$home" XDG_STATE_HOME="$home/state" XDG_CACHE_HOME="$home/cache"
export XDG_DATA_HOME="$home/data"
unset LLAMA_SERVER OPENAI_API_KEY OPENAI_BASE_URL LLAMA_CACHE HF_HOME \
    HF_HUB_CACHE HF_TOKEN HUGGING_FACE_HUB_TOKEN HF_TOKEN_PATH HF_ENDPOINT \
    HF_HUB_OFFLINE HUGGINGFACE_HUB_CACHE HF_HUB_DISABLE_IMPLICIT_TOKEN \
    OLLAMA_MODELS NO_COLOR FORCE_COLOR CLICOLOR_FORCE

passed=0 failed=0 skipped=0 beside=

# run LOG PROGRAM [ARGUMENT]: LOG.code and LOG.took beside it.
run() {
    log=$1
    shift
    started=$(date +%s)
    timeout 1800 ${WRAP:-} "$@" >"$log" 2>&1
    echo $? >"$log.code"
    echo $(($(date +%s) - started)) >"$log.took"
}

# tell LOG NAME: counts what a program said.
tell() {
    log=$1 code=$(cat "$1.code") took=$(cat "$1.took")
    ok=$(grep -c '^ok ' "$log")
    # cmocka 1.1 calls a skipped test "not ok N # SKIP".
    skip=$(grep -cE '^(not )?ok .*# SKIP' "$log")
    ok=$((ok + $(grep -c '^not ok .*# SKIP' "$log")))
    bad=$(grep '^not ok ' "$log" | grep -vc '# SKIP')
    planned=$(sed -n 's/^1\.\.\([0-9]*\)$/\1/p' "$log" | head -n 1)
    # A program that ends early or without a plan has failed at least once.
    if [ "$code" != 0 ] && [ "$bad" = 0 ] ||
        [ "${planned:-0}" = 0 ] || [ "$planned" != $((ok + bad)) ]; then
        bad=$((bad + 1))
    fi
    passed=$((passed + ok - skip)) skipped=$((skipped + skip))
    failed=$((failed + bad))
    printf '%-52s %3d ok' "$2" $((ok - skip))
    [ "$took" -lt 10 ] || printf ' in %d s' "$took"
    [ "$skip" = 0 ] || printf ', %d skipped' "$skip"
    [ "$bad" = 0 ] || printf ', %d FAILED (exit %d)' "$bad" "$code"
    echo
    [ "$bad" = 0 ] || grep -v '^ok ' "$log" | tail -n 60
}

for program; do
    case $program in
    */e2e/e2e)
        for part in 1/2 2/2; do
            run "$home/e2e.${part%/2}" "$program" "$part" &
            beside="$beside $!"
        done ;;
    esac
done
for program; do
    case $program in */e2e/e2e) continue ;; esac
    run "$home/log" "$program"
    tell "$home/log" "${program##*/tests/}"
done
n=0
for process in $beside; do
    n=$((n + 1))
    wait "$process"
    tell "$home/e2e.$n" "e2e/e2e $n/2"
done
beside=
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
