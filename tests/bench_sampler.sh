#!/bin/sh
# SPDX-License-Identifier: MIT
# What watching the board costs: served tok/s with the sampler on and off, in
# turn (ABBA) against one running engine, and the CPU time of audition with it
# and without. Ratios of one run; the machine may be noisy. B: build folder,
# ROUNDS (2): of four auditions each, with eight decode samples in each.
set -eu

B=${B:-build}
audition=$PWD/$B/audition
model=${XDG_CACHE_HOME:-$HOME/.cache}/audition/models/SmolLM2-135M-Instruct.Q4_1.gguf
server=$(tools/engine.sh 2>/dev/null)
export AUDITION_DATA="$PWD/share"
work=$(mktemp -d)
background=
trap 'kill $background 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
median() { sort -n | awk '{v[NR] = $1} END {print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'; }

# One thread of the engine, which others disturb least.
port=$((20000 + $$ % 20000))
"$server" -m "$model" -fit off -np 1 -c 4096 --cache-ram 0 -t 1 --port $port \
    --api-key k >server.log 2>&1 &
background=$!
tries=0
until curl -sf "http://127.0.0.1:$port/health" >/dev/null; do
    tries=$((tries + 1))
    [ $tries -lt 600 ] || { echo "the engine never became ready" >&2; exit 1; }
    sleep 0.1
done

# NAME [FLAG]: one short audition; its tok/s, and its CPU time over its wall
# time in percent.
run() {
    name=$1
    shift
    rm -f one.db
    /usr/bin/time -o usage -f '%U %S %e' env OPENAI_API_KEY=k "$audition" \
        run -q --fresh --json --blocks 1 -r 8 --budget 1s --cases 1 \
        --suite instructions --store one.db "$@" \
        --base-url "http://127.0.0.1:$port" |
        jq '.candidates[0].metrics.served_tok_s.median' >> "$name.tok_s"
    awk '{print ($1 + $2) / $3 * 100}' usage >> "$name.cpu"
}
run warm
i=0
while [ $i -lt "${ROUNDS:-2}" ]; do
    run on
    run off --no-sampling
    run off --no-sampling
    run on
    i=$((i + 1))
done
on=$(median < on.tok_s) off=$(median < off.tok_s)
echo "served tok/s: sampling on $on, off $off, ratio $(echo "$on $off" |
    awk '{printf "%.4f", $1 / $2}') (must be within 0.99 to 1.01)"
on=$(median < on.cpu) off=$(median < off.cpu)
echo "own CPU: sampling on $on %, off $off % of one core, difference $(
    echo "$on $off" | awk '{printf "%.2f", $1 - $2}') (at most 1)"
