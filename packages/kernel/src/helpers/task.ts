import { UnsupportedError } from "@bpf-ts/uapi";
import { resultHalves } from "./args.ts";
import type { HelperFactory } from "./env.ts";

/**
 * The task on whose behalf the program runs.
 *
 * @see v6.18 kernel/bpf/helpers.c, bpf_get_current_pid_tgid, bpf_get_current_uid_gid, bpf_get_current_comm
 */

/** TASK_COMM_LEN: 15 bytes and a NUL. */
const COMM_BYTES = 16;

/** `bpf_get_current_pid_tgid`: thread group in the high half, thread in the low. */
export const getCurrentPidTgid: HelperFactory = (k) => ({
  name: "bpf_get_current_pid_tgid",
  wide: true,
  run: (run) => resultHalves(run, k.current.pid, k.current.tgid),
});

/** `bpf_get_current_uid_gid`: group in the high half, user in the low. */
export const getCurrentUidGid: HelperFactory = (k) => ({
  name: "bpf_get_current_uid_gid",
  wide: true,
  run: (run) => resultHalves(run, k.current.uid, k.current.gid),
});

/** `bpf_get_current_comm`: cut to the buffer, and padded with zeros to its end. */
export const getCurrentComm: HelperFactory = (k) => {
  const encoder = new TextEncoder();
  return {
    name: "bpf_get_current_comm",
    run: (run, buffer, size) => {
      const to = buffer >>> 0;
      const length = size >>> 0;
      const comm = encoder.encode(k.current.comm).subarray(0, Math.min(COMM_BYTES, length) - 1);
      const bytes = run.memory.u8;
      bytes.fill(0, to, to + length);
      bytes.set(comm, to);
      return 0;
    },
  };
};

function currentTask(name: string): HelperFactory {
  return (k) => {
    const taskStruct = k.taskStruct?.bind(k);
    if (taskStruct === undefined) throw new UnsupportedError(`helper ${name}`);
    return { name, unsigned: true, run: () => taskStruct() };
  };
}

/** `bpf_get_current_task` */
export const getCurrentTask: HelperFactory = currentTask("bpf_get_current_task");
/** `bpf_get_current_task_btf` */
export const getCurrentTaskBtf: HelperFactory = currentTask("bpf_get_current_task_btf");
