#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/originals/compare.sh STORE [OPTION]... - bfcl-eval's own checker over
# the transcripts of a stored run (audition run --suite .../bfcl_*.jsonl), per
# candidate and category: how many audition calls right, how many the original,
# and in how many cases they differ (must be none). OPTION: those of `audition
# cases`: --run, --candidate, --suite. STORE may also be what `audition cases
# --json` printed, or, after --imported, a folder that `audition import bfcl`
# wrote. B is the build folder.
set -eu

B=${B:-build}
here=$(dirname "$0")
PYTHONPATH=$("$here/../../tools/originals.sh")
export PYTHONPATH PYTHONNOUSERSITE=1 PYTHONDONTWRITEBYTECODE=1
case $1 in
--imported | *.json) exec python3 "$here/compare.py" "$@" ;;
esac
store=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$B/audition" cases --json --store "$store" "$@" > "$work/cases.json"
python3 "$here/compare.py" "$work/cases.json"
