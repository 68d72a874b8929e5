#!/bin/sh
# SPDX-License-Identifier: MIT
# Figures of this program itself (DESIGN.md, budgets), as ratios within one
# run where time is concerned: the machine may be noisy. B is the build folder.
set -eu

B=${B:-build}
root=$PWD
audition=$PWD/$B/audition fake=$PWD/$B/tests/fake_server
outside=$PWD/$B/tests/bench/outside_client
model=${XDG_CACHE_HOME:-$HOME/.cache}/audition/models/SmolLM2-135M-Instruct.Q4_1.gguf
server=$(tools/engine.sh 2>/dev/null)
export AUDITION_DATA="$PWD/share"
work=$(mktemp -d)
background=
trap 'kill $background 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
median() { sort -n | awk '{v[NR] = $1} END {print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'; }

# Of the wall time of all cases, the engine's part.
share() {
    sqlite3 "$1" "SELECT printf('%.1f %% of the wall time of %d cases is the engine''s (at least 95)',
        100.0 * sum(end_ns - sent_ns) / (max(end_ns) - min(sent_ns)),
        count(DISTINCT trial_id))
        FROM turn JOIN trial ON trial_id = trial.id WHERE key LIKE 'case/%'"
}

echo "== size, start-up, memory"
strip -o stripped "$audition"
echo "stripped binary: $(stat -c %s stripped) bytes (budget 1048576)"
for i in 1 2 3 4 5 6 7 8 9 10 11; do
    /usr/bin/env bash -c "TIMEFORMAT=%R; time $audition --help >/dev/null" 2>&1
done | median | sed 's/$/ s median of 11: audition --help (budget 0.025)/'

echo "== headers and synthetic models"
gemma=${XDG_CACHE_HOME:-$HOME/.cache}/audition/models/gemma-3-270m-Q4_K_M.gguf
"$(dirname "$audition")/tests/bench/read_header" "$gemma"
/usr/bin/time -f '%M KB resident: audition inspect (budget 16384)' \
    "$audition" inspect "$gemma" >/dev/null
for i in 1 2 3 4 5; do
    rm -f synth.gguf dd.bin
    sync
    "$audition" synth Llama-3.2-1B-Instruct synth.gguf --json |
        jq .write_s >> synth_s
    mib=$(($(stat -c %s synth.gguf) >> 20))
    sync
    LC_ALL=C dd if=/dev/zero of=dd.bin bs=1M count=$mib conv=fsync 2>&1 |
        sed -n 's/.*copied, \([0-9.]*\) s.*/\1/p' >> dd_s
done
rm -f synth.gguf dd.bin
a=$(median < synth_s) b=$(median < dd_s)
echo "synth $a s, dd $b s for $mib MiB, ratio $(echo "$a $b" |
    awk '{printf "%.2f", $1 / $2}') (at most 2)"

# Real and made-up in turn, ABBA, one thread (which others disturb least).
speeds() { "${server%/*}/llama-bench" -m "$1" -t 1 -p 0 -n 16 -r 3 -o json \
    2>/dev/null | jq '.[0].samples_ts[]'; }
for name in SmolLM2-135M-Instruct.Q4_1 Qwen2.5-Coder-0.5B-Instruct-Q4_K_M; do
    real=$(dirname "$model")/$name.gguf
    rm -f made.gguf real_s made_s
    "$audition" synth "$real" made.gguf >/dev/null
    for n in 1 2 3 4 5 6 7 8; do
        speeds "$real" >> real_s
        speeds made.gguf >> made_s
        speeds made.gguf >> made_s
        speeds "$real" >> real_s
    done
    a=$(median < made_s) b=$(median < real_s)
    echo "$name: made-up $a tok/s, real $b, ratio $(echo "$a $b" |
        awk '{printf "%.3f", $1 / $2}') (must be within 0.95 to 1.05)"
done
rm -f made.gguf

echo "== served_tok_s against an outside client, the same server and work"
port=$((20000 + $$ % 20000))
"$server" -m "$model" -fit off -np 1 -c 8192 --cache-ram 0 --port $port \
    --api-key k >server.log 2>&1 &
background=$!
until curl -sf "http://127.0.0.1:$port/health" >/dev/null; do sleep 0.1; done
"$outside" $port k 64 128 >/dev/null
: > ours; : > theirs
for i in 1 2 3 4 5; do
    "$outside" $port k 64 128 >> theirs
    OPENAI_API_KEY=k "$audition" run -q --fresh --json --blocks 1 -r 1 \
        --budget 1s --cases 1 --suite instructions --store "b$i.db" \
        --base-url "http://127.0.0.1:$port" |
        jq '.candidates[0].metrics.served_tok_s.median' >> ours
    "$outside" $port k 64 128 >> theirs
done
a=$(median < ours) b=$(median < theirs)
echo "audition $a tok/s, outside $b tok/s, ratio $(echo "$a $b" |
    awk '{printf "%.3f", $1 / $2}') (must be within 0.97 to 1.03)"

echo "== own CPU and memory while measuring"
/usr/bin/time -o usage -f '%U %S %e %M' env OPENAI_API_KEY=k "$audition" run \
    -q --json --blocks 1 -r 4 --budget 30s --cases 4 --store cpu.db \
    --base-url "http://127.0.0.1:$port" >/dev/null
awk '{printf "%.2f %% of one core (budget 1), %d KB resident (budget 40960)\n",
    ($1 + $2) / $3 * 100, $4}' usage
share cpu.db
kill $background; wait $background 2>/dev/null || true
background=

echo "== suites against a server that answers at once"
# What one case costs us: everything else is measured before, and stored.
FAKE_SCRIPT='{"pace":0}' "$fake" --port $port --no-die-with-parent >/dev/null 2>&1 &
background=$!
until curl -sf "http://127.0.0.1:$port/health" >/dev/null; do sleep 0.1; done
at_once="--json -q --blocks 1 -r 1 --budget 1s --full --store suites.db
    --base-url http://127.0.0.1:$port"
"$audition" run $at_once --cases 1 >/dev/null
/usr/bin/time -o usage -f '%U %S %e' "$audition" run $at_once >/dev/null
sqlite3 -separator ' ' suites.db "SELECT count(DISTINCT t.id), sum(role = 'user')
    FROM trial AS t JOIN message ON t.id = trial_id
    WHERE key LIKE 'case/%' AND run_id = 2" >> usage
awk 'NR == 1 {used = $1 + $2; wall = $3}
    NR == 2 {printf "%d cases, %d turns of the user: %.2f s of wall, %.2f s of own CPU: %.0f cases a second on one core (at least 200)\n",
    $1, $2, wall, used, $1 / used}' usage
kill $background; wait $background 2>/dev/null || true

echo "== suites against a server as fast as a small model on a board"
FAKE_SCRIPT='{"tok_s":30,"prompt_tok_s":4000}' "$fake" --port $port \
    --no-die-with-parent >/dev/null 2>&1 &
background=$!
until curl -sf "http://127.0.0.1:$port/health" >/dev/null; do sleep 0.1; done
"$audition" run --json -q --blocks 1 -r 1 --budget 1s --cases 40 \
    --store paced.db --base-url "http://127.0.0.1:$port" >/dev/null
share paced.db
kill $background; wait $background 2>/dev/null || true
background=

echo "== a suite larger than the memory that is allowed"
(cd "$root" && B=$B tests/large_suite.sh)
