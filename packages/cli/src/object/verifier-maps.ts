import type { Btf } from "@bpf-ts/btf";
import { BPF_MAP_TYPE_ARRAY } from "@bpf-ts/uapi/map-types";
import type { VerifierMap } from "@bpf-ts/verifier";
import { type MapSpec, mapCreateAttr } from "libbpf-ts";
import { constantsOf } from "../batch/input.ts";

/** Possible CPUs of the machine that programs are verified for. */
const CPUS = 4;
const MAP_ADDRESS = 0x5eed_0000;
const VALUE_OFFSET = 0x80;
/** Stands for the object's BTF: all that matters is that there is one. */
const BTF_FD = 1;

/**
 * A map of an object as the verifier sees it once it is created and filled: by its definition alone.
 *
 * @param index of the map in its object; its id is one more
 * @param btf the object's types, undefined if the kernel would refuse them
 */
export function verifierMap(spec: MapSpec, index: number, btf: Btf | undefined): VerifierMap {
  const attr = mapCreateAttr(spec, { possibleCpus: CPUS, btfFd: btf === undefined ? undefined : BTF_FD });
  const { btf: types, ...def } = attr;
  const handle = MAP_ADDRESS + index * 0x100;
  const isConstant = spec.origin === "rodata";
  const contents = spec.contents;
  return {
    def,
    id: index + 1,
    handle,
    name: def.name,
    frozen: isConstant,
    ...(spec.inner === undefined ? {} : { inner: verifierMap(spec.inner, index, btf) }),
    ...(types === undefined ? {} : { btf, keyTypeId: types.keyTypeId, valueTypeId: types.valueTypeId }),
    ...(def.type === BPF_MAP_TYPE_ARRAY && def.maxEntries === 1
      ? { valueAddress: (off: number) => (off < def.valueSize ? handle + VALUE_OFFSET + off : undefined) }
      : {}),
    ...(isConstant && contents !== undefined ? { readConst: constantsOf(contents) } : {}),
  };
}
