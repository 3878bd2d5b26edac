"""Random Windows scenarios with a skeleton: every form of an entry that the bench can state, each
in a page of its own, in and outside of the ranges that Windows describes.

A case is one page with what is said of it; a scenario is written for any choice of cases, so that
one of them alone can be asked about again.
"""

import dataclasses
import random
import uuid

PAGE = 4096
WORD = 8
# The masks of patched kernels: none, the usual one, and that of a processor with 40 bits.
MASKS = (0, 1 << 45, 1 << 39)
MEMORY = 24 << 20
# What the pages of the cases hold: random bytes, so that a page's content says which frame it is.
CONTENTS = range(0x40_0000, 0x100_0000, PAGE)
LARGE = range(0xC0_0000, 0x100_0000, 2 << 20)
# What page files hold: pages that differ, below and above the bit of an offset that a mask of bit 45
# would put there.
FILES = (0, 1, 2)
FILE_PARTS = (range(1, 256), range(0x2000, 0x2100))
# A kernel of which MemProcFS has a list of symbols: the identity of the file of symbols, the size of
# the image, and where InvalidPteMask is in it. The word is in a frame of its own.
LISTED = "windows-19041.508"
LISTED_IDENTITY = "030b757a-b631-5143-9866-794bad755ae1"
LISTED_SIZE = 0x104_6000
MASK_PLACE = 0xC4_DE00
MASK_FRAME = 0x30_0000
KERNEL_BASE = 0xFFFF_F803_11A0_0000
PID = 1234
PROBE = 1238
SECTION_PAGES = 600
TABLE = 512  # entries

KERNELS = (
    "windows-7601.17514", "windows-7601.24444", "windows-9200.16384", "windows-9600.17031",
    "windows-10240.16384", "windows-10586.0", "windows-14393.0", "windows-15063.1659",
    "windows-16299.15", "windows-17134.1", "windows-17134.619", "windows-17763.529",
    "windows-18362.418", "windows-19041.508", "windows-22000.194", "windows-22621",
    "windows-26100",
)  # fmt: skip
# Those whose entries have no SwizzleBit, so that no mask is put into them.
OLD = {"7601.17514", "9200.16384", "9600.17031", "10240.16384", "10586.0", "14393.0", "16299.15",
       "17134.1"}  # fmt: skip


@dataclasses.dataclass
class Case:
    """A page, and the statement about it: an item of `ptes` without its address, or None."""

    va: int
    area: str
    form: str
    statement: str | None = None
    page: int = 0  # of the section, in a view
    below: str | None = None  # the statement about the page, where the other is about its table


@dataclasses.dataclass
class Image:
    """What one scenario is made of."""

    kernel: str
    mask: int
    store: bool
    symbols: bool  # whether MemProcFS can tell from its own list where the mask is kept
    seed: int
    sections: list  # the lines of the prototype entries of each section
    cases: list

    @property
    def build(self):
        """The number of the build."""
        return int(self.kernel.removeprefix("windows-").split(".")[0])

    @property
    def generation(self):
        """Whether entries have the layout of before or behind the patches of 2018."""
        return "old" if self.kernel.removeprefix("windows-") in OLD else "new"


AREAS = {
    # name: its share of the cases, its first page
    "private": (40, 0x1_0000_0000),
    "reserved": (8, 0x1_4000_0000),
    "view": (30, 0x1_8000_0000),
    "file-view": (8, 0x1_C000_0000),
    "none": (10, 0x2_0000_0000),
    "large": (1, 0x2_4000_0000),
    "upper": (1, 0x2_8000_0000),
    "no-table": (1, 0x2_C000_0000),
}
PROBE_VIEW = 0x3_0000_0000
ALWAYS = 0x4_0000_0000  # a page that is always there


def make(kernel, count, seed):
    """A random image with about `count` cases."""
    rng = random.Random(f"{seed}:{kernel}")
    image = Image(kernel, 0, False, False, rng.getrandbits(32), [], [])
    if image.generation == "new":
        image.mask = rng.choice(MASKS)
    image.symbols = kernel == LISTED and rng.random() < 0.5
    image.store = image.build >= 10240 and rng.random() < 0.5
    image.sections = [_prototypes(rng, image, "page-file"), _prototypes(rng, image, "file")]
    total = sum(share for share, _ in AREAS.values())
    for area, (share, start) in AREAS.items():
        for index in range(max(2, count * share // total)):
            image.cases.append(_case(rng, image, area, start, index))
    return image


def _protection(rng):
    """A number that a page can be had with."""
    return rng.choice((0, 0, 0, 8, 16, 24)) | rng.randrange(1, 8)


def _frame(rng):
    return rng.choice(CONTENTS)


def _offset(rng):
    part = rng.choice(FILE_PARTS)
    # One behind each part is not in the file.
    return rng.randrange(part.start, part.stop + (part.stop - part.start) // 16)


def _software(rng, image, form):
    """What is said of an entry of a form that leads to no prototype."""
    protection = f"protection: {_protection(rng)}"
    return {
        "demand-zero": f"state: demand-zero, {protection}",
        "guard": f"state: demand-zero, protection: {16 | rng.randrange(1, 8)}",
        "no-access": f"state: no-access, protection: {rng.choice((8, 24))}",
        "decommitted": "state: decommitted",
        "page-file": f"state: page-file, file: {rng.choice((0, 0, 1, 1, 3, 9, 12, 15))},"
        f" offset: {_offset(rng):#x}, {protection}",
        "virtual-store": f"state: virtual-store, offset: {_offset(rng):#x}, {protection}",
        "transition": f"state: transition, to: {_frame(rng):#x},"
        f" protection: {rng.choice((_protection(rng), 24))}",
        "freed": f"state: freed, offset: {_offset(rng):#x}",
        "zero": "state: zero",
        "valid": f"state: valid, to: {_frame(rng):#x},"
        f" protection: {rng.choice((1, 2, 3, 4, 5, 6, 7))}",
    }[form]


def _forms(image):
    forms = ["demand-zero", "guard", "no-access", "decommitted", "page-file", "page-file",
             "transition", "transition", "freed", "valid", "valid"]  # fmt: skip
    return forms + ["virtual-store"] * image.store


def _prototypes(rng, image, kind):
    """The prototype entries of a section: (page, what it says), the usual ones left out."""
    forms = ["transition", "transition", "valid", "valid", "page-file", "demand-zero", "zero", None]
    lines = []
    for page in range(SECTION_PAGES):
        form = rng.choice(forms if kind == "page-file" else forms[:5] + [None] * 3)
        if form == "valid":
            lines.append((page, f"state: valid, to: {_frame(rng):#x}, protection: 4"))
        elif form:
            lines.append((page, _software(rng, image, form)))
    return lines


def _case(rng, image, area, start, index):
    va = start + index * PAGE
    if area == "large":
        va = start + index * (2 << 20)
        return Case(va, area, "large", f"state: large, level: PDE, to: {rng.choice(LARGE):#x}")
    if area == "upper":
        va = start + index * (2 << 20)
        form = rng.choice(("transition", "transition", "page-file", "demand-zero"))
        if form != "transition":
            return Case(va, area, form, f"level: PDE, {_software(rng, image, form)}")
        said = f"level: PDE, state: transition, to: auto, protection: {_protection(rng)}"
        below = _software(rng, image, rng.choice(("valid", "transition", "demand-zero")))
        return Case(va, area, form, said, below=below)
    if area == "no-table":
        return Case(start + index * (2 << 20), area, "zero", page=index)
    if area in ("view", "file-view"):
        # Neighbours of one page of the section in several tables.
        page = index % SECTION_PAGES
        va = start + index // SECTION_PAGES * (4 << 20) + page * PAGE
        form = rng.choice(("zero", "zero", "prototype", "prototype-vad", "valid", "transition"))
        section = "data" if area == "view" else "file"
        if form == "zero":
            return Case(va, area, form, page=page)
        if form == "prototype":
            target = page if rng.random() < 0.7 else rng.randrange(SECTION_PAGES)
            said = f"state: prototype, section: {section}, page: {target}"
        elif form == "prototype-vad":
            said = "state: prototype-vad"
        else:
            return Case(va, area, form, _software(rng, image, form), page=page)
        if rng.random() < 0.4:
            said += f", protection: {rng.choice((1, 4))}"
        return Case(va, area, form, said, page=page)
    form = rng.choice(_forms(image) + ["zero", "prototype"])
    if form == "zero":
        return Case(va, area, form)
    if form == "prototype":
        said = f"state: prototype, section: data, page: {rng.randrange(SECTION_PAGES)}"
        return Case(va, area, form, said)
    return Case(va, area, form, _software(rng, image, form))


def text(image, cases, name, probe=True):
    """The scenario of some of the cases."""
    lines = [
        "mmubench: 1",
        f"scenario: {name}",
        "title: Windows entries of every form, each in a page of its own",
        "source: fresh",
        "machine:",
        "  mode: x86-64",
        f"  memory: {MEMORY >> 20} MiB",
        f"  os: {image.kernel}",
        "windows:",
        "  skeleton: true",
        f"  invalid-mask: {image.mask:#x}",
        f"  page-files: [{{ number: 0 }}, {{ number: 1 }}, {{ number: 2, store: {_word(image.store)} }}]",
        "  sections:",
    ]
    wanted = {"data", "file"}
    for section, kind, entries in (("data", "page-file", 0), ("file", "file", 1)):
        if section not in wanted:
            continue
        lines += [f"    - name: {section}", f"      kind: {kind}", "      subsections:"]
        half = SECTION_PAGES // 2
        for first in (0, half):
            lines.append(f"        - pages: {half}")
            lines.append("          ptes:")
            lines += [f"            - {{ page: {page - first}, {said} }}"
                      for page, said in image.sections[entries] if first <= page < first + half]  # fmt: skip
    lines.append("processes:")
    if image.symbols:
        va = KERNEL_BASE + (MASK_PLACE & -PAGE)
        lines += ["  - name: System", "    pid: 4", "    ptes:"]
        lines.append(f"      - {{ va: {va:#x}, state: valid, to: {MASK_FRAME:#x}, protection: 4 }}")
    lines += ["  - name: bench.exe", f"    pid: {PID}", "    ptes:"]
    lines.append(f"      - {{ va: {ALWAYS:#x}, state: valid, to: {CONTENTS[0]:#x} }}")
    lines += [f"      - {{ va: {case.va:#x}, {said} }}"
              for case in cases for said in (case.statement, case.below) if said]  # fmt: skip
    # So that there is a table with no entry of the case.
    for area in sorted({case.area for case in cases}):
        lines += [f"      - {{ va: {va:#x}, state: valid, to: {CONTENTS[0]:#x} }}"
                  for va in _anchors(image, cases, area)]  # fmt: skip
    lines.append("    vads:")
    lines += [f"      - {{ {vad} }}" for vad in _vads(image)]
    if probe:
        lines += ["  - name: probe.exe", f"    pid: {PROBE}", "    vads:"]
        for index, section in enumerate(("data", "file")):
            start = PROBE_VIEW + index * (4 << 20)
            lines.append(f"      - {{ va: {start:#x}..{start + SECTION_PAGES * PAGE - 1:#x},"
                         f" kind: mapped, section: {section}, protection: READWRITE }}")  # fmt: skip
    lines += [
        "contents:",
        f"  - {{ pa: {CONTENTS.start:#x}, random: {image.seed},"
        f" size: {(CONTENTS.stop - CONTENTS.start) >> 20} MiB }}",
    ]
    if image.symbols:
        word = image.mask.to_bytes(WORD, "little").hex(" ")
        lines.append(f"  - {{ pa: {MASK_FRAME + MASK_PLACE % PAGE:#x}, bytes: {word} }}")
    lines.append("golden: false")
    return "\n".join(lines) + "\n"


def _word(value):
    return "true" if value else "false"


def _extent(image, area):
    """The addresses of the cases of an area."""
    addresses = [case.va for case in image.cases if case.area == area]
    return (min(addresses), max(addresses)) if addresses else None


def _anchors(image, cases, area):
    """Pages that are valid in every table of an area, so that its other entries exist."""
    if area not in ("private", "reserved", "view", "file-view", "none"):
        return []
    taken = {case.va for case in image.cases}
    size = TABLE * PAGE
    tables = sorted({case.va & -size for case in cases if case.area == area})
    stated = {case.va & -size for case in cases if case.statement}
    free = [next((va for va in range(table, table + size, PAGE) if va not in taken), None)
            for table in tables if table not in stated]  # fmt: skip
    return [va for va in free if va is not None]


def _vads(image):
    """What the process describes."""
    vads = []
    for area, commit in (("private", True), ("reserved", False), ("large", None), ("upper", True)):
        extent = _extent(image, area)
        if not extent:
            continue
        step = (2 << 20) if area in ("large", "upper") else PAGE
        kind = "large-pages" if area == "large" else "private"
        commit = "" if commit is None else f", commit: {_word(commit)}"
        vads.append(f"va: {extent[0]:#x}..{extent[1] + step - 1:#x}, kind: {kind}{commit},"
                    " protection: READWRITE")  # fmt: skip
    for area, section in (("view", "data"), ("file-view", "file")):
        extent = _extent(image, area)
        if not extent:
            continue
        for start in range(AREAS[area][1], extent[1] + 1, 4 << 20):
            vads.append(f"va: {start:#x}..{start + SECTION_PAGES * PAGE - 1:#x}, kind: mapped,"
                        f" section: {section}, protection: READWRITE")  # fmt: skip
    # Each in a table that is not there.
    for case in image.cases:
        if case.area == "no-table":
            end = case.va + 8 * PAGE - 1
            if case.page % 2:
                said = "kind: mapped, section: data, protection: READWRITE"
            else:
                said = "kind: private, commit: true, protection: READWRITE"
            vads.append(f"va: {case.va:#x}..{end:#x}, {said}")
    return vads


def name_symbols(path):
    """Makes the kernel's image in a raw file one that MemProcFS has in its list."""
    with open(path, "r+b") as file:
        memory = bytearray(file.read())
        memory = _replaced(memory, b"mmubenchskeleton", uuid.UUID(LISTED_IDENTITY).bytes_le)
        header = next(
            place for place in range(0, len(memory), PAGE)
            if memory[place : place + 2] == b"MZ" and b"POOLCODE" in memory[place : place + PAGE]
        )  # fmt: skip
        start = header + int.from_bytes(memory[header + 0x3C : header + 0x40], "little")
        # SizeOfImage of the optional header.
        memory[start + 0x50 : start + 0x54] = LISTED_SIZE.to_bytes(4, "little")
        file.seek(0)
        file.write(memory)


def _replaced(memory, before, after):
    if memory.count(before) != 1:
        raise ValueError(f"{before} is there {memory.count(before)} times")
    return memory.replace(before, after)


def page_file(number, seed):
    """The pages of a page file that are not zero, by their offset in pages."""
    rng = random.Random(f"{seed}:{number}")
    return {offset: rng.randbytes(PAGE) for part in FILE_PARTS for offset in part}


def write_page_file(path, pages):
    """Writes a page file, with holes."""
    with open(path, "wb") as file:
        for offset, page in pages.items():
            file.seek(offset * PAGE)
            file.write(page)
