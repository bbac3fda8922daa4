import { isAbsolute, resolve } from "node:path";
import { parseArgs } from "node:util";
import { defaultProfile, verify } from "@bpf-ts/verifier";
import { Corpus } from "./corpus.ts";
import { diffLines } from "./diff.ts";
import { inputOf } from "./input.ts";
import { DIFFERENCES, type Difference, type Judgement } from "./judge.ts";
import { normaliseLog } from "./normalise.ts";
import { formatJudgement, formatSummary, sortBySeverity, summarise } from "./report.ts";
import { firstLevel, LEVEL2, runCorpus } from "./run.ts";

const USAGE = `usage: corpus [options]      compares the verifier with Linux 6.18 on recorded programs

The corpus' folder comes from --dir or the environment variable BPF_TS_CORPUS.

  --id TEXT            only programs whose id contains TEXT (repeatable, any of them)
  --wrong              list the wrong ones, gravest first (default: false accepts and crashes only)
  --differ KIND        list those that differ in ${DIFFERENCES.join(", ")}
  --unsupported [F]    list the unsupported ones, of feature F if given, by what they need
  --level2             verify a second time at log level 2 and compare that log too
  --slow N             list the N that take longest
  --json               one JSON object a judgement, then the summary

about single programs (ID: an id or a part of one; the first that matches):
  --log1 ID, --log2 ID difference of the logs at level 1 or 2: - the kernel's lines, + ours
  --kernel ID          the kernel's log at level 2 (level 1 if that was too long)
  --ours ID            our log at level 2

exit code: 0, or 1 if a program that the kernel refuses is accepted or the verifier crashes, 2 for usage`;

/** Shows one thing about one program. */
async function showProgram(corpus: Corpus, what: "log1" | "log2" | "kernel" | "ours", id: string): Promise<number> {
  const exact = (candidate: string): boolean => candidate === id || candidate.includes(id);
  for await (const row of corpus.rows(exact)) {
    console.log(`# ${row.id}`);
    const kernel = what === "log1" ? row.kernel.level1?.log : (row.kernel.level2?.log ?? row.kernel.level1?.log);
    if (what === "kernel") {
      console.log(kernel ?? "(not recorded)");
      return 0;
    }
    const verdict = verify(
      inputOf(row, corpus, what === "log1" ? firstLevel(row) : LEVEL2),
      defaultProfile(corpus.kernelBtf),
    );
    if (verdict.kind === "unsupported") console.log(`unsupported: ${verdict.feature} ${verdict.detail}`);
    if (what === "ours") console.log(verdict.log);
    else if (kernel === undefined) console.log("the kernel's log is not recorded");
    else console.log(diffLines(normaliseLog(kernel), normaliseLog(verdict.log)) || "no difference");
    return 0;
  }
  console.error(`no program's id contains ${JSON.stringify(id)}`);
  return 2;
}

/** "kfunc: bpf_foo" → how many programs need it, by feature. */
function formatUnsupported(judgements: readonly Judgement[], feature: string): string {
  const needs = new Map<string, string[]>();
  for (const j of judgements) {
    if (j.outcome !== "unsupported" || !j.detail.startsWith(feature === "" ? "" : `${feature}:`)) continue;
    needs.set(j.detail, [...(needs.get(j.detail) ?? []), j.id]);
  }
  return [...needs]
    .sort((a, b) => b[1].length - a[1].length || a[0].localeCompare(b[0]))
    .map(
      ([detail, ids]) =>
        `${String(ids.length).padStart(5)}  ${detail}\n         ${ids.slice(0, 4).join("\n         ")}`,
    )
    .join("\n");
}

/** `--unsupported` may stand alone; parseArgs wants a value. */
function standAlone(args: readonly string[]): string[] {
  return args.map((a, i) => (a === "--unsupported" && (args[i + 1] ?? "-").startsWith("-") ? "--unsupported=" : a));
}

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: standAlone(args.filter((a) => a !== "--")),
    options: {
      dir: { type: "string" },
      id: { type: "string", multiple: true },
      wrong: { type: "boolean" },
      differ: { type: "string" },
      unsupported: { type: "string" },
      level2: { type: "boolean" },
      slow: { type: "string" },
      json: { type: "boolean" },
      log1: { type: "string" },
      log2: { type: "string" },
      kernel: { type: "string" },
      ours: { type: "string" },
      help: { type: "boolean" },
    },
  });
  if (values.help === true) {
    console.log(USAGE);
    return 0;
  }
  const dir = values.dir ?? process.env["BPF_TS_CORPUS"];
  if (dir === undefined || dir === "") {
    console.error("no corpus: set BPF_TS_CORPUS to its folder, or give --dir\n");
    console.error(USAGE);
    return 2;
  }
  const corpus = new Corpus(isAbsolute(dir) ? dir : resolve(process.env["INIT_CWD"] ?? process.cwd(), dir));
  for (const what of ["log1", "log2", "kernel", "ours"] as const) {
    const id = values[what];
    if (id !== undefined) return await showProgram(corpus, what, id);
  }
  const ids = values.id;
  const differ = values.differ as Difference | undefined;
  if (differ !== undefined && !DIFFERENCES.includes(differ)) {
    console.error(`--differ ${differ}: must be one of ${DIFFERENCES.join(", ")}`);
    return 2;
  }
  const profile = defaultProfile(corpus.kernelBtf);
  const { judgements, kernelDecided } = await runCorpus(corpus, (input) => verify(input, profile), {
    ...(ids === undefined ? {} : { wanted: (id: string) => ids.some((text) => id.includes(text)) }),
    level2: values.level2 === true || differ === "log2",
    onRow: (judgement) => {
      if (values.json === true) console.log(JSON.stringify(judgement));
      else if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${judgement.id.slice(0, 100)}`);
    },
  });
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  const summary = summarise(judgements, kernelDecided);
  if (values.json === true) {
    console.log(JSON.stringify({ summary: { ...summary, byFeature: Object.fromEntries(summary.byFeature) } }));
  } else {
    const listed = sortBySeverity(judgements).filter((j) => {
      if (differ !== undefined) return j.differences.includes(differ);
      if (values.wrong === true) return j.outcome === "wrong";
      return ids !== undefined ? true : j.differences.includes("false-accept") || j.differences.includes("crash");
    });
    if (values.unsupported === undefined) for (const j of listed) console.log(formatJudgement(j));
    else console.log(formatUnsupported(judgements, values.unsupported));
    if (values.slow !== undefined) {
      const slowest = [...judgements].sort((a, b) => b.ms - a.ms).slice(0, Number(values.slow));
      for (const j of slowest) console.log(`${j.ms.toFixed(0).padStart(8)} ms  ${j.id}`);
    }
    console.log(`\n${formatSummary(summary)}`);
  }
  const crashed = judgements.some((j) => j.differences.includes("crash"));
  return summary.falseAccepts.length > 0 || crashed ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error && error.message.startsWith("Unknown option") ? error.message : error);
  return 2;
});
