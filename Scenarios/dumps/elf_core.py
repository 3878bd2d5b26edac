"""Writes ELF64 cores for the scripts beside it."""
import lzma
import os
import struct

PAGE = 0x1000


def write(name, machine, notes, pages):
    """A core of physical pages (address -> bytes), joined to segments, in xz beside this file."""
    runs = []
    for page in sorted(pages):
        if runs and runs[-1][1] == page:
            runs[-1][1] += PAGE
        else:
            runs.append([page, page + PAGE])
    offset = 64 + 56 * (len(runs) + 1)
    programs = struct.pack("<IIQQQQQQ", 4, 0, offset, 0, 0, len(notes), len(notes), 4)
    data = bytearray(notes)
    data.extend(bytes(-(offset + len(data)) % PAGE))
    for start, end in runs:
        programs += struct.pack(
            "<IIQQQQQQ", 1, 7, offset + len(data), 0, start, end - start, end - start, PAGE
        )
        data += b"".join(pages[page] for page in range(start, end, PAGE))
    header = struct.pack(
        "<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 4, machine, 1, 0, 64, 0, 0, 64, 56, len(runs) + 1,
        0, 0, 0,
    )
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), name), "wb") as file:
        file.write(lzma.compress(header + programs + bytes(data), preset=9))
