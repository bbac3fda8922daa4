import type { Input } from "./input.ts";

/** Whole bytes of 1, 2, 4, 8 or 16. @see v6.18 kernel/bpf/btf.c, btf_type_int_is_regular */
export function isRegularInt(input: Input, id: number): boolean {
  const data = input.extra(id, 0);
  const bits = data & 0xff;
  return ((data >>> 16) & 0xff) === 0 && (bits === 8 || bits === 16 || bits === 32 || bits === 64 || bits === 128);
}
