"""Random page tables: every field of every level takes every kind of value, right or wrong.

The tables lie in a small RAM at physical address 0; every page they map lies outside of it, so that
no access can change a table.
"""

import random
from dataclasses import dataclass

import reference
from reference import MODES, PS, RW, US, XD, P, bits

RAM = 1 << 20
FRAME = 4096
ENTRY_POOL = 2048
PHYSICAL_BITS = 40  # what Unicorn has
CODE_VA = FRAME  # index 0 of every upper level and index 1 of the last lead to a page of code
ACCESSES = [
    ("read", False), ("read", False), ("write", False), ("execute", False),
    ("read", True), ("write", True), ("execute", True),
]  # fmt: skip


@dataclass
class Image:
    """Memory, the registers that go with it, and the frame that holds the code page."""

    seed: str
    cpu: reference.Processor
    memory: bytearray
    code_frame: int
    cases: list  # (va, kind, as_user)


def random_image(seed, mode_name, count):
    """An image and `count` random accesses to it; the same for the same seed."""
    rng = random.Random(seed)
    mode = MODES[mode_name]
    root_junk = rng.getrandbits(12) & (0x18 if mode_name in ("x86-64", "la57") else 0xFFF)
    cpu = reference.Processor(
        mode=mode_name,
        root=FRAME | (root_junk & 0x1F if mode_name == "pae" else root_junk),
        nxe=mode_name != "x86" and rng.random() < 0.7,
        pse=mode_name != "x86" or rng.random() < 0.7,
        wp=rng.random() < 0.6,
        physical_bits=PHYSICAL_BITS,
    )
    memory = bytearray(RAM)
    frames = list(range(2, RAM // FRAME))
    rng.shuffle(frames)
    code_frame = frames.pop()

    # The frames of each level's tables; the lower the level, the more of them.
    depth = len(mode.levels)
    tables = [[1]]
    for level in range(1, depth):
        share = len(frames) // (depth - level + 1) if level < depth - 1 else len(frames)
        tables.append([frames.pop() for _ in range(share)])

    for level, (name, shift, index_bits) in enumerate(mode.levels):
        below = tables[level + 1] if level + 1 < depth else None
        # The first table of each level belongs to the code page: nothing else may lead there.
        targets = below[1:] if below else None
        pool = [random_entry(rng, cpu, name, shift, targets) for _ in range(ENTRY_POOL)]
        for frame in tables[level]:
            count_here = 1 << index_bits
            words = b"".join(rng.choices(pool, k=count_here))
            memory[frame * FRAME : frame * FRAME + len(words)] = words
        # The way to the code page.
        target = below[0] if below else code_frame
        rights = 0 if (mode_name, name) == ("pae", "PDPTE") else RW | US
        entry = (target * FRAME | P | rights).to_bytes(mode.entry_bytes, "little")
        index = CODE_VA >> shift & bits(index_bits - 1, 0)
        start = tables[level][0] * FRAME + index * mode.entry_bytes
        memory[start : start + mode.entry_bytes] = entry

    cases = [random_case(rng, mode) for _ in range(count)]
    return Image(seed, cpu, memory, code_frame, cases)


def random_entry(rng, cpu, name, shift, below):
    """One entry: mostly well-formed, sometimes with any bit wrong."""
    mode = MODES[cpu.mode]
    chance = rng.random
    wide = mode.entry_bytes == 8
    pdpte = cpu.mode == "pae" and name == "PDPTE"
    entry = rng.getrandbits(12) & ~(P | RW | US | PS)
    entry |= (chance() < 0.92) * P | (chance() < 0.85) * RW | (chance() < 0.8) * US
    if wide:
        entry |= rng.getrandbits(11) << 52 if cpu.mode != "pae" and chance() < 0.5 else 0
        entry |= (chance() < (0.15 if cpu.nxe else 0.02)) * XD
    if pdpte:
        entry = entry & P | rng.getrandbits(3) << 9
    page = below is None
    if not page and not pdpte and name not in ("PML5E", "PML4E"):
        page = chance() < 0.2
        entry |= page * PS
        page = page and (cpu.pse or cpu.mode != "x86")
    elif below is None:
        entry |= rng.getrandbits(1) * PS  # PAT
    if page:
        entry |= random_page(rng, cpu, shift)
    elif chance() < 0.02:
        entry |= rng.randrange(RAM // FRAME, 1 << (20 if not wide else 28)) * FRAME  # no table
    else:
        entry |= rng.choice(below) * FRAME
    if wide and chance() < 0.04:  # anything goes, most of it reserved somewhere
        entry |= 1 << rng.randrange(PHYSICAL_BITS, 64)
    if pdpte and chance() < 0.15:
        entry |= 1 << rng.choice((1, 2, 5, 6, 7, 8))
    if name in ("PML5E", "PML4E") and chance() < 0.02:
        entry |= PS
    if page and shift > 12 and wide and chance() < 0.05:
        entry |= 1 << rng.randrange(13, shift)
    return entry.to_bytes(mode.entry_bytes, "little")


def random_page(rng, cpu, shift):
    """The address bits of a page outside of the RAM, with PAT (bit 12) of a large page."""
    pat = rng.getrandbits(1) << 12 if shift > 12 else 0
    if cpu.mode == "x86":
        low = rng.getrandbits(32) & bits(31, shift) or 1 << 30
        pse36 = 0
        if shift == 22 and rng.random() < 0.5:
            pse36 = rng.getrandbits(9) << 13  # bit 21 is reserved
        return (low if low >= RAM else 1 << 30) | pse36 | pat
    base = rng.getrandbits(PHYSICAL_BITS) & bits(PHYSICAL_BITS - 1, shift)
    return (base if base >= RAM else 1 << 30) | pat


def random_case(rng, mode):
    """An address, half of them near a boundary of some level, and an access."""
    va = rng.getrandbits(mode.address_bits)
    if mode.address_bits > 32 and va >> (mode.address_bits - 1):
        va |= bits(63, mode.address_bits)
    kind, as_user = rng.choice(ACCESSES)
    if mode.address_bits > 32 and rng.random() < 0.03:
        va, kind = rng.getrandbits(64), "read"  # mostly not canonical
    if rng.random() < 0.1:
        va |= 0xFFF
    if va >> 12 == CODE_VA >> 12:
        va += 1 << 12
    return (va, kind, as_user)
