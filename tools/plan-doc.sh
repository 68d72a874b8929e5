#!/bin/sh
# SPDX-License-Identifier: MIT
# docs/orin-nx.md: the plan of examples/orin-nx.yaml in each power mode of the
# board, on stdout. B is the build folder.
set -eu

B=${B:-build}
none=$(mktemp -d)
trap 'rm -rf "$none"' EXIT
# Nothing of this machine: no caches, no calibration.
plan() {
    env -i PATH="$PATH" HOME="$none" COLUMNS=110 \
        AUDITION_DATA="${AUDITION_DATA:-$PWD/share}" \
        "$B/audition" plan examples/orin-nx.yaml "$@"
}

cat <<'TEXT'
# A plan: twelve models and four doubtful ones on a Jetson Orin NX 16 GB

Written by `make docs/orin-nx.md`; the config is `examples/orin-nx.yaml`, with
what its user expected under `expect:` and what they had measured under
`measured_tok_s:`. Nothing was downloaded and nothing was measured for it. A
mark stands where an expectation lies outside of the 80 % interval. What the
numbers mean is in METHOD.md.

TEXT
for mode in MAXN_SUPER 40W MAXN 25W 15W 10W; do
    echo "## $mode"
    echo
    plan --power-mode "$mode" | sed '/^! what you/q' | sed 's/^/    /'
    echo
done
echo "## Reasons, phases and cost at MAXN"
echo
plan | sed '1,/^! what you/d' | sed 's/^\(.\)/    \1/'
