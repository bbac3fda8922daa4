/** The two verifier tests of the RFC series, by their upstream names, and what tracers may read. */
import { createKernel, VerifierRejection } from "@bpf-ts/kernel";
import type { Bpf } from "@bpf-ts/uapi";
import { EACCES } from "@bpf-ts/uapi/errno";
import { describe, expect, test } from "vitest";
import { closeAll, hashMap, program, run, tracer, updateText } from "./programs.ts";

/** The lines that a refused load logged. */
function refusal(load: () => unknown): { errno: number; message: string } {
  try {
    load();
  } catch (error) {
    if (error instanceof VerifierRejection) return { errno: error.errno, message: error.message };
    throw error;
  }
  throw new Error("the program was accepted");
}

/** Uses the stack down to `depth` bytes, then updates a map. */
function stackUser(bpf: Bpf, depth: number): number {
  const map = hashMap(bpf);
  return program(bpf, `*(u64 *)(r10 -${depth}) = 0\n${updateText(map, 1, 2)}`);
}

describe("map tracing: full stack is accepted", () => {
  test("a program that uses all 512 bytes loads and runs, although the rewrite needs more", () => {
    const kernel = createKernel();
    expect(run(kernel.bpf, stackUser(kernel.bpf, 512))).toBe(0);
    closeAll(kernel);
  });
});

describe("map tracing: overfull stack is not accepted", () => {
  test("520 bytes are refused as ever", () => {
    const kernel = createKernel();
    const { errno, message } = refusal(() => stackUser(kernel.bpf, 520));
    expect(errno).toBe(EACCES);
    expect(message).toContain("invalid write to stack R10 off=-520 size=8");
    closeAll(kernel);
  });
});

describe("a tracer's context", () => {
  const load = (text: string, operation: "UPDATE_ELEM" | "DELETE_ELEM" = "UPDATE_ELEM"): (() => void) => {
    return () => {
      const kernel = createKernel();
      try {
        tracer(kernel.bpf, operation, `${text}\nr0 = 0\nexit`);
      } finally {
        closeAll(kernel);
      }
    };
  };

  test.each([
    ["key, read directly: it is never null", "r2 = *(u64 *)(r1 +0)\nr2 = *(u8 *)(r2 +0)"],
    ["value, read directly", "r2 = *(u64 *)(r1 +8)\nr2 = *(u64 *)(r2 +0)"],
    ["flags, 8 bytes", "r2 = *(u64 *)(r1 +16)"],
    ["flags, 4 bytes", "r2 = *(u32 *)(r1 +16)"],
    ["flags, 2 bytes", "r2 = *(u16 *)(r1 +16)"],
    ["flags, 1 byte", "r2 = *(u8 *)(r1 +16)"],
    ["ret", "r2 = *(u64 *)(r1 +24)"],
  ])("accepted: %s", (_name, text) => {
    expect(load(text)).not.toThrow();
  });

  test.each([
    ["half of the key pointer", "r2 = *(u32 *)(r1 +0)"],
    ["half of the value pointer", "r2 = *(u32 *)(r1 +8)"],
    ["behind the context", "r2 = *(u64 *)(r1 +32)"],
    ["writing to the context", "r2 = 0\n*(u64 *)(r1 +0) = r2"],
    ["writing to the key", "r2 = *(u64 *)(r1 +0)\n*(u8 *)(r2 +0) = 1"],
    ["writing to the value", "r2 = *(u64 *)(r1 +8)\n*(u8 *)(r2 +0) = 1"],
    ["a negative offset", "r2 = *(u64 *)(r1 +0)\nr2 = *(u8 *)(r2 -1)"],
    ["a variable offset", "r3 = *(u8 *)(r1 +16)\nr2 = *(u64 *)(r1 +0)\nr2 += r3\nr2 = *(u8 *)(r2 +0)"],
  ])("refused: %s", (_name, text) => {
    expect(load(text)).toThrow(VerifierRejection);
  });

  test("a DELETE tracer has no value and no flags", () => {
    expect(load("r2 = *(u64 *)(r1 +8)", "DELETE_ELEM")).not.toThrow();
    expect(load("r2 = *(u64 *)(r1 +16)", "DELETE_ELEM")).toThrow(VerifierRejection);
    expect(load("r2 = *(u64 *)(r1 +8)\nr2 = *(u8 *)(r2 +0)", "DELETE_ELEM")).toThrow(VerifierRejection);
  });

  test("R0 must be readable at exit, any value will do", () => {
    const kernel = createKernel();
    expect(refusal(() => tracer(kernel.bpf, "UPDATE_ELEM", "exit")).message).toContain("R0 !read_ok");
    tracer(kernel.bpf, "UPDATE_ELEM", "r0 = -1234567\nexit");
    closeAll(kernel);
  });
});
