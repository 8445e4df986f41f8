#!/usr/bin/env bash
# A storm of kills: `inject -i` and `remove -i` over 200 files, ended at random moments by SIGKILL, SIGTERM and SIGINT. After
# each, every file must be the old one or the new one, and what is left besides must be a temporary file of ours that neither
# `*.yaml`, `check` nor kubectl takes for a manifest. At the end, runs that nobody disturbs must do the whole work.
#
# usage: scripts/faults.sh [KILLS [SEED]]        default: 600 kills; the seed makes the moments repeatable, as far as the
#                                                machine is; builds the release binary
set -euo pipefail
cd "$(dirname "$0")/.."

kills=${1:-600}
RANDOM=${2:-1}
files=200
cargo build --release --locked --quiet
ours=$(cargo metadata --format-version 1 --no-deps --offline | sed -E 's/.*"target_directory":"([^"]*)".*/\1/')/release/delegate-mtls
quickstart=$PWD/fixtures/quickstart
plain=$PWD/fixtures/inject/no-upgrader/input.yaml
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { printf 'scripts/faults.sh: %s\n' "$*" >&2; exit 1; }

pair=(--cert "$quickstart/client.crt" --key "$quickstart/client.key" --ca "$quickstart/ca.crt" --at 2027-01-01T00:00:00Z)
inject=("$ours" inject -q "${pair[@]}" --endpoint https://acme.harness.io:8443)
remove=("$ours" remove -q --endpoint https://app.harness.io)
"${inject[@]}" "$plain" >"$work/injected" 2>/dev/null
"${remove[@]}" "$work/injected" >"$work/plain"
cmp "$work/plain" "$plain"
read -r old _ < <(sha256sum "$work/plain")
read -r new _ < <(sha256sum "$work/injected")

mkdir "$work/all"
names=()
for ((number = 0; number < files; number++)); do
    names+=("$(printf '%s/all/%03d.yaml' "$work" "$number")")
done
reset() { tee "${names[@]}" <"$1" >/dev/null; }

# How many files are old and how many new; fails where one is neither.
count() {
    local sums
    sums=$(sha256sum "$work"/all/*.yaml | cut -d' ' -f1 | sort | uniq -c)
    is_old=$(awk -v sum="$old" '$2 == sum { print $1 }' <<<"$sums")
    is_new=$(awk -v sum="$new" '$2 == sum { print $1 }' <<<"$sums")
    is_old=${is_old:-0} is_new=${is_new:-0}
    [ $((is_old + is_new)) -eq "$files" ] || fail "$((files - is_old - is_new)) files are neither old nor new"
}

declare -A before=([KILL]=0 [TERM]=0 [INT]=0) between=([KILL]=0 [TERM]=0 [INT]=0) after=([KILL]=0 [TERM]=0 [INT]=0)
signals=(KILL TERM INT)
most=0 left=0
# how long a run takes, in microseconds
reset "$plain"
began=${EPOCHREALTIME/[.,]/}
"${inject[@]}" -i "${names[@]}" 2>/dev/null
whole=$((${EPOCHREALTIME/[.,]/} - began))

for ((round = 0; round < kills; round++)); do
    signal=${signals[round % 3]}
    if ((round % 2)); then command=("${remove[@]}") from=$work/injected; else command=("${inject[@]}") from=$work/plain; fi
    reset "$from"
    # a background command of a script ignores SIGINT unless it is told not to
    env --default-signal=INT "${command[@]}" -i "${names[@]}" 2>/dev/null &
    child=$!
    moment=$((RANDOM * 32768 + RANDOM))
    # every other pair of rounds at its end, where the renames are
    if ((round / 2 % 2)); then ((moment = whole * 8 / 10 + moment % (whole * 3 / 10))); else ((moment %= whole * 11 / 10)); fi
    sleep "$((moment / 1000000)).$(printf '%06d' $((moment % 1000000)))"
    kill -s "$signal" "$child" 2>/dev/null || true
    wait "$child" 2>/dev/null || true
    count
    if ((round % 2)); then done_=$is_old; else done_=$is_new; fi
    case $done_ in
        0) ((++before[$signal])) ;;
        "$files") ((++after[$signal])) ;;
        *) ((++between[$signal])) ;;
    esac
    earlier=$left
    left=$(find "$work/all" -type f ! -name '*.yaml' | wc -l)
    known=$(find "$work/all" -type f -name '.delegate-mtls-*.tmp' | wc -l)
    [ "$left" -eq "$known" ] || fail "there are files beside the manifests and our temporary ones"
    if ((left - earlier > most)); then most=$((left - earlier)); fi
    # those of the last rounds stay for the end
    if ((round < kills - 10)); then
        find "$work/all" -name '.delegate-mtls-*.tmp' -delete
        left=0
    fi
done

reset "$plain"
"${inject[@]}" -i "${names[@]}" 2>/dev/null
count
[ "$is_new" -eq "$files" ] || fail "a run after the storm does not end the work"
"$ours" check --ca "$quickstart/ca.crt" --at 2027-01-01T00:00:00Z "$work/all" | grep -q "^strict-ready: .* of $files$" ||
    fail "check takes other files than the $files manifests"
if command -v kubectl >/dev/null; then
    resources=$(kubectl annotate --local -f "$work/all" x=y -o name | wc -l)
    [ "$resources" -eq $((files * $(grep -c '^kind:' "$work/injected"))) ] || fail "kubectl takes other files than the $files manifests"
fi
"${remove[@]}" -i "${names[@]}" 2>/dev/null
count
[ "$is_old" -eq "$files" ] || fail "a run after the storm does not take it back"

printf '| signal | before the first rename | between | after the last |\n| --- | ---: | ---: | ---: |\n'
for signal in "${signals[@]}"; do
    printf '| SIG%s | %d | %d | %d |\n' "$signal" "${before[$signal]}" "${between[$signal]}" "${after[$signal]}"
done
printf '\n%d kills of a run of %d ms over %d files; at most %d temporary files were left by one.\n' \
    "$kills" $((whole / 1000)) "$files" "$most"
