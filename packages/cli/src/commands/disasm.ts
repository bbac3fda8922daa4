import { Command, Option } from "commander";
import { CliError } from "../error.ts";
import { EXIT_OK, type ExitCode, type Io } from "../io.ts";
import { toJson } from "../json.ts";
import { type Listing, listFunctions } from "../object/listing.ts";
import { readObject } from "../object/open.ts";
import { repeatable } from "../options.ts";

interface DisasmFlags {
  function?: string[];
  syntax: "kernel" | "llvm";
  opcodes?: true;
  source: boolean;
  json?: true;
}

/** `bpf-ts disasm OBJ`. */
export function disasmCommand(io: Io, exit: (code: ExitCode) => void): Command {
  return new Command("disasm")
    .summary("the instructions of an object")
    .description("Prints the instructions of an object's programs and subprograms, with names for what they refer to.")
    .argument("<OBJ>", "a BPF object file")
    .option("-p, --function <NAME>", "only this program or subprogram; repeatable", repeatable)
    .addOption(
      new Option("--syntax <SYNTAX>", "of the verifier's log and bpftool, or of llvm-objdump")
        .choices(["kernel", "llvm"])
        .default("kernel"),
    )
    .option("--opcodes", "print the bytes of each instruction")
    .option("--no-source", "leave out lines of source that the object's BTF holds")
    .option("--json", "a JSON array of functions")
    .action(async (object: string, flags: DisasmFlags) => {
      exit(await disasm(io, object, flags));
    });
}

async function disasm(io: Io, path: string, flags: DisasmFlags): Promise<ExitCode> {
  const spec = readObject(io, path);
  const functions = [...spec.functions.values()];
  for (const name of flags.function ?? [])
    if (!spec.functions.has(name))
      throw new CliError(
        "USAGE",
        `${path} has no function "${name}": there are ${functions.map((fn) => fn.name).join(", ")}`,
      );
  const wanted = functions.filter(({ name }) => flags.function?.includes(name) ?? true);
  const listings = listFunctions(wanted, spec.btf, flags.syntax);
  if (flags.json !== undefined) await io.stdout.write(`${toJson(listings, 2)}\n`);
  else for (const listing of listings) await io.stdout.write(text(listing, flags));
  return EXIT_OK;
}

function text({ name, section, insns }: Listing, flags: DisasmFlags): string {
  const lines = [`${section}: ${name}\n`];
  for (const { slot, text: insn, bytes, source, reference } of insns) {
    if (flags.source && source !== undefined && source.text !== "") lines.push(`; ${source.text.trim()}\n`);
    const note = reference?.kind === "extern" ? `\t; extern ${reference.name}` : "";
    lines.push(`${String(slot).padStart(4)}: ${insn}${note}\n`);
    if (flags.opcodes !== undefined) lines.push(`       ${(bytes.match(/../g) ?? []).join(" ")}\n`);
  }
  return `${lines.join("")}\n`;
}
