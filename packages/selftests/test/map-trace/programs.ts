import { Btf } from "@bpf-ts/btf";
import { assembleKernel, encode } from "@bpf-ts/isa";
import type { Kernel } from "@bpf-ts/kernel";
import { buildKernelTypes } from "@bpf-ts/kernel/kernel-btf";
import type { Bpf, LinkInfo, ProgInfo } from "@bpf-ts/uapi";
import { BPF_TRACE_MAP, encodeMapTraceLinkInfo, type MapTraceLinkInfo } from "@bpf-ts/uapi/map-trace";
import { BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_ARRAY_OF_MAPS, BPF_MAP_TYPE_HASH } from "@bpf-ts/uapi/map-types";
import { BPF_PROG_TYPE_RAW_TRACEPOINT, BPF_PROG_TYPE_TRACING } from "@bpf-ts/uapi/prog-types";
import { u32 } from "./bytes.ts";

/** Operations that tracers name. */
export type Operation = "UPDATE_ELEM" | "DELETE_ELEM";

/** The types of every in-process kernel: they are the same in each. */
const KERNEL_BTF = Btf.parse(buildKernelTypes().bytes);

/** The id of a function in the kernel's BTF. */
export function funcId(name: string): number {
  const id = KERNEL_BTF.findByName(name, "func");
  if (id === undefined) throw new Error(`the kernel's BTF has no function ${name}`);
  return id;
}

/** A hash map of u32 to u32. */
export function hashMap(bpf: Bpf, maxEntries = 64, name = "m", mapFlags = 0): number {
  return bpf.mapCreate({ type: BPF_MAP_TYPE_HASH, name, keySize: 4, valueSize: 4, maxEntries, mapFlags });
}

/** Loads a tracer written in the syntax of the verifier's log. By default it does nothing. */
export function tracer(bpf: Bpf, operation: Operation, text = "r0 = 0\nexit"): number {
  return bpf.progLoad({
    progType: BPF_PROG_TYPE_TRACING,
    expectedAttachType: BPF_TRACE_MAP,
    attachBtfId: funcId(`bpf_map_trace__BPF_MAP_TRACE_${operation}`),
    insns: encode(assembleKernel(text)),
    license: "GPL",
    name: "tracer",
  }).fd;
}

/** Attaches a tracer to a map. */
export function attach(bpf: Bpf, progFd: number, info: MapTraceLinkInfo): number {
  return bpf.linkCreate({ progFd, attachType: BPF_TRACE_MAP, mapTraceInfo: encodeMapTraceLinkInfo(info) });
}

/** Loads a raw tracepoint program, to be run by {@link run}. */
export function program(bpf: Bpf, text: string): number {
  return bpf.progLoad({
    progType: BPF_PROG_TYPE_RAW_TRACEPOINT,
    insns: encode(assembleKernel(text)),
    license: "GPL",
    name: "prog",
  }).fd;
}

/** R0 of one run, signed 32 bit. */
export function run(bpf: Bpf, progFd: number): number {
  return bpf.progTestRun(progFd).retval | 0;
}

/** `bpf_map_update_elem(map, &key, &value, flags)`, then `exit` with its result. */
export function updateText(mapFd: number, key: number, value: number, flags = 0): string {
  return `
    *(u32 *)(r10 -4) = ${key}
    *(u32 *)(r10 -8) = ${value}
    r1 = map[fd:${mapFd}]
    r2 = r10
    r2 += -4
    r3 = r10
    r3 += -8
    r4 = ${flags}
    call bpf_map_update_elem
    exit`;
}

/** `bpf_map_delete_elem(map, &key)`, then `exit` with its result. */
export function deleteText(mapFd: number, key: number): string {
  return `
    *(u32 *)(r10 -4) = ${key}
    r1 = map[fd:${mapFd}]
    r2 = r10
    r2 += -4
    call bpf_map_delete_elem
    exit`;
}

/** A tracer that copies key and value of an update into another map; its result is that of its own update. */
export function copyText(mapFd: number): string {
  return `
    r6 = *(u64 *)(r1 +0)
    r7 = *(u64 *)(r1 +8)
    r2 = *(u32 *)(r6 +0)
    *(u32 *)(r10 -4) = r2
    r2 = *(u32 *)(r7 +0)
    *(u32 *)(r10 -8) = r2
    r1 = map[fd:${mapFd}]
    r2 = r10
    r2 += -4
    r3 = r10
    r3 += -8
    r4 = 0
    call bpf_map_update_elem
    exit`;
}

/** An array whose first value holds four u64: what a tracer saw. */
export function record(bpf: Bpf): { fd: number; read(): bigint[] } {
  const fd = bpf.mapCreate({
    type: BPF_MAP_TYPE_ARRAY,
    name: "seen",
    keySize: 4,
    valueSize: 32,
    maxEntries: 1,
    mapFlags: 0,
  });
  return {
    fd,
    read() {
      const value = new Uint8Array(32);
      bpf.mapLookupElem(fd, u32(0), value);
      const view = new DataView(value.buffer);
      return [0, 8, 16, 24].map((at) => view.getBigInt64(at, true));
    },
  };
}

/** A tracer that writes [first u32 of the key, first u32 of the value, flags, ret] into the record. */
export function recorder(bpf: Bpf, map: number, operation: Operation): number {
  const rest =
    operation === "UPDATE_ELEM"
      ? `r2 = *(u64 *)(r6 +8)
         r2 = *(u32 *)(r2 +0)
         *(u64 *)(r0 +8) = r2
         r2 = *(u64 *)(r6 +16)
         *(u64 *)(r0 +16) = r2
         r2 = *(u64 *)(r6 +24)
         *(u64 *)(r0 +24) = r2`
      : `r2 = *(u64 *)(r6 +8)
         *(u64 *)(r0 +24) = r2`;
  return tracer(
    bpf,
    operation,
    `r6 = r1
     *(u32 *)(r10 -4) = 0
     r1 = map[fd:${map}]
     r2 = r10
     r2 += -4
     call bpf_map_lookup_elem
     if r0 == 0 goto out
     r2 = *(u64 *)(r6 +0)
     r2 = *(u32 *)(r2 +0)
     *(u64 *)(r0 +0) = r2
     ${rest}
   out:
     r0 = 0
     exit`,
  );
}

/**
 * Writes (n, n) to a map that the program does not mention: it reaches it through a map of maps, so no check of used maps sees it. Result 0.
 *
 * @param template what a map must be like to lie in the map of maps
 */
export function throughOuter(bpf: Bpf, map: number, template: number, n: number): string {
  const outer = bpf.mapCreate({
    type: BPF_MAP_TYPE_ARRAY_OF_MAPS,
    name: "outer",
    keySize: 4,
    valueSize: 4,
    maxEntries: 1,
    mapFlags: 0,
    innerMapFd: template,
  });
  bpf.mapUpdateElem(outer, u32(0), u32(map), 0n);
  return `
    *(u32 *)(r10 -4) = 0
    r1 = map[fd:${outer}]
    r2 = r10
    r2 += -4
    call bpf_map_lookup_elem
    if r0 == 0 goto out
    *(u32 *)(r10 -8) = ${n}
    r1 = r0
    r2 = r10
    r2 += -8
    r3 = r10
    r3 += -8
    r4 = 0
    call bpf_map_update_elem
  out:
    r0 = 0
    exit`;
}

export function linkInfo(bpf: Bpf, fd: number): LinkInfo {
  const info = bpf.objGetInfo(fd);
  if (info.kind !== "link") throw new Error(`fd ${fd} is a ${info.kind}`);
  return info;
}

export function progInfo(bpf: Bpf, fd: number): ProgInfo {
  const info = bpf.objGetInfo(fd);
  if (info.kind !== "prog") throw new Error(`fd ${fd} is a ${info.kind}`);
  return info;
}

export function mapId(bpf: Bpf, fd: number): number {
  const info = bpf.objGetInfo(fd);
  if (info.kind !== "map") throw new Error(`fd ${fd} is a ${info.kind}`);
  return info.id;
}

/** Everything in a map of u32 to u32, sorted by key. */
export function contents(bpf: Bpf, fd: number): [number, number][] {
  const all: [number, number][] = [];
  let key: Uint8Array | null = null;
  for (;;) {
    const next: Uint8Array = new Uint8Array(4);
    if (!bpf.mapGetNextKey(fd, key, next)) break;
    const value = new Uint8Array(4);
    bpf.mapLookupElem(fd, next, value);
    all.push([new DataView(next.buffer).getUint32(0, true), new DataView(value.buffer).getUint32(0, true)]);
    key = next;
  }
  return all.sort(([a], [b]) => a - b);
}

/** Closes every fd of the first process. */
export function closeAll(kernel: Kernel): void {
  for (const [fd] of kernel.init.fds.entries()) kernel.bpf.close(fd);
}
