import { decode, type Insn } from "@bpf-ts/isa";
import { BPF_PSEUDO_INTERNAL_CALL, UnsupportedError, type VerifiedProgram } from "@bpf-ts/uapi";
import { BPF_FUNC_tail_call } from "@bpf-ts/uapi/helper-ids";
import { BPF_PSEUDO_CALL, BPF_PSEUDO_FUNC, BPF_PSEUDO_KFUNC_CALL } from "@bpf-ts/uapi/pseudo";
import type { CallbackFn, HelperEntry, HelperFn, Linkage, RawProgram } from "./calling-convention.ts";
import { VmError } from "./error.ts";
import { Executable, type Subprog } from "./executable.ts";
import { CONSTS, OP, REGS, RESULT_SIGNED, RESULT_UNSIGNED, RESULT_WIDE, WORDS } from "./ops.ts";
import { accessSize, atomicKind, loadOf, selectAlu, selectJump, selectSwap, signedLoadOf, storeOf } from "./select.ts";

/** Stack of functions nothing is known about. */
const DEFAULT_STACK_DEPTH = 512;
const LD_IMM64 = 0x18;

/**
 * Translates and links a program.
 *
 * @throws {@link VmError} `BAD_INSN`, `BAD_JUMP`, `BAD_LENGTH`, `BAD_SUBPROGS`, `NO_TARGET`
 * @throws UnsupportedError for instructions and helpers that this machine does not have
 */
export function translate(program: VerifiedProgram | RawProgram, linkage: Linkage): Executable {
  const verified = "xlated" in program ? program : undefined;
  const bytes = "xlated" in program ? program.xlated : program.insns;
  const insns = bytes.length === 0 || bytes.length % 8 !== 0 ? undefined : decode(bytes);
  if (insns === undefined) {
    throw new VmError(`program of ${bytes.length} bytes: must be a positive multiple of 8`, { code: "BAD_LENGTH" });
  }
  const depth = "xlated" in program ? DEFAULT_STACK_DEPTH : (program.stackDepth ?? DEFAULT_STACK_DEPTH);
  const subprogs: readonly Subprog[] = verified?.subprogs ?? findSubprogs(insns, depth);
  return new Translator(insns, bytes, subprogs, verified, linkage).translate();
}

/** The functions of a program that no verifier looked at: the targets of its calls and function references. */
function findSubprogs(insns: readonly Insn[], stackDepth: number): Subprog[] {
  const starts = new Set<number>([0]);
  for (let slot = 0; slot < insns.length; slot++) {
    const insn = insns[slot]!;
    if (insn.code === 0x85 && insn.src === BPF_PSEUDO_CALL) starts.add(slot + 1 + insn.imm);
    if (insn.code === LD_IMM64) {
      if (insn.src === BPF_PSEUDO_FUNC) starts.add(slot + 1 + insn.imm);
      slot++;
    }
  }
  return [...starts]
    .filter((start) => start >= 0 && start < insns.length)
    .sort((a, b) => a - b)
    .map((start) => ({ start, stackDepth }));
}

/** One slot of the translated program: see {@link OP}. */
type Words = readonly [op: number, d: number, s: number, extra: number];

class Translator {
  readonly #insns: readonly Insn[];
  readonly #bytes: Uint8Array;
  readonly #subprogs: readonly Subprog[];
  readonly #verified: VerifiedProgram | undefined;
  readonly #linkage: Linkage;
  readonly #code: Int32Array;
  readonly #constants: number[] = [];
  readonly #constantAt: Map<string, number> = new Map();
  readonly #helpers: HelperFn[] = [];
  readonly #loops: CallbackFn[] = [];
  readonly #callNames: Map<number, string> = new Map();
  readonly #subprogIndex: Map<number, number>;

  constructor(
    insns: readonly Insn[],
    bytes: Uint8Array,
    subprogs: readonly Subprog[],
    verified: VerifiedProgram | undefined,
    linkage: Linkage,
  ) {
    this.#insns = insns;
    this.#bytes = bytes;
    this.#subprogs = subprogs;
    this.#verified = verified;
    this.#linkage = linkage;
    this.#code = new Int32Array((insns.length + 1) * WORDS);
    this.#subprogIndex = new Map(subprogs.map((subprog, index) => [subprog.start, index]));
  }

  translate(): Executable {
    this.#checkSubprogs();
    const count = this.#insns.length;
    for (let slot = 0; slot < count; slot++) {
      if (this.#insns[slot]!.code === LD_IMM64) {
        this.#emit(slot, this.#loadImm64(slot));
        slot++;
        this.#emit(slot, [OP.FELL_OFF, 0, 0, 0]);
      } else {
        this.#emit(slot, this.#insn(slot, this.#insns[slot]!));
      }
    }
    this.#emit(count, [OP.FELL_OFF, 0, 0, 0]);
    const registers = new Int32Array(CONSTS + this.#constants.length);
    registers.set(this.#constants, CONSTS);
    return new Executable(this.#bytes, this.#subprogs, this.#linkage, {
      code: this.#code,
      registers,
      helpers: this.#helpers,
      loops: this.#loops,
      callNames: this.#callNames,
    });
  }

  #checkSubprogs(): void {
    const count = this.#insns.length;
    let previous = -1;
    for (const { start, stackDepth } of this.#subprogs) {
      if (start <= previous || start >= count || (previous === -1 && start !== 0)) {
        throw new VmError(`subprogram starts at ${start}: must ascend from 0 and stay below ${count}`, {
          code: "BAD_SUBPROGS",
        });
      }
      if (!Number.isInteger(stackDepth) || stackDepth < 0 || stackDepth % 8 !== 0) {
        throw new VmError(`stack depth ${stackDepth} of the subprogram at ${start}: must be a multiple of 8`, {
          code: "BAD_SUBPROGS",
        });
      }
      previous = start;
    }
    if (previous === -1) throw new VmError("no subprograms: the main one is missing", { code: "BAD_SUBPROGS" });
  }

  #emit(slot: number, words: Words): void {
    this.#code.set(words, slot * WORDS);
  }

  #bad(slot: number, why: string): never {
    const { code, dst, src, off, imm } = this.#insns[slot]!;
    throw new VmError(
      `insn ${slot}: ${why} (code 0x${code.toString(16).padStart(2, "0")} dst ${dst} src ${src} off ${off} imm ${imm})`,
      { code: "BAD_INSN", details: { slot, code, dst, src, off, imm } },
    );
  }

  #register(slot: number, n: number): number {
    if (n >= REGS || (n === REGS - 1 && this.#verified === undefined)) this.#bad(slot, `no register r${n}`);
    return n * 2;
  }

  /** Word of the register file that holds a constant. */
  #constant(lo: number, hi: number): number {
    const key = `${lo},${hi}`;
    let at = this.#constantAt.get(key);
    if (at === undefined) {
      at = CONSTS + this.#constants.length;
      this.#constants.push(lo, hi);
      this.#constantAt.set(key, at);
    }
    return at;
  }

  #immediate(imm: number): number {
    return this.#constant(imm, imm >> 31);
  }

  #target(slot: number, distance: number): number {
    const target = slot + 1 + distance;
    const inside = target > 0 && this.#insns[target - 1]?.code === LD_IMM64;
    if (target < 0 || target >= this.#insns.length || inside) {
      throw new VmError(
        `insn ${slot}: jump to ${target}, ${inside ? "inside an ld_imm64" : `out of range [0, ${this.#insns.length - 1}]`}`,
        { code: "BAD_JUMP", details: { slot, target } },
      );
    }
    return target * WORDS;
  }

  #loadImm64(slot: number): Words {
    const first = this.#insns[slot]!;
    const second = this.#insns[slot + 1];
    if (second === undefined || second.code !== 0 || second.dst !== 0 || second.src !== 0) {
      this.#bad(slot, "ld_imm64 without its second half");
    }
    if (first.off !== 0 || second.off !== 0) this.#bad(slot, "ld_imm64 with an offset");
    const d = this.#register(slot, first.dst);
    let s: number;
    if (this.#verified !== undefined || first.src === 0) s = this.#constant(first.imm, second.imm);
    else if (first.src === BPF_PSEUDO_FUNC) {
      const index = this.#subprogIndex.get(slot + 1 + first.imm);
      if (index === undefined) this.#bad(slot, "no function there");
      s = this.#constant(index + 1, 0);
    } else throw new UnsupportedError(`ld_imm64 with src_reg ${first.src} in an unverified program`);
    return [OP.LDIMM64, d, s, 0];
  }

  #insn(slot: number, insn: Insn): Words {
    switch (insn.code & 7) {
      case 0:
        return this.#packetLoad(slot, insn);
      case 1:
        return this.#load(slot, insn);
      case 2:
        if (insn.code >>> 5 !== 3) this.#bad(slot, "no such store");
        if (insn.src !== 0) this.#bad(slot, "reserved field");
        return this.#store(slot, insn, this.#immediate(insn.imm));
      case 3:
        if (insn.code >>> 5 === 6) return this.#atomic(slot, insn);
        if (insn.code >>> 5 !== 3) this.#bad(slot, "no such store");
        if (insn.imm !== 0) this.#bad(slot, "reserved field");
        return this.#store(slot, insn, this.#register(slot, insn.src));
      case 4:
      case 7:
        return this.#alu(slot, insn);
      default:
        return this.#jump(slot, insn);
    }
  }

  #alu(slot: number, insn: Insn): Words {
    const d = this.#register(slot, insn.dst);
    const swap = selectSwap(insn);
    if (swap >= 0) return [swap, d, d, 0];
    if (insn.code === 0xbf && insn.off === 1) throw new UnsupportedError("addr_space_cast");
    if (insn.code === 0xbf && insn.off === -1) throw new UnsupportedError("per-CPU address move");
    const op = selectAlu(insn);
    if (op < 0) this.#bad(slot, "no such arithmetic");
    const s = (insn.code & 8) !== 0 ? this.#register(slot, insn.src) : this.#immediate(insn.imm);
    return [op, d, s, 0];
  }

  #load(slot: number, insn: Insn): Words {
    const mode = insn.code >>> 5;
    const size = accessSize(insn.code);
    const d = this.#register(slot, insn.dst);
    const s = this.#register(slot, insn.src);
    if (insn.imm !== 0 && (mode === 3 || mode === 4)) this.#bad(slot, "reserved field");
    if (mode === 3) return [loadOf(size), d, s, insn.off];
    if (mode === 4) {
      const op = signedLoadOf(size);
      if (op < 0) this.#bad(slot, "no such load");
      return [op, d, s, insn.off];
    }
    // BPF_PROBE_MEM and BPF_PROBE_MEMSX share their bits with ABS and IND: only a verifier may have put them there.
    if ((mode === 1 || mode === 2) && this.#verified !== undefined) {
      if (mode === 2 && size === 8) this.#bad(slot, "no such load");
      return [OP.PROBE, d | (size << 8) | ((mode - 1) << 12), s, insn.off];
    }
    if (mode === 5 && this.#verified !== undefined) throw new UnsupportedError("arena load");
    this.#bad(slot, "no such load");
  }

  #store(slot: number, insn: Insn, s: number): Words {
    return [storeOf(accessSize(insn.code)), this.#register(slot, insn.dst), s, insn.off];
  }

  #atomic(slot: number, insn: Insn): Words {
    const size = accessSize(insn.code);
    const d = this.#register(slot, insn.dst);
    const s = this.#register(slot, insn.src);
    if (insn.imm === 0x100) return [loadOf(size), d, s, insn.off];
    if (insn.imm === 0x110) return [storeOf(size), d, s, insn.off];
    const kind = atomicKind(insn.imm);
    if (kind < 0 || size < 4) this.#bad(slot, "no such atomic");
    return [OP.ATOMIC, d | (size << 8) | (kind << 12), s, insn.off];
  }

  #packetLoad(slot: number, insn: Insn): Words {
    const mode = insn.code >>> 5;
    const size = accessSize(insn.code);
    if ((mode !== 1 && mode !== 2) || size === 8) this.#bad(slot, "no such load");
    if (insn.dst !== 0 || insn.off !== 0 || (mode === 1 && insn.src !== 0)) this.#bad(slot, "reserved field");
    const s = mode === 2 ? this.#register(slot, insn.src) : this.#immediate(0);
    return [OP.LD_PACKET, size, s, insn.imm];
  }

  #jump(slot: number, insn: Insn): Words {
    const { code, src, off, imm } = insn;
    const jump = selectJump(insn);
    if (jump !== undefined) {
      const d = this.#register(slot, insn.dst);
      const s = (code & 8) !== 0 ? this.#register(slot, src) : this.#immediate(imm);
      const target = this.#target(slot, off);
      return jump.swapped ? [jump.op, s, d, target] : [jump.op, d, s, target];
    }
    if (insn.dst !== 0) this.#bad(slot, "no such jump");
    if (code === 0x85) return this.#call(slot, insn);
    if (src !== 0) this.#bad(slot, "no such jump");
    if (code === 0x05 && imm === 0) return [OP.JA, 0, 0, this.#target(slot, off)];
    if (code === 0x06 && off === 0) return [OP.JA, 0, 0, this.#target(slot, imm)];
    if (code === 0xe5 && imm === 0) return [OP.MAY_GOTO, 0, 0, this.#target(slot, off)];
    if (code === 0x95 && off === 0 && imm === 0) return [OP.EXIT, 0, 0, 0];
    this.#bad(slot, "no such jump");
  }

  #call(slot: number, insn: Insn): Words {
    const { src, off, imm } = insn;
    if (off !== 0 && src !== BPF_PSEUDO_KFUNC_CALL) this.#bad(slot, "reserved field");
    if (src === BPF_PSEUDO_CALL) {
      const index = this.#subprogIndex.get(slot + 1 + imm);
      if (index === undefined) this.#bad(slot, "no function there");
      return [OP.CALL_LOCAL, this.#subprogs[index]!.stackDepth, index, this.#target(slot, imm)];
    }
    if (src === 0 && imm === BPF_FUNC_tail_call) {
      if (this.#linkage.tailCall === undefined) throw new UnsupportedError("helper bpf_tail_call");
      this.#callNames.set(slot, "bpf_tail_call");
      return [OP.TAIL_CALL, 0, 0, 0];
    }
    if (src === 0) {
      const entry = this.#linkage.helper(imm);
      if (entry === undefined) throw new UnsupportedError(`helper #${imm}`);
      return this.#callEntry(slot, entry);
    }
    if (src === BPF_PSEUDO_KFUNC_CALL) {
      const entry = this.#linkage.kfunc?.(imm, off);
      if (entry === undefined) throw new UnsupportedError(`kernel function #${imm}`);
      return this.#callEntry(slot, entry);
    }
    if (src === BPF_PSEUDO_INTERNAL_CALL && this.#verified !== undefined) {
      const name = this.#verified.internalCalls[imm];
      const entry = name === undefined ? undefined : this.#linkage.internal?.(name);
      if (entry === undefined) {
        throw new VmError(`insn ${slot}: no internal function ${name ?? `#${imm}`}`, {
          code: "NO_TARGET",
          details: { slot, name, index: imm },
        });
      }
      return this.#callEntry(slot, entry);
    }
    this.#bad(slot, "no such call");
  }

  #callEntry(slot: number, entry: HelperEntry): Words {
    this.#callNames.set(slot, entry.name);
    if ("callback" in entry) {
      this.#loops.push(entry.callback);
      return [OP.CALL_LOOP, 0, this.#loops.length - 1, 0];
    }
    this.#helpers.push(entry.run);
    const at = this.#helpers.length - 1;
    const extension = entry.unsigned === true ? RESULT_UNSIGNED : RESULT_SIGNED;
    if (entry.wide === undefined || entry.wide === false) return [OP.CALL_HELPER, extension, at, 0];
    return [OP.CALL_WIDE, entry.wide === true ? RESULT_WIDE : extension, at, 0];
  }
}
