import type { MapDef } from "@bpf-ts/uapi";
import { EBADF } from "@bpf-ts/uapi/errno";
import { BaseMap } from "../base-map.ts";
import type { CreateOptions } from "../create.ts";
import type { FdValue } from "../map.ts";
import type { MapTable } from "../map-table.ts";
import type { OwnMemory } from "../own-memory.ts";

/** From one value to the next, bytes: {number; program id}. */
export const TARGET_STRIDE = 8;

/**
 * What maps of redirect targets share: values of 4 bytes (a number) or 8 (a number and an XDP program: an fd when written, its id when read),
 * read-only for programs.
 */
export abstract class RedirectMap extends BaseMap {
  /** By value's address: the program of an element. */
  readonly #programs: Map<number, FdValue> = new Map();

  constructor(table: MapTable, own: OwnMemory, def: MapDef, options: CreateOptions) {
    super(table, own, def, options);
  }

  /** The program of the element whose value is at this address. */
  programAt(value: number): FdValue | undefined {
    return this.#programs.get(value);
  }

  /** The program fd that a value names; 0 for none. */
  protected programFd(value: number): number {
    return this.def.valueSize === 8 ? this.memory.getI32(value + 4) : 0;
  }

  protected acquireProgram(fd: number): FdValue | number {
    return this.table.hooks.getProgram?.(this, fd) ?? -EBADF;
  }

  /** Writes an element's value. */
  protected setTarget(target: number, number: number, program: FdValue | undefined): void {
    this.memory.setU32(target, number);
    if (this.def.valueSize === 8) this.memory.setU32(target + 4, program === undefined ? 0 : Number(program.id));
    if (program !== undefined) this.#programs.set(target, program);
  }

  /** Drops an element's program. */
  protected dropProgram(target: number): void {
    const program = this.#programs.get(target);
    this.#programs.delete(target);
    if (program !== undefined) this.table.hooks.putValue?.(this, program);
  }

  protected override releaseElements(): void {
    for (const target of [...this.#programs.keys()]) this.dropProgram(target);
  }
}
