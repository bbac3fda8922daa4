import { EBADF } from "@bpf-ts/uapi/errno";
import { OutputEvent } from "../../perf/output-event.ts";
import { OutputEventFile, PerfEventFile } from "../../process/open-files.ts";
import type { MapValues } from "./values.ts";

/** PERF_EVENT_ARRAY. An event goes with the open file of the map that stored it. @see v6.18 kernel/bpf/arraymap.c, perf_event_fd_array_get_ptr */
export const perfEvents: MapValues = {
  get(machine, _map, file) {
    if (file instanceof OutputEventFile) {
      file.event.getRef();
      return { id: 0, handle: 0, object: file.event, owner: machine.updatingFile };
    }
    if (!(file instanceof PerfEventFile)) return -EBADF;
    return { id: 0, handle: 0, object: file, owner: machine.updatingFile };
  },
  put(_machine, _map, { object }) {
    if (object instanceof OutputEvent) object.putRef();
  },
};
