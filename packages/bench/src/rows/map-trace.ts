import { Btf } from "@bpf-ts/btf";
import { assembleKernel, encode } from "@bpf-ts/isa";
import { createKernel } from "@bpf-ts/kernel";
import { UPDATE_ELEM_TARGET } from "@bpf-ts/map-trace";
import { BPF_TRACE_MAP, encodeMapTraceLinkInfo } from "@bpf-ts/uapi/map-trace";
import { BPF_PROG_TYPE_TRACING } from "@bpf-ts/uapi/prog-types";
import type { Row, Side } from "../frame/row.ts";
import { loadLoop, PROGRAMS } from "./programs.ts";
import { runByUs } from "./running.ts";

/** Updates of a map whose tracer does nothing. */
function traced(): Side {
  const kernel = createKernel();
  const { bpf } = kernel;
  const loaded = loadLoop(bpf, PROGRAMS.hashUpdate);
  const tracer = bpf.progLoad({
    progType: BPF_PROG_TYPE_TRACING,
    expectedAttachType: BPF_TRACE_MAP,
    attachBtfId: Btf.parse(bpf.kernelBtf()).findByName(UPDATE_ELEM_TARGET.hookFunc, "func")!,
    license: "GPL",
    name: "empty",
    insns: encode(assembleKernel("r0 = 0\n exit")),
  }).fd;
  const link = bpf.linkCreate({
    progFd: tracer,
    attachType: BPF_TRACE_MAP,
    mapTraceInfo: encodeMapTraceLinkInfo({ mapFd: loaded.mapFd!, traceType: UPDATE_ELEM_TARGET.traceType }),
  });
  return {
    units: loaded.units,
    run: (n) => bpf.progTestRun(loaded.progFd, { dataIn: new Uint8Array(64), repeat: n }).retval,
    close() {
      bpf.close(link);
      bpf.close(tracer);
      loaded.close();
      kernel[Symbol.dispose]();
    },
  };
}

export const MAP_TRACE_ROWS: readonly Row[] = [
  {
    name: "map tracing: rewritten updates of an untraced map",
    unit: "update",
    ours: () => runByUs(PROGRAMS.hashUpdate),
    peer: { name: "not rewritten", open: () => runByUs(PROGRAMS.hashUpdate, { mapTrace: false }) },
    aim: 1.02,
  },
  {
    name: "map tracing: updates with an empty tracer",
    unit: "update",
    ours: traced,
    peer: { name: "untraced", open: () => runByUs(PROGRAMS.hashUpdate) },
    aim: 2,
  },
];
