import type { Bpf, ProgInfo, TestRunAttr, TestRunResult } from "@bpf-ts/uapi";
import { attachProgram } from "../attach/attach-program.ts";
import { attachIterator, type IteratorTarget } from "../attach/iterator.ts";
import { attachKprobe, type KprobeOptions } from "../attach/kprobe.ts";
import { attachMapTrace, type MapTraceOptions } from "../attach/map-trace.ts";
import { attachRawTracepoint } from "../attach/raw-tracepoint.ts";
import { attachTrace } from "../attach/trace.ts";
import type { ProgramSpec } from "../spec/program-spec.ts";
import type { BpfLink } from "./bpf-link.ts";
import type { BpfMap } from "./bpf-map.ts";

/** A loaded program. Belongs to its object. */
export class BpfProgram {
  readonly #bpf: Bpf;
  /** Maps of the object by declared name: what `map_trace` sections refer to. */
  readonly #maps: ReadonlyMap<string, BpfMap>;
  readonly fd: number;
  readonly spec: ProgramSpec;
  /** The verifier's log at the level asked for. */
  readonly log: string;

  constructor(bpf: Bpf, fd: number, spec: ProgramSpec, log: string, maps: ReadonlyMap<string, BpfMap>) {
    this.#bpf = bpf;
    this.fd = fd;
    this.spec = spec;
    this.log = log;
    this.#maps = maps;
  }

  get name(): string {
    return this.spec.name;
  }

  info(): ProgInfo {
    const info = this.#bpf.objGetInfo(this.fd);
    if (info.kind !== "prog") throw new Error(`fd ${this.fd} is a ${info.kind}, expected a program`);
    return info;
  }

  /** Runs it once (or `repeat` times) on the given input, without attaching it. */
  run(input: TestRunAttr & { data?: Uint8Array; ctx?: Uint8Array } = {}): TestRunResult {
    const { data, ctx, ...attr } = input;
    return this.#bpf.progTestRun(this.fd, {
      ...attr,
      ...(data === undefined ? {} : { dataIn: data }),
      ...(ctx === undefined ? {} : { ctxIn: ctx }),
    });
  }

  /** Attaches it to what its section's name says. @throws LibbpfError ATTACH where the name does not say */
  attach(): BpfLink {
    return attachProgram(this.#bpf, this, this.#maps);
  }

  attachKprobe(options: KprobeOptions): BpfLink {
    return attachKprobe(this.#bpf, this, options);
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
}
