#!/bin/bash
# SPDX-License-Identifier: MIT
# What `audition probe` says of an NVIDIA GPU beside what nvidia-smi says, while
# a llama-server generates; then the same with the driver's library hidden. On
# a machine with a GPU and nothing else on it but bash, an engine's folder
# (llama-server) and a bundle (`make bundle`); takes about a minute:
#
#   tests/gpu_board.sh AUDITION ENGINE_FOLDER WORK_FOLDER [MODEL[:QUANT]]
#
# SECONDS_LONG (30) is how long it generates. Exit status 1 when a mean is more
# than 5 % off or a hidden library leaves a value or no reason, 3 when nothing
# could be compared.
set -u
[ $# -ge 3 ] || { sed -n '3,13s/^# \{0,1\}//p' "$0" >&2; exit 2; }
audition=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
engine=$(cd "$2" && pwd)
mkdir -p "$3"
work=$(cd "$3" && pwd)
model=${4:-Qwen2.5-3B-Instruct}
long=${SECONDS_LONG:-30}
port=18735 worst=0
children=()
trap 'stop_all' EXIT

# At once: a server that is asked again and again never ends by itself.
stop_all() {
    local i
    for ((i = ${#children[@]} - 1; i >= 0; i--)); do
        kill -KILL "${children[i]}" && wait "${children[i]}"
    done 2>/dev/null
    children=()
}
fail() { echo "gpu_board: $*" >&2; exit 3; }

# ---- the load ---------------------------------------------------------------

# One request by bash alone: METHOD PATH BODY.
ask() {
    exec 3<> "/dev/tcp/127.0.0.1/$port" || return 1
    printf '%s %s HTTP/1.0\r\nHost: l\r\n%s\r\nContent-Length: %d\r\n\r\n%s' \
        "$1" "$2" 'Connection: close' "${#3}" "$3" >&3
    cat <&3
    exec 3>&- 3<&-
} 2>/dev/null

start_engine() {
    local quant=Q4_K_M
    case $model in *:*) quant=${model#*:} ;; esac
    rm -f "$work/model.gguf"
    "$audition" synth "${model%%:*}" "$work/model.gguf" --quant "$quant" >&2 ||
        fail "cannot make $model"
    "$engine/llama-server" -m "$work/model.gguf" -ngl 99 -np 1 -c 4096 \
        --fit off --host 127.0.0.1 --port $port > "$work/server.log" 2>&1 &
    server=$!
    children+=($server)
    for _ in $(seq 1200); do
        ask GET /health "" | grep -q '"ok"' && return 0
        kill -0 $server 2>/dev/null || break
        sleep 0.1
    done
    fail "llama-server did not come up: $(tail -n 1 "$work/server.log")"
}

generate() {
    while ask POST /completion '{"prompt":"The house","n_predict":3000,
        "ignore_eos":true,"cache_prompt":false}' > /dev/null; do :; done
}

# ---- figures, in thousandths: bash counts in whole numbers ------------------

milli() {
    case ${1:-} in '' | *[!0-9.]*) return 1 ;; esac
    local frac=0
    case $1 in *.*) frac=${1#*.} ;; esac
    frac=${frac}000
    echo $((10#${1%%.*} * 1000 + 10#${frac:0:3}))
}

decimal() {
    [ -n "${1:-}" ] || { printf -- -; return; }
    printf '%d.%d' $(($1 / 1000)) $(($1 % 1000 / 100))
}

# The mean of the numbers on stdin, a line each; others are left out.
mean() {
    local sum=0 n=0 line value
    while read -r line; do
        value=$(milli "$line") || continue
        sum=$((sum + value)) n=$((n + 1))
    done
    [ $n = 0 ] || echo $((sum / n))
}

# Column N of a file of comma-separated values.
column() { cut -d, -f"$1" "$2" | tr -d ' \r'; }

# Every number behind a key, a line each, in the order they came.
numbers() {
    grep -oE "\"$1\": *[0-9.]+" "$2" | sed 's/.*: *//'
}

flat() { tr -d '\n' < "$1"; }

# WHAT OURS THEIRS: a row of the table, and whether they are 5 % apart.
compare() {
    local off=- d sign=+
    if [ -n "$2" ] && [ -n "$3" ] && [ "$3" -gt 0 ]; then
        d=$((($2 - $3) * 10000 / $3))
        [ $d -ge 0 ] || { sign=-; d=$((-d)); }
        off=$(printf '%s%d.%02d' $sign $((d / 100)) $((d % 100)))
        [ $d -le 500 ] || worst=1
        compared=1
    elif [ -n "$2$3" ] && [ "$2" != "$3" ]; then
        off='one only' worst=1
    fi
    printf '%-28s %12s %12s %10s\n' "$1" "$(decimal "$2")" "$(decimal "$3")" \
        "$off"
}

per() { [ -z "$1" ] || echo $(($1 / $2)); }      # thousandths in another unit
mib() { [ -z "$1" ] || echo $(($1 * 1000 / 1048576)); }

# ---- both at once -----------------------------------------------------------

sample_both() {
    local end now
    nvidia-smi --format=csv,noheader,nounits -lms 100 -i 0 --query-gpu="$(
        )utilization.gpu,clocks.sm,power.draw,memory.used,temperature.gpu" \
        > "$work/smi.csv" &
    children+=($!)
    : > "$work/probe.json"
    : > "$work/probe.times"
    end=$((${EPOCHREALTIME/[.,]/} + long * 1000000))
    while now=${EPOCHREALTIME/[.,]/}; [ "$now" -lt $end ]; do
        "$audition" probe --json >> "$work/probe.json" 2> "$work/probe.err" ||
            fail "audition probe: $(tail -n 1 "$work/probe.err")"
        echo "$now" >> "$work/probe.times"
        sleep 0.1
    done
    kill "${children[-1]}"
    wait "${children[-1]}" 2>/dev/null
    unset 'children[-1]'
}

# Mean power by the energy counter: what it grew by from the first probe to the
# last, by the time in between.
counter_milliwatts() {
    local mj us
    mapfile -t mj < <(numbers gpu_energy_mj "$work/probe.json")
    mapfile -t us < "$work/probe.times"
    [ ${#mj[@]} -gt 1 ] || return
    echo $(((${mj[-1]%%.*} - ${mj[0]%%.*}) * 1000000 / (us[-1] - us[0])))
}

compare_means() {
    local json=$work/probe.json smi=$work/smi.csv power
    power=$(column 3 "$smi" | mean)
    compare 'load, %' "$(numbers gpu_load_pct "$json" | mean)" \
        "$(column 1 "$smi" | mean)"
    compare 'clock, MHz' \
        "$(per "$(numbers gpu_freq_hz "$json" | mean)" 1000000)" \
        "$(column 2 "$smi" | mean)"
    compare 'power, W' "$(per "$(numbers gpu_power_mw "$json" | mean)" 1000)" \
        "$power"
    compare 'power by energy counter, W' "$(counter_milliwatts)" "$power"
    compare 'memory used, MiB' "$(per "$(
        numbers gpu_mem_used_bytes "$json" | mean)" 1048576)" \
        "$(column 4 "$smi" | mean)"
    compare 'temperature, C' "$(numbers gpu_temp_c "$json" | mean)" \
        "$(column 5 "$smi" | mean)"
}

# nvidia-smi may list none in a container; then neither should we.
compare_processes() {
    local pid used ours
    nvidia-smi --format=csv,noheader,nounits \
        --query-compute-apps=pid,used_memory > "$work/apps.csv"
    "$audition" probe --json > "$work/apps.json"
    while IFS=', ' read -r pid used; do
        case $pid in '' | *[!0-9]*) continue ;; esac
        ours=$(numbers "$pid" "$work/apps.json" | head -n 1)
        compare "process $pid, MiB" "$(mib "${ours%%.*}")" "$(milli "$used")"
    done < "$work/apps.csv"
    echo "processes by nvidia-smi: $(grep -c '^[0-9]' "$work/apps.csv"); by" \
        "audition: $(grep -o '"gpu_processes_bytes": *[^}]*' \
            <(flat "$work/apps.json") | grep -oE '"[0-9]+":' | wc -l);" \
        "the engine is $server"
}

# ---- without the driver -----------------------------------------------------

hidden() {
    local key why n=0
    AUDITION_NVML=/nonexistent "$audition" probe --json \
        > "$work/hidden.json" 2> "$work/hidden.err" ||
        { worst=1; echo "hidden: probe failed: $(cat "$work/hidden.err")"; }
    for key in gpu_name gpu_driver gpu_load_pct gpu_freq_hz gpu_max_freq_hz \
        gpu_power_mw gpu_energy_mj gpu_temp_c gpu_mem_total_bytes \
        gpu_mem_used_bytes gpu_processes_bytes gpu_throttle_reasons; do
        grep -qE "\"$key\": *null" "$work/hidden.json" &&
            why=$(grep -oE "\"$key\": *\"[^\"]+\"" "$work/hidden.json") &&
            { n=$((n + 1)); continue; }
        echo "hidden: $key is not null with a reason"
        worst=1
    done
    echo "library hidden: $n of 12 keys null with a reason," \
        "such as ${why:-none}"
    AUDITION_NVML=/nonexistent "$audition" devices > /dev/null ||
        { worst=1; echo 'hidden: audition devices failed'; }
}

# A container may have the driver where no loader looks.
find_driver() {
    local file
    "$audition" probe --json > "$work/first.json" ||
        fail "audition probe does not work here"
    grep -qE '"gpu_name": *"' "$work/first.json" && return
    grep -oE '"gpu_name": *"[^"]*"|"gpu_load_pct": *"[^"]*"' "$work/first.json"
    for file in /usr/local/nvidia/lib*/libnvidia-ml.so.1 \
        /usr/lib*/*/libnvidia-ml.so.1 /usr/lib64/libnvidia-ml.so.1; do
        [ -e "$file" ] || continue
        echo "the loader did not find $file; taking it by AUDITION_NVML"
        export AUDITION_NVML=$file
        return
    done
}

command -v nvidia-smi > /dev/null || fail "there is no nvidia-smi"
# Of several GPUs both look at the same one.
export CUDA_DEVICE_ORDER=PCI_BUS_ID CUDA_VISIBLE_DEVICES=0
compared=0
find_driver
start_engine
generate &
children+=($!)
sleep 3
sample_both
printf '%-28s %12s %12s %10s\n' "means over $long s" audition nvidia-smi '%'
compare_means
compare_processes
echo "probes: $(wc -l < "$work/probe.times"), samples of nvidia-smi:" \
    "$(wc -l < "$work/smi.csv")"
grep -oE '"gpu_throttle_reasons": *\[[^]]*\]' <(flat "$work/apps.json")
grep -oE '"gpu_(load_pct|freq_hz|power_mw|energy_mj|temp_c|mem_used_bytes|'\
'processes_bytes)": *"[^"]*"' "$work/apps.json"
stop_all
rm -f "$work/model.gguf"
hidden
[ $compared = 1 ] || fail "nothing could be compared"
exit $worst
