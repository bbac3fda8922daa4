import { EINVAL } from "@bpf-ts/uapi/errno";
import { MapFile } from "../../process/open-files.ts";
import { MapObject } from "../map-object.ts";
import type { MapValues } from "./values.ts";

/** Maps in maps. Whether one is like the template is what the outer map looks at. @see v6.18 kernel/bpf/map_in_map.c, bpf_map_fd_get_ptr */
export const innerMaps: MapValues = {
  get(_machine, _map, file) {
    if (!(file instanceof MapFile)) return -EINVAL;
    const { map } = file;
    map.getRef();
    return { id: map.id, handle: map.handle, object: map };
  },
  put(_machine, _map, { object }) {
    if (object instanceof MapObject) object.putRef();
  },
};
