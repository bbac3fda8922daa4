/**
 * Types whose rules lie in the attach target, another program or a kernel structure, none of which is modelled: what loading needs is here,
 * programs of these types get the verdict `unsupported: prog-type`.
 */
import { BPF_LSM_CGROUP } from "@bpf-ts/uapi/attach-types";
import { BPF_PROG_TYPE_EXT, BPF_PROG_TYPE_LSM, BPF_PROG_TYPE_STRUCT_OPS } from "@bpf-ts/uapi/prog-types";
import { EXIT_ANY, EXIT_BY_TARGET } from "./exit.ts";
import { TYPED_ARGS_SHAPE } from "./tracing.ts";
import type { ProgTypeRow } from "./types.ts";

/** Security hooks. @see v6.18 kernel/bpf/bpf_lsm.c */
export const LSM: ProgTypeRow = {
  id: BPF_PROG_TYPE_LSM,
  name: "lsm",
  ctxAccess: TYPED_ARGS_SHAPE,
  plainContext: true,
  btfContext: true,
  exitRule: () => EXIT_BY_TARGET,
  sleepable: (attachType) => attachType !== BPF_LSM_CGROUP,
  perfmon: true,
  notModelled: "lsm",
};

/** Programs that replace a function of another program. @see v6.18 kernel/bpf/verifier.c, check_attach_btf_id */
export const EXT: ProgTypeRow = {
  id: BPF_PROG_TYPE_EXT,
  name: "ext",
  ctxAccess: () => undefined,
  btfContext: true,
  attachTypes: [0],
  exitRule: () => EXIT_ANY,
  netAdmin: true,
  perfmon: true,
  notModelled: "ext",
};

/** Programs that stand for a member of a kernel structure of functions. @see v6.18 kernel/bpf/bpf_struct_ops.c */
export const STRUCT_OPS: ProgTypeRow = {
  id: BPF_PROG_TYPE_STRUCT_OPS,
  name: "struct_ops",
  ctxAccess: TYPED_ARGS_SHAPE,
  plainContext: true,
  btfContext: true,
  exitRule: () => EXIT_BY_TARGET,
  sleepable: () => true,
  perfmon: true,
  testRun: "struct_ops",
  notModelled: "struct_ops",
};
