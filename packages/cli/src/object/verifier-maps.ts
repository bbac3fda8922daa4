import type { Btf } from "@bpf-ts/btf";
import type { VerifierMap } from "@bpf-ts/verifier";
import { type MapSpec, mapCreateAttr } from "libbpf-ts";
import { addresses, constantsOf } from "../map-stand-in.ts";

/** Possible CPUs of the machine that programs are verified for. */
const CPUS = 4;
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
  const isConstant = spec.origin === "rodata";
  const contents = spec.contents;
  return {
    def,
    id: index + 1,
    ...addresses(def, index),
    name: def.name,
    frozen: isConstant,
    ...(spec.inner === undefined ? {} : { inner: verifierMap(spec.inner, index, btf) }),
    ...(types === undefined ? {} : { btf, keyTypeId: types.keyTypeId, valueTypeId: types.valueTypeId }),
    ...(isConstant && contents !== undefined ? { readConst: constantsOf(contents) } : {}),
  };
}
