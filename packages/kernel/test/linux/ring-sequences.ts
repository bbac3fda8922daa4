/// <reference types="node" />
import type { Command } from "./commands.ts";

/** Sequences of commands about ring buffers and dynptrs, each on objects of its own. */

const [SOCKET_FILTER, XDP] = [1, 6];
const [ARRAY, RINGBUF, USER_RINGBUF] = [2, 27, 31];
const [PAGE, RING] = [4096, 4096];

const hex = (bytes: ArrayLike<number>): string => Buffer.from(Uint8Array.from(bytes)).toString("hex");
const u32 = (...values: number[]): string => hex(new Uint8Array(Uint32Array.from(values, (v) => v >>> 0).buffer));
const u64 = (...values: bigint[]): string => hex(new Uint8Array(BigUint64Array.from(values).buffer));
const zeros = (bytes: number): string => "00".repeat(bytes);

const ring = (as: string, max = RING): Command => ({ op: "map_create", as, type: RINGBUF, key: 0, value: 0, max });
const userRing = (as: string, max = RING): Command => ({ ...ring(as, max), type: USER_RINGBUF }) as Command;
const results = (as: string, words = 32): Command => ({
  op: "map_create",
  as,
  type: ARRAY,
  key: 4,
  value: 8 * words,
  max: 1,
});
const readResults = (words = 32): Command => ({ op: "lookup", fd: "results", key: u32(0), room: 8 * words });
const load = (as: string, text: string, maps: string[], type: number = SOCKET_FILTER): Command => ({
  op: "prog_load",
  as,
  type,
  text,
  maps,
});
/** A run with a packet of 14 + `bytes`: what a socket filter finds in `skb->len`. */
const run = (as: string, bytes = 50): Command => ({ op: "test_run", fd: as, data: zeros(14 + bytes) });
const map = (fd: string, offset: number, length: number, writable: boolean): Command => ({
  op: "mmap",
  fd,
  offset,
  length,
  writable,
});
const peek = (mapping: number, offset: number, length: number): Command => ({
  op: "peek",
  map: mapping,
  offset,
  length,
});
const poke = (mapping: number, offset: number, data: string): Command => ({ op: "poke", map: mapping, offset, data });
/** Stores R0 in word `n` of the results, the second map of the program. R1 is lost. */
const keep = (n: number): string => `r1 = map[fd:1][0]+${8 * n}
  *(u64 *)(r1 +0) = r0`;

/** `bpf_ringbuf_output` of `size` bytes of the stack, which hold 0x2a. */
function output(size: number, flags: number | bigint = 0): string {
  const stores = Array.from({ length: Math.ceil(size / 8) }, (_, i) => `*(u64 *)(r10 -${8 * (i + 1)}) = r7`).join("\n");
  return `r7 = 0x2a2a2a2a2a2a2a2a ll
    ${stores}
    r1 = map[fd:0]
    r2 = r10
    r2 += ${-Math.max(8, Math.ceil(size / 8) * 8)}
    r3 = ${size}
    r4 = ${flags} ll
    call bpf_ringbuf_output`;
}

/** `bpf_ringbuf_query` of everything, and of what it does not know. */
const QUERIES = [0n, 1n, 2n, 3n, 4n, 1n << 32n];
const query = `${QUERIES.map(
  (what, i) => `r1 = map[fd:0]
    r2 = ${what} ll
    call bpf_ringbuf_query
    ${keep(i)}`,
).join("\n")}
  r0 = 0
  exit`;

/** Reserves `size` bytes, fills eight of them, and submits (or discards) them. R0: whether there was room. */
const reserve = (size: number, commit: "submit" | "discard", flags: number | bigint = 0, reserveFlags = 0): string =>
  `r1 = map[fd:0]
   r2 = ${size}
   r3 = ${reserveFlags}
   call bpf_ringbuf_reserve
   if r0 == 0 goto out
   ${size >= 8 ? "r7 = 0x5b5b5b5b5b5b5b5b ll\n*(u64 *)(r0 +0) = r7" : ""}
   r1 = r0
   r2 = ${flags} ll
   call bpf_ringbuf_${commit}
   r0 = 1
   out:
   exit`;

/** `dynptr helper(...)`, on a dynptr at fp-16. R0 is kept. */
const dynptr = (n: number, text: string): string => `${text}\n${keep(n)}`;

/** Reserves as many bytes as the packet has, times 2^`shift`; the dynptr is at fp-16. */
const reserveDynptr = (flags: number | bigint = 0, shift = 0): string =>
  `r2 = *(u32 *)(r1 +0)
   r2 <<= ${shift}
   r1 = map[fd:0]
   r3 = ${flags} ll
   r4 = r10
   r4 += -16
   call bpf_ringbuf_reserve_dynptr`;
const commitDynptr = (how: "submit" | "discard", flags = 0): string =>
  `r1 = r10
   r1 += -16
   r2 = ${flags}
   call bpf_ringbuf_${how}_dynptr
   r0 = 0
   exit`;
const write = (offset: number | bigint, len: number, flags: number | bigint = 0): string =>
  `r1 = r10
   r1 += -16
   r2 = ${offset} ll
   r3 = r10
   r3 += -32
   r4 = ${len}
   r5 = ${flags} ll
   call bpf_dynptr_write`;
const read = (offset: number | bigint, len: number, flags: number | bigint = 0): string =>
  `r1 = r10
   r1 += -32
   r2 = ${len}
   r3 = r10
   r3 += -16
   r4 = ${offset} ll
   r5 = ${flags} ll
   call bpf_dynptr_read`;
/** 1 if there are `len` bytes at `offset`, which then hold 0x77 at their beginning. */
const data = (offset: number | bigint, len: number): string =>
  `r1 = r10
   r1 += -16
   r2 = ${offset} ll
   r3 = ${len}
   call bpf_dynptr_data
   if r0 == 0 goto pc+2
   ${len > 0 ? "*(u8 *)(r0 +0) = 119" : "r1 = 0"}
   r0 = 1`;
const STACK_BYTES = `r7 = 0x1716151413121110 ll
   *(u64 *)(r10 -32) = r7
   *(u64 *)(r10 -24) = r7`;

/** All uses of a dynptr of 50 bytes. */
const USES = [
  read(0, 16),
  write(34, 16),
  write(35, 16),
  write(-1, 1),
  write(50, 0),
  write(51, 0),
  write(1n << 32n, 8),
  write((1n << 32n) + 8n, 8),
  write(1, 8, 1),
  write(50, 8, 1),
  write(1, 8, 1n << 40n),
  read(34, 16),
  read(35, 16),
  read(50, 0),
  read(51, 0),
  read(0, 8, 1),
  read(60, 8, 1),
  read(0, 8, 1n << 33n),
  read((1n << 32n) | 2n, 8),
  data(0, 8),
  data(42, 8),
  data(43, 8),
  data(50, 0),
  data(51, 0),
  data((1n << 32n) + 3n, 8),
];
const uses = STACK_BYTES.concat("\n", USES.map((text, i) => dynptr(i + 1, text)).join("\n"));

/** The lock-step of a drain: calls `callback` with a pointer to fp-8, which holds 0 at first and is the second result. */
const drain = (callback: string, flags: number | bigint = 0): string =>
  `*(u64 *)(r10 -8) = 0
   r1 = map[fd:0]
   r2 = subprog[callback]
   r3 = r10
   r3 += -8
   r4 = ${flags} ll
   call bpf_user_ringbuf_drain
   ${keep(0)}
   r0 = *(u64 *)(r10 -8)
   ${keep(1)}
   r0 = 0
   exit
   callback:
   ${callback}`;
const COUNT = `r0 = *(u64 *)(r2 +0)
   r0 += 1
   *(u64 *)(r2 +0) = r0
   r0 = 0
   exit`;
/** Adds the first eight bytes of samples that have them, stops at one that holds `last`. */
const sumUntil = (last: number): string =>
  `r6 = r2
   r2 = 0
   r3 = 8
   call bpf_dynptr_data
   if r0 == 0 goto none
   r1 = *(u64 *)(r0 +0)
   r2 = *(u64 *)(r6 +0)
   r2 += r1
   *(u64 *)(r6 +0) = r2
   r0 = 1
   if r1 == ${last} goto done
   none:
   r0 = 0
   done:
   exit`;
/** Writes 0x77 behind the first byte. */
const SCRIBBLE = `*(u8 *)(r10 -1) = 119
   r6 = r2
   r2 = 1
   r3 = r10
   r3 += -1
   r4 = 1
   r5 = 0
   call bpf_dynptr_write
   *(u64 *)(r6 +0) = r0
   r0 = 0
   exit`;

const BUSY = 0x8000_0000;
const DISCARD = 0x4000_0000;
/** A record of user space: header, data padded to 8 bytes. */
const record = (word: number, bytes = zeros(0)): string => u32(word, 0) + bytes + zeros(-(bytes.length / 2) & 7);
/** What user space's side of a user ring maps: [0] positions and data, writable, from the producer's page on; [1] the consumer's page. */
const USER_MAPPINGS = [map("ring", PAGE, PAGE + 2 * RING, true), map("ring", 0, PAGE, false)];
const produced = (position: bigint): Command => poke(0, 0, u64(position));
const drained = (...words: Command[]): Command[] => [...words, run("drain"), readResults(), peek(1, 0, 8)];

const user = (callback: string, steps: Command[], flags: number | bigint = 0): Command[] => [
  userRing("ring"),
  results("results"),
  load("drain", drain(callback, flags), ["ring", "results"]),
  ...USER_MAPPINGS,
  ...steps,
];

/** Every sequence, by what it is about. */
export const RING_SEQUENCES: Readonly<Record<string, Command[]>> = {
  "sizes of ring buffers": [0, 1, 4095, 4096, 8192, 12288, 0x8000_0001].flatMap((max): Command[] => [
    ring(`ring${max}`, max),
    userRing(`user${max}`, max),
  ]),
  "definitions of ring buffers": [
    { op: "map_create", as: "a", type: RINGBUF, key: 4, value: 0, max: 4096 },
    { op: "map_create", as: "b", type: RINGBUF, key: 0, value: 4, max: 4096 },
    { op: "map_create", as: "c", type: RINGBUF, key: 0, value: 0, max: 4096, flags: 1 },
    { op: "map_create", as: "d", type: USER_RINGBUF, key: 0, value: 0, max: 4096, flags: 1024 },
    { op: "map_create", as: "e", type: RINGBUF, key: 0, value: 0, max: 4096, flags: 8 },
  ],
  "element commands of ring buffers": [ring("ring"), userRing("user")].flatMap((one): Command[] => {
    const fd = (one as { as: string }).as;
    return [
      one,
      { op: "lookup", fd, key: "", room: 0 },
      { op: "update", fd, key: "", value: "" },
      { op: "delete", fd, key: "" },
      { op: "next", fd, key: null, room: 0 },
      { op: "lookup_delete", fd, key: "", room: 0 },
      { op: "freeze", fd },
      { op: "freeze", fd },
      map(fd, 0, PAGE, true),
    ];
  }),
  "what may be mapped of a ring buffer": [
    ring("ring"),
    map("ring", 0, PAGE, true),
    map("ring", 0, 1, true),
    map("ring", 0, PAGE + 1, true),
    map("ring", PAGE, PAGE, true),
    map("ring", PAGE, PAGE, false),
    map("ring", PAGE, PAGE + 2 * RING, false),
    map("ring", PAGE, PAGE + 2 * RING + 1, false),
    map("ring", 0, 2 * PAGE + 2 * RING, false),
    map("ring", 2 * PAGE + 2 * RING, PAGE, false),
    map("ring", 100, PAGE, false),
    map("ring", 1 << 30, PAGE, true),
    map("ring", 0, 0, false),
    { op: "freeze", fd: "ring" },
  ],
  "what may be mapped of a user ring buffer": [
    userRing("ring"),
    map("ring", 0, PAGE, true),
    map("ring", 0, PAGE, false),
    map("ring", 0, 2 * PAGE, true),
    map("ring", PAGE, PAGE, true),
    map("ring", PAGE, PAGE + 2 * RING, true),
    map("ring", PAGE, PAGE + 2 * RING + 1, true),
    map("ring", 2 * PAGE, 2 * RING, true),
    map("ring", 1 << 30, PAGE, true),
  ],
  "output, wakeup flags, poll": [
    ring("ring"),
    results("results"),
    ...[0, 1, 2, 3, 4, 1n << 32n, -1].map((flags, i) => load(`p${i}`, `${output(12, flags)}\nexit`, ["ring"])),
    load("query", query, ["ring", "results"]),
    map("ring", 0, PAGE, true),
    map("ring", PAGE, PAGE + RING, false),
    { op: "poll", fds: ["ring"] },
    ...[0, 1, 2, 3, 4, 5, 6].map((i) => run(`p${i}`)),
    { op: "poll", fds: ["ring", "results"] },
    run("query"),
    readResults(),
    peek(0, 0, 8),
    peek(1, 0, 8),
    peek(1, PAGE, 128),
    poke(0, 0, u64(24n)),
    run("query"),
    readResults(),
    poke(0, 0, u64(96n)),
    { op: "poll", fds: ["ring"] },
    run("query"),
    readResults(),
  ],
  "a full ring": [
    ring("ring"),
    results("results"),
    load("big", reserve(4080, "submit"), ["ring"]),
    load("bigger", reserve(4088, "submit"), ["ring"]),
    load("more", reserve(4089, "submit"), ["ring"]),
    load("half", reserve(2040, "submit"), ["ring"]),
    load("empty", reserve(0, "submit"), ["ring"]),
    load("odd", reserve(13, "discard"), ["ring"]),
    load("out", `${output(16)}\nexit`, ["ring"]),
    load("query", query, ["ring", "results"]),
    map("ring", 0, PAGE, true),
    map("ring", PAGE, PAGE + RING, false),
    run("more"),
    run("bigger"),
    run("big"),
    peek(1, PAGE, 16),
    run("empty"),
    run("out"),
    poke(0, 0, u64(4088n)),
    run("half"),
    peek(1, PAGE + 4088, 8),
    run("half"),
    run("half"),
    run("odd"),
    run("empty"),
    run("query"),
    readResults(),
    peek(1, 0, 8),
  ],
  "records go around": [
    ring("ring"),
    results("results"),
    load("p", reserve(1000, "submit"), ["ring"]),
    load("query", query, ["ring", "results"]),
    map("ring", 0, PAGE, true),
    map("ring", PAGE, PAGE + RING, false),
    ...Array.from({ length: 9 }, (_, i): Command[] => [run("p"), poke(0, 0, u64(BigInt(1008 * (i + 1))))]).flat(),
    run("query"),
    readResults(),
    peek(1, PAGE + ((8 * 1008) % RING), 16),
  ],
  "positions that user space invents": [
    ring("ring"),
    results("results"),
    load("p", `${output(16)}\nexit`, ["ring"]),
    load("query", query, ["ring", "results"]),
    map("ring", 0, PAGE, true),
    ...[-8n, -4072n, -4073n, -4200n, 1n << 63n, 1n << 53n, 1000n, 24n, 25n].flatMap((position): Command[] => [
      poke(0, 0, u64(BigInt.asUintN(64, position))),
      run("p"),
      { op: "poll", fds: ["ring"] },
      run("query"),
      readResults(),
    ]),
  ],
  "reserve, submit, discard": [
    ring("ring"),
    results("results"),
    load("submit", reserve(20, "submit"), ["ring"]),
    load("discard", reserve(20, "discard"), ["ring"]),
    load("flags", reserve(20, "submit", 4), ["ring"]),
    load("highFlags", reserve(20, "discard", 1n << 40n), ["ring"]),
    load("reserveFlags", reserve(20, "submit", 0, 1), ["ring"]),
    load("query", query, ["ring", "results"]),
    map("ring", PAGE, PAGE + RING, false),
    ...["submit", "discard", "flags", "highFlags", "reserveFlags"].map((name) => run(name)),
    run("query"),
    readResults(),
    peek(0, PAGE, 16),
    peek(0, PAGE + 32, 16),
    peek(0, PAGE + 64, 16),
    peek(0, PAGE + 96, 16),
  ],
  "from an XDP program": [
    ring("ring"),
    load("p", `${output(8)}\nr0 += 2\nexit`, ["ring"], XDP),
    run("p"),
    map("ring", PAGE, PAGE + RING, false),
    peek(0, 0, 8),
    peek(0, PAGE, 16),
  ],
  "dynptr of a record: size from the packet": [
    ring("ring", 8192),
    results("results"),
    load("submit", `${reserveDynptr()}\n${keep(0)}\n${commitDynptr("submit")}`, ["ring", "results"]),
    load("discard", `${reserveDynptr()}\n${keep(0)}\n${commitDynptr("discard", 2)}`, ["ring", "results"]),
    load("flags", `${reserveDynptr(1)}\n${keep(0)}\n${commitDynptr("submit")}`, ["ring", "results"]),
    load("high", `${reserveDynptr(1n << 32n)}\n${keep(0)}\n${commitDynptr("submit")}`, ["ring", "results"]),
    // 16 MiB and more: beyond a dynptr; from 2^32 on only the low half counts.
    load("huge", `${reserveDynptr(0, 19)}\n${keep(0)}\n${commitDynptr("submit")}`, ["ring", "results"]),
    load("wrapped", `${reserveDynptr(0, 32)}\n${keep(0)}\n${commitDynptr("submit")}`, ["ring", "results"]),
    map("ring", PAGE, PAGE + 8192, false),
    ...[
      ["submit", 1],
      ["submit", 77],
      ["discard", 5],
      ["submit", 3000],
      ["submit", 3000],
      ["submit", 3000],
      ["flags", 8],
      ["high", 8],
      ["huge", 64],
      ["huge", 20],
      ["wrapped", 50],
    ].flatMap(([name, bytes]): Command[] => [
      run(name as string, bytes as number),
      readResults(),
      peek(0, 0, 8),
      peek(0, PAGE, 8),
    ]),
    peek(0, PAGE + 16, 8),
    peek(0, PAGE + 104, 8),
  ],
  "dynptr of a record: read, write, data": [
    ring("ring"),
    results("results"),
    load("p", `${reserveDynptr()}\n${keep(0)}\n${uses}\n${commitDynptr("submit")}`, ["ring", "results"]),
    map("ring", PAGE, PAGE + RING, false),
    run("p"),
    readResults(),
    peek(0, PAGE, 8),
    peek(0, PAGE + 8 + 34, 16),
    // A null dynptr: there is no room.
    load("full", `${reserveDynptr(0, 6)}\n${keep(0)}\n${uses}\n${commitDynptr("discard")}`, ["ring", "results"]),
    run("full", 100),
    readResults(),
  ],
  "dynptr of a map's value": [
    ring("unused"),
    results("results", 64),
    load(
      "p",
      `r1 = map[fd:1][0]+400
       r2 = 50
       r3 = 0
       r4 = r10
       r4 += -16
       call bpf_dynptr_from_mem
       ${keep(0)}
       ${uses}
       ${dynptr(30, "r1 = map[fd:1][0]+400\nr2 = 50\nr3 = 1\nr4 = r10\nr4 += -16\ncall bpf_dynptr_from_mem")}
       ${dynptr(31, read(0, 8))}
       ${dynptr(32, write(0, 8))}
       ${dynptr(33, data(0, 8))}
       ${dynptr(34, "r1 = map[fd:1][0]+400\nr2 = 0\nr3 = 0\nr4 = r10\nr4 += -16\ncall bpf_dynptr_from_mem")}
       ${dynptr(35, read(0, 0))}
       ${dynptr(36, read(0, 1))}
       r0 = 0
       exit`,
      ["unused", "results"],
    ),
    run("p"),
    readResults(64),
  ],
  "dynptrs that overlap": [
    ring("unused"),
    results("results", 64),
    { op: "update", fd: "results", key: u32(0), value: hex(Array.from({ length: 512 }, (_, i) => i)) },
    load(
      "p",
      `r1 = map[fd:1][0]+400
       r2 = 50
       r3 = 0
       r4 = r10
       r4 += -16
       call bpf_dynptr_from_mem
       r1 = map[fd:1][0]+404
       r2 = 20
       r3 = r10
       r3 += -16
       r4 = 0
       r5 = 0
       call bpf_dynptr_read
       r1 = r10
       r1 += -16
       r2 = 10
       r3 = map[fd:1][0]+404
       r4 = 20
       r5 = 0
       call bpf_dynptr_write
       r0 = 0
       exit`,
      ["unused", "results"],
    ),
    run("p"),
    readResults(64),
  ],
  "drain: samples, discarded, busy, empty": user(COUNT, [
    { op: "poll", fds: ["ring"] },
    ...drained(),
    poke(0, PAGE, record(8, u64(5n)) + record(DISCARD | 4, zeros(4)) + record(0) + record(13, zeros(13))),
    produced(64n),
    { op: "poll", fds: ["ring"] },
    ...drained(),
    poke(0, PAGE + 64, record(BUSY | 8, zeros(8)) + record(8, zeros(8))),
    produced(96n),
    ...drained(),
    poke(0, PAGE + 64, record(8, zeros(8))),
    ...drained(),
    poke(0, PAGE + 96, record((BUSY | DISCARD) >>> 0, "")),
    produced(104n),
    ...drained(),
    ...drained(),
  ]),
  "drain: what user space gets wrong": user(COUNT, [
    produced(4n),
    ...drained(),
    poke(0, PAGE, record(8, zeros(8))),
    produced(8n),
    ...drained(),
    poke(0, PAGE, record(4088)),
    produced(4096n),
    { op: "poll", fds: ["ring"] },
    ...drained(),
    { op: "poll", fds: ["ring"] },
    poke(0, PAGE, record(4089)),
    produced(4096n + 4096n + 8n),
    ...drained(),
    poke(0, PAGE, record(0x3fff_ffff)),
    produced(1n << 40n),
    ...drained(),
    poke(0, PAGE, record(DISCARD | 8, zeros(8)) + record(3)),
    produced(4096n + 20n),
    ...drained(),
    produced(4096n + 24n),
    ...drained(),
    produced(8n),
    ...drained(),
  ]),
  "drain: the callback stops it": user(sumUntil(6), [
    poke(0, PAGE, [5n, 6n, 7n].map((value) => record(8, u64(value))).join("") + record(4, zeros(4))),
    produced(64n),
    ...drained(),
    ...drained(),
    ...drained(),
  ]),
  "drain: the callback writes": user(SCRIBBLE, [
    poke(0, PAGE, record(8, u64(0x0102030405060708n)) + record(1, "aa")),
    produced(16n),
    ...drained(),
    peek(0, PAGE, 32),
    produced(32n),
    ...drained(),
    peek(0, PAGE, 32),
  ]),
  ...Object.fromEntries(
    [1, 2, 3, 4, 1n << 32n, 1n << 63n].map((flags): [string, Command[]] => [
      `drain: flags ${flags}`,
      user(COUNT, [poke(0, PAGE, record(8, u64(5n))), produced(16n), ...drained()], flags),
    ]),
  ),
  "drain: within a drain": [
    userRing("ring"),
    userRing("other"),
    results("results"),
    load(
      "drain",
      `r1 = map[fd:0]
       r2 = subprog[outer]
       r3 = 0
       r4 = 0
       call bpf_user_ringbuf_drain
       ${keep(0)}
       r0 = 0
       exit
       outer:
       r1 = map[fd:0]
       r2 = subprog[inner]
       r3 = 0
       r4 = 0
       call bpf_user_ringbuf_drain
       ${keep(1)}
       r1 = map[fd:2]
       r2 = subprog[inner]
       r3 = 0
       r4 = 0
       call bpf_user_ringbuf_drain
       ${keep(2)}
       r0 = 0
       exit
       inner:
       r0 = 0
       exit`,
      ["ring", "results", "other"],
    ),
    ...USER_MAPPINGS,
    map("other", PAGE, PAGE + RING, true),
    poke(0, PAGE, record(8, u64(5n))),
    produced(16n),
    poke(2, PAGE, record(0) + record(0)),
    poke(2, 0, u64(16n)),
    ...drained(),
    ...drained(),
  ],
};
