"""QEMU or Bochs executes accesses on fresh random page tables, and must fault as the bench says.

As unicorn_faults.py, by a payload on the bare machine that takes every exception through its IDT.
QEMU also knows supervisor keys (PKS). Compared are the exception, the whole error code, CR2, the
accessed and dirty bits, and the physical address where a read finds memory. Known deviations are
folded.
"""

import dataclasses
import functools
import sys

import campaign
import deviations
import reference
from booted_machine import (
    LAYOUT,
    Broken,
    Unavailable,
    answers,
    bochs,
    bochs_installed,
    payload,
    qemu,
    qemu_installed,
    suits,
)
from random_images import FAULTS, random_image


@dataclasses.dataclass(frozen=True)
class Oracle:
    """An emulator, what it lacks, and what memory that is not there reads as."""

    run: object
    installed: object
    modes: tuple
    keys: tuple
    outside: int


ORACLES = {
    "qemu": Oracle(qemu, qemu_installed, tuple(reference.MODES), ("pkru", "pkrs"), 0),
    # B2: no protection keys. B3: no LA57.
    "bochs": Oracle(bochs, bochs_installed, ("x86", "pae", "x86-64"), (), 0xFFFF_FFFF),
}
CASES_PER_GROUP, GROUPS = 1_250, 8


def main():
    parser = campaign.parser(__doc__, 20_000)
    parser.add_argument("emulator", choices=list(ORACLES))
    options = parser.parse_args()
    oracle = ORACLES[options.emulator]
    try:
        oracle.installed()
        payload(False)
    except Unavailable as reason:
        print(f"skipped: {reason}")
        return 77
    options.modes = [mode for mode in options.modes if mode in oracle.modes]
    images = -(-options.count // (CASES_PER_GROUP * GROUPS))
    passed = campaign.run(
        f"booted_faults {options.emulator}", options,
        functools.partial(judge_image, options.emulator), lambda mode: images, lambda mode: set(),
        functools.partial(ask_once, options.emulator),
    )  # fmt: skip
    return 0 if passed else 1


def judge_image(emulator, bench, seed, mode, count, index):
    """Generates one image, asks all three parties, and compares."""
    share = max(1, min(count, CASES_PER_GROUP * GROUPS) // GROUPS)
    layout = dataclasses.replace(LAYOUT, keys=ORACLES[emulator].keys)
    image = random_image(f"{seed}:{mode}:{index}", mode, [share] * GROUPS, FAULTS, layout)
    image.groups = [
        (cpu, [suited(emulator, image.memory, cpu, case) for case in cases])
        for cpu, cases in image.groups
    ]
    told = [one for cpu, cases in image.groups for one in bench.results(image.memory, cpu, cases)]
    walks, seen = ask(emulator, image.memory, image.cases)
    tally = campaign.Tally(cases=len(image.cases))
    place = f"{emulator} --seed {seed} --count {count} --modes {mode} --image {index}"
    for (cpu, case), walk, said, saw in zip(image.cases, walks, told, seen):
        right = reference.access(cpu, walk, *case[1:])
        tally.outcomes[campaign.result_name(right)] += 1
        known = deviation(emulator, image.memory, cpu, case, right, saw)
        if said == right and known:
            tally.folded[known] += known != "none"
        else:
            parties = {"mmubench": said, "reference": right, emulator: saw}
            tally.fail(campaign.Disagreement(place, cpu, case, walk, parties))
    tally.folded = +tally.folded
    return tally


def suited(emulator, memory, cpu, case):
    """The case as the payload can execute it, wherever a known deviation may lead."""
    others = (cpu, deviations.permissive(emulator, cpu))
    walks = [reference.walk(memory, other, case[0]) for other in others]
    if walks[0].outcome == "non-canonical" and case[2] == reference.IMPLICIT:
        case = (case[0], "read", reference.SUPERVISOR)  # no LDT can lie there
    return suits(case, [walk.pa for walk in walks if walk.outcome == "mapped"])


def ask(emulator, memory, cases):
    """The walks of the cases, and what the emulator made of the accesses."""
    walks = [reference.walk(memory, cpu, case[0]) for cpu, case in cases]
    entries = [
        deviations.entries(emulator, memory, cpu, walk, case[0])
        for (cpu, case), walk in zip(cases, walks)
    ]
    return walks, answers(ORACLES[emulator].run, memory, cases, entries)


def deviation(emulator, memory, cpu, case, right, saw):
    """`none` where the emulator agrees, the deviation that explains what it saw, or None."""

    def agrees(result, saw):
        return saw.agrees(case, result, ORACLES[emulator].outside)

    if agrees(right, saw):
        return "none"
    return deviations.explains(emulator, memory, cpu, case, saw, agrees)


def ask_once(emulator, memory, cpu, case):
    """What the emulator makes of one access, and the deviation that explains it."""
    walk = reference.walk(memory, cpu, case[0])
    right = reference.access(cpu, walk, *case[1:])
    if suited(emulator, memory, cpu, case) != case:
        raise Broken("the payload cannot execute this")
    _, [saw] = ask(emulator, memory, [(cpu, case)])
    known = deviation(emulator, memory, cpu, case, right, saw)
    return (right, None) if known == "none" else (saw, known)


if __name__ == "__main__":
    sys.exit(main())
