import type { OpenFile } from "../fd-table.ts";

/** Where the unified hierarchy is: opening it gives an fd of the root cgroup. */
export const CGROUP_ROOT = "/sys/fs/cgroup";

/** A cgroup. This kernel has one, the root, in which all processes are. */
export class Cgroup {
  /** Its inode's number. */
  readonly id = 1n;
}

/** An open folder of a cgroup. */
export class CgroupFile implements OpenFile {
  readonly kind = "cgroup";
  readonly cgroup: Cgroup;

  constructor(cgroup: Cgroup) {
    this.cgroup = cgroup;
  }

  release(): void {}
}
