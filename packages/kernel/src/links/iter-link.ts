import type { LinkCreateAttr } from "@bpf-ts/uapi";
import { UnsupportedError } from "@bpf-ts/uapi";
import { E2BIG, EACCES, EBADF, EINVAL, EPERM } from "@bpf-ts/uapi/errno";
import { BPF_LINK_TYPE_ITER } from "@bpf-ts/uapi/link-types";
import { KernelError } from "../error.ts";
import type { Machine } from "../machine.ts";
import { type LinkDetails, LinkObject } from "../objects/link-object.ts";
import type { MapObject } from "../objects/map-object.ts";
import type { ProgObject } from "../objects/prog-object.ts";
import { MapFile } from "../process/open-files.ts";
import type { Process } from "../process/process.ts";
import { words } from "./function-link.ts";

/** The only iterator target of this kernel. */
const MAP_ELEM = "bpf_map_elem";

/** An iterator program and the map that it goes over. Takes a reference to both, and a user reference to the map. */
export class IterLink extends LinkObject {
  readonly type: number = BPF_LINK_TYPE_ITER;
  #prog: ProgObject;
  readonly map: MapObject;

  /** @throws KernelError EINVAL, EBADF, EACCES. @see v6.18 kernel/bpf/bpf_iter.c, bpf_iter_link_attach; map_iter.c, bpf_iter_attach_map */
  constructor(
    machine: Machine,
    prog: ProgObject,
    process: Process,
    attr: LinkCreateAttr,
    onDestroy: (object: LinkObject) => void,
  ) {
    super(onDestroy);
    if ((attr.targetFd ?? 0) !== 0 || (attr.flags ?? 0) !== 0)
      throw new KernelError(EINVAL, "target_fd and flags must be 0 for iterators");
    const mapFd = mapFdOf(attr.iterInfo);
    const target = machine.kernelBtf.nameOf(prog.attachBtfId).replace(/^bpf_iter_/, "");
    if (target !== MAP_ELEM) throw new UnsupportedError(`iterator over ${target}`);
    if (mapFd === 0) throw new KernelError(EBADF, "iter/bpf_map_elem: iter_info names no map");
    const file = process.fds.get(mapFd);
    if (file === undefined) throw new KernelError(EBADF, `iter/bpf_map_elem: fd ${mapFd} is not open`);
    if (!(file instanceof MapFile))
      throw new KernelError(EINVAL, `iter/bpf_map_elem: fd ${mapFd} is a ${file.kind}, expected a map`);
    this.map = file.map;
    const { def } = this.map;
    const walk = this.map.map.iterate();
    if (walk === undefined)
      throw new KernelError(EINVAL, `iter/bpf_map_elem: maps of type ${def.type} cannot be iterated`);
    walk.close();
    const [keyAccess, valueAccess] = [prog.maxCtxBufferAccess[2] ?? 0, prog.maxCtxBufferAccess[3] ?? 0];
    // The context shows all CPUs' values of a per-CPU element.
    if (keyAccess > def.keySize || valueAccess > this.map.map.sysValueSize) {
      throw new KernelError(
        EACCES,
        `${prog.describe()} reads ${keyAccess} bytes of the key and ${valueAccess} of the value, ${this.map.describe()} has ${def.keySize} and ${this.map.map.sysValueSize}`,
      );
    }
    prog.getRef();
    this.map.getUserRef();
    this.#prog = prog;
  }

  get prog(): ProgObject {
    return this.#prog;
  }

  override update(newProg: ProgObject, oldProg: ProgObject | undefined): void {
    if (oldProg !== undefined && oldProg !== this.#prog)
      throw new KernelError(EPERM, `${oldProg.describe()} is not attached`);
    const same =
      newProg.progType === this.#prog.progType &&
      newProg.expectedAttachType === this.#prog.expectedAttachType &&
      newProg.attachBtfId === this.#prog.attachBtfId;
    if (!same) throw new KernelError(EINVAL, `${newProg.describe()} is no program of the same iterator`);
    newProg.getRef();
    this.#prog.putRef();
    this.#prog = newProg;
  }

  details(): LinkDetails {
    return { iter: { targetName: MAP_ELEM, mapId: this.map.id }, raw: words(this.map.id) };
  }

  protected release(): void {
    this.#prog.putRef();
    this.map.putUserRef();
  }
}

/** Bytes of `union bpf_iter_link_info`. */
const ITER_INFO_SIZE = 16;

/** `map.map_fd` of a `union bpf_iter_link_info`, whose missing bytes are zero. @throws KernelError EINVAL (no bytes), E2BIG (unknown ones) */
function mapFdOf(info: Uint8Array | undefined): number {
  if (info === undefined) return 0;
  if (info.length === 0) throw new KernelError(EINVAL, "iter_info has no bytes");
  if (info.subarray(ITER_INFO_SIZE).some((byte) => byte !== 0))
    throw new KernelError(E2BIG, `iter_info: bytes beyond the known ${ITER_INFO_SIZE} are not zero`);
  const known = new Uint8Array(4);
  known.set(info.subarray(0, 4));
  return new DataView(known.buffer).getUint32(0, true);
}
