import { BpfError } from "@bpf-ts/uapi";
import { errnoName } from "@bpf-ts/uapi/errno-names";

/** What the running kernel answered. `errno` is always set, `code` is its name. */
export class LinuxError extends BpfError {
  override readonly name: string = "LinuxError";
  declare readonly errno: number;
  /** The verifier's or BTF's log, '' where the command has none or it was not asked for. */
  readonly log: string;

  constructor(errno: number, command: string, log = "") {
    const last = log
      .trimEnd()
      .split("\n")
      .filter((line) => !/^(processed \d|verification time |stack depth )/.test(line))
      .at(-1);
    super(`${command}: ${errnoName(errno)}${last === undefined || last === "" ? "" : `: ${last}`}`, {
      errno,
      code: errnoName(errno),
    });
    this.log = log;
  }
}
