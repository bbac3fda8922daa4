/** Lines of context around a difference. */
const CONTEXT = 3;
/** Beyond this many lines on either side a search for the shortest difference takes too long; then lines are compared in step. */
const LCS_LIMIT = 4000;

/** Longest common subsequence as pairs of line numbers, by the usual table over the part between common head and tail. */
function commonLines(a: readonly string[], b: readonly string[]): [number, number][] {
  if (a.length > LCS_LIMIT || b.length > LCS_LIMIT) {
    const pairs: [number, number][] = [];
    for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] === b[i]) pairs.push([i, i]);
    return pairs;
  }
  const width = b.length + 1;
  const table = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      table[i * width + j] =
        a[i] === b[j]
          ? table[(i + 1) * width + j + 1]! + 1
          : Math.max(table[(i + 1) * width + j]!, table[i * width + j + 1]!);
    }
  }
  const pairs: [number, number][] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) pairs.push([i++, j++]);
    else if (table[(i + 1) * width + j]! >= table[i * width + j + 1]!) i++;
    else j++;
  }
  return pairs;
}

/**
 * The difference of two texts, line by line: `-` only in the first (the kernel's), `+` only in the second (ours). Common lines are shown
 * around differences only. '' if there is none.
 *
 * @param limit At most so many lines.
 */
export function diffLines(first: string, second: string, limit = 200): string {
  const a = first.split("\n");
  const b = second.split("\n");
  const all: { mark: " " | "-" | "+"; text: string }[] = [];
  let i = 0;
  let j = 0;
  for (const [x, y] of [...commonLines(a, b), [a.length, b.length] as [number, number]]) {
    while (i < x) all.push({ mark: "-", text: a[i++]! });
    while (j < y) all.push({ mark: "+", text: b[j++]! });
    if (x < a.length) all.push({ mark: " ", text: a[x]! });
    i++;
    j++;
  }
  const near = all.map((_, at) => all.slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1).some((l) => l.mark !== " "));
  const shown: string[] = [];
  for (const [at, line] of all.entries()) {
    if (!near[at]) {
      if (near[at - 1] === true) shown.push("…");
      continue;
    }
    shown.push(`${line.mark} ${line.text}`);
    if (shown.length >= limit) return [...shown, `… (${all.length - at - 1} more lines)`].join("\n");
  }
  return all.every((l) => l.mark === " ") ? "" : shown.join("\n");
}
