import { type TestRunAttr, type TestRunResult, UnsupportedError } from "@bpf-ts/uapi";
import { EINVAL, ENODEV } from "@bpf-ts/uapi/errno";
import { BPF_F_TEST_SKB_CHECKSUM_COMPLETE } from "@bpf-ts/uapi/prog-flags";
import { BPF_PROG_TYPE_SCHED_ACT, BPF_PROG_TYPE_SCHED_CLS } from "@bpf-ts/uapi/prog-types";
import { KernelError } from "../error.ts";
import type { Machine } from "../machine.ts";
import type { ProgObject } from "../objects/prog-object.ts";
import { contextBytes } from "./context-bytes.ts";
import { ETH_HLEN, PAGE_SIZE, TAILROOM, withPacket } from "./packet.ts";
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
/** NET_SKB_PAD + NET_IP_ALIGN on x86-64. */
const HEADROOM = 64;
const MAX_DATA = PAGE_SIZE - HEADROOM - TAILROOM;
/** GSO_LEGACY_MAX_SIZE and GSO_MAX_SEGS. */
const MAX_WIRE_LEN = 65536;
const MAX_SEGS = 65535;
/** The only network device. */
const LOOPBACK = 1;

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
 * the others without; what they leave has an empty one.
 *
 * @throws KernelError; UnsupportedError for BPF_F_TEST_SKB_CHECKSUM_COMPLETE
 * @see v6.18 net/bpf/test_run.c, bpf_prog_test_run_skb
 */
export function testRunSkb(machine: Machine, prog: ProgObject, cpu: number, attr: TestRunAttr): TestRunResult {
  const flags = attr.flags ?? 0;
  if ((flags & ~BPF_F_TEST_SKB_CHECKSUM_COMPLETE) !== 0 || (attr.cpu ?? 0) !== 0)
    throw new KernelError(EINVAL, `flags 0x${flags.toString(16)}, cpu ${attr.cpu ?? 0}: cpu must be 0`);
  if (flags !== 0) throw new UnsupportedError("BPF_F_TEST_SKB_CHECKSUM_COMPLETE");
  const input = attr.dataIn ?? new Uint8Array(0);
  if (input.length < ETH_HLEN || input.length > MAX_DATA)
    throw new KernelError(EINVAL, `data_in of ${input.length} bytes: allowed are ${ETH_HLEN}..${MAX_DATA}`);
  const ctxIn = attr.ctxIn === undefined ? undefined : contextBytes(attr.ctxIn, SK_BUFF_SIZE);
  const isL2 = prog.progType === BPF_PROG_TYPE_SCHED_CLS || prog.progType === BPF_PROG_TYPE_SCHED_ACT;
  const length = isL2 ? input.length : input.length - ETH_HLEN;
  if (ctxIn !== undefined && word(ctxIn, SK_BUFF.ifindex) > LOOPBACK)
    throw new KernelError(ENODEV, `ctx_in: no device ${word(ctxIn, SK_BUFF.ifindex)}`);
  const protocol = protocolOf(input);
  checkHeaders(protocol, input.length - ETH_HLEN);
  if (ctxIn !== undefined) checkContext(ctxIn, length);
  return withPacket(machine, input, HEADROOM, (packet) =>
    machine.scratch.with(SK_BUFF_SIZE, (ctx) => {
      const { memory } = machine;
      const data = isL2 ? packet.data : packet.data + ETH_HLEN;
      if (ctxIn !== undefined) {
        memory.u8.set(ctxIn, ctx);
        if (word(ctxIn, SK_BUFF.wireLen) === 0) memory.setU32(ctx + SK_BUFF.wireLen, length);
      }
      memory.setU32(ctx + SK_BUFF.len, length);
      memory.setU32(ctx + SK_BUFF.pktType, packetType(input));
      memory.setU32(ctx + SK_BUFF.ifindex, LOOPBACK);
      // In network byte order, as the two bytes lie in the header.
      memory.setU32(ctx + SK_BUFF.protocol, ((protocol & 0xff) << 8) | (protocol >>> 8));
      memory.setU32(ctx + SK_BUFF.data, data);
      memory.setU32(ctx + SK_BUFF.dataEnd, packet.end);
      memory.setU32(ctx + SK_BUFF.dataMeta, data);
      const { retval, durationNs } = repeatRun(machine, prog, ctx, cpu, attr);
      const start = memory.getU32(ctx + SK_BUFF.data);
      const left = memory.read(start, memory.getU32(ctx + SK_BUFF.dataEnd) - start);
      const dataOut = isL2 ? left : new Uint8Array(ETH_HLEN + left.length);
      if (!isL2) dataOut.set(left, ETH_HLEN);
      const after = memory.read(ctx, SK_BUFF_SIZE);
      return { retval, durationNs, dataOut, ctxOut: contextOut(ctxIn, after) };
    }),
  );
}

function word(ctx: Uint8Array, at: number): number {
  return new DataView(ctx.buffer, ctx.byteOffset, ctx.byteLength).getUint32(at, true);
}

/** The frame's protocol. @see v6.18 net/ethernet/eth.c, eth_type_trans */
function protocolOf(frame: Uint8Array): number {
  const type = (frame[12]! << 8) | frame[13]!;
  if (type >= 0x600) return type;
  // 802.3 frames hold a length there: raw ones (ETH_P_802_3) begin with two bytes 0xff, the others are 802.2.
  return frame[14] === 0xff && frame[15] === 0xff ? 0x0001 : 0x0004;
}

/** To whom the frame goes, seen from a device whose address and broadcast address are all zero: PACKET_HOST, _MULTICAST, _OTHERHOST. */
function packetType(frame: Uint8Array): number {
  const to = frame.subarray(0, 6);
  if (to.every((byte) => byte === 0)) return 0;
  return (to[0]! & 1) !== 0 ? 2 : 3;
}

/** @throws KernelError EINVAL if the frame is shorter than the header that its protocol begins with */
function checkHeaders(protocol: number, payload: number): void {
  const header = protocol === 0x0800 ? 20 : protocol === 0x86dd ? 40 : 0;
  if (payload < header)
    throw new KernelError(EINVAL, `data_in: ${payload} bytes behind the Ethernet header, the IP header has ${header}`);
}

/** @throws KernelError EINVAL if something else than the settable fields is not zero, or one of those is out of range */
function checkContext(ctx: Uint8Array, length: number): void {
  for (const [at, byte] of ctx.entries()) {
    if (byte !== 0 && !SETTABLE.some(([offset, size]) => at >= offset && at < offset + size)) {
      throw new KernelError(
        EINVAL,
        `ctx_in: byte ${at} must be 0: it lies in no field of struct __sk_buff that a test run can set`,
      );
    }
  }
  const wireLen = word(ctx, SK_BUFF.wireLen);
  if (wireLen !== 0 && (wireLen < length || wireLen > MAX_WIRE_LEN))
    throw new KernelError(EINVAL, `ctx_in: wire_len ${wireLen}: allowed are ${length}..${MAX_WIRE_LEN}`);
  if (word(ctx, SK_BUFF.gsoSegs) > MAX_SEGS)
    throw new KernelError(EINVAL, `ctx_in: gso_segs ${word(ctx, SK_BUFF.gsoSegs)}: at most ${MAX_SEGS}`);
}

/** What the caller gave, with the settable fields as the program left them. */
function contextOut(ctxIn: Uint8Array | undefined, after: Uint8Array): Uint8Array {
  if (ctxIn === undefined) return new Uint8Array(0);
  const out = ctxIn.slice();
  for (const [at, size] of SETTABLE) out.set(after.subarray(at, at + size), at);
  return out;
}
