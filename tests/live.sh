#!/bin/sh
# SPDX-License-Identifier: MIT
# The program against the real engine and the real models. Ends with
# "N passed, N failed". B is the build folder.
set -u

B=${B:-build}
root=$PWD
audition=$root/$B/audition
cache=${XDG_CACHE_HOME:-$HOME/.cache}/audition
models=$cache/models
server=$(tools/engine.sh 2>/dev/null) || exit 3
work=$(mktemp -d)
background=
trap 'kill $background 2>/dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 1
export LLAMA_SERVER="$server"
unset OPENAI_API_KEY OPENAI_BASE_URL

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
no_engine() { ! pgrep -f "$server" >/dev/null; }

smol=SmolLM2-135M-Instruct.Q4_1 coder=Qwen2.5-Coder-0.5B-Instruct-Q4_K_M
gemma=gemma-3-270m-Q4_K_M
sed "s|\.\./examples|$root/examples|" "$root/tests/small.yaml" >small.yaml
small='small.yaml -r 1 --blocks 1 --budget 6s --temp 0'

check "every case of ours is sound" "$audition" suites --check

# Three real models, a few cases: the three real defects.
"$audition" run --json $small --cases 6 --suite home --suite instructions \
    -m "$models/$smol.gguf" -m "$models/$coder.gguf" \
    -m "$models/$gemma.gguf" >first.json 2>first.err
check "three real models are auditioned, exit 0" test $? = 0
check "stdout is one JSON document" json .schema_version first.json
check "every candidate is ok" \
    json '[.candidates[].status] == ["ok","ok","ok"]' first.json
kind() { json ".candidates[] | select(.name | startswith(\"$1\"))
    .template.findings[] | select(.kind == \"$2\" and .fault == \"$3\")" \
    first.json; }
check "SmolLM2's template drops the tool list" kind SmolLM2 tools_dropped template
check "Qwen Coder's calls are not parsed" kind Qwen calls_not_parsed template
check "gemma-3-270m has no chat template" kind gemma no_template file
check "gemma is not called an instruct model" json '.candidates[] |
    select(.name | startswith("gemma")) | .verdict == "not_instruct"' first.json
check "no model is ranked by a missing template" \
    json '.recommendation == null or .recommendation.command' first.json
check "speed is measured for all" \
    json '[.candidates[].metrics.served_tok_s.median > 0] | all' first.json
check "memory is measured for all" \
    json '[.candidates[].metrics.peak_memory_bytes.median > 1e8] | all' first.json
check "arrivals and the server's own timing agree within 10 %" json \
    '[.candidates[].metrics | .served_tok_s.median /
      .served_tok_s_by_timings.median | . > 0.9 and . < 1.1] | all' first.json
metric() { json "[.candidates[].metrics.$1.median | . != null and . > 0] | all" \
    first.json; }
for name in ttfat_s cold_start_s engine_tok_s engine_prompt_tok_s latency50_s; do
    check "$name is measured for all" metric $name
done
check "ten turns of each, and what was read again" json '[.candidates[].turns |
    length == 10 and (.[9].reread_tokens != null)] | all' first.json
check "time to first token at growing prompts" json '[.candidates[]
    .prefill_cliff.points | map(select(.ttft_s > 0)) | length >= 3] | all' \
    first.json
check "SmolLM2 is asked with the tools in the prompt too, apart" json \
    '.candidates[] | select(.name | startswith("Smol")) | .quality |
    .home.by_prompt == false and .home_by_prompt.by_prompt == true and
    .home_by_prompt.total > 0' first.json
check "Qwen Coder calls more if parsed than as served" json '.candidates[] |
    select(.name | startswith("Qwen")) | .calls |
    .wanted > 0 and .rate_if_parsed > .rate' first.json
check "no engine is left running" no_engine

# The doctor: the three defects, before anything is measured.
"$audition" doctor --json -m "$models/$smol.gguf" -m "$models/$coder.gguf" \
    -m "$models/$gemma.gguf" >doctor.json 2>doctor.err
check "the doctor examines three models, exit 0" test $? = 0
finds() { json "[.findings[] | select(.candidate | startswith(\"$1\")) | .kind] ==
    [\"$2\"]" doctor.json; }
check "tools dropped by the template" finds SmolLM2 tools_dropped
check "calls written as text" finds Qwen calls_as_text
check "no template" finds gemma no_template
echo '{{ messages[0].content | no_such_filter }}' > broken.jinja
cat > broken.yaml <<END
candidates:
  - name: broken
    model: $models/$smol.gguf
    server_args: [--chat-template-file, $PWD/broken.jinja]
END
"$audition" doctor --json broken.yaml >broken.json 2>broken.err
check "a broken template is told in the engine's words" sh -c \
    "grep -q 'no_such_filter' broken.json broken.err"
echo '{% for i in range(10000000000) %}{% endfor %}' > endless.jinja
sed 's/broken/endless/' broken.yaml > endless.yaml
"$audition" doctor --json --load-timeout 5s endless.yaml >endless.json 2>endless.err
check "a template that never ends is told, and is over soon" sh -c \
    "grep -Eq 'does not end|was not loaded after 5 s' endless.json endless.err"
check "no engine is left running after it" no_engine

# Again: nothing to do, the same answer, no engine.
LLAMA_SERVER=$server "$audition" run --json $small --cases 6 --suite home \
    --suite instructions -m "$models/$smol.gguf" -m "$models/$coder.gguf" \
    -m "$models/$gemma.gguf" >again.json 2>again.err
check "a second run prints the same candidates" sh -c \
    'jq -c .candidates first.json >a; jq -c .candidates again.json >b; cmp a b'
check "and starts no engine" sh -c '! grep -q "block" again.err'

# A server that somebody else started.
port=$((20000 + $$ % 20000))
"$server" -m "$models/$smol.gguf" -c 4096 -np 1 --port $port \
    --api-key secret >server.log 2>&1 &
background=$!
n=0
until curl -sf "http://127.0.0.1:$port/health" >/dev/null || [ $n = 300 ]; do
    n=$((n + 1))
    sleep 0.1
done
OPENAI_API_KEY=secret "$audition" run --json $small --cases 2 --store url.db \
    --base-url "http://127.0.0.1:$port/v1" >url.json 2>url.err
check "a separately started server is auditioned" \
    json '.candidates[0].status == "ok"' url.json
"$audition" run $small --cases 2 --store nokey.db \
    --base-url "http://127.0.0.1:$port" >nokey.out 2>&1
check "without the key it says so, exit 3" sh -c \
    "test $? = 3 && grep -q 'API key' nokey.out"
kill $background; wait $background 2>/dev/null
background=

# A truncated file beside a good one.
head -c 5000000 "$models/$gemma.gguf" > cut.gguf
"$audition" run --json $small --cases 2 --store cut.db -m cut.gguf \
    -m "$models/$smol.gguf" >cut.json 2>cut.err
check "a truncated file does not stop the other, exit 0" test $? = 0
check "and is named as cut short" json '[.candidates[] |
    select(.status == "failed").failure | contains("cut short")] == [true]' \
    cut.json

# kill -9 in the middle, then again.
"$audition" run --json $small --suite home --cases 4 --store kill.db \
    -m "$models/$smol.gguf" >/dev/null 2>&1 &
victim=$!
n=0
until [ "$(sqlite3 kill.db 'SELECT count(*) FROM trial' 2>/dev/null || echo 0)" \
    -ge 3 ] || [ $n = 600 ]; do n=$((n + 1)); sleep 0.1; done
kill -9 $victim; wait $victim 2>/dev/null
before=$(sqlite3 kill.db 'SELECT count(*) FROM trial')
n=0
until no_engine || [ $n = 50 ]; do n=$((n + 1)); sleep 0.1; done
check "after kill -9 no engine is left" no_engine
check "and the store is whole" sh -c \
    'test "$(sqlite3 kill.db "PRAGMA integrity_check")" = ok'
"$audition" run --json $small --suite home --cases 4 --store kill.db \
    -m "$models/$smol.gguf" >kill.json 2>kill.err
check "the next run completes" json '.candidates[0].status == "ok"' kill.json
check "and measured nothing twice" sh -c "test \"\$(sqlite3 kill.db 'SELECT
    count(*) - count(DISTINCT key) FROM trial')\" = 0 && test $before -gt 0"

# Nothing is left to chance at temperature 0: two auditions of the same cases
# tell the same words, calls, reasons and outcomes.
said="SELECT key, outcome, reason, content, calls FROM trial JOIN turn ON
    trial.id = trial_id WHERE key LIKE 'case/%' ORDER BY key, position"
for n in 1 2; do
    "$audition" run -q $small --cases 4 --suite home --suite instructions \
        --store "twice$n.db" -m "$models/$smol.gguf" >/dev/null 2>twice.err
    check "audition $n of the same cases ends well" test $? = 0
    sqlite3 "twice$n.db" "$said" >"twice$n.txt"
done
check "at temperature 0 both tell the same of every case" sh -c \
    'test -s twice1.txt && cmp twice1.txt twice2.txt'

# A conversation: all its turns are asked, kept and judged.
"$audition" run --json $small --cases 1 --suite conversations \
    --store talk.db -m "$models/$smol.gguf" >talk.json 2>talk.err
check "a conversation runs on the real engine, exit 0" test $? = 0
turns=$(sqlite3 talk.db "SELECT count(*) FROM message JOIN trial ON
    trial.id = trial_id WHERE suite = 'conversations' AND role = 'user' AND
    key LIKE 'case/%'")
check "it has at least ten turns of the user" test "${turns:-0}" -ge 10
check "each of them is judged" json ".candidates[0].understanding |
    .conversations == 1 and .turns.of == $turns" talk.json
check "each is answered within the context" test "$(sqlite3 talk.db "SELECT
    count(*) FROM trial WHERE suite = 'conversations' AND key LIKE 'case/%' AND
    status = 'ok'")" = 1

# The board: where the memory went, with held memory and a soak beside it.
short='small.yaml -r 1 --blocks 1 --budget 1s --cases 1 --suite home --temp 0'
"$audition" run --json $short --store board.db --soak 10s --hold-memory 256M \
    -m "$models/$smol.gguf" >board.json 2>board.err
check "a soak beside held memory, exit 0" test $? = 0
of() { json ".candidates[0] | $1" board.json; }
near() { of "def near(a; b): (a - b | fabs) <= 0.01 * b; near($1; $2)"; }
check "the engine's log adds up" near .ledger.engine.total_bytes \
    '(.ledger.engine | .weights_bytes + .kv_bytes + .compute_bytes)'
check "the prediction adds up" near .ledger.predicted.total_bytes \
    '(.ledger.predicted | .weights_bytes + .kv_bytes + .compute_bytes +
      .overhead_bytes)'
check "what was measured is at least its parts at the end" of \
    '.ledger.measured | .peak_bytes >= .anon_bytes + .weights_mapped_bytes'
check "what was left is what was there less that and the reserve" near \
    .ledger.left_for_speech_bytes '(.ledger | .measured.available_before_bytes -
      .measured.peak_bytes - .reserve_bytes)'
check "the log's buffers and what was measured agree within a fifth" of \
    '.ledger | .engine.total_bytes / .measured.peak_bytes | . > 0.8 and . < 1.2'
check "the memory was held, and seen" of \
    '.co_load | .memory_bytes >= 256 * 1048576 and .has_ended == false'
check "the soak lasted and was answered" of \
    '.soak | .duration_s >= 9 and .turns >= 5 and .failures == 0'
check "at temperature 0 the same question has the same answer" of \
    '.soak | .answers >= 5 and .different_answers == 0'
check "nothing is held any more" sh -c '! pgrep -f "[a]udition hold"'

# Less than the floor is available from the start: the engine is ended by us.
"$audition" run --json $short --store floor.db --memory-floor 900TiB \
    -m "$models/$smol.gguf" >floor.json 2>floor.err
check "an engine that takes too much is ended; none finished: exit 3" \
    test $? = 3
check "and says what was lacking, in one sentence" json '.candidates[0] |
    .status == "failed" and (.failure | test("^out of memory") and
    contains("ended before the kernel had to"))' floor.json
check "no engine is left running after that" no_engine

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
