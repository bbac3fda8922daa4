import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { publicPackages } from "../../../../scripts/workspace.mjs";
import { ROOT } from "./root.ts";

/** A block of TypeScript in a Markdown file. */
export interface Example {
  /** Relative to the repository. */
  readonly file: string;
  /** Of its first line of code, from 1. */
  readonly line: number;
  readonly code: string;
}

/** The root's README and those of published packages, relative to the repository. */
export function readmeFiles(): string[] {
  return ["README.md", ...publicPackages(ROOT).map(({ folder }) => `${folder}/README.md`)].filter((file) =>
    existsSync(join(ROOT, file)),
  );
}

/** A name for an example's file. */
export function nameOf({ file, line }: Example): string {
  return `${file.replace("/README.md", "").replace("README.md", "root").replaceAll("/", "-")}-${line}`;
}

/** Every block that starts with ```ts. */
export function examplesOf(file: string): Example[] {
  const lines = readFileSync(join(ROOT, file), "utf8").split("\n");
  const examples: Example[] = [];
  for (let i = 0; i < lines.length; i++) {
    if (!/^```(ts|typescript)\b/.test(lines[i]!)) continue;
    const start = i + 1;
    while (i + 1 < lines.length && lines[i + 1] !== "```") i++;
    examples.push({ file, line: start + 1, code: `${lines.slice(start, i + 1).join("\n")}\n` });
  }
  return examples;
}

/** A command with what it prints, in a block that starts with ```console: `$ npx bpf-ts …`, then its standard output. */
export interface Session {
  readonly file: string;
  readonly line: number;
  /** Behind `npx bpf-ts`. */
  readonly args: readonly string[];
  readonly output: string;
}

/** Every such command. Quotes are not understood. */
export function sessionsOf(file: string): Session[] {
  const lines = readFileSync(join(ROOT, file), "utf8").split("\n");
  const sessions: Session[] = [];
  let isInside = false;
  for (const [i, line] of lines.entries()) {
    if (line.startsWith("```")) isInside = !isInside && line === "```console";
    else if (!isInside) continue;
    else if (line.startsWith("$ npx bpf-ts ")) {
      let end = i + 1;
      while (end < lines.length && !/^(\$ |```)/.test(lines[end]!)) end++;
      const args = line.split(/\s+/).slice(3);
      sessions.push({
        file,
        line: i + 1,
        args,
        output: lines
          .slice(i + 1, end)
          .map((one) => `${one}\n`)
          .join(""),
      });
    }
  }
  return sessions;
}

/**
 * What an example says that it prints: the comments behind its `console.log` calls. Behind a colon a comment may explain, as in
 * `console.log(map.size); // 3: one was evicted`.
 */
export function promisedOutput({ code }: Example): string[] {
  return [...code.matchAll(/^\s*console\.log\(.*\);? *\/\/ (.*)$/gm)].map((match) => match[1]!.trim());
}

/** Which promises are not kept: each must be a line of the output, in order. */
export function brokenPromises(promises: readonly string[], output: string): string[] {
  const lines = output.split("\n").map((line) => line.trim());
  let at = 0;
  return promises.filter((promise) => {
    const found = lines.findIndex((line, i) => i >= at && line !== "" && isSaid(promise, line));
    if (found < 0) return true;
    at = found + 1;
    return false;
  });
}

function isSaid(promise: string, line: string): boolean {
  return promise === line || (promise.startsWith(line) && /^(:| \()/.test(promise.slice(line.length)));
}
