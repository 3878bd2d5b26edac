"""Random page tables of arm64: every field of every level takes every kind of value.

One granule for the lower half, any for the upper. The first page of each half belongs to the gate:
its tables are no others', and only what the payload needs is there. No page that is mapped overlaps
the tables but by chance, and accesses there are only translated.
"""

import random
from dataclasses import dataclass

from reference import bits
from reference_arm64 import AF, AP1, AP2, DBM, GRANULES, OUTPUT_SIZES, Processor, half

MODES = {"arm64-4k": 12, "arm64-16k": 14, "arm64-64k": 16}
TABLES, TABLES_END = 0x4400_0000, 0x4440_0000
GATE, FILL, FILL_END, RAM_END = 0x4021_0000, 0x4100_0000, 0x4180_0000, 0x4800_0000
QUIET = ((RAM_END, 1 << 38), (1 << 40, 1 << 52))  # where nothing is that answers
POOL = 2048
# How the processor is asked: AT S1E0R and so on, the same with PSTATE.PAN=1, which they ignore,
# AT S1E1RP and S1E1WP, which do not, or by an access that is made.
AT, AT_UNDER_PAN, AT_PAN, ACCESS = "AT", "AT with PSTATE.PAN=1", "AT S1E1xP", "access"


class Memory:
    """The bytes of the tables, at their physical address."""

    def __init__(self, size=TABLES_END - TABLES, base=TABLES):
        self.base, self.bytes = base, bytearray(size)

    def __len__(self):
        return self.base + len(self.bytes)

    def word(self, address):
        """A descriptor; zero outside, where no descriptor should lie."""
        at = address - self.base
        if not 0 <= at <= len(self.bytes) - 8:
            raise IndexError(f"no table at {address:#x}")
        return int.from_bytes(self.bytes[at : at + 8], "little")

    def put(self, address, word):
        """Writes a descriptor."""
        at = address - self.base
        self.bytes[at : at + 8] = word.to_bytes(8, "little")


@dataclass
class Image:
    """Tables, and accesses with the registers that go with them."""

    memory: Memory
    groups: list  # (Processor, [(va, kind, who, way)])

    @property
    def cases(self):
        """Every access with its processor."""
        return [(cpu, case) for cpu, cases in self.groups for case in cases]


def random_image(seed, mode, counts):
    """An image and random accesses to it, counts[i] with the i-th set of registers; the same for
    the same seed."""
    rng = random.Random(seed)
    tcr = geometry(rng, MODES[mode])
    memory = Memory()
    frames = Frames(memory)
    roots = [tables(rng, memory, frames, Processor(0, 0, tcr), upper) for upper in (0, 1)]
    groups = []
    for count in counts:
        cpu = random_processor(rng, tcr, roots)
        groups.append((cpu, [random_case(rng, cpu) for _ in range(count)]))
    return Image(memory, groups)


def geometry(rng, granule):
    """The fields of TCR_EL1 that all the tables of an image depend on."""
    wide = rng.random() < 0.4
    tcr = rng.randrange(len(OUTPUT_SIZES)) << 32 | wide << 59
    if rng.random() < 0.5:
        tcr = tcr & ~bits(34, 32) | 6 << 32
    for upper in (0, 1):
        chosen = rng.choice((12, 14, 16)) if upper else granule
        [field] = [field for field, shift in GRANULES[upper].items() if shift == chosen]
        least = 12 if wide or chosen == 16 else 16
        size = rng.choice((least, 16, 25, rng.randint(least, 39), rng.randint(least, 39)))
        tcr |= size << 16 * upper | field << (30 if upper else 14)
    return tcr


def random_processor(rng, tcr, roots):
    """Registers: all that does not change where tables lie."""
    some = rng.random
    for upper in (0, 1):
        for bit, chance in ((37, 0.5), (41, 0.4), (51, 0.3), (55, 0.1)):  # TBI HPD TBID E0PD
            tcr |= (some() < chance) << bit + upper
        tcr |= (some() < 0.06) << 7 + 16 * upper  # EPD
    hardware = some() < 0.5
    tcr |= hardware << 39 | (hardware and some() < 0.7) << 40
    ttbrs = []
    for upper in (0, 1):
        ttbr = roots[upper] | rng.getrandbits(16) << 48 | rng.getrandbits(1)
        output = half(Processor(0, 0, tcr), upper).output
        if some() < 0.05 and output < 48:
            ttbr |= 1 << rng.randrange(output, 48)
        if some() < 0.05 and tcr >> 59 & 1 and output < 52:  # address bits 51:48
            ttbr |= 1 << rng.randrange(2, 6)
        ttbrs.append(ttbr)
    return Processor(*ttbrs, tcr, 1 | (some() < 0.3) << 19, some() < 0.4)


class Frames:
    """Gives out the memory of tables."""

    def __init__(self, memory):
        self.next, self.end = memory.base, len(memory)

    def take(self, size):
        """The address of a table, aligned to its size."""
        start = -(-self.next // size) * size
        self.next = start + size
        return start

    def left(self, share):
        """How much may be used, of what is left."""
        return int((self.end - self.next) * share)


def tables(rng, memory, frames, cpu, upper):
    """Fills the tables of one half; the address of the first."""
    one = half(cpu, upper)
    size = 1 << one.granule
    first = 8 << (one.size - one.shift(one.top))
    frames.take(size)
    roots = frames.take(max(64, first))
    # A table for the gate and some for all others, at each level.
    room = frames.left(1 if upper else 0.5) // size - 2 * 4
    depth = 3 - one.top
    levels = [[roots]]
    for below in range(depth):
        share = max(2, room // 8 if below < depth - 1 else room // 2)
        levels.append([frames.take(size) for _ in range(share)])
    for i, addresses in enumerate(levels):
        level = one.top + i
        targets = levels[i + 1][1:] if level < 3 else None
        pool = [random_entry(rng, cpu, one, level, targets) for _ in range(POOL)]
        for address in addresses:
            count = (first if i == 0 else size) // 8
            at = address - memory.base
            memory.bytes[at : at + 8 * count] = b"".join(rng.choices(pool, k=count))
        gate = GATE | AP1 | AP2 | AF | 3 if level == 3 else levels[i + 1][0] | 3
        memory.put(addresses[0], gate)
    return roots


def random_entry(rng, cpu, one, level, below):
    """One descriptor: mostly well-formed, sometimes with any bit wrong."""
    chance = rng.random
    # A2: no blocks at level -1.
    table = level < 3 and (chance() < 0.75 or level < 0)
    entry = (chance() < 0.93) | (table or level == 3 and chance() < 0.95) << 1
    if table:
        entry |= rng.choice(below)
        if chance() < 0.5:  # NSTable, APTable, UXNTable, PXNTable; the rest is ignored
            entry |= rng.getrandbits(13) << 51 & ~(chance() < 0.5 and 15 << 59)
        entry |= rng.getrandbits(6) << 2
    else:
        entry |= random_page(rng, one, level)
        # AttrIndx, NS, AP, SH where it is, AF, nG
        entry |= rng.getrandbits(10) << 2 & ~(3 << 8 if one.wide else 0) & ~AF
        entry |= (chance() < 0.75) * AF | rng.getrandbits(1) << 50
        entry |= (chance() < 0.3) * DBM
        entry |= rng.getrandbits(3) << 52 if chance() < 0.5 else 0  # Contiguous, PXN, UXN
        entry |= rng.getrandbits(9) << 55 if chance() < 0.5 else 0
    if chance() < 0.06:
        wrong = [bit for bit, place in address_bits(one) if not table or place >= one.output]
        entry ^= 1 << rng.choice(wrong) if wrong else 0
    return entry.to_bytes(8, "little")


def address_bits(one):
    """The bits of a descriptor that are address, or would be in another granule, and which."""
    if one.granule == 16:
        return [*((bit, bit) for bit in range(16, 48)), *((bit, bit + 36) for bit in range(12, 16)),
                (48, 64), (49, 64)]  # fmt: skip
    high = 50 if one.wide else 64
    return [*((bit, bit if bit < 48 or one.wide else 64) for bit in range(one.granule, 50)),
            (8, high), (9, high + 1)]  # fmt: skip


def random_page(rng, one, level):
    """The address bits of a page or block; mostly of one that is there or surely is not."""
    shift = one.shift(level)
    kind = rng.random()
    if kind < 0.45:
        address = rng.randrange(FILL, FILL_END)
    elif kind < 0.8 and one.output > 40:
        address = rng.randrange(1 << 40, 1 << one.output)
    else:
        address = rng.getrandbits(one.output)
    address &= bits(one.output - 1, shift)
    if one.granule == 16:
        return address & bits(47, 16) | (address >> 48) << 12
    return address & bits(49, 12) | (address >> 50) << 8


def random_case(rng, cpu):
    """An address, some of them near a boundary or not one of a half, and who does what with it."""
    upper = rng.getrandbits(1)
    one = half(cpu, upper)
    va = rng.getrandbits(one.size) | (bits(63, one.size) if upper else 0)
    if rng.random() < 0.1:
        va |= 0xFFC
    if va & bits(one.size - 1, 0) < 1 << one.granule:
        va += 1 << one.granule
    if rng.random() < 0.2:  # a tag
        va = va & bits(55, 0) | rng.getrandbits(8) << 56
    if rng.random() < 0.05 and one.size < 55:
        va ^= 1 << rng.randrange(one.size, 55)
    kind = rng.choice(("read", "write", "execute"))
    who = rng.choice(("user", "supervisor"))
    ways = [ACCESS] if kind == "execute" else [ACCESS, AT, AT_UNDER_PAN]
    if kind != "execute" and who == "supervisor":
        ways = [ACCESS, AT_PAN] if cpu.pan else [ACCESS, AT, AT_PAN, AT_UNDER_PAN]
    way = rng.choice(ways)
    return (va & ~3, kind, who, way)


def quiet(pa):
    """Whether an access there is answered by the fill or by nothing."""
    return FILL <= pa < FILL_END or any(first <= pa < end for first, end in QUIET)

