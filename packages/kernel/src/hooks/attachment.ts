import type { ProgObject } from "../objects/prog-object.ts";

/** A program at a hook: what a link puts there and takes away again. */
export interface Attachment {
  readonly prog: ProgObject;
  /** What `bpf_get_attach_cookie` answers; 0 unless the link has one. */
  readonly cookie: bigint;
}
