import { E2BIG, EINVAL } from "@bpf-ts/uapi/errno";
import { BtfError } from "../error.ts";

/** A relocation that libbpf refuses. */
export function coreError(message: string, errno: number = EINVAL): BtfError {
  return new BtfError("BTF_CORE", message, { errno });
}

/** Steps of one search, so that hostile types end it: far more than real ones need. */
export class Budget {
  #left = 1_000_000;

  /** @throws BtfError BTF_CORE with E2BIG */
  step(): void {
    if (--this.#left < 0) throw coreError("types are too deeply nested to be compared", E2BIG);
  }
}
