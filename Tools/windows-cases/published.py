"""What debuggers printed: a few scenarios, each of cases that can be true of one memory."""

import json

from scenario import (
    CHOSEN, LARGE, LEVELS, NAMES, PRESENT, USER, WRITE, Conflict, Facts, Frames, entry_size,
    fault_expectation, frame_of, hexed, index, page_expectation, page_size, state_expectation,
    stop_expectation, write)

MODES = {"x86": "x86", "x86-PAE": "pae", "x64-4level": "x86-64"}

# The kernel whose layouts a case is read with; the published text often says no more than an era. Of
# Windows XP with PAE no layouts are known; those of Server 2003, which has the same, are taken.
KERNELS = {
    "x86": [("NT4", "windows-2195-up"), ("XP", "windows-2600.6419"), ("", "windows-7601.17514")],
    "pae": [("XP", "windows-3790.3959"), ("Windows 10", "windows-19041.508"),
            ("", "windows-7601.17514")],
    "x86-64": [("Windows 7", "windows-7601.17514"), ("1511", "windows-10586.1540"),
               ("", "windows-19041.508")],
}
# What entries that are not valid mean, by the debugger's words; one that is zero says nothing.
STATES = [
    ("DemandZero", "demand-zero"), ("Transition", "transition"), ("PageFile", "page-file"),
    ("Prototype: VAD", "prototype-vad"), ("Proto", "prototype"),
]
TITLES = {
    "x86": "What debuggers printed of 32-bit paging is what a walk finds",
    "pae": "What debuggers printed of PAE paging is what a walk finds",
    "x86-64": "What debuggers printed of 4-level paging is what a walk finds",
}
ABOUT = """
Published output of !pte, !vtop and Rekall's vtop, case by case; the names of the processes are
the numbers of the cases in windbg-cases.json. Each case has a root of its own. Words marked
"chosen" were not printed: they lead from one entry that was printed to the next. Where printed
addresses of entries lie in a self-map, the entry of the root that makes it stands here too.
Cases of different machines share this memory as far as they do not contradict each other.
The version of Windows is that of the era; a case seldom says more.
"""


def scenarios(path):
    """The scenarios, name and text."""
    files = {}
    for case in json.loads(path.read_text()):
        mode = MODES[case["paging_mode"]]
        os = next(os for word, os in KERNELS[mode] if word in case["windows_version"])
        memories = files.setdefault((mode, os), [])
        if not any(memory.take(case) for memory in memories):
            memories.append(Memory(mode, os))
            assert memories[-1].take(case), case["id"]
    for (mode, os), memories in files.items():
        for number, memory in enumerate(memories, 1):
            build = os.removeprefix("windows-").split(".")[0].split("-")[0]
            name = f"windbg-{'x64' if mode == 'x86-64' else mode}-{build}"
            name += "" if len(memories) == 1 else f"-{number}"
            yield name, memory.text(name)


class Memory:
    """Cases that do not contradict each other."""

    def __init__(self, mode, os):
        self.mode, self.os = mode, os
        self.facts, self.slots, self.mask = Facts(), {}, None
        self.frames = Frames(0xF0_0000_0000 if mode == "x86-64" else 0xE000_0000)
        self.sources, self.processes, self.expectations = [], [], []

    def take(self, case):
        """Adds a case, or says that it contradicts the others."""
        mask = self.mask_of(case)
        if None not in (mask, self.mask) and mask != self.mask:
            return False
        trial = Case(case, self.mode, Facts(self.facts.words), dict(self.slots), self.frames)
        try:
            trial.build()
        except Conflict:
            return False
        self.facts, self.slots = trial.facts, trial.slots
        self.mask = mask if self.mask is None else self.mask
        if case["source"] not in self.sources:
            self.sources.append(case["source"])
        self.processes.append((case["id"], int(case["id"][2:]), trial.root))
        self.expectations += [comment(case)] + trial.expectations
        return True

    @staticmethod
    def mask_of(case):
        """The invalid-PTE mask that a case shows; none where it has no entry that would have it."""
        values = [number(e["value"]) for e in case["entries"] if e["value"]]
        if not any(value and not value & PRESENT for value in values):
            return None
        return int(case["extra"].get("invalid_mask", "0"), 16)

    def text(self, name):
        return write(
            name, TITLES[self.mode], [json.dumps(s) for s in self.sources], ABOUT, self.mode,
            self.os, self.facts, self.expectations, processes=self.processes, mask=self.mask)


def comment(case):
    extra = case["extra"]
    said = [case["windows_version"], case["classification"]]
    said += [extra[key] for key in ("when", "note") if key in extra]
    flags = [text for text in case["flags_text"] or [] if text]
    lines = [f"  # {case['id']}: " + "; ".join(said)]
    return "\n".join(lines + ([f"  #   {'  '.join(flags)}"] if flags else []))


class Case:
    """One printed walk, made into words of memory and what a walk must find."""

    def __init__(self, case, mode, facts, slots, frames):
        self.case, self.mode, self.facts, self.slots, self.frames = case, mode, facts, slots, frames
        self.expectations = []
        self.va = int(case["va"], 16) if case["va"] else None
        self.printed = {NAMES.get(e["level"], e["level"]): e for e in case["entries"]}
        self.large = "large" in case["classification"]
        self.pa = number(case["pa"])

    def build(self):
        if "PROTO-PTE" in self.printed:
            self.prototype_entry()
        elif self.va is None:
            self.entry_of_the_pfn_database()
        self.root = self.root_address()
        self.self_map()
        self.walk()

    def prototype_entry(self):
        """The address of a prototype entry is one of paged pool, where the word itself lies."""
        entry = self.printed.pop("PROTO-PTE")
        self.va = int(entry["entry_va"], 16)
        frame = self.frames.take()
        self.pa = frame | self.va & 0xFFF
        self.facts.say(self.pa, int(entry["value"], 16), f"{self.case['id']} prototype entry")

    def entry_of_the_pfn_database(self):
        """Of the page only the addresses of its entries were printed: they say which page it is."""
        extra, entry = self.case["extra"], self.printed["PTE"]
        position = int(entry["entry_va"], 16)
        base = (position >> 39 << 39) & (1 << 48) - 1
        self.va = ((position & (1 << 48) - 1) - base) // 8 << 12
        self.va |= 0xFFFF << 48 if self.va >> 47 else 0
        table = int(extra["containing_page"], 16) << 12
        entry["entry_pa"] = hex(table | position & 0xFFF)
        self.pa = int(self.case["pfn"], 16) << 12

    def root_address(self):
        if self.case["dtb"]:
            return int(self.case["dtb"], 16)
        name, _, _ = LEVELS[self.mode][0]
        place = number(self.printed.get(name, {}).get("entry_pa"))
        if place is not None:
            return place - index(self.mode, 0, self.va) * entry_size(self.mode)
        return self.frames.take()

    def self_map(self):
        """Checks the printed addresses of entries, and writes the root's entry that explains them."""
        slots = set()
        for name, entry in self.printed.items():
            place = number(entry["entry_va"])
            if place is None:
                continue
            if self.mode == "x86-64":
                slots.add(place >> 39 & 0x1FF)
                base = 0xFFFF << 48 | place >> 39 << 39 & (1 << 48) - 1
            else:
                base = 0xC000_0000
            level = [level[0] for level in LEVELS[self.mode]].index(name)
            expected = self.va & (1 << 48) - 1
            for _ in range(len(LEVELS[self.mode]) - level):
                expected = base + (expected >> 12) * entry_size(self.mode) & (1 << 64) - 1
                expected &= (1 << 48) - 1 if self.mode == "x86-64" else (1 << 32) - 1
            assert place & (1 << 48) - 1 == expected, (self.case["id"], name, hex(expected))
        assert len(slots) <= 1, self.case["id"]
        for slot in slots:
            if self.slots.setdefault(self.root, slot) != slot:
                raise Conflict("a root has one self-map")
            self.facts.say(self.root + 8 * slot, self.root | 0x63, f"{self.case['id']} self-map")

    def walk(self):
        table, chain, levels = self.root, [], LEVELS[self.mode]
        for level, (name, _, _) in enumerate(levels):
            place = table + index(self.mode, level, self.va) * entry_size(self.mode)
            printed = number(self.printed.get(name, {}).get("entry_pa"))
            assert printed in (None, place), (self.case["id"], name, hex(place))
            value, origin = self.value(level, name)
            self.facts.say(place, value, origin)
            chain.append(value)
            if not value & PRESENT:
                return self.stop(name)
            if name == "PTE" or (name == "PDE" and value & LARGE):
                return self.page(chain, name)
            table = frame_of(self.mode, value)

    def value(self, level, name):
        """The printed entry, or one that leads to what is printed next."""
        value = number(self.printed.get(name, {}).get("value"))
        if value is not None:
            return value, f"{self.case['id']} {name}"
        is_user = self.va >> (47 if self.mode == "x86-64" else 31) == 0
        low = PRESENT if name == "PDPTE" and self.mode == "pae" else 0x67 if is_user else 0x63
        if name == "PTE":
            return frame_of(self.mode, self.pa) | low, CHOSEN
        if name == "PDE" and self.large:
            return self.pa & ~(page_size(self.mode, name) - 1) | low | LARGE, CHOSEN
        below = number(self.printed.get(LEVELS[self.mode][level + 1][0], {}).get("entry_pa"))
        frame = self.frames.take() if below is None else frame_of(self.mode, below)
        return frame | low, CHOSEN

    def stop(self, name):
        is_user = self.va >> (47 if self.mode == "x86-64" else 31) == 0
        process = self.case["id"]
        self.expectations += [
            stop_expectation(self.va, name, process),
            fault_expectation(
                self.va, "write", "user" if is_user else "supervisor",
                ["W", "U"] if is_user else ["W"], process)]
        state = next((s for word, s in STATES if self.case["classification"].startswith(word)), None)
        if state:
            self.expectations.append(state_expectation(self.va, name, state, process))

    def page(self, chain, name):
        self.check_letters(chain)
        size = page_size(self.mode, name)
        base = frame_of(self.mode, chain[-1]) & ~(size - 1)
        assert base | self.va & size - 1 == self.pa, (self.case["id"], hex(base))
        self.expectations.append(
            page_expectation(self.mode, self.va, chain, self.pa, self.case["id"]))

    def check_letters(self, chain):
        """The letters that were printed must say of each entry what its bits say."""
        flags = [text for text in self.case["flags_text"] or [] if text and "LARGE" not in text]
        for text, value in zip(reversed(flags), reversed(chain)):
            has_letter = len(text) == 11
            letters = text[7:10] if has_letter else text[6:8] + "?"
            assert letters[0] == ("U" if value & USER else "K"), (self.case["id"], text)
            assert letters[1] == ("W" if value & WRITE else "R"), (self.case["id"], text)
            if has_letter:
                assert (letters[2] == "-") == bool(value >> 63), (self.case["id"], text)


def number(text):
    return None if text is None else int(text, 16)
