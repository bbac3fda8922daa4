/** Helpers of LSM programs. */
import type { HelperProto } from "../helper-proto.ts";
import { ANY, BTF_FILE, BTF_INODE, BTF_LINUX_BINPRM, BTF_PATH, MEM, SIZE, SIZE_OR_ZERO, UNINIT_MEM } from "./arg.ts";
import { INTEGER } from "./ret.ts";

/** Security hooks. */
export const LSM_HELPERS: readonly HelperProto[] = [
  {
    id: 147,
    name: "d_path",
    signature: "long bpf_d_path(struct path *path, char *buf, __u32 sz)",
    args: [BTF_PATH, MEM, SIZE_OR_ZERO],
    ret: INTEGER,
  },
  {
    id: 159,
    name: "bprm_opts_set",
    signature: "long bpf_bprm_opts_set(struct linux_binprm *bprm, __u64 flags)",
    args: [BTF_LINUX_BINPRM, ANY],
    ret: INTEGER,
  },
  {
    id: 161,
    name: "ima_inode_hash",
    signature: "long bpf_ima_inode_hash(struct inode *inode, void *dst, __u32 size)",
    args: [BTF_INODE, UNINIT_MEM, SIZE],
    ret: INTEGER,
    mightSleep: true,
  },
  {
    id: 193,
    name: "ima_file_hash",
    signature: "long bpf_ima_file_hash(struct file *file, void *dst, __u32 size)",
    args: [BTF_FILE, UNINIT_MEM, SIZE],
    ret: INTEGER,
    mightSleep: true,
  },
];
