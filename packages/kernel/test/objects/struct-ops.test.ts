/** Maps of the kernel's structures of functions: created and read as in Linux; refused as there while no program can stand in them. */
import { Btf, BtfBuilder } from "@bpf-ts/btf";
import { E2BIG, EBADF, EINVAL, ENOENT, ENOTSUPP, EOPNOTSUPP } from "@bpf-ts/uapi/errno";
import { BPF_F_LINK, BPF_F_VTYPE_BTF_OBJ_FD } from "@bpf-ts/uapi/map-flags";
import { BPF_MAP_TYPE_STRUCT_OPS } from "@bpf-ts/uapi/map-types";
import { afterAll, describe, expect, test } from "vitest";
import { createKernel } from "../../src/index.ts";
import { closeAll, errnoOf, rawTracepoint, u32 } from "../programs.ts";

const kernel = createKernel();
const { bpf } = kernel;
const types = Btf.parse(bpf.kernelBtf());
const idOf = (name: string): number => types.findByName(name, "struct")!;
const TCP = idOf("bpf_struct_ops_tcp_congestion_ops");
const DUMMY = idOf("bpf_struct_ops_bpf_dummy_ops");
const DATA = 64;
const tcp = idOf("tcp_congestion_ops");
const builder = new BtfBuilder();
builder.addInt("int", 4, { signed: true });
const btfFd = bpf.btfLoad(builder.encode()).fd;
afterAll(() => closeAll(kernel));

function create(typeId: number, attr: object = {}): number {
  return bpf.mapCreate({
    type: BPF_MAP_TYPE_STRUCT_OPS,
    name: "ops",
    keySize: 4,
    valueSize: types.sizeOf(typeId),
    maxEntries: 1,
    mapFlags: 0,
    btfVmlinuxValueTypeId: typeId,
    btf: { btfFd, keyTypeId: 0, valueTypeId: 0 },
    ...attr,
  });
}

/** A value with a name and these members set, by their offset in the structure. */
function congestion(members: Readonly<Record<string, number>>, name = "mine"): Uint8Array {
  const value = new Uint8Array(types.sizeOf(TCP));
  const view = new DataView(value.buffer);
  const offsetOf = (member: string): number => DATA + types.memberPath(tcp, member).bitOffset / 8;
  value.set(new TextEncoder().encode(name), offsetOf("name"));
  for (const [member, word] of Object.entries(members)) view.setInt32(offsetOf(member), word, true);
  return value;
}

describe("creation", () => {
  test("info tells the kernel's type", () => {
    const fd = create(TCP, { mapFlags: BPF_F_LINK });
    expect(bpf.objGetInfo(fd)).toMatchObject({
      kind: "map",
      btfVmlinuxValueTypeId: TCP,
      btfKeyTypeId: 0,
      valueSize: 256,
    });
  });

  test.each<[string, number, () => unknown]>([
    ["another size", EINVAL, () => create(TCP, { valueSize: 192 })],
    ["two entries", EINVAL, () => create(TCP, { maxEntries: 2 })],
    ["a structure that no program implements", ENOTSUPP, () => create(tcp)],
    ["no structure", ENOTSUPP, () => create(TCP, { btfVmlinuxValueTypeId: 0x7fffffff })],
    ["no type", EINVAL, () => create(TCP, { btfVmlinuxValueTypeId: 0 })],
    ["no BTF of the object's own", EBADF, () => create(TCP, { btf: undefined })],
    [
      "a module's BTF that is none",
      EBADF,
      () => create(TCP, { mapFlags: BPF_F_VTYPE_BTF_OBJ_FD, valueTypeBtfObjFd: 99 }),
    ],
    [
      "a module's BTF that is no module's",
      EINVAL,
      () => create(TCP, { mapFlags: BPF_F_VTYPE_BTF_OBJ_FD, valueTypeBtfObjFd: btfFd }),
    ],
  ])("%s", (_what, errno, act) => {
    const before = kernel.describeLive();
    expect(errnoOf(act)).toBe(errno);
    expect(kernel.describeLive()).toEqual(before);
  });
});

describe("the value", () => {
  const map = create(TCP);
  const prog = rawTracepoint(bpf, "r0 = 0\nexit");
  const put = (value: Uint8Array, key = 0, flags = 0n): number =>
    errnoOf(() => bpf.mapUpdateElem(map, u32(key), value, flags));

  test.each<[string, number, () => number]>([
    ["another key", E2BIG, () => put(congestion({}), 1)],
    ["flags", EINVAL, () => put(congestion({}), 0, 1n)],
    ["without the functions that every algorithm has", EINVAL, () => put(congestion({}))],
    ["a function's fd that is not open", EBADF, () => put(congestion({ ssthresh: 99 }))],
    ["a function's fd of another type of program", EINVAL, () => put(congestion({ ssthresh: prog }))],
    ["a name that is none", EINVAL, () => put(congestion({}, "a-b"))],
    ["flags that there are not, before a later function", EINVAL, () => put(congestion({ flags: 0x20, init: 99 }))],
    ["flags that there are", EBADF, () => put(congestion({ flags: 0x1f, init: 99 }))],
    ["a number that is the kernel's", EINVAL, () => put(congestion({ key: 1, init: 99 }))],
    ["an owner: Linux stops there, without an error", 0, () => put(congestion({ owner: 1, init: 99 }))],
  ])("%s", (_what, errno, act) => {
    expect(act()).toBe(errno);
    const value = new Uint8Array(256).fill(1);
    bpf.mapLookupElem(map, u32(0), value);
    expect(value.every((byte) => byte === 0)).toBe(true);
  });

  test("bytes between the members", () => {
    const value = congestion({ init: 99 });
    value[8] = 1;
    expect(put(value)).toBe(EINVAL);
  });

  test("nothing to delete", () => {
    expect(errnoOf(() => bpf.mapDeleteElem(map, u32(0)))).toBe(ENOENT);
    expect(errnoOf(() => bpf.mapDeleteElem(create(TCP, { mapFlags: BPF_F_LINK }), u32(0)))).toBe(EOPNOTSUPP);
    expect(errnoOf(() => bpf.mapFreeze(map))).toBe(ENOTSUPP);
  });

  test("the structure for test runs takes none", () => {
    expect(errnoOf(() => bpf.mapUpdateElem(create(DUMMY), u32(0), new Uint8Array(128)))).toBe(EOPNOTSUPP);
  });
});
