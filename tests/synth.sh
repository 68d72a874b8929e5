#!/bin/sh
# SPDX-License-Identifier: MIT
# Made-up models against the real engine: they load, every block is valid and
# they answer. Ends with "N passed, N failed". B is the build folder. Whether
# they are as fast as real ones: `make bench`.
set -u

B=${B:-build}
audition=$PWD/$B/audition
export AUDITION_DATA=$PWD/share
models=${XDG_CACHE_HOME:-$HOME/.cache}/audition/models
server=$(tools/engine.sh 2>/dev/null) || exit 3
work=$(mktemp -d)
background=
trap 'kill $background 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
cd "$work" || exit 1

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
json() { jq -e "$1" "$2"; }

# serve FILE: reply.json is its answer, words.json a text of all kinds of
# characters encoded and decoded again, server.log what was said of its blocks.
serve() {
    port=$((20000 + ($$ + passed + failed) % 20000))
    "$server" -m "$1" -c 512 -np 1 -t 2 -ngl 0 -fit off --no-warmup \
        --cache-ram 0 --check-tensors -lv 3 --port $port >server.log 2>&1 &
    background=$!
    n=0
    until curl -sf "http://127.0.0.1:$port/health" >/dev/null ||
        ! kill -0 $background 2>/dev/null || [ $n = 600 ]; do
        n=$((n + 1))
        sleep 0.1
    done
    curl -s "http://127.0.0.1:$port/v1/chat/completions" -d '{"max_tokens":16,
        "messages":[{"role":"user","content":"Turn on the light."}]}' \
        >reply.json
    printf '%s' 'Ünï 日本 🙂 "tab	end"
next' | jq -Rs '{content: .}' >text.json
    curl -s "http://127.0.0.1:$port/tokenize" -d @text.json >tokens.json
    curl -s "http://127.0.0.1:$port/detokenize" -d @tokens.json >words.json
    kill $background 2>/dev/null
    wait $background 2>/dev/null
    background=
}
same_text() { jq -es '.[0].content == (.[1].content | ltrimstr(" "))' \
    text.json words.json; }
answers() {
    serve "$1"
    ! grep -iE 'invalid|nan|mismatch' server.log &&
        json '.usage.completion_tokens > 4 and
              (.choices[0].message.content | length > 10)' reply.json &&
        same_text
}
try() {   # MODEL [QUANTISATION]: made, loaded, valid, answering
    "$audition" synth "$1" m.gguf ${2:+--quant "$2"} >synth.out 2>&1
    check "$1${2:+ as $2} is made" test $? = 0
    check "$1${2:+ as $2} loads, its blocks are valid and it answers" \
        answers m.gguf
    rm -f m.gguf
}

# Small models of several families and kinds of tokenizer.
try SmolLM2-135M-Instruct
try gemma-3-270m-it
try Qwen3-0.6B
try LFM2.5-350M
try granite-4.0-h-350m
# Blocks of every kind.
for quant in F16 BF16 Q8_0 Q6_K Q5_K_M Q5_1 Q5_0 Q4_1 Q4_0 IQ4_NL IQ4_XS \
    Q3_K_M IQ3_M IQ3_XXS Q2_K IQ2_M IQ2_XS IQ2_XXS TQ2_0 TQ1_0 IQ1_M IQ1_S; do
    try Qwen3-0.6B $quant
done
try granite-3.1-1b-a400m-instruct MXFP4_MOE

# A copy of a real file's shape.
smol=$models/SmolLM2-135M-Instruct.Q4_1.gguf
"$audition" synth "$smol" smol.gguf >/dev/null 2>&1
longer() { n=$(($(stat -c %s smol.gguf) - $(stat -c %s "$smol")))
           [ "$n" -ge 0 ] && [ "$n" -le 64 ]; }
check "the copy of a real file has its length, and a key that says so" longer
code() { "$audition" synth "$smol" "$1" 2>refused; echo $? >code; }
code smol.gguf
check "it is not overwritten, exit 2" grep -qx 2 code
(ulimit -f 2000; code big.gguf)
check "a file at its limit is an error, exit 3" grep -qx 3 code
check "and nothing is left of it" sh -c '! ls | grep -q ^big'
"$audition" synth Qwen2.5-7B-Instruct big.gguf >/dev/null 2>&1 &
background=$!
n=0
until [ -s big.gguf.synth-part ] || [ $n = 100 ]; do n=$((n + 1)); sleep 0.1; done
kill -TERM $background
wait $background
check "stopped by a signal it exits with 143" test $? = 143
background=
check "and leaves nothing" sh -c '! ls | grep -q ^big'

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
