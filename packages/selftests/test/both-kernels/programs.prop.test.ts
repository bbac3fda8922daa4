/**
 * Random programs on the running Linux and on three in-process kernels: one without map tracing, one whose maps nobody traces, one whose hash map has
 * tracers. Each loads them, and all results are the same: R0, the array, the hash map, the packet. BPF_TS_FUZZ_RUNS sets how many.
 */
import { assembleKernel, encode, isOpcode } from "@bpf-ts/isa";
import { createKernel, type Kernel } from "@bpf-ts/kernel";
import type { LinuxKernel } from "@bpf-ts/linux";
import type { Bpf } from "@bpf-ts/uapi";
import { BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_PROG_ARRAY } from "@bpf-ts/uapi/map-types";
import { BPF_PROG_TYPE_SOCKET_FILTER, BPF_PROG_TYPE_XDP } from "@bpf-ts/uapi/prog-types";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { u32 } from "../map-trace/bytes.ts";
import { attach, linkInfo, tracer } from "../map-trace/programs.ts";
import { runningLinux } from "./kernels.ts";
import { DELETES_AT, type RandomProgram, randomProgram, UPDATES_AT, VALUE_SIZE } from "./random-program.ts";

const RUNS = Number(process.env["BPF_TS_FUZZ_RUNS"] ?? 60);
const SEED = Number(process.env["BPF_TS_FUZZ_SEED"] ?? 20);
const PROG_TYPES = { "socket filter": BPF_PROG_TYPE_SOCKET_FILTER, xdp: BPF_PROG_TYPE_XDP } as const;

/** What can be seen of a run from outside. */
interface Outcome {
  retval: number;
  array: string;
  /** Key and value, sorted. */
  hash: string[];
  packet: string;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

function entries(bpf: Bpf, map: number): string[] {
  const all: string[] = [];
  let key: Uint8Array | null = null;
  for (let next = new Uint8Array(4); bpf.mapGetNextKey(map, key, next); next = new Uint8Array(4)) {
    const value = new Uint8Array(8);
    bpf.mapLookupElem(map, next, value);
    all.push(`${hex(next)} ${hex(value)}`);
    key = next;
  }
  return all.sort();
}

/**
 * Loads and runs one program, and closes everything.
 *
 * @param around is called with the hash map before the run, and answers what is called with the outcome's array after it
 */
function outcomeOn(
  bpf: Bpf,
  { kind, words, text, callee }: RandomProgram,
  around: (hash: number) => (array: Uint8Array) => void = () => () => {},
): Outcome {
  const fds: number[] = [];
  const keep = (fd: number): number => {
    fds.push(fd);
    return fd;
  };
  try {
    const def = { name: "", keySize: 4, valueSize: 4, mapFlags: 0 };
    const maps = {
      array: keep(bpf.mapCreate({ ...def, type: BPF_MAP_TYPE_ARRAY, valueSize: VALUE_SIZE, maxEntries: 1 })),
      // Fewer entries than there are keys: some updates find it full.
      hash: keep(bpf.mapCreate({ ...def, type: BPF_MAP_TYPE_HASH, valueSize: 8, maxEntries: 6 })),
      progs: keep(bpf.mapCreate({ ...def, type: BPF_MAP_TYPE_PROG_ARRAY, maxEntries: 2 })),
    };
    const array = new Uint8Array(VALUE_SIZE);
    const view = new DataView(array.buffer);
    for (const [i, one] of words.entries()) view.setBigUint64(i * 8, BigInt.asUintN(64, one), true);
    for (const at of [UPDATES_AT, DELETES_AT]) view.setBigUint64(at, 0n, true);
    bpf.mapUpdateElem(maps.array, u32(0), array);
    const load = (source: string): number => {
      const attr = { progType: PROG_TYPES[kind], insns: encode(assembleKernel(source)), license: "GPL" };
      return keep(bpf.progLoad(attr).fd);
    };
    bpf.mapUpdateElem(maps.progs, u32(0), u32(load(callee(maps))));
    const prog = load(text(maps));
    const finish = around(maps.hash);
    const data = Uint8Array.from({ length: 64 }, (_, i) => i * 7);
    const { retval, dataOut } = bpf.progTestRun(prog, { dataIn: data });
    bpf.mapLookupElem(maps.array, u32(0), array);
    finish(array);
    return { retval, array: hex(array), hash: entries(bpf, maps.hash), packet: hex(dataOut) };
  } finally {
    for (const fd of fds.reverse()) bpf.close(fd);
  }
}

/** {@link outcomeOn} with two tracers of each operation on the hash map, of which each runs as often as the program says it should. */
function outcomeTraced({ bpf }: Kernel, program: RandomProgram): Outcome {
  const fds: number[] = [];
  try {
    return outcomeOn(bpf, program, (hash) => {
      const operations = [
        { operation: "UPDATE_ELEM", traceType: 0, at: UPDATES_AT },
        { operation: "DELETE_ELEM", traceType: 1, at: DELETES_AT },
      ] as const;
      const links = operations.flatMap(({ operation, traceType, at }) => {
        // Uses all of its own stack, and reads the key.
        const text = "r2 = *(u64 *)(r1 +0)\nr2 = *(u32 *)(r2 +0)\n*(u64 *)(r10 -512) = r2\nr0 = 0\nexit";
        const prog = tracer(bpf, operation, text);
        const pair = [0, 1].map(() => attach(bpf, prog, { mapFd: hash, traceType }));
        fds.push(prog, ...pair);
        return pair.map((link) => ({ link, at }));
      });
      return (array) => {
        const view = new DataView(array.buffer);
        for (const { link, at } of links) {
          const runs = view.getBigUint64(at, true);
          expect(linkInfo(bpf, link).mapTrace).toMatchObject({ runs, misses: 0n, failures: 0n });
        }
      };
    });
  } finally {
    for (const fd of fds.reverse()) bpf.close(fd);
  }
}

const running = runningLinux();
const reason = typeof running === "string" ? ` (skipped: ${running})` : "";

describe("random programs", () => {
  test("use every opcode that there is", () => {
    const seen = new Set<number>();
    for (const { text } of fc.sample(randomProgram, { numRuns: 400, seed: SEED })) {
      for (const { code } of assembleKernel(text({ array: 1, hash: 2, progs: 3 }))) seen.add(code);
    }
    const unused = Array.from({ length: 256 }, (_, code) => code).filter((code) => isOpcode(code) && !seen.has(code));
    expect(unused.map((code) => `0x${code.toString(16)}`)).toEqual([]);
  });

  test("a program can't tell whether its map operations are rewritten, or whether its map is traced; every operation is traced", () => {
    const [plain, rewritten] = [createKernel({ mapTrace: false }), createKernel()];
    fc.assert(
      fc.property(randomProgram, (program) => {
        const expected = outcomeOn(plain.bpf, program);
        expect(outcomeOn(rewritten.bpf, program)).toEqual(expected);
        expect(outcomeTraced(rewritten, program)).toEqual(expected);
      }),
      { numRuns: RUNS, seed: SEED },
    );
  });

  test.skipIf(reason !== "")(`as on the running Linux${reason}`, () => {
    const kernel = createKernel();
    fc.assert(
      fc.property(randomProgram, (program) => {
        expect(outcomeOn(kernel.bpf, program)).toEqual(outcomeOn(running as LinuxKernel, program));
      }),
      { numRuns: RUNS, seed: SEED },
    );
  });
});
