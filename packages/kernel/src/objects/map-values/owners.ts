import { EBADF, ENOENT } from "@bpf-ts/uapi/errno";
import type { OpenFile } from "../../fd-table.ts";
import type { Machine } from "../../machine.ts";
import { CgroupFile } from "../../process/cgroups.ts";
import { PidFile, RegularFile } from "../../process/open-files.ts";
import { SocketFile } from "../../process/sockets.ts";
import type { MapValues } from "./values.ts";

/** The objects that storage hangs on: the key is an fd of one. */

/** TASK_STORAGE. @see v6.18 kernel/bpf/bpf_task_storage.c, bpf_pid_task_storage_lookup_elem */
export const storageTasks: MapValues = {
  get(_machine, _map, file) {
    if (!(file instanceof PidFile)) return -EBADF;
    const { process } = file;
    return process.hasEnded ? -ENOENT : { id: process.pid, handle: process.taskStruct, object: process };
  },
};

/** INODE_STORAGE: every open file has an inode. @see v6.18 kernel/bpf/bpf_inode_storage.c, bpf_fd_inode_storage_lookup_elem */
export const storageInodes: MapValues = {
  get: (machine, _map, file) => ({ id: 0, handle: 0, object: inodeOf(machine, file) }),
};

/** CGRP_STORAGE, CGROUP_ARRAY. @see v6.18 kernel/bpf/bpf_cgrp_storage.c, bpf_cgrp_storage_lookup_elem; arraymap.c, cgroup_fd_array_get_ptr */
export const cgroups: MapValues = {
  get(_machine, _map, file) {
    return file instanceof CgroupFile ? { id: file.cgroup.id, handle: 0, object: file.cgroup } : -EBADF;
  },
};

/** What stands for a file's inode. BPF objects and perf events share one, the kernel's anonymous inode. */
function inodeOf(machine: Machine, file: OpenFile): object {
  if (file instanceof RegularFile) return file.node;
  if (file instanceof SocketFile) return file.socket;
  if (file instanceof CgroupFile) return file.cgroup;
  if (file instanceof PidFile) return file.inode;
  return machine.anonInode;
}
