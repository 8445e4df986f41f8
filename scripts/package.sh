#!/usr/bin/env bash
# What `cargo package` would publish: compiles by itself, and holds the sources, the documents and the quick start, with
# neither the other fixtures nor the folder of tests.
set -euo pipefail
cd "$(dirname "$0")/.."

expected() {
    git ls-files src docs fixtures/quickstart README.md CHANGELOG.md LICENSE-APACHE LICENSE-MIT Cargo.toml Cargo.lock
    # made by cargo
    printf '%s\n' Cargo.toml.orig .cargo_vcs_info.json
}

# a file that is not committed yet is there for cargo, and not for git
changes=$(git status --porcelain --untracked-files=all -- src docs fixtures/quickstart | grep '^??' || true)
[ -z "$changes" ] || { printf 'package.sh: not in git yet:\n%s\n' "$changes" >&2; exit 1; }

diff --label expected --label packaged -u \
    <(expected | LC_ALL=C sort) <(cargo package --list --locked --allow-dirty | LC_ALL=C sort) ||
    { echo "package.sh: the package holds other files than it should" >&2; exit 1; }

# with the dependencies that are built already
CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target} cargo package --locked --allow-dirty --quiet
