#!/usr/bin/env bash
# The release binary, with the same bytes wherever it is built; prints its SHA-256 and its path.
#
# docs/supply-chain.md says what has to be the same. CARGO_HOME and CARGO_TARGET_DIR are free, and so is the folder.
set -euo pipefail
cd "$(dirname "$0")/.."

die() { printf 'build-release.sh: %s\n' "$*" >&2; exit 1; }

root=$PWD
host=$(rustc -vV | sed -n 's/^host: //p')
commit=$(rustc -vV | sed -n 's/^commit-hash: //p')
sysroot=$(rustc --print sysroot)
cargo_home=${CARGO_HOME:-$HOME/.cargo}
target_dir=${CARGO_TARGET_DIR:-$root/target}
case $target_dir in /*) ;; *) target_dir=$root/$target_dir ;; esac
case $root$cargo_home$target_dir in *[[:space:]]*) die "the C compiler's flags cannot name a path with blanks" ;; esac

# nothing of the caller's compiler settings reaches the build
unset RUSTC_WRAPPER RUSTC_WORKSPACE_WRAPPER CARGO_BUILD_RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CFLAGS CPPFLAGS LDFLAGS \
    CARGO_INCREMENTAL
while read -r variable; do unset "$variable"; done < <(compgen -e | grep -E '^(CARGO_PROFILE_|CARGO_TARGET_.*_(RUSTFLAGS|LINKER)$)')
export CARGO_TARGET_DIR=$target_dir CARGO_HOME=$cargo_home
# for whatever writes a time; nothing does now
export SOURCE_DATE_EPOCH=0

# where the crates lie is known once they are there: the folder's name has the registry's hash in it
cargo fetch --locked --quiet --target "$host"

# the later of two that fit wins, so the narrower ones stand last
maps=("$root=/source" "$target_dir=/target" "$sysroot/lib/rustlib/src/rust=/rustc/$commit" "$cargo_home=/cargo")
for registry in "$cargo_home"/registry/src/*/; do
    maps+=("${registry%/}=/crates")
done
export RUSTFLAGS="${maps[*]/#/--remap-path-prefix=}"
export CFLAGS="${maps[*]/#/-ffile-prefix-map=}"

# `--target` keeps these flags away from build scripts and procedural macros, which only run here
cargo build --release --locked --quiet --target "$host"

binary=$target_dir/$host/release/delegate-mtls
for path in "$root/" "$target_dir/" "$cargo_home/" "$HOME/" "$sysroot/"; do
    # a home directory of `/` says nothing about the machine
    [ "$path" = // ] || ! grep -qaF -e "$path" "$binary" || die "$binary holds the path $path of this machine"
done
sha256sum "$binary"
