import { BPF_F_LINK, BPF_F_VTYPE_BTF_OBJ_FD, BPF_NOEXIST } from "@bpf-ts/uapi/map-flags";
import { BPF_MAP_TYPE_STRUCT_OPS } from "@bpf-ts/uapi/map-types";
import fc from "fast-check";
import { OPS, WHOLE_MAP, weighted } from "../arbitraries.ts";
import type { Family, ObjectName } from "../family.ts";

/** From the value's beginning to the structure itself. */
const DATA = 64;
const TCP = {
  type: "bpf_struct_ops_tcp_congestion_ops",
  size: 256,
  functions: [0, 8, 16, 24, 32, 40, 48, 56, 64, 72, 80, 136, 144],
  name: 88,
  owner: 104,
  key: 128,
  flags: 132,
} as const;
const DUMMY = { type: "bpf_struct_ops_bpf_dummy_ops", size: 128, functions: [0, 8, 16] } as const;

const FDS: readonly ObjectName[] = ["closed", "p:filter", "m:array4", "none"];

/** Values with something in most of their members, each wrong in few ways: no program stands in them, because none of the type can be loaded here. */
function value(size: number, n: number, fd: (name: ObjectName) => number): Uint8Array {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  const isTcp = size === TCP.size;
  const functions = isTcp ? TCP.functions : DUMMY.functions;
  const at = functions[n % functions.length]!;
  if (isTcp && n % 8 !== 0)
    bytes.set(new TextEncoder().encode(["cubic", "a.b_1", "a-b", "x".repeat(16)][n % 4]), DATA + TCP.name);
  if (n % 3 === 0) view.setInt32(DATA + at, fd(FDS[(n >> 2) % FDS.length]!), true);
  if (isTcp && n % 5 === 0) view.setUint32(DATA + TCP.flags, n % 41, true);
  if (isTcp && n % 11 === 0) bytes[DATA + TCP.owner] = 1;
  if (isTcp && n % 13 === 0) bytes[DATA + TCP.key] = 1;
  // Anywhere; where it makes an fd, one that is not open.
  if (n % 17 === 0) bytes[(n % size) | 1] = 0x80;
  return bytes;
}

/** Structures of functions, without the functions: what creation and updates refuse, and how empty maps answer. */
export const structOps: Family = {
  name: "STRUCT_OPS",
  types: [BPF_MAP_TYPE_STRUCT_OPS],
  spec: fc
    .record({
      kernelType: fc.constantFrom<string>(TCP.type, TCP.type, TCP.type, DUMMY.type, "task_struct", "no_such_structure"),
      flags: fc.constantFrom(0, 0, 0, BPF_F_LINK, BPF_F_LINK, BPF_F_VTYPE_BTF_OBJ_FD, BPF_NOEXIST),
      wrongSize: fc.constantFrom(0, 0, 0, 0, 8),
      maxEntries: fc.constantFrom(1, 1, 1, 1, 2),
      keySize: fc.constantFrom(4, 4, 4, 4, 8),
      fd: fc.constantFrom("own" as const, "own" as const, "own" as const, "closed" as const, "kernel" as const),
    })
    .map(({ kernelType, wrongSize, fd, ...rest }) => ({
      type: BPF_MAP_TYPE_STRUCT_OPS,
      valueSize: (kernelType === DUMMY.type ? DUMMY.size : TCP.size) + wrongSize,
      btf: "plain" as const,
      types: { key: "none" as const, value: "none" as const, fd },
      kernelType,
      ...rest,
      keys: 2,
    })),
  op: weighted(
    [4, OPS.update],
    [2, OPS.lookup],
    [1, OPS.delete],
    [1, OPS.take],
    [1, OPS.next],
    [1, OPS.lookupBatch],
    [1, OPS.updateBatch],
    [1, OPS.deleteBatch],
    ...WHOLE_MAP,
  ),
  objects: FDS,
  value: (spec, n, _cpus, fd) => value(spec.valueSize, n, fd),
  longest: 40,
  isOrdered: () => true,
};
