interface ThreadClock {
  threadCpuUsage?(): { user: number; system: number };
}

/**
 * CPU time so far, ns: of this thread where Node can tell (23.9 and newer), else of the process, which has a compiler and a garbage collector that
 * work for this thread beside it. Other processes do not disturb it, as they would a clock on the wall.
 */
export function cpuNs(): number {
  const { user, system } = (process as ThreadClock).threadCpuUsage?.() ?? process.cpuUsage();
  return (user + system) * 1000;
}
