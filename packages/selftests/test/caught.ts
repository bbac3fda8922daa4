import { BpfError } from "@bpf-ts/uapi";

/** The error that a call throws. What is no BpfError goes on; a call that throws nothing is an error, too. */
export function caught(act: () => unknown): BpfError {
  try {
    act();
  } catch (error) {
    if (error instanceof BpfError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
