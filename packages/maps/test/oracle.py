#!/usr/bin/env python3
"""Asks the running kernel. Reads one command a line on standard input and answers with one line each: what bpf(2) answered.

Maps, programs and BTFs are numbered from 0 in the order in which commands made them. Only creates objects and operates on them; everything
goes when the process ends. Pinned to CPU 0, because LRU maps and per-CPU values depend on the CPU.

  probe                                                    0 if bpf(2) may be used
  cpus                                                     possible CPUs
  btf HEX                                                  number or -errno
  create TYPE KEY VALUE MAX FLAGS EXTRA NUMA INNER BTF KEYID VALUEID [NAME]
  prog                                                     a socket filter
  trycreate (as create)                                    max_entries map_flags or -errno; the map is closed at once
  info M                                                   max_entries map_flags
  lookup M KEY FLAGS | take M KEY FLAGS                    0 VALUE
  update M KEY VALUE FLAGS | delete M KEY
  updatefd M KEY OBJECT FLAGS                              OBJECT: m3, p0, or a number taken as it is
  lookupfd M KEY                                           0 OBJECT
  next M KEY|-                                             0 KEY
  keys M LIMIT                                             0 KEY KEY ...
  lbatch M IN|- COUNT FLAGS | tbatch M IN|- COUNT FLAGS    errno COUNT OUT KEYS VALUES
  ubatch M KEYS VALUES COUNT FLAGS | dbatch M KEYS COUNT FLAGS   errno COUNT
  run M OP KEY VALUE FLAGS                                 a program does it: result [VALUE]
  socket KIND                                              udp, listen or xdp; number or -errno
  pidfd | cgroupfd | inode                                 something to hang storage on
  fdkey M lookup|update|delete OBJECT VALUE FLAGS          an object's fd is the key
  ringout M DATA FLAGS | ringeat M RECORDS | ringquery M | ringdata M
  close M
"""
import ctypes
import mmap
import os
import socket
import struct
import sys
import time

libc = ctypes.CDLL(None, use_errno=True)
MAP_CREATE, LOOKUP, UPDATE, DELETE, NEXT, PROG_LOAD = 0, 1, 2, 3, 4, 5
PROG_TEST_RUN, INFO, BTF_LOAD, TAKE = 10, 15, 18, 21
LOOKUP_BATCH, TAKE_BATCH, UPDATE_BATCH, DELETE_BATCH = 24, 25, 26, 27
PERCPU = (5, 6, 10, 21)
FD_MAPS = (3, 4, 8, 12, 13)


def bpf(cmd, attr):
    buf = ctypes.create_string_buffer(attr, len(attr))
    r = libc.syscall(321, cmd, buf, len(attr))
    return (r if r >= 0 else -ctypes.get_errno()), buf.raw


def address(data):
    return ctypes.addressof(data)


def buffer(data):
    return ctypes.create_string_buffer(bytes(data), max(1, len(data)))


def possible_cpus():
    with open("/sys/devices/system/cpu/possible") as f:
        return int(f.read().strip().split("-")[-1]) + 1


CPUS = possible_cpus()
NULL = "-"


class Map:
    def __init__(self, fd, kind, key, value, entries):
        self.fd, self.kind, self.key, self.value, self.entries = fd, kind, key, value, entries
        self.progs = {}

    def size(self):
        if self.kind in PERCPU:
            return (self.value + 7) // 8 * 8 * CPUS
        return 4 if self.kind in FD_MAPS else self.value


maps, progs, btfs, files, rings = [], [], [], [], {}


def unhex(text):
    return b"" if text == NULL else bytes.fromhex(text)


closed = 0


def close_map(fd):
    """Closes a map. The kernel frees maps later: waits now and then, so that they do not pile up."""
    global closed
    os.close(fd)
    closed += 1
    if closed % 50 != 0:
        return
    libc.syscall(324, 1, 0, 0)  # membarrier: waits for an RCU grace period
    for _ in range(100):
        with open("/proc/meminfo") as f:
            info_kb = {line.split(":")[0]: int(line.split()[1]) for line in f}
        if info_kb["MemAvailable"] > info_kb["MemTotal"] // 2:
            return
        time.sleep(0.1)
    sys.exit("the kernel does not free closed maps")


def create(kind, key, value, entries, flags, extra, numa, inner, btf, key_id, value_id, name=""):
    inner_fd = maps[inner].fd if 0 <= inner < len(maps) else (1000000 if inner == -2 else 0)
    attr = struct.pack("<7I16s5IQii", kind, key, value, entries, flags, inner_fd, numa, name.encode(), 0,
                       btfs[btf] if btf >= 0 else 0, key_id, value_id, 0, extra, 0, 0)
    return bpf(MAP_CREATE, attr)[0]


def elem(cmd, m, key, value, flags):
    kbuf = buffer(key) if key is not None else None
    # Room beyond what the kernel writes, in case it has another idea of the size.
    vbuf = ctypes.create_string_buffer(bytes(value), len(value) + 4096)
    key_address = address(kbuf) if kbuf is not None and m.key > 0 else 0
    attr = struct.pack("<IIQQQ", m.fd, 0, key_address, 0 if cmd == DELETE else address(vbuf), flags)
    r, _ = bpf(cmd, attr)
    return r, vbuf.raw[:len(value)]


def insn(code, dst=0, src=0, off=0, imm=0):
    return struct.pack("<BBhi", code, dst | src << 4, off, imm)


def ld_map(reg, fd):
    return insn(0x18, reg, 1, 0, fd) + insn(0)


def call(helper):
    return insn(0x85, imm=helper)


MOV, MOVI, ADDI, EXIT = 0xBF, 0xB7, 0x07, 0x95


def load_program(code):
    buf, lic = buffer(code), buffer(b"GPL\0")
    log = ctypes.create_string_buffer(65536)
    attr = struct.pack("<IIQQIIQII16s", 1, len(code) // 8, address(buf), address(lic), 1, len(log), address(log), 0, 0, b"")
    r, _ = bpf(PROG_LOAD, attr)
    if r < 0:
        sys.stderr.write(log.value.decode() + "\n")
    return r


def array(value_size):
    return bpf(MAP_CREATE, struct.pack("<7I", 2, 4, value_size, 1, 0, 0, 0))[0]


def program(m, op):
    """A program that does `op` with key, value and flags from a map, and puts the value it sees into another."""
    if op in m.progs:
        return m.progs[op]
    key8, value = (m.key + 7) // 8 * 8, 4096 if m.kind == 27 else max(1, m.value)
    command, out = array(8 + key8 + value), array(value)
    zero = insn(0x62, 10, 0, -4, 0)
    code = zero + ld_map(1, command) + insn(MOV, 2, 10) + insn(ADDI, 2, 0, 0, -4) + call(1) + insn(0x55, 0, 0, 1, 0) + insn(EXIT)
    code += insn(MOV, 6, 0)
    code += ld_map(1, out) + insn(MOV, 2, 10) + insn(ADDI, 2, 0, 0, -4) + call(1) + insn(0x55, 0, 0, 1, 0) + insn(EXIT)
    code += insn(MOV, 7, 0)
    key_reg = insn(MOV, 2, 6) + insn(ADDI, 2, 0, 0, 8)
    if op in ("lookup", "lookupcpu"):
        code += ld_map(1, m.fd) + key_reg + insn(0x79, 3, 6) + call(1 if op == "lookup" else 195)
        code += insn(0x55, 0, 0, 1, 0) + insn(EXIT)
        code += insn(MOV, 3, 0) + ld_map(1, out) + insn(MOV, 2, 10) + insn(ADDI, 2, 0, 0, -4) + insn(MOVI, 4) + call(2)
        code += insn(MOVI, 0, 0, 0, 1) + insn(EXIT)
    elif op == "update":
        code += ld_map(1, m.fd) + key_reg + insn(MOV, 3, 6) + insn(ADDI, 3, 0, 0, 8 + key8) + insn(0x79, 4, 6) + call(2) + insn(EXIT)
    elif op == "delete":
        code += ld_map(1, m.fd) + key_reg + call(3) + insn(EXIT)
    elif op == "push":
        code += ld_map(1, m.fd) + insn(MOV, 2, 6) + insn(ADDI, 2, 0, 0, 8) + insn(0x79, 3, 6) + call(87) + insn(EXIT)
    elif op == "ringout":
        # The data's length is in the value's first 4 bytes; the data follow the flags and that.
        code += insn(0x61, 8, 6, 8)
        code += insn(0x25, 8, 0, 4, value - 4) + insn(MOV, 3, 8) + ld_map(1, m.fd) + insn(0x05, 0, 0, 2)
        code += insn(MOVI, 0, 0, 0, 1001) + insn(EXIT)
        code += insn(MOV, 2, 6) + insn(ADDI, 2, 0, 0, 12) + insn(0x79, 4, 6) + call(130) + insn(EXIT)
    elif op == "ringquery":
        code += ld_map(1, m.fd) + insn(0x79, 2, 6) + call(134) + insn(EXIT)
    elif op in ("pop", "peek"):
        if m.kind == 30:
            code += insn(MOV, 7, 6) + insn(ADDI, 7, 0, 0, 8)
        code += ld_map(1, m.fd) + insn(MOV, 2, 7) + call(88 if op == "pop" else 89) + insn(EXIT)
    m.progs[op] = (load_program(code), command, out, value)
    return m.progs[op]


def run(m, op, key, value, flags):
    prog, command, out, size = program(m, op)
    if prog < 0:
        return f"noprog {prog}"
    key8 = (m.key + 7) // 8 * 8
    data = struct.pack("<Q", flags) + key.ljust(key8, b"\0") + value.ljust(size, b"\0")
    index, cbuf = buffer(b"\0\0\0\0"), buffer(data)
    bpf(UPDATE, struct.pack("<IIQQQ", command, 0, address(index), address(cbuf), 0))
    packet = buffer(b"\0" * 64)
    attr = struct.pack("<IIIIQQII", prog, 0, 64, 0, address(packet), 0, 1, 0)
    r, raw = bpf(PROG_TEST_RUN, attr.ljust(80, b"\0"))
    if r < 0:
        return f"norun {r}"
    (ret,) = struct.unpack_from("<i", raw, 4)
    if op in ("lookup", "lookupcpu", "pop", "peek"):
        obuf = ctypes.create_string_buffer(size)
        bpf(LOOKUP, struct.pack("<IIQQQ", out, 0, address(index), address(obuf), 0))
        if (op in ("lookup", "lookupcpu") and ret == 1) or (op in ("pop", "peek") and m.kind != 30):
            return f"{ret} {obuf.raw.hex()}"
    return str(ret)


class File:
    """Something with an fd."""

    def __init__(self, fd):
        self.fd = fd

    def fileno(self):
        return self.fd


def cgroup_mount():
    with open("/proc/mounts") as f:
        mounts = {fields[2]: fields[1] for fields in (line.split() for line in f)}
    return mounts.get("cgroup2", mounts.get("cgroup", "/nonexistent"))


def open_socket(kind):
    try:
        if kind == "xdp":
            return socket.socket(44, socket.SOCK_RAW, 0)
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        s.bind(("127.0.0.1", 0))
        if kind == "listen":
            s.listen(1)
        return s
    except OSError as error:
        return -error.errno


def ring(m):
    if m not in rings:
        page = mmap.PAGESIZE
        consumer = mmap.mmap(m.fd, page, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
        rest = mmap.mmap(m.fd, page + 2 * m.entries, mmap.MAP_SHARED, mmap.PROT_READ, offset=page)
        rings[m] = (consumer, rest)
    return rings[m]


def lookup_batch(cmd, m, start, count, flags):
    room = max(1, count)
    state = 4 if m.kind in (1, 5, 9, 10, 13) else m.key
    ibuf, obuf = buffer(start), ctypes.create_string_buffer(max(8, state))
    kbuf, vbuf = ctypes.create_string_buffer(room * m.key), ctypes.create_string_buffer(room * m.size())
    attr = struct.pack("<QQQQIIQQ", address(ibuf) if start else 0, address(obuf), address(kbuf), address(vbuf), count, m.fd, flags, 0)
    r, raw = bpf(cmd, attr)
    (done,) = struct.unpack_from("<I", raw, 32)
    n = min(done, count) if r in (0, -2) else 0
    return " ".join([str(r), str(done), obuf.raw[:state].hex(), kbuf.raw[:n * m.key].hex() or NULL, vbuf.raw[:n * m.size()].hex() or NULL])


def object_fd(text):
    if text[0] == "m":
        return maps[int(text[1:])].fd
    if text[0] == "p":
        return progs[int(text[1:])]
    if text[0] == "f":
        return files[int(text[1:])].fileno()
    return int(text)


def info(fd, size):
    buf = ctypes.create_string_buffer(size)
    r, _ = bpf(INFO, struct.pack("<IIQ", fd, size, address(buf)))
    return r, buf.raw


def object_of_id(m, ident):
    for i, f in enumerate(files):
        if m.kind in (15, 18, 20) and isinstance(f, socket.socket):
            if struct.unpack("<Q", f.getsockopt(socket.SOL_SOCKET, 57, 8))[0] == ident:
                return f"f{i}"
    for i, p in enumerate(progs):
        if m.kind == 3 and struct.unpack_from("<I", info(p, 232)[1], 4)[0] == ident:
            return f"p{i}"
    for i, other in enumerate(maps):
        if m.kind in (12, 13) and other is not None and struct.unpack_from("<I", info(other.fd, 88)[1], 4)[0] == ident:
            return f"m{i}"
    return str(ident)


def answer(words):
    op = words[0]
    if op == "probe":
        r = create(2, 4, 4, 1, 0, 0, 0, -1, -1, 0, 0)
        if r >= 0:
            os.close(r)
        return str(min(r, 0))
    if op == "cpus":
        return str(CPUS)
    if op == "btf":
        data = unhex(words[1])
        buf = buffer(data)
        r, _ = bpf(BTF_LOAD, struct.pack("<QQII", address(buf), 0, len(data), 0))
        if r < 0:
            return str(r)
        btfs.append(r)
        return str(len(btfs) - 1)
    if op == "create":
        n = [int(w) for w in words[1:12]]
        r = create(*n, *(words[12:13]))
        if r < 0:
            return str(r)
        maps.append(Map(r, n[0], n[1], n[2], n[3]))
        return str(len(maps) - 1)
    if op == "trycreate":
        n = [int(w) for w in words[1:12]]
        r = create(*n, *(words[12:13]))
        if r < 0:
            return str(r)
        raw = info(r, 88)[1]
        close_map(r)
        return f"{struct.unpack_from('<I', raw, 16)[0]} {struct.unpack_from('<I', raw, 20)[0]}"
    if op == "prog":
        r = load_program(insn(MOVI, 0) + insn(EXIT))
        if r < 0:
            return str(r)
        progs.append(r)
        return str(len(progs) - 1)
    if op == "socket":
        s = open_socket(words[1])
        if isinstance(s, int):
            return str(s)
        files.append(s)
        return str(len(files) - 1)
    if op in ("pidfd", "cgroupfd", "inode"):
        try:
            if op == "pidfd":
                fd = os.pidfd_open(os.getpid())
            else:
                fd = os.open(cgroup_mount() if op == "cgroupfd" else "/tmp", os.O_RDONLY)
        except OSError as error:
            return str(-error.errno)
        files.append(File(fd))
        return str(len(files) - 1)
    m = maps[int(words[1])]
    if op == "ringout":
        data = unhex(words[2])
        return run(m, op, b"", struct.pack("<I", len(data)) + data, int(words[3]))
    if op == "ringeat":
        consumer, rest = ring(m)
        (position,), (produced,) = struct.unpack_from("<Q", consumer), struct.unpack_from("<Q", rest)
        for _ in range(int(words[2])):
            if position < produced:
                (length,) = struct.unpack_from("<I", rest, mmap.PAGESIZE + position % m.entries)
                position += ((length & 0x3FFFFFFF) + 15) // 8 * 8
        consumer[0:8] = struct.pack("<Q", position)
        return str(position)
    if op == "ringquery":
        return " ".join(run(m, op, b"", b"", what) for what in range(5))
    if op == "ringdata":
        # Every record between the two positions: header words, data.
        consumer, rest = ring(m)
        (position,), (produced,) = struct.unpack_from("<Q", consumer), struct.unpack_from("<Q", rest)
        found = []
        while position < produced:
            at = mmap.PAGESIZE + position % m.entries
            length, page = struct.unpack_from("<II", rest, at)
            size = length & 0x3FFFFFFF
            found.append(f"{length}/{page}/{rest[at + 8:at + 8 + size].hex()}")
            position += (size + 15) // 8 * 8
        return " ".join([str(produced)] + found)
    if op == "fdkey":
        # Storage of an object: the key is its fd.
        key, what = struct.pack("<i", object_fd(words[3])), words[2]
        if what == "delete":
            return str(elem(DELETE, m, key, b"", 0)[0])
        if what == "update":
            return str(elem(UPDATE, m, key, unhex(words[4]), int(words[5]))[0])
        r, value = elem(LOOKUP, m, key, b"\xaa" * m.size(), int(words[5]))
        return f"{r} {value.hex()}" if r == 0 else str(r)
    if op == "close":
        for part in rings.pop(m, ()):
            part.close()
        close_map(m.fd)
        for prog, command, out, _ in m.progs.values():
            for fd in (prog, command, out):
                if fd >= 0:
                    os.close(fd)
        maps[int(words[1])] = None
        return "0"
    if op == "info":
        r, raw = info(m.fd, 88)
        return f"{r} {struct.unpack_from('<I', raw, 16)[0]} {struct.unpack_from('<I', raw, 20)[0]}"
    if op in ("lookup", "take"):
        r, value = elem(LOOKUP if op == "lookup" else TAKE, m, unhex(words[2]), b"\xaa" * m.size(), int(words[3]))
        return f"{r} {value.hex()}" if r == 0 else str(r)
    if op == "peek":
        return str(elem(LOOKUP, m, b"", unhex(words[2]), 0)[0])
    if op == "lookupfd":
        r, value = elem(LOOKUP, m, unhex(words[2]), b"\0" * 8, 0)
        wide = m.kind in (15, 18, 20)
        return f"{r} {object_of_id(m, struct.unpack_from('<Q' if wide else '<I', value)[0])}" if r == 0 else str(r)
    if op == "update":
        return str(elem(UPDATE, m, unhex(words[2]), unhex(words[3]), int(words[4]))[0])
    if op == "updatefd":
        return str(elem(UPDATE, m, unhex(words[2]), struct.pack("<q", object_fd(words[3])), int(words[4]))[0])
    if op == "delete":
        return str(elem(DELETE, m, unhex(words[2]), b"", 0)[0])
    if op == "next":
        r, value = elem(NEXT, m, None if words[2] == NULL else unhex(words[2]), b"\0" * m.key, 0)
        return f"{r} {value.hex()}" if r == 0 else str(r)
    if op == "keys":
        found, key = [], None
        for _ in range(int(words[2])):
            r, value = elem(NEXT, m, key, b"\0" * m.key, 0)
            if r != 0:
                break
            found.append(value.hex())
            key = value
        return " ".join(["0"] + found)
    if op in ("lbatch", "tbatch"):
        return lookup_batch(LOOKUP_BATCH if op == "lbatch" else TAKE_BATCH, m, unhex(words[2]), int(words[3]), int(words[4]))
    if op in ("ubatch", "dbatch"):
        keys, values = buffer(unhex(words[2])), buffer(unhex(words[3]) if op == "ubatch" else b"")
        count, flags = (int(w) for w in words[-2:])
        attr = struct.pack("<QQQQIIQQ", 0, 0, address(keys), address(values), count, m.fd, flags, 0)
        r, raw = bpf(UPDATE_BATCH if op == "ubatch" else DELETE_BATCH, attr)
        return f"{r} {struct.unpack_from('<I', raw, 32)[0]}"
    if op == "run":
        return run(m, words[2], unhex(words[3]), unhex(words[4]), int(words[5]))
    return "?"


def main():
    try:
        os.sched_setaffinity(0, {0})
    except OSError:
        pass
    for line in sys.stdin:
        words = line.split()
        if words:
            sys.stdout.write(answer(words) + "\n")
    sys.stdout.flush()


main()
