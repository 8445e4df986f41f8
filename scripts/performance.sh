#!/usr/bin/env bash
# Everything that docs/performance.md says in seconds, measured in one run on this machine; prints Markdown.
#
# usage: scripts/performance.sh       needs what benches/compare.sh and benches/fleet.sh need; takes about 20 minutes
set -euo pipefail
cd "$(dirname "$0")/.."

printf '## One manifest\n\n'
benches/compare.sh
printf '\n## Streams\n\n'
cargo bench --quiet --locked --bench streams
printf '\n## A repository of 10,000 files\n\n'
benches/fleet.sh
