import { Btf, renderC } from "@bpf-ts/btf";
import { buildKernelTypes } from "@bpf-ts/kernel/kernel-btf";
import type { HelperProto } from "@bpf-ts/uapi";
import { HELPER_PROTOS } from "@bpf-ts/uapi/helpers";

/**
 * `vmlinux.h`: the in-process kernel's types as C. Without preserve_access_index, so that no CO-RE relocations are recorded.
 */
export function vmlinuxHeader(): string {
  const text = renderC(Btf.parse(buildKernelTypes().bytes), { preserveAccessIndex: false });
  return `/* SPDX-License-Identifier: MIT */\n/* Generated from the in-process kernel's BTF by \`pnpm progs\`. Do not edit. */\n${text}`;
}

/** `bpf_helper_defs.h`: the helpers of `uapi`'s table as C functions. */
export function helperDefsHeader(): string {
  const helpers = HELPER_PROTOS.filter(({ id }) => id !== 0);
  const structs = new Set(
    helpers.flatMap(({ signature }) => [...signature.matchAll(/struct (\w+)/g)].map((match) => match[1]!)),
  );
  return [
    "/* SPDX-License-Identifier: MIT */",
    "/* Generated from uapi's table of helpers by `pnpm progs`. Do not edit. */",
    "#ifndef BPF_TS_HELPER_DEFS_H",
    "#define BPF_TS_HELPER_DEFS_H",
    "",
    ...[...structs].sort().map((name) => `struct ${name};`),
    "",
    ...helpers.map(declaration),
    "",
    "#endif",
    "",
  ].join("\n");
}

/** A call through a constant pointer whose value is the helper's id: what compilers turn into `call id`. */
function declaration({ id, signature }: HelperProto): string {
  const match = /^(.*?)(bpf_\w+)(\(.*\))$/.exec(signature);
  if (match === null) throw new Error(`helper ${id}: signature "${signature}" is no C prototype`);
  const [, ret, name, params] = match;
  return `static ${ret}(*const ${name})${params} = (void *)${id};`;
}
