"""Unicorn executes accesses on fresh random page tables, and must come to the bench's answers.

Three parties answer every case: `mmubench translate`, the reference walk written from the manual,
and Unicorn, by an executed access. Known deviations of Unicorn (deviations.json) are folded: its
answer must then be the one that the deviation predicts. Anything else fails.
"""

import argparse
import collections
import dataclasses
import functools
import json
import multiprocessing
import os
import secrets
import subprocess
import sys
import tempfile

import reference
from random_images import RAM, random_image
from unicorn_machine import CR4, EFER_LONG_MODE, EFER_NXE, Machine

CASES_PER_IMAGE = 10_000
SHOWN = 5
# Every image comes to these; non-canonical addresses exist in two modes only.
OUTCOMES = {"mapped", "not-present", "reserved-bits", "missing"}


class BenchFailure(Exception):
    """The program could not be asked, or answered something else."""


@dataclasses.dataclass
class Tally:
    """What one image, or several, came to."""

    cases: int = 0
    outcomes: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    folded: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    failures: int = 0
    reports: list = dataclasses.field(default_factory=list)

    def add(self, other):
        self.cases += other.cases
        self.outcomes += other.outcomes
        self.folded += other.folded
        self.failures += other.failures
        self.reports += other.reports

    def fail(self, report):
        self.failures += 1
        if len(self.reports) < SHOWN:
            self.reports.append(report)


def main():
    options = parse_arguments()
    print(f"unicorn_walks: seed {options.seed}, {options.count} cases a mode", flush=True)
    if not options.mmubench:
        print("unicorn_walks: no --mmubench: the reference walk stands in for it")
    failed = False
    for mode in options.modes:
        indices = [options.image]
        if options.image is None:
            indices = range(-(-options.count // CASES_PER_IMAGE))
        total = Tally()
        judge = functools.partial(judge_image, options.mmubench, options.seed, mode, options.count)
        try:
            with multiprocessing.Pool() as pool:
                for tally in pool.imap(judge, indices):
                    total.add(tally)
        except BenchFailure as failure:
            print(f"{mode}: {failure}")
            failed = True
            continue
        unseen = OUTCOMES - set(total.outcomes) if total.cases >= CASES_PER_IMAGE else ()
        failed |= total.failures > 0 or bool(unseen)
        for report in total.reports[:SHOWN]:
            print(report)
        if unseen:
            print(f"{mode}: the random images never came to {', '.join(sorted(unseen))}")
        outcomes = ", ".join(f"{name} {n}" for name, n in sorted(total.outcomes.items()))
        folded = ", ".join(f"{name} {n}" for name, n in sorted(total.folded.items())) or "none"
        print(f"{mode}: {total.cases} cases ({outcomes}); known deviations: {folded};"
              f" {total.failures} disagreements", flush=True)  # fmt: skip
    return 1 if failed else 0


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mmubench", help="the program to judge; without it, the reference walk")
    parser.add_argument("--seed", default=secrets.token_hex(4), help="any text (default: random)")
    parser.add_argument("--count", type=int, default=100_000, help="cases a mode (%(default)s)")
    parser.add_argument("--modes", nargs="+", default=list(reference.MODES), metavar="MODE",
                        choices=list(reference.MODES))  # fmt: skip
    parser.add_argument("--image", type=int, help="only this image, as a failure names it")
    return parser.parse_args()


def judge_image(program, seed, mode, count, index):
    """Generates one image, asks all three parties, and compares."""
    image = random_image(f"{seed}:{mode}:{index}", mode, min(count, CASES_PER_IMAGE))
    walks = [reference.walk(image.memory, image.cpu, va) for va, _, _ in image.cases]
    answers = ask_bench(program, image) if program else walks
    oracle = Machine(image, error_code_offset(mode))
    tally = Tally(cases=len(image.cases))
    place = f"--seed {seed} --modes {mode} --image {index}"
    for case, walk, answer in zip(image.cases, walks, answers):
        tally.outcomes[walk.outcome] += 1
        got = oracle.access(*case)
        if answer != walk:
            tally.fail(report(place, image, case, walk, answer, got))
        elif got != reference.access(image.cpu, walk, *case[1:]):
            known = deviation(image, case, walk, got)
            if known:
                tally.folded[known] += 1
            else:
                tally.fail(report(place, image, case, walk, answer, got))
    return tally


def ask_bench(program, image):
    """The answers of `mmubench translate`, as walks."""
    with tempfile.NamedTemporaryFile(suffix=".raw") as file:
        file.write(image.memory)
        file.flush()
        command = [program, "translate", file.name, "--json", *machine_options(image.cpu)]
        addresses = "".join(f"{va:#x}\n" for va, _, _ in image.cases)
        done = subprocess.run(command, input=addresses, capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    if done.returncode != 0 or len(lines) != len(image.cases):
        raise BenchFailure(
            f"{' '.join(command)}\nended with {done.returncode} after {len(lines)} answers to"
            f" {len(image.cases)} addresses\n{done.stderr}"
        )
    return [bench_walk(json.loads(line), case) for line, case in zip(lines, image.cases)]


def machine_options(cpu):
    """The machine as `mmubench` takes it."""
    long_mode = cpu.mode in ("x86-64", "la57")
    efer = (EFER_LONG_MODE if long_mode else 0) | (EFER_NXE if cpu.nxe else 0)
    return [
        "--mode", cpu.mode, "--root", hex(cpu.root), "--physical-bits", str(cpu.physical_bits),
        "--cr4", hex(CR4[cpu.mode] | cpu.pse << 4), "--efer", hex(efer),
    ]  # fmt: skip


def bench_walk(line, case):
    """One line of `mmubench translate --json`; a page outside of the image must say so."""

    def number(key):
        return int(line[key], 16) if key in line else None

    if number("va") != case[0]:
        raise BenchFailure(f"asked about {case[0]:#x}, the answer is about {line.get('va')}")
    walk = reference.Walk(
        line["outcome"], number("pa"), line.get("page_size"), line.get("write"), line.get("user"),
        line.get("execute"), line.get("stopped_at"), number("reserved"), number("missing"),
    )  # fmt: skip
    in_image = line.get("in_image", True)
    if walk.outcome == "mapped" and in_image != (walk.pa < RAM):
        walk.outcome = f"mapped with in_image {in_image}"
    return walk


@functools.cache
def deviations():
    """The known deviations, with their numbers read."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "deviations.json")
    with open(path, encoding="utf-8") as file:
        known = json.load(file)["unicorn"]
    for one in known:
        values = one["assume"].items()
        one["assume"] = {k: int(v, 16) if isinstance(v, str) else v for k, v in values}
    return known


def deviation(image, case, walk, got):
    """The known deviation that predicts exactly this answer of the oracle, if there is one."""
    facts = {"mode": image.cpu.mode, "outcome": walk.outcome, "stopped_at": walk.stopped_at}
    every = {name: value for one in deviations() for name, value in one["assume"].items()}
    for one in deviations():
        if not one["when"].items() <= facts.items():
            continue
        # A walk that goes on where it should have stopped may meet another deviation.
        for assumed in (one["assume"], every):
            cpu = dataclasses.replace(image.cpu, **assumed)
            predicted = reference.walk(image.memory, cpu, case[0])
            if reference.access(cpu, predicted, *case[1:]) == got:
                return one["id"]
    return None


@functools.cache
def error_code_offset(mode):
    """Where Unicorn's saved context keeps the error code, learnt from plain not-present faults."""
    image = random_image(f"error code:{mode}", mode, 4000)
    faults = []
    for case in image.cases:
        walk = reference.walk(image.memory, image.cpu, case[0])
        if walk.outcome in ("not-present", "mapped"):
            kind, value = reference.access(image.cpu, walk, *case[1:])
            if kind == "page-fault":
                faults.append((case, value))
    return Machine(image).find_error_code(faults[:200])


def report(place, image, case, walk, answer, got):
    """A disagreement, with all that is needed to see who is wrong."""
    cpu, (va, kind, as_user) = image.cpu, case
    entries = " ".join(f"{name}@{at:#x}={value:#x}" for name, at, value in walk.entries)
    predicted = reference.access(cpu, walk, kind, as_user)
    return "\n".join([
        f"DISAGREEMENT, reproduce with {place}",
        f"  case       {kind} of {va:#x} as {'user' if as_user else 'supervisor'}",
        f"  registers  {' '.join(machine_options(cpu))} CR0.WP={cpu.wp:d}",
        f"  entries    {entries}",
        f"  mmubench   {words(answer)}",
        f"  reference  {words(walk)}: {outcome(predicted)}",
        f"  unicorn    {outcome(got)}",
    ])  # fmt: skip


def words(walk):
    """A walk without what does not apply to it."""
    pairs = ((f.name, getattr(walk, f.name)) for f in dataclasses.fields(walk) if f.compare)
    shown = (
        (name, hex(value) if type(value) is int else value)
        for name, value in pairs if value is not None
    )  # fmt: skip
    return " ".join(f"{name}={value}" for name, value in shown)


def outcome(result):
    """An access's result in a few words."""
    kind, value = result
    return kind if value is None else f"{kind} {value:#x}"


if __name__ == "__main__":
    sys.exit(main())
