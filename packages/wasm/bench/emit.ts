import { type FunctionBuilder, I64, type Label, ModuleBuilder } from "../src/index.ts";
import { I32_WRAP_I64, I64_ADD, I64_LOAD, I64_LT_U, I64_SHR_S, I64_STORE, I64_XOR } from "../src/opcodes.ts";

/** One measured thing: run it `n` times; nothing is printed. */
export interface Bench {
  name: string;
  run(n: number): number;
}

/** What a translator writes for five BPF instructions: two of arithmetic, a load, a store, a conditional jump. */
function group(f: FunctionBuilder, i: number, out: Label): void {
  const a = i % 10;
  const b = (i * 7) % 10;
  f.localGet(a).localGet(b).op(I64_ADD).localSet(a);
  f.localGet(a).i64Const(3).op(I64_SHR_S).localSet(b);
  f.localGet(10)
    .op(I32_WRAP_I64)
    .mem(I64_LOAD, 8 * (i % 1000))
    .localSet(a);
  f.localGet(10)
    .op(I32_WRAP_I64)
    .localGet(b)
    .i64ConstHalves(i, -i)
    .op(I64_XOR)
    .mem(I64_STORE, 8 * (i % 1000));
  f.localGet(a).localGet(b).op(I64_LT_U).brIf(out);
}

/** A function of that many BPF instructions, registers in locals, twenty instructions a block. */
export function program(insns: number, check: boolean): ModuleBuilder {
  const module = new ModuleBuilder({ check });
  module.memory({ initial: 1 });
  const f = module.func(module.type([I64], [I64]), { export: "run", locals: new Array(10).fill(I64) });
  let out: Label | undefined;
  for (let i = 0; i * 5 < insns; i++) {
    if (i % 4 === 0) {
      if (out !== undefined) f.end();
      out = f.block();
    }
    group(f, i, out!);
  }
  f.end().localGet(0).end();
  return module;
}

/** What building costs. Each `run` answers how many bytes it built. */
export function wasmBenches(): Bench[] {
  const bench = (name: string, insns: number, check: boolean): Bench => ({
    name,
    run(n) {
      let bytes = 0;
      for (let i = 0; i < n; i++) bytes += program(insns, check).encode().length;
      return bytes;
    },
  });
  return [
    bench("10,000 BPF instructions, operands checked", 10_000, true),
    bench("10,000 BPF instructions, operands not checked", 10_000, false),
  ];
}
