import type { Btf } from "@bpf-ts/btf";
import { type ElfFile, SHN_UNDEF } from "../elf/reader.ts";

/**
 * Fills in what compilers leave to loaders: the size of each DATASEC, and where in it each variable lies.
 *
 * @returns a copy of the BTF
 * @see v6.12 tools/lib/bpf/libbpf.c, btf_fixup_datasec
 */
export function fixDatasecs(btf: Btf, elf: ElfFile): Uint8Array {
  const bytes = btf.bytes.slice();
  const view = new DataView(bytes.buffer);
  const le = btf.littleEndian;
  const typesAt = view.getUint32(4, le) + view.getUint32(8, le);
  for (let id = btf.firstId; id < btf.typeCount; id++) {
    if (btf.kindOf(id) !== "datasec") continue;
    const section = elf.section(btf.nameOf(id));
    if (section === undefined) continue;
    const record = typesAt + 4 * btf.recordOf(id);
    view.setUint32(record + 8, section.size, le);
    const offsets = new Map(
      elf.symbols
        .filter((symbol) => symbol.sectionIndex === section.index && symbol.sectionIndex !== SHN_UNDEF)
        .map((s) => [s.name, s.value]),
    );
    const datasec = btf.type(id);
    if (datasec.kind !== "datasec") continue;
    const placed = datasec.vars
      .map((variable) => ({ ...variable, offset: offsets.get(btf.nameOf(variable.type)) ?? variable.offset }))
      .sort((a, b) => a.offset - b.offset);
    placed.forEach((variable, index) => {
      const at = record + 12 + 12 * index;
      view.setUint32(at, variable.type, le);
      view.setUint32(at + 4, variable.offset, le);
      view.setUint32(at + 8, variable.size, le);
    });
  }
  return bytes;
}
