/** Helpers of lirc_mode2 programs. */
import type { HelperProto } from "../helper-proto.ts";
import { ANY, CTX } from "./arg.ts";
import { INTEGER } from "./ret.ts";

/** Infrared receivers. */
export const LIRC_HELPERS: readonly HelperProto[] = [
  {
    id: 77,
    name: "rc_repeat",
    signature: "long bpf_rc_repeat(void *ctx)",
    proto: "rc_repeat",
    args: [CTX],
    ret: INTEGER,
    gplOnly: true,
  },
  {
    id: 78,
    name: "rc_keydown",
    signature: "long bpf_rc_keydown(void *ctx, __u32 protocol, __u64 scancode, __u32 toggle)",
    proto: "rc_keydown",
    args: [CTX, ANY, ANY, ANY],
    ret: INTEGER,
    gplOnly: true,
  },
  {
    id: 92,
    name: "rc_pointer_rel",
    signature: "long bpf_rc_pointer_rel(void *ctx, __s32 rel_x, __s32 rel_y)",
    proto: "rc_pointer_rel",
    args: [CTX, ANY, ANY],
    ret: INTEGER,
    gplOnly: true,
  },
];
