import type { TestRunAttr, TestRunResult } from "@bpf-ts/uapi";
import { EINVAL } from "@bpf-ts/uapi/errno";
import { BPF_PROG_TYPE_SCHED_ACT, BPF_PROG_TYPE_SCHED_CLS } from "@bpf-ts/uapi/prog-types";
import { KernelError } from "../error.ts";
import type { Machine } from "../machine.ts";
import type { ProgObject } from "../objects/prog-object.ts";
import { ETH_HLEN, HEADROOM, TAILROOM, withPacket } from "./packet.ts";
import { repeatRun } from "./repeat.ts";

/** `struct __sk_buff`: byte offsets of what this kernel fills in, or lets `ctx_in` set. */
export const SK_BUFF = {
  len: 0,
  pktType: 4,
  mark: 8,
  protocol: 16,
  priority: 32,
  ingressIfindex: 36,
  ifindex: 40,
  cb: 48,
  data: 76,
  dataEnd: 80,
  dataMeta: 140,
  tstamp: 152,
  wireLen: 160,
  gsoSegs: 164,
  gsoSize: 176,
  hwtstamp: 184,
} as const;
const SK_BUFF_SIZE = 192;
const MAX_DATA = 4096 - HEADROOM - TAILROOM;

/** Fields that a caller may set: [offset, size]. @see v6.18 net/bpf/test_run.c, convert___skb_to_skb */
const SETTABLE: readonly (readonly [number, number])[] = [
  [SK_BUFF.mark, 4],
  [SK_BUFF.priority, 4],
  [SK_BUFF.ingressIfindex, 4],
  [SK_BUFF.ifindex, 4],
  [SK_BUFF.cb, 20],
  [SK_BUFF.tstamp, 8],
  [SK_BUFF.wireLen, 4],
  [SK_BUFF.gsoSegs, 4],
  [SK_BUFF.gsoSize, 4],
  [SK_BUFF.hwtstamp, 8],
];

/**
 * BPF_PROG_TEST_RUN of programs whose context is a `struct __sk_buff`. Programs of the traffic control types see the frame with its Ethernet header,
 * the others without.
 *
 * @see v6.18 net/bpf/test_run.c, bpf_prog_test_run_skb
 */
export function testRunSkb(machine: Machine, prog: ProgObject, cpu: number, attr: TestRunAttr): TestRunResult {
  checkContext(attr.ctxIn);
  const isL2 = prog.progType === BPF_PROG_TYPE_SCHED_CLS || prog.progType === BPF_PROG_TYPE_SCHED_ACT;
  return withPacket(machine, attr.dataIn ?? new Uint8Array(0), MAX_DATA, (packet) =>
    machine.scratch.with(SK_BUFF_SIZE, (ctx) => {
      const { memory } = machine;
      const data = isL2 ? packet.data : packet.data + ETH_HLEN;
      if (attr.ctxIn !== undefined) memory.u8.set(attr.ctxIn.subarray(0, SK_BUFF_SIZE), ctx);
      memory.setU32(ctx + SK_BUFF.len, packet.end - data);
      // In network byte order, as the two bytes lie in the header.
      memory.setU32(ctx + SK_BUFF.protocol, memory.getU16(packet.data + 12));
      memory.setU32(ctx + SK_BUFF.data, data);
      memory.setU32(ctx + SK_BUFF.dataEnd, packet.end);
      memory.setU32(ctx + SK_BUFF.dataMeta, data);
      const { retval, durationNs } = repeatRun(machine, prog, ctx, cpu, attr);
      const end = memory.getU32(ctx + SK_BUFF.dataEnd);
      const start = memory.getU32(ctx + SK_BUFF.data) - (isL2 ? 0 : ETH_HLEN);
      const ctxOut = memory.read(ctx, SK_BUFF_SIZE);
      // Addresses of this machine mean nothing outside.
      for (const at of [SK_BUFF.data, SK_BUFF.dataEnd, SK_BUFF.dataMeta]) ctxOut.fill(0, at, at + 4);
      return {
        retval,
        durationNs,
        dataOut: memory.read(start, end - start),
        ctxOut: attr.ctxIn === undefined ? new Uint8Array(0) : ctxOut,
      };
    }),
  );
}

/** @throws KernelError EINVAL if something else than the settable fields is not zero */
function checkContext(ctx: Uint8Array | undefined): void {
  if (ctx === undefined) return;
  for (const [at, byte] of ctx.entries()) {
    if (byte !== 0 && !SETTABLE.some(([offset, size]) => at >= offset && at < offset + size)) {
      throw new KernelError(
        EINVAL,
        `ctx_in: byte ${at} must be 0: it lies in no field of struct __sk_buff that a test run can set`,
      );
    }
  }
}
