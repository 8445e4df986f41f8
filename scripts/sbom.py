"""Checks an SBOM: valid by the schema of its format, and the packages of the release binary, no more and no fewer.

Usage: sbom.py FILE TARGET
"""
import json
import subprocess
import sys
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator


def packages(target):
    """What `cargo tree` says is compiled into the binary or runs as a procedural macro: names and versions."""
    command = ["cargo", "tree", "--locked", "--target", target, "-e", "normal", "--prefix", "none", "--format", "{p}"]
    output = subprocess.run(command, check=True, text=True, capture_output=True).stdout
    return {tuple(line.split()[:2]) for line in output.splitlines()}


def main():
    path, target = sys.argv[1:]
    text = Path(path).read_text()
    error = JsonStrictValidator(SchemaVersion.V1_5).validate_str(text)
    if error is not None:
        return f"{path}: not valid CycloneDX 1.5: {str(error).splitlines()[0]}"
    sbom = json.loads(text)
    listed = {(part["name"], "v" + part["version"]) for part in sbom["components"] + [sbom["metadata"]["component"]]}
    there = packages(target)
    if listed != there:
        return f"{path}: too many: {sorted(listed - there)}, missing: {sorted(there - listed)}"
    without = [part["name"] for part in sbom["components"] if not (part.get("hashes") and part.get("purl") and part.get("licenses"))]
    if without:
        return f"{path}: without hash, licence or package URL: {without}"
    print(f"{path}: valid, {len(sbom['components'])} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
