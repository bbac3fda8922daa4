import { EINVAL, ENOLINK, EPERM } from "@bpf-ts/uapi/errno";
import { MapTraceError } from "./error.ts";
import type { MapTraceTarget } from "./targets.ts";
import { checkTracerFitsMap } from "./tracer-checks.ts";
import type { TracerEntry } from "./tracer-lists.ts";
import type { TraceableMap, TracerProgram } from "./types.ts";

/**
 * A map-trace link: ties one tracer to one map. It holds its program, the map, and its own entry of the map's list.
 */
export class MapTraceLink {
  readonly target: MapTraceTarget;
  #entry: TracerEntry;
  #map: TraceableMap | null;
  #holdsProgram = true;

  /** Takes one reference each of program and map. Only {@link attachMapTrace} makes links. */
  constructor(program: TracerProgram, target: MapTraceTarget, map: TraceableMap, successOnly: boolean) {
    program.getRef();
    map.getUserRef();
    this.target = target;
    this.#map = map;
    const counts = { runs: 0n, misses: 0n, failures: 0n };
    this.#entry = { program, traceType: target.traceType, successOnly, counts };
  }

  /** What lies in the map's list as long as the link is attached. */
  get entry(): TracerEntry {
    return this.#entry;
  }

  get program(): TracerProgram {
    return this.entry.program;
  }

  /** Null once detached. */
  get map(): TraceableMap | null {
    return this.#map;
  }

  /**
   * `BPF_LINK_UPDATE`: the swap takes effect at the next operation on the map.
   *
   * @param oldProgram the program that must be attached now (`BPF_F_REPLACE`)
   * @throws MapTraceError ENOLINK (detached), EPERM (another program is attached), EINVAL (not a tracer of the same hook, or a loop), EACCES
   */
  update(newProgram: TracerProgram, oldProgram?: TracerProgram): void {
    const map = this.#map;
    if (map === null) throw new MapTraceError("detached", "ENOLINK", ENOLINK, "the link is detached");
    const current = this.program;
    if (oldProgram !== undefined && oldProgram !== current) {
      throw new MapTraceError(
        "old_prog",
        "EPERM",
        EPERM,
        `program ${oldProgram.id} is not attached: program ${current.id} is`,
      );
    }
    if (
      newProgram.progType !== current.progType ||
      newProgram.expectedAttachType !== current.expectedAttachType ||
      newProgram.mapTraceTarget !== this.target
    ) {
      throw new MapTraceError(
        "new_prog",
        "EINVAL",
        EINVAL,
        `program ${newProgram.id} is not a tracer of ${this.target.hookFunc}`,
      );
    }
    if (newProgram === current) return;
    checkTracerFitsMap(newProgram, this.target, map);
    newProgram.getRef();
    const entry = { ...this.#entry, program: newProgram };
    map.tracers?.replace(this.#entry, entry);
    this.#entry = entry;
    current.putRef();
  }

  /** `BPF_LINK_DETACH`: removes this entry and lets go of the map; the link itself lives on. Doing it twice is no error. */
  detach(): void {
    const map = this.#map;
    if (map === null) return;
    this.#map = null;
    map.tracers?.remove(this.entry);
    map.tracersChanged();
    map.putUserRef();
  }

  /** The last reference to the link is gone. */
  release(): void {
    this.detach();
    if (this.#holdsProgram) {
      this.#holdsProgram = false;
      this.program.putRef();
    }
  }

  /** Undoes the construction of a link whose attach failed. Its entry is in no list any more. */
  abandon(): void {
    const map = this.#map;
    this.#map = null;
    map?.putUserRef();
    if (this.#holdsProgram) {
      this.#holdsProgram = false;
      this.program.putRef();
    }
  }
}
