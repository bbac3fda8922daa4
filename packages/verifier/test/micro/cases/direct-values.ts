import type { MicroCase } from "../case.ts";

const looked = (code: string): string => `*(u32 *)(r10 -4) = 0
r2 = r10
r2 += -4
r1 = map[fd:28]
call bpf_map_lookup_elem#1
if r0 == 0x0 goto out
${code}
out: r0 = 0
exit`;

/** Addresses of map values in programs, and constants that the verifier reads at them. */
export const DIRECT_VALUE_CASES: readonly MicroCase[] = [
  { name: "address in the only value of an array", code: "r1 = map[fd:16][0]+8\nr0 = *(u64 *)(r1 +0)\nr0 = 0\nexit" },
  { name: "address of an array with two values", code: "r1 = map[fd:11][0]+8\nr0 = 0\nexit" },
  { name: "address behind the value", code: "r1 = map[fd:16][0]+16\nr0 = 0\nexit" },
  { name: "address far behind the value", code: "r1 = map[fd:16][0]+536870911\nr0 = 0\nexit" },
  { name: "address that no map can have", code: "r1 = map[fd:16][0]+536870912\nr0 = 0\nexit" },
  { name: "negative address", code: "r1 = map[fd:16][0]-1\nr0 = 0\nexit" },
  { name: "address of a hash map's value", code: "r1 = map[fd:10][0]+0\nr0 = 0\nexit" },
  { name: "address of a per-CPU array's value", code: "r1 = map[fd:23][0]+0\nr0 = 0\nexit" },
  {
    name: "constant that decides a branch",
    code: "r1 = map[fd:16][0]+0\nr0 = *(u8 *)(r1 +0)\nif r0 == 0x61 goto out\nr0 = *(u64 *)(r9 +0)\nout: r0 = 0\nexit",
  },
  { name: "constants of several values are not known", code: looked("r0 = *(u8 *)(r0 +0)") },
  {
    name: "several constant values at an offset that varies",
    code: looked("r6 = r0\ncall bpf_get_prandom_u32#7\nr0 &= 7\nr6 += r0\nr0 = *(u8 *)(r6 +0)"),
  },
];
