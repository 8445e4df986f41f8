#!/usr/bin/env python3
"""Holds the table and the numbers of docs/supply-chain.md against what cargo builds, and our code to its ban on unsafe.

Prints the lines that the document should have, and exits 1 where it has others.
"""
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs/supply-chain.md"
TARGET = "x86_64-unknown-linux-gnu"
OURS = "delegate-mtls"
FORBID = "#![forbid(unsafe_code)]"


def tree(edges):
    """The packages of the release binary for Linux, each with its licence, and who needs whom."""
    command = ["cargo", "tree", "--locked", "--target", TARGET, "-e", edges]
    command += ["--prefix", "depth", "--no-dedupe", "--format", "|{p}|{l}"]
    output = subprocess.run(command, cwd=ROOT, check=True, text=True, capture_output=True).stdout
    licences, needs, path = {}, {}, []
    for line in output.splitlines():
        depth, package, licence = line.split("|")
        # a path or `(proc-macro)` may follow the version
        package = tuple(package.split()[:2])
        del path[int(depth):]
        if path:
            needs[path[-1]].add(package)
        path.append(package)
        needs.setdefault(package, set())
        licences[package] = licence
    return licences, needs


def reached(needs, start, without=None):
    """All packages that `start` needs, itself too, when `without` is not there."""
    found, todo = set(), [start]
    while todo:
        package = todo.pop()
        if package != without and package not in found:
            found.add(package)
            todo += needs[package]
    return found


def problems():
    text = DOCUMENT.read_text()
    licences, needs = tree("normal")
    linked, _ = tree("normal,no-proc-macro")
    root = next(package for package in licences if package[0] == OURS)

    said = re.findall(r"^\*\*(\d+) packages\*\* .* \*\*(\d+)\*\* ", text, re.M)
    there = (str(len(linked) - 1), str(len(licences) - len(linked)))
    if said != [there]:
        yield f"**{there[0]} packages** … **{there[1]}** …: the document says {said}"

    rows = {}
    for row in re.findall(r"^\| `.*\|$", text, re.M):
        name, reason, *facts = [cell.strip() for cell in row.strip("|").split("|")]
        rows[name.strip("`")] = (reason, facts)
    for package in sorted(needs[root]):
        name = package[0]
        alone = len(licences) - len(reached(needs, root, without=package)) - 1
        facts = [licences[package], str(alone)]
        reason, written = rows.pop(name, ("", None))
        if written != facts or not reason:
            yield f"| `{name}` | {reason or 'REASON'} | {' | '.join(facts)} |: the document says {written}"
    for name in rows:
        yield f"`{name}` is in the table, and no dependency"

    if not re.search(r'^\[lints\.rust\]\nunsafe_code = "forbid"$', (ROOT / "Cargo.toml").read_text(), re.M):
        yield "Cargo.toml does not forbid unsafe code"
    for file in ["src/lib.rs", "src/main.rs"]:
        if FORBID not in (ROOT / file).read_text().splitlines():
            yield f"{file} does not say {FORBID}"


def main():
    found = list(problems())
    for problem in found:
        print(problem)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
