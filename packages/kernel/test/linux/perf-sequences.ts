/// <reference types="node" />
import type { Command } from "./commands.ts";

/** Sequences of commands about perf events that programs output to, each on objects of its own. Programs run on CPU 0. */

const [SOCKET_FILTER, SCHED_CLS, XDP, RAW_TP] = [1, 3, 6, 17];
const [ARRAY, PERF_EVENT_ARRAY] = [2, 4];
const PAGE = 4096;
/** Offset of the reader's position. */
const DATA_TAIL = 1032;

const u32 = (value: number): string => Buffer.from(Uint32Array.of(value).buffer).toString("hex");
const u64 = (value: bigint): string => Buffer.from(BigUint64Array.of(value).buffer).toString("hex");
const events = (max = 2): Command => ({
  op: "map_create",
  as: "events",
  type: PERF_EVENT_ARRAY,
  key: 4,
  value: 4,
  max,
});
const open = (as: string, cpu = 0, wakeup = 1): Command => ({ op: "perf_open", as, cpu, wakeup });
const put = (index: number, event: string): Command => ({
  op: "update",
  fd: "events",
  key: u32(index),
  valueFd: event,
});
const map = (fd: string, pages: number): Command => ({ op: "mmap", fd, length: PAGE * (1 + pages), writable: true });
const peek = (offset: number, length: number, mapping = 0): Command => ({ op: "peek", map: mapping, offset, length });
/** Head, tail, and where the data are. */
const positions = (mapping = 0): Command => peek(1024, 32, mapping);
const tail = (position: bigint, mapping = 0): Command => ({
  op: "poke",
  map: mapping,
  offset: DATA_TAIL,
  data: u64(position),
});
const load = (as: string, text: string, type: number = SOCKET_FILTER, maps = ["events"]): Command => ({
  op: "prog_load",
  as,
  type,
  text,
  maps,
});
const run = (fd: string, bytes = 50): Command => ({
  op: "test_run",
  fd,
  data: Buffer.from(Array.from({ length: 14 + bytes }, (_, i) => i & 255)).toString("hex"),
});
const poll: Command = { op: "poll", fds: ["event"] };
const CURRENT_CPU = 0xffff_ffffn;

/** Outputs `size` bytes of 0x2a of the stack. */
function output(size: number, flags: bigint = CURRENT_CPU): string {
  const words = Math.max(1, Math.ceil(size / 8));
  return `r6 = r1
    r7 = 0x2a2a2a2a2a2a2a2a ll
    ${Array.from({ length: words }, (_, i) => `*(u64 *)(r10 -${8 * (i + 1)}) = r7`).join("\n")}
    r1 = r6
    r2 = map[fd:0]
    r3 = ${flags} ll
    r4 = r10
    r4 += -${8 * words}
    r5 = ${size}
    call bpf_perf_event_output`;
}

/** Outputs `size` bytes of a map's value. */
const outputValue = (size: number): string => `r2 = map[fd:0]
  r3 = ${CURRENT_CPU} ll
  r4 = map[fd:1][0]+0
  r5 = ${size}
  call bpf_perf_event_output
  exit`;

/** With the packet's first bytes behind it. */
const withPacket = (bytes: number): string => output(4, CURRENT_CPU | (BigInt(bytes) << 32n));

/** One event on CPU 0, in element 0, with pages of data. */
const ready = (pages = 1, wakeup = 1): Command[] => [
  events(),
  open("event", 0, wakeup),
  put(0, "event"),
  map("event", pages),
];

/** Every sequence, by what it is about. */
export const PERF_SEQUENCES: Readonly<Record<string, Command[]>> = {
  "perf events: what may be mapped": [
    open("event"),
    map("event", 3),
    map("event", -1),
    { op: "mmap", fd: "event", length: PAGE, offset: PAGE, writable: true },
    map("event", 2),
    map("event", 1),
    map("event", 2),
    { op: "mmap", fd: "event", length: 3 * PAGE - 1, writable: true },
    positions(),
    { op: "munmap" },
    { op: "munmap" },
    { op: "munmap" },
    map("event", 0),
    positions(),
  ],
  "perf events in maps": [
    events(),
    open("event"),
    { op: "update", fd: "events", key: u32(0), valueFd: "events" },
    { op: "update", fd: "events", key: u32(0), valueFd: null },
    put(2, "event"),
    { op: "update", fd: "events", key: u32(0), valueFd: "event", flags: 1 },
    put(0, "event"),
    put(0, "event"),
    { op: "lookup", fd: "events", key: u32(0), room: 4 },
    { op: "delete", fd: "events", key: u32(0) },
    { op: "delete", fd: "events", key: u32(0) },
    { op: "next", fd: "events", key: null, room: 4 },
  ],
  "perf output: samples of all lengths": [
    ...ready(),
    ...[0, 1, 4, 5, 12, 13, 40].flatMap((size): Command[] => [
      load(`p${size}`, `${output(size)}\nexit`),
      run(`p${size}`),
    ]),
    positions(),
    peek(PAGE, 256),
  ],
  "perf output: which event": [
    events(3),
    open("event"),
    open("other", 1),
    ...[0n, 1n, 2n, 3n, 4n, CURRENT_CPU, 1n << 32n, 1n << 52n, 1n << 63n].map((flags, i) =>
      load(`p${i}`, `${output(4, flags)}\nexit`),
    ),
    run("p0"),
    put(0, "event"),
    put(1, "other"),
    run("p0"),
    map("event", 1),
    map("other", 1),
    ...[0, 1, 2, 3, 4, 5, 6, 7, 8].map((i) => run(`p${i}`)),
    positions(),
    positions(1),
    peek(PAGE, 128),
  ],
  "perf output: after the event's fd is closed, and after the map's": [
    ...ready(),
    { op: "fd_by_id", as: "unused", kind: "map", id: 0xffff_ffff },
    load("p", `${output(4)}\nexit`),
    { op: "close", fd: "event" },
    run("p"),
    positions(),
    { op: "close", fd: "events" },
    run("p"),
    positions(),
  ],
  "perf output: no buffer, and one without data": [
    events(),
    open("event"),
    put(0, "event"),
    load("p", `${output(4)}\nexit`),
    run("p"),
    map("event", 0),
    run("p"),
    positions(),
    { op: "munmap" },
    map("event", 1),
    run("p"),
    positions(),
    { op: "munmap" },
    run("p"),
  ],
  "perf output: a full buffer, lost samples": [
    ...ready(),
    load("big", `${output(500)}\nexit`),
    load("small", `${output(4)}\nexit`),
    ...Array.from({ length: 9 }, () => run("big")),
    run("small"),
    positions(),
    run("big"),
    run("big"),
    tail(600n),
    run("big"),
    positions(),
    // The id in the record of lost samples is another in each kernel.
    peek(PAGE + 3600, 8),
    peek(PAGE + 3616, 16),
    tail(1200n),
    run("small"),
    run("big"),
    positions(),
  ],
  "perf output: records go around the end": [
    ...ready(),
    load("p", `${output(300)}\nexit`),
    ...Array.from({ length: 15 }, (_, i): Command[] => [run("p"), tail(BigInt(312 * (i + 1)))]).flat(),
    positions(),
    peek(PAGE, 300),
    peek(PAGE + 4000, 96),
  ],
  "perf output: positions that user space invents": [
    ...ready(),
    load("p", `${output(100)}\nexit`),
    ...[1n, 7n, 4096n, 1n << 40n, (1n << 64n) - 1n, 112n].flatMap((position): Command[] => [
      tail(position),
      run("p"),
      positions(),
    ]),
  ],
  "perf output: wakeups": [
    ...ready(1, 3),
    load("p", `${output(4)}\nexit`),
    load("big", `${output(500)}\nexit`),
    poll,
    ...Array.from({ length: 7 }, (): Command[] => [run("p"), poll, poll]).flat(),
    ...Array.from({ length: 5 }, (): Command[] => [run("big"), poll]).flat(),
  ],
  "perf output: wakeups when half of it is full": [
    ...ready(1, 0),
    load("p", `${output(500)}\nexit`),
    ...Array.from({ length: 10 }, (): Command[] => [run("p"), poll]).flat(),
    tail(4096n),
    ...Array.from({ length: 8 }, (): Command[] => [run("p"), poll]).flat(),
  ],
  ...Object.fromEntries(
    [
      ["socket filters", SOCKET_FILTER],
      ["classifiers", SCHED_CLS],
      ["XDP programs", XDP],
    ].map(([what, type]): [string, Command[]] => [
      `perf output: the packet, of ${what}`,
      [
        ...ready(),
        ...[1, 10, 50, 51, 64, 65, 0xf_ffff].flatMap((bytes): Command[] => [
          load(`p${bytes}`, `${withPacket(bytes)}\nexit`, type as number),
          run(`p${bytes}`),
        ]),
        positions(),
        peek(PAGE, 512),
      ],
    ]),
  ),
  "perf output: of raw tracepoints": [
    ...ready(),
    load("p", `${output(12)}\nexit`, RAW_TP),
    { op: "test_run", fd: "p", ctx: "00".repeat(16), flags: 0 },
    load("packet", `${withPacket(4)}\nexit`, RAW_TP),
    { op: "test_run", fd: "packet", ctx: "00".repeat(16) },
    positions(),
    peek(PAGE, 64),
  ],
  "perf output: large samples": [
    events(),
    open("event"),
    put(0, "event"),
    { op: "map_create", as: "value", type: ARRAY, key: 4, value: 140_000, max: 1 },
    map("event", 64),
    ...[65_000, 65_512, 65_516, 65_520, 65_523, 65_524, 65_532, 70_000, 140_000].flatMap((size): Command[] => [
      load(`p${size}`, outputValue(size), SOCKET_FILTER, ["events", "value"]),
      run(`p${size}`),
      positions(),
      tail(0n),
    ]),
    peek(PAGE, 16),
    tail(260_000n),
    load("p", `${output(4)}\nexit`),
    run("p"),
    positions(),
  ],
};
