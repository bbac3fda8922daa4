import { BpfError, UnsupportedError } from "@bpf-ts/uapi";
import { describe, expect, it } from "vitest";

describe("BpfError", () => {
  it("carries code, errno, details and cause", () => {
    const cause = new Error("below");
    const error = new BpfError("key size 0 is not allowed", {
      code: "EINVAL",
      errno: 22,
      details: { keySize: 0 },
      cause,
    });
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).toBe("BpfError: key size 0 is not allowed");
    expect([error.code, error.errno, error.details, error.cause]).toEqual(["EINVAL", 22, { keySize: 0 }, cause]);
  });

  it("has no errno, details or cause of its own accord", () => {
    const error = new BpfError("x", { code: "ELF_TRUNCATED" });
    expect("errno" in error && error.errno !== undefined).toBe(false);
    expect("cause" in error).toBe(false);
  });
});

describe("UnsupportedError", () => {
  it("names the feature", () => {
    const error = new UnsupportedError("module-btf");
    expect(String(error)).toBe("UnsupportedError: unsupported: module-btf");
    expect(error).toBeInstanceOf(BpfError);
    expect([error.code, error.feature]).toEqual(["UNSUPPORTED", "module-btf"]);
  });
});
