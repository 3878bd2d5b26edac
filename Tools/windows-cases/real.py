"""What five crash dumps hold of their page tables: a scenario a dump."""

import json

from scenario import (
    CHOSEN, LARGE, LEVELS, NAMES, PRESENT, Conflict, Facts, Frames, fault_expectation, frame_of,
    hexed, index, page_expectation, page_size, state_expectation, stop_expectation, write)

MODE = "x86-64"
KERNELS = {9600: "windows-9600.17031", 19041: "windows-19041.508"}
REGISTERS = {
    "windows-9600-x64-37": "{ cr4: { SMEP: 1 } }",
    "windows-19041-x64-10": "{ cr4: { SMEP: 1, SMAP: 1 } }",
}
# The states of entries that are neither valid nor zero, by the words of the list of classes.
STATES = {
    "freed/other(no protection)": "freed",
    "demandzero": "demand-zero",
    "prototype/subsection": "prototype",
}
SOURCE = "entries of the page tables in a published crash dump without memory contents ({})"
ABOUT = """
Every walk that the dump has the words for; everything else of that machine is unknown. Where the
words of upper levels are not in the dump, tables at chosen frames lead to those below them.
"""
BELOW_LARGE = """
Some addresses lie in pages of 2 MiB. Their "entries" were read through the self-map, where a page
takes the place of a page table: they are the first words of its contents, not entries. The list of
classes calls them zero and valid; the processor does not read them, and these addresses are mapped.
"""


def scenarios(path):
    """The scenarios, name and text."""
    for name, dump in json.loads(path.read_text()).items():
        name = name.replace("windows-", "real-")
        yield name, Dump(name, dump).text()


class Dump:
    def __init__(self, name, dump):
        self.name, self.dump = name, dump
        self.root = int(dump["dtb"], 16)
        self.facts, self.frames = Facts(), Frames(0xF0_0000_0000)
        self.tables, self.expectations, self.has_contents = {}, [], False
        for address, value in dump["qwords"].items():
            self.facts.say(int(address, 16), int(value, 16))

    def text(self):
        self.self_map()
        for walk in self.dump["walks"]:
            self.walk(walk)
        for fault in self.dump["faults"]:
            self.fault(fault)
        # Chosen words may repeat for many walks; those of the dump have no remark.
        return write(
            self.name, f"{len(self.dump['walks'])} walks of a real Windows kernel, word by word",
            [SOURCE.format(self.name)], ABOUT + (BELOW_LARGE if self.has_contents else ""), MODE,
            KERNELS[self.dump["build"]], self.facts, self.expectations, root=self.root,
            registers=REGISTERS.get("windows-" + self.name.removeprefix("real-")))

    def self_map(self):
        slots = {int(e["entry_va"], 16) >> 39 & 0x1FF for w in self.dump["walks"] for e in w["entries"]}
        assert len(slots) == 1
        (slot,) = slots
        place = self.root + 8 * slot
        if place not in self.facts.words:
            self.facts.say(place, self.root | 0x63, "the self-map, by the addresses of the entries")

    def walk(self, walk):
        va = int(walk["va"], 16)
        table, chain = self.root, []
        for level, entry in enumerate(walk["entries"]):
            name = NAMES.get(entry["level"], entry["level"])
            self.check_address(va, level, int(entry["entry_va"], 16))
            place = table + 8 * index(MODE, level, va)
            assert entry["entry_pa"] is None or int(entry["entry_pa"], 16) == place
            value = self.value(entry, level, va, place, chain)
            chain.append(value)
            if not value & PRESENT:
                self.expectations.append(stop_expectation(va, name))
                if value:
                    self.expectations.append(state_expectation(va, name, STATES[walk["class"]]))
                break
            if name == "PTE" or value & LARGE:
                self.page(va, name, chain, walk, walk["entries"][level + 1 :])
                break
            table = frame_of(MODE, value)

    def value(self, entry, level, va, place, chain):
        """The entry of the dump, or a chosen one that leads to a table of its own."""
        if place in self.facts.words:
            return self.facts.words[place][0]
        if entry["value"] is not None:
            self.facts.say(place, int(entry["value"], 16), "its table is not in the dump")
            return int(entry["value"], 16)
        _, shift, _ = LEVELS[MODE][level]
        frame = self.tables.setdefault((level, va >> shift), None) or self.frames.take()
        self.tables[level, va >> shift] = frame
        self.facts.say(place, frame | 0x63, CHOSEN)
        return frame | 0x63

    def check_address(self, va, level, place):
        base, address = place >> 39 << 39 & (1 << 48) - 1, va & (1 << 48) - 1
        for _ in range(len(LEVELS[MODE]) - level):
            address = base + (address >> 12) * 8 & (1 << 48) - 1
        assert address == place & (1 << 48) - 1, hex(va)

    def page(self, va, name, chain, walk, below):
        size = page_size(MODE, name)
        base = frame_of(MODE, chain[-1]) & ~(size - 1)
        remark = ""
        if below:
            (word,) = below
            self.has_contents = True
            remark = f"the dump's list: {walk['class']}, of {int(word['value'], 16):#x}"
            place = base + 8 * index(MODE, len(LEVELS[MODE]) - 1, va)
            self.facts.say(place, int(word["value"], 16), "contents of a large page")
        else:
            assert walk["class"] == "valid" and int(walk["page_pa"], 16) == base, walk["va"]
        self.expectations.append(
            page_expectation(MODE, va, chain, base | va & size - 1, remark=remark))

    def fault(self, fault):
        """A fetch by the supervisor that ended the system."""
        va = int(fault["va"], 16)
        # The processor's part is what the entries and CR4 make of the access.
        code = ["P", "I"] if fault["walk"][-1][1] != "0x0" else ["I"]
        # The third parameter is the instruction pointer, which the page tables do not know.
        numbers = [hexed(int(param, 16)) for param in fault["params"]]
        args = ", ".join(numbers[:2] + ["any"] + numbers[3:])
        self.expectations.append(
            fault_expectation(
                va, "execute", "supervisor", code,
                system=f"{{ bugcheck: {{ code: {fault['bugcheck']}, args: [{args}] }} }}",
                remark="this ended the system"))
