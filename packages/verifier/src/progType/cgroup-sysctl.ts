import { BPF_PROG_TYPE_CGROUP_SYSCTL } from "@bpf-ts/uapi/prog-types";
import { EXIT_0_1 } from "./exit.ts";
import { NARROW_4, rowsAccess } from "./fields.ts";
import type { ProgTypeRow } from "./types.ts";

/** Use of sysctls in a control group. @see v6.18 kernel/bpf/cgroup.c, sysctl_is_valid_access */
export const CGROUP_SYSCTL: ProgTypeRow = {
  id: BPF_PROG_TYPE_CGROUP_SYSCTL,
  name: "cgroup_sysctl",
  ctxStruct: "bpf_sysctl",
  ctxAccess: rowsAccess([
    { from: 0, to: 4, read: NARROW_4, fieldSize: 4 }, // write
    { from: 4, to: 8, read: NARROW_4, write: 4, fieldSize: 4 }, // file_pos
  ]),
  exitRule: () => EXIT_0_1,
  netAdmin: true,
};
