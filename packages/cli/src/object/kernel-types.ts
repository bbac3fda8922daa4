import { createKernel } from "@bpf-ts/kernel";
import { defaultProfile, type KernelProfile } from "@bpf-ts/verifier";
import { parseBtf } from "../batch/type-directory.ts";
import { readInput } from "../files.ts";
import type { Io } from "../io.ts";

/** The kernel that programs are verified for. */
export interface TargetKernel {
  readonly profile: KernelProfile;
  /** Linux 6.18 with the types that the caller named; else the in-process kernel, which has map tracing, and whose own functions are few. */
  readonly isGiven: boolean;
}

/** @param path BTF of a kernel, as in /sys/kernel/btf/vmlinux; without it, the in-process kernel is meant. @throws CliError INPUT */
export function targetKernel(io: Pick<Io, "readFile">, path: string | undefined): TargetKernel {
  if (path !== undefined) return { profile: defaultProfile(parseBtf(readInput(io, path), path)), isGiven: true };
  const kernel = createKernel();
  try {
    return { profile: kernel.profile, isGiven: false };
  } finally {
    kernel[Symbol.dispose]();
  }
}
