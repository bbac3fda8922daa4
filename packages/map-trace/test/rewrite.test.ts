import { decode, formatKernel } from "@bpf-ts/isa";
import type { CallSite } from "@bpf-ts/verifier";
import { expect, test } from "vitest";
import { mapTraceRewrite } from "../src/index.ts";

const UPDATE = 2;
const DELETE = 3;

function site(helper: number, stackDepth: number, more: Partial<CallSite> = {}): CallSite {
  return { insnIdx: 0, helper, subprog: 0, stackDepth, map: undefined, mapTypes: new Set(), dead: false, ...more };
}

function rewritten(of: CallSite): { slots: string[]; extraStack: number | undefined; internal: string[] } {
  const internal: string[] = [];
  const patch = mapTraceRewrite.rewrite(of, (name) => {
    internal.push(name);
    return 77;
  })!;
  const slots = Array.from({ length: patch.insns.length / 8 }, (_, i) =>
    Array.from(patch.insns.subarray(i * 8, i * 8 + 8), (byte) => byte.toString(16).padStart(2, "0")).join(""),
  );
  return { slots, extraStack: patch.extraStack, internal };
}

test("an update in a frame that uses 16 bytes", () => {
  const { slots, extraStack, internal } = rewritten(site(UPDATE, 16));
  // Opcode, src|dst, offset, immediate; offsets −24 (e8ff) … −56 (c8ff).
  expect(slots).toEqual([
    "7b1ae8ff00000000",
    "7b2ae0ff00000000",
    "7b3ad8ff00000000",
    "7b4ad0ff00000000",
    "8500000002000000",
    "79a1e8ff00000000",
    "79a2e0ff00000000",
    "79a3d8ff00000000",
    "79a4d0ff00000000",
    "7b0ac8ff00000000",
    "79a5c8ff00000000",
    // An internal call: src is BPF_PSEUDO_INTERNAL_CALL, 15.
    "85f000004d000000",
    "79a0c8ff00000000",
  ]);
  expect(extraStack).toBe(40);
  expect(internal).toEqual(["bpf_trace_map_update_elem"]);
});

test("a delete in a frame that uses all 512 bytes", () => {
  const { slots, extraStack, internal } = rewritten(site(DELETE, 512));
  // −520 (f8fd), −528 (f0fd), −536 (e8fd).
  expect(slots).toEqual([
    "7b1af8fd00000000",
    "7b2af0fd00000000",
    "8500000003000000",
    "79a1f8fd00000000",
    "79a2f0fd00000000",
    "7b0ae8fd00000000",
    "79a3e8fd00000000",
    "85f000004d000000",
    "79a0e8fd00000000",
  ]);
  expect(extraStack).toBe(24);
  expect(internal).toEqual(["bpf_trace_map_delete_elem"]);
});

test("reads as the text that map-trace's documentation shows", () => {
  const patch = mapTraceRewrite.rewrite(site(DELETE, 0), () => 5)!;
  const insns = decode(patch.insns);
  const text = insns.map((_, i) => formatKernel(insns, i));
  expect(text.filter((_, i) => i !== 7)).toEqual([
    "(7b) *(u64 *)(r10 -8) = r1",
    "(7b) *(u64 *)(r10 -16) = r2",
    "(85) call bpf_map_delete_elem#3",
    "(79) r1 = *(u64 *)(r10 -8)",
    "(79) r2 = *(u64 *)(r10 -16)",
    "(7b) *(u64 *)(r10 -24) = r0",
    "(79) r3 = *(u64 *)(r10 -24)",
    "(79) r0 = *(u64 *)(r10 -24)",
  ]);
});

test("calls that are never reached, and those of other helpers, stay", () => {
  const never = (): number => {
    throw new Error("asked for an internal call");
  };
  expect(mapTraceRewrite.rewrite(site(UPDATE, 8, { dead: true }), never)).toBeUndefined();
  expect(mapTraceRewrite.rewrite(site(1, 8), never)).toBeUndefined();
  expect([...mapTraceRewrite.helpers].sort()).toEqual([2, 3]);
});
