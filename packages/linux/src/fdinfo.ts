import { readFileSync } from "node:fs";
import type { BpfObjectKind } from "@bpf-ts/uapi";

/** What the kernel says of an fd of this process; undefined if it is not open. */
export function fdinfo(fd: number): string | undefined {
  try {
    return readFileSync(`/proc/self/fdinfo/${fd}`, "utf8");
  } catch {
    return undefined;
  }
}

/** What kind of object the text of {@link fdinfo} is about; undefined for other files. */
export function kindOf(text: string): BpfObjectKind | undefined {
  const kinds: readonly BpfObjectKind[] = ["map", "prog", "link", "btf"];
  return kinds.find((kind) => text.includes(`\n${kind}_`) || text.startsWith(`${kind}_`));
}
