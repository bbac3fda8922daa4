import { BtfBuilder } from "@bpf-ts/btf";
import { describe, expect, it } from "vitest";
import { sockReadable } from "../../src/progType/sock.ts";
import { PROG_TYPES, progTypeById } from "../../src/progType/table.ts";
import * as regType from "../../src/state/reg-type.ts";
import type { CtxField, ProgFacts } from "../../src/types.ts";
import { CTX_SWEEP } from "./ctx-sweep.fixture.ts";
import { progFacts } from "./facts.ts";

const kernelBtf = (() => {
  const builder = new BtfBuilder();
  builder.addStruct("nf_hook_state", 0, []);
  builder.addStruct("sk_buff", 0, []);
  return builder.toBtf();
})();

const TYPE_NAMES = new Map<number, string>([
  [regType.SCALAR_VALUE, "number"],
  [regType.PTR_TO_PACKET, "pkt"],
  [regType.PTR_TO_PACKET_META, "pkt_meta"],
  [regType.PTR_TO_PACKET_END, "pkt_end"],
  [regType.PTR_TO_FLOW_KEYS, "flow_keys"],
  [regType.PTR_TO_TP_BUFFER, "tp_buffer"],
  [regType.PTR_TO_SOCKET, "sock"],
  [regType.PTR_TO_SOCKET | regType.PTR_MAYBE_NULL, "sock_or_null"],
  [regType.PTR_TO_SOCK_COMMON | regType.PTR_MAYBE_NULL, "sock_common_or_null"],
]);

function describeField(field: CtxField | string | undefined): string {
  if (field === undefined || typeof field === "string") return "refused";
  if (field.regType === (regType.PTR_TO_BTF_ID | regType.PTR_TRUSTED)) {
    return `trusted_ptr_${field.btf!.nameOf(field.btfId!)}`;
  }
  return TYPE_NAMES.get(field.regType ?? regType.SCALAR_VALUE) ?? `type ${field.regType}`;
}

/** `8..12/4=pkt 20` → offsets with what is there. */
function parseOffsets(text: string): Map<number, string> {
  const offsets = new Map<number, string>();
  for (const part of text.split(" ")) {
    const match = /^(-?\d+)(?:\.\.(-?\d+)(?:\/(\d+))?)?(?:=(\w+))?$/.exec(part);
    if (match === null) throw new Error(`bad fixture: ${part}`);
    const [, from, to, step, what] = match;
    for (let off = Number(from); off <= Number(to ?? from); off += Number(step ?? 1))
      offsets.set(off, what ?? "number");
  }
  return offsets;
}

type Direction = "read" | "ldsx" | "write";

/** What the fixture says of every access of one kind of program; what is absent is refused. */
function parseSweep(text: string): Map<string, Map<number, string>> {
  const sweep = new Map<string, Map<number, string>>();
  for (const line of text.trim().split("\n")) {
    const match = /^\s*(read|write) ([1248]): (.*)$/.exec(line);
    if (match === null) throw new Error(`bad fixture: ${line}`);
    sweep.set(`${match[1]} ${match[2]}`, parseOffsets(match[3]!));
  }
  for (const size of [1, 2, 4]) {
    const numbers = [...(sweep.get(`read ${size}`) ?? [])].filter(([, what]) => what === "number");
    sweep.set(`ldsx ${size}`, new Map(numbers));
  }
  return sweep;
}

function access(facts: ProgFacts, off: number, size: number, direction: Direction): string {
  const row = progTypeById(facts.progType);
  if (row === undefined) throw new Error(`no program type ${facts.progType}`);
  const write = direction === "write";
  const what = describeField(row.ctxAccess(facts, { off, size, write, ldsx: direction === "ldsx" }));
  return write && what !== "refused" ? "number" : what;
}

const CONFIGURATIONS = Object.entries(CTX_SWEEP).flatMap(([keys, text]) => keys.split(" ").map((key) => [key, text]));

describe("context access agrees with a running 6.18", () => {
  it.each(CONFIGURATIONS)("program type/attach type %s", (key, text) => {
    const [progType, expectedAttachType] = key!.split("/").map(Number);
    const facts = progFacts({ progType: progType!, expectedAttachType: expectedAttachType!, kernelBtf });
    const sweep = parseSweep(text!);
    const wrong: string[] = [];
    for (const [direction, sizes] of [
      ["read", [1, 2, 4, 8]],
      ["ldsx", [1, 2, 4]],
      ["write", [1, 2, 4, 8]],
    ] as const) {
      for (const size of sizes) {
        const expected = sweep.get(`${direction} ${size}`);
        for (let off = -8; off < 260; off++) {
          const ours = access(facts, off, size, direction);
          const theirs = expected?.get(off) ?? "refused";
          if (ours !== theirs) wrong.push(`${direction} ${size} at ${off}: ${ours}, kernel ${theirs}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it("covers every type but those that need an attach target, or a device", () => {
    const covered = new Set(CONFIGURATIONS.map(([key]) => Number(key!.split("/")[0])));
    expect([...PROG_TYPES.keys()].filter((id) => !covered.has(id))).toEqual([20, 26, 27, 28, 29]);
  });
});

describe("context access beyond the sweep", () => {
  const at = (
    progType: number,
    off: number,
    size: number,
    direction: Direction = "read",
    over: Partial<ProgFacts> = {},
  ) => access(progFacts({ progType, kernelBtf, ...over }), off, size, direction);

  it("ends at the last byte of a tracepoint's record", () => {
    expect(at(5, 8191, 1)).toBe("number");
    expect(at(5, 8192, 1)).toBe("refused");
    expect(at(5, 8184, 8)).toBe("number");
    expect(at(5, -32768, 8)).toBe("number");
  });

  it("ends at 64 KiB for syscall programs", () => {
    expect(at(31, 65534, 1)).toBe("number");
    expect(at(31, 65535, 1)).toBe("refused");
    expect(at(31, 65528, 8, "write")).toBe("number");
  });

  it("keeps packet pointers and tstamp of cgroup_skb from loaders without CAP_BPF", () => {
    const caps = { bpf: false, perfmon: false, netAdmin: false, sysAdmin: false };
    expect(at(8, 76, 4, "read", { caps })).toBe("refused");
    expect(at(8, 80, 4, "read", { caps })).toBe("refused");
    expect(at(8, 152, 8, "write", { caps })).toBe("refused");
    expect(at(8, 152, 8, "read", { caps })).toBe("number");
    expect(at(8, 76, 4, "read", { caps: { ...caps, sysAdmin: true } })).toBe("pkt");
  });

  it("reads the one word of lirc_mode2", () => {
    expect(at(20, 0, 4)).toBe("number");
    expect(at(20, 0, 1)).toBe("refused");
    expect(at(20, 0, 4, "write")).toBe("refused");
  });

  it("knows the shape of typed arguments: twelve slots, aligned, read only", () => {
    expect(at(26, 88, 8)).toBe("number");
    expect(at(26, 96, 8)).toBe("refused");
    expect(at(26, 4, 8)).toBe("refused");
    expect(at(26, 0, 8, "write")).toBe("refused");
  });
});

/** Offsets from -8 to 129 that a running 6.18.44 let programs read, by structure and width; 8 bytes nowhere but in tcp_sock. */
const SOCK_SWEEP = {
  sock_common: {
    1: "4..24/20 25..44 48..49 52..72 76",
    2: "4..24/20 26..44/2 48..52/4 54..72/2 76",
    4: "0..4/4 24..76/4",
    8: "",
  },
  sock: { 1: "4..12/4 24..44 48..49 52..72 76", 2: "4..12/4 24..44/2 48..52/4 54..72/2 76", 4: "0..76/4", 8: "" },
  tcp_sock: { 1: "", 2: "", 4: "0..76/4 96..108/4", 8: "80..88/8" },
  xdp_sock: { 1: "", 2: "", 4: "0", 8: "" },
} as const;

describe("socket structures agree with a running 6.18", () => {
  it.each(Object.entries(SOCK_SWEEP))("%s", (struct, sweep) => {
    for (const size of [1, 2, 4, 8] as const) {
      const theirs = sweep[size] === "" ? [] : [...parseOffsets(sweep[size]).keys()];
      const ours = Array.from({ length: 138 }, (_, i) => i - 8).filter((off) =>
        sockReadable(struct as keyof typeof SOCK_SWEEP, off, size),
      );
      expect([size, ours]).toEqual([size, theirs.sort((a, b) => a - b)]);
    }
  });
});
