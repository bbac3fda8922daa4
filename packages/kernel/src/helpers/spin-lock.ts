import type { HelperFactory } from "./env.ts";

/**
 * Locks. One thread runs a machine and the verifier lets no program be left while it holds a lock, so a lock is always free when it is taken;
 * its word shows that it is held, as Linux's does.
 *
 * @see v6.18 kernel/bpf/helpers.c, bpf_spin_lock
 */

/** `bpf_spin_lock` */
export const spinLock: HelperFactory = () => ({
  name: "bpf_spin_lock",
  run: (run, lock) => {
    run.memory.setU32(lock, 1);
    return 0;
  },
});

/** `bpf_spin_unlock` */
export const spinUnlock: HelperFactory = () => ({
  name: "bpf_spin_unlock",
  run: (run, lock) => {
    run.memory.setU32(lock, 0);
    return 0;
  },
});
