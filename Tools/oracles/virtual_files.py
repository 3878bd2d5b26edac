"""MemProcFS and `mmubench` show the same raw image, and their files must be the same byte for byte.

A fresh random scenario has pages of every size with random rights, and holes at every level; some
entries are then made wrong. For many addresses the files of virt2phys are compared, of `export` and,
where FUSE can be had, of `mount`; then memmap/pte.txt and phys2virt. What MemProcFS answers otherwise
on purpose is a known deviation (deviations.json, "virtual_files"), by the outcome of the walk. Lists of
pages of more kinds of images are in virtual_lists.py, which this runs.
"""

import argparse
import json
import os
import random
import secrets
import signal
import subprocess
import sys
import tempfile
import time

import virtual_lists

PAGE = 4096
SHOWN = 5
EXPORTED = 60  # addresses that `export` is asked about: a process each
TABLES = ("pt_pml4.mem", "pt_pdpt.mem", "pt_pd.mem", "pt_pt.mem")
FILES = ("virt.txt", "phys.txt", "map.txt", *TABLES, "page.mem")
# leechcore opens no file below 16 MiB; 0x7ffe0000 has a name of its own in MemProcFS's list.
SCENARIO = """\
mmubench: 1
scenario: virtual-files
title: Random pages of every size
source: fresh, seed {seed}
machine:
  mode: x86-64
  memory: 48 MiB
  tables: {{ from: 0x1000, order: shuffled, seed: {number} }}
map:
{pages}
contents:
  - {{ pa: 0x80_0000, random: {number}, size: 32 MiB }}
golden: false
"""


def scenario(rng, seed):
    pages, frames = [], rng.sample(range(4, 24), 20)
    for slot in rng.sample(range(256), 4) + rng.sample(range(256, 512), 3):
        base = slot << 39 | (0xFFFF << 48 if slot >= 256 else 0)
        for gigabyte in rng.sample(range(512), 3):
            start = base | gigabyte << 30
            # Each of them maps all of the image again.
            if rng.random() < 0.2 and all(one[3] != "1 GiB" for one in pages):
                pages.append((start, start + (1 << 30) - 1, 0, "1 GiB", rng))
                continue
            for part in rng.sample(range(512), 4):
                first = start | part << 21
                if frames and rng.random() < 0.3:
                    pages.append((first, first + (1 << 21) - 1, frames.pop() << 21, "2 MiB", rng))
                else:
                    index = rng.randrange(500)
                    count = rng.randrange(1, 12)
                    first |= index << 12
                    frame = rng.randrange(0x800, 0x2E00) << 12
                    pages.append((first, first + count * PAGE - 1, frame, "4 KiB", rng))
    return SCENARIO.format(
        seed=seed, number=rng.getrandbits(32), pages="\n".join(line(*one) for one in pages))


def line(first, last, frame, size, rng):
    rights = ", ".join(
        f"{name}: {rng.choice(('true', 'false'))}" for name in ("write", "user", "execute"))
    # A stretch of frames, or for some one frame again and again.
    to = f"{frame:#x}" if rng.random() < 0.2 else f"{{ from: {frame:#x} }}"
    return (f"  - {{ va: {first:#x}..{last:#x}, to: {to}, page: {size},"
            f" rights: {{ {rights} }} }}")  # fmt: skip


class Image:
    """A raw image with its addresses, as the bench walks them."""

    def __init__(self, program, path, root, addresses):
        self.program, self.path, self.root = program, path, root
        lines = "".join(f"{va:#x}\n" for va in addresses)
        answers = bench(program, "walk", path, *self.options, "--json",
                        *map(hex, addresses)) if len(addresses) < 2000 else None  # fmt: skip
        answers = answers or bench(program, "translate", path, *self.options, "--json", text=lines)
        self.walks = {int(one["va"], 16): one for one in map(json.loads, answers.splitlines())}

    @property
    def options(self):
        return ["--mode", "x86-64", "--root", hex(self.root)]


class MemProcFS:
    """What MemProcFS shows: of a root alone, which is its process 1, or of what it takes for Windows."""

    def __init__(self, path, root=None):
        import leechcorepyc  # noqa: F401 (it finds the library of the other one)
        import memprocfs

        known = [] if root is None else ["-dtb", hex(root)]
        self.vmm = memprocfs.Vmm(
            ["-device", path, *known, "-disable-python", "-disable-symbolserver",
             "-debug-pte-quality-threshold", "100000"])  # fmt: skip
        self.pid = 1

    def write(self, name, text):
        self.vmm.vfs.write(f"/pid/{self.pid}/{name}", text)

    def read(self, name):
        return self.read_path(f"/pid/{self.pid}/{name}")

    def read_path(self, path):
        try:
            return self.vmm.vfs.read(path, 1 << 26)
        except RuntimeError:  # its word for an empty file
            return b""

    def close(self):
        self.vmm.close()


class Mounted:
    """What `mmubench mount` shows; raises Skip without FUSE."""

    def __init__(self, program, path, folder, *options):
        os.makedirs(folder, exist_ok=True)
        self.folder = folder
        self.pid = 1
        self.server = subprocess.Popen(
            [program, "mount", path, folder, *options], stderr=subprocess.PIPE)
        while not os.path.isdir(os.path.join(folder, "pid")):
            if self.server.poll() is not None:
                raise Skip(self.server.stderr.read().decode().strip())
            time.sleep(0.01)

    def write(self, name, text):
        with open(os.path.join(self.folder, f"pid/{self.pid}", name), "wb", buffering=0) as file:
            file.write(text)

    def read(self, name):
        return self.read_path(f"/pid/{self.pid}/{name}")

    def read_path(self, path):
        try:
            with open(self.folder + path, "rb") as file:
                return file.read()
        except OSError as error:
            return error.strerror.encode()

    def close(self):
        self.server.send_signal(signal.SIGTERM)
        self.server.wait(timeout=60)


class Skip(Exception):
    """Something that is not there."""


class Campaign:
    def __init__(self, deviations):
        self.deviations = deviations
        self.compared, self.folded, self.failures = 0, {}, []

    def compare(self, what, ours, theirs, walk=None, name=None):
        self.compared += 1
        if ours == theirs:
            return
        known = next((one for one in self.deviations if fits(one, walk, name)), None)
        if known:
            self.folded[known["id"]] = self.folded.get(known["id"], 0) + 1
        else:
            self.failures.append(f"{what}: {shown(ours)}, MemProcFS has {shown(theirs)}")

    def addresses(self, image, peer, ask):
        """Compares the files about each address, which `ask` gives of ours."""
        for va, walk in image.walks.items():
            ours = ask(va)
            if ours is None:
                continue
            peer.write("virt2phys/virt.txt", b"%016x" % va)
            for name in FILES:
                theirs = peer.read("virt2phys/" + name)
                self.compare(f"{name} of {va:#x}", ours(name), theirs, walk, name)


def fits(deviation, walk, name):
    """Whether a known deviation is about a file of such a walk."""
    when = deviation.get("when")
    if when is None or walk is None:
        return False
    page = int(walk.get("pa", "0x1000"), 16) & -PAGE
    facts = {"outcome": walk["outcome"], "in_image": walk.get("in_image", True),
             "frame_zero": page == 0, "file": name}  # fmt: skip
    return when.items() <= facts.items()


def shown(data):
    text = data if len(data) <= 220 else data[:60] + b"..."
    return f"{text!r} ({len(data)} bytes)"


def exporter(image, folder):
    """Asks `export` about an address, as often as it is worth a process."""
    left = [EXPORTED]

    def ask(va):
        if left[0] == 0:
            return None
        left[0] -= 1
        bench(image.program, "export", image.path, hex(va), "--output", folder, "--force",
              *image.options)  # fmt: skip

        def contents(name):
            try:
                with open(os.path.join(folder, name), "rb") as file:
                    return file.read()
            except FileNotFoundError:
                return b"no file"

        return contents

    return ask


def asker(mounted):
    def ask(va):
        mounted.write("virt2phys/virt.txt", b"%x\n" % va)
        return lambda name: mounted.read("virt2phys/" + name)

    return ask


def interesting(rng, runs, count):
    """Addresses in pages, at their edges, beside them at every level, and anywhere."""
    found = [0, (1 << 47) - 1, 0xFFFF_8000_0000_0000, (1 << 64) - 1, 1 << 47, 0x8000_0000_0000_1234]
    while len(found) < count:
        run = rng.choice(runs)
        first, last = int(run["start"], 16), int(run["end"], 16)
        va = rng.choice([first, last, rng.randint(first, last), first - 1, last + 1,
                         first ^ 1 << rng.randrange(12, 47)])  # fmt: skip
        if 0 <= va < 1 << 64:
            found.append(va)
    return list(dict.fromkeys(found))


def damaged(rng, data, image):
    """The image with reserved bits in some entries: PS in one PML4E, low address bits of large pages."""
    data = bytearray(data)
    mapped = [one for one in image.walks.values() if one["outcome"] == "mapped"]
    large = [one["entries"][-1] for one in mapped if one["page_size"] > PAGE]
    wrong = [(one, 1 << 13) for one in rng.sample(large, min(4, len(large)))]
    for entry, bit in [*wrong, (rng.choice(mapped)["entries"][0], 1 << 7)]:
        at, value = int(entry["address"], 16), int(entry["value"], 16)
        data[at : at + 8] = (value | bit).to_bytes(8, "little")
    return bytes(data)


def bench(program, *arguments, text=None):
    done = subprocess.run(
        [program, *arguments], input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(done.args)} ended with {done.returncode}: {done.stderr}")
    return done.stdout


def judge(campaign, image, mount, rng, lists):
    """Compares one image by `export`, and by `mount` where there is FUSE; true where there was."""
    peer = MemProcFS(image.path, image.root)
    campaign.addresses(image, peer, exporter(image, mount + "-exported"))
    try:
        mounted = Mounted(image.program, image.path, mount, *image.options)
    except Skip as reason:
        print(f"mount: skipped, {reason}", flush=True)
        peer.close()
        return False
    try:
        campaign.addresses(image, peer, asker(mounted))
        campaign.compare("pte.txt", mounted.read("memmap/pte.txt"), peer.read("memmap/pte.txt"))
        if lists:
            # M9 says what is not asked.
            mapped = [one for one in image.walks.values() if one["outcome"] == "mapped"
                      and one.get("in_image", True) and int(one["pa"], 16) >= PAGE]  # fmt: skip
            for walk in rng.sample(mapped, min(60, len(mapped))):
                owners(campaign, mounted, peer, int(walk["pa"], 16))
    finally:
        mounted.close()
        peer.close()
    return True


def owners(campaign, mounted, peer, pa):
    for one in (mounted, peer):
        one.write("phys2virt/phys.txt", b"%016x" % pa)
    name = f"phys2virt of {pa:#x}"
    campaign.compare(name, mounted.read("phys2virt/phys.txt"), peer.read("phys2virt/phys.txt"))
    ours, theirs = (one.read("phys2virt/virt.txt").splitlines() for one in (mounted, peer))
    limit = next(one["limit"] for one in campaign.deviations if "limit" in one)
    if len(theirs) == limit < len(ours):
        campaign.folded["M2"] = campaign.folded.get("M2", 0) + 1
        ours = [one for one in ours if one in theirs]
    campaign.compare(name, b"\n".join(sorted(ours)), b"\n".join(sorted(theirs)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mmubench", required=True, help="the program to judge")
    parser.add_argument("--seed", default=secrets.token_hex(4), help="any text (default: random)")
    parser.add_argument("--count", type=int, default=400, help="addresses of each image")
    options = parser.parse_args()
    print(f"virtual_files: seed {options.seed}", flush=True)
    try:
        import leechcorepyc  # noqa: F401
        import memprocfs  # noqa: F401
    except ImportError as error:
        print(f"virtual_files: skipped, {error}")
        return 0
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "deviations.json"), encoding="utf-8") as file:
        campaign = Campaign(json.load(file)["virtual_files"])
    rng = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        source, raw = (os.path.join(folder, name) for name in ("virtual-files.yaml", "image.raw"))
        with open(source, "w", encoding="utf-8") as file:
            file.write(scenario(rng, options.seed))
        bench(options.mmubench, "build", source, "--output", raw)
        root = int(json.loads(bench(options.mmubench, "info", source, "--json"))["roots"][0]["root"], 16)
        runs = [json.loads(one) for one in bench(options.mmubench, "map", source, "--json").splitlines()]
        addresses = interesting(rng, runs, min(options.count, 1900))
        image = Image(options.mmubench, raw, root, addresses)
        judge(campaign, image, os.path.join(folder, "mount"), rng, lists=True)
        with open(raw, "rb") as file:
            data = damaged(rng, file.read(), image)
        wrong = os.path.join(folder, "damaged.raw")
        with open(wrong, "wb") as file:
            file.write(data)
        image = Image(options.mmubench, wrong, root, addresses)
        if judge(campaign, image, os.path.join(folder, "mount"), rng, lists=False):
            virtual_lists.judge(campaign, options.mmubench, folder, rng)
    outcomes = {}
    for walk in image.walks.values():
        outcomes[walk["outcome"]] = outcomes.get(walk["outcome"], 0) + 1
    print(f"virtual_files: {campaign.compared} files compared, outcomes {outcomes}, "
          f"folded {campaign.folded}, {len(campaign.failures)} disagreements")  # fmt: skip
    for failure in campaign.failures[:SHOWN]:
        print(f"DISAGREEMENT: {failure}")
    return 1 if campaign.failures else 0


if __name__ == "__main__":
    sys.exit(main())
