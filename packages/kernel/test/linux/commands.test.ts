/** The same bpf(2) commands here and on the running kernel: how each ends, and what it answers, has to be equal. */
import { describe, expect, test } from "vitest";
import { createKernel } from "../../src/index.ts";
import { here, onLinux } from "./commands.ts";
import { SEQUENCES } from "./sequences.ts";

describe("bpf(2) commands", () => {
  const names = Object.keys(SEQUENCES);
  const theirs = onLinux(Object.values(SEQUENCES));
  const suite = typeof theirs === "string" ? `as the running kernel (skipped: ${theirs})` : "as the running kernel";
  describe.skipIf(typeof theirs === "string")(suite, () => {
    test.each(names.map((name, i) => [name, i] as const))("%s", (name, i) => {
      const kernel = createKernel();
      const commands = SEQUENCES[name]!;
      const ours = here(kernel.bpf, commands);
      const label = (n: number, outcome: object): string =>
        `${n} ${JSON.stringify(commands[n]).slice(0, 160)} ${JSON.stringify(outcome)}`;
      expect(ours.map((outcome, n) => label(n, outcome))).toEqual(
        (theirs as Exclude<typeof theirs, string>)[i]!.map((outcome, n) => label(n, outcome)),
      );
    });
  });
});
