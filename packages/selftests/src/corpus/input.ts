import { BPF_MAP_TYPE_ARRAY } from "@bpf-ts/uapi/map-types";
import type { VerifierInput, VerifierMap } from "@bpf-ts/verifier";
import type { Corpus } from "./corpus.ts";
import type { CorpusInfo, CorpusMap, CorpusRow } from "./row.ts";

/** fds 0 to 2 were open files, no maps, when the corpus was recorded; its maps get numbers that no program has written down. */
const FIRST_MAP_FD = 1_000_000;
const EBADF = 9;
const EINVAL = 22;

/** Addresses of maps: `0x5eed` and four digits, so that logs can be told from the kernel's (see normalise.ts). */
const MAP_ADDRESS = 0x5eed_0000;

function bytes(hex: string): Uint8Array {
  const result = new Uint8Array(hex.length / 2);
  for (let i = 0; i < result.length; i++) result[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return result;
}

/** Buffer's decoder, fast enough for a program of a million instructions; a copy, so that nobody shares its pool. */
function programBytes(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, "hex"));
}

function info(from: CorpusInfo | undefined): { recSize: number; bytes: Uint8Array } | undefined {
  return from === undefined ? undefined : { recSize: from.rec_size, bytes: bytes(from.hex) };
}

/** Reads little-endian constants out of a frozen map's contents. */
function constantReader(map: CorpusMap): ((off: number, size: number) => bigint | undefined) | undefined {
  if (map.frozen !== true || map.init === undefined) return undefined;
  const contents = bytes(map.init);
  return (off, size) => {
    if (off < 0 || off + size > contents.length) return undefined;
    let value = 0n;
    for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(contents[off + i]!);
    return value;
  };
}

function maps(row: CorpusRow, corpus: Corpus): VerifierMap[] {
  const result: VerifierMap[] = [];
  const make = (index: number): VerifierMap => {
    const known = result[index];
    if (known !== undefined) return known;
    const map = row.maps[index]!;
    const handle = MAP_ADDRESS + index * 0x100;
    const readConst = constantReader(map);
    const isArray = map.type === BPF_MAP_TYPE_ARRAY && map.max_entries === 1;
    const made: VerifierMap = {
      def: {
        type: map.type,
        name: map.name,
        keySize: map.key_size,
        valueSize: map.value_size,
        maxEntries: map.max_entries,
        mapFlags: map.map_flags,
        ...(map.map_extra === undefined ? {} : { mapExtra: BigInt(`0x${map.map_extra}`) }),
      },
      id: index + 1,
      handle,
      name: map.name,
      frozen: map.frozen === true,
      ...(map.inner_map === undefined ? {} : { inner: make(map.inner_map) }),
      ...(map.btf === undefined ? {} : { btf: corpus.btf(map.btf) }),
      ...(map.btf_key_type_id === undefined ? {} : { keyTypeId: map.btf_key_type_id }),
      ...(map.btf_value_type_id === undefined ? {} : { valueTypeId: map.btf_value_type_id }),
      ...(map.btf_vmlinux_value_type_id === undefined ? {} : { btfVmlinuxValueTypeId: map.btf_vmlinux_value_type_id }),
      ...(isArray ? { valueAddress: (off: number) => (off < map.value_size ? handle + 0x80 : undefined) } : {}),
      ...(readConst === undefined ? {} : { readConst }),
    };
    result[index] = made;
    return made;
  };
  for (let i = 0; i < row.maps.length; i++) make(i);
  return result;
}

/** The load that a row describes, as the verifier takes it. */
export function inputOf(row: CorpusRow, corpus: Corpus, logLevel: number): VerifierInput {
  const { load } = row;
  const insns = programBytes(load.insns);
  const view = new DataView(insns.buffer);
  for (const [slot, map] of load.map_refs) view.setInt32(slot * 8 + 4, FIRST_MAP_FD + map, true);
  const list = maps(row, corpus);
  const funcInfo = info(load.func_info);
  const lineInfo = info(load.line_info);
  return {
    progType: load.prog_type,
    expectedAttachType: load.expected_attach_type,
    progFlags: load.prog_flags,
    license: load.license,
    name: load.prog_name,
    insns,
    mapByFd: (fd) => list[fd - FIRST_MAP_FD] ?? (fd >= 0 && fd <= 2 ? EINVAL : EBADF),
    ...(load.btf === undefined ? {} : { btf: corpus.btf(load.btf) }),
    ...(funcInfo === undefined ? {} : { funcInfo }),
    ...(lineInfo === undefined ? {} : { lineInfo }),
    ...(load.attach_btf_id === undefined ? {} : { attachBtfId: load.attach_btf_id }),
    ...(load.kern_version === undefined ? {} : { kernVersion: load.kern_version }),
    logLevel,
  };
}
