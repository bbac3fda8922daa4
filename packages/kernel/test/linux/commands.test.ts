/** The same bpf(2) commands here and on the running kernel: how each ends, and what it answers, has to be equal. */
import { describe, expect, test } from "vitest";
import { createKernel } from "../../src/index.ts";
import { here, onLinux } from "./commands.ts";
import { PERF_SEQUENCES } from "./perf-sequences.ts";
import { RING_SEQUENCES } from "./ring-sequences.ts";
import { SEQUENCES } from "./sequences.ts";

const OUTPUT = { ...RING_SEQUENCES, ...PERF_SEQUENCES };
const ALL = { ...SEQUENCES, ...OUTPUT };

describe("bpf(2) commands", () => {
  const names = Object.keys(ALL);
  const theirs = onLinux(Object.values(ALL));
  const suite = typeof theirs === "string" ? `as the running kernel (skipped: ${theirs})` : "as the running kernel";
  describe.skipIf(typeof theirs === "string")(suite, () => {
    test.each(names.map((name, i) => [name, i] as const))("%s", (name, i) => {
      const kernel = createKernel();
      const commands = ALL[name]!;
      const ours = here(kernel.bpf, commands);
      // Programs that output something are all valid: what is compared is what they do.
      const refused = commands.filter((c, n) => name in OUTPUT && c.op === "prog_load" && ours[n]!.errno !== 0);
      expect(refused).toEqual([]);
      const label = (n: number, outcome: object): string =>
        `${n} ${JSON.stringify(commands[n]).slice(0, 160)} ${JSON.stringify(outcome)}`;
      expect(ours.map((outcome, n) => label(n, outcome))).toEqual(
        (theirs as Exclude<typeof theirs, string>)[i]!.map((outcome, n) => label(n, outcome)),
      );
    });
  });
});
