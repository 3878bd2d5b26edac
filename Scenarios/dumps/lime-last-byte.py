#!/usr/bin/env python3
"""Writes lime-last-byte.lime.xz: five pages whose last eight bytes are the entry that counts."""

import lzma
import pathlib
import struct

PAGES = {
    0x1000: {0: 0x2007},
    0x2000: {0: 0x3007},
    0x3000: {0: 0x4007},
    0x4000: {511: 0x8000000000000007},
}

memory = bytearray(0x5000)
for base, entries in PAGES.items():
    for index, value in entries.items():
        struct.pack_into("<Q", memory, base + index * 8, value)
# Magic, version, first byte, last byte, reserved: the end is inclusive.
header = struct.pack("<IIQQ8x", 0x4C694D45, 1, 0, len(memory) - 1)
target = pathlib.Path(__file__).with_name("lime-last-byte.lime.xz")
target.write_bytes(lzma.compress(header + memory, preset=9))
