#!/bin/sh
# SPDX-License-Identifier: MIT
# What the documents promise is there: metrics, options, exit codes, plug-ins,
# paths; and the README's examples run. B is the build folder.
set -u

B=${B:-build}
audition=$(realpath "$B")/audition
bad=0
complain() { echo "docs: $*"; bad=1; }

for metric in $(sed -n 's/^ *X(\([a-z0-9_]*\), .*/\1/p' src/metrics.h); do
    grep -qx "### $metric" METHOD.md || complain "METHOD.md lacks ### $metric"
done

# What the reports link to; a heading's anchor is made as GitHub makes it.
sed -n 's/^##* //p' METHOD.md | tr 'A-Z ' 'a-z-' | tr -cd 'a-z0-9_\n-' \
    > "$B/anchors"
for anchor in $(grep -oh 'METHOD\.md#[A-Za-z0-9_-]*' README.md \
    tests/golden/*.md | sed 's/.*#//' | sort -u); do
    grep -qx -- "$anchor" "$B/anchors" ||
        complain "METHOD.md has no heading for the link #$anchor"
done

"$audition" --man > "$B/audition.1"
cmp -s "$B/audition.1" docs/audition.1 ||
    complain "docs/audition.1 is old; run: make docs/audition.1"
B=$B tools/plan-doc.sh > "$B/orin-nx.md"
cmp -s "$B/orin-nx.md" docs/orin-nx.md ||
    complain "docs/orin-nx.md is old; run: make -B docs/orin-nx.md"
if command -v mandoc >/dev/null; then
    mandoc -Tlint -W warning docs/audition.1 || complain "mandoc complains"
fi
for command in $("$audition" --help | sed -n 's/^  \([a-z]*\)  .*/\1/p'); do
    for option in $("$audition" "$command" --help |
        grep -o -- '^ *\(-[a-z], \)\?--[a-z-]*' | grep -o -- '--[a-z-]*' |
        grep -vx -- --help); do
        grep -q -- "$(echo "$option" | sed 's/-/\\\\-/g')" docs/audition.1 ||
            complain "$command $option is not in the manual"
    done
done

for code in 0 1 2 3 100 129 130 143; do
    "$audition" --help | tr '/' ' ' | grep -qw "$code" ||
        complain "exit code $code is not in --help"
done

for name in $(sed -n 's/^ *&\(engine\|probe\|score\)_\([a-z_]*\),.*/\2/p' \
    src/engine/engine.c src/probe/probe.c) \
    $(grep -o '&score_[a-z_]*' src/score/score.c | sed 's/&score_//'); do
    grep -q "\`$name\`" docs/plugins.md || complain "docs/plugins.md lacks $name"
done

documents="README.md METHOD.md DESIGN.md CONTRIBUTING.md $(echo docs/*.md)"

# Paths in backquotes, also where a command goes on behind them; other pages;
# links.
for path in $(grep -oh '`[a-z]*/[A-Za-z0-9_./-]*[` ]' README.md METHOD.md \
    DESIGN.md CONTRIBUTING.md docs/plugins.md docs/catalogue.md \
    docs/boards.md docs/suites.md docs/originals.md | tr -d '` ' | sort -u) \
    $(grep -oh 'docs/[a-z-]*\.md' $documents | sort -u) \
    $(grep -oh '^    \(tests\|tools\)/[a-z_/.-]*' $documents | sort -u); do
    case $path in
    *NAME* | *FILE* | build/* | user/* | maker/* | /*) ;;
    *) [ -e "$path" ] || [ -e "src/$path" ] ||
        complain "a document names $path, which is not there" ;;
    esac
done
for document in $documents; do
    for link in $(grep -o '](\([^)# ]*\)' "$document" | sed 's/](//'); do
        case $link in
        *:*) ;;
        *) [ -e "$(dirname "$document")/$link" ] ||
            complain "$document links to $link, which is not there" ;;
        esac
    done
done

# Commands, in examples and in backquotes: audition has them and the options
# that they are given, make has the target.
{
    grep -h '^    ' $documents | sed -n 's/^    \(\$ \)\{0,1\}//p'
    for document in $documents; do
        grep -v '^    ' "$document" | tr '\n' ' ' | grep -o '`[^`]*`' |
            tr -d '`'
    done
} | sed 's/ #.*//' | grep -E '^(audition|make) +[a-z]' | sort -u > "$B/told"
while read -r program command rest; do
    if [ "$program" = make ]; then
        grep -q "^$command[ :]" Makefile ||
            complain "a document says make $command, which is no target"
        continue
    fi
    if ! "$audition" "$command" --help > "$B/help" 2>/dev/null; then
        complain "a document says audition $command, which is no command"
        continue
    fi
    for option in $(echo " $rest" | grep -o -- ' --[a-z][a-z-]*'); do
        grep -q -- "$option\([ ,]\|\$\)" "$B/help" ||
            complain "a document gives audition $command the option $option"
    done
done < "$B/told"

# The floors of the suites are what the program says they are.
floors=$(mktemp)
COLUMNS=1000 AUDITION_DATA="$PWD/share" "$audition" suites --floors |
    sed -n '/^passes /,$p' | sed 's/^/    /; s/ *$//' >"$floors"
sed -n '/<!-- floors -->/,/<!-- \/floors -->/p' docs/suites.md |
    grep -v '^<!--' | sed '1d;$d' | cmp -s - "$floors" ||
    complain "the floors in docs/suites.md are not those of audition suites"
rm -f "$floors"

# The README's examples, in a copy, with the built program on PATH.
work=$(mktemp -d)
cp -r examples "$work/"
sed -n '/<!-- run -->/,/<!-- \/run -->/p' README.md | grep '^    ' |
    sed 's/^    //' > "$work/commands"
[ -s "$work/commands" ] || complain "README.md has no examples to run"
(cd "$work" && PATH="$(dirname "$audition"):$PATH" \
    AUDITION_DATA="$OLDPWD/share" XDG_CACHE_HOME="$work/none" \
    sh -eu commands >output 2>&1) ||
    complain "an example of README.md failed: $(tail -n 3 "$work/output")"
rm -rf "$work"

[ "$bad" = 0 ] && echo "docs: ok"
exit $bad
