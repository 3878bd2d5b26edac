"""The unmodified MemProcFS is asked about every form of a Windows entry that the bench can build.

For each kernel a fresh scenario with a skeleton, thousands of entries and page files; MemProcFS opens
the image, finds Windows in it, and is asked what each page is (its extended map of VADs), what is in
it (a read), and what the bare entry would be. The bench is asked the same (`fault --batch`), and a
third reading of the same bytes (windows_model.py) must agree with the bench, and, with the known
deviations in deviations.json assumed, with MemProcFS. Volatility 3 gets the same images.
"""

import argparse
import collections
import contextlib
import dataclasses
import importlib
import json
import mmap
import os
import secrets
import sys
import tempfile

import windows_images as images
from deviations import known
from windows_model import (
    NOTHING, PROTOTYPE, VALID, ZEROS, Answer, Model, probe_addresses, right_rules,
)  # fmt: skip
from written_dumps import Missing, bench

COUNT = 20_000
SHOWN = 3
PAGE = images.PAGE
# Nothing is fetched. No list of known kernels tells where variables are, but for images that ask for it.
MEMPROCFS = ["-disable-symbolserver", "-disable-python"]
NO_LIST = "-disable-infodb"
READ_BY_ENTRY = 0x80  # VMM_FLAG_ALTADDR_VA_PTE


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mmubench", required=True, help="the program to judge")
    parser.add_argument("--seed", default=secrets.token_hex(4), help="any text (default: random)")
    parser.add_argument("--count", type=int, default=COUNT, help="entries in all (%(default)s)")
    parser.add_argument("--kernels", nargs="+", default=images.KERNELS, metavar="ID")
    told = "scenarios with a skeleton, in which both programs must find Windows by themselves"
    parser.add_argument("--scenarios", nargs="*", default=[], metavar="FILE", help=told)
    parser.add_argument("--keep", metavar="FOLDER", help="keep scenarios and images there")
    options = parser.parse_args()
    print(f"memprocfs_windows: seed {options.seed}, {options.count} entries", flush=True)
    failed = False
    with contextlib.ExitStack() as stack:
        folder = options.keep or stack.enter_context(tempfile.TemporaryDirectory())
        os.makedirs(folder, exist_ok=True)
        for scenario in options.scenarios:
            for form in ("raw", "dmp"):
                failed |= not discover(options.mmubench, folder, scenario, form)
        seen = collections.defaultdict(set)
        for kernel in options.kernels:
            image = images.make(kernel, options.count // len(options.kernels), options.seed)
            failed |= not judge(options.mmubench, folder, image, seen)
    for peer in PEERS:
        # What a later version does no more should not stay in the list.
        unseen = [one["id"] for one in known(peer.key) if one["id"] not in seen[peer]]
        if seen[peer] and unseen:
            print(f"{peer.name}: known deviations that no answer showed: {', '.join(unseen)}")
    return 1 if failed else 0


def discover(program, folder, scenario, form):
    """Has both programs find Windows in a scenario without a hint; True where all is well."""
    path = os.path.join(folder, "discovered." + form)
    bench(program, "build", scenario, "--format", form, "--output", path, "--force")
    info = json.loads(bench(program, "info", scenario, "--json"))
    roots = {}
    for one in info["roots"]:
        # Of the two roots of a process the kernel's comes first.
        roots.setdefault(one["pid"], int(one["root"], 16))
    failures, words = [], []
    for name, find, expected in (
        ("MemProcFS", found_by_memprocfs, roots),
        ("Volatility 3", found_by_volatility, (roots.values(), images.KERNEL_BASE)),
    ):
        try:
            found = find(path)
        except Missing as reason:
            words.append(f"{name} skipped, {reason}")
            continue
        if name == "MemProcFS":
            right = found == expected
        else:
            right = found[0] in expected[0] and found[1] == expected[1]
        words.append(f"{name} finds it")
        if not right:
            failures.append(f"DISAGREEMENT: {scenario} as {form}: {name} finds {found}")
    os.remove(path)
    label = f"{os.path.basename(scenario)}, {form}"
    print("\n".join(failures) if failures else f"{label}: {', '.join(words)}", flush=True)
    return not failures


def found_by_memprocfs(path):
    """The roots of the processes that MemProcFS finds, by pid."""
    memprocfs = imported("memprocfs")
    with contextlib.closing(memprocfs.Vmm([*MEMPROCFS, NO_LIST, "-device", path])) as vmm:
        return {one.pid: one.dtb for one in vmm.process_list()}


def found_by_volatility(path):
    """The root and the first page of the kernel that Volatility 3 finds."""
    windows = imported("volatility3.framework.automagic.windows")
    utility = imported("volatility3.framework.symbols.windows.pdbutil").PDBUtility
    context = volatility_context(path)
    layer = windows.WindowsIntelStacker.stack(context, "physical")
    if not layer:
        return None, None
    if layer.name not in context.layers:
        context.layers.add_layer(layer)
    start = images.KERNEL_BASE & (1 << 48) - 1
    scan = utility.pdbname_scan(context, layer.name, layer.page_size, [b"ntkrnlmp.pdb"],
                                start=start & -(1 << 39), end=start + (1 << 30))  # fmt: skip
    found = next(iter(scan), {"mz_offset": None})["mz_offset"]
    return layer.config["page_map_offset"], found and found | 0xFFFF << 48


def volatility_context(path):
    """A context with the memory of a file as its layer `physical`."""
    contexts = imported("volatility3.framework.contexts")
    physical = imported("volatility3.framework.layers.physical")
    context = contexts.Context()
    is_dump = path.endswith(".dmp")
    name = "file" if is_dump else "physical"
    context.config[name + ".location"] = "file://" + path
    context.layers.add_layer(physical.FileLayer(context, name, name))
    if is_dump:
        crash = imported("volatility3.framework.layers.crash")
        context.config["physical.base_layer"] = "file"
        context.layers.add_layer(crash.WindowsCrashDump64Layer(context, "physical", "physical"))
    return context


def imported(name):
    """A module of a peer, if the peer is there."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise Missing(error) from error


def judge(program, folder, image, seen):
    """Compares one image, and adds the deviations that are seen; True where all is well."""
    name = "entries-" + image.kernel.removeprefix("windows-").replace(".", "-")
    built = Built(program, folder, name, image, image.cases)
    tallies, passed = [], built.check()
    for peer in PEERS:
        try:
            tally = built.compare(peer)
        except Missing as reason:
            print(f"{peer.name}, {image.kernel}: skipped, {reason}", flush=True)
            continue
        seen[peer].update(one for names in tally.folded for one in names.split("+"))
        tallies.append(f"{peer.name} {tally.line()}")
        for disagreement in tally.found[:SHOWN]:
            print(built.smallest(peer, disagreement))
        passed &= not tally.failures
    mask = f"mask bit {image.mask.bit_length() - 1}" if image.mask else "no mask"
    mask += ", by its symbols" * image.symbols
    print(f"{image.kernel}, {mask}: {len(image.cases)} entries; {'; '.join(tallies)}", flush=True)
    return passed


class Tally:
    """What came of one image."""

    def __init__(self):
        self.asked, self.failures, self.found = 0, 0, []
        self.folded = collections.Counter()

    def fail(self, disagreement):
        """Counts a disagreement, and keeps the first of each kind."""
        self.failures += 1
        if disagreement["kind"] not in [one["kind"] for one in self.found]:
            self.found.append(disagreement)

    def line(self):
        """The summary."""
        known_ones = ", ".join(f"{name} {n}" for name, n in sorted(self.folded.items())) or "none"
        return f"{self.asked} answers, known deviations {known_ones}, {self.failures} disagreements"


class Built:
    """A scenario of some cases, built, with what the bench says of it."""

    def __init__(self, program, folder, name, image, cases):
        self.program, self.folder, self.name, self.image = program, folder, name, image
        self.cases = cases
        self.scenario = os.path.join(folder, name + ".yaml")
        with open(self.scenario, "w", encoding="utf-8") as file:
            file.write(images.text(image, cases, name))
        self.raw_path = os.path.join(folder, name + ".raw")
        bench(program, "build", self.scenario, "--format", "raw", "--output", self.raw_path, "--force")
        if image.symbols:
            images.name_symbols(self.raw_path)
        with open(self.raw_path, "rb") as file:
            self.raw = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.files = self._page_files()
        said = self._faults(images.PID, [case.va for case in cases])
        self.said = dict(zip([case.va for case in cases], said))
        info = json.loads(bench(program, "info", self.scenario, "--json"))
        self.root = next(int(one["root"], 16) for one in info["roots"] if one["pid"] == images.PID)
        self.model = Model(image, self.raw, self.root, self._prototypes(), self._vads())
        self.rules = right_rules(image)

    def _page_files(self):
        """The page files, but no file for the store: nothing of it is built."""
        files = {}
        for number in images.FILES:
            if number == 2 and self.image.store:
                continue
            pages = images.page_file(number, self.image.seed)
            path = os.path.join(self.folder, f"page-file-{number}")
            images.write_page_file(path, pages)
            files[number] = (path, pages, os.path.getsize(path) // PAGE)
        return files

    def _faults(self, pid, addresses):
        lines = "".join(f"{va:#x} read user\n" for va in addresses)
        answers = bench(self.program, "fault", self.scenario, "--pid", str(pid), "--batch", "--json",
                        text=lines)  # fmt: skip
        return [json.loads(line) for line in answers.splitlines()]

    def _prototypes(self):
        """Where the bench says that the prototype PTE of each page of each section is."""
        places = {}
        for section, addresses in probe_addresses().items():
            answers = self._faults(images.PROBE, addresses)
            places[section] = [int(one["os"]["prototype_address"], 16) for one in answers]
        return places

    def _vads(self):
        """The descriptors that the bench was led to: their address, and the addresses they describe."""
        asked = {va: said.get("os", {}).get("vad") for va, said in self.said.items()}
        return {va: tuple(int(vad[key], 16) for key in ("address", "start", "end"))
                for va, vad in asked.items() if vad}  # fmt: skip

    # MARK: - Contents

    def content(self, place):
        """The bytes of a place, or None where there are none to be had."""
        if place is NOTHING:
            return None
        if place == ZEROS:
            return bytes(PAGE)
        if place[0] == "frame":
            page = self.raw[place[1] : place[1] + PAGE]
            return page if len(page) == PAGE else None
        _, number, offset = place
        if number not in self.files or offset >= self.files[number][2]:
            return None
        return self.files[number][1].get(offset, bytes(PAGE))

    def bench_answer(self, case):
        """What the bench says, in the model's words."""
        said = self.said[case.va]
        if said["outcome"] == "translated":
            return Answer("A", ("frame", int(said["pa"], 16)))
        system = said["os"]
        letter = LETTERS.get(system.get("entry_state", system["state"]), "-")
        # A table that is in no memory has no entries to speak of.
        if "level" in system or self.model.entry(case.va, self.rules)[1] > 1:
            letter = "-"
        content = NOTHING
        if "level" in system and "entry_state" not in system and "page_file" in system:
            # It is the table that is in a page file.
            return Answer(letter)
        if "pa" in system:
            content = ("frame", int(system["pa"], 16))
        elif system["state"] == "demand-zero":
            content = ZEROS
        elif "page_file_offset" in system and system["state"] in ("page-file", "virtual-store"):
            content = ("file", system["page_file"], int(system["page_file_offset"], 16))
        return Answer(letter, content)

    # MARK: - Comparing

    def check(self):
        """Whether the bench says what the model does."""
        tally = Tally()
        for case in self.cases:
            said, right = self.bench_answer(case), self.model.answer(case, self.rules)
            if said != right:
                tally.fail(self._disagreement(case, "the bench", said, right))
        for disagreement in tally.found[:SHOWN]:
            print(self._shown(disagreement, "", self.scenario))
        return not tally.failures

    def compare(self, peer):
        """Asks a peer about every case."""
        tally = Tally()
        with contextlib.closing(peer(self)) as reader:
            for case in self.cases:
                right = self.model.answer(case, self.rules)
                tally.asked += 1
                got = reader.ask(case)
                if reader.agrees(got, right):
                    continue
                name = self._explanation(peer, reader, case, got)
                if name:
                    tally.folded[name] += 1
                else:
                    tally.fail(self._disagreement(case, peer.name, got, right))
        return tally

    def _explanation(self, peer, reader, case, got):
        """The known deviations that predict an answer."""
        fitting = [one for one in known(peer.key) if self._fits(one["when"])]
        for one in fitting:
            if reader.agrees(got, self._by(case, [one])):
                return one["id"]
        answer = self._by(case, fitting)
        if not fitting or not reader.agrees(got, answer):
            return None
        # Those without which the answer would be another one.
        needed = list(fitting)
        for one in fitting:
            rest = [other for other in needed if other is not one]
            if reader.agrees(got, self._by(case, rest)):
                needed = rest
        return "+".join(dict.fromkeys(one["id"] for one in needed))

    def _by(self, case, deviations):
        assumed = {key: value for one in deviations for key, value in one["assume"].items()}
        return self.model.answer(case, dataclasses.replace(self.rules, **assumed))

    def _fits(self, when):
        return (
            when.get("generation", self.image.generation) == self.image.generation
            and when.get("symbols", self.image.symbols) == self.image.symbols
            and when.get("build_from", 0) <= self.image.build < when.get("build_below", 1 << 32)
        )

    def _disagreement(self, case, party, got, right):
        kind = (party, case.area, case.form, got.letter, right.letter, _kind(right.content))
        return {"kind": kind, "case": case, "party": party, "got": got, "right": right}

    def smallest(self, peer, disagreement):
        """The disagreement with the smallest scenario that shows it."""
        case = disagreement["case"]
        name = self.name + "-smallest"
        small = Built(self.program, self.folder, name, self.image, [case])
        try:
            shown = "alone as well" if small.compare(peer).failures else "only among others"
        finally:
            os.remove(small.raw_path)
        return self._shown(disagreement, f", {shown}", small.scenario)

    def _shown(self, disagreement, where, scenario):
        case = disagreement["case"]
        entry, level = self.model.entry(case.va, self.rules)
        got = disagreement["got"]
        if isinstance(got.content, bytes):
            got = Answer(got.letter, got.content[:16].hex(" ") + " ...")
        return "\n".join([
            f"DISAGREEMENT of {disagreement['party']}, {self.image.kernel}{where}",
            f"  case       {case.va:#x} in {case.area}: {case.statement or 'nothing is said'}",
            f"  entry      {'beyond memory' if entry is None else hex(entry)} at level {level}",
            f"  bench      {json.dumps(self.said[case.va])}",
            f"  reference  {disagreement['right']}",
            f"  answered   {got}",
            f"  scenario   {scenario}",
        ])  # fmt: skip


LETTERS = {
    "valid": "A", "transition": "T", "demand-zero": "Z", "page-file": "F", "virtual-store": "F",
    "prototype": "P", "prototype-vad": "P",
}  # fmt: skip


def _kind(content):
    return content[0] if isinstance(content, tuple) else content


class MemProcFS:
    """Asks the map of VADs, reads, and asks about bare entries."""

    name = "MemProcFS"
    key = "memprocfs_windows"

    def __init__(self, built):
        memprocfs = imported("memprocfs")
        self.built = built
        arguments = [*MEMPROCFS, "-device", built.raw_path]
        if not built.image.symbols:
            arguments.append(NO_LIST)
        for number, (path, _, _) in built.files.items():
            arguments += [f"-pagefile{number}", path]
        self.vmm = memprocfs.Vmm(arguments)
        build = self.vmm.get_config(memprocfs.OPT_WIN_VERSION_BUILD)
        if build != built.image.build:
            raise ValueError(f"MemProcFS finds build {build} in {built.image.kernel}")
        self.process = self.vmm.process(images.PID)
        pages = sum(vad["cvadex-pages"] for vad in self.process.maps.vad())
        self.map = {one["va"]: one for one in self.process.maps.vad_ex(0, pages)}
        self.bare = self._read_entries()

    def _read_entries(self):
        """The page of each entry by itself; zeros where there is none, as scattered reads have it."""
        model = self.built.model
        found = [model.entry(case.va) for case in self.built.cases]
        entries = {entry for entry, level in found
                   if level == 1 and entry and not entry & (VALID | PROTOTYPE)}  # fmt: skip
        pages = self.process.memory.read_scatter(sorted(entries), READ_BY_ENTRY)
        return {page["addr"]: page["data"] for page in pages}

    def ask(self, case):
        """The letter of a page, and its bytes; a letter of '' where the map does not list it."""
        listed = self.map.get(case.va)
        data = self.process.memory.read(case.va, PAGE)
        letter = listed["tp"] if listed else ""
        if listed and not listed["pte"]:
            # Of a view of a file, which is listed whole: the letter is that of the prototype PTE.
            letter = ""
        elif listed and listed["pte"] != self.built.model.entry(case.va)[0]:
            letter = f"another entry, {listed['pte']:#x}"
        entry, level = self.built.model.entry(case.va)
        if level == 1 and self.bare.get(entry, data or bytes(PAGE)) != (data or bytes(PAGE)):
            letter = "another page by the entry alone"
        return Answer(letter, data if len(data) == PAGE else None)

    def agrees(self, got, answer):
        """Whether an answer is the model's."""
        if got.content != self.built.content(answer.content):
            return False
        return got.letter in ("", answer.letter)

    def close(self):
        """Ends the session."""
        self.vmm.close()


class Volatility:
    """Asks the layer that Volatility 3 makes of tables of Windows."""

    name = "Volatility 3"
    key = "volatility_windows"

    def __init__(self, built):
        intel = imported("volatility3.framework.layers.intel")
        self.exceptions = imported("volatility3.framework.exceptions")
        self.built = built
        context = volatility_context(built.raw_path)
        # It is given the root; how it finds one, discover() asks.
        context.config["table.memory_layer"] = "physical"
        context.config["table.page_map_offset"] = built.root
        self.layer = intel.WindowsIntel32e(context, "table", "table")
        self.context = context

    def ask(self, case):
        """The place of a page, as a frame or in a page file."""
        try:
            return Answer("", ("frame", self.layer.translate(case.va)[0]))
        except self.exceptions.SwappedInvalidAddressException as error:
            number = error.entry >> 1 & 15
            return Answer("F", ("file", number, error.swap_offset >> error.invalid_bits))
        except self.exceptions.InvalidAddressException:
            return Answer("")

    def agrees(self, got, answer):
        """Whether an answer is the model's; a frame beyond memory is no answer."""
        place = answer.content
        if place and place[0] == "frame" and place[1] >= len(self.built.raw):
            place = NOTHING
        return got.content == place

    def close(self):
        """Closes the file."""
        self.context.layers["physical"].destroy()


PEERS = (MemProcFS, Volatility)


if __name__ == "__main__":
    sys.exit(main())
