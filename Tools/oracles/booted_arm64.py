"""QEMU translates addresses by random page tables of arm64, and must fault as the bench says.

A payload on the bare machine executes AT S1E0R, S1E0W, S1E1R, S1E1W, S1E1RP and S1E1WP at EL2 and
reads PAR_EL1, and it makes accesses at EL1 and EL0 and takes the exception. Compared are the
physical address; of a fault the status code with its level, and ESR_EL1 and FAR_EL1 where it was
an exception; and the access flag and dirty state that an access leaves (what AT does to them, the
architecture leaves open). Known deviations are folded.
"""

import functools
import sys

import arm64_machine
import campaign
import deviations
from booted_machine import Broken, Unavailable
from images_arm64 import ACCESS, AT, AT_PAN, MODES, quiet, random_image
from shrink_arm64 import scene

CASES_PER_GROUP, GROUPS = 250, 16


def main():
    parser = campaign.parser(__doc__, 20_000, MODES)
    options = parser.parse_args()
    try:
        arm64_machine.installed()
    except Unavailable as reason:
        print(f"skipped: {reason}")
        return 77
    images = -(-options.count // (CASES_PER_GROUP * GROUPS))
    passed = campaign.run(
        "booted_arm64 qemu", options, judge_image, lambda mode: images, lambda mode: set(),
        ask_once, scene,
    )  # fmt: skip
    return 0 if passed else 1


def judge_image(bench, seed, mode, count, index):
    """Generates one image, asks all three parties, and compares."""
    share = max(1, min(count, CASES_PER_GROUP * GROUPS) // GROUPS)
    image = random_image(f"{seed}:{mode}:{index}", mode, [share] * GROUPS)
    image.groups = [
        (cpu, [suited(image.memory, cpu, case) for case in cases]) for cpu, cases in image.groups
    ]
    told = [one for cpu, cases in image.groups for one in bench.results(image.memory, cpu, cases)]
    walks, seen = ask(image.memory, image.cases)
    tally = campaign.Tally(cases=len(image.cases))
    place = f"--seed {seed} --count {count} --modes {mode} --image {index}"
    for (cpu, case), walk, said, saw in zip(image.cases, walks, told, seen):
        right = cpu.access(walk, case)
        tally.outcomes[campaign.result_name(right)] += 1
        known = deviation(image.memory, cpu, case, right, saw)
        if said == right and known:
            tally.folded[known] += known != "none"
        else:
            parties = {"mmubench": said, "reference": right, "qemu": saw}
            tally.fail(campaign.Disagreement(place, cpu, case, walk, parties))
    tally.folded = +tally.folded
    return tally


def walks_of(memory, cpu, case):
    """The translation, and what it is with all known deviations."""
    others = (cpu, deviations.permissive("qemu-arm64", cpu))
    return [other.walk(memory, case) for other in others]


def suited(memory, cpu, case):
    """The case as the payload can execute it: accesses that may disturb it are only translated."""
    va, kind, who, way = case
    pas = [walk.pa for walk in walks_of(memory, cpu, case) if walk.outcome == "mapped"]
    if way != ACCESS or (arm64_machine.gate(cpu, who, va) is not None and all(map(quiet, pas))):
        return case
    kind = "read" if kind == "execute" else kind
    return (va, kind, who, AT_PAN if cpu.pan and who == "supervisor" else AT)


def ask(memory, cases):
    """The walks of the cases, and what QEMU made of the accesses."""
    walks, entries, pas = [], [], []
    for cpu, case in cases:
        right, furthest = walks_of(memory, cpu, case)
        walks.append(right)
        entries.append(max(right.entries, furthest.entries, key=len))
        pas.append(right.pa or furthest.pa)
    return walks, arm64_machine.answers(memory, cases, entries, pas)


def deviation(memory, cpu, case, right, saw):
    """`none` where QEMU agrees, the deviation that explains what it saw, or None."""

    def agrees(result, saw):
        return saw.agrees(case, result)

    if agrees(right, saw):
        return "none"
    return deviations.explains("qemu-arm64", memory, cpu, case, saw, agrees)


def ask_once(memory, cpu, case):
    """What QEMU makes of one access, and the deviation that explains it."""
    right = cpu.access(cpu.walk(memory, case), case)
    if suited(memory, cpu, case) != case:
        raise Broken("the payload cannot execute this")
    _, [saw] = ask(memory, [(cpu, case)])
    known = deviation(memory, cpu, case, right, saw)
    return (right, None) if known == "none" else (saw, known)


if __name__ == "__main__":
    sys.exit(main())
