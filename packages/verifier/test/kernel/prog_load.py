"""Loads BPF programs with BPF_PROG_LOAD and answers with the verifier's log. Reads one JSON object a line from standard input:

    {"insns": "<hex>", "prog_type": 1, "flags": 0, "log_level": 2}

and writes one a line: {"errno": 0, "log": "..."}. Nothing is attached, run or pinned; each program's and map's fd is closed at once.
An unusable bpf(2) shows as errno 1 (EPERM) or 38 (ENOSYS) with an empty log.

Further members: "license", "attach_type", "attach_btf_id", "btf" and "func_info" (hex), and "maps", an object from the fd in the instructions to
{"name", "type", "key", "value", "entries", "flags", "value_type" (id in "btf"), "frozen" (hex of the first value)}.
"""

import ctypes
import json
import os
import platform
import struct
import sys

NR_BPF = {"x86_64": 321, "aarch64": 280}[platform.machine()]
BPF_MAP_CREATE, BPF_MAP_UPDATE_ELEM, BPF_PROG_LOAD, BPF_BTF_LOAD, BPF_MAP_FREEZE = 0, 2, 5, 18, 22
LD_IMM64 = 0x18
PSEUDO_MAPS = (1, 2)
LOG_SIZE = 16 << 20
ATTR_SIZE = 128

libc = ctypes.CDLL(None, use_errno=True)
log = ctypes.create_string_buffer(LOG_SIZE)


def bpf(command, layout, *values):
    attr = ctypes.create_string_buffer(ATTR_SIZE)
    struct.pack_into("=" + layout, attr, 0, *values)
    result = libc.syscall(NR_BPF, command, attr, ATTR_SIZE)
    return (result, 0) if result >= 0 else (-1, ctypes.get_errno())


def must(what, command, layout, *values):
    result, error = bpf(command, layout, *values)
    if result < 0:
        raise OSError(error, what)
    return result


def buffer(data):
    return ctypes.create_string_buffer(data, len(data))


def addr(data):
    return ctypes.addressof(data) if data else 0


btf_fds = {}


def btf_fd(text):
    if text not in btf_fds:
        data = buffer(bytes.fromhex(text))
        log[0] = b"\0"
        fd, error = bpf(BPF_BTF_LOAD, "QQIII", addr(data), addr(log), len(data), LOG_SIZE, 1)
        if fd < 0:
            raise OSError(error, "BTF: " + log.value.decode("latin1")[-200:])
        btf_fds[text] = fd
    return btf_fds[text]


def make_map(m, btf):
    typed = m.get("value_type") is not None
    fd = must(
        "map",
        BPF_MAP_CREATE,
        "IIIIIII16sIIII",
        *(m["type"], m["key"], m["value"], m["entries"], m["flags"], 0, 0, m["name"].encode()),
        *(0, btf_fd(btf) if typed else 0, m["key_type"] if typed else 0, m["value_type"] if typed else 0),
    )
    if m.get("frozen") is not None:
        key, value = buffer(bytes(4)), buffer(bytes.fromhex(m["frozen"]))
        must("contents", BPF_MAP_UPDATE_ELEM, "IxxxxQQQ", fd, addr(key), addr(value), 0)
        must("freeze", BPF_MAP_FREEZE, "I", fd)
    return fd


def load(request):
    insns = bytearray.fromhex(request["insns"])
    btf = request.get("btf")
    fds = {}
    try:
        for at in range(0, len(insns), 8):
            named = struct.unpack_from("=i", insns, at + 4)[0]
            m = request.get("maps", {}).get(str(named))
            if insns[at] != LD_IMM64 or insns[at + 1] >> 4 not in PSEUDO_MAPS or m is None:
                continue
            if named not in fds:
                fds[named] = make_map(m, btf)
            struct.pack_into("=i", insns, at + 4, fds[named])
        code = buffer(bytes(insns))
        license_name = ctypes.create_string_buffer(request.get("license", "GPL").encode())
        funcs = buffer(bytes.fromhex(request.get("func_info", "")))
        log[0] = b"\0"
        fd, error = bpf(
            BPF_PROG_LOAD,
            "IIQQIIQII16sIIIIQIIQII",
            *(request.get("prog_type", 1), len(insns) // 8, addr(code), addr(license_name)),
            *(request.get("log_level", 2), LOG_SIZE, addr(log), 0, request.get("flags", 0), b""),
            *(0, request.get("attach_type", 0), btf_fd(btf) if len(funcs) else 0, 8 if len(funcs) else 0),
            *(addr(funcs) if len(funcs) else 0, len(funcs) // 8, 0, 0, 0, request.get("attach_btf_id", 0)),
        )
        if fd >= 0:
            os.close(fd)
        return {"errno": error, "log": log.value.decode("latin1")}
    finally:
        for fd in fds.values():
            os.close(fd)


for line in sys.stdin:
    sys.stdout.write(json.dumps(load(json.loads(line))) + "\n")
    sys.stdout.flush()
