import type { Reporter, TestCase, TestModule } from "vitest/node";

/**
 * Prints each skipped test with its reason, and as the very last line how many tests passed, failed and were skipped. A test that is skipped without
 * saying why counts as failed: the reason is the note of `context.skip(reason)`, or stands in a name as `(skipped: reason)`.
 */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    let passed = 0;
    let failed = errors.length;
    const skipped: string[] = [];
    const lines: string[] = [];
    for (const module of modules) {
      const tests = [...module.children.allTests()];
      // A file that could not be loaded has no tests: that is a failure, too.
      if (module.state() === "failed" && !tests.some((test) => test.result().state === "failed")) {
        failed++;
        lines.push(`failed: ${module.relativeModuleId}: the file itself`);
      }
      for (const test of tests) {
        const { state } = test.result();
        if (state === "passed") passed++;
        else if (state === "failed") failed++;
        else {
          const reason = reasonOf(test);
          if (reason === undefined) {
            failed++;
            lines.push(`failed: ${module.relativeModuleId} > ${test.fullName}: skipped without a reason`);
          } else {
            skipped.push(`skipped: ${module.relativeModuleId} > ${test.fullName}: ${reason}`);
          }
        }
      }
    }
    if (failed > 0) process.exitCode = 1;
    // After everything that other reporters still print.
    process.once("exit", () => {
      for (const line of [...skipped, ...lines]) process.stdout.write(`${line}\n`);
      process.stdout.write(`${passed} passed, ${failed} failed, ${skipped.length} skipped\n`);
    });
  }
}

function reasonOf(test: TestCase): string | undefined {
  const result = test.result();
  if (result.state === "skipped" && result.note !== undefined && result.note !== "") return result.note;
  return /\(skipped: (.+?)\)( >|$)/.exec(test.fullName)?.[1];
}
