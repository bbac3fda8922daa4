import { commandName } from "@bpf-ts/uapi/names";
import { Attr } from "./attr.ts";
import { LinuxError } from "./error.ts";
import type { Syscalls } from "./syscall.ts";

/** bpf(2): attributes to fill in, and the call. */
export class BpfCall {
  readonly syscalls: Syscalls;

  constructor(syscalls: Syscalls) {
    this.syscalls = syscalls;
  }

  attr(): Attr {
    return new Attr(this.syscalls);
  }

  /** @throws LinuxError */
  run(cmd: number, attr: Attr, log?: Uint8Array): number {
    const result = this.syscalls.bpf(cmd, attr.bytes);
    if (result < 0) throw new LinuxError(-result, commandName(cmd), { log: log === undefined ? "" : cString(log) });
    return result;
  }

  /** As {@link BpfCall.run}, but answers a negative errno. */
  try(cmd: number, attr: Attr): number {
    return this.syscalls.bpf(cmd, attr.bytes);
  }
}

/** The text up to the first NUL. */
export function cString(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}
