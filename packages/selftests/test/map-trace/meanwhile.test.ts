/** What happens while tracers run: programs without end, links that are updated, detached or closed, maps that go. */
import { createKernel, type Kernel, ProgramFault } from "@bpf-ts/kernel";
import type { Bpf } from "@bpf-ts/uapi";
import { describe, expect, test } from "vitest";
import {
  attach,
  closeAll,
  contents,
  copyText,
  hashMap,
  linkInfo,
  mapId,
  progInfo,
  program,
  run,
  tracer,
  updateText,
} from "./programs.ts";

const UPDATE = 0;
const ENDLESS = "r0 = 0\nagain:\nr0 += 1\nif r0 < 600 goto again\nr0 = 0\nexit";

describe("fuel", () => {
  test("a program that does not end is stopped by a typed error, and the kernel goes on", () => {
    const kernel = createKernel({ fuel: 1000 });
    const { bpf } = kernel;
    const map = hashMap(bpf);
    const loops = program(bpf, ENDLESS);
    expect(() => run(bpf, loops)).toThrow(ProgramFault);
    expect(() => run(bpf, loops)).toThrow(/^program 1 \(prog\): out of fuel after 1000 instructions/);
    expect(run(bpf, program(bpf, updateText(map, 1, 1)))).toBe(0);
    closeAll(kernel);
  });

  test("a tracer that does not end: the error names it, the update stays; it has failed, those behind it are missed", () => {
    const kernel = createKernel({ fuel: 1000 });
    const { bpf } = kernel;
    const [map, before, behind] = [hashMap(bpf), hashMap(bpf), hashMap(bpf)];
    const links = [copyText(before), ENDLESS, copyText(behind)].map((text) =>
      attach(bpf, tracer(bpf, "UPDATE_ELEM", text), { mapFd: map, traceType: UPDATE }),
    );
    const writer = program(bpf, updateText(map, 1, 2));
    expect(() => run(bpf, writer)).toThrow(/^program 2 \(tracer\): out of fuel after 1000 instructions/);
    expect([map, before, behind].map((fd) => contents(bpf, fd))).toEqual([[[1, 2]], [[1, 2]], []]);
    const counts = links.map((link) => {
      const { runs, misses, failures } = linkInfo(bpf, link).mapTrace!;
      return [runs, misses, failures];
    });
    expect(counts).toEqual([
      [1n, 0n, 0n],
      [0n, 0n, 1n],
      [0n, 1n, 0n],
    ]);
    // Nothing is left behind: without the endless one all is as ever.
    bpf.close(links[1]!);
    expect(run(bpf, writer)).toBe(0);
    expect(contents(bpf, behind)).toEqual([[1, 2]]);
    closeAll(kernel);
  });
});

/** A tracer that prints: whoever listens can act while it runs. */
function printer(bpf: Bpf, letter: string): number {
  return tracer(
    bpf,
    "UPDATE_ELEM",
    `*(u16 *)(r10 -2) = ${letter.charCodeAt(0)}
     r1 = r10
     r1 += -2
     r2 = 2
     call bpf_trace_printk
     r0 = 0
     exit`,
  );
}

describe("links change while a tracer before theirs runs: from the next operation on", () => {
  /** Runs `act` the first time that the first tracer, "a", prints. Answers what was printed by each of two updates. */
  function during(act: (kernel: Kernel, links: number[], map: number) => void): string[] {
    const kernel = createKernel();
    const { bpf } = kernel;
    const map = hashMap(bpf);
    const links = ["a", "b"].map((letter) => attach(bpf, printer(bpf, letter), { mapFd: map, traceType: UPDATE }));
    const writer = program(bpf, updateText(map, 1, 1));
    const printed: string[] = [];
    let isFirst = true;
    kernel.traceLog.listen((line) => {
      printed.push(line);
      if (!isFirst) return;
      isFirst = false;
      act(kernel, links, map);
    });
    const result = [0, 1].map(() => {
      printed.length = 0;
      expect(run(bpf, writer)).toBe(0);
      return printed.join("");
    });
    closeAll(kernel);
    return result;
  }

  test("update: the old program runs once more", () => {
    expect(during(({ bpf }, links) => bpf.linkUpdate(links[1]!, { newProgFd: printer(bpf, "c") }))).toEqual([
      "ab",
      "ac",
    ]);
  });

  test("detach and close: the program runs once more, although nobody else holds it", () => {
    expect(during(({ bpf }, links) => bpf.linkDetach(links[1]!))).toEqual(["ab", "a"]);
    expect(
      during(({ bpf }, links) => {
        for (const fd of [links[1]!, links[1]! - 1]) bpf.close(fd);
      }),
    ).toEqual(["ab", "a"]);
  });

  test("attach: the new one does not run yet", () => {
    expect(during(({ bpf }, _links, mapFd) => attach(bpf, printer(bpf, "c"), { mapFd, traceType: UPDATE }))).toEqual([
      "ab",
      "abc",
    ]);
  });

  test("everything that user space has is closed: both run to their end, and nothing stays", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const map = hashMap(bpf);
    const id = mapId(bpf, map);
    for (const letter of ["a", "b"]) attach(bpf, printer(bpf, letter), { mapFd: map, traceType: UPDATE });
    const writer = program(bpf, updateText(map, 1, 1));
    let once = true;
    kernel.traceLog.listen(() => {
      if (once) closeAll(kernel);
      once = false;
    });
    expect(run(bpf, writer)).toBe(0);
    expect(kernel.traceLog.lines).toEqual(["a", "b"]);
    expect(kernel.describeLive()).toEqual([]);
    expect(() => bpf.getFdById("map", id)).toThrow();
    kernel[Symbol.dispose]();
    expect(kernel.liveBytes).toBe(0);
  });
});

test("each CPU has its own nesting and its own guard", () => {
  const kernel = createKernel({ cpus: 2 });
  const { bpf } = kernel;
  const [map, copy] = [hashMap(bpf), hashMap(bpf)];
  const onOther = kernel.spawn({ cpu: 1 });
  const tracerFd = tracer(
    bpf,
    "UPDATE_ELEM",
    `r6 = r1\n*(u16 *)(r10 -2) = 97\nr1 = r10\nr1 += -2\nr2 = 2\ncall bpf_trace_printk\nr1 = r6\n${copyText(copy).trim()}`,
  );
  const link = attach(bpf, tracerFd, { mapFd: map, traceType: UPDATE });
  const ids = [program(bpf, updateText(map, 1, 10)), program(bpf, updateText(map, 2, 20))];
  const there = onOther.bpf.getFdById("prog", progInfo(bpf, ids[1]!).id);
  let once = true;
  kernel.traceLog.listen(() => {
    // While the tracer runs on CPU 0, a program on CPU 1 updates the same map.
    if (once) {
      once = false;
      expect(run(onOther.bpf, there)).toBe(0);
    }
  });
  expect(run(bpf, ids[0]!)).toBe(0);
  expect(contents(bpf, copy)).toEqual([
    [1, 10],
    [2, 20],
  ]);
  expect(progInfo(bpf, tracerFd)).toMatchObject({ runCnt: 2n, recursionMisses: 0n });
  expect(linkInfo(bpf, link).mapTrace).toMatchObject({ runs: 2n, misses: 0n });
  onOther.exit();
  closeAll(kernel);
});
