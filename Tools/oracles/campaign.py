"""What the comparisons with outside translators have in common: counting, printing, and running
random images on all processors."""

import argparse
import collections
import dataclasses
import functools
import multiprocessing
import secrets

import reference
from bench import Bench, BenchFailure, fault_options
from shrink import scene, write_scenario

SHOWN = 3
LONG = 50_000  # cases that come to everything a mode has


@dataclasses.dataclass
class Tally:
    """What one image, or several, came to."""

    cases: int = 0
    outcomes: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    folded: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    failures: int = 0
    found: list = dataclasses.field(default_factory=list)

    def add(self, other):
        """Counts another tally in."""
        self.cases += other.cases
        self.outcomes += other.outcomes
        self.folded += other.folded
        self.failures += other.failures
        for disagreement in other.found:
            self._keep(disagreement)

    def fail(self, disagreement):
        """Counts a disagreement, and keeps the first of each kind."""
        self.failures += 1
        self._keep(disagreement)

    def _keep(self, disagreement):
        kinds = [one.kind() for one in self.found]
        if len(kinds) < SHOWN and disagreement.kind() not in kinds:
            self.found.append(disagreement)

    def line(self, mode):
        """The summary in one line."""
        kinds, codes = collections.Counter(), collections.Counter()
        for outcome, n in self.outcomes.items():
            kind, _, code = outcome.partition(" 0x")
            kinds[kind] += n
            codes[kind] += code != ""
        outcomes = ", ".join(
            f"{kind} {n}" + f" with {codes[kind]} error codes" * (codes[kind] > 0)
            for kind, n in sorted(kinds.items())
        )
        folded = ", ".join(f"{name} {n}" for name, n in sorted(self.folded.items())) or "none"
        return (
            f"{mode}: {self.cases} cases ({outcomes}); known deviations: {folded};"
            f" {self.failures} disagreements"
        )


@dataclasses.dataclass
class Disagreement:
    """A case about which the parties differ."""

    place: str  # the options that reproduce it
    cpu: reference.Processor
    case: tuple
    walk: reference.Walk
    answers: dict  # by party

    def kind(self):
        """What it has in common with others of the same cause."""
        told = [getattr(answer, "outcome", answer) for answer in self.answers.values()]
        return (self.walk.outcome, len(self.walk.entries), *told)

    def text(self):
        """All that is needed to see who is wrong."""
        entries = " ".join(f"{name}@{at:#x}={value:#x}" for name, at, value in self.walk.entries)
        va, kind, who, *way = self.case
        lines = [
            f"DISAGREEMENT, reproduce with {self.place}",
            f"  case       {kind} of {va:#x} as {who}" + "".join(f" by {one}" for one in way),
            f"  registers  {' '.join(fault_options(self.cpu))}",
            f"  entries    {entries}",
        ]
        lines += [f"  {party:<10} {words(answer)}" for party, answer in self.answers.items()]
        return "\n".join(lines)


def words(answer):
    """A walk or a result without what does not apply to it."""
    if isinstance(answer, str):
        return answer
    pairs = ((f.name, getattr(answer, f.name)) for f in dataclasses.fields(answer) if f.compare)
    shown = (f"{name}={show(value)}" for name, value in pairs if value not in (None, ()))
    return " ".join(shown)


def result_name(result):
    """What a result counts as."""
    code = f" {result.code:#x}" if result.outcome == "page-fault" else ""
    return result.outcome + code + (" with updates" if result.updates else "")


def show(value):
    """Numbers in hex, also those of updates."""
    if isinstance(value, tuple):
        return "[" + ", ".join(" ".join(f"{n:#x}" for n in one) for one in value) + "]"
    return hex(value) if type(value) is int else value


def parser(doc, count, modes=tuple(reference.MODES)):
    """The options that every campaign has."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--mmubench", help="the program to judge; without it, the reference")
    parser.add_argument("--seed", default=secrets.token_hex(4), help="any text (default: random)")
    parser.add_argument("--count", type=int, default=count, help="cases a mode (%(default)s)")
    modes = list(modes)
    parser.add_argument("--modes", nargs="+", default=modes, metavar="MODE", choices=modes)
    parser.add_argument("--image", type=int, help="only this image, as a failure names it")
    told = "a further option of mmubench; a wrong one must be found out"
    parser.add_argument("--option", action="append", default=[], metavar="TEXT", help=told)
    told = "write the smallest scenario of each disagreement into FOLDER"
    parser.add_argument("--shrink", metavar="FOLDER", help=told)
    return parser


def run(name, options, judge, images, expected, oracle=None, make=scene):
    """Judges the images of every mode; True where all is well.

    `judge(bench, seed, mode, count, index)` gives the tally of one image, `images(mode)` their
    number, `expected(mode)` the outcomes that a long run must come to. `oracle(memory, cpu, case)`
    asks the outside translator once, for shrinking: (result, known deviation). `make` gives the
    scene of a disagreement.
    """
    print(f"{name}: seed {options.seed}, {options.count} cases a mode", flush=True)
    bench = Bench(options.mmubench, [word for text in options.option for word in text.split()])
    if not options.mmubench:
        print(f"{name}: no --mmubench: the reference stands in for it")
    passed = True
    for mode in options.modes:
        indices = range(images(mode)) if options.image is None else [options.image]
        total = Tally()
        one = functools.partial(judge, bench, options.seed, mode, options.count)
        try:
            with multiprocessing.Pool() as pool:
                for tally in pool.imap(one, indices):
                    total.add(tally)
        except BenchFailure as failure:
            print(f"{mode}: {failure}")
            passed = False
            continue
        unseen = expected(mode) - set(total.outcomes) if total.cases >= LONG else ()
        if unseen:
            print(f"{mode}: the random images never came to {', '.join(sorted(unseen))}")
        passed &= not total.failures and not unseen
        for found in total.found:
            print(found.text())
            if options.shrink and options.mmubench:
                path = write_scenario(options.shrink, name, bench, oracle, found, words, make)
                print(f"  scenario   {path}", flush=True)
        print(total.line(mode), flush=True)
    return passed
