import {
  benchAssembleKernel,
  benchDecode,
  benchDecodeMany,
  benchEncode,
  benchFormatKernel,
  benchFormatLlvm,
} from "../../../isa/bench/isa.bench.ts";
import type { Row } from "../frame/row.ts";
import { repeated } from "./repeated.ts";

/** 20 million instructions a second. */
const DECODE_NS = 50;

export const ISA_ROWS: readonly Row[] = [
  { name: "isa: decode", unit: "instruction", ours: () => repeated(benchDecode), aimNs: DECODE_NS },
  { name: "isa: decode 100,000 at once", unit: "instruction", ours: () => repeated(benchDecodeMany) },
  { name: "isa: encode", unit: "instruction", ours: () => repeated(benchEncode) },
  { name: "isa: print, kernel log", unit: "instruction", ours: () => repeated(benchFormatKernel) },
  { name: "isa: print, LLVM", unit: "instruction", ours: () => repeated(benchFormatLlvm) },
  { name: "isa: assemble, kernel log", unit: "instruction", ours: () => repeated(benchAssembleKernel) },
];
