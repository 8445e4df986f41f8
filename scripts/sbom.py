"""Takes out of an SBOM what is not in the release binary, and checks what is left: valid by the schema of the format, and
the packages that cargo builds, no more and no fewer.

cargo-cyclonedx goes by `cargo metadata`, which also names packages that only features that are off would need, such as ring.

Usage: sbom.py FILE TARGET
"""
import json
import subprocess
import sys
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator


def built(target):
    """Names and versions of what is linked into the binary, and of the procedural macros behind it."""
    command = ["cargo", "tree", "--locked", "--target", target, "-e", "normal", "--prefix", "none", "--format", "{p}"]
    output = subprocess.run(command, check=True, text=True, capture_output=True).stdout
    return {tuple(line.split()[:2]) for line in output.splitlines()}


def package(part):
    return part["name"], "v" + part["version"]


def without_unbuilt(sbom, packages):
    parts = [part for part in sbom["components"] if package(part) in packages]
    refs = {part["bom-ref"] for part in parts + [sbom["metadata"]["component"]]}
    needs = [
        need | {"dependsOn": [ref for ref in need.get("dependsOn", []) if ref in refs]}
        for need in sbom["dependencies"]
        if need["ref"] in refs
    ]
    return sbom | {"components": parts, "dependencies": needs}


def main():
    path, target = Path(sys.argv[1]), sys.argv[2]
    packages = built(target)
    sbom = without_unbuilt(json.loads(path.read_text()), packages)
    # its own references name the folder that it was made in
    text = json.dumps(sbom, indent=2).replace(f"file://{Path.cwd()}", "file:///source") + "\n"
    sbom = json.loads(text)
    path.write_text(text)

    error = JsonStrictValidator(SchemaVersion.V1_5).validate_str(text)
    if error is not None:
        return f"{path}: not valid CycloneDX 1.5: {str(error).splitlines()[0]}"
    missing = packages - {package(part) for part in sbom["components"] + [sbom["metadata"]["component"]]}
    if missing:
        return f"{path}: missing: {sorted(missing)}"
    bare = [
        part["name"]
        for part in sbom["components"]
        if not (part.get("hashes") and part.get("purl") and part.get("licenses"))
    ]
    if bare:
        return f"{path}: without hash, licence or package URL: {bare}"
    print(f"{path}: valid, {len(sbom['components'])} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
