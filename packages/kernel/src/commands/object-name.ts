import { EINVAL } from "@bpf-ts/uapi/errno";
import { KernelError } from "../error.ts";

const MAX_NAME = 15;

/** @throws KernelError EINVAL for names over 15 bytes or with others than `[A-Za-z0-9_.]`. @see v6.18 kernel/bpf/syscall.c, bpf_obj_name_cpy */
export function checkObjectName(name: string): void {
  if (name.length > MAX_NAME)
    throw new KernelError(EINVAL, `name "${name}" has ${name.length} characters, at most ${MAX_NAME} are allowed`);
  if (!/^[A-Za-z0-9_.]*$/.test(name))
    throw new KernelError(EINVAL, `name "${name}": allowed are letters, digits, _ and .`);
}
