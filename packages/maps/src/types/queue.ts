import { makeMap } from "../make.ts";
import { QueueStackMap, queueStackCheck } from "../queue/queue-stack.ts";
import type { MapType } from "./map-type.ts";

/** `BPF_MAP_TYPE_QUEUE`: first in, first out. */
export const queueType: MapType = {
  check: queueStackCheck,
  create: (table, def, options) => makeMap(table, (own) => new QueueStackMap(table, own, def, options, "oldest")),
};
