#!/usr/bin/env bash
# How long the whole process takes beside what people use today, on one manifest, in one run:
#   delegate-mtls inject                       judges the pair, edits, verifies
#   kubectl kustomize                          the same changes as JSON patches and a secretGenerator
#   kubectl set env --local                    the variables only, no Secret, no volumes, no upgrader
#   ruamel.yaml                                reads and writes the manifest, and changes nothing
# The time of a Rust program that does nothing is taken off on all sides. Prints a Markdown table.
#
# usage: benches/compare.sh [MANIFEST] [RUNS]       needs bash 5, openssl, kubectl, python3; builds the release binary;
#                                                   ruamel.yaml comes into target/ci/ruamel
set -euo pipefail
cd "$(dirname "$0")/.."

manifest=$(realpath "${1:-fixtures/quickstart/harness-delegate.yaml}")
runs=${2:-50}
rounds=5
endpoint=https://acme.harness.io:8443

cargo build --release --locked --quiet
ours=$(cargo metadata --format-version 1 --no-deps --offline | sed -E 's/.*"target_directory":"([^"]*)".*/\1/')/release/delegate-mtls
kubectl=$(command -v kubectl)
ruamel=$PWD/target/ci/ruamel
[ -d "$ruamel/ruamel" ] || python3 -m pip install --quiet --disable-pip-version-check --target "$ruamel" ruamel.yaml >&2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export KUBECONFIG=/dev/null NO_COLOR=1

# A pair as the documentation makes it.
(
    cd "$work"
    printf '[req]\ndistinguished_name = dn\n[dn]\n[v3_req]\n' >client.cnf
    openssl req -x509 -sha256 -nodes -days 9999 -newkey rsa:2048 -subj /CN=CA -keyout ca.key -out ca.crt
    openssl req -new -nodes -newkey rsa:2048 -subj /CN=Client -keyout client.key -out client.csr
    openssl x509 -req -sha256 -days 9999 -in client.csr -CA ca.crt -CAkey ca.key -set_serial 1 \
        -extfile client.cnf -extensions v3_req -out client.crt
) 2>"$work/openssl.log" || { cat "$work/openssl.log" >&2; exit 1; }

# What kustomize has to be told: places in lists are numbers there. kubectl reads them out of the manifest.
read_out() { kubectl annotate --local -f "$manifest" x=y -o go-template="$1"; }
name=$(read_out '{{if eq .kind "Deployment"}}{{.metadata.name}}{{end}}')
namespace=$(read_out '{{if eq .kind "Deployment"}}{{.metadata.namespace}}{{end}}')
# shellcheck disable=SC2016 # these are the template's variables
env=$(read_out '{{if eq .kind "Deployment"}}{{range $i, $e := (index .spec.template.spec.containers 0).env}}{{$i}} {{$e.name}} {{$e.value}}{{"\n"}}{{end}}{{end}}')
base=$(awk '$2 == "MANAGER_HOST_AND_PORT" { print $3 }' <<<"$env")
upgrader=$(read_out '{{if eq .kind "ConfigMap"}}{{.metadata.name}}{{end}}')
config=$(read_out '{{if eq .kind "ConfigMap"}}{{index .data "config.yaml"}}{{end}}')
[ -n "$name" ] && [ -n "$base" ] || { echo "$manifest: has no Deployment with MANAGER_HOST_AND_PORT" >&2; exit 1; }

pod_patch() { # $1: path of the pod's spec; the lists are new
    printf '      - {op: add, path: %s/containers/0/volumeMounts, value: [{name: client-certificate, mountPath: /etc/mtls, readOnly: true}]}\n' "$1"
    printf '      - {op: add, path: %s/volumes/-, value: {name: client-certificate, secret: {secretName: %s-client-certificate}}}\n' "$1" "$name"
}
{
    cp "$manifest" "$work/manifest.yaml"
    printf 'resources: [manifest.yaml]\n'
    printf 'generatorOptions: {disableNameSuffixHash: true}\n'
    printf 'secretGenerator:\n  - {name: %s-client-certificate, namespace: %s, files: [client.crt, client.key]}\n' "$name" "$namespace"
    printf 'patches:\n  - target: {kind: Deployment, name: %s}\n    patch: |\n' "$name"
    # `$base` as itself or with a path below it moves
    awk -v base="$base" -v to="$endpoint" '$3 == base || index($3, base "/") == 1 {
        printf "      - {op: replace, path: /spec/template/spec/containers/0/env/%d/value, value: \"%s%s\"}\n",
            $1, to, substr($3, length(base) + 1) }' <<<"$env"
    for variable in DELEGATE_CLIENT_CERTIFICATE_PATH=/etc/mtls/client.crt \
        DELEGATE_CLIENT_CERTIFICATE_KEY_PATH=/etc/mtls/client.key GRPC_AUTHORITY_MODIFICATION_DISABLED=true; do
        printf '      - {op: add, path: /spec/template/spec/containers/0/env/-, value: {name: %s, value: "%s"}}\n' \
            "${variable%%=*}" "${variable#*=}"
    done
    pod_patch /spec/template/spec | sed 's#volumes/-, value: \(.*\)}$#volumes, value: [\1]}#'
    if [ -n "$upgrader" ]; then
        printf '  - target: {kind: CronJob}\n    patch: |\n'
        pod_patch /spec/jobTemplate/spec/template/spec | sed 's#volumeMounts, value: \[\(.*\)\]}$#volumeMounts/-, value: \1}#'
        printf '  - target: {kind: ConfigMap, name: %s}\n    patch: |\n' "$upgrader"
        printf '      - op: replace\n        path: /data/config.yaml\n        value: |\n'
        sed -e "s#managerHost: $base#managerHost: $endpoint#" \
            -e $'s#^delegateConfig:#clientCertificateFilePath: /etc/mtls/client.crt\\\nclientCertificateKeyFilePath: /etc/mtls/client.key\\\n&#' \
            <<<"$config" | sed 's/^/          /'
    fi
} >"$work/kustomization.yaml"

echo 'fn main() {}' >"$work/empty.rs"
rustc -O -C strip=symbols -o "$work/empty" "$work/empty.rs"
cat >"$work/roundtrip.py" <<'PYTHON'
import sys
from ruamel.yaml import YAML

yaml = YAML()
yaml.preserve_quotes = True
with open(sys.argv[1]) as manifest:
    yaml.dump_all(list(yaml.load_all(manifest)), sys.stdout)
PYTHON

do_empty() { "$work/empty"; }
do_ruamel() { PYTHONPATH=$ruamel python3 "$work/roundtrip.py" "$manifest"; }
do_inject() {
    "$ours" inject -q --cert "$work/client.crt" --key "$work/client.key" --ca "$work/ca.crt" --endpoint "$endpoint" "$manifest"
}
do_kustomize() { "$kubectl" kustomize "$work"; }
# ends with 1, because not every resource has a pod template; it prints those that have
do_set_env() {
    "$kubectl" set env --local -o yaml -f "$manifest" MANAGER_HOST_AND_PORT="$endpoint" \
        DELEGATE_CLIENT_CERTIFICATE_PATH=/etc/mtls/client.crt DELEGATE_CLIENT_CERTIFICATE_KEY_PATH=/etc/mtls/client.key \
        GRPC_AUTHORITY_MODIFICATION_DISABLED=true 2>"$work/set-env.log" || true
}

# Only equals are compared: both must give the same resources, all on the endpoint.
do_inject >"$work/ours.out"
do_kustomize >"$work/kustomize.out"
resources() { kubectl annotate --local -f "$1" x=y -o name | sort; }
diff <(resources "$work/ours.out") <(resources "$work/kustomize.out") >&2 || { echo "the two results differ" >&2; exit 1; }
for result in ours kustomize; do
    [ "$(grep -c "$endpoint" "$work/$result.out")" -ge 1 ] || { echo "$result: no endpoint in the result" >&2; exit 1; }
done
[ "$(grep -c "$endpoint" "$work/ours.out")" -eq "$(grep -c "$endpoint" "$work/kustomize.out")" ] ||
    { echo "the two results name the endpoint a different number of times" >&2; exit 1; }

# Microseconds per run, one line a round.
measure() {
    local start=${EPOCHREALTIME/./} run
    for ((run = 0; run < runs; run++)); do "do_$1" >"$work/out"; done
    echo $(((${EPOCHREALTIME/./} - start) / runs)) >>"$work/$1.times"
}
for ((round = 0; round < rounds; round++)); do
    # in turn, so that a busy moment of the machine hits all of them
    for one in empty inject kustomize set_env ruamel; do measure "$one"; done
done
median() { sort -n "$work/$1.times" | sed -n "$((rounds / 2 + 1))p"; }

echo "Median of $rounds rounds of $runs runs, $("$kubectl" version --client | sed -n 's/Client Version: /kubectl /p'), ruamel.yaml $(PYTHONPATH=$ruamel python3 -c 'import ruamel.yaml; print(ruamel.yaml.__version__)'), $(nproc) cores; $(median empty) µs of an empty program taken off."
echo
awk -v none="$(median empty)" -v inject="$(median inject)" -v kustomize="$(median kustomize)" -v set_env="$(median set_env)" \
    -v ruamel="$(median ruamel)" '
    function row(name, time) { printf "| %s | %.2f | %.1f |\n", name, (time - none) / 1000, (time - none) / (inject - none) }
    BEGIN {
        print "| command | ms | times ours |"
        print "| --- | ---: | ---: |"
        row("`delegate-mtls inject`", inject)
        row("`kubectl kustomize`, the same changes", kustomize)
        row("`kubectl set env --local`, the variables only", set_env)
        row("`ruamel.yaml`, read and write alone", ruamel)
    }'
