#!/bin/sh
# SPDX-License-Identifier: MIT
# A suite that is larger than the memory that we may have: it is read line by
# line, every case is counted, and a broken line behind all of them is named.
# SIZE (450M; 1G, ...) is that of the file, LIMIT_KIB of our address space.
# B is the build folder.
set -eu

B=${B:-build}
audition=$PWD/$B/audition
[ -x "$audition" ] || audition=$B/audition
export AUDITION_DATA="$PWD/share"
bytes=$(numfmt --from=iec "${SIZE:-450M}")
limit_kib=${LIMIT_KIB:-400000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
[ "$bytes" -gt $((limit_kib * 1024)) ] || {
    echo "SIZE=$bytes proves nothing below $limit_kib KiB" >&2
    exit 2
}

# 4 KiB a line, every tenth with a home.
awk -v bytes="$bytes" 'BEGIN {
    for (why = "why"; length(why) < 3700; ) why = why " and why"
    for (n = 0; made < bytes; n++) {
        line = sprintf("{\"id\":\"c%d\",\"say\":\"Case number %d?\",%s" \
            "\"checks\":[{\"scorer\":\"mentions\",\"any\":[\"%d\"]}]," \
            "\"reference\":{\"answer\":\"It is %d.\"}," \
            "\"wrong\":{\"answer\":\"No.\"},\"why\":\"%s\"}", n, n,
            n % 10 ? "" : "\"home\":\"studio\",", n, n, why)
        print line
        made += length(line) + 1
    }
}' > "$work/large.jsonl"
lines=$(wc -l < "$work/large.jsonl")

ulimit -v "$limit_kib"
cd "$work"
/usr/bin/time -o usage -f '%e %M' "$audition" suites large.jsonl --json > out.json
awk -v n="$lines" -v b="$bytes" -v k="$limit_kib" '{
    printf "%d cases in %.0f MiB: %.1f s, %d KB resident, %d KiB allowed\n",
    n, b / 1048576, $1, $2, k}' usage
[ "$(jq '.suites[0].cases' out.json)" = "$lines" ] || {
    echo "not every case was counted" >&2
    exit 1
}
echo '{"id":"c0","say":"again"}' >> large.jsonl
if "$audition" suites large.jsonl 2> told; then
    echo "a broken last line was taken" >&2
    exit 1
fi
grep -q "large.jsonl:$((lines + 1)): " told || {
    echo "the broken line was not named: $(cat told)" >&2
    exit 1
}
