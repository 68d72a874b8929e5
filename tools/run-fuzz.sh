#!/bin/sh
# SPDX-License-Identifier: MIT
# run-fuzz.sh SECONDS TARGET...: each target so long, from its corpus in
# tests/corpus/NAME where there is one. A crash stops with the input's path.
set -eu

seconds=$1
shift
export AUDITION_DATA="$PWD/share"
for target; do
    name=${target#fuzz_}
    found=build-fuzz/found/$name
    mkdir -p "$found"
    set -- "$found"
    [ -d "tests/corpus/$name" ] && set -- "$@" "tests/corpus/$name"
    echo "== $target, $seconds s"
    build-fuzz/fuzz/"$target" -max_total_time="$seconds" -timeout=10 \
        -rss_limit_mb=2048 -print_final_stats=0 -verbosity=0 \
        -artifact_prefix="build-fuzz/$name-" "$@"
done
echo "every target ran $seconds s without a finding"
