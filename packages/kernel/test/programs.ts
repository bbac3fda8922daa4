import { Btf } from "@bpf-ts/btf";
import { assembleKernel, encode } from "@bpf-ts/isa";
import { type Bpf, BpfError, type ProgInfo, type ProgLoadAttr } from "@bpf-ts/uapi";
import {
  BPF_MODIFY_RETURN,
  BPF_PERF_EVENT,
  BPF_TRACE_FENTRY,
  BPF_TRACE_FEXIT,
  BPF_TRACE_ITER,
} from "@bpf-ts/uapi/attach-types";
import { BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_HASH } from "@bpf-ts/uapi/map-types";
import { BPF_PROG_TYPE_KPROBE, BPF_PROG_TYPE_RAW_TRACEPOINT, BPF_PROG_TYPE_TRACING } from "@bpf-ts/uapi/prog-types";
import type { Kernel } from "../src/index.ts";

/** Attach types of programs at functions. */
export const ATTACH: Readonly<Record<"fentry" | "fexit" | "fmod_ret", number>> = {
  fentry: BPF_TRACE_FENTRY,
  fexit: BPF_TRACE_FEXIT,
  fmod_ret: BPF_MODIFY_RETURN,
};

export function u32(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setUint32(i * 4, value, true);
  return bytes;
}

/** The errno that a call fails with; 0 if it does not. */
export function errnoOf(body: () => unknown): number {
  try {
    body();
  } catch (error) {
    if (error instanceof BpfError && error.errno !== undefined) return error.errno;
    throw error;
  }
  return 0;
}

/** The id of a function in the kernel's BTF. */
export function funcId(bpf: Bpf, name: string): number {
  const id = Btf.parse(bpf.kernelBtf()).findByName(name, "func");
  if (id === undefined) throw new Error(`the kernel's BTF has no function ${name}`);
  return id;
}

/** Prints `text` (at most 7 letters) to the trace log. R1–R5 are lost. */
export function say(text: string): string {
  const bytes = new Uint8Array(8);
  bytes.set(new TextEncoder().encode(text));
  const view = new DataView(bytes.buffer);
  return `*(u32 *)(r10 -8) = ${view.getInt32(0, true)}
    *(u32 *)(r10 -4) = ${view.getInt32(4, true)}
    r1 = r10
    r1 += -8
    r2 = ${text.length + 1}
    call bpf_trace_printk`;
}

/** Prints and returns 0. */
export const saying = (text: string): string => `${say(text)}\nr0 = 0\nexit`;

export function load(bpf: Bpf, text: string, attr: Partial<ProgLoadAttr> & { progType: number }): number {
  return bpf.progLoad({ license: "GPL", insns: encode(assembleKernel(text)), ...attr }).fd;
}

export function rawTracepoint(bpf: Bpf, text: string): number {
  return load(bpf, text, { progType: BPF_PROG_TYPE_RAW_TRACEPOINT });
}

/** Loads and attaches an fentry, fexit or fmod_ret program. */
export function trace(
  bpf: Bpf,
  hook: keyof typeof ATTACH,
  func: string,
  text: string,
  cookie?: bigint,
): { prog: number; link: number } {
  const prog = load(bpf, text, {
    progType: BPF_PROG_TYPE_TRACING,
    expectedAttachType: ATTACH[hook],
    attachBtfId: funcId(bpf, func),
  });
  const link = bpf.linkCreate({ progFd: prog, attachType: ATTACH[hook], ...(cookie === undefined ? {} : { cookie }) });
  return { prog, link };
}

/** Loads a program and attaches it by a perf event, whose fd is closed again. */
export function probe(
  bpf: Bpf,
  func: string,
  text: string,
  options: { retprobe?: boolean; cookie?: bigint } = {},
): { prog: number; link: number } {
  const prog = load(bpf, text, { progType: BPF_PROG_TYPE_KPROBE });
  const event = bpf.perfEventOpen({ kind: "kprobe", func, retprobe: options.retprobe ?? false });
  const { cookie } = options;
  const attr = { progFd: prog, targetFd: event, attachType: BPF_PERF_EVENT };
  const link = bpf.linkCreate(cookie === undefined ? attr : { ...attr, cookie });
  bpf.close(event);
  return { prog, link };
}

/** An iterator program, its link to a map, and the iterator. */
export function iterator(bpf: Bpf, map: number, text: string): { prog: number; link: number; iter: number } {
  const prog = load(bpf, text, {
    progType: BPF_PROG_TYPE_TRACING,
    expectedAttachType: BPF_TRACE_ITER,
    attachBtfId: funcId(bpf, "bpf_iter_bpf_map_elem"),
  });
  const link = bpf.linkCreate({ progFd: prog, attachType: BPF_TRACE_ITER, iterInfo: u32(map) });
  return { prog, link, iter: bpf.iterCreate(link) };
}

export function hashMap(bpf: Bpf, maxEntries = 16, more: { valueSize?: number; type?: number } = {}): number {
  return bpf.mapCreate({
    type: BPF_MAP_TYPE_HASH,
    name: "m",
    keySize: 4,
    valueSize: 4,
    maxEntries,
    mapFlags: 0,
    ...more,
  });
}

export function arrayMap(bpf: Bpf, maxEntries = 1, valueSize = 8): number {
  return bpf.mapCreate({ type: BPF_MAP_TYPE_ARRAY, name: "a", keySize: 4, valueSize, maxEntries, mapFlags: 0 });
}

/** `bpf_map_update_elem(map, &key, &value, 0)`; R0 is its result. */
export function update(map: number, key: number, value: number): string {
  return `*(u32 *)(r10 -12) = ${key}
    *(u32 *)(r10 -16) = ${value}
    r1 = map[fd:${map}]
    r2 = r10
    r2 += -12
    r3 = r10
    r3 += -16
    r4 = 0
    call bpf_map_update_elem`;
}

/** Stores R0 as the 64-bit value 0 of an array. R6–R9 are kept but for R9. */
export function keep(map: number): string {
  return `r9 = r0
    *(u32 *)(r10 -12) = 0
    r1 = map[fd:${map}]
    r2 = r10
    r2 += -12
    call bpf_map_lookup_elem
    if r0 == 0 goto pc+1
    *(u64 *)(r0 +0) = r9`;
}

/** The first u64 of element 0. */
export function kept(bpf: Bpf, map: number): bigint {
  const value = new Uint8Array(8);
  bpf.mapLookupElem(map, u32(0), value);
  return new DataView(value.buffer).getBigUint64(0, true);
}

export function progInfo(bpf: Bpf, fd: number): ProgInfo {
  const info = bpf.objGetInfo(fd);
  if (info.kind !== "prog") throw new Error(`fd ${fd} is a ${info.kind}`);
  return info;
}

/** Closes every fd of every process. */
export function closeAll(kernel: Kernel): void {
  for (const process of kernel.processes) {
    for (const [fd] of process.fds.entries()) process.bpf.close(fd);
  }
}

/** Does `body` once, as soon as a program prints: while it runs. */
export function whileRunning(kernel: Kernel, body: () => void): void {
  const stop = kernel.traceLog.listen(() => {
    stop();
    body();
  });
}
