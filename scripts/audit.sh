#!/usr/bin/env bash
# Known vulnerabilities of the dependencies, from the RustSec advisory database, which lies on GitHub and in no package
# registry: to be run where the network reaches it. Fails when the database cannot be had; it never passes without.
set -euo pipefail
cd "$(dirname "$0")/.."

tools=$PWD/target/ci
export PATH=$tools/bin:$PATH
command -v cargo-audit >/dev/null || cargo install cargo-audit --locked --quiet --root "$tools"

# its own copy, so that no stale one of the user is taken for an answer
database=$PWD/target/advisory-db
rm -rf "$database"
timeout 300 git clone --quiet --depth 1 https://github.com/RustSec/advisory-db.git "$database" || {
    echo "audit.sh: the advisory database cannot be had, so nothing was checked" >&2
    exit 1
}
cargo audit --db "$database" --no-fetch --deny warnings
