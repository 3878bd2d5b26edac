"""Translations of arm64 at EL1 and EL0 written from the manual alone (ARM ARM, DDI 0487, D8), as a
third opinion.

It shares nothing with MMUBench: no layout, no table, no name of a field. It is slow and short, so
that it can be checked against the manual by reading it.
"""

from dataclasses import dataclass, field

from reference import Result, bits

ADDRESS_SIZE, TRANSLATION, ACCESS_FLAG, PERMISSION = 0b00, 0b01, 0b10, 0b11
NAMES = {ADDRESS_SIZE: "address-size", TRANSLATION: "translation"}
PHYSICAL_BITS = 52
GRANULES = {0: {0: 12, 1: 16, 2: 14}, 1: {1: 14, 2: 12, 3: 16}}  # TG0 and TG1
OUTPUT_SIZES = (32, 36, 40, 42, 44, 48, 52)  # IPS
AF, AP1, AP2, DBM, PXN, UXN = 1 << 10, 1 << 6, 1 << 7, 1 << 51, 1 << 53, 1 << 54
PXN_TABLE, UXN_TABLE, NO_EL0_TABLE, READ_ONLY_TABLE = (1 << n for n in (59, 60, 61, 62))


@dataclass(frozen=True)
class Processor:
    """The registers of a translation; from `blocks_anywhere` on, how an outside oracle departs."""

    ttbr0: int
    ttbr1: int
    tcr: int
    sctlr: int = 1
    pan: bool = False
    blocks_anywhere: bool = False
    high_bits_need_52: bool = False
    clean_pages_execute: bool = False
    checks_unused_bits: bool = False
    high_table_bits_need_52: bool = False

    mode = "arm64"
    ac = False  # what a scenario calls so is of x86

    def walk(self, memory, case):
        """The walk of a case: (address, access, by whom, how the processor is asked)."""
        return walk(memory, self, *case[:3])

    def access(self, found, case):
        """What comes of a case after its walk."""
        return access(self, found, *case[1:3])

    def flag(self, bit):
        """A bit of TCR_EL1."""
        return self.tcr >> bit & 1


@dataclass(frozen=True)
class Half:
    """The geometry of the addresses of one TTBR (D8.2)."""

    upper: int
    size: int  # bits of an address
    granule: int  # as a power of 2
    top: int  # the level of the first table
    wide: bool  # descriptors hold 52 bits
    output: int  # bits of a physical address
    table: int

    def shift(self, level):
        """The lowest address bit that indexes a table of the level."""
        return self.granule + (3 - level) * (self.granule - 3)


def half(cpu, upper):
    """The geometry of a half, from TCR_EL1 and TTBRn_EL1."""
    size = 64 - (cpu.tcr >> 16 * upper & 0x3F)
    granule = GRANULES[upper][cpu.tcr >> (30 if upper else 14) & 3]
    top = 3
    while granule + (4 - top) * (granule - 3) < size:
        top -= 1
    wide = granule == 16 or bool(cpu.flag(59))
    output = min(OUTPUT_SIZES[cpu.tcr >> 32 & 7], PHYSICAL_BITS if wide else 48)
    one = Half(upper, size, granule, top, wide, output, 0)
    # D19.2, TTBR0_EL1.BADDR: the table is aligned to its size.
    ttbr = cpu.ttbr1 if upper else cpu.ttbr0
    align = size - one.shift(top) + 3
    # AArch64.S1TTBaseAddress: with DS=1 whatever IPS says.
    by_size = granule == 16 or cpu.high_table_bits_need_52
    if output == 52 if by_size else wide:
        table = ttbr & bits(47, max(align, 6)) | (ttbr >> 2 & 15) << 48
    else:
        table = ttbr & bits(47, max(align, 1))
    return Half(upper, size, granule, top, wide, output, table)


@dataclass
class Walk:
    """How a translation ended: a page with its rights, or a fault."""

    outcome: str  # mapped, or the kind of the fault
    pa: int = None
    page_size: int = None
    fault: int = None
    level: int = None
    rights: dict = None
    entries: list = field(default_factory=list, compare=False)

    @property
    def stopped_at(self):
        """The name of the descriptor that decided."""
        return self.entries[-1][0] if self.entries else None


def has_block(cpu, one, level):
    """D8.3.1, table D8-14: whether a descriptor 0b01 of the level is a block."""
    if cpu.blocks_anywhere:
        return True
    if one.granule == 12:
        return level in (1, 2) or (level == 0 and one.wide)
    return level == 2 or (level == 1 and one.wide)


def output_address(cpu, one, entry, low):
    """The address in a descriptor, down to bit `low` (D8.3.1)."""
    if not one.wide:
        return entry & bits(47, low)
    moved = not (cpu.high_bits_need_52 and one.output < 52)
    if one.granule == 16:
        return entry & bits(47, low) | moved * (entry >> 12 & 15) << 48
    return entry & bits(49, low) | moved * (entry >> 8 & 3) << 50


def walk(memory, cpu, va, kind, who):
    """Translates one address; memory is an `Image`'s, from its base on."""
    upper = va >> 55 & 1
    one = half(cpu, upper)

    def ends(fault, level, entries=()):
        return Walk(NAMES[fault], fault=fault, level=level, entries=list(entries))

    # D8.2.1, and D8.9 for tags: bits above the address are those of the half.
    tagged = cpu.flag(37 + upper) and not (kind == "execute" and cpu.flag(51 + upper))
    sign = bits(55 if tagged else 63, one.size)
    if va & sign != (sign if upper else 0):
        return ends(TRANSLATION, 0)
    if cpu.flag(55 + upper) and who == "user":  # E0PD
        return ends(TRANSLATION, 0)
    if cpu.flag(7 + 16 * upper):  # EPD
        return ends(TRANSLATION, 0)
    if one.table >> one.output:
        return ends(ADDRESS_SIZE, 0)
    table, hierarchical, entries = one.table, 0, []
    index_bits = one.size - one.shift(one.top)
    for level in range(one.top, 4):
        shift = one.shift(level)
        address = table + (va >> shift & bits(index_bits - 1, 0)) * 8
        entry = memory.word(address)
        entries.append((f"L{level}", address, entry))
        leaf = level == 3 or not entry & 2
        if not entry & 1 or (level == 3 and not entry & 2):
            return ends(TRANSLATION, level, entries)
        if leaf and level < 3 and not has_block(cpu, one, level):
            return ends(TRANSLATION, level, entries)
        low = shift if leaf else one.granule
        base = output_address(cpu, one, entry, low)
        checked = output_address(cpu, one, entry, one.granule) if cpu.checks_unused_bits else base
        if checked >> one.output:
            return ends(ADDRESS_SIZE, level, entries)
        if leaf:
            pa = base | va & bits(shift - 1, 0)
            rights = permissions(cpu, one, entry, hierarchical)
            return Walk("mapped", pa, 1 << shift, level=level, rights=rights, entries=entries)
        hierarchical |= entry
        table, index_bits = base, one.granule - 3
    raise AssertionError("the last level always ends a walk")


def permissions(cpu, one, entry, above):
    """D8.4: what EL1 and EL0 may do, from the last descriptor and those above it or-ed."""
    above = 0 if cpu.flag(41 + one.upper) else above  # HPD
    writable = not entry & AP2 or (dirty_by_hardware(cpu) and entry & DBM)
    writable = bool(writable and not above & READ_ONLY_TABLE)
    user = bool(entry & AP1 and not above & NO_EL0_TABLE)
    user_write = user and writable
    wxn = cpu.sctlr >> 19 & 1
    dirty = not (cpu.clean_pages_execute and entry & AP2)
    user_execute = not (entry & UXN or above & UXN_TABLE) and not (wxn and user_write and dirty)
    execute = not (entry & PXN or above & PXN_TABLE) and not (user_write and dirty)
    execute = execute and not (wxn and writable and dirty)
    kept_out = cpu.pan and user
    return {
        "user": {"read": user, "write": user_write, "execute": user_execute},
        "supervisor": {
            "read": not kept_out, "write": writable and not kept_out, "execute": execute,
        },
    }  # fmt: skip


def dirty_by_hardware(cpu):
    """TCR_EL1.HA and HD."""
    return cpu.flag(39) and cpu.flag(40)


def access(cpu, found, kind, who):
    """What the processor does with an access after the walk that ended so (D8.5 and D8.15)."""
    if found.outcome != "mapped":
        return abort(found.fault, found.level, kind, who)
    _, address, entry = found.entries[-1]
    if not entry & AF and not cpu.flag(39):
        return abort(ACCESS_FLAG, found.level, kind, who)
    if not found.rights[who][kind]:
        return abort(PERMISSION, found.level, kind, who)
    after = entry | (AF if cpu.flag(39) else 0)
    if kind == "write" and dirty_by_hardware(cpu) and entry & DBM:
        after &= ~AP2
    updates = ((address, entry, after),) if after != entry else ()
    return Result("translated", found.pa, updates=updates)


def abort(fault, level, kind, who):
    """A fault, with ESR_EL1 (D19.2)."""
    status = (0b101001 | fault << 1) if level == -1 else fault << 2 | level
    data, supervisor = kind != "execute", who != "user"
    code = (0b100000 | data << 2 | supervisor) << 26 | 1 << 25 | (kind == "write") << 6 | status
    return Result("page-fault", code=code)
