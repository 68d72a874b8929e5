#!/bin/sh
# SPDX-License-Identifier: MIT
# Is what the report says what happened? The scripted server answers in real
# time with delays that are known beforehand, one word a token; every latency
# of the report must be within 5 ms or 2 % of what the script says, speeds
# within 2 %. For a quiet machine. B is the build folder.
set -eu

B=${B:-build}
audition=$PWD/$B/audition fake=$PWD/$B/tests/fake_server
export AUDITION_DATA="$PWD/share"
work=$(mktemp -d)
background=
trap 'kill $background 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"

# An engine of two programs: ours, and a llama-bench that knows its answer.
mkdir engine
ln -s "$fake" engine/llama-server
cat > engine/llama-bench <<'END'
#!/bin/sh
echo '[
{"n_prompt": 512, "n_gen": 0, "samples_ts": [1000]},
{"n_prompt": 0, "n_gen": 128, "samples_ts": [125]}
]'
END
chmod +x engine/llama-bench
"$audition" synth SmolLM2-135M-Instruct model.gguf >/dev/null
case_of() {
    printf '%s' '{"id":"light-'"$1"'","suite":"bench","category":"single",' \
        '"home":"flat","say":"Please turn on the kitchen light, '"$1"'.",' \
        '"checks":[{"scorer":"state","expect":{"light.kitchen":' \
        '{"state":"on"}}}],"reference":{"calls":[{"name":"HassTurnOn",' \
        '"arguments":{"name":"Kitchen light"}}],"answer":"The kitchen light ' \
        'is on."},"wrong":{"calls":[],"answer":"No."},"why":"timed"}'
    echo
}
for n in one two three; do case_of $n; done > bench.jsonl

# 4 tokens are thought, 20 are said: the clause ends before the 4th of them,
# the first sentence (9 words) before the 10th, the second (8 words) before
# the 18th, the last with the stream.
say='When autumn comes, the leaves turn red and yellow. Their green fades and
other colours show through. Then winter follows.'
say=$(echo "$say" | tr '\n' ' ' | sed 's/ $//')
run() {  # NAME MORE-OPTIONS: the report in NAME.json
    name=$1
    shift
    FAKE_SCRIPT=$PWD/$name.script "$audition" run -q --json --fresh \
        -m model.gguf --llama-server engine/llama-server --blocks 1 -r 3 \
        --budget 1s --suite ./bench.jsonl --thinking keep \
        --store "$name.db" "$@" > "$name.json"
}

cat > warm.script <<END
{"load_s": 2, "tok_s": 100, "prompt_tok_s": 0, "chat": [
 {"match": "kitchen light", "role": "user", "tool_calls": [{"name":
  "HassTurnOn", "arguments": {"name": "Kitchen light"}}],
  "first_delay_ms": 150, "chunk_delay_ms": 20},
 {"role": "tool", "content": "The kitchen light is on. Good night.",
  "first_delay_ms": 80, "chunk_delay_ms": 20},
 {"reasoning": "Let me think first.", "content": "$say",
  "first_delay_ms": 120, "chunk_delay_ms": 90}]}
END
run warm --speaking-rate 1000

# Reading takes its time here: how many tokens a prompt has, the server says.
cat > cold.script <<END
{"tok_s": 1000, "prompt_tok_s": 2000, "record": "$work/requests", "chat": [
 {"content": "$say", "first_delay_ms": 100, "chunk_delay_ms": 10}]}
END
run cold
: > port
FAKE_SCRIPT=$PWD/cold.script "$fake" --port 0 --no-die-with-parent \
    > port 2>/dev/null &
background=$!
until [ -s port ]; do sleep 0.05; done
url=http://127.0.0.1:$(sed 's/.* //' port)
jq -c 'select(.path == "/v1/chat/completions" and .body.max_tokens == 100 and
    .body.cache_prompt == false) | .body' requests > cold.requests
while read -r body; do
    printf '%s' "$body" | curl -sf -d @- "$url/apply-template" |
        jq -c '{content: .prompt}' | curl -sf -d @- "$url/tokenize" |
        jq '.tokens | length'
done < cold.requests | sort -n > tokens
tokens=$(sed -n "$((($(wc -l < tokens) + 1) / 2))p" tokens)

measured() { jq ".candidates[0].metrics.$2.median" "$1.json"; }
row() { echo "$1 $2 $3 $(measured "$1" "$2")"; }   # REPORT METRIC SCRIPTED
{
    row warm ttft_s 0.120
    row warm ttfat_s 0.480           # 120 + 4 * 90
    row warm first_clause_s 0.750    # 120 + (4 + 3) * 90
    row warm first_sentence_s 1.290  # 120 + (4 + 9) * 90
    row warm first_sentence_cold_s 1.290
    row warm underrun_s 0.180        # 8 * 90 until it comes - 9 * 60 spoken
    row warm tool_turn_s 0.390       # 150 + 3 * 20, then 80 + 5 * 20
    row warm latency50_s 0.490       # 49 * 10
    row warm cold_start_s 2.480      # 2000 + 120 + 4 * 90
    row warm served_tok_s 100
    row warm engine_tok_s 125
    row warm serving_ms_per_token 2  # 10 - 8
    row cold first_sentence_cold_s \
        "$(awk -v n="$tokens" 'BEGIN {print n / 2000 + 0.1 + 9 * 0.01}')"
    row cold prompt_tok_s 2000
} | awk '
    function abs(x) {return x < 0 ? -x : x}
    BEGIN {printf "%-5s %-24s %10s %10s %10s\n", "run", "quantity", "scripted",
           "reported", "off"}
    {
        room = 0.02 * $3
        if ($2 ~ /_s$/ && $2 !~ /tok_s/ && room < 0.005) room = 0.005
        good = $4 != "null" && abs($4 - $3) <= room
        bad += !good
        printf "%-5s %-24s %10.4f %10s %9.2f%% %s\n", $1, $2, $3, $4 == "null" \
            ? "-" : sprintf("%.4f", $4), ($4 - $3) / $3 * 100, good ? "" : "<"
    }
    END {exit bad > 0}'
