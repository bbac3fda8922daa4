/** The name of something that is not modelled. */
export type UnsupportedFeature =
  | "arena"
  | "attach-prog"
  | "async-callback"
  | "btf-record"
  | "caps"
  | "dynptr"
  | "exception"
  | "global-func-arg"
  | "helper"
  | "irq-flag"
  | "iterator"
  | "kernel-symbol"
  | "kfunc"
  | "kptr"
  | "map-type"
  | "module-btf"
  | "offload"
  | "prog-type"
  | "prog-flag"
  | "reference"
  | "res-spin-lock"
  | "rcu"
  | "sleepable"
  | "spin-lock"
  | "struct-ops"
  | "token";

/**
 * What the verifier does not model. A program that needs one of these gets the verdict `unsupported` naming it: never a silent accept.
 * Closed: every use goes through this table, and the README lists it.
 */
export const UNSUPPORTED_FEATURES: Readonly<Record<UnsupportedFeature, string>> = {
  arena: "arena maps and address space casts",
  "attach-prog": "programs that extend or trace another BPF program",
  "async-callback": "callbacks that run later: timers, work queues",
  "btf-record": "map values and objects with special fields: locks, timers, kptrs, lists, trees",
  caps: "loading without CAP_BPF and CAP_PERFMON: pointer leak checks and speculative paths",
  dynptr: "dynptrs",
  exception: "bpf_throw and exception callbacks",
  "global-func-arg": "a global function's argument of this type",
  helper: "this helper's special checks",
  "irq-flag": "interrupt flags saved on the stack",
  iterator: "open-coded iterators",
  "kernel-symbol": "addresses and types of kernel symbols",
  kfunc: "calls of kernel functions",
  kptr: "kernel pointers in maps",
  "map-type": "a map of this type",
  "module-btf": "BTF of kernel modules",
  offload: "programs for devices",
  "prog-type": "this program type",
  "prog-flag": "this program load flag",
  reference: "acquired references",
  "res-spin-lock": "resilient spin locks",
  rcu: "RCU read sections",
  sleepable: "sleepable programs",
  "spin-lock": "spin locks",
  "struct-ops": "struct_ops programs",
  token: "BPF tokens",
};

/** Thrown where a program needs what is not modelled; becomes the verdict `unsupported` in one place. */
export class UnsupportedSignal extends Error {
  readonly feature: UnsupportedFeature;
  readonly detail: string;
  constructor(feature: UnsupportedFeature, detail: string) {
    super(`unsupported: ${feature}${detail === "" ? "" : ` (${detail})`}`);
    this.feature = feature;
    this.detail = detail;
  }
}

/** Ends verification with the verdict `unsupported`. `detail` says which one, e.g. a helper's name. */
export function unsupported(feature: UnsupportedFeature, detail = ""): never {
  throw new UnsupportedSignal(feature, detail);
}
