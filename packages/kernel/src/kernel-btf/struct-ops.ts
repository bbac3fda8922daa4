import type { BtfBuilder, BtfMember } from "@bpf-ts/btf";
import type { BasicTypes } from "./basic-types.ts";

/** Structures of functions begin on a cache line of their own. */
const CACHE_LINE = 64;
const TCP_CONGESTION_OPS_SIZE = 192;
const TCP_CA_NAME_MAX = 16;

/**
 * The structures of functions that programs can implement, and for each `struct bpf_struct_ops_<name>`: the value of a struct_ops map.
 *
 * @see v6.18 include/net/tcp.h, struct tcp_congestion_ops; include/linux/bpf.h, struct bpf_dummy_ops
 */
export function addStructOps(builder: BtfBuilder, basic: BasicTypes): void {
  const { int, u8, u32, index, unsignedLong } = basic;
  const pointerTo = (name: string, kind: "struct" | "union" = "struct"): number =>
    builder.addPtr(builder.addFwd(name, kind));
  const method = (ret: number, ...params: number[]): number =>
    builder.addPtr(
      builder.addFuncProto(
        ret,
        params.map((type) => ({ name: "", type })),
      ),
    );

  const atomic = builder.addTypedef("atomic_t", builder.addFields("struct", "", [{ name: "counter", type: int }]));
  const refcount = builder.addTypedef(
    "refcount_t",
    builder.addFields("struct", "refcount_struct", [{ name: "refs", type: atomic }]),
  );
  const state = builder.addEnum("bpf_struct_ops_state", [
    { name: "BPF_STRUCT_OPS_STATE_INIT", value: 0 },
    { name: "BPF_STRUCT_OPS_STATE_INUSE", value: 1 },
    { name: "BPF_STRUCT_OPS_STATE_TOBEFREE", value: 2 },
    { name: "BPF_STRUCT_OPS_STATE_READY", value: 3 },
  ]);
  const common = builder.addFields("struct", "bpf_struct_ops_common_value", [
    { name: "refcnt", type: refcount },
    { name: "state", type: state },
  ]);
  const addValue = (name: string, data: number, size: number): void => {
    builder.add({
      kind: "struct",
      name: `bpf_struct_ops_${name}`,
      size: CACHE_LINE + size,
      members: [
        { name: "common", type: common, bitOffset: 0, bitfieldSize: 0 },
        { name: "data", type: data, bitOffset: CACHE_LINE * 8, bitfieldSize: 0 },
      ],
    });
  };

  const cb = pointerTo("bpf_dummy_ops_state");
  const dummy = builder.addFields("struct", "bpf_dummy_ops", [
    { name: "test_1", type: method(int, cb) },
    { name: "test_2", type: method(int, cb, int, basic.u16, basic.char, unsignedLong) },
    { name: "test_sleepable", type: method(int, cb) },
  ]);
  addValue("bpf_dummy_ops", dummy, CACHE_LINE);

  const sock = pointerTo("sock");
  const event = builder.addEnum(
    "tcp_ca_event",
    ["TX_START", "CWND_RESTART", "COMPLETE_CWR", "LOSS", "ECN_NO_CE", "ECN_IS_CE"].map((name, value) => ({
      name: `CA_EVENT_${name}`,
      value,
    })),
  );
  const constPtr = (name: string): number => builder.addPtr(builder.addConst(builder.addFwd(name, "struct")));
  const list = builder.reserve();
  const listPtr = builder.addPtr(list);
  builder.defineFields(list, "struct", "list_head", [
    { name: "next", type: listPtr },
    { name: "prev", type: listPtr },
  ]);
  const methods: readonly (readonly [name: string, type: number])[] = [
    ["ssthresh", method(u32, sock)],
    ["cong_avoid", method(0, sock, u32, u32)],
    ["set_state", method(0, sock, u8)],
    ["cwnd_event", method(0, sock, event)],
    ["in_ack_event", method(0, sock, u32)],
    ["pkts_acked", method(0, sock, constPtr("ack_sample"))],
    ["min_tso_segs", method(u32, sock)],
    ["cong_control", method(0, sock, u32, int, constPtr("rate_sample"))],
    ["undo_cwnd", method(u32, sock)],
    ["sndbuf_expand", method(u32, sock)],
    ["get_info", method(unsignedLong, sock, u32, builder.addPtr(int), pointerTo("tcp_cc_info", "union"))],
  ];
  let end = 0;
  const member = (name: string, type: number, bytes: number): BtfMember => {
    const bitOffset = end * 8;
    end += bytes;
    return { name, type, bitOffset, bitfieldSize: 0 };
  };
  const congestion = builder.add({
    kind: "struct",
    name: "tcp_congestion_ops",
    size: TCP_CONGESTION_OPS_SIZE,
    members: [
      ...methods.map(([name, type]) => member(name, type, 8)),
      member("name", builder.addArray(basic.char, TCP_CA_NAME_MAX, index), TCP_CA_NAME_MAX),
      member("owner", pointerTo("module"), 8),
      member("list", list, 16),
      member("key", u32, 4),
      member("flags", u32, 4),
      member("init", method(0, sock), 8),
      member("release", method(0, sock), 8),
    ],
  });
  addValue("tcp_congestion_ops", congestion, TCP_CONGESTION_OPS_SIZE);
}
