#!/usr/bin/env python3
"""Eight processes read and write one mount, and nothing may be lost.

Each process asks about addresses of its own process folder and compares what the files say with what
`mmubench translate` said before; writes its words into frames that all share, and into memory of its
own; and turns an entry of its page table to another frame and back. In the end the mount, the file
that --save writes, and what the workers remember must agree, word by word. Exit 77 without FUSE.
"""

import argparse
import json
import multiprocessing
import os
import random
import secrets
import signal
import subprocess
import sys
import tempfile
import time

WORKERS = 8
PAGE = 4096
SHARED = 0x10_0000  # a frame that all processes map, at SHARED_VA
SHARED_VA = 0x7000_0000
OWN_VA = 0x4000_0000  # 64 pages of each process, on its own frames


SCENARIO = os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "../../Scenarios/x86/x64-mount-eight-processes.yaml")


class Files:
    """The folder of one process in the mount."""

    def __init__(self, mount, pid):
        self.folder = os.path.join(mount, "pid", str(pid))

    def read(self, name):
        with open(os.path.join(self.folder, name), "rb", buffering=0) as file:
            parts = []
            while part := file.read(1 << 20):
                parts.append(part)
        return b"".join(parts)

    def ask(self, va, rng):
        text = rng.choice(["%x", "0x%x", "%016x", "%x\n", "0x%X\n"]) % va
        with open(os.path.join(self.folder, "virt2phys/virt.txt"), "wb", buffering=0) as file:
            file.write(text.encode())

    def put(self, name, offset, data):
        with open(os.path.join(self.folder, name), "r+b", buffering=0) as file:
            file.seek(offset)
            if file.write(data) != len(data):
                raise AssertionError(f"{name}: not all of it was written")


def worker(mount, number, truth, seed, end, answers):
    """Works until `end`; answers with what it wrote last, and what went wrong."""
    try:
        answers.put((number, *work(mount, number, truth, seed, end)))
    except Exception as error:  # whatever it is, the parent must hear of it
        answers.put((number, 0, {}, [f"{type(error).__name__}: {error}"]))


def work(mount, number, truth, seed, end):
    rng = random.Random(f"{seed}:{number}")
    files, rounds, written, wrong = Files(mount, number), 0, {}, []

    def expect(what, got, expected):
        if got != expected and len(wrong) < 5:
            wrong.append(f"{what}: {got!r}, not {expected!r}")

    while time.monotonic() < end and len(wrong) < 5:
        rounds += 1
        va = rng.choice(list(truth))
        pa = truth[va]
        files.ask(va, rng)
        expect(f"virt.txt of {va:#x}", files.read("virt2phys/virt.txt"), b"%016x" % va)
        expect(f"phys.txt of {va:#x}", files.read("virt2phys/phys.txt"), b"%016x" % pa)
        lines = files.read("virt2phys/map.txt")
        expect(f"map.txt of {va:#x}", (len(lines), lines[-17:]), (198, b"%016x\n" % pa))
        # A word of this process in the page that all have: every eighth is its own.
        slot = (rng.randrange(64) * WORKERS + number - 1) * 8
        value = rng.getrandbits(64).to_bytes(8, "little")
        files.ask(SHARED_VA, rng)
        files.put("virt2phys/page.mem", slot, value)
        written[SHARED + slot] = value
        expect("its own word", files.read("virt2phys/page.mem")[slot : slot + 8], value)
        # Another one by its virtual address.
        page = rng.randrange(64)
        place = page * PAGE + rng.randrange(512) * 8
        files.put("memory.vmem", OWN_VA + place, value)
        written[truth[OWN_VA + page * PAGE] + place % PAGE] = value
        if rounds % 8 == 0:
            turn_entry(files, rng, truth, expect)
        if rounds % 32 == 0:
            lines = files.read("memmap/pte.txt")
            expect("pte.txt", (len(lines), lines.count(b"\n")), (4 * 128, 4))
    return rounds, written, wrong


def turn_entry(files, rng, truth, expect):
    """Maps a page of this process elsewhere, and back."""
    page = rng.randrange(64)
    va = OWN_VA + page * PAGE
    files.ask(va, rng)
    offset = page * 8
    before = files.read("virt2phys/pt_pt.mem")[offset : offset + 8]
    files.put("virt2phys/pt_pt.mem", offset, (SHARED | 7).to_bytes(8, "little"))
    expect("the page elsewhere", files.read("virt2phys/phys.txt"), b"%016x" % SHARED)
    files.put("virt2phys/pt_pt.mem", offset, before)
    expect("the page again", files.read("virt2phys/phys.txt"), b"%016x" % truth[va])


def translations(program, path, number):
    """Where the bench says that the addresses of a process lead."""
    addresses = [SHARED_VA] + [OWN_VA + page * PAGE for page in range(64)]
    addresses += [OWN_VA + 64 * PAGE, SHARED_VA + PAGE, 0, 0x1234_5678_9000]
    lines = "".join(f"{va:#x}\n" for va in addresses)
    done = subprocess.run(
        [program, "translate", path, "--pid", str(number), "--json"], input=lines, text=True,
        capture_output=True, check=True)  # fmt: skip
    walks = map(json.loads, done.stdout.splitlines())
    return {int(walk["va"], 16): int(walk.get("pa", "0"), 16) for walk in walks}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mmubench", required=True, help="the program to try")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", default=secrets.token_hex(4), help="any text (default: random)")
    options = parser.parse_args()
    print(f"stress: seed {options.seed}, {WORKERS} processes, {options.seconds:g} s", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        return run(options, folder)


def run(options, folder):
    mount, saved = os.path.join(folder, "mount"), os.path.join(folder, "saved.raw")
    os.mkdir(mount)
    truths = {n: translations(options.mmubench, SCENARIO, n) for n in range(1, WORKERS + 1)}
    server = subprocess.Popen(
        [options.mmubench, "mount", SCENARIO, mount, "--save", saved], stderr=subprocess.PIPE)  # fmt: skip
    while not os.path.isdir(os.path.join(mount, "pid")):
        if server.poll() is not None:
            reason = server.stderr.read().decode().strip()
            print(f"skipped: {reason}")
            return 77
        time.sleep(0.01)
    answers = multiprocessing.SimpleQueue()
    end = time.monotonic() + options.seconds
    workers = [
        multiprocessing.Process(
            target=worker, args=(mount, n, truths[n], options.seed, end, answers))
        for n in range(1, WORKERS + 1)
    ]  # fmt: skip
    for one in workers:
        one.start()
    rounds, written, wrong = 0, {}, []
    for _ in workers:
        number, own_rounds, own_written, own_wrong = answers.get()
        rounds += own_rounds
        written |= own_written
        wrong += [f"process {number}: {text}" for text in own_wrong]
    for one in workers:
        one.join()
    with open(os.path.join(mount, "memory.pmem"), "rb", buffering=0) as memory:
        wrong += lost(memory, written, "the mount")
    server.send_signal(signal.SIGTERM)
    status = server.wait(timeout=60)
    if status != 0:
        wrong.append(f"the program ended with {status}: {server.stderr.read().decode()}")
    if os.listdir(mount):
        wrong.append("the folder is still mounted")
    with open(saved, "rb") as memory:
        wrong += lost(memory, written, "the saved file")
    print(f"stress: {rounds} rounds, {len(written)} words written and found again, "
          f"{len(wrong)} failures")  # fmt: skip
    for text in wrong[:20]:
        print(f"FAILED: {text}")
    return 1 if wrong else 0


def lost(memory, written, where):
    """The words that are not where they were written."""
    found = []
    for address, value in written.items():
        memory.seek(address)
        got = memory.read(8)
        if got != value:
            found.append(f"{where} at {address:#x}: {got.hex()}, not {value.hex()}")
    return found


if __name__ == "__main__":
    sys.exit(main())
