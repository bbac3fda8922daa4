import type { BpfMap, RingbufMap } from "@bpf-ts/maps";
import type { Memory } from "@bpf-ts/memory";
import type { Executable, HelperEntry, Run } from "@bpf-ts/vm";

/** A map as helpers see it. */
export interface HelperMap {
  readonly map: BpfMap;
}

/** Updates and deletes with everything that happens around them. */
export interface HelperMapWrites {
  /** 0 or a negative errno. `flags`: low 32 bits, -1 where the high ones are not zero. */
  update(map: HelperMap, key: number, value: number, flags: number, cpu: number): number;
  delete(map: HelperMap, key: number, cpu: number): number;
}

/** Time. Nanoseconds. */
export interface HelperClock {
  /** Since boot. */
  monotonicNs(): bigint;
  /** Since 1970, international atomic time. */
  taiNs(): bigint;
}

/** On whose behalf a program runs. */
export interface HelperTask {
  readonly pid: number;
  readonly tgid: number;
  readonly comm: string;
  readonly uid: number;
  readonly gid: number;
}

/** Ring buffer records that are reserved and not committed. */
export interface HelperRingRecords {
  /** Address of the sample, 0 where there is no room. `size`: bytes. */
  reserve(ring: RingbufMap, size: number): number;
  /** Flags: BPF_RB_NO_WAKEUP, BPF_RB_FORCE_WAKEUP. */
  commit(sample: number, flags: number, discard: boolean): void;
}

/** A `struct seq_file` that an iterator's program prints to. */
export interface SeqFile {
  /** Bytes from what is printed so far to the end of the buffer; 0 once it has overflowed. */
  readonly room: number;
  /** Appends bytes, fewer than `room`. */
  append(bytes: Uint8Array): void;
  /** Something did not fit: the element will be shown again, with a larger buffer. */
  overflow(): void;
}

/** What a function's tracing program can ask about the function. @see v6.18 kernel/trace/bpf_trace.c */
export interface TracedFunction {
  /** Its arguments: what lies in the context before the return value. */
  readonly argCount: number;
  /** Whether the context holds a return value: fexit and fmod_ret. */
  readonly hasReturn: boolean;
}

/**
 * What helpers ask of the kernel. The optional parts are those that only some programs have: a helper that needs one which is absent makes the
 * load fail, by name.
 */
export interface HelperEnv {
  readonly memory: Memory;
  /** Possible CPUs. */
  readonly cpus: number;
  /** The map of a handle (unsigned). */
  mapByHandle(handle: number): HelperMap | undefined;
  readonly mapWrites: HelperMapWrites;
  readonly clock: HelperClock;
  readonly random: { u32(): number };
  /** Now, that is at the call. */
  readonly current: HelperTask;
  /** What `bpf_trace_printk` prints, without a line's end that the format did not have. */
  readonly traceLog: { write(text: string): void };
  /** NUMA node of a CPU; 0 where absent. */
  numaNode?(cpu: number): number;
  /** Address of the current task's `struct task_struct`. */
  taskStruct?(): number;
  /** The seq_file at an address. */
  seqFile?(address: number): SeqFile | undefined;
  /** The program in an element of a PROG_ARRAY, by what the element holds. */
  executableOf?(object: unknown): Executable | undefined;
  readonly ringRecords?: HelperRingRecords;
  /**
   * Writes a raw sample to the perf event that an element of a PERF_EVENT_ARRAY holds: 0 or a negative errno, -EOPNOTSUPP for another CPU's,
   * -EINVAL for one that is not made for BPF output.
   */
  perfOutput?(event: unknown, cpu: number, data: Uint8Array): number;
  /** The packet that a context describes, for programs that have one: address and bytes. */
  packet?(ctx: number): { readonly address: number; readonly size: number };
  /** Address of a per-CPU variable's copy. */
  perCpuAddress?(address: number, cpu: number): number;
  /** Name of a kernel symbol, with `+0x<offset>/0x<size>` if `offset`; undefined where no symbol is. */
  symbol?(address: bigint, offset: boolean): string | undefined;
  /** For tracing programs. */
  readonly tracedFunction?: TracedFunction;
  /** Address of the function that a kprobe or tracing program runs for. */
  funcIp?(run: Run, ctx: number): bigint;
  /** The link's cookie. */
  attachCookie?(run: Run, ctx: number): bigint;
}

/** Makes a helper for one program. @throws UnsupportedError where the environment lacks what it needs */
export type HelperFactory = (k: HelperEnv) => HelperEntry;
