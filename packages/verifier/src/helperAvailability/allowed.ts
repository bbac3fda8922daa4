/**
 * Helpers that a program type may call, but not every program of it: `helper call is not allowed in probe`.
 *
 * @see v6.18 kernel/bpf/verifier.c, check_helper_call (`fn->allowed`)
 */
import { BPF_TRACE_FENTRY, BPF_TRACE_FEXIT, BPF_TRACE_ITER, BPF_TRACE_RAW_TP } from "@bpf-ts/uapi/attach-types";
import {
  BPF_FUNC_d_path,
  BPF_FUNC_ima_file_hash,
  BPF_FUNC_ima_inode_hash,
  BPF_FUNC_sk_storage_delete,
  BPF_FUNC_sk_storage_get,
} from "@bpf-ts/uapi/helper-ids";
import { BPF_PROG_TYPE_SYSCALL, BPF_PROG_TYPE_TRACING } from "@bpf-ts/uapi/prog-types";
import type { ProgFacts } from "../types.ts";

/** Functions whose tracers may call bpf_d_path. @see v6.18 kernel/trace/bpf_trace.c, btf_allowlist_d_path */
const D_PATH_FUNCTIONS: ReadonlySet<string> = new Set([
  "security_file_permission",
  "security_inode_getattr",
  "security_file_open",
  "security_path_truncate",
  "vfs_truncate",
  "vfs_fallocate",
  "dentry_open",
  "vfs_getattr",
  "filp_close",
]);

/** @see v6.18 kernel/trace/bpf_trace.c, bpf_d_path_allowed */
function dPathAllowed(facts: ProgFacts): boolean {
  if (facts.progType === BPF_PROG_TYPE_TRACING && facts.expectedAttachType === BPF_TRACE_ITER) return true;
  return D_PATH_FUNCTIONS.has(facts.attachFuncName);
}

/** Tracers of socket storage itself may not use it. @see v6.18 net/core/bpf_sk_storage.c, bpf_sk_storage_tracing_allowed */
function socketStorageAllowed(facts: ProgFacts): boolean {
  switch (facts.expectedAttachType) {
    case BPF_TRACE_ITER:
    case BPF_TRACE_RAW_TP:
      return true;
    case BPF_TRACE_FENTRY:
    case BPF_TRACE_FEXIT:
      return !facts.attachFuncName.startsWith("bpf_sk_storage");
    default:
      return false;
  }
}

/**
 * Whether this program, whose type may call the helper, may itself do so. False where the rule asks which security hooks may sleep (LSM
 * programs): that list is not modelled.
 */
export function helperAllowed(facts: ProgFacts, id: number): boolean {
  switch (id) {
    case BPF_FUNC_d_path:
      return dPathAllowed(facts);
    case BPF_FUNC_sk_storage_get:
    case BPF_FUNC_sk_storage_delete:
      return facts.progType === BPF_PROG_TYPE_TRACING || facts.progType === BPF_PROG_TYPE_SYSCALL
        ? socketStorageAllowed(facts)
        : true;
    case BPF_FUNC_ima_inode_hash:
    case BPF_FUNC_ima_file_hash:
      return false;
    default:
      return true;
  }
}
