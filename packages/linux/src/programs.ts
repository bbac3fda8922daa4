import type { ProgLoadAttr, ProgLoadResult, TestRunAttr, TestRunResult } from "@bpf-ts/uapi";
import { BPF_BTF_LOAD, BPF_PROG_LOAD, BPF_PROG_TEST_RUN } from "@bpf-ts/uapi/commands";
import { BPF_PROG_TYPE_RAW_TRACEPOINT } from "@bpf-ts/uapi/prog-types";
import { type BpfCall, cString } from "./call.ts";
import { fdinfo } from "./fdinfo.ts";

/** Room for a log: the largest that Linux takes is 1 GiB; 16 MiB hold every log but those of the longest programs. */
const LOG_SIZE = 16 * 1024 * 1024;
/** Room for a packet that a program has grown. */
const DATA_OUT_ROOM = 4096;

/** `BPF_PROG_LOAD`. @throws LinuxError with the verifier's log */
export function progLoad(call: BpfCall, attr: ProgLoadAttr): ProgLoadResult {
  const log = (attr.logLevel ?? 0) === 0 ? undefined : new Uint8Array(LOG_SIZE);
  const raw = call
    .attr()
    .u32(0, attr.progType)
    .u32(4, attr.insns.length / 8)
    .pointer(8, attr.insns)
    .cString(16, attr.license)
    .u32(24, attr.logLevel ?? 0)
    .u32(28, log?.length ?? 0)
    .pointer(32, log)
    .u32(40, attr.kernVersion ?? 0)
    .u32(44, attr.progFlags ?? 0)
    .name(48, attr.name ?? "")
    .u32(68, attr.expectedAttachType ?? 0)
    .u32(72, attr.btfFd ?? 0)
    .u32(108, attr.attachBtfId ?? 0)
    .u32(112, attr.attachProgFd ?? 0);
  if (attr.funcInfo !== undefined) {
    const { recSize, bytes } = attr.funcInfo;
    raw
      .u32(76, recSize)
      .pointer(80, bytes)
      .u32(88, bytes.length / recSize);
  }
  if (attr.lineInfo !== undefined) {
    const { recSize, bytes } = attr.lineInfo;
    raw
      .u32(92, recSize)
      .pointer(96, bytes)
      .u32(104, bytes.length / recSize);
  }
  if (attr.fdArray !== undefined) raw.pointer(120, new Uint8Array(Int32Array.from(attr.fdArray).buffer));
  const fd = call.run(BPF_PROG_LOAD, raw, log);
  return { fd, log: log === undefined ? "" : cString(log) };
}

/** `BPF_PROG_TEST_RUN`. @throws LinuxError */
export function progTestRun(call: BpfCall, fd: number, attr: TestRunAttr): TestRunResult {
  const { dataIn, ctxIn } = attr;
  const dataOut = new Uint8Array(dataIn === undefined ? 0 : (attr.dataSizeOut ?? dataIn.length + DATA_OUT_ROOM));
  // Raw tracepoints take a context and refuse room for one to come back.
  const hasCtxOut = ctxIn !== undefined && progTypeOf(fd) !== BPF_PROG_TYPE_RAW_TRACEPOINT;
  const ctxOut = new Uint8Array(hasCtxOut ? ctxIn.length : 0);
  const raw = call
    .attr()
    .u32(0, fd)
    .u32(8, dataIn?.length ?? 0)
    .u32(12, dataOut.length)
    .pointer(16, dataIn)
    .pointer(24, dataOut)
    .u32(32, attr.repeat ?? 0)
    .u32(40, ctxIn?.length ?? 0)
    .u32(44, ctxOut.length)
    .pointer(48, ctxIn)
    .pointer(56, ctxOut)
    .u32(64, attr.flags ?? 0)
    .u32(68, attr.cpu ?? 0);
  call.run(BPF_PROG_TEST_RUN, raw);
  return {
    retval: raw.getU32(4),
    dataOut: dataOut.subarray(0, raw.getU32(12)),
    ctxOut: ctxOut.subarray(0, raw.getU32(44)),
    durationNs: raw.getU32(36),
  };
}

/** `BPF_BTF_LOAD`. @throws LinuxError with the kernel's log */
export function btfLoad(call: BpfCall, data: Uint8Array, logLevel: number): { fd: number; log: string } {
  const log = logLevel === 0 ? undefined : new Uint8Array(LOG_SIZE);
  const raw = call
    .attr()
    .pointer(0, data)
    .pointer(8, log)
    .u32(16, data.length)
    .u32(20, log?.length ?? 0)
    .u32(24, logLevel);
  return { fd: call.run(BPF_BTF_LOAD, raw, log), log: log === undefined ? "" : cString(log) };
}

/** The program type behind an fd, -1 if there is none. */
function progTypeOf(fd: number): number {
  return Number(/^prog_type:\t(\d+)$/m.exec(fdinfo(fd) ?? "")?.[1] ?? -1);
}
