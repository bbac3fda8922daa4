import { writeFileSync } from "node:fs";
import type { Reporter, SerializedError, TestCase, TestModule, TestSuite, Vitest } from "vitest/node";

/** What a run came to. `notes` are lines: each skipped test with its reason, each failure that is not a test's own. */
export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
  notes: string[];
}

/**
 * Prints each skipped test with its reason, and as the very last line how many tests passed, failed and were skipped. A test that is skipped without
 * saying why counts as failed: the reason is the note of `context.skip(reason)`, or stands in its name or a suite's as `(skipped: reason)`. Tests
 * that `-t` leaves out are not counted.
 *
 * With `BPF_TS_COUNTS=FILE` in the environment nothing is printed; the counts go to the file as JSON, for scripts/test.mjs to print them.
 */
export default class CountReporter implements Reporter {
  #isFiltered = false;

  onInit(vitest: Vitest): void {
    this.#isFiltered = vitest.config.testNamePattern !== undefined;
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const counts: Counts = { passed: 0, failed: 0, skipped: 0, notes: [] };
    for (const error of errors) {
      counts.failed++;
      counts.notes.push(`failed: outside of tests: ${error.message}`);
    }
    for (const module of modules) this.#countModule(module, counts);
    if (counts.failed > 0) process.exitCode = 1;

    const file = process.env["BPF_TS_COUNTS"];
    if (file !== undefined) {
      writeFileSync(file, JSON.stringify(counts));
      return;
    }
    // After everything that other reporters still print.
    process.once("exit", () => {
      const { passed, failed, skipped, notes } = counts;
      process.stdout.write([...notes, `${passed} passed, ${failed} failed, ${skipped} skipped`, ""].join("\n"));
    });
  }

  #countModule(module: TestModule, counts: Counts): void {
    const file =
      module.project.name === "" ? module.relativeModuleId : `${module.project.name} ${module.relativeModuleId}`;
    /** Those that count as failed: a suite that holds one needs no count of its own. */
    const failed = new Set<TestCase>();
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      const name = `${file} > ${test.fullName}`;
      if (state === "passed") counts.passed++;
      else if (state === "failed") failed.add(test);
      else {
        const reason = reasonOf(test);
        if (reason !== undefined) {
          counts.skipped++;
          counts.notes.push(`skipped: ${name}: ${reason}`);
        } else if (hasFailedAbove(test)) {
          failed.add(test);
          counts.notes.push(`failed: ${name}: not run, because what is around it failed`);
        } else if (!this.#isFiltered) {
          failed.add(test);
          counts.notes.push(`failed: ${name}: skipped without a reason`);
        }
      }
    }
    counts.failed += failed.size;

    // Files that cannot be loaded and hooks that throw fail without any test that does.
    for (const part of [module, ...module.children.allSuites()]) {
      const isOwn = part.errors().length > 0 && ![...part.children.allTests()].some((test) => failed.has(test));
      if (!isOwn) continue;
      counts.failed++;
      counts.notes.push(
        `failed: ${part.type === "module" ? file : `${file} > ${part.fullName}`}: outside of its tests`,
      );
    }
  }
}

function reasonOf(test: TestCase): string | undefined {
  const result = test.result();
  if (result.state === "skipped" && result.note !== undefined && result.note !== "") return result.note;
  return /\(skipped: (.+?)\)( >|$)/.exec(test.fullName)?.[1];
}

function hasFailedAbove(test: TestCase): boolean {
  for (let part: TestSuite | TestModule = test.parent; ; part = part.parent) {
    if (part.errors().length > 0) return true;
    if (part.type === "module") return false;
  }
}
