import { BpfError, type BpfErrorOptions } from "@bpf-ts/uapi";
import { errnoName } from "@bpf-ts/uapi/errno-names";

/** What the running kernel answered. `errno` is always set, `code` is its name. */
export class LinuxError extends BpfError {
  override readonly name: string = "LinuxError";
  declare readonly errno: number;
  /** The verifier's or BTF's log, '' where the command has none or it was not asked for. */
  readonly log: string;

  /** @param what the command, or the command and what is wrong with it */
  constructor(errno: number, what: string, options: Pick<BpfErrorOptions, "details"> & { log?: string } = {}) {
    const { log = "", ...rest } = options;
    const last = log
      .trimEnd()
      .split("\n")
      .filter((line) => !/^(processed \d|verification time |stack depth )/.test(line))
      .at(-1);
    super(`${what}: ${errnoName(errno)}${last === undefined || last === "" ? "" : `: ${last}`}`, {
      errno,
      code: errnoName(errno),
      ...rest,
    });
    this.log = log;
  }
}
