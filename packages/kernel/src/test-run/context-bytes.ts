import { E2BIG, EINVAL } from "@bpf-ts/uapi/errno";
import { KernelError } from "../error.ts";

/**
 * `ctx_in` as the kernel copies it: shorter ones are zero-extended, longer ones must be zero beyond the known size.
 *
 * @throws KernelError E2BIG, EINVAL (no bytes)
 * @see v6.18 net/bpf/test_run.c, bpf_ctx_init
 */
export function contextBytes(ctxIn: Uint8Array, size: number): Uint8Array {
  if (ctxIn.length === 0) throw new KernelError(EINVAL, "ctx_in has no bytes");
  if (ctxIn.subarray(size).some((byte) => byte !== 0))
    throw new KernelError(E2BIG, `ctx_in: bytes beyond the known ${size} are not zero`);
  const known = new Uint8Array(size);
  known.set(ctxIn.subarray(0, size));
  return known;
}
