import { HELPER_PROTOS } from "@bpf-ts/uapi/helpers";
import { MAX_BPF_PROG_TYPE } from "@bpf-ts/uapi/prog-types";
import { describe, expect, it } from "vitest";
import { helperAllowed } from "../../src/helperAvailability/allowed.ts";
import { helperProtoFor } from "../../src/helperAvailability/table.ts";
import type { ProgFacts } from "../../src/types.ts";
import { progFacts } from "../progType/facts.ts";
import { HELPER_SWEEP, PROTO_SWEEP } from "./helper-sweep.fixture.ts";

/** `26/28 sleepable` → facts. */
function factsOf(program: string, caps = "bpf perfmon netAdmin sysAdmin"): ProgFacts {
  const match = /^(\d+)\/(\d+)( sleepable)?$/.exec(program);
  if (match === null) throw new Error(`bad fixture: ${program}`);
  const has = (cap: string): boolean => caps.split(" ").includes(cap);
  return progFacts({
    progType: Number(match[1]),
    expectedAttachType: Number(match[2]),
    sleepable: match[3] !== undefined,
    caps: { bpf: has("bpf"), perfmon: has("perfmon"), netAdmin: has("netAdmin"), sysAdmin: has("sysAdmin") },
  });
}

/** `1-3 5` → 1, 2, 3, 5. */
function parseIds(text: string): number[] {
  return text.split(" ").flatMap((part) => {
    const [from, to] = part.split("-").map(Number);
    return Array.from({ length: (to ?? from!) - from! + 1 }, (_, i) => from! + i);
  });
}

function callable(facts: ProgFacts): number[] {
  return HELPER_PROTOS.map((proto) => proto.id).filter((id) => helperProtoFor(facts, id) !== undefined);
}

describe("helpers by program type agree with a running 6.18", () => {
  const rows = Object.entries(HELPER_SWEEP).flatMap(([caps, sweep]) =>
    Object.entries(sweep).flatMap(([programs, ids]) =>
      programs.split(", ").map((program) => [caps, program, ids] as const),
    ),
  );
  it.each(rows)("with %s: %s", (caps, program, ids) => {
    expect(callable(factsOf(program, caps))).toEqual(parseIds(ids));
  });

  it.each([
    ["15/6", true],
    ["15/0", false],
    ["23/18", true],
    ["13/3", false],
    ["13/6", true],
    ["8/0", false],
    ["8/1", false],
  ])("bpf_get_retval in %s: %s", (program, expected) => {
    expect(callable(factsOf(program)).includes(186)).toBe(expected);
    expect(callable(factsOf(program)).includes(187)).toBe(expected);
  });

  it.each([
    ["bpf_iter_tcp", true],
    ["tcp", true],
    ["bpf_iter_unix", true],
    ["bpf_iter_udp", false],
    ["bpf_iter_bpf_map_elem", false],
  ])("socket options in iterator %s: %s", (attachFuncName, expected) => {
    const facts = { ...factsOf("26/28"), attachFuncName };
    expect(helperProtoFor(facts, 49) !== undefined).toBe(expected);
    expect(helperProtoFor(facts, 57)?.proto).toBe(expected ? "bpf_sk_getsockopt" : undefined);
  });
});

describe("prototypes of helpers that have several agree with a running 6.18", () => {
  it.each(PROTO_SWEEP)("%s: %s", (helper, protos, programs) => {
    const id = HELPER_PROTOS.find((proto) => proto.name === helper)!.id;
    const wrong = programs.split(", ").filter((program) => {
      const proto = helperProtoFor(factsOf(program), id);
      return proto === undefined || !protos.split(" ").includes(proto.proto ?? `bpf_${helper}`);
    });
    expect(wrong).toEqual([]);
  });

  it.each([
    ["25", "1/0", "bpf_skb_event_output"],
    ["25", "2/0", undefined],
    ["25", "5/0", "bpf_perf_event_output_tp"],
    ["25", "6/37", "bpf_xdp_event_output"],
    ["25", "13/3", "bpf_event_output_data"],
    ["25", "17/0", "bpf_perf_event_output_raw_tp"],
    ["25", "26/28", "bpf_perf_event_output_raw_tp"],
    ["27", "7/0", "bpf_get_stackid_pe"],
    ["67", "2/48 sleepable", "bpf_get_stack_sleepable"],
    ["84", "3/0", "bpf_tc_sk_lookup_tcp"],
    ["84", "8/0", undefined],
    ["107", "9/2", "bpf_sk_storage_get_cg_sock"],
    ["156", "26/28", undefined],
    ["156", "1/0", "bpf_task_storage_get_recur"],
    ["174", "2/42", "bpf_get_attach_cookie_kmulti"],
    ["173", "2/0", "bpf_get_func_ip_kprobe"],
    ["173", "5/0", "bpf_get_func_ip_tracing"],
  ])("helper %s in %s is %s", (id, program, proto) => {
    expect(helperProtoFor(factsOf(program), Number(id))?.proto).toBe(proto);
  });

  // A fill of R1's slot around the call vanishes from the stack's depth where the prototype is a fastcall one.
  it.each([
    [true, "2/0 3/0 4/0 5/0 6/37 7/0 10/0 11/0 12/0 17/0 19/0 24/0 26/23 26/28 31/0"],
    [false, "1/0 8/0 9/2 13/0 14/0 15/0 16/0 18/8 21/39 22/0 23/0 25/21 30/36 32/45"],
  ])("bpf_get_smp_processor_id is fastcall: %s", (expected, programs) => {
    for (const program of programs.split(" ")) {
      expect([program, helperProtoFor(factsOf(program), 8)?.fastcall === true]).toEqual([program, expected]);
    }
  });
});

describe("what that kernel can't show", () => {
  it("every grant of every type resolves to a prototype", () => {
    for (let progType = 0; progType < MAX_BPF_PROG_TYPE; progType++) {
      for (let attachType = 0; attachType < 58; attachType++) {
        for (const sleepable of [false, true]) {
          callable(progFacts({ progType, expectedAttachType: attachType, sleepable }));
        }
      }
    }
  });

  it("gives trampolines the traced function's arguments", () => {
    const with183 = (program: string): boolean => callable(factsOf(program)).includes(183);
    expect([with183("26/24"), with183("26/25"), with183("26/26"), with183("26/23"), with183("26/28")]).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });

  it("gives unprivileged socket filters the first tier alone", () => {
    const facts = factsOf("1/0", "");
    expect(callable(facts)).toEqual(
      parseIds("1-3 5 7-8 12 14 25-26 42 46-47 68 87-89 105-106 120 122 125 130-134 160 182 195 208"),
    );
  });

  it("gives infrared receivers their own and nothing else", () => {
    expect(callable(factsOf("20/0"))).toEqual([1, 2, 3, 5, 6, 7, 12, 77, 78, 87, 88, 89, 92, 125]);
  });

  it("follows the kernel's configuration", () => {
    const options = { kprobeOverride: true, probeWriteUser: true };
    expect(helperProtoFor(factsOf("2/0"), 58)).toBeUndefined();
    expect(helperProtoFor(factsOf("2/0"), 58, options)?.name).toBe("override_return");
    expect(helperProtoFor(factsOf("5/0"), 58, options)).toBeUndefined();
    expect(helperProtoFor(factsOf("5/0"), 36)).toBeUndefined();
    expect(helperProtoFor(factsOf("5/0"), 36, options)?.name).toBe("probe_write_user");
    expect(helperProtoFor(factsOf("5/0", "bpf perfmon"), 36, options)).toBeUndefined();
  });

  it("answers undefined for numbers that are no helper's", () => {
    expect([0, 212, -1, 2 ** 31 - 1].map((id) => helperProtoFor(factsOf("1/0"), id))).toEqual(Array(4).fill(undefined));
  });
});

describe("helpers that some programs of a type may not call", () => {
  it.each([
    ["26/28", "", 147, true],
    ["26/23", "", 147, false],
    ["31/0", "", 147, false],
    ["26/24", "filp_close", 147, true],
    ["26/24", "vfs_read", 147, false],
    ["26/28", "", 107, true],
    ["26/23", "", 108, true],
    ["31/0", "", 107, false],
    ["26/25", "bpf_sk_storage_free", 107, false],
    ["26/25", "tcp_connect", 107, true],
    ["3/0", "", 107, true],
    ["26/23", "", 1, true],
  ])("%s on '%s', helper %i: %s", (program, attachFuncName, id, expected) => {
    expect(helperAllowed({ ...factsOf(program), attachFuncName }, id)).toBe(expected);
  });
});
