import { PerfEventArrayMap } from "@bpf-ts/maps";
import { EBADF } from "@bpf-ts/uapi/errno";
import type { OpenFile } from "../fd-table.ts";
import type { KernelFunction } from "../hooks/kernel-function.ts";
import type { BtfObject } from "../objects/btf-object.ts";
import type { LinkObject } from "../objects/link-object.ts";
import type { MapObject } from "../objects/map-object.ts";
import type { ProgObject } from "../objects/prog-object.ts";
import type { OutputEvent } from "../perf/output-event.ts";
import { type FileNode, O_ACCMODE, O_APPEND, O_RDWR, O_WRONLY, writeAt } from "./files.ts";
import type { Process } from "./process.ts";

/** An open map: holds a reference and a user reference. Both are the caller's to hand over. */
export class MapFile implements OpenFile {
  readonly kind = "map";
  readonly map: MapObject;
  readonly canRead: boolean;
  readonly canWrite: boolean;

  constructor(map: MapObject, access: { canRead: boolean; canWrite: boolean }) {
    this.map = map;
    this.canRead = access.canRead;
    this.canWrite = access.canWrite;
  }

  release(): void {
    // Perf events go with the file that stored them.
    if (this.map.map instanceof PerfEventArrayMap) this.map.map.releaseFile(this);
    this.map.putUserRef();
  }
}

/** An open program. Takes over the caller's reference. */
export class ProgFile implements OpenFile {
  readonly kind = "prog";
  readonly prog: ProgObject;

  constructor(prog: ProgObject) {
    this.prog = prog;
  }

  release(): void {
    this.prog.putRef();
  }
}

/** An open link. Takes over the caller's reference. */
export class LinkFile implements OpenFile {
  readonly kind = "link";
  readonly link: LinkObject;

  constructor(link: LinkObject) {
    this.link = link;
  }

  release(): void {
    this.link.putRef();
  }
}

/** Open BTF. Takes over the caller's reference. */
export class BtfFile implements OpenFile {
  readonly kind = "btf";
  readonly btf: BtfObject;

  constructor(btf: BtfObject) {
    this.btf = btf;
  }

  release(): void {
    this.btf.putRef();
  }
}

/** A perf event of the kinds that BPF loaders open: a probe on a function. */
export class PerfEventFile implements OpenFile {
  readonly kind = "perf_event";
  readonly fn: KernelFunction;
  readonly retprobe: boolean;
  /** One program an event. */
  hasProgram = false;

  constructor(fn: KernelFunction, retprobe: boolean) {
    this.fn = fn;
    this.retprobe = retprobe;
  }

  release(): void {}
}

/** An open perf event that programs write samples to. Takes over the caller's reference. */
export class OutputEventFile implements OpenFile {
  readonly kind = "perf_event";
  readonly event: OutputEvent;

  constructor(event: OutputEvent) {
    this.event = event;
  }

  release(): void {
    this.event.putRef();
  }
}

/** An open file of the in-memory file system. */
export class RegularFile implements OpenFile {
  readonly kind = "file";
  readonly node: FileNode;
  offset = 0;
  readonly #flags: number;

  /** @param flags `O_*`, as it was opened */
  constructor(node: FileNode, flags: number) {
    this.node = node;
    this.#flags = flags;
  }

  /** Writes where the file stands, or at its end. @returns bytes written, or -EBADF */
  write(data: Uint8Array): number {
    const access = this.#flags & O_ACCMODE;
    if (access !== O_WRONLY && access !== O_RDWR) return -EBADF;
    if ((this.#flags & O_APPEND) !== 0) this.offset = this.node.bytes.length;
    this.offset = writeAt(this.node, this.offset, data);
    return data.length;
  }

  release(): void {}
}

/** A process' pidfd. What stands for its inode is there as long as one of the process' pidfds. */
export class PidFile implements OpenFile {
  readonly kind = "pid";
  readonly process: Process;
  readonly inode: PidInode;

  constructor(process: Process, inode: PidInode) {
    this.process = process;
    this.inode = inode;
    inode.files++;
  }

  release(): void {
    if (--this.inode.files === 0) this.inode.onGone();
  }
}

/** See {@link PidFile}. */
export interface PidInode {
  /** pidfds that are open. */
  files: number;
  onGone(): void;
}
