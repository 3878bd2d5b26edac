"""drgn reads the ELF cores that `mmubench build` writes, and must find the same bytes.

For a fresh random scenario of each mode that drgn knows, and for scenarios named on the command
line: every run of physical memory must equal the raw image, nothing may stand between the runs, and
a virtual read through drgn's own page-table walk must give the bytes at the physical address that
the bench translates to, or fail where the bench finds nothing.
"""

import argparse
import collections
import json
import os
import random
import secrets
import subprocess
import sys
import tempfile

import drgn

CHUNK = 1 << 20
WORD = 8
SHOWN = 5
PROBES = 4000
PAGE = 4096

# Page tables from 0x30_0000 on; random bytes wherever else there is memory, so that a wrong address
# is a wrong answer. The last item of `map` leads outside of the memory.
FRESH = """\
mmubench: 1
scenario: {name}
title: Random pages over random bytes
source: fresh, seed {seed}
machine:
  mode: {mode}
  memory: [0..0x3f_ffff, 0x80_0000..0xbf_ffff]
  tables: {{ from: 0x30_0000, order: shuffled, seed: {number} }}
map:
  - va: {high}_8000_0000..{high}_803f_ffff
    to: {{ random: 0..0x2f_ffff, seed: {number} }}
  - va: {high}_4000_0000..{high}_407f_ffff
    to: {{ from: 0x80_0000 }}
    page: 2 MiB
  - va: 0x7f12_0000_0000..0x7f12_3fff_ffff
    to: 0
    page: 1 GiB
  - va: 0x7e00_0000_0000..0x7e00_007f_ffff
    to: {{ from: 0x80_0000, stride: 8 KiB }}
    every: 16 KiB
contents:
  - {{ pa: 0, random: {number}, size: 3 MiB }}
  - {{ pa: 0x80_0000, random: {number}, size: 4 MiB }}
golden: false
"""
HIGH_HALF = {"x86-64": "0xffff_8880", "la57": "0xff11_0000"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mmubench", required=True, help="the program to judge")
    parser.add_argument("--seed", default=secrets.token_hex(4), help="any text (default: random)")
    parser.add_argument("scenarios", nargs="*", help="further scenarios, of 4 or 5 levels")
    options = parser.parse_args()
    print(f"drgn_core: seed {options.seed}", flush=True)
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        scenarios = [fresh_scenario(folder, options.seed, mode) for mode in HIGH_HALF]
        for scenario in scenarios + options.scenarios:
            try:
                failures = Core(options.mmubench, scenario, folder, options.seed).compare()
            except subprocess.CalledProcessError as error:
                failures = [f"{' '.join(error.cmd)}\nended with {error.returncode}: {error.stderr}"]
            failed |= bool(failures)
            for failure in failures[:SHOWN]:
                print(f"DISAGREEMENT: {failure}")
    return 1 if failed else 0


def fresh_scenario(folder, seed, mode):
    """Writes a random scenario and returns its path."""
    name = f"drgn-{mode}"
    number = random.Random(f"{seed}:{mode}").getrandbits(32)
    path = os.path.join(folder, f"{name}.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(FRESH.format(name=name, seed=seed, mode=mode, number=number,
                                high=HIGH_HALF[mode]))  # fmt: skip
    return path


class Core:
    """One scenario as an ELF core that drgn opened, and as a raw image to compare it with."""

    def __init__(self, program, scenario, folder, seed):
        self.program = program
        self.name = os.path.basename(scenario).removesuffix(".yaml")
        self.random = random.Random(f"{seed}:{self.name}")
        self.path = os.path.join(folder, f"{self.name}.elf")
        raw = os.path.join(folder, f"{self.name}.raw")
        truth = os.path.join(folder, f"{self.name}.truth")
        self._bench("build", scenario, "--format", "elf", "--output", self.path)
        self._bench("build", scenario, "--format", "raw", "--output", raw, "--truth", truth)
        with open(truth, encoding="utf-8") as file:
            self.intended = [int(json.loads(line)["va"], 16) for line in file]
        self.mapped = self._ranges(self._bench("map", self.path, "--json", "--limit", str(PROBES)))
        self.runs = self._ranges(self._bench("info", self.path, "--json"), "runs")
        self.raw = open(raw, "rb")
        self.drgn = drgn.Program()
        self.drgn.set_core_dump(self.path)
        here = os.path.dirname(os.path.abspath(__file__))
        with open(os.path.join(here, "deviations.json"), encoding="utf-8") as file:
            self.deviations = json.load(file)["drgn"]

    def compare(self):
        """Compares physical and virtual reads, prints a summary and returns the failures."""
        failures = self._compare_physical()
        outcomes, folded = collections.Counter(), collections.Counter()
        for walk in self._walks():
            outcomes[walk["outcome"]] += 1
            failure = self._compare_virtual(walk)
            known = failure and self._deviation(walk)
            if known:
                folded[known] += 1
            elif failure:
                failures.append(failure)
        if self.intended and not outcomes["mapped"]:
            failures.append(f"{self.name}: no intended page is mapped, so nothing was compared")
        size = sum(end - start + 1 for start, end in self.runs)
        told = ", ".join(f"{name} {n}" for name, n in sorted(outcomes.items()))
        known = ", ".join(f"{name} {n}" for name, n in sorted(folded.items())) or "none"
        print(f"{self.name}: {size} physical bytes in {len(self.runs)} runs; virtual reads: {told};"
              f" known deviations: {known}; {len(failures)} disagreements", flush=True)  # fmt: skip
        return failures

    def _compare_physical(self):
        failures = []
        for start, end in self.runs:
            for address, count in self._chunks(start, end):
                if self._read(address, count, physical=True) != self._raw_bytes(address, count):
                    failures.append(f"{self.name}: physical {address:#x}, {count} bytes differ")
            inside = any(other <= end + 1 <= last for other, last in self.runs)
            if not inside and self._read(end + 1, 1, physical=True) is not None:
                failures.append(f"{self.name}: drgn finds a byte at {end + 1:#x}, after a run")
        return failures

    def _chunks(self, start, end):
        """Pieces of a run that hold data, and one of each of its sparse stretches."""
        address = start
        while address <= end:
            try:
                data = os.lseek(self.raw.fileno(), address, os.SEEK_DATA)
            except OSError:  # nothing but a hole up to the end of the file
                data = end + 1
            if data > address:
                yield address, min(CHUNK, data - address, end + 1 - address)
                address = data
            else:
                hole = min(os.lseek(self.raw.fileno(), address, os.SEEK_HOLE), end + 1)
                for piece in range(address, hole, CHUNK):
                    yield piece, min(CHUNK, hole - piece)
                address = hole

    def _compare_virtual(self, walk):
        """What is wrong with drgn's read at an address the bench walked, or None."""
        address = int(walk["va"], 16)
        got = self._read(address, WORD)
        readable = walk["outcome"] == "mapped" and walk.get("in_image", True)
        expected = self._raw_bytes(int(walk["pa"], 16), WORD) if readable else None
        if got == expected:
            return None
        shown = ["nothing" if one is None else one.hex() for one in (got, expected)]
        return (f"{self.name}: virtual {walk['va']}: drgn finds {shown[0]},"
                f" the bench {shown[1]} ({json.dumps(walk)})")  # fmt: skip

    def _walks(self):
        """The bench's walks of the core: of pages that are mapped or should be, of their
        neighbours, of anything."""
        pages = self.random.sample(self.intended, min(PROBES, len(self.intended)))
        pages += [self.random.randrange(start, end, PAGE) for start, end in self.mapped]
        probes = [va & -PAGE | self.random.randrange(0, PAGE, WORD) for va in pages]
        near = [va + self.random.choice((-PAGE, PAGE)) for va in probes[: PROBES // 4]]
        far = [self.random.getrandbits(64) & -WORD for _ in range(PROBES // 8)]
        addresses = [va % 2**64 for va in probes + near + far]
        answers = self._bench(
            "translate", self.path, "--json", input="".join(f"{va:#x}\n" for va in addresses)
        )
        return [json.loads(line) for line in answers.splitlines()]

    def _deviation(self, walk):
        """The known deviation that this walk comes under, if any."""
        largest = max(end - start + 1 for start, end in self.runs)
        facts = {
            "outcome": walk["outcome"],
            "below_segment_size": int(walk["va"], 16) < largest,
        }
        known = (one["id"] for one in self.deviations if one["when"].items() <= facts.items())
        return next(known, None)

    def _ranges(self, lines, key=None):
        """The (start, end) of each object, or of each object in `key` of the only one."""
        objects = [json.loads(line) for line in lines.splitlines()]
        objects = objects[0][key] if key else objects
        return [(int(one["start"], 16), int(one["end"], 16)) for one in objects]

    def _read(self, address, count, physical=False):
        try:
            return self.drgn.read(address, count, physical)
        except drgn.FaultError:
            return None

    def _raw_bytes(self, address, count):
        self.raw.seek(address)
        return self.raw.read(count)

    def _bench(self, *arguments, input=None):
        command = [self.program, *arguments]
        done = subprocess.run(command, input=input, capture_output=True, text=True, check=True)
        return done.stdout


if __name__ == "__main__":
    sys.exit(main())
