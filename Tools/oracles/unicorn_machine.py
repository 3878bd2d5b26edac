"""Unicorn as a processor that executes one access at a time and says what came of it."""

import ctypes

from random_images import CODE_VA, RAM
from unicorn import (
    UC_ARCH_X86,
    UC_HOOK_INTR,
    UC_HOOK_MEM_UNMAPPED,
    UC_MODE_32,
    UC_MODE_64,
    Uc,
    UcError,
)
from unicorn import x86_const as x86

# The code page: mov al, [rax]; mov [rax], al; sysexit, the last with REX.W in 64-bit mode.
READ, WRITE, SYSEXIT, UNTIL = CODE_VA, CODE_VA + 2, CODE_VA + 4, CODE_VA + 0xFF0
CODE = bytes.fromhex("8a00 8800")
PAGE_FAULT, GENERAL_PROTECTION = 14, 13
CR0_PE_PG, CR0_WP = 0x80000001, 1 << 16
CR4 = {"x86": 0, "pae": 1 << 5, "x86-64": 1 << 5, "la57": 1 << 5 | 1 << 12}
EFER_LONG_MODE, EFER_NXE, MSR_EFER, MSR_SYSENTER_CS = 0x500, 0x800, 0xC0000080, 0x174


class Machine:
    """One Unicorn over one image. Unicorn delivers no fault through the IDT: the interrupt hook
    stops it, and the error code is read from the saved context of the processor."""

    def __init__(self, image, error_code_at=None):
        cpu = image.cpu
        long_mode = cpu.mode in ("x86-64", "la57")
        self.uc = uc = Uc(UC_ARCH_X86, UC_MODE_64 if long_mode else UC_MODE_32)
        uc.ctl_set_cpu_model(x86.UC_CPU_X86_ICELAKE_SERVER)
        uc.mem_map(0, RAM)
        uc.mem_write(0, bytes(image.memory))
        code = CODE + (b"\x48" if long_mode else b"") + b"\x0f\x35"
        uc.mem_write(image.code_frame * 4096, code)
        self.address_register = x86.UC_X86_REG_RAX if long_mode else x86.UC_X86_REG_EAX

        uc.reg_write(x86.UC_X86_REG_CR3, cpu.root)
        uc.reg_write(x86.UC_X86_REG_CR4, CR4[cpu.mode] | cpu.pse << 4)
        efer = (EFER_LONG_MODE if long_mode else 0) | (EFER_NXE if cpu.nxe else 0)
        uc.reg_write(x86.UC_X86_REG_MSR, (MSR_EFER, efer))
        uc.reg_write(x86.UC_X86_REG_MSR, (MSR_SYSENTER_CS, 8))
        if uc.reg_read(x86.UC_X86_REG_MSR, MSR_EFER) & EFER_NXE != efer & EFER_NXE:
            raise RuntimeError("this Unicorn does not take EFER.NXE")
        uc.reg_write(x86.UC_X86_REG_CR0, CR0_PE_PG | (CR0_WP if cpu.wp else 0))

        self.exception = self.reached = None
        uc.hook_add(UC_HOOK_INTR, self._interrupt)
        uc.hook_add(UC_HOOK_MEM_UNMAPPED, self._outside_ram)
        self.supervisor = uc.context_save()
        uc.reg_write(x86.UC_X86_REG_RDX if long_mode else x86.UC_X86_REG_EDX, CODE_VA)
        uc.emu_start(SYSEXIT, UNTIL, count=1)
        self.user = uc.context_save()
        self.after = uc.context_save()
        self.error_code_at = error_code_at

    def _interrupt(self, uc, number, _):
        self.exception = number
        uc.emu_stop()

    def _outside_ram(self, uc, access, address, size, value, _):
        self.reached = address  # the physical address
        return False

    def access(self, va, kind, as_user):
        """Executes one access; answers in the words of `reference.access`."""
        uc = self.uc
        uc.context_restore(self.user if as_user else self.supervisor)
        uc.reg_write(self.address_register, va)
        self.exception = self.reached = None
        start = {"read": READ, "write": WRITE, "execute": va}[kind]
        try:
            uc.emu_start(start, UNTIL, count=1)
        except UcError:
            if self.reached is None:
                raise
        if self.reached is not None:
            return ("translated", self.reached)
        if self.exception == PAGE_FAULT:
            return ("page-fault", self._error_code())
        if self.exception == GENERAL_PROTECTION:
            return ("general-protection", None)
        return ("unexpected", self.exception)

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
        for access, code in faults:
            self.access(*access)
            saved = ctypes.string_at(self.after.context, self.after.size)
            here = {
                at for at in range(0, len(saved) - 3, 4)
                if int.from_bytes(saved[at : at + 4], "little") == code
            }  # fmt: skip
            found = here if found is None else found & here
        if len(found) != 1:
            raise RuntimeError(f"{len(found)} words of the context look like the error code")
        return found.pop()
