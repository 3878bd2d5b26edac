#!/usr/bin/env python3
"""Does on this machine's kernel what timelines do on the simulated one, and compares what pagemap says.

Usage: compare.py MMUBENCH. Exit status: 0 all agree, 1 something differs, 77 skipped.

Each sequence below is written as a scenario, run by `mmubench simulate --json`, and done at the same addresses by
workers of this program, whose pagemap is read after every step. Frames are renamed, one to one: two pages share one
here if they do there, and a page changes its frame in the same steps. What a step returns is compared for every
step, of touches how many faults they cost (getrusage), and of huge pages that they are huge, as long as none was split
into small ones. Of faults on shared memory the kernel may have fewer, as it maps the pages around one that is read;
with a file they are not compared, as what was just written is in memory here. Flags that this kernel does not write are
left out, and sequences that it cannot run are skipped, by name and with the reason: those about swap where the machine
has none. NUMA hints are not compared, as no call asks for them.
A step names as `status` what it must end with: the scenario needs it, and so does whoever does it, for a signal would
end the worker and a wait would never end. What a step did before it was refused is compared too.
"""
import ctypes
import errno
import fcntl
import gc
import json
import os
import resource
import select
import struct
import subprocess
import sys
import tempfile
import threading

PAGE = 4096
# The bits of a word of pagemap that hold the frame of a page that is there.
FRAME = (1 << 55) - 1
BASE = 0x7E0000000000
FLAGS = {"soft-dirty": 55, "exclusive": 56, "uffd-wp": 57, "guard": 58, "file": 61, "swapped": 62, "present": 63}
PROT = {"read": 1, "write": 2, "exec": 4}
ADVICE = {"willneed": 3, "dontneed": 4, "free": 8, "hugepage": 14, "nohugepage": 15, "pageout": 21,
          "populate-read": 22, "populate-write": 23, "collapse": 25, "guard-install": 102, "guard-remove": 103}
MAP_PRIVATE, MAP_SHARED, MAP_ANONYMOUS, MAP_FIXED_NOREPLACE = 2, 1, 0x20, 0x100000
MAP_GROWSDOWN, MAP_POPULATE = 0x100, 0x8000
SIGNALS = ("SIGSEGV", "SIGBUS")
# KPF_THP of Linux include/uapi/linux/kernel-page-flags.h.
HUGE_FLAG = 1 << 22
# Whoever has not answered after this many seconds waits for a userfaultfd.
PATIENCE = 1

# Linux include/uapi/linux/userfaultfd.h; the numbers of ioctls are those of x86-64.
USERFAULTFD, UFFD_API = 323, 0xAA
UFFDIO_API, UFFDIO_REGISTER, UFFDIO_COPY, UFFDIO_ZEROPAGE, UFFDIO_WRITEPROTECT = (
    0xC018AA3F, 0xC020AA00, 0xC028AA03, 0xC020AA04, 0xC018AA06)
UFFD_MODES = {"missing": 1, "write-protect": 2}

libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
for name in ("munmap", "mlock", "munlock"):
    getattr(libc, name).argtypes = [ctypes.c_void_p, ctypes.c_size_t]
for name in ("mprotect", "madvise"):
    getattr(libc, name).argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]

# Files have this many pages. An area of a file is one page and has no neighbour: a read of a file maps the pages
# around it too that are in memory, which the model does not do.
FILE_PAGES = 16
TEBIBYTE = (1 << 40) // PAGE

# Pages are counted from BASE; (verb, first page, last page, more) with the process last where it is not the first.
HUGE = 512
SEQUENCES = {
    "anonymous": [
        ("mmap", 0, 3, {"prot": ["read", "write"]}), ("read", 0, 0, {}), ("write", 0, 0, {}), ("write", 1, 1, {}),
        ("mprotect", 0, 0, {"prot": ["read"]}), ("mprotect", 1, 1, {"prot": []}), ("read", 2, 2, {}),
        ("mprotect", 0, 1, {"prot": ["read", "write"]}), ("write", 0, 1, {}),
        ("madvise", 1, 2, {"advice": "dontneed"}), ("read", 1, 1, {}), ("munmap", 0, 3, {})],
    "populate": [
        ("mmap", 0, 3, {"prot": ["read", "write"], "populate": True}),
        ("madvise", 0, 3, {"advice": "dontneed"}), ("madvise", 0, 1, {"advice": "populate-read"}),
        ("madvise", 0, 1, {"advice": "populate-write"}), ("munmap", 0, 3, {})],
    "mlock": [
        ("mmap", 0, 3, {"prot": ["read", "write"]}), ("mlock", 0, 1, {}), ("munlock", 0, 1, {}),
        ("munmap", 0, 3, {})],
    "shared": [
        ("mmap", 0, 3, {"prot": ["read", "write"], "shared": True}), ("read", 0, 0, {}), ("write", 1, 1, {}),
        ("mprotect", 0, 3, {"prot": ["read"]}), ("read", 0, 3, {}), ("munmap", 0, 3, {})],
    "fork": [
        ("mmap", 0, 3, {"prot": ["read", "write"]}), ("write", 0, 2, {}), ("fork", 0, 3, {}),
        ("write", 0, 0, {"process": "child"}), ("read", 1, 1, {"process": "child"}), ("write", 0, 0, {}),
        ("write", 2, 2, {}), ("read", 0, 3, {}), ("exit", 0, 3, {"process": "child"}), ("read", 0, 2, {})],
    "soft-dirty": [
        ("mmap", 0, 3, {"prot": ["read", "write"]}), ("write", 0, 2, {}), ("clear-refs", 0, 3, {}),
        ("read", 0, 2, {}), ("write", 1, 1, {}), ("read", 0, 3, {}), ("munmap", 0, 3, {})],
    "guard": [
        ("mmap", 0, 3, {"prot": ["read", "write"]}), ("write", 0, 2, {}),
        ("madvise", 1, 2, {"advice": "guard-install"}), ("madvise", 0, 3, {"advice": "dontneed"}),
        ("madvise", 1, 1, {"advice": "guard-remove"}), ("write", 1, 1, {}), ("munmap", 0, 3, {})],
    "holes": [
        ("mmap", 0, 4, {"prot": ["read", "write"]}), ("write", 0, 4, {}), ("munmap", 1, 1, {}),
        ("mprotect", 0, 4, {"prot": ["read"], "status": "ENOMEM"}), ("write", 2, 4, {}),
        ("madvise", 0, 3, {"advice": "dontneed", "status": "ENOMEM"}), ("mlock", 0, 3, {"status": "ENOMEM"}),
        ("madvise", 2, 4, {"advice": "dontneed"}), ("read", 2, 4, {})],
    "locked": [
        ("mmap", 0, 2, {"prot": ["read", "write"]}), ("write", 0, 2, {}), ("mlock", 1, 1, {}),
        ("madvise", 0, 2, {"advice": "dontneed", "status": "EINVAL"}), ("munlock", 1, 1, {}),
        ("madvise", 0, 2, {"advice": "dontneed"}), ("munmap", 0, 2, {})],
    "huge": [
        ("mmap", 0, 2 * HUGE - 1, {"prot": ["read", "write"]}),
        ("madvise", 0, 2 * HUGE - 1, {"advice": "hugepage"}), ("write", 5, 5, {}), ("read", 0, 7, {}),
        ("madvise", 1, 1, {"advice": "dontneed"}), ("read", 0, 0, {}), ("munmap", 0, 2 * HUGE - 1, {})],
    "free": [
        ("mmap", 0, 3, {"prot": ["read", "write"]}), ("write", 0, 3, {}), ("madvise", 0, 2, {"advice": "free"}),
        ("write", 1, 1, {}), ("read", 2, 2, {}), ("madvise", 0, 2, {"advice": "pageout"}), ("read", 0, 3, {}),
        ("munmap", 0, 3, {})],
    "private file": [
        ("create-file", 0, FILE_PAGES - 1, {}), ("mmap", 0, 0, {"prot": ["read", "write"], "file": "data"}),
        ("mmap", 2, 2, {"prot": ["read", "write"], "file": "data", "page": 2}), ("read", 0, 0, {}), ("write", 2, 2, {}),
        ("write", 0, 0, {}), ("madvise", 0, 0, {"advice": "dontneed"}), ("read", 0, 0, {}), ("fork", 0, 2, {}),
        ("read", 0, 0, {"process": "child"}), ("read", 0, 0, {}), ("write", 2, 2, {"process": "child"}),
        ("read", 2, 2, {}),
        ("exit", 0, 2, {"process": "child"}), ("read", 0, 0, {}), ("madvise", 0, 0, {"advice": "pageout"}),
        ("write", 0, 0, {}), ("munmap", 0, 2, {})],
    "shared file": [
        ("create-file", 0, FILE_PAGES - 1, {}),
        ("mmap", 0, 0, {"prot": ["read", "write"], "file": "data", "shared": True}),
        ("mmap", 2, 2, {"prot": ["read"], "file": "data", "page": 2, "shared": True}), ("read", 0, 0, {}),
        ("read", 2, 2, {}),
        ("write", 0, 0, {}), ("fork", 0, 2, {}), ("read", 0, 0, {"process": "child"}), ("read", 0, 0, {}),
        ("madvise", 0, 0, {"advice": "pageout"}), ("exit", 0, 2, {"process": "child"}), ("read", 0, 0, {}),
        ("madvise", 0, 0, {"advice": "pageout"}), ("write", 0, 0, {}), ("munmap", 0, 2, {})],
    "userfaultfd": [
        ("mmap", 0, 5, {"prot": ["read", "write"]}), ("write", 4, 5, {}),
        ("userfaultfd", 0, 5, {"modes": ["missing", "write-protect"]}), ("uffd-copy", 0, 0, {}),
        ("uffd-zeropage", 1, 1, {}), ("uffd-copy", 1, 1, {"status": "EEXIST"}), ("read", 0, 1, {}),
        ("uffd-protect", 0, 5, {}), ("read", 0, 1, {}),
        ("mprotect", 4, 4, {"prot": ["read"]}), ("mprotect", 4, 4, {"prot": ["read", "write"]}),
        ("uffd-unprotect", 0, 4, {}), ("write", 0, 1, {}), ("write", 4, 4, {}), ("munmap", 0, 5, {})],
    "overcommit": [
        ("mmap", 0, TEBIBYTE - 1, {"prot": []}), ("mprotect", 0, TEBIBYTE - 1, {"prot": ["read"]}),
        ("mprotect", 0, TEBIBYTE - 1, {"prot": ["read", "write"], "status": "ENOMEM"}),
        ("mprotect", 0, 1, {"prot": ["read", "write"]}), ("write", 0, 1, {}), ("read", 2, 2, {}),
        ("munmap", 0, TEBIBYTE - 1, {}), ("mmap", 0, TEBIBYTE - 1, {"prot": ["read", "write"], "status": "ENOMEM"}),
        ("mmap", 0, TEBIBYTE - 1, {"prot": ["read"], "shared": True, "status": "ENOMEM"})],
    "low addresses": [("mmap", -BASE // PAGE, 15 - BASE // PAGE, {"prot": ["read", "write"], "status": "EPERM"})],
    "stack": [
        ("mmap", 8192, 8207, {"prot": ["read", "write"], "grows-down": True}), ("write", 8191, 8191, {}),
        ("read", 8189, 8189, {}), ("write", 0, 0, {"status": "SIGSEGV"}), ("mmap", 4096, 4096, {"prot": ["read"]}),
        ("mmap", 16384, 16399, {"prot": ["read", "write"], "grows-down": True}),
        ("mmap", 16380, 16380, {"prot": ["read", "write"]}), ("write", 16383, 16383, {"status": "SIGSEGV"}),
        ("mprotect", 16380, 16380, {"prot": []}), ("write", 16383, 16383, {}), ("munmap", 8189, 8207, {})],
    "guard and fork": [
        ("mmap", 0, 7, {"prot": ["read", "write"]}), ("madvise", 6, 6, {"advice": "guard-install"}), ("fork", 0, 7, {}),
        ("write", 6, 6, {"process": "child", "status": "SIGSEGV"}), ("write", 5, 6, {"status": "SIGSEGV"}),
        ("madvise", 6, 6, {"advice": "guard-remove", "process": "child"}), ("write", 6, 6, {"process": "child"}),
        ("exit", 0, 7, {"process": "child"}), ("write", 6, 6, {"status": "SIGSEGV"})],
    "guard in shared memory": [
        ("mmap", 0, 3, {"prot": ["read", "write"], "shared": True}), ("write", 0, 3, {}),
        ("madvise", 1, 1, {"advice": "guard-install"}), ("fork", 0, 3, {}),
        ("read", 1, 1, {"process": "child", "status": "SIGSEGV"}), ("write", 0, 0, {"process": "child"}),
        ("exit", 0, 3, {"process": "child"}), ("read", 2, 3, {})],
    "guard and locked": [
        ("mmap", 0, 4, {"prot": ["read", "write"]}), ("mlock", 2, 3, {}),
        ("madvise", 0, 4, {"advice": "guard-install", "status": "EINVAL"}),
        ("madvise", 2, 3, {"advice": "guard-remove"}), ("munmap", 1, 1, {}),
        ("madvise", 0, 4, {"advice": "guard-remove", "status": "ENOMEM"}), ("munlock", 2, 3, {}),
        ("madvise", 0, 4, {"advice": "guard-install", "status": "ENOMEM"}),
        ("mlock", 2, 4, {"status": "ENOMEM"})],
    "locked and writable": [
        ("mmap", 0, 3, {"prot": []}), ("mlock", 0, 3, {"status": "ENOMEM"}), ("mprotect", 0, 3, {"prot": ["read"]}),
        ("read", 0, 0, {}), ("mprotect", 0, 1, {"prot": ["read", "write"]}), ("munlock", 0, 3, {}),
        ("mprotect", 2, 3, {"prot": ["read", "write"]}), ("munmap", 0, 3, {})],
    "populate to where it can": [
        ("mmap", 0, 4, {"prot": ["read", "write"]}), ("mprotect", 2, 2, {"prot": ["read"]}),
        ("madvise", 0, 4, {"advice": "populate-write", "status": "EINVAL"}),
        ("madvise", 1, 2, {"advice": "populate-read"}), ("munmap", 3, 3, {}),
        ("madvise", 2, 4, {"advice": "populate-read", "status": "ENOMEM"}), ("mprotect", 2, 2, {"prot": ["exec"]}),
        ("madvise", 1, 2, {"advice": "populate-read", "status": "EINVAL"}), ("mprotect", 2, 2, {"prot": ["write"]}),
        ("madvise", 2, 2, {"advice": "populate-read", "status": "EINVAL"}),
        ("madvise", 2, 2, {"advice": "populate-write"})],
    "populate and a guard": [
        ("mmap", 0, 3, {"prot": ["read", "write"]}), ("madvise", 2, 2, {"advice": "guard-install"}),
        ("madvise", 0, 3, {"advice": "populate-write", "status": "EFAULT"}), ("munmap", 0, 3, {})],
    "userfaultfd and those who wait": [
        ("mmap", 0, 7, {"prot": ["read", "write"]}), ("userfaultfd", 2, 5, {"modes": ["missing"]}),
        ("madvise", 0, 3, {"advice": "populate-read", "status": "waits"}), ("mlock", 1, 2, {"status": "waits"}),
        ("munmap", 0, 7, {})],
    "userfaultfd and areas": [
        ("mmap", 0, 9, {"prot": ["read", "write"]}), ("userfaultfd", 0, 3, {"modes": ["write-protect"]}),
        ("uffd-copy", 0, 0, {}), ("uffd-copy", 0, 0, {"status": "EEXIST"}), ("uffd-zeropage", 1, 1, {}),
        ("uffd-zeropage", 3, 4, {"status": "ENOENT"}), ("uffd-copy", 3, 4, {"status": "ENOENT"}), ("write", 3, 3, {}),
        ("uffd-copy", 2, 3, {"status": "EAGAIN"}), ("uffd-zeropage", 8, 8, {"status": "ENOENT"}),
        ("madvise", 0, 1, {"advice": "guard-install"}), ("uffd-copy", 0, 0, {}),
        ("uffd-zeropage", 1, 1, {"status": "EEXIST"}), ("munmap", 0, 9, {})],
    "userfaultfd and holes": [
        ("mmap", 1, 1, {"prot": ["read", "write"]}), ("mmap", 3, 3, {"prot": ["read", "write"]}),
        ("userfaultfd", 0, 3, {"modes": ["write-protect"]}), ("write", 1, 1, {}), ("uffd-protect", 0, 4, {}),
        ("userfaultfd", 4, 4, {"modes": ["missing"], "status": "EINVAL"}), ("munmap", 0, 4, {})],
    "userfaultfd once more": [
        ("mmap", 0, 3, {"prot": ["read", "write"]}),
        ("userfaultfd", 0, 3, {"modes": ["missing", "write-protect"]}), ("userfaultfd", 0, 1, {"modes": ["missing"]}),
        ("userfaultfd", 2, 3, {"modes": ["write-protect"]}), ("uffd-copy", 0, 2, {}), ("uffd-protect", 0, 3, {}),
        ("userfaultfd", 0, 1, {"modes": ["missing"]}), ("write", 0, 0, {"status": "waits"}),
        ("read", 3, 3, {"status": "waits"}), ("munmap", 0, 3, {})],
    "userfaultfd and a child": [
        ("mmap", 0, 7, {"prot": ["read", "write"]}), ("mmap", 16, 17, {"prot": ["read", "write"]}),
        ("userfaultfd", 0, 3, {"modes": ["missing"]}), ("uffd-zeropage", 0, 1, {}), ("read", 16, 17, {}),
        ("uffd-copy", 16, 16, {"status": "ENOENT"}), ("read", 5, 5, {}), ("fork", 0, 7, {}),
        ("munlock", 0, 7, {"process": "child"}), ("munlock", 16, 17, {"process": "child"}),
        ("exit", 0, 7, {"process": "child"}), ("munmap", 0, 7, {})],
    "huge zeros and fork": [
        ("mmap", 0, HUGE - 1, {"prot": ["read", "write"]}), ("madvise", 0, HUGE - 1, {"advice": "hugepage"}),
        ("read", 3, 3, {}), ("fork", 0, 3, {}), ("munlock", 0, 7, {"process": "child"}),
        ("exit", 0, 3, {"process": "child"}), ("read", 0, 7, {})],
    "huge zeros": [
        ("mmap", 0, 2 * HUGE - 1, {"prot": ["read", "write"]}),
        ("madvise", 0, 2 * HUGE - 1, {"advice": "hugepage"}), ("read", 5, 8, {}), ("read", HUGE, HUGE, {}),
        ("write", 5, 5, {}), ("read", 0, 8, {}), ("munmap", 0, 2 * HUGE - 1, {})],
    "huge and populate": [
        ("mmap", 0, 3 * HUGE - 1, {"prot": ["read", "write"]}),
        ("madvise", 0, 3 * HUGE - 1, {"advice": "hugepage"}), ("madvise", 1, 1, {"advice": "populate-write"}),
        ("read", 0, 8, {}), ("mlock", HUGE, 2 * HUGE - 1, {}), ("madvise", 2 * HUGE + 7, 2 * HUGE + 7,
        {"advice": "populate-read"}), ("read", 2 * HUGE, 2 * HUGE + 3, {}), ("munmap", 0, 3 * HUGE - 1, {})],
    "collapse": [
        ("mmap", 0, 4 * HUGE - 1, {"prot": ["read", "write"]}), ("write", 0, 3, {}),
        ("madvise", 0, HUGE - 1, {"advice": "collapse"}), ("madvise", 0, HUGE - 1, {"advice": "collapse"}),
        ("madvise", 1, 1, {"advice": "collapse"}),
        ("madvise", HUGE, 2 * HUGE - 1, {"advice": "collapse", "status": "EINVAL"}), ("read", HUGE, HUGE + 1, {}),
        ("madvise", HUGE, 2 * HUGE - 1, {"advice": "collapse", "status": "EINVAL"}), ("write", HUGE, HUGE, {}),
        ("madvise", HUGE, HUGE + 3, {"advice": "guard-install"}), ("write", HUGE + 4, HUGE + 4, {}),
        ("madvise", HUGE, 2 * HUGE - 1, {"advice": "collapse", "status": "EINVAL"}),
        ("madvise", HUGE, HUGE + 3, {"advice": "guard-remove"}),
        ("madvise", HUGE, 3 * HUGE - 1, {"advice": "collapse", "status": "EINVAL"}), ("read", HUGE, HUGE + 8, {}),
        ("munmap", 0, 2 * HUGE - 1, {}), ("write", 3 * HUGE, 3 * HUGE + 1, {}),
        ("madvise", 2 * HUGE, 4 * HUGE - 1, {"advice": "collapse", "status": "EINVAL"}),
        ("read", 3 * HUGE, 3 * HUGE + 1, {}),
        ("madvise", 2 * HUGE, 4 * HUGE - 1, {"advice": "nohugepage"}),
        ("madvise", 3 * HUGE, 4 * HUGE - 1, {"advice": "collapse", "status": "EINVAL"}),
        ("madvise", 0, HUGE - 1, {"advice": "collapse", "status": "ENOMEM"})],
    "collapse what never had a page": [
        ("mmap", 0, 2 * HUGE - 1, {"prot": ["read", "write"]}),
        ("madvise", 17, HUGE, {"advice": "collapse", "status": "EINVAL"}), ("write", 0, 0, {}),
        ("madvise", 17, HUGE, {"advice": "collapse"}), ("munmap", 0, 2 * HUGE - 1, {})],
    "collapse after fork": [
        ("mmap", 0, HUGE - 1, {"prot": ["read", "write"]}), ("write", 0, 3, {}), ("fork", 0, 3, {}),
        ("madvise", 0, HUGE - 1, {"advice": "collapse"}), ("write", 1, 1, {}), ("read", 0, 3, {"process": "child"}),
        ("exit", 0, 3, {"process": "child"}), ("read", 0, 4, {})],
    "collapse shared memory": [
        ("mmap", 0, 2 * HUGE - 1, {"prot": ["read", "write"], "shared": True}),
        ("madvise", 0, HUGE - 1, {"advice": "collapse", "status": "EINVAL"}), ("write", 0, 3, {}),
        ("madvise", 0, HUGE - 1, {"advice": "collapse"}), ("read", 0, 4, {}),
        ("madvise", 0, 2 * HUGE - 1, {"advice": "collapse", "status": "EINVAL"}), ("write", HUGE + 20, HUGE + 20, {}),
        ("madvise", HUGE, 2 * HUGE - 1, {"advice": "collapse"}), ("read", HUGE, HUGE + 15, {}),
        ("madvise", 1, 1, {"advice": "dontneed"}), ("read", 0, 15, {}), ("mprotect", 0, 15, {"prot": ["read"]}),
        ("read", 0, 15, {}), ("madvise", HUGE, 2 * HUGE - 1, {"advice": "dontneed"}), ("read", HUGE, HUGE + 15, {}),
        ("madvise", HUGE + 4, HUGE + 7, {"advice": "hugepage"}), ("read", HUGE + 16, HUGE + 31, {}),
        ("munmap", 0, 2 * HUGE - 1, {})],
    "huge and shared memory in parts": [
        ("mmap", 0, HUGE - 1, {"prot": ["read", "write"], "shared": True}), ("write", 0, 0, {}),
        ("madvise", 0, HUGE - 1, {"advice": "collapse"}), ("mlock", 0, 15, {}), ("mlock", 0, 3, {}),
        ("read", 16, 31, {}), ("munmap", 0, HUGE - 1, {})],
    "collapse shared memory and fork": [
        ("mmap", 0, HUGE - 1, {"prot": ["read", "write"], "shared": True}), ("write", 0, 3, {}), ("fork", 0, 3, {}),
        ("read", 0, 3, {"process": "child"}), ("madvise", 0, HUGE - 1, {"advice": "collapse"}),
        ("read", 0, 3, {"process": "child"}), ("write", 0, 3, {"process": "child"}),
        ("madvise", 0, HUGE - 1, {"advice": "collapse", "process": "child"}), ("read", 0, 3, {}),
        ("exit", 0, 3, {"process": "child"}), ("read", 0, 4, {})],
    "collapse what is not aligned": [
        ("mmap", 3, 2 * HUGE - 1, {"prot": ["read", "write"], "shared": True}), ("write", 3, 3, {}),
        ("madvise", HUGE, 2 * HUGE - 1, {"advice": "collapse", "status": "EINVAL"}),
        ("munmap", 3, 2 * HUGE - 1, {}), ("mmap", 0, HUGE - 2, {"prot": ["read", "write"], "shared": True}),
        ("write", 0, 0, {}), ("madvise", 0, 3, {"advice": "collapse", "status": "EINVAL"}),
        ("munmap", 0, HUGE - 2, {}), ("mmap", 0, HUGE - 1, {"prot": ["read", "write"], "shared": True}),
        ("madvise", 0, HUGE - 1, {"advice": "nohugepage"}), ("write", 0, 0, {}),
        ("madvise", 0, HUGE - 1, {"advice": "collapse", "status": "EINVAL"})],
    "userfaultfd and shared memory": [
        ("mmap", 0, 5, {"prot": ["read", "write"], "shared": True}), ("write", 4, 5, {}),
        ("userfaultfd", 0, 5, {"modes": ["missing", "write-protect"]}), ("uffd-copy", 0, 0, {}),
        ("uffd-zeropage", 1, 1, {}), ("uffd-copy", 1, 1, {"status": "EEXIST"}), ("read", 0, 1, {}),
        ("madvise", 0, 1, {"advice": "dontneed"}), ("uffd-copy", 0, 0, {"status": "EEXIST"}),
        ("uffd-zeropage", 1, 1, {"status": "EEXIST"}), ("uffd-copy", 4, 4, {"status": "EEXIST"}),
        ("uffd-copy", 2, 2, {}), ("uffd-protect", 0, 5, {}), ("read", 0, 1, {}),
        ("madvise", 0, 1, {"advice": "dontneed"}), ("fork", 0, 5, {}), ("read", 0, 5, {"process": "child"}),
        ("write", 0, 5, {"process": "child"}), ("exit", 0, 5, {"process": "child"}), ("uffd-unprotect", 0, 5, {}),
        ("read", 0, 5, {}), ("write", 0, 5, {}), ("munmap", 0, 5, {})],
    "userfaultfd and files": [
        ("create-file", 0, FILE_PAGES - 1, {}), ("mmap", 0, 0, {"prot": ["read"], "file": "data", "shared": True}),
        ("userfaultfd", 0, 0, {"modes": ["missing"], "status": "EINVAL"})],
    "huge and free": [
        ("mmap", 0, 2 * HUGE - 1, {"prot": ["read", "write"]}),
        ("madvise", 0, 2 * HUGE - 1, {"advice": "hugepage"}), ("write", 0, 0, {}), ("write", HUGE + 1, HUGE + 1, {}),
        ("madvise", 5, 5, {"advice": "free"}), ("read", 0, 7, {}), ("write", 6, 6, {}),
        ("mprotect", HUGE, HUGE, {"prot": ["read"]}), ("madvise", HUGE + 5, HUGE + 5, {"advice": "free"}),
        ("read", HUGE, HUGE + 7, {}), ("munmap", 0, 2 * HUGE - 1, {})],
    "huge and pageout": [
        ("mmap", 0, 3 * HUGE - 1, {"prot": ["read", "write"]}),
        ("madvise", 0, 3 * HUGE - 1, {"advice": "hugepage"}), ("write", 0, 0, {}), ("write", HUGE + 1, HUGE + 1, {}),
        ("read", 2 * HUGE, 2 * HUGE, {}), ("madvise", 2 * HUGE + 3, 2 * HUGE + 3, {"advice": "pageout"}),
        ("madvise", 5, 5, {"advice": "pageout"}), ("read", 0, 7, {}), ("write", 5, 6, {}),
        ("munmap", 0, 3 * HUGE - 1, {})],
    "huge and pageout of all": [
        ("mmap", 0, HUGE - 1, {"prot": ["read", "write"]}), ("madvise", 0, HUGE - 1, {"advice": "hugepage"}),
        ("write", 1, 1, {}), ("madvise", 0, HUGE - 1, {"advice": "pageout"}), ("read", 0, 7, {}),
        ("write", 0, 0, {}), ("munmap", 0, HUGE - 1, {})],
    "huge, locked and free": [
        ("mmap", 0, HUGE - 1, {"prot": ["read", "write"]}), ("madvise", 0, HUGE - 1, {"advice": "hugepage"}),
        ("write", 1, 1, {}), ("mlock", 8, HUGE - 1, {}), ("madvise", 5, 5, {"advice": "free"}), ("read", 0, 15, {}),
        ("munmap", 0, HUGE - 1, {})],
    "free what a fork shares": [
        ("mmap", 0, 3, {"prot": ["read", "write"]}), ("write", 0, 3, {}), ("fork", 0, 3, {}),
        ("madvise", 0, 1, {"advice": "free"}), ("exit", 0, 3, {"process": "child"}),
        ("madvise", 0, 3, {"advice": "pageout"}), ("read", 0, 3, {}), ("munmap", 0, 3, {})],
    "stack and fork": [
        ("mmap", 16, 19, {"prot": ["read", "write"], "grows-down": True}), ("read", 15, 15, {}), ("fork", 0, 3, {}),
        ("munlock", 15, 15, {"process": "child"}), ("read", 15, 15, {"process": "child"}),
        ("exit", 0, 3, {"process": "child"}), ("write", 15, 15, {})],
    "huge and areas of a child": [
        ("mmap", 0, HUGE - 1, {"prot": ["read", "write"]}), ("write", 0, 0, {}), ("mlock", 0, 255, {}),
        ("fork", 0, 3, {}), ("madvise", 0, HUGE - 1, {"advice": "collapse", "process": "child", "status": "EINVAL"}),
        ("exit", 0, 3, {"process": "child"}), ("munlock", 0, 255, {}),
        ("madvise", 0, HUGE - 1, {"advice": "collapse"}), ("munmap", 0, HUGE - 1, {})],
    "huge and userfaultfd": [
        ("mmap", 0, 2 * HUGE - 1, {"prot": ["read", "write"]}),
        ("madvise", 0, 2 * HUGE - 1, {"advice": "hugepage"}), ("write", 0, 0, {}),
        ("userfaultfd", 0, 2 * HUGE - 1, {"modes": ["write-protect"]}), ("uffd-protect", 0, 2 * HUGE - 1, {}),
        ("read", 0, 3, {}), ("uffd-unprotect", 0, 3, {}), ("write", 0, 3, {}), ("read", 0, 8, {}),
        ("munmap", 0, 2 * HUGE - 1, {})],
    "swap": [
        ("swap-on", 0, 63, {}), ("mmap", 0, 3, {"prot": ["read", "write"]}), ("write", 0, 3, {}),
        ("madvise", 0, 2, {"advice": "pageout"}), ("read", 0, 0, {}), ("write", 1, 1, {}),
        ("madvise", 0, 1, {"advice": "pageout"}), ("madvise", 0, 2, {"advice": "willneed"}), ("write", 0, 3, {}),
        ("munmap", 0, 3, {})],
    "swap and fork": [
        ("swap-on", 0, 63, {}), ("mmap", 0, 3, {"prot": ["read", "write"]}), ("write", 0, 3, {}),
        ("madvise", 0, 1, {"advice": "pageout"}), ("fork", 0, 3, {}), ("madvise", 2, 3, {"advice": "pageout"}),
        ("write", 0, 0, {"process": "child"}), ("read", 1, 1, {"process": "child"}), ("write", 1, 1, {}),
        ("write", 0, 0, {}), ("exit", 0, 3, {"process": "child"}), ("read", 0, 3, {}), ("write", 0, 3, {}),
        ("munmap", 0, 3, {})],
    "swap and shared memory": [
        ("swap-on", 0, 63, {}), ("mmap", 0, 1, {"prot": ["read", "write"], "shared": True}), ("write", 0, 1, {}),
        ("madvise", 0, 1, {"advice": "pageout"}), ("read", 0, 0, {}), ("write", 1, 1, {}), ("munmap", 0, 1, {})],
}


def missing(name, flags):
    """Why this kernel cannot do a sequence; None where it can."""
    if name == "soft-dirty" and "soft-dirty" not in flags:
        return "this kernel does not have it"
    if name.startswith("swap"):
        with open("/proc/swaps") as file:
            return None if len(file.readlines()) > 1 else "this machine has no swap"
    if "userfaultfd" in name and libc.syscall(USERFAULTFD, os.O_CLOEXEC | os.O_NONBLOCK) < 0:
        return "a userfaultfd cannot be had"
    if name.startswith(("huge", "collapse")):
        with open("/sys/kernel/mm/transparent_hugepage/enabled") as file:
            return None if "[madvise]" in file.read() else "huge pages are not made just where they are asked for"
    if name == "low addresses":
        with open("/proc/sys/vm/mmap_min_addr") as file:
            return "vm.mmap_min_addr is 0" if file.read().strip() == "0" else None
    if name == "overcommit":
        with open("/proc/sys/vm/overcommit_memory") as file:
            return None if file.read().strip() == "0" else "overcommit is not the usual heuristic"
    return None


def span(first, last):
    return f"{BASE + first * PAGE:#x}..{BASE + (last + 1) * PAGE - 1:#x}"


def scenario(steps, release):
    lines = ["mmubench: 1", "scenario: kernel", "title: What this kernel does", "source: this kernel",
             f"machine: {{ mode: x86-64, memory: 64 MiB, os: linux-{release} }}",
             "processes: [{ name: parent, pid: 100 }]", "timeline:"]
    for verb, first, last, more in steps:
        more = dict(more)
        if verb == "fork":
            text = "fork: child, pid: 101"
        elif verb in ("exit", "clear-refs"):
            text = f"{verb}: {'true' if verb == 'exit' else 'all'}"
        elif verb == "create-file":
            text = f"create-file: data, size: {FILE_PAGES * PAGE}"
        elif verb == "swap-on":
            text = f"swap-on: {last + 1}"
        else:
            text = f"{verb}: {span(first, last)}"
        for key, value in more.items():
            shown = f"[{', '.join(value)}]" if isinstance(value, list) else str(value)
            shown = shown.lower() if isinstance(value, bool) else shown
            text += f", {key}: {shown}"
        lines.append(f"  - {{ {text} }}")
    return "\n".join(lines) + "\n"


def words(pid, first, last):
    with open(f"/proc/{pid}/pagemap", "rb") as file:
        file.seek((BASE // PAGE + first) * 8)
        data = file.read((last - first + 1) * 8)
    return [int.from_bytes(data[i:i + 8], "little") for i in range(0, len(data), 8)]


# What the process holds open: the file of a sequence, and the userfaultfd.
opened = {}


def call(number, structure):
    """One ioctl on the userfaultfd; raises OSError where the kernel refuses it."""
    fcntl.ioctl(opened["userfaultfd"], number, bytearray(structure))


def userfault(verb, start, size, more):
    if verb == "userfaultfd":
        if "userfaultfd" not in opened:
            descriptor = libc.syscall(USERFAULTFD, os.O_CLOEXEC | os.O_NONBLOCK)
            if descriptor < 0:
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
            opened["userfaultfd"] = descriptor
            call(UFFDIO_API, struct.pack("QQQ", UFFD_API, 0, 0))
        modes = sum(UFFD_MODES[word] for word in more["modes"])
        call(UFFDIO_REGISTER, struct.pack("QQQQ", start, size, modes, 0))
    elif verb == "uffd-copy":
        source = ctypes.create_string_buffer(b"x" * size, size)
        call(UFFDIO_COPY, struct.pack("QQQQq", start, ctypes.addressof(source), size, 0, 0))
    elif verb == "uffd-zeropage":
        call(UFFDIO_ZEROPAGE, struct.pack("QQQq", start, size, 0, 0))
    else:
        call(UFFDIO_WRITEPROTECT, struct.pack("QQQ", start, size, 1 if verb == "uffd-protect" else 0))


def do(verb, first, last, more):
    """One call or access; raises OSError where the kernel refuses it."""
    start, size = BASE + first * PAGE, (last - first + 1) * PAGE
    result = 0
    prot = sum(PROT[word] for word in more.get("prot", []))
    if verb == "mmap":
        flags = (MAP_SHARED if more.get("shared") else MAP_PRIVATE) | MAP_FIXED_NOREPLACE
        flags |= (0 if "file" in more else MAP_ANONYMOUS) | (MAP_POPULATE if more.get("populate") else 0)
        flags |= MAP_GROWSDOWN if more.get("grows-down") else 0
        file = opened["file"].fileno() if "file" in more else -1
        result = 0 if libc.mmap(start, size, prot, flags, file, more.get("page", 0) * PAGE) == start else -1
    elif verb in ("munmap", "mlock", "munlock"):
        result = getattr(libc, verb)(start, size)
    elif verb == "mprotect":
        result = libc.mprotect(start, size, prot)
    elif verb == "madvise":
        result = libc.madvise(start, size, ADVICE[more["advice"]])
    elif verb in ("read", "write") and more.get("status") in SIGNALS:
        attempt(verb, start, size, more["status"])
    elif verb in ("read", "write"):
        touch(verb, range(start, start + size, PAGE))
    elif verb == "clear-refs":
        with open("/proc/self/clear_refs", "w") as file:
            file.write("4")
    elif verb == "create-file":
        opened["file"] = tempfile.TemporaryFile()
        # One page at a time, so that no large folio holds several; clean, so that they can be dropped.
        for _ in range(FILE_PAGES):
            os.write(opened["file"].fileno(), os.urandom(PAGE))
        os.fsync(opened["file"].fileno())
    elif "uffd" in verb or "userfault" in verb:
        userfault(verb, start, size, more)
    if result:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


class Ended(Exception):
    """How a step ends that is no call that was refused."""


def attempt(verb, start, size, signal):
    """The accesses as the kernel makes them for a program, so that what would be a signal is EFAULT."""
    for address in range(start, start + size, PAGE):
        ends = os.pipe()
        os.write(ends[1], b"x")
        end, done = (ends[1], libc.write) if verb == "read" else (ends[0], libc.read)
        if done(end, ctypes.c_void_p(address), ctypes.c_size_t(1)) < 0:
            raise Ended(signal if ctypes.get_errno() == errno.EFAULT else "?")


# Where what is read goes. Neither function below keeps other threads of Python from running while it waits.
BYTE = ctypes.create_string_buffer(1)


def touch(verb, addresses):
    for address in addresses:
        ctypes.memmove(BYTE, address, 1) if verb == "read" else ctypes.memset(address, 1, 1)


def faults_of(verb, addresses):
    before = resource.getrusage(resource.RUSAGE_SELF)
    touch(verb, addresses)
    after = resource.getrusage(resource.RUSAGE_SELF)
    return [after.ru_minflt - before.ru_minflt, after.ru_majflt - before.ru_majflt]


def counted(verb, first, last):
    """Touches pages; the faults of that, minor and major, without those of this program itself."""
    spare = ctypes.create_string_buffer(PAGE)
    known = [ctypes.addressof(spare) for _ in range(first, last + 1)]
    wanted = list(range(BASE + first * PAGE, BASE + (last + 1) * PAGE, PAGE))
    quiet = 0
    for _ in range(100):
        # All that this program needs for it is there once touches of what is there fault no more.
        quiet = quiet + 1 if faults_of(verb, known) == [0, 0] else 0
        if quiet == 5:
            break
    return faults_of(verb, wanted)


def status(verb, first, last, more):
    """How one step ends, by the words of scenarios."""
    try:
        if more.get("status") == "EPERM":
            # What nobody but root may do.
            os.seteuid(65534)
        do(verb, first, last, more)
    except OSError as error:
        return errno.errorcode.get(error.errno, "?")
    except Ended as end:
        return str(end)
    finally:
        if more.get("status") == "EPERM":
            os.seteuid(0)
    return "0"


def status_in_time(verb, first, last, more):
    """The same of a step that may have to wait for a userfaultfd."""
    found = []
    thread = threading.Thread(target=lambda: found.append(status(verb, first, last, more)), daemon=True)
    thread.start()
    thread.join(PATIENCE)
    return found[0] if found else "waits"


def worker(steps, pipes):
    """Does the steps of the first process, and in the child those of the second, when told to."""
    # Faults are those of the steps, and pages that wait in the lists of one processor are found by calls on it.
    gc.disable()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    name, child = "parent", 0
    for index, (verb, first, last, more) in enumerate(steps):
        owner = more.get("process", "parent")
        answer = {"pid": os.getpid()}
        if verb == "exit":
            # The child ends when it is told to, and its parent answers when it has ended.
            if name == "child":
                os.read(pipes[index][0], 1)
                os._exit(0)
            os.waitpid(child, 0)
        elif owner != name:
            continue
        else:
            os.read(pipes[index][0], 1)
            if verb == "fork":
                child = os.fork()
                if child == 0:
                    name = "child"
                    continue
                answer["child"] = child
            elif more.get("status") == "waits":
                answer["status"] = status_in_time(verb, first, last, more)
            elif verb in ("read", "write") and "status" not in more:
                answer["faults"] = counted(verb, first, last)
            else:
                answer["status"] = status(verb, first, last, more)
        os.write(pipes[index][3], (json.dumps(answer) + "\n").encode())
    if name == "parent":
        os.read(pipes[len(steps)][0], 1)
    os._exit(0)


def measured(steps, huge):
    """What each step returned, the words of the pages that it names, and its faults, as this kernel has them."""
    pipes = [(*os.pipe(), *os.pipe()) for _ in range(len(steps) + 1)]
    parent = os.fork()
    if parent == 0:
        worker(steps, pipes)
    pids, found = {"parent": parent}, []
    for index, (verb, first, last, more) in enumerate(steps):
        os.write(pipes[index][1], b"x")
        if not select.select([pipes[index][2]], [], [], 20)[0]:
            found.append(("no answer", None, None))
            break
        answer = json.loads(os.read(pipes[index][2], 4096))
        if "child" in answer:
            pids["child"] = answer["child"]
        owner = more.get("process", "parent")
        has_pages = verb not in ("fork", "exit", "clear-refs", "create-file", "swap-on")
        after = words(pids[owner], first, min(last, first + 15)) if has_pages else None
        pages = after and [(word, huge(word)) for word in after]
        found.append((answer.get("status", "0"), pages, answer.get("faults")))
    os.write(pipes[len(steps)][1], b"x")
    if found[-1][0] == "no answer":
        for pid in pids.values():
            os.kill(pid, 9)
    os.waitpid(parent, 0)
    for ends in pipes:
        for end in ends:
            os.close(end)
    return found


def huge_pages():
    """Whether the page of a word of pagemap is one of a huge page; of a kernel that does not say so, nothing."""
    if not os.access("/proc/kpageflags", os.R_OK):
        return lambda word: None
    flags = open("/proc/kpageflags", "rb", buffering=0)

    def is_huge(word):
        if not word >> 63 or not word & FRAME:
            return False
        flags.seek((word & FRAME) * 8)
        return bool(int.from_bytes(flags.read(8), "little") & HUGE_FLAG)
    return is_huge


def shown(word, flags):
    return " ".join(name for name in flags if word >> FLAGS[name] & 1) or "nothing"


class Frames:
    """The frames of both sides by page, as they were last seen."""

    def __init__(self):
        self.known = {}
        self.are_aligned = True

    def forget(self, owner, first, last):
        for page in [page for page in self.known if page[0] == owner and first <= page[1] <= last]:
            del self.known[page]

    def see(self, page, pair):
        """Whether a page changed its frame on both sides or on none."""
        before = self.known.get(page)
        self.known[page] = pair
        return before is None or (before[0] == pair[0]) == (before[1] == pair[1])

    def disagrees(self):
        """Whether two pages share a frame on one side alone."""
        pairs = set(self.known.values())
        return any(len({pair[side] for pair in pairs}) < len(pairs) for side in (0, 1))


def fault_difference(said, got, keys):
    """How the faults of a step differ, in words; nothing where they agree or were not counted."""
    kinds = [fault["status"] for fault in said.get("faults", [])]
    wanted = [kinds.count("minor"), kinds.count("major")]
    if got is None or "file" in keys or (sum(wanted) >= sum(got) if "shared" in keys else wanted == got):
        return []
    return [f"simulated {wanted[0]} minor and {wanted[1]} major faults, kernel {got[0]} and {got[1]}"]


def compare_step(step, said, status, got, frames, flags):
    """What differs after one step, in words."""
    verb, first, last, more = step
    mask = sum(1 << FLAGS[flag] for flag in flags)
    owner, found = more.get("process", "parent"), []
    if said.get("status", "0") != status:
        return [f"simulated {said.get('status', '0')}, kernel {status}"]
    if verb == "exit":
        frames.forget(owner, 0, TEBIBYTE)
    if got is None:
        return []
    frames.forget(owner, first + len(got), last)
    for page, (entry, (word, is_huge)) in enumerate(zip(said.get("pagemap", []), got), first):
        wanted = int(entry["value"], 16)
        if wanted & mask != word & mask:
            found.append(f"{entry['va']}: simulated {shown(wanted, flags)}, kernel {shown(word, flags)}")
        if not wanted >> 63 or not word & FRAME:
            frames.forget(owner, page, page)
            continue
        if not frames.see((owner, page), (wanted & FRAME, word & FRAME)):
            found.append(f"{entry['va']}: the frame changes on one side only")
        # The model has a huge page where a frame has the place in it that the page has; the first frames are none.
        frame = wanted & FRAME
        should = frame >= HUGE and frame % HUGE == (BASE // PAGE + page) % HUGE
        if frames.are_aligned and is_huge is not None and is_huge != should and not more.get("file"):
            found.append(f"{entry['va']}: {'a huge page is simulated' if should else 'the kernel has a huge page'}")
    if frames.disagrees():
        found.append("pages share a frame on one side only")
    return found


def compare(name, steps, mmubench, release, flags, huge):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "kernel.yaml")
        with open(path, "w") as file:
            file.write(scenario(steps, release))
        output = subprocess.run([mmubench, "simulate", path, "--json"], capture_output=True, text=True)
    simulated = [json.loads(line) for line in output.stdout.splitlines()]
    frames, pages = Frames(), 0
    keys = {key for step in steps for key in step[3]}
    for number, (step, said, (status, got, faults)) in enumerate(zip(steps, simulated, measured(steps, huge)), 1):
        pages += len(got or [])
        if any("become small ones" in event for event in said.get("events", [])):
            # From then on frames do not show any more which pages are huge.
            frames.are_aligned = False
        found = compare_step(step, said, status, got, frames, flags) + fault_difference(said, faults, keys)
        for text in found:
            print(f"differs  {name}, step {number}, {step[0]} {step[1]}..{step[2]}, {text}")
        if found:
            return False
    # The timeline says no status, as the kernel's are asked here: one that is an error is a failure to `simulate`.
    broken = output.returncode not in (0, 1) or any("broken_invariants" in said for said in simulated)
    if broken or len(simulated) < len(steps):
        print(f"differs  {name}: {len(simulated)} of {len(steps)} steps are simulated: {output.stderr.strip()}")
        return False
    print(f"agrees   {name}: {len(steps)} steps, {pages} words of pagemap")
    return True


def written_flags():
    """The flags that this kernel writes."""
    flags = [flag for flag in FLAGS if flag != "soft-dirty"]
    do("mmap", 0, 0, {"prot": ["read", "write"]})
    do("write", 0, 0, {})
    if words("self", 0, 0)[0] >> FLAGS["soft-dirty"] & 1:
        flags.append("soft-dirty")
    do("munmap", 0, 0, {})
    return flags


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    if os.uname().machine != "x86_64" or not os.access("/proc/self/pagemap", os.R_OK):
        print("skipped: this needs Linux on x86-64 with /proc/PID/pagemap")
        sys.exit(77)
    major, minor = os.uname().release.split(".")[:2]
    release = f"{major}.{minor}"
    flags = written_flags()
    print(f"Linux {release}: {', '.join(sorted(flags))}")
    huge, results = huge_pages(), []
    for name, steps in SEQUENCES.items():
        reason = missing(name, flags)
        if reason:
            print(f"skipped  {name}: {reason}")
            continue
        results.append(compare(name, steps, sys.argv[1], release, flags, huge))
    if not any(result is not None for result in results):
        sys.exit(77)
    sys.exit(0 if all(result is not False for result in results) else 1)


main()
