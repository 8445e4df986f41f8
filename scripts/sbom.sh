#!/usr/bin/env bash
# Writes target/sbom/delegate-mtls.cdx.json: the parts of the release binary as CycloneDX. Checks it against the schema of
# the format and against `cargo tree`, and that a second run gives the same bytes.
set -euo pipefail
cd "$(dirname "$0")/.."

tools=$PWD/target/ci
export PATH=$tools/bin:$PATH
command -v cargo-cyclonedx >/dev/null || cargo install cargo-cyclonedx --locked --quiet --root "$tools"
validator=$tools/sbom-venv
if [ ! -x "$validator/bin/python" ]; then
    python3 -m venv "$validator"
    "$validator/bin/pip" install --quiet --disable-pip-version-check 'cyclonedx-python-lib[json-validation]'
fi

export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
target=x86_64-unknown-linux-gnu
sbom=target/sbom/delegate-mtls.cdx.json
mkdir -p target/sbom

# cargo-cyclonedx writes beside Cargo.toml only
make() {
    cargo cyclonedx --quiet --format json --spec-version 1.5 --target "$target" --no-build-deps \
        --override-filename delegate-mtls.cdx
    mv delegate-mtls.cdx.json "$1"
}

make "$sbom"
make target/sbom/again.cdx.json
cmp "$sbom" target/sbom/again.cdx.json
rm target/sbom/again.cdx.json

"$validator/bin/python" scripts/sbom.py "$sbom" "$target"
