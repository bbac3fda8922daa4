/** The structures of functions that this kernel has, and what each of them asks of its members. */
import { EINVAL, EOPNOTSUPP } from "@bpf-ts/uapi/errno";

/** `TCP_CONG_MASK`, as the running 6.18 has it. */
const TCP_CONG_MASK = 0x1f;

/** What one structure has to say about the values it is given. */
export interface Subsystem {
  /** Looks at a member first: a negative errno; 1 if it is done with it; 0 if it is as any other. */
  initMember(name: string, value: Uint8Array): number;
  /** Looks at the whole: 0 or a negative errno. */
  validate(functions: ReadonlySet<string>): number;
}

/** By the structure's name. */
export const SUBSYSTEMS: Readonly<Record<string, Subsystem>> = {
  /** @see v6.18 net/ipv4/bpf_tcp_ca.c, bpf_tcp_ca_init_member; net/ipv4/tcp_cong.c, tcp_validate_congestion_control */
  tcp_congestion_ops: {
    initMember(name, value) {
      if (name === "name") return isObjectName(value) ? 1 : -EINVAL;
      if (name !== "flags") return 0;
      return (new DataView(value.buffer, value.byteOffset).getUint32(0, true) & ~TCP_CONG_MASK) === 0 ? 1 : -EINVAL;
    },
    validate: (functions) =>
      functions.has("ssthresh") &&
      functions.has("undo_cwnd") &&
      (functions.has("cong_avoid") || functions.has("cong_control"))
        ? 0
        : -EINVAL,
  },
  /** For test runs of its programs only. @see v6.18 net/bpf/bpf_dummy_struct_ops.c */
  bpf_dummy_ops: { initMember: () => -EOPNOTSUPP, validate: () => 0 },
};

/** Letters, digits, `_` and `.`, at least one, then zeros. @see v6.18 kernel/bpf/syscall.c, bpf_obj_name_cpy */
function isObjectName(bytes: Uint8Array): boolean {
  const end = bytes.indexOf(0);
  return end > 0 && /^[\w.]+$/.test(String.fromCharCode(...bytes.subarray(0, end)));
}
