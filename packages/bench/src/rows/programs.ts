import { assembleKernel, encode } from "@bpf-ts/isa";
import type { Bpf } from "@bpf-ts/uapi";
import { BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_HASH } from "@bpf-ts/uapi/map-types";
import { BPF_PROG_TYPE_XDP } from "@bpf-ts/uapi/prog-types";

/** An XDP program that does something over and over. */
export interface LoopProgram {
  /** What is done, in the syntax of the kernel's log; the loop is around it. r6–r8 are its own, r9 is the loop's. */
  readonly body: string;
  /** Before the loop. */
  readonly head?: string;
  /** Behind the program: subprograms. */
  readonly tail?: string;
  readonly rounds: number;
  /** Units of work in one round. */
  readonly unitsInRound: number;
  readonly map?: { readonly type: number; readonly entries: number };
}

const KEY_AND_VALUE = `
  *(u32 *)(r10 -4) = r9
  *(u64 *)(r10 -16) = r9`;

const ARGUMENTS = `
  r1 = map[fd:MAP]
  r2 = r10
  r2 += -4`;

const UPDATE = `${ARGUMENTS}
  r3 = r10
  r3 += -16
  r4 = 0
  call bpf_map_update_elem`;

const HASH = { type: BPF_MAP_TYPE_HASH, entries: 1024 };

type ProgramName =
  | "alu64"
  | "alu32"
  | "packet"
  | "calls"
  | "arrayIncrement"
  | "hashHit"
  | "hashUpdate"
  | "hashInsertDelete";

/** By what they measure. */
export const PROGRAMS: Readonly<Record<ProgramName, LoopProgram>> = {
  alu64: {
    head: "call bpf_get_prandom_u32\n r6 = r0\n r7 = r0\n r7 <<= 20",
    body: "r6 += r7\n r7 ^= r6\n r6 *= 7\n r7 += 13\n r6 >>= 3\n r7 -= r6\n r6 |= 1\n r7 <<= 1",
    rounds: 1000,
    unitsInRound: 10,
  },
  alu32: {
    head: "call bpf_get_prandom_u32\n w6 = w0\n w7 = w0\n w7 <<= 5",
    body: "w6 += w7\n w7 ^= w6\n w6 *= 7\n w7 += 13\n w6 >>= 3\n w7 -= w6\n w6 |= 1\n w7 <<= 1",
    rounds: 1000,
    unitsInRound: 10,
  },
  packet: {
    head: `
      r6 = *(u32 *)(r1 +0)
      r7 = *(u32 *)(r1 +4)
      r8 = 0
      r1 = r6
      r1 += 64
      if r1 > r7 goto out`,
    body: "r1 = *(u16 *)(r6 +0)\n r8 += r1\n r1 = *(u16 *)(r6 +12)\n r8 += r1\n r1 = *(u16 *)(r6 +36)\n r8 += r1\n r1 = *(u16 *)(r6 +62)\n r8 += r1",
    rounds: 1000,
    unitsInRound: 4,
  },
  calls: {
    head: "call bpf_get_prandom_u32\n r6 = r0",
    body: "r1 = r6\n call sub\n r6 = r0",
    tail: "sub:\n r0 = r1\n r0 += 3\n exit",
    rounds: 1000,
    unitsInRound: 1,
  },
  arrayIncrement: {
    map: { type: BPF_MAP_TYPE_ARRAY, entries: 1024 },
    body: `${KEY_AND_VALUE}${ARGUMENTS}
      call bpf_map_lookup_elem
      if r0 == 0 goto out
      r1 = *(u64 *)(r0 +0)
      r1 += 1
      *(u64 *)(r0 +0) = r1`,
    rounds: 500,
    unitsInRound: 1,
  },
  hashHit: {
    map: HASH,
    body: `${KEY_AND_VALUE}${ARGUMENTS}
      call bpf_map_lookup_elem
      if r0 == 0 goto out`,
    rounds: 500,
    unitsInRound: 1,
  },
  hashUpdate: { map: HASH, body: `${KEY_AND_VALUE}${UPDATE}`, rounds: 500, unitsInRound: 1 },
  hashInsertDelete: {
    map: HASH,
    body: `${KEY_AND_VALUE}${ARGUMENTS}
      call bpf_map_delete_elem${UPDATE}`,
    rounds: 500,
    unitsInRound: 1,
  },
};

/** A program, loaded. */
export interface LoadedLoop {
  readonly progFd: number;
  readonly mapFd: number | undefined;
  /** Units of work in one run of the program. */
  readonly units: number;
  close(): void;
}

/** The map of a program, filled with keys 0 … entries - 1, or undefined. */
export function createMapOf(bpf: Bpf, { map }: LoopProgram): number | undefined {
  if (map === undefined) return undefined;
  const { type, entries } = map;
  const fd = bpf.mapCreate({ type, name: "bench", keySize: 4, valueSize: 8, maxEntries: entries, mapFlags: 0 });
  const key = new Uint8Array(4);
  for (let i = 0; i < entries; i++) {
    new DataView(key.buffer).setUint32(0, i, true);
    bpf.mapUpdateElem(fd, key, new Uint8Array(8));
  }
  return fd;
}

/** The instructions of a program whose map has this fd. */
export function instructionsOf(program: LoopProgram, mapFd: number | undefined): Uint8Array {
  const text = `
    ${program.head ?? ""}
    r9 = ${program.rounds}
  again:
    ${program.body}
    r9 += -1
    if r9 != 0 goto again
  out:
    r0 = 2
    exit
    ${program.tail ?? ""}`;
  return encode(assembleKernel(text.replaceAll("MAP", String(mapFd))));
}

/** Creates a program's map and loads it. */
export function loadLoop(bpf: Bpf, program: LoopProgram): LoadedLoop {
  const mapFd = createMapOf(bpf, program);
  const { fd } = bpf.progLoad({
    progType: BPF_PROG_TYPE_XDP,
    license: "GPL",
    name: "bench",
    insns: instructionsOf(program, mapFd),
  });
  return {
    progFd: fd,
    mapFd,
    units: program.rounds * program.unitsInRound,
    close() {
      bpf.close(fd);
      if (mapFd !== undefined) bpf.close(mapFd);
    },
  };
}
