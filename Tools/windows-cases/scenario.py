"""Scenarios in the facts form: words at physical addresses, and what they must mean."""

import collections

PRESENT, WRITE, USER, LARGE = 1 << 0, 1 << 1, 1 << 2, 1 << 7
EXECUTE_DISABLE = 1 << 63

# Entry names of a mode, top first, with the shift and the number of bits of their index.
LEVELS = {
    "x86": [("PDE", 22, 10), ("PTE", 12, 10)],
    "pae": [("PDPTE", 30, 2), ("PDE", 21, 9), ("PTE", 12, 9)],
    "x86-64": [("PML4E", 39, 9), ("PDPTE", 30, 9), ("PDE", 21, 9), ("PTE", 12, 9)],
}
# The debugger's names of the levels.
NAMES = {"PXE": "PML4E", "PPE": "PDPTE"}
CHOSEN = "chosen"

_count = collections.Counter()


def counted():
    return ", ".join(f"{number} {what}" for what, number in sorted(_count.items()))


def hexed(number):
    """A number with a separator every four digits, as scenarios are read by people."""
    digits = f"{number:x}"
    digits = digits.rjust(-(-len(digits) // 4) * 4, "0") if len(digits) > 4 else digits
    return "0x" + "_".join(digits[i : i + 4] for i in range(0, len(digits), 4))


class Conflict(Exception):
    """Two statements about one physical address."""


class Facts:
    """Words at physical addresses, with a remark on where each comes from."""

    def __init__(self, words=()):
        self.words = dict(words)

    def say(self, address, value, remark=""):
        old = self.words.get(address)
        if old is None or (old[1] == CHOSEN and old[0] == value):
            self.words[address] = (value, remark)
        elif old[0] != value:
            raise Conflict(f"{address:#x} holds {old[0]:#x}, not {value:#x} ({remark})")

    def lines(self):
        for address, (value, remark) in sorted(self.words.items()):
            line = f"      {hexed(address)}: {hexed(value)}"
            yield line + (f"    # {remark}" if remark else "")


class Frames:
    """Frames for tables whose address is not known, far from all memory that is."""

    def __init__(self, first):
        self.next = first

    def take(self, size=0x1000):
        frame, self.next = self.next, self.next + size
        return frame


def entry_size(mode):
    return 4 if mode == "x86" else 8


def index(mode, level, va):
    _, shift, bits = LEVELS[mode][level]
    return (va >> shift) & ((1 << bits) - 1)


def frame_of(mode, value):
    return value & (0xFFFFF000 if mode == "x86" else 0x000FFFFFFFFFF000)


def page_size(mode, name):
    return {"PTE": 0x1000, "PDE": 0x400000 if mode == "x86" else 0x200000, "PDPTE": 1 << 30}[name]


def size_text(size):
    return {0x1000: "4 KiB", 0x200000: "2 MiB", 0x400000: "4 MiB", 1 << 30: "1 GiB"}[size]


def page_expectation(mode, va, chain, pa, process=None, remark=""):
    """The walk of an address whose entries, top first, lead to a page."""
    upper = chain if mode != "pae" else chain[1:]
    write = all(value & WRITE for value in upper)
    user = all(value & USER for value in upper)
    execute = mode == "x86" or not any(value & EXECUTE_DISABLE for value in upper)
    size = page_size(mode, LEVELS[mode][len(chain) - 1][0])
    _count["pages"] += 1
    return item(
        walk=hexed(va), process=process, pa=hexed(pa), page_size=size_text(size), write=write,
        user=user, execute=execute, remark=remark)


def stop_expectation(va, name, process=None, remark=""):
    _count["entries that are not valid"] += 1
    return item(
        walk=hexed(va), process=process, outcome="not-present", stopped_at=name, remark=remark)


def state_expectation(va, name, state, process=None):
    """What an entry that is not valid means to Windows."""
    _count["states"] += 1
    return item(
        pte=hexed(va), process=process, level=None if name == "PTE" else name, state=state)


def fault_expectation(va, access, mode_of_access, code, process=None, system=None, remark=""):
    return item(
        fault=hexed(va), process=process, access=access, **{"as": mode_of_access},
        error_code=f"[{', '.join(code)}]", os=system, remark=remark)


def item(remark="", **keys):
    def text(value):
        return str(value).lower() if isinstance(value, bool) else str(value)

    pairs = [
        f"{key.replace('_', '-')}: {text(value)}" for key, value in keys.items() if value is not None
    ]
    return f"  - {{ {', '.join(pairs)} }}" + (f"    # {remark}" if remark else "")


def write(name, title, source, about, mode, os, facts, expectations, root=None, processes=(),
          registers=None, mask=None):
    lines = ["mmubench: 1", f"scenario: {name}", f"title: {title}", "source:"]
    lines += [f"  - {one}" for one in source]
    lines += ["about: |"] + [f"  {line}".rstrip() for line in about.strip().splitlines()]
    lines += ["machine:", f"  mode: {mode}", f"  os: {os}"]
    if root is not None:
        lines.append(f"  root: {hexed(root)}")
    if registers:
        lines.append(f"  registers: {registers}")
    lines += ["  memory:"] + (["    width: 4"] if entry_size(mode) == 4 else [])
    lines += ["    facts:"] + list(facts.lines())
    if mask:
        lines.append(f"windows: {{ invalid-mask: {hexed(mask)} }}")
    if processes:
        lines.append("processes:")
        lines += [
            f"  - {{ name: {p}, pid: {pid}, root: {hexed(r)} }}" for p, pid, r in processes
        ]
    lines += ["expect:"] + expectations + ["golden: true", ""]
    return "\n".join(lines)
