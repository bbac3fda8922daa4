import type { TestRunAttr } from "@bpf-ts/uapi";
import type { Machine } from "../machine.ts";
import type { ProgObject } from "../objects/prog-object.ts";

/** What `repeat` runs came to. */
export interface Repeated {
  /** R0 of the last one, unsigned 32 bit. */
  retval: number;
  /** Mean of one run by the kernel's clock. */
  durationNs: number;
}

/** Runs a program `repeat` times (at least once) on the same context. */
export function repeatRun(machine: Machine, prog: ProgObject, ctx: number, cpu: number, attr: TestRunAttr): Repeated {
  const repeat = Math.max(1, attr.repeat ?? 1);
  const start = machine.clock.monotonicNs();
  let retval = 0;
  for (let i = 0; i < repeat; i++) retval = machine.runner.run(prog, ctx, cpu).r0Lo >>> 0;
  const elapsed = machine.clock.monotonicNs() - start;
  return { retval, durationNs: Number(elapsed / BigInt(repeat)) };
}
