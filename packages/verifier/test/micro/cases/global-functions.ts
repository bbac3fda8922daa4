import type { MicroCase } from "../case.ts";

const CALL = `call f
              r0 = 0
              exit
              f: r0 = 0
              exit`;

const of = (name: string, subprog: string, code: string, more: Partial<MicroCase> = {}): MicroCase => ({
  name,
  subprogs: [subprog],
  code,
  ...more,
});

/** Functions of the program that are verified on their own, by their signatures. */
export const GLOBAL_FUNCTION_CASES: readonly MicroCase[] = [
  of("without arguments", "global_none", CALL),
  of("without a result", "global_void", CALL),
  of("whose result is a pointer", "global_pointer_result", CALL),
  of("whose result is a structure", "global_struct_result", CALL),
  of("whose argument is a structure", "global_struct", `r1 = 1\n${CALL}`),
  of("with six arguments", "global_six", CALL),
  of("number given", "global_number", `r1 = 1\n${CALL}`),
  of("stack for a number", "global_number", `r1 = r10\n${CALL}`),
  of("context for a number", "global_number", `call f\nr1 = r2\nr0 = 0\nexit\nf: r0 = 0\nexit`),
  of("result returned", "global_number", "r1 = 1\ncall f\nexit\nf: r0 = r1\nexit"),
  of(
    "result is not known to the caller",
    "global_none",
    "call f\nr1 = r10\nr1 += r0\n*(u8 *)(r1 +0) = 0\nr0 = 0\nexit\nf: r0 = -8\nexit",
  ),
  of("result not set", "global_none", "call f\nr0 = 0\nexit\nf: exit"),
  of("wrong, but called", "global_none", "call f\nr0 = 0\nexit\nf: r0 = *(u32 *)(r1 +0)\nexit"),
  of(
    "wrong, but not reached",
    "global_none",
    "r0 = 0\nif r0 == 0x0 goto out\ncall f\nout: exit\nf: r0 = *(u32 *)(r1 +0)\nexit",
  ),
  of("number used as a pointer", "global_number", "r1 = 1\ncall f\nr0 = 0\nexit\nf: r0 = *(u32 *)(r1 +0)\nexit"),
  of(
    "memory of the stack given",
    "global_memory",
    `*(u64 *)(r10 -8) = 0\n*(u64 *)(r10 -16) = 0\nr1 = r10\nr1 += -16\n${CALL}`,
  ),
  of("memory not written given", "global_memory", `r1 = r10\nr1 += -16\n${CALL}`),
  of("memory too short", "global_memory", `*(u64 *)(r10 -8) = 0\nr1 = r10\nr1 += -8\n${CALL}`),
  of("NULL for memory", "global_memory", `r1 = 0\n${CALL}`),
  of("a number for memory", "global_memory", `r1 = 1\n${CALL}`),
  of("context for memory", "global_memory", CALL),
  of("memory read without check", "global_memory", "r1 = 0\ncall f\nr0 = 0\nexit\nf: r0 = *(u64 *)(r1 +8)\nexit"),
  of(
    "memory read with check",
    "global_memory",
    "r1 = 0\ncall f\nr0 = 0\nexit\nf: r0 = 0\nif r1 == 0x0 goto out\nr0 = *(u64 *)(r1 +8)\nout: exit",
  ),
  of(
    "memory read behind its end",
    "global_memory",
    "r1 = 0\ncall f\nr0 = 0\nexit\nf: r0 = 0\nif r1 == 0x0 goto out\nr0 = *(u64 *)(r1 +9)\nout: exit",
  ),
  of(
    "memory that is there, read",
    "global_memory_there",
    "*(u64 *)(r10 -8) = 0\n*(u64 *)(r10 -16) = 0\nr1 = r10\nr1 += -16\ncall f\nr0 = 0\nexit\nf: r0 = *(u64 *)(r1 +8)\nexit",
  ),
  of("NULL for memory that is there", "global_memory_there", `r1 = 0\n${CALL}`),
  of("memory of unknown type", "global_unknown", `r1 = 0\n${CALL}`),
  of("context given", "global_context", CALL),
  of("context read", "global_context", "call f\nr0 = 0\nexit\nf: r0 = *(u32 *)(r1 +0)\nexit"),
  of("moved context given", "global_context", `r1 += 8\n${CALL}`),
  of("stack for the context", "global_context", `r1 = r10\n${CALL}`),
  of("context of another program type", "global_context", CALL, { type: 5 }),
  of("tagged context given", "global_tagged_context", CALL),
  of("tagged context given to a tracing program", "global_tagged_context", CALL, { type: 5 }),
  of(
    "dynptr given",
    "global_dynptr",
    `r6 = r1\nr1 = map[fd:12]\nr2 = 8\nr3 = 0\nr4 = r10\nr4 += -16\ncall bpf_ringbuf_reserve_dynptr#198\nr1 = r10\nr1 += -16\ncall f\nr1 = r10\nr1 += -16\nr2 = 0\ncall bpf_ringbuf_submit_dynptr#199\nr0 = 0\nexit\nf: r0 = 0\nexit`,
  ),
  of(
    "stack for a dynptr",
    "global_dynptr",
    `*(u64 *)(r10 -8) = 0\n*(u64 *)(r10 -16) = 0\nr1 = r10\nr1 += -16\n${CALL}`,
  ),
  of("NULL for a dynptr", "global_dynptr", `r1 = 0\n${CALL}`),
  of(
    "trusted task given",
    "global_trusted",
    "r1 = *(u64 *)(r1 +0)\ncall f\nr0 = 0\nexit\nf: r0 = *(u32 *)(r1 +0)\nr0 = 0\nexit",
    { type: 26, attachType: 23, target: "btf_trace_task_newtask" },
  ),
  of("NULL for a trusted task", "global_trusted", `r1 = 0\n${CALL}`),
  of("NULL for a trusted task that may be NULL", "global_trusted_nullable", `r1 = 0\n${CALL}`),
  of("context for a trusted task", "global_trusted", CALL),
  of("untrusted task read", "global_untrusted", "r1 = 0\ncall f\nr0 = 0\nexit\nf: r0 = *(u32 *)(r1 +0)\nr0 = 0\nexit", {
    type: 26,
    attachType: 23,
    target: "btf_trace_task_newtask",
  }),
  of("unknown tag", "global_bad_tag", `r1 = 0\n${CALL}`),
  of("two tags that exclude each other", "global_two_tags", `r1 = 0\n${CALL}`),
  of(
    "reference held across",
    "global_none",
    `r1 = map[fd:12]\nr2 = 8\nr3 = 0\ncall bpf_ringbuf_reserve#131\nif r0 == 0x0 goto out\nr6 = r0\ncall f\nr1 = r6\nr2 = 0\ncall bpf_ringbuf_submit#132\nout: r0 = 0\nexit\nf: r0 = 0\nexit`,
  ),
  of(
    "reference kept by the function",
    "global_none",
    `call f\nr0 = 0\nexit\nf: r1 = map[fd:12]\nr2 = 8\nr3 = 0\ncall bpf_ringbuf_reserve#131\nr0 = 0\nexit`,
  ),
  of(
    "packet moved by the function",
    "global_context",
    `r6 = *(u32 *)(r1 +76)\nr7 = *(u32 *)(r1 +80)\ncall f\nr2 = r6\nr2 += 1\nr0 = 0\nif r2 > r7 goto out\nr0 = *(u8 *)(r6 +0)\nout: exit\nf: r2 = 0\ncall bpf_skb_pull_data#39\nr0 = 0\nexit`,
  ),
  {
    name: "static function whose address nobody uses, among others",
    subprogs: ["sub", "sub"],
    code: `r1 = subprog[g]
           call f
           r0 = 0
           exit
           f: r0 = 0
           exit
           g: r0 = 0
           exit`,
  },
  {
    name: "static function whose address nobody uses, in the middle",
    subprogs: ["sub", "sub"],
    code: `r1 = subprog[g]
           call f
           r0 = 0
           exit
           g: r0 = 0
           exit
           f: r0 = 0
           exit`,
  },
  {
    name: "static function whose address nobody uses, alone",
    code: `r1 = subprog[g]
           r0 = 0
           exit
           g: r0 = 0
           exit`,
  },
  {
    name: "two static functions whose addresses nobody uses",
    subprogs: ["sub", "sub", "sub"],
    code: `r1 = subprog[g]
           r1 = subprog[h]
           call f
           r0 = 0
           exit
           g: r0 = 0
           exit
           h: r0 = 0
           exit
           f: r0 = 0
           exit`,
  },
  {
    name: "two static functions whose addresses nobody uses, and an exception",
    subprogs: ["sub", "sub"],
    code: `r1 = subprog[g]
           r1 = subprog[h]
           r1 = 0
           call kfunc bpf_throw
           exit
           g: r0 = 0
           exit
           h: r0 = 0
           exit`,
  },
  {
    name: "static function calls itself",
    code: "call f\nr0 = 0\nexit\nf: call f\nr0 = 0\nexit",
  },
  {
    name: "nine frames",
    code: `call a\nr0 = 0\nexit
           ${["a", "b", "c", "d", "e", "f", "g", "h"].map((f, i, all) => `${f}: ${i === 7 ? "" : `call ${all[i + 1]}\n`}r0 = 0\nexit`).join("\n")}`,
  },
  {
    name: "eight frames",
    code: `call a\nr0 = 0\nexit
           ${["a", "b", "c", "d", "e", "f", "g"].map((f, i, all) => `${f}: ${i === 6 ? "" : `call ${all[i + 1]}\n`}r0 = 0\nexit`).join("\n")}`,
  },
];
