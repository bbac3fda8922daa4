/// <reference types="node" />
import { readdirSync, readlinkSync } from "node:fs";
import { BpfError } from "@bpf-ts/uapi";
import { BPF_MAP_TYPE_ARRAY } from "@bpf-ts/uapi/map-types";
import { LinuxKernel, type LinuxKernelOptions } from "../src/index.ts";

/** The running kernel, or why there is none to talk to. */
export function openLinux(options: LinuxKernelOptions = {}): LinuxKernel | string {
  try {
    const kernel = new LinuxKernel(options);
    const probe = { type: BPF_MAP_TYPE_ARRAY, name: "", keySize: 4, valueSize: 4, maxEntries: 1, mapFlags: 0 };
    kernel.close(kernel.mapCreate(probe));
    return kernel;
  } catch (error) {
    if (error instanceof BpfError) return error.message;
    throw error;
  }
}

/** What this process has open that is BPF's. */
export function openBpfFiles(): string[] {
  const found: string[] = [];
  for (const fd of readdirSync("/proc/self/fd")) {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      if (target.includes("bpf") || target.includes("btf")) found.push(`${fd}: ${target}`);
    } catch {
      // The folder's own fd.
    }
  }
  return found;
}

/** The errno and code of the BpfError that `run` throws. */
export function failure(run: () => unknown): BpfError {
  try {
    run();
  } catch (error) {
    if (error instanceof BpfError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** A number as little-endian bytes. */
export function u32(value: number): Uint8Array {
  return Uint8Array.of(value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24);
}
