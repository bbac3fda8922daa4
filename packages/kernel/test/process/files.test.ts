/// <reference types="node" />
/** openat(2) and write(2) of simulated processes, and what this machine's Linux answers to the same calls in an empty folder. */
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createKernel, O_APPEND, O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } from "../../src/index.ts";

type Step = readonly [path: string, flags: number, ...writes: string[]];

const SEQUENCES: Readonly<Record<string, readonly Step[]>> = {
  "a file that is not there": [
    ["f", O_RDONLY],
    ["f", O_WRONLY],
    ["f", O_EXCL | O_WRONLY],
  ],
  "created, there already": [
    ["f", O_CREAT | O_EXCL | O_RDWR, "ab"],
    ["f", O_CREAT | O_EXCL | O_RDWR],
    ["f", O_EXCL],
    ["f", O_RDONLY],
  ],
  "opened to be read, written": [
    ["f", O_CREAT, "a"],
    ["f", O_RDONLY, "b"],
    ["f", O_WRONLY, "c"],
  ],
  "the access mode that is none": [["f", O_CREAT | 3, "a"]],
  "written over": [
    ["f", O_CREAT | O_WRONLY, "abcdef"],
    ["f", O_WRONLY, "x", "y"],
    ["f", O_RDWR, ""],
  ],
  "written behind": [
    ["f", O_CREAT | O_WRONLY, "abc"],
    ["f", O_WRONLY | O_APPEND, "d", "e"],
  ],
  emptied: [
    ["f", O_CREAT | O_WRONLY, "abc"],
    ["f", O_WRONLY | O_TRUNC, "d"],
    ["f", O_CREAT | O_TRUNC | O_RDWR],
  ],
  names: [
    ["", O_CREAT | O_RDWR],
    ["n".repeat(255), O_CREAT | O_RDWR],
    ["n".repeat(256), O_CREAT | O_RDWR],
    ["ü".repeat(128), O_CREAT],
    ["n".repeat(5000), O_CREAT],
  ],
};

interface System {
  open(path: string, flags: number): number;
  write(fd: number, data: Uint8Array): number;
  close(fd: number): void;
}

function answers(system: System, steps: readonly Step[]): string[] {
  return steps.map(([path, flags, ...writes]) => {
    const fd = system.open(path, flags);
    if (fd < 0) return String(fd);
    const written = writes.map((text) => system.write(fd, new TextEncoder().encode(text)));
    system.close(fd);
    return `open, ${written.join(", ")}`;
  });
}

function errnoOf(call: () => number): number {
  try {
    return call();
  } catch (error) {
    return (error as { errno: number }).errno;
  }
}

const LINUX = process.platform === "linux";

describe.each(Object.entries(SEQUENCES))("%s", (_what, steps) => {
  test.skipIf(!LINUX)(`as on Linux${LINUX ? "" : " (skipped: this is none)"}`, () => {
    const kernel = createKernel();
    const own = kernel.init;
    const ours: System = {
      open: (path, flags) => own.openat(path, flags),
      write: (fd, data) => own.write(fd, data),
      close: (fd) => own.close(fd),
    };
    const folder = mkdtempSync(join(tmpdir(), "bpf-ts-files-"));
    try {
      const theirs: System = {
        open: (path, flags) => errnoOf(() => openSync(path === "" ? "" : join(folder, path), flags)),
        write: (fd, data) => errnoOf(() => writeSync(fd, data)),
        close: (fd) => closeSync(fd),
      };
      expect(answers(ours, steps)).toEqual(answers(theirs, steps));
    } finally {
      rmSync(folder, { recursive: true });
      kernel[Symbol.dispose]();
    }
  });
});
