import { LocalStorageMap, ObjectArrayMap, SockHashMap } from "@bpf-ts/maps";
import type { Machine } from "../machine.ts";

/** A socket, process or other object ends: its storage goes, and the elements of socket maps that held it. */
export function objectGone(machine: Machine, object: object): void {
  for (const map of machine.maps.maps()) {
    if (map instanceof LocalStorageMap) map.remove(object);
    else if (map instanceof ObjectArrayMap || map instanceof SockHashMap) map.removeObject(object);
  }
}
