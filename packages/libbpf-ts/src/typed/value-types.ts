import type { Btf } from "@bpf-ts/btf";

/** The name of a struct's or union's member in JavaScript, from that in C. */
export type MemberName = (name: string) => string;

/** The types of values, and how the values look in JavaScript. */
export interface ValueTypes {
  readonly btf: Btf;
  /** The same as in C unless told otherwise. */
  readonly memberName?: MemberName | undefined;
}

/** `do_allow` becomes `doAllow`. Underscores at the beginning, and before digits, stay. For `memberName`. */
export function camelCase(name: string): string {
  return name.replace(/(?<=[^_])_+([A-Za-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** @returns undefined without types */
export function valueTypes(btf: Btf | undefined, memberName: MemberName | undefined): ValueTypes | undefined {
  return btf === undefined ? undefined : { btf, memberName };
}
