import type { Btf } from "@bpf-ts/btf";
import { BPF_DW, BPF_IMM, BPF_LD } from "@bpf-ts/isa";
import type { MapDef, RawInfo } from "@bpf-ts/uapi";
import { EBADF, EINVAL } from "@bpf-ts/uapi/errno";
import { BPF_PSEUDO_MAP_FD, BPF_PSEUDO_MAP_VALUE } from "@bpf-ts/uapi/pseudo";
import type { VerifierInput, VerifierMap } from "@bpf-ts/verifier";
import { CliError } from "../error.ts";
import { addresses, constantsOf } from "../map-stand-in.ts";
import { hexBytes } from "./hex.ts";
import type { BatchInfo, BatchMap, BatchRow } from "./row.ts";

/** Where the types that rows name come from. */
export interface TypeSource {
  /** @throws an error where there are none of that name, or they are broken */
  btf(name: string): Btf;
}

/** fds 0 to 2 are open files, no maps; a row's maps get numbers that no program has written down. */
const FIRST_MAP_FD = 1_000_000;

const SLOT_SIZE = 8;
const LD_IMM64 = BPF_LD | BPF_IMM | BPF_DW;
const MAP_SOURCES: readonly number[] = [BPF_PSEUDO_MAP_FD, BPF_PSEUDO_MAP_VALUE];

/**
 * The load that a row describes, as the verifier takes it. Maps are known by their definitions alone.
 *
 * @param logLevel bits: 1, 2 = verbosity; 4 = statistics
 * @throws CliError ROW, and what `types` throws
 */
export function rowInput(row: BatchRow, types: TypeSource, logLevel: number): VerifierInput {
  const { load } = row;
  const maps = rowMaps(row.maps, types);
  const insns = program(row);
  const view = new DataView(insns.buffer);
  for (const [slot, map] of load.map_refs ?? [])
    if (namesMap(view, slot)) view.setInt32(slot * SLOT_SIZE + 4, FIRST_MAP_FD + map, true);
  const funcInfo = rawInfo(load.func_info, "load.func_info");
  const lineInfo = rawInfo(load.line_info, "load.line_info");
  return {
    progType: load.prog_type,
    expectedAttachType: load.expected_attach_type ?? 0,
    progFlags: load.prog_flags ?? 0,
    license: load.license,
    name: load.prog_name ?? "",
    insns,
    mapByFd: (fd) => maps[fd - FIRST_MAP_FD] ?? (fd >= 0 && fd <= 2 ? EINVAL : EBADF),
    ...(load.btf === undefined ? {} : { btf: types.btf(load.btf) }),
    ...(funcInfo === undefined ? {} : { funcInfo }),
    ...(lineInfo === undefined ? {} : { lineInfo }),
    ...(load.attach_btf_id === undefined ? {} : { attachBtfId: load.attach_btf_id }),
    ...(load.kern_version === undefined ? {} : { kernVersion: load.kern_version }),
    logLevel,
  };
}

/** Whether there is an ld_imm64 of a map. Other instructions are none of `map_refs`' business: the program is judged as it is written. */
function namesMap(insns: DataView, slot: number): boolean {
  const at = slot * SLOT_SIZE;
  return (
    at + SLOT_SIZE <= insns.byteLength &&
    insns.getUint8(at) === LD_IMM64 &&
    MAP_SOURCES.includes(insns.getUint8(at + 1) >> 4)
  );
}

function program({ load }: BatchRow): Uint8Array {
  const bytes = hexBytes(load.insns, "load.insns");
  if (bytes.length % SLOT_SIZE !== 0)
    throw new CliError("ROW", `load.insns: ${bytes.length} bytes are no multiple of ${SLOT_SIZE}`);
  const count = load.insn_cnt ?? bytes.length / SLOT_SIZE;
  if (count * SLOT_SIZE > bytes.length)
    throw new CliError("ROW", `load.insn_cnt: ${count} instructions, load.insns has ${bytes.length / SLOT_SIZE}`);
  return bytes.length === count * SLOT_SIZE ? bytes : bytes.slice(0, count * SLOT_SIZE);
}

function rawInfo(info: BatchInfo | undefined, what: string): RawInfo | undefined {
  if (info === undefined) return undefined;
  const bytes = hexBytes(info.hex, `${what}.hex`);
  if (bytes.length !== info.rec_size * info.cnt)
    throw new CliError("ROW", `${what}: ${info.cnt} records of ${info.rec_size} bytes, hex has ${bytes.length} bytes`);
  return { recSize: info.rec_size, bytes };
}

/** A row's maps, by index; one that others name as their template is the same object for all. */
function rowMaps(maps: readonly BatchMap[], types: TypeSource): VerifierMap[] {
  const made: (VerifierMap | "open" | undefined)[] = maps.map(() => undefined);
  const make = (index: number): VerifierMap => {
    const known = made[index];
    if (known === "open") throw new CliError("ROW", `maps[${index}].inner_map: a map that contains itself`);
    if (known !== undefined) return known;
    made[index] = "open";
    const map = maps[index]!;
    const inner = map.inner_map === undefined ? undefined : make(map.inner_map);
    const result = verifierMap(map, index, inner, types);
    made[index] = result;
    return result;
  };
  return maps.map((_, index) => make(index));
}

function verifierMap(map: BatchMap, index: number, inner: VerifierMap | undefined, types: TypeSource): VerifierMap {
  const name = map.name ?? "";
  const readConst = constantReader(map, index);
  const def: MapDef = {
    type: map.type,
    name,
    keySize: map.key_size,
    valueSize: map.value_size,
    maxEntries: map.max_entries,
    mapFlags: map.map_flags ?? 0,
    ...(map.map_extra === undefined ? {} : { mapExtra: BigInt(`0x${map.map_extra.replace(/^0x/, "")}`) }),
  };
  return {
    def,
    id: index + 1,
    ...addresses(def, index),
    name,
    frozen: map.frozen === true,
    ...(inner === undefined ? {} : { inner }),
    ...(map.btf === undefined ? {} : { btf: types.btf(map.btf) }),
    ...(map.btf_key_type_id === undefined ? {} : { keyTypeId: map.btf_key_type_id }),
    ...(map.btf_value_type_id === undefined ? {} : { valueTypeId: map.btf_value_type_id }),
    ...(map.btf_vmlinux_value_type_id === undefined ? {} : { btfVmlinuxValueTypeId: map.btf_vmlinux_value_type_id }),
    ...(readConst === undefined ? {} : { readConst }),
  };
}

/** Reads constants out of a frozen map that programs only read. */
function constantReader(map: BatchMap, index: number): ((off: number, size: number) => bigint | undefined) | undefined {
  if (map.frozen !== true) return undefined;
  if (map.init !== undefined) return constantsOf(hexBytes(map.init, `maps[${index}].init`));
  // Nobody wrote anything before it was frozen.
  return (off, size) => (off < 0 || off + size > map.value_size ? undefined : 0n);
}
