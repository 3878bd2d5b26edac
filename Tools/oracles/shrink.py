"""Shrinks a disagreement to the smallest scenario file that still shows it.

The memory of the scenario is nothing but the entries of one walk. Bits of the address, of the
registers and of the entries are cleared, and the access is made simpler, for as long as the same
parties disagree.
"""

import dataclasses
import functools
import os
import tempfile
import zlib

from bench import registers
from random_images import FRAME, RESERVED, USER_VA
from reference import MODES, RW, US, A, D, P, bits

TABLES = 0x10_0000  # the first table, and the RAM of an oracle's small machine ends behind the last
RAM = 0x20_0000
NAMES = ["P", "W", "U", "RSVD", "I", "PK", "SS"]
SIMPLER = [
    ("read", "supervisor"), ("read", "user"), ("write", "supervisor"), ("execute", "supervisor"),
    ("write", "user"), ("execute", "user"), ("read", "supervisor-implicit"),
]  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Scene:
    """One access and all that it depends on: a table per level, and the values of the entries
    without the addresses of the tables."""

    cpu: object
    case: tuple
    values: tuple

    def entries(self):
        """(address, value) of each entry of the walk, top first."""
        mode, table, found = MODES[self.cpu.mode], TABLES, []
        for i, value in enumerate(self.values):
            _, shift, index_bits = mode.levels[i]
            address = table + (self.case[0] >> shift & bits(index_bits - 1, 0)) * mode.entry_bytes
            table += FRAME
            is_last = i == len(self.values) - 1
            found.append((address, value if is_last else value | table))
        return found

    def memory(self):
        """The RAM of an oracle: the entries, and the way to the addresses that it needs itself."""
        mode, ram = MODES[self.cpu.mode], bytearray(RAM)
        size, spare = mode.entry_bytes, TABLES + FRAME * len(mode.levels)

        def put(address, value):
            ram[address : address + size] = value.to_bytes(size, "little")

        for address, value in self.entries():
            put(address, value)
        table = TABLES
        for name, _, _ in mode.levels[:-1]:
            entry = int.from_bytes(ram[table : table + size], "little")
            if not entry & P:
                rights = 0 if (self.cpu.mode, name) == ("pae", "PDPTE") else RW | US | A
                entry, spare = spare | P | rights, spare + FRAME
                put(table, entry)
            table = entry & bits(51, 12)
        for page in range(RESERVED // FRAME):
            rights = RW | A | D | P | (US if page * FRAME == USER_VA else 0)
            put(table + page * size, page * FRAME | rights)
        return ram

    def is_askable(self):
        """Whether an oracle can execute it: not at the addresses that it needs itself."""
        return self.case[0] >= RESERVED

    def edits(self):
        """What makes the scene simpler, the greatest steps first."""
        return edits(self)

    def text(self, name, *more):
        """The scenario file."""
        return text(name, self, *more)


def scene(found):
    """The scene of a disagreement; its tables move to where they are easy to read."""
    last = len(found.walk.entries) - 1
    below = [entry & bits(51, 12) for _, _, entry in found.walk.entries]
    values = tuple(
        entry if i == last else entry & ~below[i]
        for i, (_, _, entry) in enumerate(found.walk.entries)
    )
    root = found.cpu.root & 0xFFF | TABLES
    return Scene(dataclasses.replace(found.cpu, root=root), found.case, values)


class Shrinker:
    """Asks the parties about smaller and smaller scenes."""

    def __init__(self, bench, oracle, folder):
        self.bench = bench
        self.oracle = oracle  # (memory, cpu, case) -> (result, known deviation), or nothing
        self.path = os.path.join(folder, "scene.yaml")
        self.pattern = None  # who disagrees, and how

    def answers(self, scene):
        """What each party says, and how they disagree; None where they do not."""
        cpu, case = scene.cpu, scene.case
        memory = scene.memory()
        found = cpu.walk(memory, case)
        right = cpu.access(found, case)
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(scene.text("scene"))
        told = {"mmubench": self.bench.scenario_result(self.path, case, cpu.ac)}
        known = None
        if self.pattern and (told["mmubench"] != right) != ("mmubench" in self.pattern[0]):
            return told, None  # the oracle may be slow to start
        if self.oracle:
            told["oracle"], known = self.oracle(memory, cpu, case)
        pattern = {party for party, answer in told.items() if answer != right}
        if known:
            pattern.discard("oracle")
        # Words beyond the entries are zero to an oracle and absent from the scenario.
        if len(found.entries) > len(scene.values) or not pattern:
            return {"reference": right} | told, None
        told = {"reference": right} | told
        return told, (pattern, [answer.outcome for answer in told.values()])

    def shrink(self, scene):
        """The smallest scene with the same disagreement; None where moving the tables ended it."""
        told, self.pattern = self.answers(scene)
        if not self.pattern:
            return None, told
        progress = True
        while progress:
            progress = False
            for edit in scene.edits():
                simpler = edit(scene)
                if simpler != scene and self.shows(simpler):
                    scene, progress = simpler, True
        return scene, self.answers(scene)[0]

    def shows(self, scene):
        """Whether the same parties disagree about this scene too."""
        if not scene.is_askable():
            return False
        try:
            return self.answers(scene)[1] == self.pattern
        except Exception:  # an oracle that no longer runs, a machine that is refused
            return False


def edits(scene):
    """What makes a scene simpler, the greatest steps first."""
    found = [functools.partial(with_access, access=simpler) for simpler in SIMPLER]
    found += [
        functools.partial(with_register, name=name, value=None if name[0] == "p" else False)
        for name in ("smep", "smap", "ac", "wp", "nxe", "pkru", "pkrs")
    ]
    found.append(functools.partial(with_register, name="root", value=TABLES))
    width = MODES[scene.cpu.mode].address_bits
    masks = [bits(63, width - 1), bits(11, 0), *(1 << i for i in reversed(range(width)))]
    found += [functools.partial(without_address_bits, mask=mask) for mask in masks]
    for i, value in enumerate(scene.values):
        masks = [bits(62, 52), bits(51, 12), bits(11, 8), *(1 << n for n in reversed(range(64)))]
        found += [
            functools.partial(without_entry_bits, level=i, mask=mask)
            for mask in masks if value & mask
        ]  # fmt: skip
    return found


def with_access(scene, access):
    """Another access, unless the scene's is as simple."""
    now = scene.case[1:]
    if now in SIMPLER and SIMPLER.index(now) <= SIMPLER.index(access):
        return scene
    return dataclasses.replace(scene, case=(scene.case[0], *access))


def with_register(scene, name, value):
    return dataclasses.replace(scene, cpu=dataclasses.replace(scene.cpu, **{name: value}))


def without_address_bits(scene, mask):
    return dataclasses.replace(scene, case=(scene.case[0] & ~mask, *scene.case[1:]))


def without_entry_bits(scene, level, mask):
    values = list(scene.values)
    values[level] &= ~mask
    return dataclasses.replace(scene, values=tuple(values))


def text(name, scene, right=None, title="", about=None, source="shrinking"):
    """The scenario file; with an expectation where it is known what is right."""
    cpu = scene.cpu
    lines = ["mmubench: 1", f"scenario: {name}", f"title: {title or name}"]
    lines += ["source:", f"  - {source}", "  - Intel SDM Vol. 3A, 4.6 to 4.8"]
    if right:
        lines.append("about: |")
        lines += [f"  {party}: {answer}" for party, answer in about.items()]
    keys = {"pkru": cpu.pkru, "pkrs": cpu.pkrs}
    held = registers(cpu) | {key: value for key, value in keys.items() if value is not None}
    lines += [
        "machine:",
        f"  mode: {cpu.mode}",
        f"  root: {cpu.root:#x}",
        f"  physical-bits: {cpu.physical_bits}",
        f"  registers: {{ {', '.join(f'{key}: {value:#x}' for key, value in held.items())} }}",
        "  memory:",
        f"    width: {MODES[cpu.mode].entry_bytes}",
        "    facts:" if scene.values else "    facts: { 0x0: 0 }",
    ]
    names = [level[0] for level in MODES[cpu.mode].levels]
    lines += [f"      {address:#x}: {value:#x}  # {level}"
              for level, (address, value) in zip(names, scene.entries())]  # fmt: skip
    if right:
        lines += ["expect:", f"  - {{ {expectation(scene, right)} }}"]
    return "\n".join([*lines, "golden: false", ""])


def expectation(scene, right):
    """What the manual says of the access, as the scenario language has it."""
    va, kind, who = scene.case
    said = f"fault: {va:#x}, access: {kind}, as: {who}" + ", ac: true" * scene.cpu.ac
    if right.outcome == "page-fault":
        flags = [name for i, name in enumerate(NAMES) if right.code >> i & 1]
        return f"{said}, outcome: page-fault, error-code: [{', '.join(flags)}]"
    if right.outcome != "translated":
        return f"{said}, outcome: {right.outcome}"
    levels = {address: level for (address, _), (level, _, _)
              in zip(scene.entries(), MODES[scene.cpu.mode].levels)}  # fmt: skip
    changes = ", ".join(
        f"{{ entry: {levels[address]}, at: {address:#x}, before: {before:#x}, after: {after:#x} }}"
        for address, before, after in right.updates
    )
    return f"{said}, pa: {right.pa:#x}, updates: " + (f"[{changes}]" if changes else "0")


def write_scenario(folder, campaign, bench, oracle, found, words, make=scene):
    """Writes the smallest scenario that shows a disagreement; the path, or why there is none."""
    os.makedirs(folder, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        try:
            small, told = Shrinker(bench, oracle, scratch).shrink(make(found))
        except Exception as error:
            return f"none: {error}"
    if small is None:
        return "none: with the tables elsewhere all agree: " + "; ".join(map(words, told.values()))
    va, kind, who, *_ = small.case
    mark = zlib.crc32(repr(small).encode())
    name = f"{small.cpu.mode}-{kind}-{who}-{mark:08x}".replace("x86-64", "x64")
    right = told["reference"]
    code = f" with error code {right.code:#x}" if right.code is not None else ""
    title = f"{kind.capitalize()} of {va:#x} as {who} is {right.outcome}{code}"
    about = {party: words(answer) for party, answer in told.items()}
    path = os.path.join(folder, f"{name}.yaml")
    with open(path + ".part", "w", encoding="utf-8") as file:
        file.write(
            small.text(name, right, title, about, f"{campaign.split()[0]}.py {found.place}")
        )
    os.replace(path + ".part", path)
    return path
