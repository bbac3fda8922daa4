import { Btf } from "@bpf-ts/btf";
import { type Bpf, BpfError, UnsupportedError } from "@bpf-ts/uapi";
import type { MapSpec } from "../spec/map-spec.ts";
import type { ObjectSpec } from "../spec/object-spec.ts";
import { valueTypes } from "../typed/value-types.ts";
import { BpfMap } from "./bpf-map.ts";
import { BpfObject } from "./bpf-object.ts";
import { BpfProgram } from "./bpf-program.ts";
import { BpfVariable } from "./bpf-variable.ts";
import { closeQuietly } from "./close-all.ts";
import { createMap, fillDataMap, mapError } from "./create-map.ts";
import type { LinkedMap } from "./link-program.ts";
import { loadProgram } from "./load-program.ts";

/** How an object is loaded. */
export interface LoadOptions {
  /** Verifier verbosity of every program: 0 (default), 1, 2. A refused program's log is always in the error. */
  logLevel?: number;
}

/**
 * Loads a spec into a kernel: BTF, maps, global data, programs, initial map slots.
 *
 * @throws LibbpfError, UnsupportedError; everything made so far is closed again
 * @see v6.12 tools/lib/bpf/libbpf.c, bpf_object_load
 */
export function loadObject(spec: ObjectSpec, bpf: Bpf, options: LoadOptions): BpfObject {
  for (const { feature, detail } of spec.notLoadable) throw new UnsupportedError(feature, { detail });
  const owned: { close(): void }[] = [];
  const warnings: string[] = [...spec.warnings];
  try {
    const btfFd = loadBtf(bpf, spec.btf, warnings);
    if (btfFd !== undefined) owned.push({ close: () => bpf.close(btfFd) });

    const maps = new Map<string, BpfMap>();
    for (const mapSpec of spec.maps.values()) {
      if (!mapSpec.autocreate && mapSpec.reuseFd === undefined) continue;
      const { fd, def, isOwned } = createMap(bpf, mapSpec, btfFd, (text) => warnings.push(text));
      const map = new BpfMap(bpf, fd, def, mapSpec, valueTypes(spec.btf, spec.memberName), isOwned);
      owned.push(map);
      if (isOwned) fillDataMap(bpf, fd, mapSpec);
      maps.set(mapSpec.declaredName, map);
    }

    const programs = new Map<string, BpfProgram>();
    let kernelBtf: Btf | undefined;
    const context = {
      bpf,
      object: spec,
      btfFd,
      kernelBtf: () => (kernelBtf ??= Btf.parse(bpf.kernelBtf())),
      map: mapFinder(spec.maps, maps),
      logLevel: options.logLevel ?? 0,
    };
    for (const program of spec.programs.values()) {
      if (!program.autoload) continue;
      const { fd, log } = loadProgram(context, program);
      // What the spec becomes later is not what was loaded.
      const loaded = new BpfProgram(bpf, fd, { ...program }, log, maps);
      owned.push(loaded);
      programs.set(program.name, loaded);
    }
    for (const mapSpec of spec.maps.values()) fillSlots(mapSpec, maps, programs);
    return new BpfObject({
      name: spec.name,
      btf: spec.btf,
      maps,
      variables: variablesOf(spec, bpf, maps),
      programs,
      owned,
      warnings,
    });
  } catch (error) {
    closeQuietly(owned);
    throw error;
  }
}

/** As with libbpf, an object whose BTF the kernel refuses is loaded without it. */
function loadBtf(bpf: Bpf, btf: Btf | undefined, warnings: string[]): number | undefined {
  if (btf === undefined) return undefined;
  try {
    return bpf.btfLoad(btf.bytes).fd;
  } catch (error) {
    if (!(error instanceof BpfError)) throw error;
    warnings.push(`the kernel refused the object's BTF: ${error.message}`);
    return undefined;
  }
}

function mapFinder(
  specs: ReadonlyMap<string, MapSpec>,
  maps: ReadonlyMap<string, BpfMap>,
): (name: string) => LinkedMap | undefined {
  return (name) => {
    const map = maps.get(name);
    if (map !== undefined) return { fd: map.fd };
    const missing = [...specs.keys()].indexOf(name);
    return missing < 0 ? undefined : { missing };
  };
}

function variablesOf(spec: ObjectSpec, bpf: Bpf, maps: ReadonlyMap<string, BpfMap>): Map<string, BpfVariable> {
  const variables = new Map<string, BpfVariable>();
  for (const variable of spec.variables.values()) {
    const map = maps.get(variable.section);
    if (map !== undefined) variables.set(variable.name, new BpfVariable(bpf, map, variable));
  }
  return variables;
}

/** Initial values of PROG_ARRAYs and map-in-maps. A program or map that is not there leaves its slot empty. */
function fillSlots(spec: MapSpec, maps: ReadonlyMap<string, BpfMap>, programs: ReadonlyMap<string, BpfProgram>): void {
  const map = maps.get(spec.declaredName);
  // A map that was made by others was filled by them.
  if (spec.slots === undefined || map === undefined || spec.reuseFd !== undefined) return;
  for (const [slot, name] of spec.slots) {
    const target = spec.inner === undefined ? programs.get(name) : maps.get(name);
    if (target === undefined) continue;
    try {
      map.set(slot, target);
    } catch (cause) {
      throw mapError(spec, `setting slot ${slot} to ${name}`, cause);
    }
  }
}
