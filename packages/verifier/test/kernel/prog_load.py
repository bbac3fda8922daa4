"""Loads BPF programs with BPF_PROG_LOAD and answers with the verifier's log. Reads one JSON object a line from standard input:

    {"insns": "<hex>", "prog_type": 1, "flags": 0, "log_level": 2}

and writes one a line: {"errno": 0, "log": "..."}. Nothing is attached, run or pinned; each program's fd is closed at once.
An unusable bpf(2) shows as errno 1 (EPERM) or 38 (ENOSYS) with an empty log.
"""

import ctypes
import json
import os
import platform
import struct
import sys

NR_BPF = {"x86_64": 321, "aarch64": 280}[platform.machine()]
BPF_PROG_LOAD = 5
LOG_SIZE = 16 << 20
ATTR_SIZE = 128

libc = ctypes.CDLL(None, use_errno=True)
log = ctypes.create_string_buffer(LOG_SIZE)
license_name = ctypes.create_string_buffer(b"GPL")

for line in sys.stdin:
    request = json.loads(line)
    insns = ctypes.create_string_buffer(bytes.fromhex(request["insns"]))
    log[0] = b"\0"
    attr = ctypes.create_string_buffer(ATTR_SIZE)
    struct.pack_into(
        "=IIQQIIQII16s",
        attr,
        0,
        request.get("prog_type", 1),
        len(request["insns"]) // 16,
        ctypes.addressof(insns),
        ctypes.addressof(license_name),
        request.get("log_level", 2),
        LOG_SIZE,
        ctypes.addressof(log),
        0,
        request.get("flags", 0),
        b"",
    )
    fd = libc.syscall(NR_BPF, BPF_PROG_LOAD, attr, ATTR_SIZE)
    error = 0
    if fd < 0:
        error = ctypes.get_errno()
    else:
        os.close(fd)
    sys.stdout.write(json.dumps({"errno": error, "log": log.value.decode("latin1")}) + "\n")
    sys.stdout.flush()
