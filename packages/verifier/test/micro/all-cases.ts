import type { MicroCase } from "./case.ts";
import { CALLBACK_CASES } from "./cases/callbacks.ts";
import { DIRECT_VALUE_CASES } from "./cases/direct-values.ts";
import { DYNPTR_CASES } from "./cases/dynptrs.ts";
import { GLOBAL_FUNCTION_CASES } from "./cases/global-functions.ts";
import { HELPER_ARG_CASES } from "./cases/helper-args.ts";
import { JUMP_CASES } from "./cases/jumps.ts";
import { OBJECT_CASES } from "./cases/objects.ts";
import { REFERENCE_CASES } from "./cases/references.ts";
import { RING_BUFFER_CASES } from "./cases/ring-buffers.ts";
import { STORAGE_CASES } from "./cases/storage.ts";
import { TYPED_CASES } from "./cases/typed.ts";
import { WALK_CASES } from "./cases/walks.ts";

/** All cases, by what they are about. */
export const GROUPS: Readonly<Record<string, readonly MicroCase[]>> = {
  "arguments of helpers": HELPER_ARG_CASES,
  "references, locks, kernel pointers": REFERENCE_CASES,
  "objects, lists, trees": OBJECT_CASES,
  "timers, work queues, storage": STORAGE_CASES,
  "jumps of 32 bits": JUMP_CASES,
  callbacks: CALLBACK_CASES,
  "addresses of map values": DIRECT_VALUE_CASES,
  dynptrs: DYNPTR_CASES,
  "ring buffers": RING_BUFFER_CASES,
  "global functions": GLOBAL_FUNCTION_CASES,
  "typed contexts and kernel functions": TYPED_CASES,
  "walks through kernel structures": WALK_CASES,
};
