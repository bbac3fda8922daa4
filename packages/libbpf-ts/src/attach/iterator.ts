import type { Bpf } from "@bpf-ts/uapi";
import { BpfLink } from "../load/bpf-link.ts";
import type { BpfMap } from "../load/bpf-map.ts";
import type { BpfProgram } from "../load/bpf-program.ts";

/** What an iterator goes over, where its kind leaves that open. */
export interface IteratorTarget {
  /** `iter/bpf_map_elem`: the map, or an fd of it. */
  map?: BpfMap | number;
}

/** Attaches an iterator program; {@link BpfLink.iterate} runs it. */
export function attachIterator(bpf: Bpf, program: BpfProgram, target: IteratorTarget): BpfLink {
  const attr = { progFd: program.fd, attachType: program.spec.attachType };
  if (target.map === undefined) return new BpfLink(bpf, bpf.linkCreate(attr));
  // union bpf_iter_link_info: the map's fd is its first word.
  const iterInfo = new Uint8Array(16);
  new DataView(iterInfo.buffer).setUint32(0, typeof target.map === "number" ? target.map : target.map.fd, true);
  return new BpfLink(bpf, bpf.linkCreate({ ...attr, iterInfo }));
}
