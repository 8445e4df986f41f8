#!/usr/bin/env bash
# Builds the release twice, in two folders of different depth, with two homes of cargo and two target folders outside and
# inside the source, and compares the bytes. Takes the files that git knows, as they lie here. Downloads every crate twice.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$PWD/target/reproducible
rm -rf "$work"
first=$work/first/delegate-mtls
second=$work/the/second/folder/copy
for copy in "$first" "$second"; do
    mkdir -p "$copy"
    git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$copy"
done

CARGO_HOME=$work/first/cargo CARGO_TARGET_DIR=$work/first/out "$first/scripts/build-release.sh" | tee "$work/first.sha256"
CARGO_HOME=$work/home/of/cargo "$second/scripts/build-release.sh" | tee "$work/second.sha256"

if [ "$(cut -d' ' -f1 "$work/first.sha256")" != "$(cut -d' ' -f1 "$work/second.sha256")" ]; then
    echo "reproducible.sh: the two builds differ: compare them with \`diffoscope\`" >&2
    exit 1
fi
echo "both builds have the same bytes"
