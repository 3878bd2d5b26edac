"""Lists of pages of MemProcFS and of `mmubench mount`: memmap/pte.txt of images that have all that
can be in a page table, and of what MemProcFS takes for Windows the files about its processes too.

Images are fresh and random: several processes with pages of every size, then words with P=0 of all
kinds in their page tables, and entries above with rights unlike those of the pages below; a Windows
with a skeleton in the same way; and the dumps of a real kernel that ship with the scenarios.
virtual_files.py runs this.
"""

import json
import lzma
import os
import struct

import virtual_files as files

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
DUMPS = ("x64-4l-faults", "x64-4l-pti")
DUMP_PROCESSES = 5
KERNELS = (
    "windows-7601.17514", "windows-9600.17031", "windows-17763.529", "windows-19041.508",
)  # fmt: skip
PRESENT, WRITE, USER, LARGE, XD = 1, 1 << 1, 1 << 2, 1 << 7, 1 << 63
PROTOTYPE, TRANSITION = 1 << 10, 1 << 11
PROCESSES = (3, 70, 90000)
WINDOWS = """\
mmubench: 1
scenario: virtual-lists
title: A skeleton of Windows with random pages
source: fresh
machine:
  mode: x86-64
  memory: 24 MiB
  os: {kernel}
windows: {{ skeleton: true }}
processes:
{processes}golden: false
"""
# Names that a list must not take at their word: long ones, some that are cut within a character,
# and what no name of a file may have.
NAMES = ("bench.exe", "aaaaaaaaaaaaaa\u00e4", "csrss.exe", "lsass.exe", "a/b:c*d?<e>|f",
         "x\n- System", "MemCompression", "a name with b", "\u20ac\u20ac\u20ac")  # fmt: skip


def processes(rng, numbers, names, size):
    """The statements of processes, each with pages of random sizes and rights."""
    text = ""
    for pid, name in zip(numbers, names):
        text += f"  - {{ pid: {pid}, name: {json.dumps(name)}, map: [\n"
        for slot in rng.sample(range(1, 200), 2):
            start = slot << 39 | rng.randrange(500) << 30 | rng.randrange(500) << 21
            for part in range(rng.randrange(2, 5)):
                first = start + (part << 21) + (rng.randrange(400) << 12)
                last = first + rng.randrange(1, 60) * files.PAGE - 1
                frame = rng.randrange(0x400, (size >> 12) - 64) << 12
                text += statement(rng, first, last, frame, "4 KiB")
            first = start + (rng.choice((1, 7)) << 30) & ~((1 << 21) - 1)
            text += statement(rng, first, first + (1 << 21) - 1, 0x40_0000, "2 MiB")
            first = (slot << 39) + (510 << 30)
            text += statement(rng, first, first + (1 << 30) - 1, 0, "1 GiB")
        text += "  ] }\n"
    return text


def statement(rng, first, last, frame, size):
    """A statement of `map` as an item of a list in one line."""
    return f"    {files.line(first, last, frame, size, rng)[4:]},\n"


def tables(data, root, top):
    """The tables under one that the image holds, each with its level."""
    found, left = {}, [(root, top)]
    while left:
        table, level = left.pop()
        if (table, level) in found or table + files.PAGE > len(data):
            continue
        found[table, level] = struct.unpack_from("<512Q", data, table)
        if level > 1:
            left += [(word & 0xFFFF_FFFF_F000, level - 1) for word in found[table, level]
                     if word & PRESENT and not word & LARGE]  # fmt: skip
    return found


def software(rng, size):
    """A word with P=0."""
    word = rng.getrandbits(64) & ~(PRESENT | PROTOTYPE | TRANSITION)
    kind = rng.randrange(6)
    if kind == 0:  # in transition, to a frame in or beyond the image
        return rng.randrange(2 * size >> 12) << 12 | TRANSITION | rng.getrandbits(9) & ~PRESENT
    if kind == 1:
        return word | PROTOTYPE | rng.choice((0, TRANSITION))
    if kind == 2:
        return 1 << rng.randrange(1, 64)
    return word if kind < 5 else word & 0xFFF or 2


def varied(rng, data, roots, keep=lambda va: False):
    """The image with P=0 words between the pages, and other rights above them.

    `keep` says of which first address of a top entry nothing is to change.
    """
    data = bytearray(data)
    for root in roots:
        below = [entry & 0xFFFF_FFFF_F000 for index, entry in
                 enumerate(struct.unpack_from("<512Q", data, root))
                 if entry & PRESENT and index < 256 and not keep(index << 39)]  # fmt: skip
        found = {}
        for table in below:
            found.update(tables(data, table, 3))
        for (table, level), words in found.items():
            for index, word in enumerate(words):
                at = table + 8 * index
                if level == 1 and word == 0 and rng.random() < 0.12:
                    run = rng.randrange(1, 5)
                    for step in range(run):
                        if index + step < 512 and words[index + step] == 0:
                            struct.pack_into("<Q", data, at + 8 * step, software(rng, len(data)))
                elif level > 1 and word & PRESENT and rng.random() < 0.4:
                    struct.pack_into("<Q", data, at, word ^ rng.choice((WRITE, USER, XD)))
                elif level > 1 and word == 0 and rng.random() < 0.02:
                    struct.pack_into("<Q", data, at, software(rng, len(data)))
    return bytes(data)


def lines(text, pid=None, width=None):
    """The lines of a list, with another number of the process, and none longer than a width."""
    kept = [one[:width].rstrip() for one in text.decode().splitlines()]
    if pid is not None:
        kept[2:] = [one[:5] + f"{pid:7}" + one[12:] for one in kept[2:]]
    return kept


def compare(campaign, what, ours, theirs):
    """Compares two lists; of those that differ, the first line that does."""
    if ours != theirs:
        first = next((pair for pair in zip(ours, theirs) if pair[0] != pair[1]),
                     (f"{len(ours)} lines", f"{len(theirs)} lines"))  # fmt: skip
        ours, theirs = first
    campaign.compare(what, str(ours).encode(), str(theirs).encode())


def lists(campaign, mounted, path, roots):
    """Compares the lists of processes of which MemProcFS knows no more than the root."""
    for pid, root, name in roots:
        peer = files.MemProcFS(path, root)
        ours = mounted.read_path(f"/pid/{pid}/{name}memmap/pte.txt")
        compare(campaign, f"pte.txt of {pid} in {os.path.basename(path)}", lines(ours),
                lines(peer.read("memmap/pte.txt"), pid))  # fmt: skip
        peer.close()


def plain(campaign, program, folder, rng):
    """Several processes without an operating system."""
    source, raw = (os.path.join(folder, name) for name in ("virtual-files.yaml", "lists.raw"))
    names = rng.sample(NAMES, len(PROCESSES))
    head = files.SCENARIO.split("map:\n")[0].format(seed="lists", number=rng.getrandbits(32))
    with open(source, "w", encoding="utf-8") as file:
        file.write(f"{head}processes:\n{processes(rng, PROCESSES, names, 48 << 20)}golden: false\n")
    files.bench(program, "build", source, "--output", raw, "--force")
    info = json.loads(files.bench(program, "info", source, "--json"))
    roots = {one["pid"]: int(one["root"], 16) for one in info["roots"]}
    with open(raw, "rb") as file:
        data = varied(rng, file.read(), roots.values())
    with open(raw, "wb") as file:
        file.write(data)
    for number, (pid, root) in enumerate(roots.items()):
        mounted = files.Mounted(program, raw, folder + f"/lists{number}", "--mode", "x86-64",
                                "--root", hex(root))  # fmt: skip
        try:
            lists(campaign, mounted, raw, [(1, root, "")])
        finally:
            mounted.close()


def dumps(campaign, program, folder, rng):
    """The dumps of a real kernel: of some processes the lists of both roots."""
    for name in DUMPS:
        place = os.path.join(ROOT, "Scenarios", "dumps", name)
        with lzma.open(place + ".truth.json.xz") as file:
            truth = json.load(file)
        # MemProcFS opens no core of so many pieces.
        raw = os.path.join(folder, name + ".raw")
        files.bench(program, "convert", place + ".elf.xz", "--format", "raw", "--output", raw)
        roots = []
        for process in rng.sample(truth["processes"], DUMP_PROCESSES):
            kernel, user = (process["root"][key] for key in ("kernel", "user"))
            roots.append((process["pid"], int(kernel, 16), ""))
            if user != kernel:
                roots.append((process["pid"], int(user, 16), "root-2/"))
        mounted = files.Mounted(program, place + ".yaml", os.path.join(folder, name))
        try:
            lists(campaign, mounted, raw, roots)
        finally:
            mounted.close()


def windows(campaign, program, folder, rng, kernel):
    """A skeleton of Windows: its lists, its processes, and addresses of both halves of each."""
    source, raw = (os.path.join(folder, name) for name in ("virtual-lists.yaml", "windows.raw"))
    names = rng.sample(NAMES, 5)
    with open(source, "w", encoding="utf-8") as file:
        file.write(WINDOWS.format(
            kernel=kernel, processes=processes(rng, range(1000, 1020, 4), names, 24 << 20)))
    files.bench(program, "build", source, "--output", raw, "--force")
    info = json.loads(files.bench(program, "info", source, "--json"))
    roots = {one["pid"]: int(one["root"], 16) for one in info["roots"]}
    system = roots[4]
    with open(raw, "rb") as file:
        # What its environment block is in, MemProcFS must find.
        data = varied(rng, file.read(), [root for pid, root in roots.items() if pid >= 1000],
                      keep=lambda va: va == 0)  # fmt: skip
    with open(raw, "wb") as file:
        file.write(data)
    peer = files.MemProcFS(raw)
    head = next(one["value"] for one in info["provenance"] if one["subject"] == "process list")
    mounted = files.Mounted(
        program, raw, os.path.join(folder, "windows"), "--mode", "x86-64", "--root", hex(system),
        "--os", kernel, "--process-list", head)  # fmt: skip
    try:
        compare(campaign, f"proc.txt of {kernel}", *(
            [one[:52].rstrip() for one in it.read_path("/sys/proc/proc.txt").decode().splitlines()]
            for it in (mounted, peer)))  # fmt: skip
        for pid in roots:
            peer.pid = mounted.pid = pid
            for name in ("name.txt", "pid.txt", "ppid.txt", "state.txt", "dtb.txt"):
                campaign.compare(f"{name} of {pid}, {kernel}", mounted.read(name), peer.read(name))
            # M6: what Description says.
            compare(campaign, f"pte.txt of {pid}, {kernel}", *(
                lines(it.read("memmap/pte.txt"), width=60) for it in (mounted, peer)))  # fmt: skip
            half(campaign, mounted, peer, rng)
    finally:
        mounted.close()
        peer.close()


def half(campaign, mounted, peer, rng):
    """Compares the files about addresses of listed pages, and the kernel's in a user's process."""
    listed = lines(peer.read("memmap/pte.txt"))[2:]
    starts = [int(one.split()[3].split("-")[0], 16) for one in listed]
    kernel = [0xFFFF_F803_11A0_0000, 0xFFFF_F780_0000_0000, 0xFFFF_F803_11A2_3000]
    for va in rng.sample(starts, min(12, len(starts))) + kernel:
        for it in (mounted, peer):
            it.write("virt2phys/virt.txt", b"%016x" % va)
        for name in files.FILES:
            # M5: the page at physical address 0.
            if name == "page.mem" and int(peer.read("virt2phys/phys.txt"), 16) < files.PAGE:
                continue
            ours, theirs = (it.read("virt2phys/" + name) for it in (mounted, peer))
            campaign.compare(f"{name} of {va:#x} in {mounted.pid}", ours, theirs)


def judge(campaign, program, folder, rng):
    """Compares all of it."""
    for _ in range(3):
        plain(campaign, program, folder, rng)
    dumps(campaign, program, folder, rng)
    for kernel in KERNELS:
        windows(campaign, program, folder, rng, kernel)
