import { UnsupportedError } from "@bpf-ts/uapi";
import { Blocks, type PageSource } from "./blocks.ts";
import { hex, MemoryError } from "./error.ts";
import { LinearMemory, WASM_PAGE } from "./linear.ts";
import { PAGE_SIZE, PageRuns } from "./pages.ts";
import type { AllocOptions, Layout, Region } from "./region.ts";
import { FLAG_LAYOUT, FLAG_READ, FLAG_RESERVED, FLAG_WRITE, type Span } from "./span.ts";
import { SubRegions } from "./sub-regions.ts";

/** The lowest address that a block can have: null and small integers never point to anything. */
export const LOWEST_ADDRESS = 65536;
/** Addresses from here on are never used, so that a negative errno is never taken for a pointer. */
export const HIGHEST_ADDRESS = 0xffff_0000;

const RED_ZONE_BYTE = 0xbb;
const FREED_BYTE = 0x6b;

/** How a {@link Memory} is made. */
export interface MemoryOptions {
  /** Bytes at the start; grows on demand. 256 KiB unless told otherwise. */
  initialBytes?: number;
  /** Bytes that it never exceeds, at most 4 GiB - 64 KiB. 1 GiB unless told otherwise. */
  maxBytes?: number;
  /** Bytes kept free and filled with 0xbb on both sides of each block, looked at by `free` and `checkRedZones`. For tests. */
  redZone?: number;
  /** Fill freed blocks with 0x6b instead of leaving their content. For tests. */
  poison?: boolean;
}

/**
 * The one linear memory of a BPF machine: a `WebAssembly.Memory`, an allocator, and the list of regions that programs may touch. An address
 * is an offset into it, unsigned 32 bit; everywhere in this class an address may also be given as the same 32 bits signed.
 *
 * Two kinds of access: `read`, `write`, `readCString`, `isLive` go by the regions, as a program's accesses do; `getU32`, `copy` and so on are
 * the machine's own, unchecked but for the memory's end (RangeError: that is a bug of the caller).
 */
export class Memory extends LinearMemory {
  readonly #runs: PageRuns;
  readonly #blocks: Blocks;
  readonly #redZone: number;
  readonly #poison: boolean;
  readonly #labels: string[] = [""];
  readonly #labelIds: Map<string, number> = new Map([["", 0]]);
  // The region that answered last: most accesses hit it again. Emptied whenever a region goes or changes.
  #hitBase = 0;
  #hitEnd = 0;
  #hitWritable = false;
  #regionEpoch = 0;

  /**
   * @throws {@link MemoryError} EINVAL for sizes that no memory can have, ENOMEM if the host refuses.
   * @throws UnsupportedError `unsupported: WebAssembly` where the host has none.
   */
  constructor(options: MemoryOptions = {}) {
    if (typeof WebAssembly === "undefined") throw new UnsupportedError("WebAssembly");
    const maxBytes = options.maxBytes ?? 1024 * 1024 * 1024;
    const initialBytes = options.initialBytes ?? Math.min(256 * 1024, maxBytes);
    const redZone = options.redZone ?? 0;
    if (!(maxBytes >= 2 * WASM_PAGE && maxBytes <= HIGHEST_ADDRESS)) {
      throw invalid(`memory limit of ${maxBytes} bytes out of range [${2 * WASM_PAGE}, ${HIGHEST_ADDRESS}]`);
    }
    if (!(initialBytes >= 0 && initialBytes <= maxBytes)) {
      throw invalid(`initial memory of ${initialBytes} bytes out of range [0, ${maxBytes}]`);
    }
    if (!(Number.isInteger(redZone) && redZone >= 0 && redZone <= PAGE_SIZE && redZone % 8 === 0)) {
      throw invalid(`red zone of ${redZone} bytes: must be a multiple of 8 up to ${PAGE_SIZE}`);
    }
    const maximum = Math.floor(maxBytes / WASM_PAGE);
    const initial = Math.max(2, Math.min(maximum, Math.ceil(initialBytes / WASM_PAGE)));
    super(initial, maximum);
    this.#redZone = redZone;
    this.#poison = options.poison ?? false;
    this.#runs = new PageRuns(LOWEST_ADDRESS / PAGE_SIZE, (initial * WASM_PAGE) / PAGE_SIZE);
    const source: PageSource = {
      runs: this.#runs,
      takePages: (pages, align) => this.#takePages(pages, align),
      clear: (address, size) => this.fill(address, 0, size),
    };
    this.#blocks = new Blocks(source, redZone);
  }

  /** Bytes of all blocks in use, as they were asked for. 0 when nothing leaks. */
  get liveBytes(): number {
    return this.#blocks.liveBytes;
  }

  /** Blocks in use. */
  get liveBlocks(): number {
    return this.#blocks.count;
  }

  /** Bytes of pages that hold blocks, the allocator's own loss included. */
  get committedBytes(): number {
    return this.#runs.used * PAGE_SIZE;
  }

  /**
   * A zeroed block that programs may touch: one region.
   *
   * @param size bytes, at least 1
   * @returns its address
   * @throws {@link MemoryError} ENOMEM if the limit leaves no room, EINVAL for sizes or alignments that are none. Nothing has changed then.
   */
  alloc(size: number, options: AllocOptions = {}): number {
    const flags = options.writable === false ? FLAG_READ : FLAG_READ | FLAG_WRITE;
    if (options.layout === undefined) return this.#take(size, options.align ?? 8, flags, options.label ?? "");
    checkLayout(size, options.layout);
    const address = this.#take(size, options.align ?? 8, FLAG_LAYOUT, options.label ?? "");
    const span = this.#blocks.spanOf(address)!;
    span.layouts ??= new Map();
    span.layouts.set(this.#blocks.slotOf(span, address), options.layout);
    return address;
  }

  /**
   * A zeroed block that programs may not touch, for the machine's own structures and as room for {@link addRegion}.
   *
   * @throws {@link MemoryError} as {@link alloc}
   */
  reserve(size: number, options: Omit<AllocOptions, "writable" | "layout"> = {}): number {
    return this.#take(size, options.align ?? 8, FLAG_RESERVED, options.label ?? "");
  }

  /**
   * Frees a block of {@link alloc} or {@link reserve}, with all regions inside it.
   *
   * @throws Error if no block begins there: a caller's bug.
   */
  free(address: number): void {
    const base = address >>> 0;
    const span = this.#blocks.spanOf(base);
    const slot = span === undefined ? -1 : this.#blocks.slotOf(span, base);
    if (span === undefined || slot < 0) throw new Error(`free of ${hex(base)}: no block begins there`);
    if (this.#redZone > 0) this.#checkRedZone(span, slot);
    this.#forgetHit();
    const size = span.sizes[slot]!;
    this.#blocks.release(span, slot);
    if (this.#poison) this.fill(base, FREED_BYTE, size);
  }

  /**
   * Makes part of a reserved block a region of its own.
   *
   * @throws Error if it does not lie in one reserved block, or overlaps another region: a caller's bug.
   */
  addRegion(base: number, size: number, options: { label?: string; writable?: boolean } = {}): void {
    const address = base >>> 0;
    const { span, slot } = this.#reservedAt(address, size);
    span.subs ??= new Map();
    let subs = span.subs.get(slot);
    if (subs === undefined) span.subs.set(slot, (subs = new SubRegions()));
    if (!subs.add(address, address + size, options.writable ?? true, options.label ?? "")) {
      throw new Error(`region at ${hex(address)} of ${size} bytes overlaps another`);
    }
  }

  /**
   * Ends a region of {@link addRegion}.
   *
   * @throws Error if none begins there: a caller's bug.
   */
  removeRegion(base: number): void {
    const address = base >>> 0;
    this.#forgetHit();
    const span = this.#blocks.spanOf(address);
    const slot = span === undefined ? -1 : Math.floor((address - span.base) / span.slot);
    if (!span?.subs?.get(slot)?.remove(address)) throw new Error(`no region begins at ${hex(address)}`);
  }

  /**
   * Changes whether programs may write the region that begins at `base`.
   *
   * @throws Error if none begins there: a caller's bug.
   */
  protect(base: number, writable: boolean): void {
    const address = base >>> 0;
    this.#forgetHit();
    const span = this.#blocks.spanOf(address);
    const slot = span === undefined ? -1 : this.#blocks.slotOf(span, address);
    if (span !== undefined && slot >= 0 && (span.flags[slot]! & (FLAG_RESERVED | FLAG_LAYOUT)) === 0) {
      span.flags[slot] = writable ? FLAG_READ | FLAG_WRITE : FLAG_READ;
      return;
    }
    const holder = span === undefined ? -1 : Math.floor((address - span.base) / span.slot);
    if (!span?.subs?.get(holder)?.protect(address, writable)) throw new Error(`no region begins at ${hex(address)}`);
  }

  /**
   * Whether a program may access `size` bytes at `address`: all of them in one region, writable if `write`. An access of 0 bytes is live where
   * one byte would be.
   */
  isLive(address: number, size: number, write = false): boolean {
    const start = address >>> 0;
    const end = start + (size === 0 ? 1 : size);
    if (start >= this.#hitBase && end <= this.#hitEnd && (!write || this.#hitWritable) && size >= 0) return true;
    return this.#isLiveSlow(start, end, write);
  }

  #isLiveSlow(start: number, end: number, write: boolean): boolean {
    const blocks = this.#blocks;
    if (!(end > start) || !blocks.covers(start, end, write)) return false;
    this.#hitBase = blocks.hitBase;
    this.#hitEnd = blocks.hitEnd;
    this.#hitWritable = blocks.hitWritable;
    return true;
  }

  /**
   * Changes whenever a region ends or is protected otherwise: who remembers that a region was accessible may do so as long as this number
   * stays the same. New regions do not change it.
   */
  get regionEpoch(): number {
    return this.#regionEpoch;
  }

  /** Where the region begins that the last {@link isLive} found, if that answered true. */
  get hitBase(): number {
    return this.#hitBase;
  }

  /** One past the end of the region that the last {@link isLive} found, if that answered true. */
  get hitEnd(): number {
    return this.#hitEnd;
  }

  /** The region that holds `address`, undefined if programs have no access there. */
  regionAt(address: number): Region | undefined {
    const at = address >>> 0;
    const span = this.#blocks.spanOf(at);
    if (span === undefined) return undefined;
    const slot = Math.floor((at - span.base) / span.slot);
    const size = slot < span.count ? span.sizes[slot]! : 0;
    const base = span.base + slot * span.slot + span.offset;
    if (at < base || at >= base + size) return undefined;
    const flags = span.flags[slot]!;
    if ((flags & FLAG_RESERVED) !== 0) return span.subs?.get(slot)?.find(at);
    if ((flags & FLAG_LAYOUT) !== 0) {
      if (!this.#blocks.covers(at, at + 1, false)) return undefined;
      const { hitBase, hitEnd, hitWritable } = this.#blocks;
      const layout = span.layouts!.get(slot)!;
      const offset = (hitBase - base - layout.offset) % layout.stride;
      const label = layout.parts.find((part) => part.offset === offset)!.label;
      return { base: hitBase, size: hitEnd - hitBase, writable: hitWritable, label };
    }
    return { base, size, writable: (flags & FLAG_WRITE) !== 0, label: this.#labels[span.labels[slot]!]! };
  }

  /** All regions in order of address; those of a {@link Layout} as one entry a part, with `stride` and `count`. */
  liveRegions(): Region[] {
    const regions: Region[] = [];
    for (const { span, slot } of this.#blocks.slots()) {
      const layout = span.layouts?.get(slot);
      if (layout !== undefined) {
        const first = span.base + slot * span.slot + span.offset + layout.offset;
        for (const { offset, size, writable, label } of layout.parts) {
          regions.push({ base: first + offset, size, writable, label, stride: layout.stride, count: layout.count });
        }
        continue;
      }
      if ((span.flags[slot]! & FLAG_RESERVED) === 0) {
        regions.push(this.regionAt(span.base + slot * span.slot + span.offset)!);
        continue;
      }
      const subs = span.subs?.get(slot);
      for (let at = 0; subs !== undefined && at < subs.count; at++) regions.push(subs.at(at));
    }
    return regions;
  }

  /** All blocks in use in order of address, reserved ones included (`writable` false): what a leak check prints. */
  liveBlockList(): Region[] {
    const blocks: Region[] = [];
    for (const { span, slot } of this.#blocks.slots()) {
      blocks.push({
        base: span.base + slot * span.slot + span.offset,
        size: span.sizes[slot]!,
        writable: (span.flags[slot]! & FLAG_WRITE) !== 0,
        label: this.#labels[span.labels[slot]!]!,
      });
    }
    return blocks;
  }

  /**
   * Looks at the red zones of all blocks in use.
   *
   * @throws {@link MemoryError} RED_ZONE naming the block and the byte.
   */
  checkRedZones(): void {
    if (this.#redZone === 0) return;
    for (const { span, slot } of this.#blocks.slots()) this.#checkRedZone(span, slot);
  }

  /**
   * A copy of `size` bytes.
   *
   * @throws {@link MemoryError} EFAULT unless a program could read them.
   */
  read(address: number, size: number): Uint8Array {
    this.#demand(address, size, false);
    const start = address >>> 0;
    return this.u8.slice(start, start + size);
  }

  /**
   * Writes bytes.
   *
   * @throws {@link MemoryError} EFAULT unless a program could write there. Nothing has changed then.
   */
  write(address: number, bytes: Uint8Array): void {
    this.#demand(address, bytes.length, true);
    this.u8.set(bytes, address >>> 0);
  }

  /**
   * The string at `address` up to its NUL, at most `max` bytes, decoded as UTF-8.
   *
   * @throws {@link MemoryError} EFAULT if a byte before the NUL can't be read by a program.
   */
  readCString(address: number, max: number): string {
    const start = address >>> 0;
    let end = start;
    let known = start;
    while (end < start + max) {
      if (end >= known) {
        const region = this.regionAt(end);
        if (region === undefined) this.#demand(end, 1, false);
        else known = region.base + region.size;
      }
      if (this.u8[end] === 0) break;
      end++;
    }
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(this.u8.slice(start, end));
  }

  #take(size: number, align: number, flags: number, label: string): number {
    if (!(Number.isInteger(size) && size > 0)) throw invalid(`block of ${size} bytes: must be at least 1`);
    if (!(Number.isInteger(align) && align > 0 && align <= 2 ** 20 && (align & (align - 1)) === 0)) {
      throw invalid(`alignment of ${align} bytes: must be a power of two up to ${2 ** 20}`);
    }
    const address = size > this.maxBytes ? 0 : this.#blocks.take(size, Math.max(8, align), flags, this.#labelId(label));
    if (address === 0) {
      throw new MemoryError(
        `no room for ${size} bytes${label === "" ? "" : ` (${label})`}: ${this.committedBytes} of ${this.maxBytes} bytes in use`,
        { code: "ENOMEM", errno: 12, details: { size, label, used: this.committedBytes, limit: this.maxBytes } },
      );
    }
    if (this.#redZone > 0) this.#fillRedZone(address);
    return address;
  }

  #labelId(label: string): number {
    let id = this.#labelIds.get(label);
    if (id === undefined) {
      id = this.#labels.length;
      this.#labels.push(label);
      this.#labelIds.set(label, id);
    }
    return id;
  }

  #takePages(pages: number, align: number): number {
    let run = this.#runs.take(pages, align);
    if (run < 0 && this.#blocks.trim()) run = this.#runs.take(pages, align);
    if (run >= 0) return run;
    const limit = this.maxBytes / PAGE_SIZE;
    const perWasmPage = WASM_PAGE / PAGE_SIZE;
    const end = this.#runs.end;
    const start = Math.ceil((end - this.#runs.freeAtEnd) / align) * align;
    const needed = Math.ceil((start + pages - end) / perWasmPage) * perWasmPage;
    if (end + needed > limit) return -1;
    // A quarter more, up to 16 MiB, so that growth stays rare; then just what is needed.
    const wish = Math.min(limit - end, Math.max(needed, Math.min(end >>> 2, 4096)));
    if (!this.#grow(Math.floor(wish / perWasmPage)) && !this.#grow(needed / perWasmPage)) return -1;
    return this.#runs.take(pages, align);
  }

  #grow(wasmPages: number): boolean {
    if (wasmPages <= 0 || !this.grow(wasmPages)) return false;
    this.#runs.extend(this.byteLength / PAGE_SIZE);
    return true;
  }

  #forgetHit(): void {
    this.#hitBase = 0;
    this.#hitEnd = 0;
    this.#regionEpoch = (this.#regionEpoch + 1) | 0;
  }

  #reservedAt(address: number, size: number): { span: Span; slot: number } {
    const span = this.#blocks.spanOf(address);
    if (span !== undefined && size > 0) {
      const slot = Math.floor((address - span.base) / span.slot);
      const base = span.base + slot * span.slot + span.offset;
      const inside = slot < span.count && address >= base && address + size <= base + span.sizes[slot]!;
      if (inside && (span.flags[slot]! & FLAG_RESERVED) !== 0) return { span, slot };
    }
    throw new Error(`region at ${hex(address)} of ${size} bytes does not lie in a reserved block`);
  }

  #demand(address: number, size: number, write: boolean): void {
    if (size === 0 || this.isLive(address, size, write)) return;
    const region = this.regionAt(address);
    const where = region === undefined ? "" : `, in '${region.label}' at ${hex(region.base)} of ${region.size} bytes`;
    throw new MemoryError(`bad ${write ? "write" : "read"} of ${size} bytes at ${hex(address)}${where}`, {
      code: "EFAULT",
      errno: 14,
      details: { address: address >>> 0, size, write },
    });
  }

  #fillRedZone(address: number): void {
    const span = this.#blocks.spanOf(address)!;
    const slot = this.#blocks.slotOf(span, address);
    const start = span.base + slot * span.slot;
    const end = address + span.sizes[slot]!;
    this.fill(start, RED_ZONE_BYTE, address - start);
    this.fill(end, RED_ZONE_BYTE, start + span.slot - end);
  }

  #checkRedZone(span: Span, slot: number): void {
    const start = span.base + slot * span.slot;
    const address = start + span.offset;
    const end = address + span.sizes[slot]!;
    for (let at = start; at < start + span.slot; at++) {
      if (at === address) at = end;
      if (at < start + span.slot && this.u8[at] !== RED_ZONE_BYTE) {
        const label = this.#labels[span.labels[slot]!]!;
        throw new MemoryError(
          `byte ${hex(at)} beside the block '${label}' at ${hex(address)} of ${end - address} bytes was overwritten with ${this.u8[at]}`,
          { code: "RED_ZONE", details: { address, at, size: end - address, label } },
        );
      }
    }
  }
}

function checkLayout(size: number, layout: Layout): void {
  let end = 0;
  for (const part of layout.parts) {
    if (!(part.offset >= end && part.size > 0)) throw new Error(`part '${part.label}' of a layout overlaps another`);
    end = part.offset + part.size;
  }
  const fits = end <= layout.stride && layout.offset >= 0 && layout.offset + layout.stride * layout.count <= size;
  if (!fits || layout.count < 1)
    throw new Error(`layout of ${layout.count} elements does not fit a block of ${size} bytes`);
}

function invalid(message: string): MemoryError {
  return new MemoryError(message, { code: "EINVAL", errno: 22 });
}
