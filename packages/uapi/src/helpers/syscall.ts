/** Helpers of syscall programs. */
import type { HelperProto } from "../helper-proto.ts";
import { ANY, RO_MEM, SIZE, SIZE_OR_ZERO, UNINIT_MEM_8 } from "./arg.ts";
import { INTEGER } from "./ret.ts";

/** Programs that run as a system call. */
export const SYSCALL_HELPERS: readonly HelperProto[] = [
  {
    id: 166,
    name: "sys_bpf",
    signature: "long bpf_sys_bpf(__u32 cmd, void *attr, __u32 attr_size)",
    args: [ANY, RO_MEM, SIZE],
    ret: INTEGER,
    mightSleep: true,
  },
  {
    id: 167,
    name: "btf_find_by_name_kind",
    signature: "long bpf_btf_find_by_name_kind(char *name, int name_sz, __u32 kind, int flags)",
    args: [RO_MEM, SIZE, ANY, ANY],
    ret: INTEGER,
    mightSleep: true,
  },
  {
    id: 168,
    name: "sys_close",
    signature: "long bpf_sys_close(__u32 fd)",
    args: [ANY],
    ret: INTEGER,
    mightSleep: true,
  },
  {
    id: 179,
    name: "kallsyms_lookup_name",
    signature: "long bpf_kallsyms_lookup_name(const char *name, int name_sz, int flags, __u64 *res)",
    args: [RO_MEM, SIZE_OR_ZERO, ANY, UNINIT_MEM_8],
    ret: INTEGER,
  },
];
