/** bpf(2) commands with right and wrong attributes: what they answer, and how they fail, here and on the running Linux. */
import { BtfBuilder } from "@bpf-ts/btf";
import { assembleKernel, encode } from "@bpf-ts/isa";
import { createKernel } from "@bpf-ts/kernel";
import type { LinuxKernel } from "@bpf-ts/linux";
import { type Bpf, BpfError, type MapCreateAttr, type ProgLoadAttr } from "@bpf-ts/uapi";
import { describe, expect, test } from "vitest";
import { u32 } from "../map-trace/bytes.ts";
import { runningLinux } from "./kernels.ts";

const builder = new BtfBuilder();
const INT = builder.addInt("int", 4, { signed: true });
const LONG = builder.addInt("long", 8, { signed: true });
const STRUCT = builder.addFields("struct", "pair", [
  { name: "a", type: INT },
  { name: "b", type: INT },
]);
const PTR = builder.addPtr(INT);
const FWD = builder.addFwd("unknown", "struct");
const PROTO = builder.addFuncProto(INT, [{ name: "ctx", type: builder.addPtr(0) }]);
const FUNC = builder.addFunc("main", PROTO);
const TYPES = builder.encode();

/** A case: what it answers is compared. fds that it opens are to be kept, so that they are closed. */
type Case = (bpf: Bpf, keep: (fd: number) => number) => unknown;

const RETURN_0 = "r0 = 0\nexit";
const load =
  (attr: Partial<ProgLoadAttr> & { text?: string }): Case =>
  (bpf, keep) => {
    const { text = RETURN_0, ...rest } = attr;
    const { fd, log } = bpf.progLoad({ progType: 1, insns: encode(assembleKernel(text)), license: "GPL", ...rest });
    keep(fd);
    return { log: log.replace(/(?<=^verification time )\d+/m, "some") };
  };
const create =
  (attr: Partial<MapCreateAttr>): Case =>
  (bpf, keep) => {
    keep(bpf.mapCreate({ type: 1, name: "", keySize: 4, valueSize: 8, maxEntries: 4, mapFlags: 0, ...attr }));
  };
const typed =
  (keyTypeId: number, valueTypeId: number, attr: Partial<MapCreateAttr> = {}): Case =>
  (bpf, keep) =>
    create({ btf: { btfFd: keep(bpf.btfLoad(TYPES).fd), keyTypeId, valueTypeId }, ...attr })(bpf, keep);
const btf =
  (bytes: Uint8Array, logLevel = 0): Case =>
  (bpf, keep) => {
    const { fd, log } = bpf.btfLoad(bytes, { logLevel });
    keep(fd);
    return { log };
  };
/** TYPES with a byte changed. */
const spoilt = (at: number, value: number): Uint8Array => {
  const bytes = TYPES.slice();
  bytes[at] = value;
  return bytes;
};

const PROG_LOAD: Record<string, Case> = {
  "no instructions": load({ insns: new Uint8Array(0) }),
  "an unknown type": load({ progType: 999 }),
  "type 0": load({ progType: 0 }),
  "unknown flags": load({ progFlags: 1 << 30 }),
  "an expected attach type where there is none": load({ expectedAttachType: 7 }),
  "an attach type that is no cgroup_skb's": load({ progType: 8, expectedAttachType: 5 }),
  "cgroup_sock_addr without an attach type": load({ progType: 18 }),
  "an unknown attach type of XDP": load({ progType: 6, expectedAttachType: 3 }),
  "a function for a type that has none": load({ attachBtfId: 1 }),
  "the attach type of map tracing for a filter": load({ expectedAttachType: 1024 }),
  "log level 8": load({ logLevel: 8 }),
  "log level 1": load({ logLevel: 1 }),
  "log level 2": load({ logLevel: 2 }),
  "log level 4": load({ logLevel: 4 }),
  "a licence that is not the GPL's": load({ license: "Proprietary", logLevel: 1 }),
  "a helper for the GPL alone": load({ license: "", text: "r1 = 0\nr2 = 0\ncall bpf_trace_printk\nexit", logLevel: 1 }),
  "types that are a map": (bpf, keep) =>
    load({ btfFd: keep(bpf.mapCreate({ type: 1, name: "", keySize: 4, valueSize: 4, maxEntries: 1, mapFlags: 0 })) })(
      bpf,
      keep,
    ),
  "types that are closed": load({ btfFd: 9999, funcInfo: { recSize: 8, bytes: u32(0, FUNC) } }),
  "a map that is closed": load({ text: `r1 = map[fd:9999]\n${RETURN_0}`, logLevel: 1 }),
  "a map that is a program": (bpf, keep) => {
    const fd = keep(bpf.progLoad({ progType: 1, insns: encode(assembleKernel(RETURN_0)), license: "GPL" }).fd);
    return load({ text: `r1 = map[fd:${fd}]\n${RETURN_0}` })(bpf, keep);
  },
  "functions described": (bpf, keep) =>
    load({ btfFd: keep(bpf.btfLoad(TYPES).fd), funcInfo: { recSize: 8, bytes: u32(0, FUNC) }, logLevel: 1 })(bpf, keep),
  "functions described by what is no function": (bpf, keep) =>
    load({ btfFd: keep(bpf.btfLoad(TYPES).fd), funcInfo: { recSize: 8, bytes: u32(0, STRUCT) }, logLevel: 1 })(
      bpf,
      keep,
    ),
  "functions described, the first not at 0": (bpf, keep) =>
    load({ btfFd: keep(bpf.btfLoad(TYPES).fd), funcInfo: { recSize: 8, bytes: u32(1, FUNC) }, logLevel: 1 })(bpf, keep),
  "too many functions described": (bpf, keep) =>
    load({ btfFd: keep(bpf.btfLoad(TYPES).fd), funcInfo: { recSize: 8, bytes: u32(0, FUNC, 1, FUNC) }, logLevel: 1 })(
      bpf,
      keep,
    ),
  "records of functions that are too short": (bpf, keep) =>
    load({ btfFd: keep(bpf.btfLoad(TYPES).fd), funcInfo: { recSize: 4, bytes: u32(0) }, logLevel: 1 })(bpf, keep),
};

const BTF_LOAD: Record<string, Case> = {
  "what is right": btf(TYPES),
  "what is right, with a log": btf(TYPES, 1),
  "what is right, with all of the log": btf(TYPES, 2),
  nothing: btf(new Uint8Array(0), 1),
  "nothing, without a log": btf(new Uint8Array(0)),
  "a log level that there is not": btf(TYPES, 16),
  "statistics alone": btf(TYPES, 4),
  "half a header": btf(TYPES.subarray(0, 12), 1),
  "no magic number": btf(spoilt(0, 1), 1),
  "another version": btf(spoilt(2, 2), 1),
  "unknown flags": btf(spoilt(3, 1), 1),
  "a header of another length": btf(spoilt(4, 20), 1),
  "types behind the end": btf(spoilt(14, 1), 1),
  "a byte too many": btf(Uint8Array.of(...TYPES, 0), 1),
  "an unknown kind": btf(spoilt(24 + 7, 31), 1),
};

const MAP_CREATE: Record<string, Case> = {
  "typed key and value": typed(INT, STRUCT),
  "a key of another size": typed(LONG, STRUCT),
  "a value of another size": typed(INT, INT),
  "no type for the key": typed(0, STRUCT),
  "no type for the value": typed(INT, 0),
  neither: typed(0, 0),
  "an id that is not there": typed(INT, 99),
  "a pointer as value": typed(INT, PTR),
  "a type that is only declared": typed(INT, FWD),
  "a function as value": typed(INT, FUNC),
  "an array with a key of another type": typed(STRUCT, LONG, { type: 2, keySize: 4 }),
  "an array with typed values": typed(INT, STRUCT, { type: 2 }),
  "a queue with a typed value": typed(0, STRUCT, { type: 22, keySize: 0 }),
  "the kernel's own types": (bpf, keep) =>
    create({ btf: { btfFd: keep(bpf.getFdById("btf", 1)), keyTypeId: 1, valueTypeId: 1 } })(bpf, keep),
  "an LPM trie with a struct as key": typed(STRUCT, LONG, { type: 11, keySize: 8, mapFlags: 1 }),
  "an LPM trie with a number as key": typed(LONG, LONG, { type: 11, keySize: 8, mapFlags: 1 }),
  "a bloom filter without a key": typed(0, LONG, { type: 30, keySize: 0 }),
  "a per-CPU hash": typed(INT, STRUCT, { type: 5 }),
  "an LRU hash without a key": typed(0, STRUCT, { type: 9 }),
  "an array of one without a key": typed(0, STRUCT, { type: 2, maxEntries: 1 }),
  "a program array": typed(INT, INT, { type: 3, valueSize: 4 }),
  "an array of maps": (bpf, keep) =>
    typed(INT, INT, {
      type: 12,
      valueSize: 4,
      innerMapFd: keep(bpf.mapCreate({ type: 2, name: "", keySize: 4, valueSize: 4, maxEntries: 1, mapFlags: 0 })),
    })(bpf, keep),
  "a perf event array": typed(INT, INT, { type: 4, valueSize: 4 }),
  "a stack trace map": typed(INT, LONG, { type: 7 }),
  "a device map": typed(INT, INT, { type: 14, valueSize: 4 }),
  "task storage": typed(INT, STRUCT, { type: 29, maxEntries: 0, mapFlags: 1 }),
  "task storage without types": create({ type: 29, maxEntries: 0, mapFlags: 1 }),
  "task storage with a key that is no number": typed(STRUCT, STRUCT, { type: 29, maxEntries: 0, mapFlags: 1 }),
  "cgroup storage with a key of the wrong form": typed(STRUCT, LONG, { type: 19, keySize: 8, maxEntries: 0 }),
  "cgroup storage by cgroup": typed(LONG, LONG, { type: 19, keySize: 8, maxEntries: 0 }),
  "wrong sizes and wrong types: the map's own checks come first": typed(INT, INT, { maxEntries: 0, type: 3 }),
  "types that are closed": create({ btf: { btfFd: 9999, keyTypeId: INT, valueTypeId: STRUCT } }),
  "types that are a map": (bpf, keep) =>
    create({
      btf: {
        btfFd: keep(bpf.mapCreate({ type: 1, name: "", keySize: 4, valueSize: 4, maxEntries: 1, mapFlags: 0 })),
        keyTypeId: INT,
        valueTypeId: STRUCT,
      },
    })(bpf, keep),
  "type 0": create({ type: 0 }),
  "type 100": create({ type: 100 }),
  "flags of programs that contradict": create({ mapFlags: 128 | 256 }),
  "flags of fds that contradict": create({ mapFlags: 8 | 16 }),
  "a key that is too long": create({ keySize: 1 << 20 }),
  map_extra: create({ mapExtra: 1n }),
  "a NUMA node that there is not": create({ mapFlags: 4, numaNode: 99 }),
  "an inner map for a type without": create({ innerMapFd: 0 }),
};

const INFO: Record<string, Case> = {
  "of a map": (bpf, keep) => {
    const fd = keep(bpf.mapCreate({ type: 5, name: "per_cpu", keySize: 3, valueSize: 5, maxEntries: 7, mapFlags: 1 }));
    const { id, ...rest } = bpf.objGetInfo(fd) as { id: number };
    return [id > 0, rest];
  },
  "of a typed map": (bpf, keep) => {
    const btfFd = keep(bpf.btfLoad(TYPES).fd);
    const fd = keep(
      bpf.mapCreate({
        type: 1,
        name: "",
        keySize: 4,
        valueSize: 8,
        maxEntries: 1,
        mapFlags: 0,
        btf: { btfFd, keyTypeId: INT, valueTypeId: STRUCT },
      }),
    );
    const { id, btfId, ...rest } = bpf.objGetInfo(fd) as { id: number; btfId: number };
    return [id > 0, btfId === (bpf.objGetInfo(btfFd) as { id: number }).id, rest];
  },
  "of a program": (bpf, keep) => {
    const map = keep(bpf.mapCreate({ type: 2, name: "", keySize: 4, valueSize: 8, maxEntries: 1, mapFlags: 0 }));
    const insns = encode(
      assembleKernel(`r1 = map[fd:${map}][0]+4\nr0 = *(u32 *)(r1 +0)\nif r0 != 0 goto pc+1\nr0 = 5\nexit`),
    );
    const fd = keep(bpf.progLoad({ progType: 1, insns, license: "Dual MIT/GPL", name: "a_filter" }).fd);
    const info = bpf.objGetInfo(fd);
    if (info.kind !== "prog") throw new Error("no program");
    const { progType, name, tag, mapIds, btfId, verifiedInsns, attachBtfId, gplCompatible, recursionMisses } = info;
    const mapId = (bpf.objGetInfo(map) as { id: number }).id;
    // The map's id stands in the dump: it differs from kernel to kernel.
    const xlated = info.xlated.slice();
    const shown = new DataView(xlated.buffer).getUint32(4, true) === mapId;
    xlated.fill(0, 4, 8);
    return {
      progType,
      name,
      tag,
      btfId,
      verifiedInsns,
      attachBtfId,
      gplCompatible,
      recursionMisses,
      shown,
      xlated,
      maps: mapIds.map((id) => id === mapId),
    };
  },
  "of BTF": (bpf, keep) => {
    const { id, ...rest } = bpf.objGetInfo(keep(bpf.btfLoad(TYPES).fd)) as { id: number };
    return [id > 0, rest];
  },
  "of an fd that is closed": (bpf) => bpf.objGetInfo(9999),
};

const IDS: Record<string, Case> = {
  ...Object.fromEntries(
    (["map", "prog", "btf"] as const).map((kind): [string, Case] => [
      `${kind}: found by its id, next of the one before, gone with its last fd`,
      (bpf, keep) => {
        const fd =
          kind === "map"
            ? bpf.mapCreate({ type: 1, name: "", keySize: 4, valueSize: 4, maxEntries: 1, mapFlags: 0 })
            : kind === "prog"
              ? bpf.progLoad({ progType: 1, insns: encode(assembleKernel(RETURN_0)), license: "GPL" }).fd
              : bpf.btfLoad(TYPES).fd;
        const { id } = bpf.objGetInfo(fd);
        const again = keep(bpf.getFdById(kind, id));
        const found = [(bpf.objGetInfo(again) as { id: number }).id === id, bpf.getNextId(kind, id - 1) === id];
        bpf.close(fd);
        // The other fd keeps it.
        found.push((bpf.objGetInfo(again) as { id: number }).id === id);
        return found;
      },
    ]),
  ),
  "behind the last": (bpf) => (["map", "prog", "btf", "link"] as const).map((kind) => bpf.getNextId(kind, 0x7fff_fffe)),
  "start beyond all ids": (bpf) => bpf.getNextId("map", 0x8000_0000),
  "no such map": (bpf, keep) => keep(bpf.getFdById("map", 0x7fff_fff0)),
  "no such link": (bpf, keep) => keep(bpf.getFdById("link", 0x7fff_fff0)),
};

type Outcome = { errno: number; log?: string } | { value: unknown };

function ask(bpf: Bpf, act: Case): Outcome {
  const fds: number[] = [];
  try {
    const value = act(bpf, (fd) => {
      fds.push(fd);
      return fd;
    });
    return { value };
  } catch (error) {
    if (!(error instanceof BpfError) || error.errno === undefined) throw error;
    const log: unknown = "log" in error ? error.log : undefined;
    return { errno: error.errno, ...(typeof log === "string" && log !== "" ? { log } : {}) };
  } finally {
    for (const fd of fds) bpf.close(fd);
  }
}

const running = runningLinux();
const reason = typeof running === "string" ? ` (skipped: ${running})` : "";

describe.skipIf(reason !== "")(`as the running Linux${reason}`, () => {
  describe.each(Object.entries({ PROG_LOAD, BTF_LOAD, MAP_CREATE, INFO, IDS }))("%s", (_command, cases) => {
    test.each(Object.entries(cases))("%s", (_name, act) => {
      const kernel = createKernel({ cpus: (running as LinuxKernel).possibleCpus });
      expect(ask(kernel.bpf, act)).toEqual(ask(running as LinuxKernel, act));
    });
  });
});
