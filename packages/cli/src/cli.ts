import { BpfError, UnsupportedError } from "@bpf-ts/uapi";
import { Command, CommanderError } from "commander";
import { LibbpfError } from "libbpf-ts";
import manifest from "../package.json" with { type: "json" };
import { btfCommand } from "./commands/btf-dump.ts";
import { disasmCommand } from "./commands/disasm.ts";
import { mapCommand } from "./commands/map.ts";
import { runCommand } from "./commands/run.ts";
import { verifyCommand } from "./commands/verify.ts";
import { CliError } from "./error.ts";
import { EXIT_BROKEN, EXIT_OK, EXIT_REJECTED, EXIT_UNSUPPORTED, type ExitCode, type Io } from "./io.ts";

const EXIT_HELP = `
Exit codes: 0 fine, 1 refused by the verifier or the kernel, 2 usage or broken input, 3 unsupported.`;

/**
 * Runs one command line.
 *
 * @returns the exit code: 0 fine; 1 refused by the verifier or the kernel; 2 usage or broken input; 3 something that is not supported
 * @throws what is a defect of this program
 */
export async function runCli(io: Io): Promise<ExitCode> {
  let code: ExitCode = EXIT_OK;
  const exit = (value: ExitCode): void => {
    code = value;
  };
  const said: (void | Promise<void>)[] = [];
  const program = new Command("bpf-ts")
    .description("Verifies, runs, disassembles and inspects BPF objects. Needs no root and no kernel.")
    .version(manifest.version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .addHelpText("after", EXIT_HELP)
    .configureOutput({
      writeOut: (text) => said.push(io.stdout.write(text)),
      writeErr: (text) => said.push(io.stderr.write(text)),
    })
    .exitOverride();
  for (const make of [verifyCommand, runCommand, disasmCommand, btfCommand, mapCommand])
    program.addCommand(inherit(make(io, exit)));
  try {
    await program.parseAsync(io.argv, { from: "user" });
    return code;
  } catch (error) {
    await Promise.all(said);
    if (error instanceof CommanderError) {
      // Help and version that were asked for are no error; help for want of a command is.
      if (error.exitCode === 0) return EXIT_OK;
      await tellJson(io, {
        code: "USAGE",
        message: error.code === "commander.help" ? "a command is missing" : error.message.replace(/^error: /, ""),
      });
      return EXIT_BROKEN;
    }
    if (!(error instanceof BpfError)) throw error;
    await tell(io, error);
    return exitCodeOf(error);
  }

  function inherit(command: Command): Command {
    command.copyInheritedSettings(program);
    for (const child of command.commands) inherit(child);
    return command;
  }
}

async function tell(io: Io, error: BpfError): Promise<void> {
  const hint = error instanceof CliError && error.code === "USAGE" ? " (see --help)" : "";
  await io.stderr.write(`error: ${error.message}${hint}\n`);
  await tellJson(io, error);
}

/** Whoever asked for JSON finds the error there, too. */
async function tellJson(io: Io, { code, message }: { code: string; message: string }): Promise<void> {
  if (io.argv.includes("--json")) await io.stdout.write(`${JSON.stringify({ error: { code, message } })}\n`);
}

function exitCodeOf(error: BpfError): ExitCode {
  if (error instanceof UnsupportedError) return EXIT_UNSUPPORTED;
  if (error instanceof CliError) return EXIT_BROKEN;
  // Of the loader's errors, those with an errno are a kernel's; the others are about the object or its names.
  if (error instanceof LibbpfError) return error.errno === undefined ? EXIT_BROKEN : EXIT_REJECTED;
  return error.errno === undefined && error.code !== "PROGRAM_FAULT" ? EXIT_BROKEN : EXIT_REJECTED;
}
