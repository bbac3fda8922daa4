/** The result types that helpers share. */
import type { RetProto } from "../helper-proto.ts";

export const INTEGER: RetProto = { kind: "INTEGER" };
export const TO_BTF_ID_OR_NULL: RetProto = { kind: "BTF_ID", nullable: true };
export const TO_BTF_MPTCP_SOCK_OR_NULL: RetProto = { kind: "BTF_ID", nullable: true, btfType: "mptcp_sock" };
export const TO_BTF_PT_REGS: RetProto = { kind: "BTF_ID", btfType: "pt_regs" };
export const TO_BTF_SOCKET_OR_NULL: RetProto = { kind: "BTF_ID", nullable: true, btfType: "socket" };
export const TO_BTF_TCP6_SOCK_OR_NULL: RetProto = { kind: "BTF_ID", nullable: true, btfType: "tcp6_sock" };
export const TO_BTF_TCP_REQUEST_SOCK_OR_NULL: RetProto = {
  kind: "BTF_ID",
  nullable: true,
  btfType: "tcp_request_sock",
};
export const TO_BTF_TCP_SOCK_OR_NULL: RetProto = { kind: "BTF_ID", nullable: true, btfType: "tcp_sock" };
export const TO_BTF_TCP_TIMEWAIT_SOCK_OR_NULL: RetProto = {
  kind: "BTF_ID",
  nullable: true,
  btfType: "tcp_timewait_sock",
};
export const TO_BTF_UDP6_SOCK_OR_NULL: RetProto = { kind: "BTF_ID", nullable: true, btfType: "udp6_sock" };
export const TO_BTF_UNIX_SOCK_OR_NULL: RetProto = { kind: "BTF_ID", nullable: true, btfType: "unix_sock" };
export const TO_MAP_VALUE: RetProto = { kind: "MAP_VALUE" };
export const TO_MAP_VALUE_OR_NULL: RetProto = { kind: "MAP_VALUE", nullable: true };
export const TO_MEM_OR_NULL: RetProto = { kind: "MEM", nullable: true };
export const TO_RINGBUF_MEM_OR_NULL: RetProto = { kind: "MEM", ringbuf: true, nullable: true };
export const TO_RO_MEM_OR_BTF_ID: RetProto = { kind: "MEM_OR_BTF_ID", readonly: true };
export const TO_RO_MEM_OR_BTF_ID_OR_NULL: RetProto = { kind: "MEM_OR_BTF_ID", readonly: true, nullable: true };
export const TO_SOCKET_OR_NULL: RetProto = { kind: "SOCKET", nullable: true };
export const TO_SOCK_COMMON_OR_NULL: RetProto = { kind: "SOCK_COMMON", nullable: true };
export const TO_TCP_SOCK_OR_NULL: RetProto = { kind: "TCP_SOCK", nullable: true };
export const TO_TRUSTED_BTF_TASK_STRUCT: RetProto = { kind: "BTF_ID", trusted: true, btfType: "task_struct" };
export const VOID: RetProto = { kind: "VOID" };
