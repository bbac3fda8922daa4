/// <reference types="node" />
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** A program for the running kernel; see oracle.py. */
export interface OracleRequest {
  readonly insns: string;
  readonly type: number;
  readonly data?: string;
  readonly maps?: readonly {
    type: number;
    key: number;
    value: number;
    max: number;
    flags?: number;
    init?: string;
    frozen?: boolean;
  }[];
  readonly flags?: number;
  readonly log?: number;
}

export type OracleAnswer =
  | { readonly retval: number; readonly values: readonly (string | null)[]; readonly out: string }
  | { readonly errno: number; readonly what: string; readonly log: string };

const SCRIPT = fileURLToPath(new URL("oracle.py", import.meta.url));

/** Asks the running kernel. @returns its answers, or why it can't be asked. */
export function askKernel(requests: readonly OracleRequest[]): OracleAnswer[] | string {
  const { status, stdout, stderr, error } = spawnSync("python3", [SCRIPT], {
    input: requests.map((request) => `${JSON.stringify(request)}\n`).join(""),
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  if (error !== undefined) return `python3: ${error.message}`;
  if (status === 77) return stderr.trim();
  if (status !== 0) throw new Error(`oracle.py: ${stderr}`);
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as OracleAnswer);
}
