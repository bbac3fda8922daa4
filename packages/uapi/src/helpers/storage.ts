/** Helpers of local storage and kptrs. */
import type { HelperProto } from "../helper-proto.ts";
import {
  ANY,
  BTF_CGROUP_OR_NULL,
  BTF_ID_SOCK_COMMON,
  BTF_INODE_OR_NULL,
  BTF_SOCK_COMMON_OR_NULL,
  BTF_TASK_STRUCT_OR_NULL,
  CTX,
  KPTR_XCHG_DEST,
  MAP,
  MAP_VALUE_OR_NULL,
  RELEASE_BTF_ID_OR_NULL,
} from "./arg.ts";
import { INTEGER, TO_BTF_ID_OR_NULL, TO_MAP_VALUE, TO_MAP_VALUE_OR_NULL } from "./ret.ts";

/** Values that hang on a socket, task, inode or cgroup, and kptrs in map values. */
export const STORAGE_HELPERS: readonly HelperProto[] = [
  {
    id: 81,
    name: "get_local_storage",
    signature: "void *bpf_get_local_storage(void *map, __u64 flags)",
    args: [MAP, ANY],
    ret: TO_MAP_VALUE,
  },
  {
    id: 107,
    name: "sk_storage_get",
    signature: "void *bpf_sk_storage_get(void *map, void *sk, void *value, __u64 flags)",
    args: [MAP, BTF_ID_SOCK_COMMON, MAP_VALUE_OR_NULL, ANY],
    ret: TO_MAP_VALUE_OR_NULL,
    variants: {
      bpf_sk_storage_get_cg_sock: { args: [MAP, CTX, MAP_VALUE_OR_NULL, ANY], ret: TO_MAP_VALUE_OR_NULL },
      bpf_sk_storage_get_tracing: {
        args: [MAP, BTF_SOCK_COMMON_OR_NULL, MAP_VALUE_OR_NULL, ANY],
        ret: TO_MAP_VALUE_OR_NULL,
      },
    },
  },
  {
    id: 108,
    name: "sk_storage_delete",
    signature: "long bpf_sk_storage_delete(void *map, void *sk)",
    args: [MAP, BTF_ID_SOCK_COMMON],
    ret: INTEGER,
    variants: { bpf_sk_storage_delete_tracing: { args: [MAP, BTF_SOCK_COMMON_OR_NULL], ret: INTEGER } },
  },
  {
    id: 145,
    name: "inode_storage_get",
    signature: "void *bpf_inode_storage_get(void *map, void *inode, void *value, __u64 flags)",
    args: [MAP, BTF_INODE_OR_NULL, MAP_VALUE_OR_NULL, ANY],
    ret: TO_MAP_VALUE_OR_NULL,
  },
  {
    id: 146,
    name: "inode_storage_delete",
    signature: "int bpf_inode_storage_delete(void *map, void *inode)",
    args: [MAP, BTF_INODE_OR_NULL],
    ret: INTEGER,
  },
  {
    id: 156,
    name: "task_storage_get",
    signature: "void *bpf_task_storage_get(void *map, struct task_struct *task, void *value, __u64 flags)",
    args: [MAP, BTF_TASK_STRUCT_OR_NULL, MAP_VALUE_OR_NULL, ANY],
    ret: TO_MAP_VALUE_OR_NULL,
    variants: {
      bpf_task_storage_get_recur: {
        args: [MAP, BTF_TASK_STRUCT_OR_NULL, MAP_VALUE_OR_NULL, ANY],
        ret: TO_MAP_VALUE_OR_NULL,
      },
    },
  },
  {
    id: 157,
    name: "task_storage_delete",
    signature: "long bpf_task_storage_delete(void *map, struct task_struct *task)",
    args: [MAP, BTF_TASK_STRUCT_OR_NULL],
    ret: INTEGER,
    variants: { bpf_task_storage_delete_recur: { args: [MAP, BTF_TASK_STRUCT_OR_NULL], ret: INTEGER } },
  },
  {
    id: 194,
    name: "kptr_xchg",
    signature: "void *bpf_kptr_xchg(void *dst, void *ptr)",
    args: [KPTR_XCHG_DEST, RELEASE_BTF_ID_OR_NULL],
    ret: TO_BTF_ID_OR_NULL,
  },
  {
    id: 210,
    name: "cgrp_storage_get",
    signature: "void *bpf_cgrp_storage_get(void *map, struct cgroup *cgroup, void *value, __u64 flags)",
    args: [MAP, BTF_CGROUP_OR_NULL, MAP_VALUE_OR_NULL, ANY],
    ret: TO_MAP_VALUE_OR_NULL,
  },
  {
    id: 211,
    name: "cgrp_storage_delete",
    signature: "long bpf_cgrp_storage_delete(void *map, struct cgroup *cgroup)",
    args: [MAP, BTF_CGROUP_OR_NULL],
    ret: INTEGER,
  },
];
