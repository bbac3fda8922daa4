/// <reference types="node" />
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { Btf, BtfBuilder } from "@bpf-ts/btf";
import { assembleKernel, encode } from "@bpf-ts/isa";
import * as types from "@bpf-ts/uapi/map-types";
import { defaultProfile, type Verdict, type VerifierMap, verify } from "../../src/index.ts";
import { type LoadMap, type LoadRequest, loadPrograms } from "../kernel/prog-load.ts";

/** A program and what Linux 6.18 logs about it at level 2. */
export interface LogCase {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly code: string;
  /** `accept` or `reject ERRNO`, and the log; '' before it was recorded. */
  readonly answer: string;
}

const FOLDER = new URL("./cases/", import.meta.url);
const LOG = "---\n";
/** Everything, and the statistics. */
const LEVEL = 2 | 4;

/** Names of the files of cases, without `.txt`. */
export const TOPICS: readonly string[] = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".txt"))
  .map((name) => name.slice(0, -4));

/** Reads a file of cases: `== name`, lines `type N` and `flags N`, the program, `---`, Linux's answer. */
export function readCases(topic: string): LogCase[] {
  const text = readFileSync(new URL(`${topic}.txt`, FOLDER), "utf8");
  return text
    .split(/^== /m)
    .slice(1)
    .map((part) => {
      const [head, answer = ""] = part.split(LOG);
      const lines = head!.split("\n");
      const number = (key: string): number =>
        Number(lines.find((line) => line.startsWith(`${key} `))?.slice(key.length) ?? 0);
      const code = lines.slice(1).filter((line) => !/^(?:type|flags) \d/.test(line));
      return { name: lines[0]!, type: number("type"), flags: number("flags"), code: code.join("\n"), answer };
    });
}

/** Writes a file of cases with new answers. */
export function writeCases(topic: string, cases: readonly LogCase[], answers: readonly string[]): void {
  const text = cases.map((c, i) => {
    const flags = c.flags === 0 ? "" : `flags ${c.flags}\n`;
    return `== ${c.name}\ntype ${c.type}\n${flags}${c.code.trimEnd()}\n${LOG}${answers[i]}`;
  });
  writeFileSync(new URL(`${topic}.txt`, FOLDER), text.join(""));
}

/** Maps by the fd that the cases name them with. */
const MAPS: Readonly<Record<string, LoadMap>> = {
  10: { name: "array", type: types.BPF_MAP_TYPE_ARRAY, key: 4, value: 16, entries: 2, flags: 0 },
  11: { name: "hash", type: types.BPF_MAP_TYPE_HASH, key: 4, value: 16, entries: 2, flags: 0 },
  12: { name: "progs", type: types.BPF_MAP_TYPE_PROG_ARRAY, key: 4, value: 4, entries: 2, flags: 0 },
};

/** Makes answers comparable: addresses of maps and times differ from run to run. */
function answerText(verdict: string, log: string): string {
  const steady = log
    .replace(/^(.*\(18\) r\d+ = )0x[0-9a-f]{9,}(?: *(;))?/gm, "$1<address> $2")
    .replace(/verification time \d+ usec/, "verification time N usec")
    .replace(/ +$/gm, "");
  return `${verdict}\n${steady}`;
}

/** What this verifier answers, as text. */
export function ourAnswer(c: LogCase): string {
  const verdict = ourVerdict(c, LEVEL);
  switch (verdict.kind) {
    case "accept":
      return answerText("accept", verdict.log);
    case "reject":
      return answerText(`reject ${verdict.errno}`, verdict.log);
    case "unsupported":
      return answerText(`unsupported ${verdict.feature}`, verdict.log);
    default:
      return verdict satisfies never;
  }
}

/** This verifier's verdict. */
export function ourVerdict(c: LogCase, logLevel: number, logSize?: number): Verdict {
  const maps = new Map<number, VerifierMap>(
    Object.entries(MAPS).map(([fd, m]) => [
      Number(fd),
      {
        def: {
          type: m.type,
          name: m.name,
          keySize: m.key,
          valueSize: m.value,
          maxEntries: m.entries,
          mapFlags: m.flags,
        },
        id: Number(fd),
        handle: 0x1_0000_0000 + Number(fd),
        name: m.name,
        frozen: false,
      },
    ]),
  );
  return verify(
    {
      progType: c.type,
      expectedAttachType: 0,
      progFlags: c.flags,
      license: "GPL",
      name: "case",
      insns: encode(assembleKernel(c.code)),
      mapByFd: (fd) => maps.get(fd) ?? 9,
      logLevel,
      ...(logSize === undefined ? {} : { logSize }),
    },
    defaultProfile(Btf.parse(new BtfBuilder().encode())),
  );
}

/** What the running kernel answers. */
export function kernelAnswers(cases: readonly LogCase[]): string[] {
  const requests = cases.map(
    (c): LoadRequest => ({
      insns: Buffer.from(encode(assembleKernel(c.code))).toString("hex"),
      prog_type: c.type,
      flags: c.flags,
      log_level: LEVEL,
      license: "GPL",
      maps: MAPS,
    }),
  );
  return loadPrograms(requests).map(({ errno, log }) => answerText(errno === 0 ? "accept" : `reject ${errno}`, log));
}
