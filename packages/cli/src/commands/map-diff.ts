import { parseArgs } from "node:util";
import { BpfError, UnsupportedError } from "@bpf-ts/uapi";
import { compareObjects, type FieldPlace, type MapDifference, type ObjectComparison, openObject } from "libbpf-ts";

/** What the command touches of the world. A write is awaited, so that a slow reader is waited for. */
export interface MapDiffIo {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
  /** A whole file. @throws an Error with Node's `code` (`ENOENT` …), or a BpfError */
  readFile(path: string): Uint8Array;
}

/** How to call it, and what comes back. */
export const MAP_DIFF_USAGE = `Usage: bpf-ts map diff [--json] OLD.o NEW.o

Compares the maps that two versions of a BPF object declare, by name, down to the fields of keys and values.

  reusable    the new version can take over the old one's map
  migratable  it needs a map of its own, into which every entry can be converted
  breaking    neither; also a map that the new version does not have

  --json, -j  as JSON

Exit codes: 0 all maps are reusable, 1 some are not, 2 usage or broken input, 3 unsupported.
`;

const EXIT_REUSABLE = 0;
const EXIT_DIFFERENT = 1;
const EXIT_BROKEN = 2;
const EXIT_UNSUPPORTED = 3;

/**
 * `bpf-ts map diff`.
 *
 * @param args what follows `map diff`
 * @returns the exit code
 */
export async function mapDiff(args: readonly string[], io: MapDiffIo): Promise<0 | 1 | 2 | 3> {
  const fail = async (text: string, code: 2 | 3): Promise<2 | 3> => {
    await io.stderr.write(`bpf-ts map diff: ${printable(text)}\n`);
    return code;
  };
  let json: boolean;
  let files: string[];
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: {
        json: { type: "boolean", short: "j", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
      allowPositionals: true,
    });
    if (values.help) {
      await io.stdout.write(MAP_DIFF_USAGE);
      return EXIT_REUSABLE;
    }
    [json, files] = [values.json, positionals];
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return await fail(`${error.message}\n\n${MAP_DIFF_USAGE}`, EXIT_BROKEN);
  }
  const [oldFile, newFile] = files;
  if (oldFile === undefined || newFile === undefined || files.length !== 2)
    return await fail(`${files.length} files, needs 2: OLD.o and NEW.o\n\n${MAP_DIFF_USAGE}`, EXIT_BROKEN);
  try {
    const comparison = compareObjects(open(io, oldFile), open(io, newFile));
    const text = json ? `${JSON.stringify(toJson(comparison, oldFile, newFile), null, 2)}\n` : toText(comparison);
    await io.stdout.write(text);
    return comparison.verdict === "reusable" ? EXIT_REUSABLE : EXIT_DIFFERENT;
  } catch (error) {
    if (error instanceof UnsupportedError) return await fail(error.message, EXIT_UNSUPPORTED);
    if (error instanceof BpfError || isSystemError(error)) return await fail(error.message, EXIT_BROKEN);
    throw error;
  }
}

/** Opens an object; what is wrong with it is said with the file's name, the error's class kept. */
function open(io: MapDiffIo, file: string): ReturnType<typeof openObject> {
  const bytes = io.readFile(file);
  try {
    return openObject(bytes, { name: file });
  } catch (error) {
    if (error instanceof BpfError) error.message = `${file}: ${error.message}`;
    throw error;
  }
}

function isSystemError(error: unknown): error is Error {
  return error instanceof Error && "code" in error && /^E[A-Z0-9]+$/.test(String(error.code));
}

/** A place with all its members. */
function placeToJson(place: FieldPlace): object {
  const { offset, size, type, bitOffset = null, bitSize = null } = place;
  return { offset, size, type, bitOffset, bitSize };
}

function sideToJson(side: MapDifference["old"]): object | string | number | null {
  return typeof side === "object" ? placeToJson(side) : (side ?? null);
}

/** Every member is always there, in this order; what does not apply is null. */
function toJson(comparison: ObjectComparison, oldFile: string, newFile: string): object {
  const { verdict, maps, added, removed, constants } = comparison;
  return {
    old: oldFile,
    new: newFile,
    verdict,
    maps: maps.map(({ name, verdict, differences, warnings }) => ({
      name,
      verdict,
      differences: differences.map((difference) => ({
        path: difference.path,
        kind: difference.kind,
        effect: difference.effect,
        old: sideToJson(difference.old),
        new: sideToJson(difference.new),
        reason: difference.reason,
      })),
      warnings,
    })),
    added,
    removed,
    constants,
  };
}

function toText({ verdict, maps, added, removed, constants }: ObjectComparison): string {
  const lines: string[] = [];
  for (const map of maps) {
    lines.push(`${map.name}: ${map.verdict}`);
    for (const { effect, kind, path, old: was, new: is, reason } of map.differences)
      lines.push(
        `  ${effect.padEnd(10)} ${kind.padEnd(7)} ${path}: ${sideToText(was)} -> ${sideToText(is)} (${reason})`,
      );
    for (const warning of map.warnings) lines.push(`  warning: ${warning}`);
  }
  for (const name of removed) lines.push(`${name}: breaking`, "  removed: its entries have nowhere to go");
  for (const name of added) lines.push(`${name}: new, starts empty`);
  for (const name of constants) lines.push(`${name}: constants, not compared`);
  const count = (wanted: string): number => maps.filter((map) => map.verdict === wanted).length;
  lines.push(
    `${verdict}: ${count("reusable")} reusable, ${count("migratable")} migratable, ${count("breaking")} breaking, ${removed.length} removed, ${added.length} new`,
  );
  return lines.map((line) => `${printable(line, " ")}\n`).join("");
}

function sideToText(side: MapDifference["old"]): string {
  if (side === undefined) return "nothing";
  if (typeof side !== "object") return `${side}`;
  const at = side.bitSize === undefined ? `${side.offset}` : `${side.offset} bit ${side.bitOffset}`;
  const size = side.bitSize === undefined ? `${side.size} bytes` : `${side.bitSize} bits`;
  return `${side.type} at ${at}, ${size}`;
}

/** Names come from files that anybody may have written: nothing in them may steer a terminal. */
function printable(text: string, lineFeed = "\n"): string {
  return Array.from(text, (c) => {
    if (c === "\n") return lineFeed;
    const code = c.codePointAt(0) ?? 0;
    return code < 0x20 || (code >= 0x7f && code < 0xa0) ? "?" : c;
  }).join("");
}
