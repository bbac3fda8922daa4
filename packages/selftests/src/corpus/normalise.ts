/** An ld_imm64 of a map or of a map's value, with the padding that depends on the address' length. */
const ADDRESS = /(\(18\) r\d+ = )(?:0xffff[8c][0-9a-f]{11}|0x5eed[0-9a-f]{4})(?:\s+(;))?(?=\s|$)/gm;

/**
 * Makes two logs of one program comparable: addresses of maps (the kernel's begin with 0xffff8 or 0xffffc, ours with 0x5eed) and times differ
 * from run to run.
 */
export function normaliseLog(log: string): string {
  return log
    .replace(/verification time \d+ usec$/gm, "verification time N usec")
    .replace(
      ADDRESS,
      (_, before: string, semicolon?: string) => `${before}<address>${semicolon === undefined ? "" : " ;"}`,
    );
}

/** A log's last line before the statistics. Where the kernel forgets to end it, the first of those follows on the same line. */
export function normaliseMessage(message: string): string {
  return normaliseLog(message).replace(/verification time N usec$/, "");
}

/** The statistics line's `processed N insns`, -1 without one. */
export function processedCount(stats: string): number {
  const m = /processed (\d+) insns/.exec(stats);
  return m === null ? -1 : Number(m[1]);
}

/** The statistics line of a log, '' without one. */
export function statsLine(log: string): string {
  const at = log.lastIndexOf("processed ");
  return at < 0 ? "" : log.slice(at).split("\n")[0]!;
}
