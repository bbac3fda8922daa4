import { attachMapTrace } from "@bpf-ts/map-trace";
import { type LinkCreateAttr, UnsupportedError } from "@bpf-ts/uapi";
import {
  BPF_MODIFY_RETURN,
  BPF_PERF_EVENT,
  BPF_TRACE_FENTRY,
  BPF_TRACE_FEXIT,
  BPF_TRACE_ITER,
  BPF_TRACE_KPROBE_MULTI,
  BPF_TRACE_KPROBE_SESSION,
  BPF_TRACE_RAW_TP,
  BPF_TRACE_UPROBE_MULTI,
} from "@bpf-ts/uapi/attach-types";
import { EBADF, EINVAL, ENOENT } from "@bpf-ts/uapi/errno";
import { BPF_TRACE_MAP } from "@bpf-ts/uapi/map-trace";
import { attachTypeName, progTypeName } from "@bpf-ts/uapi/names";
import {
  BPF_PROG_TYPE_KPROBE,
  BPF_PROG_TYPE_LIRC_MODE2,
  BPF_PROG_TYPE_LWT_IN,
  BPF_PROG_TYPE_LWT_OUT,
  BPF_PROG_TYPE_LWT_SEG6LOCAL,
  BPF_PROG_TYPE_LWT_XMIT,
  BPF_PROG_TYPE_PERF_EVENT,
  BPF_PROG_TYPE_RAW_TRACEPOINT,
  BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE,
  BPF_PROG_TYPE_SCHED_ACT,
  BPF_PROG_TYPE_SK_REUSEPORT,
  BPF_PROG_TYPE_SOCKET_FILTER,
  BPF_PROG_TYPE_STRUCT_OPS,
  BPF_PROG_TYPE_SYSCALL,
  BPF_PROG_TYPE_TRACEPOINT,
  BPF_PROG_TYPE_TRACING,
  BPF_PROG_TYPE_UNSPEC,
} from "@bpf-ts/uapi/prog-types";
import { KernelError } from "../error.ts";
import type { FunctionHook } from "../hooks/kernel-function.ts";
import { FunctionLink } from "../links/function-link.ts";
import { IterLink } from "../links/iter-link.ts";
import { MapTraceLinkObject } from "../links/map-trace-link.ts";
import { ProbeLink } from "../links/probe-link.ts";
import { RawTracepointLink } from "../links/raw-tracepoint-link.ts";
import type { Machine } from "../machine.ts";
import type { LinkObject } from "../objects/link-object.ts";
import type { ProgObject } from "../objects/prog-object.ts";
import { LinkFile, MapFile, OutputEventFile, PerfEventFile } from "../process/open-files.ts";
import type { Process } from "../process/process.ts";
import { progOf } from "./files.ts";

const FUNCTION_HOOKS: ReadonlyMap<number, FunctionHook> = new Map([
  [BPF_TRACE_FENTRY, "fentry"],
  [BPF_TRACE_FEXIT, "fexit"],
  [BPF_MODIFY_RETURN, "fmod_ret"],
]);

/** Program types whose programs are tied to perf events. */
const PERF_EVENT_TYPES: ReadonlySet<number> = new Set([
  BPF_PROG_TYPE_KPROBE,
  BPF_PROG_TYPE_TRACEPOINT,
  BPF_PROG_TYPE_PERF_EVENT,
]);

/** Ways to attach kprobe programs without a perf event. */
const MULTI_PROBES: ReadonlySet<number> = new Set([
  BPF_TRACE_KPROBE_MULTI,
  BPF_TRACE_KPROBE_SESSION,
  BPF_TRACE_UPROBE_MULTI,
]);

/** Program types that are attached to a raw tracepoint by its name. */
const RAW_TRACEPOINT_TYPES: ReadonlySet<number> = new Set([
  BPF_PROG_TYPE_RAW_TRACEPOINT,
  BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE,
]);

/** Program types that no link can attach. */
const LINKLESS_TYPES: ReadonlySet<number> = new Set([
  BPF_PROG_TYPE_UNSPEC,
  BPF_PROG_TYPE_SOCKET_FILTER,
  BPF_PROG_TYPE_SCHED_ACT,
  BPF_PROG_TYPE_LWT_IN,
  BPF_PROG_TYPE_LWT_OUT,
  BPF_PROG_TYPE_LWT_XMIT,
  BPF_PROG_TYPE_LWT_SEG6LOCAL,
  BPF_PROG_TYPE_LIRC_MODE2,
  BPF_PROG_TYPE_RAW_TRACEPOINT,
  BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE,
  BPF_PROG_TYPE_SK_REUSEPORT,
  BPF_PROG_TYPE_STRUCT_OPS,
  BPF_PROG_TYPE_SYSCALL,
]);

/**
 * BPF_LINK_CREATE.
 *
 * @throws KernelError, MapTraceError, UnsupportedError
 * @see v6.18 kernel/bpf/syscall.c, link_create
 */
export function linkCreate(machine: Machine, process: Process, attr: LinkCreateAttr): number {
  const prog = progOf(process, attr.progFd);
  if (prog.progType === BPF_PROG_TYPE_TRACING) {
    checkAttachType(prog, attr.attachType, prog.expectedAttachType);
    return tracingLink(machine, process, prog, attr);
  }
  if (PERF_EVENT_TYPES.has(prog.progType)) {
    if (prog.progType === BPF_PROG_TYPE_KPROBE && MULTI_PROBES.has(attr.attachType))
      throw new UnsupportedError(`links of attach type ${attachTypeName(attr.attachType)}`);
    checkAttachType(prog, attr.attachType, BPF_PERF_EVENT);
    return perfEventLink(machine, process, prog, attr);
  }
  if (LINKLESS_TYPES.has(prog.progType))
    throw new KernelError(EINVAL, `no link can attach ${progTypeName(prog.progType)} programs`);
  throw new UnsupportedError(`links of ${progTypeName(prog.progType)} programs`);
}

/**
 * Only for program types that this kernel makes links for.
 *
 * @see v6.18 kernel/bpf/syscall.c, bpf_prog_attach_check_attach_type
 */
function checkAttachType(prog: ProgObject, attachType: number, expected: number): void {
  if (attachType === expected) return;
  throw new KernelError(
    EINVAL,
    `attach type ${attachTypeName(attachType)} is not that of ${prog.describe()}: ${attachTypeName(expected)}`,
  );
}

function tracingLink(machine: Machine, process: Process, prog: ProgObject, attr: LinkCreateAttr): number {
  const { attachType } = attr;
  if (attachType === BPF_TRACE_MAP) return mapTraceLink(machine, process, prog, attr);
  if (attachType === BPF_TRACE_ITER) {
    return install(machine, process, () => new IterLink(machine, prog, process, attr, forget(machine)));
  }
  if ((attr.targetFd ?? 0) !== 0) throw new UnsupportedError("programs that trace another program");
  if (attachType === BPF_TRACE_RAW_TP) {
    const name = machine.kernelBtf.nameOf(prog.attachBtfId).replace(/^btf_trace_/, "");
    return install(machine, process, () => new RawTracepointLink(prog, machine.rawTracepoints, name, forget(machine)));
  }
  const hook = FUNCTION_HOOKS.get(attachType);
  if (hook === undefined) throw new UnsupportedError(`links of attach type ${attachTypeName(attachType)}`);
  const name = machine.kernelBtf.nameOf(prog.attachBtfId);
  const fn = machine.functions.get(name);
  if (fn === undefined) throw new KernelError(EINVAL, `function ${name} is not one that this kernel calls`);
  return install(
    machine,
    process,
    () => new FunctionLink(prog, { fn, hook, cookie: attr.cookie ?? 0n }, forget(machine)),
  );
}

function mapTraceLink(machine: Machine, process: Process, prog: ProgObject, attr: LinkCreateAttr): number {
  return attachMapTrace(
    machine.targets,
    {
      mapByFd(fd) {
        const file = process.fds.get(fd);
        if (file === undefined) return EBADF;
        return file instanceof MapFile ? { map: file.map, readable: file.canRead } : EINVAL;
      },
    },
    {
      program: prog,
      targetFd: attr.targetFd ?? 0,
      flags: attr.flags ?? 0,
      info: attr.mapTraceInfo,
      infoLength: attr.mapTraceInfoLen ?? attr.mapTraceInfo?.length ?? 0,
    },
    (link) => install(machine, process, () => new MapTraceLinkObject(link, forget(machine))),
  );
}

function perfEventLink(machine: Machine, process: Process, prog: ProgObject, attr: LinkCreateAttr): number {
  if ((attr.flags ?? 0) !== 0) throw new KernelError(EINVAL, `flags ${attr.flags}: must be 0 for perf events`);
  const event = process.fds.get(attr.targetFd ?? 0);
  if (event === undefined)
    throw new KernelError(EBADF, `target fd ${attr.targetFd ?? 0} is not open, expected a perf event`);
  if (event instanceof OutputEventFile)
    throw new KernelError(EINVAL, `target fd ${attr.targetFd} is an event for output, expected one of a probe`);
  if (!(event instanceof PerfEventFile))
    throw new KernelError(EBADF, `target fd ${attr.targetFd} is a ${event.kind}, expected a perf event`);
  return install(machine, process, () => new ProbeLink(prog, event, attr.cookie ?? 0n, forget(machine)));
}

/** Makes the link only once it is sure of an fd, so that a failure leaves nothing behind. @throws KernelError EMFILE */
export function install(machine: Machine, process: Process, make: () => LinkObject): number {
  process.fds.reserve();
  const link = make();
  link.id = machine.objects.link.allocate(link);
  return process.fds.install(new LinkFile(link));
}

function forget(machine: Machine): (link: LinkObject) => void {
  return (link) => machine.objects.link.release(link.id);
}

/** BPF_RAW_TRACEPOINT_OPEN. @throws KernelError */
export function rawTracepointOpen(machine: Machine, process: Process, name: string | null, progFd: number): number {
  const prog = progOf(process, progFd);
  if (name === null) {
    if (prog.progType !== BPF_PROG_TYPE_TRACING)
      throw new KernelError(EINVAL, "only tracing programs may be opened without a name");
    const { expectedAttachType } = prog;
    if (expectedAttachType !== BPF_TRACE_RAW_TP && !FUNCTION_HOOKS.has(expectedAttachType)) {
      throw new KernelError(
        EINVAL,
        `${prog.describe()}: ${attachTypeName(expectedAttachType)} programs are attached by BPF_LINK_CREATE`,
      );
    }
    return tracingLink(machine, process, prog, { progFd, attachType: expectedAttachType });
  }
  if (!RAW_TRACEPOINT_TYPES.has(prog.progType))
    throw new KernelError(EINVAL, `${progTypeName(prog.progType)} programs have no tracepoint to be named`);
  if (!machine.rawTracepoints.has(name)) throw new KernelError(ENOENT, `raw tracepoint "${name}" does not exist`);
  return install(machine, process, () => new RawTracepointLink(prog, machine.rawTracepoints, name, forget(machine)));
}
