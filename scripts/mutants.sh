#!/usr/bin/env bash
# Mutation testing of what plans, edits and verifies: every mutant must be killed by a test, or be unviable.
#
# Two passes. The first tries each mutant with the unit tests of the stages and the fixtures in one process, a few
# seconds each; the second tries what is left with every test of the command. It takes hours; when it is broken off, it
# goes on where it was as long as target/mutants stays. Arguments: files to mutate, instead of all.
set -euo pipefail
cd "$(dirname "$0")/.."

tools=$PWD/target/ci
export PATH=$tools/bin:$PATH
command -v cargo-mutants >/dev/null || cargo install cargo-mutants --locked --quiet --root "$tools"

files=("$@")
[ ${#files[@]} -gt 0 ] || files=(src/verify.rs 'src/verify/**' src/edit.rs src/yaml/layout.rs 'src/plan/**')

# its own, so that no other build waits for it
export CARGO_TARGET_DIR=$PWD/target/mutants/build
mkdir -p target/mutants

# What the given pass leaves, into `mutants.out/missed.txt` and `timeout.txt`; exit code 2 and 3 say that there is some.
pass() {
    local config=$1 timeout=$2 code=0
    cargo mutants --iterate --no-shuffle --output target/mutants --config "$config" --timeout "$timeout" \
        --file "$file" || code=$?
    [ "$code" = 0 ] || [ "$code" = 2 ] || [ "$code" = 3 ] || exit "$code"
}

left=0
for file in "${files[@]}"; do
    pass .cargo/mutants.toml 60
    if [ -s target/mutants/mutants.out/missed.txt ]; then
        pass scripts/mutants-every-test.toml 600
    fi
    cat target/mutants/mutants.out/missed.txt target/mutants/mutants.out/timeout.txt
    left=$((left + $(wc -l <target/mutants/mutants.out/missed.txt)))
done
echo "$left mutants survive"
[ "$left" = 0 ]
