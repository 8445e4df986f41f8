#!/usr/bin/env bash
# Counts the instructions that the release binary takes for its main jobs, from process start to exit, and fails when
# one of them takes more than before: unlike seconds, they do not depend on what else the machine does.
#
# benches/instructions.txt holds what was counted: a line is a job and its count. They depend a little on the compiler,
# the C library and the processor's features, so 5 % more is allowed; a tenth less has to be written down.
#
# usage: scripts/instructions.sh [--update]       needs bash 5, valgrind; builds the release binary
set -euo pipefail
cd "$(dirname "$0")/.."

counts=benches/instructions.txt
cargo build --release --locked --quiet
ours=$(cargo metadata --format-version 1 --no-deps --offline | sed -E 's/.*"target_directory":"([^"]*)".*/\1/')/release/delegate-mtls
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

quickstart=fixtures/quickstart
manifest=$quickstart/harness-delegate.yaml
pair=(--cert $quickstart/client.crt --key $quickstart/client.key --ca $quickstart/ca.crt --at 2027-01-01T00:00:00Z
    --endpoint https://acme.harness.io:8443)
"$ours" inject -q "${pair[@]}" $manifest -o "$work/injected.yaml"
# two sizes of the same: the second must cost what it is larger
for copies in 100 400; do
    for ((copy = 0; copy < copies; copy++)); do
        sed "s/harbour-delegate/harbour-delegate-$copy/g" $manifest
        echo ---
    done | sed '$d' >"$work/$copies.yaml"
done
mkdir "$work/tree"
for ((file = 0; file < 1000; file++)); do
    printf 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings-%s\ndata:\n' "$file"
    for ((line = 0; line < 40; line++)); do printf '  key-%s: "some value of %s"\n' "$line" "$file"; done
done | split -l 45 -a 3 -d --additional-suffix=.yaml - "$work/tree/"

count() { # $1: what the job is called; the rest: the command
    local job=$1
    shift
    # one thread, since two take turns differently every time
    RAYON_NUM_THREADS=1 NO_COLOR=1 valgrind --tool=callgrind --callgrind-out-file=/dev/null \
        "$@" >"$work/out" 2>"$work/log" || [ $? -eq 1 ] || { cat "$work/log" >&2; exit 1; }
    printf '%s %s\n' "$job" "$(sed -nE 's/.*Collected : ([0-9]+).*/\1/p' "$work/log")"
}
{
    count start "$ours" --version
    count inject "$ours" inject -q "${pair[@]}" $manifest
    count inject-and-show "$ours" inject "${pair[@]}" $manifest
    count inject-again "$ours" inject "${pair[@]}" "$work/injected.yaml"
    count remove "$ours" remove -q --endpoint https://app.harness.io/gratis "$work/injected.yaml"
    count inject-100-delegates "$ours" inject -q "${pair[@]}" "$work/100.yaml"
    count inject-400-delegates "$ours" inject -q "${pair[@]}" "$work/400.yaml"
    count check "$ours" check --ca $quickstart/ca.crt --at 2027-01-01T00:00:00Z "$work/injected.yaml"
    count check-1000-other-files "$ours" check --allow-no-delegate "$work/tree"
} >"$work/counts"

if [ "${1:-}" = --update ]; then
    cp "$work/counts" $counts
    echo "wrote $counts"
    exit
fi
awk '
    NR == FNR { before[$1] = $2; next }
    {
        seen[$1] = 1
        ratio = before[$1] ? $2 / before[$1] : 0
        says = !before[$1] ? "is new: --update" : ratio > 1.05 ? "MORE than before" : ratio < 0.9 ? "less than before: --update" : ""
        if (says != "") bad = 1
        printf "%-24s %12.0f  %5.3f  %s\n", $1, $2, ratio, says
    }
    END {
        for (job in before) if (!(job in seen)) { print job " is counted no more: --update"; bad = 1 }
        exit bad
    }' $counts "$work/counts"
