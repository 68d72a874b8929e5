#!/bin/sh
# SPDX-License-Identifier: MIT
# One tarball that runs on any Linux of this processor, with no package, no
# network and no root: the program, every library it needs down to the C
# library and its loader, share/ and the licences. Prints the tarball's path
# on stdout, its story on stderr. B is the build folder; $B/bundle/audition is
# the program linked with the rpath $ORIGIN (make bundle).
set -eu

B=${B:-build}
program=$B/bundle/audition
die() { echo "bundle: $*" >&2; exit 3; }

[ -x "$program" ] || die "$program is missing; run make bundle"
for tool in dpkg-query ldd strip tar gzip; do
    command -v $tool >/dev/null ||
        die "$tool is missing; make the bundle on Debian or Ubuntu"
done
readelf -d "$program" | grep -q 'RPATH.*\[$ORIGIN\]' ||
    die "$program has no rpath \$ORIGIN; run make bundle"

version=$("$program" --version | awk '{print $2; exit}')
name=audition-$version-$(uname -m)
root=$B/bundle/$name
rm -rf "$root"
mkdir -p "$root/bin" "$root/lib" "$root/share/audition" "$root/share/licenses"

# 1. libraries: whatever the loader would load, under the names it asks for
needed=$(ldd "$program" | awk '/=> \// {print $3} $1 ~ /^\// {print $1}')
# What a GPU's driver asks for and a program of today does not: libc's own
# stubs, of this libc and not of an older one of the host's.
libc=$(echo "$needed" | grep '/libc\.so')
for stub in libpthread.so.0 libdl.so.2 librt.so.1; do
    stub=$(dirname "$libc")/$stub
    case $needed in
    *"$stub"*) ;;
    *) [ ! -e "$stub" ] || needed="$needed $stub" ;;
    esac
done
for library in $needed; do
    cp -L "$library" "$root/lib/"
done
loader=$(basename "$(readelf -l "$program" |
    sed -n 's/.*program interpreter: \(.*\)\]/\1/p')")
[ -x "$root/lib/$loader" ] || die "ldd does not name the loader $loader"
chmod 755 "$root/lib"/*

# 2. programs
strip -o "$root/lib/audition" "$program"
${CC:-cc} -std=c17 -D_XOPEN_SOURCE=700 -O2 -Wall -Wextra -static \
    "-DLOADER=\"$loader\"" -o "$root/bin/audition" tools/launcher.c
strip "$root/bin/audition"

# 3. data, manual and licences
cp -R share/. "$root/share/audition/"
mkdir -p "$root/share/man/man1"
"$program" --man >"$root/share/man/man1/audition.1"
cp LICENSE "$root/LICENSE"
owner() {
    # Packages know a file by the name before or after /lib became a link.
    dpkg-query -S "$1" 2>/dev/null || dpkg-query -S "/usr$1" 2>/dev/null ||
        dpkg-query -S "${1#/usr}" 2>/dev/null
}
for library in $needed; do
    package=$(owner "$library" || owner "$(realpath "$library")") ||
        die "no package owns $library, so its licence is not known"
    package=${package%%:*}
    echo "$(basename "$library") $package $(dpkg-query -f '${Version}' \
        -W "$package" | cut -d' ' -f1)"
    cp "/usr/share/doc/$package/copyright" "$root/share/licenses/$package"
done | sort >"$root/share/licenses/libraries.txt"
cat >"$root/README" <<EOF
audition $version for Linux on $(uname -m)

Which language model do I ship in the voice assistant on this board?

  bin/audition --help               the commands
  bin/audition devices              the boards it knows, and this one
  bin/audition plan -m NAME...      what each model will do here, with no
                                    download
  bin/audition run -m FILE.gguf...  measure it, with a llama-server on PATH,
                                    in \$LLAMA_SERVER or by --llama-server

Unpack anywhere, move the folder as a whole, link to bin/audition from where
you like. Nothing of the system is used but the kernel (3.2 or newer) and, to
watch an NVIDIA GPU, its driver's libnvidia-ml.so.1. https needs the system's
certificates in /etc/ssl/certs/ca-certificates.crt.

LICENSE is audition's. Tables made out of the works of others are in
share/audition/originals, with their NOTICE and licences. Libraries in lib/ and
their packages are listed in share/licenses/libraries.txt, the licence of each
beside it; their sources are those packages' of the distribution that made this
bundle: $(
    . /etc/os-release && echo "$PRETTY_NAME").
EOF

# 4. the tarball, the same bytes from the same files
tarball=$B/$name.tar.gz
: "${SOURCE_DATE_EPOCH:=$(git log -1 --format=%ct 2>/dev/null || date +%s)}"
tar -C "$B/bundle" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 \
    --group=0 --numeric-owner -cf - "$name" | gzip -n9 >"$tarball.part"
mv "$tarball.part" "$tarball"
echo "bundle: $(ls "$root/lib" | wc -l) files in lib, $(du -sm "$root" |
    cut -f1) MB unpacked, $(du -m "$tarball" | cut -f1) MB packed" >&2
echo "$tarball"
