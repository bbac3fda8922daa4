import { type TestRunAttr, type TestRunResult, UnsupportedError } from "@bpf-ts/uapi";
import { BPF_XDP_CPUMAP, BPF_XDP_DEVMAP } from "@bpf-ts/uapi/attach-types";
import { EINVAL, ENODEV } from "@bpf-ts/uapi/errno";
import { BPF_F_TEST_XDP_LIVE_FRAMES } from "@bpf-ts/uapi/prog-flags";
import { KernelError } from "../error.ts";
import type { Machine } from "../machine.ts";
import type { ProgObject } from "../objects/prog-object.ts";
import { contextBytes } from "./context-bytes.ts";
import { ETH_HLEN, PAGE_SIZE, TAILROOM, withPacket } from "./packet.ts";
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
/** XDP_PACKET_HEADROOM: room before the packet that programs may grow into. */
const HEADROOM = 256;
/** Metadata lies before the packet, behind a `struct xdp_frame` (40 bytes on x86-64), in words of 4 bytes. */
const MAX_META = HEADROOM - 40;
/** The only network device: loopback, with one queue. */
const LOOPBACK = 1;

/**
 * BPF_PROG_TEST_RUN of an XDP program. `data_in` is the frame; `ctx_in` a `struct xdp_md` whose `data` says how much of `data_in` is metadata.
 *
 * @throws KernelError; UnsupportedError for live frames and for packets that do not fit into one page
 * @see v6.18 net/bpf/test_run.c, bpf_prog_test_run_xdp
 */
export function testRunXdp(machine: Machine, prog: ProgObject, cpu: number, attr: TestRunAttr): TestRunResult {
  if (prog.expectedAttachType === BPF_XDP_DEVMAP || prog.expectedAttachType === BPF_XDP_CPUMAP)
    throw new KernelError(EINVAL, "programs of device and CPU maps cannot be test-run");
  const flags = attr.flags ?? 0;
  if ((flags & ~BPF_F_TEST_XDP_LIVE_FRAMES) !== 0) throw new KernelError(EINVAL, `flags 0x${flags.toString(16)}`);
  if (flags !== 0) throw new UnsupportedError("BPF_F_TEST_XDP_LIVE_FRAMES");
  const input = attr.dataIn ?? new Uint8Array(0);
  const ctxIn = attr.ctxIn === undefined ? undefined : contextBytes(attr.ctxIn, XDP_MD_SIZE);
  const meta = ctxIn === undefined ? 0 : checkContext(ctxIn, input.length);
  if (input.length - meta < ETH_HLEN)
    throw new KernelError(EINVAL, `data_in of ${input.length} bytes: at least ${ETH_HLEN} behind the metadata`);
  if (ctxIn !== undefined) checkDevice(ctxIn);
  const linear = ctxIn === undefined ? input.length : word(ctxIn, XDP_MD.dataEnd);
  if (input.length > linear || input.length > PAGE_SIZE - (HEADROOM - meta) - TAILROOM)
    throw new UnsupportedError("multi-buffer packets of XDP test runs");
  return withPacket(machine, input, HEADROOM - meta, (packet) =>
    machine.scratch.with(XDP_MD_SIZE, (ctx) => {
      const { memory } = machine;
      memory.setU32(ctx + XDP_MD.data, packet.data + meta);
      memory.setU32(ctx + XDP_MD.dataEnd, packet.end);
      memory.setU32(ctx + XDP_MD.dataMeta, packet.data);
      memory.setU32(ctx + XDP_MD.ingressIfindex, LOOPBACK);
      const { retval, durationNs } = repeatRun(machine, prog, ctx, cpu, attr);
      const data = memory.getU32(ctx + XDP_MD.data);
      const start = Math.min(memory.getU32(ctx + XDP_MD.dataMeta), data);
      const dataOut = memory.read(start, memory.getU32(ctx + XDP_MD.dataEnd) - start);
      return { retval, durationNs, dataOut, ctxOut: contextOut(ctxIn, data - start, dataOut.length) };
    }),
  );
}

function word(ctx: Uint8Array, at: number): number {
  return new DataView(ctx.buffer, ctx.byteOffset, ctx.byteLength).getUint32(at, true);
}

/** How many bytes of the input are metadata. @throws KernelError EINVAL */
function checkContext(ctx: Uint8Array, dataSize: number): number {
  const data = word(ctx, XDP_MD.data);
  const dataEnd = word(ctx, XDP_MD.dataEnd);
  if (word(ctx, XDP_MD.dataMeta) !== 0 || dataEnd > dataSize || data > dataEnd) {
    throw new KernelError(
      EINVAL,
      `ctx_in: data_meta must be 0, data_end at most ${dataSize} (data_in's size), data not above it`,
    );
  }
  if (data % 4 !== 0 || data > MAX_META)
    throw new KernelError(EINVAL, `ctx_in: data ${data}: metadata has a multiple of 4 bytes, at most ${MAX_META}`);
  return data;
}

/** @throws KernelError EINVAL, ENODEV. @see v6.18 net/bpf/test_run.c, xdp_convert_md_to_buff */
function checkDevice(ctx: Uint8Array): void {
  if (word(ctx, XDP_MD.egressIfindex) !== 0) throw new KernelError(EINVAL, "ctx_in: egress_ifindex must be 0");
  const device = word(ctx, XDP_MD.ingressIfindex);
  const queue = word(ctx, XDP_MD.rxQueueIndex);
  if (device !== 0 && device !== LOOPBACK)
    throw new KernelError(ENODEV, `ctx_in: ingress_ifindex ${device}: this kernel has device ${LOOPBACK} alone`);
  if (queue !== 0) throw new KernelError(EINVAL, `ctx_in: rx_queue_index ${queue}: the device has one queue`);
}

function contextOut(ctxIn: Uint8Array | undefined, meta: number, size: number): Uint8Array {
  if (ctxIn === undefined) return new Uint8Array(0);
  const out = ctxIn.slice();
  const view = new DataView(out.buffer);
  view.setUint32(XDP_MD.data, meta, true);
  view.setUint32(XDP_MD.dataEnd, size, true);
  return out;
}
