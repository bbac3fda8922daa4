/// <reference types="node" />
import { spawnSync } from "node:child_process";
import { release } from "node:os";
import { fileURLToPath } from "node:url";

const SCRIPT = fileURLToPath(new URL("../oracle.py", import.meta.url));

/** Asks the running kernel all of `lines` in one process; one answer each. */
export function askKernel(lines: readonly string[]): string[] {
  const run = spawnSync("python3", [SCRIPT], {
    input: `${lines.join("\n")}\n`,
    encoding: "utf8",
    maxBuffer: 1024 * 1024 * 1024,
  });
  if (run.error !== undefined) throw run.error;
  const answers = run.stdout.split("\n").slice(0, -1);
  if (run.status !== 0 || answers.length !== lines.length) {
    throw new Error(`the oracle failed after ${answers.length} of ${lines.length} lines: ${run.stderr.slice(-2000)}`);
  }
  return answers;
}

/** Why the kernel can't be asked here; undefined if it can. */
export function whyNoKernel(): string | undefined {
  if (process.platform !== "linux" || process.arch !== "x64") return "not Linux on x86-64";
  if (!release().startsWith("6.18.")) return `the running kernel is ${release()}, not 6.18`;
  try {
    const [probe] = askKernel(["probe"]);
    return probe === "0" ? undefined : `bpf(2) answers ${probe}`;
  } catch (error) {
    return `no python3 oracle: ${String(error).split("\n")[0]}`;
  }
}

/** Whether the kernel gives what this line of the oracle asks for. */
export function kernelHas(line: string): boolean {
  return !askKernel([line])[0]!.startsWith("-");
}

/** Possible CPUs of the running machine. */
export function kernelCpus(): number {
  return Number(askKernel(["cpus"])[0]);
}
