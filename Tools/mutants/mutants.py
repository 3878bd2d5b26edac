#!/usr/bin/env python3
"""Changes the rules of the emulated MMU one at a time, and shows whether the tests notice.

A copy of the rooms below Paging and of their tests is built once, in which every rule of table.py has
all its changes beside it; an environment variable says which of them is in force. The tests of the
access cube and of Paging are then run once for each change. Exit 1 where one is not noticed.

  --only NAME    changes in files whose name contains NAME
  --every N      each N-th change
  --list         say what would be changed
  --check        only look whether the copy has all that it needs, and build nothing
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

import table

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = ["BitLayout", "CLZ4", "CLZMA", "CSnappy", "CXXHash", "CZlib", "CZstd", "DumpFormats", "Golden",
           "LinuxMemory", "Machine", "Paging", "PhysicalMemory", "WindowsMemory"]  # fmt: skip
TESTS = ["AccessCube", "AccessCubeTests", "PagingTests", "TestSupport"]
IMPORT = re.compile(r"^(?:\w+ )?import (\w+)", re.MULTILINE)
# What decides which change is in force: read once, by the process that the tests run in.
SWITCH = """import Glibc

@usableFromInline nonisolated(unsafe) let mutant: Int =
  getenv("MMUBENCH_MUTANT").flatMap { Int(String(cString: $0)) } ?? 0
"""
# The targets of Package.swift that are built here, and what they need.
MANIFEST = """// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6), .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"), .enableUpcomingFeature("MemberImportVisibility"),
]
func room(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}
func helper(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(
    name: name, dependencies: dependencies, path: "Tests/\\(name)", swiftSettings: settings)
}
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let hashTrees = Target.Dependency.product(name: "HashTreeCollections", package: "swift-collections")
let package = Package(
  name: "Mutants",
  dependencies: [.package(url: "https://github.com/apple/swift-collections", from: "1.6.0")],
  targets: [
    .systemLibrary(name: "CXXHash", pkgConfig: "libxxhash"),
    .systemLibrary(name: "CLZMA", pkgConfig: "liblzma"),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib"),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd"),
    .systemLibrary(name: "CSnappy", pkgConfig: "snappy"),
    .systemLibrary(name: "CLZ4", pkgConfig: "liblz4"),
    room("BitLayout"), room("PhysicalMemory", ["BitLayout", heap, hashTrees]),
    room("Paging", ["BitLayout", "PhysicalMemory"]),
    room("DumpFormats", ["PhysicalMemory", "CLZMA", "CZlib", "CZstd", "CSnappy", "CLZ4"]),
    room("WindowsMemory", ["BitLayout", "PhysicalMemory", "Paging"]),
    room("LinuxMemory", ["BitLayout", "PhysicalMemory", "Paging"]),
    room(
      "Machine",
      ["BitLayout", "PhysicalMemory", "Paging", "DumpFormats", "LinuxMemory", "WindowsMemory"]),
    room("Golden", ["CXXHash", "PhysicalMemory", "Paging", "Machine"]),
    helper("TestSupport", ["BitLayout", "Machine", "Paging", "PhysicalMemory"]),
    helper("AccessCube", ["Golden", "Paging", "PhysicalMemory"]),
    .testTarget(
      name: "AccessCubeTests", dependencies: ["AccessCube", "Paging"], swiftSettings: settings),
    .testTarget(
      name: "PagingTests", dependencies: ["Paging", "PhysicalMemory", "BitLayout", "TestSupport"],
      swiftSettings: settings),
  ])
"""


def main():
    options = arguments()
    changes = list(numbered())
    chosen = [c for c in changes if options.only in c[1]][:: options.every]
    if options.list:
        for number, file, old, new in chosen:
            print(f"{number:3}  {file}: {old}  ->  {new}")
        return 0
    if options.check:
        copied()
        return 0
    place = pathlib.Path(options.scratch).resolve() / "mutants"
    copy(place)
    program = build(place)
    unchanged = verdict(program, 0, options.timeout)
    if unchanged != "survived":
        print(f"the tests do not pass without a change: {unchanged}")
        return 1
    return report(chosen, program, options)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", default="", metavar="NAME")
    parser.add_argument("--every", type=int, default=1, metavar="N")
    parser.add_argument("--jobs", type=int, default=1, metavar="N")
    parser.add_argument("--timeout", type=int, default=600, metavar="SECONDS")
    parser.add_argument("--scratch", default=".build")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--check", action="store_true")
    return parser.parse_args()


def numbered():
    """(number, file, expression, what stands in its place), from 1."""
    number = 0
    for file, rules in table.MUTANTS:
        for _, old, news in rules:
            for new in news:
                number += 1
                yield number, file, old, new


def mutated(file, text, rules, first):
    """The text with all changes of its rules beside them, numbered from `first`."""
    spans, number = [], first
    for context, old, news in rules:
        if text.count(context) != 1 or context.count(old) != 1:
            sys.exit(f"table.py: {file} has {text.count(context)} times `{context}`; one is needed")
        start = text.index(context) + context.index(old)
        choice = "".join(f"mutant == {number + i} ? ({new}) : " for i, new in enumerate(news))
        spans.append((start, start + len(old), f"({choice}({old}))"))
        number += len(news)
    end = len(text)
    for start, stop, choice in sorted(spans, reverse=True):
        if stop > end:
            sys.exit(f"table.py: two rules of {file} overlap at `{text[start:stop]}`")
        text, end = text[:start] + choice + text[stop:], start
    return text


def copied():
    """The files of the copy, with all changes in them."""
    wanted = {"Package.swift": MANIFEST, "Sources/Paging/Mutant.swift": SWITCH}
    absent = {path.name for path in (ROOT / "Sources").iterdir()} - set(SOURCES)
    for folder in [f"Sources/{name}" for name in SOURCES] + [f"Tests/{name}" for name in TESTS]:
        for path in sorted((ROOT / folder).rglob("*")):
            if not path.is_file():
                continue
            text = path.read_text(encoding="utf-8")
            missing = absent.intersection(IMPORT.findall(text)) if path.suffix == ".swift" else None
            if not missing:
                wanted[str(path.relative_to(ROOT))] = text
            elif not folder.endswith("TestSupport"):
                # What tests have in common goes beyond these rooms, and those parts are not needed here.
                sys.exit(f"{path.relative_to(ROOT)} imports {', '.join(missing)}: SOURCES lacks it")
    first = 1
    for file, rules in table.MUTANTS:
        name = f"Sources/Paging/{file}"
        wanted[name] = mutated(file, wanted[name], rules, first)
        first += sum(len(news) for _, _, news in rules)
    return wanted


def copy(place):
    """Brings the copy up to date; what has not changed is left alone and not compiled again."""
    wanted = copied()
    for folder in ("Sources", "Tests"):
        for path in (place / folder).rglob("*") if (place / folder).exists() else []:
            if path.is_file() and str(path.relative_to(place)) not in wanted:
                path.unlink()
    for name, text in wanted.items():
        path = place / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    lock = ROOT / "Package.resolved"
    if lock.exists():
        shutil.copy(lock, place)


def build(place):
    """Compiles the copy; the program that runs the tests."""
    print(f"building the mutants in {place}", file=sys.stderr)
    command = ["swift", "build", "-c", "release", "--build-tests"]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = (done.stdout + done.stderr).splitlines()
        sys.exit("\n".join([line for line in lines if "error:" in line][:20] or lines[-20:]))
    return place / ".build/release/MutantsPackageTests.xctest"


def verdict(program, number, timeout):
    """`survived`, or which test noticed change `number`."""
    environment = os.environ | {"MMUBENCH_MUTANT": str(number)}
    command = [program, "--testing-library", "swift-testing"]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True,
                              timeout=timeout, check=False)  # fmt: skip
    except subprocess.TimeoutExpired:
        return "noticed: the tests do not end"
    if done.returncode == 0:
        return "survived"
    tests = {line.split("Test ", 1)[1].split("(")[0] for line in (done.stdout + done.stderr).splitlines()
             if "Test " in line and "recorded an issue" in line}  # fmt: skip
    return "noticed by " + (", ".join(sorted(tests)[:3]) if tests else f"status {done.returncode}")


def report(chosen, program, options):
    """Tries the changes and says what became of each."""
    start, survivors = time.monotonic(), []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        results = pool.map(lambda change: verdict(program, change[0], options.timeout), chosen)
        for (number, file, old, new), result in zip(chosen, results):
            equal = table.EQUIVALENT.get((file, old, new))
            if result == "survived" and equal:
                result = f"the same: {equal}"
            elif result == "survived":
                survivors.append(number)
            print(f"{number:3}  {file}: {old}  ->  {new}\n     {result}", flush=True)
    seconds = time.monotonic() - start
    same = sum((file, old, new) in table.EQUIVALENT for _, file, old, new in chosen)
    real = len(chosen) - same
    print(f"{real - len(survivors)} of {real} changes noticed, {same} change nothing, {seconds:.0f} s")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
