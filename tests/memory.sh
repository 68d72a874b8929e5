#!/bin/sh
# SPDX-License-Identifier: MIT
# Predicted memory against the engine's own buffer lines: each real model, and
# synthetic ones of other shapes, at two contexts. Ends with "N passed, N
# failed". B is the build folder.
set -u

B=${B:-build}
audition=$(realpath "$B/audition") || exit 3
cache=${XDG_CACHE_HOME:-$HOME/.cache}/audition
server=$(tools/engine.sh 2>/dev/null) || exit 3
AUDITION_DATA=$PWD/share
export AUDITION_DATA
work=$(mktemp -d)
child=
trap 'kill $child 2>/dev/null; rm -rf "$work"' EXIT

passed=0 failed=0
# agree WORDS PREDICTED SEEN PERCENT: all in MiB; half a MiB is always allowed.
agree() {
    if awk -v p="$2" -v s="$3" -v percent="$4" 'BEGIN {
        d = p > s ? p - s : s - p
        exit !(p != "" && s != "" && (d <= 0.5 || d <= s * percent / 100))}'
    then
        passed=$((passed + 1))
        echo "ok $passed - $1: $2 MiB, the engine $3"
    else
        failed=$((failed + 1))
        echo "not ok - $1: $2 MiB, the engine $3"
    fi
}

# load FILE CONTEXT: the engine up to its last buffer line, then away with it.
load() {
    "$server" -m "$1" -c "$2" -fit off -ngl all -np 1 -t 1 -lv 4 --no-warmup \
        --cache-ram 0 --host 127.0.0.1 \
        --port $((20000 + ($$ * 7 + passed + failed) % 20000)) \
        >"$work/log" 2>&1 &
    child=$!
    n=0
    until grep -q 'compute buffer size' "$work/log" ||
        ! kill -0 $child 2>/dev/null || [ $n = 1200 ]; do
        n=$((n + 1))
        sleep 0.1
    done
    kill $child 2>/dev/null
    wait $child 2>/dev/null
    child=
    grep -q 'compute buffer size' "$work/log" || tail -n 3 "$work/log"
}

# seen WHERE WHAT: the sum of the log's lines "WHERE WHAT buffer size".
seen() {
    awk -v where="$1" -v what="$2" '
        {at = index($0, " " what " buffer size")}
        at && substr($0, 1, at - 1) ~ "(^|[ :])" where " *$" {
            sum += $(NF - 1); found = 1}
        END {if (found) printf "%.2f", sum}' "$work/log"
}
predicted() {
    jq -r ".candidates[0].memory_bytes.$1 // empty | . / 1048576 * 100 |
        round / 100" "$work/plan.json"
}

# The mapping runs from the first to the last tensor that is not repacked; a
# repacked one in between is in both. So all weights are at least the one and
# at most both: what of that is nearest to the prediction.
cpu_weights() {
    awk -v p="$(predicted weights)" -v mapped="$(seen CPU_Mapped model)" \
        -v repacked="$(seen CPU_REPACK model)" 'BEGIN {
        if (mapped == "") exit
        least = mapped; most = mapped + repacked
        if (p < least) p = least
        if (p > most) p = most
        printf "%.2f", p}'
}

# check FILE CONTEXT
check() {
    name="$(basename "$1" .gguf) at $2"
    "$audition" plan --json -c "$2" -m "$1" >"$work/plan.json" 2>"$work/why" ||
        { echo "not ok - $name: $(cat "$work/why")"
          failed=$((failed + 1)); return; }
    load "$1" "$2"
    gpu='(CUDA|ROCm|Vulkan|Metal|MTL)[0-9]*(_Mapped|_Private)?'
    if [ -n "$(seen "$gpu" model)" ]; then
        agree "$name, weights" "$(predicted weights)" "$(seen "$gpu" model)" 1
        agree "$name, compute" "$(predicted compute)" \
            "$(seen "$gpu" compute)" 10
        all="$gpu"
    else
        agree "$name, weights" "$(predicted weights)" "$(cpu_weights)" 1
        agree "$name, compute" "$(predicted compute)" "$(seen CPU compute)" 10
        agree "$name, output" "$(predicted host_compute)" \
            "$(seen CPU output)" 1
        all=CPU
    fi
    cells=$(seen "$all" KV) state=$(seen "$all" RS)
    [ -z "$state" ] ||
        cells=$(awk "BEGIN {printf \"%.2f\", ${cells:-0} + $state}")
    agree "$name, cache" "$(predicted kv)" "$cells" 1
}

for file in "$cache"/models/*.gguf; do
    check "$file" 2048
    check "$file" 8192
done
for model in Qwen2-0.5B-Instruct gemma-3-270m-it Llama-3.2-1B-Instruct; do
    if "$audition" synth "$model" "$work/$model.gguf" >/dev/null \
        2>"$work/why"; then
        check "$work/$model.gguf" 4096
        rm -f "$work/$model.gguf"
    else
        failed=$((failed + 1))
        echo "not ok - synth $model: $(cat "$work/why")"
    fi
done

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
