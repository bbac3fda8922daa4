import type { Bpf, LinkInfo } from "@bpf-ts/uapi";
import { BPF_F_REPLACE } from "@bpf-ts/uapi/prog-flags";
import { LibbpfError } from "../error.ts";
import { BpfIterator } from "./bpf-iterator.ts";
import type { BpfProgram } from "./bpf-program.ts";
import { closeAll } from "./close-all.ts";

/** A program attached to something. Closing it detaches. */
export class BpfLink implements Disposable {
  readonly #bpf: Bpf;
  #fd: number | undefined;
  /** Other fds that live as long as the link: a perf event. */
  readonly #extraFds: readonly number[];

  constructor(bpf: Bpf, fd: number, extraFds: readonly number[] = []) {
    this.#bpf = bpf;
    this.#fd = fd;
    this.#extraFds = extraFds;
  }

  /** @throws LibbpfError STATE once closed */
  get fd(): number {
    if (this.#fd === undefined) throw new LibbpfError("STATE", "the link is closed");
    return this.#fd;
  }

  /** What the kernel says of it. */
  info(): LinkInfo {
    const info = this.#bpf.objGetInfo(this.fd);
    if (info.kind !== "link") throw new Error(`fd ${this.fd} is a ${info.kind}, expected a link`);
    return info;
  }

  /**
   * Replaces the program without a gap.
   *
   * @param options.expect the program that must be attached now
   */
  update(program: BpfProgram, options: { expect?: BpfProgram } = {}): void {
    const { expect } = options;
    this.#bpf.linkUpdate(this.fd, {
      newProgFd: program.fd,
      ...(expect === undefined ? {} : { oldProgFd: expect.fd, flags: BPF_F_REPLACE }),
    });
  }

  /** Detaches the program; the link stays and can still be asked for its info. */
  detach(): void {
    this.#bpf.linkDetach(this.fd);
  }

  /** A new run of an iterator program. */
  iterate(): BpfIterator {
    return new BpfIterator(this.#bpf, this.#bpf.iterCreate(this.fd));
  }

  /** Detaches and closes. Doing it twice is no error. */
  close(): void {
    if (this.#fd === undefined) return;
    const fd = this.#fd;
    this.#fd = undefined;
    closeAll([...this.#extraFds, fd].map((one) => ({ close: () => this.#bpf.close(one) })));
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
