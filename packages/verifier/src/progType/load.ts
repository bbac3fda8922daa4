/**
 * What BPF_PROG_LOAD asks of a program type before any instruction is looked at.
 *
 * @see v6.18 kernel/bpf/syscall.c, bpf_prog_load, bpf_prog_load_fixup_attach_type, bpf_prog_load_check_attach
 */
import { BPF_CGROUP_INET_SOCK_CREATE, BPF_SK_REUSEPORT_SELECT } from "@bpf-ts/uapi/attach-types";
import { EINVAL, EPERM } from "@bpf-ts/uapi/errno";
import {
  BPF_PROG_TYPE_CGROUP_SOCK,
  BPF_PROG_TYPE_EXT,
  BPF_PROG_TYPE_LSM,
  BPF_PROG_TYPE_SK_REUSEPORT,
  BPF_PROG_TYPE_STRUCT_OPS,
  BPF_PROG_TYPE_TRACING,
} from "@bpf-ts/uapi/prog-types";
import type { VerifierCaps } from "../types.ts";
import { progTypeById } from "./table.ts";

/** The expected attach type as loading takes it: two types read 0 as their oldest attach type. */
export function fixedUpAttachType(progType: number, expectedAttachType: number): number {
  if (expectedAttachType !== 0) return expectedAttachType;
  if (progType === BPF_PROG_TYPE_CGROUP_SOCK) return BPF_CGROUP_INET_SOCK_CREATE;
  if (progType === BPF_PROG_TYPE_SK_REUSEPORT) return BPF_SK_REUSEPORT_SELECT;
  return 0;
}

/** Types that may name an attach target by BTF id. */
const BY_BTF_ID: ReadonlySet<number> = new Set([
  BPF_PROG_TYPE_TRACING,
  BPF_PROG_TYPE_LSM,
  BPF_PROG_TYPE_STRUCT_OPS,
  BPF_PROG_TYPE_EXT,
]);

/**
 * Whether this type loads with this expected attach type (after {@link fixedUpAttachType}) and attach target.
 *
 * @returns 0, or the positive errno that loading answers without a log.
 */
export function checkLoadAttach(
  progType: number,
  expectedAttachType: number,
  target: { readonly btfId: number; readonly prog: boolean },
): number {
  if (target.btfId !== 0 && !BY_BTF_ID.has(progType)) return EINVAL;
  if (target.prog && progType !== BPF_PROG_TYPE_TRACING && progType !== BPF_PROG_TYPE_EXT) return EINVAL;
  const row = progTypeById(progType);
  if (row === undefined) return EINVAL;
  return row.attachTypes === undefined || row.attachTypes.includes(expectedAttachType) ? 0 : EINVAL;
}

/**
 * Whether the capabilities allow the type (with unprivileged BPF disabled, as every distribution has it).
 *
 * @returns 0, or EPERM.
 */
export function checkLoadCaps(progType: number, caps: VerifierCaps): number {
  const row = progTypeById(progType);
  const has = (cap: boolean): boolean => cap || caps.sysAdmin;
  if (!has(caps.bpf)) return EPERM;
  if (row?.netAdmin === true && !has(caps.netAdmin)) return EPERM;
  if (row?.perfmon === true && !has(caps.perfmon)) return EPERM;
  return 0;
}
