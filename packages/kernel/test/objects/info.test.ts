/** Info of objects, ids, and what user space sees of a program's instructions. */
import { decode } from "@bpf-ts/isa";
import { EBADFD, EINVAL, ENOENT } from "@bpf-ts/uapi/errno";
import { BPF_MAP_TYPE_ARRAY } from "@bpf-ts/uapi/map-types";
import { BPF_PROG_TYPE_SOCKET_FILTER } from "@bpf-ts/uapi/prog-types";
import { expect, test } from "vitest";
import { createKernel } from "../../src/index.ts";
import {
  arrayMap,
  closeAll,
  errnoOf,
  hashMap,
  load,
  probe,
  progInfo,
  rawTracepoint,
  trace,
  u32,
  update,
} from "../programs.ts";

test("addresses of maps and values are shown as ids and offsets", () => {
  const kernel = createKernel();
  const { bpf } = kernel;
  const first = arrayMap(bpf, 1, 16);
  const map = arrayMap(bpf, 1, 16);
  const prog = rawTracepoint(
    bpf,
    `r1 = map[fd:${map}]\nr2 = map[fd:${map}][0]+8\nr3 = map[fd:${first}][0]+0\nr0 = *(u64 *)(r2 +0)\nexit`,
  );
  const info = progInfo(bpf, prog);
  expect(decode(info.xlated).slice(0, 6)).toEqual([
    { code: 0x18, dst: 1, src: 1, off: 0, imm: 2 },
    { code: 0, dst: 0, src: 0, off: 0, imm: 0 },
    { code: 0x18, dst: 2, src: 2, off: 0, imm: 2 },
    { code: 0, dst: 0, src: 0, off: 0, imm: 8 },
    { code: 0x18, dst: 3, src: 2, off: 0, imm: 1 },
    { code: 0, dst: 0, src: 0, off: 0, imm: 0 },
  ]);
  expect(info.mapIds).toEqual([2, 1]);
  closeAll(kernel);
});

test("loads through typed pointers are shown as loads", () => {
  const kernel = createKernel();
  const { bpf } = kernel;
  // struct bpf_map *map is the first argument, map_type its first member.
  const { prog, link } = trace(
    bpf,
    "fentry",
    "bpf_map_trace_update_elem",
    "r1 = *(u64 *)(r1 +0)\nr0 = *(u32 *)(r1 +0)\nr0 = 0\nexit",
  );
  expect(decode(progInfo(bpf, prog).xlated)[1]).toEqual({ code: 0x61, dst: 0, src: 1, off: 0, imm: 0 });
  bpf.close(link);
  closeAll(kernel);
});

test("of a program", () => {
  const kernel = createKernel();
  const { bpf } = kernel;
  const prog = load(bpf, "r0 = 0\nexit", { progType: BPF_PROG_TYPE_SOCKET_FILTER, name: "filter", license: "MIT" });
  bpf.progTestRun(prog, { dataIn: new Uint8Array(14), repeat: 3 });
  expect(progInfo(bpf, prog)).toMatchObject({
    id: 1,
    progType: 1,
    name: "filter",
    // SHA-256 of b700000000000000 9500000000000000, its first 8 bytes.
    tag: "59f4a931744dcdc6",
    runCnt: 3n,
    recursionMisses: 0n,
    gplCompatible: false,
    verifiedInsns: 2,
    internalCalls: [],
  });
  closeAll(kernel);
});

test("of a map; it is what it was made with", () => {
  const kernel = createKernel();
  const { bpf } = kernel;
  const fd = bpf.mapCreate({
    type: BPF_MAP_TYPE_ARRAY,
    name: "m",
    keySize: 4,
    valueSize: 3,
    maxEntries: 7,
    mapFlags: 0x400 | 8,
  });
  const info = bpf.objGetInfo(fd);
  // BPF_F_RDONLY belongs to the fd.
  expect(info).toMatchObject({
    kind: "map",
    id: 1,
    name: "m",
    keySize: 4,
    valueSize: 3,
    maxEntries: 7,
    mapFlags: 0x400,
    frozen: false,
    btfId: 0,
  });
  expect(errnoOf(() => bpf.objGetInfo(50))).toBe(EBADFD);
  const event = bpf.perfEventOpen({ kind: "kprobe", func: "__sys_bpf", retprobe: false });
  expect(errnoOf(() => bpf.objGetInfo(event))).toBe(EINVAL);
  closeAll(kernel);
});

test("of links", () => {
  const kernel = createKernel();
  const { bpf } = kernel;
  const fentry = trace(bpf, "fentry", "__sys_bpf", "r0 = 0\nexit");
  const { attachBtfId, id } = progInfo(bpf, fentry.prog);
  expect(bpf.objGetInfo(fentry.link)).toEqual({
    kind: "link",
    id: 1,
    type: 2,
    progId: id,
    tracing: { attachType: 24, targetObjId: 1, targetBtfId: attachBtfId },
    raw: u32(24, 1, attachBtfId),
  });
  const kretprobe = probe(bpf, "__sys_bpf", "r0 = 0\nexit", { retprobe: true });
  expect(bpf.objGetInfo(kretprobe.link)).toMatchObject({
    id: 2,
    type: 7,
    kprobe: { func: "__sys_bpf", retprobe: true },
  });
  const tp = bpf.rawTracepointOpen("sys_enter", rawTracepoint(bpf, "r0 = 0\nexit"));
  expect(bpf.objGetInfo(tp)).toMatchObject({ id: 3, type: 1, rawTracepoint: { name: "sys_enter" } });
  for (const link of [fentry.link, kretprobe.link, tp]) {
    expect(errnoOf(() => bpf.linkUpdate(link, { newProgFd: fentry.prog }))).toBe(EINVAL);
    expect(errnoOf(() => bpf.linkDetach(link))).toBe(95);
  }
  closeAll(kernel);
});

test("ids: listed in order, opened again, gone with the last reference", () => {
  const kernel = createKernel();
  const { bpf } = kernel;
  const maps = [hashMap(bpf), hashMap(bpf), hashMap(bpf)];
  const prog = rawTracepoint(bpf, `${update(maps[1]!, 1, 1)}\nexit`);
  const list = (kind: "map" | "prog" | "btf" | "link"): number[] => {
    const ids: number[] = [];
    for (let id = bpf.getNextId(kind, 0); id !== undefined; id = bpf.getNextId(kind, id)) ids.push(id);
    return ids;
  };
  expect([list("map"), list("prog"), list("btf"), list("link")]).toEqual([[1, 2, 3], [1], [1], []]);
  for (const fd of maps) bpf.close(fd);
  // The program holds the second.
  expect(list("map")).toEqual([2]);
  const again = bpf.getFdById("map", 2);
  bpf.mapUpdateElem(again, u32(5), u32(6));
  bpf.close(prog);
  expect([list("map"), list("prog")]).toEqual([[2], []]);
  bpf.close(again);
  expect(list("map")).toEqual([]);
  expect(errnoOf(() => bpf.getFdById("map", 2))).toBe(ENOENT);
  expect(errnoOf(() => bpf.getFdById("prog", 1))).toBe(ENOENT);
  // The kernel's own BTF.
  const btf = bpf.objGetInfo(bpf.getFdById("btf", 1));
  expect(btf).toMatchObject({ kind: "btf", name: "vmlinux", kernelBtf: true });
  expect(btf.kind === "btf" && btf.data).toEqual(bpf.kernelBtf());
  closeAll(kernel);
});

test("a template may go; what it was like stays known", () => {
  const kernel = createKernel();
  const { bpf } = kernel;
  const template = arrayMap(bpf, 4, 8);
  const outer = bpf.mapCreate({
    type: 12,
    name: "o",
    keySize: 4,
    valueSize: 4,
    maxEntries: 1,
    mapFlags: 0,
    innerMapFd: template,
  });
  bpf.close(template);
  const inner = arrayMap(bpf, 4, 8);
  bpf.mapUpdateElem(outer, u32(0), u32(inner));
  bpf.mapUpdateElem(inner, u32(3), u32(33, 0));
  bpf.close(inner);
  const prog = rawTracepoint(
    bpf,
    `*(u32 *)(r10 -4) = 0
     r1 = map[fd:${outer}]
     r2 = r10
     r2 += -4
     call bpf_map_lookup_elem
     if r0 == 0 goto out
     *(u32 *)(r10 -4) = 3
     r1 = r0
     r2 = r10
     r2 += -4
     call bpf_map_lookup_elem
     if r0 == 0 goto out
     r0 = *(u64 *)(r0 +0)
     out:
     exit`,
  );
  expect(bpf.progTestRun(prog).retval).toBe(33);
  closeAll(kernel);
});
