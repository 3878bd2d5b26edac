"""QEMU as an arm64 processor: a payload of our own asks it about random page tables.

The payload (payload/arm64.S) is assembled with clang, which comes with Swift, and put into memory
together with the tables and the cases. Its answers come out by semihosting.
"""

import dataclasses
import functools
import os
import shutil
import struct
import subprocess
import tempfile

from booted_machine import Broken, Unavailable
from images_arm64 import ACCESS, AT_PAN, AT_UNDER_PAN, FILL, FILL_END, GATE, TABLES
from reference import bits
from reference_arm64 import half

PAYLOAD, RECORDS = 0x4020_0000, 0x4200_0000
RECORD_BYTES, ENTRIES = 128, 5
TIMEOUT = 60  # seconds
RECORD = struct.Struct(f"<8Q{ENTRIES}QQ16x")
ANSWER = struct.Struct(f"<QQQQ{ENTRIES}Q8x")
FIRST_ACCESS, AS_USER = 8, 16
KINDS = {"read": 0, "write": 1, "execute": 2}
PAR_FAULT, PAR_STATUS = 1, bits(6, 1)
HVC, SVC, BRK = 0x16, 0x15, 0x3C
ABORTS = {"read": (0x24, 0x25), "write": (0x24, 0x25), "execute": (0x20, 0x21)}
EXTERNAL_ABORT = 0b01_0000


@dataclasses.dataclass(frozen=True)
class Answer:
    """What the payload saw: of AT the register PAR_EL1, of an access ESR_EL1 and FAR_EL1."""

    way: str
    register: int
    far: int = None
    value: int = None
    updates: tuple = ()

    @property
    def outcome(self):
        """In one word."""
        if self.way != ACCESS:
            fault = self.register & PAR_FAULT
            return f"fault {(self.register & PAR_STATUS) >> 1:#x}" if fault else "translated"
        return f"exception {self.register >> 26:#x} with {self.register & 0x3F:#x}"

    def agrees(self, case, result):
        """Whether this is the result."""
        va, kind, who, way = case
        if way != ACCESS:
            if result.outcome == "page-fault":
                status = (self.register & PAR_STATUS) >> 1
                return bool(self.register & PAR_FAULT) and status == result.code & 0x3F
            address = self.register & bits(51, 12)
            return not self.register & PAR_FAULT and address == result.pa & bits(51, 12)
        if result.outcome == "page-fault":
            # A branch to a tagged address may have lost the tag.
            sign = bits(63, 56) if va >> 55 & 1 else 0
            branch = va & bits(55, 0) | sign if kind == "execute" else va
            return self.register == result.code and self.far in (va, branch)
        if self.updates != result.updates:
            return False
        code = self.register >> 26
        if not FILL <= result.pa < FILL_END:
            which = ABORTS[kind][who != "user"]
            return code == which and self.register & 0x3F == EXTERNAL_ABORT
        if kind == "execute":
            return code == BRK and self.register & 0xFFFF == content(result.pa) >> 5 & 0xFFFF
        return code == SVC and (kind == "write" or self.value == content(result.pa))


def content(pa):
    """The word at an address as the payload fills it: BRK."""
    return 0xD420_0000 | ((pa >> 12 & 0x7FF) << 5 | pa >> 2 & 0x1F) << 5


def installed():
    """The path of QEMU; raises Unavailable where something is not there."""
    path = shutil.which("qemu-system-aarch64")
    if not path:
        raise Unavailable("qemu-system-aarch64 not installed (Debian: qemu-system-arm)")
    tools()
    return path


@functools.cache
def tools():
    """The paths of clang and lld: on PATH, or beside `swift`."""
    swift = shutil.which("swift")
    beside = os.path.dirname(os.path.realpath(swift)) if swift else None
    found = [shutil.which(name) or shutil.which(name, path=beside) for name in ("clang", "ld.lld")]
    if None in found:
        raise Unavailable("clang and ld.lld are not on PATH, nor beside swift")
    return found


@functools.cache
def payload():
    """The payload, assembled."""
    clang, linker = tools()
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "payload", "arm64.S")
    with tempfile.TemporaryDirectory() as folder:
        parts, whole = os.path.join(folder, "payload.o"), os.path.join(folder, "payload.bin")
        for command in (
            [clang, "--target=aarch64-none-elf", "-march=armv8.5-a", "-c", "-o", parts, source],
            [linker, f"-Ttext={PAYLOAD:#x}", "--oformat=binary", "-o", whole, parts],
        ):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise Broken(f"{' '.join(command)}\n{done.stderr}")
        with open(whole, "rb") as file:
            return file.read()


def gate(cpu, who, va):
    """The address of the gate's page, in a half that whoever needs it can reach, if possible not
    that of the access; or None."""
    for upper in (va >> 55 & 1 ^ 1, va >> 55 & 1):
        one = half(cpu, upper)
        closed = cpu.flag(7 + 16 * upper) or (who == "user" and cpu.flag(55 + upper))
        if not closed and not one.table >> one.output:
            return bits(63, one.size) if upper else 0
    return None


def record(cpu, case, entries, pa):
    """One case as the payload takes it."""
    va, kind, who, way = case
    if way == ACCESS:
        operation = FIRST_ACCESS | KINDS[kind] | (who == "user") * AS_USER
    else:
        family = 0 if who == "user" else 4 if way == AT_PAN else 2
        operation = family + KINDS[kind]
    door = gate(cpu, who, va) if way == ACCESS else 0
    addresses = [address for _, address, _ in entries][:ENTRIES]
    return RECORD.pack(
        va, operation, cpu.ttbr0, cpu.ttbr1, cpu.tcr, cpu.sctlr,
        cpu.pan or way == AT_UNDER_PAN, door,
        *addresses, *[0] * (ENTRIES - len(addresses)), content(pa or 0),
    )  # fmt: skip


def answers(memory, cases, entries, pas):
    """What the payload saw of each case; `entries` are looked after, `pas` is where it leads."""
    header = len(cases).to_bytes(8, "little").ljust(RECORD_BYTES, b"\0")
    records = header + b"".join(
        record(cpu, case, found, pa) for (cpu, case), found, pa in zip(cases, entries, pas)
    )
    with tempfile.TemporaryDirectory() as folder:
        loaded = []
        parts = ((payload(), PAYLOAD), (memory.bytes, memory.base), (records, RECORDS))
        for i, (content, address) in enumerate(parts):
            with open(os.path.join(folder, f"part{i}"), "wb") as file:
                file.write(content)
            loaded += ["-device", f"loader,file=part{i},addr={address:#x},force-raw=on"]
        told = run(folder, loaded)
    seen = list(ANSWER.iter_unpack(told[: len(told) // ANSWER.size * ANSWER.size]))
    if len(seen) != len(cases):
        raise Broken(f"the payload came to {len(seen)} of {len(cases)} cases")
    return [answer(case, one, found) for (_, case), one, found in zip(cases, seen, entries)]


def answer(case, words, entries):
    """An answer, with the entries that changed; those that AT changes are not looked at."""
    register, far, value, at_el2, *after = words
    if case[3] != ACCESS:
        return Answer(case[3], register)
    if at_el2 >> 26 != HVC:
        raise Broken(f"{case} ended with ESR_EL2={at_el2:#x}")
    changes = zip(entries, after)
    updates = tuple((at, before, now) for (_, at, before), now in changes if before != now)
    return Answer(ACCESS, register, far, value & bits(31, 0), updates)


def run(folder, loaded):
    """Runs the payload; the bytes of its file `told`."""
    command = [
        installed(), "-accel", "tcg", "-M", "virt,virtualization=on", "-cpu", "max", "-m", "128",
        "-nodefaults", "-display", "none", "-serial", "none", "-monitor", "none", "-no-reboot",
        "-semihosting-config", "enable=on,target=native", *loaded,
        "-device", f"loader,addr={PAYLOAD:#x},cpu-num=0",
    ]  # fmt: skip
    path = os.path.join(folder, "told")
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT, check=False
        )
        screen = done.stdout + done.stderr
    except subprocess.TimeoutExpired:
        screen = f"no end after {TIMEOUT} s"
    if not os.path.exists(path):
        raise Broken(f"{' '.join(command)}\n{screen[-900:]}")
    with open(path, "rb") as file:
        return file.read()
