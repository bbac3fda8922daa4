import { E2BIG } from "@bpf-ts/uapi/errno";
import { BtfError } from "../error.ts";
import type { KernelTypes } from "../special-fields/record.ts";
import { checkHeader, checkStrings } from "./header.ts";
import { Input } from "./input.ts";
import { Log } from "./log.ts";
import { checkRecords } from "./records.ts";
import { Rejection } from "./rejection.ts";
import { Resolver } from "./resolver.ts";
import { checkSpecialFields } from "./special-fields.ts";
import { checkTypeTags } from "./type-tags.ts";

/** Options of {@link validateBtf}. */
export interface ValidateOptions {
  /** Write the whole log, a line for each type, as the kernel does at any log level but 0. Default false: only what a refusal says. */
  verbose?: boolean;
  /** The types of the kernel that judges, for pointers in maps (`kptr`). Without it every struct counts as the program's own. */
  kernel?: KernelTypes;
}

/** What the kernel says to a piece of BTF. */
export type BtfVerdict =
  | { ok: true; log: string }
  | {
      ok: false;
      /** Positive. */
      errno: number;
      /** The line of the log that says why; empty where the kernel refuses without a word. */
      message: string;
      log: string;
    };

/** BTF_MAX_SIZE. */
const MAX_SIZE = 16 * 1024 * 1024;

/**
 * Judges BTF as `BTF_LOAD` of Linux 6.18 on x86-64 does: the same verdict, errno and log. The kernel takes BTF without a base in the
 * machine's own, little-endian byte order.
 *
 * @see v6.18 kernel/bpf/btf.c, btf_parse
 */
export function validateBtf(bytes: Uint8Array, options: ValidateOptions = {}): BtfVerdict {
  const input = new Input(bytes);
  const log = new Log(input, options.verbose === true);
  try {
    if (bytes.length > MAX_SIZE) throw new Rejection(E2BIG);
    const header = checkHeader(input, log);
    checkStrings(input, header, log);
    checkRecords(input, header, log);
    new Resolver(input, log).run();
    checkTypeTags(input, log);
    checkSpecialFields(input, options.kernel);
    return { ok: true, log: log.text };
  } catch (error) {
    // Strings that share their bytes to an extent that no writer makes them: what they say is not looked at, so nothing is accepted.
    if (error instanceof BtfError && error.code === "BTF_LIMIT")
      return { ok: false, errno: E2BIG, message: "", log: log.text };
    if (!(error instanceof Rejection)) throw error;
    const text = log.text;
    return { ok: false, errno: error.errno, message: log.hasReason ? lastLine(text) : "", log: text };
  }
}

function lastLine(text: string): string {
  const end = text.endsWith("\n") ? text.length - 1 : text.length;
  return text.slice(text.lastIndexOf("\n", end - 1) + 1, end);
}
