import { MEM_RDONLY, PTR_MAYBE_NULL, PTR_TO_BTF_ID, PTR_TO_BUF, PTR_TRUSTED } from "../../state/reg-type.ts";
import type { CtxArg } from "../../types.ts";

const BTF_OR_NULL = PTR_TO_BTF_ID | PTR_MAYBE_NULL;
const TRUSTED_OR_NULL = PTR_TO_BTF_ID | PTR_TRUSTED | PTR_MAYBE_NULL;
const KEY = PTR_TO_BUF | MEM_RDONLY | PTR_MAYBE_NULL;
const VALUE = PTR_TO_BUF | PTR_MAYBE_NULL;

/**
 * What iterators pass to their programs, by target (`bpf_iter_<target>`): arguments whose type BTF alone does not tell. Argument 0 is
 * `struct bpf_iter_meta *` everywhere.
 *
 * @see v6.18 kernel/bpf/bpf_iter.c, bpf_iter_prog_supported; `ctx_arg_info` of every `bpf_iter_reg`
 */
const ITER_TARGETS: ReadonlyMap<string, readonly CtxArg[]> = new Map([
  ["bpf_link", [{ arg: 1, regType: BTF_OR_NULL }]],
  ["bpf_map", [{ arg: 1, regType: TRUSTED_OR_NULL }]],
  [
    "bpf_map_elem",
    [
      { arg: 2, regType: KEY },
      { arg: 3, regType: VALUE },
    ],
  ],
  ["bpf_prog", [{ arg: 1, regType: BTF_OR_NULL }]],
  [
    "bpf_sk_storage_map",
    [
      { arg: 2, regType: BTF_OR_NULL },
      { arg: 3, regType: VALUE },
    ],
  ],
  ["cgroup", [{ arg: 1, regType: TRUSTED_OR_NULL }]],
  ["dmabuf", [{ arg: 1, regType: BTF_OR_NULL }]],
  ["ipv6_route", [{ arg: 1, regType: BTF_OR_NULL }]],
  ["kmem_cache", [{ arg: 1, regType: TRUSTED_OR_NULL }]],
  ["ksym", [{ arg: 1, regType: BTF_OR_NULL }]],
  ["netlink", [{ arg: 1, regType: BTF_OR_NULL }]],
  [
    "sockmap",
    [
      { arg: 2, regType: KEY },
      { arg: 3, regType: BTF_OR_NULL },
    ],
  ],
  ["task", [{ arg: 1, regType: TRUSTED_OR_NULL }]],
  [
    "task_file",
    [
      { arg: 1, regType: BTF_OR_NULL },
      { arg: 3, regType: BTF_OR_NULL },
    ],
  ],
  [
    "task_vma",
    [
      { arg: 1, regType: BTF_OR_NULL },
      { arg: 2, regType: BTF_OR_NULL },
    ],
  ],
  ["tcp", [{ arg: 1, regType: TRUSTED_OR_NULL }]],
  ["udp", [{ arg: 1, regType: TRUSTED_OR_NULL }]],
  ["unix", [{ arg: 1, regType: BTF_OR_NULL }]],
]);

const PREFIX = "bpf_iter_";

/** The arguments that an iterator's target fixes, undefined if no iterator has a function of that name. */
export function iterCtxArgs(funcName: string): readonly CtxArg[] | undefined {
  return funcName.startsWith(PREFIX) ? ITER_TARGETS.get(funcName.slice(PREFIX.length)) : undefined;
}
