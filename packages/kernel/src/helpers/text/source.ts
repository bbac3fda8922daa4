import type { Run } from "@bpf-ts/vm";
import type { HelperEnv } from "../env.ts";
import type { TextSource } from "./prepare.ts";
import type { SymbolName } from "./render.ts";

/** What the pointers of a running program lead to. */
export class RunText implements TextSource {
  readonly #run: Run;
  readonly #symbolName: SymbolName;

  constructor(run: Run, symbolName: SymbolName) {
    this.#run = run;
    this.#symbolName = symbolName;
  }

  read(address: bigint, size: number): Uint8Array | undefined {
    const at = Number(address);
    if (at > 0xffff_ffff || !this.#run.accessible(at, size)) return undefined;
    return this.#run.memory.u8.slice(at, at + size);
  }

  readString(address: bigint, room: number): Uint8Array | undefined {
    const start = Number(address);
    if (start > 0xffff_ffff) return undefined;
    const { memory } = this.#run;
    const end = start + room - 1;
    let known = start;
    for (let at = start; at < end; at++) {
      if (at >= known) {
        if (!this.#run.accessible(at, 1)) return undefined;
        known = memory.hitEnd;
      }
      if (memory.u8[at] === 0) return memory.u8.slice(start, at);
    }
    return memory.u8.slice(start, end);
  }

  symbol(address: bigint): string {
    return this.#symbolName(address, true) ?? `0x${address.toString(16)}`;
  }
}

/** The symbols of a kernel; none where it has none. */
export function symbolsOf(k: HelperEnv): SymbolName {
  return (address, offset) => k.symbol?.(address, offset);
}
