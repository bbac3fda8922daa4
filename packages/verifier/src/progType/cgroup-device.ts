import { BPF_PROG_TYPE_CGROUP_DEVICE } from "@bpf-ts/uapi/prog-types";
import { EXIT_0_1 } from "./exit.ts";
import { NARROW_4, rowsAccess } from "./fields.ts";
import type { ProgTypeRow } from "./types.ts";

/** Use of devices in a control group. @see v6.18 kernel/bpf/cgroup.c, cgroup_dev_is_valid_access */
export const CGROUP_DEVICE: ProgTypeRow = {
  id: BPF_PROG_TYPE_CGROUP_DEVICE,
  name: "cgroup_device",
  ctxStruct: "bpf_cgroup_dev_ctx",
  ctxAccess: rowsAccess([
    { from: 0, to: 4, read: NARROW_4, fieldSize: 4 }, // access_type
    { from: 4, to: 12, read: 4 }, // major, minor
  ]),
  plainContext: true,
  exitRule: () => EXIT_0_1,
  netAdmin: true,
};
