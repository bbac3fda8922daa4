import type { TestRunAttr, TestRunResult } from "@bpf-ts/uapi";
import { EINVAL } from "@bpf-ts/uapi/errno";
import { KernelError } from "../error.ts";
import type { Machine } from "../machine.ts";
import type { ProgObject } from "../objects/prog-object.ts";
import { HEADROOM, TAILROOM, withPacket } from "./packet.ts";
import { repeatRun } from "./repeat.ts";

/** `struct xdp_md`: byte offsets. Pointers are 32 bits wide and real here. */
export const XDP_MD = {
  data: 0,
  dataEnd: 4,
  dataMeta: 8,
  ingressIfindex: 12,
  rxQueueIndex: 16,
  egressIfindex: 20,
} as const;
const XDP_MD_SIZE = 24;
/** The largest frame of one page. */
const MAX_DATA = 4096 - HEADROOM - TAILROOM;
/** Metadata lies before the packet, in words of 4 bytes, at most 252 bytes. */
const MAX_META = 252;

/**
 * BPF_PROG_TEST_RUN of an XDP program. `data_in` is the frame; `ctx_in` a `struct xdp_md` whose `data` says how much of `data_in` is metadata.
 *
 * @see v6.18 net/bpf/test_run.c, bpf_prog_test_run_xdp
 */
export function testRunXdp(machine: Machine, prog: ProgObject, cpu: number, attr: TestRunAttr): TestRunResult {
  const input = attr.dataIn ?? new Uint8Array(0);
  const meta = checkContext(attr.ctxIn, input.length);
  return withPacket(machine, input, MAX_DATA, (packet) =>
    machine.scratch.with(XDP_MD_SIZE, (ctx) => {
      const { memory } = machine;
      memory.setU32(ctx + XDP_MD.data, packet.data + meta);
      memory.setU32(ctx + XDP_MD.dataEnd, packet.end);
      memory.setU32(ctx + XDP_MD.dataMeta, packet.data);
      const { retval, durationNs } = repeatRun(machine, prog, ctx, cpu, attr);
      const start = memory.getU32(ctx + XDP_MD.dataMeta);
      const data = memory.getU32(ctx + XDP_MD.data);
      const end = memory.getU32(ctx + XDP_MD.dataEnd);
      const dataOut = memory.read(Math.min(start, data), end - Math.min(start, data));
      return {
        retval,
        durationNs,
        dataOut,
        ctxOut: contextOut(attr.ctxIn, data - Math.min(start, data), dataOut.length),
      };
    }),
  );
}

/** How many bytes of the input are metadata. @throws KernelError EINVAL */
function checkContext(ctx: Uint8Array | undefined, dataSize: number): number {
  if (ctx === undefined) return 0;
  const word = (at: number): number =>
    at + 4 <= ctx.length ? new DataView(ctx.buffer, ctx.byteOffset, ctx.byteLength).getUint32(at, true) : 0;
  const data = word(XDP_MD.data);
  const dataEnd = word(XDP_MD.dataEnd);
  if (word(XDP_MD.dataMeta) !== 0 || dataEnd !== dataSize || data > dataEnd) {
    throw new KernelError(
      EINVAL,
      `ctx_in: data_meta must be 0, data_end ${dataSize} (data_in's size), data not above it`,
    );
  }
  if (data % 4 !== 0 || data > MAX_META)
    throw new KernelError(EINVAL, `ctx_in: data ${data}: metadata has a multiple of 4 bytes, at most ${MAX_META}`);
  if (word(XDP_MD.egressIfindex) !== 0) throw new KernelError(EINVAL, "ctx_in: egress_ifindex must be 0");
  return data;
}

function contextOut(ctxIn: Uint8Array | undefined, meta: number, size: number): Uint8Array {
  if (ctxIn === undefined) return new Uint8Array(0);
  const out = new Uint8Array(XDP_MD_SIZE);
  out.set(ctxIn.subarray(0, XDP_MD_SIZE));
  const view = new DataView(out.buffer);
  view.setUint32(XDP_MD.data, meta, true);
  view.setUint32(XDP_MD.dataEnd, size, true);
  return out;
}
