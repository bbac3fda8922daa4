/** Ids, fds and references. */

import { Memory } from "@bpf-ts/memory";
import { EBADF, EMFILE } from "@bpf-ts/uapi/errno";
import { expect, test } from "vitest";
import { FdTable, type OpenFile } from "../../src/fd-table.ts";
import { IdTable } from "../../src/objects/id-table.ts";
import { RefCounted } from "../../src/objects/ref-counted.ts";
import { SeqBuffer } from "../../src/process/seq-buffer.ts";
import { Scratch } from "../../src/scratch.ts";
import { errnoOf } from "../programs.ts";

function file(onRelease: () => void = () => {}): OpenFile {
  return { kind: "file", release: onRelease };
}

test("ids rise and are not used again; next finds the smallest above", () => {
  const table = new IdTable<string>();
  expect(["a", "b", "c"].map((name) => table.allocate(name))).toEqual([1, 2, 3]);
  table.release(2);
  expect(table.allocate("d")).toBe(4);
  expect([0, 1, 2, 3, 4].map((id) => table.next(id))).toEqual([1, 3, 3, 4, undefined]);
  expect([table.get(2), table.get(4), table.size]).toEqual([undefined, "d", 3]);
});

test("fds: from 3, the lowest free one, none at the limit", () => {
  const table = new FdTable(6);
  expect([table.install(file()), table.install(file()), table.install(file())]).toEqual([3, 4, 5]);
  expect(errnoOf(() => table.install(file()))).toBe(EMFILE);
  table.close(4);
  expect(table.reserve()).toBe(4);
  expect(table.install(file())).toBe(4);
  expect(errnoOf(() => table.close(6))).toBe(EBADF);
  expect(errnoOf(() => table.close(-1))).toBe(EBADF);
  table.closeAll();
  expect(table.size).toBe(0);
});

test("closing releases once, and the fd is free when the file is told", () => {
  const table = new FdTable(4);
  let released = 0;
  const fd: number = table.install(
    file(() => {
      released++;
      expect(table.get(fd)).toBeUndefined();
    }),
  );
  table.close(fd);
  expect(errnoOf(() => table.close(fd))).toBe(EBADF);
  expect(released).toBe(1);
});

test("the last reference destroys; afterwards none can be taken or dropped", () => {
  let destroyed = 0;
  class Thing extends RefCounted {
    describe(): string {
      return "thing";
    }
    protected destroy(): void {
      destroyed++;
    }
  }
  const thing = new Thing();
  thing.getRef();
  thing.putRef();
  expect([thing.refs, destroyed]).toEqual([1, 0]);
  thing.putRef();
  expect([thing.refs, destroyed]).toEqual([0, 1]);
  expect(() => thing.getRef()).toThrow("thing: reference taken after it was destroyed");
  expect(() => thing.putRef()).toThrow("thing: reference dropped after it was destroyed");
  expect(destroyed).toBe(1);
});

test("scratch memory is a stack, zeroed, and larger than itself where needed", () => {
  const memory = new Memory();
  const scratch = new Scratch(memory);
  const before = memory.liveBytes;
  scratch.with(10, (a) =>
    scratch.with(100_000, (big) => {
      memory.u8.fill(1, big, big + 100_000);
      return scratch.with(10, (b) => {
        expect(b).toBe(a + 16);
        memory.u8.fill(255, b, b + 10);
      });
    }),
  );
  expect(() =>
    scratch.with(26, (at) => {
      expect([...memory.read(at, 26)]).toEqual(new Array(26).fill(0));
      throw new Error("in use");
    }),
  ).toThrow("in use");
  const first = scratch.with(1, (at) => at);
  expect(scratch.with(1, (at) => at)).toBe(first);
  expect(memory.liveBytes).toBe(before);
  scratch[Symbol.dispose]();
  expect(memory.liveBytes).toBe(0);
});

test("a seq buffer forgets what came after a mark", () => {
  const memory = new Memory();
  const buffer = new SeqBuffer(memory);
  const append = (...bytes: number[]): void => buffer.append(Uint8Array.from(bytes));
  append(1, 2, 3);
  const mark = buffer.mark();
  append(4);
  append(5, 6);
  buffer.overflow();
  expect([buffer.pending, buffer.room]).toEqual([6, 0]);
  buffer.rewind(mark);
  expect([buffer.pending, buffer.hasOverflowed, buffer.room]).toEqual([3, false, 32_765]);
  append(7);
  buffer.rewind(2);
  const out = new Uint8Array(8);
  expect([buffer.take(out), [...out.subarray(0, 2)], buffer.take(out)]).toEqual([2, [1, 2], 0]);
  buffer[Symbol.dispose]();
});
