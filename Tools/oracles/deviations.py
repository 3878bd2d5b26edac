"""The known deviations of the outside translators, which are data (deviations.json)."""

import dataclasses
import functools
import json
import operator
import os


@functools.cache
def known(oracle):
    """The known deviations of an oracle that predict its answers, with their numbers read."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "deviations.json")
    with open(path, encoding="utf-8") as file:
        entries = [one for one in json.load(file)[oracle] if "when" in one]
    for one in entries:
        values = one.get("assume", {}).items()
        one["assume"] = {k: int(v, 16) if isinstance(v, str) else v for k, v in values}
    return entries


@functools.cache
def permissive(oracle, cpu):
    """The processor with all known deviations of the oracle, whose walks go furthest."""
    every = {name: value for one in known(oracle) for name, value in one["assume"].items()}
    return dataclasses.replace(cpu, **every)


def entries(oracle, memory, cpu, walk, va):
    """The entries that the oracle may read and change: it may go on where the walk stopped."""
    if walk.outcome != "reserved-bits":
        return walk.entries
    return permissive(oracle, cpu).walk(memory, (va,)).entries


def explains(oracle, memory, cpu, case, got, agrees=operator.eq):
    """The known deviation that predicts this answer of the oracle, if there is one."""
    walk = cpu.walk(memory, case)
    facts = {"mode": cpu.mode, "outcome": walk.outcome, "stopped_at": walk.stopped_at}
    fitting = [one for one in known(oracle) if one["when"].items() <= facts.items()]
    # A walk that goes on where it should have stopped may meet another deviation.
    assumed = [(one["id"], dataclasses.replace(cpu, **one["assume"])) for one in fitting]
    assumed.append(("+".join(one["id"] for one in fitting), permissive(oracle, cpu)))
    for name, other in assumed if fitting else ():
        if agrees(other.access(other.walk(memory, case), case), got):
            return name
    return None
