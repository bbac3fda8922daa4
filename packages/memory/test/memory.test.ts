import { BpfError } from "@bpf-ts/uapi";
import { describe, expect, test } from "vitest";
import { Memory, MemoryError } from "../src/index.ts";

/** The error that `run` throws. */
function errorOf(run: () => unknown): MemoryError {
  try {
    run();
  } catch (error) {
    if (error instanceof MemoryError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("alloc and free", () => {
  test("blocks are zeroed, aligned and above 64 KiB", () => {
    const memory = new Memory();
    for (const size of [1, 7, 8, 9, 31, 48, 100, 2048, 2049, 4096, 70_000]) {
      const address = memory.alloc(size);
      expect(address).toBeGreaterThanOrEqual(65536);
      expect(address % 8).toBe(0);
      expect(memory.read(address, size)).toEqual(new Uint8Array(size));
      memory.write(address, new Uint8Array(size).fill(255));
      memory.free(address);
      const again = memory.alloc(size);
      expect(memory.read(again, size)).toEqual(new Uint8Array(size));
    }
  });

  test("alignment up to 1 MiB", () => {
    const memory = new Memory();
    for (let align = 8; align <= 1 << 20; align *= 2) {
      for (const size of [1, 24, 3000]) expect(memory.alloc(size, { align }) % align).toBe(0);
    }
    expect(errorOf(() => memory.alloc(8, { align: 24 })).message).toBe(
      "alignment of 24 bytes: must be a power of two up to 1048576",
    );
  });

  test("liveBytes counts what was asked for and returns to 0", () => {
    const memory = new Memory();
    const a = memory.alloc(100);
    const b = memory.reserve(5000);
    expect([memory.liveBytes, memory.liveBlocks]).toEqual([5100, 2]);
    memory.free(a);
    expect(memory.liveBytes).toBe(5000);
    memory.free(b);
    expect([memory.liveBytes, memory.liveBlocks]).toEqual([0, 0]);
  });

  test("a double free, a free inside a block, a free of nothing", () => {
    const memory = new Memory();
    const small = memory.alloc(64);
    const large = memory.alloc(10_000);
    expect(() => memory.free(small + 8)).toThrow("no block begins there");
    expect(() => memory.free(large + 4096)).toThrow("no block begins there");
    memory.free(small);
    memory.free(large);
    expect(() => memory.free(small)).toThrow("no block begins there");
    expect(() => memory.free(large)).toThrow("no block begins there");
    expect(() => memory.free(0)).toThrow("free of 0x00000000: no block begins there");
  });

  test("the limit: ENOMEM, and nothing has changed", () => {
    const memory = new Memory({ maxBytes: 1024 * 1024 });
    const half = memory.alloc(512 * 1024);
    const before = [memory.liveBytes, memory.committedBytes, memory.liveBlocks];
    const error = errorOf(() => memory.alloc(600 * 1024, { label: "ring" }));
    expect(error).toBeInstanceOf(BpfError);
    expect([error.name, error.code, error.errno]).toEqual(["MemoryError", "ENOMEM", 12]);
    expect(error.message).toBe("no room for 614400 bytes (ring): 524288 of 1048576 bytes in use");
    expect([memory.liveBytes, memory.committedBytes, memory.liveBlocks]).toEqual(before);
    memory.free(half);
    expect(memory.alloc(900 * 1024)).toBeGreaterThan(0);
    expect(errorOf(() => memory.alloc(2 ** 40)).code).toBe("ENOMEM");
    expect(errorOf(() => memory.alloc(0)).code).toBe("EINVAL");
    expect(errorOf(() => memory.alloc(1.5)).code).toBe("EINVAL");
  });

  test("small blocks fill the limit to the last span", () => {
    const memory = new Memory({ maxBytes: 256 * 1024 });
    const blocks: number[] = [];
    expect(
      errorOf(() => {
        for (;;) blocks.push(memory.alloc(64));
      }).code,
    ).toBe("ENOMEM");
    // 256 KiB less the first 64 KiB, in slots of 64 bytes.
    expect(blocks.length).toBe(3072);
    for (const block of blocks) memory.free(block);
    expect(memory.liveBytes).toBe(0);
    expect(memory.alloc(192 * 1024 - 16 * 1024)).toBeGreaterThan(0);
  });

  test("growth keeps contents; old views are dead, new ones are not", () => {
    const memory = new Memory({ initialBytes: 128 * 1024 });
    const address = memory.alloc(16);
    memory.setU64(address, 0x1122334455667788n);
    const dead = memory.u8;
    const generation = memory.generation;
    memory.alloc(3 * 1024 * 1024);
    expect(dead.length).toBe(0);
    expect(memory.generation).toBeGreaterThan(generation);
    expect(memory.getU64(address)).toBe(0x1122334455667788n);
  });

  test("addresses above 2 GiB: as unsigned and as signed numbers", () => {
    const memory = new Memory({ maxBytes: 0xffff_0000 });
    const low = memory.alloc(2_200_000_000);
    const high = memory.alloc(4096);
    expect(high).toBeGreaterThan(2 ** 31);
    memory.setU32(high | 0, 0xdeadbeef);
    expect(memory.getU32(high)).toBe(0xdeadbeef);
    expect(memory.isLive(high | 0, 4096, true)).toBe(true);
    expect(memory.isLive(high | 0, 4097)).toBe(false);
    memory.copy(high + 8, high | 0, 4);
    expect(memory.equals(high | 0, high + 8, 4)).toBe(true);
    memory.free(high | 0);
    memory.free(low);
    expect(memory.liveBytes).toBe(0);
  });
});

describe("regions", () => {
  test("an access must lie in one block", () => {
    const memory = new Memory();
    const a = memory.alloc(10);
    const b = memory.alloc(10);
    expect(b - a).toBe(16);
    expect(memory.isLive(a, 10)).toBe(true);
    expect(memory.isLive(a + 9, 1)).toBe(true);
    expect(memory.isLive(a + 9, 2)).toBe(false);
    expect(memory.isLive(a - 1, 1)).toBe(false);
    expect(memory.isLive(a, 17)).toBe(false);
    expect(memory.isLive(a + 10, 0)).toBe(false);
    expect(memory.isLive(a, -1)).toBe(false);
    expect(memory.isLive(0, 1)).toBe(false);
    expect(memory.isLive(8, 8)).toBe(false);
    expect(memory.isLive(-1, 8)).toBe(false);
    expect(memory.isLive(0xffff_ffff, 1)).toBe(false);
    memory.free(a);
    expect(memory.isLive(a, 1)).toBe(false);
    expect(memory.isLive(b, 10)).toBe(true);
  });

  test("read-only blocks, protect", () => {
    const memory = new Memory();
    const address = memory.alloc(32, { writable: false, label: "map 7 value" });
    expect([memory.isLive(address, 32), memory.isLive(address, 1, true)]).toEqual([true, false]);
    expect(errorOf(() => memory.write(address, Uint8Array.of(1))).message).toMatch(
      /^bad write of 1 bytes at 0x[0-9a-f]{8}, in 'map 7 value' at 0x[0-9a-f]{8} of 32 bytes$/,
    );
    memory.protect(address, true);
    expect(memory.isLive(address, 32, true)).toBe(true);
    memory.protect(address, false);
    expect(memory.isLive(address, 32, true)).toBe(false);
    expect(() => memory.protect(address + 1, true)).toThrow("no region begins at");
  });

  test("regions inside a reserved block", () => {
    const memory = new Memory();
    const block = memory.reserve(8192, { label: "stacks" });
    expect(memory.isLive(block, 1)).toBe(false);
    memory.addRegion(block + 512, 512, { label: "frame 1" });
    memory.addRegion(block, 512, { label: "frame 0", writable: false });
    expect(memory.isLive(block, 512)).toBe(true);
    expect(memory.isLive(block, 1, true)).toBe(false);
    expect(memory.isLive(block + 512, 512, true)).toBe(true);
    expect(memory.isLive(block + 511, 2)).toBe(false);
    expect(memory.isLive(block + 1024, 1)).toBe(false);
    expect(memory.regionAt(block + 600)).toEqual({ base: block + 512, size: 512, writable: true, label: "frame 1" });
    expect(memory.liveRegions()).toEqual([
      { base: block, size: 512, writable: false, label: "frame 0" },
      { base: block + 512, size: 512, writable: true, label: "frame 1" },
    ]);
    memory.protect(block, true);
    expect(memory.isLive(block, 1, true)).toBe(true);
    expect(() => memory.addRegion(block + 1000, 100)).toThrow("overlaps another");
    expect(() => memory.addRegion(block + 8000, 193)).toThrow("does not lie in a reserved block");
    memory.removeRegion(block + 512);
    expect(memory.isLive(block + 512, 1)).toBe(false);
    expect(() => memory.removeRegion(block + 512)).toThrow("no region begins at");
    expect(memory.liveBlockList()).toEqual([{ base: block, size: 8192, writable: false, label: "stacks" }]);
    memory.free(block);
    expect(memory.isLive(block, 1)).toBe(false);
    expect(memory.liveRegions()).toEqual([]);
  });

  test("a live block is no place for regions", () => {
    const memory = new Memory();
    expect(() => memory.addRegion(memory.alloc(64), 8)).toThrow("does not lie in a reserved block");
  });

  test("a layout: every part of every element is a region of its own", () => {
    const memory = new Memory({ redZone: 8 });
    const parts = [
      { offset: 8, size: 4, writable: false, label: "key" },
      { offset: 16, size: 8, writable: true, label: "value" },
    ];
    const block = memory.alloc(16 + 3 * 24, { label: "elements", layout: { offset: 16, stride: 24, count: 3, parts } });
    for (let i = 0; i < 3; i++) {
      const element = block + 16 + i * 24;
      expect(memory.isLive(element, 8)).toBe(false);
      expect([memory.isLive(element + 8, 4), memory.isLive(element + 8, 4, true)]).toEqual([true, false]);
      expect([memory.isLive(element + 8, 5), memory.isLive(element + 12, 1)]).toEqual([false, false]);
      expect([memory.isLive(element + 16, 8, true), memory.isLive(element + 17, 8)]).toEqual([true, false]);
      expect(memory.regionAt(element + 18)).toEqual({ base: element + 16, size: 8, writable: true, label: "value" });
      expect(memory.regionAt(element + 13)).toBeUndefined();
    }
    expect([memory.isLive(block, 1), memory.isLive(block + 16 + 3 * 24, 1)]).toEqual([false, false]);
    expect(memory.liveRegions()).toEqual([
      { base: block + 24, size: 4, writable: false, label: "key", stride: 24, count: 3 },
      { base: block + 32, size: 8, writable: true, label: "value", stride: 24, count: 3 },
    ]);
    memory.free(block);
    expect(memory.isLive(block + 24, 1)).toBe(false);
    expect(memory.isLive(memory.alloc(16 + 3 * 24), 1, true)).toBe(true);
    expect(() => memory.alloc(71, { layout: { offset: 0, stride: 24, count: 3, parts } })).toThrow("does not fit");
    expect(() =>
      memory.alloc(72, { layout: { offset: 0, stride: 24, count: 3, parts: [...parts].reverse() } }),
    ).toThrow("overlaps");
    expect(memory.liveBlocks).toBe(1);
  });

  test("reads outside throw EFAULT", () => {
    const memory = new Memory();
    const address = memory.alloc(4, { label: "key" });
    const error = errorOf(() => memory.read(address, 5));
    expect([error.code, error.errno]).toEqual(["EFAULT", 14]);
    expect(errorOf(() => memory.read(0, 1)).message).toBe("bad read of 1 bytes at 0x00000000");
    expect(memory.read(0, 0)).toEqual(new Uint8Array(0));
  });
});

describe("access", () => {
  test("every width, little endian, any alignment", () => {
    const memory = new Memory();
    const at = memory.alloc(32) + 1;
    memory.setU64(at, -2n);
    expect(memory.read(at, 8)).toEqual(Uint8Array.of(0xfe, 255, 255, 255, 255, 255, 255, 255));
    expect([memory.getU64(at), memory.getI64(at)]).toEqual([0xfffffffffffffffen, -2n]);
    memory.setU32(at, 0x80000001);
    expect([memory.getU32(at), memory.getI32(at)]).toEqual([0x80000001, -0x7fffffff]);
    memory.setU16(at, 0x1234);
    expect([memory.getU16(at), memory.getU8(at), memory.getU8(at + 1)]).toEqual([0x1234, 0x34, 0x12]);
    memory.setU8(at, 0x1ff);
    expect(memory.getU8(at)).toBe(0xff);
    expect(() => memory.getU32(memory.byteLength - 3)).toThrow(RangeError);
  });

  test("copy: overlapping both ways, small and large", () => {
    for (const n of [5, 8, 64, 65, 200]) {
      for (const shift of [1, 4, 8, -1, -4, -8]) {
        const memory = new Memory();
        const at = memory.alloc(512) + 64;
        const bytes = Uint8Array.from({ length: n }, (_, i) => i + 1);
        memory.write(at, bytes);
        memory.copy(at + shift, at, n);
        expect(memory.read(at + shift, n), `${n} ${shift}`).toEqual(bytes);
      }
    }
  });

  test("equals and fill", () => {
    const memory = new Memory();
    const a = memory.alloc(100);
    const b = memory.alloc(100);
    memory.fill(a, 7, 100);
    memory.fill(b, 7, 99);
    expect(memory.equals(a, b, 99)).toBe(true);
    expect(memory.equals(a, b, 100)).toBe(false);
    expect(memory.equals(a + 1, b + 2, 90)).toBe(true);
    expect(memory.equals(a, b, 0)).toBe(true);
  });

  test("strings", () => {
    const memory = new Memory();
    const at = memory.alloc(8);
    memory.write(at, new TextEncoder().encode("schlüs\0"));
    expect(memory.readCString(at, 100)).toBe("schlüs");
    expect(memory.readCString(at, 4)).toBe("schl");
    memory.write(at, new TextEncoder().encode("abcd\0"));
    expect(memory.readCString(at, 100)).toBe("abcd");
    memory.write(at, new TextEncoder().encode("abcdefgh"));
    expect(memory.readCString(at, 8)).toBe("abcdefgh");
    expect(errorOf(() => memory.readCString(at, 9)).code).toBe("EFAULT");
    expect(errorOf(() => memory.readCString(4, 9)).code).toBe("EFAULT");
  });
});

describe("debugging aids", () => {
  test("a red zone notices a write beside the block, and keeps alignment", () => {
    const memory = new Memory({ redZone: 16 });
    for (const size of [1, 24, 2048, 5000]) {
      const address = memory.alloc(size, { label: "victim", align: 64 });
      expect(address % 64).toBe(0);
      memory.checkRedZones();
      memory.setU8(address + size, 3);
      expect(errorOf(() => memory.checkRedZones()).message).toMatch(
        /^byte 0x[0-9a-f]{8} beside the block 'victim' at 0x[0-9a-f]{8} of \d+ bytes was overwritten with 3$/,
      );
      expect(errorOf(() => memory.free(address)).code).toBe("RED_ZONE");
      memory.setU8(address + size, 0xbb);
      memory.setU8(address - 1, 0);
      expect(errorOf(() => memory.free(address)).code).toBe("RED_ZONE");
      memory.setU8(address - 1, 0xbb);
      memory.free(address);
    }
    expect(memory.liveBytes).toBe(0);
  });

  test("poison", () => {
    const memory = new Memory({ poison: true });
    const small = memory.alloc(32);
    memory.free(small);
    expect(memory.getU32(small)).toBe(0x6b6b6b6b);
    expect(memory.alloc(32)).toBe(small);
    expect(memory.getU32(small)).toBe(0);
  });
});

test("limits that no memory can have", () => {
  expect(errorOf(() => new Memory({ maxBytes: 2 ** 32 })).message).toBe(
    "memory limit of 4294967296 bytes out of range [131072, 4294901760]",
  );
  expect(errorOf(() => new Memory({ initialBytes: 2 ** 31 })).code).toBe("EINVAL");
  expect(errorOf(() => new Memory({ redZone: 3 })).code).toBe("EINVAL");
});

test("wasm is the memory itself", () => {
  const memory = new Memory();
  const address = memory.alloc(8);
  memory.setU32(address, 42);
  expect(new Uint32Array((memory.wasm as { buffer: ArrayBuffer }).buffer)[address / 4]).toBe(42);
});

describe("what a caller may remember of isLive", () => {
  test("the bounds of the region that answered, until the epoch changes", () => {
    const memory = new Memory();
    const a = memory.alloc(24);
    const b = memory.alloc(4000);
    expect(memory.isLive(a + 8, 8)).toBe(true);
    expect([memory.hitBase, memory.hitEnd]).toEqual([a, a + 24]);
    expect(memory.isLive(b + 3999, 1, true)).toBe(true);
    expect([memory.hitBase, memory.hitEnd]).toEqual([b, b + 4000]);
    const before = memory.regionEpoch;
    memory.alloc(100_000);
    expect(memory.regionEpoch).toBe(before);
    memory.protect(b, false);
    const after = memory.regionEpoch;
    expect(after).not.toBe(before);
    memory.free(a);
    expect(memory.regionEpoch).not.toBe(after);
  });
});
