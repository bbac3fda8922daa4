import type { BtfExt, BtfExtPart } from "@bpf-ts/btf";
import { INSN_SIZE } from "@bpf-ts/isa";
import type { RawInfo } from "@bpf-ts/uapi";

/** What BTF.ext says of one function. */
export interface FunctionInfo {
  funcInfo?: RawInfo;
  lineInfo?: RawInfo;
  coreRelocations: number;
}

/** Where a function lies, in bytes from its section's start. */
interface Place {
  start: number;
  end: number;
}

type Part = BtfExtPart<{ insnOffset: number }>;

/**
 * The records of `.BTF.ext` that belong to each of a section's functions. They are taken as they come: the kernel judges whether they make sense.
 *
 * @param places of functions, sorted, not overlapping
 * @returns in the order of `places`; offsets count slots from the function's start
 */
export function functionInfos(ext: BtfExt | undefined, section: string, places: readonly Place[]): FunctionInfo[] {
  const infos: FunctionInfo[] = places.map(() => ({ coreRelocations: 0 }));
  if (ext === undefined) return infos;
  forEachFunction(ext.funcInfo, section, places, (fn, info) => {
    infos[fn]!.funcInfo = info;
  });
  forEachFunction(ext.lineInfo, section, places, (fn, info) => {
    infos[fn]!.lineInfo = info;
  });
  forEachFunction(ext.coreRelos, section, places, (fn, { bytes, recSize }) => {
    infos[fn]!.coreRelocations = bytes.length / recSize;
  });
  return infos;
}

function forEachFunction(
  part: Part,
  sectionName: string,
  places: readonly Place[],
  use: (fn: number, info: RawInfo) => void,
): void {
  const recSize = part.recordSize;
  const of = new Map<number, number[]>();
  const section = part.sections.find(({ name }) => name === sectionName);
  if (section === undefined) return;
  section.records.forEach(({ insnOffset }, record) => {
    const fn = placeAt(places, insnOffset);
    if (fn === undefined) return;
    const list = of.get(fn);
    if (list === undefined) of.set(fn, [record]);
    else list.push(record);
  });
  for (const [fn, records] of of) {
    const bytes = new Uint8Array(records.length * recSize);
    const view = new DataView(bytes.buffer);
    records.forEach((record, i) => {
      bytes.set(section.bytes.subarray(record * recSize, (record + 1) * recSize), i * recSize);
      view.setUint32(i * recSize, (section.records[record]!.insnOffset - places[fn]!.start) / INSN_SIZE, true);
    });
    use(fn, { recSize, bytes });
  }
}

/** Index of the place that holds `offset`. */
function placeAt(places: readonly Place[], offset: number): number | undefined {
  let low = 0;
  let high = places.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (places[middle]!.end <= offset) low = middle + 1;
    else high = middle;
  }
  const place = places[low];
  return place !== undefined && place.start <= offset ? low : undefined;
}
