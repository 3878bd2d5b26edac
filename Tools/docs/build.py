#!/usr/bin/env python3
"""Builds the documentation of the libraries with DocC, from the modules of a release build.

    build.py SCRATCH OUTPUT    SCRATCH is the build folder; OUTPUT becomes a folder that a browser can be
                               pointed at through any web server

Exits 1 where a public symbol has no documentation, and where DocC warns: of a link that leads nowhere, of a
parameter that does not exist. Only the standard library of Python 3 is needed, and a Swift toolchain.
"""

import json
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SOURCES = ROOT / "Sources"


def libraries():
    """The library products, as Package.swift says."""
    package = json.loads(
        subprocess.run(["swift", "package", "dump-package"], cwd=ROOT, check=True, capture_output=True).stdout)
    return [product["name"] for product in package["products"] if "library" in product["type"]]


def module_maps(scratch):
    """The C modules that Swift modules import."""
    maps = list(SOURCES.glob("C*/module.modulemap"))
    maps += scratch.glob("checkouts/*/Sources/*/include/module.modulemap")
    maps += scratch.glob("checkouts/FlyingFox/*/include/module.modulemap")
    return [word for path in maps for word in ("-Xcc", f"-fmodule-map-file={path}")]


def extract(module, scratch, folder):
    """Writes the symbol graphs of a module."""
    folder.mkdir()
    subprocess.run(
        ["swift-symbolgraph-extract", "-module-name", module, "-I", scratch / "release" / "Modules",
         *module_maps(scratch), "-target", f"{platform.machine()}-unknown-linux-gnu", "-output-dir", folder,
         "-minimum-access-level", "public", "-skip-synthesized-members"], check=True)


def undocumented(folder):
    """The public symbols of a module without documentation."""
    for graph in sorted(folder.glob("*.symbols.json")):
        for symbol in json.loads(graph.read_text())["symbols"]:
            if "docComment" not in symbol and "::SYNTHESIZED::" not in symbol["identifier"]["precise"]:
                yield ".".join(symbol["pathComponents"])


def convert(module, graphs, archive):
    """Makes the pages of a module; whether DocC had nothing to say."""
    catalog = SOURCES / module / f"{module}.docc"
    done = subprocess.run(
        ["docc", "convert", *([catalog] if catalog.exists() else []), "--additional-symbol-graph-dir", graphs,
         "--output-dir", archive, "--fallback-display-name", module, "--fallback-bundle-identifier",
         f"mmubench.{module}", "--warnings-as-errors"], capture_output=True, text=True)
    sys.stderr.write((done.stdout + done.stderr).lstrip())
    return done.returncode == 0


def main(scratch, output):
    bad = []
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        archives, count = [], 0
        for module in libraries():
            graphs = work / f"{module}.graphs"
            extract(module, scratch, graphs)
            for symbol in undocumented(graphs):
                bad.append(f"{module}: {symbol} has no documentation")
            archive = work / f"{module}.doccarchive"
            if not convert(module, graphs, archive):
                bad.append(f"{module}: DocC has warnings")
            archives.append(archive)
            count += sum(len(json.loads(graph.read_text())["symbols"]) for graph in graphs.glob("*.symbols.json"))
        if not bad:
            shutil.rmtree(output, ignore_errors=True)
            subprocess.run(
                ["docc", "merge", *archives, "--output-path", output, "--synthesized-landing-page-name", "MMUBench"],
                check=True)
            print(f"docs: {count} public symbols of {len(archives)} libraries in {output}")
    for line in bad:
        print(f"docs: {line}", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()))
