import type { HelperProto } from "@bpf-ts/uapi";
import type { ProgFacts } from "../types.ts";
import type { Env } from "./env.ts";

/** Prototypes asked for so far. What a program may call depends on facts that the attach check completes. */
export class ProtoCache {
  #facts: ProgFacts | undefined;
  readonly #protos = new Map<number, HelperProto | undefined>();

  /** Prototype of helper `id` for this program, undefined if it may not call it. */
  get(env: Env, id: number): HelperProto | undefined {
    if (this.#facts !== env.facts) {
      this.#facts = env.facts;
      this.#protos.clear();
    }
    let proto = this.#protos.get(id);
    if (proto === undefined && !this.#protos.has(id)) {
      proto = env.profile.helperProto(env.facts, id);
      this.#protos.set(id, proto);
    }
    return proto;
  }
}
