import { EFAULT, ERANGE } from "@bpf-ts/uapi/errno";
import type { Run } from "@bpf-ts/vm";
import { high } from "./args.ts";
import type { HelperFactory } from "./env.ts";

/**
 * Reads of memory that may not be there. One memory holds what Linux calls user and kernel memory, so the variants differ in the error alone;
 * a read succeeds where the program itself could read.
 *
 * @see v6.18 kernel/trace/bpf_trace.c, bpf_probe_read_kernel_common, bpf_probe_read_kernel_str_common; mm/maccess.c
 */

/** The error of a read, by the address. */
type BadAddress = (high: number, low: number) => number;

/** User memory ends a page below 2^47. High half, and low half where that is the last. @see v6.18 arch/x86/include/asm/page_64_types.h, TASK_SIZE */
const USER_LAST_HIGH = 0x7fff;
const USER_LAST_LOW = 0xffff_f000;
/** Addresses of 57 bits, sign-extended, are canonical. High halves. */
const CANONICAL_END_HIGH = 0x0100_0000;
const CANONICAL_AGAIN_HIGH = 0xff00_0000;
/** The page of the old vsyscalls, which looks like kernel memory and is not. */
const VSYSCALL_LOW = 0xff60_0000;
const PAGE_MASK = 0xffff_f000;

/** User memory: whatever is wrong. */
const badUserAddress: BadAddress = () => -EFAULT;

/**
 * Kernel memory: an address that is no kernel's is another error than one where nothing is.
 *
 * @see v6.18 arch/x86/mm/maccess.c, copy_from_kernel_nofault_allowed
 */
const badKernelAddress: BadAddress = (addressHigh, low) => {
  const upper = addressHigh >>> 0;
  const isVsyscall = addressHigh === -1 && (low & PAGE_MASK) >>> 0 === VSYSCALL_LOW;
  const isCanonical = upper < CANONICAL_END_HIGH || upper >= CANONICAL_AGAIN_HIGH;
  return upper <= USER_LAST_HIGH || !isCanonical || isVsyscall ? -ERANGE : -EFAULT;
};

function isUserAddress(addressHigh: number, low: number): boolean {
  const upper = addressHigh >>> 0;
  return upper < USER_LAST_HIGH || (upper === USER_LAST_HIGH && low >>> 0 < USER_LAST_LOW);
}

/** Either, by the address. @see v6.18 kernel/trace/bpf_trace.c, bpf_probe_read_compat */
const badAnyAddress: BadAddress = (addressHigh, low) => {
  return (isUserAddress(addressHigh, low) ? badUserAddress : badKernelAddress)(addressHigh, low);
};

/** What a read of nothing answers: addresses are looked at all the same, but not whether something is there. */
function readOfNothing(addressHigh: number, low: number, bad: BadAddress): number {
  const error = bad(addressHigh, low);
  if (error === -ERANGE) return error;
  // Nothing may be read from the very end of user memory.
  const isUserEnd = addressHigh === USER_LAST_HIGH && low >>> 0 === USER_LAST_LOW;
  return bad === badUserAddress && !isUserAddress(addressHigh, low) && !isUserEnd ? -EFAULT : 0;
}

function canRead(run: Run, address: number, addressHigh: number, size: number): boolean {
  return addressHigh === 0 && run.accessible(address, size);
}

/** 0, or an error after zeroing the target. */
function probeRead(run: Run, target: number, size: number, source: number, bad: BadAddress): number {
  const to = target >>> 0;
  const length = size >>> 0;
  const sourceHigh = high(run, 3);
  if (!canRead(run, source, sourceHigh, length)) {
    if (length === 0) return readOfNothing(sourceHigh, source, bad);
    run.memory.u8.fill(0, to, to + length);
    return bad(sourceHigh, source);
  }
  run.memory.u8.copyWithin(to, source >>> 0, (source >>> 0) + length);
  return 0;
}

/** Length with the NUL, which is always there; or an error after zeroing the target. What lies behind the NUL stays. */
function probeReadStr(run: Run, target: number, size: number, source: number, bad: BadAddress): number {
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
        // The first byte decides whose memory it is; beyond, there is just nothing.
        return at === 0 ? bad(sourceHigh, source) : -EFAULT;
      }
      known = memory.hitEnd;
    }
    const byte = at === length - 1 ? 0 : bytes[address]!;
    bytes[to + at] = byte;
    if (byte === 0) return at + 1;
  }
  return length;
}

function reader(name: string, bad: BadAddress): HelperFactory {
  return () => ({ name, wide: "args", run: (run, to, size, from) => probeRead(run, to, size, from, bad) });
}

function stringReader(name: string, bad: BadAddress): HelperFactory {
  return () => ({ name, wide: "args", run: (run, to, size, from) => probeReadStr(run, to, size, from, bad) });
}

/** `bpf_probe_read` */
export const probeReadAny: HelperFactory = reader("bpf_probe_read", badAnyAddress);
/** `bpf_probe_read_user` */
export const probeReadUser: HelperFactory = reader("bpf_probe_read_user", badUserAddress);
/** `bpf_probe_read_kernel` */
export const probeReadKernel: HelperFactory = reader("bpf_probe_read_kernel", badKernelAddress);
/** `bpf_copy_from_user`: the sleepable one; nothing ever has to be paged in here. */
export const copyFromUser: HelperFactory = reader("bpf_copy_from_user", badUserAddress);
/** `bpf_probe_read_str` */
export const probeReadStrAny: HelperFactory = stringReader("bpf_probe_read_str", badAnyAddress);
/** `bpf_probe_read_user_str` */
export const probeReadUserStr: HelperFactory = stringReader("bpf_probe_read_user_str", badUserAddress);
/** `bpf_probe_read_kernel_str` */
export const probeReadKernelStr: HelperFactory = stringReader("bpf_probe_read_kernel_str", badKernelAddress);

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
