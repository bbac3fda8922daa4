/**
 * One behavioural suite, two kernels: the in-process one and the running Linux. What holds for one must hold for the other; where both are there, their
 * answers are compared.
 */
import { assembleKernel, encode } from "@bpf-ts/isa";
import { createKernel, type Kernel } from "@bpf-ts/kernel";
import type { LinuxKernel } from "@bpf-ts/linux";
import { type Bpf, BpfError } from "@bpf-ts/uapi";
import { E2BIG, EBADF, EEXIST, EINVAL, ENOENT, EPERM } from "@bpf-ts/uapi/errno";
import { BPF_F_RDONLY, BPF_F_WRONLY } from "@bpf-ts/uapi/map-flags";
import { BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_PERCPU_ARRAY } from "@bpf-ts/uapi/map-types";
import { BPF_PROG_TYPE_RAW_TRACEPOINT, BPF_PROG_TYPE_SOCKET_FILTER, BPF_PROG_TYPE_XDP } from "@bpf-ts/uapi/prog-types";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { errnoOf, u32 } from "../map-trace/bytes.ts";
import { runningLinux } from "./kernels.ts";

const running = runningLinux();
const reason = typeof running === "string" ? running : undefined;

const KERNELS = [
  { name: "in-process", open: (): Kernel | undefined => createKernel(), skip: false },
  {
    name: `running Linux${reason === undefined ? "" : ` (skipped: ${reason})`}`,
    open: (): undefined => undefined,
    skip: reason !== undefined,
  },
];

for (const { name, open, skip } of KERNELS) {
  describe.skipIf(skip)(name, () => {
    let bpf: Bpf;
    let kernel: Kernel | undefined;
    const opened: number[] = [];
    const keep = (fd: number): number => {
      opened.push(fd);
      return fd;
    };
    beforeEach(() => {
      kernel = open();
      bpf = kernel?.bpf ?? (running as LinuxKernel);
    });
    afterEach(() => {
      for (const fd of opened.splice(0)) bpf.close(fd);
    });

    const map = (type: number, flags = 0, maxEntries = 4): number =>
      keep(bpf.mapCreate({ type, name: "both", keySize: 4, valueSize: 4, maxEntries, mapFlags: flags }));
    const get = (fd: number, key: number): number => {
      const value = new Uint8Array(4);
      bpf.mapLookupElem(fd, u32(key), value);
      return new DataView(value.buffer).getUint32(0, true);
    };
    const load = (text: string, progType: number = BPF_PROG_TYPE_SOCKET_FILTER): number =>
      keep(bpf.progLoad({ progType, insns: encode(assembleKernel(text)), license: "GPL", name: "both" }).fd);

    test("hash: update, look-up, flags, full, delete", () => {
      const fd = map(BPF_MAP_TYPE_HASH);
      expect(errnoOf(() => get(fd, 1))).toBe(ENOENT);
      bpf.mapUpdateElem(fd, u32(1), u32(10), 0n);
      expect(get(fd, 1)).toBe(10);
      expect(errnoOf(() => bpf.mapUpdateElem(fd, u32(1), u32(11), 1n))).toBe(EEXIST);
      expect(errnoOf(() => bpf.mapUpdateElem(fd, u32(2), u32(11), 2n))).toBe(ENOENT);
      expect(errnoOf(() => bpf.mapUpdateElem(fd, u32(2), u32(11), 3n))).toBe(EINVAL);
      for (const key of [2, 3, 4]) bpf.mapUpdateElem(fd, u32(key), u32(key), 0n);
      expect(errnoOf(() => bpf.mapUpdateElem(fd, u32(5), u32(5), 0n))).toBe(E2BIG);
      bpf.mapUpdateElem(fd, u32(4), u32(44), 2n);
      bpf.mapDeleteElem(fd, u32(1));
      expect(errnoOf(() => bpf.mapDeleteElem(fd, u32(1)))).toBe(ENOENT);
      const keys: number[] = [];
      let key: Uint8Array | null = null;
      for (let next = new Uint8Array(4); bpf.mapGetNextKey(fd, key, next); next = new Uint8Array(4)) {
        keys.push(next[0]!);
        key = next;
      }
      expect(keys.sort()).toEqual([2, 3, 4]);
      const value = new Uint8Array(4);
      bpf.mapLookupAndDeleteElem(fd, u32(4), value);
      expect(value).toEqual(u32(44));
      expect(errnoOf(() => get(fd, 4))).toBe(ENOENT);
    });

    test("array: bounds, delete, NOEXIST", () => {
      const fd = map(BPF_MAP_TYPE_ARRAY);
      expect(get(fd, 3)).toBe(0);
      expect(errnoOf(() => get(fd, 4))).toBe(ENOENT);
      expect(errnoOf(() => bpf.mapUpdateElem(fd, u32(4), u32(0), 0n))).toBe(E2BIG);
      expect(errnoOf(() => bpf.mapUpdateElem(fd, u32(0), u32(0), 1n))).toBe(EEXIST);
      expect(errnoOf(() => bpf.mapDeleteElem(fd, u32(0)))).toBe(EINVAL);
    });

    test("per-CPU array: one value a CPU", () => {
      const fd = map(BPF_MAP_TYPE_PERCPU_ARRAY);
      const values = new Uint8Array(8 * bpf.possibleCpus);
      for (let cpu = 0; cpu < bpf.possibleCpus; cpu++) values[8 * cpu] = cpu + 1;
      bpf.mapUpdateElem(fd, u32(0), values, 0n);
      const back = new Uint8Array(values.length);
      bpf.mapLookupElem(fd, u32(0), back);
      expect(back).toEqual(values);
    });

    test("fds for reading or writing alone, frozen maps", () => {
      const readOnly = map(BPF_MAP_TYPE_HASH, BPF_F_RDONLY);
      expect(errnoOf(() => bpf.mapUpdateElem(readOnly, u32(1), u32(1), 0n))).toBe(EPERM);
      const writeOnly = map(BPF_MAP_TYPE_HASH, BPF_F_WRONLY);
      expect(errnoOf(() => get(writeOnly, 1))).toBe(EPERM);
      const fd = map(BPF_MAP_TYPE_HASH);
      bpf.mapFreeze(fd);
      expect(errnoOf(() => bpf.mapUpdateElem(fd, u32(1), u32(1), 0n))).toBe(EPERM);
      // A frozen map's fd can't write any more, and freezing needs an fd that can.
      expect(errnoOf(() => bpf.mapFreeze(fd))).toBe(EPERM);
      expect(bpf.objGetInfo(fd)).toMatchObject({
        kind: "map",
        name: "both",
        keySize: 4,
        valueSize: 4,
        maxEntries: 4,
        frozen: true,
      });
    });

    test.each([
      ["no key", { keySize: 0 }, EINVAL],
      ["no entries", { maxEntries: 0 }, EINVAL],
      ["unknown type", { type: 9999 }, EINVAL],
      ["unknown flag", { mapFlags: 1 << 30 }, EINVAL],
    ])("map creation refused: %s", (_name, change, errno) => {
      const attr = {
        type: BPF_MAP_TYPE_HASH,
        name: "",
        keySize: 4,
        valueSize: 4,
        maxEntries: 4,
        mapFlags: 0,
        ...change,
      };
      expect(errnoOf(() => keep(bpf.mapCreate(attr)))).toBe(errno);
    });

    test("closed fds", () => {
      expect(errnoOf(() => get(9999, 1))).toBe(EBADF);
      expect(errnoOf(() => bpf.progTestRun(9999))).toBe(EBADF);
    });

    test("test runs: socket filter, XDP, raw tracepoint", () => {
      const packet = new Uint8Array(64).fill(0xab);
      expect(bpf.progTestRun(load("r0 = *(u32 *)(r1 +0)\nexit"), { dataIn: packet }).retval).toBe(64 - 14);
      const xdp = load(
        `r2 = *(u32 *)(r1 +0)
         r3 = *(u32 *)(r1 +4)
         r4 = r2
         r4 += 1
         r0 = 0
         if r4 > r3 goto out
         r0 = *(u8 *)(r2 +0)
         *(u8 *)(r2 +0) = 1
       out:
         exit`,
        BPF_PROG_TYPE_XDP,
      );
      const result = bpf.progTestRun(xdp, { dataIn: packet });
      expect([result.retval, result.dataOut.length, result.dataOut[0]]).toEqual([0xab, 64, 1]);
      const ctxIn = new Uint8Array(8);
      ctxIn[0] = 77;
      expect(bpf.progTestRun(load("r0 = *(u64 *)(r1 +0)\nexit", BPF_PROG_TYPE_RAW_TRACEPOINT), { ctxIn }).retval).toBe(
        77,
      );
      expect(errnoOf(() => bpf.progTestRun(xdp, { dataIn: new Uint8Array(13) }))).toBe(EINVAL);
    });

    test("a program and user space see the same map", () => {
      const fd = map(BPF_MAP_TYPE_HASH);
      const prog = load(`
        *(u32 *)(r10 -4) = 7
        *(u32 *)(r10 -8) = 8
        r1 = map[fd:${fd}]
        r2 = r10
        r2 += -4
        r3 = r10
        r3 += -8
        r4 = 0
        call bpf_map_update_elem
        exit`);
      expect(bpf.progTestRun(prog, { dataIn: new Uint8Array(14) }).retval).toBe(0);
      expect(get(fd, 7)).toBe(8);
    });
  });
}

describe.skipIf(reason !== undefined)(
  `the two agree on programs, to the letter of the log${reason === undefined ? "" : ` (skipped: ${reason})`}`,
  () => {
    test.each([
      ["no R0", "exit"],
      ["a scalar as pointer", "r0 = *(u64 *)(r2 +0)\nexit"],
      ["R2 is no argument", "r1 = 0\nr0 = *(u64 *)(r1 +0)\nexit"],
      ["below the stack", "*(u64 *)(r10 -520) = 0\nr0 = 0\nexit"],
      ["an endless loop", "r0 = 0\nagain:\ngoto again\nexit"],
      ["a bounded loop", "r0 = 0\nagain:\nr0 += 1\nif r0 < 10 goto again\nexit"],
      ["unreachable code", "r0 = 0\nexit\nr0 = 1\nexit"],
      ["a branch on unknown bits", "r0 = *(u32 *)(r1 +0)\nr0 &= 15\nif r0 > 7 goto big\nr0 += 8\nbig:\nexit"],
    ])("%s", (_name, text) => {
      const attr = {
        progType: BPF_PROG_TYPE_SOCKET_FILTER,
        insns: encode(assembleKernel(text)),
        license: "GPL",
        logLevel: 2,
      };
      const ask = (bpf: Bpf): { errno: number; log: string } => {
        try {
          const { fd, log } = bpf.progLoad(attr);
          bpf.close(fd);
          return { errno: 0, log };
        } catch (error) {
          if (error instanceof BpfError && "log" in error) return { errno: error.errno!, log: String(error.log) };
          throw error;
        }
      };
      const kernel = createKernel();
      expect(ask(kernel.bpf)).toEqual(ask(running as LinuxKernel));
    });
  },
);
