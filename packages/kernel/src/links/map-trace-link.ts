import type { MapTraceLink } from "@bpf-ts/map-trace";
import { BPF_LINK_TYPE_MAP_TRACE } from "@bpf-ts/uapi/map-trace";
import { type LinkDetails, LinkObject } from "../objects/link-object.ts";
import { ProgObject } from "../objects/prog-object.ts";
import { words } from "./function-link.ts";

/** A tracer on a map: the kernel's side of map tracing's link. */
export class MapTraceLinkObject extends LinkObject {
  readonly type: number = BPF_LINK_TYPE_MAP_TRACE;
  readonly #link: MapTraceLink;

  constructor(link: MapTraceLink, onDestroy: (object: LinkObject) => void) {
    super(onDestroy);
    this.#link = link;
  }

  get prog(): ProgObject {
    const { program } = this.#link;
    if (!(program instanceof ProgObject)) throw new Error("a map-trace link of a program of another kernel");
    return program;
  }

  override update(newProg: ProgObject, oldProg: ProgObject | undefined): void {
    this.#link.update(newProg, oldProg);
  }

  override detach(): void {
    this.#link.detach();
  }

  /** `struct { __u32 map_id; __u32 trace_type; } map_trace`. */
  details(): LinkDetails {
    const { map, target, entry } = this.#link;
    const mapId = map?.id ?? 0;
    return {
      mapTrace: { mapId, traceType: target.traceType, ...entry.counts },
      raw: words(mapId, target.traceType),
    };
  }

  protected release(): void {
    this.#link.release();
  }
}
