import { Command } from "commander";
import type { ExitCode, Io } from "../io.ts";
import { MAP_DIFF_USAGE, mapDiff } from "./map-diff.ts";

/** `bpf-ts map …`: what concerns maps. Its one command reads its own arguments, which is why commander hands them on untouched. */
export function mapCommand(io: Io, exit: (code: ExitCode) => void): Command {
  const diff = new Command("diff")
    .summary("what the maps of two versions of an object have in common")
    .allowUnknownOption()
    .allowExcessArguments()
    .argument("[args...]", "OLD.o NEW.o, --json")
    .action(async (_args: string[], _options: unknown, command: Command) => {
      exit(await mapDiff(command.args, io));
    });
  diff.helpInformation = () => MAP_DIFF_USAGE;
  return new Command("map").summary("maps of objects").description("Commands about maps.").addCommand(diff);
}
