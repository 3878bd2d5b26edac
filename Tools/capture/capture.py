#!/usr/bin/env python3
"""Boots a Debian kernel under QEMU with pages of every kind, freezes it, and writes dump and truth.

    capture.py MODE [--output FOLDER] [--memory MIB] [--isolated]

MODE is x64-4, x64-5, pae, x86-32 or arm64. The kernel is Debian's own package, of the guest's architecture; it is
downloaded with apt-get, and nothing is installed but QEMU and a compiler, where they are missing. The first
program of the guest is workload.c. Written are FOLDER/dump.elf, a whole core with Debian's kernel (GPL-2.0) in
it, and FOLDER/truth.json, in the schema mmu-lab-truth/1: what /proc/PID/pagemap and smaps say of every process,
/proc/kcore and /proc/kpageflags of the kernel, and the root registers that the processor had while each process
ran. Emulated (TCG), so that it runs anywhere; about a minute on an idle core.

Debian 13 has no kernels for i386 any more: pae and x86-32 take sources of Debian 12 on the host, else they are
skipped (77). The workload has no pages in broken memory, with protection keys, of 1 GiB, merged by KSM or of
devices (VM_PFNMAP), and no trace of faults is written.
"""
import argparse
import hashlib
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

CONSOLE = "loglevel=1 panic=1"
MODES = {
    # mode: Debian architecture, kernel package, QEMU, its options, compiler and its options
    "x64-4": ("amd64", "linux-image-amd64", "qemu-system-x86_64", "-cpu max,la57=off", "x86_64"),
    "x64-5": ("amd64", "linux-image-amd64", "qemu-system-x86_64", "-cpu max", "x86_64"),
    "pae": ("i386", "linux-image-686-pae", "qemu-system-x86_64", "-cpu max", "i386"),
    "x86-32": ("i386", "linux-image-686", "qemu-system-x86_64", "-cpu max", "i386"),
    "arm64": ("arm64", "linux-image-arm64", "qemu-system-aarch64", "-M virt -cpu cortex-a72", "aarch64"),
}
COMPILERS = {  # by processor: the compiler where it is the host's, the cross compiler, its package
    "x86_64": ("x86_64-linux-gnu-gcc", [], "gcc-x86-64-linux-gnu"),
    "i386": ("x86_64-linux-gnu-gcc", ["-m32", "-march=i686"], "gcc-x86-64-linux-gnu"),
    "aarch64": ("aarch64-linux-gnu-gcc", [], "gcc-aarch64-linux-gnu"),
}
PACKAGES = {"qemu-system-x86_64": "qemu-system-x86", "qemu-system-aarch64": "qemu-system-arm"}
FLAGS = "-O2 -static -nostdlib -ffreestanding -fno-pic -no-pie -fno-stack-protector".split()
MODULES = ["drivers/block/brd.ko", "drivers/firmware/qemu_fw_cfg.ko"]


class Trouble(Exception):
    """What keeps the guest from being captured."""

    status = 1


class Unavailable(Trouble):
    """What is needed cannot be had here."""

    status = 77


def say(text):
    print(f"capture: {text}", file=sys.stderr, flush=True)


def run(command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode:
        raise Trouble(f"{' '.join(command)}: {done.stdout.strip()[-500:]}")
    return done.stdout


def installed(programs):
    """Installs the packages of the programs that are missing."""
    missing = sorted({package for program, package in programs if not shutil.which(program)})
    if not missing:
        return
    if not shutil.which("apt-get"):
        raise Unavailable(f"install what {' '.join(missing)} are here")
    command = ["apt-get", "install", "--yes", "--no-install-recommends", *missing]
    if os.geteuid():
        command.insert(0, "sudo")
    say(" ".join(command))
    try:
        run(command, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
    except (Trouble, OSError) as trouble:
        raise Unavailable(f"{' '.join(missing)} cannot be installed: {trouble}") from None


def kernel(architecture, package, cache):
    """The kernel image and a folder of modules, from Debian's package of another architecture."""
    home = os.path.join(cache, package)
    ready = os.path.join(home, "ready")
    if not os.path.exists(ready):
        state = os.path.join(cache, "apt-" + architecture)
        os.makedirs(os.path.join(state, "lists/partial"), exist_ok=True)
        os.makedirs(os.path.join(state, "archives/partial"), exist_ok=True)
        os.makedirs(home, exist_ok=True)
        # Lists and packages of a foreign architecture in a folder of their own: the host stays as it is.
        options = [
            f"-oDir::State={state}", f"-oDir::Cache={state}", "-oDir::State::status=/dev/null",
            f"-oAPT::Architecture={architecture}", f"-oAPT::Architectures={architecture}",
        ]  # fmt: skip
        if not os.geteuid():
            options.append("-oAPT::Sandbox::User=root")
        say(f"downloading {package} for {architecture}")
        try:
            run(["apt-get", *options, "update"])
        except Trouble as trouble:
            # One of several lists may be missing, as while a mirror is brought up to date, and the others do.
            say(f"not all lists of packages could be had; going on with the others ({trouble})")
        try:
            depends = run(["apt-cache", *options, "depends", package])
            name = re.search(r"Depends: (linux-image-\S+)", depends)
            if not name:
                raise Trouble(f"{package} names no kernel: {depends}")
            run(["apt-get", *options, "download", name[1]], cwd=home)
        except (Trouble, OSError) as trouble:
            hint = " (i386 has kernels up to Debian 12)" if architecture == "i386" else ""
            raise Unavailable(f"{package} cannot be had{hint}: {trouble}") from None
        archive = next(f for f in sorted(os.listdir(home)) if f.endswith(".deb"))
        run(["dpkg-deb", "--extract", archive, "root"], cwd=home)
        open(ready, "w").close()
    boot = os.path.join(home, "root/boot")
    image = next(os.path.join(boot, f) for f in sorted(os.listdir(boot)) if f.startswith("vmlinuz"))
    release = os.path.basename(image).split("-", 1)[1]
    for base in ("lib/modules", "usr/lib/modules"):
        modules = os.path.join(home, "root", base, release, "kernel")
        if os.path.isdir(modules):
            return image, modules
    raise Trouble(f"no modules beside {image}")


def workload(processor, folder):
    compiler, options, package = COMPILERS[processor]
    if not shutil.which(compiler):
        installed([(compiler, package)])
    program = os.path.join(folder, "init")
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "workload.c")
    run([compiler, *options, *FLAGS, source, "-o", program])
    return program


def archive(files, path):
    """An archive in the format that the kernel unpacks at its start (cpio, newc)."""
    data = bytearray()

    def add(name, mode, contents=b"", device=(0, 0)):
        fields = [0, mode, 0, 0, 1, 0, len(contents), 0, 0, *device, len(name) + 1, 0]
        data.extend(b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0")
        data.extend(bytes(-len(data) % 4))
        data.extend(contents)
        data.extend(bytes(-len(data) % 4))

    add("dev", 0o040755)
    add("dev/console", 0o020600, device=(5, 1))
    for name, source in files.items():
        with open(source, "rb") as file:
            add(name, 0o100755, file.read())
    add("TRAILER!!!", 0)
    with open(path, "wb") as file:
        file.write(data)


def connect(path, process, seconds):
    end = time.monotonic() + seconds
    while True:
        try:
            stream = socket.socket(socket.AF_UNIX)
            stream.connect(path)
            stream.settimeout(seconds)
            return stream
        except OSError:
            if process.poll() is not None or time.monotonic() > end:
                raise Trouble("QEMU did not start") from None
            time.sleep(0.05)


class Monitor:
    """QEMU's machine protocol."""

    def __init__(self, path, process):
        self.stream = connect(path, process, 600).makefile("rw")
        self.stream.readline()
        self.ask("qmp_capabilities")

    def ask(self, command, **arguments):
        self.stream.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.stream.flush()
        while True:
            text = self.stream.readline()
            if not text:
                raise Trouble("QEMU is gone")
            answer = json.loads(text)
            if "error" in answer:
                raise Trouble(f"{command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]

    def registers(self):
        text = self.ask("human-monitor-command", **{"command-line": "info registers"})
        values = {name: int(value, 16) for name, value in re.findall(r"\b([A-Z][A-Z0-9]+) ?= ?([0-9a-f]+)", text)}
        return text, values


class Debugger:
    """QEMU's debug port, which has the system registers of arm64."""

    def __init__(self, path, process):
        self.stream = connect(path, process, 600)
        self.buffer = b""
        self.ask("qSupported:xmlRegisters=arm")
        listing, offset = "", 0
        self.ask("qXfer:features:read:target.xml:0,fff")
        while True:
            part = self.ask(f"qXfer:features:read:system-registers.xml:{offset:x},400")
            listing += part[1:]
            offset += len(part) - 1
            if part[:1] != "m":
                break
        self.numbers = {}
        number = 0
        for tag in re.findall(r"<reg [^>]*>", listing):
            fields = dict(re.findall(r'(\w+)="([^"]*)"', tag))
            number = int(fields.get("regnum", number))
            self.numbers[fields["name"]] = number
            number += 1

    def ask(self, text):
        data = text.encode()
        self.stream.sendall(b"$" + data + b"#%02x" % (sum(data) & 0xFF))
        while True:
            while not (found := re.search(rb"\$([^#]*)#..", self.buffer)):
                self.buffer += self.stream.recv(65536)
            self.buffer = self.buffer[found.end() :]
            self.stream.sendall(b"+")
            # That the machine was stopped is said unasked.
            if found[1][:1] not in b"TS":
                return found[1].decode("latin-1")

    def register(self, name):
        value = self.ask(f"p{self.numbers[name]:x}")
        return int.from_bytes(bytes.fromhex(value), "little")


class Guest:
    """The emulated machine, and what it writes."""

    def __init__(self, mode, options, folder, image, initrd):
        architecture, _, program, flags, _ = MODES[mode]
        self.mode, self.is_arm = mode, architecture == "arm64"
        console = "ttyAMA0" if self.is_arm else "ttyS0,115200"
        isolation = "" if mode not in ("x64-4", "x64-5", "pae") else f" pti={'on' if options.isolated else 'off'}"
        self.arguments = [
            program, *flags.split(), "-accel", "tcg", "-m", str(options.memory), "-display", "none",
            "-nodefaults", "-no-reboot", "-kernel", image, "-initrd", initrd, "-device", "vmcoreinfo",
            "-append", f"console={console} {CONSOLE} transparent_hugepage=madvise{isolation}",
            "-chardev", f"socket,id=s,path={folder}/serial,server=on,wait=on", "-serial", "chardev:s",
            "-qmp", f"unix:{folder}/qmp,server=on,wait=off",
        ]  # fmt: skip
        if self.is_arm:
            self.arguments += ["-chardev", f"socket,id=g,path={folder}/gdb,server=on,wait=off", "-gdb", "chardev:g"]
        self.errors = open(os.path.join(folder, "qemu.log"), "w+")
        self.process = subprocess.Popen(self.arguments, stdout=self.errors, stderr=self.errors)
        self.serial = connect(os.path.join(folder, "serial"), self.process, 60)
        self.serial.settimeout(options.patience)
        self.monitor = Monitor(os.path.join(folder, "qmp"), self.process)
        self.debugger = None
        self.folder, self.buffer, self.console = folder, b"", []

    def lines(self):
        """The lines that the first program writes, without the kernel's own."""
        while True:
            end = self.buffer.find(b"\n")
            if end < 0:
                try:
                    part = self.serial.recv(1 << 16)
                except socket.timeout:
                    raise Trouble("the guest is silent; it last said: " + " / ".join(self.console[-5:])) from None
                if not part:
                    raise Trouble("the guest has stopped; it last said: " + " / ".join(self.console[-5:]))
                self.buffer += part
                continue
            line, self.buffer = self.buffer[:end].rstrip(b"\r").decode("utf-8", "replace"), self.buffer[end + 1 :]
            self.console.append(line)
            if line.startswith("@"):
                tag, _, rest = line[1:].partition(" ")
                yield tag, rest

    def answer(self):
        self.serial.sendall(b"\n")

    def root(self):
        """The root register while a process runs in user mode; the machine runs on after that."""
        for _ in range(50):
            self.monitor.ask("stop")
            if self.is_arm:
                if self.debugger is None:
                    self.debugger = Debugger(os.path.join(self.folder, "gdb"), self.process)
                is_user = self.level() == 0
                value = self.debugger.register("TTBR0_EL1")
            else:
                text, values = self.monitor.registers()
                is_user = re.search(r"CPL=3", text) is not None
                value = values["CR3"]
            self.monitor.ask("cont")
            if is_user:
                return value
            time.sleep(0.05)
        raise Trouble("no process was seen in user mode")

    def level(self):
        """The exception level of arm64."""
        text, _ = self.monitor.registers()
        found = re.search(r"EL(\d)[th]", text)
        return int(found[1]) if found else 1

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def hexes(text):
    return [int(word, 16) for word in text.split()]


def listen(guest):
    """Follows the protocol of workload.c up to its end; the machine stands still after that."""
    roots, processes, ranges, frames, facts = {}, [], [], [], {}
    for tag, rest in guest.lines():
        if tag == "spin":
            roots[int(rest)] = guest.root()
            guest.answer()
        elif tag == "self":
            roots[1] = guest.root()
        elif tag == "counted":
            guest.answer()
        elif tag == "proc":
            pid, name, words = re.match(r"(\d+) \((.*)\) (.*)", rest).groups()
            say(f"process {pid}, {name}")
            processes.append({
                "pid": int(pid), "ppid": int(words.split()[1]), "comm": name, "stopped": words[0] == "T",
                "compat32": False, "maps": [], "pagemap_runs": [],
            })  # fmt: skip
        elif tag == "vma":
            words = rest.split(None, 5)
            start, end = (int(part, 16) for part in words[0].split("-"))
            processes[-1]["maps"].append({
                "start": hex(start), "end": hex(end), "perms": words[1], "offset": hex(int(words[2], 16)),
                "dev": words[3], "inode": int(words[4]), "path": words[5] if len(words) > 5 else "",
                "vmflags": [],
            })  # fmt: skip
        elif tag == "flags":
            processes[-1]["maps"][-1]["vmflags"] = rest.split()
        elif tag == "pm":
            va, count, entry, step = rest.split()
            processes[-1]["pagemap_runs"].append([hex(int(va, 16)), int(count, 16), hex(int(entry, 16)), int(step)])
        elif tag == "kcore":
            va, pa, size = hexes(rest)
            ranges.append({"va": hex(va), "pa": hex(pa), "size": hex(size)})
        elif tag == "kpf":
            frame, count, value = hexes(rest)[:3]
            frames.append([frame, count, hex(value)])
        elif tag == "end":
            guest.monitor.ask("stop")
            return roots, processes, ranges, frames, facts
        else:
            facts[tag] = rest


def notes(path):
    """The text of VMCOREINFO in an ELF core, by key."""
    with open(path, "rb") as file:
        head = file.read(1 << 16)
    found = re.search(rb"OSRELEASE=[^\0]*", head)
    lines = found[0].decode("latin-1").split("\n") if found else []
    return dict(line.split("=", 1) for line in lines if "=" in line)


def digest(path):
    result = hashlib.sha256()
    with open(path, "rb") as file:
        while part := file.read(1 << 20):
            result.update(part)
    return result.hexdigest()


def truth(guest, dump, roots, processes, ranges, frames, facts, registers):
    # The kernel of an isolated pair has an even page, the user's half the odd one behind it.
    isolated = "pti=on" in facts.get("cmdline", "") and all(value & 0x1000 for value in roots.values())
    vmcoreinfo = notes(dump)
    mask = 0xFFFF_FFFF_FFFF & ~0xFFF if guest.is_arm else (~0x1F if guest.mode == "pae" else ~0xFFF) & (1 << 52) - 1
    for process in processes:
        value = roots[process["pid"]]
        user = value & mask
        kernel = user & ~0x1000 if isolated else user
        process["root"] = {
            "user": hex(user), "kernel": None if guest.is_arm else hex(kernel),
            "cpu_register": hex(value), "source": "cpu",
        }  # fmt: skip
    symbols = {
        key[7:-1]: "0x" + value for key, value in vmcoreinfo.items() if key.startswith("SYMBOL(")
    }
    return {
        "schema": "mmu-lab-truth/1", "name": guest.mode, "paging_mode": guest.mode, "page_size": 4096,
        "arch": {"amd64": "x86_64", "i386": "i386", "arm64": "aarch64"}[MODES[guest.mode][0]],
        "pti": isolated, "kaslr": vmcoreinfo.get("KERNELOFFSET", "0") != "0",
        "dump": {"elf": {"file": os.path.basename(dump), "size": os.path.getsize(dump), "sha256": digest(dump)}},
        "guest": {"version": facts.get("version", ""), "cmdline": facts.get("cmdline", ""), "meltdown": facts.get("meltdown", "")},
        "registers_at_freeze": {name: hex(value) for name, value in registers.items()},
        "kernel": {"symbols": symbols, "vmcoreinfo": vmcoreinfo, "kcore_phdrs": ranges},
        "processes": processes, "kpageflags_runs": frames,
    }  # fmt: skip


def capture(options):
    architecture, package, program, _, processor = MODES[options.mode]
    compiler, _, compiler_package = COMPILERS[processor]
    installed([(program, PACKAGES[program]), (compiler, compiler_package)])
    image, modules = kernel(architecture, package, options.cache)
    os.makedirs(options.output, exist_ok=True)
    dump, facts_file = (os.path.join(options.output, name) for name in ("dump.elf", "truth.json"))
    for path in (dump, facts_file):
        if os.path.exists(path) and not options.force:
            raise Trouble(f"{path} is there; --force replaces it")
    with tempfile.TemporaryDirectory(prefix="capture.") as folder:
        files = {"init": workload(processor, folder)}
        for module in MODULES:
            path = os.path.join(modules, module)
            if os.path.exists(path):
                files[os.path.basename(path)] = path
        initrd = os.path.join(folder, "initrd")
        archive(files, initrd)
        say(f"booting {os.path.basename(image)}")
        started = time.monotonic()
        guest = Guest(options.mode, options, folder, image, initrd)
        try:
            found = listen(guest)
            _, registers = guest.monitor.registers()
            partial = dump + ".partial"
            guest.monitor.ask("dump-guest-memory", paging=False, protocol="file:" + os.path.abspath(partial))
            kept = {name: value for name, value in registers.items() if re.match(r"CR|EFER|DR|TTBR|TCR|SCTLR", name)}
            if guest.is_arm and guest.debugger:
                for name in ("SCTLR", "TCR_EL1", "TTBR0_EL1", "TTBR1_EL1"):
                    if name in guest.debugger.numbers:
                        kept[name] = guest.debugger.register(name)
            os.replace(partial, dump)
            with open(facts_file + ".partial", "w") as file:
                json.dump(truth(guest, dump, *found, kept), file, indent=0)
            os.replace(facts_file + ".partial", facts_file)
        finally:
            guest.close()
    say(f"{dump} and {facts_file}, in {time.monotonic() - started:.0f} s")
    return verify(options, dump, facts_file)


def verify(options, dump, facts_file):
    """What the bench makes of it; 0 where both agree."""
    if not options.verify:
        return 0
    command = [options.verify, "verify", dump, "--truth", facts_file]
    if options.mode == "pae":
        # QEMU sets accessed bits in PDPTEs, which no processor does.
        command += ["--accept", "pdpte-accessed"]
    return subprocess.run(command).returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=MODES, metavar="MODE", help=", ".join(MODES))
    parser.add_argument("--output", default=None, help="the folder to write to (default: capture-MODE)")
    parser.add_argument("--cache", default=os.path.expanduser("~/.cache/mmubench-capture"), help="where kernels are kept")
    parser.add_argument("--memory", type=int, default=128, help="MiB of the guest (default: 128)")
    parser.add_argument("--isolated", action="store_true", help="with page-table isolation (x86)")
    parser.add_argument("--patience", type=int, default=300, help="seconds of silence after which to give up")
    parser.add_argument("--verify", metavar="MMUBENCH", help="the program that compares the two files then")
    parser.add_argument("--force", action="store_true", help="replace files that are there")
    options = parser.parse_args()
    options.output = options.output or f"capture-{options.mode}"
    try:
        return capture(options)
    except Trouble as trouble:
        say(("skipped: " if trouble.status == 77 else "") + str(trouble))
        return trouble.status


if __name__ == "__main__":
    sys.exit(main())
