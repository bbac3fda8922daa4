import type { Memory } from "@bpf-ts/memory";
import { UnsupportedError } from "@bpf-ts/uapi";
import { EINVAL, EOVERFLOW } from "@bpf-ts/uapi/errno";
import type { Run } from "@bpf-ts/vm";
import { arg64 } from "./args.ts";
import type { HelperEnv, HelperFactory, SeqFile } from "./env.ts";
import { Output } from "./text/output.ts";
import { MAX_BPRINTF_VARARGS, prepare } from "./text/prepare.ts";
import { render } from "./text/render.ts";
import { RunText, symbolsOf } from "./text/source.ts";

/**
 * Helpers that print.
 *
 * @see v6.18 kernel/trace/bpf_trace.c, bpf_trace_printk, bpf_trace_vprintk, bpf_seq_printf, bpf_seq_write; kernel/bpf/helpers.c, bpf_snprintf
 */

/** MAX_BPRINTF_BUF: what `bpf_trace_printk` can print at once, with a NUL. */
const TRACE_BYTES = 1024;
/** Longest format of `bpf_snprintf`, whose size the helper does not know: the verifier has seen its NUL. */
const FORMAT_LIMIT = 0x7fff_ffff;

/** Prints into `size` bytes. @returns what was printed, or a negative errno */
function print(k: HelperEnv, run: Run, format: Uint8Array, values: readonly bigint[], size: number): Output | number {
  const symbols = symbolsOf(k);
  const prepared = prepare(format, values, new RunText(run, symbols));
  if (typeof prepared === "number") return prepared;
  const out = new Output(size);
  render(out, prepared, symbols);
  return out;
}

/** The arguments of a call that passes them as an array; undefined where their length is not allowed. */
function arrayArgs(memory: Memory, data: number, length: number): bigint[] | undefined {
  const bytes = length >>> 0;
  if (bytes % 8 !== 0 || bytes > MAX_BPRINTF_VARARGS * 8 || (bytes !== 0 && data === 0)) return undefined;
  return Array.from({ length: bytes / 8 }, (_, i) => memory.getU64((data >>> 0) + 8 * i));
}

function bytesAt(memory: Memory, address: number, size: number): Uint8Array {
  const start = address >>> 0;
  return memory.u8.slice(start, start + (size >>> 0));
}

/** The bytes up to the NUL, with it. */
function stringAt(memory: Memory, address: number): Uint8Array {
  const start = address >>> 0;
  const end = memory.u8.indexOf(0, start);
  return memory.u8.slice(start, Math.min(end < 0 ? memory.byteLength : end + 1, start + FORMAT_LIMIT));
}

function trace(k: HelperEnv, run: Run, format: Uint8Array, values: readonly bigint[], decoder: TextDecoder): number {
  const out = print(k, run, format, values, TRACE_BYTES);
  if (typeof out === "number") return out;
  k.traceLog.write(decoder.decode(out.text));
  return out.length;
}

/** `bpf_trace_printk`: format and up to three arguments; answers the length. */
export const tracePrintk: HelperFactory = (k) => {
  const decoder = new TextDecoder();
  return {
    name: "bpf_trace_printk",
    wide: "args",
    run: (run, format, size) => {
      const values = [arg64(run, 3), arg64(run, 4), arg64(run, 5)];
      return trace(k, run, bytesAt(k.memory, format, size), values, decoder);
    },
  };
};

/** `bpf_trace_vprintk`: the same with up to twelve arguments. */
export const traceVprintk: HelperFactory = (k) => {
  const decoder = new TextDecoder();
  return {
    name: "bpf_trace_vprintk",
    run: (run, format, size, data, length) => {
      const values = arrayArgs(k.memory, data, length);
      return values === undefined ? -EINVAL : trace(k, run, bytesAt(k.memory, format, size), values, decoder);
    },
  };
};

/** `bpf_snprintf`: answers the length that a large enough buffer would have needed, with the NUL. */
export const snprintf: HelperFactory = (k) => ({
  name: "bpf_snprintf",
  run: (run, target, size, format, data, length) => {
    const values = arrayArgs(k.memory, data, length);
    if (values === undefined) return -EINVAL;
    const out = print(k, run, stringAt(k.memory, format), values, size >>> 0);
    if (typeof out === "number") return out;
    if (size !== 0) {
      const { text } = out;
      k.memory.u8.set(text, target >>> 0);
      k.memory.setU8((target >>> 0) + text.length, 0);
    }
    return out.length + 1;
  },
});

function seqFileOf(k: HelperEnv, address: number): SeqFile {
  const file = k.seqFile?.(address >>> 0);
  if (file === undefined)
    throw new Error(`no seq_file at 0x${(address >>> 0).toString(16)}: the verifier passed a wrong pointer`);
  return file;
}

/** Appends what fits with room to spare; otherwise the file overflows. */
function append(file: SeqFile, bytes: Uint8Array, length: number): number {
  if (length >= file.room) {
    file.overflow();
    return -EOVERFLOW;
  }
  file.append(bytes);
  return 0;
}

/** `bpf_seq_write` */
export const seqWrite: HelperFactory = (k) => {
  if (k.seqFile === undefined) throw new UnsupportedError("helper bpf_seq_write");
  return {
    name: "bpf_seq_write",
    run: (_run, seq, data, length) => append(seqFileOf(k, seq), bytesAt(k.memory, data, length), length >>> 0),
  };
};

/** `bpf_seq_printf` */
export const seqPrintf: HelperFactory = (k) => {
  if (k.seqFile === undefined) throw new UnsupportedError("helper bpf_seq_printf");
  return {
    name: "bpf_seq_printf",
    run: (run, seq, format, size, data, length) => {
      const values = arrayArgs(k.memory, data, length);
      if (values === undefined) return -EINVAL;
      const file = seqFileOf(k, seq);
      const out = print(k, run, bytesAt(k.memory, format, size), values, file.room);
      return typeof out === "number" ? out : append(file, out.text, out.length);
    },
  };
};
