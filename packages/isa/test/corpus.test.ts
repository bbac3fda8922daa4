/// <reference types="node" />
// The corpus of verifier logs is no part of this repository. BPF_TS_CORPUS is the absolute path of its folder.
import { createReadStream, existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createGunzip } from "node:zlib";
import { BPF_PSEUDO_FUNC, BPF_PSEUDO_KFUNC_CALL } from "@bpf-ts/uapi/pseudo";
import { describe, expect, it } from "vitest";
import { assembleKernel, decode, formatKernel, type Insn, insnProblem } from "../src/index.ts";

interface Row {
  readonly id: string;
  readonly load: { readonly insns: string };
  readonly kernel: Readonly<Record<string, { readonly log?: string | null } | undefined>>;
}

const corpus: string | undefined = process.env["BPF_TS_CORPUS"];
const file = corpus === undefined ? undefined : join(corpus, "verifier.jsonl.gz");

async function* rows(path: string): AsyncGenerator<Row> {
  const lines = createInterface({
    input: createReadStream(path).pipe(createGunzip()),
    crlfDelay: Number.POSITIVE_INFINITY,
  });
  for await (const line of lines) if (line !== "") yield JSON.parse(line) as Row;
}

/**
 * Three kinds of line: `1  12: 01........ (bf) r6 = r1` (in loop 1) before the walk, `12: (bf) r6 = r1   ; R6=ctx()` during it, and
 * `mark_precise: frame0: regs=r6 stack= before 12: (bf) r6 = r1`.
 */
const LINE = /^(?:mark_precise: .* before | *(?:\d+ +)?)(\d+): (?:[0-9.]{10} )?((?:\([0-9a-f]{2}\) |BUG_).*)$/;

/** Cuts off what the log appends: registers, behind a semicolon or behind the number of the insn that a jump went to, or a refusal. */
function instructionOf(line: string): string {
  return line.replace(/ +;(?: .*)?$/, "").replace(/ (?:\d+: (?:frame\d+: )?R\d|infinite loop detected).*$/, "");
}

function isReference(insn: Insn): boolean {
  return insn.code === 0x18 && insn.src !== 0 && insn.src !== BPF_PSEUDO_FUNC;
}

/** What differs from kernel to kernel: addresses, and names that are in its BTF. */
function normalise(text: string, insn: Insn): string {
  if (isReference(insn)) return text.replace(/0xffff[0-9a-f]{12}$/, "ADDRESS");
  if (insn.code === 0x85 && insn.src === BPF_PSEUDO_KFUNC_CALL) return text.replace(/call \w*#/, "call KFUNC#");
  return text;
}

const skipped = file === undefined ? " (skipped: BPF_TS_CORPUS does not name the corpus folder)" : "";

describe.skipIf(file === undefined)(`corpus of verifier logs${skipped}`, () => {
  it("every instruction's text is the kernel's, letter by letter", async () => {
    expect(existsSync(file!), `${file} exists`).toBe(true);
    const counts: Record<string, number> = { level1: 0, level2: 0, capBpfOnly: 0 };
    const wrong: string[] = [];
    for await (const row of rows(file!)) {
      const insns = decode(Buffer.from(row.load.insns, "hex"));
      for (const level of Object.keys(counts)) {
        const log = row.kernel[level]?.log;
        if (typeof log !== "string") continue;
        for (const line of log.split("\n")) {
          const found = LINE.exec(line);
          if (found === null) continue;
          const i = Number(found[1]);
          const insn = insns[i];
          const text = instructionOf(found[2]!);
          counts[level]!++;
          if (insn === undefined) {
            wrong.push(`${row.id} ${level}: ${line}: no such insn`);
            continue;
          }
          const hidePointers = level === "capBpfOnly";
          const ours = formatKernel(insns, i, {
            hidePointers,
            callName: (call) => (call.src === BPF_PSEUDO_KFUNC_CALL ? "KFUNC" : undefined),
            imm64: (ld) => (isReference(ld) && !hidePointers ? "ADDRESS" : undefined),
          });
          if (ours !== normalise(text, insn)) wrong.push(`${row.id} ${level} ${i}: "${text}", ours "${ours}"`);
        }
      }
    }
    console.log(`isa: kernel log lines reproduced: ${JSON.stringify(counts)}, wrong: ${wrong.length}`);
    expect(wrong.slice(0, 20)).toEqual([]);
    expect(counts["level2"]).toBeGreaterThan(1_000);
  });

  it("the listing of a whole program assembles to the program", async () => {
    let programs = 0;
    let slots = 0;
    let malformed = 0;
    const wrong: string[] = [];
    for await (const row of rows(file!)) {
      const log = row.kernel["level2"]?.log;
      if (typeof log !== "string") continue;
      const listing = /^Live regs before insn:\n((?: *(?:\d+ +)?\d+: [0-9.]{10} .*\n)+)/m.exec(log)?.[1];
      if (listing === undefined) continue;
      const insns = decode(Buffer.from(row.load.insns, "hex"));
      const got = assembleKernel(listing);
      programs++;
      slots += got.length;
      // Logs don't show what an address came from, nor which BTF a kernel function is of.
      const comparable = (list: readonly Insn[]): Insn[] =>
        list.map((insn, i) => {
          const original = insns[i]!;
          const reference = original.code === 0x18 && original.src !== 0;
          const second = i > 0 && insns[i - 1]!.code === 0x18 && insns[i - 1]!.src !== 0;
          if (reference || second) return { ...insn, src: 0, imm: 0 };
          return insn.code === 0x85 && insn.src === BPF_PSEUDO_KFUNC_CALL ? { ...insn, off: 0 } : insn;
        });
      // Nor fields that must be zero and are not: those programs are about them.
      const second = (i: number): boolean => i > 0 && insns[i - 1]!.code === 0x18;
      if (insns.some((_, i) => !second(i) && /reserved|call with src/.test(insnProblem(insns, i) ?? ""))) {
        malformed++;
        continue;
      }
      if (JSON.stringify(comparable(got)) !== JSON.stringify(comparable(insns))) {
        wrong.push(row.id);
      }
    }
    console.log(
      `isa: listings assembled: ${programs} programs, ${slots} slots, wrong: ${wrong.length}; not compared, as they fill fields that listings do not show: ${malformed}`,
    );
    expect(wrong).toEqual([]);
    expect(programs - malformed).toBeGreaterThan(100);
  });
});
