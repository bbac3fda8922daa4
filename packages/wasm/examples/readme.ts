import { I32, I64, ModuleBuilder } from "@bpf-ts/wasm";
import { I32_ADD, I32_GE_U, I32_MUL, I64_ADD, I64_LOAD, I64_STORE } from "@bpf-ts/wasm/opcodes";

const module = new ModuleBuilder({ name: "counters" });
module.memory({ initial: 1 }, { export: "memory" });

// add(index, delta): adds to the u64 of that number behind address 1024, answers the sum; 0 for an index of 16 or more.
const add = module.func(module.type([I32, I64], [I64]), { export: "add" });
const address = add.local(I32, "address");
add.localGet(0).i32Const(16).op(I32_GE_U).if();
add.i64Const(0).return().end();
add.localGet(0).i32Const(8).op(I32_MUL).localTee(address);
add.localGet(address).mem(I64_LOAD, 1024).localGet(1).op(I64_ADD).localTee(1).mem(I64_STORE, 1024);
add.localGet(1).end();

const instance = new WebAssembly.Instance(new WebAssembly.Module(module.encode()));
const run = instance.exports["add"] as (index: number, delta: bigint) => bigint;
console.log(run(3, 40n)); // 40n
console.log(run(3, 2n)); // 42n
console.log(run(16, 1n)); // 0n

// Mistakes are found where they are made.
const wrong = module.func(module.type([]), { name: "wrong" });
try {
  wrong.i64Const(1).i32Const(2).op(I32_ADD);
} catch (error) {
  console.log((error as Error).message); // function 1 (wrong), byte 4: takes i32, i64 is on the stack
}
