import {
  assembleKernel,
  conformanceGroup,
  decode,
  encode,
  formatKernel,
  formatLlvm,
  insnProblem,
  successors,
} from "@bpf-ts/isa";
import { alu, exit, load } from "@bpf-ts/isa/build";

// From text in the syntax of the kernel's log …
const program = assembleKernel(`
  r2 = *(u32 *)(r1 +0)     ; length of the packet
  r0 = 0
  if r2 <= 100 goto out
  r0 = 1
out:
  exit
`);

// … to bytes and back.
const bytes = encode(program);
if (bytes.length !== 5 * 8) throw new Error("five instructions have 40 bytes");
const insns = decode(bytes);

// Both syntaxes.
for (let i = 0; i < insns.length; i++) {
  console.log(`${i}: ${formatKernel(insns, i).padEnd(40)} ${formatLlvm(insns, i)}`);
}
// 0: (61) r2 = *(u32 *)(r1 +0)                w2 = *(u32 *)(r1 + 0x0)
// 1: (b7) r0 = 0                              r0 = 0x0
// 2: (b5) if r2 <= 0x64 goto pc+1             if r2 <= 0x64 goto +0x1
// 3: (b7) r0 = 1                              r0 = 0x1
// 4: (95) exit                                exit
if (formatKernel(insns, 2) !== "(b5) if r2 <= 0x64 goto pc+1") throw new Error("not the kernel's text");

// What an instruction is.
console.log(successors(insns, 2)); // [ 3, 4 ]
console.log(conformanceGroup(insns[0]!)); // base32
console.log(insnProblem(insns, 0)); // undefined: it is valid
console.log(insnProblem(assembleKernel("r1 <<= 64"), 0)); // shift by 64

// The same instructions from builders: wrong operands do not compile.
const built = [load("r2", "u32", "r1", 0), alu("r0", "=", 0), exit()];
if (formatKernel(built, 0) !== formatKernel(insns, 0)) throw new Error("builder and assembler differ");
