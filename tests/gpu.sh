#!/bin/bash
# SPDX-License-Identifier: MIT
# On a machine with a GPU and nothing else on it but bash, an engine's folder
# (llama-server, llama-bench) and a bundle (`make bundle`):
#
#   tests/gpu.sh AUDITION ENGINE_FOLDER WORK_FOLDER DEVICE MODEL[:QUANT]...
#
# Predictions beside measurements: synthesises models, runs llama-bench and
# llama-server on each, and writes a CSV that `audition predict --table` reads.
#
#   tests/gpu.sh serve AUDITION ENGINE_FOLDER WORK_FOLDER MODEL[:QUANT]...
#
# What audition measures beside what is measured outside of it: each model is
# auditioned; then the server is started with the report's own command line and
# timed by bash alone, and llama-bench is run by hand. Exit status 1 when a
# speed is more than 2 % off, 3 when a model could not be compared.
set -u
mode=predict
[ "${1:-}" = serve ] && { mode=serve; shift; }
audition=$1 engine=$2 work=$3
shift 3
mkdir -p "$work"
work=$(cd "$work" && pwd)
engine=$(cd "$engine" && pwd)
audition=$(cd "$(dirname "$audition")" && pwd)/$(basename "$audition")
server='' port=18734
trap '[ -z "$server" ] || kill "$server" 2>/dev/null' EXIT

# One request by bash alone: METHOD PATH [BODY].
ask() {
    exec 3<> "/dev/tcp/127.0.0.1/$port" || return 1
    printf '%s %s HTTP/1.0\r\nHost: l\r\n%s\r\nContent-Length: %d\r\n\r\n%s' \
        "$1" "$2" 'Connection: close' "${#3}" "$3" >&3
    cat <&3
    exec 3>&- 3<&-
} 2>/dev/null

# Until $server answers; its words when it ends before.
wait_for_server() {
    for _ in $(seq 1200); do
        ask GET /health "" | grep -q '"ok"' && return 0
        kill -0 "$server" 2>/dev/null || break
        sleep 0.1
    done
    echo "llama-server did not come up: $(tail -n 1 "$work/server.log")" >&2
    return 1
}

stop_server() {
    kill "$server" 2>/dev/null
    wait "$server" 2>/dev/null
    server=''
}

# synthesise NAME[:QUANT]: sets name, quant and file.
synthesise() {
    name=${1%%:*} quant=Q4_K_M
    case $1 in *:*) quant=${1#*:} ;; esac
    file=$work/$name-$quant.gguf
    "$audition" synth "$name" "$file" --quant "$quant" >&2
}

# ---- predictions beside measurements ----------------------------------------

field() { sed -n "s/.*\"$1\": \\([0-9.]*\\).*/\\1/p"; }

# MiB in use on the whole card: a container may not see whose they are.
gpu_used() {
    nvidia-smi --query-gpu=memory.used --format=csv,noheader,nounits |
        head -n 1
}

# MiB of the GPU that a llama-server takes after a turn: in `memory`.
measure_memory() {
    memory=
    "$engine/llama-server" -m "$1" -ngl 99 -fa on -np 1 -c 4096 --fit off \
        --host 127.0.0.1 --port $port > "$work/server.log" 2>&1 &
    server=$!
    if wait_for_server; then
        ask POST /completion "{\"prompt\":\"$(
            yes 'the house stands at the end' | head -n 100 | tr '\n' ' '
            )\",\"n_predict\":64,\"ignore_eos\":true}" > /dev/null
        memory=$(($(gpu_used) - idle))
    fi
    stop_server
}

predict_mode() {
    device=$1
    shift
    csv=$work/measured.csv
    [ -e "$csv" ] || echo "device,engine,engine_version,model,quant,\
prompt_tokens,gen_tokens,context,gen_tok_s,prompt_tok_s,memory_mib,\
source_url,note" > "$csv"
    idle=$(gpu_used)
    for item in "$@"; do
        synthesise "$item" || continue
        lines=$("$engine/llama-bench" -m "$file" -ngl 99 -fa 1 -p 512 -n 128 \
            -r 5 -o jsonl 2> "$work/bench.log")
        pp=$(echo "$lines" | grep '"n_gen": 0' | field avg_ts)
        tg=$(echo "$lines" | grep '"n_gen": 128' | field avg_ts)
        [ -n "$tg" ] || echo "$name: $(tail -n 1 "$work/bench.log")" >&2
        measure_memory "$file"
        echo "$device,llama.cpp (CUDA),11434,$name,$quant,512,128,4096,$tg,\
$pp,$memory,synthetic weights,measured by tests/gpu.sh" >> "$csv"
        rm -f "$file"
    done
    "$audition" predict --table "$csv"
}

# ---- audition beside an outside measurement ----------------------------------

# Thousandths, from "545.25": bash counts in whole numbers.
milli() {
    case ${1:-} in '' | *[!0-9.]*) return 1 ;; esac
    local frac
    case $1 in *.*) frac=${1#*.} ;; *) frac=0 ;; esac
    frac=${frac}000
    echo $((10#${1%%.*} * 1000 + 10#${frac:0:3}))
}

decimal() {  # THOUSANDTHS: with one decimal
    [ -n "${1:-}" ] && printf '%d.%d' $(($1 / 1000)) $(($1 % 1000 / 100)) ||
        printf -- -
}

median() { sort -n | { mapfile -t v; echo "${v[${#v[@]} / 2]}"; }; }

# percent OURS THEIRS, in thousandths: "+0.42", and remembers what is too far.
percent() {
    [ -n "${1:-}" ] && [ -n "${2:-}" ] && [ "$2" -gt 0 ] ||
        { printf -- -; return 1; }
    local d=$(((${1} - ${2}) * 10000 / ${2})) sign=+
    [ $d -lt 0 ] && sign=- d=$((-d))
    printf '%s%d.%02d' $sign $((d / 100)) $((d % 100))
    [ $d -le 200 ]
}

# The median of a metric in a report; in thousandths.
median_of() {
    sed -n "/^ *\"$2\": {/,/}/s/.*\"median\": \\(-*[0-9.]*\\).*/\\1/p" "$1" |
        head -n 1
}
metric() { milli "$(median_of "$1" "$2")"; }

# One forced decode, 128 tokens after 64: prints tokens a second by the wall
# clock, (n - 1) / (last - first arrival), and by the server's own timings,
# both in thousandths.
decode_once() {
    local body line first=0 last=0 n=0 first_n=0 last_n=0 ms
    body="{\"prompt\":[$(seq -s, 300 363)],\"n_predict\":128,\
\"ignore_eos\":true,\"cache_prompt\":false,\"stream\":true}"
    exec 3<> "/dev/tcp/127.0.0.1/$port" || return 1
    printf 'POST %s HTTP/1.0\r\nHost: l\r\n%s\r\nContent-Length: %d\r\n\r\n%s' \
        /completion 'Connection: close' "${#body}" "$body" >&3
    while IFS= read -r line <&3; do
        case $line in
        *'"stop":false'*)
            last=${EPOCHREALTIME/[.,]/}
            n=${line#*\"tokens_predicted\":}
            last_n=${n%%[,\}]*}
            [ "$first" != 0 ] || { first=$last; first_n=$last_n; }
            ;;
        *'"predicted_ms":'*)
            ms=${line#*\"predicted_ms\":}
            ms=$(milli "${ms%%[,\}]*}")
            break
            ;;
        esac
    done
    exec 3>&- 3<&-
    [ "$last" -gt "$first" ] && [ "${ms:-0}" -gt 0 ] || return 1
    echo "$(((last_n - first_n) * 1000000000 / (last - first)))" \
        "$(((last_n - 1) * 1000000000 / ms))"
}

# As an audition has it: prompts between one decode and the next.
decode_often() {
    decode_once > /dev/null
    for _ in 1 2 3 4 5 6 7 8; do
        for n in 128 512; do
            ask POST /completion "{\"prompt\":[$(seq -s, 300 $((299 + n)))],\
\"n_predict\":1,\"cache_prompt\":false}" > /dev/null
        done
        decode_once
    done
}

# The server as the report says that it is started: in outside and timings.
measure_outside() {
    local command
    outside= timings=
    command=$(sed -n 's/^ *"command": "\(.*\)",*$/\1/p' "$1" | tail -n 1 |
        sed 's/\\\(["\\/]\)/\1/g')
    case $command in
    *' --port 8080'*) ;;
    *) echo "$name: the report names no command" >&2; return 1 ;;
    esac
    command=${command/ --port 8080/ --port $port}
    (eval "exec $command") > "$work/server.log" 2>&1 &
    server=$!
    wait_for_server || { stop_server; return 1; }
    # The same process for both, ours in the middle: from one start of the
    # server to the next its speed differs by some percent.
    decode_often > "$work/outside"
    (cd "$work" && timeout 240 "$audition" run -q --fresh --json -r 10 \
        --base-url "http://127.0.0.1:$port" --cases 1 --blocks 1 \
        --budget 20s --store "$name.same.db") > "$work/$name.same.json" \
        2>> "$work/$name.log"
    decode_often >> "$work/outside"
    stop_server
    outside=$(cut -d' ' -f1 "$work/outside" | median)
    timings=$(cut -d' ' -f2 "$work/outside" | median)
}

# llama-bench by hand: the median of its repetitions, in thousandths.
by_hand() {
    "$engine/llama-bench" -m "$1" -ngl 99 -p 0 -n 128 -r 5 -o jsonl \
        2> "$work/bench.log" |
        sed -n 's/.*"samples_ts": \[ *\([^]]*[0-9]\) *\].*/\1/p' |
        tr -d ' ' | tr ',' '\n' |
        while read -r speed; do milli "$speed"; done | median
}

compare() {
    local report=$work/$name.json served own hand off
    (cd "$work" && timeout 240 "$audition" run -q -m "$file" \
        --llama-server "$engine/llama-server" --cases 1 -r 3 --blocks 1 \
        --budget 20s --fresh --store "$name.db" --json) > "$report" \
        2> "$work/$name.log" ||
        { echo "$name: $(tail -n 1 "$work/$name.log")" >&2; return 3; }
    own=$(metric "$report" engine_tok_s)
    measure_outside "$report"
    served=$(metric "$work/$name.same.json" served_tok_s)
    hand=$(by_hand "$file")
    off=$(percent "$served" "$outside") || worst=1
    printf '%-34s %8s %8s %7s %8s' "$name $quant" "$(decimal "$served")" \
        "$(decimal "$outside")" "$off" "$(decimal "$timings")"
    off=$(percent "$own" "$hand") || worst=1
    printf ' %8s %8s %7s %8s\n' "$(decimal "$own")" "$(decimal "$hand")" \
        "$off" "$(median_of "$report" serving_ms_per_token | head -c 6)"
}

serve_mode() {
    local failed=0
    worst=0
    printf '%-34s %8s %8s %7s %8s %8s %8s %7s %8s\n' 'tok/s' served outside \
        '%' timings engine by-hand '%' 'ms/token'
    for item in "$@"; do
        synthesise "$item" && compare || failed=3
        rm -f "$file"
    done
    [ $failed = 0 ] || return $failed
    return $worst
}

"${mode}_mode" "$@"
