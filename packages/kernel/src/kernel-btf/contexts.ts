import type { BtfBuilder, NewField } from "@bpf-ts/btf";
import type { BasicTypes } from "./basic-types.ts";

/** `__bpf_md_ptr(T *, name)`: an anonymous union around a pointer, which is 8 bytes here as everywhere. */
export function mdPtr(builder: BtfBuilder, name: string, pointer: number): NewField {
  return { name: "", type: builder.addFields("union", "", [{ name, type: pointer }]) };
}

/**
 * Contexts in the layout of user space's headers.
 *
 * @see v6.18 include/uapi/linux/bpf.h, struct __sk_buff, struct xdp_md
 */
export function addContexts(builder: BtfBuilder, basic: BasicTypes): void {
  const { u8, u16, u32, u64 } = basic;
  const words = (n: number): number => builder.addArray(u32, n, basic.index);
  const list = (type: number, names: string): NewField[] => names.split(" ").map((name) => ({ name, type }));

  builder.addFields(
    "struct",
    "xdp_md",
    list(u32, "data data_end data_meta ingress_ifindex rx_queue_index egress_ifindex"),
  );
  const flowKeys = builder.addPtr(builder.addFwd("bpf_flow_keys", "struct"));
  const sock = builder.addPtr(
    builder.addFields("struct", "bpf_sock", [
      ...list(u32, "bound_dev_if family type protocol mark priority src_ip4"),
      { name: "src_ip6", type: words(4) },
      { name: "src_port", type: u32 },
      { name: "dst_port", type: u16 },
      { name: "", type: u16, bits: 16 },
      { name: "dst_ip4", type: u32 },
      { name: "dst_ip6", type: words(4) },
      { name: "state", type: u32 },
      { name: "rx_queue_mapping", type: basic.s32 },
    ]),
  );
  builder.addFields("struct", "__sk_buff", [
    ...list(
      u32,
      "len pkt_type mark queue_mapping protocol vlan_present vlan_tci vlan_proto priority ingress_ifindex ifindex tc_index",
    ),
    { name: "cb", type: words(5) },
    ...list(u32, "hash tc_classid data data_end napi_id family remote_ip4 local_ip4"),
    { name: "remote_ip6", type: words(4) },
    { name: "local_ip6", type: words(4) },
    ...list(u32, "remote_port local_port data_meta"),
    mdPtr(builder, "flow_keys", flowKeys),
    { name: "tstamp", type: u64 },
    ...list(u32, "wire_len gso_segs"),
    mdPtr(builder, "sk", sock),
    { name: "gso_size", type: u32 },
    { name: "tstamp_type", type: u8 },
    { name: "", type: u32, bits: 24 },
    { name: "hwtstamp", type: u64 },
  ]);
}
