"""Does sequences of bpf(2) commands on the running Linux kernel and tells how each of them ended.

One sequence a line on standard input (a JSON list of commands, see commands.ts), one answer a line on standard output: a list of
{"errno": n, ...}, a member for each command, 0 where it succeeded. Nothing is attached or pinned; every fd is closed after each sequence.
Exits with 77 and a reason on standard error where the kernel does not let us ask.
"""

import ctypes
import json
import mmap
import os
import platform
import select
import struct
import sys

SYS_BPF = {"x86_64": 321, "aarch64": 280}
PERF_EVENT_OPEN = {"x86_64": 298, "aarch64": 241}
CLOSED = 987654
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]


def bpf(command, attr):
    buffer = ctypes.create_string_buffer(attr, 160)
    result = libc.syscall(SYS_BPF[platform.machine()], command, buffer, 160)
    return (result, ctypes.get_errno() if result < 0 else 0, buffer)


def block(text):
    data = bytes.fromhex(text)
    return ctypes.create_string_buffer(data, max(1, len(data)))


def at(buffer):
    return 0 if buffer is None else ctypes.addressof(buffer)


class Sequence:
    def __init__(self):
        self.fds = {}
        self.maps = []
        self.keep = []

    def fd(self, name):
        return CLOSED if name is None else self.fds[name]

    def opened(self, command, result):
        if result[0] >= 0:
            self.fds[command["as"]] = result[0]
        return {"errno": result[1]}

    def map_create(self, c):
        attr = struct.pack(
            "=IIIIIII16s", c["type"], c["key"], c["value"], c["max"], c.get("flags", 0),
            self.fd(c["inner"]) if "inner" in c else 0, 0, c.get("name", "").encode(),
        )
        return self.opened(c, bpf(0, attr))

    def element(self, c):
        key = block(c["key"]) if c["key"] else None
        if "valueFd" in c:
            value = block(struct.pack("=I", self.fd(c["valueFd"])).hex())
        else:
            value = block(c.get("value", "00" * c.get("room", 0)))
        number = {"lookup": 1, "update": 2, "delete": 3, "next": 4, "lookup_delete": 21}[c["op"]]
        if c["op"] == "delete":
            value = None
        result = bpf(number, struct.pack("=IxxxxQQQ", self.fd(c["fd"]), at(key), at(value), c.get("flags", 0)))
        answer = {"errno": result[1]}
        if result[1] == 0 and "room" in c:
            answer["value"] = value.raw[: c["room"]].hex()
        return answer

    def freeze(self, c):
        return {"errno": bpf(22, struct.pack("=I", self.fd(c["fd"])))[1]}

    def prog_load(self, c):
        insns = bytearray.fromhex(c["insns"])
        for slot in range(0, len(insns), 8):
            if insns[slot] == 0x18 and insns[slot + 1] >> 4 in (1, 2):
                struct.pack_into("=i", insns, slot + 4, self.fd(c["maps"][struct.unpack_from("=i", insns, slot + 4)[0]]))
        code, licence = block(insns.hex()), block(b"GPL\0".hex())
        attr = struct.pack(
            "=IIQQIIQII16sII", c["type"], len(insns) // 8, at(code), at(licence), 0, 0, 0, 0, c.get("flags", 0),
            c.get("name", "").encode(), 0, c.get("attach", 0),
        )
        if "btf" not in c:
            return self.opened(c, bpf(5, attr))
        types, funcs = block(c["btf"]), block(c["funcs"])
        btf = bpf(18, struct.pack("=QQIIII", at(types), 0, len(c["btf"]) // 2, 0, 0, 0))[0]
        attr += struct.pack("=IIQI", btf, 8, at(funcs), len(c["funcs"]) // 16)
        answer = self.opened(c, bpf(5, attr))
        os.close(btf)
        return answer

    def test_run(self, c):
        data = block(c["data"]) if "data" in c else None
        ctx = block(c["ctx"]) if "ctx" in c else None
        out, ctx_out = ctypes.create_string_buffer(1 << 14), None
        if c.get("ctxOut"):
            ctx_out = ctypes.create_string_buffer(256)
        wants_out = data is not None
        attr = struct.pack(
            "=IIIIQQIIIIQQIIIxxxx", self.fd(c["fd"]), 0, len(c.get("data", "")) // 2, c.get("sizeOut", 0), at(data),
            at(out) if wants_out else 0, c.get("repeat", 0), 0, len(c.get("ctx", "")) // 2, 256 if ctx_out else 0,
            at(ctx), at(ctx_out), c.get("flags", 0), c.get("cpu", 0), 0,
        )
        _, errno, buffer = bpf(10, attr)
        if errno != 0:
            return {"errno": errno}
        _, retval, _, size = struct.unpack_from("=IIII", buffer.raw)
        answer = {"errno": 0, "retval": retval}
        if wants_out:
            answer["out"] = out.raw[:size].hex()
        if ctx_out:
            answer["ctx"] = ctx_out.raw[: struct.unpack_from("=I", buffer.raw, 44)[0]].hex()
        return answer

    def next_id(self, c):
        number = {"prog": 11, "map": 12, "btf": 23, "link": 31}[c["kind"]]
        errno = bpf(number, struct.pack("=III", c["start"], 0, 0))[1]
        return {"errno": errno}

    def fd_by_id(self, c):
        number = {"prog": 13, "map": 14, "btf": 19, "link": 30}[c["kind"]]
        return self.opened(c, bpf(number, struct.pack("=III", c["id"], 0, 0)))

    def link_create(self, c):
        attr = struct.pack("=IIII", self.fd(c["prog"]), c.get("target", 0), c["attach"], c.get("flags", 0))
        return self.opened(c, bpf(28, attr))

    def link_update(self, c):
        attr = struct.pack("=IIII", self.fd(c["link"]), self.fd(c["prog"]), c.get("flags", 0), 0)
        return {"errno": bpf(29, attr)[1]}

    def link_detach(self, c):
        return {"errno": bpf(34, struct.pack("=I", self.fd(c["link"])))[1]}

    def iter_create(self, c):
        return self.opened(c, bpf(33, struct.pack("=II", self.fd(c["link"]), c.get("flags", 0))))

    def raw_tracepoint_open(self, c):
        name = block(c["name"].encode().hex() + "00")
        return self.opened(c, bpf(17, struct.pack("=QIxxxx", at(name), self.fd(c["prog"]))))

    def info(self, c):
        room = ctypes.create_string_buffer(256)
        return {"errno": bpf(15, struct.pack("=IIQ", self.fd(c["fd"]), 256, at(room)))[1]}

    def mmap(self, c):
        protection = mmap.PROT_READ | (mmap.PROT_WRITE if c.get("writable") else 0)
        address = libc.mmap(None, c["length"], protection, mmap.MAP_SHARED, self.fd(c["fd"]), c.get("offset", 0))
        if address == ctypes.c_void_p(-1).value:
            return {"errno": ctypes.get_errno()}
        self.maps.append((address, c["length"]))
        return {"errno": 0}

    def munmap(self, _):
        libc.munmap(*self.maps.pop())
        return {"errno": 0}

    def perf_open(self, c):
        """A software event for what programs output, enabled. Programs run on CPU 0: see below."""
        attr = block(struct.pack("=IIQQQQQIIQQ", 1, 72, 10, 1, 1 << 10, 0, 0, c["wakeup"], 0, 0, 0).hex())
        fd = libc.syscall(PERF_EVENT_OPEN[platform.machine()], attr, -1, c["cpu"], -1, 8)
        return self.opened(c, (fd, ctypes.get_errno() if fd < 0 else 0))

    def peek(self, c):
        address, length = self.maps[c["map"]]
        assert c["offset"] + c["length"] <= length
        return {"errno": 0, "value": ctypes.string_at(address + c["offset"], c["length"]).hex()}

    def poke(self, c):
        address, length = self.maps[c["map"]]
        data = bytes.fromhex(c["data"])
        assert c["offset"] + len(data) <= length
        ctypes.memmove(address + c["offset"], data, len(data))
        return {"errno": 0}

    def poll(self, c):
        """Ready: readable, or writable for those who wait for room."""
        ready = select.poll()
        for name in c["fds"]:
            ready.register(self.fd(name), select.POLLIN | select.POLLOUT)
        found = {fd for fd, events in ready.poll(0) if events & (select.POLLIN | select.POLLOUT)}
        return {"errno": 0, "value": " ".join(name for name in c["fds"] if self.fd(name) in found)}

    def close(self, c):
        if c["fd"] is None:
            return {"errno": 9}
        os.close(self.fds.pop(c["fd"]))
        return {"errno": 0}

    def run(self, commands):
        answers = []
        try:
            for c in commands:
                op = c["op"]
                element = op in ("lookup", "update", "delete", "next", "lookup_delete")
                answers.append(self.element(c) if element else getattr(self, op)(c))
        finally:
            for one in self.maps:
                libc.munmap(*one)
            for fd in self.fds.values():
                os.close(fd)
        return answers


if platform.machine() not in SYS_BPF:
    sys.stderr.write("the machine's bpf(2) is not known")
    sys.exit(77)
probe = bpf(0, struct.pack("=IIII", 2, 4, 4, 1))
if probe[0] < 0:
    sys.stderr.write("bpf(2) is not allowed here: " + os.strerror(probe[1]))
    sys.exit(77)
os.close(probe[0])
os.sched_setaffinity(0, {0})
for line in sys.stdin:
    print(json.dumps(Sequence().run(json.loads(line))))
