import { Btf, BtfError, formatRawDump, rawRecords, renderC } from "@bpf-ts/btf";
import { Command, Option } from "commander";
import { readElf } from "libbpf-ts/elf";
import { parseBtf } from "../batch/type-directory.ts";
import { CliError } from "../error.ts";
import { readInput } from "../files.ts";
import { EXIT_OK, type ExitCode, type Io } from "../io.ts";
import { toJson } from "../json.ts";
import { saying } from "../object/open.ts";

const FORMATS = ["raw", "c"] as const;
type Format = (typeof FORMATS)[number];

interface DumpFlags {
  format: Format;
  base?: string;
  json?: true;
}

/** `bpf-ts btf dump OBJ`. */
export function btfCommand(io: Io, exit: (code: ExitCode) => void): Command {
  const dump = new Command("dump")
    .summary("types of an object, or of a file of BTF")
    .description("Prints types as bpftool btf dump does: record by record, or as a C header.")
    .argument("<OBJ>", "a BPF object file, or BTF alone (also packed by gzip)")
    .argument("[WORDS...]", "format raw | format c, as bpftool takes it")
    .addOption(new Option("--format <FORMAT>", "raw or c").choices(FORMATS).default("raw"))
    .option("-B, --base-btf <FILE>", "what split BTF builds on")
    .option("--json", "records as bpftool -j prints them (raw only)")
    .action(async (object: string, words: string[], flags: DumpFlags & { baseBtf?: string }) => {
      exit(await dumpTypes(io, object, words, flags));
    });
  return new Command("btf").summary("type information").description("Commands about BTF.").addCommand(dump);
}

async function dumpTypes(
  io: Io,
  path: string,
  words: readonly string[],
  flags: DumpFlags & { baseBtf?: string },
): Promise<ExitCode> {
  const format = words.length === 0 ? flags.format : formatOf(words);
  const base = flags.baseBtf === undefined ? undefined : parseBtf(readInput(io, flags.baseBtf), flags.baseBtf);
  const btf = readTypes(io, path, base);
  if (format === "c") {
    if (flags.json !== undefined) throw new CliError("USAGE", "--json prints records: it does not go with format c");
    await io.stdout.write(renderC(btf));
  } else if (flags.json !== undefined) {
    await io.stdout.write(`${toJson({ types: rawRecords(btf) })}\n`);
  } else {
    await io.stdout.write(formatRawDump(btf));
  }
  return EXIT_OK;
}

function formatOf(words: readonly string[]): Format {
  const [word, name, ...rest] = words;
  const format = FORMATS.find((one) => one === name);
  if (word !== "format" || format === undefined || rest.length > 0)
    throw new CliError("USAGE", `expected format raw or format c, got ${words.join(" ")}`);
  return format;
}

/** BTF as it is in the file: what loaders fill in is not filled in. */
function readTypes(io: Io, path: string, base: Btf | undefined): Btf {
  const file = readInput(io, path);
  const isElf = file[0] === 0x7f && file[1] === 0x45 && file[2] === 0x4c && file[3] === 0x46;
  const bytes = isElf ? saying(path, () => readElf(file).section(".BTF")?.data) : file;
  if (bytes === undefined) throw new CliError("INPUT", `${path} has no section .BTF (compile with -g)`);
  try {
    return Btf.parse(bytes, base === undefined ? {} : { base });
  } catch (cause) {
    if (!(cause instanceof BtfError)) throw cause;
    throw new CliError("INPUT", `${path}: ${cause.message}`, { cause });
  }
}
