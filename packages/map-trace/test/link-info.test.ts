import { expect, test } from "vitest";
import { MapTraceError, readMapTraceLinkInfo } from "../src/index.ts";

const FULL = Uint8Array.of(5, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0);

test.each([
  ["all 12 bytes", FULL, 12, { mapFd: 5, traceType: 1, flags: 1 }],
  ["the RFC's 8 bytes", FULL.subarray(0, 8), 8, { mapFd: 5, traceType: 1, flags: 0 }],
  ["fewer meant than there are", FULL, 4, { mapFd: 5, traceType: 0, flags: 0 }],
  ["cut within a field", Uint8Array.of(1, 2, 3, 4, 5), 5, { mapFd: 0x04030201, traceType: 5, flags: 0 }],
  ["one byte", Uint8Array.of(9), 1, { mapFd: 9, traceType: 0, flags: 0 }],
  ["longer, zero beyond", new Uint8Array([...FULL, 0, 0, 0, 0]), 16, { mapFd: 5, traceType: 1, flags: 1 }],
  ["a whole page", new Uint8Array(4096).fill(0), 4096, { mapFd: 0, traceType: 0, flags: 0 }],
  ["unsigned", new Uint8Array(12).fill(255), 12, { mapFd: 0xffffffff, traceType: 0xffffffff, flags: 0xffffffff }],
  [
    "a view into a larger buffer",
    new Uint8Array([7, ...FULL, 7]).subarray(1, 13),
    12,
    { mapFd: 5, traceType: 1, flags: 1 },
  ],
])("%s", (_name, bytes, length, expected) => {
  expect(readMapTraceLinkInfo(bytes, length)).toEqual(expected);
});

test.each([
  ["null", null, 12, "EINVAL", 22],
  ["absent", undefined, 0, "EINVAL", 22],
  ["length 0", FULL, 0, "EINVAL", 22],
  ["over a page", new Uint8Array(4097), 4097, "E2BIG", 7],
  ["over a page comes before what lies there", FULL, 5000, "E2BIG", 7],
  ["unknown bytes", new Uint8Array([...FULL, 0, 1]), 14, "E2BIG", 7],
  ["more said than readable", FULL, 13, "EFAULT", 14],
  ["unknown bytes before the fault", new Uint8Array([...FULL, 1]), 20, "E2BIG", 7],
  ["nothing readable", new Uint8Array(0), 4, "EFAULT", 14],
])("%s is refused", (_name, bytes, length, code, errno) => {
  expect(() => readMapTraceLinkInfo(bytes, length)).toThrow(
    expect.objectContaining({ code, errno, details: { check: "info" } }),
  );
  expect(() => readMapTraceLinkInfo(bytes, length)).toThrow(MapTraceError);
});
