#!/usr/bin/env python3
"""Writes linux-frames.elf.xz, the core of the scenario of this name, from a captured guest.

    linux-frames.py tables.elf dump.elf truth.json

The three are of one guest, as `Tools/dev capture` leaves them. The core has the page tables of the first and of
the second what leads to descriptors of frames: the kernel's array of sections of memory, and pages of
`struct page`, 64 in each: as few as show each combination of flags and counts that the guest's own
/proc/kpageflags and /proc/kpagecount show. No code of the kernel is among it. A line for each combination says
what the guest said of one frame.
"""
import json
import struct
import sys

from elf_core import PAGE, write

DESCRIPTOR = 64
SECTIONS_PER_PAGE = PAGE // 32

# Linux include/uapi/linux/kernel-page-flags.h and include/linux/kernel-page-flags.h, in VMCOREINFO's words.
FLAGS = {
    5: "lru", 7: "slab", 10: "buddy", 13: "swapcache", 14: "swapbacked", 15: "head", 16: "tail",
    19: "hwpoison", 23: "offline", 35: "private",
}


class Core:
    """An ELF64 core: its notes and its pieces of physical memory."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.bytes = file.read()
        self.machine, = struct.unpack_from("<H", self.bytes, 18)
        table, = struct.unpack_from("<Q", self.bytes, 32)
        count, = struct.unpack_from("<H", self.bytes, 56)
        self.notes, self.pieces = b"", []
        for index in range(count):
            kind, _, offset, _, address, size = struct.unpack_from(
                "<IIQQQQ", self.bytes, table + 56 * index
            )
            if kind == 4:
                self.notes += self.bytes[offset : offset + size]
            elif size:
                self.pieces.append((address, size, offset))

    def read(self, address, size):
        for start, length, offset in self.pieces:
            if start <= address and address + size <= start + length:
                return self.bytes[offset + address - start :][:size]
        raise SystemExit(f"{address:#x} is not in the dump")

    def word(self, address):
        return struct.unpack("<Q", self.read(address, 8))[0]

    def frames(self):
        for start, length, _ in self.pieces:
            for frame in range(start, start + length, PAGE):
                yield frame


class Kernel:
    """Its addresses, by its own tables; 4 levels of them."""

    def __init__(self, core, says):
        self.core = core
        image = int(says["SYMBOL(swapper_pg_dir)"], 16)
        self.top = image - 0xFFFF_FFFF_8000_0000 + int(says["NUMBER(phys_base)"])
        self.tables = set()

    def place(self, address):
        table = self.top
        for shift in (39, 30, 21, 12):
            self.tables.add(table)
            entry = self.core.word(table + 8 * (address >> shift & 0x1FF))
            if not entry & 1:
                raise SystemExit(f"{address:#x} is not mapped")
            if shift == 12 or entry & 0x80:
                low = (1 << shift) - 1
                return (entry & 0x000F_FFFF_FFFF_F000 & ~low) + (address & low)
            table = entry & 0x000F_FFFF_FFFF_F000


def combinations(truth):
    """What the guest says of each frame: the words for its flags, and how often it is mapped, up to three."""
    flags, counts = {}, {}
    for first, length, value in truth["kpageflags_runs"]:
        for frame in range(first, first + length):
            flags[frame] = int(value, 16)
    for first, length, value in truth["kpagecount_runs"]:
        for frame in range(first, first + length):
            counts[frame] = int(value, 16)
    return {
        frame: (value, min(counts.get(frame, 0), 3)) for frame, value in flags.items()
    }


def fewest(said):
    """Groups of frames whose descriptors share a page, until each combination is in one of them."""
    groups = {}
    for frame, combination in said.items():
        groups.setdefault(frame * DESCRIPTOR // PAGE, set()).add(combination)
    left, chosen = set(said.values()), []
    while left:
        best = max(sorted(groups), key=lambda group: len(groups[group] & left))
        chosen.append(best)
        left -= groups[best]
    return sorted(chosen)


def main():
    tables, dump = Core(sys.argv[1]), Core(sys.argv[2])
    with open(sys.argv[3]) as file:
        truth = json.load(file)
    says = truth["kernel"]["vmcoreinfo"]
    kernel = Kernel(dump, says)
    pages = {frame: tables.read(frame, PAGE) for frame in tables.frames()}

    def keep(address):
        frame = kernel.place(address) & ~(PAGE - 1)
        pages[frame] = dump.read(frame, PAGE)
        return kernel.place(address)

    said = combinations(truth)
    section_shift = int(says["NUMBER(SECTION_SIZE_BITS)"]) - 12
    roots = int(says["SYMBOL(mem_section)"], 16)
    for group in fewest(said):
        section = group * PAGE // DESCRIPTOR >> section_shift
        root = dump.word(keep(roots + 8 * (section // SECTIONS_PER_PAGE)))
        array = dump.word(keep(root + 32 * (section % SECTIONS_PER_PAGE))) & ~0x3F
        keep(array + group * PAGE)
        shown = set()
        for frame in range(group * PAGE // DESCRIPTOR, (group + 1) * PAGE // DESCRIPTOR):
            if frame in said and said[frame] not in shown:
                shown.add(said[frame])
                flags, count = said[frame]
                words = ", ".join(name for bit, name in FLAGS.items() if flags >> bit & 1)
                print(f"{frame:#x} [{words}] mapped {count} ({flags:#x})")
    for table in kernel.tables:
        pages[table] = dump.read(table, PAGE)
    write("linux-frames.elf.xz", dump.machine, tables.notes, pages)


if __name__ == "__main__":
    main()
