/** Links: update, detach, close in every order, info. */
import { assembleKernel, encode } from "@bpf-ts/isa";
import { createKernel } from "@bpf-ts/kernel";
import type { Bpf } from "@bpf-ts/uapi";
import { BPF_TRACE_FENTRY } from "@bpf-ts/uapi/attach-types";
import { EACCES, EBADF, EINVAL, ENOLINK, EPERM } from "@bpf-ts/uapi/errno";
import { BPF_LINK_TYPE_MAP_TRACE } from "@bpf-ts/uapi/map-trace";
import { BPF_F_REPLACE } from "@bpf-ts/uapi/prog-flags";
import { BPF_PROG_TYPE_TRACING } from "@bpf-ts/uapi/prog-types";
import { describe, expect, test } from "vitest";
import { errnoOf, u32 } from "./bytes.ts";
import {
  attach,
  closeAll,
  contents,
  copyText,
  funcId,
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

/** A tracer that writes (0, n) into a map: which of two ran last can be read there. */
function marker(bpf: Bpf, map: number, n: number): number {
  return tracer(bpf, "UPDATE_ELEM", updateText(map, 0, n));
}

/** A tracing program of another attach type. */
function fentry(bpf: Bpf): number {
  return bpf.progLoad({
    progType: BPF_PROG_TYPE_TRACING,
    expectedAttachType: BPF_TRACE_FENTRY,
    attachBtfId: funcId("bpf_map_trace_update_elem"),
    insns: encode(assembleKernel("r0 = 0\nexit")),
    license: "GPL",
  }).fd;
}

describe("info", () => {
  test("type, program, map and trace type; raw bytes as struct bpf_link_info has them from offset 16 on", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    hashMap(bpf);
    const map = hashMap(bpf);
    const prog = tracer(bpf, "DELETE_ELEM");
    const link = attach(bpf, prog, { mapFd: map, traceType: 1 });
    const info = linkInfo(bpf, link);
    expect(info).toMatchObject({ type: BPF_LINK_TYPE_MAP_TRACE, progId: progInfo(bpf, prog).id, id: 1 });
    expect(info.mapTrace).toEqual({ mapId: mapId(bpf, map), traceType: 1, runs: 0n, misses: 0n, failures: 0n });
    expect(info.raw).toEqual(u32(2, 1));
    expect(kernel.init.fdinfo(link)).toBe(
      `link_type:\tmap_trace\nlink_id:\t1\nprog_tag:\t${progInfo(bpf, prog).tag}\nprog_id:\t1\nmap_id:\t2\ntrace_type:\t1\n`,
    );
    closeAll(kernel);
  });
});

describe("detach", () => {
  test("removes the entry; the link stays, shows map id 0, and cannot be updated", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const map = hashMap(bpf);
    const copy = hashMap(bpf);
    const prog = tracer(bpf, "UPDATE_ELEM", copyText(copy));
    const link = attach(bpf, prog, { mapFd: map, traceType: UPDATE });
    run(bpf, program(bpf, updateText(map, 1, 10)));
    bpf.linkDetach(link);
    run(bpf, program(bpf, updateText(map, 2, 20)));
    expect(contents(bpf, copy)).toEqual([[1, 10]]);
    expect(linkInfo(bpf, link).mapTrace).toMatchObject({ mapId: 0, traceType: UPDATE, runs: 1n });
    expect(linkInfo(bpf, link).raw).toEqual(u32(0, UPDATE));
    expect(kernel.init.fdinfo(link)).toMatch(/\nmap_id:\t0\ntrace_type:\t0\n$/);
    expect(errnoOf(() => bpf.linkUpdate(link, { newProgFd: prog }))).toBe(ENOLINK);
    // Again: nothing more to do.
    bpf.linkDetach(link);
    bpf.close(link);
    closeAll(kernel);
  });

  test("lets go of the map", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const map = hashMap(bpf);
    const id = mapId(bpf, map);
    const link = attach(bpf, tracer(bpf, "UPDATE_ELEM"), { mapFd: map, traceType: UPDATE });
    bpf.close(map);
    // The link holds it.
    expect(mapId(bpf, bpf.getFdById("map", id))).toBe(id);
    bpf.close(3);
    bpf.linkDetach(link);
    expect(errnoOf(() => bpf.getFdById("map", id))).not.toBe(0);
    closeAll(kernel);
  });
});

describe("a program attached twice to one map", () => {
  const orders: [string, number[]][] = [
    ["first, second", [0, 1]],
    ["second, first", [1, 0]],
  ];
  test.each(orders)("runs twice; closing %s takes one entry each", (_name, order) => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const map = hashMap(bpf);
    const prog = tracer(bpf, "UPDATE_ELEM");
    const links = [0, 1].map(() => attach(bpf, prog, { mapFd: map, traceType: UPDATE }));
    const update = program(bpf, updateText(map, 1, 1));
    run(bpf, update);
    expect(links.map((link) => linkInfo(bpf, link).mapTrace?.runs)).toEqual([1n, 1n]);
    bpf.close(links[order[0]!]!);
    run(bpf, update);
    expect(linkInfo(bpf, links[order[1]!]!).mapTrace?.runs).toBe(2n);
    expect(progInfo(bpf, prog).runCnt).toBe(3n);
    bpf.close(links[order[1]!]!);
    run(bpf, update);
    expect(progInfo(bpf, prog).runCnt).toBe(3n);
    closeAll(kernel);
  });
});

describe("detaching and closing in every order", () => {
  const steps = ["map", "prog", "link", "writer", "detach"] as const;
  type Step = (typeof steps)[number] | "copy";
  const permutations = (rest: readonly Step[]): Step[][] =>
    rest.length === 0
      ? [[]]
      : rest.flatMap((one) => permutations(rest.filter((other) => other !== one)).map((tail) => [one, ...tail]));

  test("of map, other map, program, link and writer, detaching in between: nothing stays alive, and tracing ends with the link or by detaching", () => {
    // The other map, which only the tracer needs, goes first or last.
    const orders = permutations(steps).flatMap((order): Step[][] => [
      ["copy", ...order],
      [...order, "copy"],
    ]);
    expect(orders).toHaveLength(240);
    const kernel = createKernel();
    const { bpf } = kernel;
    const before = kernel.liveBytes;
    for (const order of orders) {
      const [map, copy] = [hashMap(bpf), hashMap(bpf)];
      const copyId = mapId(bpf, copy);
      const prog = tracer(bpf, "UPDATE_ELEM", copyText(copy));
      const writer = program(bpf, updateText(map, 1, 1));
      const link = attach(bpf, prog, { mapFd: map, traceType: UPDATE });
      const fds = { map, copy, prog, link, writer };
      const done = new Set<Step>();
      for (const step of order) {
        if (!done.has("writer")) {
          expect(run(bpf, writer)).toBe(0);
          const isTraced = !done.has("link") && !done.has("detach");
          // The tracer holds its map; an fd to it tells whether it ran.
          if (isTraced || !done.has("copy")) {
            const fd = bpf.getFdById("map", copyId);
            expect([order, contents(bpf, fd)]).toEqual([order, isTraced ? [[1, 1]] : []]);
            if (isTraced) bpf.mapDeleteElem(fd, u32(1));
            bpf.close(fd);
          }
        }
        if (step !== "detach") bpf.close(fds[step]);
        else if (!done.has("link")) bpf.linkDetach(link);
        done.add(step);
      }
      expect([order, kernel.describeLive()]).toEqual([order, []]);
    }
    expect(kernel.liveBytes).toBe(before);
  });
});

describe("update", () => {
  test("takes effect at the next operation; the old program is let go of", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const map = hashMap(bpf);
    const mark = hashMap(bpf);
    const [one, two] = [marker(bpf, mark, 1), marker(bpf, mark, 2)];
    const link = attach(bpf, one, { mapFd: map, traceType: UPDATE });
    const update = program(bpf, updateText(map, 9, 9));
    run(bpf, update);
    expect(contents(bpf, mark)).toEqual([[0, 1]]);
    const oldId = progInfo(bpf, one).id;
    bpf.linkUpdate(link, { newProgFd: two });
    bpf.close(one);
    expect(errnoOf(() => bpf.getFdById("prog", oldId))).not.toBe(0);
    run(bpf, update);
    expect(contents(bpf, mark)).toEqual([[0, 2]]);
    expect(linkInfo(bpf, link).progId).toBe(progInfo(bpf, two).id);
    closeAll(kernel);
  });

  test("with the program that must be attached now", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const map = hashMap(bpf);
    const [one, two] = [tracer(bpf, "UPDATE_ELEM"), tracer(bpf, "UPDATE_ELEM")];
    const link = attach(bpf, one, { mapFd: map, traceType: UPDATE });
    expect(errnoOf(() => bpf.linkUpdate(link, { newProgFd: two, oldProgFd: two, flags: BPF_F_REPLACE }))).toBe(EPERM);
    expect(linkInfo(bpf, link).progId).toBe(progInfo(bpf, one).id);
    // The command's own checks: unknown flags, an old program without the flag, fds that are no programs.
    expect(errnoOf(() => bpf.linkUpdate(link, { newProgFd: two, flags: 1 }))).toBe(EINVAL);
    expect(errnoOf(() => bpf.linkUpdate(link, { newProgFd: two, oldProgFd: one }))).toBe(EINVAL);
    expect(errnoOf(() => bpf.linkUpdate(link, { newProgFd: map }))).toBe(EINVAL);
    expect(errnoOf(() => bpf.linkUpdate(link, { newProgFd: 99 }))).toBe(EBADF);
    expect(errnoOf(() => bpf.linkUpdate(link, { newProgFd: two, flags: BPF_F_REPLACE }))).toBe(EBADF);
    expect(errnoOf(() => bpf.linkUpdate(map, { newProgFd: two }))).toBe(EINVAL);
    expect(linkInfo(bpf, link).progId).toBe(progInfo(bpf, one).id);
    bpf.linkUpdate(link, { newProgFd: two, oldProgFd: one, flags: BPF_F_REPLACE });
    expect(linkInfo(bpf, link).progId).toBe(progInfo(bpf, two).id);
    closeAll(kernel);
  });

  test("refused, and nothing changes: another hook, another type, another attach type, out of bounds, a loop", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const map = hashMap(bpf);
    const link = attach(bpf, tracer(bpf, "UPDATE_ELEM"), { mapFd: map, traceType: UPDATE });
    const before = linkInfo(bpf, link);
    const reads = tracer(bpf, "UPDATE_ELEM", "r2 = *(u64 *)(r1 +0)\nr0 = *(u8 *)(r2 +4)\nr0 = 0\nexit");
    const cases: [number, number][] = [
      [tracer(bpf, "DELETE_ELEM"), EINVAL],
      [program(bpf, "r0 = 0\nexit"), EINVAL],
      [fentry(bpf), EINVAL],
      [reads, EACCES],
      [tracer(bpf, "UPDATE_ELEM", updateText(map, 0, 0)), EINVAL],
    ];
    for (const [newProgFd, errno] of cases) {
      expect(errnoOf(() => bpf.linkUpdate(link, { newProgFd }))).toBe(errno);
      expect(linkInfo(bpf, link)).toEqual(before);
    }
    closeAll(kernel);
  });
});

describe("the loop check", () => {
  test("counts a look-up, a mention in dead code, and maps reached over tracers of any type", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const [a, b, c] = [hashMap(bpf), hashMap(bpf), hashMap(bpf)];
    const looksUp = (map: number): string => `
      *(u32 *)(r10 -4) = 0
      r1 = map[fd:${map}]
      r2 = r10
      r2 += -4
      call bpf_map_lookup_elem
      r0 = 0
      exit`;
    const inDeadCode = (map: number): string => `
      r0 = 0
      if r0 == 0 goto out
      r1 = map[fd:${map}]
    out:
      exit`;
    const inSubprogram = (map: number): string => `
      call sub
      r0 = 0
      exit
    sub:
      r1 = map[fd:${map}]
      r0 = 0
      exit`;
    expect(
      errnoOf(() => attach(bpf, tracer(bpf, "UPDATE_ELEM", inSubprogram(a)), { mapFd: a, traceType: UPDATE })),
    ).toBe(EINVAL);
    // A look-up is enough.
    expect(errnoOf(() => attach(bpf, tracer(bpf, "UPDATE_ELEM", looksUp(a)), { mapFd: a, traceType: UPDATE }))).toBe(
      EINVAL,
    );
    expect(errnoOf(() => attach(bpf, tracer(bpf, "UPDATE_ELEM", inDeadCode(a)), { mapFd: a, traceType: UPDATE }))).toBe(
      EINVAL,
    );
    // a -> b by UPDATE, b -> c by DELETE: c -> a closes the circle, whatever the type.
    attach(bpf, tracer(bpf, "UPDATE_ELEM", updateText(b, 0, 0)), { mapFd: a, traceType: UPDATE });
    attach(bpf, tracer(bpf, "DELETE_ELEM", updateText(c, 0, 0)), { mapFd: b, traceType: 1 });
    expect(
      errnoOf(() => attach(bpf, tracer(bpf, "UPDATE_ELEM", updateText(a, 0, 0)), { mapFd: c, traceType: UPDATE })),
    ).toBe(EINVAL);
    expect(
      errnoOf(() => attach(bpf, tracer(bpf, "UPDATE_ELEM", updateText(c, 0, 0)), { mapFd: a, traceType: UPDATE })),
    ).toBe(0);
    closeAll(kernel);
  });

  test("a long chain is walked without recursion", () => {
    const kernel = createKernel();
    const { bpf } = kernel;
    const maps = Array.from({ length: 200 }, () => hashMap(bpf, 1));
    for (let i = 0; i + 1 < maps.length; i++) {
      attach(bpf, tracer(bpf, "UPDATE_ELEM", updateText(maps[i + 1]!, 0, 0)), { mapFd: maps[i]!, traceType: UPDATE });
    }
    const closing = tracer(bpf, "UPDATE_ELEM", updateText(maps[0]!, 0, 0));
    expect(errnoOf(() => attach(bpf, closing, { mapFd: maps.at(-1)!, traceType: UPDATE }))).toBe(EINVAL);
    closeAll(kernel);
  });
});
