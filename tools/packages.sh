#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs the Debian/Ubuntu packages that are missing, when it may; else one
# line that says what to install. Arguments: build, test.
set -eu

build='gcc:gcc make:make pkg-config:pkg-config g++:g++ cmake:cmake
unzip:unzip python3:python3 lib=libcurl:libcurl4-openssl-dev
lib=jansson:libjansson-dev lib=sqlite3:libsqlite3-dev
lib=yaml-0.1:libyaml-dev header=csv.h:libcsv-dev
lib=libutf8proc:libutf8proc-dev lib=libcrypto:libssl-dev
lib=libpcre2-8:libpcre2-dev lib=zlib:zlib1g-dev
header=unicase.h:libunistring-dev pip:python3-pip'
test='lib=cmocka:libcmocka-dev lib=gsl:libgsl-dev clang-14:clang-14 jq:jq valgrind:valgrind
sqlite3:sqlite3 mandoc:mandoc time:time
file=/usr/lib/llvm-14/lib/clang:libclang-rt-14-dev'

has() {
    case $1 in
    lib=*) pkg-config --exists "${1#lib=}" 2>/dev/null ;;
    file=*) ls "${1#file=}"/*/lib/linux/libclang_rt.fuzzer-* >/dev/null 2>&1 ;;
    header=*) [ -e "/usr/include/${1#header=}" ] ;;
    pip) python3 -m pip --version >/dev/null 2>&1 ;;
    *) command -v "$1" >/dev/null 2>&1 ;;
    esac
}

list=
for set in "${@:-build}"; do
    case $set in
    build) list="$list $build" ;;
    test) list="$list $test" ;;
    esac
done
missing=
for item in $list; do
    has "${item%%:*}" || missing="$missing ${item#*:}"
done
[ -n "$missing" ] || exit 0

sudo=
if [ "$(id -u)" != 0 ]; then sudo='sudo -n'; fi
if command -v apt-get >/dev/null && { [ -z "$sudo" ] || $sudo true 2>/dev/null; }
then
    echo "packages: installing$missing" >&2
    export DEBIAN_FRONTEND=noninteractive
    $sudo apt-get -q update >&2 || true
    # Ubuntu 22.04 has clang's run-time libraries in another package.
    case $missing in *libclang-rt-14-dev*)
        apt-cache show libclang-rt-14-dev >/dev/null 2>&1 ||
            missing=$(echo "$missing" |
                sed 's/libclang-rt-14-dev/libclang-common-14-dev/') ;;
    esac
    $sudo apt-get -q install -y --no-install-recommends $missing >&2 &&
        exit 0
fi
echo "packages: missing, install them first: apt-get install$missing" >&2
exit 3
