import { EFAULT } from "@bpf-ts/uapi/errno";
import type { Run } from "@bpf-ts/vm";
import { high } from "./args.ts";
import type { HelperFactory } from "./env.ts";

/**
 * Reads of memory that may not be there. One memory holds what Linux calls user and kernel memory, so the variants differ in name only;
 * a read succeeds where the program itself could read.
 *
 * @see v6.18 kernel/trace/bpf_trace.c, bpf_probe_read_kernel_common, bpf_probe_read_kernel_str_common; mm/maccess.c
 */

function canRead(run: Run, address: number, addressHigh: number, size: number): boolean {
  return addressHigh === 0 && run.accessible(address, size);
}

/** 0, or -EFAULT after zeroing the target. */
function probeRead(run: Run, target: number, size: number, source: number): number {
  const to = target >>> 0;
  const length = size >>> 0;
  if (length === 0) return 0;
  if (!canRead(run, source, high(run, 3), length)) {
    run.memory.u8.fill(0, to, to + length);
    return -EFAULT;
  }
  run.memory.u8.copyWithin(to, source >>> 0, (source >>> 0) + length);
  return 0;
}

/** Length with the NUL, which is always there; or -EFAULT after zeroing the target. What lies behind the NUL stays. */
function probeReadStr(run: Run, target: number, size: number, source: number): number {
  const to = target >>> 0;
  const length = size >>> 0;
  const from = source >>> 0;
  if (length === 0) return 0;
  const { memory } = run;
  const bytes = memory.u8;
  const sourceHigh = high(run, 3);
  // Accessible up to here; regions are asked for once, not once a byte.
  let known = from;
  for (let at = 0; at < length; at++) {
    const address = from + at;
    if (address >= known) {
      if (!canRead(run, address, sourceHigh, 1)) {
        bytes.fill(0, to, to + length);
        return -EFAULT;
      }
      known = memory.hitEnd;
    }
    const byte = at === length - 1 ? 0 : bytes[address]!;
    bytes[to + at] = byte;
    if (byte === 0) return at + 1;
  }
  return length;
}

function reader(name: string): HelperFactory {
  return () => ({ name, wide: "args", run: probeRead });
}

function stringReader(name: string): HelperFactory {
  return () => ({ name, wide: "args", run: probeReadStr });
}

/** `bpf_probe_read` */
export const probeReadAny: HelperFactory = reader("bpf_probe_read");
/** `bpf_probe_read_user` */
export const probeReadUser: HelperFactory = reader("bpf_probe_read_user");
/** `bpf_probe_read_kernel` */
export const probeReadKernel: HelperFactory = reader("bpf_probe_read_kernel");
/** `bpf_copy_from_user`: the sleepable one; nothing ever has to be paged in here. */
export const copyFromUser: HelperFactory = reader("bpf_copy_from_user");
/** `bpf_probe_read_str` */
export const probeReadStrAny: HelperFactory = stringReader("bpf_probe_read_str");
/** `bpf_probe_read_user_str` */
export const probeReadUserStr: HelperFactory = stringReader("bpf_probe_read_user_str");
/** `bpf_probe_read_kernel_str` */
export const probeReadKernelStr: HelperFactory = stringReader("bpf_probe_read_kernel_str");

/** `bpf_probe_write_user`: 0 or -EFAULT. */
export const probeWriteUser: HelperFactory = () => ({
  name: "bpf_probe_write_user",
  wide: "args",
  run: (run, target, source, size) => {
    const length = size >>> 0;
    if (high(run, 1) !== 0 || !run.accessible(target, length, true)) return -EFAULT;
    run.memory.u8.copyWithin(target >>> 0, source >>> 0, (source >>> 0) + length);
    return 0;
  },
});
