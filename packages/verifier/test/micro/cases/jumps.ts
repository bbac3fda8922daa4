import type { MicroCase } from "../case.ts";

/** Jumps whose offset has 32 bits: where they would land is counted in 32 bits as well. */
export const JUMP_CASES: readonly MicroCase[] = [
  { name: "over one instruction", code: "r0 = 0\ngotol pc+1\nr0 = 1\nexit" },
  { name: "behind the program", code: "r0 = 0\ngotol pc+1\nexit" },
  { name: "before the program", code: "r0 = 0\ngotol pc-3\nexit" },
  { name: "as far forward as it can say", code: "r0 = 0\ngotol pc+2147483647\nexit" },
  { name: "as far back as it can say", code: "r0 = 0\ngotol pc-2147483648\nexit" },
];
