import { BPF_PROG_TYPE_SYSCALL } from "@bpf-ts/uapi/prog-types";
import type { CtxAccess, CtxField, ProgFacts } from "../types.ts";
import { EXIT_ANY } from "./exit.ts";
import type { ProgTypeRow } from "./types.ts";

/** The context is as large as the caller of BPF_PROG_TEST_RUN makes it; offsets below this may be read and written. */
const MAX_CTX = 65535;

function syscallAccess(_facts: ProgFacts, { off, size }: CtxAccess): CtxField | undefined {
  return off < 0 || off >= MAX_CTX || off % size !== 0 ? undefined : {};
}

/** Programs that run as a system call; sleepable, always. @see v6.18 kernel/bpf/syscall.c, syscall_prog_is_valid_access */
export const SYSCALL: ProgTypeRow = {
  id: BPF_PROG_TYPE_SYSCALL,
  name: "syscall",
  ctxAccess: syscallAccess,
  plainContext: true,
  attachTypes: [0],
  exitRule: () => EXIT_ANY,
  sleepable: () => true,
  testRun: "syscall",
};
