"""Unicorn as a processor that executes one access at a time and says what came of it."""

import ctypes
import functools

from unicorn import (
    UC_ARCH_X86,
    UC_CTL_IO_WRITE,
    UC_CTL_TLB_FLUSH,
    UC_HOOK_INTR,
    UC_HOOK_MEM_UNMAPPED,
    UC_MODE_32,
    UC_MODE_64,
    UC_PROT_ALL,
    Uc,
    UcError,
)
from unicorn import x86_const as x86

from bench import EFER_NXE, registers
from random_images import CODE_VA, USER_VA, random_image
from reference import GENERAL_PROTECTION, MODES, Result, access, walk

# Each code page: mov al, [rax]; mov [rax], al; mov fs, ebx; wrpkru; sysexit, the last with REX.W in
# 64-bit mode.
CODE = bytes.fromhex("8a00 8800 8ee3 0f01ef")
READ, WRITE, LOAD_FS, WRPKRU, SYSEXIT = 0, 2, 4, 6, 9
UNTIL = 0xFF0  # in a page that may be fetched from at the end: Unicorn looks it up, and may fault
SELECTOR = 8  # the second descriptor of the table
PAGE_FAULT, GENERAL_PROTECTION_FAULT = 14, 13
AC = 1 << 18
MSR_EFER, MSR_SYSENTER_CS = 0xC0000080, 0x174


class Machine:
    """One Unicorn over one image. Unicorn delivers no fault through the IDT: the interrupt hook
    stops it, and the error code is read from the saved context of the processor."""

    def __init__(self, memory, cpu, error_code_at=None):
        self.long_mode = cpu.mode in ("x86-64", "la57")
        self.uc = uc = Uc(UC_ARCH_X86, UC_MODE_64 if self.long_mode else UC_MODE_32)
        uc.ctl_set_cpu_model(x86.UC_CPU_X86_ICELAKE_SERVER)
        self.entry_bytes = MODES[cpu.mode].entry_bytes
        code = CODE + (b"\x48" if self.long_mode else b"") + b"\x0f\x35"
        self.ram = bytearray(memory)
        for page in (CODE_VA, USER_VA):
            self.ram[page : page + len(code)] = code
        self.before = bytes(self.ram)
        # Unicorn works on these very bytes, so that its writes are seen without asking it.
        held = (ctypes.c_char * len(self.ram)).from_buffer(self.ram)
        uc.mem_map_ptr(0, len(self.ram), UC_PROT_ALL, ctypes.addressof(held))
        self._held = held
        self.address_register = x86.UC_X86_REG_RAX if self.long_mode else x86.UC_X86_REG_EAX
        self._set_registers(cpu)

        self.exception = self.reached = None
        uc.hook_add(UC_HOOK_INTR, self._interrupt)
        uc.hook_add(UC_HOOK_MEM_UNMAPPED, self._outside_ram)
        if cpu.pkru is not None:
            self._execute(CODE_VA + WRPKRU, CODE_VA + UNTIL, {"A": cpu.pkru, "C": 0, "D": 0})
        self.supervisor = self._context(cpu)
        self._execute(CODE_VA + SYSEXIT, USER_VA + UNTIL, {"D": USER_VA})
        self.user = self._context(cpu)
        self.after = uc.context_save()
        self.error_code_at = error_code_at
        self.ram[:] = self.before

    def _set_registers(self, cpu):
        uc, control = self.uc, registers(cpu)
        uc.reg_write(x86.UC_X86_REG_CR3, cpu.root)
        uc.reg_write(x86.UC_X86_REG_CR4, control["cr4"])
        uc.reg_write(x86.UC_X86_REG_MSR, (MSR_EFER, control["efer"]))
        uc.reg_write(x86.UC_X86_REG_MSR, (MSR_SYSENTER_CS, 8))
        uc.reg_write(x86.UC_X86_REG_CR0, control["cr0"])
        if uc.reg_read(x86.UC_X86_REG_CR4) != control["cr4"]:
            raise RuntimeError(f"this Unicorn does not take CR4 {control['cr4']:#x}")
        if uc.reg_read(x86.UC_X86_REG_MSR, MSR_EFER) & EFER_NXE != control["efer"] & EFER_NXE:
            raise RuntimeError("this Unicorn does not take EFER.NXE")

    def _context(self, cpu):
        """The context of an access: the registers as they are, with the RFLAGS.AC of the case."""
        flags = self.uc.reg_read(x86.UC_X86_REG_EFLAGS) & ~AC
        self.uc.reg_write(x86.UC_X86_REG_EFLAGS, flags | AC * cpu.ac)
        return self.uc.context_save()

    def _execute(self, address, until, values):
        """Executes one instruction of the set-up."""
        for name, value in values.items():
            prefix = "R" if self.long_mode else "E"
            self.uc.reg_write(getattr(x86, f"UC_X86_REG_{prefix}{name}X"), value)
        self.exception = self.reached = None
        self.uc.emu_start(address, until, count=1)
        if self.exception is not None:
            raise RuntimeError(f"exception {self.exception} in the set-up at {address:#x}")

    def _interrupt(self, uc, number, _):
        self.exception = number
        uc.emu_stop()

    def _outside_ram(self, uc, access, address, size, value, _):
        self.reached = address  # the physical address
        return False

    def result(self, va, kind, who, entries):
        """Executes one access; `entries` are the places of the entries that its walk reads."""
        uc = self.uc
        code = USER_VA if who != "supervisor" else CODE_VA
        uc.context_restore(self.supervisor if who == "supervisor" else self.user)
        uc.ctl(UC_CTL_TLB_FLUSH, UC_CTL_IO_WRITE)  # no answer from an earlier case
        self.exception = self.reached = None
        if who == "supervisor-implicit":
            # CPL 3 loads a segment register: its descriptor is read as the supervisor.
            uc.reg_write(x86.UC_X86_REG_GDTR, (0, va - SELECTOR, 0xFFFF, 0))
            uc.reg_write(x86.UC_X86_REG_EBX, SELECTOR | 3)
            start = code + LOAD_FS
        else:
            uc.reg_write(self.address_register, va)
            start = {"read": code + READ, "write": code + WRITE, "execute": va}[kind]
        try:
            uc.emu_start(start, code + UNTIL, count=1)
        except UcError:
            if self.reached is None:
                raise
        changes = self._changes(entries)
        self._restore(address for address, _, _ in changes)
        if self.reached is not None:
            return Result("translated", self.reached, updates=changes)
        # An accessed bit set by a walk that faults is allowed (SDM 3A, 4.8), so it is not compared.
        if self.exception == PAGE_FAULT:
            return Result("page-fault", code=self._error_code())
        if self.exception == GENERAL_PROTECTION_FAULT:
            return GENERAL_PROTECTION
        return Result(f"exception {self.exception}")

    def _changes(self, entries):
        changes = []
        for _, address, value in entries:
            now = int.from_bytes(self.ram[address : address + self.entry_bytes], "little")
            if now != value and address < len(self.ram):
                changes.append((address, value, now))
        return tuple(changes)

    def _restore(self, addresses):
        for address in addresses:
            self.ram[address : address + 8] = self.before[address : address + 8]

    def stray_writes(self):
        """The first addresses that changed though no walk read an entry there."""
        pairs = enumerate(zip(self.ram, self.before)) if self.ram != self.before else ()
        return [address for address, (now, then) in pairs if now != then][:4]

    def _error_code(self):
        self.uc.context_update(self.after)
        return self._word(self.error_code_at) if self.error_code_at is not None else None

    def _word(self, offset):
        return ctypes.c_uint32.from_address(self.after.context.value + offset).value

    def find_error_code(self, faults):
        """Finds where the saved context keeps the error code: the only word that takes the right
        value after each of these accesses, [(access, error code)]."""
        self.error_code_at = None
        found = None
        for case, code in faults:
            self.result(*case, ())
            saved = ctypes.string_at(self.after.context, self.after.size)
            here = {
                at for at in range(0, len(saved) - 3, 4)
                if int.from_bytes(saved[at : at + 4], "little") == code
            }  # fmt: skip
            found = here if found is None else found & here
        if len(found) != 1:
            raise RuntimeError(f"{len(found)} words of the context look like the error code")
        return found.pop()


@functools.cache
def error_code_offset(mode):
    """Where Unicorn's saved context keeps the error code, learnt from plain not-present faults."""
    image = random_image(f"error code:{mode}", mode, [4000])
    [(cpu, cases)] = image.groups
    faults = []
    for case in cases:
        found = walk(image.memory, cpu, case[0])
        if found.outcome in ("not-present", "mapped"):
            result = access(cpu, found, *case[1:])
            if result.outcome == "page-fault":
                faults.append((case, result.code))
    return Machine(image.memory, cpu).find_error_code(faults[:200])
