import type { MapDef } from "@bpf-ts/uapi";
import { EEXIST, EINVAL, ENOENT, ENOMEM, ENOSPC } from "@bpf-ts/uapi/errno";
import {
  BPF_EXIST,
  BPF_F_NO_PREALLOC,
  BPF_F_NUMA_NODE,
  BPF_F_RDONLY_PROG,
  BPF_F_WRONLY_PROG,
  BPF_NOEXIST,
} from "@bpf-ts/uapi/map-flags";
import { BaseMap, type BatchSupport } from "../base-map.ts";
import type { CreateOptions } from "../create.ts";
import { ACCESS_FLAGS, accessFlagsOk, KMALLOC_MAX_SIZE, round8 } from "../hash/check.ts";
import { Elements } from "../hash/elements.ts";
import { unknownUpdateFlags } from "../hash/hash-map.ts";
import { makeMap } from "../make.ts";
import type { MapTable } from "../map-table.ts";
import type { OwnMemory } from "../own-memory.ts";
import type { MapType } from "./map-type.ts";

// Words of a node; 0 and 4 belong to `Elements`.
const CHILD0 = 8;
const CHILD1 = 12;
const PREFIX = 16;
const INTERMEDIATE = 20;
/** The bits of the key, in network order. */
const DATA = 24;

const DATA_MAX = 256;
/** `sizeof(struct lpm_trie_node)`, bytes. */
const KERNEL_NODE = 24;

/**
 * `BPF_MAP_TYPE_LPM_TRIE`: a look-up finds the longest prefix that is in the map. A key is {u32 prefix length in bits; data}.
 *
 * A binary trie whose nodes are as long as they can be: a node's children continue its prefix with a 0 and a 1 bit. Where two keys part below no
 * key of the map, an *intermediate* node without a value stands; it always has two children. An update of a key that is there puts a new node
 * into the old one's place.
 *
 * @see v6.18 kernel/bpf/lpm_trie.c
 */
export class LpmTrieMap extends BaseMap {
  readonly #nodes: Elements;
  readonly #dataSize: number;
  readonly #maxPrefix: number;
  readonly #valueOffset: number;
  /** Holds the root's address, as a node's child word does: what a walk starts from. */
  readonly #root: number;
  #count = 0;

  constructor(table: MapTable, own: OwnMemory, def: MapDef, options: CreateOptions) {
    super(table, own, def, options);
    const { keySize, valueSize, mapFlags } = this.def;
    this.#dataSize = keySize - 4;
    this.#maxPrefix = this.#dataSize * 8;
    this.#valueOffset = DATA + round8(this.#dataSize);
    this.#root = own.reserve(8, `${this.label} root`);
    const value = {
      offset: this.#valueOffset,
      size: valueSize,
      writable: (mapFlags & BPF_F_RDONLY_PROG) === 0,
      label: `${this.label} value`,
    };
    const parts = (mapFlags & BPF_F_WRONLY_PROG) === 0 ? [value] : [];
    const stride = this.#valueOffset + round8(valueSize);
    this.#nodes = new Elements(this, table.code.elements(), { stride, parts, label: `${this.label} nodes` }, 0);
  }

  get elementCount(): number {
    return this.#count;
  }

  #word(address: number): number {
    return this.memory.u32[address >>> 2]!;
  }

  #setWord(address: number, word: number): void {
    this.memory.u32[address >>> 2] = word;
  }

  #isIntermediate(node: number): boolean {
    return this.#word(node + INTERMEDIATE) !== 0;
  }

  /** The address of the child word that a key takes below a node: by the bit after the node's prefix. */
  #slotBelow(node: number, data: number): number {
    return node + (this.#bit(data, this.#word(node + PREFIX)) === 0 ? CHILD0 : CHILD1);
  }

  /** Bit `index` of the data at `data`, the highest bit of the first byte being 0. */
  #bit(data: number, index: number): number {
    return (this.memory.u8[(data >>> 0) + (index >>> 3)]! >> (7 - (index & 7))) & 1;
  }

  /** How many leading bits a node and a key have in common, no more than either's prefix. */
  #match(node: number, data: number, prefix: number): number {
    const limit = Math.min(this.#word(node + PREFIX), prefix);
    const { u8 } = this.memory;
    const start = data >>> 0;
    let bits = 0;
    for (let i = 0; bits < limit; i++, bits += 8) {
      const different = u8[node + DATA + i]! ^ u8[start + i]!;
      if (different !== 0) return Math.min(limit, bits + Math.clz32(different) - 24);
    }
    return limit;
  }

  #prefixOf(key: number): number {
    return this.memory.getU32(key);
  }

  lookup(key: number, _cpu: number): number {
    const prefix = this.#prefixOf(key);
    if (prefix > this.#maxPrefix) return 0;
    let found = 0;
    for (let node = this.#word(this.#root); node !== 0; ) {
      const matched = this.#match(node, key + 4, prefix);
      if (matched === this.#maxPrefix) {
        found = node;
        break;
      }
      if (matched < this.#word(node + PREFIX)) break;
      if (!this.#isIntermediate(node)) found = node;
      node = this.#word(this.#slotBelow(node, key + 4));
    }
    return found === 0 ? 0 : found + this.#valueOffset;
  }

  /** Room for one more: 0 or a negative errno. */
  #admit(flags: number): number {
    if (flags === BPF_EXIST) return -ENOENT;
    if (this.#count === this.def.maxEntries) return -ENOSPC;
    this.#count++;
    return 0;
  }

  update(key: number, value: number, flags: number, _cpu: number): number {
    if (unknownUpdateFlags(flags, false) !== 0) return -EINVAL;
    const prefix = this.#prefixOf(key);
    if (prefix > this.#maxPrefix) return -EINVAL;
    const added = this.#newNode(prefix, key + 4);
    if (added === 0) return -ENOMEM;
    this.memory.copy(added + this.#valueOffset, value, this.def.valueSize);
    const error = this.#insert(added, prefix, key + 4, flags);
    if (error !== 0) this.#nodes.release(added);
    return error;
  }

  #newNode(prefix: number, data: number): number {
    const node = this.#nodes.take();
    if (node === 0) return 0;
    this.#setWord(node + CHILD0, 0);
    this.#setWord(node + CHILD1, 0);
    this.#setWord(node + PREFIX, prefix);
    this.#setWord(node + INTERMEDIATE, 0);
    this.memory.copy(node + DATA, data, this.#dataSize);
    return node;
  }

  #insert(added: number, prefix: number, data: number, flags: number): number {
    let slot = this.#root;
    let matched = 0;
    let node = this.#word(slot);
    while (node !== 0) {
      const length = this.#word(node + PREFIX);
      matched = this.#match(node, data, prefix);
      if (length !== matched || length === prefix || length === this.#maxPrefix) break;
      slot = this.#slotBelow(node, data);
      node = this.#word(slot);
    }
    if (node === 0) {
      const error = this.#admit(flags);
      if (error === 0) this.#setWord(slot, added);
      return error;
    }
    if (this.#word(node + PREFIX) === matched) return this.#replace(slot, node, added, flags);
    const error = this.#admit(flags);
    if (error !== 0) return error;
    if (matched === prefix) {
      // The new key is a prefix of the node's: it goes above it.
      this.#setWord(added + (this.#bit(node + DATA, matched) === 0 ? CHILD0 : CHILD1), node);
      this.#setWord(slot, added);
      return 0;
    }
    const fork = this.#newNode(matched, node + DATA);
    if (fork === 0) {
      this.#count--;
      return -ENOMEM;
    }
    this.#setWord(fork + INTERMEDIATE, 1);
    const side = this.#bit(data, matched);
    this.#setWord(fork + (side === 0 ? CHILD0 : CHILD1), added);
    this.#setWord(fork + (side === 0 ? CHILD1 : CHILD0), node);
    this.#setWord(slot, fork);
    return 0;
  }

  #replace(slot: number, node: number, added: number, flags: number): number {
    if (!this.#isIntermediate(node)) {
      if (flags === BPF_NOEXIST) return -EEXIST;
    } else {
      const error = this.#admit(flags);
      if (error !== 0) return error;
    }
    this.#setWord(added + CHILD0, this.#word(node + CHILD0));
    this.#setWord(added + CHILD1, this.#word(node + CHILD1));
    this.#setWord(slot, added);
    this.#nodes.release(node);
    return 0;
  }

  delete(key: number): number {
    const prefix = this.#prefixOf(key);
    if (prefix > this.#maxPrefix) return -EINVAL;
    let slot = this.#root;
    let parentSlot = slot;
    let parent = 0;
    let matched = 0;
    let node = this.#word(slot);
    while (node !== 0) {
      const length = this.#word(node + PREFIX);
      matched = this.#match(node, key + 4, prefix);
      if (length !== matched || length === prefix) break;
      parent = node;
      parentSlot = slot;
      slot = this.#slotBelow(node, key + 4);
      node = this.#word(slot);
    }
    if (node === 0) return -ENOENT;
    const length = this.#word(node + PREFIX);
    if (length !== prefix || length !== matched || this.#isIntermediate(node)) return -ENOENT;
    this.#count--;
    const child0 = this.#word(node + CHILD0);
    const child1 = this.#word(node + CHILD1);
    if (child0 !== 0 && child1 !== 0) {
      this.#setWord(node + INTERMEDIATE, 1);
      return 0;
    }
    if (parent !== 0 && this.#isIntermediate(parent) && child0 === 0 && child1 === 0) {
      // A fork with one branch is none: the other branch takes its place.
      const other = this.#word(parent + CHILD0) === node ? CHILD1 : CHILD0;
      this.#setWord(parentSlot, this.#word(parent + other));
      this.#nodes.release(parent);
    } else {
      this.#setWord(slot, child0 !== 0 ? child0 : child1);
    }
    this.#nodes.release(node);
    return 0;
  }

  protected copyOut(key: number, value: number): number {
    const found = this.lookup(key, 0);
    if (found === 0) return -ENOENT;
    this.memory.copy(value, found, this.def.valueSize);
    return 0;
  }

  /** Children before their parent, 0 before 1: longer prefixes come before the shorter ones that contain them. */
  getNextKey(key: number, next: number): number {
    const root = this.#word(this.#root);
    if (root === 0) return -ENOENT;
    const path = key === 0 ? [] : this.#pathTo(key);
    if (path.length === 0) return this.#giveKey(this.#firstBelow(root), next);
    for (let at = path.length - 1; at > 0; at--) {
      const node = path[at]!;
      const parent = path[at - 1]!;
      if (this.#word(parent + CHILD0) === node) {
        const sibling = this.#word(parent + CHILD1);
        if (sibling !== 0) return this.#giveKey(this.#firstBelow(sibling), next);
      }
      if (!this.#isIntermediate(parent)) return this.#giveKey(parent, next);
    }
    return -ENOENT;
  }

  /** The nodes from the root to that of a key; empty if the key is not in the map. */
  #pathTo(key: number): number[] {
    const prefix = this.#prefixOf(key);
    if (prefix > this.#maxPrefix) return [];
    const path: number[] = [];
    for (let node = this.#word(this.#root); node !== 0; node = this.#word(this.#slotBelow(node, key + 4))) {
      path.push(node);
      const length = this.#word(node + PREFIX);
      const matched = this.#match(node, key + 4, prefix);
      if (length !== matched) return [];
      if (length === prefix) return this.#isIntermediate(node) ? [] : path;
    }
    return [];
  }

  /** The first node, in the order of {@link getNextKey}, of the trie below `root`, itself included. */
  #firstBelow(root: number): number {
    let found = root;
    for (let node = root; node !== 0; ) {
      if (this.#isIntermediate(node)) {
        node = this.#word(node + CHILD0);
      } else {
        found = node;
        node = this.#word(node + CHILD0) || this.#word(node + CHILD1);
      }
    }
    return found;
  }

  #giveKey(node: number, next: number): number {
    this.memory.setU32(next, this.#word(node + PREFIX));
    this.memory.copy(next + 4, node + DATA, this.#dataSize);
    return 0;
  }

  protected override get batches(): BatchSupport {
    return { lookup: true, update: true, delete: true };
  }

  protected override releaseElements(): void {
    this.#nodes.close();
  }
}

/** `BPF_MAP_TYPE_LPM_TRIE`. */
export const lpmTrieType: MapType = {
  check: () => 0,
  create(table, def, options) {
    const allowed = BPF_F_NO_PREALLOC | BPF_F_NUMA_NODE | ACCESS_FLAGS;
    const flagsOk =
      (def.mapFlags & BPF_F_NO_PREALLOC) !== 0 && (def.mapFlags & ~allowed) === 0 && accessFlagsOk(def.mapFlags);
    const keyOk = def.keySize >= 4 + 1 && def.keySize <= 4 + DATA_MAX;
    const valueOk = def.valueSize >= 1 && def.valueSize <= KMALLOC_MAX_SIZE - DATA_MAX - KERNEL_NODE;
    if (def.maxEntries === 0 || !flagsOk || !keyOk || !valueOk) return -EINVAL;
    return makeMap(table, (own) => new LpmTrieMap(table, own, def, options));
  },
};
