/// <reference types="node" />
import { Memory } from "@bpf-ts/memory";
import type { MapDef } from "@bpf-ts/uapi";
import type { BpfMap, CreateOptions, FdValue, MapHooks, RingbufMap } from "../../src/index.ts";
import { flags32, MapError, MapTable } from "../../src/index.ts";

/** One question: the oracle's line, and the same on our maps. */
interface Step {
  readonly line: string;
  readonly ours: () => string;
}

const ENOENT = 2;
const PERCPU = [5, 6, 10, 21];

/** What the kernel is told, and what our maps are told, in the same order. */
export class Session {
  readonly memory: Memory;
  readonly table: MapTable;
  readonly #steps: Step[] = [];
  readonly #maps: (BpfMap | undefined)[] = [];
  #created = 0;
  #btfs = 0;
  #programs = 0;
  readonly #files: FileKind[] = [];
  /** Sockets that are in a reuseport array now. */
  readonly #reuseport: Set<unknown> = new Set();

  constructor(cpus: number, hooks: MapHooks = {}) {
    this.memory = new Memory({ maxBytes: 2 ** 30 });
    const objects: MapHooks = {
      getValue: (map, fd) => this.#object(map, fd),
      putValue: (map, value) => {
        if (map.def.type === 20 && value.refused === 0) this.#reuseport.delete(value.object);
      },
      // The loopback device is the only one that is there for sure.
      hasDevice: (ifindex) => ifindex === 1,
      ...hooks,
    };
    this.table = new MapTable(this.memory, { cpus, numaNodes: 1, hooks: objects });
  }

  /** fds of our side: maps from 1000, programs from 2000, files from 3000. */
  #object(map: BpfMap, fd: number): FdValue | number {
    const file = fd >= 3000 ? this.#files[fd - 3000] : undefined;
    if (file !== undefined) return this.#file(map, fd, file);
    if (SOCKET_MAPS.includes(map.def.type) && fd >= 1000 && fd < 3000) return -88;
    const wantsMap = map.inner !== undefined;
    if (fd >= 2000 && fd < 2000 + this.#programs) {
      return wantsMap ? -22 : { id: fd, handle: 0, object: `p${fd - 2000}` };
    }
    const other = fd >= 1000 ? this.#maps[fd - 1000] : undefined;
    if (other === undefined) return -9;
    return wantsMap ? { id: fd, handle: other.handle, object: `m${fd - 1000}` } : -22;
  }

  /** Which socket or other object goes into which map: what the kernel says of those that the oracle opens. */
  #file(map: BpfMap, fd: number, kind: FileKind): FdValue | number {
    const value: FdValue = { id: fd, handle: 0, object: `f${fd - 3000}` };
    const { type } = map.def;
    if (type === 17) return kind === "xdp" ? value : -95;
    if (type === 15 || type === 18) return kind === "xdp" ? -95 : value;
    if (type === 20) {
      const refused = kind === "xdp" ? -524 : this.#reuseport.has(value.object) ? -16 : 0;
      return { ...value, refused };
    }
    const wanted: Record<number, readonly FileKind[]> = {
      24: ["udp", "listen", "xdp"],
      28: FILE_KINDS,
      29: ["pidfd"],
      32: ["cgroupfd"],
    };
    const wrong: Record<number, number> = { 24: -88, 29: -9, 32: -9 };
    return wanted[type]?.includes(kind) ? value : (wrong[type] ?? -9);
  }

  /** Opens something. Its name: `f0` and so on. */
  file(kind: FileKind): string {
    const name = `f${this.#steps.filter((step) => FILE_LINES.test(step.line)).length}`;
    const socket = kind === "udp" || kind === "listen" || kind === "xdp";
    this.add(socket ? `socket ${kind}` : kind, () => String(this.#files.push(kind) - 1));
    return name;
  }

  fdKey(map: number, what: "lookup" | "update" | "delete", object: string, value: Uint8Array, flags: bigint): void {
    this.add(`fdkey ${map} ${what} ${object} ${hex(value)} ${flags}`, () => {
      const key = new Uint8Array(4);
      new DataView(key.buffer).setInt32(0, fdOf(object), true);
      return this.#withBuffers(map, key, value, (m, k, v) => {
        if (what === "delete") return String(m.sysDelete(k));
        if (what === "update") return String(m.sysUpdate(k, v, flags32(flags), 0));
        const r = m.sysLookup(k, v, flags32(flags));
        return r === 0 ? `0 ${this.#valueText(m, v)}` : String(r);
      });
    });
  }

  ringOut(map: number, data: Uint8Array, flags: bigint): void {
    this.add(`ringout ${map} ${hex(data)} ${flags}`, () =>
      this.#withBuffers(map, data, undefined, (m, k) => {
        const unknown = (flags & ~3n) !== 0n;
        return String(unknown ? -22 : (m as RingbufMap).output(k, data.length, Number(flags)));
      }),
    );
  }

  /** The consumer takes some records. */
  ringEat(map: number, records: number): void {
    this.add(`ringeat ${map} ${records}`, () => {
      const ring = this.#maps[map] as RingbufMap;
      let position = Number(this.memory.getU64(ring.consumer));
      const produced = Number(this.memory.getU64(ring.producer));
      for (let i = 0; i < records && position < produced; i++) {
        const length = this.memory.getU32(ring.data + (position % ring.def.maxEntries));
        position += Math.ceil(((length & 0x3fff_ffff) + 8) / 8) * 8;
      }
      this.memory.setU64(ring.consumer, BigInt(position));
      return String(position);
    });
  }

  ringQuery(map: number): void {
    this.add(`ringquery ${map}`, () =>
      [0, 1, 2, 3, 4].map((what) => String(BigInt.asIntN(32, (this.#maps[map] as RingbufMap).query(what)))).join(" "),
    );
  }

  ringData(map: number): void {
    this.add(`ringdata ${map}`, () => {
      const ring = this.#maps[map] as RingbufMap;
      const { memory } = this;
      const produced = Number(memory.getU64(ring.producer));
      const found = [String(produced)];
      for (let at = Number(memory.getU64(ring.consumer)); at < produced; ) {
        const record = ring.data + (at % ring.def.maxEntries);
        const length = memory.getU32(record);
        const size = length & 0x3fff_ffff;
        const data = this.#text(record + 8, size);
        found.push(`${length}/${memory.getU32(record + 4)}/${data === "-" ? "" : data}`);
        at += Math.ceil((size + 8) / 8) * 8;
      }
      return found.join(" ");
    });
  }

  add(line: string, ours: () => string): void {
    this.#steps.push({ line, ours });
  }

  /** Number of questions so far. */
  get length(): number {
    return this.#steps.length;
  }

  /** The oracle's lines. */
  get lines(): string[] {
    return this.#steps.map((step) => step.line);
  }

  /** Asks our maps, closes them. @throws Error for the first answer that differs, with the questions that led to it, and for what leaks. */
  expectAnswers(kernel: readonly string[], short: (answer: string) => string = (answer) => answer): void {
    for (const [i, step] of this.#steps.entries()) {
      const ours = short(step.ours());
      if (ours === kernel[i]) continue;
      // Only what concerns the same map matters; its creation comes first.
      const map = step.line.split(" ")[1];
      const story = this.#steps
        .map(({ line }, at) => `${line}  ->  ${kernel[at]}`)
        .slice(0, i + 1)
        .filter((line, at, all) => at === all.length - 1 || line.split(" ")[1] === map || line.startsWith("create"));
      const shown = story.length > 60 ? [...story.slice(0, 5), "…", ...story.slice(-50)] : story;
      throw new Error(`step ${i}\n${shown.join("\n")}\nkernel: ${kernel[i]}\nours:   ${ours}`);
    }
    for (const map of this.#maps) map?.close();
    if (this.memory.liveBytes !== 0) throw new Error(`${this.memory.liveBytes} bytes leak`);
  }

  btf(bytes: Uint8Array): number {
    this.add(`btf ${hex(bytes)}`, () => String(this.#btfs++));
    return this.#btfs + this.#steps.filter((step) => step.line.startsWith("btf")).length - 1;
  }

  program(): number {
    this.add("prog", () => String(this.#programs++));
    return this.#steps.filter((step) => step.line === "prog").length - 1;
  }

  /** Creates a map that both must be able to make. Its number. */
  create(def: MapDef, extra: CreateArgs = {}): number {
    this.add(createLine(def, extra), () => String(this.#maps.push(this.table.create(def, this.#options(extra))) - 1));
    return this.#created++;
  }

  /** Asks for a map that need not come to be, and what it is like if it does. */
  tryCreate(def: MapDef, extra: CreateArgs = {}): void {
    this.add(`try${createLine(def, extra)}`, () => {
      try {
        const map = this.table.create(def, this.#options(extra));
        const answer = `${map.def.maxEntries} ${map.def.mapFlags}`;
        map.close();
        return answer;
      } catch (error) {
        if (error instanceof MapError) return String(-error.errno!);
        throw error;
      }
    });
  }

  #options(extra: CreateArgs): CreateOptions {
    const { inner = -1, btf = -1, keyTypeId = 0, valueTypeId = 0 } = extra;
    return {
      ...(extra.record === undefined ? {} : { record: extra.record }),
      ...(btf < 0 ? {} : { btf: { keyTypeId, valueTypeId } }),
      // fd 0 is a pipe: open, but no map.
      inner: () => (inner === -1 ? -22 : (this.#maps[inner] ?? -9)),
    };
  }

  close(map: number): void {
    this.add(`close ${map}`, () => {
      this.#maps[map]!.close();
      this.#maps[map] = undefined;
      return "0";
    });
  }

  info(map: number): void {
    this.add(`info ${map}`, () => {
      const { def } = this.#maps[map]!;
      return `0 ${def.maxEntries} ${def.mapFlags}`;
    });
  }

  lookup(map: number, key: Uint8Array, flags: bigint, take = false): void {
    this.add(`${take ? "take" : "lookup"} ${map} ${hex(key)} ${flags}`, () =>
      this.#withBuffers(map, key, undefined, (m, k, v) => {
        const r = take ? m.sysLookupAndDelete(k, v, flags32(flags)) : m.sysLookup(k, v, flags32(flags));
        return r === 0 ? `0 ${this.#valueText(m, v)}` : String(r);
      }),
    );
  }

  /** A look-up with the value as input: bloom filters. */
  peek(map: number, value: Uint8Array): void {
    this.add(`peek ${map} ${hex(value)}`, () =>
      this.#withBuffers(map, new Uint8Array(0), value, (m, _k, v) => String(m.sysLookup(0, v, 0))),
    );
  }

  update(map: number, key: Uint8Array, value: Uint8Array, flags: bigint): void {
    this.add(`update ${map} ${hex(key)} ${hex(value)} ${flags}`, () =>
      this.#withBuffers(map, key, value, (m, k, v) => String(m.sysUpdate(k, v, flags32(flags), 0))),
    );
  }

  /** `object`: `m3`, `p0`, or a number that is no fd. */
  updateFd(map: number, key: Uint8Array, object: string, flags: bigint): void {
    this.add(`updatefd ${map} ${hex(key)} ${object} ${flags}`, () => {
      const value = new Uint8Array(8);
      new DataView(value.buffer).setBigInt64(0, BigInt(fdOf(object)), true);
      return this.#withBuffers(map, key, value, (m, k, v) => {
        const r = m.sysUpdate(k, v, flags32(flags), 0);
        if (r === 0 && m.def.type === 20) this.#reuseport.add(object);
        return String(r);
      });
    });
  }

  lookupFd(map: number, key: Uint8Array): void {
    this.add(`lookupfd ${map} ${hex(key)}`, () =>
      this.#withBuffers(map, key, undefined, (m, k, v) => {
        const r = m.sysLookup(k, v, 0);
        if (r !== 0) return String(r);
        const id = this.memory.getU32(v);
        if (id >= 3000) return `0 f${id - 3000}`;
        return `0 ${id >= 2000 ? `p${id - 2000}` : `m${id - 1000}`}`;
      }),
    );
  }

  delete(map: number, key: Uint8Array): void {
    this.add(`delete ${map} ${hex(key)}`, () =>
      this.#withBuffers(map, key, undefined, (m, k) => String(m.sysDelete(k))),
    );
  }

  next(map: number, key: Uint8Array | null): void {
    this.add(`next ${map} ${key === null ? "-" : hex(key)}`, () =>
      this.#withBuffers(map, key ?? new Uint8Array(0), undefined, (m, k, v) => {
        const r = m.getNextKey(key === null ? 0 : k, v);
        return r === 0 ? `0 ${this.#text(v, m.def.keySize)}` : String(r);
      }),
    );
  }

  keys(map: number, limit: number): void {
    this.add(`keys ${map} ${limit}`, () =>
      this.#withBuffers(map, new Uint8Array(0), undefined, (m, k, v) => {
        const found = ["0"];
        for (let at = 0; found.length <= limit && m.getNextKey(at, v) === 0; ) {
          found.push(this.#text(v, m.def.keySize));
          this.memory.copy(k, v, m.def.keySize);
          at = k;
        }
        return found.join(" ");
      }),
    );
  }

  lookupBatch(map: number, start: Uint8Array | null, count: number, flags: bigint, take: boolean): void {
    this.add(`${take ? "tbatch" : "lbatch"} ${map} ${start === null ? "-" : hex(start)} ${count} ${flags}`, () => {
      const m = this.#maps[map]!;
      const { keySize, type } = m.def;
      const state = [1, 5, 9, 10, 13].includes(type) ? 4 : keySize;
      const base = this.memory.alloc(2 * (state + 8) + count * (keySize + m.sysValueSize) + 64);
      if (start !== null) this.memory.write(base, start);
      const outBatch = base + state + 8;
      const keys = outBatch + state + 8;
      const values = keys + count * keySize;
      const inBatch = start === null ? 0 : base;
      const r = m.sysLookupBatch({ inBatch, outBatch, keys, values, count, flags: flags32(flags) }, take);
      const n = r.error === 0 || r.error === -ENOENT ? Math.min(r.count, count) : 0;
      const vs = Array.from({ length: n }, (_, i) => this.#valueText(m, values + i * m.sysValueSize)).join("");
      const answer = [r.error, r.count, this.#text(outBatch, state), this.#text(keys, n * keySize) || "-", vs || "-"];
      this.memory.free(base);
      return answer.join(" ");
    });
  }

  updateBatch(map: number, keys: Uint8Array, values: Uint8Array, count: number, flags: bigint): void {
    this.add(`ubatch ${map} ${hex(keys)} ${hex(values)} ${count} ${flags}`, () =>
      this.#withBuffers(map, keys, values, (m, k, v) => {
        const r = m.sysUpdateBatch(k, v, count, flags32(flags), 0);
        return `${r.error} ${r.count}`;
      }),
    );
  }

  deleteBatch(map: number, keys: Uint8Array, count: number, flags: bigint): void {
    this.add(`dbatch ${map} ${hex(keys)} ${count} ${flags}`, () =>
      this.#withBuffers(map, keys, undefined, (m, k) => {
        const r = m.sysDeleteBatch(k, count, flags32(flags));
        return `${r.error} ${r.count}`;
      }),
    );
  }

  /** A program does it, on CPU 0; for `lookupcpu` the flags are the CPU. */
  run(map: number, op: ProgramOp, key: Uint8Array, value: Uint8Array, flags: bigint): void {
    this.add(`run ${map} ${op} ${hex(key)} ${hex(value)} ${flags}`, () =>
      this.#withBuffers(map, key, value, (m, k, v) => {
        this.table.enter();
        try {
          return this.#run(m, op, k, v, flags);
        } finally {
          this.table.leave();
        }
      }),
    );
  }

  #run(m: BpfMap, op: ProgramOp, k: number, v: number, flags: bigint): string {
    const { ops } = this.table;
    if (op === "lookup" || op === "lookupcpu") {
      const found = op === "lookup" ? ops.lookup(m.handle, k, 0, 0) : ops.lookupPercpu(m.handle, k, 0, flags32(flags));
      return found === 0 ? "0" : `1 ${this.#text(found, m.def.valueSize)}`;
    }
    if (op === "update") return String(ops.update(m.handle, k, v, flags32(flags)));
    if (op === "delete") return String(ops.delete(m.handle, k, 0, 0));
    if (op === "push") return String(ops.push(m.handle, 0, v, flags32(flags)));
    // A bloom filter is asked about the value in the key's place of the oracle's program.
    const r = op === "pop" ? ops.pop(m.handle, 0, v, 0) : ops.peek(m.handle, 0, m.def.type === 30 ? k : v, 0);
    return m.def.type === 30 ? String(r) : `${r} ${this.#text(v, m.def.valueSize)}`;
  }

  #withBuffers(
    map: number,
    key: Uint8Array,
    value: Uint8Array | undefined,
    then: (m: BpfMap, k: number, v: number) => string,
  ): string {
    const m = this.#maps[map]!;
    const keyRoom = Math.max(8, key.length, m.def.keySize);
    const base = this.memory.alloc(keyRoom + Math.max(16, value?.length ?? 0, m.sysValueSize, m.def.keySize) + 16);
    // An odd address: programs' keys have any.
    const k = base + 1;
    const v = base + 1 + keyRoom;
    this.memory.write(k, key);
    if (value !== undefined) this.memory.write(v, value);
    const answer = then(m, k, v);
    this.memory.free(base);
    return answer;
  }

  #text(address: number, size: number): string {
    return hex(this.memory.u8.slice(address >>> 0, (address >>> 0) + size));
  }

  #valueText(m: BpfMap, address: number): string {
    return this.#text(address, m.sysValueSize);
  }
}

/** What the oracle opens besides maps and programs. */
export type FileKind = "udp" | "listen" | "xdp" | "pidfd" | "cgroupfd" | "inode";
const FILE_KINDS: readonly FileKind[] = ["udp", "listen", "xdp", "pidfd", "cgroupfd", "inode"];
const FILE_LINES = /^(socket|pidfd|cgroupfd|inode)/;
const SOCKET_MAPS = [15, 17, 18, 20, 24];

/** The fd that an object has on our side. */
function fdOf(object: string): number {
  const number = Number(object.replace(/^[mpf]/, ""));
  return { m: 1000 + number, p: 2000 + number, f: 3000 + number }[object[0]!] ?? number;
}

export type ProgramOp = "lookup" | "lookupcpu" | "update" | "delete" | "push" | "pop" | "peek";

/** What creation may need besides the definition. */
export interface CreateArgs {
  /** Number of the template map; -1 for fd 0, -2 for a bad fd. */
  inner?: number;
  btf?: number;
  keyTypeId?: number;
  valueTypeId?: number;
  record?: CreateOptions["record"];
}

/** The oracle's line for a creation. */
function createLine(def: MapDef, extra: CreateArgs): string {
  const { inner = -1, btf = -1, keyTypeId = 0, valueTypeId = 0 } = extra;
  const numbers = [def.type, def.keySize, def.valueSize, def.maxEntries, def.mapFlags, def.mapExtra ?? 0n];
  const rest = [def.numaNode ?? 0, inner, btf, keyTypeId, valueTypeId, def.name];
  return `create ${[...numbers, ...rest].join(" ")}`.trimEnd();
}

export function hex(bytes: Uint8Array): string {
  return bytes.length === 0 ? "-" : Buffer.from(bytes).toString("hex");
}

/** Whether user space sees a value of each CPU. */
export function isPercpu(type: number): boolean {
  return PERCPU.includes(type);
}
