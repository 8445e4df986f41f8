#!/usr/bin/env bash
# Fuzzes: scripts/fuzz.sh [SECONDS] [TARGET…]; 60 seconds and every target unless said otherwise. Run it from anywhere.
#
# Seeds come from the fixtures; what libFuzzer finds worth keeping stays in target/fuzz/corpus for the next run. Needs
# cargo-fuzz and a C++ compiler, and no nightly: the sanitizers, which do, watch unsafe code, and we have none.
set -euo pipefail
cd "$(dirname "$0")/.."

die() { printf 'scripts/fuzz.sh: %s\n' "$*" >&2; exit 2; }

export PATH=$PWD/target/ci/bin:$PATH
command -v cargo-fuzz >/dev/null || die "\`cargo-fuzz\` is missing: cargo install cargo-fuzz --locked"
[ -x "$(command -v c++)" ] || die "\`c++\` is missing; install it (on Debian: package g++)"

seconds=${1:-60}
[[ $seconds =~ ^[1-9][0-9]*$ ]] || die "\`$seconds\` is not a number of seconds"
[ $# -eq 0 ] || shift
work=$PWD/target/fuzz
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(cargo fuzz list)
separator=$'\n=====\n'

b64() { base64 -w0 "$1"; }

# A fixture with its placeholders filled in: base64 of a file, as the tests have it. What the tests issue anew in every
# run is replaced by what lies there; to a fuzzer it is as good.
expanded() {
    sed -e "s|@CRT@|$crt|g; s|@KEY@|$key|g; s|@CA@|$ca|g" \
        -e "s|@t/good.crt@|$good|g; s|@t/[a-z0-9.-]*\.crt@|$crt|g; s|@t/good.key@|$good_key|g; s|@t/[a-z0-9.-]*\.key@|$key|g" "$1"
}

# The seeds of a target, into the given folder.
seeds_of_inject() {
    local number=0 input
    # the first byte is the goal
    for input in fixtures/inject/*/input.yaml fixtures/inject/*/expected.yaml fixtures/refuse/*/input.yaml \
        fixtures/quickstart/*.yaml; do
        { printf '%d' $((number % 7)); expanded "$input"; } >"$1/$number"
        number=$((number + 1))
    done
}

seeds_of_check() {
    local number=0 case flags input
    # the first byte is the settings
    for case in fixtures/check/*/; do
        for flags in 8 5 '>'; do
            {
                printf '%s' "$flags"
                find "$case" -type f \( -name '*.y*ml' -o -name '*.json' -o -name '*.md' \) ! -name report.json | sort | head -4 |
                    while read -r input; do expanded "$input"; printf '%s' "$separator"; done
            } >"$1/$number"
            number=$((number + 1))
        done
    done
}

seeds_of_manifests() {
    local number=0 input
    # any bytes are choices
    for input in fixtures/inject/*/input.yaml; do
        head -c 4096 "$input" >"$1/$number"
        number=$((number + 1))
    done
}

seeds_of_certificates() {
    local number=0 certificate authority key data=src/identity/testdata
    for certificate in "$data"/*.crt "$data"/v1.der "$data"/v1.p7b fixtures/quickstart/client.crt; do
        for key in "$data"/client.key "$data"/small.key; do
            for authority in "$data"/ca.crt "$data"/small-ca.crt; do
                { printf 0; cat "$certificate"; printf '%s' "$separator"; cat "$key"; printf '%s' "$separator"; cat "$authority"; } >"$1/$number"
                number=$((number + 1))
            done
        done
    done
    for key in "$data"/*.key; do
        { printf 0; cat "$data/v1.crt"; printf '%s' "$separator"; cat "$key"; printf '%s' "$separator"; cat "$data/ca.crt"; } >"$1/$number"
        number=$((number + 1))
    done
    # which of the good files, and one mutation of each
    for certificate in {0..23}; do
        for key in {0..8}; do
            for authority in 1 23; do
                # shellcheck disable=SC2059 # the format is made of the numbers
                printf "\\x$(printf %x $((128 + number % 128)))\\x$(printf %x "$certificate")\\x$(printf %x "$key")\\x$(printf %x "$authority")\\x00\\x00\\x04\\x00\\x30" >"$1/$number"
                number=$((number + 1))
            done
        done
    done
}

crt=$(b64 fixtures/quickstart/client.crt) key=$(b64 fixtures/quickstart/client.key) ca=$(b64 fixtures/quickstart/ca.crt)
good=$(b64 src/identity/testdata/v1.crt) good_key=$(b64 src/identity/testdata/client.key)

printf 'build\n'
cargo fuzz build -s none --target-dir "$work/build"
host=$(rustc -vV | sed -n 's/^host: //p')

failed=0
for target in "${targets[@]}"; do
    corpus=$work/corpus/$target seeds=$work/seeds/$target artifacts=$work/artifacts/$target
    rm -rf "$seeds"
    mkdir -p "$corpus" "$seeds" "$artifacts"
    if declare -F "seeds_of_$target" >/dev/null; then
        "seeds_of_$target" "$seeds"
    fi
    case $target in
        certificates) options=(-max_len=16384) ;;
        manifests) options=(-max_len=4096) ;;
        *) options=(-max_len=32768 -dict=fuzz/yaml.dict) ;;
    esac
    log=$work/$target.log
    status=0
    "$work/build/$host/release/$target" "$corpus" "$seeds" \
        -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -use_value_profile=1 -print_final_stats=1 \
        -artifact_prefix="$artifacts/" "${options[@]}" >"$log" 2>&1 || status=$?
    executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    reached=$(sed -nE 's/.* (cov: [0-9]+ ft: [0-9]+).*/\1/p' "$log" | tail -1)
    printf '%-14s %s executions in %s s, %s\n' "$target" "${executions:-no}" "$seconds" "${reached:-nothing reached}"
    if [ "$status" -ne 0 ]; then
        failed=1
        tail -n 60 "$log" >&2
        found=$(sed -nE 's/.*Test unit written to (.*)/\1/p' "$log" | tail -1)
        printf 'scripts/fuzz.sh: %s failed; the whole log is %s\n' "$target" "$log" >&2
        [ -z "$found" ] || printf '%s: cargo fuzz %s -s none --target-dir target/fuzz/build %s %s\n' \
            again run "$target" "$found" smaller tmin "$target" "$found" >&2
    fi
done
exit "$failed"
