"""QEMU and Bochs as processors: a payload of our own executes accesses on the bare machine.

The payload (payload/) is assembled with the system's compiler, put on a disk image together with
the page tables and the cases, and started by the emulator's BIOS. Its answers come out of port
0xe9, or the printer.
"""

import dataclasses
import fcntl
import functools
import os
import pty
import shutil
import struct
import subprocess
import tempfile
import termios
import threading

from bench import BenchFailure, registers
from random_images import FRAME, Layout
from reference import MODES, RW, A, D, P, bits

TABLES, OWN_TABLES, RECORDS = 0x10_0000, 0x20_0000, 0x21_0000
FILL_FROM, FILL_TO = 0x40_0000, 0x100_0000  # as the payload fills it
PIECE, PIECES_AT, CYLINDER = 0x8000, 0x1F8, 16 * 63 * 512
OWN_AT = 0x8008 - 0x7C00
RECORD = struct.Struct("<QIIIIIIIIQ5I4x")
ANSWER = struct.Struct("<IIQI5I")
KINDS = {"read": 0, "write": 1, "execute": 2}
TIMEOUT = 120  # seconds
DONE, BREAKPOINT, GENERAL_PROTECTION, PAGE_FAULT = 0x80, 3, 13, 14
SELECTOR_ERROR = 0xC  # of the implicit access, after its descriptor was read
AC = 1 << 18
BOCHS_BIOS = "/usr/share/bochs/BIOS-bochs-latest"
# Nothing answers outside of the RAM, below the devices and above 4 GiB.
LAYOUT = Layout(
    first_table=TABLES, ram=OWN_TABLES, absent_tables=False, keys=("pkru", "pkrs"),
    pages=(
        (FILL_FROM, FILL_TO), (FILL_FROM, FILL_TO), (0x800_0000, 0x8000_0000), (1 << 32, 1 << 40),
    ),
)  # fmt: skip


class Unavailable(Exception):
    """An emulator or a compiler is not installed."""


class Broken(BenchFailure):
    """The payload did not come to its end."""


@dataclasses.dataclass(frozen=True)
class Answer:
    """What the payload saw."""

    vector: int
    code: int
    cr2: int
    value: int
    updates: tuple

    @property
    def outcome(self):
        """The exception."""
        return f"exception {self.vector:#x}"

    def agrees(self, case, result, outside):
        """Whether this is the result; `outside` is what reads beyond the RAM give."""
        va, kind, who = case
        if result.outcome == "page-fault":
            return (self.vector, self.code, self.cr2) == (PAGE_FAULT, result.code, va)
        if result.outcome == "general-protection":
            return (self.vector, self.code) == (GENERAL_PROTECTION, 0)
        if result.outcome != "translated" or self.updates != result.updates:
            return False
        if who == "supervisor-implicit":
            # The descriptor that was read is none: not that its page could not be read.
            refused = (self.vector, self.code) == (GENERAL_PROTECTION, SELECTOR_ERROR)
            return refused or self.vector == DONE
        if kind == "execute":
            return self.vector == BREAKPOINT
        right = content(result.pa, outside)
        return self.vector == DONE and (kind != "read" or self.value == right)


def content(pa, outside):
    """The word at an address: in the RAM it says where it is, but for its lowest byte, an INT3."""
    return pa << 6 & 0xFFFF_FF00 | 0xCC if FILL_FROM <= pa < FILL_TO else outside


def suits(case, pas):
    """The case as the payload can execute it; `pas` are where it may lead."""
    va, kind, who = case
    if who == "supervisor-implicit":
        return (va & ~0x47, kind, who)  # what is there is no descriptor of a segment
    if kind == "execute" and not all(FILL_FROM <= pa < FILL_TO for pa in pas):
        kind = "read"
    return (va & ~3, kind, who)


@functools.cache
def payload(is_long):
    """The boot sector and the payload, assembled."""
    missing = [tool for tool in ("gcc", "ld") if not shutil.which(tool)]
    if missing:
        raise Unavailable(f"{' and '.join(missing)} not installed")
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "payload", "boot.S")
    with tempfile.TemporaryDirectory() as folder:
        parts, whole = os.path.join(folder, "boot.o"), os.path.join(folder, "boot.bin")
        for command in (
            ["gcc", "-c", f"-DLONG={is_long:d}", "-o", parts, source],
            ["ld", "-Ttext=0x7c00", "--oformat=binary", "-o", whole, parts],
        ):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise Broken(f"{' '.join(command)}\n{done.stderr}")
        with open(whole, "rb") as file:
            return file.read()


def own_tables(mode_name):
    """Page tables at OWN_TABLES that map all of the payload's memory to itself."""
    mode = MODES[mode_name]
    size, upper = mode.entry_bytes, mode.levels[:-1]
    tables = bytearray(RECORDS - OWN_TABLES)

    def put(table, index, value):
        at = table * FRAME + index * size
        tables[at : at + size] = value.to_bytes(size, "little")

    pages = FILL_TO // FRAME
    per_table = FRAME // size
    first_last = len(upper)  # a table of each upper level, then those of the last
    for level in range(len(upper)):
        rights = 0 if (mode_name, upper[level][0]) == ("pae", "PDPTE") else RW | A
        count = pages // per_table if level == len(upper) - 1 else 1
        for i in range(count):
            put(level, i, OWN_TABLES + (level + 1 + i) * FRAME | rights | P)
    for page in range(pages):
        put(first_last + page // per_table, page % per_table, page * FRAME | RW | A | D | P)
    return bytes(tables)


def disk(memory, cases, entries):
    """The disk image: `cases` are (Processor, case), `entries` the places of entries of each."""
    mode = cases[0][0].mode
    records = b"".join(record(cpu, case, found) for (cpu, case), found in zip(cases, entries))
    loaded = bytes(memory[TABLES:OWN_TABLES]) + own_tables(mode) + records
    loaded += bytes(-len(loaded) % PIECE)
    if TABLES + len(loaded) > FILL_FROM:
        raise Broken(f"{len(cases)} cases are too many for one disk")
    is_long = mode in ("x86-64", "la57")
    image = bytearray(payload(is_long))
    plain = {"smep": False, "smap": False, "pkru": None, "pkrs": None, "nxe": False}
    control = registers(dataclasses.replace(cases[0][0], **plain))
    struct.pack_into("<I", image, PIECES_AT, len(loaded) // PIECE)
    struct.pack_into("<4I", image, OWN_AT, OWN_TABLES, control["cr4"], control["efer"] & ~0x400,
                     len(cases))  # fmt: skip
    image += loaded
    return bytes(image) + bytes(-len(image) % CYLINDER)


def record(cpu, case, entries):
    """One case as the payload takes it."""
    va, kind, who = case
    control = registers(cpu)
    addresses = [address for _, address, _ in entries] + [0] * 5
    return RECORD.pack(
        va, 3 if who == "supervisor-implicit" else KINDS[kind], who != "supervisor",
        control["cr0"] | 0x10, control["cr4"], control["efer"] & ~0x400, cpu.pkru or 0,
        cpu.pkrs or 0, 2 | AC * cpu.ac, cpu.root, *addresses[:5],
    )  # fmt: skip


def answers(emulator, memory, cases, entries):
    """What the payload saw of each case, in an emulator."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "disk")
        with open(path, "wb") as file:
            file.write(disk(memory, cases, entries))
        told = emulator(folder, path)
    start = told.find(b"MMUB") + 4
    end = start + len(cases) * ANSWER.size
    if start < 4 or told[end : end + 4] != b"DONE":
        came = (len(told) - start) // ANSWER.size if start >= 4 else "no"
        raise Broken(f"the payload came to {came} of {len(cases)} cases")
    seen = ANSWER.iter_unpack(told[start:end])
    return [answer(one, found) for one, found in zip(seen, entries)]


def answer(words, entries):
    """An answer, with the entries that changed."""
    vector, code, cr2, value, *after = words
    updates = tuple(
        (address, before, before >> 32 << 32 | now)
        for (_, address, before), now in zip(entries, after) if before & bits(31, 0) != now
    )  # fmt: skip
    return Answer(vector, code, cr2, value, updates)


def installed(program, packages):
    """The path of a program."""
    path = shutil.which(program)
    if not path:
        raise Unavailable(f"{program} not installed (Debian: {packages})")
    return path


def run(command, told):
    """Runs an emulator on a terminal of its own; the bytes that it left in the file `told`."""
    master, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("<4H", 25, 80, 0, 0))
    environment = os.environ | {"TERM": "vt100"}
    screen = []
    with subprocess.Popen(
        command, stdin=terminal, stdout=terminal, stderr=terminal, env=environment,
        start_new_session=True,
    ) as process:  # fmt: skip
        os.close(terminal)
        reader = threading.Thread(target=drain, args=(master, screen), daemon=True)
        reader.start()
        os.write(master, b"c\nq\n")  # Debian's Bochs has a debugger, which waits for a command
        try:
            process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
        process.wait()
    reader.join(1)
    os.close(master)
    if not os.path.exists(told):
        raise Broken(f"{' '.join(command)}\n{b''.join(screen)[-900:].decode(errors='replace')}")
    with open(told, "rb") as file:
        return file.read()


def drain(master, screen):
    """Takes what a terminal shows, until its last program ends."""
    try:
        while shown := os.read(master, 65536):
            screen.append(shown)
    except OSError:
        pass


def qemu_installed():
    """The path of QEMU."""
    return installed("qemu-system-x86_64", "qemu-system-x86")


def bochs_installed():
    """The path of Bochs, which needs its BIOS too."""
    program = installed("bochs", "bochs bochs-term bochsbios")
    if not os.path.exists(BOCHS_BIOS):
        raise Unavailable(f"no {BOCHS_BIOS} (Debian: bochsbios)")
    return program


def qemu(folder, path):
    """What the payload says in QEMU."""
    program = qemu_installed()
    told = os.path.join(folder, "told")
    command = [
        program, "-accel", "tcg", "-cpu", "max", "-m", "64", "-nodefaults", "-display", "none",
        "-no-reboot", "-drive", f"file={path},format=raw,if=ide",
        "-chardev", f"file,id=told,path={told}", "-device", "isa-debugcon,iobase=0xe9,chardev=told",
        "-device", "isa-debug-exit,iobase=0x501",
    ]  # fmt: skip
    return run(command, told)


def bochs(folder, path):
    """What the payload says in Bochs."""
    program = bochs_installed()
    cylinders = os.path.getsize(path) // CYLINDER
    # A ROM of the graphics card that only returns: that of Debian is a package of its own.
    graphics = os.path.join(folder, "graphics")
    with open(graphics, "wb") as file:
        file.write(bytes.fromhex("55aa01cb").ljust(511, b"\0") + bytes.fromhex("35"))
    settings, told = os.path.join(folder, "bochsrc"), os.path.join(folder, "told")
    with open(settings, "w", encoding="ascii") as file:
        file.write(
            f"""\
display_library: term
romimage: file={BOCHS_BIOS}
vgaromimage: file={graphics}
vga: extension=none
cpu: model=corei7_skylake_x, count=1, ips=100000000, reset_on_triple_fault=0
memory: guest=64, host=64
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=disk, path={path}, mode=flat, cylinders={cylinders}, heads=16, spt=63
boot: disk
sound: waveoutdrv=dummy, waveindrv=dummy, midioutdrv=dummy
parport1: enabled=1, file={told}
log: {folder}/log
panic: action=fatal
error: action=ignore
info: action=ignore
debug: action=ignore
clock: sync=none
"""
        )
    return run([program, "-q", "-f", settings], told)
