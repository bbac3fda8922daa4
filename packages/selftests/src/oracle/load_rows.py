"""Asks the running kernel about programs in the corpus' format.

Reads one JSON object a line from standard input, {"load": {...}, "maps": [...], "log_level": 5}, and writes one a line:
{"errno": 0, "log": "..."}, or {"error": "..."} if a map or BTF could not be made. The argument is the folder with the BTF files.

Programs and maps are created and closed at once: nothing is attached, run or pinned.
"""

import ctypes
import gzip
import json
import os
import platform
import struct
import sys

NR_BPF = {"x86_64": 321, "aarch64": 280}[platform.machine()]
MAP_CREATE, MAP_UPDATE_ELEM, PROG_LOAD, BTF_LOAD, MAP_FREEZE = 0, 2, 5, 18, 22
LOG_SIZE = 16 << 20
ATTR_SIZE = 128

libc = ctypes.CDLL(None, use_errno=True)
log = ctypes.create_string_buffer(LOG_SIZE)


class Failed(Exception):
    pass


def bpf(command, attr):
    result = libc.syscall(NR_BPF, command, attr, ATTR_SIZE)
    return (result, 0) if result >= 0 else (-1, ctypes.get_errno())


def must(what, command, attr):
    result, error = bpf(command, attr)
    if result < 0:
        raise Failed(f"{what}: errno {error}")
    return result


def buffer(data):
    return ctypes.create_string_buffer(bytes(data), len(data))


btf_fds = {}


def btf_fd(name):
    if name is None:
        return 0
    if name not in btf_fds:
        with gzip.open(os.path.join(sys.argv[1], name + ".btf.gz")) as f:
            data = buffer(f.read())
        attr = ctypes.create_string_buffer(ATTR_SIZE)
        struct.pack_into("=QQIII", attr, 0, ctypes.addressof(data), 0, len(data), 0, 0)
        btf_fds[name] = must("BTF " + name, BTF_LOAD, attr)
    return btf_fds[name]


def make_map(m, fds):
    attr = ctypes.create_string_buffer(ATTR_SIZE)
    inner = m.get("inner_map")
    typed = m.get("btf") is not None
    struct.pack_into(
        "=IIIIIII16sIIIIIQ",
        attr,
        0,
        m["type"],
        m["key_size"],
        m["value_size"],
        m["max_entries"],
        m["map_flags"],
        0 if inner is None else fds[inner],
        0,
        m["name"].encode()[:15],
        0,
        btf_fd(m.get("btf")),
        m.get("btf_key_type_id") or 0 if typed else 0,
        m.get("btf_value_type_id") or 0 if typed else 0,
        m.get("btf_vmlinux_value_type_id") or 0,
        int(m.get("map_extra") or "0", 16),
    )
    fd = must("map " + m["name"], MAP_CREATE, attr)
    fds.append(fd)
    if m.get("init") is not None:
        key, value = buffer(bytes.fromhex(m["init_key"])), buffer(bytes.fromhex(m["init"]))
        attr = ctypes.create_string_buffer(ATTR_SIZE)
        struct.pack_into("=IxxxxQQQ", attr, 0, fd, ctypes.addressof(key), ctypes.addressof(value), 0)
        must("contents of map " + m["name"], MAP_UPDATE_ELEM, attr)
    if m.get("frozen"):
        attr = ctypes.create_string_buffer(ATTR_SIZE)
        struct.pack_into("=I", attr, 0, fd)
        must("freezing map " + m["name"], MAP_FREEZE, attr)


def info(record):
    if record is None:
        return None, 0, 0
    return buffer(bytes.fromhex(record["hex"])), record["rec_size"], record["cnt"]


def load(request, fds):
    for m in request["maps"]:
        make_map(m, fds)
    p = request["load"]
    insns = bytearray.fromhex(p["insns"])
    for slot, index in p["map_refs"]:
        struct.pack_into("=i", insns, slot * 8 + 4, fds[index])
    code = buffer(insns)
    license_name = ctypes.create_string_buffer(p["license"].encode())
    funcs, func_size, func_count = info(p.get("func_info"))
    lines, line_size, line_count = info(p.get("line_info"))
    log[0] = b"\0"
    attr = ctypes.create_string_buffer(ATTR_SIZE)
    struct.pack_into(
        "=IIQQIIQII16sIIIIQIIQII",
        attr,
        0,
        p["prog_type"],
        len(insns) // 8,
        ctypes.addressof(code),
        ctypes.addressof(license_name),
        request["log_level"],
        LOG_SIZE,
        ctypes.addressof(log),
        p.get("kern_version") or 0,
        p["prog_flags"],
        p["prog_name"].encode()[:15],
        0,
        p["expected_attach_type"],
        btf_fd(p.get("btf")),
        func_size,
        ctypes.addressof(funcs) if funcs else 0,
        func_count,
        line_size,
        ctypes.addressof(lines) if lines else 0,
        line_count,
        p.get("attach_btf_id") or 0,
    )
    fd, error = bpf(PROG_LOAD, attr)
    if fd >= 0:
        os.close(fd)
    return {"errno": error, "log": log.value.decode("latin1")}


for line in sys.stdin:
    fds = []
    try:
        answer = load(json.loads(line), fds)
    except Failed as e:
        answer = {"error": str(e)}
    finally:
        for fd in fds:
            os.close(fd)
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
