/** The name of something that is not modelled. */
export type UnsupportedFeature =
  | "arena"
  | "attach-prog"
  | "async-callback"
  | "caps"
  | "helper"
  | "irq-flag"
  | "kernel-symbol"
  | "kfunc"
  | "kptr"
  | "module-btf"
  | "prog-type"
  | "prog-flag"
  | "res-spin-lock"
  | "sleepable";

/**
 * What the verifier does not model. A program that needs one of these gets the verdict `unsupported` naming it: never a silent accept.
 * Closed: every use goes through this table, and the README lists it.
 */
export const UNSUPPORTED_FEATURES: Readonly<Record<UnsupportedFeature, string>> = {
  arena: "arena maps and address space casts",
  "attach-prog": "programs that extend or trace another BPF program",
  "async-callback": "task work",
  caps: "loading without CAP_BPF and CAP_PERFMON: pointer leak checks and speculative paths",
  helper: "this helper's special checks",
  "irq-flag": "interrupt flags saved on the stack",
  "kernel-symbol": "a type that the kernel's BTF does not have",
  kfunc: "a call of this kernel function",
  kptr: "kernel pointers in maps without BTF",
  "module-btf": "BTF of kernel modules",
  "prog-type": "this program type",
  "prog-flag": "this program load flag",
  "res-spin-lock": "resilient spin locks",
  sleepable: "sleepable programs where the kernel does not say which functions may sleep",
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
