#!/usr/bin/env python3
"""Writes misleading-vaddr.elf.xz, the ELF core of elf-vaddr-contradicts-tables.yaml.

Its page tables map 0xffffffff80000000 and the three pages after it to the frames 0x8000, 0x5000,
0x7000 and 0x6000. The program headers claim other virtual addresses for the same frames.
"""
import lzma
import struct
import sys

PAGE = 0x1000
BASE = 0xFFFFFFFF80000000

memory = bytearray(9 * PAGE)


def word(address, value):
    struct.pack_into("<Q", memory, address, value)


def text(address, words):
    memory[address : address + len(words)] = words.encode()


word(0x1FF8, 0x2003)  # PML4E 511
word(0x2FF0, 0x3003)  # PDPTE 510
word(0x3000, 0x4003)  # PDE 0
for index, frame in enumerate([0x8000, 0x5000, 0x7000, 0x6000]):
    word(0x4000 + 8 * index, frame | 1 << 63 | 0x3)
for frame in range(0x5000, 0x9000, PAGE):
    text(frame, f"frame {frame:#x}")

# Physical address, claimed virtual address, number of pages.
segments = [
    (0x1000, 0, 4),
    (0x5000, BASE, 2),  # the tables have 0x8000 and 0x5000 here
    (0x7000, BASE + 2 * PAGE, 1),  # agrees with the tables
    (0x8000, BASE + 3 * PAGE, 1),  # the tables have 0x6000 here
]

header = struct.pack(
    "<16sHHIQQQIHHHHHH",
    b"\x7fELF\x02\x01\x01",  # 64-bit, little-endian
    4,  # ET_CORE
    62,  # EM_X86_64
    1, 0, 64, 0, 0, 64, 56, len(segments), 0, 0, 0,
)
offset = PAGE
programs = b""
data = b""
for physical, virtual, pages in segments:
    size = pages * PAGE
    programs += struct.pack(
        "<IIQQQQQQ", 1, 7, offset + len(data), virtual, physical, size, size, PAGE
    )
    data += memory[physical : physical + size]

core = (header + programs).ljust(PAGE, b"\0") + data
with open(sys.argv[1] if len(sys.argv) > 1 else "misleading-vaddr.elf.xz", "wb") as file:
    file.write(lzma.compress(core, preset=9))
