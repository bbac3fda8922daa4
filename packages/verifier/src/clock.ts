/** Milliseconds of a clock that only runs forward, as fine as the host has one. For statistics alone: no verdict depends on it. */
export function now(): number {
  const host = globalThis as { performance?: { now(): number } };
  return host.performance === undefined ? Date.now() : host.performance.now();
}
