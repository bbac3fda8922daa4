import type { Bpf, ProgInfo, TestRunAttr, TestRunResult } from "@bpf-ts/uapi";
import { attachProgram } from "../attach/attach-program.ts";
import { attachIterator, type IteratorTarget } from "../attach/iterator.ts";
import { attachKprobe, type KprobeOptions } from "../attach/kprobe.ts";
import { attachMapTrace, type MapTraceOptions } from "../attach/map-trace.ts";
import { attachRawTracepoint } from "../attach/raw-tracepoint.ts";
import { attachTrace } from "../attach/trace.ts";
import { attachTracepoint } from "../attach/tracepoint.ts";
import { LibbpfError } from "../error.ts";
import type { ProgramSpec } from "../spec/program-spec.ts";
import type { BpfLink } from "./bpf-link.ts";
import type { BpfMap } from "./bpf-map.ts";
import { xlatedText } from "./xlated-text.ts";

/** Input of a test run. */
export interface RunInput extends Omit<TestRunAttr, "dataIn" | "ctxIn"> {
  /** Packet or other input. */
  data?: Uint8Array;
  /** Context in UAPI layout. */
  ctx?: Uint8Array;
}

/** A loaded program. Closed with its object, or before. */
export class BpfProgram implements Disposable {
  readonly #bpf: Bpf;
  /** Maps of the object by declared name: what `map_trace` sections refer to. */
  readonly #maps: ReadonlyMap<string, BpfMap>;
  #fd: number | undefined;
  /** As it was loaded. */
  readonly spec: ProgramSpec;
  /** The verifier's log at the level asked for. */
  readonly log: string;

  constructor(bpf: Bpf, fd: number, spec: ProgramSpec, log: string, maps: ReadonlyMap<string, BpfMap>) {
    this.#bpf = bpf;
    this.#fd = fd;
    this.spec = spec;
    this.log = log;
    this.#maps = maps;
  }

  get name(): string {
    return this.spec.name;
  }

  /** @throws LibbpfError STATE once closed */
  get fd(): number {
    if (this.#fd === undefined) throw new LibbpfError("STATE", `program ${this.name} is closed`);
    return this.#fd;
  }

  info(): ProgInfo {
    const info = this.#bpf.objGetInfo(this.fd);
    if (info.kind !== "prog") throw new Error(`fd ${this.fd} is a ${info.kind}, expected a program`);
    return info;
  }

  /**
   * Its instructions as they run, after the kernel's rewrites: a line each, as `bpftool prog dump xlated` prints them. What the rewrites call beside
   * helpers (`bpf_trace_map_update_elem`) is shown by name.
   */
  dumpXlated(): string {
    return xlatedText(this.info());
  }

  /**
   * Runs it once (or `repeat` times) on the given input, without attaching it.
   *
   * @throws BpfError with the kernel's errno: ENOTSUPP for types that have no test runs, EINVAL for input that does not fit
   */
  run(input: RunInput = {}): TestRunResult {
    const { data, ctx, ...attr } = input;
    return this.#bpf.progTestRun(this.fd, {
      ...attr,
      ...(data === undefined ? {} : { dataIn: data }),
      ...(ctx === undefined ? {} : { ctxIn: ctx }),
    });
  }

  /** Whether {@link BpfObject.attach} attaches it: its section says to what, and nobody has switched that off. */
  get canAutoattach(): boolean {
    const { autoattach, attachKind, attachTarget } = this.spec;
    if (!autoattach || attachKind === "none" || attachTarget === "") return false;
    // Which map is open.
    return !(attachKind === "iter" && attachTarget === "bpf_map_elem");
  }

  /** Attaches it to what its section's name says. @throws LibbpfError ATTACH where the name does not say */
  attach(): BpfLink {
    return attachProgram(this.#bpf, this, this.#maps);
  }

  attachKprobe(options: KprobeOptions): BpfLink {
    return attachKprobe(this.#bpf, this, options);
  }

  attachTracepoint(category: string, name: string): BpfLink {
    return attachTracepoint(this.#bpf, this, category, name);
  }

  /** fentry, fexit, fmod_ret, tp_btf: the target was fixed at load. */
  attachTrace(): BpfLink {
    return attachTrace(this.#bpf, this);
  }

  attachRawTracepoint(name: string): BpfLink {
    return attachRawTracepoint(this.#bpf, this, name);
  }

  attachIterator(target: IteratorTarget = {}): BpfLink {
    return attachIterator(this.#bpf, this, target);
  }

  /** Attaches a map tracer to any map. */
  attachMapTrace(options: MapTraceOptions): BpfLink {
    return attachMapTrace(this.#bpf, this, options);
  }

  /** Closes its fd; links keep it running. Doing it twice is no error. */
  close(): void {
    if (this.#fd === undefined) return;
    const fd = this.#fd;
    this.#fd = undefined;
    this.#bpf.close(fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
