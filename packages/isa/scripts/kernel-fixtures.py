#!/usr/bin/env python3
"""What a running Linux 6.18 says, for test/fixtures/kernel-6.18-*.txt. Run as root in packages/isa; programs are loaded, never attached.

kernel-6.18-listing.txt: programs of random instructions, in hex, each followed by the listing that the verifier's log starts with (level 2).
kernel-6.18-validity.txt: random instructions in hex, and what the verifier answers about a program around each: "accepted" or its message.
"""
import ctypes
import os
import random
import re
import struct

LIBC = ctypes.CDLL(None, use_errno=True)
LOG = ctypes.create_string_buffer(1 << 22)


def load(insns, level):
    """errno and log of BPF_PROG_LOAD of a socket filter."""
    code = ctypes.create_string_buffer(insns, len(insns))
    license = ctypes.create_string_buffer(b"GPL")
    LOG[0] = b"\0"
    addresses = ctypes.addressof(code), ctypes.addressof(license)
    attr = struct.pack("<IIQQIIQ", 1, len(insns) // 8, *addresses, level, len(LOG), ctypes.addressof(LOG)).ljust(152, b"\0")
    fd = LIBC.syscall(321, 5, ctypes.create_string_buffer(attr, len(attr)), len(attr))
    errno = ctypes.get_errno() if fd < 0 else 0
    if fd >= 0:
        os.close(fd)
    return errno, LOG.value.decode()


def insn(code, dst=0, src=0, off=0, imm=0):
    return struct.pack("<BBhi", code, dst | src << 4, off, imm)


EXIT = insn(0xB7) + insn(0x95)


def known(code):
    _, log = load(insn(0xB7) + insn(code) + (insn(0) if code == 0x18 else b"") + EXIT, 1)
    return "unknown opcode" not in log and "BPF_LDX uses" not in log


def listings(rnd, codes):
    offs = [0, 1, 8, 16, 32, -1, -32768, 32767]
    imms = [0, 1, 5, 16, 32, 64, 0x40, 0x41, 0x50, 0x51, 0xA0, 0xA1, 0xE1, 0xF1, 0xF0, 0x100, 0x110, 0x10000, -1, -(2**31), 2**31 - 1]
    for _ in range(4):
        body = b""
        for _ in range(3):
            for code in codes:
                dst, src, off, imm = rnd.randrange(16), rnd.randrange(16), rnd.choice(offs), rnd.choice(imms)
                # Jumps go to the next instruction, so that any order of them is a program; loads are checked before they are listed.
                if code == 0x95:
                    continue
                if code & 7 in (5, 6):
                    off = 0
                if code & 7 == 1 or code == 0x06:
                    imm = 0
                if code == 0x85:
                    # Numbers that no helper has: what the arguments are does not matter then.
                    src, off, imm = rnd.choice([0, 0, 3, 15]), rnd.choice(offs), rnd.choice([5000, -1])
                if code == 0xE5:
                    src = rnd.choice([0, 1])
                body += insn(code, dst, 0 if code == 0x18 else src, off, imm)
                if code == 0x18:
                    body += insn(0, imm=rnd.choice(imms))
        program = insn(0xB7) + body + EXIT
        _, log = load(program, 2)
        yield program.hex()
        for line in log[log.index("Live regs") :].split("\n")[1:]:
            if not re.match(r" *(\d+ +)?\d+: [0-9.]{10} ", line):
                break
            yield line


def validity(rnd, codes):
    pick = rnd.choice
    imms = [0, 0, 0, 1, 5, 16, 32, 33, 63, 64, -1, 0x10, 0x40, 0x41, 0x50, 0xA1, 0xE1, 0xE0, 0xF1, 0x100, 0x110, 0x10000, 0x101]
    setup = b"".join(insn(0xB7, r, imm=1) for r in (0, 2, 3, 4, 5, 7, 8, 9)) + insn(0xBF, 6, 1)
    for code in range(256):
        for _ in range(14 if code in codes else 1):
            dst, src, off, imm = pick([0, 2, 3, 4, 9, 10, 15]), pick([0, 0, 0, 0, 3, 11]), pick([0, 0, 0, 0, 0, 1, 8, 32]), pick(imms)
            if code == 0x95 or (code == 0x85 and src == 1):
                continue
            if code & 7 in (5, 6) and code != 0x85:
                off, imm = (pick([0, 1]), 0) if code == 6 else (0, imm)
            one = insn(code, dst, src, off, imm)
            if code == 0x18:
                one = insn(code, dst, pick([0, 0, 7, 15]), off, imm) + insn(pick([0, 0, 0, 5]), 0, 0, pick([0, 0, 1]), pick([0, 5]))
            errno, log = load(setup + one + EXIT, 1)
            lines = [l for l in log.split("\n") if l and not re.match(r"func#|processed|\d+: |Live|mark_precise|verification", l)]
            yield f"{one.hex()}\t{lines[-1] if errno else 'accepted'}"


def main():
    rnd = random.Random(1)
    codes = [code for code in range(256) if known(code)]
    for name, lines in (("listing", listings(rnd, codes)), ("validity", validity(rnd, codes))):
        with open(f"test/fixtures/kernel-6.18-{name}.txt", "w") as file:
            file.writelines(f"{line}\n" for line in lines)


main()
