"""Page walks and accesses written from the manual alone (Intel SDM volume 3A, chapter 4), as a
third opinion.

It shares nothing with MMUBench: no layout, no table, no name of a field. It is slow and short, so
that it can be checked against the manual by reading it.
"""

import struct
from dataclasses import dataclass, field

P, RW, US, A, D, PS = 1 << 0, 1 << 1, 1 << 2, 1 << 5, 1 << 6, 1 << 7
XD = 1 << 63


def bits(high, low):
    """The mask of bits high:low; empty when high < low."""
    return (1 << (high + 1)) - (1 << low) if high >= low else 0


@dataclass(frozen=True)
class Mode:
    """The geometry of a paging mode: entry name, lowest address bit, index bits of each level."""

    entry_bytes: int
    address_bits: int
    levels: tuple


MODES = {
    # 4.3, figure 4-2
    "x86": Mode(4, 32, (("PDE", 22, 10), ("PTE", 12, 10))),
    # 4.4, figure 4-5
    "pae": Mode(8, 32, (("PDPTE", 30, 2), ("PDE", 21, 9), ("PTE", 12, 9))),
    # 4.5, figure 4-8
    "x86-64": Mode(8, 48, (("PML4E", 39, 9), ("PDPTE", 30, 9), ("PDE", 21, 9), ("PTE", 12, 9))),
    "la57": Mode(
        8,
        57,
        (("PML5E", 48, 9), ("PML4E", 39, 9), ("PDPTE", 30, 9), ("PDE", 21, 9), ("PTE", 12, 9)),
    ),
}


@dataclass(frozen=True)
class Processor:
    """What walks and accesses depend on besides memory; from `ignored_in_pdpte` on, how an outside
    oracle departs."""

    mode: str
    root: int
    nxe: bool
    pse: bool
    wp: bool
    physical_bits: int
    smep: bool = False
    smap: bool = False
    ac: bool = False  # RFLAGS.AC
    pkru: int = None  # None: CR4.PKE=0
    pkrs: int = None  # None: CR4.PKS=0
    ignored_in_pdpte: int = 0
    absent_is_zero: bool = False
    lazy_pdpte: bool = False
    accesses_pdpte: bool = False
    loads_all_pdptes: bool = False
    reserved_without_p: bool = False
    pkrs_for_supervisor_only: bool = False
    ac_lifts_implicit: bool = False

    def walk(self, memory, case):
        """The walk of a case: (address, access, by whom)."""
        return walk(memory, self, case[0])

    def access(self, found, case):
        """What comes of a case after its walk."""
        return access(self, found, *case[1:])


@dataclass
class Walk:
    """How a walk ended, in the words of the command line, with the entries it read."""

    outcome: str
    pa: int = None
    page_size: int = None
    write: bool = None
    user: bool = None
    execute: bool = None
    stopped_at: str = None
    reserved: int = None
    missing: int = None
    entries: list = field(default_factory=list, compare=False)


def reserved_bits(cpu, name, entry):
    """The reserved bits of a present entry: table 4-14 and figures 4-4, 4-7, 4-11 of the manual."""
    m = cpu.physical_bits
    if cpu.mode == "x86":
        if name == "PDE" and cpu.pse and entry & PS:
            return bits(21, min(m, 40) - 32 + 13)  # PSE-36: bits (M-20):13 are address bits
        return 0
    if cpu.mode == "pae" and name == "PDPTE":
        return (bits(63, m) | bits(8, 5) | bits(2, 1)) & ~cpu.ignored_in_pdpte
    mask = bits(62 if cpu.mode == "pae" else 51, m)
    if not cpu.nxe:
        mask |= XD
    if name in ("PML5E", "PML4E"):
        mask |= PS
    elif name == "PDPTE" and entry & PS:
        mask |= bits(29, 13)
    elif name == "PDE" and entry & PS:
        mask |= bits(20, 13)
    return mask


def is_large(cpu, name, entry):
    """Whether a present entry above the last level maps a page."""
    if not entry & PS:
        return False
    if name == "PDE":
        return cpu.pse if cpu.mode == "x86" else True
    return name == "PDPTE" and cpu.mode != "pae"


def page_base(cpu, name, entry, shift):
    """The address of the page that an entry maps."""
    if cpu.mode == "x86" and shift == 22:
        return entry & bits(31, 22) | (entry & bits(20, 13)) >> 13 << 32
    return entry & bits(51, shift)


def walk(memory, cpu, va):
    """Translates one linear address; memory is a bytes-like object from physical address 0."""
    mode = MODES[cpu.mode]
    width = mode.address_bits
    if width > 32 and va >> (width - 1) not in (0, (1 << (65 - width)) - 1):
        return Walk("non-canonical")
    size = mode.entry_bytes
    table = cpu.root & (bits(31, 5) if cpu.mode == "pae" else bits(51, 12))
    write = user = execute = True
    entries = []
    if cpu.loads_all_pdptes and cpu.mode == "pae":
        loaded = struct.unpack_from("<4Q", memory, table)
        if any(one & P and reserved_bits(cpu, "PDPTE", one) for one in loaded):
            return Walk("reserved-bits", stopped_at="PDPTE")
    for name, shift, index_bits in mode.levels:
        address = table + (va >> shift & bits(index_bits - 1, 0)) * size
        if address + size > len(memory):
            if not cpu.absent_is_zero:
                return Walk("missing", stopped_at=name, missing=address, entries=entries)
            entry = 0
        else:
            entry = int.from_bytes(memory[address : address + size], "little")
        entries.append((name, address, entry))
        if not entry & P:
            return Walk("not-present", stopped_at=name, entries=entries)
        reserved = entry & reserved_bits(cpu, name, entry)
        if reserved:
            return Walk("reserved-bits", stopped_at=name, reserved=reserved, entries=entries)
        if not (cpu.mode == "pae" and name == "PDPTE"):
            write, user = write and bool(entry & RW), user and bool(entry & US)
            execute = execute and not (size == 8 and entry & XD)
        if shift == 12 or is_large(cpu, name, entry):
            pa = page_base(cpu, name, entry, shift) + (va & bits(shift - 1, 0))
            return Walk("mapped", pa, 1 << shift, write, user, execute, entries=entries)
        table = entry & bits(51, 12)
    raise AssertionError("the last level always ends a walk")


@dataclass(frozen=True)
class Result:
    """What the processor does with an access, in the words of the command line."""

    outcome: str  # translated, page-fault, general-protection or missing
    pa: int = None
    code: int = None  # the error code of a page fault
    updates: tuple = ()  # (address, before, after) of each entry that the processor changes


GENERAL_PROTECTION = Result("general-protection")
USER, SUPERVISOR, IMPLICIT = "user", "supervisor", "supervisor-implicit"


def access(cpu, result, kind, who):
    """What the processor does with an access after the walk that ended so (4.6 to 4.8)."""
    if result.outcome == "non-canonical":
        return GENERAL_PROTECTION
    if result.outcome == "missing":
        return Result("missing")
    if cpu.mode == "pae" and result.stopped_at == "PDPTE" and result.outcome == "reserved-bits":
        if not cpu.lazy_pdpte:
            return GENERAL_PROTECTION  # as CR3 is loaded (4.4.1)
    code = (kind == "write") << 1 | (who == USER) << 2
    if kind == "execute" and (cpu.smep or (cpu.nxe and cpu.mode != "x86")):
        code |= 1 << 4
    if result.outcome == "not-present":
        return Result("page-fault", code=code)
    if result.outcome == "reserved-bits":
        return Result("page-fault", code=code | 1 << 3 | (not cpu.reserved_without_p))
    by_key = refused_by_key(cpu, result, kind, who)
    if by_key or refused_by_rights(cpu, result, kind, who):
        return Result("page-fault", code=code | by_key << 5 | 1)
    return Result("translated", result.pa, updates=updates(cpu, result, kind))


def refused_by_rights(cpu, result, kind, who):
    """Whether the rights of a mapped page, with CR0.WP, CR4.SMEP and SMAP, refuse (4.6.1)."""
    if who == USER:
        allowed = {"read": True, "write": result.write, "execute": result.execute}[kind]
        return not (result.user and allowed)
    if kind == "execute":
        return not result.execute or (result.user and cpu.smep)
    explicit = who != IMPLICIT or cpu.ac_lifts_implicit
    if result.user and cpu.smap and not (explicit and cpu.ac):
        return True
    return kind == "write" and cpu.wp and not result.write


def refused_by_key(cpu, result, kind, who):
    """Whether the protection key of a mapped page refuses (4.6.2); not in 32-bit and PAE paging."""
    register = cpu.pkru if result.user else cpu.pkrs
    if kind == "execute" or register is None or cpu.mode not in ("x86-64", "la57"):
        return False
    if who == USER and not result.user and cpu.pkrs_for_supervisor_only:
        return False
    key = result.entries[-1][2] >> 59 & 15
    disable_access, disable_write = register >> 2 * key & 1, register >> 2 * key + 1 & 1
    respects_write = cpu.wp or (result.user and who == USER)
    return bool(disable_access or (disable_write and kind == "write" and respects_write))


def updates(cpu, result, kind):
    """The accessed and dirty bits that the processor sets (4.8), as (address, before, after)."""
    changed = []
    for name, address, entry in result.entries:
        if cpu.mode == "pae" and name == "PDPTE" and not cpu.accesses_pdpte:
            continue
        is_last = address == result.entries[-1][1] and name == result.entries[-1][0]
        after = entry | A | (D if is_last and kind == "write" else 0)
        if after != entry:
            changed.append((address, entry, after))
    return tuple(changed)
