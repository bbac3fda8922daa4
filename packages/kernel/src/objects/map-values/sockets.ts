import type { FdValue } from "@bpf-ts/maps";
import { EBUSY, EINVAL, ENOTSOCK, ENOTSUPP, EOPNOTSUPP } from "@bpf-ts/uapi/errno";
import type { OpenFile } from "../../fd-table.ts";
import { Socket, SocketFile } from "../../process/sockets.ts";
import type { MapValues } from "./values.ts";

/**
 * Maps of sockets. A socket map and a reuseport array both want the socket's one pointer for users, so that a socket is in one kind of them at most.
 */

function socketOf(file: OpenFile): Socket | undefined {
  return file instanceof SocketFile ? file.socket : undefined;
}

function socketValue(socket: Socket): FdValue {
  return { id: socket.cookie, handle: socket.handle, object: socket };
}

/** SOCKMAP and SOCKHASH. @see v6.18 net/core/sock_map.c, sock_map_update_elem_sys, sock_map_sk_state_allowed */
export const sockMapSockets: MapValues = {
  get(_machine, _map, file) {
    const socket = socketOf(file);
    if (socket === undefined) return -ENOTSOCK;
    if (!socket.isHashed) return -EOPNOTSUPP;
    socket.sockMapElements++;
    return { ...socketValue(socket), refused: socket.isInReuseportArray ? -EBUSY : 0 };
  },
  put(_machine, _map, { object }) {
    if (object instanceof Socket) object.sockMapElements--;
  },
};

/** REUSEPORT_SOCKARRAY. @see v6.18 kernel/bpf/reuseport_array.c, reuseport_array_update_check */
export const reuseportSockets: MapValues = {
  get(_machine, _map, file) {
    const socket = socketOf(file);
    if (socket === undefined) return -ENOTSOCK;
    const isBusy = socket.isInReuseportArray || socket.sockMapElements > 0;
    const refused = socket.kind === "xdp" ? -ENOTSUPP : !socket.isHashed ? -EINVAL : isBusy ? -EBUSY : 0;
    if (refused === 0) socket.isInReuseportArray = true;
    return { ...socketValue(socket), refused };
  },
  put(_machine, _map, { object, refused }) {
    if (object instanceof Socket && refused === 0) object.isInReuseportArray = false;
  },
};

/** XSKMAP. @see v6.18 net/xdp/xskmap.c, xsk_map_update_elem */
export const xdpSockets: MapValues = {
  get(_machine, _map, file) {
    const socket = socketOf(file);
    if (socket === undefined) return -ENOTSOCK;
    return socket.kind === "xdp" ? socketValue(socket) : -EOPNOTSUPP;
  },
};

/** SK_STORAGE: the socket is the key. @see v6.18 net/core/bpf_sk_storage.c, bpf_fd_sk_storage_lookup_elem */
export const storageSockets: MapValues = {
  get(_machine, _map, file) {
    const socket = socketOf(file);
    return socket === undefined ? -ENOTSOCK : socketValue(socket);
  },
};
