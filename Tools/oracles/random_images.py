"""Random page tables: every field of every level takes every kind of value, right or wrong.

The first 64 KiB of the address space are those of physical memory, for whoever executes the
accesses: code, stacks, descriptor tables. The page tables follow. No page that they map overlaps
either, so that no access changes a table but by accessed and dirty bits.
"""

import dataclasses
import random
from dataclasses import dataclass

import reference
from reference import MODES, PS, RW, US, XD, A, D, P, bits

FRAME = 4096
ENTRY_POOL = 2048
PHYSICAL_BITS = 40  # what Unicorn and QEMU's TCG have
RESERVED = 1 << 16  # the low addresses that are not random
CODE_VA, USER_VA = FRAME, RESERVED - FRAME  # the code of the supervisor, and the user's
WALKS = [
    ("read", "supervisor"), ("read", "supervisor"), ("write", "supervisor"),
    ("execute", "supervisor"), ("read", "user"), ("write", "user"), ("execute", "user"),
]  # fmt: skip
FAULTS = [*WALKS, ("read", "supervisor-implicit")]


@dataclass(frozen=True)
class Layout:
    """Where an image has what; Unicorn's RAM unless said."""

    first_table: int = RESERVED
    ram: int = 1 << 20  # tables end where the RAM ends
    absent_tables: bool = True  # some tables lie outside of the RAM
    pages: tuple = ()  # ranges of physical addresses that pages may take; anything beyond the RAM
    keys: tuple = ("pkru",)  # the registers of protection keys


@dataclass
class Image:
    """Memory from physical address 0, and accesses to it with the registers that go with them."""

    memory: bytearray
    groups: list  # (Processor, [(va, kind, who)])

    @property
    def cases(self):
        """Every access with its processor."""
        return [(cpu, case) for cpu, cases in self.groups for case in cases]


def random_processor(rng, mode_name, layout, with_faults):
    """Registers; those that only faults depend on are 0 unless asked for."""
    long_mode = mode_name in ("x86-64", "la57")
    root_junk = rng.getrandbits(12) & (0x18 if long_mode else 0x1F if mode_name == "pae" else 0xFFF)
    cpu = {
        "mode": mode_name,
        "root": layout.first_table | root_junk,
        "nxe": mode_name != "x86" and rng.random() < 0.7,
        "pse": mode_name != "x86" or rng.random() < 0.7,
        "wp": rng.random() < 0.6,
        "physical_bits": PHYSICAL_BITS,
    }
    if with_faults:
        cpu |= {name: rng.random() < 0.4 for name in ("smep", "smap", "ac")}
        for register in layout.keys if long_mode else ():
            # Key 0 is that of the reserved addresses, and forbids nothing.
            keys = rng.getrandbits(32) & rng.getrandbits(32) & ~3
            cpu[register] = keys if rng.random() < 0.6 else None
    return reference.Processor(**cpu)


def random_image(seed, mode_name, counts, accesses=WALKS, layout=Layout()):
    """An image and random accesses to it, counts[i] with the i-th set of registers; the same for
    the same seed."""
    rng = random.Random(seed)
    mode = MODES[mode_name]
    root = layout.first_table
    processors = [random_processor(rng, mode_name, layout, accesses is not WALKS) for _ in counts]
    cpu = processors[0]  # the tables are made for its PSE
    processors = [dataclasses.replace(one, pse=cpu.pse) for one in processors]
    memory = bytearray(layout.ram)
    frames = list(range(root // FRAME + 1, layout.ram // FRAME))
    rng.shuffle(frames)

    # The frames of each level's tables; the lower the level, the more of them.
    depth = len(mode.levels)
    tables = [[root // FRAME]]
    for level in range(1, depth):
        share = len(frames) // (depth - level + 1) if level < depth - 1 else len(frames)
        tables.append([frames.pop() for _ in range(share)])

    for level, (name, shift, index_bits) in enumerate(mode.levels):
        below = tables[level + 1] if level + 1 < depth else None
        # The first table of each level belongs to the reserved addresses: nothing else leads there.
        targets = below[1:] if below else None
        pool = [random_entry(rng, cpu, name, shift, targets, layout) for _ in range(ENTRY_POOL)]
        for frame in tables[level]:
            words = b"".join(rng.choices(pool, k=1 << index_bits))
            memory[frame * FRAME : frame * FRAME + len(words)] = words
        rights = 0 if (mode_name, name) == ("pae", "PDPTE") else RW | US | A
        for page in range(1 if below else RESERVED // FRAME):
            entry = (below[0] * FRAME if below else page * FRAME) | P | rights
            if not below:
                entry = (entry | D) & ~(0 if page * FRAME == USER_VA else US)
            start = tables[level][0] * FRAME + page * mode.entry_bytes
            memory[start : start + mode.entry_bytes] = entry.to_bytes(mode.entry_bytes, "little")

    cases = ([random_case(rng, mode, accesses) for _ in range(count)] for count in counts)
    return Image(memory, list(zip(processors, cases)))


def random_entry(rng, cpu, name, shift, below, layout):
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
        entry |= random_page(rng, cpu, shift, layout)
    elif layout.absent_tables and chance() < 0.02:
        entry |= rng.randrange(layout.ram // FRAME, 1 << (20 if not wide else 28)) * FRAME
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


def random_page(rng, cpu, shift, layout):
    """The address bits of a page, with PAT (bit 12) of a large page."""
    pat = rng.getrandbits(1) << 12 if shift > 12 else 0
    if layout.pages:
        limit = 1 << (32 if cpu.mode == "x86" else PHYSICAL_BITS)
        size = 1 << shift
        places = [range(-(-first // size) * size, min(end, limit) - size + 1, size)
                  for first, end in layout.pages]  # fmt: skip
        return rng.choice(rng.choice([place for place in places if place])) | pat
    if cpu.mode == "x86":
        low = rng.getrandbits(32) & bits(31, shift) or 1 << 30
        pse36 = 0
        if shift == 22 and rng.random() < 0.5:
            pse36 = rng.getrandbits(9) << 13  # bit 21 is reserved
        return (low if low >= layout.ram else 1 << 30) | pse36 | pat
    base = rng.getrandbits(PHYSICAL_BITS) & bits(PHYSICAL_BITS - 1, shift)
    return (base if base >= layout.ram else 1 << 30) | pat


def random_case(rng, mode, accesses):
    """An address, some of them near a boundary of some level, and an access."""
    va = rng.getrandbits(mode.address_bits)
    if mode.address_bits > 32 and va >> (mode.address_bits - 1):
        va |= bits(63, mode.address_bits)
    kind, who = rng.choice(accesses)
    if mode.address_bits > 32 and rng.random() < 0.03:
        va = rng.getrandbits(64)  # mostly not canonical
        if kind == "execute":
            kind = "read"
    if rng.random() < 0.1:
        va |= 0xFFF
    if va < RESERVED:
        va += RESERVED
    if who == "supervisor-implicit":
        va &= ~7  # a descriptor
    return (va, kind, who)
