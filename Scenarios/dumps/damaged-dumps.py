#!/usr/bin/env python3
"""Writes the Windows crash dumps of the dmp-*.yaml scenarios: bogus-range.dmp.xz, partial.dmp.xz.

Both are put together from `DUMP_HEADER64` as debuggers and other readers know it, not by mmubench.
"""
import lzma
import os
import struct

PAGE = 0x1000
HEADER = 0x2000
FULL_RANGES, BITMAP = 0xA, 5
PRESENT, WRITE, USER, PS, NX = 1, 2, 4, 0x80, 1 << 63


def header(dump_type, root):
    page = bytearray(b"PAGE" * (HEADER // 4))

    def put(form, offset, *values):
        struct.pack_into("<" + form, page, offset, *values)

    put("4s", 0x4, b"DU64")
    put("II", 0x8, 0xF, 19041)  # free, build
    put("QQQQ", 0x10, root, 0, 0, 0)
    put("II", 0x30, 0x8664, 1)
    put("I", 0x38, 0)  # BugCheckCode
    put("I", 0xF98, dump_type)
    return bytes(page)


class Memory:
    """Frames by their number."""

    def __init__(self):
        self.frames = {}

    def frame(self, number):
        return self.frames.setdefault(number, bytearray(PAGE))

    def word(self, address, value):
        struct.pack_into("<Q", self.frame(address // PAGE), address % PAGE, value)

    def text(self, number):
        words = f"frame {number:#x}".encode()
        self.frame(number)[: len(words)] = words

    def pages(self):
        return b"".join(bytes(self.frames[number]) for number in sorted(self.frames))


def bogus_range():
    """A complete dump whose MetadataSize seems to have room for one range more than there are."""
    memory = Memory()
    memory.word(0x1000, 0x2000 | PRESENT | WRITE | USER)  # PML4E 0
    memory.word(0x1008, 0x1018003F00000000)  # PML4E 1, not present, and see below
    memory.word(0x2000, 0x3000 | PRESENT | WRITE | USER)  # PDPTE 0
    memory.word(0x3000, 0x101000 | PRESENT | WRITE | USER)  # PDE 0
    memory.word(0x3008, 0x2007000 | PRESENT | WRITE | USER)  # PDE 1, into the range that is none
    memory.word(0x101000, 0x100000 | PRESENT | USER | NX)  # PTE 0
    memory.text(0x100)
    ranges = [(1, 3), (0x100, 2)]
    first_page = HEADER + 0x30 + 16 * len(ranges)
    block = struct.pack(
        "<I4s4sIQQIIQ",
        0x40, b"RDMP", b"DUMP", 0,
        first_page - 0x2020, first_page,
        len(ranges), 0, sum(count for _, count in ranges),
    )  # fmt: skip
    for one in ranges:
        block += struct.pack("<QQ", *one)
    # A reader that goes by MetadataSize takes the first two entries of the PML4 for a third range:
    # frame 0x2007 and 0x1018003f00000000 more.
    assert (first_page - 0x2020) // 16 == len(ranges) + 1
    return header(FULL_RANGES, 0x1000) + block + memory.pages()


def partial():
    """A bitmap dump that lacks tables and pages that its other tables lead to."""
    memory = Memory()
    table = PRESENT | WRITE | USER
    memory.word(0x1000, 0x2000 | table)  # PML4E 0
    memory.word(0x2000, 0x3000 | table)  # PDPTE 0
    memory.word(0x2008, 0x4000_0000 | table | PS)  # PDPTE 1: 1 GiB
    memory.word(0x2010, 0x9000 | table)  # PDPTE 2: its page directory is absent
    memory.word(0x3000, 0x4000 | table)  # PDE 0
    memory.word(0x3008, 0x5000 | table)  # PDE 1: its page table is absent
    for index, frame in enumerate([0x6000, 0x7000, 0x8000]):
        memory.word(0x4000 + 8 * index, frame | PRESENT | WRITE | USER | NX)
    for number in (6, 8, 0x40000, 0x52345):  # not 7
        memory.text(number)
    bits = (max(memory.frames) // 64 + 1) * 64
    bitmap = bytearray(bits // 8)
    for number in memory.frames:
        bitmap[number // 8] |= 1 << number % 8
    first_page = -(-(HEADER + 0x38 + len(bitmap)) // PAGE) * PAGE
    block = struct.pack(
        "<4s4s24xQQQ", b"FDMP", b"DUMP", first_page, len(memory.frames), bits
    ) + bytes(bitmap)
    dump = (header(BITMAP, 0x1000) + block).ljust(first_page, b"\0")
    return dump + memory.pages()


here = os.path.dirname(os.path.abspath(__file__))
for name, dump in (("bogus-range", bogus_range()), ("partial", partial())):
    with open(os.path.join(here, f"{name}.dmp.xz"), "wb") as file:
        file.write(lzma.compress(dump, preset=9))
