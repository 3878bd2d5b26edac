"""Unicorn executes accesses on fresh random page tables, and must come to the bench's answers.

Three parties answer every case: `mmubench translate`, the reference walk written from the manual,
and Unicorn, by an executed access. Known deviations of Unicorn (deviations.json) are folded: its
answer must then be the one that the deviation predicts. Anything else fails.
"""

import sys

import campaign
import deviations
import reference
from random_images import random_image
from unicorn_machine import Machine, error_code_offset

CASES_PER_IMAGE = 10_000
# Every mode comes to these; non-canonical addresses exist in two modes only.
OUTCOMES = {"mapped", "not-present", "reserved-bits", "missing"}


def main():
    options = campaign.parser(__doc__, 100_000).parse_args()
    images = -(-options.count // CASES_PER_IMAGE)
    passed = campaign.run(
        "unicorn_walks", options, judge_image, lambda mode: images, lambda mode: OUTCOMES
    )
    return 0 if passed else 1


def judge_image(bench, seed, mode, count, index):
    """Generates one image, asks all three parties, and compares."""
    image = random_image(f"{seed}:{mode}:{index}", mode, [min(count, CASES_PER_IMAGE)])
    [(cpu, cases)] = image.groups
    answers = bench.walks(image.memory, cpu, cases)
    oracle = Machine(image.memory, cpu, error_code_offset(mode))
    tally = campaign.Tally(cases=len(cases))
    place = f"--seed {seed} --count {count} --modes {mode} --image {index}"
    for case, answer in zip(cases, answers):
        va, kind, who = case
        walk = reference.walk(image.memory, cpu, va)
        tally.outcomes[walk.outcome] += 1
        got = oracle.result(*case, deviations.entries("unicorn", image.memory, cpu, walk, va))
        right = reference.access(cpu, walk, kind, who)
        known = None
        if answer == walk and got != right:
            known = deviations.explains("unicorn", image.memory, cpu, case, got)
        if known:
            tally.folded[known] += 1
        elif answer != walk or got != right:
            parties = {"mmubench": answer, "reference": walk, "predicted": right, "unicorn": got}
            tally.fail(campaign.Disagreement(place, cpu, case, walk, parties))
    return tally


if __name__ == "__main__":
    sys.exit(main())
