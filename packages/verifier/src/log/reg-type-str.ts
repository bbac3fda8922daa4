import {
  CONST_PTR_TO_DYNPTR,
  CONST_PTR_TO_MAP,
  MEM_PERCPU,
  MEM_RCU,
  MEM_RDONLY,
  MEM_RINGBUF,
  MEM_USER,
  NOT_INIT,
  PTR_MAYBE_NULL,
  PTR_TO_ARENA,
  PTR_TO_BTF_ID,
  PTR_TO_BUF,
  PTR_TO_CTX,
  PTR_TO_FLOW_KEYS,
  PTR_TO_FUNC,
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TO_PACKET,
  PTR_TO_PACKET_END,
  PTR_TO_PACKET_META,
  PTR_TO_SOCK_COMMON,
  PTR_TO_SOCKET,
  PTR_TO_STACK,
  PTR_TO_TCP_SOCK,
  PTR_TO_TP_BUFFER,
  PTR_TO_XDP_SOCK,
  PTR_TRUSTED,
  PTR_UNTRUSTED,
  SCALAR_VALUE,
} from "../state/reg-type.ts";

const BASE_NAMES: Readonly<Record<number, string>> = {
  [NOT_INIT]: "?",
  [SCALAR_VALUE]: "scalar",
  [PTR_TO_CTX]: "ctx",
  [CONST_PTR_TO_MAP]: "map_ptr",
  [PTR_TO_MAP_VALUE]: "map_value",
  [PTR_TO_STACK]: "fp",
  [PTR_TO_PACKET]: "pkt",
  [PTR_TO_PACKET_META]: "pkt_meta",
  [PTR_TO_PACKET_END]: "pkt_end",
  [PTR_TO_FLOW_KEYS]: "flow_keys",
  [PTR_TO_SOCKET]: "sock",
  [PTR_TO_SOCK_COMMON]: "sock_common",
  [PTR_TO_TCP_SOCK]: "tcp_sock",
  [PTR_TO_TP_BUFFER]: "tp_buffer",
  [PTR_TO_XDP_SOCK]: "xdp_sock",
  [PTR_TO_BTF_ID]: "ptr_",
  [PTR_TO_MEM]: "mem",
  [PTR_TO_ARENA]: "arena",
  [PTR_TO_BUF]: "buf",
  [PTR_TO_FUNC]: "func",
  [PTR_TO_MAP_KEY]: "map_key",
  [CONST_PTR_TO_DYNPTR]: "dynptr_ptr",
};

/** A register type in the log's words: `rdonly_mem_or_null`, `trusted_ptr_` … @see v6.18 kernel/bpf/log.c, reg_type_str */
export function regTypeStr(type: number): string {
  let prefix = "";
  if (type & MEM_RDONLY) prefix += "rdonly_";
  if (type & MEM_RINGBUF) prefix += "ringbuf_";
  if (type & MEM_USER) prefix += "user_";
  if (type & MEM_PERCPU) prefix += "percpu_";
  if (type & MEM_RCU) prefix += "rcu_";
  if (type & PTR_UNTRUSTED) prefix += "untrusted_";
  if (type & PTR_TRUSTED) prefix += "trusted_";
  let postfix = "";
  if (type & PTR_MAYBE_NULL) postfix = (type & 0xff) === PTR_TO_BTF_ID ? "or_null_" : "_or_null";
  return prefix + BASE_NAMES[type & 0xff] + postfix;
}
