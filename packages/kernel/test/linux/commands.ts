/// <reference types="node" />
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { BTF_FUNC_GLOBAL, BTF_FUNC_STATIC, BtfBuilder } from "@bpf-ts/btf";
import { assembleKernel, BPF_DW, BPF_IMM, BPF_LD, decode, encode } from "@bpf-ts/isa";
import { type Bpf, BpfError, type BpfObjectKind, type MappedMemory, type ProgLoadAttr } from "@bpf-ts/uapi";
import { BPF_PSEUDO_FUNC } from "@bpf-ts/uapi/pseudo";

/** One bpf(2) command. Fds have names; null is one that is not open. Bytes are hex. */
export type Command =
  | {
      op: "map_create";
      as: string;
      type: number;
      key: number;
      value: number;
      max: number;
      flags?: number;
      inner?: string | null;
      name?: string;
    }
  | { op: "lookup" | "lookup_delete"; fd: string | null; key: string; room: number; flags?: number }
  | { op: "update"; fd: string | null; key: string; value?: string; valueFd?: string | null; flags?: number }
  | { op: "delete"; fd: string | null; key: string }
  | { op: "next"; fd: string | null; key: string | null; room: number }
  | { op: "freeze" | "close" | "info"; fd: string | null }
  | {
      op: "prog_load";
      as: string;
      type: number;
      attach?: number;
      /** In the syntax of the kernel's log; `map[fd:N]` is the N-th of `maps`. Functions of the program may be callbacks. */
      text: string;
      maps?: string[];
      name?: string;
      flags?: number;
    }
  | {
      op: "test_run";
      fd: string | null;
      data?: string;
      ctx?: string;
      ctxOut?: boolean;
      sizeOut?: number;
      repeat?: number;
      flags?: number;
      cpu?: number;
    }
  | { op: "next_id"; kind: BpfObjectKind; start: number }
  | { op: "fd_by_id"; as: string; kind: BpfObjectKind; id: number }
  | { op: "link_create"; as: string; prog: string | null; attach: number; flags?: number }
  | { op: "link_update"; link: string | null; prog: string | null; flags?: number }
  | { op: "link_detach"; link: string | null }
  | { op: "iter_create"; as: string; link: string | null; flags?: number }
  | { op: "raw_tracepoint_open"; as: string; prog: string | null; name: string }
  | { op: "mmap"; fd: string | null; length: number; offset?: number; writable?: boolean }
  | { op: "munmap" }
  /** Bytes of the mapping number `map`. */
  | { op: "peek"; map: number; offset: number; length: number }
  | { op: "poke"; map: number; offset: number; data: string }
  | { op: "poll"; fds: string[] }
  | { op: "perf_open"; as: string; cpu: number; wakeup: number };

/** How a command ended: errno 0 is success. */
export interface Outcome {
  errno: number;
  value?: string;
  retval?: number;
  out?: string;
  ctx?: string;
}

const CLOSED_FD = 987_654;
const ENOENT = 2;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const unhex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "hex"));

/** What the running kernel does, or why it can't be asked. */
export function onLinux(sequences: readonly (readonly Command[])[]): Outcome[][] | string {
  const lines = sequences.map((commands) =>
    JSON.stringify(commands.map((one) => (one.op === "prog_load" ? { ...one, ...forLinux(one.text) } : one))),
  );
  const script = fileURLToPath(new URL("commands.py", import.meta.url));
  const { status, stdout, stderr, error } = spawnSync("python3", [script], {
    input: lines.map((line) => `${line}\n`).join(""),
    encoding: "utf8",
  });
  if (error !== undefined) return `python3: ${error.message}`;
  if (status === 77) return stderr.trim();
  if (status !== 0) throw new Error(`commands.py: ${stderr}`);
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Outcome[]);
}

function forLinux(text: string): { insns: string; btf?: string; funcs?: string } {
  const insns = encode(assembleKernel(text));
  const types = callbackTypes(insns);
  return types === undefined
    ? { insns: hex(insns) }
    : { insns: hex(insns), btf: hex(types.btf), funcs: hex(types.funcs) };
}

/** BTF and `func_info` of a program that has callbacks, which must be known as static functions; undefined for others. */
function callbackTypes(insns: Uint8Array): { btf: Uint8Array; funcs: Uint8Array } | undefined {
  const starts = new Set<number>();
  for (const [slot, { code, src, imm }] of decode(insns).entries())
    if (code === (BPF_LD | BPF_IMM | BPF_DW) && src === BPF_PSEUDO_FUNC) starts.add(slot + 1 + imm);
  if (starts.size === 0) return undefined;
  const b = new BtfBuilder();
  const proto = b.addFuncProto(b.addInt("int", 4, { signed: true }), []);
  const main = b.addFunc("main", proto, BTF_FUNC_GLOBAL);
  const callback = b.addFunc("callback", proto, BTF_FUNC_STATIC);
  const records = [...starts].sort((x, y) => x - y).flatMap((start) => [start, callback]);
  return { btf: b.encode(), funcs: new Uint8Array(Uint32Array.from([0, main, ...records]).buffer) };
}

/** What this kernel does. All fds are closed afterwards. */
export function here(bpf: Bpf, commands: readonly Command[]): Outcome[] {
  const sequence = new Sequence(bpf);
  try {
    return commands.map((command) => sequence.run(command));
  } finally {
    sequence.end();
  }
}

class Sequence {
  readonly #bpf: Bpf;
  readonly #fds = new Map<string, number>();
  readonly #mappings: MappedMemory[] = [];

  constructor(bpf: Bpf) {
    this.#bpf = bpf;
  }

  #fd(name: string | null): number {
    return name === null ? CLOSED_FD : this.#fds.get(name)!;
  }

  run(command: Command): Outcome {
    try {
      return { errno: 0, ...this.#do(command) };
    } catch (error) {
      if (error instanceof BpfError && error.errno !== undefined) return { errno: error.errno };
      throw error;
    }
  }

  end(): void {
    for (const mapping of this.#mappings) mapping[Symbol.dispose]();
    for (const fd of this.#fds.values()) this.#bpf.close(fd);
  }

  #do(c: Command): Partial<Outcome> {
    const bpf = this.#bpf;
    switch (c.op) {
      case "map_create": {
        const { type, key: keySize, value: valueSize, max: maxEntries, flags: mapFlags = 0, name = "" } = c;
        const inner = c.inner === undefined ? {} : { innerMapFd: this.#fd(c.inner) };
        this.#fds.set(c.as, bpf.mapCreate({ type, keySize, valueSize, maxEntries, mapFlags, name, ...inner }));
        return {};
      }
      case "lookup":
      case "lookup_delete": {
        const value = new Uint8Array(c.room);
        const [fd, key, flags] = [this.#fd(c.fd), unhex(c.key), BigInt(c.flags ?? 0)];
        if (c.op === "lookup") bpf.mapLookupElem(fd, key, value, flags);
        else bpf.mapLookupAndDeleteElem(fd, key, value, flags);
        return { value: hex(value) };
      }
      case "update": {
        const value = c.valueFd === undefined ? unhex(c.value ?? "") : new Uint8Array(4);
        if (c.valueFd !== undefined) new DataView(value.buffer).setUint32(0, this.#fd(c.valueFd), true);
        bpf.mapUpdateElem(this.#fd(c.fd), unhex(c.key), value, BigInt(c.flags ?? 0));
        return {};
      }
      case "delete":
        bpf.mapDeleteElem(this.#fd(c.fd), unhex(c.key));
        return {};
      case "next": {
        const next = new Uint8Array(c.room);
        const found = bpf.mapGetNextKey(this.#fd(c.fd), c.key === null ? null : unhex(c.key), next);
        return found ? { value: hex(next) } : { errno: ENOENT };
      }
      case "freeze":
        bpf.mapFreeze(this.#fd(c.fd));
        return {};
      case "info":
        bpf.objGetInfo(this.#fd(c.fd));
        return {};
      case "close":
        bpf.close(this.#fd(c.fd));
        this.#fds.delete(c.fd!);
        return {};
      case "prog_load": {
        const names = c.maps ?? [];
        const text = c.text.replace(/map\[fd:(\d+)\]/g, (_all, n: string) => `map[fd:${this.#fd(names[Number(n)]!)}]`);
        const insns = encode(assembleKernel(text));
        const attr = { progType: c.type, insns, license: "GPL", name: c.name ?? "", progFlags: c.flags ?? 0 };
        this.#fds.set(c.as, this.#load({ ...attr, expectedAttachType: c.attach ?? 0 }));
        return {};
      }
      case "test_run": {
        const result = bpf.progTestRun(this.#fd(c.fd), {
          ...(c.data === undefined ? {} : { dataIn: unhex(c.data) }),
          ...(c.ctx === undefined ? {} : { ctxIn: unhex(c.ctx) }),
          ...(c.sizeOut === undefined ? {} : { dataSizeOut: c.sizeOut }),
          ...(c.repeat === undefined ? {} : { repeat: c.repeat }),
          flags: c.flags ?? 0,
          ...(c.cpu === undefined ? {} : { cpu: c.cpu }),
        });
        return {
          retval: result.retval,
          ...(c.data === undefined ? {} : { out: hex(result.dataOut) }),
          ...(c.ctxOut === true ? { ctx: hex(result.ctxOut) } : {}),
        };
      }
      case "next_id":
        return bpf.getNextId(c.kind, c.start) === undefined ? { errno: ENOENT } : {};
      case "fd_by_id":
        this.#fds.set(c.as, bpf.getFdById(c.kind, c.id));
        return {};
      case "link_create":
        this.#fds.set(c.as, bpf.linkCreate({ progFd: this.#fd(c.prog), attachType: c.attach, flags: c.flags ?? 0 }));
        return {};
      case "link_update":
        bpf.linkUpdate(this.#fd(c.link), { newProgFd: this.#fd(c.prog), flags: c.flags ?? 0 });
        return {};
      case "link_detach":
        bpf.linkDetach(this.#fd(c.link));
        return {};
      case "iter_create":
        this.#fds.set(c.as, bpf.iterCreate(this.#fd(c.link), c.flags ?? 0));
        return {};
      case "raw_tracepoint_open":
        this.#fds.set(c.as, bpf.rawTracepointOpen(c.name, this.#fd(c.prog)));
        return {};
      case "mmap":
        this.#mappings.push(bpf.mmap(this.#fd(c.fd), c.length, c.offset ?? 0, c.writable ?? false));
        return {};
      case "munmap":
        this.#mappings.pop()![Symbol.dispose]();
        return {};
      case "peek":
        return { value: hex(this.#mappings[c.map]!.bytes.subarray(c.offset, c.offset + c.length)) };
      case "poke":
        this.#mappings[c.map]!.bytes.set(unhex(c.data), c.offset);
        return {};
      case "perf_open":
        this.#fds.set(c.as, bpf.perfEventOpen({ kind: "bpf-output", cpu: c.cpu, wakeupEvents: c.wakeup }));
        return {};
      case "poll": {
        const ready = bpf.poll(c.fds.map((name) => this.#fd(name)));
        return { value: c.fds.filter((name) => ready.includes(this.#fd(name))).join(" ") };
      }
    }
  }

  #load(attr: ProgLoadAttr): number {
    const types = callbackTypes(attr.insns);
    if (types === undefined) return this.#bpf.progLoad(attr).fd;
    const { fd: btfFd } = this.#bpf.btfLoad(types.btf);
    try {
      return this.#bpf.progLoad({ ...attr, btfFd, funcInfo: { recSize: 8, bytes: types.funcs } }).fd;
    } finally {
      this.#bpf.close(btfFd);
    }
  }
}
