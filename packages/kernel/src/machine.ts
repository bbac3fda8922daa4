import type { Btf } from "@bpf-ts/btf";
import { TargetRegistry, withMapTrace } from "@bpf-ts/map-trace";
import { MapTable } from "@bpf-ts/maps";
import { Memory } from "@bpf-ts/memory";
import { BPF_MODIFY_RETURN } from "@bpf-ts/uapi/attach-types";
import { EINVAL } from "@bpf-ts/uapi/errno";
import { BPF_PROG_TYPE_TRACING } from "@bpf-ts/uapi/prog-types";
import { defaultProfile, type KernelProfile } from "@bpf-ts/verifier";
import { Vm } from "@bpf-ts/vm";
import { KernelError } from "./error.ts";
import { FunctionCalls } from "./hooks/function-calls.ts";
import { RawTracepoints } from "./hooks/raw-tracepoints.ts";
import { KERNEL_BTF, KERNEL_TYPES } from "./kernel-btf/build.ts";
import { mapHooks } from "./objects/map-hooks.ts";
import { ObjectTables } from "./objects/object-tables.ts";
import { OutputEvents } from "./perf/output-events.ts";
import { Cgroup } from "./process/cgroups.ts";
import { FileSystem } from "./process/files.ts";
import type { MapFile } from "./process/open-files.ts";
import type { Process } from "./process/process.ts";
import type { SeqBuffer } from "./process/seq-buffer.ts";
import { SeededRandom } from "./random.ts";
import { MapTracers } from "./run/map-tracers.ts";
import { MapWrites } from "./run/map-writes.ts";
import { ProgramRunner } from "./run/program-runner.ts";
import { RingRecords } from "./run/ring-records.ts";
import { Scratch } from "./scratch.ts";
import { type Clock, DeterministicClock } from "./time/clock.ts";
import { TraceLog } from "./trace-log.ts";

/** What a kernel is made with. Everything has a default, and nothing depends on the host: two kernels made alike behave alike. */
export interface KernelOptions {
  /** Possible CPUs; 4. */
  cpus?: number;
  /** Bytes of memory that the kernel never exceeds; 1 GiB. */
  memoryLimit?: number;
  /** Seeds bpf_get_prandom_u32 and the maps' hash functions; 1. */
  seed?: number;
  /** A deterministic clock unless told otherwise. */
  clock?: Clock;
  /** File descriptors of one process; 1024. */
  maxFds?: number;
  /** Instructions that one run of a program may take; 100 million. */
  fuel?: number;
  /** A kernel without map tracing's rewrite and attach type: what it costs is measured against this. */
  mapTrace?: boolean;
}

/** Raw tracepoints of this kernel. */
const RAW_TRACEPOINTS = ["sys_enter", "sys_exit"];

const DEFAULT_CPUS = 4;
const DEFAULT_SEED = 1;
const DEFAULT_MAX_FDS = 1024;
const DEFAULT_FUEL = 100_000_000;
/** Bytes of a CPU's stack: 24 programs, each of 8 frames of 512 bytes and what rewrites add. */
const STACK_BYTES = 128 * 1024;

/** The parts of a kernel, wired up. Internal: users hold a `Kernel`. */
export class Machine implements Disposable {
  readonly cpus: number;
  readonly maxFds: number;
  readonly memory: Memory;
  readonly scratch: Scratch;
  readonly maps: MapTable;
  readonly vm: Vm;
  readonly runner: ProgramRunner;
  readonly functions: FunctionCalls;
  readonly rawTracepoints: RawTracepoints;
  readonly mapWrites: MapWrites;
  readonly mapTracers: MapTracers;
  readonly targets: TargetRegistry = new TargetRegistry();
  readonly kernelBtf: Btf = KERNEL_BTF;
  readonly profile: KernelProfile;
  readonly objects: ObjectTables;
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly files: FileSystem = new FileSystem();
  readonly traceLog: TraceLog = new TraceLog();
  readonly outputEvents: OutputEvents;
  readonly ringRecords: RingRecords = new RingRecords();
  /** Buffers of running iterators by the address of their seq_file. */
  readonly seqBuffers: Map<number, SeqBuffer> = new Map();
  /** The root cgroup. */
  readonly cgroup: Cgroup = new Cgroup();
  /** What stands for the inode that BPF objects' files share. */
  readonly anonInode: object = {};
  /** The open map whose element is being updated by user space. */
  updatingFile: MapFile | undefined;
  #iterSessions = 0n;
  #socketCookies = 0n;
  /** All that were made, the ended ones too. */
  readonly processes: Process[] = [];
  /** The process whose system call, or on whose behalf a program, runs now. Set by the kernel before anything can ask. */
  current!: Process;

  constructor(options: KernelOptions) {
    this.cpus = options.cpus ?? DEFAULT_CPUS;
    this.maxFds = options.maxFds ?? DEFAULT_MAX_FDS;
    if (!Number.isSafeInteger(this.maxFds) || this.maxFds < 0)
      throw new KernelError(EINVAL, `maxFds ${this.maxFds}: expected an integer from 0`);
    this.memory = new Memory(options.memoryLimit === undefined ? {} : { maxBytes: options.memoryLimit });
    this.random = new SeededRandom(options.seed ?? DEFAULT_SEED);
    this.clock = options.clock ?? new DeterministicClock();
    this.scratch = new Scratch(this.memory);
    this.objects = new ObjectTables();
    this.outputEvents = new OutputEvents(this.memory);
    this.maps = new MapTable(this.memory, {
      cpus: this.cpus,
      random32: () => this.random.u32(),
      hooks: mapHooks(this),
    });
    this.vm = new Vm({
      memory: this.memory,
      cpus: this.cpus,
      fuel: options.fuel ?? DEFAULT_FUEL,
      stackBytes: STACK_BYTES,
    });
    this.runner = new ProgramRunner(this.vm, this.maps, this.ringRecords);
    const parts = { memory: this.memory, scratch: this.scratch, runner: this.runner, cpus: this.cpus };
    this.functions = new FunctionCalls(parts, KERNEL_TYPES.functions);
    this.rawTracepoints = new RawTracepoints(parts, RAW_TRACEPOINTS);
    this.mapWrites = new MapWrites(this.functions, this.maps);
    this.mapTracers = new MapTracers({
      ...parts,
      maps: this.maps,
      mapByHandle: (handle) => this.objects.mapByHandle(handle),
    });
    const base = this.#withKernelFunctions(defaultProfile(this.kernelBtf));
    this.profile = options.mapTrace === false ? base : withMapTrace(base, this.targets);
  }

  /** Which functions fmod_ret programs may change is this kernel's to say. @see v6.18 kernel/bpf/verifier.c, check_attach_modify_return */
  #withKernelFunctions(profile: KernelProfile): KernelProfile {
    return {
      ...profile,
      checkAttach: (input) => {
        const isFmodRet = input.progType === BPF_PROG_TYPE_TRACING && input.expectedAttachType === BPF_MODIFY_RETURN;
        if (!isFmodRet || input.attachProg === true) return profile.checkAttach(input);
        const btfId = input.attachBtfId ?? 0;
        if (btfId === 0) return { errno: EINVAL, text: "Tracing programs must provide btf_id" };
        const isFunc = btfId < this.kernelBtf.typeCount && this.kernelBtf.kindOf(btfId) === "func";
        if (!isFunc) return { errno: EINVAL, text: `attach_btf_id ${btfId} is not a function` };
        const name = this.kernelBtf.nameOf(btfId);
        if (this.functions.get(name)?.def.canModifyReturn !== true)
          return { errno: EINVAL, text: `${name}() is not modifiable` };
        return { name, protoId: this.kernelBtf.sizeOrTypeOf(btfId) };
      },
    };
  }

  /** Does `body` once no program runs: at once, if none does. For freeing what running programs may still hold pointers to. */
  whenIdle(body: () => void): void {
    if (this.maps.busy) this.maps.whenIdle({ reclaim: body });
    else body();
  }

  /** A number for each run of an iterator, from 1. */
  nextIterSession(): bigint {
    return ++this.#iterSessions;
  }

  /** A number for each socket, from 1. */
  nextSocketCookie(): bigint {
    return ++this.#socketCookies;
  }

  /** The process of this id. */
  processById(pid: number): Process | undefined {
    return this.processes.find((process) => process.pid === pid);
  }

  /** Runs `body` while user space updates elements through an open map. */
  asUpdater<T>(file: MapFile, body: () => T): T {
    this.updatingFile = file;
    try {
      return body();
    } finally {
      this.updatingFile = undefined;
    }
  }

  /** Runs `body` with `process` as the current one. */
  asProcess<T>(process: Process, body: () => T): T {
    const before = this.current;
    this.current = process;
    try {
      return body();
    } finally {
      this.current = before;
    }
  }

  [Symbol.dispose](): void {
    this.vm[Symbol.dispose]();
    this.scratch[Symbol.dispose]();
  }
}
