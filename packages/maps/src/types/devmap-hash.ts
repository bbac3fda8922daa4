import type { MapDef } from "@bpf-ts/uapi";
import { E2BIG, EEXIST, EINVAL, ENOENT, ENOMEM } from "@bpf-ts/uapi/errno";
import { BPF_F_RDONLY_PROG, BPF_NOEXIST } from "@bpf-ts/uapi/map-flags";
import type { CreateOptions } from "../create.ts";
import { Chains, plainChains } from "../hash/chains.ts";
import { roundUpToPowerOfTwo } from "../hash/check.ts";
import { Elements } from "../hash/elements.ts";
import { unknownUpdateFlags } from "../hash/hash-map.ts";
import { makeMap } from "../make.ts";
import type { MapTable } from "../map-table.ts";
import type { OwnMemory } from "../own-memory.ts";
import { checkDevices, deviceProgram } from "../redirect/devices.ts";
import { RedirectMap } from "../redirect/targets.ts";
import type { MapType } from "./map-type.ts";

const KEY = 8;
const VALUE = 16;

/**
 * `BPF_MAP_TYPE_DEVMAP_HASH`: network devices by any number.
 *
 * @see v6.18 kernel/bpf/devmap.c, dev_map_hash_ops
 */
export class DevMapHash extends RedirectMap {
  readonly #chains: Chains;
  readonly #elements: Elements;
  #count = 0;

  constructor(table: MapTable, own: OwnMemory, def: MapDef, options: CreateOptions) {
    super(table, own, { ...def, mapFlags: def.mapFlags | BPF_F_RDONLY_PROG }, options);
    this.#chains = new Chains(
      this,
      table.code.chains(plainChains(4, "number")),
      roundUpToPowerOfTwo(def.maxEntries),
      0,
    );
    const parts = [{ offset: VALUE, size: def.valueSize, writable: false, label: `${this.label} value` }];
    this.#elements = new Elements(
      this,
      table.code.elements(),
      { stride: VALUE + 8, parts, label: `${this.label} elements` },
      0,
    );
  }

  get elementCount(): number {
    return this.#count;
  }

  #find(key: number): number {
    return this.#chains.find(key, this.#chains.hash(key));
  }

  lookup(key: number, _cpu: number): number {
    const element = this.#find(key);
    return element === 0 ? 0 : element + VALUE;
  }

  update(key: number, value: number, flags: number, _cpu: number): number {
    const ifindex = this.memory.getU32(value);
    if (unknownUpdateFlags(flags, false) !== 0 || ifindex === 0) return -EINVAL;
    const chains = this.#chains;
    const hash = chains.hash(key);
    const old = chains.find(key, hash);
    const { previous } = chains;
    if (old !== 0 && (flags & BPF_NOEXIST) !== 0) return -EEXIST;
    const program = deviceProgram(this, ifindex, this.programFd(value));
    if (typeof program === "number") return program;
    const giveBack = (error: number): number => {
      if (program !== undefined) this.table.hooks.putValue?.(this, program);
      return error;
    };
    if (old === 0 && this.#count >= this.def.maxEntries) return giveBack(-E2BIG);
    const element = this.#elements.take();
    if (element === 0) return giveBack(-ENOMEM);
    this.memory.copy(element + KEY, key, 4);
    this.setTarget(element + VALUE, ifindex, program);
    if (old === 0) {
      chains.insert(element, hash);
      this.#count++;
    } else {
      chains.replace(element, hash, old, previous);
      this.#release(old);
    }
    return 0;
  }

  #release(element: number): void {
    this.dropProgram(element + VALUE);
    this.#elements.release(element);
  }

  delete(key: number): number {
    const element = this.#find(key);
    if (element === 0) return -ENOENT;
    this.#chains.remove(element, this.#chains.previous);
    this.#count--;
    this.#release(element);
    return 0;
  }

  protected copyOut(key: number, value: number): number {
    const element = this.#find(key);
    if (element === 0) return -ENOENT;
    this.memory.copy(value, element + VALUE, this.def.valueSize);
    return 0;
  }

  getNextKey(key: number, next: number): number {
    const element = this.#chains.after(key);
    if (element === 0) return -ENOENT;
    this.memory.copy(next, element + KEY, 4);
    return 0;
  }

  protected override releaseElements(): void {
    super.releaseElements();
    this.#elements.close();
  }
}

/** `BPF_MAP_TYPE_DEVMAP_HASH`. */
export const devMapHashType: MapType = {
  check: (def) => checkDevices(def) || (def.maxEntries > 2 ** 31 ? -EINVAL : 0),
  create: (table, def, options) => makeMap(table, (own) => new DevMapHash(table, own, def, options)),
};
