#!/bin/bash
# SPDX-License-Identifier: MIT
# Predictions beside measurements on a machine with a GPU and nothing else on
# it: synthesises models, runs llama-bench and llama-server on each, and writes
# a CSV that `audition predict --table` reads. Needs bash, an engine's folder
# and a bundle (`make bundle`).
#
#   tests/gpu.sh AUDITION ENGINE_FOLDER WORK_FOLDER DEVICE MODEL[:QUANT]...
set -u
audition=$1 engine=$2 work=$3 device=$4
shift 4
mkdir -p "$work"
csv=$work/measured.csv
[ -e "$csv" ] || echo "device,engine,engine_version,model,quant,prompt_tokens,\
gen_tokens,context,gen_tok_s,prompt_tok_s,memory_mib,source_url,note" > "$csv"

field() { sed -n "s/.*\"$1\": \\([0-9.]*\\).*/\\1/p"; }

# One request by bash alone: METHOD PATH [BODY].
ask() {
    exec 3<> "/dev/tcp/127.0.0.1/$port" || return 1
    printf '%s %s HTTP/1.0\r\nHost: l\r\nContent-Length: %d\r\n\r\n%s' \
        "$1" "$2" "${#3}" "$3" >&3
    cat <&3
    exec 3>&- 3<&-
} 2>/dev/null

# MiB in use on the whole card: a container may not see whose they are.
gpu_used() {
    nvidia-smi --query-gpu=memory.used --format=csv,noheader,nounits |
        head -n 1
}
idle=$(gpu_used)

# MiB of the GPU that a llama-server takes after a turn.
memory_of() {
    port=18734
    "$engine/llama-server" -m "$1" -ngl 99 -fa on -np 1 -c 4096 --fit off \
        --host 127.0.0.1 --port $port > "$work/server.log" 2>&1 &
    server=$!
    for _ in $(seq 600); do
        ask GET /health "" | grep -q '"ok"' && break
        kill -0 $server 2>/dev/null || return
        sleep 0.1
    done
    ask POST /completion "{\"prompt\":\"$(yes 'the house stands at the end' |
        head -n 100 | tr '\n' ' ')\",\"n_predict\":64,\"ignore_eos\":true}" \
        > /dev/null
    echo $(($(gpu_used) - idle))
    kill $server
    wait $server 2>/dev/null
}

for item in "$@"; do
    name=${item%%:*} quant=Q4_K_M
    case $item in *:*) quant=${item#*:} ;; esac
    file=$work/$name-$quant.gguf
    "$audition" synth "$name" "$file" --quant "$quant" >&2 || continue
    lines=$("$engine/llama-bench" -m "$file" -ngl 99 -fa 1 -p 512 -n 128 -r 5 \
        -o jsonl 2> "$work/bench.log")
    pp=$(echo "$lines" | grep '"n_gen": 0' | field avg_ts)
    tg=$(echo "$lines" | grep '"n_gen": 128' | field avg_ts)
    [ -n "$tg" ] || { echo "$name: $(tail -n 1 "$work/bench.log")" >&2; }
    memory=$(memory_of "$file")
    echo "$device,llama.cpp (CUDA),11434,$name,$quant,512,128,4096,$tg,$pp,\
$memory,synthetic weights,measured by tests/gpu.sh" >> "$csv"
    rm -f "$file"
done
"$audition" predict --table "$csv"
