import type { Bpf } from "@bpf-ts/uapi";

/**
 * A `Bpf` that lets others go first: before each command `between` is called. What is written as straight-line code thereby runs interleaved, one
 * bpf(2) command a step.
 */
export function interleaved(bpf: Bpf, between: (command: string) => void): Bpf {
  return new Proxy(bpf, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...args: unknown[]): unknown => {
        between(String(name));
        return Reflect.apply(member, target, args);
      };
    },
  });
}
