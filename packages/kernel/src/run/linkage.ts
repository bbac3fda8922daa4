import { BPF_MODIFY_RETURN, BPF_TRACE_FENTRY, BPF_TRACE_FEXIT } from "@bpf-ts/uapi/attach-types";
import { EINVAL } from "@bpf-ts/uapi/errno";
import { BPF_PROG_TYPE_TRACING } from "@bpf-ts/uapi/prog-types";
import type { Linkage } from "@bpf-ts/vm";
import type { HelperEnv, TracedFunction } from "../helpers/env.ts";
import { helperEntry } from "../helpers/table.ts";
import { tailCallHook } from "../helpers/tail-call.ts";
import type { Machine } from "../machine.ts";
import { ProgObject } from "../objects/prog-object.ts";
import { OutputEvent } from "../perf/output-event.ts";
import { loadPacket } from "../test-run/load-packet.ts";
import { packetReader } from "./packets.ts";

/** Where a program's calls lead: helpers, internal functions, other programs. */
export function linkage(machine: Machine, prog: ProgObject): Linkage {
  const env = helperEnv(machine, prog);
  return {
    helper: (id) => helperEntry(env, id),
    internal: (name) => machine.mapTracers.entry(name),
    tailCall: tailCallHook(env),
    loadPacket: (_run, ctx, offset, size) => loadPacket(machine.memory, ctx, offset, size),
  };
}

function helperEnv(machine: Machine, prog: ProgObject): HelperEnv {
  const traced = tracedFunction(machine, prog);
  const packet = packetReader(machine.memory, prog.progType);
  return {
    memory: machine.memory,
    cpus: machine.cpus,
    mapByHandle: (handle) => machine.objects.mapByHandle(handle),
    mapWrites: machine.mapWrites,
    clock: machine.clock,
    random: machine.random,
    get current() {
      return machine.current;
    },
    traceLog: machine.traceLog,
    seqFile: (address) => machine.seqBuffers.get(address),
    ringRecords: machine.ringRecords,
    taskStruct: () => machine.current.taskStruct,
    symbol: (address, offset) => machine.functions.symbol(address, offset),
    funcIp: (_run, ctx) => machine.functions.runOf(ctx)?.fn.address ?? 0n,
    attachCookie: (_run, ctx) => machine.functions.runOf(ctx)?.cookie ?? 0n,
    perfOutput: (event, cpu, data) => (event instanceof OutputEvent ? event.output(cpu, data) : -EINVAL),
    ...(packet === undefined ? {} : { packet }),
    executableOf: (object) => (object instanceof ProgObject ? object.executable : undefined),
    ...(traced === undefined ? {} : { tracedFunction: traced }),
  };
}

/** What fentry, fexit and fmod_ret programs can ask about their function. */
function tracedFunction(machine: Machine, prog: ProgObject): TracedFunction | undefined {
  const { expectedAttachType } = prog;
  const hasReturn = expectedAttachType === BPF_TRACE_FEXIT || expectedAttachType === BPF_MODIFY_RETURN;
  if (prog.progType !== BPF_PROG_TYPE_TRACING || (!hasReturn && expectedAttachType !== BPF_TRACE_FENTRY))
    return undefined;
  const proto = machine.kernelBtf.funcProto(machine.kernelBtf.sizeOrTypeOf(prog.attachBtfId));
  return { argCount: proto.params.length, hasReturn };
}
