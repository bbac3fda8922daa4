/// <reference types="node" />
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** One BPF_PROG_LOAD for the running kernel. */
export interface LoadRequest {
  /** Hex of the instructions, 16 digits each. */
  insns: string;
  prog_type?: number;
  flags?: number;
  log_level?: number;
  license?: string;
  attach_type?: number;
  attach_btf_id?: number;
  /** Hex of the program's and the maps' BTF. */
  btf?: string;
  /** Hex of the records. */
  func_info?: string;
  /** By the fd that instructions name. */
  maps?: Record<string, LoadMap>;
}

/** A map made for a program. */
export interface LoadMap {
  name: string;
  type: number;
  key: number;
  value: number;
  entries: number;
  flags: number;
  key_type?: number;
  value_type?: number;
  /** Hex of the first value; the map is frozen. */
  frozen?: string;
}

/** What it answered: a positive errno (0 if it accepted) and the verifier's log. */
export interface LoadAnswer {
  errno: number;
  log: string;
}

/** Loads programs into the running kernel, which keeps none of them. Throws if python3 cannot be run. */
export function loadPrograms(requests: readonly LoadRequest[]): LoadAnswer[] {
  const script = fileURLToPath(new URL("./prog_load.py", import.meta.url));
  const result = spawnSync("python3", [script], {
    input: requests.map((r) => `${JSON.stringify(r)}\n`).join(""),
    encoding: "utf8",
    maxBuffer: 1 << 30,
  });
  if (result.status !== 0) throw new Error(`python3 ${script}: ${result.error?.message ?? result.stderr}`);
  const lines = result.stdout.split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as LoadAnswer);
}

/** `r0 = 0; exit`. */
const TRIVIAL = "b7000000000000009500000000000000";

/** Why the running kernel cannot be asked, undefined if it can. */
export function kernelUnavailable(): string | undefined {
  if (process.platform !== "linux") return "not Linux";
  let answer: LoadAnswer | undefined;
  try {
    [answer] = loadPrograms([{ insns: TRIVIAL }]);
  } catch (e) {
    return `python3 or bpf(2) is missing: ${(e as Error).message.split("\n")[0]}`;
  }
  if (answer === undefined || answer.errno !== 0) return `bpf(2) answers errno ${answer?.errno}`;
  if (!answer.log.includes("processed 2 insns")) return "the kernel writes no log";
  return undefined;
}

/** Release of the running kernel, `6.18`; the domain is written after that one. */
export function kernelRelease(): string {
  const result = spawnSync("uname", ["-r"], { encoding: "utf8" });
  return /^\d+\.\d+/.exec(result.stdout ?? "")?.[0] ?? "";
}
