"""What an entry of Windows means, worked out from the bytes of an image by a few rules.

It is neither the bench's code nor a peer's: with the right rules it must say what the bench says, and
with a known deviation assumed in their place, what the peer says.
"""

import dataclasses

from windows_images import AREAS, PAGE, PROBE_VIEW, SECTION_PAGES, TABLE, WORD

FRAME = 0xF_FFFF_FFFF_F000
# What Volatility 3 takes of an entry, so that no mask of bit 45 gets into the address.
CUT_FRAME = FRAME & (1 << 45) - 1
LARGE_PAT = 1 << 12
LARGE_PAGE = 2 << 20
VALID, LARGE, SWIZZLE, PROTOTYPE, TRANSITION = 1, 1 << 7, 1 << 4, 1 << 10, 1 << 11
NOTHING = None
ZEROS = "zeros"


@dataclasses.dataclass(frozen=True)
class Rules:
    """How entries are read; the defaults are the right ones, where a kernel has no say."""

    page_file_low: int  # the lowest bit of PageFileLow
    mask: int  # what is taken out of entries without SwizzleBit
    frame_mask: int | None = None  # what is taken out before a frame in transition is read, likewise
    offset_mask: int | None = None  # what is taken out before PageFileHigh is read, where it differs
    examines_protection: bool = True  # and so knows what is decommitted, freed, or no access
    unmasks_prototypes: bool = True  # the mask comes out of addresses of prototype PTEs too
    failed_prototype_is_zero: bool = False  # such an entry counts as one that is 0
    private_is_demand_zero: bool = True  # an entry that is 0, in private committed memory
    follows_subsections: bool = True  # from the first subsection of a view to the next
    has_last_contiguous: bool = True  # the entry that LastContiguousPte names belongs to the array
    ends_short_vads: bool = True  # what lies behind the descriptor of private memory is not part of it
    pages_tables: bool = True  # entries that are not valid above the last level
    knows_demand_zero: bool = True
    resolves_prototypes: bool = True
    resolves_vads: bool = True
    page_file_needs: int = 0  # bits without which an entry in a page file is taken for invalid
    large_transition: bool = False  # an entry in transition with bit 7, above a table, is a large page
    tables_are_pages: bool = False  # a table in a page file is taken for the page


def right_rules(image):
    """The rules of a kernel."""
    if image.generation == "old":
        return Rules(1, 0)
    return Rules(12, image.mask)


@dataclasses.dataclass(frozen=True)
class Answer:
    """What an entry is, by MemProcFS's letter, and where its content is."""

    letter: str
    content: object = NOTHING  # NOTHING, ZEROS, ("frame", address), ("file", number, offset)


class Model:
    """An image with its tables, and where the prototype PTEs of its sections are."""

    def __init__(self, image, raw, root, prototypes, vads):
        self.image, self.raw, self.root, self.prototypes = image, raw, root, prototypes
        self.vads = vads  # where the descriptors are: by a case's address, their own and their first page's

    def word(self, address):
        """A word of physical memory; None beyond its end."""
        if address + WORD > len(self.raw):
            return None
        return int.from_bytes(self.raw[address : address + WORD], "little")

    def entry(self, va, rules=None):
        """The entry that decides about an address, and its level."""
        table = self.root
        for level in (4, 3, 2, 1):
            shift = 12 + 9 * (level - 1)
            entry = self.word(table + (va >> shift) % TABLE * WORD)
            if entry is None or level == 1:
                return entry, level
            if not entry & VALID:
                followed = rules and rules.pages_tables and self._is_transition(entry)
                if not followed or rules.large_transition and entry & LARGE:
                    return entry, level
                entry = self._unmasked(entry, rules, rules.frame_mask)
            elif entry & LARGE and level <= 3:
                return entry, level
            table = entry & FRAME
        return None, 0

    def _is_transition(self, entry):
        return entry & (VALID | PROTOTYPE | TRANSITION) == TRANSITION

    def _unmasked(self, entry, rules, mask=None):
        """An entry without the mask of the rules, or without another that a reader supposes.

        In old layouts bit 4 is no SwizzleBit, but a reader that supposes a mask supposes it too.
        """
        if mask is None:
            mask = rules.mask
        return entry if entry & SWIZZLE and mask else entry & ~mask

    def answer(self, case, rules):
        """What a reader by these rules makes of the page of a case."""
        entry, level = self.entry(case.va, rules)
        if entry is None:
            return Answer("-")
        if entry & VALID:
            if level == 1:
                return Answer("A", ("frame", entry & FRAME))
            base = entry & FRAME & -LARGE_PAGE
            return Answer("A", ("frame", base + (case.va & (LARGE_PAGE - 1))))
        if level > 1:
            return self._table(case, entry, rules)
        if not entry:
            return Answer("-", self._vad(case, rules))
        if entry & PROTOTYPE:
            return Answer("P", self._prototype(case, entry, rules))
        return self._software(entry, rules)

    def _table(self, case, entry, rules):
        """An entry that leads to no table."""
        if not rules.pages_tables:
            return Answer("-")
        if not entry:
            return Answer("-", self._vad(case, rules))
        if self._is_transition(entry):
            # Its frame is that of a table, which need not lie where a large page can: nothing aligns it.
            frame = entry & CUT_FRAME & ~LARGE_PAT
            return Answer("-", ("frame", frame | case.va & (LARGE_PAGE - 1)))
        found = self._software(entry, rules)
        if rules.tables_are_pages:
            return found
        # A table of zeros; one in a page file is nobody's to read.
        return Answer("-", self._vad(case, rules) if found.content == ZEROS else NOTHING)

    def _software(self, entry, rules):
        if entry & TRANSITION:
            return Answer("T", ("frame", self._unmasked(entry, rules, rules.frame_mask) & FRAME))
        number, offset = entry >> rules.page_file_low & 15, self._offset(entry, rules)
        protection = entry >> 5 & 31
        if not rules.examines_protection:
            if not number and not offset:
                return Answer("Z", ZEROS)
        elif not offset:
            if protection == 16 or not protection & 7 or not rules.knows_demand_zero:
                return Answer("-")
            return Answer("Z", ZEROS)
        elif not protection:
            return Answer("-")
        if entry & rules.page_file_needs != rules.page_file_needs:
            return Answer("-")
        return Answer("F", ("file", number, offset))

    def _offset(self, entry, rules):
        """PageFileHigh."""
        return self._unmasked(entry, rules, rules.offset_mask) >> 32

    def _prototype(self, case, entry, rules):
        unmasked = self._unmasked(entry, rules) if rules.unmasks_prototypes else entry
        # A sentinel has all ones in its high half, so the mask never was put in.
        if entry >> 32 == 0xFFFF_FFFF:
            return self._vad(case, rules, is_sentinel=True)
        if not rules.resolves_prototypes:
            return NOTHING
        address = unmasked >> 16 | 0xFFFF << 48
        if address & (WORD - 1):
            return NOTHING
        found = self._kernel_word(address)
        is_subsection = found is not None and found & (VALID | PROTOTYPE) == PROTOTYPE
        if rules.failed_prototype_is_zero and (not found or is_subsection):
            return self._vad(case, rules)
        return self._behind(found, rules)

    def _behind(self, found, rules):
        """Where the page of a prototype PTE is."""
        if not found:
            return NOTHING
        if found & VALID:
            return ("frame", found & FRAME)
        if found & PROTOTYPE:
            return NOTHING
        return self._software(found, rules).content

    def _kernel_word(self, address):
        entry, level = self.entry(address)
        if entry is None or not entry & VALID or level > 1:
            return None
        return self.word((entry & FRAME) + address % PAGE)

    def _vad(self, case, rules, is_sentinel=False):
        """The page by the range that holds it."""
        if not rules.resolves_vads:
            return NOTHING
        view = self.view(case)
        if view:
            section, page = view
            first = SECTION_PAGES // 2
            if page >= SECTION_PAGES or page >= first and not rules.follows_subsections:
                return NOTHING
            if page == first - 1 and not rules.has_last_contiguous:
                return NOTHING
            return self._behind(self._kernel_word(self.prototypes[section][page]), rules)
        if not rules.ends_short_vads:
            found = self._behind(self._beyond_short_vad(case.va), rules)
            if found is not NOTHING:
                return found
        is_private = case.area in ("private", "upper") or case.area == "no-table"
        if is_private and not is_sentinel and rules.private_is_demand_zero:
            return ZEROS
        return NOTHING

    def _beyond_short_vad(self, va):
        """The "prototype PTE" of a page by the words where a longer descriptor would go on (Windows 7)."""
        if va not in self.vads:
            return None
        vad, start, end = self.vads[va]
        first, last = self._kernel_word(vad + 0x50), self._kernel_word(vad + 0x58)
        if first is None or last is None or first >> 47 != 0x1FFFF or first & (WORD - 1):
            return None
        pages = (end + 1 - start) // PAGE
        size = last - first + WORD & 0xFFFF_FFFF
        if size > 0x1_0000:
            size = WORD * pages
        offset = (va - start) // PAGE * WORD
        return self._kernel_word(first + offset) if offset < size <= 0x1_0000 else None

    def view(self, case):
        """The section and the page of it that a view shows at a case; None elsewhere."""
        if case.area in ("view", "file-view"):
            offset = case.va - AREAS[case.area][1]
            return ("data" if case.area == "view" else "file", offset % (4 << 20) // PAGE)
        if case.area == "no-table" and case.page % 2:
            return ("data", 0)
        return None


def probe_addresses():
    """The address of every page of every section in the process that views them whole."""
    return {
        section: [PROBE_VIEW + index * (4 << 20) + page * PAGE for page in range(SECTION_PAGES)]
        for index, section in enumerate(("data", "file"))
    }
