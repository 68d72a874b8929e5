#!/bin/sh
# SPDX-License-Identifier: MIT
# What a reader may rely on. Aims with a hard edge: line length, banned calls,
# licence line, who may include whom. Sizes of files and functions are aims:
# they are listed, and only far over them is an error.
set -u

bad=0
complain() { echo "style: $*"; bad=1; }

sources=$(find src tests fuzz -name '*.[ch]' | sort)

for file in $sources; do
    head -n 1 "$file" | grep -q 'SPDX-License-Identifier: MIT' ||
        complain "$file:1: no SPDX line"
done

long=$(awk '
    {line = $0; gsub(/[\200-\277]/, "", line)
     if (length(line) > 80) print FILENAME ":" FNR}' $sources 2>/dev/null)
[ -z "$long" ] || complain "lines over 80 columns: $long"

tabs=$(grep -nP '\t' $sources | cut -d: -f1,2 | head)
[ -z "$tabs" ] || complain "tabs: $tabs"

slashes=$(grep -nE '(^|[;{} ])// ' $sources | cut -d: -f1,2 | head)
[ -z "$slashes" ] || complain "// comments: $slashes"

banned='sprintf|strcpy|strcat|strtok|atoi|atol|atof|sscanf|gets|system|popen'
banned="$banned|gettimeofday|localtime|rand|alloca|vsprintf"
calls=$(grep -nE "(^|[^A-Za-z0-9_>.\"])($banned)\(" $(find src -name '*.[ch]') |
    grep -vE '^\S+: *(/?\*|\*)' | head)
[ -z "$calls" ] || complain "banned calls:
$calls"

# Arrows: base/ knows nothing of the program; one user a library.
grep -ln '#include "' $(find src/base -name '*.[ch]') | while read -r file; do
    grep -n '#include "' "$file" | grep -v '"base/' | sed "s|^|$file:|"
done > /tmp/style.$$
[ ! -s /tmp/style.$$ ] ||
    complain "base/ includes what is above it: $(cat /tmp/style.$$)"
rm -f /tmp/style.$$
only() {  # HEADER REGEX-OF-FILES
    found=$(grep -ln "#include <$1>" $(find src -name '*.[ch]') |
        grep -vE "$2")
    [ -z "$found" ] || complain "<$1> is included outside $2: $found"
}
only 'curl/curl.h' '^src/base/http[a-z_]*\.c$'
only 'sqlite3.h' '^src/store[a-z_]*\.[ch]$'
only 'yaml.h' '^src/yaml_[a-z]*\.[ch]$'
only 'openssl/evp.h' '^src/digest\.c$'
only 'csv.h' '^src/predict/table_csv\.c$'
only 'zlib.h' '^src/base/lines\.c$'
only 'pcre2.h' '^src/original/(ifeval[a-z_]*|bfcl_foreign)\.c$'
only 'uni\(case\|ctype\|norm\|str\|types\)\.h' '^src/original/[a-z_]*\.c$'

# API floor: Debian 12 and Ubuntu 22.04 (libcurl 7.81, SQLite 3.37, jansson
# 2.13, utf8proc 2.7, OpenSSL 3.0). What came later may stand only behind a
# version check in the lines above it.
newer='CURLINFO_POSTTRANSFER_TIME_T CURLINFO_QUEUE_TIME_T curl_ws_send
CURLOPT_PROTOCOLS_STR CURLOPT_REDIR_PROTOCOLS_STR CURLOPT_CA_CACHE_TIMEOUT
sqlite3_error_offset sqlite3_db_name sqlite3_value_encoding
sqlite3_is_interrupted sqlite3_stmt_explain sqlite3_get_clientdata jsonb
json_object_getn json_object_setn json_object_deln json_object_set_new_nocheckn
json_object_keylen_foreach json_object_iter_key_len
utf8proc_islower utf8proc_isupper utf8proc_charwidth_ambiguous'
for symbol in $newer; do
    grep -nw "$symbol" $(find src -name '*.[ch]') | cut -d: -f1,2 |
    while IFS=: read -r file line; do
        awk -v n="$line" 'NR <= n && /^#if .*VERSION/ {ok = 1}
            NR < n && /^#endif/ {ok = 0} END {exit !ok}' "$file" ||
            echo "$symbol at $file:$line is newer than the API floor"
    done
done > "${TMPDIR:-/tmp}/style.$$"
[ ! -s "${TMPDIR:-/tmp}/style.$$" ] ||
    complain "$(cat "${TMPDIR:-/tmp}/style.$$")"
rm -f "${TMPDIR:-/tmp}/style.$$"

# Sizes.
for file in $(find src -name '*.[ch]'); do
    lines=$(wc -l < "$file")
    [ "$lines" -le 600 ] || echo "style: note: $file has $lines lines (aim 600)"
    [ "$lines" -le 900 ] || complain "$file has $lines lines"
done
awk 'FNR == 1 {name = ""} /^[a-z].*\(/ && !/;$/ {name = $0; start = FNR}
    /^}/ && name != "" {n = FNR - start + 1
        if (n > 80) print FILENAME ":" start ": " n " lines"; name = ""}' \
    $(find src -name '*.c') | sed 's/^/style: note: long function /'

[ "$bad" = 0 ] && echo "style: ok"
exit $bad
