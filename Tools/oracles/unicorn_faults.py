"""Unicorn executes accesses on fresh random page tables, and must fault as the bench says.

Three parties answer every case: `mmubench fault`, the reference written from the manual, and
Unicorn, by an executed access. Compared are the exception, the whole error code, the physical
address, and every accessed and dirty bit that a successful access sets. Registers are random: WP,
NXE, PSE, SMEP, SMAP with AC, protection keys with PKRU. Known deviations of Unicorn are folded as
in unicorn_walks.py. Not asked, since Unicorn does not have them: PKS, shadow stacks, other physical
address widths.
"""

import sys

import campaign
import deviations
import reference
from random_images import FAULTS, random_image
from unicorn_machine import Machine, error_code_offset

# Cases with the same registers, and sets of registers that share their tables.
CASES_PER_GROUP, GROUPS = 1_250, 4


def main():
    options = campaign.parser(__doc__, 100_000).parse_args()
    images = -(-options.count // (CASES_PER_GROUP * GROUPS))
    passed = campaign.run("unicorn_faults", options, judge_image, lambda mode: images, expected,
                          ask_once)  # fmt: skip
    return 0 if passed else 1


def expected(mode):
    """What the random images of a mode come to."""
    outcomes = {"translated", "translated with updates", "missing"}
    codes = {"0x0", "0x2", "0x4", "0x6", "0x3", "0x5", "0x7", "0x10", "0x11", "0x14"}
    if mode in ("x86-64", "la57"):
        outcomes |= {"general-protection"}
        codes |= {"0x21", "0x23", "0x25", "0x27"}
    if mode != "x86":
        codes |= {"0x15", "0x19", "0x1d"}
    return outcomes | {f"page-fault {code}" for code in codes | {"0x9", "0xb", "0xd", "0xf"}}


def judge_image(bench, seed, mode, count, index):
    """Generates one image, asks all three parties, and compares."""
    share = max(1, min(count, CASES_PER_GROUP * GROUPS) // GROUPS)
    image = random_image(f"{seed}:{mode}:{index}", mode, [share] * GROUPS, FAULTS)
    tally = campaign.Tally()
    place = f"--seed {seed} --count {count} --modes {mode} --image {index}"
    for cpu, cases in image.groups:
        judge_group(bench, image.memory, cpu, cases, place, tally)
    return tally


def ask_once(memory, cpu, case):
    """What Unicorn makes of one access to a small machine, and the deviation that explains it."""
    va = case[0]
    oracle = Machine(memory, cpu, error_code_offset(cpu.mode))
    walk = reference.walk(memory, cpu, va)
    got = oracle.result(*case, deviations.entries("unicorn", memory, cpu, walk, va))
    known = None
    if got != reference.access(cpu, walk, *case[1:]):
        known = deviations.explains("unicorn", memory, cpu, case, got)
    return got, known


def judge_group(bench, memory, cpu, cases, place, tally):
    """Asks all three parties about the cases of one set of registers."""
    answers = bench.results(memory, cpu, cases)
    oracle = Machine(memory, cpu, error_code_offset(cpu.mode))
    tally.cases += len(cases)
    for case, answer in zip(cases, answers):
        va, kind, who = case
        walk = reference.walk(memory, cpu, va)
        right = reference.access(cpu, walk, kind, who)
        got = oracle.result(*case, deviations.entries("unicorn", memory, cpu, walk, va))
        tally.outcomes[campaign.result_name(right)] += 1
        known = None
        if answer == right and got != right:
            known = deviations.explains("unicorn", memory, cpu, case, got)
        if known:
            tally.folded[known] += 1
        elif answer != right or got != right:
            parties = {"mmubench": answer, "reference": right, "unicorn": got}
            tally.fail(campaign.Disagreement(place, cpu, case, walk, parties))
    stray = oracle.stray_writes()
    if stray:
        parties = {"unicorn": f"wrote to {', '.join(map(hex, stray))}, where no walk read an entry"}
        tally.fail(campaign.Disagreement(place, cpu, cases[0], walk, parties))


if __name__ == "__main__":
    sys.exit(main())
