import type { Memory } from "@bpf-ts/memory";

/** What a kernel-owned field of a map value is. */
export type SpecialFieldKind =
  | "spin_lock"
  | "res_spin_lock"
  | "timer"
  | "wq"
  | "task_work"
  | "kptr_unref"
  | "kptr_ref"
  | "kptr_percpu"
  | "uptr"
  | "list_head"
  | "list_node"
  | "rb_root"
  | "rb_node"
  | "refcount";

/**
 * A field of a map's value that belongs to the kernel, known from the map's BTF.
 *
 * @see v6.18 include/linux/bpf.h, struct btf_field
 */
export interface SpecialField {
  /** Bytes from the value's start. */
  readonly offset: number;
  /** Bytes. */
  readonly size: number;
  readonly kind: SpecialFieldKind;
}

/** Copies values around their special fields. */
export class ValueCopier {
  readonly fields: readonly SpecialField[];
  /** Whether BPF_F_LOCK is allowed: resilient spin locks are none for it. */
  readonly hasSpinLock: boolean;
  readonly #memory: Memory;
  readonly #size: number;

  constructor(memory: Memory, valueSize: number, record: readonly SpecialField[]) {
    this.#memory = memory;
    this.#size = valueSize;
    this.fields = [...record].sort((a, b) => a.offset - b.offset);
    this.hasSpinLock = record.some((field) => field.kind === "spin_lock");
  }

  /** Copies a value; the target's special fields stay as they are. */
  copy(target: number, source: number): void {
    this.#copy(target, source, this.#size);
  }

  /** {@link copy} of the value and of the bytes that round it up to 8: what user space gives for per-CPU maps. */
  copyLong(target: number, source: number): void {
    this.#copy(target, source, (this.#size + 7) & ~7);
  }

  #copy(target: number, source: number, size: number): void {
    if (this.fields.length === 0) {
      this.#memory.copy(target, source, size);
      return;
    }
    let done = 0;
    for (const field of this.fields) {
      this.#memory.copy(target + done, source + done, field.offset - done);
      done = field.offset + field.size;
    }
    this.#memory.copy(target + done, source + done, size - done);
  }

  /** Zeroes a value except for its special fields. */
  zero(target: number): void {
    let done = 0;
    for (const field of this.fields) {
      this.#memory.fill(target + done, 0, field.offset - done);
      done = field.offset + field.size;
    }
    this.#memory.fill(target + done, 0, this.#size - done);
  }

  /** Zeroes the special fields that own something, after it was released. Locks stay: somebody may hold them. */
  clearOwners(target: number): void {
    for (const field of this.fields) {
      if (field.kind !== "spin_lock" && field.kind !== "res_spin_lock")
        this.#memory.fill(target + field.offset, 0, field.size);
    }
  }

  /**
   * What user space sees of the special fields, and what a new element starts with: zeros, but reference counts are 1.
   *
   * @see v6.18 include/linux/bpf.h, bpf_obj_init_field
   */
  clearFields(target: number): void {
    for (const field of this.fields) {
      if (field.kind === "refcount") this.#memory.setU32(target + field.offset, 1);
      else this.#memory.fill(target + field.offset, 0, field.size);
    }
  }
}
