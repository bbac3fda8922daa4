import { afterAll, afterEach, beforeEach } from "vitest";

/** What a kernel tells whoever watches: itself, when it is made. */
interface LiveKernel {
  describeLive(): string[];
  readonly liveBytes: number;
  [Symbol.dispose](): void;
}

/**
 * In every package: a test that leaves an object, an fd or a byte of a kernel's memory alive fails. Kernels made inside a test are looked at when it
 * ends; those made for a whole file when the file ends. A kernel that was disposed must hold nothing any more.
 */
const inTest: LiveKernel[] = [];
const inFile: LiveKernel[] = [];
let isInTest = false;

Object.defineProperty(globalThis, Symbol.for("bpf-ts.kernel-created"), {
  configurable: true,
  value: (kernel: LiveKernel) => (isInTest ? inTest : inFile).push(kernel),
});

function check(kernels: LiveKernel[]): void {
  const leaks = kernels.splice(0).flatMap((kernel) => {
    const live = kernel.describeLive();
    kernel[Symbol.dispose]();
    const kept = kernel.describeLive().map((what) => `${what} (survived its kernel)`);
    if (kernel.liveBytes > 0) kept.push(`${kernel.liveBytes} bytes of memory`);
    return [...live, ...kept];
  });
  if (leaks.length > 0) throw new Error(`left alive:\n  ${leaks.join("\n  ")}`);
}

beforeEach(() => {
  isInTest = true;
});
afterEach(() => {
  isInTest = false;
  check(inTest);
});
afterAll(() => check(inFile));
