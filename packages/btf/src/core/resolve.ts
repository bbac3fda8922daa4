import { EOPNOTSUPP } from "@bpf-ts/uapi/errno";
import type { Btf } from "../btf.ts";
import type { CoreRelo } from "../ext/btf-ext.ts";
import { type CoreResult, calcCoreRelo } from "./calc.ts";
import { kindsAreCompatible } from "./compat.ts";
import { coreError } from "./failure.ts";
import { BPF_CORE_TYPE_ID_LOCAL, coreReloKindName } from "./kinds.ts";
import { matchCoreSpec } from "./match.ts";
import { type CoreSpec, formatCoreSpec, parseCoreSpec } from "./spec.ts";

/** A type of a target that a local type may mean. */
export interface CoreCandidate {
  btf: Btf;
  type: number;
}

/** What a relocation was resolved to. */
export interface CoreResolution extends CoreResult {
  local: CoreSpec;
  /** The access in the first candidate that has it; absent if none does. */
  target?: CoreSpec;
  /** The candidates that have it, or all if none does: where to look for further accesses of the same type. */
  candidates: readonly CoreCandidate[];
}

/**
 * Types of a target with the essential name of a local one, and of its kind.
 *
 * @see v6.18 tools/lib/bpf/libbpf.c, bpf_core_add_cands
 */
export function findCoreCandidates(local: Btf, type: number, target: Btf, ownOnly = false): CoreCandidate[] {
  const name = local.nameOf(type);
  if (name === "") return [];
  const kind = local.kindOf(type);
  const least = ownOnly ? target.firstId : 1;
  return target
    .findByEssentialName(name)
    .filter((id) => id >= least && kindsAreCompatible(target.kindOf(id), kind))
    .map((id) => ({ btf: target, type: id }));
}

/**
 * Resolves a relocation against candidates, which must agree: their values, and for fields their places, have to be the same.
 *
 * @see v6.18 tools/lib/bpf/relo_core.c, bpf_core_calc_relo_insn
 * @throws BtfError BTF_CORE with libbpf's errno: ambiguous candidates, malformed records, what cannot be relocated
 */
export function resolveCoreRelo(local: Btf, relo: CoreRelo, candidates: readonly CoreCandidate[]): CoreResolution {
  const spec = parseCoreSpec(local, relo);
  if (relo.kind === BPF_CORE_TYPE_ID_LOCAL) {
    const id = BigInt(relo.type);
    const result: CoreResult = {
      poison: false,
      validate: false,
      originalValue: id,
      newValue: id,
      originalSize: 0,
      newSize: 0,
      failMemorySize: false,
    };
    return { ...result, local: spec, candidates };
  }
  if (local.nameOf(relo.type) === "")
    throw coreError(
      `<${coreReloKindName(relo.kind)}> (${relo.kind}) relocation doesn't support anonymous types`,
      EOPNOTSUPP,
    );
  const matching: CoreCandidate[] = [];
  let target: CoreSpec | undefined;
  let result: CoreResult | undefined;
  for (const candidate of candidates) {
    const found = matchCoreSpec(spec, candidate.btf, candidate.type);
    if (found === undefined) continue;
    const values = calcCoreRelo(spec, found);
    if (target === undefined || result === undefined) {
      target = found;
      result = values;
    } else if (found.bitOffset !== target.bitOffset) {
      throw coreError(
        `field offset ambiguity: ${found.bitOffset} != ${target.bitOffset} (${formatCoreSpec(found)}, ${formatCoreSpec(target)})`,
      );
    } else if (values.poison !== result.poison || values.newValue !== result.newValue) {
      const outcome = ({ poison, newValue }: CoreResult): string => `${poison ? "failure" : "success"} ${newValue}`;
      throw coreError(`relocation decision ambiguity: ${outcome(values)} != ${outcome(result)}`);
    }
    matching.push(candidate);
  }
  // Whether it is wrong that there is none depends on the kind, and on whether the instruction is ever reached.
  if (target === undefined || result === undefined)
    return { ...calcCoreRelo(spec, undefined), local: spec, candidates };
  return { ...result, local: spec, target, candidates: matching };
}

/** Where a program's types are looked for. */
export interface CoreTargets {
  /** The kernel's BTF. */
  kernel: Btf;
  /** Those of modules, split on the kernel's; looked at where the kernel has no candidate. */
  modules?: readonly Btf[];
}

/**
 * Resolves the relocations of one object in order, as libbpf does: candidates are looked for once for each local type, and an access that only
 * some of them have narrows them down for the accesses that follow.
 */
export class CoreRelocator {
  readonly #local: Btf;
  readonly #targets: CoreTargets;
  readonly #candidates = new Map<number, readonly CoreCandidate[]>();

  constructor(local: Btf, targets: CoreTargets) {
    this.#local = local;
    this.#targets = targets;
  }

  /** @throws BtfError BTF_CORE, BTF_TYPE_ID */
  resolve(relo: CoreRelo): CoreResolution {
    if (relo.kind === BPF_CORE_TYPE_ID_LOCAL) return resolveCoreRelo(this.#local, relo, []);
    const candidates = this.#candidates.get(relo.type) ?? this.#find(relo.type);
    const resolution = resolveCoreRelo(this.#local, relo, candidates);
    this.#candidates.set(relo.type, resolution.candidates);
    return resolution;
  }

  #find(type: number): readonly CoreCandidate[] {
    const { kernel, modules = [] } = this.#targets;
    const found = findCoreCandidates(this.#local, type, kernel);
    if (found.length > 0) return found;
    return modules.flatMap((module) => findCoreCandidates(this.#local, type, module, true));
  }
}
