#!/usr/bin/env python3
"""Lines that tests reach, for each part that must not be wrong; exits 1 where a part has fewer than 95 %.

Usage: coverage.py REPORT [-v]: the report is tarpaulin's JSON; -v lists the lines that no test reaches.
"""
import json
import sys
from pathlib import Path

LEAST = 95
PARTS = {
    "edit engine": ["src/edit.rs", "src/yaml/"],
    "plan": ["src/plan/"],
    "verify": ["src/verify.rs", "src/verify/"],
    "identity": ["src/identity/"],
}
ROOT = Path(__file__).resolve().parent.parent


def product_lines(path, traces):
    """Without the unit tests, which stand last in their file."""
    lines = path.read_text().splitlines()
    end = next((number for number, line in enumerate(lines, 1) if line == "#[cfg(test)]"), len(lines) + 1)
    return [trace for trace in traces if trace["line"] < end]


def main():
    report = json.loads(Path(sys.argv[1]).read_text())
    failed = False
    for part, places in PARTS.items():
        lines = reached = 0
        missed = []
        for file in report["files"]:
            path = Path(*file["path"])
            name = str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else ""
            if not name.startswith(tuple(places)) or "/tests/" in name or name.endswith("/tests.rs"):
                continue
            for trace in product_lines(path, file["traces"]):
                lines += 1
                hit = any(trace["stats"].values())
                reached += hit
                if not hit:
                    missed.append(f"{name}:{trace['line']}")
        if not lines:
            sys.exit(f"{part}: no line of it is in the report")
        percent = 100 * reached / lines
        failed |= percent < LEAST
        print(f"{part}: {percent:.1f} % ({reached} of {lines} lines)")
        if "-v" in sys.argv:
            print(*(f"  {line}" for line in missed), sep="\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
