/**
 * A name without its flavour: `task_struct___v2` is `task_struct`. What separates is the last run of exactly three underscores that has other
 * characters on both sides.
 *
 * @see v6.18 tools/lib/bpf/libbpf.c, bpf_core_essential_name_len
 */
export function essentialName(name: string): string {
  const match = /^(.*[^_])___[^_]/s.exec(name);
  return match === null ? name : match[1]!;
}
