import { UnsupportedError } from "@bpf-ts/uapi";
import { EINVAL, EOPNOTSUPP } from "@bpf-ts/uapi/errno";
import { result64 } from "./args.ts";
import type { HelperEnv, HelperFactory, TracedFunction } from "./env.ts";

/**
 * What a program asks about the function that it runs for. Its context holds the arguments, 8 bytes each, then the return value.
 *
 * @see v6.18 kernel/bpf/verifier.c, do_misc_fixups; kernel/trace/bpf_trace.c, bpf_get_func_ip_tracing, bpf_get_attach_cookie_tracing
 */

const WORD = 8;

function traced(k: HelperEnv, name: string): TracedFunction {
  if (k.tracedFunction === undefined) throw new UnsupportedError(`helper ${name}`);
  return k.tracedFunction;
}

/** Copies a word of the context to where the program wants it. */
function copyWord(k: HelperEnv, from: number, to: number): number {
  k.memory.setU64(to, k.memory.getU64(from));
  return 0;
}

/** `bpf_get_func_arg`: -EINVAL beyond the last. */
export const getFuncArg: HelperFactory = (k) => {
  const { argCount } = traced(k, "bpf_get_func_arg");
  return {
    name: "bpf_get_func_arg",
    run: (_run, ctx, n, value) => (n >>> 0 >= argCount ? -EINVAL : copyWord(k, ctx + n * WORD, value)),
  };
};

/** `bpf_get_func_ret`: -EOPNOTSUPP for programs that run before the function. */
export const getFuncRet: HelperFactory = (k) => {
  const { argCount, hasReturn } = traced(k, "bpf_get_func_ret");
  return {
    name: "bpf_get_func_ret",
    run: (_run, ctx, value) => (hasReturn ? copyWord(k, ctx + argCount * WORD, value) : -EOPNOTSUPP),
  };
};

/** `bpf_get_func_arg_cnt` */
export const getFuncArgCnt: HelperFactory = (k) => {
  const { argCount } = traced(k, "bpf_get_func_arg_cnt");
  return { name: "bpf_get_func_arg_cnt", run: () => argCount };
};

/** `bpf_get_func_ip` */
export const getFuncIp: HelperFactory = (k) => {
  const ip = k.funcIp?.bind(k);
  if (ip === undefined) throw new UnsupportedError("helper bpf_get_func_ip");
  return { name: "bpf_get_func_ip", wide: true, run: (run, ctx) => result64(run, ip(run, ctx >>> 0)) };
};

/** `bpf_get_attach_cookie` */
export const getAttachCookie: HelperFactory = (k) => {
  const cookie = k.attachCookie?.bind(k);
  if (cookie === undefined) throw new UnsupportedError("helper bpf_get_attach_cookie");
  return { name: "bpf_get_attach_cookie", wide: true, run: (run, ctx) => result64(run, cookie(run, ctx >>> 0)) };
};
