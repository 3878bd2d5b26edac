"""Asks `mmubench` about the accesses of a random image."""

import json
import subprocess
import tempfile

import reference

CR0_PE_PG, CR0_WP = 0x80000001, 1 << 16
CR4 = {"x86": 0, "pae": 1 << 5, "x86-64": 1 << 5, "la57": 1 << 5 | 1 << 12}
CR4_PSE, CR4_SMEP, CR4_SMAP, CR4_PKE, CR4_PKS = 1 << 4, 1 << 20, 1 << 21, 1 << 22, 1 << 24
EFER_LONG_MODE, EFER_NXE = 0x500, 0x800


class BenchFailure(Exception):
    """The program could not be asked, or answered something else."""


def registers(cpu):
    """The control registers of a processor."""
    long_mode = cpu.mode in ("x86-64", "la57")
    cr4 = CR4[cpu.mode] | cpu.pse * CR4_PSE | cpu.smep * CR4_SMEP | cpu.smap * CR4_SMAP
    cr4 |= (cpu.pkru is not None) * CR4_PKE | (cpu.pkrs is not None) * CR4_PKS
    return {
        "cr0": CR0_PE_PG | cpu.wp * CR0_WP,
        "cr4": cr4,
        "efer": long_mode * EFER_LONG_MODE | cpu.nxe * EFER_NXE,
    }


def machine_options(cpu):
    """The machine of a walk as `mmubench` takes it."""
    named = [text for name, value in registers(cpu).items() for text in (f"--{name}", hex(value))]
    return ["--mode", cpu.mode, "--root", hex(cpu.root), "--physical-bits", str(cpu.physical_bits),
            *named]  # fmt: skip


def arm64_options(cpu):
    """The same of arm64, where accesses need no more."""
    return ["--mode", "arm64", "--root", hex(cpu.ttbr0), "--ttbr1", hex(cpu.ttbr1),
            "--tcr", hex(cpu.tcr), "--sctlr", hex(cpu.sctlr), *["--pan"] * cpu.pan]  # fmt: skip


def fault_options(cpu):
    """The machine of an access as `mmubench` takes it."""
    if cpu.mode == "arm64":
        return arm64_options(cpu)
    keys = {"--pkru": cpu.pkru, "--pkrs": cpu.pkrs}
    given = [
        text for name, value in keys.items() if value is not None for text in (name, hex(value))
    ]
    return machine_options(cpu) + given + ["--ac"] * cpu.ac


class Bench:
    """The program to judge, or without one the reference in its place."""

    def __init__(self, program, extra=()):
        self.program = program
        self.extra = list(extra)  # options laid over those of the machine

    def walks(self, memory, cpu, cases):
        """Its walks of the addresses of the cases."""
        if not self.program:
            return [reference.walk(memory, cpu, va) for va, _, _ in cases]
        lines = "".join(f"{va:#x}\n" for va, _, _ in cases)
        answers = self._ask_image("translate", machine_options(cpu), memory, lines, len(cases))
        return [read_walk(answer, case[0], len(memory)) for answer, case in zip(answers, cases)]

    def results(self, memory, cpu, cases):
        """What it says of the accesses."""
        if not self.program:
            return [cpu.access(cpu.walk(memory, case), case) for case in cases]
        lines = "".join("{:#x} {} {}\n".format(*case) for case in cases)
        options = ["--batch", *fault_options(cpu)]
        answers = self._ask_image("fault", options, memory, lines, len(cases))
        return [read_result(answer, *case[:3]) for answer, case in zip(answers, cases)]

    def scenario_result(self, path, case, ac):
        """What it says of one access to the machine of a scenario."""
        line = "{:#x} {} {}\n".format(*case)
        [answer] = self._ask("fault", path, ["--batch"] + ["--ac"] * ac, line, 1)
        return read_result(answer, *case[:3])

    def _ask_image(self, verb, options, memory, lines, count):
        """Asks about memory from physical address 0, or about one that says where it begins."""
        base = getattr(memory, "base", 0)
        options = [*options, *(["--base", hex(base)] if base else [])]
        with tempfile.NamedTemporaryFile(suffix=".raw") as file:
            file.write(memory.bytes if base else memory)
            file.flush()
            return self._ask(verb, file.name, options, lines, count)

    def _ask(self, verb, path, options, lines, count):
        command = [self.program, verb, path, "--json", *options, *self.extra]
        try:
            done = subprocess.run(command, input=lines, capture_output=True, text=True, check=False)
            answers = [json.loads(line) for line in done.stdout.splitlines()]
        except (OSError, ValueError) as error:
            raise BenchFailure(f"{' '.join(command)}\n{error}") from error
        if done.returncode != 0 or len(answers) != count:
            raise BenchFailure(
                f"{' '.join(command)}\nended with {done.returncode} after {len(answers)} answers to"
                f" {count} addresses\n{done.stderr}"
            )
        return answers


def number(answer, key):
    """A number that JSON has as text."""
    return int(answer[key], 16) if key in answer else None


def read_walk(answer, va, ram):
    """One line of `mmubench translate --json`; a page outside of the image must say so."""
    if number(answer, "va") != va:
        raise BenchFailure(f"asked about {va:#x}, the answer is about {answer.get('va')}")
    walk = reference.Walk(
        answer["outcome"], number(answer, "pa"), answer.get("page_size"), answer.get("write"),
        answer.get("user"), answer.get("execute"), answer.get("stopped_at"),
        number(answer, "reserved"), number(answer, "missing"),
    )  # fmt: skip
    in_image = answer.get("in_image", True)
    if walk.outcome == "mapped" and in_image != (walk.pa < ram):
        walk.outcome = f"mapped with in_image {in_image}"
    return walk


def read_result(answer, va, kind, who):
    """One line of `mmubench fault --batch --json`."""
    if (number(answer, "va"), answer.get("access"), answer.get("as")) != (va, kind, who):
        raise BenchFailure(f"asked about {kind} of {va:#x} as {who}, the answer is {answer}")
    changes = tuple(
        tuple(number(one, key) for key in ("address", "before", "after"))
        for one in answer.get("updates", ())
    )
    code = "esr" if "esr" in answer else "error_code"
    return reference.Result(
        answer["outcome"], number(answer, "pa"), number(answer, code), changes
    )
