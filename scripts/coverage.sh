#!/usr/bin/env bash
# Line coverage of the parts that must not be wrong, by the unit tests, which run every fixture in their own process; fails
# below 95 %. The thousands of processes that the tests of the command start would each leave megabytes of counters.
set -euo pipefail
cd "$(dirname "$0")/.."

tools=$PWD/target/ci
export PATH=$tools/bin:$PATH
# without what uploads to services
command -v cargo-tarpaulin >/dev/null ||
    cargo install cargo-tarpaulin --locked --no-default-features --quiet --root "$tools"

report=$PWD/target/coverage
mkdir -p "$report"
# fewer cases: a line is reached or it is not
PROPTEST_CASES=${PROPTEST_CASES:-200} cargo tarpaulin --engine llvm --timeout 1800 --locked --lib \
    --target-dir "$report/build" --skip-clean --out json --output-dir "$report" >"$report/log" 2>&1 || {
    tail -n 30 "$report/log" >&2
    exit 1
}
# build scripts, which count too, write here
rm -f build_rs_cov.profraw
python3 scripts/coverage.py "$report/tarpaulin-report.json"
