/** Helpers of tracing programs about the traced function. */
import type { HelperProto } from "../helper-proto.ts";
import { ANY, CTX, UNINIT_MEM_8 } from "./arg.ts";
import { INTEGER } from "./ret.ts";

/** The traced function: its arguments, address, result. */
export const TRACE_HELPERS: readonly HelperProto[] = [
  {
    id: 58,
    name: "override_return",
    signature: "long bpf_override_return(struct pt_regs *regs, __u64 rc)",
    args: [CTX, ANY],
    ret: INTEGER,
    gplOnly: true,
  },
  {
    id: 173,
    name: "get_func_ip",
    signature: "__u64 bpf_get_func_ip(void *ctx)",
    proto: "bpf_get_func_ip_kprobe",
    args: [CTX],
    ret: INTEGER,
    gplOnly: true,
    variants: {
      bpf_get_func_ip_tracing: { args: [CTX], ret: INTEGER, gplOnly: true },
      bpf_get_func_ip_kprobe_multi: { args: [CTX], ret: INTEGER },
      bpf_get_func_ip_uprobe_multi: { args: [CTX], ret: INTEGER },
    },
  },
  {
    id: 174,
    name: "get_attach_cookie",
    signature: "__u64 bpf_get_attach_cookie(void *ctx)",
    proto: "bpf_get_attach_cookie_trace",
    args: [CTX],
    ret: INTEGER,
    variants: {
      bpf_get_attach_cookie_pe: { args: [CTX], ret: INTEGER },
      bpf_get_attach_cookie_kmulti: { args: [CTX], ret: INTEGER },
      bpf_get_attach_cookie_umulti: { args: [CTX], ret: INTEGER },
      bpf_get_attach_cookie_tracing: { args: [CTX], ret: INTEGER },
    },
  },
  {
    id: 183,
    name: "get_func_arg",
    signature: "long bpf_get_func_arg(void *ctx, __u32 n, __u64 *value)",
    args: [CTX, ANY, UNINIT_MEM_8],
    ret: INTEGER,
  },
  {
    id: 184,
    name: "get_func_ret",
    signature: "long bpf_get_func_ret(void *ctx, __u64 *value)",
    args: [CTX, UNINIT_MEM_8],
    ret: INTEGER,
  },
  { id: 185, name: "get_func_arg_cnt", signature: "long bpf_get_func_arg_cnt(void *ctx)", args: [CTX], ret: INTEGER },
];
