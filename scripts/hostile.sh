#!/usr/bin/env bash
# What inputs that are made to hurt cost: alias bombs, nesting without end, gigabytes of nothing, certificates with numbers
# that no library would write. Prints a Markdown table (input, command, seconds of processor time, peak MiB, exit code,
# first error), and fails where a bound is exceeded or an exit code is not one that the command may end with.
#
# usage: scripts/hostile.sh [REGEX]      only the inputs whose name matches; needs Linux, python3, 8 GB of memory and
#                                        2 GB in TMPDIR; takes about 15 minutes; builds the release binary
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --release --locked --quiet
ours=$(cargo metadata --format-version 1 --no-deps --offline | sed -E 's/.*"target_directory":"([^"]*)".*/\1/')/release/delegate-mtls
exec python3 scripts/hostile.py "$ours" fixtures/quickstart fixtures/inject/no-upgrader/input.yaml "${1-}"
