import { createKernel, type Kernel, SeededRandom } from "@bpf-ts/kernel";
import type { Bpf } from "@bpf-ts/uapi";
import type { BpfMap, BpfObject, ObjectSpec } from "libbpf-ts";
import { openProg } from "../objects.ts";
import { interleaved } from "./interleave.ts";
import type { OpenFile, StateEntry } from "./model.ts";
import { Writer } from "./writer.ts";

/** Which of the migration's tracers are attached. */
export type Tracing = "both" | "none" | "update only" | "delete only";

/** How an upgrade went. */
export interface UpgradeResult {
  seed: number;
  tracing: Tracing;
  /** Entries that the writer's model has and the new map lacks. */
  lost: OpenFile[];
  /** Entries that the new map has and the model does not. */
  stale: OpenFile[];
  /** Entries of the model at the end. */
  entries: number;
  /** System calls of the writers that came between two steps of the upgrade. */
  calls: { openat: number; write: number; close: number };
  /** Writes that answered something else than the model expects, after the switch. */
  surprises: string[];
  timeline: TimelineEntry[];
}

/** One line of the timeline. */
export interface TimelineEntry {
  /** Steps (commands, system calls, iterator elements) until then. */
  step: number;
  text: string;
}

/** The objects of an upgrade, opened: they can be loaded into any number of kernels. */
export interface UpgradeObjects {
  readonly old: ObjectSpec;
  readonly new: ObjectSpec;
  readonly migration: ObjectSpec;
}

/** Reads the three object files. */
export function openObjects(): UpgradeObjects {
  return {
    old: openProg("bpf_map_trace_real_world_old"),
    new: openProg("bpf_map_trace_real_world_new"),
    migration: openProg("bpf_map_trace_real_world_migration"),
  };
}

/** What the policy programs allow: MAX_OPEN_FILES of allow_writes.h. */
const LIMIT = 16;
/** System calls before the upgrade begins, so that there is something to copy. */
const WARM_UP = 30;
/** System calls after it: do the policies' answers still fit? */
const AFTERWARDS = 40;
/** Of four steps, so many go to the writers. */
const WRITER_SHARE = 2;

/**
 * One upgrade of the write policy under load, in a kernel of its own.
 *
 * Steps of the interleaving are a bpf(2) command, a simulated system call, one element of the iterator; each runs to its end. The same seed gives the
 * same run.
 */
export function upgrade(seed: number, tracing: Tracing, objects: UpgradeObjects = openObjects()): UpgradeResult {
  const kernel = createKernel({ seed });
  try {
    return new Upgrade(kernel, seed, tracing, objects).run();
  } finally {
    kernel[Symbol.dispose]();
  }
}

class Upgrade {
  readonly #kernel: Kernel;
  readonly #bpf: Bpf;
  readonly #random: SeededRandom;
  readonly #writer: Writer;
  readonly #seed: number;
  readonly #tracing: Tracing;
  readonly #objects: UpgradeObjects;
  readonly #timeline: TimelineEntry[] = [];
  #step = 0;
  /** Off while the policies' maps are read for comparison: that is the demo looking, not the upgrade. */
  #isLive = true;

  constructor(kernel: Kernel, seed: number, tracing: Tracing, objects: UpgradeObjects) {
    this.#kernel = kernel;
    this.#seed = seed;
    this.#tracing = tracing;
    this.#objects = objects;
    this.#random = new SeededRandom(seed);
    this.#writer = new Writer(kernel, this.#random, LIMIT);
    this.#bpf = interleaved(kernel.bpf, () => this.#letOthersGo());
  }

  /** A step of the upgrade is due: the writers may come first, several times. */
  #letOthersGo(): void {
    if (!this.#isLive) return;
    while (this.#random.below(4) < WRITER_SHARE) {
      this.#writer.step();
      this.#step++;
    }
    this.#step++;
  }

  #say(text: string): void {
    this.#timeline.push({ step: this.#step, text });
  }

  run(): UpgradeResult {
    // The writers begin once the first policy is in force: what they opened before it no policy could know.
    this.#isLive = false;
    const old = this.#policy("old");
    old.attach();
    this.#isLive = true;
    this.#say("policy v1 attached: openat adds a writable file, close frees it");
    for (let i = 0; i < WARM_UP; i++) this.#writer.step();
    this.#step += WARM_UP;
    this.#say(
      `${WARM_UP} system calls of ${this.#writer.processes.length} processes: ${this.#writer.model.size} writable files`,
    );
    const before = { ...this.#writer.counts };

    const next = this.#policy("new");
    this.#say("policy v2 loaded: its map's key has fd and pid swapped");
    const migration = this.#migration(old, next);
    const copied = this.#bulkCopy(migration, old);
    this.#say(`bulk copy: ${copied} elements`);
    next.attach();
    this.#say("policy v2 attached beside v1");
    // Both maps as they are at this moment, against the model: the old one must be what the model says, or the comparison means nothing.
    const { lost, stale } = this.#compare(next.map("allow_writes"), (view) => ({
      fd: view.getInt32(0, true),
      pid: view.getUint32(4, true),
    }));
    const reference = this.#compare(old.map("allow_writes"), (view) => ({
      pid: view.getUint32(0, true),
      fd: view.getInt32(4, true),
    }));
    if (reference.lost.length + reference.stale.length > 0)
      throw new Error("the old map is not what the writers' model says");
    old.detach();
    this.#say("policy v1 detached");
    const { counts } = this.#writer;
    const calls = {
      openat: counts.openat - before.openat,
      write: counts.write - before.write,
      close: counts.close - before.close,
    };
    migration.close();
    old.close();
    this.#say("migration and policy v1 unloaded");

    // Surprises until here come from v1 and v2 judging side by side; what counts is how v2 judges alone.
    this.#writer.surprises.length = 0;
    for (let i = 0; i < AFTERWARDS; i++) this.#writer.step();
    this.#isLive = false;
    next.close();
    return {
      seed: this.#seed,
      tracing: this.#tracing,
      lost,
      stale,
      entries: this.#writer.model.size,
      calls,
      surprises: [...this.#writer.surprises],
      timeline: this.#timeline,
    };
  }

  #policy(version: "old" | "new"): BpfObject {
    const policy = this.#objects[version].load(this.#bpf);
    for (const { pid } of this.#writer.processes) policy.map("filtered_pids").set(words(pid), words(1));
    return policy;
  }

  #migration(old: BpfObject, next: BpfObject): BpfObject {
    const spec = this.#objects.migration;
    spec.map("old_map").reuseFd = old.map("allow_writes").fd;
    spec.map("new_map").reuseFd = next.map("allow_writes").fd;
    const migration = spec.load(this.#bpf);
    // DELETE first: a key that is updated and then deleted before both are attached must not stay in the new map.
    const tracers = {
      copy_on_delete: this.#tracing !== "none" && this.#tracing !== "update only",
      copy_on_update: this.#tracing !== "none" && this.#tracing !== "delete only",
    };
    const attached = Object.entries(tracers).filter(([, wanted]) => wanted);
    for (const [name] of attached) migration.own(migration.program(name).attach());
    this.#say(
      attached.length === 0
        ? "no tracers attached"
        : `tracers attached to the old map: ${attached.map(([name]) => name).join(", ")}`,
    );
    return migration;
  }

  #bulkCopy(migration: BpfObject, old: BpfObject): number {
    const link = migration.program("bulk_copy").attachIterator({ map: old.map("allow_writes") });
    const run = link.iterate();
    let elements = 0;
    for (;;) {
      this.#letOthersGo();
      if (!this.#kernel.stepIterator(run.fd)) break;
      elements++;
    }
    run.close();
    link.close();
    return elements;
  }

  /** A policy's map against the writers' model. Reading it is the demo looking, no step of the upgrade. */
  #compare(map: BpfMap, fileOf: (key: DataView) => OpenFile): { lost: OpenFile[]; stale: OpenFile[] } {
    this.#isLive = false;
    const state = [...map.keyBytes()].map((key): StateEntry => {
      const value = map.lookupBytes(key);
      return { ...fileOf(new DataView(key.buffer, key.byteOffset)), mayWrite: value?.[0] === 1 };
    });
    this.#isLive = true;
    return this.#writer.model.compare(state);
  }
}

function words(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}
