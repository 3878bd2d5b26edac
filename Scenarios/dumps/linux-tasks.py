#!/usr/bin/env python3
"""Writes the cores linux-tasks-{pti,la57,i386}.elf.xz of the scenarios of these names.

They hold what a Linux kernel has in memory for whoever looks for its processes, and nothing else: page
tables, a list of `task_struct`, each with the members that lead to a root, and in the first two also
types (BTF) and VMCOREINFO, and in the second areas and a `struct page` for each frame. All of it is made up here; the places of members are those of no kernel.
"""
import struct

from elf_core import PAGE, write


class Memory:
    """Physical memory from 0 on, in frames that are there once something is in them."""

    def __init__(self, size):
        self.bytes = bytearray(size)

    def put(self, address, data):
        self.bytes[address : address + len(data)] = data

    def pages(self):
        """The frames that something is in."""
        frames = {f: bytes(self.bytes[f : f + PAGE]) for f in range(0, len(self.bytes), PAGE)}
        return {frame: data for frame, data in frames.items() if any(data)}

    def word(self, address, value, size):
        self.put(address, value.to_bytes(size, "little"))


def types(structures, pointer_size):
    """BTF with these structures: name -> (size, [(member, type, offset in bits)])."""
    names = bytearray(b"\0")
    records = []

    def name(text):
        if not text:
            return 0
        place = len(names)
        names.extend(text.encode() + b"\0")
        return place

    def add(text, kind, count, size, extra=b""):
        records.append(struct.pack("<III", name(text), kind << 24 | count, size) + extra)
        return len(records)

    integer = add("int", 1, 0, 4, struct.pack("<I", 32))
    char = add("char", 1, 0, 1, struct.pack("<I", 8))
    pointer = add("", 2, 0, 0)
    alias = add("pid_t", 8, 0, integer)
    text = add("", 3, 0, 0, struct.pack("<III", char, integer, 16))
    known = {"pointer": pointer, "pid": alias, "text": text}
    for text, (size, members) in structures.items():
        extra = b"".join(
            struct.pack("<III", name(member), known[kind], offset)
            for member, kind, offset in members
        )
        # An anonymous structure is known by what follows the blank.
        known[text] = add(text.split(" ")[0], 4, len(members), size, extra)
    body = b"".join(records)
    header = struct.pack("<HBBIIIII", 0xEB9F, 1, 0, 24, 0, len(body), len(body), len(names))
    return header + body + bytes(names)


def note(owner, kind, data):
    def padded(part):
        return part + bytes(-len(part) % 4)

    return struct.pack("<III", len(owner) + 1, len(data), kind) + padded(owner + b"\0") + padded(data)


def qemu_note(cr0, cr3, cr4):
    data = bytearray(440)
    struct.pack_into("<II", data, 0, 1, 440)
    struct.pack_into("<QQQQQ", data, 392, cr0, 0, 0, cr3, cr4)
    return note(b"QEMU", 0, bytes(data))


TASKS = [  # pid, name, root or None
    (1, b"init", 0x10000),
    (2, b"kthreadd", None),
    (77, b"worker", 0x12000),
    (78, b"worker", 0x14000),
]

AREAS = {  # pid -> (start, end, vm_flags), of no file; 1 is VM_READ, 2 VM_WRITE
    1: [(0x400000, 0x402000, 3)],
    77: [(0x400000, 0x402000, 1), (0x500000, 0x501000, 3)],
    78: [(0x400000, 0x401000, 3)],
}

PAGES = {  # frame -> (mapping, _mapcount): the lowest bit of a mapping says that it is of no file
    7: (0x1001, 0),
    8: (0x1001, 1),
    9: (0x2000, 0),
}


def with_types(five_levels):
    """KASLR, types and VMCOREINFO.

    With 4 levels two roots a process, frozen in user mode; with 5 levels one, frozen in the kernel, with
    areas and descriptors of frames.
    """
    memory = Memory(0x60000)
    slide = 0x1240_0000
    image, image_place, image_pages = 0xFFFF_FFFF_8100_0000 + slide, 0x20000, 32
    # Where the kernel has all of memory; with 5 levels below what 48 bits reach.
    direct = 0xFF11_9D40_0000_0000 if five_levels else 0xFFFF_9D40_0000_0000

    def word(address, value):
        memory.word(address, value, 8)

    # The kernel's tables: the direct map by one 2-MByte page, the image by 4-KByte pages.
    swapper, direct_top, direct_middle = 0x1000, 0x2000, 0x3000
    image_top, image_middle, image_pages_table = 0x4000, 0x5000, 0x6000

    def kernel_half(root):
        if five_levels:
            word(root + 8 * (direct >> 48 & 0x1FF), 0x53000 | 0x63)
            word(root + 8 * 511, 0x54000 | 0x63)
            return
        word(root + 8 * (direct >> 39 & 0x1FF), direct_top | 0x63)
        word(root + 8 * 511, image_top | 0x63)

    kernel_half(swapper)
    if five_levels:
        word(0x53000 + 8 * (direct >> 39 & 0x1FF), direct_top | 0x63)
        word(0x54000 + 8 * 511, image_top | 0x63)
    word(direct_top + 8 * (direct >> 30 & 0x1FF), direct_middle | 0x63)
    word(direct_middle, 0x8000_0000_0000_01E3)
    word(image_top + 8 * (image >> 30 & 0x1FF), image_middle | 0x63)
    word(image_middle + 8 * (image >> 21 & 0x1FF), image_pages_table | 0x63)
    for page in range(image_pages):
        word(image_pages_table + 8 * page, image_place + page * PAGE | 0x163)

    # The processes: each maps 0x400000 to a frame that begins with its name and root.
    for index, (pid, name, root) in enumerate(t for t in TASKS if t[2]):
        kernel_half(root)
        tables = 0x16000 + index * 0x3000
        frame = 0x7000 + index * PAGE
        if five_levels:
            word(root, 0x55000 + index * PAGE | 0x67)
            word(0x55000 + index * PAGE, tables | 0x67)
        else:
            word(root, tables | 0x8000_0000_0000_0067)
            word(root + PAGE, tables | 0x67)  # the user's root
        word(tables, tables + PAGE | 0x67)
        word(tables + PAGE + 8 * 2, tables + 2 * PAGE | 0x67)
        word(tables + 2 * PAGE, frame | 0x67)
        memory.put(frame, b"%s %d" % (name, pid))

    # In this image only the page of the entry code is mapped for user mode: a table of its own.
    entry_top, entry_middle, entry_pages = 0x50000, 0x51000, 0x52000
    word(entry_top + 8 * (image >> 30 & 0x1FF), entry_middle | 0x63)
    word(entry_middle + 8 * (image >> 21 & 0x1FF), entry_pages | 0x63)
    word(entry_pages + 8 * 1, image_place + PAGE | 0x163)
    for _, _, root in TASKS:
        if root and not five_levels:
            word(root + PAGE + 8 * 511, entry_top | 0x63)

    # task_struct: the members lie in an anonymous structure, as `randomized_struct_fields` has them.
    fields = {"list": 0x48, "memory": 0x80, "pid": 0xB0, "name": 0xD8}
    area = ["vm_start", "vm_end", "vm_next", "vm_flags", "vm_pgoff", "vm_file"]
    areas = {
        "vm_area_struct": (0x30, [(name, "pointer", 64 * i) for i, name in enumerate(area)]),
    }
    blob = types(
        {
            "list_head": (16, [("next", "pointer", 0), ("prev", "pointer", 64)]),
            " task": (
                0x100,
                [
                    ("tasks", "list_head", 8 * (fields["list"] - 0x10)),
                    ("mm", "pointer", 8 * (fields["memory"] - 0x10)),
                    ("pid", "pid", 8 * (fields["pid"] - 0x10)),
                    ("comm", "text", 8 * (fields["name"] - 0x10)),
                ],
            ),
            "task_struct": (0x140, [("flags", "pid", 0), ("", " task", 8 * 0x10)]),
            " memory": (
                0x60,
                [
                    ("mmap" if five_levels else "map", "pointer", 0),
                    ("pgd", "pointer", 8 * 0x50),
                ],
            ),
            "mm_struct": (0x80, [("", " memory", 0)]),
        }
        | (areas if five_levels else {}),
        8,
    )
    memory.put(image_place + 0x3010, blob)
    memory.put(image_place + 0x2000, b"Linux version 6.1.176 (made up)\n\0")

    head = image_place + 0x5040
    records = [head] + [0x30000 + 0x400 * index for index in range(len(TASKS))]
    addresses = [image + head - image_place] + [direct + record for record in records[1:]]
    for index, record in enumerate(records):
        after, before = addresses[(index + 1) % len(records)], addresses[index - 1]
        word(record + fields["list"], after + fields["list"])
        word(record + fields["list"] + 8, before + fields["list"])
        if index == 0:
            memory.put(record + fields["name"], b"swapper/0")
            continue
        pid, name, root = TASKS[index - 1]
        memory.word(record + fields["pid"], pid, 4)
        memory.put(record + fields["name"], name)
        if root:
            descriptor = 0x38000 + 0x100 * index
            word(record + fields["memory"], direct + descriptor)
            word(descriptor + 0x50, direct + root)
        if not five_levels or pid not in AREAS:
            continue
        for number, (start, end, flags) in enumerate(AREAS[pid]):
            place = 0x39000 + 0x100 * index + 0x40 * number
            word(place, start)
            word(place + 8, end)
            word(place + 24, flags)
            # The one before leads to it: the first area, or the descriptor of the memory.
            word(place - 0x30 if number else 0x38000 + 0x100 * index, direct + place)

    if five_levels:
        word(image_place + 0x6000, direct + 0x3A000)  # mem_map
        for frame, (mapping, count) in PAGES.items():
            place = 0x3A000 + 64 * frame
            word(place, 1 << 4)  # PG_lru
            word(place + 24, mapping)
            memory.word(place + 48, count, 4)
            memory.word(place + 52, count + 1, 4)

    text = (
        "OSRELEASE=6.1.176\n"
        "PAGESIZE=4096\n"
        f"SYMBOL(swapper_pg_dir)={image + 0x1E000:x}\n"
        f"SYMBOL(_stext)={image:x}\n"
        f"NUMBER(phys_base)={image_place - (image - 0xFFFF_FFFF_8000_0000)}\n"
        f"NUMBER(pgtable_l5_enabled)={int(five_levels)}\n"
        f"KERNELOFFSET={slide:x}\n"
    )
    if five_levels:
        text += (
            f"SYMBOL(mem_map)={image + 0x6000:x}\n"
            "SIZE(page)=64\nOFFSET(page.flags)=0\nOFFSET(page.mapping)=24\n"
            "OFFSET(page._mapcount)=48\nOFFSET(page._refcount)=52\nOFFSET(page.compound_head)=8\n"
            "NUMBER(PG_lru)=4\n"
        )
    # swapper_pg_dir is in the image too: the table above is found by no register.
    memory.put(image_place + 0x1E000, memory.bytes[swapper : swapper + PAGE])
    registers = (0x12000, 0x1016F0) if five_levels else (0x13000 | 0x801, 0x1006F0)
    notes = qemu_note(0x80050033, *registers) + note(b"VMCOREINFO", 0, text.encode())
    write(f"linux-tasks-{'la57' if five_levels else 'pti'}.elf.xz", 62, notes, memory.pages())


def without_types():
    """32-bit paging without PAE: no types, no VMCOREINFO; frozen in the kernel."""
    memory = Memory(0x60000)
    base = 0xC000_0000
    fields = {"list": 0x120, "memory": 0x14C, "active": 0x150, "pid": 0x180, "name": 0x2A4}

    def word(address, value):
        memory.word(address, value, 4)

    table = 0x2000  # maps the first 384 KiB
    for page in range(0x60):
        word(table + 4 * page, page * PAGE | 0x163)

    def kernel_half(root):
        word(root + 4 * (base >> 22), table | 0x63)
        word(root + 4 * 1019, 0x3000 | 0x63)  # a table of kmap, empty

    memory.put(0x3000, b"\0" * 8 + b"\x80")
    kernel_half(0x1000)
    for index, (pid, name, root) in enumerate(t for t in TASKS if t[2]):
        kernel_half(root)
        user_table, frame = 0x16000 + index * PAGE, 0x7000 + index * PAGE
        word(root + 4, user_table | 0x67)
        word(user_table, frame | 0x67)
        memory.put(frame, b"%s %d" % (name, pid))

    memory.put(0x40000, b"Linux version 6.1.176-686 (made up)\n\0")
    records = [0x42040] + [0x30000 + 0x400 * index for index in range(len(TASKS))]
    for index, record in enumerate(records):
        after, before = records[(index + 1) % len(records)], records[index - 1]
        word(record + fields["list"], base + after + fields["list"])
        word(record + fields["list"] + 4, base + before + fields["list"])
        word(record + fields["active"], base + 0x38000)
        if index == 0:
            memory.put(record + fields["name"], b"swapper/0")
            continue
        pid, name, root = TASKS[index - 1]
        word(record + fields["pid"], pid)
        word(record + fields["pid"] + 4, pid)  # tgid
        memory.put(record + fields["name"], name)
        if root:
            descriptor = 0x38000 + 0x100 * index
            word(record + fields["memory"], base + descriptor)
            word(descriptor + 8, base + descriptor + 0x40)  # points to itself, as lists do
            word(descriptor + 0x28, base + root)
    write("linux-tasks-i386.elf.xz", 3, qemu_note(0x80050033, 0x12000, 0x690), memory.pages())


if __name__ == "__main__":
    with_types(five_levels=False)
    with_types(five_levels=True)
    without_types()
