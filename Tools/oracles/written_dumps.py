"""Other programs open what `mmubench build` writes, and must find the same bytes and translations.

For a fresh random scenario of each mode, in each format: leechcore, Volatility 3 and libkdumpfile
read physical memory, at random places in and around the runs; Volatility 3 and MemProcFS also
translate; crash says the release of the kernel. What a program cannot read is not asked of it; what it
reads otherwise is known or new.

With --real DUMP, a whole dump of Linux (`Tools/dev capture` writes one): makedumpfile writes what we wrote
anew, in each compression, split and flattened, and each of its files must have the digest of the dump. What we write
as kdump is for that of the memory that makedumpfile itself keeps: of more it reads the wrong bitmap (MD1).
"""

import argparse
import ctypes
import ctypes.util
import json
import os
import random
import secrets
import shutil
import subprocess
import sys
import tempfile

PAGE = 4096
WORD = 8
PROBES = 1500
SHOWN = 5
# Volatility 3 never ends where a block of AVML does not get smaller by its compression, so that none
# of 16 MiB is all random.
# leechcore opens no file below 16 MiB, and MemProcFS none below 17 MiB.
FRESH = """\
mmubench: 1
scenario: written-{mode}
title: Random pages over random bytes
source: fresh, seed {seed}
machine:
  mode: {mode}
  memory: [0x1000..0x17f_ffff, 0x200_0000..0x23f_ffff]
  tables: {{ from: 0x30_0000, order: shuffled, seed: {number} }}
map:
  - va: {va:#x}..{end:#x}
    to: {{ random: 0x1000..0x2f_ffff, seed: {number} }}
  - va: {large:#x}..{large_end:#x}
    to: {{ from: 0x40_0000 }}
    page: {page}
contents:
  - {{ pa: 0x1000, random: {number}, size: 2 MiB }}
  - {{ pa: 0x40_0000, random: {number}, size: 12 MiB }}
  - {{ pa: 0x200_0000, random: {number}, size: 2 MiB }}
golden: false
"""
MODES = {
    "x86-64": ("raw", "elf", "lime", "avml", "kdump", "dmp", "dmp-bitmap"),
    "pae": ("raw", "elf32", "lime", "dmp32"),
    "x86": ("raw", "elf32", "lime", "dmp32"),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mmubench", required=True, help="the program to judge")
    parser.add_argument("--seed", default=secrets.token_hex(4), help="any text (default: random)")
    parser.add_argument("--real", help="a whole dump of Linux, for makedumpfile")
    options = parser.parse_args()
    if options.real:
        with tempfile.TemporaryDirectory() as folder:
            return rewritten(options.mmubench, options.real, folder)
    print(f"written_dumps: seed {options.seed}", flush=True)
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "deviations.json"), encoding="utf-8") as file:
        deviations = json.load(file)["written_dumps"]
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        for mode, formats in MODES.items():
            image = Image(options.mmubench, folder, mode, options.seed)
            for name in formats:
                failures = image.compare(name, deviations)
                failed |= bool(failures)
                for failure in failures[:SHOWN]:
                    print(f"DISAGREEMENT: {failure}")
    return 1 if failed else 0


class Image:
    """One scenario, as a raw image to compare with and as whatever a peer opens."""

    def __init__(self, program, folder, mode, seed):
        self.program, self.folder, self.mode = program, folder, mode
        self.random = random.Random(f"{seed}:{mode}")
        self.scenario = os.path.join(folder, f"written-{mode}.yaml")
        wide = mode == "x86-64"
        va = 0xFFFF_8880_8000_0000 if wide else 0x8000_0000
        large = 0x7F12_0000_0000 if wide else 0x4000_0000
        with open(self.scenario, "w", encoding="utf-8") as file:
            file.write(FRESH.format(
                mode=mode, seed=seed, number=self.random.getrandbits(32), va=va,
                end=va + 0x3F_FFFF, large=large, large_end=large + 0x7F_FFFF,
                page="4 MiB" if mode == "x86" else "2 MiB"))  # fmt: skip
        raw = os.path.join(folder, "reference.raw")
        bench(program, "build", self.scenario, "--format", "raw", "--output", raw, "--force")
        with open(raw, "rb") as file:
            self.raw = file.read()
        info = json.loads(bench(program, "info", self.scenario, "--json"))
        self.runs = [(int(one["start"], 16), int(one["end"], 16)) for one in info["runs"]]
        self.root = int(info["roots"][0]["root"], 16)
        self.walks = self._walks([va, large])

    def _walks(self, starts):
        """The bench's own answers, at pages that are mapped, near them, and anywhere."""
        top = 2**48 if self.mode == "x86-64" else 2**32
        addresses = [start + self.random.randrange(0, 0x90_0000) & -WORD for start in starts
                     for _ in range(PROBES)]  # fmt: skip
        addresses += [self.random.randrange(0, top // 2) & -WORD for _ in range(PROBES // 10)]
        lines = "".join(f"{va:#x}\n" for va in addresses)
        answers = bench(self.program, "translate", self.scenario, "--json", text=lines)
        return [json.loads(line) for line in answers.splitlines()]

    def compare(self, name, deviations):
        """Writes the image in one format, asks every peer, and returns what they found otherwise."""
        path = os.path.join(self.folder, f"image.{name}")
        bench(self.program, "build", self.scenario, "--format", name, "--output", path, "--force")
        failures = []
        for peer in PEERS:
            if name not in peer.formats:
                continue
            label = f"{peer.name}, {self.mode}, {name}"
            known = next((one for one in deviations if one["peer"] == peer.name
                          and name in one["formats"]), None)  # fmt: skip
            if known:
                print(f"{label}: not compared, {known['id']}: {known['what']}", flush=True)
                continue
            reader = None
            try:
                reader = peer(path, self)
                read = self._compare_bytes(label, reader, failures)
                walked = self._compare_walks(label, reader, failures)
                print(f"{label}: {read} reads, {walked} translations", flush=True)
            except Missing as reason:
                print(f"{label}: skipped, {reason}", flush=True)
            except Exception as error:  # what a peer throws is its own affair
                failures.append(f"{label}: {type(error).__name__}: {error}")
            finally:
                if reader:
                    reader.close()
        if self.mode == "x86-64" and name in ("elf", "kdump"):
            failures += released(path, "mmubench", f"crash, {self.mode}, {name}")
        os.remove(path)
        return failures

    def _compare_bytes(self, label, reader, failures):
        edges = [edge for start, end in self.runs for edge in (start, end + 1 - PAGE)]
        addresses = edges + [self.random.randrange(start, end - PAGE) & -PAGE
                             for start, end in self.runs for _ in range(PROBES // 2)]  # fmt: skip
        for address in addresses:
            if reader.read(address, PAGE) != self.raw[address : address + PAGE]:
                failures.append(f"{label}: the page at {address:#x} differs")
        return len(addresses)

    def _compare_walks(self, label, reader, failures):
        if not hasattr(reader, "translate"):
            return 0
        for walk in self.walks:
            expected = int(walk["pa"], 16) if walk["outcome"] == "mapped" else None
            found = reader.translate(int(walk["va"], 16))
            if found != expected:
                failures.append(f"{label}: {walk['va']}: it finds {found}, the bench {walk}")
        return len(self.walks)


class Missing(Exception):
    """A peer is not installed."""


class LeechCore:
    name = "leechcore"
    formats = ("raw", "elf", "elf32", "lime", "dmp", "dmp-bitmap", "dmp32")

    def __init__(self, path, image):
        try:
            import leechcorepyc
        except ImportError as error:
            raise Missing(error) from error
        self.core = leechcorepyc.LeechCore(path)

    def read(self, address, count):
        return self.core.read(address, count)

    def close(self):
        self.core.close()


class MemProcFS:
    name = "MemProcFS"
    formats = ("raw", "elf", "lime", "dmp", "dmp-bitmap")

    def __init__(self, path, image):
        if image.mode != "x86-64":
            raise Missing("it translates 4 levels only without a Windows")
        try:
            import memprocfs
        except ImportError as error:
            raise Missing(error) from error
        self.vmm = memprocfs.Vmm(
            ["-device", path, "-dtb", hex(image.root), "-disable-python", "-disable-symbolserver",
             "-debug-pte-quality-threshold", "100000"])  # fmt: skip
        self.process = self.vmm.process(1)

    def read(self, address, count):
        return self.vmm.memory.read(address, count)

    def translate(self, address):
        # 0 is its word for nothing, and page 0 is in no image here.
        try:
            return self.process.memory.virt2phys(address) or None
        except RuntimeError:
            return None

    def close(self):
        self.vmm.close()


class Volatility:
    name = "Volatility 3"
    formats = ("raw", "elf", "lime", "avml", "dmp", "dmp-bitmap", "dmp32")

    def __init__(self, path, image):
        try:
            from volatility3.framework import contexts, exceptions
            from volatility3.framework.layers import avml, crash, elf, intel, lime, physical
        except ImportError as error:
            raise Missing(error) from error
        self.exceptions = exceptions
        context = contexts.Context()
        context.config["file.location"] = "file://" + path
        context.layers.add_layer(physical.FileLayer(context, "file", "file"))
        stackers = {
            ".elf": elf.Elf64Stacker, ".lime": lime.LimeStacker, ".avml": avml.AVMLStacker,
            ".dmp": crash.WindowsCrashDumpStacker, ".dmp-bitmap": crash.WindowsCrashDumpStacker,
            ".dmp32": crash.WindowsCrashDumpStacker,
        }  # fmt: skip
        stacker = stackers.get(os.path.splitext(path)[1])
        self.physical = stacker.stack(context, "file") if stacker else context.layers["file"]
        if not self.physical:
            raise ValueError("it does not recognise the file")
        if self.physical.name not in context.layers:
            context.layers.add_layer(self.physical)
        layer = {"x86-64": intel.Intel32e, "pae": intel.IntelPAE, "x86": intel.Intel}[image.mode]
        context.config["table.memory_layer"] = self.physical.name
        context.config["table.page_map_offset"] = image.root
        self.virtual = layer(context, "table", "table")

    def read(self, address, count):
        return self.physical.read(address, count)

    def translate(self, address):
        try:
            return self.virtual.translate(address & self.virtual.maximum_address)[0]
        except self.exceptions.InvalidAddressException:
            return None

    def close(self):
        pass


class KdumpAttribute(ctypes.Structure):
    """`kdump_attr_t` with a number in it."""

    _fields_ = (("type", ctypes.c_int), ("number", ctypes.c_ulonglong))


class KdumpFile:
    name = "libkdumpfile"
    formats = ("elf", "elf32", "kdump")
    machine_physical = 1  # KDUMP_MACHPHYSADDR
    number = 2  # KDUMP_NUMBER

    def __init__(self, path, image):
        library = ctypes.util.find_library("kdumpfile")
        if not library:
            raise Missing("Debian's libkdumpfile10 is not installed")
        self.library = ctypes.CDLL(library)
        self.library.kdump_new.restype = ctypes.c_void_p
        self.library.kdump_get_err.restype = ctypes.c_char_p
        self.context = ctypes.c_void_p(self.library.kdump_new())
        self.file = os.open(path, os.O_RDONLY)
        attribute = KdumpAttribute(self.number, self.file)
        if self.library.kdump_set_attr(self.context, b"file.fd", ctypes.byref(attribute)):
            raise ValueError(self.library.kdump_get_err(self.context).decode())

    def read(self, address, count):
        buffer = ctypes.create_string_buffer(count)
        length = ctypes.c_size_t(count)
        status = self.library.kdump_read(
            self.context, ctypes.c_int(self.machine_physical), ctypes.c_ulonglong(address), buffer,
            ctypes.byref(length))  # fmt: skip
        return None if status else buffer.raw[: length.value]

    def close(self):
        self.library.kdump_free(self.context)
        os.close(self.file)


def released(path, expected, label):
    """What crash says of a dump without the kernel's symbols: the release in its VMCOREINFO."""
    if not shutil.which("crash"):
        print(f"{label}: skipped, Debian's crash is not installed", flush=True)
        return []
    done = subprocess.run(
        ["crash", "--osrelease", path], capture_output=True, text=True, check=False)  # fmt: skip
    if done.stdout.strip() != expected:
        return [f"{label}: the release is {done.stdout.strip()!r}, not {expected!r}"]
    print(f"{label}: the release", flush=True)
    return []


def digests(program, path):
    """Of each root what it translates."""
    lines = bench(program, "digest", path, "--json").splitlines()
    return sorted((one["root"], one["digest"]) for one in map(json.loads, lines))


def makedumpfile(options, dump, files, pipe=None):
    """Lets makedumpfile write all of a dump to files, or to what reads its pipe; its words where it fails."""
    with open(pipe or os.devnull, "wb") as output:
        done = subprocess.run(
            ["makedumpfile", *options, "-d", "0", dump, *files], stdout=output,
            stderr=subprocess.PIPE, check=False)  # fmt: skip
    if not done.returncode:
        return None
    return done.stderr.decode().strip().splitlines()[-2:] or f"it ended with {done.returncode}"


def rewritten(program, dump, folder):
    """Lets makedumpfile write anew what we write of a real dump, and compares all translations."""
    if not shutil.which("makedumpfile"):
        print("makedumpfile: skipped, Debian's makedumpfile is not installed")
        return 77
    expected, failures = digests(program, dump), []
    kept = os.path.join(folder, "kept.kdump")
    for name in ("elf", "kdump"):
        ours = os.path.join(folder, f"ours.{name}")
        bench(program, "convert", dump if name == "elf" else kept, "--format", name, "--output", ours)
        if digests(program, ours) != expected:
            failures.append(f"{name}: our own file translates otherwise")
        if name == "elf":
            makedumpfile(["-l"], ours, [kept])
        for kind, options, count in (
            ("zlib", ["-c"], 1), ("LZO", ["-l"], 1), ("snappy", ["-p"], 1), ("plain", [], 1),
            ("split", ["-c", "--split"], 3), ("flattened", ["-c", "-F"], 0),
        ):  # fmt: skip
            label = f"makedumpfile, {name}, {kind}"
            files = [os.path.join(folder, f"theirs.{number}") for number in range(max(count, 1))]
            problem = makedumpfile(options, ours, files[:count], files[0] if count == 0 else None)
            if problem:
                failures.append(f"{label}: {problem}")
            elif digests(program, files[0]) != expected:
                failures.append(f"{label}: it translates otherwise")
            else:
                print(f"{label}: {len(expected)} roots translate alike", flush=True)
            for file in filter(os.path.exists, files):
                os.remove(file)
        os.remove(ours)
    for failure in failures:
        print(f"DISAGREEMENT: {failure}")
    return 1 if failures else 0


PEERS = (LeechCore, MemProcFS, Volatility, KdumpFile)


def bench(program, *arguments, text=None):
    done = subprocess.run(
        [program, *arguments], input=text, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(done.args)} ended with {done.returncode}: {done.stderr}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
