/// <reference types="node" />
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { kernelRelease, kernelUnavailable } from "../kernel/prog-load.ts";
import { GROUPS } from "./all-cases.ts";
import { bench, verdictText } from "./case.ts";
import { kernelVerdicts } from "./kernel.ts";
import recorded from "./verdicts.fixture.json" with { type: "json" };

/** Linux 6.18's verdicts: by group and name of the case. */
const expected = recorded as Record<string, Record<string, string>>;

/** Where later builds of 6.18 say something else than the recorded one: they look for null before they look at the argument's kind. */
const LATER: Record<string, Record<string, string>> = {
  "objects, lists, trees": { "compared by a number": "13 Possibly NULL pointer passed to trusted arg2" },
};

/** EPERM without a word: this machine lets nobody load programs of that kind, so it has no verdict. */
const NOT_ALLOWED = "1";

const { verify } = bench();

for (const [group, cases] of Object.entries(GROUPS)) {
  describe(group, () => {
    it.each(cases.map((c) => [c.name, c] as const))("%s", (name, c) => {
      expect(verdictText(verify(c))).toBe(expected[group]?.[name]);
    });
  });
}

it("names each case once", () => {
  for (const cases of Object.values(GROUPS)) expect(new Set(cases.map((c) => c.name)).size).toBe(cases.length);
});

const release = kernelRelease();
const reason = kernelUnavailable() ?? (release === "6.18" ? undefined : `the running kernel is ${release}, not 6.18`);

describe.skipIf(reason !== undefined)(
  `the recorded verdicts${reason === undefined ? "" : ` (skipped: ${reason})`}`,
  () => {
    it("are the running kernel's", { timeout: 120_000 }, () => {
      const actual = Object.fromEntries(
        Object.entries(GROUPS).map(([group, cases]) => {
          const verdicts = kernelVerdicts(cases);
          return [group, Object.fromEntries(cases.map((c, i) => [c.name, verdicts[i]!]))];
        }),
      );
      const notAllowed: string[] = [];
      for (const [group, verdicts] of Object.entries(actual)) {
        for (const [name, verdict] of Object.entries(verdicts)) {
          const recordedVerdict = expected[group]?.[name] ?? "not recorded";
          if (verdict === NOT_ALLOWED && recordedVerdict !== NOT_ALLOWED) notAllowed.push(`${group}: ${name}`);
          if (verdict === NOT_ALLOWED || verdict === LATER[group]?.[name]) verdicts[name] = recordedVerdict;
        }
      }
      if (process.env["BPF_TS_RECORD"] === "1") {
        writeFileSync(
          fileURLToPath(new URL("./verdicts.fixture.json", import.meta.url)),
          `${JSON.stringify(actual, null, 2)}\n`,
        );
      }
      if (notAllowed.length > 0) console.log(`not allowed on this machine: ${notAllowed.join("; ")}`);
      // Iterators over maps' elements are what some machines refuse.
      expect(notAllowed.length).toBeLessThan(4);
      expect(actual).toEqual(expected);
    });
  },
);
