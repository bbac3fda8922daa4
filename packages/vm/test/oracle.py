"""Asks the running Linux kernel: loads programs with bpf(2), runs them with BPF_PROG_TEST_RUN, prints what they did.

One request a line on standard input, one answer a line on standard output, both JSON:

  request  {"insns": hex, "type": BPF_PROG_TYPE_*, "data": hex, "maps": [{"type", "key", "value", "max", "flags"?, "init"?: hex, "frozen"?: bool}], "flags"?, "log"?}
           ld_imm64 with src_reg 1 or 2 names a map by its index in "maps"; "init" is written to key 0, then
           the map is frozen if "frozen".
  answer   {"retval": n, "values": [hex or null], "out": hex}: for each map what key 0 holds afterwards; the packet afterwards
           {"errno": n, "what": "prog_load" | "map_create" | ..., "log": text}

Exits with 77 and a reason on standard error where the kernel does not let us ask. Nothing is attached or pinned, every fd is closed.
"""

import ctypes
import json
import os
import platform
import struct
import sys

BPF_MAP_CREATE, BPF_MAP_LOOKUP_ELEM, BPF_MAP_UPDATE_ELEM, BPF_PROG_LOAD, BPF_PROG_TEST_RUN, BPF_MAP_FREEZE = 0, 1, 2, 5, 10, 22
SYS_BPF = {"x86_64": 321, "aarch64": 280}

libc = ctypes.CDLL(None, use_errno=True)


class Failure(Exception):
    def __init__(self, what, number, log=""):
        self.answer = {"errno": number, "what": what, "log": log}


def bpf(what, command, attr):
    buffer = ctypes.create_string_buffer(attr, 128)
    result = libc.syscall(SYS_BPF[platform.machine()], command, buffer, 128)
    if result < 0:
        raise Failure(what, ctypes.get_errno())
    return result, buffer.raw


def address(buffer):
    return ctypes.addressof(buffer)


def create_map(spec):
    attr = struct.pack("=IIIII", spec["type"], spec["key"], spec["value"], spec["max"], spec.get("flags", 0))
    return bpf("map_create", BPF_MAP_CREATE, attr)[0]


def map_value(command, what, fd, key, value):
    attr = struct.pack("=IxxxxQQQ", fd, address(key), address(value), 0)
    bpf(what, command, attr)


def link(insns, fds):
    slots = bytearray(insns)
    for at in range(0, len(slots), 8):
        src = slots[at + 1] >> 4
        if slots[at] == 0x18 and src in (1, 2):
            (index,) = struct.unpack_from("=i", slots, at + 4)
            struct.pack_into("=i", slots, at + 4, fds[index])
    return bytes(slots)


def load(request, fds):
    insns = link(bytes.fromhex(request["insns"]), fds)
    code = ctypes.create_string_buffer(insns, len(insns))
    license_ = ctypes.create_string_buffer(b"GPL")
    log = ctypes.create_string_buffer(1 << 18)
    level = request.get("log", 0)
    attr = struct.pack(
        "=IIQQIIQII",
        request["type"],
        len(insns) // 8,
        address(code),
        address(license_),
        level,
        len(log) if level else 0,
        address(log) if level else 0,
        0,
        request.get("flags", 0),
    )
    try:
        return bpf("prog_load", BPF_PROG_LOAD, attr)[0]
    except Failure as failure:
        failure.answer["log"] = log.value.decode(errors="replace")
        raise


def test_run(fd, data):
    data_in = ctypes.create_string_buffer(data, max(1, len(data)))
    data_out = ctypes.create_string_buffer(len(data) + 8192)
    attr = struct.pack(
        "=IIIIQQII", fd, 0, len(data), len(data_out), address(data_in) if data else 0, address(data_out) if data else 0, 1, 0
    )
    if not data:
        attr = struct.pack("=IIIIQQII", fd, 0, 0, 0, 0, 0, 0, 0)
    _, after = bpf("test_run", BPF_PROG_TEST_RUN, attr)
    return struct.unpack_from("=I", after, 4)[0], data_out.raw[: struct.unpack_from("=I", after, 12)[0]] if data else b""


def answer(request):
    fds = []
    try:
        specs = request.get("maps", [])
        for spec in specs:
            fds.append(create_map(spec))
            if "init" in spec:
                value = bytes.fromhex(spec["init"])
                key = ctypes.create_string_buffer(max(4, spec["key"]))
                map_value(BPF_MAP_UPDATE_ELEM, "map_update", fds[-1], key, ctypes.create_string_buffer(value, len(value)))
            if spec.get("frozen"):
                bpf("map_freeze", BPF_MAP_FREEZE, struct.pack("=I", fds[-1]))
        prog = load(request, fds)
        fds.append(prog)
        retval, out = test_run(prog, bytes.fromhex(request.get("data", "")))
        values = []
        for fd, spec in zip(fds, specs):
            value = ctypes.create_string_buffer(max(8, spec["value"]))
            try:
                map_value(BPF_MAP_LOOKUP_ELEM, "map_lookup", fd, ctypes.create_string_buffer(max(4, spec["key"])), value)
                values.append(value.raw[: spec["value"]].hex())
            except Failure:
                values.append(None)
        return {"retval": retval, "values": values, "out": out.hex()}
    except Failure as failure:
        return failure.answer
    finally:
        for fd in fds:
            os.close(fd)


def unavailable():
    if platform.system() != "Linux" or platform.machine() not in SYS_BPF:
        return "no Linux on x86-64 or arm64"
    # r0 = 0; exit
    probe = answer({"type": 1, "insns": "b7000000000000009500000000000000", "data": "00" * 64})
    if "errno" in probe:
        return "bpf(2) is not allowed here: errno %d at %s" % (probe["errno"], probe["what"])
    return None


def main():
    reason = unavailable()
    if reason is not None:
        print(reason, file=sys.stderr)
        sys.exit(77)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))))


main()
