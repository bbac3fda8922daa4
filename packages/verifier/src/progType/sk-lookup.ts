import { BPF_SK_LOOKUP } from "@bpf-ts/uapi/attach-types";
import { BPF_PROG_TYPE_SK_LOOKUP } from "@bpf-ts/uapi/prog-types";
import { PTR_MAYBE_NULL, PTR_TO_SOCKET } from "../state/reg-type.ts";
import { EXIT_0_1 } from "./exit.ts";
import { NARROW_4, rowsAccess } from "./fields.ts";
import type { ProgTypeRow } from "./types.ts";

/** Choice of the socket for a packet. @see v6.18 net/core/filter.c, sk_lookup_is_valid_access */
export const SK_LOOKUP: ProgTypeRow = {
  id: BPF_PROG_TYPE_SK_LOOKUP,
  name: "sk_lookup",
  ctxStruct: "bpf_sk_lookup",
  ctxAccess: rowsAccess([
    { from: 0, to: 8, read: 8, type: PTR_TO_SOCKET | PTR_MAYBE_NULL },
    { from: 8, to: 36, read: NARROW_4, fieldSize: 4 }, // family … remote_ip6
    { from: 36, to: 38, read: 3, fieldSize: 2 }, // remote_port
    { from: 38, to: 40, read: 3, fieldSize: 2 }, // its padding
    { from: 36, to: 40, read: 4 }, // both
    { from: 40, to: 68, read: NARROW_4, fieldSize: 4 }, // local_ip4 … ingress_ifindex
  ]),
  attachTypes: [BPF_SK_LOOKUP],
  exitRule: () => EXIT_0_1,
  testRun: "sk_lookup",
};
