"""The scenes of arm64, for shrink.py: one access and all that it depends on."""

import dataclasses
import functools

from arm64_machine import gate
from images_arm64 import ACCESS, AT, AT_PAN, GATE, TABLES, Memory
from reference import bits
from reference_arm64 import AF, AP1, AP2, half
from shrink import without_address_bits, without_entry_bits

TABLE = 0x1_0000  # room for a table of any granule
SIMPLER = [("read", "supervisor"), ("read", "user"), ("write", "supervisor"), ("write", "user"),
           ("execute", "supervisor"), ("execute", "user")]  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Scene:
    """A table per level, and the values of the entries without the addresses of the tables."""

    cpu: object
    case: tuple
    values: tuple

    def half(self):
        """The half of the address."""
        return half(self.cpu, self.case[0] >> 55 & 1)

    def entries(self):
        """(address, value) of each entry of the walk, top first."""
        one, table, found = self.half(), TABLES, []
        index_bits = one.size - one.shift(one.top)
        for i, value in enumerate(self.values):
            index = self.case[0] >> one.shift(one.top + i) & bits(index_bits - 1, 0)
            address, table, index_bits = table + index * 8, table + TABLE, one.granule - 3
            found.append((address, value if i == len(self.values) - 1 else value | table))
        return found

    def memory(self):
        """The RAM of the oracle: the entries, and in the other half the way to the gate."""
        memory, table = Memory(), max(roots(0))
        for address, value in self.entries():
            memory.put(address, value)
        for level in range(half(self.cpu, self.case[0] >> 55 & 1 ^ 1).top, 3):
            memory.put(table, table + TABLE | 3)
            table += TABLE
        memory.put(table, GATE | AP1 | AP2 | AF | 3)
        return memory

    def is_askable(self):
        """Whether the gate can be in the other half, where it is needed."""
        va, _, who, way = self.case
        door = gate(self.cpu, who, va)
        return way != ACCESS or (door is not None and (door ^ va) >> 55 & 1 == 1)

    def edits(self):
        """What makes the scene simpler, the greatest steps first."""
        found = [functools.partial(with_access, access=simpler) for simpler in SIMPLER]
        found.append(with_at)
        found.append(functools.partial(with_register, name="pan", value=False))
        found.append(functools.partial(with_register, name="sctlr", value=1))
        bits_of_tcr = (*range(37, 43), *range(51, 57), 7, 23, 59)
        found += [functools.partial(without_tcr_bit, bit=bit) for bit in bits_of_tcr]
        for name, table in zip(("ttbr0", "ttbr1"), roots(self.case[0])):
            found.append(functools.partial(with_register, name=name, value=table))
        masks = [bits(63, 56), bits(11, 0), *(1 << i for i in reversed(range(55)))]
        found += [functools.partial(without_address_bits, mask=mask) for mask in masks]
        for i, value in enumerate(self.values):
            masks = [bits(62, 55), bits(51, 12), *(1 << n for n in reversed(range(64)))]
            found += [
                functools.partial(without_entry_bits, level=i, mask=mask)
                for mask in masks if value & mask
            ]  # fmt: skip
        return found

    def text(self, name, right=None, title="", about=None, source="shrinking"):
        """The scenario file; with an expectation where it is known what is right."""
        cpu, one = self.cpu, self.half()
        lines = ["mmubench: 1", f"scenario: {name}", f"title: {title or name}"]
        lines += ["source:", f"  - {source}", "  - ARM ARM D8"]
        if right:
            lines.append("about: |")
            lines += [f"  {party}: {answer}" for party, answer in about.items()]
        held = {"ttbr1": cpu.ttbr1, "tcr": cpu.tcr, "sctlr": cpu.sctlr, "pan": int(cpu.pan)}
        lines += [
            "machine:",
            "  mode: arm64",
            f"  root: {cpu.ttbr0:#x}",
            f"  registers: {{ {', '.join(f'{key}: {value:#x}' for key, value in held.items())} }}",
            "  memory:",
            "    width: 8",
            "    facts:",
        ]
        # Both tables must lie in memory.
        used = [address for address, _ in self.entries()]
        tables = [root & bits(47, 6) for root in (cpu.ttbr0, cpu.ttbr1)]
        lines += [f"      {table:#x}: 0" for table in tables if table not in used]
        lines += [f"      {address:#x}: {value:#x}  # L{one.top + i}"
                  for i, (address, value) in enumerate(self.entries())]  # fmt: skip
        if right:
            lines += ["expect:", f"  - {{ {self.expectation(right)} }}"]
        return "\n".join([*lines, "golden: false", ""])

    def expectation(self, right):
        """What the manual says of the access, as the scenario language has it."""
        va, kind, who, _ = self.case
        said = f"fault: {va:#x}, access: {kind}, as: {who}"
        if right.outcome == "page-fault":
            return f"{said}, esr: {right.code:#x}"
        level = f"L{self.half().top + len(self.values) - 1}"
        changes = ", ".join(
            f"{{ entry: {level}, at: {address:#x}, before: {before:#x}, after: {after:#x} }}"
            for address, before, after in right.updates
        )
        return f"{said}, pa: {right.pa:#x}, updates: " + (f"[{changes}]" if changes else "0")


def roots(va):
    """TTBR0 and TTBR1 of a scene: the address's half has the first tables."""
    tables = (TABLES, TABLES + 7 * TABLE)
    return tables[::-1] if va >> 55 & 1 else tables


def scene(found):
    """The scene of a disagreement; its tables move to where they are easy to read."""
    entries = found.walk.entries
    one = half(found.cpu, found.case[0] >> 55 & 1)
    last = len(entries) - 1
    below = bits(47, one.granule)
    values = tuple(e if i == last else e & ~below for i, (_, _, e) in enumerate(entries))
    ttbr0, ttbr1 = (
        old & bits(63, 48) | old & 1 | new
        for old, new in zip((found.cpu.ttbr0, found.cpu.ttbr1), roots(found.case[0]))
    )
    cpu = dataclasses.replace(found.cpu, ttbr0=ttbr0, ttbr1=ttbr1)
    return Scene(cpu, found.case, values)


def with_access(scene, access):
    """Another access, unless the scene's is as simple."""
    va, *now, way = scene.case
    if SIMPLER.index(tuple(now)) <= SIMPLER.index(access):
        return scene
    return dataclasses.replace(scene, case=(va, *access, way))


def with_at(scene):
    """AT rather than an access."""
    *case, way = scene.case
    if way != ACCESS or scene.case[1] == "execute":
        return scene
    return dataclasses.replace(scene, case=(*case, AT_PAN if scene.cpu.pan else AT))


def without_tcr_bit(scene, bit):
    return with_register(scene, "tcr", scene.cpu.tcr & ~(1 << bit))


def with_register(scene, name, value):
    return dataclasses.replace(scene, cpu=dataclasses.replace(scene.cpu, **{name: value}))
