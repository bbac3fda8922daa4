import { BPF_PROG_TYPE_LIRC_MODE2 } from "@bpf-ts/uapi/prog-types";
import { EXIT_ANY } from "./exit.ts";
import { rowsAccess } from "./fields.ts";
import type { ProgTypeRow } from "./types.ts";

/**
 * Infrared receivers: one u32. Kernels built without CONFIG_BPF_LIRC_MODE2 do not know the type, and most are.
 *
 * @see v6.18 drivers/media/rc/bpf-lirc.c, lirc_mode2_is_valid_access
 */
export const LIRC_MODE2: ProgTypeRow = {
  id: BPF_PROG_TYPE_LIRC_MODE2,
  name: "lirc_mode2",
  ctxStruct: "__u32",
  ctxAccess: rowsAccess([{ from: 0, to: 4, read: 4 }]),
  plainContext: true,
  exitRule: () => EXIT_ANY,
  notModelled: "lirc_mode2",
};
