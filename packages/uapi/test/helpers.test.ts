import * as ids from "@bpf-ts/uapi/helper-ids";
import { HELPER_PROTOS, helperById, helperByName, helperVariant } from "@bpf-ts/uapi/helpers";
import { describe, expect, it } from "vitest";
import type { HelperProto } from "../src/index.ts";

const helpers = HELPER_PROTOS.slice(1);

function helper(id: number): HelperProto {
  const found = helperById(id);
  if (found === undefined) throw new Error(`no helper ${id}`);
  return found;
}

/** The parameter list of a C prototype; a `...` ends it and is not counted. */
function parameters(signature: string): string[] {
  const list = signature.slice(signature.indexOf("(") + 1, -1);
  return list === "void" ? [] : list.split(", ").filter((p) => p !== "...");
}

/** Declared in C with another result than the one that the verifier gives them: so in Linux. */
const WRONG_RETURN = ["tail_call", "set_hash_invalid", "spin_lock", "spin_unlock", "task_pt_regs"];

describe("the table of helpers", () => {
  it("has 211 rows, each at its id", () => {
    expect(HELPER_PROTOS.length).toBe(212);
    expect(HELPER_PROTOS.map((proto) => proto.id)).toEqual(Array.from({ length: 212 }, (_, i) => i));
    expect(HELPER_PROTOS[0]).toEqual({ id: 0, name: "unspec", signature: "void bpf_unspec(void)" });
  });

  it("names each row as BPF_FUNC_<name> says", () => {
    const constants = ids as Record<string, number>;
    expect(helpers.filter((proto) => constants[`BPF_FUNC_${proto.name}`] !== proto.id)).toEqual([]);
    expect(helpers.filter((proto) => !proto.signature.includes(`bpf_${proto.name}(`))).toEqual([]);
  });

  it("has as many arguments as the C prototype has parameters", () => {
    const wrong = helpers.filter((proto) => proto.args?.length !== parameters(proto.signature).length);
    expect(wrong.map((proto) => proto.name)).toEqual([]);
  });

  it("has a size argument right behind every memory argument that has no size of its own, and nowhere else", () => {
    const wrong = new Set<string>();
    for (const proto of helpers) {
      for (const { args } of [proto, ...Object.values(proto.variants ?? {})]) {
        args?.forEach((arg, i) => {
          const next = args[i + 1]?.kind;
          const sized = next === "CONST_SIZE" || next === "CONST_SIZE_OR_ZERO";
          if (sized !== (arg.kind === "MEM" && arg.size === undefined)) wrong.add(proto.name);
        });
      }
    }
    expect([...wrong]).toEqual([]);
  });

  it("returns void where C says void, a pointer where C says pointer, but for five", () => {
    const wrong = helpers.filter((proto) => {
      const type = proto.signature.slice(0, proto.signature.indexOf(`bpf_${proto.name}(`)).trim();
      const kind = proto.ret?.kind;
      return (kind === "VOID") !== (type === "void") || (kind !== "VOID" && kind !== "INTEGER") !== type.endsWith("*");
    });
    expect(wrong.map((proto) => proto.name)).toEqual(WRONG_RETURN);
  });

  it("finds by name with and without prefix", () => {
    expect(helperByName("bpf_loop")?.id).toBe(181);
    expect(helperByName("loop")?.id).toBe(181);
    expect(helperByName("unspec")).toBeUndefined();
    expect(helperByName("")).toBeUndefined();
    expect(helperById(0)).toBeUndefined();
    expect(helperById(212)).toBeUndefined();
    expect(helperById(-1)).toBeUndefined();
  });
});

describe("well-known helpers", () => {
  it.each<HelperProto>([
    {
      id: 1,
      name: "map_lookup_elem",
      signature: "void *bpf_map_lookup_elem(void *map, const void *key)",
      args: [{ kind: "CONST_MAP_PTR" }, { kind: "MAP_KEY" }],
      ret: { kind: "MAP_VALUE", nullable: true },
      pktAccess: true,
    },
    {
      id: 2,
      name: "map_update_elem",
      signature: "long bpf_map_update_elem(void *map, const void *key, const void *value, __u64 flags)",
      args: [{ kind: "CONST_MAP_PTR" }, { kind: "MAP_KEY" }, { kind: "MAP_VALUE" }, { kind: "ANYTHING" }],
      ret: { kind: "INTEGER" },
      pktAccess: true,
    },
    {
      id: 6,
      name: "trace_printk",
      signature: "long bpf_trace_printk(const char *fmt, __u32 fmt_size, ...)",
      args: [{ kind: "MEM", readonly: true }, { kind: "CONST_SIZE" }],
      ret: { kind: "INTEGER" },
      gplOnly: true,
    },
    {
      id: 12,
      name: "tail_call",
      signature: "long bpf_tail_call(void *ctx, void *prog_array_map, __u32 index)",
      args: [{ kind: "CTX" }, { kind: "CONST_MAP_PTR" }, { kind: "ANYTHING" }],
      ret: { kind: "VOID" },
      changesPktData: true,
    },
    {
      id: 16,
      name: "get_current_comm",
      signature: "long bpf_get_current_comm(void *buf, __u32 size_of_buf)",
      args: [{ kind: "MEM", uninit: true, write: true }, { kind: "CONST_SIZE" }],
      ret: { kind: "INTEGER" },
    },
    {
      id: 44,
      name: "xdp_adjust_head",
      signature: "long bpf_xdp_adjust_head(struct xdp_md *xdp_md, int delta)",
      args: [{ kind: "CTX" }, { kind: "ANYTHING" }],
      ret: { kind: "INTEGER" },
      changesPktData: true,
    },
    {
      id: 86,
      name: "sk_release",
      signature: "long bpf_sk_release(void *sock)",
      args: [{ kind: "BTF_ID_SOCK_COMMON", release: true }],
      ret: { kind: "INTEGER" },
    },
    {
      id: 87,
      name: "map_push_elem",
      signature: "long bpf_map_push_elem(void *map, const void *value, __u64 flags)",
      args: [{ kind: "CONST_MAP_PTR" }, { kind: "MAP_VALUE" }, { kind: "ANYTHING" }],
      ret: { kind: "INTEGER" },
      pktAccess: true,
    },
    {
      id: 105,
      name: "strtol",
      signature: "long bpf_strtol(const char *buf, unsigned long buf_len, __u64 flags, long *res)",
      args: [
        { kind: "MEM", readonly: true },
        { kind: "CONST_SIZE" },
        { kind: "ANYTHING" },
        { kind: "MEM", uninit: true, write: true, aligned: true, size: 8 },
      ],
      ret: { kind: "INTEGER" },
    },
    {
      id: 131,
      name: "ringbuf_reserve",
      signature: "void *bpf_ringbuf_reserve(void *ringbuf, __u64 size, __u64 flags)",
      args: [{ kind: "CONST_MAP_PTR" }, { kind: "CONST_ALLOC_SIZE_OR_ZERO" }, { kind: "ANYTHING" }],
      ret: { kind: "MEM", ringbuf: true, nullable: true },
    },
    {
      id: 132,
      name: "ringbuf_submit",
      signature: "void bpf_ringbuf_submit(void *data, __u64 flags)",
      args: [{ kind: "RINGBUF_MEM", release: true }, { kind: "ANYTHING" }],
      ret: { kind: "VOID" },
    },
    {
      id: 148,
      name: "copy_from_user",
      signature: "long bpf_copy_from_user(void *dst, __u32 size, const void *user_ptr)",
      args: [{ kind: "MEM", uninit: true, write: true }, { kind: "CONST_SIZE_OR_ZERO" }, { kind: "ANYTHING" }],
      ret: { kind: "INTEGER" },
      mightSleep: true,
    },
    {
      id: 158,
      name: "get_current_task_btf",
      signature: "struct task_struct *bpf_get_current_task_btf(void)",
      args: [],
      ret: { kind: "BTF_ID", trusted: true, btfType: "task_struct" },
      gplOnly: true,
    },
    {
      id: 194,
      name: "kptr_xchg",
      signature: "void *bpf_kptr_xchg(void *dst, void *ptr)",
      args: [{ kind: "KPTR_XCHG_DEST" }, { kind: "BTF_ID", release: true, nullable: true }],
      ret: { kind: "BTF_ID", nullable: true },
    },
  ])("$name", (expected) => {
    expect(helper(expected.id)).toEqual(expected);
  });

  it("knows which change packet data", () => {
    expect(helpers.filter((proto) => proto.changesPktData).map((proto) => proto.id)).toEqual([
      9, 10, 11, 12, 13, 18, 19, 31, 38, 39, 43, 44, 50, 54, 63, 65, 73, 74, 75, 76, 90, 91, 143,
    ]);
  });

  it("knows the one with the fastcall contract", () => {
    expect(helpers.filter((proto) => proto.fastcall).map((proto) => proto.name)).toEqual(["get_smp_processor_id"]);
  });
});

describe("prototypes by program type", () => {
  it("gives the row itself for its own prototype", () => {
    expect(helperVariant(helper(1), "bpf_map_lookup_elem")).toBe(helper(1));
    expect(helperVariant(helper(51), "bpf_xdp_redirect_map")).toBe(helper(51));
    expect(helperVariant(helper(51), "bpf_redirect_map")).toBeUndefined();
  });

  it("gives a variant's facts under the row's id, name and signature", () => {
    expect(helperVariant(helper(25), "bpf_xdp_event_output")).toEqual({
      id: 25,
      name: "perf_event_output",
      signature: "long bpf_perf_event_output(void *ctx, void *map, __u64 flags, void *data, __u64 size)",
      proto: "bpf_xdp_event_output",
      args: [
        { kind: "CTX" },
        { kind: "CONST_MAP_PTR" },
        { kind: "ANYTHING" },
        { kind: "MEM", readonly: true },
        { kind: "CONST_SIZE_OR_ZERO" },
      ],
      ret: { kind: "INTEGER" },
      gplOnly: true,
    });
  });

  it("keeps facts of the id, whatever the prototype", () => {
    expect(helperVariant(helper(38), "sk_skb_change_tail")?.changesPktData).toBe(true);
    expect(helperVariant(helper(67), "bpf_get_stack_sleepable")?.mightSleep).toBe(true);
    expect(helper(67).mightSleep).toBeUndefined();
  });

  it("answers undefined for a prototype of another helper", () => {
    expect(helperVariant(helper(1), "bpf_xdp_event_output")).toBeUndefined();
  });
});
