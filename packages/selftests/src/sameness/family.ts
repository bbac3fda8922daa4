import type fc from "fast-check";
import { bytesOf, keyOf } from "./bytes.ts";
import type { FileKind } from "./sides.ts";
import { isPercpu, type MapSpec, type Op } from "./spec.ts";

/** One family of maps that are compared: what they are created with, what is done to them. */
export interface Family {
  readonly name: string;
  /** `BPF_MAP_TYPE_*`s that it is about. */
  readonly types: readonly number[];
  readonly spec: fc.Arbitrary<MapSpec>;
  readonly op: fc.Arbitrary<Op>;
  /** Operations of one sequence; 250. */
  readonly longest?: number;
  /** Objects that elements may hold, or that own them, by name. */
  readonly objects?: readonly ObjectName[];
  /** Elements hold objects: user space writes fds, and reads ids or cookies, which are shown as the objects' names. */
  readonly holdsObjects?: true;
  /** The key of a number; `keyOf` unless told otherwise. */
  key?(spec: MapSpec, n: number): Uint8Array;
  /** The value of a number as user space writes it; `valueOf` unless told otherwise. */
  value?(spec: MapSpec, n: number, cpus: number, fd: (name: ObjectName) => number): Uint8Array;
  /** A value that user space read, where ids are in it; all bytes unless told otherwise. */
  show?(spec: MapSpec, value: Uint8Array, nameOf: (id: bigint) => string): string;
  /**
   * Whether keys come in the same order in both kernels. Where not, only what does not depend on the order is compared: sets of keys, and
   * values by key.
   */
  isOrdered(spec: MapSpec): boolean;
}

/** `p` and `m`: a program, a map; `f`: an open file of that kind; `closed`: an fd that is not open, `none`: -1. */
export type ObjectName =
  | `p:${ProgName}`
  | `m:${MapName}`
  | `f:${FileKind}`
  | `f:${FileKind}:2`
  | "self"
  | "closed"
  | "none";

/** Programs that maps may hold. */
export type ProgName = "filter" | "filter2" | "xdp" | "devmap" | "cpumap";

/** Maps that maps may hold, or that are templates. */
export type MapName =
  | "array4"
  | "array4b"
  | "array5"
  | "hash4"
  | "hash5"
  | "inner4"
  | "inner5"
  | "noPrealloc"
  | "lru"
  | "progs"
  | "outer"
  | "locked"
  | "locked2";

/** A value: of each CPU, for per-CPU types. What lies between a value's end and the next one is nobody's business, hence zero. */
export function anyValue(spec: MapSpec, n: number, cpus: number): Uint8Array {
  if (!isPercpu(spec.type)) return bytesOf(n, spec.valueSize);
  const stride = Math.ceil(spec.valueSize / 8) * 8;
  const all = new Uint8Array(stride * cpus);
  for (let cpu = 0; cpu < cpus; cpu++) all.set(bytesOf(n * 64 + cpu, spec.valueSize), cpu * stride);
  return all;
}

/** The default of {@link Family.key}. */
export function anyKey(spec: MapSpec, n: number): Uint8Array {
  return keyOf(n, spec.keySize);
}
