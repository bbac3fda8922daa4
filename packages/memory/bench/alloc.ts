import { Memory } from "../src/index.ts";

/** One measured thing: run it `n` times; nothing is printed. */
export interface Bench {
  name: string;
  run(n: number): number;
}

/** What the allocator and the access check cost. Each `run` returns a value that depends on its work, so that none can be dropped. */
export function memoryBenches(): Bench[] {
  const memory = new Memory();
  const a = memory.alloc(64);
  const b = memory.alloc(64);
  return [
    {
      name: "alloc + free of 64 bytes",
      run(n) {
        let sum = 0;
        for (let i = 0; i < n; i++) {
          const block = memory.alloc(64);
          sum += block;
          memory.free(block);
        }
        return sum;
      },
    },
    {
      name: "isLive, same region",
      run(n) {
        let live = 0;
        for (let i = 0; i < n; i++) if (memory.isLive(a + (i & 31), 8)) live++;
        return live;
      },
    },
    {
      name: "isLive, two regions in turn",
      run(n) {
        let live = 0;
        for (let i = 0; i < n; i++) if (memory.isLive((i & 1) === 0 ? a : b, 8)) live++;
        return live;
      },
    },
  ];
}
