#!/usr/bin/env python3
"""Writes Scenarios/windows/cases/*.yaml from the two tables of cases there.

    generate.py            writes the files
    generate.py --check    exits 1 when a file is not what the tables say

windbg-cases.json is what debuggers printed and people published; windows-real-ptes.json is what five
crash dumps hold of their page tables. A word of a table that was not published is made up here: it
leads to where the next word that was published is. Such words are marked as chosen, and nothing that
is expected depends on them but the way to the next entry. Only Python's standard library is needed.
"""

import pathlib
import sys

import published
import real
import scenario

CASES = pathlib.Path(__file__).resolve().parents[2] / "Scenarios" / "windows" / "cases"


def main():
    files = dict(published.scenarios(CASES / "windbg-cases.json"))
    files.update(real.scenarios(CASES / "windows-real-ptes.json"))
    stale = [p for p in sorted(CASES.glob("*.yaml")) if p.stem not in files]
    changed = [
        name
        for name, text in files.items()
        if not (path := CASES / f"{name}.yaml").exists() or path.read_text() != text
    ]
    if "--check" in sys.argv[1:]:
        for name in changed + [p.stem for p in stale]:
            print(f"{name}.yaml is not what the tables say")
        sys.exit(1 if changed or stale else 0)
    for path in stale:
        path.unlink()
    for name in changed:
        (CASES / f"{name}.yaml").write_text(files[name])
    print(f"{len(files)} scenarios, {len(changed)} changed; {scenario.counted()}")


if __name__ == "__main__":
    main()
