/** The structures of functions that this kernel has, and what each of them asks of its members. */
import { EINVAL, EOPNOTSUPP } from "@bpf-ts/uapi/errno";

/** `TCP_CONG_MASK`, as the running 6.18 has it. */
const TCP_CONG_MASK = 0x1f;

/** What a structure has to say about a member that it is given: a negative errno; 1 for a member that it takes itself; 0 for any other. */
export type InitMember = (name: string, value: Uint8Array) => number;

/** By the structure's name. */
export const INIT_MEMBER: Readonly<Record<string, InitMember>> = {
  /** @see v6.18 net/ipv4/bpf_tcp_ca.c, bpf_tcp_ca_init_member */
  tcp_congestion_ops(name, value) {
    if (name === "name") return isObjectName(value) ? 1 : -EINVAL;
    if (name !== "flags") return 0;
    return (new DataView(value.buffer, value.byteOffset).getUint32(0, true) & ~TCP_CONG_MASK) === 0 ? 1 : -EINVAL;
  },
  /** For test runs of its programs only. @see v6.18 net/bpf/bpf_dummy_struct_ops.c */
  bpf_dummy_ops: () => -EOPNOTSUPP,
};

/** Letters, digits, `_` and `.`, at least one, then zeros. @see v6.18 kernel/bpf/syscall.c, bpf_obj_name_cpy */
function isObjectName(bytes: Uint8Array): boolean {
  const end = bytes.indexOf(0);
  return end > 0 && /^[\w.]+$/.test(String.fromCharCode(...bytes.subarray(0, end)));
}
