import { DIFFERENCES, type Difference, featureOf, type Judgement } from "./judge.ts";

/** Counts over a run. */
export interface Summary {
  /** Rows on which the kernel has a verdict. */
  readonly judged: number;
  /** Judged rows that we accepted or refused. */
  readonly decided: number;
  /** Decided rows with the kernel's verdict, errno, message and processed count. */
  readonly agree: number;
  readonly wrong: number;
  readonly unsupported: number;
  /** Rows without a verdict of the kernel. */
  readonly unjudged: number;
  readonly falseAccepts: readonly string[];
  readonly byDifference: Readonly<Record<Difference, number>>;
  readonly byFeature: ReadonlyMap<string, number>;
  /** Our time, in milliseconds. */
  readonly ms: number;
}

/** Counts judgements; `kernelDecided` tells the rows on which the kernel has a verdict from the others. */
export function summarise(judgements: readonly Judgement[], kernelDecided: (id: string) => boolean): Summary {
  const byDifference = Object.fromEntries(DIFFERENCES.map((d) => [d, 0])) as Record<Difference, number>;
  const byFeature = new Map<string, number>();
  const count = { agree: 0, wrong: 0, unsupported: 0, unjudged: 0 };
  const falseAccepts: string[] = [];
  let judged = 0;
  let ms = 0;
  for (const j of judgements) {
    ms += j.ms;
    if (!kernelDecided(j.id)) {
      count.unjudged++;
      continue;
    }
    judged++;
    count[j.outcome]++;
    for (const d of new Set(j.differences)) byDifference[d]++;
    if (j.outcome === "unsupported") byFeature.set(featureOf(j), (byFeature.get(featureOf(j)) ?? 0) + 1);
    if (j.differences.includes("false-accept")) falseAccepts.push(j.id);
  }
  return { judged, decided: count.agree + count.wrong, ...count, falseAccepts, byDifference, byFeature, ms };
}

function percent(part: number, whole: number): string {
  return whole === 0 ? "-" : `${((100 * part) / whole).toFixed(1)} %`;
}

function row(label: string, n: number, share: string): string {
  return `  ${label.padEnd(28)}${String(n).padStart(6)}  ${share.padStart(8)}`;
}

/** The table of a run. */
export function formatSummary(s: Summary): string {
  const lines = [
    `corpus: ${s.judged} programs with a verdict of the kernel, ${s.unjudged} without; verified in ${(s.ms / 1000).toFixed(1)} s`,
    row("decided", s.decided, `${percent(s.decided, s.judged)} of judged`),
    row("agree", s.agree, `${percent(s.agree, s.decided)} of decided`),
    row("wrong", s.wrong, percent(s.wrong, s.decided)),
  ];
  for (const d of DIFFERENCES) {
    const n = s.byDifference[d];
    if (n > 0 || d === "false-accept") lines.push(row(`  ${d}`, n, percent(n, s.decided)));
  }
  lines.push(row("unsupported", s.unsupported, `${percent(s.unsupported, s.judged)} of judged`));
  for (const [feature, n] of [...s.byFeature].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]))) {
    lines.push(row(`  ${feature}`, n, percent(n, s.judged)));
  }
  return lines.join("\n");
}

/** Judgements with a difference in `which`, the gravest first, then by id. */
export function sortBySeverity(judgements: readonly Judgement[]): Judgement[] {
  const rank = (j: Judgement): number =>
    Math.min(...j.differences.map((d) => DIFFERENCES.indexOf(d)), DIFFERENCES.length);
  return [...judgements].sort((a, b) => rank(a) - rank(b) || a.id.localeCompare(b.id));
}

/** One line a judgement. */
export function formatJudgement(j: Judgement): string {
  const label = j.outcome === "unsupported" ? "unsupported" : j.differences.join(",") || j.outcome;
  return `${label.padEnd(14)} ${j.id}\n${"".padEnd(15)}${j.detail}`;
}
