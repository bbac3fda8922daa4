import { validateBtf } from "@bpf-ts/btf";
import { UnsupportedError } from "@bpf-ts/uapi";
import { expect, test } from "vitest";
import { LibbpfError, linkProgram, openObject } from "../../src/index.ts";
import { buildElf, relocations } from "../elf/build-elf.ts";
import { hex, readProg } from "../objects.ts";

test.each([
  ["wants_kconfig", "extern kconfig variables", "LINUX_KERNEL_VERSION in program wants_kconfig"],
  ["wants_weak_kconfig", "extern kconfig variables", "weak CONFIG_BPF_SYSCALL in program wants_weak_kconfig"],
  ["wants_variable", "extern kernel variables", "bpf_link_fops in program wants_variable"],
  ["wants_weak_variable", "extern kernel variables", "weak runqueues in program wants_weak_variable"],
  ["wants_function", "extern kernel functions", "bpf_rcu_read_lock in function with_kfunc of program wants_function"],
  ["wants_weak_function", "extern kernel functions", "weak bpf_not_there in program wants_weak_function"],
])("%s is refused by name", (program, feature, detail) => {
  const spec = openObject(readProg("loader_externs"));
  const link = (): unknown => linkProgram(spec.program(program), spec.functions, () => undefined);
  expect(link).toThrow(UnsupportedError);
  expect(link).toThrow(expect.objectContaining({ feature, message: `unsupported: ${feature} (${detail})` }));
});

test("programs of the same object that expect nothing can be linked", () => {
  const spec = openObject(readProg("loader_externs"));
  expect(hex(linkProgram(spec.program("plain"), spec.functions, () => undefined).insns)).toBe(
    "b4000000030000009500000000000000",
  );
});

test("the object's BTF is such as kernels take, externs turned into variables", () => {
  const { btf } = openObject(readProg("loader_externs"));
  expect(validateBtf(btf!.bytes)).toMatchObject({ ok: true });
  const section = (name: string): unknown => {
    const type = btf!.type(btf!.findByName(name, "datasec")!);
    if (type.kind !== "datasec") return type.kind;
    return [type.size, type.vars.map(({ type: id, offset, size }) => `${btf!.nameOf(id)} ${offset} ${size}`)];
  };
  expect(section(".ksyms")).toEqual([16, ["dummy_ksym 0 4", "dummy_ksym 4 4", "bpf_link_fops 8 4", "runqueues 12 4"]]);
  expect(section(".kconfig")).toEqual([5, ["LINUX_KERNEL_VERSION 0 4", "CONFIG_BPF_SYSCALL 4 1"]]);
});

test("a symbol that nothing describes is a missing definition", () => {
  const call = [0x85, 0x10, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x95, 0, 0, 0, 0, 0, 0, 0];
  const file = buildElf(
    [
      { name: "xdp", flags: 4, data: call },
      { name: ".relxdp", type: 9, info: 1, data: relocations([0, 2]) },
    ],
    [
      { name: "main", section: 1, size: 16 },
      { name: "elsewhere", section: 0, type: 0 },
    ],
  );
  const spec = openObject(file);
  expect(spec.program("main").code.references).toEqual([
    { insn: 0, kind: "extern", name: "elsewhere", extern: "undefined", isWeak: false },
  ]);
  const link = (): unknown => linkProgram(spec.program("main"), spec.functions, () => undefined);
  expect(link).toThrow(LibbpfError);
  expect(link).toThrow('program main: extern "elsewhere" is not defined in the object');
});

test("CO-RE relocations are refused by name, also in subprograms; programs without them are not", () => {
  const spec = openObject(readProg("loader_core"));
  expect(() => linkProgram(spec.program("relocated"), spec.functions, () => undefined)).toThrow(
    "unsupported: CO-RE relocations (1 in function tgid_of of program relocated)",
  );
  expect(hex(linkProgram(spec.program("plain"), spec.functions, () => undefined).insns)).toBe(
    "b4000000000000009500000000000000",
  );
});
