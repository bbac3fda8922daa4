import * as F from "@bpf-ts/uapi/map-flags";
import * as T from "@bpf-ts/uapi/map-types";
import fc from "fast-check";
import { keyValueOps, run, WHOLE_MAP } from "../arbitraries.ts";
import { bytesOf, u32 } from "../bytes.ts";
import type { Family, ObjectName } from "../family.ts";

const PROGS: readonly ObjectName[] = ["p:devmap", "p:cpumap", "p:xdp", "p:filter"];

/** Maps whose values are a number (interface, queue length), and maybe a program's fd. */
function redirect(name: string, type: number, numbers: readonly number[], entries: readonly number[]): Family {
  return {
    name,
    types: [type],
    spec: fc
      .record({
        valueSize: fc.constantFrom(4, 8),
        maxEntries: fc.constantFrom(...entries),
        flags: fc.nat({ max: 29 }).map((n) => [F.BPF_F_RDONLY, F.BPF_F_WRONLY, F.BPF_F_NUMA_NODE][n] ?? 0),
      })
      .map((rest) => ({ type, keySize: 4, ...rest, keys: rest.maxEntries + 2 })),
    op: keyValueOps([[1, run(["update", "delete"])], ...WHOLE_MAP]),
    objects: PROGS,
    value(spec, n, _cpus, fd) {
      const [which, prog] = bytesOf(n, 2);
      const fds = [0, 0, 0, 0xffff_ffff, 987_654, ...PROGS.map(fd), fd(PROGS[0]!), fd(PROGS[1]!)];
      const parts = [numbers[which! % numbers.length]!, fds[prog! % fds.length]!];
      return u32(...parts).subarray(0, spec.valueSize);
    },
    show(spec, value, nameOf) {
      const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
      const number = String(view.getUint32(0, true));
      if (spec.valueSize === 4) return number;
      const id = view.getUint32(4, true);
      return `${number} ${id === 0 ? "no program" : nameOf(BigInt(id))}`;
    },
    isOrdered: () => true,
  };
}

/** Interface 1 is loopback; of the others there is none. */
const DEVICES = [0, 1, 1, 1, 99_999];

export const devMap: Family = redirect("DEVMAP", T.BPF_MAP_TYPE_DEVMAP, DEVICES, [1, 2, 4, 9]);
export const devMapHash: Family = redirect("DEVMAP_HASH", T.BPF_MAP_TYPE_DEVMAP_HASH, DEVICES, [1, 2, 4, 9]);
/** Every queue is a thread of the kernel. */
export const cpuMap: Family = redirect(
  "CPUMAP",
  T.BPF_MAP_TYPE_CPUMAP,
  [0, 1, 64, 16384, 16385, 2 ** 32 - 1],
  [1, 2, 4],
);
