import { BPF_NETFILTER } from "@bpf-ts/uapi/attach-types";
import { BPF_PROG_TYPE_NETFILTER } from "@bpf-ts/uapi/prog-types";
import { PTR_TO_BTF_ID, PTR_TRUSTED } from "../state/reg-type.ts";
import type { CtxAccess, CtxField, ProgFacts } from "../types.ts";
import { EXIT_0_1 } from "./exit.ts";
import type { ProgTypeRow } from "./types.ts";

/** `struct bpf_nf_ctx`: two pointers, typed by the kernel's BTF. */
const MEMBERS: ReadonlyMap<number, string> = new Map([
  [0, "nf_hook_state"],
  [8, "sk_buff"],
]);

function netfilterAccess(facts: ProgFacts, { off, size, write }: CtxAccess): CtxField | undefined {
  const struct = MEMBERS.get(off);
  if (struct === undefined || size !== 8 || write) return undefined;
  const btfId = facts.kernelBtf.findByName(struct, "struct");
  if (btfId === undefined) return undefined;
  return { regType: PTR_TO_BTF_ID | PTR_TRUSTED, btf: facts.kernelBtf, btfId };
}

/** Hooks of netfilter. NF_DROP or NF_ACCEPT at exit. @see v6.18 net/netfilter/nf_bpf_link.c, nf_is_valid_access */
export const NETFILTER: ProgTypeRow = {
  id: BPF_PROG_TYPE_NETFILTER,
  name: "netfilter",
  ctxStruct: "bpf_nf_ctx",
  ctxAccess: netfilterAccess,
  plainContext: true,
  attachTypes: [BPF_NETFILTER],
  exitRule: () => EXIT_0_1,
  netAdmin: true,
  testRun: "netfilter",
};
